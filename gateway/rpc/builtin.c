/* SPDX-License-Identifier: Apache-2.0 */
/* builtin.c: what every server of ours answers: health and reflection.
 *
 * A health watch lasts as long as its client likes and says something once in a
 * blue moon. It must not hold a worker for that, so watches hang on a list that
 * the housekeeper walks a few times a second: it asks how things are, compares,
 * and sends only what changed, one write at a time and without waiting. When the
 * server drains, watchers hear NOT_SERVING and are let go first, or the drain
 * would last for them. */
#include "base/log.h"
#include "gateway/rpc/internal.h"
#include "proto/wire.h"

/* Health ---------------------------------------------------------------------- */

static enum health health_of(struct rpc_server *s, struct bytes service)
{
        bool known = service.len == 0;

        for (unsigned i = 0; i < s->services_len && !known; i++)
                known = bytes_is_text(service, s->services[i]);
        if (!known)
                return HEALTH_SERVICE_UNKNOWN;
        if (atomic_load_explicit(&s->draining, memory_order_relaxed))
                return HEALTH_NOT_SERVING;
        if (s->options.healthy != NULL && !s->options.healthy(s->options.handlers, service))
                return HEALTH_NOT_SERVING;
        return HEALTH_SERVING;
}

static enum err health_check(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct bytes service;

        TRY(health_request_decode(c->arena, request, &service));
        enum health health = health_of(c->handlers, service);

        if (health == HEALTH_SERVICE_UNKNOWN)
                return ERR_NOT_FOUND;
        return health_response_encode(health, response);
}

/* A watch on its list. */
struct watch {
        struct bytes service;
        enum health told; /* HEALTH_UNKNOWN: nothing yet */
};

void watch_begin(struct rpc_server *s, struct call *call)
{
        struct rpc_call *c = call_public(call);
        struct watch *w = arena_alloc(c->arena, 1, sizeof *w);
        enum err err = w != NULL ? health_request_decode(c->arena, call_request(call), &w->service)
                                 : ERR_NO_MEMORY;

        if (err != ERR_OK) {
                call_end(call, err);
                return;
        }
        c->state = w;
        pthread_mutex_lock(&s->lock);
        call_set_next_watch(call, s->watches);
        s->watches = call;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
}

static enum err watch_tell(struct call *call, enum health health)
{
        struct watch *w = call_public(call)->state;
        struct bytes wire;
        struct buf buf;

        buf_init(&buf, 64);
        enum err err = health_response_encode(health, &buf);

        if (err == ERR_OK)
                err = buf_end(&buf, &wire);
        if (err == ERR_OK)
                err = call_write(call, wire);
        if (err == ERR_OK)
                w->told = health;
        buf_done(&buf);
        return err;
}

/* False when the watch is over; then *err says how it ends. */
static bool watch_serve(struct rpc_server *s, struct call *call, enum err *err)
{
        struct watch *w = call_public(call)->state;

        *err = ERR_CANCELLED;
        if (call_write_pending(call))
                return true;
        if (call_is_over(call))
                return false;
        bool draining = atomic_load(&s->draining);
        enum health health = health_of(s, w->service);

        if (health != w->told) {
                *err = watch_tell(call, health);
                return *err == ERR_OK;
        }
        *err = ERR_DRAINING;
        return !draining;
}

void watches_serve(struct rpc_server *s)
{
        pthread_mutex_lock(&s->lock);
        struct call *todo = s->watches, *keep = NULL;

        s->watches = NULL;
        pthread_mutex_unlock(&s->lock);
        while (todo != NULL) {
                struct call *call = todo;
                enum err err;

                todo = call_next_watch(call);
                if (watch_serve(s, call, &err)) {
                        call_set_next_watch(call, keep);
                        keep = call;
                } else {
                        call_end(call, err);
                }
        }
        pthread_mutex_lock(&s->lock);
        while (keep != NULL) {
                struct call *call = keep;

                keep = call_next_watch(call);
                call_set_next_watch(call, s->watches);
                s->watches = call;
        }
        pthread_mutex_unlock(&s->lock);
}

/* Reflection ------------------------------------------------------------------- */

static enum err reflection_message(struct rpc_call *c, struct bytes request)
{
        const struct rpc_server *s = c->handlers;
        struct bytes wire;
        struct buf buf;

        buf_init(&buf, RESPONSE_MAX);
        enum err err =
                reflection_answer(c->message_arena, request, s->services, s->services_len, &buf);

        if (err == ERR_OK)
                err = buf_end(&buf, &wire);
        if (err == ERR_OK)
                err = rpc_send(c, wire);
        buf_done(&buf);
        return err;
}

static const char watch_path[] = "/grpc.health.v1.Health/Watch";

/* The table -------------------------------------------------------------------- */

/* Last stands whatever nobody registered; it is answered UNIMPLEMENTED. */
static const struct rpc_method table[BUILTIN_METHODS] = {
        {.path = "/grpc.health.v1.Health/Check",
                .kind = RPC_UNARY,
                .flags = RPC_INLINE,
                .unary = health_check},
        {.path = watch_path, .kind = RPC_SERVER_STREAM},
        {.path = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
                .kind = RPC_BIDI,
                .message = reflection_message},
        {.path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                .kind = RPC_BIDI,
                .message = reflection_message},
        {.path = "(unknown)", .kind = RPC_BIDI},
};

void builtin_methods(struct rpc_server *s, struct method out[BUILTIN_METHODS])
{
        for (unsigned i = 0; i < BUILTIN_METHODS; i++)
                out[i] = (struct method){
                        .def = table[i], .watch = table[i].path == watch_path, .handlers = s};
}
