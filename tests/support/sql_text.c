/* SPDX-License-Identifier: Apache-2.0 */
/* sql_text.c: see sql_text.h. */
#include "tests/support/sql_text.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define NAME(b) (int)(b).len, (const char *)(b).data

enum { MERGED_FROM = 13514 }; /* 2007-01-01, when Heby changed county and code */

static const struct policy_dataset *base_of(const struct sql_asking *a)
{
        return a->w->datasets[a->part];
}

int64_t sql_number(struct bytes text, uint32_t decimals)
{
        int64_t n = 0;
        uint32_t after = 0;
        bool point = false, negative = text.len > 0 && text.data[0] == '-';

        for (size_t i = negative; i < text.len; i++) {
                if (text.data[i] == '.') {
                        point = true;
                        continue;
                }
                assert(text.data[i] >= '0' && text.data[i] <= '9');
                n = n * 10 + (text.data[i] - '0');
                after += point;
        }
        for (; after < decimals; after++)
                n *= 10;
        return negative ? -n : n;
}

/* Things -------------------------------------------------------------------------------- */

static const struct derived *derived_find(const struct query *q, struct bytes name)
{
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (bytes_equal(q->derived[i].name, name))
                        return &q->derived[i];
        return NULL;
}

static struct sql_thing thing_of_variable(
        const char *alias, const char *prefix, const struct variable *v)
{
        struct sql_thing out = {
                .type = v->type,
                .codes = v->codes,
                .bandings = v->bandings,
                .bandings_len = v->bandings_len,
                .decimals = v->decimals,
                .finest = v->type == VARIABLE_DATE ? v->finest_date_level : v->finest_level,
        };

        snprintf(out.column, sizeof out.column, "%s.\"%s%.*s\"", alias, prefix, NAME(v->id));
        return out;
}

static const struct variable *variable_of(const struct policy_dataset *d, struct bytes name)
{
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (bytes_equal(d->variables[i].id, name))
                        return &d->variables[i];
        return NULL;
}

static const struct variable *event_variable(const struct sql_asking *a, const struct derived *d)
{
        const struct policy_dataset *events = a->w->datasets[sql_world_part(a->w, d->dataset)];

        if (d->kind == DERIVED_SUM)
                return variable_of(events, d->variable);
        return d->date.len > 0 ? variable_of(events, d->date)
                               : &events->variables[events->order_variable];
}

static struct sql_thing thing_of_derived(
        const struct sql_asking *a, const char *alias, const struct derived *d)
{
        struct sql_thing out = {.type = VARIABLE_INTEGER, .derived = d};

        if (d->kind == DERIVED_EXISTS)
                out.type = VARIABLE_BOOLEAN;
        if (d->kind == DERIVED_SUM)
                out.decimals = event_variable(a, d)->decimals;
        if (d->kind == DERIVED_FIRST || d->kind == DERIVED_LAST) {
                out.type = VARIABLE_DATE;
                out.finest = event_variable(a, d)->finest_date_level;
        }
        snprintf(out.column, sizeof out.column, "%s.\"%.*s\"", alias, NAME(d->name));
        return out;
}

static bool is_stated(const struct sql_asking *a, const struct variable *v)
{
        return (v->type == VARIABLE_AGE && a->q->has_age_at) ||
               (v->source == SOURCE_MUNICIPALITY &&
                       a->q->municipality_rule != MUNICIPALITY_DELIVERING);
}

struct sql_thing sql_thing_of(const struct sql_asking *a, const char *alias, struct bytes name)
{
        const struct derived *d = derived_find(a->q, name);

        if (d != NULL)
                return thing_of_derived(a, alias, d);
        const struct variable *v = variable_of(base_of(a), name);
        assert(v != NULL);
        return thing_of_variable(alias, is_stated(a, v) ? "stated " : "", v);
}

/* Levels -------------------------------------------------------------------------------- */

const struct banding *sql_banding_find(const struct sql_thing *thing, struct bytes level)
{
        if (level.len == 0)
                return thing->bandings_len > 0 ? &thing->bandings[0] : NULL;
        for (uint32_t i = 0; i < thing->bandings_len; i++)
                if (bytes_equal(thing->bandings[i].id, level))
                        return &thing->bandings[i];
        return NULL;
}

static int64_t division_of(const struct sql_asking *a)
{
        return a->q->has_division_at ? a->q->division_at
               : a->q->has_period    ? a->q->period.last
                                     : a->w->spans[a->part].last;
}

