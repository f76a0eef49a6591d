/* SPDX-License-Identifier: Apache-2.0 */
/* measure_finish.c: the measures of the table from what all workers counted.
 *
 * Inhabitants are where missing and zero are easily mixed up. A municipality that has not
 * delivered has persons that nobody counted, so its inhabitants are left out of the
 * denominator too: the rate of a county is that of its municipalities that count
 * (places.c), and does not sink because one is late. A municipality whose inhabitants the
 * bundle does not know makes the rates it belongs to not applicable. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/fraction.h"
#include "gateway/query/measure.h"
#include "gateway/query/pass.h"

struct finishing {
        const struct pass *p;
        struct table *t;
        struct arena *scratch;
        struct found { /* by part; all margins included */
                int64_t *persons, *families, *records, *sum, *buckets;
        } parts[PARTS_MAX];
};

/* Adding up ---------------------------------------------------------------------------------- */

bool pass_add_margins(const struct pass *p, int64_t *cells)
{
        bool overflow = false;

        for (uint32_t d = 0; d < p->table->dimensions_len; d++) {
                uint32_t places = p->table->dimensions[d].len + 1;
                size_t stride = p->stride[d];

                for (size_t i = 0; i < p->cells; i++) {
                        uint32_t at = (uint32_t)(i / stride % places);

                        int64_t *margin = &cells[i + (places - 1 - at) * stride];

                        if (at != places - 1)
                                overflow |= __builtin_add_overflow(*margin, cells[i], margin);
                }
        }
        return !overflow;
}

static enum err new_cells(const struct finishing *f, size_t times, int64_t **out)
{
        *out = arena_alloc(f->scratch, f->p->cells * times, sizeof(**out));
        return *out == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static void add_counts(const struct count *from, size_t cells, int64_t *out)
{
        for (size_t i = 0; i < cells; i++)
                out[i] += (uint32_t)from[i].word;
}

static void add_u32(const uint32_t *from, size_t len, int64_t *out)
{
        for (size_t i = 0; i < len; i++)
                out[i] += from[i];
}

static bool add_sums(const int64_t *from, size_t cells, int64_t *out)
{
        bool overflow = false;

        for (size_t i = 0; i < cells; i++)
                overflow |= __builtin_add_overflow(out[i], from[i], &out[i]);
        return !overflow;
}

static enum err new_found(const struct finishing *f, const struct part *part, struct found *out)
{
        TRY(new_cells(f, 1, &out->records));
        if (part->persons)
                TRY(new_cells(f, 1, &out->persons));
        if (part->counted == COUNTED_FAMILIES)
                TRY(new_cells(f, 1, &out->families));
        if (part->counted == COUNTED_SUM || part->counted == COUNTED_DAYS)
                TRY(new_cells(f, 1, &out->sum));
        if (part->counted == COUNTED_BUCKETS)
                TRY(new_cells(f, part->buckets_len, &out->buckets));
        return ERR_OK;
}

static enum err add_tally(const struct finishing *f, const struct tally *t, uint32_t number)
{
        const struct part *part = &f->p->plan->measures->parts[number];
        const struct part_tally *from = &t->parts[number];
        const struct found *to = &f->parts[number];
        size_t cells = f->p->cells;

        add_u32(from->records, cells, to->records);
        if (to->persons != NULL)
                add_counts(from->persons, cells, to->persons);
        if (to->families != NULL)
                add_counts(from->families, cells, to->families);
        if (to->buckets != NULL)
                add_u32(from->buckets, cells * part->buckets_len, to->buckets);
        if (to->sum != NULL && (t->overflow || !add_sums(from->sum, cells, to->sum)))
                return ERR_LIMIT;
        return ERR_OK;
}

static enum err add_up_part(struct finishing *f, uint32_t number)
{
        const struct part *part = &f->p->plan->measures->parts[number];
        struct found *to = &f->parts[number];
        bool fits;

