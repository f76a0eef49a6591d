/* SPDX-License-Identifier: Apache-2.0 */
/* eligible.c: which rows of a question may be answered at all, from what a neighbour knows and
 * from what was answered before, never from what the rows hold.
 *
 * A row is a cell of the table over the identifying dimensions alone. What is not eligible is
 * marked in the full table before the rules look at it, as one whose margin is too small. */
#include <string.h>

#include "gateway/answer.h"
#include "gateway/lattice.h"

/* The margin as a question of its own ------------------------------------------------------ */

static void leave_delivered(const struct view *v, uint8_t *counts, uint32_t len)
{
        uint32_t n = 0;
        const uint8_t *delivered = view_delivered(v, &n);

        for (uint32_t i = 0; delivered != NULL && i < len; i++)
                counts[i] &= i < n && delivered[i] != 0;
}

static void leave_joined(const struct view *v, uint8_t *counts, uint32_t len)
{
        uint32_t n = 0;
        const uint8_t *alone = view_alone(v, &n);

        for (uint32_t i = 0; alone != NULL && i < len && i < n; i++)
                counts[i] &= alone[i] == 0;
}

/* As places.c of the engine has it, so that the margin can be counted again without the
 * derived variables and the divisor that made it smaller. */
enum err question_counts(struct answering *a, const struct question *q,
        const struct plan_scope *scope, struct memory_question *out)
{
        const struct view *base = q->lease.view;
        uint32_t len = 0;
        const uint8_t *delivered = view_delivered(base, &len);

        if (delivered == NULL || len == 0)
                return ERR_OK;
        uint8_t *counts = arena_alloc(a->arena, len, 1);
        if (counts == NULL)
                return ERR_NO_MEMORY;
        memset(counts, 1, len);
        leave_delivered(base, counts, len);
        for (uint32_t i = 0; scope->delivered != NULL && i < len; i++)
                counts[i] &= i < scope->delivered_len && scope->delivered[i] != 0;
        for (uint32_t i = 0; i < q->query.derived_len; i++) {
                struct bytes dataset = q->query.derived[i].dataset;
                const struct view *beside = view_beside(base, dataset);

                if (dataset.len == 0 || beside == NULL || beside == base)
                        continue;
                leave_delivered(beside, counts, len);
                leave_joined(beside, counts, len);
                leave_joined(base, counts, len);
        }
        for (uint32_t i = 0; i < scope->also_len; i++)
                leave_delivered(scope->also[i], counts, len);
        out->counts = counts;
        out->counts_len = len;
        return ERR_OK;
}

static enum err margin_of(struct answering *a, const struct question *q,
        const struct plan_scope *scope, struct memory_question *out)
{
        const struct query *asked = &q->query;

        *out = (struct memory_question){.counted = true,
                .query = {
                        .dataset = asked->dataset,
                        .purpose = asked->purpose,
                        .vintage = asked->vintage,
                        .unit = UNIT_PERSON,
                        .municipality_rule = asked->municipality_rule,
                        .has_period = asked->has_period,
                        .period = asked->period,
                        .period_date = asked->period_date,
                        .has_age_at = asked->has_age_at,
                        .age_at = asked->age_at,
                        .has_division_at = asked->has_division_at,
                        .division_at = asked->division_at,
                }};
        TRY(margin_keep(a->arena, q->allowed.dataset, asked, &out->query));
        return question_counts(a, q, scope, out);
}

/* Cells of the margin ---------------------------------------------------------------------- */

/* Which cell of the table over identifying dimensions a cell lies in. */
static size_t margin_cell(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];
        size_t margin = 0;

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->dimensions[d].identifying)
                        margin = margin * ((size_t)t->dimensions[d].len + 1) + at[d];
        return margin;
}

static size_t margin_cells(const struct table *t)
{
        size_t cells = 1;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->dimensions[d].identifying)
                        cells *= (size_t)t->dimensions[d].len + 1;
        return cells;
}

static void hide_rows(struct table *t, const uint8_t *answered)
{
        for (size_t i = 0; i < t->cells_len; i++)
                if (!answered[margin_cell(t, i)])
                        t->rule[i] = CELL_RULE_MARGIN;
}

/* By memory -------------------------------------------------------------------------------- */

enum err eligible_by_memory(struct answering *a, struct question *q, const struct plan_scope *scope)
{
        struct memory_question margin;
        const uint8_t *answered;
        uint32_t cells;

