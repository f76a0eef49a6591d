/* SPDX-License-Identifier: Apache-2.0 */
/* render_px.c: PC-Axis, which Statistics Sweden's tools and PxWeb read.
 *
 * PX file format description 2013 (Statistics Sweden). The measures are the heading, so that
 * a line of data is a line of the table. Marks are data symbols: "." and ".." as ours, and
 * "..." for what nobody has delivered, shown as ":". CONFIDENTIAL is not used: it changes
 * what a program shows and leaves the value in the file. AGGREGALLOWED=NO keeps readers from
 * adding up what is protected.
 *
 * A text may not hold a quotation mark, nor a line more than 256 characters: a text is cut
 * into several, which the reader joins. */
#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/render_about.h"
#include "tools/cli/render_parts.h"

enum { PIECE = 200 };

struct page {
        const struct cli *cli;
        const struct answer *a;
        const struct table *t;
        FILE *to;
        const char *measure; /* what the dimension of measures is called */
};

/* Cut between characters. */
static void quote(FILE *to, struct bytes text)
{
        size_t column = 0;

        (void)fputc('"', to);
        for (size_t i = 0; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (column >= PIECE && (c & 0xC0) != 0x80) {
                        (void)fputs("\"\n\"", to);
                        column = 0;
                }
                (void)fputc(c == '"' ? '\'' : c < 0x20 || c == 0x7F ? ' ' : c, to);
                column++;
        }
        (void)fputc('"', to);
}

static void put_line(const struct page *p, const char *key, struct bytes text)
{
        (void)fprintf(p->to, "%s=", key);
        quote(p->to, text);
        (void)fputs(";\n", p->to);
}

static void put_key(const struct page *p, const char *key, struct bytes of)
{
        (void)fprintf(p->to, "%s(", key);
        quote(p->to, of);
        (void)fputs(")=", p->to);
}

static struct bytes unit_of(const struct page *p, const struct measure *m)
{
        return m->unit.len > 0 ? m->unit : bytes_of_text(cli_word(p->cli, WORD_ABOUT_NUMBER));
}

static uint32_t most_decimals(const struct table *t)
{
        uint32_t most = 0;

        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].decimals > most)
                        most = t->measures[m].decimals;
        return most;
}

/* "20261122 04:15", from the vintage, never from the clock. */
static void put_instant(const struct page *p, const char *key)
{
        char at[25];

        clock_format(p->a->release->vintage_at_ms, at);
        (void)fprintf(p->to, "%s=\"%.4s%.2s%.2s %.5s\";\n", key, at, at + 5, at + 8, at + 11);
}

static void put_head(const struct page *p, const struct about *about)
{
        const struct wire_release *r = p->a->release;

        (void)fprintf(p->to,
                "CHARSET=\"ANSI\";\nAXIS-VERSION=\"2013\";\nCODEPAGE=\"utf-8\";\nLANGUAGE=\"%s\";"
                "\n",
                p->cli->lang == LANG_SV ? "sv" : "en");
        put_instant(p, "CREATION-DATE");
        (void)fprintf(p->to, "DECIMALS=%u;\nSHOWDECIMALS=%u;\n", most_decimals(p->t),
                most_decimals(p->t));
        put_line(p, "MATRIX", r->dataset);
        (void)fputs("AGGREGALLOWED=NO;\n", p->to);
        put_line(p, "SUBJECT-CODE", r->dataset);
        put_line(p, "SUBJECT-AREA", r->dataset);
        put_line(p, "TITLE", about->title);
        (void)fputs("DESCRIPTIONDEFAULT=YES;\n", p->to);
        put_line(p, "CONTENTS", about->title);
        put_line(p, "UNITS", unit_of(p, &p->t->measures[0]));
}

static void put_stub(const struct page *p)
{
        for (uint32_t d = 0; d < p->t->dimensions_len; d++) {
                (void)fputs(d == 0 ? "STUB=" : ",", p->to);
                quote(p->to, dimension_title(p->cli, &p->t->dimensions[d]));
        }
        if (p->t->dimensions_len > 0)
                (void)fputs(";\n", p->to);
        put_line(p, "HEADING", bytes_of_text(p->measure));
        put_line(p, "CONTVARIABLE", bytes_of_text(p->measure));
}

static void put_values(const struct page *p)
{
        for (uint32_t d = 0; d < p->t->dimensions_len; d++) {
                const struct dimension *dim = &p->t->dimensions[d];

                put_key(p, "VALUES", dimension_title(p->cli, dim));
                for (uint32_t i = 0; i < answer_places(p->a, d); i++) {
                        quote(p->to, category_label(p->cli, dim, i));
                        (void)fputs(i + 1 < answer_places(p->a, d) ? ",\n" : ";\n", p->to);
                }
        }
        put_key(p, "VALUES", bytes_of_text(p->measure));
        for (uint32_t m = 0; m < p->t->measures_len; m++) {
                quote(p->to, bytes_of_text(measure_title(p->cli, &p->t->measures[m])));
                (void)fputs(m + 1 < p->t->measures_len ? ",\n" : ";\n", p->to);
        }
}

