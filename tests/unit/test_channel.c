/* SPDX-License-Identifier: Apache-2.0 */
/* test_channel.c: two ends that show each other certificates, and everybody who should not get
 * that far: another authority's, expired ones, none at all, another host, an older protocol, and
 * whoever cuts the line. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/ssl.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/channel.h"
#include "crypto/digest.h"

#define HOST "keeper.example"
#define URI  "statgate://demo/gateway/stockholm"

enum { ROUNDS_MAX = 200 };

static struct arena *arena;
static struct cert_pair ca, other_ca, server, client;

static int setup(void **state)
{
        (void)state;
        log_to(STDERR_FILENO, LOG_ERROR + 1);
        (void)signal(SIGPIPE, SIG_IGN);
        arena = arena_new(16 << 20);
        assert_non_null(arena);
        assert_int_equal(cert_make_ca(arena, "custodian", 10, &ca), ERR_OK);
        assert_int_equal(cert_make_ca(arena, "another", 10, &other_ca), ERR_OK);
        assert_int_equal(cert_make_leaf(arena, &ca, "keeper", HOST, NULL, 10, &server), ERR_OK);
        assert_int_equal(cert_make_leaf(arena, &ca, "gateway", NULL, URI, 10, &client), ERR_OK);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        arena_free(&arena);
        return 0;
}

static struct channel_keys keys_of(const struct cert_pair *pair, const struct cert_pair *root)
{
        return (struct channel_keys){pair->cert_pem, pair->key_pem, root->cert_pem};
}

struct ends {
        struct channel_context *server_context, *client_context;
        struct channel *server, *client;
        int fds[2];
};

static void ends_open(struct ends *e, const struct channel_keys *server_keys,
        const struct channel_keys *client_keys, const char *host)
{
        *e = (struct ends){.fds = {-1, -1}};
        assert_int_equal(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, e->fds), 0);
        assert_int_equal(
                channel_context_new(CHANNEL_SERVER, server_keys, &e->server_context), ERR_OK);
        assert_int_equal(channel_new(e->server_context, e->fds[0], NULL, &e->server), ERR_OK);
        if (client_keys == NULL)
                return;
        assert_int_equal(
                channel_context_new(CHANNEL_CLIENT, client_keys, &e->client_context), ERR_OK);
        assert_int_equal(channel_new(e->client_context, e->fds[1], host, &e->client), ERR_OK);
}

static void ends_close(struct ends *e)
{
        channel_free(&e->client);
        channel_free(&e->server);
        channel_context_free(&e->client_context);
        channel_context_free(&e->server_context);
        fd_close(&e->fds[0]);
        fd_close(&e->fds[1]);
}

/* What each end says when nothing more happens. */
static void shake(struct ends *e, enum err *out_server, enum err *out_client)
{
        *out_server = *out_client = ERR_BUSY;
        for (unsigned i = 0; i < ROUNDS_MAX; i++) {
                if (*out_client == ERR_BUSY)
                        *out_client = channel_shake(e->client);
                if (*out_server == ERR_BUSY)
                        *out_server = channel_shake(e->server);
        }
}

static void two_ends_of_one_authority_know_each_other_and_talk(void **state)
{
        const struct channel_keys s = keys_of(&server, &ca), c = keys_of(&client, &ca);
        struct peer_certificate peer, expected;
        enum err at_server, at_client;
        struct ends e;
        char heard[16];
        size_t len = 0;

        (void)state;
        ends_open(&e, &s, &c, HOST);
        shake(&e, &at_server, &at_client);
        assert_int_equal(at_server, ERR_OK);
        assert_int_equal(at_client, ERR_OK);
        assert_int_equal(channel_peer(e.server, &peer), ERR_OK);
        assert_string_equal(peer.uri, URI);
        assert_int_equal(cert_read_peer(client.cert_pem, &expected), ERR_OK);
        assert_true(digest_equal(&peer.digest, &expected.digest));
        assert_int_equal(channel_peer(e.client, &peer), ERR_OK);
        assert_string_equal(peer.uri, "");
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_BUSY);
        assert_int_equal(channel_events(e.server), POLLIN);
        assert_int_equal(channel_write(e.client, "hej", 3, &len), ERR_OK);
        assert_int_equal(len, 3);
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_OK);
        assert_int_equal(len, 3);
        assert_memory_equal(heard, "hej", 3);
        channel_free(&e.client); /* says goodbye */
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_CLOSED);
        ends_close(&e);
}

