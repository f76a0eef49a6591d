/* SPDX-License-Identifier: Apache-2.0 */
/* facts_care.h: elder care, LSS, and what is measured in them.
 *
 * Elder care: 414,000 persons 65+ with a support in some month of 2022, of whom 19 %
 * of women and 12 % of men had one on 31 December. Supports by kind are figures of
 * 2017 (SKR, Socialstyrelsen). LSS: supports by kind and sex in 2021 (SCB), raised to
 * the 79,100 persons of 1 October 2023. Lex Sarah: 1,165 reports to IVO in 2023.
 * Survey in LSS group housing 2018: 3,152 answers, 82 % content, 74 % safe, 80 % get
 * the help they need (SKR). The rest is our assumption. */
#ifndef STATGATE_TOOLS_GENERATE_FACTS_CARE_H
#define STATGATE_TOOLS_GENERATE_FACTS_CARE_H

#include <stdbool.h>
#include <stdint.h>

enum {
        NATIONAL_ELDERS = 414000,
        NATIONAL_ELDER_WOMEN = 266000, /* 19 and 12 % of some 1,160,000 and 1,000,000 */
        ELDERS_ENDED_PERMILLE = 167,   /* within the year; the others stand on 31 December */
        ELDERS_BEFORE_PERMILLE = 780,  /* began before the year */
        NATIONAL_LSS = 79100,
        NATIONAL_LSS_WOMEN = 32120, /* 31,150 of 76,712 in 2021 */
        LSS_2021 = 76712,
        NATIONAL_INCIDENTS_TO_IVO = 1165,
        NATIONAL_INCIDENTS = 26000,
        INCIDENT_PERSON_PERMILLE = 550,
        NATIONAL_GROUP_HOUSING_ANSWERS = 3152,
        CONTENT_PERMILLE = 820,
        SAFE_PERMILLE = 740,
        HELPED_PERMILLE = 800,
        ANSWER_PERSON_PERMILLE = 400
};

/* National persons with a support, and the ages that have it. Who has one that is
 * `alone` has no other of the table. */
struct support {
        uint32_t women, men;
        uint16_t youngest, oldest;
        bool alone;
};

/* In the order of the bundle's aldre_insats; women's share of each is assumed, and of
 * the last four the number as well. */
static const struct support elder_table[] = {
        {6300, 4200, 66, 97, false},     /* dagverksamhet */
        {106600, 57400, 66, 100, false}, /* hemtjanst */
        {5200, 4300, 68, 99, false},     /* korttid */
        {55500, 26100, 72, 103, true},   /* sarskilt_boende */
        {128000, 54900, 68, 101, false}, /* trygghetslarm */
        {29000, 16000, 68, 99, false},   /* matdistribution */
        {8000, 4000, 66, 98, false},     /* ledsagning */
        {3500, 4500, 66, 92, false},     /* avlosning */
        {3300, 2700, 66, 85, false},     /* boendestod */
};
/* In the order of lss_insats. Ages are assumed. */
static const struct support lss_table[] = {
        {2202, 2746, 5, 70, false},    /* assistans */
        {2833, 3836, 8, 85, false},    /* ledsagning */
        {7831, 9718, 16, 85, false},   /* kontaktperson */
        {1191, 2904, 3, 30, false},    /* avlosning */
        {3129, 5671, 4, 35, false},    /* korttidsvistelse */
        {1671, 2894, 13, 21, false},   /* korttidstillsyn */
        {303, 569, 8, 20, false},      /* boende_barn */
        {12195, 17356, 19, 85, false}, /* boende_vuxna */
        {16744, 23320, 20, 67, false}, /* daglig_verksamhet */
};

#endif