void sql_say_codes(const struct sql_asking *a, const struct code_list *list)
{
        bool before = list == policy_municipalities(a->w->policy) && division_of(a) < MERGED_FROM;

        fprintf(a->to, "\"codes_%.*s%s\"", NAME(list->id), before ? "_before" : "");
}

static uint32_t level_of(const struct code_list *list, struct bytes level, uint32_t finest)
{
        for (uint32_t i = 0; i < list->levels_len; i++)
                if (bytes_equal(list->levels[i].id, level))
                        return i;
        return finest;
}

static void say_date(const struct sql_asking *a, const struct sql_thing *thing, struct bytes level)
{
        static const char *const names[] = {"dag", "manad", "kvartal", "ar"};
        const char *x = thing->column;
        uint32_t i = thing->finest;

        for (uint32_t k = 0; k < 4; k++)
                i = bytes_is_text(level, names[k]) ? k : i;
        if (i == 2)
                fprintf(a->to,
                        "strftime('%%Y', %s * 86400, 'unixepoch') || '-Q' || "
                        "((CAST(strftime('%%m', %s * 86400, 'unixepoch') AS INTEGER) + 2) / 3)",
                        x, x);
        else
                fprintf(a->to, "strftime('%s', %s * 86400, 'unixepoch')",
                        i == 0   ? "%Y-%m-%d"
                        : i == 1 ? "%Y-%m"
                                 : "%Y",
                        x);
}

static void say_band(
        const struct sql_asking *a, const char *x, int64_t low, int64_t high, struct bytes code)
{
        fprintf(a->to, " WHEN %s", x);
        if (low != INT64_MIN)
                fprintf(a->to, " >= %lld AND %s", (long long)low, x);
        if (high != INT64_MAX)
                fprintf(a->to, " <= %lld AND %s", (long long)high, x);
        fprintf(a->to, " IS NOT NULL THEN '%.*s'", NAME(code));
}

static void say_bands(const struct sql_asking *a, const struct sql_thing *thing, struct bytes level)
{
        const struct banding *b = sql_banding_find(thing, level);
        const struct derived *d = thing->derived;

        fprintf(a->to, "CASE");
        for (uint32_t i = 0; d == NULL && b != NULL && i < b->len; i++)
                say_band(a, thing->column, b->bands[i].low, b->bands[i].high, b->bands[i].code);
        for (uint32_t i = 0; d != NULL && i < d->bands_len; i++)
                say_band(a, thing->column,
                        d->bands[i].low.len > 0 ? sql_number(d->bands[i].low, thing->decimals)
                                                : INT64_MIN,
                        d->bands[i].high.len > 0 ? sql_number(d->bands[i].high, thing->decimals)
                                                 : INT64_MAX,
                        d->bands[i].code);
        fprintf(a->to, " WHEN 0 THEN '' END");
}

void sql_say_level(const struct sql_asking *a, const struct sql_thing *thing, struct bytes level)
{
        switch (thing->type) {
        case VARIABLE_CODE:
                fprintf(a->to, "(SELECT l%u FROM ", level_of(thing->codes, level, thing->finest));
                sql_say_codes(a, thing->codes);
                fprintf(a->to, " c WHERE c.idx = %s)", thing->column);
                return;
        case VARIABLE_BOOLEAN:
                fprintf(a->to, "CASE %s WHEN 1 THEN 'true' WHEN 0 THEN 'false' END", thing->column);
                return;
        case VARIABLE_DATE:
                say_date(a, thing, level);
                return;
        default:
                say_bands(a, thing, level);
        }
}

/* Filters --------------------------------------------------------------------------------- */

static int64_t first_day(int year, int month)
{
        return days_from_civil((struct civil){year + (month - 1) / 12, 1 + (month - 1) % 12, 1});
}

/* "2024", "2024-Q3", "2024-05", "2024-05-17" */
static void read_date(struct bytes text, int64_t *low, int64_t *high)
{
        char at[16];
        int year = 0, month = 0, day = 0;

        snprintf(at, sizeof at, "%.*s", NAME(text));
        if (sscanf(at, "%d-Q%d", &year, &month) == 2) {
                *low = first_day(year, month * 3 - 2);
                *high = first_day(year, month * 3 + 1) - 1;
        } else if (sscanf(at, "%d-%d-%d", &year, &month, &day) == 3) {
                *low = *high = days_from_civil((struct civil){year, month, day});
        } else if (sscanf(at, "%d-%d", &year, &month) == 2) {
                *low = first_day(year, month);
                *high = first_day(year, month + 1) - 1;
        } else {
                year = atoi(at);
                *low = first_day(year, 1);
                *high = first_day(year, 13) - 1;
        }
}

