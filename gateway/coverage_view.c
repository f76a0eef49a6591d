/* SPDX-License-Identifier: Apache-2.0 */
/* coverage_view.c: the deliveries of a vintage as a data set.
 *
 * Expected is every period of a data set's own length between the first and the last
 * that anybody has delivered, from every municipality that there was in it.
 *
 * Counts of rows are exact: were small ones left out here, sums and rates over many
 * deliveries would come out too low, and mistakes are small numbers in most of them. They
 * are protected where they are told, as if each row were a person. What surprised us is
 * what else tells them: the values that could be delivered are rows times columns, so those
 * are missing where the rows are few. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/coverage.h"

enum field {
        FIELD_PLACE = 0,
        FIELD_DATASET,
        FIELD_PERIOD,
        FIELD_DELIVERED,
        FIELD_ROWS,
        FIELD_REJECTED,
        FIELD_VALUES,
        FIELD_MISSING,
        FIELDS
};
static const char *const field_names[FIELDS] = {
        "kommun", "datamangd", "period", "levererad", "poster", "avvisade", "varden", "saknade"};

#define NO_NUMBER INT64_MIN

struct making {
        const struct policy *policy;
        const struct policy_dataset *dataset;
        void **columns; /* by variable */
        int32_t variable[FIELDS];
        uint16_t *places;
        uint8_t *tokens; /* nobody's: zeros */
        uint32_t rows, cap;
};

static void making_done(struct making *m)
{
        for (uint32_t i = 0; m->columns != NULL && i < m->dataset->variables_len; i++)
                free(m->columns[i]);
        free(m->columns);
        free(m->places);
        free(m->tokens);
}

static int32_t months_of(enum periodicity p)
{
        switch (p) {
        case PERIODICITY_YEAR:
                return 12;
        case PERIODICITY_QUARTER:
                return 3;
        case PERIODICITY_MONTH:
                return 1;
        case PERIODICITY_NONE:
                break;
        }
        return 0;
}

static int32_t month_number(int32_t day)
{
        struct civil c = civil_from_days(day);

        return c.year * 12 + c.month - 1;
}

static int32_t month_start(int32_t month)
{
        return days_from_civil((struct civil){month / 12, month % 12 + 1, 1});
}

/* How many periods lie between first and last day; 0: nothing was delivered. */
static uint32_t periods_of(const struct deliveries *d)
{
        int32_t months = months_of(d->dataset->periodicity);

        if (d->len == 0 || months == 0)
                return 0;
        return (uint32_t)((month_number(d->span.last) - month_number(d->span.first)) / months + 1);
}

static struct period period_number(const struct deliveries *d, uint32_t i)
{
        int32_t months = months_of(d->dataset->periodicity);
        int32_t month = month_number(d->span.first) + (int32_t)i * months;

        return (struct period){month_start(month), month_start(month + months) - 1};
}

static enum err prepare(struct making *m, uint64_t rows)
{
        const struct policy_dataset *d = m->dataset;

