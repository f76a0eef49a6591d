/* SPDX-License-Identifier: Apache-2.0 */
/* cert_make.c: a development CA, so that `statgate init` gives a gateway to try.
 *
 * Certificates as a real CA would make them (RFC 5280: v3, random serial, key
 * identifiers, critical constraints), since a try-out that accepts less teaches
 * people certificates that production refuses. Server and client certificates are
 * not interchangeable. Keys are written without a passphrase: not for production.
 *
 * Names that a caller chose are built as values, never pasted into OpenSSL's
 * configuration language, where a comma starts another name. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/cert.h"

enum { DAY_SECONDS = 86400, SERIAL_BITS = 127 };

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

static void pkey_free(EVP_PKEY **k)
{
        EVP_PKEY_free(*k);
}

static void bignum_free(BIGNUM **n)
{
        BN_free(*n);
}

/* OpenSSL says 1 for done; a failure here is memory or a caller's odd name. */
#define SSL_TRY(expr)                                                                              \
        do {                                                                                       \
                if (!(expr))                                                                       \
                        return ERR_INTERNAL;                                                       \
        } while (0)

static enum err serial_set(X509 *x)
{
        OWNED(bignum_free) BIGNUM *serial = BN_new();

        SSL_TRY(serial != NULL &&
                BN_rand(serial, SERIAL_BITS, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY) == 1 &&
                BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(x)) != NULL);
        return ERR_OK;
}

/* From a day ago, since clocks differ; a certificate that ends in the past began
 * a day before it ended. */
static enum err validity_set(X509 *x, int days)
{
        time_t now = (time_t)(clock_now_ms() / 1000);
        time_t end = now + (time_t)days * DAY_SECONDS;
        time_t start = (end < now ? end : now) - DAY_SECONDS;

        SSL_TRY(ASN1_TIME_set(X509_getm_notBefore(x), start) != NULL &&
                ASN1_TIME_set(X509_getm_notAfter(x), end) != NULL);
        return ERR_OK;
}

static enum err subject_set(X509 *x, const char *common_name)
{
        X509_NAME *name = X509_get_subject_name(x);

        SSL_TRY(X509_NAME_add_entry_by_NID(name, NID_organizationName, MBSTRING_UTF8,
                        (const uint8_t *)"statgate development", -1, -1, 0) == 1 &&
                X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8,
                        (const uint8_t *)common_name, -1, -1, 0) == 1);
        return ERR_OK;
}

static enum err x509_new(const char *common_name, int days, EVP_PKEY *key, X509 **out)
{
        OWNED(x509_free) X509 *x = X509_new();

        if (x == NULL)
                return ERR_NO_MEMORY;
        SSL_TRY(X509_set_version(x, X509_VERSION_3) == 1 && X509_set_pubkey(x, key) == 1);
        TRY(serial_set(x));
        TRY(validity_set(x, days));
        TRY(subject_set(x, common_name));
        *out = x;
        x = NULL;
        return ERR_OK;
}

/* One extension in OpenSSL's language; `value` is ours. */
static enum err extension_add(X509 *x, X509 *issuer, int nid, const char *value)
{
        X509V3_CTX ctx;
        X509_EXTENSION *ext;
        int added;

        X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
        ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
        SSL_TRY(ext != NULL);
        added = X509_add_ext(x, ext, -1);
        X509_EXTENSION_free(ext);
        SSL_TRY(added == 1);
        return ERR_OK;
}

static enum err name_push(GENERAL_NAMES *names, int type, void *value)
{
        GENERAL_NAME *name = value != NULL ? GENERAL_NAME_new() : NULL;

