/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_batches.c: the key keeper, asked through keeper.h: who is the same person
 * where, what it refuses by itself, and how somebody is erased. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "tests/support/keeper_stage.h"

/* Persons ------------------------------------------------------------------ */

static void one_person_has_one_token_wherever_she_was_recorded(void **state)
{
        struct stage s;
        uint8_t *here, *there, *elsewhere;

        (void)state;
        stage_up(&s, 0);
        here = stage_tokens_in(&s, "anmalan", 114, 0, 50);
        there = stage_tokens_in(&s, "anmalan", 180, 10, 50);
        elsewhere = stage_tokens_in(&s, "placering", 180, 20, 50);
        assert_memory_equal(here + 10 * PSEUDONYM_LEN, there, 40 * PSEUDONYM_LEN);
        assert_memory_equal(here + 20 * PSEUDONYM_LEN, elsewhere, 30 * PSEUDONYM_LEN);
        for (unsigned i = 1; i < 50; i++)
                assert_memory_not_equal(here, here + (size_t)i * PSEUDONYM_LEN, PSEUDONYM_LEN);
        stage_down(&s);
}

static void tokens_of_two_views_never_meet(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *first;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 5, 10);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        first = stage_tokens_of(&s, &in);
        assert_memory_equal(stage_tokens_of(&s, &in), first, PSEUDONYM_LEN);
        in.vintage = (struct vintage){2, 0};
        assert_memory_not_equal(stage_tokens_of(&s, &in), first, PSEUDONYM_LEN);
        in.vintage = (struct vintage){1, 1};
        assert_memory_not_equal(stage_tokens_of(&s, &in), first, PSEUDONYM_LEN);
        stage_down(&s);
}

static void what_went_in_comes_out(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 300, 5000);
        world_guardians(&s.w, &batch, 1000);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 300);
        assert_int_equal(opened.guardians_len, 600);
        assert_true(bytes_equal(opened.body, batch.body));
        for (unsigned i = 0; i < 300; i++)
                assert_int_equal(opened.guardian_counts[i], 2);
        /* The guardian of row 0 is person 1000, who is nobody's child here. */
        for (unsigned i = 0; i < 300; i++)
                assert_memory_not_equal(opened.tokens + (size_t)i * PSEUDONYM_LEN,
                        opened.guardian_tokens, PSEUDONYM_LEN);
        keeper_release(s.k, &opened);
        assert_memory_equal(stage_tokens_in(&s, "anmalan", 180, 1000, 1),
                stage_tokens_in(&s, "placering", 180, 1000, 1), PSEUDONYM_LEN);
        stage_down(&s);
}

static void a_guardian_is_the_same_person_as_elsewhere(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        uint8_t *as_child;

        (void)state;
        stage_up(&s, 0);
        as_child = stage_tokens_in(&s, "placering", 180, 1000, 4);
        batch = world_batch(&s.w, "anmalan", 114, 0, 2, 10);
        world_guardians(&s.w, &batch, 1000);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_memory_equal(opened.guardian_tokens, as_child, 4 * PSEUDONYM_LEN);
        keeper_release(s.k, &opened);
        stage_down(&s);
}

static void a_record_has_one_tag_however_wide_its_column_is(void **state)
{
        uint8_t wide[3 * RECORD_KEY_MAX_LEN] = {0}, tags[3 * RECORD_TAG_LEN];
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        for (unsigned i = 0; i < 3; i++)
                memcpy(wide + (size_t)i * RECORD_KEY_MAX_LEN,
                        batch.record_keys + (size_t)i * batch.record_key_width,
                        batch.record_key_width);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        memcpy(tags, opened.tags, sizeof tags);
        keeper_release(s.k, &opened);
        assert_memory_not_equal(tags, tags + RECORD_TAG_LEN, RECORD_TAG_LEN);

        batch.record_keys = wide;
        batch.record_key_width = RECORD_KEY_MAX_LEN;
        batch.name.sequence = 1;
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_memory_equal(opened.tags, tags, sizeof tags);
        keeper_release(s.k, &opened);
        stage_down(&s);
}

/* Three rows: two local ids, one of them twice. */
static struct keeper_accept local_batch(struct stage *s, const char *dataset, municipality_t m)
{
        static const uint8_t ids[3][PERSON_ID_LEN] = {"tf-17", "tf-18", "tf-17"};
        static const uint8_t kinds[3] = {PERSON_LOCAL, PERSON_LOCAL, PERSON_LOCAL};
        struct keeper_accept batch = world_batch(&s->w, dataset, m, 0, 3, 10);

