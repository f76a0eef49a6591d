/* SPDX-License-Identifier: Apache-2.0 */
/* question_parts.c: derived variables, filters, dimensions and measures of a question
 * against the policy.
 *
 * A derived variable never shows more than the variables it is made of: its filters are
 * filters of the event data set, its dates keep their finest level when they are asked for,
 * and a window between two days of the calendar is a filter on the event's date, so it has the
 * edges that such a filter would have. A window of days from another date is exact to the
 * day: "within 365 days" is the question that linkage is for. What comes of it is sensitive,
 * and protected as such. A date that may be neither a condition nor a breakdown (the
 * month of birth) is no anchor either: days from it are an age finer than the policy's. */
#include "base/clock.h"
#include "policies/question.h"

static bool has_persons(const struct policy_dataset *d)
{
        return d->kind != DATASET_DELIVERIES && d->rules->person != PERSON_USE_NONE;
}

static const struct variable *variable_of(const struct policy_dataset *d, struct bytes id)
{
        int32_t at = variable_find(d, id);

        return at >= 0 ? &d->variables[at] : NULL;
}

/* A derived variable before `end`, or -1. */
static int32_t derived_find(const struct question *q, struct bytes id, uint32_t end)
{
        for (uint32_t i = 0; i < end && i < q->query->derived_len; i++)
                if (bytes_equal(q->query->derived[i].name, id))
                        return (int32_t)i;
        return -1;
}

static bool is_number(enum derived_kind kind)
{
        return kind == DERIVED_COUNT || kind == DERIVED_SUM || kind == DERIVED_DAYS_BETWEEN;
}

static bool is_date(enum derived_kind kind)
{
        return kind == DERIVED_FIRST || kind == DERIVED_LAST;
}

/* Levels -------------------------------------------------------------------- */

/* Levels coarser than the finest may be asked, finer ones may not; the empty level is the
 * finest that may. */
static void check_level(struct question *q, const struct variable *v, struct bytes level)
{
        int32_t at = variable_level_find(v, level);

        if (at < 0)
                question_fault(q, QUESTION_LEVEL_UNKNOWN, "level", v->at.id, v);
        else if ((uint32_t)at < variable_finest(v))
                question_fault(q, QUESTION_LEVEL_FINER, "level", v->at.finest, v);
}

/* Whether `day` begins a day, month, quarter or year. */
static bool begins(int32_t day, uint32_t level)
{
        static const int months[DATE_LEVELS] = {0, 1, 3, 12};
        struct civil c;

        if (level == 0)
                return true;
        c = civil_from_days(day);
        return c.day == 1 && (c.month - 1) % months[level < DATE_LEVELS ? level : 3] == 0;
}

void question_edges(struct question *q, const struct variable *date, int32_t first, int32_t last,
        const char *field)
{
        if (!begins(first, date->finest_date_level) || last == INT32_MAX ||
                !begins(last + 1, date->finest_date_level))
                question_fault(q, QUESTION_EDGES, field, date->at.finest, date);
}

/* Derived variables ----------------------------------------------------------- */

static void check_usable(struct question *q, const struct variable *date, const char *field)
{
        if (!date->may_filter && !date->may_group)
                question_fault(q, QUESTION_DATE_CLOSED, field, date->at.filter, date);
}

/* A date of the base or an earlier derived one, by name. */
static void check_date_name(struct question *q, struct bytes id, const char *field)
{
        int32_t derived = derived_find(q, id, q->index);
        const struct variable *v = derived < 0 ? variable_of(q->base, id) : NULL;

        if (derived >= 0 ? !is_date(q->derived[derived].kind)
                         : v != NULL && v->type != VARIABLE_DATE)
                question_fault(q, QUESTION_NOT_A_DATE, field, q->base->at.id, v);
        else if (derived < 0 && v == NULL)
                question_unknown(q, q->base, id, field, QUESTION_NOT_A_DATE);
        else if (v != NULL)
                check_usable(q, v, field);
}

/* The date of an event that counts; NULL where there is none. */
static const struct variable *event_date(
        struct question *q, const struct policy_dataset *events, struct bytes id)
{
        const struct variable *v;

        if (id.len == 0) {
                v = events->order_variable != UINT32_MAX
                            ? &events->variables[events->order_variable]
                            : NULL;
                if (v == NULL)
                        question_fault(q, QUESTION_NO_ORDER, "date", events->at.id, NULL);
        } else {
                v = variable_of(events, id);
                if (v == NULL)
                        question_unknown(q, events, id, "date", QUESTION_VARIABLE_UNKNOWN);
                else if (v->type != VARIABLE_DATE)
                        question_fault(q, QUESTION_NOT_A_DATE, "date", v->at.id, v);
                if (v != NULL && v->type != VARIABLE_DATE)
                        v = NULL;
        }
        if (v != NULL)
                check_usable(q, v, "date");
        return v;
}

