/* SPDX-License-Identifier: Apache-2.0 */
/* nearest.c: what would be told if it were asked more coarsely.
 *
 * Nothing is counted for it. Of a table that is mostly protected, what is shown tells enough: a
 * coarser row has all the persons of a row that is shown, so it will most likely be shown
 * too. Where nothing was counted, planned tables and inhabitants must do. */
#include <string.h>

#include "base/arena.h"
#include "gateway/answer.h"
#include "gateway/lattice.h"

/* From what is shown ------------------------------------------------------------------------- */

struct showing {
        const struct answering *a;
        const struct question *q;
        struct arena *scratch;
};

/* Of every category of a dimension of the table: which category of the coarser one it is in. */
struct axis {
        uint32_t *to;
        uint32_t len;
        bool dropped;
};

static enum err axis_make(
        const struct showing *s, const struct coarsening *c, uint32_t d, struct axis *out)
{
        const struct dimension *dim = &s->q->table->dimensions[d];
        const struct policy_dataset *dataset = s->q->allowed.dataset;
        int32_t variable = variable_find(dataset, dim->variable);
        struct bytes level = dim->level;
        struct bytes *codes = arena_alloc(s->scratch, (size_t)dim->len + 1, sizeof *codes);

        out->to = arena_alloc(s->scratch, (size_t)dim->len + 1, sizeof *out->to);
        out->dropped = c->dropped[d];
        out->len = 0;
        if (codes == NULL || out->to == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->len; i++)
                if (c->from[i] == d)
                        level = c->dimensions[i].level;
        for (uint32_t i = 0; i < dim->len && !out->dropped; i++) {
                struct bytes code = dim->categories[i].code;
                uint32_t at = 0;

                if (variable >= 0 && !bytes_equal(level, dim->level))
                        TRY(coarser_code(s->scratch, &dataset->variables[variable], dim->level,
                                level, code, &code));
                while (at < out->len && !bytes_equal(codes[at], code))
                        at++;
                if (at == out->len)
                        codes[out->len++] = code;
                out->to[i] = at;
        }
        if (out->dropped)
                out->len = 1;
        return ERR_OK;
}

/* Which coarse row a cell belongs to: a total where the dimension is out, else no total. */
static bool coarse_place(const struct table *t, const struct axis *axes, size_t cell, size_t *out)
{
        uint32_t at[DIMENSIONS_MAX];

        *out = 0;
        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                bool total = at[d] == t->dimensions[d].len;

                if (total != axes[d].dropped)
                        return false;
                *out = *out * axes[d].len + (total ? 0 : axes[d].to[at[d]]);
        }
        return true;
}

static bool is_shown(const struct table *t, size_t cell)
{
        return t->status[cell] == CELL_VALUE;
}

static bool is_asked(const struct table *t, size_t cell)
{
        return t->status[cell] == CELL_VALUE || t->status[cell] == CELL_PROTECTED;
}

enum { ASKED = 1, SHOWN = 2 };

/* Whether more than half of the rows would be shown. */
static enum err shows_enough(void *ctx, const struct coarsening *c, bool *out)
{
        struct showing *s = ctx;
        const struct table *t = s->q->table;
        struct axis axes[DIMENSIONS_MAX] = {0};
        size_t cells = 1, asked = 0, shown = 0, place;

        arena_reset(s->scratch);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                TRY(axis_make(s, c, d, &axes[d]));
                cells *= axes[d].len;
        }
        uint8_t *rows = arena_alloc(s->scratch, cells, 1);

        if (rows == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < t->cells_len; i++)
                if (coarse_place(t, axes, i, &place))
                        rows[place] |= (uint8_t)((is_asked(t, i) ? ASKED : 0) |
                                                 (is_shown(t, i) ? SHOWN : 0));
        for (size_t i = 0; i < cells; i++) {
                asked += (rows[i] & ASKED) != 0;
                shown += (rows[i] & SHOWN) != 0;
        }
        *out = 2 * shown > asked;
        return ERR_OK;
}

static bool is_mostly_protected(const struct table *t)
{
        size_t asked = 0, shown = 0;

        for (size_t i = 0; i < t->cells_len; i++) {
                asked += is_asked(t, i);
                shown += is_shown(t, i);
        }
        return asked > 0 && 2 * shown < asked;
}

enum err nearest_of_table(const struct answering *a, const struct question *q,
        struct wire_nearest *out, bool *out_found)
{
        OWNED(arena_free) struct arena *scratch = arena_new(64 << 20);
        struct showing s = {a, q, scratch};
        struct coarsening c;

        *out_found = false;
        if (scratch == NULL)
                return ERR_NO_MEMORY;
        if (q->query.dimensions_len != q->table->dimensions_len || !is_mostly_protected(q->table))
                return ERR_OK;
        enum err e = coarsen(q->allowed.dataset, &q->query, shows_enough, &s, &c);
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        TRY(e);
        *out_found = true;
        return coarsening_tell(a->arena, &q->query, &c, out);
}

/* From public facts -------------------------------------------------------------------------- */

struct planning_ahead {
        const struct policy *policy;
        const struct question *q;
        struct arena *scratch;
};

static enum err is_sure(void *ctx, const struct coarsening *c, bool *out)
{
        struct planning_ahead *p = ctx;
        const struct policy_dataset *d = p->q->allowed.dataset;
        struct query coarse = p->q->query, margin = {0};
        struct margin_rows rows;

        arena_reset(p->scratch);
        coarse.dimensions = arena_alloc(p->scratch, c->len, sizeof *coarse.dimensions);
        if (coarse.dimensions == NULL)
                return ERR_NO_MEMORY;
        memcpy(coarse.dimensions, c->dimensions, c->len * sizeof *coarse.dimensions);
        coarse.dimensions_len = c->len;
        *out = lattice_fits(p->policy, d, &coarse) == LATTICE_INSIDE;
        if (*out || p->q->allowed.disclosure.answers != ANSWERS_LATTICE)
                return ERR_OK;
        TRY(margin_keep(p->scratch, d, &coarse, &margin));
        TRY(margin_count(
                p->scratch, p->policy, d, &margin, p->q->allowed.disclosure.threshold, &rows));
        *out = rows.known && rows.refused == 0;
        return ERR_OK;
}

enum err nearest_planned(const struct policy *policy, struct arena *arena, const struct question *q,
        struct wire_nearest *out, bool *out_found)
{
        OWNED(arena_free) struct arena *scratch = arena_new(64 << 20);
        struct planning_ahead p = {policy, q, scratch};
        struct coarsening c;

        *out_found = false;
        if (scratch == NULL)
                return ERR_NO_MEMORY;
        enum err e = coarsen(q->allowed.dataset, &q->query, is_sure, &p, &c);
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        TRY(e);
        *out_found = true;
        return coarsening_tell(arena, &q->query, &c, out);
}
