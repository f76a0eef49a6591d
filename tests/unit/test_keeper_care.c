/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_care.c: keys that rotate while their records stay what they were, and keys that
 * end: in the keeper, in its state and in the copy beside it. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/care.h"
#include "tests/support/keeper_stage.h"

enum { ROWS = 60, BODY = 700, FILE_MAX = 4 << 20 };

static const struct key_reach home = {"anmalan", 114};

/* A batch of anmalan in 114 with guardians, as it lies in the store. */
struct stored {
        struct keeper_accept batch;
        struct keeper_accepted accepted;
};

static uint8_t *copy(struct arena *a, const uint8_t *from, size_t len)
{
        uint8_t *to = arena_alloc_raw(a, len, 1);

        assert_non_null(to);
        memcpy(to, from, len);
        return to;
}

static void store_batch(struct stage *s, unsigned first, struct stored *out)
{
        out->batch = world_batch(&s->w, "anmalan", 114, first, ROWS, BODY);
        world_guardians(&s->w, &out->batch, 1000);
        stage_accept(s, &out->batch, &out->accepted);
}

static enum err rekey(struct stage *s, struct stored *b)
{
        return keeper_rekey(s->k, &b->batch.name, b->accepted.epoch, b->accepted.sealed, s->w.arena,
                &b->accepted.sealed, &b->accepted.epoch);
}

static void rotate(struct stage *s)
{
        uint32_t domains = 0;

        assert_int_equal(keeper_rotate_domains(s->k, &home, &domains), ERR_OK);
        assert_int_equal(domains, 1);
}

static enum err retire(struct stage *s, uint32_t epoch)
{
        const struct domain d = {"anmalan", 114};

        return keeper_retire_domain(s->k, &d, epoch);
}

/* Everything a view gets of a batch, in the arena. */
struct seen {
        uint8_t *tokens, *tags, *guardians, *counts, *body, *person_keys;
};

static struct seen see(struct stage *s, const struct stored *b)
{
        struct keeper_open in = stage_open_of(&b->batch, &b->accepted);
        struct keeper_opened o;
        struct seen seen;

        assert_int_equal(keeper_open_for_view(s->k, &in, &o), ERR_OK);
        assert_int_equal(o.rows, ROWS);
        assert_int_equal(o.guardians_len, 2 * ROWS);
        seen.tokens = copy(s->w.arena, o.tokens, ROWS * PSEUDONYM_LEN);
        seen.tags = copy(s->w.arena, o.tags, ROWS * RECORD_TAG_LEN);
        seen.guardians = copy(s->w.arena, o.guardian_tokens, 2 * ROWS * PSEUDONYM_LEN);
        seen.counts = copy(s->w.arena, o.guardian_counts, ROWS);
        seen.body = copy(s->w.arena, o.body.data, o.body.len);
        seen.person_keys = copy(s->w.arena, o.person_keys, ROWS * PERSON_KEY_LEN);
        keeper_release(s->k, &o);
        return seen;
}

static void assert_same(const struct seen *a, const struct seen *b)
{
        assert_memory_equal(a->tokens, b->tokens, ROWS * PSEUDONYM_LEN);
        assert_memory_equal(a->tags, b->tags, ROWS * RECORD_TAG_LEN);
        assert_memory_equal(a->guardians, b->guardians, 2 * ROWS * PSEUDONYM_LEN);
        assert_memory_equal(a->counts, b->counts, ROWS);
        assert_memory_equal(a->body, b->body, BODY);
        assert_memory_equal(a->person_keys, b->person_keys, ROWS * PERSON_KEY_LEN);
}

static void rotated_records_are_what_they_were(void **state)
{
        struct stage s;
        struct stored old, new;

        (void)state;
        stage_up(&s, 0);
        store_batch(&s, 0, &old);
        const struct seen before = see(&s, &old);

        rotate(&s);
        store_batch(&s, 0, &new); /* the same persons again, under the new keys */
        assert_int_equal(old.accepted.epoch, 1);
        assert_int_equal(new.accepted.epoch, 2);
        const struct seen during = see(&s, &old), fresh = see(&s, &new);
        struct bytes under_old = old.accepted.sealed;

        assert_same(&before, &during);
        assert_memory_equal(before.tokens, fresh.tokens, ROWS * PSEUDONYM_LEN);
        assert_memory_equal(before.tags, fresh.tags, ROWS * RECORD_TAG_LEN);
        assert_int_equal(rekey(&s, &old), ERR_OK);
        assert_int_equal(old.accepted.epoch, 2);
        assert_int_equal(old.accepted.sealed.len, under_old.len);
        assert_int_not_equal(memcmp(old.accepted.sealed.data, under_old.data, under_old.len), 0);
        const struct seen after = see(&s, &old);

        assert_same(&before, &after);
        assert_memory_equal(&new.accepted.receipt, &old.accepted.receipt, sizeof(struct digest));
        stage_down(&s);
}

