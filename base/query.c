/* SPDX-License-Identifier: Apache-2.0 */
/* query.c: the words of a question, and whether it is well formed.
 *
 * Only what can be seen without a policy is judged here: counts, names, which field
 * belongs to which kind, and that nothing is asked twice. A field that its kind does not
 * read is refused, not read over: a person who wrote a band for a date meant something.
 * Which name means what, and whether a derived variable refers to an earlier one, is the
 * planner's to find out. */
#include "base/query.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

static const char *const op_texts[FILTER_OP_COUNT] = {
        [FILTER_NONE] = "none",
        [FILTER_EQ] = "=",
        [FILTER_NE] = "!=",
        [FILTER_LT] = "<",
        [FILTER_LE] = "<=",
        [FILTER_GT] = ">",
        [FILTER_GE] = ">=",
        [FILTER_IN] = "in",
};

static const char *const measure_names[MEASURE_KIND_COUNT] = {
        [MEASURE_NONE] = "none",
        [MEASURE_PERSONS] = "persons",
        [MEASURE_RECORDS] = "records",
        [MEASURE_SUM] = "sum",
        [MEASURE_MEAN] = "mean",
        [MEASURE_FAMILIES] = "families",
        [MEASURE_SHARE] = "share",
        [MEASURE_RATIO] = "ratio",
        [MEASURE_MEDIAN] = "median",
        [MEASURE_LOWER_QUARTILE] = "lower_quartile",
        [MEASURE_UPPER_QUARTILE] = "upper_quartile",
        [MEASURE_DAYS] = "days",
        [MEASURE_RATE] = "rate",
};

static const char *const unit_names[UNIT_COUNT] = {
        [UNIT_NONE] = "none",
        [UNIT_PERSON] = "person",
        [UNIT_FAMILY] = "family",
        [UNIT_RECORD] = "record",
};

static const char *const rule_names[MUNICIPALITY_RULE_COUNT] = {
        [MUNICIPALITY_DELIVERING] = "delivering",
        [MUNICIPALITY_FIRST] = "first",
        [MUNICIPALITY_LAST] = "last",
};

static const char *const derived_names[DERIVED_KIND_COUNT] = {
        [DERIVED_NONE] = "none",
        [DERIVED_EXISTS] = "exists",
        [DERIVED_COUNT] = "count",
        [DERIVED_FIRST] = "first",
        [DERIVED_LAST] = "last",
        [DERIVED_DAYS_BETWEEN] = "days_between",
        [DERIVED_SUM] = "sum",
};

/* The index of `name`, at least 1; 0: there is none. */
static unsigned word_find(const char *const *words, unsigned len, struct bytes name)
{
        for (unsigned i = 1; i < len; i++)
                if (bytes_is_text(name, words[i]))
                        return i;
        return 0;
}

static const char *word(const char *const *words, unsigned len, unsigned i)
{
        return words[i < len ? i : 0];
}

const char *filter_op_text(enum filter_op op)
{
        return word(op_texts, FILTER_OP_COUNT, op);
}

const char *measure_kind_name(enum measure_kind kind)
{
        return word(measure_names, MEASURE_KIND_COUNT, kind);
}

enum measure_kind measure_kind_find(struct bytes name)
{
        return (enum measure_kind)word_find(measure_names, MEASURE_KIND_COUNT, name);
}

const char *unit_name(enum unit unit)
{
        return word(unit_names, UNIT_COUNT, unit);
}

enum unit unit_find(struct bytes name)
{
        return (enum unit)word_find(unit_names, UNIT_COUNT, name);
}

const char *derived_kind_name(enum derived_kind kind)
{
        return word(derived_names, DERIVED_KIND_COUNT, kind);
}

enum derived_kind derived_kind_find(struct bytes name)
{
        return (enum derived_kind)word_find(derived_names, DERIVED_KIND_COUNT, name);
}

const char *municipality_rule_name(enum municipality_rule rule)
{
        return word(rule_names, MUNICIPALITY_RULE_COUNT, rule);
}

bool municipality_rule_find(struct bytes name, enum municipality_rule *out)
{
        for (int rule = 0; rule < MUNICIPALITY_RULE_COUNT; rule++)
                if (bytes_is_text(name, rule_names[rule])) {
                        *out = (enum municipality_rule)rule;
                        return true;
                }
        return false;
}

