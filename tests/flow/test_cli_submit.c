/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_submit.c: statgate and statgated as people start them: init, deliver, break,
 * go on, erase. Personal numbers are from Skatteverket's test series. */
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
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/reported.h"

enum { OUTPUT_MAX = 1 << 16, ARGUMENTS_MAX = 24, START_MS = 20000, STEP_MS = 20 };
enum { POLL_MS = 2, BATCH_BYTES = 200000 };

static char folder[] = "/tmp/statgate-submit-XXXXXX";
static char data[64], output[OUTPUT_MAX];
static pid_t gateway;

static void sleep_ms(long ms)
{
        struct timespec t = {ms / 1000, ms % 1000 * 1000000};

        (void)nanosleep(&t, NULL);
}

/* In the data folder when there is one; output goes to `file`. */
static pid_t start(const char *file, const char *const *words)
{
        char program[4096], *argv[ARGUMENTS_MAX + 1] = {NULL};
        pid_t pid;

        (void)snprintf(program, sizeof program, "%s/%s", STATGATE_BIN_DIR, words[0]);
        for (unsigned i = 0; words[i] != NULL && i < ARGUMENTS_MAX; i++)
                argv[i] = (char *)(uintptr_t)words[i];
        pid = fork();
        assert_true(pid >= 0);
        if (pid > 0)
                return pid;

        int fd = open(file, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0)
                _exit(126);
        if (chdir(data) != 0 && chdir(folder) != 0)
                _exit(126);
        (void)execv(program, argv);
        _exit(127);
}

static int finish(pid_t pid)
{
        int status = 0;

        assert_int_equal(waitpid(pid, &status, 0), pid);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void read_file(const char *path)
{
        FILE *f = fopen(path, "rb");

        memset(output, 0, sizeof output);
        assert_non_null(f);
        output[fread(output, 1, sizeof output - 1, f)] = '\0';
        (void)fclose(f);
}

static int run_words(const char *const *words)
{
        char file[96];
        int code;

        (void)snprintf(file, sizeof file, "%s/output", folder);
        code = finish(start(file, words));
        read_file(file);
        reported_check(code, output);
        return code;
}
#define STATGATE(...)                                                                              \
        run_words((const char *const[]){"statgate", "--lang", "en", __VA_ARGS__, NULL})

static bool says(const char *text)
{
        if (strstr(output, text) != NULL)
                return true;
        print_message("not said: %s\nin: %s\n", text, output);
        return false;
}

static const char *in_folder(const char *name)
{
        static char paths[4][160];
        static unsigned next;
        char *path = paths[next++ % 4];

        (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
        return path;
}

static void write_file(const char *name, const char *text)
{
        FILE *f = fopen(in_folder(name), "wb");

        assert_non_null(f);
        assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
        assert_int_equal(fclose(f), 0);
}

static void start_gateway(void)
{
        static const char *const words[] = {"statgate", "serve", "--data", ".", NULL};
        char address[160];

        (void)snprintf(address, sizeof address, "%s/run/address", data);
        (void)unlink(address);
        gateway = start(in_folder("gateway"), words);
        for (int waited = 0; access(address, R_OK) != 0; waited += STEP_MS) {
                assert_true(waited < START_MS);
                assert_int_equal(waitpid(gateway, NULL, WNOHANG), 0);
                sleep_ms(STEP_MS);
        }
}

static void end_gateway(int with)
{
        (void)kill(gateway, with);
        (void)finish(gateway);
        gateway = 0;
}

#define HEAD "Kommun;Ärendenr;Personnr;Anmälningsdatum;Anmälare;Orsak till oro\r\n"
#define GOOD                                                                                       \
        "114;A;20100102-2399;2024-05-01;Polis;Försummelse\r\n114;B;201001022381;20240502;skola;"  \
        "konflikt\r\n"

static void a_delivery_is_committed_and_asked_again_shows_its_receipt(void **state)
{
        char receipt[64] = "";

        (void)state;
        write_file("good.csv", HEAD GOOD);
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024", in_folder("good.csv")),
                0);
        assert_true(says("2 rows read, 2 accepted, 0 rejected"));
        assert_true(says("Receipt: delivery "));
        memcpy(receipt, strstr(output, "Receipt: delivery "), 50);
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024", in_folder("good.csv")),
                0);
        assert_true(says("complete already"));
        assert_true(says(receipt));
}

