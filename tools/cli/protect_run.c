/* SPDX-License-Identifier: Apache-2.0 */
/* protect_run.c: rules, suppression, intervals, rounding and audit, one after another.
 *
 * Hierarchies of any depth are levels of a model, so the whole table with all its margins is
 * one release of one table. Sums have contributors instead of persons, and no interval: what
 * is near to a sum is for dominance to say.
 *
 * The last word has the audit. It sees what a reader sees, and where it can compute a cell
 * that is not shown, nothing is shown at all. */
#include "tools/cli/protect_run.h"

#include <assert.h>
#include <string.h>

#include "gateway/disclosure/interval.h"
#include "gateway/disclosure/optimum.h"
#include "gateway/disclosure/rounding.h"

enum { PERCENT = 100, WEIGHT_PER_LEVEL = 10, WEIGHT_MOST = 1000000 };
#define WANT_MOST ((uint64_t)1 << 59)

struct running {
        struct arena *arena;
        const struct protect_table *t;
        const struct protect_settings *s;
        struct model_cell *cell;
        uint32_t *whole; /* all dimensions, in order */
        struct model_release release;
        struct model_table table;
        struct model model;
        int64_t *rows; /* values of the model's rows */
        struct suppress_result pattern;
        struct moves_told told; /* what the search for widths saw, for the audit to follow */
        bool seen;
        struct protect_result r;
};

/* Rules -------------------------------------------------------------------------------------- */

/* Percentages of amounts beyond a word need two. */
static bool is_dominated(
        const struct protect_table *t, size_t cell, const struct disclosure_dominance *d)
{
        const int64_t *x = t->largest + cell * CONTRIBUTIONS_LARGEST;
        __int128 total = t->gross[cell], most = 0, rest = total - x[0] - x[1];

        for (uint32_t i = 0; i < d->n && i < CONTRIBUTIONS_LARGEST; i++)
                most += x[i];
        return (d->n > 0 && most * PERCENT > total * d->k) ||
               (d->p > 0 && rest * PERCENT < (__int128)x[0] * d->p) ||
               (d->pq_q > 0 && rest * d->pq_q < (__int128)x[0] * d->pq_p);
}

enum cell_rule protect_rule(
        const struct protect_table *t, size_t cell, const struct protect_settings *s)
{
        if (s->threshold == 0)
                return CELL_RULE_NONE;
        if (t->number[cell] == 0)
                return s->zeros_published ? CELL_RULE_NONE : CELL_RULE_ZERO;
        if (t->number[cell] < (int64_t)s->threshold)
                return CELL_RULE_SMALL;
        return t->largest != NULL && is_dominated(t, cell, &s->dominance) ? CELL_RULE_DOMINANCE
                                                                          : CELL_RULE_NONE;
}

/* The model ---------------------------------------------------------------------------------- */

static uint64_t amount_of(const struct protect_table *t, size_t cell)
{
        int64_t v = t->value[cell];

        return v < 0 ? (uint64_t)-v : (uint64_t)v;
}

/* Groups of every dimension, and levels of totals, weigh ten times what is below them. */
static uint32_t weight_of(const struct protect_table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX], weight = 1;

        protect_table_at(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                if (at[d] >= t->dimensions[d].leaves && weight < WEIGHT_MOST)
                        weight *= WEIGHT_PER_LEVEL;
                if (at[d] + 1 == t->shape[d].nodes && weight < WEIGHT_MOST)
                        weight *= WEIGHT_PER_LEVEL;
        }
        return weight;
}

static uint32_t capped(uint64_t cost)
{
        return cost == 0 ? 1 : cost > UINT32_MAX ? UINT32_MAX : (uint32_t)cost;
}

static uint32_t cost_of(const struct running *run, size_t cell, unsigned shift)
{
        switch (run->s->cost) {
        case DISCLOSURE_COST_PERSONS:
                return capped((uint64_t)run->t->number[cell]);
        case DISCLOSURE_COST_VALUE:
                return capped(amount_of(run->t, cell) >> shift);
        case DISCLOSURE_COST_TOTALS:
                return weight_of(run->t, cell);
        case DISCLOSURE_COST_CELLS:
        case DISCLOSURE_COST_COUNT:
                break;
        }
        return 1;
}

