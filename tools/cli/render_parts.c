/* SPDX-License-Identifier: Apache-2.0 */
/* render_parts.c: what the three renderers share.
 *
 * An answer comes from the gateway, but a renderer does not take its word: decimals
 * and status bytes are checked, and a status from nowhere counts as protected. */
#include "tools/cli/render_parts.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"

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

enum cell_status measure_status(const struct table *t, uint32_t measure, size_t cell)
{
        const struct measure *m = &t->measures[measure];
        enum cell_status s = cell_status(t, cell);

        if (s == CELL_VALUE && m->status != NULL)
                s = m->status[cell] < CELL_STATUS_COUNT ? (enum cell_status)m->status[cell]
                                                        : CELL_PROTECTED;
        return s == CELL_VALUE && m->values[cell] == TABLE_NO_VALUE ? CELL_NOT_APPLICABLE : s;
}

uint32_t answer_places(const struct answer *a, uint32_t d)
{
        const struct table *t = &a->release->table;

        return t->dimensions[d].len + (a->last_bare && d + 1 == t->dimensions_len ? 0 : 1);
}

bool answer_has(const struct answer *a, size_t cell)
{
        const struct table *t = &a->release->table;
        uint32_t last = t->dimensions_len > 0 ? t->dimensions[t->dimensions_len - 1].len : 0;

        return !a->last_bare || cell % (last + 1) != last;
}

bool cell_value(const struct table *t, uint32_t measure, size_t cell, int64_t *out)
{
        if (measure_status(t, measure, cell) != CELL_VALUE)
                return false;
        *out = t->measures[measure].values[cell];
        return true;
}

bool measure_has_interval(const struct measure *m)
{
        return m->low != NULL && m->high != NULL;
}

