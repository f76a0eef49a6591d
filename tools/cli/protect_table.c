/* SPDX-License-Identifier: Apache-2.0 */
/* protect_table.c: adds rows up, in every cell that they lie in.
 *
 * Distinct persons and contributors are taken one after another, with the number of the last
 * one who was there on every cell: no set is kept. A person in two codes of a dimension
 * counts once in its total, so that the parts are more than the whole; the dimension is then
 * marked as overlapping. */
#include "tools/cli/protect_table.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/bounds.h"

enum { NODES_ABOVE_MAX = HIERARCHY_FILES_MAX * HIERARCHY_DEPTH_MAX + 2 };

struct adding {
        struct arena *arena;
        const struct table_file *file;
        struct protect_table *t;
        const char *column;
        struct table_fault *why;
        size_t stride[DIMENSIONS_MAX];
        uint32_t *above[DIMENSIONS_MAX]; /* of every leaf: itself, its groups, the total */
        uint32_t above_len[DIMENSIONS_MAX];
        size_t *touched; /* cells that the row at hand lies in */
        size_t touched_len;
        uint32_t *seen; /* of every cell: the last row or contributor, from 1 */
};

enum err protect_table_cells(const struct shape *shapes, uint32_t len, size_t *out)
{
        size_t cells = 1;

        for (uint32_t d = 0; d < len; d++) {
                if (shapes[d].nodes > MODEL_CELLS_MAX / cells)
                        return ERR_TOO_MANY_CELLS;
                cells *= shapes[d].nodes;
        }
        *out = cells;
        return ERR_OK;
}

void protect_table_at(const struct protect_table *t, size_t cell, uint32_t *out)
{
        for (uint32_t d = t->dimensions_len; d-- > 0; cell /= t->shape[d].nodes)
                out[d] = (uint32_t)(cell % t->shape[d].nodes);
}

bool protect_table_hidden(const struct protect_table *t, size_t cell)
{
        for (uint32_t d = t->dimensions_len; d-- > 0; cell /= t->shape[d].nodes)
                if (t->shape[d].code[cell % t->shape[d].nodes].len == 0)
                        return true;
        return false;
}

bool protect_table_inner(const struct protect_table *t, size_t cell)
{
        for (uint32_t d = t->dimensions_len; d-- > 0; cell /= t->shape[d].nodes)
                if (cell % t->shape[d].nodes >= t->dimensions[d].leaves)
                        return false;
        return true;
}

/* Cells that a row lies in ------------------------------------------------------------------- */

static enum err nodes_above(struct adding *a, uint32_t d)
{
        const struct model_dimension *m = &a->t->dimensions[d];
        uint32_t each = m->levels_len + 2, first[NODES_ABOVE_MAX] = {0, m->leaves};
        uint32_t *above = arena_alloc_raw(a->arena, m->leaves, each * sizeof *above);

        if (above == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t l = 0; l < m->levels_len; l++)
                first[l + 2] = first[l + 1] + m->levels[l].len;
        for (uint32_t leaf = 0; leaf < m->leaves; leaf++) {
                uint32_t *to = above + (size_t)leaf * each;

                to[0] = leaf;
                for (uint32_t l = 0; l < m->levels_len; l++) {
                        uint32_t of = m->levels[l].of;

                        to[l + 1] = first[l + 1] + m->levels[l].parent[to[of] - first[of]];
                }
                to[each - 1] = a->t->shape[d].nodes - 1;
        }
        a->above[d] = above;
        a->above_len[d] = each;
        return ERR_OK;
}

static enum err adding_init(struct adding *a)
{
        struct protect_table *t = a->t;
        size_t stride = 1, touched = 1;

        for (uint32_t d = t->dimensions_len; d-- > 0;) {
                TRY(nodes_above(a, d));
                a->stride[d] = stride;
                stride *= t->shape[d].nodes;
                touched *= a->above_len[d];
        }
        a->touched = arena_alloc_raw(a->arena, touched, sizeof *a->touched);
        a->seen = arena_alloc(a->arena, t->cells, sizeof *a->seen);
        t->value = arena_alloc(a->arena, t->cells, sizeof *t->value);
        t->number = t->gross = t->value;
        if (a->touched == NULL || a->seen == NULL || t->value == NULL)
                return ERR_NO_MEMORY;
        if (t->kind != PROTECT_AMOUNTS)
                return ERR_OK;
        t->number = arena_alloc(a->arena, t->cells, sizeof *t->number);
        t->gross = arena_alloc(a->arena, t->cells, sizeof *t->gross);
        t->largest = arena_alloc(a->arena, t->cells, CONTRIBUTIONS_LARGEST * sizeof *t->largest);
        return t->number != NULL && t->gross != NULL && t->largest != NULL ? ERR_OK : ERR_NO_MEMORY;
}

