/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_table.c: which counts of a table are rounded together, and what follows them.
 *
 * Each cell has a direction of its own, up or down, drawn from the key of its persons (up as
 * often as it is above the multiple below it): the same persons are rounded alike in every
 * table, under every wording and in every vintage, so repeating and rephrasing a question
 * averages nothing. All counts of one cell share the draw: more is never rounded to less,
 * and many measures of one cell are not many draws. Where persons add up, so must rounded
 * counts, and some cells give up their direction for it (rounding_aims.c): inner cells first,
 * so a total is nearly always the same whatever it is broken down by.
 *
 * A person who can be in several categories is in several parts and once in the total. So
 * every category of such a dimension, and its total, is rounded as a table of its own; and
 * families, who live in several cells, cell by cell.
 *
 * What surprised us: the table that is rounded is not the one that leaves. A total of 23 with
 * parts 12 and 8 shown and 3 hidden is the sum of three rounded parts, so the exact parts are
 * taken aside before hiding wipes them, and are wiped here. The hidden one's rounded value is
 * as safe as its exact one would be: no sum of shown cells gives it. */
#include "gateway/disclosure/rounding_table.h"

#include <stdlib.h>
#include <string.h>

#include "base/fraction.h"
#include "gateway/disclosure/quotients.h"
#include "gateway/disclosure/rounding.h"
#include "gateway/disclosure/stir.h"

enum { DONE_MAX = 16 };

/* Keeping ------------------------------------------------------------------------------------ */

struct kept_measure {
        int64_t *values, *contributors, *numerator, *denominator, *numerator_persons,
                *denominator_persons;
};
struct rounding_exact {
        size_t cells;
        uint32_t *keys;
        int64_t *persons, *records, *families;
        struct kept_measure measures[MEASURES_MAX];
};

static enum err keep(struct arena *arena, const int64_t *from, size_t cells, int64_t **out)
{
        if (from == NULL)
                return ERR_OK;
        *out = arena_alloc_raw(arena, cells, sizeof **out);
        if (*out == NULL)
                return ERR_NO_MEMORY;
        memcpy(*out, from, cells * sizeof **out);
        return ERR_OK;
}

static enum err keep_measure(
        struct arena *arena, const struct measure *m, size_t cells, struct kept_measure *out)
{
        TRY(keep(arena, m->values, cells, &out->values));
        TRY(keep(arena, m->contributors, cells, &out->contributors));
        TRY(keep(arena, m->numerator, cells, &out->numerator));
        TRY(keep(arena, m->denominator, cells, &out->denominator));
        TRY(keep(arena, m->numerator_persons, cells, &out->numerator_persons));
        return keep(arena, m->denominator_persons, cells, &out->denominator_persons);
}

enum err rounding_keep(struct arena *arena, const struct table *t, struct rounding_exact **out)
{
        struct rounding_exact *x = arena_alloc(arena, 1, sizeof *x);

        if (t->cell_key == NULL || t->measures_len > MEASURES_MAX)
                return ERR_INVALID;
        if (x == NULL)
                return ERR_NO_MEMORY;
        x->cells = t->cells_len;
        x->keys = arena_alloc_raw(arena, t->cells_len, sizeof *x->keys);
        if (x->keys == NULL)
                return ERR_NO_MEMORY;
        memcpy(x->keys, t->cell_key, t->cells_len * sizeof *x->keys);
        TRY(keep(arena, t->persons, t->cells_len, &x->persons));
        TRY(keep(arena, t->records, t->cells_len, &x->records));
        TRY(keep(arena, t->families, t->cells_len, &x->families));
        for (uint32_t k = 0; k < t->measures_len; k++)
                TRY(keep_measure(arena, &t->measures[k], t->cells_len, &x->measures[k]));
        *out = x;
        return ERR_OK;
}

static void wipe(int64_t *values, size_t cells)
{
        if (values != NULL)
                memset(values, 0, cells * sizeof *values);
}

