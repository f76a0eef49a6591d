/* SPDX-License-Identifier: Apache-2.0 */
/* joint_cross.c: measures that are about some of a cell's persons.
 *
 * A measure with filters, a numerator, a denominator are each so many of the cell's
 * persons. By which of them take her, a person is of a kind, so every inner cell becomes as
 * many rows as there are kinds by definition (joint_sides.c), fewer in a category that
 * excludes some. A cell is the sum of all, a quantity the sum of those kinds that it takes,
 * and the model knows all ways in which cells and measures add up. What the cells were
 * decided to be is known or protected by then.
 *
 * What is summed, days and families are no counts of the cell's persons. Each is a model of
 * its own over the same rows, of which the cells say nothing but where nobody is.
 *
 * Shown numbers tell more than sums: nobody is left of a kind that a shown zero takes, or
 * that a shown number as large as its cell leaves out. And where the schema allows a missing
 * value, all may know that there is none. But one who is of two kinds, with two records, is
 * in both. So all is protected with that knowledge, and once more without.
 *
 * What goes with others takes its measure along, and then the measure's other side is not
 * told either; so it is gone round until nothing changes.
 *
 * What follows from definitions and shown cells alone is not withheld in vain. Such
 * quantities are left out of what is protected, as the question itself tells them. */
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/joint_measures.h"

/* Rounds, each of which hides something more; then all is. */
enum { ROUNDS_MAX = 32 };

enum supposition { SUPPOSE_STATED = 0, SUPPOSE_SHOWN, SUPPOSITIONS };

struct cross {
        struct measuring *m;
        bool within;
        uint32_t adds; /* of what is not within */
        struct model_level levels[SIDES_MAX];
        uint32_t nodes; /* of the dimension of kinds */
        struct joint_layer layer;
        bool *supposed[SUPPOSITIONS]; /* cells of the layer */
};

/* Space ------------------------------------------------------------------------------------ */

/* One level for each side: group 1 are the kinds that it takes. */
static enum err dimension_make(struct cross *x, struct model_dimension *out)
{
        const struct measuring *m = x->m;

