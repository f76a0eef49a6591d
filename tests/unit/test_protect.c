/* SPDX-License-Identifier: Apache-2.0 */
/* test_protect.c: `statgate protect` and `statgate audit-table`, as people run them: what one
 * makes the other cannot break, and what is broken in a file is said and not repeated. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/bytes.h"
#include "tests/support/cli_room.h"

static uint64_t next(uint64_t *state)
{
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return *state >> 33;
}

/* Examples ----------------------------------------------------------------------------------- */

static const char example_regions[] =
        "child,parent\niceland,outside\nportugal,union\nspain,union\n";
static const char example[] = "age,geo,freq\nyoung,spain,5\nyoung,iceland,2\nyoung,portugal,0\n"
                              "old,iceland,3\nold,portugal,4\nold,spain,6\n";

/* The tables of the vignette "Small count frequency table suppression" of the R package
 * GaussSuppression (Langsrud and Lupp), numbers 2 and 4. */
static void a_table_of_the_literature_is_hidden_as_printed_there(void **state)
{
        const char *in = room_write("in.csv", example);
        char regions[ROOM_PATH + 8];

        (void)state;
        (void)snprintf(
                regions, sizeof regions, "geo=%s", room_write("regions.csv", example_regions));
        RAN r = RUN("protect", in, "--count", "freq", "--dims", "age,geo", "--hierarchy", regions,
                "--threshold", "3", "--interval", "1", "--out", room_path("out.csv"));
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_string_equal(room_read("out.csv"),
                "age,geo,value,conf_status\r\n"
                "old,iceland,,C\r\nold,portugal,,C\r\nold,spain,6,F\r\n"
                "old,outside,,C\r\nold,union,,C\r\nold,Total,13,F\r\n"
                "young,iceland,,C\r\nyoung,portugal,,C\r\nyoung,spain,5,F\r\n"
                "young,outside,,C\r\nyoung,union,,C\r\nyoung,Total,7,F\r\n"
                "Total,iceland,5,F\r\nTotal,portugal,4,F\r\nTotal,spain,11,F\r\n"
                "Total,outside,5,F\r\nTotal,union,15,F\r\nTotal,Total,20,F\r\n");
        assert_non_null(strstr(r.out, "18 cells with all totals, 10 are shown."));
        assert_non_null(strstr(r.out, "0 can be computed"));
}

static void what_is_only_small_hidden_is_computed(void **state)
{
        const char *naive = room_write("naive.csv",
                "mun,kind,value\n0114,a,\n0114,b,12\n0114,Total,15\n0180,a,7\n0180,b,9\n"
                "0180,Total,16\nTotal,a,10\nTotal,b,21\nTotal,Total,31\n");

        (void)state;
        RAN r = RUN("audit-table", naive, "--dims", "mun,kind");
        assert_int_equal(r.code, EXIT_CODE_NOT_SAFE);
        assert_non_null(strstr(r.out, "exact 3"));
        assert_non_null(strstr(r.out, "Not safe"));
        RAN csv = RUN("audit-table", naive, "--dims", "mun,kind", "--format", "csv");
        assert_int_equal(csv.code, EXIT_CODE_NOT_SAFE);
        assert_string_equal(csv.out,
                "mun,kind,real.low,real.high,whole.low,whole.high,rules.low,rules.high,status\r\n"
                "0114,a,3,3,3,3,3,3,exact\r\n");
        RAN json = RUN("audit-table", naive, "--dims", "mun,kind", "--format", "json", "--attacker",
                "real");
        assert_non_null(strstr(json.out, "\"status\": \"exact\", \"real\": [3, 3]"));
}

