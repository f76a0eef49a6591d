/* SPDX-License-Identifier: Apache-2.0 */
/* years.h: which year is counted when nobody names one: the last for which there is
 * anything to count. */
#ifndef STATGATE_TOOLS_CLI_YEARS_H
#define STATGATE_TOOLS_CLI_YEARS_H

#include "base/query.h"
#include "base/table.h"
#include "tools/cli/cli.h"

/* Of a table by year (its first measure counts): the latest year up to `whole` with
 * anything in it, else the first one after it; 0: none. */
int years_latest(const struct table *by_year, int whole);

/* The same of what has been delivered to a data set. Asks the data set of deliveries and
 * never complains: 0 too when that cannot be asked. */
int years_delivered(struct cli *cli, struct arena *arena, struct bytes dataset,
        struct vintage vintage, int whole);

#endif
