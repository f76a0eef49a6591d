/* SPDX-License-Identifier: Apache-2.0 */
/* mapping.h: what a municipality says about its own file, in a small YAML file.
 *
 *      person: "Barnets personnr"
 *      record_key: "Ärendenr"
 *      guardians: ["Vårdnadshavare 1", "Vårdnadshavare 2"]
 *      columns:
 *        "Placerad i": form
 *        "Handläggare": ignore
 *      values:
 *        form: {"Fam.hem": familjehem}
 *      missing: ["NULL", "-"]
 *      date_format: DD/MM/YYYY
 *      decimal: ","
 *      as_of: 2024-12-31
 *
 * Only what the tool cannot find out by itself needs to be there. */
#ifndef STATGATE_TOOLS_CLI_MAPPING_H
#define STATGATE_TOOLS_CLI_MAPPING_H

#include "base/arena.h"
#include "tools/cli/csv.h"
#include "tools/cli/values.h"

/* What a column of the file is for. */
enum target {
        TARGET_UNKNOWN = 0,
        TARGET_IGNORE,
        TARGET_PERSON,
        TARGET_GUARDIAN,
        TARGET_RECORD_KEY,
        TARGET_MUNICIPALITY, /* looked at, never sent */
        TARGET_VARIABLE
};

struct yaml;
struct mapping_column {
        struct bytes header;
        enum target target;
        struct bytes variable; /* TARGET_VARIABLE */
        const struct yaml *at; /* for complaints */
};
struct mapping_value {
        struct bytes variable, from, to;
        const struct yaml *at;
};

/* Zeroed: nothing said. */
struct mapping {
        struct mapping_column *columns;
        uint32_t columns_len;
        struct mapping_value *values;
        uint32_t values_len;
        struct bytes *missing; /* texts that mean "no value", beside the empty one */
        uint32_t missing_len;
        enum date_format date_format;
        char decimal;               /* 0: find out */
        struct csv_dialect dialect; /* wishes */
        bool has_as_of;
        int32_t as_of_days;
};

/* Texts live in the arena. Refusals carry file:line:column. */
MUST_CHECK enum err mapping_read(struct arena *arena, const char *name, struct bytes text,
        struct mapping *out, struct refusal *why);

#endif
