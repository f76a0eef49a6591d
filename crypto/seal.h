/* SPDX-License-Identifier: Apache-2.0 */
/* seal.h: authenticated encryption of stored things.
 *
 * Every sealed thing has a random key of its own, wrapped (RFC 3394) under a
 * longer-lived one: no nonce can repeat, not even after a restore from backup.
 * Layout: version u8 ‖ wrapped key 40 ‖ AES-256-GCM(nonce 0, aad) ‖ tag 16. */
#ifndef STATGATE_CRYPTO_SEAL_H
#define STATGATE_CRYPTO_SEAL_H

#include "base/bytes.h"

struct secret;

enum { SEAL_OVERHEAD = 1 + 40 + 16 };

/* out has room for plain.len + SEAL_OVERHEAD bytes; may not overlap. */
MUST_CHECK enum err seal(
        const struct secret *under, struct bytes aad, struct bytes plain, uint8_t *out);

/* The same with the plain text in pieces, one after the other (saves a copy). */
MUST_CHECK enum err seal_parts(const struct secret *under, struct bytes aad,
        const struct bytes *parts, unsigned parts_len, uint8_t *out);

/* ERR_TAMPERED for a wrong key, aad or changed byte; `out` (sealed.len -
 * SEAL_OVERHEAD bytes) is then wiped. */
MUST_CHECK enum err unseal(
        const struct secret *under, struct bytes aad, struct bytes sealed, uint8_t *out);

/* Argon2id (RFC 9106) of a passphrase: 32 bytes. memory_kib 262144, passes 3 in
 * production; tests use less. */
MUST_CHECK enum err passphrase_key(const struct secret *passphrase, const uint8_t salt[16],
        uint32_t memory_kib, uint32_t passes, struct secret **out);

/* AES key wrap (RFC 3394) of a 32-byte key into 40 bytes, and back. */
MUST_CHECK enum err key_wrap(const struct secret *under, const struct secret *key, uint8_t out[40]);
MUST_CHECK enum err key_unwrap(
        const struct secret *under, const uint8_t wrapped[40], struct secret **out);

#endif
