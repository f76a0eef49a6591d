/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_answers.c: the program `statgate` at the door of a real gateway: questions,
 * vintages, submissions and status, as people type them. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/gateway_delivery.h"
#include "tests/support/reported.h"
#include "tools/cli/cli.h"
#include "tools/cli/delivery_id.h"

enum { ROWS = 400, FEW = 30, ARGS_MAX = 24 };

static struct world world;
static struct submission_id delivered;

/* What the command said last. */
static const char *out_text, *err_text;

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

static const char *read_text(const char *path)
{
        struct bytes b = world_read(&world, path);

        return arena_strndup(world.arena, b.len > 0 ? (const char *)b.data : "", b.len);
}

/* In the child: both streams into files, and away. */
static void become(char **argv, const char *out, const char *err)
{
        int null = open("/dev/null", O_RDONLY), to_out, to_err;

        to_out = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        to_err = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (null >= 0 && to_out >= 0 && to_err >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
                dup2(to_out, STDOUT_FILENO) >= 0 && dup2(to_err, STDERR_FILENO) >= 0)
                (void)execv(argv[0], argv);
        _exit(127);
}

/* The exit code; minus one when it did not end by itself. */
static int run(const char *const *words)
{
        static char program[] = STATGATE_BIN_DIR "/statgate", lang[] = "--lang", en[] = "en",
                    config[] = "--config";
        const char *out = world_path(&world, "command.out");
        const char *err = world_path(&world, "command.err");
        char *settings = arena_printf(world.arena, "%s/statgate.yaml", world.folder);
        char *argv[ARGS_MAX] = {program, lang, en, config, settings};
        int argc = 5, how = 0;

        for (; *words != NULL && argc + 1 < ARGS_MAX; words++)
                argv[argc++] = arena_strndup(world.arena, *words, strlen(*words));

        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                become(argv, out, err);
        assert_int_equal(waitpid(pid, &how, 0), pid);
        out_text = read_text(out);
        err_text = read_text(err);
        int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;

        reported_check(code, err_text);
        return code;
}

static bool said(const char *text)
{
        return strstr(out_text, text) != NULL;
}

static bool complained(const char *text)
{
        return strstr(err_text, text) != NULL;
}

static void make_client(const char *name, const char *who)
{
        struct cert_pair pair;
        char uri[120], path[64];

        (void)snprintf(uri, sizeof uri, "statgate://" WORLD_TRUST "/%s", who);
        assert_int_equal(
                cert_make_leaf(world.arena, &world.ca, "a client", NULL, uri, 30, &pair), ERR_OK);
        (void)snprintf(path, sizeof path, "client/%s.pem", name);
        world_write(&world, path, pair.cert_pem);
        (void)snprintf(path, sizeof path, "client/%s.key", name);
        world_write(&world, path, pair.key_pem);
}

static int begin(uint32_t few)
{
        struct placement rows[ROWS + FEW];
        uint64_t random = 20261121;

        world_make(&world);
        assert_int_equal(mkdir(world_path(&world, "client"), 0700), 0);
        make_client("statistician", WORLD_STATISTICIAN);
        make_client("operator", WORLD_OPERATOR);
        make_client("0180", WORLD_MUNICIPALITY);
        make_client("0114", "municipality/0114");
        world_start(&world);
        /* Other persons in 0114: without them nothing is told of what both have. */
        for (uint32_t i = 0; i < ROWS + FEW; i++)
                rows[i] = placement_random(&random, 5000, i);
        delivered = deliver(&world, 180, DELIVERY_APPEND, rows, ROWS, 150);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows + ROWS, few, few);
        return 0;
}

static int setup(void **state)
{
        (void)state;
        return begin(FEW);
}

