/* SPDX-License-Identifier: Apache-2.0 */
/* audit_system.c: from a published table to sums of unknown numbers.
 *
 * Knows nothing of model.c, whose mistakes it is here to find, but its types. Every
 * combination of leaves is an unknown. Those in a cell known to be zero go; those that lie
 * in exactly the same cells, published and protected, are one unknown, for nobody can tell
 * them apart and nobody asks. Published cells are sums that are known, protected ones sums
 * that are asked for.
 *
 * Where a dimension's categories can overlap, nothing is a sum along it: each of its nodes
 * counts as a category of its own, and what ties them together is only that a part is not
 * larger than its total, and the total not larger than its parts together. */
#include "gateway/disclosure/audit_system.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

#define NO_SUM UINT32_MAX

/* A dimension's categories as unknowns have them: leaves, or nodes where they overlap. */
struct axis {
        uint32_t categories, nodes;
        uint32_t *node; /* of each category, `each` of the nodes that it adds to */
        uint32_t each;
        uint32_t *leaf_above; /* of each leaf: itself, groups, total */
        uint32_t above_each;
        bool overlaps;
};

struct builder {
        struct arena *arena;
        const struct audit_release *release;
        bool floors;
        struct axis axis[MODEL_DIMENSIONS_MAX];
        size_t *offset; /* of tables: their first cell among all; one more for the end */
        uint64_t *key;  /* of unknowns: their categories, last dimension fastest */
        size_t unknowns;
        uint32_t *slot; /* hash table of unknown + 1 by key */
        size_t mask;
        uint32_t *touched; /* cells of an unknown */
        uint32_t *merged;  /* of unknowns: which of those that remain; NO_SUM: zero */
        uint32_t remaining;
        uint32_t *known, *asked; /* of cells: which sum; NO_SUM */
        uint32_t known_len, asked_len, ties_len;
        struct tie *tie;
};

/* A part of a total along a dimension whose categories overlap; `set`: of its parts. */
struct tie {
        uint32_t total, set, part;
};

/* Shapes ----------------------------------------------------------------------------------- */

static enum err levels_check(const struct model_dimension *d)
{
        if (d->leaves == 0 || model_nodes(d) == 0 || (d->levels_len > 0 && d->levels == NULL))
                return ERR_INVALID;
        for (uint32_t l = 0; l < d->levels_len; l++) {
                const struct model_level *level = &d->levels[l];

                if (level->of > l || level->parent == NULL)
                        return ERR_INVALID;
                uint32_t below = level->of == 0 ? d->leaves : d->levels[level->of - 1].len;
                for (uint32_t i = 0; i < below; i++)
                        if (level->parent[i] >= level->len)
                                return ERR_INVALID;
        }
        return ERR_OK;
}

/* Nodes before the groups of a level; of level 0, the leaves, none. */
static uint32_t nodes_before(const struct model_dimension *d, uint32_t level)
{
        uint32_t before = 0;

        for (uint32_t l = 0; l < level; l++)
                before += l == 0 ? d->leaves : d->levels[l - 1].len;
        return before;
}

static enum err axis_new(struct builder *b, uint32_t dimension)
{
        const struct model_dimension *d = &b->release->dimensions[dimension];
        struct axis *x = &b->axis[dimension];

