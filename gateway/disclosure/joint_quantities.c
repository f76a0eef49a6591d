/* SPDX-License-Identifier: Apache-2.0 */
/* joint_quantities.c: measures as numbers, and the relations between them.
 *
 * The filters of a measure are not known here. But if one number is by definition the sum
 * or the difference of others (those with a ground and those without; a union and its
 * parts; nobody, where a filter leaves a category out), then it is so in every cell, or
 * in every cell of a category. So each quantity is multiplied by the same random numbers,
 * cell by cell, and added up, modulo a prime; and every combination with coefficients -1,
 * 0 and 1 that gives zero is a relation, be it by definition or by accident. */
#include "gateway/disclosure/joint_quantities.h"

#include "gateway/disclosure/residue.h"

/* Listing ---------------------------------------------------------------------------------- */

static void add(struct quantities *q, uint32_t measure, enum quantity_side side, bool within,
        const int64_t *value)
{
        q->of[q->len] = (struct quantity){
                .measure = measure, .side = side, .within = within, .value = value, .same = q->len};
        q->len++;
}

static void list_measure(const struct measure *m, uint32_t i, struct quantities *q)
{
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
                add(q, i, QUANTITY_VALUE, true, m->contributors);
                return;
        case MEASURE_FAMILIES:
        case MEASURE_DAYS:
        case MEASURE_SUM:
                add(q, i, QUANTITY_VALUE, false, m->amounts ? m->contributors : m->values);
                return;
        case MEASURE_MEAN:
                add(q, i, QUANTITY_VALUE, false, m->sums != NULL ? m->sums : m->values);
                add(q, i, QUANTITY_PERSONS, !m->amounts, m->contributors);
                return;
        case MEASURE_SHARE:
        case MEASURE_RATIO:
                add(q, i, QUANTITY_VALUE, !m->amounts, m->numerator_persons);
                add(q, i, QUANTITY_DENOMINATOR, !m->per_amounts, m->denominator_persons);
                return;
        case MEASURE_RATE:
                add(q, i, QUANTITY_VALUE, !m->amounts, m->numerator_persons);
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
        return q->within && zeros_published && q->value[cell] == 0 ? MODEL_ROLE_ZERO
                                                                   : MODEL_ROLE_OPEN;
}

/* Relations -------------------------------------------------------------------------------- */

static uint64_t residue_of(int64_t value)
{
        uint64_t amount = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

        return value < 0 ? residue_negative(amount % RESIDUE_PRIME) : amount % RESIDUE_PRIME;
}

static bool has_number(const struct table *t, size_t cell)
{
        return t->status[cell] == CELL_VALUE || t->status[cell] == CELL_PROTECTED;
}

static uint64_t weighted(int64_t value, size_t cell)
{
        return residue_times(residue_of(value), residue_mix(5, cell) % RESIDUE_PRIME);
}

static uint64_t print_of(const struct table *t, const int64_t *value)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < t->cells_len; i++)
                if (has_number(t, i))
                        sum = residue_add(sum, weighted(value[i], i));
        return sum;
}

void quantities_same(const struct table *t, struct quantities *q)
{
        uint64_t print[QUANTITIES_MAX], persons = print_of(t, t->persons);

        for (uint32_t i = 0; i < q->len; i++) {
                print[i] = print_of(t, q->of[i].value);
                for (uint32_t k = i; k-- > 0;)
                        if (print[k] == print[i] && q->of[k].within == q->of[i].within)
                                q->of[i].same = q->of[k].same;
                if (q->of[i].within && print[i] == persons)
                        q->of[i].same = QUANTITY_CELL;
        }
}

static void print_categories(
        const struct table *t, const int64_t *value, const struct quantity_prints *p, uint64_t *out)
{
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                if (!has_number(t, i))
                        continue;
                uint64_t add = weighted(value[i], i);
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (at[d] < t->dimensions[d].len)
                                out[p->first[d] + at[d]] =
                                        residue_add(out[p->first[d] + at[d]], add);
        }
}

enum err quantity_prints(struct arena *arena, const struct table *t, const struct quantities *q,
        const uint32_t *which, uint32_t len, struct quantity_prints *out)
{
        struct quantity_prints p = {.len = len + 1};

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                p.first[d] = p.categories;
                p.categories += t->dimensions[d].len;
        }
        for (uint32_t i = 0; i <= len; i++) {
                const int64_t *value = i < len ? q->of[which[i]].value : t->persons;

                p.of[i] = print_of(t, value);
                p.by_category[i] = arena_alloc(arena, p.categories, sizeof(uint64_t));
                if (p.by_category[i] == NULL)
                        return ERR_NO_MEMORY;
                print_categories(t, value, &p, p.by_category[i]);
        }
        *out = p;
        return ERR_OK;
}

bool quantities_relation(const uint64_t *print, uint32_t len, uint64_t combination)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < len; i++, combination /= 3) {
                if (combination % 3 == 1)
                        sum = residue_add(sum, print[i]);
                else if (combination % 3 == 2)
                        sum = residue_minus(sum, print[i]);
        }
        return sum == 0;
}
