/* SPDX-License-Identifier: Apache-2.0 */
/* fds.h: never let the listener run out of file descriptors. */
#ifndef STATGATE_GATEWAY_RPC_FDS_H
#define STATGATE_GATEWAY_RPC_FDS_H

#include <stdbool.h>

/* Raises the soft limit to the hard one. */
void fds_raise_limit(void);

struct door {
        int listener;  /* the listening socket of our port, borrowed; -1: not found */
        bool closed;   /* newcomers are kept out at the moment */
        unsigned room; /* descriptors that must stay free; 0: as the limit suggests */
};

/* Finds the socket that listens on `port`. */
void door_find(struct door *d, int port);

/* Looks how much room is left, and closes or opens the door to new connections. */
void door_watch(struct door *d);

#endif
