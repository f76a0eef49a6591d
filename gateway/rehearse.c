/* SPDX-License-Identifier: Apache-2.0 */
/* rehearse.c: a proposed bundle is tried on the questions that were asked before.
 *
 *      files → bundle → the log's questions, each once → answered twice, by the bundle in force
 *             and by the proposed one, on the newest vintage → what would change → report, entry
 *
 * No value leaves: tables are made and wiped here, and only how many cells would be shown or
 * protected is told. Both times a table is judged by its rules alone, as if it were the only
 * one: what memory would add depends on who asks what first, and asking it would change it.
 * A linkage that the proposed bundle adds cannot be tried: the keeper links by signed rules only.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "gateway/answer.h"
#include "gateway/audit/audit.h"
#include "gateway/store/log.h"
#include "policies/rehearsal.h"
#include "policies/report.h"
#include "proto/wire_audit.h"

enum {
        QUESTIONS_MAX = 5000, /* different ones */
        PAGE = 50,
        TABLE_ARENA = 1 << 30,
        REPORT_ARENA = 64 << 20,
        REPORT_MAX = 8 << 20,
};

struct asked {
        struct digest digest;
        uint64_t entry, times;
        struct bytes query, principal;
};

struct rehearsing {
        struct rpc_call *call;
        struct policy *running, *proposed;
        struct wire_rehearsal wish;
        struct vintage vintage;
        struct asked *asked;
        uint32_t len, cap;
        struct wire_rehearsed *results;
        uint64_t sent;
};

/* The proposed bundle ---------------------------------------------------------------- */

/* It is read where it arrived, and is on no disk. A report of an earlier try is left out. */
static enum err load_draft(struct rehearsing *r)
{
        struct policy_file *files = arena_alloc(r->call->arena, r->wish.len, sizeof *files);
        uint32_t len = 0;

        if (files == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < r->wish.len; i++)
                if (!bytes_is_text(r->wish.files[i].path, REHEARSAL_FILE))
                        files[len++] = (struct policy_file){
                                r->wish.files[i].path, r->wish.files[i].content};
        return policy_load_files(files, len, &r->proposed, &r->call->why);
}

/* The log's questions ------------------------------------------------------------------ */

static struct asked *find_asked(const struct rehearsing *r, const struct digest *d)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (digest_equal(&r->asked[i].digest, d))
                        return &r->asked[i];
        return NULL;
}

static enum err room_for_asked(struct rehearsing *r)
{
        uint32_t cap = r->cap == 0 ? 64 : 2 * r->cap;
        struct asked *list;

        if (r->len < r->cap)
                return ERR_OK;
        if (r->len == QUESTIONS_MAX)
                return refuse(&r->call->why, ERR_LIMIT, "from_ms",
                        "more than %d different questions were asked in this period",
                        QUESTIONS_MAX);
        list = arena_alloc(r->call->arena, cap, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        if (r->asked != NULL)
                memcpy(list, r->asked, r->len * sizeof *list);
        r->asked = list;
        r->cap = cap;
        return ERR_OK;
}

/* The same question of two vintages is one: it is asked of the newest. */
static enum err take_entry(void *ctx, const struct stored_entry *e)
{
        struct rehearsing *r = ctx;
        struct arena *arena = r->call->arena;
        struct entry_value query, principal;
        struct digest digest;
        struct asked *known;

        if (rpc_cancelled(r->call))
                return ERR_CANCELLED;
        if ((e->kind != ENTRY_ANSWERED && e->kind != ENTRY_REFUSED) || e->pruned ||
                (r->wish.until_ms > 0 && e->at_ms >= r->wish.until_ms) ||
                !entry_find(e->closed, FIELD_QUERY, &query) ||
                !entry_find(e->closed, FIELD_PRINCIPAL, &principal))
                return ERR_OK;
        digest_of(query.text, &digest);
        known = find_asked(r, &digest);
        if (known != NULL) {
                known->times++;
                return ERR_OK;
        }
        TRY(room_for_asked(r));
        assert(r->asked != NULL);
        struct asked *a = &r->asked[r->len];

        *a = (struct asked){.digest = digest, .entry = e->number, .times = 1};
        TRY(bytes_copy(arena, query.text, &a->query));
        TRY(bytes_copy(arena, principal.text, &a->principal));
        r->len++;
        return ERR_OK;
}

static enum err gather(struct rehearsing *r)
{
        struct gateway *g = r->call->handlers;
        struct merkle_edge edge;
        uint64_t from = 0;

