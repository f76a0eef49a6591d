/* SPDX-License-Identifier: Apache-2.0 */
/* test_protect_examples.c: magnitudes of the literature, by `statgate protect` as printed.
 *
 * The twenty contributions and tables 2 and 3 of the vignette "Magnitude table suppression"
 * of the R package GaussSuppression (Langsrud and Lupp, Statistics Norway). Zeros are known
 * there. Both tables show its handling of contributors who are alone in a cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/cli_room.h"

static const char sales[] = "sector,geo,company,sales\n"
                            "Agriculture,Portugal,A,75.9\nAgriculture,Portugal,B,24.5\n"
                            "Agriculture,Spain,A,96.6\nAgriculture,Spain,B,43.2\n"
                            "Entertainment,Iceland,B,16.8\nEntertainment,Portugal,B,7.1\n"
                            "Entertainment,Portugal,D,2.3\nEntertainment,Spain,A,77.4\n"
                            "Entertainment,Spain,B,11.5\nEntertainment,Spain,C,16.4\n"
                            "Governmental,Portugal,B,21.6\nGovernmental,Portugal,D,2.0\n"
                            "Governmental,Spain,C,6.5\nGovernmental,Spain,D,2.7\n"
                            "Industry,Iceland,B,9.6\nIndustry,Iceland,C,8.8\n"
                            "Industry,Iceland,D,1.9\nIndustry,Portugal,B,25.7\n"
                            "Industry,Portugal,D,3.4\nIndustry,Spain,C,8.4\n";

static void few_contributors_as_in_table_2(void **state)
{
        (void)state;
        RAN r = RUN("protect", room_write("in.csv", sales), "--sum", "sales", "--dims",
                "sector,geo", "--threshold", "2", "--zeros", "publish", "--starts", "1");
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_string_equal(r.out,
                "sector,geo,value,conf_status\r\n"
                "Agriculture,Iceland,0.0,F\r\nAgriculture,Portugal,100.4,F\r\n"
                "Agriculture,Spain,139.8,F\r\nAgriculture,Total,240.2,F\r\n"
                "Entertainment,Iceland,,C\r\nEntertainment,Portugal,,C\r\n"
                "Entertainment,Spain,105.3,F\r\nEntertainment,Total,131.5,F\r\n"
                "Governmental,Iceland,0.0,F\r\nGovernmental,Portugal,,C\r\n"
                "Governmental,Spain,,C\r\nGovernmental,Total,32.8,F\r\n"
                "Industry,Iceland,,C\r\nIndustry,Portugal,,C\r\nIndustry,Spain,,C\r\n"
                "Industry,Total,57.8,F\r\n"
                "Total,Iceland,37.1,F\r\nTotal,Portugal,162.5,F\r\nTotal,Spain,262.7,F\r\n"
                "Total,Total,462.3,F\r\n");
}

static void dominance_as_in_table_3(void **state)
{
        (void)state;
        RAN r = RUN("protect", room_write("in.csv", sales), "--sum", "sales", "--dims",
                "sector,geo", "--threshold", "1", "--dominance", "1,80", "--zeros", "publish",
                "--starts", "1");
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_string_equal(r.out,
                "sector,geo,value,conf_status\r\n"
                "Agriculture,Iceland,0.0,F\r\nAgriculture,Portugal,100.4,F\r\n"
                "Agriculture,Spain,139.8,F\r\nAgriculture,Total,240.2,F\r\n"
                "Entertainment,Iceland,,C\r\nEntertainment,Portugal,,C\r\n"
                "Entertainment,Spain,105.3,F\r\nEntertainment,Total,131.5,F\r\n"
                "Governmental,Iceland,0.0,F\r\nGovernmental,Portugal,,C\r\n"
                "Governmental,Spain,,C\r\nGovernmental,Total,,C\r\n"
                "Industry,Iceland,,C\r\nIndustry,Portugal,,C\r\nIndustry,Spain,,C\r\n"
                "Industry,Total,,C\r\n"
                "Total,Iceland,37.1,F\r\nTotal,Portugal,162.5,F\r\nTotal,Spain,262.7,F\r\n"
                "Total,Total,462.3,F\r\n");
        assert_non_null(strstr(r.err, "dominance 4"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(few_contributors_as_in_table_2),
                cmocka_unit_test(dominance_as_in_table_3),
        };

        return cmocka_run_group_tests(tests, room_open, room_close);
}
