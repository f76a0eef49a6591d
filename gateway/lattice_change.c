/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_change.c: what a new cube may tell to whoever has an older one.
 *
 * An older cell is a sum of what its inner cells held then, x, a new one of what they hold
 * now, x + δ. The attacker has the older cube, knows which inner cells have not moved (who
 * delivered is public), and subtracts. So both cubes and the change are one model whose inner
 * cells are twice as many: those of x, and of δ where something moved. Older cells that were
 * told are known, those that were withheld stay protected; a change of fewer than the
 * threshold who joined or left is protected; the new cells are what can still be
 * withheld. What is, keeps the value that was told before and is marked as not revised,
 * so no difference of two cubes gives a change that is protected, nor does any sum of
 * differences.
 *
 * Which inner cells moved is counted where the older view can still be had. Else it is read
 * from the finest cells of the planned tables: one moved if every table's finest cell around
 * it did, or may have; those that moved without their leave are taken for known, which is the
 * stricter side. Where a protected change lies in none of them, or no pattern can be proved,
 * nothing that was told before is revised.
 *
 * What this does not prove: three cubes are looked at two by two, the newest with each of
 * those before it that are heeded (lattice.c), not all at once. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/disclosure/joint_space.h"
#include "gateway/disclosure/suppress.h"
#include "gateway/lattice_parts.h"

enum { STATES = 3 /* then, the change, now */, SCRATCH_MAX = (int)(((unsigned)1 << 31) - 1) };
enum state { STATE_THEN = 0, STATE_CHANGE, STATE_NOW };
#define COMBINATIONS_MAX ((uint64_t)1 << 22)

struct holding {
        const struct lattice_axes *axes;
        struct lattice_cube *cube;
        const struct lattice_moves *moves; /* all */
        uint32_t moves_len;
        const struct lattice_moves *of; /* the one that is held against */
        uint32_t blocks;                /* leaves of the blocks: 1 where there are none */
        uint32_t lead;
        struct table **shapes; /* by table and state */
        struct disclosure_release release;
        struct space space;
        struct model_cell *cells;
        struct arena *scratch;
};

/* Shapes ----------------------------------------------------------------------------- */

static const struct dimension *blocks_of(struct holding *h, const struct table *t)
{
        if (h->lead > 0)
                return &t->dimensions[0];
        struct dimension *one = arena_alloc(h->scratch, 1, sizeof(*one));
        if (one != NULL)
                *one = (struct dimension){.len = 1};
        return one;
}

/* The table with a dimension of blocks, whether it had one or not. */
static enum err make_shape(struct holding *h, const struct table *t, struct table **out)
{
        uint32_t own = t->dimensions_len - h->lead;
        struct table *s = arena_alloc(h->scratch, 1, sizeof(*s));
        const struct dimension *blocks = blocks_of(h, t);

        if (own + 1 > DIMENSIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        if (s == NULL || blocks == NULL)
                return ERR_NO_MEMORY;
        s->dimensions = arena_alloc(h->scratch, (size_t)own + 1, sizeof(*s->dimensions));
        if (s->dimensions == NULL)
                return ERR_NO_MEMORY;
        s->dimensions[0] = *blocks;
        for (uint32_t d = 0; d < own; d++)
                s->dimensions[1 + d] = t->dimensions[h->lead + d];
        s->dimensions_len = own + 1;
        *out = s;
        return table_cells(s->dimensions, s->dimensions_len, &s->cells_len);
}

/* Leaves 0.. of the blocks are those of then, the ones behind them those of the change. */
static enum err block_axis(struct holding *h, enum state state, struct disclosure_axis *out)
{
        uint32_t *of = arena_alloc(h->scratch, (size_t)2 * h->blocks, sizeof(*of));

        if (of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < h->blocks; i++) {
                of[i] = state != STATE_CHANGE ? i : UINT32_MAX;
                of[h->blocks + i] = state != STATE_THEN ? i : UINT32_MAX;
        }
        *out = (struct disclosure_axis){0, of};
        return ERR_OK;
}

static enum err table_axes(
        struct holding *h, uint32_t table, enum state state, const struct disclosure_axis **out)
{
        const struct table *shape = h->shapes[table * STATES + state];
        struct disclosure_axis *axes =
                arena_alloc(h->scratch, shape->dimensions_len, sizeof(*axes));

