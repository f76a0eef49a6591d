/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory_linkage.c: under which linkage an earlier answer is counted again, when the one that
 * it was given under is there, has changed, has ended, or has another name.
 *
 * The policy is made up: two data sets, three municipalities. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/memory_linkage.h"

enum { LINKAGES = 4, OWN = 0, WIDE, OTHER, NARROW };

/* What is made up ------------------------------------------------------------------------------ */

static municipality_t towns[] = {114, 180, 1480};
static struct rules rules = {.municipalities = towns, .municipalities_len = 3};
static struct policy_dataset datasets[2];
static struct bytes names[2], purposes[1];
static struct rules_linkage drawn[LINKAGES];
static struct policy_linkage linkages[LINKAGES];
static unsigned joined[LINKAGES]; /* towns, by bit */
static bool ended[LINKAGES];
static struct code codes[3];
static struct code_level level = {.codes = codes, .len = 3};
static struct code_list places = {.levels = &level, .levels_len = 1};

const struct rules *policy_rules(const struct policy *p)
{
        (void)p;
        return &rules;
}

const struct policy_linkage *policy_linkages(const struct policy *p, uint32_t *out_len)
{
        (void)p;
        *out_len = LINKAGES;
        return linkages;
}

const struct policy_linkage *policy_linkage_find(const struct policy *p, struct bytes id)
{
        (void)p;
        for (unsigned i = 0; i < LINKAGES; i++)
                if (bytes_equal(id, drawn[i].id))
                        return &linkages[i];
        return NULL;
}

bool policy_linkage_serves(const struct policy_linkage *l, struct bytes purpose, int64_t now_ms)
{
        return now_ms > 0 && bytes_equal(purpose, purposes[0]) && !ended[l - linkages];
}

static bool holds(const struct rules_linkage *l, struct bytes id)
{
        for (uint32_t i = 0; i < l->datasets_len; i++)
                if (bytes_equal(l->datasets[i], id))
                        return true;
        return false;
}

bool policy_linkage_pairs(const struct policy *p, const struct policy_linkage *l,
        const struct policy_dataset *base, const struct policy_dataset *other)
{
        (void)p;
        return holds(l->rules, base->id) && holds(l->rules, other->id);
}

const struct policy_dataset *policy_dataset_find(const struct policy *p, struct bytes id)
{
        (void)p;
        for (unsigned i = 0; i < 2; i++)
                if (bytes_equal(datasets[i].id, id))
                        return &datasets[i];
        return NULL;
}

const struct code_list *policy_municipalities(const struct policy *p)
{
        (void)p;
        return &places;
}

const struct indicator *policy_indicators(const struct policy *p, uint32_t *out_len)
{
        (void)p;
        *out_len = 0;
        return NULL;
}

bool rules_linkage_joins(const struct rules_linkage *l, municipality_t municipality)
{
        for (unsigned i = 0; i < 3; i++)
                if (towns[i] == municipality)
                        return (joined[l - drawn] >> i & 1) != 0;
        return false;
}

static int setup(void **state)
{
        static const char *const ids[LINKAGES] = {"own", "wide", "other", "narrow"};
        static const char *const texts[3] = {"0114", "0180", "1480"};

        (void)state;
        names[0] = bytes_of_text("anmalan");
        names[1] = bytes_of_text("insats");
        purposes[0] = bytes_of_text("uppfoljning");
        for (unsigned i = 0; i < 2; i++)
                datasets[i] = (struct policy_dataset){.id = names[i]};
        datasets[0].disclosure.threshold = 5;
        datasets[1].disclosure.threshold = 8;
        for (unsigned i = 0; i < LINKAGES; i++) {
                drawn[i] = (struct rules_linkage){.id = bytes_of_text(ids[i]),
                        .datasets = names,
                        .datasets_len = i == OWN ? 1 : 2,
                        .purposes = purposes,
                        .purposes_len = 1};
                linkages[i] = (struct policy_linkage){.rules = &drawn[i]};
                joined[i] = i == NARROW ? 1 : 7;
                ended[i] = false;
        }
        for (unsigned i = 0; i < 3; i++)
                codes[i].code = bytes_of_text(texts[i]);
        return 0;
}

/* Asking --------------------------------------------------------------------------------------- */

static struct derived derived[1];
static const uint8_t two_towns[3] = {1, 1, 0};

/* With a derived variable that looks at data set number `events`, as WIDE had it. */
static struct memory_question question(unsigned events)
{
        struct memory_question q = {.query = {.derived = derived, .derived_len = 1},
                .counts = two_towns,
                .counts_len = 3,
                .has_joined = true};

