/* SPDX-License-Identifier: Apache-2.0 */
/* derived_oracle.c: see derived_oracle.h. */
#include "tests/support/derived_oracle.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { SECOND_DATE = WORLD_NUMBER, FIRST_DAY = 18900, LAST_DAY = 20000 };

/* Records --------------------------------------------------------------------------- */

static void let_all_be_asked(struct derived_world *d)
{
        struct linked_schema *s = &d->w.schema;

        for (uint32_t i = 0; i < 2; i++) {
                d->counties[i] = (struct code){.code = bytes_of_text(i == 0 ? "01" : "13"),
                        .parent = CODE_NO_PARENT,
                        .valid_from = INT32_MIN,
                        .valid_until = INT32_MAX};
                d->levels[i] = s->level;
        }
        d->levels[0].id = bytes_of_text("kommun");
        d->levels[1] =
                (struct code_level){.id = bytes_of_text("lan"), .codes = d->counties, .len = 2};
        for (uint32_t i = 0; i < WORLD_PLACES; i++)
                s->places[i].parent = i % 2;
        s->list.levels = d->levels;
        s->list.levels_len = 2;
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                struct variable *v = s->variables[i];

                for (uint32_t k = 0; k < WORLD_VARIABLES; k++) {
                        v[k].may_filter = v[k].may_group = v[k].overlapping = true;
                        v[k].role = k <= WORLD_DATE ? VARIABLE_IDENTIFYING : VARIABLE_SENSITIVE;
                }
                v[SECOND_DATE].id = bytes_of_text("slut");
                v[SECOND_DATE].type = VARIABLE_DATE;
                v[WORLD_DATE].min = v[SECOND_DATE].min = FIRST_DAY;
                v[WORLD_DATE].max = v[SECOND_DATE].max = LAST_DAY;
                v[WORLD_DATE].finest_date_level = v[SECOND_DATE].finest_date_level = 1;
                v[WORLD_AMOUNT].role = VARIABLE_MEASURE;
                v[WORLD_AMOUNT].decimals = 2;
                v[WORLD_FORM].max = 8;
                d->datasets[i] = &s->datasets[i];
                d->spans[i] = (struct period){FIRST_DAY, LAST_DAY};
        }
        s->datasets[1].episode_from = WORLD_DATE;
        s->datasets[1].episode_until = SECOND_DATE;
}

static void change_records(struct derived_world *d)
{
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                struct linked_part *part = &d->w.parts[i];

                for (uint32_t r = 0; r < part->rows; r++) {
                        int32_t day = ((int32_t *)part->columns[WORLD_DATE])[r];
                        bool never = day == MISSING_I32 || linked_random(&d->w, 4) == 0;

                        ((int32_t *)part->columns[SECOND_DATE])[r] =
                                never ? MISSING_I32 : day + (int32_t)linked_random(&d->w, 200);
                        ((uint16_t *)part->columns[WORLD_FORM])[r] %= WORLD_PLACES;
                }
        }
}

/* Whoever has not delivered a data set has no rows in it: they are another's. */
static void leave_places_out(struct derived_world *d, const uint32_t *absent)
{
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                struct linked_part *part = &d->w.parts[i];

                assert(absent[i] != (1u << WORLD_PLACES) - 1);
                for (uint32_t r = 0; r < part->rows; r++) {
                        while (absent[i] >> part->places[r] & 1)
                                part->places[r] = (uint16_t)linked_random(&d->w, WORLD_PLACES);
                        ((uint16_t *)part->columns[WORLD_PLACE])[r] = part->places[r];
                }
        }
}

/* A day on which an edge is named; half of them so that it ends to hold, or begins to, on
 * the day of a record. */
static int32_t day_of_edge(struct derived_world *d)
{
        const struct linked_part *part = &d->w.parts[0];
        int32_t day = 19000 + (int32_t)linked_random(&d->w, 700);
        int32_t holds = (int32_t)d->w.limits.holds_days;

        if (part->rows == 0 || linked_random(&d->w, 2) == 0)
                return day;
        day = ((const int32_t *)part->columns[WORLD_DATE])[linked_random(&d->w, part->rows)];
        if (day == MISSING_I32)
                return 19000;
        return linked_random(&d->w, 2) == 0 ? day + holds : day - holds;
}