static uint64_t want_of(const struct running *run, size_t cell)
{
        uint64_t want = amount_of(run->t, cell);

        if (run->s->cost == DISCLOSURE_COST_TOTALS)
                want = want > WANT_MOST / WEIGHT_MOST ? WANT_MOST : want * weight_of(run->t, cell);
        return want > WANT_MOST ? WANT_MOST : want;
}

/* By how much amounts are halved so that the largest is a cost. */
static unsigned shift_of(const struct protect_table *t)
{
        uint64_t most = 0;
        unsigned shift = 0;

        for (size_t i = 0; i < t->cells; i++)
                if (amount_of(t, i) > most)
                        most = amount_of(t, i);
        while (most >> shift > UINT32_MAX)
                shift++;
        return shift;
}

static uint8_t role_of(const struct running *run, size_t cell)
{
        if (protect_table_hidden(run->t, cell))
                return MODEL_ROLE_ABSENT;
        if (run->r.rule[cell] != CELL_RULE_NONE)
                return MODEL_ROLE_PROTECT;
        return run->t->number[cell] == 0 ? MODEL_ROLE_ZERO : MODEL_ROLE_OPEN;
}

static void cells_fill(struct running *run)
{
        const struct protect_table *t = run->t;
        unsigned shift = shift_of(t);
        /* With zeros shown a hidden count is at least one. */
        int64_t lowest = t->kind != PROTECT_AMOUNTS && run->s->zeros_published;

        for (size_t i = 0; i < t->cells; i++) {
                run->r.rule[i] = (uint8_t)protect_rule(t, i, run->s);
                run->cell[i] = (struct model_cell){.want = want_of(run, i),
                        .cost = cost_of(run, i, shift),
                        .role = role_of(run, i),
                        .alone = t->number[i] == 1,
                        .lowest = t->value[i] == lowest && protect_table_inner(t, i)};
        }
}

/* The cell of a row: its leaves are numbered as all combinations are. */
static size_t cell_of_row(const struct running *run, uint32_t row)
{
        const struct protect_table *t = run->t;
        size_t inner = run->model.inner[row], cell = 0, stride = 1;

        for (uint32_t d = t->dimensions_len; d-- > 0;) {
                cell += inner % t->dimensions[d].leaves * stride;
                inner /= t->dimensions[d].leaves;
                stride *= t->shape[d].nodes;
        }
        return cell;
}

static enum err model_make(struct running *run)
{
        const struct protect_table *t = run->t;

        run->cell = arena_alloc_raw(run->arena, t->cells, sizeof *run->cell);
        run->r.rule = arena_alloc(run->arena, t->cells, sizeof *run->r.rule);
        run->whole = arena_alloc(run->arena, t->dimensions_len, sizeof *run->whole);
        if (run->cell == NULL || run->r.rule == NULL || run->whole == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                run->whole[d] = d;
        cells_fill(run);
        run->table = (struct model_table){run->whole, t->dimensions_len, run->cell};
        run->release = (struct model_release){.dimensions = t->dimensions,
                .dimensions_len = t->dimensions_len,
                .tables = &run->table,
                .tables_len = 1};
        TRY(model_new(run->arena, &run->release, &run->model));
        run->rows = arena_alloc_raw(run->arena, run->model.rows, sizeof *run->rows);
        if (run->rows == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t row = 0; row < run->model.rows; row++)
                run->rows[row] = t->value[cell_of_row(run, row)];
        return ERR_OK;
}

/* Suppression -------------------------------------------------------------------------------- */

static void tell(const struct running *run, enum protect_phase phase)
{
        if (run->s->tell != NULL)
                run->s->tell(run->s->who, phase, run->t->cells);
}

static struct suppress_options suppress_options(const struct running *run)
{
        return (struct suppress_options){
                .starts = run->s->starts, .seed = run->s->seed, .work_limit = run->s->work_limit};
}

static enum err widen(struct running *run)
{
        const struct interval_options options = {.width = run->s->interval,
                .zeros_published = run->s->zeros_published,
                .work_limit = run->s->iterations,
                .suppress = suppress_options(run)};
        struct interval_result result;

