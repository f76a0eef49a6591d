/* SPDX-License-Identifier: Apache-2.0 */
/* measure_oracle.c: see measure_oracle.h.
 *
 * A row that counts tells a fact per cell it lies in: who, which family, what value. Facts
 * are sorted and counted afterwards, so nothing here depends on the order of rows. */
#include "tests/support/measure_oracle.h"

#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/table.h"

struct fact {
        uint64_t cell;
        int64_t person, family, value; /* family -1: missing */
        int64_t place, provider;       /* -1: missing */
        int64_t contributor;
};

/* What a side of a measure has per cell. */
struct side {
        int64_t *units, *persons;
        struct fact *facts; /* by cell */
        size_t facts_len;
};

enum counting { BY_PERSON, BY_RECORD, BY_FAMILY, BY_VALUE, BY_DAYS };

struct asking {
        struct oracle o;
        const struct view *v;
        const struct query *q;
        const struct table *t;
        const struct measure_told *told;
        int64_t *person; /* by row; whom nobody knows are numbered behind the others */
};

static int64_t *name_persons(const struct view *v)
{
        int64_t *out = calloc((size_t)view_rows(v) + 1, sizeof(*out));
        const uint32_t *starts = view_person_starts(v);

        assert(out != NULL);
        for (uint32_t p = 0; p < view_persons(v); p++)
                for (uint32_t r = starts[p]; r < starts[p + 1]; r++)
                        out[r] = p;
        for (uint32_t r = view_personless(v); r < view_rows(v); r++)
                out[r] = (int64_t)view_persons(v) + r;
        return out;
}

static bool passes(const struct asking *a, const struct filter *filters, uint32_t len, uint32_t row)
{
        for (uint32_t i = 0; i < len; i++)
                if (!oracle_matches(&a->o, &filters[i], row))
                        return false;
        return true;
}

static bool meets_period(const struct asking *a, uint32_t row)
{
        const struct policy_dataset *d = a->o.dataset;
        int64_t from, until;

        if (!a->q->has_period)
                return true;
        if (d->episode_from == UINT32_MAX)
                return a->o.value(&a->o, d->order_variable, row, &from) &&
                       from >= a->q->period.first && from <= a->q->period.last;
        return a->o.value(&a->o, d->episode_from, row, &from) && from <= a->q->period.last &&
               (!a->o.value(&a->o, d->episode_until, row, &until) || until >= a->q->period.first);
}

static bool days_of(const struct asking *a, uint32_t row, int64_t *out)
{
        const struct policy_dataset *d = a->o.dataset;
        int64_t from, until, days = 0;

        if (!a->o.value(&a->o, d->episode_from, row, &from))
                return false;
        if (!a->o.value(&a->o, d->episode_until, row, &until))
                until = INT32_MAX;
        for (int64_t day = a->told->days.first; day <= a->told->days.last; day++)
                days += day >= from && day <= until;
        *out = days;
        return days > 0;
}

static int by_cell_and(const struct fact *x, const struct fact *y, int64_t a, int64_t b)
{
        if (x->cell != y->cell)
                return x->cell < y->cell ? -1 : 1;
        return a < b ? -1 : a > b;
}

static int by_person(const void *x, const void *y)
{
        const struct fact *a = x, *b = y;

        return by_cell_and(a, b, a->person, b->person);
}

static int by_family(const void *x, const void *y)
{
        const struct fact *a = x, *b = y;

        return by_cell_and(a, b, a->family, b->family);
}

static void distinct(struct side *s, int (*order)(const void *, const void *), int64_t *out)
{
        qsort(s->facts, s->facts_len, sizeof(*s->facts), order);
        for (size_t i = 0; i < s->facts_len; i++)
                if (i == 0 || order(&s->facts[i - 1], &s->facts[i]) != 0)
                        out[s->facts[i].cell]++;
}

/* The facts of a row, one per cell. */
static void tell(const struct asking *a, uint32_t row, struct fact fact, struct side *s)
{
        const struct table *t = a->t;
        uint32_t at[DIMENSIONS_MAX], cell_at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if ((at[d] = oracle_category(&a->o, d, row)) == UINT32_MAX)
                        return;
        for (uint32_t mask = 0; mask < 1u << t->dimensions_len; mask++) {
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        cell_at[d] = mask >> d & 1 ? t->dimensions[d].len : at[d];
                fact.cell = table_cell(t, cell_at);
                s->facts[s->facts_len++] = fact;
        }
}

