/* SPDX-License-Identifier: Apache-2.0 */
/* log_stream.c: asks for a part of the audit log and hands it on page by page.
 *
 * However long the log is, one page of it is in memory. */
#include "tools/cli/audit/log_stream.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "tools/cli/ask.h"
#include "tools/client/client.h"

enum {
        NO_DEADLINE = 0,
        PAGE_ARENA = 64 << 20,
        DAY_MS = 86400000,
        DAY_LEN = 10,
        REQUEST_MAX = 65536
};

/* Asking ---------------------------------------------------------------------- */

static enum err send_request(struct call *call, const struct wire_log_request *request)
{
        OWNED(buf_done) struct buf wire;
        struct bytes bytes;

        buf_init(&wire, REQUEST_MAX);
        TRY(log_request_encode(request, &wire));
        TRY(buf_end(&wire, &bytes));
        TRY(call_send(call, bytes));
        return call_half_close(call);
}

/* Until the stream ends (ERR_OK), or the visitor has enough. */
static enum err visit_pages(struct call *call, log_visitor fn, void *ctx)
{
        OWNED(arena_free) struct arena *arena = arena_new(PAGE_ARENA);
        struct wire_log_page page;
        struct bytes message;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        for (;;) {
                arena_reset(arena);
                enum err e = call_receive(call, arena, &message);

                if (e == ERR_NOT_FOUND)
                        return ERR_OK;
                TRY(e);
                TRY(log_page_decode(arena, message, &page));
                TRY(fn(ctx, &page));
        }
}

static enum exit_code stream_ended(const struct cli *cli, struct call *call, enum err rc)
{
        struct call_status status = {.code = STATUS_OK};

        if (rc == ERR_MALFORMED || rc == ERR_NO_MEMORY)
                return answer_wrong(cli, rc);
        if (rc == ERR_IO)
                return print_ended(cli, rc); /* whoever was to read what we print has left */
        enum err end = call_finish(call, &status);

        if (end != ERR_OK)
                return cli_call_failed(cli, end, &status);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

enum exit_code log_stream(
        struct cli *cli, const struct wire_log_request *request, log_visitor fn, void *ctx)
{
        OWNED(client_close) struct client *client = NULL;
        OWNED(call_free) struct call *call = NULL;
        enum exit_code code = cli_reach(cli, "dpo", &client);

        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = call_start(client, "/statgate.v1.Audit/ReadLog", NO_DEADLINE, &call);

        if (rc == ERR_OK)
                rc = send_request(call, request);
        if (call == NULL) {
                struct call_status none = {.code = STATUS_UNAVAILABLE};

                return cli_call_failed(cli, rc, &none);
        }
        if (rc == ERR_OK)
                rc = visit_pages(call, fn, ctx);
        return stream_ended(cli, call, rc);
}

/* What to ask for ------------------------------------------------------------------ */

/* Two digits behind a mark; false where they are not. */
static bool two_digits(const char **text, char mark, int *out)
{
        const char *t = *text;

        if (t[0] != mark || t[1] < '0' || t[1] > '9' || t[2] < '0' || t[2] > '9')
                return false;
        *out = (t[1] - '0') * 10 + (t[2] - '0');
        *text = t + 3;
        return true;
}

/* "T21:48:55Z", of which seconds and Z may be left out. */
static enum err time_of_day(const char *text, int64_t *out_ms)
{
        int hour = 0, minute = 0, second = 0;

        if (!two_digits(&text, 'T', &hour) || !two_digits(&text, ':', &minute))
                return ERR_MALFORMED;
        if (*text == ':' && !two_digits(&text, ':', &second))
                return ERR_MALFORMED;
        if (*text == 'Z')
                text++;
        if (*text != '\0' || hour > 23 || minute > 59 || second > 59)
                return ERR_MALFORMED;
        *out_ms = ((hour * 60 + minute) * 60 + second) * INT64_C(1000);
        return ERR_OK;
}

enum err log_moment(const char *text, bool after, int64_t *out_ms)
{
        size_t len = strlen(text);
        int64_t within = after ? DAY_MS : 0;
        int32_t day;

        if (len < DAY_LEN || days_parse(text, DAY_LEN, &day) != ERR_OK || day < 0)
                return ERR_MALFORMED;
        if (len > DAY_LEN)
                TRY(time_of_day(text + DAY_LEN, &within));
        *out_ms = (int64_t)day * DAY_MS + within;
        return ERR_OK;
}

static struct bytes text_option(const struct arguments *args, const char *name)
{
        const char *text = option_text(args, name);

        return bytes_of_text(text != NULL ? text : "");
}

static enum exit_code moment_option(const struct cli *cli, const struct arguments *args,
        const char *name, bool after, int64_t *out)
{
        const char *text = option_text(args, name);

        if (text == NULL || log_moment(text, after, out) == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_OPTION_VALUE, name);
        return EXIT_CODE_USAGE;
}

enum exit_code log_filter_read(
        struct cli *cli, const struct arguments *args, struct wire_log_filter *out)
{
        struct wire_log_filter f = {.kinds_len = option_count(args, "kind")};
        struct bytes *kinds = arena_alloc(cli->arena, f.kinds_len, sizeof *kinds);
        enum exit_code code = moment_option(cli, args, "from", false, &f.from_ms);

        if (code == EXIT_CODE_OK)
                code = moment_option(cli, args, "to", true, &f.until_ms);
        if (code != EXIT_CODE_OK)
                return code;
        if (kinds == NULL)
                return answer_wrong(cli, ERR_NO_MEMORY);
        for (uint32_t i = 0; i < f.kinds_len; i++)
                kinds[i] = bytes_of_text(option_nth(args, "kind", i));
        f.kinds = kinds;
        f.principal = text_option(args, "principal");
        f.purpose = text_option(args, "purpose");
        f.dataset = text_option(args, "dataset");
        f.linkage = text_option(args, "linkage");
        f.outcome = text_option(args, "outcome");
        f.municipality = text_option(args, "municipality");
        *out = f;
        return EXIT_CODE_OK;
}
