/* SPDX-License-Identifier: Apache-2.0 */
/* log_stream.h: the audit log as the gateway sends it, entry by entry, and which of them. */
#ifndef STATGATE_TOOLS_CLI_AUDIT_LOG_STREAM_H
#define STATGATE_TOOLS_CLI_AUDIT_LOG_STREAM_H

#include "proto/wire_audit.h"
#include "tools/cli/cli.h"

/* Entries of a page, borrowed until the visitor returns; its error ends the reading. The page
 * may be empty: it tells how far the search is. */
typedef enum err (*log_visitor)(void *ctx, const struct wire_log_page *page);

/* Asks as --as says, else as the data-protection officer. Complains itself. */
enum exit_code log_stream(
        struct cli *cli, const struct wire_log_request *request, log_visitor fn, void *ctx);

/* The options of filter_options.h into a filter; complains itself. Borrows from args. */
enum exit_code log_filter_read(
        struct cli *cli, const struct arguments *args, struct wire_log_filter *out);

/* A day (from its beginning, or with `after` from that of the next), or an instant as
 * 2026-11-21T21:48:55Z; UTC. ERR_MALFORMED. */
MUST_CHECK enum err log_moment(const char *text, bool after, int64_t *out_ms);

#endif
