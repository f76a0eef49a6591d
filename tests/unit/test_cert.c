/* SPDX-License-Identifier: Apache-2.0 */
/* test_cert.c: one name in a certificate, read one way; and chains that hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/cert.h"
#include "crypto/digest.h"

static const char uri[] = "statgate://example.test/municipality/0114/procapita";

struct world {
        struct arena *arena;
        struct cert_pair ca, server, client;
};

static struct world *world;

/* A certificate with these alternative names and nothing else to it. */
static struct bytes odd_certificate(
        const int *kinds, const char *const *texts, const size_t *lens, unsigned len)
{
        EVP_PKEY *key = EVP_EC_gen("P-256");
        X509 *x = X509_new();
        GENERAL_NAMES *names = GENERAL_NAMES_new();
        BIO *out = BIO_new(BIO_s_mem());
        struct bytes pem;
        char *data;

        for (unsigned i = 0; i < len; i++) {
                GENERAL_NAME *name = GENERAL_NAME_new();
                ASN1_IA5STRING *value = ASN1_IA5STRING_new();

                ASN1_STRING_set(value, texts[i], (int)lens[i]);
                GENERAL_NAME_set0_value(name, kinds[i], value);
                sk_GENERAL_NAME_push(names, name);
        }
        X509_set_version(x, X509_VERSION_3);
        ASN1_TIME_set(X509_getm_notBefore(x), 1000);
        ASN1_TIME_set(X509_getm_notAfter(x), 2000);
        X509_set_pubkey(x, key);
        if (len > 0)
                X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT);
        X509_sign(x, key, EVP_sha256());
        PEM_write_bio_X509(out, x);
        assert_int_equal(bytes_copy(world->arena,
                                 bytes_of((BIO_get_mem_data(out, &data), data),
                                         (size_t)BIO_get_mem_data(out, &data)),
                                 &pem),
                ERR_OK);
        GENERAL_NAMES_free(names);
        X509_free(x);
        EVP_PKEY_free(key);
        BIO_free(out);
        return pem;
}

static void one_uri_is_read(void **state)
{
        struct peer_certificate peer;

        (void)state;
        assert_int_equal(cert_read_peer(world->client.cert_pem, &peer), ERR_OK);
        assert_string_equal(peer.uri, uri);
        assert_true(peer.not_before_ms < clock_now_ms());
        assert_true(peer.not_after_ms > clock_now_ms());
}

static void times_and_digest_are_the_certificates(void **state)
{
        const int kinds[] = {GEN_DNS, GEN_URI};
        const char *const texts[] = {"localhost", uri};
        const size_t lens[] = {9, sizeof uri - 1};
        struct bytes pem = odd_certificate(kinds, texts, lens, 2);
        struct peer_certificate peer;
        struct digest expected;
        BIO *in = BIO_new_mem_buf(pem.data, (int)pem.len);
        X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
        uint8_t *der = NULL;
        int len = i2d_X509(x, &der);

        (void)state;
        digest_of(bytes_of(der, (size_t)len), &expected);
        assert_int_equal(cert_read_peer(pem, &peer), ERR_OK);
        assert_int_equal(peer.not_before_ms, 1000000);
        assert_int_equal(peer.not_after_ms, 2000000);
        assert_true(digest_equal(&peer.digest, &expected));
        OPENSSL_free(der);
        X509_free(x);
        BIO_free(in);
}

static void any_other_number_of_uris_is_refused(void **state)
{
        const int kinds[] = {GEN_URI, GEN_URI}, dns[] = {GEN_DNS};
        const char *const texts[] = {uri, uri};
        const size_t lens[] = {sizeof uri - 1, sizeof uri - 1};
        struct peer_certificate peer;

        (void)state;
        assert_int_equal(cert_read_peer(odd_certificate(kinds, texts, lens, 2), &peer),
                ERR_NOT_AUTHENTICATED);
        assert_int_equal(
                cert_read_peer(odd_certificate(dns, texts, lens, 1), &peer), ERR_NOT_AUTHENTICATED);
        assert_int_equal(
                cert_read_peer(odd_certificate(NULL, NULL, NULL, 0), &peer), ERR_NOT_AUTHENTICATED);
        assert_int_equal(cert_read_peer(world->server.cert_pem, &peer), ERR_NOT_AUTHENTICATED);
        assert_int_equal(cert_read_peer(world->ca.cert_pem, &peer), ERR_NOT_AUTHENTICATED);
}

