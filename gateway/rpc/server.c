/* SPDX-License-Identifier: Apache-2.0 */
/* server.c: from an address and a certificate folder to a running server, and back.
 *
 * Threads: one per completion queue, which never block; the pool's workers, which
 * may; and a housekeeper that wakes ten times a second for health watches, file
 * descriptors and forgotten connections.
 *
 * Every number below that limits a peer is there because of something we saw:
 * with compression on, 200 kB of gzip become 232 MB of memory past the message
 * limit; with SO_REUSEPORT, a second gateway binds the same port and takes half of
 * the calls; with GRPC_ARG_MINIMAL_STACK, the message limit itself is gone.
 *
 * Stopping has an order, and the core aborts the process when it is broken:
 * announce, wait out the grace time, cancel what is left, wait for the announced
 * tag *and* for our own last call object, and only then shut the queues. */
#include <assert.h>
#include <errno.h>
#include <grpc/grpc_security.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "gateway/rpc/internal.h"
#include "gateway/rpc/tag.h"

enum { STREAMS_DEFAULT = 100, QUEUE_DEFAULT = 256, WORKERS_LEAST = 8, WORKERS_MAX = 256 };

/* Credentials and settings ------------------------------------------------------ */

/* In libraries that have it; in 1.51 tls_environment does what can be done. */
extern void grpc_tls_credentials_options_set_min_tls_version(
        grpc_tls_credentials_options *options, grpc_tls_version version) __attribute__((weak));

/* Later libraries watch a SPIFFE bundle too and take its path before the interval.
 * There is no version to ask in C, but the function's type tells. */
typedef grpc_tls_certificate_provider *(*watch_three)(
        const char *, const char *, const char *, unsigned);
typedef grpc_tls_certificate_provider *(*watch_four)(
        const char *, const char *, const char *, const char *, unsigned);
/* NOLINTBEGIN(bugprone-macro-parentheses): a type in _Generic stands bare */
#define WATCHER_AS(type)                                                                           \
        _Generic(&grpc_tls_certificate_provider_file_watcher_create, type                          \
                 : &grpc_tls_certificate_provider_file_watcher_create, default                     \
                 : (type)NULL)
/* NOLINTEND(bugprone-macro-parentheses) */

static grpc_tls_certificate_provider *watch(const char *identity, const char *ca)
{
        const watch_three three = WATCHER_AS(watch_three);
        const watch_four four = WATCHER_AS(watch_four);

        return three != NULL ? three(identity, identity, ca, 1)
                             : four(identity, identity, ca, NULL, 1);
}

