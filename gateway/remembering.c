/* SPDX-License-Identifier: Apache-2.0 */
/* remembering.c: what a question is about to tell, judged in the light of all that was told
 * before (memory.h): first rows, by identifying variables alone, then the cells that the rules
 * left.
 *
 * A data set has one memory, of the persons of its own linkage. What looks at the records of one
 * data set alone is counted as that linkage has them, whichever was named. Derived variables can
 * only be counted under the question's linkage; then the view of the data set's own lies beside,
 * and tells who of the one is who of the other.
 *
 * Cells are judged by what they hold, so that one is withheld can say something about those that
 * were answered before; that they are judged at all keeps a cell that is hidden in one answer
 * from being the difference of two others. Counts with filters of their own, and both sides
 * of shares and ratios, are sets of persons like cells. What depends on more than who is in a
 * cell (records, sums, means) is judged besides by how many records everybody has there: else
 * two answers about the same persons, a month apart, would tell of one person's month. */
#include <string.h>

#include "gateway/answer.h"
#include "gateway/disclosure/wipe.h"

static enum err say_forgotten(struct refusal *why)
{
        return refuse(why, ERR_VINTAGE_CLOSED, "dataset",
                "which persons earlier answers were about can no longer be counted, since a "
                "vintage that told of them is closed; planned tables are answered as before");
}

static enum err say_full(struct refusal *why)
{
        return refuse(why, ERR_LIMIT, "dataset",
                "whether this can be answered together with earlier answers takes more work or "
                "memory than there is; fewer or coarser dimensions, or a planned table, take less");
}

static enum err say_ended(struct refusal *why)
{
        return refuse(why, ERR_LINKAGE_REFUSED, "derived",
                "earlier answers with derived variables can no longer be counted, since a linkage "
                "or a vintage that they were given under has ended; questions without derived "
                "variables are answered as before");
}

static enum err say_wider(struct refusal *why)
{
        return refuse(why, ERR_UNSUPPORTED, "linkage",
                "this linkage joins municipalities that the data set's own does not, so its "
                "answers cannot be held against earlier ones; ask under one that joins no more");
}

static enum err say_own_ended(struct refusal *why)
{
        return refuse(why, ERR_LINKAGE_REFUSED, "dataset",
                "the data set's own linkage has ended, under which its answers are remembered");
}

/* Under which linkage ------------------------------------------------------------------------ */

/* NULL: the question's own is it, or there is no other. */
static const struct policy_linkage *own_linkage(const struct answering *a, const struct question *q)
{
        const struct policy_dataset *d = q->allowed.dataset;
        const struct policy_linkage *own = d->linkage != NULL && d->purposes_len > 0
                                                   ? policy_linkage_find(a->policy, d->linkage->id)
                                                   : NULL;

        return own == NULL || own == q->lease.linkage ? NULL : own;
}

static enum err lease_own(struct answering *a, const struct question *q,
        const struct policy_linkage *own, struct view_lease *out)
{
        struct gateway *g = a->call->handlers;
        const struct bytes purpose = q->allowed.dataset->purposes[0];
        const struct view_wish wish = {
                .policy = a->policy,
                .linkage = own,
                .dataset = q->allowed.dataset,
                .purpose = arena_strndup(a->arena, (const char *)purpose.data, purpose.len),
                .vintage = q->lease.vintage.vintage,
                .cancel = &q->lease.stop,
        };

        if (wish.purpose == NULL)
                return ERR_NO_MEMORY;
        enum err e = views_lease(g->views, &wish, out);
        return e == ERR_LINKAGE_REFUSED ? say_own_ended(&a->call->why) : e;
}

/* `home`: the data set's own, beside a lease that is not; else NULL. */
static enum err judge_on(struct answering *a, const struct question *q,
        const struct view_lease *lease, const struct memory_home *home,
        const struct memory_question *what, const uint8_t **answered, uint32_t *cells)
{
        struct gateway *g = a->call->handlers;
        const struct memory_ask ask = {
                .policy = a->policy,
                .linkage = lease->linkage,
                .dataset = q->allowed.dataset,
                .purpose = lease->purpose,
                .view = lease->view,
                .coverage = lease->coverage,
                .home = home,
                .rows = lease == &q->lease ? q->rows : NULL,
                .cancel = &q->lease.stop,
                .arena = a->arena,
                .promises = a->promises,
        };
        enum err e = memory_judge(g->memory, &ask, what, answered, cells);

        if (e == ERR_VINTAGE_CLOSED)
                return say_forgotten(&a->call->why);
        if (e == ERR_LINKAGE_REFUSED)
                return say_ended(&a->call->why);
        if (e == ERR_UNSUPPORTED)
                return say_wider(&a->call->why);
        return e == ERR_LIMIT ? say_full(&a->call->why) : e;
}

enum err remembering_judge(struct answering *a, const struct question *q,
        const struct memory_question *what, const uint8_t **answered, uint32_t *cells)
{
        const struct policy_linkage *own = own_linkage(a, q);
        OWNED(view_lease_done) struct view_lease lease = {0};

        if (own == NULL)
                return judge_on(a, q, &q->lease, NULL, what, answered, cells);
        TRY(lease_own(a, q, own, &lease));
        if (what->query.derived_len == 0)
                return judge_on(a, q, &lease, NULL, what, answered, cells);
        const struct memory_home home = {own, lease.purpose, lease.view, lease.coverage};
        return judge_on(a, q, &q->lease, &home, what, answered, cells);
}

/* Cells -------------------------------------------------------------------------------------- */

