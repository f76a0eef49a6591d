/* SPDX-License-Identifier: Apache-2.0 */
/* turned.c: who calls what is not for her role, erases more than there may be in a day or delivers
 * more persons than a municipality can have, is told to the officers.
 *
 * A call that is not for the caller is turned away on a thread that must not wait for a disk, and
 * before anything of it is read; so it is counted there, and the watch tells the audit log soon
 * after: the first one at once, those that follow once a minute with their number. Nobody can fill
 * the log so: there is at most one entry a minute for each principal, method and reason, however
 * often and with however many certificates she calls, and one for all for whom there is no room
 * here. Of deliveries the entry names the last one. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/gateway.h"
#include "gateway/note.h"

enum { PLACES = 256, EVERY_MS = 60000 };

/* Calls of one principal to one method; of everybody else in the last place. */
struct place {
        struct principal who; /* with the certificate that came last */
        const char *path;     /* of the table of methods; NULL: the place is free */
        enum err why;
        uint64_t calls;  /* that the log does not know of */
        int64_t told_ns; /* when it was told; 0: never */
        /* Where the last of them was a delivery: under which rules; counted, NULL: it was none. */
        struct policy *rules;
        struct stored_submission delivery;
};

struct turned {
        pthread_mutex_t lock;
        struct place places[PLACES + 1];
};

enum err turned_new(struct turned **out)
{
        struct turned *t = calloc(1, sizeof *t);

        if (t == NULL)
                return ERR_NO_MEMORY;
        (void)pthread_mutex_init(&t->lock, NULL);
        *out = t;
        return ERR_OK;
}

void turned_free(struct turned **t)
{
        if (t == NULL || *t == NULL)
                return;
        for (unsigned i = 0; i <= PLACES; i++)
                policy_unref(&(*t)->places[i].rules);
        (void)pthread_mutex_destroy(&(*t)->lock);
        free(*t);
        *t = NULL;
}

static struct place *place_of(
        struct turned *t, const struct principal *who, const char *path, enum err why)
{
        struct place *free_one = &t->places[PLACES];

        for (unsigned i = 0; i < PLACES; i++) {
                struct place *p = &t->places[i];

                if (p->path == NULL && free_one == &t->places[PLACES])
                        free_one = p;
                if (p->path != NULL && p->why == why && strcmp(p->path, path) == 0 &&
                        strcmp(p->who.uri, who->uri) == 0)
                        return p;
        }
        return free_one;
}

/* `rules` and `delivery`: NULL of what is none. */
static void count(struct turned *t, const struct principal *who, const char *path, enum err why,
        struct policy *rules, const struct stored_submission *delivery)
{
        (void)pthread_mutex_lock(&t->lock);
        struct place *p = place_of(t, who, path, why);

        if (p != &t->places[PLACES]) {
                p->who = *who;
                p->path = path;
                p->why = why;
                policy_unref(&p->rules);
                if (delivery != NULL) {
                        p->rules = policy_ref(rules);
                        p->delivery = *delivery;
                        p->delivery.mode = DELIVERY_NONE; /* the entry's word is another */
                }
        }
        p->calls++;
        (void)pthread_mutex_unlock(&t->lock);
}

void turned_count(struct turned *t, const struct principal *who, const char *path, enum err why)
{
        count(t, who, path, why, NULL, NULL);
}

void turned_count_delivery(struct turned *t, const struct principal *who, const char *path,
        enum err why, struct policy *rules, const struct stored_submission *delivery)
{
        count(t, who, path, why, rules, delivery);
}

void gateway_turned_away(void *ctx, const struct principal *who, const char *path)
{
        turned_count(((struct gateway *)ctx)->turned, who, path, ERR_NOT_ALLOWED);
}

static void tell(struct audit *a, const struct place *p)
{
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_ALARM);
        if (p->path != NULL)
                note_outcome(&n, p->why);
        entry_put_words(&n.w, FIELD_WORD,
                p->path == NULL             ? "turned away"
                : p->why == ERR_NOT_ALLOWED ? "not for this role"
                                            : "more than the quota");
        entry_put_words(&n.w, FIELD_DETAIL, p->path != NULL ? p->path + 1 : "several");
        entry_put_number(&n.w, FIELD_NUMBER, (int64_t)p->calls);
        if (p->path != NULL)
                entry_put_principal(&n.w, &p->who);
        if (p->rules != NULL) {
                note_policy(&n, p->rules);
                note_delivery(&n, &p->delivery);
        }
        note_tell(a, &n);
}

/* Takes the calls of the next place whose time has come, from place *at on, and its rules with
 * them. A place that was quiet since it was told is free again. */
static bool take_next(struct turned *t, unsigned *at, int64_t now_ns, struct place *out)
{
        bool found = false;

        (void)pthread_mutex_lock(&t->lock);
        for (; *at <= PLACES && !found; ++*at) {
                struct place *p = &t->places[*at];

                if (p->told_ns != 0 && now_ns - p->told_ns < (int64_t)EVERY_MS * 1000000)
                        continue;
                found = p->calls > 0;
                if (found) {
                        *out = *p;
                        p->calls = 0;
                        p->rules = NULL;
                        p->told_ns = now_ns;
                } else if (p->told_ns != 0) {
                        *p = (struct place){.path = NULL};
                }
        }
        (void)pthread_mutex_unlock(&t->lock);
        return found;
}

void turned_tell(struct turned *t, struct audit *a)
{
        int64_t now = clock_monotonic_ns();
        struct place p;

        for (unsigned at = 0; take_next(t, &at, now, &p);) {
                tell(a, &p);
                policy_unref(&p.rules);
        }
}

void turned_tell_last(struct turned *t, struct audit *a)
{
        for (unsigned i = 0; i <= PLACES; i++)
                if (t->places[i].calls > 0)
                        tell(a, &t->places[i]);
}
