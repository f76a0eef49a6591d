/* SPDX-License-Identifier: Apache-2.0 */
/* person_field.h: one person as somebody writes her: a number in a known form, or, where it
 * begins with a letter, an id of the municipality's own. */
#ifndef STATGATE_TOOLS_CLI_PERSON_FIELD_H
#define STATGATE_TOOLS_CLI_PERSON_FIELD_H

#include "base/terms.h"
#include "crypto/personnummer.h"

/* Reads ten digits as of today. Fills both on PNR_OK. */
MUST_CHECK enum pnr_rule person_field(
        struct bytes text, uint8_t out_id[PERSON_ID_LEN], uint8_t *out_kind);

#endif
