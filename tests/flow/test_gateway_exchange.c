/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_exchange.c: what was told before, while the key of persons is exchanged and after.
 *
 * Each town has told of sixty children, each with a guardian of her own; eighteen of them before
 * March. The towns deliver anew under the second key, with one child more somewhere: who compares
 * two answers, or two vintages, must not find that child, whichever key names her. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 60, LATE = 20, GUARDIANS_FROM = 200000, LATE_DAY = 310, EARLY_DAY = 40 };

static struct world world;
static const municipality_t towns[] = {180, 1280, 1480, 114};

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_plan_only(&world, "anmalan");
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Calls -------------------------------------------------------------------------------------- */

static enum status rotate(const char *kind)
{
        const struct wire_rotate r = {.kind = bytes_of_text(kind)};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request;

        assert_int_equal(rotate_encode(&r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        return world_call(
                &world, world_client(&world, WORLD_OPERATOR), "Operations/RotateKeys", request);
}

static void fill(struct report *rows, uint32_t from, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++) {
                uint32_t child = from + i;
                int32_t day = i <= LATE ? LATE_DAY : 20 + (int32_t)i;

                rows[i] = (struct report){child, GUARDIANS_FROM + child, day, child};
        }
}

/* What town number `t` has, and `more` children of its own before March. */
static void tell(uint32_t t, uint32_t more, bool anew)
{
        struct report rows[CHILDREN + 8];

        assert_true(more <= 8);
        fill(rows, 1000 * t, CHILDREN + more);
        for (uint32_t i = CHILDREN; i < CHILDREN + more; i++)
                rows[i].day = EARLY_DAY;
        if (anew)
                (void)redeliver_concerns(&world, towns[t], rows, CHILDREN + more);
        else
                (void)deliver_concerns(&world, towns[t], rows, CHILDREN + more);
}

static void tell_all(bool anew, uint32_t more_in_the_last)
{
        for (uint32_t t = 0; t < 4; t++)
                tell(t, t == 3 ? more_in_the_last : 0, anew);
}

#define EARLY(town)                                                                                \
        "dataset: anmalan\nfilters: [\"kommun = " town "\", \"datum in 2025-01..2025-02\"]\n"

static enum status ask_early(const char *yaml, struct wire_release *r)
{
        enum status s = ask_yaml(&world, yaml, r);

        if (s == STATUS_OK)
                assert_int_equal(r->protection.source, ANSWER_SOURCE_LEDGER);
        return s;
}

static enum cell_status early_in(const char *yaml)
{
        struct wire_release r;

        assert_int_equal(ask_early(yaml, &r), STATUS_OK);
        return cell_at(&r, NULL);
}

/* How many children a planned table says that a town has. */
static int64_t planned(const char *town)
{
        const char *const codes[] = {town};
        struct wire_release r;

        assert_int_equal(
                ask_yaml(&world, "dataset: anmalan\ndimensions: [kommun]\n", &r), STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LATTICE);
        return cell_value(&r, 0, codes);
}

/* Tests -------------------------------------------------------------------------------------- */

/* Everybody has her older name until the older key ends, whenever she was delivered. */
static void while_two_keys_live_everybody_is_who_she_was(void **state)
{
        (void)state;
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(rotate("person"), STATUS_OK);
        tell_all(true, 1);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(planned("0114"), CHILDREN);
}

/* The same two vintages are linked by the older key before it ends and by the newer one after. */
static void who_was_asked_about_before_the_older_key_ended_is_known_after(void **state)
{
        (void)state;
        assert_int_equal(rotate("person"), STATUS_OK);
        tell_all(false, 0);
        (void)publish(&world);
        assert_int_equal(early_in(EARLY("0114")), CELL_VALUE);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
        assert_int_equal(rotate("settle"), STATUS_OK);
        tell(3, 1, true);
        (void)publish(&world);
        assert_int_equal(planned("0114"), CHILDREN);
        assert_int_equal(early_in(EARLY("0114")), CELL_PROTECTED);
        assert_int_equal(early_in(EARLY("1480")), CELL_VALUE);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(while_two_keys_live_everybody_is_who_she_was),
                CASE(who_was_asked_about_before_the_older_key_ended_is_known_after),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
