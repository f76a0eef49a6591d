/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli.c: the command as people run it, without a gateway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "crypto/cert.h"
#include "crypto/sign.h"
#include "policies/sign.h"
#include "tools/cli/cli.h"
#include "tools/cli/files.h"

#define BUNDLE STATGATE_ROOT "/policies/bundle"
#define KEEPER STATGATE_BIN_DIR "/statgate-keeper"

enum { ARGUMENTS_MAX = 24 };

static char folder[] = "/tmp/statgate-cli-XXXXXX";

struct ran {
        char *out, *err;
        enum exit_code code;
};

static struct ran run_words(const char *const *words)
{
        char *argv[ARGUMENTS_MAX + 2] = {strdup("statgate")};
        struct ran r = {NULL, NULL, EXIT_CODE_INTERNAL};
        size_t out_len = 0, err_len = 0;
        FILE *out = open_memstream(&r.out, &out_len), *err = open_memstream(&r.err, &err_len);
        int argc = 1;

        for (; words[argc - 1] != NULL && argc < ARGUMENTS_MAX; argc++)
                argv[argc] = strdup(words[argc - 1]);
        char *kept[ARGUMENTS_MAX + 2];

        memcpy(kept, argv, sizeof kept); /* getopt permutes */
        r.code = cli_main(argc, argv, out, err);
        (void)fclose(out);
        (void)fclose(err);
        for (int i = 0; i < argc; i++)
                free(kept[i]);
        return r;
}
#define RUN(...) run_words((const char *const[]){__VA_ARGS__, NULL})

static void ran_free(struct ran *r)
{
        free(r->out);
        free(r->err);
}
#define RAN OWNED(ran_free) struct ran

static void every_command_has_help_in_both_languages(void **state)
{
        (void)state;
        for (unsigned i = 0; cli_commands[i] != NULL; i++) {
                const struct command *c = cli_commands[i];
                char words[64];
                char *second;

                (void)snprintf(words, sizeof words, "%s", c->name);
                second = strchr(words, ' ');
                if (second != NULL)
                        *second++ = '\0';
                for (unsigned lang = 0; lang < 2; lang++) {
                        const char *const short_words[] = {"--lang", lang == 0 ? "sv" : "en", words,
                                second != NULL ? second : "--help",
                                second != NULL ? "--help" : NULL, NULL};
                        RAN r = run_words(short_words);

                        assert_int_equal(r.code, EXIT_CODE_OK);
                        assert_non_null(strstr(r.out, lang == 0 ? c->summary.sv : c->summary.en));
                        for (unsigned o = 0; o < c->options_len; o++)
                                assert_non_null(strstr(r.out, c->options[o].name));
                        assert_non_null(strstr(r.out, lang == 0 ? "Slutkoder" : "Exit codes"));
                }
        }
}

static void the_overview_names_every_command(void **state)
{
        RAN r = RUN("--help");
        RAN none = RUN("--lang", "sv");

        (void)state;
        assert_int_equal(r.code, EXIT_CODE_OK);
        for (unsigned i = 0; cli_commands[i] != NULL; i++)
                assert_non_null(strstr(r.out, cli_commands[i]->name));
        assert_int_equal(none.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(none.err, "Kommandon"));
}

static void half_a_command_lists_the_commands_that_begin_so(void **state)
{
        RAN asked = RUN("help", "policy", "--lang", "en");
        RAN alone = RUN("--lang", "en", "policy");
        RAN part = RUN("help", "pol");

        (void)state;
        assert_int_equal(asked.code, EXIT_CODE_OK);
        assert_non_null(strstr(asked.out, "policy diff"));
        assert_null(strstr(asked.out, "vintage"));
        assert_int_equal(alone.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(alone.err, "policy diff"));
        assert_int_equal(part.code, EXIT_CODE_USAGE);
        assert_null(strstr(part.err, "policy"));
}

