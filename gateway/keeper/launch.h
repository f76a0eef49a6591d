/* SPDX-License-Identifier: Apache-2.0 */
/* launch.h: starting the keeper's process, and packets to it: for whoever is at the other end of
 * its socket, the gateway's asking side or the custodian's end of the bridge. */
#ifndef STATGATE_GATEWAY_KEEPER_LAUNCH_H
#define STATGATE_GATEWAY_KEEPER_LAUNCH_H

#include "gateway/keeper/keeper.h"

/* The slots, mapped here and as a descriptor to hand over; neither side can cut pages away
 * under the other. */
MUST_CHECK enum err keeper_memory_new(unsigned slots, int *out_fd, uint8_t **out);
/* By fork and exec. `memory` is closed here in any case. */
MUST_CHECK enum err keeper_launch(const struct keeper_options *options, unsigned slots, int memory,
        int *out_socket, pid_t *out_pid);

/* One packet, with a descriptor or (-1) without. False: the other end is gone. */
bool keeper_send_packet(int socket, struct bytes packet, int descriptor);

#endif
