/* SPDX-License-Identifier: Apache-2.0 */
/* selftest.h: power-on self-test: known answers (HMAC-SHA-256 RFC 4231, AES-256
 * FIPS 197 and GCM, Ed25519 RFC 8032, X25519 RFC 7748, SipHash, Argon2id RFC 9106, a
 * sealed box, shares), then OpenSSL and libsodium against libgcrypt on random input,
 * midstates against EVP, and hash trees against libgcrypt. ERR_SELF_TEST names the failing one
 * in the log. */
#ifndef STATGATE_CRYPTO_SELFTEST_H
#define STATGATE_CRYPTO_SELFTEST_H

#include "base/err.h"

MUST_CHECK enum err crypto_self_test(void);
/* All but Argon2id once more, by a process that has run for a while; some three
 * milliseconds. Whoever hears ERR_SELF_TEST must not use a key again. */
MUST_CHECK enum err crypto_self_test_again(void);

#endif
