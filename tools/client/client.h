/* SPDX-License-Identifier: Apache-2.0 */
/* client.h: the calling side: one mTLS channel, blocking calls. Used by the
 * command, the load generator and the flow tests. One call at a time per
 * `struct call`; many calls (and threads) per client. */
#ifndef STATGATE_TOOLS_CLIENT_CLIENT_H
#define STATGATE_TOOLS_CLIENT_CLIENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"

struct client;
struct call;

struct client_options {
        const char *address;  /* "127.0.0.1:7443" */
        const char *ca_file, *certificate_file, *key_file; /* PEM */
        const char *server_name; /* checked in the server's certificate; NULL: "localhost" */
        unsigned channels;    /* connections to spread calls over; 0: 1 */
};

MUST_CHECK enum err client_open(const struct client_options *options, struct client **out);
void client_close(struct client **c);

/* What came back with a call: canonical code, message, BadRequest violations. */
struct call_status {
        enum status code;
        char message[400];
        struct refusal details;
};

/* One unary call. ERR_OK: response bytes (in the arena). Else *status tells.
 * timeout_ms 0: 30 s. */
MUST_CHECK enum err client_unary(struct client *c, struct arena *arena, const char *path,
        struct bytes request, unsigned timeout_ms, struct bytes *response, struct call_status *status);

/* Streams, either direction. send blocks for flow control; receive returns
 * ERR_NOT_FOUND at the end of the stream (then call_finish tells how it ended). */
MUST_CHECK enum err call_start(struct client *c, const char *path, unsigned timeout_ms, struct call **out);
MUST_CHECK enum err call_send(struct call *call, struct bytes message);
MUST_CHECK enum err call_half_close(struct call *call);
MUST_CHECK enum err call_receive(struct call *call, struct arena *arena, struct bytes *out);
MUST_CHECK enum err call_finish(struct call *call, struct call_status *status);
void call_cancel(struct call *call);
void call_free(struct call **call); /* cancels if it still runs */

#endif