        batch.persons = (struct person_column){ids[0], kinds};
        return batch;
}

static void a_local_id_never_links_across_municipalities(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *here, *there, *beside;

        (void)state;
        stage_up(&s, 0);
        batch = local_batch(&s, "anmalan", 114);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        here = stage_tokens_of(&s, &in);
        batch = local_batch(&s, "anmalan", 180);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        there = stage_tokens_of(&s, &in);
        batch = local_batch(&s, "placering", 180);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        beside = stage_tokens_of(&s, &in);
        assert_memory_equal(here, here + 2 * PSEUDONYM_LEN, PSEUDONYM_LEN);
        assert_memory_not_equal(here, here + PSEUDONYM_LEN, PSEUDONYM_LEN);
        assert_memory_not_equal(here, there, PSEUDONYM_LEN);
        assert_memory_equal(there, beside, PSEUDONYM_LEN);
        stage_down(&s);
}

static void a_record_without_a_person_has_no_token(void **state)
{
        static const uint8_t nobody[PSEUDONYM_LEN];
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t ids[2][PERSON_ID_LEN] = {{0}}, *tokens;
        const uint8_t kinds[2] = {PERSON_NONE, PERSON_NATIONAL};

        (void)state;
        stage_up(&s, 0);
        world_person(7, ids[1]);
        batch = world_batch(&s.w, "placering", 180, 0, 2, 10);
        batch.persons = (struct person_column){ids[0], kinds};
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        tokens = stage_tokens_of(&s, &in);
        assert_memory_equal(tokens, nobody, PSEUDONYM_LEN);
        assert_memory_not_equal(tokens + PSEUDONYM_LEN, nobody, PSEUDONYM_LEN);

        batch = world_batch(&s.w, "enkat", 114, 0, 2, 10);
        batch.persons = (struct person_column){NULL, NULL};
        stage_accept(&s, &batch, &accepted);
        stage_down(&s);
}

/* What the keeper refuses by itself ---------------------------------------- */

static void ids_are_checked_and_one_wrong_one_stops_the_batch(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        uint8_t ids[5][PERSON_ID_LEN], kinds[5];

        (void)state;
        stage_up(&s, 0);
        for (unsigned i = 0; i < 5; i++) {
                world_person(i, ids[i]);
                kinds[i] = PERSON_NATIONAL;
        }
        ids[1][11] = (uint8_t)('0' + (ids[1][11] - '0' + 1) % 10);
        memcpy(ids[2], "299912319996", PERSON_ID_LEN);
        memset(ids[3], 0, PERSON_ID_LEN);
        kinds[3] = PERSON_NONE;
        kinds[4] = 9;
        batch = world_batch(&s.w, "anmalan", 114, 0, 5, 10);
        batch.persons = (struct person_column){ids[0], kinds};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_null(accepted.sealed.data);
        assert_int_equal(accepted.rules[0], PNR_OK);
        assert_int_equal(accepted.rules[1], PNR_RULE_CHECK_DIGIT);
        assert_int_not_equal(accepted.rules[2], PNR_OK);
        assert_int_equal(accepted.rules[3], PNR_RULE_EMPTY);
        assert_int_equal(accepted.rules[4], PNR_RULE_KIND);
        stage_down(&s);
}

static void a_wrong_guardian_stops_the_batch_too(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        world_guardians(&s.w, &batch, 100);
        ((uint8_t *)(uintptr_t)batch.guardians.persons.ids)[4 * PERSON_ID_LEN] = 'x';
        ((uint8_t *)(uintptr_t)batch.guardians.persons.kinds)[5] = PERSON_NONE;
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(accepted.rules[i], PNR_OK);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(accepted.guardian_rules[i], PNR_OK);
        assert_int_equal(accepted.guardian_rules[4], PNR_RULE_SHAPE);
        assert_int_equal(accepted.guardian_rules[5], PNR_RULE_EMPTY);
        stage_down(&s);
}

