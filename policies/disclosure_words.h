/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure_words.h: what an answer is held to, in sentences; for show.c and explain.c. */
#ifndef STATGATE_POLICIES_DISCLOSURE_WORDS_H
#define STATGATE_POLICIES_DISCLOSURE_WORDS_H

#include "policies/report.h"

/* Lines for every rule that is asked for, but those on fewest persons and families, which
 * both tell in words of their own. */
struct disclosure_telling {
        struct report *out;
        enum report_mark mark;
        const struct disclosure_rules *rules;
        struct rule_place at[DISCLOSURE_KEY_COUNT];
};
void disclosure_tell(const struct disclosure_telling *t);
/* "kommun, minst 2; utförare" */
const char *disclosure_contributors(struct report *r, const struct disclosure_rules *x);
const char *disclosure_answers(const struct report *r, enum answers a);
/* A line for every planned table, and one for the whole. */
void lattice_tell(struct report *r, enum report_mark mark, const struct policy_dataset *d);
/* "kommun, alder:grupp": levels where they are not the finest that may be asked. */
const char *lattice_table_text(
        struct report *r, const struct policy_dataset *d, const struct lattice_table *t);

#endif
