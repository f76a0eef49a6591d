/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: a question against the schema, before any record is looked at. */
#include "gateway/query/plan.h"

#include <stdarg.h>
#include <stdio.h>

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
        return code_ancestor_at(list, code, level, o->division);
}

void planning_add(struct planning *g, struct operand operand, struct computed computed)
{
        g->operands[g->plan->operands.len++] = operand;
        g->computed[g->plan->computed_len++] = computed;
}

enum err planning_fault(struct planning *g, enum err code, const char *text, const char *field, ...)
{
        char at[VIOLATION_FIELD_MAX];
        va_list args;

        va_start(args, field);
        (void)vsnprintf(at, sizeof(at), field, args);
        va_end(args);
        return refuse(g->why, code, at, "%s", text);
}

/* The columns of the base; room for what the question states, at most all of them once
 * more, and for what it derives. */
static enum err make_operands(struct planning *g)
{
        struct plan *p = g->plan;
        uint32_t len = p->dataset->variables_len, computed = len + DERIVED_MAX;

        g->operands = arena_alloc(g->arena, (size_t)len + computed, sizeof(*g->operands));
        g->computed = arena_alloc(g->arena, computed, sizeof(*g->computed));
        if (g->operands == NULL || g->computed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                g->operands[i] = (struct operand){
                        .variable = &p->dataset->variables[i], .span = g->scope->span};
        p->operands = (struct operands){.dataset = p->dataset, .list = g->operands, .len = len};
        p->computed = g->computed;
        return ERR_OK;
}

/* The question's filters behind the tests of its period. */
static enum err add_filters(struct planning *g)
{
        const struct query *q = g->query;
        struct plan *p = g->plan;
        struct test *all = arena_alloc(g->arena, p->period_tests + q->filters_len, sizeof(*all));
        struct test *filters = NULL;

        if (all == NULL)
                return ERR_NO_MEMORY;
        TRY(tests_compile(
                &p->operands, q->filters, q->filters_len, "filters", g->arena, &filters, g->why));
        for (uint32_t i = 0; i < p->period_tests; i++)
                all[i] = p->tests[i];
        for (uint32_t i = 0; i < q->filters_len; i++)
                all[p->period_tests + i] = filters[i];
        p->tests = all;
        p->tests_len = p->period_tests + q->filters_len;
        return ERR_OK;
}

static enum err compile_dimensions(
        struct plan *p, const struct query *q, struct arena *arena, struct refusal *why)
{
        struct table *t = &p->shape;

        t->dimensions = arena_alloc(arena, q->dimensions_len, sizeof(*t->dimensions));
        p->groupings = arena_alloc(arena, q->dimensions_len, sizeof(*p->groupings));
        if (t->dimensions == NULL || p->groupings == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                TRY(grouping_compile(p, i, &q->dimensions[i], arena, why));
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
                p->shape.sensitive_filter |= !p->tests[i].identifying;
        p->margin_differs |= p->shape.sensitive_filter;
}

enum err plan_make(const struct plan_scope *scope, const struct query *q, struct arena *arena,
        struct plan **out, struct refusal *why)
{
        struct plan *p = arena_alloc(arena, 1, sizeof(*p));
        struct planning g = {.plan = p, .scope = scope, .query = q, .arena = arena, .why = why};

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->dataset = scope->dataset;
        p->query = q;
        p->also = scope->also;
        p->also_len = scope->also_len;
        p->delivered = scope->delivered;
        p->delivered_len = scope->delivered_len;
        TRY(make_operands(&g));
        TRY(stated_compile(&g));
        TRY(derived_compile(&g));
        TRY(add_filters(&g));
        TRY(compile_dimensions(p, q, arena, why));
        TRY(measures_compile(p, scope, q, arena, why));
        TRY(meaning_compile(&g));
        TRY(contributors_compile(&g));
        note_margin(p);
        *out = p;
        return ERR_OK;
}

size_t plan_cells(const struct plan *plan)
{
        size_t cells = 0;

        /* It was checked when the plan was made. */
        return table_cells(plan->shape.dimensions, plan->shape.dimensions_len, &cells) == ERR_OK
                       ? cells
                       : 0;
}