static void the_rules_of_a_data_set_bind_the_keeper(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        uint8_t id[PERSON_ID_LEN];
        const uint8_t national = PERSON_NATIONAL;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "sluten", 114);
        batch = world_batch(&s.w, "sluten", 114, 0, 3, 10); /* clear ids */
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_BOX_NEEDED);
        batch = world_batch(&s.w, "placering", 180, 0, 3, 10); /* guardians */
        world_guardians(&s.w, &batch, 100);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_NOT_ALLOWED);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10); /* persons left out */
        batch.persons = (struct person_column){NULL, NULL};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_PERSON_ID);
        batch = world_batch(&s.w, "enkat", 114, 0, 3, 10); /* persons where none belong */
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_int_equal(accepted.rules[0], PNR_RULE_KIND);
        batch = world_batch(&s.w, "placering", 180, 0, 1, 10); /* official test number */
        memcpy(id, "199001012389", PERSON_ID_LEN);
        id[11] = (uint8_t)pnr_check_digit((const char *)id + 2);
        batch.persons = (struct person_column){id, &national};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_int_equal(accepted.rules[0], PNR_RULE_TEST_NUMBER);
        stage_down(&s);
}

static void a_domain_outside_the_bundle_gets_no_keys(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(stage_try_prepare(&s, "anmalan", 2584), ERR_NOT_ALLOWED);
        assert_int_equal(stage_try_prepare(&s, "okand", 114), ERR_NOT_ALLOWED);
        assert_int_equal(keeper_prepare_linkage(s.k, "okand"), ERR_LINKAGE_REFUSED);
        batch = world_batch(&s.w, "anmalan", 2584, 0, 3, 10);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_NOT_ALLOWED);
        stage_down(&s);
}

static void what_no_valid_linkage_covers_is_not_opened(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_OK);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        in.linkage = "gammal";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        in.linkage = "okand";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        in.linkage = "barn";
        in.purpose = "nyfikenhet";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);

        batch = world_batch(&s.w, "enkat", 114, 0, 3, 10); /* data set not in it */
        batch.persons = (struct person_column){NULL, NULL};
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        stage_down(&s);
}

/* The gateway may still have its old policy in hand; the keeper goes by the new one. */
static void what_the_next_bundle_withdraws_is_not_opened_again(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct rules_linkage linkages[RULES_LINKAGES_MAX];

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        struct keeper_open in = stage_open_of(&batch, &accepted);

        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        keeper_release(s.k, &opened);
        struct rules next = world_rules(&s.w, 2, &s.bundle);

        for (uint32_t i = 0; i < next.linkages_len; i++) {
                linkages[i] = next.linkages[i];
                linkages[i].until_days = linkages[i].from_days; /* long ago */
        }
        next.linkages = linkages;
        assert_int_equal(
                keeper_load_bundle(s.k, world_bundle(&s.w, &next, s.w.signer, NULL)), ERR_OK);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        stage_down(&s);
}

static bool is_among(const uint8_t *token, const uint8_t *tokens, unsigned len)
{
        for (unsigned i = 0; i < len; i++)
                if (memcmp(token, tokens + (size_t)i * PSEUDONYM_LEN, PSEUDONYM_LEN) == 0)
                        return true;
        return false;
}

/* 1480 is in the bundle and not in the linkage barn; 114 and 180 are in both. */
static void a_municipality_outside_a_linkage_stands_alone_in_it(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        const uint8_t *joined, *alone, *again, *placed;

        (void)state;
        stage_up(&s, 0);
        stage_prepare(&s, "placering", 1480);
        joined = stage_tokens_in(&s, "anmalan", 114, 0, 20);
        alone = stage_tokens_in(&s, "anmalan", 1480, 0, 20);
        again = stage_tokens_in(&s, "anmalan", 1480, 10, 20);
        placed = stage_tokens_in(&s, "placering", 1480, 0, 20);
        for (unsigned i = 0; i < 20; i++) {
                const uint8_t *token = alone + (size_t)i * PSEUDONYM_LEN;

                /* Nobody elsewhere, nor in another data set of the same municipality. */
                assert_false(is_among(token, joined, 20));
                assert_false(is_among(token, placed, 20));
                assert_false(is_among(placed + (size_t)i * PSEUDONYM_LEN, joined, 20));
                assert_int_equal(is_among(token, again, 20), i >= 10); /* but herself here */
        }
        batch = world_batch(&s.w, "anmalan", 1480, 0, 3, 10);
        world_guardians(&s.w, &batch, 0); /* person 1 is in row 1 and a guardian of row 0 */
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_false(opened.joined);
        assert_memory_equal(
                opened.guardian_tokens + PSEUDONYM_LEN, alone + PSEUDONYM_LEN, PSEUDONYM_LEN);
        keeper_release(s.k, &opened);
        in.vintage.revision = 1; /* another view */
        assert_false(is_among(stage_tokens_of(&s, &in), alone, 20));

        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_true(opened.joined);
        keeper_release(s.k, &opened);
        stage_down(&s);
}