        TRY(levels_check(d));
        x->nodes = model_nodes(d);
        if (x->nodes > MODEL_CELLS_MAX)
                return ERR_TOO_MANY_CELLS;
        x->overlaps = b->release->overlapping >> dimension & 1;
        x->above_each = d->levels_len + 2;
        x->leaf_above = arena_alloc_raw(b->arena, d->leaves, sizeof *x->node * x->above_each);
        if (x->leaf_above == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t leaf = 0; leaf < d->leaves; leaf++) {
                uint32_t *above = x->leaf_above + (size_t)leaf * x->above_each;

                above[0] = leaf;
                for (uint32_t l = 0; l < d->levels_len; l++) {
                        uint32_t of = d->levels[l].of;

                        above[l + 1] = nodes_before(d, l + 1) +
                                       d->levels[l].parent[above[of] - nodes_before(d, of)];
                }
                above[d->levels_len + 1] = x->nodes - 1;
        }
        x->categories = x->overlaps ? x->nodes : d->leaves;
        x->each = x->overlaps ? 1 : x->above_each;
        x->node = x->leaf_above;
        if (!x->overlaps)
                return ERR_OK;
        x->node = arena_alloc_raw(b->arena, x->nodes, sizeof *x->node);
        for (uint32_t n = 0; x->node != NULL && n < x->nodes; n++)
                x->node[n] = n;
        return x->node == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err table_check(const struct builder *b, const struct audit_table *t, size_t *cells)
{
        const struct model_table shape = {t->dimensions, t->dimensions_len, NULL};

        if (t->dimensions_len > b->release->dimensions_len || t->status == NULL ||
                t->values == NULL)
                return ERR_INVALID;
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->dimensions[d] >= b->release->dimensions_len)
                        return ERR_INVALID;
        TRY(model_table_cells(b->release->dimensions, &shape, cells));
        for (size_t i = 0; i < *cells; i++) {
                if (t->status[i] > AUDIT_REFUSED)
                        return ERR_INVALID;
                if (t->status[i] == AUDIT_PUBLISHED &&
                        (t->values[i] > BOUNDS_LARGEST || t->values[i] < -BOUNDS_LARGEST))
                        return ERR_INVALID;
        }
        return ERR_OK;
}

static enum err tables_check(struct builder *b)
{
        size_t touched = 0, cells;

        b->offset = arena_alloc(b->arena, (size_t)b->release->tables_len + 1, sizeof *b->offset);
        if (b->offset == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < b->release->tables_len; t++) {
                const struct audit_table *table = &b->release->tables[t];
                size_t each = 1;

                TRY(table_check(b, table, &cells));
                if (cells > MODEL_CELLS_MAX - b->offset[t])
                        return ERR_TOO_MANY_CELLS;
                b->offset[t + 1] = b->offset[t] + cells;
                for (uint32_t d = 0; d < table->dimensions_len; d++)
                        each *= b->axis[table->dimensions[d]].each;
                touched += each;
        }
        b->touched = arena_alloc_raw(b->arena, touched, sizeof *b->touched);
        return b->touched == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* Unknowns --------------------------------------------------------------------------------- */

static size_t slot_of(const struct builder *b, uint64_t key)
{
        size_t at = residue_mix(1, key) & b->mask;

        while (b->slot[at] != 0 && b->key[b->slot[at] - 1] != key)
                at = (at + 1) & b->mask;
        return at;
}

static void unknown_add(struct builder *b, uint64_t key)
{
        size_t at = slot_of(b, key);

        if (b->slot[at] != 0)
                return;
        b->key[b->unknowns] = key;
        b->slot[at] = (uint32_t)++b->unknowns;
}

/* A listed combination of leaves: itself and, along dimensions that overlap, what is above. */
static void unknowns_above(
        struct builder *b, const uint32_t *leaf, uint32_t dimension, uint64_t key)
{
        if (dimension == b->release->dimensions_len) {
                unknown_add(b, key);
                return;
        }
        const struct axis *x = &b->axis[dimension];
        assert(x->leaf_above != NULL);
        const uint32_t *above = x->leaf_above + (size_t)leaf[dimension] * x->above_each;

        for (uint32_t k = 0; k < (x->overlaps ? x->above_each : 1); k++)
                unknowns_above(b, leaf, dimension + 1, key * x->categories + above[k]);
}

static enum err unknowns_count(const struct builder *b, size_t *out)
{
        const struct audit_release *r = b->release;
        size_t len = 1, listed = r->inner_len;
        uint64_t keys = 1;

        for (uint32_t d = 0; d < r->dimensions_len; d++) {
                const struct axis *x = &b->axis[d];

                if (keys > UINT64_MAX / x->categories)
                        return ERR_TOO_MANY_CELLS;
                keys *= x->categories;
                if (r->inner == NULL && len > MODEL_ROWS_MAX / x->categories)
                        return ERR_TOO_MANY_CELLS;
                len *= r->inner == NULL ? x->categories : 1;
                listed *= x->overlaps ? x->above_each : 1;
                if (r->inner != NULL && listed > MODEL_ROWS_MAX)
                        return ERR_TOO_MANY_CELLS;
        }
        for (size_t i = 0; r->inner != NULL && i < r->inner_len * r->dimensions_len; i++)
                if (r->inner[i] >= r->dimensions[i % r->dimensions_len].leaves)
                        return ERR_INVALID;
        *out = r->inner == NULL ? len : listed;
        return ERR_OK;
}

static enum err unknowns_new(struct builder *b)
{
        const struct audit_release *r = b->release;
        size_t len;