/* Beside a test there is no gateway; tests/flow starts one with it. */
static void serve_says_when_there_is_no_gateway_beside_it(void **state)
{
        RAN r = RUN("serve", "--data", "nowhere");
        RAN more = RUN("serve", "nowhere");

        (void)state;
        assert_int_equal(r.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(r.err, "/statgated"));
        assert_int_equal(more.code, EXIT_CODE_USAGE);
}

static void a_wrong_command_line_is_told_and_never_repeated(void **state)
{
        RAN unknown = RUN("subbmit");
        RAN option = RUN("erase", "--persn=199001012385");
        RAN argument = RUN("erase", "199001012385");
        RAN cluster = RUN("erase", "-199001012385");
        RAN missing = RUN("submit", "file.csv", "--dataset", "placering");
        RAN twice = RUN("submit", "f", "--dataset", "a", "--dataset", "b", "--period", "2024");
        RAN lang = RUN("--lang", "fi", "help");
        const struct ran *all[] = {&unknown, &option, &argument, &cluster, &missing, &twice, &lang};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                assert_int_equal(all[i]->code, EXIT_CODE_USAGE);
                assert_null(strstr(all[i]->err, "1990"));
                assert_string_equal(all[i]->out, "");
                assert_memory_equal(all[i]->err, "statgate:", 9);
        }
        assert_non_null(strstr(option.err, "--persn"));
        assert_non_null(strstr(missing.err, "period"));
}

static void there_are_no_colours_in_a_pipe(void **state)
{
        RAN r = RUN("--help");

        (void)state;
        assert_null(strchr(r.out, '\033'));
}

static void a_bundle_is_checked_and_its_faults_are_placed(void **state)
{
        RAN good = RUN("policy", "check", BUNDLE);
        RAN digest = RUN("policy", "digest", BUNDLE);
        RAN bad = RUN("policy", "check", "/nonexistent");

        (void)state;
        assert_int_equal(good.code, EXIT_CODE_OK);
        assert_non_null(strstr(good.out, "placering"));
        assert_int_equal(digest.code, EXIT_CODE_OK);
        assert_int_equal(strlen(digest.out), 65);
        assert_non_null(strstr(good.out, digest.out));
        assert_int_equal(bad.code, EXIT_CODE_INPUT);
}

static void a_question_is_explained_without_a_gateway(void **state)
{
        RAN yes = RUN("--lang", "en", "policy", "explain", BUNDLE, "--principal",
                "statgate://demo/statistician/anna", "--dataset", "placering", "--purpose",
                "uppfoljning", "--by", "kommun:lan");
        RAN no = RUN("--lang", "en", "policy", "explain", BUNDLE, "--principal",
                "statgate://demo/statistician/anna", "--dataset", "placering", "--purpose",
                "uppfoljning", "--by", "start:dag");
        RAN stranger = RUN("policy", "explain", BUNDLE, "--principal", "anna", "--dataset",
                "placering", "--purpose", "uppfoljning");

        (void)state;
        assert_int_equal(yes.code, EXIT_CODE_OK);
        assert_non_null(strstr(yes.out, "Allowed.\n"));
        assert_non_null(strstr(yes.out, "[datasets/placering.yaml:"));
        assert_int_equal(no.code, EXIT_CODE_REFUSED);
        assert_non_null(strstr(no.out, "  > ask start by kvartal  [datasets/placering.yaml:"));
        assert_int_equal(stranger.code, EXIT_CODE_USAGE);
}

static void a_bundle_is_shown_and_compared(void **state)
{
        RAN shown = RUN("--lang", "sv", "policy", "show", BUNDLE);
        RAN same = RUN("--lang", "en", "policy", "diff", BUNDLE, BUNDLE);
        RAN itself = RUN("policy", "check", "--against", BUNDLE, BUNDLE);

        (void)state;
        assert_int_equal(shown.code, EXIT_CODE_OK);
        assert_non_null(strstr(shown.out, "datamängd placering: "));
        assert_int_equal(same.code, EXIT_CODE_OK);
        assert_string_equal(same.out, "Nothing changes for anybody.\n");
        assert_int_equal(itself.code, EXIT_CODE_OK);
}

