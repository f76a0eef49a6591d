/* SPDX-License-Identifier: Apache-2.0 */
/* linked.h: views under one numbering, and how they come to it; inside this folder
 * only. */
#ifndef STATGATE_GATEWAY_LINKAGE_LINKED_H
#define STATGATE_GATEWAY_LINKAGE_LINKED_H

#include "gateway/linkage/assemble.h"
#include "gateway/linkage/edges.h"

struct linked {
        atomic_uint refs;
        struct view **views; /* owned: they live as long as this */
        uint32_t len;
        uint64_t *record_keys; /* by person; NULL: a view has none */
        uint64_t named_by;
        uint32_t persons;
        bool family; /* `families` says something */
        struct families families;
        struct vintage vintage;
        size_t bytes;
        uint32_t build_ms;
};

/* Counted, with room for so many views, none of them there yet. */
MUST_CHECK enum err linked_new(uint32_t views, struct linked **out);

/* A linked in the making: views are assembled, each with the tokens of its persons. */
struct linking {
        struct linked *linked;
        struct token_list *tokens; /* by view */
        uint32_t len;
        struct edges *edges; /* where guardians are followed, within `limits` */
        struct family_limits limits;
};
/* `limits` NULL: guardians are not followed; else about `edges` edges will come. */
MUST_CHECK enum err linking_start(const struct work *w, uint32_t views,
        const struct family_limits *limits, uint64_t edges, struct linking *out);
/* Numbers persons alike in all views, and gives them away. */
MUST_CHECK enum err linking_finish(struct linking *g, const struct work *w, struct linked **out);
/* Wipes tokens and edges, and what was not given away. */
void linking_done(struct linking *g, const struct work *w);

#endif
