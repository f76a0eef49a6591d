/* SPDX-License-Identifier: Apache-2.0 */
/* answer_note.c: who asked what for which purpose, under which rules, and what became of it.
 *
 * The open part of an answer's entry is the statement of its certificate, so it holds what the
 * asker knows anyway. Who asked, what decided, and what the rules did to the table is for
 * data-protection officers. How many cells each mark has is to be seen in the release; by which
 * rule they were protected is not, and is told in whole multiples of the threshold, rounded up.
 *
 * The question is kept with its vintage and the version of its indicator resolved, so that its
 * canonical bytes make the digest. */
#include "gateway/answer_note.h"

#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/question_words.h"

enum { QUESTION_MAX = 4 << 20, MS_PER_DAY = 86400000 };

/* What is looked at ------------------------------------------------------------------ */

static void put_known(struct note *n, enum entry_field f, struct bytes text, bool known)
{
        if (known)
                entry_put_text(&n->w, f, text);
}

static bool knows_purpose(const struct policy *p, struct bytes purpose)
{
        uint32_t len = 0;
        const struct purpose *list = policy_purposes(p, &len);

        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(list[i].id, purpose))
                        return true;
        return false;
}

/* Each once, the release's own first. */
static void put_datasets(struct note *n, const struct answering *a)
{
        struct bytes told[2 * (DERIVED_MAX + 1)];
        const struct question *both[2] = {&a->main, a->has_denominator ? &a->denominator : NULL};
        uint32_t len = 0;

        for (unsigned i = 0; i < 2 && both[i] != NULL; i++) {
                const struct query *q = &both[i]->query;

                for (uint32_t k = 0; k <= q->derived_len; k++) {
                        struct bytes id = k == 0 ? q->dataset : q->derived[k - 1].dataset;
                        bool known = policy_dataset_find(a->policy, id) != NULL;

                        for (uint32_t t = 0; known && t < len; t++)
                                known = !bytes_equal(told[t], id);
                        if (known)
                                told[len++] = id;
                }
        }
        for (uint32_t i = 0; i < len; i++)
                entry_put_text(&n->w, FIELD_DATASET, told[i]);
}

static void put_scope(struct note *n, const struct answering *a)
{
        const struct policy_linkage *l = a->main.allowed.linkage;

        note_policy(n, a->policy);
        put_datasets(n, a);
        put_known(n, FIELD_PURPOSE, a->asked->purpose, knows_purpose(a->policy, a->asked->purpose));
        if (l != NULL)
                entry_put_text(&n->w, FIELD_LINKAGE, l->rules->id);
        else
                put_known(n, FIELD_LINKAGE, a->asked->linkage,
                        policy_linkage_find(a->policy, a->asked->linkage) != NULL);
        if (a->indicator != NULL)
                entry_put_printed(&n->w, FIELD_INDICATOR, "%.*s %u", (int)a->indicator->id.len,
                        (const char *)a->indicator->id.data, a->indicator->version);
        entry_put_principal(&n->w, a->call->peer);
}

static void put_cost(struct note *n, int64_t started_ns)
{
        entry_put_number(&n->w, FIELD_COST_US, (clock_monotonic_ns() - started_ns) / 1000);
}

/* The question ----------------------------------------------------------------------- */

static enum err encode_question(struct note *n, const struct query *q)
{
        OWNED(buf_done) struct buf canonical;
        OWNED(buf_done) struct buf request;
        struct digest *digest = arena_alloc(n->arena, 1, sizeof *digest);
        struct bytes bytes, kept;

        buf_init(&canonical, QUESTION_MAX);
        buf_init(&request, QUESTION_MAX);
        if (digest == NULL)
                return ERR_NO_MEMORY;
        TRY(query_encode(q, &canonical));
        TRY(buf_end(&canonical, &bytes));
        digest_of(bytes, digest);
        TRY(query_request_encode(q, &request));
        TRY(buf_end(&request, &bytes));
        TRY(bytes_copy(n->arena, bytes, &kept));
        entry_put_digest(&n->w, FIELD_QUERY_DIGEST, digest);
        entry_put_bytes(&n->w, FIELD_QUERY, kept);
        return ERR_OK;
}

static void put_question(struct note *n, const struct answering *a, const struct query *q)
{
        struct query resolved = *q;
        enum err e;

        if (n->w.err != ERR_OK)
                return;
        if (a->main.lease.vintage.vintage.number > 0)
                resolved.vintage = a->main.lease.vintage.vintage;
        if (a->indicator != NULL)
                resolved.indicator_version = a->indicator->version;
        e = encode_question(n, &resolved);
        n->w.err = n->w.err == ERR_OK ? e : n->w.err;
}

