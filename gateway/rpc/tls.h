/* SPDX-License-Identifier: Apache-2.0 */
/* tls.h: the certificate folder: server.pem, server.key, ca.pem, revoked.txt. */
#ifndef STATGATE_GATEWAY_RPC_TLS_H
#define STATGATE_GATEWAY_RPC_TLS_H

#include "base/bytes.h"
#include "base/terms.h"

struct tls;

/* Reads and validates the folder. */
MUST_CHECK enum err tls_open(const char *folder, struct tls **out);
void tls_free(struct tls **t);

/* Again; what was good stays in force unless all of the new is good. Returns when
 * new connections see the new certificate (the core looks once a second). */
MUST_CHECK enum err tls_reload(struct tls *t, bool *out_changed);

/* Paths to give to gRPC's file watcher; they stay the same and their content is
 * always a valid whole. The identity file holds chain and key. */
const char *tls_identity_path(const struct tls *t);
const char *tls_ca_path(const struct tls *t);

/* Whether a certificate was revoked; `generation` moves when the list does. */
bool tls_is_revoked(struct tls *t, const struct digest *certificate);
uint64_t tls_generation(const struct tls *t);

/* revoked.txt: lower-case hex SHA-256 of the DER, one a line; # starts a comment.
 * Sorted into *out (heap; free it). Anything else in it is ERR_CONFIG. */
MUST_CHECK enum err revoked_parse(struct bytes text, struct digest **out, size_t *out_len);

/* Before grpc_init: TLS 1.3 only, and no chatter on standard error. */
void tls_environment(void);

#endif
