/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_parts.h: what the files of the lattice share; nobody else includes it, but tests.
 *
 *      lattice.c         what stands in the store, and what is made for it
 *      lattice_fit.c     which questions are inside, from policy and question alone
 *      lattice_count.c   the planned tables, counted block by block and stitched together
 *      lattice_axes.c    what they share: leaves of the axes
 *      lattice_inner.c   and inner cells, as few as will do
 *      lattice_differ.c  who joined and who left between two views
 *      lattice_compare.c how every cell has moved between two cubes
 *      lattice_moved.c   and which inner cells have, as few as will do
 *      lattice_chain.c   cubes one after another and their changes, as one model
 *      lattice_change.c  what a new cube may tell to whoever has older ones
 *      lattice_asked.c   what was answered without a plan
 *      lattice_near.c    which sums of its cells that was, but for a few persons
 *      lattice_together.c    or was only together with others
 *      lattice_equations.c   by which factors
 *      lattice_sums.c    and these as columns of the model
 *      lattice_code.c    a protected cube as bytes, and back
 *      lattice_answer.c  the table of a question, cut out of a cube
 *      lattice_shelf.c   cubes unpacked, for the next who asks
 *
 * A *cube* is all planned tables of a data set with one more dimension in front, the
 * *blocks*: the calendar years, those records that lie in none of them, and the total, which
 * is a question without a period. */
#ifndef STATGATE_GATEWAY_LATTICE_PARTS_H
#define STATGATE_GATEWAY_LATTICE_PARTS_H

#include "gateway/lattice.h"

/* lattice_fit.c ---------------------------------------------------------------------- */

/* As lattice_fits, and the first planned table that holds the question. */
enum lattice_fit lattice_find(const struct policy *p, const struct policy_dataset *d,
        const struct query *q, uint32_t *out_table);
/* Whether the question's filters leave a category of an axis, as the hierarchies were on
 * `day`. ERR_NOT_FOUND: they leave a part of it, on that day. For a question that is inside. */
MUST_CHECK enum err lattice_leaves(const struct policy_dataset *d, const struct lattice_axis *axis,
        const struct query *q, struct bytes category, int32_t day, bool *out);
/* Whether a period lies within another, both as dates are written (2024-03, 2024-Q1). */
bool lattice_date_within(struct bytes inner, struct bytes outer);
/* Whether any of them is about this variable. */
bool lattice_filters(const struct policy_dataset *d, const struct query *q, uint32_t variable);

/* lattice_count.c -------------------------------------------------------------------- */

/* What is counted, and by whom. */
struct lattice_source {
        const struct policy *policy;
        const struct policy_dataset *dataset; /* has a lattice */
        const struct view *view;              /* of the data set's own linkage */
        struct period span;                   /* of what was delivered: bounds years and dates */
        const struct deliveries *deliveries;  /* who delivered for which period; NULL: not said */
        unsigned threads;
        const atomic_bool *cancel; /* may be NULL */
        void (*progress)(void *ctx, uint64_t done, uint64_t total);
        void *progress_ctx;
};

struct lattice_cube {
        struct table *tables; /* dimension 0: the blocks, where there are several */
        uint32_t tables_len;
        uint32_t blocks; /* the last is that of all periods; before it that of no year, if any */
        uint32_t years_len;
        struct period *years; /* ascending */
        int32_t *days;        /* of the division, by block */
        /* Of each table, by block and then category of its own dimensions one after another. */
        uint8_t **shown;
        struct disclosure_report report; /* what was said when it was protected */
        uint64_t held_work;              /* cells looked at to hold it against earlier ones */
        /* Answers of other kinds that it was held against; sums of cells that are near them or the
         * same; and sums of two of them that were not looked at (lattice_asked.h). */
        uint64_t asked, near, untried;
};
enum { LATTICE_SHOWN = 1, LATTICE_MISSING = 2 };

enum {
        LATTICE_AXES_MAX = 12, /* that tables share, the blocks with them */
        /* So many protected cells of each table are audited by linear programs when they are
         * protected, of more a sample. */
        LATTICE_AUDITED = 20000
};

