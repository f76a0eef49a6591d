/* SPDX-License-Identifier: Apache-2.0 */
/* plan.h: how the columns of one file become the columns of a batch.
 *
 * Made once from the schema, the mapping and the file's header; then every row is
 * read by it. Headers are matched by variable id or label, whatever the case and
 * accents; the mapping file decides where that is not enough. */
#ifndef STATGATE_TOOLS_CLI_PLAN_H
#define STATGATE_TOOLS_CLI_PLAN_H

#include "crypto/personnummer.h"
#include "policies/policy.h"
#include "tools/cli/csv.h"
#include "tools/cli/lookup.h"
#include "tools/cli/mapping.h"

enum { PLAN_NONE = UINT32_MAX, PLAN_DERIVED = UINT32_MAX - 1 };

struct plan_column {        /* one of the file */
        const char *header; /* printable; "column 3" where it must not be shown */
        enum target target;
        uint32_t variable;
        uint32_t field;
};

struct plan_output { /* one of the batch */
        const struct variable *variable;
        enum column_kind kind;
        uint32_t width; /* bytes a row, while it is built */
        uint32_t field; /* of the file, or PLAN_DERIVED from the personal number */
        struct code_map *codes;
};

struct intake_plan {
        const struct policy_dataset *dataset;
        municipality_t municipality; /* 0: not known, rows are not compared with it */
        const struct mapping *mapping;
        struct plan_column *columns;
        uint32_t columns_len;
        struct plan_output *outputs;
        uint32_t outputs_len;
        uint32_t person, record_key, own_municipality; /* fields, or PLAN_NONE */
        uint32_t guardians[GUARDIANS_MAX];
        uint32_t guardians_len;
        struct code_map *municipalities;
        int32_t woman, man; /* codes of the sex variable; LOOKUP_NONE: none */
        struct pnr_reading reading;
};

struct intake_wish {
        const struct policy_dataset *dataset;
        const struct code_list *municipalities; /* NULL: none */
        municipality_t municipality;
        const struct mapping *mapping;
        bool has_as_of;
        int32_t as_of_days;
};

/* `header` is the file's first row. Everything lives in the arena; *wish's
 * pointers must outlive the plan. Refusals name headers, never values. */
MUST_CHECK enum err intake_plan_make(struct arena *arena, const struct intake_wish *wish,
        const struct csv_row *header, struct intake_plan **out, struct refusal *why);

/* The header that a gateway's rejection is about ("kon", "person", …). */
uint32_t plan_column_of(const struct intake_plan *p, struct bytes variable); /* or PLAN_NONE */

#endif
