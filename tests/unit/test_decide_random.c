/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_random.c: decide_query against a slow reading of the rules that shares
 * nothing with it, over bundles and requests made up at random.
 *
 * A model of a bundle is drawn, written as YAML and loaded by the ordinary reader
 * (random_bundle.c); the reference answers from the model alone, in the plainest words it
 * can find: who may ask, under which linkage, and every part of a linked question.
 * Where it allows, it says what the answer is held to as well. The keeper's own question,
 * rules_may_link, is asked of the same model. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/report.h"
#include "tests/support/random_request.h"

enum { BUNDLES = 60, REQUESTS = 300 /* of each */ };

static char folder[] = "/tmp/statgate-random-XXXXXX";

/* The reference ------------------------------------------------------------- */

struct held {
        unsigned linkage, threshold, a_day, interval, homogeneous, remainder;
        enum answers answers;
        bool zeros, secondary, hidden_reasons;
};

static unsigned most(unsigned a, unsigned b)
{
        return a > b ? a : b;
}

/* What a data set asks for goes for the whole answer. */
static void hold(struct held *out, const struct model_set *s)
{
        out->threshold = most(out->threshold, s->threshold);
        out->interval = most(out->interval, s->interval);
        out->homogeneous = most(out->homogeneous, s->homogeneous);
        out->remainder = most(out->remainder, s->remainder);
        out->zeros &= s->zeros;
        out->secondary |= s->secondary;
        out->hidden_reasons |= s->hidden_reasons;
        if (s->answers < out->answers)
                out->answers = s->answers;
}

static bool is_date(unsigned name)
{
        return name == KIND_DATE || name == KIND_END;
}

static unsigned finest(const struct model_set *s, unsigned variable)
{
        return variable == KIND_CODE   ? s->finest_code
               : variable == KIND_DATE ? s->finest_date
               : variable == KIND_END  ? s->finest_end
                                       : 0;
}

/* May this variable be asked at this level? An unnamed level is the finest allowed. */
static bool level_is_fine(const struct model_set *s, unsigned variable, int level)
{
        unsigned len = variable == KIND_CODE                 ? 2
                       : is_date(variable)                   ? 4
                       : variable == KIND_NUMBER && s->bands ? 2
                                                             : 0;

        if (level < 0)
                return len > 0 || variable == KIND_FLAG;
        return (unsigned)level < len && (unsigned)level >= finest(s, variable);
}

static bool is_number(enum derived_kind kind)
{
        return kind == DERIVED_COUNT || kind == DERIVED_SUM || kind == DERIVED_DAYS_BETWEEN;
}

/* The derived variable that a name means, among the first `end`. */
static const struct asked *derived_of(const struct request *r, unsigned name, unsigned end)
{
        return name >= DERIVED_0 && name - DERIVED_0 < end ? &r->derived[name - DERIVED_0] : NULL;
}

static bool filter_is_fine(const struct model *m, const struct request *r, unsigned dataset,
        const struct part *f, bool derived_too)
{
        const struct asked *a = derived_too ? derived_of(r, f->name, r->derived_len) : NULL;
        const struct model_set *s = &m->sets[dataset];

        if (a != NULL && (a->kind == DERIVED_FIRST || a->kind == DERIVED_LAST)) {
                unsigned date = a->date < 0 ? KIND_DATE : (unsigned)a->date;

                s = &m->sets[a->dataset];
                return s->filter[date] && (f->level < 0 || level_is_fine(s, date, f->level));
        }
        if (a != NULL)
                return f->level < 0;
        if (f->name >= VARIABLES || !s->filter[f->name])
                return false;
        if (f->level < 0 && f->name != KIND_CODE)
                return true; /* its plain value */
        return level_is_fine(s, f->name, f->level);
}

static bool breakdown_is_fine(const struct model *m, const struct request *r, const struct part *d)
{
        const struct asked *a = derived_of(r, d->name, r->derived_len);
        const struct model_set *s = &m->sets[r->dataset];

        if (r->measure == MEASURE_RATE && (d->name != KIND_CODE || !s->place))
                return false;
        if (a == NULL)
                return d->name < VARIABLES && s->group[d->name] &&
                       level_is_fine(s, d->name, d->level);
        if (a->kind == DERIVED_FIRST || a->kind == DERIVED_LAST) {
                unsigned date = a->date < 0 ? KIND_DATE : (unsigned)a->date;

                s = &m->sets[a->dataset];
                return s->group[date] && level_is_fine(s, date, d->level);
        }
        return d->level < 0 && (!is_number(a->kind) || a->bands);
}

