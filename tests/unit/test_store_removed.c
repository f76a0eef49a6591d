/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_removed.c: what retention and destroyed keys take away, and the proof of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "gateway/store/store.h"
#include "tests/support/store_world.h"

enum { LEN = 3000, BATCHES = 4, NOW = 900000, HOME = 114, AWAY = 115, DAY = 20089 };

/* Submission n of a municipality, in a year n years after the first. */
static void deliver_year(struct world *w, uint32_t n, municipality_t m, const char *dataset)
{
        struct stored_submission d = delivery(n, m, DELIVERY_APPEND);

        memset(d.dataset, 0, sizeof d.dataset);
        memcpy(d.dataset, dataset, strlen(dataset));
        d.period = (struct period){DAY + 365 * (int32_t)n, DAY + 365 * (int32_t)n + 364};
        deliver(w->store, &d, n, BATCHES, LEN);
}

static struct world *world_of_years(void)
{
        struct world *w = world_new();

        deliver_year(w, 1, HOME, "placering");
        deliver_year(w, 2, HOME, "placering");
        deliver_year(w, 3, AWAY, "placering");
        deliver_year(w, 4, HOME, "insats");
        return w;
}

static enum submission_state state_of(struct world *w, uint32_t n)
{
        struct submission_id id = id_of(n);
        struct stored_submission s;

        assert_int_equal(store_submission_find(w->store, &id, &s), ERR_OK);
        return s.state;
}

static struct removal_sum remove_all(
        struct world *w, const struct removal_wish *wish, struct vintage *revised)
{
        struct removal_sum sum;

        assert_int_equal(store_remove(w->store, wish, NOW, NULL, &sum, revised), ERR_OK);
        return sum;
}

static uint32_t removals(
        struct world *w, struct arena *a, uint64_t from, struct stored_removal **out)
{
        uint32_t len = 0;

        assert_int_equal(store_removals(w->store, from, 0, a, out, &len), ERR_OK);
        return len;
}

static uint64_t rows_of(uint32_t batches)
{
        uint64_t rows = 0;

        for (uint32_t i = 0; i < batches; i++)
                rows += 100 + i;
        return rows;
}

static void what_is_older_than_the_policy_keeps_goes_and_the_rest_stays(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        const struct removal_wish wish = {
                REMOVAL_RETENTION, 0, "placering", DAY + 2 * 365 + 365 /* after year 2 */};
        struct stored_removal *list = NULL;
        struct submission_id first = id_of(1);
        struct vintage revised;

        (void)state;
        struct removal_sum sum = remove_all(w, &wish, &revised);

        assert_int_equal(sum.submissions, 2);
        assert_int_equal(sum.batches, 2 * BATCHES);
        assert_int_equal(sum.records, 2 * rows_of(BATCHES));
        assert_int_equal(state_of(w, 1), SUBMISSION_WITHDRAWN);
        assert_int_equal(state_of(w, 2), SUBMISSION_WITHDRAWN);
        assert_int_equal(state_of(w, 3), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w, 4), SUBMISSION_COMMITTED);
        assert_int_equal(markers_in_files(w, 1, BATCHES), 0);
        assert_true(markers_in_files(w, 3, BATCHES) > 0);

        assert_int_equal(removals(w, a, 0, &list), 2);
        assert_int_equal(list[0].number, 1);
        assert_int_equal(list[0].reason, REMOVAL_RETENTION);
        assert_int_equal(list[0].municipality, HOME);
        assert_string_equal(list[0].dataset, "placering");
        assert_true(list[0].of_submission);
        assert_memory_equal(&list[0].submission, &first, sizeof first);
        assert_int_equal(list[0].period.first, DAY + 365);
        assert_int_equal(list[0].batches, BATCHES);
        assert_int_equal(list[0].records, rows_of(BATCHES));
        assert_int_equal(list[0].at_ms, NOW);
        assert_int_equal(removals(w, a, 2, &list), 1);
        assert_int_equal(removals(w, a, 3, &list), 0);
}

static void retention_asked_again_finds_nothing(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        const struct removal_wish wish = {REMOVAL_RETENTION, 0, "placering", INT32_MAX};
        struct stored_removal *list = NULL;
        struct vintage revised;

        (void)state;
        assert_int_equal(remove_all(w, &wish, &revised).submissions, 3);
        assert_int_equal(remove_all(w, &wish, &revised).submissions, 0);
        assert_int_equal(removals(w, a, 0, &list), 3);
}

static void a_vintage_that_held_it_is_revised(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        const struct removal_wish wish = {REMOVAL_RETENTION, 0, "placering", DAY + 2 * 365};
        struct stored_vintage v;
        struct vintage revised;

        (void)state;
        assert_int_equal(store_publish(w->store, "", 0, NOW, NULL, &v), ERR_OK);
        assert_int_equal(remove_all(w, &wish, &revised).submissions, 1);
        assert_int_equal(revised.number, v.vintage.number);
        assert_int_equal(revised.revision, v.vintage.revision + 1);
}

