/* SPDX-License-Identifier: Apache-2.0 */
/* options.c: from argv to a command and its options.
 *
 * A complaint names the option and never repeats what was given with it, nor an
 * argument that was not expected: somebody may have typed a personal number. */
#include <getopt.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/options.h"

enum { GIVEN_MAX = 128, SPECS_MAX = 64, FIRST_OPTION = 256 };

const struct option_spec cli_global_options[] = {
        {"config", "FILE", "./statgate.yaml", false, false,
                {"inställningar; dess mapp är datamappen",
                        "settings; their folder is the data folder"}},
        {"lang", "sv|en", NULL, false, false,
                {"språk (annars efter LANG)", "language (else by LANG)"}},
        {"as", "NAME", NULL, false, false,
                {"certifikatet client/NAME.pem i datamappen",
                        "the certificate client/NAME.pem of the data folder"}},
        {"address", "HOST:PORT", NULL, false, false,
                {"slussens adress (annars statgate.yaml)",
                        "the gateway's address (else statgate.yaml)"}},
        {"help", NULL, NULL, false, false, {"visa hjälp", "show help"}},
};
const unsigned cli_global_options_len = ARRAY_LEN(cli_global_options);

struct given {
        const struct option_spec *spec;
        const char *text;
};

struct arguments {
        struct given given[GIVEN_MAX];
        unsigned given_len;
        char **rest;
        unsigned rest_len;
};

const char *option_nth(const struct arguments *args, const char *name, unsigned nth)
{
        for (unsigned i = 0; i < args->given_len; i++)
                if (strcmp(args->given[i].spec->name, name) == 0 && nth-- == 0)
                        return args->given[i].text;
        return NULL;
}

unsigned option_count(const struct arguments *args, const char *name)
{
        unsigned count = 0;

        for (unsigned i = 0; i < args->given_len; i++)
                count += strcmp(args->given[i].spec->name, name) == 0;
        return count;
}

bool option_given(const struct arguments *args, const char *name)
{
        return option_count(args, name) > 0;
}

const char *option_text(const struct arguments *args, const char *name)
{
        unsigned count = option_count(args, name);

        return count > 0 ? option_nth(args, name, count - 1) : NULL;
}

unsigned argument_count(const struct arguments *args)
{
        return args->rest_len;
}

const char *argument_nth(const struct arguments *args, unsigned nth)
{
        return nth < args->rest_len ? args->rest[nth] : NULL;
}

/* All options a command takes: its own, then everybody's. */
struct specs {
        const struct option_spec *spec[SPECS_MAX];
        struct option longs[SPECS_MAX + 1];
        unsigned len;
};

static void add_specs(struct specs *s, const struct option_spec *from, unsigned len)
{
        for (unsigned i = 0; i < len && s->len < SPECS_MAX; i++, s->len++) {
                s->spec[s->len] = &from[i];
                s->longs[s->len] = (struct option){from[i].name,
                        from[i].argument != NULL ? required_argument : no_argument, NULL,
                        FIRST_OPTION + (int)s->len};
        }
}

/* "--datset=x" without what follows the "=". */
static void complain_option(const struct cli *cli, enum word w, const char *written)
{
        char name[64] = "";
        size_t len = written != NULL && written[0] == '-' ? strcspn(written, "=") : 0;

        if (len > 2 && written[1] != '-')
                len = 2;
        if (len < sizeof name && len > 0)
                memcpy(name, written, len);
        complain(cli, w, name);
}

static bool take(struct cli *cli, const struct option_spec *spec, const char *text)
{
        if (strcmp(spec->name, "config") == 0) {
                cli->config_path = text;
        } else if (strcmp(spec->name, "as") == 0) {
                cli->as = text;
        } else if (strcmp(spec->name, "address") == 0) {
                cli->address = text;
        } else if (strcmp(spec->name, "lang") == 0) {
                if (strcmp(text, "sv") != 0 && strcmp(text, "en") != 0)
                        return false;
                cli->lang = strcmp(text, "sv") == 0 ? LANG_SV : LANG_EN;
        }
        return true;
}

/* -h is --help and -f is --file, where a command has one. */
static int short_form(const struct specs *specs, int c)
{
        const char *name = c == 'h' ? "help" : "file";

        for (unsigned i = 0; i < specs->len; i++)
                if (strcmp(specs->spec[i]->name, name) == 0)
                        return FIRST_OPTION + (int)i;
        return '?';
}

