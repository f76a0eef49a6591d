/* SPDX-License-Identifier: Apache-2.0 */
/* edges.h: who names whom as a guardian, gathered while rows are read; inside this
 * folder only. */
#ifndef STATGATE_GATEWAY_LINKAGE_EDGES_H
#define STATGATE_GATEWAY_LINKAGE_EDGES_H

#include <string.h>

#include "gateway/linkage/layout.h"
#include "gateway/linkage/partition.h"

/* One edge in the making, as it travels in partitions: first by the child's token. */
struct edge_row {
        uint8_t child[LAYOUT_TOKEN_LEN], guardian[LAYOUT_TOKEN_LEN];
        int32_t first, last; /* days on which she was named */
};
static inline bool edge_same_pair(const struct edge_row *a, const struct edge_row *b)
{
        return memcmp(a->child, b->child, sizeof(a->child)) == 0 &&
               memcmp(a->guardian, b->guardian, sizeof(a->guardian)) == 0;
}

struct edges;

/* For about `rows` edges; workers are those of `w`. */
MUST_CHECK enum err edges_new(const struct work *w, uint64_t rows, struct edges **out);
void edges_free(struct edges **e); /* wipes */
/* `day` may be MISSING_I32: nobody knows when, so it holds always. Nobody's edges and
 * edges to nobody are dropped. */
MUST_CHECK enum err edges_add(struct edges *e, unsigned worker, const uint8_t *child,
        const uint8_t *guardian, int32_t day);
/* When all is added: the edges, by the child's token. The same pair may stand there more
 * than once. Borrowed; empty them as you go. */
MUST_CHECK enum err edges_end(struct edges *e, struct partitions **out);

#endif
