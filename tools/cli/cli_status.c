/* SPDX-License-Identifier: Apache-2.0 */
/* cli_status.c: `statgate status` and `statgate reload`: for whoever runs it. */
#include <string.h>

#include "base/clock.h"
#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/json.h"
#include "tools/cli/listing.h"
#include "tools/cli/render_parts.h"

#define STATUS_FORMAT "statgate.status.1"

enum { DIGEST_SHOWN = 8 }; /* bytes: enough to compare by eye */

static const char *digest_text(const struct cli *cli, const struct digest *d)
{
        char hex[2 * DIGEST_SHOWN + 1];

        hex_encode(bytes_of(d->bytes, DIGEST_SHOWN), hex);
        return text_from(cli, bytes_of_text(hex));
}

static const char *number_text(const struct cli *cli, uint64_t n)
{
        char text[NUMBER_TEXT];

        return text_from(cli, bytes_of_text(cli_number(cli, n, text)));
}

/* 1,5 GiB */
static const char *size_text(const struct cli *cli, uint64_t bytes)
{
        static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
        char number[VALUE_TEXT];
        uint64_t tenths = bytes;
        size_t unit = 0;

        for (; tenths >= UINT64_C(1024) * 1024 && unit + 2 < ARRAY_LEN(units); unit++)
                tenths /= 1024;
        if (tenths >= 1024) {
                tenths = tenths * 10 / 1024;
                unit++;
                (void)value_for_people(cli->lang, (int64_t)tenths, 1, number);
        } else {
                (void)value_for_people(cli->lang, (int64_t)tenths, 0, number);
        }

        const char *text = arena_printf(cli->arena, "%s %s", number, units[unit]);

        return text != NULL ? text : "";
}

/* For people -------------------------------------------------------------- */

enum { NAME_COLUMNS = 26 };

static void name(const struct cli *cli, enum word w)
{
        unsigned columns = text_columns(bytes_of_text(cli_word(cli, w)));

        (void)fprintf(cli->out, "%s%*s", cli_word(cli, w),
                columns < NAME_COLUMNS ? (int)(NAME_COLUMNS - columns) : 1, "");
}

static void row(const struct cli *cli, enum word w, const char *value)
{
        name(cli, w);
        (void)fprintf(cli->out, "%s\n", value);
}

static enum err list_views(const struct cli *cli, const struct wire_status *s)
{
        static const struct lane_head heads[] = {{WORD_HEAD_LINKAGE, SIDE_LEFT},
                {WORD_HEAD_DATASET, SIDE_LEFT}, {WORD_HEAD_VINTAGE, SIDE_RIGHT},
                {WORD_HEAD_RECORDS, SIDE_RIGHT}, {WORD_HEAD_PERSONS, SIDE_RIGHT},
                {WORD_HEAD_MEMORY, SIDE_RIGHT}, {WORD_HEAD_BUILT, SIDE_RIGHT}};
        OWNED(listing_free) struct listing *l = NULL;

