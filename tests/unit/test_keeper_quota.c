/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_quota.c: how many persons a municipality may deliver: counted well enough, without
 * a way around it, and remembered. First the sketches alone, then a keeper that has a bundle with
 * quotas in it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/personnummer.h"
#include "crypto/secret.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/quota.h"
#include "tests/support/keeper_stage.h"

enum {
        NOTE_MAX = 4 << 20,
        PIECE = 10000,
        HALF = 113,
        OTHER = 180,
        HOME = 114,
        UNLIMITED = 1 << 30
};

/* The sketches' own error, several times over. A keeper draws its key, and no test may fail by
 * what it drew: six standard errors, and something. */
static const double error_most = 0.08, error_drawn = 0.15;

/* Nobody counted, under a key that is the same in every run: what quotas_read makes of a note
 * that says so. */
static void sketches_with(uint8_t key, struct quotas **q)
{
        uint8_t note[41] = {1}; /* the version; 32 bytes of key; no epoch and no sketch */

        assert_int_equal(crypto_init(1 << 16, false), ERR_OK);
        memset(note + 1, key, 32);
        assert_int_equal(quotas_read(bytes_of(note, sizeof note), q), ERR_OK);
}

static void sketches_up(struct quotas **q)
{
        sketches_with(0xa5, q);
}

/* Ids of persons first .. first+len-1, as twelve digits of anything. */
static void ids_of(uint64_t first, size_t len, uint8_t *ids, uint8_t *kinds)
{
        for (size_t i = 0; i < len; i++) {
                uint64_t person = first + i + 1;

                for (unsigned d = PERSON_ID_LEN; d > 0; d--, person /= 10)
                        ids[i * PERSON_ID_LEN + d - 1] = (uint8_t)('0' + person % 10);
        }
        memset(kinds, PERSON_NATIONAL, len);
}

static int64_t now_ms = 1000;

static enum err deliver(struct quotas *q, municipality_t m, uint32_t half, uint64_t first,
        size_t len, uint32_t most)
{
        static uint8_t ids[PIECE * PERSON_ID_LEN], kinds[PIECE];
        const struct person_column who = {ids, kinds};
        struct quota_trial t;

        quota_begin(q, m, half, &t);
        for (size_t at = 0; at < len; at += PIECE) {
                size_t n = len - at < PIECE ? len - at : PIECE;

                ids_of(first + at, n, ids, kinds);
                assert_int_equal(quota_count(q, &t, &who, n), ERR_OK);
        }
        return quota_end(q, &t, most, now_ms);
}

static double counted(const struct quotas *q, municipality_t m, uint32_t half)
{
        return quotas_counted(q, m, half);
}

static void persons_are_counted_within_a_few_percent_from_one_to_a_million(void **state)
{
        static const uint32_t sizes[] = {1, 10, 100, 1000, 3000, 6000, 10000, 100000, 1000000};
        OWNED(quotas_free) struct quotas *q = NULL;

        (void)state;
        sketches_up(&q);
        assert_true(counted(q, HOME, HALF) < 0.01);
        for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
                municipality_t m = (municipality_t)(i + 1);
                double got;

                assert_int_equal(deliver(q, m, HALF, 0, sizes[i], UNLIMITED), ERR_OK);
                got = counted(q, m, HALF);
                print_message("%u persons: counted as %.0f\n", sizes[i], got);
                assert_true(fabs(got - sizes[i]) <= error_most * sizes[i] + 0.5);
        }
}

/* Sixty keys, the same persons: what the header says of the error is true. */
static void the_standard_error_is_what_it_is_said_to_be(void **state)
{
        enum { KEYS = 60, PERSONS = 20000 };
        double sum = 0, error;

        (void)state;
        for (uint8_t i = 0; i < KEYS; i++) {
                OWNED(quotas_free) struct quotas *q = NULL;
                double off;

                sketches_with(i, &q);
                assert_int_equal(deliver(q, HOME, HALF, 0, PERSONS, UNLIMITED), ERR_OK);
                off = counted(q, HOME, HALF) / PERSONS - 1;
                sum += off * off;
        }
        error = sqrt(sum / KEYS);
        print_message("standard error %.4f\n", error);
        assert_true(error > 0.014 && error < 0.034);
}

