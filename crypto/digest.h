/* SPDX-License-Identifier: Apache-2.0 */
/* digest.h: SHA-256, plain and keyed. Plain digests are for public things only;
 * whatever a person could be guessed from takes a key. */
#ifndef STATGATE_CRYPTO_DIGEST_H
#define STATGATE_CRYPTO_DIGEST_H

#include "base/bytes.h"
#include "base/terms.h"

struct secret;

void digest_of(struct bytes data, struct digest *out);
bool digest_equal(const struct digest *a, const struct digest *b);

struct digest_stream; /* running SHA-256; heap */
MUST_CHECK enum err digest_start(struct digest_stream **out);
void digest_more(struct digest_stream *s, const void *data, size_t len);
/* u64 length, then the bytes: so that two fields never run together. */
void digest_more_framed(struct digest_stream *s, struct bytes field);
void digest_finish(struct digest_stream *s, struct digest *out);
void digest_stream_free(struct digest_stream **s);

/* HMAC-SHA-256 over framed parts (u64 length + bytes each). For single values
 * off the hot path. */
MUST_CHECK enum err mac_of(const struct secret *key, const struct bytes *parts, unsigned parts_len,
        struct digest *out);

#endif
