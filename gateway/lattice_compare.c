/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_compare.c: how each cell has moved since it was last told.
 *
 * Where the earlier view can still be had, by who joined and who left. Where it is gone (an
 * erasure closes a vintage at once), by what was published: at least as many joined or
 * left as the number of persons differs, so a difference of the threshold and more is safe
 * to tell, and a smaller one is few. Cells that were not told then have moved nobody knows
 * how.
 *
 * A cell whose persons are the same may still tell of one of them: one record more, or
 * another amount. So that is few as well; only records that came in numbers are many. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

struct comparing {
        const struct lattice_cube *raw, *earlier;
        const struct table *now, *then;
        uint32_t dimension[DIMENSIONS_MAX]; /* of `then`, without blocks: which of `now` */
        bool kept[DIMENSIONS_MAX];          /* of `now`: whether `then` has it */
        uint32_t *category[DIMENSIONS_MAX]; /* of `now` in `then` */
        uint32_t *block;
        struct arena *arena;
};

/* Where each block of the new cube was; UINT32_MAX: nowhere. */
static enum err map_blocks(struct comparing *c)
{
        const struct lattice_cube *now = c->raw, *then = c->earlier;

        c->block = arena_alloc_raw(c->arena, now->blocks, sizeof(*c->block));
        if (c->block == NULL)
                return ERR_NO_MEMORY;
        memset(c->block, 0xff, now->blocks * sizeof(*c->block));
        for (uint32_t b = 0; b < now->years_len; b++)
                for (uint32_t k = 0; k < then->years_len; k++)
                        if (then->years[k].first == now->years[b].first)
                                c->block[b] = k;
        c->block[now->blocks - 1] = then->blocks - 1;
        return ERR_OK;
}

static bool same_axis(const struct dimension *a, const struct dimension *b)
{
        return bytes_equal(a->variable, b->variable) && bytes_equal(a->level, b->level);
}

/* Whether the earlier table's dimensions are among the new one's. */
static bool is_within(struct comparing *c, const struct table *then)
{
        uint32_t lead = lattice_lead(c->raw), old_lead = lattice_lead(c->earlier);

        memset(c->kept, 0, sizeof(c->kept));
        for (uint32_t d = old_lead; d < then->dimensions_len; d++) {
                uint32_t at = lead;

                while (at < c->now->dimensions_len &&
                        !same_axis(&then->dimensions[d], &c->now->dimensions[at]))
                        at++;
                if (at == c->now->dimensions_len)
                        return false;
                c->dimension[d - old_lead] = at;
                c->kept[at] = true;
        }
        return true;
}

/* The earlier table with the most dimensions of this one. */
static void find_table(struct comparing *c)
{
        c->then = NULL;
        for (uint32_t t = 0; t < c->earlier->tables_len; t++) {
                const struct table *then = &c->earlier->tables[t];

                if (is_within(c, then) &&
                        (c->then == NULL || then->dimensions_len > c->then->dimensions_len))
                        c->then = then;
        }
        if (c->then != NULL)
                (void)is_within(c, c->then);
}

static uint32_t category_in(const struct dimension *d, struct bytes code)
{
        for (uint32_t i = 0; i < d->len; i++)
                if (bytes_equal(d->categories[i].code, code))
                        return i;
        return UINT32_MAX;
}

static enum err map_categories(struct comparing *c)
{
        uint32_t old_lead = lattice_lead(c->earlier);

        for (uint32_t d = old_lead; d < c->then->dimensions_len; d++) {
                uint32_t at = c->dimension[d - old_lead];
                const struct dimension *now = &c->now->dimensions[at];
                uint32_t *map = arena_alloc(c->arena, (size_t)now->len + 1, sizeof(*map));

                if (map == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t i = 0; i < now->len; i++)
                        map[i] = category_in(&c->then->dimensions[d], now->categories[i].code);
                map[now->len] = c->then->dimensions[d].len;
                c->category[at] = map;
        }
        return ERR_OK;
}