/* The same persons leave other traces with another keeper, and are as many. */
static void a_new_key_is_drawn_for_every_keeper(void **state)
{
        OWNED(quotas_free) struct quotas *q = NULL, *other = NULL;
        struct quota_trial one, two;

        (void)state;
        assert_int_equal(crypto_init(1 << 16, false), ERR_OK);
        assert_int_equal(quotas_new(&q), ERR_OK);
        assert_int_equal(quotas_new(&other), ERR_OK);
        assert_int_equal(deliver(q, HOME, HALF, 0, 5000, UNLIMITED), ERR_OK);
        assert_int_equal(deliver(other, HOME, HALF, 0, 5000, UNLIMITED), ERR_OK);
        quota_begin(q, HOME, HALF, &one);
        quota_begin(other, HOME, HALF, &two);
        assert_memory_not_equal(one.before, two.before, sizeof one.before);
        assert_true(fabs(counted(q, HOME, HALF) - 5000) < 5000 * error_drawn);
}

static void whoever_was_delivered_before_costs_nothing(void **state)
{
        OWNED(quotas_free) struct quotas *q = NULL;
        double before;

        (void)state;
        sketches_up(&q);
        assert_int_equal(deliver(q, HOME, HALF, 0, 5000, 6000), ERR_OK);
        before = counted(q, HOME, HALF);
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(deliver(q, HOME, HALF, 0, 5000, 6000), ERR_OK);
        assert_true(counted(q, HOME, HALF) == before);
        /* Even where the quota has become smaller since. */
        assert_int_equal(deliver(q, HOME, HALF, 0, 5000, 100), ERR_OK);
        assert_int_equal(deliver(q, HOME, HALF, 5000, 500, 100), ERR_QUOTA);
        /* A row without a person is nobody. */
        static const uint8_t id[PERSON_ID_LEN] = "123456789012", none = PERSON_NONE;
        struct quota_trial t;

        quota_begin(q, HOME, HALF, &t);
        assert_int_equal(quota_count(q, &t, &(struct person_column){id, &none}, 1), ERR_OK);
        assert_int_equal(quota_end(q, &t, 100, 1), ERR_OK);
}

/* A temporary id is another person in another municipality, and none of the country's. */
static void an_id_is_counted_by_its_kind_and_issuer(void **state)
{
        static const uint8_t ids[2 * PERSON_ID_LEN] = "123456789012123456789012";
        static const uint8_t kinds[] = {PERSON_NATIONAL, PERSON_LOCAL};
        OWNED(quotas_free) struct quotas *q = NULL;
        struct quota_trial here, there;

        (void)state;
        sketches_up(&q);
        for (unsigned len = 1; len <= 2; len++) {
                quota_begin(q, HOME, HALF, &here);
                quota_begin(q, OTHER, HALF, &there);
                assert_int_equal(
                        quota_count(q, &here, &(struct person_column){ids, kinds}, len), ERR_OK);
                assert_int_equal(
                        quota_count(q, &there, &(struct person_column){ids, kinds}, len), ERR_OK);
                assert_true(fabs(quota_estimate(here.registers) - len) < 0.1);
                /* The national one is the same everywhere. */
                assert_int_equal(
                        memcmp(here.registers, there.registers, QUOTA_REGISTERS) == 0, len == 1);
        }
}

