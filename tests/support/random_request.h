/* SPDX-License-Identifier: Apache-2.0 */
/* random_request.h: a question about a random bundle, as indices a reference can read. */
#ifndef STATGATE_TESTS_SUPPORT_RANDOM_REQUEST_H
#define STATGATE_TESTS_SUPPORT_RANDOM_REQUEST_H

#include "tests/support/random_bundle.h"

/* Names in a request: variables, one that nobody has, then derived ones. */
enum { UNKNOWN = VARIABLES, DERIVED_0, DERIVED_1, NAMES };
extern const char *const asked_names[NAMES];

/* Which edges a period has: the coarsest level it is whole in. */
struct whole_period {
        const char *text;
        unsigned whole;
};
enum { PERIODS = 4 };
extern const struct whole_period asked_periods[PERIODS];

struct part {
        unsigned name;
        int level; /* -1 none said, 9 unknown */
};

struct request {
        enum role role;
        unsigned certificate;      /* 0 one of a few, 1 anybody, 2 of another trust, 3 of the dpo */
        unsigned dataset, purpose; /* one beyond: unknown */
        int linkage;               /* -1 none said; LINKAGES: unknown */
        int32_t day;
        enum unit unit;
        int period, period_date; /* -1 none */
        bool first_municipality, age_at, division_at;
        struct asked {
                enum derived_kind kind;
                unsigned dataset;
                int date, variable, level; /* names; -1 none */
                unsigned from, to;
                struct part filter;
                bool filtered, bands;
                enum window_kind window;
                int anchor;
                unsigned fixed; /* one of the periods */
                enum derived_same same;
                enum derived_in in;
        } derived[2];
        unsigned derived_len;
        struct part filters[2], by[2];
        unsigned filters_len, by_len;
        enum measure_kind measure; /* NONE: none said */
        int of, per, banding;
        struct part inside, outside; /* filters and base of the measure */
        bool has_inside, has_outside;
};

struct request request_draw(const struct model *m);

#endif
