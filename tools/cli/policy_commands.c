/* SPDX-License-Identifier: Apache-2.0 */
/* policy_commands.c: reading a bundle as the gateway would, and signing it.
 *
 * What is signed is made from the YAML in front of the officer, whose summary is
 * printed first; the signature goes into bundle.sgb beside it. */
#include <string.h>

#include "crypto/digest.h"
#include "crypto/secret.h"
#include "policies/policy.h"
#include "policies/rehearsal.h"
#include "policies/report.h"
#include "policies/sign.h"
#include "tools/cli/bundle.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"

enum { SIGNED_MAX = 4 << 20 };

enum exit_code bundle_load(const struct cli *cli, const char *folder, struct policy **out)
{
        struct refusal why = {0};
        enum err rc = policy_load(folder, out, &why);

        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_BUNDLE_REFUSED, folder, err_sentence(rc));
        cli_print_refusal(cli, &why);
        return EXIT_CODE_INPUT;
}

const char *bundle_find(struct cli *cli, const char *wanted)
{
        static const char *const places[] = {"../share/statgate/bundle", "../../policies/bundle"};

        if (wanted != NULL)
                return wanted;
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                char *folder = path_join(cli->arena, cli->program_dir, places[i]);
                char *file = folder != NULL ? path_join(cli->arena, folder, "bundle.yaml") : NULL;

                if (file != NULL && file_exists(file))
                        return folder;
        }
        return file_exists("policies/bundle/bundle.yaml") ? "policies/bundle" : NULL;
}

enum exit_code bundle_folder(
        struct cli *cli, const struct arguments *args, unsigned nth, const char **out)
{
        struct settings s;
        enum exit_code code;

        *out = argument_count(args) > nth ? argument_nth(args, nth) : NULL;
        if (*out != NULL)
                return EXIT_CODE_OK;
        if (settings_present(cli)) {
                code = settings_read(cli, &s);
                *out = code == EXIT_CODE_OK ? s.policy : NULL;
                return code;
        }
        *out = bundle_find(cli, NULL);
        if (*out != NULL)
                return EXIT_CODE_OK;
        complain(cli, WORD_BUNDLE_MISSING);
        return EXIT_CODE_USAGE;
}

static void print_signers(const struct cli *cli, const struct rules *r)
{
        char required[NUMBER_TEXT], len[NUMBER_TEXT];
        char names[RULES_OFFICERS_MAX * (NAME_MAX_LEN + 2) + 1] = "";
        size_t at = 0;

        if (r->officers_len == 0) {
                say(cli, WORD_BUNDLE_SIGNERS_PINNED);
                return;
        }
        for (uint32_t i = 0; i < r->officers_len; i++)
                at += (size_t)snprintf(names + at, sizeof names - at, "%s%.*s", i > 0 ? ", " : "",
                        (int)r->officers[i].name.len, (const char *)r->officers[i].name.data);
        say(cli, WORD_BUNDLE_SIGNERS, cli_number(cli, r->signers_required, required),
                cli_number(cli, r->officers_len, len), names);
}

static void print_summary(const struct cli *cli, const struct policy *p)
{
        const struct rules *r = policy_rules(p);
        char name[NAME_MAX_LEN + 1] = "", version[NUMBER_TEXT], municipalities[NUMBER_TEXT];
        uint32_t len = 0;
        const struct policy_dataset *d = policy_datasets(p, &len);

        if (r->bundle.len < sizeof name)
                memcpy(name, r->bundle.data, r->bundle.len);
        say(cli, WORD_BUNDLE_SUMMARY, name, cli_number(cli, r->version, version), policy_trust(p),
                cli_number(cli, r->municipalities_len, municipalities));
        print_signers(cli, r);
        for (uint32_t i = 0; i < len; i++) {
                struct bytes label = cli->lang == LANG_SV ? d[i].label.sv : d[i].label.en;
                char id[NAME_MAX_LEN + 1] = "", text[LABEL_MAX_LEN + 1] = "",
                                       threshold[NUMBER_TEXT];

                memcpy(id, d[i].id.data, d[i].id.len < NAME_MAX_LEN ? d[i].id.len : NAME_MAX_LEN);
                memcpy(text, label.data, label.len < LABEL_MAX_LEN ? label.len : LABEL_MAX_LEN);
                say(cli, WORD_BUNDLE_DATASET, id, text,
                        cli_number(cli, d[i].disclosure.threshold, threshold));
        }
}

