/* SPDX-License-Identifier: Apache-2.0 */
/* stream.c: calls with many messages, read and written like a file.
 *
 * Headers and status are asked for when the call starts and looked at when it
 * ends. A send returns while its message is still on the way and waits for the
 * one before: the next batch is put together while the last is encrypted, and at
 * most one message is in memory twice.
 *
 * Sending and receiving use different tags of one queue, so that two threads can
 * do one each. */
#include <assert.h>
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/rpc/tag.h"
#include "tools/client/internal.h"

struct call {
        struct client *client;
        grpc_completion_queue *queue;
        grpc_call *core;
        grpc_metadata_array headers;
        struct ending ending;
        grpc_byte_buffer *sending, *received;
        bool write_failed, half_closed, ended;
        /* Batches under way; their addresses are the tags. */
        bool heading, writing, closing, status;
};

static enum err start(struct call *call, const grpc_op *ops, size_t ops_len, bool *tag)
{
        *tag = true;
        tag_release(tag);
        if (grpc_call_start_batch(call->core, ops, ops_len, tag, NULL) == GRPC_CALL_OK)
                return ERR_OK;
        *tag = false;
        return ERR_INTERNAL;
}

/* Waits for a batch if it is under way; whether it went well. */
static bool settle(struct call *call, bool *tag)
{
        bool ok = *tag ? client_pluck(call->queue, tag) : true;

        *tag = false;
        return ok;
}

static enum err start_all(struct call *call)
{
        grpc_op ops[2];

        memset(ops, 0, sizeof ops);
        ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
        ops[1].op = GRPC_OP_RECV_INITIAL_METADATA;
        ops[1].data.recv_initial_metadata.recv_initial_metadata = &call->headers;
        TRY(start(call, ops, 2, &call->heading));
        memset(ops, 0, sizeof ops);
        ending_op(&call->ending, &ops[0]);
        return start(call, ops, 1, &call->status);
}

enum err call_start(struct client *c, const char *path, unsigned timeout_ms, struct call **out)
{
        struct call *call = calloc(1, sizeof *call);

        if (call == NULL)
                return ERR_NO_MEMORY;
        call->client = c;
        call->queue = client_queue_take(c);
        call->core = client_call(c, call->queue, path, client_deadline(timeout_ms));
        grpc_metadata_array_init(&call->headers);
        ending_init(&call->ending);
        enum err err = start_all(call);

        if (err != ERR_OK) {
                call_free(&call);
                return err;
        }
        *out = call;
        return ERR_OK;
}

/* Waits for the write under way. */
static void settle_write(struct call *call)
{
        if (!settle(call, &call->writing))
                call->write_failed = true;
        if (call->sending != NULL)
                grpc_byte_buffer_destroy(call->sending);
        call->sending = NULL;
}

enum err call_send(struct call *call, struct bytes message)
{
        grpc_op op;

        assert(!call->half_closed);
        grpc_byte_buffer *buffer = client_buffer(message);

        settle_write(call);
        if (call->write_failed) {
                grpc_byte_buffer_destroy(buffer);
                return ERR_CANCELLED;
        }
        call->sending = buffer;
        memset(&op, 0, sizeof op);
        op.op = GRPC_OP_SEND_MESSAGE;
        op.data.send_message.send_message = buffer;
        return start(call, &op, 1, &call->writing);
}

enum err call_half_close(struct call *call)
{
        grpc_op op;

        if (call->half_closed)
                return ERR_OK;
        call->half_closed = true;
        settle_write(call);
        if (call->write_failed)
                return ERR_CANCELLED;
        memset(&op, 0, sizeof op);
        op.op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
        return start(call, &op, 1, &call->closing);
}

/* The next message into call->received; NULL at the end. */
static void read_next(struct call *call)
{
        grpc_op op;

        memset(&op, 0, sizeof op);
        op.op = GRPC_OP_RECV_MESSAGE;
        op.data.recv_message.recv_message = &call->received;
        tag_release(&call->received);
        if (!call->ended &&
                grpc_call_start_batch(call->core, &op, 1, &call->received, NULL) == GRPC_CALL_OK)
                (void)client_pluck(call->queue, &call->received);
        call->ended = call->received == NULL;
}

static void drop_received(struct call *call)
{
        if (call->received != NULL)
                grpc_byte_buffer_destroy(call->received);
        call->received = NULL;
}

enum err call_receive(struct call *call, struct arena *arena, struct bytes *out)
{
        read_next(call);
        if (call->ended)
                return ERR_NOT_FOUND;
        enum err err = client_bytes(call->received, arena, out);

        drop_received(call);
        return err;
}

enum err call_finish(struct call *call, struct call_status *status)
{
        /* The status stands behind the messages: unread ones would hold it up. */
        while (!call->ended) {
                read_next(call);
                drop_received(call);
        }
        (void)settle(call, &call->status);
        settle_write(call);
        (void)settle(call, &call->closing);
        (void)settle(call, &call->heading);
        return ending_read(&call->ending, status);
}

void call_cancel(struct call *call)
{
        (void)grpc_call_cancel(call->core, NULL);
}

void call_free(struct call **c)
{
        if (c == NULL || *c == NULL)
                return;
        struct call *call = *c;

        if (call->status)
                call_cancel(call);
        enum err ignored = call_finish(call, NULL);

        (void)ignored;
        ending_done(&call->ending);
        grpc_metadata_array_destroy(&call->headers);
        grpc_call_unref(call->core);
        client_queue_put(call->client, call->queue);
        free(call);
        *c = NULL;
}