static void a_table_that_does_not_add_up_and_one_without_secrets_are_told_so(void **state)
{
        const char *wrong = room_write("wrong.csv", "kind,value\na,\nb,12\nTotal,11\n");

        (void)state;
        RAN r = RUN("audit-table", wrong, "--dims", "kind");
        assert_int_equal(r.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(r.err, "does not add up"));
        RAN overlapping = RUN("audit-table", wrong, "--dims", "kind", "--overlapping", "sort");
        assert_int_equal(overlapping.code, EXIT_CODE_USAGE);
        RAN open = RUN("audit-table", room_write("open.csv", "kind,value\na,3\nTotal,3\n"),
                "--dims", "kind");
        assert_int_equal(open.code, EXIT_CODE_OK);
        assert_non_null(strstr(open.out, "No cell is protected"));
}

/* There and back ----------------------------------------------------------------------------- */

enum { PLACES = 9, KINDS = 4 };

static void make_random(uint64_t seed, char *in, size_t len, bool backwards)
{
        int64_t counts[PLACES * KINDS];
        size_t at = (size_t)snprintf(in, len, "kind,mun,freq\n");

        for (size_t i = 0; i < PLACES * KINDS; i++)
                counts[i] = (int64_t)(next(&seed) % 4 == 0   ? next(&seed) % 3
                                      : next(&seed) % 2 == 0 ? next(&seed) % 9
                                                             : next(&seed) % 80);
        for (size_t k = 0; k < PLACES * KINDS; k++) {
                size_t i = backwards ? PLACES * KINDS - 1 - k : k;

                at += (size_t)snprintf(in + at, len - at, "k%zu,m%zu,%lld\n", i % KINDS, i / KINDS,
                        (long long)counts[i]);
        }
}

static const char uneven[] = "child,parent,name\nm0,north,A\nm1,north,B\nm2,north,C\n"
                             "north,land,D\nm3,south,E\nm4,south,F\nsouth,land,G\n"
                             "m5,isles,H\nm6,isles,I\nisles,Total,J\nm7,Total,K\nm8,land,L\n";

static void what_is_protected_cannot_be_computed(void **state)
{
        char in[4096], regions[ROOM_PATH + 8];
        int rounds = getenv("STATGATE_LONG") != NULL ? 200 : 12;

        (void)state;
        (void)snprintf(regions, sizeof regions, "mun=%s", room_write("uneven.csv", uneven));
        for (int round = 0; round < rounds; round++) {
                const char *zeros = round % 2 == 0 ? "publish" : "protect";

                make_random((uint64_t)round, in, sizeof in, false);
                RAN made = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims",
                        "mun,kind", "--hierarchy", regions, "--zeros", zeros, "--out",
                        room_path("out.csv"), "--audit-cells", "0");
                assert_int_equal(made.code, EXIT_CODE_OK);
                RAN broken = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind",
                        "--hierarchy", regions, "--zeros", zeros, "--threshold", "5", "--sample",
                        "0");
                assert_int_equal(broken.code, EXIT_CODE_OK);
        }
}

static void the_order_of_rows_does_not_show(void **state)
{
        char in[4096], one[ROOM_TEXT / 64];

        (void)state;
        for (uint64_t seed = 50; seed < 53; seed++) {
                make_random(seed, in, sizeof in, false);
                RAN a = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims",
                        "kind,mun", "--out", room_path("a.csv"));
                make_random(seed, in, sizeof in, true);
                RAN b = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims",
                        "kind,mun", "--out", room_path("b.csv"));
                assert_int_equal(a.code, EXIT_CODE_OK);
                assert_int_equal(b.code, EXIT_CODE_OK);
                (void)snprintf(one, sizeof one, "%s", room_read("a.csv"));
                assert_string_equal(room_read("b.csv"), one);
                assert_string_equal(a.out, b.out);
        }
}

/* Kinds of files ----------------------------------------------------------------------------- */

