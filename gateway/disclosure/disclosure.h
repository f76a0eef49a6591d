/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.h: the last hands a table passes through before it leaves.
 *
 * A library with no I/O and no policy types: tables with their hierarchies in, statuses and
 * an audit out. Three steps, each in files of its own:
 *
 *      rules       which cells, and which measures in them, must not be told (primary;
 *                  Hundepool et al., Statistical Disclosure Control, 2012, ch. 4)
 *      suppress    which others go with them, so that no combination of what is published
 *                  tells one (joint.h: all tables and measures of a release at once)
 *      interval    which go besides, so that none is told nearly (interval.h)
 *      audit       what an attacker can say who sees only what leaves (audit.h)
 *
 * A row is eligible by its identifying margin alone, so the pattern of refusals depends on
 * what a neighbour knows anyway. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_DISCLOSURE_H
#define STATGATE_GATEWAY_DISCLOSURE_DISCLOSURE_H

#include <stdatomic.h>

#include "base/table.h"

/* What it costs to hide a cell. */
enum disclosure_cost {
        DISCLOSURE_COST_CELLS = 0, /* each the same */
        DISCLOSURE_COST_PERSONS,   /* its count */
        DISCLOSURE_COST_VALUE,     /* its first measure's value, where it is a sum */
        DISCLOSURE_COST_TOTALS,    /* totals and subtotals cost far more than inner cells */
        DISCLOSURE_COST_COUNT
};
const char *disclosure_cost_name(enum disclosure_cost c); /* "cells" */
enum disclosure_cost disclosure_cost_find(struct bytes name);

/* Rules on magnitudes, each on contributions of each type in `contributors` but those that a
 * row fixes. Percentages. 0: not asked. */
struct disclosure_dominance {
        uint32_t n, k;       /* (n,k): the n largest have more than k % */
        uint32_t p;          /* p %: the second can estimate the largest to within p % */
        uint32_t pq_p, pq_q; /* pq: the same, when all are known to within q % beforehand */
};

struct disclosure_settings {
        uint32_t threshold;   /* k: fewest persons of a cell and of an identifying margin; ≥ 1 */
        bool zeros_published; /* false: zero and small wear the same mark */
        /* Fewest persons of a share's or ratio's numerator, of its denominator, and of a
         * share's complement, the denominator without the numerator; 0: the threshold. */
        uint32_t numerator, denominator, complement;
        uint32_t families; /* fewest families of a cell, where they are linked; 0: not asked */
        uint32_t amounts;  /* fewest of what measures of amounts add up; 0: the threshold */
        /* Fewest persons of an identifying margin who differ from those in the cell: a cell
         * that holds nearly all of its margin tells of all of them. 0: not asked; 1: all of
         * them, exactly. */
        uint32_t homogeneous;
        unsigned contributors;              /* bits 1 << enum contributor: to be heeded below */
        uint32_t number[CONTRIBUTOR_COUNT]; /* fewest of each type; 0: not asked */
        /* Persons who must be left when any one contributor of a heeded type (municipality,
         * provider) takes its own away; and its largest part in per cent. 0: not asked. */
        uint32_t remainder, part_max;
        struct disclosure_dominance dominance;
        /* Secondary suppression; off only for presets that say so, and for tables that stand
         * alone by nature. */
        bool secondary;
        /* Width in persons below which an interval tells a protected count, high - low; what an
         * attacker knows besides: that values are whole, not negative, and of what the rules
         * protect. 0: not asked. */
        uint32_t interval;
        uint32_t audit_cells_max; /* all protected cells audited up to here, a sample beyond */
        enum disclosure_cost cost;
        uint32_t starts;     /* passes of suppression; 0: chosen by size */
        uint64_t seed;       /* of shuffles and samples */
        uint64_t work_limit; /* of each step, in its own units; 0: about a minute of all */
};

/* A release: tables that leave together and are protected as one. */
struct disclosure_release {
        struct table *const *tables;
        uint32_t tables_len;
        /* Dimensions of all tables together. `of_leaf` of a table's dimension says which of
         * its categories a leaf of the shared one lies in (UINT32_MAX: in none). With one
         * table all of this may be NULL: its own dimensions are the shared ones. */
        uint32_t shared_len;
        const uint32_t *leaves; /* of each shared dimension */
        const struct disclosure_axis {
                uint32_t shared;
                const uint32_t *of_leaf;
        } *const *axes; /* of each table: dimensions_len of them */
        /* Inner cells, shared_len leaves each: those with anybody in them, or others that stand
         * for all. NULL: all combinations. Every cell that is not known to be empty has one. */
        const uint32_t *inner;
        size_t inner_len;
};

/* For the DPO; obeys the same rules when shown. */
struct disclosure_report {
        size_t cells, missing;           /* missing: or not applicable */
        size_t by_rule[CELL_RULE_COUNT]; /* cells; [CELL_RULE_NONE] of them are shown */
        /* Values of measures with a status of their own, in cells that are shown. */
        size_t measures_by_rule[CELL_RULE_COUNT], measures_missing;
        size_t primary, secondary; /* cells and measures, all tables */
        bool limited;              /* a limit ended the search: more is hidden than need be */
        bool hidden_all;           /* no pattern could be proved safe */
        /* The audit's verdict: protected values looked at, of how many; those computable
         * exactly, and those narrower than asked: both 0, since nothing leaves otherwise. */
        size_t audited, audit_of, exact, narrow;
        /* Protected values of which a width was asked for and not found, because a limit came
         * first; values that are one number count once, those of several tables in each. Where no
         * table has all dimensions, widths and audit are those of each table by itself, with
         * what the others tell of sums of its cells. */
        size_t interval_unasked;
        uint64_t work;
};

/* Decides the status of every cell, and of every measure that has one of its own, and wipes
 * what is not shown from every array (measures' values, intervals, what they are made of;
 * persons, records, families, margins, contributions, keys). Statuses CELL_MISSING and
 * CELL_NOT_APPLICABLE, of cells and of measures, stay as they are; a cell whose `rule` is
 * set beforehand stays protected by it. What cannot be proved safe is hidden; on any error
 * all is. Memory of the whole run is taken from the arena, but for the large matrices. ERR_INVALID:
 * settings or shapes that protect nothing; ERR_CANCELLED. */
MUST_CHECK enum err disclosure_protect(struct arena *arena,
        const struct disclosure_release *release, const struct disclosure_settings *settings,
        const atomic_bool *cancel, struct disclosure_report *out);

/* One table that stands alone. */
MUST_CHECK enum err disclosure_protect_table(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out);

/* What the search for widths saw: tables that nobody can tell from the true one, and it. For
 * disclosure_audit_table alone; free it at once. */
struct disclosure_seen;
void disclosure_seen_free(struct disclosure_seen **seen);
MUST_CHECK enum err disclosure_protect_table_seen(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out, struct disclosure_seen **seen);

/* The audit once more, of a table that was protected and in which more was hidden since: `out`'s
 * verdict is then that of what leaves. Where something can be computed, or nothing can be said of
 * what is hidden, all is withheld. `seen` may be NULL. */
MUST_CHECK enum err disclosure_audit_table(struct arena *arena, struct table *t,
        const struct disclosure_seen *seen, const struct disclosure_settings *settings,
        const atomic_bool *cancel, struct disclosure_report *out);

/* rules.c: the first step alone, without wiping: status and rule of every cell and measure. */
MUST_CHECK enum err disclosure_rules_apply(
        struct table *t, const struct disclosure_settings *settings);

#endif
