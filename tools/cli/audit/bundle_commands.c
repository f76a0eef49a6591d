/* SPDX-License-Identifier: Apache-2.0 */
/* bundle_commands.c: `statgate audit art30` and `statgate audit dpia`: pages out of the bundle that
 * is in force.
 *
 * They are made from the bundle's folder, and the gateway is asked whether that is the one it
 * runs; where it cannot be asked, or runs another, the page is made and that is said. */
#include <string.h>

#include "proto/wire.h"
#include "tools/cli/ask.h"
#include "tools/cli/audit/bundle_page.h"
#include "tools/cli/bundle.h"
#include "tools/cli/output.h"
#include "tools/cli/render_frame.h"

typedef enum err (*page_writer)(const struct cli *cli, FILE *to, const struct policy *p);

struct page_source {
        page_writer write;
        const struct policy *policy;
};

static enum err write_page(const struct cli *cli, const void *what, const struct render_how *how)
{
        const struct page_source *s = what;

        return s->write(cli, how->out, s->policy);
}

static void compare(struct cli *cli, const char *folder, const struct policy *policy)
{
        const struct ask ask = {.path = "/statgate.v1.Operations/GetStatus",
                .fallback = "dpo",
                .timeout_ms = ASK_SHORT_MS};
        char digest[DIGEST_SHORT_TEXT];
        struct wire_status status;
        struct bytes wire;

        if (cli_ask(cli, cli->arena, &ask, &wire) != EXIT_CODE_OK ||
                status_decode(cli->arena, wire, &status) != ERR_OK)
                return;
        if (memcmp(&status.policy, policy_digest(policy), sizeof status.policy) != 0)
                note(cli, WORD_PAGE_OTHER_BUNDLE, digest_short(&status.policy, digest), folder);
}

static enum exit_code run_page(struct cli *cli, const struct arguments *args, page_writer write)
{
        OWNED(policy_unref) struct policy *policy = NULL;
        const char *folder = NULL, *path = NULL;
        enum exit_code code = bundle_folder(cli, args, 0, &folder);

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &policy);
        if (code != EXIT_CODE_OK)
                return code;
        if (argument_count(args) == 0 && settings_present(cli))
                compare(cli, folder, policy);
        const struct page_source source = {write, policy};
        const struct output output = {write_page, &source};

        code = output_put(cli, args, &output, &path);
        if (code == EXIT_CODE_OK && path != NULL)
                say(cli, WORD_PAGE_WRITTEN, path);
        return code;
}

static enum exit_code run_art30(struct cli *cli, const struct arguments *args)
{
        return run_page(cli, args, art30_page);
}

static enum exit_code run_dpia(struct cli *cli, const struct arguments *args)
{
        return run_page(cli, args, dpia_page);
}

static const struct option_spec options[] = {
        {"out", "FILE", NULL, false, false,
                {"skriv till en fil, hel eller inte alls", "write to a file, whole or not at all"}},
};

const struct command command_audit_art30 = {
        .name = "audit art30",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"registret över behandling, ur regelverket (artikel 30)",
                "the record of processing, out of the bundle (article 30)"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_art30,
};

const struct command command_audit_dpia = {
        .name = "audit dpia",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"bilaga till konsekvensbedömningen: flöden, skydd, angripare, mätta angrepp",
                "annex to the impact assessment: flows, safeguards, adversaries, measured attacks"},
        .options = options,
        .options_len = ARRAY_LEN(options),
        .run = run_dpia,
};
