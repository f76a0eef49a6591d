/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_differ.c: who joined and who left a cell between two views.
 *
 * Persons are numbered anew in every view, so the record keys tell who is who. Two persons of
 * one key would be taken for one: with 64 bits and a country that is one chance in three
 * hundred thousand, and then one person too few is counted as changed. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"
#include "gateway/query/engine.h"

enum { SCRATCH_MAX = (int)(((unsigned)1 << 31) - 1) };

struct named {
        uint64_t key;
        uint32_t person;
};

struct differing {
        const struct lattice_source *now, *then;
        const struct lattice_cube *cube;
        uint32_t *now_of; /* of every person then: who she is now; UINT32_MAX: gone */
        uint32_t *stamp;  /* by person now: the cell that was looked at last, from 1 */
        uint32_t stamps;
};

static int by_key(const void *a, const void *b)
{
        const struct named *x = a, *y = b;

        return (x->key > y->key) - (x->key < y->key);
}

static enum err sorted_keys(const struct view *v, struct arena *a, struct named **out)
{
        const uint64_t *keys = view_record_keys(v);
        uint32_t n = view_persons(v);

        if (keys == NULL)
                return ERR_NOT_FOUND;
        *out = arena_alloc_raw(a, n, sizeof(**out));
        if (*out == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < n; i++)
                (*out)[i] = (struct named){keys[i], i};
        if (n > 0)
                qsort(*out, n, sizeof(**out), by_key);
        return ERR_OK;
}

static enum err match_persons(struct differing *d, struct arena *arena)
{
        struct named *now = NULL, *then = NULL;
        uint32_t now_len = view_persons(d->now->view), then_len = view_persons(d->then->view);

        TRY(sorted_keys(d->now->view, arena, &now));
        TRY(sorted_keys(d->then->view, arena, &then));
        d->now_of = arena_alloc_raw(arena, then_len, sizeof(*d->now_of));
        d->stamp = arena_alloc(arena, now_len, sizeof(*d->stamp));
        if (d->now_of == NULL || d->stamp == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0, k = 0; i < then_len; i++) {
                while (k < now_len && now[k].key < then[i].key)
                        k++;
                bool stayed = k < now_len && now[k].key == then[i].key;
                d->now_of[then[i].person] = stayed ? now[k].person : UINT32_MAX;
        }
        return ERR_OK;
}

/* Persons of one list who are not in the other. */
static uint32_t count(struct differing *d, const struct plan_members *now, size_t a,
        const struct plan_members *then, size_t b)
{
        uint32_t len = a == SIZE_MAX ? 0 : (uint32_t)(now->starts[a + 1] - now->starts[a]);
        uint32_t were = b == SIZE_MAX ? 0 : (uint32_t)(then->starts[b + 1] - then->starts[b]);
        uint32_t both = 0;

        d->stamps++;
        for (uint32_t i = 0; i < len; i++)
                d->stamp[now->persons[now->starts[a] + i]] = d->stamps;
        for (uint32_t i = 0; i < were; i++) {
                uint32_t person = d->now_of[then->persons[then->starts[b] + i]];

                both += person != UINT32_MAX && d->stamp[person] == d->stamps;
        }
        return len + were - 2 * both;
}

/* Category of the cube's dimension in a shape, UINT32_MAX where it has none. */
static enum err map_categories(
        const struct dimension *from, const struct dimension *to, struct arena *a, uint32_t **out)
{
        *out = arena_alloc(a, (size_t)from->len + 1, sizeof(**out));
        if (*out == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < from->len; i++) {
                uint32_t k = 0;

                while (k < to->len &&
                        !bytes_equal(to->categories[k].code, from->categories[i].code))
                        k++;
                (*out)[i] = k < to->len ? k : UINT32_MAX;
        }
        (*out)[from->len] = to->len;
        return ERR_OK;
}

struct mapped {
        const struct plan_members *members;
        uint32_t *category[DIMENSIONS_MAX]; /* of the cube's, by dimension */
};

static enum err map_members(const struct table *t, uint32_t lead, const struct plan_members *m,
        struct arena *a, struct mapped *out)
{
        out->members = m;
        for (uint32_t d = lead; d < t->dimensions_len; d++)
                TRY(map_categories(
                        &t->dimensions[d], &m->shape->dimensions[d - lead], a, &out->category[d]));
        return ERR_OK;
}

