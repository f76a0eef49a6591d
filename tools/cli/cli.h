/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h: what every subcommand of `statgate` is given, and what it must say about
 * itself.
 *
 * A subcommand is one `const struct command` in a file of its own and one row in
 * command_table.h. Options, help pages and exit codes all come from tables, so
 * help and behaviour cannot disagree. What the tool says, it says in Swedish and
 * English from words_table.h. */
#ifndef STATGATE_TOOLS_CLI_CLI_H
#define STATGATE_TOOLS_CLI_CLI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/terms.h"

enum exit_code {
#define EXIT_CODE(name, number, sv, en) EXIT_CODE_##name = (number),
#include "tools/cli/exit_table.h"
#undef EXIT_CODE
};

enum lang { LANG_SV = 0, LANG_EN };
struct text {
        const char *sv, *en;
};

enum word {
#define WORD(name, sv, en) WORD_##name,
#include "tools/cli/words_table.h"
#undef WORD
        WORD_COUNT
};

struct option_spec {
        const char *name;     /* "dataset" */
        const char *argument; /* "NAME" as help shows it; NULL: a flag */
        const char *fallback; /* the default as help shows it, or NULL */
        bool required, repeats;
        struct text help;
};

struct cli;
struct arguments;

struct command {
        const char *name;      /* "submit", "policy check" */
        const char *arguments; /* "FILE.csv", or "" */
        unsigned arguments_min, arguments_max;
        struct text summary; /* one line */
        struct text details; /* paragraphs, or NULL */
        const struct option_spec *options;
        unsigned options_len;
        enum exit_code (*run)(struct cli *cli, const struct arguments *args);
};

/* NULL-terminated, in the order of help. */
extern const struct command *const cli_commands[];

/* Options as they were given; text lives as long as argv. */
const char *option_text(const struct arguments *args, const char *name); /* the last one, or NULL */
bool option_given(const struct arguments *args, const char *name);
unsigned option_count(const struct arguments *args, const char *name);
const char *option_nth(const struct arguments *args, const char *name, unsigned nth);
unsigned argument_count(const struct arguments *args);
const char *argument_nth(const struct arguments *args, unsigned nth);

/* One run of the program. */
struct cli {
        struct arena *arena; /* freed at the end */
        enum lang lang;
        FILE *out, *err;
        bool colour_out, colour_err, terminal_err;
        const char *config_path;  /* --config, or NULL */
        const char *as, *address; /* flags, or NULL */
        const char *program_dir;  /* folder of the running binary, or "." */
};

/* The whole program but for main(): parses, runs, cleans up. */
enum exit_code cli_main(int argc, char **argv, FILE *out, FILE *err);

/* Words ------------------------------------------------------------------- */

const char *cli_text(const struct cli *cli, struct text t);
const char *cli_word(const struct cli *cli, enum word w);
/* {1} … {9} in the word stand for the arguments, all of them text. say() writes a
 * line to standard output, complain() one to standard error behind the program's
 * name, note() one to standard error alone. */
void cli_print(const struct cli *cli, FILE *to, bool named, enum word w, const char *const *args);
void cli_put(
        const struct cli *cli, FILE *to, enum word w, const char *const *args); /* no line end */
#define CLI_ARGS(...)         ((const char *const[]){"", ##__VA_ARGS__, NULL})
#define say(cli, w, ...)      cli_print((cli), (cli)->out, false, (w), CLI_ARGS(__VA_ARGS__))
#define note(cli, w, ...)     cli_print((cli), (cli)->err, false, (w), CLI_ARGS(__VA_ARGS__))
#define complain(cli, w, ...) cli_print((cli), (cli)->err, true, (w), CLI_ARGS(__VA_ARGS__))

/* The violations of a refusal, one a line, on standard error. */
void cli_print_refusal(const struct cli *cli, const struct refusal *why);

/* 1234567 → "1 234 567" (sv) or "1,234,567" (en). */
enum { NUMBER_TEXT = 40 };
const char *cli_number(const struct cli *cli, uint64_t n, char out[NUMBER_TEXT]);

/* Colours: the escape, or "" where colours are off. */
enum paint { PAINT_NONE = 0, PAINT_BOLD, PAINT_GREEN, PAINT_YELLOW, PAINT_RED, PAINT_DIM };
const char *paint_out(const struct cli *cli, enum paint p);
const char *paint_err(const struct cli *cli, enum paint p);

void help_overview(const struct cli *cli, FILE *to);
/* `policy`: the commands that begin with that word. false: none does. */
bool help_group(const struct cli *cli, FILE *to, const char *word);
void help_command(const struct cli *cli, FILE *to, const struct command *command);
/* Words from argv[at]: "policy check" takes two. NULL: no such command. */
const struct command *command_find(int argc, char **argv, int at, int *out_words);

/* Settings: flag > --config FILE > ./statgate.yaml -------------------------- */

struct settings {
        const char *folder;                           /* the data folder: that of statgate.yaml */
        const char *address, *policy, *pki, *keyring; /* paths are absolute or from here */
        const char *passphrase_file, *keeper;         /* NULL: not set */
        const char *as;                               /* client.as, or NULL */
        bool memory_lock_required;
};
/* Complains itself and says how to end. `out` is filled on EXIT_CODE_OK only. */
enum exit_code settings_read(struct cli *cli, struct settings *out);
/* Whether there is a settings file at all. */
bool settings_present(const struct cli *cli);

/* The gateway ------------------------------------------------------------- */

struct client;
struct call_status;
struct identity {
        const char *name;              /* of client/NAME.pem */
        const char *certificate, *key; /* paths */
        struct principal principal;    /* as the certificate says */
};
/* Which certificate to use: --as, client.as, or `fallback`. */
enum exit_code identity_read(
        struct cli *cli, const struct settings *s, const char *fallback, struct identity *out);
enum exit_code cli_connect(struct cli *cli, const struct settings *s, const struct identity *who,
        unsigned channels, struct client **out);
/* Tells why a call failed, and how to end. `rc` is what the client returned. */
enum exit_code cli_call_failed(
        const struct cli *cli, enum err rc, const struct call_status *status);
/* Whether trying again may help: the gateway is away, busy or shutting down. */
bool cli_worth_retrying(enum err rc, const struct call_status *status);

#endif
