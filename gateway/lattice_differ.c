/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_differ.c: who joined and who left a cell between two views.
 *
 * Of the planned tables all cells are counted, which is little. Inner cells are counted only in
 * those leaves of the longest axis where anything moved: in a table that has them, or in that
 * axis crossed with any other. So the work is that of what changed. What moves in none of
 * these (somebody of several records, who takes turns with herself) is not listed, which is the
 * stricter side: then nobody is told of it, or nothing is revised.
 *
 * Persons are numbered anew in every view, so the record keys tell who is who. Two persons of
 * one key would be taken for one: with 64 bits and a country that is one chance in three
 * hundred thousand, and then one person too few is counted as changed.
 *
 * Under other keys everybody would look as if she had left and somebody else had joined: who
 * joined and who left is not known then, and what was published must do (lattice_compare.c). */
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

/* Or of one of them there is nobody. */
static bool are_named_alike(const struct view *a, const struct view *b)
{
        return view_named_by(a) == view_named_by(b) || view_persons(a) == 0 || view_persons(b) == 0;
}

static enum err match_persons(struct differing *d, struct arena *arena)
{
        struct named *now = NULL, *then = NULL;
        uint32_t now_len = view_persons(d->now->view), then_len = view_persons(d->then->view);

        if (!are_named_alike(d->now->view, d->then->view))
                return ERR_NOT_FOUND;
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

static enum err differ_block(
        struct differing *d, uint32_t table, uint32_t block, struct lattice_difference *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        const struct lattice_table *planned = &d->now->dataset->lattice.tables[table];
        const struct lattice_cube *c = d->cube;
        const struct table *t = &c->tables[table];
        const struct lattice_part part = {.axes = planned->axes,
                .axes_len = planned->axes_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .alone = true};
        uint32_t lead = lattice_lead(c), at[DIMENSIONS_MAX];
        size_t stride = t->cells_len / c->blocks;
        struct table *now_table = NULL, *then_table = NULL;
        struct plan_members now, then;
        struct mapped map_now = {0}, map_then = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(lattice_run(d->now, &part, scratch, &now_table, &now));
        TRY(lattice_run(d->then, &part, scratch, &then_table, &then));
        TRY(map_members(t, lead, &now, scratch, &map_now));
        TRY(map_members(t, lead, &then, scratch, &map_then));
        for (size_t i = block * stride; i < (block + 1) * stride; i++) {
                table_coordinates(t, i, at);
                size_t a = cell_in(&map_now, at, lead, t->dimensions_len);
                size_t b = cell_in(&map_then, at, lead, t->dimensions_len);
                out->persons[i] = count(d, &now, a, &then, b);
                out->otherwise[i] = counts_differ(now_table, a, then_table, b);
        }
        return ERR_OK;
}

/* The block of no year: nobody can ask for it, and who joins it or leaves it does so with the
 * others. */
static void fill_rest(
        const struct lattice_cube *c, const struct table *t, struct lattice_difference *out)
{
        size_t stride = t->cells_len / c->blocks, rest = c->years_len * stride;
        size_t all = (c->blocks - 1) * stride;

        memcpy(out->persons + rest, out->persons + all, stride * sizeof(*out->persons));
        memcpy(out->otherwise + rest, out->otherwise + all, stride);
}

/* The same view, or two of nobody. */
static bool are_one(const struct lattice_source *now, const struct lattice_source *then)
{
        return now->view == then->view || (view_rows(now->view) == 0 && view_rows(then->view) == 0);
}

enum err lattice_differ(const struct lattice_source *now, const struct lattice_source *then,
        const struct lattice_cube *cube, struct arena *arena, struct lattice_difference *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct differing d = {.now = now, .then = then, .cube = cube};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(match_persons(&d, scratch));
        for (uint32_t t = 0; t < cube->tables_len; t++) {
                size_t n = cube->tables[t].cells_len;

                out[t].persons = arena_alloc(arena, n, sizeof(*out[t].persons));
                out[t].otherwise = arena_alloc(arena, n, 1);
                if (out[t].persons == NULL || out[t].otherwise == NULL)
                        return ERR_NO_MEMORY;
                if (are_one(now, then))
                        continue;
                for (uint32_t b = 0; b < cube->blocks; b++)
                        if (b < cube->years_len || b + 1 == cube->blocks)
                                TRY(differ_block(&d, t, b, &out[t]));
                if (cube->blocks > cube->years_len + 1)
                        fill_rest(cube, &cube->tables[t], &out[t]);
        }
        return ERR_OK;
}

/* Inner cells ------------------------------------------------------------------------ */

struct sifting {
        struct differing d;
        const struct lattice_axes *axes;
        const struct lattice_difference *of; /* of the tables */
        uint32_t sliced;                     /* axis; UINT32_MAX: none, all at once */
        uint32_t at_once;                    /* leaves of it */
        uint8_t *leaf_moved;
        struct arena *arena;
        struct lattice_keys *out;
        size_t cap;
};

/* What one source has in one block, over all axes at their finest. */
struct state_of_block {
        struct table *table;
        struct plan_members members;
        uint32_t *category[DIMENSIONS_MAX]; /* of each leaf */
};

static enum err count_block(struct sifting *s, const struct lattice_source *of, uint32_t block,
        const struct filter *filter, struct arena *a, struct state_of_block *out)
{
        const struct lattice_cube *c = s->d.cube;
        const struct lattice_part part = {.axes = s->axes->finest,
                .axes_len = s->axes->finest_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .filter = filter,
                .alone = true};

        TRY(lattice_run(of, &part, a, &out->table, &out->members));
        s->out->work += out->table->cells_len;
        for (uint32_t d = 0; d < s->axes->finest_len; d++)
                TRY(map_categories(
                        &s->axes->leaves[d], &out->table->dimensions[d], a, &out->category[d]));
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

static enum err key_add(struct sifting *s, uint64_t key)
{
        if (s->out->len == s->cap) {
                size_t cap = s->cap > 0 ? s->cap * 2 : 1024;
                uint64_t *grown = arena_alloc_raw(s->arena, cap, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                if (s->out->len > 0)
                        memcpy(grown, s->out->key, s->out->len * sizeof(*grown));
                s->out->key = grown;
                s->cap = cap;
        }
        s->out->key[s->out->len++] = key;
        return ERR_OK;
}

/* Lists what is otherwise among the cells in which `from` has anybody. */
static enum err sift(struct sifting *s, uint32_t block, const struct state_of_block *from,
        const struct state_of_block *now, const struct state_of_block *then, struct arena *scratch)
{
        uint32_t leaves[LATTICE_AXES_MAX], len = s->axes->finest_len, *leaf[DIMENSIONS_MAX];

        for (uint32_t k = 0; k < len; k++)
                TRY(map_categories(
                        &from->table->dimensions[k], &s->axes->leaves[k], scratch, &leaf[k]));
        for (size_t i = 0; i < from->table->cells_len; i++) {
                if (from->table->records[i] == 0 || !leaves_of(from, leaf, i, len, leaves))
                        continue;
                size_t a = inner_cell(now, leaves, len), b = inner_cell(then, leaves, len);
                if (counts_differ(now->table, a, then->table, b) ||
                        count(&s->d, &now->members, a, &then->members, b) > 0)
                        TRY(key_add(s, lattice_key(s->axes, block, leaves)));
        }
        return ERR_OK;
}

static enum err sift_slice(struct sifting *s, uint32_t block, const struct filter *filter)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct state_of_block now = {0}, then = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(count_block(s, s->d.now, block, filter, scratch, &now));
        TRY(count_block(s, s->d.then, block, filter, scratch, &then));
        TRY(sift(s, block, &now, &now, &then, scratch));
        return sift(s, block, &then, &now, &then, scratch);
}

/* Notes the leaves of the sliced axis where anything moved in a planned table that has them. */
static void note_planned(const struct sifting *s, uint32_t block, uint8_t *moved)
{
        const struct lattice_cube *c = s->d.cube;
        const struct dimension *leaves = &s->axes->leaves[s->sliced];

        for (uint32_t t = 0; t < c->tables_len; t++) {
                const struct table *table = &c->tables[t];
                size_t stride = 1, of_block = table->cells_len / c->blocks;

                for (uint32_t d = table->dimensions_len; d-- > lattice_lead(c);) {
                        const struct dimension *own = &table->dimensions[d];
                        bool sliced = bytes_equal(own->variable, leaves->variable) &&
                                      bytes_equal(own->level, leaves->level);

                        for (size_t i = block * of_block; sliced && i < (block + 1) * of_block;
                                i++) {
                                size_t leaf = i / stride % ((size_t)own->len + 1);

                                moved[leaf] |= leaf < own->len &&
                                               (s->of[t].persons[i] > 0 || s->of[t].otherwise[i]);
                        }
                        stride *= (size_t)own->len + 1;
                }
        }
}

/* And in the axis crossed with another. */
static enum err note_crossed(struct sifting *s, uint32_t block, uint32_t other, uint8_t *moved)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        const struct lattice_axis both[] = {s->axes->finest[s->sliced], s->axes->finest[other]};
        const struct dimension *leaves[] = {&s->axes->leaves[s->sliced], &s->axes->leaves[other]};
        const struct lattice_cube *c = s->d.cube;
        const struct lattice_part part = {.axes = both,
                .axes_len = 2,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .alone = true};
        struct state_of_block now = {0}, then = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(lattice_run(s->d.now, &part, scratch, &now.table, &now.members));
        TRY(lattice_run(s->d.then, &part, scratch, &then.table, &then.members));
        for (uint32_t d = 0; d < 2; d++) {
                TRY(map_categories(
                        leaves[d], &now.table->dimensions[d], scratch, &now.category[d]));
                TRY(map_categories(
                        leaves[d], &then.table->dimensions[d], scratch, &then.category[d]));
        }
        s->out->work += now.table->cells_len + then.table->cells_len;
        for (uint32_t i = 0; i < leaves[0]->len; i++)
                for (uint32_t k = 0; k <= leaves[1]->len && !moved[i]; k++) {
                        const uint32_t at[] = {i, k};
                        size_t a = inner_cell(&now, at, 2), b = inner_cell(&then, at, 2);

                        moved[i] = counts_differ(now.table, a, then.table, b) ||
                                   count(&s->d, &now.members, a, &then.members, b) > 0;
                }
        return ERR_OK;
}

static enum err find_leaves(struct sifting *s, uint32_t block, uint8_t *moved)
{
        memset(moved, 0, (size_t)s->axes->leaves[s->sliced].len + 1);
        note_planned(s, block, moved);
        for (uint32_t other = 0; other < s->axes->finest_len; other++)
                if (other != s->sliced)
                        TRY(note_crossed(s, block, other, moved));
        return ERR_OK;
}

static enum err sift_block(struct sifting *s, uint32_t block)
{
        const struct dimension *d = &s->axes->leaves[s->sliced];
        struct bytes values[FILTER_VALUES_MAX];
        struct filter f = {.variable = d->variable, .level = d->level, .op = FILTER_IN};

