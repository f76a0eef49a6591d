/* SPDX-License-Identifier: Apache-2.0 */
/* policy_rehearse.c: `statgate policy rehearse`: what a proposed bundle would mean for the
 * questions that were asked, told before anybody signs it.
 *
 * The report is written into the proposed bundle's folder, where signing finds it. */
#include <errno.h>
#include <fts.h>
#include <string.h>

#include "policies/rehearsal.h"
#include "tools/cli/ask.h"
#include "tools/cli/audit/log_stream.h"
#include "tools/cli/bundle.h"
#include "tools/cli/files.h"
#include "tools/cli/progress.h"
#include "tools/cli/render_frame.h"
#include "tools/client/client.h"

enum { NO_DEADLINE = 0, MESSAGE_ARENA = 64 << 20 };

/* The files --------------------------------------------------------------------------- */

static enum err take_file(
        struct cli *cli, const char *root, const char *path, struct wire_rehearsal *out)
{
        struct wire_bundle_file *file = (struct wire_bundle_file *)(uintptr_t)&out->files[out->len];

        if (out->len == WIRE_BUNDLE_FILES_MAX)
                return ERR_LIMIT;
        TRY(file_read(cli->arena, path, &file->content));
        TRY(bytes_copy(cli->arena, bytes_of_text(path + strlen(root) + 1), &file->path));
        out->len++;
        return ERR_OK;
}

static bool is_wanted(const char *name)
{
        const char *end = strrchr(name, '.');

        return end != NULL && strcmp(end, ".yaml") == 0;
}

/* Every YAML file below the folder. */
static enum err take_folder(struct cli *cli, const char *folder, struct wire_rehearsal *out)
{
        char *root = arena_strndup(cli->arena, folder, strlen(folder));
        char *paths[] = {root, NULL};
        enum err rc = ERR_OK;
        FTS *walk;

        if (root == NULL)
                return ERR_NO_MEMORY;
        while (strlen(root) > 1 && root[strlen(root) - 1] == '/')
                root[strlen(root) - 1] = '\0';
        walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        if (walk == NULL)
                return ERR_UNREADABLE;
        for (FTSENT *e; rc == ERR_OK && (e = fts_read(walk)) != NULL;)
                if (e->fts_info == FTS_F && is_wanted(e->fts_name))
                        rc = take_file(cli, root, e->fts_path, out);
        (void)fts_close(walk);
        return rc == ERR_OK && out->len == 0 ? ERR_NOT_FOUND : rc;
}

/* The conversation ---------------------------------------------------------------------- */

struct rehearsed {
        struct cli *cli;
        struct progress progress;
        uint64_t questions, times, answered, refused, cells, shown, hidden;
        struct bytes report;
        struct digest digest;
        bool drawing, done;
};

static void add_up(struct rehearsed *r, const struct wire_rehearsal_progress *p)
{
        for (uint32_t i = 0; i < p->len; i++) {
                const struct wire_rehearsed *q = &p->questions[i];
                bool was = bytes_is_text(q->before, "OK"), is = bytes_is_text(q->after, "OK");

                r->questions++;
                r->times += q->times;
                r->answered += is && !was;
                r->refused += was && !is;
                r->cells += q->cells;
                r->shown += q->newly_shown;
                r->hidden += q->newly_protected;
        }
}

static enum err listen(struct rehearsed *r, struct call *call)
{
        OWNED(arena_free) struct arena *arena = arena_new(MESSAGE_ARENA);
        struct wire_rehearsal_progress p;
        struct bytes message;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        while (!r->done) {
                arena_reset(arena);
                TRY(call_receive(call, arena, &message));
                TRY(rehearsal_progress_decode(arena, message, &p));
                if (!r->drawing)
                        progress_start(&r->progress, r->cli, p.total, !r->cli->terminal_err);
                r->drawing = true;
                progress_show(&r->progress, p.done);
                add_up(r, &p);
                if (!p.has_report)
                        continue;
                TRY(bytes_copy(r->cli->arena, p.report, &r->report));
                r->digest = p.report_digest;
                r->done = true;
        }
        return ERR_OK;
}

static enum err converse(struct rehearsed *r, struct call *call, const struct wire_rehearsal *wish)
{
        OWNED(buf_done) struct buf wire;
        struct bytes bytes;

