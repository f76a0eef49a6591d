/* SPDX-License-Identifier: Apache-2.0 */
/* primitive.h: for crypto/ alone. The primitives under our own framing, as the
 * published test vectors have them; the self-test needs them bare. */
#ifndef STATGATE_CRYPTO_PRIMITIVE_H
#define STATGATE_CRYPTO_PRIMITIVE_H

#include "base/bytes.h"

struct secret;

enum { GCM_TAG_LEN = 16, WRAPPED_LEN = 40, KEY_LEN = 32 };

/* AES-256-GCM with the all-zero nonce: a key is used for one message only. */
MUST_CHECK enum err gcm_seal(const struct secret *key, struct bytes aad, const struct bytes *parts,
        unsigned parts_len, uint8_t *out, uint8_t tag[GCM_TAG_LEN]);
/* ERR_TAMPERED; `out` is then wiped. */
MUST_CHECK enum err gcm_open(const struct secret *key, struct bytes aad, struct bytes sealed,
        const uint8_t tag[GCM_TAG_LEN], uint8_t *out);

/* Argon2id with every input of RFC 9106; `pepper` and `data` may be empty. */
struct argon2id {
        struct bytes passphrase, salt, pepper, data;
        uint32_t memory_kib, passes, lanes;
};
MUST_CHECK enum err argon2id_derive(const struct argon2id *in, uint8_t out[KEY_LEN]);

/* Ed25519 over exactly these bytes. */
MUST_CHECK enum err ed25519_sign(const struct secret *key, struct bytes message, uint8_t out[64]);
MUST_CHECK enum err ed25519_check(
        const uint8_t public_key[32], struct bytes message, const uint8_t signature[64]);

/* crypto_box_seal of exactly these bytes: 48 more. ERR_INVALID: no key. */
MUST_CHECK enum err box_seal_plain(
        const uint8_t public_key[32], const uint8_t *plain, size_t len, uint8_t *out);

#endif