static void odd_uris_are_refused(void **state)
{
        static const char nul[] = "statgate://t/dpo/a\0b", space[] = "statgate://t/dpo/a b",
                          high[] = "statgate://t/dpo/\xc3\xa5", line[] = "statgate://t/dpo/a\n";
        char long_uri[192];
        const int kinds[] = {GEN_URI};
        const char *texts[] = {nul, space, high, line, "", long_uri};
        size_t lens[] = {
                sizeof nul - 1, sizeof space - 1, sizeof high - 1, sizeof line - 1, 0, 192};
        struct peer_certificate peer;

        (void)state;
        memset(long_uri, 'x', sizeof long_uri);
        for (unsigned i = 0; i < ARRAY_LEN(texts); i++)
                assert_int_equal(
                        cert_read_peer(odd_certificate(kinds, &texts[i], &lens[i], 1), &peer),
                        ERR_NOT_AUTHENTICATED);
        lens[5] = 191;
        assert_int_equal(
                cert_read_peer(odd_certificate(kinds, &texts[5], &lens[5], 1), &peer), ERR_OK);
        assert_int_equal(strlen(peer.uri), 191);
}

static void what_is_no_certificate_is_refused(void **state)
{
        struct peer_certificate peer;
        struct bytes pem = world->client.cert_pem;

        (void)state;
        assert_int_equal(cert_read_peer((struct bytes){NULL, 0}, &peer), ERR_NOT_AUTHENTICATED);
        assert_int_equal(cert_read_peer(world->client.key_pem, &peer), ERR_NOT_AUTHENTICATED);
        for (size_t len = 0; len < pem.len - 1; len += 7)
                assert_int_equal(
                        cert_read_peer(bytes_of(pem.data, len), &peer), ERR_NOT_AUTHENTICATED);
}

static void a_principal_is_what_the_uri_says(void **state)
{
        struct principal p = {.certificate = {{9}}};

        (void)state;
        assert_int_equal(principal_parse(uri, "example.test", &p), ERR_OK);
        assert_int_equal(p.role, ROLE_MUNICIPALITY);
        assert_int_equal(p.municipality, 114);
        assert_string_equal(p.name, "0114");
        assert_string_equal(p.system, "procapita");
        assert_string_equal(p.uri, uri);
        assert_int_equal(p.certificate.bytes[0], 9);
        assert_int_equal(
                principal_parse("statgate://example.test/dpo/Anna.L_1-2", "example.test", &p),
                ERR_OK);
        assert_int_equal(p.role, ROLE_DPO);
        assert_int_equal(p.municipality, 0);
        assert_string_equal(p.name, "Anna.L_1-2");
        assert_string_equal(p.system, "");
}

static void no_other_uri_is_a_principal(void **state)
{
        static const char *const bad[] = {"", "statgate://", "statgate://t", "statgate://t/",
                "statgate://t/dpo", "statgate://t/dpo/", "statgate://t//a", "statgate://t/dpo/a/",
                "statgate://t/dpo/a//", "statgate://t/dpo/a/b/", "statgate://t/dpo/a/b/c",
                "statgate://T/dpo/a", "statgate://tt/dpo/a", "Statgate://t/dpo/a",
                "https://t/dpo/a", "statgate:/t/dpo/a", "statgate://t/DPO/a", "statgate://t/none/a",
                "statgate://t/dpo/a?x", "statgate://t/dpo/a#x", "statgate://t/dpo/a%41",
                "statgate://t/dpo/a@b", "statgate://t/dpo/.", "statgate://t/dpo/..",
                "statgate://t/dpo/a/..", "statgate://u@t/dpo/a", "statgate://t:1/dpo/a",
                "statgate://t/municipality/114", "statgate://t/municipality/01140",
                "statgate://t/municipality/0000", "statgate://t/municipality/01a4",
                "statgate://t/municipality/kiruna", " statgate://t/dpo/a", "statgate://t/dpo/a ",
                "statgate://t/dpo/0123456789012345678901234567890123456789012345678"};
        struct principal p;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
                memset(&p, 0, sizeof p);
                if (principal_parse(bad[i], "t", &p) != ERR_NOT_AUTHENTICATED)
                        fail_msg("accepted: %s", bad[i]);
                assert_int_equal(p.role, ROLE_NONE);
        }
        assert_int_equal(principal_parse("statgate:///dpo/a", "", &p), ERR_NOT_AUTHENTICATED);
        assert_int_equal(principal_parse("statgate://t/dpo/a", "t", &p), ERR_OK);
}

