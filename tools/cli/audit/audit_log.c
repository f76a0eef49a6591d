/* SPDX-License-Identifier: Apache-2.0 */
/* audit_log.c: `statgate audit log`: who did what, when, and how it ended. */
#include <string.h>

#include "tools/cli/ask.h"
#include "tools/cli/audit/entry_text.h"
#include "tools/cli/audit/filter_options.h"
#include "tools/cli/audit/log_stream.h"
#include "tools/cli/listing.h"
#include "tools/cli/render_parts.h"

enum { ABOUT_COLUMNS = 90, LIMIT_DEFAULT = 50, LIMIT_MOST = 100000 };

struct showing {
        struct cli *cli;
        struct listing *list; /* NULL: a line for each entry, at once */
        bool json;
        uint64_t shown, size;
};

static const struct lane_head heads[] = {{WORD_HEAD_NUMBER, SIDE_RIGHT},
        {WORD_HEAD_WHEN, SIDE_LEFT}, {WORD_HEAD_ENTRY_KIND, SIDE_LEFT},
        {WORD_HEAD_OUTCOME, SIDE_LEFT}, {WORD_HEAD_WHO, SIDE_LEFT}, {WORD_HEAD_ABOUT, SIDE_LEFT}};

/* A line for people has an end; all of it is in the JSON. */
static const char *cut(const struct cli *cli, const char *text)
{
        struct bytes all = bytes_of_text(text);
        size_t len = text_prefix(all, ABOUT_COLUMNS);
        const char *less;

        if (len == all.len)
                return text;
        less = arena_printf(cli->arena, "%.*s…", (int)len, text);
        return less != NULL ? less : "";
}

static enum err show_entry(struct showing *s, const struct wire_log_entry *e)
{
        const struct cli *cli = s->cli;
        char at[INSTANT_TEXT], number[24];

        s->shown++;
        if (s->json)
                return entry_json(cli->out, e);
        (void)snprintf(number, sizeof number, "%llu", (unsigned long long)e->number);
        const char *texts[] = {number, instant_text(e->at_ms, at),
                entry_kind_word((enum entry_kind)e->kind), entry_words(cli, e, FIELD_OUTCOME),
                entry_words(cli, e, FIELD_PRINCIPAL),
                e->pruned ? cli_word(cli, WORD_ENTRY_PRUNED) : cut(cli, entry_about(cli, e))};

        if (s->list != NULL)
                return listing_add(s->list, texts);
        say(cli, WORD_ENTRY_LINE, texts[0], texts[1], texts[2], texts[3], texts[4], texts[5]);
        return stream_end(cli->out);
}

static enum err show_page(void *ctx, const struct wire_log_page *page)
{
        struct showing *s = ctx;

        s->size = page->size;
        for (uint32_t i = 0; i < page->len; i++)
                TRY(show_entry(s, &page->entries[i]));
        return ERR_OK;
}

static bool limit_option(
        const struct cli *cli, const struct arguments *args, struct wire_log_request *q)
{
        const char *text = option_text(args, "limit");
        int64_t limit = LIMIT_DEFAULT;

        q->follow = option_given(args, "follow");
        q->newest = !option_given(args, "all");
        if (text != NULL && (!bytes_decimal(bytes_of_text(text), 0, &limit) || limit < 1 ||
                                    limit > LIMIT_MOST)) {
                complain(cli, WORD_OPTION_VALUE, "limit");
                return false;
        }
        q->limit = q->newest ? (uint64_t)limit : 0;
        return true;
}

static bool format_option(const struct cli *cli, const struct arguments *args, bool *out_json)
{
        const char *format = option_text(args, "format");

        *out_json = format != NULL && strcmp(format, "json") == 0;
        if (format == NULL || *out_json || strcmp(format, "table") == 0)
                return true;
        complain(cli, WORD_OPTION_VALUE, "format");
        return false;
}

static enum exit_code print(struct showing *s, const struct wire_log_request *q)
{
        OWNED(listing_free) struct listing *list = NULL;
        struct cli *cli = s->cli;

        /* A table is as wide as its widest row, which may be yet to come. */
        if (!s->json && q->newest && !q->follow) {
                enum err rc = listing_new(cli, heads, ARRAY_LEN(heads), &list);

                if (rc != ERR_OK)
                        return answer_wrong(cli, rc);
                s->list = list;
        }
        enum exit_code code = log_stream(cli, q, show_page, s);

        if (code != EXIT_CODE_OK)
                return code;
        if (list != NULL && s->shown > 0)
                return print_ended(cli, listing_print(list, cli->out));
        if (s->shown == 0 && !s->json) {
                char size[NUMBER_TEXT];

                say(cli, WORD_ENTRIES_NONE, cli_number(cli, s->size, size));
        }
        return EXIT_CODE_OK;
}

static enum exit_code run_log(struct cli *cli, const struct arguments *args)
{
        struct wire_log_request q = {0};
        struct showing s = {.cli = cli};

        if (!limit_option(cli, args, &q) || !format_option(cli, args, &s.json))
                return EXIT_CODE_USAGE;
        enum exit_code code = log_filter_read(cli, args, &q.filter);

        return code != EXIT_CODE_OK ? code : print(&s, &q);
}

static const struct option_spec options[] = {
        LOG_FILTER_OPTION_SPECS,
        {"limit", "N", "50", false, false, {"så många av de senaste", "so many of the newest"}},
        {"all", NULL, NULL, false, false,
                {"alla, från den äldsta", "all of them, from the oldest"}},
        {"follow", NULL, NULL, false, false,
                {"vänta på nya poster och visa dem när de kommer",
                        "wait for new entries and show them as they come"}},
        {"format", "FORMAT", "table", false, false,
                {"table, eller json: ett objekt per rad", "table, or json: one object a line"}},
};

const struct command command_audit_log = {
        .name = "audit log",
        .arguments = "",
        .summary = {"läs granskningsloggen: vem gjorde vad, och varför gick det",
                "read the audit log: who did what, and why it was allowed"},
        .details = {"Visar de senaste posterna, eller dem som villkoren släpper igenom. Med "
                    "--format json "
                    "visas allt som står i dem: frågan, reglerna som avgjorde, vilka skyddsregler "
                    "som slog "
                    "till, kontrollsummor. Också den här läsningen blir en post.",
                "Shows the newest entries, or those that the conditions let through. With --format "
                "json all "
                "that stands in them: the question, the rules that decided, the rules of "
                "disclosure "
                "control that fired, digests. This reading becomes an entry too."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_log,
};
