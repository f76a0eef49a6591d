/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_chain.c: see lattice_chain.h.
 *
 * The blocks come first among the axes, as often as there are cubes: first those of what the
 * oldest held, then those of each change. Of a change only the inner cells that moved are
 * listed, for others did not; so the model is that of one cube and of what changed. */
#include "gateway/lattice_chain.h"

#include <string.h>

#include "base/arena.h"

#define COMBINATIONS_MAX ((uint64_t)1 << 22)

const struct lattice_moves *chain_moves(const struct chain *c, uint32_t older, uint32_t newer)
{
        return lattice_moves_between(c->past, c->state[older], c->state[newer]);
}

size_t chain_cell(const struct chain *c, uint32_t table, size_t cell)
{
        if (lattice_lead(c->cube) > 0)
                return cell;
        return cell < c->cube->tables[table].cells_len ? cell : SIZE_MAX;
}

/* Shapes ----------------------------------------------------------------------------- */

static enum err make_kinds(struct chain *c)
{
        uint32_t n = c->len;

        c->kinds = arena_alloc(c->arena, n + (size_t)n * (n - 1) / 2, sizeof(*c->kinds));
        if (c->kinds == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < n; i++)
                c->kinds[c->kinds_len++] = (struct chain_kind){false, i, i};
        for (uint32_t i = 0; i < n; i++)
                for (uint32_t k = i + 1; k < n; k++)
                        c->kinds[c->kinds_len++] = (struct chain_kind){true, i, k};
        return ERR_OK;
}

/* The table with a dimension of blocks, whether it had one or not. */
static enum err make_shape(struct chain *c, const struct table *t, struct table **out)
{
        uint32_t lead = lattice_lead(c->cube), own = t->dimensions_len - lead;
        struct table *s = arena_alloc(c->arena, 1, sizeof(*s));

        if (own + 1 > DIMENSIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        if (s == NULL)
                return ERR_NO_MEMORY;
        s->dimensions = arena_alloc(c->arena, (size_t)own + 1, sizeof(*s->dimensions));
        if (s->dimensions == NULL)
                return ERR_NO_MEMORY;
        s->dimensions[0] = lead > 0 ? t->dimensions[0] : (struct dimension){.len = 1};
        for (uint32_t d = 0; d < own; d++)
                s->dimensions[1 + d] = t->dimensions[lead + d];
        s->dimensions_len = own + 1;
        *out = s;
        return table_cells(s->dimensions, s->dimensions_len, &s->cells_len);
}

/* Which copies of a block a kind is the sum of. */
static bool holds(const struct chain_kind *k, uint32_t copy)
{
        return k->change ? copy > k->older && copy <= k->newer : copy <= k->newer;
}

static enum err table_axes(struct chain *c, uint32_t table, const struct chain_kind *kind,
        const struct disclosure_axis **out)
{
        uint32_t lead = lattice_lead(c->cube), blocks = lattice_leaf_blocks(c->cube);
        uint32_t own = c->cube->tables[table].dimensions_len - lead;
        struct disclosure_axis *axes = arena_alloc(c->arena, (size_t)own + 1, sizeof(*axes));
        uint32_t *of = arena_alloc(c->arena, (size_t)c->len * blocks, sizeof(*of));

        if (axes == NULL || of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->len * blocks; i++)
                of[i] = holds(kind, i / blocks) ? i % blocks : UINT32_MAX;
        axes[0] = (struct disclosure_axis){0, of};
        for (uint32_t d = 1; d <= own; d++) {
                axes[d] = c->axes->release.axes[table][d - 1 + lead];
                axes[d].shared += 1 - lead;
        }
        *out = axes;
        return ERR_OK;
}

static enum err make_release(struct chain *c, struct disclosure_release *out)
{
        uint32_t tables = c->cube->tables_len, shared = c->axes->finest_len + 1;
        size_t all = (size_t)tables * c->kinds_len;
        uint32_t *leaves = arena_alloc(c->arena, shared, sizeof(*leaves));
        const struct disclosure_axis **axes =
                arena_alloc(c->arena, all, sizeof(const struct disclosure_axis *));

