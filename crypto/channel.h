/* SPDX-License-Identifier: Apache-2.0 */
/* channel.h: a line between two machines that both show a certificate: TLS 1.3 and nothing
 * older, no tickets, no resumption, no early data.
 *
 * Nothing here blocks: what cannot go on says ERR_BUSY, and channel_events says what to poll
 * for. Whoever waits keeps the deadline. The process ignores SIGPIPE. */
#ifndef STATGATE_CRYPTO_CHANNEL_H
#define STATGATE_CRYPTO_CHANNEL_H

#include "base/bytes.h"
#include "crypto/cert.h"

enum channel_side { CHANNEL_CLIENT = 0, CHANNEL_SERVER };

/* PEM: our certificate (leaf first), its key, and the authority that the other side's
 * certificate must come from. */
struct channel_keys {
        struct bytes chain, key, ca;
};

struct channel_context;
/* ERR_CONFIG: one of the texts is none, or the key is not the certificate's. */
MUST_CHECK enum err channel_context_new(
        enum channel_side side, const struct channel_keys *keys, struct channel_context **out);
void channel_context_free(struct channel_context **c);

struct channel;
/* Over a connected, non-blocking descriptor, which is borrowed. `host` (a client's): the name or
 * address that the server's certificate must be of; NULL for a server. */
MUST_CHECK enum err channel_new(
        struct channel_context *context, int fd, const char *host, struct channel **out);
void channel_free(struct channel **c); /* says goodbye where it can without waiting */

/* Until ERR_OK. ERR_NOT_AUTHENTICATED: the certificate of the other side, or ours at its. */
MUST_CHECK enum err channel_shake(struct channel *c);
/* Who is there, after channel_shake; `uri` is empty where the certificate has no single one. */
MUST_CHECK enum err channel_peer(const struct channel *c, struct peer_certificate *out);

/* At least one byte, or ERR_BUSY; ERR_CLOSED: the other side has said goodbye; ERR_IO: the line
 * is cut, or somebody has been at it. */
MUST_CHECK enum err channel_read(struct channel *c, void *to, size_t room, size_t *out_len);
MUST_CHECK enum err channel_write(struct channel *c, const void *from, size_t len, size_t *out_len);
/* After ERR_BUSY: POLLIN or POLLOUT. */
short channel_events(const struct channel *c);

#endif