        if (axes == NULL)
                return ERR_NO_MEMORY;
        TRY(block_axis(h, state, &axes[0]));
        for (uint32_t d = 1; d < shape->dimensions_len; d++) {
                axes[d] = h->axes->release.axes[table][d - 1 + h->lead];
                axes[d].shared += 1 - h->lead;
        }
        *out = axes;
        return ERR_OK;
}

static enum err make_release(struct holding *h)
{
        uint32_t tables = h->cube->tables_len, shared = h->axes->finest_len + 1;
        uint32_t *leaves = arena_alloc(h->scratch, shared, sizeof(*leaves));
        const struct disclosure_axis **axes = arena_alloc(
                h->scratch, (size_t)tables * STATES, sizeof(const struct disclosure_axis *));

        h->shapes = arena_alloc(h->scratch, (size_t)tables * STATES, sizeof(*h->shapes));
        if (leaves == NULL || axes == NULL || h->shapes == NULL)
                return ERR_NO_MEMORY;
        leaves[0] = 2 * h->blocks;
        for (uint32_t i = 0; i < h->axes->finest_len; i++)
                leaves[1 + i] = h->axes->leaves[i].len;
        for (uint32_t t = 0; t < tables; t++)
                for (int s = 0; s < STATES; s++) {
                        TRY(make_shape(
                                h, &h->cube->tables[t], &h->shapes[t * STATES + (uint32_t)s]));
                        TRY(table_axes(h, t, (enum state)s, &axes[t * STATES + (uint32_t)s]));
                }
        h->release = (struct disclosure_release){.tables = h->shapes,
                .tables_len = tables * STATES,
                .shared_len = shared,
                .leaves = leaves,
                .axes = axes};
        return ERR_OK;
}

/* Inner cells ------------------------------------------------------------------------ */

static size_t combination(const struct holding *h, uint32_t block, const uint32_t *leaves)
{
        size_t at = block;

        for (uint32_t d = 0; d < h->axes->finest_len; d++)
                at = at * h->axes->leaves[d].len + leaves[d];
        return at;
}

/* Whether what an inner cell holds may have moved: the finest cell around it in every table. */
static bool may_have_moved(const struct holding *h, uint32_t block, const uint32_t *leaves)
{
        uint32_t at[DIMENSIONS_MAX];

        if (h->of->inner != NULL)
                return h->of->inner[combination(h, block, leaves)] != 0;

        for (uint32_t t = 0; t < h->cube->tables_len; t++) {
                const struct table *of = &h->cube->tables[t];
                const struct disclosure_axis *axes = h->axes->release.axes[t];
                bool within = true;

                at[0] = block;
                for (uint32_t d = h->lead; d < of->dimensions_len && within; d++) {
                        at[d] = axes[d].of_leaf[leaves[axes[d].shared - h->lead]];
                        within = at[d] != UINT32_MAX;
                }
                if (within && h->of->moved[t][table_cell(of, at)] == MOVED_NOT)
                        return false;
        }
        return true;
}

static void add_inner(struct holding *h, uint32_t block, const uint32_t *leaves, uint32_t *list)
{
        uint32_t width = h->release.shared_len;
        uint32_t *to = list + h->release.inner_len * width;

        to[0] = block;
        memcpy(to + 1, leaves, sizeof(*leaves) * (width - 1));
        h->release.inner_len++;
        if (!may_have_moved(h, block, leaves))
                return;
        to += width;
        to[0] = h->blocks + block;
        memcpy(to + 1, leaves, sizeof(*leaves) * (width - 1));
        h->release.inner_len++;
}

/* Every combination, where the release lists none. */
static enum err all_inner(struct holding *h)
{
        uint32_t width = h->release.shared_len, leaves[LATTICE_AXES_MAX];
        uint64_t all = h->blocks;

