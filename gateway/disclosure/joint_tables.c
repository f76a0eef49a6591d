/* SPDX-License-Identifier: Apache-2.0 */
/* joint_tables.c: widths and the audit of tables of which none has all dimensions.
 *
 * To say how nearly a cell is told one must know who is in the inner cells. Where tables share
 * some of their dimensions only, inner cells are combinations of all, which nobody counted, and
 * far too many for a program. So every table is looked at by itself, as one whose inner cells
 * are its own finest ones, together with all that the other tables tell of sums of these: a
 * county's total that another table gives is known in the table of municipalities. What is hidden
 * besides is hidden in all tables, and the proof that no combination of all of them gives a
 * protected cell is made again.
 *
 * What an attacker gains who bounds several tables at once by what they have in common and
 * nobody tells, no program here has asked; that is said where widths are promised. */
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/joint.h"

/* Rounds of hiding more; each hides a cell at least. */
enum { ROUNDS_MAX = 16 };

/* One table with what others tell of it, as a release of its own. */
struct own {
        struct joint joint;
        struct disclosure_release release;
        struct table **tables; /* the first is the table itself */
        const struct disclosure_axis **axes;
        uint32_t **from; /* of each table's cells: the cell of the whole release */
};

bool joint_is_by_table(const struct joint *j)
{
        for (uint32_t b = 0; b < j->base.space.blocks_len; b++)
                if (j->base.space.block[b].dimensions_len == j->base.space.dimensions_len)
                        return false;
        return true;
}

/* Copies --------------------------------------------------------------------------------- */

/* Of each category of `own` the category of `other` around it; false: some lies in two. */
static bool categories_nest(const struct dimension *own, const struct disclosure_axis *own_axis,
        const struct disclosure_axis *other_axis, uint32_t leaves, uint32_t *of)
{
        bool nest = true;

        for (uint32_t c = 0; c < own->len; c++)
                of[c] = UINT32_MAX - 1;
        for (uint32_t leaf = 0; leaf < leaves; leaf++) {
                uint32_t c = own_axis->of_leaf[leaf], above = other_axis->of_leaf[leaf];

                if (c == UINT32_MAX) {
                        nest &= above == UINT32_MAX; /* the total is another */
                        continue;
                }
                nest &= of[c] == UINT32_MAX - 1 || of[c] == above;
                of[c] = above;
        }
        for (uint32_t c = 0; c < own->len; c++)
                of[c] = of[c] == UINT32_MAX - 1 ? UINT32_MAX : of[c];
        return nest;
}

struct copy {
        const struct table *of;
        uint32_t kept[DIMENSIONS_MAX]; /* its dimensions that the copy has */
        uint32_t len;
        struct dimension *dimensions;
        struct disclosure_axis *axes;
};

static uint32_t dimension_of(const struct joint *j, uint32_t table, uint32_t shared)
{
        uint32_t d = 0;

        while (d < j->release->tables[table]->dimensions_len &&
                j->release->axes[table][d].shared != shared)
                d++;
        return d;
}

/* Which dimensions of another table say something of this one's cells. */
static enum err copy_dimensions(struct joint *j, uint32_t own, uint32_t other, struct copy *out)
{
        const struct table *t = j->release->tables[own], *o = j->release->tables[other];

        out->of = o;
        out->dimensions = arena_alloc(j->arena, o->dimensions_len, sizeof *out->dimensions);
        out->axes = arena_alloc(j->arena, o->dimensions_len, sizeof *out->axes);
        if (out->dimensions == NULL || out->axes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < o->dimensions_len; d++) {
                const struct disclosure_axis *axis = &j->release->axes[other][d];
                uint32_t at = dimension_of(j, own, axis->shared);

                if (at == t->dimensions_len)
                        continue;
                uint32_t *of = arena_alloc(j->arena, t->dimensions[at].len, sizeof *of);
                if (of == NULL)
                        return ERR_NO_MEMORY;
                if (!categories_nest(&t->dimensions[at], &j->release->axes[own][at], axis,
                            j->release->leaves[axis->shared], of))
                        continue;
                out->dimensions[out->len] = o->dimensions[d];
                out->axes[out->len] = (struct disclosure_axis){at, of};
                out->kept[out->len++] = d;
        }
        return ERR_OK;
}