/* A date of the base, or an earlier derived one. */
static bool names_a_date(
        const struct model *m, const struct request *r, unsigned name, unsigned before)
{
        const struct model_set *s = &m->sets[r->dataset];
        const struct asked *a = derived_of(r, name, before);

        if (a != NULL)
                return a->kind == DERIVED_FIRST || a->kind == DERIVED_LAST;
        return is_date(name) && (s->filter[name] || s->group[name]);
}

static bool whole_in(int period, const struct model_set *s, unsigned date)
{
        return period >= 0 && asked_periods[period].whole >= finest(s, date);
}

static bool window_is_fine(const struct model *m, const struct request *r, unsigned i)
{
        const struct asked *a = &r->derived[i];
        const struct model_set *events = &m->sets[a->dataset], *base = &m->sets[r->dataset];
        unsigned date = a->date < 0 ? KIND_DATE : (unsigned)a->date;

        switch (a->window) {
        case WINDOW_NONE:
                return true;
        case WINDOW_RELATIVE:
                if (a->anchor >= 0)
                        return names_a_date(m, r, (unsigned)a->anchor, i);
                return base->ordered && names_a_date(m, r, KIND_DATE, 0);
        case WINDOW_FIXED:
                return whole_in((int)a->fixed, events, date);
        case WINDOW_PERIOD:
                return whole_in(r->period, events, date);
        }
        return false;
}

static bool events_are_fine(const struct model *m, const struct request *r, unsigned i)
{
        const struct asked *a = &r->derived[i];
        const struct model_set *events = &m->sets[a->dataset], *base = &m->sets[r->dataset];
        bool dated = a->kind == DERIVED_FIRST || a->kind == DERIVED_LAST ||
                     a->window != WINDOW_NONE || a->date >= 0;
        unsigned date = a->date < 0 ? KIND_DATE : (unsigned)a->date;

        if (!base->persons || !events->persons)
                return false;
        if (dated && ((a->date < 0 && !events->ordered) || !is_date(date) ||
                             !(events->filter[date] || events->group[date])))
                return false;
        if (!window_is_fine(m, r, i))
                return false;
        if (a->kind == DERIVED_SUM && a->variable != KIND_MEASURE)
                return false;
        if (a->kind == DERIVED_COUNT && a->variable >= 0 &&
                (a->variable >= VARIABLES || !events->group[a->variable] ||
                        !level_is_fine(events, (unsigned)a->variable, a->level)))
                return false;
        if (a->filtered && !filter_is_fine(m, r, a->dataset, &a->filter, false))
                return false;
        if (a->same == SAME_FAMILY && a->window != WINDOW_RELATIVE && !base->ordered)
                return false;
        return a->in == IN_NONE || a->in == IN_ANY || (base->place && events->place);
}

static bool derived_is_fine(const struct model *m, const struct request *r, unsigned i)
{
        const struct asked *a = &r->derived[i];

        if (a->kind == DERIVED_DAYS_BETWEEN)
                return names_a_date(m, r, a->from, i) && names_a_date(m, r, a->to, i);
        return events_are_fine(m, r, i);
}

static bool is_summed(const struct request *r, int name)
{
        const struct asked *a = name >= 0 ? derived_of(r, (unsigned)name, r->derived_len) : NULL;

        return name < 0 || name == KIND_MEASURE || (a != NULL && is_number(a->kind));
}

static bool median_is_fine(const struct model *m, const struct request *r)
{
        const struct model_set *s = &m->sets[r->dataset];
        const struct asked *a = derived_of(r, (unsigned)r->of, r->derived_len);

        if (a != NULL)
                return is_number(a->kind) && a->bands && r->banding < 0;
        return r->of == KIND_NUMBER && s->bands && s->group[KIND_NUMBER] && r->banding < 2;
}

