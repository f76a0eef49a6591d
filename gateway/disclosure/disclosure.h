/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.h: the last hands a table passes through before it leaves.
 *
 * A library with no I/O and no policy types: a table with its hierarchy in,
 * statuses out. This floor protects small cells (Hundepool et al., Statistical
 * Disclosure Control, 2012, ch. 4) and refuses rows whose identifying margin is
 * small, so that the pattern of refusals depends on what a neighbour knows anyway. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_DISCLOSURE_H
#define STATGATE_GATEWAY_DISCLOSURE_DISCLOSURE_H

#include "base/table.h"

struct disclosure_settings {
        uint32_t threshold;   /* k: fewest persons of a cell and of an identifying margin; ≥ 1 */
        bool zeros_published; /* false: zero and small wear the same mark */
        /* Fewest persons of a share's or ratio's numerator, of its denominator, and of a
         * share's complement, the denominator without the numerator; 0: the threshold. */
        uint32_t numerator, denominator, complement;
        uint32_t families; /* fewest families of a cell, where they are linked; 0: not asked */
        uint32_t amounts;  /* fewest of what measures of amounts add up; 0: the threshold */
};

/* For the DPO; obeys the same rules when shown. */
struct disclosure_report {
        size_t cells, missing;           /* missing: or not applicable */
        size_t by_rule[CELL_RULE_COUNT]; /* cells; [CELL_RULE_NONE] of them are shown */
        /* Values of measures with a status of their own, in cells that are shown. */
        size_t measures_by_rule[CELL_RULE_COUNT], measures_missing;
};

/* Decides the status of every cell, and of every measure that has one of its own, and wipes
 * what is not shown from every array (measures' values, intervals, what they are made of;
 * persons, records, families, margins). Statuses CELL_MISSING and CELL_NOT_APPLICABLE, of
 * cells and of measures, stay as they are. */
MUST_CHECK enum err disclosure_protect(
        struct table *t, const struct disclosure_settings *settings, struct disclosure_report *out);

#endif
