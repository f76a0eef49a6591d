/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_indicators.c: figures that the bundle defines: a share, a quotient of two data
 * sets, and an outcome contract, listed, asked and told with what they mean.
 *
 * Forty children are reported in 0114, and thirty of them again there later; twenty in
 * 0180. Sixteen of those in 0114 are placed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "policies/policy.h"
#include "tests/support/gateway_ask.h"

enum { CHILDREN = 40, AGAIN = 30, ELSEWHERE = 20, PLACED = 16 };

static struct world world;

#define AGAIN_QUERY                                                                                \
        "query:\n"                                                                                 \
        "  dataset: anmalan\n"                                                                     \
        "  derived:\n"                                                                             \
        "    - {name: ater, kind: exists, dataset: anmalan, window: {from: 1, until: 365}}\n"      \
        "  measures:\n"                                                                            \
        "    - {kind: share, filters: [\"ater = true\"]}\n"

#define HEAD(id)                                                                                   \
        "indicator: " id "\n"                                                                      \
        "version: 1\n"                                                                             \
        "label: {sv: Prov, en: Trial}\n"                                                           \
        "definition: {sv: Andel som anmäls igen, en: Share reported again}\n"                     \
        "references: [Egen definition]\n"                                                          \
        "purposes: [uppfoljning]\n"                                                                \
        "direction: lower\n"                                                                       \
        "target: 60.0\n"

static const char share[] = HEAD("prov_andel") "compare: [target, lan, riket]\n" AGAIN_QUERY;

static const char quotient[] =
        HEAD("prov_kvot") "scale: 1\n"
                          "query: {dataset: anmalan, measures: [records]}\n"
                          "denominator: {dataset: placering, measures: [persons]}\n";

static const char contract[] = HEAD(
        "prov_avtal") "contract: {label: {sv: Avtal, en: Contract}, period: 2025}\n" AGAIN_QUERY;

/* The first refusal of a contract that is not frozen tells its digest. */
static const char *frozen(void)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why = {0};

        assert_int_not_equal(policy_load(world_path(&world, "policy"), &p, &why), ERR_OK);
        const char *at = strstr(why.violations[0].text, "`frozen: ");

        assert_non_null(at);
        return arena_printf(world.arena, "%sfrozen: %.64s\n", contract, at + strlen("`frozen: "));
}

static void add_indicators(void)
{
        const char *files = "  - prov_andel.yaml\n  - prov_kvot.yaml\n  - prov_avtal.yaml\n";
        struct bytes bundle = world_read(&world, world_path(&world, "policy/bundle.yaml"));
        char *text = arena_strndup(world.arena, (const char *)bundle.data, bundle.len);

        assert_non_null(text);
        if (strstr(text, "\nindicators:\n") != NULL)
                world_edit(&world, "policy/bundle.yaml", "\nindicators:\n",
                        arena_printf(world.arena, "\nindicators:\n%s", files));
        else
                world_write(&world, "policy/bundle.yaml",
                        bytes_of_text(
                                arena_printf(world.arena, "%s\nindicators:\n%s", text, files)));
        world_write(&world, "policy/prov_andel.yaml", bytes_of_text(share));
        world_write(&world, "policy/prov_kvot.yaml", bytes_of_text(quotient));
        world_write(&world, "policy/prov_avtal.yaml", bytes_of_text(contract));
        world_write(&world, "policy/prov_avtal.yaml", bytes_of_text(frozen()));
}

