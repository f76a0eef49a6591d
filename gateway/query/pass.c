/* SPDX-License-Identifier: Apache-2.0 */
/* pass.c: what a pass needs before its first block: its shape, what every inner cell adds to,
 * and room for each worker to count in. */
#include "gateway/query/pass.h"

#include <string.h>

#include "base/arena.h"

enum { MARGIN_TABLE_MAX = 1 << 21 }; /* entries; beyond, margins are computed each time */

unsigned pass_margins(const struct pass *p, uint32_t inner, uint32_t out[COMBINATIONS_MAX])
{
        unsigned n = 1;

        out[0] = inner;
        for (uint32_t d = 0; d < p->table->dimensions_len; d++) {
                uint32_t places = p->table->dimensions[d].len + 1;
                uint32_t at = inner / p->stride[d] % places;
                uint32_t to_total = (places - 1 - at) * p->stride[d];

                for (unsigned i = 0; i < n; i++)
                        out[n + i] = out[i] + to_total;
                n *= 2;
        }
        return n;
}

static void shape(struct pass *p)
{
        size_t stride = 1;

        for (uint32_t d = p->table->dimensions_len; d-- > 0;) {
                p->stride[d] = (uint32_t)stride;
                stride *= p->table->dimensions[d].len + 1;
        }
        p->cells = stride;
}

/* Whether measures need more than the cells have, and families. */
static enum err note_parts(struct pass *p)
{
        const struct measures *m = p->plan->measures;
        bool families = false;

        for (uint32_t i = 0; i < m->parts_len && !p->margin && !p->cells_only; i++) {
                p->parts |= !part_is_cell(&m->parts[i]);
                families |= m->parts[i].counted == COUNTED_FAMILIES;
        }
        const struct contributing *c = &p->plan->contributing;
        if (!p->margin && !p->cells_only) {
                p->tells = (c->types & ~c->read) != 0;
                p->keys = c->keys ? view_record_keys(p->view) : NULL;
        }
        if (!families)
                return ERR_OK;
        p->families = view_families(p->view);
        return p->families != NULL ? ERR_OK : ERR_INTERNAL;
}

static enum err new_tally(struct arena *a, const struct pass *p, struct tally *t)
{
        t->counts = arena_alloc(a, p->cells, sizeof(*t->counts));
        t->records = arena_alloc(a, p->cells, sizeof(*t->records));
        if (t->counts == NULL || t->records == NULL)
                return ERR_NO_MEMORY;
        if (p->keys != NULL) {
                t->keys = arena_alloc(a, p->cells, sizeof(*t->keys));
                if (t->keys == NULL)
                        return ERR_NO_MEMORY;
        }
        TRY(parts_new(a, p, t));
        TRY(contributions_new(a, p, t));
        return columns_new_tally(a, p, t);
}

/* Divisions once per cell instead of once per person and cell. */
static enum err tabulate_margins(struct pass *p, struct arena *scratch)
{
        size_t combinations = (size_t)1 << p->table->dimensions_len;

        if (p->cells * combinations > MARGIN_TABLE_MAX)
                return ERR_OK;
        p->margins = arena_alloc_raw(scratch, p->cells * combinations, sizeof(*p->margins));
        if (p->margins == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t inner = 0; inner < p->cells; inner++)
                (void)pass_margins(p, inner, p->margins + inner * combinations);
        return ERR_OK;
}

enum err pass_prepare(struct pass *p, unsigned threads, struct arena *scratch)
{
        shape(p);
        TRY(note_parts(p));
        TRY(tabulate_margins(p, scratch));
        for (uint32_t d = 0; d < p->table->dimensions_len; d++)
                TRY(pass_tabulate(p, d, scratch));
        p->tallies_len = threads;
        TRY(columns_prepare(p, threads, scratch));
        p->tallies = arena_alloc(scratch, threads, sizeof(*p->tallies));
        if (p->tallies == NULL)
                return ERR_NO_MEMORY;
        for (unsigned w = 0; w < threads; w++)
                TRY(new_tally(scratch, p, &p->tallies[w]));
        return ERR_OK;
}

void pass_shape_margin(struct pass *p, struct dimension kept[DIMENSIONS_MAX], struct table *shape)
{
        const struct table *full = &p->plan->shape;

        *shape = (struct table){.dimensions = kept};
        for (uint32_t d = 0; d < full->dimensions_len; d++) {
                if (!p->plan->dimension_identifying[d])
                        continue;
                p->dimension[shape->dimensions_len] = d;
                kept[shape->dimensions_len++] = full->dimensions[d];
        }
        p->table = shape;
        p->margin = true;
}

size_t pass_margin_cell(const struct pass *p, const struct table *full, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX], kept[DIMENSIONS_MAX];

        table_coordinates(full, cell, at);
        for (uint32_t d = 0; d < p->table->dimensions_len; d++)
                kept[d] = at[p->dimension[d]];
        return table_cell(p->table, kept);
}

/* Who begins is marked first, and marks are added up: to follow persons by comparing each row with
 * where the next begins is a chain of loads and of wrong guesses. */
uint32_t pass_name_persons(
        const struct pass *p, struct tally *t, uint32_t next, uint32_t row, uint32_t n)
{
        const uint32_t *starts = view_person_starts(p->view);
        uint32_t stamp = next;

        memset(t->begins, 0, n * sizeof(*t->begins));
        for (; starts[next] < row + n; next++)
                t->begins[starts[next] - row]++;
        for (uint32_t i = 0; i < n; i++) {
                stamp += t->begins[i];
                t->stamp[i] = stamp;
        }
        return next;
}
