/* SPDX-License-Identifier: Apache-2.0 */
/* derived_plan.c: derived variables against the schema.
 *
 * Each becomes an operand of its own, with a variable made for it, so that filters,
 * dimensions and measures need not know where it came from. What it may be cut by is its
 * own bands; dates keep the levels of the date they are taken from. A fixed window is cut
 * where the policy lets that date be cut, or it would be a filter finer than any. */
#include <assert.h>
#include <stdio.h>

#include "base/arena.h"
#include "gateway/query/derived.h"

enum { DISTINCT_DAYS_MAX = 400 * 366 };

struct deriving {
        struct planning *g;
        const struct derived *ask;
        struct derivation *d;
        struct variable *v; /* what it will be */
        uint32_t number;
        struct period span;
};

static enum err fault(struct deriving *s, enum err code, const char *part, const char *text)
{
        return planning_fault(
                s->g, code, text, "derived[%u]%s%s", s->number, part[0] != '\0' ? "." : "", part);
}

static bool may_be_asked(const struct variable *v)
{
        return v->may_filter || v->may_group;
}

/* A date of the base record, or one derived before. */
static enum err base_date(struct deriving *s, struct bytes name, const char *part, uint32_t *out)
{
        const struct operands *o = &s->g->plan->operands;
        int32_t i = operand_find(o, name);

        if (i < 0 || o->list[i].variable->type != VARIABLE_DATE)
                return fault(s, ERR_UNKNOWN_NAME, part,
                        "neither the data set nor an earlier derived variable has such a date");
        if (!o->list[i].derived && !may_be_asked(o->list[i].variable))
                return fault(s, ERR_NOT_ALLOWED, part,
                        "the policy does not let this date be asked about");
        *out = (uint32_t)i;
        return ERR_OK;
}

static bool never_missing(const struct deriving *s, uint32_t operand)
{
        const struct operand *o = &s->g->plan->operands.list[operand];

        return !o->derived && o->variable->required;
}

/* Events ------------------------------------------------------------------------------ */

static enum err find_events(struct deriving *s)
{
        const struct plan_scope *scope = s->g->scope;
        bool base = bytes_equal(s->ask->dataset, scope->dataset->id);

        s->d->events = base ? scope->dataset : NULL;
        s->span = scope->span;
        for (uint32_t i = 0; i < scope->linked_len; i++) {
                if (!bytes_equal(scope->linked[i]->id, s->ask->dataset))
                        continue;
                s->d->events = scope->linked[i];
                s->span = scope->spans[i];
        }
        if (s->d->events == NULL)
                return fault(s, ERR_UNKNOWN_NAME, "dataset", "the linkage has no such data set");
        s->d->exclude_base = base && !s->ask->include_base;
        uint32_t len = s->d->events->variables_len;
        struct operand *list = arena_alloc(s->g->arena, len, sizeof(*list));
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                list[i] =
                        (struct operand){.variable = &s->d->events->variables[i], .span = s->span};
        s->d->event_operands = (struct operands){.dataset = s->d->events,
                .list = list,
                .len = len,
                .division = s->g->plan->operands.division};
        return ERR_OK;
}

static enum err compile_filters(struct deriving *s)
{
        const char *field = arena_printf(s->g->arena, "derived[%u].filters", s->number);
        struct test *tests = NULL;

        if (field == NULL)
                return ERR_NO_MEMORY;
        if (s->ask->filters_len > DERIVED_FILTERS_MAX)
                return fault(s, ERR_LIMIT, "filters", "has more filters than allowed");
        TRY(tests_compile(&s->d->event_operands, s->ask->filters, s->ask->filters_len, field,
                s->g->arena, &tests, s->g->why));
        s->d->tests = tests;
        s->d->tests_len = s->ask->filters_len;
        return ERR_OK;
}

static const struct variable *event_variable(const struct deriving *s, uint32_t i)
{
        return &s->d->events->variables[i];
}

