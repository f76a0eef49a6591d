/* SPDX-License-Identifier: Apache-2.0 */
/* cli_vintage.c: `statgate vintage publish` and `statgate vintage list`. */
#include <string.h>

#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/listing.h"
#include "tools/cli/progress.h"
#include "tools/cli/render_parts.h"
#include "tools/client/client.h"

enum { NOTE_MAX = 200, NO_DEADLINE = 0, MESSAGE_ARENA = 1 << 20, STAGE_MAX = 64 };

/* Publishing -------------------------------------------------------------- */

/* One bar per data set or wider linkage: the gateway builds their linked views one after
 * another, and says which do not fit. */
struct stage {
        const struct cli *cli;
        struct progress progress;
        char dataset[STAGE_MAX];
        bool running;
};

static void stage_end(struct stage *s)
{
        if (s->running)
                progress_end(&s->progress);
        s->running = false;
}

static void stage_show(struct stage *s, const struct wire_publish_progress *p)
{
        char dataset[STAGE_MAX];

        (void)snprintf(dataset, sizeof dataset, "%.*s", (int)p->dataset.len,
                (const char *)p->dataset.data);
        if (bytes_is_text(p->phase, "left_out")) {
                stage_end(s);
                note(s->cli, WORD_PUBLISH_LEFT_OUT, dataset);
                return;
        }
        if (!s->running || strcmp(dataset, s->dataset) != 0) {
                stage_end(s);
                memcpy(s->dataset, dataset, sizeof dataset);
                progress_start(&s->progress, s->cli, p->records_total, !s->cli->terminal_err);
                s->running = true;
        }
        progress_show(&s->progress, p->records_done);
}

/* Until the message that says done; ERR_NOT_FOUND when the stream ends before. */
static enum err follow(const struct cli *cli, struct call *call, struct wire_publish_progress *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(MESSAGE_ARENA);
        OWNED(stage_end) struct stage stage = {.cli = cli};
        struct wire_publish_progress p = {.done = false};
        struct bytes message;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        while (!p.done) {
                arena_reset(arena);
                TRY(call_receive(call, arena, &message));
                TRY(publish_progress_decode(arena, message, &p));
                if (!p.done)
                        stage_show(&stage, &p);
        }
        out->vintage = p.vintage;
        out->records_total = p.records_total;
        return ERR_OK;
}

static enum err converse(const struct cli *cli, struct call *call, const char *note,
        struct wire_publish_progress *out)
{
        OWNED(buf_done) struct buf request;
        struct bytes wire;

        buf_init(&request, BATCH_WIRE_MAX);
        TRY(publish_request_encode(bytes_of_text(note), &request));
        TRY(buf_end(&request, &wire));
        TRY(call_send(call, wire));
        TRY(call_half_close(call));
        return follow(cli, call, out);
}

/* The end of the call knows best why it ended; without one, `rc` does. */
static enum exit_code publish_ended(const struct cli *cli, struct call *call, enum err rc)
{
        struct call_status status = {.code = STATUS_OK};
        enum err end = ERR_OK;

        if (rc == ERR_MALFORMED || rc == ERR_NO_MEMORY)
                return answer_wrong(cli, rc);
        if (call != NULL)
                end = call_finish(call, &status);
        if (end != ERR_OK || call == NULL)
                return cli_call_failed(cli, end != ERR_OK ? end : rc, &status);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_PUBLISH_UNFINISHED);
        return EXIT_CODE_INTERNAL;
}

static enum exit_code run_publish(struct cli *cli, const struct arguments *args)
{
        OWNED(client_close) struct client *client = NULL;
        OWNED(call_free) struct call *call = NULL;
        struct wire_publish_progress end = {.done = false};
        const char *note = option_text(args, "note");
        char vintage[32], records[NUMBER_TEXT];

        if (note != NULL && (strlen(note) > NOTE_MAX || !bytes_is_printable(bytes_of_text(note)))) {
                complain(cli, WORD_OPTION_VALUE, "note");
                return EXIT_CODE_USAGE;
        }

        enum exit_code code = cli_reach(cli, "operator", &client);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc =
                call_start(client, "/statgate.v1.Operations/PublishVintage", NO_DEADLINE, &call);

        if (rc == ERR_OK)
                rc = converse(cli, call, note != NULL ? note : "", &end);
        code = publish_ended(cli, call, rc);
        if (code != EXIT_CODE_OK)
                return code;
        vintage_text(end.vintage, vintage);
        say(cli, WORD_PUBLISHED, vintage, cli_number(cli, end.records_total, records));
        return EXIT_CODE_OK;
}

/* Listing ----------------------------------------------------------------- */

static enum err list_rows(const struct cli *cli, const struct wire_vintages *v, struct listing *l)
{
        for (uint32_t i = 0; i < v->len; i++) {
                const struct wire_vintage *one = &v->vintages[i];
                char vintage[32], at[INSTANT_TEXT], submissions[NUMBER_TEXT], records[NUMBER_TEXT];

                vintage_text(one->vintage, vintage);

                const char *texts[] = {vintage, instant_text(one->published_at_ms, at),
                        cli_number(cli, one->submissions, submissions),
                        cli_number(cli, one->records, records),
                        cli_word(cli, one->open ? WORD_YES : WORD_NO), text_from(cli, one->note)};

                TRY(listing_add(l, texts));
        }
        return ERR_OK;
}

static enum err list_vintages(const struct cli *cli, const struct wire_vintages *v)
{
        static const struct lane_head heads[] = {{WORD_HEAD_VINTAGE, SIDE_RIGHT},
                {WORD_HEAD_PUBLISHED, SIDE_LEFT}, {WORD_HEAD_SUBMISSIONS, SIDE_RIGHT},
                {WORD_HEAD_RECORDS, SIDE_RIGHT}, {WORD_HEAD_OPEN, SIDE_LEFT},
                {WORD_HEAD_NOTE, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;

        if (v->len == 0) {
                say(cli, WORD_VINTAGES_NONE);
                return ERR_OK;
        }
        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        TRY(list_rows(cli, v, l));
        return listing_print(l, cli->out);
}

static enum exit_code run_list(struct cli *cli, const struct arguments *args)
{
        const struct ask ask = {.path = "/statgate.v1.Operations/ListVintages",
                .fallback = "operator",
                .timeout_ms = ASK_SHORT_MS};
        struct wire_vintages vintages;
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        (void)args;
        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = vintages_decode(cli->arena, wire, &vintages);

        return rc != ERR_OK ? answer_wrong(cli, rc)
                            : print_ended(cli, list_vintages(cli, &vintages));
}

static const struct option_spec publish_options[] = {
        {"note", "TEXT", NULL, false, false,
                {"anteckning i listan över årgångar, högst 200 byte, inte om personer",
                        "a note for the list of vintages, at most 200 bytes, not about persons"}},
};

const struct command command_vintage_publish = {
        .name = "vintage publish",
        .arguments = "",
        .summary = {"frys leveranserna till en ny årgång",
                "freeze the deliveries as a new vintage"},
        .options = publish_options,
        .options_len = ARRAY_LEN(publish_options),
        .run = run_publish,
};

const struct command command_vintage_list = {
        .name = "vintage list",
        .arguments = "",
        .summary = {"lista årgångarna", "list the vintages"},
        .run = run_list,
};
