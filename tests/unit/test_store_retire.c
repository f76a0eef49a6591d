/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_retire.c: vintages retire with what they have told: not unnoticed, not by half, and
 * in stores from before that was asked, not at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/store/lattice.h"
#include "tests/support/log_world.h"
#include "tests/support/store_world.h"

enum { LEN = 400, KIND = 1 };

/* A vintage of one delivery, revised once by what went with another. */
static void publish_twice_over(struct world *w)
{
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        struct submission_id gone = id_of(2);
        struct stored_vintage v;
        struct vintage revised;

        deliver(w->store, &d, 1, 1, LEN);
        d = delivery(2, 115, DELIVERY_APPEND);
        deliver(w->store, &d, 2, 1, LEN);
        assert_int_equal(store_publish(w->store, "", 0, 1, NULL, &v), ERR_OK);
        assert_int_equal(store_withdraw(w->store, &gone, 2, NULL, &revised), ERR_OK);
        assert_int_equal(revised.number, 1);
        assert_int_equal(revised.revision, 1);
}

static void remember(struct world *w, struct vintage v, const char *key)
{
        static const uint8_t none[1];
        struct stored_question q = {.vintage = v,
                .rows = 1,
                .question = bytes_of(none, 1),
                .answered = bytes_of(none, 1)};
        const struct ledger_line line = {"riket", "anmalan", &q};

        digest_of(bytes_of_text(key), &q.key);
        assert_int_equal(store_ledger_put(w->store, &line, 1, NULL, NULL), ERR_OK);
}

static void plan(struct world *w, struct vintage v)
{
        static const uint8_t body[64] = {1};
        const struct stored_lattice l = {.vintage = v, .body = bytes_of(body, sizeof body)};

        assert_int_equal(store_lattice_put(w->store, "anmalan", &l), ERR_OK);
}

static void expect_told(struct world *w, uint32_t number, uint64_t questions, uint64_t tables)
{
        struct stored_told told;

        assert_int_equal(store_told(w->store, number, &told), ERR_OK);
        assert_int_equal(told.questions, questions);
        assert_int_equal(told.tables, tables);
}

/* Whether all revisions of a vintage are closed and given up. */
static void expect_state(struct world *w, bool open, bool given_up)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_vintage *list;
        uint32_t len;

        assert_int_equal(store_vintages(w->store, a, &list, &len), ERR_OK);
        assert_int_equal(len, 2);
        assert_int_equal(list[1].open, open);
        for (uint32_t i = 0; i < len; i++)
                assert_int_equal(list[i].given_up, given_up);
}

static enum err retire(struct world *w, enum retirement how)
{
        struct log_word word;
        struct entry_draft entry = log_draft(&word, KIND, LOG_WORLD_WHOLE);

        return store_retire(w->store, 1, how, &entry);
}

static unsigned entries(struct world *w)
{
        return log_mentions(w->store, KIND, LOG_WORLD_WHOLE);
}

static void what_has_told_nothing_retires_without_a_word(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        publish_twice_over(w);
        expect_told(w, 1, 0, 0);
        for (int twice = 0; twice < 2; twice++) {
                assert_int_equal(retire(w, RETIRE_UNTOLD), ERR_OK);
                expect_state(w, false, false);
                assert_int_equal(entries(w), 1);
        }
}

static void what_has_told_something_stands_until_that_is_given_up(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        publish_twice_over(w);
        remember(w, (struct vintage){1, 0}, "of a closed revision");
        expect_told(w, 1, 1, 0);
        expect_told(w, 2, 0, 0);
        assert_int_equal(retire(w, RETIRE_UNTOLD), ERR_CONFLICT);
        expect_state(w, true, false);
        assert_int_equal(entries(w), 0);
        remember(w, (struct vintage){1, 1}, "of the open one");
        plan(w, (struct vintage){1, 1});
        expect_told(w, 1, 2, 1);
        assert_int_equal(retire(w, RETIRE_GIVEN_UP), ERR_OK);
        assert_int_equal(retire(w, RETIRE_GIVEN_UP), ERR_OK);
        assert_int_equal(entries(w), 1);
        world_reopen(w);
        expect_state(w, false, true);
        expect_told(w, 1, 2, 1); /* it was told all the same */
}

static void planned_tables_alone_have_told_something(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        publish_twice_over(w);
        plan(w, (struct vintage){1, 0});
        assert_int_equal(retire(w, RETIRE_UNTOLD), ERR_CONFLICT);
        assert_int_equal(retire(w, RETIRE_KEPT), ERR_OK);
        expect_state(w, false, false);
        assert_int_equal(entries(w), 1);
        /* Later, by itself. */
        assert_int_equal(retire(w, RETIRE_GIVEN_UP), ERR_OK);
        expect_state(w, false, true);
        assert_int_equal(entries(w), 2);
}

/* Neither the end without the mark, nor the mark without the entry. */
static void a_write_that_fails_retires_nothing(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        unsigned failed = 0;

        (void)state;
        publish_twice_over(w);
        plan(w, (struct vintage){1, 1});
        for (unsigned nth = 0; fault_arm("write", nth); nth++) {
                enum err e = retire(w, RETIRE_GIVEN_UP);

                fault_disarm();
                world_reopen(w);
                if (e == ERR_OK)
                        break;
                failed++;
                expect_state(w, entries(w) == 0, entries(w) == 1);
        }
        fault_disarm();
        assert_true(failed > 0);
        assert_int_equal(retire(w, RETIRE_GIVEN_UP), ERR_OK);
        expect_state(w, false, true);
        assert_int_equal(entries(w), 1);
}

static void run(const char *path, const char *script)
{
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, script, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        (void)sqlite3_close(db);
}

/* A store that retired a vintage before anybody was asked. */
static void in_an_older_store_nobody_has_given_anything_up(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        publish_twice_over(w);
        plan(w, (struct vintage){1, 1});
        store_close(&w->store);
        run(w->path, "UPDATE vintage SET open = 0;"
                     "ALTER TABLE vintage DROP COLUMN given_up; PRAGMA user_version = 9;");
        assert_int_equal(store_open(w->path, &w->store), ERR_OK);
        expect_state(w, false, false);
        expect_told(w, 1, 0, 1);
        assert_int_equal(retire(w, RETIRE_GIVEN_UP), ERR_OK);
        expect_state(w, false, true);
        assert_int_equal(entries(w), 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_has_told_nothing_retires_without_a_word),
                cmocka_unit_test(what_has_told_something_stands_until_that_is_given_up),
                cmocka_unit_test(planned_tables_alone_have_told_something),
                cmocka_unit_test(a_write_that_fails_retires_nothing),
                cmocka_unit_test(in_an_older_store_nobody_has_given_anything_up),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
