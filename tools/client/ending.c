/* SPDX-License-Identifier: Apache-2.0 */
/* ending.c: how a call ended, in our words.
 *
 * The server's sentence is shown as it came, since it was written for people; what
 * is not printable in it is blotted out, since it came over a network and ends up
 * on a terminal. */
#include <grpc/slice.h>
#include <string.h>

#include "base/arena.h"
#include "proto/wire.h"
#include "tools/client/internal.h"

enum { DETAILS_ARENA_MAX = 1 << 20 };

void ending_init(struct ending *e)
{
        memset(e, 0, sizeof *e);
        e->message = grpc_empty_slice();
        grpc_metadata_array_init(&e->trailers);
}

void ending_op(struct ending *e, grpc_op *op)
{
        op->op = GRPC_OP_RECV_STATUS_ON_CLIENT;
        op->data.recv_status_on_client.status = &e->code;
        op->data.recv_status_on_client.status_details = &e->message;
        op->data.recv_status_on_client.trailing_metadata = &e->trailers;
}

void ending_done(struct ending *e)
{
        grpc_slice_unref(e->message);
        e->message = grpc_empty_slice();
        grpc_metadata_array_destroy(&e->trailers);
        grpc_metadata_array_init(&e->trailers);
}

/* An error of ours with this canonical code, for callers that only pass it on. */
static enum err err_of(enum status code)
{
        switch (code) {
        case STATUS_OK:
                return ERR_OK;
        case STATUS_CANCELLED:
                return ERR_CANCELLED;
        case STATUS_INVALID_ARGUMENT:
        case STATUS_OUT_OF_RANGE:
                return ERR_INVALID;
        case STATUS_DEADLINE_EXCEEDED:
                return ERR_DEADLINE;
        case STATUS_NOT_FOUND:
                return ERR_NOT_FOUND;
        case STATUS_ALREADY_EXISTS:
                return ERR_CONFLICT;
        case STATUS_PERMISSION_DENIED:
                return ERR_NOT_ALLOWED;
        case STATUS_RESOURCE_EXHAUSTED:
                return ERR_BUSY;
        case STATUS_FAILED_PRECONDITION:
        case STATUS_ABORTED:
                return ERR_OUT_OF_ORDER;
        case STATUS_UNIMPLEMENTED:
                return ERR_UNSUPPORTED;
        case STATUS_UNAVAILABLE:
                return ERR_DRAINING;
        case STATUS_DATA_LOSS:
                return ERR_CORRUPT;
        case STATUS_UNAUTHENTICATED:
                return ERR_NOT_AUTHENTICATED;
        case STATUS_UNKNOWN:
        case STATUS_INTERNAL:
                return ERR_INTERNAL;
        }
        return ERR_INTERNAL; /* a number from outside the table */
}

static void copy_printable(grpc_slice from, char *out, size_t out_len)
{
        const uint8_t *bytes = GRPC_SLICE_START_PTR(from);
        size_t len = GRPC_SLICE_LENGTH(from);

        if (len > out_len - 1)
                len = out_len - 1;
        for (size_t i = 0; i < len; i++)
                out[i] = (char)(bytes[i] < ' ' || bytes[i] == 0x7f ? '?' : bytes[i]);
        out[len] = '\0';
}

/* Details that cannot be read are left out: the status still stands. */
static void read_details(grpc_slice wire, struct refusal *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(DETAILS_ARENA_MAX);
        struct bytes b = bytes_of(GRPC_SLICE_START_PTR(wire), GRPC_SLICE_LENGTH(wire));

        if (arena == NULL || rich_status_decode(arena, b, out) != ERR_OK)
                memset(out, 0, sizeof *out);
}

enum err ending_read(const struct ending *e, struct call_status *out)
{
        enum status code = (enum status)e->code;

        if (out == NULL)
                return err_of(code);
        out->code = code;
        copy_printable(e->message, out->message, sizeof out->message);
        out->details.code = ERR_OK;
        out->details.len = out->details.dropped = 0;
        for (size_t i = 0; i < e->trailers.count; i++) {
                const grpc_metadata *m = &e->trailers.metadata[i];

                if (grpc_slice_str_cmp(m->key, "grpc-status-details-bin") == 0)
                        read_details(m->value, &out->details);
        }
        out->details.code = err_of(code);
        return err_of(code);
}
