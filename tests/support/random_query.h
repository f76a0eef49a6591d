/* SPDX-License-Identifier: Apache-2.0 */
/* random_query.h: questions nobody thought of, for tests of whoever reads or writes them. */
#ifndef STATGATE_TESTS_SUPPORT_RANDOM_QUERY_H
#define STATGATE_TESTS_SUPPORT_RANDOM_QUERY_H

#include "base/query.h"

struct arena;

/* Everything lives in `a`, which must be large enough; `random` is any number, and the
 * same number gives the same question. */

/* A question that query_check lets through, with any of its parts present or absent. */
struct query random_query(struct arena *a, uint64_t *random);

/* The same question in other words: lists that say nothing by their order shuffled, items
 * said twice, what may be left out written, numbers spelled otherwise. */
struct query random_respelling(struct arena *a, uint64_t *random, const struct query *q);

/* A question that differs from `q` in one thing, which *out_what names. It need not make
 * sense. */
struct query random_change(
        struct arena *a, uint64_t *random, const struct query *q, const char **out_what);

#endif
