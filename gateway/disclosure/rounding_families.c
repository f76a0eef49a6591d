/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_families.c: columns into two families, each of which is a hierarchy.
 *
 * Two columns cross when they share rows and neither holds the other. Columns that do not
 * cross can be drawn as a tree; two trees over the same rows are a network, and a network
 * has whole solutions wherever it has any (Hoffman & Kruskal 1956). A table of two
 * dimensions, one of them with a hierarchy, is exactly that. So: the larger columns first, each
 * gets the other family than those it crosses; families of columns that have not met yet are
 * turned round as they meet (a union-find with parities). With hierarchies on both sides, or
 * more dimensions, some column crosses both, and is left over. */
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/rounding_inside.h"

struct colouring {
        struct rounding *r;
        uint32_t *above; /* union-find over columns */
        uint8_t *turned; /* against `above` */
        uint32_t *size;  /* rows of a column that do not stay */
        uint32_t *met;   /* rows shared with the column that is being placed */
        uint32_t *touched, touched_len;
        /* By root: 1 + the parity that the column being placed must have to it. */
        uint8_t *wanted;
        uint32_t *roots, roots_len;
};

static uint32_t find_root(struct colouring *c, uint32_t column, uint8_t *out_turned)
{
        uint32_t root = column;
        uint8_t turned = 0;

        while (c->above[root] != root) {
                turned ^= c->turned[root];
                root = c->above[root];
        }
        /* All on the way now hang on the root. */
        for (uint8_t rest = turned; c->above[column] != root && column != root;) {
                uint32_t next = c->above[column];
                uint8_t here = c->turned[column];

                c->above[column] = root;
                c->turned[column] = rest;
                rest ^= here;
                column = next;
        }
        *out_turned = turned;
        return root;
}

static void meet(struct colouring *c, uint32_t column)
{
        const struct rounding *r = c->r;
        const struct model *m = r->model;

        c->touched_len = 0;
        for (size_t i = m->start[column]; i < m->start[column + 1]; i++) {
                uint32_t row = m->row[i];

                if (r->part[row] == 0)
                        continue;
                for (size_t k = r->start[row]; k < r->start[row + 1]; k++) {
                        uint32_t other = r->column[k];

                        if (r->family[other] == LEFT_OVER)
                                continue;
                        if (c->met[other]++ == 0)
                                c->touched[c->touched_len++] = other;
                }
                c->r->work += r->start[row + 1] - r->start[row];
        }
}

/* What those it crosses want it to be; false: one wants this and another that. */
static bool ask_crossed(struct colouring *c, uint32_t column)
{
        bool agreed = true;

        c->roots_len = 0;
        for (uint32_t i = 0; i < c->touched_len; i++) {
                uint32_t other = c->touched[i], shared = c->met[other];
                uint8_t turned = 0;

                c->met[other] = 0;
                if (shared == c->size[column] || shared == c->size[other])
                        continue;
                uint32_t root = find_root(c, other, &turned);
                uint8_t wanted = (uint8_t)(1 + (turned ^ 1));

                if (c->wanted[root] == 0)
                        c->roots[c->roots_len++] = root;
                agreed &= c->wanted[root] == 0 || c->wanted[root] == wanted;
                c->wanted[root] = wanted;
        }
        return agreed;
}

static void place(struct colouring *c, uint32_t column)
{
        meet(c, column);
        bool agreed = ask_crossed(c, column);

        for (uint32_t i = 0; i < c->roots_len; i++) {
                uint32_t root = c->roots[i];

                if (agreed) {
                        c->above[root] = column;
                        c->turned[root] = (uint8_t)(c->wanted[root] - 1);
                }
                c->wanted[root] = 0;
        }
        if (agreed)
                c->r->family[column] = 0; /* one of the two: which, is known at the end */
}

static int larger_first(const void *a, const void *b, void *sizes)
{
        const uint32_t *size = sizes;
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        if (size[x] != size[y])
                return size[x] > size[y] ? -1 : 1;
        return x < y ? -1 : x > y;
}

/* Columns of a single row that moves are that row, and hold by themselves. */
static void order_columns(struct colouring *c)
{
        struct rounding *r = c->r;
        const struct model *m = r->model;

        for (uint32_t k = 0; k < m->columns; k++) {
                for (size_t i = m->start[k]; i < m->start[k + 1]; i++)
                        c->size[k] += r->part[m->row[i]] != 0;
                r->family[k] = LEFT_OVER;
                c->above[k] = k;
                if (c->size[k] > 1)
                        r->order[r->order_len++] = k;
        }
        qsort_r(r->order, r->order_len, sizeof *r->order, larger_first, c->size);
}

/* From the larger to the smaller: the last set that was put around a row is the least. */
static void find_parents(struct colouring *c)
{
        struct rounding *r = c->r;
        const struct model *m = r->model;

        for (uint32_t i = 0; i < r->order_len; i++) {
                uint32_t column = r->order[i];
                uint8_t turned = 0;

                if (r->family[column] == LEFT_OVER)
                        continue;
                (void)find_root(c, column, &turned);
                r->family[column] = turned;
                r->parent[column] = NO_COLUMN;
                for (size_t k = m->start[column]; k < m->start[column + 1]; k++) {
                        uint32_t *deepest = &r->deepest[turned][m->row[k]];

                        if (r->part[m->row[k]] == 0)
                                continue;
                        r->parent[column] = *deepest;
                        *deepest = column;
                }
        }
}

static enum err new_u32(struct arena *arena, size_t len, uint32_t **out)
{
        *out = arena_alloc(arena, len + 1, sizeof **out);
        return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
}

enum err rounding_families(struct rounding *r)
{
        struct colouring c = {.r = r};
        uint32_t columns = r->model->columns;

        TRY(new_u32(r->arena, columns, &c.above));
        TRY(new_u32(r->arena, columns, &c.size));
        TRY(new_u32(r->arena, columns, &c.met));
        TRY(new_u32(r->arena, columns, &c.touched));
        TRY(new_u32(r->arena, columns, &c.roots));
        TRY(new_u32(r->arena, columns, &r->order));
        TRY(new_u32(r->arena, columns, &r->parent));
        for (unsigned f = 0; f < FAMILIES; f++) {
                TRY(new_u32(r->arena, r->model->rows, &r->deepest[f]));
                memset(r->deepest[f], 0xff, sizeof(uint32_t) * r->model->rows);
        }
        c.turned = arena_alloc(r->arena, (size_t)columns + 1, 1);
        c.wanted = arena_alloc(r->arena, (size_t)columns + 1, 1);
        r->family = arena_alloc(r->arena, (size_t)columns + 1, 1);
        if (c.turned == NULL || c.wanted == NULL || r->family == NULL)
                return ERR_NO_MEMORY;
        order_columns(&c);
        for (uint32_t i = 0; i < r->order_len; i++)
                place(&c, r->order[i]);
        find_parents(&c);
        return ERR_OK;
}
