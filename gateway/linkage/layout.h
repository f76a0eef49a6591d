/* SPDX-License-Identifier: Apache-2.0 */
/* layout.h: one row in the making: token, ordinal, record key of the person, then every
 * delivered variable at its offset. Rows travel whole while they are partitioned and sorted, so
 * that a partition fits a core's cache; they become columns at the end. */
#ifndef STATGATE_GATEWAY_LINKAGE_LAYOUT_H
#define STATGATE_GATEWAY_LINKAGE_LAYOUT_H

#include "base/batch.h"
#include "policies/policy.h"

enum { LAYOUT_TOKEN = 0, LAYOUT_ORDINAL = 16, LAYOUT_PERSON_KEY = 20, LAYOUT_VALUES = 28 };
enum { LAYOUT_TOKEN_LEN = 16, LAYOUT_VARIABLES_MAX = 128 };

struct layout {
        const struct policy_dataset *dataset;
        uint32_t size;                          /* bytes of a row */
        uint32_t offsets[LAYOUT_VARIABLES_MAX]; /* by variable; 0: not in the row (ages) */
};

MUST_CHECK enum err layout_make(const struct policy_dataset *dataset, struct layout *out);

/* Whether a variable travels in rows; the others are computed at the end. */
bool layout_has(const struct variable *v);
/* The type's marker for "no value", once. */
void physical_put_missing(enum physical p, uint8_t *at);

/* Writes column after column of one opened batch into rows at `to`: values the
 * schema no longer knows, and variables the batch does not have, become missing. */
MUST_CHECK enum err layout_fill(const struct layout *l, const struct column *columns,
        uint32_t columns_len, uint32_t rows, uint16_t municipality, uint8_t *to);

#endif
