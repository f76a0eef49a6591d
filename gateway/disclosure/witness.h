/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h: proof, in whole numbers, that protected cells are safe.
 *
 * A cell is computable from published cells exactly if nothing can change in it while
 * they all stay the same. So the proof that it is not is a *witness*: a whole number for
 * every inner cell, such that added to the truth they leave every published cell as it
 * is, and move the protected one. Each is checked by plain addition over the matrix; no
 * prime, no rounding and nothing of the elimination is believed.
 *
 * What it proves: no linear combination of published cells, over the rationals, gives a
 * protected cell. What it does not: that no narrow interval can be given for it (that is
 * for the auditor), and that nobody who knows a cell of his own can compute another. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_WITNESS_H
#define STATGATE_GATEWAY_DISCLOSURE_WITNESS_H

#include "gateway/disclosure/eliminate.h"

struct witness_report {
        uint32_t proved, unproved; /* protected columns */
        uint32_t witnesses;        /* that were needed */
};

MUST_CHECK enum err witness_prove(
        struct elimination *e, const struct model *model, struct witness_report *out);

#endif
