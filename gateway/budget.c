/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c: how many questions somebody may ask on one day.
 *
 * Who may ask without end can take one person out of every table by turns. A question
 * counts when it is allowed, whether or not it is answered in the end: a failure that cost
 * nothing would be a free look at what fails. Linked questions have a limit of the principal's,
 * and what is not planned one of the data set's, for each purpose. */
#include "base/arena.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/answer.h"

enum { MS_PER_DAY = 86400000 };

enum err question_digest(const struct answering *a, struct vintage vintage, struct digest *out)
{
        OWNED(buf_done) struct buf canonical;
        struct query q = *a->asked;
        struct bytes bytes;

        q.vintage = vintage; /* "the latest" and its number are one question */
        if (a->indicator != NULL)
                q.indicator_version = a->indicator->version;
        buf_init(&canonical, BATCH_WIRE_MAX);
        TRY(query_encode(&q, &canonical));
        TRY(buf_end(&canonical, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

/* What looks beyond one data set, or at families. */
static bool is_linked(const struct query *q)
{
        if (q->derived_len > 0 || q->linkage.len > 0 || q->unit == UNIT_FAMILY)
                return true;
        for (uint32_t i = 0; i < q->measures_len; i++)
                if (q->measures[i].kind == MEASURE_FAMILIES)
                        return true;
        return false;
}

static bool asks_linked(const struct answering *a)
{
        return is_linked(&a->main.query) ||
               (a->has_denominator && is_linked(&a->denominator.query));
}

/* The log is told of the limit that is nearer. */
static enum err take(struct answering *a, int32_t day, const char *who, const struct digest *digest,
        uint32_t limit)
{
        struct gateway *g = a->call->handlers;
        uint32_t used = 0;
        enum err e = store_question(g->store, day, who, digest, limit, &used);
        uint32_t left = used < limit ? limit - used : 0; /* the limit may have been lowered */

        if ((e == ERR_OK || e == ERR_LIMIT) &&
                (a->budget_most == 0 || left + a->budget_used < a->budget_most)) {
                a->budget_used = used;
                a->budget_most = limit;
        }
        return e;
}

/* Of all linked questions, whatever they are asked for. */
static enum err take_linked(
        struct answering *a, int32_t day, const struct digest *digest, struct refusal *why)
{
        uint32_t limit = a->main.allowed.questions_per_day;

        if (limit == 0 || !asks_linked(a))
                return ERR_OK;
        enum err e = take(a, day, a->call->peer->uri, digest, limit);
        if (e == ERR_LIMIT)
                return refuse(why, e, "principal",
                        "the policy allows %u linked questions a day (UTC), and as many have been "
                        "asked today; one that was asked before may be asked again",
                        limit);
        return e;
}

/* Of questions outside the planned tables, by purpose. */
static enum err take_unplanned(
        struct answering *a, int32_t day, const struct digest *digest, struct refusal *why)
{
        const struct query *q = &a->main.query;
        uint32_t limit = a->main.allowed.disclosure.questions_per_day;

        if (limit == 0 || (question_is_planned(a, &a->main) && !a->has_denominator))
                return ERR_OK;
        const char *who = arena_printf(a->arena, "%s %.*s", a->call->peer->uri, (int)q->purpose.len,
                (const char *)q->purpose.data);
        if (who == NULL)
                return ERR_NO_MEMORY;
        enum err e = take(a, day, who, digest, limit);
        if (e == ERR_LIMIT)
                return refuse(why, e, "principal",
                        "the policy allows %u questions a day (UTC) outside the planned tables for "
                        "this purpose, and as many have been asked today; one that was asked "
                        "before "
                        "may be asked again, and planned tables always",
                        limit);
        return e;
}

enum err budget_take(struct answering *a, struct vintage vintage, struct refusal *why)
{
        int32_t day = (int32_t)(clock_now_ms() / MS_PER_DAY);
        struct digest digest;

        TRY(question_digest(a, vintage, &digest));
        TRY(take_linked(a, day, &digest, why));
        return take_unplanned(a, day, &digest, why);
}
