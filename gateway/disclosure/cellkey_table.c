/* SPDX-License-Identifier: Apache-2.0 */
/* cellkey_table.c: noise on everything in a table that counts persons or hangs on counts.
 *
 * What is drawn for a cell hangs on three things: the key of its persons, what is counted
 * of them, and the count. The persons of a cell get the draw of their key, wherever they
 * are a cell. A part of a cell (a measure with filters, a side of a share) has no key of its
 * own; its draw is that of the cell's key and of how many they are, and the cell's own
 * where they are all of them. So the wording of a filter changes nothing, and asking the
 * same part under a hundred names gives one draw. Records, families and sums of the same
 * persons are drawn apart from the persons, or one would tell the noise of the other.
 *
 *      sum      times (noisy number of contributors) / (their number), by a draw of its
 *               own: a mean contribution more or less for each person more or less. All
 *               sums of the same contributors move by the same factor; were the draw by
 *               variable, renaming a variable would be another draw
 *      mean     noisy sum by noisy number; with one draw for both it would be exact
 *      share    noisy numerator by noisy denominator, never above 1
 *      rate     noisy numerator; inhabitants are public
 *      median   there is none: it is made of counts by band, which are not here. Who asks for
 *               one where answers carry noise is refused before it is counted
 *
 * What is drawn for parts is held against what was drawn for the whole (no more families than
 * persons, no records without persons): that uses only what is shown, so it tells nothing. It
 * makes small parts a little less than unbiased. Cells without persons have the key 0, and
 * their records a noise anybody can compute: they describe nobody.
 *
 * Afterwards no array of a shown cell holds an exact count of persons. */
#include <string.h>

#include "base/fraction.h"
#include "gateway/disclosure/cellkey.h"
#include "gateway/disclosure/quotients.h"
#include "gateway/disclosure/stir.h"

enum what { WHAT_PERSONS = 0, WHAT_RECORDS, WHAT_FAMILIES, WHAT_SUM };

/* One cell: what it held, and its noisy persons and records. */
struct noisy_cell {
        const struct cellkey *c;
        size_t at;
        uint32_t key;
        int64_t smallest; /* positive count that may be shown */
        int64_t persons, noisy_persons, noisy_records;
};

static int64_t draw(const struct noisy_cell *n, enum what what, int64_t count)
{
        uint32_t key = n->key;

        if (what != WHAT_PERSONS || count != n->persons)
                key = stir(stir(key + (uint32_t)what * 0x9e3779b9u) ^ (uint32_t)count);
        return cellkey_count(n->c, key, count);
}

static int64_t at_most(int64_t value, int64_t most)
{
        return value < most ? value : most;
}

/* Persons of the cell or some of them. */
static int64_t some_persons(const struct noisy_cell *n, int64_t count)
{
        return count == n->persons ? n->noisy_persons
                                   : at_most(draw(n, WHAT_PERSONS, count), n->noisy_persons);
}

/* Records of persons of whom so many are shown; without persons they are nobody's. */
static int64_t some_records(
        const struct noisy_cell *n, int64_t records, int64_t persons, int64_t noisy_persons)
{
        int64_t noisy = draw(n, WHAT_RECORDS, records);

        if (persons == 0)
                return noisy;
        if (noisy_persons == 0)
                return 0;
        return noisy > noisy_persons ? noisy : noisy_persons;
}

static int64_t some_families(const struct noisy_cell *n, int64_t families, int64_t noisy_persons)
{
        int64_t noisy = draw(n, WHAT_FAMILIES, families);

        if (families > 0 && noisy < n->smallest)
                noisy = n->smallest;
        return at_most(noisy, noisy_persons);
}

/* Times the draw for a sum of so many; 0 where nobody is shown. */
static enum err some_sum(const struct noisy_cell *n, int64_t sum, int64_t persons,
        int64_t noisy_persons, int64_t *out)
{
        if (persons <= 0) {
                *out = sum;
                return ERR_OK;
        }
        if (noisy_persons <= 0) {
                *out = 0;
                return ERR_OK;
        }
        return fraction_round((__int128)sum * draw(n, WHAT_SUM, persons), persons, out) ? ERR_OK
                                                                                        : ERR_LIMIT;
}

