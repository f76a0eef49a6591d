/* SPDX-License-Identifier: Apache-2.0 */
/* words.c: says things, in the reader's language, with colours where they help.
 *
 * Sentences have numbered places, since the two languages order their words
 * differently. What is put into a place may come from a file or from the gateway:
 * control characters are shown as "?", so that it cannot talk to the terminal. */
#include <string.h>

#include "tools/cli/cli.h"

static const struct text words[WORD_COUNT] = {
#define WORD(name, sv_text, en_text) [WORD_##name] = {.sv = (sv_text), .en = (en_text)},
#include "tools/cli/words_table.h"
#undef WORD
};

static const char *const escapes[] = {
        [PAINT_NONE] = "\033[0m",
        [PAINT_BOLD] = "\033[1m",
        [PAINT_GREEN] = "\033[32m",
        [PAINT_YELLOW] = "\033[33m",
        [PAINT_RED] = "\033[31m",
        [PAINT_DIM] = "\033[2m",
};

const char *cli_text(const struct cli *cli, struct text t)
{
        return cli->lang == LANG_SV ? t.sv : t.en;
}

const char *cli_word(const struct cli *cli, enum word w)
{
        return cli_text(cli, words[w]);
}

const char *paint_out(const struct cli *cli, enum paint p)
{
        return cli->colour_out ? escapes[p] : "";
}

const char *paint_err(const struct cli *cli, enum paint p)
{
        return cli->colour_err ? escapes[p] : "";
}

static void put_argument(FILE *to, const char *text)
{
        for (; *text != '\0'; text++) {
                unsigned char c = (unsigned char)*text;

                (void)fputc(c < 0x20 || c == 0x7F ? '?' : c, to);
        }
}

void cli_put(const struct cli *cli, FILE *to, enum word w, const char *const *args)
{
        unsigned len = 0;

        while (args[len] != NULL)
                len++;
        for (const char *p = cli_word(cli, w); *p != '\0'; p++) {
                unsigned place = (unsigned)(p[1] - '0');

                if (*p == '{' && place < len && p[2] == '}') {
                        put_argument(to, args[place]);
                        p += 2;
                } else {
                        (void)fputc(*p, to);
                }
        }
}

void cli_print(const struct cli *cli, FILE *to, bool named, enum word w, const char *const *args)
{
        if (named)
                (void)fprintf(to, "%sstatgate:%s ", paint_err(cli, PAINT_RED),
                        paint_err(cli, PAINT_NONE));
        cli_put(cli, to, w, args);
        (void)fputc('\n', to);
}

void cli_print_refusal(const struct cli *cli, const struct refusal *why)
{
        char more[NUMBER_TEXT];

        for (uint32_t i = 0; i < why->len; i++)
                note(cli, WORD_VIOLATION, why->violations[i].field, why->violations[i].text);
        if (why->dropped > 0)
                note(cli, WORD_AND_MORE, cli_number(cli, why->dropped, more));
}

const char *cli_number(const struct cli *cli, uint64_t n, char out[NUMBER_TEXT])
{
        char digits[NUMBER_TEXT];
        int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n), to = 0;

        for (int i = 0; i < len; i++) {
                if (i > 0 && (len - i) % 3 == 0)
                        out[to++] = cli->lang == LANG_SV ? ' ' : ',';
                out[to++] = digits[i];
        }
        out[to] = '\0';
        return out;
}
