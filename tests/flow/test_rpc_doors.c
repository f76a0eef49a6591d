/* SPDX-License-Identifier: Apache-2.0 */
/* test_rpc_doors.c: who gets in, who no longer does, and what comes in with them.
 *
 * What our own client would never send is sent by others: openssl speaks TLS 1.2
 * and makes certificates with two names, Python's client compresses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/flow/rpc_world.h"

/* A command's first lines of output; its exit code. */
static int run(const char *command, char *out, size_t out_len)
{
        FILE *p = popen(command, "r");
        size_t len = 0;

        assert_non_null(p);
        for (size_t n; (n = fread(out + len, 1, out_len - 1 - len, p)) > 0;)
                len += n;
        out[len] = '\0';
        int status = pclose(p);

        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void is_not_let_in(struct world *w, struct pass *pass)
{
        struct client *c = world_client(w, pass);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "knock"), STATUS_UNAVAILABLE);
        assert_int_equal(atomic_load(&w->asked), 0);
        client_close(&c);
}

/* Certificates ------------------------------------------------------------------ */

static void without_a_certificate_nobody_gets_in(void **state)
{
        struct world *w = *state;

        world_open(w);
        is_not_let_in(w, &(struct pass){.uri = NULL});
}

static void a_certificate_of_another_authority_is_refused(void **state)
{
        struct world *w = *state;

        world_open(w);
        is_not_let_in(w, &(struct pass){.uri = MUNICIPALITY, .ca = &w->other_ca});
}

static void an_expired_certificate_is_refused(void **state)
{
        struct world *w = *state;

        world_open(w);
        is_not_let_in(w, &(struct pass){.uri = MUNICIPALITY, .days = -1});
}

static void a_server_certificate_does_not_open_the_door(void **state)
{
        struct world *w = *state;

        world_open(w);
        is_not_let_in(w, &(struct pass){.pair = &w->server});
}

static int64_t in_sixty_days(void)
{
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        return (now.tv_sec + INT64_C(60) * 86400) * 1000;
}

static void a_certificate_that_expires_on_the_way_is_refused_at_the_next_call(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "valid"), STATUS_OK);
        clock_set_source(in_sixty_days);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", "not now"), STATUS_UNAUTHENTICATED);
        clock_set_source(NULL);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", "valid"), STATUS_OK);
        client_close(&c);
}

static struct bytes slurp(struct world *w, const char *name)
{
        char path[160];
        uint8_t *data = arena_alloc(w->arena, 1 << 16, 1);

        (void)snprintf(path, sizeof path, "%s/%s", w->folder, name);
        FILE *f = fopen(path, "r");

        assert_non_null(f);
        size_t len = fread(data, 1, 1 << 16, f);

        fclose(f);
        return bytes_of(data, len);
}

static void a_certificate_with_two_names_is_nobody(void **state)
{
        struct world *w = *state;
        char command[1200], out[4096];

        world_open(w);
        world_write(w, "ca.key", w->ca.key_pem);
        world_write(w, "two.ext",
                bytes_of_text("subjectAltName=URI:" MUNICIPALITY ",URI:" OPERATOR "\n"
                              "extendedKeyUsage=clientAuth\n"));
        (void)snprintf(command, sizeof command,
                "cd %s && openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes "
                "-keyout two.key -subj /CN=two -out two.csr 2>&1 && openssl x509 -req -in two.csr "
                "-CA ca.pem -CAkey ca.key -CAcreateserial -days 3 -extfile two.ext -out two.pem "
                "2>&1",
                w->folder);
        assert_int_equal(run(command, out, sizeof out), 0);
        struct cert_pair two = {slurp(w, "two.pem"), slurp(w, "two.key")};
        struct client *c = world_client(w, &(struct pass){.pair = &two});

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "who"), STATUS_UNAUTHENTICATED);
        assert_int_equal(
                world_call(w, c, "/grpc.health.v1.Health/Check", ""), STATUS_UNAUTHENTICATED);
        assert_int_equal(world_call(w, c, "/trial.T/Nothing", ""), STATUS_UNAUTHENTICATED);
        assert_int_equal(atomic_load(&w->entered), 0);
        client_close(&c);
}

