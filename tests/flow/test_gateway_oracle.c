/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_oracle.c: a curious municipality asks the gateway whether somebody is known.
 *
 * It may deliver and erase, and do either with any number it likes. Children whom another
 * municipality has delivered, and children whom nobody has, are delivered in batches of the same
 * shape: every byte of the answers, every length in the store and the time that each answer took
 * are compared. Of times, the area under the curve of whoever guesses by them (0.5: by chance)
 * and the largest distance between their distributions are told; in random order within pairs, so
 * that what else the machine does falls on both alike. Then candidates by the thousand, which is
 * what the quota is for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum {
        CURIOUS = 180,
        OTHER = 114,
        SMALL = 2418, /* some three thousand inhabitants */
        ROWS = 10,
        TRIALS = 900, /* of each kind */
        TRIES = 5,
        ALIKE = 12,
        KNOWN = TRIALS * ROWS,
        STRANGERS = 300000, /* from this child on nobody has heard of them */
        PIECE = 1000,
        SMALL_QUOTA = 2000,
};

static struct world world;
static struct placement rows[PIECE];

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_edit(&world, "policy/bundle.yaml", "erasure_quota: {per_day: 100}",
                "erasure_quota: {per_day: 10000}");
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

/* The same placements of whoever is child number `first` and those after. */
static void fill(uint32_t first, uint32_t len)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
}

static void make_known(void)
{
        for (uint32_t i = 0; i < KNOWN; i += PIECE) {
                fill(i, PIECE);
                (void)deliver(&world, OTHER, DELIVERY_APPEND, rows, PIECE, PIECE);
        }
}

/* Statistics --------------------------------------------------------------------------- */

struct times {
        double known[TRIALS], strange[TRIALS];
        unsigned len;
};

/* How often a known one took longer, ties half. */
static double auc_of(const struct times *t)
{
        double wins = 0;

        for (unsigned i = 0; i < t->len; i++)
                for (unsigned j = 0; j < t->len; j++)
                        wins += t->known[i] > t->strange[j]    ? 1
                                : t->known[i] == t->strange[j] ? 0.5
                                                               : 0;
        return wins / t->len / t->len;
}

static double share_below(const double *v, unsigned len, double x)
{
        unsigned below = 0;

        for (unsigned i = 0; i < len; i++)
                below += v[i] <= x;
        return (double)below / len;
}

/* Kolmogorov and Smirnov's distance. */
static double distance_of(const struct times *t)
{
        double most = 0;

        for (unsigned i = 0; i < t->len; i++) {
                double d = share_below(t->known, t->len, t->known[i]) -
                           share_below(t->strange, t->len, t->known[i]);

                d = d < 0 ? -d : d;
                most = d > most ? d : most;
        }
        return most;
}

/* The guesser may also bet on the shorter. One-sided, 95 %; the variance is that of Mann and
 * Whitney where there is no difference: (2n + 1) / 12n². */
static double tell(const char *what, const struct times *t)
{
        double auc = auc_of(t), n = t->len, variance = (2 * n + 1) / (12 * n * n), root = 1;
        double guess = auc < 0.5 ? 1 - auc : auc, bound;

        for (unsigned i = 0; i < 30; i++)
                root = (root + variance / root) / 2;
        bound = guess + 1.645 * root;
        print_message("%s: 2 x %u trials, AUC %.4f, 95 %% bound %.4f, KS distance %.4f\n", what,
                t->len, auc, bound, distance_of(t));
        return bound;
}

static uint64_t coin = 7;

/* Runs pairs of trials: known and strange, in random order. */
static void compare(struct times *t, unsigned trials, double (*run)(unsigned i, bool known))
{
        for (t->len = 0; t->len < trials; t->len++) {
                bool first = random_below(&coin, 2) == 0;

                for (unsigned k = 0; k < 2; k++) {
                        bool known = (k == 0) == first;

                        (known ? t->known : t->strange)[t->len] = run(t->len, known);
                }
        }
}

/* Deliveries ----------------------------------------------------------------------------- */

static struct talk talk;
static uint32_t sequence;

static double exchange(struct bytes message, struct bytes *out_answer)
{
        int64_t before;

        message = talk_wrap(&talk, message); /* what takes time here is not measured */
        before = clock_monotonic_ns();
        assert_int_equal(call_send(talk.call, message), ERR_OK);
        assert_int_equal(call_receive(talk.call, talk.arena, out_answer), ERR_OK);
        return (double)(clock_monotonic_ns() - before);
}

