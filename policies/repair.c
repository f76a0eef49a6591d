/* SPDX-License-Identifier: Apache-2.0 */
/* repair.c: one fault, one step. It knows nothing but the bundle: whatever it says
 * could be read there, and names that the asker made up are told by their number. */
#include "policies/repair.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

/* Copying ------------------------------------------------------------------------- */

static bool copy(struct arena *a, void *array, uint32_t len, size_t size)
{
        void *from, *to = arena_alloc(a, (size_t)len + 1, size);

        if (to == NULL)
                return false;
        memcpy(&from, array, sizeof from);
        if (len > 0)
                memcpy(to, from, len * size);
        memcpy(array, &to, sizeof to);
        return true;
}

enum err repair_begin(struct repair *r, const struct query *q)
{
        struct arena *a = r->out->arena;
        struct query *c = &r->q;
        bool whole;

        *c = *q;
        whole = copy(a, &c->filters, c->filters_len, sizeof *c->filters) &&
                copy(a, &c->dimensions, c->dimensions_len, sizeof *c->dimensions) &&
                copy(a, &c->measures, c->measures_len, sizeof *c->measures) &&
                copy(a, &c->derived, c->derived_len, sizeof *c->derived);
        for (uint32_t i = 0; whole && i < c->derived_len; i++) {
                struct derived *d = &c->derived[i];

                whole = copy(a, &d->filters, d->filters_len, sizeof *d->filters);
                r->numbers[i] = i + 1;
        }
        for (uint32_t i = 0; whole && i < c->measures_len; i++) {
                struct measure_ref *m = &c->measures[i];

                whole = copy(a, &m->filters, m->filters_len, sizeof *m->filters) &&
                        copy(a, &m->base, m->base_len, sizeof *m->base);
        }
        return whole ? ERR_OK : ERR_NO_MEMORY;
}

/* Telling ------------------------------------------------------------------------- */

/* Both texts take the same values. */
static void propose(struct repair *r, struct rule_place at, const char *sv, const char *en, ...)
        PRINTF_LIKE(3, 5) PRINTF_LIKE(4, 5);

static void propose(struct repair *r, struct rule_place at, const char *sv, const char *en, ...)
{
        char text[REPORT_TEXT_MAX];
        va_list values;
        int len;

        va_start(values, en);
        len = vsnprintf(text, sizeof text, r->out->lang == REPORT_SV ? sv : en, values);
        va_end(values);
        if (len > 0 && r->proposals_len < REPAIRS_MAX)
                r->proposals[r->proposals_len++] =
                        (struct proposal){report_text(r->out, bytes_of(text, strlen(text))), at};
}

static void propose_without(struct repair *r, const struct finding *f)
{
        if (f->variable != NULL)
                propose(r, f->variable->at.id, "ta bort %s ur frågan",
                        "leave %s out of the question", report_text(r->out, f->variable->id));
        else if (f->rule == QUESTION_VARIABLE_UNKNOWN)
                propose(r, f->at, "ta bort den okända variabeln", "leave the unknown variable out");
        else if (f->part == PART_MEASURE)
                propose(r, f->at, "ta bort mått %u", "leave measure %u out", f->index + 1);
        else if (f->part == PART_DIMENSION)
                propose(r, f->at, "ta bort indelning %u", "leave breakdown %u out", f->index + 1);
        else
                propose(r, f->at, "ta bort villkor %u", "leave condition %u out",
                        (f->list != NULL ? f->item : f->index) + 1);
}

/* Leaving out --------------------------------------------------------------------- */

/* Takes item `i` of an array of `len` items of `size` bytes away. */
static void take(void *items, uint32_t *len, uint32_t i, size_t size)
{
        uint8_t *at = (uint8_t *)items + i * size;

        memmove(at, at + size, (*len - i - 1) * size);
        (*len)--;
}

static void take_filters_on(struct filter *filters, uint32_t *len, struct bytes name)
{
        for (uint32_t i = *len; i-- > 0;)
                if (bytes_equal(filters[i].variable, name))
                        take(filters, len, i, sizeof *filters);
}

static bool needs(const struct derived *d, struct bytes name)
{
        return bytes_equal(d->from, name) || bytes_equal(d->to, name) ||
               bytes_equal(d->window.anchor, name);
}

static void take_derived(struct repair *r, uint32_t i)
{
        uint32_t len = r->q.derived_len;

        take(r->numbers, &len, i, sizeof *r->numbers);
        take(r->q.derived, &r->q.derived_len, i, sizeof *r->q.derived);
}

/* A measure without what it counts by would be another measure. */
static bool measure_needs(const struct measure_ref *m, struct bytes name)
{
        if (bytes_equal(m->variable, name) || bytes_equal(m->per, name))
                return true;
        for (uint32_t i = 0; i < m->filters_len; i++)
                if (bytes_equal(m->filters[i].variable, name))
                        return true;
        for (uint32_t i = 0; i < m->base_len; i++)
                if (bytes_equal(m->base[i].variable, name))
                        return true;
        return false;
}