static bool measure_is_fine(const struct model *m, const struct request *r)
{
        const struct model_set *s = &m->sets[r->dataset];
        bool fine = true;

        if (r->measure == MEASURE_PERSONS || r->measure == MEASURE_FAMILIES)
                fine = s->persons;
        if (r->measure == MEASURE_SUM || r->measure == MEASURE_MEAN || r->measure == MEASURE_RATIO)
                fine = is_summed(r, r->of) && is_summed(r, r->per);
        if (r->measure == MEASURE_MEDIAN || r->measure == MEASURE_LOWER_QUARTILE ||
                r->measure == MEASURE_UPPER_QUARTILE)
                fine = median_is_fine(m, r);
        if (r->measure == MEASURE_DAYS)
                fine = s->lasts && r->period >= 0;
        if (r->measure == MEASURE_RATE)
                fine = s->place && m->population;
        return fine && (!r->has_inside || filter_is_fine(m, r, r->dataset, &r->inside, true)) &&
               (!r->has_outside || filter_is_fine(m, r, r->dataset, &r->outside, true));
}

static bool period_is_fine(const struct model *m, const struct request *r)
{
        const struct model_set *s = &m->sets[r->dataset];

        if (r->period < 0)
                return true;
        if (r->period_date >= 0)
                return is_date((unsigned)r->period_date) && s->filter[r->period_date] &&
                       whole_in(r->period, s, (unsigned)r->period_date);
        if (s->lasts)
                return s->filter[KIND_DATE] && whole_in(r->period, s, KIND_DATE) &&
                       s->filter[KIND_END] && whole_in(r->period, s, KIND_END);
        return s->ordered && s->filter[KIND_DATE] && whole_in(r->period, s, KIND_DATE);
}

/* Which pattern lets this certificate in: 0 that of a few, 1 that of all; -1 none. */
static int pattern_of(const struct model *m, const struct request *r)
{
        if (r->role == ROLE_DPO)
                return r->certificate != 2 ? 1 : -1;
        if (r->role != ROLE_STATISTICIAN || r->certificate >= 2)
                return -1;
        return r->certificate == 0 ? 0 : m->everybody ? 1 : -1;
}

static bool may_look(const struct model *m, const struct request *r, unsigned dataset)
{
        return dataset < DATASETS && (m->sets[dataset].ask_roles >> r->role & 1) != 0 &&
               (m->sets[dataset].purposes >> r->purpose & 1) != 0 &&
               (pattern_of(m, r) != 0 || r->role == ROLE_DPO ||
                       (m->few_datasets >> dataset & 1) != 0);
}

static bool wants_family(const struct request *r)
{
        bool wants = r->unit == UNIT_FAMILY || r->measure == MEASURE_FAMILIES;

        for (unsigned i = 0; i < r->derived_len; i++)
                wants |= r->derived[i].kind != DERIVED_DAYS_BETWEEN &&
                         r->derived[i].same == SAME_FAMILY;
        return wants;
}

/* Whether this linkage answers the request. */
static bool answers(const struct model *m, const struct request *r, unsigned linkage)
{
        const struct model_linkage *l = &m->linkages[linkage];

        if (r->day < l->from || r->day > l->until || (l->purposes >> r->purpose & 1) == 0 ||
                (l->datasets >> r->dataset & 1) == 0 || (wants_family(r) && !l->family))
                return false;
        for (unsigned i = 0; i < r->derived_len; i++) {
                unsigned other = r->derived[i].dataset;

                if (r->derived[i].kind == DERIVED_DAYS_BETWEEN)
                        continue;
                if ((l->datasets >> other & 1) == 0 ||
                        (other != r->dataset && l->paired && !l->pairs[r->dataset][other]))
                        return false;
        }
        return true;
}

static unsigned size_of(const struct model_linkage *l)
{
        return (l->datasets & 1) + (l->datasets >> 1 & 1) + (l->datasets >> 2 & 1);
}

/* The one that is named; for plain questions the data set's own; else the narrowest. */
static int linkage_of(const struct model *m, const struct request *r)
{
        bool plain = !wants_family(r);
        int best = -1;

        for (unsigned i = 0; i < r->derived_len; i++)
                plain &= r->derived[i].kind == DERIVED_DAYS_BETWEEN;
        for (int i = 0; i < LINKAGES; i++) {
                bool may_be = r->linkage >= 0 ? r->linkage == i
                              : plain         ? (unsigned)i == r->dataset
                                              : true;

                if (may_be && answers(m, r, (unsigned)i) &&
                        (best < 0 || size_of(&m->linkages[i]) < size_of(&m->linkages[best])))
                        best = i;
        }
        return best;
}

