/* SPDX-License-Identifier: Apache-2.0 */
/* meaning.c: what the filters of measures mean, for whoever protects the table.
 *
 * That a measure counts all of one category and nobody of the others, that two of them have
 * nobody in common, that one holds the other: a reader of the question knows it, and can
 * compute with it. Whether it is so can be seen from the filters, variable by variable, and
 * cannot be seen from the numbers, where it may be an accident and then a secret.
 *
 * Every value that a variable can have is tried: all codes; of numbers and dates the ends of
 * every range and band. The missing value is tried where the schema allows it.
 *
 * Two variables are taken to say nothing of each other. Of dates that is not so (no episode
 * ends before it begins), nor of what is derived from events: sides that name one of these
 * where the question names another are noted as doubtful. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/query/measure.h"
#include "gateway/query/plan.h"

/* Sets of sides that values of one variable can meet; with more nobody is told anything. */
enum { SETS_MAX = 128 };

struct meaning_of {
        const struct plan *plan;
        struct arena *arena;
        uint32_t operand;
        const struct grouping *grouping; /* of the dimension over it; NULL: none */
        uint32_t categories;
        uint32_t meets[SETS_MAX];
        uint8_t stated[SETS_MAX], *in;
        uint32_t len;
        bool full; /* more sets than there is room for */
};

static const struct variable *variable_of(const struct plan *p, uint32_t operand)
{
        return p->operands.list[operand].variable;
}

static bool part_names(const struct part *part, uint32_t operand)
{
        bool named = (part->counted == COUNTED_SUM || part->counted == COUNTED_BUCKETS) &&
                     part->operand == operand;

        for (uint32_t i = 0; i < part->tests_len; i++)
                named |= part->tests[i].operand == operand;
        return named;
}

/* Values ----------------------------------------------------------------------------------- */

static bool passes(const struct test *t, int64_t value, bool missing)
{
        return missing ? t->set == NULL && t->missing : test_passes(t, value);
}

/* What a sum adds up must be there. */
static bool meets(const struct part *part, uint32_t operand, int64_t value, bool missing)
{
        if (missing && (part->counted == COUNTED_SUM || part->counted == COUNTED_BUCKETS) &&
                part->operand == operand)
                return false;
        for (uint32_t i = 0; i < part->tests_len; i++)
                if (part->tests[i].operand == operand && !passes(&part->tests[i], value, missing))
                        return false;
        return true;
}

static uint16_t category_of(const struct grouping *g, int64_t value, bool missing)
{
        if (missing)
                return g->other;
        if (g->map != NULL)
                return value - g->first >= 0 && value - g->first < g->map_len
                               ? g->map[value - g->first]
                               : g->other;
        for (uint32_t i = 0; i < g->bands_len; i++)
                if (value >= g->bands[i].low && value <= g->bands[i].high)
                        return g->band_category[i];
        return g->other;
}

static uint32_t set_of(struct meaning_of *m, uint32_t sides)
{
        uint32_t i = 0;

        while (i < m->len && m->meets[i] != sides)
                i++;
        if (i == SETS_MAX) {
                m->full = true;
                return 0;
        }
        if (i == m->len)
                m->meets[m->len++] = sides;
        return i;
}

static void try_value(struct meaning_of *m, int64_t value, bool missing)
{
        const struct measures *all = m->plan->measures;
        uint16_t category = 0;
        uint32_t sides = 0;

        for (uint32_t i = 0; i < m->plan->tests_len; i++)
                if (m->plan->tests[i].operand == m->operand &&
                        !passes(&m->plan->tests[i], value, missing))
                        return;
        if (m->grouping != NULL)
                category = category_of(m->grouping, value, missing);
        if (category == CATEGORY_NONE)
                return;
        for (uint32_t i = 0; i < all->parts_len && i < SIDES_MAX; i++)
                sides |= (uint32_t)meets(&all->parts[i], m->operand, value, missing) << i;
        uint32_t set = set_of(m, sides);
        m->stated[set] |= !missing;
        if (m->in != NULL)
                m->in[(size_t)set * m->categories + category] = 1;
}

