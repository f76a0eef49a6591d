/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h: makes the signed bundle file out of a policy, for `statgate policy
 * sign`. Checking is the keeper's business, and the gateway's: they hold the list
 * of officers whose keys count. */
#ifndef STATGATE_POLICIES_SIGN_H
#define STATGATE_POLICIES_SIGN_H

#include "policies/policy.h"

struct secret;

/* A file with one signature, appended to `out`. */
MUST_CHECK enum err bundle_sign(const struct policy *p, const struct secret *key, struct buf *out);

/* Adds a signature to a file that other officers have signed: same policy or
 * ERR_POLICY_REFUSED; ERR_CONFLICT when this key has signed already; ERR_LIMIT when
 * there is no room. */
MUST_CHECK enum err bundle_sign_also(
        const struct policy *p, const struct secret *key, struct bytes file, struct buf *out);

/* Counts the valid signatures in `file` by any of `signers` (n × 32 bytes), each
 * counted once; the canonical bytes are borrowed from `file`. ERR_POLICY_SIGNATURE
 * when a signature by one of them does not verify or when none of them signed. */
MUST_CHECK enum err bundle_check(struct bytes file, const uint8_t *signers, uint32_t signers_len,
        struct bytes *out_canonical, uint32_t *out_valid);

#endif