/* And all that is made of it. */
static void leave_out_derived(struct repair *r, uint32_t i)
{
        struct query *q = &r->q;
        struct bytes name = q->derived[i].name;

        take_derived(r, i);
        take_filters_on(q->filters, &q->filters_len, name);
        for (uint32_t k = q->dimensions_len; k-- > 0;)
                if (bytes_equal(q->dimensions[k].variable, name))
                        take(q->dimensions, &q->dimensions_len, k, sizeof *q->dimensions);
        for (uint32_t k = q->measures_len; k-- > 0;)
                if (measure_needs(&q->measures[k], name))
                        take(q->measures, &q->measures_len, k, sizeof *q->measures);
        for (uint32_t k = q->derived_len; k-- > i;)
                if (k < q->derived_len && needs(&q->derived[k], name))
                        leave_out_derived(r, k);
}

static struct filter *nested(struct repair *r, const struct finding *f, uint32_t **out_len)
{
        if (f->part == PART_DERIVED) {
                *out_len = &r->q.derived[f->index].filters_len;
                return r->q.derived[f->index].filters;
        }
        if (strcmp(f->list, "base") == 0) {
                *out_len = &r->q.measures[f->index].base_len;
                return r->q.measures[f->index].base;
        }
        *out_len = &r->q.measures[f->index].filters_len;
        return r->q.measures[f->index].filters;
}

static bool own(struct repair *r, const struct finding *f)
{
        switch (f->part) {
        case PART_FILTER:
                return f->index < r->own_filters;
        case PART_DIMENSION:
                return f->index < r->own_dimensions;
        case PART_WHOLE:
                return r->own_filters == UINT32_MAX || strcmp(f->field, "purpose") == 0 ||
                       strcmp(f->field, "period") == 0;
        case PART_DERIVED:
        case PART_MEASURE:
                break;
        }
        return r->own_filters == UINT32_MAX;
}

static bool clear_field(struct repair *r, const struct finding *f)
{
        struct query *q = &r->q;

        if (strcmp(f->field, "period") == 0 || strcmp(f->field, "period_date") == 0) {
                q->has_period = false;
                q->period_date = (struct bytes){NULL, 0};
        } else if (strcmp(f->field, "municipality_rule") == 0) {
                q->municipality_rule = MUNICIPALITY_DELIVERING;
        } else if (strcmp(f->field, "age_at") == 0) {
                q->has_age_at = false;
        } else if (strcmp(f->field, "division_at") == 0) {
                q->has_division_at = false;
        } else if (strcmp(f->field, "unit") == 0) {
                q->unit = UNIT_NONE;
        } else if (strcmp(f->field, "linkage") == 0 && q->linkage.len > 0) {
                q->linkage = (struct bytes){NULL, 0};
        } else if (strcmp(f->field, "derived") == 0) {
                while (q->derived_len > 0)
                        leave_out_derived(r, q->derived_len - 1);
        } else {
                return false;
        }
        propose(r, f->at, "ta bort %s ur frågan", "leave %s out of the question", f->field);
        return true;
}

static bool leave_out(struct repair *r, const struct finding *f)
{
        struct query *q = &r->q;
        uint32_t *len = NULL;

        if (f->part == PART_WHOLE)
                return clear_field(r, f);
        if (f->list != NULL) {
                struct filter *filters = nested(r, f, &len);

                propose_without(r, f);
                take(filters, len, f->item, sizeof *filters);
                /* A share of everything is no share. */
                if (f->part == PART_MEASURE && q->measures[f->index].filters_len == 0 &&
                        q->measures[f->index].kind == MEASURE_SHARE)
                        take(q->measures, &q->measures_len, f->index, sizeof *q->measures);
                return true;
        }
        switch (f->part) {
        case PART_FILTER:
                propose_without(r, f);
                take(q->filters, &q->filters_len, f->index, sizeof *q->filters);
                r->own_filters -= r->own_filters != UINT32_MAX;
                return true;
        case PART_DIMENSION:
                propose_without(r, f);
                take(q->dimensions, &q->dimensions_len, f->index, sizeof *q->dimensions);
                r->own_dimensions -= r->own_dimensions != UINT32_MAX;
                return true;
        case PART_MEASURE:
                propose_without(r, f);
                take(q->measures, &q->measures_len, f->index, sizeof *q->measures);
                return true;
        case PART_DERIVED:
                propose(r, f->at, "ta bort härledd variabel %u och det som bygger på den",
                        "leave derived variable %u out, and what is made of it",
                        r->numbers[f->index]);
                leave_out_derived(r, f->index);
                return true;
        case PART_WHOLE:
                break;
        }
        return false;
}

