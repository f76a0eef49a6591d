/* SPDX-License-Identifier: Apache-2.0 */
/* render_frame.h: what stands above and below a table for people: what was asked, of
 * what, how much of it was delivered, and what the marks mean. */
#ifndef STATGATE_TOOLS_CLI_RENDER_FRAME_H
#define STATGATE_TOOLS_CLI_RENDER_FRAME_H

#include "tools/cli/render.h"

void frame_head(const struct cli *cli, const struct answer *a, const struct render_how *how);
void frame_foot(const struct cli *cli, const struct answer *a, const struct render_how *how);

/* Parts of the above, for tables that are not one release: conditions on a
 * line; linkage, unit and period on a line; coverage by data set; what the marks mean. */
void frame_conditions(const struct cli *cli, FILE *to, const struct query *q);
void frame_scope(const struct cli *cli, FILE *to, const struct answer *a);
void frame_coverage(const struct cli *cli, FILE *to, const struct answer *a);
void frame_legend(const struct cli *cli, FILE *to, bool intervals);
void frame_threshold(const struct cli *cli, FILE *to, const struct wire_release *r);

/* "person", in the reader's language. */
const char *unit_word(const struct cli *cli, enum unit unit);
/* The first bytes of a digest: enough to compare by eye. */
enum { DIGEST_SHORT_TEXT = 17 };
const char *digest_short(const struct digest *d, char out[DIGEST_SHORT_TEXT]);

#endif