static void a_person_counts_once_in_a_total(void **state)
{
        const char *in = room_write("in.csv",
                "who;form\n1;a\n1;b\n2;a\n3;a\n4;a\n5;a\n6;a\n1;a\n7;b\n8;b\n9;b\n10;b\n11;b\n");

        (void)state;
        RAN r = RUN("protect", in, "--person", "who", "--dims", "form", "--threshold", "3");
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_string_equal(r.out, "form;value;conf_status\r\na;6;F\r\nb;6;F\r\nTotal;11;F\r\n");
        assert_non_null(strstr(r.err, "the parts are more than the total"));
        RAN rows = RUN("protect", in, "--dims", "form", "--threshold", "3");
        assert_string_equal(rows.out, "form;value;conf_status\r\na;7;F\r\nb;6;F\r\nTotal;13;F\r\n");
        RAN rounded = RUN("protect", in, "--person", "who", "--dims", "form", "--rounding", "5");
        assert_int_equal(rounded.code, EXIT_CODE_INPUT);
}

static const char amounts[] =
        "who;form;cost\nA;x;90,5\nB;x;4\nC;x;3\nD;x;2,5\nA;y;10\nB;y;11\nC;y;12\nD;y;9\n"
        "A;z;30\nB;z;31\nC;z;29\nD;z;30\n";

static void who_has_most_of_a_sum_is_not_told(void **state)
{
        const char *in = room_write("in.csv", amounts);

        (void)state;
        RAN open = RUN("protect", in, "--sum", "cost", "--contributor", "who", "--dims", "form",
                "--threshold", "3");
        assert_string_equal(open.out,
                "form;value;conf_status\r\nx;100,0;F\r\ny;42,0;F\r\nz;120,0;F\r\n"
                "Total;262,0;F\r\n");
        RAN dominated = RUN("protect", in, "--sum", "cost", "--contributor", "who", "--dims",
                "form", "--threshold", "3", "--dominance", "1,80");
        assert_string_equal(dominated.out,
                "form;value;conf_status\r\nx;;C\r\ny;;C\r\nz;120,0;F\r\nTotal;262,0;F\r\n");
        assert_non_null(strstr(dominated.err, "dominance 1"));
        RAN near = RUN("protect", in, "--sum", "cost", "--contributor", "who", "--dims", "form",
                "--threshold", "3", "--p", "10");
        assert_string_equal(near.out, dominated.out);
        RAN pq = RUN("protect", in, "--sum", "cost", "--contributor", "who", "--dims", "form",
                "--threshold", "3", "--pq", "10,100");
        assert_string_equal(pq.out, dominated.out);
        /* Four contributors are too few for five. */
        RAN few = RUN("protect", in, "--sum", "cost", "--contributor", "who", "--dims", "form");
        assert_non_null(strstr(few.err, "0 are shown"));
}

static void margins_that_are_given_must_add_up(void **state)
{
        (void)state;
        RAN good = RUN("protect", room_write("in.csv", "kind,freq\na,10\nTotal,30\nb,20\n"),
                "--count", "freq", "--dims", "kind");
        assert_int_equal(good.code, EXIT_CODE_OK);
        RAN bad = RUN("protect", room_write("in.csv", "kind,freq\na,10\nTotal,31\nb,20\n"),
                "--count", "freq", "--dims", "kind");
        assert_int_equal(bad.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(bad.err, "row 3: freq is not the sum of its parts"));
        assert_null(strstr(bad.err, "31"));
}

static void a_code_that_looks_like_a_formula_comes_back_as_it_was(void **state)
{
        (void)state;
        RAN r = RUN("protect", room_write("in.csv", "kind,freq\n=a,10\n\"b,c\",20\n'q,7\n"),
                "--count", "freq", "--dims", "kind", "--out", room_path("out.csv"));
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_non_null(strstr(room_read("out.csv"), "'=a,10,F"));
        RAN again = RUN("protect", room_path("out.csv"), "--count", "value", "--dims", "kind",
                "--out", room_path("again.csv"));
        assert_int_equal(again.code, EXIT_CODE_OK);
        assert_string_equal(room_read("again.csv"), room_read("out.csv"));
}

/* Extremes ----------------------------------------------------------------------------------- */

