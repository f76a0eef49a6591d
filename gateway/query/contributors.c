/* SPDX-License-Identifier: Apache-2.0 */
/* contributors.c: who has a part in a cell, before any record is looked at.
 *
 * Whoever delivered a record, or gave the service, knows it, and can take its own away from what
 * is published. Municipalities that have merged are one contributor: what each of them knew its
 * heir knows. A row that is one contributor's by definition (its own line in a table by
 * municipality) tells it nothing, so that is noted here: by the schema and the filters, and
 * never by who happens to have records. */
#include "base/arena.h"
#include "gateway/query/measure.h"
#include "gateway/query/plan.h"

static const struct variable *variable_of(const struct plan *p, const struct contributor_column *c)
{
        return &p->dataset->variables[c->variable];
}

/* Codes of the finest level, by who they stand for on the day of the division. */
static enum err map_codes(struct planning *g, struct contributor_column *c)
{
        const struct code_list *list = variable_of(g->plan, c)->codes;
        uint32_t len = list->levels[0].len;
        uint32_t *of = arena_alloc_raw(g->arena, len, sizeof(*of));

        if (of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                uint32_t now = operands_ancestor(&g->plan->operands, list, i, 0);

                of[i] = now == CODE_NO_PARENT ? i : now;
        }
        c->of = of;
        c->of_len = len;
        return ERR_OK;
}

static enum err compile_column(struct planning *g, enum contributor type, uint32_t variable)
{
        struct contributor_column *c = &g->plan->contributing.columns[type];

        c->variable = UINT32_MAX;
        if (variable == UINT32_MAX)
                return ERR_OK;
        if (variable >= g->plan->dataset->variables_len ||
                g->plan->dataset->variables[variable].type != VARIABLE_CODE ||
                physical_width(g->plan->dataset->variables[variable].physical) > 2)
                return ERR_INTERNAL;
        c->variable = variable;
        return map_codes(g, c);
}

/* Rows fixed by definition ---------------------------------------------------------------- */

static bool is_left(const struct plan *p, uint32_t operand, uint32_t value)
{
        for (uint32_t i = 0; i < p->tests_len; i++)
                if (p->tests[i].operand == operand && !test_passes(&p->tests[i], value))
                        return false;
        return true;
}

/* Whether all that are met are one. */
struct sole {
        uint32_t contributor;
        bool any, several;
};

static void meet(struct sole *s, uint32_t contributor)
{
        s->several |= s->any && s->contributor != contributor;
        s->contributor = contributor;
        s->any = true;
}

static bool is_sole(const struct sole *s)
{
        return s->any && !s->several;
}

/* Whether the question's own filters leave one contributor. A missing value passes no filter,
 * and without a filter it is anybody's. */
static bool filters_fix(const struct plan *p, const struct contributor_column *c)
{
        struct sole s = {0};
        bool filtered = false;

        for (uint32_t i = 0; i < p->tests_len; i++)
                filtered |= p->tests[i].operand == c->variable;
        for (uint32_t i = 0; i < c->of_len && filtered; i++)
                if (is_left(p, c->variable, i))
                        meet(&s, c->of[i]);
        return is_sole(&s);
}

static enum err fix_categories(struct planning *g, const struct contributor_column *c,
        enum contributor type, uint32_t number)
{
        const struct plan *p = g->plan;
        const struct grouping *grouping = &p->groupings[number];
        struct dimension *d = &p->shape.dimensions[number];
        struct sole *by_category = arena_alloc(g->arena, d->len, sizeof(*by_category));

        if (by_category == NULL)
                return ERR_NO_MEMORY;
        if (bytes_equal(d->level, variable_of(p, c)->codes->levels[0].id))
                d->fixes = type;
        for (uint32_t i = 0; i < c->of_len; i++)
                if (grouping->map[i] != CATEGORY_NONE && is_left(p, c->variable, i))
                        meet(&by_category[grouping->map[i]], c->of[i]);
        for (uint32_t i = 0; i < d->len; i++)
                if (i != grouping->other && is_sole(&by_category[i]))
                        d->categories[i].fixes = type;
        return ERR_OK;
}

