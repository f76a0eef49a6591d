/* SPDX-License-Identifier: Apache-2.0 */
/* rules.h: the rule that hid each measure, which a table has no place for. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_RULES_H
#define STATGATE_GATEWAY_DISCLOSURE_RULES_H

#include "gateway/disclosure/disclosure.h"

/* Of each measure with a status of its own: enum cell_rule by cell; NULL of the others. */
struct rules_of_measures {
        uint8_t *rule[MEASURES_MAX];
};

/* As disclosure_rules_apply. `out` is in the arena. */
MUST_CHECK enum err rules_mark(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, struct rules_of_measures *out);

/* Nothing that no neighbour knows picks out the persons of this cell: it is its margin itself. */
bool rules_is_margin(const struct table *t, size_t cell);

/* Is that type no stranger to the row this cell lies in? */
bool rules_fixed(const struct table *t, size_t cell, enum contributor type);

#endif
