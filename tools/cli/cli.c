/* SPDX-License-Identifier: Apache-2.0 */
/* cli.c: sets a run up and takes it down again. */
#include "tools/cli/cli.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/options.h"

enum { ARENA_CEILING = 512 << 20, PATH_LEN = 4096 };

#define COMMAND(name) extern const struct command command_##name;
#include "tools/cli/command_table.h"
#undef COMMAND

const struct command *const cli_commands[] = {
#define COMMAND(name) &command_##name,
#include "tools/cli/command_table.h"
#undef COMMAND
        NULL,
};

static enum lang lang_of_environment(void)
{
        static const char *const variables[] = {"LC_ALL", "LC_MESSAGES", "LANG"};

        for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
                const char *value = getenv(variables[i]);

                if (value != NULL && value[0] != '\0')
                        return strncmp(value, "sv", 2) == 0 ? LANG_SV : LANG_EN;
        }
        return LANG_EN;
}

/* no-color.org: any value but the empty one means no. */
static bool colours_on(FILE *to)
{
        const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

        return isatty(fileno(to)) != 0 && (no == NULL || no[0] == '\0') &&
               (term == NULL || strcmp(term, "dumb") != 0);
}

static const char *program_dir(struct arena *arena)
{
        char path[PATH_LEN];
        ssize_t len = readlink("/proc/self/exe", path, sizeof path - 1);

        if (len <= 0)
                return ".";
        path[len] = '\0';

        char *slash = strrchr(path, '/');
        const char *dir = slash != NULL ? arena_strndup(arena, path, (size_t)(slash - path)) : NULL;

        return dir != NULL ? dir : ".";
}

enum exit_code cli_main(int argc, char **argv, FILE *out, FILE *err)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_CEILING);

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;

        struct cli cli = {
                .arena = arena,
                .lang = lang_of_environment(),
                .out = out,
                .err = err,
                .colour_out = colours_on(out),
                .colour_err = colours_on(err),
                .terminal_err = isatty(fileno(err)) != 0,
                .program_dir = program_dir(arena),
        };
        enum exit_code code = options_run(&cli, argc, argv);

        if (fflush(out) != 0 && code == EXIT_CODE_OK)
                return EXIT_CODE_INTERNAL;
        return code;
}
