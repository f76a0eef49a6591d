/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h: the policy in force, and how the next one takes its place.
 *
 * A bundle rules only when its YAML gives exactly the canonical bytes that were
 * signed, and the keeper, asked independently, accepted them. Anything else
 * leaves the running one in place. */
#ifndef STATGATE_GATEWAY_BUNDLE_H
#define STATGATE_GATEWAY_BUNDLE_H

#include "gateway/keeper/keeper.h"
#include "policies/policy.h"

struct reign; /* thread-safe holder of the policy in force */

MUST_CHECK enum err reign_new(
        struct keeper *keeper, const char *folder, struct reign **out, struct refusal *why);
void reign_free(struct reign **r);

/* Who knows whether a rehearsal with this report took place here: asked before a bundle that
 * weakens protection takes the place of the running one. Until somebody does, none does. */
struct rehearsals {
        void *ctx;
        enum err (*known)(void *ctx, const struct digest *report, bool *out);
};
void reign_heed(struct reign *r, const struct rehearsals *known);

/* A reference of your own: policy_unref it. */
struct policy *reign_policy(struct reign *r);
/* Rises with every change; cheap. */
uint64_t reign_generation(const struct reign *r);
/* Reads the folder again. */
MUST_CHECK enum err reign_reload(struct reign *r, bool *out_changed, struct refusal *why);

#endif
