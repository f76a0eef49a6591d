/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: which cells, and which measures in them, must not be told.
 *
 * Questions about a cell, in this order. Is the identifying margin it lies in large
 * enough? That depends on what a neighbour knows anyway, so asking for another
 * form, ground or outcome never changes which rows are refused. A margin of nobody is a
 * zero like others: where zeros are published it is one. Then: are there enough persons in
 * the cell itself, and enough families, where they are linked? Does it hold all of its
 * margin, or all but a few, and something sensitive picks them out: then it tells of
 * everybody a neighbour can point at (homogeneity; Hundepool et al., Statistical
 * Disclosure Control, 2012, 5.2). And are there enough who are made of it, also when one of
 * them, who knows his own part, takes it away? What is withheld here is withheld in every
 * measure.
 *
 * Then each measure for itself, by the persons behind it. A count with filters of its
 * own is a count like any other, and those of the cell it leaves out are one more: of 40,
 * 38 tell of two. A sum, a mean or a median needs enough who contributed. A share tells its
 * numerator and its denominator to whoever knows one of them, so both need enough
 * persons, and so do those in the one that are not in the other.
 *
 * Magnitudes by who makes them up, from the largest part x1 on, T all together. Each is a
 * linear sensitivity measure (Cox, JASA 76, 1981; Hundepool et al. 2012, 4.2.1):
 *
 *      (n,k)   x1 + .. + xn > k/100 T
 *      p %     T - x1 - x2 < p/100 x1: the second, who knows x2, is that near to x1
 *      pq      q/100 (T - x1 - x2) < p/100 x1: when all know all to within q % beforehand
 *
 * Parts are absolute amounts and T is the amount of the sum, so where signs differ T is
 * too small rather than too large, and more is protected.
 *
 * A measure of amounts counts records elsewhere, which nobody in this table is: there the
 * sum itself stands for the persons, and none is told as it is. */
#include "gateway/disclosure/rules.h"

#include <stdlib.h>

#include "base/arena.h"

static int64_t floor_of(uint32_t asked, const struct disclosure_settings *s)
{
        return asked > 0 ? asked : s->threshold;
}

/* A number of persons that may itself be read from what is shown. */
static enum cell_rule rule_of_count(
        int64_t persons, int64_t fewest, enum cell_rule small, const struct disclosure_settings *s)
{
        if (persons == 0)
                return s->zeros_published ? CELL_RULE_NONE : CELL_RULE_ZERO;
        return persons < fewest ? small : CELL_RULE_NONE;
}

static bool families_too_few(int64_t families, const struct disclosure_settings *s)
{
        return s->families > 0 && families < (int64_t)s->families;
}

/* Contributors ----------------------------------------------------------------------------- */

bool rules_fixed(const struct table *t, size_t cell, enum contributor type)
{
        uint32_t at[DIMENSIONS_MAX];

        if ((t->fixed >> type & 1) != 0)
                return true;
        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *of = &t->dimensions[d];

                if (at[d] == of->len)
                        continue;
                if (of->fixes == type ||
                        (of->categories != NULL && of->categories[at[d]].fixes == type))
                        return true;
        }
        return false;
}

static bool is_heeded(const struct table *t, size_t cell, const struct contributions *c,
        const struct disclosure_settings *s)
{
        return (s->contributors >> c->type & 1) != 0 && !rules_fixed(t, cell, c->type);
}

/* One who delivers or provides knows whom he put there; a person knows herself alone, and
 * that is what the threshold is for. */
static enum cell_rule rule_of_remainder(const struct contributions *c, size_t cell, int64_t persons,
        const struct disclosure_settings *s)
{
        int64_t largest = c->largest == NULL ? persons : c->largest[cell * CONTRIBUTIONS_LARGEST];

        if (c->type != CONTRIBUTOR_PROVIDER && c->type != CONTRIBUTOR_MUNICIPALITY)
                return CELL_RULE_NONE;
        if (s->remainder > 0 && persons - largest < (int64_t)s->remainder)
                return CELL_RULE_REMAINDER;
        return s->part_max > 0 && (__int128)largest * 100 > (__int128)persons * s->part_max
                       ? CELL_RULE_REMAINDER
                       : CELL_RULE_NONE;
}

static bool contributors_too_few(
        const struct contributions *c, size_t cell, const struct disclosure_settings *s)
{
        return c->number != NULL && c->number[cell] < s->number[c->type];
}

static enum cell_rule rule_of_contributors(
        const struct table *t, size_t cell, const struct disclosure_settings *s)
{
        for (uint32_t i = 0; i < t->contributions_len; i++) {
                const struct contributions *c = &t->contributions[i];

                if (!is_heeded(t, cell, c, s))
                        continue;
                if (contributors_too_few(c, cell, s))
                        return CELL_RULE_CONTRIBUTORS;
                enum cell_rule rule = rule_of_remainder(c, cell, t->persons[cell], s);
                if (rule != CELL_RULE_NONE)
                        return rule;
        }
        return CELL_RULE_NONE;
}