/* What the policy knows of it. */
static void put_clean_question(struct note *n, const struct answering *a)
{
        struct query clean;
        enum err e = n->w.err;

        if (e == ERR_OK)
                e = question_clean(n->arena, a->policy, a->asked, &clean);
        if (e == ERR_OK)
                put_question(n, a, &clean);
        else
                n->w.err = e;
}

/* Why --------------------------------------------------------------------------------- */

static void put_allowed(struct note *n, const struct answering *a)
{
        const struct principal *who = a->call->peer;
        const struct policy_principal *pattern =
                policy_principal_find(a->policy, bytes_of_text(who->uri));
        const struct policy_dataset *d = a->main.allowed.dataset;
        const struct policy_linkage *l = a->main.allowed.linkage;

        if (pattern != NULL)
                note_decided(n, "principal", pattern->match, pattern->at);
        if (d != NULL) {
                note_decided(n, "roles of", d->id, d->at.roles);
                note_decided(n, "purposes of", d->id, d->at.purposes);
        }
        if (l != NULL)
                note_decided(n, "linkage", l->rules->id, l->at.id);
        if (a->indicator != NULL)
                note_decided(n, "indicator", a->indicator->id, a->indicator->at);
}

static void put_refused_by(struct note *n, const struct answering *a)
{
        struct deciding_rule rule;

        decide_refused_by(a->policy, a->call->peer, a->asked, clock_now_ms(), &rule);
        if (rule.name != NULL)
                note_decided(n, "refused by", bytes_of_text(rule.name), rule.at);
        else
                put_allowed(n, a);
        if (a->call->why.len > 0)
                entry_put_words(&n->w, FIELD_WHERE, a->call->why.violations[0].field);
}

/* Rules in force ------------------------------------------------------------------------ */

static void put_rule(struct note *n, enum disclosure_key key, uint32_t value)
{
        if (value > 0)
                entry_put_printed(&n->w, FIELD_RULE, "%s %u", disclosure_key_word(key), value);
}

static void put_contributors(struct note *n, const struct disclosure_rules *r)
{
        for (unsigned c = 1; c < CONTRIBUTOR_COUNT; c++) {
                const char *name = contributor_name((enum contributor)c);

                if ((r->contributors >> c & 1) == 0)
                        continue;
                if (r->number[c] > 0)
                        entry_put_printed(
                                &n->w, FIELD_RULE, "contributors %s %u", name, r->number[c]);
                else
                        entry_put_printed(&n->w, FIELD_RULE, "contributors %s", name);
        }
}

static void put_rules(struct note *n, const struct disclosure_rules *r)
{
        if (r->preset.len > 0)
                entry_put_printed(&n->w, FIELD_RULE, "preset %.*s", (int)r->preset.len,
                        (const char *)r->preset.data);
        put_rule(n, DISCLOSURE_KEY_THRESHOLD, r->threshold);
        entry_put_words(&n->w, FIELD_RULE, r->zeros_published ? "zeros shown" : "zeros hidden");
        put_rule(n, DISCLOSURE_KEY_NUMERATOR, r->numerator);
        put_rule(n, DISCLOSURE_KEY_DENOMINATOR, r->denominator);
        put_rule(n, DISCLOSURE_KEY_COMPLEMENT, r->complement);
        put_rule(n, DISCLOSURE_KEY_FAMILIES, r->families);
        put_rule(n, DISCLOSURE_KEY_HOMOGENEOUS, r->homogeneous);
        put_contributors(n, r);
        put_rule(n, DISCLOSURE_KEY_REMAINDER, r->remainder);
        put_rule(n, DISCLOSURE_KEY_PART_MAX, r->part_max);
        if (r->dominance_n > 0)
                entry_put_printed(
                        &n->w, FIELD_RULE, "dominance %u %u", r->dominance_n, r->dominance_k);
        put_rule(n, DISCLOSURE_KEY_P, r->p_percent);
        if (r->pq_p > 0)
                entry_put_printed(&n->w, FIELD_RULE, "pq %u %u", r->pq_p, r->pq_q);
        if (r->secondary)
                entry_put_words(&n->w, FIELD_RULE, "secondary");
        put_rule(n, DISCLOSURE_KEY_INTERVAL, r->interval);
        if (r->membership_sensitive)
                entry_put_words(&n->w, FIELD_RULE, "membership sensitive");
        entry_put_printed(&n->w, FIELD_RULE, "answers %s", answers_name(r->answers));
        if (r->perturbation != PERTURB_NONE)
                entry_put_printed(
                        &n->w, FIELD_RULE, "perturbation %s", perturbation_name(r->perturbation));
}

/* What they did -------------------------------------------------------------------------- */

