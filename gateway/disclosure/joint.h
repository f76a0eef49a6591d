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
#include "gateway/disclosure/moves.h"
#include "gateway/disclosure/rules.h"
#include "gateway/disclosure/suppress.h"

/* Cells that are protected as one model, on their way through it. */
struct joint_layer {
        struct space space;
        /* Of all blocks' cells. */
        struct model_cell *cell;
        int64_t *value;  /* persons; NULL: groups are not looked at */
        uint8_t *status; /* enum suppress_status */
        bool failed;     /* nothing can be proved */
};

struct joint {
        struct arena *arena;
        const struct disclosure_release *release;
        const struct disclosure_settings *settings;
        const atomic_bool *cancel;
        struct rules_of_measures *told; /* of each table */
        struct joint_layer base;        /* the tables' cells */
        uint64_t work_limit, work;      /* of the elimination: entries looked at */
        uint64_t iterations;            /* of linear programs, that are left */
        bool limited;
        bool grouped;   /* what is protected is a pattern already: no groups are to be looked for */
        size_t unasked; /* protected cells of which nobody could say how wide they are told */
        unsigned zeros; /* bits 1 << enum cell_rule: by these a zero is hidden; COUNT: margins */
        bool *widened;  /* of the base's cells: hidden for the width alone */
        bool *nearly;   /* of the base's cells: the audit tells them too nearly */
        uint32_t width; /* of the cells' intervals, as now asked for; 0: not */
        /* What the search for widths saw, for the audit to follow: of all, or of each table. */
        struct joint_seen {
                struct arena *arena; /* NULL: nothing */
                struct moves_told told;
        } seen, *table_seen;
        struct joint_verdict {
                size_t audited, of, exact, narrow;
        } verdict;
};

/* Statuses and rules of the tables as the rules left them; afterwards as they may leave,
 * and not yet wiped. Where nothing can be proved of the cells, all are withheld and
 * `base.failed` says so; where nothing can of measures, those are. */
MUST_CHECK enum err joint_protect(struct joint *j);

/* Cells of a layer, absent ones, in the arena of the joint. */
MUST_CHECK enum err joint_layer_new(
        struct joint *j, const struct space *space, bool groups, struct joint_layer *out);

/* Statuses from roles. Roles of cells that somebody knows alone become protected. */
MUST_CHECK enum err joint_settle(struct joint *j, struct joint_layer *layer);

/* joint_lines.c: adds protected columns to a model of the layer: groups of protected cells
 * that are together fewer than the threshold. */
MUST_CHECK enum err joint_lines(const struct joint_layer *layer, int64_t threshold,
        struct arena *scratch, struct model *model);

/* joint_audit.c: what of the tables' cells an attacker can say. */
MUST_CHECK enum err joint_audit(struct joint *j, struct joint_verdict *out);

/* How many of the tables' cells are hidden. */
size_t joint_hidden(const struct joint *j);

/* What the marks tell. Where zeros are published a hidden cell is not zero, unless it may be: it
 * was refused with its row, or by a rule that hides zeros too. Known to whoever knows the rules. */
bool joint_maybe_zero(const struct joint *j, uint32_t table, size_t cell);

/* That only small cells are hidden, and whatever went with them. 0: it does not tell. */
uint32_t joint_threshold_told(const struct joint *j);

/* Statuses and rules of the tables from those of the cells; then what the audit says of them. */
void joint_statuses_write(struct joint *j);
MUST_CHECK enum err joint_look(struct joint *j);

/* joint_cure.c: hides what binds the cells that are told too nearly whatever was searched for
 * them. Where that is not to be had, nothing leaves. */
MUST_CHECK enum err joint_cure(struct joint *j);

/* Frees what the search for widths saw. */
void joint_forget(struct joint *j);

/* Work of a step, of which so many share. */
void joint_limits_set(struct joint *j, uint32_t share);

/* joint_tables.c: where no table has all dimensions, widths are looked for in every table by
 * itself, after the cells are settled; more is hidden in all. And the audit, of each. */
bool joint_is_by_table(const struct joint *j);
MUST_CHECK enum err joint_tables_widen(struct joint *j);
MUST_CHECK enum err joint_tables_audit(struct joint *j, struct joint_verdict *out);

/* joint_measures.c: the measures that have a status of their own, after the cells. */
MUST_CHECK enum err joint_measures(struct joint *j);

#endif