/* With TLS 1.3 a client hears of its refusal when it reads. */
static enum err client_fate(struct ends *e, enum err shaken)
{
        char heard[8];
        size_t len;

        return shaken == ERR_OK ? channel_read(e->client, heard, sizeof heard, &len) : shaken;
}

static void a_client_of_another_authority_or_time_is_refused(void **state)
{
        const struct channel_keys s = keys_of(&server, &ca);
        struct cert_pair foreign, expired;
        struct ends e;

        (void)state;
        assert_int_equal(
                cert_make_leaf(arena, &other_ca, "gateway", NULL, URI, 10, &foreign), ERR_OK);
        assert_int_equal(cert_make_leaf(arena, &ca, "gateway", NULL, URI, -1, &expired), ERR_OK);
        /* The third is a server's certificate, which is not for clients. */
        const struct cert_pair *shown[] = {&foreign, &expired, &server};

        for (unsigned i = 0; i < ARRAY_LEN(shown); i++) {
                const struct channel_keys c = keys_of(shown[i], &ca);
                enum err at_server, at_client;

                ends_open(&e, &s, &c, HOST);
                shake(&e, &at_server, &at_client);
                assert_int_equal(at_server, ERR_NOT_AUTHENTICATED);
                assert_int_equal(client_fate(&e, at_client), ERR_NOT_AUTHENTICATED);
                ends_close(&e);
        }
}

static void a_server_that_is_not_who_was_called_is_refused(void **state)
{
        static const char *const hosts[] = {"other.example", "example", "127.0.0.2", "::2"};
        const struct channel_keys s = keys_of(&server, &ca), c = keys_of(&client, &ca);
        const struct channel_keys wrong = keys_of(&client, &other_ca);
        const struct channel_keys as_client = keys_of(&client, &ca);
        enum err at_server, at_client;
        struct ends e;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(hosts); i++) {
                ends_open(&e, &s, &c, hosts[i]);
                shake(&e, &at_server, &at_client);
                assert_int_equal(at_client, ERR_NOT_AUTHENTICATED);
                assert_int_not_equal(at_server, ERR_OK);
                ends_close(&e);
        }
        ends_open(&e, &s, &wrong, HOST);
        shake(&e, &at_server, &at_client);
        assert_int_equal(at_client, ERR_NOT_AUTHENTICATED);
        ends_close(&e);
        ends_open(&e, &as_client, &c, HOST); /* a client's certificate is no server's */
        shake(&e, &at_server, &at_client);
        assert_int_equal(at_client, ERR_NOT_AUTHENTICATED);
        ends_close(&e);
        ends_open(&e, &s, &c, "127.0.0.1"); /* it is in it, beside the name */
        shake(&e, &at_server, &at_client);
        assert_int_equal(at_client, ERR_OK);
        ends_close(&e);
}

/* A client of somebody else's making: bare OpenSSL, with or without a certificate. */
static enum err meet_bare(int oldest, int newest, bool certificate)
{
        const struct channel_keys s = keys_of(&server, &ca);
        SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
        BIO *pem = BIO_new_mem_buf(client.cert_pem.data, (int)client.cert_pem.len);
        BIO *key_pem = BIO_new_mem_buf(client.key_pem.data, (int)client.key_pem.len);
        X509 *x = PEM_read_bio_X509(pem, NULL, NULL, NULL);
        EVP_PKEY *key = PEM_read_bio_PrivateKey(key_pem, NULL, NULL, NULL);
        enum err at_server = ERR_BUSY;
        struct ends e;
        SSL *ssl;

        assert_int_equal(SSL_CTX_set_min_proto_version(ctx, oldest), 1);
        assert_int_equal(SSL_CTX_set_max_proto_version(ctx, newest), 1);
        if (certificate) {
                assert_int_equal(SSL_CTX_use_certificate(ctx, x), 1);
                assert_int_equal(SSL_CTX_use_PrivateKey(ctx, key), 1);
        }
        ends_open(&e, &s, NULL, NULL);
        ssl = SSL_new(ctx);
        assert_int_equal(SSL_set_fd(ssl, e.fds[1]), 1);
        for (unsigned i = 0; i < ROUNDS_MAX && at_server == ERR_BUSY; i++) {
                (void)SSL_connect(ssl);
                at_server = channel_shake(e.server);
        }
        if (at_server == ERR_OK) {
                char some[8];

                (void)SSL_read(ssl, some, sizeof some); /* tickets would come now */
                assert_int_equal(SSL_SESSION_is_resumable(SSL_get_session(ssl)), 0);
        }
        SSL_free(ssl);
        ends_close(&e);
        EVP_PKEY_free(key);
        X509_free(x);
        BIO_free(key_pem);
        BIO_free(pem);
        SSL_CTX_free(ctx);
        return at_server;
}

