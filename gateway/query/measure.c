/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c: what the cells of a table are to hold.
 *
 * A measure asked for becomes one or two parts: rows that pass its filters, and what is
 * counted of them. Which variables may be added up, and between which bands a median may be
 * read, is the policy's to say, as for filters and dimensions. */
#include "gateway/query/measure.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/query/plan.h"

/* Buckets times cells of one part: medians in more cells are not kept in memory. */
enum { HISTOGRAM_MAX = 1 << 23 };

struct compiling {
        struct plan *plan;
        const struct plan_scope *scope;
        const struct query *query;
        const struct measure_ref *ref;
        struct measure_ref unit; /* what is counted where nothing is asked for */
        const char *field;       /* "measures[0]" */
        struct measure *measure;
        uint32_t number;
        struct measures *out;
        struct arena *arena;
        struct refusal *why;
};

static enum err fault(struct compiling *c, const char *name, enum err code, const char *text)
{
        const char *field = arena_printf(c->arena, "%s.%s", c->field, name);

        return field == NULL ? ERR_NO_MEMORY : refuse(c->why, code, field, "%s", text);
}

/* Parts ---------------------------------------------------------------------------------- */

bool part_is_cell(const struct part *part)
{
        return part->tests_len == 0 &&
               (part->counted == COUNTED_PERSONS || part->counted == COUNTED_RECORDS);
}

static bool same_ranges(const struct test *a, const struct test *b)
{
        for (uint32_t i = 0; i < a->ranges_len; i++)
                if (a->ranges[i].low != b->ranges[i].low || a->ranges[i].high != b->ranges[i].high)
                        return false;
        return true;
}

static bool same_test(const struct test *a, const struct test *b)
{
        return a->operand == b->operand && a->set_len == b->set_len &&
               a->ranges_len == b->ranges_len && a->negated == b->negated &&
               a->missing == b->missing && same_ranges(a, b) &&
               (a->set_len == 0 || memcmp(a->set, b->set, a->set_len) == 0);
}

static bool same_buckets(const struct part *a, const struct part *b)
{
        for (uint32_t i = 0; i < a->buckets_len; i++)
                if (a->buckets[i].low != b->buckets[i].low ||
                        a->buckets[i].closed != b->buckets[i].closed)
                        return false;
        return true;
}

static bool same_part(const struct part *a, const struct part *b)
{
        if (a->counted != b->counted || a->operand != b->operand || a->tests_len != b->tests_len ||
                a->buckets_len != b->buckets_len || !same_buckets(a, b))
                return false;
        for (uint32_t i = 0; i < a->tests_len; i++)
                if (!same_test(&a->tests[i], &b->tests[i]))
                        return false;
        return true;
}

/* The number of a part like this one: what two measures look at is counted once. */
static uint32_t add_part(struct measures *m, struct part part)
{
        for (uint32_t i = 0; i < m->parts_len; i++)
                if (same_part(&m->parts[i], &part))
                        return i;
        m->parts[m->parts_len] = part;
        return m->parts_len++;
}

static enum err compile_tests(struct compiling *c, const struct filter *filters, uint32_t len,
        const char *name, struct test **out)
{
        const char *field = arena_printf(c->arena, "%s.%s", c->field, name);

        if (field == NULL)
                return ERR_NO_MEMORY;
        return tests_compile(&c->plan->operands, filters, len, field, c->arena, out, c->why);
}

/* The measure's own filters, and those of its base where both must hold. */
static enum err kept_rows(struct compiling *c, bool filters, bool base, struct part *out)
{
        const struct measure_ref *ref = c->ref;
        uint32_t first = filters ? ref->filters_len : 0, second = base ? ref->base_len : 0;
        struct test *both = arena_alloc(c->arena, (size_t)first + second, sizeof(*both));
        struct test *some = NULL;

        if (both == NULL)
                return ERR_NO_MEMORY;
        if (first > 0) {
                TRY(compile_tests(c, ref->filters, first, "filters", &some));
                memcpy(both, some, sizeof(*both) * first);
        }
        if (second > 0) {
                TRY(compile_tests(c, ref->base, second, "base", &some));
                memcpy(both + first, some, sizeof(*both) * second);
        }
        out->tests = both;
        out->tests_len = first + second;
        out->persons = true;
        return ERR_OK;
}

static enum err need_families(struct compiling *c, const char *name)
{
        return c->scope->family ? ERR_OK
                                : fault(c, name, ERR_NOT_ALLOWED,
                                          "families are counted under a linkage that follows "
                                          "guardians");
}

