/* SPDX-License-Identifier: Apache-2.0 */
/* entry_text.c: fields of an entry in words.
 *
 * Parts are read with entry_read, which holds them to the format; one that cannot be read shows
 * nothing but its name. */
#include "tools/cli/audit/entry_text.h"

#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/json.h"
#include "tools/cli/render_parts.h"

enum { LINE_MAX_LEN = 4096 };

static struct bytes part_of(const struct wire_log_entry *e, enum entry_side side)
{
        return side == ENTRY_OPEN ? e->open : e->closed;
}

/* For people --------------------------------------------------------------------- */

struct joining {
        const struct cli *cli;
        enum entry_field field;
        const char *text;
};

static const char *value_words(const struct cli *cli, const struct entry_value *v)
{
        switch (v->rule->type) {
        case ENTRY_TEXT:
                return text_from(cli, v->text);
        case ENTRY_NUMBER:
                return arena_printf(cli->arena, "%lld", (long long)v->number);
        case ENTRY_COUNT:
                return arena_printf(
                        cli->arena, "%s %lld", text_from(cli, v->text), (long long)v->number);
        case ENTRY_DIGEST:
        case ENTRY_BYTES: {
                char *hex = arena_alloc(cli->arena, 2 * v->text.len + 1, 1);

                if (hex != NULL)
                        hex_encode(v->text, hex);
                return hex;
        }
        }
        return NULL;
}

static enum err join(void *ctx, const struct entry_value *v)
{
        struct joining *j = ctx;
        const char *words;

        if (v->rule->field != j->field)
                return ERR_OK;
        words = value_words(j->cli, v);
        if (words == NULL)
                return ERR_NO_MEMORY;
        if (j->text[0] != '\0')
                words = arena_printf(j->cli->arena, "%s, %s", j->text, words);
        if (words == NULL)
                return ERR_NO_MEMORY;
        j->text = words;
        return strlen(words) > LINE_MAX_LEN ? ERR_LIMIT : ERR_OK;
}

const char *entry_words(
        const struct cli *cli, const struct wire_log_entry *e, enum entry_field field)
{
        const struct entry_field_rule *rule = entry_field_find((uint8_t)field);
        struct joining j = {cli, field, ""};

        enum err rc = entry_read(rule->side, part_of(e, rule->side), join, &j);
        return rc == ERR_OK || rc == ERR_LIMIT ? j.text : "";
}

struct first_number {
        enum entry_field field;
        bool found;
        int64_t number;
};

static enum err take_number(void *ctx, const struct entry_value *v)
{
        struct first_number *n = ctx;

        if (v->rule->field == n->field && !n->found) {
                n->number = v->number;
                n->found = true;
        }
        return ERR_OK;
}

bool entry_number(const struct wire_log_entry *e, enum entry_field field, int64_t *out)
{
        const struct entry_field_rule *rule = entry_field_find((uint8_t)field);
        struct first_number n = {.field = field};

        if (entry_read(rule->side, part_of(e, rule->side), take_number, &n) != ERR_OK || !n.found)
                return false;
        *out = n.number;
        return true;
}

const char *entry_about(const struct cli *cli, const struct wire_log_entry *e)
{
        static const enum entry_field told[] = {FIELD_WORD, FIELD_INDICATOR, FIELD_DATASET,
                FIELD_MUNICIPALITY, FIELD_PERIOD, FIELD_PURPOSE, FIELD_LINKAGE, FIELD_VINTAGE,
                FIELD_POLICY_VERSION, FIELD_WHERE, FIELD_DETAIL};
        const char *line = "";

        for (size_t i = 0; i < ARRAY_LEN(told); i++) {
                const char *words = entry_words(cli, e, told[i]);

                if (words[0] == '\0')
                        continue;
                if (told[i] == FIELD_POLICY_VERSION)
                        words = arena_printf(
                                cli->arena, "%s %s", cli_word(cli, WORD_ENTRY_POLICY), words);
                if (words == NULL)
                        return line;
                const char *longer =
                        line[0] == '\0' ? words : arena_printf(cli->arena, "%s; %s", line, words);
                if (longer != NULL)
                        line = longer;
        }
        return line;
}

/* For programs --------------------------------------------------------------------- */

static void json_value(FILE *to, const struct entry_value *v)
{
        switch (v->rule->type) {
        case ENTRY_TEXT:
                json_text(to, v->text);
                return;
        case ENTRY_NUMBER:
                (void)fprintf(to, "%lld", (long long)v->number);
                return;
        case ENTRY_COUNT:
                (void)fputs("{\"name\": ", to);
                json_text(to, v->text);
                (void)fprintf(to, ", \"count\": %lld}", (long long)v->number);
                return;
        case ENTRY_DIGEST:
        case ENTRY_BYTES:
                json_hex(to, v->text);
                return;
        }
}

/* Fields that may stand there more than once are lists always. */
static bool is_list(enum entry_field f)
{
        return f == FIELD_DATASET || f == FIELD_PURPOSE || f == FIELD_RULE || f == FIELD_WORD ||
               f == FIELD_DECIDED || f == FIELD_FIRED || f == FIELD_STATUS || f == FIELD_ROWS ||
               f == FIELD_DETAIL;
}

struct writing {
        FILE *to;
        enum entry_field open; /* the list that is open, or FIELD_NONE */
};

static void close_list(struct writing *w)
{
        if (w->open != FIELD_NONE)
                (void)putc(']', w->to);
        w->open = FIELD_NONE;
}

static enum err write_value(void *ctx, const struct entry_value *v)
{
        struct writing *w = ctx;

        if (w->open == v->rule->field) {
                (void)fputs(", ", w->to);
                json_value(w->to, v);
                return ERR_OK;
        }
        close_list(w);
        (void)fprintf(w->to, ", \"%s\": ", v->rule->word);
        if (is_list(v->rule->field)) {
                (void)putc('[', w->to);
                w->open = v->rule->field;
        }
        json_value(w->to, v);
        return ERR_OK;
}

static enum err ignore_value(void *ctx, const struct entry_value *v)
{
        (void)ctx;
        (void)v;
        return ERR_OK;
}

static void write_part(FILE *to, const struct wire_log_entry *e, enum entry_side side)
{
        struct writing w = {.to = to};

        /* Looked through first: half of a part would say something else than all of it. */
        if (entry_read(side, part_of(e, side), ignore_value, NULL) != ERR_OK) {
                (void)fprintf(
                        to, ", \"%s\": \"unreadable\"", side == ENTRY_OPEN ? "open" : "closed");
                return;
        }
        enum err rc = entry_read(side, part_of(e, side), write_value, &w);
        (void)rc;
        close_list(&w);
}

enum err entry_json(FILE *to, const struct wire_log_entry *e)
{
        char at[25];

        clock_format(e->at_ms, at);
        (void)fprintf(to, "{\"number\": %llu, \"at\": \"%s\", \"kind\": \"%s\"",
                (unsigned long long)e->number, at, entry_kind_word((enum entry_kind)e->kind));
        if (e->pruned) {
                (void)fputs(", \"pruned\": true, \"commitment\": ", to);
                json_digest(to, &e->commitment);
        } else {
                write_part(to, e, ENTRY_OPEN);
                write_part(to, e, ENTRY_CLOSED);
        }
        (void)fputs("}\n", to);
        return stream_end(to);
}
