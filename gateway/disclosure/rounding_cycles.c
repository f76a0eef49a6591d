/* SPDX-License-Identifier: Apache-2.0 */
/* rounding_cycles.c: what is not a multiple goes round in cycles until all is.
 *
 * Two hierarchies over the rows are a network: from the top of the first down its sets,
 * through the rows, up the sets of the second, and back. Its flow is what the rows hold above
 * the multiple below them, and a set's is the sum of its rows'. No node has a single arc that
 * is not a multiple, so from each there is a way on, and the way ends in a cycle. Along a
 * cycle flow can be sent round either way until one arc is a multiple, and no arc leaves the
 * two multiples it lies between. Which way, is drawn so that on average nothing moves:
 * Cox's constructive procedure (JASA 82, 1987), whose every cell and every set is
 * unbiased. Whole numbers throughout. */
#include "gateway/disclosure/rounding_inside.h"

enum { NO_STEP = UINT32_MAX };

struct arc {
        uint32_t from, to;
        uint32_t part; /* of the base; 0 or the base: it is a multiple now */
};

struct network {
        struct rounding *r;
        struct arc *arcs;
        uint32_t arcs_len, nodes;
        uint32_t *row_arc; /* by row */
        size_t *start;     /* nodes + 1: where a node's arcs begin in `at` */
        uint32_t *left;    /* of a node's arcs, those that may still move come first */
        uint32_t *at;
        uint32_t *step_of;       /* by node: its place on the way; NO_STEP: not on it */
        uint32_t *nodes_on, *by; /* the way; by[i] leads from nodes_on[i] to the next */
};

static bool moves(const struct network *n, uint32_t arc)
{
        return n->arcs[arc].part != 0 && n->arcs[arc].part != n->r->base;
}

/* Nodes: columns, and the top of either family. */
static uint32_t node_of(const struct network *n, unsigned family, uint32_t column)
{
        return column != NO_COLUMN ? column : n->r->model->columns + family;
}

static uint32_t add_arc(struct network *n, uint32_t from, uint32_t to, uint64_t flow)
{
        n->arcs[n->arcs_len] = (struct arc){from, to, (uint32_t)(flow % n->r->base)};
        return n->arcs_len++;
}

static void add_arcs(struct network *n)
{
        const struct rounding *r = n->r;
        const struct model *m = r->model;
        uint64_t all = 0;

        for (uint32_t row = 0; row < m->rows; row++) {
                if (r->part[row] == 0)
                        continue;
                n->row_arc[row] = add_arc(n, node_of(n, 0, r->deepest[0][row]),
                        node_of(n, 1, r->deepest[1][row]), r->part[row]);
                all += r->part[row];
        }
        for (uint32_t i = 0; i < r->order_len; i++) {
                uint32_t column = r->order[i], family = r->family[column];
                uint64_t sum = 0;

                if (family == LEFT_OVER)
                        continue;
                for (size_t k = m->start[column]; k < m->start[column + 1]; k++)
                        sum += r->part[m->row[k]];
                uint32_t up = node_of(n, family, r->parent[column]);

                (void)add_arc(n, family == 0 ? up : column, family == 0 ? column : up, sum);
        }
        (void)add_arc(n, node_of(n, 1, NO_COLUMN), node_of(n, 0, NO_COLUMN), all);
}

static void list_arcs(struct network *n)
{
        for (uint32_t a = 0; a < n->arcs_len; a++) {
                n->start[n->arcs[a].from + 1]++;
                n->start[n->arcs[a].to + 1]++;
        }
        for (uint32_t v = 0; v < n->nodes; v++)
                n->start[v + 1] += n->start[v];
        for (uint32_t a = 0; a < n->arcs_len; a++) {
                uint32_t ends[2] = {n->arcs[a].from, n->arcs[a].to};

                for (unsigned k = 0; k < 2; k++)
                        n->at[n->start[ends[k]] + n->left[ends[k]]++] = a;
        }
}