        c->shapes = arena_alloc(c->arena, all, sizeof(*c->shapes));
        if (leaves == NULL || axes == NULL || c->shapes == NULL)
                return ERR_NO_MEMORY;
        leaves[0] = c->len * lattice_leaf_blocks(c->cube);
        for (uint32_t i = 0; i < c->axes->finest_len; i++)
                leaves[1 + i] = c->axes->leaves[i].len;
        for (uint32_t t = 0; t < tables; t++)
                for (uint32_t k = 0; k < c->kinds_len; k++) {
                        size_t at = (size_t)t * c->kinds_len + k;

                        TRY(make_shape(c, &c->cube->tables[t], &c->shapes[at]));
                        TRY(table_axes(c, t, &c->kinds[k], &axes[at]));
                }
        *out = (struct disclosure_release){.tables = c->shapes,
                .tables_len = (uint32_t)all,
                .shared_len = shared,
                .leaves = leaves,
                .axes = axes};
        return ERR_OK;
}

/* Inner cells ------------------------------------------------------------------------ */

/* What the oldest cube may have held: what stands for all, and what has moved since. */
static enum err list_first(
        const struct chain *c, const struct lattice_keys *moved, struct lattice_keys *out)
{
        const struct disclosure_release *from = &c->axes->release;
        uint32_t lead = lattice_lead(c->cube);
        uint64_t all = lattice_leaf_blocks(c->cube);
        size_t len = from->inner_len;

        for (uint32_t i = 0; i < c->axes->finest_len; i++)
                all *= c->axes->leaves[i].len;
        if (from->inner == NULL && all > COMBINATIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        len = from->inner == NULL ? (size_t)all : len;
        for (uint32_t s = 1; s < c->len; s++)
                len += moved[s].len;
        *out = (struct lattice_keys){.key = arena_alloc_raw(c->arena, len, sizeof(*out->key))};
        if (out->key == NULL)
                return ERR_NO_MEMORY;
        for (uint64_t i = 0; from->inner == NULL && i < all; i++)
                out->key[out->len++] = i;
        for (size_t i = 0; from->inner != NULL && i < from->inner_len; i++) {
                const uint32_t *leaves = from->inner + i * from->shared_len;

                out->key[out->len++] =
                        lattice_key(c->axes, lead > 0 ? leaves[0] : 0, leaves + lead);
        }
        for (uint32_t s = 1; s < c->len; s++)
                for (size_t i = 0; i < moved[s].len; i++)
                        out->key[out->len++] = moved[s].key[i];
        lattice_keys_sort(out);
        return ERR_OK;
}

static enum err list_inner(struct chain *c, struct disclosure_release *r)
{
        struct lattice_keys keys[CHAIN_MAX] = {0};
        uint32_t *list, width = r->shared_len, blocks = lattice_leaf_blocks(c->cube);
        size_t len = 0;

        if (!lattice_has_keys(c->cube, c->axes))
                return ERR_TOO_MANY_CELLS;
        for (uint32_t s = 1; s < c->len; s++)
                TRY(lattice_moved(c->cube, c->axes, chain_moves(c, s - 1, s), c->arena, &keys[s]));
        TRY(list_first(c, keys, &keys[0]));
        for (uint32_t s = 0; s < c->len; s++) {
                len += keys[s].len;
                c->work += keys[s].work;
        }
        list = arena_alloc_raw(c->arena, len * width + 1, sizeof(*list));
        if (list == NULL)
                return ERR_NO_MEMORY;
        r->inner = list;
        for (uint32_t s = 0; s < c->len; s++)
                for (size_t i = 0; i < keys[s].len; i++, list += width)
                        list[0] =
                                s * blocks + lattice_key_leaves(c->axes, keys[s].key[i], list + 1);
        r->inner_len = len;
        return ERR_OK;
}

enum err chain_make(struct chain *c)
{
        struct disclosure_release release;

        TRY(make_kinds(c));
        TRY(make_release(c, &release));
        TRY(list_inner(c, &release));
        return space_new(c->arena, &release, &c->space);
}
