/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h: power-on self-test: known answers (HMAC-SHA-256 RFC 4231, AES-256
 * FIPS 197 and GCM, Ed25519 RFC 8032, SipHash, Argon2id RFC 9106), then OpenSSL
 * against libgcrypt on random input, then midstates against EVP. ERR_SELF_TEST names
 * the failing one in the log. */
#ifndef STATGATE_CRYPTO_SELFTEST_H
#define STATGATE_CRYPTO_SELFTEST_H

#include "base/err.h"

MUST_CHECK enum err crypto_self_test(void);

#endif
