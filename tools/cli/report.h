/* SPDX-License-Identifier: Apache-2.0 */
/* report.h: which rows were turned away: a CSV file to mend the export by, and a
 * summary by rule. Neither holds a value. */
#ifndef STATGATE_TOOLS_CLI_REPORT_H
#define STATGATE_TOOLS_CLI_REPORT_H

#include "tools/cli/cli.h"
#include "tools/cli/parcel.h"

/* row;column;rule;text, with a byte order mark, for spreadsheets. Takes the place of
 * an older file. */
MUST_CHECK enum err report_write(const struct cli *cli, const char *path,
        const struct intake_plan *plan, const struct rejected_list *list);
/* One line per rule, the most frequent first. */
void report_by_rule(const struct cli *cli, const struct rejected_list *list);

#endif
