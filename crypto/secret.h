/* SPDX-License-Identifier: Apache-2.0 */
/* secret.h: memory for keys: locked, wiped when freed, compared in constant
 * time, and without any function that prints it. (libgcrypt's secure memory;
 * randomness from the kernel.) */
#ifndef STATGATE_CRYPTO_SECRET_H
#define STATGATE_CRYPTO_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct secret; /* `len` bytes of locked memory */

/* Once per process, before any other call into crypto/; a second call does nothing.
 * `locked_bytes` is the size of the secure pool (keyring.h says how many), which
 * does not grow. passphrase_key locks its blocks beside the pool. ERR_MEMORY_LOCK when it cannot be
 * locked, unless `lock_required` is false (development only). */
MUST_CHECK enum err crypto_init(size_t locked_bytes, bool lock_required);

MUST_CHECK enum err secret_new(size_t len, struct secret **out); /* zeroed */
MUST_CHECK enum err secret_random(size_t len, struct secret **out);
MUST_CHECK enum err secret_copy(const void *from, size_t len, struct secret **out);
void secret_free(struct secret **s); /* wipes */

uint8_t *secret_bytes(struct secret *s);
const uint8_t *secret_view(const struct secret *s);
size_t secret_len(const struct secret *s);
bool secret_equal(const struct secret *a, const struct secret *b);

void wipe(void *data, size_t len);                       /* never optimised away */
MUST_CHECK enum err random_bytes(void *out, size_t len); /* cryptographic */

#endif