static void an_epoch_that_ended_opens_nothing_and_its_number_is_not_used_again(void **state)
{
        struct stage s;
        struct stored left, moved;
        struct keeper_opened o;

        (void)state;
        stage_up(&s, 0);
        store_batch(&s, 0, &left);
        moved = left;
        rotate(&s);
        assert_int_equal(retire(&s, 2), ERR_INVALID); /* the newest stays */
        assert_int_equal(rekey(&s, &moved), ERR_OK);
        assert_int_equal(retire(&s, 1), ERR_OK);
        assert_int_equal(retire(&s, 1), ERR_NOT_FOUND);
        struct keeper_open in = stage_open_of(&left.batch, &left.accepted);

        assert_int_equal(keeper_open_for_view(s.k, &in, &o), ERR_DESTROYED);
        assert_int_equal(rekey(&s, &left), ERR_DESTROYED);
        (void)see(&s, &moved);
        rotate(&s);
        assert_int_equal(rekey(&s, &moved), ERR_OK);
        assert_int_equal(moved.accepted.epoch, 3);
        stage_down(&s);
}

static void a_rotation_that_has_not_ended_goes_before_another(void **state)
{
        const struct key_reach nowhere = {"anmalan", 2584}, all = {"", 0};
        struct stage s;
        uint32_t domains;

        (void)state;
        stage_up(&s, 0);
        rotate(&s);
        assert_int_equal(keeper_rotate_domains(s.k, &home, &domains), ERR_ROTATING);
        assert_int_equal(keeper_rotate_domains(s.k, &nowhere, &domains), ERR_NOT_FOUND);
        assert_int_equal(keeper_rotate_domains(s.k, &all, &domains), ERR_OK);
        assert_true(domains > 3); /* all the others */
        assert_int_equal(keeper_rotate_domains(s.k, &all, &domains), ERR_ROTATING);
        stage_down(&s);
}

static void a_rotation_outlives_the_process(void **state)
{
        struct stage s;
        struct stored old;

        (void)state;
        stage_up(&s, 0);
        store_batch(&s, 0, &old);
        rotate(&s);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        (void)see(&s, &old);
        assert_int_equal(rekey(&s, &old), ERR_OK);
        assert_int_equal(old.accepted.epoch, 2);
        assert_int_equal(retire(&s, 1), ERR_OK);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        (void)see(&s, &old);
        stage_down(&s);
}

static size_t read_file(const char *path, uint8_t *out)
{
        FILE *f = fopen(path, "rb");
        size_t len;

        assert_non_null(f);
        len = fread(out, 1, FILE_MAX, f);
        (void)fclose(f);
        return len;
}

/* What is beside the state is the state: nobody can go back to the keys that ended. */
static void the_copy_beside_the_state_has_no_ended_key(void **state)
{
        static uint8_t is[FILE_MAX], was[FILE_MAX];
        const struct domain d = {"placering", 180};
        char bak[128];
        struct stage s;
        size_t len;

        (void)state;
        stage_up(&s, 0);
        (void)snprintf(bak, sizeof bak, "%s.bak", s.w.state);
        assert_int_equal(keeper_destroy_domain(s.k, &d), ERR_OK);
        len = read_file(s.w.state, is);
        assert_int_equal(read_file(bak, was), len);
        assert_memory_equal(is, was, len);
        rotate(&s);
        len = read_file(s.w.state, is);
        assert_true(read_file(bak, was) != len || memcmp(is, was, len) != 0);
        assert_int_equal(retire(&s, 1), ERR_OK);
        len = read_file(s.w.state, is);
        assert_int_equal(read_file(bak, was), len);
        assert_memory_equal(is, was, len);
        stage_down(&s);
}