static void what_is_refused_is_not_counted_and_others_are_not_touched(void **state)
{
        OWNED(quotas_free) struct quotas *q = NULL;
        struct quota_refusal refused[2];
        double before;

        (void)state;
        sketches_up(&q);
        assert_int_equal(deliver(q, HOME, HALF, 0, 900, 1000), ERR_OK);
        before = counted(q, HOME, HALF);
        assert_int_equal(quotas_refused(q, HALF, refused, 2), 0);
        assert_int_equal(deliver(q, HOME, HALF, 900, 5000, 1000), ERR_QUOTA);
        assert_true(counted(q, HOME, HALF) == before);
        /* For a day nobody is taken, not even those who are known; then those who fit in. */
        assert_int_equal(deliver(q, HOME, HALF, 0, 10, 1000), ERR_QUOTA);
        assert_int_equal(deliver(q, OTHER, HALF, 900, 900, 1000), ERR_OK);
        now_ms += 86400000 - 1;
        assert_int_equal(deliver(q, HOME, HALF, 0, 10, 1000), ERR_QUOTA);
        now_ms++;
        assert_int_equal(deliver(q, HOME, HALF, 900, 10, 1000), ERR_OK);
        assert_int_equal(deliver(q, HOME, HALF, 900, 5000, 1000), ERR_QUOTA);
        assert_int_equal(deliver(q, HOME, HALF, 900, 5000, 10000), ERR_OK); /* officers agree */
        now_ms = 1000 + 86400000;
        assert_int_equal(quotas_refused(q, HALF, refused, 2), 1);
        assert_int_equal(refused[0].municipality, HOME);
        assert_int_equal(refused[0].at_ms, now_ms);
        assert_int_equal(quotas_refused(q, HALF + QUOTA_HALVES, refused, 2), 0);
}

/* Most of them change no register, and would go in for ever if only what grows were refused. */
static void candidates_one_by_one_get_in_for_a_moment_each_day(void **state)
{
        enum { QUOTA = 20000, DAYS = 30 };
        OWNED(quotas_free) struct quotas *q = NULL;
        uint64_t next = 0;
        unsigned taken = 0;

        (void)state;
        sketches_up(&q);
        for (uint32_t step = 1000; step > 0; step /= 10) {
                while (deliver(q, HOME, HALF, next, step, QUOTA) == ERR_OK)
                        next += step;
                next += step;
                now_ms += 86400000;
        }
        assert_true(fabs((double)next - QUOTA) < QUOTA * error_most);
        for (unsigned day = 0; day < DAYS; day++) {
                for (unsigned i = 0; i < 2000; i++)
                        taken += deliver(q, HOME, HALF, next++, 1, QUOTA) == ERR_OK;
                now_ms += 86400000;
        }
        print_message("%u days at a quota of %u: %u more\n", DAYS, QUOTA, taken);
        /* Of a year's a quarter; of sixty thousand tries. */
        assert_true(taken > 0 && taken < QUOTA / 20);
}

static void three_halves_count_together_and_the_fourth_forgets(void **state)
{
        OWNED(quotas_free) struct quotas *q = NULL;

        (void)state;
        sketches_up(&q);
        for (uint32_t i = 0; i < QUOTA_HALVES; i++)
                assert_int_equal(
                        deliver(q, HOME, HALF + i, (uint64_t)i * 1000, 1000, UNLIMITED), ERR_OK);
        assert_true(fabs(counted(q, HOME, HALF + 2) - 3000) < 3000 * error_most);
        assert_int_equal(deliver(q, HOME, HALF + 2, 9000, 1000, 3000), ERR_QUOTA);
        assert_int_equal(deliver(q, HOME, HALF + 3, 9000, 1000, 3400), ERR_OK);
        assert_true(fabs(counted(q, HOME, HALF + 3) - 3000) < 3000 * error_most);
        assert_int_equal(quota_half(1782863999999), 112); /* 2026-06-30 */
        assert_int_equal(quota_half(1782864000000), 113);
}

