/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_near.c: which sums of planned cells come near an answer.
 *
 * A *margin* of a planned table keeps some of its dimensions. Of each of its cells it is counted
 * how many of its persons are in the answer, and the cells of which most are make the union that
 * comes nearest: no other sum of that margin's cells differs from the answer by fewer, where its
 * cells have no persons in common. Where they have, she is counted as often as she stands in it, as
 * it would be by whoever adds up what is told. Cells of fewer than twice the threshold of which the
 * answer cuts off a part are tried without, too: both sums may be near.
 *
 * A row of which cells were told is compared where planned tables tell of the same persons, and
 * stands for whatever they tell of them: of 59 children of whom ten have a diagnosis, and 60 of
 * whom ten have, the last one has none. */
#include "gateway/lattice_near.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/query/engine.h"

enum { SCRATCH_MAX = (int)(((unsigned)1 << 31) - 1), SAMPLE = 256, EASY = 2048 };

uint64_t near_mix(uint64_t x)
{
        x += UINT64_C(0x9e3779b97f4a7c15);
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        return x ^ x >> 31;
}

static uint32_t weight_of(const struct ledger_set *set, uint32_t i)
{
        return set->weights != NULL ? set->weights[i] : 1;
}

/* Cells of a margin ------------------------------------------------------------------------ */

/* Who is in the cells of one table in the blocks looked at. */
struct layer {
        const struct near *n;
        uint32_t table;
        struct part *parts; /* of all margins */
        unsigned *kept;     /* of each */
        uint32_t parts_len;
        struct arena *arena;
};

static unsigned kept_by(const struct table *t, uint32_t lead, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX + 1];
        unsigned kept = 0;

        table_coordinates(t, cell, at);
        for (uint32_t d = lead; d < t->dimensions_len; d++)
                kept |= at[d] < t->dimensions[d].len ? 1u << (d - lead) : 0;
        return kept;
}

/* The cell of the counted table; SIZE_MAX: it has none. */
static size_t counted_cell(const struct lattice_cube *c, const struct table *t,
        const struct table *counted, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX + 1], own[DIMENSIONS_MAX] = {0}, lead = lattice_lead(c);

        table_coordinates(t, cell, at);
        for (uint32_t d = lead; d < t->dimensions_len; d++) {
                const struct dimension *to = &counted->dimensions[d - lead];

                own[d - lead] =
                        at[d] == t->dimensions[d].len
                                ? to->len
                                : lattice_category(to, t->dimensions[d].categories[at[d]].code);
                if (own[d - lead] == UINT32_MAX)
                        return SIZE_MAX;
        }
        return table_cell(counted, own);
}

static bool is_counted(const struct table *t, size_t cell)
{
        return t->status[cell] == CELL_VALUE || t->status[cell] == CELL_PROTECTED;
}

static enum err add_block(struct layer *l, uint32_t block)
{
        const struct lattice_cube *c = l->n->cube;
        const struct lattice_table *planned = &l->n->source->dataset->lattice.tables[l->table];
        const struct lattice_part part = {.axes = planned->axes,
                .axes_len = planned->axes_len,
                .year = block < c->years_len ? &c->years[block] : NULL,
                .alone = true,
                .counted = true};
        const struct table *t = &c->tables[l->table];
        size_t stride = t->cells_len / c->blocks;
        struct plan_members m;

        TRY(lattice_run(l->n->source, &part, l->arena, NULL, &m));
        for (size_t i = block * stride; i < (block + 1) * stride; i++) {
                size_t at = is_counted(t, i) ? counted_cell(c, t, m.shape, i) : SIZE_MAX;

                if (at == SIZE_MAX || m.starts[at + 1] == m.starts[at])
                        continue;
                l->kept[l->parts_len] = kept_by(t, lattice_lead(c), i);
                l->parts[l->parts_len++] = (struct part){.cell = i,
                        .persons = m.persons + m.starts[at],
                        .records = m.records + m.starts[at],
                        .len = (uint32_t)(m.starts[at + 1] - m.starts[at])};
        }
        return ERR_OK;
}

static enum err layer_make(struct layer *l, uint32_t first, uint32_t end)
{
        const struct lattice_cube *c = l->n->cube;
        size_t stride = c->tables[l->table].cells_len / c->blocks;

        l->parts = arena_alloc(l->arena, stride * (end - first), sizeof(*l->parts));
        l->kept = arena_alloc(l->arena, stride * (end - first), sizeof(*l->kept));
        if (l->parts == NULL || l->kept == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = first; b < end; b++)
                TRY(add_block(l, b));
        return ERR_OK;
}

