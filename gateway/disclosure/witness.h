/* SPDX-License-Identifier: Apache-2.0 */
/* witness.h: proof that protected cells are safe, which believes nothing of the elimination.
 *
 * A cell is computable from published cells exactly if nothing can change in it while
 * they all stay the same. So the proof that it is not is a *witness*: a number for every
 * inner cell, such that added to the truth they leave every published cell as it is, and
 * move the protected one. Each is checked by plain addition over the matrix.
 *
 * Modulo 2^61 - 1, a random witness moves all protected cells at once, so all are proved
 * so. What that says: a combination that gives the protected cell, if there were any,
 * would have a denominator that is a multiple of that prime. (Write it in whole numbers
 * without common factor, d·p = Σ a·x, and multiply by the witness: d times what is not
 * zero is zero, so the prime divides d.) Coefficients of sums in tables are small
 * fractions, and no d below the prime is left.
 *
 * With whole numbers not even that is left: no linear combination of published cells,
 * over the rationals, gives the protected one. Such witnesses are looked for among the
 * shorter directions, and found for all cells of tables of some ten thousand; on the
 * largest some are too long, the numbers of some grow beyond a word, and the search has an end.
 *
 * What neither proves: that no narrow interval can be given for the cell (that is for the
 * auditor), and that nobody who knows a cell of his own can compute another. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_WITNESS_H
#define STATGATE_GATEWAY_DISCLOSURE_WITNESS_H

#include "gateway/disclosure/eliminate.h"

struct witness_report {
        uint32_t whole;   /* protected columns proved in whole numbers */
        uint32_t modular; /* modulo the prime */
        uint32_t unproved;
        uint32_t witnesses; /* that were tried */
};

MUST_CHECK enum err witness_prove(
        struct elimination *e, const struct model *model, struct witness_report *out);

#endif