static enum err server_check(const struct cert_pair *cert, const struct cert_pair *key,
        const struct cert_pair *ca, int64_t now_ms)
{
        return cert_check_server(cert->cert_pem, key->key_pem, ca->cert_pem, now_ms);
}

static void our_own_server_certificate_holds(void **state)
{
        (void)state;
        assert_int_equal(
                server_check(&world->server, &world->server, &world->ca, clock_now_ms()), ERR_OK);
}

static void expired_and_future_certificates_do_not_hold(void **state)
{
        const int64_t day = 86400000, now = clock_now_ms();
        struct cert_pair expired;

        (void)state;
        assert_int_equal(
                cert_make_leaf(world->arena, &world->ca, "old", NULL, NULL, -3, &expired), ERR_OK);
        assert_int_equal(server_check(&expired, &expired, &world->ca, now), ERR_CONFIG);
        assert_int_equal(server_check(&world->server, &world->server, &world->ca, now + 40 * day),
                ERR_CONFIG);
        assert_int_equal(server_check(&world->server, &world->server, &world->ca, now - 2 * day),
                ERR_CONFIG);
}

static void a_key_or_ca_of_another_does_not_hold(void **state)
{
        struct cert_pair other_ca, other;
        int64_t now = clock_now_ms();

        (void)state;
        assert_int_equal(cert_make_ca(world->arena, "other", 10, &other_ca), ERR_OK);
        assert_int_equal(
                cert_make_leaf(world->arena, &other_ca, "other", NULL, NULL, 10, &other), ERR_OK);
        assert_int_equal(server_check(&world->server, &other, &world->ca, now), ERR_CONFIG);
        assert_int_equal(server_check(&world->server, &world->server, &other_ca, now), ERR_CONFIG);
        assert_int_equal(server_check(&other, &other, &world->ca, now), ERR_CONFIG);
}

static void a_client_certificate_serves_nobody(void **state)
{
        (void)state;
        assert_int_equal(server_check(&world->client, &world->client, &world->ca, clock_now_ms()),
                ERR_CONFIG);
}

static void what_cannot_be_read_is_said_so(void **state)
{
        const struct cert_pair *s = &world->server, *ca = &world->ca;
        struct bytes none = {NULL, 0}, text = bytes_of_text("not PEM\n");
        int64_t now = clock_now_ms();

        (void)state;
        assert_int_equal(cert_check_server(none, s->key_pem, ca->cert_pem, now), ERR_UNREADABLE);
        assert_int_equal(cert_check_server(text, s->key_pem, ca->cert_pem, now), ERR_UNREADABLE);
        assert_int_equal(cert_check_server(s->cert_pem, none, ca->cert_pem, now), ERR_UNREADABLE);
        assert_int_equal(
                cert_check_server(s->cert_pem, s->cert_pem, ca->cert_pem, now), ERR_UNREADABLE);
        assert_int_equal(cert_check_server(s->cert_pem, s->key_pem, text, now), ERR_UNREADABLE);
        assert_int_equal(cert_check_server(bytes_of(s->cert_pem.data, s->cert_pem.len / 2),
                                 s->key_pem, ca->cert_pem, now),
                ERR_UNREADABLE);
}

static bool names_have(const struct cert_pair *pair, int type, const char *text, int len)
{
        BIO *in = BIO_new_mem_buf(pair->cert_pem.data, (int)pair->cert_pem.len);
        X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
        GENERAL_NAMES *names = X509_get_ext_d2i(x, NID_subject_alt_name, NULL, NULL);
        bool found = false;

        for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
                const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

                found = found ||
                        (name->type == type && ASN1_STRING_length(name->d.ia5) == len &&
                                memcmp(ASN1_STRING_get0_data(name->d.ia5), text, (size_t)len) == 0);
        }
        GENERAL_NAMES_free(names);
        X509_free(x);
        BIO_free(in);
        return found;
}