static void check_window(struct question *q, const struct window *w, const struct variable *date)
{
        const struct query *query = q->query;

        switch (w->kind) {
        case WINDOW_NONE:
                return;
        case WINDOW_RELATIVE:
                if (w->anchor.len > 0)
                        check_date_name(q, w->anchor, "window.anchor");
                else if (q->base->order_variable == UINT32_MAX)
                        question_fault(q, QUESTION_NO_ORDER, "window.anchor", q->base->at.id, NULL);
                else
                        check_usable(
                                q, &q->base->variables[q->base->order_variable], "window.anchor");
                return;
        case WINDOW_FIXED:
                if (date != NULL)
                        question_edges(q, date, w->from, w->until, "window");
                return;
        case WINDOW_PERIOD:
                if (!query->has_period)
                        question_fault(q, QUESTION_NO_PERIOD, "window", q->base->at.id, NULL);
                else if (date != NULL)
                        question_edges(q, date, query->period.first, query->period.last, "window");
                return;
        }
}

/* Summed: a measure. Distinct values: what may be a breakdown, no finer than as one. */
static void check_event_variable(
        struct question *q, const struct derived *d, const struct policy_dataset *events)
{
        const struct variable *v;

        if (d->variable.len == 0)
                return;
        v = variable_of(events, d->variable);
        if (v == NULL)
                question_unknown(q, events, d->variable, "variable", QUESTION_VARIABLE_UNKNOWN);
        else if (d->kind == DERIVED_SUM && v->role != VARIABLE_MEASURE)
                question_fault(q, QUESTION_NO_SUM, "variable", v->at.id, v);
        else if (d->kind == DERIVED_COUNT && !v->may_group)
                question_fault(q, QUESTION_NO_DIMENSION, "variable", v->at.group, v);
        else if (d->kind == DERIVED_COUNT)
                check_level(q, v, d->level);
}

/* A family is that of a day: the anchor's, or the base record's own. */
static void check_same_family(struct question *q, const struct derived *d)
{
        if (q->linkage != NULL && !q->linkage->rules->family)
                question_fault(q, QUESTION_FAMILY, "same", q->linkage->at.family, NULL);
        if (d->window.anchor.len == 0 && d->window.kind != WINDOW_RELATIVE &&
                q->base->order_variable == UINT32_MAX)
                question_fault(q, QUESTION_NO_ORDER, "same", q->base->at.id, NULL);
}

static void check_events(struct question *q, const struct derived *d, struct derived_seen *seen)
{
        const struct policy_dataset *events = seen->dataset;
        const struct policy_dataset *base = q->base;
        bool dated = is_date(d->kind) || d->window.kind != WINDOW_NONE || d->date.len > 0;

        if (!has_persons(base) || !has_persons(events))
                question_fault(q, QUESTION_NO_PERSON, "dataset",
                        has_persons(base) ? events->at.id : base->at.id, NULL);
        seen->date = dated ? event_date(q, events, d->date) : NULL;
        check_event_variable(q, d, events);
        check_window(q, &d->window, seen->date);
        question_filters(q, events, d->filters, d->filters_len, false);
        if (d->same == SAME_FAMILY)
                check_same_family(q, d);
        if ((d->in == IN_SAME || d->in == IN_OTHER) &&
                (base->municipality_variable == UINT32_MAX ||
                        events->municipality_variable == UINT32_MAX))
                question_fault(q, QUESTION_NO_MUNICIPALITY, "in", base->at.id, NULL);
}

void question_derived(struct question *q)
{
        q->part = PART_DERIVED;
        for (uint32_t i = 0; i < q->query->derived_len; i++) {
                const struct derived *d = &q->query->derived[i];
                struct derived_seen *seen = &q->derived[i];

                q->index = i;
                seen->has_bands = d->bands_len > 0;
                if (variable_find(q->base, d->name) >= 0)
                        question_fault(q, QUESTION_NAME_TAKEN, "name", q->base->at.id, NULL);
                if (d->kind == DERIVED_DAYS_BETWEEN) {
                        check_date_name(q, d->from, "from");
                        check_date_name(q, d->to, "to");
                } else if (seen->dataset != NULL) {
                        check_events(q, d, seen);
                }
        }
}

/* Filters --------------------------------------------------------------------- */