static bool is_quantile(enum measure_kind kind)
{
        return kind == MEASURE_MEDIAN || kind == MEASURE_LOWER_QUARTILE ||
               kind == MEASURE_UPPER_QUARTILE;
}

int measure_kind_wants_variable(enum measure_kind kind)
{
        if (kind == MEASURE_SUM || kind == MEASURE_MEAN || is_quantile(kind))
                return 1;
        return kind == MEASURE_RATIO ? 0 : -1;
}

/* Shape ------------------------------------------------------------------- */

/* Refusals are collected: a person who mends a query wants all of them. `at` is the path of
 * the part that is looked at, "" for the query itself. */
struct check {
        struct refusal *why;
        enum err rc;
        char at[VIOLATION_FIELD_MAX];
};

static void fault(struct check *c, const char *field, const char *text)
{
        const char *dot = c->at[0] != '\0' && field[0] != '\0' ? "." : "";
        char path[2 * VIOLATION_FIELD_MAX];

        (void)snprintf(path, sizeof path, "%s%s%s", c->at, dot, field);
        c->rc = refuse(c->why, ERR_INVALID, path, "%s", text);
}

/* Steps into item `i` of `list`; leave() goes back to where enter() was. */
static size_t enter(struct check *c, const char *list, uint32_t i)
{
        size_t from = strlen(c->at);

        (void)snprintf(c->at + from, sizeof c->at - from, "%s%s[%u]", from > 0 ? "." : "", list, i);
        return from;
}

static void leave(struct check *c, size_t from)
{
        c->at[from] = '\0';
}

static void check_name(struct check *c, const char *field, struct bytes name, bool optional)
{
        if (name.len == 0 && !optional)
                fault(c, field, "is missing");
        else if (name.len > NAME_MAX_LEN)
                fault(c, field, "is longer than a name may be");
        else if (!bytes_is_printable(name))
                fault(c, field, "is not printable UTF-8");
}

