/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_erasures.c: what a municipality may have erased, and how often: the memory of the
 * day alone, then a keeper with a quota in its rules; a record's key in a box; and a person who
 * has had another number. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/secret.h"
#include "gateway/keeper/aliases.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/erasures.h"
#include "tests/support/keeper_stage.h"

enum { HOME = 114, OTHER = 180, DAY_MS = 86400000, NOTE_MAX = 4 << 20, ROWS = 9 };

/* The day ------------------------------------------------------------------------ */

static void name_of(const struct erasures *e, uint32_t i, uint8_t out[ERASURE_NAME_LEN])
{
        const struct bytes parts[] = {bytes_of_text("trial"), bytes_of((uint8_t *)&i, sizeof i)};

        assert_int_equal(erasures_name(e, parts, ARRAY_LEN(parts), out), ERR_OK);
}

static enum err admit(
        struct erasures *e, municipality_t m, uint32_t i, uint32_t most, int64_t now_ms)
{
        uint8_t name[ERASURE_NAME_LEN];

        name_of(e, i, name);
        return erasures_admit(e, m, name, most, now_ms);
}

static struct erasures *none_yet(void)
{
        struct erasures *e = NULL;

        assert_int_equal(crypto_init(1 << 16, false), ERR_OK);
        assert_int_equal(erasures_new(&e), ERR_OK);
        return e;
}

static void so_many_are_admitted_and_the_next_a_day_later(void **state)
{
        enum { MOST = 5, BEGIN = 1000 };
        OWNED(erasures_free) struct erasures *e = none_yet();
        uint8_t name[ERASURE_NAME_LEN];

        (void)state;
        for (uint32_t i = 0; i < MOST; i++)
                assert_int_equal(admit(e, HOME, i, MOST, BEGIN + i), ERR_OK);
        assert_int_equal(erasures_count(e, HOME, BEGIN + MOST), MOST);
        assert_int_equal(erasures_refused(e, HOME, BEGIN + MOST), 0);
        assert_int_equal(admit(e, HOME, 77, MOST, BEGIN + 9), ERR_ERASURES);
        assert_int_equal(erasures_refused(e, HOME, BEGIN + 9), BEGIN + 9);
        assert_int_equal(admit(e, HOME, 77, MOST, BEGIN + 10), ERR_ERASURES);
        assert_int_equal(erasures_refused(e, HOME, BEGIN + 10), BEGIN + 10);
        name_of(e, 77, name);
        assert_false(erasures_admitted(e, HOME, name, BEGIN + 10));
        /* The same again is none more, and others are not touched. */
        assert_int_equal(admit(e, HOME, 3, MOST, BEGIN + 11), ERR_OK);
        assert_int_equal(erasures_count(e, HOME, BEGIN + 11), MOST);
        assert_int_equal(admit(e, OTHER, 3, MOST, BEGIN + 11), ERR_OK);
        /* The oldest makes room when its day is over. */
        assert_int_equal(admit(e, HOME, 77, MOST, BEGIN + DAY_MS - 1), ERR_ERASURES);
        assert_int_equal(admit(e, HOME, 77, MOST, BEGIN + DAY_MS), ERR_OK);
        assert_int_equal(admit(e, HOME, 78, MOST, BEGIN + DAY_MS), ERR_ERASURES);
        name_of(e, 0, name);
        assert_false(erasures_admitted(e, HOME, name, BEGIN + DAY_MS));
        assert_int_equal(erasures_count(e, HOME, BEGIN + 3 * (int64_t)DAY_MS), 0);
        assert_int_equal(erasures_refused(e, HOME, BEGIN + 3 * (int64_t)DAY_MS), 0);
        /* Officers agree to more. */
        assert_int_equal(admit(e, HOME, 78, MOST + 1, BEGIN + DAY_MS), ERR_OK);
}

