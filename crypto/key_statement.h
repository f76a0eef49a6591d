/* SPDX-License-Identifier: Apache-2.0 */
/* key_statement.h: the keeper says which keys are its own, and until when to believe it.
 *
 * Whoever seals personal numbers to a key has to know that the keeper has it. A public key
 * comes through the gateway, which may be in other hands by then; so the keeper signs each of
 * its keys, and who seals compares with a signing key that came another way.
 *
 *   signature  Ed25519, label by kind of key, over public key 32 ‖ from i64 ‖ until i64
 *              (milliseconds since 1970, little-endian) */
#ifndef STATGATE_CRYPTO_KEY_STATEMENT_H
#define STATGATE_CRYPTO_KEY_STATEMENT_H

#include "crypto/keyring.h"
#include "crypto/sign.h"

struct key_statement {
        enum keyring_pair kind;
        uint8_t public_key[32];
        int64_t from_ms, until_ms;
};

MUST_CHECK enum err key_statement_sign(const struct secret *signing_key,
        const struct key_statement *s, uint8_t out[SIGNATURE_LEN]);
/* ERR_TAMPERED. */
MUST_CHECK enum err key_statement_check(const uint8_t signing_public[SIGN_PUBLIC_LEN],
        const struct key_statement *s, const uint8_t signature[SIGNATURE_LEN]);

#endif