/* Children of few guardians each, named on days of their own. */
static void name_guardians(struct derived_world *d, uint32_t guardians)
{
        for (uint32_t p = 0; p < d->w.persons && guardians > 0; p++)
                for (uint64_t n = linked_random(&d->w, 5); n > 0; n--)
                        if (linked_world_has_rows(&d->w, p))
                                linked_world_edge(&d->w, p,
                                        d->w.persons + (uint32_t)linked_random(&d->w, guardians),
                                        day_of_edge(d));
}

/* Chains of shared guardians that are too long, by spreading until nothing changes. */
static void find_missing(struct derived_world *d)
{
        const struct linked_world *w = &d->w;
        uint32_t *chain = malloc(sizeof(*chain) * w->names_len);
        bool changed = true;

        assert(chain != NULL);
        for (uint32_t i = 0; i < w->names_len; i++)
                chain[i] = i;
        while (changed) {
                changed = false;
                for (uint32_t i = 0; i < w->edges_len; i++) {
                        uint32_t *a = &chain[w->child[i]], *b = &chain[w->guardian[i]];

                        changed |= *a != *b;
                        *a = *b = *a < *b ? *a : *b;
                }
        }
        for (uint32_t p = 0; p < w->persons; p++) {
                uint32_t len = 0;

                for (uint32_t k = 0; k < w->persons; k++)
                        len += chain[k] == chain[p];
                d->kin_missing[p] = len > w->limits.persons_max;
        }
        free(chain);
}

void derived_world_make(struct derived_world *d, const struct derived_wish *wish)
{
        const struct linked_wish records = {.seed = wish->seed,
                .persons = wish->persons,
                .rows = wish->rows,
                .guardians = wish->guardians,
                .limits = wish->limits};

        memset(d, 0, sizeof(*d));
        linked_world_make(&d->w, &records);
        let_all_be_asked(d);
        change_records(d);
        leave_places_out(d, wish->absent);
        name_guardians(d, wish->guardians);
        d->kin_missing = calloc(d->w.names_len + 1, sizeof(*d->kin_missing));
        assert(d->kin_missing != NULL);
        find_missing(d);
        d->linked = linked_world_view(&d->w, wish->family, wish->threads);
}

void derived_world_free(struct derived_world *d)
{
        linked_unref(&d->linked);
        linked_world_free(&d->w);
        free(d->kin_missing);
}

struct plan_scope derived_world_scope(const struct derived_world *d, uint32_t part, bool family)
{
        return (struct plan_scope){
                .dataset = d->datasets[part],
                .span = d->spans[part],
                .linked = d->datasets,
                .spans = d->spans,
                .linked_len = WORLD_PARTS,
                .family = family,
        };
}

/* Values ------------------------------------------------------------------------------ */

static bool value_of(
        const struct derived_world *d, uint32_t part, uint32_t variable, uint32_t row, int64_t *out)
{
        const struct linked_part *p = &d->w.parts[part];
        const void *column = p->columns[variable];

        switch (variable) {
        case WORLD_PLACE:
                *out = p->places[row];
                return true;
        case WORLD_DATE:
        case SECOND_DATE:
                *out = ((const int32_t *)column)[row];
                return *out != INT32_MIN;
        case WORLD_AMOUNT:
                *out = ((const int64_t *)column)[row];
                return true;
        case WORLD_FLAG:
                *out = ((const uint8_t *)column)[row];
                return true;
        case WORLD_FORM:
                *out = ((const uint16_t *)column)[row];
                return true;
        default:
                assert(false);
        }
        return false;
}

static uint32_t find_variable(const struct derived_world *d, uint32_t part, struct bytes name)
{
        for (uint32_t i = 0; i < WORLD_VARIABLES; i++)
                if (bytes_equal(d->datasets[part]->variables[i].id, name))
                        return i;
        assert(false);
        return 0;
}

