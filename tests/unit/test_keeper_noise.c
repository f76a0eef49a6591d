/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_noise.c: record keys as the keeper hands them out: one person, one key,
 * wherever and whenever she was recorded, and another in another linkage. */
#include <endian.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/messages.h"
#include "tests/support/keeper_stage.h"

/* Accepts the batch and opens it; the keys of its rows, in the arena. */
static uint64_t *keys_of(struct stage *s, const struct keeper_accept *batch, const char *linkage,
        struct vintage vintage)
{
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        uint64_t *keys;

        stage_accept(s, batch, &accepted);
        in = stage_open_of(batch, &accepted);
        in.linkage = linkage;
        in.vintage = vintage;
        assert_int_equal(keeper_open_for_view(s->k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, batch->rows);
        keys = arena_alloc(s->w.arena, opened.rows, sizeof(*keys));
        assert_non_null(keys);
        memcpy(keys, opened.person_keys, (size_t)opened.rows * PERSON_KEY_LEN);
        for (uint32_t i = 0; i < opened.rows; i++)
                keys[i] = le64toh(keys[i]);
        keeper_release(s->k, &opened);
        return keys;
}

static uint64_t *keys_in(
        struct stage *s, const char *dataset, municipality_t m, unsigned first, uint32_t rows)
{
        const struct keeper_accept batch = world_batch(&s->w, dataset, m, first, rows, 10);

        return keys_of(s, &batch, "barn", (struct vintage){1, 0});
}

static bool is_among(uint64_t key, const uint64_t *keys, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                if (keys[i] == key)
                        return true;
        return false;
}

static void one_person_has_one_key_wherever_and_whenever(void **state)
{
        struct stage s;
        const uint64_t *here, *there, *elsewhere, *later, *after;

        (void)state;
        stage_up(&s, 0);
        const struct keeper_accept batch = world_batch(&s.w, "anmalan", 114, 0, 50, 10);
        here = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        there = keys_in(&s, "anmalan", 180, 10, 50);
        elsewhere = keys_in(&s, "placering", 180, 20, 50);
        later = keys_of(&s, &batch, "barn", (struct vintage){9, 2});
        assert_memory_equal(here + 10, there, 40 * sizeof(*here));
        assert_memory_equal(here + 20, elsewhere, 30 * sizeof(*here));
        assert_memory_equal(here, later, 50 * sizeof(*here));
        for (unsigned i = 0; i < 50; i++) {
                assert_true(here[i] != 0);
                assert_false(is_among(here[i], here, i));
        }
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras\n"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        after = keys_of(&s, &batch, "barn", (struct vintage){10, 0});
        assert_memory_equal(here, after, 50 * sizeof(*here));
        stage_down(&s);
}

static void a_key_is_no_part_of_a_token(void **state)
{
        struct stage s;
        const uint64_t *keys;
        const uint8_t *tokens;

        (void)state;
        stage_up(&s, 0);
        keys = keys_in(&s, "anmalan", 114, 0, 40);
        tokens = stage_tokens_in(&s, "anmalan", 114, 0, 40);
        for (unsigned i = 0; i < 40; i++) {
                uint64_t half[2];

                memcpy(half, tokens + (size_t)i * PSEUDONYM_LEN, sizeof(half));
                assert_false(is_among(le64toh(half[0]), keys, 40));
                assert_false(is_among(le64toh(half[1]), keys, 40));
        }
        stage_down(&s);
}

static void another_linkage_has_other_keys(void **state)
{
        struct stage s;
        struct rules_linkage linkages[2];
        const uint64_t *barn, *gammal;

        (void)state;
        stage_up(&s, 0);
        struct rules next = world_rules(&s.w, 2, &s.bundle);

        linkages[0] = next.linkages[0];
        linkages[1] = next.linkages[1];
        linkages[1].until_days = linkages[0].until_days; /* lives on */
        next.linkages = linkages;
        assert_int_equal(
                keeper_load_bundle(s.k, world_bundle(&s.w, &next, s.w.signer, NULL)), ERR_OK);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_OK);
        const struct keeper_accept batch = world_batch(&s.w, "anmalan", 114, 0, 50, 10);