static int setup_small(void **state)
{
        (void)state;
        return begin(3);
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Vintages ---------------------------------------------------------------- */

static void a_vintage_is_published_and_listed_with_its_note(void **state)
{
        (void)state;
        assert_int_equal(RUN("vintage", "list"), EXIT_CODE_OK);
        assert_true(said("No vintage has been published yet."));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning"),
                EXIT_CODE_REFUSED);
        assert_int_equal(RUN("vintage", "publish", "--note", "åtgärdad"), EXIT_CODE_OK);
        assert_string_equal(out_text, "Vintage 1 is published, 430 records.\n");
        assert_int_equal(RUN("vintage", "list"), EXIT_CODE_OK);
        assert_true(said("åtgärdad") && said("430") && said("yes"));
}

static void only_the_operator_publishes(void **state)
{
        (void)state;
        assert_int_equal(RUN("--as", "0180", "vintage", "publish"), EXIT_CODE_REFUSED);
        assert_true(complained("the policy does not allow this"));
        assert_int_equal(RUN("vintage", "publish", "--note", "a\nb"), EXIT_CODE_USAGE);
}

/* Questions --------------------------------------------------------------- */

/* Every line of the CSV ends as its cell in the release says. */
static void a_question_prints_the_release_that_the_gateway_sends(void **state)
{
        static const char codes[CELL_STATUS_COUNT] = {[CELL_PROTECTED] = 'Q',
                [CELL_VALUE] = 'A',
                [CELL_MISSING] = 'O',
                [CELL_NOT_APPLICABLE] = 'M'};
        struct wire_answer answer;
        struct wire_release release;
        const struct table *t = &release.table;
        size_t cell = 0, shown = 0, hidden = 0;

        (void)state;
        assert_int_equal(ask(&world, "kommun:lan,form", NULL, NULL, &answer, &release), STATUS_OK);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kommun:lan,form", "--format", "csv"),
                EXIT_CODE_OK);
        for (const char *at = strchr(out_text, '\n') + 1; *at != '\0'; at = strchr(at, '\n') + 1) {
                char value[32] = "", line[48];
                const char *end = strchr(at, '\r');

                assert_true(cell < t->cells_len);
                if (t->status[cell] == CELL_VALUE)
                        (void)snprintf(value, sizeof value, "%lld",
                                (long long)t->measures[0].values[cell]);
                (void)snprintf(line, sizeof line, ",%s,%c,%c", value, codes[t->status[cell]],
                        t->status[cell] == CELL_PROTECTED ? 'C' : 'F');
                assert_memory_equal(end - strlen(line), line, strlen(line));
                hidden += t->status[cell] == CELL_PROTECTED;
                shown += t->status[cell++] == CELL_VALUE;
        }
        assert_int_equal(cell, t->cells_len);
        assert_true(shown > 0 && hidden > 0);
}

static void a_table_names_its_source_and_its_marks(void **state)
{
        (void)state;
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kommun,form", "--where", "alder <= 17"),
                EXIT_CODE_OK);
        assert_true(said("where alder <= 17\n"));
        assert_true(said("Data set placering, purpose uppfoljning, vintage 1 ("));
        assert_true(said("..  protected\n"));
        assert_true(said(":   missing: nobody has delivered it\n"));
        assert_true(said("placering: 2 of 290 municipalities; rejected "));
        assert_true(said("Linkage: placering_riket. Unit: person.\n"));
        assert_true(said("parts do not add up to the total.\n"));
}

/* Up to the certificate, which is of each answer by itself. */
static void the_same_question_gives_the_same_bytes(void **state)
{
        const char *first, *certificate;

        (void)state;
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "form,kon", "--format", "json"),
                EXIT_CODE_OK);
        first = out_text;
        certificate = strstr(first, "\"certificate\": ");
        assert_non_null(certificate);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "form,kon", "--format", "json"),
                EXIT_CODE_OK);
        assert_memory_equal(out_text, first, (size_t)(certificate - first));
        assert_string_not_equal(out_text, first);
}