static bool parts_are_fine(const struct model *m, const struct request *r)
{
        const struct model_set *s = &m->sets[r->dataset];

        if ((r->unit == UNIT_PERSON || r->unit == UNIT_FAMILY) && !s->persons)
                return false;
        if (r->first_municipality && !(s->place && s->persons && s->ordered))
                return false;
        if (r->by_len > s->dimensions_max)
                return false;
        if (r->age_at || !period_is_fine(m, r) || !measure_is_fine(m, r))
                return false;
        for (unsigned i = 0; i < r->derived_len; i++)
                if (!derived_is_fine(m, r, i))
                        return false;
        for (unsigned i = 0; i < r->filters_len; i++)
                if (!filter_is_fine(m, r, r->dataset, &r->filters[i], true))
                        return false;
        for (unsigned i = 0; i < r->by_len; i++)
                if (!breakdown_is_fine(m, r, &r->by[i]))
                        return false;
        return true;
}

static bool is_allowed(const struct model *m, const struct request *r, struct held *out)
{
        int linkage;

        if (r->dataset >= DATASETS || r->purpose >= PURPOSES || pattern_of(m, r) < 0 ||
                !may_look(m, r, r->dataset))
                return false;
        if (pattern_of(m, r) == 0 && (m->few_purposes >> r->purpose & 1) == 0)
                return false;
        *out = (struct held){.zeros = true, .answers = ANSWERS_ALONE};
        hold(out, &m->sets[r->dataset]);
        out->a_day = pattern_of(m, r) == 0 ? m->few_a_day : 0;
        for (unsigned i = 0; i < r->derived_len; i++) {
                const struct asked *a = &r->derived[i];

                if (a->kind == DERIVED_DAYS_BETWEEN)
                        continue;
                if (!may_look(m, r, a->dataset))
                        return false;
                hold(out, &m->sets[a->dataset]);
        }
        linkage = linkage_of(m, r);
        if (linkage < 0)
                return false;
        out->linkage = (unsigned)linkage;
        return parts_are_fine(m, r);
}

/* Both are asked ------------------------------------------------------------ */

static struct bytes name_of(int name)
{
        return name < 0 ? (struct bytes){NULL, 0} : bytes_of_text(asked_names[name]);
}

/* Derived ones have the levels of dates, where they have any. */
static struct bytes level_of(unsigned name, int level)
{
        unsigned kind = name == KIND_CODE ? 0 : name == KIND_NUMBER ? 2 : 1;

        if (level < 0)
                return (struct bytes){NULL, 0};
        return bytes_of_text(
                (unsigned)level < level_counts[kind] ? level_names[kind][level] : "okand");
}

static struct filter filter_of(const struct part *p)
{
        static const struct bytes value = {(const uint8_t *)"1", 1};

        return (struct filter){
                name_of((int)p->name), level_of(p->name, p->level), FILTER_EQ, &value, 1};
}

static struct period period_of(unsigned i)
{
        struct period p = {0, 0};

        assert_true(
                period_parse(asked_periods[i].text, (uint32_t)strlen(asked_periods[i].text), &p));
        return p;
}

static struct derived derived_written(
        const struct asked *a, unsigned i, struct filter *filter, struct derived_band *band)
{
        struct derived d = {.name = name_of((int)(DERIVED_0 + i)), .kind = a->kind};

        if (a->bands) {
                *band = (struct derived_band){
                        .code = bytes_of_text("a"), .low = bytes_of_text("1")};
                d.bands = band;
                d.bands_len = 1;
        }
        if (a->kind == DERIVED_DAYS_BETWEEN) {
                d.from = name_of((int)a->from);
                d.to = name_of((int)a->to);
                return d;
        }
        d.dataset = bytes_of_text(a->dataset < DATASETS ? dataset_names[a->dataset] : "okand");
        d.date = name_of(a->date);
        d.variable = name_of(a->variable);
        d.level = level_of(a->variable < 0 ? 0 : (unsigned)a->variable, a->level);
        *filter = filter_of(&a->filter);
        d.filters = filter;
        d.filters_len = a->filtered;
        d.window = (struct window){.kind = a->window, .anchor = name_of(a->anchor)};
        if (a->window == WINDOW_RELATIVE)
                d.window.until = 30;
        if (a->window == WINDOW_FIXED) {
                d.window.from = period_of(a->fixed).first;
                d.window.until = period_of(a->fixed).last;
        }
        d.same = a->same;
        d.in = a->in;
        return d;
}