static size_t cell_in(const struct mapped *m, const uint32_t *at, uint32_t lead, uint32_t len)
{
        uint32_t own[DIMENSIONS_MAX] = {0};

        for (uint32_t d = lead; d < len; d++) {
                own[d - lead] = m->category[d][at[d]];
                if (own[d - lead] == UINT32_MAX)
                        return SIZE_MAX;
        }
        return table_cell(m->members->shape, own);
}

static enum err differ_block(struct differing *d, uint32_t table, uint32_t block, uint32_t *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        const struct lattice_table *planned = &d->now->dataset->lattice.tables[table];
        const struct lattice_cube *c = d->cube;
        const struct table *t = &c->tables[table];
        const struct lattice_part part = {.axes = planned->axes,
                .axes_len = planned->axes_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .bare = true,
                .alone = true};
        uint32_t lead = lattice_lead(c), at[DIMENSIONS_MAX];
        size_t stride = t->cells_len / c->blocks;
        struct plan_members now, then;
        struct mapped map_now = {0}, map_then = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(lattice_run(d->now, &part, scratch, NULL, &now));
        TRY(lattice_run(d->then, &part, scratch, NULL, &then));
        TRY(map_members(t, lead, &now, scratch, &map_now));
        TRY(map_members(t, lead, &then, scratch, &map_then));
        for (size_t i = block * stride; i < (block + 1) * stride; i++) {
                table_coordinates(t, i, at);
                out[i] = count(d, &now, cell_in(&map_now, at, lead, t->dimensions_len), &then,
                        cell_in(&map_then, at, lead, t->dimensions_len));
        }
        return ERR_OK;
}

/* The block of no year: nobody can ask for it, and who joins it or leaves it does so with the
 * others. */
static void fill_rest(const struct lattice_cube *c, const struct table *t, uint32_t *out)
{
        size_t stride = t->cells_len / c->blocks;

        for (size_t i = 0; i < stride; i++)
                out[c->years_len * stride + i] = out[(c->blocks - 1) * stride + i];
}

/* The same view, or two of nobody. */
static bool are_one(const struct lattice_source *now, const struct lattice_source *then)
{
        return now->view == then->view || (view_rows(now->view) == 0 && view_rows(then->view) == 0);
}

enum err lattice_differ(const struct lattice_source *now, const struct lattice_source *then,
        const struct lattice_cube *cube, struct arena *arena, uint32_t **out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct differing d = {.now = now, .then = then, .cube = cube};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(match_persons(&d, scratch));
        for (uint32_t t = 0; t < cube->tables_len; t++) {
                out[t] = arena_alloc(arena, cube->tables[t].cells_len, sizeof(*out[t]));
                if (out[t] == NULL)
                        return ERR_NO_MEMORY;
                if (are_one(now, then))
                        continue;
                for (uint32_t b = 0; b < cube->blocks; b++)
                        if (b < cube->years_len || b + 1 == cube->blocks)
                                TRY(differ_block(&d, t, b, out[t]));
                if (cube->blocks > cube->years_len + 1)
                        fill_rest(cube, &cube->tables[t], out[t]);
        }
        return ERR_OK;
}

/* Inner cells ------------------------------------------------------------------------ */

/* What one source has in one block, over all axes at their finest. */
struct state_of_block {
        struct table *table;
        struct plan_members members;
        uint32_t *category[DIMENSIONS_MAX]; /* of each leaf */
};

static enum err count_block(const struct lattice_source *s, const struct lattice_cube *c,
        const struct lattice_axes *axes, uint32_t block, struct arena *a,
        struct state_of_block *out)
{
        const struct lattice_part part = {.axes = axes->finest,
                .axes_len = axes->finest_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .alone = true};

        TRY(lattice_run(s, &part, a, &out->table, &out->members));
        for (uint32_t d = 0; d < axes->finest_len; d++)
                TRY(map_categories(
                        &axes->leaves[d], &out->table->dimensions[d], a, &out->category[d]));
        return ERR_OK;
}

