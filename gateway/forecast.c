/* SPDX-License-Identifier: Apache-2.0 */
/* forecast.c: what is known of an answer beforehand, from policy, planned tables and
 * inhabitants. No view is lent and no record looked at, so asking costs nothing and tells
 * nothing. */
#include "base/arena.h"
#include "gateway/answer.h"
#include "gateway/lattice.h"
#include "gateway/tell_rules.h"

static enum err forecast_dimensions(
        const struct answering *a, const struct query *margin, struct wire_forecast *out)
{
        const struct question *q = &a->main;
        struct wire_forecast_dimension *list =
                arena_alloc(a->arena, margin->dimensions_len, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < margin->dimensions_len; i++) {
                struct query one = *margin;
                struct margin_rows rows;

                one.dimensions = &margin->dimensions[i];
                one.dimensions_len = 1;
                TRY(margin_count(a->arena, a->policy, q->allowed.dataset, &one,
                        q->allowed.disclosure.threshold, &rows));
                if (!rows.known || rows.answered == 0)
                        continue;
                list[out->dimensions_len++] = (struct wire_forecast_dimension){
                        .variable = margin->dimensions[i].variable,
                        .level = margin->dimensions[i].level,
                        .answered = (uint32_t)rows.answered,
                        .refused = (uint32_t)rows.refused,
                };
        }
        out->dimensions = list;
        return ERR_OK;
}

/* Where inhabitants of no row are known, nothing is. */
static enum err forecast_rows(const struct answering *a, struct wire_forecast *out)
{
        const struct question *q = &a->main;
        struct query margin = {0};
        struct margin_rows rows;

        TRY(margin_keep(a->arena, q->allowed.dataset, &q->query, &margin));
        TRY(margin_count(a->arena, a->policy, q->allowed.dataset, &margin,
                q->allowed.disclosure.threshold, &rows));
        out->known = rows.known && rows.answered > 0;
        if (!out->known)
                return ERR_OK;
        out->rows_answered = rows.answered;
        out->rows_refused = rows.refused;
        return forecast_dimensions(a, &margin, out);
}

/* Of how many categories a date has, only the period or the deliveries tell. */
static bool is_bounded(const struct question *q)
{
        for (uint32_t i = 0; i < q->query.dimensions_len; i++) {
                int32_t v = variable_find(q->allowed.dataset, q->query.dimensions[i].variable);

                if (v < 0 || (q->allowed.dataset->variables[v].type == VARIABLE_DATE &&
                                     !q->query.has_period))
                        return false;
        }
        return q->query.derived_len == 0;
}

/* Planned as if all codes that ever were had been delivered. What could not be planned is
 * refused here as it would be then. */
static enum err forecast_cells(const struct answering *a, struct wire_forecast *out)
{
        const struct question *q = &a->main;
        const struct policy_dataset *const dataset = q->allowed.dataset;
        const struct policy_linkage *l = q->allowed.linkage;
        const struct period span =
                q->query.has_period ? q->query.period : (struct period){INT32_MIN, INT32_MAX};
        const struct plan_scope scope = {
                .dataset = dataset,
                .span = span,
                .linked = &dataset,
                .spans = &span,
                .linked_len = 1,
                .family = l != NULL && l->rules->family,
                .provider = dataset->provider_variable,
        };
        struct plan *plan = NULL;

        if (!is_bounded(q))
                return ERR_OK;
        TRY(plan_make(&scope, &q->query, a->arena, &plan, &a->call->why));
        out->cells = plan_cells(plan);
        return ERR_OK;
}

/* NOTE(name, when, sv, en) */
#define FORECAST_NOTES(NOTE)                                                                       \
        NOTE(planned, planned, "frågan ställs till en planerad tabell; svaret är redan skyddat",   \
                "the question is of a planned table; its answer is protected already")             \
        NOTE(remembered, !planned && answers == ANSWERS_LEDGER,                                    \
                "raderna prövas mot allt som besvarats förut, för alla som frågar",                \
                "rows are judged in the light of all earlier answers, to whomever")                \
        NOTE(inhabitants, !planned && answers == ANSWERS_LATTICE,                                  \
                "frågan besvaras bara om varje rad har nog många invånare",                        \
                "the question is answered only if every row has inhabitants enough")               \
        NOTE(alone, !planned && answers == ANSWERS_ALONE, "svaret skyddas för sig",                \
                "the answer is protected by itself")                                               \
        NOTE(rows_unknown, !known, "hur många invånare raderna har går inte att säga i förväg",    \
                "how many inhabitants the rows have cannot be said beforehand")                    \
        NOTE(noise, perturbation == PERTURB_CELLKEY, "antalen får brus", "counts get noise")       \
        NOTE(rounding, perturbation == PERTURB_ROUNDING, "antalen avrundas", "counts are rounded")

static enum err forecast_notes(const struct answering *a, bool planned, struct wire_forecast *out)
{
        enum answers answers = a->main.allowed.disclosure.answers;
        enum perturbation perturbation = a->main.allowed.disclosure.perturbation;
        bool known = out->known;
        struct wire_forecast_note *notes = arena_alloc(a->arena, FORECAST_NOTES_MAX, sizeof *notes);

        if (notes == NULL)
                return ERR_NO_MEMORY;
#define FORECAST_NOTE(name, when, sv_text, en_text)                                                \
        if (when)                                                                                  \
                notes[out->notes_len++] = (struct wire_forecast_note){bytes_of_text(#name),        \
                        {.sv = bytes_of_text(sv_text), .en = bytes_of_text(en_text)}};
        FORECAST_NOTES(FORECAST_NOTE)
#undef FORECAST_NOTE
        out->notes = notes;
        return ERR_OK;
}

enum err forecast_make(const struct answering *a, struct wire_forecast *out)
{
        const struct question *q = &a->main;
        bool planned = question_is_planned(a, q);

        *out = (struct wire_forecast){
                .source = planned                                          ? ANSWER_SOURCE_LATTICE
                          : q->allowed.disclosure.answers == ANSWERS_ALONE ? ANSWER_SOURCE_ALONE
                                                                           : ANSWER_SOURCE_LEDGER,
        };
        TRY(forecast_cells(a, out));
        if (q->allowed.dataset->kind == DATASET_RECORDS)
                TRY(forecast_rows(a, out));
        TRY(forecast_notes(a, planned, out));
        if (!planned && q->query.dimensions_len > 0)
                TRY(nearest_planned(a->policy, a->arena, q, &out->nearest, &out->has_nearest));
        return ERR_OK;
}