static void a_shredded_domain_is_noise_and_begins_anew_under_another_number(void **state)
{
        const struct domain d = {"anmalan", 114};
        struct stage s;
        struct stored before, after;
        struct keeper_opened o;

        (void)state;
        stage_up(&s, 0);
        store_batch(&s, 0, &before);
        assert_int_equal(keeper_destroy_domain(s.k, &d), ERR_OK);
        assert_int_equal(keeper_destroy_domain(s.k, &d), ERR_NOT_FOUND);
        struct keeper_open in = stage_open_of(&before.batch, &before.accepted);

        assert_int_equal(keeper_open_for_view(s.k, &in, &o), ERR_DESTROYED);
        stage_prepare(&s, "anmalan", 114);
        store_batch(&s, 0, &after);
        assert_int_equal(after.accepted.epoch, 2);
        assert_int_equal(keeper_open_for_view(s.k, &in, &o), ERR_DESTROYED);
        stage_down(&s);
}

static void what_is_no_batch_of_that_place_is_not_rekeyed(void **state)
{
        struct stage s;
        struct stored b, moved;
        uint8_t *bytes;

        (void)state;
        stage_up(&s, 0);
        store_batch(&s, 0, &b);
        rotate(&s);
        moved = b;
        moved.batch.name.sequence++;
        assert_int_equal(rekey(&s, &moved), ERR_TAMPERED);
        moved = b;
        moved.batch.name.domain.municipality = 180;
        assert_int_equal(rekey(&s, &moved), ERR_TAMPERED);
        for (size_t at = 0; at < b.accepted.sealed.len; at += 97) {
                moved = b;
                bytes = copy(s.w.arena, b.accepted.sealed.data, b.accepted.sealed.len);
                bytes[at] ^= 1;
                moved.accepted.sealed.data = bytes;
                assert_int_equal(rekey(&s, &moved), ERR_TAMPERED);
        }
        moved = b;
        moved.accepted.sealed.len /= 2;
        assert_int_equal(rekey(&s, &moved), ERR_TAMPERED);
        moved = b;
        moved.accepted.epoch = 7;
        assert_int_equal(rekey(&s, &moved), ERR_NOT_FOUND);
        stage_down(&s);
}

static const struct key_state *key_find(
        const struct key_state *keys, uint32_t len, enum key_kind kind, const char *name)
{
        for (uint32_t i = 0; i < len; i++)
                if (keys[i].kind == kind && strcmp(keys[i].name, name) == 0)
                        return &keys[i];
        return NULL;
}

static void the_list_tells_epochs_and_pairs_and_locks(void **state)
{
        const struct domain gone = {"enkat", 114};
        struct stage s;
        struct key_state *keys = NULL;
        const struct key_state *k;
        uint32_t len = 0, sealing = 0;

        (void)state;
        stage_up(&s, 0);
        rotate(&s);
        assert_int_equal(keeper_destroy_domain(s.k, &gone), ERR_OK);
        assert_int_equal(keeper_rotate_pair(s.k, KEYRING_SEALING, 3600000), ERR_OK);
        assert_int_equal(keeper_keys(s.k, s.w.arena, &keys, &len), ERR_OK);
        k = key_find(keys, len, KEY_PERSON, "");
        assert_non_null(k);
        assert_int_equal(k->epoch, 1);
        for (uint32_t i = 0; i < len; i++) {
                sealing += keys[i].kind == KEY_SEALING;
                if (keys[i].kind != KEY_DOMAIN || keys[i].municipality != 114)
                        continue;
                bool rotates = strcmp(keys[i].name, "anmalan") == 0;
                bool ended = strcmp(keys[i].name, "enkat") == 0;

                assert_int_equal(keys[i].epoch, ended ? 0 : rotates ? 2 : 1);
                assert_int_equal(keys[i].oldest, ended ? 0 : 1);
                assert_int_equal(keys[i].highest, rotates ? 2 : 1);
                assert_true(ended || keys[i].created_ms > 0);
        }
        assert_int_equal(sealing, 2);
        assert_non_null(key_find(keys, len, KEY_LINKAGE, "barn"));
        k = key_find(keys, len, KEY_LOCK, "passphrase");
        assert_non_null(k);
        stage_down(&s);
}

