/* SPDX-License-Identifier: Apache-2.0 */
/* render_parts.c: what the three renderers share.
 *
 * An answer comes from the gateway, but a renderer does not take its word: decimals
 * and status bytes are checked, and a status from nowhere counts as protected. */
#include "tools/cli/render_parts.h"

#include <string.h>

#include "base/clock.h"

enum err answer_check(const struct answer *a)
{
        const struct table *t = &a->release->table;
        size_t cells = 0;

        if (table_cells(t->dimensions, t->dimensions_len, &cells) != ERR_OK ||
                cells != t->cells_len || t->measures_len == 0 || t->measures_len > MEASURES_MAX)
                return ERR_MALFORMED;
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].decimals > DECIMALS_MAX)
                        return ERR_MALFORMED;
        return ERR_OK;
}

/* Cells ------------------------------------------------------------------- */

enum cell_status cell_status(const struct table *t, size_t cell)
{
        return t->status[cell] < CELL_STATUS_COUNT ? (enum cell_status)t->status[cell]
                                                   : CELL_PROTECTED;
}

bool cell_value(const struct table *t, uint32_t measure, size_t cell, int64_t *out)
{
        if (t->status[cell] != CELL_VALUE || t->measures[measure].values[cell] == TABLE_NO_VALUE)
                return false;
        *out = t->measures[measure].values[cell];
        return true;
}

static const struct {
        char code;
        const char *word;
} statuses[CELL_STATUS_COUNT] = {
        [CELL_PROTECTED] = {'Q', "protected"},
        [CELL_VALUE] = {'A', "value"},
        [CELL_MISSING] = {'O', "missing"},
        [CELL_NOT_APPLICABLE] = {'M', "not_applicable"},
};

char cell_status_code(enum cell_status s)
{
        return statuses[s].code;
}

const char *cell_status_word(enum cell_status s)
{
        return statuses[s].word;
}

uint32_t step(const struct table *t, uint32_t len, uint32_t *coordinates)
{
        for (uint32_t d = len; d-- > 0;) {
                if (coordinates[d]++ < t->dimensions[d].len)
                        return d;
                coordinates[d] = 0;
        }
        return 0;
}

/* Numbers ----------------------------------------------------------------- */

/* Digits of v, at least one before the point. */
static int digits_of(int64_t v, uint32_t decimals, char out[VALUE_TEXT])
{
        uint64_t magnitude = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

        return snprintf(
                out, VALUE_TEXT, "%0*llu", (int)decimals + 1, (unsigned long long)magnitude);
}

static size_t value_text(int64_t v, uint32_t decimals, const char *group, char point, char *out)
{
        char digits[VALUE_TEXT];
        int len = digits_of(v, decimals, digits), whole = len - (int)decimals;
        size_t at = 0, group_len = strlen(group);

        if (v < 0)
                out[at++] = '-';
        for (int i = 0; i < whole; i++) {
                if (i > 0 && (whole - i) % 3 == 0) {
                        memcpy(out + at, group, group_len);
                        at += group_len;
                }
                out[at++] = digits[i];
        }
        if (decimals > 0) {
                out[at++] = point;
                memcpy(out + at, digits + whole, decimals);
                at += decimals;
        }
        out[at] = '\0';
        return at;
}

size_t value_for_people(enum lang lang, int64_t v, uint32_t decimals, char out[VALUE_TEXT])
{
        return lang == LANG_SV ? value_text(v, decimals, "\xe2\x80\x89", ',', out)
                               : value_text(v, decimals, ",", '.', out);
}

size_t value_plain(int64_t v, uint32_t decimals, char point, char out[VALUE_TEXT])
{
        return value_text(v, decimals, "", point, out);
}

/* Names and labels -------------------------------------------------------- */

struct bytes label_in(enum lang lang, struct bytes sv, struct bytes en, struct bytes fallback)
{
        struct bytes first = lang == LANG_SV ? sv : en, second = lang == LANG_SV ? en : sv;

        return first.len > 0 ? first : second.len > 0 ? second : fallback;
}