static void put_codes(const struct page *p)
{
        char name[NAME_TEXT];

        for (uint32_t d = 0; d < p->t->dimensions_len; d++) {
                const struct dimension *dim = &p->t->dimensions[d];

                put_key(p, "CODES", dimension_title(p->cli, dim));
                for (uint32_t i = 0; i < answer_places(p->a, d); i++) {
                        quote(p->to, i < dim->len ? dim->categories[i].code : bytes_of_text("_T"));
                        (void)fputs(i + 1 < answer_places(p->a, d) ? ",\n" : ";\n", p->to);
                }
        }
        put_key(p, "CODES", bytes_of_text(p->measure));
        for (uint32_t m = 0; m < p->t->measures_len; m++) {
                measure_name(&p->t->measures[m], name);
                quote(p->to, bytes_of_text(name));
                (void)fputs(m + 1 < p->t->measures_len ? ",\n" : ";\n", p->to);
        }
}

/* How exact each measure is, in what unit, and as of when. */
static void put_contents(const struct page *p)
{
        for (uint32_t m = 0; m < p->t->measures_len; m++) {
                struct bytes title = bytes_of_text(measure_title(p->cli, &p->t->measures[m]));

                if (p->t->measures[m].decimals > 0) {
                        (void)fputs("PRECISION(", p->to);
                        quote(p->to, bytes_of_text(p->measure));
                        (void)fputc(',', p->to);
                        quote(p->to, title);
                        (void)fprintf(p->to, ")=%u;\n", p->t->measures[m].decimals);
                }
                put_key(p, "UNITS", title);
                quote(p->to, unit_of(p, &p->t->measures[m]));
                (void)fputs(";\n", p->to);
        }
        put_instant(p, "LAST-UPDATED");
        (void)fputs("SOURCE=\"statgate\";\n", p->to);
}

/* Which cells stand still, since a number has no room for a mark. */
static void put_held(const struct page *p)
{
        uint32_t at[DIMENSIONS_MAX] = {0};

        for (size_t cell = 0; table_held(p->t) && cell < p->t->cells_len; cell++) {
                if (cell_held(p->t, cell) && p->t->dimensions_len > 0) {
                        (void)fputs("CELLNOTE(", p->to);
                        for (uint32_t d = 0; d < p->t->dimensions_len; d++) {
                                const struct dimension *dim = &p->t->dimensions[d];

                                quote(p->to, category_label(p->cli, dim, at[d]));
                                (void)fputc(',', p->to);
                        }
                        (void)fputs("\"*\")=", p->to);
                        quote(p->to, bytes_of_text(cli_word(p->cli, WORD_MARK_HELD)));
                        (void)fputs(";\n", p->to);
                }
                (void)step(p->t, p->t->dimensions_len, at);
        }
}

/* One note, its lines parted by "#" as the format has it. */
static enum err put_note(const struct page *p, const struct about *about)
{
        const char *text = "";

        for (uint32_t i = 1; i < about->len && text != NULL; i++)
                text = arena_printf(p->cli->arena, "%s%s%.*s", text, i > 1 ? "#" : "",
                        (int)about->lines[i].len, (const char *)about->lines[i].data);
        if (text == NULL)
                return ERR_NO_MEMORY;
        put_line(p, "NOTE", bytes_of_text(text));
        return ERR_OK;
}

static void put_data(const struct page *p)
{
        static const char *const symbols[CELL_STATUS_COUNT] = {[CELL_PROTECTED] = "\"..\"",
                [CELL_VALUE] = "",
                [CELL_MISSING] = "\"...\"",
                [CELL_NOT_APPLICABLE] = "\".\""};
        char text[VALUE_TEXT];

        (void)fputs("DATASYMBOL1=\".\";\nDATASYMBOL2=\"..\";\nDATASYMBOL3=\":\";\nDATA=\n", p->to);
        for (size_t cell = 0; cell < p->t->cells_len; cell++) {
                if (!answer_has(p->a, cell))
                        continue;
                for (uint32_t m = 0; m < p->t->measures_len; m++) {
                        const struct measure *measure = &p->t->measures[m];
                        int64_t v = 0;

                        if (cell_value(p->t, m, cell, &v))
                                put_bytes_to(p->to, bytes_of(text, value_plain(v, measure->decimals,
                                                                           '.', text)));
                        else
                                (void)fputs_unlocked(symbols[measure_status(p->t, m, cell)], p->to);
                        (void)putc_unlocked(' ', p->to);
                }
                (void)putc_unlocked('\n', p->to);
        }
        (void)fputs(";\n", p->to);
}

enum err render_px(const struct cli *cli, const struct answer *a, const struct render_how *how)
{
        const struct page p = {
                cli, a, &a->release->table, how->out, cli_word(cli, WORD_ABOUT_MEASURE)};
        struct about about;

        TRY(answer_check(a));
        TRY(about_lines(cli, a, &about));
        for (uint32_t m = 0; m < p.t->measures_len; m++)
                if (measure_title(cli, &p.t->measures[m]) == NULL)
                        return ERR_NO_MEMORY;
        put_head(&p, &about);
        put_stub(&p);
        put_values(&p);
        put_codes(&p);
        put_contents(&p);
        put_held(&p);
        TRY(put_note(&p, &about));
        put_data(&p);
        return stream_end(how->out);
}
