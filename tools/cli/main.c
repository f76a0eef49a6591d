/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: the program `statgate`. */
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/cli/cli.h"

int main(int argc, char **argv)
{
        /* A closed pipe is an error of that write, not the end of a delivery. */
        (void)signal(SIGPIPE, SIG_IGN);
        /* What a library logs is for operators of a service; here people read. */
        log_to(STDERR_FILENO, LOG_WARNING);
        return (int)cli_main(argc, argv, stdout, stderr);
}
