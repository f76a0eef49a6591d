/* SPDX-License-Identifier: Apache-2.0 */
/* rpc.h: calls, as handlers see them: no gRPC type in sight.
 *
 * Unary and server-streaming methods have one function; bidirectional ones have
 * callbacks that run one at a time (a strand per call) on the worker pool.
 * Reading the next message begins when a callback returns: not returning is the
 * back-pressure. Completion-queue threads never run handlers, except those marked
 * RPC_INLINE, which must not block or take a lock that others hold while they block. */
#ifndef STATGATE_GATEWAY_RPC_RPC_H
#define STATGATE_GATEWAY_RPC_RPC_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/terms.h"

struct rpc_server;

/* One call. The handler owns nothing here; all of it lives until the call ends. */
struct rpc_call {
        const struct principal *peer; /* rechecked for this call; never NULL in a handler */
        int64_t deadline_ms;          /* wall clock; INT64_MAX: none */
        struct arena *arena;          /* the call's arena */
        struct arena *message_arena;  /* reset before each message of a stream */
        struct refusal why;           /* fill before returning an error */
        void *handlers;               /* the server's handler context */
        void *state;                  /* of this call; set by `open`, given up in `closed` */
        struct rpc_sink *sink;
        atomic_bool cancelled; /* client gone, deadline passed, or draining ended */
};

/* Sends one message (bytes are copied). Blocks the worker (not the queue) while
 * the peer is slow; ERR_CANCELLED when the call is over. */
struct rpc_sink {
        enum err (*send)(struct rpc_sink *sink, struct bytes message);
};
MUST_CHECK static inline enum err rpc_send(struct rpc_call *c, struct bytes message)
{
        return c->sink->send(c->sink, message);
}
static inline bool rpc_cancelled(struct rpc_call *c)
{
        return atomic_load_explicit(&c->cancelled, memory_order_relaxed);
}

enum rpc_kind {
        RPC_NONE = 0,
        RPC_UNARY,         /* `unary`: request in, one response in `response` */
        RPC_SERVER_STREAM, /* `unary` too, but it uses rpc_send and leaves `response` empty */
        RPC_BIDI           /* open, message…, then end (client half-closed) */
};

enum { RPC_INLINE = 1 };

struct rpc_method {
        const char *path; /* "/statgate.v1.Statistics/Query" */
        enum rpc_kind kind;
        unsigned flags;
        /* Bits 1 << enum role: who may call at most; 0: any authenticated peer. */
        unsigned roles;
        /* Besides, what the authority's `may_call` is asked about; 0: it is not asked. */
        unsigned right;
        enum err (*unary)(struct rpc_call *c, struct bytes request, struct buf *response);
        enum err (*open)(struct rpc_call *c);
        enum err (*message)(struct rpc_call *c, struct bytes request);
        enum err (*end)(struct rpc_call *c);
        /* Once, last, if a handler of this call ran; before the client hears the status,
         * so that what `open` took is free again when it does. May be NULL. */
        void (*closed)(struct rpc_call *c);
};

/* Turns a certificate into a principal, or refuses; called once per connection
 * and again whenever `generation` moved or the certificate's validity ended. */
struct rpc_authority {
        void *ctx;
        enum err (*authenticate)(void *ctx, struct bytes peer_pem, struct principal *out);
        uint64_t (*generation)(void *ctx); /* policy and revocation; cheap */
        /* Asked at every call of a method with a `right`, on the queue's thread: it must
         * not block. NULL: there are no such methods. */
        bool (*may_call)(void *ctx, const struct principal *who, unsigned right);
        /* Told of a call that a method's `roles` or `may_call` turned away: on the same thread, and
         * it must not block either. `path` is the method's own. NULL: nobody is told. */
        void (*turned_away)(void *ctx, const struct principal *who, const char *path);
};

/* What it points at outlives the server. Zeros are defaults: streams_per_peer 100,
 * queue_max 256. */
struct rpc_options {
        const char *address;       /* "127.0.0.1:7443"; port 0 picks one */
        const char *certificates;  /* folder with server.pem, server.key, ca.pem, revoked.txt */
        unsigned workers;          /* threads of the pool; 0: 4 per core, at least 8 */
        unsigned queue_max;        /* calls waiting for a worker; beyond: RESOURCE_EXHAUSTED */
        unsigned streams_per_peer; /* concurrent calls of one connection */
        unsigned drain_ms;         /* grace for calls in flight at shutdown */
        const struct rpc_method *methods;
        unsigned methods_len;
        const char *const *services; /* full names, for reflection and health */
        unsigned services_len;
        void *handlers;
        struct rpc_authority authority;
        /* Health of a service ("" = all); inline, must not block. */
        bool (*healthy)(void *handlers, struct bytes service);
};

struct rpc_counters {
        uint64_t calls, refused, failed, active;
};

/* Starts listening; the server runs on threads of its own. grpc_init happens
 * here: fork the keeper before. *out is set before the first call can come in, since
 * handlers may ask for it; NULL again when the start fails. */
MUST_CHECK enum err rpc_start(const struct rpc_options *options, struct rpc_server **out);
int rpc_port(const struct rpc_server *s);
void rpc_counters_read(const struct rpc_server *s, struct rpc_counters *out);
/* Validates the certificate folder and, if it is good, serves it to new
 * connections; a missing revocation list is an error. */
MUST_CHECK enum err rpc_reload_certificates(struct rpc_server *s, bool *out_changed);
/* Stop accepting, wait out `drain_ms`, cancel the rest, join. NULL is harmless. */
void rpc_stop(struct rpc_server **s);

#endif