        if (s->views_len == 0)
                return ERR_OK;
        (void)fputc('\n', cli->out);
        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < s->views_len; i++) {
                const struct wire_view_status *v = &s->views[i];
                char vintage[32], built[32];

                vintage_text(v->vintage, vintage);
                (void)snprintf(built, sizeof built, "%u ms", v->build_ms);

                const char *texts[] = {text_from(cli, v->linkage), text_from(cli, v->dataset),
                        vintage, number_text(cli, v->records), number_text(cli, v->persons),
                        size_text(cli, v->bytes), built};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

/* "12 % / 25 000", "3 / 100"; empty where there is no limit. */
static const char *of_most(const struct cli *cli, uint32_t used, const char *unit, uint32_t most)
{
        const char *text = "";

        if (most > 0)
                text = arena_printf(cli->arena, "%s%s / %s", number_text(cli, used), unit,
                        number_text(cli, most));
        return text != NULL ? text : "";
}

static const char *refused_text(const struct cli *cli, const struct wire_quota_status *q)
{
        int64_t at = q->persons_refused_at_ms > q->erasures_refused_at_ms
                             ? q->persons_refused_at_ms
                             : q->erasures_refused_at_ms;
        char instant[INSTANT_TEXT];
        const char *text = "";

        if (at > 0)
                text = arena_printf(cli->arena, "%s %s", cli_word(cli, WORD_STATUS_REFUSED),
                        instant_text(at, instant));
        return text != NULL ? text : "";
}

/* Municipalities that have used any of their quotas. */
static enum err list_quotas(const struct cli *cli, const struct wire_status *s)
{
        static const struct lane_head heads[] = {{WORD_HEAD_MUNICIPALITY_CODE, SIDE_LEFT},
                {WORD_HEAD_QUOTA_PERSONS, SIDE_RIGHT}, {WORD_HEAD_QUOTA_ERASURES, SIDE_RIGHT},
                {WORD_HEAD_NOTE, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;

        if (s->quotas_len == 0)
                return ERR_OK;
        (void)fputc('\n', cli->out);
        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < s->quotas_len; i++) {
                const struct wire_quota_status *q = &s->quotas[i];
                char code[8];

                (void)snprintf(code, sizeof code, "%04u", q->municipality);

                const char *texts[] = {code,
                        of_most(cli, q->persons_percent, " %", q->persons_most),
                        of_most(cli, q->erasures, "", q->erasures_most), refused_text(cli, q)};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

static enum err status_table(const struct cli *cli, const struct wire_status *s)
{
        char started[INSTANT_TEXT];

        row(cli, WORD_STATUS_VERSION, text_from(cli, s->version));
        row(cli, WORD_STATUS_STARTED, instant_text(s->started_at_ms, started));
        row(cli, WORD_STATUS_KEEPER,
                cli_word(cli, s->keeper_alive ? WORD_STATUS_ALIVE : WORD_STATUS_GONE));
        row(cli, WORD_STATUS_KEYRING, number_text(cli, s->keyring_generation));
        name(cli, WORD_STATUS_POLICY);
        say(cli, WORD_STATUS_POLICY_VALUE, number_text(cli, s->policy_version),
                digest_text(cli, &s->policy));
        row(cli, WORD_STATUS_OPEN, number_text(cli, s->submissions_open));
        row(cli, WORD_STATUS_COMMITTED, number_text(cli, s->submissions_committed));
        row(cli, WORD_STATUS_RECORDS, number_text(cli, s->records_committed));
        row(cli, WORD_STATUS_STORE, size_text(cli, s->store_bytes));
        name(cli, WORD_STATUS_CALLS);
        say(cli, WORD_STATUS_CALLS_VALUE, number_text(cli, s->calls),
                number_text(cli, s->calls_refused), number_text(cli, s->calls_failed));
        if (s->domains_rotating > 0) {
                name(cli, WORD_STATUS_EXCHANGE);
                say(cli, WORD_KEYS_ROTATING, number_text(cli, s->domains_rotating),
                        number_text(cli, s->records_left));
        }
        if (s->domains_owing > 0) {
                name(cli, WORD_STATUS_EXCHANGE);
                say(cli, WORD_KEYS_OWE, number_text(cli, s->domains_owing),
                        number_text(cli, s->records_owing));
        }
        TRY(list_quotas(cli, s));
        return list_views(cli, s);
}

/* For programs ------------------------------------------------------------ */

static void put_counter(FILE *to, const char *key, uint64_t n)
{
        (void)fprintf(to, ",\n  \"%s\": %llu", key, (unsigned long long)n);
}

static void put_views(FILE *to, const struct wire_status *s)
{
        (void)fputs(",\n  \"views\": [", to);
        for (uint32_t i = 0; i < s->views_len; i++) {
                const struct wire_view_status *v = &s->views[i];
                char vintage[32];

                vintage_text(v->vintage, vintage);
                (void)fputs(i > 0 ? ",\n    {\"linkage\": " : "\n    {\"linkage\": ", to);
                json_text(to, v->linkage);
                (void)fputs(", \"dataset\": ", to);
                json_text(to, v->dataset);
                (void)fprintf(to,
                        ", \"vintage\": \"%s\", \"records\": %llu, \"persons\": %llu, "
                        "\"bytes\": %llu, \"build_ms\": %u}",
                        vintage, (unsigned long long)v->records, (unsigned long long)v->persons,
                        (unsigned long long)v->bytes, v->build_ms);
        }
        (void)fputs(s->views_len > 0 ? "\n  ]\n}\n" : "]\n}\n", to);
}

static void put_instant(FILE *to, const char *key, int64_t at_ms)
{
        char text[25];

        if (at_ms == 0) {
                (void)fprintf(to, ", \"%s\": null", key);
                return;
        }
        clock_format(at_ms, text);
        (void)fprintf(to, ", \"%s\": \"%s\"", key, text);
}

static void put_quotas(FILE *to, const struct wire_status *s)
{
        (void)fputs(",\n  \"quotas\": [", to);
        for (uint32_t i = 0; i < s->quotas_len; i++) {
                const struct wire_quota_status *q = &s->quotas[i];

                (void)fprintf(to,
                        "%s\n    {\"municipality\": \"%04u\", \"persons_most\": %u, "
                        "\"persons_percent\": %u, \"erasures_most\": %u, \"erasures\": %u",
                        i > 0 ? "," : "", q->municipality, q->persons_most, q->persons_percent,
                        q->erasures_most, q->erasures);
                put_instant(to, "persons_refused_at", q->persons_refused_at_ms);
                put_instant(to, "erasures_refused_at", q->erasures_refused_at_ms);
                (void)fputc('}', to);
        }
        (void)fputs(s->quotas_len > 0 ? "\n  ]" : "]", to);
}

static enum err status_json(const struct cli *cli, const struct wire_status *s)
{
        FILE *to = cli->out;
        char started[25];

        clock_format(s->started_at_ms, started);
        (void)fputs("{\n  \"format\": \"" STATUS_FORMAT "\",\n  \"version\": ", to);
        json_text(to, s->version);
        (void)fprintf(to, ",\n  \"started_at\": \"%s\",\n  \"keeper_alive\": %s", started,
                s->keeper_alive ? "true" : "false");
        put_counter(to, "keyring_generation", s->keyring_generation);
        put_counter(to, "policy_version", s->policy_version);
        (void)fputs(",\n  \"policy_digest\": ", to);
        json_digest(to, &s->policy);
        put_counter(to, "submissions_open", s->submissions_open);
        put_counter(to, "submissions_committed", s->submissions_committed);
        put_counter(to, "records_committed", s->records_committed);
        put_counter(to, "store_bytes", s->store_bytes);
        put_counter(to, "calls", s->calls);
        put_counter(to, "calls_refused", s->calls_refused);
        put_counter(to, "calls_failed", s->calls_failed);
        put_counter(to, "domains_rotating", s->domains_rotating);
        put_counter(to, "records_left", s->records_left);
        put_counter(to, "domains_owing", s->domains_owing);
        put_counter(to, "records_owing", s->records_owing);
        put_quotas(to, s);
        put_views(to, s);
        return stream_end(to);
}

/* Commands ---------------------------------------------------------------- */

static enum exit_code run_status(struct cli *cli, const struct arguments *args)
{
        const struct ask ask = {.path = "/statgate.v1.Operations/GetStatus",
                .fallback = "operator",
                .timeout_ms = ASK_SHORT_MS};
        const char *format = option_text(args, "format");
        bool json = format != NULL && strcmp(format, "json") == 0;
        struct wire_status status;
        struct bytes wire;

        if (format != NULL && !json && strcmp(format, "table") != 0) {
                complain(cli, WORD_OPTION_VALUE, "format");
                return EXIT_CODE_USAGE;
        }

        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = status_decode(cli->arena, wire, &status);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        return print_ended(cli, json ? status_json(cli, &status) : status_table(cli, &status));
}

static enum exit_code run_reload(struct cli *cli, const struct arguments *args)
{
        const struct ask ask = {.path = "/statgate.v1.Operations/Reload",
                .fallback = "operator",
                .timeout_ms = ASK_SHORT_MS};
        struct wire_reloaded reloaded;
        struct bytes wire;
        enum exit_code code = cli_ask(cli, cli->arena, &ask, &wire);

        (void)args;
        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = reloaded_decode(cli->arena, wire, &reloaded);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        say(cli, reloaded.policy_changed ? WORD_RELOADED_POLICY : WORD_RELOADED_SAME,
                number_text(cli, reloaded.policy_version), digest_text(cli, &reloaded.policy));
        if (reloaded.certificates_changed)
                say(cli, WORD_RELOADED_CERTIFICATES);
        return EXIT_CODE_OK;
}

static const struct option_spec status_options[] = {
        {"format", "table|json", "table", false, false, {"utformat", "output format"}},
};

const struct command command_status = {
        .name = "status",
        .arguments = "",
        .summary = {"slussens läge och räknare", "the gateway's state and counters"},
        .options = status_options,
        .options_len = ARRAY_LEN(status_options),
        .run = run_status,
};

const struct command command_reload = {
        .name = "reload",
        .arguments = "",
        .summary = {"läs om regelverk och certifikat", "read policy and certificates again"},
        .details = {"Ett regelverk eller certifikat som inte är giltigt lämnar det som gäller "
                    "kvar.",
                "A policy or certificate that is not valid leaves the running one in place."},
        .run = run_reload,
};
