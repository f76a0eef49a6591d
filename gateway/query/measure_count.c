/* SPDX-License-Identifier: Apache-2.0 */
/* measure_count.c: the parts of the measures, counted block by block.
 *
 * Persons and records of the cells themselves are run.c's; here is what a question asks
 * for beside them, so that a question that asks for nothing else pays nothing. Each part
 * first says which of the rows left it keeps, then counts those in a loop of its own.
 *
 * Persons and families are counted with all their margins at once, since one in two
 * cells is one in their total; what adds up is kept for inner cells only. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/measure.h"
#include "gateway/query/pass.h"

enum err parts_new(struct arena *a, const struct pass *p, struct tally *t)
{
        const struct measures *m = p->plan->measures;

        for (uint32_t i = 0; i < m->parts_len && !p->margin && !p->cells_only; i++) {
                const struct part *part = &m->parts[i];
                struct part_tally *to = &t->parts[i];
                bool sums = part->counted == COUNTED_SUM || part->counted == COUNTED_DAYS;

                if (part_is_cell(part))
                        continue;
                to->records = arena_alloc(a, p->cells, sizeof(*to->records));
                if (part->persons)
                        to->persons = arena_alloc(a, p->cells, sizeof(*to->persons));
                if (part->counted == COUNTED_FAMILIES)
                        to->families = arena_alloc(a, p->cells, sizeof(*to->families));
                if (sums)
                        to->sum = arena_alloc(a, p->cells, sizeof(*to->sum));
                if (part->counted == COUNTED_BUCKETS)
                        to->buckets =
                                arena_alloc(a, p->cells * part->buckets_len, sizeof(*to->buckets));
                if (to->records == NULL || (part->persons && to->persons == NULL) ||
                        (sums && to->sum == NULL) ||
                        (part->counted == COUNTED_FAMILIES && to->families == NULL) ||
                        (part->counted == COUNTED_BUCKETS && to->buckets == NULL))
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

/* Values ----------------------------------------------------------------------------------- */

struct values {
        const void *column; /* from the first row of the block on */
        enum physical physical;
};

static struct values values_of(
        const struct pass *p, const struct tally *t, uint32_t operand, uint32_t row)
{
        return (struct values){pass_column(p, t, operand, row),
                p->plan->operands.list[operand].variable->physical};
}

/* False: missing. */
static inline bool value_at(struct values v, uint32_t i, int64_t *out)
{
        return column_value(v.physical, v.column, i, out);
}

/* The last bucket that begins at or below the value; the first begins below every one. */
static uint32_t bucket_of(const struct part *part, int64_t value)
{
        uint32_t low = 0, high = part->buckets_len;

        while (high - low > 1) {
                uint32_t middle = (low + high) / 2;

                if (part->buckets[middle].low <= value)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

/* One part of one block -------------------------------------------------------------------- */

struct counting {
        const struct pass *p;
        struct tally *t;
        const struct part *part;
        struct part_tally *to;
        uint32_t row; /* first of the block */
        uint32_t kept;
};

/* Which of the rows left the part keeps, as indices into cell, stamp and row. */
static void keep(struct counting *c, uint32_t n, uint32_t left)
{
        struct tally *t = c->t;
        uint32_t kept = 0;

        for (uint32_t i = 0; i < n; i++)
                t->flags[i] = 0;
        for (uint32_t i = 0; i < c->part->tests_len; i++)
                pass_test(c->p, t, &c->part->tests[i], c->row, n, t->flags);
        for (uint32_t i = 0; i < left; i++) {
                t->kept[kept] = i;
                kept += 1 - (t->flags[t->row[i] - c->row] >> 31);
        }
        c->kept = kept;
}

/* The row counts; its value, if it has one, has been counted. */
static inline void count_row(const struct counting *c, uint32_t i)
{
        c->to->records[c->t->cell[i]]++;
        if (c->to->persons != NULL)
                count_once(c->p, c->t->cell[i], c->t->stamp[i], c->to->persons);
}

static void count_rows(const struct counting *c)
{
        for (uint32_t k = 0; k < c->kept; k++)
                count_row(c, c->t->kept[k]);
}

static void count_families(const struct counting *c)
{
        const struct tally *t = c->t;

        for (uint32_t k = 0; k < c->kept; k++) {
                uint32_t i = t->kept[k], family = t->family[t->row[i] - c->row];

                if (family == FAMILY_MISSING)
                        continue;
                count_once(c->p, t->cell[i], family + 1, c->to->families);
                count_row(c, i);
        }
}

static inline void add_value(const struct counting *c, uint32_t i, int64_t value)
{
        int64_t *sum = &c->to->sum[c->t->cell[i]];

        c->t->overflow |= __builtin_add_overflow(*sum, value, sum);
        count_row(c, i);
}

static void add_values(const struct counting *c)
{
        struct values v = values_of(c->p, c->t, c->part->operand, c->row);
        bool keeps = c->to->has_value != NULL;

        if (keeps)
                memset(c->to->has_value, 0, BLOCK);
        for (uint32_t k = 0; k < c->kept; k++) {
                uint32_t i = c->t->kept[k];
                int64_t value;

                if (!value_at(v, c->t->row[i] - c->row, &value))
                        continue;
                add_value(c, i, value);
                if (keeps) {
                        c->to->values[i] = value;
                        c->to->has_value[i] = 1;
                }
        }
}

/* Days of an episode within the period, both ends inside; what has no end lasts through it. */
static void add_days(const struct counting *c)
{
        const struct policy_dataset *d = c->p->plan->dataset;
        struct period within = c->p->plan->measures->days;
        struct values from = values_of(c->p, c->t, d->episode_from, c->row);
        struct values until = values_of(c->p, c->t, d->episode_until, c->row);

        for (uint32_t k = 0; k < c->kept; k++) {
                uint32_t i = c->t->kept[k], at = c->t->row[i] - c->row;
                int64_t first, last;

                if (!value_at(from, at, &first))
                        continue;
                if (!value_at(until, at, &last) || last > within.last)
                        last = within.last;
                if (first < within.first)
                        first = within.first;
                if (first <= last)
                        add_value(c, i, last - first + 1);
        }
}

static void fill_buckets(const struct counting *c)
{
        struct values v = values_of(c->p, c->t, c->part->operand, c->row);

        for (uint32_t k = 0; k < c->kept; k++) {
                uint32_t i = c->t->kept[k];
                int64_t value;

                if (!value_at(v, c->t->row[i] - c->row, &value))
                        continue;
                c->to->buckets[bucket_of(c->part, value) * c->p->cells + c->t->cell[i]]++;
                count_row(c, i);
        }
}

static void count_part(const struct counting *c)
{
        switch (c->part->counted) {
        case COUNTED_PERSONS:
        case COUNTED_RECORDS:
                count_rows(c);
                return;
        case COUNTED_FAMILIES:
                count_families(c);
                return;
        case COUNTED_SUM:
                add_values(c);
                return;
        case COUNTED_DAYS:
                add_days(c);
                return;
        case COUNTED_BUCKETS:
                fill_buckets(c);
                return;
        case COUNTED_NONE:
                return;
        }
}

void parts_count(const struct pass *p, struct tally *t, uint32_t row, uint32_t n, uint32_t left)
{
        const struct measures *m = p->plan->measures;

        for (uint32_t i = 0; i < m->parts_len; i++) {
                struct counting c = {
                        .p = p, .t = t, .part = &m->parts[i], .to = &t->parts[i], .row = row};

                if (part_is_cell(c.part))
                        continue;
                keep(&c, n, left);
                count_part(&c);
        }
}
