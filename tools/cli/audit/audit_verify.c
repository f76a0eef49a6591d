/* SPDX-License-Identifier: Apache-2.0 */
/* audit_verify.c: `statgate audit verify`: the whole log, held to every head that was signed over
 * it.
 *
 * Entries come from the gateway or from its file. Neither is believed: what is checked is that
 * they are what the signed heads, and those that witnesses were shown, were made of. */
#include <string.h>

#include "gateway/audit/verify.h"
#include "tools/cli/ask.h"
#include "tools/cli/audit/heads_read.h"
#include "tools/cli/audit/log_stream.h"
#include "tools/cli/files.h"
#include "tools/cli/json.h"
#include "tools/cli/progress.h"
#include "tools/cli/render_parts.h"
#include "tools/cli/sealing.h"

enum { FINDINGS_TOLD = 100 };

struct verifying {
        struct cli *cli;
        struct log_check *check;
        struct progress progress;
        uint64_t entries, told, witnessed;
        uint64_t torn;    /* witnesses that have something that is no head */
        uint64_t covered; /* size of the largest head seen */
        uint64_t size;    /* of the log, as its keeper says */
        bool drawing;
};

/* Findings ----------------------------------------------------------------------- */

static bool is_of_head(enum log_finding f)
{
        return f == LOG_FINDING_HEAD_SIGNATURE || f == LOG_FINDING_HEAD_ROOT ||
               f == LOG_FINDING_HEAD_BEYOND || f == LOG_FINDING_HEAD_FORK;
}

static void tell(void *ctx, const struct log_verdict *v)
{
        struct verifying *w = ctx;
        struct cli *cli = w->cli;
        char number[NUMBER_TEXT], at[INSTANT_TEXT];

        if (w->told++ >= FINDINGS_TOLD)
                return;
        if (w->drawing)
                progress_end(&w->progress);
        say(cli, is_of_head(v->finding) ? WORD_LOG_FINDING_HEAD : WORD_LOG_FINDING_AT,
                cli_number(cli, v->number, number), log_finding_sentence(v->finding));
        if (v->witness != NULL)
                say(cli, WORD_LOG_FINDING_WITNESS, v->witness);
        if (v->sound_at_ms == 0)
                say(cli, WORD_LOG_SOUND_NOWHERE);
        else
                say(cli, WORD_LOG_SOUND_UNTIL,
                        cli_number(cli, v->sound_size > 0 ? v->sound_size - 1 : 0, number),
                        instant_text(v->sound_at_ms, at));
}

/* What is checked ------------------------------------------------------------------ */

static enum exit_code add_keys(struct verifying *w, const struct arguments *args)
{
        uint8_t keys[PINNED_MAX][SIGN_PUBLIC_LEN];
        const char *path = option_text(args, "key");
        struct settings settings;
        unsigned len = 0;

        if (path == NULL) {
                enum exit_code code = settings_read(w->cli, &settings);

                if (code != EXIT_CODE_OK)
                        return code;
                path = path_join(w->cli->arena, settings.folder, "client/keeper.pub");
        }
        if (path == NULL)
                return answer_wrong(w->cli, ERR_NO_MEMORY);
        enum err rc = pinned_read(w->cli->arena, path, keys, &len);

        if (rc != ERR_OK) {
                complain(w->cli, rc == ERR_NOT_FOUND ? WORD_LOG_NO_KEY : WORD_KEEPER_PIN_WRONG,
                        path);
                return EXIT_CODE_USAGE;
        }
        for (unsigned i = 0; rc == ERR_OK && i < len; i++)
                rc = log_check_key(w->check, keys[i]);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(w->cli, rc);
}

static enum err add_head(void *ctx, const struct tree_head *head, const char *witness)
{
        struct verifying *w = ctx;

        if (head == NULL) {
                say(w->cli, WORD_LOG_WITNESS_CUT, witness);
                w->torn++;
                return ERR_OK;
        }
        w->witnessed += witness != NULL;
        if (head->size > w->covered)
                w->covered = head->size;
        return log_check_head(w->check, head, witness);
}

static enum err check_page(void *ctx, const struct wire_log_page *page)
{
        struct verifying *w = ctx;

        w->size = page->size;
        if (!w->drawing) {
                progress_start(&w->progress, w->cli, w->covered, !w->cli->terminal_err);
                w->drawing = true;
        }
        for (uint32_t i = 0; i < page->len; i++) {
                const struct wire_log_entry *from = &page->entries[i];
                struct stored_entry e = {.number = from->number,
                        .at_ms = from->at_ms,
                        .kind = from->kind,
                        .commitment = from->commitment,
                        .pruned = from->pruned,
                        .open = from->open,
                        .closed = from->closed};

                memcpy(e.open_salt, from->open_salt, sizeof e.open_salt);
                memcpy(e.closed_salt, from->closed_salt, sizeof e.closed_salt);
                TRY(log_check_entry(w->check, &e));
        }
        w->entries += page->len;
        progress_show(&w->progress, w->entries);
        return ERR_OK;
}

/* The log grows while it is read, by the entry that says so if by nothing else: what is checked is
 * what the heads cover that were there when we began. */
static enum exit_code check_gateway(struct verifying *w)
{
        struct wire_log_request all = {.from = 0};
        enum exit_code code = heads_of_gateway(w->cli, add_head, w);

        if (code == EXIT_CODE_OK && w->covered == 0) {
                complain(w->cli, WORD_LOG_NO_HEAD);
                return EXIT_CODE_REFUSED;
        }
        all.limit = w->covered;
        if (code == EXIT_CODE_OK)
                code = log_stream(w->cli, &all, check_page, w);
        if (w->drawing)
                progress_end(&w->progress);
        return code;
}

/* A file: of a gateway that stands still, or a backup ---------------------------------- */

