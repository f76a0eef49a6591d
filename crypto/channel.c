/* SPDX-License-Identifier: Apache-2.0 */
/* channel.c: mutual TLS 1.3, and all of OpenSSL's choices that we do not want made for us.
 *
 * Both sides are ours and of one version, so there is nothing to negotiate: one protocol, no
 * session that lives longer than its connection (a ticket is a key that outlives the certificate
 * that was shown), no compression, no renegotiation. A connection that ends without a goodbye is
 * an error: who cuts a line must not be able to make it look like an end.
 *
 * Which certificates count is the caller's authority and name, never the system's store. What
 * surprised us: with TLS 1.3 the client's handshake is over before the server has looked at its
 * certificate; a refusal arrives with the first read. */
#include "crypto/channel.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"

struct channel_context {
        SSL_CTX *ctx;
        enum channel_side side;
};

struct channel {
        SSL *ssl;
        short events;
        bool broken; /* no goodbye after an error */
};

static void x509_free(X509 **x)
{
        X509_free(*x);
}

static void bio_free(BIO **b)
{
        BIO_free(*b);
}

static void key_free(EVP_PKEY **k)
{
        EVP_PKEY_free(*k);
}

/* PEM keys without a passphrase only: never a prompt from inside a library. */
/* NOLINTNEXTLINE(readability-non-const-parameter): OpenSSL's type of callback */
static int no_passphrase(char *buf, int size, int rwflag, void *arg)
{
        (void)buf;
        (void)size;
        (void)rwflag;
        (void)arg;
        return -1;
}

static BIO *bio_of(struct bytes pem)
{
        return pem.len > 0 && pem.len <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.len) : NULL;
}

/* The context ---------------------------------------------------------------- */

static bool use_chain(SSL_CTX *ctx, struct bytes pem)
{
        OWNED(bio_free) BIO *in = bio_of(pem);
        OWNED(x509_free) X509 *leaf = NULL;
        X509 *next;

        if (in != NULL)
                leaf = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
        if (leaf == NULL || SSL_CTX_use_certificate(ctx, leaf) != 1)
                return false;
        while ((next = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL)
                if (SSL_CTX_add0_chain_cert(ctx, next) != 1) {
                        X509_free(next);
                        return false;
                }
        return true;
}

static bool use_key(SSL_CTX *ctx, struct bytes pem)
{
        OWNED(bio_free) BIO *in = bio_of(pem);
        OWNED(key_free) EVP_PKEY *key = NULL;

        if (in != NULL)
                key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
        return key != NULL && SSL_CTX_use_PrivateKey(ctx, key) == 1 &&
               SSL_CTX_check_private_key(ctx) == 1;
}

/* An empty store but for these: what the system trusts does not count here. */
static bool trust(SSL_CTX *ctx, struct bytes pem)
{
        OWNED(bio_free) BIO *in = bio_of(pem);
        X509_STORE *store = SSL_CTX_get_cert_store(ctx);
        unsigned count = 0;

        while (in != NULL) {
                OWNED(x509_free) X509 *ca = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);

                if (ca == NULL)
                        break;
                if (X509_STORE_add_cert(store, ca) != 1)
                        return false;
                count++;
        }
        return count > 0;
}

static bool choose(SSL_CTX *ctx)
{
        SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
        (void)SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
                                               SSL_OP_NO_COMPRESSION | SSL_OP_CLEANSE_PLAINTEXT);
        (void)SSL_CTX_set_mode(
                ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
        return SSL_CTX_set_num_tickets(ctx, 0) == 1 &&
               SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) == 1 &&
               SSL_CTX_set_max_proto_version(ctx, TLS1_3_VERSION) == 1;
}

enum err channel_context_new(
        enum channel_side side, const struct channel_keys *keys, struct channel_context **out)
{
        OWNED(channel_context_free) struct channel_context *c = calloc(1, sizeof *c);
        const char *wrong = NULL;

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->side = side;
        c->ctx = SSL_CTX_new(side == CHANNEL_SERVER ? TLS_server_method() : TLS_client_method());
        if (c->ctx == NULL || !choose(c->ctx))
                return ERR_INTERNAL;
        if (!use_chain(c->ctx, keys->chain))
                wrong = "certificate";
        else if (!use_key(c->ctx, keys->key))
                wrong = "key";
        else if (!trust(c->ctx, keys->ca))
                wrong = "authority";
        ERR_clear_error();
        if (wrong != NULL) {
                log_event(LOG_ERROR, "channel_keys_refused", LOG_TEXT("what", wrong));
                return ERR_CONFIG;
        }
        *out = c;
        c = NULL;
        return ERR_OK;
}

void channel_context_free(struct channel_context **c)
{
        if (c == NULL || *c == NULL)
                return;
        SSL_CTX_free((*c)->ctx);
        free(*c);
        *c = NULL;
}

/* A connection ----------------------------------------------------------------- */

