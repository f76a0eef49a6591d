/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_change.c: what a new cube may tell to whoever has older ones.
 *
 * An older cell is a sum of what its inner cells held then, x, a new one of what they hold
 * now, x + δ. The attacker has the older cube, knows which inner cells have not moved (who
 * delivered is public), and subtracts. So both cubes and the change are one model
 * (lattice_chain.h). Older cells that were told are known, those that were withheld stay
 * protected; a change of fewer than the threshold who joined or left is protected; the new
 * cells are what can still be withheld. What is, keeps the value that was told before and is
 * marked as not revised, so no difference of two cubes gives a change that is protected, nor
 * does any sum of differences.
 *
 * Where a protected change lies in no inner cell that moved, or no pattern can be proved,
 * nothing that was told before is revised.
 *
 * First the new cube is held against each earlier one, then against all together: with three, a
 * sum of differences of the first two and the last two may give a change that no two of them
 * give. There all earlier cubes are known, and every change between any two of them is protected
 * where it is small. What the older ones give away by themselves nobody can keep any more; it is
 * left out. That is never much: each of them was proved against those before it. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/attrs.h"
#include "gateway/disclosure/eliminate.h"
#include "gateway/disclosure/suppress.h"
#include "gateway/lattice_chain.h"
#include "gateway/lattice_sums.h"

enum { SCRATCH_MAX = (int)(((unsigned)1 << 31) - 1) };

struct holding {
        struct lattice_cube *cube;
        const struct lattice_past *past;
        const struct lattice_asked *asked; /* NULL: not heeded */
        bool known;                        /* what it says is known; else it is secret */
        struct chain chain;
        struct model_cell *cells;
        const atomic_bool *cancel;
        struct arena *scratch;
};

/* Roles ------------------------------------------------------------------------------ */