static grpc_server_credentials *credentials(const struct tls *tls)
{
        grpc_tls_credentials_options *options = grpc_tls_credentials_options_create();
        grpc_tls_certificate_provider *provider = watch(tls_identity_path(tls), tls_ca_path(tls));

        grpc_tls_credentials_options_set_certificate_provider(options, provider);
        grpc_tls_certificate_provider_release(provider);
        grpc_tls_credentials_options_watch_root_certs(options);
        grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
        grpc_tls_credentials_options_set_cert_request_type(
                options, GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
        if (grpc_tls_credentials_options_set_min_tls_version != NULL)
                grpc_tls_credentials_options_set_min_tls_version(options, TLS1_3);
        return grpc_tls_server_credentials_create(options); /* takes the options */
}

static grpc_arg number(const char *key, int value)
{
        return (grpc_arg){
                .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

static grpc_server *core_new(const struct rpc_options *o)
{
        grpc_resource_quota *quota = grpc_resource_quota_create("statgate");
        int streams = (int)o->streams_per_peer;

        grpc_resource_quota_resize(quota, QUOTA_BYTES);
        grpc_arg args[] = {
                number(GRPC_ARG_ALLOW_REUSEPORT, 0),
                number(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1), /* identity */
                number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, REQUEST_MAX),
                number(GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, RESPONSE_MAX),
                number(GRPC_ARG_MAX_METADATA_SIZE, METADATA_MAX),
                number("grpc.absolute_max_metadata_size", METADATA_MAX), /* newer libraries */
                number(GRPC_ARG_MAX_CONCURRENT_STREAMS, streams),
                number(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 10000),
                number(GRPC_ARG_MAX_CONNECTION_IDLE_MS, 15 * 60000),
                number(GRPC_ARG_KEEPALIVE_TIME_MS, 60000),
                number(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000),
                number(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1),
                number(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 20000),
                number(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 4),
                number(GRPC_ARG_HTTP2_BDP_PROBE, 0),
                number(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 256 << 10),
                number(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
                number(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
                number(GRPC_ARG_ENABLE_CHANNELZ, 0),
                {.type = GRPC_ARG_POINTER,
                        .key = (char *)(uintptr_t)GRPC_ARG_RESOURCE_QUOTA,
                        .value.pointer = {quota, grpc_resource_quota_arg_vtable()}},
        };
        const grpc_channel_args all = {ARRAY_LEN(args), args};
        grpc_server *core = grpc_server_create(&all, NULL);

        grpc_resource_quota_unref(quota);
        return core;
}

/* Threads ------------------------------------------------------------------------- */

static void shutdown_came(struct rpc_server *s)
{
        pthread_mutex_lock(&s->lock);
        s->shutdown_seen = true;
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
}

struct poller {
        struct rpc_server *server;
        grpc_completion_queue *queue;
};

static void *poll_queue(void *arg)
{
        struct poller me = *(struct poller *)arg;

        free(arg);
        for (;;) {
                grpc_event ev = grpc_completion_queue_next(
                        me.queue, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);

                if (ev.type == GRPC_QUEUE_SHUTDOWN)
                        return NULL;
                struct tag *tag = ev.tag;

                if (tag->kind == TAG_SHUTDOWN)
                        shutdown_came(me.server);
                else
                        call_completed(tag, ev.success != 0);
        }
}

/* Sleeps for a tick, or shorter when something changed; with the lock held. */
static void wait_tick(struct rpc_server *s, int64_t ms)
{
        (void)wait_ms(&s->changed, &s->lock, ms);
}

static void *keep_house(void *arg)
{
        struct rpc_server *s = arg;
        enum { TIDY_TICKS = 100 };

        for (unsigned tick = 1;; tick++) {
                pthread_mutex_lock(&s->lock);
                wait_tick(s, TICK_MS);
                bool done = s->shutdown_seen && atomic_load(&s->live) == 0;

                pthread_mutex_unlock(&s->lock);
                if (done)
                        return NULL;
                watches_serve(s);
                door_watch(&s->door);
                if (tick % TIDY_TICKS == 0)
                        identities_tidy(s->identities);
        }
}

void server_maybe_idle(struct rpc_server *s)
{
        if (!atomic_load(&s->draining))
                return;
        pthread_mutex_lock(&s->lock);
        pthread_cond_broadcast(&s->changed);
        pthread_mutex_unlock(&s->lock);
}

/* Start --------------------------------------------------------------------------- */

static void fill_defaults(struct rpc_options *o)
{
        long cores = sysconf(_SC_NPROCESSORS_ONLN);
        unsigned per_core = 4 * (unsigned)(cores > 0 ? cores : 1);

        if (o->workers == 0)
                o->workers = per_core > WORKERS_LEAST ? per_core : WORKERS_LEAST;
        if (o->workers > WORKERS_MAX)
                o->workers = WORKERS_MAX;
        if (o->queue_max == 0)
                o->queue_max = QUEUE_DEFAULT;
        if (o->streams_per_peer == 0)
                o->streams_per_peer = STREAMS_DEFAULT;
}

static const char *const builtin_services[] = {"grpc.health.v1.Health",
        "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"};

static enum err make_tables(struct rpc_server *s)
{
        const struct rpc_options *o = &s->options;

        s->methods_len = o->methods_len + BUILTIN_METHODS;
        s->services_len = o->services_len + (unsigned)ARRAY_LEN(builtin_services);
        s->methods = calloc(s->methods_len, sizeof *s->methods);
        s->services = calloc(s->services_len, sizeof *s->services);
        if (s->methods == NULL || s->services == NULL)
                return ERR_NO_MEMORY;
        for (unsigned i = 0; i < o->methods_len; i++)
                s->methods[i] = (struct method){.def = o->methods[i], .handlers = o->handlers};
        builtin_methods(s, s->methods + o->methods_len);
        for (unsigned i = 0; i < o->services_len; i++)
                s->services[i] = o->services[i];
        for (unsigned i = 0; i < ARRAY_LEN(builtin_services); i++)
                s->services[o->services_len + i] = builtin_services[i];
        return ERR_OK;
}

static enum err register_methods(struct rpc_server *s)
{
        /* All but the last, which is for what is not registered. */
        for (unsigned i = 0; i + 1 < s->methods_len; i++) {
                struct method *m = &s->methods[i];

                m->registered = grpc_server_register_method(s->core, m->def.path, NULL,
                        m->def.kind == RPC_BIDI ? GRPC_SRM_PAYLOAD_NONE
                                                : GRPC_SRM_PAYLOAD_READ_INITIAL_BYTE_BUFFER,
                        0);
                if (m->registered == NULL)
                        return ERR_CONFIG; /* the same path twice */
        }
        return ERR_OK;
}

static unsigned queues_wanted(void)
{
        long cores = sysconf(_SC_NPROCESSORS_ONLN) / 2;

        return cores < 1 ? 1 : cores > QUEUES_MAX ? QUEUES_MAX : (unsigned)cores;
}

static enum err listen_on(struct rpc_server *s)
{
        grpc_server_credentials *creds = credentials(s->tls);

        s->port = grpc_server_add_http2_port(s->core, s->options.address, creds);
        grpc_server_credentials_release(creds);
        if (s->port == 0) {
                log_event(LOG_ERROR, "cannot_listen", LOG_TEXT("address", s->options.address));
                return ERR_IN_USE;
        }
        return ERR_OK;
}

static enum err start_poller(struct rpc_server *s, grpc_completion_queue *queue)
{
        struct poller *p = malloc(sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        *p = (struct poller){s, queue};
        if (pthread_create(&s->pollers[s->pollers_len], NULL, poll_queue, p) != 0) {
                free(p);
                return ERR_NO_MEMORY;
        }
        s->pollers_len++;
        return ERR_OK;
}

static enum err start_threads(struct rpc_server *s)
{
        for (unsigned i = 0; i < s->queues_len; i++)
                TRY(start_poller(s, s->queues[i]));
        if (pthread_create(&s->housekeeper, NULL, keep_house, s) != 0)
                return ERR_NO_MEMORY;
        s->housekeeper_started = true;
        return ERR_OK;
}

/* Offers are on the table before the door opens. */
static void post_offers(struct rpc_server *s)
{
        for (unsigned i = 0; i < s->methods_len; i++) {
                unsigned n = s->methods[i].def.flags & RPC_INLINE ? POSTED_INLINE : POSTED;

                for (unsigned k = 0; k < n; k++)
                        call_post(s, &s->methods[i], s->queues[k % s->queues_len]);
        }
}

static enum err start(struct rpc_server *s)
{
        const struct rpc_options *o = &s->options;
        unsigned share = o->queue_max > 1 ? o->queue_max - (o->queue_max + 7) / 8 : 1;

        TRY(tls_open(o->certificates, &s->tls));
        TRY(identities_new(&o->authority, s->tls, o->streams_per_peer, &s->identities));
        TRY(pool_new(o->workers, o->queue_max, share, &s->pool));
        TRY(make_tables(s));
        fds_raise_limit();
        tls_environment();
        grpc_init();
        s->initialised = true;
        s->core = core_new(o);
        for (s->queues_len = 0; s->queues_len < queues_wanted(); s->queues_len++) {
                s->queues[s->queues_len] = grpc_completion_queue_create_for_next(NULL);
                grpc_server_register_completion_queue(s->core, s->queues[s->queues_len], NULL);
        }
        TRY(register_methods(s));
        TRY(listen_on(s));
        grpc_server_start(s->core);
        s->started = true;
        door_find(&s->door, s->port);
        post_offers(s);
        return start_threads(s);
}

enum err rpc_start(const struct rpc_options *options, struct rpc_server **out)
{
        struct rpc_server *s = calloc(1, sizeof *s);

        if (s == NULL)
                return ERR_NO_MEMORY;
        s->options = *options;
        fill_defaults(&s->options);
        pthread_mutex_init(&s->lock, NULL);
        wait_init(&s->changed);
        s->door.listener = -1;
        s->trace = trace_on("rpc");
        *out = s;
        enum err err = start(s);

        if (err != ERR_OK) {
                s->options.drain_ms = 0;
                rpc_stop(&s);
                *out = NULL;
                return err;
        }
        log_event(LOG_INFO, "listening", LOG_TEXT("address", s->options.address),
                LOG_NUM("port", s->port), LOG_TEXT("grpc", grpc_version_string()));
        return ERR_OK;
}

/* Stop ---------------------------------------------------------------------------- */

static struct tag shutdown_tag = {TAG_SHUTDOWN, NULL};

/* Waits until `active` is 0, at most `ms`. */
static void wait_drained(struct rpc_server *s, int64_t ms)
{
        int64_t end = clock_monotonic_ns() + ms * 1000000;

        pthread_mutex_lock(&s->lock);
        while (atomic_load(&s->active) > 0) {
                int64_t left = (end - clock_monotonic_ns()) / 1000000;

                if (left <= 0)
                        break;
                wait_tick(s, left);
        }
        pthread_mutex_unlock(&s->lock);
}

static void wait_gone(struct rpc_server *s)
{
        enum { REMIND_MS = 10000 };
        int64_t remind = clock_monotonic_ns() + REMIND_MS * INT64_C(1000000);

        pthread_mutex_lock(&s->lock);
        while (!s->shutdown_seen || atomic_load(&s->live) > 0) {
                wait_tick(s, REMIND_MS);
                if (clock_monotonic_ns() < remind)
                        continue;
                remind += REMIND_MS * INT64_C(1000000);
                log_event(LOG_WARNING, "waiting_for_handlers",
                        LOG_NUM("calls", atomic_load(&s->active)));
        }
        pthread_mutex_unlock(&s->lock);
}

/* When a start failed before there were threads, this one polls. */
static void stop_without_threads(struct rpc_server *s)
{
        while (!s->shutdown_seen || atomic_load(&s->live) > 0) {
                for (unsigned i = 0; i < s->queues_len; i++) {
                        grpc_event ev = grpc_completion_queue_next(s->queues[i],
                                gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC),
                                        gpr_time_from_millis(10, GPR_TIMESPAN)),
                                NULL);
                        struct tag *tag = ev.tag;

                        if (ev.type != GRPC_OP_COMPLETE)
                                continue;
                        if (tag->kind == TAG_SHUTDOWN)
                                s->shutdown_seen = true;
                        else
                                call_completed(tag, ev.success != 0);
                }
        }
}

static void stop_core(struct rpc_server *s)
{
        atomic_store(&s->draining, true);
        server_maybe_idle(s); /* wakes the housekeeper for the watchers */
        grpc_server_shutdown_and_notify(s->core, s->queues[0], &shutdown_tag);
        if (s->pollers_len == s->queues_len) {
                wait_drained(s, s->options.drain_ms);
                grpc_server_cancel_all_calls(s->core);
                wait_gone(s);
        } else {
                grpc_server_cancel_all_calls(s->core);
                stop_without_threads(s);
        }
        if (s->housekeeper_started)
                pthread_join(s->housekeeper, NULL);
}

static void close_core(struct rpc_server *s)
{
        for (unsigned i = 0; i < s->queues_len; i++)
                grpc_completion_queue_shutdown(s->queues[i]);
        for (unsigned i = 0; i < s->pollers_len; i++)
                pthread_join(s->pollers[i], NULL);
        for (unsigned i = s->pollers_len; i < s->queues_len; i++)
                while (grpc_completion_queue_next(
                               s->queues[i], gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
                                .type != GRPC_QUEUE_SHUTDOWN)
                        ;
        grpc_server_destroy(s->core);
        for (unsigned i = 0; i < s->queues_len; i++)
                grpc_completion_queue_destroy(s->queues[i]);
}

static void free_spares(struct rpc_server *s)
{
        struct call *call = s->spare;

        while (call != NULL) {
                struct call *next = call_next_watch(call);

                call_destroy(&call);
                call = next;
        }
}

void rpc_stop(struct rpc_server **server)
{
        if (server == NULL || *server == NULL)
                return;
        struct rpc_server *s = *server;

        if (s->core != NULL)
                stop_core(s);
        pool_free(&s->pool);
        if (s->core != NULL)
                close_core(s);
        free_spares(s);
        identities_free(&s->identities);
        if (s->initialised)
                grpc_shutdown();
        tls_free(&s->tls);
        free(s->methods);
        free(s->services);
        pthread_cond_destroy(&s->changed);
        pthread_mutex_destroy(&s->lock);
        free(s);
        *server = NULL;
}

/* The rest ------------------------------------------------------------------------ */

int rpc_port(const struct rpc_server *s)
{
        return s->port;
}

void rpc_counters_read(const struct rpc_server *s, struct rpc_counters *out)
{
        *out = (struct rpc_counters){.calls = atomic_load(&s->calls),
                .refused = atomic_load(&s->refused),
                .failed = atomic_load(&s->failed),
                .active = atomic_load(&s->active)};
}

enum err rpc_reload_certificates(struct rpc_server *s, bool *out_changed)
{
        enum err err = tls_reload(s->tls, out_changed);

        if (err == ERR_OK && *out_changed)
                log_event(LOG_INFO, "certificates_reloaded");
        return err;
}