        store_log_edge(g->store, &edge);
        if (r->wish.from_ms > 0)
                TRY(store_entry_since(g->store, r->wish.from_ms, &from));
        TRY(store_entries(g->store, from, edge.size, take_entry, r));
        r->results = arena_alloc(r->call->arena, r->len, sizeof *r->results);
        return r->results == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* One question, twice -------------------------------------------------------------------- */

/* Which cells would be shown; of several measures a cell is shown where all are. */
struct shown {
        enum err outcome;
        size_t cells;
        uint8_t *is_shown;
};

static enum err take_shown(struct arena *keep, const struct table *t, struct shown *out)
{
        out->cells = t->cells_len;
        out->is_shown = arena_alloc(keep, t->cells_len, 1);
        if (out->is_shown == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < t->cells_len; i++)
                out->is_shown[i] = t->status[i] != CELL_PROTECTED;
        return ERR_OK;
}

static enum err ask(struct rehearsing *r, const struct asked *asked, struct policy *policy,
        struct arena *arena, struct arena *keep, struct shown *out)
{
        struct principal who;
        struct rpc_call call = {
                .deadline_ms = r->call->deadline_ms,
                .arena = arena,
                .message_arena = arena,
                .handlers = r->call->handlers,
        };
        struct query q = {0};
        struct answering a = {.call = &call, .policy = policy, .arena = arena, .asked = &q};
        const char *uri =
                arena_strndup(arena, (const char *)asked->principal.data, asked->principal.len);

        if (uri == NULL)
                return ERR_NO_MEMORY;
        *out = (struct shown){.outcome = ERR_NOT_AUTHENTICATED};
        if (principal_parse(uri, policy_trust(policy), &who) != ERR_OK)
                return ERR_OK;
        call.peer = &who;
        out->outcome = query_request_decode(arena, asked->query, &q, &call.why);
        q.vintage = r->vintage;
        if (out->outcome == ERR_OK)
                out->outcome = query_rehearse(&a);
        if (out->outcome == ERR_OK)
                TRY(take_shown(keep, a.main.table, out));
        query_rehearsed(&a);
        /* Ours, not the question's. */
        return out->outcome == ERR_NO_MEMORY || out->outcome == ERR_KEEPER_GONE ? out->outcome
                                                                                : ERR_OK;
}

/* Tables of another shape (a code was added) are compared by how much they show. */
static void compare(
        const struct shown *before, const struct shown *after, struct wire_rehearsed *out)
{
        size_t had = 0, has = 0;

        out->before = bytes_of_text(err_name(before->outcome));
        out->after = bytes_of_text(err_name(after->outcome));
        if (before->outcome != ERR_OK || after->outcome != ERR_OK)
                return;
        out->cells = after->cells;
        if (before->cells == after->cells) {
                for (size_t i = 0; i < after->cells; i++) {
                        out->newly_shown += after->is_shown[i] && !before->is_shown[i];
                        out->newly_protected += before->is_shown[i] && !after->is_shown[i];
                }
                return;
        }
        for (size_t i = 0; i < before->cells; i++)
                had += before->is_shown[i];
        for (size_t i = 0; i < after->cells; i++)
                has += after->is_shown[i];
        out->newly_shown = has > had ? has - had : 0;
        out->newly_protected = had > has ? had - has : 0;
}

static enum err try_one(struct rehearsing *r, uint32_t i)
{
        OWNED(arena_free) struct arena *keep = arena_new(TABLE_ARENA);
        OWNED(arena_free) struct arena *arena = arena_new(TABLE_ARENA);
        struct wire_rehearsed *out = &r->results[i];
        struct shown before, after;

        if (keep == NULL || arena == NULL)
                return ERR_NO_MEMORY;
        *out = (struct wire_rehearsed){.entry = r->asked[i].entry,
                .times = r->asked[i].times,
                .query = r->asked[i].digest};
        TRY(ask(r, &r->asked[i], r->running, arena, keep, &before));
        arena_reset(arena);
        TRY(ask(r, &r->asked[i], r->proposed, arena, keep, &after));
        compare(&before, &after, out);
        return ERR_OK;
}

/* Progress ---------------------------------------------------------------------------------- */

static enum err send(struct rehearsing *r, const struct wire_rehearsal_progress *p)
{
        OWNED(buf_done) struct buf wire;
        struct bytes bytes;

        buf_init(&wire, BATCH_WIRE_MAX + REPORT_MAX);
        TRY(rehearsal_progress_encode(p, &wire));
        TRY(buf_end(&wire, &bytes));
        return rpc_send(r->call, bytes);
}

static enum err send_results(struct rehearsing *r, uint32_t done)
{
        const struct wire_rehearsal_progress p = {
                .phase = bytes_of_text("replaying"),
                .done = done,
                .total = r->len,
                .questions = r->results + r->sent,
                .len = done - (uint32_t)r->sent,
        };