static char *at(const char *name)
{
        static char paths[4][256];
        static unsigned next;
        char *path = paths[next++ % 4];

        (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
        return path;
}

static void init_makes_a_whole_private_folder_that_belongs_together(void **state)
{
        static const char *const names[] = {"statgate.yaml", "pki/ca.pem", "pki/ca.key",
                "pki/server.pem", "pki/server.key", "pki/revoked.txt", "client/statistician.pem",
                "client/dpo.key", "client/operator.pem", "client/0114.pem", "client/2584.key",
                "keys/dpo.key", "keys/dpo.pub", "keys/keyring.sgk", "keys/passphrase",
                "policy/bundle.yaml", "policy/bundle.sgb"};
        OWNED(arena_free) struct arena *a = arena_new(16 << 20);
        struct bytes ca, chain, key, signed_file, canonical, hex;
        struct peer_certificate peer;
        struct principal who;
        uint8_t signer[SIGN_PUBLIC_LEN];
        uint32_t valid = 0;
        struct stat st;

        (void)state;
        assert_int_equal(access(KEEPER, X_OK), 0);

        RAN r = RUN("init", at("data"), "--development", "--bundle", BUNDLE, "--keeper", KEEPER,
                "--municipalities", "0114,2584");

        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_int_equal(stat(at("data"), &st), 0);
        assert_int_equal(st.st_mode & 0777, 0700);
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
                char path[300];

                (void)snprintf(path, sizeof path, "%s/data/%s", folder, names[i]);
                assert_int_equal(stat(path, &st), 0);
                assert_int_equal(st.st_mode & 0777, 0600);
        }
        assert_false(file_exists(at("data/client/0180.pem")));
        assert_int_equal(file_read(a, at("data/pki/ca.pem"), &ca), ERR_OK);
        assert_int_equal(file_read(a, at("data/pki/server.pem"), &chain), ERR_OK);
        assert_int_equal(file_read(a, at("data/pki/server.key"), &key), ERR_OK);
        assert_int_equal(cert_check_server(chain, key, ca, 1000 * (int64_t)time(NULL)), ERR_OK);
        assert_int_equal(file_read(a, at("data/client/0114.pem"), &chain), ERR_OK);
        assert_int_equal(cert_read_peer(chain, &peer), ERR_OK);
        assert_int_equal(principal_parse(peer.uri, "demo", &who), ERR_OK);
        assert_int_equal(who.municipality, 114);
        assert_int_equal(file_read(a, at("data/keys/dpo.pub"), &hex), ERR_OK);
        ((char *)(uintptr_t)hex.data)[64] = '\0';
        assert_int_equal(hex_decode((const char *)hex.data, signer, sizeof signer), ERR_OK);
        assert_int_equal(file_read(a, at("data/policy/bundle.sgb"), &signed_file), ERR_OK);
        assert_int_equal(bundle_check(signed_file, signer, 1, &canonical, &valid), ERR_OK);
        assert_int_equal(valid, 1);

        RAN again =
                RUN("init", at("data"), "--development", "--bundle", BUNDLE, "--keeper", KEEPER);

        assert_int_equal(again.code, EXIT_CODE_USAGE);
}

static void signing_twice_changes_nothing(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(16 << 20);
        struct bytes before, after;

        (void)state;
        assert_true(file_exists(at("data/statgate.yaml"))); /* made by the test before */
        assert_int_equal(file_read(a, at("data/policy/bundle.sgb"), &before), ERR_OK);

        RAN r = RUN("--config", at("data/statgate.yaml"), "policy", "sign");

        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_int_equal(file_read(a, at("data/policy/bundle.sgb"), &after), ERR_OK);
        assert_true(bytes_equal(before, after));
        assert_int_equal(chmod(at("data/keys/dpo.key"), 0644), 0);

        RAN open = RUN("--config", at("data/statgate.yaml"), "policy", "sign");

        assert_int_equal(open.code, EXIT_CODE_INPUT);
}