static const char *const rule_words[CELL_RULE_COUNT] = {
        [CELL_RULE_MARGIN] = "margin",
        [CELL_RULE_SMALL] = "small",
        [CELL_RULE_ZERO] = "zero",
        [CELL_RULE_SECONDARY] = "secondary",
        [CELL_RULE_FAMILIES] = "families",
        [CELL_RULE_NUMERATOR] = "numerator",
        [CELL_RULE_DENOMINATOR] = "denominator",
        [CELL_RULE_COMPLEMENT] = "complement",
        [CELL_RULE_HOMOGENEOUS] = "homogeneous",
        [CELL_RULE_CONTRIBUTORS] = "contributors",
        [CELL_RULE_REMAINDER] = "remainder",
        [CELL_RULE_DOMINANCE] = "dominance",
        [CELL_RULE_INTERVAL] = "interval",
};

static const char *const status_words[CELL_STATUS_COUNT] = {
        [CELL_PROTECTED] = "protected",
        [CELL_VALUE] = "free",
        [CELL_MISSING] = "missing",
        [CELL_NOT_APPLICABLE] = "not applicable",
};

static uint64_t rounded_up(uint64_t n, uint32_t to)
{
        return to > 1 ? (n + to - 1) / to * to : n;
}

/* Planned tables are kept without the reason of each cell. */
static void put_fired(struct note *n, const struct question *q)
{
        const struct table *t = q->table;
        uint64_t by_rule[CELL_RULE_COUNT] = {0}, by_status[CELL_STATUS_COUNT] = {0};
        uint32_t threshold = q->allowed.disclosure.threshold;
        bool planned = q->source == ANSWERS_LATTICE;

        for (size_t cell = 0; cell < t->cells_len; cell++) {
                by_status[t->status[cell] % CELL_STATUS_COUNT]++;
                if (t->status[cell] == CELL_PROTECTED)
                        by_rule[t->rule[cell] % CELL_RULE_COUNT]++;
        }
        for (unsigned r = 1; r < CELL_RULE_COUNT && !planned; r++)
                if (by_rule[r] > 0)
                        entry_put_count(&n->w, FIELD_FIRED, rule_words[r],
                                rounded_up(by_rule[r], threshold));
        if (planned && by_status[CELL_PROTECTED] > 0)
                entry_put_count(&n->w, FIELD_FIRED, "planned",
                        rounded_up(by_status[CELL_PROTECTED], threshold));
        for (unsigned s = 0; s < CELL_STATUS_COUNT; s++)
                if (by_status[s] > 0)
                        entry_put_count(&n->w, FIELD_STATUS, status_words[s], by_status[s]);
}

static void put_budget(struct note *n, const struct answering *a)
{
        if (a->budget_most == 0)
                return;
        entry_put_number(&n->w, FIELD_BUDGET_USED, a->budget_used);
        entry_put_number(&n->w, FIELD_BUDGET_MOST, a->budget_most);
}

/* The three entries ------------------------------------------------------------------------ */

void answer_note(
        const struct answering *a, struct bytes release, int64_t started_ns, struct note *out)
{
        struct digest *digest;

        note_begin(out, ENTRY_ANSWERED);
        note_outcome(out, ERR_OK);
        put_scope(out, a);
        put_allowed(out, a);
        put_rules(out, &a->main.allowed.disclosure);
        put_budget(out, a);
        put_cost(out, started_ns);
        if (release.len == 0) {
                entry_put_words(&out->w, FIELD_WORD, "dry-run");
                put_clean_question(out, a);
                return;
        }
        put_question(out, a, a->asked);
        entry_put_vintage(&out->w, a->main.lease.vintage.vintage);
        entry_put_words(&out->w, FIELD_SOURCE, answers_name(a->main.source));
        put_fired(out, &a->main);
        digest = out->w.err == ERR_OK ? arena_alloc(out->arena, 1, sizeof *digest) : NULL;
        if (digest == NULL) {
                out->w.err = out->w.err == ERR_OK ? ERR_NO_MEMORY : out->w.err;
                return;
        }
        digest_of(release, digest);
        entry_put_digest(&out->w, FIELD_RELEASE_DIGEST, digest);
}

void refusal_note(const struct answering *a, enum err outcome, int64_t started_ns, struct note *out)
{
        note_begin(out, ENTRY_REFUSED);
        note_outcome(out, outcome);
        put_scope(out, a);
        put_refused_by(out, a);
        put_clean_question(out, a);
        if (a->main.lease.vintage.vintage.number > 0)
                entry_put_vintage(&out->w, a->main.lease.vintage.vintage);
        put_budget(out, a);
        put_cost(out, started_ns);
}

void unreadable_note(const struct rpc_call *c, enum err outcome, struct note *out)
{
        note_begin(out, ENTRY_REFUSED);
        note_outcome(out, outcome);
        entry_put_principal(&out->w, c->peer);
        if (c->why.len > 0)
                entry_put_words(&out->w, FIELD_WHERE, c->why.violations[0].field);
}
