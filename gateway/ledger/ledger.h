/* SPDX-License-Identifier: Apache-2.0 */
/* ledger.h: the memory of what has been answered, so that a new answer together with all
 * earlier ones tells of nobody.
 *
 * A question asked of identifying variables (where, how old, which sex) picks a set of
 * persons; a row that is answered publishes facts about that set. Sets that differ by a few
 * persons give those few away by subtraction, and so do unions, complements and any other
 * combination. The ledger keeps what can be combined from the sets of all rows that were
 * answered, to whomever, and admits a row only if afterwards nothing that can be combined
 * tells of fewer than `threshold` persons.
 *
 * How: persons who lie in exactly the same sets form a *class*. Counts of distinct persons
 * add up over classes exactly, however much categories overlap, so every row is a vector of
 * zeros and ones over classes. The vectors of answered rows are kept reduced (Audit Expert:
 * Chin & Ozsoyoglu, IEEE TSE 8, 1982), modulo a prime; classes split as sets come.
 *
 * What is guaranteed: let every answered row tell, of each person in it, some number (whether
 * she has this or that, how many records there are of her), added up. Then no linear
 * combination of the answers, with any rational factors, has all who are left in it among
 * 1 .. k-1 persons. That covers one person or class, the difference of two answered sets or of a
 * set and a union, complements, and signed differences of small groups. It is complete: what the
 * search cannot decide within its limit is refused, and so is the same set from then on. Two things
 * are not claimed. Factors whose least common denominator is a multiple of 2^61 - 1 escape; a 0/1
 * matrix needs more than 36 rows for such a determinant (Hadamard's bound), and nobody picks sets
 * that finely by age and place, but a proof it is not. And sets are of persons: that the same
 * persons are looked at in another period, or as corrected records, is a difference that sets show
 * only where the number of records stands in them as weights.
 *
 * Where there is no work or memory for a row more, nothing is forgotten. Sets that stand in no
 * row still cut the persons into *pieces*, who are in the same answered sets; all that can be
 * combined from answers gives the persons of a piece the same number. From then on a set is
 * admitted only if, over all pieces, it tells k persons or more from others of their piece:
 * whatever it is combined with, these stay (pieces.c). So nothing that tells of fewer than k
 * can be made with it that could not be made without, whichever answers stand in no row; that
 * is the guarantee above, by a test that refuses more and costs no more than counting. It is why
 * the planned tables of a country, millions of persons in 100,000 sets, need no rows.
 *
 * Decisions look at identifying sets and at earlier answers only, never at what the sets
 * hold: whoever could know the sets could make the decision herself (simulatable auditing:
 * Kenthapadi, Mishra & Nissim, PODS 2005). And they do not depend on what was refused, but for
 * what could not be decided: that stays refused, until answers make it by themselves; and the
 * more tables were judged, refused ones too, the shorter is searched (light.c), which refuses
 * more and never less. */
#ifndef STATGATE_GATEWAY_LEDGER_LEDGER_H
#define STATGATE_GATEWAY_LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct ledger; /* of one data set's views: not for two threads at once */

struct ledger_options {
        uint32_t persons;      /* ids are 0 .. persons-1; ledger_grow adds */
        uint32_t threshold;    /* k ≥ 1 */
        size_t memory_ceiling; /* bytes of rows; pieces are bounded by the persons besides */
        uint64_t work_limit;   /* steps of one admission that makes rows; 0: a default */
};
MUST_CHECK enum err ledger_new(const struct ledger_options *options, struct ledger **out);
void ledger_free(struct ledger **l);

/* Persons of a later vintage get ids after those there are. */
MUST_CHECK enum err ledger_grow(struct ledger *l, uint32_t persons);

/* Persons of one row, without repetition; borrowed. In any order where each counts once; else
 * by weight ascending, none 0. */
struct ledger_set {
        const uint32_t *persons;
        const uint32_t *weights; /* NULL: each counts once */
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
static inline bool ledger_allows(uint8_t verdict)
{
        return verdict == LEDGER_EMPTY || verdict == LEDGER_KNOWN || verdict == LEDGER_ADMITTED;
}

/* Judges rows of one table in the order given (coarse rows first, so that totals are rather
 * kept), each in the light of those admitted before it, and remembers the admitted ones only
 * when the caller commits: until then nothing is. Verdicts are of all rows. Where rows take more
 * memory or work than there is, or took it for a table no larger, pieces decide; ERR_LIMIT only
 * where something judged before is not committed. After an error nothing is remembered, of this
 * call or of others not committed. */
MUST_CHECK enum err ledger_judge(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint8_t *verdicts);
/* The same of all together: what is refused ends it, and then nothing is remembered that was
 * not committed before. */
MUST_CHECK enum err ledger_judge_all(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, bool *out);
/* Remembers rows that left, whatever it thinks of them: for making the memory anew from what
 * was answered. Commits by itself. */
MUST_CHECK enum err ledger_remember(struct ledger *l, const struct ledger_set *rows, uint32_t len);
/* The same, without trying to make rows of them: costs little, and makes what comes stricter. */
MUST_CHECK enum err ledger_leave_out(struct ledger *l, const struct ledger_set *rows, uint32_t len);
/* Sets that left and cannot be counted any more as they were: what is given holds everybody who
 * is still there as she was, but for at most `unsure` persons in all. They cut like the others; the
 * very same set again is not known but refused, and `unsure` persons more must stay. */
MUST_CHECK enum err ledger_suspect(
        struct ledger *l, const struct ledger_set *rows, uint32_t len, uint32_t unsure);
void ledger_commit(struct ledger *l);
void ledger_forget(struct ledger *l); /* what was judged and not committed */

struct ledger_stats {
        uint32_t tables, rows, classes, rank;
        uint32_t left_out, pieces; /* sets in no row; 0 pieces: all are in rows */
        size_t bytes;
        uint64_t work; /* of the last admission */
};
struct ledger_stats ledger_stats(const struct ledger *l);

#endif