struct written {
        struct query q;
        struct filter filters[2], events[2], inside, outside;
        struct dimension_ref by[2];
        struct derived derived[2];
        struct derived_band bands[2];
        struct measure_ref measure;
};

static void write_request(const struct request *r, struct written *w)
{
        *w = (struct written){.measure = {.kind = r->measure,
                                      .variable = name_of(r->of),
                                      .per = name_of(r->per),
                                      .banding = level_of(KIND_NUMBER, r->banding),
                                      .filters = &w->inside,
                                      .filters_len = r->has_inside,
                                      .base = &w->outside,
                                      .base_len = r->has_outside}};
        w->inside = filter_of(&r->inside);
        w->outside = filter_of(&r->outside);
        w->q = (struct query){
                .dataset =
                        bytes_of_text(r->dataset < DATASETS ? dataset_names[r->dataset] : "okand"),
                .purpose =
                        bytes_of_text(r->purpose < PURPOSES ? purpose_names[r->purpose] : "okand"),
                .unit = r->unit,
                .has_period = r->period >= 0,
                .period_date = name_of(r->period_date),
                .municipality_rule =
                        r->first_municipality ? MUNICIPALITY_FIRST : MUNICIPALITY_DELIVERING,
                .has_age_at = r->age_at,
                .has_division_at = r->division_at,
                .filters = w->filters,
                .filters_len = r->filters_len,
                .dimensions = w->by,
                .dimensions_len = r->by_len,
                .measures = &w->measure,
                .measures_len = r->measure != MEASURE_NONE,
                .derived = w->derived,
                .derived_len = r->derived_len,
        };
        if (r->linkage >= 0)
                w->q.linkage =
                        bytes_of_text(r->linkage < LINKAGES ? linkage_names[r->linkage] : "okand");
        if (r->period >= 0)
                w->q.period = period_of((unsigned)r->period);
        for (unsigned i = 0; i < r->filters_len; i++)
                w->filters[i] = filter_of(&r->filters[i]);
        for (unsigned i = 0; i < r->by_len; i++)
                w->by[i] = (struct dimension_ref){
                        name_of((int)r->by[i].name), level_of(r->by[i].name, r->by[i].level)};
        for (unsigned i = 0; i < r->derived_len; i++)
                w->derived[i] = derived_written(&r->derived[i], i, &w->events[i], &w->bands[i]);
}

static struct principal caller(const struct request *r)
{
        static const char *const callers[] = {
                "demo/%s/nagra-a", "demo/%s/alla", "annan/%s/nagra-a", "demo/dpo/x"};
        struct principal who = {.role = r->role};
        char name[64];

        (void)snprintf(name, sizeof name, "statgate://%s", callers[r->certificate]);
        const char *hole = strstr(name, "%s");
        if (hole != NULL)
                (void)snprintf(who.uri, sizeof who.uri, "%.*s%s%s", (int)(hole - name), name,
                        role_name(r->role), hole + 2);
        else
                (void)snprintf(who.uri, sizeof who.uri, "%s", name);
        return who;
}

static bool decided(const struct policy *p, const struct request *r, struct held *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(4 << 20);
        struct principal who = caller(r);
        struct decision decision = {0};
        struct refusal why = {0};
        struct report report;
        struct written w;
        int64_t now_ms = (int64_t)r->day * MS_PER_DAY + below(MS_PER_DAY);
        bool explained = false;
        enum err e;

        write_request(r, &w);
        assert_int_equal(query_check(&w.q, &why), ERR_OK); /* only the policy is tried here */
        e = decide_query(p, &who, &w.q, now_ms, &decision, &why);
        assert_true((e == ERR_OK) == (why.len == 0));
        report_init(&report, arena, below(2) == 0 ? REPORT_SV : REPORT_EN);
        assert_int_equal(policy_explain(p, &who, &w.q, now_ms, &report, &explained), ERR_OK);
        assert_int_equal(explained, e == ERR_OK);
        if (e != ERR_OK)
                return false;
        *out = (struct held){.linkage = LINKAGES,
                .threshold = decision.disclosure.threshold,
                .zeros = decision.disclosure.zeros_published,
                .secondary = decision.disclosure.secondary,
                .hidden_reasons = !decision.disclosure.reasons_public,
                .interval = decision.disclosure.interval,
                .homogeneous = decision.disclosure.homogeneous,
                .remainder = decision.disclosure.remainder,
                .answers = decision.disclosure.answers,
                .a_day = decision.questions_per_day};
        for (unsigned i = 0; i < LINKAGES; i++)
                if (bytes_is_text(decision.linkage->rules->id, linkage_names[i]))
                        out->linkage = i;
        return true;
}

