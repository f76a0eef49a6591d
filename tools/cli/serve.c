/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c: statgate becomes statgated, the program beside it. Not a child: signals,
 * terminal and exit code are the gateway's own. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "tools/cli/cli.h"
#include "tools/cli/files.h"

enum { ARGUMENTS_ROOM = 8 };

static void add(const char **argv, unsigned *len, const char *flag, const char *value)
{
        if (value == NULL)
                return;
        argv[(*len)++] = flag;
        argv[(*len)++] = value;
}

static enum exit_code run(struct cli *cli, const struct arguments *args)
{
        const char *program = path_join(cli->arena, cli->program_dir, "statgated");
        const char *argv[ARGUMENTS_ROOM] = {"statgated"};
        unsigned len = 1;

        if (program == NULL)
                return EXIT_CODE_INTERNAL;
        add(argv, &len, "--data", option_text(args, "data"));
        add(argv, &len, "--config", cli->config_path);
        add(argv, &len, "--address", cli->address);
        (void)fflush(NULL);
        (void)execv(program, (char *const *)(uintptr_t)argv);
        complain(cli, WORD_GATEWAY_NOT_STARTED, program, strerror(errno));
        return EXIT_CODE_USAGE;
}

static const struct option_spec options[] = {
        {"data", "FOLDER", NULL, false, false,
                {"datamappen (annars den där statgate.yaml ligger)",
                        "the data folder (else that of statgate.yaml)"}},
};

const struct command command_serve = {
        .name = "serve",
        .arguments = "",
        .summary = {"kör slussen: startar statgated", "run the gateway: starts statgated"},
        .details = {"Slussen lyssnar tills den får SIGTERM. Slutkoderna är dess egna: 0 stoppad, 1 "
                    "nyckelvakten dog, 2 fel inställningar, 3 kunde inte starta. Alla "
                    "inställningar "
                    "står i statgated --help.",
                "The gateway listens until SIGTERM. The exit codes are its own: 0 stopped, 1 the "
                "key "
                "keeper died, 2 wrong settings, 3 could not start. All settings are in statgated "
                "--help."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run,
};
