/* SPDX-License-Identifier: Apache-2.0 */
/* protect_write.h: the protected table as a file, and how it came to be so. */
#ifndef STATGATE_TOOLS_CLI_PROTECT_WRITE_H
#define STATGATE_TOOLS_CLI_PROTECT_WRITE_H

#include "tools/cli/protect_run.h"

/* Every cell that has a code: codes, `value` (empty where it is protected), `conf_status`
 * (SDMX: F free, C confidential). Written as the table's own file was. */
MUST_CHECK enum err protect_write(FILE *to, const struct protect_table *t,
        const struct protect_result *r, char separator, char point);

/* What was done, for people and for programs; no value of any cell. */
void protect_report(const struct cli *cli, FILE *to, const struct protect_table *t,
        const struct protect_settings *s, const struct protect_result *r);
void protect_report_json(FILE *to, const struct protect_table *t, const struct protect_settings *s,
        const struct protect_result *r);

#endif
