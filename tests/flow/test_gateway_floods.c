/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_floods.c: boxes that do not open, by the million.
 *
 * They are of four kinds: sealed to a key that nobody has; signed by nobody who may; signed well
 * and no box; and a good box of another day. The short form floods for some seconds. The long
 * one goes on until ten million have come or ten minutes are over, and says how many that were:
 * whatever the machine can do, memory and log stay where they were, and who delivers is served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tests/support/counts.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum {
        KINDS = 4,
        CALLERS = 64,
        BOXES_MAX = 10000000,
        SHORT_MS = 4000,
        LONG_MS = 600000,
        REQUEST_MAX = 4096,
        BOX_LEN = BOX_OVERHEAD + BOX_PLAIN_FIXED + BOX_PER_PERSON,
        LOG_GROWS_MAX = 8192,
        GROWS_KB_MAX = 24 << 10,
        DAY_MS = 86400000,
};

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

/* A request of one kind, as it goes over the wire; in the world's arena. */
static struct bytes request_of(unsigned kind)
{
        OWNED(secret_free) struct secret *by = submission_key_of(180);
        OWNED(buf_done) struct buf b = {.ceiling = REQUEST_MAX};
        struct box_head head = {.use = BOX_ERASE, .municipality = 180, .rows = 1};
        struct wire_person p = {.sealed = true};
        uint8_t id[PERSON_ID_LEN], person = PERSON_NATIONAL, box[BOX_LEN], signature[SIGNATURE_LEN];
        const struct box_persons who = {.rows = 1, .persons = {id, &person}};
        int64_t at = clock_now_ms() - (kind == 3 ? 3 * (int64_t)DAY_MS : 0);
        struct bytes wire, copy;

        child_id(7, id);
        for (unsigned i = 0; i < 6; i++)
                p.request.bytes[i] = (uint8_t)(at >> (40 - 8 * i));
        head.submission = p.request;
        box_key_id(world.keeper_key, head.key_id);
        if (kind == 0)
                memset(head.key_id, 'f', BOX_KEY_ID_LEN);
        assert_int_equal(box_seal(world.keeper_key, &head, &who, box), ERR_OK);
        if (kind == 2)
                box[BOX_LEN / 2] ^= 1;
        assert_int_equal(box_sign(by, &head, bytes_of(box, sizeof box), signature), ERR_OK);
        if (kind == 1)
                signature[5] ^= 1;
        p.key_id = bytes_of_text(head.key_id);
        p.box = bytes_of(box, sizeof box);
        p.signature = bytes_of(signature, sizeof signature);
        assert_int_equal(erase_encode(&p, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &wire), ERR_OK);
        assert_int_equal(bytes_copy(world.arena, wire, &copy), ERR_OK);
        return copy;
}

/* One after the other, a while each; how many came. */
static uint64_t flood(const struct bytes request[KINDS], double seconds)
{
        uint64_t boxes = 0;

        for (unsigned kind = 0; kind < KINDS; kind++) {
                struct client_load load = {.calls = 0};

                assert_int_equal(client_load(world_client(&world, "municipality/0180"),
                                         "/statgate.v1.Submission/ErasePerson", request[kind],
                                         CALLERS, seconds / KINDS, &load),
                        ERR_OK);
                assert_int_equal(load.failed, load.calls);
                boxes += load.calls;
        }
        return boxes;
}

static size_t size_of(const char *path)
{
        struct stat st;

        assert_int_equal(stat(path, &st), 0);
        return (size_t)st.st_size;
}

struct weather {
        long gateway_kb, keeper_kb;
        size_t log, said;
        uint64_t store;
};

static struct weather look(void)
{
        return (struct weather){resident_kb(world.pid), resident_kb(world.keeper),
                size_of(world_path(&world, "log/statgated.log")), size_of(world.output),
                status_of(&world).store_bytes};
}

static void boxes_that_do_not_open_come_by_the_million_and_nothing_grows(void **state)
{
        static const enum status wanted[KINDS] = {STATUS_FAILED_PRECONDITION,
                STATUS_PERMISSION_DENIED, STATUS_INVALID_ARGUMENT, STATUS_INVALID_ARGUMENT};
        bool full = getenv("STATGATE_LONG") != NULL && !COUNTS_SANITIZED;
        int64_t budget_ms = full ? LONG_MS : SHORT_MS, began, ms = 0;
        struct bytes request[KINDS];
        struct placement rows[20];
        struct weather before, after;
        uint64_t boxes = 0, seed = 1;

        (void)state;
        for (uint32_t i = 0; i < 20; i++)
                rows[i] = placement_random(&seed, 20, i);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        world_keeper_key(&world, world_client(&world, "municipality/0180"));
        for (unsigned kind = 0; kind < KINDS; kind++) {
                request[kind] = request_of(kind);
                assert_int_equal(world_call(&world, world_client(&world, "municipality/0180"),
                                         "Submission/ErasePerson", request[kind]),
                        wanted[kind]);
        }
        (void)flood(request, full ? 20 : 1); /* until arenas and pools are as large as they get */
        before = look();
        began = clock_monotonic_ns();
        while (ms < budget_ms && boxes < BOXES_MAX) {
                boxes += flood(request, full ? 20 : 1);
                ms = (clock_monotonic_ns() - began) / 1000000;
        }
        after = look();
        print_message("%llu boxes that do not open in %lld ms, %.0f a second; gateway %ld to %ld "
                      "KiB, keeper %ld to %ld KiB, log %zu bytes more, its alarms %zu\n",
                (unsigned long long)boxes, (long long)ms, (double)boxes * 1000 / (double)ms,
                before.gateway_kb, after.gateway_kb, before.keeper_kb, after.keeper_kb,
                after.log - before.log, after.said - before.said);
        if (!COUNTS_SANITIZED) {
                assert_true(after.gateway_kb - before.gateway_kb < GROWS_KB_MAX);
                assert_true(after.keeper_kb - before.keeper_kb < GROWS_KB_MAX);
        }
        assert_true(after.log - before.log < LOG_GROWS_MAX);
        assert_true(after.said - before.said < LOG_GROWS_MAX);
        assert_int_equal(after.store, before.store);
        assert_true(world_said(&world, "\"event\":\"boxes_refused\""));
        assert_true(status_of(&world).keeper_alive);
        for (uint32_t i = 0; i < 20; i++)
                rows[i] = placement_random(&seed, 20, 20 + i);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        assert_int_equal(publish(&world).number, 1);
        assert_int_equal(status_of(&world).records_committed, 40);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        boxes_that_do_not_open_come_by_the_million_and_nothing_grows, setup,
                        teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
