/* SPDX-License-Identifier: Apache-2.0 */
/* joint_measures.c: measures that go with withheld ones.
 *
 * What counts persons within the cell is told with the cells (joint_cross.c). Sums,
 * families and amounts are no counts of the cell's persons: each is a model of its own over
 * the same cells. Medians and quartiles add up to nothing and follow their cell.
 *
 * Two sums may be tied by their filters. Where a relation holds everywhere, Σ r_k x_k = 0,
 * those in it are withheld in the same cells. Let P be the cells where all are shown. In a
 * combination that gives one of them in cell t, the coefficient of some sum of a basis is a
 * multiple of t alone, and lies in the span of P; so t lies in the span of its own shown
 * cells, which its model denies. Where a relation holds in a category only, of two filters
 * of which one names it, no such proof is known to us, and all but the first are withheld.
 *
 * Of several tables it is not known which measures are the same ones. There a single
 * quantity stands for all: protected where any is, shown where all are, and withheld in all
 * where it is withheld; by the same argument that is safe if relations hold everywhere.
 * Where nobody or all in some cell have it, filters may name categories. Then measures are
 * shown only of cells in which nothing is hidden, where they tell nothing that the cells do
 * not; and none, where a rule protects one in a cell that is shown. */
#include "gateway/disclosure/joint_measures.h"

#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/eliminate.h"
#include "gateway/disclosure/residue.h"

/* Sums at a time; those beyond are withheld. */
enum { SUMS_MAX = 4 };

uint8_t measures_role(uint8_t a, uint8_t b)
{
        static const uint8_t rank[MODEL_ROLE_COUNT] = {[MODEL_ROLE_PROTECT] = 4,
                [MODEL_ROLE_ZERO] = 3,
                [MODEL_ROLE_KNOWN] = 2,
                [MODEL_ROLE_OPEN] = 1};

        return rank[a] > rank[b] ? a : b;
}

void measures_cell(const struct measuring *m, const struct quantity *q, size_t cell,
        struct joint_layer *layer, size_t to)
{
        const struct joint *j = m->j;
        struct model_cell *c = &layer->cell[to];
        uint8_t role = quantity_role(m->t, m->told, q, cell, j->settings->zeros_published);
        uint64_t amount =
                q->value[cell] < 0 ? 0 - (uint64_t)q->value[cell] : (uint64_t)q->value[cell];

        c->role = measures_role(c->role, role);
        /* TABLE_NO_VALUE is large, and as good as any. */
        c->want = (amount >> 4 > c->want ? amount >> 4 : c->want) | 1;
        c->cost = 1;
        if (role != MODEL_ROLE_PROTECT)
                return;
        int64_t persons = q->within ? q->value[cell] : m->t->persons[cell];
        c->alone |= persons == 1 || j->base.cell[j->base.space.cell_of[0][cell]].alone;
        c->lowest |= q->within && q->value[cell] <= (j->settings->zeros_published ? 1 : 0);
        /* Groups are as large as they have persons. */
        const int64_t *behind = m->t->measures[q->measure].contributors;
        if (layer->value != NULL)
                layer->value[to] = q->within        ? q->value[cell]
                                   : behind != NULL ? behind[cell]
                                                    : m->t->persons[cell];
}

/* Settling --------------------------------------------------------------------------------- */

/* Protected cells that what is known gives: nobody can keep them. After all known columns
 * are published, the random directions do not move what they span (eliminate.h). */
