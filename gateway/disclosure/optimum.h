/* SPDX-License-Identifier: Apache-2.0 */
/* optimum.h: the least that must be hidden, proved, for small tables.
 *
 * One 0/1 variable a cell and the attacker's programs as cuts (Fischetti & Salazar-González,
 * Management Science 47, 2001). The search is limited by nodes, not by time, so that every
 * machine ends with the same table. Programs are Clp's, branches are our own: no Cbc. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_OPTIMUM_H
#define STATGATE_GATEWAY_DISCLOSURE_OPTIMUM_H

#include <stdatomic.h>

#include "gateway/disclosure/suppress.h"

struct optimum_options {
        uint32_t nodes_max; /* of branch and bound, all rounds; 0: a default */
        uint32_t cells_max; /* columns of a model; larger ones are only bounded; 0: a default */
        const atomic_bool *cancel;
};

struct optimum_result {
        struct suppress_result pattern; /* the best known: never worse than `start` */
        uint64_t bound;                 /* no safe pattern costs less, proved */
        bool optimal;                   /* cost of the pattern equals the bound */
        uint32_t nodes, cuts;
};

/* `start` is a safe pattern of the model. The same notion of safety: no linear combination of
 * published cells gives a protected one. The pattern is proved as suppress_run proves it;
 * one that is not is not taken. */
MUST_CHECK enum err optimum_run(struct arena *arena, const struct model *model,
        const struct suppress_result *start, const struct optimum_options *options,
        struct optimum_result *out);

#endif
