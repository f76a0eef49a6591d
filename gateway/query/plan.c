/* SPDX-License-Identifier: Apache-2.0 */
/* plan.c: a question against the schema, before any record is looked at. */
#include "gateway/query/plan.h"

#include "base/arena.h"

static enum err compile_tests(
        struct plan *p, const struct query *q, struct arena *arena, struct refusal *why)
{
        p->tests = arena_alloc(arena, q->filters_len, sizeof(*p->tests));
        if (p->tests == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < q->filters_len; i++, p->tests_len++)
                TRY(test_compile(p->dataset, &q->filters[i], i, arena, &p->tests[i], why));
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
                        if (p->groupings[k].variable == p->groupings[i].variable)
                                return refuse(why, ERR_INVALID, "dimensions",
                                        "a variable can be a dimension once");
        }
        enum err e = table_cells(t->dimensions, t->dimensions_len, &p->cells);
        return e == ERR_OK
                       ? ERR_OK
                       : refuse(why, e, "dimensions",
                                 "fewer dimensions, coarser levels or a filter make it smaller");
}

static enum err add_measure(struct plan *p, const struct measure_ref *ref, struct refusal *why)
{
        struct table *t = &p->shape;
        struct measure *m = &t->measures[t->measures_len];
        static const struct label persons = {
                {(const uint8_t *)"personer", 8}, {(const uint8_t *)"persons", 7}};
        static const struct label records = {
                {(const uint8_t *)"poster", 6}, {(const uint8_t *)"records", 7}};

        *m = (struct measure){.kind = ref->kind};
        if (ref->kind == MEASURE_PERSONS || ref->kind == MEASURE_RECORDS) {
                const struct label *l = ref->kind == MEASURE_PERSONS ? &persons : &records;

                m->label_sv = l->sv;
                m->label_en = l->en;
        } else {
                int32_t i = variable_find(p->dataset, ref->variable);

                if (i < 0)
                        return refuse(why, ERR_UNKNOWN_NAME, "measures",
                                "the data set has no such variable");
                const struct variable *v = &p->dataset->variables[i];
                if (v->role != VARIABLE_MEASURE ||
                        (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL))
                        return refuse(why, ERR_NOT_ALLOWED, "measures",
                                "sums and means are for measure variables");
                m->variable = v->id;
                m->label_sv = v->label.sv;
                m->label_en = v->label.en;
                m->unit = v->unit;
                m->decimals = v->decimals + (ref->kind == MEASURE_MEAN ? 1 : 0);
                p->measure_variables[t->measures_len] = (uint32_t)i;
        }
        t->measures_len++;
        return ERR_OK;
}

static enum err compile_measures(
        struct plan *p, const struct query *q, struct arena *arena, struct refusal *why)
{
        const struct measure_ref persons = {.kind = MEASURE_PERSONS};

        p->shape.measures = arena_alloc(arena, MEASURES_MAX, sizeof(*p->shape.measures));
        if (p->shape.measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < q->measures_len; i++)
                TRY(add_measure(p, &q->measures[i], why));
        return q->measures_len > 0 ? ERR_OK : add_measure(p, &persons, why);
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
                p->margin_differs |=
                        p->dataset->variables[p->tests[i].variable].role != VARIABLE_IDENTIFYING;
}

enum err plan_make(const struct plan_scope *scope, const struct query *q, struct arena *arena,
        struct plan **out, struct refusal *why)
{
        struct plan *p = arena_alloc(arena, 1, sizeof(*p));

        if (p == NULL)
                return ERR_NO_MEMORY;
        p->dataset = scope->dataset;
        TRY(compile_tests(p, q, arena, why));
        TRY(compile_dimensions(p, q, scope->span, arena, why));
        TRY(compile_measures(p, q, arena, why));
        note_margin(p);
        *out = p;
        return ERR_OK;
}