/* Levels and edges ------------------------------------------------------------------ */

static struct bytes *level_at(struct repair *r, const struct finding *f, bool *out_condition)
{
        uint32_t *len = NULL;

        *out_condition = f->part == PART_FILTER || f->list != NULL;
        if (f->list != NULL)
                return &nested(r, f, &len)[f->item].level;
        if (f->part == PART_FILTER)
                return &r->q.filters[f->index].level;
        return f->part == PART_DIMENSION ? &r->q.dimensions[f->index].level
                                         : &r->q.derived[f->index].level;
}

/* Two levels of one variable may have become the same. */
static bool stands_twice(const struct query *q, uint32_t i)
{
        for (uint32_t k = 0; k < q->dimensions_len; k++)
                if (k != i && bytes_equal(q->dimensions[k].variable, q->dimensions[i].variable))
                        return true;
        return false;
}

static bool coarsen(struct repair *r, const struct finding *f)
{
        const struct variable *v = f->variable;
        const char *may = report_level(r->out, v, variable_finest(v));
        const char *id = report_text(r->out, v->id);
        bool condition;
        struct bytes *level = level_at(r, f, &condition);

        if (may[0] == '\0' || (f->part == PART_DIMENSION && stands_twice(&r->q, f->index)))
                return leave_out(r, f);
        *level = bytes_of_text(may);
        /* A filter's values belong to its level: another level needs other values. */
        if (condition)
                propose(r, v->at.finest, "avgränsa %s med koder på nivån %s",
                        "put the condition on %s at level %s, in its codes", id, may);
        else
                propose(r, v->at.finest, "fråga %s per %s", "ask %s by %s", id, may);
        return true;
}

/* The first day of the month, quarter or year that `day` lies in. */
static int32_t floor_of(int32_t day, uint32_t level)
{
        static const int months[DATE_LEVELS] = {1, 1, 3, 12};
        struct civil c = civil_from_days(day);
        int step = months[level < DATE_LEVELS ? level : DATE_LEVELS - 1];

        if (level == 0)
                return day;
        c.day = 1;
        c.month = (c.month - 1) / step * step + 1;
        return days_from_civil(c);
}

/* Its last day. */
static int32_t ceiling_of(int32_t day, uint32_t level)
{
        int32_t first = floor_of(day, level);

        for (int32_t next = first; level > 0; next += 25)
                if (floor_of(next, level) > first)
                        return floor_of(next, level) - 1;
        return day;
}

static bool widen(struct repair *r, const struct finding *f)
{
        uint32_t level = f->variable->finest_date_level;
        struct window *w = f->part == PART_DERIVED ? &r->q.derived[f->index].window : NULL;

        if (w != NULL && w->kind == WINDOW_FIXED) {
                w->from = floor_of(w->from, level);
                w->until = ceiling_of(w->until, level);
        } else {
                r->q.period.first = floor_of(r->q.period.first, level);
                r->q.period.last = ceiling_of(r->q.period.last, level);
        }
        propose(r, f->at, "låt %s börja och sluta med hela perioder på nivån %s",
                "let %s begin and end with whole periods of the level %s",
                r->out->lang == REPORT_EN ? (w != NULL ? "the window" : "the period")
                : w != NULL               ? "fönstret"
                                          : "perioden",
                date_level_id(level));
        return true;
}

/* Purposes and linkages --------------------------------------------------------------- */

static bool serves_all(
        const struct repair *r, const struct policy_principal *who, struct bytes purpose)
{
        const struct policy *p = r->policy;

        if (who != NULL && !policy_principal_serves(who, purpose))
                return false;
        for (uint32_t i = 0; i < r->q.derived_len; i++) {
                const struct policy_dataset *d = policy_dataset_find(p, r->q.derived[i].dataset);
                bool serves = d == NULL;

                for (uint32_t k = 0; d != NULL && k < d->purposes_len; k++)
                        serves |= bytes_equal(d->purposes[k], purpose);
                if (!serves)
                        return false;
        }
        return true;
}

static bool change_purpose(struct repair *r, const struct finding *f)
{
        const struct policy_dataset *d = policy_dataset_find(r->policy, r->q.dataset);
        const struct policy_principal *who =
                policy_principal_find(r->policy, bytes_of_text(r->who->uri));

        for (uint32_t i = 0; !r->purpose_changed && d != NULL && i < d->purposes_len; i++) {
                if (!serves_all(r, who, d->purposes[i]))
                        continue;
                r->q.purpose = d->purposes[i];
                r->purpose_changed = true;
                propose(r, f->at, "fråga för ändamålet %s", "ask for the purpose %s",
                        report_text(r->out, d->purposes[i]));
                return true;
        }
        return f->part == PART_DERIVED && leave_out(r, f);
}

