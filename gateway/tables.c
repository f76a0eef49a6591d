/* SPDX-License-Identifier: Apache-2.0 */
/* tables.c: one question to one data set becomes a table that may be shown.
 *
 *      planned tables hold it   cut out of what was protected when the vintage was published;
 *                               for noise and rounding counted again, and shown where that is
 *      else                     counted, then
 *          rows                 judged by inhabitants or in the light of earlier answers
 *          cells                rules and what goes with them (gateway/disclosure)
 *          noise                or rounding, where the policy answers so (perturb.c)
 *
 * Nothing in the table is unsafe to show afterwards; what is not shown has been wiped. */
#include <string.h>

#include "gateway/answer.h"
#include "gateway/disclosure/wipe.h"
#include "gateway/lattice.h"

enum {
        AUDITED = 5000,    /* protected cells looked at one by one; a sample beyond */
        KEPT_MAX = 1 << 24 /* rows of a view: eight bytes each, of those that count */
};

/* What the engine may look at --------------------------------------------------------------- */

/* The views that a question looks at, its own first. */
static void note_views(const struct question *q, const struct view **out, uint32_t *len)
{
        out[(*len)++] = q->lease.view;
        for (uint32_t i = 0; i < q->query.derived_len; i++) {
                const struct view *v = linked_view(q->lease.linked, q->query.derived[i].dataset);

                if (v != NULL)
                        out[(*len)++] = v;
        }
}

/* Of two that are divided, each counts those only who have delivered for the other too: else
 * the costs of some would be shared out over the persons of others. */
static enum err note_other(struct answering *a, const struct question *q, struct plan_scope *out)
{
        const struct question *other = q == &a->main ? &a->denominator : &a->main;
        const struct view **also = arena_alloc(a->arena, DERIVED_MAX + 1, sizeof(*also));

        if (also == NULL)
                return ERR_NO_MEMORY;
        note_views(other, also, &out->also_len);
        out->also = also;
        return ERR_OK;
}

static void keep_of_period(const struct question *of, uint8_t *delivered, uint32_t len)
{
        const struct deliveries *d = coverage_find(of->lease.coverage, of->query.dataset);

        for (uint32_t i = 0; i < len; i++) {
                bool any = d == NULL; /* not a data set that municipalities deliver */

                for (uint32_t k = 0; d != NULL && !any && k < d->len; k++)
                        any = d->list[k].municipality == i &&
                              d->list[k].period.first <= of->query.period.last &&
                              d->list[k].period.last >= of->query.period.first;
                delivered[i] &= any;
        }
}

/* Who has delivered for the period; for both questions of two that are divided. What ended
 * in a period may stand in deliveries of another (`period_date`): there any delivery will
 * do. */
static enum err note_period(struct answering *a, const struct question *q, struct plan_scope *out)
{
        uint32_t len = policy_municipalities(a->policy)->levels[0].len;
        uint8_t *delivered = arena_alloc(a->arena, len, 1);

        if (delivered == NULL)
                return ERR_NO_MEMORY;
        memset(delivered, 1, len);
        keep_of_period(q, delivered, len);
        if (a->has_denominator)
                keep_of_period(q == &a->main ? &a->denominator : &a->main, delivered, len);
        out->delivered = delivered;
        out->delivered_len = len;
        return ERR_OK;
}

static enum err scope_views(struct answering *a, const struct question *q, struct plan_scope *out)
{
        const struct view_lease *l = &q->lease;
        uint32_t n = l->linkage != NULL ? l->linkage->rules->datasets_len : 1;
        const struct policy_dataset **datasets = arena_alloc(a->arena, n, sizeof(*datasets));
        struct period *spans = arena_alloc(a->arena, n, sizeof(*spans));

        if (datasets == NULL || spans == NULL)
                return ERR_NO_MEMORY;
        *out = (struct plan_scope){
                .dataset = q->allowed.dataset,
                .linked = datasets,
                .spans = spans,
                .linked_len = n,
                .family = l->linkage != NULL && l->linkage->rules->family,
        };
        if (a->has_denominator)
                TRY(note_other(a, q, out));
        if (q->query.has_period && q->query.period_date.len == 0 && l->linkage != NULL)
                TRY(note_period(a, q, out));
        if (l->linkage == NULL) {
                datasets[0] = q->allowed.dataset;
                out->span = spans[0] = coverage_span(l->coverage);
                return ERR_OK;
        }
        for (uint32_t i = 0; i < n; i++) {
                const struct view *v = linked_view(l->linked, l->linkage->rules->datasets[i]);

                datasets[i] = view_dataset(v);
                spans[i] = view_span(v);
        }
        out->span = view_span(l->view);
        return ERR_OK;
}