        buf_init(&wire, MESSAGE_ARENA);
        TRY(rehearsal_encode(wish, &wire));
        TRY(buf_end(&wire, &bytes));
        TRY(call_send(call, bytes));
        TRY(call_half_close(call));
        return listen(r, call);
}

static enum exit_code ask(struct rehearsed *r, const struct wire_rehearsal *wish)
{
        OWNED(client_close) struct client *client = NULL;
        OWNED(call_free) struct call *call = NULL;
        struct call_status status = {.code = STATUS_UNAVAILABLE};
        struct cli *cli = r->cli;
        enum exit_code code = cli_reach(cli, "dpo", &client);

        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = call_start(client, "/statgate.v1.Audit/RehearsePolicy", NO_DEADLINE, &call);

        if (rc == ERR_OK)
                rc = converse(r, call, wish);
        if (r->drawing)
                progress_end(&r->progress);
        if (rc == ERR_MALFORMED || rc == ERR_NO_MEMORY)
                return answer_wrong(cli, rc);
        enum err end = call != NULL ? call_finish(call, &status) : rc;

        if (end != ERR_OK)
                return cli_call_failed(cli, end, &status);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

/* The command -------------------------------------------------------------------------------- */

/* Of the attacks that gain more than their statistical error the one that gains most; NULL:
 * there is none. */
static const struct measured_attack *worst_of(const struct policy_preset *x, uint32_t *out_leaks)
{
        const struct measured_attack *worst = NULL;
        int64_t most = 0;

        *out_leaks = 0;
        for (uint32_t i = 0; i < x->measured_len; i++) {
                const struct measured_attack *m = &x->measured[i];
                int64_t gain = (int64_t)m->recovered_permille - m->baseline_permille;

                if (!m->leaks)
                        continue;
                (*out_leaks)++;
                if (worst == NULL || gain > most)
                        worst = m;
                most = worst == m ? gain : most;
        }
        return worst;
}

static void tell_measured(const struct cli *cli, const struct policy_preset *x)
{
        char attacks[NUMBER_TEXT], leaking[NUMBER_TEXT], right[NUMBER_TEXT], without[NUMBER_TEXT];
        uint32_t leaks;
        const struct measured_attack *worst = worst_of(x, &leaks);
        const char *id = text_from(cli, x->id);

        cli_number(cli, x->measured_len, attacks);
        if (worst == NULL)
                say(cli, WORD_REHEARSED_NO_LEAK, id, attacks);
        else
                say(cli, WORD_REHEARSED_ATTACKS, id, attacks, cli_number(cli, leaks, leaking),
                        text_from(cli, worst->attack),
                        cli_number(cli, worst->recovered_permille, right),
                        cli_number(cli, worst->baseline_permille, without));
}

/* What attacks get under the rules that are proposed, as far as anybody has measured. */
static void tell_attacks(const struct cli *cli, const struct policy *proposed, const char *folder)
{
        uint32_t n = 0;
        const struct policy_preset *list = policy_presets(proposed, &n);

        for (uint32_t i = 0; i < n; i++) {
                const char *id = text_from(cli, list[i].id);

                if (!policy_uses_preset(proposed, list[i].id))
                        continue;
                if (list[i].measured_len == 0)
                        say(cli, WORD_REHEARSED_UNMEASURED, id, folder);
                else if (list[i].measured_elsewise)
                        say(cli, WORD_REHEARSED_ELSEWISE, id, folder);
                else
                        tell_measured(cli, &list[i]);
        }
}

static enum exit_code tell(
        struct rehearsed *r, const struct policy *proposed, const char *folder, const char *path)
{
        char a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT];
        char digest[DIGEST_SHORT_TEXT];
        struct cli *cli = r->cli;

        if (r->questions == 0)
                say(cli, WORD_REHEARSED_NOTHING);
        else
                say(cli, WORD_REHEARSED, cli_number(cli, r->questions, a),
                        cli_number(cli, r->times, b), cli_number(cli, r->answered, c),
                        cli_number(cli, r->refused, d));
        if (r->cells > 0)
                say(cli, WORD_REHEARSED_CELLS, cli_number(cli, r->cells, a),
                        cli_number(cli, r->shown, b), cli_number(cli, r->hidden, c));
        tell_attacks(cli, proposed, folder);
        if (file_replace(path, r->report, 0644) != ERR_OK) {
                complain(cli, WORD_CANNOT_WRITE, path, strerror(errno));
                return EXIT_CODE_USAGE;
        }
        say(cli, WORD_REHEARSED_TO, path, digest_short(&r->digest, digest));
        return EXIT_CODE_OK;
}

