/* SPDX-License-Identifier: Apache-2.0 */
/* policy_report.c: policy show, diff and explain: what a bundle says, what another
 * would change, and why a question is allowed or not. No gateway is asked: what
 * these say can be read by anybody who may read the bundle. */
#include <stdio.h>

#include "base/clock.h"
#include "crypto/cert.h"
#include "policies/policy.h"
#include "policies/report.h"
#include "tools/cli/ask.h"
#include "tools/cli/bundle.h"
#include "tools/cli/question.h"
#include "tools/cli/question_options.h"

enum { REPORT_ARENA = 64 << 20 };

static const struct {
        const char *sign;
        enum paint paint;
} marks[] = {
        [REPORT_NOTE] = {"  ", PAINT_NONE},
        [REPORT_HEAD] = {"#", PAINT_BOLD},
        [REPORT_HOLDS] = {"  +", PAINT_GREEN},
        [REPORT_REFUSES] = {"  -", PAINT_RED},
        [REPORT_OBLIGES] = {"  !", PAINT_YELLOW},
        [REPORT_SUGGESTS] = {"  >", PAINT_BOLD},
        [REPORT_WEAKER] = {"-", PAINT_RED},
        [REPORT_STRONGER] = {"+", PAINT_GREEN},
        [REPORT_CHANGED] = {"*", PAINT_YELLOW},
};

static void print_report(struct cli *cli, struct report *r)
{
        for (uint32_t i = 0; i < r->len; i++) {
                const struct report_line *l = &r->lines[i];
                const char *text = report_text(r, l->text), *file = report_text(r, l->at.file);
                const char *sign =
                        arena_printf(r->arena, "%s%s%s", paint_out(cli, marks[l->mark].paint),
                                marks[l->mark].sign, paint_out(cli, PAINT_NONE));
                char line[16];

                (void)snprintf(line, sizeof line, "%u", l->at.line);
                if (sign == NULL)
                        continue;
                if (l->at.line == 0)
                        say(cli, WORD_REPORT_LINE, sign, text);
                else
                        say(cli, WORD_REPORT_LINE_AT, sign, text, file, line);
        }
}

static enum exit_code failed(const struct cli *cli, const char *folder, enum err rc)
{
        complain(cli, WORD_BUNDLE_REFUSED, folder, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

static enum exit_code run_show(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(REPORT_ARENA);
        OWNED(policy_unref) struct policy *p = NULL;
        const char *folder = NULL;
        struct report report;
        enum exit_code code =
                arena != NULL ? bundle_folder(cli, args, 0, &folder) : EXIT_CODE_INTERNAL;
        enum err rc;

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &p);
        if (code != EXIT_CODE_OK)
                return code;
        report_init(&report, arena, cli->lang == LANG_SV ? REPORT_SV : REPORT_EN);
        rc = policy_show(p, &report);
        if (rc != ERR_OK)
                return failed(cli, folder, rc);
        print_report(cli, &report);
        return EXIT_CODE_OK;
}

static void print_count(const struct cli *cli, const struct report *r)
{
        char weaker[NUMBER_TEXT], stronger[NUMBER_TEXT], other[NUMBER_TEXT];

        say(cli, WORD_DIFF_COUNT, cli_number(cli, report_count(r, REPORT_WEAKER), weaker),
                cli_number(cli, report_count(r, REPORT_STRONGER), stronger),
                cli_number(cli, report_count(r, REPORT_CHANGED), other));
}

static enum exit_code run_diff(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(REPORT_ARENA);
        OWNED(policy_unref) struct policy *before = NULL;
        OWNED(policy_unref) struct policy *next = NULL;
        const char *folder = NULL;
        struct report report;
        enum exit_code code =
                arena != NULL ? bundle_folder(cli, args, 1, &folder) : EXIT_CODE_INTERNAL;
        enum err rc;

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, argument_nth(args, 0), &before);
        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &next);
        if (code != EXIT_CODE_OK)
                return code;
        report_init(&report, arena, cli->lang == LANG_SV ? REPORT_SV : REPORT_EN);
        rc = policy_diff(before, next, &report);
        if (rc != ERR_OK)
                return failed(cli, folder, rc);
        print_report(cli, &report);
        if (report.len == 0)
                say(cli, WORD_DIFF_SAME);
        else
                print_count(cli, &report);
        return report_count(&report, REPORT_WEAKER) > 0 ? EXIT_CODE_WEAKER : EXIT_CODE_OK;
}