/* What is refused to all is refused to who stands alone. */
static void standing_alone_needs_a_valid_linkage_too(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_OK);
        batch = world_batch(&s.w, "anmalan", 1480, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        in.linkage = "gammal";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        in.linkage = "barn";
        in.purpose = "nyfikenhet";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        stage_down(&s);
}

static void a_batch_opens_only_under_its_own_name(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        uint8_t *changed;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        in.name.domain.municipality = 180;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = stage_open_of(&batch, &accepted);
        in.name.sequence++;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = stage_open_of(&batch, &accepted);
        in.name.submission.bytes[15] ^= 1;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = stage_open_of(&batch, &accepted);
        in.epoch++;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_NOT_FOUND);
        changed = arena_alloc(s.w.arena, accepted.sealed.len, 1);
        for (size_t at = 0; at < accepted.sealed.len; at++) {
                memcpy(changed, accepted.sealed.data, accepted.sealed.len);
                changed[at] ^= 0x80;
                in = stage_open_of(&batch, &accepted);
                in.sealed.data = changed;
                assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
                in.sealed = bytes_of(accepted.sealed.data, at);
                assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        }
        stage_down(&s);
}

static void a_receipt_names_the_batch_and_its_content(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        static const uint8_t keep[3] = {1, 0, 1}, none[3];
        struct digest receipt;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        stage_accept(&s, &batch, &accepted);
        receipt = accepted.receipt;
        stage_accept(&s, &batch, &accepted);
        assert_memory_equal(&receipt, &accepted.receipt, sizeof receipt);
        /* Which rows go on is not part of what was delivered. */
        batch.keep = keep;
        stage_accept(&s, &batch, &accepted);
        assert_memory_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.keep = none;
        stage_accept(&s, &batch, &accepted);
        assert_int_equal(accepted.sealed.len, 0);
        assert_memory_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.name.sequence++;
        stage_accept(&s, &batch, &accepted);
        assert_memory_not_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.name.sequence--;
        batch.content.bytes[0] ^= 1;
        stage_accept(&s, &batch, &accepted);
        assert_memory_not_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.content.bytes[0] ^= 1;
        batch.persons = world_batch(&s.w, "anmalan", 114, 1, 3, 10).persons;
        stage_accept(&s, &batch, &accepted);
        assert_memory_not_equal(&receipt, &accepted.receipt, sizeof receipt);
        stage_down(&s);
}

/* Erasure ------------------------------------------------------------------ */

static void an_erased_person_is_gone_from_rows_and_guardians(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_opened opened;
        struct keeper_open in;
        struct bytes shorter = bytes_of_text("shorter"), sealed;
        struct keeper_person person = {.kind = PERSON_NATIONAL};
        uint8_t keep[10];

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 10, 100);
        world_guardians(&s.w, &batch, 4); /* person 4: row 4, and a guardian of row 0 */
        stage_accept(&s, &batch, &accepted);
        world_person(4, person.id);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.rows, 10);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.guardian_hits, 1);
        assert_true(bytes_equal(found.body, batch.body));
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(found.keep[i], i == 4 ? 0 : 1);

        /* An erasure cannot be used to make somebody else's row disappear. */
        memcpy(keep, found.keep, sizeof keep);
        keep[5] = 0;
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, keep, 10, shorter, s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, found.keep, 9, shorter, s.w.arena, &sealed),
                ERR_INVALID);

        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, found.keep, 10, shorter, s.w.arena, &sealed),
                ERR_OK);
        accepted.sealed = sealed;
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 9);
        assert_int_equal(opened.guardians_len, 17); /* 20, less two of row 4 and one of row 0 */
        assert_int_equal(opened.guardian_counts[0], 1);
        assert_true(bytes_equal(opened.body, shorter));
        uint8_t tokens[9 * PSEUDONYM_LEN], guardian[PSEUDONYM_LEN];

        memcpy(tokens, opened.tokens, sizeof tokens);
        memcpy(guardian, opened.guardian_tokens, sizeof guardian);
        keeper_release(s.k, &opened);
        uint8_t *fresh = stage_tokens_in(&s, "anmalan", 180, 0, 10);

        assert_memory_equal(tokens, fresh, 4 * PSEUDONYM_LEN);
        assert_memory_equal(
                tokens + 4 * PSEUDONYM_LEN, fresh + 5 * PSEUDONYM_LEN, 5 * PSEUDONYM_LEN);
        assert_memory_equal(guardian, fresh + 5 * PSEUDONYM_LEN, PSEUDONYM_LEN);
        stage_down(&s);
}