static void an_answer_that_was_saved_is_checked_without_a_gateway(void **state)
{
        const char *json = world_path(&world, "answer.json");
        const char *csv = world_path(&world, "answer.csv");
        const char *proof = world_path(&world, "proof.json");
        const char *changed = world_path(&world, "changed.json");
        struct bytes text;
        char *cell;

        (void)state;
        assert_int_equal(RUN("keys", "public", "--save", "--as", "statistician"), EXIT_CODE_OK);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "form", "--where", "kon = man", "--format", "json", "--out", json),
                EXIT_CODE_OK);
        assert_int_equal(RUN("verify", json), EXIT_CODE_OK);
        assert_non_null(strstr(out_text, "kon = man"));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning",
                                 "--format", "csv", "--out", csv, "--certificate", proof),
                EXIT_CODE_OK);
        assert_int_equal(RUN("verify", proof), EXIT_CODE_OK);
        assert_int_equal(RUN("verify", csv), EXIT_CODE_USAGE);

        text = world_read(&world, json);
        cell = memmem(text.data, text.len, "\"values\": [", 11);
        assert_non_null(cell);
        for (cell += 11; *cell < '0' || *cell > '9'; cell++)
                ;
        *cell = *cell == '9' ? '8' : (char)(*cell + 1);
        world_write(&world, "changed.json", text);
        assert_int_equal(RUN("verify", changed), EXIT_CODE_REFUSED);
        assert_non_null(strstr(out_text, "TABLE"));
}

static void a_question_in_a_file_is_filled_in_by_options(void **state)
{
        const char *path = world_path(&world, "q.yaml");

        (void)state;
        world_write(&world, "q.yaml",
                bytes_of_text("dataset: placering\ndimensions: [kon]\nmeasures: [records]\n"));
        assert_int_equal(RUN("query", "-f", path, "--purpose", "uppfoljning", "--format", "csv"),
                EXIT_CODE_OK);
        assert_memory_equal(out_text, "kon,kon.label,records,obs_status,conf_status\r\n", 46);
        assert_int_equal(RUN("query", "-f", path, "--purpose", "uppfoljning", "--by", "form"),
                EXIT_CODE_USAGE);
        world_write(&world, "q.yaml", bytes_of_text("datset: placering\n"));
        assert_int_equal(RUN("query", "--file", path), EXIT_CODE_INPUT);
        assert_true(complained("q.yaml:1:1: ") && complained("did you mean `dataset`?"));
}

static void a_refusal_says_why_and_ends_with_one(void **state)
{
        (void)state;
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "nyfikenhet"),
                EXIT_CODE_REFUSED);
        assert_true(complained("statgate: the gateway refused: "));
        assert_true(complained("\n  purpose: "));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kommunn"),
                EXIT_CODE_REFUSED);
        assert_true(complained("\n  dimensions[0]"));
        assert_string_equal(out_text, "");
        assert_int_equal(
                RUN("--as", "0180", "query", "--dataset", "placering", "--purpose", "uppfoljning"),
                EXIT_CODE_REFUSED);
}

static void a_slip_on_the_command_line_ends_with_two(void **state)
{
        (void)state;
        assert_int_equal(RUN("query", "--purpose", "uppfoljning"), EXIT_CODE_USAGE);
        assert_true(complained("dataset: is missing"));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning",
                                 "--where", "alder"),
                EXIT_CODE_USAGE);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning",
                                 "--format", "ods"),
                EXIT_CODE_USAGE);
        assert_int_equal(RUN("submission", "20010101-2384"), EXIT_CODE_USAGE);
        assert_false(complained("2384"));
}

static void an_answer_comes_in_the_formats_of_others(void **state)
{
        const char *path = world_path(&world, "out.xlsx");

        (void)state;
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kon", "--format", "px"),
                EXIT_CODE_OK);
        assert_true(said("STUB=") && said("DATASYMBOL2=\"..\";\n") && said("AGGREGALLOWED=NO"));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kon", "--format", "json-stat"),
                EXIT_CODE_OK);
        assert_true(said("\"class\": \"dataset\"") && said("\"policy_digest\": "));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kon", "--format", "xlsx", "--out", path),
                EXIT_CODE_OK);
        assert_memory_equal(world_read(&world, path).data, "PK", 2);
}

static void a_dry_run_tells_what_would_be_answered(void **state)
{
        (void)state;
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kommun:lan,form", "--dry-run"),
                EXIT_CODE_OK);
        assert_true(said("The question makes ") && said(" cells."));
}

