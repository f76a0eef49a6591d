/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h: makes the n-th allocation, write or sync fail, for tests.
 *
 *      for (unsigned nth = 0; fault_arm("any", nth); nth++)
 *              assert_true(world_is_whole(submit_sample(world)));
 *
 * Compiled in always (one predictable branch on a global counter), armed only by
 * tests: there is no switch in the environment or the configuration. */
#ifndef STATGATE_BASE_FAULT_H
#define STATGATE_BASE_FAULT_H

#include <stdbool.h>

/* Arms the nth hit (from 0) of `site` ("alloc", "write", "sync", "self_test", "any").
 * Returns false when the previously armed run ended without reaching its hit:
 * then every point has failed once and the loop is over. */
bool fault_arm(const char *site, unsigned nth);
void fault_disarm(void);

/* At a seam: true when this hit must fail. */
bool fault_hit(const char *site);

#endif
