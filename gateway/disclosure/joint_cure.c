/* SPDX-License-Identifier: Apache-2.0 */
/* joint_cure.c: what the audit says is told too nearly does not leave so.
 *
 * The search for widths ends at a limit, and an attacker who knows the threshold draws a
 * conclusion that it does not heed. What is told too nearly after it is cured without any
 * program: of one inner cell in it every sum is hidden. Then nothing published speaks of that
 * inner cell, it may be as large as you like, and so may all that it is counted in. That costs
 * the totals above it, so it comes last.
 *
 * What is hidden stays hidden, so what was wide stays wide; but what goes with the new ones can
 * be told nearly in its turn, and is looked at again. Where that does not end, nothing leaves. */
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/joint.h"

enum { ROUNDS_MAX = 6 };

static bool has_chosen(const struct model *m, uint32_t column, const bool *chosen)
{
        for (size_t k = m->start[column]; k < m->start[column + 1]; k++)
                if (chosen[m->row[k]])
                        return true;
        return false;
}

struct sum {
        size_t rows;
        uint32_t column;
};

static int by_rows(const void *x, const void *y)
{
        const struct sum *a = x, *b = y;

        if (a->rows != b->rows)
                return a->rows < b->rows ? -1 : 1;
        return (a->column > b->column) - (a->column < b->column);
}

/* An inner cell of each, few for many: small sums first, since large ones hold theirs. */
static enum err choose(
        const struct joint *j, struct arena *scratch, const struct model *m, bool *chosen)
{
        struct sum *sum = arena_alloc_raw(scratch, m->cells, sizeof *sum);
        size_t len = 0;

        if (sum == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->cells; i++) {
                uint32_t c = m->column_of[i];

                if (j->nearly[i] && c < m->columns)
                        sum[len++] = (struct sum){m->start[c + 1] - m->start[c], c};
        }
        if (len > 0)
                qsort(sum, len, sizeof *sum, by_rows);
        for (size_t i = 0; i < len; i++)
                if (!has_chosen(m, sum[i].column, chosen))
                        chosen[m->row[m->start[sum[i].column]]] = true;
        return ERR_OK;
}

/* What is hidden stays so, and all that holds a chosen inner cell goes as well. */
static enum err hide_around(struct joint *j)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct joint_layer *l = &j->base;
        struct model_release release;
        struct model m;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(space_release(scratch, &l->space, l->cell, &release));
        TRY(model_new(scratch, &release, &m));
        bool *chosen = arena_alloc(scratch, m.rows, sizeof *chosen);
        bool *goes = arena_alloc(scratch, m.columns, sizeof *goes);
        if (chosen == NULL || goes == NULL)
                return ERR_NO_MEMORY;
        TRY(choose(j, scratch, &m, chosen));
        for (uint32_t c = 0; c < m.columns; c++)
                goes[c] = has_chosen(&m, c, chosen);
        for (size_t i = 0; i < m.cells; i++) {
                uint32_t c = m.column_of[i];
                bool shown = l->status[i] == SUPPRESS_PUBLISHED;

                if (l->cell[i].role != MODEL_ROLE_OPEN || c >= m.columns || (shown && !goes[c]))
                        continue;
                j->widened[i] |= shown;
                l->cell[i].role = MODEL_ROLE_PROTECT;
        }
        return ERR_OK;
}

/* The proof that no combination gives a hidden cell is made again; widths need no search. */
static enum err settle(struct joint *j)
{
        uint32_t width = j->width;
        bool grouped = j->grouped;

        j->width = 0;
        j->grouped = true; /* small groups were looked for, and stay hidden */
        joint_limits_set(j, 1);
        j->work_limit += j->work;
        enum err err = joint_settle(j, &j->base);
        j->width = width;
        j->grouped = grouped;
        return err;
}

enum err joint_cure(struct joint *j)
{
        for (int round = 0; round < ROUNDS_MAX && j->verdict.narrow > 0; round++) {
                if (j->cancel != NULL && atomic_load(j->cancel))
                        return ERR_CANCELLED;
                TRY(hide_around(j));
                TRY(settle(j));
                joint_statuses_write(j);
                TRY(joint_look(j));
        }
        if (j->verdict.narrow > 0) {
                j->base.failed = true;
                joint_statuses_write(j);
                j->verdict = (struct joint_verdict){0};
        }
        return ERR_OK;
}
