/* SPDX-License-Identifier: Apache-2.0 */
/* party.h: who may be at the other end, in one text of the settings:
 *
 *      user:NAME, uid:N          the user of the process (unix)
 *      statgate://TRUST/ROLE/NAME   the one URI of the certificate (tls)
 *      sha256:64 HEX DIGITS      the certificate itself (tls)
 */
#ifndef STATGATE_GATEWAY_BRIDGE_PARTY_H
#define STATGATE_GATEWAY_BRIDGE_PARTY_H

#include "crypto/cert.h"

enum party_kind { PARTY_NOBODY = 0, PARTY_USER, PARTY_URI, PARTY_PIN };

struct party {
        enum party_kind kind;
        uint32_t uid;
        char uri[192];
        struct digest pin;
};

/* ERR_CONFIG; ERR_NOT_FOUND: there is no such user. */
MUST_CHECK enum err party_parse(const char *text, struct party *out);
/* Of a connected unix socket, by what the kernel says. */
bool party_is_user(const struct party *p, int fd);
bool party_is_certificate(const struct party *p, const struct peer_certificate *peer);

#endif
