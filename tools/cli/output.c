/* SPDX-License-Identifier: Apache-2.0 */
/* output.c: a file is written beside its place, synced and renamed: somebody who reads it
 * reads one answer, the old or the new. */
#include "tools/cli/output.h"

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tools/cli/ask.h"

enum { TERMINAL_LEAST = 40 };

static unsigned terminal_width(FILE *to)
{
        struct winsize size;

        if (isatty(fileno(to)) == 0 || ioctl(fileno(to), TIOCGWINSZ, &size) != 0)
                return 0;
        return size.ws_col < TERMINAL_LEAST ? TERMINAL_LEAST : size.ws_col;
}

static void close_file(FILE **f)
{
        if (*f != NULL)
                (void)fclose(*f);
}

static enum err write_through(
        const struct cli *cli, const struct output *o, const char *temporary, bool bom)
{
        OWNED(close_file) FILE *to = fopen(temporary, "wxe");

        if (to == NULL)
                return ERR_UNREADABLE;
        TRY(o->write(cli, o->what, &(struct render_how){.out = to, .bom = bom}));
        return fsync(fileno(to)) == 0 ? ERR_OK : ERR_IO;
}

/* A device, a pipe or a link would be replaced, not written to. */
static bool is_in_the_way(const char *path)
{
        struct stat st;

        return lstat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static enum exit_code write_file(
        const struct cli *cli, const struct output *o, const char *path, bool bom)
{
        const char *temporary = arena_printf(cli->arena, "%s.%ld.tmp", path, (long)getpid());

        if (temporary == NULL)
                return EXIT_CODE_INTERNAL;
        if (is_in_the_way(path)) {
                complain(cli, WORD_NO_PLAIN_FILE, path);
                return EXIT_CODE_USAGE;
        }
        errno = 0;

        enum err rc = write_through(cli, o, temporary, bom);

        if (rc == ERR_MALFORMED || rc == ERR_NO_MEMORY) {
                (void)unlink(temporary);
                return print_ended(cli, rc);
        }
        if (rc != ERR_OK || rename(temporary, path) != 0) {
                complain(cli, WORD_CANNOT_WRITE, path, strerror(errno));
                (void)unlink(temporary);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

enum exit_code output_put(const struct cli *cli, const struct arguments *args,
        const struct output *o, const char **out_path)
{
        const struct render_how how = {
                .out = cli->out,
                .width = terminal_width(cli->out),
                .colour = cli->colour_out,
                .bom = option_given(args, "bom"),
        };

        *out_path = option_text(args, "out");
        if (*out_path != NULL)
                return write_file(cli, o, *out_path, how.bom);
        return print_ended(cli, o->write(cli, o->what, &how));
}
