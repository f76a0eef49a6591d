/* SPDX-License-Identifier: Apache-2.0 */
/* reply.c: how a call's end reads on the other side.
 *
 * A refusal carries its sentence and, where a handler said which fields were at
 * fault, a google.rpc.Status with a BadRequest in grpc-status-details-bin. All of
 * it travels in headers, and clients give up on headers beyond 8 kB: rich_status_encode
 * leaves out what does not fit and says how much that was.
 *
 * A failure is ours: the log gets the method and the name of the error, once; the
 * caller hears the sentence and nothing of the rest. */
#include <grpc/slice.h>
#include <string.h>

#include "base/log.h"
#include "gateway/rpc/internal.h"
#include "proto/wire.h"

static void details_make(enum err err, const struct refusal *why, struct reply *out)
{
        struct bytes wire;
        struct buf buf;

        buf_init(&buf, METADATA_MAX);
        if (rich_status_encode(err_status(err), err_sentence(err), why, &buf) == ERR_OK &&
                buf_end(&buf, &wire) == ERR_OK) {
                out->details.key = grpc_slice_from_static_string("grpc-status-details-bin");
                out->details.value =
                        grpc_slice_from_copied_buffer((const char *)wire.data, wire.len);
                out->details_len = 1;
        }
        buf_done(&buf);
}

void reply_make(const struct rpc_call *c, const char *path, enum err err, struct reply *out)
{
        memset(out, 0, sizeof *out);
        out->code = (grpc_status_code)err_status(err);
        out->message = grpc_slice_from_static_string(err == ERR_OK ? "" : err_sentence(err));
        if (err == ERR_OK)
                return;
        if (err_kind(err) == ERR_KIND_FAILED)
                log_event(LOG_ERROR, "call_failed", LOG_TEXT("method", path),
                        LOG_TEXT("error", err_name(err)));
        else if (c->why.len > 0)
                details_make(err, &c->why, out);
}

void reply_done(struct reply *r)
{
        if (r->details_len > 0)
                grpc_slice_unref(r->details.value);
        r->details_len = 0;
}
