/* SPDX-License-Identifier: Apache-2.0 */
/* cert.c: reads what a certificate says about its holder, and checks our own.
 *
 * gRPC has verified the chain before we see a certificate. What is left is where
 * gateways are usually fooled: two names in one certificate, of which one part of
 * the house reads the first and another the last; a NUL inside a name; a path that
 * means another after normalisation. So there is exactly one URI, it is printable
 * ASCII, and it is split by one strict reader that gives back no second opinion.
 *
 * A server that starts with a certificate that its clients will refuse looks like
 * a network fault to them. cert_check_server says it to the operator instead. */
#include "crypto/cert.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "crypto/digest.h"

static void x509_free(X509 **x)
{
        X509_free(*x);
}

static void bio_free(BIO **b)
{
        BIO_free(*b);
}

static void names_free(GENERAL_NAMES **n)
{
        GENERAL_NAMES_free(*n);
}

static void chain_free(STACK_OF(X509) * *chain)
{
        sk_X509_pop_free(*chain, X509_free);
}

static void pkey_free(EVP_PKEY **k)
{
        EVP_PKEY_free(*k);
}

static void store_free(X509_STORE **s)
{
        X509_STORE_free(*s);
}

static void store_ctx_free(X509_STORE_CTX **c)
{
        X509_STORE_CTX_free(*c);
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

static bool time_ms(const ASN1_TIME *at, int64_t *out)
{
        struct tm tm;

        if (ASN1_TIME_to_tm(at, &tm) != 1)
                return false;
        *out = (int64_t)timegm(&tm) * 1000;
        return true;
}

/* The one URI among the alternative names; other kinds of names do not matter. */
static bool uri_read(const X509 *x, char out[192])
{
        OWNED(names_free) GENERAL_NAMES *names = NULL;
        const ASN1_IA5STRING *uri = NULL;
        const uint8_t *data;
        int len;

        /* NULL also when the extension is there twice. */
        names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

                if (name->type != GEN_URI)
                        continue;
                if (uri != NULL)
                        return false;
                uri = name->d.uniformResourceIdentifier;
        }
        if (uri == NULL)
                return false;
        data = ASN1_STRING_get0_data(uri);
        len = ASN1_STRING_length(uri);
        if (len <= 0 || len >= 192)
                return false;
        for (int i = 0; i < len; i++)
                if (data[i] <= ' ' || data[i] > '~')
                        return false;
        memcpy(out, data, (size_t)len);
        out[len] = '\0';
        return true;
}

static bool der_digest(const X509 *x, struct digest *out)
{
        uint8_t *der = NULL;
        int len = i2d_X509(x, &der);

        if (len <= 0)
                return false;
        digest_of(bytes_of(der, (size_t)len), out);
        OPENSSL_free(der);
        return true;
}

enum err cert_read_peer(struct bytes pem, struct peer_certificate *out)
{
        OWNED(bio_free) BIO *in = bio_of(pem);
        OWNED(x509_free) X509 *x = NULL;
        struct peer_certificate read = {.uri = ""};
        bool good;

        if (in != NULL)
                x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL);
        good = x != NULL && uri_read(x, read.uri) && der_digest(x, &read.digest) &&
               time_ms(X509_get0_notBefore(x), &read.not_before_ms) &&
               time_ms(X509_get0_notAfter(x), &read.not_after_ms);
        ERR_clear_error();
        if (!good)
                return ERR_NOT_AUTHENTICATED;
        *out = read;
        return ERR_OK;
}

static bool is_name_byte(char c)
{
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '.' || c == '_' || c == '-';
}

/* Takes "/PART" from the front of *at into out. "." and ".." are refused: a URI
 * that is normalised on its way (RFC 3986, 5.2.4) would lose them. */
static bool part_take(const char **at, char out[NAME_MAX_LEN + 1])
{
        const char *from = *at + 1;
        size_t len = 0;

        if (**at != '/')
                return false;
        while (is_name_byte(from[len]))
                len++;
        if (len == 0 || len > NAME_MAX_LEN || (from[len] != '/' && from[len] != '\0'))
                return false;
        memset(out, 0, NAME_MAX_LEN + 1);
        memcpy(out, from, len);
        *at = from + len;
        return strcmp(out, ".") != 0 && strcmp(out, "..") != 0;
}

static bool prefix_take(const char **at, const char *prefix)
{
        size_t len = strlen(prefix);

        if (strncmp(*at, prefix, len) != 0)
                return false;
        *at += len;
        return true;
}

enum err principal_parse(const char *uri, const char *trust, struct principal *out)
{
        struct principal p = {.role = ROLE_NONE};
        char role[NAME_MAX_LEN + 1];
        const char *at = uri;

