/* SPDX-License-Identifier: Apache-2.0 */
/* comparison.h: an indicator's figures, row by row, beside what they are compared with:
 * the county, the country, the target, and the first year shown.
 *
 * Made of answers that were asked one by one, so a figure that is withheld in its own
 * answer is withheld here, and so is whatever is computed from it. */
#ifndef STATGATE_TOOLS_CLI_COMPARISON_H
#define STATGATE_TOOLS_CLI_COMPARISON_H

#include "tools/cli/render.h"

/* Bits 1 << these; numbers as in policies/policy.h. */
enum compared {
        COMPARED_NONE = 0,
        COMPARED_TARGET,
        COMPARED_COUNTY,
        COMPARED_COUNTRY,
        COMPARED_HISTORY,
        COMPARED_COUNT
};
const char *compared_name(enum compared c); /* "target", "lan", "riket", "history" */
enum compared compared_find(struct bytes name);

/* Values count only where `status` is CELL_VALUE. */
struct figure {
        enum cell_status status;
        bool has_interval;
        int64_t value, low, high; /* scaled by 10^decimals of the comparison */
};

/* A figure against the target: with an interval, the interval decides. */
enum verdict {
        VERDICT_NONE = 0 /* nothing to judge */,
        VERDICT_UNCLEAR,
        VERDICT_BETTER,
        VERDICT_WORSE
};
const char *verdict_name(enum verdict v); /* "unclear" */

/* What was asked for one period. A country's answer of its own is only there where the
 * rows are some municipalities' alone. */
struct comparison_year {
        bool has_period;
        struct period period;
        struct answer rows, county, country;
};

struct comparison_request {
        const struct wire_indicator *indicator;
        const struct comparison_year *years;
        uint32_t years_len;
        unsigned compared; /* bits 1 << enum compared */
        int32_t place;     /* which dimension is the municipality; -1: none */
        /* Municipalities and their counties, where counties are compared. */
        const struct wire_level *municipalities;
};

struct comparison_row {
        uint32_t year;                                     /* index */
        const struct category *categories[DIMENSIONS_MAX]; /* NULL: the total */
        bool is_first;                                     /* of its categories */
        struct figure value, county, country, change;
        enum verdict verdict;
};

struct comparison {
        const struct comparison_request *request;
        const struct table *shape; /* dimensions and measure: the first year's */
        const struct measure *measure;
        struct comparison_row *rows;
        uint32_t rows_len;
        bool intervals;
};

/* Lives in `arena` and borrows the request. ERR_MALFORMED for answers that are not
 * answers to one question. */
MUST_CHECK enum err comparison_make(
        struct arena *arena, const struct comparison_request *request, struct comparison *out);
/* The whole of the last period: what a contract is judged by. NULL: there is none. */
const struct comparison_row *comparison_total(const struct comparison *c);
enum verdict verdict_of(
        const struct wire_indicator *indicator, const struct figure *f, uint32_t decimals);

/* What stands above and below the table for people. */
void comparison_head(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
void comparison_foot(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
MUST_CHECK enum err comparison_table(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
/* One line per row and period. Columns: code and label of each dimension, `period`,
 * `value`, `value.low`, `value.high`, `status`, then of what is compared `lan`,
 * `lan.status`, `riket`, `riket.status`, `target`, `against_target` (better, worse,
 * unclear), `change`, `change.status`. */
MUST_CHECK enum err comparison_csv(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
MUST_CHECK enum err comparison_json(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
/* By render_jsonstat, render_px and render_xlsx: the rows as one table, with a dimension `period`
 * and measures `value`, `value.low` … as the columns of CSV; `against_target` is 1 for better, 0
 * for unclear and -1 for worse. */
MUST_CHECK enum err comparison_jsonstat(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
MUST_CHECK enum err comparison_px(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);
MUST_CHECK enum err comparison_xlsx(
        const struct cli *cli, const struct comparison *c, const struct render_how *how);

#endif
