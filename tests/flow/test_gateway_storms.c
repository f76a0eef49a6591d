/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_storms.c: processes that are killed, disks that fill, clients that pour.
 *
 * The promise is the same in all weathers: what was acknowledged is there exactly once,
 * what was not may be said again, and who asks meanwhile hears a status that is true. */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        /* A test that failed half-way leaves no file system mounted. */
        (void)umount2(world_path(&world, "store"), MNT_DETACH);
        world_remove(&world);
        return 0;
}

static bool sanitized(void)
{
        const char *by = getenv("STATGATE_SANITIZE");

        return by != NULL && *by != '\0';
}

static void rows_of(uint64_t seed, uint32_t first_key, struct placement *out, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                out[i] = placement_random(&seed, 500, first_key + i);
}

/* The keeper ---------------------------------------------------------------------------- */

static void when_the_keeper_dies_callers_hear_so_and_the_gateway_leaves(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[40];
        struct talk t;

        (void)state;
        world_start(&world);
        rows_of(1, 0, rows, 40);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, 20), STATUS_OK);
        assert_true(world.keeper > 0);
        assert_int_equal(kill(world.keeper, SIGKILL), 0);
        enum status s = talk_batch(&t, rows + 20, 20);
        assert_int_equal(s, STATUS_UNAVAILABLE);
        talk_break(&t);
        assert_int_equal(world_wait(&world, 20000), 1);
        assert_false(world_exists(&world, "run/address"));
        world_drop_clients(&world);

        world_start(&world); /* and all is well again */
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(t.sequence, 1);
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
}

/* A keeper that hangs holds up those who need it, and nobody else. */
static void while_the_keeper_is_stopped_status_and_lists_are_answered(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[20];
        struct talk t;

        (void)state;
        world_start(&world);
        rows_of(1, 0, rows, 20);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        struct bytes message = talk_wrap(&t, say_batch(t.arena, 0, rows, 20));
        assert_int_equal(kill(world.keeper, SIGSTOP), 0);
        assert_int_equal(call_send(t.call, message), ERR_OK);
        nap(100);
        assert_int_equal(status_of(&world).records_committed, 0);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
        assert_int_equal(kill(world.keeper, SIGCONT), 0);
        struct bytes answer;
        assert_int_equal(call_receive(t.call, t.arena, &answer), ERR_OK);
        assert_int_equal(submit_response_decode(t.arena, answer, &t.heard), ERR_OK);
        assert_int_equal(t.heard.acknowledged.accepted, 20);
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
}

/* The disk ------------------------------------------------------------------------------- */

enum { DISK_ROWS = 2000, DISK_BATCHES = 400 };

/* Batches until the disk says no: how many were acknowledged. */
static uint32_t fill(const struct wire_open *open, struct placement *rows, enum status *out)
{
        struct talk t;
        uint32_t acknowledged;

        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, open), STATUS_OK);
        do {
                rows_of(t.sequence, t.sequence * DISK_ROWS, rows, DISK_ROWS);
                *out = talk_batch(&t, rows, DISK_ROWS);
        } while (*out == STATUS_OK && t.sequence < DISK_BATCHES);
        acknowledged = t.sequence;
        talk_break(&t);
        return acknowledged;
}

/* After the disk was full: everybody is answered, and with room again the delivery
 * goes on with the first batch that was not acknowledged. */
static void expect_whole(
        const struct wire_open *open, uint32_t acknowledged, struct placement *rows)
{
        struct talk t;

        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, open), STATUS_OK);
        assert_int_equal(t.sequence, acknowledged);
        t.sequence = 0;
        for (uint32_t i = 0; i <= acknowledged; i++) {
                rows_of(i, i * DISK_ROWS, rows, DISK_ROWS);
                assert_int_equal(talk_batch(&t, rows, DISK_ROWS), STATUS_OK);
        }
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(
                status_of(&world).records_committed, (uint64_t)(acknowledged + 1) * DISK_ROWS);
        (void)publish(&world);
}