static void a_note_brings_all_of_it_back_and_a_torn_one_nothing(void **state)
{
        OWNED(buf_done) struct buf note = {.ceiling = NOTE_MAX};
        OWNED(quotas_free) struct quotas *q = NULL, *back = NULL;
        struct bytes bytes;

        (void)state;
        sketches_up(&q);
        assert_int_equal(deliver(q, HOME, HALF, 0, 5000, 6000), ERR_OK);
        assert_int_equal(deliver(q, OTHER, HALF, 0, 100000, 6000), ERR_QUOTA);
        assert_true(quotas_changed(q));
        quotas_put(q, &note);
        assert_int_equal(buf_end(&note, &bytes), ERR_OK);
        quotas_kept(q);
        assert_int_equal(quotas_read(bytes, &back), ERR_OK);
        assert_false(quotas_changed(back));
        assert_true(counted(back, HOME, HALF) == counted(q, HOME, HALF));
        assert_int_equal(deliver(back, HOME, HALF, 0, 5000, 100), ERR_OK); /* the same key */
        assert_false(quotas_changed(back));
        quotas_free(&back);
        for (size_t len = 0; len < bytes.len; len += len < 60 ? 1 : 997)
                assert_int_equal(quotas_read(bytes_of(bytes.data, len), &back), ERR_MALFORMED);
        note.data[0] ^= 1;
        assert_int_equal(quotas_read(bytes, &back), ERR_MALFORMED);
        note.data[0] ^= 1;
        memset(note.data + note.len - 3, 0xff, 3); /* a rank that no hash has */
        assert_int_equal(quotas_read(bytes, &back), ERR_MALFORMED);
}

/* Version 1 counted codes of k_person: the key and the day of rest are read, and nobody counts. */
static void a_note_of_codes_brings_no_counts(void **state)
{
        OWNED(buf_done) struct buf note = {.ceiling = NOTE_MAX}, old = {.ceiling = NOTE_MAX};
        OWNED(quotas_free) struct quotas *q = NULL, *back = NULL;
        struct quota_refusal refused[2];
        struct bytes bytes;

        (void)state;
        sketches_up(&q);
        assert_int_equal(deliver(q, HOME, HALF, 0, 500, 600), ERR_OK);
        assert_int_equal(deliver(q, OTHER, HALF, 0, 900, 600), ERR_QUOTA);
        quotas_put(q, &note);
        assert_int_equal(buf_end(&note, &bytes), ERR_OK);
        put_u8(&old, 1);
        put_raw(&old, bytes.data + 1, 32);
        put_u32(&old, 7); /* the epoch of the codes */
        put_raw(&old, bytes.data + 33, bytes.len - 33);
        assert_int_equal(buf_end(&old, &bytes), ERR_OK);
        assert_int_equal(quotas_read(bytes, &back), ERR_OK);
        assert_true(counted(back, HOME, HALF) < 0.01);
        assert_int_equal(quotas_refused(back, HALF, refused, 2), 1);
        assert_int_equal(deliver(back, OTHER, HALF, 0, 1, 600), ERR_QUOTA);
        assert_int_equal(deliver(back, HOME, HALF, 0, 500, 600), ERR_OK);
}

/* A country of three halves fits into a note, and not twice as many as that. */
static void more_municipalities_than_there_can_be_are_refused(void **state)
{
        OWNED(buf_done) struct buf note = {.ceiling = NOTE_MAX};
        OWNED(quotas_free) struct quotas *q = NULL;

        (void)state;
        sketches_up(&q);
        for (unsigned i = 0; i < QUOTA_SKETCHES_MAX; i++)
                assert_int_equal(
                        deliver(q, (municipality_t)(i + 1), HALF, i, 1, UNLIMITED), ERR_OK);
        assert_int_equal(deliver(q, 2000, HALF, 0, 1, UNLIMITED), ERR_LIMIT);
        quotas_put(q, &note);
        assert_int_equal(note.failed, ERR_OK);
        assert_true(note.len < 2 << 20);
        /* When time has passed there is room again. */
        assert_int_equal(deliver(q, 2000, HALF + QUOTA_HALVES, 0, 1, UNLIMITED), ERR_OK);
}