static void init_leaves_nothing_behind_when_it_fails(void **state)
{
        RAN r = RUN(
                "init", at("other"), "--development", "--bundle", BUNDLE, "--keeper", "/bin/false");
        RAN codes = RUN("init", at("other"), "--bundle", BUNDLE, "--municipalities", "0114,9999");

        (void)state;
        assert_int_not_equal(r.code, EXIT_CODE_OK);
        assert_int_equal(codes.code, EXIT_CODE_USAGE);
        assert_false(file_exists(at("other")));
}

/* Away from the program's own folders and from a clone. */
static void init_says_how_to_name_a_bundle(void **state)
{
        int here = open(".", O_PATH | O_CLOEXEC);

        (void)state;
        assert_true(here >= 0);
        assert_int_equal(chdir(folder), 0);

        RAN r = RUN("--lang", "en", "init", at("other"), "--development");

        assert_int_equal(fchdir(here), 0);
        assert_int_equal(close(here), 0);
        assert_int_equal(r.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(r.err, "name its folder with --bundle\n"));
        assert_false(file_exists(at("other")));
}

static void settings_with_an_unknown_key_are_refused(void **state)
{
        (void)state;
        assert_int_equal(
                file_create(at("bad.yaml"), bytes_of_text("adress: 127.0.0.1:1\n"), 0600), ERR_OK);

        RAN r = RUN(
                "--config", at("bad.yaml"), "--as", "0114", "erase", "--person-file", "/dev/null");
        RAN submit = RUN("--config", at("bad.yaml"), "--as", "0114", "submit", "--dataset",
                "placering", "--period", "2024", "x.csv");

        assert_int_equal(submit.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(submit.err, "bad.yaml:1:1"));
        assert_int_not_equal(r.code, EXIT_CODE_OK);
}

#define HEAD "Kommun;Ärendenr;Personnr;Placeringsdatum;Placeringsform;Lagrum\n"

static void a_dry_run_tells_what_is_wrong_without_repeating_it(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct bytes report;

        (void)state;
        assert_int_equal(file_create(at("f.csv"),
                                 bytes_of_text(HEAD "0114;A;201001022399;2024-03-01;hvb;sol\n"
                                                    "0114;B;201001022390;2024-03-01;hvb;sol\n"
                                                    "0114;C;201001022399;2024-03-01;=slott;sol\n"
                                                    "0114;D;201001022399;1980-03-01;hvb;sol\n"),
                                 0600),
                ERR_OK);

        RAN r = RUN("--as", "0114", "--lang", "sv", "submit", "--dry-run", "--bundle", BUNDLE,
                "--dataset", "placering", "--period", "2024", "--rejected", at("r.csv"),
                at("f.csv"));

        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_non_null(strstr(r.out, "4 rader lästa, 1 mottagna, 3 avvisade"));
        assert_int_equal(file_read(a, at("r.csv"), &report), ERR_OK);
        assert_non_null(strstr(
                (const char *)report.data, "rad;kolumn;regel;text\r\n3;Personnr;CHECK_DIGIT;"));
        assert_non_null(strstr((const char *)report.data, "4;Placeringsform;UNKNOWN_CODE;"));
        assert_non_null(strstr((const char *)report.data, "5;Placeringsdatum;OUT_OF_RANGE;"));
        assert_null(strstr((const char *)report.data, "2010"));
        assert_null(strstr((const char *)report.data, "slott"));
        assert_null(strstr(r.out, "2010"));
        assert_null(strstr(r.err, "2010"));
}

