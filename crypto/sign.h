/* SPDX-License-Identifier: Apache-2.0 */
/* sign.h: Ed25519 (RFC 8032) signatures over framed, labelled statements. */
#ifndef STATGATE_CRYPTO_SIGN_H
#define STATGATE_CRYPTO_SIGN_H

#include "base/bytes.h"

struct secret;

enum { SIGN_PUBLIC_LEN = 32, SIGN_SECRET_LEN = 32, SIGNATURE_LEN = 64 };

MUST_CHECK enum err sign_keygen(struct secret **out_secret, uint8_t out_public[SIGN_PUBLIC_LEN]);
MUST_CHECK enum err sign_public_of(const struct secret *key, uint8_t out_public[SIGN_PUBLIC_LEN]);

/* Signs label ‖ 0 ‖ message; a label names the kind of statement, so that one
 * kind can never be passed off as another ("statgate/policy/1"). */
MUST_CHECK enum err sign_make(const struct secret *key, const char *label, struct bytes message,
        uint8_t out[SIGNATURE_LEN]);
/* ERR_TAMPERED when it does not verify. */
MUST_CHECK enum err sign_check(const uint8_t public_key[SIGN_PUBLIC_LEN], const char *label,
        struct bytes message, const uint8_t signature[SIGNATURE_LEN]);

/* A key made ready for many signatures, each at a fifth of the price; they are the same. */
struct signer;
MUST_CHECK enum err signer_new(const struct secret *key, struct signer **out);
MUST_CHECK enum err signer_make(const struct signer *s, const char *label, struct bytes message,
        uint8_t out[SIGNATURE_LEN]);
void signer_free(struct signer **s); /* wipes */

#endif
