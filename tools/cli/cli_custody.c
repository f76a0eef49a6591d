/* SPDX-License-Identifier: Apache-2.0 */
/* cli_custody.c: `statgate keys status`, `keys rotate`, `keys destroy`, and `statgate
 * removals`: how old keys are, their exchange and their end, and what was taken away.
 *
 * A country has some four thousand domains, so their keys are told as sums, and one by one
 * only on request. What ends is asked for twice; there is no way back. */
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/delivery_id.h"
#include "tools/cli/json.h"
#include "tools/cli/listing.h"
#include "tools/cli/render_parts.h"

#define KEYS_FORMAT     "statgate.keys.1"
#define REMOVALS_FORMAT "statgate.removals.1"

enum { ANSWER_MAX = 16, DAY_TEXT = 11, DAY_MS = 86400000, EPOCH_TEXT = 32, LIVE_MS = 1000 };

static const char *number_of(const struct cli *cli, uint64_t n)
{
        char text[NUMBER_TEXT];

        return text_from(cli, bytes_of_text(cli_number(cli, n, text)));
}

static const char *day_of(const struct cli *cli, int64_t at_ms)
{
        char day[DAY_TEXT];

        if (at_ms == 0)
                return "";
        days_format((int32_t)(at_ms / DAY_MS), day);
        return text_from(cli, bytes_of_text(day));
}

static bool format_of(const struct cli *cli, const struct arguments *args, bool *out_json)
{
        const char *format = option_text(args, "format");

        *out_json = format != NULL && strcmp(format, "json") == 0;
        if (format == NULL || *out_json || strcmp(format, "table") == 0)
                return true;
        complain(cli, WORD_OPTION_VALUE, "format");
        return false;
}

static const char *code_of(const struct cli *cli, municipality_t m)
{
        const char *text = m > 0 ? arena_printf(cli->arena, "%04u", m) : "";

        return text != NULL ? text : "";
}

static bool is_domain(const struct wire_key *k)
{
        return bytes_is_text(k->kind, "domain");
}

/* For people ---------------------------------------------------------------- */

/* "3", or "2–3" while both live, or a word for none. */
static const char *epoch_of(const struct cli *cli, const struct wire_key *k)
{
        const char *text;

        if (k->epoch == 0)
                return k->highest > 0 ? cli_word(cli, WORD_KEYS_DESTROYED) : "";
        text = k->oldest != 0 && k->oldest < k->epoch
                       ? arena_printf(cli->arena, "%u–%u", k->oldest, k->epoch)
                       : arena_printf(cli->arena, "%u", k->epoch);
        return text != NULL ? text : "";
}

static const char *name_of(const struct cli *cli, const struct wire_key *k)
{
        const char *text = text_from(cli, k->name);

        if (k->required > 0)
                text = arena_printf(cli->arena, "%s %u/%u", text, k->required, k->total);
        return text != NULL ? text : "";
}

static const char *note_of(const struct cli *cli, const struct wire_key *k, int64_t now_ms)
{
        const char *text = "";

        if (k->until_ms != 0)
                text = arena_printf(cli->arena, "%s %s", cli_word(cli, WORD_KEYS_UNTIL),
                        day_of(cli, k->until_ms));
        else if (k->records_owing > 0 && !is_domain(k))
                text = arena_printf(cli->arena, "%s %s", number_of(cli, k->records_owing),
                        cli_word(cli, WORD_KEYS_ALIASES_OWING));
        else if (k->records_owing > 0)
                text = arena_printf(cli->arena, "%s %s", number_of(cli, k->records_owing),
                        cli_word(cli, WORD_KEYS_OWING));
        else if (k->records_left > 0)
                text = arena_printf(cli->arena, "%s %s", number_of(cli, k->records_left),
                        cli_word(cli, WORD_KEYS_LEFT));
        else if (k->due_at_ms != 0 && k->due_at_ms <= now_ms)
                text = cli_word(cli, WORD_KEYS_DUE);
        return text != NULL ? text : "";
}

