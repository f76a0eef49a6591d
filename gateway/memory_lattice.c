/* SPDX-License-Identifier: Apache-2.0 */
/* memory_lattice.c: what the planned tables tell of is known to whoever asks besides.
 *
 * A planned table's rows are sets of persons like any other, and a question outside the plan
 * can differ from one of them by few. So before the first question is judged in the
 * light of a vintage, the rows that its planned tables show are in the ledger. The block of
 * records that lie in no year is left out: who is in it is asked by no question. */
#include "gateway/memory_lattice.h"

#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"
#include "gateway/store/lattice.h"

struct telling {
        const struct lattice_telling *in;
        struct lattice_cube cube;
        struct lattice_told *list;
        uint32_t len, cap;
};

static enum err dimensions_of(
        const struct telling *t, uint32_t table, struct query *full, struct query *margin)
{
        const struct table *from = &t->cube.tables[table];
        const struct policy_dataset *d = t->in->dataset;
        uint32_t lead = lattice_lead(&t->cube), len = from->dimensions_len - lead;

        full->dimensions = arena_alloc(t->in->arena, len, sizeof *full->dimensions);
        margin->dimensions = arena_alloc(t->in->arena, len, sizeof *margin->dimensions);
        if (full->dimensions == NULL || margin->dimensions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                const struct dimension *dim = &from->dimensions[lead + i];
                const struct dimension_ref ref = {dim->variable, dim->level};
                int32_t variable = variable_find(d, dim->variable);

                if (variable < 0)
                        return ERR_NOT_FOUND;
                full->dimensions[full->dimensions_len++] = ref;
                if (d->variables[variable].role == VARIABLE_IDENTIFYING)
                        margin->dimensions[margin->dimensions_len++] = ref;
        }
        return ERR_OK;
}

static enum err who_counts(const struct telling *t, struct memory_question *q)
{
        uint32_t len = 0;
        const uint8_t *delivered = view_delivered(t->in->view, &len);
        const struct deliveries *d = t->in->deliveries;

        if (delivered == NULL || len == 0)
                return ERR_OK;
        uint8_t *counts = arena_alloc(t->in->arena, len, 1);
        if (counts == NULL)
                return ERR_NO_MEMORY;
        memcpy(counts, delivered, len);
        if (d != NULL && q->query.has_period) {
                memset(counts, 0, len);
                for (uint32_t i = 0; i < d->len; i++)
                        if (d->list[i].municipality < len &&
                                d->list[i].period.first <= q->query.period.last &&
                                d->list[i].period.last >= q->query.period.first)
                                counts[d->list[i].municipality] =
                                        delivered[d->list[i].municipality];
        }
        q->counts = counts;
        q->counts_len = len;
        return ERR_OK;
}

/* A cell that is held tells of those who were in it then, whom its own vintage has told of. */
static bool is_told(const struct table *table, size_t cell)
{
        return table->status[cell] == CELL_VALUE && (table->held == NULL || table->held[cell] == 0);
}

static enum err told_cells(
        const struct telling *t, const struct table *table, struct lattice_told *out)
{
        uint8_t *told = arena_alloc(t->in->arena, table->cells_len, 1);

        if (told == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < table->cells_len; i++)
                told[i] = is_told(table, i);
        out->told = told;
        out->cells = (uint32_t)table->cells_len;
        out->question.cells = true;
        return ERR_OK;
}

/* A row is told where its own count is. What was only told of cells within it is remembered as
 * cells: a row that is remembered without having been told would make others, which differ from
 * it by few, look as if everybody could compute them already. */
