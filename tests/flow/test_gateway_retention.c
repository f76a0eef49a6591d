/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_retention.c: records whose time is over go by themselves, with proof, and
 * what is younger stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/store/store.h"
#include "tests/support/gateway_ask.h"

enum { YEARS_KEPT = 10, ROWS = 40, PATIENCE_MS = 20000, TICK_MS = 100, DAY_MS = 86400000 };

static struct world world;

static int make(void **state)
{
        (void)state;
        world_make(&world);
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static struct store *open_store(void)
{
        struct store *s = NULL;

        assert_int_equal(store_open(world_path(&world, "store/statgate.db"), &s), ERR_OK);
        return s;
}

/* A committed delivery about a period that ended on a day, as if it had come long ago; what
 * is in it nobody opens here. */
static void put_delivery(struct store *s, uint8_t mark, int32_t last_day)
{
        uint8_t sealed[64] = {mark};
        struct stored_submission d = {.id = {{mark}},
                .municipality = 180,
                .dataset = "placering",
                .period = {last_day - 364, last_day},
                .mode = DELIVERY_APPEND,
                .opened_at_ms = clock_now_ms()};
        struct stored_batch b = {.submission = d.id,
                .rows = ROWS,
                .epoch = 1,
                .sealed = bytes_of(sealed, sizeof sealed)};
        struct digest digest;
        uint32_t rows, rejected;
        bool replayed;

        assert_int_equal(store_submission_open(s, &d, NULL, &d), ERR_OK);
        assert_int_equal(store_batch_put(s, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
        digest_of(bytes_of(b.receipt.bytes, sizeof b.receipt.bytes), &digest);
        assert_int_equal(
                store_submission_commit(s, &d.id, &digest, 0, clock_now_ms(), NULL, &d), ERR_OK);
}

static uint64_t records_after(uint64_t wanted)
{
        uint64_t records = UINT64_MAX;

        for (unsigned ms = 0; ms < PATIENCE_MS && records != wanted; ms += TICK_MS) {
                records = status_of(&world).records_committed;
                if (records != wanted)
                        nap(TICK_MS);
        }
        return records;
}

static void records_go_when_their_time_is_over(void **state)
{
        int32_t today = (int32_t)(clock_now_ms() / DAY_MS);
        struct civil limit = civil_from_days(today);
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_removal *removed = NULL;
        uint32_t len = 0;

        (void)state;
        limit.year -= YEARS_KEPT;
        if (!civil_exists(limit))
                limit.day = 28;
        struct store *s = open_store();

        put_delivery(s, 1, days_from_civil(limit) - 1); /* ended the day before */
        put_delivery(s, 2, days_from_civil(limit) + 1); /* one day to go, whenever midnight is */
        store_close(&s);
        world_start(&world);
        assert_int_equal(records_after(ROWS), ROWS);
        assert_int_equal(world_stop(&world), 0);

        s = open_store();
        assert_int_equal(store_removals(s, 0, 0, a, &removed, &len), ERR_OK);
        assert_int_equal(len, 1);
        assert_int_equal(removed[0].reason, REMOVAL_RETENTION);
        assert_int_equal(removed[0].submission.bytes[0], 1);
        assert_int_equal(removed[0].records, ROWS);
        store_close(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(records_go_when_their_time_is_over, make, unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