        TRY(interval_protect(run->arena, &run->model, run->rows, &options, &result));
        run->pattern = result.pattern;
        run->told = result.told;
        run->seen = result.told.path != NULL;
        run->r.interval = result.extra;
        run->r.narrow = result.narrow;
        run->r.limited |= result.limited;
        return ERR_OK;
}

/* The bound is of suppression alone: what is hidden for the width besides has none, and to
 * compare the two would mislead. */
static enum err improve(struct running *run, bool take)
{
        const struct optimum_options options = {.nodes_max = 0};
        struct optimum_result result;

        tell(run, PROTECT_IMPROVING);
        TRY(optimum_run(run->arena, &run->model, &run->pattern, &options, &result));
        if (take)
                run->pattern = result.pattern;
        run->r.bounded = true;
        run->r.bound = result.bound;
        run->r.optimal = run->pattern.cost <= result.bound;
        return ERR_OK;
}

/* Where the limit came before anything could be said, everything is hidden. */
static enum err find_pattern(struct running *run)
{
        const struct suppress_options options = suppress_options(run);
        enum err rc = run->t->kind != PROTECT_AMOUNTS
                              ? widen(run)
                              : suppress_run(run->arena, &run->model, &options, &run->pattern);

        if (rc != ERR_LIMIT)
                return rc;
        run->pattern = (struct suppress_result){.limited = true, .work = run->s->work_limit};
        run->pattern.status = arena_alloc(run->arena, run->t->cells, sizeof *run->pattern.status);
        return run->pattern.status != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err suppress(struct running *run)
{
        tell(run, PROTECT_SUPPRESSING);
        TRY(find_pattern(run));
        if (run->s->optimum && run->pattern.proved && run->r.interval == 0)
                TRY(improve(run, run->t->kind == PROTECT_AMOUNTS));
        run->r.cost = run->pattern.cost;
        run->r.work = run->pattern.work;
        run->r.starts = run->pattern.starts;
        run->r.limited |= run->pattern.limited;
        if (run->pattern.exposed > 0)
                run->r.refusal = PROTECT_COMPUTABLE;
        else if (!run->pattern.proved)
                run->r.refusal = PROTECT_UNPROVED;
        return ERR_OK;
}

static void take_pattern(struct running *run)
{
        assert(run->pattern.status != NULL);
        for (size_t i = 0; i < run->t->cells; i++)
                if (run->r.rule[i] == CELL_RULE_NONE &&
                        (run->pattern.status[i] == SUPPRESS_SECONDARY ||
                                run->pattern.status[i] == SUPPRESS_PRIMARY))
                        run->r.rule[i] = CELL_RULE_SECONDARY;
}

/* Values ------------------------------------------------------------------------------------- */

static int64_t rounded_of(
        const struct running *run, const struct rounding_result *result, size_t cell)
{
        assert(run->model.column_of != NULL);
        uint32_t column = run->model.column_of[cell];

        return column < run->model.columns ? result->columns[column] : 0;
}

static enum err round_values(struct running *run)
{
        const struct rounding_options options = {
                .base = run->s->rounding, .seed = run->s->seed, .work_limit = run->s->work_limit};
        struct rounding_result result;

