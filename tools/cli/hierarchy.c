/* SPDX-License-Identifier: Apache-2.0 */
/* hierarchy.c: from pairs of child and parent to the levels of a model.
 *
 * A file is read into a tree and asked what could make totals mean nothing: a code with two
 * parents, one within itself, a total that lies in something. Then the tree is cut at every
 * depth. The cut at depth 1 is the coarsest; a leaf above a cut stands in for itself. */
#include "tools/cli/hierarchy.h"

#include <string.h>

#include "tools/cli/code_set.h"

#define NOBODY UINT32_MAX

/* One file. Nodes in the order of their codes. */
struct tree {
        const char *path;
        struct code_set set;
        uint32_t *parent; /* of every node; NOBODY: the total */
        uint32_t *row;    /* where its parent is said; 0: nowhere */
        uint32_t *depth;  /* steps to the total */
        bool *group;
        uint32_t deepest; /* of the leaves */
};

struct shaping {
        struct arena *arena;
        const struct hierarchy_wish *wish;
        struct table_fault *why;
        struct tree tree[HIERARCHY_FILES_MAX];
        struct code_set leaf; /* in order */
        struct code_set node; /* whatever has a code: number in `number` */
        uint32_t *number;
        struct model_level *levels;
        uint32_t levels_len, nodes;
        struct bytes *code;
};

static enum err fault_in(struct shaping *s, const char *path, enum word what, uint32_t row)
{
        if (s->why != NULL)
                s->why->path = path;
        return table_fault(s->why, what, row, s->wish->dimension);
}

/* A tree from its file ----------------------------------------------------------------------- */

static enum err tree_nodes(struct tree *t, const struct table_file *file, struct arena *arena)
{
        uint32_t *to, ignored;

        t->set.arena = arena;
        for (uint32_t column = 0; column < 2; column++)
                for (uint32_t i = 0; i < file->codes[column].len; i++)
                        TRY(code_set_add(&t->set, file->codes[column].code[i],
                                file->codes[column].row[i], UINT32_MAX, &ignored));
        TRY(code_set_sort(&t->set, &to));
        t->parent = arena_alloc_raw(arena, t->set.len, sizeof *t->parent);
        t->row = arena_alloc(arena, t->set.len, sizeof *t->row);
        t->depth = arena_alloc(arena, t->set.len, sizeof *t->depth);
        t->group = arena_alloc(arena, t->set.len, sizeof *t->group);
        if (t->parent == NULL || t->row == NULL || t->depth == NULL || t->group == NULL)
                return ERR_NO_MEMORY;
        memset(t->parent, 0xFF, t->set.len * sizeof *t->parent);
        return ERR_OK;
}

static enum err tree_link(struct shaping *s, struct tree *t, const struct table_file *file)
{
        for (size_t i = 0; i < file->len; i++) {
                struct bytes child = file->codes[0].code[file->of[0][i]];
                struct bytes parent = file->codes[1].code[file->of[1][i]];
                uint32_t at = 0, above = NOBODY;

                if (bytes_is_text(child, HIERARCHY_TOTAL))
                        return fault_in(s, t->path, WORD_HIERARCHY_TOTAL, file->row[i]);
                (void)code_set_find(&t->set, child, &at);
                if (!bytes_is_text(parent, HIERARCHY_TOTAL))
                        (void)code_set_find(&t->set, parent, &above);
                if (t->row[at] != 0 && t->parent[at] != above) {
                        (void)fault_in(s, t->path, WORD_HIERARCHY_TWO_PARENTS, file->row[i]);
                        if (s->why != NULL)
                                s->why->other = t->row[at];
                        return ERR_INVALID;
                }
                t->row[at] = file->row[i];
                t->parent[at] = above;
                if (above != NOBODY)
                        t->group[above] = true;
        }
        return ERR_OK;
}

static bool is_total(const struct tree *t, uint32_t node)
{
        return bytes_is_text(t->set.text[node], HIERARCHY_TOTAL);
}

/* Deep beyond measure: for ever, or only far. */
static enum err too_deep(struct shaping *s, const struct tree *t, uint32_t node)
{
        uint32_t at = node, steps = 0;

        while (at != NOBODY && steps++ <= t->set.len)
                at = t->parent[at];
        return fault_in(s, t->path, at == NOBODY ? WORD_HIERARCHY_DEEP : WORD_HIERARCHY_CYCLE,
                t->row[node]);
}

static enum err tree_depths(struct shaping *s, struct tree *t)
{
        for (uint32_t i = 0; i < t->set.len; i++) {
                uint32_t depth = 1, at = t->parent[i];

                for (; at != NOBODY && depth <= HIERARCHY_DEPTH_MAX; at = t->parent[at])
                        depth++;
                if (depth > HIERARCHY_DEPTH_MAX)
                        return too_deep(s, t, i);
                t->depth[i] = depth;
                if (!t->group[i] && !is_total(t, i) && depth > t->deepest)
                        t->deepest = depth;
        }
        return ERR_OK;
}

