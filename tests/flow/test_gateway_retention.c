/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_retention.c: records whose time is over go by themselves, with proof, and
 * what is younger stays. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/audit/entry.h"
#include "gateway/store/log.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/world_command.h"

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

/* The log --------------------------------------------------------------------------- */

enum { DAY_S = 86400, LOG_DAYS = 3 * 366 };

/* Both processes believe that it is some years on. */
static struct world_start years_on(void)
{
        const char *moved = arena_printf(world.arena, "CLOCK_SHIM_S=%d", LOG_DAYS * DAY_S);
        const char *shim = arena_printf(world.arena, "LD_PRELOAD=%s", STATGATE_CLOCK_SHIM);
        const char *script = arena_printf(world.arena,
                "#!/bin/sh\n%s %s exec " STATGATE_BIN_DIR "/statgate-keeper \"$@\"\n", moved, shim);

        world_write(&world, "run/keeper", bytes_of_text(script));
        assert_int_equal(chmod(world_path(&world, "run/keeper"), 0700), 0);
        return (struct world_start){.flags = {"--keeper", world_path(&world, "run/keeper")},
                .environment = {moved, shim}};
}

struct words {
        uint64_t entries, pruned, tellers, told;
        bool loaded; /* which bundle was in force is kept */
};

static enum err read_words(void *ctx, const struct stored_entry *e)
{
        struct words *w = ctx;
        struct entry_value v;

        w->entries++;
        w->pruned += e->pruned;
        w->loaded |= e->kind == ENTRY_BUNDLE_LOADED && !e->pruned;
        if (e->kind != ENTRY_PRUNED)
                return ERR_OK;
        assert_false(e->pruned);
        assert_true(entry_find(e->closed, FIELD_NUMBER, &v));
        w->told += (uint64_t)v.number;
        assert_true(entry_find(e->open, FIELD_SEQUENCE, &v));
        assert_true((uint64_t)v.number < e->number);
        w->tellers++;
        return ERR_OK;
}

static struct words words_of_the_log(void)
{
        struct words w = {0};
        struct store *s = open_store();
        uint64_t size;

        assert_int_equal(store_log_size(s, &size), ERR_OK);
        assert_int_equal(store_entries(s, 0, size, read_words, &w), ERR_OK);
        store_close(&s);
        return w;
}

/* So that there is a door in some years. */
static void certificates_for_long(void)
{
        struct cert_pair server;

        assert_int_equal(cert_make_ca(world.arena, "trial CA", 2 * LOG_DAYS, &world.ca), ERR_OK);
        assert_int_equal(cert_make_leaf(world.arena, &world.ca, "statgated", NULL, NULL,
                                 2 * LOG_DAYS, &server),
                ERR_OK);
        world_write(&world, "pki/ca.pem", world.ca.cert_pem);
        world_write(&world, "pki/server.pem", server.cert_pem);
        world_write(&world, "pki/server.key", server.key_pem);
}

static bool pruned_once(void)
{
        struct bytes log = world_read(&world, world_path(&world, "log/statgated.log"));

        return memmem(log.data, log.len, "log_pruned", 10) != NULL;
}

static struct words words_after_years(void)
{
        const struct world_start later = years_on();

        int code = world_try(&world, &later);

        if (code != WORLD_UP)
                fail_msg("exit %d: %s", code,
                        (const char *)world_read(&world, world_path(&world, "log/statgated.log"))
                                .data);
        for (unsigned ms = 0; ms < PATIENCE_MS && !pruned_once(); ms += TICK_MS)
                nap(TICK_MS);
        assert_int_equal(world_stop(&world), 0);
        return words_of_the_log();
}

static void assert_verifies(void)
{
        const char *store = world_path(&world, "store/statgate.db");
        const char *key = world_path(&world, "client/keeper.pub");

        assert_int_equal(WORLD_RUN(&world, "audit", "verify", "--store", store, "--key", key), 0);
}

static void what_the_log_says_goes_when_its_time_is_over_and_it_still_verifies(void **state)
{
        const char *sanitized = getenv("STATGATE_SANITIZE");
        struct words w;

        (void)state;
        if (sanitized != NULL && *sanitized != '\0') {
                print_message("[  SKIPPED ] a sanitizer's library has to be loaded first\n");
                return;
        }
        world_edit(&world, "policy/bundle.yaml", "publish: manual",
                "publish: manual\nlog_retention: {years: 2}");
        world_sign(&world, world.officer);
        certificates_for_long();
        world_start(&world);
        world_keeper_pub(&world);
        assert_int_equal(world_stop(&world), 0);
        w = words_of_the_log();
        assert_true(w.entries > 5);
        assert_int_equal(w.pruned, 0);
        uint64_t before = w.entries;

        w = words_after_years();
        assert_int_equal(w.tellers, 1);
        assert_true(w.pruned > 5 && w.pruned < before);
        assert_int_equal(w.told, w.pruned);
        assert_true(w.loaded);
        assert_verifies();
        uint64_t pruned = w.pruned;

        w = words_after_years(); /* nothing more has become old */
        assert_int_equal(w.tellers, 1);
        assert_int_equal(w.pruned, pruned);
        assert_verifies();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(records_go_when_their_time_is_over, make, unmake),
                cmocka_unit_test_setup_teardown(
                        what_the_log_says_goes_when_its_time_is_over_and_it_still_verifies, make,
                        unmake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