static size_t inner_cell(const struct state_of_block *s, const uint32_t *leaves, uint32_t len)
{
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < len; d++) {
                at[d] = s->category[d][leaves[d]];
                if (at[d] == UINT32_MAX)
                        return SIZE_MAX;
        }
        return table_cell(s->table, at);
}

/* Records that came or went without persons, and amounts. */
static bool counts_differ(const struct table *now, size_t a, const struct table *then, size_t b)
{
        if ((a == SIZE_MAX ? 0 : now->records[a]) != (b == SIZE_MAX ? 0 : then->records[b]))
                return true;
        for (uint32_t m = 0; m < now->measures_len && a != SIZE_MAX && b != SIZE_MAX; m++)
                if (now->measures[m].values[a] != then->measures[m].values[b])
                        return true;
        return false;
}

/* Leaves of a counted cell; false: a total, or a category that is no leaf. */
static bool leaves_of(const struct state_of_block *s, uint32_t *const *leaf, size_t cell,
        uint32_t len, uint32_t *out)
{
        uint32_t at[DIMENSIONS_MAX];

        table_coordinates(s->table, cell, at);
        for (uint32_t d = 0; d < len; d++) {
                if (at[d] == s->table->dimensions[d].len || leaf[d][at[d]] == UINT32_MAX)
                        return false;
                out[d] = leaf[d][at[d]];
        }
        return true;
}

/* Marks what is otherwise among the cells in which `from` has anybody. */
static enum err mark_cells(struct differing *d, const struct lattice_axes *axes,
        const struct state_of_block *from, const struct state_of_block *now,
        const struct state_of_block *then, struct arena *scratch, uint8_t *out)
{
        uint32_t leaves[LATTICE_AXES_MAX], len = axes->finest_len, *leaf[DIMENSIONS_MAX];

        for (uint32_t k = 0; k < len; k++)
                TRY(map_categories(
                        &from->table->dimensions[k], &axes->leaves[k], scratch, &leaf[k]));
        for (size_t i = 0; i < from->table->cells_len; i++) {
                size_t at = 0;

                if (from->table->records[i] == 0 || !leaves_of(from, leaf, i, len, leaves))
                        continue;
                for (uint32_t k = 0; k < len; k++)
                        at = at * axes->leaves[k].len + leaves[k];
                size_t a = inner_cell(now, leaves, len), b = inner_cell(then, leaves, len);
                out[at] = counts_differ(now->table, a, then->table, b) ||
                          count(d, &now->members, a, &then->members, b) > 0;
        }
        return ERR_OK;
}

static enum err differ_inner_block(
        struct differing *d, const struct lattice_axes *axes, uint32_t block, uint8_t *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct state_of_block now = {0}, then = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(count_block(d->now, d->cube, axes, block, scratch, &now));
        TRY(count_block(d->then, d->cube, axes, block, scratch, &then));
        TRY(mark_cells(d, axes, &now, &now, &then, scratch, out));
        return mark_cells(d, axes, &then, &now, &then, scratch, out);
}

enum err lattice_differ_inner(const struct lattice_source *now, const struct lattice_source *then,
        const struct lattice_cube *cube, const struct lattice_axes *axes, struct arena *arena,
        uint8_t **out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct differing d = {.now = now, .then = then, .cube = cube};
        uint32_t blocks = lattice_lead(cube) > 0 ? cube->blocks - 1 : 1;
        size_t combinations = 1;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if (axes->finest_len > DIMENSIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        for (uint32_t i = 0; i < axes->finest_len; i++) {
                if (axes->leaves[i].len > 0 &&
                        combinations > CELLS_MAX / ((size_t)axes->leaves[i].len + 1))
                        return ERR_TOO_MANY_CELLS;
                combinations *= (size_t)axes->leaves[i].len;
        }
        TRY(match_persons(&d, scratch));
        *out = arena_alloc(arena, combinations * blocks, 1);
        if (*out == NULL)
                return ERR_NO_MEMORY;
        if (are_one(now, then))
                return ERR_OK;
        for (uint32_t b = 0; b < blocks; b++)
                TRY(differ_inner_block(&d, axes, b, *out + b * combinations));
        return ERR_OK;
}