static void a_name_of_another_trust_domain_is_nobody(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, "statgate://elsewhere/municipality/0180");

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "who"), STATUS_UNAUTHENTICATED);
        client_close(&c);
}

static void a_handler_hears_who_calls(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *a = world_visitor(w, MUNICIPALITY), *b = world_visitor(w, STATISTICIAN);

        for (int i = 0; i < 10; i++) {
                assert_int_equal(world_call(w, a, "/trial.T/Whoami", ""), STATUS_OK);
                assert_true(bytes_is_text(last_response, MUNICIPALITY));
                assert_int_equal(world_call(w, b, "/trial.T/Whoami", ""), STATUS_OK);
                assert_true(bytes_is_text(last_response, STATISTICIAN));
        }
        assert_int_equal(atomic_load(&w->asked), 2); /* once per connection */
        client_close(&a);
        client_close(&b);
}

static void a_role_that_may_not_call_does_not_reach_the_handler(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY), *o = world_visitor(w, OPERATOR);

        assert_int_equal(world_call(w, c, "/trial.T/Operate", ""), STATUS_PERMISSION_DENIED);
        assert_int_equal(atomic_load(&w->entered), 0);
        assert_int_equal(world_call(w, o, "/trial.T/Operate", ""), STATUS_OK);
        client_close(&c);
        client_close(&o);
}

static void a_right_is_asked_for_at_every_call_and_never_lifts_the_ceiling(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY), *o = world_visitor(w, OPERATOR);

        assert_int_equal(world_call(w, o, "/trial.T/Operate", ""), STATUS_OK);
        atomic_store(&w->closed_right, 1);
        assert_int_equal(world_call(w, o, "/trial.T/Operate", ""), STATUS_PERMISSION_DENIED);
        atomic_store(&w->closed_right, 0);
        assert_int_equal(world_call(w, o, "/trial.T/Operate", ""), STATUS_OK);
        assert_int_equal(world_call(w, c, "/trial.T/Operate", ""), STATUS_PERMISSION_DENIED);
        client_close(&c);
        client_close(&o);
        world_stop(w);

        /* Nobody to ask: nobody may. */
        w->options.authority.may_call = NULL;
        world_open(w);
        o = world_visitor(w, OPERATOR);
        assert_int_equal(world_call(w, o, "/trial.T/Operate", ""), STATUS_PERMISSION_DENIED);
        client_close(&o);
}

static void a_new_policy_is_asked_about_old_connections(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        atomic_store(&w->closed_to_all, true);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        atomic_fetch_add(&w->generation, 1);
        for (int i = 0; i < 3; i++)
                assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_UNAUTHENTICATED);
        assert_int_equal(atomic_load(&w->asked), 2); /* a refusal is remembered too */
        client_close(&c);
}

/* Revocation and reload ------------------------------------------------------------ */

static void declare_lost(struct world *w, const struct digest *certificate)
{
        char hex[65], text[100];

        hex_encode(bytes_of(certificate->bytes, sizeof certificate->bytes), hex);
        (void)snprintf(text, sizeof text, "# lost laptop\n  %s # 0180\r\n\n", hex);
        world_write(w, "revoked.txt", bytes_of_text(text));
}

static void a_revoked_certificate_is_refused_on_open_connections_too(void **state)
{
        struct world *w = *state;
        struct pass lost = {.uri = MUNICIPALITY};
        bool changed;

        world_open(w);
        struct client *c = world_client(w, &lost), *other = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        declare_lost(w, &lost.certificate);
        assert_int_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        assert_true(changed);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_UNAUTHENTICATED);
        assert_int_equal(world_call(w, other, "/trial.T/Echo", ""), STATUS_OK);
        assert_int_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        assert_false(changed);
        client_close(&c);
        client_close(&other);
}