static void keys_of_an_ended_linkage_go_when_the_keepers_own_rules_say_so(void **state)
{
        struct stage s;
        struct key_state *keys = NULL;
        uint32_t len = 0, pruned = 9;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_prune(s.k, &pruned), ERR_OK);
        assert_int_equal(pruned, 0);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_OK); /* expired in 2001 */
        assert_int_equal(keeper_prune(s.k, &pruned), ERR_OK);
        assert_int_equal(pruned, 1);
        assert_int_equal(keeper_keys(s.k, s.w.arena, &keys, &len), ERR_OK);
        assert_null(key_find(keys, len, KEY_LINKAGE, "gammal"));
        assert_non_null(key_find(keys, len, KEY_LINKAGE, "barn"));
        stage_down(&s);
}

static uint64_t named_by(struct stage *s, const struct stored *b)
{
        struct keeper_open in = stage_open_of(&b->batch, &b->accepted);
        struct keeper_opened o;

        assert_int_equal(keeper_open_for_view(s->k, &in, &o), ERR_OK);
        uint64_t number = o.named_by;

        keeper_release(s->k, &o);
        assert_int_not_equal(number, 0);
        return number;
}

/* Tokens of a batch, and whether it is joined with others. */
static bool joined_tokens(struct stage *s, const struct stored *b, uint8_t **out)
{
        struct keeper_open in = stage_open_of(&b->batch, &b->accepted);
        struct keeper_opened o;

        assert_int_equal(keeper_open_for_view(s->k, &in, &o), ERR_OK);
        *out = copy(s->w.arena, o.tokens, ROWS * PSEUDONYM_LEN);
        bool joined = o.joined;

        keeper_release(s->k, &o);
        return joined;
}

static void store_in(struct stage *s, municipality_t m, unsigned first, struct stored *out)
{
        out->batch = world_batch(&s->w, "anmalan", m, first, ROWS, BODY);
        world_guardians(&s->w, &out->batch, 1000);
        stage_accept(s, &out->batch, &out->accepted);
}

static void persons_keep_their_older_name_until_everybody_has_the_newer(void **state)
{
        struct stage s;
        struct stored old, here, there;
        uint8_t *before, *during, *elsewhere, *alone;
        uint64_t older;

        (void)state;
        stage_up(&s, 0);
        store_in(&s, 114, 0, &old);
        assert_int_equal(old.accepted.person_epoch, 1);
        older = named_by(&s, &old);
        assert_true(joined_tokens(&s, &old, &before));
        assert_int_equal(keeper_settle_persons(s.k), ERR_NOT_FOUND);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        assert_int_equal(keeper_begin_persons(s.k), ERR_ROTATING);
        store_in(&s, 114, 0, &here);
        store_in(&s, 180, 0, &there);
        assert_int_equal(here.accepted.person_epoch, 2);
        assert_true(here.accepted.sealed.len > old.accepted.sealed.len);
        assert_true(joined_tokens(&s, &here, &during));
        assert_memory_equal(before, during, ROWS * PSEUDONYM_LEN); /* linked by the older */
        assert_int_equal(named_by(&s, &here), older);
        assert_int_equal(named_by(&s, &old), older);

        /* Both names survive the domain's own rotation. */
        rotate(&s);
        assert_int_equal(rekey(&s, &here), ERR_OK);
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        assert_true(joined_tokens(&s, &here, &during));
        assert_true(joined_tokens(&s, &there, &elsewhere));
        assert_memory_equal(during, elsewhere, ROWS * PSEUDONYM_LEN);
        assert_memory_not_equal(before, during, PSEUDONYM_LEN);
        assert_false(joined_tokens(&s, &old, &alone));
        assert_memory_not_equal(alone, during, PSEUDONYM_LEN);
        assert_int_not_equal(named_by(&s, &here), older);
        assert_int_equal(named_by(&s, &there), named_by(&s, &here));
        assert_int_equal(named_by(&s, &old), named_by(&s, &here)); /* one number for one view */

        /* The ended name goes with the next rekeying. */
        size_t both = here.accepted.sealed.len;

        assert_int_equal(retire(&s, 1), ERR_OK);
        rotate(&s);
        assert_int_equal(rekey(&s, &here), ERR_OK);
        assert_true(here.accepted.sealed.len < both);
        assert_true(joined_tokens(&s, &here, &elsewhere));
        assert_memory_equal(during, elsewhere, ROWS * PSEUDONYM_LEN);
        stage_down(&s);
}