/* Dimensions before those that are planned: 1 where there are several blocks. */
uint32_t lattice_lead(const struct lattice_cube *c);
/* Where the flags of a dimension (of the plan's) begin. */
uint8_t *lattice_shown(
        const struct lattice_cube *c, uint32_t table, uint32_t block, uint32_t dimension);
/* By name of the level at an axis; empty for what has none. */
struct bytes lattice_level_id(const struct variable *v, uint32_t level);

/* The tables raw, as many years as the ceiling of cells lets in, the latest first. */
MUST_CHECK enum err lattice_count(
        const struct lattice_source *source, struct arena *arena, struct lattice_cube *out);
/* One question of the plan. */
struct lattice_part {
        const struct lattice_axis *axes;
        uint32_t axes_len;
        const struct period *year;   /* NULL: all periods */
        const struct filter *filter; /* NULL: none */
        bool bare;                   /* without measures of amounts */
        bool alone;                  /* without contributions */
        bool counted;                /* members with the records of each */
};
/* Its table, and where `members` is given, who is in which cell; either may be NULL. */
struct plan_members;
MUST_CHECK enum err lattice_run(const struct lattice_source *source,
        const struct lattice_part *part, struct arena *arena, struct table **out,
        struct plan_members *members);

/* lattice_axes.c --------------------------------------------------------------------- */

/* The cube as one release, with the axes its tables share; borrows both. ERR_UNSUPPORTED:
 * two levels of a variable of which neither lies within the other. */
struct lattice_axes {
        struct disclosure_release release;
        struct lattice_axis *finest; /* of each shared dimension but the blocks */
        uint32_t finest_len;
        struct dimension *leaves; /* categories of each at that level */
};
MUST_CHECK enum err lattice_axes_make(const struct lattice_source *source,
        const struct lattice_cube *cube, struct arena *arena, struct lattice_axes *out);

/* lattice_inner.c -------------------------------------------------------------------- */

/* Lists the inner cells over which the tables are protected. None where no fewer than all
 * combinations stand for all. */
MUST_CHECK enum err lattice_inner(const struct lattice_source *source,
        const struct lattice_cube *cube, struct arena *arena, struct lattice_axes *axes);
/* An inner cell as a number: by its block and its leaves, the last axis fastest; where there are
 * not too many. */
uint32_t lattice_leaf_blocks(const struct lattice_cube *c);
bool lattice_has_keys(const struct lattice_cube *c, const struct lattice_axes *axes);
uint64_t lattice_key(const struct lattice_axes *axes, uint32_t block, const uint32_t *leaves);
uint32_t lattice_key_leaves(const struct lattice_axes *axes, uint64_t key, uint32_t *leaves);
/* The category of this code; UINT32_MAX: none. */
uint32_t lattice_category(const struct dimension *d, struct bytes code);
/* The longest axis whose categories a filter can name, all of them; UINT32_MAX: none. And cells
 * of a table over all axes but one, totals included; SIZE_MAX: more than can be counted. */
uint32_t lattice_sliceable(const struct lattice_source *source, const struct lattice_axes *axes);
size_t lattice_beside(const struct lattice_axes *axes, uint32_t but);

struct disclosure_settings lattice_settings(const struct disclosure_rules *rules);

/* lattice_differ.c ------------------------------------------------------------------- */

/* Of each cell of a table. */
struct lattice_difference {
        uint32_t *persons;  /* who is in it under one source and not under the other */
        uint8_t *otherwise; /* whether records or amounts differ */
};
/* Of each table. Both views keep record keys, of the same keys (else ERR_NOT_FOUND); tables and
 * blocks are those of `cube`. */
MUST_CHECK enum err lattice_differ(const struct lattice_source *now,
        const struct lattice_source *then, const struct lattice_cube *cube, struct arena *arena,
        struct lattice_difference *out);
/* Inner cells, ascending. */
struct lattice_keys {
        uint64_t *key;
        size_t len;
        bool counted;  /* false: none could be counted */
        uint64_t work; /* cells looked at to find them */
};
void lattice_keys_sort(struct lattice_keys *k);
/* Inner cells in which anything is otherwise, of those that a table's cell tells of.
 * ERR_TOO_MANY_CELLS where they are too many to count at once. */