        r->sent = done;
        return send(r, &p);
}

static enum err replay(struct rehearsing *r)
{
        for (uint32_t i = 0; i < r->len; i++) {
                if (rpc_cancelled(r->call))
                        return ERR_CANCELLED;
                TRY(try_one(r, i));
                if ((i + 1) % PAGE == 0)
                        TRY(send_results(r, i + 1));
        }
        return send_results(r, r->len);
}

/* The report -------------------------------------------------------------------------------- */

static void line(struct buf *out, const char *format, ...) PRINTF_LIKE(2, 3);
static void line(struct buf *out, const char *format, ...)
{
        char text[REPORT_TEXT_MAX + 256];
        va_list args;

        va_start(args, format);
        int len = vsnprintf(text, sizeof text, format, args);
        va_end(args);
        if (len < 0)
                return;
        put_raw(out, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1);
        put_raw(out, "\n", 1);
}

static const char *word_of(enum report_mark mark)
{
        return mark == REPORT_WEAKER ? "weaker" : mark == REPORT_STRONGER ? "stronger" : "changed";
}

static enum err write_changes(const struct rehearsing *r, struct buf *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(REPORT_ARENA);
        struct report changes;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        report_init(&changes, arena, REPORT_EN);
        TRY(policy_diff(r->running, r->proposed, &changes));
        for (uint32_t i = 0; i < changes.len; i++) {
                const struct report_line *l = &changes.lines[i];

                if (l->mark == REPORT_WEAKER || l->mark == REPORT_STRONGER ||
                        l->mark == REPORT_CHANGED)
                        line(out, "%s %.*s", word_of(l->mark), (int)l->text.len,
                                (const char *)l->text.data);
        }
        return ERR_OK;
}

/* How far what is measured of presets holds for the data sets that name them. */
static enum err write_measured(const struct policy *p, const char *which, struct buf *out)
{
        uint32_t n = 0, len = 0;
        const struct policy_dataset *list = policy_datasets(p, &n);
        const struct policy_preset *presets = policy_presets(p, &len);

        for (uint32_t i = 0; i < n; i++) {
                for (uint32_t k = 0; k < len; k++) {
                        const struct policy_preset *x = &presets[k];
                        struct digest own;

                        if (!bytes_equal(list[i].disclosure.preset, x->id))
                                continue;
                        TRY(disclosure_digest(&list[i].disclosure, &own));
                        line(out, "rules %s %.*s %.*s %s", which, (int)list[i].id.len,
                                (const char *)list[i].id.data, (int)x->id.len,
                                (const char *)x->id.data,
                                !digest_equal(&own, &x->rules_digest) ? "departs" : "as-preset");
                }
        }
        return ERR_OK;
}

/* What attacks on a gateway with such a preset were measured to get. */
static void write_attacks(const struct policy *p, const char *which, struct buf *out)
{
        uint32_t n = 0;
        const struct policy_preset *list = policy_presets(p, &n);

        for (uint32_t i = 0; i < n; i++) {
                const struct policy_preset *x = &list[i];

                if (!policy_uses_preset(p, x->id))
                        continue;
                if (x->measured_len == 0)
                        line(out, "attacks %s %.*s not measured", which, (int)x->id.len,
                                (const char *)x->id.data);
                if (x->measured_elsewise)
                        line(out, "attacks %s %.*s measured-under-other-rules", which,
                                (int)x->id.len, (const char *)x->id.data);
                for (uint32_t k = 0; k < x->measured_len; k++) {
                        const struct measured_attack *m = &x->measured[k];

                        line(out,
                                "attacks %s %.*s %.*s recovered %u baseline %u most %u trials %u%s",
                                which, (int)x->id.len, (const char *)x->id.data, (int)m->attack.len,
                                (const char *)m->attack.data, m->recovered_permille,
                                m->baseline_permille, m->excess_max_permille, m->trials,
                                m->leaks ? " leaks" : "");
                }
        }
}

static void write_questions(const struct rehearsing *r, struct buf *out)
{
        uint64_t times = 0, answered = 0, refused = 0, cells = 0, shown = 0, hidden = 0;

        for (uint32_t i = 0; i < r->len; i++) {
                const struct wire_rehearsed *q = &r->results[i];
                bool was = bytes_is_text(q->before, "OK"), is = bytes_is_text(q->after, "OK");

                times += q->times;
                answered += is && !was;
                refused += was && !is;
                cells += q->cells;
                shown += q->newly_shown;
                hidden += q->newly_protected;
        }
        line(out, "questions %u asked %" PRIu64, r->len, times);
        line(out, "newly-answered %" PRIu64, answered);
        line(out, "newly-refused %" PRIu64, refused);
        line(out, "cells %" PRIu64 " newly-shown %" PRIu64 " newly-protected %" PRIu64, cells,
                shown, hidden);
        for (uint32_t i = 0; i < r->len; i++) {
                const struct wire_rehearsed *q = &r->results[i];
                char hex[65];

                hex_encode(bytes_of(q->query.bytes, 32), hex);
                line(out,
                        "question %s entry %" PRIu64 " times %" PRIu64 " %.*s %.*s cells %" PRIu64
                        " newly-shown %" PRIu64 " newly-protected %" PRIu64,
                        hex, q->entry, q->times, (int)q->before.len, (const char *)q->before.data,
                        (int)q->after.len, (const char *)q->after.data, q->cells, q->newly_shown,
                        q->newly_protected);
        }
}

static enum err write_report(const struct rehearsing *r, struct buf *out)
{
        struct rehearsal_head head = {.running = *policy_digest(r->running)};
        char from[25], until[25];