static void a_missing_or_broken_revocation_list_stops_start_and_reload(void **state)
{
        struct world *w = *state;
        struct pass lost = {.uri = MUNICIPALITY};
        char path[160];
        bool changed;

        (void)snprintf(path, sizeof path, "%s/revoked.txt", w->folder);
        assert_int_equal(remove(path), 0);
        assert_int_equal(rpc_start(&w->options, &w->gate), ERR_UNREADABLE);
        world_write(w, "revoked.txt", bytes_of_text("all of them\n"));
        assert_int_equal(rpc_start(&w->options, &w->gate), ERR_CONFIG);
        world_write(w, "revoked.txt", bytes_of_text(""));
        world_open(w);
        struct client *c = world_client(w, &lost);

        declare_lost(w, &lost.certificate);
        assert_int_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        assert_int_equal(remove(path), 0);
        assert_int_equal(rpc_reload_certificates(w->gate, &changed), ERR_UNREADABLE);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_UNAUTHENTICATED);
        client_close(&c);
}

/* Makes the server speak with a certificate of the other authority from now on,
 * and goes on trusting clients of the first. */
static void change_server(struct world *w)
{
        struct cert_pair fresh;
        struct buf both;

        assert_int_equal(
                cert_make_leaf(w->arena, &w->other_ca, "gate", NULL, NULL, 30, &fresh), ERR_OK);
        world_write(w, "server.pem", fresh.cert_pem);
        world_write(w, "server.key", fresh.key_pem);
        buf_init(&both, 1 << 16);
        put_raw(&both, w->ca.cert_pem.data, w->ca.cert_pem.len);
        put_raw(&both, w->other_ca.cert_pem.data, w->other_ca.cert_pem.len);
        world_write(w, "ca.pem", bytes_of(both.data, both.len));
        buf_done(&both);
}

static void new_connections_see_a_reloaded_certificate(void **state)
{
        struct world *w = *state;
        struct pass old = {.uri = MUNICIPALITY, .trusted = "old.pem"};
        struct pass new = {.uri = MUNICIPALITY, .trusted = "new.pem"};
        bool changed;

        world_write(w, "old.pem", w->ca.cert_pem);
        world_write(w, "new.pem", w->other_ca.cert_pem);
        world_open(w);
        struct client *before = world_client(w, &old), *stranger = world_client(w, &new);

        assert_int_equal(world_call(w, before, "/trial.T/Echo", ""), STATUS_OK);
        assert_int_equal(world_call(w, stranger, "/trial.T/Echo", ""), STATUS_UNAVAILABLE);
        change_server(w);
        assert_int_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        assert_true(changed);
        struct client *after = world_client(w, &new);

        assert_int_equal(world_call(w, after, "/trial.T/Echo", ""), STATUS_OK);
        assert_int_equal(world_call(w, before, "/trial.T/Echo", ""), STATUS_OK);
        client_close(&before);
        client_close(&stranger);
        client_close(&after);
}

static void a_broken_folder_leaves_what_was_good(void **state)
{
        struct world *w = *state;
        bool changed;

        world_open(w);
        world_write(w, "server.key", w->other_ca.key_pem);
        assert_int_not_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        world_write(w, "server.key", bytes_of_text("-----BEGIN PRIVATE KEY-----\n"));
        assert_int_not_equal(rpc_reload_certificates(w->gate, &changed), ERR_OK);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        client_close(&c);
        struct rpc_server *second = NULL;

        assert_int_not_equal(rpc_start(&w->options, &second), ERR_OK);
}

/* What others send ------------------------------------------------------------------- */

/* Leaves a visitor's files behind as visitor-1.pem and visitor-1.key. */
static void leave_files(struct world *w)
{
        struct client *c = world_visitor(w, MUNICIPALITY);

        client_close(&c);
}