static void read_value(const struct sql_thing *thing, const struct filter *f, struct bytes text,
        int64_t *low, int64_t *high)
{
        if (thing->type == VARIABLE_DATE) {
                read_date(text, low, high);
                return;
        }
        if (f->level.len > 0) {
                const struct banding *b = sql_banding_find(thing, f->level);

                for (uint32_t i = 0; i < b->len; i++)
                        if (bytes_equal(b->bands[i].code, text)) {
                                *low = b->bands[i].low;
                                *high = b->bands[i].high;
                                return;
                        }
                assert(false);
        }
        *low = *high = sql_number(text, thing->decimals);
}

static void read_range(const struct sql_thing *thing, const struct filter *f, struct bytes text,
        int64_t *low, int64_t *high)
{
        for (size_t i = 0; f->op == FILTER_IN && i + 1 < text.len; i++) {
                int64_t unused;

                if (text.data[i] != '.' || text.data[i + 1] != '.')
                        continue;
                read_value(thing, f, bytes_of(text.data, i), low, &unused);
                read_value(thing, f, bytes_of(text.data + i + 2, text.len - i - 2), &unused, high);
                return;
        }
        read_value(thing, f, text, low, high);
}

static void say_ranges(
        const struct sql_asking *a, const struct sql_thing *thing, const struct filter *f)
{
        const char *x = thing->column;
        int64_t low, high;

        fprintf(a->to, "%s(", f->op == FILTER_NE ? "NOT " : "");
        for (uint32_t i = 0; i < f->values_len; i++) {
                read_range(thing, f, f->values[i], &low, &high);
                fprintf(a->to, "%s", i > 0 ? " OR " : "");
                if (f->op == FILTER_LT)
                        fprintf(a->to, "%s < %lld", x, (long long)low);
                else if (f->op == FILTER_LE)
                        fprintf(a->to, "%s <= %lld", x, (long long)high);
                else if (f->op == FILTER_GT)
                        fprintf(a->to, "%s > %lld", x, (long long)high);
                else if (f->op == FILTER_GE)
                        fprintf(a->to, "%s >= %lld", x, (long long)low);
                else
                        fprintf(a->to, "%s BETWEEN %lld AND %lld", x, (long long)low,
                                (long long)high);
        }
        fprintf(a->to, ")");
}

static void say_filter(
        const struct sql_asking *a, const struct sql_thing *thing, const struct filter *f)
{
        if (thing->type != VARIABLE_CODE && thing->type != VARIABLE_BOOLEAN) {
                say_ranges(a, thing, f);
                return;
        }
        sql_say_level(a, thing, f->level);
        fprintf(a->to, f->op == FILTER_NE ? " NOT IN (" : " IN (");
        for (uint32_t i = 0; i < f->values_len; i++)
                fprintf(a->to, "%s'%.*s'", i > 0 ? ", " : "", NAME(f->values[i]));
        fprintf(a->to, ")");
}

void sql_say_filters(
        const struct sql_asking *a, const char *alias, const struct filter *filters, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++) {
                struct sql_thing thing = sql_thing_of(a, alias, filters[i].variable);

                fprintf(a->to, " AND ");
                say_filter(a, &thing, &filters[i]);
        }
}

/* Steps ----------------------------------------------------------------------------------- */

/* Whether row `alias` of the base lies in the period. */
static void say_period(const struct sql_asking *a, const char *alias)
{
        const struct policy_dataset *d = base_of(a);
        const struct query *q = a->q;
        long long first = q->period.first, last = q->period.last;

        if (!q->has_period)
                fprintf(a->to, "1");
        else if (q->period_date.len > 0)
                fprintf(a->to, "%s.\"%.*s\" BETWEEN %lld AND %lld", alias, NAME(q->period_date),
                        first, last);
        else if (d->episode_from == UINT32_MAX)
                fprintf(a->to, "%s.\"%.*s\" BETWEEN %lld AND %lld", alias,
                        NAME(d->variables[d->order_variable].id), first, last);
        else
                fprintf(a->to, "%s.\"%.*s\" <= %lld AND coalesce(%s.\"%.*s\", %lld) >= %lld", alias,
                        NAME(d->variables[d->episode_from].id), last, alias,
                        NAME(d->variables[d->episode_until].id), last, first);
}