static void rows_that_the_gateway_rejects_are_listed_by_their_row_in_the_file(void **state)
{
        static const char receipt[] = "Receipt: delivery ";
        char id[37] = "";

        (void)state;
        write_file("mixed.csv", HEAD "114;C;201001022390;2024-05-01;Polis;konflikt\r\n" GOOD
                                     "\r\n114;D;201001022399;2023-05-01;Polis;konflikt\r\n");
        assert_int_equal(
                STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period", "2024",
                        "--rejected", in_folder("rejected.csv"), in_folder("mixed.csv")),
                0);
        assert_true(says("4 rows read, 2 accepted, 2 rejected"));
        assert_true(says(receipt));
        memcpy(id, strstr(output, receipt) + strlen(receipt), sizeof id - 1);
        read_file(in_folder("rejected.csv"));
        assert_true(says("\r\n2;Personnr;CHECK_DIGIT;"));
        assert_true(says("\r\n6;Anmälningsdatum;OUTSIDE_PERIOD;"));
        assert_null(strstr(output, "2010"));
        /* The first was never sent, and the gateway heard that there was one. */
        assert_int_equal(STATGATE("--as", "0114", "submission", id), 0);
        const char *told = strstr(output, "Rejected before sending");
        assert_non_null(told);
        assert_int_equal(strtol(told + strlen("Rejected before sending"), NULL, 10), 1);
}

static void all_or_nothing_sends_nothing(void **state)
{
        (void)state;
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024", "--all-or-nothing", in_folder("mixed.csv")),
                4);
        assert_true(says("nothing was sent"));
}

static void a_period_is_not_replaced_by_a_file_full_of_faults(void **state)
{
        (void)state;
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024", "--replace", in_folder("mixed.csv")),
                1);
        assert_true(says("nothing has changed"));
        assert_true(says("NOT complete"));
}

static void one_municipality_cannot_deliver_for_another(void **state)
{
        (void)state;
        assert_int_equal(STATGATE("--as", "0180", "submit", "--dataset", "anmalan", "--period",
                                 "2024", in_folder("good.csv")),
                4);
        assert_true(says("FOREIGN_MUNICIPALITY"));
        assert_int_equal(STATGATE("--as", "statistician", "submit", "--dataset", "anmalan",
                                 "--period", "2024", in_folder("good.csv")),
                2);
}

static void what_the_gateway_refuses_ends_with_one(void **state)
{
        (void)state;
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024-03", in_folder("good.csv")),
                1);
        assert_true(says("the gateway refused"));
}

static long long store_bytes(void)
{
        static const char *const names[] = {"data/store/statgate.db", "data/store/statgate.db-wal"};
        long long bytes = 0;

        for (unsigned i = 0; i < 2; i++) {
                struct stat st;

                if (stat(in_folder(names[i]), &st) == 0)
                        bytes += st.st_size;
        }
        return bytes;
}

/* Some 150,000 rows in nine batches; the gateway dies without a word when the first
 * of them is on its disk. */