/* Measures ----------------------------------------------------------------------------------- */

static void noisy_records(const struct noisy_cell *n, struct measure *m)
{
        int64_t *value = &m->values[n->at];

        if (m->contributors == NULL) {
                *value = n->noisy_records;
                return;
        }
        int64_t persons = m->contributors[n->at];

        m->contributors[n->at] = some_persons(n, persons);
        *value =
                at_most(some_records(n, *value, persons, m->contributors[n->at]), n->noisy_records);
}

static enum err noisy_sum(const struct noisy_cell *n, struct measure *m)
{
        int64_t persons = m->contributors[n->at];

        m->contributors[n->at] = some_persons(n, persons);
        return some_sum(n, m->values[n->at], persons, m->contributors[n->at], &m->values[n->at]);
}

/* By the noisy number: a cell that is said to be empty has no mean, nor has one whose noisy
 * sum is of nobody. */
static enum err noisy_mean(const struct noisy_cell *n, struct measure *m)
{
        int64_t persons = m->contributors[n->at], *value = &m->values[n->at];
        int64_t noisy = some_persons(n, persons), summed = draw(n, WHAT_SUM, persons);

        m->contributors[n->at] = noisy;
        if (m->sums != NULL)
                TRY(some_sum(n, m->sums[n->at], persons, noisy, &m->sums[n->at]));
        if (noisy <= 0 || summed <= 0) {
                *value = persons > 0 ? TABLE_NO_VALUE : *value;
                return ERR_OK;
        }
        if (*value == TABLE_NO_VALUE)
                return ERR_OK;
        return fraction_round((__int128)*value * summed, noisy, value) ? ERR_OK : ERR_LIMIT;
}

static void no_quantile(const struct noisy_cell *n, struct measure *m)
{
        m->contributors[n->at] = some_persons(n, m->contributors[n->at]);
        m->values[n->at] = TABLE_NO_VALUE;
}

/* One side of a quotient: its units, and the persons behind them. What does not count
 * persons is a sum of theirs, be it of ones. */
static enum err noisy_side(
        const struct noisy_cell *n, const int64_t *units, int64_t *persons, int64_t *out_units)
{
        int64_t count = persons[n->at], exact = units[n->at];

        persons[n->at] = some_persons(n, count);
        if (exact == count) {
                *out_units = persons[n->at];
                return ERR_OK;
        }
        return some_sum(n, exact, count, persons[n->at], out_units);
}

static enum err noisy_share(const struct noisy_cell *n, struct measure *m)
{
        size_t i = n->at;
        int64_t above = 0, below = 0;

        TRY(noisy_side(n, m->numerator, m->numerator_persons, &above));
        TRY(noisy_side(n, m->denominator, m->denominator_persons, &below));
        m->numerator_persons[i] = at_most(m->numerator_persons[i], m->denominator_persons[i]);
        m->denominator[i] = below;
        m->numerator[i] = at_most(above, below);
        m->values[i] = TABLE_NO_VALUE;
        if (m->low != NULL && m->high != NULL)
                m->low[i] = m->high[i] = TABLE_NO_VALUE;
        if (below <= 0)
                return ERR_OK;
        m->values[i] = fraction_share(m->numerator[i], below);
        if (m->low != NULL && m->high != NULL) {
                struct fraction_interval ends = fraction_interval(m->numerator[i], below);

                m->low[i] = ends.low;
                m->high[i] = ends.high;
        }
        return ERR_OK;
}

/* RATIO and RATE; the denominator of a rate are inhabitants, as they are. */
static enum err noisy_ratio(const struct noisy_cell *n, struct measure *m, __int128 times)
{
        size_t i = n->at;

