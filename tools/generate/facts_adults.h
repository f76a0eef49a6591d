/* SPDX-License-Identifier: Apache-2.0 */
/* facts_adults.h: financial assistance, substance abuse and violence.
 *
 * 145,740 households in 2023 with 85,200 children; 75,045 SEK a household and year
 * (2024). Adults a household: 244,000 of 198,514 in 2020. What has no published
 * figure here (months, movers, persons with substance abuse, cases of violence) is
 * our assumption. */
#ifndef STATGATE_TOOLS_GENERATE_FACTS_ADULTS_H
#define STATGATE_TOOLS_GENERATE_FACTS_ADULTS_H

enum {
        NATIONAL_HOUSEHOLDS = 145740,
        NATIONAL_ASSISTED_CHILDREN = 85200,
        KRONOR_A_HOUSEHOLD = 75045,
        ASSISTED_MOVERS_PERMILLE = 60,
        ASSISTED_GUARDIANS_PERMILLE = 250, /* of households with children, among reported */
        NATIONAL_ABUSE_PERSONS = 38000,
        ABUSE_AMONG_ASSISTED_PERMILLE = 300,
        ABUSE_MEN_PERMILLE = 680,
        YOUNG_ABUSE_PERMILLE = 300,       /* of reports for it that are investigated */
        NATIONAL_VIOLENCE_ADULTS = 18000, /* without a report about a child */
        VIOLENCE_WOMEN_PERMILLE = 820,
        VIOLENCE_OF_REPORTS_PERMILLE = 250,
        VIOLENCE_OTHER_PARENT_PERMILLE = 400
};

#endif
