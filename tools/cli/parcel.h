/* SPDX-License-Identifier: Apache-2.0 */
/* parcel.h: rows of a file turned into a batch, ready for the wire.
 *
 * A parcel is a batch with memory of its own that is used again, and remembers
 * which row of the file each of its rows was. A filler reads rows by a plan and
 * keeps account of those it turned away. */
#ifndef STATGATE_TOOLS_CLI_PARCEL_H
#define STATGATE_TOOLS_CLI_PARCEL_H

#include "tools/cli/plan.h"

enum { PARCEL_ROWS_MAX = 16384 };

struct parcel;
/* For at most `rows` rows of at most `bytes` bytes together (of one message). */
MUST_CHECK enum err parcel_new(
        const struct intake_plan *plan, uint32_t rows, uint32_t bytes, struct parcel **out);
void parcel_free(struct parcel **p); /* wipes: personal numbers stood here */
void parcel_reset(struct parcel *p);
uint32_t parcel_rows(const struct parcel *p);
bool parcel_is_full(const struct parcel *p);
/* The batch, once it is full or the file has ended; valid until parcel_reset. */
const struct batch *parcel_finish(struct parcel *p, uint32_t sequence);
uint32_t parcel_file_row(const struct parcel *p, uint32_t row); /* as a spreadsheet counts */

/* Why a row of the file was turned away. `column` is the file's, or PLAN_NONE. */
struct rejected {
        uint32_t row, column;
        const char *rule; /* static, or kept by whoever added it */
        const char *text; /* the gateway's own words, or NULL: reject_sentence() knows */
};
struct rejected_list {
        struct rejected *items;
        size_t len, cap;
        bool failed; /* memory ran short: the list is not whole */
};
void rejected_add(struct rejected_list *l, struct rejected r);
void rejected_sort(struct rejected_list *l); /* by row, then column */
void rejected_free(struct rejected_list *l);

/* The rule in words; `lang_sv` picks the language. NULL: not one of ours. */
const char *reject_sentence(const char *rule, bool lang_sv);

struct filler {
        const struct intake_plan *plan;
        struct rejected_list rejected;
        uint64_t rows_taken, rows_rejected;
};
/* Adds the row to the parcel, or notes why not. ERR_NO_MEMORY only. */
MUST_CHECK enum err filler_row(struct filler *f, struct parcel *p, const struct csv_row *row);

#endif
