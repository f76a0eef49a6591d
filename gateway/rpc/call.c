/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: one call, from the moment we offer to take it to its last completion.
 *
 *   POSTED ──arrives──▶ ARRIVED ──refused or inline───────────────▶ FINISHING
 *                          │                                            ▲ │
 *                          ├─admitted─▶ QUEUED ──worker──▶ RUNNING ─done┤ │
 *                          │              ▲                   │         │ │
 *                          │              └─message─ READING ◀┘ more    │ │
 *                          └─health watch────────▶ WATCHING ────────────┘ │
 *            READING, QUEUED, RUNNING, WATCHING ──peer gone──▶ OVER ◀─────┘
 *
 * One thread at a time holds the strand of a call: the queue's thread on arrival,
 * then a worker, then again the queue's thread when a message came, or the
 * housekeeper for a health watch. Only the holder moves the state and starts
 * batches. The one thing that happens beside it is the close notice of streams,
 * which sets an atomic flag and nothing else.
 *
 * The object lives as long as somebody will still speak of it: the strand and
 * every batch under way hold one reference each. Tags are part of the object.
 *
 * Back-pressure on what comes in is not asking for the next message while the
 * last is worked on. On what goes out it is one write under way: the next send
 * waits for it, on the worker, until the peer has taken it or the call is over.
 * A peer that takes nothing for a minute is cut off, since it holds a worker.
 *
 * What surprised us: half-close is not commit. A client that dies in the middle
 * of an upload can look exactly like one that ended it in good order, so `end`
 * promises nothing and deliveries carry a commit message of their own. */
#include <assert.h>
#include <errno.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/rpc/internal.h"
#include "gateway/rpc/tag.h"

enum state { POSTED_STATE, ARRIVED, QUEUED, RUNNING, READING, WATCHING, FINISHING, OVER, STATES };

/* What the next job on a worker is for. */
enum phase { PHASE_OPEN, PHASE_MESSAGE, PHASE_END, PHASE_ABANDON };

struct call {
        struct rpc_call pub;
        struct rpc_sink sink;
        struct job job;
        struct rpc_server *server;
        struct method *method;
        grpc_completion_queue *queue;
        grpc_call *core;
        struct seat *seat;
        enum state state;
        enum phase phase;
        atomic_uint refs;
        bool entered; /* a handler ran: `closed` is owed */
        bool closing; /* RECV_CLOSE is under way or done */
        bool headed;  /* initial metadata is sent */
        bool active;  /* counted as such */
        int64_t began_ns;

        struct tag tag_request, tag_closed, tag_read, tag_write, tag_final;

        /* Filled in by the core. */
        gpr_timespec deadline;
        grpc_metadata_array headers;
        grpc_call_details details; /* of a method nobody registered */
        grpc_byte_buffer *payload; /* the message being worked on */
        int close_cancelled;

        struct buf response;
        struct reply reply;
        grpc_byte_buffer *sending_last;

        pthread_mutex_t lock; /* of the write under way */
        pthread_cond_t written;
        grpc_byte_buffer *sending; /* NULL: none under way */
        bool write_failed;

        struct call *next; /* among spares, or among watches */
};

/* Steps --------------------------------------------------------------------- */

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

static void step(struct call *call, enum state to)
{
        assert(may_become[call->state] & 1u << to);
        call->state = to;
}

static void hold(struct call *call)
{
        atomic_fetch_add_explicit(&call->refs, 1, memory_order_relaxed);
}

static void start(struct call *call, const grpc_op *ops, size_t ops_len, struct tag *tag)
{
        hold(call);
        tag_release(tag);
        grpc_call_error err = grpc_call_start_batch(call->core, ops, ops_len, tag, NULL);

        /* Anything else is a batch that could never be right. */
        assert(err == GRPC_CALL_OK);
        (void)err;
}

/* Birth and death ------------------------------------------------------------ */

static enum err sink_send(struct rpc_sink *sink, struct bytes message);

