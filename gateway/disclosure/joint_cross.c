/* SPDX-License-Identifier: Apache-2.0 */
/* joint_cross.c: measures that count some of a cell's persons.
 *
 * A measure with filters, a numerator, a denominator are each so many of the cell's
 * persons. With n of them a person is of one of 2^n kinds, by which of them count her; so
 * every inner cell becomes 2^n rows. A cell is the sum of all, a quantity the sum of those
 * kinds that it counts, and the model knows all ways in which cells and measures add up.
 * What the cells were decided to be is known or protected by then.
 *
 * Where filters are free of each other and of the categories, the rows are too, and
 * measures tell nothing of each other or of hidden cells. But they may not be: one filter
 * may be the other's negation, or a part of it, or name a category of the table. Whoever
 * reads the question knows that then some kinds are empty, everywhere or in a category. So
 * a relation that holds in all cells, or in all of a category, is supposed to be known
 * (joint_quantities.h): kinds that contradict it are taken as empty. So are, where zeros are
 * published, those of a cell that a measure counts nobody or all of: a wider measure may
 * say so. It may hold by accident, and then be a secret; so what is decided must stand
 * without it as well.
 *
 * Five such suppositions are tried, not all mixtures of them. So it can happen, in tables of
 * a few cells with several measures, that one relation holds by accident where another one
 * holds by definition, and neither is taken for what it is; the tests count how often.
 *
 * What follows from supposed relations and shown cells alone is not withheld in vain. Such
 * quantities are left out of what is protected, as the question itself tells them. */
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/eliminate.h"
#include "gateway/disclosure/joint_measures.h"

/* Quantities at a time, and rows. Measures beyond are withheld. */
enum { CROSSED_MAX = 4, KINDS_MAX = 1 << CROSSED_MAX };
#define CROSS_ROWS_MAX ((size_t)1 << 21)

/* What may be known: what holds everywhere; in a category, that it counts nobody, that it
 * counts all, and all relations; and the numbers of single cells. */
enum supposition {
        SUPPOSE_EVERYWHERE = 0,
        SUPPOSE_NOBODY,
        SUPPOSE_ALL,
        SUPPOSE_CATEGORIES,
        SUPPOSE_NUMBERS,
        SUPPOSITIONS
};

struct cross {
        struct measuring *m;
        uint32_t crossed[CROSSED_MAX], len, kinds;
        struct model_level levels[CROSSED_MAX];
        struct joint_layer layer;
        uint32_t nodes;                   /* of the dimension of kinds */
        bool *supposed[SUPPOSITIONS];     /* cells of the layer */
        uint16_t *possible[SUPPOSITIONS]; /* kinds, by category */
        bool tied[CROSSED_MAX];           /* with another, in some category only */
        uint16_t everywhere;
        struct quantity_prints prints;
};

/* Which kinds there can be ----------------------------------------------------------------- */

static uint16_t kinds_obeying(const struct cross *x, uint64_t combination)
{
        uint16_t obeying = 0;

        for (uint32_t kind = 0; kind < x->kinds; kind++) {
                uint64_t digits = combination;
                int sum = 0;

                for (uint32_t i = 0; i <= x->len; i++, digits /= 3) {
                        int bit = i == x->len || (kind >> i & 1) != 0;

                        sum += digits % 3 == 1 ? bit : digits % 3 == 2 ? -bit : 0;
                }
                obeying |= (uint16_t)((sum == 0) << kind);
        }
        return obeying;
}

/* How many quantities are in a relation; and whether the cells' count is. */
static uint32_t quantities_in(
        const struct cross *x, uint64_t combination, uint32_t *last, bool *all)
{
        uint32_t len = 0;

        for (uint32_t i = 0; i < x->len; i++, combination /= 3)
                if (combination % 3 != 0) {
                        *last = i;
                        len++;
                }
        *all = combination != 0;
        return len;
}

static bool is_supposed(enum supposition s, uint32_t len, bool all)
{
        switch (s) {
        case SUPPOSE_NOBODY:
                return len == 1 && !all;
        case SUPPOSE_ALL:
                return len == 1 && all;
        case SUPPOSE_EVERYWHERE:
        case SUPPOSE_CATEGORIES:
        case SUPPOSE_NUMBERS:
        case SUPPOSITIONS:
                break;
        }
        return true;
}