        TRY(unknowns_count(b, &len));
        b->mask = 1;
        while (b->mask < 2 * len + 2)
                b->mask *= 2;
        b->slot = arena_alloc(b->arena, b->mask--, sizeof *b->slot);
        b->key = arena_alloc_raw(b->arena, len, sizeof *b->key);
        b->merged = arena_alloc_raw(b->arena, len, sizeof *b->merged);
        if (b->slot == NULL || b->key == NULL || b->merged == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; r->inner == NULL && i < len; i++)
                unknown_add(b, i);
        for (size_t i = 0; r->inner != NULL && i < r->inner_len; i++)
                unknowns_above(b, r->inner + i * r->dimensions_len, 0, 0);
        return ERR_OK;
}

static void categories_of(const struct builder *b, uint64_t key, uint32_t *category)
{
        for (uint32_t d = b->release->dimensions_len; d-- > 0;) {
                category[d] = (uint32_t)(key % b->axis[d].categories);
                key /= b->axis[d].categories;
        }
}

/* Does the unknown stand in a table that does not show all dimensions? Along those that
 * overlap, only what stands for the total does. */
static bool is_in(const struct builder *b, const struct audit_table *t, const uint32_t *category)
{
        uint32_t shown = 0;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                shown |= UINT32_C(1) << t->dimensions[d];
        for (uint32_t d = 0; d < b->release->dimensions_len; d++)
                if (b->axis[d].overlaps && !(shown >> d & 1) && category[d] != b->axis[d].nodes - 1)
                        return false;
        return true;
}

static size_t touch_table(
        const struct builder *b, uint32_t table, const uint32_t *category, uint32_t *to)
{
        const struct audit_table *t = &b->release->tables[table];
        size_t len = 1;

        if (!is_in(b, t, category))
                return 0;
        to[0] = 0;
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct axis *x = &b->axis[t->dimensions[d]];
                const uint32_t *node = x->node + (size_t)category[t->dimensions[d]] * x->each;

                for (uint32_t k = x->each; k-- > 0;)
                        for (size_t i = 0; i < len; i++)
                                to[k * len + i] = to[i] * x->nodes + node[k];
                len *= x->each;
        }
        for (size_t i = 0; i < len; i++)
                to[i] += (uint32_t)b->offset[table];
        return len;
}

/* All cells that an unknown adds to. */
static size_t touch(const struct builder *b, size_t unknown)
{
        uint32_t category[MODEL_DIMENSIONS_MAX];
        size_t len = 0;

        categories_of(b, b->key[unknown], category);
        for (uint32_t t = 0; t < b->release->tables_len; t++)
                len += touch_table(b, t, category, b->touched + len);
        return len;
}

/* Cells ------------------------------------------------------------------------------------ */

/* Sums that are known get a number each, and those that are asked for. */
static enum err cells_number(struct builder *b, struct audit_system *out)
{
        size_t cells = b->offset[b->release->tables_len];

        b->known = arena_alloc_raw(b->arena, cells, sizeof *b->known);
        b->asked = arena_alloc_raw(b->arena, cells, sizeof *b->asked);
        out->table = arena_alloc_raw(b->arena, cells, sizeof *out->table);
        out->cell = arena_alloc_raw(b->arena, cells, sizeof *out->cell);
        if (b->known == NULL || b->asked == NULL || out->table == NULL || out->cell == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < b->release->tables_len; t++)
                for (size_t i = b->offset[t]; i < b->offset[t + 1]; i++) {
                        uint8_t status = b->release->tables[t].status[i - b->offset[t]];

                        b->known[i] = status == AUDIT_PUBLISHED ? b->known_len++ : NO_SUM;
                        b->asked[i] = NO_SUM;
                        if (status != AUDIT_PROTECTED && status != AUDIT_REFUSED)
                                continue;
                        out->table[b->asked_len] = t;
                        out->cell[b->asked_len] = i - b->offset[t];
                        b->asked[i] = b->asked_len++;
                }
        return ERR_OK;
}

