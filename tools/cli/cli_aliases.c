/* SPDX-License-Identifier: Apache-2.0 */
/* cli_aliases.c: `statgate aliases record`, `list` and `undo`: numbers that became others.
 *
 * Numbers come from a file or the terminal, never from the command line, are sealed before
 * they leave, and are never printed: what is wrong is told by line and rule. Nothing is sent
 * while any line is wrong, so that a file is corrected and sent whole. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tools/cli/ask.h"
#include "tools/cli/delivery_id.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"
#include "tools/cli/listing.h"
#include "tools/cli/person_field.h"
#include "tools/cli/render_parts.h"
#include "tools/cli/sealing.h"
#include "tools/cli/values.h"
#include "tools/client/client.h"

enum {
        DAY_MS = 86400000,
        DAY_TEXT = 11,
        ARENA_CEILING = 64 << 20,
        REQUEST_MAX = 2 << 20,
        FIELDS = 3,
        TOLD_MAX = 20, /* lines that are complained about */
};

/* The events of a file, and the line each stands on. */
struct events {
        uint8_t *was, *became, *was_kinds, *became_kinds;
        int32_t *days;
        uint32_t *lines, len, wrong;
};

static const char *text_of(const struct cli *cli, uint64_t n)
{
        const char *text = arena_printf(cli->arena, "%llu", (unsigned long long)n);

        return text != NULL ? text : "";
}

static void blame(const struct cli *cli, struct events *e, uint32_t line, const char *what)
{
        if (e->wrong++ < TOLD_MAX)
                complain(cli, WORD_ALIAS_LINE, text_of(cli, line), what);
}

static enum err events_new(struct arena *a, struct events *out)
{
        struct events e = {
                .was = arena_alloc(a, WIRE_ALIASES_MAX, PERSON_ID_LEN),
                .became = arena_alloc(a, WIRE_ALIASES_MAX, PERSON_ID_LEN),
                .was_kinds = arena_alloc(a, WIRE_ALIASES_MAX, 1),
                .became_kinds = arena_alloc(a, WIRE_ALIASES_MAX, 1),
                .days = arena_alloc(a, WIRE_ALIASES_MAX, sizeof *e.days),
                .lines = arena_alloc(a, WIRE_ALIASES_MAX, sizeof *e.lines),
        };

        if (e.was == NULL || e.became == NULL || e.was_kinds == NULL || e.became_kinds == NULL ||
                e.days == NULL || e.lines == NULL)
                return ERR_NO_MEMORY;
        *out = e;
        return ERR_OK;
}

/* Up to FIELDS fields between semicolons; how many there are. */
static unsigned split(struct bytes line, struct bytes out[FIELDS])
{
        unsigned n = 0;
        size_t from = 0;

        for (size_t i = 0; i <= line.len; i++) {
                if (i < line.len && line.data[i] != ';')
                        continue;
                if (n < FIELDS)
                        out[n] = value_trim(bytes_of(line.data + from, i - from));
                n++;
                from = i + 1;
        }
        return n;
}

static bool take_number(const struct cli *cli, struct events *e, uint32_t line, struct bytes text,
        uint8_t *id, uint8_t *kind)
{
        enum pnr_rule rule = person_field(text, id, kind);

        if (rule != PNR_OK)
                blame(cli, e, line, pnr_rule_name(rule));
        return rule == PNR_OK;
}

static void take_event(
        const struct cli *cli, struct events *e, uint32_t line, const struct bytes f[FIELDS])
{
        uint8_t *was = e->was + (size_t)e->len * PERSON_ID_LEN;
        uint8_t *became = e->became + (size_t)e->len * PERSON_ID_LEN;
        int32_t today = (int32_t)(clock_now_ms() / DAY_MS), day;

        if (!take_number(cli, e, line, f[0], was, &e->was_kinds[e->len]) ||
                !take_number(cli, e, line, f[1], became, &e->became_kinds[e->len]))
                return;
        if (f[2].len == 0 || !value_date(f[2], DATE_YEAR_FIRST, &day) || day > today) {
                blame(cli, e, line, cli_word(cli, WORD_ALIAS_DAY));
                return;
        }
        if (e->was_kinds[e->len] == e->became_kinds[e->len] &&
                memcmp(was, became, PERSON_ID_LEN) == 0) {
                blame(cli, e, line, cli_word(cli, WORD_ALIAS_SELF));
                return;
        }
        e->days[e->len] = day;
        e->lines[e->len++] = line;
}