static void all_or_nothing_may_be_small(void **state)
{
        (void)state;
        RAN all = RUN("protect", room_write("in.csv", "kind,freq\na,1\nb,1\nc,0\n"), "--count",
                "freq", "--dims", "kind");
        assert_int_equal(all.code, EXIT_CODE_OK);
        assert_string_equal(
                all.out, "kind,value,conf_status\r\na,,C\r\nb,,C\r\nc,,C\r\nTotal,,C\r\n");
        RAN none = RUN("protect", room_write("in.csv", "kind,freq\na,100\nb,200\n"), "--count",
                "freq", "--dims", "kind");
        assert_string_equal(
                none.out, "kind,value,conf_status\r\na,100,F\r\nb,200,F\r\nTotal,300,F\r\n");
}

/* Whatever the limit, a table leaves that nobody can break, or none. */
static void a_limit_hides_more_and_never_less(void **state)
{
        static const char *const limits[] = {"1", "50", "300", "2000", "20000"};
        char in[4096];

        (void)state;
        make_random(99, in, sizeof in, false);
        for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
                RAN r = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims",
                        "mun,kind", "--work-limit", limits[i], "--out", room_path("out.csv"));
                assert_true(r.code == EXIT_CODE_OK || r.code == EXIT_CODE_NOT_SAFE);
                RAN audit = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind",
                        "--threshold", "5", "--sample", "0");
                assert_int_equal(audit.code, EXIT_CODE_OK);
                if (i == 0)
                        assert_non_null(strstr(r.out, "A limit ended the search"));
        }
}

/* 960 combinations in four dimensions: their programs have numbers that the exact simplex tableau
 * does not hold. */
enum { DEEP_MUN = 20, DEEP_KIND = 6, DEEP_SEX = 2, DEEP_AGE = 4 };

static uint32_t deep_counts[DEEP_MUN][DEEP_KIND][DEEP_SEX][DEEP_AGE];

static void write_deep(const char **in, const char **regions)
{
        char *text = malloc(ROOM_TEXT), groups[1024];
        size_t at = (size_t)snprintf(text, ROOM_TEXT, "mun,kind,sex,age,freq\n");
        size_t end = (size_t)snprintf(groups, sizeof groups, "child,parent\n");
        uint64_t random = 20261122;

        assert_non_null(text);
        for (unsigned i = 0; i < DEEP_MUN * DEEP_KIND * DEEP_SEX * DEEP_AGE; i++) {
                unsigned mun = i / (DEEP_KIND * DEEP_SEX * DEEP_AGE), kind = i / 8 % DEEP_KIND;
                unsigned sex = i / DEEP_AGE % DEEP_SEX, age = i % DEEP_AGE;
                uint32_t tail = 1000 / (1 + (uint32_t)next(&random) % 1000); /* a few are large */
                uint32_t count = next(&random) % 10 < 3 ? 0 : tail * tail / 2;

                deep_counts[mun][kind][sex][age] = count;
                at += (size_t)snprintf(text + at, ROOM_TEXT - at, "m%02u,k%u,s%u,a%u,%u\n", mun,
                        kind, sex, age, count);
        }
        for (unsigned mun = 0; mun < DEEP_MUN; mun++)
                end += (size_t)snprintf(
                        groups + end, sizeof groups - end, "m%02u,l%u\n", mun, mun / 10);
        *in = room_write("deep.csv", text);
        *regions = room_write("deep-regions.csv", groups);
        free(text);
}

/* Audited inner cells; what attackers say of them holds what is true. */
static unsigned deep_lines_hold(const char *csv)
{
        unsigned mun, kind, sex, age, seen = 0;
        uint64_t low, high;

        for (const char *at = strchr(csv, '\n'); at != NULL; at = strchr(at + 1, '\n')) {
                if (sscanf(at + 1, "m%u,k%u,s%u,a%u,%" SCNu64 ",%" SCNu64, &mun, &kind, &sex, &age,
                            &low, &high) != 6)
                        continue;
                uint32_t is = deep_counts[mun][kind][sex][age];
                assert_true(low <= is && is <= high && low < high);
                seen++;
        }
        return seen;
}

