/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_answer.c: the table of a question, cut out of a protected cube.
 *
 * Dimensions, categories and totals stand as the engine would have put them, so that nobody
 * can tell from an answer's shape where it came from. A cell is one cell of the cube, or,
 * where a filter leaves several categories of an axis on which persons add up, the sum of
 * those; one part that is withheld withholds the sum. */
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

/* What the question makes of an axis of the planned table. */
struct cut_axis {
        const struct dimension *from;
        uint32_t *left; /* categories that are shown and that the filters leave */
        uint32_t left_len;
        bool filtered;
        int32_t dimension; /* of the answer; -1: none */
};

struct cutting {
        const struct lattice_cube *cube;
        const struct table *from;
        uint32_t block, lead, axes_len;
        struct cut_axis axes[DIMENSIONS_MAX];
        struct table *out;
        const struct measure **measures; /* of the cube, by measure of the answer */
        struct arena *arena;
};

static enum err find_block(const struct lattice_cube *c, const struct query *q, uint32_t *out)
{
        *out = c->blocks - 1;
        if (!q->has_period)
                return ERR_OK;
        for (*out = 0; *out < c->years_len; ++*out)
                if (c->years[*out].first == q->period.first)
                        return ERR_OK;
        return ERR_NOT_FOUND;
}

static int32_t find_dimension(const struct query *q, struct bytes variable)
{
        for (uint32_t i = 0; i < q->dimensions_len; i++)
                if (bytes_equal(q->dimensions[i].variable, variable))
                        return (int32_t)i;
        return -1;
}

static enum err read_axis(struct cutting *c, const struct policy_dataset *d,
        const struct lattice_axis *axis, uint32_t table, uint32_t number, const struct query *q)
{
        struct cut_axis *a = &c->axes[number];
        const uint8_t *shown = lattice_shown(c->cube, table, c->block, number);

        a->from = &c->from->dimensions[c->lead + number];
        a->filtered = lattice_filters(d, q, axis->variable);
        a->dimension = find_dimension(q, d->variables[axis->variable].id);
        a->left = arena_alloc(c->arena, a->from->len, sizeof(*a->left));
        if (a->left == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < a->from->len; i++) {
                bool left = true;

                if ((shown[i] & LATTICE_SHOWN) == 0)
                        continue;
                TRY(lattice_leaves(
                        d, axis, q, a->from->categories[i].code, c->cube->days[c->block], &left));
                if (left)
                        a->left[a->left_len++] = i;
        }
        if (!a->filtered)
                return ERR_OK;
        /* Fits promised it; a cube of an older schema might not know. */
        if (a->left_len == 0 || (a->left_len > 1 && a->from->overlapping))
                return ERR_NOT_FOUND;
        return ERR_OK;
}

/* Shape ------------------------------------------------------------------------------ */

static enum err make_dimension(struct cutting *c, uint32_t table, uint32_t number)
{
        const struct cut_axis *a = &c->axes[number];
        const uint8_t *shown = lattice_shown(c->cube, table, c->block, number);
        struct dimension *d = &c->out->dimensions[a->dimension];

        *d = *a->from;
        d->len = a->left_len;
        d->categories = arena_alloc(c->arena, d->len, sizeof(*d->categories));
        if (d->categories == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < d->len; i++) {
                d->categories[i] = a->from->categories[a->left[i]];
                d->categories[i].missing = (shown[a->left[i]] & LATTICE_MISSING) != 0;
        }
        return ERR_OK;
}

static const struct measure *find_measure(const struct table *t, const struct measure_ref *ref)
{
        for (uint32_t i = 0; i < t->measures_len; i++)
                if (t->measures[i].kind == ref->kind &&
                        bytes_equal(t->measures[i].variable, ref->variable))
                        return &t->measures[i];
        return NULL;
}

static enum err make_measures(struct cutting *c, const struct query *q)
{
        static const struct measure_ref unasked = {.kind = MEASURE_PERSONS};
        uint32_t len = q->measures_len > 0 ? q->measures_len : 1;
        size_t cells = c->out->cells_len;