static void a_file_that_may_not_grow_ends_in_a_status_and_nothing_half_stored(void **state)
{
        static struct placement rows[DISK_ROWS];
        const struct rlimit small = {4 << 20, RLIM_INFINITY};
        const struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
        const struct wire_open open = placering_append();
        enum status s;

        (void)state;
        world_start(&world);
        assert_int_equal(prlimit(world.pid, RLIMIT_FSIZE, &small, NULL), 0);
        uint32_t acknowledged = fill(&open, rows, &s);
        assert_true(acknowledged > 2 && acknowledged < DISK_BATCHES);
        if (s != STATUS_RESOURCE_EXHAUSTED && s != STATUS_UNAVAILABLE)
                fail_msg("status %d", s);
        assert_int_equal(status_of(&world).records_committed, 0);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
        assert_int_equal(prlimit(world.pid, RLIMIT_FSIZE, &large, NULL), 0);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        expect_whole(&open, acknowledged, rows);
}

static void a_full_disk_ends_in_a_status_and_goes_on_when_there_is_room(void **state)
{
        static struct placement rows[DISK_ROWS];
        const struct wire_open open = placering_append();
        const char *store = world_path(&world, "store");
        enum status s;

        (void)state;
        if (mount("statgate-test", store, "tmpfs", 0, "size=2m,mode=0700") != 0) {
                print_message(
                        "skipped: no small file system to mount here (%s)\n", strerror(errno));
                skip();
        }
        world_start(&world);
        uint32_t acknowledged = fill(&open, rows, &s);
        bool refused = s == STATUS_RESOURCE_EXHAUSTED;
        uint32_t open_now = status_of(&world).submissions_open;
        enum status again;
        uint32_t still = fill(&open, rows, &again); /* the same answer as long as it is full */

        bool roomy = mount("statgate-test", store, "tmpfs", MS_REMOUNT, "size=64m,mode=0700") == 0;
        uint32_t more = 0;
        if (roomy) { /* without a restart */
                struct talk t;

                talk_begin(&t, &world, town(&world, 180));
                assert_int_equal(talk_open(&t, &open), STATUS_OK);
                rows_of(t.sequence, t.sequence * DISK_ROWS, rows, DISK_ROWS);
                s = talk_batch(&t, rows, DISK_ROWS);
                more = t.sequence;
                talk_break(&t);
                expect_whole(&open, more, rows);
        }
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(umount(store), 0);
        assert_true(refused && again == STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(still, acknowledged);
        assert_int_equal(open_now, 1);
        assert_true(roomy);
        assert_int_equal(s, STATUS_OK);
        assert_int_equal(more, acknowledged + 1);
}

static void a_read_only_disk_is_told_at_the_start(void **state)
{
        static struct placement rows[20];
        const char *store = world_path(&world, "store");

        (void)state;
        if (mount("statgate-test", store, "tmpfs", 0, "size=16m,mode=0700") != 0) {
                print_message(
                        "skipped: no small file system to mount here (%s)\n", strerror(errno));
                skip();
        }
        const struct world_start plain = {0};
        world_start(&world);
        rows_of(1, 0, rows, 20);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        int stopped = world_stop(&world);
        int remounted = mount(
                "statgate-test", store, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=16m,mode=0700");
        int code = world_try(&world, &plain);
        bool told = world_said(&world, "opening the store: the store cannot be written");
        remounted |= mount("statgate-test", store, "tmpfs", MS_REMOUNT, "size=16m,mode=0700");
        uint64_t records = 0;
        if (code != WORLD_UP) {
                world_start(&world);
                records = status_of(&world).records_committed;
        }
        stopped |= world_stop(&world);
        assert_int_equal(umount(store), 0);
        assert_int_equal(stopped | remounted, 0);
        assert_int_equal(code, 3);
        assert_true(told);
        assert_int_equal(records, 20);
}

/* Killed ----------------------------------------------------------------------------------- */

enum { KILLS = 24, KILL_ROWS = 40, KILL_STREAMS = 3 };

/* One who delivers for as long as it takes, through every death of the gateway: he
 * keeps what was acknowledged and says again what was not. */
struct deliverer {
        pthread_t thread;
        struct client *client; /* of this life of the gateway */
        municipality_t municipality;
        struct wire_open open;
        uint32_t acknowledged; /* batches */
        struct digest receipts[4096];
        uint64_t seed;
};

static atomic_bool enough;

static void keep_receipt(struct deliverer *d, const struct talk *t, uint32_t sequence)
{
        if (sequence < d->acknowledged)
                assert_memory_equal(
                        &d->receipts[sequence], &t->receipts[sequence], sizeof d->receipts[0]);
        else
                d->receipts[d->acknowledged++] = t->receipts[sequence];
}

static void batch_rows(const struct deliverer *d, uint32_t sequence, struct placement *rows)
{
        rows_of(d->seed + sequence, sequence * KILL_ROWS, rows, KILL_ROWS);
}

/* Until the gateway is killed. A batch that was on its way may have been taken. */
static void *pour(void *arg)
{
        struct deliverer *d = arg;
        struct placement rows[KILL_ROWS];
        struct talk t;

        talk_begin(&t, &world, d->client);
        if (talk_open(&t, &d->open) == STATUS_OK) {
                /* Never less than was acknowledged; at most the one in flight more. */
                assert_true(t.sequence >= d->acknowledged);
                assert_true(t.sequence <= d->acknowledged + 1);
                if (t.sequence > 0)
                        t.sequence--; /* the last one again, to have its receipt */
                if (t.sequence > d->acknowledged)
                        t.sequence = d->acknowledged;
                for (;;) {
                        uint32_t sequence = t.sequence;

                        batch_rows(d, sequence, rows);
                        if (talk_batch(&t, rows, KILL_ROWS) != STATUS_OK)
                                break;
                        keep_receipt(d, &t, sequence);
                        if (atomic_load(&enough))
                                break;
                }
        }
        talk_break(&t);
        return NULL;
}

static void pour_and_kill(struct deliverer *all, uint64_t *random)
{
        world_start(&world);
        for (unsigned i = 0; i < KILL_STREAMS; i++)
                all[i].client = town(&world, all[i].municipality);
        world_keeper_key(&world, all[0].client); /* which no thread shall have to ask the dead */
        for (unsigned i = 0; i < KILL_STREAMS; i++)
                assert_int_equal(pthread_create(&all[i].thread, NULL, pour, &all[i]), 0);
        nap(20 + (unsigned)random_below(random, sanitized() ? 400 : 100));
        assert_int_equal(kill(world.pid, SIGKILL), 0);
        for (unsigned i = 0; i < KILL_STREAMS; i++)
                assert_int_equal(pthread_join(all[i].thread, NULL), 0);
        world_kill(&world);
}

static void commit_all(struct deliverer *d, struct heap *heap)
{
        struct placement rows[KILL_ROWS];
        struct talk t;

        talk_begin(&t, &world, town(&world, d->municipality));
        assert_int_equal(talk_open(&t, &d->open), STATUS_OK);
        assert_true(t.sequence >= d->acknowledged && t.sequence <= d->acknowledged + 1);
        uint32_t batches = t.sequence;
        t.sequence = 0;
        for (uint32_t i = 0; i < batches; i++) { /* all replayed: nothing counts twice */
                batch_rows(d, i, rows);
                assert_int_equal(talk_batch(&t, rows, KILL_ROWS), STATUS_OK);
                if (i < d->acknowledged)
                        assert_memory_equal(&d->receipts[i], &t.receipts[i], sizeof t.receipts[i]);
                heap_add(heap, d->municipality, DELIVERY_APPEND, rows, KILL_ROWS);
        }
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.accepted, (uint64_t)batches * KILL_ROWS);
        assert_int_equal(talk_end(&t), STATUS_OK);
        d->acknowledged = batches;
}

static bool any_told(const struct deliverer *all)
{
        bool told = false;

        for (unsigned i = 0; i < KILL_STREAMS; i++)
                told = told || all[i].acknowledged > 0;
        return told;
}

static void killed_at_any_moment_it_holds_what_it_acknowledged_exactly_once(void **state)
{
        static const municipality_t towns[KILL_STREAMS] = {114, 180, 1480};
        static struct deliverer all[KILL_STREAMS];
        uint64_t random = (uint64_t)clock_now_ms(), records = 0;
        struct heap heap = {0};

        (void)state;
        print_message("kills at random moments, seed %llu\n", (unsigned long long)random);
        for (unsigned i = 0; i < KILL_STREAMS; i++)
                all[i] = (struct deliverer){
                        .municipality = towns[i], .open = placering_append(), .seed = 1000 * i};
        /* And once more where this machine was too slow for anything to be acknowledged. */
        for (unsigned i = 0; i < (sanitized() ? KILLS / 2 : KILLS) || !any_told(all); i++)
                pour_and_kill(all, &random);
        world_start(&world);
        for (unsigned i = 0; i < KILL_STREAMS; i++) {
                commit_all(&all[i], &heap);
                records += (uint64_t)all[i].acknowledged * KILL_ROWS;
        }
        print_message("%llu records acknowledged\n", (unsigned long long)records);
        assert_true(records > 0);
        assert_int_equal(status_of(&world).records_committed, records);
        (void)publish(&world);
        heap_expect(&world, &heap, "kon", NULL);
        heap_expect(&world, &heap, "form", NULL);
        heap_done(&heap);
        assert_int_equal(world_stop(&world), 0);
}

/* Back-pressure -------------------------------------------------------------------------------- */

enum { POUR_STREAMS = 24, POUR_ROWS = 30000, POUR_MESSAGES = 60 };

struct pouring {
        pthread_t thread;
        struct client *client;
        struct bytes message;
        atomic_uint sent;
};

static atomic_uint ready;
static atomic_bool go;

/* Sends without waiting for answers, as fast as the transport takes it. */
static void *pour_blindly(void *arg)
{
        struct pouring *p = arg;
        const struct wire_open open = placering_append();
        struct call *call = NULL;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);

        if (call_start(p->client, "/statgate.v1.Submission/Submit", 0, &call) != ERR_OK)
                return NULL;
        enum err e = call_send(call, say_open(a, &open));
        struct bytes opened;
        if (e == ERR_OK)
                e = call_receive(call, a, &opened);
        atomic_fetch_add(&ready, 1);
        while (!atomic_load(&go))
                nap(1);
        for (unsigned i = 0; e == ERR_OK && i < POUR_MESSAGES && !atomic_load(&enough); i++) {
                e = call_send(call, p->message);
                atomic_fetch_add(&p->sent, 1);
        }
        call_free(&call);
        return NULL;
}