        if (part_is_cell(part)) {
                *to = (struct found){.persons = f->t->persons, .records = f->t->records};
                return ERR_OK;
        }
        TRY(new_found(f, part, to));
        for (unsigned w = 0; w < f->p->tallies_len; w++)
                TRY(add_tally(f, &f->p->tallies[w], number));
        fits = pass_add_margins(f->p, to->records);
        if (to->sum != NULL)
                fits &= pass_add_margins(f->p, to->sum);
        for (uint32_t b = 0; to->buckets != NULL && b < part->buckets_len; b++)
                fits &= pass_add_margins(f->p, to->buckets + b * f->p->cells);
        return fits ? ERR_OK : ERR_LIMIT;
}

/* Inhabitants -------------------------------------------------------------------------------- */

/* Whether the question's and the part's filters leave records of a municipality. */
static bool place_passes(const struct plan *plan, const struct part *part, uint32_t place)
{
        uint32_t operand = plan->measures->place;

        for (uint32_t i = 0; i < plan->tests_len; i++)
                if (plan->tests[i].operand == operand && !test_passes(&plan->tests[i], place))
                        return false;
        for (uint32_t i = 0; i < part->tests_len; i++)
                if (part->tests[i].operand == operand && !test_passes(&part->tests[i], place))
                        return false;
        return true;
}

/* Adds the inhabitants of a municipality to its category and to the total, or notes that
 * they are not known. */
static void add_inhabitants(
        const struct finishing *f, uint32_t place, uint32_t population, int64_t *out)
{
        const struct table *t = f->t;
        uint32_t total = t->dimensions_len > 0 ? t->dimensions[0].len : 0;
        uint32_t cells[2] = {total, total};

        if (t->dimensions_len > 0) {
                const struct grouping *g = &f->p->plan->groupings[0];

                if (place >= g->map_len || g->map[place] == CATEGORY_NONE)
                        return;
                cells[0] = g->map[place];
        }
        for (int i = t->dimensions_len > 0 ? 0 : 1; i < 2; i++)
                if (population == 0)
                        out[cells[i]] = -1;
                else if (out[cells[i]] >= 0)
                        out[cells[i]] += population;
}

/* Inhabitants of each cell; 0 and less: nobody has delivered, or they are not known. */
static enum err inhabitants(const struct finishing *f, const struct part *part, int64_t *out)
{
        const struct plan *plan = f->p->plan;
        const struct code_list *list = plan->operands.list[plan->measures->place].variable->codes;
        const struct places *places = f->p->places;
        uint32_t len = list->levels[0].len;
        uint8_t *counted = arena_alloc(f->scratch, len, 1);

        if (counted == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < places->len && i < len; i++) {
                /* Of two that have merged, whoever delivered, the inhabitants are those of the
                 * one there is now, once. */
                uint32_t now = operands_ancestor(&plan->operands, list, i, 0);

                if (!places->counts[i] || now >= len || counted[now] ||
                        !place_passes(plan, part, i))
                        continue;
                counted[now] = 1;
                add_inhabitants(f, now, list->levels[0].codes[now].population, out);
        }
        return ERR_OK;
}

/* Measures ----------------------------------------------------------------------------------- */

static const int64_t *units_of(const struct part *part, const struct found *found)
{
        switch (part->counted) {
        case COUNTED_PERSONS:
                return found->persons;
        case COUNTED_RECORDS:
                return found->records;
        case COUNTED_FAMILIES:
                return found->families;
        case COUNTED_SUM:
        case COUNTED_DAYS:
                return found->sum;
        case COUNTED_BUCKETS:
        case COUNTED_NONE:
                break;
        }
        return NULL;
}

static void copy_cells(const struct finishing *f, const int64_t *from, int64_t *to)
{
        if (to == NULL)
                return;
        assert(from != NULL);
        memcpy(to, from, sizeof(*to) * f->t->cells_len);
}

/* A side of the measure: what it adds up to, and the persons behind it. */
static void copy_side(const struct finishing *f, uint32_t number, int64_t *units, int64_t *persons)
{
        const struct part *part = &f->p->plan->measures->parts[number];

        copy_cells(f, units_of(part, &f->parts[number]), units);
        copy_cells(f, f->parts[number].persons, persons);
}

static enum err finish_mean(const struct found *found, size_t cells, int64_t *out)
{
        assert(found->records != NULL && found->sum != NULL);
        for (size_t i = 0; i < cells; i++) {
                out[i] = TABLE_NO_VALUE;
                if (found->records[i] > 0 &&
                        !divide_rounded(found->sum[i], 10, found->records[i], &out[i]))
                        return ERR_LIMIT;
        }
        return ERR_OK;
}

static enum err finish_quantile(
        const struct part *part, const struct found *found, size_t cells, struct measure *m)
{
        unsigned quarters = m->kind == MEASURE_LOWER_QUARTILE ? 1
                            : m->kind == MEASURE_MEDIAN       ? 2
                                                              : 3;

        for (size_t i = 0; i < cells; i++)
                if (!quantile_of(part->buckets, part->buckets_len, found->buckets + i, cells,
                            quarters, &m->values[i]))
                        return ERR_LIMIT;
        return ERR_OK;
}

static void finish_share(struct measure *m, size_t cells)
{
        for (size_t i = 0; i < cells; i++) {
                m->values[i] = m->low[i] = m->high[i] = TABLE_NO_VALUE;
                if (m->denominator[i] == 0)
                        continue;
                struct fraction_interval ends =
                        fraction_interval(m->numerator[i], m->denominator[i]);
                m->values[i] = fraction_share(m->numerator[i], m->denominator[i]);
                m->low[i] = ends.low;
                m->high[i] = ends.high;
        }
}

static enum err finish_ratio(struct measure *m, uint32_t per_decimals, size_t cells)
{
        __int128 times = 10 * (__int128)m->scale;