static void try_ranges(
        struct meaning_of *m, const struct test *tests, uint32_t len, int64_t low, int64_t high)
{
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t k = 0; tests[i].operand == m->operand && k < tests[i].ranges_len;
                        k++) {
                        const struct range *r = &tests[i].ranges[k];

                        if (r->low >= low && r->low <= high)
                                try_value(m, r->low, false);
                        if (r->high < high && r->high >= low)
                                try_value(m, r->high + 1, false);
                }
}

/* Where a category begins, or ends. */
static void try_categories(struct meaning_of *m, int64_t low, int64_t high)
{
        const struct grouping *g = m->grouping;

        for (uint32_t i = 0; i < g->bands_len; i++) {
                if (g->bands[i].low >= low && g->bands[i].low <= high)
                        try_value(m, g->bands[i].low, false);
                if (g->bands[i].high >= low && g->bands[i].high < high)
                        try_value(m, g->bands[i].high + 1, false);
        }
        for (uint32_t i = 0; g->map != NULL && i <= g->map_len; i++) {
                int64_t value = (int64_t)g->first + i;

                if ((i == 0 || i == g->map_len || g->map[i] != g->map[i - 1]) && value >= low &&
                        value <= high)
                        try_value(m, value, false);
        }
}

/* Ranges and categories together: a range may begin within a category and the other way, and
 * each beginning is tried in both. */
static void try_numbers(struct meaning_of *m, int64_t low, int64_t high)
{
        const struct measures *all = m->plan->measures;

        try_value(m, low, false);
        try_ranges(m, m->plan->tests, m->plan->tests_len, low, high);
        for (uint32_t i = 0; i < all->parts_len; i++)
                try_ranges(m, all->parts[i].tests, all->parts[i].tests_len, low, high);
        if (m->grouping != NULL)
                try_categories(m, low, high);
}

static bool may_miss(const struct plan *p, uint32_t operand)
{
        const struct variable *v = variable_of(p, operand);

        return !v->required && v->source != SOURCE_MUNICIPALITY;
}

static void try_all(struct meaning_of *m)
{
        const struct variable *v = variable_of(m->plan, m->operand);
        int64_t last = v->type == VARIABLE_CODE      ? (int64_t)v->codes->levels[0].len - 1
                       : v->type == VARIABLE_BOOLEAN ? 1
                                                     : UINT8_MAX - 1; /* ages */

        if (may_miss(m->plan, m->operand))
                try_value(m, 0, true);
        if (v->type == VARIABLE_INTEGER || v->type == VARIABLE_DECIMAL || v->type == VARIABLE_DATE)
                try_numbers(m, v->min, v->max);
        else
                for (int64_t i = 0; i <= last; i++)
                        try_value(m, i, false);
}

/* Variables -------------------------------------------------------------------------------- */

/* First which sets there are, then where. */
static enum err variable_read(struct meaning_of *m, struct meaning_variable *out)
{
        const struct plan *p = m->plan;
        struct meaning_variable v = {
                .id = variable_of(p, m->operand)->id, .dimension = MEANING_NO_DIMENSION};

        for (uint32_t d = 0; d < p->shape.dimensions_len; d++)
                if (p->groupings[d].operand == m->operand) {
                        v.dimension = (uint8_t)d;
                        m->grouping = &p->groupings[d];
                        m->categories = p->shape.dimensions[d].len;
                }
        try_all(m);
        uint32_t *sets = arena_alloc(m->arena, m->len, sizeof *sets);
        uint8_t *stated = arena_alloc(m->arena, m->len, 1);
        if (sets == NULL || stated == NULL)
                return ERR_NO_MEMORY;
        memcpy(sets, m->meets, m->len * sizeof *sets);
        memcpy(stated, m->stated, m->len);
        if (m->grouping != NULL) {
                m->in = arena_alloc(m->arena, (size_t)m->len * m->categories, 1);
                if (m->in == NULL)
                        return ERR_NO_MEMORY;
                try_all(m);
        }
        v.len = m->len;
        v.meets = sets;
        v.stated = stated;
        v.in = m->in;
        *out = v;
        return ERR_OK;
}

