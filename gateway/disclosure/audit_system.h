/* SPDX-License-Identifier: Apache-2.0 */
/* audit_system.h: what everybody sees of a release, as sums of unknown numbers. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_AUDIT_SYSTEM_H
#define STATGATE_GATEWAY_DISCLOSURE_AUDIT_SYSTEM_H

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/bounds.h"

/* Asked are the protected cells, in order. */
struct audit_system {
        struct bounds_system system;
        uint32_t *table; /* of asked sums */
        size_t *cell;    /* of asked sums, in their table */
        /* What the release tells: of unknowns; and the unknown of each of its numbers. NULL:
         * nothing that could be looked at. */
        int64_t *told_value;
        uint32_t *told_unknown;
};

/* `floors`: what is protected is at least 1. */
MUST_CHECK enum err audit_system_new(struct arena *arena, const struct audit_release *release,
        bool floors, struct audit_system *out);

#endif