/* Booleans and numbers have plain values only; dates are no finer than the event's. */
static void check_derived_filter(
        struct question *q, const struct derived_seen *seen, const struct filter *f)
{
        if (!is_date(seen->kind)) {
                if (f->level.len > 0)
                        question_fault(q, QUESTION_LEVEL_UNKNOWN, "level", q->base->at.id, NULL);
                return;
        }
        if (seen->date == NULL)
                return;
        if (!seen->date->may_filter)
                question_fault(
                        q, QUESTION_NO_FILTER, "variable", seen->date->at.filter, seen->date);
        else if (f->level.len > 0)
                check_level(q, seen->date, f->level);
}

static void check_filter(struct question *q, const struct policy_dataset *d, const struct filter *f,
        bool derived_too)
{
        int32_t derived = derived_too ? derived_find(q, f->variable, DERIVED_MAX) : -1;
        const struct variable *v = derived < 0 ? variable_of(d, f->variable) : NULL;

        if (derived >= 0) {
                check_derived_filter(q, &q->derived[derived], f);
                return;
        }
        if (v == NULL) {
                question_unknown(q, d, f->variable, "variable", QUESTION_VARIABLE_UNKNOWN);
                return;
        }
        if (!v->may_filter)
                question_fault(q, QUESTION_NO_FILTER, "variable", v->at.filter, v);
        /* The empty level of a number or date is its plain value. */
        if (f->level.len > 0 || v->type == VARIABLE_CODE)
                check_level(q, v, f->level);
}

/* Of the question itself these are parts, elsewhere lists of a part. */
void question_filters(struct question *q, const struct policy_dataset *d,
        const struct filter *filters, uint32_t len, bool derived_too)
{
        bool own = q->part == PART_FILTER;

        if (!own && q->list == NULL)
                q->list = "filters";
        for (uint32_t i = 0; i < len; i++) {
                if (own)
                        q->index = i;
                else
                        q->item = i;
                check_filter(q, d, &filters[i], derived_too);
        }
        q->list = NULL;
}

/* Dimensions ------------------------------------------------------------------ */

static void check_derived_dimension(
        struct question *q, const struct derived_seen *seen, struct bytes level)
{
        if (is_date(seen->kind)) {
                if (seen->date != NULL && !seen->date->may_group)
                        question_fault(q, QUESTION_NO_DIMENSION, "variable", seen->date->at.group,
                                seen->date);
                else if (seen->date != NULL)
                        check_level(q, seen->date, level);
                return;
        }
        if (is_number(seen->kind) && !seen->has_bands)
                question_fault(q, QUESTION_NO_BANDS, "variable", q->base->at.id, NULL);
        else if (level.len > 0)
                question_fault(q, QUESTION_LEVEL_UNKNOWN, "level", q->base->at.id, NULL);
}

static void check_dimension(struct question *q, const struct dimension_ref *d)
{
        int32_t derived = derived_find(q, d->variable, DERIVED_MAX);
        const struct variable *v = derived < 0 ? variable_of(q->base, d->variable) : NULL;

        if (derived >= 0)
                check_derived_dimension(q, &q->derived[derived], d->level);
        else if (v == NULL)
                question_unknown(q, q->base, d->variable, "variable", QUESTION_VARIABLE_UNKNOWN);
        else if (!v->may_group)
                question_fault(q, QUESTION_NO_DIMENSION, "variable", v->at.group, v);
        else
                check_level(q, v, d->level);
}

/* The reference table knows inhabitants by municipality, and no more of them. */
static void check_rate_dimensions(struct question *q)
{
        const struct policy_dataset *d = q->base;

        for (q->index = 0; q->index < q->query->dimensions_len; q->index++)
                if (d->municipality_variable == UINT32_MAX ||
                        !bytes_equal(q->query->dimensions[q->index].variable,
                                d->variables[d->municipality_variable].id))
                        question_fault(q, QUESTION_RATE_DIMENSION, "", d->at.id, NULL);
}

void question_dimensions(struct question *q)
{
        const struct query *query = q->query;
        bool rate = false;

        q->part = PART_DIMENSION;
        for (q->index = q->base->dimensions_max; q->index < query->dimensions_len; q->index++)
                question_fault(q, QUESTION_TOO_MANY_DIMENSIONS, "", q->base->at.purposes, NULL);
        for (q->index = 0; q->index < query->dimensions_len; q->index++)
                check_dimension(q, &query->dimensions[q->index]);
        for (uint32_t i = 0; i < query->measures_len; i++)
                rate |= query->measures[i].kind == MEASURE_RATE;
        if (rate)
                check_rate_dimensions(q);
}

/* Measures -------------------------------------------------------------------- */