/* Found by its key alone; the guardians of other rows are nobody's concern. */
static void an_erased_record_is_gone_and_nothing_else(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct bytes shorter = bytes_of_text("shorter"), sealed;
        struct keeper_person record = {.record_key = bytes_of_text("0000004")};
        uint8_t keep[10];

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 10, 100);
        world_guardians(&s.w, &batch, 4);
        stage_accept(&s, &batch, &accepted);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &record, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.guardian_hits, 0);
        assert_int_equal(found.keep[4], 0);
        memcpy(keep, found.keep, sizeof keep);
        keep[5] = 0;
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &record, keep, 10, shorter, s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &record, found.keep, 10, shorter, s.w.arena, &sealed),
                ERR_OK);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, sealed, &record,
                                 s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.rows, 9);
        assert_int_equal(found.hits, 0);
        record.record_key = bytes_of_text("000000"); /* the beginning of a key is another key */
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, sealed, &record,
                                 s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 0);
        stage_down(&s);
}

static void erasing_somebody_who_is_not_there_changes_nothing(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct bytes sealed;
        struct keeper_person person = {.kind = PERSON_NATIONAL};
        uint8_t *before;
        struct keeper_open in;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 10, 100);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        before = stage_tokens_of(&s, &in);
        world_person(77, person.id);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits + found.guardian_hits, 0);
        assert_int_equal(found.body.len, 0);
        assert_int_equal(
                keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed, &person,
                        found.keep, 10, bytes_of_text("forged"), s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, found.keep, 10, bytes_of(NULL, 0), s.w.arena, &sealed),
                ERR_OK);
        in.sealed = sealed;
        assert_memory_equal(stage_tokens_of(&s, &in), before, 10 * PSEUDONYM_LEN);
        person.id[0] = 'x';
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_PERSON_ID);
        stage_down(&s);
}

static void the_last_row_of_a_batch_can_be_erased(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_opened opened;
        struct keeper_open in;
        struct keeper_person person = {.kind = PERSON_NATIONAL};

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 3, 1, 50);
        world_guardians(&s.w, &batch, 90);
        stage_accept(&s, &batch, &accepted);
        world_person(3, person.id);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 &person, found.keep, 1, bytes_of(NULL, 0), s.w.arena, &in.sealed),
                ERR_OK);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 0);
        assert_int_equal(opened.guardians_len, 0);
        assert_int_equal(opened.body.len, 0);
        keeper_release(s.k, &opened);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(one_person_has_one_token_wherever_she_was_recorded),
                cmocka_unit_test(tokens_of_two_views_never_meet),
                cmocka_unit_test(what_went_in_comes_out),
                cmocka_unit_test(a_guardian_is_the_same_person_as_elsewhere),
                cmocka_unit_test(a_record_has_one_tag_however_wide_its_column_is),
                cmocka_unit_test(a_local_id_never_links_across_municipalities),
                cmocka_unit_test(a_record_without_a_person_has_no_token),
                cmocka_unit_test(ids_are_checked_and_one_wrong_one_stops_the_batch),
                cmocka_unit_test(a_wrong_guardian_stops_the_batch_too),
                cmocka_unit_test(the_rules_of_a_data_set_bind_the_keeper),
                cmocka_unit_test(a_domain_outside_the_bundle_gets_no_keys),
                cmocka_unit_test(what_no_valid_linkage_covers_is_not_opened),
                cmocka_unit_test(what_the_next_bundle_withdraws_is_not_opened_again),
                cmocka_unit_test(a_municipality_outside_a_linkage_stands_alone_in_it),
                cmocka_unit_test(standing_alone_needs_a_valid_linkage_too),
                cmocka_unit_test(a_batch_opens_only_under_its_own_name),
                cmocka_unit_test(a_receipt_names_the_batch_and_its_content),
                cmocka_unit_test(an_erased_person_is_gone_from_rows_and_guardians),
                cmocka_unit_test(an_erased_record_is_gone_and_nothing_else),
                cmocka_unit_test(erasing_somebody_who_is_not_there_changes_nothing),
                cmocka_unit_test(the_last_row_of_a_batch_can_be_erased),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