static void a_destroyed_domain_takes_one_data_set_of_one_municipality(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        const struct removal_wish wish = {REMOVAL_DOMAIN, HOME, "placering", INT32_MAX};
        struct vintage revised;

        (void)state;
        assert_int_equal(remove_all(w, &wish, &revised).submissions, 2);
        assert_int_equal(state_of(w, 3), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w, 4), SUBMISSION_COMMITTED);
}

static void a_withdrawal_leaves_proof_with_the_digest_the_municipality_has(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_removal *list = NULL;
        struct stored_submission s;
        struct submission_id id = id_of(2);
        struct vintage revised;

        (void)state;
        assert_int_equal(store_submission_find(w->store, &id, &s), ERR_OK);
        assert_int_equal(store_withdraw(w->store, &id, NOW, NULL, &revised), ERR_OK);
        assert_int_equal(store_withdraw(w->store, &id, NOW + 1, NULL, &revised), ERR_OK);
        assert_int_equal(removals(w, a, 0, &list), 1);
        assert_int_equal(list[0].reason, REMOVAL_WITHDRAWAL);
        assert_memory_equal(&list[0].digest, &s.digest, sizeof s.digest);
}

/* Takes ten rows out of every batch, or none. */
static enum err take_rows(void *ctx, const struct stored_submission *of,
        const struct stored_batch *b, struct bytes *out_sealed, uint32_t *out_rows)
{
        static const uint8_t shorter[] = {1, 2, 3};
        const bool *none = ctx;

        (void)of;
        *out_sealed = (struct bytes){0};
        if (*none)
                return ERR_OK;
        *out_sealed = bytes_of(shorter, sizeof shorter);
        *out_rows = b->rows - 10;
        return ERR_OK;
}

static void an_erasure_is_on_record_whether_or_not_there_was_anybody(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_removal *list = NULL;
        bool none = true;
        struct vintage revised;

        (void)state;
        assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, HOME, take_rows, &none, NOW, NULL,
                                 &revised),
                ERR_OK);
        none = false;
        assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, HOME, take_rows, &none, NOW, NULL,
                                 &revised),
                ERR_OK);
        assert_int_equal(removals(w, a, 0, &list), 2);
        assert_false(list[0].of_submission);
        assert_int_equal(list[0].records, 0);
        assert_int_equal(list[0].batches, 0);
        assert_int_equal(list[1].records, 3 * BATCHES * 10);
        assert_int_equal(list[1].batches, 3 * BATCHES);
        assert_string_equal(list[1].dataset, "");
}

static void no_removal_without_its_proof(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        const struct removal_wish wish = {REMOVAL_RETENTION, 0, "placering", INT32_MAX};
        struct stored_removal *list = NULL;
        unsigned failed = 0;

        (void)state;
        for (unsigned nth = 0;; nth++) {
                OWNED(world_free) struct world *w = world_of_years();
                struct removal_sum sum;
                struct vintage revised;

                (void)fault_arm("write", nth);
                failed += store_remove(w->store, &wish, NOW, NULL, &sum, &revised) != ERR_OK;
                bool over = !fault_arm("write", 1); /* armed still */

                fault_disarm();
                world_reopen(w);
                /* The removal may stand although its caller heard an error; not without proof. */
                bool gone = state_of(w, 1) == SUBMISSION_WITHDRAWN;

                assert_int_equal(removals(w, a, 0, &list), gone ? 3 : 0);
                if (over)
                        break;
        }
        assert_true(failed > 0);
}

static void no_reason_is_no_removal(void **state)
{
        OWNED(world_free) struct world *w = world_of_years();
        const struct removal_wish wish = {REMOVAL_NONE, 0, "placering", INT32_MAX};
        struct removal_sum sum;
        struct vintage revised;

        (void)state;
        assert_int_equal(store_remove(w->store, &wish, NOW, NULL, &sum, &revised), ERR_INVALID);
        assert_int_equal(state_of(w, 1), SUBMISSION_COMMITTED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_older_than_the_policy_keeps_goes_and_the_rest_stays),
                cmocka_unit_test(retention_asked_again_finds_nothing),
                cmocka_unit_test(a_vintage_that_held_it_is_revised),
                cmocka_unit_test(a_destroyed_domain_takes_one_data_set_of_one_municipality),
                cmocka_unit_test(a_withdrawal_leaves_proof_with_the_digest_the_municipality_has),
                cmocka_unit_test(an_erasure_is_on_record_whether_or_not_there_was_anybody),
                cmocka_unit_test(no_removal_without_its_proof),
                cmocka_unit_test(no_reason_is_no_removal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