/* Whose parts can be told at all, in this data set and linkage. */
static unsigned contributors_of(const struct question *q)
{
        const struct disclosure_rules *rules = &q->allowed.disclosure;
        const struct policy_dataset *d = q->allowed.dataset;
        const struct policy_linkage *l = q->lease.linkage;
        unsigned wanted = rules->contributors;

        for (unsigned c = 0; c < CONTRIBUTOR_COUNT; c++)
                wanted |= rules->number[c] > 0 ? 1u << c : 0;
        if (d->kind == DATASET_DELIVERIES)
                return 0;
        if (l == NULL || !l->rules->family)
                wanted &= ~(1u << CONTRIBUTOR_FAMILY);
        if (d->provider_variable == UINT32_MAX)
                wanted &= ~(1u << CONTRIBUTOR_PROVIDER);
        if (d->municipality_variable == UINT32_MAX)
                wanted &= ~(1u << CONTRIBUTOR_MUNICIPALITY);
        return wanted;
}

static enum err scope_of(struct answering *a, const struct question *q, struct plan_scope *out)
{
        TRY(scope_views(a, q, out));
        out->contributors = contributors_of(q);
        out->provider = q->allowed.dataset->provider_variable;
        out->cell_keys = question_is_perturbed(q);
        return ERR_OK;
}

/* Protecting --------------------------------------------------------------------------------- */

static struct disclosure_settings settings_of(const struct answering *a, const struct question *q)
{
        const struct disclosure_rules *r = &q->allowed.disclosure;
        bool deliveries = q->allowed.dataset->kind == DATASET_DELIVERIES;
        struct disclosure_settings s = {
                .threshold = r->threshold,
                .zeros_published = r->zeros_published,
                .numerator = r->numerator,
                .denominator = r->denominator,
                .complement = r->complement,
                .families = r->families,
                .amounts = deliveries ? coverage_threshold(a->policy, &q->query) : 0,
                .homogeneous = r->homogeneous,
                .contributors = contributors_of(q),
                .remainder = r->remainder,
                .part_max = r->part_max,
                .dominance = {r->dominance_n, r->dominance_k, r->p_percent, r->pq_p, r->pq_q},
                .secondary = r->secondary,
                .interval = r->interval,
                .audit_cells_max = AUDITED,
                .cost = (enum disclosure_cost)r->cost,
                .seed = 1,
        };

        memcpy(s.number, r->number, sizeof s.number);
        return s;
}

static enum err judge_rows(struct answering *a, struct question *q, const struct plan_scope *scope)
{
        const struct disclosure_rules *r = &q->allowed.disclosure;
        bool lattice = r->answers == ANSWERS_LATTICE;

        if (q->lease.linkage == NULL)
                return ERR_OK; /* nobody's records */
        if (lattice || r->membership_sensitive)
                TRY(eligible_by_inhabitants(a, q, scope, lattice));
        return r->answers == ANSWERS_ALONE ? ERR_OK : eligible_by_memory(a, q, scope);
}

/* The memory of answers asks who is in the cells, twice or more often. */
static bool keeps_rows(const struct question *q)
{
        return q->lease.linkage != NULL && q->allowed.disclosure.answers != ANSWERS_ALONE &&
               view_rows(q->lease.view) <= KEPT_MAX;
}

/* `rows`: NULL, nobody will ask. */
static enum err count(struct answering *a, struct question *q, struct plan_scope *out_scope,
        struct plan_rows **rows)
{
        struct rpc_call *c = a->call;
        struct gateway *g = c->handlers;
        struct plan *plan = NULL;

        TRY(scope_of(a, q, out_scope));
        TRY(plan_make(out_scope, &q->query, a->arena, &plan, &c->why));
        if (rows != NULL && keeps_rows(q))
                TRY(plan_run_kept(plan, q->lease.view, g->threads, a->arena, &q->lease.stop,
                        &q->table, rows));
        else
                TRY(plan_run(plan, q->lease.view, g->threads, a->arena, &q->lease.stop, &q->table));
        q->looks_beside = plan_looks_beside(plan);
        return plan_places(plan, q->lease.view, a->arena, &q->counted);
}

