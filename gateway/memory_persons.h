/* SPDX-License-Identifier: Apache-2.0 */
/* memory_persons.h: one number for each person, in every vintage. For memory.c. */
#ifndef STATGATE_GATEWAY_MEMORY_PERSONS_H
#define STATGATE_GATEWAY_MEMORY_PERSONS_H

#include "gateway/linkage/view.h"

struct persons;

MUST_CHECK enum err persons_new(struct persons **out);
void persons_free(struct persons **p);
/* The number of each person of the view; new ones get the next. Borrowed, until asked of
 * another view. ERR_UNSUPPORTED: the view has no record keys. */
MUST_CHECK enum err persons_number(struct persons *p, const struct view *v, const uint32_t **out);
uint32_t persons_len(const struct persons *p);

#endif