static void a_gateway_that_dies_and_comes_back_gets_the_rest(void **state)
{
        static const char *const submit[] = {"statgate", "--lang", "en", "--as", "0180", "submit",
                "--dataset", "anmalan", "--period", "2024", "--retry", "60", "", NULL};
        const char *words[ARGUMENTS_MAX];
        pid_t client;

        (void)state;
        assert_int_equal(STATGATE("generate", "--persons", "40000000", "--period", "2024",
                                 "--dataset", "anmalan", "--municipalities", "0180", "--bundle",
                                 "policy", "--out", in_folder("made")),
                0);
        memcpy(words, submit, sizeof submit);
        words[12] = in_folder("made/0180-anmalan-2024.csv");

        long long before = store_bytes();

        client = start(in_folder("client"), words);
        for (int waited = 0; store_bytes() < before + BATCH_BYTES; waited += POLL_MS) {
                assert_true(waited < START_MS);
                sleep_ms(POLL_MS);
        }
        end_gateway(SIGKILL);
        sleep_ms(300);
        start_gateway();
        assert_int_equal(finish(client), 0);
        read_file(in_folder("client"));
        assert_true(says("trying again"));
        assert_true(says(" 0 rejected"));
        assert_true(says("Receipt: delivery"));
}

static void erasing_answers_done_whoever_it_was(void **state)
{
        (void)state;
        write_file("person", "20100102-2399\n");
        assert_int_equal(
                STATGATE("--as", "0114", "erase", "--person-file", in_folder("person")), 0);
        assert_true(says("Done."));
        write_file("person", "201001012399\n");
        assert_int_equal(
                STATGATE("--as", "0114", "erase", "--person-file", in_folder("person")), 4);
        assert_null(strstr(output, "2010"));
        write_file("person", "T0114-77777\n");
        assert_int_equal(
                STATGATE("--as", "0114", "erase", "--person-file", in_folder("person")), 0);
        assert_true(says("Done."));
}

static void a_record_is_erased_by_a_key_that_is_never_an_argument(void **state)
{
        (void)state;
        write_file("key", "no-such-case\n");
        assert_int_equal(STATGATE("--as", "0114", "erase", "--dataset", "anmalan", "--record-file",
                                 in_folder("key")),
                0);
        assert_true(says("Done."));
        assert_int_equal(STATGATE("--as", "0114", "erase", "--record-file", in_folder("key")), 2);
        assert_int_equal(STATGATE("--as", "0114", "erase", "--dataset", "ingen", "--record-file",
                                 in_folder("key")),
                1);
        write_file("key", "\n");
        assert_int_equal(STATGATE("--as", "0114", "erase", "--dataset", "anmalan", "--record-file",
                                 in_folder("key")),
                4);
}

/* Aliases ------------------------------------------------------------------ */

static void numbers_that_became_others_are_told_by_line_and_taken_back_by_id(void **state)
{
        char id[40];

        (void)state;
        write_file("aliases.csv",
                "gammalt;nytt;datum\r\nT0114-1;20100102-2399;2024-03-01\r\n\r\n"
                "201001012399;20100102-2399;2024-03-01\r\n20100102-2399;T0114-2\r\n"
                "T0114-3;T0114-3;2024-03-01\r\nT0114-4;T0114-5;2199-01-01\r\n");
        assert_int_equal(
                STATGATE("--as", "0114", "aliases", "record", in_folder("aliases.csv")), 4);
        assert_true(says("line 4: CHECK_DIGIT"));
        assert_true(says("line 5: not three fields"));
        assert_true(says("line 6: a number cannot become itself"));
        assert_true(says("line 7: not a date"));
        assert_true(says("nothing was sent: 4"));
        assert_null(strstr(output, "2010"));
        assert_int_equal(STATGATE("--as", "0114", "aliases", "list"), 0);
        assert_true(says("none"));

        write_file("aliases.csv", "T0114-1;20100102-2399;2024-03-01\nT0114-1;T0114-9;2024-03-02\n");
        assert_int_equal(
                STATGATE("--as", "0114", "aliases", "record", in_folder("aliases.csv")), 1);
        assert_true(says("line 2: this number became another already"));
        assert_true(says("nothing was taken"));

        write_file("aliases.csv", "T0114-1;20100102-2399;2024-03-01\nT0114-2;T0114-1;2024-03-09\n");
        assert_int_equal(
                STATGATE("--as", "0114", "aliases", "record", in_folder("aliases.csv")), 0);
        const char *as = strstr(output, "recorded as ");

        assert_non_null(as);
        assert_int_equal(sscanf(as, "recorded as %36[0-9a-f-]", id), 1);
        assert_int_equal(
                STATGATE("--as", "0114", "aliases", "record", in_folder("aliases.csv")), 0);
        assert_true(says("2 stood already"));
        assert_int_equal(STATGATE("--as", "0114", "aliases", "list"), 0);
        assert_true(says(id));
        assert_true(says("2024-03-09"));
        assert_null(strstr(output, "20100102"));
        assert_null(strstr(output, "T0114-"));
        assert_int_equal(STATGATE("--as", "0180", "aliases", "undo", id), 1);
        assert_int_equal(STATGATE("--as", "0114", "aliases", "undo", id), 0);
        assert_true(says("2 taken back"));
        assert_int_equal(STATGATE("--as", "0114", "aliases", "list"), 0);
        assert_true(says("undone"));
}