/* The narrowest linkage that would do instead of the one that is named. */
static bool change_linkage(struct repair *r, const struct finding *f)
{
        const struct policy_dataset *events[DERIVED_MAX];
        const struct policy_dataset *base = policy_dataset_find(r->policy, r->q.dataset);
        const struct policy_linkage *l;
        uint32_t len = 0;

        if (r->q.linkage.len == 0 || base == NULL || base->kind == DATASET_DELIVERIES)
                return false;
        for (uint32_t i = 0; i < r->q.derived_len; i++) {
                events[len] = policy_dataset_find(r->policy, r->q.derived[i].dataset);
                len += events[len] != NULL;
        }
        l = policy_linkage_narrowest(r->policy, base, events, len, r->q.purpose,
                question_wants_family(&r->q), r->now_ms);
        if (l == NULL || bytes_equal(l->rules->id, r->q.linkage))
                return false;
        r->q.linkage = l->rules->id;
        propose(r, l->at.id, "nämn länkningen %s", "name the linkage %s",
                report_text(r->out, l->rules->id));
        (void)f;
        return true;
}

static bool mend_linkage(struct repair *r, const struct finding *f)
{
        if (change_linkage(r, f))
                return true;
        if (f->part == PART_DERIVED)
                return leave_out(r, f);
        /* None joins them all: with fewer data sets one may. */
        for (uint32_t i = r->q.derived_len; i-- > 0;) {
                struct finding last = *f;

                if (r->q.derived[i].kind == DERIVED_DAYS_BETWEEN)
                        continue;
                last.part = PART_DERIVED;
                last.index = i;
                return leave_out(r, &last);
        }
        return r->q.linkage.len > 0 && clear_field(r, f);
}

static bool count_persons(struct repair *r, const struct finding *f)
{
        if (change_linkage(r, f))
                return true;
        if (f->part == PART_DERIVED)
                r->q.derived[f->index].same = SAME_PERSON;
        else if (f->part == PART_MEASURE)
                r->q.measures[f->index].kind = MEASURE_PERSONS;
        else
                r->q.unit = UNIT_PERSON;
        if (f->part == PART_DERIVED)
                propose(r, f->at, "fråga om samma person i stället för samma familj",
                        "ask about the same person instead of the same family");
        else
                propose(r, f->at, "räkna personer i stället för familjer",
                        "count persons instead of families");
        return true;
}

/* Steps ----------------------------------------------------------------------------- */

static bool mend(struct repair *r, const struct finding *f)
{
        if (!own(r, f))
                return false;
        switch (f->rule) {
        case QUESTION_PURPOSE:
        case QUESTION_PRINCIPAL_PURPOSE:
                return change_purpose(r, f);
        case QUESTION_LINKAGE_UNKNOWN:
        case QUESTION_LINKAGE_TODAY:
        case QUESTION_LINKAGE_DATASET:
        case QUESTION_LINKAGE_PAIR:
        case QUESTION_LINKAGE_NONE:
                return mend_linkage(r, f);
        case QUESTION_FAMILY:
                return count_persons(r, f);
        case QUESTION_LEVEL_FINER:
                return coarsen(r, f);
        case QUESTION_EDGES:
                return widen(r, f);
        case QUESTION_LINKAGE_OWN:
        case QUESTION_PRINCIPAL:
                return false;
        default:
                return leave_out(r, f);
        }
}

struct first {
        struct finding finding;
        bool found;
};

static void keep_first(struct question *q, const struct finding *f)
{
        struct first *first = q->ctx;

        if (!first->found)
                *first = (struct first){*f, true};
}

/* No measure means persons; where there are none, records can be counted. */
static void count_something(struct repair *r, bool measured)
{
        const struct policy_dataset *d = policy_dataset_find(r->policy, r->q.dataset);

        if (!measured || r->q.measures_len > 0 || d == NULL || d->rules->person != PERSON_USE_NONE)
                return;
        r->q.measures[r->q.measures_len++] = (struct measure_ref){.kind = MEASURE_RECORDS};
        propose(r, d->at.id, "räkna poster (records)", "count records");
}

bool repair_all(struct repair *r)
{
        bool measured = r->q.measures_len > 0;

        for (uint32_t steps = 0; steps < REPAIRS_MAX; steps++) {
                struct first first = {.found = false};
                struct question q = {.policy = r->policy,
                        .who = r->who,
                        .query = &r->q,
                        .now_ms = r->now_ms,
                        .tell = keep_first,
                        .ctx = &first};

                (void)question_walk(&q);
                if (!first.found) {
                        struct decision d;

                        count_something(r, measured);
                        return decide_query(r->policy, r->who, &r->q, r->now_ms, &d, NULL) ==
                               ERR_OK;
                }
                if (!mend(r, &first.finding))
                        return false;
        }
        return false;
}