void sql_say_delivered(const struct sql_asking *a, const char *alias)
{
        const struct policy_dataset *d = base_of(a);

        for (uint32_t i = 0; i < a->q->derived_len; i++)
                if (a->q->derived[i].kind != DERIVED_DAYS_BETWEEN)
                        fprintf(a->to, " AND %s.\"%.*s\" IN (SELECT place FROM \"delivered_%.*s\")",
                                alias, NAME(d->variables[d->municipality_variable].id),
                                NAME(a->q->derived[i].dataset));
}

static void say_stated_place(const struct sql_asking *a)
{
        const struct policy_dataset *d = base_of(a);
        struct bytes place = d->variables[d->municipality_variable].id;
        struct bytes order = d->variables[d->order_variable].id;
        const char *way = a->q->municipality_rule == MUNICIPALITY_LAST ? "DESC" : "ASC";

        fprintf(a->to,
                ", CASE WHEN b.p IS NULL THEN b.\"%.*s\" ELSE (SELECT y.\"%.*s\" FROM \"t_%.*s\" y "
                "WHERE y.p = b.p AND ",
                NAME(place), NAME(place), NAME(d->id));
        say_period(a, "y");
        sql_say_delivered(a, "y");
        fprintf(a->to, " ORDER BY y.\"%.*s\" %s, y.rid %s LIMIT 1) END AS \"stated %.*s\"",
                NAME(order), way, way, NAME(place));
}

static void say_stated_age(const struct sql_asking *a, const struct variable *v)
{
        struct bytes birth = base_of(a)->variables[v->age_birth].id;

        fprintf(a->to,
                ", CASE WHEN b.\"%.*s\" <= %d THEN (CAST(strftime('%%Y%%m%%d', %d * 86400, "
                "'unixepoch') AS INTEGER) - CAST(strftime('%%Y%%m%%d', b.\"%.*s\" * 86400, "
                "'unixepoch') AS INTEGER)) / 10000 END AS \"stated %.*s\"",
                NAME(birth), a->q->age_at, a->q->age_at, NAME(birth), NAME(v->id));
}

static void say_base(const struct sql_asking *a)
{
        const struct policy_dataset *d = base_of(a);

        fprintf(a->to, "WITH q0 AS MATERIALIZED (SELECT b.*");
        if (a->q->municipality_rule != MUNICIPALITY_DELIVERING)
                say_stated_place(a);
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (d->variables[i].type == VARIABLE_AGE && a->q->has_age_at)
                        say_stated_age(a, &d->variables[i]);
        fprintf(a->to, " FROM \"t_%.*s\" b WHERE ", NAME(d->id));
        say_period(a, "b");
        sql_say_delivered(a, "b");
        fprintf(a->to, ")");
}

/* Events of base row b: alias e. */
struct sql_events {
        const struct derived *d;
        const struct policy_dataset *events;
        char day[96];  /* of the window, and of the family */
        char date[96]; /* of the event */
        bool relative, family;
};

static struct sql_events events_of(const struct sql_asking *a, const struct derived *d)
{
        const struct policy_dataset *base = base_of(a);
        struct sql_events out = {
                .d = d,
                .events = a->w->datasets[sql_world_part(a->w, d->dataset)],
                .relative = d->window.kind == WINDOW_RELATIVE,
                .family = d->same == SAME_FAMILY,
        };
        struct bytes date =
                d->date.len > 0 ? d->date : out.events->variables[out.events->order_variable].id;
        struct bytes anchor = out.relative && d->window.anchor.len > 0
                                      ? d->window.anchor
                                      : base->variables[base->order_variable].id;

        snprintf(out.day, sizeof out.day, "b.\"%.*s\"", NAME(anchor));
        snprintf(out.date, sizeof out.date, "e.\"%.*s\"", NAME(date));
        return out;
}

static void say_window(const struct sql_asking *a, const struct sql_events *k)
{
        const struct window *w = &k->d->window;

        if (w->kind == WINDOW_RELATIVE)
                fprintf(a->to, " AND %s BETWEEN %s + (%d) AND %s + (%d)", k->date, k->day, w->from,
                        k->day, w->until);
        else if (w->kind == WINDOW_FIXED)
                fprintf(a->to, " AND %s BETWEEN %d AND %d", k->date, w->from, w->until);
        else if (w->kind == WINDOW_PERIOD)
                fprintf(a->to, " AND %s BETWEEN %d AND %d", k->date, a->q->period.first,
                        a->q->period.last);
}

