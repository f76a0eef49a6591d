/* SPDX-License-Identifier: Apache-2.0 */
/* signatures.h: for this folder alone: officers' signatures at the end of a file.
 *
 *   u8 n ‖ n × (32 bytes public key ‖ 64 bytes signature), no key twice
 *
 * so that one officer is never counted as two. */
#ifndef STATGATE_POLICIES_RULES_SIGNATURES_H
#define STATGATE_POLICIES_RULES_SIGNATURES_H

#include "policies/rules/rules.h"

/* To the end of the input; into room for SIGNATURES_MAX. ERR_MALFORMED. */
MUST_CHECK enum err signatures_read(
        struct reader *in, struct bundle_signature *out, uint32_t *out_len);
/* ERR_INVALID: too many, or a key twice. */
MUST_CHECK enum err signatures_put(
        const struct bundle_signature *list, uint32_t len, struct buf *out);

/* Those of `who`. ERR_POLICY_SIGNATURE: one of theirs does not hold; what others wrote there
 * says nothing. */
MUST_CHECK enum err signatures_count(const struct bundle_signature *list, uint32_t len,
        const char *label, struct bytes statement, const struct authority *who,
        uint32_t *out_valid);

#endif