static void compare(const struct model *m, const struct policy *p, const struct request *r,
        const char *where, unsigned *allowed, unsigned *linked)
{
        struct held wanted = {0}, is = {0};
        bool may = is_allowed(m, r, &wanted);

        if (decided(p, r, &is) != may)
                fail_msg("%s: the plain reading %s", where, may ? "allows it" : "refuses it");
        if (!may)
                return;
        if (is.linkage != wanted.linkage || is.threshold != wanted.threshold ||
                is.zeros != wanted.zeros || is.a_day != wanted.a_day ||
                is.secondary != wanted.secondary || is.interval != wanted.interval ||
                is.homogeneous != wanted.homogeneous || is.remainder != wanted.remainder ||
                is.answers != wanted.answers || is.hidden_reasons != wanted.hidden_reasons)
                fail_msg("%s: held to linkage %u, threshold %u; the plain reading says %u and %u",
                        where, is.linkage, is.threshold, wanted.linkage, wanted.threshold);
        (*allowed)++;
        *linked += is.linkage >= DATASETS;
}

static void decisions_are_as_a_plain_reading_has_them(void **state)
{
        unsigned allowed = 0, linked = 0;

        (void)state;
        for (unsigned b = 0; b < BUNDLES; b++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct model m;

                model_draw(&m);
                p = model_load(&m, folder);
                for (unsigned i = 0; i < REQUESTS; i++) {
                        struct request r = request_draw(&m);
                        char where[48];

                        (void)snprintf(where, sizeof where, "bundle %u, request %u", b, i);
                        compare(&m, p, &r, where, &allowed, &linked);
                }
        }
        print_message("%u of %u allowed, %u of them under a linkage of several data sets\n",
                allowed, BUNDLES * REQUESTS, linked);
        assert_true(allowed > BUNDLES * REQUESTS / 50); /* or it says little */
        assert_true(linked > 20);
}

static void the_keeper_links_as_a_plain_reading_has_it(void **state)
{
        (void)state;
        for (unsigned b = 0; b < BUNDLES; b++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct model m;

                model_draw(&m);
                p = model_load(&m, folder);
                for (unsigned i = 0; i < REQUESTS; i++) {
                        unsigned of = below(LINKAGES), d = below(DATASETS), use = below(PURPOSES);
                        const struct model_linkage *l = &m.linkages[of];
                        unsigned place = below(MUNICIPALITIES + 1);
                        int32_t day = FIRST_DAY - 2 + (int32_t)below(44);
                        bool joined = false;
                        bool wanted = (l->datasets >> d & 1) != 0 &&
                                      (l->purposes >> use & 1) != 0 && place < MUNICIPALITIES &&
                                      day >= l->from && day <= l->until;
                        enum err e = rules_may_link(policy_rules(p),
                                bytes_of_text(linkage_names[of]), bytes_of_text(dataset_names[d]),
                                place < MUNICIPALITIES ? places[place] : 115,
                                bytes_of_text(purpose_names[use]),
                                (int64_t)day * MS_PER_DAY + below(MS_PER_DAY), &joined);

                        assert_int_equal(e, wanted ? ERR_OK : ERR_LINKAGE_REFUSED);
                        assert_int_equal(joined, wanted && (l->joined >> place & 1) != 0);
                }
        }
}

static int setup(void **state)
{
        (void)state;
        random_seed(20260504);
        return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
        (void)state;
        model_clean(folder);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(decisions_are_as_a_plain_reading_has_them),
                cmocka_unit_test(the_keeper_links_as_a_plain_reading_has_it),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