/* With both names there, under the second alone, and in a batch that only the ended one names. */
static void a_person_is_erased_under_whichever_name_she_has(void **state)
{
        struct keeper_person person = {.kind = PERSON_NATIONAL};
        struct stage s;
        struct stored old, both;
        struct keeper_found found;
        struct bytes sealed;
        uint8_t *before, *after;

        (void)state;
        stage_up(&s, 0);
        store_in(&s, 114, 0, &old);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        store_in(&s, 114, 0, &both);
        world_person(4, person.id); /* row 4; guardians are 1000 and on */
        assert_int_equal(keeper_erase_find(s.k, &both.batch.name, both.accepted.epoch,
                                 both.accepted.sealed, &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.keep[4], 0);
        assert_int_equal(
                keeper_erase_seal(s.k, &both.batch.name, both.accepted.epoch, both.accepted.sealed,
                        &person, found.keep, ROWS, found.body, s.w.arena, &sealed),
                ERR_OK);
        struct stored whole = both;

        both.accepted.sealed = sealed;
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        /* The second names lost the same row and the same guardians. */
        struct keeper_open in = stage_open_of(&both.batch, &both.accepted);
        struct keeper_opened o;

        assert_true(joined_tokens(&s, &whole, &before));
        assert_int_equal(keeper_open_for_view(s.k, &in, &o), ERR_OK);
        assert_int_equal(o.rows, ROWS - 1);
        assert_int_equal(o.guardians_len, 2 * (ROWS - 1));
        after = copy(s.w.arena, o.tokens, (ROWS - 1) * PSEUDONYM_LEN);
        keeper_release(s.k, &o);
        assert_memory_equal(before, after, 4 * PSEUDONYM_LEN);
        assert_memory_equal(
                before + 5 * PSEUDONYM_LEN, after + 4 * PSEUDONYM_LEN, (ROWS - 5) * PSEUDONYM_LEN);
        world_person(1003, person.id); /* a guardian of row 1, under the second name alone */
        assert_int_equal(keeper_erase_find(s.k, &whole.batch.name, whole.accepted.epoch,
                                 whole.accepted.sealed, &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.guardian_hits, 1);
        assert_int_equal(keeper_erase_find(s.k, &old.batch.name, old.accepted.epoch,
                                 old.accepted.sealed, &person, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits + found.guardian_hits, 0);
        stage_down(&s);
}

static void a_second_key_of_persons_outlives_the_process(void **state)
{
        struct stage s;
        struct stored b;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        store_in(&s, 114, 0, &b);
        assert_int_equal(b.accepted.person_epoch, 2);
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        (void)see(&s, &b);
        store_in(&s, 114, 0, &b);
        assert_int_equal(b.accepted.person_epoch, 2);
        (void)see(&s, &b);
        stage_down(&s);
}

static void a_state_that_cannot_be_written_changes_nothing_that_is_used(void **state)
{
        struct stage s;
        struct stored b;
        uint32_t domains;

        (void)state;
        stage_up(&s, 0);
        assert_true(fault_arm("write", 0));
        assert_int_not_equal(keeper_rotate_domains(s.k, &home, &domains), ERR_OK);
        fault_disarm();
        store_batch(&s, 0, &b);
        assert_int_equal(b.accepted.epoch, 1); /* keys that are not on disk seal nothing */
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        (void)see(&s, &b);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(rotated_records_are_what_they_were),
                cmocka_unit_test(
                        an_epoch_that_ended_opens_nothing_and_its_number_is_not_used_again),
                cmocka_unit_test(a_rotation_that_has_not_ended_goes_before_another),
                cmocka_unit_test(a_rotation_outlives_the_process),
                cmocka_unit_test(the_copy_beside_the_state_has_no_ended_key),
                cmocka_unit_test(a_shredded_domain_is_noise_and_begins_anew_under_another_number),
                cmocka_unit_test(what_is_no_batch_of_that_place_is_not_rekeyed),
                cmocka_unit_test(the_list_tells_epochs_and_pairs_and_locks),
                cmocka_unit_test(keys_of_an_ended_linkage_go_when_the_keepers_own_rules_say_so),
                cmocka_unit_test(persons_keep_their_older_name_until_everybody_has_the_newer),
                cmocka_unit_test(a_person_is_erased_under_whichever_name_she_has),
                cmocka_unit_test(a_second_key_of_persons_outlives_the_process),
                cmocka_unit_test(a_state_that_cannot_be_written_changes_nothing_that_is_used),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
