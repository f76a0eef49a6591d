/* SPDX-License-Identifier: Apache-2.0 */
/* share.h: a key in the hands of several officers (Shamir, "How to share a secret", CACM 1979),
 * byte by byte over GF(2^8): any `required` of `total` give it back, fewer say nothing at all.
 *
 * A share is written as text that can be printed, read over the telephone and typed: a label
 * with its set, number and quorum, the bytes in groups, and a checksum, so that a slip of the
 * pen is told from a wrong share. */
#ifndef STATGATE_CRYPTO_SHARE_H
#define STATGATE_CRYPTO_SHARE_H

#include "base/bytes.h"

struct secret;

enum { SHARE_KEY_LEN = 32, SHARES_MAX = 16, SHARE_TEXT_MAX = 256, SHARE_SET_LEN = 8 };

struct share {
        uint8_t set[SHARE_SET_LEN]; /* random; shares of one splitting have the same */
        uint8_t required, total;    /* 2 ≤ required ≤ total ≤ SHARES_MAX */
        uint8_t number;             /* 1..total */
        struct secret *part;        /* SHARE_KEY_LEN bytes, owned */
};
void share_done(struct share *s); /* wipes */

MUST_CHECK enum err shares_make(
        const struct secret *key, unsigned required, unsigned total, struct share *out);
/* ERR_SHARES: too few, of different sets, or one twice. That the result is the right key
 * whoever uses it must check (a wrapped key tells). */
MUST_CHECK enum err shares_join(const struct share *shares, unsigned len, struct secret **out);

/* Into locked memory, NUL-terminated. */
MUST_CHECK enum err share_write(const struct share *s, struct secret **out_text);
/* Forgiving about spaces, case and line ends. ERR_SHARE_TEXT: not a share, or its checksum is
 * wrong. */
MUST_CHECK enum err share_read(struct bytes text, struct share *out);

#endif
