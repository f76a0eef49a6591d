/* SPDX-License-Identifier: Apache-2.0 */
/* memory_recall.h: what was answered of a data set besides its planned tables, for whoever is about
 * to publish such (lattice_asked.c). */
#ifndef STATGATE_GATEWAY_MEMORY_RECALL_H
#define STATGATE_GATEWAY_MEMORY_RECALL_H

#include "gateway/memory.h"
#include "gateway/memory_persons.h"

/* One row or cell that was told. */
struct recalled {
        bool cells;                  /* false: a row, of which some cells were told */
        bool records;                /* a cell's number of records: persons weigh as many */
        const struct period *period; /* that was asked about; NULL: all */
        struct ledger_set set;       /* by number */
        /* Its vintage was closed since: up to so many persons may have been others. */
        bool closed;
        uint32_t removed;
};
typedef enum err (*recall_visitor)(void *ctx, const struct recalled *one);

/* From before the first answer is counted until the tables that were held against them are
 * stored. */
struct recall {
        struct shelf *shelf;
        bool held;
        uint64_t judged;    /* questions by then */
        uint32_t questions; /* that were counted */
        uint32_t lost;      /* that nobody can count any more */
};
/* `hold`: nothing of the data set is judged until the end. */
MUST_CHECK enum err memory_recall_begin(
        struct memory *m, struct bytes dataset, bool hold, struct recall *out);
void memory_recall_end(struct recall *r);
/* Whatever was answered, and what may be on its way to be. `ask` is under the data set's own
 * linkage; the view at hand may be of any vintage. Of earlier ones views are lent. Persons are
 * numbered by `persons`. What is visited is borrowed until the visitor returns, whose error ends
 * it. ERR_BUSY: keys of persons are being exchanged. */
MUST_CHECK enum err memory_recall(struct recall *r, const struct memory_ask *ask,
        struct persons *persons, recall_visitor fn, void *ctx);
/* Runs `then`, unless something was judged since (*out_done: whether it ran); nothing is judged
 * meanwhile. */
MUST_CHECK enum err memory_recall_use(
        struct recall *r, enum err (*then)(void *ctx), void *ctx, bool *out_done);

#endif
