/* SPDX-License-Identifier: Apache-2.0 */
/* sql_text.h: a question in SQL; for sql_oracle.c only. Written from the words of
 * base/query.h: correlated subqueries over plain tables, no order of rows anywhere. */
#ifndef STATGATE_TESTS_SUPPORT_SQL_TEXT_H
#define STATGATE_TESTS_SUPPORT_SQL_TEXT_H

#include <stdio.h>

#include "tests/support/sql_world.h"

struct sql_asking {
        const struct sql_world *w;
        const struct query *q;
        const struct table *t; /* whose dimensions and measures are to be filled */
        uint32_t part;         /* the base */
        FILE *to;
};

/* What can be looked at: a column and what it means. */
struct sql_thing {
        char column[96]; /* as SQL */
        enum variable_type type;
        const struct code_list *codes;
        const struct banding *bandings;
        uint32_t bandings_len;
        const struct derived *derived; /* with bands of its own */
        uint32_t decimals, finest;
};
/* A variable of the base as the question states it, or a derived one; `alias` is a row of
 * the last step. */
struct sql_thing sql_thing_of(const struct sql_asking *a, const char *alias, struct bytes name);

/* The code of the thing at a level, as text; NULL: none. */
void sql_say_level(const struct sql_asking *a, const struct sql_thing *thing, struct bytes level);
/* " AND ..." for each filter. */
void sql_say_filters(
        const struct sql_asking *a, const char *alias, const struct filter *filters, uint32_t len);
/* The steps: "WITH q0 AS (…), q1 AS (…)": rows in the period, then a derived variable
 * each; the number of the last. */
uint32_t sql_say_steps(const struct sql_asking *a);
/* " AND ..." for every data set that the question looks at: a municipality that has not
 * delivered it does not count. */
void sql_say_delivered(const struct sql_asking *a, const char *alias);
/* The table of code `list` as of the day that the question divides the country on. */
void sql_say_codes(const struct sql_asking *a, const struct code_list *list);

const struct banding *sql_banding_find(const struct sql_thing *thing, struct bytes level);
/* "-12.5" scaled to so many decimals. */
int64_t sql_number(struct bytes text, uint32_t decimals);

#endif
