/* SPDX-License-Identifier: Apache-2.0 */
/* watch.c: the end of a linkage takes effect at once: at midnight after its last day, or
 * when a new bundle has it no more.
 *
 * One thread looks ten times a second, whatever else the gateway does; a reload looks by
 * itself before it answers. What is counted under a linkage that stands goes on under the
 * rules it began with. A linkage that joins less than it did counts as ended: there is
 * no saying what a table begun under the old one is made of. */
#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/wait.h"
#include "crypto/digest.h"
#include "gateway/gateway.h"

enum { TICK_MS = 100 };

struct watch {
        struct gateway *gateway;
        pthread_t thread;
        pthread_mutex_t lock;
        pthread_cond_t wake;
        bool stopping;
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

static void *run(void *arg)
{
        struct watch *w = arg;

        (void)pthread_mutex_lock(&w->lock);
        while (!w->stopping) {
                (void)wait_ms(&w->wake, &w->lock, TICK_MS);
                (void)pthread_mutex_unlock(&w->lock);
                gateway_review_linkages(w->gateway);
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