/* Which date of an event counts, if any does. */
static enum err compile_date(struct deriving *s)
{
        bool dated = s->d->kind == DERIVED_FIRST || s->d->kind == DERIVED_LAST ||
                     s->ask->window.kind != WINDOW_NONE;
        assert(s->d->events != NULL);
        uint32_t date = s->d->events->order_variable;

        s->d->date = UINT32_MAX;
        if (s->ask->date.len > 0) {
                int32_t i = variable_find(s->d->events, s->ask->date);

                if (i < 0 || event_variable(s, (uint32_t)i)->type != VARIABLE_DATE)
                        return fault(s, ERR_UNKNOWN_NAME, "date",
                                "the data set of the events has no such date");
                date = (uint32_t)i;
        }
        if (!dated)
                return ERR_OK;
        if (date == UINT32_MAX)
                return fault(s, ERR_INVALID, "date", "the data set of the events has no date");
        if (!may_be_asked(event_variable(s, date)))
                return fault(s, ERR_NOT_ALLOWED, "date",
                        "the policy does not let this date be asked about");
        s->d->date = date;
        return ERR_OK;
}

static enum err fix_window(struct deriving *s, struct period days)
{
        if (!date_is_whole(days, event_variable(s, s->d->date)->finest_date_level))
                return fault(s, ERR_NOT_ALLOWED, "window",
                        "the window begins or ends inside a month, quarter or year that the policy "
                        "does not let the date of the events be cut in");
        s->d->window = WINDOW_FIXED;
        s->d->window_from = days.first;
        s->d->window_until = days.last;
        return ERR_OK;
}

static enum err compile_window(struct deriving *s)
{
        const struct window *w = &s->ask->window;
        const struct query *q = s->g->query;

        s->d->window = WINDOW_NONE;
        s->d->anchor = UINT32_MAX;
        switch (w->kind) {
        case WINDOW_NONE:
                return ERR_OK;
        case WINDOW_FIXED:
                return fix_window(s, (struct period){w->from, w->until});
        case WINDOW_PERIOD:
                if (!q->has_period)
                        return fault(s, ERR_INVALID, "window", "the question has no period");
                return fix_window(s, q->period);
        case WINDOW_RELATIVE:
                break;
        }
        if (w->kind != WINDOW_RELATIVE)
                return fault(s, ERR_INVALID, "window", "is not a known kind of window");
        if (w->from > w->until || w->from < -WINDOW_DAYS_MAX || w->until > WINDOW_DAYS_MAX)
                return fault(s, ERR_INVALID, "window",
                        "the window ends before it begins, or lies too far from its anchor");
        s->d->window = WINDOW_RELATIVE;
        s->d->window_from = w->from;
        s->d->window_until = w->until;
        return ERR_OK;
}

/* The day that a relative window starts from, and on which a family is one. */
static enum err compile_anchor(struct deriving *s)
{
        const struct policy_dataset *base = s->g->plan->dataset;
        bool relative = s->d->window == WINDOW_RELATIVE;
        const char *part = relative ? "window.anchor" : "same";

        s->d->family = s->ask->same == SAME_FAMILY;
        if (s->d->family && !s->g->scope->family)
                return fault(s, ERR_NOT_ALLOWED, "same",
                        "the linkage does not follow guardians, so it knows no families");
        if (!relative && !s->d->family)
                return ERR_OK;
        if (relative && s->ask->window.anchor.len > 0)
                return base_date(s, s->ask->window.anchor, part, &s->d->anchor);
        if (base->order_variable == UINT32_MAX)
                return fault(s, ERR_INVALID, part,
                        "the data set's records have no date of their own to count from");
        return base_date(s, base->variables[base->order_variable].id, part, &s->d->anchor);
}

/* Municipality by physical value: those merged by the day of the division are one. */
static enum err compile_place(struct deriving *s)
{
        const struct policy_dataset *base = s->g->plan->dataset;
        uint32_t here = base->municipality_variable, there = s->d->events->municipality_variable;