static void wipe_exact(struct rounding_exact *x)
{
        memset(x->keys, 0, x->cells * sizeof *x->keys);
        wipe(x->persons, x->cells);
        wipe(x->records, x->cells);
        wipe(x->families, x->cells);
        for (uint32_t k = 0; k < MEASURES_MAX; k++) {
                struct kept_measure *m = &x->measures[k];

                wipe(m->values, x->cells);
                wipe(m->contributors, x->cells);
                wipe(m->numerator, x->cells);
                wipe(m->denominator, x->cells);
                wipe(m->numerator_persons, x->cells);
                wipe(m->denominator_persons, x->cells);
        }
}

/* A sheet: what is rounded together ----------------------------------------------------------- */

struct sheet {
        struct arena *arena;
        const struct rounding_exact *exact;
        struct table *t;
        const struct rounding_wish *wish;
        /* Dimensions and categories by their names, so that the order of a question is no
         * matter: those that add up first. */
        uint32_t order[DIMENSIONS_MAX], adding;
        uint32_t *place[DIMENSIONS_MAX]; /* by dimension of the table: the category at a place */
        size_t stride[DIMENSIONS_MAX];
        struct rounding_told told;
        /* What was rounded already: several measures count the same. */
        struct {
                const int64_t *from;
                int64_t *to;
                bool add;
        } done[DONE_MAX];
        uint32_t done_len;
};

static uint32_t base_of(const struct sheet *s)
{
        return s->wish->base;
}

/* The multiple that a count is by itself. */
static int64_t alone(const struct sheet *s, size_t cell, int64_t count)
{
        uint32_t base = base_of(s), part = (uint32_t)(count % base);
        uint64_t drawn = (uint64_t)stir(s->exact->keys[cell]) * base >> 32;

        return count - part + (drawn < part ? base : 0);
}

static int by_name(struct bytes a, struct bytes b)
{
        size_t len = a.len < b.len ? a.len : b.len;
        int c = len > 0 ? memcmp(a.data, b.data, len) : 0;

        return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static bool comes_before(const struct dimension *a, const struct dimension *b)
{
        if (a->overlapping != b->overlapping)
                return b->overlapping;
        int c = by_name(a->variable, b->variable);

        return (c != 0 ? c : by_name(a->level, b->level)) < 0;
}

static int by_code(const void *a, const void *b)
{
        const struct category *const *x = a, *const *y = b;

        return by_name((*x)->code, (*y)->code);
}

static enum err order_categories(struct sheet *s, uint32_t d)
{
        const struct dimension *dim = &s->t->dimensions[d];
        const struct category **sorted =
                arena_alloc(s->arena, (size_t)dim->len + 1, sizeof(void *));

        s->place[d] = arena_alloc(s->arena, (size_t)dim->len + 1, sizeof *s->place[d]);
        if (sorted == NULL || s->place[d] == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < dim->len; i++)
                sorted[i] = &dim->categories[i];
        qsort(sorted, dim->len, sizeof(void *), by_code);
        for (uint32_t i = 0; i < dim->len; i++)
                s->place[d][i] = (uint32_t)(sorted[i] - dim->categories);
        s->place[d][dim->len] = dim->len;
        return ERR_OK;
}

static enum err order_dimensions(struct sheet *s)
{
        const struct table *t = s->t;
        size_t stride = 1;

        for (uint32_t d = t->dimensions_len; d-- > 0;) {
                s->stride[d] = stride;
                stride *= (size_t)t->dimensions[d].len + 1;
        }
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                uint32_t at = d;

                s->adding += !t->dimensions[d].overlapping;
                for (; at > 0 && comes_before(&t->dimensions[d], &t->dimensions[s->order[at - 1]]);
                        at--)
                        s->order[at] = s->order[at - 1];
                s->order[at] = d;
                TRY(order_categories(s, d));
        }
        return ERR_OK;
}

/* The dimensions from..to-1 of the order, as a number whose digits are places; the last
 * fastest. Where it stands in the table; how many totals are in it. */
static size_t offset_of(
        const struct sheet *s, uint32_t from, uint32_t to, size_t number, uint32_t *out_totals)
{
        size_t offset = 0;

        for (uint32_t i = to; i-- > from;) {
                uint32_t d = s->order[i], places = s->t->dimensions[d].len + 1;
                uint32_t place = (uint32_t)(number % places);

                offset += s->place[d][place] * s->stride[d];
                *out_totals += place + 1 == places;
                number /= places;
        }
        return offset;
}