static enum err forget_computable(struct joint_layer *l)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        OWNED(elimination_free) struct elimination *e = NULL;
        struct model_release release;
        struct model m;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(space_release(scratch, &l->space, l->cell, &release));
        TRY(model_new(scratch, &release, &m));
        TRY(elimination_run(&m, NULL, 0, 0, SIZE_MAX, &e));
        const struct print *row = elimination_prints(e);
        for (size_t i = 0; i < m.cells; i++) {
                uint32_t c = m.column_of[i];
                uint64_t f = 0, g = 0;

                if (l->cell[i].role != MODEL_ROLE_PROTECT || c >= m.columns)
                        continue;
                for (size_t k = m.start[c]; k < m.start[c + 1]; k++) {
                        f = residue_add(f, row[m.row[k]].f);
                        g = residue_add(g, row[m.row[k]].g);
                }
                if (f == 0 && g == 0)
                        l->cell[i].role = MODEL_ROLE_ABSENT;
        }
        return ERR_OK;
}

static bool has_role(const struct joint_layer *l, uint8_t role)
{
        for (size_t i = 0; i < l->space.cells; i++)
                if (l->cell[i].role == role)
                        return true;
        return false;
}

static enum err settle(struct joint *j, struct joint_layer *l)
{
        if (has_role(l, MODEL_ROLE_KNOWN))
                TRY(forget_computable(l));
        return joint_settle(j, l);
}

/* Under one supposition; what it hides stays hidden. */
static enum err settle_supposed(
        struct joint *j, struct joint_layer *l, uint8_t *role, const bool *supposed)
{
        bool any = false;

        for (size_t i = 0; i < l->space.cells; i++) {
                any |= supposed[i];
                l->cell[i].role = supposed[i] ? MODEL_ROLE_ZERO : role[i];
        }
        if (!any)
                return ERR_OK;
        TRY(settle(j, l));
        for (size_t i = 0; i < l->space.cells; i++)
                if (role[i] == MODEL_ROLE_OPEN && l->status[i] != SUPPRESS_PUBLISHED)
                        role[i] = MODEL_ROLE_PROTECT;
        return ERR_OK;
}

enum err measures_settle(
        struct joint *j, struct joint_layer *layer, bool *const *supposed, uint32_t len)
{
        size_t n = layer->space.cells;
        uint8_t *role = arena_alloc_raw(j->arena, n, sizeof *role);

        if (role == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < n; i++)
                role[i] = layer->cell[i].role;
        for (uint32_t i = 0; i < len && !layer->failed; i++)
                TRY(settle_supposed(j, layer, role, supposed[i]));
        if (layer->failed)
                return ERR_OK;
        for (size_t i = 0; i < n; i++)
                layer->cell[i].role = role[i];
        return settle(j, layer);
}

/* Sums ------------------------------------------------------------------------------------- */

/* Cells of categories in which nobody has any, for all one can see by definition; and where
 * zeros are published all in which nobody has, as a count may say so. */
static enum err empty_find(
        const struct measuring *m, const struct quantity *q, bool *supposed, bool *by_category)
{
        const int64_t *behind = m->t->measures[q->measure].contributors;
        const struct table *t = m->t;
        uint32_t at[DIMENSIONS_MAX], first[DIMENSIONS_MAX], places = 0;

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                first[d] = places;
                places += t->dimensions[d].len + 1;
        }
        bool *any = arena_alloc(m->j->arena, places, sizeof *any);
        if (any == NULL)
                return ERR_NO_MEMORY;
        if (behind == NULL)
                behind = q->value;
        for (size_t c = 0; c < t->cells_len; c++) {
                table_coordinates(t, c, at);
                for (uint32_t d = 0; d < t->dimensions_len && behind[c] != 0; d++)
                        any[first[d] + at[d]] = true;
        }
        for (size_t c = 0; c < t->cells_len; c++) {
                uint32_t to = m->j->base.space.cell_of[0][c];

                table_coordinates(t, c, at);
                if (to == SPACE_NOWHERE)
                        continue;
                supposed[to] = m->j->settings->zeros_published && behind[c] == 0;
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        by_category[to] |= at[d] < t->dimensions[d].len && !any[first[d] + at[d]];
                supposed[to] |= by_category[to];
        }
        return ERR_OK;
}

/* One sum; what is hidden already must stay so, and `more` says that more is. */
static enum err sum_protect(struct measuring *m, uint32_t sum, bool *more)
{
        const struct space *space = &m->j->base.space;
        struct joint_layer layer;
        bool *supposed[2];