/* A first line that names its columns. */
static bool is_header(const struct bytes f[FIELDS])
{
        return f[2].len > 0 && (f[2].data[0] | 0x20) == 'd';
}

static enum exit_code read_events(const struct cli *cli, struct bytes text, struct events *e)
{
        uint32_t line = 0;

        for (size_t at = 0; at < text.len; line++) {
                const uint8_t *end = memchr(text.data + at, '\n', text.len - at);
                size_t len = end != NULL ? (size_t)(end - text.data) - at : text.len - at;
                struct bytes whole = bytes_of(text.data + at, len), f[FIELDS];

                at += len + 1;
                if (whole.len > 0 && whole.data[whole.len - 1] == '\r')
                        whole.len--;
                if (value_trim(whole).len == 0)
                        continue;
                if (e->len == WIRE_ALIASES_MAX) {
                        complain(cli, WORD_ALIAS_TOO_MANY, text_of(cli, WIRE_ALIASES_MAX));
                        return EXIT_CODE_INPUT;
                }
                if (split(whole, f) != FIELDS)
                        blame(cli, e, line + 1, cli_word(cli, WORD_ALIAS_SHAPE));
                else if (line > 0 || !is_header(f))
                        take_event(cli, e, line + 1, f);
        }
        if (e->wrong > 0 || e->len == 0) {
                complain(cli, WORD_ALIAS_NOTHING_SENT, text_of(cli, e->wrong));
                return EXIT_CODE_INPUT;
        }
        return EXIT_CODE_OK;
}

/* One event, asked for piece by piece. */
static enum exit_code ask_event(const struct cli *cli, struct events *e)
{
        static const enum word questions[FIELDS] = {
                WORD_ALIAS_ASK_WAS, WORD_ALIAS_ASK_BECAME, WORD_ALIAS_ASK_DAY};
        struct secret *lines[FIELDS] = {NULL};
        struct bytes f[FIELDS] = {{NULL, 0}};
        enum exit_code code = EXIT_CODE_OK;

        for (unsigned i = 0; i < FIELDS && code == EXIT_CODE_OK; i++) {
                code = prompt_secret(cli, questions[i], &lines[i]);
                if (code == EXIT_CODE_OK)
                        f[i] = value_trim(bytes_of(secret_view(lines[i]), secret_len(lines[i])));
        }
        if (code == EXIT_CODE_OK)
                take_event(cli, e, 1, f);
        for (unsigned i = 0; i < FIELDS; i++)
                secret_free(&lines[i]);
        if (code != EXIT_CODE_OK || e->wrong == 0)
                return code;
        complain(cli, WORD_ALIAS_NOTHING_SENT, text_of(cli, e->wrong));
        return EXIT_CODE_INPUT;
}

static enum exit_code get_events(
        const struct cli *cli, struct arena *arena, const char *path, struct events *out)
{
        struct bytes text;
        enum err rc = events_new(arena, out);

        if (rc != ERR_OK)
                return EXIT_CODE_INTERNAL;
        if (path == NULL)
                return ask_event(cli, out);
        rc = file_read(arena, path, &text);
        if (rc == ERR_OK)
                return read_events(cli, text, out);
        complain(cli, WORD_FILE_UNREADABLE, path, err_sentence(rc));
        return EXIT_CODE_INPUT;
}

/* Sending ------------------------------------------------------------------------ */

/* In the reader's own words, where there are some. */
static const char *rule_text(const struct cli *cli, struct bytes rule)
{
        if (bytes_is_text(rule, "SELF"))
                return cli_word(cli, WORD_ALIAS_SELF);
        if (bytes_is_text(rule, "CONFLICT"))
                return cli_word(cli, WORD_ALIAS_CONFLICT);
        if (bytes_is_text(rule, "RING"))
                return cli_word(cli, WORD_ALIAS_RING);
        if (bytes_is_text(rule, "DAY"))
                return cli_word(cli, WORD_ALIAS_DAY);
        return text_from(cli, rule);
}