        TRY(margin_of(a, q, scope, &margin));
        TRY(remembering_judge(a, q, &margin, &answered, &cells));
        if (cells != margin_cells(q->table))
                return ERR_INTERNAL; /* another margin than the engine's: nothing is safe */
        hide_rows(q->table, answered);
        return ERR_OK;
}

/* By inhabitants -------------------------------------------------------------------------- */

enum row_kind {
        ROW_UNKNOWN = 0, /* some category is in no list */
        ROW_OTHER,       /* some category is "other or not stated", which nobody lives in */
        ROW_LISTED
};
#define INHABITANTS_OTHER UINT64_MAX

/* The categories of a cell of the margin, as indices of their levels. */
static enum row_kind row_categories(const struct policy_dataset *d, const struct query *margin,
        const struct dimension *const *dims, size_t cell, uint32_t *at)
{
        enum row_kind kind = ROW_LISTED;

        for (uint32_t i = margin->dimensions_len; i-- > 0; cell /= (size_t)dims[i]->len + 1) {
                uint32_t category = (uint32_t)(cell % ((size_t)dims[i]->len + 1));
                const struct dimension_ref *ref = &margin->dimensions[i];
                const struct variable *v = &d->variables[variable_find(d, ref->variable)];
                int32_t level = variable_level_find(v, ref->level), index;

                at[i] = UINT32_MAX;
                if (category == dims[i]->len)
                        continue;
                struct bytes code = dims[i]->categories[category].code;
                if (bytes_is_text(code, CATEGORY_OTHER))
                        return ROW_OTHER;
                index = level < 0 ? -1 : margin_category(v, (uint32_t)level, code);
                if (index < 0)
                        kind = ROW_UNKNOWN;
                at[i] = (uint32_t)index;
        }
        return kind;
}

/* Of every cell of the margin. */
static enum err count_inhabitants(
        struct answering *a, const struct question *q, const struct query *margin, uint64_t *out)
{
        const struct table *t = q->table;
        const struct dimension *dims[DIMENSIONS_MAX];
        size_t cells = margin_cells(t);
        uint32_t len = 0;

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (t->dimensions[d].identifying)
                        dims[len++] = &t->dimensions[d];
        if (len != margin->dimensions_len)
                return ERR_INTERNAL;
        for (size_t cell = 0; cell < cells; cell++) {
                uint32_t at[DIMENSIONS_MAX];
                enum row_kind kind = row_categories(q->allowed.dataset, margin, dims, cell, at);

                out[cell] = kind == ROW_OTHER ? INHABITANTS_OTHER : 0;
                if (kind == ROW_LISTED)
                        TRY(margin_inhabitants(
                                a->arena, a->policy, q->allowed.dataset, margin, at, &out[cell]));
        }
        return ERR_OK;
}

static enum err say_too_few(struct answering *a, const struct question *q)
{
        enum lattice_fit fit = lattice_fits(a->policy, q->allowed.dataset, &q->query);
        struct wire_nearest nearest;
        bool found = false;

        TRY(nearest_planned(a->policy, a->arena, q, &nearest, &found));
        return refuse(&a->call->why, ERR_TOO_FEW_PEOPLE, "dimensions",
                "not planned (%s), and rows have too few inhabitants, or none that are known%s%.*s",
                lattice_fit_text(fit), found ? "; answered would be: " : "",
                found ? (int)nearest.text.en.len : 0,
                found ? (const char *)nearest.text.en.data : "");
}

enum err eligible_by_inhabitants(
        struct answering *a, struct question *q, const struct plan_scope *scope, bool all)
{
        struct table *t = q->table;
        uint64_t *inhabitants = arena_alloc(a->arena, margin_cells(t), sizeof *inhabitants);
        struct memory_question margin;

        if (inhabitants == NULL)
                return ERR_NO_MEMORY;
        TRY(margin_of(a, q, scope, &margin));
        TRY(count_inhabitants(a, q, &margin.query, inhabitants));
        for (size_t i = 0; all && i < margin_cells(t); i++)
                if (inhabitants[i] < q->allowed.disclosure.threshold)
                        return say_too_few(a, q);
        for (size_t i = 0; i < t->cells_len; i++) {
                uint64_t n = inhabitants[margin_cell(t, i)];

                t->margin_persons[i] = n > INT64_MAX ? 0 : (int64_t)n;
                /* Marked, since a margin of nobody would let a zero through. */
                if (t->margin_persons[i] < (int64_t)q->allowed.disclosure.threshold)
                        t->rule[i] = CELL_RULE_MARGIN;
        }
        return ERR_OK;
}
