/* SPDX-License-Identifier: Apache-2.0 */
/* table.h: a table of counts with its totals, from the engine through disclosure
 * control to the wire.
 *
 * Shape: dimension d has categories 0..len-1 and one total at index len, so the
 * cells form a dense block of Π(len_d + 1), last dimension fastest. Category
 * counts and labels are public metadata; values and statuses are per cell. */
#ifndef STATGATE_BASE_TABLE_H
#define STATGATE_BASE_TABLE_H

#include "base/bytes.h"
#include "base/query.h"
#include "base/terms.h"

/* Zero is the safe answer: an untouched cell is protected. */
enum cell_status {
        CELL_PROTECTED = 0,  /* ".." value withheld, whatever the rule */
        CELL_VALUE,          /* the value may be shown; zero is a value */
        CELL_MISSING,        /* ":" nobody delivered what it would be made of */
        CELL_NOT_APPLICABLE, /* "." cannot exist by definition */
        CELL_STATUS_COUNT
};
const char *cell_status_mark(enum cell_status s); /* ".." "" ":" "." */

/* Which rule hid a cell: for the DPO only, never on a statistician's wire. */
enum cell_rule {
        CELL_RULE_NONE = 0,
        CELL_RULE_MARGIN,    /* identifying margin below the threshold */
        CELL_RULE_SMALL,     /* fewer persons than the threshold */
        CELL_RULE_ZERO,      /* zero, and zeros are protected */
        CELL_RULE_SECONDARY, /* goes with a neighbour */
        CELL_RULE_FAMILIES,  /* fewer families than asked */
        CELL_RULE_NUMERATOR, /* of one measure: too few in its numerator */
        CELL_RULE_DENOMINATOR,
        CELL_RULE_COMPLEMENT,   /* too few in the denominator that are not in the numerator */
        CELL_RULE_HOMOGENEOUS,  /* all of a group, or all but a few, have the same */
        CELL_RULE_CONTRIBUTORS, /* fewer contributors of a type than asked */
        CELL_RULE_REMAINDER,    /* too few are left when one contributor takes its own away */
        CELL_RULE_DOMINANCE,    /* (n,k), p % or pq: a few make up most of a magnitude */
        CELL_RULE_INTERVAL,     /* goes so that a neighbour's interval is wide enough */
        CELL_RULE_COUNT
};

/* What every dimension calls the values that none of its categories is for; no code or
 * band of a bundle may be called so. */
#define CATEGORY_OTHER "ovrigt"

/* Who a cell is made of, where one of them knows a part of it. */
enum contributor {
        CONTRIBUTOR_NONE = 0,
        CONTRIBUTOR_PERSON,
        CONTRIBUTOR_FAMILY,
        CONTRIBUTOR_PROVIDER,     /* who gives the service: a variable of the data set */
        CONTRIBUTOR_MUNICIPALITY, /* who delivered */
        CONTRIBUTOR_COUNT
};
const char *contributor_name(enum contributor c); /* "municipality" */
enum contributor contributor_find(struct bytes name);

/* What each contributor of a type adds to every cell: distinct persons to a count, its part
 * of the sum to a magnitude (as an absolute amount). To a sum, those contribute who have a
 * value, be it 0. Rows of no known provider are in neither; a person whose family is missing
 * is in no number, and among the largest stands for herself. */
enum { CONTRIBUTIONS_LARGEST = 5 };
struct contributions {
        enum contributor type;
        uint32_t *number; /* cells_len: distinct contributors */
        int64_t *largest; /* cells_len × CONTRIBUTIONS_LARGEST, descending; 0: no more */
};

struct category {
        struct bytes code;
        struct bytes label_sv, label_en;
        bool missing; /* nobody who would fill it has delivered */
        /* All its records come from one contributor, or are given by one, whoever that is: a
         * county of one municipality. Where the dimension fixes a type, so does each category
         * but that of other values. */
        enum contributor fixes;
};

struct dimension {
        struct bytes variable, level;
        struct bytes label_sv, label_en;
        struct category *categories;
        /* parent[i] groups categories for protection along a hierarchy (an index
         * into `parents`), or NULL for a flat dimension. */
        const uint32_t *parent;
        uint32_t len, parents_len; /* categories, and groups of them */
        bool identifying;          /* what a neighbour knows */
        bool overlapping;          /* a person can be in several categories */
        /* A category (at this level) is one contributor, who is then no stranger to its row. */
        enum contributor fixes;
};

