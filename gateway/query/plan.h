/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h: a compiled question; inside this folder only.
 *
 * Everything a row must be asked is a table look-up: a filter is a set of physical
 * values or of ranges, a dimension a map from physical value to category. */
#ifndef STATGATE_GATEWAY_QUERY_PLAN_H
#define STATGATE_GATEWAY_QUERY_PLAN_H

#include "gateway/query/engine.h"

enum { CATEGORY_NONE = 0xffff };

/* Operands: what a test, a dimension or a measure can look at, by number. 0 ..
 * variables_len-1 are the columns of the base view, in the data set's order; from there on
 * come the computed columns of the plan: derived variables, and variables as the
 * question states them (the person's first municipality, the age on a day), which hide
 * the variable of the same name. Names are looked up with operand_find, never with
 * variable_find; what an operand is (type, physical form, decimals, codes, bandings, role,
 * labels) stands in `variable`, which for a derived one is made by the plan. Values
 * come from pass_column (pass.h). */
struct operand {
        const struct variable *variable;
        bool derived;       /* never identifying; a number of it may be summed, averaged, halved */
        struct period span; /* of the deliveries it comes from: bounds date categories */
};
struct operands {
        const struct policy_dataset *dataset;
        const struct operand *list;
        uint32_t len;
        int32_t division; /* hierarchies of codes as they were on this day */
};
int32_t operand_find(const struct operands *o, struct bytes name); /* -1: none */
/* Whether a neighbour knows it. */
bool operand_identifies(const struct operands *o, uint32_t operand);
/* The code of `level` that holds code `code` of level 0 on the day of the division;
 * CODE_NO_PARENT: none. */
uint32_t operands_ancestor(
        const struct operands *o, const struct code_list *list, uint32_t code, uint32_t level);

/* Values a filter lets through. Codes, booleans and ages: by `set`, one byte per
 * physical value. Numbers and dates: by ranges, both ends inside. A missing value
 * passes no filter. */
struct test {
        uint32_t operand;
        const uint8_t *set;
        uint32_t set_len;
        struct range {
                int64_t low, high;
        } * ranges;
        uint32_t ranges_len;
        bool negated;     /* ranges: passes what is outside */
        bool missing;     /* ranges: passes a missing value too (what still lasts) */
        bool open;        /* one end of an episode: it leaves "other or not stated" standing */
        bool identifying; /* the margin keeps it */
};

/* Physical value → category. Codes, booleans, ages: map[value]. Dates: map[value -
 * first], value within first..first+map_len-1. Numbers: bands, ascending. What
 * falls outside goes to `other`, or CATEGORY_NONE where there is no such category. */
struct grouping {
        uint32_t operand;
        uint16_t *map;
        uint32_t map_len;
        int32_t first;
        const struct band *bands;
        const uint16_t *band_category; /* by band; CATEGORY_NONE: filtered away */
        uint32_t bands_len;
        uint16_t other;
};

/* A computed operand: how its values come about, row by row. */
enum computed_kind {
        COMPUTED_NONE = 0,
        COMPUTED_PLACE,  /* municipality of the person's first or last record in the period */
        COMPUTED_AGE,    /* age on the day that the question states */
        COMPUTED_DERIVED /* from events; see derived.h */
};
struct computed {
        enum computed_kind kind;
        uint32_t source;     /* PLACE: the municipality's column; AGE: the birth month's */
        const uint8_t *ages; /* AGE: of a birth on day ages_first + i, on the stated day */
        uint32_t ages_len;
        int32_t ages_first;
        const struct derivation *derivation; /* DERIVED */
};

/* Who has a part in a cell, as the scope asks; contributors.c. */
enum { CONTRIBUTOR_UNKNOWN = UINT32_MAX };
struct contributing {
        unsigned types; /* those to be told: bits 1 << enum contributor */
        unsigned read;  /* of these: what each has stands in the table and need not be counted */
        /* PROVIDER and MUNICIPALITY: the column of the base, and by physical value who it is. */
        struct contributor_column {
                uint32_t variable; /* UINT32_MAX: none */
                const uint32_t *of;
                uint32_t of_len;
                uint32_t dimension; /* READ: whose categories they are */
        } columns[CONTRIBUTOR_COUNT];
        uint32_t sums[MEASURES_MAX]; /* parts whose sums are told, apart */
        uint32_t sums_len;
        bool keys; /* the persons' record keys are summed */
};

