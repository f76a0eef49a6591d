/* SPDX-License-Identifier: Apache-2.0 */
/* choices.h: codes, labels and weights of the data sets beside the first two. */
#ifndef STATGATE_TOOLS_GENERATE_CHOICES_H
#define STATGATE_TOOLS_GENERATE_CHOICES_H

#include "tools/generate/inside.h"

/* CHOICES(list, how many codes it has) */
#define CHOICE_LISTS(CHOICES)                                                                      \
        CHOICES(origins, 4)                                                                        \
        CHOICES(results, 7)                                                                        \
        CHOICES(interventions, 9)                                                                  \
        CHOICES(intervention_ends, 7)                                                              \
        CHOICES(occasions, 5)                                                                      \
        CHOICES(care_forms, 5)                                                                     \
        CHOICES(goals, 4)                                                                          \
        CHOICES(schooling, 4)                                                                      \
        CHOICES(developments, 3)                                                                   \
        CHOICES(activities, 11)                                                                    \
        CHOICES(incident_kinds, 11)                                                                \
        CHOICES(severities, 4)                                                                     \
        CHOICES(steps, 7)                                                                          \
        CHOICES(causes, 6)                                                                         \
        CHOICES(registers, 3)                                                                      \
        CHOICES(ulcers, 5)                                                                         \
        CHOICES(housings, 4)                                                                       \
        CHOICES(surveys, 9)                                                                        \
        CHOICES(answers, 6)                                                                        \
        CHOICES(answerers, 4)                                                                      \
        CHOICES(household_kinds, 7)                                                                \
        CHOICES(hindrances, 24)                                                                    \
        CHOICES(household_roles, 3)                                                                \
        CHOICES(births, 4)                                                                         \
        CHOICES(assistance_ends, 6)                                                                \
        CHOICES(lss_supports, 9)                                                                   \
        CHOICES(entitled, 3)                                                                       \
        CHOICES(lss_housings, 4)                                                                   \
        CHOICES(elder_supports, 9)                                                                 \
        CHOICES(cohabitations, 2)                                                                  \
        CHOICES(violence_roles, 4)                                                                 \
        CHOICES(violence_kinds, 6)                                                                 \
        CHOICES(ties, 6)                                                                           \
        CHOICES(risks, 4)                                                                          \
        CHOICES(violence_supports, 6)                                                              \
        CHOICES(abuse_supports, 6)                                                                 \
        CHOICES(substances, 7)

#define CHOICES_DECLARE(list, len) extern const struct choice list[len];
CHOICE_LISTS(CHOICES_DECLARE)
#undef CHOICES_DECLARE

#endif
