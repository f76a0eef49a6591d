/* SPDX-License-Identifier: Apache-2.0 */
/* tell_rules.c: between two neighbours that do not know each other. */
#include "gateway/tell_rules.h"

#include <string.h>

_Static_assert((int)ANSWER_SOURCE_LATTICE == (int)ANSWERS_LATTICE + 1 &&
                       (int)ANSWER_SOURCE_LEDGER == (int)ANSWERS_LEDGER + 1 &&
                       (int)ANSWER_SOURCE_ALONE == (int)ANSWERS_ALONE + 1 &&
                       (int)ANSWER_SOURCE_COUNT == (int)ANSWERS_COUNT + 1,
        "sources are answers and one");
_Static_assert((int)WIRE_PERTURBATION_NONE == (int)PERTURB_NONE &&
                       (int)WIRE_PERTURBATION_CELLKEY == (int)PERTURB_CELLKEY &&
                       (int)WIRE_PERTURBATION_ROUNDING == (int)PERTURB_ROUNDING &&
                       (int)WIRE_PERTURBATION_COUNT == (int)PERTURB_COUNT,
        "perturbations are the same");

enum answer_source tell_source(enum answers a)
{
        return (unsigned)a < ANSWERS_COUNT ? (enum answer_source)((int)a + 1) : ANSWER_SOURCE_NONE;
}

void tell_rules(const struct disclosure_rules *in, struct wire_rules *out)
{
        *out = (struct wire_rules){
                .preset = in->preset,
                .answers = tell_source(in->answers),
                .homogeneous = in->homogeneous,
                .contributors = in->contributors,
                .remainder = in->remainder,
                .part_max = in->part_max,
                .dominance_n = in->dominance_n,
                .dominance_k = in->dominance_k,
                .p_percent = in->p_percent,
                .pq_p = in->pq_p,
                .pq_q = in->pq_q,
                .secondary = in->secondary,
                .reasons_public = in->reasons_public,
                .membership_sensitive = in->membership_sensitive,
                .interval = in->interval,
                .perturbation = (enum wire_perturbation)in->perturbation,
                .variance_permille = in->variance_permille,
                .deviation = in->deviation,
                .smallest = in->smallest,
                .base = in->base,
                .questions_per_day = in->questions_per_day,
        };
        memcpy(out->number, in->number, sizeof out->number);
}
