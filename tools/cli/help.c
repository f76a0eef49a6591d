/* SPDX-License-Identifier: Apache-2.0 */
/* help.c: pages made from the same tables that the parser reads. */
#include <stdlib.h>
#include <string.h>

#include "tools/cli/cli.h"
#include "tools/cli/options.h"

enum { PAGE_WIDTH = 88, INDENT = 2, GAP = 2, LEFT_MAX = 30 };

static const struct {
        int number;
        struct text text;
} exits[] = {
#define EXIT_CODE(name, number, sv, en) {(number), {(sv), (en)}},
#include "tools/cli/exit_table.h"
#undef EXIT_CODE
};

/* Columns on a terminal: characters, since our words have no wide ones. */
static unsigned width(const char *text, size_t len)
{
        unsigned columns = 0;

        for (size_t i = 0; i < len; i++)
                columns += ((unsigned char)text[i] & 0xC0) != 0x80;
        return columns;
}

/* Words of `text` from column `at`, wrapped to `indent`. */
static void wrap(FILE *to, const char *text, unsigned at, unsigned indent)
{
        unsigned column = at;

        while (*text != '\0') {
                size_t len = strcspn(text, " \n");
                unsigned columns = width(text, len);

                if (column > indent && column + 1 + columns > PAGE_WIDTH) {
                        (void)fprintf(to, "\n%*s", (int)indent, "");
                        column = indent;
                } else if (column > indent) {
                        (void)fputc(' ', to);
                        column++;
                }
                (void)fwrite(text, 1, len, to);
                column += columns;
                text += len;
                if (*text == '\n') {
                        (void)fprintf(to, "\n%*s", (int)indent, "");
                        column = indent;
                }
                text += *text != '\0';
        }
        (void)fputc('\n', to);
}

/* `left` in its column, `right` wrapped beside it. */
static void row(FILE *to, const char *left, const char *right, unsigned left_width)
{
        unsigned indent = INDENT + left_width + GAP, used = width(left, strlen(left));

        (void)fprintf(to, "%*s%s", INDENT, "", left);
        if (used > left_width) {
                (void)fputc('\n', to);
                (void)fprintf(to, "%*s", (int)indent, "");
        } else {
                (void)fprintf(to, "%*s", (int)(left_width - used + GAP), "");
        }
        wrap(to, right, indent, indent);
}

static void title(const struct cli *cli, FILE *to, enum word w)
{
        bool bold = to == cli->out ? cli->colour_out : cli->colour_err;

        (void)fprintf(
                to, "\n%s%s%s\n", bold ? "\033[1m" : "", cli_word(cli, w), bold ? "\033[0m" : "");
}

static void exit_codes(const struct cli *cli, FILE *to)
{
        title(cli, to, WORD_HELP_EXITS);
        for (size_t i = 0; i < ARRAY_LEN(exits); i++) {
                char number[16];

                (void)snprintf(number, sizeof number, "%d", exits[i].number);
                row(to, number, cli_text(cli, exits[i].text), 2);
        }
}

static void option_row(const struct cli *cli, FILE *to, const struct option_spec *o)
{
        char left[80], right[600];
        const char *text = cli_text(cli, o->help);

        (void)snprintf(left, sizeof left, "--%s%s%s%s", o->name, o->argument != NULL ? " " : "",
                o->argument != NULL ? o->argument : "", o->repeats ? " …" : "");
        if (o->required)
                (void)snprintf(
                        right, sizeof right, "%s (%s)", text, cli_word(cli, WORD_HELP_REQUIRED));
        else if (o->fallback != NULL)
                (void)snprintf(right, sizeof right, "%s (%s %s)", text,
                        cli_word(cli, WORD_HELP_DEFAULT), o->fallback);
        else
                (void)snprintf(right, sizeof right, "%s", text);
        row(to, left, right, LEFT_MAX);
}

static void options(const struct cli *cli, FILE *to, enum word heading,
        const struct option_spec *list, unsigned len)
{
        if (len == 0)
                return;
        title(cli, to, heading);
        for (unsigned i = 0; i < len; i++)
                option_row(cli, to, &list[i]);
}

void help_overview(const struct cli *cli, FILE *to)
{
        wrap(to, cli_word(cli, WORD_HELP_INTRODUCTION), 0, 0);
        title(cli, to, WORD_HELP_USAGE);
        (void)fprintf(to, "  statgate [%s] %s …\n", cli_word(cli, WORD_HELP_OPTIONS_SHORT),
                cli_word(cli, WORD_HELP_COMMAND_SHORT));
        title(cli, to, WORD_HELP_COMMANDS);
        for (unsigned i = 0; cli_commands[i] != NULL; i++)
                row(to, cli_commands[i]->name, cli_text(cli, cli_commands[i]->summary), 18);
        row(to, "help", cli_word(cli, WORD_HELP_OF_HELP), 18);
        row(to, "version", cli_word(cli, WORD_HELP_OF_VERSION), 18);
        options(cli, to, WORD_HELP_GLOBAL, cli_global_options, cli_global_options_len);
        exit_codes(cli, to);
}

bool help_group(const struct cli *cli, FILE *to, const char *word)
{
        size_t len = strlen(word);
        bool any = false;

        for (unsigned i = 0; cli_commands[i] != NULL; i++) {
                const char *name = cli_commands[i]->name;

                if (strncmp(name, word, len) != 0 || name[len] != ' ')
                        continue;
                any = true;
                row(to, name, cli_text(cli, cli_commands[i]->summary), 18);
        }
        return any;
}

void help_command(const struct cli *cli, FILE *to, const struct command *command)
{
        wrap(to, cli_text(cli, command->summary), 0, 0);
        title(cli, to, WORD_HELP_USAGE);
        (void)fprintf(to, "  statgate %s", command->name);
        for (unsigned i = 0; i < command->options_len; i++)
                if (command->options[i].required)
                        (void)fprintf(to, " --%s %s", command->options[i].name,
                                command->options[i].argument);
        (void)fprintf(to, " [%s]%s%s\n", cli_word(cli, WORD_HELP_OPTIONS_SHORT),
                command->arguments[0] != '\0' ? " " : "", command->arguments);
        if (command->details.sv != NULL) {
                (void)fputc('\n', to);
                wrap(to, cli_text(cli, command->details), 0, 0);
        }
        options(cli, to, WORD_HELP_OPTIONS, command->options, command->options_len);
        options(cli, to, WORD_HELP_GLOBAL, cli_global_options, cli_global_options_len);
        exit_codes(cli, to);
}
