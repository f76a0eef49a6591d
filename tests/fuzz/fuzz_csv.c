/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csv.c: any bytes as a municipality's file.
 *
 * Whatever comes, the survey ends, every byte is read, rows are numbered upwards, and
 * a row is whole or has a fault. Fields go through the readers of values. The first
 * byte picks wishes, so that every dialect is reached. */
#include <stdint.h>
#include <stdlib.h>

#include "tools/cli/csv.h"
#include "tools/cli/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void use_values(struct bytes field, uint8_t wish)
{
        int64_t number;
        int32_t days;
        bool yes;
        struct bytes text = value_trim(field);

        if (text.len == 0)
                return;
        (void)value_date(text, (enum date_format)(wish % 3), &days);
        (void)value_month(text, (enum date_format)(wish % 3), &days);
        (void)value_number(text, wish % 7, wish % 2 ? ',' : 0, &number);
        (void)value_boolean(text, &yes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        static const uint8_t delimiters[] = {0, 0, ';', ',', '\t'};
        uint8_t wish = len > 0 ? data[0] : 0;
        struct bytes file = len > 0 ? bytes_of(data + 1, len - 1) : bytes_of(NULL, 0);
        struct csv_dialect wished = {
                .encoding = (enum csv_encoding)(wish % 4), .delimiter = delimiters[wish / 4 % 5]};
        struct csv_input in = csv_input_of_bytes(file);
        struct csv_survey survey;
        struct csv *c = NULL;
        struct csv_row row;
        uint32_t before = 0;
        enum err rc = csv_survey(&in, &wished, &survey);

        check(rc == ERR_OK || rc == ERR_UNSUPPORTED);
        check(survey.bytes == file.len);
        if (rc != ERR_OK)
                return 0;
        check(csv_input_rewind(&in) == ERR_OK);
        check(csv_open(&in, &survey.dialect, &c) == ERR_OK);
        while ((rc = csv_next(c, &row)) == ERR_OK) {
                check(row.number > before && row.number <= survey.lines + 1);
                before = row.number;
                check((row.fault == CSV_WHOLE) == (row.fields_len > 0));
                for (uint32_t i = 0; i < row.fields_len; i++)
                        use_values(row.fields[i], wish);
        }
        check(rc == ERR_NOT_FOUND && csv_offset(c) == file.len);
        csv_free(&c);
        return 0;
}