static enum err tree_read(struct shaping *s, struct tree *t, const char *path)
{
        static const char *const columns[] = {"child", "parent"};
        const struct table_wish wish = {.path = path, .dimensions = columns, .dimensions_len = 2};
        struct table_file file;

        t->path = path;
        TRY(table_file_read(s->arena, &wish, &file, s->why));
        TRY(tree_nodes(t, &file, s->arena));
        TRY(tree_link(s, t, &file));
        return tree_depths(s, t);
}

/* Leaves ------------------------------------------------------------------------------------- */

static enum err leaves_of_tree(struct shaping *s, const struct tree *t)
{
        uint32_t at;

        for (uint32_t i = 0; i < t->set.len; i++)
                if (!t->group[i] && !is_total(t, i))
                        TRY(code_set_add(&s->leaf, t->set.text[i], t->row[i], UINT32_MAX, &at));
        return ERR_OK;
}

/* All trees have the same leaves, and no group is anything else in another. */
static enum err trees_agree(struct shaping *s)
{
        uint32_t at;

        for (uint32_t k = 1; k < s->wish->paths_len; k++) {
                const struct tree *t = &s->tree[k];
                uint32_t leaves = 0;

                for (uint32_t i = 0; i < t->set.len; i++) {
                        if (is_total(t, i))
                                continue;
                        bool leaf = code_set_find(&s->leaf, t->set.text[i], &at);
                        if (leaf && t->group[i])
                                return fault_in(
                                        s, t->path, WORD_HIERARCHY_GROUP_TWICE, t->set.row[i]);
                        if (!leaf && !t->group[i])
                                return fault_in(
                                        s, s->tree[0].path, WORD_HIERARCHY_LEAF_MISSING, t->row[i]);
                        leaves += leaf;
                }
                for (uint32_t i = 0; leaves < s->leaf.len && i < s->leaf.len; i++)
                        if (!code_set_find(&t->set, s->leaf.text[i], &at))
                                return fault_in(
                                        s, t->path, WORD_HIERARCHY_LEAF_MISSING, s->leaf.row[i]);
        }
        return ERR_OK;
}

static enum err leaves_of_table(
        struct shaping *s, const struct table_codes *codes, const char *table)
{
        uint32_t at;

        for (uint32_t i = 0; i < codes->len; i++)
                if (!bytes_is_text(codes->code[i], HIERARCHY_TOTAL))
                        TRY(code_set_add(&s->leaf, codes->code[i], codes->row[i], UINT32_MAX, &at));
        return s->leaf.len > 0 ? ERR_OK : fault_in(s, table, WORD_TABLE_ONLY_GROUPS, 0);
}

/* Nodes and levels --------------------------------------------------------------------------- */

static enum err name_node(struct shaping *s, struct bytes code, const char *path, uint32_t row)
{
        uint32_t at, before = s->node.len;

        if (code.len > 0) {
                TRY(code_set_add(&s->node, code, row, UINT32_MAX, &at));
                if (at < before) /* another tree has a group of that name */
                        return fault_in(s, path, WORD_HIERARCHY_GROUP_TWICE, row);
                s->number[at] = s->nodes;
        }
        s->code[s->nodes++] = code;
        return ERR_OK;
}

/* The cut of a tree at one depth, while it is made. */
struct cut {
        uint32_t *group;    /* of every node of the tree: number within the level */
        uint32_t *stand_in; /* of every leaf */
        uint32_t len;
};

static enum err cut_groups(struct shaping *s, const struct tree *t, uint32_t depth, struct cut *c)
{
        uint32_t at = 0;

        c->len = 0;
        for (uint32_t i = 0; i < t->set.len; i++)
                if (t->group[i] && t->depth[i] == depth && !is_total(t, i)) {
                        c->group[i] = c->len++;
                        TRY(name_node(s, t->set.text[i], t->path, t->set.row[i]));
                }
        for (uint32_t leaf = 0; leaf < s->leaf.len; leaf++) {
                (void)code_set_find(&t->set, s->leaf.text[leaf], &at);
                if (t->depth[at] > depth)
                        continue;
                c->stand_in[leaf] = c->len++;
                TRY(name_node(s, (struct bytes){NULL, 0}, t->path, 0));
        }
        return ERR_OK;
}

/* Below the deepest cut lie the leaves, below every other the cut before it. */
static uint32_t *parents_of_leaves(
        struct shaping *s, const struct tree *t, uint32_t depth, const struct cut *c)
{
        uint32_t *parent = arena_alloc_raw(s->arena, s->leaf.len, sizeof *parent), at = 0;

        for (uint32_t leaf = 0; parent != NULL && leaf < s->leaf.len; leaf++) {
                (void)code_set_find(&t->set, s->leaf.text[leaf], &at);
                parent[leaf] = t->depth[at] > depth ? c->group[t->parent[at]] : c->stand_in[leaf];
        }
        return parent;
}