        TRY(noisy_side(n, m->numerator, m->numerator_persons, &m->numerator[i]));
        if (m->denominator_persons != NULL)
                TRY(noisy_side(n, m->denominator, m->denominator_persons, &m->denominator[i]));
        m->values[i] = TABLE_NO_VALUE;
        if (m->denominator[i] == 0)
                return ERR_OK;
        return fraction_round(m->numerator[i] * times, m->denominator[i], &m->values[i])
                       ? ERR_OK
                       : ERR_LIMIT;
}

static enum err noisy_measure(const struct noisy_cell *n, struct measure *m, __int128 times)
{
        size_t i = n->at;

        switch (m->kind) {
        case MEASURE_PERSONS:
                m->values[i] = some_persons(n, m->values[i]);
                if (m->contributors != NULL)
                        m->contributors[i] = m->values[i];
                return ERR_OK;
        case MEASURE_RECORDS:
                noisy_records(n, m);
                return ERR_OK;
        case MEASURE_FAMILIES:
                m->contributors[i] = some_persons(n, m->contributors[i]);
                m->values[i] = some_families(n, m->values[i], m->contributors[i]);
                return ERR_OK;
        case MEASURE_SUM:
        case MEASURE_DAYS:
                return noisy_sum(n, m);
        case MEASURE_MEAN:
                return noisy_mean(n, m);
        case MEASURE_MEDIAN:
        case MEASURE_LOWER_QUARTILE:
        case MEASURE_UPPER_QUARTILE:
                no_quantile(n, m);
                return ERR_OK;
        case MEASURE_SHARE:
                return noisy_share(n, m);
        case MEASURE_RATIO:
        case MEASURE_RATE:
                return noisy_ratio(n, m, times);
        case MEASURE_NONE:
        case MEASURE_KIND_COUNT:
                break;
        }
        return ERR_INVALID;
}

/* Tables ------------------------------------------------------------------------------------- */

static bool is_shown(const struct table *t, const struct measure *m, size_t cell)
{
        return t->status[cell] == CELL_VALUE &&
               (m->status == NULL || m->status[cell] == CELL_VALUE);
}

static void forget(struct contributions *c, uint32_t len, size_t cell)
{
        for (uint32_t i = 0; i < len; i++) {
                if (c[i].number != NULL)
                        c[i].number[cell] = 0;
                if (c[i].largest != NULL)
                        memset(&c[i].largest[cell * CONTRIBUTIONS_LARGEST], 0,
                                CONTRIBUTIONS_LARGEST * sizeof *c[i].largest);
        }
}

static enum err perturb_cell(
        const struct noisy_cell *n, struct table *t, const __int128 times[MEASURES_MAX])
{
        size_t i = n->at;

        for (uint32_t k = 0; k < t->measures_len; k++) {
                struct measure *m = &t->measures[k];

                forget(m->contributions, m->contributions_len, i);
                if (is_shown(t, m, i))
                        TRY(noisy_measure(n, m, times[k]));
        }
        t->persons[i] = n->noisy_persons;
        t->records[i] = n->noisy_records;
        if (t->families != NULL)
                t->families[i] = some_families(n, t->families[i], n->noisy_persons);
        forget(t->contributions, t->contributions_len, i);
        t->margin_persons[i] = 0;
        t->cell_key[i] = 0;
        return ERR_OK;
}

enum err cellkey_table(const struct cellkey *c, struct table *t)
{
        __int128 times[MEASURES_MAX] = {0};

        if (t->cell_key == NULL || t->measures_len > MEASURES_MAX)
                return ERR_INVALID;
        for (uint32_t k = 0; k < t->measures_len; k++)
                TRY(quotients_times(t, &t->measures[k], &times[k]));
        for (size_t i = 0; i < t->cells_len; i++) {
                struct noisy_cell n = {.c = c,
                        .at = i,
                        .key = t->cell_key[i],
                        .smallest = cellkey_smallest(c),
                        .persons = t->persons[i]};

                if (t->status[i] != CELL_VALUE)
                        continue;
                n.noisy_persons = draw(&n, WHAT_PERSONS, n.persons);
                n.noisy_records = some_records(&n, t->records[i], n.persons, n.noisy_persons);
                TRY(perturb_cell(&n, t, times));
        }
        return ERR_OK;
}
