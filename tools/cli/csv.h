/* SPDX-License-Identifier: Apache-2.0 */
/* csv.h: separated text as case systems export it, row by row in constant memory.
 *
 * Two passes over the same input: csv_survey reads all of it once and finds out
 * what it is (encoding, delimiter, line end, digest); csv_next then hands out rows
 * as UTF-8 fields. A row that cannot be read is handed out too, with a fault and
 * without fields, so that the rows around it still count right. */
#ifndef STATGATE_TOOLS_CLI_CSV_H
#define STATGATE_TOOLS_CLI_CSV_H

#include "base/bytes.h"
#include "base/terms.h"

enum {
        CSV_ROW_MAX = 1 << 20, /* bytes of one row */
        CSV_FIELDS_MAX = 512,  /* fields of one row */
};

/* Bytes from a file descriptor or from memory, readable again from the start. */
struct csv_input {
        int fd; /* borrowed; -1: from `memory` */
        struct bytes memory;
        size_t at;
};
struct csv_input csv_input_of_fd(int fd); /* a regular file, positioned at its start */
struct csv_input csv_input_of_bytes(struct bytes memory);
MUST_CHECK enum err csv_input_rewind(struct csv_input *in);

enum csv_encoding {
        CSV_ENCODING_UNKNOWN = 0, /* in a wish: find out */
        CSV_UTF8,
        CSV_WINDOWS_1252,
        CSV_ISO_8859_1,
        CSV_UTF16, /* recognised so that it can be refused by name */
        CSV_ENCODING_COUNT
};
const char *csv_encoding_name(enum csv_encoding e); /* "windows-1252" */
enum csv_encoding csv_encoding_find(struct bytes name);

/* How the text is written. Zeroed as a wish: find everything out. */
struct csv_dialect {
        enum csv_encoding encoding;
        uint8_t delimiter; /* ';' ',' '\t' '|' */
        uint8_t line_end;  /* '\n' (a '\r' before it is dropped), or '\r' alone */
        uint8_t bom_len;   /* bytes to leave out at the start */
        bool sep_line;     /* the first line is a spreadsheet's "sep=;" */
};

struct csv_survey {
        struct csv_dialect dialect;
        struct digest digest; /* SHA-256 of all bytes */
        uint64_t bytes, lines;
};
/* Reads `in` to its end. What `wish` says is taken as it stands. ERR_UNREADABLE
 * when reading fails, ERR_UNSUPPORTED for UTF-16 (then *out is filled). */
MUST_CHECK enum err csv_survey(
        struct csv_input *in, const struct csv_dialect *wish, struct csv_survey *out);

/* CSV_FAULT(NAME, sentence) */
#define CSV_FAULTS(FAULT)                                                                          \
        FAULT(NUL_BYTE, "the row holds a zero byte")                                               \
        FAULT(BROKEN_QUOTES, "a quoted field is not closed as it should be")                       \
        FAULT(ROW_TOO_LONG, "the row is longer than a row may be")                                 \
        FAULT(TOO_MANY_FIELDS, "the row has more fields than a row may have")

enum csv_fault {
        CSV_WHOLE = 0,
#define CSV_FAULT_ENUM(name, sentence) CSV_FAULT_##name,
        CSV_FAULTS(CSV_FAULT_ENUM)
#undef CSV_FAULT_ENUM
                CSV_FAULT_COUNT
};
const char *csv_fault_name(enum csv_fault f);
const char *csv_fault_sentence(enum csv_fault f);

struct csv_row {
        uint32_t number; /* as a spreadsheet counts: the first line is row 1 */
        enum csv_fault fault;
        const struct bytes *fields; /* until the next csv_next */
        uint32_t fields_len;        /* 0 when there is a fault */
};

struct csv;
/* `in` is borrowed and must stand at its start. */
MUST_CHECK enum err csv_open(
        struct csv_input *in, const struct csv_dialect *dialect, struct csv **out);
void csv_free(struct csv **c);
/* ERR_NOT_FOUND after the last row; empty lines are counted and left out. */
MUST_CHECK enum err csv_next(struct csv *c, struct csv_row *out);
uint64_t csv_offset(const struct csv *c); /* bytes of the input behind us */

#endif