        for (int i = 0; i < 2; i++) {
                supposed[i] = arena_alloc(m->j->arena, space->cells, sizeof *supposed[i]);
                if (supposed[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        TRY(joint_layer_new(m->j, space, true, &layer));
        for (size_t c = 0; c < m->t->cells_len; c++) {
                uint32_t to = space->cell_of[0][c];

                for (uint32_t i = sum; to != SPACE_NOWHERE && i < m->quantities.len; i++)
                        if (m->quantities.of[i].same == sum)
                                measures_cell(m, &m->quantities.of[i], c, &layer, to);
                if (to != SPACE_NOWHERE && m->hidden[sum][c] &&
                        layer.cell[to].role == MODEL_ROLE_OPEN)
                        layer.cell[to].role = MODEL_ROLE_PROTECT;
        }
        TRY(empty_find(m, &m->quantities.of[sum], supposed[0], supposed[1]));
        TRY(measures_settle(m->j, &layer, supposed, 2));
        for (size_t c = 0; c < m->t->cells_len; c++) {
                uint32_t at = space->cell_of[0][c];
                bool hidden = at != SPACE_NOWHERE &&
                              (layer.failed || layer.status[at] != SUPPRESS_PUBLISHED);

                *more |= hidden && !m->hidden[sum][c];
                m->hidden[sum][c] |= hidden;
        }
        return ERR_OK;
}

/* Sums, those that are tied, and those that are left out. */
struct sums {
        uint32_t of[SUMS_MAX], len, group[SUMS_MAX];
        bool out[SUMS_MAX];
};

static void sums_unite(struct sums *s, uint64_t combination)
{
        uint32_t first = UINT32_MAX;

        for (uint32_t i = 0; i < s->len; i++, combination /= 3) {
                if (combination % 3 == 0)
                        continue;
                first = first == UINT32_MAX ? s->group[i] : first;
                for (uint32_t k = 0, from = s->group[i]; k < s->len; k++)
                        if (s->group[k] == from)
                                s->group[k] = first;
        }
}

/* All but the first. */
static void sums_leave_out(struct sums *s, uint64_t combination)
{
        bool first = true;

        for (uint32_t i = 0; i < s->len; i++, combination /= 3) {
                if (combination % 3 == 0)
                        continue;
                s->out[i] |= !first;
                first = false;
        }
}

/* How many sums are in a relation; none where one of them is nothing. */
static uint32_t sums_in(const struct sums *s, const uint64_t *print, uint64_t combination)
{
        uint32_t len = 0;

        for (uint32_t i = 0; i < s->len; i++, combination /= 3) {
                if (combination % 3 == 0)
                        continue;
                if (print[i] == 0)
                        return 0;
                len++;
        }
        return len;
}

static void sums_relate(struct sums *s, const struct quantity_prints *p)
{
        uint64_t print[PRINTS_MAX], combinations = 1;

        for (uint32_t i = 0; i < s->len; i++)
                combinations *= 3;
        for (uint64_t n = 1; n < combinations; n++) {
                if (quantities_relation(p->of, s->len, n)) {
                        if (sums_in(s, p->of, n) > 1)
                                sums_unite(s, n);
                        continue;
                }
                for (uint32_t c = 0; c < p->categories; c++) {
                        for (uint32_t i = 0; i < s->len; i++)
                                print[i] = p->by_category[i][c];
                        if (sums_in(s, print, n) > 1 && quantities_relation(print, s->len, n))
                                sums_leave_out(s, n);
                }
        }
}

/* Until all of a group are withheld in the same cells. */
static enum err group_protect(struct measuring *m, const struct sums *s, uint32_t group)
{
        bool more = true;

        while (more) {
                more = false;
                for (uint32_t i = 0; i < s->len; i++) {
                        if (s->group[i] != group)
                                continue;
                        for (uint32_t k = 0; k < s->len; k++)
                                for (size_t c = 0; s->group[k] == group && c < m->t->cells_len; c++)
                                        m->hidden[s->of[i]][c] |= m->hidden[s->of[k]][c];
                        TRY(sum_protect(m, s->of[i], &more));
                }
        }
        return ERR_OK;
}

static enum err sums_protect(struct measuring *m)
{
        struct sums s = {.len = 0};
        struct quantity_prints prints;

        for (uint32_t i = 0; i < m->quantities.len; i++) {
                if (m->quantities.of[i].within || m->quantities.of[i].same != i)
                        continue;
                if (s.len == SUMS_MAX) {
                        memset(m->hidden[i], true, m->t->cells_len);
                        continue;
                }
                s.group[s.len] = s.len;
                s.of[s.len++] = i;
        }
        TRY(quantity_prints(m->j->arena, m->t, &m->quantities, s.of, s.len, &prints));
        sums_relate(&s, &prints);
        for (uint32_t i = 0; i < s.len; i++)
                if (s.group[i] == i)
                        TRY(group_protect(m, &s, i));
        for (uint32_t i = 0; i < s.len; i++)
                if (s.out[i])
                        memset(m->hidden[s.of[i]], true, m->t->cells_len);
        return ERR_OK;
}

/* One table -------------------------------------------------------------------------------- */

static void withhold(struct joint *j, uint32_t table, uint32_t measure, size_t cell)
{
        struct table *t = j->release->tables[table];

        /* Of nobody there is nothing to withhold. */
        if (t->status[cell] != CELL_VALUE || t->persons[cell] == 0 ||
                t->measures[measure].status[cell] != CELL_VALUE)
                return;
        t->measures[measure].status[cell] = CELL_PROTECTED;
        j->told[table].rule[measure][cell] = CELL_RULE_SECONDARY;
}

static bool anything_hidden(const struct table *t)
{
        for (size_t c = 0; c < t->cells_len; c++) {
                if (t->status[c] == CELL_PROTECTED)
                        return true;
                for (uint32_t i = 0; i < t->measures_len; i++)
                        if (t->measures[i].status != NULL &&
                                t->measures[i].status[c] == CELL_PROTECTED)
                                return true;
        }
        return false;
}

static enum err protect_one_table(struct joint *j)
{
        struct measuring m = {.j = j, .t = j->release->tables[0], .told = &j->told[0]};

        if (!anything_hidden(m.t))
                return ERR_OK;
        quantities_list(m.t, &m.quantities);
        quantities_same(m.t, &m.quantities);
        for (uint32_t i = 0; i < m.quantities.len; i++) {
                m.hidden[i] = arena_alloc(j->arena, m.t->cells_len, sizeof *m.hidden[i]);
                if (m.hidden[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        TRY(measures_cross(&m));
        TRY(sums_protect(&m));
        for (uint32_t i = 0; i < m.quantities.len; i++) {
                const struct quantity *q = &m.quantities.of[i];

                for (size_t c = 0; q->same != QUANTITY_CELL && c < m.t->cells_len; c++)
                        if (m.hidden[q->same][c])
                                withhold(j, 0, q->measure, c);
        }
        return ERR_OK;
}

/* Several tables --------------------------------------------------------------------------- */

/* All quantities of a cell as one; false: it has none. */
static bool role_of_all(const struct joint *j, uint32_t table, const struct quantities *q,
        size_t cell, uint8_t *out)
{
        const struct table *t = j->release->tables[table];
        bool protect = false, open = true, zero = t->persons[cell] == 0;

        for (uint32_t i = 0; i < q->len; i++) {
                uint8_t role = quantity_role(t, &j->told[table], &q->of[i], cell, false);

                protect |= role == MODEL_ROLE_PROTECT;
                open &= role == MODEL_ROLE_OPEN;
        }
        *out = protect ? MODEL_ROLE_PROTECT
               : zero  ? MODEL_ROLE_ZERO
               : open  ? MODEL_ROLE_OPEN
                       : MODEL_ROLE_ABSENT;
        return q->len > 0;
}

/* A cell where all have it, or nobody: the filters may be about categories. */
static bool any_extreme(const struct table *t, const struct quantities *q)
{
        for (uint32_t i = 0; i < q->len; i++)
                for (size_t c = 0; c < t->cells_len; c++)
                        if (t->persons[c] > 0 &&
                                (q->of[i].value[c] == t->persons[c] || q->of[i].value[c] == 0))
                                return true;
        return false;
}

/* Cells that hold a row of a hidden one are not told. */
static enum err withhold_mixed(const struct joint *j, struct joint_layer *all)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct model_release release;
        struct model m;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(space_release(scratch, &j->base.space, j->base.cell, &release));
        TRY(model_new(scratch, &release, &m));
        bool *row = arena_alloc(scratch, m.rows, sizeof *row);
        bool *column = arena_alloc(scratch, m.columns, sizeof *column);
        if (row == NULL || column == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m.cells; i++) {
                uint32_t c = m.column_of[i];

                for (size_t k = 0; c < m.columns && j->base.status[i] != SUPPRESS_PUBLISHED &&
                                   k < m.start[c + 1] - m.start[c];
                        k++)
                        row[m.row[m.start[c] + k]] = true;
        }
        for (uint32_t c = 0; c < m.columns; c++)
                for (size_t k = m.start[c]; k < m.start[c + 1]; k++)
                        column[c] = column[c] || row[m.row[k]];
        for (size_t i = 0; i < m.cells; i++)
                if (m.column_of[i] < m.columns && column[m.column_of[i]])
                        all->status[i] = SUPPRESS_SECONDARY;
        return ERR_OK;
}

static enum err protect_all_tables(struct joint *j)
{
        const struct space *space = &j->base.space;
        struct quantities q;
        struct joint_layer all;
        bool full = false;

        TRY(joint_layer_new(j, space, false, &all));
        for (uint32_t t = 0; t < j->release->tables_len; t++) {
                const struct table *table = j->release->tables[t];

                quantities_list(table, &q);
                full |= any_extreme(table, &q);
                for (size_t c = 0; c < table->cells_len; c++) {
                        uint32_t at = space->cell_of[t][c];
                        uint8_t role;

                        if (at == SPACE_NOWHERE || !role_of_all(j, t, &q, c, &role))
                                continue;
                        all.cell[at] = j->base.cell[at];
                        all.cell[at].role = measures_role(all.cell[at].role, role);
                }
        }
        TRY(joint_settle(j, &all));
        for (size_t i = 0; i < space->cells && full; i++)
                all.failed |= all.cell[i].role == MODEL_ROLE_PROTECT &&
                              j->base.status[i] == SUPPRESS_PUBLISHED;
        if (full && !all.failed)
                TRY(withhold_mixed(j, &all));
        for (uint32_t t = 0; t < j->release->tables_len; t++) {
                quantities_list(j->release->tables[t], &q);
                for (size_t c = 0; c < j->release->tables[t]->cells_len; c++) {
                        uint32_t at = space->cell_of[t][c];

                        for (uint32_t i = 0; i < q.len && at != SPACE_NOWHERE; i++)
                                if (all.failed || all.status[at] != SUPPRESS_PUBLISHED)
                                        withhold(j, t, q.of[i].measure, c);
                }
        }
        return ERR_OK;
}

enum err joint_measures(struct joint *j)
{
        struct quantities q;
        uint32_t len = 0;

        for (uint32_t t = 0; t < j->release->tables_len; t++) {
                quantities_list(j->release->tables[t], &q);
                len += q.len;
        }
        if (len == 0 || j->base.failed)
                return ERR_OK;
        return j->release->tables_len > 1 ? protect_all_tables(j) : protect_one_table(j);
}
