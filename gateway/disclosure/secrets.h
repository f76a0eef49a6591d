/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.h: protected columns by what is left of them.
 *
 * Publishing a candidate gives a protected column away exactly if what is left of the one
 * is a multiple of what is left of the other. So two numbers are kept for every protected
 * column: the sums of its rows under two directions chosen at random among those that
 * move nothing published. Multiples have the same quotient of the two, whatever is left
 * of them, and others have another one but for odds of 2^-61; a hash table of quotients
 * answers the question with one look. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_SECRETS_H
#define STATGATE_GATEWAY_DISCLOSURE_SECRETS_H

#include "gateway/disclosure/model.h"
#include "gateway/disclosure/sparse.h"

/* Two sums under the two directions. */
struct print {
        uint64_t f, g;
};

struct secrets;

/* `row_print` is that of every row. */
MUST_CHECK enum err secrets_new(struct arena *arena, const struct model *model,
        const struct print *row_print, struct secrets **out);

/* Would a column with this print give one of them away? */
bool secrets_given_away(const struct secrets *s, struct print of);

/* Follows a change of the random directions: `by` times every entry of `direction`. With
 * `whatever` false it takes itself back and says false where two meet of which somebody
 * knows one: a contributor alone in it could compute the other. */
bool secrets_move(
        struct secrets *s, const struct vector *direction, struct print by, bool whatever);

uint32_t secrets_exposed(const struct secrets *s); /* computable as things are */

#endif
