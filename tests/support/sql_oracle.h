/* SPDX-License-Identifier: Apache-2.0 */
/* sql_oracle.h: what a linked question should have answered, by SQL over plain tables. */
#ifndef STATGATE_TESTS_SUPPORT_SQL_ORACLE_H
#define STATGATE_TESTS_SUPPORT_SQL_ORACLE_H

#include "base/table.h"
#include "tests/support/sql_world.h"

struct sql_told {
        uint64_t cells;   /* compared */
        uint64_t records; /* of the total */
        uint64_t values;  /* of measures, other than none and zero */
};

/* Whether every cell of the table is what SQL says: persons, records, families, and all that
 * measures are made of. Says on stderr what differs first, with the SQL. */
bool sql_oracle_agrees(const struct sql_world *w, const struct query *q, const struct table *t,
        struct sql_told *out);

#endif