static bool is_zero(const struct builder *b, uint32_t cell)
{
        uint32_t t = 0;

        while (cell >= b->offset[t + 1])
                t++;
        const struct audit_table *table = &b->release->tables[t];
        uint8_t status = table->status[cell - b->offset[t]];
        return status == AUDIT_ZERO || (status == AUDIT_PUBLISHED && !b->release->negative &&
                                               table->values[cell - b->offset[t]] == 0);
}

/* Merging ---------------------------------------------------------------------------------- */

/* Cells that matter of the unknown's, at the front of `touched`; false: it is zero. */
static bool touch_relevant(const struct builder *b, size_t unknown, size_t *out)
{
        size_t len = touch(b, unknown), kept = 0;

        for (size_t k = 0; k < len; k++) {
                uint32_t cell = b->touched[k];

                if (is_zero(b, cell))
                        return false;
                if (b->known[cell] != NO_SUM || b->asked[cell] != NO_SUM)
                        b->touched[kept++] = cell;
        }
        *out = kept;
        return true;
}

struct merging {
        uint32_t *slot, *first; /* slot: of what remains, plus 1; first: unknown it came from */
        uint64_t *hash;
        uint32_t *cells; /* a copy of `touched` */
};

static bool same_cells(const struct builder *b, const struct merging *m, uint32_t first, size_t len)
{
        size_t first_len;

        return touch_relevant(b, first, &first_len) && first_len == len &&
               memcmp(b->touched, m->cells, len * sizeof *m->cells) == 0;
}

static void merge(struct builder *b, struct merging *m, size_t unknown, size_t len)
{
        uint64_t hash = len;

        for (size_t k = 0; k < len; k++)
                hash = residue_mix(hash, b->touched[k]);
        memcpy(m->cells, b->touched, len * sizeof *m->cells);
        size_t at = hash & b->mask;
        while (m->slot[at] != 0 && (m->hash[m->slot[at] - 1] != hash ||
                                           !same_cells(b, m, m->first[m->slot[at] - 1], len)))
                at = (at + 1) & b->mask;
        if (m->slot[at] == 0) {
                m->first[b->remaining] = (uint32_t)unknown;
                m->hash[b->remaining] = hash;
                m->slot[at] = ++b->remaining;
        }
        b->merged[unknown] = m->slot[at] - 1;
}

static enum err unknowns_merge(struct builder *b)
{
        struct merging m = {0};
        size_t all = 0, len;

        for (uint32_t t = 0; t < b->release->tables_len; t++) {
                size_t each = 1;

                for (uint32_t d = 0; d < b->release->tables[t].dimensions_len; d++)
                        each *= b->axis[b->release->tables[t].dimensions[d]].each;
                all += each;
        }
        m.slot = arena_alloc(b->arena, b->mask + 1, sizeof *m.slot);
        m.first = arena_alloc_raw(b->arena, b->unknowns, sizeof *m.first);
        m.hash = arena_alloc_raw(b->arena, b->unknowns, sizeof *m.hash);
        m.cells = arena_alloc_raw(b->arena, all, sizeof *m.cells);
        if (m.slot == NULL || m.first == NULL || m.hash == NULL || m.cells == NULL)
                return ERR_NO_MEMORY;
        for (size_t u = 0; u < b->unknowns; u++) {
                b->merged[u] = NO_SUM;
                if (b->release->overlapping != 0)
                        b->merged[u] = b->remaining++;
                else if (touch_relevant(b, u, &len) && len > 0)
                        merge(b, &m, u, len);
        }
        return ERR_OK;
}

/* Ties ------------------------------------------------------------------------------------- */

static uint32_t unknown_at(const struct builder *b, uint64_t key)
{
        return b->slot[slot_of(b, key)] - 1;
}