static void the_day_outlives_a_note_and_a_torn_note_is_refused(void **state)
{
        OWNED(buf_done) struct buf note = {.ceiling = NOTE_MAX};
        OWNED(erasures_free) struct erasures *e = none_yet(), *back = NULL;
        uint8_t name[ERASURE_NAME_LEN];
        struct bytes bytes;

        (void)state;
        assert_false(erasures_changed(e));
        assert_int_equal(admit(e, HOME, 1, 2, 10), ERR_OK);
        assert_int_equal(admit(e, HOME, 2, 2, 11), ERR_OK);
        assert_int_equal(admit(e, HOME, 3, 2, 12), ERR_ERASURES);
        assert_true(erasures_changed(e));
        erasures_put(e, &note);
        assert_int_equal(buf_end(&note, &bytes), ERR_OK);
        assert_int_equal(erasures_read(bytes, &back), ERR_OK);
        assert_false(erasures_changed(back));
        name_of(back, 2, name); /* the same key */
        assert_true(erasures_admitted(back, HOME, name, 13));
        assert_int_equal(erasures_count(back, HOME, 13), 2);
        assert_int_equal(erasures_refused(back, HOME, 13), 12);
        assert_int_equal(admit(back, HOME, 4, 2, 14), ERR_ERASURES);
        erasures_free(&back);
        for (size_t len = 0; len < bytes.len; len++)
                assert_int_equal(erasures_read(bytes_of(bytes.data, len), &back), ERR_MALFORMED);
        note.data[0] ^= 2;
        assert_int_equal(erasures_read(bytes, &back), ERR_MALFORMED);
}

static void more_than_can_be_remembered_are_refused_and_nobody_is_forgotten(void **state)
{
        OWNED(buf_done) struct buf note = {.ceiling = NOTE_MAX};
        OWNED(erasures_free) struct erasures *e = NULL;
        static const uint8_t key[32] = {1};
        struct bytes bytes;

        (void)state;
        assert_int_equal(crypto_init(1 << 16, false), ERR_OK);
        put_u8(&note, 1);
        put_raw(&note, key, sizeof key);
        put_u32(&note, ERASURES_MAX);
        for (uint32_t i = 0; i < ERASURES_MAX; i++) {
                uint8_t name[ERASURE_NAME_LEN] = {0};

                memcpy(name, &i, sizeof i);
                put_u16(&note, (uint16_t)(1 + i % 200));
                put_i64(&note, 5);
                put_u8(&note, 0);
                put_raw(&note, name, sizeof name);
        }
        assert_int_equal(buf_end(&note, &bytes), ERR_OK);
        assert_int_equal(erasures_read(bytes, &e), ERR_OK);
        assert_int_equal(erasures_count(e, 1, 6), ERASURES_MAX / 200);
        assert_int_equal(admit(e, HOME, 1, 1000, 6), ERR_LIMIT);
        assert_int_equal(admit(e, HOME, 1, 1000, 5 + DAY_MS), ERR_OK);
        assert_int_equal(erasures_count(e, HOME, 5 + DAY_MS), 1);
}

/* A keeper ------------------------------------------------------------------------ */

static void load(struct stage *s, uint64_t version, const struct digest *predecessor, uint32_t most,
        struct digest *out)
{
        struct rules rules = world_rules(&s->w, version, predecessor);

        rules.erasures_per_day = most;
        assert_int_equal(
                keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, out)), ERR_OK);
}

static struct keeper_person person_of(struct stage *s, unsigned person)
{
        struct keeper_public_key key = stage_key(s);

        return world_seal_person(
                &s->w, &key, s->w.submission_keys[0], HOME, person, clock_now_ms());
}

static struct keeper_person record_of(struct stage *s, const char *dataset, const char *record)
{
        struct keeper_public_key key = stage_key(s);

        return world_seal_record(
                &s->w, &key, s->w.submission_keys[0], HOME, dataset, record, clock_now_ms());
}

struct stored {
        struct keeper_accept batch;
        struct keeper_accepted accepted;
};

static struct stored store_of(struct stage *s, const char *dataset, unsigned first)
{
        struct stored out = {.batch = world_batch(&s->w, dataset, HOME, first, ROWS, 10)};

        stage_accept(s, &out.batch, &out.accepted);
        return out;
}

static enum err find(struct stage *s, const struct stored *b, const struct keeper_person *who,
        struct keeper_found *out)
{
        return keeper_erase_find(
                s->k, &b->batch.name, b->accepted.epoch, b->accepted.sealed, who, s->w.arena, out);
}