        derived[0] = (struct derived){.dataset = names[events]};
        assert_int_equal(memory_joins(NULL, &linkages[WIDE], &q.query, &q.joined), ERR_OK);
        return q;
}

/* Which is found for one that was asked under `id`; LINKAGES: none. */
static unsigned found(const char *id, const struct memory_question *q)
{
        const struct policy_linkage *l =
                memory_linkage_find(NULL, &linkages[OWN], bytes_of_text(id), &datasets[0], q);

        return l != NULL ? (unsigned)(l - linkages) : LINKAGES;
}

static void one_that_stands_is_the_one(void **state)
{
        struct memory_question q = question(1);

        (void)state;
        assert_int_equal(found("wide", &q), WIDE);
        q.has_joined = false; /* written by an older version */
        assert_int_equal(found("wide", &q), WIDE);
}

static void one_that_has_ended_gives_way_to_one_that_joins_the_same(void **state)
{
        struct memory_question q = question(1);

        (void)state;
        ended[WIDE] = true;
        assert_int_equal(found("wide", &q), OTHER);
        assert_int_equal(found("gone", &q), OTHER);
        ended[OTHER] = true;
        assert_int_equal(
                found("wide", &q), LINKAGES); /* NARROW joins fewer, OWN has one data set */
        q = question(0);
        assert_int_equal(found("wide", &q), OWN);
        q.has_joined = false;
        assert_int_equal(found("wide", &q), LINKAGES); /* whom it joined is not known */
}

static void without_derived_variables_the_data_sets_own_will_do(void **state)
{
        const struct memory_question q = {.counts = two_towns, .counts_len = 3};

        (void)state;
        ended[WIDE] = true;
        assert_int_equal(found("wide", &q), OWN);
        assert_int_equal(found("gone", &q), OWN);
}

static void one_that_has_grown_is_counted_as_it_is_and_one_that_has_shrunk_is_not(void **state)
{
        struct memory_question q;

        (void)state;
        joined[WIDE] = 3;
        q = question(1);
        joined[OTHER] = 3;
        joined[WIDE] = 7;
        assert_int_equal(found("wide", &q), WIDE);
        joined[WIDE] = 5; /* not 0180 any more, which counts in the answer */
        assert_int_equal(found("wide", &q), OTHER);
        joined[OTHER] = 7;
        assert_int_equal(found("wide", &q), LINKAGES);
}

static void where_kin_are_looked_at_limits_are_the_same(void **state)
{
        struct memory_question q;

        (void)state;
        for (unsigned i = WIDE; i < LINKAGES; i++) {
                drawn[i].family = true;
                linkages[i].family = (struct family_limits){7, 40, 400};
        }
        q = question(1);
        derived[0].same = SAME_FAMILY;
        assert_int_equal(memory_joins(NULL, &linkages[WIDE], &q.query, &q.joined), ERR_OK);
        ended[WIDE] = true;
        assert_int_equal(found("wide", &q), OTHER);
        linkages[OTHER].family.holds_days = 300;
        assert_int_equal(found("wide", &q), LINKAGES);
        linkages[OTHER].family.holds_days = 400;
        drawn[OTHER].family = false;
        assert_int_equal(found("wide", &q), LINKAGES);
}

static void k_is_the_largest_of_the_linkage(void **state)
{
        (void)state;
        assert_int_equal(memory_floor(NULL, &linkages[OWN], &datasets[0]), 5);
        assert_int_equal(memory_floor(NULL, &linkages[WIDE], &datasets[0]), 8);
        assert_int_equal(memory_floor_of_any(NULL, &datasets[0]), 8);
        assert_int_equal(memory_threshold(NULL, &linkages[OWN], &datasets[0]), 5);
}

static void a_purpose_is_one_that_it_serves_today(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 10);
        const char *purpose = NULL;

        (void)state;
        assert_int_equal(memory_purpose(&linkages[WIDE], arena, &purpose), ERR_OK);
        assert_string_equal(purpose, "uppfoljning");
        ended[WIDE] = true;
        assert_int_equal(memory_purpose(&linkages[WIDE], arena, &purpose), ERR_LINKAGE_REFUSED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup(name, setup)
                SENTENCE(one_that_stands_is_the_one),
                SENTENCE(one_that_has_ended_gives_way_to_one_that_joins_the_same),
                SENTENCE(without_derived_variables_the_data_sets_own_will_do),
                SENTENCE(one_that_has_grown_is_counted_as_it_is_and_one_that_has_shrunk_is_not),
                SENTENCE(where_kin_are_looked_at_limits_are_the_same),
                SENTENCE(k_is_the_largest_of_the_linkage),
                SENTENCE(a_purpose_is_one_that_it_serves_today),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
