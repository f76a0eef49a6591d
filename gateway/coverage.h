/* SPDX-License-Identifier: Apache-2.0 */
/* coverage.h: what was delivered of what was expected: beside every answer, and as a data
 * set of its own that can be asked like any other.
 *
 * It says of a municipality that it is missing, where a table alone would look as if
 * nothing had happened there. */
#ifndef STATGATE_GATEWAY_COVERAGE_H
#define STATGATE_GATEWAY_COVERAGE_H

#include "gateway/linkage/view.h"
#include "gateway/store/store.h"
#include "proto/wire.h"

/* Of the accepted rows of a batch: the values that could have been delivered, and how many
 * were not. A missing end date is no missing value: what it ends lasts. */
void coverage_count_values(const struct policy_dataset *d, const struct batch *b,
        const struct verdicts *v, uint32_t *out_fields, uint32_t *out_blanks);

/* What one municipality has delivered of one data set for one period. */
struct delivered {
        uint32_t municipality; /* index in policy_municipalities */
        struct period period;
        uint64_t accepted, rejected; /* rejected: and turned away before they were sent */
        uint64_t fields, blanks;
};
struct deliveries { /* of one data set in a vintage */
        const struct policy_dataset *dataset;
        struct period span;           /* first and last day of all that was delivered */
        const struct delivered *list; /* by municipality, then period; each once */
        uint32_t len;
};

struct coverage; /* counted, read-only: the deliveries of some data sets in a vintage */

MUST_CHECK enum err coverage_read(struct store *store, struct vintage vintage,
        const struct policy *policy, const struct policy_dataset *const *datasets,
        uint32_t datasets_len, struct coverage **out);
struct coverage *coverage_ref(struct coverage *c);
void coverage_unref(struct coverage **c);
size_t coverage_bytes(const struct coverage *c);
/* NULL: not among the data sets it was read for. */
const struct deliveries *coverage_find(const struct coverage *c, struct bytes dataset);
/* From the first to the last day of everything in it. */
struct period coverage_span(const struct coverage *c);

/* What a release says of a data set. `period` NULL: all that the vintage holds. Shares that
 * rest on fewer rows than the data set's threshold are withheld. */
void coverage_tell(const struct policy *policy, const struct deliveries *d,
        const struct period *period, const struct families *families, struct wire_coverage *out);

/* The data set of deliveries (DATASET_DELIVERIES): a row without a person for every
 * municipality, data set and period for which a delivery was expected. Counts of rows are
 * exact, and for disclosure control to protect (coverage_threshold); what small ones could
 * be computed from is missing. */
MUST_CHECK enum err coverage_view(const struct policy *policy, const struct policy_dataset *dataset,
        const struct coverage *c, unsigned threads, struct linked **out);
/* Fewest rows that a table of deliveries may tell of: the largest threshold of the data sets
 * that the question lets through, since a cell may be about all of them. */
uint32_t coverage_threshold(const struct policy *policy, const struct query *q);
/* Not applicable: cells of a table of deliveries in which nothing was expected. */
void coverage_note_unexpected(struct table *t);

#endif
