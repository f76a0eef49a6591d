/* SPDX-License-Identifier: Apache-2.0 */
/* protect_run.h: a table in, the same table with what must not be told left out.
 *
 * The same steps as a release of the gateway takes, with gateway/disclosure below: rules,
 * suppression, intervals, and an audit that believes none of them. What cannot be proved
 * safe is not shown: at the worst nothing is. */
#ifndef STATGATE_TOOLS_CLI_PROTECT_RUN_H
#define STATGATE_TOOLS_CLI_PROTECT_RUN_H

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/disclosure.h"
#include "tools/cli/protect_table.h"

enum protect_phase {
        PROTECT_SUPPRESSING = 0,
        PROTECT_IMPROVING,
        PROTECT_ROUNDING,
        PROTECT_AUDITING
};

struct protect_settings {
        uint32_t threshold; /* fewest persons, or contributors; 0: no cell is hidden */
        bool zeros_published;
        struct disclosure_dominance dominance;
        enum disclosure_cost cost;
        uint32_t interval; /* width; at least 1: never exactly */
        uint32_t starts;
        uint64_t seed, work_limit;
        uint64_t iterations;  /* of linear programs, for intervals and for the audit each; 0: any */
        uint32_t audit_cells; /* 0: all */
        uint32_t audit_large; /* cells drawn where a table is too large to be solved; 0: none */
        /* Per cent of the protected cells that must be audited. Where nobody says so: all that the
         * search for widths shows the auditor, else some. */
        uint32_t audit_share;
        bool audit_share_said;
        bool narrow_allowed; /* shown though cells are told to within less than the interval */
        bool optimum;
        uint32_t rounding; /* base; 0: values as they are */
        /* Told before each step that may take long; may be NULL. */
        void (*tell)(const void *who, enum protect_phase phase, size_t cells);
        const void *who;
};

/* Why nothing is shown. */
enum protect_refusal {
        PROTECT_RELEASED = 0,
        PROTECT_UNPROVED,       /* no proof that the pattern is safe, or no time for one */
        PROTECT_COMPUTABLE,     /* a protected cell follows from what everybody knows */
        PROTECT_AUDIT_FOUND,    /* the audit could compute a protected cell */
        PROTECT_AUDITED_LITTLE, /* fewer cells are audited than was required */
        PROTECT_NOTHING_FITS,   /* what would be shown does not add up: nobody can audit it */
        PROTECT_TOLD_NEARLY     /* the audit tells some to within less than the interval */
};

struct protect_result {
        uint8_t *rule;  /* enum cell_rule, of every cell; CELL_RULE_NONE: shown */
        int64_t *value; /* of cells that are shown; as they were, or rounded */
        size_t cells;   /* that have a code in every dimension */
        size_t shown, primary, secondary;
        size_t by_rule[CELL_RULE_COUNT];
        size_t interval; /* of the secondary ones, hidden for the width alone */
        size_t narrow;   /* protected cells that could not be given the width */
        uint64_t cost, bound;
        bool bounded, optimal; /* bounded: no safe pattern costs less than `bound` */
        bool limited;          /* the work limit ended the search */
        enum protect_refusal refusal;
        uint32_t starts;
        uint64_t work;
        bool audited;
        enum audit_attacker attacker;
        struct audit_verdict verdict;
        bool controlled; /* rounding: every value within one base of the truth */
        uint32_t margin_most;
};

/* ERR_LIMIT, ERR_TOO_MANY_CELLS, ERR_NO_MEMORY. The result lives in `arena`. */
MUST_CHECK enum err protect_run(struct arena *arena, const struct protect_table *t,
        const struct protect_settings *settings, struct protect_result *out);

/* The rule that hides a cell by itself. */
enum cell_rule protect_rule(
        const struct protect_table *t, size_t cell, const struct protect_settings *s);

#endif
