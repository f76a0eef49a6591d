/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_questions.c: what the second version of the store keeps: the values a
 * delivery had and had not, and the questions of a day; and the way from the first. */
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "tests/support/store_world.h"

enum { LEN = 3000, TODAY = 20779 };

static struct digest question(uint32_t n)
{
        struct digest d;

        digest_of(bytes_of(&n, sizeof n), &d);
        return d;
}

static enum err asked(struct world *w, int32_t day, const char *who, uint32_t n, uint32_t limit)
{
        struct digest d = question(n);

        return store_question(w->store, day, who, &d, limit, NULL);
}

static void a_limit_holds_for_different_questions_of_one_day(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        for (uint32_t n = 0; n < 3; n++)
                assert_int_equal(asked(w, TODAY, "anna", n, 3), ERR_OK);
        assert_int_equal(asked(w, TODAY, "anna", 3, 3), ERR_LIMIT);
        assert_int_equal(asked(w, TODAY, "anna", 4, 3), ERR_LIMIT);
        assert_int_equal(asked(w, TODAY, "anna", 1, 3), ERR_OK); /* the same once more */
        assert_int_equal(asked(w, TODAY, "bo", 3, 3), ERR_OK);
        assert_int_equal(asked(w, TODAY, "anna", 3, 4), ERR_OK); /* the limit was raised */
        assert_int_equal(asked(w, TODAY, "anna", 5, 0), ERR_LIMIT);
}

static void how_many_were_asked_is_told_with_each(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct digest one = question(1), two = question(2), three = question(3);
        uint32_t used = 99;

        (void)state;
        assert_int_equal(store_question(w->store, TODAY, "anna", &one, 2, &used), ERR_OK);
        assert_int_equal(used, 1);
        assert_int_equal(store_question(w->store, TODAY, "anna", &two, 2, &used), ERR_OK);
        assert_int_equal(used, 2);
        assert_int_equal(store_question(w->store, TODAY, "anna", &one, 2, &used), ERR_OK);
        assert_int_equal(used, 2);
        used = 0;
        assert_int_equal(store_question(w->store, TODAY, "anna", &three, 2, &used), ERR_LIMIT);
        assert_int_equal(used, 2);
}

static void a_restart_forgets_no_question(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        assert_int_equal(asked(w, TODAY, "anna", 1, 1), ERR_OK);
        world_reopen(w);
        assert_int_equal(asked(w, TODAY, "anna", 2, 1), ERR_LIMIT);
        assert_int_equal(asked(w, TODAY, "anna", 1, 1), ERR_OK);
}

static void the_next_day_begins_anew(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        assert_int_equal(asked(w, TODAY, "anna", 1, 1), ERR_OK);
        assert_int_equal(asked(w, TODAY + 1, "anna", 2, 1), ERR_OK);
        assert_int_equal(asked(w, TODAY + 1, "anna", 1, 1), ERR_LIMIT);
}

static void a_clock_set_back_begins_no_day_anew(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        assert_int_equal(asked(w, TODAY, "anna", 1, 2), ERR_OK);
        assert_int_equal(asked(w, TODAY - 1, "anna", 2, 2), ERR_OK);
        assert_int_equal(asked(w, TODAY - 1, "anna", 3, 2), ERR_LIMIT);
        world_reopen(w);
        assert_int_equal(asked(w, TODAY - 400, "anna", 3, 2), ERR_LIMIT);
        assert_int_equal(asked(w, TODAY - 400, "anna", 1, 2), ERR_OK); /* the same once more */
        assert_int_equal(asked(w, TODAY, "anna", 3, 2), ERR_LIMIT);
        assert_int_equal(asked(w, TODAY + 1, "anna", 3, 2), ERR_OK);
}