static int64_t family_of(const struct asking *a, uint32_t row)
{
        const struct families *f = view_families(a->v);

        if (f == NULL || row >= view_personless(a->v))
                return -1;
        uint32_t family = f->family[a->person[row]];
        return family == FAMILY_MISSING ? -1 : (int64_t)family;
}

static int64_t code_of(const struct asking *a, uint32_t variable, uint32_t row)
{
        int64_t code;

        return variable != UINT32_MAX && a->o.value(&a->o, variable, row, &code) ? code : -1;
}

static struct side side_of(const struct asking *a, const struct measure_ref *m, bool filters,
        bool base, enum counting by, struct bytes variable)
{
        size_t cells = a->t->cells_len, max = (size_t)view_rows(a->v) << a->t->dimensions_len;
        struct side s = {calloc(cells, 8), calloc(cells, 8), calloc(max + 1, sizeof(*s.facts)), 0};
        int32_t v = variable.len > 0 ? variable_find(a->o.dataset, variable) : -1;

        assert(s.units != NULL && s.persons != NULL && s.facts != NULL);
        for (uint32_t r = 0; r < view_rows(a->v); r++) {
                struct fact fact = {.person = a->person[r],
                        .family = family_of(a, r),
                        .place = code_of(a, a->o.dataset->municipality_variable, r),
                        .provider = code_of(a, a->told->provider, r)};

                if (!meets_period(a, r) || !passes(a, a->q->filters, a->q->filters_len, r) ||
                        (filters && !passes(a, m->filters, m->filters_len, r)) ||
                        (base && !passes(a, m->base, m->base_len, r)))
                        continue;
                if ((by == BY_FAMILY && fact.family < 0) ||
                        (by == BY_VALUE && !a->o.value(&a->o, (uint32_t)v, r, &fact.value)) ||
                        (by == BY_DAYS && !days_of(a, r, &fact.value)))
                        continue;
                tell(a, r, fact, &s);
        }
        for (size_t i = 0; i < s.facts_len && by >= BY_VALUE; i++)
                s.units[s.facts[i].cell] += s.facts[i].value;
        for (size_t i = 0; i < s.facts_len && by == BY_RECORD; i++)
                s.units[s.facts[i].cell]++;
        if (by == BY_FAMILY)
                distinct(&s, by_family, s.units);
        distinct(&s, by_person, s.persons);
        if (by == BY_PERSON)
                memcpy(s.units, s.persons, cells * 8);
        return s;
}

static void side_done(struct side *s)
{
        free(s->units);
        free(s->persons);
        free(s->facts);
}

static enum counting unit_of(const struct query *q)
{
        return q->unit == UNIT_RECORD ? BY_RECORD : q->unit == UNIT_FAMILY ? BY_FAMILY : BY_PERSON;
}

static void assert_near(int64_t got, long double expected)
{
        assert_true(got != TABLE_NO_VALUE);
        assert_true(fabsl((long double)got - expected) <= 0.5L + 1e-4L);
}

static void assert_cells(const int64_t *got, const int64_t *expected, size_t n)
{
        for (size_t i = 0; i < n; i++)
                assert_int_equal(got[i], expected[i]);
}

/* Contributions --------------------------------------------------------------------------- */

static int by_contributor(const void *x, const void *y)
{
        const struct fact *a = x, *b = y;

        if (a->cell == b->cell && a->contributor == b->contributor)
                return by_cell_and(a, b, a->person, b->person);
        return by_cell_and(a, b, a->contributor, b->contributor);
}

/* Persons without a family stand for themselves, below zero. */
enum { NOBODY = INT32_MIN };
static int64_t contributor_of(const struct fact *f, enum contributor type)
{
        switch (type) {
        case CONTRIBUTOR_PERSON:
                return f->person;
        case CONTRIBUTOR_FAMILY:
                return f->family < 0 ? -1 - f->person : f->family;
        case CONTRIBUTOR_PROVIDER:
                return f->provider < 0 ? NOBODY : f->provider;
        case CONTRIBUTOR_MUNICIPALITY:
                return f->place < 0 ? NOBODY : f->place;
        case CONTRIBUTOR_NONE:
        case CONTRIBUTOR_COUNT:
                break;
        }
        fail();
        return 0;
}

static int descending(const void *x, const void *y)
{
        int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;

        return (a < b) - (a > b);
}

static void check_cell(
        const struct contributions *c, uint64_t cell, uint32_t number, int64_t *amounts, size_t len)
{
        qsort(amounts, len, sizeof(*amounts), descending);
        assert_int_equal(c->number[cell], number);
        for (size_t i = 0; i < CONTRIBUTIONS_LARGEST; i++)
                assert_int_equal(
                        c->largest[cell * CONTRIBUTIONS_LARGEST + i], i < len ? amounts[i] : 0);
}

