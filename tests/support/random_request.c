/* SPDX-License-Identifier: Apache-2.0 */
/* random_request.c: questions drawn so that most are nearly allowed: what is drawn
 * evenly is refused for its first word, and the last conditions never decide. */
#include "tests/support/random_request.h"

const char *const asked_names[NAMES] = {
        "plats", "dag", "antal", "akut", "kostnad", "slut", "okand", "h0", "h1"};
const struct whole_period asked_periods[PERIODS] = {
        {"2024", 3}, {"2024-Q2", 2}, {"2024-05", 1}, {"2024-05-02..2024-05-20", 0}};

static int maybe(unsigned n)
{
        return below(2) == 0 ? -1 : (int)below(n);
}

static struct part draw_part(unsigned beyond)
{
        return (struct part){below(10) == 0 ? UNKNOWN + below(beyond) : below(VARIABLES),
                below(3) > 0     ? -1
                : below(20) == 0 ? 9
                                 : (int)below(4)};
}

static unsigned draw_date(void)
{
        static const unsigned likely[] = {KIND_DATE, KIND_END, DERIVED_0, KIND_DATE};

        return below(6) == 0 ? below(NAMES) : likely[below(4)];
}

static struct asked draw_derived(void)
{
        struct asked a = {
                .kind = (enum derived_kind)(1 + below(DERIVED_KIND_COUNT - 1)),
                .dataset = below(20) == 0 ? DATASETS : below(DATASETS),
                .date = -1,
                .variable = -1,
                .level = -1,
                .anchor = -1,
        };

        if (a.kind == DERIVED_DAYS_BETWEEN) {
                a.from = draw_date();
                a.to = draw_date();
                a.bands = below(2) == 0;
                return a;
        }
        a.date = often() ? -1 : (int)draw_date();
        a.window = (enum window_kind)below(4);
        a.anchor = a.window == WINDOW_RELATIVE && below(2) == 0 ? (int)draw_date() : -1;
        a.fixed = below(PERIODS);
        a.filtered = below(4) == 0;
        a.filter = draw_part(NAMES - UNKNOWN);
        a.same = below(4) == 0 ? SAME_FAMILY : SAME_PERSON;
        a.in = often() ? IN_ANY : (enum derived_in)below(4);
        a.bands = (a.kind == DERIVED_COUNT || a.kind == DERIVED_SUM) && below(2) == 0;
        if (a.kind == DERIVED_SUM)
                a.variable = often() ? KIND_MEASURE : (int)below(UNKNOWN + 1);
        if (a.kind == DERIVED_COUNT)
                a.variable = maybe(UNKNOWN + 1);
        if (a.kind == DERIVED_COUNT && a.variable >= 0)
                a.level = maybe(4);
        return a;
}

static void draw_measure(struct request *r)
{
        static const int likely[] = {KIND_MEASURE, KIND_MEASURE, DERIVED_0, KIND_NUMBER};
        int wants;

        r->measure = below(2) == 0 ? MEASURE_NONE : (enum measure_kind)below(MEASURE_KIND_COUNT);
        r->of = r->per = r->banding = -1;
        wants = measure_kind_wants_variable(r->measure);
        if (wants > 0 || (wants == 0 && below(2) == 0))
                r->of = below(4) == 0 ? (int)below(NAMES) : likely[below(4)];
        if (r->measure == MEASURE_RATIO)
                r->per = below(2) == 0 ? -1 : likely[below(4)];
        if (r->measure == MEASURE_MEDIAN)
                r->banding = below(3) > 0 ? -1 : (int)below(3);
        r->has_inside =
                r->measure == MEASURE_SHARE || (r->measure != MEASURE_NONE && below(4) == 0);
        r->has_outside =
                (r->measure == MEASURE_SHARE || r->measure == MEASURE_RATIO) && below(2) == 0;
        r->inside = draw_part(NAMES - UNKNOWN);
        r->outside = draw_part(NAMES - UNKNOWN);
}

/* The day, the purpose and the certificate inside what some linkage allows, mostly: else the
 * last conditions would never decide. */
static void draw_frame(const struct model *m, struct request *r)
{
        const struct model_linkage *l = &m->linkages[below(LINKAGES)];

        r->day = l->from + (int32_t)below((unsigned)(l->until - l->from + 1));
        if (often())
                for (r->dataset = 0; (l->datasets >> r->dataset & 1) == 0;)
                        r->dataset++;
        for (unsigned use = 0; use < PURPOSES; use++)
                if ((l->purposes >> use & 1) != 0 && (r->purpose == PURPOSES || often()))
                        r->purpose = use;
        if (often())
                r->role = ROLE_DPO;
}

struct request request_draw(const struct model *m)
{
        struct request r = {
                .role = often() ? ROLE_STATISTICIAN : (enum role)(1 + below(ROLE_COUNT - 1)),
                .certificate = often() ? below(2) : below(4),
                .dataset = below(25) == 0 ? DATASETS : below(DATASETS),
                .purpose = below(25) == 0 ? PURPOSES : below(PURPOSES),
                .linkage = often() ? -1 : (int)below(LINKAGES + 1),
                .day = FIRST_DAY - 2 + (int32_t)below(DAYS),
                .unit = often() ? UNIT_NONE : (enum unit)below(UNIT_COUNT),
                .period = often() ? -1 : (int)below(PERIODS),
                .period_date = -1,
                .first_municipality = below(8) == 0,
                .age_at = below(40) == 0,
                .division_at = below(8) == 0,
        };
        unsigned used = 0;

        if (often())
                draw_frame(m, &r);
        if (r.period >= 0 && below(2) == 0)
                r.period_date = (int)draw_date();
        for (r.derived_len = 0; r.derived_len < 2 && below(2) == 0;)
                r.derived[r.derived_len++] = draw_derived();
        for (unsigned n = below(3); n > 1; n--)
                r.filters[r.filters_len++] = draw_part(NAMES - UNKNOWN);
        for (unsigned n = below(2) * below(3); n > 0; n--) {
                struct part p = draw_part(NAMES - UNKNOWN);

                if ((used >> p.name & 1) == 0)
                        r.by[r.by_len++] = p; /* nothing is asked for twice */
                used |= 1u << p.name;
        }
        draw_measure(&r);
        return r;
}
