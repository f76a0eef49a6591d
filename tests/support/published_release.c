/* SPDX-License-Identifier: Apache-2.0 */
/* published_release.c: statuses by pattern or by chance, and a walk through all tables. */
#include "tests/support/published_release.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

static uint8_t status_of(uint8_t pattern)
{
        switch ((enum suppress_status)pattern) {
        case SUPPRESS_PRIMARY:
        case SUPPRESS_SECONDARY:
                return AUDIT_PROTECTED;
        case SUPPRESS_PUBLISHED:
                return AUDIT_PUBLISHED;
        case SUPPRESS_ABSENT:
                return AUDIT_ABSENT;
        }
        return AUDIT_PROTECTED;
}

static uint8_t status_by_chance(uint64_t seed, size_t cell, uint32_t protected_in, bool zero)
{
        uint64_t thrown = residue_mix(seed, cell);

        if (zero)
                return AUDIT_PUBLISHED;
        if (thrown % protected_in == 0)
                return AUDIT_PROTECTED;
        return thrown / protected_in % 8 == 0 ? AUDIT_ABSENT : AUDIT_PUBLISHED;
}

void published_release_new(struct arena *arena, const struct random_release *from,
        const struct suppress_result *pattern, uint64_t seed, uint32_t protected_in,
        bool zeros_published, struct published_release *out)
{
        size_t offset = 0;

        *out = (struct published_release){0};
        for (uint32_t t = 0; t < from->release.tables_len; t++) {
                out->status[t] = arena_alloc(arena, from->cells[t], sizeof *out->status[t]);
                out->values[t] = arena_alloc(arena, from->cells[t], sizeof *out->values[t]);
                assert(out->status[t] != NULL && out->values[t] != NULL);
                for (size_t i = 0; i < from->cells[t]; i++) {
                        const struct model_cell *cell = &from->cell[t][i];
                        bool zero = zeros_published && cell->want == 0;

                        out->status[t][i] = pattern != NULL ? status_of(pattern->status[offset + i])
                                                            : status_by_chance(seed, offset + i,
                                                                      protected_in, zero);
                        out->values[t][i] = out->status[t][i] == AUDIT_PUBLISHED
                                                    ? (int64_t)cell->want
                                                    : INT64_MIN;
                }
                offset += from->cells[t];
                out->table[t] = (struct audit_table){from->release.tables[t].dimensions,
                        from->release.tables[t].dimensions_len, out->status[t], out->values[t]};
        }
        out->release = (struct audit_release){.dimensions = from->release.dimensions,
                .dimensions_len = from->release.dimensions_len,
                .tables = out->table,
                .tables_len = from->release.tables_len,
                .zeros_published = zeros_published};
}

/* Every table ------------------------------------------------------------------------------ */

enum { CELLS = 4096, INNER = 16 };

struct walk {
        const struct random_release *from;
        size_t cells, protected_len;
        bool in[INNER][CELLS];
        bool published[CELLS], is_protected[CELLS];
        int64_t value[CELLS], sum[CELLS];
        int64_t most[INNER];
        uint32_t together[INNER]; /* the first inner cell that hangs together with it */
        bool floors, found;
        uint32_t threshold;
        int64_t scale, *low, *high;
};

static bool node_holds(const struct model_dimension *d, uint32_t node, uint32_t leaf)
{
        uint32_t first = d->leaves;

        if (node < d->leaves)
                return node == leaf;
        for (uint32_t l = 0; l < d->levels_len; l++) {
                const struct model_level *level = &d->levels[l];
                uint32_t group = leaf;

                if (level->of > 0)
                        group = d->levels[level->of - 1].parent[leaf];
                if (node < first + level->len)
                        return level->parent[group] == node - first;
                first += level->len;
        }
        return true;
}

/* Levels are at most two, so a level of a level stands on the leaves. */
static bool cell_holds(const struct random_release *r, uint32_t t, size_t cell, size_t inner)
{
        uint32_t leaf[RELEASE_DIMENSIONS];

        for (uint32_t d = r->release.dimensions_len; d-- > 0;) {
                leaf[d] = (uint32_t)(inner % r->dimension[d].leaves);
                inner /= r->dimension[d].leaves;
        }
        for (uint32_t k = r->table[t].dimensions_len; k-- > 0;) {
                uint32_t d = r->table[t].dimensions[k], nodes = model_nodes(&r->dimension[d]);

                if (!node_holds(&r->dimension[d], (uint32_t)(cell % nodes), leaf[d]))
                        return false;
                cell /= nodes;
        }
        return true;
}