static size_t cell_then(const struct comparing *c, size_t cell)
{
        uint32_t lead = lattice_lead(c->raw), old_lead = lattice_lead(c->earlier);
        uint32_t at[DIMENSIONS_MAX], then[DIMENSIONS_MAX] = {0};

        table_coordinates(c->now, cell, at);
        uint32_t block = c->block[lead > 0 ? at[0] : 0];
        if (block == UINT32_MAX)
                return SIZE_MAX;
        if (old_lead > 0)
                then[0] = block;
        for (uint32_t d = lead; d < c->now->dimensions_len; d++)
                if (!c->kept[d] && at[d] != c->now->dimensions[d].len)
                        return SIZE_MAX;
        for (uint32_t d = old_lead; d < c->then->dimensions_len; d++) {
                uint32_t of = c->dimension[d - old_lead];

                assert(c->category[of] != NULL); /* `then` has it */
                then[d] = c->category[of][at[of]];
                if (then[d] == UINT32_MAX)
                        return SIZE_MAX;
        }
        return table_cell(c->then, then);
}

/* Moves ------------------------------------------------------------------------------ */

static int64_t distance(int64_t a, int64_t b)
{
        return a > b ? a - b : b - a;
}

static bool amounts_differ(const struct table *now, size_t i, const struct table *then, size_t was)
{
        for (uint32_t k = 0; k < now->measures_len; k++)
                for (uint32_t m = 0; m < then->measures_len; m++) {
                        const struct measure *a = &now->measures[k], *b = &then->measures[m];

                        if (a->kind != b->kind || !bytes_equal(a->variable, b->variable) ||
                                (b->status != NULL && b->status[was] != CELL_VALUE))
                                continue;
                        if (a->values[i] != b->values[was])
                                return true;
                }
        return false;
}

/* Two states of one cell; the new cube is told of everywhere, for it is raw. */
struct state {
        const struct table *table;
        size_t cell;
        bool told;
};

static struct state state_of(const struct lattice_cube *raw, const struct lattice_then *then,
        uint32_t table, size_t cell)
{
        if (then == NULL)
                return (struct state){&raw->tables[table], cell, true};
        const struct table *t = then->table[table];
        size_t was = then->was[table][cell];
        bool told = t != NULL && was != SIZE_MAX && t->status[was] == CELL_VALUE && !t->held[was];

        return (struct state){t, was, told};
}

static uint8_t move_by(int64_t moved, int64_t threshold)
{
        return moved < threshold ? MOVED_FEW : MOVED_MANY;
}

static uint8_t move_of(struct state then, struct state now, int64_t k,
        const struct lattice_difference *differ, size_t cell)
{
        bool told = then.told && now.told, counted = differ->persons != NULL;
        int64_t moved = counted ? differ->persons[cell] : 0;

        if (!told && !counted)
                return MOVED_UNKNOWN;
        if (told && distance(now.table->persons[now.cell], then.table->persons[then.cell]) > moved)
                moved = distance(now.table->persons[now.cell], then.table->persons[then.cell]);
        if (moved > 0)
                return move_by(moved, k);
        if (!told)
                return differ->otherwise[cell] ? MOVED_FEW : MOVED_NOT;
        int64_t records = distance(now.table->records[now.cell], then.table->records[then.cell]);
        if (records > 0)
                return move_by(records, k);
        return amounts_differ(now.table, now.cell, then.table, then.cell) ? MOVED_FEW : MOVED_NOT;
}

/* Where the tables of the new cube were. */
static enum err place(struct comparing *c, struct lattice_then *out)
{
        out->cube = c->earlier;
        out->table = arena_alloc(c->arena, c->raw->tables_len, sizeof(const struct table *));
        out->was = arena_alloc(c->arena, c->raw->tables_len, sizeof(*out->was));
        if (out->table == NULL || out->was == NULL)
                return ERR_NO_MEMORY;
        TRY(map_blocks(c));
        for (uint32_t t = 0; t < c->raw->tables_len; t++) {
                size_t n = c->raw->tables[t].cells_len;

                c->now = &c->raw->tables[t];
                find_table(c);
                if (c->then != NULL)
                        TRY(map_categories(c));
                out->table[t] = c->then;
                out->was[t] = arena_alloc_raw(c->arena, n, sizeof(**out->was));
                if (out->was[t] == NULL)
                        return ERR_NO_MEMORY;
                for (size_t i = 0; i < n; i++)
                        out->was[t][i] = c->then != NULL ? cell_then(c, i) : SIZE_MAX;
        }
        return ERR_OK;
}