static void older_protocols_and_clients_without_a_certificate_are_refused(void **state)
{
        (void)state;
        assert_int_equal(meet_bare(TLS1_3_VERSION, TLS1_3_VERSION, true), ERR_OK);
        assert_int_equal(meet_bare(TLS1_2_VERSION, TLS1_2_VERSION, true), ERR_IO);
        assert_int_not_equal(meet_bare(TLS1_3_VERSION, TLS1_3_VERSION, false), ERR_OK);
}

static void a_line_that_is_cut_is_not_an_end(void **state)
{
        const struct channel_keys s = keys_of(&server, &ca), c = keys_of(&client, &ca);
        enum err at_server, at_client;
        struct ends e;
        char heard[8];
        size_t len;

        (void)state;
        ends_open(&e, &s, &c, HOST);
        shake(&e, &at_server, &at_client);
        assert_int_equal(shutdown(e.fds[1], SHUT_RDWR), 0);
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_IO);
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_IO);
        ends_close(&e);
}

/* Whoever sits on the line can flip bits, and that is all: the line ends. */
static void a_changed_byte_ends_the_line(void **state)
{
        const struct channel_keys s = keys_of(&server, &ca), c = keys_of(&client, &ca);
        uint8_t record[256];
        enum err at_server, at_client;
        struct ends e;
        char heard[8];
        ssize_t n;
        size_t len;

        (void)state;
        ends_open(&e, &s, &c, HOST);
        shake(&e, &at_server, &at_client);
        assert_int_equal(channel_write(e.client, "hej", 3, &len), ERR_OK);
        n = recv(e.fds[0], record, sizeof record, 0);
        assert_true(n > 8);
        record[n - 2] ^= 1;
        assert_int_equal(send(e.fds[1], record, (size_t)n, 0), n);
        assert_int_equal(channel_read(e.server, heard, sizeof heard, &len), ERR_IO);
        ends_close(&e);
}

static void noise_is_no_handshake(void **state)
{
        const struct channel_keys s = keys_of(&server, &ca);
        static const char noise[] = "GET / HTTP/1.1\r\n\r\n";
        struct ends e;

        (void)state;
        ends_open(&e, &s, NULL, NULL);
        assert_int_equal(send(e.fds[1], noise, sizeof noise, 0), (int)sizeof noise);
        assert_int_equal(channel_shake(e.server), ERR_IO);
        ends_close(&e);
}

static void keys_that_do_not_belong_together_are_refused_at_the_start(void **state)
{
        const struct bytes none = bytes_of(NULL, 0), text = bytes_of_text("no certificate");
        const struct channel_keys wrong[] = {
                {none, server.key_pem, ca.cert_pem},
                {server.cert_pem, none, ca.cert_pem},
                {server.cert_pem, server.key_pem, none},
                {text, server.key_pem, ca.cert_pem},
                {server.cert_pem, text, ca.cert_pem},
                {server.cert_pem, server.key_pem, text},
                {server.cert_pem, client.key_pem, ca.cert_pem},
        };
        struct channel_context *context = NULL;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(
                        channel_context_new(CHANNEL_SERVER, &wrong[i], &context), ERR_CONFIG);
        assert_null(context);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_ends_of_one_authority_know_each_other_and_talk),
                cmocka_unit_test(a_client_of_another_authority_or_time_is_refused),
                cmocka_unit_test(a_server_that_is_not_who_was_called_is_refused),
                cmocka_unit_test(older_protocols_and_clients_without_a_certificate_are_refused),
                cmocka_unit_test(a_line_that_is_cut_is_not_an_end),
                cmocka_unit_test(a_changed_byte_ends_the_line),
                cmocka_unit_test(noise_is_no_handshake),
                cmocka_unit_test(keys_that_do_not_belong_together_are_refused_at_the_start),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