/* What the question counts. */
static enum err unit_of(struct compiling *c, enum counted *out)
{
        switch (c->query->unit) {
        case UNIT_NONE:
        case UNIT_PERSON:
                *out = COUNTED_PERSONS;
                return ERR_OK;
        case UNIT_RECORD:
                *out = COUNTED_RECORDS;
                return ERR_OK;
        case UNIT_FAMILY:
                *out = COUNTED_FAMILIES;
                return c->scope->family
                               ? ERR_OK
                               : refuse(c->why, ERR_NOT_ALLOWED, "unit",
                                         "families are counted under a linkage that follows "
                                         "guardians");
        case UNIT_COUNT:
                break;
        }
        return ERR_INTERNAL;
}

/* Variables ------------------------------------------------------------------------------ */

static enum err find_number(
        struct compiling *c, struct bytes name, const char *field, uint32_t *out)
{
        int32_t i = operand_find(&c->plan->operands, name);

        if (i < 0)
                return fault(c, field, ERR_UNKNOWN_NAME, "the data set has no such variable");
        *out = (uint32_t)i;
        return ERR_OK;
}

/* A variable to be added up. */
static enum err find_magnitude(
        struct compiling *c, struct bytes name, const char *field, uint32_t *out)
{
        TRY(find_number(c, name, field, out));
        const struct operand *o = &c->plan->operands.list[*out];
        const struct variable *v = o->variable;

        if ((v->role != VARIABLE_MEASURE && !o->derived) ||
                (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL))
                return fault(c, field, ERR_NOT_ALLOWED,
                        "sums and means are for measure variables and derived numbers");
        return ERR_OK;
}

static void label_by_variable(struct measure *m, const struct variable *v)
{
        m->variable = v->id;
        m->label_sv = v->label.sv;
        m->label_en = v->label.en;
        m->unit = v->unit;
        m->decimals = v->decimals;
}

static void label(struct measure *m, const char *sv, const char *en)
{
        m->label_sv = bytes_of_text(sv);
        m->label_en = bytes_of_text(en);
}

/* Bands ---------------------------------------------------------------------------------- */

static void add_bucket(struct bucket *list, uint32_t *len, int64_t low, int64_t high, bool closed)
{
        if (low <= high)
                list[(*len)++] = (struct bucket){low, high, closed};
}

/* Where an end is not said, nobody knows how far the values go, and they lie less evenly the
 * further they go. */
static bool is_closed(const struct band *b)
{
        return !b->open_low && !b->open_high && b->low != INT64_MIN && b->high != INT64_MAX;
}

static enum err make_buckets(struct compiling *c, const struct banding *from, struct part *out)
{
        struct bucket *list = arena_alloc(c->arena, 2 * (size_t)from->len + 1, sizeof(*list));
        uint32_t len = 0;
        int64_t next = INT64_MIN; /* where the bands before end */
        bool over = false;

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < from->len; i++) {
                const struct band *b = &from->bands[i];

                if (b->low > INT64_MIN)
                        add_bucket(list, &len, next, b->low - 1, false);
                add_bucket(list, &len, b->low, b->high, is_closed(b));
                over = b->high == INT64_MAX;
                next = over ? INT64_MAX : b->high + 1;
        }
        if (!over)
                add_bucket(list, &len, next, INT64_MAX, false);
        out->buckets = list;
        out->buckets_len = len;
        return ERR_OK;
}

static enum err find_banding(
        struct compiling *c, const struct variable *v, const struct banding **out)
{
        if (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL && v->type != VARIABLE_AGE)
                return fault(c, "variable", ERR_NOT_ALLOWED, "medians are for numbers");
        if (v->bandings_len == 0)
                return fault(c, "variable", ERR_NOT_ALLOWED,
                        "medians are read from bands, and none are declared for this variable");
        int32_t level = variable_level_find(v, c->ref->banding);
        if (level < 0)
                return fault(c, "banding", ERR_UNKNOWN_NAME, "the variable has no such bands");
        if ((uint32_t)level < variable_finest(v))
                return fault(c, "banding", ERR_NOT_ALLOWED,
                        "the policy allows this variable at coarser levels only");
        *out = &v->bandings[level];
        return ERR_OK;
}

/* Kinds ---------------------------------------------------------------------------------- */

/* One part and nothing else. */
static enum err read_one(struct compiling *c, struct part part)
{
        TRY(kept_rows(c, true, false, &part));
        c->out->of[c->number].numerator = add_part(c->out, part);
        return ERR_OK;
}

