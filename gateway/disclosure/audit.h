/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h: what an attacker can say about the protected cells of a published table.
 *
 * Written apart from what protects: it is given what everybody sees (the structure, which
 * cells are published, and their values), never a protected value, and finds by linear
 * programming the smallest and largest value each protected cell can have. Three attackers:
 *
 *      REAL      knows that counts are not negative
 *      WHOLE     and that they are whole numbers
 *      RULES     and which cells the rules protect: published zeros mean that a protected
 *                cell is at least 1, but for those of refused rows; with a threshold, that a
 * primary one is below it where nothing else can have been the reason
 *
 * Among more than 200 unknowns that hang together not every whole end is looked for: two whole
 * tables that differ show that a cell cannot be computed, and its ends are those of real numbers,
 * rounded inwards. No attacker learns less than they say; one with much time may learn more.
 *
 * Fischetti & Salazar-González, Management Science 47 (2001), for the attacker's programs. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_AUDIT_H
#define STATGATE_GATEWAY_DISCLOSURE_AUDIT_H

#include <stdatomic.h>

#include "gateway/disclosure/model.h"
#include "gateway/disclosure/moves.h"

enum audit_attacker { AUDIT_REAL = 0, AUDIT_WHOLE, AUDIT_RULES, AUDIT_ATTACKERS };
const char *audit_attacker_name(enum audit_attacker a); /* "real" */

/* Zero is the safe answer. */
enum audit_status {
        AUDIT_PROTECTED = 0,
        AUDIT_PUBLISHED,
        AUDIT_ABSENT, /* neither published nor protected: nobody asks */
        AUDIT_ZERO,   /* zero by definition */
        AUDIT_REFUSED /* protected, and may be zero though zeros are published */
};

struct audit_table {
        const uint32_t *dimensions; /* of the release */
        uint32_t dimensions_len;
        const uint8_t *status; /* dense block, as of model_table */
        const int64_t *values; /* of published cells; others are not read */
};

struct audit_release {
        const struct model_dimension *dimensions;
        uint32_t dimensions_len;
        /* Bits by dimension: its categories can overlap, so parts only bound a total: each part ≤
         * total ≤ sum of parts. */
        unsigned overlapping;
        const struct audit_table *tables;
        uint32_t tables_len;
        const uint32_t *inner; /* as of model_release; NULL: all combinations */
        size_t inner_len;
        bool zeros_published;
        bool negative;      /* values may be negative (magnitudes): nothing bounds them */
        uint32_t threshold; /* 0: not told */
        /* Somebody's word that these tables fit what is published, or NULL. Not believed: every one
         * is added up, and the first that does not fit ends it. Where they show a cell to be as
         * wide as asked no program is needed, in components of any size. */
        const struct moves_told *told;
};

struct audit_options {
        enum audit_attacker attacker;
        size_t cells_max; /* all protected cells up to here, a sample beyond; 0: all */
        uint64_t seed;    /* of the sample */
        uint32_t width;   /* high - low below this is `narrow`; 0 and 1: exact only */
        /* With a width of 2 and more, a cell proved to be as wide is left at that: its low and
         * high are values it can have. `ends`: look for the ends of all. */
        bool ends;
        uint64_t work_limit; /* simplex iterations; 0: none */
        /* Cells that are drawn, by the table's content, from components too large to be worked on;
         * 0: those are left alone. A draw costs about 0.1 s at 45,000 cells. */
        size_t large_sample;
        const atomic_bool *cancel;
};

struct audit_interval {
        uint32_t table;
        size_t cell;
        int64_t low, high; /* whole numbers inside the interval; INT64_MAX: no bound */
        bool audited;      /* false: not in the sample, or the limit came first */
};

/* Protected cells in components too large to be worked on, but those that mere addition tells
 * narrowly. What is drawn is asked of real numbers, with the floors that the attacker knows: what
 * is said of `narrow` and `exact` is proved, and holds for whole numbers too. That the others are
 * wide to real numbers was seen in floating point; `unproved`: not even that. */
struct audit_sampled {
        size_t of, drawn, narrow, unproved;
        int64_t narrowest; /* high - low of the narrowest that was drawn; INT64_MAX: none */
};

struct audit_verdict {
        struct audit_interval *intervals; /* of every protected cell, in order */
        size_t len, audited, exact, narrow;
        bool limited;
        bool feasible; /* false: no table fits what is published (it does not add up) */
        uint64_t iterations;
        struct audit_sampled sampled;
};

/* The one-sided 95 % bound of the share of `all` that is as `found` of `of` drawn ones are, in
 * millionths (Clopper & Pearson, Biometrika 26 (1934)). */
uint32_t audit_share_most(size_t found, size_t of, size_t all);

/* ERR_INVALID: shapes; ERR_TOO_MANY_CELLS; ERR_CANCELLED. Intervals live in the arena. */
MUST_CHECK enum err audit_run(struct arena *arena, const struct audit_release *release,
        const struct audit_options *options, struct audit_verdict *out);

#endif