static void a_file_is_written_whole_or_not_at_all(void **state)
{
        const char *path = world_path(&world, "out.csv");

        (void)state;
        assert_int_equal(
                RUN("query", "--dataset", "placering", "--purpose", "nyfikenhet", "--out", path),
                EXIT_CODE_REFUSED);
        assert_false(world_exists(&world, "out.csv"));
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--by",
                                 "kon", "--format", "csv", "--bom", "--out", path),
                EXIT_CODE_OK);
        assert_string_equal(out_text, "");
        assert_memory_equal(world_read(&world, path).data, "\xef\xbb\xbfkon,", 7);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning", "--out",
                                 world_path(&world, "none/out.csv")),
                EXIT_CODE_USAGE);
        assert_true(complained("No such file or directory"));
}

/* Data sets, status, reload ----------------------------------------------- */

static void data_sets_are_listed_and_described(void **state)
{
        (void)state;
        assert_int_equal(RUN("datasets"), EXIT_CODE_OK);
        assert_true(said("placering") && said("uppfoljning") && said("Latest vintage: 1"));
        assert_int_equal(RUN("datasets", "placering"), EXIT_CODE_OK);
        assert_true(said("… and 279 more; show all with --all") && said("Upplands Väsby"));
        assert_int_equal(RUN("datasets", "placering", "--all"), EXIT_CODE_OK);
        assert_true(said("  2584  Kiruna\n"));
        assert_int_equal(RUN("datasets", "ingen"), EXIT_CODE_REFUSED);
}

static void coverage_tells_who_has_not_delivered(void **state)
{
        (void)state;
        assert_int_equal(RUN("coverage", "--dataset", "placering"), EXIT_CODE_OK);
        assert_true(said("     290         2"));
        assert_int_equal(RUN("coverage", "--dataset", "placering", "--by", "kommun", "--missing",
                                 "--format", "csv"),
                EXIT_CODE_OK);
        assert_true(said("0115,Vallentuna,1,,,,,,,,O\r\n"));
        assert_false(said("0180,Stockholm"));
        assert_int_equal(RUN("coverage", "--by", "kon"), EXIT_CODE_USAGE);
        assert_int_equal(RUN("coverage", "--dataset", "ingen"), EXIT_CODE_REFUSED);
}

/* Three records are too few to be told of; that they came is not. */
static void a_small_amount_hides_no_count_of_deliveries(void **state)
{
        (void)state;
        assert_int_equal(RUN("vintage", "publish"), EXIT_CODE_OK);
        assert_int_equal(
                RUN("coverage", "--dataset", "placering", "--by", "kommun", "--format", "csv"),
                EXIT_CODE_OK);
        assert_true(said("0114,Upplands Väsby,1,1,,"));
        assert_true(said("0180,Stockholm,1,1,"));
}

/* Indicators -------------------------------------------------------------- */

static void an_indicator_is_listed_shown_and_run(void **state)
{
        (void)state;
        assert_int_equal(RUN("indicator", "list", "--dataset", "placering"), EXIT_CODE_OK);
        assert_true(said("avslut_som_planerat@1"));
        assert_false(said("barnet_hort@1"));
        assert_int_equal(RUN("indicator", "show", "avslut_som_planerat"), EXIT_CODE_OK);
        assert_true(said("Better is: higher\nTarget: 75.0\n"));
        assert_true(said("The question, as statgate query -f takes it:\n  dataset: placering\n"));
        assert_int_equal(RUN("indicator", "run", "avslut_som_planerat", "--by", "kommun", "--where",
                                 "kommun in 0180,0115", "--years", "2024:2025", "--compare",
                                 "target,lan,riket,history", "--format", "csv"),
                EXIT_CODE_OK);
        assert_true(said("kommun,kommun.label,period,value,value.low,value.high,status,lan,"
                         "lan.status,riket,riket.status,target,against_target,change,"
                         "change.status\r\n"));
        assert_true(said("0115,Vallentuna,2024,,,,O,"));
        assert_true(said("0180,Stockholm,2025,"));
        assert_int_equal(
                RUN("indicator", "run", "avslut_som_planerat", "--years", "2025"), EXIT_CODE_OK);
        assert_true(said("Placements ended as planned (indicator avslut_som_planerat, version 1"));
        assert_true(said("Target 75.0"));
}