/* Cells ------------------------------------------------------------------------------------ */

bool rules_is_margin(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                if (!t->dimensions[d].identifying && at[d] < t->dimensions[d].len)
                        return false;
        return !t->sensitive_filter;
}

static enum cell_rule rule_of_cell(
        const struct table *t, size_t cell, const struct disclosure_settings *s)
{
        int64_t persons = t->persons[cell], margin = t->margin_persons[cell];

        if (t->rule[cell] != CELL_RULE_NONE)
                return (enum cell_rule)t->rule[cell]; /* hidden by who calls */
        if (margin < (int64_t)s->threshold && !(s->zeros_published && margin == 0 && persons == 0))
                return CELL_RULE_MARGIN;
        enum cell_rule rule = rule_of_count(persons, s->threshold, CELL_RULE_SMALL, s);
        if (rule != CELL_RULE_NONE || persons == 0)
                return rule;
        /* Persons whose family is missing are of no family: they add nothing here. */
        if (t->families != NULL && families_too_few(t->families[cell], s))
                return CELL_RULE_FAMILIES;
        if (s->homogeneous > 0 && margin - persons < (int64_t)s->homogeneous &&
                !rules_is_margin(t, cell))
                return CELL_RULE_HOMOGENEOUS;
        return rule_of_contributors(t, cell, s);
}

/* Measures --------------------------------------------------------------------------------- */

static int64_t persons_behind(const struct table *t, const struct measure *m, size_t cell)
{
        return m->contributors != NULL ? m->contributors[cell] : t->persons[cell];
}

static enum cell_rule rule_of_families(const struct table *t, const struct measure *m, size_t cell,
        const struct disclosure_settings *s)
{
        int64_t persons = persons_behind(t, m, cell);
        enum cell_rule rule = rule_of_count(persons, s->threshold, CELL_RULE_SMALL, s);

        if (rule != CELL_RULE_NONE || persons == 0)
                return rule;
        return families_too_few(m->values[cell], s) ? CELL_RULE_FAMILIES : CELL_RULE_NONE;
}

static enum cell_rule rule_of_filtered(const struct table *t, const struct measure *m, size_t cell,
        const struct disclosure_settings *s)
{
        int64_t persons = persons_behind(t, m, cell);
        enum cell_rule rule = rule_of_count(persons, s->threshold, CELL_RULE_SMALL, s);

        if (rule != CELL_RULE_NONE || m->contributors == NULL || t->persons[cell] == 0)
                return rule;
        return rule_of_count(
                t->persons[cell] - persons, floor_of(s->complement, s), CELL_RULE_COMPLEMENT, s);
}

static bool is_dominated(
        const int64_t *largest, __int128 total, const struct disclosure_dominance *d)
{
        __int128 first = largest[0], rest = total - largest[0] - largest[1], n_first = 0;

        for (uint32_t i = 0; i < d->n; i++)
                n_first += largest[i];
        return (d->n > 0 && n_first * 100 > total * d->k) ||
               (d->p > 0 && rest * 100 < first * d->p) ||
               (d->pq_p > 0 && rest * d->pq_q < first * d->pq_p);
}

static enum cell_rule rule_of_parts_of_sum(const struct table *t, const struct measure *m,
        size_t cell, const struct disclosure_settings *s)
{
        int64_t sum = m->sums != NULL ? m->sums[cell] : m->values[cell];

        if (sum == TABLE_NO_VALUE)
                sum = 0;
        for (uint32_t i = 0; i < m->contributions_len; i++) {
                const struct contributions *c = &m->contributions[i];

                if (!is_heeded(t, cell, c, s) || c->largest == NULL)
                        continue;
                if (contributors_too_few(c, cell, s))
                        return CELL_RULE_CONTRIBUTORS;
                if (is_dominated(&c->largest[cell * CONTRIBUTIONS_LARGEST],
                            sum < 0 ? -(__int128)sum : sum, &s->dominance))
                        return CELL_RULE_DOMINANCE;
        }
        return CELL_RULE_NONE;
}

/* That nobody has a value is told about everybody in the cell, so none are too few also
 * where zeros are published; only a cell without persons has nothing to hide. */
static enum cell_rule rule_of_magnitude(const struct table *t, const struct measure *m, size_t cell,
        const struct disclosure_settings *s)
{
        if (m->amounts)
                return rule_of_count(
                        m->contributors[cell], floor_of(s->amounts, s), CELL_RULE_SMALL, s);
        if (t->persons[cell] == 0)
                return CELL_RULE_NONE;
        if (persons_behind(t, m, cell) < (int64_t)s->threshold)
                return CELL_RULE_SMALL;
        return rule_of_parts_of_sum(t, m, cell, s);
}

