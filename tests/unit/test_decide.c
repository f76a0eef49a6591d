/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide.c: who may do what under the national bundle; everything else is
 * refused, and no refusal repeats what was sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policies/policy.h"

#define B(t) bytes_of_text(t)

static struct policy *policy;
static int64_t now; /* a day in 2026 */

/* With the certificate that somebody of this role has. */
static struct principal as(enum role role)
{
        struct principal who = {.role = role};

        who.municipality = role == ROLE_MUNICIPALITY ? 180 : 0;
        (void)snprintf(who.uri, sizeof who.uri, "statgate://demo/%s/%s", role_name(role),
                role == ROLE_MUNICIPALITY ? "0180" : "prov");
        return who;
}

static void a_municipality_delivers_for_whole_years_that_have_begun(void **state)
{
        static const struct {
                enum role role;
                municipality_t municipality;
                const char *dataset, *period;
                enum err wanted;
        } cases[] = {
                {ROLE_MUNICIPALITY, 180, "placering", "2025", ERR_OK},
                {ROLE_MUNICIPALITY, 2584, "anmalan", "2026", ERR_OK},
                {ROLE_MUNICIPALITY, 180, "placering", "2025-01-01..2025-12-31", ERR_OK},
                {ROLE_MUNICIPALITY, 181, "placering", "2025", ERR_OK},
                {ROLE_MUNICIPALITY, 9999, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_MUNICIPALITY, 0, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_STATISTICIAN, 0, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_DPO, 0, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_OPERATOR, 0, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_NONE, 0, "placering", "2025", ERR_NOT_ALLOWED},
                {(enum role)99, 180, "placering", "2025", ERR_NOT_ALLOWED},
                {ROLE_MUNICIPALITY, 180, "placeringar", "2025", ERR_UNKNOWN_NAME},
                {ROLE_MUNICIPALITY, 180, "", "2025", ERR_UNKNOWN_NAME},
                {ROLE_MUNICIPALITY, 180, "placering", "2027", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "2025-Q1", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "2025-03", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "2025-01-01..2025-12-30", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "2024-07-01..2025-06-30", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "", ERR_INVALID},
                {ROLE_MUNICIPALITY, 180, "placering", "i fjol", ERR_INVALID},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const struct policy_dataset *d = NULL;
                struct principal who = as(cases[i].role);
                struct refusal why = {0};
                struct period p = {0, 0};

                who.municipality = cases[i].municipality;
                enum err rc = decide_submit(
                        policy, &who, B(cases[i].dataset), B(cases[i].period), now, &d, &p, &why);

                if (rc != cases[i].wanted)
                        fail_msg("case %zu: %s", i, err_name(rc));
                assert_true((rc == ERR_OK) == (d != NULL && p.last > p.first));
                assert_true((rc == ERR_OK) == (why.len == 0));
        }
}

static void only_a_municipality_erases(void **state)
{
        (void)state;
        for (unsigned role = ROLE_NONE; role <= ROLE_COUNT; role++) {
                struct principal who = as((enum role)role);
                struct refusal why = {0};

                assert_int_equal(decide_erase(policy, &who, now, &why),
                        role == ROLE_MUNICIPALITY ? ERR_OK : ERR_NOT_ALLOWED);
        }
        struct principal stranger = as(ROLE_MUNICIPALITY);

        stranger.municipality = 1;
        assert_int_equal(decide_erase(policy, &stranger, now, NULL), ERR_NOT_ALLOWED);
}

/* A question of at most one filter, dimension and measure. */
struct ask {
        const char *dataset, *purpose, *filter, *filter_level, *dimension, *level;
        enum measure_kind measure;
        const char *of;
};

static enum err ask(const struct ask *a, const struct principal *who, int64_t at,
        const struct policy_dataset **out, struct refusal *why)
{
        struct bytes value = B("1");
        struct filter f = {.op = FILTER_EQ, .values = &value, .values_len = 1};
        struct dimension_ref d = {.level = {0}};
        struct measure_ref m = {.kind = a->measure};
        struct query q = {.dataset = B(a->dataset), .purpose = B(a->purpose)};

        if (a->filter != NULL) {
                f.variable = B(a->filter);
                f.level = a->filter_level != NULL ? B(a->filter_level) : (struct bytes){0};
                q.filters = &f;
                q.filters_len = 1;
        }
        if (a->dimension != NULL) {
                d.variable = B(a->dimension);
                d.level = a->level != NULL ? B(a->level) : (struct bytes){0};
                q.dimensions = &d;
                q.dimensions_len = 1;
        }
        if (a->measure != MEASURE_NONE) {
                m.variable = a->of != NULL ? B(a->of) : (struct bytes){0};
                q.measures = &m;
                q.measures_len = 1;
        }
        *out = NULL;
        *why = (struct refusal){0};
        struct decision decision = {0};
        enum err e = decide_query(policy, who, &q, at, &decision, why);

        *out = decision.dataset;
        return e;
}

