/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_sums.c: see lattice_sums.h.
 *
 * An answer is the sum of some cells and of a rest, a few persons' part. Each rest is a row of
 * its own in front of the others, and behind them come rows of cells that are small: the
 * elimination takes them last, and tells no sum of which only these remain, a rest among them
 * (eliminate.h). So neither a rest comes out nor the difference of two, nor one with a hidden child
 * or two; and an answer that no planned sum comes near costs nothing. */
#include "gateway/lattice_sums.h"

#include <string.h>

#include "base/arena.h"
#include "gateway/disclosure/residue.h"

static bool is_told(const struct lattice_cube *c, const struct lattice_sum *s)
{
        const struct table *t = &c->tables[s->table];

        for (size_t i = 0; i < s->len; i++)
                if (t->status[s->cells[i]] != CELL_VALUE || t->held[s->cells[i]])
                        return false;
        return true;
}

enum err sums_that_tell(const struct lattice_cube *cube, const struct lattice_asked *all,
        struct arena *arena, struct lattice_asked *out)
{
        *out = (struct lattice_asked){.sums = arena_alloc(arena, all->len + 1, sizeof(*out->sums))};
        if (out->sums == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < all->len; i++)
                if (!all->sums[i].exact || !is_told(cube, &all->sums[i]))
                        out->sums[out->len++] = all->sums[i];
        return ERR_OK;
}

struct adding {
        const struct chain *c;
        const struct lattice_asked *asked;
        const struct model *m;
        uint32_t *rest; /* of each sum: its row */
        uint32_t rests;
        uint8_t *small;   /* by row of the model */
        uint32_t *number; /* what it becomes */
        uint32_t lowest;
        uint8_t **in; /* by table and cell: whether it is in the sum at hand */
        size_t *start;
        uint32_t *row;
        size_t row_cap;
        struct model_column *column;
        uint32_t columns;
        uint64_t *print; /* of the columns that are sums */
        uint32_t prints;
};

static enum err number_rests(struct adding *a)
{
        const struct lattice_asked *asked = a->asked;
        uint64_t *names = arena_alloc_raw(a->c->arena, asked->len + 1, sizeof(*names));

        a->rest = arena_alloc_raw(a->c->arena, asked->len + 1, sizeof(*a->rest));
        if (names == NULL || a->rest == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < asked->len; i++) {
                uint32_t r = 0;

                a->rest[i] = UINT32_MAX;
                if (asked->sums[i].exact)
                        continue;
                while (r < a->rests && names[r] != asked->sums[i].rest)
                        r++;
                names[r] = asked->sums[i].rest;
                a->rests += r == a->rests;
                a->rest[i] = r;
        }
        return ERR_OK;
}

static void note_small(const struct adding *a, uint32_t shape, size_t cell)
{
        uint32_t to = a->c->space.cell_of[shape][cell];
        uint32_t column = to != SPACE_NOWHERE ? a->m->column_of[to] : MODEL_ABSENT;

        if (column == MODEL_ABSENT || column == MODEL_EMPTY || !a->m->column[column].protect)
                return;
        for (size_t k = a->m->start[column]; k < a->m->start[column + 1]; k++)
                a->small[a->m->row[k]] = 1;
}

/* Of the new cube; and what few persons joined or left. */
static void find_small(const struct adding *a)
{
        const struct chain *c = a->c;

        for (uint32_t shape = 0; shape < c->cube->tables_len * c->kinds_len; shape++) {
                const struct chain_kind *kind = &c->kinds[shape % c->kinds_len];
                uint32_t table = shape / c->kinds_len;
                const struct table *t = &c->cube->tables[table];

                if (!kind->change && kind->newer + 1 < c->len)
                        continue;
                for (size_t i = 0; i < c->shapes[shape]->cells_len; i++) {
                        size_t cell = chain_cell(c, table, i);

                        if (cell != SIZE_MAX && (kind->change || t->rule[cell] == CELL_RULE_SMALL ||
                                                        t->rule[cell] == CELL_RULE_MARGIN))
                                note_small(a, shape, i);
                }
        }
}