/* The value as a person writes it at a level. */
static void write_value(const struct derived_world *d, const struct variable *v, struct bytes level,
        int64_t value, char out[32])
{
        struct civil c;
        struct bytes code;

        switch (v->type) {
        case VARIABLE_BOOLEAN:
                snprintf(out, 32, "%s", value != 0 ? "true" : "false");
                return;
        case VARIABLE_CODE:
                code = bytes_is_text(level, "lan") ? d->counties[value % 2].code
                                                   : d->w.schema.places[value].code;
                snprintf(out, 32, "%.*s", (int)code.len, (const char *)code.data);
                return;
        case VARIABLE_DATE:
                c = civil_from_days((int32_t)value);
                if (bytes_is_text(level, "ar"))
                        snprintf(out, 32, "%04d", c.year);
                else
                        snprintf(out, 32, "%04d-%02d", c.year, c.month);
                return;
        default:
                snprintf(out, 32, "%lld", (long long)value);
        }
}

static bool text_passes(const struct filter *f, const char *text)
{
        int order = strncmp(text, (const char *)f->values[0].data, f->values[0].len);
        bool among = false;

        for (uint32_t i = 0; i < f->values_len; i++)
                among |= bytes_is_text(f->values[i], text);
        switch (f->op) {
        case FILTER_EQ:
        case FILTER_IN:
                return among;
        case FILTER_NE:
                return !among;
        case FILTER_GE:
                return order >= 0;
        case FILTER_LT:
                return order < 0;
        default:
                assert(false);
        }
        return false;
}

static bool passes(
        const struct derived_world *d, uint32_t part, const struct filter *f, uint32_t row)
{
        uint32_t i = find_variable(d, part, f->variable);
        char text[32];
        int64_t value;

        if (!value_of(d, part, i, row, &value))
                return false;
        write_value(d, &d->datasets[part]->variables[i], f->level, value, text);
        return text_passes(f, text);
}

/* Families ------------------------------------------------------------------------------ */

/* The days on which `child` is named as a child of `guardian`; false: on none. */
static bool named(const struct linked_world *w, uint32_t child, uint32_t guardian, int64_t *first,
        int64_t *last)
{
        bool any = false;

        for (uint32_t i = 0; i < w->edges_len; i++) {
                if (w->child[i] != child || w->guardian[i] != guardian)
                        continue;
                int64_t day = w->edges[i].day;

                *first = !any || day < *first ? day : *first;
                *last = !any || day > *last ? day : *last;
                any = true;
        }
        *first -= w->limits.holds_days;
        *last += w->limits.holds_days;
        return any;
}

static bool are_kin(const struct linked_world *w, uint32_t a, uint32_t b, int64_t day)
{
        for (uint32_t i = 0; i < w->edges_len; i++) {
                int64_t first = 0, last = 0;

                if (w->child[i] != a || !named(w, a, w->guardian[i], &first, &last) ||
                        day < first || day > last)
                        continue;
                if (named(w, b, w->guardian[i], &first, &last) && day >= first && day <= last)
                        return true;
        }
        return false;
}

/* Derived ------------------------------------------------------------------------------- */

int32_t oracle_number(const struct query *q, struct bytes name)
{
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (bytes_equal(q->derived[i].name, name))
                        return (int32_t)i;
        return -1;
}

static bool date_of(const struct derived_world *d, const struct query *q, uint32_t base,
        struct bytes name, uint32_t row, int64_t *out)
{
        int32_t number = oracle_number(q, name);

        if (name.len == 0)
                return value_of(d, base, WORLD_DATE, row, out);
        if (number >= 0)
                return oracle_derived(d, q, base, (uint32_t)number, row, out);
        return value_of(d, base, find_variable(d, base, name), row, out);
}

static uint32_t part_of(const struct derived_world *d, struct bytes id)
{
        for (uint32_t i = 0; i < WORLD_PARTS; i++)
                if (bytes_equal(d->datasets[i]->id, id))
                        return i;
        assert(false);
        return 0;
}

struct question {
        const struct derived_world *d;
        const struct query *q;
        const struct derived *v;
        uint32_t base, row, part;
        int64_t day; /* anchor, or day of the family */
};

static bool in_window(const struct question *k, uint32_t event)
{
        const struct window *w = &k->v->window;
        bool dated =
                w->kind != WINDOW_NONE || k->v->kind == DERIVED_FIRST || k->v->kind == DERIVED_LAST;
        uint32_t date = k->v->date.len > 0 ? find_variable(k->d, k->part, k->v->date) : WORLD_DATE;
        int64_t at;

        if (!dated)
                return true;
        if (!value_of(k->d, k->part, date, event, &at))
                return false;
        if (w->kind == WINDOW_RELATIVE)
                return at >= k->day + w->from && at <= k->day + w->until;
        if (w->kind == WINDOW_FIXED)
                return at >= w->from && at <= w->until;
        if (w->kind == WINDOW_PERIOD)
                return at >= k->q->period.first && at <= k->q->period.last;
        return true;
}