/* What memory hides looks like the rest: a verdict on the table as the rules left it would tell
 * which of the hidden are not small. Where memory hid nothing, the verdict that there is is
 * the one there would be: the same is asked of the same table. */
static enum err audit_again(struct answering *a, struct question *q,
        const struct disclosure_settings *settings, const struct disclosure_seen *seen,
        size_t hidden_before)
{
        struct disclosure_report *r = &q->report;
        bool whole = r->audited == r->audit_of && !r->limited && !r->hidden_all;

        if (r->secondary != hidden_before || !whole)
                TRY(disclosure_audit_table(a->arena, q->table, seen, settings, &q->lease.stop, r));
        r->interval_unasked = r->audit_of - r->audited;
        return ERR_OK;
}

static enum err protect_counted(
        struct answering *a, struct question *q, const struct plan_scope *scope)
{
        const struct disclosure_settings settings = settings_of(a, q);
        OWNED(disclosure_seen_free) struct disclosure_seen *seen = NULL;
        struct rounding_exact *exact = NULL;

        if (q->allowed.dataset->kind == DATASET_DELIVERIES)
                coverage_note_unexpected(q->table);
        TRY(perturb_begin(a, q, &exact));
        TRY(judge_rows(a, q, scope));
        TRY(disclosure_protect_table_seen(
                a->arena, q->table, &settings, &q->lease.stop, &q->report, &seen));
        q->source = q->allowed.disclosure.answers == ANSWERS_ALONE ? ANSWERS_ALONE : ANSWERS_LEDGER;
        if (q->source == ANSWERS_LEDGER && q->lease.linkage != NULL) {
                size_t hidden = q->report.secondary;

                TRY(cells_by_memory(a, q, scope));
                TRY(audit_again(a, q, &settings, seen, hidden));
        }
        return perturb_end(a, q, exact);
}

static enum err count_and_protect(struct answering *a, struct question *q)
{
        OWNED(plan_rows_free) struct plan_rows *rows = NULL;
        struct plan_scope scope;

        TRY(count(a, q, &scope, &rows));
        q->rows = rows;
        enum err e = protect_counted(a, q, &scope);
        q->rows = NULL;
        return e;
}

enum err table_rehearse(struct answering *a, struct question *q)
{
        const struct disclosure_settings settings = settings_of(a, q);
        const struct disclosure_rules *r = &q->allowed.disclosure;
        struct plan_scope scope;

        TRY(count(a, q, &scope, NULL));
        if (q->allowed.dataset->kind == DATASET_DELIVERIES)
                coverage_note_unexpected(q->table);
        if (q->lease.linkage != NULL && !question_is_planned(a, q) &&
                (r->answers == ANSWERS_LATTICE || r->membership_sensitive))
                TRY(eligible_by_inhabitants(a, q, &scope, r->answers == ANSWERS_LATTICE));
        return disclosure_protect_table(a->arena, q->table, &settings, &q->lease.stop, &q->report);
}

/* Planned tables ----------------------------------------------------------------------------- */

/* Not where an indicator, or another data set that is looked at, asks for more. */
static bool rules_are_its_own(const struct question *q)
{
        const struct disclosure_rules *a = &q->allowed.disclosure;
        const struct disclosure_rules *b = &q->allowed.dataset->disclosure;

        return a->threshold == b->threshold && a->zeros_published == b->zeros_published &&
               a->numerator == b->numerator && a->denominator == b->denominator &&
               a->complement == b->complement && a->families == b->families &&
               a->homogeneous == b->homogeneous && a->contributors == b->contributors &&
               memcmp(a->number, b->number, sizeof a->number) == 0 &&
               a->remainder == b->remainder && a->part_max == b->part_max &&
               a->dominance_n == b->dominance_n && a->dominance_k == b->dominance_k &&
               a->p_percent == b->p_percent && a->pq_p == b->pq_p && a->pq_q == b->pq_q &&
               a->secondary == b->secondary && a->interval == b->interval &&
               a->answers == b->answers && a->perturbation == b->perturbation;
}

bool question_is_planned(const struct answering *a, const struct question *q)
{
        return q->allowed.disclosure.answers != ANSWERS_ALONE &&
               q->allowed.dataset->kind == DATASET_RECORDS && rules_are_its_own(q) &&
               lattice_fits(a->policy, q->allowed.dataset, &q->query) == LATTICE_INSIDE;
}

/* Where the rules have changed since the vintage was published, they are made now: no question
 * besides is judged before its rows are known. */