/* Whether persons have a family is a variable too, where families are counted. */
static enum err families_read(
        const struct plan *p, struct arena *arena, struct meaning_variable *out)
{
        uint32_t *sets = arena_alloc(arena, 2, sizeof *sets);
        uint8_t *stated = arena_alloc(arena, 2, 1);

        if (sets == NULL || stated == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < p->measures->parts_len && i < SIDES_MAX; i++) {
                sets[0] |= 1u << i;
                sets[1] |= p->measures->parts[i].counted != COUNTED_FAMILIES ? 1u << i : 0;
        }
        stated[0] = 1;
        *out = (struct meaning_variable){
                .dimension = MEANING_NO_DIMENSION, .len = 2, .meets = sets, .stated = stated};
        return ERR_OK;
}

/* Doubts ----------------------------------------------------------------------------------- */

static bool depends(const struct plan *p, uint32_t operand)
{
        return p->operands.list[operand].derived || variable_of(p, operand)->type == VARIABLE_DATE;
}

static bool is_named(const struct plan *p, uint32_t operand)
{
        for (uint32_t i = 0; i < p->tests_len; i++)
                if (p->tests[i].operand == operand)
                        return true;
        for (uint32_t d = 0; d < p->shape.dimensions_len; d++)
                if (p->groupings[d].operand == operand)
                        return true;
        for (uint32_t i = 0; i < p->measures->parts_len; i++)
                if (part_names(&p->measures->parts[i], operand))
                        return true;
        return false;
}

static void doubt(const struct plan *p, struct meaning *out)
{
        uint32_t dependent = 0;

        for (uint32_t i = 0; i < p->operands.len; i++)
                dependent += depends(p, i) && is_named(p, i);
        for (uint32_t o = 0; o < p->operands.len && dependent > 1; o++) {
                for (uint32_t i = 0; i < p->measures->parts_len && i < SIDES_MAX; i++)
                        if (depends(p, o) && part_names(&p->measures->parts[i], o))
                                out->doubtful |= 1u << i;
                for (uint32_t d = 0; d < p->shape.dimensions_len; d++)
                        if (depends(p, o) && p->groupings[d].operand == o)
                                out->doubtful_dimensions |= 1u << d;
        }
}

/* Measures --------------------------------------------------------------------------------- */

static uint32_t adds_of(const struct part *part)
{
        switch (part->counted) {
        case COUNTED_FAMILIES:
                return ADDS_FAMILIES;
        case COUNTED_DAYS:
                return ADDS_DAYS;
        case COUNTED_SUM:
                return ADDS_VARIABLE + part->operand;
        case COUNTED_NONE:
        case COUNTED_PERSONS:
        case COUNTED_RECORDS:
        case COUNTED_BUCKETS:
                break;
        }
        return ADDS_ONES;
}

static void sides_write(struct plan *p)
{
        for (uint32_t i = 0; i < p->shape.measures_len; i++) {
                const uint32_t part[2] = {
                        p->measures->of[i].numerator, p->measures->of[i].denominator};

                for (int k = 0; k < 2; k++) {
                        if (part[k] == PART_NONE)
                                continue;
                        p->shape.measures[i].side[k] = (uint8_t)part[k];
                        p->shape.measures[i].adds[k] = adds_of(&p->measures->parts[part[k]]);
                }
        }
}

enum err meaning_compile(struct planning *g)
{
        struct plan *p = g->plan;
        struct meaning *out = arena_alloc(g->arena, 1, sizeof *out);
        bool families = false;

        if (out == NULL)
                return ERR_NO_MEMORY;
        out->variables = arena_alloc(g->arena, (size_t)p->operands.len + 1, sizeof *out->variables);
        if (out->variables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t o = 0; o < p->operands.len; o++) {
                struct meaning_of m = {.plan = p, .arena = g->arena, .operand = o};
                bool named = false;

                for (uint32_t i = 0; i < p->measures->parts_len; i++)
                        named |= part_names(&p->measures->parts[i], o);
                if (!named)
                        continue;
                TRY(variable_read(&m, &out->variables[out->variables_len]));
                if (m.full)
                        return ERR_OK;
                out->variables_len++;
        }
        for (uint32_t i = 0; i < p->measures->parts_len && i < SIDES_MAX; i++)
                families |= p->measures->parts[i].counted == COUNTED_FAMILIES;
        if (families)
                TRY(families_read(p, g->arena, &out->variables[out->variables_len++]));
        doubt(p, out);
        sides_write(p);
        p->shape.meaning = out;
        return ERR_OK;
}