static enum exit_code tell(const struct cli *cli, struct events *e, const struct submission_id *id,
        const struct wire_aliased *answer)
{
        char uuid[UUID_TEXT];

        for (uint32_t i = 0; i < answer->rejections_len; i++) {
                const struct wire_rejection *r = &answer->rejections[i];

                if (r->row < e->len)
                        blame(cli, e, e->lines[r->row], rule_text(cli, r->rule));
        }
        if (answer->rejections_len > 0) {
                complain(cli, WORD_ALIAS_NOT_TAKEN, text_of(cli, answer->rejections_len));
                return EXIT_CODE_REFUSED;
        }
        uuid_format(id, uuid);
        if (answer->recorded > 0)
                say(cli, WORD_ALIAS_RECORDED, text_of(cli, answer->recorded), uuid);
        if (answer->known > 0)
                say(cli, WORD_ALIAS_KNOWN, text_of(cli, answer->known));
        return EXIT_CODE_OK;
}

static enum exit_code send_events(struct cli *cli, struct arena *arena, struct sealing *sealing,
        struct client *client, struct events *e)
{
        OWNED(buf_done) struct buf request = {.ceiling = REQUEST_MAX};
        const struct box_persons who = {
                e->len, e->len, {e->was, e->was_kinds}, {e->became, e->became_kinds}};
        struct wire_aliases out = {.days = e->days, .len = e->len};
        struct call_status status = {.code = STATUS_OK};
        struct wire_aliased answer;
        struct bytes wire, response;
        enum err rc = sealing_aliases(sealing, &who, &out);

        if (rc == ERR_OK)
                rc = aliases_encode(&out, &request);
        if (rc == ERR_OK)
                rc = buf_end(&request, &wire);
        if (rc == ERR_OK)
                rc = client_unary(client, arena, "/statgate.v1.Submission/RecordAliases", wire, 0,
                        &response, &status);
        if (rc != ERR_OK)
                return cli_call_failed(cli, rc, &status);
        rc = aliased_decode(arena, response, &answer);
        return rc == ERR_OK ? tell(cli, e, &out.id, &answer) : answer_wrong(cli, rc);
}

static enum exit_code deliver(struct cli *cli, struct arena *arena, struct events *e)
{
        OWNED(sealing_done) struct sealing sealing = {.has_key = false};
        struct client *client = NULL;
        struct settings settings;
        struct identity identity;
        enum exit_code code = settings_read(cli, &settings);

        if (code == EXIT_CODE_OK)
                code = identity_read(cli, &settings, NULL, &identity);
        if (code == EXIT_CODE_OK)
                code = sealing_begin(cli, &settings, &identity, &sealing);
        if (code == EXIT_CODE_OK)
                code = cli_connect(cli, &settings, &identity, 1, &client);
        if (code == EXIT_CODE_OK)
                code = sealing_fetch(cli, &sealing, client);
        if (code == EXIT_CODE_OK)
                code = send_events(cli, arena, &sealing, client, e);
        client_close(&client);
        return code;
}

static enum exit_code run_record(struct cli *cli, const struct arguments *args)
{
        struct arena *arena = arena_new(ARENA_CEILING); /* wiped below */
        const char *path = argument_count(args) > 0 ? argument_nth(args, 0) : NULL;
        enum exit_code code = keys_init(cli, false);
        struct events events;

        if (arena == NULL)
                return EXIT_CODE_INTERNAL;
        if (code == EXIT_CODE_OK)
                code = get_events(cli, arena, path, &events);
        if (code == EXIT_CODE_OK)
                code = deliver(cli, arena, &events);
        arena_wipe(arena);
        arena_free(&arena);
        return code;
}

/* Looking and undoing --------------------------------------------------------------- */

static const char *day_of(const struct cli *cli, int32_t day)
{
        char text[DAY_TEXT];

        days_format(day, text);
        return text_from(cli, bytes_of_text(text));
}

static const char *owing_of(const struct cli *cli, uint32_t owing)
{
        const char *text =
                arena_printf(cli->arena, "%u %s", owing, cli_word(cli, WORD_KEYS_ALIASES_OWING));

        return text != NULL ? text : "";
}

static enum err list_entry(
        const struct cli *cli, struct listing *l, const struct wire_alias_entry *e)
{
        char uuid[UUID_TEXT], at[INSTANT_TEXT];
        const char *municipality = arena_printf(cli->arena, "%04u", e->municipality);

        uuid_format(&e->id, uuid);
        const char *texts[] = {text_from(cli, bytes_of_text(uuid)),
                text_from(cli, bytes_of_text(instant_text(e->at_ms, at))),
                municipality != NULL ? municipality : "", text_of(cli, e->events),
                day_of(cli, e->first_day), day_of(cli, e->last_day),
                e->undone      ? cli_word(cli, WORD_ALIAS_UNDONE_MARK)
                : e->owing > 0 ? owing_of(cli, e->owing)
                               : ""};

        return listing_add(l, texts);
}