static enum err list_keys(const struct cli *cli, const struct wire_keys *keys, bool domains)
{
        static const struct lane_head heads[] = {{WORD_HEAD_KEY_KIND, SIDE_LEFT},
                {WORD_HEAD_KEY_NAME, SIDE_LEFT}, {WORD_HEAD_MUNICIPALITY_CODE, SIDE_LEFT},
                {WORD_HEAD_EPOCH, SIDE_RIGHT}, {WORD_HEAD_MADE, SIDE_LEFT},
                {WORD_HEAD_DUE, SIDE_LEFT}, {WORD_HEAD_NOTE, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;
        int64_t now = clock_now_ms();

        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < keys->len; i++) {
                const struct wire_key *k = &keys->keys[i];

                if (is_domain(k) && !domains)
                        continue;
                const char *texts[] = {text_from(cli, k->kind), name_of(cli, k),
                        code_of(cli, k->municipality), epoch_of(cli, k),
                        day_of(cli, k->created_at_ms), day_of(cli, k->due_at_ms),
                        note_of(cli, k, now)};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

struct domain_sum {
        uint64_t live, rotating, destroyed, due, records_left, owing, records_owing;
        uint64_t unreadable; /* records, under keys that ended */
        const struct wire_key *first_unreadable;
        int64_t oldest_ms;
};

static struct domain_sum sum_domains(const struct wire_keys *keys)
{
        struct domain_sum s = {0};
        int64_t now = clock_now_ms();

        for (uint32_t i = 0; i < keys->len; i++) {
                const struct wire_key *k = &keys->keys[i];

                if (!is_domain(k))
                        continue;
                s.live += k->epoch != 0;
                s.destroyed += k->epoch == 0;
                s.rotating += k->oldest < k->epoch;
                if (k->oldest < k->epoch)
                        s.records_left += k->records_left;
                else
                        s.unreadable += k->records_left;
                if (k->oldest == k->epoch && k->records_left > 0 && s.first_unreadable == NULL)
                        s.first_unreadable = k;
                s.owing += k->records_owing > 0;
                s.records_owing += k->records_owing;
                s.due += k->due_at_ms != 0 && k->due_at_ms <= now;
                if (k->epoch != 0 && (s.oldest_ms == 0 || k->created_at_ms < s.oldest_ms))
                        s.oldest_ms = k->created_at_ms;
        }
        return s;
}

static const char *domain_of(const struct cli *cli, const struct wire_key *k)
{
        const char *text =
                arena_printf(cli->arena, "%s/%04u", text_from(cli, k->name), k->municipality);

        return text != NULL ? text : "";
}

static enum err keys_table(const struct cli *cli, const struct wire_keys *keys, bool domains)
{
        const struct domain_sum s = sum_domains(keys);

        TRY(list_keys(cli, keys, domains));
        (void)fputc('\n', cli->out);
        if (s.live > 0)
                say(cli, WORD_KEYS_DOMAINS, number_of(cli, s.live), day_of(cli, s.oldest_ms));
        else
                say(cli, WORD_KEYS_NO_DOMAINS);
        if (s.rotating > 0)
                say(cli, WORD_KEYS_ROTATING, number_of(cli, s.rotating),
                        number_of(cli, s.records_left));
        if (s.owing > 0)
                say(cli, WORD_KEYS_OWE, number_of(cli, s.owing), number_of(cli, s.records_owing));
        if (s.destroyed > 0)
                say(cli, WORD_KEYS_ENDED, number_of(cli, s.destroyed));
        if (s.unreadable > 0)
                say(cli, WORD_KEYS_UNREADABLE, number_of(cli, s.unreadable),
                        domain_of(cli, s.first_unreadable));
        if (s.due > 0)
                say(cli, WORD_KEYS_DOMAINS_DUE, number_of(cli, s.due));
        return ERR_OK;
}

/* For programs ---------------------------------------------------------------- */

static void put_time(FILE *to, const char *key, int64_t at_ms)
{
        char text[25];

        if (at_ms == 0) {
                (void)fprintf(to, ", \"%s\": null", key);
                return;
        }
        clock_format(at_ms, text);
        (void)fprintf(to, ", \"%s\": \"%s\"", key, text);
}

static void put_number(FILE *to, const char *key, uint64_t n)
{
        (void)fprintf(to, ", \"%s\": %llu", key, (unsigned long long)n);
}

static enum err keys_json(const struct cli *cli, const struct wire_keys *keys)
{
        FILE *to = cli->out;

        (void)fputs("{\n  \"format\": \"" KEYS_FORMAT "\",\n  \"keys\": [", to);
        for (uint32_t i = 0; i < keys->len; i++) {
                const struct wire_key *k = &keys->keys[i];

                (void)fputs(i > 0 ? ",\n    {\"kind\": " : "\n    {\"kind\": ", to);
                json_text(to, k->kind);
                (void)fputs(", \"name\": ", to);
                json_text(to, k->name);
                if (is_domain(k)) {
                        (void)fprintf(to, ", \"municipality\": \"%04u\"", k->municipality);
                        put_number(to, "batches_left", k->batches_left);
                        put_number(to, "records_left", k->records_left);
                        put_number(to, "records_owing", k->records_owing);
                } else if (k->records_owing > 0) {
                        (void)fprintf(to, ", \"municipality\": \"%04u\"", k->municipality);
                        put_number(to, "events_owing", k->records_owing);
                }
                put_number(to, "epoch", k->epoch);
                put_number(to, "oldest", k->oldest);
                put_number(to, "highest", k->highest);
                put_time(to, "created_at", k->created_at_ms);
                put_time(to, "accepted_until", k->until_ms);
                put_time(to, "due_at", k->due_at_ms);
                if (k->required > 0) {
                        put_number(to, "required", k->required);
                        put_number(to, "total", k->total);
                }
                (void)fputc('}', to);
        }
        (void)fputs(keys->len > 0 ? "\n  ]\n}\n" : "]\n}\n", to);
        return stream_end(to);
}

/* status ------------------------------------------------------------------------ */

static enum exit_code ask_keys(struct cli *cli, struct wire_keys *out)
{
        const struct ask ask = {.path = "/statgate.v1.Operations/ListKeys",
                .fallback = "operator",
                .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = key_list_decode(cli->arena, wire, out);

        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

static enum exit_code run_keys_status(struct cli *cli, const struct arguments *args)
{
        struct wire_keys keys;
        bool json;

        if (!format_of(cli, args, &json))
                return EXIT_CODE_USAGE;

        enum exit_code code = ask_keys(cli, &keys);

        if (code != EXIT_CODE_OK)
                return code;
        return print_ended(cli, json ? keys_json(cli, &keys)
                                     : keys_table(cli, &keys, option_given(args, "domains")));
}

/* rotate ------------------------------------------------------------------------ */

static bool municipality_option(
        const struct cli *cli, const struct arguments *args, municipality_t *out)
{
        const char *text = option_text(args, "municipality");

        *out = 0;
        if (text == NULL || municipality_parse(text, (uint32_t)strlen(text), out))
                return true;
        complain(cli, WORD_OPTION_VALUE, "municipality");
        return false;
}

static bool days_option(const struct cli *cli, const struct arguments *args, uint32_t *out)
{
        const char *text = option_text(args, "overlap");
        int64_t days = 0;

        if (text != NULL &&
                (!bytes_decimal(bytes_of_text(text), 0, &days) || days < 0 || days > UINT16_MAX)) {
                complain(cli, WORD_OPTION_VALUE, "overlap");
                return false;
        }
        *out = (uint32_t)days;
        return true;
}

/* How far the records are, until all lie under the newest keys. */
static enum exit_code follow(struct cli *cli)
{
        uint64_t shown = UINT64_MAX;

        for (;;) {
                struct wire_keys keys;
                enum exit_code code = ask_keys(cli, &keys);

                if (code != EXIT_CODE_OK)
                        return code;
                const struct domain_sum s = sum_domains(&keys);

                if (s.rotating == 0)
                        break;
                if (s.records_left != shown)
                        note(cli, WORD_KEYS_ROTATING, number_of(cli, s.rotating),
                                number_of(cli, s.records_left));
                shown = s.records_left;
                (void)usleep(LIVE_MS * 1000);
        }
        say(cli, WORD_KEYS_FOLLOWED);
        return EXIT_CODE_OK;
}

static enum exit_code run_keys_rotate(struct cli *cli, const struct arguments *args)
{
        const char *kind = argument_nth(args, 0), *dataset = option_text(args, "dataset");
        OWNED(buf_done) struct buf request = {.ceiling = 1024};
        struct ask ask = {.path = "/statgate.v1.Operations/RotateKeys",
                .fallback = "operator",
                .timeout_ms = ASK_LONG_MS};
        struct wire_rotate rotate = {.kind = bytes_of_text(kind),
                .dataset = bytes_of_text(dataset != NULL ? dataset : ""),
                .forget_answers = option_given(args, "forget-answers")};
        bool domains = strcmp(kind, "domain") == 0;
        uint32_t rotated = 0;
        struct bytes wire;

        if (!municipality_option(cli, args, &rotate.municipality) ||
                !days_option(cli, args, &rotate.overlap_days))
                return EXIT_CODE_USAGE;
        enum err rc = rotate_encode(&rotate, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = rotated_decode(cli->arena, wire, &rotated);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        if (domains)
                say(cli, WORD_KEYS_ROTATED, number_of(cli, rotated));
        else if (strcmp(kind, "person") == 0)
                say(cli, WORD_KEYS_PERSONS_BEGUN);
        else if (strcmp(kind, "settle") == 0)
                say(cli, rotated > 0 ? WORD_KEYS_PERSONS_SETTLED : WORD_KEYS_ANSWERS_GIVEN_UP);
        else
                say(cli, WORD_KEYS_PAIR_ROTATED, kind);
        return domains && option_given(args, "wait") ? follow(cli) : EXIT_CODE_OK;
}

/* destroy ----------------------------------------------------------------------- */

/* The name typed again, or --yes. */
static enum exit_code confirm(
        const struct cli *cli, const struct arguments *args, const char *domain)
{
        char line[NAME_MAX_LEN + ANSWER_MAX];

        if (option_given(args, "yes"))
                return EXIT_CODE_OK;
        if (isatty(STDIN_FILENO) == 0 || !cli->terminal_err) {
                complain(cli, WORD_WITHDRAW_NEEDS_YES);
                return EXIT_CODE_USAGE;
        }
        cli_put(cli, cli->err, WORD_DESTROY_ASK, CLI_ARGS(domain));
        (void)fflush(cli->err);
        if (fgets(line, sizeof line, stdin) != NULL) {
                line[strcspn(line, "\r\n")] = '\0';
                if (strcmp(line, domain) == 0)
                        return EXIT_CODE_OK;
        }
        note(cli, WORD_DESTROY_NOT);
        return EXIT_CODE_USAGE;
}

static enum exit_code run_keys_destroy(struct cli *cli, const struct arguments *args)
{
        OWNED(buf_done) struct buf request = {.ceiling = 1024};
        struct ask ask = {.path = "/statgate.v1.Operations/DestroyDomain",
                .fallback = "dpo",
                .timeout_ms = ASK_LONG_MS};
        struct wire_domain wanted = {.dataset = bytes_of_text(option_text(args, "dataset"))};
        struct wire_destroyed gone;
        struct bytes wire;
        char vintage[32];

        if (!municipality_option(cli, args, &wanted.municipality))
                return EXIT_CODE_USAGE;
        const char *domain = arena_printf(
                cli->arena, "%s/%04u", option_text(args, "dataset"), wanted.municipality);
        enum exit_code code = domain != NULL ? confirm(cli, args, domain) : EXIT_CODE_INTERNAL;

        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = destroy_encode(&wanted, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        code = cli_ask(cli, cli->arena, &ask, &wire);
        if (code != EXIT_CODE_OK)
                return code;
        rc = destroyed_decode(cli->arena, wire, &gone);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        say(cli, WORD_DESTROYED, domain, number_of(cli, gone.submissions),
                number_of(cli, gone.batches), number_of(cli, gone.records));
        vintage_text(gone.revised, vintage);
        if (gone.revised.number != 0)
                say(cli, WORD_WITHDRAWN_REVISED, vintage);
        return EXIT_CODE_OK;
}

/* removals ---------------------------------------------------------------------- */

static enum exit_code ask_removals(struct cli *cli, uint64_t from, struct wire_removals *out)
{
        OWNED(buf_done) struct buf request = {.ceiling = 64};
        struct ask ask = {.path = "/statgate.v1.Operations/ListRemovals",
                .fallback = "dpo",
                .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;
        enum err rc = removals_request_encode(from, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = removals_decode(cli->arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

static const char *submission_of(const struct cli *cli, const struct wire_removal *r)
{
        char uuid[UUID_TEXT];

        if (!r->of_submission)
                return "";
        uuid_format(&r->submission, uuid);
        return text_from(cli, bytes_of_text(uuid));
}

static const char *period_of(const struct cli *cli, const struct wire_removal *r)
{
        char period[24];

        if (!r->of_submission)
                return "";
        period_format(r->period, period);
        return text_from(cli, bytes_of_text(period));
}

static enum err list_removal(const struct cli *cli, struct listing *l, const struct wire_removal *r)
{
        char at[INSTANT_TEXT];
        const char *texts[] = {number_of(cli, r->number),
                text_from(cli, bytes_of_text(instant_text(r->at_ms, at))),
                text_from(cli, r->reason), code_of(cli, r->municipality),
                text_from(cli, r->dataset), period_of(cli, r), number_of(cli, r->batches),
                number_of(cli, r->records), submission_of(cli, r)};

        return listing_add(l, texts);
}

static void put_removal(FILE *to, const struct cli *cli, const struct wire_removal *r, bool first)
{
        (void)fprintf(
                to, "%s\n    {\"number\": %llu", first ? "" : ",", (unsigned long long)r->number);
        put_time(to, "at", r->at_ms);
        (void)fputs(", \"reason\": ", to);
        json_text(to, r->reason);
        (void)fprintf(to, ", \"municipality\": \"%04u\", \"dataset\": ", r->municipality);
        json_text(to, r->dataset);
        if (r->of_submission)
                (void)fprintf(to, ", \"submission\": \"%s\", \"period\": \"%s\"",
                        submission_of(cli, r), period_of(cli, r));
        put_number(to, "batches", r->batches);
        put_number(to, "records", r->records);
        if (r->has_digest) {
                (void)fputs(", \"digest\": ", to);
                json_digest(to, &r->digest);
        }
        (void)fputc('}', to);
}

/* All of them, some at a time. */
static enum exit_code each_removal(
        struct cli *cli, uint64_t from, struct listing *l, uint64_t *out_len)
{
        struct wire_removals some = {.len = 0};

        *out_len = 0;
        do {
                enum exit_code code = ask_removals(cli, from, &some);

                if (code != EXIT_CODE_OK)
                        return code;
                for (uint32_t i = 0; i < some.len; i++) {
                        if (l == NULL)
                                put_removal(cli->out, cli, &some.removals[i], *out_len == 0);
                        else if (list_removal(cli, l, &some.removals[i]) != ERR_OK)
                                return EXIT_CODE_INTERNAL;
                        from = some.removals[i].number + 1;
                        (*out_len)++;
                }
        } while (some.len == WIRE_REMOVALS_MAX);
        return EXIT_CODE_OK;
}

static enum exit_code removals_json(struct cli *cli, uint64_t from)
{
        uint64_t len;

        (void)fputs("{\n  \"format\": \"" REMOVALS_FORMAT "\",\n  \"removals\": [", cli->out);
        enum exit_code code = each_removal(cli, from, NULL, &len);

        if (code != EXIT_CODE_OK)
                return code;
        (void)fputs(len > 0 ? "\n  ]\n}\n" : "]\n}\n", cli->out);
        return print_ended(cli, stream_end(cli->out));
}

static enum exit_code removals_table(struct cli *cli, uint64_t from)
{
        static const struct lane_head heads[] = {{WORD_HEAD_NUMBER, SIDE_RIGHT},
                {WORD_HEAD_WHEN, SIDE_LEFT}, {WORD_HEAD_REASON, SIDE_LEFT},
                {WORD_HEAD_MUNICIPALITY_CODE, SIDE_LEFT}, {WORD_HEAD_DATASET, SIDE_LEFT},
                {WORD_SUBMISSION_PERIOD, SIDE_LEFT}, {WORD_HEAD_BATCHES, SIDE_RIGHT},
                {WORD_HEAD_RECORDS, SIDE_RIGHT}, {WORD_HEAD_SUBMISSION, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;
        uint64_t len;

        if (listing_new(cli, heads, ARRAY_LEN(heads), &l) != ERR_OK)
                return EXIT_CODE_INTERNAL;
        enum exit_code code = each_removal(cli, from, l, &len);

        if (code != EXIT_CODE_OK)
                return code;
        if (len == 0) {
                say(cli, WORD_REMOVALS_NONE);
                return EXIT_CODE_OK;
        }
        return print_ended(cli, listing_print(l, cli->out));
}

static enum exit_code run_removals(struct cli *cli, const struct arguments *args)
{
        const char *text = option_text(args, "from");
        int64_t from = 1;
        bool json;

        if (!format_of(cli, args, &json))
                return EXIT_CODE_USAGE;
        if (text != NULL && (!bytes_decimal(bytes_of_text(text), 0, &from) || from < 1)) {
                complain(cli, WORD_OPTION_VALUE, "from");
                return EXIT_CODE_USAGE;
        }
        return json ? removals_json(cli, (uint64_t)from) : removals_table(cli, (uint64_t)from);
}

/* Commands ---------------------------------------------------------------------- */

static const struct option_spec status_options[] = {
        {"domains", NULL, NULL, false, false,
                {"visa varje domän för sig", "show every domain by itself"}},
        {"format", "table|json", "table", false, false, {"utformat", "output format"}},
};

const struct command command_keys_status = {
        .name = "keys status",
        .arguments = "",
        .summary = {"nycklarnas ålder och epoker; aldrig en nyckel",
                "ages and epochs of the keys; never a key"},
        .details = {"En domän är en datamängd i en kommun. Medan den byter nycklar visas hur många "
                    "poster som ligger kvar under de gamla.",
                "A domain is one data set of one municipality. While it rotates, the records that "
                "still lie under the old keys are told."},
        .options = status_options,
        .options_len = ARRAY_LEN(status_options),
        .run = run_keys_status,
};

static const struct option_spec rotate_options[] = {
        {"dataset", "NAME", NULL, false, false,
                {"bara denna datamängds domäner", "domains of this data set only"}},
        {"municipality", "CODE", NULL, false, false,
                {"bara denna kommuns domäner", "domains of this municipality only"}},
        {"overlap", "DAYS", "0", false, false,
                {"så länge godtas det gamla nyckelparet vid sidan av det nya",
                        "how long the old pair is accepted beside the new one"}},
        {"wait", NULL, NULL, false, false,
                {"vänta tills alla poster ligger under de nya nycklarna",
                        "wait until all records lie under the new keys"}},
        {"forget-answers", NULL, NULL, false, false,
                {"settle: ge upp vad årgångar som stängs har svarat",
                        "settle: give up what retired vintages have told"}},
};

const struct command command_keys_rotate = {
        .name = "keys rotate",
        .arguments = "domain|sealing|signing|person|settle",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"byt nycklar", "exchange keys"},
        .details = {"Domäner: nya nycklar gäller genast för leveranser, och lagrade poster följer "
                    "efter i bakgrunden utan att någon behöver personnumren. sealing: paret som "
                    "kommunerna förseglar till. signing: paret som nyckelhållaren signerar med. "
                    "person: en andra nyckel för personer; var kommun levererar då om med "
                    "--replace, "
                    "och keys status visar vem som är skyldig. settle: den äldre tar slut, och "
                    "årgångar som bara den kan länka stängs för gott. Har de svarat på något kan "
                    "senare svar inte längre prövas mot det; då krävs --forget-answers, som också "
                    "ger upp vad årgångar som stängdes tidigare har svarat.",
                "Domains: new keys hold for deliveries at once, and stored records follow in the "
                "background; nobody needs the personal numbers for that. sealing: the pair that "
                "municipalities seal to. signing: the pair that the keeper signs with. person: a "
                "second key of persons; every municipality then delivers anew with --replace, and "
                "keys status shows who owes. settle: the older one ends, and vintages that it "
                "alone can link retire. If they have told anything, later answers cannot be held "
                "against it any more; that takes --forget-answers, which also gives up what "
                "vintages that retired before have told."},
        .options = rotate_options,
        .options_len = ARRAY_LEN(rotate_options),
        .run = run_keys_rotate,
};

static const struct option_spec destroy_options[] = {
        {"dataset", "NAME", NULL, true, false, {"datamängden", "the data set"}},
        {"municipality", "CODE", NULL, true, false, {"kommunen", "the municipality"}},
        {"yes", NULL, NULL, false, false, {"fråga inte", "do not ask"}},
};

const struct command command_keys_destroy = {
        .name = "keys destroy",
        .arguments = "",
        .summary = {"förstör en domäns nycklar och allt som ligger under dem, för alltid",
                "destroy the keys of a domain and all that lies under them, for good"},
        .details = {"Även kopior av lagret blir oläsliga. Vad som gick står kvar som bevis under "
                    "statgate removals.",
                "Copies of the store become unreadable too. What went stays told, as proof, under "
                "statgate removals."},
        .options = destroy_options,
        .options_len = ARRAY_LEN(destroy_options),
        .run = run_keys_destroy,
};

static const struct option_spec removals_options[] = {
        {"from", "NUMBER", "1", false, false, {"från detta nummer", "from this number on"}},
        {"format", "table|json", "table", false, false, {"utformat", "output format"}},
};

const struct command command_removals = {
        .name = "removals",
        .arguments = "",
        .summary = {"vad som tagits bort, när och varför", "what was taken away, when and why"},
        .details = {"Återtaganden, gallring, förstörda domäner och radering. En raderad person "
                    "nämns inte; en radering står här även när ingen fanns.",
                "Withdrawals, retention, destroyed domains and erasures. An erased person is not "
                "named; an erasure is told also when there was nobody."},
        .options = removals_options,
        .options_len = ARRAY_LEN(removals_options),
        .run = run_removals,
};