MUST_CHECK enum err lattice_differ_inner(const struct lattice_source *now,
        const struct lattice_source *then, const struct lattice_cube *cube,
        const struct lattice_axes *axes, const struct lattice_difference *of, struct arena *arena,
        struct lattice_keys *out);

/* lattice_compare.c ------------------------------------------------------------------ */

/* What was published earlier, the latest first. */
struct lattice_earlier {
        const struct lattice_cube *cube;
        const struct lattice_source *source; /* what it was counted from; NULL: gone */
};
/* How a cell has moved between two cubes. */
enum lattice_move {
        MOVED_UNKNOWN = 0, /* it was not told, and nobody can count it any more */
        MOVED_NOT,
        MOVED_FEW, /* fewer than the threshold joined or left, or amounts alone changed */
        MOVED_MANY
};
struct lattice_moves {
        uint8_t **moved;           /* enum lattice_move, by table and cell of the new cube */
        struct lattice_keys inner; /* that moved, where it could be counted */
};
/* Where the cells of the new cube were in an earlier one. */
struct lattice_then {
        const struct lattice_cube *cube;
        const struct table **table; /* of each table of the new cube: where it was told; NULL */
        size_t **was;               /* by table and cell: its cell there; SIZE_MAX: none */
};
/* All earlier cubes, the oldest first, and the new one, which is the last, two by two. */
struct lattice_past {
        uint32_t len;
        struct lattice_then *then;
        struct lattice_moves *moves; /* older × (len + 1) + newer */
};
const struct lattice_moves *lattice_moves_between(
        const struct lattice_past *p, uint32_t older, uint32_t newer);
/* While the new cube is raw. */
MUST_CHECK enum err lattice_compare(const struct lattice_source *source,
        const struct lattice_cube *raw, const struct lattice_axes *axes,
        const struct lattice_earlier *earlier, uint32_t earlier_len, struct arena *arena,
        struct lattice_past *out);

/* lattice_moved.c -------------------------------------------------------------------- */

/* Inner cells that moved, or may have, as few as stand for all. */
MUST_CHECK enum err lattice_moved(const struct lattice_cube *cube, const struct lattice_axes *axes,
        const struct lattice_moves *moves, struct arena *arena, struct lattice_keys *out);

/* lattice_change.c ------------------------------------------------------------------- */

/* Protects a raw cube as one release, and against whoever has the earlier ones, or answers of
 * other kinds: cells that would tell of too few who joined or left keep the value they had.
 * `recall`: NULL: nothing was answered besides. */
struct lattice_recall;
struct lattice_asked;
MUST_CHECK enum err lattice_protect(const struct lattice_source *source, struct lattice_cube *cube,
        const struct lattice_earlier *earlier, uint32_t earlier_len,
        const struct lattice_recall *recall, struct arena *arena);
/* A protected cube against each earlier one, then against all together, and with what was answered
 * besides. Where nothing can be proved of the last, all is withheld. */
MUST_CHECK enum err lattice_hold(const struct lattice_axes *axes, struct lattice_cube *cube,
        const struct lattice_past *past, const struct lattice_asked *asked,
        const atomic_bool *cancel);

/* lattice_code.c --------------------------------------------------------------------- */

/* What may leave of a protected cube and nothing else: of a cell that is withheld its status.
 * Appends. */
void lattice_encode(const struct lattice_cube *c, struct buf *b);
/* Strict; ERR_CORRUPT. Words borrow from `bytes`. */
MUST_CHECK enum err lattice_decode(
        struct bytes bytes, struct arena *arena, struct lattice_cube *out);

/* lattice_answer.c ------------------------------------------------------------------- */

/* The table of a question that is inside, as the engine would lay it out. ERR_NOT_FOUND: the
 * cube has no such year, or a filter leaves what is no category of it. */
MUST_CHECK enum err lattice_cut(const struct policy *policy, const struct policy_dataset *dataset,
        const struct lattice_cube *cube, const struct query *q, struct arena *arena,
        struct table **out);

#endif
