/* SPDX-License-Identifier: Apache-2.0 */
/* code_set.h: texts and their numbers, as many as come. */
#ifndef STATGATE_TOOLS_CLI_CODE_SET_H
#define STATGATE_TOOLS_CLI_CODE_SET_H

#include "base/arena.h"
#include "base/bytes.h"

struct lookup;

/* Zeroed but for the arena: empty. */
struct code_set {
        struct arena *arena;
        struct lookup *index;
        struct bytes *text; /* copies, in the order they came */
        uint32_t *row;      /* where each came first */
        uint32_t len, cap;
};

/* The number of `text`, which is put in where it is new: then `row` is remembered. ERR_LIMIT
 * where there would be more than `most`, ERR_NO_MEMORY. */
MUST_CHECK enum err code_set_add(
        struct code_set *s, struct bytes text, uint32_t row, uint32_t most, uint32_t *out);
/* False: not there. */
bool code_set_find(const struct code_set *s, struct bytes text, uint32_t *out);
/* Numbers them by their bytes: `*out` says the new number of every old one. */
MUST_CHECK enum err code_set_sort(struct code_set *s, uint32_t **out);

#endif