/* Of placements 2025 is delivered, of reports nothing. */
static void an_indicator_is_run_for_a_year_that_is_delivered(void **state)
{
        (void)state;
        assert_int_equal(
                RUN("indicator", "run", "avslut_som_planerat", "--format", "csv"), EXIT_CODE_OK);
        assert_true(said("\r\n2025,"));
        assert_string_equal(err_text, "");
        assert_int_equal(RUN("indicator", "run", "beslut_inom_14_dagar"), EXIT_CODE_OK);
        assert_true(complained("anmalan: no municipality has delivered "));
        assert_true(complained("; name other years with --years\n"));
        assert_int_equal(
                RUN("indicator", "run", "beslut_inom_14_dagar", "--years", "2020"), EXIT_CODE_OK);
        assert_string_equal(err_text, "");
}

static void what_an_indicator_cannot_be_asked_is_told(void **state)
{
        (void)state;
        assert_int_equal(RUN("indicator", "show", "ingen"), EXIT_CODE_REFUSED);
        assert_int_equal(RUN("indicator", "show", "avslut_som_planerat@2"), EXIT_CODE_REFUSED);
        assert_int_equal(RUN("indicator", "show", "avslut_som_planerat@0"), EXIT_CODE_USAGE);
        assert_int_equal(
                RUN("indicator", "run", "avslut_som_planerat", "--years", "25"), EXIT_CODE_USAGE);
        assert_int_equal(
                RUN("indicator", "run", "avslut_som_planerat", "--by", "lan", "--compare", "lan"),
                EXIT_CODE_USAGE);
        assert_true(complained("--compare lan does not fit the question"));
        assert_int_equal(RUN("indicator", "run", "avslut_som_planerat", "--purpose", "nyfikenhet"),
                EXIT_CODE_REFUSED);
}

/* Whoever has the digest of what was agreed on is not answered by anything else. */
static void a_contract_is_held_to_its_digest(void **state)
{
        static const char other[] =
                "0000000000000000000000000000000000000000000000000000000000000000";
        const char *digest, *id = "utfall_hvb_sis_2024";
        char hex[sizeof other];

        (void)state;
        assert_int_equal(RUN("indicator", "show", id), EXIT_CODE_OK);
        digest = strstr(out_text, "Digest: ");
        assert_non_null(digest);
        (void)snprintf(hex, sizeof hex, "%.64s", digest + strlen("Digest: "));
        assert_int_equal(RUN("indicator", "run", id, "--expect-digest", other), EXIT_CODE_REFUSED);
        assert_string_equal(out_text, "");
        assert_true(complained(hex));
        assert_int_equal(RUN("indicator", "run", id, "--expect-digest", "00"), EXIT_CODE_USAGE);
        assert_int_equal(RUN("indicator", "run", id, "--years", "2024"), EXIT_CODE_USAGE);
        assert_int_equal(RUN("indicator", "run", id, "--expect-digest", hex), EXIT_CODE_OK);
        assert_true(said(hex) && said("Cohort: 2024-01-01..2024-06-30\n"));
        assert_true(said("against the target 80.0: "));
}

static void status_is_for_people_and_for_programs(void **state)
{
        (void)state;
        assert_int_equal(RUN("status"), EXIT_CODE_OK);
        assert_true(said("Key keeper                alive\n"));
        assert_int_equal(RUN("status", "--format", "json"), EXIT_CODE_OK);
        assert_true(said("\"format\": \"statgate.status.1\"") && said("\"keeper_alive\": true"));
        assert_int_equal(RUN("--as", "0180", "status"), EXIT_CODE_REFUSED);
        assert_int_equal(RUN("reload"), EXIT_CODE_OK);
        assert_true(said("The policy is unchanged: version "));
}