static enum err compile_count(struct compiling *c, enum counted counted)
{
        static const char *const words[][2] = {
                [COUNTED_PERSONS] = {"personer", "persons"},
                [COUNTED_RECORDS] = {"poster", "records"},
                [COUNTED_FAMILIES] = {"familjer", "families"},
        };

        if (counted == COUNTED_FAMILIES)
                TRY(need_families(c, "kind"));
        label(c->measure, words[counted][0], words[counted][1]);
        return read_one(c, (struct part){.counted = counted});
}

static enum err compile_sum(struct compiling *c)
{
        struct part part = {.counted = COUNTED_SUM};

        TRY(find_magnitude(c, c->ref->variable, "variable", &part.operand));
        label_by_variable(c->measure, c->plan->operands.list[part.operand].variable);
        c->measure->decimals += c->ref->kind == MEASURE_MEAN;
        return read_one(c, part);
}

static enum err compile_quantile(struct compiling *c)
{
        struct part part = {.counted = COUNTED_BUCKETS};
        const struct banding *banding = NULL;

        TRY(find_number(c, c->ref->variable, "variable", &part.operand));
        const struct operand *o = &c->plan->operands.list[part.operand];
        if (o->variable->role != VARIABLE_MEASURE && !o->derived && !o->variable->may_group)
                return fault(c, "variable", ERR_NOT_ALLOWED,
                        "the policy does not allow grouping by this variable");
        TRY(find_banding(c, o->variable, &banding));
        assert(banding != NULL);
        TRY(make_buckets(c, banding, &part));
        if (c->plan->cells > HISTOGRAM_MAX / part.buckets_len)
                return fault(c, "kind", ERR_TOO_MANY_CELLS,
                        "medians in so many cells need fewer dimensions or coarser bands");
        label_by_variable(c->measure, o->variable);
        c->measure->decimals++;
        return read_one(c, part);
}

static enum err compile_days(struct compiling *c)
{
        if (c->plan->dataset->episode_from == UINT32_MAX)
                return fault(c, "kind", ERR_NOT_ALLOWED,
                        "records of this data set do not last: it has no days to count");
        label(c->measure, "dagar", "days");
        return read_one(c, (struct part){.counted = COUNTED_DAYS});
}

/* Nothing is in a share's numerator that is not in its denominator. */
static enum err compile_share(struct compiling *c)
{
        struct part above = {0}, below = {0};

        TRY(unit_of(c, &above.counted));
        below.counted = above.counted;
        TRY(kept_rows(c, true, true, &above));
        TRY(kept_rows(c, false, true, &below));
        label(c->measure, "andel", "share");
        c->measure->unit = bytes_of_text("%");
        c->measure->decimals = 1;
        c->out->of[c->number].numerator = add_part(c->out, above);
        c->out->of[c->number].denominator = add_part(c->out, below);
        return ERR_OK;
}

/* What one side of a ratio adds up: a variable, or units. */
static enum err side_of(
        struct compiling *c, struct bytes variable, const char *field, struct part *out)
{
        if (variable.len == 0)
                return unit_of(c, &out->counted);
        out->counted = COUNTED_SUM;
        return find_magnitude(c, variable, field, &out->operand);
}

static enum err compile_ratio(struct compiling *c)
{
        const struct operand *list = c->plan->operands.list;
        struct part above = {0}, below = {0};

        TRY(side_of(c, c->ref->variable, "variable", &above));
        TRY(side_of(c, c->ref->per, "per", &below));
        TRY(kept_rows(c, true, false, &above));
        TRY(kept_rows(c, false, true, &below));
        label(c->measure, "kvot", "ratio");
        if (above.counted == COUNTED_SUM)
                label_by_variable(c->measure, list[above.operand].variable);
        if (below.counted == COUNTED_SUM)
                c->out->of[c->number].per_decimals = list[below.operand].variable->decimals;
        c->measure->decimals++;
        c->measure->scale = c->ref->scale > 0 ? c->ref->scale : 1;
        c->out->of[c->number].numerator = add_part(c->out, above);
        c->out->of[c->number].denominator = add_part(c->out, below);
        return ERR_OK;
}

/* Inhabitants are known by municipality, and by nothing else. */
static enum err compile_rate(struct compiling *c)
{
        const struct policy_dataset *d = c->plan->dataset;
        struct part part = {0};
        int32_t place = -1;