        for (uint32_t d = 1; d < width; d++) {
                if (h->release.leaves[d] > 0 && all > COMBINATIONS_MAX / h->release.leaves[d])
                        return ERR_TOO_MANY_CELLS;
                all *= h->release.leaves[d];
        }
        uint32_t *list = arena_alloc_raw(h->scratch, (size_t)all * 2 * width, sizeof(*list));
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint64_t i = 0; i < all; i++) {
                uint64_t rest = i;

                for (uint32_t d = width; d-- > 1;) {
                        leaves[d - 1] = (uint32_t)(rest % h->release.leaves[d]);
                        rest /= h->release.leaves[d];
                }
                add_inner(h, (uint32_t)rest, leaves, list);
        }
        h->release.inner = list;
        return ERR_OK;
}

/* Those that moved and hold nobody any more. */
static void vanished_inner(struct holding *h, const uint8_t *listed, size_t len, uint32_t *list)
{
        uint32_t leaves[LATTICE_AXES_MAX];

        for (size_t i = 0; i < len; i++) {
                size_t rest = i;

                if (h->of->inner[i] == 0 || listed[i])
                        continue;
                for (uint32_t d = h->axes->finest_len; d-- > 0;) {
                        leaves[d] = (uint32_t)(rest % h->axes->leaves[d].len);
                        rest /= h->axes->leaves[d].len;
                }
                add_inner(h, (uint32_t)rest, leaves, list);
        }
}

static enum err listed_inner(struct holding *h)
{
        const struct disclosure_release *from = &h->axes->release;
        uint32_t width = h->release.shared_len;
        size_t len = h->blocks, moved = 0;

        for (uint32_t d = 0; d < h->axes->finest_len; d++)
                len *= h->axes->leaves[d].len;
        len = h->of->inner != NULL ? len : 0;
        for (size_t i = 0; i < len; i++)
                moved += h->of->inner[i];
        uint32_t *list =
                arena_alloc_raw(h->scratch, (from->inner_len + moved) * 2 * width, sizeof(*list));
        uint8_t *listed = arena_alloc(h->scratch, len, 1);
        if (list == NULL || listed == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->inner_len; i++) {
                const uint32_t *leaves = from->inner + i * from->shared_len;
                uint32_t block = h->lead > 0 ? leaves[0] : 0;

                add_inner(h, block, leaves + h->lead, list);
                if (len > 0)
                        listed[combination(h, block, leaves + h->lead)] = 1;
        }
        vanished_inner(h, listed, len, list);
        h->release.inner = list;
        return ERR_OK;
}

/* Roles ------------------------------------------------------------------------------ */

/* The cube's cell of a shape's; SIZE_MAX: the total of blocks that are one. */
static size_t cube_cell(const struct holding *h, const struct table *t, size_t cell)
{
        if (h->lead > 0)
                return cell;
        return cell < t->cells_len ? cell : SIZE_MAX;
}

static uint8_t role_then(const struct holding *h, uint32_t t, size_t cell)
{
        const struct table *then = h->of->table[t];
        size_t was = h->of->was[t][cell];

        if (was == SIZE_MAX)
                return MODEL_ROLE_ABSENT;
        switch ((enum cell_status)then->status[was]) {
        case CELL_VALUE:
                if (then->held[was])
                        break; /* as it was then it was not told */
                return then->persons[was] == 0 ? MODEL_ROLE_ZERO : MODEL_ROLE_KNOWN;
        case CELL_MISSING:
        case CELL_NOT_APPLICABLE:
                return MODEL_ROLE_ABSENT;
        case CELL_PROTECTED:
        case CELL_STATUS_COUNT:
                break;
        }
        return MODEL_ROLE_PROTECT;
}

/* What went with a neighbour is no secret of its own: it may be known from before. */
static bool is_secret(const struct table *t, size_t cell)
{
        return t->rule[cell] != CELL_RULE_SECONDARY && t->rule[cell] != CELL_RULE_INTERVAL;
}

static bool told_then(const struct holding *h, uint32_t t, size_t cell)
{
        size_t was = h->of->was[t][cell];

        return was != SIZE_MAX && h->of->table[t]->status[was] == CELL_VALUE;
}

