/* SPDX-License-Identifier: Apache-2.0 */
/* audit_report.c: `statgate audit report`: a period of the log as a page that can be printed. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/cli/audit/log_stream.h"
#include "tools/cli/audit/report_page.h"
#include "tools/cli/output.h"

enum { DAY_MS = 86400000, DAYS_DEFAULT = 30, SCRATCH_MAX = 8 << 20, REMOVALS_AT_A_TIME = 1000 };

static enum err take_page(void *ctx, const struct wire_log_page *page)
{
        for (uint32_t i = 0; i < page->len; i++)
                TRY(account_take(ctx, &page->entries[i]));
        return ERR_OK;
}

/* What stands beside the log ---------------------------------------------------------- */

static enum exit_code ask_for(
        struct cli *cli, const char *path, struct bytes request, struct bytes *out)
{
        const struct ask ask = {
                .path = path, .fallback = "dpo", .request = request, .timeout_ms = ASK_SHORT_MS};

        return cli_ask(cli, cli->arena, &ask, out);
}

static enum exit_code ask_keys(struct cli *cli, struct wire_keys *out)
{
        struct bytes wire;
        enum exit_code code =
                ask_for(cli, "/statgate.v1.Operations/ListKeys", (struct bytes){0}, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = key_list_decode(cli->arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

static enum exit_code ask_heads(struct cli *cli, struct wire_heads *out)
{
        OWNED(buf_done) struct buf request = {.ceiling = 64};
        struct bytes wire, bytes;
        enum err rc = heads_request_encode(UINT64_MAX, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &bytes);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = ask_for(cli, "/statgate.v1.Audit/GetHeads", bytes, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = heads_decode(cli->arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

static enum exit_code ask_removals(struct cli *cli, uint64_t from, struct wire_removals *out)
{
        OWNED(buf_done) struct buf request = {.ceiling = 64};
        struct bytes wire, bytes;
        enum err rc = removals_request_encode(from, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &bytes);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = ask_for(cli, "/statgate.v1.Operations/ListRemovals", bytes, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = removals_decode(cli->arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

static enum err keep_removals(struct cli *cli, const struct wire_removals *page,
        const struct report_beside *b, struct wire_removals *out)
{
        struct wire_removal *list =
                arena_alloc(cli->arena, (size_t)out->len + page->len, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        if (out->removals != NULL)
                memcpy(list, out->removals, out->len * sizeof *list);
        out->removals = list;
        for (uint32_t i = 0; i < page->len; i++)
                if (page->removals[i].at_ms >= b->from_ms && page->removals[i].at_ms < b->until_ms)
                        list[out->len++] = page->removals[i];
        return ERR_OK;
}

static enum exit_code removals_within(struct cli *cli, struct report_beside *b)
{
        struct wire_removals page;
        uint64_t from = 1;

        do {
                page = (struct wire_removals){.len = 0};
                enum exit_code code = ask_removals(cli, from, &page);

                if (code != EXIT_CODE_OK || page.removals == NULL || page.len == 0)
                        return code;
                enum err rc = keep_removals(cli, &page, b, &b->removals);

                if (rc != ERR_OK)
                        return answer_wrong(cli, rc);
                from = page.removals[page.len - 1].number + 1;
        } while (page.len >= REMOVALS_AT_A_TIME);
        return EXIT_CODE_OK;
}

/* The page ------------------------------------------------------------------------------ */

static enum exit_code period(struct cli *cli, const struct arguments *args, struct report_beside *b)
{
        const char *from = option_text(args, "from"), *to = option_text(args, "to");

        b->made_ms = clock_now_ms();
        b->until_ms = b->made_ms;
        if (to != NULL && log_moment(to, true, &b->until_ms) != ERR_OK) {
                complain(cli, WORD_OPTION_VALUE, "to");
                return EXIT_CODE_USAGE;
        }
        b->from_ms = b->until_ms - (int64_t)DAYS_DEFAULT * DAY_MS;
        if ((from != NULL && log_moment(from, false, &b->from_ms) != ERR_OK) ||
                b->from_ms >= b->until_ms || b->from_ms < 0) {
                complain(cli, WORD_OPTION_VALUE, "from");
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

static enum exit_code gather(struct cli *cli, struct account *a, struct report_beside *b)
{
        const struct wire_log_request q = {
                .filter = {.from_ms = b->from_ms, .until_ms = b->until_ms}};
        enum exit_code code = ask_keys(cli, &b->keys);

        if (code == EXIT_CODE_OK)
                code = removals_within(cli, b);
        if (code == EXIT_CODE_OK)
                code = ask_heads(cli, &b->heads);
        return code == EXIT_CODE_OK ? log_stream(cli, &q, take_page, a) : code;
}

struct report_source {
        struct account *account;
        const struct report_beside *beside;
};

static enum err write_report(const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct report_source *s = what;

        return report_page(cli, how->out, s->account, s->beside);
}

static enum exit_code run_report(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        struct report_beside beside = {0};
        struct account *a = NULL;
        enum exit_code code = period(cli, args, &beside);
        enum err rc = scratch == NULL ? ERR_NO_MEMORY : ERR_OK;

        if (code != EXIT_CODE_OK)
                return code;
        if (rc == ERR_OK)
                rc = account_new(cli, cli->arena, scratch, &a);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        code = gather(cli, a, &beside);
        if (code != EXIT_CODE_OK)
                return code;
        const struct report_source source = {a, &beside};
        const struct output output = {write_report, &source};
        const char *path = NULL;

        code = output_put(cli, args, &output, &path);
        if (code == EXIT_CODE_OK && path != NULL)
                say(cli, WORD_PAGE_WRITTEN, path);
        return code;
}

static const struct option_spec options[] = {
        {"from", "WHEN", NULL, false, false,
                {"från och med: 2026-03-01, eller 2026-03-01T14:30 (UTC); annars de trettio "
                 "dagarna före slutet",
                        "from: 2026-03-01, or 2026-03-01T14:30 (UTC); else thirty days before the "
                        "end"}},
        {"to", "WHEN", NULL, false, false,
                {"till och med dagen, eller fram till ögonblicket; annars nu",
                        "up to and with the day, or until the moment; else now"}},
        {"out", "FILE", NULL, false, false,
                {"skriv till en fil, hel eller inte alls", "write to a file, whole or not at all"}},
};

const struct command command_audit_report = {
        .name = "audit report",
        .arguments = "",
        .summary = {"granskningsrapport för en period, som en sida att läsa och skriva ut",
                "audit report of a period, as a page to read and to print"},
        .details =
                {"Vem frågade vad för vilket ändamål, vad nekades och enligt vilken regel, hur "
                 "stor andel "
                 "av cellerna skyddades, vilka länkningar användes, vad raderades och gallrades, "
                 "vad "
                 "hände med nycklar och regelverk, och vad avvek. En HTML-fil utan skript och utan "
                 "något utanför sig; skrivs ut som PDF från vilken webbläsare som helst.",
                        "Who asked what for which purpose, what was refused and by which rule, "
                        "what share of cells "
                        "was protected, which linkages were used, what was erased and retained no "
                        "longer, what "
                        "happened to keys and policy, and what stood out. One HTML file without "
                        "script and with "
                        "nothing outside it; print it as PDF from any browser."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_report,
};
