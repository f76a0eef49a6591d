/* SPDX-License-Identifier: Apache-2.0 */
/* quotient.c: indicators that divide one data set by another: cost by persons, incidents by
 * days of care.
 *
 * Both tables come out of disclosure control first, so a quotient shows nothing that they
 * would not. They are asked alike, but what was delivered bounds the categories of each,
 * so cells are matched by code and not by place. */
#include "gateway/answer.h"

struct matching {
        const struct table *n, *d;
        uint32_t *places[DIMENSIONS_MAX]; /* of a category of n: its place in d */
};
#define NO_PLACE UINT32_MAX

static uint32_t place_of(const struct dimension *in, struct bytes code)
{
        for (uint32_t i = 0; i < in->len; i++)
                if (bytes_equal(in->categories[i].code, code))
                        return i;
        return NO_PLACE;
}

static enum err match(struct arena *arena, struct matching *m)
{
        if (m->n->dimensions_len != m->d->dimensions_len || m->n->measures_len != 1 ||
                m->d->measures_len != 1)
                return ERR_INTERNAL;
        for (uint32_t k = 0; k < m->n->dimensions_len; k++) {
                const struct dimension *dim = &m->n->dimensions[k];

                m->places[k] = arena_alloc(arena, (size_t)dim->len + 1, sizeof(uint32_t));
                if (m->places[k] == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t i = 0; i < dim->len; i++)
                        m->places[k][i] = place_of(&m->d->dimensions[k], dim->categories[i].code);
                m->places[k][dim->len] = m->d->dimensions[k].len;
        }
        return ERR_OK;
}

/* False: the other table has no such cell. */
static bool matching_cell(const struct matching *m, size_t cell, size_t *out)
{
        uint32_t at[DIMENSIONS_MAX];

        table_coordinates(m->n, cell, at);
        for (uint32_t k = 0; k < m->n->dimensions_len; k++) {
                at[k] = m->places[k][at[k]];
                if (at[k] == NO_PLACE)
                        return false;
        }
        *out = table_cell(m->d, at);
        return true;
}

static enum cell_status status_at(const struct table *t, size_t cell)
{
        enum cell_status s = (enum cell_status)t->status[cell];

        if (s == CELL_VALUE && t->measures[0].status != NULL)
                s = (enum cell_status)t->measures[0].status[cell];
        return s;
}

static int64_t power_of_ten(uint32_t n)
{
        int64_t p = 1;

        while (n-- > 0)
                p *= 10;
        return p;
}

/* Rounded half away from zero; TABLE_NO_VALUE where there is nothing to divide by. */
static int64_t divide(int64_t n, int64_t d, int64_t factor)
{
        if (n == TABLE_NO_VALUE || d == TABLE_NO_VALUE || d <= 0)
                return TABLE_NO_VALUE;
        __int128 scaled = (__int128)n * factor;
        __int128 value = (scaled + (scaled < 0 ? -(d / 2) : d / 2)) / d;

        return value > INT64_MAX || value < -INT64_MAX ? TABLE_NO_VALUE : (int64_t)value;
}

static void fill_cell(
        const struct matching *m, int64_t factor, struct table *n, size_t cell, uint8_t *status)
{
        struct measure *measure = &n->measures[0];
        size_t other = 0;
        enum cell_status s = status_at(n, cell);

        if (s == CELL_VALUE)
                s = matching_cell(m, cell, &other) ? status_at(m->d, other) : CELL_MISSING;
        status[cell] = (uint8_t)s;
        measure->values[cell] = s == CELL_VALUE ? divide(measure->values[cell],
                                                          m->d->measures[0].values[other], factor)
                                                : 0;
}

enum err quotient_make(struct arena *arena, uint32_t scale, struct table *n, const struct table *d)
{
        struct matching m = {.n = n, .d = d};
        struct measure *measure = &n->measures[0];

        TRY(match(arena, &m));
        /* Statuses of their own: the lookup above reads the table's as they were. */
        uint8_t *status = arena_alloc(arena, n->cells_len, 1);
        if (status == NULL)
                return ERR_NO_MEMORY;
        int64_t factor = 10 * power_of_ten(d->measures[0].decimals) * (scale > 0 ? scale : 1);

        for (size_t cell = 0; cell < n->cells_len; cell++)
                fill_cell(&m, factor, n, cell, status);
        n->status = status;
        measure->status = NULL;
        measure->low = measure->high = NULL;
        measure->numerator = measure->denominator = NULL;
        measure->numerator_persons = measure->denominator_persons = NULL;
        /* What is said of the numerator's makers is not true of a quotient. */
        measure->contributions = n->contributions = NULL;
        measure->contributions_len = n->contributions_len = 0;
        measure->sums = NULL;
        n->cell_key = NULL;
        measure->kind = MEASURE_RATIO;
        measure->decimals++;
        measure->scale = scale > 0 ? scale : 1;
        return ERR_OK;
}
