/* SPDX-License-Identifier: Apache-2.0 */
/* views.h: linked views shared by queries: one set per linkage, purpose, vintage and
 * policy. The deliveries of a vintage, which no linkage joins, are such a set as well.
 *
 * The first to ask builds, the others wait; one set is built at a time, by all
 * threads, within the memory that the others leave. A lease keeps views and policy
 * alive; views nobody leases go when a newer vintage or policy has taken their
 * place, or when memory is needed for others.
 *
 * Every lease is known here from the wish on, so that the end of a linkage reaches
 * whoever waits for its views or counts in them. */
#ifndef STATGATE_GATEWAY_VIEWS_H
#define STATGATE_GATEWAY_VIEWS_H

#include "gateway/coverage.h"
#include "gateway/linkage/view.h"
#include "gateway/store/store.h"

struct audit;
struct views;

struct views_options {
        struct store *store;
        struct keeper *keeper;
        size_t memory; /* bytes of all views, those in the making included */
        unsigned threads;
        struct audit *audit; /* told of what was built, before anybody may ask it */
};

struct view_lease {
        struct linked *linked;
        const struct view *view; /* of the data set wished for; borrowed from `linked` */
        struct coverage *coverage;
        struct policy *policy;
        const struct policy_linkage *linkage; /* NULL: the data set of deliveries */
        struct stored_vintage vintage;        /* what the views were built from */
        /* Set when the caller's own flag is (somewhat later), and when the linkage ends;
         * `ended` says that it was the latter. */
        atomic_bool stop, ended;

        struct views *of; /* for views.c alone, from here on */
        bool deferrable;
        struct view_lease *previous, *next;
        const atomic_bool *cancel;
        const char *purpose;
};

struct view_status {
        char linkage[NAME_MAX_LEN + 1]; /* empty: the data set of deliveries */
        char dataset[NAME_MAX_LEN + 1];
        struct vintage vintage;
        uint64_t records, persons, bytes;
        uint32_t build_ms; /* of the whole set */
};

MUST_CHECK enum err views_new(const struct views_options *options, struct views **out);
void views_free(struct views **v);

struct view_wish {
        struct policy *policy;                /* borrowed */
        const struct policy_linkage *linkage; /* of this policy; NULL: DATASET_DELIVERIES */
        const struct policy_dataset *dataset; /* one of the linkage's */
        const char *purpose;                  /* outlives the lease */
        struct vintage vintage;               /* 0.0: the latest */
        bool deferrable; /* it is done again by whoever needs it: not worth waiting for at the end
                          */
        bool spare;      /* only in memory that views of this vintage leave over: ERR_LIMIT */
        void (*progress)(void *ctx, uint64_t done, uint64_t total);
        void *progress_ctx;
        const atomic_bool *cancel; /* may be NULL */
};
/* A removal that comes while views are built closes the vintage under them
 * (ERR_VINTAGE_CLOSED). Who asked for the latest gets the revision instead. Where keys of persons
 * were exchanged meanwhile, views are built once more. A linkage
 * that ends meanwhile is ERR_LINKAGE_REFUSED. `out` stays where it is until it is done. */
MUST_CHECK enum err views_lease(
        struct views *v, const struct view_wish *wish, struct view_lease *out);
void view_lease_done(struct view_lease *l);

/* Drops what is not of this vintage (a newer one is out, or an erasure revised it). */
void views_retire(struct views *v, struct vintage current);
/* Drops every linked view: persons are named by other keys from now on (keeper_settle_persons). */
void views_name_anew(struct views *v);
/* Drops what was built under another policy than this: it may have linked more. */
void views_keep_policy(struct views *v, const struct digest *policy);

/* Asks of every linkage that has views or leases whether it still stands for that purpose.
 * Where it does not, the views go, and the leases are ended and stopped. Also stops the
 * leases whose callers are gone. */
struct linkage_judge {
        void *ctx;
        bool (*stands)(void *ctx, const struct policy *policy, const struct policy_linkage *linkage,
                const char *purpose);
};
void views_review(struct views *v, const struct linkage_judge *judge);

/* The gateway is about to stop: deferrable leases are stopped, now and from now on. */
void views_stop(struct views *v);

uint32_t views_list(struct views *v, struct view_status *out, uint32_t max);

#endif
