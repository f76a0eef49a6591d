/* SPDX-License-Identifier: Apache-2.0 */
/* facts_journey.h: the child's journey after the report, restated once.
 *
 * 38 % of reports led to an investigation (Socialstyrelsen 2018); 34,600 children and
 * young people had an open intervention on 1 November 2019. An investigation is to
 * close within four months. The rest is our assumption. */
#ifndef STATGATE_TOOLS_GENERATE_FACTS_JOURNEY_H
#define STATGATE_TOOLS_GENERATE_FACTS_JOURNEY_H

enum {
        NATIONAL_OPEN_CARE_NOVEMBER = 34600,
        FOUR_MONTHS_DAYS = 120,
        CLOSED_IN_TIME_PERMILLE = 780,
        EXTENDED_PERMILLE = 850, /* of those that took longer */
        SECOND_INTERVENTION_PERMILLE = 250,
        OPEN_CARE_OF_REPORTED_PERMILLE = 600, /* of the stock in November */
        FOLLOWED_WITHIN_PERMILLE = 600,
        FOLLOWED_AFTER_PERMILLE = 700,
        EARLIER_YEAR_PERMILLE = 80, /* with a follow-up of something ended the year before */
        NEW_INTERVENTION_PERMILLE = 180
};

#endif