static enum exit_code run_list(struct cli *cli, const struct arguments *args)
{
        static const struct lane_head heads[] = {{WORD_HEAD_ALIAS_ID, SIDE_LEFT},
                {WORD_HEAD_WHEN, SIDE_LEFT}, {WORD_HEAD_MUNICIPALITY_CODE, SIDE_LEFT},
                {WORD_HEAD_ALIAS_EVENTS, SIDE_RIGHT}, {WORD_HEAD_ALIAS_FIRST, SIDE_LEFT},
                {WORD_HEAD_ALIAS_LAST, SIDE_LEFT}, {WORD_HEAD_NOTE, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;
        struct ask ask = {
                .path = "/statgate.v1.Submission/ListAliases", .timeout_ms = ASK_SHORT_MS};
        struct wire_alias_list list;
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        (void)args;
        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = alias_list_decode(cli->arena, wire, &list);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        if (list.len == 0) {
                say(cli, WORD_ALIAS_NONE);
                return EXIT_CODE_OK;
        }
        rc = listing_new(cli, heads, ARRAY_LEN(heads), &l);
        for (uint32_t i = 0; i < list.len && rc == ERR_OK; i++)
                rc = list_entry(cli, l, &list.entries[i]);
        return rc == ERR_OK ? print_ended(cli, listing_print(l, cli->out)) : EXIT_CODE_INTERNAL;
}

static enum exit_code ask_undo(struct cli *cli, const struct wire_alias_undo *undo)
{
        OWNED(buf_done) struct buf request = {.ceiling = 256};
        struct ask ask = {
                .path = "/statgate.v1.Submission/UndoAliases", .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;
        uint32_t events = 0;
        enum err rc = alias_undo_encode(undo, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = alias_undone_decode(cli->arena, wire, &events);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        say(cli, WORD_ALIAS_UNDONE, text_of(cli, events));
        return EXIT_CODE_OK;
}

static enum exit_code run_undo(struct cli *cli, const struct arguments *args)
{
        OWNED(sealing_done) struct sealing sealing = {.has_key = false};
        struct wire_alias_undo undo;
        struct settings settings;
        struct identity identity;
        enum exit_code code;

        if (uuid_parse(argument_nth(args, 0), &undo.id) != ERR_OK) {
                complain(cli, WORD_UUID_WRONG);
                return EXIT_CODE_USAGE;
        }
        code = settings_read(cli, &settings);
        if (code == EXIT_CODE_OK)
                code = identity_read(cli, &settings, NULL, &identity);
        if (code == EXIT_CODE_OK)
                code = sealing_begin(cli, &settings, &identity, &sealing);
        if (code == EXIT_CODE_OK && sealing_undo(&sealing, &undo) != ERR_OK)
                code = EXIT_CODE_INTERNAL;
        return code == EXIT_CODE_OK ? ask_undo(cli, &undo) : code;
}

const struct command command_aliases_record = {
        .name = "aliases record",
        .arguments = "[FILE.csv]",
        .arguments_max = 1,
        .summary = {"personnummer som blivit andra: gammalt;nytt;datum på varje rad",
                "personal numbers that became others: old;new;date on each line"},
        .details = {"Utan fil frågas vid terminalen. Numren förseglas innan de skickas och visas "
                    "aldrig. De används när personer länkas, i årgångar som ges ut härefter; "
                    "årgångar som finns ändras inte. Ett id som börjar med en bokstav är "
                    "kommunens eget.",
                "Without a file, asks at the terminal. Numbers are sealed before they are sent and "
                "never shown. They are used when persons are linked, in vintages published from "
                "now on; vintages that are out do not change. An id that begins with a letter is "
                "the municipality's own."},
        .run = run_record,
};

const struct command command_aliases_list = {
        .name = "aliases list",
        .arguments = "",
        .summary = {"vad som sagts om nummer som blivit andra: id, dagar och antal",
                "what was said of numbers that became others: ids, days and counts"},
        .run = run_list,
};

const struct command command_aliases_undo = {
        .name = "aliases undo",
        .arguments = "ID",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"ta tillbaka vad som sades under ett id; gäller årgångar som ges ut härefter",
                "take back what was said under an id; holds for vintages published from now on"},
        .run = run_undo,
};
