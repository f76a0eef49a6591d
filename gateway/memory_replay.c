/* SPDX-License-Identifier: Apache-2.0 */
/* memory_replay.c: see memory_replay.h.
 *
 * Persons are those of the data set's own linkage ("home"); what was asked under another is told by
 * its own view with that one beside it. */
#include "gateway/memory_replay.h"

#include "base/arena.h"
#include "gateway/memory_linkage.h"

enum { MEMBERS_MAX = 1 << 30 };

/* A question on its way. */
struct counting {
        const struct replay *replay;
        const struct stored_question *stored;
        struct memory_question question;
        const struct view *home;
        struct arena *arena;
};

enum err replay_lease(struct views *views, const struct memory_ask *ask, struct vintage vintage,
        struct view_lease *out)
{
        const struct view_wish wish = {
                .policy = ask->policy,
                .linkage = ask->linkage,
                .dataset = ask->dataset,
                .purpose = ask->purpose,
                .vintage = vintage,
                .cancel = ask->cancel,
        };

        return views_lease(views, &wish, out);
}

static bool is_answered(struct bytes bits, uint32_t i)
{
        return (bits.data[i / 8] >> i % 8 & 1) != 0;
}

/* Where the policy that it was answered under had other categories, all rows of enough are
 * taken to have been. */
static enum err tell(const struct counting *c, struct rows *rows)
{
        const struct stored_question *q = c->stored;
        const struct replayed what = {.stored = q, .question = &c->question, .rows = rows};
        bool same = q->rows == rows->of;
        uint32_t n = 0;

        for (uint32_t i = 0; i < rows->len; i++)
                if (same ? is_answered(q->answered, rows->cells[i])
                         : rows->sets[i].len >= c->replay->threshold)
                        rows->sets[n++] = rows->sets[i];
        rows->len = n;
        return c->replay->sink->answered(c->replay->ctx, &what);
}

/* Under a linkage that is not the data set's own. */
static enum err count_under(const struct counting *c, const struct policy_linkage *l)
{
        const struct replay *r = c->replay;
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct memory_ask ask = *r->ask;
        struct rows rows;

        ask.linkage = l;
        TRY(memory_purpose(l, c->arena, &ask.purpose));
        TRY(replay_lease(r->views, &ask, view_vintage(c->home), &lease));
        TRY(r->sink->count(r->ctx, &ask, lease.view, c->home, &c->question, c->arena, &rows));
        return tell(c, &rows);
}

static enum err count_at_home(const struct counting *c)
{
        const struct replay *r = c->replay;
        struct rows rows;

        TRY(r->sink->count(r->ctx, r->ask, c->home, NULL, &c->question, c->arena, &rows));
        return tell(c, &rows);
}

/* What cannot be counted any more as it was leaves a gap. */
static enum err count_again(const struct counting *c, const char *linkage)
{
        const struct replay *r = c->replay;
        const struct policy_linkage *l = memory_linkage_find(r->ask->policy, r->ask->linkage,
                bytes_of_text(linkage), r->ask->dataset, &c->question);
        if (r->sink->skips_under != NULL && r->sink->skips_under(r->ctx, l))
                return ERR_OK;
        enum err e = l == NULL              ? ERR_LINKAGE_REFUSED
                     : l == r->ask->linkage ? count_at_home(c)
                                            : count_under(c, l);
        bool derived = c->question.query.derived_len > 0;

        if (l == r->ask->linkage || (e != ERR_LINKAGE_REFUSED && e != ERR_UNSUPPORTED))
                return e;
        TRY(r->sink->gap(r->ctx, linkage, derived, e));
        return derived ? ERR_OK : count_at_home(c);
}

static enum err replay_on(const struct replay *r, const char *linkage,
        const struct stored_question *q, const struct view *view, const struct coverage *coverage)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        struct counting c = {.replay = r, .stored = q, .home = view, .arena = arena};

        if (arena == NULL)
                return ERR_NO_MEMORY;
        if (r->sink->vintage != NULL)
                TRY(r->sink->vintage(r->ctx, view, coverage));
        TRY(memory_question_read(arena, q->question, &c.question));
        TRY(count_again(&c, linkage));
        return r->sink->judged != NULL ? r->sink->judged(r->ctx, q) : ERR_OK;
}

/* The persons of a vintage that was closed since are those of its successor, but for what was
 * removed: of no more persons than records went. Where something was asked about kin or other
 * data sets, one record more or less is a matter of others as well. */
static enum err replay_closed(
        const struct replay *r, const char *linkage, const struct stored_question *q)
{
        OWNED(arena_free) struct arena *arena = arena_new(MEMBERS_MAX);
        OWNED(view_lease_done) struct view_lease lease = {0};
        struct memory_question question = {0};
        struct successor next;
        struct rows rows;
        uint32_t n = 0;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err e = memory_successor(r->store, q->vintage, arena, &next);
        if (e == ERR_NOT_FOUND)
                return ERR_OK;
        if (e == ERR_VINTAGE_CLOSED)
                return r->sink->gap(r->ctx, linkage, false, e);
        TRY(e);
        TRY(memory_question_read(arena, q->question, &question));
        if (question.query.derived_len > 0)
                return r->sink->gap(r->ctx, linkage, true, ERR_VINTAGE_CLOSED);
        TRY(replay_lease(r->views, r->ask, next.vintage, &lease));
        question.query.vintage = next.vintage;
        TRY(r->sink->count(r->ctx, r->ask, lease.view, NULL, &question, arena, &rows));
        for (uint32_t i = 0; i < rows.len; i++)
                if (q->rows != rows.of || is_answered(q->answered, rows.cells[i]))
                        rows.sets[n++] = rows.sets[i];
        rows.len = n;
        const struct replayed what = {q, &question, &rows, true, next.removed};
        return r->sink->answered(r->ctx, &what);
}

enum err replay_one(const struct replay *r, const char *linkage, const struct stored_question *q)
{
        const struct vintage now = view_vintage(r->ask->view);
        OWNED(view_lease_done) struct view_lease lease = {0};

        if (r->sink->skips != NULL && r->sink->skips(r->ctx, linkage))
                return ERR_OK;
        if (q->vintage.number == now.number && q->vintage.revision == now.revision)
                return replay_on(r, linkage, q, r->ask->view, r->ask->coverage);
        enum err e = replay_lease(r->views, r->ask, q->vintage, &lease);
        if (e == ERR_NOT_FOUND || e == ERR_VINTAGE_CLOSED)
                return replay_closed(r, linkage, q);
        return e == ERR_OK ? replay_on(r, linkage, q, lease.view, lease.coverage) : e;
}

static enum err visit(void *ctx, const char *linkage, const struct stored_question *q)
{
        return replay_one(ctx, linkage, q);
}

enum err replay_stored(const struct replay *r)
{
        struct replay copy = *r;

        return store_ledger_each(r->store, r->dataset, visit, &copy);
}
