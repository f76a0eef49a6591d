/* SPDX-License-Identifier: Apache-2.0 */
/* render.h: a release as text: a table for people, CSV for spreadsheets and R, JSON
 * for programs. What is written depends on the release, the question and the
 * language alone, never on the clock: the same answer gives the same file, but for its
 * certificate in JSON. */
#ifndef STATGATE_TOOLS_CLI_RENDER_H
#define STATGATE_TOOLS_CLI_RENDER_H

#include "proto/wire.h"
#include "tools/cli/cli.h"

struct about;
struct answer_proof;
struct answer {
        const struct wire_release *release;
        struct digest digest;             /* of the release's bytes */
        const struct query *asked;        /* the release does not repeat the filters; or NULL */
        const struct answer_proof *proof; /* NULL: it came without */
        /* Of tables that are put together from several releases. What stands around it, instead
         * of what this release would say (NULL: that); and whether its last dimension, years, has
         * no total to show. */
        const struct about *about;
        bool last_bare;
};

struct render_how {
        FILE *out;
        unsigned width; /* of the terminal; 0: no terminal, and no label is cut */
        bool colour;
        bool bom; /* CSV only: for spreadsheets that guess the encoding */
};

/* ERR_MALFORMED for a release that no gateway makes, ERR_IO when `out` fails. */
MUST_CHECK enum err render_table(
        const struct cli *cli, const struct answer *a, const struct render_how *how);

/* One line per cell: code and label of each dimension (`_T` is the total), a column
 * per measure, `obs_status` with SDMX's OBS_STATUS: A value, Q protected, O missing, M not
 * applicable, and `conf_status` with its CONF_STATUS: F free, C confidential. `held` is there
 * where some values are not revised, and 1 at those. A measure is empty unless it has a value. A
 * share has `.low` and
 * `.high` beside it, the ends of its interval; several measures have a `.status` each,
 * since one may be withheld and another shown. Columns are named as they are asked for:
 * `kommun:lan`, `kommun:lan.label`, `sum:dygnskostnad`, or as the question calls them. */
MUST_CHECK enum err render_csv(
        const struct cli *cli, const struct answer *a, const struct render_how *how);

/* {"format", "release", "filters", "dimensions", "measures", "statuses", "cells", "proof"}; a
 * cell is {"at": codes with null for a total, "obs_status", "conf_status":
 * of the whole cell, "values":
 * null where there is none, "statuses": of each measure, and "intervals": [low, high] or
 * null, where the table has any}. The proof stands in answer_file.h. */
MUST_CHECK enum err render_json(
        const struct cli *cli, const struct answer *a, const struct render_how *how);
/* JSON-stat 2.0, PC-Axis, and a workbook. */
MUST_CHECK enum err render_jsonstat(
        const struct cli *cli, const struct answer *a, const struct render_how *how);
MUST_CHECK enum err render_px(
        const struct cli *cli, const struct answer *a, const struct render_how *how);
/* ERR_TOO_LARGE: more cells than a sheet has rows. */
MUST_CHECK enum err render_xlsx(
        const struct cli *cli, const struct answer *a, const struct render_how *how);

#endif