        if (d->municipality_variable != UINT32_MAX)
                place = operand_find(&c->plan->operands, d->variables[d->municipality_variable].id);
        if (place < 0 || c->plan->operands.list[place].variable->codes->population_year == 0)
                return fault(c, "kind", ERR_NOT_ALLOWED,
                        "there are no numbers of inhabitants for this data set");
        for (uint32_t i = 0; i < c->plan->shape.dimensions_len; i++)
                if (c->plan->groupings[i].operand != (uint32_t)place)
                        return fault(c, "kind", ERR_NOT_ALLOWED,
                                "numbers of inhabitants are known by municipality only: a rate "
                                "has no other dimension");
        TRY(unit_of(c, &part.counted));
        c->out->place = (uint32_t)place;
        c->measure->scale = c->ref->scale > 0 ? c->ref->scale : RATE_SCALE;
        c->measure->decimals = 1;
        const char *sv = arena_printf(c->arena, "per %u invånare", c->measure->scale);
        const char *en = arena_printf(c->arena, "per %u inhabitants", c->measure->scale);
        if (sv == NULL || en == NULL)
                return ERR_NO_MEMORY;
        label(c->measure, sv, en);
        return read_one(c, part);
}

static enum err compile_kind(struct compiling *c)
{
        switch (c->ref->kind) {
        case MEASURE_PERSONS:
                return compile_count(c, COUNTED_PERSONS);
        case MEASURE_RECORDS:
                return compile_count(c, COUNTED_RECORDS);
        case MEASURE_FAMILIES:
                return compile_count(c, COUNTED_FAMILIES);
        case MEASURE_SUM:
        case MEASURE_MEAN:
                return compile_sum(c);
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                return compile_quantile(c);
        case MEASURE_DAYS:
                return compile_days(c);
        case MEASURE_SHARE:
                return compile_share(c);
        case MEASURE_RATIO:
                return compile_ratio(c);
        case MEASURE_RATE:
                return compile_rate(c);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return fault(c, "kind", ERR_INVALID, "there is no such measure");
}

static enum err add_measure(struct compiling *c, const struct measure_ref *ref)
{
        struct table *t = &c->plan->shape;

        if (t->measures_len == MEASURES_MAX)
                return ERR_LIMIT;
        c->ref = ref;
        c->number = t->measures_len;
        c->measure = &t->measures[c->number];
        c->field = arena_printf(c->arena, "measures[%u]", c->number);
        if (c->field == NULL)
                return ERR_NO_MEMORY;
        *c->measure = (struct measure){
                .kind = ref->kind, .name = ref->name, .filtered = ref->filters_len > 0};
        c->out->of[c->number].numerator = c->out->of[c->number].denominator = PART_NONE;
        TRY(compile_kind(c));
        t->measures_len++;
        return ERR_OK;
}

/* No measure asked for: the unit's count. */
static enum err add_unit(struct compiling *c)
{
        static const enum measure_kind kinds[] = {
                [COUNTED_PERSONS] = MEASURE_PERSONS,
                [COUNTED_RECORDS] = MEASURE_RECORDS,
                [COUNTED_FAMILIES] = MEASURE_FAMILIES,
        };
        enum counted unit = COUNTED_NONE;

        TRY(unit_of(c, &unit));
        c->unit.kind = kinds[unit];
        return add_measure(c, &c->unit);
}

enum err measures_compile(struct plan *p, const struct plan_scope *scope, const struct query *q,
        struct arena *arena, struct refusal *why)
{
        struct measures *out = arena_alloc(arena, 1, sizeof(*out));
        struct compiling c = {
                .plan = p, .scope = scope, .query = q, .out = out, .arena = arena, .why = why};

        p->shape.measures = arena_alloc(arena, MEASURES_MAX, sizeof(*p->shape.measures));
        if (p->shape.measures == NULL || out == NULL)
                return ERR_NO_MEMORY;
        out->families = out->place = UINT32_MAX;
        out->days = q->has_period ? q->period : scope->span;
        for (uint32_t i = 0; i < q->measures_len; i++)
                TRY(add_measure(&c, &q->measures[i]));
        if (q->measures_len == 0)
                TRY(add_unit(&c));
        /* Families of whole cells: disclosure control may ask for enough of them. Last, since
         * a measure that counts the same asks for the persons too. */
        if (scope->family)
                out->families = add_part(out, (struct part){.counted = COUNTED_FAMILIES});
        p->measures = out;
        return ERR_OK;
}