/* The kind that the fewest quantities count. */
static uint16_t fewest(uint16_t kinds)
{
        uint32_t best = KINDS_MAX;

        for (uint32_t k = 0; k < KINDS_MAX; k++)
                if ((kinds >> k & 1) != 0 &&
                        (best == KINDS_MAX || __builtin_popcount(k) < __builtin_popcount(best)))
                        best = k;
        return best == KINDS_MAX ? 1 : (uint16_t)(1u << best);
}

/* The count of the cells is last; with it and without. */
static uint16_t kinds_possible(const struct cross *x, const uint64_t *print, enum supposition s)
{
        uint16_t possible = UINT16_MAX;
        uint64_t combinations = 2;
        uint32_t last = 0;
        bool all = false;

        if (print[x->len] == 0)
                return fewest(x->everywhere); /* nobody is there: filters may leave it out */
        for (uint32_t i = 0; i < x->len; i++)
                combinations *= 3;
        for (uint64_t n = 1; n < combinations; n++)
                if (is_supposed(s, quantities_in(x, n, &last, &all), all) &&
                        quantities_relation(print, x->len + 1, n))
                        possible &= kinds_obeying(x, n);
        return possible;
}

static bool all_count(const struct cross *x, const uint64_t *print, uint64_t combination)
{
        for (uint32_t i = 0; i < x->len; i++, combination /= 3)
                if (combination % 3 != 0 && (print[i] == 0 || print[i] == print[x->len]))
                        return false;
        return true;
}

/* Where zeros are secrets, which of several relations of a category are by definition and
 * which say that somebody has nothing cannot be told apart: the last of those that are tied
 * in some category only is withheld. */
static void tied_find(struct cross *x, const uint64_t *print)
{
        uint64_t combinations = 2;
        uint32_t last = 0;
        bool all = false;

        for (uint32_t i = 0; i < x->len; i++)
                combinations *= 3;
        for (uint64_t n = 1; n < combinations; n++)
                if (quantities_in(x, n, &last, &all) > 1 && all_count(x, print, n) &&
                        quantities_relation(print, x->len + 1, n) &&
                        !quantities_relation(x->prints.of, x->len + 1, n))
                        x->tied[last] = true;
}

static enum err kinds_find(struct cross *x)
{
        struct arena *arena = x->m->j->arena;
        uint64_t print[CROSSED_MAX + 1];

        TRY(quantity_prints(arena, x->m->t, &x->m->quantities, x->crossed, x->len, &x->prints));
        x->everywhere = kinds_possible(x, x->prints.of, SUPPOSE_EVERYWHERE);
        for (int s = SUPPOSE_NOBODY; s < SUPPOSITIONS; s++) {
                x->possible[s] = arena_alloc(arena, x->prints.categories, sizeof(uint16_t));
                if (x->possible[s] == NULL)
                        return ERR_NO_MEMORY;
        }
        for (uint32_t c = 0; c < x->prints.categories; c++) {
                for (uint32_t i = 0; i <= x->len; i++)
                        print[i] = x->prints.by_category[i][c];
                for (int s = SUPPOSE_NOBODY; s < SUPPOSITIONS; s++)
                        x->possible[s][c] = kinds_possible(x, print, (enum supposition)s);
                if (!x->m->j->settings->zeros_published)
                        tied_find(x, print);
        }
        return ERR_OK;
}

/* Kinds of a quantity that counts nobody, or all. */
static uint16_t kinds_by_number(const struct cross *x, size_t cell)
{
        uint16_t kinds = UINT16_MAX;

        for (uint32_t i = 0; i < x->len; i++) {
                int64_t n = x->m->quantities.of[x->crossed[i]].value[cell];

                for (uint32_t k = 0; k < x->kinds; k++) {
                        bool counted = (k >> i & 1) != 0;

                        if ((counted && n == 0) || (!counted && n == x->m->t->persons[cell]))
                                kinds &= (uint16_t) ~(1u << k);
                }
        }
        return kinds;
}

/* Of a finest cell, by what all cells and those of its categories have in common; of
 * totals nothing is supposed that is not of their parts. */
