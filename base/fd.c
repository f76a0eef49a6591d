/* SPDX-License-Identifier: Apache-2.0 */
/* fd.c: file descriptors with an owner. What close says comes too late to help: who
 * must know that bytes are on disk has asked fsync before. */
#include "base/fd.h"

#include <unistd.h>

void fd_close(int *fd)
{
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}

int fd_hand_over(int *fd)
{
        int given = *fd;

        *fd = -1;
        return given;
}
