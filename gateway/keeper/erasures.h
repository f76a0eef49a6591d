/* SPDX-License-Identifier: Apache-2.0 */
/* erasures.h: how many persons and records each municipality has had erased within a day.
 *
 * An erasure answers the same whether or not there was anybody, so nothing is to be learnt from
 * it; but whoever could ask without end could empty the store, or keep it rewriting itself. The
 * signed bundle says how many a day are enough, and the keeper counts: nothing is looked for
 * that was not admitted here first, whoever asks.
 *
 * What was admitted is remembered for 24 hours by a keyed digest, so that the same request may be
 * repeated until it is done and counts once. */
#ifndef STATGATE_GATEWAY_KEEPER_ERASURES_H
#define STATGATE_GATEWAY_KEEPER_ERASURES_H

#include "base/bytes.h"
#include "base/terms.h"

enum { ERASURE_NAME_LEN = 16, ERASURES_MAX = 40000 };

struct erasures;

MUST_CHECK enum err erasures_new(struct erasures **out); /* none yet, a fresh key */
void erasures_free(struct erasures **e);
/* As they are kept in a note. ERR_MALFORMED. */
MUST_CHECK enum err erasures_read(struct bytes note, struct erasures **out);
void erasures_put(const struct erasures *e, struct buf *out);
bool erasures_changed(const struct erasures *e);
void erasures_kept(struct erasures *e);

/* What a request is remembered by: pieces of whatever makes it what it is. */
MUST_CHECK enum err erasures_name(const struct erasures *e, const struct bytes *parts,
        unsigned parts_len, uint8_t out[ERASURE_NAME_LEN]);
/* ERR_ERASURES: `most` others were admitted within 24 hours. ERR_LIMIT: of all municipalities
 * together more than can be remembered. Time never goes back. */
MUST_CHECK enum err erasures_admit(struct erasures *e, municipality_t m,
        const uint8_t name[ERASURE_NAME_LEN], uint32_t most, int64_t now_ms);
bool erasures_admitted(const struct erasures *e, municipality_t m,
        const uint8_t name[ERASURE_NAME_LEN], int64_t now_ms);
uint32_t erasures_count(const struct erasures *e, municipality_t m, int64_t now_ms);
/* When a municipality was refused last; 0: not within 24 hours. */
int64_t erasures_refused(const struct erasures *e, municipality_t m, int64_t now_ms);

#endif
