/* SPDX-License-Identifier: Apache-2.0 */
/* views.h: linked views shared by queries: one per data set, vintage and policy.
 *
 * The first to ask builds, the others wait; one view is built at a time, by all
 * threads, within the memory that the others leave. A lease keeps view and policy
 * alive; a view nobody leases goes when a newer vintage or policy has taken its
 * place, or when memory is needed for another. */
#ifndef STATGATE_GATEWAY_VIEWS_H
#define STATGATE_GATEWAY_VIEWS_H

#include "gateway/linkage/view.h"
#include "gateway/store/store.h"

struct views;

struct views_options {
        struct store *store;
        struct keeper *keeper;
        size_t memory; /* bytes of all views, those in the making included */
        unsigned threads;
};

struct view_lease {
        struct view *view;
        struct policy *policy;
        struct stored_vintage vintage; /* what the view was built from */
};

struct view_status {
        char dataset[NAME_MAX_LEN + 1];
        struct vintage vintage;
        uint64_t records, persons, bytes;
        uint32_t build_ms;
};

MUST_CHECK enum err views_new(const struct views_options *options, struct views **out);
void views_free(struct views **v);

struct view_wish {
        struct policy *policy; /* borrowed */
        const struct policy_dataset *dataset;
        const char *purpose;
        struct vintage vintage; /* 0.0: the latest */
        void (*progress)(void *ctx, uint64_t done, uint64_t total);
        void *progress_ctx;
        atomic_bool *cancel;
};
/* A removal that comes while a view is built closes the vintage under it
 * (ERR_VINTAGE_CLOSED). Who asked for the latest gets the revision instead. */
MUST_CHECK enum err views_lease(
        struct views *v, const struct view_wish *wish, struct view_lease *out);
void view_lease_done(struct view_lease *l);

/* Drops what is not of this vintage (a newer one is out, or an erasure revised it). */
void views_retire(struct views *v, struct vintage current);
/* Drops what was built under another policy than this: it may have linked more. */
void views_keep_policy(struct views *v, const struct digest *policy);
uint32_t views_list(struct views *v, struct view_status *out, uint32_t max);

#endif