static void files_that_cannot_be_delivered_end_with_the_code_for_input(void **state)
{
        static const char *const texts[] = {"", "201001022399;x\n", "\xFF\xFE;b;c\n", "x;y\n1;2\n"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
                char name[16];

                (void)snprintf(name, sizeof name, "bad%zu.csv", i);
                assert_int_equal(file_create(at(name), bytes_of_text(texts[i]), 0600), ERR_OK);

                RAN r = RUN("--as", "0114", "submit", "--dry-run", "--bundle", BUNDLE, "--dataset",
                        "placering", "--period", "2024", at(name));

                assert_int_equal(r.code, EXIT_CODE_INPUT);
                assert_null(strstr(r.err, "2010"));
        }
        RAN folder_as_file = RUN("submit", "--dry-run", "--bundle", BUNDLE, "--dataset",
                "placering", "--period", "2024", folder);

        assert_int_equal(folder_as_file.code, EXIT_CODE_INPUT);
}

/* Each is a delivery of its own, and one that cannot be read stops none of the others. */
static void several_files_say_their_own_data_set_and_period(void **state)
{
        static const char good[] = HEAD "0114;A;201001022399;2024-03-01;hvb;sol\n";

        (void)state;
        assert_int_equal(
                file_create(at("0114-placering-2024.csv"), bytes_of_text(good), 0600), ERR_OK);
        assert_int_equal(
                file_create(at("0114-placering-2023.csv"), bytes_of_text(good), 0600), ERR_OK);
        assert_int_equal(file_create(at("slott.csv"), bytes_of_text(good), 0600), ERR_OK);

        RAN both = RUN("--as", "0114", "submit", "--dry-run", "--bundle", BUNDLE,
                at("0114-placering-2024.csv"), at("0114-placering-2023.csv"));
        RAN broken = RUN("--as", "0114", "submit", "--dry-run", "--bundle", BUNDLE,
                at("0114-placering-2025.csv"), at("0114-placering-2024.csv"));
        RAN nameless =
                RUN("--as", "0114", "submit", "--dry-run", "--bundle", BUNDLE, at("slott.csv"));
        RAN one_report =
                RUN("--as", "0114", "submit", "--dry-run", "--bundle", BUNDLE, "--rejected",
                        at("r.csv"), at("0114-placering-2024.csv"), at("0114-placering-2023.csv"));

        assert_int_equal(both.code, EXIT_CODE_OK);
        assert_non_null(strstr(both.out, "0114-placering-2024.csv"));
        assert_non_null(strstr(both.out, "0114-placering-2023.csv"));
        assert_int_equal(broken.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(broken.out, "1 row"));
        assert_int_equal(nameless.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(nameless.err, "--dataset"));
        assert_int_equal(one_report.code, EXIT_CODE_USAGE);
        assert_non_null(strstr(one_report.err, "--rejected"));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)type;
        (void)where;
        return remove(path);
}

static int make_folder(void **state)
{
        (void)state;
        (void)setenv("LC_ALL", "C", 1);
        return mkdtemp(folder) != NULL ? 0 : -1;
}

static int remove_folder(void **state)
{
        (void)state;
        return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_command_has_help_in_both_languages),
                cmocka_unit_test(the_overview_names_every_command),
                cmocka_unit_test(half_a_command_lists_the_commands_that_begin_so),
                cmocka_unit_test(serve_says_when_there_is_no_gateway_beside_it),
                cmocka_unit_test(a_wrong_command_line_is_told_and_never_repeated),
                cmocka_unit_test(there_are_no_colours_in_a_pipe),
                cmocka_unit_test(a_bundle_is_checked_and_its_faults_are_placed),
                cmocka_unit_test(init_makes_a_whole_private_folder_that_belongs_together),
                cmocka_unit_test(a_question_is_explained_without_a_gateway),
                cmocka_unit_test(a_bundle_is_shown_and_compared),
                cmocka_unit_test(signing_twice_changes_nothing),
                cmocka_unit_test(init_leaves_nothing_behind_when_it_fails),
                cmocka_unit_test(init_says_how_to_name_a_bundle),
                cmocka_unit_test(settings_with_an_unknown_key_are_refused),
                cmocka_unit_test(a_dry_run_tells_what_is_wrong_without_repeating_it),
                cmocka_unit_test(files_that_cannot_be_delivered_end_with_the_code_for_input),
                cmocka_unit_test(several_files_say_their_own_data_set_and_period),
        };

        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
