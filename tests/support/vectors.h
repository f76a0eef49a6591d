/* SPDX-License-Identifier: Apache-2.0 */
/* vectors.h: reads the records of tests/vectors. For tests only: a file that is
 * missing or malformed ends the program. */
#ifndef STATGATE_TESTS_SUPPORT_VECTORS_H
#define STATGATE_TESTS_SUPPORT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { VECTOR_FIELDS_MAX = 20, VECTOR_LINE_MAX = 4096, VECTOR_BYTES_MAX = 1024 };

struct vector {
        unsigned len;
        char lines[VECTOR_FIELDS_MAX][VECTOR_LINE_MAX]; /* "name value" */
};

/* `name` is a file of tests/vectors under `root`. */
FILE *vectors_open(const char *root, const char *name);
/* The next record; false at the end. */
bool vectors_next(FILE *in, struct vector *out);

const char *vector_text(const struct vector *v, const char *name);
long vector_number(const struct vector *v, const char *name);
/* The bytes of a hex value; out has room for VECTOR_BYTES_MAX. */
size_t vector_bytes(const struct vector *v, const char *name, uint8_t *out);

#endif
