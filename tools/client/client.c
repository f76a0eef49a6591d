/* SPDX-License-Identifier: Apache-2.0 */
/* client.c: channels, and unary calls on them.
 *
 * Blocking by design: every call waits on a completion queue that nobody else
 * uses, so there is no thread of ours behind the caller's back and no callback.
 *
 * Nothing is retried here. Whether a delivery may be sent again is known to the
 * one who sends it, and a library that quietly does so makes "sent once" untrue.
 *
 * Channels to the same address would share one connection; a local subchannel
 * pool each gives every channel its own, which is what several channels are for. */
#include "tools/client/client.h"

#include <errno.h>
#include <fcntl.h>
#include <grpc/byte_buffer.h>
#include <grpc/byte_buffer_reader.h>
#include <grpc/grpc_security.h>
#include <grpc/slice.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/terms.h"
#include "gateway/rpc/tag.h"
#include "tools/client/internal.h"

enum {
        PEM_MAX = 1 << 20,
        CONNECT_MS = 5000,
        UNARY_MS = 30000,
        RECEIVE_MAX = 4 * BATCH_WIRE_MAX + (64 << 10),
        METADATA_MAX = 16384,
};

/* Opening ------------------------------------------------------------------------ */

/* The whole file with a NUL behind it; wiped by the caller's arena. */
static enum err read_pem(struct arena *arena, const char *path, const char **out)
{
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        char *text = fd >= 0 ? arena_alloc(arena, PEM_MAX + 1, 1) : NULL;
        size_t len = 0;
        ssize_t n = 1;

        while (text != NULL && len < PEM_MAX && n > 0) {
                n = read(fd, text + len, PEM_MAX - len);
                if (n > 0)
                        len += (size_t)n;
                else if (n < 0 && errno == EINTR)
                        n = 1;
        }
        if (fd >= 0)
                close(fd);
        if (text == NULL || len == 0 || len == PEM_MAX || n < 0) {
                log_event(LOG_ERROR, "cannot_read_certificate", LOG_TEXT("file", path));
                return ERR_UNREADABLE;
        }
        *out = text;
        return ERR_OK;
}

static enum err credentials(
        const struct client_options *o, struct arena *arena, grpc_channel_credentials **out)
{
        grpc_ssl_pem_key_cert_pair pair;
        const char *ca;

        bool have_pair = o->certificate_file != NULL && o->key_file != NULL;

        TRY(read_pem(arena, o->ca_file, &ca));
        if (have_pair) {
                TRY(read_pem(arena, o->key_file, &pair.private_key));
                TRY(read_pem(arena, o->certificate_file, &pair.cert_chain));
        }
        *out = grpc_ssl_credentials_create(ca, have_pair ? &pair : NULL, NULL, NULL);
        return *out != NULL ? ERR_OK : ERR_UNREADABLE;
}

static grpc_arg number(const char *key, int value)
{
        return (grpc_arg){
                .type = GRPC_ARG_INTEGER, .key = (char *)(uintptr_t)key, .value.integer = value};
}

static grpc_arg text(const char *key, const char *value)
{
        return (grpc_arg){.type = GRPC_ARG_STRING,
                .key = (char *)(uintptr_t)key,
                .value.string = (char *)(uintptr_t)value};
}

static grpc_channel *channel_new(const struct client_options *o, grpc_channel_credentials *creds)
{
        grpc_arg args[] = {
                text(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG,
                        o->server_name != NULL ? o->server_name : "localhost"),
                number(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1),
                number(GRPC_ARG_ENABLE_RETRIES, 0),
                /* A proxy named in the environment is not who we want to talk to. */
                number(GRPC_ARG_ENABLE_HTTP_PROXY, 0),
                number(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1),
                number(GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, RECEIVE_MAX),
                number(GRPC_ARG_MAX_METADATA_SIZE, METADATA_MAX),
                number(GRPC_COMPRESSION_CHANNEL_ENABLED_ALGORITHMS_BITSET, 1),
                /* Also the time one attempt to connect may take. */
                number(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, CONNECT_MS),
                number(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200),
                number(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 2000),
                number(GRPC_ARG_KEEPALIVE_TIME_MS, 60000),
                number(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 20000),
                number(GRPC_ARG_HTTP2_BDP_PROBE, 0),
                number(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 1 << 20),
                number(GRPC_ARG_ENABLE_PER_MESSAGE_COMPRESSION, 0),
                number(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0),
                number(GRPC_ARG_ENABLE_CHANNELZ, 0),
        };
        const grpc_channel_args all = {ARRAY_LEN(args), args};

        return grpc_channel_create(o->address, creds, &all);
}