static void a_table_beyond_the_exact_tableau_is_audited_to_its_last_cell(void **state)
{
        const char *in, *regions;
        char hierarchy[ROOM_PATH + 8];

        (void)state;
        write_deep(&in, &regions);
        (void)snprintf(hierarchy, sizeof hierarchy, "mun=%s", regions);
        RAN r = RUN("protect", in, "--count", "freq", "--dims", "mun,kind,sex,age", "--hierarchy",
                hierarchy, "--zeros", "publish", "--out", room_path("out.csv"));
        assert_int_equal(r.code, EXIT_CODE_OK);
        RAN real = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind,sex,age",
                "--hierarchy", hierarchy, "--zeros", "publish", "--attacker", "real", "--format",
                "csv");
        assert_int_equal(real.code, EXIT_CODE_OK);
        assert_null(strstr(real.out, "not_audited"));
        assert_true(deep_lines_hold(real.out) > 200);
        RAN whole = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind,sex,age",
                "--hierarchy", hierarchy, "--zeros", "publish", "--attacker", "whole", "--sample",
                "60", "--format", "csv");
        assert_int_equal(whole.code, EXIT_CODE_OK);
        assert_true(deep_lines_hold(whole.out) > 10);
        RAN none = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind,sex,age",
                "--hierarchy", hierarchy, "--zeros", "publish", "--attacker", "whole",
                "--work-limit", "5");
        assert_non_null(strstr(none.out, "No cell was audited in time"));
        assert_int_equal(none.code, EXIT_CODE_NOT_AUDITED);
        RAN csv = RUN("audit-table", room_path("out.csv"), "--dims", "mun,kind,sex,age",
                "--hierarchy", hierarchy, "--zeros", "publish", "--attacker", "whole",
                "--work-limit", "5", "--format", "csv");
        assert_int_equal(csv.code, EXIT_CODE_NOT_AUDITED);
        assert_non_null(strstr(csv.out, "not_audited"));
}

static void a_table_beyond_measure_is_refused(void **state)
{
        OWNED(ran_free) struct ran r;
        char *in = malloc(ROOM_TEXT);
        size_t at = (size_t)snprintf(in, ROOM_TEXT, "a,b,c,freq\n");

        (void)state;
        assert_non_null(in);
        for (unsigned i = 0; i < 300; i++)
                at += (size_t)snprintf(in + at, ROOM_TEXT - at, "a%u,b%u,c%u,9\n", i, i, i);
        r = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims", "a,b,c");
        free(in);
        assert_int_equal(r.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(r.err, "more than 16 million cells"));
}

static void rounded_counts_still_add_up(void **state)
{
        const char *in =
                room_write("in.csv", "age,geo,freq\ny,a,7\ny,b,11\ny,c,0\no,a,13\no,b,2\no,c,4\n");

        (void)state;
        RAN r = RUN("protect", in, "--count", "freq", "--dims", "age,geo", "--rounding", "5",
                "--out", room_path("out.csv"));
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_null(strstr(room_read("out.csv"), ",C\r\n"));
        /* It adds up, since it is a table of its own. */
        RAN again = RUN("protect", room_path("out.csv"), "--count", "value", "--dims", "age,geo",
                "--rounding", "5", "--out", room_path("again.csv"));
        assert_int_equal(again.code, EXIT_CODE_OK);
        assert_string_equal(room_read("again.csv"), room_read("out.csv"));
}

static void the_report_is_json_too(void **state)
{
        const char *in = room_write("in.csv", example);

        (void)state;
        RAN r = RUN("protect", in, "--count", "freq", "--dims", "age,geo", "--threshold", "3",
                "--out", room_path("out.csv"), "--report", room_path("r.json"), "--optimum");
        assert_int_equal(r.code, EXIT_CODE_OK);
        const char *report = room_read("r.json");
        assert_non_null(strstr(report, "\"format\": \"statgate.protect.1\""));
        assert_non_null(strstr(report, "\"outcome\": \"released\""));
        assert_non_null(strstr(report, "\"exact\": 0"));
        assert_non_null(strstr(report, "\"bound\": "));
}