/* Submissions ------------------------------------------------------------- */

static void a_submission_is_told_to_its_own_municipality_only(void **state)
{
        char id[UUID_TEXT];

        (void)state;
        uuid_format(&delivered, id);
        assert_int_equal(RUN("--as", "0180", "submission", id), EXIT_CODE_OK);
        assert_true(said("committed\n") && said("placering\n") && said("400\n"));
        assert_int_equal(RUN("--as", "0114", "submission", id), EXIT_CODE_REFUSED);
        assert_true(complained("there is no such thing"));
}

/* Nobody is at a terminal here, so the question cannot be asked. */
static void a_withdrawal_needs_a_yes_and_revises_the_vintage(void **state)
{
        char id[UUID_TEXT];

        (void)state;
        uuid_format(&delivered, id);
        assert_int_equal(RUN("--as", "0180", "withdraw", id), EXIT_CODE_USAGE);
        assert_int_equal(state_of(&world, 180, &delivered), SUBMISSION_COMMITTED);
        assert_int_equal(RUN("--as", "0114", "withdraw", "--yes", id), EXIT_CODE_REFUSED);
        assert_int_equal(state_of(&world, 180, &delivered), SUBMISSION_COMMITTED);
        assert_int_equal(RUN("--as", "0180", "withdraw", "--yes", id), EXIT_CODE_OK);
        assert_true(said("is removed.\nThe vintage was revised: 1.1.\n"));
        assert_int_equal(state_of(&world, 180, &delivered), SUBMISSION_WITHDRAWN);
        assert_int_equal(RUN("query", "--dataset", "placering", "--purpose", "uppfoljning",
                                 "--vintage", "1.0"),
                EXIT_CODE_REFUSED);
}

static void a_gateway_that_is_away_ends_with_three(void **state)
{
        (void)state;
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(RUN("status"), EXIT_CODE_CONNECT);
        assert_int_equal(RUN("--address", "127.0.0.1:1", "vintage", "publish"), EXIT_CODE_CONNECT);
        assert_true(complained("the gateway cannot be reached"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_vintage_is_published_and_listed_with_its_note),
                cmocka_unit_test(only_the_operator_publishes),
                cmocka_unit_test(a_question_prints_the_release_that_the_gateway_sends),
                cmocka_unit_test(a_table_names_its_source_and_its_marks),
                cmocka_unit_test(the_same_question_gives_the_same_bytes),
                cmocka_unit_test(an_answer_that_was_saved_is_checked_without_a_gateway),
                cmocka_unit_test(a_question_in_a_file_is_filled_in_by_options),
                cmocka_unit_test(a_refusal_says_why_and_ends_with_one),
                cmocka_unit_test(a_slip_on_the_command_line_ends_with_two),
                cmocka_unit_test(an_answer_comes_in_the_formats_of_others),
                cmocka_unit_test(a_dry_run_tells_what_would_be_answered),
                cmocka_unit_test(a_file_is_written_whole_or_not_at_all),
                cmocka_unit_test(data_sets_are_listed_and_described),
                cmocka_unit_test(coverage_tells_who_has_not_delivered),
                cmocka_unit_test(an_indicator_is_listed_shown_and_run),
                cmocka_unit_test(an_indicator_is_run_for_a_year_that_is_delivered),
                cmocka_unit_test(what_an_indicator_cannot_be_asked_is_told),
                cmocka_unit_test(a_contract_is_held_to_its_digest),
                cmocka_unit_test(status_is_for_people_and_for_programs),
                cmocka_unit_test(a_submission_is_told_to_its_own_municipality_only),
                cmocka_unit_test(a_withdrawal_needs_a_yes_and_revises_the_vintage),
                cmocka_unit_test(a_gateway_that_is_away_ends_with_three),
        };

        const struct CMUnitTest small[] = {
                cmocka_unit_test(a_small_amount_hides_no_count_of_deliveries),
        };
        int failed = cmocka_run_group_tests(tests, setup, teardown);

        return failed + cmocka_run_group_tests(small, setup_small, teardown);
}