        TRY(find_leaves(s, block, s->leaf_moved));
        f.values = values;
        for (uint32_t i = 0; i < d->len; i++) {
                if (s->leaf_moved[i])
                        values[f.values_len++] = d->categories[i].code;
                if (f.values_len == 0 || (f.values_len < s->at_once && i + 1 < d->len))
                        continue;
                TRY(sift_slice(s, block, &f));
                f.values_len = 0;
        }
        return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return (x > y) - (x < y);
}

void lattice_keys_sort(struct lattice_keys *k)
{
        size_t kept = 0;

        if (k->len > 0)
                qsort(k->key, k->len, sizeof(*k->key), by_number);
        for (size_t i = 0; i < k->len; i++)
                if (kept == 0 || k->key[kept - 1] != k->key[i])
                        k->key[kept++] = k->key[i];
        k->len = kept;
}

/* How many leaves of which axis at once. */
static enum err slices_choose(struct sifting *s)
{
        s->sliced = lattice_sliceable(s->d.now, s->axes);
        if (s->sliced == UINT32_MAX)
                return lattice_beside(s->axes, UINT32_MAX) <= CELLS_MAX ? ERR_OK
                                                                        : ERR_TOO_MANY_CELLS;
        size_t each = lattice_beside(s->axes, s->sliced);
        if (each > CELLS_MAX / 2)
                return ERR_TOO_MANY_CELLS;
        size_t fit = CELLS_MAX / each - 1;
        s->at_once = fit < FILTER_VALUES_MAX ? (uint32_t)fit : FILTER_VALUES_MAX;
        return ERR_OK;
}

enum err lattice_differ_inner(const struct lattice_source *now, const struct lattice_source *then,
        const struct lattice_cube *cube, const struct lattice_axes *axes,
        const struct lattice_difference *of, struct arena *arena, struct lattice_keys *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct lattice_keys keys = {.counted = true};
        struct sifting s = {.d = {.now = now, .then = then, .cube = cube},
                .axes = axes,
                .of = of,
                .arena = arena,
                .out = &keys};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if (axes->finest_len > DIMENSIONS_MAX || !lattice_has_keys(cube, axes))
                return ERR_TOO_MANY_CELLS;
        TRY(slices_choose(&s));
        if (s.sliced != UINT32_MAX)
                s.leaf_moved = arena_alloc(scratch, (size_t)axes->leaves[s.sliced].len + 1, 1);
        if (s.sliced != UINT32_MAX && s.leaf_moved == NULL)
                return ERR_NO_MEMORY;
        TRY(match_persons(&s.d, scratch));
        for (uint32_t b = 0; b < lattice_leaf_blocks(cube) && !are_one(now, then); b++)
                TRY(s.sliced == UINT32_MAX ? sift_slice(&s, b, NULL) : sift_block(&s, b));
        lattice_keys_sort(&keys);
        *out = keys;
        return ERR_OK;
}