static void deliver_all(void)
{
        struct report here[CHILDREN + AGAIN], there[ELSEWHERE];
        struct placement placed[PLACED];
        uint64_t random = 3;

        for (uint32_t i = 0; i < CHILDREN + AGAIN; i++)
                here[i] = (struct report){i % CHILDREN, NOBODY, i < CHILDREN ? 20 : 80, i};
        for (uint32_t i = 0; i < ELSEWHERE; i++)
                there[i] = (struct report){1000 + i, NOBODY, 50, i};
        for (uint32_t i = 0; i < PLACED; i++) {
                placed[i] = placement_random(&random, CHILDREN, i);
                placed[i].person = i;
                placed[i].local = false;
        }
        (void)deliver_concerns(&world, 114, here, CHILDREN + AGAIN);
        (void)deliver_concerns(&world, 180, there, ELSEWHERE);
        (void)deliver(&world, 114, DELIVERY_APPEND, placed, PLACED, PLACED);
        (void)publish(&world);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        add_indicators();
        policy_begin(&world);
        world_start(&world);
        deliver_all();
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static struct wire_indicators list(void)
{
        struct wire_indicators all;

        assert_int_equal(world_call(&world, world_client(&world, WORLD_STATISTICIAN),
                                 "Statistics/ListIndicators", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(indicators_decode(world.arena, world_answer, &all), ERR_OK);
        return all;
}

static const struct wire_indicator *listed(const char *id)
{
        struct wire_indicators all = list();

        for (uint32_t i = 0; i < all.len; i++)
                if (bytes_is_text(all.indicators[i].id, id))
                        return &all.indicators[i];
        fail_msg("%s is not listed", id);
        return NULL;
}

static void indicators_are_listed_for_who_may_ask(void **state)
{
        (void)state;
        const struct wire_indicator *i = listed("prov_kvot");

        assert_int_equal(i->version, 1);
        assert_true(bytes_is_text(i->dataset, "anmalan"));
        assert_true(bytes_is_text(i->place, "kommun"));
        assert_true(bytes_is_text(i->definition.en, "Share reported again"));
        assert_int_equal(i->measure, MEASURE_RATIO);
        assert_int_equal(i->target, 600);
        assert_int_equal(i->decimals, 1);
        assert_true(listed("prov_avtal")->is_contract);
        assert_int_equal(world_call(&world, town(&world, 114), "Statistics/ListIndicators",
                                 bytes_of(NULL, 0)),
                STATUS_PERMISSION_DENIED);
}

static void a_share_is_told_with_its_interval_and_what_it_means(void **state)
{
        const char *const here[] = {"0114"}, *const nowhere[] = {"1480"};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "indicator: {id: prov_andel}\nperiod: \"2025\"\n"
                                 "dimensions: [kommun]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(cell_value(&r, 0, here), 750); /* 75.0 % */
        assert_int_equal(cell_at(&r, nowhere), CELL_MISSING);
        assert_non_null(r.table.measures[0].low);
        assert_true(r.has_indicator);
        assert_true(bytes_is_text(r.indicator.id, "prov_andel"));
        assert_int_equal(r.indicator.version, 1);
        assert_true(digest_equal(&r.indicator.digest, &listed("prov_andel")->digest));
        assert_int_equal(r.indicator.definition.en.len, 0);
        assert_int_equal(r.indicator.direction, DIRECTION_LOWER);
        assert_true(r.indicator.has_target);
}

static void what_is_measured_is_not_the_askers_to_say(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(
                ask_yaml(&world, "indicator: {id: prov_andel}\nfilters: [\"orsak = missbruk\"]\n",
                        &r),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(
                ask_yaml(&world, "indicator: {id: prov_okand}\n", &r), STATUS_INVALID_ARGUMENT);
        assert_int_equal(ask_yaml(&world, "indicator: {id: prov_andel, version: 2}\n", &r),
                STATUS_INVALID_ARGUMENT);
        assert_int_equal(
                ask_yaml(&world, "indicator: {id: prov_andel}\npurpose: officiell_statistik\n", &r),
                STATUS_PERMISSION_DENIED);
}

static void a_quotient_is_withheld_where_either_part_is(void **state)
{
        const char *const here[] = {"0114"}, *const there[] = {"0180"}, *const all[] = {NULL};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "indicator: {id: prov_kvot}\nperiod: \"2025\"\n"
                                 "dimensions: [kommun]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(r.table.measures[0].kind, MEASURE_RATIO);
        assert_int_equal(r.table.measures[0].decimals, 1);
        assert_int_equal(cell_value(&r, 0, here), 44);      /* 70 reports by 16 placed: 4.375 */
        assert_int_equal(cell_at(&r, there), CELL_MISSING); /* it has delivered no placements */
        assert_int_equal(cell_value(&r, 0, all), 44);       /* so its reports do not count either */
        assert_true(r.has_counted);
        assert_int_equal(r.counted, 1);
        assert_int_equal(r.coverage_len, 2);
        assert_int_equal(r.coverage[0].delivered, 2);
        assert_int_equal(r.coverage[1].delivered, 1);
}

/* 0180 has delivered no placements: of its children nobody knows. */
static void who_has_not_delivered_the_events_is_missing_and_not_without_them(void **state)
{
        const char *const here[] = {"0114"}, *const there[] = {"0180"}, *const all[] = {NULL};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\n"
                                 "derived: [{name: placerad, kind: exists, dataset: placering}]\n"
                                 "dimensions: [kommun]\n"
                                 "measures: [{kind: share, filters: [\"placerad = true\"]}]\n",
                                 &r),
                STATUS_OK);
        assert_int_equal(cell_value(&r, 0, here), 400); /* 16 of 40 */
        assert_int_equal(cell_at(&r, there), CELL_MISSING);
        assert_int_equal(cell_value(&r, 0, all), 400);
        assert_int_equal(r.delivered, 2);
        assert_true(r.has_counted);
        assert_int_equal(r.counted, 1);
        /* Nor do its inhabitants, who are twenty times as many. */
        assert_int_equal(ask_yaml(&world,
                                 "dataset: anmalan\n"
                                 "derived: [{name: placerad, kind: exists, dataset: placering}]\n"
                                 "dimensions: [kommun]\n"
                                 "measures: [{kind: rate, filters: [\"placerad = true\"]}]\n",
                                 &r),
                STATUS_OK);
        assert_true(cell_value(&r, 0, here) > 0);
        assert_int_equal(cell_value(&r, 0, all), cell_value(&r, 0, here));
        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun]\n", &r), STATUS_OK);
        assert_int_equal(cell_value(&r, 0, there), ELSEWHERE);
        assert_false(r.has_counted);
}

static void the_cohort_of_a_contract_is_fixed(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world, "indicator: {id: prov_avtal}\n", &r), STATUS_OK);
        assert_true(r.indicator.is_contract);
        assert_true(r.has_period);
        assert_true(r.indicator.has_period);
        assert_int_equal(r.period.first, r.indicator.period.first);
        assert_int_equal(cell_value(&r, 0, NULL), 500); /* 30 of 60 */
        assert_true(r.table.measures[0].low[0] < 500);
        assert_true(r.table.measures[0].high[0] > 500);
        assert_int_equal(ask_yaml(&world, "indicator: {id: prov_avtal}\nperiod: \"2024\"\n", &r),
                STATUS_PERMISSION_DENIED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(indicators_are_listed_for_who_may_ask),
                cmocka_unit_test(a_share_is_told_with_its_interval_and_what_it_means),
                cmocka_unit_test(what_is_measured_is_not_the_askers_to_say),
                cmocka_unit_test(a_quotient_is_withheld_where_either_part_is),
                cmocka_unit_test(who_has_not_delivered_the_events_is_missing_and_not_without_them),
                cmocka_unit_test(the_cohort_of_a_contract_is_fixed),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
