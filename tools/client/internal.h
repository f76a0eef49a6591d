/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the files of the client share. */
#ifndef STATGATE_TOOLS_CLIENT_INTERNAL_H
#define STATGATE_TOOLS_CLIENT_INTERNAL_H

#include <grpc/grpc.h>
#include <pthread.h>
#include <stdatomic.h>

#include "tools/client/client.h"

enum { CHANNELS_MAX = 64, QUEUES_KEPT = 64 };

struct client {
        grpc_channel *channels[CHANNELS_MAX];
        unsigned channels_len;
        atomic_uint next;
        pthread_mutex_t lock;
        grpc_completion_queue *queues[QUEUES_KEPT]; /* idle ones */
        unsigned queues_len;
};

/* A call on the next channel, round robin. */
grpc_call *client_call(
        struct client *c, grpc_completion_queue *queue, const char *path, gpr_timespec deadline);

/* Completion queues cost more than calls, so they are used again. A queue that
 * is put back has had all of its tags plucked. */
grpc_completion_queue *client_queue_take(struct client *c);
void client_queue_put(struct client *c, grpc_completion_queue *queue);

gpr_timespec client_deadline(unsigned timeout_ms); /* 0: never */

/* Waits for a tag; whether the batch succeeded. */
bool client_pluck(grpc_completion_queue *queue, void *tag);
grpc_byte_buffer *client_buffer(struct bytes b);
enum err client_bytes(grpc_byte_buffer *buffer, struct arena *arena, struct bytes *out) MUST_CHECK;

/* What RECV_STATUS_ON_CLIENT fills in. */
struct ending {
        grpc_status_code code;
        grpc_slice message;
        grpc_metadata_array trailers;
};
void ending_init(struct ending *e);
void ending_op(struct ending *e, grpc_op *op);
/* Reads it into `out` (NULL: nobody asks); the error has the same canonical code. */
enum err ending_read(const struct ending *e, struct call_status *out) MUST_CHECK;
void ending_done(struct ending *e);

#endif
