/* SPDX-License-Identifier: Apache-2.0 */
/* random_linked.h: linked questions nobody thought of, in the words of the national
 * bundle. Not all are ones that the policy lets be asked: the planner says which. */
#ifndef STATGATE_TESTS_SUPPORT_RANDOM_LINKED_H
#define STATGATE_TESTS_SUPPORT_RANDOM_LINKED_H

#include "tests/support/sql_world.h"

struct arena;

/* Everything lives in `a`. */
struct query random_linked(struct sql_world *w, struct arena *a);

#endif