static uint16_t kinds_in(const struct cross *x, size_t cell, enum supposition s)
{
        uint32_t at[DIMENSIONS_MAX];
        uint16_t kinds = x->everywhere;

        table_coordinates(x->m->t, cell, at);
        for (uint32_t d = 0; d < x->m->t->dimensions_len; d++) {
                if (at[d] == x->m->t->dimensions[d].len)
                        return UINT16_MAX;
                if (s != SUPPOSE_EVERYWHERE)
                        kinds &= x->possible[s][x->prints.first[d] + at[d]];
        }
        if (s == SUPPOSE_NUMBERS)
                kinds &= kinds_by_number(x, cell);
        return kinds != 0 ? kinds : UINT16_MAX;
}

/* Space ------------------------------------------------------------------------------------ */

/* One level for each quantity: group 1 are the kinds that it counts. */
static enum err dimension_make(struct cross *x, struct model_dimension *out)
{
        *out = (struct model_dimension){
                .leaves = x->kinds, .levels = x->levels, .levels_len = x->len};
        for (uint32_t i = 0; i < x->len; i++) {
                uint32_t *parent = arena_alloc(x->m->j->arena, x->kinds, sizeof *parent);

                if (parent == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t kind = 0; kind < x->kinds; kind++)
                        parent[kind] = kind >> i & 1;
                x->levels[i] = (struct model_level){.parent = parent, .len = 2};
        }
        x->nodes = model_nodes(out);
        return ERR_OK;
}

/* Every inner cell with every kind. */
static enum err inner_make(struct cross *x, const struct space *base, struct space *s)
{
        uint32_t *to;

        if (base->inner == NULL)
                return ERR_OK;
        s->inner_len = base->inner_len * x->kinds;
        to = arena_alloc_raw(x->m->j->arena, s->inner_len * s->dimensions_len, sizeof *to);
        if (to == NULL)
                return ERR_NO_MEMORY;
        s->inner = to;
        for (size_t i = 0; i < s->inner_len; i++, to += s->dimensions_len) {
                memcpy(to, &base->inner[i / x->kinds * base->dimensions_len],
                        base->dimensions_len * sizeof *to);
                to[base->dimensions_len] = (uint32_t)(i % x->kinds);
        }
        return ERR_OK;
}

/* The table's block with the kinds as its last dimension. */
static enum err space_make(struct cross *x, struct space *out)
{
        const struct space *base = &x->m->j->base.space;
        struct space s = *base;
        struct space_block *block = arena_alloc(x->m->j->arena, 1, sizeof *block);

        if (block == NULL)
                return ERR_NO_MEMORY;
        TRY(dimension_make(x, &s.dimension[s.dimensions_len]));
        *block = base->block[0];
        if (block->cells > MODEL_CELLS_MAX / x->nodes)
                return ERR_TOO_MANY_CELLS;
        for (uint32_t i = 0; i < block->dimensions_len; i++)
                block->stride[i] *= x->nodes;
        block->stride[block->dimensions_len] = 1;
        block->dimensions[block->dimensions_len++] = s.dimensions_len++;
        block->cells *= x->nodes;
        s.block = block;
        s.cells = block->cells;
        TRY(inner_make(x, base, &s));
        *out = s;
        return ERR_OK;
}

/* Nodes of the dimension of kinds: those that a quantity counts, and does not. */
static uint32_t node_of(const struct cross *x, uint32_t i, bool counted)
{
        return x->kinds + 2 * i + counted;
}

/* Cells ------------------------------------------------------------------------------------ */

/* The cells as they were decided, known or protected. */
static void cells_known(struct cross *x)
{
        const struct joint_layer *base = &x->m->j->base;

        for (size_t i = 0; i < base->space.cells; i++) {
                size_t to = i * x->nodes + x->nodes - 1;
                struct model_cell *c = &x->layer.cell[to];

                *c = base->cell[i];
                if (c->role == MODEL_ROLE_ZERO || c->role == MODEL_ROLE_ABSENT)
                        continue;
                c->role = base->status[i] == SUPPRESS_PUBLISHED ? MODEL_ROLE_KNOWN
                                                                : MODEL_ROLE_PROTECT;
                x->layer.value[to] = base->value[i];
        }
}

/* Where both numbers are shown, so is that they are the same, unless another measure keeps
 * what this one says. */