static double deliver_trial(unsigned i, bool known)
{
        struct bytes answer;

        fill((known ? 0 : STRANGERS) + i * ROWS, ROWS);
        return exchange(say_batch(talk.arena, sequence++, rows, ROWS), &answer);
}

static void times_do_not_tell_who_is_known(void **state)
{
        const struct wire_open open = placering_append();
        static struct times t;

        (void)state;
        make_known();
        talk_begin(&talk, &world, town(&world, CURIOUS));
        assert_int_equal(talk_open(&talk, &open), STATUS_OK);
        sequence = 0;
        compare(&t, TRIALS, deliver_trial);
        talk_break(&talk);
        assert_true(tell("delivering", &t) < 0.6);
}

/* A thousand rows or ten: what a difference looks like. The least of some tries, or on a machine
 * that is busy with other things nobody would see it. */
static double uneven_trial(unsigned i, bool known)
{
        uint32_t len = known ? PIECE : ROWS;
        double least = 0;

        fill(STRANGERS + i * ROWS, len);
        for (unsigned k = 0; k < TRIES; k++) {
                struct bytes answer;
                double took = exchange(say_batch(talk.arena, sequence++, rows, len), &answer);

                least = k == 0 || took < least ? took : least;
        }
        return least;
}

static void a_difference_of_times_would_be_seen(void **state)
{
        const struct wire_open open = placering_append();
        static struct times t;

        (void)state;
        talk_begin(&talk, &world, town(&world, CURIOUS));
        assert_int_equal(talk_open(&talk, &open), STATUS_OK);
        sequence = 0;
        compare(&t, 120, uneven_trial);
        talk_break(&talk);
        assert_true(tell("a thousand rows beside ten", &t) > 0.7);
}

static double erase_trial(unsigned i, bool known)
{
        struct wire_person who = {.kind = PERSON_NATIONAL};
        int64_t before;

        child_id((known ? 0 : STRANGERS) + i, who.id);
        before = clock_monotonic_ns();
        assert_int_equal(world_erase(&world, CURIOUS, &who), STATUS_OK);
        return (double)(clock_monotonic_ns() - before);
}

static void times_of_erasures_do_not_tell_who_is_known(void **state)
{
        static struct times t;

        (void)state;
        make_known();
        fill(100000, 100); /* it has some of its own */
        (void)deliver(&world, CURIOUS, DELIVERY_APPEND, rows, 100, 100);
        compare(&t, TRIALS, erase_trial);
        assert_true(tell("erasing", &t) < 0.6);
}

/* Bytes ------------------------------------------------------------------------------------ */

/* Everything the gateway says of one delivery, its receipt and the times in it left out. */
static struct bytes said_of(uint32_t first, bool spoilt)
{
        const struct wire_open open = placering_append();
        struct submit_response heard;
        struct bytes answer, copy;
        struct digest receipt;
        uint8_t *at;

        fill(first, ROWS);
        talk_begin(&talk, &world, town(&world, CURIOUS));
        assert_int_equal(talk_open(&talk, &open), STATUS_OK);
        if (spoilt)
                rows[3].start = days_from_civil((struct civil){1850, 1, 1});
        (void)exchange(say_batch(talk.arena, 0, rows, ROWS), &answer);
        assert_int_equal(submit_response_decode(talk.arena, answer, &heard), ERR_OK);
        assert_int_equal(heard.kind, SUBMIT_ACKNOWLEDGED);
        receipt = heard.acknowledged.receipt;
        assert_int_equal(bytes_copy(world.arena, answer, &copy), ERR_OK);
        at = memmem(copy.data, copy.len, receipt.bytes, sizeof receipt.bytes);
        assert_non_null(at);
        memset(at, 0, sizeof receipt.bytes);
        talk_break(&talk);
        return copy;
}

static void answers_are_the_same_bytes_whoever_is_delivered(void **state)
{
        (void)state;
        make_known();
        for (int spoilt = 0; spoilt < 2; spoilt++) {
                struct bytes like = said_of(STRANGERS, spoilt);

                for (unsigned i = 0; i < ALIKE; i++) {
                        assert_true(bytes_equal(said_of(i * ROWS, spoilt), like));
                        assert_true(bytes_equal(said_of(STRANGERS + i * ROWS, spoilt), like));
                }
        }
        /* Another shape is other bytes. */
        assert_false(bytes_equal(said_of(0, true), said_of(0, false)));
}

static struct bytes answer_to_erasure(uint32_t child)
{
        struct wire_person who = {.kind = PERSON_NATIONAL};