        if (rows > UINT32_MAX / 2)
                return ERR_LIMIT;
        m->cap = (uint32_t)rows;
        m->columns = calloc(d->variables_len, sizeof(*m->columns));
        m->places = calloc(rows + 1, sizeof(*m->places));
        m->tokens = calloc(rows + 1, 16);
        if (m->columns == NULL || m->places == NULL || m->tokens == NULL)
                return ERR_NO_MEMORY;
        for (int f = 0; f < FIELDS; f++) {
                m->variable[f] = variable_find(d, bytes_of_text(field_names[f]));
                if (m->variable[f] < 0)
                        return ERR_POLICY_REFUSED;
                if (f == FIELD_PLACE)
                        continue;
                size_t width = physical_width(d->variables[m->variable[f]].physical);
                m->columns[m->variable[f]] = calloc(rows + 1, width);
                if (m->columns[m->variable[f]] == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static void put(struct making *m, enum field f, int64_t value)
{
        const struct variable *v = &m->dataset->variables[m->variable[f]];
        void *column = m->columns[m->variable[f]];
        bool missing = value == NO_NUMBER;

        switch (v->physical) {
        case PHYSICAL_U8:
                ((uint8_t *)column)[m->rows] =
                        missing || value >= MISSING_U8 ? MISSING_U8 : (uint8_t)value;
                return;
        case PHYSICAL_U16:
                ((uint16_t *)column)[m->rows] =
                        missing || value >= MISSING_U16 ? MISSING_U16 : (uint16_t)value;
                return;
        case PHYSICAL_I32:
                ((int32_t *)column)[m->rows] =
                        missing || value > INT32_MAX ? MISSING_I32 : (int32_t)value;
                return;
        case PHYSICAL_I64:
                ((int64_t *)column)[m->rows] = missing ? MISSING_I64 : value;
                return;
        case PHYSICAL_NONE:
                return;
        }
}

static bool is_small(uint64_t n, uint32_t threshold)
{
        return n > 0 && n < threshold;
}

static void put_counts(struct making *m, const struct delivered *d, uint32_t threshold)
{
        bool told = !is_small(d->accepted, threshold) && d->fields > 0;

        put(m, FIELD_ROWS, (int64_t)d->accepted);
        put(m, FIELD_REJECTED, (int64_t)d->rejected);
        put(m, FIELD_VALUES, told ? (int64_t)d->fields : NO_NUMBER);
        put(m, FIELD_MISSING, told ? (int64_t)d->blanks : NO_NUMBER);
}

/* The stricter of the data set's own and of that of the deliveries. */
static uint32_t threshold_of(const struct making *m, const struct deliveries *of)
{
        uint32_t own = of->dataset->disclosure.threshold, here = m->dataset->disclosure.threshold;

        return own > here ? own : here;
}

static void put_row(struct making *m, const struct deliveries *of, uint32_t code, uint32_t place,
        struct period period, const struct delivered *d)
{
        m->places[m->rows] = (uint16_t)place;
        put(m, FIELD_DATASET, code);
        put(m, FIELD_PERIOD, period.first);
        put(m, FIELD_DELIVERED, d != NULL);
        if (d != NULL) {
                put_counts(m, d, threshold_of(m, of));
        } else {
                for (int f = FIELD_ROWS; f < FIELDS; f++)
                        put(m, (enum field)f, NO_NUMBER);
        }
        m->rows++;
}

/* The delivery, if there is one; `at` walks the list, which is sorted as the rows are. */
static const struct delivered *walk_to(
        const struct deliveries *of, uint32_t place, struct period period, uint32_t *at)
{
        for (; *at < of->len; (*at)++) {
                const struct delivered *d = &of->list[*at];

                if (d->municipality == place && d->period.first == period.first)
                        return d;
                if (d->municipality > place ||
                        (d->municipality == place && d->period.first > period.first))
                        break;
        }
        return NULL;
}

static void put_place(
        struct making *m, const struct deliveries *of, uint32_t code, uint32_t place, uint32_t *at)
{
        uint32_t periods = periods_of(of);

        for (uint32_t i = 0; i < periods; i++) {
                struct period period = period_number(of, i);
                const struct delivered *d = walk_to(of, place, period, at);

                if (d != NULL || policy_expects(m->policy, place, period))
                        put_row(m, of, code, place, period, d);
        }
}

static void put_dataset(struct making *m, const struct deliveries *of)
{
        const struct variable *v = &m->dataset->variables[m->variable[FIELD_DATASET]];
        int32_t code = code_find(v->codes, of->dataset->id);
        uint32_t places = policy_municipalities(m->policy)->levels[0].len, at = 0;

        for (uint32_t place = 0; code >= 0 && place < places; place++)
                put_place(m, of, (uint32_t)code, place, &at);
}

static enum err make(
        struct making *m, const struct coverage *c, unsigned threads, struct linked **out)
{
        uint32_t len = 0;
        const struct policy_dataset *all = policy_datasets(m->policy, &len);
        uint32_t places = policy_municipalities(m->policy)->levels[0].len;
        uint64_t rows = 0;

        for (uint32_t i = 0; i < len; i++) {
                const struct deliveries *d = coverage_find(c, all[i].id);

                rows += d != NULL ? (uint64_t)periods_of(d) * places : 0;
        }
        TRY(prepare(m, rows));
        for (uint32_t i = 0; i < len; i++) {
                const struct deliveries *d = coverage_find(c, all[i].id);

                if (d != NULL)
                        put_dataset(m, d);
        }
        const struct view_plain part = {
                .dataset = m->dataset,
                .rows = m->rows,
                .tokens = m->tokens,
                .municipalities = m->places,
                .columns = (const void *const *)m->columns,
        };
        const struct linked_plain plain = {.parts = &part, .parts_len = 1};
        return linked_from_plain(&plain, threads, out);
}

enum err coverage_view(const struct policy *policy, const struct policy_dataset *dataset,
        const struct coverage *c, unsigned threads, struct linked **out)
{
        struct making m = {.policy = policy, .dataset = dataset};
        enum err e = make(&m, c, threads, out);

        making_done(&m);
        return e;
}

/* Telling ----------------------------------------------------------------------- */

static bool names(const struct filter *f, struct bytes dataset)
{
        for (uint32_t i = 0; i < f->values_len; i++)
                if (bytes_equal(f->values[i], dataset))
                        return true;
        return false;
}

/* By its filters on the data set's own code; others leave every data set in. */
static bool lets_through(const struct query *q, struct bytes dataset)
{
        for (uint32_t i = 0; i < q->filters_len; i++) {
                const struct filter *f = &q->filters[i];

                if ((f->op == FILTER_EQ || f->op == FILTER_IN) && f->level.len == 0 &&
                        bytes_is_text(f->variable, field_names[FIELD_DATASET]) &&
                        !names(f, dataset))
                        return false;
        }
        return true;
}

uint32_t coverage_threshold(const struct policy *policy, const struct query *q)
{
        uint32_t len = 0, most = 1;
        const struct policy_dataset *all = policy_datasets(policy, &len);

        for (uint32_t i = 0; i < len; i++)
                if (lets_through(q, all[i].id) && all[i].disclosure.threshold > most)
                        most = all[i].disclosure.threshold;
        return most;
}

/* The margin of a cell is what was expected in it, come or not: whether something came is no
 * more known to a neighbour than what was in it. */
void coverage_note_unexpected(struct table *t)
{
        for (size_t i = 0; i < t->cells_len; i++)
                if (t->status[i] == CELL_PROTECTED && t->margin_persons[i] == 0)
                        t->status[i] = CELL_NOT_APPLICABLE;
}
