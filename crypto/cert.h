/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h: X.509 where we need it: reading the one SAN URI of a peer, checking a
 * chain before we load it, and a small development CA for `statgate init`.
 *
 * SAN: statgate://TRUST/ROLE/NAME[/SYSTEM]; any other number of URI SANs than
 * one is refused. */
#ifndef STATGATE_CRYPTO_CERT_H
#define STATGATE_CRYPTO_CERT_H

#include "base/bytes.h"
#include "base/terms.h"

struct arena;

struct peer_certificate {
        char uri[192];
        struct digest digest; /* SHA-256 of the DER */
        int64_t not_before_ms, not_after_ms;
};

/* PEM (the first certificate counts). ERR_NOT_AUTHENTICATED unless there is
 * exactly one URI SAN, printable ASCII, under 192 bytes. */
MUST_CHECK enum err cert_read_peer(struct bytes pem, struct peer_certificate *out);

/* Splits statgate://TRUST/ROLE/NAME[/SYSTEM] strictly (lower-case role, NAME and
 * SYSTEM of [A-Za-z0-9._-], no empty part, no "." or "..", no query). The municipality role
 * needs a four-digit NAME. Fills *out except for the certificate digest. */
MUST_CHECK enum err principal_parse(const char *uri, const char *trust, struct principal *out);

/* Whether chain (leaf first), key and CA belong together and are valid now (PEM
 * texts). ERR_UNREADABLE when one is not PEM, else ERR_CONFIG, with the reason in
 * the log. */
MUST_CHECK enum err cert_check_server(
        struct bytes chain_pem, struct bytes key_pem, struct bytes ca_pem, int64_t now_ms);

/* Development PKI, ECDSA P-256. PEM texts live in the arena. */
struct cert_pair {
        struct bytes cert_pem, key_pem;
};
MUST_CHECK enum err cert_make_ca(
        struct arena *arena, const char *common_name, int days, struct cert_pair *out);
/* A server certificate (DNS localhost, IP 127.0.0.1 and ::1, plus `host` when
 * not NULL) or, with `uri`, a client certificate. days may be negative: tests
 * need expired ones. */
MUST_CHECK enum err cert_make_leaf(struct arena *arena, const struct cert_pair *ca,
        const char *common_name, const char *host, const char *uri, int days,
        struct cert_pair *out);

#endif
