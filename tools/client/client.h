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
        const char *address; /* "127.0.0.1:7443" */
        /* PEM. Without certificate and key (NULL) no server of ours lets us in. */
        const char *ca_file, *certificate_file, *key_file;
        const char *server_name; /* checked in the server's certificate; NULL: "localhost" */
        unsigned channels;       /* connections to spread calls over; 0: 1 */
};

MUST_CHECK enum err client_open(const struct client_options *options, struct client **out);
void client_close(struct client **c);

/* What came back with a call: canonical code, message, BadRequest violations. */
struct call_status {
        enum status code;
        char message[400];
        struct refusal details;
};

/* One unary call. ERR_OK: response bytes (in the arena). Else *status tells, and
 * the error is one with the same canonical code; *status is filled in any case.
 * timeout_ms 0: 30 s. A dead address is told within five seconds. */
MUST_CHECK enum err client_unary(struct client *c, struct arena *arena, const char *path,
        struct bytes request, unsigned timeout_ms, struct bytes *response,
        struct call_status *status);

/* Streams, either direction. send returns when the message before it is on its
 * way, so that one is always moving; receive returns ERR_NOT_FOUND at the end of
 * the stream (then call_finish tells how it ended). One thread may send while
 * another receives; everything else is for one thread at a time. timeout_ms 0: no
 * deadline. call_finish waits for the end of the call, throws unread messages away,
 * and gives ERR_OK for status OK, otherwise an error with the same canonical code. */
MUST_CHECK enum err call_start(
        struct client *c, const char *path, unsigned timeout_ms, struct call **out);
MUST_CHECK enum err call_send(struct call *call, struct bytes message);
MUST_CHECK enum err call_half_close(struct call *call);
MUST_CHECK enum err call_receive(struct call *call, struct arena *arena, struct bytes *out);
MUST_CHECK enum err call_finish(struct call *call, struct call_status *status);
void call_cancel(struct call *call);
void call_free(struct call **call); /* cancels if it still runs */

/* Load for measuring: `callers` unary calls under way at all times on one thread
 * and one completion queue, for `seconds`. */
struct client_load {
        uint64_t calls, failed;
        double seconds;
        uint32_t p50_us, p99_us, max_us;
};
MUST_CHECK enum err client_load(struct client *c, const char *path, struct bytes request,
        unsigned callers, double seconds, struct client_load *out);

#endif
