/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "gateway/rpc/pool.h"

/* A job that notes its turn, and may wait for leave to go on. */
struct piece {
        struct job job; /* first, so that a job is its piece */
        atomic_uint *turn;
        unsigned ran_as;
        atomic_bool *hold;
};

static void nap(void)
{
        nanosleep(&(struct timespec){0, 1000000}, NULL);
}

static void run(struct job *job)
{
        struct piece *p = (struct piece *)job;

        while (p->hold != NULL && atomic_load(p->hold))
                nap();
        /* Noted before it is told: whoever hears of the turn may take the piece away. */
        p->ran_as = atomic_load(p->turn) + 1;
        atomic_fetch_add(p->turn, 1);
}

static struct piece piece(atomic_uint *turn, atomic_bool *hold)
{
        return (struct piece){.job = {.run = run}, .turn = turn, .hold = hold};
}

/* Starts a pool of one whose worker is busy with *stopper. */
static struct pool *busy_pool(unsigned newcomers, unsigned share, struct piece *stopper)
{
        struct pool *p;

        assert_int_equal(pool_new(1, newcomers, share, &p), ERR_OK);
        pool_continue(p, &stopper->job);
        return p;
}

static void jobs_run_in_the_order_they_came(void **state)
{
        (void)state;
        enum { N = 20 };
        atomic_uint turn = 0;
        struct lane lane = {0};
        struct piece pieces[N];
        struct pool *p;

        assert_int_equal(pool_new(1, N, N, &p), ERR_OK);
        for (unsigned i = 0; i < N; i++) {
                pieces[i] = piece(&turn, NULL);
                assert_int_equal(pool_admit(p, &pieces[i].job, &lane), ERR_OK);
        }
        pool_free(&p);
        assert_null(p);
        assert_int_equal(lane.waiting, 0);
        assert_int_equal(lane.running, 0);
        for (unsigned i = 0; i < N; i++)
                assert_int_equal(pieces[i].ran_as, i + 1);
}

static void one_newcomer_too_many_is_refused(void **state)
{
        (void)state;
        atomic_uint turn = 0;
        atomic_bool hold = true;
        struct lane a = {0}, b = {0};
        struct piece stopper = piece(&turn, &hold), pieces[4];
        struct pool *p = busy_pool(3, 3, &stopper);

        for (unsigned i = 0; i < 4; i++)
                pieces[i] = piece(&turn, NULL);
        /* The stopper was begun before, so it takes none of the three places. */
        assert_int_equal(pool_admit(p, &pieces[0].job, &a), ERR_OK);
        assert_int_equal(pool_admit(p, &pieces[1].job, &b), ERR_OK);
        assert_int_equal(pool_admit(p, &pieces[2].job, &a), ERR_OK);
        assert_int_equal(pool_admit(p, &pieces[3].job, &b), ERR_BUSY);
        /* What was begun goes on all the same. */
        pool_continue(p, &pieces[3].job);
        atomic_store(&hold, false);
        pool_free(&p);
        assert_int_equal(atomic_load(&turn), 5);
        assert_int_equal(pieces[3].ran_as, 5);
}

static void one_counter_cannot_take_every_place(void **state)
{
        (void)state;
        atomic_uint turn = 0;
        atomic_bool hold = true;
        struct lane flood = {0}, other = {0};
        struct piece stopper = piece(&turn, &hold), pieces[4];
        struct pool *p = busy_pool(4, 2, &stopper);

        for (unsigned i = 0; i < 4; i++)
                pieces[i] = piece(&turn, NULL);
        assert_int_equal(pool_admit(p, &pieces[0].job, &flood), ERR_OK);
        assert_int_equal(pool_admit(p, &pieces[1].job, &flood), ERR_OK);
        assert_int_equal(pool_admit(p, &pieces[2].job, &flood), ERR_BUSY);
        assert_int_equal(pool_admit(p, &pieces[2].job, &other), ERR_OK);
        atomic_store(&hold, false);
        pool_free(&p);
        assert_int_equal(flood.waiting + other.waiting, 0);
        assert_int_equal(atomic_load(&turn), 4);
}

static void a_lane_that_stands_still_leaves_a_worker_free(void **state)
{
        (void)state;
        enum { STUCK = 8 };
        atomic_uint stuck_turn = 0, turn = 0;
        atomic_bool hold = true;
        struct lane slow = {0}, quick = {0};
        struct piece stuck[STUCK], one = piece(&turn, NULL);
        struct pool *p;

        assert_int_equal(pool_new(4, 64, 64, &p), ERR_OK);
        for (unsigned i = 0; i < STUCK; i++) {
                stuck[i] = piece(&stuck_turn, &hold);
                assert_int_equal(pool_admit(p, &stuck[i].job, &slow), ERR_OK);
        }
        assert_int_equal(pool_admit(p, &one.job, &quick), ERR_OK);
        for (unsigned i = 0; i < 5000 && atomic_load(&turn) == 0; i++)
                nap();
        assert_int_equal(atomic_load(&turn), 1);
        assert_int_equal(atomic_load(&stuck_turn), 0);
        atomic_store(&hold, false);
        pool_free(&p);
        assert_int_equal(atomic_load(&stuck_turn), STUCK);
        assert_int_equal(slow.running, 0);
}

static void places_are_given_back(void **state)
{
        (void)state;
        atomic_uint turn = 0;
        struct lane lane = {0};
        struct piece one = piece(&turn, NULL);
        struct pool *p;

        assert_int_equal(pool_new(2, 1, 1, &p), ERR_OK);
        for (unsigned i = 0; i < 1000; i++) {
                assert_int_equal(pool_admit(p, &one.job, &lane), ERR_OK);
                while (atomic_load(&turn) != i + 1)
                        ;
        }
        pool_free(&p);
}

static void many_threads_lose_nothing(void **state)
{
        (void)state;
        enum { N = 5000 };
        atomic_uint turn = 0;
        struct lane lane = {0};
        struct piece *pieces = calloc(N, sizeof *pieces);
        struct pool *p;

        assert_int_equal(pool_new(8, N, N, &p), ERR_OK);
        for (unsigned i = 0; i < N; i++) {
                pieces[i] = piece(&turn, NULL);
                assert_int_equal(pool_admit(p, &pieces[i].job, &lane), ERR_OK);
        }
        pool_free(&p);
        assert_int_equal(atomic_load(&turn), N);
        for (unsigned i = 0; i < N; i++)
                assert_int_not_equal(pieces[i].ran_as, 0);
        free(pieces);
}

static void freeing_no_pool_is_harmless(void **state)
{
        (void)state;
        struct pool *none = NULL;

        pool_free(&none);
        pool_free(NULL);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jobs_run_in_the_order_they_came),
                cmocka_unit_test(one_newcomer_too_many_is_refused),
                cmocka_unit_test(one_counter_cannot_take_every_place),
                cmocka_unit_test(a_lane_that_stands_still_leaves_a_worker_free),
                cmocka_unit_test(places_are_given_back),
                cmocka_unit_test(many_threads_lose_nothing),
                cmocka_unit_test(freeing_no_pool_is_harmless),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
