/* SPDX-License-Identifier: Apache-2.0 */
/* call_life.c: call objects, from the moment we offer to take a call to the spare
 * list, and the table of what may follow what (drawn in call.c).
 *
 * An offer is a whole object handed to the core; when a call arrives in it, the
 * next offer goes out at once. Objects are used again with their locks, buffers
 * and the first blocks of their arenas, so that a small call allocates nothing of
 * ours. What a large call took is given back. */
#include <assert.h>
#include <grpc/byte_buffer.h>
#include <stdlib.h>

#include "base/wait.h"
#include "gateway/rpc/call_parts.h"
#include "gateway/rpc/tag.h"

static const unsigned may_become[STATES] = {
        [POSTED_STATE] = 1u << ARRIVED | 1u << OVER,
        [ARRIVED] = 1u << QUEUED | 1u << WATCHING | 1u << FINISHING,
        [QUEUED] = 1u << RUNNING | 1u << FINISHING, /* the latter when the queue is full */
        [RUNNING] = 1u << READING | 1u << FINISHING | 1u << OVER,
        [READING] = 1u << QUEUED,
        [WATCHING] = 1u << FINISHING | 1u << OVER,
        [FINISHING] = 0,
        [OVER] = 0,
};

void call_step(struct call *call, enum state to)
{
        assert(may_become[call->state] & 1u << to);
        call->state = to;
}

void call_hold(struct call *call)
{
        atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

static struct call *call_new(struct rpc_server *s)
{
        struct call *call = calloc(1, sizeof *call);

        if (call == NULL)
                return NULL;
        call->server = s;
        call->sink.send = call_sink_send;
        call->pub.sink = &call->sink;
        call->tag_request = (struct tag){TAG_REQUEST, call};
        call->tag_closed = (struct tag){TAG_CLOSED, call};
        call->tag_read = (struct tag){TAG_READ, call};
        call->tag_write = (struct tag){TAG_WRITE, call};
        call->tag_final = (struct tag){TAG_FINAL, call};
        grpc_metadata_array_init(&call->headers);
        grpc_call_details_init(&call->details);
        buf_init(&call->response, RESPONSE_MAX);
        pthread_mutex_init(&call->lock, NULL);
        wait_init(&call->written);
        return call;
}

void call_destroy(struct call **c)
{
        if (c == NULL || *c == NULL)
                return;
        struct call *call = *c;

        grpc_metadata_array_destroy(&call->headers);
        grpc_call_details_destroy(&call->details);
        if (call->pub.arena != NULL)
                arena_wipe(call->pub.arena);
        if (call->pub.message_arena != NULL)
                arena_wipe(call->pub.message_arena);
        arena_free(&call->pub.arena);
        arena_free(&call->pub.message_arena);
        buf_done(&call->response);
        pthread_cond_destroy(&call->written);
        pthread_mutex_destroy(&call->lock);
        free(call);
        *c = NULL;
}

static void tidy_arena(struct arena **arena)
{
        size_t used = *arena != NULL ? arena_used(*arena) : 0;

        if (*arena != NULL)
                arena_wipe(*arena);
        if (used > ARENA_KEEP_MAX)
                arena_free(arena);
}

/* Ready for the next call; the arenas' first blocks stay. */
static void call_clear(struct call *call)
{
        if (call->payload != NULL)
                grpc_byte_buffer_destroy(call->payload);
        if (call->sending_last != NULL)
                grpc_byte_buffer_destroy(call->sending_last);
        call->payload = call->sending_last = NULL;
        reply_done(&call->reply);
        seat_free(&call->seat);
        if (call->core != NULL)
                grpc_call_unref(call->core);
        call->core = NULL;
        call->headers.count = 0;
        if (call->method->registered == NULL) {
                grpc_call_details_destroy(&call->details);
                grpc_call_details_init(&call->details);
        }
        tidy_arena(&call->pub.arena);
        tidy_arena(&call->pub.message_arena);
        if (call->response.cap > ARENA_KEEP_MAX)
                buf_done(&call->response);
        call->response.len = 0;
        call->response.failed = false;
        call->pub.why.code = ERR_OK;
        call->pub.why.len = call->pub.why.dropped = 0;
        call->pub.state = NULL;
        call->pub.peer = NULL;
        atomic_store_explicit(&call->pub.cancelled, false, memory_order_relaxed);
        call->entered = call->closing = call->headed = call->active = call->write_failed = false;
        call->close_cancelled = 0;
}

static void call_release(struct call *call)
{
        struct rpc_server *s = call->server;
        bool was_active = call->active;

        call_clear(call);
        pthread_mutex_lock(&s->lock);
        if (s->spare_len < SPARE_CALLS_MAX) {
                call->next = s->spare;
                s->spare = call;
                s->spare_len++;
                call = NULL;
        }
        pthread_mutex_unlock(&s->lock);
        call_destroy(&call);
        if (was_active)
                atomic_fetch_sub(&s->active, 1);
        atomic_fetch_sub(&s->live, 1);
        server_maybe_idle(s);
}

void call_let_go(struct call *call)
{
        if (atomic_fetch_sub_explicit(&call->refs, 1, memory_order_acq_rel) == 1)
                call_release(call);
}

static struct call *call_take(struct rpc_server *s)
{
        pthread_mutex_lock(&s->lock);
        struct call *call = s->spare;

        if (call != NULL) {
                s->spare = call->next;
                s->spare_len--;
        }
        pthread_mutex_unlock(&s->lock);
        return call != NULL ? call : call_new(s);
}

/* Offers to take one call of this method. */
void call_post(struct rpc_server *s, struct method *m, grpc_completion_queue *queue)
{
        struct call *call = !atomic_load(&s->draining) ? call_take(s) : NULL;
        grpc_call_error err;

        if (call == NULL)
                return;
        call->method = m;
        call->queue = queue;
        call->state = POSTED_STATE;
        call->pub.handlers = m->handlers;
        atomic_store_explicit(&call->refs, 1, memory_order_relaxed);
        atomic_fetch_add(&s->live, 1);
        tag_release(&call->tag_request);
        if (m->registered == NULL)
                err = grpc_server_request_call(s->core, &call->core, &call->details, &call->headers,
                        queue, queue, &call->tag_request);
        else
                err = grpc_server_request_registered_call(s->core, m->registered, &call->core,
                        &call->deadline, &call->headers,
                        m->def.kind == RPC_BIDI ? NULL : &call->payload, queue, queue,
                        &call->tag_request);
        if (err != GRPC_CALL_OK)
                call_let_go(call);
}
