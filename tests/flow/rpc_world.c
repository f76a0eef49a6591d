/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_world.c: see rpc_world.h. The methods offered here do one thing each, so
 * that a test can say which property of the engine it looks at. */
#include "tests/flow/rpc_world.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

struct call_status last_status;
struct bytes last_response;

void nap(unsigned ms)
{
        nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

bool eventually(const atomic_uint *value, unsigned least)
{
        for (int i = 0; i < 4000; i++) {
                if (atomic_load(value) >= least)
                        return true;
                nap(5);
        }
        return false;
}

long resident_kb(void)
{
        long pages = 0, resident = 0;
        FILE *f = fopen("/proc/self/statm", "r");

        if (f != NULL && fscanf(f, "%ld %ld", &pages, &resident) != 2)
                resident = 0;
        if (f != NULL)
                fclose(f);
        return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Handlers -------------------------------------------------------------------- */

static enum err echo(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct world *w = c->handlers;

        atomic_fetch_add(&w->entered, 1);
        put_raw(response, request.data, request.len);
        return ERR_OK;
}

static enum err whoami(struct rpc_call *c, struct bytes request, struct buf *response)
{
        (void)request;
        put_raw(response, c->peer->uri, strlen(c->peer->uri));
        return ERR_OK;
}

static enum err refuse_with_reasons(struct rpc_call *c, struct bytes request, struct buf *response)
{
        (void)response;
        for (unsigned i = 0; i < request.len; i++)
                (void)refuse(&c->why, ERR_INVALID, "batch.columns[3]", "violation %u of a rule %*s",
                        i, 160, "that is explained at some length");
        return ERR_INVALID;
}

static enum err break_down(struct rpc_call *c, struct bytes request, struct buf *response)
{
        (void)c, (void)request, (void)response;
        return ERR_CORRUPT;
}

static enum err wait_for_gate(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct world *w = c->handlers;
        bool open = false;

        (void)request, (void)response;
        atomic_fetch_add(&w->entered, 1);
        while (!open && !rpc_cancelled(c)) {
                pthread_mutex_lock(&w->lock);
                open = w->gate_open;
                pthread_mutex_unlock(&w->lock);
                nap(2);
        }
        if (rpc_cancelled(c))
                atomic_fetch_add(&w->cancelled, 1);
        atomic_fetch_add(&w->left, 1);
        return ERR_OK;
}

/* As many messages as the request has bytes. */
static enum err count_up(struct rpc_call *c, struct bytes request, struct buf *response)
{
        (void)response;
        for (uint32_t i = 0; i < request.len; i++)
                TRY(rpc_send(c, bytes_of(&i, sizeof i)));
        return ERR_OK;
}

static enum err flood(struct rpc_call *c, struct bytes request, struct buf *response)
{
        static const uint8_t block[64 << 10];
        struct world *w = c->handlers;
        enum err err = ERR_OK;

        (void)request, (void)response;
        while (err == ERR_OK) {
                err = rpc_send(c, bytes_of(block, sizeof block));
                if (err == ERR_OK)
                        atomic_fetch_add(&w->bytes_out, sizeof block);
        }
        atomic_fetch_add(&w->left, 1);
        return err;
}

static enum err stream_open(struct rpc_call *c)
{
        struct world *w = c->handlers;

        c->state = w;
        atomic_fetch_add(&w->entered, 1);
        return ERR_OK;
}

static enum err stream_echo(struct rpc_call *c, struct bytes message)
{
        if (bytes_is_text(message, "refuse"))
                return refuse(&c->why, ERR_OUT_OF_ORDER, "message", "not now");
        return rpc_send(c, message);
}

static enum err stream_swallow(struct rpc_call *c, struct bytes message)
{
        struct world *w = c->handlers;

        nap(20);
        atomic_fetch_add(&w->bytes_in, message.len);
        return ERR_OK;
}

static enum err stream_end(struct rpc_call *c)
{
        struct world *w = c->handlers;

        atomic_fetch_add(&w->ended, 1);
        return rpc_send(c, bytes_of("bye", 3));
}

static void stream_closed(struct rpc_call *c)
{
        struct world *w = c->state;

        atomic_fetch_add(&w->closed, 1);
}

static const struct rpc_method methods[] = {
        {.path = "/trial.T/Echo", .kind = RPC_UNARY, .unary = echo},
        {.path = "/trial.T/Inline", .kind = RPC_UNARY, .flags = RPC_INLINE, .unary = echo},
        {.path = "/trial.T/Whoami", .kind = RPC_UNARY, .unary = whoami},
        {.path = "/trial.T/Refuse", .kind = RPC_UNARY, .unary = refuse_with_reasons},
        {.path = "/trial.T/Fail", .kind = RPC_UNARY, .unary = break_down},
        {.path = "/trial.T/Wait", .kind = RPC_UNARY, .unary = wait_for_gate},
        {.path = "/trial.T/Count", .kind = RPC_SERVER_STREAM, .unary = count_up},
        {.path = "/trial.T/Flood", .kind = RPC_SERVER_STREAM, .unary = flood},
        {.path = "/trial.T/Talk",
                .kind = RPC_BIDI,
                .open = stream_open,
                .message = stream_echo,
                .end = stream_end,
                .closed = stream_closed},
        {.path = "/trial.T/Swallow", .kind = RPC_BIDI, .message = stream_swallow},
        {.path = "/trial.T/Operate",
                .kind = RPC_UNARY,
                .roles = 1u << ROLE_OPERATOR | 1u << ROLE_DPO,
                .right = 1,
                .unary = echo},
};
static const char *const services[] = {"statgate.v1.Statistics", "statgate.v1.Submission"};

/* The authority ------------------------------------------------------------------ */

static enum err authenticate(void *ctx, struct bytes pem, struct principal *out)
{
        struct world *w = ctx;
        struct peer_certificate cert;

        atomic_fetch_add(&w->asked, 1);
        if (atomic_load(&w->closed_to_all))
                return ERR_NOT_AUTHENTICATED;
        TRY(cert_read_peer(pem, &cert));
        return principal_parse(cert.uri, TRUST, out);
}

static uint64_t generation(void *ctx)
{
        struct world *w = ctx;

        return atomic_load(&w->generation);
}

static bool may_call(void *ctx, const struct principal *who, unsigned right)
{
        struct world *w = ctx;

        return who->role != ROLE_NONE && right != atomic_load(&w->closed_right);
}

static bool healthy(void *handlers, struct bytes service)
{
        struct world *w = handlers;

        (void)service;
        return atomic_load(&w->healthy);
}

/* Setting up ---------------------------------------------------------------------- */

void world_write(struct world *w, const char *name, struct bytes content)
{
        char path[160];

        (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_int_equal(fwrite(content.data, 1, content.len, f), content.len);
        assert_int_equal(fclose(f), 0);
}

int world_setup(void **state)
{
        struct world *w = calloc(1, sizeof *w);

        log_to(STDERR_FILENO, trace_on("test") ? LOG_DEBUG : LOG_ERROR + 1);
        strcpy(w->folder, "/tmp/statgate-rpc-XXXXXX");
        assert_non_null(mkdtemp(w->folder));
        w->arena = arena_new(64 << 20);
        pthread_mutex_init(&w->lock, NULL);
        pthread_cond_init(&w->changed, NULL);
        atomic_store(&w->healthy, true);
        assert_int_equal(cert_make_ca(w->arena, "Trial CA", 30, &w->ca), ERR_OK);
        assert_int_equal(cert_make_ca(w->arena, "Other CA", 30, &w->other_ca), ERR_OK);
        assert_int_equal(
                cert_make_leaf(w->arena, &w->ca, "gate", NULL, NULL, 30, &w->server), ERR_OK);
        world_write(w, "server.pem", w->server.cert_pem);
        world_write(w, "server.key", w->server.key_pem);
        world_write(w, "ca.pem", w->ca.cert_pem);
        world_write(w, "revoked.txt", bytes_of_text("# nobody yet\n"));
        w->options = (struct rpc_options){
                .address = "127.0.0.1:0",
                .certificates = w->folder,
                .workers = 4,
                .drain_ms = 2000,
                .methods = methods,
                .methods_len = ARRAY_LEN(methods),
                .services = services,
                .services_len = ARRAY_LEN(services),
                .handlers = w,
                .authority = {.ctx = w,
                        .authenticate = authenticate,
                        .generation = generation,
                        .may_call = may_call},
                .healthy = healthy,
        };
        *state = w;
        return 0;
}

void world_open(struct world *w)
{
        assert_int_equal(rpc_start(&w->options, &w->gate), ERR_OK);
        (void)snprintf(w->address, sizeof w->address, "127.0.0.1:%d", rpc_port(w->gate));
}

void world_release(struct world *w)
{
        pthread_mutex_lock(&w->lock);
        w->gate_open = true;
        pthread_mutex_unlock(&w->lock);
}

void world_stop(struct world *w)
{
        world_release(w);
        rpc_stop(&w->gate);
}

int world_teardown(void **state)
{
        struct world *w = *state;
        char path[400];

        world_stop(w);
        DIR *d = opendir(w->folder);

        for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
                (void)snprintf(path, sizeof path, "%s/%s", w->folder, e->d_name);
                (void)unlink(path);
        }
        if (d != NULL)
                closedir(d);
        (void)rmdir(w->folder);
        arena_free(&w->arena);
        pthread_cond_destroy(&w->changed);
        pthread_mutex_destroy(&w->lock);
        free(w);
        return 0;
}

/* Clients --------------------------------------------------------------------------- */

/* Writes the visitor's pair into the folder. */
static void write_pair(struct world *w, const struct cert_pair *pair, char cert[128], char key[128])
{
        char name[32];

        (void)snprintf(name, sizeof name, "visitor-%u.pem", ++w->files);
        world_write(w, name, pair->cert_pem);
        (void)snprintf(cert, 128, "%s/%s", w->folder, name);
        (void)snprintf(name, sizeof name, "visitor-%u.key", w->files);
        world_write(w, name, pair->key_pem);
        (void)snprintf(key, 128, "%s/%s", w->folder, name);
}

static void make_pair(struct world *w, struct pass *pass, struct cert_pair *out)
{
        const struct cert_pair *ca = pass->ca != NULL ? pass->ca : &w->ca;
        int days = pass->days != 0 ? pass->days : 30;
        struct peer_certificate read;

        if (pass->pair != NULL)
                *out = *pass->pair;
        else
                assert_int_equal(
                        cert_make_leaf(w->arena, ca, "visitor", NULL, pass->uri, days, out),
                        ERR_OK);
        if (cert_read_peer(out->cert_pem, &read) == ERR_OK)
                pass->certificate = read.digest;
}

struct client *world_client(struct world *w, struct pass *pass)
{
        char ca_path[128], cert_path[128], key_path[128];
        struct client_options options = {
                .address = w->address, .ca_file = ca_path, .channels = pass->channels};
        struct cert_pair pair;
        struct client *client;

        (void)snprintf(ca_path, sizeof ca_path, "%s/%s", w->folder,
                pass->trusted != NULL ? pass->trusted : "ca.pem");
        if (pass->uri != NULL || pass->pair != NULL) {
                make_pair(w, pass, &pair);
                write_pair(w, &pair, cert_path, key_path);
                options.certificate_file = cert_path;
                options.key_file = key_path;
        }
        assert_int_equal(client_open(&options, &client), ERR_OK);
        return client;
}

struct client *world_visitor(struct world *w, const char *uri)
{
        return world_client(w, &(struct pass){.uri = uri});
}

enum status world_call(struct world *w, struct client *c, const char *path, const char *request)
{
        memset(&last_status, 0xee, sizeof last_status);
        last_response = bytes_of(NULL, 0);
        enum err err = client_unary(
                c, w->arena, path, bytes_of_text(request), 10000, &last_response, &last_status);

        assert_int_equal(err_status(err), last_status.code);
        return last_status.code;
}
