/* SPDX-License-Identifier: Apache-2.0 */
/* greeting.h: the first words of a line, before any packet. The gateway's end says what it is
 * built for; the custodian's answers with an error, or none.
 *
 *      greeting   u32 magic, u32 bridge, u32 protocol, u32 slots, u32 slot length
 *      welcome    u32 magic, u32 err
 */
#ifndef STATGATE_GATEWAY_BRIDGE_GREETING_H
#define STATGATE_GATEWAY_BRIDGE_GREETING_H

#include "base/bytes.h"

enum { GREETING_LEN = 20, WELCOME_LEN = 8 };

void greeting_write(unsigned slots, uint8_t out[GREETING_LEN]);
/* ERR_UNSUPPORTED: another version, or other slots than ours. */
MUST_CHECK enum err greeting_read(const uint8_t in[GREETING_LEN], unsigned slots);
void welcome_write(enum err e, uint8_t out[WELCOME_LEN]);
/* What it says, or ERR_MALFORMED. */
MUST_CHECK enum err welcome_read(const uint8_t in[WELCOME_LEN]);

#endif