#define PU "placering", "uppfoljning"

static void a_question_passes_every_gate_or_none(void **state)
{
        static const struct {
                struct ask ask;
                enum err wanted;
                const char *field;
        } cases[] = {
                {{PU, "form", NULL, "kommun", "lan", MEASURE_PERSONS, NULL}, ERR_OK, NULL},
                {{PU, NULL, NULL, "kommun", NULL, MEASURE_NONE, NULL}, ERR_OK, NULL},
                {{PU, "alder", NULL, "alder", "grupp", MEASURE_RECORDS, NULL}, ERR_OK, NULL},
                {{PU, "alder", "barn", "alder", NULL, MEASURE_NONE, NULL}, ERR_OK, NULL},
                {{PU, "kommun", "riket", "start", "ar", MEASURE_SUM, "kostnad_dygn"}, ERR_OK, NULL},
                {{PU, NULL, NULL, "start", NULL, MEASURE_MEAN, "kostnad_dygn"}, ERR_OK, NULL},
                {{"anmalan", "officiell_statistik", "ensamkommande", NULL, "ensamkommande", NULL,
                         MEASURE_NONE, NULL},
                        ERR_OK, NULL},
                {{PU, NULL, NULL, "start", "manad", MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "dimensions[0].level"},
                {{PU, NULL, NULL, "start", "dag", MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "dimensions[0].level"},
                {{PU, "start", "dag", NULL, NULL, MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "filters[0].level"},
                {{PU, NULL, NULL, "start", "vecka", MEASURE_NONE, NULL}, ERR_UNKNOWN_NAME,
                        "dimensions[0].level"},
                {{PU, NULL, NULL, "fodelsemanad", "ar", MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "dimensions[0].variable"},
                {{PU, "fodelsemanad", NULL, NULL, NULL, MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "filters[0].variable"},
                {{PU, "kostnad_dygn", NULL, NULL, NULL, MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "filters[0].variable"},
                {{PU, NULL, NULL, "kostnad_dygn", NULL, MEASURE_NONE, NULL}, ERR_NOT_ALLOWED,
                        "dimensions[0].variable"},
                {{PU, NULL, NULL, NULL, NULL, MEASURE_SUM, "alder"}, ERR_NOT_ALLOWED,
                        "measures[0].variable"},
                {{PU, NULL, NULL, NULL, NULL, MEASURE_SUM, "kostnaden"}, ERR_UNKNOWN_NAME,
                        "measures[0].variable"},
                {{PU, "fom", NULL, NULL, NULL, MEASURE_NONE, NULL}, ERR_UNKNOWN_NAME,
                        "filters[0].variable"},
                {{PU, "orsak", NULL, NULL, NULL, MEASURE_NONE, NULL}, ERR_UNKNOWN_NAME,
                        "filters[0].variable"},
                {{"placering", "forskning", NULL, NULL, NULL, NULL, MEASURE_NONE, NULL},
                        ERR_NOT_ALLOWED, "purpose"},
                {{"placering", "", NULL, NULL, NULL, NULL, MEASURE_NONE, NULL}, ERR_INVALID,
                        "purpose"},
                {{"enkater", "uppfoljning", NULL, NULL, NULL, NULL, MEASURE_NONE, NULL},
                        ERR_UNKNOWN_NAME, "dataset"},
        };
        struct principal who = as(ROLE_STATISTICIAN);

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                const struct policy_dataset *d;
                struct refusal why;
                enum err rc = ask(&cases[i].ask, &who, now, &d, &why);

                if (rc != cases[i].wanted ||
                        (cases[i].field != NULL &&
                                strcmp(why.violations[0].field, cases[i].field) != 0))
                        fail_msg("case %zu: %s at %s: %s", i, err_name(rc), why.violations[0].field,
                                why.violations[0].text);
                assert_true((rc == ERR_OK) == (d != NULL));
        }
}

static void only_those_who_may_ask_are_answered(void **state)
{
        struct ask plain = {PU, NULL, NULL, NULL, NULL, MEASURE_NONE, NULL};

        (void)state;
        for (unsigned role = ROLE_NONE; role <= ROLE_COUNT; role++) {
                struct principal who = as((enum role)role);
                const struct policy_dataset *d;
                struct refusal why;

                assert_int_equal(ask(&plain, &who, now, &d, &why),
                        role == ROLE_STATISTICIAN || role == ROLE_DPO ? ERR_OK : ERR_NOT_ALLOWED);
        }
}

static void an_ended_linkage_answers_nothing(void **state)
{
        struct ask plain = {PU, NULL, NULL, NULL, NULL, MEASURE_NONE, NULL};
        struct principal who = as(ROLE_STATISTICIAN);
        int64_t last = ((int64_t)days_from_civil((struct civil){2031, 1, 1})) * 86400000;
        int64_t first = ((int64_t)days_from_civil((struct civil){2025, 1, 1})) * 86400000;
        const struct policy_dataset *d;
        struct refusal why;

        (void)state;
        assert_int_equal(ask(&plain, &who, last - 1, &d, &why), ERR_OK);
        assert_int_equal(ask(&plain, &who, last, &d, &why), ERR_LINKAGE_REFUSED);
        assert_int_equal(ask(&plain, &who, first, &d, &why), ERR_OK);
        assert_int_equal(ask(&plain, &who, first - 1, &d, &why), ERR_LINKAGE_REFUSED);
}

static void schemas_are_for_those_concerned(void **state)
{
        (void)state;
        for (unsigned role = ROLE_NONE; role <= ROLE_COUNT; role++) {
                struct principal who = as((enum role)role);
                const struct policy_dataset *d = NULL;
                enum err rc = decide_describe(policy, &who, B("anmalan"), &d, NULL);
                bool concerned =
                        role == ROLE_MUNICIPALITY || role == ROLE_STATISTICIAN || role == ROLE_DPO;

                assert_int_equal(rc, concerned ? ERR_OK : ERR_NOT_ALLOWED);
                assert_true(concerned == (d != NULL));
        }
}

static void a_refusal_does_not_repeat_what_was_sent(void **state)
{
        static const char secret[] = "191212121212";
        struct ask asks[] = {
                {secret, "uppfoljning", NULL, NULL, NULL, NULL, MEASURE_NONE, NULL},
                {"placering", secret, NULL, NULL, NULL, NULL, MEASURE_NONE, NULL},
                {PU, secret, NULL, secret, NULL, MEASURE_SUM, secret},
                {PU, "form", secret, "form", secret, MEASURE_NONE, NULL},
        };
        struct principal who = as(ROLE_STATISTICIAN);

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(asks); i++) {
                const struct policy_dataset *d;
                struct refusal why;

                assert_int_not_equal(ask(&asks[i], &who, now, &d, &why), ERR_OK);
                assert_true(why.len > 0);
                for (uint32_t v = 0; v < why.len; v++) {
                        assert_null(strstr(why.violations[v].field, secret));
                        assert_null(strstr(why.violations[v].text, secret));
                }
        }
}

static void a_slip_gets_a_suggestion(void **state)
{
        struct ask slip = {PU, "fromm", NULL, "komun", NULL, MEASURE_NONE, NULL};
        struct principal who = as(ROLE_STATISTICIAN);
        const struct policy_dataset *d;
        struct refusal why;

        (void)state;
        assert_int_equal(ask(&slip, &who, now, &d, &why), ERR_UNKNOWN_NAME);
        assert_int_equal(why.len, 2);
        assert_non_null(strstr(why.violations[0].text, "did you mean `form`?"));
        assert_non_null(strstr(why.violations[1].text, "did you mean `kommun`?"));
}

static int load(void **state)
{
        (void)state;
        now = (int64_t)days_from_civil((struct civil){2026, 5, 5}) * 86400000 + 1;
        return policy_load(STATGATE_ROOT "/policies/bundle", &policy, NULL) == ERR_OK ? 0 : -1;
}

static int unload(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_municipality_delivers_for_whole_years_that_have_begun),
                cmocka_unit_test(only_a_municipality_erases),
                cmocka_unit_test(a_question_passes_every_gate_or_none),
                cmocka_unit_test(only_those_who_may_ask_are_answered),
                cmocka_unit_test(an_ended_linkage_answers_nothing),
                cmocka_unit_test(schemas_are_for_those_concerned),
                cmocka_unit_test(a_refusal_does_not_repeat_what_was_sent),
                cmocka_unit_test(a_slip_gets_a_suggestion),
        };

        return cmocka_run_group_tests(tests, load, unload);
}