static void say_municipality(const struct sql_asking *a, const struct sql_events *k)
{
        const struct policy_dataset *base = base_of(a), *events = k->events;

        if (k->d->in != IN_SAME && k->d->in != IN_OTHER)
                return;
        const struct variable *here = &base->variables[base->municipality_variable];
        const struct variable *there = &events->variables[events->municipality_variable];
        fprintf(a->to, " AND (SELECT now FROM ");
        sql_say_codes(a, here->codes);
        fprintf(a->to, " c WHERE c.idx = b.\"%.*s\") %s (SELECT now FROM ", NAME(here->id),
                k->d->in == IN_SAME ? "=" : "<>");
        sql_say_codes(a, there->codes);
        fprintf(a->to, " c WHERE c.idx = e.\"%.*s\")", NAME(there->id));
}

static void say_event_filters(const struct sql_asking *a, const struct sql_events *k)
{
        for (uint32_t i = 0; i < k->d->filters_len; i++) {
                const struct filter *f = &k->d->filters[i];
                struct sql_thing thing =
                        thing_of_variable("e", "", variable_of(k->events, f->variable));

                fprintf(a->to, " AND ");
                say_filter(a, &thing, f);
        }
}

static void say_what(const struct sql_asking *a, const struct sql_events *k)
{
        switch (k->d->kind) {
        case DERIVED_EXISTS:
                fprintf(a->to, "COUNT(*) > 0");
                return;
        case DERIVED_FIRST:
                fprintf(a->to, "MIN(%s)", k->date);
                return;
        case DERIVED_LAST:
                fprintf(a->to, "MAX(%s)", k->date);
                return;
        case DERIVED_SUM:
                fprintf(a->to, "coalesce(SUM(e.\"%.*s\"), 0)", NAME(k->d->variable));
                return;
        default:
                break;
        }
        if (k->d->variable.len == 0) {
                fprintf(a->to, "COUNT(*)");
                return;
        }
        struct sql_thing thing = thing_of_variable("e", "", variable_of(k->events, k->d->variable));
        fprintf(a->to, "COUNT(DISTINCT ");
        sql_say_level(a, &thing, k->d->level);
        fprintf(a->to, ")");
}

static void say_events(const struct sql_asking *a, const struct derived *d)
{
        struct sql_events k = events_of(a, d);

        /* Nobody's family is missing because it is large, and the day of a window may be. */
        fprintf(a->to, "CASE WHEN ");
        if (k.family)
                fprintf(a->to, "b.p IN (SELECT p FROM missing) OR ");
        fprintf(a->to, "%s IS NULL THEN NULL ELSE (SELECT ", k.relative || k.family ? k.day : "0");
        say_what(a, &k);
        fprintf(a->to, " FROM \"t_%.*s\" e WHERE ", NAME(k.events->id));
        if (k.family)
                fprintf(a->to,
                        "e.p IN (SELECT b.p UNION SELECT kin.k FROM kin WHERE kin.p = b.p AND %s "
                        "BETWEEN kin.f AND kin.l)",
                        k.day);
        else
                fprintf(a->to, "e.p = b.p");
        if (k.events == base_of(a) && !d->include_base)
                fprintf(a->to, " AND e.rid <> b.rid");
        say_window(a, &k);
        say_municipality(a, &k);
        say_event_filters(a, &k);
        fprintf(a->to, ") END");
}

uint32_t sql_say_steps(const struct sql_asking *a)
{
        say_base(a);
        for (uint32_t i = 0; i < a->q->derived_len; i++) {
                const struct derived *d = &a->q->derived[i];

                fprintf(a->to, ",\nq%u AS MATERIALIZED (SELECT b.*, ", i + 1);
                if (d->kind == DERIVED_DAYS_BETWEEN)
                        fprintf(a->to, "b.\"%.*s\" - b.\"%.*s\"", NAME(d->to), NAME(d->from));
                else
                        say_events(a, d);
                fprintf(a->to, " AS \"%.*s\" FROM q%u b)", NAME(d->name), i);
        }
        return a->q->derived_len;
}