/* Rests, then rows of small cells, then the others. */
static enum err number_rows(struct adding *a)
{
        uint32_t rows = a->m->rows, next = a->rests;

        a->small = arena_alloc(a->c->arena, rows + 1u, 1);
        a->number = arena_alloc_raw(a->c->arena, rows + 1u, sizeof(*a->number));
        if (a->small == NULL || a->number == NULL)
                return ERR_NO_MEMORY;
        if (a->rests > 0)
                find_small(a);
        for (uint32_t r = 0; r < rows; r++)
                if (a->small[r])
                        a->number[r] = next++;
        a->lowest = next;
        for (uint32_t r = 0; r < rows; r++)
                if (!a->small[r])
                        a->number[r] = next++;
        return ERR_OK;
}

/* The cell of a margin that a row is in; SIZE_MAX: none. A sum's cells are all of one margin:
 * `like` is any of them. */
static size_t cell_of_row(
        const struct adding *a, uint32_t table, const uint32_t *like, const uint32_t *leaves)
{
        const struct lattice_cube *cube = a->c->cube;
        const struct table *t = &cube->tables[table];
        uint32_t lead = lattice_lead(cube), at[DIMENSIONS_MAX + 1];

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct disclosure_axis *axis = &a->c->axes->release.axes[table][d];

                at[d] = t->dimensions[d].len;
                if (like[d] == at[d])
                        continue;
                at[d] = d < lead ? leaves[0] % lattice_leaf_blocks(cube)
                                 : axis->of_leaf[leaves[1 + axis->shared - lead]];
                if (at[d] >= t->dimensions[d].len)
                        return SIZE_MAX;
        }
        return table_cell(t, at);
}

/* Of which inner cells it is the sum; how many. */
static size_t rows_of(const struct adding *a, const struct lattice_sum *s, uint32_t *out)
{
        const struct space *space = &a->c->space;
        uint32_t like[DIMENSIONS_MAX + 1];
        size_t len = 0;

        if (s->len == 0)
                return 0;
        table_coordinates(&a->c->cube->tables[s->table], s->cells[0], like);
        for (size_t i = 0; i < s->len; i++)
                a->in[s->table][s->cells[i]] = 1;
        for (uint32_t r = 0; r < a->m->rows; r++) {
                const uint32_t *leaves =
                        space->inner + (size_t)a->m->inner[r] * space->dimensions_len;
                size_t cell = cell_of_row(a, s->table, like, leaves);

                if (cell != SIZE_MAX && a->in[s->table][cell])
                        out[len++] = r;
        }
        for (size_t i = 0; i < s->len; i++)
                a->in[s->table][s->cells[i]] = 0;
        return len;
}

static enum err make_room(struct adding *a)
{
        const struct model *m = a->m;
        struct arena *arena = a->c->arena;
        size_t columns = m->columns + a->asked->len + a->rests;

        a->in = arena_alloc(arena, a->c->cube->tables_len, sizeof(*a->in));
        if (a->in == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < a->c->cube->tables_len; t++) {
                a->in[t] = arena_alloc(arena, a->c->cube->tables[t].cells_len, 1);
                if (a->in[t] == NULL)
                        return ERR_NO_MEMORY;
        }
        a->row_cap = 2 * m->start[m->columns] + m->rows;
        a->start = arena_alloc(arena, columns + 1, sizeof(*a->start));
        a->column = arena_alloc(arena, columns + 1, sizeof(*a->column));
        a->row = arena_alloc_raw(arena, a->row_cap, sizeof(*a->row));
        a->print = arena_alloc(arena, a->asked->len + 1, sizeof(*a->print));
        return a->start == NULL || a->column == NULL || a->row == NULL || a->print == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

static enum err row_room(struct adding *a, size_t more)
{
        size_t used = a->start[a->columns], cap = a->row_cap;

