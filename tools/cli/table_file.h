/* SPDX-License-Identifier: Apache-2.0 */
/* table_file.h: a CSV file as columns of a table: codes, amounts, who they belong to.
 *
 * What `statgate protect` and `statgate audit-table` read. The order of rows never shows in
 * what comes out of them, so codes are numbered in the order of their bytes. A fault says
 * where, and never what stood there. */
#ifndef STATGATE_TOOLS_CLI_TABLE_FILE_H
#define STATGATE_TOOLS_CLI_TABLE_FILE_H

#include "base/arena.h"
#include "base/query.h"
#include "tools/cli/cli.h"
#include "tools/cli/csv.h"

enum {
        TABLE_CODE_MAX = 200,      /* bytes of a code */
        TABLE_CODES_MAX = 1 << 22, /* codes of a dimension */
        TABLE_DECIMALS_MAX = 9,
        TABLE_DIGITS_MAX = 18 /* of an amount, without its sign */
};

/* What is wrong with a file, and in which of its rows, for a sentence of words_table.h whose
 * places are the file, the row, the column's name and another row. */
struct table_fault {
        enum word what;
        const char *path, *column;
        uint32_t row, other;
        enum exit_code code;
};
/* Fills `f`, which may be NULL, and returns ERR_INVALID. */
enum err table_fault(struct table_fault *f, enum word what, uint32_t row, const char *column);
enum exit_code table_fault_tell(const struct cli *cli, const struct table_fault *f);

/* Which columns; names are those of the first row. NULL: not asked for. */
struct table_wish {
        const char *path;
        const char *const *dimensions;
        uint32_t dimensions_len;
        const char *value; /* an amount; empty and ".." where there is none */
        const char *id;    /* a person or a contributor */
        bool value_may_be_absent;
};

struct table_codes {
        const struct bytes *code; /* ascending, without repetition */
        const uint32_t *row;      /* where each stood first */
        uint32_t len;
};

struct table_file {
        uint32_t dimensions_len;
        struct table_codes codes[DIMENSIONS_MAX];
        const uint32_t *of[DIMENSIONS_MAX]; /* of every row: index into codes */
        const int64_t *value;               /* scaled by 10^decimals */
        const bool *absent;                 /* the row has no amount */
        const uint32_t *id;                 /* numbers from 0 */
        const uint32_t *row;                /* as a spreadsheet counts */
        size_t len;
        uint32_t ids, decimals;
        uint8_t delimiter;
        char point; /* how the file writes decimals */
};

/* ERR_INVALID with `why` filled, ERR_NO_MEMORY. All in `arena`. */
MUST_CHECK enum err table_file_read(struct arena *arena, const struct table_wish *wish,
        struct table_file *out, struct table_fault *why);
MUST_CHECK enum err table_file_of_text(struct arena *arena, const struct table_wish *wish,
        struct bytes text, struct table_file *out, struct table_fault *why);

#endif