static uint8_t role_now(const struct holding *h, uint32_t t, size_t cell)
{
        const struct table *now = &h->cube->tables[t];
        uint8_t moved = h->of->moved[t][cell];

        switch ((enum cell_status)now->status[cell]) {
        case CELL_VALUE:
                if (now->held[cell])
                        return MODEL_ROLE_PROTECT;
                /* Hardly moved, so it would tell what was withheld. */
                if (role_then(h, t, cell) == MODEL_ROLE_PROTECT && moved == MOVED_FEW)
                        return MODEL_ROLE_PROTECT;
                return MODEL_ROLE_OPEN;
        case CELL_MISSING:
        case CELL_NOT_APPLICABLE:
                return MODEL_ROLE_ABSENT;
        case CELL_PROTECTED:
        case CELL_STATUS_COUNT:
                break;
        }
        /* What was told and is the same is known. */
        if (!is_secret(now, cell) || (told_then(h, t, cell) && moved == MOVED_NOT))
                return MODEL_ROLE_ABSENT;
        return MODEL_ROLE_PROTECT;
}

static uint8_t role_of(const struct holding *h, uint32_t t, enum state state, size_t cell)
{
        switch (state) {
        case STATE_THEN:
                return role_then(h, t, cell);
        case STATE_NOW:
                return role_now(h, t, cell);
        case STATE_CHANGE:
                break;
        }
        return h->of->moved[t][cell] == MOVED_FEW ? MODEL_ROLE_PROTECT : MODEL_ROLE_ABSENT;
}

/* Of the cells of several tables that are one, the strictest. */
static bool is_stricter(uint8_t role, uint8_t than)
{
        static const uint8_t rank[MODEL_ROLE_COUNT] = {[MODEL_ROLE_PROTECT] = 4,
                [MODEL_ROLE_ZERO] = 3,
                [MODEL_ROLE_KNOWN] = 2,
                [MODEL_ROLE_OPEN] = 1,
                [MODEL_ROLE_ABSENT] = 0};

        return rank[role] > rank[than];
}

static enum err make_cells(struct holding *h)
{
        h->cells = arena_alloc(h->scratch, h->space.cells, sizeof(*h->cells));
        if (h->cells == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < h->space.cells; i++)
                h->cells[i].role = MODEL_ROLE_ABSENT;
        for (uint32_t s = 0; s < h->release.tables_len; s++) {
                const struct table *t = &h->cube->tables[s / STATES];

                for (size_t i = 0; i < h->shapes[s]->cells_len; i++) {
                        uint32_t to = h->space.cell_of[s][i];
                        size_t cell = cube_cell(h, t, i);

                        if (to == SPACE_NOWHERE || cell == SIZE_MAX)
                                continue;
                        uint8_t role = role_of(h, s / STATES, (enum state)(s % STATES), cell);
                        if (!is_stricter(role, h->cells[to].role))
                                continue;
                        int64_t persons = t->persons[cell];
                        h->cells[to].role = role;
                        h->cells[to].want = (uint64_t)persons;
                        h->cells[to].cost =
                                persons < UINT32_MAX - 1 ? (uint32_t)persons + 1 : UINT32_MAX;
                }
        }
        return ERR_OK;
}

/* A protected change that no inner cell carries cannot be proved anything of. */
static bool has_unexplained(const struct holding *h, const struct model *m)
{
        for (uint32_t s = STATE_CHANGE; s < h->release.tables_len; s += STATES)
                for (size_t i = 0; i < h->shapes[s]->cells_len; i++) {
                        uint32_t to = h->space.cell_of[s][i];

                        if (to != SPACE_NOWHERE && h->cells[to].role == MODEL_ROLE_PROTECT &&
                                m->column_of[to] == MODEL_EMPTY)
                                return true;
                }
        return false;
}

/* Holding ---------------------------------------------------------------------------- */

static void withhold(struct table *t, size_t cell)
{
        t->status[cell] = CELL_PROTECTED;
        t->rule[cell] = CELL_RULE_SECONDARY;
        t->held[cell] = 0;
        t->persons[cell] = t->records[cell] = 0;
        for (uint32_t k = 0; k < t->measures_len; k++) {
                t->measures[k].values[cell] = 0;
                if (t->measures[k].status != NULL)
                        t->measures[k].status[cell] = CELL_PROTECTED;
        }
}

static const struct measure *measure_then(const struct table *then, const struct measure *like)
{
        for (uint32_t m = 0; m < then->measures_len; m++)
                if (then->measures[m].kind == like->kind &&
                        bytes_equal(then->measures[m].variable, like->variable))
                        return &then->measures[m];
        return NULL;
}