static void print_digest(const struct cli *cli, const struct policy *p)
{
        char hex[2 * sizeof(struct digest) + 1];

        hex_encode(bytes_of(policy_digest(p)->bytes, sizeof(struct digest)), hex);
        say(cli, WORD_DIGEST, hex);
}

/* What the gateway and the keeper would say to `next` while `before` runs, but for the
 * signatures. */
static enum exit_code check_against(
        const struct cli *cli, const struct policy *next, const char *before)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why = {0};
        enum exit_code code = bundle_load(cli, before, &p);
        bool is_new = false;
        enum err rc;

        if (code != EXIT_CODE_OK)
                return code;
        const struct predecessor running = {
                .version = policy_rules(p)->version,
                .digest = *policy_digest(p),
                .names_officers = policy_rules(p)->officers_len > 0,
        };
        rc = rules_succeed(policy_rules(next), policy_digest(next), &running, &is_new, &why);
        if (policy_evolves(p, next, &why) != ERR_OK && rc == ERR_OK)
                rc = ERR_POLICY_REFUSED;
        if (rc != ERR_OK) {
                complain(cli, WORD_NO_SUCCESSOR, before);
                cli_print_refusal(cli, &why);
                return EXIT_CODE_INPUT;
        }
        say(cli, WORD_SUCCESSOR, before);
        return EXIT_CODE_OK;
}

static enum exit_code run_check(struct cli *cli, const struct arguments *args)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const char *folder = NULL;
        enum exit_code code = bundle_folder(cli, args, 0, &folder);

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &p);
        if (code != EXIT_CODE_OK)
                return code;
        print_summary(cli, p);
        print_digest(cli, p);
        return option_given(args, "against") ? check_against(cli, p, option_text(args, "against"))
                                             : EXIT_CODE_OK;
}

static enum exit_code run_digest(struct cli *cli, const struct arguments *args)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const char *folder = NULL;
        enum exit_code code = bundle_folder(cli, args, 0, &folder);

        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &p);
        if (code == EXIT_CODE_OK)
                print_digest(cli, p);
        return code;
}

enum err bundle_sign_file(const struct policy *p, const struct secret *key, const char *path)
{
        OWNED(arena_free) struct arena *arena = arena_new(2 * (size_t)FILE_TEXT_MAX);
        OWNED(buf_done) struct buf out;
        struct bytes before = {NULL, 0}, after;
        enum err rc;

        buf_init(&out, SIGNED_MAX);
        if (arena == NULL)
                return ERR_NO_MEMORY;
        rc = file_exists(path) ? file_read(arena, path, &before) : ERR_NOT_FOUND;
        if (rc == ERR_OK)
                rc = bundle_sign_also(p, key, before, &out);
        /* An older policy's signatures do not count for this one. */
        if (rc == ERR_NOT_FOUND || rc == ERR_POLICY_REFUSED)
                rc = bundle_sign(p, key, &out);
        TRY(rc);
        TRY(buf_end(&out, &after));
        return file_replace(path, after, 0600);
}

/* How many have signed by now; whose signatures count is for the running bundle to
 * say, and the gateway says it. */
static void print_signatures(const struct cli *cli, const char *path)
{
        struct signed_bundle bundle;
        struct bytes file;
        char count[NUMBER_TEXT];

        if (file_read(cli->arena, path, &file) == ERR_OK &&
                signed_bundle_decode(file, &bundle) == ERR_OK)
                say(cli, WORD_SIGNED_BY, cli_number(cli, bundle.signatures_len, count));
}

static enum exit_code sign_with(
        struct cli *cli, const struct policy *p, const char *folder, const char *key_path)
{
        OWNED(secret_free) struct secret *key = NULL;
        const char *path = path_join(cli->arena, folder, "bundle.sgb");
        enum err rc = signing_key_read(cli->arena, key_path, &key);

        if (rc != ERR_OK) {
                complain(cli, rc == ERR_NOT_ALLOWED ? WORD_KEY_OPEN : WORD_KEY_WRONG, key_path);
                return EXIT_CODE_INPUT;
        }
        rc = path != NULL ? bundle_sign_file(p, key, path) : ERR_NO_MEMORY;
        if (rc == ERR_CONFLICT) {
                say(cli, WORD_SIGNED_BEFORE, path);
                return EXIT_CODE_OK;
        }
        if (rc != ERR_OK) {
                complain(cli, WORD_NOT_WRITTEN, path != NULL ? path : "bundle.sgb",
                        err_sentence(rc));
                return EXIT_CODE_INTERNAL;
        }
        say(cli, WORD_SIGNED, path);
        print_signatures(cli, path);
        return EXIT_CODE_OK;
}