/* An arc that moves, other than the one that led here; those that do not are dropped. */
static uint32_t way_on(struct network *n, uint32_t node, uint32_t came_by)
{
        uint32_t *list = n->at + n->start[node], i = 0;

        while (i < n->left[node]) {
                if (!moves(n, list[i]))
                        list[i] = list[--n->left[node]];
                else if (list[i] == came_by)
                        i++;
                else
                        return list[i];
        }
        return NO_STEP;
}

/* How far each way is open, and a draw between them by the other's length. */
static void turn_cycle(struct network *n, uint32_t first, uint32_t last)
{
        uint32_t base = n->r->base, on = base, back = base;
        bool forward;

        for (uint32_t i = first; i <= last; i++) {
                const struct arc *a = &n->arcs[n->by[i]];
                bool along = a->from == n->nodes_on[i];
                uint32_t more = along ? base - a->part : a->part;

                on = more < on ? more : on;
                back = base - more < back ? base - more : back;
        }
        forward = rounding_random(n->r, (uint64_t)on + back) < back;
        for (uint32_t i = first; i <= last; i++) {
                struct arc *a = &n->arcs[n->by[i]];
                bool along = a->from == n->nodes_on[i];

                if (along == forward)
                        a->part += forward ? on : back;
                else
                        a->part -= forward ? on : back;
        }
        n->r->work += last - first + 1;
}

static void walk_from(struct network *n, uint32_t start)
{
        uint32_t len = 0; /* arcs on the way */

        n->nodes_on[0] = start;
        n->step_of[start] = 0;
        for (;;) {
                uint32_t here = n->nodes_on[len];
                uint32_t arc = way_on(n, here, len > 0 ? n->by[len - 1] : NO_STEP);

                if (arc == NO_STEP)
                        break; /* at the start: nothing of it moves any more */
                const struct arc *a = &n->arcs[arc];
                uint32_t next = a->from == here ? a->to : a->from;

                n->by[len] = arc;
                if (n->step_of[next] == NO_STEP) {
                        n->nodes_on[++len] = next;
                        n->step_of[next] = len;
                        continue;
                }
                uint32_t back_at = n->step_of[next];

                turn_cycle(n, back_at, len);
                for (; len > back_at; len--)
                        n->step_of[n->nodes_on[len]] = NO_STEP;
        }
        for (uint32_t i = 0; i <= len; i++)
                n->step_of[n->nodes_on[i]] = NO_STEP;
}

static enum err new_network(struct rounding *r, struct network *n)
{
        size_t arcs = (size_t)r->model->rows + r->order_len + 1;

        *n = (struct network){.r = r, .nodes = r->model->columns + FAMILIES};
        n->arcs = arena_alloc(r->arena, arcs, sizeof *n->arcs);
        n->row_arc = arena_alloc(r->arena, (size_t)r->model->rows + 1, sizeof *n->row_arc);
        n->start = arena_alloc(r->arena, (size_t)n->nodes + 1, sizeof *n->start);
        n->left = arena_alloc(r->arena, n->nodes, sizeof *n->left);
        n->at = arena_alloc(r->arena, 2 * arcs, sizeof *n->at);
        n->step_of = arena_alloc(r->arena, n->nodes, sizeof *n->step_of);
        n->nodes_on = arena_alloc(r->arena, (size_t)n->nodes + 1, sizeof *n->nodes_on);
        n->by = arena_alloc(r->arena, (size_t)n->nodes + 1, sizeof *n->by);
        return n->arcs == NULL || n->row_arc == NULL || n->start == NULL || n->left == NULL ||
                               n->at == NULL || n->step_of == NULL || n->nodes_on == NULL ||
                               n->by == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

enum err rounding_cycles(struct rounding *r)
{
        struct network n;

        TRY(new_network(r, &n));
        add_arcs(&n);
        list_arcs(&n);
        for (uint32_t v = 0; v < n.nodes; v++)
                n.step_of[v] = NO_STEP;
        for (uint32_t v = 0; v < n.nodes; v++)
                walk_from(&n, v);
        for (uint32_t row = 0; row < r->model->rows; row++)
                r->up[row] = r->part[row] != 0 && n.arcs[n.row_arc[row]].part == r->base;
        return ERR_OK;
}
