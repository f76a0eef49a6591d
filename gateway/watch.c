/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: the end of a linkage takes effect at once: at midnight after its last day, or
 * when a new bundle has it no more.
 *
 * One thread looks ten times a second, whatever else the gateway does; a reload looks by
 * itself before it answers. What begins and ends to stand is told in the audit log, whether or
 * not anybody asks under it. What is counted under a linkage that stands goes on under the
 * rules it began with. A linkage that joins less than it did counts as ended: there is
 * no saying what a table begun under the old one is made of. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "crypto/digest.h"
#include "gateway/gateway.h"
#include "gateway/note.h"

enum { TICK_MS = 100, AGAIN_MS = 10000, LOOK_MS = 1000, WITNESSES_SEEN = 16 };

/* Linkages that serve some purpose today, as the audit log has been told. */
struct standing {
        char ids[RULES_LINKAGES_MAX][NAME_MAX_LEN + 1];
        uint32_t len;
};

struct watch {
        struct gateway *gateway;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool stopping;
        struct standing standing; /* of the thread alone */
        int64_t again_ns;         /* after the log could not be written */
        int64_t witnessed_ns;     /* when the witnesses were looked at */
        bool deaf[WITNESSES_SEEN];
};

struct judging {
        const struct policy *policy; /* in force */
        int64_t now_ms;
};

static bool joins_as_many(const struct policy *before, const struct rules_linkage *old,
        const struct rules_linkage *new)
{
        const struct rules *r = policy_rules(before);

        for (uint32_t i = 0; i < r->municipalities_len; i++)
                if (rules_linkage_joins(old, r->municipalities[i]) &&
                        !rules_linkage_joins(new, r->municipalities[i]))
                        return false;
        return new->family || !old->family;
}

/* Every look from one data set at another that was allowed still is. */
static bool pairs_as_many(const struct policy *before, const struct policy_linkage *old,
        const struct policy *after, const struct policy_linkage *new)
{
        const struct rules_linkage *r = old->rules;

        for (uint32_t i = 0; i < r->datasets_len; i++)
                for (uint32_t k = 0; k < r->datasets_len; k++) {
                        const struct policy_dataset *base =
                                policy_dataset_find(after, r->datasets[i]);
                        const struct policy_dataset *other =
                                policy_dataset_find(after, r->datasets[k]);

                        if (!policy_linkage_pairs(before, old,
                                    policy_dataset_find(before, r->datasets[i]),
                                    policy_dataset_find(before, r->datasets[k])))
                                continue;
                        if (base == NULL || other == NULL ||
                                !policy_linkage_pairs(after, new, base, other))
                                return false;
                }
        return true;
}

static bool stands(void *ctx, const struct policy *policy, const struct policy_linkage *linkage,
        const char *purpose)
{
        const struct judging *j = ctx;
        const struct policy_linkage *now = policy_linkage_find(j->policy, linkage->rules->id);

        if (now == NULL || !policy_linkage_serves(now, bytes_of_text(purpose), j->now_ms))
                return false;
        return digest_equal(policy_digest(policy), policy_digest(j->policy)) ||
               (joins_as_many(policy, linkage->rules, now->rules) &&
                       pairs_as_many(policy, linkage, j->policy, now));
}

bool gateway_linkage_stands(struct gateway *g, const struct policy *policy,
        const struct policy_linkage *linkage, const char *purpose)
{
        OWNED(policy_unref) struct policy *now = reign_policy(g->reign);
        struct judging j = {now, clock_now_ms()};

        return linkage == NULL || stands(&j, policy, linkage, purpose);
}

void gateway_review_linkages(struct gateway *g)
{
        OWNED(policy_unref) struct policy *now = reign_policy(g->reign);
        struct judging j = {now, clock_now_ms()};
        const struct linkage_judge judge = {&j, stands};

        views_review(g->views, &judge);
}

/* What begins and what ends --------------------------------------------------------- */

static bool serves_any(const struct policy_linkage *l, int64_t now_ms)
{
        for (uint32_t i = 0; i < l->rules->purposes_len; i++)
                if (policy_linkage_serves(l, l->rules->purposes[i], now_ms))
                        return true;
        return false;
}

static bool holds(const struct standing *s, const char *id)
{
        for (uint32_t i = 0; i < s->len; i++)
                if (strcmp(s->ids[i], id) == 0)
                        return true;
        return false;
}

static void look(const struct policy *p, struct standing *out)
{
        uint32_t len = 0;
        const struct policy_linkage *list = policy_linkages(p, &len);

        memset(out, 0, sizeof *out);
        for (uint32_t i = 0; i < len; i++)
                if (serves_any(&list[i], clock_now_ms()))
                        memcpy(out->ids[out->len++], list[i].rules->id.data, list[i].rules->id.len);
}