/* Sealing ------------------------------------------------------------------ */

/* The delivery of the test before last again, from the beginning under another name; the key it
 * is sealed to ends when the first batches are on the gateway's disk. */
static void a_delivery_is_sealed_again_when_the_key_changes_under_way(void **state)
{
        static const char *const submit[] = {"statgate", "--lang", "en", "--as", "0180", "submit",
                "--dataset", "anmalan", "--period", "2024", "--submission",
                "0f8fad5b-d9cb-469f-a165-70867728950e", "", NULL};
        const char *words[ARGUMENTS_MAX];
        pid_t client;

        (void)state;
        memcpy(words, submit, sizeof submit);
        words[12] = in_folder("made/0180-anmalan-2024.csv");

        long long before = store_bytes();

        client = start(in_folder("client"), words);
        for (int waited = 0; store_bytes() < before + BATCH_BYTES; waited += POLL_MS) {
                assert_true(waited < START_MS);
                sleep_ms(POLL_MS);
        }
        assert_int_equal(kill(client, SIGSTOP), 0); /* or it might be done before the key is */
        assert_int_equal(STATGATE("--as", "operator", "keys", "rotate", "sealing"), 0);
        assert_int_equal(kill(client, SIGCONT), 0);
        assert_int_equal(finish(client), 0);
        read_file(in_folder("client"));
        assert_true(says("sealing again"));
        assert_true(says(" 0 rejected"));
        assert_true(says("Receipt: delivery 0f8fad5b"));
}

static int submit_one(const char *period)
{
        write_file("one.csv", HEAD "114;Z;20100102-2399;2023-05-01;Polis;konflikt\r\n");
        return STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period", period,
                in_folder("one.csv"));
}

static void rename_in_folder(const char *from, const char *to)
{
        assert_int_equal(rename(in_folder(from), in_folder(to)), 0);
}

static void nothing_is_sealed_to_a_key_that_nobody_vouches_for(void **state)
{
        (void)state;
        rename_in_folder("data/client/keeper.pub", "pinned");
        assert_int_equal(submit_one("2023"), 2);
        assert_true(says("there is no"));
        write_file("data/client/keeper.pub",
                "00000000000000000000000000000000000000000000000000000000000000ff\n");
        assert_int_equal(submit_one("2023"), 1);
        assert_true(says("nothing was sent"));
        assert_int_equal(
                STATGATE("--as", "0114", "erase", "--person-file", in_folder("person")), 1);
        assert_true(says("nothing was sent"));
        assert_int_equal(STATGATE("--as", "0114", "keys", "public", "--save"), 1);
        assert_true(says("NOT vouched for"));
        write_file("data/client/keeper.pub", "not a key\n");
        assert_int_equal(submit_one("2023"), 2);
        /* At first sight it can be saved, and is the one that init had pinned. */
        assert_int_equal(unlink(in_folder("data/client/keeper.pub")), 0);
        assert_int_equal(STATGATE("--as", "0114", "keys", "public", "--save"), 0);
        assert_true(says("compare the digits"));
        read_file(in_folder("pinned"));
        char pinned[80];

        (void)snprintf(pinned, sizeof pinned, "%.64s", output);
        read_file(in_folder("data/client/keeper.pub"));
        assert_true(says(pinned));
        assert_int_equal(submit_one("2023"), 0);
}