static size_t combinations(const struct sheet *s, uint32_t from, uint32_t to)
{
        size_t n = 1;

        for (uint32_t i = from; i < to; i++)
                n *= (size_t)s->t->dimensions[s->order[i]].len + 1;
        return n;
}

/* Slices: of dimensions that add up ------------------------------------------------------------ */

struct slice {
        struct sheet *s;
        struct arena *arena; /* of this slice alone */
        const int64_t *values;
        int64_t *out;
        size_t offset, cells;
        size_t *cell; /* of the table, by cell of the slice */
        uint32_t *totals;
        struct model model;
        int64_t *rows;
};

static enum err slice_cells(struct slice *sl, struct model_cell **out)
{
        const struct sheet *s = sl->s;
        struct model_cell *cells = arena_alloc(sl->arena, sl->cells, sizeof *cells);

        sl->cell = arena_alloc_raw(sl->arena, sl->cells, sizeof *sl->cell);
        sl->totals = arena_alloc(sl->arena, sl->cells, sizeof *sl->totals);
        if (cells == NULL || sl->cell == NULL || sl->totals == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < sl->cells; i++) {
                sl->cell[i] = sl->offset + offset_of(s, 0, s->adding, i, &sl->totals[i]);
                cells[i] = (struct model_cell){.cost = 1,
                        .role = sl->values[sl->cell[i]] == 0 ? MODEL_ROLE_ZERO : MODEL_ROLE_OPEN};
        }
        *out = cells;
        return ERR_OK;
}

static size_t cell_of_row(const struct slice *sl, uint32_t row)
{
        const struct sheet *s = sl->s;
        size_t inner = sl->model.inner[row], at = 0, stride = 1;

        for (uint32_t i = s->adding; i-- > 0;) {
                uint32_t len = s->t->dimensions[s->order[i]].len;

                at += inner % len * stride;
                inner /= len;
                stride *= (size_t)len + 1;
        }
        return sl->cell[at];
}

static enum err slice_model(struct slice *sl)
{
        const struct sheet *s = sl->s;
        struct model_dimension *dims = arena_alloc(sl->arena, DIMENSIONS_MAX, sizeof *dims);
        uint32_t whole[DIMENSIONS_MAX];
        struct model_cell *cells = NULL;

        if (dims == NULL)
                return ERR_NO_MEMORY;
        TRY(slice_cells(sl, &cells));
        for (uint32_t i = 0; i < s->adding; i++) {
                dims[i].leaves = s->t->dimensions[s->order[i]].len;
                whole[i] = i;
        }
        const struct model_table table = {whole, s->adding, cells};
        const struct model_release release = {
                .dimensions = dims, .dimensions_len = s->adding, .tables = &table, .tables_len = 1};

        TRY(model_new(sl->arena, &release, &sl->model));
        sl->rows = arena_alloc_raw(sl->arena, (size_t)sl->model.rows + 1, sizeof *sl->rows);
        if (sl->rows == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t row = 0; row < sl->model.rows; row++)
                sl->rows[row] = sl->values[cell_of_row(sl, row)];
        return ERR_OK;
}

static bool adds_up(const struct slice *sl)
{
        const struct model *m = &sl->model;

        for (size_t i = 0; i < sl->cells; i++) {
                uint32_t column = m->column_of[i];
                int64_t sum = 0;

                for (size_t k = column < m->columns ? m->start[column] : 0;
                        column < m->columns && k < m->start[column + 1]; k++)
                        sum += sl->rows[m->row[k]];
                if (sum != sl->values[sl->cell[i]])
                        return false;
        }
        return true;
}

/* Four times as much for each total in a cell: one total weighs more than all that moves
 * with it. */
static enum err slice_round(struct slice *sl)
{
        const struct model *m = &sl->model;
        struct sheet *s = sl->s;
        int64_t *aims = arena_alloc(sl->arena, (size_t)m->columns + 1, sizeof *aims);
        uint32_t *weights = arena_alloc(sl->arena, (size_t)m->columns + 1, sizeof *weights);
        struct rounding_result result;