/* A ratio's two sides need not be one within the other, so only a share has a
 * complement; and the denominator of a rate is known to everybody. */
static enum cell_rule rule_of_parts(
        const struct measure *m, size_t cell, const struct disclosure_settings *s)
{
        int64_t numerator = m->numerator_persons[cell];
        uint32_t above = m->amounts ? s->amounts : s->numerator;
        uint32_t below = m->per_amounts ? s->amounts : s->denominator;
        enum cell_rule rule = rule_of_count(numerator, floor_of(above, s), CELL_RULE_NUMERATOR, s);

        if (rule != CELL_RULE_NONE || m->denominator_persons == NULL)
                return rule;
        int64_t denominator = m->denominator_persons[cell];
        rule = rule_of_count(denominator, floor_of(below, s), CELL_RULE_DENOMINATOR, s);
        if (rule != CELL_RULE_NONE || m->kind != MEASURE_SHARE || denominator == 0)
                return rule;
        return rule_of_count(
                denominator - numerator, floor_of(s->complement, s), CELL_RULE_COMPLEMENT, s);
}

static enum cell_rule rule_of_measure(const struct table *t, const struct measure *m, size_t cell,
        const struct disclosure_settings *s)
{
        switch (m->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
                return rule_of_filtered(t, m, cell, s);
        case MEASURE_FAMILIES:
                return rule_of_families(t, m, cell, s);
        case MEASURE_SUM:
        case MEASURE_MEAN:
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
        case MEASURE_DAYS:
                return rule_of_magnitude(t, m, cell, s);
        case MEASURE_SHARE:
        case MEASURE_RATIO:
        case MEASURE_RATE:
                return rule_of_parts(m, cell, s);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return CELL_RULE_SMALL; /* nobody knows what it counts */
}

/* Applying --------------------------------------------------------------------------------- */

static bool is_absent(uint8_t status)
{
        return status == CELL_MISSING || status == CELL_NOT_APPLICABLE;
}

/* Settings that ask for what nobody could keep. */
static enum err check(const struct table *t, const struct disclosure_settings *s)
{
        const struct disclosure_dominance *d = &s->dominance;

        if (s->threshold < 1)
                return ERR_INVALID; /* a policy without a threshold protects nothing */
        if (d->n > CONTRIBUTIONS_LARGEST || (d->n > 0 && d->k == 0) ||
                (d->pq_p > 0 && d->pq_q < d->pq_p))
                return ERR_INVALID;
        if (t->measures_len > MEASURES_MAX || t->dimensions_len > DIMENSIONS_MAX)
                return ERR_INVALID;
        /* A measure that is not simply the cell's needs a place to say that it is withheld. */
        for (uint32_t i = 0; i < t->measures_len; i++) {
                const struct measure *m = &t->measures[i];

                if (m->status == NULL && (m->contributors != NULL || m->numerator_persons != NULL))
                        return ERR_INVALID;
        }
        return ERR_OK;
}

/* A measure goes with the cell, or by a rule of its own. */
static void mark_measures(struct table *t, size_t cell, const struct disclosure_settings *s,
        const struct rules_of_measures *told)
{
        for (uint32_t i = 0; i < t->measures_len; i++) {
                struct measure *m = &t->measures[i];
                enum cell_rule rule = CELL_RULE_NONE;

                if (m->status == NULL || is_absent(m->status[cell]))
                        continue;
                if (t->status[cell] == CELL_VALUE)
                        rule = rule_of_measure(t, m, cell, s);
                m->status[cell] = rule != CELL_RULE_NONE ? CELL_PROTECTED : t->status[cell];
                if (told != NULL)
                        told->rule[i][cell] = (uint8_t)rule;
        }
}

static enum err mark(
        struct table *t, const struct disclosure_settings *s, const struct rules_of_measures *told)
{
        TRY(check(t, s));
        for (size_t i = 0; i < t->cells_len; i++) {
                if (!is_absent(t->status[i])) {
                        enum cell_rule rule = rule_of_cell(t, i, s);

                        t->rule[i] = (uint8_t)rule;
                        t->status[i] = rule == CELL_RULE_NONE ? CELL_VALUE : CELL_PROTECTED;
                }
                mark_measures(t, i, s, told);
        }
        return ERR_OK;
}

enum err rules_mark(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, struct rules_of_measures *out)
{
        struct rules_of_measures told = {{NULL}};

        TRY(check(t, settings));
        for (uint32_t i = 0; i < t->measures_len; i++) {
                if (t->measures[i].status == NULL)
                        continue;
                told.rule[i] = arena_alloc(arena, t->cells_len, sizeof *told.rule[i]);
                if (told.rule[i] == NULL)
                        return ERR_NO_MEMORY;
        }
        TRY(mark(t, settings, &told));
        *out = told;
        return ERR_OK;
}

enum err disclosure_rules_apply(struct table *t, const struct disclosure_settings *settings)
{
        return mark(t, settings, NULL);
}