static bool is_event(const struct question *k, uint32_t event)
{
        const struct linked_world *w = &k->d->w;
        uint32_t who = w->parts[k->base].person[k->row], whose = w->parts[k->part].person[event];

        if (whose == w->names_len)
                return false;
        if (k->part == k->base && event == k->row && !k->v->include_base)
                return false;
        if (who != whose && (k->v->same != SAME_FAMILY || !are_kin(w, who, whose, k->day)))
                return false;
        if (k->v->in == IN_SAME || k->v->in == IN_OTHER) {
                bool here = w->parts[k->base].places[k->row] == w->parts[k->part].places[event];

                if (here != (k->v->in == IN_SAME))
                        return false;
        }
        for (uint32_t i = 0; i < k->v->filters_len; i++)
                if (!passes(k->d, k->part, &k->v->filters[i], event))
                        return false;
        return in_window(k, event);
}

struct tally {
        int64_t events, sum, first, last;
        char seen[512][32];
        uint32_t seen_len;
};

static void note(const struct question *k, uint32_t event, struct tally *t)
{
        uint32_t date = k->v->date.len > 0 ? find_variable(k->d, k->part, k->v->date) : WORLD_DATE;
        char text[32];
        int64_t value;

        t->events++;
        if (k->v->variable.len > 0) {
                uint32_t i = find_variable(k->d, k->part, k->v->variable);
                const struct variable *v = &k->d->datasets[k->part]->variables[i];

                if (!value_of(k->d, k->part, i, event, &value))
                        return;
                t->sum += value;
                write_value(k->d, v, k->v->level, value, text);
                for (uint32_t s = 0; s < t->seen_len; s++)
                        if (strcmp(t->seen[s], text) == 0)
                                return;
                snprintf(t->seen[t->seen_len++], 32, "%s", text);
                assert(t->seen_len < 512);
        } else if (value_of(k->d, k->part, date, event, &value)) {
                t->first = value < t->first ? value : t->first;
                t->last = value > t->last ? value : t->last;
        }
}

static bool between(const struct question *k, int64_t *out)
{
        int64_t from, to;

        if (!date_of(k->d, k->q, k->base, k->v->from, k->row, &from) ||
                !date_of(k->d, k->q, k->base, k->v->to, k->row, &to))
                return false;
        *out = to - from;
        return true;
}

/* What the events of the row say. */
static bool answer(const struct question *k, const struct tally *t, int64_t *out)
{
        switch (k->v->kind) {
        case DERIVED_EXISTS:
                *out = t->events > 0;
                return true;
        case DERIVED_COUNT:
                *out = k->v->variable.len > 0 ? t->seen_len : t->events;
                return true;
        case DERIVED_SUM:
                *out = t->sum;
                return true;
        case DERIVED_FIRST:
                *out = t->first;
                return t->events > 0;
        case DERIVED_LAST:
                *out = t->last;
                return t->events > 0;
        default:
                assert(false);
        }
        return false;
}

bool oracle_derived(const struct derived_world *d, const struct query *q, uint32_t base,
        uint32_t number, uint32_t row, int64_t *out)
{
        struct question k = {.d = d, .q = q, .v = &q->derived[number], .base = base, .row = row};
        uint32_t who = d->w.parts[base].person[row];
        struct tally t = {.first = INT64_MAX, .last = INT64_MIN};
        bool relative = k.v->window.kind == WINDOW_RELATIVE, family = k.v->same == SAME_FAMILY;

        if (k.v->kind == DERIVED_DAYS_BETWEEN)
                return between(&k, out);
        k.part = part_of(d, k.v->dataset);
        if ((relative || family) &&
                !date_of(
                        d, q, base, relative ? k.v->window.anchor : (struct bytes){0}, row, &k.day))
                return false;
        if (who == d->w.names_len)
                return answer(&k, &t, out);
        if (family && d->kin_missing[who])
                return false;
        for (uint32_t e = 0; e < d->w.parts[k.part].rows; e++)
                if (is_event(&k, e))
                        note(&k, e, &t);
        return answer(&k, &t, out);
}