static enum err margin_arrays(struct margin *m, size_t persons, size_t all, struct arena *arena)
{
        m->start = arena_alloc(arena, persons + 2, sizeof(*m->start));
        m->part = arena_alloc_raw(arena, all + 1, sizeof(*m->part));
        m->records = arena_alloc_raw(arena, all + 1, sizeof(*m->records));
        m->touched = arena_alloc_raw(arena, m->parts_len + 1u, sizeof(*m->touched));
        return m->start == NULL || m->part == NULL || m->records == NULL || m->touched == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

static bool is_identifying(const struct table *t, uint32_t lead, unsigned kept)
{
        for (uint32_t d = lead; d < t->dimensions_len; d++)
                if ((kept >> (d - lead) & 1) != 0 && !t->dimensions[d].identifying)
                        return false;
        return true;
}

/* Whether everybody is in just one of the finest cells: then whatever is told is a sum of those. */
static bool is_divided(const struct layer *l, const struct margin *finest, unsigned margins)
{
        size_t all = 0, in = 0;

        for (uint32_t i = 0; i < l->parts_len; i++) {
                all += l->kept[i] == 0 ? l->parts[i].len : 0;
                in += l->kept[i] == margins - 1 ? l->parts[i].len : 0;
        }
        return finest->apart && all == in;
}

/* The parts of a margin, and which of them every person is in. */
static enum err margin_make(
        const struct layer *l, unsigned kept, struct arena *arena, struct margin *out)
{
        const struct lattice_cube *c = l->n->cube;
        size_t persons = view_persons(l->n->source->view), all = 0;

        *out = (struct margin){.table = l->table,
                .is_row = is_identifying(&c->tables[l->table], lattice_lead(c), kept)};
        out->parts = arena_alloc(arena, l->parts_len + 1u, sizeof(*out->parts));
        if (out->parts == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < l->parts_len; i++)
                if (l->kept[i] == kept) {
                        all += l->parts[i].len;
                        out->parts[out->parts_len++] = l->parts[i];
                }
        if (out->parts_len == 0)
                return ERR_OK;
        TRY(margin_arrays(out, persons, all, arena));
        for (uint32_t u = 0; u < out->parts_len; u++)
                for (uint32_t k = 0; k < out->parts[u].len; k++)
                        out->start[out->parts[u].persons[k] + 2]++;
        for (size_t p = 2; p < persons + 2; p++)
                out->start[p] += out->start[p - 1];
        for (uint32_t u = 0; u < out->parts_len; u++)
                for (uint32_t k = 0; k < out->parts[u].len; k++) {
                        size_t at = out->start[out->parts[u].persons[k] + 1]++;

                        out->part[at] = u;
                        out->records[at] = out->parts[u].records[k];
                }
        out->apart = true;
        for (size_t p = 0; p < persons && out->apart; p++)
                out->apart = out->start[p + 1] - out->start[p] < 2;
        return ERR_OK;
}

/* Near or far ------------------------------------------------------------------------------ */

void near_differ(struct rest *r, uint32_t number, int64_t by)
{
        r->persons++;
        r->print += near_mix(number ^ (uint64_t)by << 32);
}

uint32_t near_person(const struct near *n, uint32_t number)
{
        return number < n->numbers_len ? n->person[number] : NEAR_NOBODY;
}

int64_t near_counted(const struct margin *m, bool records, uint32_t person)
{
        int64_t sum = 0;

        for (size_t i = m->start[person]; i < m->start[person + 1]; i++)
                if (m->parts[m->part[i]].chosen)
                        sum += records ? m->records[i] : 1;
        return sum;
}

static void rest_inside(
        const struct near *n, const struct margin *m, const struct answer *a, struct rest *r)
{
        for (uint32_t i = 0; i < a->set.len && r->persons < a->limit; i++) {
                uint32_t p = near_person(n, a->set.persons[i]);
                int64_t by = weight_of(&a->set, i) -
                             (p == NEAR_NOBODY ? 0 : near_counted(m, a->records, p));

                if (by != 0)
                        near_differ(r, a->set.persons[i], by);
        }
}

static void rest_outside(
        struct near *n, const struct margin *m, const struct answer *a, struct rest *r)
{
        for (uint32_t i = 0; i < m->touched_len && r->persons < a->limit; i++) {
                const struct part *u = &m->parts[m->touched[i]];

                for (uint32_t k = 0; u->chosen && k < u->len && r->persons < a->limit; k++) {
                        uint32_t p = u->persons[k];

                        if (n->is_in[p] == n->asked || n->differs[p] == n->tried)
                                continue;
                        n->differs[p] = n->tried;
                        near_differ(r, n->number[p], -near_counted(m, a->records, p));
                }
        }
}

static struct rest rest_of(struct near *n, const struct margin *m, const struct answer *a)
{
        struct rest r = {0};