/* Sorted facts are contributors one after the other, each with its persons. */
static void check_contributions(
        const struct asking *a, struct side *s, const struct contributions *c, bool sums)
{
        int64_t *amounts = calloc(s->facts_len + 1, sizeof(*amounts));
        size_t len = 0, i = 0;

        for (size_t k = 0; k < s->facts_len; k++)
                s->facts[k].contributor = contributor_of(&s->facts[k], c->type);
        qsort(s->facts, s->facts_len, sizeof(*s->facts), by_contributor);
        for (uint64_t cell = 0; cell < a->t->cells_len; cell++) {
                uint32_t number = 0;

                for (len = 0; i < s->facts_len && s->facts[i].cell == cell;) {
                        int64_t who = s->facts[i].contributor, sum = 0, persons = 0;

                        for (size_t first = i; i < s->facts_len && s->facts[i].cell == cell &&
                                               s->facts[i].contributor == who;
                                i++) {
                                sum += s->facts[i].value;
                                persons +=
                                        i == first || s->facts[i].person != s->facts[i - 1].person;
                        }
                        number += who >= 0;
                        if (who != NOBODY)
                                amounts[len++] = sums ? llabs(sum) : persons;
                }
                check_cell(c, cell, number, amounts, len);
        }
        free(amounts);
}

static void check_all_contributions(const struct asking *a, struct side *s,
        const struct contributions *list, uint32_t len, bool sums)
{
        unsigned expected = a->told->contributors, told = 0;

        if (!sums)
                expected &= ~(1u << CONTRIBUTOR_PERSON);
        if (view_families(a->v) == NULL)
                expected &= ~(1u << CONTRIBUTOR_FAMILY);
        for (uint32_t i = 0; i < len; i++) {
                assert_int_equal(told & 1u << list[i].type, 0);
                told |= 1u << list[i].type;
                check_contributions(a, s, &list[i], sums);
        }
        assert_int_equal(told, expected);
}

/* A cell's key is of its persons, once each. */
static void check_keys(const struct asking *a, struct side *s)
{
        const uint64_t *keys = view_record_keys(a->v);
        uint32_t *sums = calloc(a->t->cells_len, sizeof(*sums));

        assert_int_equal(a->t->cell_key != NULL, a->told->cell_keys && keys != NULL);
        qsort(s->facts, s->facts_len, sizeof(*s->facts), by_person);
        for (size_t i = 0; i < s->facts_len && a->t->cell_key != NULL; i++)
                if ((i == 0 || by_person(&s->facts[i - 1], &s->facts[i]) != 0) &&
                        s->facts[i].person < (int64_t)view_persons(a->v))
                        sums[s->facts[i].cell] += (uint32_t)keys[s->facts[i].person];
        for (size_t i = 0; i < a->t->cells_len && a->t->cell_key != NULL; i++)
                assert_int_equal(a->t->cell_key[i], sums[i]);
        free(sums);
}

/* Kinds ----------------------------------------------------------------------------------- */

static void check_count(const struct asking *a, const struct measure_ref *ref,
        const struct measure *m, enum counting by)
{
        struct side s = side_of(a, ref, true, false, by, ref->variable);

        assert_cells(m->values, s.units, a->t->cells_len);
        if (m->contributors != NULL)
                assert_cells(m->contributors, s.persons, a->t->cells_len);
        if (m->kind == MEASURE_SUM)
                check_all_contributions(a, &s, m->contributions, m->contributions_len, true);
        else
                assert_int_equal(m->contributions_len, 0);
        side_done(&s);
}

static void check_mean(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        struct side s = side_of(a, ref, true, false, BY_VALUE, ref->variable);
        int64_t *rows = calloc(a->t->cells_len, sizeof(*rows));

        for (size_t i = 0; i < s.facts_len; i++)
                rows[s.facts[i].cell]++;
        for (size_t i = 0; i < a->t->cells_len; i++)
                if (rows[i] == 0)
                        assert_true(m->values[i] == TABLE_NO_VALUE);
                else
                        assert_near(
                                m->values[i], 10 * (long double)s.units[i] / (long double)rows[i]);
        assert_cells(m->contributors, s.persons, a->t->cells_len);
        assert_cells(m->sums, s.units, a->t->cells_len);
        check_all_contributions(a, &s, m->contributions, m->contributions_len, true);
        free(rows);
        side_done(&s);
}