static struct call *call_new(struct rpc_server *s)
{
        struct call *call = calloc(1, sizeof *call);

        if (call == NULL)
                return NULL;
        call->server = s;
        call->sink.send = sink_send;
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
        pthread_cond_init(&call->written, NULL);
        return call;
}

void call_destroy(struct call **c)
{
        if (c == NULL || *c == NULL)
                return;
        struct call *call = *c;

        grpc_metadata_array_destroy(&call->headers);
        grpc_call_details_destroy(&call->details);
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
        if (*arena != NULL && arena_used(*arena) > ARENA_KEEP_MAX)
                arena_free(arena);
        else if (*arena != NULL)
                arena_reset(*arena);
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

static void let_go(struct call *call)
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
                let_go(call);
}

/* Bytes out ------------------------------------------------------------------ */

static grpc_byte_buffer *buffer_of(struct bytes b)
{
        grpc_slice slice = grpc_slice_from_copied_buffer((const char *)b.data, b.len);
        grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

        grpc_slice_unref(slice);
        return buffer;
}

/* Waits until no write is under way; on a worker. */
static void wait_written(struct call *call)
{
        struct timespec until;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_sec += STALL_MS / 1000;
        pthread_mutex_lock(&call->lock);
        while (call->sending != NULL) {
                if (pthread_cond_timedwait(&call->written, &call->lock, &until) != ETIMEDOUT)
                        continue;
                log_event(LOG_WARNING, "peer_does_not_read",
                        LOG_TEXT("method", call->method->def.path));
                grpc_call_cancel(call->core, NULL); /* and the write comes back */
                until.tv_sec += STALL_MS / 1000;
        }
        pthread_mutex_unlock(&call->lock);
}

bool call_write_pending(struct call *call)
{
        pthread_mutex_lock(&call->lock);
        bool pending = call->sending != NULL;

        pthread_mutex_unlock(&call->lock);
        return pending;
}

enum err call_write(struct call *call, struct bytes message)
{
        grpc_op ops[2];
        grpc_op *op = ops;

        if (rpc_cancelled(&call->pub) || call->write_failed)
                return ERR_CANCELLED;
        if (message.len > RESPONSE_MAX)
                return ERR_LIMIT;
        memset(ops, 0, sizeof ops);
        if (!call->headed)
                (op++)->op = GRPC_OP_SEND_INITIAL_METADATA;
        call->headed = true;
        grpc_byte_buffer *buffer = buffer_of(message);

        pthread_mutex_lock(&call->lock);
        call->sending = buffer;
        pthread_mutex_unlock(&call->lock);
        op->op = GRPC_OP_SEND_MESSAGE;
        op->data.send_message.send_message = buffer;
        start(call, ops, (size_t)(op - ops) + 1, &call->tag_write);
        return ERR_OK;
}

static enum err sink_send(struct rpc_sink *sink, struct bytes message)
{
        struct call *call = (struct call *)((char *)sink - offsetof(struct call, sink));

        wait_written(call);
        return call_write(call, message);
}

static void on_written(struct call *call, bool ok)
{
        pthread_mutex_lock(&call->lock);
        grpc_byte_buffer_destroy(call->sending);
        call->sending = NULL;
        call->write_failed |= !ok;
        pthread_cond_signal(&call->written);
        pthread_mutex_unlock(&call->lock);
        let_go(call);
}

/* The end -------------------------------------------------------------------- */

static void count_end(struct call *call, enum err err)
{
        struct rpc_server *s = call->server;

        if (err != ERR_OK)
                atomic_fetch_add(err_kind(err) == ERR_KIND_FAILED ? &s->failed : &s->refused, 1);
        if (s->trace)
                log_event(LOG_INFO, "call", LOG_TEXT("method", call->method->def.path),
                        LOG_TEXT("result", err_name(err)),
                        LOG_NUM("us", (clock_monotonic_ns() - call->began_ns) / 1000));
}