static void check_summed(struct question *q, struct bytes id, const char *field)
{
        int32_t derived = derived_find(q, id, DERIVED_MAX);
        const struct variable *v = derived < 0 ? variable_of(q->base, id) : NULL;

        if (derived >= 0 ? !is_number(q->derived[derived].kind)
                         : v != NULL && v->role != VARIABLE_MEASURE)
                question_fault(q, QUESTION_NO_SUM, field, v != NULL ? v->at.id : q->base->at.id, v);
        else if (derived < 0 && v == NULL)
                question_unknown(q, q->base, id, field, QUESTION_VARIABLE_UNKNOWN);
}

/* Bands say how finely a distribution may be seen, whatever else the variable may be. */
static void check_quantile(struct question *q, const struct measure_ref *m)
{
        int32_t derived = derived_find(q, m->variable, DERIVED_MAX);
        const struct variable *v = derived < 0 ? variable_of(q->base, m->variable) : NULL;

        if (derived >= 0) {
                if (!is_number(q->derived[derived].kind) || !q->derived[derived].has_bands)
                        question_fault(q, QUESTION_NO_QUANTILE, "variable", q->base->at.id, NULL);
                else if (m->banding.len > 0)
                        question_fault(q, QUESTION_BANDS_UNKNOWN, "banding", q->base->at.id, NULL);
                return;
        }
        if (v == NULL)
                question_unknown(q, q->base, m->variable, "variable", QUESTION_VARIABLE_UNKNOWN);
        else if (v->bandings_len == 0 || (v->role != VARIABLE_MEASURE && !v->may_group))
                question_fault(q, QUESTION_NO_QUANTILE, "variable", v->at.id, v);
        else if (variable_level_find(v, m->banding) < 0)
                question_fault(q, QUESTION_BANDS_UNKNOWN, "banding", v->at.id, v);
}

static void check_rate(struct question *q)
{
        const struct policy_dataset *d = q->base;

        if (d->municipality_variable == UINT32_MAX)
                question_fault(q, QUESTION_NO_MUNICIPALITY, "kind", d->at.id, NULL);
        else if (d->variables[d->municipality_variable].codes->population_year == 0)
                question_fault(q, QUESTION_NO_POPULATION, "kind",
                        d->variables[d->municipality_variable].codes->at, NULL);
}

static void check_days(struct question *q)
{
        if (q->base->episode_from == UINT32_MAX)
                question_fault(q, QUESTION_NO_EPISODES, "kind", q->base->at.id, NULL);
        else if (!q->query->has_period)
                question_fault(q, QUESTION_NO_PERIOD, "kind", q->base->at.id, NULL);
}

static bool counts_deliveries(enum measure_kind kind)
{
        return kind == MEASURE_RECORDS || kind == MEASURE_SHARE || kind == MEASURE_RATIO ||
               kind == MEASURE_SUM || kind == MEASURE_MEAN;
}

static void check_kind(struct question *q, const struct measure_ref *m)
{
        bool families = m->kind == MEASURE_FAMILIES;

        if (q->base->kind == DATASET_DELIVERIES && !counts_deliveries(m->kind)) {
                question_fault(q, QUESTION_DELIVERIES_MEASURE, "kind", q->base->at.id, NULL);
                return;
        }
        if ((m->kind == MEASURE_PERSONS || families) && !has_persons(q->base))
                question_fault(q, QUESTION_NO_PERSON, "kind", q->base->at.id, NULL);
        else if (families && q->linkage != NULL && !q->linkage->rules->family)
                question_fault(q, QUESTION_FAMILY, "kind", q->linkage->at.family, NULL);
        if (m->kind == MEASURE_RATE)
                check_rate(q);
        if (m->kind == MEASURE_DAYS)
                check_days(q);
}

static void check_measure(struct question *q, const struct measure_ref *m)
{
        check_kind(q, m);
        if (m->kind == MEASURE_MEDIAN || m->kind == MEASURE_LOWER_QUARTILE ||
                m->kind == MEASURE_UPPER_QUARTILE)
                check_quantile(q, m);
        else if (m->variable.len > 0)
                check_summed(q, m->variable, "variable");
        if (m->per.len > 0)
                check_summed(q, m->per, "per");
        question_filters(q, q->base, m->filters, m->filters_len, true);
        q->list = "base";
        question_filters(q, q->base, m->base, m->base_len, true);
}

void question_measures(struct question *q)
{
        q->part = PART_MEASURE;
        for (uint32_t i = 0; i < q->query->measures_len; i++) {
                q->index = i;
                check_measure(q, &q->query->measures[i]);
        }
}
