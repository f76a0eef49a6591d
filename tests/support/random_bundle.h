/* SPDX-License-Identifier: Apache-2.0 */
/* random_bundle.h: a model of a bundle drawn at random, and the YAML that says the same.
 *
 * The model is what a reference reads; the loader reads the YAML. They share nothing
 * else. */
#ifndef STATGATE_TESTS_SUPPORT_RANDOM_BUNDLE_H
#define STATGATE_TESTS_SUPPORT_RANDOM_BUNDLE_H

#include "policies/policy.h"

enum {
        DATASETS = 3,
        VARIABLES = 6,
        PURPOSES = 3,
        MUNICIPALITIES = 4,
        WIDE = 2, /* linkages of several data sets, beside each data set's own */
        LINKAGES = DATASETS + WIDE,
        FIRST_DAY = 20000,
        DAYS = 44, /* on which something begins or ends */
        MS_PER_DAY = 86400000
};

/* One of each kind, the same names in every data set. */
enum kind { KIND_CODE, KIND_DATE, KIND_NUMBER, KIND_FLAG, KIND_MEASURE, KIND_END };
extern const char *const variable_names[VARIABLES];
/* Of the code, the date, the number. */
extern const char *const level_names[3][4];
extern const unsigned level_counts[3];
extern const char *const purpose_names[PURPOSES];
extern const char *const dataset_names[DATASETS];
extern const char *const linkage_names[LINKAGES];
extern const municipality_t places[MUNICIPALITIES];

struct model {
        struct model_set {
                unsigned ask_roles; /* bits 1 << enum role */
                unsigned purposes;  /* bits */
                bool persons, guardians;
                bool place;   /* the code is the delivering municipality */
                bool ordered; /* by the date */
                bool lasts;   /* from the date until the end */
                bool filter[VARIABLES], group[VARIABLES], bands;
                unsigned finest_code, finest_date, finest_end;
                unsigned threshold, dimensions_max;
                bool zeros, secondary, hidden_reasons;
                unsigned interval, homogeneous, remainder; /* 0: not said */
                enum answers answers;
        } sets[DATASETS];
        struct model_linkage {
                unsigned datasets, purposes; /* bits */
                int32_t from, until;
                bool family;
                bool paired;
                bool pairs[DATASETS][DATASETS]; /* [base][other], where paired */
                unsigned reach, joined;         /* 0 all, 1 listed, 2 opted in; bits */
        } linkages[LINKAGES];
        bool population;
        /* One pattern for a few, above one for all statisticians; data officers have theirs. */
        unsigned few_datasets, few_purposes, few_a_day;
        bool everybody;
};

void random_seed(uint64_t seed);
unsigned below(unsigned n);
bool often(void);

void model_draw(struct model *m);
/* Writes the files into `folder` and loads them. */
struct policy *model_load(const struct model *m, const char *folder);
void model_clean(const char *folder);

#endif