/* The final batch; the strand ends here. */
static void finish_with(struct call *call, enum err err, struct bytes response)
{
        const struct rpc_method *def = &call->method->def;
        grpc_op ops[4];
        grpc_op *op = ops;

        if (err == ERR_OK && response.len > RESPONSE_MAX)
                err = ERR_LIMIT;
        count_end(call, err);
        step(call, FINISHING);
        reply_make(&call->pub, def->path, err, &call->reply);
        memset(ops, 0, sizeof ops);
        if (!call->headed)
                (op++)->op = GRPC_OP_SEND_INITIAL_METADATA;
        if (err == ERR_OK && def->kind == RPC_UNARY) {
                call->sending_last = buffer_of(response);
                op->op = GRPC_OP_SEND_MESSAGE;
                (op++)->data.send_message.send_message = call->sending_last;
        }
        op->op = GRPC_OP_SEND_STATUS_FROM_SERVER;
        op->data.send_status_from_server.status = call->reply.code;
        op->data.send_status_from_server.status_details = &call->reply.message;
        op->data.send_status_from_server.trailing_metadata = &call->reply.details;
        (op++)->data.send_status_from_server.trailing_metadata_count = call->reply.details_len;
        if (!call->closing) {
                call->closing = true;
                op->op = GRPC_OP_RECV_CLOSE_ON_SERVER;
                (op++)->data.recv_close_on_server.cancelled = &call->close_cancelled;
        }
        start(call, ops, (size_t)(op - ops), &call->tag_final);
        let_go(call);
}

/* Handler is through: what it answered is sent unless nobody waits for it. */
static void conclude(struct call *call, enum err err, struct bytes response)
{
        if (call->entered && call->method->def.closed != NULL)
                call->method->def.closed(&call->pub);
        call->entered = false;
        if (rpc_cancelled(&call->pub)) {
                count_end(call, ERR_CANCELLED);
                step(call, OVER);
                let_go(call);
                return;
        }
        if (clock_now_ms() > call->pub.deadline_ms)
                err = ERR_DEADLINE;
        finish_with(call, err, response);
}

void call_end(struct call *call, enum err err)
{
        conclude(call, err, bytes_of(NULL, 0));
}

/* Bytes in ------------------------------------------------------------------- */

/* The payload as one run: borrowed when it is one, else joined in the message's
 * arena. NULL payload: an empty message would have been there, so it is malformed. */
static enum err payload_bytes(struct call *call, struct bytes *out)
{
        grpc_byte_buffer_reader reader;
        grpc_slice *piece;
        size_t len, at = 0;

        if (call->payload == NULL)
                return ERR_MALFORMED;
        /* The core refuses compressed calls; if one slipped through, it is not unpacked. */
        if (call->payload->type != GRPC_BB_RAW ||
                call->payload->data.raw.compression != GRPC_COMPRESS_NONE)
                return ERR_UNSUPPORTED;
        len = grpc_byte_buffer_length(call->payload);
        if (!grpc_byte_buffer_reader_init(&reader, call->payload))
                return ERR_MALFORMED;
        enum err err = ERR_OK;
        uint8_t *joined = NULL;

        *out = bytes_of(NULL, 0);
        while (grpc_byte_buffer_reader_peek(&reader, &piece)) {
                if (at == 0 && GRPC_SLICE_LENGTH(*piece) == len) {
                        *out = bytes_of(GRPC_SLICE_START_PTR(*piece), len);
                        break;
                }
                if (joined == NULL)
                        joined = arena_alloc_raw(call->pub.message_arena, len, 1);
                if (joined == NULL) {
                        err = ERR_NO_MEMORY;
                        break;
                }
                memcpy(joined + at, GRPC_SLICE_START_PTR(*piece), GRPC_SLICE_LENGTH(*piece));
                at += GRPC_SLICE_LENGTH(*piece);
                *out = bytes_of(joined, at);
        }
        grpc_byte_buffer_reader_destroy(&reader);
        return err;
}

