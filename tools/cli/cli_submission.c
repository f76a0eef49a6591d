/* SPDX-License-Identifier: Apache-2.0 */
/* cli_submission.c: `statgate submission` and `statgate withdraw`: one delivery of
 * the municipality that asks, by its UUID. */
#include <string.h>
#include <unistd.h>

#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/delivery_id.h"
#include "tools/cli/render_parts.h"

enum { ANSWER_MAX = 16, NAME_COLUMNS = 22 };

static enum exit_code id_read(
        const struct cli *cli, const struct arguments *args, struct submission_id *out)
{
        if (uuid_parse(argument_nth(args, 0), out) == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_UUID_WRONG);
        return EXIT_CODE_USAGE;
}

/* Both calls take the same request. */
static enum exit_code ask_about(
        struct cli *cli, const char *path, const struct submission_id *id, struct bytes *out)
{
        OWNED(buf_done) struct buf request;
        struct ask ask = {.path = path, .timeout_ms = ASK_LONG_MS};

        buf_init(&request, BATCH_WIRE_MAX);

        enum err rc = submission_ref_encode(id, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        return rc == ERR_OK ? cli_ask(cli, cli->arena, &ask, out) : answer_wrong(cli, rc);
}

/* Status of one ----------------------------------------------------------- */

static void row(const struct cli *cli, enum word w, const char *value)
{
        unsigned columns = text_columns(bytes_of_text(cli_word(cli, w)));

        (void)fprintf(cli->out, "%s%*s%s\n", cli_word(cli, w),
                columns < NAME_COLUMNS ? (int)(NAME_COLUMNS - columns) : 1, "", value);
}

static const char *state_text(const struct cli *cli, enum submission_state s)
{
        switch (s) {
        case SUBMISSION_OPEN:
                return cli_word(cli, WORD_STATE_OPEN);
        case SUBMISSION_COMMITTED:
                return cli_word(cli, WORD_STATE_COMMITTED);
        case SUBMISSION_REPLACED:
                return cli_word(cli, WORD_STATE_REPLACED);
        case SUBMISSION_WITHDRAWN:
                return cli_word(cli, WORD_STATE_WITHDRAWN);
        case SUBMISSION_EXPIRED:
                return cli_word(cli, WORD_STATE_EXPIRED);
        case SUBMISSION_NONE:
        case SUBMISSION_STATE_COUNT:
                break;
        }
        return cli_word(cli, WORD_ANY_OTHER);
}

static void show(const struct cli *cli, const struct wire_submission *s)
{
        char number[NUMBER_TEXT], at[INSTANT_TEXT];

        row(cli, WORD_SUBMISSION_STATE, state_text(cli, s->state));
        row(cli, WORD_HEAD_DATASET, text_from(cli, s->dataset));
        row(cli, WORD_SUBMISSION_PERIOD, text_from(cli, s->period));
        row(cli, WORD_SUBMISSION_MODE,
                cli_word(cli, s->mode == DELIVERY_REPLACE ? WORD_MODE_REPLACE : WORD_MODE_APPEND));
        row(cli, WORD_SUBMISSION_ACCEPTED, cli_number(cli, s->accepted, number));
        row(cli, WORD_SUBMISSION_REJECTED, cli_number(cli, s->rejected, number));
        if (s->turned_away > 0)
                row(cli, WORD_SUBMISSION_TURNED_AWAY, cli_number(cli, s->turned_away, number));
        row(cli, WORD_SUBMISSION_OPENED, instant_text(s->opened_at_ms, at));
        if (s->committed_at_ms != 0)
                row(cli, WORD_SUBMISSION_COMMITTED, instant_text(s->committed_at_ms, at));
        else
                row(cli, WORD_SUBMISSION_NEXT, cli_number(cli, s->next_sequence, number));
}

static enum exit_code run_submission(struct cli *cli, const struct arguments *args)
{
        struct wire_submission submission;
        struct submission_id id;
        struct bytes wire = {0};
        enum exit_code code = id_read(cli, args, &id);

        if (code == EXIT_CODE_OK)
                code = ask_about(cli, "/statgate.v1.Submission/GetSubmission", &id, &wire);
        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = submission_decode(cli->arena, wire, &submission);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        show(cli, &submission);
        return EXIT_CODE_OK;
}

/* Withdrawing ------------------------------------------------------------- */

/* "yes" and "ja" whatever the language: nobody should be lost on this one. */
static enum exit_code confirm(const struct cli *cli, const struct arguments *args, const char *id)
{
        char line[ANSWER_MAX];

        if (option_given(args, "yes"))
                return EXIT_CODE_OK;
        if (isatty(STDIN_FILENO) == 0 || !cli->terminal_err) {
                complain(cli, WORD_WITHDRAW_NEEDS_YES);
                return EXIT_CODE_USAGE;
        }
        cli_put(cli, cli->err, WORD_WITHDRAW_ASK, CLI_ARGS(id));
        (void)fflush(cli->err);
        if (fgets(line, sizeof line, stdin) != NULL) {
                line[strcspn(line, "\r\n")] = '\0';
                if (strcmp(line, "ja") == 0 || strcmp(line, "yes") == 0)
                        return EXIT_CODE_OK;
        }
        note(cli, WORD_WITHDRAW_NOT);
        return EXIT_CODE_USAGE;
}

static enum exit_code run_withdraw(struct cli *cli, const struct arguments *args)
{
        struct vintage revised = {0};
        struct submission_id id;
        struct bytes wire = {0};
        char name[UUID_TEXT], vintage[32];
        enum exit_code code = id_read(cli, args, &id);

        if (code != EXIT_CODE_OK)
                return code;
        uuid_format(&id, name);
        code = confirm(cli, args, name);
        if (code == EXIT_CODE_OK)
                code = ask_about(cli, "/statgate.v1.Submission/Withdraw", &id, &wire);
        if (code != EXIT_CODE_OK)
                return code;

        enum err rc = withdrawn_decode(cli->arena, wire, &revised);

        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        say(cli, WORD_WITHDRAWN, name);
        vintage_text(revised, vintage);
        if (revised.number != 0)
                say(cli, WORD_WITHDRAWN_REVISED, vintage);
        return EXIT_CODE_OK;
}

const struct command command_submission = {
        .name = "submission",
        .arguments = "UUID",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"läget för en egen leverans", "where one of your deliveries stands"},
        .run = run_submission,
};

static const struct option_spec withdraw_options[] = {
        {"yes", NULL, NULL, false, false, {"fråga inte", "do not ask"}},
};

const struct command command_withdraw = {
        .name = "withdraw",
        .arguments = "UUID",
        .arguments_min = 1,
        .arguments_max = 1,
        .summary = {"ta bort en egen leverans och alla dess poster för alltid",
                "remove one of your deliveries and all of its records for good"},
        .options = withdraw_options,
        .options_len = ARRAY_LEN(withdraw_options),
        .run = run_withdraw,
};
