/* SPDX-License-Identifier: Apache-2.0 */
/* listing.h: a short list with headings: data sets, variables, vintages, views. The
 * only user of libsmartcols. */
#ifndef STATGATE_TOOLS_CLI_LISTING_H
#define STATGATE_TOOLS_CLI_LISTING_H

#include "tools/cli/cli.h"

struct listing;

enum lane_side { SIDE_LEFT = 0, SIDE_RIGHT };
struct lane_head {
        enum word word;
        enum lane_side side;
};

/* A heading that is not ours to word. */
struct lane_title {
        const char *text;
        enum lane_side side;
};

MUST_CHECK enum err listing_new(
        const struct cli *cli, const struct lane_head *heads, uint32_t len, struct listing **out);
MUST_CHECK enum err listing_new_titled(
        const struct lane_title *titles, uint32_t len, struct listing **out);
void listing_free(struct listing **l);
/* As many texts as there are headings; copied, control characters shown as "?". */
MUST_CHECK enum err listing_add(struct listing *l, const char *const *texts);
MUST_CHECK enum err listing_print(struct listing *l, FILE *to);

#endif