/* A keeper ------------------------------------------------------------------------ */

static void load(struct stage *s, uint64_t version, const struct digest *predecessor,
        uint32_t quota, struct digest *out)
{
        uint32_t quotas[5] = {quota, quota, quota, quota, quota};
        struct rules rules = world_rules(&s->w, version, predecessor);

        rules.person_quotas = quotas;
        assert_int_equal(
                keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, out)), ERR_OK);
}

static enum err try_deliver(struct stage *s, municipality_t m, unsigned first, uint32_t rows)
{
        struct keeper_accept batch = world_batch(&s->w, "anmalan", m, first, rows, 10);
        struct keeper_accepted accepted = {.epoch = 77};
        enum err e = keeper_accept(s->k, &batch, s->w.arena, &accepted);

        if (e != ERR_OK)
                assert_int_equal(accepted.epoch, 77);
        return e;
}

static unsigned alarms(struct stage *s, municipality_t m)
{
        struct key_state *keys;
        uint32_t len;
        unsigned found = 0;

        assert_int_equal(keeper_keys(s->k, s->w.arena, &keys, &len), ERR_OK);
        for (uint32_t i = 0; i < len; i++)
                found += keys[i].kind == KEY_QUOTA && keys[i].municipality == m &&
                         keys[i].created_ms > 0;
        return found;
}

static void candidates_are_stored_as_far_as_the_quota_goes(void **state)
{
        enum { QUOTA = 3000, STEP = 500 };
        struct stage s;
        struct digest bundle;
        unsigned taken = 0;

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, QUOTA, &bundle);
        while (taken < 10 * QUOTA && try_deliver(&s, HOME, taken, STEP) == ERR_OK)
                taken += STEP;
        print_message("quota %d: %u persons taken\n", QUOTA, taken);
        assert_true(taken > QUOTA - STEP - QUOTA * error_drawn);
        assert_true(taken < QUOTA + QUOTA * error_drawn);
        assert_int_equal(try_deliver(&s, HOME, taken, STEP), ERR_QUOTA);
        assert_int_equal(alarms(&s, HOME), 1);
        assert_int_equal(alarms(&s, OTHER), 0);
        assert_int_equal(try_deliver(&s, HOME, 0, STEP), ERR_QUOTA); /* it rests */
        assert_int_equal(try_deliver(&s, OTHER, taken, STEP), ERR_OK);
        /* Officers who sign a larger one let it go on. */
        load(&s, 3, &bundle, 2 * QUOTA, NULL);
        assert_int_equal(try_deliver(&s, HOME, taken, STEP), ERR_OK);
        /* Guardians are persons. */
        struct keeper_accept batch = world_batch(&s.w, "anmalan", HOME, 0, 2 * QUOTA, 10);
        struct keeper_accepted accepted;

        world_guardians(&s.w, &batch, 500000);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_QUOTA);
        stage_down(&s);
}

static void what_was_counted_outlives_the_keeper_once_it_was_saved(void **state)
{
        enum { QUOTA = 2000 };
        struct stage s;
        struct digest bundle;
        uint64_t before;

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, QUOTA, &bundle);
        assert_int_equal(try_deliver(&s, HOME, 0, 1500), ERR_OK);
        before = keeper_generation(s.k);
        assert_int_equal(keeper_save(s.k, false), ERR_OK); /* the state is not a minute old */
        assert_int_equal(keeper_generation(s.k), before);
        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        assert_int_equal(keeper_generation(s.k), before + 1);
        assert_int_equal(keeper_save(s.k, true), ERR_OK); /* nothing new */
        assert_int_equal(keeper_generation(s.k), before + 1);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        load(&s, 2, &s.bundle, QUOTA, &bundle);
        assert_int_equal(try_deliver(&s, HOME, 0, 1500), ERR_OK);
        assert_int_equal(try_deliver(&s, HOME, 10000, 1000), ERR_QUOTA);
        stage_down(&s);
}

