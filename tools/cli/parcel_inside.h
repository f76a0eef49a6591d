/* SPDX-License-Identifier: Apache-2.0 */
/* parcel_inside.h: what parcel.c keeps and filler.c writes. */
#ifndef STATGATE_TOOLS_CLI_PARCEL_INSIDE_H
#define STATGATE_TOOLS_CLI_PARCEL_INSIDE_H

#include "tools/cli/parcel.h"

struct parcel_column {
        uint8_t *values;  /* rows_max × the plan's width */
        uint8_t *missing; /* bitmap */
        bool any_missing;
        uint16_t *places; /* per code of the list: its place in the dictionary, or 0xFFFF */
        uint32_t codes_len;
        struct bytes *dictionary;
        uint32_t dictionary_len;
};

struct parcel {
        const struct intake_plan *plan;
        struct batch batch;
        uint32_t rows, rows_max;
        uint32_t row_cost, bytes_fixed, bytes_max, dictionary_bytes;
        uint8_t *ids, *kinds;
        uint8_t *keys; /* rows_max × RECORD_KEY_MAX_LEN until parcel_finish */
        uint32_t key_width;
        uint32_t *file_rows;
        uint32_t *offsets; /* guardians */
        uint8_t *guardian_ids, *guardian_kinds;
        uint32_t guardians, guardians_cap;
        struct parcel_column *columns;
        struct column *batch_columns;
};

/* Room for one more guardian. */
MUST_CHECK enum err parcel_guardian_room(struct parcel *p);

#endif