/* How many of a cell's values lie in low..high. */
static int64_t values_within(const struct side *s, size_t cell, int64_t low, int64_t high)
{
        int64_t n = 0;

        for (size_t i = 0; i < s->facts_len; i++)
                n += s->facts[i].cell == cell && s->facts[i].value >= low &&
                     s->facts[i].value <= high;
        return n;
}

static bool quantile(const struct side *s, size_t cell, const struct banding *bands,
        long double part, long double *out)
{
        long double wanted = part * (long double)values_within(s, cell, INT64_MIN, INT64_MAX);

        for (uint32_t i = 0; i < bands->len; i++) {
                const struct band *b = &bands->bands[i];
                long double below = (long double)values_within(s, cell, INT64_MIN, b->low - 1);
                long double here = (long double)values_within(s, cell, b->low, b->high);

                if (below < wanted && wanted <= below + here) {
                        if (b->open_low || b->open_high)
                                return false;
                        *out = (long double)b->low +
                               (wanted - below) / here * (long double)(b->high + 1 - b->low);
                        return true;
                }
        }
        return false;
}

static void check_quantile(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        struct side s = side_of(a, ref, true, false, BY_VALUE, ref->variable);
        const struct variable *v =
                &a->o.dataset->variables[variable_find(a->o.dataset, ref->variable)];
        const struct banding *bands = &v->bandings[variable_level_find(v, ref->banding)];
        long double part = m->kind == MEASURE_MEDIAN           ? 0.5L
                           : m->kind == MEASURE_LOWER_QUARTILE ? 0.25L
                                                               : 0.75L;

        for (size_t i = 0; i < a->t->cells_len; i++) {
                long double expected;

                if (m->contributors[i] > 0 && quantile(&s, i, bands, part, &expected))
                        assert_near(m->values[i], 10 * expected);
                else
                        assert_true(m->values[i] == TABLE_NO_VALUE);
        }
        assert_cells(m->contributors, s.persons, a->t->cells_len);
        side_done(&s);
}

static void check_interval(const struct measure *m, size_t i, long double n, long double d)
{
        long double z = 1.959963984540054L, p = n / d, scale = 1 + z * z / d;
        long double middle = (p + z * z / (2 * d)) / scale;
        long double width = z / scale * sqrtl(p * (1 - p) / d + z * z / (4 * d * d));

        assert_near(m->low[i], 1000 * (middle - width));
        assert_near(m->high[i], 1000 * (middle + width));
}

static void check_share(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        struct side above = side_of(a, ref, true, true, unit_of(a->q), (struct bytes){0});
        struct side below = side_of(a, ref, false, true, unit_of(a->q), (struct bytes){0});

        for (size_t i = 0; i < a->t->cells_len; i++) {
                if (below.units[i] == 0) {
                        assert_true(m->values[i] == TABLE_NO_VALUE);
                        assert_true(m->low[i] == TABLE_NO_VALUE && m->high[i] == TABLE_NO_VALUE);
                        continue;
                }
                assert_near(m->values[i],
                        1000 * (long double)above.units[i] / (long double)below.units[i]);
                check_interval(m, i, (long double)above.units[i], (long double)below.units[i]);
        }
        assert_cells(m->numerator, above.units, a->t->cells_len);
        assert_cells(m->denominator, below.units, a->t->cells_len);
        assert_cells(m->numerator_persons, above.persons, a->t->cells_len);
        assert_cells(m->denominator_persons, below.persons, a->t->cells_len);
        side_done(&above);
        side_done(&below);
}

static uint32_t decimals_of(const struct asking *a, struct bytes variable)
{
        return variable.len == 0
                       ? 0
                       : a->o.dataset->variables[variable_find(a->o.dataset, variable)].decimals;
}

static void check_ratio(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        enum counting unit = unit_of(a->q);
        struct side above = side_of(
                a, ref, true, false, ref->variable.len > 0 ? BY_VALUE : unit, ref->variable);
        struct side below =
                side_of(a, ref, false, true, ref->per.len > 0 ? BY_VALUE : unit, ref->per);
        long double times = 10 * powl(10, decimals_of(a, ref->per)) *
                            (ref->scale > 0 ? (long double)ref->scale : 1);

        assert_int_equal(m->decimals, decimals_of(a, ref->variable) + 1);
        for (size_t i = 0; i < a->t->cells_len; i++)
                if (below.units[i] == 0)
                        assert_true(m->values[i] == TABLE_NO_VALUE);
                else
                        assert_near(m->values[i],
                                times * (long double)above.units[i] / (long double)below.units[i]);
        assert_cells(m->numerator_persons, above.persons, a->t->cells_len);
        assert_cells(m->denominator_persons, below.persons, a->t->cells_len);
        side_done(&above);
        side_done(&below);
}