/* The other name of everybody is no other person, and the count does not begin anew. */
static void the_exchange_of_k_person_neither_doubles_nor_forgets_the_count(void **state)
{
        enum { QUOTA = 2000, HELD = 1500 };
        struct quota_state *quotas;
        struct stage s;
        struct digest bundle;
        uint32_t len = 0;

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, QUOTA, &bundle);
        assert_int_equal(try_deliver(&s, HOME, 0, HELD), ERR_OK);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        assert_int_equal(try_deliver(&s, HOME, 0, HELD), ERR_OK);
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        assert_int_equal(try_deliver(&s, HOME, 0, HELD), ERR_OK);
        assert_int_equal(keeper_quotas(s.k, s.w.arena, &quotas, &len), ERR_OK);
        assert_int_equal(len, 5);
        assert_int_equal(quotas[0].municipality, HOME);
        assert_int_equal(quotas[0].persons_most, QUOTA);
        assert_in_range(quotas[0].persons_percent, 69, 81);
        assert_int_equal(quotas[0].persons_refused_ms, 0);
        assert_int_equal(quotas[1].persons_percent, 0);
        assert_int_equal(try_deliver(&s, HOME, 10000, 1000), ERR_QUOTA);
        assert_int_equal(keeper_quotas(s.k, s.w.arena, &quotas, &len), ERR_OK);
        assert_true(quotas[0].persons_refused_ms > 0);
        stage_down(&s);
}

/* Whoever may see the count and have a person delivered would see whether she was new. */
static void a_count_that_is_told_does_not_move_with_one_person(void **state)
{
        enum { QUOTA = 10000 };
        struct quota_state *quotas;
        struct stage s;
        struct digest bundle;
        uint32_t len = 0, told;

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, QUOTA, &bundle);
        assert_int_equal(try_deliver(&s, HOME, 0, 30), ERR_OK);
        assert_int_equal(keeper_quotas(s.k, s.w.arena, &quotas, &len), ERR_OK);
        told = quotas[0].persons_percent;
        assert_int_equal(told, 1);
        for (unsigned i = 0; i < 40; i++) {
                assert_int_equal(try_deliver(&s, HOME, 30 + i, 1), ERR_OK);
                assert_int_equal(keeper_quotas(s.k, s.w.arena, &quotas, &len), ERR_OK);
                assert_int_equal(quotas[0].persons_percent, told);
        }
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(persons_are_counted_within_a_few_percent_from_one_to_a_million),
                cmocka_unit_test(the_standard_error_is_what_it_is_said_to_be),
                cmocka_unit_test(a_new_key_is_drawn_for_every_keeper),
                cmocka_unit_test(whoever_was_delivered_before_costs_nothing),
                cmocka_unit_test(an_id_is_counted_by_its_kind_and_issuer),
                cmocka_unit_test(what_is_refused_is_not_counted_and_others_are_not_touched),
                cmocka_unit_test(candidates_one_by_one_get_in_for_a_moment_each_day),
                cmocka_unit_test(three_halves_count_together_and_the_fourth_forgets),
                cmocka_unit_test(a_note_brings_all_of_it_back_and_a_torn_one_nothing),
                cmocka_unit_test(a_note_of_codes_brings_no_counts),
                cmocka_unit_test(more_municipalities_than_there_can_be_are_refused),
                cmocka_unit_test(candidates_are_stored_as_far_as_the_quota_goes),
                cmocka_unit_test(what_was_counted_outlives_the_keeper_once_it_was_saved),
                cmocka_unit_test(the_exchange_of_k_person_neither_doubles_nor_forgets_the_count),
                cmocka_unit_test(a_count_that_is_told_does_not_move_with_one_person),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