        c->out->measures = arena_alloc(c->arena, len, sizeof(*c->out->measures));
        c->measures = arena_alloc(c->arena, len, sizeof(const struct measure *));
        if (c->out->measures == NULL || c->measures == NULL)
                return ERR_NO_MEMORY;
        c->out->measures_len = len;
        for (uint32_t i = 0; i < len; i++) {
                const struct measure_ref *ref = q->measures_len > 0 ? &q->measures[i] : &unasked;
                const struct measure *from = find_measure(c->from, ref);
                struct measure *m = &c->out->measures[i];

                if (from == NULL)
                        return ERR_NOT_FOUND;
                c->measures[i] = from;
                *m = *from;
                m->name = ref->name;
                m->values = arena_alloc(c->arena, cells, sizeof(*m->values));
                m->status = from->status != NULL ? arena_alloc(c->arena, cells, 1) : NULL;
                if (m->values == NULL || (from->status != NULL && m->status == NULL))
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static enum err make_shape(struct cutting *c, const struct query *q, uint32_t table)
{
        struct table *t = c->out;

        t->dimensions_len = q->dimensions_len;
        t->dimensions = arena_alloc(c->arena, q->dimensions_len, sizeof(*t->dimensions));
        if (t->dimensions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < c->axes_len; i++)
                if (c->axes[i].dimension >= 0)
                        TRY(make_dimension(c, table, i));
        TRY(table_cells(t->dimensions, t->dimensions_len, &t->cells_len));
        t->persons = arena_alloc(c->arena, t->cells_len, sizeof(*t->persons));
        t->records = arena_alloc(c->arena, t->cells_len, sizeof(*t->records));
        t->margin_persons = arena_alloc(c->arena, t->cells_len, sizeof(*t->margin_persons));
        t->status = arena_alloc(c->arena, t->cells_len, 1);
        t->rule = arena_alloc(c->arena, t->cells_len, 1);
        t->held = arena_alloc(c->arena, t->cells_len, 1);
        if (t->persons == NULL || t->records == NULL || t->margin_persons == NULL ||
                t->status == NULL || t->rule == NULL || t->held == NULL)
                return ERR_NO_MEMORY;
        return make_measures(c, q);
}

/* Cells ------------------------------------------------------------------------------ */

/* One part more: what is withheld in a part is withheld in the sum; of what is missing or
 * not applicable there is nothing to add. */
static uint8_t with_status(uint8_t sum, uint8_t part, bool first)
{
        if (first || sum == part)
                return part;
        if (sum == CELL_PROTECTED || part == CELL_PROTECTED)
                return CELL_PROTECTED;
        if (sum == CELL_VALUE || part == CELL_VALUE)
                return CELL_VALUE;
        return CELL_MISSING;
}

static void add_part(struct cutting *c, size_t to, size_t from, bool first)
{
        struct table *t = c->out;

        t->status[to] = with_status(t->status[to], c->from->status[from], first);
        t->held[to] |= c->from->held[from];
        t->persons[to] += c->from->persons[from];
        t->records[to] += c->from->records[from];
        for (uint32_t i = 0; i < t->measures_len; i++) {
                struct measure *m = &t->measures[i];
                const struct measure *part = c->measures[i];
                bool has = c->from->status[from] == CELL_VALUE &&
                           (part->status == NULL || part->status[from] == CELL_VALUE);

                if (m->status != NULL)
                        m->status[to] = with_status(m->status[to], part->status[from], first);
                if (has && part->values[from] == TABLE_NO_VALUE)
                        m->values[to] = TABLE_NO_VALUE;
                else if (has && m->values[to] != TABLE_NO_VALUE)
                        m->values[to] += part->values[from];
        }
}

/* Nothing of the parts stays under a mark. */
static void close_cell(struct table *t, size_t cell)
{
        bool shown = t->status[cell] == CELL_VALUE;

        if (!shown)
                t->persons[cell] = t->records[cell] = t->held[cell] = 0;
        t->rule[cell] = t->status[cell] == CELL_PROTECTED ? CELL_RULE_SMALL : CELL_RULE_NONE;
        for (uint32_t i = 0; i < t->measures_len; i++) {
                struct measure *m = &t->measures[i];

                if (!shown && m->status != NULL)
                        m->status[cell] = t->status[cell];
                if (!shown || (m->status != NULL && m->status[cell] != CELL_VALUE))
                        m->values[cell] = 0;
        }
}

static void cut_cell(struct cutting *c, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX], full[DIMENSIONS_MAX] = {c->block}, turn[DIMENSIONS_MAX] = {0};
        bool summed[DIMENSIONS_MAX] = {false}, more = true;

        table_coordinates(c->out, cell, at);
        for (uint32_t i = 0; i < c->axes_len; i++) {
                const struct cut_axis *a = &c->axes[i];
                bool total = a->dimension < 0 || at[a->dimension] == a->left_len;

                summed[i] = total && a->filtered;
                full[c->lead + i] = !total      ? a->left[at[a->dimension]]
                                    : summed[i] ? a->left[0]
                                                : a->from->len;
        }
        for (bool first = true; more; first = false) {
                add_part(c, cell, table_cell(c->from, full), first);
                more = false;
                for (uint32_t i = 0; i < c->axes_len && !more; i++) {
                        if (!summed[i])
                                continue;
                        more = ++turn[i] < c->axes[i].left_len;
                        turn[i] = more ? turn[i] : 0;
                        full[c->lead + i] = c->axes[i].left[turn[i]];
                }
        }
        close_cell(c->out, cell);
}

enum err lattice_cut(const struct policy *policy, const struct policy_dataset *dataset,
        const struct lattice_cube *cube, const struct query *q, struct arena *arena,
        struct table **out)
{
        struct cutting c = {.cube = cube, .lead = lattice_lead(cube), .arena = arena};
        uint32_t table = 0;

        if (lattice_find(policy, dataset, q, &table) != LATTICE_INSIDE || table >= cube->tables_len)
                return ERR_NOT_FOUND;
        const struct lattice_table *planned = &dataset->lattice.tables[table];
        c.from = &cube->tables[table];
        c.axes_len = planned->axes_len;
        c.out = arena_alloc(arena, 1, sizeof(*c.out));
        if (c.out == NULL)
                return ERR_NO_MEMORY;
        if (c.from->dimensions_len != c.lead + c.axes_len)
                return ERR_CORRUPT;
        TRY(find_block(cube, q, &c.block));
        for (uint32_t i = 0; i < c.axes_len; i++)
                TRY(read_axis(&c, dataset, &planned->axes[i], table, i, q));
        TRY(make_shape(&c, q, table));
        for (size_t i = 0; i < c.out->cells_len; i++)
                cut_cell(&c, i);
        *out = c.out;
        return ERR_OK;
}