/* Inhabitants of the municipalities that have delivered and that the filters keep, by the
 * category that one of its records is in. */
static void check_rate(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        struct side above = side_of(a, ref, true, false, unit_of(a->q), (struct bytes){0});
        uint32_t variable = a->o.dataset->municipality_variable;
        const struct code_list *list = a->o.dataset->variables[variable].codes;
        int64_t *inhabitants = calloc(a->t->cells_len, sizeof(*inhabitants));
        uint8_t *seen = calloc(list->levels[0].len, 1);
        size_t total = a->t->cells_len - 1;

        for (uint32_t r = 0; r < view_rows(a->v); r++) {
                int64_t place;
                bool kept = a->o.value(&a->o, variable, r, &place) && !seen[place]++;

                for (uint32_t i = 0; i < a->q->filters_len; i++)
                        if (variable_find(a->o.dataset, a->q->filters[i].variable) ==
                                (int32_t)variable)
                                kept = kept && oracle_matches(&a->o, &a->q->filters[i], r);
                for (uint32_t i = 0; i < ref->filters_len; i++)
                        if (variable_find(a->o.dataset, ref->filters[i].variable) ==
                                (int32_t)variable)
                                kept = kept && oracle_matches(&a->o, &ref->filters[i], r);
                if (!kept)
                        continue;
                size_t cell = a->t->dimensions_len > 0 ? oracle_category(&a->o, 0, r) : total;
                int64_t people = list->levels[0].codes[place].population;
                inhabitants[total] += people > 0 ? people : INT32_MIN;
                if (cell != total)
                        inhabitants[cell] += people > 0 ? people : INT32_MIN;
        }
        for (size_t i = 0; i < a->t->cells_len; i++)
                if (inhabitants[i] <= 0)
                        assert_int_equal(m->status[i], CELL_NOT_APPLICABLE);
                else
                        assert_near(m->values[i], 10.0L * (ref->scale ? ref->scale : 1000) *
                                                          (long double)above.units[i] /
                                                          (long double)inhabitants[i]);
        assert_cells(m->numerator_persons, above.persons, a->t->cells_len);
        free(inhabitants);
        free(seen);
        side_done(&above);
}

static void check_measure(
        const struct asking *a, const struct measure_ref *ref, const struct measure *m)
{
        switch (ref->kind) {
        case MEASURE_PERSONS:
                check_count(a, ref, m, BY_PERSON);
                return;
        case MEASURE_RECORDS:
                check_count(a, ref, m, BY_RECORD);
                return;
        case MEASURE_FAMILIES:
                check_count(a, ref, m, BY_FAMILY);
                return;
        case MEASURE_SUM:
                check_count(a, ref, m, BY_VALUE);
                return;
        case MEASURE_DAYS:
                check_count(a, ref, m, BY_DAYS);
                return;
        case MEASURE_MEAN:
                check_mean(a, ref, m);
                return;
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                check_quantile(a, ref, m);
                return;
        case MEASURE_SHARE:
                check_share(a, ref, m);
                return;
        case MEASURE_RATIO:
                check_ratio(a, ref, m);
                return;
        case MEASURE_RATE:
                check_rate(a, ref, m);
                return;
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        fail();
}

void measure_oracle_check(const struct view *v, const struct query *q, const struct table *t,
        const struct measure_told *told)
{
        struct asking a = {.o = oracle_of_view(v, q, t), .v = v, .q = q, .t = t, .told = told};
        const struct measure_ref everybody = {.kind = MEASURE_PERSONS};

        a.person = name_persons(v);
        struct side cell = side_of(&a, &everybody, false, false, BY_PERSON, (struct bytes){0});
        assert_cells(t->persons, cell.persons, t->cells_len);
        check_keys(&a, &cell);
        check_all_contributions(&a, &cell, t->contributions, t->contributions_len, false);
        side_done(&cell);
        if (t->families != NULL) {
                cell = side_of(&a, &everybody, false, false, BY_FAMILY, (struct bytes){0});
                assert_cells(t->families, cell.units, t->cells_len);
                side_done(&cell);
        }
        assert_int_equal(t->measures_len, q->measures_len);
        for (uint32_t i = 0; i < t->measures_len; i++) {
                assert_int_equal(t->measures[i].kind, q->measures[i].kind);
                check_measure(&a, &q->measures[i], &t->measures[i]);
        }
        free(a.person);
}
