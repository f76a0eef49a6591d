/* SPDX-License-Identifier: Apache-2.0 */
/* json.h: the kinds of text that our JSON is made of. */
#ifndef STATGATE_TOOLS_CLI_JSON_H
#define STATGATE_TOOLS_CLI_JSON_H

#include <stdio.h>

#include "base/bytes.h"
#include "base/terms.h"

/* In quotes, escaped as RFC 8259 asks. */
void json_text(FILE *to, struct bytes text);
void json_digest(FILE *to, const struct digest *d);
void json_hex(FILE *to, struct bytes bytes);
void json_base64(FILE *to, struct bytes bytes); /* RFC 4648, padded */

#endif