static enum err told_rows(
        const struct telling *t, const struct table *table, struct lattice_told *out)
{
        size_t cells = 1;
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < table->dimensions_len; d++)
                if (table->dimensions[d].identifying)
                        cells *= (size_t)table->dimensions[d].len + 1;
        uint8_t *told = arena_alloc(t->in->arena, cells, 1);

        if (told == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < table->cells_len; i++) {
                size_t row = 0;
                bool whole = true;

                table_coordinates(table, i, at);
                for (uint32_t d = 0; d < table->dimensions_len; d++) {
                        if (table->dimensions[d].identifying)
                                row = row * ((size_t)table->dimensions[d].len + 1) + at[d];
                        else
                                whole &= at[d] == table->dimensions[d].len;
                }
                told[row] |= whole && is_told(table, i);
        }
        out->told = told;
        out->cells = (uint32_t)cells;
        return ERR_OK;
}

/* A question of a planned table: some block of it. */
static enum err tell_one(struct telling *t, uint32_t table, const struct period *year)
{
        const struct lattice_telling *in = t->in;
        struct lattice_told *one = &t->list[t->len], *whole = one + 1, *records = one + 2;
        struct query full = {
                .dataset = in->dataset->id, .purpose = in->purpose, .vintage = in->vintage};
        struct table *cut = NULL;

        full.unit = UNIT_PERSON;
        if (year != NULL) {
                full.has_period = true;
                full.period = *year;
        }
        *one = (struct lattice_told){.question = {.query = full}};
        TRY(dimensions_of(t, table, &full, &one->question.query));
        TRY(lattice_cut(in->policy, in->dataset, &t->cube, &full, in->arena, &cut));
        TRY(told_rows(t, cut, one));
        TRY(who_counts(t, &one->question));
        *whole = (struct lattice_told){.question = one->question};
        whole->question.query = full;
        TRY(told_cells(t, cut, whole));
        *records = *whole;
        records->question.records = true;
        t->len += 3;
        return ERR_OK;
}

static enum err tell_cube(struct telling *t, const struct stored_lattice *l)
{
        const struct lattice_telling *in = t->in;
        struct stored_lattice found;
        char id[NAME_MAX_LEN + 1] = {0};

        memcpy(id, in->dataset->id.data, in->dataset->id.len);
        TRY(store_lattice_find(in->store, id, l->vintage, &l->policy, in->arena, &found));
        t->cube = (struct lattice_cube){0};
        TRY(lattice_decode(found.body, in->arena, &t->cube));
        uint32_t cap = t->len + 3 * t->cube.tables_len * (t->cube.years_len + 1);
        struct lattice_told *list = arena_alloc(in->arena, cap, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        memcpy(list, t->list, t->len * sizeof *list);
        t->list = list;
        t->cap = cap;
        for (uint32_t table = 0; table < t->cube.tables_len; table++) {
                for (uint32_t b = 0; b <= t->cube.years_len; b++) {
                        enum err e = tell_one(
                                t, table, b < t->cube.years_len ? &t->cube.years[b] : NULL);

                        if (e != ERR_OK && e != ERR_NOT_FOUND)
                                return e;
                }
        }
        return ERR_OK;
}

enum err lattice_told_of(const struct lattice_telling *in, struct lattice_told **out,
        uint32_t *out_len, uint64_t *out_latest)
{
        uint64_t latest = in->after;
        struct telling t = {.in = in, .list = arena_alloc(in->arena, 1, sizeof *t.list)};
        struct stored_lattice *stored = NULL;
        uint32_t len = 0;
        char id[NAME_MAX_LEN + 1] = {0};

        if (t.list == NULL)
                return ERR_NO_MEMORY;
        memcpy(id, in->dataset->id.data, in->dataset->id.len);
        TRY(store_lattices(in->store, id, in->arena, &stored, &len));
        for (uint32_t i = 0; i < len; i++) {
                const struct stored_lattice *l = &stored[i];

                if (l->vintage.number != in->vintage.number ||
                        l->vintage.revision != in->vintage.revision || l->number <= in->after)
                        continue;
                TRY(tell_cube(&t, l));
                latest = l->number > latest ? l->number : latest;
        }
        *out_latest = latest;
        *out = t.list;
        *out_len = t.len;
        return ERR_OK;
}
