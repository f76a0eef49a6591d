/* SPDX-License-Identifier: Apache-2.0 */
/* statement.h: what a municipality says of numbers that became others, in its own name.
 *
 * The numbers stand in a box that is signed itself (box.h). The days of the events travel beside
 * it, and taking back has no box at all; both are signed with the municipality's submission key
 * like batches are, so that whoever has taken over the gateway can neither move a day nor take
 * back what was said.
 *
 *   signature  Ed25519, label by kind, over SHA-256 of u32-framed pieces: municipality (four
 *              digits), id of the request (16), SHA-256 of the box, days (i32 each,
 *              little-endian). Taking back has neither box nor days: two empty pieces. */
#ifndef STATGATE_CRYPTO_STATEMENT_H
#define STATGATE_CRYPTO_STATEMENT_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/sign.h"

/* KIND(NAME, label) */
#define STATEMENT_KINDS(KIND)                                                                      \
        KIND(ALIAS_DAYS, "statgate/alias-days/1")                                                  \
        KIND(ALIAS_UNDO, "statgate/alias-undo/1")
enum statement_kind {
        STATEMENT_NONE = 0,
#define STATEMENT_ENUM(name, label) STATEMENT_##name,
        STATEMENT_KINDS(STATEMENT_ENUM)
#undef STATEMENT_ENUM
};

struct statement {
        enum statement_kind kind;
        municipality_t municipality;
        struct submission_id request;
        struct bytes box;  /* empty: there is none */
        struct bytes days; /* i32 each, little-endian; empty: none */
};

/* ERR_INVALID: a kind or municipality that cannot be. */
MUST_CHECK enum err statement_sign(
        const struct secret *submission_key, const struct statement *s, uint8_t out[SIGNATURE_LEN]);
/* ERR_TAMPERED. */
MUST_CHECK enum err statement_check(const uint8_t submission_public[SIGN_PUBLIC_LEN],
        const struct statement *s, const uint8_t signature[SIGNATURE_LEN]);

#endif
