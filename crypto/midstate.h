/* SPDX-License-Identifier: Apache-2.0 */
/* midstate.h: for crypto/ alone. HMAC-SHA-256 with the key's two blocks hashed
 * beforehand, for messages of one block; and SHA-256 that needs no allocation.
 *
 * A midstate is as secret as the key it came from: keep it in a struct secret. */
#ifndef STATGATE_CRYPTO_MIDSTATE_H
#define STATGATE_CRYPTO_MIDSTATE_H

#include "base/bytes.h"

enum {
        MIDSTATE_BLOCK_LEN = 64,
        MIDSTATE_MESSAGE_MAX = 55, /* with 0x80 and the length it fills one block */
        MIDSTATE_DIGEST_LEN = 32,
};

struct midstate {
        uint32_t inner[8], outer[8];
};

/* Keys of any length, as RFC 2104 has it. */
void midstate_init(struct bytes key, struct midstate *out);

/* Pads a message of `len` bytes that already stands at the front of `block`. The
 * padding stays right while only message bytes change. */
void midstate_pad(uint8_t block[MIDSTATE_BLOCK_LEN], size_t len);

/* HMAC of one padded block: two compressions and nothing else. */
void midstate_one(const struct midstate *m, const uint8_t block[MIDSTATE_BLOCK_LEN],
        uint8_t out[MIDSTATE_DIGEST_LEN]);

/* HMAC of one short message, for tests. */
void midstate_hmac(
        const struct midstate *m, struct bytes message, uint8_t out[MIDSTATE_DIGEST_LEN]);

void sha256_once(struct bytes data, uint8_t out[MIDSTATE_DIGEST_LEN]);
/* Of the parts side by side, unframed: for formulas whose parts have lengths of their own. */
void sha256_parts(const struct bytes *parts, unsigned len, uint8_t out[MIDSTATE_DIGEST_LEN]);

#endif
