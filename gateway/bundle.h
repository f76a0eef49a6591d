/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h: the policy in force, and how the next one takes its place.
 *
 * A bundle rules only when its YAML gives exactly the canonical bytes that were
 * signed, and the keeper, asked independently, accepted them. Anything else
 * leaves the running one in place. At a start the one that ruled last is what
 * the next is held against, as far as a copy of it is there. */
#ifndef STATGATE_GATEWAY_BUNDLE_H
#define STATGATE_GATEWAY_BUNDLE_H

#include "gateway/keeper/keeper.h"
#include "policies/policy.h"

struct reign; /* thread-safe holder of the policy in force */

/* Who knows whether a rehearsal with this report took place here: asked before a bundle that
 * weakens protection takes the place of the one before. NULL: nobody, and none did. */
struct rehearsals {
        void *ctx;
        enum err (*known)(void *ctx, const struct digest *report, bool *out);
};
struct reign_options {
        struct keeper *keeper;
        const char *folder;
        /* The bundle in force is kept here for the next start (ruling.h); NULL: it is not, and
         * the first of this process is held against nothing. */
        const char *kept;
        struct rehearsals rehearsals;
};
MUST_CHECK enum err reign_new(
        const struct reign_options *options, struct reign **out, struct refusal *why);
void reign_free(struct reign **r);
/* False: the bundle that this process began with names a predecessor of which there was no copy,
 * and was held against none. */
bool reign_compared(const struct reign *r);

/* A reference of your own: policy_unref it. */
struct policy *reign_policy(struct reign *r);
/* Rises with every change; cheap. */
uint64_t reign_generation(const struct reign *r);
/* Reads the folder again. */
MUST_CHECK enum err reign_reload(struct reign *r, bool *out_changed, struct refusal *why);

#endif