static enum err compile_fixed(struct planning *g, enum contributor type)
{
        struct plan *p = g->plan;
        const struct contributor_column *c = &p->contributing.columns[type];

        if (c->variable == UINT32_MAX)
                return ERR_OK;
        if (filters_fix(p, c))
                p->shape.fixed |= 1u << type;
        /* What the question states instead (a person's first municipality) is another operand. */
        for (uint32_t d = 0; d < p->shape.dimensions_len; d++)
                if (p->groupings[d].operand == c->variable)
                        TRY(fix_categories(g, c, type, d));
        return ERR_OK;
}

/* What stands in the table ---------------------------------------------------------------- */

/* Whether each category of a dimension is a contributor: of the finest level, on the day of the
 * division both are. "Other" may be there for those alone of whom nothing is known. */
static bool is_each_alone(const struct plan *p, const struct contributor_column *c, uint32_t number)
{
        const struct grouping *g = &p->groupings[number];
        const struct bytes finest = variable_of(p, c)->codes->levels[0].id;

        if (g->operand != c->variable || !bytes_equal(p->shape.dimensions[number].level, finest))
                return false;
        for (uint32_t i = 0; i < c->of_len; i++)
                if (g->map[i] != CATEGORY_NONE && g->map[i] == g->other)
                        return false;
        return true;
}

/* What a municipality has in a table by municipality is in its own row. Sums are counted always:
 * the table does not keep them as disclosure control wants them. */
static void leave_to_table(struct plan *p, enum contributor type)
{
        struct contributor_column *c = &p->contributing.columns[type];

        if ((p->contributing.types & 1u << type) == 0 || p->contributing.sums_len > 0)
                return;
        for (uint32_t d = 0; d < p->shape.dimensions_len; d++) {
                if (!is_each_alone(p, c, d))
                        continue;
                c->dimension = d;
                p->contributing.read |= 1u << type;
        }
}

/* What is told --------------------------------------------------------------------------- */

static void note_sums(struct plan *p)
{
        struct contributing *c = &p->contributing;

        for (uint32_t i = 0; i < p->shape.measures_len; i++) {
                enum measure_kind kind = p->shape.measures[i].kind;
                uint32_t part = p->measures->of[i].numerator, k = 0;

                if (kind != MEASURE_SUM && kind != MEASURE_MEAN)
                        continue;
                while (k < c->sums_len && c->sums[k] != part)
                        k++;
                if (k == c->sums_len)
                        c->sums[c->sums_len++] = part;
        }
}

enum err contributors_compile(struct planning *g)
{
        const struct plan_scope *scope = g->scope;
        struct contributing *c = &g->plan->contributing;
        unsigned provider = 1u << CONTRIBUTOR_PROVIDER;
        unsigned municipality = 1u << CONTRIBUTOR_MUNICIPALITY;
        unsigned family = 1u << CONTRIBUTOR_FAMILY;

        c->types = scope->contributors;
        c->keys = scope->cell_keys;
        TRY(compile_column(g, CONTRIBUTOR_MUNICIPALITY, scope->dataset->municipality_variable));
        TRY(compile_column(g, CONTRIBUTOR_PROVIDER,
                (c->types & provider) != 0 ? scope->provider : UINT32_MAX));
        if (c->columns[CONTRIBUTOR_PROVIDER].variable == UINT32_MAX)
                c->types &= ~provider;
        if (c->columns[CONTRIBUTOR_MUNICIPALITY].variable == UINT32_MAX)
                c->types &= ~municipality;
        if (!scope->family)
                c->types &= ~family;
        if (c->types != 0)
                note_sums(g->plan);
        if (c->sums_len == 0)
                c->types &= ~(1u << CONTRIBUTOR_PERSON); /* each is one */
        leave_to_table(g->plan, CONTRIBUTOR_MUNICIPALITY);
        leave_to_table(g->plan, CONTRIBUTOR_PROVIDER);
        TRY(compile_fixed(g, CONTRIBUTOR_MUNICIPALITY));
        return compile_fixed(g, CONTRIBUTOR_PROVIDER);
}
