/* SPDX-License-Identifier: Apache-2.0 */
/* table.c: the shape of a table: a dense block with the totals inside.
 *
 * A dimension of n categories takes n + 1 places, the last being its total, so a
 * margin is an ordinary cell and nobody computes it a second time. The number of
 * cells is checked before memory is asked for: it is a product of counts that a
 * question chooses. */
#include "base/table.h"

#include "base/arena.h"

const char *cell_status_mark(enum cell_status s)
{
        static const char *const marks[CELL_STATUS_COUNT] = {
                [CELL_PROTECTED] = "..",
                [CELL_VALUE] = "",
                [CELL_MISSING] = ":",
                [CELL_NOT_APPLICABLE] = ".",
        };

        /* A status from nowhere shows nothing. */
        return (unsigned)s < CELL_STATUS_COUNT ? marks[s] : marks[CELL_PROTECTED];
}

static const char *const contributor_names[CONTRIBUTOR_COUNT] = {
        [CONTRIBUTOR_NONE] = "none",
        [CONTRIBUTOR_PERSON] = "person",
        [CONTRIBUTOR_FAMILY] = "family",
        [CONTRIBUTOR_PROVIDER] = "provider",
        [CONTRIBUTOR_MUNICIPALITY] = "municipality",
};

const char *contributor_name(enum contributor c)
{
        return (unsigned)c < CONTRIBUTOR_COUNT ? contributor_names[c] : "none";
}

enum contributor contributor_find(struct bytes name)
{
        for (int c = CONTRIBUTOR_PERSON; c < CONTRIBUTOR_COUNT; c++)
                if (bytes_equal(name, bytes_of_text(contributor_names[c])))
                        return (enum contributor)c;
        return CONTRIBUTOR_NONE;
}

enum err table_cells(const struct dimension *dims, uint32_t len, size_t *out)
{
        size_t cells = 1;

        if (len > DIMENSIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        for (uint32_t d = 0; d < len; d++) {
                size_t places = (size_t)dims[d].len + 1;

                if (places > CELLS_MAX / cells)
                        return ERR_TOO_MANY_CELLS;
                cells *= places;
        }
        *out = cells;
        return ERR_OK;
}

/* What stands per cell beside the values. Magnitudes also count who contributed: a mean
 * of one is that one. */
enum {
        HAS_CONTRIBUTORS = 1,
        HAS_PARTS = 2, /* numerator and its persons, denominator */
        HAS_DENOMINATOR_PERSONS = 4,
        HAS_INTERVAL = 8
};

static unsigned arrays_of(const struct measure *m)
{
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
                return m->filtered ? HAS_CONTRIBUTORS : 0;
        case MEASURE_SUM:
        case MEASURE_MEAN:
        case MEASURE_FAMILIES:
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
        case MEASURE_DAYS:
                return HAS_CONTRIBUTORS;
        case MEASURE_SHARE:
                return HAS_PARTS | HAS_DENOMINATOR_PERSONS | HAS_INTERVAL;
        case MEASURE_RATIO:
                return HAS_PARTS | HAS_DENOMINATOR_PERSONS;
        case MEASURE_RATE:
                return HAS_PARTS;
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return 0;
}

static enum err alloc_if(struct arena *arena, unsigned wanted, size_t n, int64_t **out)
{
        if (wanted == 0)
                return ERR_OK;
        *out = arena_alloc(arena, n, sizeof **out);
        return *out == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err alloc_measure(struct arena *arena, size_t n, struct measure *m)
{
        unsigned has = arrays_of(m);

        TRY(alloc_if(arena, 1, n, &m->values));
        TRY(alloc_if(arena, has & HAS_CONTRIBUTORS, n, &m->contributors));
        TRY(alloc_if(arena, has & HAS_PARTS, n, &m->numerator));
        TRY(alloc_if(arena, has & HAS_PARTS, n, &m->denominator));
        TRY(alloc_if(arena, has & HAS_PARTS, n, &m->numerator_persons));
        TRY(alloc_if(arena, has & HAS_DENOMINATOR_PERSONS, n, &m->denominator_persons));
        TRY(alloc_if(arena, has & HAS_INTERVAL, n, &m->low));
        TRY(alloc_if(arena, has & HAS_INTERVAL, n, &m->high));
        if (has == 0)
                return ERR_OK; /* it is what the cell is, and shown or not with it */
        m->status = arena_alloc(arena, n, sizeof *m->status);
        return m->status == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err table_alloc(struct arena *arena, struct table *t)
{
        size_t n = 0;

        if (t->measures_len > MEASURES_MAX)
                return ERR_LIMIT;
        TRY(table_cells(t->dimensions, t->dimensions_len, &n));
        t->persons = arena_alloc(arena, n, sizeof *t->persons);
        t->records = arena_alloc(arena, n, sizeof *t->records);
        t->margin_persons = arena_alloc(arena, n, sizeof *t->margin_persons);
        t->status = arena_alloc(arena, n, sizeof *t->status);
        t->rule = arena_alloc(arena, n, sizeof *t->rule);
        if (t->persons == NULL || t->records == NULL || t->margin_persons == NULL ||
                t->status == NULL || t->rule == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t m = 0; m < t->measures_len; m++)
                TRY(alloc_measure(arena, n, &t->measures[m]));
        t->cells_len = n;
        return ERR_OK;
}

size_t table_cell(const struct table *t, const uint32_t *coordinates)
{
        size_t cell = 0;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                cell = cell * ((size_t)t->dimensions[d].len + 1) + coordinates[d];
        return cell;
}

void table_coordinates(const struct table *t, size_t cell, uint32_t *out)
{
        for (uint32_t d = t->dimensions_len; d-- > 0;) {
                size_t places = (size_t)t->dimensions[d].len + 1;

                out[d] = (uint32_t)(cell % places);
                cell /= places;
        }
}