        if (used + more <= cap)
                return ERR_OK;
        while (cap < used + more)
                cap *= 2;
        uint32_t *grown = arena_alloc_raw(a->c->arena, cap, sizeof(*grown));
        if (grown == NULL)
                return ERR_NO_MEMORY;
        memcpy(grown, a->row, used * sizeof(*grown));
        a->row = grown;
        a->row_cap = cap;
        return ERR_OK;
}

/* One column more, of a rest (UINT32_MAX: none) and rows of the model, as they are numbered now,
 * ascending. */
static enum err add_column(struct adding *a, uint32_t rest, const uint32_t *rows, size_t len,
        const struct model_column *column)
{
        TRY(row_room(a, len + 1));
        size_t at = a->start[a->columns];

        if (rest != UINT32_MAX)
                a->row[at++] = rest;
        for (int small = 1; small >= 0; small--)
                for (size_t i = 0; i < len; i++)
                        if (a->small[rows[i]] == small)
                                a->row[at++] = a->number[rows[i]];
        a->column[a->columns] = *column;
        a->start[++a->columns] = at;
        return ERR_OK;
}

/* The same sum as another, said by other cells. */
static bool is_there(struct adding *a, uint32_t rest, const uint32_t *rows, size_t len)
{
        uint64_t print = residue_mix(7, rest);

        for (size_t i = 0; i < len; i++)
                print = residue_mix(print, rows[i]);
        for (uint32_t i = 0; i < a->prints; i++)
                if (a->print[i] == print)
                        return true;
        a->print[a->prints++] = print;
        return false;
}

/* The model as it was, with rows numbered anew. */
static enum err copy_columns(struct adding *a)
{
        const struct model *m = a->m;

        TRY(number_rows(a));
        TRY(make_room(a));
        for (uint32_t n = 0; n < m->columns; n++)
                TRY(add_column(a, UINT32_MAX, m->row + m->start[n], m->start[n + 1] - m->start[n],
                        &m->column[n]));
        return ERR_OK;
}

static void give(const struct adding *a, struct model *m)
{
        m->columns = a->columns;
        m->start = a->start;
        m->row = a->row;
        m->column = a->column;
}

enum err sums_protect(const struct chain *c, const struct lattice_asked *asked, struct model *m)
{
        static const struct model_column protected = {.protect = true};
        struct adding a = {.c = c, .asked = asked, .m = m};
        uint32_t *rows = arena_alloc_raw(c->arena, m->rows + 1u, sizeof(*rows));

        if (rows == NULL)
                return ERR_NO_MEMORY;
        TRY(copy_columns(&a));
        for (size_t i = 0; i < asked->len; i++) {
                size_t len = asked->sums[i].exact ? 0 : rows_of(&a, &asked->sums[i], rows);

                if (len > 0 && !is_there(&a, UINT32_MAX, rows, len))
                        TRY(add_column(&a, UINT32_MAX, rows, len, &protected));
        }
        give(&a, m);
        return ERR_OK;
}

enum err sums_know(const struct chain *c, const struct lattice_asked *asked, struct model *m)
{
        static const struct model_column known = {.known = true}, protected = {.protect = true};
        struct adding a = {.c = c, .asked = asked, .m = m};
        uint32_t *rows = arena_alloc_raw(c->arena, m->rows + 1u, sizeof(*rows));

        if (rows == NULL)
                return ERR_NO_MEMORY;
        TRY(number_rests(&a));
        TRY(copy_columns(&a));
        for (size_t i = 0; i < asked->len; i++) {
                size_t len = rows_of(&a, &asked->sums[i], rows);

                if (!is_there(&a, a.rest[i], rows, len))
                        TRY(add_column(&a, a.rest[i], rows, len, &known));
        }
        for (uint32_t r = 0; r < a.rests; r++)
                TRY(add_column(&a, r, NULL, 0, &protected));
        m->rows += a.rests;
        m->rests = a.rests;
        m->lowest = a.lowest;
        give(&a, m);
        return ERR_OK;
}
