/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_lattice.c: planned tables at a real gateway: protected when a vintage is
 * published, asked in any order and any words, through restarts and a death in the middle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 900 };

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static unsigned logged(const char *event)
{
        struct bytes log = world_read(&world, world_path(&world, "log/statgated.log"));
        size_t len = strlen(event);
        unsigned n = 0;

        for (size_t i = 0; i + len <= log.len; i++)
                n += memcmp(log.data + i, event, len) == 0;
        return n;
}

static void deliver_children(uint64_t seed, uint32_t first, uint32_t len, municipality_t m)
{
        struct placement rows[CHILDREN];

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&seed, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
        (void)deliver(&world, m, DELIVERY_APPEND, rows, len, 300);
}

/* Two municipalities in each of two counties: none is most of anything. */
static void deliver_four(uint64_t seed)
{
        static const municipality_t places[] = {180, 114, 1480, 1481};

        for (uint32_t i = 0; i < 4; i++)
                deliver_children(seed + i, i * 1000, 300 - 10 * i, places[i]);
}

static void ask_for(
        const char *by, const char *const *where, struct wire_answer *a, struct wire_release *out)
{
        enum status s = ask(&world, by, where, NULL, a, out);

        if (s != STATUS_OK)
                print_error("'%s': %s\n", by, world_status.message);
        assert_int_equal(s, STATUS_OK);
}

/* Value of a cell by the codes of its categories, or what it wears. */
static int64_t value(const struct wire_release *r, const char *first, const char *second)
{
        const struct table *t = &r->table;
        const char *codes[2] = {first, second};
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                at[d] = t->dimensions[d].len;
                for (uint32_t i = 0; i < t->dimensions[d].len; i++)
                        for (int k = 0; k < 2; k++)
                                if (codes[k] != NULL &&
                                        bytes_is_text(
                                                t->dimensions[d].categories[i].code, codes[k]))
                                        at[d] = i;
        }
        size_t cell = table_cell(t, at);
        return t->status[cell] == CELL_VALUE ? t->measures[0].values[cell]
                                             : -1 - (int64_t)t->status[cell];
}

/* The same cells, whatever they are called or in which order they are asked for. */
static void inside_is_answered_from_what_was_protected(void **state)
{
        static const char *const woman[] = {"kon = kvinna", NULL};
        static const char *const both[] = {"kon in kvinna,man", NULL};
        static const char *const places[] = {"0180", "0114", "1480", "1481", NULL};
        struct wire_answer one, two, unused;
        struct wire_release first, turned, again, only, sum, alone;

        (void)state;
        deliver_four(1);
        (void)publish(&world);
        assert_true(logged("\"event\":\"lattice_made\"") > 0);
        ask_for("kommun,kon", NULL, &one, &first);
        ask_for("kon,kommun", NULL, &unused, &turned);
        ask_for("kommun", woman, &unused, &only);
        ask_for("kommun", both, &unused, &sum);
        ask_for("kommun", NULL, &unused, &alone);
        for (unsigned i = 0; places[i] != NULL; i++) {
                int64_t women = value(&first, places[i], "kvinna");
                int64_t men = value(&first, places[i], "man");

                assert_int_equal(women, value(&turned, places[i], "kvinna"));
                assert_int_equal(women, value(&only, places[i], NULL));
                assert_int_equal(value(&first, places[i], NULL), value(&alone, places[i], NULL));
                if (women >= 0 && men >= 0)
                        assert_int_equal(value(&sum, places[i], NULL), women + men);
                else
                        assert_int_equal(value(&sum, places[i], NULL), -1);
        }
        assert_true(value(&first, "0180", "kvinna") > 100);
        ask_for("kommun,kon", NULL, &two, &again);
        assert_true(bytes_equal(one.release, two.release));
        unsigned made = logged("\"event\":\"lattice_made\"");
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        ask_for("kommun,kon", NULL, &two, &again);
        assert_true(bytes_equal(one.release, two.release));
        assert_int_equal(logged("\"event\":\"lattice_made\""), made);
}