/* An officer does not sign a weakening unseen: what it means has to lie beside it. The bundle that
 * it follows is in --against, or in the data folder. */
static enum exit_code sign_allowed(
        struct cli *cli, const struct arguments *args, const struct policy *next)
{
        OWNED(policy_unref) struct policy *before = NULL;
        const char *folder = option_text(args, "against");
        struct refusal why = {0};
        struct settings s;
        bool weakens = false;

        if (policy_rules(next)->version == 1)
                return EXIT_CODE_OK; /* it follows nothing */
        if (folder == NULL && settings_present(cli) && settings_read(cli, &s) == EXIT_CODE_OK)
                folder = s.policy;
        if (folder == NULL) {
                complain(cli, WORD_SIGN_AGAINST_WHAT);
                return EXIT_CODE_USAGE;
        }
        enum exit_code code = bundle_load(cli, folder, &before);

        if (code != EXIT_CODE_OK)
                return code;
        if (!digest_equal(policy_digest(before), &policy_rules(next)->predecessor)) {
                if (digest_equal(policy_digest(before), policy_digest(next)))
                        return EXIT_CODE_OK; /* one more signature under the one in force */
                complain(cli, WORD_SIGN_NOT_PREDECESSOR, folder);
                return EXIT_CODE_INPUT;
        }
        if (policy_rehearsed(before, next, &weakens, &why) == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_SIGN_WEAKENS);
        cli_print_refusal(cli, &why);
        return EXIT_CODE_WEAKER;
}

static enum exit_code run_sign(struct cli *cli, const struct arguments *args)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const char *folder = NULL, *key = option_text(args, "key");
        struct settings s;
        enum exit_code code = bundle_folder(cli, args, 0, &folder);

        if (code == EXIT_CODE_OK && key == NULL) {
                code = settings_read(cli, &s);
                key = code == EXIT_CODE_OK ? path_join(cli->arena, s.folder, "keys/dpo.key") : NULL;
        }
        if (code == EXIT_CODE_OK)
                code = keys_init(cli, false);
        if (code == EXIT_CODE_OK)
                code = bundle_load(cli, folder, &p);
        if (code == EXIT_CODE_OK)
                code = sign_allowed(cli, args, p);
        if (code != EXIT_CODE_OK)
                return code;
        print_summary(cli, p);
        print_digest(cli, p);
        return sign_with(cli, p, folder, key);
}

static const struct option_spec sign_options[] = {
        {"key", "FILE", "keys/dpo.key", false, false,
                {"dataskyddsombudets signeringsnyckel",
                        "the data-protection officer's signing key"}},
        {"against", "FOLDER", NULL, false, false,
                {"regelverket som det följer på (annars datamappens)",
                        "the bundle that it follows (else the data folder's)"}},
};

static const struct option_spec check_options[] = {
        {"against", "FOLDER", NULL, false, false,
                {"pröva också om regelverket kan följa på det i den mappen",
                        "also check whether it may follow the bundle in that folder"}},
};

const struct command command_policy_check = {
        .name = "policy check",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"läs ett regelverk som slussen skulle göra och visa vad det säger",
                "read a bundle as the gateway would and show what it says"},
        .details = {"Varje fel anges med fil, rad och kolumn.",
                "Every fault is told with file, line and column."},
        .options = check_options,
        .options_len = ARRAY_LEN(check_options),
        .run = run_check,
};

const struct command command_policy_digest = {
        .name = "policy digest",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"visa regelverkets kontrollsumma", "show the digest of a bundle"},
        .details = {"Summan är det som signeras; den nämns i nästa versions predecessor.",
                "The digest is what gets signed; the next version names it as predecessor."},
        .run = run_digest,
};

const struct command command_policy_sign = {
        .name = "policy sign",
        .arguments = "[FOLDER]",
        .arguments_max = 1,
        .summary = {"signera regelverket som dataskyddsombud",
                "sign a bundle as data-protection officer"},
        .details = {"Läser YAML-filerna i mappen och skriver bundle.sgb bredvid dem. Andras "
                    "underskrifter under samma regelverk behålls. Det som försvagar skyddet "
                    "signeras inte "
                    "utan rapporten från dess provkörning (policy rehearse).",
                "Reads the YAML files of the folder and writes bundle.sgb beside them. Other "
                "officers' signatures under the same policy are kept. What weakens protection is "
                "not "
                "signed without the report of its rehearsal (policy rehearse)."},
        .options = sign_options,
        .options_len = ARRAY_LEN(sign_options),
        .run = run_sign,
};
