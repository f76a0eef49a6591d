/* SPDX-License-Identifier: Apache-2.0 */
/* terms.h: the nouns everybody shares, and the limits they carry. */
#ifndef STATGATE_BASE_TERMS_H
#define STATGATE_BASE_TERMS_H

#include <stdbool.h>
#include <stdint.h>

/* LIMIT(NAME, value, meaning): every public number, once. Help texts print it. */
#define STATGATE_LIMITS(LIMIT)                                                                     \
        LIMIT(NAME_MAX_LEN, 48, "bytes in an identifier (data set, variable, purpose)")            \
        LIMIT(CODE_MAX_LEN, 32, "bytes in a code of a code list")                                  \
        LIMIT(LABEL_MAX_LEN, 200, "bytes in a label")                                              \
        LIMIT(BATCH_ROWS_MAX, 65536, "rows in one batch")                                          \
        LIMIT(BATCH_COLUMNS_MAX, 64, "columns in one batch")                                       \
        LIMIT(BATCH_DICTIONARY_MAX, 4096, "codes in one column's dictionary")                      \
        LIMIT(BATCH_WIRE_MAX, 4194304, "bytes of one message")                                     \
        LIMIT(BATCHES_MAX, 65536, "batches in one submission")                                     \
        LIMIT(PERSON_ID_LEN, 12, "bytes of a person id on the wire")                               \
        LIMIT(RECORD_KEY_MAX_LEN, 24, "bytes of a local record key")                               \
        LIMIT(GUARDIANS_MAX, 8, "guardians of one record")                                         \
        LIMIT(REJECTIONS_MAX, 1000, "rejections told in one acknowledgement")                      \
        LIMIT(DIMENSIONS_MAX, 6, "dimensions of a query")                                          \
        LIMIT(MEASURES_MAX, 8, "measures of a query")                                              \
        LIMIT(FILTERS_MAX, 16, "filters of a query")                                               \
        LIMIT(FILTER_VALUES_MAX, 512, "values of one filter")                                      \
        LIMIT(DERIVED_MAX, 12, "derived variables of a query")                                     \
        LIMIT(DERIVED_FILTERS_MAX, 8, "filters of a derived variable or a measure")                \
        LIMIT(DERIVED_BANDS_MAX, 100, "bands of a derived variable")                               \
        LIMIT(WINDOW_DAYS_MAX, 36525, "days between a window's end and its anchor")                \
        LIMIT(SCALE_MAX, 1000000, "inhabitants or units that a rate or ratio is given per")        \
        LIMIT(CELLS_MAX, 2000000, "cells of a table, totals included")                             \
        LIMIT(MUNICIPALITIES_MAX, 512, "municipalities of a bundle")

enum {
#define LIMIT_ENUM(name, value, meaning) name = (value),
        STATGATE_LIMITS(LIMIT_ENUM)
#undef LIMIT_ENUM
};

enum role {
        ROLE_NONE = 0,
        ROLE_MUNICIPALITY,
        ROLE_STATISTICIAN,
        ROLE_DPO,
        ROLE_OPERATOR,
        ROLE_COUNT
};
const char *role_name(enum role role);               /* "municipality"; "none" */
enum role role_find(const char *name, uint32_t len); /* ROLE_NONE: no such role */

/* The four-digit code as a number: 114 is "0114". 0 is no municipality. */
typedef uint16_t municipality_t;
void municipality_format(municipality_t code, char out[5]);
bool municipality_parse(const char *text, uint32_t len, municipality_t *out); /* exactly 4 digits */

/* What kind of id stands in a 12-byte person column. */
enum person_kind {
        PERSON_NONE = 0,     /* the record has no person (a survey, say) */
        PERSON_NATIONAL = 1, /* personnummer or samordningsnummer, 12 digits */
        PERSON_LOCAL = 2,    /* an id of one municipality, NUL-padded */
        PERSON_KIND_COUNT
};

/* A reporting period: a year, quarter, month or day range as the data set says;
 * stored as its first and last day, written "2025", "2025-Q1", "2025-03". Two with ".."
 * between are from the first day of the one to the last of the other. */
struct period {
        int32_t first, last; /* days, both inside */
};
bool period_parse(const char *text, uint32_t len, struct period *out);
void period_format(struct period p, char out[24]);

/* A 16-byte id the client chose (UUID bytes); the name of a submission. */
struct submission_id {
        uint8_t bytes[16];
};

/* A vintage is a frozen state of the deliveries: number, and revision after an
 * erasure or withdrawal (7.1). 0.0 asks for the latest. */
struct vintage {
        uint32_t number, revision;
};

struct digest {
        uint8_t bytes[32];
};

/* Who calls, as the certificate and the policy say. */
struct principal {
        enum role role;
        municipality_t municipality; /* ROLE_MUNICIPALITY only, else 0 */
        char name[NAME_MAX_LEN + 1]; /* NAME of the SAN URI */
        char system[NAME_MAX_LEN + 1];
        char uri[192];
        struct digest certificate; /* SHA-256 of the DER */
};

#endif