        if (name == NULL) {
                ASN1_STRING_free(value);
                return ERR_NO_MEMORY;
        }
        GENERAL_NAME_set0_value(name, type, value);
        if (sk_GENERAL_NAME_push(names, name) <= 0) {
                GENERAL_NAME_free(name);
                return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static enum err text_push(GENERAL_NAMES *names, int type, const char *text)
{
        ASN1_IA5STRING *value = ASN1_IA5STRING_new();

        if (value != NULL && ASN1_STRING_set(value, text, -1) != 1) {
                ASN1_STRING_free(value);
                value = NULL;
        }
        return name_push(names, type, value);
}

/* An address when it reads as one, else a DNS name. */
static enum err host_push(GENERAL_NAMES *names, const char *host)
{
        ASN1_OCTET_STRING *address = a2i_IPADDRESS(host);

        ERR_clear_error();
        return address != NULL ? name_push(names, GEN_IPADD, address)
                               : text_push(names, GEN_DNS, host);
}

static enum err alt_names_add(X509 *x, const char *host, const char *uri)
{
        OWNED(names_free) GENERAL_NAMES *names = GENERAL_NAMES_new();

        if (names == NULL)
                return ERR_NO_MEMORY;
        if (uri != NULL) {
                TRY(text_push(names, GEN_URI, uri));
        } else {
                TRY(text_push(names, GEN_DNS, "localhost"));
                TRY(host_push(names, "127.0.0.1"));
                TRY(host_push(names, "::1"));
                if (host != NULL)
                        TRY(host_push(names, host));
        }
        SSL_TRY(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1);
        return ERR_OK;
}

static enum err bio_to_arena(struct arena *arena, BIO *from, struct bytes *out)
{
        char *data = NULL;
        long len = BIO_get_mem_data(from, &data);

        SSL_TRY(len > 0);
        return bytes_copy(arena, bytes_of(data, (size_t)len), out);
}

static enum err pair_write(struct arena *arena, X509 *x, EVP_PKEY *key, struct cert_pair *out)
{
        OWNED(bio_free) BIO *cert_bio = BIO_new(BIO_s_mem());
        OWNED(bio_free) BIO *key_bio = BIO_new(BIO_s_secmem());
        struct cert_pair pair;

        SSL_TRY(cert_bio != NULL && key_bio != NULL && PEM_write_bio_X509(cert_bio, x) == 1 &&
                PEM_write_bio_PrivateKey(key_bio, key, NULL, NULL, 0, NULL, NULL) == 1);
        TRY(bio_to_arena(arena, cert_bio, &pair.cert_pem));
        TRY(bio_to_arena(arena, key_bio, &pair.key_pem));
        *out = pair;
        return ERR_OK;
}

static enum err key_new(EVP_PKEY **out)
{
        *out = EVP_EC_gen("P-256");
        return *out != NULL ? ERR_OK : ERR_INTERNAL;
}

enum err cert_make_ca(struct arena *arena, const char *common_name, int days, struct cert_pair *out)
{
        OWNED(pkey_free) EVP_PKEY *key = NULL;
        OWNED(x509_free) X509 *x = NULL;

        TRY(key_new(&key));
        TRY(x509_new(common_name, days, key, &x));
        SSL_TRY(X509_set_issuer_name(x, X509_get_subject_name(x)) == 1);
        TRY(extension_add(x, x, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"));
        TRY(extension_add(x, x, NID_key_usage, "critical,keyCertSign,cRLSign"));
        TRY(extension_add(x, x, NID_subject_key_identifier, "hash"));
        SSL_TRY(X509_sign(x, key, EVP_sha256()) > 0);
        return pair_write(arena, x, key, out);
}

static enum err leaf_extensions(X509 *x, X509 *issuer, const char *host, const char *uri)
{
        TRY(extension_add(x, issuer, NID_basic_constraints, "critical,CA:FALSE"));
        TRY(extension_add(x, issuer, NID_key_usage, "critical,digitalSignature"));
        TRY(extension_add(x, issuer, NID_ext_key_usage, uri != NULL ? "clientAuth" : "serverAuth"));
        TRY(extension_add(x, issuer, NID_subject_key_identifier, "hash"));
        TRY(extension_add(x, issuer, NID_authority_key_identifier, "keyid:always"));
        return alt_names_add(x, host, uri);
}

static enum err pair_read(const struct cert_pair *pair, X509 **out_cert, EVP_PKEY **out_key)
{
        char no_prompt[] = ""; /* the passphrase, should a key want one */
        OWNED(bio_free)
        BIO *cert_bio = BIO_new_mem_buf(pair->cert_pem.data, (int)pair->cert_pem.len);
        OWNED(bio_free) BIO *key_bio = BIO_new_mem_buf(pair->key_pem.data, (int)pair->key_pem.len);

        if (cert_bio == NULL || key_bio == NULL)
                return ERR_NO_MEMORY;
        *out_cert = PEM_read_bio_X509(cert_bio, NULL, NULL, no_prompt);
        *out_key = PEM_read_bio_PrivateKey(key_bio, NULL, NULL, no_prompt);
        return *out_cert != NULL && *out_key != NULL ? ERR_OK : ERR_UNREADABLE;
}

enum err cert_make_leaf(struct arena *arena, const struct cert_pair *ca, const char *common_name,
        const char *host, const char *uri, int days, struct cert_pair *out)
{
        OWNED(x509_free) X509 *issuer = NULL;
        OWNED(pkey_free) EVP_PKEY *issuer_key = NULL;
        OWNED(pkey_free) EVP_PKEY *key = NULL;
        OWNED(x509_free) X509 *x = NULL;

        TRY(pair_read(ca, &issuer, &issuer_key));
        TRY(key_new(&key));
        TRY(x509_new(common_name, days, key, &x));
        SSL_TRY(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
        TRY(leaf_extensions(x, issuer, host, uri));
        SSL_TRY(X509_sign(x, issuer_key, EVP_sha256()) > 0);
        return pair_write(arena, x, key, out);
}