static uint32_t hits(struct stage *s, const struct stored *b, const struct keeper_person *who)
{
        struct keeper_found found;

        assert_int_equal(find(s, b, who, &found), ERR_OK);
        return found.hits;
}

static void who_has_erased_enough_today_is_refused_whoever_it_would_have_been(void **state)
{
        enum { MOST = 3 };
        struct quota_state *quotas;
        struct keeper_person first, other;
        struct keeper_found found;
        struct stage s;
        struct stored b;
        struct digest bundle;
        uint32_t len = 0;

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, MOST, &bundle);
        b = store_of(&s, "anmalan", 0);
        first = person_of(&s, 4);
        /* Nothing is looked for that was not begun: not even where the box is good. */
        assert_int_equal(find(&s, &b, &first, &found), ERR_NOT_ALLOWED);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "", &first), ERR_OK);
        assert_int_equal(hits(&s, &b, &first), 1);
        for (unsigned i = 0; i < 5; i++) /* again, until it is done */
                assert_int_equal(keeper_erase_begin(s.k, HOME, "", &first), ERR_OK);
        for (unsigned i = 1; i < MOST; i++) {
                other = person_of(&s, i % 2 == 0 ? i : 5000 + i); /* known, and not */
                assert_int_equal(keeper_erase_begin(s.k, HOME, "", &other), ERR_OK);
        }
        for (unsigned i = 0; i < 4; i++) {
                other = person_of(&s, i % 2 == 0 ? 6 : 6000);
                assert_int_equal(keeper_erase_begin(s.k, HOME, "", &other), ERR_ERASURES);
                assert_int_equal(find(&s, &b, &other, &found), ERR_NOT_ALLOWED);
        }
        other = record_of(&s, "anmalan", "0000003");
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &other), ERR_ERASURES);
        assert_int_equal(hits(&s, &b, &first), 1);
        assert_int_equal(keeper_quotas(s.k, s.w.arena, &quotas, &len), ERR_OK);
        assert_int_equal(quotas[0].municipality, HOME);
        assert_int_equal(quotas[0].erasures, MOST);
        assert_int_equal(quotas[0].erasures_most, MOST);
        assert_true(quotas[0].erasures_refused_ms > 0);
        assert_int_equal(quotas[1].erasures, 0);
        assert_int_equal(quotas[1].erasures_refused_ms, 0);
        /* A restart is no new day. */
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        load(&s, 2, &s.bundle, MOST, &bundle);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "", &other), ERR_BOX_SIGNATURE);
        other = person_of(&s, 6);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "", &other), ERR_ERASURES);
        assert_int_equal(hits(&s, &b, &first), 1);
        load(&s, 3, &bundle, MOST + 1, NULL);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "", &other), ERR_OK);
        stage_down(&s);
}

/* A request that was admitted is good for what is in its box and for nobody else. */
static void an_admitted_request_carries_no_other_person(void **state)
{
        struct keeper_person first, other;
        struct keeper_public_key key;
        struct keeper_found found;
        struct stage s;
        struct stored b;
        int64_t now = clock_now_ms();

        (void)state;
        stage_up(&s, 0);
        load(&s, 2, &s.bundle, 10, NULL);
        b = store_of(&s, "anmalan", 0);
        key = stage_key(&s);
        first = world_seal_person(&s.w, &key, s.w.submission_keys[0], HOME, 4, now);
        other = world_seal_person(&s.w, &key, s.w.submission_keys[0], HOME, 5, now);
        assert_memory_equal(&first.request, &other.request, sizeof first.request);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "", &first), ERR_OK);
        assert_int_equal(hits(&s, &b, &first), 1);
        assert_int_equal(find(&s, &b, &other, &found), ERR_NOT_ALLOWED);
        /* In clear likewise. */
        struct keeper_person clear = {.kind = PERSON_NATIONAL};

        world_person(4, clear.id);
        assert_int_equal(find(&s, &b, &clear, &found), ERR_NOT_ALLOWED);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &clear), ERR_OK);
        assert_int_equal(hits(&s, &b, &clear), 1);
        world_person(5, clear.id);
        assert_int_equal(find(&s, &b, &clear, &found), ERR_NOT_ALLOWED);
        stage_down(&s);
}

