/* SPDX-License-Identifier: Apache-2.0 */
/* suggest.h: "did you mean …?" */
#ifndef STATGATE_POLICIES_SUGGEST_H
#define STATGATE_POLICIES_SUGGEST_H

#include <stdbool.h>

#include "base/bytes.h"

/* The known word nearest to `word`, if it is near enough to be a slip of the
 * hand: at most one edit per three letters (insert, delete, replace, swap). */
bool suggest_nearest(
        struct bytes word, const struct bytes *known, uint32_t known_len, struct bytes *out);

enum { SUGGEST_MAX = 80 };
/* "; did you mean `fran`?", or "" when nothing is near. */
void suggest_text(
        struct bytes word, const struct bytes *known, uint32_t known_len, char out[SUGGEST_MAX]);

#endif