static void only_tls_1_3_is_spoken(void **state)
{
        struct world *w = *state;
        char command[600], out[16384];

        world_open(w);
        leave_files(w);
        for (int old = 0; old < 2; old++) {
                (void)snprintf(command, sizeof command,
                        "cd %s && openssl s_client -connect %s -alpn h2 -CAfile ca.pem "
                        "-cert visitor-1.pem -key visitor-1.key %s </dev/null 2>&1",
                        w->folder, w->address, old ? "-tls1_2" : "-tls1_3");
                (void)run(command, out, sizeof out);
                if (old)
                        assert_non_null(strstr(out, "(NONE)"));
                else
                        assert_non_null(strstr(out, "TLSv1.3, Cipher is TLS_"));
        }
}

static void python(struct world *w, const char *script, char *out, size_t out_len)
{
        char command[2000];

        (void)snprintf(command, sizeof command,
                "cd %s && /usr/bin/python3 -c '\n"
                "import grpc\n"
                "f = lambda n: open(n, \"rb\").read()\n"
                "creds = grpc.ssl_channel_credentials(f(\"ca.pem\"), f(\"visitor-1.key\"), "
                "f(\"visitor-1.pem\"))\n"
                "options = [(\"grpc.ssl_target_name_override\", \"localhost\")]\n"
                "def call(data, **more):\n"
                "    with grpc.secure_channel(\"%s\", creds, options) as channel:\n"
                "        try:\n"
                "            return channel.unary_unary(\"/trial.T/Echo\")(data, timeout=10, "
                "**more)\n"
                "        except grpc.RpcError as e:\n"
                "            return e.code().name\n"
                "%s' 2>&1",
                w->folder, w->address, script);
        (void)run(command, out, out_len);
}

static void a_compressed_request_is_refused_before_it_grows(void **state)
{
        struct world *w = *state;
        char out[4096];

        world_open(w);
        leave_files(w);
        python(w, "print(call(b\"plain\"))", out, sizeof out);
        assert_string_equal(out, "b'plain'\n");
        long before = resident_kb();

        python(w, "print(call(bytes(200 << 20), compression=grpc.Compression.Gzip))", out,
                sizeof out);
        assert_string_equal(out, "UNIMPLEMENTED\n");
        assert_true(resident_kb() - before < 64 << 10);
        assert_int_equal(atomic_load(&w->entered), 1);
}

static void headers_beyond_the_limit_are_refused(void **state)
{
        struct world *w = *state;
        char out[4096];

        world_open(w);
        leave_files(w);
        python(w, "print(call(b\"x\", metadata=[(\"note\", \"x\" * 20000)]))", out, sizeof out);
        assert_string_equal(out, "RESOURCE_EXHAUSTED\n");
        assert_int_equal(atomic_load(&w->entered), 0);
}

int main(void)
{
#define FLOW(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
        const struct CMUnitTest tests[] = {
                FLOW(without_a_certificate_nobody_gets_in),
                FLOW(a_certificate_of_another_authority_is_refused),
                FLOW(an_expired_certificate_is_refused),
                FLOW(a_server_certificate_does_not_open_the_door),
                FLOW(a_certificate_that_expires_on_the_way_is_refused_at_the_next_call),
                FLOW(a_certificate_with_two_names_is_nobody),
                FLOW(a_name_of_another_trust_domain_is_nobody),
                FLOW(a_handler_hears_who_calls),
                FLOW(a_role_that_may_not_call_does_not_reach_the_handler),
                FLOW(a_right_is_asked_for_at_every_call_and_never_lifts_the_ceiling),
                FLOW(a_new_policy_is_asked_about_old_connections),
                FLOW(a_revoked_certificate_is_refused_on_open_connections_too),
                FLOW(a_missing_or_broken_revocation_list_stops_start_and_reload),
                FLOW(new_connections_see_a_reloaded_certificate),
                FLOW(a_broken_folder_leaves_what_was_good),
                FLOW(only_tls_1_3_is_spoken),
                FLOW(a_compressed_request_is_refused_before_it_grows),
                FLOW(headers_beyond_the_limit_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