static void many_who_pour_into_a_slow_store_fill_no_memory(void **state)
{
        static const municipality_t towns[] = {114, 180, 1480, 1880, 2480};
        static struct placement rows[POUR_ROWS];
        static struct pouring all[POUR_STREAMS];
        OWNED(arena_free) struct arena *a = arena_new(64 << 20);
        long before, most = 0;
        unsigned sent = 0;

        (void)state;
        world_take_clear(&world); /* the same message from everybody */
        world_start(&world);
        before = resident_kb(world.pid);
        rows_of(5, 0, rows, POUR_ROWS);
        struct bytes message = say_batch(a, 0, rows, POUR_ROWS); /* about 2 MB */
        assert_true(message.len > 1 << 20);
        atomic_store(&enough, false);
        for (unsigned i = 0; i < POUR_STREAMS; i++) {
                all[i].client = town(&world, towns[i % ARRAY_LEN(towns)]);
                all[i].message = message;
                assert_int_equal(pthread_create(&all[i].thread, NULL, pour_blindly, &all[i]), 0);
        }
        while (atomic_load(&ready) < POUR_STREAMS)
                nap(1);
        assert_int_equal(kill(world.keeper, SIGSTOP), 0);
        atomic_store(&go, true);
        for (int i = 0; i < 150; i++) {
                long now = resident_kb(world.pid);

                most = now > most ? now : most;
                nap(20);
        }
        for (unsigned i = 0; i < POUR_STREAMS; i++)
                sent += atomic_load(&all[i].sent);
        atomic_store(&enough, true);
        assert_int_equal(kill(world.keeper, SIGCONT), 0);
        for (unsigned i = 0; i < POUR_STREAMS; i++)
                assert_int_equal(pthread_join(all[i].thread, NULL), 0);
        print_message("%u messages of %zu kB taken of %u offered; %ld MB more resident\n", sent,
                message.len >> 10, POUR_STREAMS * POUR_MESSAGES, (most - before) >> 10);
        /* The transport held most of them back: 3 GB were offered. */
        assert_true(sent < POUR_STREAMS * POUR_MESSAGES / 4);
        if (!sanitized())
                assert_true(most - before < 1 << 20);
        assert_true(status_of(&world).keeper_alive);
        assert_int_equal(world_stop(&world), 0);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(when_the_keeper_dies_callers_hear_so_and_the_gateway_leaves),
                WHOLE(while_the_keeper_is_stopped_status_and_lists_are_answered),
                WHOLE(a_file_that_may_not_grow_ends_in_a_status_and_nothing_half_stored),
                WHOLE(a_full_disk_ends_in_a_status_and_goes_on_when_there_is_room),
                WHOLE(a_read_only_disk_is_told_at_the_start),
                WHOLE(killed_at_any_moment_it_holds_what_it_acknowledged_exactly_once),
                WHOLE(many_who_pour_into_a_slow_store_fill_no_memory),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
