/* SPDX-License-Identifier: Apache-2.0 */
/* values.h: dates, numbers and yes-or-no as people and spreadsheets write them.
 *
 * Every function takes trimmed text that is not empty and refuses rather than
 * guesses. */
#ifndef STATGATE_TOOLS_CLI_VALUES_H
#define STATGATE_TOOLS_CLI_VALUES_H

#include "base/bytes.h"

/* Without spaces, tabs and no-break spaces around it. */
struct bytes value_trim(struct bytes text);

enum date_format {
        DATE_YEAR_FIRST = 0, /* 2024-01-31, 20240131, 2024/01/31, 2024.01.31 */
        DATE_DAY_FIRST,      /* 31/1/2024, 31.01.2024, 31-01-2024 */
        DATE_MONTH_FIRST,    /* 1/31/2024 */
};
/* A time of day behind the date is left out when it is midnight. */
bool value_date(struct bytes text, enum date_format format, int32_t *out_days);
/* As value_date, or a month alone (2024-01, 202401); the first of the month. */
bool value_month(struct bytes text, enum date_format format, int32_t *out_days);

enum number_fault { NUMBER_OK = 0, NUMBER_SHAPE, NUMBER_DECIMALS, NUMBER_SIZE };
/* Scaled by 10^decimals. `mark` is the decimal mark, or 0: a comma or a point, where
 * it is clear which. Thousands are groups of three behind a space, a no-break space,
 * an apostrophe, or the mark that is not the decimal one. */
enum number_fault value_number(struct bytes text, uint32_t decimals, char mark, int64_t *out);

bool value_boolean(
        struct bytes text, bool *out); /* ja nej j n yes no y sant falskt true false 1 0 x */

#endif
