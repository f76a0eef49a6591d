/* SPDX-License-Identifier: Apache-2.0 */
/* joint_measures.c: measures that go with withheld ones.
 *
 * Of one table whose filters are known by definition (table.h), all that measures tell is
 * crossed with the cells (joint_cross.c). Medians and quartiles add up to nothing and follow
 * their cell.
 *
 * Of several tables it is not known which measures are the same ones. There a single
 * quantity stands for all: protected where any is, shown where all are, and withheld in all
 * where it is withheld. Let a relation between them hold everywhere, and let P be the cells
 * where all are shown. In a combination that gives one of them in cell t, the coefficient of
 * some quantity of a basis is a multiple of t alone, and lies in the span of P; so t lies in
 * the span of its own shown cells, which its model denies.
 *
 * Where a filter names a dimension of any of the tables relations are not the same
 * everywhere; nor where nobody or all in some cell have it, since that is seen. Then, and
 * where no filter is known, measures are shown only of cells in which nothing is hidden, where
 * they tell nothing that the cells do not; and none, where a rule protects one in a cell that
 * is shown. */
#include "gateway/disclosure/joint_measures.h"

#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/eliminate.h"

uint8_t measures_role(uint8_t a, uint8_t b)
{
        static const uint8_t rank[MODEL_ROLE_COUNT] = {[MODEL_ROLE_PROTECT] = 4,
                [MODEL_ROLE_ZERO] = 3,
                [MODEL_ROLE_KNOWN] = 2,
                [MODEL_ROLE_OPEN] = 1};

        return rank[a] > rank[b] ? a : b;
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
        for (size_t i = 0; i < m.cells; i++) {
                uint32_t c = m.column_of[i];

                if (l->cell[i].role == MODEL_ROLE_PROTECT && c < m.columns &&
                        elimination_gives(e, c))
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

/* A table whose filters are known. `told`: of all of them something can be said. */
static enum err protect_one_table(struct joint *j, bool *told)
{
        struct measuring m = {.j = j, .t = j->release->tables[0], .told = &j->told[0]};

        quantities_list(m.t, &m.quantities);
        measures_sides(&m);
        *told = true;
        for (uint32_t i = 0; i < m.quantities.len; i++) {
                *told &= m.crossed[i] != CROSSED_UNTOLD;
                m.hidden[i] = arena_alloc(j->arena, m.t->cells_len, sizeof *m.hidden[i]);
                if (m.hidden[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        if (!*told)
                return ERR_OK;
        TRY(measures_cross(&m));
        for (uint32_t i = 0; i < m.quantities.len; i++)
                for (size_t c = 0; c < m.t->cells_len; c++)
                        if (m.hidden[m.same[i]][c])
                                withhold(j, 0, m.quantities.of[i].measure, c);
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

/* A filter that names a dimension of some table, or may; or nobody tells what it is. */
static bool any_names(const struct disclosure_release *r, const struct meaning *meaning)
{
        if (meaning == NULL || meaning->doubtful != 0)
                return true;
        for (uint32_t v = 0; v < meaning->variables_len; v++)
                for (uint32_t t = 0; t < r->tables_len; t++)
                        for (uint32_t d = 0; d < r->tables[t]->dimensions_len; d++)
                                if (meaning->variables[v].dimension != MEANING_NO_DIMENSION ||
                                        bytes_equal(meaning->variables[v].id,
                                                r->tables[t]->dimensions[d].variable))
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

/* `full`: nothing is known of the filters. */
static enum err protect_all_tables(struct joint *j, bool full)
{
        const struct space *space = &j->base.space;
        struct quantities q;
        struct joint_layer all;

        TRY(joint_layer_new(j, space, false, &all));
        for (uint32_t t = 0; t < j->release->tables_len; t++) {
                const struct table *table = j->release->tables[t];

                quantities_list(table, &q);
                full |= q.len > 0 &&
                        (any_extreme(table, &q) || any_names(j->release, table->meaning));
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
        const struct disclosure_release *r = j->release;
        struct quantities q;
        uint32_t len = 0;
        bool hidden = false;

        for (uint32_t t = 0; t < r->tables_len; t++) {
                quantities_list(r->tables[t], &q);
                len += q.len;
                hidden |= anything_hidden(r->tables[t]);
        }
        if (len == 0 || !hidden || j->base.failed)
                return ERR_OK;
        if (r->tables_len == 1 && r->tables[0]->meaning != NULL) {
                bool told = false;

                TRY(protect_one_table(j, &told));
                if (told)
                        return ERR_OK;
        }
        return protect_all_tables(j, r->tables_len == 1);
}