        if (strlen(uri) >= sizeof p.uri || trust[0] == '\0')
                return ERR_NOT_AUTHENTICATED;
        if (!prefix_take(&at, "statgate://") || !prefix_take(&at, trust) || !part_take(&at, role) ||
                !part_take(&at, p.name))
                return ERR_NOT_AUTHENTICATED;
        if (*at != '\0' && !part_take(&at, p.system))
                return ERR_NOT_AUTHENTICATED;
        p.role = role_find(role, (uint32_t)strlen(role));
        if (*at != '\0' || p.role == ROLE_NONE)
                return ERR_NOT_AUTHENTICATED;
        if (p.role == ROLE_MUNICIPALITY &&
                (!municipality_parse(p.name, (uint32_t)strlen(p.name), &p.municipality) ||
                        p.municipality == 0))
                return ERR_NOT_AUTHENTICATED;
        memcpy(p.uri, uri, strlen(uri));
        p.certificate = out->certificate;
        *out = p;
        return ERR_OK;
}

/* Every certificate of a PEM text, in its order; an empty or half-read text fails. */
static enum err chain_read(struct bytes pem, STACK_OF(X509) * *out)
{
        OWNED(bio_free) BIO *in = bio_of(pem);
        OWNED(chain_free) STACK_OF(X509) *chain = sk_X509_new_null();
        X509 *x;

        if (chain == NULL)
                return ERR_NO_MEMORY;
        if (in == NULL)
                return ERR_UNREADABLE;
        while ((x = PEM_read_bio_X509(in, NULL, no_passphrase, NULL)) != NULL)
                if (sk_X509_push(chain, x) <= 0) {
                        X509_free(x);
                        return ERR_NO_MEMORY;
                }
        if (sk_X509_num(chain) == 0 || ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
                return ERR_UNREADABLE;
        ERR_clear_error();
        *out = chain;
        chain = NULL;
        return ERR_OK;
}

static enum err key_read(struct bytes pem, EVP_PKEY **out)
{
        OWNED(bio_free) BIO *in = bio_of(pem);

        if (in != NULL)
                *out = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, NULL);
        return *out != NULL ? ERR_OK : ERR_UNREADABLE;
}

static enum err store_make(STACK_OF(X509) * roots, int64_t now_ms, X509_STORE **out)
{
        OWNED(store_free) X509_STORE *store = X509_STORE_new();

        if (store == NULL)
                return ERR_NO_MEMORY;
        for (int i = 0; i < sk_X509_num(roots); i++)
                if (X509_STORE_add_cert(store, sk_X509_value(roots, i)) != 1)
                        return ERR_NO_MEMORY;
        X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store), (time_t)(now_ms / 1000));
        *out = store;
        store = NULL;
        return ERR_OK;
}

/* NULL when the chain holds, else why not, in OpenSSL's words. */
static const char *chain_fault(X509_STORE *store, STACK_OF(X509) * chain)
{
        OWNED(store_ctx_free) X509_STORE_CTX *ctx = X509_STORE_CTX_new();

        if (ctx == NULL || X509_STORE_CTX_init(ctx, store, sk_X509_value(chain, 0), chain) != 1 ||
                X509_STORE_CTX_set_purpose(ctx, X509_PURPOSE_SSL_SERVER) != 1)
                return "no memory";
        if (X509_verify_cert(ctx) == 1)
                return NULL;
        return X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx));
}

static enum err server_check(
        struct bytes chain_pem, struct bytes key_pem, struct bytes ca_pem, int64_t now_ms)
{
        OWNED(chain_free) STACK_OF(X509) *chain = NULL;
        OWNED(chain_free) STACK_OF(X509) *roots = NULL;
        OWNED(pkey_free) EVP_PKEY *key = NULL;
        OWNED(store_free) X509_STORE *store = NULL;
        const char *fault;

        TRY(chain_read(chain_pem, &chain));
        TRY(chain_read(ca_pem, &roots));
        TRY(key_read(key_pem, &key));
        TRY(store_make(roots, now_ms, &store));
        fault = X509_check_private_key(sk_X509_value(chain, 0), key) == 1
                        ? chain_fault(store, chain)
                        : "the key is not the certificate's";
        if (fault == NULL)
                return ERR_OK;
        log_event(LOG_ERROR, "server_certificate_refused", LOG_TEXT("reason", fault));
        return ERR_CONFIG;
}

enum err cert_check_server(
        struct bytes chain_pem, struct bytes key_pem, struct bytes ca_pem, int64_t now_ms)
{
        enum err e = server_check(chain_pem, key_pem, ca_pem, now_ms);

        ERR_clear_error();
        return e;
}
