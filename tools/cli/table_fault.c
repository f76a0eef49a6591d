/* SPDX-License-Identifier: Apache-2.0 */
/* table_fault.c: says what is wrong with a file, in the reader's language. */
#include "tools/cli/table_file.h"

enum exit_code table_fault_tell(const struct cli *cli, const struct table_fault *f)
{
        char row[NUMBER_TEXT], other[NUMBER_TEXT];

        (void)snprintf(row, sizeof row, "%u", f->row);
        (void)snprintf(other, sizeof other, "%u", f->other);
        complain(cli, f->what, f->path != NULL ? f->path : "", row,
                f->column != NULL ? f->column : "", other);
        return f->code;
}
