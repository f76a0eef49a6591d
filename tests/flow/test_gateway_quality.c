/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_quality.c: what was rejected of what was submitted, from the sender's own word
 * to the table: as a data set that is asked, and beside every answer.
 *
 * 0114 sends 100 placements and has turned three more away, 0180 as many and four, 0186 as
 * many and two; 0184 sends three. Nobody else sends anything. Of two that reject anything
 * each would know the other's number from the sum of both: it takes three to show it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"

enum { MANY = 100, FEW = 3 };
enum { RECORDS, ACCEPTED, REJECTED, RATE, MEAN };

static struct world world;

static void send(municipality_t m, uint32_t len, uint64_t turned_away)
{
        const struct wire_open open = placering_append();
        struct placement rows[MANY];
        struct wire_commit sum;
        uint64_t random = m;
        struct talk t;

        for (uint32_t i = 0; i < len; i++)
                rows[i] = placement_random(&random, 5000, i);
        talk_begin(&t, &world, town(&world, m));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, len), STATUS_OK);
        sum = talk_sum(&t);
        sum.turned_away = turned_away;
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        policy_begin(&world);
        world_start(&world);
        send(114, MANY, 3);
        send(180, MANY, 4);
        send(184, FEW, 0);
        send(186, MANY, 2);
        (void)publish(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

#define QUALITY(by)                                                                                \
        "dataset: leveransstatus\n"                                                                \
        "dimensions: [" by "]\n"                                                                   \
        "measures: [records, \"sum:poster\", \"sum:avvisade\",\n"                                  \
        "  {kind: ratio, variable: avvisade, per: poster, scale: 1000}, \"mean:avvisade\"]\n"

/* Of the only dimension; NULL: the total. */
static enum cell_status told(
        const struct wire_release *r, uint32_t measure, const char *code, int64_t *out)
{
        const struct dimension *d = &r->table.dimensions[0];
        const struct measure *m = &r->table.measures[measure];
        uint32_t at = 0;

        while (at < d->len && (code == NULL || !bytes_is_text(d->categories[at].code, code)))
                at++;
        *out = m->values[at];
        if (r->table.status[at] != CELL_VALUE || m->status == NULL)
                return (enum cell_status)r->table.status[at];
        return (enum cell_status)m->status[at];
}

static void assert_told(
        const struct wire_release *r, uint32_t measure, const char *code, int64_t value)
{
        int64_t is = 0;

        assert_int_equal(told(r, measure, code, &is), CELL_VALUE);
        assert_int_equal(is, value);
}

static void assert_withheld(
        const struct wire_release *r, uint32_t measure, const char *code, enum cell_status status)
{
        int64_t is = 0;

        assert_int_equal(told(r, measure, code, &is), status);
        assert_int_equal(is, 0);
}

static const char *const rejecting[] = {"0114", "0180", "0186"};

static void what_was_rejected_adds_up_though_each_part_is_withheld(void **state)
{
        struct wire_release r;
        uint32_t accepted = 0;
        int64_t is;

        (void)state;
        assert_int_equal(
                ask_yaml(&world, QUALITY("kommun") "filters: [\"datamangd = placering\"]\n", &r),
                STATUS_OK);
        assert_told(&r, ACCEPTED, NULL, 3 * MANY + FEW);
        assert_told(&r, REJECTED, NULL, 9);
        assert_told(&r, RATE, NULL, 297); /* 9 of 303: 29.7 per 1,000 */
        assert_told(&r, MEAN, NULL, 23);  /* of four deliveries: 2.25 */
        for (uint32_t i = 0; i < sizeof rejecting / sizeof *rejecting; i++) {
                for (uint32_t m = REJECTED; m <= MEAN; m++)
                        assert_withheld(&r, m, rejecting[i], CELL_PROTECTED);
                accepted += told(&r, ACCEPTED, rejecting[i], &is) == CELL_VALUE;
        }
        /* 0184's is withheld, and two that keep it from each other. */
        assert_int_equal(accepted, 1);
        assert_withheld(&r, ACCEPTED, "0184", CELL_PROTECTED);
        /* Goes with what it is a share of. */
        assert_withheld(&r, REJECTED, "0184", CELL_PROTECTED);
        assert_withheld(&r, RATE, "0184", CELL_PROTECTED);
        assert_told(&r, RECORDS, "0184", 1);
}

static void who_rejects_nothing_says_so_where_nobody_asks_of_how_many(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "dataset: leveransstatus\n"
                                 "dimensions: [kommun]\n"
                                 "measures: [\"sum:avvisade\"]\n"
                                 "filters: [\"datamangd = placering\"]\n",
                                 &r),
                STATUS_OK);
        assert_told(&r, 0, NULL, 9);
        assert_told(&r, 0, "0184", 0);
        for (uint32_t i = 0; i < sizeof rejecting / sizeof *rejecting; i++)
                assert_withheld(&r, 0, rejecting[i], CELL_PROTECTED);
}

static void who_has_not_delivered_has_rejected_nothing_and_not_zero(void **state)
{
        const char *const come[] = {"true"};
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world, QUALITY("kommun"), &r), STATUS_OK);
        assert_told(&r, RECORDS, "1480", 1);
        for (uint32_t m = ACCEPTED; m <= MEAN; m++)
                assert_withheld(&r, m, "1480", CELL_MISSING);
        assert_int_equal(
                ask_yaml(&world, QUALITY("levererad") "filters: [\"kommun = 1480\"]\n", &r),
                STATUS_OK);
        assert_int_equal(cell_value(&r, RECORDS, come), 0);
}

static void where_nothing_is_expected_nothing_is_late(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world, QUALITY("datamangd"), &r), STATUS_OK);
        assert_told(&r, RECORDS, "placering", 290);
        assert_told(&r, ACCEPTED, "placering", 3 * MANY + FEW);
        /* Among them may be data sets of which ten are the fewest. */
        assert_withheld(&r, REJECTED, "placering", CELL_PROTECTED);
        for (uint32_t m = RECORDS; m <= MEAN; m++)
                assert_withheld(&r, m, "insats", CELL_NOT_APPLICABLE);
}

static void an_answer_tells_the_same_share(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world, "dataset: placering\n", &r), STATUS_OK);
        assert_int_equal(r.coverage_len, 1);
        assert_int_equal(r.coverage[0].rejected_permille, 29); /* 9 of 312 */
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_rejected_adds_up_though_each_part_is_withheld),
                cmocka_unit_test(who_rejects_nothing_says_so_where_nobody_asks_of_how_many),
                cmocka_unit_test(who_has_not_delivered_has_rejected_nothing_and_not_zero),
                cmocka_unit_test(where_nothing_is_expected_nothing_is_late),
                cmocka_unit_test(an_answer_tells_the_same_share),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
