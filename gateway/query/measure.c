/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c: what the cells of a table are to hold. */
#include "base/arena.h"
#include "gateway/query/plan.h"

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
                int32_t i = operand_find(&p->operands, ref->variable);

                if (i < 0)
                        return refuse(why, ERR_UNKNOWN_NAME, "measures",
                                "the data set has no such variable");
                const struct operand *o = &p->operands.list[i];
                const struct variable *v = o->variable;
                if ((v->role != VARIABLE_MEASURE && !o->derived) ||
                        (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL))
                        return refuse(why, ERR_NOT_ALLOWED, "measures",
                                "sums and means are for measure variables");
                m->variable = v->id;
                m->label_sv = v->label.sv;
                m->label_en = v->label.en;
                m->unit = v->unit;
                m->decimals = v->decimals + (ref->kind == MEASURE_MEAN ? 1 : 0);
                p->measure_operands[t->measures_len] = (uint32_t)i;
        }
        t->measures_len++;
        return ERR_OK;
}

enum err measures_compile(
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