        TRY(policy_identity(r->proposed, &head.proposed));
        rehearsal_put(out, &head);
        clock_format(r->wish.from_ms, from);
        clock_format(r->wish.until_ms, until);
        line(out, "vintage %u.%u", r->vintage.number, r->vintage.revision);
        line(out, "from %s until %s", from, until);
        TRY(write_changes(r, out));
        write_questions(r, out);
        TRY(write_measured(r->running, "running", out));
        write_attacks(r->running, "running", out);
        TRY(write_measured(r->proposed, "proposed", out));
        write_attacks(r->proposed, "proposed", out);
        return ERR_OK;
}

static enum err write_entry(struct rehearsing *r, const struct digest *report, uint64_t *out)
{
        struct gateway *g = r->call->handlers;
        struct entry_writer w;
        struct entry_draft draft;
        struct digest identity;

        TRY(policy_identity(r->proposed, &identity));
        entry_begin(&w, r->call->arena, ENTRY_REHEARSED);
        entry_put_words(&w, FIELD_OUTCOME, err_name(ERR_OK));
        entry_put_digest(&w, FIELD_POLICY_DIGEST, &identity);
        entry_put_number(&w, FIELD_POLICY_VERSION, (int64_t)policy_rules(r->proposed)->version);
        entry_put_digest(&w, FIELD_CONTENT_DIGEST, report);
        entry_put_vintage(&w, r->vintage);
        entry_put_principal(&w, r->call->peer);
        entry_put_number(&w, FIELD_NUMBER, r->len);
        TRY(entry_end(&w, &draft));
        return audit_write(g->audit, &draft, out);
}

static enum err conclude(struct rehearsing *r)
{
        OWNED(buf_done) struct buf report;
        struct wire_rehearsal_progress p = {
                .phase = bytes_of_text("done"),
                .done = r->len,
                .total = r->len,
                .has_report = true,
        };

        buf_init(&report, REPORT_MAX);
        TRY(write_report(r, &report));
        TRY(buf_end(&report, &p.report));
        digest_of(p.report, &p.report_digest);
        TRY(write_entry(r, &p.report_digest, &p.entry));
        return send(r, &p);
}

static enum err rehearse(struct rehearsing *r)
{
        struct gateway *g = r->call->handlers;
        struct stored_vintage newest;

        TRY(load_draft(r));
        TRY(store_vintage_find(g->store, (struct vintage){0, 0}, &newest));
        r->vintage = newest.vintage;
        if (r->wish.until_ms == 0)
                r->wish.until_ms = clock_now_ms();
        TRY(gather(r));
        TRY(replay(r));
        return conclude(r);
}

/* What was once rehearsed ------------------------------------------------------------------- */

struct search {
        const struct digest *report;
        bool found;
};

static enum err look_at_entry(void *ctx, const struct stored_entry *e)
{
        struct search *s = ctx;
        struct entry_value v;

        if (e->kind != ENTRY_REHEARSED || e->pruned ||
                !entry_find(e->open, FIELD_CONTENT_DIGEST, &v) ||
                memcmp(v.text.data, s->report->bytes, sizeof s->report->bytes) != 0)
                return ERR_OK;
        s->found = true;
        return ERR_CANCELLED;
}

enum err rehearsal_known(void *ctx, const struct digest *report, bool *out)
{
        struct gateway *g = ctx;
        struct search s = {.report = report};
        struct merkle_edge edge;

        store_log_edge(g->store, &edge);
        TRY(store_entries(g->store, edge.size, 0, look_at_entry, &s)); /* the newest first */
        *out = s.found;
        return ERR_OK;
}

enum err policy_rehearse(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *running = reign_policy(g->reign);
        struct rehearsing r = {.call = c, .running = running};

        (void)response; /* a stream */
        TRY(rehearsal_decode(c->arena, request, &r.wish, &c->why));
        enum err e = rehearse(&r);

        policy_unref(&r.proposed);
        views_keep_policy(g->views, policy_digest(running));
        log_event(LOG_INFO, "policy_rehearsed", LOG_TEXT("code", err_name(e)),
                LOG_NUM("questions", r.len));
        return e;
}