/* Pairs ------------------------------------------------------------------------------ */

struct pairing {
        const struct lattice_source *source;
        const struct lattice_cube *raw;
        const struct lattice_axes *axes;
        const struct lattice_earlier *earlier; /* the latest first */
        struct lattice_past *past;
        struct arena *arena;
};

static const struct lattice_source *source_of(const struct pairing *p, uint32_t state)
{
        return state == p->past->len ? p->source : p->earlier[p->past->len - 1 - state].source;
}

/* By persons, where they can still be counted and have keys, of the same keys; else by what was
 * published. */
static enum err count_again(const struct pairing *p, uint32_t older, uint32_t newer,
        struct lattice_difference *differ, struct lattice_keys *inner)
{
        const struct lattice_source *now = source_of(p, newer), *then = source_of(p, older);

        if (now == NULL || then == NULL)
                return ERR_OK;
        enum err e = lattice_differ(now, then, p->raw, p->arena, differ);
        if (e == ERR_NOT_FOUND || e == ERR_NO_MEMORY) {
                memset(differ, 0, sizeof(*differ) * p->raw->tables_len);
                return ERR_OK;
        }
        TRY(e);
        e = lattice_differ_inner(now, then, p->raw, p->axes, differ, p->arena, inner);
        return e == ERR_TOO_MANY_CELLS || e == ERR_NO_MEMORY ? ERR_OK : e;
}

static enum err compare_pair(const struct pairing *p, uint32_t older, uint32_t newer)
{
        const struct lattice_then *a = &p->past->then[older];
        const struct lattice_then *b = newer < p->past->len ? &p->past->then[newer] : NULL;
        struct lattice_moves *out = &p->past->moves[older * (p->past->len + 1) + newer];
        uint32_t tables = p->raw->tables_len;
        struct lattice_difference *differ = arena_alloc(p->arena, tables, sizeof(*differ));

        out->moved = arena_alloc(p->arena, tables, sizeof(*out->moved));
        if (differ == NULL || out->moved == NULL)
                return ERR_NO_MEMORY;
        TRY(count_again(p, older, newer, differ, &out->inner));
        for (uint32_t t = 0; t < tables; t++) {
                size_t n = p->raw->tables[t].cells_len;

                out->moved[t] = arena_alloc_raw(p->arena, n, 1);
                if (out->moved[t] == NULL)
                        return ERR_NO_MEMORY;
                for (size_t i = 0; i < n; i++)
                        out->moved[t][i] =
                                move_of(state_of(p->raw, a, t, i), state_of(p->raw, b, t, i),
                                        p->source->dataset->disclosure.threshold, &differ[t], i);
        }
        return ERR_OK;
}

const struct lattice_moves *lattice_moves_between(
        const struct lattice_past *p, uint32_t older, uint32_t newer)
{
        return &p->moves[older * (p->len + 1) + newer];
}

enum err lattice_compare(const struct lattice_source *source, const struct lattice_cube *raw,
        const struct lattice_axes *axes, const struct lattice_earlier *earlier,
        uint32_t earlier_len, struct arena *arena, struct lattice_past *out)
{
        struct lattice_past past = {.len = earlier_len};
        const struct pairing p = {source, raw, axes, earlier, &past, arena};

        past.then = arena_alloc(arena, earlier_len, sizeof(*past.then));
        past.moves =
                arena_alloc(arena, (size_t)earlier_len * (earlier_len + 1), sizeof(*past.moves));
        if (past.then == NULL || past.moves == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t s = 0; s < earlier_len; s++) {
                struct comparing c = {
                        .raw = raw, .earlier = earlier[earlier_len - 1 - s].cube, .arena = arena};

                TRY(place(&c, &past.then[s]));
        }
        for (uint32_t older = 0; older < earlier_len; older++)
                for (uint32_t newer = older + 1; newer <= earlier_len; newer++)
                        TRY(compare_pair(&p, older, newer));
        *out = past;
        return ERR_OK;
}