/* `state`: of the past. */
static uint8_t role_then(const struct lattice_past *p, uint32_t state, uint32_t t, size_t cell)
{
        const struct table *then = p->then[state].table[t];
        size_t was = p->then[state].was[t][cell];

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

static bool told_then(const struct lattice_past *p, uint32_t state, uint32_t t, size_t cell)
{
        size_t was = p->then[state].was[t][cell];

        return was != SIZE_MAX && p->then[state].table[t]->status[was] == CELL_VALUE;
}

static uint8_t role_now(const struct holding *h, uint32_t t, size_t cell)
{
        const struct table *now = &h->cube->tables[t];
        bool few = false, same = false;

        for (uint32_t s = 0; s + 1 < h->chain.len; s++) {
                uint32_t state = h->chain.state[s];
                uint8_t moved = chain_moves(&h->chain, s, h->chain.len - 1)->moved[t][cell];

                /* Hardly moved, so it would tell what was withheld. */
                few |= role_then(h->past, state, t, cell) == MODEL_ROLE_PROTECT &&
                       moved == MOVED_FEW;
                same |= told_then(h->past, state, t, cell) && moved == MOVED_NOT;
        }
        switch ((enum cell_status)now->status[cell]) {
        case CELL_VALUE:
                return now->held[cell] || few ? MODEL_ROLE_PROTECT : MODEL_ROLE_OPEN;
        case CELL_MISSING:
        case CELL_NOT_APPLICABLE:
                return MODEL_ROLE_ABSENT;
        case CELL_PROTECTED:
        case CELL_STATUS_COUNT:
                break;
        }
        /* What was told and is the same is known. */
        return !is_secret(now, cell) || same ? MODEL_ROLE_ABSENT : MODEL_ROLE_PROTECT;
}

static uint8_t role_of(
        const struct holding *h, uint32_t t, const struct chain_kind *kind, size_t cell)
{
        if (kind->change)
                return chain_moves(&h->chain, kind->older, kind->newer)->moved[t][cell] == MOVED_FEW
                               ? MODEL_ROLE_PROTECT
                               : MODEL_ROLE_ABSENT;
        return kind->newer + 1 == h->chain.len
                       ? role_now(h, t, cell)
                       : role_then(h->past, h->chain.state[kind->newer], t, cell);
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

static void make_cell(struct holding *h, uint32_t shape, size_t at)
{
        uint32_t t = shape / h->chain.kinds_len, to = h->chain.space.cell_of[shape][at];
        size_t cell = chain_cell(&h->chain, t, at);

        if (to == SPACE_NOWHERE || cell == SIZE_MAX)
                return;
        uint8_t role = role_of(h, t, &h->chain.kinds[shape % h->chain.kinds_len], cell);
        if (!is_stricter(role, h->cells[to].role))
                return;
        int64_t persons = h->cube->tables[t].persons[cell];
        h->cells[to].role = role;
        h->cells[to].want = (uint64_t)persons;
        h->cells[to].cost = persons < UINT32_MAX - 1 ? (uint32_t)persons + 1 : UINT32_MAX;
}

static enum err make_cells(struct holding *h)
{
        const struct chain *c = &h->chain;

        h->cells = arena_alloc(h->scratch, c->space.cells, sizeof(*h->cells));
        if (h->cells == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < c->space.cells; i++)
                h->cells[i].role = MODEL_ROLE_ABSENT;
        for (uint32_t s = 0; s < h->cube->tables_len * c->kinds_len; s++)
                for (size_t i = 0; i < c->shapes[s]->cells_len; i++)
                        make_cell(h, s, i);
        return ERR_OK;
}

/* A protected change up to now that no inner cell carries cannot be proved anything of. */
static bool has_unexplained(const struct holding *h, const struct model *m)
{
        const struct chain *c = &h->chain;

        for (uint32_t s = 0; s < h->cube->tables_len * c->kinds_len; s++) {
                const struct chain_kind *kind = &c->kinds[s % c->kinds_len];

                if (!kind->change || kind->newer + 1 < c->len)
                        continue;
                for (size_t i = 0; i < c->shapes[s]->cells_len; i++) {
                        uint32_t to = c->space.cell_of[s][i];

                        if (to != SPACE_NOWHERE && h->cells[to].role == MODEL_ROLE_PROTECT &&
                                m->column_of[to] == MODEL_EMPTY)
                                return true;
                }
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

static void withhold_all(struct lattice_cube *c)
{
        for (uint32_t t = 0; t < c->tables_len; t++)
                for (size_t i = 0; i < c->tables[t].cells_len; i++)
                        if (c->tables[t].status[i] == CELL_VALUE)
                                withhold(&c->tables[t], i);
        c->report.hidden_all = true;
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

        for (uint32_t s = h->past->len; s-- > 0;) {
                size_t was = h->past->then[s].was[table][cell];
                const struct table *then = h->past->then[s].table[table];

                if (was == SIZE_MAX || then->status[was] != CELL_VALUE)
                        continue;
                keep(t, cell, then, was);
                return;
        }
        withhold(t, cell);
}

static bool was_anywhere(const struct holding *h, uint32_t table, size_t cell)
{
        for (uint32_t s = 0; s + 1 < h->chain.len; s++)
                if (h->past->then[h->chain.state[s]].was[table][cell] != SIZE_MAX)
                        return true;
        return false;
}

static void hold_all(const struct holding *h)
{
        for (uint32_t t = 0; t < h->cube->tables_len; t++)
                for (size_t i = 0; i < h->cube->tables[t].cells_len; i++)
                        if (was_anywhere(h, t, i) && h->cube->tables[t].status[i] == CELL_VALUE)
                                hold_cell(h, t, i);
}

static void hold_pattern(const struct holding *h, const struct suppress_result *r)
{
        const struct chain *c = &h->chain;

        assert(c->space.cell_of != NULL);
        for (uint32_t t = 0; t < h->cube->tables_len; t++) {
                /* Kinds begin with the cubes, and the new one is the last of them. */
                const uint32_t *of = c->space.cell_of[t * c->kinds_len + c->len - 1];

                for (size_t i = 0; i < h->cube->tables[t].cells_len; i++) {
                        if (h->cube->tables[t].status[i] != CELL_VALUE || of[i] == SPACE_NOWHERE)
                                continue;
                        uint8_t s = r->status[of[i]];
                        if (s == SUPPRESS_PRIMARY || s == SUPPRESS_SECONDARY)
                                hold_cell(h, t, i);
                }
        }
}

/* Leaves out what is known without the new cube. */
static enum err leave_out_known(struct holding *h, struct model *m)
{
        OWNED(elimination_free) struct elimination *e = NULL;
        struct model_column *column = arena_alloc_raw(h->scratch, m->columns, sizeof(*column));

        if (column == NULL)
                return ERR_NO_MEMORY;
        TRY(elimination_run(m, NULL, 0, 0, SCRATCH_MAX, &e));
        for (uint32_t c = 0; c < m->columns; c++) {
                column[c] = m->column[c];
                column[c].protect = column[c].protect && !elimination_gives(e, c);
        }
        m->column = column;
        m->impossible = 0;
        return ERR_OK;
}

/* ERR_OK and *out_proved false: nothing may be revised. */
static enum err find_pattern(struct holding *h, struct suppress_result *out, bool *out_proved)
{
        const struct suppress_options options = {.starts = 1, .memory_ceiling = SCRATCH_MAX};
        struct model_release release;
        struct model model;

        *out_proved = false;
        TRY(chain_make(&h->chain));
        h->chain.space.cancel = h->cancel;
        TRY(make_cells(h));
        TRY(space_release(h->scratch, &h->chain.space, h->cells, &release));
        TRY(model_new(h->scratch, &release, &model));
        h->cube->held_work += h->chain.work + model.work;
        if (has_unexplained(h, &model))
                return ERR_OK;
        if (h->asked != NULL)
                TRY(h->known ? sums_know(&h->chain, h->asked, &model)
                             : sums_protect(&h->chain, h->asked, &model));
        if (h->chain.len > 2 || h->asked != NULL)
                TRY(leave_out_known(h, &model));
        TRY(suppress_run(h->scratch, &model, &options, out));
        h->cube->held_work += out->work;
        *out_proved = out->proved && out->exposed == 0;
        return ERR_OK;
}

/* Against `len` of the past, from `first` on, and what was asked. *out_proved: false where no
 * pattern could be found; then nothing is revised. */
static enum err hold_against(struct holding *with, uint32_t first, uint32_t len, bool *out_proved)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct holding h = *with;
        struct suppress_result result = {0};
        bool proved = false;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        h.chain.arena = h.scratch = scratch;
        for (uint32_t s = 0; s < len; s++)
                h.chain.state[h.chain.len++] = first + s;
        h.chain.state[h.chain.len++] = h.past->len;
        enum err e = find_pattern(&h, &result, &proved);
        if (e != ERR_OK && e != ERR_TOO_MANY_CELLS && e != ERR_LIMIT && e != ERR_NO_MEMORY)
                return e;
        *out_proved = e == ERR_OK && proved;
        if (*out_proved)
                hold_pattern(&h, &result);
        else
                hold_all(&h);
        return ERR_OK;
}

/* Against some answers, as secrets and as what is known (lattice_sums.h): by themselves, where no
 * inner cell is left out that would tell cells apart, so that nothing looks known that is not; and
 * then with all earlier cubes, whose changes few inner cells stand for. *out_proved: false where
 * there is no pattern even for the first. */
static enum err hold_against_answers(const struct holding *h, const struct lattice_asked *answers,
        uint32_t all, bool *out_proved)
{
        struct holding with = *h;
        bool proved = true;

        with.asked = answers;
        for (uint32_t turn = 0; turn < 2 && proved; turn++) {
                with.known = turn > 0;
                TRY(hold_against(&with, h->past->len, 0, &proved));
        }
        *out_proved = proved;
        for (uint32_t turn = 0; turn < 2 && *out_proved && all > 0; turn++) {
                with.known = turn > 0;
                TRY(hold_against(&with, h->past->len - all, all, &proved));
        }
        return ERR_OK;
}

/* Sums of cells that were told already tell nothing more, until one of these cells is withheld. */
static enum err hold_against_asked(
        const struct holding *h, const struct lattice_asked *asked, uint32_t all)
{
        OWNED(arena_free) struct arena *arena = arena_new(SCRATCH_MAX);
        struct lattice_asked heeded = {0};
        size_t before;
        bool proved = true;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        do {
                before = heeded.len;
                TRY(sums_that_tell(h->cube, asked, arena, &heeded));
                if (heeded.len > before)
                        TRY(hold_against_answers(h, &heeded, all, &proved));
        } while (proved && heeded.len > before);
        if (!proved)
                withhold_all(h->cube);
        return ERR_OK;
}

enum err lattice_hold(const struct lattice_axes *axes, struct lattice_cube *cube,
        const struct lattice_past *past, const struct lattice_asked *asked,
        const atomic_bool *cancel)
{
        uint32_t all = past->len < CHAIN_MAX - 1 ? past->len : CHAIN_MAX - 1;
        struct holding h = {.cube = cube,
                .past = past,
                .chain = {.axes = axes, .cube = cube, .past = past},
                .cancel = cancel};
        bool proved;

        for (uint32_t s = past->len; s-- > 0;)
                TRY(hold_against(&h, s, 1, &proved));
        if (all > 1)
                TRY(hold_against(&h, past->len - all, all, &proved));
        return asked->len > 0 ? hold_against_asked(&h, asked, all) : ERR_OK;
}