static enum err open_channels(struct client *c, const struct client_options *o)
{
        OWNED(arena_free) struct arena *arena = arena_new((size_t)4 * (PEM_MAX + 64));
        unsigned wanted = o->channels > 0 ? o->channels : 1;
        grpc_channel_credentials *creds;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err err = credentials(o, arena, &creds);

        arena_wipe(arena);
        TRY(err);
        if (wanted > CHANNELS_MAX)
                wanted = CHANNELS_MAX;
        for (; c->channels_len < wanted; c->channels_len++)
                c->channels[c->channels_len] = channel_new(o, creds);
        grpc_channel_credentials_release(creds);
        return ERR_OK;
}

enum err client_open(const struct client_options *options, struct client **out)
{
        struct client *c = calloc(1, sizeof *c);

        if (c == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&c->lock, NULL);
        /* As in gateway/rpc/tls.c: no cipher of TLS 1.2 can ever be agreed on. */
        setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
        setenv("GRPC_VERBOSITY", "NONE", 0);
        grpc_init();
        enum err err = open_channels(c, options);

        if (err != ERR_OK) {
                client_close(&c);
                return err;
        }
        *out = c;
        return ERR_OK;
}

static void queue_end(grpc_completion_queue *queue)
{
        grpc_completion_queue_shutdown(queue);
        while (grpc_completion_queue_pluck(queue, NULL, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL)
                        .type != GRPC_QUEUE_SHUTDOWN)
                ;
        grpc_completion_queue_destroy(queue);
}

void client_close(struct client **client)
{
        if (client == NULL || *client == NULL)
                return;
        struct client *c = *client;

        while (c->queues_len > 0)
                queue_end(c->queues[--c->queues_len]);
        for (unsigned i = 0; i < c->channels_len; i++)
                grpc_channel_destroy(c->channels[i]);
        grpc_shutdown();
        pthread_mutex_destroy(&c->lock);
        free(c);
        *client = NULL;
}

/* Shared with stream.c -------------------------------------------------------------- */

grpc_call *client_call(
        struct client *c, grpc_completion_queue *queue, const char *path, gpr_timespec deadline)
{
        unsigned n = atomic_fetch_add_explicit(&c->next, 1, memory_order_relaxed);
        grpc_slice method = grpc_slice_from_copied_string(path);
        grpc_call *core = grpc_channel_create_call(c->channels[n % c->channels_len], NULL,
                GRPC_PROPAGATE_DEFAULTS, queue, method, NULL, deadline, NULL);

        grpc_slice_unref(method);
        return core;
}

grpc_completion_queue *client_queue_take(struct client *c)
{
        grpc_completion_queue *queue = NULL;

        pthread_mutex_lock(&c->lock);
        if (c->queues_len > 0)
                queue = c->queues[--c->queues_len];
        pthread_mutex_unlock(&c->lock);
        return queue != NULL ? queue : grpc_completion_queue_create_for_pluck(NULL);
}

void client_queue_put(struct client *c, grpc_completion_queue *queue)
{
        pthread_mutex_lock(&c->lock);
        if (c->queues_len < QUEUES_KEPT) {
                c->queues[c->queues_len++] = queue;
                queue = NULL;
        }
        pthread_mutex_unlock(&c->lock);
        if (queue != NULL)
                queue_end(queue);
}

gpr_timespec client_deadline(unsigned timeout_ms)
{
        if (timeout_ms == 0)
                return gpr_inf_future(GPR_CLOCK_MONOTONIC);
        return gpr_time_add(
                gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_millis(timeout_ms, GPR_TIMESPAN));
}

