/* SPDX-License-Identifier: Apache-2.0 */
/* random_linked.c: see random_linked.h. Windows end on the very steps that sql_world.c puts
 * between records, or a day to either side. */
#include "tests/support/random_linked.h"

#include <assert.h>

#include "base/arena.h"

enum { DERIVED = 4, FILTERS = 3, MEASURES = 3, DIMENSIONS = 2 };

struct asking {
        struct sql_world *w;
        struct arena *a;
        struct query *q;
        const struct policy_dataset *base;
};

static uint64_t roll(struct asking *k, uint64_t below)
{
        return sql_random(k->w, below);
}

static bool one_in(struct asking *k, uint64_t n)
{
        return roll(k, n) == 0;
}

static struct bytes words(struct asking *k, const char *const *list, size_t len)
{
        return bytes_of_text(list[roll(k, len)]);
}
#define ONE_OF(k, ...)                                                                             \
        words(k, (const char *const[]){__VA_ARGS__},                                               \
                sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void *make(struct asking *k, size_t count, size_t size)
{
        void *at = arena_alloc(k->a, count, size);

        assert(at != NULL);
        return at;
}

/* Filters --------------------------------------------------------------------------------- */

static struct bytes *values_of(struct asking *k, struct filter *f, uint32_t len)
{
        struct bytes *values = make(k, len, sizeof(*values));

        f->values = values;
        f->values_len = len;
        return values;
}

/* One value where the condition has one; else some of `from`. */
static uint32_t how_many(struct asking *k, struct filter *f, uint64_t from)
{
        f->op = one_in(k, 3) ? FILTER_NE : one_in(k, 2) ? FILTER_EQ : FILTER_IN;
        return f->op == FILTER_IN ? 1 + (uint32_t)roll(k, from) : 1;
}

static void code_filter(struct asking *k, const struct variable *v, struct filter *f)
{
        uint32_t level =
                v->finest_level + (uint32_t)roll(k, v->codes->levels_len - v->finest_level);
        uint32_t len = how_many(k, f, 4);
        struct bytes *values = values_of(k, f, len);

        f->level = level == v->finest_level && one_in(k, 2) ? (struct bytes){0}
                                                            : v->codes->levels[level].id;
        for (uint32_t i = 0; i < len; i++) {
                uint32_t code = (uint32_t)roll(k, v->codes->levels[0].len);

                if (v->source == SOURCE_MUNICIPALITY)
                        code = k->w->places[roll(k, SQL_PLACES)];
                for (uint32_t l = 0; l < level; l++)
                        code = v->codes->levels[l].codes[code].parent;
                values[i] = v->codes->levels[level].codes[code].code;
        }
}

static void date_filter(struct asking *k, struct filter *f)
{
        switch (roll(k, 4)) {
        case 0:
                f->op = FILTER_IN;
                values_of(k, f, 2)[0] = ONE_OF(k, "2022-Q2..2023-Q3", "2023..2024", "2022-Q1");
                ((struct bytes *)f->values)[1] = ONE_OF(k, "2024-Q4", "2022-Q3", "2023-Q2");
                return;
        case 1:
                f->op = one_in(k, 2) ? FILTER_EQ : FILTER_NE;
                break;
        default:
                f->op = (enum filter_op)(FILTER_LT + roll(k, 4));
        }
        values_of(k, f, 1)[0] = ONE_OF(k, "2022", "2023", "2024", "2022-Q4", "2023-Q2", "2024-Q2");
}

static void band_filter(struct asking *k, const struct variable *v, struct filter *f)
{
        const struct banding *b = &v->bandings[roll(k, v->bandings_len)];
        uint32_t len = how_many(k, f, b->len);
        struct bytes *values = values_of(k, f, len);

        f->level = b->id;
        for (uint32_t i = 0; i < len; i++)
                values[i] = b->bands[roll(k, b->len)].code;
        if (f->op == FILTER_EQ && one_in(k, 2))
                f->op = (enum filter_op)(FILTER_LT + roll(k, 4));
}

static bool variable_filter(struct asking *k, const struct policy_dataset *d, struct filter *f)
{
        const struct variable *v = &d->variables[roll(k, d->variables_len)];

        *f = (struct filter){.variable = v->id};
        if (!v->may_filter)
                return false;
        switch (v->type) {
        case VARIABLE_CODE:
                code_filter(k, v, f);
                return true;
        case VARIABLE_BOOLEAN:
                f->op = one_in(k, 3) ? FILTER_NE : FILTER_EQ;
                values_of(k, f, 1)[0] = ONE_OF(k, "true", "false");
                return true;
        case VARIABLE_DATE:
                date_filter(k, f);
                return true;
        case VARIABLE_AGE:
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                if (v->bandings_len > 0)
                        band_filter(k, v, f);
                return v->bandings_len > 0;
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return false;
}

static bool is_date(const struct derived *d)
{
        return d->kind == DERIVED_FIRST || d->kind == DERIVED_LAST;
}

static bool is_number(const struct derived *d)
{
        return d->kind == DERIVED_COUNT || d->kind == DERIVED_SUM ||
               d->kind == DERIVED_DAYS_BETWEEN;
}

static void derived_filter(struct asking *k, const struct derived *d, struct filter *f)
{
        *f = (struct filter){.variable = d->name, .op = FILTER_EQ};
        if (d->kind == DERIVED_EXISTS) {
                f->op = one_in(k, 3) ? FILTER_NE : FILTER_EQ;
                values_of(k, f, 1)[0] = ONE_OF(k, "true", "false");
        } else if (is_date(d)) {
                date_filter(k, f);
        } else if (one_in(k, 2)) {
                f->op = FILTER_IN;
                values_of(k, f, 1)[0] = ONE_OF(k, "0..0", "1..3", "-30..200", "0..10000", "0..365");
        } else {
                f->op = (enum filter_op)(FILTER_EQ + roll(k, 6));
                values_of(k, f, 1)[0] = ONE_OF(k, "0", "1", "2", "30", "120", "365");
        }
}

static uint32_t some_filters(struct asking *k, uint32_t max, bool derived, struct filter **out)
{
        uint32_t len = 0;

        *out = make(k, max, sizeof(**out));
        for (uint64_t n = roll(k, max + 1); len < n;) {
                if (derived && one_in(k, 2))
                        derived_filter(
                                k, &k->q->derived[roll(k, k->q->derived_len)], &(*out)[len++]);
                else
                        len += variable_filter(k, k->base, &(*out)[len]);
        }
        return len;
}

/* Derived --------------------------------------------------------------------------------- */

#define TEXT(s)                                                                                    \
        {                                                                                          \
                (const uint8_t *)(s), sizeof(s) - 1                                                \
        }
static const struct derived_band counts[] = {{TEXT("0"), TEXT("0"), TEXT("0")},
        {TEXT("1"), TEXT("1"), TEXT("1")}, {TEXT("2-3"), TEXT("2"), TEXT("3")},
        {TEXT("4-"), TEXT("4"), {0}}};
static const struct derived_band days[] = {{TEXT("fore"), {0}, TEXT("-1")},
        {TEXT("0-30"), TEXT("0"), TEXT("30")}, {TEXT("31-120"), TEXT("31"), TEXT("120")},
        {TEXT("121-365"), TEXT("121"), TEXT("365")}, {TEXT("366-999"), TEXT("366"), TEXT("999")}};
static const struct derived_band sums[] = {{TEXT("0"), TEXT("0"), TEXT("0")},
        {TEXT("lite"), TEXT("1"), TEXT("24999")}, {TEXT("mer"), TEXT("25000"), TEXT("999999")},
        {TEXT("mest"), TEXT("1000000"), {0}}};

static void give_bands(struct derived *d, const struct derived_band *bands, uint32_t len)
{
        d->bands = (struct derived_band *)(uintptr_t)bands;
        d->bands_len = len;
}

static bool may_be_asked(const struct variable *v)
{
        return v->may_filter || v->may_group;
}

static struct bytes random_date(struct asking *k, const struct policy_dataset *d)
{
        for (;;) {
                const struct variable *v = &d->variables[roll(k, d->variables_len)];

                if (v->type == VARIABLE_DATE && may_be_asked(v))
                        return v->id;
        }
}

/* Of the base, or derived before. */
static struct bytes random_anchor(struct asking *k)
{
        for (uint32_t tries = 0; tries < 3 && k->q->derived_len > 0; tries++) {
                const struct derived *d = &k->q->derived[roll(k, k->q->derived_len)];

                if (is_date(d))
                        return d->name;
        }
        return random_date(k, k->base);
}

static void random_window(struct asking *k, struct window *out)
{
        static const int32_t ends[] = {0, 1, 29, 30, 31, 119, 120, 121, 364, 365, 366, 730};
        static const int32_t firsts[] = {18993, 19083, 19174, 19358, 19539, 19723};

        *out = (struct window){.kind = (enum window_kind)roll(k, 4)};
        if (one_in(k, 3) || (out->kind == WINDOW_PERIOD && !k->q->has_period))
                out->kind = WINDOW_RELATIVE;
        if (out->kind == WINDOW_FIXED) {
                out->from = firsts[roll(k, 4)];
                out->until = firsts[3 + roll(k, 3)] - 1;
        } else if (out->kind == WINDOW_RELATIVE) {
                if (!one_in(k, 3))
                        out->anchor = random_anchor(k);
                out->from = one_in(k, 2) ? (int32_t)roll(k, 2) : ends[roll(k, ARRAY_LEN(ends))];
                out->until = out->from + ends[roll(k, ARRAY_LEN(ends))];
                if (one_in(k, 3))
                        *out = (struct window){
                                WINDOW_RELATIVE, out->anchor, -out->until, -out->from};
        }
}

static void random_value(struct asking *k, const struct policy_dataset *d, struct derived *out)
{
        for (uint32_t tries = 0; tries < 40; tries++) {
                const struct variable *v = &d->variables[roll(k, d->variables_len)];
                bool number = v->type == VARIABLE_INTEGER || v->type == VARIABLE_DECIMAL;

                if (out->kind == DERIVED_SUM ? !(v->role == VARIABLE_MEASURE && number)
                                             : !may_be_asked(v) || variable_levels(v) == 0)
                        continue;
                out->variable = v->id;
                if (out->kind == DERIVED_COUNT && v->type == VARIABLE_CODE && one_in(k, 2))
                        out->level = v->codes->levels[v->codes->levels_len - 1].id;
                if (out->kind == DERIVED_COUNT && v->type == VARIABLE_DATE && one_in(k, 2))
                        out->level = ONE_OF(k, "kvartal", "ar");
                return;
        }
        out->kind = DERIVED_COUNT;
        give_bands(out, counts, ARRAY_LEN(counts));
}

static const struct policy_dataset *random_events(struct asking *k)
{
        for (;;) {
                const struct policy_dataset *d = k->w->datasets[roll(k, k->w->parts_len)];

                if (policy_linkage_pairs(k->w->policy, k->w->linkage, k->base, d))
                        return d;
        }
}

static void random_derived(struct asking *k, struct derived *out)
{
        static const char *const names[DERIVED] = {"forsta", "andra", "tredje", "fjarde"};
        const struct policy_dataset *events = random_events(k);

        *out = (struct derived){.name = bytes_of_text(names[k->q->derived_len]),
                .kind = (enum derived_kind)(1 + roll(k, DERIVED_KIND_COUNT - 1))};
        if (out->kind == DERIVED_DAYS_BETWEEN) {
                give_bands(out, days, ARRAY_LEN(days) - (uint32_t)roll(k, 2));
                out->from = random_anchor(k);
                do
                        out->to = random_anchor(k);
                while (one_in(k, 2) && bytes_equal(out->from, out->to));
                return;
        }
        out->dataset = events->id;
        if (out->kind == DERIVED_COUNT)
                give_bands(out, counts, ARRAY_LEN(counts));
        if (out->kind == DERIVED_SUM)
                give_bands(out, sums, ARRAY_LEN(sums));
        if (out->kind == DERIVED_SUM || (out->kind == DERIVED_COUNT && one_in(k, 2)))
                random_value(k, events, out);
        if (one_in(k, 4))
                out->date = random_date(k, events);
        random_window(k, &out->window);
        out->include_base = events == k->base && one_in(k, 3);
        out->same = k->w->family && one_in(k, 2) ? SAME_FAMILY : (enum derived_same)roll(k, 2);
        out->in = (enum derived_in)roll(k, 4);
        out->filters = make(k, 2, sizeof(*out->filters));
        for (uint64_t n = one_in(k, 2) ? 1 + roll(k, 2) : 0; out->filters_len < n;)
                out->filters_len += variable_filter(k, events, &out->filters[out->filters_len]);
}

/* Dimensions and measures ------------------------------------------------------------------ */

static struct dimension_ref variable_dimension(const struct variable *v, struct asking *k)
{
        struct dimension_ref out = {.variable = v->id};

        if (v->type == VARIABLE_CODE)
                out.level = v->codes->levels[v->finest_level +
                                             roll(k, v->codes->levels_len - v->finest_level)]
                                    .id;
        else if (v->type == VARIABLE_DATE)
                out.level = ONE_OF(k, "kvartal", "ar", "ar");
        else if (v->bandings_len > 0)
                out.level = v->bandings[roll(k, v->bandings_len)].id;
        return out;
}

static bool random_dimension(struct asking *k, struct dimension_ref *out)
{
        if (one_in(k, 2)) {
                const struct derived *d = &k->q->derived[roll(k, k->q->derived_len)];

                *out = (struct dimension_ref){.variable = d->name};
                if (is_date(d))
                        out->level = ONE_OF(k, "kvartal", "ar");
                return true;
        }
        const struct variable *v = &k->base->variables[roll(k, k->base->variables_len)];
        if (v->may_group)
                *out = variable_dimension(v, k);
        return v->may_group;
}

static void random_dimensions(struct asking *k)
{
        struct dimension_ref *out = make(k, DIMENSIONS, sizeof(*out));

        k->q->dimensions = out;
        for (uint64_t n = roll(k, DIMENSIONS + 1); k->q->dimensions_len < n;) {
                if (!random_dimension(k, &out[k->q->dimensions_len]))
                        continue;
                if (k->q->dimensions_len == 1 && bytes_equal(out[0].variable, out[1].variable))
                        continue;
                k->q->dimensions_len++;
        }
}

/* A number: measured or derived. */
static struct bytes random_number(struct asking *k)
{
        for (uint32_t tries = 0; tries < 60; tries++) {
                const struct derived *d = &k->q->derived[roll(k, k->q->derived_len)];
                const struct variable *v = &k->base->variables[roll(k, k->base->variables_len)];

                if (one_in(k, 3) && v->role == VARIABLE_MEASURE)
                        return v->id;
                if (is_number(d))
                        return d->name;
        }
        return (struct bytes){0};
}

static bool random_measure(struct asking *k, struct measure_ref *out)
{
        static const char *const names[MEASURES] = {"ett", "tva", "tre"};
        static const enum measure_kind more[] = {
                MEASURE_SHARE, MEASURE_SHARE, MEASURE_MEDIAN, MEASURE_FAMILIES, MEASURE_RATIO};

        *out = (struct measure_ref){
                .kind = (enum measure_kind)(1 + roll(k, MEASURE_KIND_COUNT - 1)),
                .name = bytes_of_text(names[k->q->measures_len])};
        if (one_in(k, 3))
                out->kind = more[roll(k, ARRAY_LEN(more))];
        if (out->kind == MEASURE_FAMILIES && !k->w->family)
                return false;
        if (out->kind == MEASURE_DAYS && k->base->episode_from == UINT32_MAX)
                return false;
        if (measure_kind_wants_variable(out->kind) > 0 ||
                (out->kind == MEASURE_RATIO && one_in(k, 2))) {
                out->variable = random_number(k);
                if (out->variable.len == 0)
                        return false;
        }
        if (out->kind == MEASURE_RATIO && one_in(k, 3))
                out->per = random_number(k);
        if ((out->kind == MEASURE_RATE || out->kind == MEASURE_RATIO) && one_in(k, 2))
                out->scale = 100;
        if (out->kind == MEASURE_RATE) {
                for (uint32_t i = 0; i < k->q->dimensions_len; i++)
                        if (!bytes_is_text(k->q->dimensions[i].variable, "kommun"))
                                return false;
        }
        out->filters_len = some_filters(k, 2, true, &out->filters);
        if (out->kind == MEASURE_SHARE || out->kind == MEASURE_RATIO)
                out->base_len = some_filters(k, 2, true, &out->base);
        return out->kind != MEASURE_SHARE || out->filters_len > 0;
}

struct query random_linked(struct sql_world *w, struct arena *a)
{
        struct query q = {.purpose = bytes_of_text("uppfoljning")};
        struct asking k = {
                .w = w, .a = a, .q = &q, .base = w->datasets[sql_random(w, w->parts_len)]};

        q.dataset = k.base->id;
        q.linkage = bytes_of(w->linkage->rules->id.data, w->linkage->rules->id.len);
        q.unit = (enum unit)roll(&k, UNIT_COUNT);
        if (q.unit == UNIT_FAMILY && !w->family)
                q.unit = UNIT_RECORD;
        q.has_period = one_in(&k, 2);
        q.period = one_in(&k, 2) ? (struct period){19083, 19538} : (struct period){19358, 19722};
        if (q.has_period && one_in(&k, 3))
                q.period_date = random_date(&k, k.base);
        if (k.base->municipality_variable != UINT32_MAX && one_in(&k, 3))
                q.municipality_rule = (enum municipality_rule)roll(&k, 3);
        q.has_age_at = one_in(&k, 4);
        q.age_at = one_in(&k, 3) ? 24106 : 19722; /* 2036-01-01, 2023-12-31 */
        q.has_division_at = one_in(&k, 6);
        q.division_at = one_in(&k, 2) ? 13513 : 20088; /* 2006-12-31, 2024-12-31 */
        q.derived = make(&k, DERIVED, sizeof(*q.derived));
        for (uint64_t n = 1 + roll(&k, DERIVED); q.derived_len < n; q.derived_len++)
                random_derived(&k, &q.derived[q.derived_len]);
        q.filters_len = one_in(&k, 2) ? some_filters(&k, FILTERS, true, &q.filters) : 0;
        random_dimensions(&k);
        q.measures = make(&k, MEASURES, sizeof(*q.measures));
        for (uint64_t n = roll(&k, MEASURES + 1); q.measures_len < n;)
                q.measures_len += random_measure(&k, &q.measures[q.measures_len]);
        if (!q.has_age_at)
                q.age_at = 0;
        if (!q.has_division_at)
                q.division_at = 0;
        if (!q.has_period)
                q.period = (struct period){0};
        return q;
}