        barn = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        gammal = keys_of(&s, &batch, "gammal", (struct vintage){1, 0});
        for (unsigned i = 0; i < 50; i++)
                assert_false(is_among(barn[i], gammal, 50));
        stage_down(&s);
}

/* 1480 is outside of the linkage: each of its data sets is a world of its own, for ever. */
static void who_stands_alone_has_a_key_that_meets_nobodys(void **state)
{
        struct stage s;
        const uint64_t *joined, *alone, *placed, *later;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "placering", 1480);
        joined = keys_in(&s, "anmalan", 114, 0, 30);
        const struct keeper_accept batch = world_batch(&s.w, "anmalan", 1480, 0, 30, 10);
        alone = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        later = keys_of(&s, &batch, "barn", (struct vintage){2, 0});
        placed = keys_in(&s, "placering", 1480, 0, 30);
        for (unsigned i = 0; i < 30; i++) {
                assert_false(is_among(alone[i], joined, 30));
                assert_false(is_among(alone[i], placed, 30));
                assert_false(is_among(placed[i], joined, 30));
        }
        assert_memory_equal(alone, later, 30 * sizeof(*alone));
        stage_down(&s);
}

static struct keeper_accept local_batch(struct stage *s, const char *dataset, municipality_t m)
{
        static const uint8_t ids[3][PERSON_ID_LEN] = {"tf-17", "tf-18", ""};
        static const uint8_t kinds[3] = {PERSON_LOCAL, PERSON_LOCAL, PERSON_NONE};
        struct keeper_accept batch = world_batch(&s->w, dataset, m, 0, 3, 10);

        batch.persons = (struct person_column){ids[0], kinds};
        return batch;
}

static void a_local_id_is_a_person_of_its_municipality_and_nobody_has_no_key(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        const uint64_t *here, *there;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "placering", 114);
        batch = local_batch(&s, "placering", 114);
        here = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        batch = local_batch(&s, "placering", 180);
        there = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        assert_true(here[0] != here[1] && here[0] != 0 && here[1] != 0);
        assert_false(is_among(here[0], there, 2) || is_among(here[1], there, 2));
        assert_true(here[2] == 0 && there[2] == 0);
        stage_down(&s);
}

/* As many rows as a batch may have, and as many bytes as may be stored: what was let in
 * can be opened, record keys and all. */
static void the_largest_batch_has_room_for_its_keys(void **state)
{
        enum { BODY = KEEPER_SEALED_MAX - BATCH_ROWS_MAX * (PSEUDONYM_LEN + RECORD_TAG_LEN) - 74 };
        struct stage s;
        struct keeper_accepted accepted;
        const uint64_t *keys, *first;

        (void)state;
        stage_up(&s, 0);
        struct keeper_accept batch = world_batch(&s.w, "anmalan", 114, 0, BATCH_ROWS_MAX, BODY);
        keys = keys_of(&s, &batch, "barn", (struct vintage){1, 0});
        first = keys_in(&s, "anmalan", 180, BATCH_ROWS_MAX - 1, 1);
        assert_true(keys[BATCH_ROWS_MAX - 1] == first[0]);
        uint8_t *longer = arena_alloc(s.w.arena, batch.body.len + 1, 1);
        assert_non_null(longer);
        batch.body = (struct bytes){longer, batch.body.len + 1}; /* one byte too many */
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_TOO_LARGE);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_person_has_one_key_wherever_and_whenever),
                cmocka_unit_test(a_key_is_no_part_of_a_token),
                cmocka_unit_test(another_linkage_has_other_keys),
                cmocka_unit_test(who_stands_alone_has_a_key_that_meets_nobodys),
                cmocka_unit_test(a_local_id_is_a_person_of_its_municipality_and_nobody_has_no_key),
                cmocka_unit_test(the_largest_batch_has_room_for_its_keys),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
