/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_forgotten.c: who asks for persons to be forgotten: under which numbers they are, and
 * how often that may be asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/personnummer.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"
#include "tests/support/store_pieces.h"

enum { CHILDREN = 40, BATCH = 10, RENAMED = 1000 };

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static void children(struct placement *rows, uint32_t first, uint32_t len)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
}

static int64_t persons(void)
{
        struct wire_answer answer;
        struct wire_release r;

        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        return r.table.status[0] == CELL_VALUE ? r.table.measures[0].values[0] : -1;
}

static enum status erase(municipality_t m, uint32_t child)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};

        child_id(child, p.id);
        return world_erase(&world, m, &p);
}

static enum status erase_record(municipality_t m, const char *dataset, const char *key)
{
        return world_erase_record(&world, m, dataset, key);
}

/* Other numbers ----------------------------------------------------------------------- */

/* Municipality `m` says that child `was` became child `is`. */
static struct submission_id became(municipality_t m, uint32_t was, uint32_t is)
{
        uint8_t ids[2][PERSON_ID_LEN], kinds[2] = {PERSON_NATIONAL, PERSON_NATIONAL};
        const struct box_persons who = {1, 1, {ids[0], &kinds[0]}, {ids[1], &kinds[1]}};
        const int32_t day = 20000;
        struct submission_id id;

        child_id(was, ids[0]);
        child_id(is, ids[1]);
        assert_int_equal(world_alias(&world, m, &who, &day, &id), STATUS_OK);
        return id;
}

/* Forty children in 0180, by tens; each ten in a batch. */
struct delivered {
        struct submission_id id[CHILDREN / BATCH];
        struct pieces pieces[CHILDREN / BATCH];
};

static void deliver_all(struct delivered *d)
{
        struct placement rows[CHILDREN];

        children(rows, 0, CHILDREN);
        for (unsigned i = 0; i < CHILDREN / BATCH; i++) {
                d->id[i] = deliver(
                        &world, 180, DELIVERY_APPEND, rows + (size_t)i * BATCH, BATCH, BATCH);
                pieces_remember(&world, &d->pieces[i], &d->id[i]);
        }
}

/* Which batches are as they were, a bit each; nothing is left of those that are not. */
static unsigned untouched(const struct delivered *d)
{
        unsigned set = 0;

        for (unsigned i = 0; i < CHILDREN / BATCH; i++) {
                unsigned left = pieces_still_there(&world, &d->pieces[i]);

                assert_true(left == 0 || left == d->pieces[i].len);
                set |= left > 0 ? 1u << i : 0;
        }
        return set;
}

static void who_is_forgotten_under_one_number_is_in_no_file_under_another(void **state)
{
        static struct delivered d;
        struct submission_id undone;

        (void)state;
        deliver_all(&d);
        (void)publish(&world);
        assert_int_equal(persons(), CHILDREN);
        (void)became(180, 3, 13);              /* both delivered by 0180 */
        (void)became(114, 23, RENAMED);        /* as another municipality says */
        undone = became(180, 33, RENAMED + 1); /* and what was taken back */
        assert_int_equal(world_undo_aliases(&world, "municipality/0180", 180, &undone), STATUS_OK);
        assert_int_equal(untouched(&d), 0xf);

        assert_int_equal(erase(180, RENAMED + 1), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(untouched(&d), 0xf);        /* nobody has been that */
        assert_int_equal(erase(180, 13), STATUS_OK); /* by the new number, the old one too */
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(untouched(&d), 0xc);
        assert_int_equal(persons(), CHILDREN - 2);
        assert_int_equal(erase(180, RENAMED), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(untouched(&d), 0x8);
        assert_int_equal(persons(), CHILDREN - 3);
        (void)became(180, RENAMED + 2, 34);
        assert_int_equal(erase(180, RENAMED + 2), STATUS_OK); /* by the old number, the new one */
        assert_int_equal(untouched(&d), 0);
        assert_int_equal(persons(), CHILDREN - 4);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(untouched(&d), 0);
        world_start(&world);
        assert_int_equal(persons(), CHILDREN - 4);
}

/* Quotas ------------------------------------------------------------------------------ */

/* How much of its quota a municipality has used, as the operator sees it. */
static struct wire_quota_status quota_of(municipality_t m)
{
        struct wire_quota_status none = {.municipality = m};
        struct wire_status s = status_of(&world);

        for (uint32_t i = 0; i < s.quotas_len; i++)
                if (s.quotas[i].municipality == m)
                        return s.quotas[i];
        return none;
}

static bool log_says(const char *event)
{
        return world_said(&world, arena_printf(world.arena, "\"event\":\"%s\"", event));
}

static int setup_few_erasures(void **state)
{
        (void)state;
        world_make(&world);
        world_edit(&world, "policy/bundle.yaml", "erasure_quota: {per_day: 100}",
                "erasure_quota: {per_day: 4}");
        world_answer_alone(&world);
        world_start(&world);
        return 0;
}

static void who_erases_more_than_the_policy_allows_is_refused_and_told_on(void **state)
{
        enum { MOST = 4 };
        struct placement rows[20];

        (void)state;
        children(rows, 0, 20);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        (void)publish(&world);
        assert_int_equal(quota_of(180).erasures, 0);
        assert_int_equal(erase(180, 1), STATUS_OK);
        assert_int_equal(erase(180, 9001), STATUS_OK); /* nobody: it counts as much */
        assert_int_equal(erase_record(180, "placering", rows[2].key), STATUS_OK);
        assert_int_equal(erase_record(180, "placering", "nosuchkey"), STATUS_OK);
        assert_int_equal(persons(), 18);
        assert_int_equal(quota_of(180).erasures, MOST);
        assert_int_equal(quota_of(180).erasures_most, MOST);
        assert_true(quota_of(180).persons_percent > 0);
        assert_false(log_says("erasure_quota_exceeded"));
        /* The same words for whoever is there and whoever is not. */
        assert_int_equal(erase(180, 3), STATUS_RESOURCE_EXHAUSTED);
        const char *known = arena_printf(world.arena, "%s", world_status.message);

        assert_int_equal(erase(180, 9002), STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(world_status.message, known);
        assert_int_equal(erase_record(180, "placering", rows[3].key), STATUS_RESOURCE_EXHAUSTED);
        assert_string_equal(world_status.message, known);
        assert_true(log_says("erasure_quota_exceeded"));
        assert_true(quota_of(180).erasures_refused_at_ms > 0);
        assert_int_equal(persons(), 18);
        /* Others are not concerned, and a restart is no new day. */
        assert_int_equal(erase(114, 3), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_int_equal(erase(180, 3), STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(quota_of(180).erasures, MOST);
        assert_int_equal(persons(), 18);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        who_is_forgotten_under_one_number_is_in_no_file_under_another, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        who_erases_more_than_the_policy_allows_is_refused_and_told_on,
                        setup_few_erasures, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
