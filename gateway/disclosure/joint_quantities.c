/* SPDX-License-Identifier: Apache-2.0 */
/* joint_quantities.c: measures as numbers, and who can be counted together.
 *
 * What follows from the filters is read from the table's meaning (table.h), never from the
 * numbers: a relation between them that nobody knows by definition may be an accident, and
 * then a secret. */
#include "gateway/disclosure/joint_quantities.h"

/* Listing ---------------------------------------------------------------------------------- */

static void add(struct quantities *q, struct quantity quantity)
{
        q->of[q->len++] = quantity;
}

/* One side of a measure: the persons it is made of, and where it is not simply them, what it
 * adds up. Amounts are both at once. */
static void list_side(const struct measure *m, struct quantity side, const int64_t *persons,
        const int64_t *sum, bool amounts, struct quantities *q)
{
        struct quantity of_persons = side, of_sum = side;

        of_persons.value = persons;
        of_persons.within = of_persons.whole = true;
        of_sum.value = amounts ? persons : sum;
        of_sum.whole = amounts;
        of_sum.adds = m->adds[side.side == QUANTITY_DENOMINATOR];
        if (!amounts)
                add(q, of_persons);
        if (amounts || of_sum.adds != ADDS_ONES)
                add(q, of_sum);
}

static void list_measure(const struct measure *m, uint32_t i, struct quantities *q)
{
        struct quantity above = {.measure = i, .takes = m->side[0]}, below = above;

        below.side = QUANTITY_DENOMINATOR;
        below.takes = m->side[1];
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
                list_side(m, above, m->contributors, NULL, false, q);
                return;
        case MEASURE_FAMILIES:
        case MEASURE_DAYS:
        case MEASURE_SUM:
        case MEASURE_MEAN:
                above.adds = m->adds[0];
                above.whole = m->amounts;
                above.value = m->amounts ? m->contributors : m->sums != NULL ? m->sums : m->values;
                add(q, above);
                if (m->kind != MEASURE_MEAN || m->amounts)
                        return;
                above.side = QUANTITY_PERSONS;
                above.within = above.whole = true;
                above.value = m->contributors;
                add(q, above);
                return;
        case MEASURE_SHARE:
        case MEASURE_RATIO:
                list_side(m, above, m->numerator_persons, m->numerator, m->amounts, q);
                list_side(m, below, m->denominator_persons, m->denominator, m->per_amounts, q);
                return;
        case MEASURE_RATE:
                list_side(m, above, m->numerator_persons, m->numerator, m->amounts, q);
                return;
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                return;
        }
}

void quantities_list(const struct table *t, struct quantities *out)
{
        struct quantities q = {.len = 0};

        for (uint32_t i = 0; i < t->measures_len; i++)
                if (t->measures[i].status != NULL)
                        list_measure(&t->measures[i], i, &q);
        for (uint32_t i = 0; i < q.len; i++)
                if (q.of[i].value == NULL)
                        q.of[i].value = t->measures[q.of[i].measure].values;
        *out = q;
}

/* Roles ------------------------------------------------------------------------------------ */

/* A rule speaks of one side; that both cannot be had follows from one that cannot. */
static bool protects(const struct quantity *q, uint8_t rule)
{
        switch (q->side) {
        case QUANTITY_VALUE:
                return true;
        case QUANTITY_DENOMINATOR:
                return rule == CELL_RULE_DENOMINATOR;
        case QUANTITY_PERSONS:
                return rule == CELL_RULE_SMALL;
        }
        return true;
}

uint8_t quantity_role(const struct table *t, const struct rules_of_measures *told,
        const struct quantity *q, size_t cell, bool zeros_published)
{
        uint8_t status = t->measures[q->measure].status[cell];

        if (t->status[cell] == CELL_PROTECTED)
                return MODEL_ROLE_PROTECT;
        if (t->persons[cell] == 0)
                return MODEL_ROLE_ZERO;
        if (t->status[cell] != CELL_VALUE)
                return MODEL_ROLE_ABSENT;
        if (status == CELL_PROTECTED)
                return protects(q, told->rule[q->measure][cell]) ? MODEL_ROLE_PROTECT
                                                                 : MODEL_ROLE_ABSENT;
        if (status != CELL_VALUE)
                return MODEL_ROLE_ABSENT;
        return q->whole && zeros_published && q->value[cell] == 0 ? MODEL_ROLE_ZERO
                                                                  : MODEL_ROLE_OPEN;
}

/* Kinds ------------------------------------------------------------------------------------ */

/* A bit for each side asked about. */
static uint32_t project(uint32_t meets, const struct kinds_asked *asked)
{
        uint32_t kind = 0;

        for (uint32_t i = 0; i < asked->len; i++)
                kind |= (meets >> asked->sides[i] & 1) << i;
        return kind;
}

static void kinds_add(uint32_t *kinds, uint32_t *len, uint32_t kind)
{
        for (uint32_t i = 0; i < *len; i++)
                if (kinds[i] == kind)
                        return;
        if (*len <= KINDS_MAX)
                kinds[(*len)++] = kind;
}

/* Whether a value that meets this set can be in the cell. */
static bool is_met(const struct table *t, const struct meaning_variable *v, uint32_t set,
        const struct kinds_asked *asked)
{
        if (asked->stated && v->stated[set] == 0)
                return false;
        if (asked->at == NULL || v->dimension >= t->dimensions_len || v->in == NULL)
                return true;
        uint32_t category = asked->at[v->dimension], categories = t->dimensions[v->dimension].len;

        return category == categories || v->in[(size_t)set * categories + category] != 0;
}

uint32_t kinds_list(
        const struct table *t, const struct kinds_asked *asked, uint32_t out[KINDS_MAX + 1])
{
        uint32_t len = 1;

        out[0] = (1u << asked->len) - 1;
        for (uint32_t i = 0; i < t->meaning->variables_len && len <= KINDS_MAX; i++) {
                const struct meaning_variable *v = &t->meaning->variables[i];
                uint32_t next[KINDS_MAX + 1], next_len = 0;

                for (uint32_t s = 0; s < v->len; s++)
                        for (uint32_t k = 0; k < len && is_met(t, v, s, asked); k++)
                                kinds_add(next, &next_len, out[k] & project(v->meets[s], asked));
                for (uint32_t k = 0; k < next_len; k++)
                        out[k] = next[k];
                len = next_len;
        }
        return len;
}