/* The row's own cell comes first. */
static void touch(struct adding *a, size_t row)
{
        size_t len = 1;

        a->touched[0] = 0;
        for (uint32_t d = 0; d < a->t->dimensions_len; d++) {
                uint32_t leaf = a->t->shape[d].node[a->file->of[d][row]];
                const uint32_t *above = a->above[d] + (size_t)leaf * a->above_len[d];

                for (uint32_t k = a->above_len[d]; k-- > 0;)
                        for (size_t i = 0; i < len; i++)
                                a->touched[k * len + i] = a->touched[i] + above[k] * a->stride[d];
                len *= a->above_len[d];
        }
        a->touched_len = len;
}

/* The cell that a row of groups and leaves names. */
static size_t cell_of(const struct adding *a, size_t row)
{
        size_t cell = 0;

        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                cell += a->t->shape[d].node[a->file->of[d][row]] * a->stride[d];
        return cell;
}

/* The first dimension in which the row is a group, or dimensions_len. */
static uint32_t group_of(const struct adding *a, size_t row)
{
        uint32_t d = 0;

        while (d < a->t->dimensions_len && !a->t->shape[d].is_group[a->file->of[d][row]])
                d++;
        return d;
}

static enum err fault(struct adding *a, enum word what, size_t row, const char *column)
{
        return table_fault(a->why, what, a->file->row[row], column);
}

static enum err add(struct adding *a, size_t row, int64_t value)
{
        for (size_t i = 0; i < a->touched_len; i++) {
                int64_t *sum = &a->t->value[a->touched[i]];

                /* Beyond it the audit has no programs. */
                if (__builtin_add_overflow(*sum, value, sum) || *sum > BOUNDS_LARGEST ||
                        *sum < -BOUNDS_LARGEST)
                        return fault(a, WORD_TABLE_VALUE_LARGE, row, a->column);
        }
        return ERR_OK;
}

/* Counts ------------------------------------------------------------------------------------- */

static enum err count_of(struct adding *a, size_t row, int64_t *out)
{
        int64_t scale = 1, value = a->file->value[row];

        for (uint32_t d = 0; d < a->file->decimals; d++)
                scale *= 10;
        if (value < 0)
                return fault(a, WORD_TABLE_VALUE_NEGATIVE, row, a->column);
        if (value % scale != 0)
                return fault(a, WORD_TABLE_VALUE_BROKEN, row, a->column);
        *out = value / scale;
        return ERR_OK;
}

static enum err once(struct adding *a, size_t row)
{
        size_t cell = cell_of(a, row);

        if (a->seen[cell] != 0) {
                (void)fault(a, WORD_TABLE_CELL_TWICE, row, a->column);
                if (a->why != NULL)
                        a->why->other = a->seen[cell];
                return ERR_INVALID;
        }
        a->seen[cell] = a->file->row[row];
        return ERR_OK;
}

static enum err add_counts(struct adding *a)
{
        int64_t value = 0;

        for (size_t row = 0; row < a->file->len; row++) {
                TRY(count_of(a, row, &value));
                TRY(once(a, row));
                if (group_of(a, row) < a->t->dimensions_len)
                        continue;
                touch(a, row);
                TRY(add(a, row, value));
        }
        for (size_t row = 0; row < a->file->len; row++) {
                TRY(count_of(a, row, &value));
                if (value != a->t->value[cell_of(a, row)])
                        return fault(a, WORD_TABLE_NOT_ADDITIVE, row, a->column);
        }
        return ERR_OK;
}

/* Records and amounts ------------------------------------------------------------------------ */

/* Rows in the order of whom they belong to. */
static enum err by_owner(struct adding *a, uint32_t **out)
{
        uint32_t ids = a->file->ids;
        uint32_t *start = arena_alloc(a->arena, (size_t)ids + 1, sizeof *start);
        uint32_t *order = arena_alloc_raw(a->arena, a->file->len, sizeof *order);

        if (start == NULL || order == NULL)
                return ERR_NO_MEMORY;
        for (size_t row = 0; row < a->file->len; row++)
                start[a->file->id[row] + 1]++;
        for (uint32_t i = 0; i < ids; i++)
                start[i + 1] += start[i];
        for (size_t row = 0; row < a->file->len; row++)
                order[start[a->file->id[row]]++] = (uint32_t)row;
        *out = order;
        return ERR_OK;
}

static enum err leaves_only(struct adding *a)
{
        for (size_t row = 0; row < a->file->len; row++) {
                uint32_t d = group_of(a, row);

                if (d < a->t->dimensions_len)
                        return fault(a, WORD_TABLE_GROUP_RECORD, row, a->t->names[d]);
        }
        return ERR_OK;
}