static void a_server_is_reached_by_its_names(void **state)
{
        static const char six[16] = {[15] = 1};
        struct cert_pair by_address;

        (void)state;
        assert_true(names_have(&world->server, GEN_DNS, "localhost", 9));
        assert_true(names_have(&world->server, GEN_IPADD, "\x7f\0\0\1", 4));
        assert_true(names_have(&world->server, GEN_IPADD, six, 16));
        assert_true(names_have(&world->server, GEN_DNS, "a,DNS:b", 7));
        assert_false(names_have(&world->server, GEN_DNS, "b", 1));
        assert_int_equal(
                cert_make_leaf(world->arena, &world->ca, "ip", "192.0.2.7", NULL, 10, &by_address),
                ERR_OK);
        assert_true(names_have(&by_address, GEN_IPADD, "\xc0\0\2\7", 4));
}

static void certificates_are_as_rfc_5280_wants_them(void **state)
{
        BIO *in = BIO_new_mem_buf(world->server.cert_pem.data, (int)world->server.cert_pem.len);
        BIO *ca_in = BIO_new_mem_buf(world->ca.cert_pem.data, (int)world->ca.cert_pem.len);
        X509 *x = PEM_read_bio_X509(in, NULL, NULL, NULL);
        X509 *ca = PEM_read_bio_X509(ca_in, NULL, NULL, NULL);

        (void)state;
        assert_int_equal(X509_get_version(x), X509_VERSION_3);
        assert_int_equal(X509_get_key_usage(x), KU_DIGITAL_SIGNATURE);
        assert_int_equal(X509_get_extended_key_usage(x), XKU_SSL_SERVER);
        assert_int_equal(X509_get_key_usage(ca), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
        assert_true(X509_check_ca(ca) == 1);
        assert_true(X509_check_ca(x) == 0);
        assert_int_equal(X509_get_pathlen(ca), 0);
        assert_int_equal(
                ASN1_OCTET_STRING_cmp(X509_get0_authority_key_id(x), X509_get0_subject_key_id(ca)),
                0);
        assert_true(ASN1_STRING_length(X509_get0_serialNumber(x)) >= 15);
        X509_free(x);
        X509_free(ca);
        BIO_free(in);
        BIO_free(ca_in);
}

static int group_setup(void **state)
{
        static struct world w;

        (void)state;
        /* What is refused here is meant to be; the log would only alarm. */
        log_to(STDERR_FILENO, (enum log_level)(LOG_ERROR + 1));
        w.arena = arena_new(1 << 20);
        world = &w;
        if (w.arena == NULL || cert_make_ca(w.arena, "test CA", 30, &w.ca) != ERR_OK ||
                cert_make_leaf(w.arena, &w.ca, "server", "a,DNS:b", NULL, 30, &w.server) !=
                        ERR_OK ||
                cert_make_leaf(w.arena, &w.ca, "client", NULL, uri, 30, &w.client) != ERR_OK)
                return -1;
        return 0;
}

static int group_teardown(void **state)
{
        (void)state;
        arena_free(&world->arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_uri_is_read),
                cmocka_unit_test(times_and_digest_are_the_certificates),
                cmocka_unit_test(any_other_number_of_uris_is_refused),
                cmocka_unit_test(odd_uris_are_refused),
                cmocka_unit_test(what_is_no_certificate_is_refused),
                cmocka_unit_test(a_principal_is_what_the_uri_says),
                cmocka_unit_test(no_other_uri_is_a_principal),
                cmocka_unit_test(our_own_server_certificate_holds),
                cmocka_unit_test(expired_and_future_certificates_do_not_hold),
                cmocka_unit_test(a_key_or_ca_of_another_does_not_hold),
                cmocka_unit_test(a_client_certificate_serves_nobody),
                cmocka_unit_test(what_cannot_be_read_is_said_so),
                cmocka_unit_test(a_server_is_reached_by_its_names),
                cmocka_unit_test(certificates_are_as_rfc_5280_wants_them),
        };

        return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
