/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h: what was answered of a data set, to whomever, in any vintage and under any linkage.
 *
 * Planned tables are answers too: those of a vintage are remembered before its first question
 * is judged (memory_lattice.h), so they must be there by then.
 *
 * One ledger for each (gateway/ledger), over the persons of all vintages as the data set's own
 * linkage has them, who are told to be the same by their record keys; those of other linkages by
 * their records (memory_persons.h). Which questions were answered stands in the store before the
 * answer leaves, written in one transaction with the entry that tells of it; who was in them does
 * not, and is counted again after a restart. Where it cannot be (a vintage was closed since, by an
 * erasure or a withdrawal, or retired with its key of persons) nothing more is answered in the
 * light of it: ERR_VINTAGE_CLOSED, unless it was given up by whoever settled (settle.c). */
#ifndef STATGATE_GATEWAY_MEMORY_H
#define STATGATE_GATEWAY_MEMORY_H

#include "gateway/ledger/ledger.h"
#include "gateway/views.h"
#include "policies/policy.h"

struct memory; /* for many threads */
struct plan_rows;

MUST_CHECK enum err memory_new(struct store *store, struct views *views, struct memory **out);
void memory_free(struct memory **m);

/* Of rows: a question reduced to what a neighbour knows, identifying dimensions and filters. Of
 * cells: the question itself, without measures. */
struct memory_question {
        struct query query; /* its vintage is resolved */
        bool cells;
        bool records;         /* cells: how many records they have, not how many they are */
        bool counted;         /* of the table that was counted, not of a part of it */
        const uint8_t *shown; /* cells: 1 where one would be told; NULL: all */
        uint32_t shown_len;
        /* By municipality: 1 where it counts in the answer. NULL: the data set has none. */
        const uint8_t *counts;
        uint32_t counts_len;
        /* Of one that was stored: whom its linkage joined (memory_linkage.h). */
        struct digest joined;
        bool has_joined;
};

struct promise; /* what an answer tells that is not in the store yet */

/* The data set's own linkage. */
struct memory_home {
        const struct policy_linkage *linkage;
        const char *purpose;
        const struct view *view; /* of the question's vintage */
        const struct coverage *coverage;
};

struct memory_ask {
        struct policy *policy;
        const struct policy_linkage *linkage;
        const struct policy_dataset *dataset;
        const char *purpose;     /* of who asks now: views of earlier vintages are lent for it */
        const struct view *view; /* of the question's vintage */
        const struct coverage *coverage;
        const struct memory_home *home; /* NULL: the linkage is the data set's own */
        const struct plan_rows *rows; /* of the table, counted in `view`; NULL: they are not kept */
        const atomic_bool *cancel;
        struct arena *arena;
        struct promise **promises; /* of the answer; what is judged is put before them */
};

/* Rows and cells are judged by themselves: each against all of its kind.
 *
 * Which cells of the question's table (the margin: its own dimensions, totals included) may
 * be answered: answered[i] = 1, in the arena. What may is remembered when this returns, and
 * promised: no answer leaves before memory_write. A question that was judged before is judged as
 * it was. ERR_LIMIT: no memory or work is left for more; ERR_VINTAGE_CLOSED: see above;
 * ERR_UNSUPPORTED: a linkage that joins more than the data set's own, whose memory cannot hold it;
 * ERR_LINKAGE_REFUSED: with derived variables, and earlier ones were asked under a linkage that
 * has ended, or under another than the data set's own in a vintage that is closed, so that they
 * cannot be counted again; ERR_BUSY: keys of persons were exchanged since the view was built. */
MUST_CHECK enum err memory_judge(struct memory *m, const struct memory_ask *ask,
        const struct memory_question *question, const uint8_t **answered, uint32_t *cells);

/* The entry that tells of an answer, or of its refusal, and what the answer promised: both are
 * durable on return, or after an error neither, and the promises stand. */
MUST_CHECK enum err memory_write(struct memory *m, struct promise **promises,
        const struct entry_draft *entry, uint64_t *out_number);
/* Nothing has left, and nothing will. */
void memory_break(struct promise **promises);

struct memory_status {
        uint32_t questions;
        struct ledger_stats ledger;
};
struct memory_status memory_status(struct memory *m, struct bytes dataset); /* zeros: none yet */

#endif