bool client_pluck(grpc_completion_queue *queue, void *tag)
{
        grpc_event ev =
                grpc_completion_queue_pluck(queue, tag, gpr_inf_future(GPR_CLOCK_MONOTONIC), NULL);

        tag_acquire(tag);
        return ev.type == GRPC_OP_COMPLETE && ev.success != 0;
}

grpc_byte_buffer *client_buffer(struct bytes b)
{
        grpc_slice slice = grpc_slice_from_copied_buffer((const char *)b.data, b.len);
        grpc_byte_buffer *buffer = grpc_raw_byte_buffer_create(&slice, 1);

        grpc_slice_unref(slice);
        return buffer;
}

enum err client_bytes(grpc_byte_buffer *buffer, struct arena *arena, struct bytes *out)
{
        size_t len = grpc_byte_buffer_length(buffer), at = 0;
        uint8_t *data = arena_alloc_raw(arena, len, 1);
        grpc_byte_buffer_reader reader;
        grpc_slice *piece;

        if (data == NULL)
                return ERR_NO_MEMORY;
        if (!grpc_byte_buffer_reader_init(&reader, buffer))
                return ERR_MALFORMED;
        while (grpc_byte_buffer_reader_peek(&reader, &piece)) {
                memcpy(data + at, GRPC_SLICE_START_PTR(*piece), GRPC_SLICE_LENGTH(*piece));
                at += GRPC_SLICE_LENGTH(*piece);
        }
        grpc_byte_buffer_reader_destroy(&reader);
        *out = bytes_of(data, at);
        return ERR_OK;
}

/* Unary ------------------------------------------------------------------------------- */

/* All of a unary call is one batch. */
struct unary {
        grpc_metadata_array headers;
        grpc_byte_buffer *request, *response;
        struct ending ending;
};

static void unary_ops(struct unary *u, grpc_op ops[6])
{
        memset(ops, 0, 6 * sizeof *ops);
        ops[0].op = GRPC_OP_SEND_INITIAL_METADATA;
        ops[1].op = GRPC_OP_SEND_MESSAGE;
        ops[1].data.send_message.send_message = u->request;
        ops[2].op = GRPC_OP_SEND_CLOSE_FROM_CLIENT;
        ops[3].op = GRPC_OP_RECV_INITIAL_METADATA;
        ops[3].data.recv_initial_metadata.recv_initial_metadata = &u->headers;
        ops[4].op = GRPC_OP_RECV_MESSAGE;
        ops[4].data.recv_message.recv_message = &u->response;
        ending_op(&u->ending, &ops[5]);
}

static enum err unary_result(const struct unary *u, struct arena *arena, struct bytes *response,
        struct call_status *status)
{
        TRY(ending_read(&u->ending, status));
        /* OK without an answer is a server that does not keep the rules. */
        if (u->response == NULL)
                return ERR_INTERNAL;
        return client_bytes(u->response, arena, response);
}

enum err client_unary(struct client *c, struct arena *arena, const char *path, struct bytes request,
        unsigned timeout_ms, struct bytes *response, struct call_status *status)
{
        grpc_completion_queue *queue = client_queue_take(c);
        grpc_call *core = client_call(
                c, queue, path, client_deadline(timeout_ms > 0 ? timeout_ms : UNARY_MS));
        struct unary u = {.request = client_buffer(request)};
        grpc_op ops[6];

        grpc_metadata_array_init(&u.headers);
        ending_init(&u.ending);
        unary_ops(&u, ops);
        tag_release(&u);
        enum err err = grpc_call_start_batch(core, ops, 6, &u, NULL) == GRPC_CALL_OK ? ERR_OK
                                                                                     : ERR_INTERNAL;

        if (err == ERR_OK) {
                (void)client_pluck(queue, &u); /* the status says more */
                err = unary_result(&u, arena, response, status);
        }
        grpc_byte_buffer_destroy(u.request);
        if (u.response != NULL)
                grpc_byte_buffer_destroy(u.response);
        grpc_metadata_array_destroy(&u.headers);
        ending_done(&u.ending);
        grpc_call_unref(core);
        client_queue_put(c, queue);
        return err;
}
