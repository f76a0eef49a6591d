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
 * of an upload can look like one that ended it in good order, because the notice
 * of its death comes later. The core is asked for the difference (on_read), and
 * deliveries carry a commit message of their own all the same. */
#include <assert.h>
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
#include "base/wait.h"
#include "gateway/rpc/call_parts.h"
#include "gateway/rpc/tag.h"

static void start(struct call *call, const grpc_op *ops, size_t ops_len, struct tag *tag)
{
        call_hold(call);
        tag_release(tag);
        grpc_call_error err = grpc_call_start_batch(call->core, ops, ops_len, tag, NULL);

        /* Anything else is a batch that could never be right. */
        assert(err == GRPC_CALL_OK);
        (void)err;
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
        pthread_mutex_lock(&call->lock);
        while (call->sending != NULL) {
                if (wait_ms(&call->written, &call->lock, STALL_MS))
                        continue;
                log_event(LOG_WARNING, "peer_does_not_read",
                        LOG_TEXT("method", call->method->def.path));
                grpc_call_cancel(call->core, NULL); /* and the write comes back */
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

enum err call_sink_send(struct rpc_sink *sink, struct bytes message)
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
        call_let_go(call);
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
        call_step(call, FINISHING);
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
        call_let_go(call);
}

/* Handler is through: what it answered is sent unless nobody waits for it. */
static void conclude(struct call *call, enum err err, struct bytes response)
{
        if (call->entered && call->method->def.closed != NULL)
                call->method->def.closed(&call->pub);
        call->entered = false;
        if (rpc_cancelled(&call->pub)) {
                count_end(call, ERR_CANCELLED);
                call_step(call, OVER);
                call_let_go(call);
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
        call_step(call, READING);
        start(call, &op, 1, &call->tag_read);
        call_let_go(call); /* the read holds the strand now */
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

        call_step(call, RUNNING);
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

/* The method's own table is the ceiling; what is under it, the authority decides. */
static bool may_call(const struct call *call)
{
        const struct rpc_method *def = &call->method->def;
        const struct rpc_authority *authority = &call->server->options.authority;
        const struct principal *who = call->pub.peer;

        if (def->roles != 0 && !(def->roles & 1u << who->role))
                return false;
        return def->right == 0 || (authority->may_call != NULL &&
                                          authority->may_call(authority->ctx, who, def->right));
}

/* Is the caller somebody, and may he call this? Fills in what a handler sees. */
static enum err check(struct call *call, int64_t now_ms)
{
        struct rpc_server *s = call->server;

        TRY(identity_check(s->identities, call->core, now_ms, &call->seat));
        call->pub.peer = seat_principal(call->seat);
        if (call->method->registered == NULL)
                return ERR_UNSUPPORTED;
        if (!may_call(call)) {
                if (s->options.authority.turned_away != NULL)
                        s->options.authority.turned_away(
                                s->options.authority.ctx, call->pub.peer, call->method->def.path);
                return ERR_NOT_ALLOWED;
        }
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
        call_step(call, QUEUED);
        watch_close(call);
        if (pool_admit(s->pool, &call->job, &call->method->lane) != ERR_OK)
                finish_with(call, ERR_BUSY, bytes_of(NULL, 0));
}

static void on_request(struct call *call, bool ok)
{
        struct rpc_server *s = call->server;
        bool known = call->method->registered != NULL;

        if (!ok) {
                call_step(call, OVER); /* the server shuts down */
                call_let_go(call);
                return;
        }
        call_post(s, call->method, call->queue);
        call_step(call, ARRIVED);
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
                call_step(call, WATCHING);
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
        call_step(call, QUEUED);
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
                call_let_go(call);
                break;
        case TAG_READ:
                on_read(call, ok);
                break;
        case TAG_WRITE:
                on_written(call, ok);
                break;
        case TAG_FINAL:
                call_let_go(call);
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
