/* SPDX-License-Identifier: Apache-2.0 */
/* call_parts.h: the inside of a call, for call.c (what happens to it) and
 * call_life.c (where it comes from and goes to). */
#ifndef STATGATE_GATEWAY_RPC_CALL_PARTS_H
#define STATGATE_GATEWAY_RPC_CALL_PARTS_H

#include "gateway/rpc/internal.h"

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

/* Moves the state; an illegal step asserts. */
void call_step(struct call *call, enum state to);

/* References: one for the strand, one for every batch under way. */
void call_hold(struct call *call);
void call_let_go(struct call *call);

enum err call_sink_send(struct rpc_sink *sink, struct bytes message) MUST_CHECK;

#endif