struct measure {
        enum measure_kind kind;
        bool filtered; /* it has filters of its own: persons and records are not the cell's */
        struct bytes variable;
        struct bytes label_sv, label_en, unit;
        uint32_t decimals;     /* values are scaled by 10^decimals; MEAN adds 1 */
        int64_t *values;       /* cells_len; TABLE_NO_VALUE: nothing to average */
        int64_t *contributors; /* distinct persons behind the value, where they are not simply
                                * the cell's: magnitudes, medians, measures with filters */
        /* Where one measure can be withheld and another shown; NULL: all as the table's
         * status. A cell that the table withholds is withheld in every measure. */
        uint8_t *status;
        struct bytes name;   /* as asked; may be empty */
        int64_t *low, *high; /* SHARE: ends of the interval, scaled as values; else NULL */
        /* SHARE, RATIO, RATE: the counts or sums it is made of; they decide protection and
         * never leave. numerator_persons, denominator_persons: distinct persons. The
         * denominator of a RATE is inhabitants, who are nobody's records: it has no
         * denominator_persons. */
        int64_t *numerator, *denominator, *numerator_persons, *denominator_persons;
        uint32_t scale; /* RATE, RATIO: per so many */
        /* SUM, MEAN: who makes up the sum, where the plan was asked to tell; measures of the same
         * sum share the arrays. MEAN: its sum, from the engine always. */
        struct contributions *contributions;
        uint32_t contributions_len;
        int64_t *sums;
        /* What it adds up, or divides by, is a number of records elsewhere, protected as so many
         * persons: contributors, numerator_persons and denominator_persons are that sum. */
        bool amounts, per_amounts;
        /* By the table's meaning: the side that its value or numerator takes, and that of its
         * denominator; and what is added up of each. */
        uint8_t side[2];
        uint32_t adds[2]; /* enum measure_adds, or a number of a variable from _VARIABLE on */
};
#define TABLE_NO_VALUE INT64_MIN

enum measure_adds { ADDS_ONES = 0 /* persons, records */, ADDS_FAMILIES, ADDS_DAYS, ADDS_VARIABLE };

/* What the filters of measures mean, whatever the data. A *side* is what one of them takes of a
 * cell's rows; it is a bit. A value of a variable meets a side when it passes all of the side's
 * filters on that variable, and a row is taken when all of its values meet it. So it is known
 * before there is any row which sides can take one together, and which a category leaves none. */
enum { SIDES_MAX = 2 * MEASURES_MAX, MEANING_NO_DIMENSION = UINT8_MAX };
struct meaning_variable {
        struct bytes id;
        uint8_t dimension;     /* whose categories hold its values; or MEANING_NO_DIMENSION */
        uint32_t len;          /* sets of sides, distinct */
        const uint32_t *meets; /* each is met by some value, and by no other value more or fewer */
        const uint8_t *stated; /* of each: by another value than the missing one */
        const uint8_t *in; /* set × category: by a value of that category; NULL: no dimension */
};
struct meaning {
        struct meaning_variable *variables; /* those that some side names */
        uint32_t variables_len;
        /* Sides and dimensions, as bits, that name a date or a derived variable where the
         * question names another: one can say what the other is, and nobody tells how. */
        uint32_t doubtful;
        unsigned doubtful_dimensions;
};

struct table {
        struct dimension *dimensions;
        uint32_t dimensions_len;
        struct measure *measures;
        uint32_t measures_len;
        size_t cells_len;
        int64_t *persons;        /* distinct persons per cell; decides protection */
        int64_t *records;        /* records per cell */
        int64_t *margin_persons; /* persons of the identifying margin the cell lies in */
        int64_t *families;       /* distinct families per cell; NULL: families are not linked */
        struct contributions *contributions; /* to `persons`, where the plan was asked to tell */
        uint32_t contributions_len;
        unsigned fixed;        /* bits 1 << enum contributor: a filter leaves one of these only */
        bool sensitive_filter; /* something sensitive takes persons out of every cell */
        /* Sum of the low halves of the persons' record keys, modulo 2^32; rows of nobody have
         * none. NULL: not asked for, or the view has no keys. */
        uint32_t *cell_key;
        /* Values of an earlier vintage that stand still, since the change would tell of too
         * few; NULL: none. */
        uint8_t *held;
        /* NULL: nobody says what the measures' filters mean; then those that have any are told of
         * no cell that could give a withheld one away. */
        const struct meaning *meaning;
        uint8_t *status; /* enum cell_status, cells_len */
        uint8_t *rule;   /* enum cell_rule, cells_len; internal */
};

/* Π(len + 1) with overflow and CELLS_MAX checked (ERR_TOO_MANY_CELLS). */
MUST_CHECK enum err table_cells(const struct dimension *dims, uint32_t len, size_t *out);
/* Allocates the per-cell arrays of a table whose dimensions and measures are set: of each
 * measure those that its kind has. `families` stays as it is: only a linkage knows. */
MUST_CHECK enum err table_alloc(struct arena *arena, struct table *t);
/* Cell index of coordinates (coordinate len = total). */
size_t table_cell(const struct table *t, const uint32_t *coordinates);
void table_coordinates(const struct table *t, size_t cell, uint32_t *out);

#endif
