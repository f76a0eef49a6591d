/* SPDX-License-Identifier: Apache-2.0 */
/* program.h: the two ends of the bridge, as main.c starts them. */
#ifndef STATGATE_GATEWAY_BRIDGE_PROGRAM_H
#define STATGATE_GATEWAY_BRIDGE_PROGRAM_H

enum exit_code { EXIT_STOPPED = 0, EXIT_DIED = 1, EXIT_SETTINGS = 2, EXIT_START = 3 };

/* The custodian's end, until a signal or the keeper's death. */
enum exit_code serve(const char *folder);
/* In a ceremony: the state that lies in the folder is the one in use. */
enum exit_code adopt(const char *folder);
/* The gateway's end, in the place of a keeper. SLOTS ADDRESS IS PKI */
enum exit_code connect_to(char *const arguments[4]);

#endif
