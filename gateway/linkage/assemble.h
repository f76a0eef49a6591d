/* SPDX-License-Identifier: Apache-2.0 */
/* assemble.h: from partitions to the view itself; inside this folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_ASSEMBLE_H
#define STATGATE_GATEWAY_LINKAGE_ASSEMBLE_H

#include "gateway/linkage/partition.h"
#include "gateway/linkage/token.h"
#include "gateway/linkage/view.h"

struct view {
        atomic_uint refs;
        const struct policy_dataset *dataset;
        struct vintage vintage;
        uint32_t rows, persons, personless; /* personless: first row without a person */
        uint32_t *starts;                   /* persons + 1 */
        bool keyed;                         /* its rows carry record keys */
        uint64_t named_by;                  /* while it stands alone, likewise */
        uint64_t *record_keys; /* by person, while it stands alone; linked views share theirs */
        void *columns[LAYOUT_VARIABLES_MAX];
        uint32_t *ordinals; /* by row */
        uint8_t *delivered;
        uint8_t *alone; /* by municipality, as delivered; NULL: nobody is */
        uint32_t delivered_len;
        uint32_t unlinked; /* rows of municipalities outside the linkage */
        struct period span;
        size_t bytes;
        uint32_t build_ms;
        const struct linked *linked; /* whose view it is; NULL: it stands alone */
};

/* Bytes a view of so many rows takes, ordinals included, without person starts. */
size_t assemble_bytes(const struct policy_dataset *d, uint64_t rows);

/* Room of so many persons' record keys. */
static inline size_t record_keys_bytes(uint32_t persons)
{
        return sizeof(uint64_t) * (size_t)persons;
}

/* An empty, counted view. */
MUST_CHECK enum err view_new(const struct policy_dataset *d, struct view **out);

/* Sorts every partition, writes columns, ordinals, persons and computed ages; empties `p`. Who
 * the persons are goes to `out_tokens` where they shall be joined with others (NULL:
 * they shall not): the caller wipes them. The room of columns is the caller's to count
 * (assemble_bytes). */
MUST_CHECK enum err assemble(struct view *v, struct partitions *p, const struct layout *l,
        const struct work *w, struct token_list *out_tokens);

#endif
