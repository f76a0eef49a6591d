/* SPDX-License-Identifier: Apache-2.0 */
/* fd.h: file descriptors with an owner. */
#ifndef STATGATE_BASE_FD_H
#define STATGATE_BASE_FD_H

/* For OWNED: a negative number is harmless, and *fd is -1 afterwards. */
void fd_close(int *fd);
/* The descriptor, which is now the caller's to close. */
int fd_hand_over(int *fd);

#endif
