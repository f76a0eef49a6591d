/* SPDX-License-Identifier: Apache-2.0 */
/* progress.h: how far a long job has come: a bar on a terminal, a line now and then
 * elsewhere, on standard error. Thread-safe enough for one caller at a time. */
#ifndef STATGATE_TOOLS_CLI_PROGRESS_H
#define STATGATE_TOOLS_CLI_PROGRESS_H

#include "tools/cli/cli.h"

struct progress {
        const struct cli *cli;
        uint64_t total; /* rows expected; 0: not known */
        int64_t started_ns, shown_ns;
        bool quiet, drawn;
};

void progress_start(struct progress *p, const struct cli *cli, uint64_t total, bool quiet);
void progress_show(struct progress *p, uint64_t rows);
void progress_end(struct progress *p); /* takes the bar away */

#endif