/* The copy's cells are the other's with totals in what it has not. */
static enum err copy_cells(
        struct joint *j, const struct copy *c, uint32_t other, struct table *out, uint32_t **from)
{
        uint32_t at[DIMENSIONS_MAX], full[DIMENSIONS_MAX];
        size_t n;

        *out = (struct table){.dimensions = c->dimensions,
                .dimensions_len = c->len,
                .sensitive_filter = c->of->sensitive_filter};
        TRY(table_cells(out->dimensions, out->dimensions_len, &out->cells_len));
        n = out->cells_len;
        out->persons = arena_alloc(j->arena, n, sizeof *out->persons);
        out->status = arena_alloc(j->arena, n, 1);
        out->rule = arena_alloc(j->arena, n, 1);
        *from = arena_alloc(j->arena, n, sizeof **from);
        if (out->persons == NULL || out->status == NULL || out->rule == NULL || *from == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < n; i++) {
                table_coordinates(out, i, at);
                for (uint32_t d = 0; d < c->of->dimensions_len; d++)
                        full[d] = c->of->dimensions[d].len;
                for (uint32_t d = 0; d < c->len; d++)
                        full[c->kept[d]] = at[d];
                size_t cell = table_cell(c->of, full);
                out->persons[i] = c->of->persons[cell];
                out->status[i] = c->of->status[cell];
                out->rule[i] = c->of->rule[cell];
                (*from)[i] = j->base.space.cell_of[other][cell];
        }
        return ERR_OK;
}

static enum err copies_make(struct joint *j, uint32_t own, struct own *out)
{
        uint32_t tables = j->release->tables_len;
        const struct table *t = j->release->tables[own];
        uint32_t *leaves = arena_alloc(j->arena, t->dimensions_len, sizeof *leaves);

        out->tables = arena_alloc(j->arena, tables, sizeof(struct table *));
        out->axes = arena_alloc(j->arena, tables, sizeof(const struct disclosure_axis *));
        out->from = arena_alloc(j->arena, tables, sizeof(uint32_t *));
        if (leaves == NULL || out->tables == NULL || out->axes == NULL || out->from == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                leaves[d] = t->dimensions[d].len > 0 ? t->dimensions[d].len : 1;
        for (uint32_t n = 0; n < tables; n++) {
                struct copy c = {0};

                out->tables[n] = arena_alloc(j->arena, 1, sizeof **out->tables);
                if (out->tables[n] == NULL)
                        return ERR_NO_MEMORY;
                TRY(copy_dimensions(j, own, n, &c));
                TRY(copy_cells(j, &c, n, out->tables[n], &out->from[n]));
                out->axes[n] = c.axes;
        }
        out->release = (struct disclosure_release){.tables = out->tables,
                .tables_len = tables,
                .shared_len = t->dimensions_len,
                .leaves = leaves,
                .axes = out->axes};
        return ERR_OK;
}

/* As they stand in the whole release: what is hidden is protected, what is shown may go. Whoever
 * knows a cell alone was heeded where all was settled, and is again when more is hidden; here
 * what went for a neighbour's sake would be kept from him too, at the cost of others. */
static void roles_take(const struct joint *j, struct own *o)
{
        struct joint_layer *l = &o->joint.base;

        for (uint32_t n = 0; n < o->release.tables_len; n++)
                for (size_t i = 0; i < o->tables[n]->cells_len; i++) {
                        uint32_t to = l->space.cell_of[n][i], from = o->from[n][i];
                        uint8_t role;

                        if (to == SPACE_NOWHERE || from == SPACE_NOWHERE)
                                continue;
                        role = j->base.cell[from].role;
                        if (j->base.status[from] <= SUPPRESS_SECONDARY)
                                role = MODEL_ROLE_PROTECT;
                        else if (role == MODEL_ROLE_PROTECT)
                                role = MODEL_ROLE_ZERO; /* everybody knows it */
                        l->cell[to] = j->base.cell[from];
                        l->cell[to].role = role;
                        l->cell[to].alone = false;
                        l->value[to] = o->tables[n]->persons[i];
                }
}

static enum err own_make(struct joint *j, uint32_t table, struct own *o)
{
        struct space space;