static void who_has_asked_how_much_today_is_told(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 16);
        struct stored_asker *list;
        uint32_t len;

        (void)state;
        assert_int_equal(store_askers(w->store, TODAY, 10, a, &list, &len), ERR_OK);
        assert_int_equal(len, 0);
        for (uint32_t n = 0; n < 3; n++)
                assert_int_equal(asked(w, TODAY, n < 2 ? "bo" : "anna", n, 9), ERR_OK);
        assert_int_equal(asked(w, TODAY, "bo", 1, 9), ERR_OK); /* the same once more */
        assert_int_equal(store_askers(w->store, TODAY, 10, a, &list, &len), ERR_OK);
        assert_int_equal(len, 2);
        assert_string_equal(list[0].who, "anna");
        assert_int_equal(list[0].questions, 1);
        assert_string_equal(list[1].who, "bo");
        assert_int_equal(list[1].questions, 2);
        assert_int_equal(store_askers(w->store, TODAY, 1, a, &list, &len), ERR_OK);
        assert_int_equal(len, 1);
        assert_int_equal(store_askers(w->store, TODAY + 1, 10, a, &list, &len), ERR_OK);
        assert_int_equal(len, 0);
}

/* Values --------------------------------------------------------------------- */

static void put_with_values(struct world *w, uint32_t sequence, uint32_t fields, uint32_t blanks,
        enum err wanted, bool again)
{
        uint8_t sealed[LEN + MARKER_LEN];
        struct stored_batch b = batch_of(1, sequence, sealed, LEN);
        uint32_t rows, rejected;
        bool replayed = false;

        b.fields = fields;
        b.blanks = blanks;
        assert_int_equal(store_batch_put(w->store, &b, NULL, &replayed, &rows, &rejected), wanted);
        assert_int_equal(replayed, again);
}

static void a_delivery_counts_the_values_it_had_and_had_not(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;

        (void)state;
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_OK);
        put_with_values(w, 0, 700, 30, ERR_OK, false);
        put_with_values(w, 1, 500, 0, ERR_OK, false);
        put_with_values(w, 0, 700, 30, ERR_OK, true); /* a replay counts nothing */
        put_with_values(w, 2, 5, 6, ERR_INVALID, false);
        assert_int_equal(commit(w->store, 1, &out), ERR_OK);
        world_reopen(w);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.fields, 1200);
        assert_int_equal(out.blanks, 30);
}

/* The way from version 1 ------------------------------------------------------ */

static void run(const char *path, const char *script)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

static void a_store_of_the_first_version_is_brought_up_to_date(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), next, out, *list;
        struct stored_vintage v;
        uint32_t len;

        (void)state;
        deliver(w->store, &d, 1, 3, LEN);
        store_close(&w->store);
        run(w->path, "ALTER TABLE submission DROP COLUMN blanks;"
                     "ALTER TABLE submission DROP COLUMN fields;"
                     "DROP TABLE question; DROP TABLE ledger; DROP TABLE lattice;"
                     "DROP TABLE entry; DROP TABLE subtree; DROP TABLE head; DROP TABLE pruned;"
                     "DROP TABLE removal; ALTER TABLE vintage DROP COLUMN aliases;"
                     "ALTER TABLE vintage DROP COLUMN given_up;"
                     "ALTER TABLE batch DROP COLUMN person_epoch;"
                     "ALTER TABLE submission DROP COLUMN turned_away;"
                     "PRAGMA user_version = 1;");
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        assert_int_equal(batches_read(w->store, 1, LEN), 3);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.accepted, 303);
        assert_int_equal(out.fields, 0);
        next = delivery(2, 115, DELIVERY_APPEND);
        deliver(w->store, &next, 2, 1, LEN);
        assert_int_equal(asked(w, TODAY, "anna", 1, 1), ERR_OK);
        assert_int_equal(store_publish(w->store, "", 0, 1, NULL, &v), ERR_OK);
        assert_int_equal(
                store_vintage_submissions(w->store, v.vintage, "placering", arena, &list, &len),
                ERR_OK);
        assert_int_equal(len, 2);
        world_reopen(w);
        assert_int_equal(batches_read(w->store, 2, LEN), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_limit_holds_for_different_questions_of_one_day),
                cmocka_unit_test(how_many_were_asked_is_told_with_each),
                cmocka_unit_test(a_restart_forgets_no_question),
                cmocka_unit_test(the_next_day_begins_anew),
                cmocka_unit_test(a_clock_set_back_begins_no_day_anew),
                cmocka_unit_test(who_has_asked_how_much_today_is_told),
                cmocka_unit_test(a_delivery_counts_the_values_it_had_and_had_not),
                cmocka_unit_test(a_store_of_the_first_version_is_brought_up_to_date),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
