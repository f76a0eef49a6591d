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
        const struct lattice_source *source;
        const struct lattice_cube *raw, *earlier;
        uint32_t table; /* of the raw cube */
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

static uint8_t move_of(const struct comparing *c, size_t cell, size_t was, const uint32_t *differ)
{
        int64_t k = c->source->dataset->disclosure.threshold;
        bool told = was != SIZE_MAX && c->then->status[was] == CELL_VALUE && !c->then->held[was];
        int64_t moved = differ != NULL ? differ[cell] : 0;

        if (!told && differ == NULL)
                return MOVED_UNKNOWN;
        if (told && distance(c->now->persons[cell], c->then->persons[was]) > moved)
                moved = distance(c->now->persons[cell], c->then->persons[was]);
        if (moved > 0)
                return moved < k ? MOVED_FEW : MOVED_MANY;
        if (!told)
                return MOVED_NOT;
        int64_t records = distance(c->now->records[cell], c->then->records[was]);
        if (records > 0)
                return records < k ? MOVED_FEW : MOVED_MANY;
        return amounts_differ(c->now, cell, c->then, was) ? MOVED_FEW : MOVED_NOT;
}

static enum err compare_table(
        struct comparing *c, const uint32_t *differ, struct lattice_moves *out)
{
        size_t n = c->now->cells_len;
        size_t *was = arena_alloc_raw(c->arena, n, sizeof(*was));
        uint8_t *moved = arena_alloc_raw(c->arena, n, 1);

        if (was == NULL || moved == NULL)
                return ERR_NO_MEMORY;
        find_table(c);
        if (c->then != NULL)
                TRY(map_categories(c));
        for (size_t i = 0; i < n; i++) {
                was[i] = c->then != NULL ? cell_then(c, i) : SIZE_MAX;
                moved[i] = move_of(c, i, was[i], differ);
        }
        out->table[c->table] = c->then;
        out->was[c->table] = was;
        out->moved[c->table] = moved;
        return ERR_OK;
}

/* By persons, where they can still be counted and have keys; else by what was published. */
static enum err count_again(const struct lattice_source *source, const struct lattice_cube *raw,
        const struct lattice_axes *axes, const struct lattice_earlier *earlier, struct arena *arena,
        uint32_t **differ, uint8_t **inner)
{
        enum err e = lattice_differ(source, earlier->source, raw, arena, differ);

        if (e == ERR_NOT_FOUND || e == ERR_NO_MEMORY) {
                memset(differ, 0, sizeof(*differ) * raw->tables_len);
                return ERR_OK;
        }
        TRY(e);
        e = lattice_differ_inner(source, earlier->source, raw, axes, arena, inner);
        return e == ERR_TOO_MANY_CELLS || e == ERR_NO_MEMORY ? ERR_OK : e;
}

enum err lattice_compare(const struct lattice_source *source, const struct lattice_cube *raw,
        const struct lattice_axes *axes, const struct lattice_earlier *earlier, struct arena *arena,
        struct lattice_moves *out)
{
        struct comparing c = {
                .source = source, .raw = raw, .earlier = earlier->cube, .arena = arena};
        uint32_t **differ = arena_alloc(arena, raw->tables_len, sizeof(*differ));
        struct lattice_moves m = {.earlier = earlier->cube};

        m.table = arena_alloc(arena, raw->tables_len, sizeof(const struct table *));
        m.was = arena_alloc(arena, raw->tables_len, sizeof(*m.was));
        m.moved = arena_alloc(arena, raw->tables_len, sizeof(*m.moved));
        if (differ == NULL || m.table == NULL || m.was == NULL || m.moved == NULL)
                return ERR_NO_MEMORY;
        uint8_t *inner = NULL;
        if (earlier->source != NULL)
                TRY(count_again(source, raw, axes, earlier, arena, differ, &inner));
        m.inner = inner;
        TRY(map_blocks(&c));
        for (; c.table < raw->tables_len; c.table++) {
                c.now = &raw->tables[c.table];
                TRY(compare_table(&c, differ[c.table], &m));
        }
        *out = m;
        return ERR_OK;
}
