/* SPDX-License-Identifier: Apache-2.0 */
/* report.c: lines of text with a mark and a place, and the words for values. */
#include "policies/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

void report_init(struct report *r, struct arena *arena, enum report_lang lang)
{
        *r = (struct report){.arena = arena, .lang = lang};
}

static void fail(struct report *r, enum err why)
{
        if (r->failed == ERR_OK)
                r->failed = why;
}

/* Doubled in the arena: what was there stays behind, less than twice in all. */
static struct report_line *next_line(struct report *r)
{
        if (r->len == r->cap) {
                uint32_t cap = r->cap == 0 ? 64 : 2 * r->cap;
                struct report_line *grown = arena_alloc(r->arena, cap, sizeof *grown);

                if (grown == NULL || cap > REPORT_LINES_MAX) {
                        fail(r, grown == NULL ? ERR_NO_MEMORY : ERR_LIMIT);
                        return NULL;
                }
                if (r->len > 0)
                        memcpy(grown, r->lines, r->len * sizeof *grown);
                r->lines = grown;
                r->cap = cap;
        }
        return &r->lines[r->len];
}

void report_add(struct report *r, enum report_mark mark, struct rule_place at, const char *sv,
        const char *en, ...)
{
        char text[REPORT_TEXT_MAX];
        struct report_line *line = next_line(r);
        va_list values;
        int len;

        if (line == NULL || r->failed != ERR_OK)
                return;
        va_start(values, en);
        len = vsnprintf(text, sizeof text, r->lang == REPORT_SV ? sv : en, values);
        va_end(values);
        if (len < 0)
                len = 0;
        if ((size_t)len >= sizeof text)
                len = (int)sizeof text - 1;
        if (bytes_copy(r->arena, bytes_of(text, (size_t)len), &line->text) != ERR_OK) {
                fail(r, ERR_NO_MEMORY);
                return;
        }
        line->mark = mark;
        line->at = at;
        r->len++;
}

uint32_t report_count(const struct report *r, enum report_mark mark)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < r->len; i++)
                n += r->lines[i].mark == mark;
        return n;
}

/* Words ------------------------------------------------------------------- */

const char *report_text(struct report *r, struct bytes text)
{
        const char *copy = arena_strndup(r->arena, (const char *)text.data, text.len);

        if (copy == NULL)
                fail(r, ERR_NO_MEMORY);
        return copy == NULL ? "" : copy;
}

const char *report_label(struct report *r, struct label label)
{
        return report_text(r, r->lang == REPORT_SV ? label.sv : label.en);
}

/* Pieces with a comma between them. */
struct joined {
        char text[REPORT_TEXT_MAX];
        size_t len;
};

static void join(struct joined *j, const char *piece, size_t len)
{
        const char *between = j->len > 0 ? ", " : "";
        int n = snprintf(
                j->text + j->len, sizeof j->text - j->len, "%s%.*s", between, (int)len, piece);

        if (n > 0)
                j->len += (size_t)n;
        if (j->len >= sizeof j->text)
                j->len = sizeof j->text - 1;
}

static const char *joined_text(struct report *r, const struct joined *j)
{
        if (j->len == 0)
                return r->lang == REPORT_SV ? "ingen" : "nobody";
        return report_text(r, bytes_of(j->text, j->len));
}

const char *report_roles(struct report *r, unsigned roles)
{
        static const char *const words[ROLE_COUNT][2] = {
                [ROLE_MUNICIPALITY] = {"kommuner", "municipalities"},
                [ROLE_STATISTICIAN] = {"statistiker", "statisticians"},
                [ROLE_DPO] = {"dataskyddsombud", "data-protection officers"},
                [ROLE_OPERATOR] = {"driften", "operators"},
        };
        struct joined j = {.len = 0};

        for (unsigned i = ROLE_NONE + 1; i < ROLE_COUNT; i++) {
                const char *word = words[i][r->lang == REPORT_SV ? 0 : 1];

                if ((roles >> i & 1) == 0)
                        continue;
                word = word != NULL ? word : role_name((enum role)i);
                join(&j, word, strlen(word));
        }
        return joined_text(r, &j);
}

const char *report_names(struct report *r, const struct bytes *names, uint32_t len)
{
        struct joined j = {.len = 0};

        for (uint32_t i = 0; i < len; i++)
                join(&j, (const char *)names[i].data, names[i].len);
        return j.len == 0 ? "–" : joined_text(r, &j);
}

const char *report_date(struct report *r, int32_t days)
{
        struct civil c = civil_from_days(days);
        const char *text = arena_printf(r->arena, "%04d-%02d-%02d", c.year, c.month, c.day);

        if (text == NULL)
                fail(r, ERR_NO_MEMORY);
        return text == NULL ? "" : text;
}

const char *report_key(struct report *r, const uint8_t key[OFFICER_KEY_LEN])
{
        char hex[OFFICER_KEY_LEN + 1];
        const char *text;

        hex_encode(bytes_of(key, OFFICER_KEY_LEN / 2), hex);
        text = arena_printf(r->arena, "%s", hex);
        if (text == NULL)
                fail(r, ERR_NO_MEMORY);
        return text == NULL ? "" : text;
}

const char *report_digest(struct report *r, const struct digest *d)
{
        char hex[2 * sizeof d->bytes + 1];
        const char *text;

        hex_encode(bytes_of(d->bytes, sizeof d->bytes), hex);
        text = arena_printf(r->arena, "%s", hex);
        if (text == NULL)
                fail(r, ERR_NO_MEMORY);
        return text == NULL ? "" : text;
}

const char *report_level(struct report *r, const struct variable *v, uint32_t level)
{
        if (level >= variable_levels(v))
                return "";
        if (v->type == VARIABLE_CODE)
                return report_text(r, v->codes->levels[level].id);
        if (v->type == VARIABLE_DATE)
                return date_level_id(level);
        return report_text(r, v->bandings[level].id);
}

const char *report_reach(struct report *r, const struct rules_linkage *l)
{
        struct joined j = {.len = 0};
        bool sv = r->lang == REPORT_SV;

        if (l->reach == REACH_ALL)
                return sv ? "alla kommuner" : "all municipalities";
        if (l->municipalities_len == 0)
                return sv ? "ingen kommun ännu" : "no municipality yet";
        for (uint32_t i = 0; i < l->municipalities_len && i < 12; i++) {
                char code[5];

                municipality_format(l->municipalities[i], code);
                join(&j, code, 4);
        }
        if (l->municipalities_len > 12)
                join(&j, "…", strlen("…"));
        const char *text = arena_printf(r->arena,
                sv ? "%u kommuner (%s)" : "%u municipalities (%s)", l->municipalities_len, j.text);
        return text == NULL ? "" : text;
}
