/* SPDX-License-Identifier: Apache-2.0 */
/* test_protect_bad.c: `statgate protect` and `statgate audit-table` given what they cannot use.
 *
 * A clear sentence with the file, the row and the column, and never the value; or a table that
 * hides more, and says why. What was in the output file before is there afterwards, or all of
 * the new: never half of it. (What is wrong within a single file is in test_protect.c.) */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/support/cli_room.h"

static const char plain[] = "kind,freq\na,10\nb,20\nc,4\n";

/* `kind=PATH`, in a buffer of its own. */
static const char *hierarchy_of(const char *name, const char *text)
{
        static char words[4][ROOM_PATH + 8];
        static unsigned at;
        char *to = words[at++ % 4];

        (void)snprintf(to, sizeof words[0], "kind=%s", room_write(name, text));
        return to;
}

static void assert_says(const struct ran *r, enum exit_code code, const char *says)
{
        if (r->code != code || strstr(r->err, says) == NULL)
                print_message("wanted: %s\nsaid: %s%s", says, r->err, r->out);
        assert_int_equal(r->code, code);
        assert_non_null(strstr(r->err, says));
        assert_null(strstr(r->err, "4711"));
}

/* Hierarchies -------------------------------------------------------------------------------- */

static void hierarchies_that_do_not_hold_are_told_by_their_row(void **state)
{
        static const struct {
                const char *one, *other, *says;
        } bad[] = {
                {"child,parent\na,a\nb,g\nc,g\n", NULL, "row 2: the code lies within itself"},
                {"child,parent\na,b\nb,a\nc,g\n", NULL, "the code lies within itself"},
                {"child,parent\n", NULL, "the file has no rows"},
                {"", NULL, "the file has no rows"},
                {"child,parent\na,g\nb,g\n", NULL, "row 4: the code in kind is not in"},
                {"child,parent\na,g\nb,g\nc,g\n,g\n", NULL, "row 5: the code in child is missing"},
                {"child,parent\na,g\nb,g\nc,\"4711\n", NULL, "row 4: the row does not have"},
                {"child,parent\na,g\nb,g\nc,g,4711\n", NULL, "row 4: the row does not have"},
                {"child,parent\na,g\nb,g\nc,g\n", "child,parent\na,h\nb,h\n",
                        "a code of another hierarchy of the same column is not here"},
                {"child,parent\na,g\nb,g\nc,g\n", "child,parent\na,g\nb,h\nc,h\n",
                        "row 2: the code means something else in another hierarchy"},
                {"child,parent\na,g\nb,g\nc,g\n", "child,parent\na,b\nb,h\nc,h\n",
                        "the code means something else in another hierarchy"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                const char *in = room_write("in.csv", plain);
                const char *one = hierarchy_of("one.csv", bad[i].one);
                bool more = bad[i].other != NULL;

                RAN r = RUN("protect", in, "--count", "freq", "--dims", "kind", "--hierarchy", one,
                        "--out", room_path("never.csv"), more ? "--hierarchy" : NULL,
                        more ? hierarchy_of("other.csv", bad[i].other) : NULL);
                assert_says(&r, EXIT_CODE_INPUT, bad[i].says);
                assert_int_equal(room_count("never"), 0);
        }
}

/* A group whose number is given must be the sum of its parts; a leaf without rows is zero. */
static void a_group_that_is_given_must_add_up(void **state)
{
        const char *groups = hierarchy_of("h.csv", "child,parent\na,g\nb,g\nc,h\nd,h\n");

        (void)state;
        RAN bad = RUN("protect", room_write("in.csv", "kind,freq\na,10\nb,20\nc,40\ng,4711\n"),
                "--count", "freq", "--dims", "kind", "--hierarchy", groups);
        assert_says(&bad, EXIT_CODE_INPUT, "row 5: freq is not the sum of its parts");
        RAN good = RUN("protect", room_write("in.csv", "kind,freq\na,10\nb,20\nc,40\ng,30\n"),
                "--count", "freq", "--dims", "kind", "--hierarchy", groups, "--zeros", "publish");
        assert_int_equal(good.code, EXIT_CODE_OK);
        assert_string_equal(good.out,
                "kind,value,conf_status\r\na,10,F\r\nb,20,F\r\nc,40,F\r\nd,0,F\r\ng,30,F\r\n"
                "h,40,F\r\nTotal,70,F\r\n");
}

/* Bytes and numbers -------------------------------------------------------------------------- */

static void codes_that_are_no_text_are_told_by_their_row(void **state)
{
        static const struct {
                const char *in, *says;
        } bad[] = {
                {"kind,freq\nb,1\na\x01,10\n", "row 3: the code in kind has characters that"},
                {"kind,freq\n\"a,10\nb,20\n", "row 2: the row does not have as many fields"},
                {"kind,freq\n\"a\"b\",10\n", "row 2: the row does not have as many fields"},
                {"kind;freq\na;10\nb,20\n", "row 3: the row does not have as many fields"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                RAN r = RUN("protect", room_write("in.csv", bad[i].in), "--count", "freq", "--dims",
                        "kind");
                assert_says(&r, EXIT_CODE_INPUT, bad[i].says);
        }
        RAN device = RUN("protect", "/dev/zero", "--count", "freq", "--dims", "kind");
        assert_says(&device, EXIT_CODE_INPUT, "the file cannot be read");
        RAN missing = RUN("protect", room_path("nowhere.csv"), "--count", "freq", "--dims", "kind");
        assert_says(&missing, EXIT_CODE_INPUT, "the file cannot be read");
}

static void numbers_beyond_measure_are_told_by_their_row(void **state)
{
        static const char *const bad[] = {
                "kind,freq\na,1\nb,900000000000004711\n",
                "kind,freq\na,700000000000000\nb,700000000004711\n",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                RAN r = RUN("protect", room_write("in.csv", bad[i]), "--count", "freq", "--dims",
                        "kind");
                assert_says(&r, EXIT_CODE_INPUT, "row 3: the value in freq is too large");
        }
        RAN sums = RUN("protect",
                room_write("in.csv", "kind,who,x\na,1,700000000000000\na,2,700000000004711\n"),
                "--sum", "x", "--contributor", "who", "--dims", "kind");
        assert_says(&sums, EXIT_CODE_INPUT, "row 3: the value in x is too large");
        RAN decimals =
                RUN("protect", room_write("in.csv", "kind,x\na,70000000000\na,0.000000001\n"),
                        "--sum", "x", "--dims", "kind");
        assert_says(&decimals, EXIT_CODE_INPUT, "the value in x is too large");
        /* As large as can be. */
        RAN most = RUN("protect", room_write("in.csv", "kind,freq\na,1125899906842000\nb,7\n"),
                "--count", "freq", "--dims", "kind");
        assert_int_equal(most.code, EXIT_CODE_OK);
}

static void amounts_that_are_missing_or_of_nobody_are_told(void **state)
{
        (void)state;
        RAN nobody = RUN("protect", room_write("in.csv", "kind,who,x\na,1,5\na,,4711\n"), "--sum",
                "x", "--contributor", "who", "--dims", "kind");
        assert_says(&nobody, EXIT_CODE_INPUT, "row 3: who is missing");
        RAN nothing = RUN("protect", room_write("in.csv", "kind,who,x\na,1,5\na,2,\n"), "--sum",
                "x", "--contributor", "who", "--dims", "kind");
        assert_says(&nothing, EXIT_CODE_INPUT, "row 3: the value in x is missing");
        RAN group = RUN("protect", room_write("in.csv", "kind,who,x\na,1,5\ng,2,4711\n"), "--sum",
                "x", "--contributor", "who", "--dims", "kind", "--hierarchy",
                hierarchy_of("h.csv", "child,parent\na,g\n"));
        assert_says(&group, EXIT_CODE_INPUT, "row 3: kind is a group");
}

/* Published tables --------------------------------------------------------------------------- */

static void published_tables_that_cannot_be_are_told(void **state)
{
        static const struct {
                const char *in, *says;
        } bad[] = {
                {"kind,value\na,-4711\nTotal,5\nb,\n", "row 2: the value in value is negative"},
                {"kind,value\na,1\na,\nTotal,5\n", "row 3: the same cell is in row 2 too"},
                {"kind,value\na,4711x\nTotal,5\n", "row 2: the value in value is not a number"},
                {"kind,value\na,\nb,12\nTotal,11\n", "the table does not add up"},
                {"kind,value\nTotal,4711\n", "totals only"},
                {"kind,value\na,\nb,\nTotal\n", "row 4: the row does not have as many fields"},
                {"kind,val\na,1\n", "there is no column value"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                RAN r = RUN("audit-table", room_write("in.csv", bad[i].in), "--dims", "kind");
                assert_says(&r, EXIT_CODE_INPUT, bad[i].says);
        }
}

static void less_audited_than_required_shows_nothing(void **state)
{
        const char *in = room_write("in.csv", "kind,freq\na,10\nb,20\nc,4\nd,3\ne,30\nf,2\n");

        (void)state;
        RAN some = RUN("protect", in, "--count", "freq", "--dims", "kind", "--out",
                room_path("some.csv"), "--audit-cells", "1", "--threshold", "5", "--rounding", "5",
                "--require-audit", "100");
        assert_int_equal(some.code, EXIT_CODE_NOT_SAFE);
        assert_non_null(strstr(some.out, "66 % of the protected cells are audited"));
        assert_null(strstr(room_read("some.csv"), "30"));
        RAN less = RUN("protect", in, "--count", "freq", "--dims", "kind", "--out",
                room_path("less.csv"), "--audit-cells", "1", "--threshold", "5", "--rounding", "5",
                "--require-audit", "66");
        assert_int_equal(less.code, EXIT_CODE_OK);
        RAN all = RUN("protect", in, "--count", "freq", "--dims", "kind", "--out",
                room_path("all.csv"), "--require-audit", "100");
        assert_int_equal(all.code, EXIT_CODE_OK);
        assert_non_null(strstr(room_read("all.csv"), "30"));
        RAN help = RUN("protect", "--help");
        assert_non_null(strstr(help.out, "too little is audited"));
}

static void a_table_of_which_all_or_nothing_is_hidden_is_no_fault(void **state)
{
        (void)state;
        RAN all = RUN("audit-table", room_write("in.csv", "kind,value\na,\nb,\nTotal,\n"), "--dims",
                "kind");
        assert_int_equal(all.code, EXIT_CODE_OK);
        assert_non_null(strstr(all.out, "3 of 3 protected cells audited, 0 can be computed"));
        RAN none = RUN("audit-table", room_write("in.csv", "kind,value\na,1\nb,2\nTotal,3\n"),
                "--dims", "kind");
        assert_int_equal(none.code, EXIT_CODE_OK);
        assert_non_null(strstr(none.out, "No cell is protected"));
        RAN zero = RUN("audit-table", room_write("in.csv", "kind,value\na,\nb,\nTotal,0\n"),
                "--dims", "kind");
        assert_int_equal(zero.code, EXIT_CODE_NOT_SAFE);
}

/* Limits ------------------------------------------------------------------------------------- */

/* Thirty places by three kinds, small and large. */
static const char *make_table(void)
{
        static char text[8192];
        uint64_t drawn = 7;
        size_t at = (size_t)snprintf(text, sizeof text, "mun,kind,freq\n");

        for (unsigned i = 0; i < 90; i++) {
                drawn = drawn * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
                at += (size_t)snprintf(text + at, sizeof text - at, "m%u,k%u,%u\n", i / 3, i % 3,
                        (unsigned)(drawn >> 33) % ((drawn >> 60) % 3 == 0 ? 7 : 90));
        }
        return text;
}

/* Whichever limit: what leaves is safe, or nothing leaves, and the report says which. */
static void whatever_limit_ends_it_what_leaves_is_safe(void **state)
{
        static const char *const limits[][4] = {{"--work-limit", "1", "--zeros", "publish"},
                {"--work-limit", "4000", "--zeros", "publish"},
                {"--iterations", "1", "--zeros", "publish"},
                {"--iterations", "50", "--zeros", "protect"},
                {"--iterations", "1", "--interval", "9"},
                {"--audit-cells", "1", "--interval", "4"}};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
                const char *zeros = strcmp(limits[i][3], "publish") == 0 ? "publish" : "protect";
                RAN r = RUN("protect", room_write("in.csv", make_table()), "--count", "freq",
                        "--dims", "mun,kind", limits[i][0], limits[i][1], limits[i][2],
                        limits[i][3], "--out", room_path("out.csv"));
                assert_true(r.code == EXIT_CODE_OK || r.code == EXIT_CODE_NOT_SAFE);
                if (r.code == EXIT_CODE_NOT_SAFE) {
                        assert_non_null(strstr(r.out, "Nothing is shown"));
                        assert_null(strstr(room_read("out.csv"), ",F"));
                }
                RAN audit = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind",
                        "--zeros", zeros, "--sample", "0", "--attacker", "whole");
                assert_int_equal(audit.code, EXIT_CODE_OK);
        }
}

/* Output ------------------------------------------------------------------------------------- */

static void what_was_there_before_stays_where_nothing_better_comes(void **state)
{
        static const char before[] = "what was there\n";

        (void)state;
        (void)room_write("out.csv", before);
        (void)room_write("r.json", before);
        RAN bad = RUN("protect", room_write("in.csv", "kind,freq\na,10\nb,x\n"), "--count", "freq",
                "--dims", "kind", "--out", room_path("out.csv"), "--report", room_path("r.json"));
        assert_int_equal(bad.code, EXIT_CODE_INPUT);
        assert_string_equal(room_read("out.csv"), before);
        assert_string_equal(room_read("r.json"), before);
        assert_int_equal(room_count("out.csv") + room_count("r.json"), 2);
}

/* The disk is full before the table is written. */
static void a_full_disk_leaves_the_file_as_it_was(void **state)
{
        static const char before[] = "what was there\n";
        struct rlimit limit, small;

        (void)state;
        (void)room_write("out.csv", before);
        const char *in = room_write("in.csv", make_table());
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        small = (struct rlimit){.rlim_cur = 512, .rlim_max = limit.rlim_max};
        (void)signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
        RAN r = RUN("protect", in, "--count", "freq", "--dims", "mun,kind", "--out",
                room_path("out.csv"));
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_says(&r, EXIT_CODE_USAGE, "cannot write");
        assert_string_equal(room_read("out.csv"), before);
        assert_int_equal(room_count("out.csv"), 1);
}

static void what_is_no_plain_file_is_not_replaced(void **state)
{
        struct stat st;

        (void)state;
        const char *in = room_write("in.csv", plain);
        assert_int_equal(mkfifo(room_path("pipe"), 0600), 0);
        RAN pipe =
                RUN("protect", in, "--count", "freq", "--dims", "kind", "--out", room_path("pipe"));
        assert_says(&pipe, EXIT_CODE_USAGE, "is no ordinary file");
        assert_int_equal(lstat(room_path("pipe"), &st), 0);
        assert_true(S_ISFIFO(st.st_mode));
        assert_int_equal(symlink("in.csv", room_path("link")), 0);
        RAN linked =
                RUN("protect", in, "--count", "freq", "--dims", "kind", "--out", room_path("link"));
        assert_says(&linked, EXIT_CODE_USAGE, "is no ordinary file");
        assert_string_equal(room_read("in.csv"), plain);
        RAN folder = RUN("protect", in, "--count", "freq", "--dims", "kind", "--out", "/tmp");
        assert_says(&folder, EXIT_CODE_USAGE, "cannot write");
        RAN nowhere = RUN("protect", in, "--count", "freq", "--dims", "kind", "--out",
                room_path("nowhere/out.csv"));
        assert_says(&nowhere, EXIT_CODE_USAGE, "cannot write");
}

/* The same file in and out: whole, and the second time as the first. */
static void a_file_may_take_its_own_place(void **state)
{
        (void)state;
        (void)room_write("same.csv", plain);
        RAN r = RUN("protect", room_path("same.csv"), "--count", "freq", "--dims", "kind", "--out",
                room_path("same.csv"));
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_string_equal(room_read("same.csv"),
                "kind,value,conf_status\r\na,,C\r\nb,20,F\r\nc,,C\r\nTotal,34,F\r\n");
        RAN hidden = RUN("protect", room_path("same.csv"), "--count", "value", "--dims", "kind",
                "--out", room_path("same.csv"));
        assert_says(&hidden, EXIT_CODE_INPUT, "row 2: the value in value is missing");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(hierarchies_that_do_not_hold_are_told_by_their_row),
                cmocka_unit_test(a_group_that_is_given_must_add_up),
                cmocka_unit_test(codes_that_are_no_text_are_told_by_their_row),
                cmocka_unit_test(numbers_beyond_measure_are_told_by_their_row),
                cmocka_unit_test(amounts_that_are_missing_or_of_nobody_are_told),
                cmocka_unit_test(published_tables_that_cannot_be_are_told),
                cmocka_unit_test(less_audited_than_required_shows_nothing),
                cmocka_unit_test(a_table_of_which_all_or_nothing_is_hidden_is_no_fault),
                cmocka_unit_test(whatever_limit_ends_it_what_leaves_is_safe),
                cmocka_unit_test(what_was_there_before_stays_where_nothing_better_comes),
                cmocka_unit_test(a_full_disk_leaves_the_file_as_it_was),
                cmocka_unit_test(what_is_no_plain_file_is_not_replaced),
                cmocka_unit_test(a_file_may_take_its_own_place),
        };

        return cmocka_run_group_tests(tests, room_open, room_close);
}