/* A part below totals: those of its level, and the total of all. `most` NULL: only counted. */
static void ties_of(struct builder *b, uint32_t unknown, uint32_t dimension, uint64_t step)
{
        const struct model_dimension *d = &b->release->dimensions[dimension];
        uint32_t nodes = b->axis[dimension].nodes;
        uint32_t node = (uint32_t)(b->key[unknown] / step % nodes);

        for (uint32_t level = 0; level <= d->levels_len; level++) {
                uint32_t first = nodes_before(d, level), end = nodes_before(d, level + 1);

                if (node < first || node >= end)
                        continue;
                for (uint32_t l = 0; l <= d->levels_len; l++) {
                        uint32_t above = nodes - 1;

                        if (l < d->levels_len && d->levels[l].of != level)
                                continue;
                        if (l < d->levels_len)
                                above = nodes_before(d, l + 1) + d->levels[l].parent[node - first];
                        uint64_t key = b->key[unknown] + (above - node) * step;
                        if (b->tie != NULL)
                                b->tie[b->ties_len] = (struct tie){
                                        unknown_at(b, key), dimension << 16 | level, unknown};
                        b->ties_len++;
                }
        }
}

static int by_tie(const void *x, const void *y)
{
        const struct tie *a = x, *b = y;

        if (a->total != b->total)
                return a->total < b->total ? -1 : 1;
        if (a->set != b->set)
                return a->set < b->set ? -1 : 1;
        return (a->part > b->part) - (a->part < b->part);
}

static void ties_walk(struct builder *b)
{
        uint64_t step = 1;

        b->ties_len = 0;
        for (uint32_t d = b->release->dimensions_len; d-- > 0;) {
                for (size_t u = 0; u < b->unknowns && b->axis[d].overlaps; u++)
                        ties_of(b, (uint32_t)u, d, step);
                step *= b->axis[d].categories;
        }
}

static enum err ties_new(struct builder *b)
{
        ties_walk(b);
        b->tie = arena_alloc(b->arena, b->ties_len, sizeof *b->tie);
        if (b->tie == NULL)
                return ERR_NO_MEMORY;
        ties_walk(b);
        qsort(b->tie, b->ties_len, sizeof *b->tie, by_tie);
        return ERR_OK;
}

/* Sums ------------------------------------------------------------------------------------- */

struct sums {
        size_t *start;
        uint32_t *unknown;
        int8_t *sign;
        int64_t *low, *high;
        uint32_t len;
};