static enum exit_code moments(
        const struct cli *cli, const struct arguments *args, struct wire_rehearsal *out)
{
        const char *from = option_text(args, "from"), *to = option_text(args, "to");

        if (from != NULL && log_moment(from, false, &out->from_ms) != ERR_OK) {
                complain(cli, WORD_OPTION_VALUE, "from");
                return EXIT_CODE_USAGE;
        }
        if (to != NULL && log_moment(to, true, &out->until_ms) != ERR_OK) {
                complain(cli, WORD_OPTION_VALUE, "to");
                return EXIT_CODE_USAGE;
        }
        return EXIT_CODE_OK;
}

static enum exit_code run_rehearse(struct cli *cli, const struct arguments *args)
{
        OWNED(policy_unref) struct policy *proposed = NULL;
        const char *folder = argument_nth(args, 0);
        struct wire_rehearsal wish = {.len = 0};
        struct rehearsed r = {.cli = cli};
        /* Faults of its own are told here, with file and line, before anything is sent. */
        enum exit_code code = bundle_load(cli, folder, &proposed);

        if (code == EXIT_CODE_OK)
                code = moments(cli, args, &wish);
        if (code != EXIT_CODE_OK)
                return code;
        wish.files = arena_alloc(cli->arena, WIRE_BUNDLE_FILES_MAX, sizeof *wish.files);
        enum err rc = wish.files == NULL ? ERR_NO_MEMORY : take_folder(cli, folder, &wish);

        if (rc != ERR_OK) {
                complain(cli, WORD_REHEARSE_FILES, folder, err_sentence(rc));
                return EXIT_CODE_INPUT;
        }
        const char *path = option_text(args, "out");

        if (path == NULL)
                path = path_join(cli->arena, folder, REHEARSAL_FILE);
        code = path == NULL ? EXIT_CODE_INTERNAL : ask(&r, &wish);
        return code == EXIT_CODE_OK ? tell(&r, proposed, folder, path) : code;
}

static const struct option_spec options[] = {
        {"from", "WHEN", NULL, false, false,
                {"frågor från och med: 2026-03-01, eller 2026-03-01T14:30 (UTC); annars alla",
                        "questions from: 2026-03-01, or 2026-03-01T14:30 (UTC); else all"}},
        {"to", "WHEN", NULL, false, false,
                {"till och med dagen, eller fram till ögonblicket; annars nu",
                        "up to and with the day, or until the moment; else now"}},
        {"out", "FILE", "FOLDER/" REHEARSAL_FILE, false, false,
                {"var rapporten ska stå", "where the report goes"}},
};

const struct command command_policy_rehearse = {
        .name = "policy rehearse",
        .arguments = "FOLDER",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"pröva ett föreslaget regelverk på de frågor som har ställts",
                "try a proposed bundle on the questions that were asked"},
        .details = {"Slussen ställer loggens frågor en gång till på den senaste årgången, under "
                    "regelverket "
                    "som gäller och under det föreslagna, och säger vad som skulle ändras: vilka "
                    "frågor som "
                    "besvaras eller nekas, hur många celler som visas eller skyddas, och vad "
                    "angrepp ger, så som det är mätt av de föreslagna förvalen (tools/attack "
                    "--bundle FOLDER --write mäter dem). Inget värde lämnas ut. Varje tabell "
                    "prövas för sig; minnet av "
                    "tidigare "
                    "svar räknas inte in. Ett regelverk som försvagar skyddet signeras inte utan "
                    "rapporten.",
                "The gateway asks the log's questions once more of the newest vintage, under the "
                "bundle in "
                "force and under the proposed one, and tells what would change: which questions "
                "are "
                "answered or refused, how many cells are shown or protected, and what "
                "attacks get, as measured of the proposed presets (tools/attack --bundle FOLDER "
                "--write measures them). No value leaves. Each table is tried by itself; the "
                "memory of earlier "
                "answers is not "
                "counted in. A bundle that weakens protection is not signed without the report."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_rehearse,
};