/* The server's certificate must be of `host`, an address or a name as it stands. */
static bool expect_host(SSL *ssl, const char *host)
{
        X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

        X509_VERIFY_PARAM_set_hostflags(
                param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ||
               X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

enum err channel_new(
        struct channel_context *context, int fd, const char *host, struct channel **out)
{
        OWNED(channel_free) struct channel *c = calloc(1, sizeof *c);
        bool client = context->side == CHANNEL_CLIENT;

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->broken = true; /* until hands are shaken */
        c->ssl = SSL_new(context->ctx);
        if (c->ssl == NULL || SSL_set_fd(c->ssl, fd) != 1 ||
                (client && (host == NULL || !expect_host(c->ssl, host)))) {
                ERR_clear_error();
                return ERR_INTERNAL;
        }
        if (client)
                SSL_set_connect_state(c->ssl);
        else
                SSL_set_accept_state(c->ssl);
        *out = c;
        c = NULL;
        return ERR_OK;
}

void channel_free(struct channel **c)
{
        if (c == NULL || *c == NULL)
                return;
        if ((*c)->ssl != NULL && !(*c)->broken)
                (void)SSL_shutdown((*c)->ssl);
        SSL_free((*c)->ssl);
        ERR_clear_error();
        free(*c);
        *c = NULL;
}

/* In OpenSSL's words: of the certificate, or of whatever came first. */
static const char *fault(const SSL *ssl)
{
        long verdict = SSL_get_verify_result(ssl);
        const char *reason;

        if (verdict != X509_V_OK)
                return X509_verify_cert_error_string(verdict);
        reason = ERR_reason_error_string(ERR_peek_error());
        return reason != NULL ? reason : "the line ended";
}

/* Whether the other side said that our certificate will not do. */
static bool refused_us(void)
{
        int reason = ERR_GET_REASON(ERR_peek_error());

        return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED ||
               reason == SSL_R_TLSV1_ALERT_UNKNOWN_CA ||
               reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
               reason == SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED ||
               reason == SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN ||
               reason == SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE;
}

static enum err outcome(struct channel *c, int rc)
{
        enum err e = ERR_IO;

        switch (SSL_get_error(c->ssl, rc)) {
        case SSL_ERROR_WANT_READ:
                c->events = POLLIN;
                return ERR_BUSY;
        case SSL_ERROR_WANT_WRITE:
                c->events = POLLOUT;
                return ERR_BUSY;
        case SSL_ERROR_ZERO_RETURN:
                return ERR_CLOSED;
        default:
                break;
        }
        if (SSL_get_verify_result(c->ssl) != X509_V_OK || refused_us())
                e = ERR_NOT_AUTHENTICATED;
        if (!c->broken || e == ERR_NOT_AUTHENTICATED || ERR_peek_error() != 0)
                log_event(LOG_WARNING, "channel_ended", LOG_TEXT("why", fault(c->ssl)));
        c->broken = true;
        ERR_clear_error();
        return e;
}

enum err channel_shake(struct channel *c)
{
        int rc;

        ERR_clear_error();
        rc = SSL_do_handshake(c->ssl);
        if (rc != 1)
                return outcome(c, rc);
        c->broken = false;
        return ERR_OK;
}

static bool certificate_digest(const X509 *x, struct digest *out)
{
        uint8_t *der = NULL;
        int len = i2d_X509(x, &der);

        if (len <= 0)
                return false;
        digest_of(bytes_of(der, (size_t)len), out);
        OPENSSL_free(der);
        return true;
}

/* cert.h has the one strict reader of names; a server's certificate need have none. */
static void read_uri(X509 *x, struct peer_certificate *out)
{
        OWNED(bio_free) BIO *text = BIO_new(BIO_s_mem());
        struct peer_certificate read;
        char *data = NULL;
        long len;

        if (text == NULL || PEM_write_bio_X509(text, x) != 1)
                return;
        len = BIO_get_mem_data(text, &data);
        if (len > 0 && cert_read_peer(bytes_of(data, (size_t)len), &read) == ERR_OK)
                *out = read;
}

enum err channel_peer(const struct channel *c, struct peer_certificate *out)
{
        OWNED(x509_free) X509 *x = SSL_get1_peer_certificate(c->ssl);
        struct peer_certificate peer = {.uri = ""};

        if (x == NULL || SSL_get_verify_result(c->ssl) != X509_V_OK ||
                !certificate_digest(x, &peer.digest))
                return ERR_NOT_AUTHENTICATED;
        read_uri(x, &peer);
        ERR_clear_error();
        *out = peer;
        return ERR_OK;
}

enum err channel_read(struct channel *c, void *to, size_t room, size_t *out_len)
{
        size_t len = 0;
        int rc;

        ERR_clear_error();
        rc = SSL_read_ex(c->ssl, to, room, &len);
        if (rc != 1)
                return outcome(c, rc);
        *out_len = len;
        return ERR_OK;
}

enum err channel_write(struct channel *c, const void *from, size_t len, size_t *out_len)
{
        size_t written = 0;
        int rc;

        ERR_clear_error();
        rc = SSL_write_ex(c->ssl, from, len, &written);
        if (rc != 1)
                return outcome(c, rc);
        *out_len = written;
        return ERR_OK;
}

short channel_events(const struct channel *c)
{
        return c->events;
}