static void payload_drop(struct call *call)
{
        if (call->payload != NULL)
                grpc_byte_buffer_destroy(call->payload);
        call->payload = NULL;
}

static void read_next(struct call *call)
{
        grpc_op op;

        memset(&op, 0, sizeof op);
        op.op = GRPC_OP_RECV_MESSAGE;
        op.data.recv_message.recv_message = &call->payload;
        step(call, READING);
        start(call, &op, 1, &call->tag_read);
        let_go(call); /* the read holds the strand now */
}

/* On a worker ---------------------------------------------------------------- */

static void run_unary(struct call *call)
{
        const struct rpc_method *def = &call->method->def;
        struct bytes request, response = {0};
        enum err err = payload_bytes(call, &request);

        if (err == ERR_OK) {
                call->entered = true;
                err = def->unary(&call->pub, request, &call->response);
        }
        if (err == ERR_OK)
                err = buf_end(&call->response, &response);
        wait_written(call);
        conclude(call, err, response);
}

static enum err run_phase(struct call *call)
{
        const struct rpc_method *def = &call->method->def;
        struct bytes request;
        enum err err;

        switch (call->phase) {
        case PHASE_OPEN:
                call->entered = true;
                return def->open != NULL ? def->open(&call->pub) : ERR_OK;
        case PHASE_MESSAGE:
                arena_reset(call->pub.message_arena);
                err = payload_bytes(call, &request);
                if (err == ERR_OK)
                        err = def->message(&call->pub, request);
                payload_drop(call);
                return err;
        case PHASE_END:
                return def->end != NULL ? def->end(&call->pub) : ERR_OK;
        case PHASE_ABANDON:
                return ERR_CANCELLED;
        }
        return ERR_INTERNAL;
}

static void run_job(struct job *job)
{
        struct call *call = (struct call *)((char *)job - offsetof(struct call, job));

        step(call, RUNNING);
        if (rpc_cancelled(&call->pub)) {
                wait_written(call);
                call_end(call, ERR_CANCELLED);
        } else if (clock_now_ms() > call->pub.deadline_ms) {
                wait_written(call);
                call_end(call, ERR_DEADLINE);
        } else if (call->method->def.kind != RPC_BIDI) {
                run_unary(call);
        } else {
                enum phase phase = call->phase;
                enum err err = run_phase(call);

                if (err == ERR_OK && phase != PHASE_END && !rpc_cancelled(&call->pub)) {
                        read_next(call);
                        return;
                }
                wait_written(call);
                call_end(call, err);
        }
}

/* On a completion queue's thread ---------------------------------------------- */

static int64_t deadline_ms(gpr_timespec at)
{
        gpr_timespec wall = gpr_convert_clock_type(at, GPR_CLOCK_REALTIME);

        if (gpr_time_cmp(wall, gpr_inf_future(GPR_CLOCK_REALTIME)) == 0)
                return INT64_MAX;
        return wall.tv_sec * 1000 + wall.tv_nsec / 1000000;
}

/* Is the caller somebody, and may he call this? Fills in what a handler sees. */
static enum err check(struct call *call, int64_t now_ms)
{
        struct rpc_server *s = call->server;
        unsigned roles = call->method->def.roles;