        s->d->in = s->ask->in == IN_NONE ? IN_ANY : s->ask->in;
        if (s->d->in == IN_ANY)
                return ERR_OK;
        if (here == UINT32_MAX || there == UINT32_MAX ||
                base->variables[here].codes != event_variable(s, there)->codes)
                return fault(s, ERR_INVALID, "in",
                        "records and events do not both say which municipality they are from");
        const struct code_list *list = base->variables[here].codes;
        uint32_t len = base->variables[here].physical == PHYSICAL_U8 ? 1 << 8 : 1 << 16;
        uint16_t *place_of = arena_alloc_raw(s->g->arena, len, sizeof(*place_of));
        if (place_of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                place_of[i] =
                        (uint16_t)(i < list->levels[0].len
                                           ? operands_ancestor(&s->d->event_operands, list, i, 0)
                                           : i);
        s->d->place_of = place_of;
        return ERR_OK;
}

/* What is counted or summed ------------------------------------------------------------- */

static uint32_t band_at(const struct banding *b, int64_t value)
{
        for (uint32_t i = 0; i < b->len; i++)
                if (value >= b->bands[i].low && value <= b->bands[i].high)
                        return i;
        return ID_NONE;
}

/* The id of one physical value of a code, boolean, age or date. */
static uint32_t id_of_value(
        const struct deriving *s, const struct variable *v, uint32_t level, int64_t value)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return operands_ancestor(&s->d->event_operands, v->codes, (uint32_t)value, level);
        case VARIABLE_AGE:
                return band_at(&v->bandings[level], value);
        case VARIABLE_DATE:
                return (uint32_t)(date_number((int32_t)value, level) -
                                  date_number((int32_t)v->min, level));
        case VARIABLE_BOOLEAN:
                return (uint32_t)value;
        case VARIABLE_NONE:
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return ID_NONE;
}

static enum err tabulate_ids(struct deriving *s, const struct variable *v, uint32_t level)
{
        struct derivation *d = s->d;
        int64_t len = v->type == VARIABLE_CODE      ? v->codes->levels[0].len
                      : v->type == VARIABLE_BOOLEAN ? 2
                      : v->type == VARIABLE_AGE     ? MISSING_U8
                                                    : v->max - v->min + 1;

        if (len <= 0 || len > DISTINCT_DAYS_MAX)
                return fault(s, ERR_LIMIT, "variable", "the variable has too many values to count");
        uint32_t *id_of = arena_alloc_raw(s->g->arena, (size_t)len, sizeof(*id_of));
        if (id_of == NULL)
                return ERR_NO_MEMORY;
        d->id_first = v->type == VARIABLE_DATE ? (int32_t)v->min : 0;
        d->id_len = (uint32_t)len;
        for (uint32_t i = 0; i < d->id_len; i++) {
                id_of[i] = id_of_value(s, v, level, (int64_t)d->id_first + i);
                if (id_of[i] != ID_NONE && id_of[i] >= d->ids)
                        d->ids = id_of[i] + 1;
        }
        d->id_of = id_of;
        return ERR_OK;
}

static enum err compile_distinct(struct deriving *s, const struct variable *v)
{
        int32_t level = variable_level_find(v, s->ask->level);

        if (!may_be_asked(v))
                return fault(s, ERR_NOT_ALLOWED, "variable",
                        "the policy does not let this variable be asked about");
        if (level < 0)
                return fault(s, ERR_UNKNOWN_NAME, "level", "the variable has no such level");
        if ((uint32_t)level < variable_finest(v))
                return fault(s, ERR_NOT_ALLOWED, "level",
                        "the policy allows this variable at coarser levels only");
        if (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL)
                return tabulate_ids(s, v, (uint32_t)level);
        s->d->id_bands = &v->bandings[level];
        s->d->ids = v->bandings[level].len;
        return ERR_OK;
}

static enum err compile_value(struct deriving *s)
{
        bool sum = s->d->kind == DERIVED_SUM;