        if (aims == NULL || weights == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < sl->cells; i++) {
                uint32_t column = m->column_of[i], weight = 1u << 2 * sl->totals[i];

                if (column >= m->columns)
                        continue;
                aims[column] = alone(s, sl->cell[i], sl->values[sl->cell[i]]);
                weights[column] = weight > weights[column] ? weight : weights[column];
        }
        const struct rounding_options options = {
                .base = base_of(s),
                .seed = s->exact->keys[sl->cell[sl->cells - 1]],
                .work_limit = s->wish->work_limit,
                .aims = aims,
                .weights = weights,
        };
        TRY(rounding_run(sl->arena, m, sl->rows, &options, &result));
        for (size_t i = 0; i < sl->cells; i++)
                sl->out[sl->cell[i]] =
                        m->column_of[i] < m->columns ? result.columns[m->column_of[i]] : 0;
        uint32_t bases = (result.margin_most + base_of(s) - 1) / base_of(s);

        s->told.margin = bases > s->told.margin ? bases : s->told.margin;
        return ERR_OK;
}

static enum err round_slice(struct slice *sl)
{
        TRY(slice_model(sl));
        if (adds_up(sl))
                return slice_round(sl);
        for (size_t i = 0; i < sl->cells; i++)
                sl->out[sl->cell[i]] = alone(sl->s, sl->cell[i], sl->values[sl->cell[i]]);
        sl->s->told.additive = false;
        return ERR_OK;
}

/* Arrays of counts ----------------------------------------------------------------------------- */

static void round_alone(const struct sheet *s, const int64_t *values, int64_t *out)
{
        for (size_t i = 0; i < s->t->cells_len; i++)
                out[i] = alone(s, i, values[i]);
}

static enum err round_slices(struct sheet *s, const struct slice *of)
{
        enum { ARENA_MAX = 1 << 30 };
        size_t slices = combinations(s, s->adding, s->t->dimensions_len);

        for (size_t i = 0; i < slices; i++) {
                OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
                uint32_t totals = 0;
                struct slice sl = *of;

                if (arena == NULL)
                        return ERR_NO_MEMORY;
                sl.arena = arena;
                sl.offset = offset_of(s, s->adding, s->t->dimensions_len, i, &totals);
                TRY(round_slice(&sl));
        }
        return ERR_OK;
}

static bool are_counts(const struct sheet *s, const int64_t *values)
{
        for (size_t i = 0; i < s->t->cells_len; i++)
                if (values[i] < 0 || values[i] > INT64_MAX / 2)
                        return false;
        return true;
}

static bool has_no_leaf(const struct sheet *s)
{
        for (uint32_t i = 0; i < s->adding; i++)
                if (s->t->dimensions[s->order[i]].len == 0)
                        return true;
        return false;
}

static int64_t *find_done(const struct sheet *s, const int64_t *values, bool add)
{
        for (uint32_t i = 0; i < s->done_len; i++)
                if (s->done[i].add == add &&
                        memcmp(s->done[i].from, values, s->t->cells_len * sizeof *values) == 0)
                        return s->done[i].to;
        return NULL;
}

static enum err round_new(struct sheet *s, const int64_t *values, bool add, int64_t **out)
{
        int64_t *rounded = arena_alloc_raw(s->arena, s->t->cells_len, sizeof *rounded);

        if (rounded == NULL)
                return ERR_NO_MEMORY;
        if (!are_counts(s, values))
                return ERR_INVALID;
        const struct slice all = {
                .s = s, .values = values, .out = rounded, .cells = combinations(s, 0, s->adding)};

        if (add && s->adding > 0 && !has_no_leaf(s))
                TRY(round_slices(s, &all));
        else
                round_alone(s, values, rounded);
        *out = rounded;
        return ERR_OK;
}

static enum err round_counts(struct sheet *s, const int64_t *values, bool add, int64_t **out)
{
        *out = find_done(s, values, add);
        if (*out != NULL)
                return ERR_OK;
        TRY(round_new(s, values, add, out));
        if (s->done_len < DONE_MAX) {
                s->done[s->done_len].from = values;
                s->done[s->done_len].to = *out;
                s->done[s->done_len++].add = add;
        }
        return ERR_OK;
}

/* Measures ------------------------------------------------------------------------------------- */

static bool is_shown(const struct table *t, const struct measure *m, size_t cell)
{
        return t->status[cell] == CELL_VALUE &&
               (m->status == NULL || m->status[cell] == CELL_VALUE);
}