/* Reads options from argv[at]; stops at the first word when `stop_at_word`. */
static enum exit_code read_options(struct cli *cli, const struct command *command, int argc,
        char **argv, int at, bool stop_at_word, struct arguments *out)
{
        struct specs specs = {.len = 0};
        int c;

        if (command != NULL)
                add_specs(&specs, command->options, command->options_len);
        add_specs(&specs, cli_global_options, cli_global_options_len);
        opterr = 0;
        optind = 0; /* glibc: start afresh */
        argv += at - 1;
        argc -= at - 1;
        while ((c = getopt_long(argc, argv, stop_at_word ? "+:h" : ":hf:", specs.longs, NULL)) !=
                -1) {
                if (c == 'h' || c == 'f')
                        c = short_form(&specs, c);
                if (c == ':' || c == '?') {
                        complain_option(cli, c == ':' ? WORD_OPTION_NEEDS : WORD_OPTION_UNKNOWN,
                                optind > 0 && optind <= argc ? argv[optind - 1] : NULL);
                        return EXIT_CODE_USAGE;
                }

                const struct option_spec *spec = specs.spec[c - FIRST_OPTION];

                if (out->given_len == GIVEN_MAX || !take(cli, spec, optarg)) {
                        complain(cli, WORD_OPTION_VALUE, spec->name);
                        return EXIT_CODE_USAGE;
                }
                out->given[out->given_len++] = (struct given){spec, optarg};
        }
        out->rest = argv + optind;
        out->rest_len = (unsigned)(argc - optind);
        return EXIT_CODE_OK;
}

static enum exit_code check(
        const struct cli *cli, const struct command *command, const struct arguments *args)
{
        for (unsigned i = 0; i < command->options_len; i++) {
                const struct option_spec *spec = &command->options[i];
                unsigned count = option_count(args, spec->name);

                if (spec->required && count == 0) {
                        complain(cli, WORD_OPTION_MISSING, spec->name, command->name);
                        return EXIT_CODE_USAGE;
                }
                if (!spec->repeats && count > 1) {
                        complain(cli, WORD_OPTION_TWICE, spec->name);
                        return EXIT_CODE_USAGE;
                }
        }
        if (args->rest_len < command->arguments_min || args->rest_len > command->arguments_max) {
                complain(cli, WORD_ARGUMENTS, command->name, command->arguments);
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

const struct command *command_find(int argc, char **argv, int at, int *out_words)
{
        for (unsigned i = 0; at < argc && cli_commands[i] != NULL; i++) {
                const char *name = cli_commands[i]->name, *space = strchr(name, ' ');
                size_t first = space != NULL ? (size_t)(space - name) : strlen(name);

                if (strlen(argv[at]) != first || strncmp(argv[at], name, first) != 0)
                        continue;
                if (space != NULL && (at + 1 >= argc || strcmp(argv[at + 1], space + 1) != 0))
                        continue;
                *out_words = space != NULL ? 2 : 1;
                return cli_commands[i];
        }
        return NULL;
}

/* `statgate help COMMAND`, with options of everybody before or behind. */
static enum exit_code help(struct cli *cli, int argc, char **argv, int at)
{
        struct arguments args = {.given_len = 0};
        enum exit_code code = read_options(cli, NULL, argc, argv, at, false, &args);
        int words = 0;
        const struct command *command = command_find((int)args.rest_len, args.rest, 0, &words);

        if (code != EXIT_CODE_OK)
                return code;
        if (args.rest_len > 0 && command == NULL) {
                if (args.rest_len == 1 && help_group(cli, cli->out, args.rest[0]))
                        return EXIT_CODE_OK;
                complain(cli, WORD_COMMAND_UNKNOWN);
                return EXIT_CODE_USAGE;
        }
        if (command == NULL)
                help_overview(cli, cli->out);
        else
                help_command(cli, cli->out, command);
        return EXIT_CODE_OK;
}

enum exit_code options_run(struct cli *cli, int argc, char **argv)
{
        struct arguments global = {.given_len = 0}, args = {.given_len = 0};
        enum exit_code code = read_options(cli, NULL, argc, argv, 1, true, &global);
        int words = 0, at = argc - (int)global.rest_len;

        if (code != EXIT_CODE_OK)
                return code;
        if (option_given(&global, "help"))
                return help(cli, argc, argv, at);
        if (at == argc) {
                help_overview(cli, cli->err);
                return EXIT_CODE_USAGE;
        }
        if (strcmp(argv[at], "help") == 0)
                return help(cli, argc, argv, at + 1);
        if (strcmp(argv[at], "version") == 0) {
                say(cli, WORD_VERSION, STATGATE_VERSION);
                return EXIT_CODE_OK;
        }

        const struct command *command = command_find(argc, argv, at, &words);

        if (command == NULL) {
                complain(cli, WORD_COMMAND_UNKNOWN);
                (void)help_group(cli, cli->err, argv[at]);
                return EXIT_CODE_USAGE;
        }
        code = read_options(cli, command, argc, argv, at + words, false, &args);
        if (code != EXIT_CODE_OK)
                return code;
        if (option_given(&args, "help")) {
                help_command(cli, cli->out, command);
                return EXIT_CODE_OK;
        }
        code = check(cli, command, &args);
        return code != EXIT_CODE_OK ? code : command->run(cli, &args);
}