static void a_record_is_erased_by_a_key_that_only_the_keeper_reads(void **state)
{
        struct keeper_person sealed, bad, clear = {.record_key = bytes_of_text("0000004")};
        struct keeper_public_key key;
        struct keeper_found found;
        struct stage s;
        struct stored b, closed;
        int64_t now = clock_now_ms();

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "sluten", HOME);
        key = stage_key(&s);
        b = store_of(&s, "anmalan", 0);
        closed.batch = world_batch(&s.w, "sluten", HOME, 0, ROWS, 10);
        world_seal(&s.w, &key, s.w.submission_keys[0], &closed.batch);
        stage_accept(&s, &closed.batch, &closed.accepted);

        sealed = record_of(&s, "anmalan", "0000004");
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &sealed), ERR_OK);
        assert_int_equal(find(&s, &b, &sealed, &found), ERR_OK);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.keep[4], 0);
        /* Of that data set, by that municipality, of that day, and a record. */
        assert_int_equal(find(&s, &closed, &sealed, &found), ERR_BOX_SIGNATURE);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "sluten", &sealed), ERR_BOX_SIGNATURE);
        assert_int_equal(keeper_erase_begin(s.k, OTHER, "anmalan", &sealed), ERR_BOX_SIGNATURE);
        bad = world_seal_record(
                &s.w, &key, s.w.submission_keys[1], HOME, "anmalan", "0000004", now);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &bad), ERR_BOX_SIGNATURE);
        bad = world_seal_record(&s.w, &key, s.w.submission_keys[0], HOME, "anmalan", "0000004",
                now - 2 * (int64_t)DAY_MS);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &bad), ERR_BOX_MISPLACED);
        bad = sealed;
        bad.record = false;
        assert_int_equal(keeper_erase_begin(s.k, HOME, "anmalan", &bad), ERR_BOX_CLOSED);
        /* In clear only where persons may come so. */
        assert_int_equal(hits(&s, &b, &clear), 1);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "sluten", &clear), ERR_BOX_NEEDED);
        assert_int_equal(find(&s, &closed, &clear, &found), ERR_BOX_NEEDED);
        assert_int_equal(keeper_erase_begin(s.k, HOME, "enkat", &clear), ERR_OK); /* nobody in it */
        sealed = record_of(&s, "sluten", "0000007");
        assert_int_equal(find(&s, &closed, &sealed, &found), ERR_OK);
        assert_int_equal(found.keep[7], 0);
        sealed = record_of(&s, "sluten", "000000"); /* the beginning of a key is another */
        assert_int_equal(hits(&s, &closed, &sealed), 0);
        stage_down(&s);
}

/* Other numbers -------------------------------------------------------------------- */

static struct submission_id became(struct stage *s, municipality_t m, unsigned was, unsigned is)
{
        struct keeper_public_key key = stage_key(s);
        struct keeper_aliased out;
        struct keeper_alias in = world_seal_aliases(&s->w, &key,
                s->w.submission_keys[m == HOME ? 0 : 1], m, &was, &is, 1, clock_now_ms());

        assert_int_equal(keeper_alias_record(s->k, &in, s->w.arena, &out), ERR_OK);
        assert_int_equal(out.recorded, 1);
        return in.id;
}

/* Rows, as a set of bits, that go with a person. */
static unsigned rows_of(struct stage *s, const struct stored *b, unsigned person)
{
        struct keeper_person who = person_of(s, person);
        struct keeper_found found;
        unsigned set = 0;

        assert_int_equal(find(s, b, &who, &found), ERR_OK);
        for (unsigned i = 0; i < ROWS; i++)
                set |= found.keep[i] == 0 ? 1u << i : 0;
        return set;
}