        child_id(child, who.id);
        assert_int_equal(world_erase(&world, CURIOUS, &who), STATUS_OK);
        assert_int_equal(strlen(world_status.message), 0);
        return world_answer;
}

static void erasures_are_answered_with_the_same_bytes(void **state)
{
        struct bytes like;

        (void)state;
        make_known();
        fill(100000, 100);
        (void)deliver(&world, CURIOUS, DELIVERY_APPEND, rows, 100, 100);
        like = answer_to_erasure(STRANGERS);
        for (unsigned i = 0; i < ALIKE; i++) {
                assert_true(bytes_equal(answer_to_erasure(i), like));
                assert_true(bytes_equal(answer_to_erasure(STRANGERS + i), like));
                assert_true(bytes_equal(answer_to_erasure(100000 + i), like)); /* its own */
        }
}

/* How many different lengths sealed batches of so many rows have. */
static int lengths_of(municipality_t m)
{
        static const char script[] =
                "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT"
                " count(DISTINCT length(b.sealed)) FROM batch b JOIN submission s"
                " ON s.number = b.submission WHERE s.municipality = ?', (int(sys.argv[2]),))"
                ".fetchone()[0])";
        const char *command = arena_printf(world.arena, "python3 -c \"%s\" '%s' %u", script,
                world_path(&world, "store/statgate.db"), m);
        FILE *out = popen(command, "re");
        int lengths = -1;

        assert_non_null(out);
        assert_int_equal(fscanf(out, "%d", &lengths), 1);
        assert_int_equal(pclose(out), 0);
        return lengths;
}

static void what_is_stored_is_as_long_whoever_is_delivered(void **state)
{
        (void)state;
        make_known();
        for (unsigned i = 0; i < ALIKE; i++) {
                fill(i * ROWS, ROWS);
                (void)deliver(&world, CURIOUS, DELIVERY_APPEND, rows, ROWS, ROWS);
                fill(STRANGERS + i * ROWS, ROWS);
                (void)deliver(&world, CURIOUS, DELIVERY_APPEND, rows, ROWS, ROWS);
        }
        assert_int_equal(lengths_of(CURIOUS), 1);
        fill(0, ROWS - 1);
        (void)deliver(&world, CURIOUS, DELIVERY_APPEND, rows, ROWS - 1, ROWS);
        assert_int_equal(lengths_of(CURIOUS), 2);
}

/* The quota ---------------------------------------------------------------------------------- */

/* Candidates in batches of 250 until the stream ends; how many were taken. */
static uint32_t enumerate(uint32_t first, enum status *out_status)
{
        enum { STEP = 250 };
        const struct wire_open open = placering_append();
        uint32_t taken = 0;

        talk_begin(&talk, &world, town(&world, SMALL));
        assert_int_equal(talk_open(&talk, &open), STATUS_OK);
        for (sequence = 0; sequence < 40; sequence++) {
                fill(first + taken, STEP);
                *out_status = talk_say(&talk, say_batch(talk.arena, sequence, rows, STEP));
                if (*out_status != STATUS_OK)
                        break;
                taken += STEP;
        }
        if (*out_status == STATUS_RESOURCE_EXHAUSTED)
                assert_null(strpbrk(talk.status.message, "0123456789"));
        talk_break(&talk);
        return taken;
}

static void candidates_by_the_thousand_stop_at_the_quota(void **state)
{
        enum status status = STATUS_OK;
        uint32_t taken;

        (void)state;
        taken = enumerate(0, &status);
        print_message("quota %d: %u taken\n", SMALL_QUOTA, taken);
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
        assert_true(taken >= SMALL_QUOTA * 3 / 4 && taken <= SMALL_QUOTA * 9 / 8);
        assert_true(world_said(&world, "\"event\":\"quota_exceeded\",\"municipality\":2418"));
        assert_int_equal(enumerate(50000, &status), 0);
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
        assert_still_served(&world);
        /* Nor does it help to wait for a restart. */
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_int_equal(enumerate(60000, &status), 0);
        assert_int_equal(status, STATUS_RESOURCE_EXHAUSTED);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(answers_are_the_same_bytes_whoever_is_delivered),
                WHOLE(erasures_are_answered_with_the_same_bytes),
                WHOLE(what_is_stored_is_as_long_whoever_is_delivered),
                WHOLE(times_do_not_tell_who_is_known),
                WHOLE(times_of_erasures_do_not_tell_who_is_known),
                WHOLE(a_difference_of_times_would_be_seen),
                WHOLE(candidates_by_the_thousand_stop_at_the_quota),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
