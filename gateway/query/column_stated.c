/* SPDX-License-Identifier: Apache-2.0 */
/* column_stated.c: what a question states about all of itself: its period, whose
 * municipality counts, ages on a day, and hierarchies as they were on a day.
 *
 * A stated variable takes the place of the one delivered, under its name, and stays as
 * identifying as that one was: the margin applies it too. The person then has one
 * value of it, so that parts add up. */
#include "base/arena.h"
#include "base/clock.h"
#include "gateway/query/plan.h"

enum { BIRTH_DAYS_MAX = 200 * 366 };

static bool may_be_asked(const struct variable *v)
{
        return v->may_filter || v->may_group;
}

/* The period ----------------------------------------------------------------------- */

/* Which date of the base is held against the period. */
static enum err period_variable(struct planning *g, uint32_t *out, bool *out_episode)
{
        const struct policy_dataset *d = g->plan->dataset;
        const struct query *q = g->query;

        *out_episode = false;
        if (q->period_date.len > 0) {
                int32_t i = variable_find(d, q->period_date);

                if (i < 0 || d->variables[i].type != VARIABLE_DATE)
                        return planning_fault(g, ERR_UNKNOWN_NAME, "the data set has no such date",
                                "period_date");
                *out = (uint32_t)i;
        } else {
                *out_episode = d->episode_from != UINT32_MAX && d->episode_until != UINT32_MAX;
                *out = *out_episode ? d->episode_from : d->order_variable;
        }
        if (*out == UINT32_MAX)
                return planning_fault(g, ERR_INVALID,
                        "the data set's records have no date that could lie in a period", "period");
        return ERR_OK;
}

static enum err add_range(
        struct planning *g, uint32_t operand, int64_t low, int64_t high, struct test with)
{
        struct range *range = arena_alloc(g->arena, 1, sizeof(*range));

        if (range == NULL)
                return ERR_NO_MEMORY;
        *range = (struct range){low, high};
        with.operand = operand;
        with.ranges = range;
        with.ranges_len = 1;
        g->plan->tests[g->plan->period_tests++] = with;
        return ERR_OK;
}

/* An episode meets the period if it has begun before the period's end, and has not
 * ended before its beginning. Both tests are as identifying as the beginning is. */
static enum err compile_period(struct planning *g)
{
        struct plan *p = g->plan;
        struct period period = g->query->period;
        uint32_t from = 0;
        bool episode = false;

        TRY(period_variable(g, &from, &episode));
        const struct variable *v = &p->dataset->variables[from];
        const char *field = g->query->period_date.len > 0 ? "period_date" : "period";
        if (!may_be_asked(v))
                return planning_fault(g, ERR_NOT_ALLOWED,
                        "the policy does not let this date be asked about", "%s", field);
        if (!date_is_whole(period, v->finest_date_level))
                return planning_fault(g, ERR_NOT_ALLOWED,
                        "the period begins or ends inside a month, quarter or year that the policy "
                        "does not let this date be cut in",
                        "period");
        p->tests = arena_alloc(g->arena, 2, sizeof(*p->tests));
        if (p->tests == NULL)
                return ERR_NO_MEMORY;
        struct test with = {.open = episode, .identifying = operand_identifies(&p->operands, from)};
        if (!episode)
                return add_range(g, from, period.first, period.last, with);
        TRY(add_range(g, from, INT64_MIN, period.last, with));
        with.missing = true; /* still lasting */
        return add_range(g, p->dataset->episode_until, period.first, INT64_MAX, with);
}

/* Municipality and age --------------------------------------------------------------- */

static enum err add_stated(struct planning *g, uint32_t variable, struct computed computed)
{
        struct variable *v = arena_alloc(g->arena, 1, sizeof(*v));

        if (v == NULL)
                return ERR_NO_MEMORY;
        *v = g->plan->dataset->variables[variable];
        v->overlapping = false;
        planning_add(g, (struct operand){.variable = v, .span = g->scope->span}, computed);
        return ERR_OK;
}

static enum err state_place(struct planning *g)
{
        uint32_t place = g->plan->dataset->municipality_variable;

        if (place == UINT32_MAX)
                return planning_fault(g, ERR_INVALID, "the data set's records have no municipality",
                        "municipality_rule");
        return add_stated(g, place, (struct computed){.kind = COMPUTED_PLACE, .source = place});
}

/* Ages of all births that the schema knows: one look-up a row instead of calendars. */
static enum err tabulate_ages(struct planning *g, struct computed *c)
{
        const struct variable *birth = &g->plan->dataset->variables[c->source];
        int64_t days = birth->max - birth->min + 1;

        if (days <= 0 || days > BIRTH_DAYS_MAX)
                return ERR_OK; /* each by the calendar */
        uint8_t *ages = arena_alloc_raw(g->arena, (size_t)days, 1);
        if (ages == NULL)
                return ERR_NO_MEMORY;
        c->ages_first = (int32_t)birth->min;
        c->ages_len = (uint32_t)days;
        for (uint32_t i = 0; i < c->ages_len; i++) {
                int32_t age = age_at(c->ages_first + (int32_t)i, g->query->age_at);

                ages[i] = age >= 0 && age < MISSING_U8 ? (uint8_t)age : MISSING_U8;
        }
        c->ages = ages;
        return ERR_OK;
}

static enum err state_ages(struct planning *g)
{
        const struct policy_dataset *d = g->plan->dataset;
        bool any = false;

        if (!date_is_whole((struct period){g->query->age_at, g->query->age_at}, 0))
                return planning_fault(g, ERR_INVALID, "is not a day of the calendar", "age_at");
        for (uint32_t i = 0; i < d->variables_len; i++) {
                struct computed c = {.kind = COMPUTED_AGE};

                if (d->variables[i].type != VARIABLE_AGE)
                        continue;
                c.source = d->variables[i].age_birth;
                TRY(tabulate_ages(g, &c));
                TRY(add_stated(g, i, c));
                any = true;
        }
        return any ? ERR_OK : planning_fault(g, ERR_INVALID, "the data set has no age", "age_at");
}

enum err stated_compile(struct planning *g)
{
        const struct query *q = g->query;
        struct operands *o = &g->plan->operands;

        o->division = q->has_division_at ? q->division_at
                      : q->has_period    ? q->period.last
                                         : g->scope->span.last;
        if (q->has_period)
                TRY(compile_period(g));
        if (q->municipality_rule != MUNICIPALITY_DELIVERING)
                TRY(state_place(g));
        if (q->has_age_at)
                TRY(state_ages(g));
        return ERR_OK;
}