/* Rows beside the published cells: two per tie at most, one per protected cell. */
static enum err sums_new(struct builder *b, struct sums *s, uint32_t len, size_t ones)
{
        s->start = arena_alloc(b->arena, (size_t)len + 2, sizeof *s->start);
        s->unknown = arena_alloc_raw(b->arena, ones, sizeof *s->unknown);
        s->sign = arena_alloc_raw(b->arena, ones, sizeof *s->sign);
        s->low = arena_alloc_raw(b->arena, len, sizeof *s->low);
        s->high = arena_alloc_raw(b->arena, len, sizeof *s->high);
        return s->start == NULL || s->unknown == NULL || s->sign == NULL || s->low == NULL ||
                               s->high == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

/* Of merged unknowns the first speaks for all. */
static bool speaks(const struct builder *b, const bool *spoken, size_t unknown)
{
        return b->merged[unknown] != NO_SUM && !spoken[b->merged[unknown]];
}

/* start[s + 2] counts, then start[s + 1] is where the next unknown goes. */
static void sums_walk(
        struct builder *b, bool *spoken, const uint32_t *number, struct sums *s, bool fill)
{
        memset(spoken, 0, b->remaining * sizeof *spoken);
        for (size_t u = 0; u < b->unknowns; u++) {
                if (!speaks(b, spoken, u))
                        continue;
                spoken[b->merged[u]] = true;
                size_t len = touch(b, u);
                for (size_t k = 0; k < len; k++) {
                        uint32_t sum = number[b->touched[k]];

                        if (sum == NO_SUM)
                                continue;
                        if (fill)
                                s->unknown[s->start[sum + 1]++] = b->merged[u];
                        else
                                s->start[sum + 2]++;
                }
        }
}

/* Of all cells with a number, with room for more rows and ones. */
static enum err sums_make(struct builder *b, const uint32_t *number, uint32_t len, uint32_t more,
        size_t more_ones, struct sums *s)
{
        bool *spoken = arena_alloc(b->arena, b->remaining, sizeof *spoken);
        struct sums counted = {0};

        if (spoken == NULL)
                return ERR_NO_MEMORY;
        counted.start = arena_alloc(b->arena, (size_t)len + 2, sizeof *counted.start);
        if (counted.start == NULL)
                return ERR_NO_MEMORY;
        sums_walk(b, spoken, number, &counted, false);
        for (uint32_t i = 2; i < len + 2; i++)
                counted.start[i] += counted.start[i - 1];
        size_t ones = counted.start[len + 1];
        if (ones > MODEL_SUMS_MAX || more_ones > MODEL_SUMS_MAX || more > UINT32_MAX / 2 - len)
                return ERR_TOO_MANY_CELLS;
        TRY(sums_new(b, s, len + more, ones + more_ones));
        memcpy(s->start, counted.start, ((size_t)len + 2) * sizeof *s->start);
        sums_walk(b, spoken, number, s, true);
        memset(s->sign, 1, ones);
        s->len = len;
        return ERR_OK;
}

static void sum_end(struct sums *s, size_t end, int64_t low, int64_t high)
{
        s->low[s->len] = low;
        s->high[s->len] = high;
        s->start[++s->len] = end;
}

static size_t sum_put(struct sums *s, size_t at, uint32_t unknown, int8_t sign)
{
        s->unknown[at] = unknown;
        s->sign[at] = sign;
        return at + 1;
}

static void ties_put(const struct builder *b, struct sums *s)
{
        for (uint32_t i = 0, end; i < b->ties_len; i = end) {
                const struct tie *t = &b->tie[i];
                size_t at;

                for (end = i; end < b->ties_len && b->tie[end].total == t->total &&
                              b->tie[end].set == t->set;
                        end++) {
                        at = sum_put(s, s->start[s->len], t->total, 1);
                        sum_end(s, sum_put(s, at, b->tie[end].part, -1), 0, BOUNDS_NONE);
                }
                at = sum_put(s, s->start[s->len], t->total, -1);
                for (uint32_t k = i; k < end; k++)
                        at = sum_put(s, at, b->tie[k].part, 1);
                sum_end(s, at, 0, BOUNDS_NONE);
        }
}

static bool has_floor(const struct builder *b, const struct audit_system *a, uint32_t asked)
{
        return b->release->tables[a->table[asked]].status[a->cell[asked]] != AUDIT_REFUSED;
}

/* What is protected is at least 1, unless its row was refused: of a single unknown a bound,
 * else a sum, unless one of its unknowns is so already. */
static void floors_put(
        const struct builder *b, const struct audit_system *a, int64_t *low, struct sums *s)
{
        const struct bounds_sums *asked = &a->system.asked;

        for (uint32_t i = 0; i < asked->len; i++)
                if (asked->start[i + 1] - asked->start[i] == 1 && has_floor(b, a, i))
                        low[asked->unknown[asked->start[i]]] = 1;
        for (uint32_t i = 0; i < asked->len; i++) {
                bool already = asked->start[i] == asked->start[i + 1] || !has_floor(b, a, i);
                size_t at = s->start[s->len];

                for (size_t k = asked->start[i]; k < asked->start[i + 1] && !already; k++)
                        already = low[asked->unknown[k]] >= 1;
                for (size_t k = asked->start[i]; k < asked->start[i + 1] && !already; k++)
                        at = sum_put(s, at, asked->unknown[k], 1);
                if (!already)
                        sum_end(s, at, 1, BOUNDS_NONE);
        }
}

static void values_put(const struct builder *b, struct sums *s)
{
        for (uint32_t t = 0; t < b->release->tables_len; t++)
                for (size_t i = b->offset[t]; i < b->offset[t + 1]; i++)
                        if (b->known[i] != NO_SUM)
                                s->low[b->known[i]] = s->high[b->known[i]] =
                                        b->release->tables[t].values[i - b->offset[t]];
}

static enum err limits_new(const struct builder *b, int64_t **low, int64_t **high)
{
        *low = arena_alloc(b->arena, b->remaining, sizeof **low);
        *high = arena_alloc_raw(b->arena, b->remaining, sizeof **high);
        if (*low == NULL || *high == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < b->remaining; u++) {
                (*low)[u] = b->release->negative ? -BOUNDS_NONE : 0;
                (*high)[u] = BOUNDS_NONE;
        }
        /* Unknowns of overlapping categories are all kept, zeros as well. */
        for (size_t u = 0; u < b->unknowns && b->release->overlapping != 0; u++) {
                size_t len = touch(b, u);

                for (size_t k = 0; k < len; k++)
                        if (is_zero(b, b->touched[k]))
                                (*low)[u] = (*high)[u] = 0;
        }
        return ERR_OK;
}

static enum err system_make(struct builder *b, struct audit_system *out)
{
        struct sums asked, known;
        int64_t *low, *high;