static void put(const struct sheet *s, const struct measure *m, const int64_t *from, int64_t *to)
{
        for (size_t i = 0; to != NULL && i < s->t->cells_len; i++)
                if (is_shown(s->t, m, i))
                        to[i] = from[i];
}

/* Its part of so many contributors: none of none. */
static enum err follow(int64_t sum, int64_t persons, int64_t rounded, int64_t *out)
{
        *out = sum;
        if (persons <= 0 || rounded == persons)
                return ERR_OK;
        return fraction_round((__int128)sum * rounded, persons, out) ? ERR_OK : ERR_LIMIT;
}

static enum err round_sum(struct sheet *s, uint32_t k)
{
        const struct kept_measure *x = &s->exact->measures[k];
        struct measure *m = &s->t->measures[k];
        int64_t *persons = NULL;

        TRY(round_counts(s, x->contributors, true, &persons));
        for (size_t i = 0; i < s->t->cells_len; i++) {
                bool none = x->contributors[i] > 0 && persons[i] == 0;

                if (!is_shown(s->t, m, i))
                        continue;
                m->contributors[i] = persons[i];
                if (m->sums != NULL)
                        TRY(follow(m->sums[i], x->contributors[i], persons[i], &m->sums[i]));
                if (m->kind == MEASURE_MEAN)
                        m->values[i] = none ? TABLE_NO_VALUE : m->values[i];
                else
                        TRY(follow(m->values[i], x->contributors[i], persons[i], &m->values[i]));
        }
        return ERR_OK;
}

static enum err no_quantile(struct sheet *s, uint32_t k)
{
        struct measure *m = &s->t->measures[k];
        int64_t *persons = NULL;

        TRY(round_counts(s, s->exact->measures[k].contributors, true, &persons));
        put(s, m, persons, m->contributors);
        for (size_t i = 0; i < s->t->cells_len; i++)
                if (is_shown(s->t, m, i))
                        m->values[i] = TABLE_NO_VALUE;
        return ERR_OK;
}

/* A side of a quotient: counted, or a sum of its persons'. */
static enum err round_side(struct sheet *s, const int64_t *units, const int64_t *persons,
        uint32_t adds, int64_t **out_units, int64_t **out_persons)
{
        TRY(round_counts(s, persons, true, out_persons));
        if (adds == ADDS_ONES || adds == ADDS_FAMILIES)
                return round_counts(s, units, adds == ADDS_ONES, out_units);
        *out_units = arena_alloc_raw(s->arena, s->t->cells_len, sizeof **out_units);
        if (*out_units == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < s->t->cells_len; i++)
                TRY(follow(units[i], persons[i], (*out_persons)[i], &(*out_units)[i]));
        return ERR_OK;
}

/* A share is of its denominator; rounded apart, its numerator could be more. */
static void make_share(struct measure *m, size_t i)
{
        if (m->numerator[i] > m->denominator[i])
                m->numerator[i] = m->denominator[i];
        m->values[i] = TABLE_NO_VALUE;
        if (m->low != NULL && m->high != NULL)
                m->low[i] = m->high[i] = TABLE_NO_VALUE;
        if (m->denominator[i] <= 0)
                return;
        m->values[i] = fraction_share(m->numerator[i], m->denominator[i]);
        if (m->low == NULL || m->high == NULL)
                return;
        struct fraction_interval ends = fraction_interval(m->numerator[i], m->denominator[i]);

        m->low[i] = ends.low;
        m->high[i] = ends.high;
}

static enum err make_ratio(struct measure *m, size_t i, __int128 times)
{
        m->values[i] = TABLE_NO_VALUE;
        if (m->denominator[i] == 0)
                return ERR_OK;
        return fraction_round(m->numerator[i] * times, m->denominator[i], &m->values[i])
                       ? ERR_OK
                       : ERR_LIMIT;
}

/* Inhabitants, the denominator of a rate, have no persons and stay as they are. */
static enum err round_quotient(struct sheet *s, uint32_t k)
{
        const struct kept_measure *x = &s->exact->measures[k];
        struct measure *m = &s->t->measures[k];
        int64_t *above = NULL, *below = x->denominator, *above_persons = NULL, *below_persons;
        __int128 times;

