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
};

struct disclosure_report { /* for the DPO; obeys the same rules when shown */
        size_t cells, shown, protected_margin, protected_small, protected_zero, protected_secondary,
                missing;
};

/* Decides the status of every cell and wipes the values of those not shown from
 * every array that leads outside (measure values, persons, records, margins). */
MUST_CHECK enum err disclosure_protect(
        struct table *t, const struct disclosure_settings *settings, struct disclosure_report *out);

#endif
