/* SPDX-License-Identifier: Apache-2.0 */
/* delivery.h: one submission over the wire, from Open to the receipt, over as many
 * connections as it takes. */
#ifndef STATGATE_TOOLS_CLI_DELIVERY_H
#define STATGATE_TOOLS_CLI_DELIVERY_H

#include "proto/wire.h"
#include "tools/cli/cli.h"
#include "tools/cli/conveyor.h"
#include "tools/cli/progress.h"

struct client;
struct sealing;

struct delivery_wish {
        struct wire_open open;
        const struct settings *settings;
        const struct identity *identity;
        /* The connection of the delivery before, or NULL; left for the next one. The caller
         * closes it. */
        struct client **client;
        /* What persons are sealed with before they leave; NULL: they go in clear. */
        struct sealing *sealing;
        const struct intake_plan *plan;
        unsigned retry_s; /* without progress, before giving up */
        /* Asked when all batches are acknowledged; false: do not commit. Else says how many rows
         * were never sent. */
        bool (*may_commit)(
                void *state, uint64_t accepted, uint64_t rejected, uint64_t *out_turned_away);
        void *state;
};

struct delivery_outcome {
        bool was_opened;    /* the gateway answered Open */
        bool was_committed; /* before this run */
        bool is_committed;
        uint32_t resumed_at; /* batches that the gateway had already */
        uint64_t accepted, rejected;
        struct rejected_list rejections; /* rows of the file; texts in the cli's arena */
        uint64_t rejections_untold;
        struct wire_committed receipt;
};

/* Runs until committed or given up; complains itself. Call while the parser fills
 * `c`; the caller stops and joins the parser. */
enum exit_code delivery_run(struct cli *cli, const struct delivery_wish *wish, struct conveyor *c,
        struct progress *progress, struct delivery_outcome *out);

#endif
