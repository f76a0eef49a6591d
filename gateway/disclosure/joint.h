/* SPDX-License-Identifier: Apache-2.0 */
/* joint.h: which cells and measures go with the protected ones, of all tables that leave
 * together.
 *
 * First the cells. Persons and records of a cell share one status, and all tables'
 * cells are sums of the same inner cells, so they are one model (joint_space.h). Then
 * the measures that can be withheld while their cell is shown (joint_measures.c), with
 * what the cells say as known. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_JOINT_H
#define STATGATE_GATEWAY_DISCLOSURE_JOINT_H

#include "gateway/disclosure/joint_space.h"
#include "gateway/disclosure/rules.h"
#include "gateway/disclosure/suppress.h"

struct joint {
        struct arena *arena;
        const struct disclosure_release *release;
        const struct disclosure_settings *settings;
        const atomic_bool *cancel;
        struct rules_of_measures *told; /* of each table */
        struct space space;
        /* Of all blocks' cells. */
        struct model_cell *cell;
        int64_t *value;  /* persons */
        uint8_t *status; /* enum suppress_status */
        uint64_t work_limit, work;
        bool limited, failed; /* failed: nothing can be proved */
};

/* Statuses and rules of the tables as the rules left them; afterwards as they may leave,
 * and not yet wiped. Where nothing can be proved, all is withheld and `failed` says so. */
MUST_CHECK enum err joint_protect(struct joint *j);

/* What is left of the work; 0: none. */
uint64_t joint_work_left(const struct joint *j);

/* A pattern of a model of `cells`, in `scratch`; adds what it took. ERR_LIMIT is told as
 * one that is not proved. */
MUST_CHECK enum err joint_suppress(struct joint *j, struct arena *scratch,
        const struct model_release *release, struct model *model, struct suppress_result *out);

/* joint_lines.c: adds protected columns to a model of the space's cells: groups of protected
 * cells that are together fewer than the threshold. */
MUST_CHECK enum err joint_lines(const struct joint *j, struct arena *scratch, struct model *model);

#endif