        TRY(identity_check(s->identities, call->core, now_ms, &call->seat));
        call->pub.peer = seat_principal(call->seat);
        if (call->method->registered == NULL)
                return ERR_UNSUPPORTED;
        if (roles != 0 && !(roles & 1u << call->pub.peer->role))
                return ERR_NOT_ALLOWED;
        if (atomic_load_explicit(&s->draining, memory_order_relaxed))
                return ERR_DRAINING;
        if (call->pub.arena == NULL)
                call->pub.arena = arena_new(CALL_ARENA_MAX);
        if (call->pub.message_arena == NULL)
                call->pub.message_arena = arena_new(MESSAGE_ARENA_MAX);
        return call->pub.arena != NULL && call->pub.message_arena != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static void run_inline(struct call *call)
{
        struct bytes request, response = {0};
        enum err err = payload_bytes(call, &request);

        if (err == ERR_OK)
                err = call->method->def.unary(&call->pub, request, &call->response);
        if (err == ERR_OK)
                err = buf_end(&call->response, &response);
        finish_with(call, err, response);
}

/* Asks to be told when the peer goes away. */
static void watch_close(struct call *call)
{
        grpc_op op;

        memset(&op, 0, sizeof op);
        op.op = GRPC_OP_RECV_CLOSE_ON_SERVER;
        op.data.recv_close_on_server.cancelled = &call->close_cancelled;
        call->closing = true;
        start(call, &op, 1, &call->tag_closed);
}

static void admit(struct call *call)
{
        struct rpc_server *s = call->server;

        call->phase = PHASE_OPEN;
        call->job.run = run_job;
        step(call, QUEUED);
        watch_close(call);
        if (pool_admit(s->pool, &call->job, &call->method->waiting) != ERR_OK)
                finish_with(call, ERR_BUSY, bytes_of(NULL, 0));
}

static void on_request(struct call *call, bool ok)
{
        struct rpc_server *s = call->server;
        bool known = call->method->registered != NULL;

        if (!ok) {
                step(call, OVER); /* the server shuts down */
                let_go(call);
                return;
        }
        call_post(s, call->method, call->queue);
        step(call, ARRIVED);
        call->active = true;
        atomic_fetch_add(&s->active, 1);
        atomic_fetch_add(&s->calls, 1);
        call->began_ns = s->trace ? clock_monotonic_ns() : 0;
        call->pub.deadline_ms = deadline_ms(known ? call->deadline : call->details.deadline);
        enum err err = check(call, clock_now_ms());

        if (err != ERR_OK)
                finish_with(call, err, bytes_of(NULL, 0));
        else if (call->method->def.flags & RPC_INLINE)
                run_inline(call);
        else if (call->method->watch) {
                step(call, WATCHING);
                watch_close(call);
                watch_begin(s, call);
        } else
                admit(call);
}

static void on_read(struct call *call, bool ok)
{
        /* The close notice can come later than the end it explains, so the core is
         * asked too whether this end was a graceful one. */
        if (call->payload != NULL)
                call->phase = PHASE_MESSAGE;
        else if (!ok || rpc_cancelled(&call->pub) ||
                 grpc_call_failed_before_recv_message(call->core))
                call->phase = PHASE_ABANDON;
        else
                call->phase = PHASE_END;
        /* The read's reference is the strand again. */
        step(call, QUEUED);
        pool_continue(call->server->pool, &call->job);
}

void call_completed(struct tag *tag, bool ok)
{
        struct call *call = tag->call;

        tag_acquire(tag);
        switch (tag->kind) {
        case TAG_REQUEST:
                on_request(call, ok);
                break;
        case TAG_CLOSED:
                if (call->close_cancelled)
                        atomic_store_explicit(&call->pub.cancelled, true, memory_order_relaxed);
                let_go(call);
                break;
        case TAG_READ:
                on_read(call, ok);
                break;
        case TAG_WRITE:
                on_written(call, ok);
                break;
        case TAG_FINAL:
                let_go(call);
                break;
        case TAG_SHUTDOWN:
                assert(false);
                break;
        }
}

/* For builtin.c ---------------------------------------------------------------- */

struct call *call_next_watch(const struct call *call)
{
        return call->next;
}

void call_set_next_watch(struct call *call, struct call *next)
{
        call->next = next;
}

bool call_is_over(const struct call *call)
{
        return atomic_load_explicit(&call->pub.cancelled, memory_order_relaxed) ||
               call->write_failed;
}

struct rpc_call *call_public(struct call *call)
{
        return &call->pub;
}

struct bytes call_request(struct call *call)
{
        struct bytes request;

        return payload_bytes(call, &request) == ERR_OK ? request : bytes_of(NULL, 0);
}