static void keep(struct table *t, size_t cell, const struct table *then, size_t was)
{
        t->held[cell] = 1;
        t->persons[cell] = then->persons[was];
        t->records[cell] = then->records[was];
        for (uint32_t k = 0; k < t->measures_len; k++) {
                struct measure *m = &t->measures[k];
                const struct measure *old = measure_then(then, m);
                bool told = old != NULL && (old->status == NULL || old->status[was] == CELL_VALUE);

                m->values[cell] = told ? old->values[was] : m->status != NULL ? 0 : TABLE_NO_VALUE;
                if (m->status != NULL)
                        m->status[cell] = told ? CELL_VALUE : CELL_PROTECTED;
        }
}

/* The value that was told last, or none. */
static void hold_cell(const struct holding *h, uint32_t table, size_t cell)
{
        struct table *t = &h->cube->tables[table];

        for (uint32_t i = 0; i < h->moves_len; i++) {
                size_t was = h->moves[i].was[table][cell];
                const struct table *then = h->moves[i].table[table];

                if (was == SIZE_MAX || then->status[was] != CELL_VALUE)
                        continue;
                keep(t, cell, then, was);
                return;
        }
        withhold(t, cell);
}

static void hold_all(const struct holding *h)
{
        for (uint32_t t = 0; t < h->cube->tables_len; t++)
                for (size_t i = 0; i < h->cube->tables[t].cells_len; i++)
                        if (h->of->was[t][i] != SIZE_MAX &&
                                h->cube->tables[t].status[i] == CELL_VALUE)
                                hold_cell(h, t, i);
}

static void hold_pattern(const struct holding *h, const struct suppress_result *r)
{
        assert(h->space.cell_of != NULL);
        for (uint32_t t = 0; t < h->cube->tables_len; t++) {
                const uint32_t *of = h->space.cell_of[t * STATES + STATE_NOW];

                for (size_t i = 0; i < h->cube->tables[t].cells_len; i++) {
                        if (h->cube->tables[t].status[i] != CELL_VALUE || of[i] == SPACE_NOWHERE)
                                continue;
                        uint8_t s = r->status[of[i]];
                        if (s == SUPPRESS_PRIMARY || s == SUPPRESS_SECONDARY)
                                hold_cell(h, t, i);
                }
        }
}

/* ERR_OK and *out_proved false: nothing may be revised. */
static enum err find_pattern(struct holding *h, struct suppress_result *out, bool *out_proved)
{
        const struct suppress_options options = {.starts = 1, .memory_ceiling = SCRATCH_MAX};
        struct model_release release;
        struct model model;

        *out_proved = false;
        TRY(make_release(h));
        TRY(h->axes->release.inner != NULL ? listed_inner(h) : all_inner(h));
        TRY(space_new(h->scratch, &h->release, &h->space));
        TRY(make_cells(h));
        TRY(space_release(h->scratch, &h->space, h->cells, &release));
        TRY(model_new(h->scratch, &release, &model));
        if (has_unexplained(h, &model))
                return ERR_OK;
        TRY(suppress_run(h->scratch, &model, &options, out));
        *out_proved = out->proved && out->exposed == 0;
        return ERR_OK;
}

enum err lattice_hold(const struct lattice_axes *axes, struct lattice_cube *cube,
        const struct lattice_moves *moves, uint32_t moves_len, uint32_t which)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct holding h = {.axes = axes,
                .cube = cube,
                .moves = moves,
                .moves_len = moves_len,
                .of = &moves[which],
                .lead = lattice_lead(cube),
                .blocks = lattice_lead(cube) > 0 ? cube->blocks - 1 : 1,
                .scratch = scratch};
        struct suppress_result result = {0};
        bool proved = false;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        enum err e = find_pattern(&h, &result, &proved);
        if (e != ERR_OK && e != ERR_TOO_MANY_CELLS && e != ERR_LIMIT && e != ERR_NO_MEMORY)
                return e;
        if (e == ERR_OK && proved)
                hold_pattern(&h, &result);
        else
                hold_all(&h);
        return ERR_OK;
}
