/* SPDX-License-Identifier: Apache-2.0 */
/* internal.h: what the files of this folder share, and nobody else sees. */
#ifndef STATGATE_GATEWAY_RPC_INTERNAL_H
#define STATGATE_GATEWAY_RPC_INTERNAL_H

#include <grpc/grpc.h>
#include <pthread.h>

#include "gateway/rpc/fds.h"
#include "gateway/rpc/identity.h"
#include "gateway/rpc/pool.h"
#include "gateway/rpc/rpc.h"
#include "gateway/rpc/tls.h"

struct call;

/* Public numbers of the engine. */
enum {
        REQUEST_MAX = BATCH_WIRE_MAX + (64 << 10),      /* one message in */
        RESPONSE_MAX = 4 * BATCH_WIRE_MAX + (64 << 10), /* one message out: a table of CELLS_MAX */
        METADATA_MAX = 8192,                            /* all headers of a call */
        CALL_ARENA_MAX = 512 << 20,                     /* memory one call may take */
        MESSAGE_ARENA_MAX = 64 << 20,                   /* memory one message may take */
        ARENA_KEEP_MAX = 256 << 10, /* an arena larger than this is not kept for the next call */
        QUOTA_BYTES = 512 << 20,    /* buffers of all connections together */
        STALL_MS = 60000,           /* a peer that reads nothing for so long is cut off */
        TICK_MS = 100,              /* housekeeping */
        SPARE_CALLS_MAX = 256,
        POSTED = 8,         /* calls of one method the core may hand over at once … */
        POSTED_INLINE = 64, /* … and of an inline one */
        QUEUES_MAX = 8
};

/* What a completion belongs to. */
enum tag_kind { TAG_REQUEST, TAG_CLOSED, TAG_READ, TAG_WRITE, TAG_FINAL, TAG_SHUTDOWN };
struct tag {
        enum tag_kind kind;
        struct call *call; /* NULL for TAG_SHUTDOWN */
};

struct method {
        struct rpc_method def;
        void *handlers;   /* what rpc_call.handlers is for this method */
        bool watch;       /* grpc.health.v1.Health/Watch: runs on housekeeping */
        void *registered; /* the core's handle; NULL: the method nobody registered */
        struct lane lane; /* guarded by the pool */
};

struct rpc_server {
        struct rpc_options options;
        grpc_server *core;
        grpc_completion_queue *queues[QUEUES_MAX];
        pthread_t pollers[QUEUES_MAX];
        unsigned queues_len, pollers_len;
        struct tls *tls;
        struct identities *identities;
        struct pool *pool;
        struct method *methods; /* the options', then our own, last the unknown one */
        unsigned methods_len;
        const char **services; /* the options' and our own */
        unsigned services_len;
        int port;
        bool trace, started, initialised;
        struct door door;

        atomic_uint_fast64_t calls, refused, failed, active;
        atomic_uint_fast64_t live; /* call objects the core knows of */
        atomic_bool draining;

        pthread_mutex_t lock; /* of all below */
        pthread_cond_t changed;
        bool shutdown_seen, housekeeper_started;
        struct call *spare;
        unsigned spare_len;
        struct call *watches;
        pthread_t housekeeper;
};

/* server.c */
void server_maybe_idle(struct rpc_server *s); /* after `active` or `live` fell */

/* call.c. `ok` is the completion's success. */
void call_post(struct rpc_server *s, struct method *m, grpc_completion_queue *queue);
void call_completed(struct tag *tag, bool ok);
void call_destroy(struct call **call); /* a spare one */

/* For watches; the housekeeper is the only caller and never waits. */
struct call *call_next_watch(const struct call *call);
void call_set_next_watch(struct call *call, struct call *next);
bool call_is_over(const struct call *call);
bool call_write_pending(struct call *call);
enum err call_write(
        struct call *call, struct bytes message) MUST_CHECK; /* not while one is pending */
void call_end(struct call *call, enum err err);
struct rpc_call *call_public(struct call *call);
struct bytes call_request(struct call *call);

/* builtin.c */
enum { BUILTIN_METHODS = 5 };
void builtin_methods(struct rpc_server *s, struct method out[BUILTIN_METHODS]);
void watch_begin(struct rpc_server *s, struct call *call);
void watches_serve(struct rpc_server *s); /* with the server's lock not held */

/* reply.c */
struct reply {
        grpc_status_code code;
        grpc_slice message; /* static */
        grpc_metadata details;
        size_t details_len; /* 0 or 1 */
};
void reply_make(const struct rpc_call *c, const char *path, enum err err, struct reply *out);
void reply_done(struct reply *r);

#endif
