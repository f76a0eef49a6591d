/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h: the memory of what has been answered, so that a new answer together with all
 * earlier ones tells of nobody.
 *
 * A question asked of identifying variables (where, how old, which sex) picks a set of
 * persons; a row that is answered publishes facts about that set. Sets that differ by a few
 * persons give those few away by subtraction, and so do unions, complements and any other
 * combination. The ledger keeps, per linked view, the sets of all rows that were answered, to
 * whomever, and admits a row only if afterwards no combination of them is a set of
 * fewer than `threshold` persons.
 *
 * How: persons who lie in exactly the same sets form a *class*. Counts of distinct persons
 * add up over classes exactly, however much categories overlap, so every row is a vector of
 * zeros and ones over classes. The vectors of answered rows are kept reduced (Audit Expert:
 * Chin & Ozsoyoglu, IEEE TSE 8, 1982), modulo a prime; classes split as sets come.
 * Admission is refused where a class, or a union of classes that a reduced row
 * shows, of 1 to k-1 persons comes into the span, and where the set differs by 1 to k-1
 * persons from an answered set or its complement (CRoaring).
 *
 * Decisions look at identifying sets and at earlier answers only, never at what the sets
 * hold: whoever could know the sets could make the decision herself (simulatable auditing:
 * Kenthapadi, Mishra & Nissim, PODS 2005). */
#ifndef STATGATE_GATEWAY_LEDGER_LEDGER_H
#define STATGATE_GATEWAY_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct ledger; /* of one data set's view: not for two threads at once */

struct ledger_options {
        uint32_t persons;      /* of the view: ids are 0 .. persons-1 */
        uint32_t threshold;    /* k */
        size_t memory_ceiling; /* bytes; when reached nothing new is admitted (ERR_LIMIT) */
        uint64_t work_limit;   /* of one admission; 0: a default */
};
MUST_CHECK enum err ledger_new(const struct ledger_options *options, struct ledger **out);
void ledger_free(struct ledger **l);

/* Persons of one row, ascending, without repetition; borrowed. */
struct ledger_set {
        const uint32_t *persons;
        uint32_t len;
};

/* Zero is the safe answer. */
enum ledger_verdict {
        LEDGER_REFUSED = 0, /* would tell of too few, with what was answered before */
        LEDGER_SMALL,       /* the row itself has too few persons (1 .. k-1) */
        LEDGER_EMPTY,       /* nobody: nothing to remember */
        LEDGER_KNOWN,       /* implied by what was answered: costs nothing */
        LEDGER_ADMITTED
};

/* Judges rows of one table in the order given (coarse rows first, so that totals are rather
 * kept), each in the light of those admitted before it, and remembers the admitted ones only
 * when the caller commits: until then nothing is. Verdicts are of all rows. ERR_LIMIT: memory
 * or work; nothing is remembered then. */
MUST_CHECK enum err ledger_judge(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint8_t *verdicts);
void ledger_commit(struct ledger *l);
void ledger_forget(struct ledger *l); /* what was judged and not committed */

struct ledger_stats {
        uint32_t tables, rows, classes, rank;
        size_t bytes;
        uint64_t work;
};
struct ledger_stats ledger_stats(const struct ledger *l);

#endif