static enum err plan_lattice(struct answering *a, struct question *q)
{
        struct gateway *g = a->call->handlers;
        const struct lattice_wish wish = {
                .policy = a->policy,
                .dataset = q->allowed.dataset,
                .vintage = q->lease.vintage.vintage,
                .cancel = &q->lease.stop,
        };

        return q->allowed.dataset->disclosure.answers == ANSWERS_ALONE ? ERR_OK
                                                                       : lattice_prepare(g, &wish);
}

/* ERR_NOT_FOUND: it is none of the planned tables after all (a year that they do not have). */
static enum err cut_out(struct answering *a, struct question *q)
{
        struct gateway *g = a->call->handlers;
        const struct lattice_wish wish = {
                .policy = a->policy,
                .dataset = q->allowed.dataset,
                .vintage = q->lease.vintage.vintage,
        };

        q->source = ANSWERS_LATTICE;
        return lattice_answer(g, &wish, &q->query, a->arena, &q->table, &q->report);
}

static bool is_laid_out_alike(const struct table *a, const struct table *b)
{
        if (a->cells_len != b->cells_len || a->dimensions_len != b->dimensions_len ||
                a->measures_len != b->measures_len)
                return false;
        for (uint32_t d = 0; d < a->dimensions_len; d++) {
                if (a->dimensions[d].len != b->dimensions[d].len)
                        return false;
                for (uint32_t i = 0; i < a->dimensions[d].len; i++)
                        if (!bytes_equal(a->dimensions[d].categories[i].code,
                                    b->dimensions[d].categories[i].code))
                                return false;
        }
        return true;
}

/* A cell that is held back stands in the plan with the number of an earlier vintage, which
 * nobody can count with noise any more: it is withheld. */
static uint8_t planned_status(const struct table *planned, size_t cell)
{
        return planned->held[cell] ? CELL_PROTECTED : planned->status[cell];
}

/* What is missing or not applicable is so for everybody to see. */
static void take_status(uint8_t *status, uint8_t planned)
{
        if (*status == CELL_VALUE || *status == CELL_PROTECTED)
                *status = planned;
}

static enum err take_measure_statuses(
        struct answering *a, const struct table *planned, struct table *t, uint32_t which)
{
        const struct measure *from = &planned->measures[which];
        struct measure *m = &t->measures[which];

        if (from->status == NULL && m->status == NULL)
                return ERR_OK;
        if (m->status == NULL)
                m->status = arena_alloc(a->arena, t->cells_len, 1);
        if (m->status == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < t->cells_len; i++)
                take_status(&m->status[i], from->status != NULL ? from->status[i] : t->status[i]);
        return ERR_OK;
}

/* Nothing is told that the plan does not tell. */
static enum err take_statuses(struct answering *a, const struct table *planned, struct table *t)
{
        if (!is_laid_out_alike(planned, t))
                return ERR_INTERNAL;
        for (size_t i = 0; i < t->cells_len; i++) {
                take_status(&t->status[i], planned_status(planned, i));
                if (t->status[i] == CELL_PROTECTED)
                        t->rule[i] =
                                planned->held[i] ? (uint8_t)CELL_RULE_SECONDARY : planned->rule[i];
        }
        for (uint32_t m = 0; m < t->measures_len; m++)
                TRY(take_measure_statuses(a, planned, t, m));
        wipe_table(t);
        return ERR_OK;
}

/* The plan keeps numbers without the keys of their persons, so what gets noise or is rounded is
 * counted anew: the same children have the same noise inside the plan and outside. */
static enum err answer_planned(struct answering *a, struct question *q)
{
        struct rounding_exact *exact = NULL;
        const struct table *planned;
        struct plan_scope scope;

        TRY(cut_out(a, q));
        if (!question_is_perturbed(q))
                return ERR_OK;
        planned = q->table;
        TRY(count(a, q, &scope, NULL));
        TRY(perturb_begin(a, q, &exact));
        TRY(take_statuses(a, planned, q->table));
        return perturb_end(a, q, exact);
}

enum err table_make(struct answering *a, struct question *q)
{
        enum err e = plan_lattice(a, q);

        if (e == ERR_OK)
                e = question_is_planned(a, q) ? answer_planned(a, q) : ERR_NOT_FOUND;
        if (e == ERR_NOT_FOUND)
                e = count_and_protect(a, q);

        return e == ERR_CANCELLED && atomic_load(&q->lease.ended) ? linkage_ended(a->call) : e;
}
