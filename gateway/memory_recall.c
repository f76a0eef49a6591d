/* SPDX-License-Identifier: Apache-2.0 */
/* memory_recall.c: see memory_recall.h.
 *
 * Counting takes a while and must keep nobody from being answered. So it is done without the
 * memory's lock, of persons and views of its own; at the end the lock is taken, and if anything was
 * judged meanwhile whoever recalls begins again, and holds the lock from the beginning. Judging
 * looks at planned tables under the same lock, so an answer is either counted here, or judged in
 * the light of what is stored then. */
#include "gateway/memory_recall.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "gateway/memory_linkage.h"
#include "gateway/memory_replay.h"
#include "gateway/memory_shelf.h"

struct recalling {
        struct recall *recall;
        struct persons *persons;
        uint64_t named_by; /* 0: nobody was seen yet */
        recall_visitor fn;
        void *ctx;
};

static enum err count(void *ctx, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        struct recalling *r = ctx;
        const struct view *named = home != NULL ? home : view;

        if (view_persons(named) > 0) {
                if (r->named_by != 0 && r->named_by != view_named_by(named))
                        return ERR_BUSY;
                r->named_by = view_named_by(named);
        }
        return memory_rows(r->persons, ask, view, home, q, arena, out);
}

static enum err on_answered(void *ctx, const struct replayed *what)
{
        struct recalling *r = ctx;
        const struct query *q = &what->question->query;
        struct recalled one = {
                .cells = what->question->cells,
                .records = what->question->records,
                .period = q->has_period ? &q->period : NULL,
                .closed = what->closed,
                .removed = what->removed,
        };

        r->recall->questions++;
        for (uint32_t i = 0; i < what->rows->len; i++) {
                one.set = what->rows->sets[i];
                if (one.set.len > 0)
                        TRY(r->fn(r->ctx, &one));
        }
        return ERR_OK;
}

static enum err on_gap(void *ctx, const char *linkage, bool derived, enum err why)
{
        struct recalling *r = ctx;

        (void)derived;
        log_event(LOG_WARNING, "answer_not_recalled",
                LOG_TEXT("dataset", r->recall->shelf->dataset), LOG_TEXT("linkage", linkage),
                LOG_TEXT("code", err_name(why)));
        r->recall->lost++;
        return ERR_OK;
}

static const struct replay_sink sink = {.count = count, .answered = on_answered, .gap = on_gap};

/* Promises --------------------------------------------------------------------------------- */

static void promises_free(struct promise **list)
{
        while (*list != NULL) {
                struct promise *p = *list;

                *list = p->next;
                free(p);
        }
}

static enum err copy_promises(const struct shelf *s, struct promise **out)
{
        for (const struct promise *p = s->promised; p != NULL; p = p->beside) {
                struct promise *copy;

                TRY(promise_new(bytes_of_text(p->linkage), &p->question, &copy));
                copy->next = *out;
                *out = copy;
        }
        return ERR_OK;
}

static void lock(const struct recall *r)
{
        if (!r->held)
                (void)pthread_mutex_lock(&r->shelf->lock);
}

static void unlock(const struct recall *r)
{
        if (!r->held)
                (void)pthread_mutex_unlock(&r->shelf->lock);
}

enum err memory_recall_begin(struct memory *m, struct bytes dataset, bool hold, struct recall *out)
{
        struct recall r = {0};

        TRY(memory_shelf(m, dataset, &r.shelf));
        lock(&r);
        r.judged = r.shelf->judged;
        if (!hold)
                unlock(&r);
        r.held = hold;
        *out = r;
        return ERR_OK;
}

void memory_recall_end(struct recall *r)
{
        if (r->shelf != NULL && r->held)
                (void)pthread_mutex_unlock(&r->shelf->lock);
        *r = (struct recall){0};
}

enum err memory_recall(struct recall *r, const struct memory_ask *ask, struct persons *persons,
        recall_visitor fn, void *ctx)
{
        OWNED(promises_free) struct promise *promised = NULL;
        struct recalling recalling = {r, persons, 0, fn, ctx};
        struct shelf *s = r->shelf;
        const struct replay replay = {s->store, s->views, s->dataset, ask,
                memory_threshold(ask->policy, ask->linkage, ask->dataset), &sink, &recalling};

        lock(r);
        enum err e = copy_promises(s, &promised);
        unlock(r);
        TRY(e);
        /* What was promised then is in the store by now, or in both, or is not told at all. */
        for (const struct promise *p = promised; p != NULL; p = p->next)
                TRY(replay_one(&replay, p->linkage, &p->question));
        return replay_stored(&replay);
}

/* What was judged, and then not told, would be answered later as it was judged: in the light of
 * no table that was published in between. */
static bool is_left_over(const struct shelf *s)
{
        for (uint32_t i = 0; i < s->known.len; i++)
                if (s->known.places[i].answered != NULL && !s->known.places[i].stored)
                        return true;
        return false;
}

enum err memory_recall_use(struct recall *r, enum err (*then)(void *ctx), void *ctx, bool *out_done)
{
        struct shelf *s = r->shelf;
        enum err e = ERR_OK;

        lock(r);
        bool unasked = s->judged == r->judged;
        if (unasked)
                e = then(ctx);
        if (unasked && e == ERR_OK) {
                if (is_left_over(s))
                        shelf_clear(s);
                if (s->stricter != NULL && is_left_over(s->stricter))
                        shelf_clear(s->stricter);
        }
        unlock(r);
        if (e == ERR_OK)
                *out_done = unasked;
        return e;
}