/* Bad input ---------------------------------------------------------------------------------- */

struct bad {
        const char *in, *hierarchy, *says;
};

static const struct bad bad[] = {
        {"", NULL, "no rows"},
        {"kind,freq\n", NULL, "no rows"},
        {"sort,freq\na,1\n", NULL, "no column kind"},
        {"kind,kind,freq\na,a,1\n", NULL, "kind is there twice"},
        {"kind,freq\na,1\nb\n", NULL, "row 3: the row does not have as many fields"},
        {"kind,freq\na,-4711\n", NULL, "row 2: the count in freq is negative"},
        {"kind,freq\na,47.11\n", NULL, "row 2: the count in freq is not a whole number"},
        {"kind,freq\na,4711x\n", NULL, "row 2: the value in freq is not a number"},
        {"kind,freq\na,\n", NULL, "row 2: the value in freq is missing"},
        {"kind,freq\na,99999999999999999999\n", NULL, "not a number"},
        {"kind,freq\n,4711\n", NULL, "row 2: the code in kind is missing"},
        {"kind,freq\na,4711\nb,1\na,2\n", NULL, "row 4: the same cell is in row 2 too"},
        {"kind,freq\nTotal,4711\n", NULL, "totals only"},
        {"kind,freq\na,1\n4711,2\n", "child,parent\na,g\n", "row 3: the code in kind is not in"},
        {"kind,freq\na,1\n", "child,parent\na,g\na,h\n",
                "row 3: the code has another parent in "
                "row 2"},
        {"kind,freq\na,1\n", "child,parent\na,g\ng,h\nh,g\n", "within itself"},
        {"kind,freq\na,1\n", "child,parent\na,g\nTotal,g\n", "row 3: the total lies in nothing"},
        {"kind,freq\na,1\n", "child,parent\na,\n", "row 2: the code in parent is missing"},
        {"kind,freq\na,1\n", "barn,mor\na,g\n", "no column child"},
        {"kind,freq\na,1\n",
                "child,parent\na,1\n1,2\n2,3\n3,4\n4,5\n5,6\n6,7\n7,8\n8,9\n9,10\n10,11\n11,12\n"
                "12,13\n13,14\n",
                "too deep"},
};

static void what_is_wrong_with_a_file_is_told_by_its_row(void **state)
{
        char hierarchy[ROOM_PATH + 8];

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                const char *in = room_write("in.csv", bad[i].in);
                bool has = bad[i].hierarchy != NULL;

                (void)snprintf(hierarchy, sizeof hierarchy, "kind=%s",
                        room_write("h.csv", has ? bad[i].hierarchy : ""));
                RAN r = RUN("protect", in, "--count", "freq", "--dims", "kind",
                        has ? "--hierarchy" : "--seed", has ? hierarchy : "1", "--out",
                        room_path("never.csv"));
                if (r.code != EXIT_CODE_INPUT || strstr(r.err, bad[i].says) == NULL)
                        print_message("%s: %s", bad[i].says, r.err);
                assert_int_equal(r.code, EXIT_CODE_INPUT);
                assert_non_null(strstr(r.err, bad[i].says));
                assert_null(strstr(r.err, "4711"));
                assert_int_not_equal(access(room_path("never.csv"), F_OK), 0);
        }
}

static void a_huge_code_is_refused(void **state)
{
        char in[512];

        (void)state;
        memset(in, 'a', sizeof in);
        memcpy(in, "kind,freq\n", 10);
        memcpy(in + sizeof in - 4, ",1\n", 4);
        RAN r = RUN("protect", room_write("in.csv", in), "--count", "freq", "--dims", "kind");
        assert_int_equal(r.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(r.err, "row 2: the code in kind is too long"));
}