        *out = (struct model_dimension){
                .leaves = m->kinds, .levels = x->levels, .levels_len = m->sides_len};
        for (uint32_t i = 0; i < m->sides_len; i++) {
                uint32_t *parent = arena_alloc(m->j->arena, m->kinds, sizeof *parent);

                if (parent == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t k = 0; k < m->kinds; k++)
                        parent[k] = m->kind[k] >> i & 1;
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
        s->inner_len = base->inner_len * x->m->kinds;
        to = arena_alloc_raw(x->m->j->arena, s->inner_len * s->dimensions_len, sizeof *to);
        if (to == NULL)
                return ERR_NO_MEMORY;
        s->inner = to;
        for (size_t i = 0; i < s->inner_len; i++, to += s->dimensions_len) {
                memcpy(to, &base->inner[i / x->m->kinds * base->dimensions_len],
                        base->dimensions_len * sizeof *to);
                to[base->dimensions_len] = (uint32_t)(i % x->m->kinds);
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

/* Where a cell's quantities lie: what a side takes, what it leaves out, all. */
static size_t node_of(const struct cross *x, size_t cell, uint32_t crossed, bool taken)
{
        size_t from = x->m->j->base.space.cell_of[0][cell] * (size_t)x->nodes;

        return crossed == CROSSED_ALL ? from + x->nodes - 1
                                      : from + x->m->kinds + 2 * (size_t)crossed + taken;
}

static bool is_nowhere(const struct measuring *m, size_t cell)
{
        return m->j->base.space.cell_of[0][cell] == SPACE_NOWHERE;
}

/* Quantities ------------------------------------------------------------------------------- */

/* Those that this model decides. */
static bool is_decided(const struct cross *x, uint32_t i)
{
        const struct quantity *q = &x->m->quantities.of[i];

        if (x->m->crossed[i] == CROSSED_NOBODY || x->m->crossed[i] == CROSSED_UNTOLD)
                return false;
        return x->within ? q->within && x->m->crossed[i] != CROSSED_ALL
                         : !q->within && q->adds == x->adds;
}

/* Another number of the same measure is hidden, so this one is not told by it. */
static bool is_untold(const struct measuring *m, uint32_t measure, size_t cell)
{
        for (uint32_t i = 0; i < m->quantities.len; i++)
                if (m->quantities.of[i].measure == measure && m->hidden[m->same[i]][cell])
                        return true;
        return false;
}

/* What a quantity with a role says of its cell. */
static void cell_say(struct cross *x, const struct quantity *q, size_t cell, uint8_t role,
        struct model_cell *c, int64_t *value)
{
        const struct measuring *m = x->m;
        uint64_t amount =
                q->value[cell] < 0 ? 0 - (uint64_t)q->value[cell] : (uint64_t)q->value[cell];

        c->role = measures_role(c->role, role);
        /* TABLE_NO_VALUE is large, and as good as any. */
        c->want = (amount >> 4 > c->want ? amount >> 4 : c->want) | 1;
        c->cost = 1;
        if (role != MODEL_ROLE_PROTECT)
                return;
        int64_t persons = q->within ? q->value[cell] : m->t->persons[cell];
        c->alone |= persons == 1 || m->j->base.cell[m->j->base.space.cell_of[0][cell]].alone;
        c->lowest |= q->within && q->value[cell] <= (m->j->settings->zeros_published ? 1 : 0);
        /* Groups are as large as they have persons. */
        const int64_t *behind = m->t->measures[q->measure].contributors;
        *value = q->within ? q->value[cell] : behind != NULL ? behind[cell] : m->t->persons[cell];
}

static void quantity_cells(struct cross *x, uint32_t i)
{
        const struct measuring *m = x->m;
        const struct quantity *q = &m->quantities.of[i];
        bool zeros = m->j->settings->zeros_published;

        for (size_t c = 0; c < m->t->cells_len; c++) {
                if (is_nowhere(m, c))
                        continue;
                uint8_t role = quantity_role(m->t, m->told, q, c, zeros);
                size_t to = node_of(x, c, m->crossed[i], true);

                if (role != MODEL_ROLE_PROTECT && m->t->persons[c] > 0) {
                        if (m->hidden[m->same[i]][c])
                                role = MODEL_ROLE_PROTECT;
                        else if (is_untold(m, q->measure, c))
                                role = MODEL_ROLE_ABSENT;
                }
                cell_say(x, q, c, role, &x->layer.cell[to], &x->layer.value[to]);
        }
}

/* The cells as they were decided, known or protected; of sums, where nobody is. */
static void cells_known(struct cross *x)
{
        const struct joint_layer *base = &x->m->j->base;

        for (size_t i = 0; i < base->space.cells; i++) {
                size_t to = i * x->nodes + x->nodes - 1;
                struct model_cell *c = &x->layer.cell[to];

                if (!x->within) {
                        c->role = base->cell[i].role == MODEL_ROLE_ZERO ? MODEL_ROLE_ZERO
                                                                        : MODEL_ROLE_ABSENT;
                        continue;
                }
                *c = base->cell[i];
                if (c->role == MODEL_ROLE_ZERO || c->role == MODEL_ROLE_ABSENT)
                        continue;
                c->role = base->status[i] == SUPPRESS_PUBLISHED ? MODEL_ROLE_KNOWN
                                                                : MODEL_ROLE_PROTECT;
                x->layer.value[to] = base->value[i];
        }
}

/* Kinds ------------------------------------------------------------------------------------ */

/* Kinds that a cell cannot have by definition. Where it can have none at all nobody should be
 * there, and nothing is said. */
static void kinds_exclude(struct cross *x, bool stated, bool *supposed)
{
        const struct measuring *m = x->m;
        uint32_t at[DIMENSIONS_MAX], kind[KINDS_MAX + 1];

        for (size_t c = 0; c < m->t->cells_len; c++) {
                if (is_nowhere(m, c))
                        continue;
                table_coordinates(m->t, c, at);
                const struct kinds_asked asked = {
                        .sides = m->sides, .len = m->sides_len, .at = at, .stated = stated};
                uint32_t len = kinds_list(m->t, &asked, kind);
                size_t from = m->j->base.space.cell_of[0][c] * (size_t)x->nodes;
                for (uint32_t k = 0; k < m->kinds && len > 0; k++) {
                        bool possible = false;

                        for (uint32_t i = 0; i < len; i++)
                                possible |= kind[i] == m->kind[k];
                        if (!possible && supposed != NULL)
                                supposed[from + k] = true;
                        else if (!possible)
                                x->layer.cell[from + k].role = MODEL_ROLE_ZERO;
                }
        }
}

/* Whether a count is seen of this cell. */
static bool is_shown(const struct measuring *m, uint32_t i, size_t cell)
{
        const struct quantity *q = &m->quantities.of[i];

        return m->t->status[cell] == CELL_VALUE &&
               m->t->measures[q->measure].status[cell] == CELL_VALUE &&
               !is_untold(m, q->measure, cell);
}

/* What shown numbers say of nobody. */
static void numbers_tell(struct cross *x, bool *supposed)
{
        const struct measuring *m = x->m;

        for (uint32_t i = 0; i < m->quantities.len; i++) {
                const struct quantity *q = &m->quantities.of[i];

                for (size_t c = 0; c < m->t->cells_len && m->crossed[i] < m->sides_len; c++) {
                        if (is_nowhere(m, c) || !is_shown(m, i, c) || m->t->persons[c] == 0)
                                continue;
                        if (q->within && q->value[c] == m->t->persons[c])
                                supposed[node_of(x, c, m->crossed[i], false)] = true;
                        if (q->value[c] == 0 && (q->within || is_decided(x, i)))
                                supposed[node_of(x, c, m->crossed[i], true)] = true;
                }
        }
}

/* A value that is missing is nothing, and its mark says so. */
static void marks_tell(struct cross *x, bool *supposed)
{
        const struct measuring *m = x->m;

        for (uint32_t i = 0; i < m->quantities.len; i++) {
                const uint8_t *status = m->t->measures[m->quantities.of[i].measure].status;

                for (size_t c = 0; is_decided(x, i) && c < m->t->cells_len; c++)
                        if (!is_nowhere(m, c) && m->t->status[c] == CELL_VALUE &&
                                (status[c] == CELL_MISSING || status[c] == CELL_NOT_APPLICABLE))
                                supposed[node_of(x, c, m->crossed[i], true)] = true;
        }
}

/* Runs ------------------------------------------------------------------------------------- */

static enum err layer_run(struct cross *x, bool *more)
{
        struct measuring *m = x->m;
        struct space space = {0};

        TRY(space_make(x, &space));
        TRY(joint_layer_new(m->j, &space, true, &x->layer));
        for (int s = 0; s < SUPPOSITIONS; s++) {
                x->supposed[s] = arena_alloc(m->j->arena, space.cells, sizeof(bool));
                if (x->supposed[s] == NULL)
                        return ERR_NO_MEMORY;
        }
        cells_known(x);
        for (uint32_t i = 0; i < m->quantities.len; i++)
                if (is_decided(x, i))
                        quantity_cells(x, i);
        kinds_exclude(x, false, NULL);
        kinds_exclude(x, true, x->supposed[SUPPOSE_STATED]);
        numbers_tell(x, x->supposed[SUPPOSE_SHOWN]);
        marks_tell(x, x->supposed[SUPPOSE_SHOWN]);
        TRY(measures_settle(m->j, &x->layer, x->supposed, SUPPOSITIONS));
        for (uint32_t i = 0; i < m->quantities.len; i++)
                for (size_t c = 0; is_decided(x, i) && c < m->t->cells_len; c++) {
                        bool *hidden = &m->hidden[m->same[i]][c];

                        if (is_nowhere(m, c) || *hidden)
                                continue;
                        uint8_t status = x->layer.status[node_of(x, c, m->crossed[i], true)];
                        *hidden = x->layer.failed || status == SUPPRESS_PRIMARY ||
                                  status == SUPPRESS_SECONDARY;
                        *more |= *hidden;
                }
        return ERR_OK;
}

/* Persons, then each that is added up. */
static enum err round_run(struct measuring *m, bool *more)
{
        struct cross persons = {.m = m, .within = true};
        bool any = false;

        for (uint32_t i = 0; i < m->quantities.len; i++)
                any |= is_decided(&persons, i);
        if (any)
                TRY(layer_run(&persons, more));
        for (uint32_t i = 0; i < m->quantities.len; i++) {
                struct cross sums = {.m = m, .adds = m->quantities.of[i].adds};
                bool first = is_decided(&sums, i);

                for (uint32_t k = 0; k < i; k++)
                        first &= !is_decided(&sums, k);
                if (first)
                        TRY(layer_run(&sums, more));
        }
        return ERR_OK;
}

enum err measures_cross(struct measuring *m)
{
        bool more = true;

        for (uint32_t round = 0; more && round < ROUNDS_MAX; round++) {
                more = false;
                TRY(round_run(m, &more));
        }
        for (uint32_t i = 0; more && i < m->quantities.len; i++)
                memset(m->hidden[m->same[i]], true, m->t->cells_len);
        return ERR_OK;
}