struct plan {
        const struct policy_dataset *dataset;
        const struct query *query; /* borrowed */
        struct operands operands;
        const struct computed *computed; /* of operands variables_len .. */
        uint32_t computed_len;
        struct test *tests; /* those of the period, then the question's filters */
        uint32_t tests_len, period_tests;
        struct grouping *groupings; /* by dimension */
        struct table shape;         /* dimensions and measures set, no cells yet */
        size_t cells;
        const struct measures *measures; /* measure.h */
        struct contributing contributing;
        /* The identifying margin: which tests and dimensions it keeps. */
        bool margin_differs;
        bool dimension_identifying[DIMENSIONS_MAX];
        /* Code dimensions along the hierarchy of municipalities: parents to mark
         * missing; level of the code list, or UINT32_MAX. */
        uint32_t place_level[DIMENSIONS_MAX];
        uint32_t *place_of_category[DIMENSIONS_MAX]; /* index in that level */
        const struct view *const *also;              /* as of the scope */
        uint32_t also_len;
        const uint8_t *delivered; /* as of the scope */
        uint32_t delivered_len;
};

/* What makes a plan, while it is made. */
struct planning {
        struct plan *plan;
        const struct plan_scope *scope;
        const struct query *query;
        struct operand *operands; /* room for all that may come */
        struct computed *computed;
        struct arena *arena;
        struct refusal *why;
};
/* Adds a computed operand; there is room. */
void planning_add(struct planning *g, struct operand operand, struct computed computed);
/* Refuses at "FIELD" or, with a format, where it says. */
MUST_CHECK PRINTF_LIKE(4, 5) enum err
        planning_fault(struct planning *g, enum err code, const char *text, const char *field, ...);

/* column_stated.c: what the question states about all of it: division, municipality rule,
 * age, period. */
MUST_CHECK enum err stated_compile(struct planning *g);

/* derived_plan.c: derived variables, each after those it may refer to. */
MUST_CHECK enum err derived_compile(struct planning *g);

/* filter.c: `field` is where the filter stands ("filters[2]", "measures[0].base[1]"). */
MUST_CHECK enum err test_compile(const struct operands *of, const struct filter *f,
        const char *field, struct arena *arena, struct test *out, struct refusal *why);
/* All of a list; `field` is that of the list ("filters", "measures[0].base"). */
MUST_CHECK enum err tests_compile(const struct operands *of, const struct filter *filters,
        uint32_t len, const char *field, struct arena *arena, struct test **out,
        struct refusal *why);
/* Whether any value of a range passes, for dropping categories. */
bool test_passes_any(const struct test *t, int64_t low, int64_t high);
bool test_passes(const struct test *t, int64_t physical_value);

/* category.c */
MUST_CHECK enum err grouping_compile(struct plan *plan, uint32_t number,
        const struct dimension_ref *ref, struct arena *arena, struct refusal *why);

/* measure.c: what the cells are to hold, after operands and dimensions are there. */
MUST_CHECK enum err measures_compile(struct plan *p, const struct plan_scope *scope,
        const struct query *q, struct arena *arena, struct refusal *why);

/* contributors.c: whose parts are told, and where a category or a filter leaves one contributor
 * only; after the measures. */
MUST_CHECK enum err contributors_compile(struct planning *g);

/* meaning.c: what the measures' filters mean, for disclosure control; after the measures. */
MUST_CHECK enum err meaning_compile(struct planning *g);

/* dates.c: "2024", "2024-Q1", "2024-03", "2024-03-15" ↔ days, by level (0 dag …
 * 3 ar). */
bool date_value_parse(struct bytes text, struct period *out, uint32_t *out_level);
/* First day of the period of `level` that holds `day`. */
int32_t date_floor(int32_t day, uint32_t level);
int32_t date_next(int32_t first, uint32_t level); /* first day of the next */
/* Whether p begins and ends where periods of `level` do, within years that have names. */
bool date_is_whole(struct period p, uint32_t level);
/* Which period of `level` holds `day`, counted from some fixed one. */
int32_t date_number(int32_t day, uint32_t level);
void date_code(int32_t first, uint32_t level, char out[16]);

#endif
