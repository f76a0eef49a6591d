/* SPDX-License-Identifier: Apache-2.0 */
/* memory_shelf.h: the memory of one data set. For memory.c, who holds the lock. */
#ifndef STATGATE_GATEWAY_MEMORY_SHELF_H
#define STATGATE_GATEWAY_MEMORY_SHELF_H

#include <pthread.h>

#include "gateway/memory_known.h"
#include "gateway/memory_sets.h"

struct shelf {
        struct shelf *next;
        struct store *store;
        struct views *views;
        char dataset[NAME_MAX_LEN + 1];
        pthread_mutex_t lock;
        char linkage[NAME_MAX_LEN + 1]; /* the data set's own, when this was made */
        struct digest joins;            /* whom it joined */
        struct ledger *ledger;          /* of rows; NULL: not made yet */
        struct ledger *cells, *records;
        struct persons *persons;
        uint64_t named_by; /* of all views (view.h); 0: nobody was seen yet */
        uint32_t threshold, cells_threshold;
        uint64_t planned_work; /* that cells of planned tables took */
        struct known_table known;
        bool incomplete; /* a question could not be counted again (memory.h) */
        uint64_t judged; /* questions, since the gateway started */
        struct promise *promised;
        struct noted *noted; /* whose planned tables are in the ledger */
        uint32_t noted_len, noted_cap;
        /* Of answers under linkages that hold them to more than the data set's own k, and of
         * planned tables; NULL: there was none yet. In there, `of` is the shelf that it belongs to.
         */
        struct shelf *stricter;
        const struct shelf *of;
};

/* Of a data set; made where there is none yet. */
MUST_CHECK enum err memory_shelf(struct memory *m, struct bytes dataset, struct shelf **out);

void shelf_clear(struct shelf *s);

/* `ask` of these two is under the data set's own linkage. Makes it, where it is not, or not as
 * the policy and the views at hand want it. */
MUST_CHECK enum err shelf_ready(struct shelf *s, const struct memory_ask *ask);
/* Takes in planned tables that are not in it yet. */
MUST_CHECK enum err shelf_note(struct shelf *s, const struct memory_ask *ask);

/* Who is in which row, in a ledger that knows them; `home`: as persons_number. */
MUST_CHECK enum err shelf_rows(struct shelf *s, const struct memory_ask *ask,
        const struct view *view, const struct view *home, const struct memory_question *q,
        struct arena *arena, struct rows *out);
struct ledger *shelf_ledger(struct shelf *s, const struct memory_question *q);

#endif