static void walk_cell(
        struct walk *w, const struct published_release *p, uint32_t t, size_t i, size_t at)
{
        w->published[at] = p->status[t][i] == AUDIT_PUBLISHED;
        w->is_protected[at] = p->status[t][i] == AUDIT_PROTECTED;
        w->value[at] = w->published[at] ? p->values[t][i] * w->scale : 0;
        for (size_t k = 0; k < w->from->inner; k++) {
                w->in[k][at] = cell_holds(w->from, t, i, k);
                if (w->in[k][at] && w->published[at] && w->value[at] < w->most[k])
                        w->most[k] = w->value[at];
        }
}

static void tie(struct walk *w, uint32_t a, uint32_t b)
{
        for (size_t k = 0; k < w->from->inner; k++)
                if (w->together[k] == b)
                        w->together[k] = a;
}

/* Inner cells of one cell, published or protected, hang together; known zeros with nothing. */
static void tie_all(struct walk *w)
{
        for (uint32_t k = 0; k < w->from->inner; k++)
                w->together[k] = k;
        for (size_t c = 0; c < w->cells; c++) {
                uint32_t first = INNER;

                for (uint32_t k = 0; k < w->from->inner; k++) {
                        if (!w->in[k][c] || w->most[k] == 0 ||
                                !(w->published[c] || w->is_protected[c]))
                                continue;
                        if (first == INNER)
                                first = k;
                        tie(w, w->together[first], w->together[k]);
                }
        }
}

/* Of each protected cell, whether any that it hangs together with is below the threshold. */
static bool has_reasons(const struct walk *w)
{
        bool asked[INNER] = {false}, given[INNER] = {false};

        for (size_t c = 0; c < w->cells; c++)
                for (size_t k = 0; k < w->from->inner && w->is_protected[c]; k++)
                        if (w->in[k][c] && w->most[k] > 0) {
                                asked[w->together[k]] = true;
                                given[w->together[k]] |= w->sum[c] < (int64_t)w->threshold;
                        }
        for (size_t k = 0; k < w->from->inner; k++)
                if (asked[k] && !given[k])
                        return false;
        return true;
}

/* All inner cells have their value. */
static void judge(struct walk *w)
{
        size_t at = 0;

        if (w->threshold > 0 && !has_reasons(w))
                return;

        for (size_t c = 0; c < w->cells; c++)
                if ((w->published[c] && w->sum[c] != w->value[c]) ||
                        (w->floors && w->is_protected[c] && w->sum[c] < 1))
                        return;
        w->found = true;
        for (size_t c = 0; c < w->cells; c++) {
                if (!w->is_protected[c])
                        continue;
                if (w->sum[c] < w->low[at])
                        w->low[at] = w->sum[c];
                if (w->sum[c] > w->high[at])
                        w->high[at] = w->sum[c];
                at++;
        }
}

static void add(struct walk *w, size_t inner, int64_t value)
{
        for (size_t c = 0; c < w->cells; c++)
                w->sum[c] += w->in[inner][c] ? value : 0;
}

static bool too_large(const struct walk *w, size_t inner)
{
        for (size_t c = 0; c < w->cells; c++)
                if (w->in[inner][c] && w->published[c] && w->sum[c] > w->value[c])
                        return true;
        return false;
}

static void walk_inner(struct walk *w, size_t inner)
{
        if (inner == w->from->inner) {
                judge(w);
                return;
        }
        int64_t most = w->most[inner];
        /* What nothing bounds is tried at its ends. */
        for (int64_t value = 0; value <= most;
                value = most >= UNBOUNDED && value == 1 ? most : value + 1) {
                add(w, inner, value);
                bool over = too_large(w, inner);
                if (!over)
                        walk_inner(w, inner + 1);
                add(w, inner, -value);
                if (over)
                        return;
        }
}

bool published_release_try_all(const struct random_release *from, const struct published_release *p,
        uint32_t scale, bool floors, uint32_t threshold, int64_t *low, int64_t *high)
{
        struct walk *w = calloc(1, sizeof *w);
        size_t at = 0;

        assert(w != NULL && from->inner <= INNER);
        w->from = from;
        w->scale = scale;
        w->floors = floors;
        w->threshold = threshold;
        w->low = low;
        w->high = high;
        for (size_t k = 0; k < from->inner; k++)
                w->most[k] = UNBOUNDED;
        for (uint32_t t = 0; t < from->release.tables_len; t++)
                for (size_t i = 0; i < from->cells[t]; i++) {
                        assert(at < CELLS);
                        walk_cell(w, p, t, i, at);
                        if (w->is_protected[at++]) {
                                low[w->protected_len] = INT64_MAX;
                                high[w->protected_len++] = INT64_MIN;
                        }
                }
        w->cells = at;
        tie_all(w);
        walk_inner(w, 0);
        bool found = w->found;
        free(w);
        return found;
}