        *o = (struct own){0};
        TRY(copies_make(j, table, o));
        o->joint = (struct joint){.arena = j->arena,
                .release = &o->release,
                .settings = j->settings,
                .cancel = j->cancel,
                .grouped = true,
                .zeros = j->zeros,
                .width = j->width};
        TRY(space_new(j->arena, &o->release, &space));
        space.cancel = j->cancel;
        TRY(joint_layer_new(&o->joint, &space, true, &o->joint.base));
        o->joint.widened = arena_alloc(j->arena, space.cells, sizeof *o->joint.widened);
        o->joint.nearly = arena_alloc(j->arena, space.cells, sizeof *o->joint.nearly);
        if (o->joint.widened == NULL || o->joint.nearly == NULL)
                return ERR_NO_MEMORY;
        joint_limits_set(&o->joint, j->release->tables_len);
        roles_take(j, o);
        return ERR_OK;
}

/* Widths --------------------------------------------------------------------------------- */

/* What the table's own search hides besides goes from all. */
static bool hide_more(struct joint *j, const struct own *o)
{
        bool any = false;

        for (uint32_t n = 0; n < o->release.tables_len; n++)
                for (size_t i = 0; i < o->tables[n]->cells_len; i++) {
                        uint32_t at = o->joint.base.space.cell_of[n][i], to = o->from[n][i];

                        if (at == SPACE_NOWHERE || to == SPACE_NOWHERE ||
                                o->joint.base.status[at] > SUPPRESS_SECONDARY ||
                                j->base.cell[to].role != MODEL_ROLE_OPEN ||
                                j->base.status[to] != SUPPRESS_PUBLISHED)
                                continue;
                        j->base.cell[to].role = MODEL_ROLE_PROTECT;
                        j->base.status[to] = SUPPRESS_SECONDARY;
                        j->widened[to] = true;
                        any = true;
                }
        return any;
}

static enum err widen_table(struct joint *j, uint32_t table, bool *more)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct joint in = *j;
        struct own o;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        in.arena = scratch;
        TRY(own_make(&in, table, &o));
        enum err err = joint_settle(&o.joint, &o.joint.base);
        arena_free(&j->table_seen[table].arena);
        j->table_seen[table] = o.joint.seen;
        TRY(err);
        j->work += o.joint.work;
        j->limited |= o.joint.limited;
        j->unasked += o.joint.base.failed ? joint_hidden(&o.joint) : o.joint.unasked;
        if (!o.joint.base.failed && hide_more(j, &o))
                *more = true;
        return ERR_OK;
}

enum err joint_tables_widen(struct joint *j)
{
        bool more = true;

        if (j->table_seen == NULL)
                j->table_seen =
                        arena_alloc(j->arena, j->release->tables_len, sizeof *j->table_seen);
        if (j->table_seen == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t round = 0; more && !j->base.failed; round++) {
                size_t hidden = joint_hidden(j);

                more = false;
                j->unasked = 0;
                for (uint32_t t = 0; t < j->release->tables_len; t++)
                        TRY(widen_table(j, t, &more));
                if (more)
                        TRY(joint_settle(j, &j->base));
                if (more && round + 1 == ROUNDS_MAX) {
                        /* What was seen to be wide stays so when more is hidden. */
                        j->limited = true;
                        j->unasked += joint_hidden(j) - hidden;
                        return ERR_OK;
                }
        }
        return ERR_OK;
}

/* Audit ---------------------------------------------------------------------------------- */

static void nearly_take(struct joint *j, const struct own *o)
{
        for (uint32_t n = 0; n < o->release.tables_len; n++)
                for (size_t i = 0; i < o->tables[n]->cells_len; i++) {
                        uint32_t at = o->joint.base.space.cell_of[n][i], to = o->from[n][i];

                        if (at != SPACE_NOWHERE && to != SPACE_NOWHERE)
                                j->nearly[to] |= o->joint.nearly[at];
                }
}

enum err joint_tables_audit(struct joint *j, struct joint_verdict *out)
{
        struct joint_verdict all = {0};

        for (uint32_t t = 0; t < j->release->tables_len; t++) {
                OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
                struct joint_verdict verdict;
                struct joint in = *j;
                struct own o;

                if (scratch == NULL)
                        return ERR_NO_MEMORY;
                in.arena = scratch;
                TRY(own_make(&in, t, &o));
                if (j->table_seen != NULL)
                        o.joint.seen = j->table_seen[t];
                TRY(joint_audit(&o.joint, &verdict));
                nearly_take(j, &o);
                j->limited |= o.joint.limited;
                all.audited += verdict.audited;
                all.of += verdict.of;
                all.exact += verdict.exact;
                all.narrow += verdict.narrow;
        }
        *out = all;
        return ERR_OK;
}
