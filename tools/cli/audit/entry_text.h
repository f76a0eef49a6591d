/* SPDX-License-Identifier: Apache-2.0 */
/* entry_text.h: an entry of the audit log for people and for programs.
 *
 * Entries come from a gateway that need not be trusted: text is escaped where it is shown. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_ENTRY_TEXT_H
#define STATGATE_TOOLS_CLI_AUDIT_ENTRY_TEXT_H

#include "gateway/audit/entry.h"
#include "proto/wire_audit.h"
#include "tools/cli/cli.h"

/* All of a field's values, with ", " between; "" where there is none. In the run's arena, or
 * static. */
const char *entry_words(
        const struct cli *cli, const struct wire_log_entry *e, enum entry_field field);
/* The first number of a field; false: there is none. */
bool entry_number(const struct wire_log_entry *e, enum entry_field field, int64_t *out);
/* What it was about in one line: "placering, uppfoljning; 7.0; barn". */
const char *entry_about(const struct cli *cli, const struct wire_log_entry *e);

/* One JSON object on a line of its own: number, at, kind, then every field by its word. What
 * occurs twice is a list, counts are objects. */
MUST_CHECK enum err entry_json(FILE *to, const struct wire_log_entry *e);

#endif
