/* SPDX-License-Identifier: Apache-2.0 */
/* hierarchy.h: which codes of a dimension lie in which, and in what order they stand.
 *
 *      child,parent
 *      0114,01
 *      0180,01
 *      01,svealand
 *
 * A group without a parent lies in the total, which is called `Total` everywhere and may be
 * named as a parent. Branches may differ in depth. Several files for one dimension group the
 * same codes in several ways.
 *
 * A model's levels are whole: every leaf has a group in each. Where a branch is shorter, the
 * leaf stands in for its own group there: such a node has no code and is never shown. */
#ifndef STATGATE_TOOLS_CLI_HIERARCHY_H
#define STATGATE_TOOLS_CLI_HIERARCHY_H

#include "gateway/disclosure/model.h"
#include "tools/cli/table_file.h"

enum { HIERARCHY_DEPTH_MAX = 12, HIERARCHY_FILES_MAX = 4 };
#define HIERARCHY_TOTAL "Total"

struct hierarchy_wish {
        const char *dimension;
        const char *paths[HIERARCHY_FILES_MAX];
        uint32_t paths_len;
};

/* A dimension with its nodes: leaves, groups, and the total last. */
struct shape {
        struct model_dimension model;
        uint32_t nodes;
        const struct bytes *code; /* of every node; empty: stands in, not shown */
        const uint32_t *node;     /* of every code of the table's file */
        const bool *is_group;     /* of every code of the table's file: a group, or the total */
};

/* `codes` are those of the file `table`; where there are hierarchies each of them must be in
 * every one, as a leaf or in one of them as a group. ERR_INVALID with `why` filled. */
MUST_CHECK enum err hierarchy_shape(struct arena *arena, const struct hierarchy_wish *wish,
        const struct table_codes *codes, const char *table, struct shape *out,
        struct table_fault *why);

#endif
