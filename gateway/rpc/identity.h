/* SPDX-License-Identifier: Apache-2.0 */
/* identity.h: who is at the other end of a connection, remembered. */
#ifndef STATGATE_GATEWAY_RPC_IDENTITY_H
#define STATGATE_GATEWAY_RPC_IDENTITY_H

#include "gateway/rpc/rpc.h"

struct grpc_call;
struct identities;
struct seat; /* one call's place on its connection, and its hold on the principal */
struct tls;

/* `authority` and `tls` are borrowed. */
MUST_CHECK enum err identities_new(const struct rpc_authority *authority, struct tls *tls,
        unsigned streams_per_peer, struct identities **out);
void identities_free(struct identities **p); /* every seat has been given back */

/* Checks the peer of this call: certificate valid now, not revoked, known to the
 * authority as of its present generation, and below its limits of calls at once.
 * ERR_NOT_AUTHENTICATED, ERR_LIMIT, or what the authority says. Thread-safe. */
MUST_CHECK enum err identity_check(
        struct identities *ids, struct grpc_call *call, int64_t now_ms, struct seat **out);
void seat_free(struct seat **seat);

const struct principal *seat_principal(const struct seat *seat);

/* Forgets connections without calls for a while; called now and then. */
void identities_tidy(struct identities *ids);

#endif