static void all_counted(struct cross *x, const struct quantity *q, uint32_t i)
{
        const struct measuring *m = x->m;

        for (size_t c = 0; c < m->t->cells_len; c++) {
                uint32_t at = m->j->base.space.cell_of[0][c];
                size_t from = (size_t)at * x->nodes;

                if (at != SPACE_NOWHERE && m->t->status[c] == CELL_VALUE && m->t->persons[c] > 0 &&
                        q->value[c] == m->t->persons[c] &&
                        x->layer.cell[from + node_of(x, i, true)].role == MODEL_ROLE_OPEN)
                        x->layer.cell[from + node_of(x, i, false)].role = MODEL_ROLE_ZERO;
        }
}

static void quantity_cells(struct cross *x, const struct quantity *q, uint32_t i)
{
        for (size_t c = 0; c < x->m->t->cells_len; c++) {
                uint32_t at = x->m->j->base.space.cell_of[0][c];

                if (at != SPACE_NOWHERE)
                        measures_cell(
                                x->m, q, c, &x->layer, (size_t)at * x->nodes + node_of(x, i, true));
        }
}

static enum err suppose(struct cross *x, enum supposition s)
{
        x->supposed[s] = arena_alloc(x->m->j->arena, x->layer.space.cells, sizeof(bool));
        if (x->supposed[s] == NULL)
                return ERR_NO_MEMORY;
        for (size_t c = 0; c < x->m->t->cells_len; c++) {
                uint32_t at = x->m->j->base.space.cell_of[0][c];
                uint16_t kinds = kinds_in(x, c, s);

                for (uint32_t k = 0; at != SPACE_NOWHERE && k < x->kinds; k++)
                        x->supposed[s][(size_t)at * x->nodes + k] = (kinds >> k & 1) == 0;
        }
        return ERR_OK;
}

static enum err cross_run(struct cross *x)
{
        struct measuring *m = x->m;
        struct space space = {0};

        TRY(kinds_find(x));
        TRY(space_make(x, &space));
        TRY(joint_layer_new(m->j, &space, true, &x->layer));
        cells_known(x);
        for (uint32_t n = 0; n < m->quantities.len; n++)
                for (uint32_t i = 0; i < x->len; i++)
                        if (m->quantities.of[n].same == x->crossed[i])
                                quantity_cells(x, &m->quantities.of[n], i);
        for (uint32_t i = 0; i < x->len && m->j->settings->zeros_published; i++)
                all_counted(x, &m->quantities.of[x->crossed[i]], i);
        uint32_t suppositions = SUPPOSITIONS - !m->j->settings->zeros_published;
        for (uint32_t s = 0; s < suppositions; s++)
                TRY(suppose(x, (enum supposition)s));
        TRY(measures_settle(m->j, &x->layer, x->supposed, suppositions));
        for (size_t c = 0; c < m->t->cells_len; c++) {
                size_t at = m->j->base.space.cell_of[0][c];

                for (uint32_t i = 0; at != SPACE_NOWHERE && i < x->len; i++)
                        m->hidden[x->crossed[i]][c] =
                                x->layer.failed || x->tied[i] ||
                                x->layer.status[at * x->nodes + node_of(x, i, true)] !=
                                        SUPPRESS_PUBLISHED;
        }
        return ERR_OK;
}

static size_t rows_of(const struct space *s)
{
        size_t rows = 1;

        for (uint32_t d = 0; d < s->dimensions_len && rows < CROSS_ROWS_MAX; d++)
                rows *= s->dimension[d].leaves;
        return s->inner != NULL ? s->inner_len : rows;
}

enum err measures_cross(struct measuring *m)
{
        struct cross x = {.m = m, .kinds = 1};
        size_t rows = rows_of(&m->j->base.space);

        for (uint32_t i = 0; i < m->quantities.len; i++) {
                if (!m->quantities.of[i].within || m->quantities.of[i].same != i)
                        continue;
                if (x.len == CROSSED_MAX || rows * x.kinds * 2 > CROSS_ROWS_MAX ||
                        m->j->base.space.dimensions_len == MODEL_DIMENSIONS_MAX) {
                        memset(m->hidden[i], true, m->t->cells_len);
                        continue;
                }
                x.crossed[x.len++] = i;
                x.kinds *= 2;
        }
        return x.len > 0 ? cross_run(&x) : ERR_OK;
}
