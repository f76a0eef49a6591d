/* SPDX-License-Identifier: Apache-2.0 */
/* question_words.h: what of a question may stand in the audit log.
 *
 * An answered question stands there whole: each of its words is one of the policy's, a date, or a
 * number, and it names nobody. A refused one may hold anything that somebody typed, a name or a
 * case number among it; of that the words which the policy knows are kept. */
#ifndef STATGATE_GATEWAY_QUESTION_WORDS_H
#define STATGATE_GATEWAY_QUESTION_WORDS_H

#include "base/query.h"
#include "policies/policy.h"

struct arena;

/* Whether ten or twelve digits somewhere in it are a personal number or could be one but for
 * its check digit. */
bool question_names_person(const struct query *q);

/* The question with "?" for each text that is no word of the policy, no date, no number of at most
 * nine digits, and no name that the question gives to something itself. */
MUST_CHECK enum err question_clean(
        struct arena *arena, const struct policy *p, const struct query *q, struct query *out);

#endif
