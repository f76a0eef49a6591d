/* SPDX-License-Identifier: Apache-2.0 */
/* disclosure.c: which cells may be seen, and which measures in them.
 *
 * Questions about a cell, in this order. Is the identifying margin it lies in large
 * enough? That depends on what a neighbour knows anyway, so asking for another
 * form, ground or outcome never changes which rows are refused. Then: are there
 * enough persons in the cell itself, and enough families, where they are linked? What
 * is withheld here is withheld in every measure.
 *
 * Then each measure for itself, by the persons behind it. A count with filters of its
 * own is a count like any other. A sum, a mean or a median needs enough who
 * contributed. A share tells its numerator and its denominator to whoever knows one of
 * them, so both need enough persons, and so do those in the one that are not in the
 * other: where 38 of 40 have it, the two that have not are told as well.
 *
 * A measure of amounts counts records elsewhere, which nobody in this table is: there the
 * sum itself stands for the persons, and none is told as it is.
 *
 * A withheld value is overwritten here, so that no later mistake can send it.
 *
 * What this step does not do yet is hide partners. Where totals are shown, one
 * subtraction can give a single protected cell back; and within a cell, a share that is
 * withheld can be had from its two counts where both are asked for beside it, as it
 * could from a table with the condition as a dimension: both count as one relation
 * between published values, and belong to secondary protection. */
#include "gateway/disclosure/disclosure.h"

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

static enum cell_rule rule_of_cell(
        const struct table *t, size_t cell, const struct disclosure_settings *s)
{
        if (t->margin_persons[cell] < (int64_t)s->threshold)
                return CELL_RULE_MARGIN;
        enum cell_rule rule = rule_of_count(t->persons[cell], s->threshold, CELL_RULE_SMALL, s);
        if (rule != CELL_RULE_NONE || t->persons[cell] == 0)
                return rule;
        /* Persons whose family is missing are of no family: they add nothing here. */
        return t->families != NULL && families_too_few(t->families[cell], s) ? CELL_RULE_FAMILIES
                                                                             : CELL_RULE_NONE;
}

/* Measures ------------------------------------------------------------------------------- */

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

/* That nobody has a value is told about everybody in the cell, so none are too few also
 * where zeros are published; only a cell without persons has nothing to hide. */
static enum cell_rule rule_of_magnitude(const struct table *t, const struct measure *m, size_t cell,
        const struct disclosure_settings *s)
{
        if (m->amounts)
                return rule_of_count(
                        m->contributors[cell], floor_of(s->amounts, s), CELL_RULE_SMALL, s);
        return t->persons[cell] > 0 && persons_behind(t, m, cell) < (int64_t)s->threshold
                       ? CELL_RULE_SMALL
                       : CELL_RULE_NONE;
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
                return rule_of_count(persons_behind(t, m, cell), s->threshold, CELL_RULE_SMALL, s);
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

/* Wiping --------------------------------------------------------------------------------- */

static void wipe(int64_t *values, size_t cell)
{
        if (values != NULL)
                values[cell] = 0;
}

static void wipe_measure(struct measure *m, size_t cell)
{
        wipe(m->values, cell);
        wipe(m->contributors, cell);
        wipe(m->low, cell);
        wipe(m->high, cell);
        wipe(m->numerator, cell);
        wipe(m->denominator, cell);
        wipe(m->numerator_persons, cell);
        wipe(m->denominator_persons, cell);
}

/* Every measure goes with the cell, and says so. */
static void wipe_cell(struct table *t, size_t cell)
{
        wipe(t->persons, cell);
        wipe(t->records, cell);
        wipe(t->margin_persons, cell);
        wipe(t->families, cell);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                wipe_measure(&t->measures[m], cell);
                if (t->measures[m].status != NULL)
                        t->measures[m].status[cell] = t->status[cell];
        }
}

static bool is_absent(uint8_t status)
{
        return status == CELL_MISSING || status == CELL_NOT_APPLICABLE;
}

static void protect_measures(struct table *t, size_t cell, const struct disclosure_settings *s,
        struct disclosure_report *report)
{
        for (uint32_t i = 0; i < t->measures_len; i++) {
                struct measure *m = &t->measures[i];

                if (m->status == NULL)
                        continue;
                if (is_absent(m->status[cell])) {
                        report->measures_missing++;
                        wipe_measure(m, cell);
                        continue;
                }
                enum cell_rule rule = rule_of_measure(t, m, cell, s);
                m->status[cell] = rule == CELL_RULE_NONE ? CELL_VALUE : CELL_PROTECTED;
                if (rule != CELL_RULE_NONE)
                        wipe_measure(m, cell);
                report->measures_by_rule[rule]++;
        }
}

/* A measure that is not simply the cell's needs a place to say that it is withheld. */
static bool has_statuses(const struct table *t)
{
        for (uint32_t i = 0; i < t->measures_len; i++) {
                const struct measure *m = &t->measures[i];

                if (m->status == NULL && (m->contributors != NULL || m->numerator_persons != NULL))
                        return false;
        }
        return true;
}

enum err disclosure_protect_table(struct arena *arena, struct table *t,
        const struct disclosure_settings *settings, const atomic_bool *cancel,
        struct disclosure_report *out)
{
        struct disclosure_report report = {.cells = t->cells_len};

        (void)arena;
        (void)cancel;
        if (settings->threshold < 1)
                return ERR_INVALID; /* a policy without a threshold protects nothing */
        if (!has_statuses(t))
                return ERR_INVALID;
        for (size_t i = 0; i < t->cells_len; i++) {
                if (is_absent(t->status[i])) {
                        report.missing++;
                        wipe_cell(t, i);
                        continue;
                }
                enum cell_rule rule = rule_of_cell(t, i, settings);
                t->rule[i] = (uint8_t)rule;
                t->status[i] = rule == CELL_RULE_NONE ? CELL_VALUE : CELL_PROTECTED;
                report.by_rule[rule]++;
                if (rule == CELL_RULE_NONE)
                        protect_measures(t, i, settings, &report);
                else
                        wipe_cell(t, i);
        }
        *out = report;
        return ERR_OK;
}
