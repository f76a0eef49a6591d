/* SPDX-License-Identifier: Apache-2.0 */
/* address.h: "unix:PATH" or "tls:HOST:PORT", and descriptors that listen there or reach it. */
#ifndef STATGATE_GATEWAY_BRIDGE_ADDRESS_H
#define STATGATE_GATEWAY_BRIDGE_ADDRESS_H

#include <stdbool.h>

#include "base/attrs.h"
#include "base/err.h"

enum { ADDRESS_PATH_MAX = 107, ADDRESS_HOST_MAX = 253 };

struct address {
        bool tls;
        char path[ADDRESS_PATH_MAX + 1];
        char host[ADDRESS_HOST_MAX + 1]; /* without the brackets of [::1] */
        char port[6];
};

/* ERR_CONFIG. A path of a socket is absolute and of at most ADDRESS_PATH_MAX bytes. */
MUST_CHECK enum err address_parse(const char *text, struct address *out);
/* Listening, not blocking. A unix socket is for everybody to find: who may stay is asked of the
 * kernel (party.h). ERR_IN_USE; ERR_UNREADABLE. *out_port of a tls address, else 0. */
MUST_CHECK enum err address_listen(const struct address *a, int *out_fd, unsigned *out_port);
/* Connected within `wait_ms`, not blocking. ERR_UNREADABLE: nobody is there. */
MUST_CHECK enum err address_reach(const struct address *a, int wait_ms, int *out_fd);
/* What an accepted connection is told about itself: dead machines are noticed. */
void address_tune(const struct address *a, int fd);

#endif