/* Rows --------------------------------------------------------------------------------- */

static bool in_period(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row)
{
        int64_t from, until;

        if (!q->has_period)
                return true;
        if (q->period_date.len > 0 || d->datasets[base]->episode_from == UINT32_MAX)
                return date_of(d, q, base, q->period_date, row, &from) && from >= q->period.first &&
                       from <= q->period.last;
        return value_of(d, base, WORLD_DATE, row, &from) && from <= q->period.last &&
               (!value_of(d, base, SECOND_DATE, row, &until) || until >= q->period.first);
}

static bool has_delivered(const struct derived_world *d, uint32_t part, uint32_t place)
{
        for (uint32_t r = 0; r < d->w.parts[part].rows; r++)
                if (d->w.parts[part].places[r] == place)
                        return true;
        return false;
}

/* `enkat`, the last, is nobody's. */
bool oracle_counts(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t place)
{
        bool all = base == WORLD_PARTS - 1 || has_delivered(d, base, place);

        for (uint32_t i = 0; i < q->derived_len; i++) {
                if (q->derived[i].kind == DERIVED_DAYS_BETWEEN)
                        continue;
                uint32_t part = part_of(d, q->derived[i].dataset);

                all &= part == WORLD_PARTS - 1 || has_delivered(d, part, place);
        }
        return all;
}

struct bytes oracle_place(const struct derived_world *d, uint32_t place, struct bytes level)
{
        return bytes_is_text(level, "lan") ? d->counties[place % 2].code
                                           : d->w.schema.places[place].code;
}

static bool is_left_out(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row)
{
        return base != WORLD_PARTS - 1 && !oracle_counts(d, q, base, d->w.parts[base].places[row]);
}

/* The row of a person that decides, of those in the period or of all; UINT32_MAX: none. */
static uint32_t deciding_row(const struct derived_world *d, const struct query *q, uint32_t base,
        uint32_t person, bool all)
{
        const struct linked_part *p = &d->w.parts[base];
        bool last = q->municipality_rule == MUNICIPALITY_LAST;
        uint32_t best = UINT32_MAX;
        int64_t best_day = 0;

        for (uint32_t r = 0; r < p->rows; r++) {
                int64_t day;

                if (p->person[r] != person || is_left_out(d, q, base, r) ||
                        (!all && !in_period(d, q, base, r)))
                        continue;
                if (!value_of(d, base, WORLD_DATE, r, &day)) /* only where there is no other */
                        day = last ? INT64_MIN : INT64_MAX;
                if (best == UINT32_MAX || (last ? day >= best_day : day < best_day)) {
                        best = r;
                        best_day = day;
                }
        }
        return best;
}

/* The municipality that counts for a row. */
static uint32_t place_of(const struct derived_world *d, const struct query *q, uint32_t base,
        uint32_t row, bool margin)
{
        const struct linked_part *p = &d->w.parts[base];
        /* A neighbour does not know when something ended. */
        bool all = margin && bytes_is_text(q->period_date, "slut");

        if (q->municipality_rule == MUNICIPALITY_DELIVERING || p->person[row] == d->w.names_len)
                return p->places[row];
        uint32_t best = deciding_row(d, q, base, p->person[row], all);
        if (best == UINT32_MAX)
                best = deciding_row(d, q, base, p->person[row], true);
        return p->places[best == UINT32_MAX ? row : best];
}

static bool number_passes(const struct filter *f, long long scale, int64_t value)
{
        long long low = 0, high = 0;
        char text[80];

        assert(f->op == FILTER_IN && f->values_len == 1);
        snprintf(text, sizeof text, "%.*s", (int)f->values[0].len, (const char *)f->values[0].data);
        assert(sscanf(text, "%lld..%lld", &low, &high) == 2);
        return value >= low * scale && value <= high * scale;
}