static bool has_municipality(const struct wire_release *r)
{
        return value(r, "0180", NULL) > 100;
}

/* Killed once before anything is protected, and then ever later. */
static void a_death_while_protecting_leaves_what_is_whole(void **state)
{
        struct wire_answer answer;
        struct wire_release first, second;

        (void)state;
        deliver_four(5);
        for (unsigned i = 0; i < 2; i++) {
                OWNED(buf_done) struct buf b = {.ceiling = 4096};
                struct call *call = NULL;
                struct bytes request;

                assert_int_equal(publish_request_encode(bytes_of_text("a note"), &b), ERR_OK);
                assert_int_equal(buf_end(&b, &request), ERR_OK);
                assert_int_equal(call_start(world_client(&world, WORLD_OPERATOR),
                                         "/statgate.v1.Operations/PublishVintage", 60000, &call),
                        ERR_OK);
                assert_int_equal(call_send(call, request), ERR_OK);
                assert_int_equal(call_half_close(call), ERR_OK);
                nap(80 + 150 * i);
                call_free(&call); /* it is one of the client's */
                world_kill(&world);
                world_start(&world);
                if (ask(&world, "kommun", NULL, NULL, &answer, &first) != STATUS_OK)
                        continue; /* nothing was published yet */
                assert_true(has_municipality(&first));
                ask_for("kommun", NULL, &answer, &second);
                assert_int_equal(value(&first, "0180", NULL), value(&second, "0180", NULL));
        }
        (void)publish(&world);
        ask_for("kommun", NULL, &answer, &second);
        assert_true(has_municipality(&second));
}

/* One who is erased takes no count down by one; when many more come, it goes on. */
static void an_erasure_does_not_show_in_what_was_told(void **state)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};
        struct wire_release before, after, later;
        struct wire_answer answer;

        (void)state;
        deliver_four(11);
        (void)publish(&world);
        ask_for("kommun,kon", NULL, &answer, &before);
        child_id(17, p.id);
        assert_int_equal(world_erase(&world, 180, &p), STATUS_OK);
        ask_for("kommun,kon", NULL, &answer, &after);
        assert_int_equal(after.vintage.number, before.vintage.number);
        assert_int_equal(after.vintage.revision, before.vintage.revision + 1);
        assert_int_equal(value(&after, "0180", NULL), value(&before, "0180", NULL));
        assert_int_equal(value(&after, "0180", "kvinna"), value(&before, "0180", "kvinna"));
        assert_int_equal(value(&after, NULL, NULL), value(&before, NULL, NULL));
        assert_int_equal(value(&before, "0180", NULL), 300);

        deliver_children(21, 5000, 50, 180);
        (void)publish(&world);
        ask_for("kommun,kon", NULL, &answer, &later);
        assert_int_equal(value(&later, "0180", NULL), 349);
}

/* A new policy has tables of its own, made when somebody asks. */
static void a_new_policy_has_its_own_tables_of_the_same_vintage(void **state)
{
        struct wire_answer answer;
        struct wire_release first, second;

        (void)state;
        policy_begin(&world);
        deliver_four(31);
        (void)publish(&world);
        ask_for("kommun,kon", NULL, &answer, &first);
        unsigned made = logged("\"event\":\"lattice_made\"");
        world_edit(&world, "policy/datasets/placering.yaml", "preset: standard",
                "preset: strict, interval: 3");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        ask_for("kommun,kon", NULL, &answer, &second);
        assert_int_equal(logged("\"event\":\"lattice_made\""), made + 1);
        assert_int_equal(first.vintage.number, second.vintage.number);
        assert_int_equal(value(&first, "0180", NULL), value(&second, "0180", NULL));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(inside_is_answered_from_what_was_protected),
                CASE(a_death_while_protecting_leaves_what_is_whole),
                CASE(an_erasure_does_not_show_in_what_was_told),
                CASE(a_new_policy_has_its_own_tables_of_the_same_vintage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
