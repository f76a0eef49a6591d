/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_equations.c: see lattice_equations.h.
 *
 * Rows are kept in reduced echelon form. Most equations that come follow from those that are there:
 * a solution chosen at random solves them, and what it solves is passed over, but for odds of
 * 2^-61 that more is tried than need be. */
#include "gateway/lattice_equations.h"

#include <string.h>

#include "gateway/disclosure/residue.h"

static void solve(struct equations *e)
{
        for (uint32_t u = 0; u < e->width; u++)
                e->some[u] = e->has[u] ? 0 : residue_mix(6, u) % RESIDUE_PRIME;
        for (uint32_t p = 0; p < e->width; p++) {
                const uint64_t *row = e->rows + (size_t)p * e->width;
                uint64_t sum = 0;

                for (uint32_t u = 0; e->has[p] && u < e->width; u++)
                        if (!e->has[u] && row[u] != 0)
                                sum = residue_add(sum, residue_times(row[u], e->some[u]));
                if (e->has[p])
                        e->some[p] = residue_negative(sum);
        }
}

enum err equations_new(struct arena *arena, uint32_t width, struct equations *out)
{
        *out = (struct equations){.width = width,
                .rows = arena_alloc_raw(arena, (size_t)width * width + 1, sizeof(*out->rows)),
                .has = arena_alloc(arena, width + 1u, sizeof(*out->has)),
                .some = arena_alloc_raw(arena, width + 1u, sizeof(*out->some))};
        if (out->rows == NULL || out->has == NULL || out->some == NULL)
                return ERR_NO_MEMORY;
        solve(out);
        return ERR_OK;
}

void equations_copy(struct equations *to, const struct equations *from)
{
        memcpy(to->has, from->has, from->width * sizeof(*to->has));
        for (uint32_t p = 0; p < from->width; p++)
                if (from->has[p])
                        memcpy(to->rows + (size_t)p * to->width, from->rows + (size_t)p * to->width,
                                to->width * sizeof(*to->rows));
        memcpy(to->some, from->some, from->width * sizeof(*to->some));
        to->len = from->len;
}

static void take(const struct equations *e, uint64_t *from, const uint64_t *row, uint64_t times)
{
        uint64_t by = residue_negative(times);

        for (uint32_t i = 0; i < e->width; i++)
                if (row[i] != 0)
                        from[i] = residue_add(from[i], residue_times(row[i], by));
}

void equations_add(struct equations *e, uint64_t *row)
{
        uint32_t pivot = 0;
        uint64_t sum = 0;

        for (uint32_t u = 0; u < e->width; u++)
                if (row[u] != 0)
                        sum = residue_add(sum, residue_times(row[u], e->some[u]));
        if (sum == 0)
                return;
        for (uint32_t p = 0; p < e->width; p++)
                if (row[p] != 0 && e->has[p])
                        take(e, row, e->rows + (size_t)p * e->width, row[p]);
        while (pivot < e->width && row[pivot] == 0)
                pivot++;
        if (pivot == e->width)
                return;
        uint64_t inverse = residue_inverse(row[pivot]);
        for (uint32_t i = 0; i < e->width; i++)
                row[i] = residue_times(row[i], inverse);
        for (uint32_t p = 0; p < e->width; p++) {
                uint64_t *other = e->rows + (size_t)p * e->width;

                if (e->has[p] && other[pivot] != 0)
                        take(e, other, row, other[pivot]);
        }
        memcpy(e->rows + (size_t)pivot * e->width, row, e->width * sizeof(*row));
        e->has[pivot] = true;
        e->len++;
        solve(e);
}

/* A factor as a small number; false: it is none. */
static bool small(uint64_t residue, int32_t *out)
{
        for (int32_t v = 0; v <= EQUATIONS_FACTOR_MAX; v++) {
                if (residue == (uint64_t)v || residue == residue_negative((uint64_t)v)) {
                        *out = residue == (uint64_t)v ? v : -v;
                        return true;
                }
        }
        return false;
}

bool equations_solution(const struct equations *e, uint32_t free_one, int32_t *out)
{
        uint32_t others = 0;

        memset(out, 0, e->width * sizeof(*out));
        out[free_one] = 1;
        for (uint32_t p = 0; p < e->width; p++) {
                uint64_t value = e->has[p] ? e->rows[(size_t)p * e->width + free_one] : 0;

                if (value == 0)
                        continue;
                others++;
                if (!small(residue_negative(value), &out[p]))
                        return false;
        }
        return others > 0;
}

bool equations_solved(const struct equations *e, uint32_t one, uint32_t other, int32_t by)
{
        for (uint32_t p = 0; p < e->width; p++) {
                const uint64_t *row = e->rows + (size_t)p * e->width;
                uint64_t second = by > 0 ? residue_negative(row[other]) : row[other];

                if (e->has[p] && row[one] != second)
                        return false;
        }
        return true;
}