        tell(run, PROTECT_ROUNDING);
        TRY(rounding_run(run->arena, &run->model, run->rows, &options, &result));
        for (size_t i = 0; i < run->t->cells; i++)
                run->r.value[i] = rounded_of(run, &result, i);
        run->r.controlled = result.controlled;
        run->r.margin_most = result.margin_most;
        return ERR_OK;
}

/* What is not shown is not there any more. */
static void wipe(struct running *run)
{
        for (size_t i = 0; i < run->t->cells; i++)
                if (run->r.rule[i] != CELL_RULE_NONE)
                        run->r.value[i] = 0;
}

static enum err values_make(struct running *run)
{
        run->r.value = arena_alloc_raw(run->arena, run->t->cells, sizeof *run->r.value);
        if (run->r.value == NULL)
                return ERR_NO_MEMORY;
        if (run->s->rounding > 0)
                TRY(round_values(run));
        else
                memcpy(run->r.value, run->t->value, run->t->cells * sizeof *run->r.value);
        wipe(run);
        return ERR_OK;
}

/* Audit -------------------------------------------------------------------------------------- */

static uint8_t *audit_statuses(const struct running *run)
{
        uint8_t *status = arena_alloc(run->arena, run->t->cells, sizeof *status);

        for (size_t i = 0; status != NULL && i < run->t->cells; i++) {
                if (run->cell[i].role == MODEL_ROLE_ABSENT)
                        status[i] = AUDIT_ABSENT;
                else
                        status[i] = run->r.rule[i] == CELL_RULE_NONE ? AUDIT_PUBLISHED
                                                                     : AUDIT_PROTECTED;
        }
        return status;
}

/* What the search for widths shows the auditor is all of it. Who must do without may be content
 * with some, but not with nothing. */
static bool is_audited_little(const struct running *run)
{
        const struct audit_verdict *v = &run->r.verdict;
        bool shown = run->seen && run->s->rounding == 0 && run->t->overlapping == 0;

        if (run->s->audit_share_said)
                return v->audited * PERCENT < v->len * run->s->audit_share;
        return shown ? v->audited < v->len : v->audited == 0 && v->len > 0;
}

/* Rounded values tell an attacker less than he would read into them, so no rule is told. */
static enum err audit(struct running *run)
{
        const struct protect_table *t = run->t;
        const uint8_t *status = audit_statuses(run);
        const struct audit_table table = {run->whole, t->dimensions_len, status, run->r.value};
        bool plain = t->kind == PROTECT_AMOUNTS || run->s->rounding > 0;
        const struct audit_release release = {.dimensions = t->dimensions,
                .dimensions_len = t->dimensions_len,
                .overlapping = t->overlapping,
                .tables = &table,
                .tables_len = 1,
                .zeros_published = run->s->zeros_published,
                .negative = t->negative,
                .threshold = plain ? 0 : run->s->threshold,
                .told = run->seen && !plain ? &run->told : NULL};
        const struct audit_options options = {.attacker = plain ? AUDIT_REAL : AUDIT_RULES,
                .cells_max = run->s->audit_cells,
                .seed = run->s->seed,
                .width = run->s->interval,
                .work_limit = run->s->iterations,
                .large_sample = run->s->audit_large};

        if (status == NULL)
                return ERR_NO_MEMORY;
        tell(run, PROTECT_AUDITING);
        TRY(audit_run(run->arena, &release, &options, &run->r.verdict));
        run->r.audited = true;
        run->r.attacker = options.attacker;
        if (!run->r.verdict.feasible)
                run->r.refusal = PROTECT_NOTHING_FITS;
        else if (run->r.verdict.exact > 0)
                run->r.refusal = PROTECT_AUDIT_FOUND;
        else if (is_audited_little(run))
                run->r.refusal = PROTECT_AUDITED_LITTLE;
        else if (run->r.verdict.narrow > 0 && !plain && !run->s->narrow_allowed)
                run->r.refusal = PROTECT_TOLD_NEARLY;
        return ERR_OK;
}

static void hide_all(struct running *run)
{
        for (size_t i = 0; i < run->t->cells; i++)
                if (run->r.rule[i] == CELL_RULE_NONE)
                        run->r.rule[i] = CELL_RULE_SECONDARY;
        wipe(run);
}

static void tally(struct running *run)
{
        struct protect_result *r = &run->r;

        for (size_t i = 0; i < run->t->cells; i++) {
                if (run->cell[i].role == MODEL_ROLE_ABSENT)
                        continue;
                r->cells++;
                r->by_rule[r->rule[i]]++;
                r->shown += r->rule[i] == CELL_RULE_NONE;
                r->secondary += r->rule[i] == CELL_RULE_SECONDARY;
        }
        r->primary = r->cells - r->shown - r->secondary;
}

enum err protect_run(struct arena *arena, const struct protect_table *t,
        const struct protect_settings *settings, struct protect_result *out)
{
        struct running run = {.arena = arena, .t = t, .s = settings};

        TRY(model_make(&run));
        if (settings->threshold > 0) {
                TRY(suppress(&run));
                take_pattern(&run);
        }
        TRY(values_make(&run));
        if (settings->threshold > 0 && run.r.refusal == PROTECT_RELEASED)
                TRY(audit(&run));
        if (run.r.refusal != PROTECT_RELEASED)
                hide_all(&run);
        tally(&run);
        *out = run.r;
        return ERR_OK;
}
