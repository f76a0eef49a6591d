/* SPDX-License-Identifier: Apache-2.0 */
/* answer_certificate.h: what comes with an answer, so that anybody can check later, with a public
 * key alone, that it was given, to which question, under which policy, and stands in the log.
 *
 * The statement is the open part of the answer's own entry. */
#ifndef STATGATE_CRYPTO_ANSWER_CERTIFICATE_H
#define STATGATE_CRYPTO_ANSWER_CERTIFICATE_H

#include "crypto/leaf.h"
#include "crypto/merkle.h"
#include "crypto/tree_head.h"

struct answer_certificate {
        uint64_t number;
        int64_t at_ms;
        uint16_t kind;
        uint8_t salt[LEAF_SALT_LEN];
        struct bytes statement; /* open part (gateway/audit/entry.h) */
        struct digest closed;   /* of the part that is not shown: leaf_part */
        struct merkle_proof inclusion;
        struct tree_head head;
};

/* Signature and inclusion. ERR_TAMPERED. What the
 * statement says is for the caller to compare with the answer. */
MUST_CHECK enum err answer_certificate_check(
        const struct answer_certificate *c, const uint8_t signing_public[SIGN_PUBLIC_LEN]);

#endif
