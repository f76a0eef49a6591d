/* SPDX-License-Identifier: Apache-2.0 */
/* note.h: what the flows say in the audit log, so that no two of them say one thing in two ways.
 *
 * A note is an entry in the making, with memory of its own. Its draft goes into the transaction of
 * what it tells about (gateway/store/store.h), or is written by itself. Errors wait for
 * note_end. */
#ifndef STATGATE_GATEWAY_NOTE_H
#define STATGATE_GATEWAY_NOTE_H

#include "gateway/audit/entry.h"
#include "policies/policy.h"

struct arena;
struct audit;
struct gateway;

struct note {
        struct arena *arena; /* its own */
        struct entry_writer w;
        struct entry_draft draft; /* once ended */
};

void note_begin(struct note *n, enum entry_kind kind);
void note_done(struct note *n); /* a zeroed one too */

/* Digest and version of the bundle, and a digest over its code lists. */
void note_policy(struct note *n, const struct policy *p);
void note_outcome(struct note *n, enum err outcome);
void note_municipality(struct note *n, municipality_t m); /* 0: none */
/* Data set, municipality, period, id and mode of a delivery. */
void note_delivery(struct note *n, const struct stored_submission *s);
/* How many, as far as may be said: nothing below the data set's threshold, and multiples of it
 * above. A municipality's rows of one period are what the answers protect. */
void note_rows(struct note *n, const struct policy *p, const char *dataset, const char *what,
        uint64_t rows);
/* "bundle.yaml:12", behind a word. */
void note_decided(struct note *n, const char *what, struct bytes name, struct rule_place at);

/* The note's draft is whole. */
MUST_CHECK enum err note_end(struct note *n);
/* Ends it, and it is durable on return. */
MUST_CHECK enum err note_write(struct audit *a, struct note *n, uint64_t *out_number);
/* The same of what has happened already: a failure is an event in the log of events, and the
 * entry is missing. */
void note_tell(struct audit *a, struct note *n);

/* Somebody reads what only some may: written before she does. */
MUST_CHECK enum err note_reading(struct audit *a, const struct principal *who, const char *what);

/* Something is wrong that an officer should know of: `word` names it, `detail` is text of ours or
 * "". */
void note_alarm(struct audit *a, const char *word, const char *detail);

#endif