/* A name that the question gives, by the rule of names in a bundle. */
static bool is_identifier(struct bytes name)
{
        for (size_t i = 0; i < name.len; i++) {
                uint8_t c = name.data[i];
                bool letter = c >= 'a' && c <= 'z';

                if (!letter && (i == 0 || !((c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                                                  c == '_' || c == '-')))
                        return false;
        }
        return name.len > 0;
}

static void check_identifier(struct check *c, struct bytes name, bool optional)
{
        if (name.len == 0 && !optional)
                fault(c, "name", "is missing");
        else if (name.len > NAME_MAX_LEN)
                fault(c, "name", "is longer than a name may be");
        else if (name.len > 0 && !is_identifier(name))
                fault(c, "name", "is not a small letter, then letters, digits, _ and -");
}

static void check_value(struct check *c, const char *field, struct bytes value)
{
        if (value.len == 0)
                fault(c, field, "is empty");
        else if (value.len > FILTER_VALUE_MAX_LEN)
                fault(c, field, "is longer than a value may be");
        else if (!bytes_is_printable(value))
                fault(c, field, "is not printable UTF-8");
}

static void check_filter(struct check *c, const struct filter *f)
{
        bool known = f->op != FILTER_NONE && (unsigned)f->op < FILTER_OP_COUNT;
        char field[32];

        check_name(c, "variable", f->variable, false);
        check_name(c, "level", f->level, true);
        if (!known)
                fault(c, "op", "is not a known operator");
        if (f->values_len == 0)
                fault(c, "values", "is empty");
        else if (f->values_len > FILTER_VALUES_MAX)
                fault(c, "values", "has more values than allowed");
        else if (f->values_len > 1 && known && f->op != FILTER_IN)
                fault(c, "values", "has several values, which only IN may have");
        for (uint32_t v = 0; v < f->values_len && v < FILTER_VALUES_MAX; v++) {
                (void)snprintf(field, sizeof field, "values[%u]", v);
                check_value(c, field, f->values[v]);
        }
}

static void check_filters(struct check *c, const char *list, const struct filter *filters,
        uint32_t len, uint32_t most)
{
        if (len > most)
                fault(c, list, "has more filters than allowed");
        for (uint32_t i = 0; i < len && i < most; i++) {
                size_t from = enter(c, list, i);

                check_filter(c, &filters[i]);
                leave(c, from);
        }
}

static void check_dimension(struct check *c, const struct query *q, uint32_t i)
{
        const struct dimension_ref *d = &q->dimensions[i];

        check_name(c, "variable", d->variable, false);
        check_name(c, "level", d->level, true);
        for (uint32_t j = 0; j < i; j++)
                if (bytes_equal(d->variable, q->dimensions[j].variable) &&
                        bytes_equal(d->level, q->dimensions[j].level)) {
                        fault(c, "", "is asked for twice");
                        return;
                }
}

/* Measures ----------------------------------------------------------------- */

static void check_measure_parts(struct check *c, const struct measure_ref *m)
{
        bool share = m->kind == MEASURE_SHARE, ratio = m->kind == MEASURE_RATIO;

        if (m->banding.len > 0 && !is_quantile(m->kind))
                fault(c, "banding", "belongs to medians and quartiles only");
        check_name(c, "banding", m->banding, true);
        if (m->per.len > 0 && !ratio)
                fault(c, "per", "belongs to RATIO only");
        check_name(c, "per", m->per, true);
        if (share && m->filters_len == 0)
                fault(c, "filters", "must say which share is meant");
        check_filters(c, "filters", m->filters, m->filters_len, DERIVED_FILTERS_MAX);
        if (m->base_len > 0 && !share && !ratio)
                fault(c, "base", "belongs to SHARE and RATIO only");
        check_filters(c, "base", m->base, m->base_len, DERIVED_FILTERS_MAX);
        if (m->scale > 0 && !ratio && m->kind != MEASURE_RATE)
                fault(c, "scale", "belongs to RATE and RATIO only");
        else if (m->scale > SCALE_MAX)
                fault(c, "scale", "is larger than allowed");
}

/* Names tell measures apart, so no two may have the same, and two of a kind may not both
 * go without. */
static void check_measure_names(struct check *c, const struct query *q, uint32_t i)
{
        const struct measure_ref *m = &q->measures[i];

        check_identifier(c, m->name, true);
        for (uint32_t j = 0; j < i; j++) {
                const struct measure_ref *other = &q->measures[j];

                if (!bytes_equal(m->name, other->name))
                        continue;
                if (m->kind == other->kind && bytes_equal(m->variable, other->variable)) {
                        fault(c, "", "is asked for twice; names tell two of a kind apart");
                        return;
                }
                if (m->name.len > 0) {
                        fault(c, "name", "is the name of an earlier measure");
                        return;
                }
        }
}

static void check_measure(struct check *c, const struct query *q, uint32_t i)
{
        const struct measure_ref *m = &q->measures[i];
        bool known = m->kind != MEASURE_NONE && (unsigned)m->kind < MEASURE_KIND_COUNT;

        if (!known)
                fault(c, "kind", "is not a known kind of measure");
        if (m->variable.len > 0 && known && measure_kind_wants_variable(m->kind) < 0)
                fault(c, "variable", "is nothing that this kind of measure has");
        else
                check_name(c, "variable", m->variable,
                        !known || measure_kind_wants_variable(m->kind) <= 0);
        if (known)
                check_measure_parts(c, m);
        check_measure_names(c, q, i);
}

/* Derived variables ----------------------------------------------------------- */

static bool has_name_of_date(int32_t day)
{
        char text[11];

        days_format(day, text);
        return text[0] != '0' || text[1] != '0' || text[2] != '0' || text[3] != '0';
}

static void check_window(struct check *c, const struct window *w)
{
        bool ends = w->kind == WINDOW_RELATIVE || w->kind == WINDOW_FIXED;

        if ((unsigned)w->kind > WINDOW_PERIOD) {
                fault(c, "window", "is not a known kind of window");
                return;
        }
        if (w->anchor.len > 0 && w->kind != WINDOW_RELATIVE)
                fault(c, "window.anchor", "belongs to a window of days from a date only");
        check_name(c, "window.anchor", w->anchor, true);
        if (!ends && (w->from != 0 || w->until != 0))
                fault(c, "window", "has ends that this kind of window does not have");
        else if (w->kind == WINDOW_RELATIVE &&
                 (w->from < -WINDOW_DAYS_MAX || w->from > WINDOW_DAYS_MAX ||
                         w->until < -WINDOW_DAYS_MAX || w->until > WINDOW_DAYS_MAX))
                fault(c, "window", "lies further from its anchor than allowed");
        else if (w->kind == WINDOW_FIXED &&
                 !(has_name_of_date(w->from) && has_name_of_date(w->until)))
                fault(c, "window", "has an end outside the years 1 to 9999");
        else if (ends && w->from > w->until)
                fault(c, "window", "ends before it begins");
}

/* A band's end; *out stays what it is where the band is open. */
static bool band_end(struct check *c, const char *field, struct bytes text, int64_t *out)
{
        if (text.len == 0 || bytes_decimal(text, BAND_DECIMALS, out))
                return true;
        fault(c, field, "is not a number in decimal notation");
        return false;
}

static void check_band_code(struct check *c, const struct derived *d, uint32_t i)
{
        struct bytes code = d->bands[i].code;

        if (code.len == 0)
                fault(c, "code", "is missing");
        else if (code.len > CODE_MAX_LEN)
                fault(c, "code", "is longer than a code may be");
        else if (!bytes_is_printable(code))
                fault(c, "code", "is not printable UTF-8");
        for (uint32_t j = 0; j < i && code.len > 0; j++)
                if (bytes_equal(code, d->bands[j].code)) {
                        fault(c, "code", "is the code of an earlier band");
                        return;
                }
}

/* *last: where the bands before it end. */
static void check_band(struct check *c, const struct derived *d, uint32_t i, int64_t *last)
{
        int64_t low = INT64_MIN, high = INT64_MAX;
        bool has_low = band_end(c, "low", d->bands[i].low, &low);
        bool has_high = band_end(c, "high", d->bands[i].high, &high);

        check_band_code(c, d, i);
        if (has_low && has_high && low > high)
                fault(c, "", "ends before it begins");
        else if (has_low && i > 0 && low <= *last)
                fault(c, "", "does not lie after the band before it");
        if (has_high)
                *last = high;
}

static void check_bands(struct check *c, const struct derived *d)
{
        int64_t last = INT64_MIN;

        if (d->bands_len > DERIVED_BANDS_MAX)
                fault(c, "bands", "has more bands than allowed");
        for (uint32_t i = 0; i < d->bands_len && i < DERIVED_BANDS_MAX; i++) {
                size_t from = enter(c, "bands", i);

                check_band(c, d, i, &last);
                leave(c, from);
        }
}

/* What is computed from events, and from what of them. */
static void check_events(struct check *c, const struct derived *d)
{
        bool count = d->kind == DERIVED_COUNT, sum = d->kind == DERIVED_SUM;

        check_name(c, "dataset", d->dataset, false);
        check_name(c, "date", d->date, true);
        if (d->variable.len > 0 && !count && !sum)
                fault(c, "variable", "belongs to COUNT and SUM only");
        check_name(c, "variable", d->variable, !sum);
        if (d->level.len > 0 && !(count && d->variable.len > 0))
                fault(c, "level", "belongs to COUNT of a variable only");
        check_name(c, "level", d->level, true);
        if (d->from.len > 0)
                fault(c, "from", "belongs to DAYS_BETWEEN only");
        if (d->to.len > 0)
                fault(c, "to", "belongs to DAYS_BETWEEN only");
        check_filters(c, "filters", d->filters, d->filters_len, DERIVED_FILTERS_MAX);
        check_window(c, &d->window);
        if ((unsigned)d->same > SAME_FAMILY)
                fault(c, "same", "is neither person nor family");
        if ((unsigned)d->in > IN_OTHER)
                fault(c, "in", "is none of any, same and other");
}

static void check_between(struct check *c, const struct derived *d)
{
        static const char only_events[] = "belongs to what is computed from events";
        const struct window *w = &d->window;

        check_name(c, "from", d->from, false);
        check_name(c, "to", d->to, false);
        if (d->dataset.len > 0)
                fault(c, "dataset", only_events);
        if (d->date.len > 0)
                fault(c, "date", only_events);
        if (d->variable.len > 0)
                fault(c, "variable", only_events);
        if (d->level.len > 0)
                fault(c, "level", only_events);
        if (d->filters_len > 0)
                fault(c, "filters", only_events);
        if (w->kind != WINDOW_NONE || w->anchor.len > 0 || w->from != 0 || w->until != 0)
                fault(c, "window", only_events);
        if (d->same != SAME_NONE)
                fault(c, "same", only_events);
        if (d->in != IN_NONE)
                fault(c, "in", only_events);
        if (d->include_base)
                fault(c, "include_base", only_events);
}

static void check_derived(struct check *c, const struct query *q, uint32_t i)
{
        const struct derived *d = &q->derived[i];
        bool known = d->kind != DERIVED_NONE && (unsigned)d->kind < DERIVED_KIND_COUNT;
        bool banded = d->kind == DERIVED_COUNT || d->kind == DERIVED_SUM ||
                      d->kind == DERIVED_DAYS_BETWEEN;

        check_identifier(c, d->name, false);
        for (uint32_t j = 0; j < i; j++)
                if (d->name.len > 0 && bytes_equal(d->name, q->derived[j].name)) {
                        fault(c, "name", "is the name of an earlier derived variable");
                        break;
                }
        if (!known)
                fault(c, "kind", "is not a known kind of derived variable");
        else if (d->kind == DERIVED_DAYS_BETWEEN)
                check_between(c, d);
        else
                check_events(c, d);
        if (known && !banded && d->bands_len > 0)
                fault(c, "bands", "belongs to COUNT, SUM and DAYS_BETWEEN only");
        else
                check_bands(c, d);
}

/* The whole --------------------------------------------------------------------- */

/* An indicator's own question is the bundle's, down to the day on which ages count. */
static void check_indicator(struct check *c, const struct query *q)
{
        static const char registry[] = "is the registry's where an indicator is asked for";

        check_name(c, "indicator.id", q->indicator, true);
        if (q->indicator.len == 0) {
                if (q->indicator_version != 0)
                        fault(c, "indicator.id", "is missing beside a version");
                check_name(c, "dataset", q->dataset, false);
                return;
        }
        if (q->dataset.len > 0)
                fault(c, "dataset", registry);
        if (q->linkage.len > 0)
                fault(c, "linkage", registry);
        if (q->unit != UNIT_NONE)
                fault(c, "unit", registry);
        if (q->period_date.len > 0)
                fault(c, "period_date", registry);
        if (q->municipality_rule != MUNICIPALITY_DELIVERING)
                fault(c, "municipality_rule", registry);
        if (q->has_age_at)
                fault(c, "age_at", registry);
        if (q->has_division_at)
                fault(c, "division_at", registry);
        if (q->derived_len > 0)
                fault(c, "derived", registry);
        if (q->measures_len > 0)
                fault(c, "measures", registry);
}

static void check_times(struct check *c, const struct query *q)
{
        if (q->vintage.number == 0 && q->vintage.revision != 0)
                fault(c, "vintage.number", "is missing beside a revision");
        if (q->has_period &&
                !(has_name_of_date(q->period.first) && has_name_of_date(q->period.last)))
                fault(c, "period", "has an end outside the years 1 to 9999");
        else if (q->has_period && q->period.first > q->period.last)
                fault(c, "period", "ends before it begins");
        if (!q->has_period && q->period_date.len > 0)
                fault(c, "period_date", "needs a period in which it lies");
        check_name(c, "period_date", q->period_date, true);
        if (q->has_age_at && !has_name_of_date(q->age_at))
                fault(c, "age_at", "is outside the years 1 to 9999");
        if (q->has_division_at && !has_name_of_date(q->division_at))
                fault(c, "division_at", "is outside the years 1 to 9999");
}

/* Calls `each` for the parts of a list that lie within the limit. */
static void check_list(struct check *c, const struct query *q, const char *list, uint32_t len,
        uint32_t most, void (*each)(struct check *c, const struct query *q, uint32_t i))
{
        if (len > most)
                fault(c, list, "has more items than allowed");
        for (uint32_t i = 0; i < len && i < most; i++) {
                size_t from = enter(c, list, i);

                each(c, q, i);
                leave(c, from);
        }
}

enum err query_check(const struct query *q, struct refusal *why)
{
        struct check c = {.why = why, .rc = ERR_OK};

        check_indicator(&c, q);
        check_name(&c, "purpose", q->purpose, false);
        check_name(&c, "linkage", q->linkage, true);
        if ((unsigned)q->unit >= UNIT_COUNT)
                fault(&c, "unit", "is not a known unit");
        if ((unsigned)q->municipality_rule >= MUNICIPALITY_RULE_COUNT)
                fault(&c, "municipality_rule", "is not a known rule");
        check_times(&c, q);
        check_list(&c, q, "derived", q->derived_len, DERIVED_MAX, check_derived);
        check_filters(&c, "filters", q->filters, q->filters_len, FILTERS_MAX);
        check_list(&c, q, "dimensions", q->dimensions_len, DIMENSIONS_MAX, check_dimension);
        check_list(&c, q, "measures", q->measures_len, MEASURES_MAX, check_measure);
        return c.rc;
}
