/* SPDX-License-Identifier: Apache-2.0 */
/* load.c: many unary calls at once from one thread, for measuring a server.
 *
 * Sixteen blocking callers are sixteen threads, and on a machine shared with the
 * server their switching would be most of what is measured. Here one thread keeps
 * all calls going. Latencies go into buckets of two per cent, so that a long run
 * needs no more memory than a short one. */
#include <grpc/byte_buffer.h>
#include <grpc/slice.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/rpc/tag.h"
#include "tools/client/internal.h"

enum { BUCKETS = 1024, CALLERS_MAX = 4096, DEADLINE_MS = 30000 };
static const double growth = 1.02;

struct caller {
        grpc_call *core;
        grpc_metadata_array headers;
        grpc_byte_buffer *response;
        struct ending ending;
        int64_t began_ns;
        unsigned channel;
};

struct run {
        struct client *client;
        grpc_completion_queue *queue;
        void *methods[CHANNELS_MAX];
        grpc_byte_buffer *request;
        int64_t end_ns;
        uint64_t calls, failed, buckets[BUCKETS];
        double max_us;
};

static enum err fire(struct run *run, struct caller *caller)
{
        grpc_op ops[6];

        caller->core = grpc_channel_create_registered_call(run->client->channels[caller->channel],
                NULL, GRPC_PROPAGATE_DEFAULTS, run->queue, run->methods[caller->channel],
                client_deadline(0), NULL);
        grpc_byte_buffer *request = grpc_byte_buffer_copy(run->request);

        memset(ops, 0, sizeof ops);
        ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
        ops[1].op = GRPC_OP_SEND_MESSAGE;
        ops[1].data.send_message.send_message = request;
        ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
        ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
        ops[3].data.recv_initial_metadata.recv_initial_metadata = &caller->headers;
        ops[4].op = GRPC_OP_RECV_MESSAGE;
        ops[4].data.recv_message.recv_message = &caller->response;
        ending_op(&caller->ending, &ops[5]);
        caller->began_ns = clock_monotonic_ns();
        tag_release(caller);
        bool ok = grpc_call_start_batch(caller->core, ops, 6, caller, NULL) == GRPC_CALL_OK;

        grpc_byte_buffer_destroy(request);
        return ok ? ERR_OK : ERR_INTERNAL;
}

static void count(struct run *run, const struct caller *caller)
{
        double us = (double)(clock_monotonic_ns() - caller->began_ns) / 1000;
        int bucket = us > 1 ? (int)(log(us) / log(growth)) : 0;

        run->buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
        run->calls++;
        run->failed += caller->ending.code != GRPC_STATUS_OK;
        if (us > run->max_us)
                run->max_us = us;
}

static void clear(struct caller *caller)
{
        if (caller->response != NULL)
                grpc_byte_buffer_destroy(caller->response);
        caller->response = NULL;
        grpc_call_unref(caller->core);
        caller->core = NULL;
        caller->headers.count = 0;
        grpc_slice_unref(caller->ending.message);
        caller->ending.message = grpc_empty_slice();
        caller->ending.trailers.count = 0;
}

/* Fires again whatever came back, until the time is up and all are home. */
static enum err keep_going(struct run *run, unsigned out)
{
        enum err err = ERR_OK;

        while (out > 0) {
                grpc_event ev = grpc_completion_queue_next(
                        run->queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);
                struct caller *caller = ev.tag;

                tag_acquire(caller);
                count(run, caller);
                clear(caller);
                bool again = err == ERR_OK && clock_monotonic_ns() < run->end_ns;

                if (again)
                        err = fire(run, caller);
                if (again && err != ERR_OK)
                        clear(caller);
                if (!again || err != ERR_OK)
                        out--;
        }
        return err;
}

static uint32_t percentile(const struct run *run, double share)
{
        uint64_t wanted = (uint64_t)((double)run->calls * share), seen = 0;

        for (int i = 0; i < BUCKETS; i++) {
                seen += run->buckets[i];
                if (seen > wanted)
                        return (uint32_t)pow(growth, i + 1);
        }
        return (uint32_t)run->max_us;
}

static void queue_end(grpc_completion_queue *queue)
{
        grpc_completion_queue_shutdown(queue);
        while (grpc_completion_queue_next(queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL).type !=
                GRPC_QUEUE_SHUTDOWN)
                ;
        grpc_completion_queue_destroy(queue);
}

static enum err run_all(struct run *run, struct caller *callers, unsigned len)
{
        unsigned out = 0;
        enum err err = ERR_OK;

        for (; out < len && err == ERR_OK; out++) {
                callers[out].channel = out % run->client->channels_len;
                grpc_metadata_array_init(&callers[out].headers);
                ending_init(&callers[out].ending);
                err = fire(run, &callers[out]);
        }
        if (err != ERR_OK) {
                clear(&callers[--out]);
                run->end_ns = 0;
        }
        enum err later = keep_going(run, out);

        for (unsigned i = 0; i < len; i++) {
                grpc_metadata_array_destroy(&callers[i].headers);
                ending_done(&callers[i].ending);
        }
        return err != ERR_OK ? err : later;
}

enum err client_load(struct client *c, const char *path, struct bytes request, unsigned callers,
        double seconds, struct client_load *out)
{
        if (callers == 0 || callers > CALLERS_MAX || c->channels_len == 0)
                return ERR_INVALID;
        struct run *run = calloc(1, sizeof *run);
        struct caller *all = calloc(callers, sizeof *all);

        if (run == NULL || all == NULL) {
                free(run);
                free(all);
                return ERR_NO_MEMORY;
        }
        run->client = c;
        run->queue = grpc_completion_queue_create_for_next(NULL);
        run->request = client_buffer(request);
        for (unsigned i = 0; i < c->channels_len; i++)
                run->methods[i] = grpc_channel_register_call(c->channels[i], path, NULL, NULL);
        int64_t began = clock_monotonic_ns();

        run->end_ns = began + (int64_t)(seconds * 1e9);
        enum err err = run_all(run, all, callers);

        *out = (struct client_load){.calls = run->calls,
                .failed = run->failed,
                .seconds = (double)(clock_monotonic_ns() - began) / 1e9,
                .p50_us = percentile(run, 0.50),
                .p99_us = percentile(run, 0.99),
                .max_us = (uint32_t)run->max_us};
        grpc_byte_buffer_destroy(run->request);
        queue_end(run->queue);
        free(all);
        free(run);
        return err;
}
