/* SPDX-License-Identifier: Apache-2.0 */
/* conveyor.h: parcels on their way from the file to the gateway.
 *
 *      parser ──fill──▶ │ filled │ ──send──▶ │ flying │ ──acknowledged──▶ empty again
 *
 * A ring of parcels and three counters: acked ≤ sent ≤ filled ≤ acked + length. Three
 * threads, one for each arrow. When the line breaks, what was flying is sent again
 * in the same order; only what has been acknowledged is let go. */
#ifndef STATGATE_TOOLS_CLI_CONVEYOR_H
#define STATGATE_TOOLS_CLI_CONVEYOR_H

#include "tools/cli/parcel.h"

struct conveyor;

/* Parcels of at most `rows` rows and `bytes` bytes. A file of `lines` lines gets as many as it
 * can fill, if those are few: who delivers many short files should not make room for long ones. */
MUST_CHECK enum err conveyor_new(const struct intake_plan *plan, uint64_t lines, uint32_t rows,
        uint32_t bytes, struct conveyor **out);
void conveyor_free(struct conveyor **c);

/* The parser's side. An empty parcel, or NULL when the run was stopped. */
struct parcel *conveyor_empty(struct conveyor *c);
void conveyor_filled(struct conveyor *c); /* the parcel conveyor_empty gave; finished here */
void conveyor_end(struct conveyor *c, enum err rc); /* of the file, or why not */
enum err conveyor_end_reason(struct conveyor *c);   /* ERR_OK while there is none */

/* The sender's side. ERR_OK and the next parcel's batch; ERR_NOT_FOUND when all are
 * sent and the file has ended; ERR_CANCELLED when the line is broken; or why the
 * file could not be read. */
MUST_CHECK enum err conveyor_next(struct conveyor *c, const struct batch **out);
void conveyor_sent(struct conveyor *c);

/* The receiver's side: the oldest parcel that flies. ERR_NOT_FOUND when all have
 * come home; ERR_CANCELLED when the line is broken. */
MUST_CHECK enum err conveyor_expect(struct conveyor *c, const struct parcel **out);
void conveyor_acknowledged(struct conveyor *c);

void conveyor_break(struct conveyor *c); /* the line: sender and receiver return */
void conveyor_mend(struct conveyor *c);  /* from the oldest unacknowledged parcel again */
void conveyor_stop(struct conveyor *c);  /* for good: the parser returns too */

struct conveyor_counts {
        uint32_t filled, sent, acked; /* batches */
        uint64_t bytes;               /* of the file behind us */
};
struct conveyor_counts conveyor_counts(struct conveyor *c);
void conveyor_at(struct conveyor *c, uint64_t bytes); /* where the parser is in the file */

#endif