static void who_is_erased_by_one_number_is_erased_by_all_she_has_had(void **state)
{
        struct submission_id id;
        struct stage s;
        struct stored b;
        uint32_t undone;

        (void)state;
        stage_up(&s, 0);
        b = store_of(&s, "anmalan", 0);
        assert_int_equal(rows_of(&s, &b, 2), 1u << 2);
        (void)became(&s, HOME, 2, 5);
        (void)became(&s, OTHER, 5, 7); /* by whomever: what is linked as hers is hers */
        for (unsigned i = 0; i < ROWS; i++)
                assert_int_equal(rows_of(&s, &b, i),
                        i == 2 || i == 5 || i == 7 ? 1u << 2 | 1u << 5 | 1u << 7 : 1u << i);
        id = became(&s, HOME, 900, 2); /* a number that nothing is stored under */
        assert_int_equal(rows_of(&s, &b, 900), 1u << 2 | 1u << 5 | 1u << 7);
        assert_int_equal(keeper_alias_undo(s.k, HOME, &id,
                                 world_sign_undo(&s.w, s.w.submission_keys[0], HOME, &id), &undone),
                ERR_OK);
        assert_int_equal(rows_of(&s, &b, 900), 0);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        assert_int_equal(rows_of(&s, &b, 7), 1u << 2 | 1u << 5 | 1u << 7);
        stage_down(&s);
}

/* The keeper insists on all of her rows when it seals what is left; and it takes her out where
 * she is a guardian under the one number or the other. */
static void what_is_left_has_her_under_no_number(void **state)
{
        struct keeper_person who;
        struct keeper_found found;
        struct bytes sealed;
        struct stage s;
        struct stored b;
        uint8_t keep[ROWS];

        (void)state;
        stage_up(&s, 0);
        b.batch = world_batch(&s.w, "anmalan", HOME, 0, ROWS, 10);
        world_guardians(&s.w, &b.batch, 1000);
        stage_accept(&s, &b.batch, &b.accepted);
        (void)became(&s, HOME, 2, 5);
        (void)became(&s, HOME, 1003, 5);
        who = person_of(&s, 5);
        assert_int_equal(find(&s, &b, &who, &found), ERR_OK);
        assert_int_equal(found.hits, 2);
        assert_int_equal(found.guardian_hits, 1);
        memset(keep, 1, sizeof keep);
        keep[5] = 0;
        assert_int_equal(keeper_erase_seal(s.k, &b.batch.name, b.accepted.epoch, b.accepted.sealed,
                                 &who, keep, ROWS, found.body, s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(keeper_erase_seal(s.k, &b.batch.name, b.accepted.epoch, b.accepted.sealed,
                                 &who, found.keep, ROWS, found.body, s.w.arena, &sealed),
                ERR_OK);
        b.accepted.sealed = sealed;
        for (unsigned person = 0; person < 4; person++) {
                static const unsigned numbers[] = {2, 5, 1003, 6};
                struct keeper_person again = person_of(&s, numbers[person]);

                assert_int_equal(find(&s, &b, &again, &found), ERR_OK);
                assert_int_equal(found.rows, ROWS - 2);
                assert_int_equal(found.hits + found.guardian_hits, numbers[person] == 6 ? 1 : 0);
        }
        stage_down(&s);
}

static void she_is_found_under_both_keys_of_persons(void **state)
{
        struct submission_id late;
        struct stage s;
        struct stored old, both;

        (void)state;
        stage_up(&s, 0);
        old = store_of(&s, "anmalan", 0);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        both = store_of(&s, "anmalan", 0);
        late = became(&s, HOME, 2, 5);
        (void)late;
        assert_int_equal(rows_of(&s, &old, 5), 1u << 2 | 1u << 5);
        assert_int_equal(rows_of(&s, &both, 2), 1u << 2 | 1u << 5);
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        assert_int_equal(rows_of(&s, &both, 2), 1u << 2 | 1u << 5);
        assert_int_equal(rows_of(&s, &old, 5), 0); /* nobody is found in it any more */
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(so_many_are_admitted_and_the_next_a_day_later),
                cmocka_unit_test(the_day_outlives_a_note_and_a_torn_note_is_refused),
                cmocka_unit_test(more_than_can_be_remembered_are_refused_and_nobody_is_forgotten),
                cmocka_unit_test(who_has_erased_enough_today_is_refused_whoever_it_would_have_been),
                cmocka_unit_test(an_admitted_request_carries_no_other_person),
                cmocka_unit_test(a_record_is_erased_by_a_key_that_only_the_keeper_reads),
                cmocka_unit_test(who_is_erased_by_one_number_is_erased_by_all_she_has_had),
                cmocka_unit_test(what_is_left_has_her_under_no_number),
                cmocka_unit_test(she_is_found_under_both_keys_of_persons),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
