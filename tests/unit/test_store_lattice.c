/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_lattice.c: protected tables come back whole, by vintage and policy, and for
 * good; what is damaged does not come back at all. */
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
#include "tests/support/store_world.h"

enum { BODY = 100000, ARENA_MAX = 64 << 20 };

static struct stored_lattice lattice(uint32_t n, const char *policy)
{
        static uint8_t bytes[BODY];
        struct stored_lattice l = {.vintage = {n, n % 2}, .body = bytes_of(bytes, BODY)};

        for (size_t i = 0; i < BODY; i++)
                bytes[i] = (uint8_t)(i * n % 251 + strlen(policy));
        digest_of(bytes_of_text(policy), &l.policy);
        return l;
}

static struct arena *arena; /* of the test that runs */

static enum err find(struct world *w, const struct stored_lattice *like, struct stored_lattice *out)
{
        return store_lattice_find(w->store, "insats", like->vintage, &like->policy, arena, out);
}

static void tables_come_back_by_vintage_and_policy_after_a_restart(void **state)
{
        struct world *w = *state;
        static const char *const policies[] = {"one", "another"};
        struct stored_lattice *list = NULL, found;
        uint32_t len = 0;

        for (uint32_t n = 1; n <= 6; n++) {
                struct stored_lattice l = lattice(n / 2 + 1, policies[n % 2]);

                assert_int_equal(store_lattice_put(w->store, "insats", &l), ERR_OK);
        }
        world_reopen(w);
        for (uint32_t n = 1; n <= 6; n++) {
                struct stored_lattice l = lattice(n / 2 + 1, policies[n % 2]);

                assert_int_equal(find(w, &l, &found), ERR_OK);
                assert_true(bytes_equal(found.body, l.body));
                assert_int_equal(store_lattice_find(w->store, "utredning", l.vintage, &l.policy,
                                         arena, &found),
                        ERR_NOT_FOUND);
        }
        assert_int_equal(store_lattices(w->store, "insats", arena, &list, &len), ERR_OK);
        assert_int_equal(len, 6);
        for (uint32_t i = 0; i < len; i++) {
                assert_int_equal(list[i].number, 6 - i);
                assert_int_equal(list[i].body.len, 0);
        }
}

static void the_first_of_a_vintage_and_policy_stands(void **state)
{
        struct world *w = *state;
        struct stored_lattice l = lattice(3, "one"), found;
        struct digest first;

        digest_of(l.body, &first);
        assert_int_equal(store_lattice_put(w->store, "insats", &l), ERR_OK);
        l.body.len = 10;
        assert_int_equal(store_lattice_put(w->store, "insats", &l), ERR_OK);
        assert_int_equal(find(w, &l, &found), ERR_OK);
        assert_int_equal(found.body.len, BODY);
}

static void a_write_that_fails_leaves_nothing(void **state)
{
        struct world *w = *state;
        struct stored_lattice l = lattice(4, "one"), found;
        enum err e;

        unsigned failed = 0;
        for (unsigned nth = 0; fault_arm("write", nth); nth++) {
                e = store_lattice_put(w->store, "insats", &l);
                fault_disarm();
                if (e == ERR_OK)
                        break;
                failed++;
                world_reopen(w);
                assert_int_equal(find(w, &l, &found), ERR_NOT_FOUND);
        }
        assert_true(failed > 0);
        assert_int_equal(find(w, &l, &found), ERR_OK);
}

static void damaged_tables_are_not_read(void **state)
{
        struct world *w = *state;
        struct stored_lattice l = lattice(5, "one"), found;
        sqlite3 *db = NULL;

        assert_int_equal(store_lattice_put(w->store, "insats", &l), ERR_OK);
        assert_int_equal(sqlite3_open(w->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                 "UPDATE lattice SET body = CAST(substr(body, 1, 40) || "
                                 "x'ff' || substr(body, 42) AS BLOB)",
                                 NULL, NULL, NULL),
                SQLITE_OK);
        sqlite3_close(db);
        assert_int_equal(find(w, &l, &found), ERR_CORRUPT);
}

static int set_up(void **state)
{
        *state = world_new();
        arena = arena_new(ARENA_MAX);
        return arena == NULL;
}

static int tear_down(void **state)
{
        struct world *w = *state;

        world_free(&w);
        arena_free(&arena);
        return 0;
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                CASE(tables_come_back_by_vintage_and_policy_after_a_restart),
                CASE(the_first_of_a_vintage_and_policy_stands),
                CASE(a_write_that_fails_leaves_nothing),
                CASE(damaged_tables_are_not_read),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