static uint32_t *parents_of_cut(struct shaping *s, const struct tree *t, uint32_t depth,
        const struct cut *below, const struct cut *c)
{
        uint32_t *parent = arena_alloc_raw(s->arena, below->len, sizeof *parent), at = 0;

        if (parent == NULL)
                return NULL;
        for (uint32_t i = 0; i < t->set.len; i++)
                if (t->group[i] && t->depth[i] == depth + 1)
                        parent[below->group[i]] = c->group[t->parent[i]];
        for (uint32_t leaf = 0; leaf < s->leaf.len; leaf++) {
                (void)code_set_find(&t->set, s->leaf.text[leaf], &at);
                if (t->depth[at] <= depth + 1)
                        parent[below->stand_in[leaf]] = t->depth[at] == depth + 1
                                                                ? c->group[t->parent[at]]
                                                                : c->stand_in[leaf];
        }
        return parent;
}

static enum err cut_new(struct shaping *s, const struct tree *t, struct cut *out)
{
        out->group = arena_alloc(s->arena, t->set.len, sizeof *out->group);
        out->stand_in = arena_alloc(s->arena, s->leaf.len, sizeof *out->stand_in);
        return out->group != NULL && out->stand_in != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err tree_levels(struct shaping *s, const struct tree *t)
{
        struct cut cuts[2];

        TRY(cut_new(s, t, &cuts[0]));
        TRY(cut_new(s, t, &cuts[1]));
        for (uint32_t depth = t->deepest; depth-- > 1;) {
                struct cut *below = &cuts[(depth + 1) % 2], *c = &cuts[depth % 2];
                bool first = depth + 1 == t->deepest;
                struct model_level *level = &s->levels[s->levels_len];

                TRY(cut_groups(s, t, depth, c));
                level->of = first ? 0 : s->levels_len;
                level->len = c->len;
                level->parent = first ? parents_of_leaves(s, t, depth, c)
                                      : parents_of_cut(s, t, depth, below, c);
                if (level->parent == NULL)
                        return ERR_NO_MEMORY;
                s->levels_len++;
        }
        return ERR_OK;
}

static enum err room_for_nodes(struct shaping *s)
{
        size_t levels = 0, nodes;

        for (uint32_t k = 0; k < s->wish->paths_len; k++)
                levels += s->tree[k].deepest;
        nodes = (levels + 1) * (size_t)s->leaf.len + 1;
        for (uint32_t k = 0; k < s->wish->paths_len; k++)
                nodes += s->tree[k].set.len;
        s->levels = arena_alloc(s->arena, levels, sizeof *s->levels);
        s->code = arena_alloc_raw(s->arena, nodes, sizeof *s->code);
        s->number = arena_alloc_raw(s->arena, nodes, sizeof *s->number);
        return s->levels != NULL && s->code != NULL && s->number != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err make_nodes(struct shaping *s)
{
        TRY(room_for_nodes(s));
        for (uint32_t i = 0; i < s->leaf.len; i++)
                TRY(name_node(s, s->leaf.text[i], s->tree[0].path, s->leaf.row[i]));
        for (uint32_t k = 0; k < s->wish->paths_len; k++)
                TRY(tree_levels(s, &s->tree[k]));
        return name_node(s, bytes_of_text(HIERARCHY_TOTAL), NULL, 0);
}

static enum err find_codes(
        struct shaping *s, const struct table_codes *codes, const char *table, struct shape *out)
{
        uint32_t *node = arena_alloc_raw(s->arena, codes->len, sizeof *node), at;
        bool *group = arena_alloc_raw(s->arena, codes->len, sizeof *group);

        if (node == NULL || group == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < codes->len; i++) {
                if (!code_set_find(&s->node, codes->code[i], &at))
                        return fault_in(s, table, WORD_TABLE_CODE_UNKNOWN, codes->row[i]);
                node[i] = s->number[at];
                group[i] = node[i] >= s->leaf.len;
        }
        out->node = node;
        out->is_group = group;
        return ERR_OK;
}

enum err hierarchy_shape(struct arena *arena, const struct hierarchy_wish *wish,
        const struct table_codes *codes, const char *table, struct shape *out,
        struct table_fault *why)
{
        struct shaping s = {.arena = arena,
                .wish = wish,
                .why = why,
                .leaf = {.arena = arena},
                .node = {.arena = arena}};
        uint32_t *to;

        for (uint32_t k = 0; k < wish->paths_len; k++)
                TRY(tree_read(&s, &s.tree[k], wish->paths[k]));
        if (wish->paths_len > 0)
                TRY(leaves_of_tree(&s, &s.tree[0]));
        else
                TRY(leaves_of_table(&s, codes, table));
        TRY(code_set_sort(&s.leaf, &to));
        TRY(trees_agree(&s));
        TRY(make_nodes(&s));
        TRY(find_codes(&s, codes, table, out));
        out->model = (struct model_dimension){s.leaf.len, s.levels, s.levels_len};
        out->nodes = s.nodes;
        out->code = s.code;
        return ERR_OK;
}