static enum err tell(
        struct gateway *g, const struct policy *p, const char *id, enum entry_kind kind)
{
        const struct policy_linkage *l = policy_linkage_find(p, bytes_of_text(id));
        OWNED(note_done) struct note n;
        uint64_t number;

        note_begin(&n, kind);
        note_policy(&n, p);
        entry_put_words(&n.w, FIELD_LINKAGE, id);
        if (kind == ENTRY_LINKAGE_CLOSED)
                entry_put_words(&n.w, FIELD_WORD,
                        l != NULL ? "its time is over" : "the bundle has it no more");
        for (uint32_t i = 0; kind == ENTRY_LINKAGE_OPENED && i < l->rules->datasets_len; i++)
                entry_put_text(&n.w, FIELD_DATASET, l->rules->datasets[i]);
        for (uint32_t i = 0; kind == ENTRY_LINKAGE_OPENED && i < l->rules->purposes_len; i++)
                entry_put_text(&n.w, FIELD_PURPOSE, l->rules->purposes[i]);
        return note_write(g->audit, &n, &number);
}

/* What could not be told is told again later. */
static enum err tell_changes(struct watch *w)
{
        OWNED(policy_unref) struct policy *p = reign_policy(w->gateway->reign);
        struct standing now;

        look(p, &now);
        if (memcmp(&now, &w->standing, sizeof now) == 0)
                return ERR_OK;
        for (uint32_t i = 0; i < w->standing.len; i++)
                if (!holds(&now, w->standing.ids[i]))
                        TRY(tell(w->gateway, p, w->standing.ids[i], ENTRY_LINKAGE_CLOSED));
        for (uint32_t i = 0; i < now.len; i++)
                if (!holds(&w->standing, now.ids[i]))
                        TRY(tell(w->gateway, p, now.ids[i], ENTRY_LINKAGE_OPENED));
        w->standing = now;
        return ERR_OK;
}

static void tell_or_wait(struct watch *w)
{
        int64_t now = clock_monotonic_ns();
        enum err e;

        if (now < w->again_ns)
                return;
        e = tell_changes(w);
        if (e == ERR_OK)
                return;
        log_event(LOG_ERROR, "linkages_not_told", LOG_TEXT("code", err_name(e)));
        w->again_ns = now + (int64_t)AGAIN_MS * 1000000;
}

/* Who does not take heads any more, and who does again: once each. The entry makes a new head,
 * which they are shown at their time like any other. */
static void look_at_witnesses(struct watch *w)
{
        struct audit_witness list[WITNESSES_SEEN];
        int64_t now = clock_monotonic_ns();

        if (now < w->witnessed_ns + (int64_t)LOOK_MS * 1000000)
                return;
        w->witnessed_ns = now;
        unsigned len = audit_witnesses(w->gateway->audit, list, WITNESSES_SEEN);
        for (unsigned i = 0; i < len; i++) {
                bool deaf = list[i].failed_ms != 0;

                if (deaf != w->deaf[i])
                        note_alarm(w->gateway->audit,
                                deaf ? "witness takes no heads" : "witness takes heads again",
                                list[i].name);
                w->deaf[i] = deaf;
        }
}

static void *run(void *arg)
{
        struct watch *w = arg;

        (void)pthread_mutex_lock(&w->lock);
        while (!w->stopping) {
                (void)wait_ms(&w->wake, &w->lock, TICK_MS);
                (void)pthread_mutex_unlock(&w->lock);
                gateway_review_linkages(w->gateway);
                tell_or_wait(w);
                look_at_witnesses(w);
                turned_tell(w->gateway->turned, w->gateway->audit);
                (void)pthread_mutex_lock(&w->lock);
        }
        (void)pthread_mutex_unlock(&w->lock);
        return NULL;
}

static void watch_free(struct watch *w)
{
        (void)pthread_cond_destroy(&w->wake);
        (void)pthread_mutex_destroy(&w->lock);
        free(w);
}

enum err watch_start(struct gateway *g, struct watch **out)
{
        struct watch *w = calloc(1, sizeof(*w));

        if (w == NULL)
                return ERR_NO_MEMORY;
        w->gateway = g;
        enum err e = tell_changes(w); /* before anybody can ask */
        if (e != ERR_OK) {
                free(w);
                return e;
        }
        (void)pthread_mutex_init(&w->lock, NULL);
        wait_init(&w->wake);
        if (pthread_create(&w->thread, NULL, run, w) != 0) {
                watch_free(w);
                return ERR_NO_MEMORY;
        }
        *out = w;
        return ERR_OK;
}

void watch_stop(struct watch **w)
{
        if (w == NULL || *w == NULL)
                return;
        (void)pthread_mutex_lock(&(*w)->lock);
        (*w)->stopping = true;
        (void)pthread_cond_signal(&(*w)->wake);
        (void)pthread_mutex_unlock(&(*w)->lock);
        (void)pthread_join((*w)->thread, NULL);
        watch_free(*w);
        *w = NULL;
}
