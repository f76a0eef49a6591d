/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_table_file.c: any bytes as a table of `statgate protect`.
 *
 * Whatever comes, it is read or has a fault with a row of the file; what is read has codes in
 * order, amounts that fit, and a number for every row. The first byte picks the columns. */
#include <stdlib.h>

#include "tools/cli/table_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { CEILING = 64 << 20 };

static void check(bool holds)
{
        if (!holds)
                abort();
}

static void check_file(const struct table_file *file)
{
        for (uint32_t d = 0; d < file->dimensions_len; d++) {
                const struct table_codes *codes = &file->codes[d];

                for (uint32_t i = 1; i < codes->len; i++)
                        check(bytes_compare(codes->code[i - 1], codes->code[i]) < 0);
                for (size_t row = 0; row < file->len; row++)
                        check(file->of[d][row] < codes->len);
        }
        for (size_t row = 0; row < file->len; row++)
                check(file->id[row] < file->ids &&
                        (row == 0 || file->row[row] > file->row[row - 1]));
        check(file->decimals <= TABLE_DECIMALS_MAX && file->len > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        static const char *const columns[] = {"a", "b"};
        OWNED(arena_free) struct arena *arena = arena_new(CEILING);
        uint8_t wished = len > 0 ? data[0] : 0;
        const struct table_wish wish = {.path = "",
                .dimensions = columns,
                .dimensions_len = 1 + wished % 2,
                .value = wished & 2 ? "v" : NULL,
                .id = wished & 4 ? "i" : NULL,
                .value_may_be_absent = (wished & 8) != 0};
        struct table_file file;
        struct table_fault why;

        check(arena != NULL);
        enum err rc = table_file_of_text(arena, &wish,
                len > 0 ? bytes_of(data + 1, len - 1) : bytes_of(NULL, 0), &file, &why);
        check(rc == ERR_OK || rc == ERR_INVALID || rc == ERR_NO_MEMORY);
        if (rc == ERR_OK)
                check_file(&file);
        if (rc == ERR_INVALID)
                check(why.code == EXIT_CODE_INPUT);
        return 0;
}