struct bytes dimension_title(const struct cli *cli, const struct dimension *d)
{
        struct bytes label = label_in(cli->lang, d->label_sv, d->label_en, d->variable);
        const char *whole = d->level.len == 0 || bytes_equal(d->variable, d->level)
                                    ? NULL
                                    : arena_printf(cli->arena, "%.*s (%.*s)", (int)label.len,
                                              (const char *)label.data, (int)d->level.len,
                                              (const char *)d->level.data);

        return whole != NULL ? bytes_of_text(whole) : label;
}

struct bytes category_label(const struct cli *cli, const struct dimension *d, uint32_t i)
{
        if (i >= d->len)
                return bytes_of_text(cli_word(cli, WORD_TOTAL));

        const struct category *c = &d->categories[i];

        return label_in(cli->lang, c->label_sv, c->label_en, c->code);
}

static void name_text(struct bytes first, struct bytes second, char out[NAME_TEXT])
{
        (void)snprintf(out, NAME_TEXT, "%.*s%s%.*s", (int)first.len, (const char *)first.data,
                second.len > 0 ? ":" : "", (int)second.len, (const char *)second.data);
}

void dimension_name(const struct dimension *d, char out[NAME_TEXT])
{
        bool own = bytes_equal(d->variable, d->level);

        name_text(d->variable, own ? (struct bytes){NULL, 0} : d->level, out);
}

void measure_name(const struct measure *m, char out[NAME_TEXT])
{
        bool of_variable = m->kind == MEASURE_SUM || m->kind == MEASURE_MEAN;

        name_text(bytes_of_text(measure_kind_name(m->kind)),
                of_variable ? m->variable : (struct bytes){NULL, 0}, out);
}

const char *measure_title(const struct cli *cli, const struct measure *m)
{
        bool sum = m->kind == MEASURE_SUM, mean = m->kind == MEASURE_MEAN;
        struct bytes label = label_in(cli->lang, m->label_sv, m->label_en,
                sum || mean ? m->variable : bytes_of_text(measure_kind_name(m->kind)));
        const char *what = sum    ? cli_word(cli, WORD_OF_SUM)
                           : mean ? cli_word(cli, WORD_OF_MEAN)
                                  : "";

        return arena_printf(cli->arena, "%.*s%s%s%.*s%s", (int)label.len, (const char *)label.data,
                what, m->unit.len > 0 ? " (" : "", (int)m->unit.len, (const char *)m->unit.data,
                m->unit.len > 0 ? ")" : "");
}

void vintage_text(struct vintage v, char out[32])
{
        if (v.revision > 0)
                (void)snprintf(out, 32, "%u.%u", v.number, v.revision);
        else
                (void)snprintf(out, 32, "%u", v.number);
}

const char *instant_text(int64_t at_ms, char out[INSTANT_TEXT])
{
        char iso[25];

        clock_format(at_ms, iso);
        (void)snprintf(out, INSTANT_TEXT, "%.10s %.8s UTC", iso, iso + 11);
        return out;
}

/* Text on a terminal ------------------------------------------------------ */

static bool starts_character(uint8_t c)
{
        return (c & 0xC0) != 0x80;
}

/* U+0300..U+036F: combining marks take no column of their own. Labels are Swedish
 * or English; letters that take two columns are counted as one. */
static bool is_combining(const uint8_t *at, size_t left)
{
        return left > 1 && (at[0] == 0xCC || (at[0] == 0xCD && at[1] < 0xB0));
}

size_t text_prefix(struct bytes text, unsigned columns)
{
        unsigned used = 0;

        for (size_t i = 0; i < text.len; i++) {
                if (!starts_character(text.data[i]) || is_combining(text.data + i, text.len - i))
                        continue;
                if (used == columns)
                        return i;
                used++;
        }
        return text.len;
}

unsigned text_columns(struct bytes text)
{
        unsigned columns = 0;

        for (size_t i = 0; i < text.len; i++)
                columns += starts_character(text.data[i]) &&
                           !is_combining(text.data + i, text.len - i);
        return columns;
}

void put_bytes_to(FILE *to, struct bytes text)
{
        if (text.len > 0)
                (void)fwrite_unlocked(text.data, 1, text.len, to);
}

enum err stream_end(FILE *to)
{
        return fflush(to) != 0 || ferror(to) != 0 ? ERR_IO : ERR_OK;
}