        n->tried++;
        rest_inside(n, m, a, &r);
        rest_outside(n, m, a, &r);
        return r;
}

/* Whoever is only in cells of more than twice as many persons is in none that is chosen. */
static bool is_plainly_far(const struct near *n, const struct margin *m, const struct answer *a)
{
        uint32_t len = a->set.len, others = 0;

        if (len < EASY)
                return false;
        for (uint32_t i = 0; i < SAMPLE && others < a->limit; i++) {
                uint32_t p = near_person(n, a->set.persons[(uint64_t)i * len / SAMPLE]);
                bool small = false;

                for (size_t k = p == NEAR_NOBODY ? 0 : m->start[p];
                        p != NEAR_NOBODY && k < m->start[p + 1]; k++)
                        small |= m->parts[m->part[k]].len / 2 < len;
                others += !small;
        }
        return others >= a->limit;
}

static void touch(struct near *n, struct margin *m, const struct answer *a)
{
        n->asked++;
        m->touched_len = 0;
        for (uint32_t i = 0; i < a->set.len; i++) {
                uint32_t p = near_person(n, a->set.persons[i]);

                if (p == NEAR_NOBODY)
                        continue;
                n->is_in[p] = n->asked;
                for (size_t k = m->start[p]; k < m->start[p + 1]; k++)
                        if (m->parts[m->part[k]].in++ == 0)
                                m->touched[m->touched_len++] = m->part[k];
        }
}

static void untouch(struct margin *m)
{
        for (uint32_t i = 0; i < m->touched_len; i++) {
                m->parts[m->touched[i]].in = 0;
                m->parts[m->touched[i]].chosen = false;
        }
}

/* Found ------------------------------------------------------------------------------------ */

static enum err sum_add(struct near *n, const struct lattice_sum *sum)
{
        struct lattice_asked *o = n->out;

