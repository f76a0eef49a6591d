/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: a question against the schema, before any record is looked at. */
#include "gateway/query/plan.h"

#include "base/arena.h"

int32_t operand_find(const struct operands *o, struct bytes name)
{
        /* From the end: what the question states hides the column of that name. */
        for (uint32_t i = o->len; i-- > 0;)
                if (bytes_equal(o->list[i].variable->id, name))
                        return (int32_t)i;
        return -1;
}

bool operand_identifies(const struct operands *o, uint32_t operand)
{
        return !o->list[operand].derived && o->list[operand].variable->role == VARIABLE_IDENTIFYING;
}

uint32_t operands_ancestor(
        const struct operands *o, const struct code_list *list, uint32_t code, uint32_t level)
{
        (void)o;
        return code_ancestor(list, code, level);
}

static enum err make_operands(struct plan *p, struct arena *arena)
{
        uint32_t len = p->dataset->variables_len;
        struct operand *list = arena_alloc(arena, len, sizeof(*list));

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                list[i].variable = &p->dataset->variables[i];
        p->operands = (struct operands){.dataset = p->dataset, .list = list, .len = len};
        return ERR_OK;
}

static enum err compile_dimensions(struct plan *p, const struct query *q, struct period span,
        struct arena *arena, struct refusal *why)
{
        struct table *t = &p->shape;

        t->dimensions = arena_alloc(arena, q->dimensions_len, sizeof(*t->dimensions));
        p->groupings = arena_alloc(arena, q->dimensions_len, sizeof(*p->groupings));
        if (t->dimensions == NULL || p->groupings == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                TRY(grouping_compile(p, i, &q->dimensions[i], span, arena, why));
                t->dimensions_len++;
                for (uint32_t k = 0; k < i; k++)
                        if (p->groupings[k].operand == p->groupings[i].operand)
                                return refuse(why, ERR_INVALID, "dimensions",
                                        "a variable can be a dimension once");
        }
        enum err e = table_cells(t->dimensions, t->dimensions_len, &p->cells);
        return e == ERR_OK
                       ? ERR_OK
                       : refuse(why, e, "dimensions",
                                 "fewer dimensions, coarser levels or a filter make it smaller");
}

/* The identifying margin keeps what a neighbour knows: identifying dimensions
 * and filters on identifying variables. */
static void note_margin(struct plan *p)
{
        for (uint32_t i = 0; i < p->shape.dimensions_len; i++) {
                p->dimension_identifying[i] = p->shape.dimensions[i].identifying;
                p->margin_differs |= !p->dimension_identifying[i];
        }
        for (uint32_t i = 0; i < p->tests_len; i++)
                p->margin_differs |= !p->tests[i].identifying;
}

enum err plan_make(const struct plan_scope *scope, const struct query *q, struct arena *arena,
        struct plan **out, struct refusal *why)
{
        struct plan *p = arena_alloc(arena, 1, sizeof(*p));

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->dataset = scope->dataset;
        p->query = q;
        TRY(make_operands(p, arena));
        TRY(tests_compile(
                &p->operands, q->filters, q->filters_len, "filters", arena, &p->tests, why));
        p->tests_len = q->filters_len;
        TRY(compile_dimensions(p, q, scope->span, arena, why));
        TRY(measures_compile(p, q, arena, why));
        note_margin(p);
        *out = p;
        return ERR_OK;
}
