/* SPDX-License-Identifier: Apache-2.0 */
/* body.h: the columns of a batch, packed for the store: dictionaries and
 * fixed-width values as on the wire, rejected rows left out, then zstd. The
 * keeper seals a body without looking into it. */
#ifndef STATGATE_GATEWAY_STORE_BODY_H
#define STATGATE_GATEWAY_STORE_BODY_H

#include "base/batch.h"

struct arena;

/* Packs the columns of the rows where accepted[i] is 1 (NULL: all). */
MUST_CHECK enum err body_pack(struct arena *a, const struct batch *b, const uint8_t *accepted,
        uint32_t accepted_len, struct bytes *out);
/* Strict; ERR_CORRUPT. Columns borrow from the arena. */
MUST_CHECK enum err body_unpack(struct arena *a, struct bytes body, uint32_t rows,
        struct column **out_columns, uint32_t *out_len);
/* A packed body with only the rows where keep[i] is 1. */
MUST_CHECK enum err body_filter(
        struct arena *a, struct bytes body, const uint8_t *keep, uint32_t rows, struct bytes *out);

#endif