        TRY(sums_make(b, b->asked, b->asked_len, 0, 0, &asked));
        size_t floors = b->floors ? asked.start[b->asked_len] : 0;
        if (b->ties_len > MODEL_ROWS_MAX)
                return ERR_TOO_MANY_CELLS;
        TRY(sums_make(b, b->known, b->known_len, 2 * b->ties_len + (b->floors ? b->asked_len : 0),
                (size_t)4 * b->ties_len + floors, &known));
        TRY(limits_new(b, &low, &high));
        values_put(b, &known);
        ties_put(b, &known);
        out->system.asked = (struct bounds_sums){
                .len = b->asked_len, .start = asked.start, .unknown = asked.unknown};
        if (b->floors)
                floors_put(b, out, low, &known);
        out->system.unknowns = b->remaining;
        out->system.low = low;
        out->system.high = high;
        out->system.known = (struct bounds_sums){known.len, known.start, known.unknown, known.sign};
        out->system.known_low = known.low;
        out->system.known_high = known.high;
        return ERR_OK;
}

/* A number of the table that was told stands in one unknown, or in none that anybody asks about. */
static uint32_t unknown_of_inner(const struct builder *b, uint32_t inner)
{
        const struct audit_release *r = b->release;
        uint64_t key = inner;

        if (r->inner != NULL && inner >= r->inner_len)
                return NO_SUM;
        for (uint32_t d = 0; d < r->dimensions_len && r->inner != NULL; d++)
                key = (d == 0 ? 0 : key * b->axis[d].categories) +
                      r->inner[(size_t)inner * r->dimensions_len + d];
        size_t slot = slot_of(b, key);
        return b->slot[slot] == 0 ? NO_SUM : b->merged[b->slot[slot] - 1];
}

static enum err told_read(const struct builder *b, struct audit_system *out)
{
        const struct moves_told *t = b->release->told;

        if (t == NULL || b->release->overlapping != 0)
                return ERR_OK;
        out->told_value = arena_alloc(b->arena, b->remaining, sizeof *out->told_value);
        out->told_unknown = arena_alloc_raw(b->arena, t->len, sizeof *out->told_unknown);
        if (out->told_value == NULL || out->told_unknown == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < t->len; i++) {
                uint32_t u = out->told_unknown[i] = unknown_of_inner(b, t->inner[i]);

                if (u != NO_SUM && t->value[i] <= BOUNDS_LARGEST && t->value[i] >= -BOUNDS_LARGEST)
                        out->told_value[u] += t->value[i];
        }
        return ERR_OK;
}

enum err audit_system_new(struct arena *arena, const struct audit_release *release, bool floors,
        struct audit_system *out)
{
        struct builder b = {.arena = arena, .release = release, .floors = floors};
        struct audit_system system = {0};

        if (release->dimensions_len > MODEL_DIMENSIONS_MAX || release->tables_len == 0 ||
                release->overlapping >> release->dimensions_len != 0)
                return ERR_INVALID;
        for (uint32_t d = 0; d < release->dimensions_len; d++)
                TRY(axis_new(&b, d));
        TRY(tables_check(&b));
        TRY(unknowns_new(&b));
        TRY(cells_number(&b, &system));
        TRY(unknowns_merge(&b));
        TRY(ties_new(&b));
        TRY(system_make(&b, &system));
        TRY(told_read(&b, &system));
        *out = system;
        return ERR_OK;
}
