/* SPDX-License-Identifier: Apache-2.0 */
/* delivery_id.h: the name of a delivery, so that the same command twice is the same
 * delivery: it goes on where it stopped, or is given its receipt again. */
#ifndef STATGATE_TOOLS_CLI_DELIVERY_ID_H
#define STATGATE_TOOLS_CLI_DELIVERY_ID_H

#include "base/bytes.h"
#include "base/terms.h"

struct delivery_name {
        struct digest file, mapping; /* mapping: zero when there is none */
        const char *dataset, *period;
        municipality_t municipality;
        bool replace, all_or_nothing, has_as_of;
        int32_t as_of_days;
};

/* A UUID of version 8 (RFC 9562) made from a digest of all of these. */
MUST_CHECK enum err delivery_id(const struct delivery_name *name, struct submission_id *out);

enum { UUID_TEXT = 37 };
void uuid_format(const struct submission_id *id, char out[UUID_TEXT]);
/* With or without hyphens, either case. */
MUST_CHECK enum err uuid_parse(const char *text, struct submission_id *out);

#endif
