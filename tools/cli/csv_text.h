/* SPDX-License-Identifier: Apache-2.0 */
/* csv_text.h: what csv.c and csv_survey.c share: reading, and characters. */
#ifndef STATGATE_TOOLS_CLI_CSV_TEXT_H
#define STATGATE_TOOLS_CLI_CSV_TEXT_H

#include "tools/cli/csv.h"

enum { CSV_UTF8_GROWTH = 3 }; /* bytes that one byte of a legacy encoding may become */

/* Fills `into` unless the input ends first: *got < len means the end. */
MUST_CHECK enum err csv_input_read(struct csv_input *in, uint8_t *into, size_t len, size_t *got);

/* `to` has room for from.len * CSV_UTF8_GROWTH bytes; returns bytes written. Bytes
 * without a character in Windows-1252 become U+FFFD. */
size_t csv_to_utf8(enum csv_encoding encoding, struct bytes from, uint8_t *to);

#endif