static bool row_passes(const struct derived_world *d, const struct query *q, uint32_t base,
        const struct filter *f, uint32_t row, bool margin)
{
        int32_t number = oracle_number(q, f->variable);
        char text[32];
        int64_t value;

        if (number < 0 && bytes_is_text(f->variable, "kommun")) {
                write_value(d, &d->datasets[0]->variables[WORLD_PLACE], f->level,
                        place_of(d, q, base, row, margin), text);
                return text_passes(f, text);
        }
        if (number < 0)
                return passes(d, base, f, row);
        if (!oracle_derived(d, q, base, (uint32_t)number, row, &value))
                return false;
        switch (q->derived[number].kind) {
        case DERIVED_EXISTS:
                return text_passes(f, value != 0 ? "true" : "false");
        case DERIVED_FIRST:
        case DERIVED_LAST:
                write_value(d, &d->datasets[0]->variables[WORLD_DATE], f->level, value, text);
                return text_passes(f, text);
        default:
                return number_passes(f, q->derived[number].kind == DERIVED_SUM ? 100 : 1, value);
        }
}

bool oracle_asked(const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row)
{
        if (is_left_out(d, q, base, row) || !in_period(d, q, base, row))
                return false;
        for (uint32_t i = 0; i < q->filters_len; i++)
                if (!row_passes(d, q, base, &q->filters[i], row, false))
                        return false;
        return true;
}

bool oracle_margin(
        const struct derived_world *d, const struct query *q, uint32_t base, uint32_t row)
{
        if (is_left_out(d, q, base, row))
                return false;
        /* `datum` is identifying, `slut` is not. */
        if (!bytes_is_text(q->period_date, "slut") && !in_period(d, q, base, row))
                return false;
        for (uint32_t i = 0; i < q->filters_len; i++)
                if ((bytes_is_text(q->filters[i].variable, "kommun") ||
                            bytes_is_text(q->filters[i].variable, "datum")) &&
                        !row_passes(d, q, base, &q->filters[i], row, true))
                        return false;
        return true;
}

static bool category_text(const struct derived_world *d, const struct query *q, uint32_t base,
        const struct dimension *dimension, uint32_t row, bool margin, char out[32])
{
        int32_t number = oracle_number(q, dimension->variable);
        const struct derived *v = number >= 0 ? &q->derived[number] : NULL;
        int64_t value;

        if (v == NULL && bytes_is_text(dimension->variable, "kommun")) {
                write_value(d, &d->datasets[0]->variables[WORLD_PLACE], dimension->level,
                        place_of(d, q, base, row, margin), out);
                return true;
        }
        if (v == NULL) {
                uint32_t i = find_variable(d, base, dimension->variable);

                if (!value_of(d, base, i, row, &value))
                        return false;
                write_value(d, &d->datasets[base]->variables[i], dimension->level, value, out);
                return true;
        }
        if (!oracle_derived(d, q, base, (uint32_t)number, row, &value))
                return false;
        if (v->kind == DERIVED_EXISTS) {
                snprintf(out, 32, "%s", value != 0 ? "true" : "false");
                return true;
        }
        if (v->kind == DERIVED_FIRST || v->kind == DERIVED_LAST) {
                write_value(
                        d, &d->datasets[0]->variables[WORLD_DATE], dimension->level, value, out);
                return true;
        }
        for (uint32_t i = 0; i < v->bands_len; i++) {
                long long scale = v->kind == DERIVED_SUM ? 100 : 1;
                long long low = v->bands[i].low.len > 0
                                        ? atoll((const char *)v->bands[i].low.data) * scale
                                        : INT64_MIN;
                long long high = v->bands[i].high.len > 0
                                         ? atoll((const char *)v->bands[i].high.data) * scale
                                         : INT64_MAX;

                if (value < low || value > high)
                        continue;
                snprintf(out, 32, "%.*s", (int)v->bands[i].code.len,
                        (const char *)v->bands[i].code.data);
                return true;
        }
        return false;
}

uint32_t oracle_category(const struct derived_world *d, const struct query *q, uint32_t base,
        const struct dimension *dimension, uint32_t row, bool margin)
{
        char text[32] = "ovrigt";

        if (!category_text(d, q, base, dimension, row, margin, text))
                snprintf(text, sizeof text, "ovrigt");
        for (uint32_t c = 0; c < dimension->len; c++)
                if (bytes_is_text(dimension->categories[c].code, text))
                        return c;
        return dimension->len;
}