static void a_delivery_is_signed_by_the_municipality_or_not_sent(void **state)
{
        (void)state;
        rename_in_folder("data/client/0114.submission.key", "own.key");
        assert_int_equal(submit_one("2022"), 2);
        assert_true(says("keys submission-key --as 0114"));
        /* A key that is not in the bundle, freshly made. */
        assert_int_equal(STATGATE("--as", "0114", "keys", "submission-key"), 0);
        assert_true(says("{municipality: \"0114\", key: \""));
        assert_int_equal(submit_one("2023"), 0); /* its receipt again: nothing new was sent */
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2023", "--submission", "0f8fad5b-d9cb-469f-a165-70867728950f",
                                 in_folder("one.csv")),
                1);
        assert_true(says("not signed by a submission key of this municipality"));
        rename_in_folder("own.key", "data/client/0114.submission.key");
}

static void nobody_at_home_ends_with_three(void **state)
{
        (void)state;
        end_gateway(SIGTERM);
        assert_int_equal(STATGATE("--as", "0114", "submit", "--dataset", "anmalan", "--period",
                                 "2024", in_folder("good.csv")),
                3);
        assert_int_equal(STATGATE("--as", "0114", "--address", "127.0.0.1:1", "submit", "--dataset",
                                 "anmalan", "--period", "2024", in_folder("good.csv")),
                3);
}

static int make_world(void **state)
{
        (void)state;
        if (mkdtemp(folder) == NULL)
                return -1;
        (void)snprintf(data, sizeof data, "%s/data", folder);
        if (STATGATE("--address", "127.0.0.1:0", "init", data, "--development", "--municipalities",
                    "0114,0180", "--bundle", STATGATE_ROOT "/policies/bundle") != 0) {
                print_message("%s\n", output);
                return -1;
        }
        start_gateway();
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)type;
        (void)where;
        return remove(path);
}

static int remove_world(void **state)
{
        (void)state;
        if (gateway > 0)
                end_gateway(SIGKILL);
        return nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_delivery_is_committed_and_asked_again_shows_its_receipt),
                cmocka_unit_test(rows_that_the_gateway_rejects_are_listed_by_their_row_in_the_file),
                cmocka_unit_test(all_or_nothing_sends_nothing),
                cmocka_unit_test(a_period_is_not_replaced_by_a_file_full_of_faults),
                cmocka_unit_test(one_municipality_cannot_deliver_for_another),
                cmocka_unit_test(what_the_gateway_refuses_ends_with_one),
                cmocka_unit_test(a_gateway_that_dies_and_comes_back_gets_the_rest),
                cmocka_unit_test(erasing_answers_done_whoever_it_was),
                cmocka_unit_test(a_record_is_erased_by_a_key_that_is_never_an_argument),
                cmocka_unit_test(numbers_that_became_others_are_told_by_line_and_taken_back_by_id),
                cmocka_unit_test(a_delivery_is_sealed_again_when_the_key_changes_under_way),
                cmocka_unit_test(nothing_is_sealed_to_a_key_that_nobody_vouches_for),
                cmocka_unit_test(a_delivery_is_signed_by_the_municipality_or_not_sent),
                cmocka_unit_test(nobody_at_home_ends_with_three),
        };

        return cmocka_run_group_tests(tests, make_world, remove_world);
}