static enum exit_code run_explain(struct cli *cli, const struct arguments *args)
{
        OWNED(arena_free) struct arena *arena = arena_new(REPORT_ARENA);
        OWNED(policy_unref) struct policy *p = NULL;
        const char *folder = NULL;
        struct principal who;
        struct question question;
        struct report report;
        bool allowed = false;
        enum exit_code code =
                arena != NULL ? bundle_folder(cli, args, 0, &folder) : EXIT_CODE_INTERNAL;
        enum err rc;

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &p);
        if (code != EXIT_CODE_OK)
                return code;
        if (principal_parse(option_text(args, "principal"), policy_trust(p), &who) != ERR_OK) {
                complain(cli, WORD_PRINCIPAL_WRONG, policy_trust(p));
                return EXIT_CODE_USAGE;
        }
        question_init(&question, arena);
        code = ask_question(cli, args, &question);
        if (code != EXIT_CODE_OK)
                return code;
        report_init(&report, arena, cli->lang == LANG_SV ? REPORT_SV : REPORT_EN);
        rc = policy_explain(p, &who, &question.q, clock_now_ms(), &report, &allowed);
        if (rc != ERR_OK)
                return failed(cli, folder, rc);
        say(cli, allowed ? WORD_EXPLAIN_ALLOWED : WORD_EXPLAIN_REFUSED);
        print_report(cli, &report);
        return allowed ? EXIT_CODE_OK : EXIT_CODE_REFUSED;
}

const struct command command_policy_show = {
        .name = "policy show",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"läs upp regelverket: vem, vad, för vad, hur fint, länkat med vad, till när",
                "tell the bundle: who, what, what for, how finely, linked with what, until when"},
        .details = {"Varje rad slutar med filen och raden där regeln står.",
                "Every line ends with the file and line where the rule stands."},
        .run = run_show,
};

const struct command command_policy_diff = {
        .name = "policy diff",
        .arguments = "OLD [NEW]",
        .arguments_min = 1,
        .arguments_max = 2,
        .summary = {"säg vad ett nytt regelverk skulle ändra för människor",
                "tell what another bundle would change for people"},
        .details = {"- försvagar skyddet, + stärker det, * får läsaren väga. Slutkod 6 när något "
                    "försvagar. Utan NEW jämförs med det egna regelverket.",
                "- weakens protection, + strengthens it, * is for the reader to weigh. Ends with "
                "6 when anything weakens. Without NEW the own bundle is compared."},
        .run = run_diff,
};

static const struct option_spec explain_options[] = {
        {"principal", "URI", NULL, true, false,
                {"vem som frågar: statgate://FÖRTROENDE/ROLL/NAMN",
                        "who asks: statgate://TRUST/ROLE/NAME"}},
        QUESTION_OPTION_SPECS,
};

const struct command command_policy_explain = {
        .name = "policy explain",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"får den frågan ställas, och varför (inte)?",
                "may that question be asked, and why (not)?"},
        .details = {"Regler som gäller (+), som nekar (-), vad ett svar måste lyda (!) och den "
                    "närmaste fråga som vore tillåten (>). Ingen data läses. Slutkod 1 när frågan "
                    "nekas.\nExempel: statgate policy explain --principal "
                    "statgate://demo/statistician/anna --dataset placering --purpose uppfoljning "
                    "--by start:dag",
                "Rules that hold (+), that refuse (-), what an answer must obey (!) and the "
                "nearest question that would be allowed (>). No data is read. Ends with 1 when the "
                "question is refused.\nExample: statgate policy explain --principal "
                "statgate://demo/statistician/anna --dataset placering --purpose uppfoljning "
                "--by start:dag"},
        .options = explain_options,
        .options_len = ARRAY_LEN(explain_options),
        .run = run_explain,
};
