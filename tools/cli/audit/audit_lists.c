/* SPDX-License-Identifier: Apache-2.0 */
/* audit_lists.c: `statgate audit policies`, `audit budgets` and `audit quality`: which rules were
 * in force, who has asked how much today, how complete the deliveries are. */
#include <string.h>

#include "proto/wire_audit.h"
#include "tools/cli/ask.h"
#include "tools/cli/listing.h"
#include "tools/cli/render_frame.h"
#include "tools/cli/render_parts.h"

enum { REQUEST_MAX = 64 };

static const char *number_of(const struct cli *cli, uint64_t n)
{
        char text[NUMBER_TEXT];

        return text_from(cli, bytes_of_text(cli_number(cli, n, text)));
}

static const char *instant_of(const struct cli *cli, int64_t at_ms)
{
        char text[INSTANT_TEXT];

        return text_from(cli, bytes_of_text(instant_text(at_ms, text)));
}

static enum exit_code ask_for(
        struct cli *cli, const char *path, struct bytes request, struct bytes *out)
{
        const struct ask ask = {
                .path = path, .fallback = "dpo", .request = request, .timeout_ms = ASK_LONG_MS};

        return cli_ask(cli, cli->arena, &ask, out);
}

/* Policies ---------------------------------------------------------------------------- */

static enum err list_policies(const struct cli *cli, const struct wire_policy_history *h)
{
        static const struct lane_head heads[] = {{WORD_HEAD_NUMBER, SIDE_RIGHT},
                {WORD_HEAD_WHEN, SIDE_LEFT}, {WORD_HEAD_POLICY_VERSION, SIDE_RIGHT},
                {WORD_HEAD_OUTCOME, SIDE_LEFT}, {WORD_HEAD_DIGEST, SIDE_LEFT}};
        OWNED(listing_free) struct listing *l = NULL;

        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < h->len; i++) {
                const struct wire_policy_period *p = &h->periods[i];
                char digest[DIGEST_SHORT_TEXT] = "";

                if (p->has_digest)
                        (void)digest_short(&p->digest, digest);
                const char *texts[] = {number_of(cli, p->entry), instant_of(cli, p->at_ms),
                        number_of(cli, p->version), text_from(cli, p->outcome), digest};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

static enum exit_code run_policies(struct cli *cli, const struct arguments *args)
{
        struct wire_policy_history history;
        struct bytes wire;
        enum exit_code code =
                ask_for(cli, "/statgate.v1.Audit/GetPolicyHistory", (struct bytes){0}, &wire);

        (void)args;
        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = policy_history_decode(cli->arena, wire, &history);
        return rc != ERR_OK ? answer_wrong(cli, rc)
                            : print_ended(cli, list_policies(cli, &history));
}

/* Budgets ------------------------------------------------------------------------------ */

static enum err list_budgets(const struct cli *cli, const struct wire_budgets *b)
{
        static const struct lane_head heads[] = {{WORD_HEAD_WHO, SIDE_LEFT},
                {WORD_HEAD_KEY_KIND, SIDE_LEFT}, {WORD_HEAD_ASKED, SIDE_RIGHT},
                {WORD_HEAD_ASKED_MOST, SIDE_RIGHT}};
        OWNED(listing_free) struct listing *l = NULL;

        if (b->len == 0) {
                say(cli, WORD_BUDGETS_NONE);
                return ERR_OK;
        }
        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < b->len; i++) {
                const struct wire_budget *one = &b->budgets[i];
                const char *texts[] = {text_from(cli, one->principal), text_from(cli, one->kind),
                        number_of(cli, one->used), one->most > 0 ? number_of(cli, one->most) : "–"};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

static enum exit_code run_budgets(struct cli *cli, const struct arguments *args)
{
        struct wire_budgets budgets;
        struct bytes wire;
        enum exit_code code =
                ask_for(cli, "/statgate.v1.Audit/GetBudgets", (struct bytes){0}, &wire);

        (void)args;
        if (code != EXIT_CODE_OK)
                return code;
        enum err rc = budgets_decode(cli->arena, wire, &budgets);
        return rc != ERR_OK ? answer_wrong(cli, rc) : print_ended(cli, list_budgets(cli, &budgets));
}

/* Quality ------------------------------------------------------------------------------- */

static const char *share_of(const struct cli *cli, bool has, uint32_t permille)
{
        char text[VALUE_TEXT];

        return text_from(cli, bytes_of_text(permille_text(cli, has ? permille : UINT32_MAX, text)));
}

static enum err list_quality(const struct cli *cli, const struct wire_qualities *q)
{
        static const struct lane_head heads[] = {{WORD_HEAD_MUNICIPALITY_CODE, SIDE_LEFT},
                {WORD_HEAD_DATASET, SIDE_LEFT}, {WORD_HEAD_PERIOD, SIDE_LEFT},
                {WORD_HEAD_COMMITTED, SIDE_LEFT}, {WORD_HEAD_REJECTED_ROWS, SIDE_RIGHT},
                {WORD_HEAD_BLANK_VALUES, SIDE_RIGHT}};
        OWNED(listing_free) struct listing *l = NULL;

        TRY(listing_new(cli, heads, ARRAY_LEN(heads), &l));
        for (uint32_t i = 0; i < q->len; i++) {
                const struct wire_quality *d = &q->deliveries[i];
                const char *texts[] = {text_from(cli, d->municipality), text_from(cli, d->dataset),
                        text_from(cli, d->period), instant_of(cli, d->committed_at_ms),
                        share_of(cli, d->has_rejected, d->rejected_permille),
                        share_of(cli, d->has_missing, d->missing_permille)};

                TRY(listing_add(l, texts));
        }
        return listing_print(l, cli->out);
}

static enum exit_code run_quality(struct cli *cli, const struct arguments *args)
{
        OWNED(buf_done) struct buf request = {.ceiling = REQUEST_MAX};
        struct wire_qualities qualities;
        struct bytes wire, bytes = {0};
        enum err rc = quality_request_encode((struct vintage){0, 0}, &request);

        (void)args;
        if (rc == ERR_OK)
                rc = buf_end(&request, &bytes);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = ask_for(cli, "/statgate.v1.Audit/GetQuality", bytes, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = qualities_decode(cli->arena, wire, &qualities);
        return rc != ERR_OK ? answer_wrong(cli, rc)
                            : print_ended(cli, list_quality(cli, &qualities));
}

const struct command command_audit_policies = {
        .name = "audit policies",
        .arguments = "",
        .summary = {"regelverken som har gällt eller nekats, och sedan när",
                "the bundles that were in force or refused, and since when"},
        .run = run_policies,
};

const struct command command_audit_budgets = {
        .name = "audit budgets",
        .arguments = "",
        .summary = {"hur många frågor var och en har ställt i dag, av hur många",
                "how many questions each has asked today, of how many"},
        .details = {"linked är frågor som länkar; questions är frågor utanför de planerade "
                    "tabellerna, per "
                    "ändamål.",
                "linked are questions that link; questions are those outside the planned tables, "
                "by "
                "purpose."},
        .run = run_budgets,
};

const struct command command_audit_quality = {
        .name = "audit quality",
        .arguments = "",
        .summary = {"hur hela leveranserna i den senaste årgången är",
                "how complete the deliveries of the newest vintage are"},
        .details = {"Andelar som vilar på för få rader visas inte.",
                "Shares that rest on too few rows are not shown."},
        .run = run_quality,
};