static void mark_overlaps(struct adding *a, size_t row, size_t before)
{
        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                if (a->file->of[d][row] != a->file->of[d][before])
                        a->t->overlapping |= 1U << d;
}

static enum err add_records(struct adding *a)
{
        uint32_t *order = NULL;

        TRY(leaves_only(a));
        TRY(by_owner(a, &order));
        for (size_t i = 0; i < a->file->len; i++) {
                uint32_t row = order[i], who = a->file->id[row] + 1;

                touch(a, row);
                for (size_t k = 0; k < a->touched_len; k++) {
                        size_t cell = a->touched[k];

                        a->t->value[cell] += a->seen[cell] != who;
                        a->seen[cell] = who;
                }
                if (i > 0 && a->file->id[order[i - 1]] + 1 == who)
                        mark_overlaps(a, row, order[i - 1]);
        }
        return ERR_OK;
}

/* What one contributor has in the cells it touches. */
struct part {
        size_t *cells;
        int64_t *amount; /* of every cell of the table */
        size_t len, cap;
};

static enum err part_add(struct adding *a, struct part *p, uint32_t row, uint32_t who)
{
        for (size_t k = 0; k < a->touched_len; k++) {
                size_t cell = a->touched[k];

                if (a->seen[cell] != who) {
                        a->seen[cell] = who;
                        p->amount[cell] = 0;
                        p->cells[p->len++] = cell;
                }
                if (__builtin_add_overflow(
                            p->amount[cell], a->file->value[row], &p->amount[cell]) ||
                        p->amount[cell] == INT64_MIN)
                        return fault(a, WORD_TABLE_VALUE_LARGE, row, a->column);
        }
        return ERR_OK;
}

/* Into the row of the largest, in its place. */
static void take_largest(int64_t *largest, int64_t amount)
{
        for (size_t k = 0; k < CONTRIBUTIONS_LARGEST && amount > 0; k++)
                if (largest[k] < amount) {
                        int64_t smaller = largest[k];

                        largest[k] = amount;
                        amount = smaller;
                }
}

static enum err part_end(struct adding *a, struct part *p, uint32_t row)
{
        for (size_t i = 0; i < p->len; i++) {
                size_t cell = p->cells[i];
                int64_t amount = p->amount[cell] < 0 ? -p->amount[cell] : p->amount[cell];

                a->t->number[cell]++;
                if (__builtin_add_overflow(a->t->gross[cell], amount, &a->t->gross[cell]))
                        return fault(a, WORD_TABLE_VALUE_LARGE, row, a->column);
                take_largest(a->t->largest + cell * CONTRIBUTIONS_LARGEST, amount);
        }
        p->len = 0;
        return ERR_OK;
}

static enum err add_amounts(struct adding *a)
{
        uint32_t *order = NULL;
        struct part part = {.len = 0};

        TRY(leaves_only(a));
        TRY(by_owner(a, &order));
        part.amount = arena_alloc_raw(a->arena, a->t->cells, sizeof *part.amount);
        part.cells = arena_alloc_raw(a->arena, a->t->cells, sizeof *part.cells);
        if (part.amount == NULL || part.cells == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < a->file->len; i++) {
                uint32_t row = order[i], who = a->file->id[row] + 1;

                a->t->negative |= a->file->value[row] < 0;
                touch(a, row);
                TRY(add(a, row, a->file->value[row]));
                TRY(part_add(a, &part, row, who));
                if (i + 1 == a->file->len || a->file->id[order[i + 1]] + 1 != who)
                        TRY(part_end(a, &part, row));
        }
        return ERR_OK;
}

enum err protect_table_new(struct arena *arena, const struct table_file *file,
        enum protect_kind kind, const struct shape *shapes, const char *const *names,
        const char *value, struct protect_table *out, struct table_fault *why)
{
        struct protect_table t = {.kind = kind,
                .dimensions_len = file->dimensions_len,
                .names = names,
                .shape = shapes,
                .decimals = kind == PROTECT_AMOUNTS ? file->decimals : 0};
        struct adding a = {.arena = arena, .file = file, .t = &t, .column = value, .why = why};
        struct model_dimension *dimensions =
                arena_alloc(arena, file->dimensions_len, sizeof *dimensions);

        if (dimensions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < file->dimensions_len; d++)
                dimensions[d] = shapes[d].model;
        t.dimensions = dimensions;
        TRY(protect_table_cells(shapes, t.dimensions_len, &t.cells));
        TRY(adding_init(&a));
        if (kind == PROTECT_COUNTS)
                TRY(add_counts(&a));
        else if (kind == PROTECT_RECORDS)
                TRY(add_records(&a));
        else
                TRY(add_amounts(&a));
        *out = t;
        return ERR_OK;
}