static void options_that_make_no_sense_are_refused(void **state)
{
        static const char *const wrong[][4] = {{"--threshold", "0"}, {"--threshold", "x"},
                {"--interval", "0"}, {"--dominance", "6,80"}, {"--dominance", "1"},
                {"--pq", "20,10"}, {"--p", "0"}, {"--cost", "gold"}, {"--rounding", "1"},
                {"--zeros", "maybe"}, {"--hierarchy", "kind"}, {"--hierarchy", "sort=x.csv"},
                {"--person", "who"}, {"--contributor", "who"}, {"--sum", "freq"}, {"--seed", "-1"},
                {"--work-limit", "99999999999999999999"}};
        const char *in = room_write("in.csv", "kind,freq\na,10\n");

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                RAN r = RUN("protect", in, "--count", "freq", "--dims", "kind", wrong[i][0],
                        wrong[i][1]);
                assert_int_equal(r.code, EXIT_CODE_USAGE);
        }
        RAN ours = RUN("protect", in, "--count", "freq", "--dims", "value");
        assert_int_equal(ours.code, EXIT_CODE_USAGE);
        RAN twice = RUN("protect", in, "--count", "freq", "--dims", "kind,kind");
        assert_int_equal(twice.code, EXIT_CODE_USAGE);
}

/* The words of the threshold itself say more than the width allows. */
static void a_width_that_the_threshold_cannot_leave_is_refused(void **state)
{
        static const struct {
                const char *zeros, *threshold, *interval;
                int code;
        } cases[] = {{"publish", "2", "1", EXIT_CODE_USAGE}, {"publish", "5", "4", EXIT_CODE_USAGE},
                {"publish", "5", "3", EXIT_CODE_OK}, {"publish", "3", "1", EXIT_CODE_OK},
                {"protect", "5", "4", EXIT_CODE_OK}};
        const char *in = room_write("in.csv", "kind,freq\na,1\nb,30\nc,40\nd,2\n");

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                RAN r = RUN("protect", in, "--count", "freq", "--dims", "kind", "--zeros",
                        cases[i].zeros, "--threshold", cases[i].threshold, "--interval",
                        cases[i].interval, "--out", room_path("out.csv"));
                assert_int_equal(r.code, cases[i].code);
                if (cases[i].code != EXIT_CODE_OK)
                        assert_non_null(strstr(r.err, "--zeros protect"));
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_table_of_the_literature_is_hidden_as_printed_there),
                cmocka_unit_test(what_is_only_small_hidden_is_computed),
                cmocka_unit_test(a_table_that_does_not_add_up_and_one_without_secrets_are_told_so),
                cmocka_unit_test(what_is_protected_cannot_be_computed),
                cmocka_unit_test(the_order_of_rows_does_not_show),
                cmocka_unit_test(a_person_counts_once_in_a_total),
                cmocka_unit_test(who_has_most_of_a_sum_is_not_told),
                cmocka_unit_test(margins_that_are_given_must_add_up),
                cmocka_unit_test(a_code_that_looks_like_a_formula_comes_back_as_it_was),
                cmocka_unit_test(all_or_nothing_may_be_small),
                cmocka_unit_test(a_width_that_the_threshold_cannot_leave_is_refused),
                cmocka_unit_test(a_limit_hides_more_and_never_less),
                cmocka_unit_test(a_table_beyond_the_exact_tableau_is_audited_to_its_last_cell),
                cmocka_unit_test(a_table_beyond_measure_is_refused),
                cmocka_unit_test(rounded_counts_still_add_up),
                cmocka_unit_test(the_report_is_json_too),
                cmocka_unit_test(what_is_wrong_with_a_file_is_told_by_its_row),
                cmocka_unit_test(a_huge_code_is_refused),
                cmocka_unit_test(options_that_make_no_sense_are_refused),
        };

        return cmocka_run_group_tests(tests, room_open, room_close);
}
