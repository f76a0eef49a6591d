/* SPDX-License-Identifier: Apache-2.0 */
/* facts.h: the figures that synthetic data agree with, restated once.
 *
 * Population: SCB, the sum over municipalities as in the bundle's kommun.yaml.
 * Reports of concern 2021: 422,000 about 216,000 children; boys 55 % of reports,
 * two thirds of the children aged 0–12, 38 % led to an investigation (Socialstyrelsen).
 * Placed children and young people 2022: 26,500; family care 19,200, HVB 6,100,
 * stödboende 2,100, SiS about 1,000: 28,400 person-forms, so 1,900 had two forms
 * (Socialstyrelsen; Riksrevisionen for SiS). Boys 54 % (SCB 2021), HVB 59 %.
 * What has no published figure (pairs of forms, movers, weights of codes, costs) is
 * our assumption and marked so. */
#ifndef STATGATE_TOOLS_GENERATE_FACTS_H
#define STATGATE_TOOLS_GENERATE_FACTS_H

#include "tools/generate/inside.h"

enum {
        NATIONAL_POPULATION = 10609461,
        NATIONAL_REPORTED_CHILDREN = 216000,
        NATIONAL_REPORTS = 422000,
        NATIONAL_PLACED = 26500,
        BOYS_REPORTED_PERMILLE = 550,
        MOVERS_PERMILLE = 80,                 /* assumption: of reported children, in the year */
        MOVES_WITHIN_COUNTY_PERMILLE = 600,   /* assumption */
        TWO_GUARDIANS_PERMILLE = 720,         /* assumption */
        OTHER_PARENT_PERMILLE = 120,          /* assumption: of younger siblings */
        SIBLINGS_SAME_DAY_PERMILLE = 500,     /* assumption */
        PLACED_AMONG_REPORTED_PERMILLE = 550, /* assumption */
        SAMORDNING_PERMILLE = 12,             /* assumption */
        LOCAL_ID_PERMILLE = 8,                /* assumption */
        UNACCOMPANIED_PERMILLE = 10,          /* assumption */
        ENDED_PERMILLE = 350,                 /* assumption: of placements, within the year */
        STARTED_BEFORE_PERMILLE = 600         /* assumption: of placements, before the year */
};

/* National numbers of persons by the forms they went through; see above. The sums
 * are the published ones, the pairs an assumption. Age groups: see `ages`. */
struct trajectory {
        enum form first, second;
        uint32_t persons, boys_permille;
        enum age_group ages;
};
static const struct trajectory trajectories[] = {
        {FORM_FAMILY_CARE, FORM_NONE, 17785, 525, AGES_ALL},
        {FORM_FAMILY_CARE, FORM_HVB, 700, 560, AGES_TEEN},
        {FORM_FAMILY_CARE, FORM_STODBOENDE, 150, 540, AGES_OLD},
        {FORM_FAMILY_CARE, FORM_SIS, 90, 640, AGES_TEEN},
        {FORM_HVB, FORM_NONE, 4440, 595, AGES_TEEN},
        {FORM_HVB, FORM_FAMILY_CARE, 475, 580, AGES_TEEN},
        {FORM_HVB, FORM_STODBOENDE, 230, 580, AGES_OLD},
        {FORM_HVB, FORM_SIS, 100, 680, AGES_TEEN},
        {FORM_STODBOENDE, FORM_NONE, 1720, 540, AGES_OLD},
        {FORM_SIS, FORM_NONE, 655, 660, AGES_TEEN},
        {FORM_SIS, FORM_HVB, 155, 660, AGES_TEEN},
};
enum { TRAJECTORIES = sizeof trajectories / sizeof trajectories[0] };

/* Weights of ages 0–20 (assumptions within the published shares). */
static const uint32_t ages[AGE_GROUPS][AGES] = {
        [AGES_REPORTED] = {52, 51, 50, 50, 50, 50, 50, 51, 52, 52, 52, 53, 54, 66, 68, 69, 67, 63,
                0, 0, 0},
        [AGES_ALL] = {25, 28, 30, 32, 33, 35, 37, 39, 41, 43, 45, 48, 52, 58, 66, 74, 80, 76, 30,
                22, 16},
        [AGES_TEEN] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 8, 12, 30, 80, 130, 170, 190, 180, 50, 30, 20},
        [AGES_OLD] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 120, 330, 260, 180, 110},
};

#endif