        for (uint32_t i = 0; i < per_decimals; i++)
                times *= 10;
        for (size_t i = 0; i < cells; i++) {
                m->values[i] = TABLE_NO_VALUE;
                if (m->denominator[i] != 0 &&
                        !divide_rounded(m->numerator[i], times, m->denominator[i], &m->values[i]))
                        return ERR_LIMIT;
        }
        return ERR_OK;
}

static enum err finish_rate(const struct finishing *f, const struct part *part, struct measure *m)
{
        TRY(inhabitants(f, part, m->denominator));
        for (size_t i = 0; i < f->t->cells_len; i++) {
                m->values[i] = TABLE_NO_VALUE;
                if (m->denominator[i] <= 0)
                        m->status[i] = CELL_NOT_APPLICABLE;
                else if (!divide_rounded(m->numerator[i], 10 * (__int128)m->scale,
                                 m->denominator[i], &m->values[i]))
                        return ERR_LIMIT;
        }
        return ERR_OK;
}

/* Deliveries are nobody's, but what they add up is records of persons: the sum stands for
 * them. Where no delivery has come there is none, and not nothing. */
static void note_amounts(const struct finishing *f, uint32_t number, bool below, struct measure *m)
{
        const struct part *part = &f->p->plan->measures->parts[number];
        const struct found *found = &f->parts[number];
        int64_t *persons = m->contributors;

        if (f->p->plan->dataset->kind != DATASET_DELIVERIES || part->counted != COUNTED_SUM)
                return;
        if (m->kind == MEASURE_RATIO)
                persons = below ? m->denominator_persons : m->numerator_persons;
        assert(found->records != NULL && m->status != NULL);
        copy_cells(f, found->sum, persons);
        for (size_t i = 0; i < f->t->cells_len; i++)
                if (found->records[i] == 0)
                        m->status[i] = CELL_MISSING;
        if (below)
                m->per_amounts = true;
        else
                m->amounts = true;
}

static enum err finish_measure(const struct finishing *f, uint32_t number)
{
        const struct measures *plan = f->p->plan->measures;
        uint32_t above = plan->of[number].numerator, below = plan->of[number].denominator;
        const struct part *part = &plan->parts[above];
        struct measure *m = &f->t->measures[number];
        size_t cells = f->t->cells_len;

        copy_side(f, above, m->numerator, m->numerator_persons);
        if (below != PART_NONE)
                copy_side(f, below, m->denominator, m->denominator_persons);
        copy_side(f, above, NULL, m->contributors);
        note_amounts(f, above, false, m);
        if (below != PART_NONE)
                note_amounts(f, below, true, m);
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
        case MEASURE_FAMILIES:
        case MEASURE_SUM:
        case MEASURE_DAYS:
                copy_side(f, above, m->values, NULL);
                return ERR_OK;
        case MEASURE_MEAN:
                copy_side(f, above, m->sums, NULL);
                return finish_mean(&f->parts[above], cells, m->values);
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                return finish_quantile(part, &f->parts[above], cells, m);
        case MEASURE_SHARE:
                finish_share(m, cells);
                return ERR_OK;
        case MEASURE_RATIO:
                return finish_ratio(m, plan->of[number].per_decimals, cells);
        case MEASURE_RATE:
                return finish_rate(f, part, m);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return ERR_INTERNAL;
}

enum err measures_finish(const struct pass *p, struct table *t, struct arena *scratch)
{
        struct finishing f = {.p = p, .t = t, .scratch = scratch};
        const struct measures *m = p->plan->measures;

        for (uint32_t i = 0; i < m->parts_len; i++)
                TRY(add_up_part(&f, i));
        for (uint32_t i = 0; i < t->measures_len; i++)
                TRY(finish_measure(&f, i));
        if (m->families != PART_NONE)
                copy_cells(&f, f.parts[m->families].families, t->families);
        return ERR_OK;
}