        s->d->value = UINT32_MAX;
        if (!sum && s->ask->variable.len == 0)
                return ERR_OK;
        int32_t i = variable_find(s->d->events, s->ask->variable);
        if (i < 0)
                return fault(s, ERR_UNKNOWN_NAME, "variable",
                        "the data set of the events has no such variable");
        s->d->value = (uint32_t)i;
        const struct variable *v = event_variable(s, s->d->value);
        if (!sum)
                return compile_distinct(s, v);
        if (v->role != VARIABLE_MEASURE ||
                (v->type != VARIABLE_INTEGER && v->type != VARIABLE_DECIMAL))
                return fault(s, ERR_NOT_ALLOWED, "variable", "sums are for measure variables");
        return ERR_OK;
}

/* The variable that it is ----------------------------------------------------------------- */

static enum err read_bands(struct deriving *s, struct band *bands)
{
        int64_t after = INT64_MIN;

        for (uint32_t i = 0; i < s->ask->bands_len; i++) {
                const struct derived_band *b = &s->ask->bands[i];
                char part[32];
                int64_t low = INT64_MIN, high = INT64_MAX;

                (void)snprintf(part, sizeof(part), "bands[%u]", i);
                if ((b->low.len > 0 && !bytes_decimal(b->low, s->v->decimals, &low)) ||
                        (b->high.len > 0 && !bytes_decimal(b->high, s->v->decimals, &high)))
                        return fault(s, ERR_INVALID, part,
                                "an end is not a number with as many decimals as there are");
                if (low > high)
                        return fault(s, ERR_INVALID, part, "the band ends before it begins");
                if (i > 0 && low <= after)
                        return fault(s, ERR_INVALID, part,
                                "the band does not lie after the one before it");
                if (b->code.len == 0 || b->code.len > CODE_MAX_LEN ||
                        bytes_is_text(b->code, CATEGORY_OTHER))
                        return fault(s, ERR_INVALID, part,
                                "the band has no code, a long one or that of all other values");
                for (uint32_t k = 0; k < i; k++)
                        if (bytes_equal(b->code, bands[k].code))
                                return fault(
                                        s, ERR_INVALID, part, "an earlier band has the same code");
                bands[i] = (struct band){
                        .code = b->code, .label = {b->code, b->code}, .low = low, .high = high};
                after = high;
        }
        return ERR_OK;
}

static enum err make_bands(struct deriving *s)
{
        uint32_t len = s->ask->bands_len;

        if (len == 0)
                return ERR_OK;
        if (s->v->type != VARIABLE_INTEGER && s->v->type != VARIABLE_DECIMAL)
                return fault(s, ERR_INVALID, "bands", "bands are for numbers");
        if (len > DERIVED_BANDS_MAX)
                return fault(s, ERR_LIMIT, "bands", "has more bands than allowed");
        struct banding *banding = arena_alloc(s->g->arena, 1, sizeof(*banding));
        struct band *bands = arena_alloc(s->g->arena, len, sizeof(*bands));
        if (banding == NULL || bands == NULL)
                return ERR_NO_MEMORY;
        TRY(read_bands(s, bands));
        *banding = (struct banding){.bands = bands, .len = len};
        s->v->bandings = banding;
        s->v->bandings_len = 1;
        return ERR_OK;
}

static void be_number(struct variable *v, enum physical physical, int64_t min, int64_t max)
{
        v->type = VARIABLE_INTEGER;
        v->physical = physical;
        v->min = min;
        v->max = max;
}