        TRY(quotients_times(s->t, m, &times));
        TRY(round_side(s, x->numerator, x->numerator_persons, m->adds[0], &above, &above_persons));
        if (x->denominator_persons != NULL)
                TRY(round_side(s, x->denominator, x->denominator_persons, m->adds[1], &below,
                        &below_persons));
        put(s, m, above, m->numerator);
        put(s, m, below, m->denominator);
        put(s, m, above_persons, m->numerator_persons);
        if (x->denominator_persons != NULL)
                put(s, m, below_persons, m->denominator_persons);
        for (size_t i = 0; i < s->t->cells_len; i++) {
                if (!is_shown(s->t, m, i))
                        continue;
                if (m->kind == MEASURE_SHARE)
                        make_share(m, i);
                else
                        TRY(make_ratio(m, i, times));
        }
        return ERR_OK;
}

static enum err round_count(struct sheet *s, uint32_t k)
{
        const struct kept_measure *x = &s->exact->measures[k];
        struct measure *m = &s->t->measures[k];
        bool families = m->kind == MEASURE_FAMILIES;
        int64_t *values = NULL, *persons = NULL;

        TRY(round_counts(s, x->values, !families, &values));
        if (x->contributors != NULL) {
                TRY(round_counts(s, x->contributors, true, &persons));
                put(s, m, persons, m->contributors);
        }
        put(s, m, values, m->values);
        s->told.additive &= !families;
        return ERR_OK;
}

static enum err round_measure(struct sheet *s, uint32_t k)
{
        switch (s->t->measures[k].kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
        case MEASURE_FAMILIES:
                return round_count(s, k);
        case MEASURE_SUM:
        case MEASURE_DAYS:
        case MEASURE_MEAN:
                return round_sum(s, k);
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                return no_quantile(s, k);
        case MEASURE_SHARE:
        case MEASURE_RATIO:
        case MEASURE_RATE:
                return round_quotient(s, k);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return ERR_INVALID;
}

/* Tables --------------------------------------------------------------------------------------- */

static void forget(struct contributions *c, uint32_t len, size_t cell)
{
        for (uint32_t i = 0; i < len; i++) {
                if (c[i].number != NULL)
                        c[i].number[cell] = 0;
                if (c[i].largest != NULL)
                        memset(&c[i].largest[cell * CONTRIBUTIONS_LARGEST], 0,
                                CONTRIBUTIONS_LARGEST * sizeof *c[i].largest);
        }
}

static void forget_cell(struct table *t, size_t cell)
{
        for (uint32_t k = 0; k < t->measures_len; k++)
                forget(t->measures[k].contributions, t->measures[k].contributions_len, cell);
        forget(t->contributions, t->contributions_len, cell);
        t->margin_persons[cell] = 0;
        if (t->cell_key != NULL)
                t->cell_key[cell] = 0;
}

static enum err round_table(struct sheet *s)
{
        const struct rounding_exact *x = s->exact;
        struct table *t = s->t;
        int64_t *persons = NULL, *records = NULL, *families = NULL;

        TRY(order_dimensions(s));
        for (uint32_t k = 0; k < t->measures_len; k++)
                TRY(round_measure(s, k));
        TRY(round_counts(s, x->persons, true, &persons));
        TRY(round_counts(s, x->records, true, &records));
        if (x->families != NULL)
                TRY(round_counts(s, x->families, false, &families));
        for (size_t i = 0; i < t->cells_len; i++) {
                if (t->status[i] != CELL_VALUE)
                        continue;
                t->persons[i] = persons[i];
                t->records[i] = records[i];
                if (t->families != NULL && families != NULL)
                        t->families[i] = families[i];
                forget_cell(t, i);
        }
        return ERR_OK;
}

enum err rounding_table(struct arena *arena, struct rounding_exact *exact, struct table *t,
        const struct rounding_wish *wish, struct rounding_told *out)
{
        struct sheet s = {.arena = arena,
                .exact = exact,
                .t = t,
                .wish = wish,
                .told = {.additive = true, .margin = 1}};
        enum err e = wish->base < 2 || exact->cells != t->cells_len ? ERR_INVALID : round_table(&s);

        wipe_exact(exact);
        if (e == ERR_OK)
                *out = s.told;
        return e;
}
