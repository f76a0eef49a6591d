/* SPDX-License-Identifier: Apache-2.0 */
/* render_about.h: how a table was protected, and all that stands around one as lines of
 * text, for formats that have a place for them. */
#ifndef STATGATE_TOOLS_CLI_RENDER_ABOUT_H
#define STATGATE_TOOLS_CLI_RENDER_ABOUT_H

#include "tools/cli/render.h"

/* Preset, method and audit, and the nearest question that tells more. */
void frame_protection(const struct cli *cli, FILE *to, const struct wire_release *r);
void frame_nearest(const struct cli *cli, FILE *to, const struct wire_nearest *n);

/* What would be answered. */
void forecast_print(const struct cli *cli, FILE *to, const struct wire_forecast *f);

struct about {
        const struct bytes *lines; /* never empty ones */
        uint32_t len;
        struct bytes title; /* the first of them */
};
/* Head and foot as they stand around the table for people, and the digests. */
MUST_CHECK enum err about_lines(const struct cli *cli, const struct answer *a, struct about *out);
/* A text of several lines, which is borrowed. */
MUST_CHECK enum err about_split(struct arena *arena, struct bytes text, struct about *out);

#endif