bool cell_interval(
        const struct table *t, uint32_t measure, size_t cell, int64_t *low, int64_t *high)
{
        const struct measure *m = &t->measures[measure];

        if (measure_status(t, measure, cell) != CELL_VALUE || !measure_has_interval(m) ||
                m->low[cell] == TABLE_NO_VALUE || m->high[cell] == TABLE_NO_VALUE)
                return false;
        *low = m->low[cell];
        *high = m->high[cell];
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

char cell_obs_code(const struct table *t, size_t cell)
{
        return cell_status_code(
                t->measures_len > 1 ? cell_status(t, cell) : measure_status(t, 0, cell));
}

/* A measure that is withheld alone says no more than that it is. */
char measure_conf_code(const struct wire_release *r, uint32_t measure, size_t cell)
{
        bool public = r->has_protection && r->protection.rules.reasons_public;

        if (cell_status(&r->table, cell) == CELL_PROTECTED)
                return wire_confidentiality(&r->table, cell, public);
        if (measure_status(&r->table, measure, cell) == CELL_PROTECTED)
                return 'C';
        return 'F';
}

char cell_conf_code(const struct wire_release *r, size_t cell)
{
        bool public = r->has_protection && r->protection.rules.reasons_public;

        if (r->table.measures_len > 1)
                return wire_confidentiality(&r->table, cell, public);
        return measure_conf_code(r, 0, cell);
}

bool cell_held(const struct table *t, size_t cell)
{
        return t->held != NULL && t->held[cell] != 0 && cell_status(t, cell) == CELL_VALUE;
}

bool table_held(const struct table *t)
{
        for (size_t cell = 0; t->held != NULL && cell < t->cells_len; cell++)
                if (cell_held(t, cell))
                        return true;
        return false;
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

size_t interval_for_people(enum lang lang, int64_t v, int64_t low, int64_t high, uint32_t decimals,
        char out[CELL_TEXT])
{
        char text[3][VALUE_TEXT];

        (void)value_for_people(lang, v, decimals, text[0]);
        (void)value_for_people(lang, low, decimals, text[1]);
        (void)value_for_people(lang, high, decimals, text[2]);
        return (size_t)snprintf(out, CELL_TEXT, "%s (%s–%s)", text[0], text[1], text[2]);
}

size_t cell_for_people(const struct cli *cli, const struct table *t, uint32_t measure, size_t cell,
        char out[CELL_TEXT])
{
        const struct measure *m = &t->measures[measure];
        int64_t v, low, high;
        size_t len;

        if (!cell_value(t, measure, cell, &v))
                return (size_t)snprintf(
                        out, CELL_TEXT, "%s", cell_status_mark(measure_status(t, measure, cell)));
        if (cell_interval(t, measure, cell, &low, &high))
                len = interval_for_people(cli->lang, v, low, high, m->decimals, out);
        else
                len = value_for_people(cli->lang, v, m->decimals, out);
        if (cell_held(t, cell))
                len += (size_t)snprintf(out + len, CELL_TEXT - len, "*");
        return len;
}

const char *permille_text(const struct cli *cli, uint32_t permille, char out[VALUE_TEXT])
{
        char number[VALUE_TEXT];

        if (permille == NO_SHARE)
                return cell_status_mark(CELL_PROTECTED);
        (void)value_for_people(cli->lang, permille, 1, number);
        (void)snprintf(out, VALUE_TEXT, "%.40s %%", number);
        return out;
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

        name_text(d->variable, own ? bytes_of_text("") : d->level, out);
}

void measure_name(const struct measure *m, char out[NAME_TEXT])
{
        if (m->name.len > 0)
                name_text(m->name, bytes_of_text(""), out);
        else
                name_text(bytes_of_text(measure_kind_name(m->kind)), m->variable, out);
}

/* What is told behind a variable's label: ", medelvärde". */
static const char *kind_word(const struct cli *cli, enum measure_kind kind)
{
        switch (kind) {
        case MEASURE_SUM:
                return cli_word(cli, WORD_KIND_SUM);
        case MEASURE_MEAN:
                return cli_word(cli, WORD_KIND_MEAN);
        case MEASURE_PERSONS:
                return cli_word(cli, WORD_KIND_PERSONS);
        case MEASURE_RECORDS:
                return cli_word(cli, WORD_KIND_RECORDS);
        case MEASURE_FAMILIES:
                return cli_word(cli, WORD_KIND_FAMILIES);
        case MEASURE_SHARE:
                return cli_word(cli, WORD_KIND_SHARE);
        case MEASURE_RATIO:
                return cli_word(cli, WORD_KIND_RATIO);
        case MEASURE_MEDIAN:
                return cli_word(cli, WORD_KIND_MEDIAN);
        case MEASURE_LOWER_QUARTILE:
                return cli_word(cli, WORD_KIND_LOWER_QUARTILE);
        case MEASURE_UPPER_QUARTILE:
                return cli_word(cli, WORD_KIND_UPPER_QUARTILE);
        case MEASURE_DAYS:
                return cli_word(cli, WORD_KIND_DAYS);
        case MEASURE_RATE:
                return cli_word(cli, WORD_KIND_RATE);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return "";
}

/* A unit stands as the bundle has it. Only days are the gateway's own word, and it writes
 * that in Swedish. */
static const char *unit_given(const struct cli *cli, struct bytes unit)
{
        return bytes_is_text(unit, "dagar") ? cli_word(cli, WORD_UNIT_DAYS) : text_from(cli, unit);
}

/* What a number is per, where the gateway gave neither unit nor label. */
static const char *unit_of(const struct cli *cli, const struct measure *m)
{
        const char *text = "";
        char scale[NUMBER_TEXT];

        if (m->unit.len > 0)
                text = arena_printf(cli->arena, " (%s)", unit_given(cli, m->unit));
        else if (m->label_sv.len > 0 || m->label_en.len > 0)
                return "";
        else if (m->kind == MEASURE_RATE)
                text = arena_printf(cli->arena, " (%s %s %s)", cli_word(cli, WORD_PER),
                        cli_number(cli, m->scale, scale), cli_word(cli, WORD_INHABITANTS));
        else if (m->kind == MEASURE_RATIO && m->scale > 1)
                text = arena_printf(cli->arena, " (%s %s)", cli_word(cli, WORD_PER),
                        cli_number(cli, m->scale, scale));
        return text;
}

const char *measure_title(const struct cli *cli, const struct measure *m)
{
        const char *kind = kind_word(cli, m->kind), *unit = unit_of(cli, m);
        struct bytes label = label_in(cli->lang, m->label_sv, m->label_en,
                m->variable.len > 0 ? m->variable : bytes_of_text(kind));
        bool said = m->variable.len == 0; /* then the label is the kind's own */

        if (unit == NULL)
                return NULL;
        return arena_printf(cli->arena, "%.*s%s%.*s%s%s%s", (int)m->name.len,
                m->name.len > 0 ? (const char *)m->name.data : "", m->name.len > 0 ? ": " : "",
                (int)label.len, (const char *)label.data, said ? "" : ", ", said ? "" : kind, unit);
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