static void count_hidden(struct disclosure_report *r, size_t *by_rule)
{
        by_rule[CELL_RULE_NONE]--;
        by_rule[CELL_RULE_SECONDARY]++;
        r->secondary++;
}

/* The question without measures, but for filters of one. */
static enum err part_of(struct answering *a, const struct question *q,
        const struct plan_scope *scope, const struct filter *const *filters, const uint32_t *lens,
        struct memory_question *out)
{
        const struct query *asked = &q->query;
        uint32_t len = asked->filters_len + lens[0] + lens[1];
        struct filter *all = arena_alloc(a->arena, len, sizeof *all);

        if (all == NULL)
                return ERR_NO_MEMORY;
        if (len > FILTERS_MAX)
                return say_full(&a->call->why);
        *out = (struct memory_question){
                .query = *asked, .cells = true, .counted = len == asked->filters_len};
        out->query.measures = NULL;
        out->query.measures_len = 0;
        out->query.unit = UNIT_PERSON;
        out->query.filters = all;
        out->query.filters_len = len;
        for (uint32_t i = 0; i < asked->filters_len; i++)
                *all++ = asked->filters[i];
        for (uint32_t k = 0; k < 2; k++)
                for (uint32_t i = 0; i < lens[k]; i++)
                        *all++ = filters[k][i];
        return question_counts(a, q, scope, out);
}

static bool is_shown(const struct table *t, const struct measure *m, size_t cell)
{
        return t->status[cell] == CELL_VALUE &&
               (m == NULL || m->status == NULL || m->status[cell] == CELL_VALUE);
}

static enum err status_of_its_own(struct answering *a, const struct table *t, struct measure *m)
{
        if (m->status != NULL)
                return ERR_OK;
        m->status = arena_alloc(a->arena, t->cells_len, 1);
        if (m->status == NULL)
                return ERR_NO_MEMORY;
        memcpy(m->status, t->status, t->cells_len);
        return ERR_OK;
}

/* Cells, or (m) one measure in them, that may not be told are withheld. */
static enum err judge_part(
        struct answering *a, struct question *q, struct memory_question *part, struct measure *m)
{
        struct table *t = q->table;
        uint8_t *shown = arena_alloc(a->arena, t->cells_len, 1);
        const uint8_t *answered;
        uint32_t cells;

        if (shown == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < t->cells_len; i++)
                shown[i] = is_shown(t, m, i);
        part->shown = shown;
        part->shown_len = (uint32_t)t->cells_len;
        TRY(remembering_judge(a, q, part, &answered, &cells));
        if (cells != t->cells_len)
                return ERR_INTERNAL;
        if (m != NULL)
                TRY(status_of_its_own(a, t, m));
        for (size_t i = 0; i < t->cells_len; i++) {
                if (!shown[i] || answered[i])
                        continue;
                if (m != NULL) {
                        m->status[i] = CELL_PROTECTED;
                        count_hidden(&q->report, q->report.measures_by_rule);
                        continue;
                }
                t->status[i] = CELL_PROTECTED;
                t->rule[i] = CELL_RULE_SECONDARY;
                count_hidden(&q->report, q->report.by_rule);
        }
        wipe_table(t);
        return ERR_OK;
}

/* Whether what is told of a cell depends on more than on who is in it. */
static bool tells_records(const struct query *q, const struct measure_ref *m)
{
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_FAMILIES:
                return false;
        case MEASURE_SHARE:
        case MEASURE_RATE:
                return q->unit == UNIT_RECORD;
        default:
                return true;
        }
}

/* Who is counted where these filters hold; and how many records they have. */
static enum err judge_side(struct answering *a, struct question *q, const struct plan_scope *scope,
        const struct filter *const *filters, const uint32_t *lens, bool records, struct measure *m)
{
        struct memory_question part = {0};

        if (lens[0] + lens[1] > 0) {
                TRY(part_of(a, q, scope, filters, lens, &part));
                TRY(judge_part(a, q, &part, m));
        }
        if (!records)
                return ERR_OK;
        TRY(part_of(a, q, scope, filters, lens, &part));
        part.records = true;
        return judge_part(a, q, &part, m);
}

/* What is divided by stands in `base`; what is counted, in a share, in both. */
static enum err judge_measure(
        struct answering *a, struct question *q, const struct plan_scope *scope, uint32_t which)
{
        const struct measure_ref *ref = &q->query.measures[which];
        const struct filter *filters[2] = {ref->base, ref->filters};
        const uint32_t base[2] = {ref->base_len, 0};
        const uint32_t counted[2] = {
                ref->kind == MEASURE_SHARE ? ref->base_len : 0, ref->filters_len};
        struct measure *m = &q->table->measures[which];
        bool records = tells_records(&q->query, ref);

        if (ref->base_len > 0)
                TRY(judge_side(a, q, scope, filters, base, records, m));
        if (ref->filters_len == 0 && !records)
                return ERR_OK;
        return judge_side(a, q, scope, filters, counted, records, m);
}

enum err cells_by_memory(struct answering *a, struct question *q, const struct plan_scope *scope)
{
        static const uint32_t none[2] = {0, 0};
        struct memory_question cells = {0};

        TRY(part_of(a, q, scope, NULL, none, &cells));
        TRY(judge_part(a, q, &cells, NULL));
        /* Where nothing is asked for, units are counted. */
        if (q->query.measures_len == 0 && q->query.unit == UNIT_RECORD &&
                q->table->measures_len > 0)
                return judge_side(a, q, scope, NULL, none, true, &q->table->measures[0]);
        for (uint32_t m = 0; m < q->query.measures_len && m < q->table->measures_len; m++)
                TRY(judge_measure(a, q, scope, m));
        return ERR_OK;
}