        for (size_t i = 0; i < o->len; i++)
                if (o->sums[i].table == sum->table && o->sums[i].len == sum->len &&
                        o->sums[i].rest == sum->rest && o->sums[i].exact == sum->exact &&
                        memcmp(o->sums[i].cells, sum->cells, sum->len * sizeof(*sum->cells)) == 0)
                        return ERR_OK;
        if (o->len == o->cap) {
                size_t cap = o->cap > 0 ? 2 * o->cap : 64;
                struct lattice_sum *grown = arena_alloc(n->arena, cap, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                if (o->len > 0)
                        memcpy(grown, o->sums, o->len * sizeof(*grown));
                o->sums = grown;
                o->cap = cap;
        }
        o->sums[o->len++] = *sum;
        return ERR_OK;
}

static int by_size(const void *a, const void *b)
{
        const size_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* The chosen cells; with `at` of the dimensions that are not identifying, where it is a row. */
static enum err chosen_cells(const struct near *n, const struct margin *m, const uint32_t *aside,
        struct lattice_sum *out)
{
        const struct table *t = &n->cube->tables[m->table];
        uint32_t lead = lattice_lead(n->cube), at[DIMENSIONS_MAX + 1];
        size_t *cells = arena_alloc_raw(n->arena, m->touched_len + 1u, sizeof(*cells));

        if (cells == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < m->touched_len; i++) {
                if (!m->parts[m->touched[i]].chosen)
                        continue;
                table_coordinates(t, m->parts[m->touched[i]].cell, at);
                for (uint32_t d = lead; aside != NULL && d < t->dimensions_len; d++)
                        at[d] = t->dimensions[d].identifying ? at[d] : aside[d];
                cells[out->len++] = table_cell(t, at);
        }
        qsort(cells, out->len, sizeof(*cells), by_size);
        out->cells = cells;
        return ERR_OK;
}

enum err near_found(struct near *n, const struct margin *m, bool exact, uint64_t rest)
{
        struct lattice_sum sum = {.table = m->table, .exact = exact, .rest = rest};

        TRY(chosen_cells(n, m, NULL, &sum));
        return sum_add(n, &sum);
}

/* Next combination of the dimensions that are not identifying, totals included; false: none. */
static bool next_aside(const struct table *t, uint32_t lead, uint32_t *at)
{
        for (uint32_t d = t->dimensions_len; d-- > lead;) {
                if (t->dimensions[d].identifying)
                        continue;
                if (at[d]++ < t->dimensions[d].len)
                        return true;
                at[d] = 0;
        }
        return false;
}

/* Whatever is told of these persons. */
static enum err row_found(struct near *n, const struct margin *m, uint64_t rest)
{
        const struct table *t = &n->cube->tables[m->table];
        uint32_t lead = lattice_lead(n->cube), aside[DIMENSIONS_MAX + 1] = {0};
        bool more = false;

        for (uint32_t d = lead; d < t->dimensions_len; d++)
                more |= !t->dimensions[d].identifying;
        if (!more && n->source->dataset->lattice.measures_len == 0)
                return ERR_OK; /* they are told of as cells alone */
        do {
                struct lattice_sum sum = {.table = m->table, .rest = rest = near_mix(rest + 1)};

                TRY(chosen_cells(n, m, aside, &sum));
                TRY(sum_add(n, &sum));
        } while (next_aside(t, lead, aside));
        return ERR_OK;
}

static enum err found(
        struct near *n, const struct margin *m, const struct answer *a, const struct rest *r)
{
        struct lattice_sum sum = {.table = m->table};
        bool any = false;

        for (uint32_t i = 0; i < m->touched_len; i++)
                any |= m->parts[m->touched[i]].chosen;
        if (!any || r->persons >= a->limit)
                return ERR_OK;
        sum.exact = r->persons == 0 && !a->closed;
        if (!sum.exact)
                sum.rest = near_mix(r->print + (a->closed ? near_mix(++n->closed) : 0) +
                                    (uint64_t)a->records * 2 + a->cells);
        if (!a->cells)
                return sum.exact ? ERR_OK : row_found(n, m, sum.rest);
        return near_found(n, m, sum.exact, sum.rest);
}

/* The cells of which most are in it; of those that it cuts, only such as hold so many. */
static void choose(struct margin *m, uint32_t fewest)
{
        for (uint32_t i = 0; i < m->touched_len; i++) {
                struct part *u = &m->parts[m->touched[i]];

                u->chosen = u->in > u->len / 2 && (u->in == u->len || u->len >= fewest);
        }
}

/* *out_far: from every union of these cells; *out_equal: it is one. */
static enum err compare(
        struct near *n, struct margin *m, const struct answer *a, bool *out_far, bool *out_equal)
{
        struct rest nearest, other;
        enum err e = ERR_OK;

        *out_far = is_plainly_far(n, m, a);
        *out_equal = false;
        if (*out_far)
                return ERR_OK;
        touch(n, m, a);
        choose(m, 0);
        nearest = rest_of(n, m, a);
        *out_far = nearest.persons >= a->limit;
        *out_equal = nearest.persons == 0;
        if (!*out_far && (a->cells || m->is_row)) {
                e = found(n, m, a, &nearest);
                choose(m, 2 * a->limit);
                other = rest_of(n, m, a);
                if (e == ERR_OK && other.print != nearest.print)
                        e = found(n, m, a, &other);
        }
        untouch(m);
        return e;
}

/* Which answers are to be looked at, and whether any together are: those that are far from the
 * finest cells are far from their unions. */
struct asking {
        const struct answer *answers;
        uint32_t len;
        bool *far, *equal;         /* the latter in the margin at hand */
        struct together *together; /* NULL: none */
};

/* `divided`: other margins are of unions of its cells. */
static enum err compare_all(struct near *n, struct margin *m, struct asking *x, bool divided)
{
        bool none;

        for (uint32_t i = 0; i < x->len; i++) {
                bool far;

                x->equal[i] = false;
                if (x->far[i])
                        continue;
                if (n->source->cancel != NULL && atomic_load(n->source->cancel))
                        return ERR_CANCELLED;
                TRY(compare(n, m, &x->answers[i], &far, &x->equal[i]));
                x->far[i] = far && divided;
        }
        if (x->together == NULL)
                return ERR_OK;
        TRY(together_find(n, m, x->together, x->equal, &none));
        if (none && divided)
                x->together = NULL;
        return ERR_OK;
}

enum err near_find(struct near *n, uint32_t table, uint32_t first, uint32_t end, bool range,
        const struct answer *answers, uint32_t len, struct together *together)
{
        OWNED(arena_free) struct arena *arena = arena_new(SCRATCH_MAX);
        const struct table *t = &n->cube->tables[table];
        unsigned margins = 1u << (t->dimensions_len - lattice_lead(n->cube));
        struct layer l = {.n = n, .table = table, .arena = arena};
        struct asking asking = {.answers = answers, .len = len, .together = together};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        asking.far = arena_alloc(arena, len + 1u, sizeof(*asking.far));
        asking.equal = arena_alloc(arena, len + 1u, sizeof(*asking.equal));
        if (asking.far == NULL || asking.equal == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; range && i < len; i++)
                asking.far[i] = answers[i].first != first || answers[i].end != end;
        TRY(layer_make(&l, first, end));
        for (unsigned kept = margins; kept-- > 0;) {
                OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
                struct margin m;

                if (scratch == NULL)
                        return ERR_NO_MEMORY;
                TRY(margin_make(&l, kept, scratch, &m));
                bool divided =
                        kept == margins - 1 && m.parts_len > 0 && is_divided(&l, &m, margins);
                if (m.parts_len > 0)
                        TRY(compare_all(n, &m, &asking, divided));
        }
        return ERR_OK;
}