static void make_type(struct deriving *s)
{
        const struct derivation *d = s->d;
        const struct variable *of = d->kind == DERIVED_SUM ? event_variable(s, d->value)
                                    : d->kind == DERIVED_FIRST || d->kind == DERIVED_LAST
                                            ? event_variable(s, d->date)
                                            : NULL;
        struct variable *v = s->v;

        switch (d->kind) {
        case DERIVED_EXISTS:
                v->type = VARIABLE_BOOLEAN;
                v->physical = PHYSICAL_U8;
                return;
        case DERIVED_COUNT:
                be_number(v, PHYSICAL_I32, 0, INT32_MAX);
                return;
        case DERIVED_FIRST:
        case DERIVED_LAST:
                v->type = VARIABLE_DATE;
                v->physical = PHYSICAL_I32;
                v->min = of->min;
                v->max = of->max;
                v->finest_date_level = of->finest_date_level;
                v->within_period = of->within_period;
                v->may_filter = of->may_filter;
                v->may_group = of->may_group;
                return;
        case DERIVED_DAYS_BETWEEN:
                be_number(v, PHYSICAL_I32, INT32_MIN + 1, INT32_MAX);
                v->unit = bytes_of_text("dagar");
                return;
        case DERIVED_SUM:
                be_number(v, PHYSICAL_I64, of->min < 0 ? INT64_MIN + 1 : 0, INT64_MAX);
                v->type = of->type;
                v->decimals = of->decimals;
                v->unit = of->unit;
                return;
        case DERIVED_NONE:
        case DERIVED_KIND_COUNT:
                return;
        }
}

static void make_variable(struct deriving *s)
{
        const struct derivation *d = s->d;
        bool between = d->kind == DERIVED_DAYS_BETWEEN;
        bool dates = d->kind == DERIVED_FIRST || d->kind == DERIVED_LAST;
        bool anchored = d->window != WINDOW_RELATIVE || never_missing(s, d->anchor);

        *s->v = (struct variable){
                .id = s->ask->name,
                .label = {s->ask->name, s->ask->name},
                .role = VARIABLE_SENSITIVE,
                .may_filter = true,
                .may_group = true,
                .overlapping = true,
                .required = between ? never_missing(s, d->from) && never_missing(s, d->to)
                                    : !dates && !d->family && anchored,
        };
        make_type(s);
}

static enum err compile_events(struct deriving *s)
{
        TRY(find_events(s));
        TRY(compile_date(s));
        TRY(compile_window(s));
        TRY(compile_anchor(s));
        TRY(compile_place(s));
        TRY(compile_value(s));
        return compile_filters(s);
}

static enum err compile_between(struct deriving *s)
{
        s->d->value = UINT32_MAX;
        TRY(base_date(s, s->ask->from, "from", &s->d->from));
        return base_date(s, s->ask->to, "to", &s->d->to);
}

static enum err compile_one(struct deriving *s)
{
        if (s->ask->name.len == 0 || s->ask->name.len > NAME_MAX_LEN)
                return fault(s, ERR_INVALID, "name", "is missing or longer than a name may be");
        if (operand_find(&s->g->plan->operands, s->ask->name) >= 0)
                return fault(s, ERR_INVALID, "name",
                        "the data set has a variable of this name, or an earlier derived one has");
        if (s->ask->kind == DERIVED_NONE || (unsigned)s->ask->kind >= DERIVED_KIND_COUNT)
                return fault(s, ERR_INVALID, "kind", "is not a known kind of derived variable");
        s->d->kind = s->ask->kind;
        s->span = s->g->scope->span;
        if (s->d->kind == DERIVED_DAYS_BETWEEN)
                TRY(compile_between(s));
        else
                TRY(compile_events(s));
        make_variable(s);
        TRY(make_bands(s));
        planning_add(s->g, (struct operand){.variable = s->v, .derived = true, .span = s->span},
                (struct computed){.kind = COMPUTED_DERIVED, .derivation = s->d});
        return ERR_OK;
}

enum err derived_compile(struct planning *g)
{
        const struct query *q = g->query;

        if (q->derived_len > DERIVED_MAX)
                return planning_fault(
                        g, ERR_LIMIT, "has more derived variables than allowed", "derived");
        struct derivation *all = arena_alloc(g->arena, q->derived_len, sizeof(*all));
        struct variable *variables = arena_alloc(g->arena, q->derived_len, sizeof(*variables));
        if (all == NULL || variables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < q->derived_len; i++) {
                struct deriving s = {.g = g,
                        .ask = &q->derived[i],
                        .d = &all[i],
                        .v = &variables[i],
                        .number = i};

                TRY(compile_one(&s));
        }
        return ERR_OK;
}