static enum err check_stored(void *ctx, const struct stored_entry *e)
{
        struct verifying *w = ctx;

        progress_show(&w->progress, ++w->entries);
        return log_check_entry(w->check, e);
}

static enum err check_heads_of(struct verifying *w, struct store *store)
{
        OWNED(arena_free) struct arena *arena = arena_new(FILE_TEXT_MAX);
        struct tree_head *heads;
        uint64_t from = 0;
        uint32_t len = 1;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        while (len > 0) {
                arena_reset(arena);
                TRY(store_heads(store, from, 10000, arena, &heads, &len));
                for (uint32_t i = 0; i < len; i++) {
                        TRY(add_head(w, &heads[i], NULL));
                        from = heads[i].size + 1;
                }
        }
        return ERR_OK;
}

static enum err check_entries_of(struct verifying *w, struct store *store)
{
        uint64_t size; /* on disk: a damaged log has no edge */

        TRY(store_log_size(store, &size));
        progress_start(&w->progress, w->cli, size, !w->cli->terminal_err);
        w->drawing = true;
        enum err rc = store_entries(store, 0, size, check_stored, w);
        progress_end(&w->progress);
        return rc;
}

static enum exit_code check_file(struct verifying *w, const char *path)
{
        OWNED(store_close) struct store *store = NULL;
        enum err rc = ERR_UNREADABLE;

        if (file_exists(path)) /* or it would be made */
                rc = store_open(path, &store);
        if (rc == ERR_OK)
                rc = check_heads_of(w, store);
        if (rc == ERR_OK)
                rc = check_entries_of(w, store);
        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(w->cli, WORD_LOG_STORE_WRONG, path, err_sentence(rc));
        return rc == ERR_CORRUPT ? EXIT_CODE_NOT_GENUINE : EXIT_CODE_USAGE;
}

/* The verdict -------------------------------------------------------------------------- */

static enum exit_code conclude(struct verifying *w)
{
        uint64_t entries = 0, pruned = 0, heads = 0, findings = 0, open;
        char at[INSTANT_TEXT], a[NUMBER_TEXT], b[NUMBER_TEXT], c[NUMBER_TEXT], d[NUMBER_TEXT];
        struct cli *cli = w->cli;
        int64_t signed_at_ms;
        enum err rc = log_check_end(w->check, &entries, &pruned, &heads, &findings);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        open = log_check_unsigned(w->check, &signed_at_ms);
        if (findings > 0)
                say(cli, WORD_LOG_UNSOUND, cli_number(cli, findings, a),
                        cli_number(cli, entries, b), cli_number(cli, heads, c));
        else
                say(cli, WORD_LOG_SOUND, cli_number(cli, entries - open, a),
                        cli_number(cli, pruned, b), cli_number(cli, heads, c),
                        cli_number(cli, w->witnessed, d));
        if (open > 0)
                say(cli, WORD_LOG_OPEN, cli_number(cli, open, a), instant_text(signed_at_ms, at));
        if (w->size > w->covered)
                note(cli, WORD_LOG_BEHIND, cli_number(cli, w->size - w->covered, a));
        if (w->witnessed == 0)
                note(cli, WORD_LOG_NO_WITNESS);
        return findings + w->torn > 0 ? EXIT_CODE_NOT_GENUINE : EXIT_CODE_OK;
}

static enum exit_code run_verify(struct cli *cli, const struct arguments *args)
{
        OWNED(log_check_free) struct log_check *check = NULL;
        struct verifying w = {.cli = cli};
        const char *store = option_text(args, "store");
        enum err rc = log_check_new(tell, &w, &check);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        w.check = check;
        enum exit_code code = add_keys(&w, args);

        for (unsigned i = 0; code == EXIT_CODE_OK && i < option_count(args, "witness"); i++)
                code = heads_of_witness(cli, option_nth(args, "witness", i), add_head, &w);
        if (code == EXIT_CODE_OK)
                code = store != NULL ? check_file(&w, store) : check_gateway(&w);
        return code == EXIT_CODE_OK ? conclude(&w) : code;
}

static const struct option_spec options[] = {
        {"witness", "PATH", NULL, false, true,
                {"fil eller mapp där slussens trädhuvuden har visats upp; kan upprepas",
                        "a file or folder that the gateway's heads were shown to; repeats"}},
        {"key", "FILE", "client/keeper.pub", false, false,
                {"nyckelvaktens publika signeringsnyckel", "the key keeper's public signing key"}},
        {"store", "FILE", NULL, false, false,
                {"en säkerhetskopia av store/statgate.db i stället för slussen",
                        "a backup of store/statgate.db instead of the gateway"}},
};

const struct command command_audit_verify = {
        .name = "audit verify",
        .arguments = "",
        .summary = {"pröva hela granskningsloggen mot signerade trädhuvuden",
                "check the whole audit log against signed tree heads"},
        .details = {"Varje post räknas om och läggs i trädet; varje huvud som nyckelvakten har "
                    "signerat ska "
                    "stämma med trädet så långt. Det som saknas eller är ändrat sägs ut, och sedan "
                    "när. "
                    "En kopia av en sluss som är i gång kan sluta med poster som ännu inte är "
                    "signerade; är de skrivna inom tio sekunder räknas de bara upp. "
                    "Slutar med 0 om loggen är hel, med 8 om något är fel.",
                "Each entry is computed anew and put into the tree; each head that the key keeper "
                "signed "
                "has to agree with the tree that far. What is missing or changed is told, and "
                "since "
                "when. A copy of a gateway that runs may end with entries that are not signed yet; "
                "if "
                "they were written within ten seconds they are counted, and no fault. "
                "Ends with 0 if the log is whole, with 8 if something is wrong."},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_verify,
};
