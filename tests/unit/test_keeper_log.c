/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_log.c: the keeper as the audit log's first witness: it signs what goes on from where
 * it signed last, remembers that over a kill, and forgets it on officers' word alone. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/log.h"
#include "policies/rules/restore.h"
#include "tests/support/keeper_stage.h"

enum { LOG_MAX = 64, FILE_ROOM = 8192 };

/* A log of our own -------------------------------------------------------------- */

struct chronicle {
        uint64_t size;
        struct digest leaves[LOG_MAX];
};

static void chronicle_write(struct chronicle *c, uint32_t what)
{
        merkle_leaf(bytes_of(&what, sizeof what), &c->leaves[c->size++]);
}

static struct chronicle chronicle_of(uint32_t first, uint64_t size)
{
        struct chronicle c = {.size = 0};

        while (c.size < size)
                chronicle_write(&c, first++);
        return c;
}

static enum err subtree(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        const struct chronicle *c = ctx;
        struct digest left, right;

        if (level == 0) {
                *out = c->leaves[index];
                return ERR_OK;
        }
        TRY(subtree(ctx, level - 1, 2 * index, &left));
        TRY(subtree(ctx, level - 1, 2 * index + 1, &right));
        merkle_node(&left, &right, out);
        return ERR_OK;
}

static struct digest root_at(const struct chronicle *c, uint64_t size)
{
        struct merkle_edge e = {.size = 0};
        struct digest root;

        while (e.size < size)
                merkle_push(&e, &c->leaves[e.size]);
        merkle_root(&e, &root);
        return root;
}

/* Proved from `before`, as far as that can be proved. */
static enum err sign_from(
        struct stage *s, struct chronicle *c, uint64_t before, struct tree_head *out)
{
        struct digest root = root_at(c, c->size);
        struct merkle_proof proof = {.len = 0};

        if (before <= c->size)
                assert_int_equal(
                        merkle_prove_consistency(before, c->size, subtree, c, &proof), ERR_OK);
        return keeper_sign_head(s->k, c->size, &root, &proof, out);
}

static void known_is(struct stage *s, const struct chronicle *c, uint64_t size)
{
        struct digest root, expected = root_at(c, size);
        uint64_t known;

        assert_int_equal(keeper_log_known(s->k, &known, &root), ERR_OK);
        assert_int_equal(known, size);
        assert_memory_equal(root.bytes, expected.bytes, sizeof root.bytes);
}

static void reopen(struct stage *s)
{
        stage_restart(s);
        assert_int_equal(stage_unlock(s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(s, 1, NULL), ERR_OK);
}

/* As a power failure: nothing is said any more. */
static void kill_and_reopen(struct stage *s)
{
        assert_int_equal(kill(keeper_pid(s->k), SIGKILL), 0);
        reopen(s);
}

/* Signing ---------------------------------------------------------------------- */

static void before_the_first_head_nothing_is_known(void **state)
{
        struct chronicle c = chronicle_of(0, 0);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        known_is(&s, &c, 0);
        /* Of nothing a head can be had too. */
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        known_is(&s, &c, 0);
        stage_down(&s);
}

static void a_log_that_grows_is_signed_by_the_newest_key(void **state)
{
        struct chronicle c = chronicle_of(0, 0);
        struct keeper_public_keys keys = {.signing_len = 0};
        struct tree_head head;
        int64_t last_ms = 0;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        for (uint64_t before = 0; c.size < 40; before = c.size) {
                for (unsigned i = 0; i < (before % 2 == 0 ? 1 : 2); i++)
                        chronicle_write(&c, (uint32_t)c.size);
                assert_int_equal(sign_from(&s, &c, before, &head), ERR_OK);
                assert_int_equal(head.size, c.size);
                assert_true(head.at_ms >= last_ms && head.at_ms <= clock_now_ms());
                last_ms = head.at_ms;
                assert_int_equal(keeper_public_keys(s.k, &keys), ERR_OK);
                assert_string_equal(head.key_id, keys.signing[0].id);
                assert_int_equal(tree_head_check(keys.signing[0].public_key, &head), ERR_OK);
                known_is(&s, &c, c.size);
                if (c.size == 15)
                        assert_int_equal(keeper_rotate_pair(s.k, KEYRING_SIGNING, 3600000), ERR_OK);
        }
        assert_int_equal(keys.signing_len, 2);
        /* The same once more is a later word on the same log. */
        assert_int_equal(sign_from(&s, &c, c.size, &head), ERR_OK);
        assert_true(head.at_ms >= last_ms);
        stage_down(&s);
}

static void what_is_no_extension_is_not_signed(void **state)
{
        struct chronicle c = chronicle_of(0, 20), other = chronicle_of(100, 30), forked = c;
        struct tree_head head = {.size = 77};
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        head.size = 77;
        /* Another log, longer, shorter and of the same length. */
        assert_int_equal(sign_from(&s, &other, 20, &head), ERR_LOG_CHANGED);
        other.size = 20;
        assert_int_equal(sign_from(&s, &other, 20, &head), ERR_LOG_CHANGED);
        other.size = 7;
        assert_int_equal(sign_from(&s, &other, 0, &head), ERR_LOG_CHANGED);
        /* This one, shorter. */
        forked.size = 19;
        assert_int_equal(sign_from(&s, &forked, 0, &head), ERR_LOG_CHANGED);
        /* This one, with one entry rewritten, and longer. */
        forked = c;
        merkle_leaf(bytes_of_text("skrivet om"), &forked.leaves[3]);
        chronicle_write(&forked, 20);
        assert_int_equal(sign_from(&s, &forked, 20, &head), ERR_LOG_CHANGED);
        /* An extension, proved from elsewhere, or as if there were nothing yet. */
        chronicle_write(&c, 20);
        assert_int_equal(sign_from(&s, &c, 19, &head), ERR_LOG_CHANGED);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_LOG_CHANGED);
        assert_int_equal(head.size, 77);
        known_is(&s, &c, 20);
        assert_int_equal(sign_from(&s, &c, 20, &head), ERR_OK);
        stage_down(&s);
}

static void a_proof_that_is_too_long_is_not_even_sent(void **state)
{
        struct merkle_proof proof = {.len = MERKLE_PROOF_MAX + 1};
        struct tree_head head;
        struct digest root = {{0}};
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(keeper_sign_head(s.k, 5, &root, &proof, &head), ERR_INVALID);
        proof.len = MERKLE_PROOF_MAX; /* the longest packet there is */
        assert_int_equal(keeper_sign_head(s.k, 5, &root, &proof, &head), ERR_LOG_CHANGED);
        stage_down(&s);
}

/* Remembering -------------------------------------------------------------------- */

static void what_was_signed_is_known_after_a_stop_that_saves(void **state)
{
        struct chronicle c = chronicle_of(0, 11);
        struct tree_head head;
        struct stage s;
        uint64_t generation;

        (void)state;
        stage_up(&s, 0);
        generation = keeper_generation(s.k);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_int_equal(keeper_save(s.k, false), ERR_OK); /* not ten seconds old */
        assert_int_equal(keeper_generation(s.k), generation);
        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        assert_int_equal(keeper_generation(s.k), generation + 1);
        /* The same head again is nothing to write down. */
        assert_int_equal(sign_from(&s, &c, 11, &head), ERR_OK);
        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        assert_int_equal(keeper_generation(s.k), generation + 1);
        reopen(&s);
        known_is(&s, &c, 11);
        stage_down(&s);
}

static void a_killed_keeper_holds_the_log_to_what_it_saved_last(void **state)
{
        struct chronicle c = chronicle_of(0, 0), older, other = chronicle_of(100, 20);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        for (unsigned i = 0; i < 12; i++) {
                chronicle_write(&c, i);
                assert_int_equal(sign_from(&s, &c, i, &head), ERR_OK);
                if (i == 6)
                        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        }
        kill_and_reopen(&s);
        known_is(&s, &c, 7);
        /* The real log goes on. */
        older = c;
        assert_int_equal(sign_from(&s, &c, 7, &head), ERR_OK);
        known_is(&s, &c, 12);
        kill_and_reopen(&s);
        /* A backup from before does not, and a foreign log neither. */
        older.size = 6;
        assert_int_equal(sign_from(&s, &older, 0, &head), ERR_LOG_CHANGED);
        assert_int_equal(sign_from(&s, &other, 7, &head), ERR_LOG_CHANGED);
        known_is(&s, &c, 7);
        stage_down(&s);
}

static void any_state_that_is_written_carries_the_head(void **state)
{
        struct chronicle c = chronicle_of(0, 5);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_int_equal(keeper_rotate_pair(s.k, KEYRING_SEALING, 3600000), ERR_OK);
        kill_and_reopen(&s);
        known_is(&s, &c, 5);
        stage_down(&s);
}

/* A state that did not reach the disk is written by the next SAVE, though nothing came since. */
static void a_head_whose_state_was_not_written_is_written_later(void **state)
{
        struct chronicle c = chronicle_of(0, 5);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_true(fault_arm("write", 0));
        assert_int_not_equal(keeper_save(s.k, true), ERR_OK);
        fault_disarm();
        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        kill_and_reopen(&s);
        known_is(&s, &c, 5);
        stage_down(&s);
}

/* Forgetting --------------------------------------------------------------------- */

static struct bytes file_for(struct stage *s, const struct chronicle *known,
        const struct chronicle *now, struct secret *const *signers, unsigned len)
{
        struct restore_statement st = {.known_size = known->size,
                .known_root = root_at(known, known->size),
                .size = now->size,
                .root = root_at(now, now->size),
                .why = bytes_of_text("disken gick sönder")};
        OWNED(buf_done) struct buf statement = {.ceiling = RESTORE_STATEMENT_MAX};
        struct bytes file = bytes_of(NULL, 0), bytes, fresh;

        assert_int_equal(restore_encode(&st, &statement), ERR_OK);
        assert_int_equal(buf_end(&statement, &bytes), ERR_OK);
        for (unsigned i = 0; i < len; i++) {
                OWNED(buf_done) struct buf out = {.ceiling = FILE_ROOM};

                assert_int_equal(restore_sign(bytes, signers[i], file, &out), ERR_OK);
                assert_int_equal(buf_end(&out, &fresh), ERR_OK);
                assert_int_equal(bytes_copy(s->w.arena, fresh, &file), ERR_OK);
        }
        return file;
}

static void the_pinned_signer_agrees_where_no_officers_are_named(void **state)
{
        struct chronicle c = chronicle_of(0, 20), backup = chronicle_of(0, 9), third = backup;
        struct secret *stranger = NULL;
        uint8_t public[SIGN_PUBLIC_LEN];
        struct bytes file, other;
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_keygen(&stranger, public), ERR_OK);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_int_equal(sign_from(&s, &backup, 0, &head), ERR_LOG_CHANGED);
        file = file_for(&s, &c, &backup, &stranger, 1);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_POLICY_SIGNATURE);
        assert_int_equal(keeper_restore_log(s.k, bytes_of(NULL, 0)), ERR_MALFORMED);
        /* About a log that the keeper does not remember. */
        third.size--;
        other = file_for(&s, &third, &backup, &s.w.signer, 1);
        assert_int_equal(keeper_restore_log(s.k, other), ERR_CONFLICT);
        known_is(&s, &c, 20);

        file = file_for(&s, &c, &backup, &s.w.signer, 1);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_OK);
        known_is(&s, &backup, 9);
        /* Whoever did not hear the answer asks again. */
        kill_and_reopen(&s);
        known_is(&s, &backup, 9);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_OK);
        chronicle_write(&backup, 555);
        assert_int_equal(sign_from(&s, &backup, 9, &head), ERR_OK);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_CONFLICT);
        known_is(&s, &backup, 10);
        secret_free(&stranger);
        stage_down(&s);
}

/* Who still has the entries that were lost could let the log grow back to what it was, and then
 * cut it again with what officers signed once. */
static void what_officers_agreed_to_is_used_once(void **state)
{
        struct chronicle c = chronicle_of(0, 20), backup = chronicle_of(0, 9);
        struct bytes file;
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        file = file_for(&s, &c, &backup, &s.w.signer, 1);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_OK);
        assert_int_equal(sign_from(&s, &c, 9, &head), ERR_OK);
        known_is(&s, &c, 20);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_CONFLICT);
        assert_int_equal(keeper_save(s.k, true), ERR_OK);
        kill_and_reopen(&s);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_CONFLICT);
        known_is(&s, &c, 20);
        stage_down(&s);
}

/* Two ways to one backup: what was agreed to first is no word on the second. */
static void only_the_last_agreement_may_be_given_again(void **state)
{
        struct chronicle c = chronicle_of(0, 20), backup = chronicle_of(0, 9), grown = backup;
        struct bytes first, second;
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        first = file_for(&s, &c, &backup, &s.w.signer, 1);
        assert_int_equal(keeper_restore_log(s.k, first), ERR_OK);
        chronicle_write(&grown, 555);
        assert_int_equal(sign_from(&s, &grown, 9, &head), ERR_OK);
        second = file_for(&s, &grown, &backup, &s.w.signer, 1);
        assert_int_equal(keeper_restore_log(s.k, second), ERR_OK);
        assert_int_equal(keeper_restore_log(s.k, first), ERR_CONFLICT);
        assert_int_equal(keeper_restore_log(s.k, second), ERR_OK);
        stage_down(&s);
}

/* More often than the keeper can list: the last ones are what it knows. */
static void a_log_may_be_restored_many_times(void **state)
{
        struct chronicle c = chronicle_of(0, 40), shorter;
        struct bytes file = bytes_of(NULL, 0);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        for (unsigned i = 0; i < 20; i++) {
                shorter = c;
                shorter.size--;
                file = file_for(&s, &c, &shorter, &s.w.signer, 1);
                assert_int_equal(keeper_restore_log(s.k, file), ERR_OK);
                c = shorter;
        }
        kill_and_reopen(&s);
        known_is(&s, &c, 20);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_OK);
        chronicle_write(&c, 1000);
        assert_int_equal(sign_from(&s, &c, 20, &head), ERR_OK);
        assert_int_equal(keeper_restore_log(s.k, file), ERR_CONFLICT);
        stage_down(&s);
}

/* A log of which nothing is left may begin again. */
static void a_log_that_was_lost_begins_again(void **state)
{
        struct chronicle c = chronicle_of(0, 20), empty = chronicle_of(0, 0);
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_int_equal(keeper_restore_log(s.k, file_for(&s, &c, &empty, &s.w.signer, 1)), ERR_OK);
        known_is(&s, &empty, 0);
        c = chronicle_of(500, 2);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        stage_down(&s);
}

/* Two of three officers, whom the running bundle names, and not those who were pinned before. */
static void officers_of_the_running_bundle_decide(void **state)
{
        static const char *const names[3] = {"a", "b", "c"};
        struct chronicle c = chronicle_of(0, 20), backup = chronicle_of(0, 9);
        struct secret *keys[3] = {NULL}, *pair[2];
        struct rules_officer officers[3];
        struct rules next;
        struct tree_head head;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        next = world_rules(&s.w, 2, &s.bundle);
        for (unsigned i = 0; i < 3; i++) {
                officers[i].name = bytes_of_text(names[i]);
                assert_int_equal(sign_keygen(&keys[i], officers[i].key), ERR_OK);
        }
        next.officers = officers;
        next.officers_len = 3;
        next.signers_required = 2;
        assert_int_equal(
                keeper_load_bundle(s.k, world_bundle(&s.w, &next, s.w.signer, NULL)), ERR_OK);
        assert_int_equal(sign_from(&s, &c, 0, &head), ERR_OK);
        assert_int_equal(
                keeper_restore_log(s.k, file_for(&s, &c, &backup, keys, 1)), ERR_POLICY_SIGNATURE);
        pair[0] = keys[1];
        pair[1] = s.w.signer;
        assert_int_equal(
                keeper_restore_log(s.k, file_for(&s, &c, &backup, pair, 2)), ERR_POLICY_SIGNATURE);
        pair[1] = keys[2];
        assert_int_equal(keeper_restore_log(s.k, file_for(&s, &c, &backup, pair, 2)), ERR_OK);
        known_is(&s, &backup, 9);
        for (unsigned i = 0; i < 3; i++)
                secret_free(&keys[i]);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(before_the_first_head_nothing_is_known),
                cmocka_unit_test(a_log_that_grows_is_signed_by_the_newest_key),
                cmocka_unit_test(what_is_no_extension_is_not_signed),
                cmocka_unit_test(a_proof_that_is_too_long_is_not_even_sent),
                cmocka_unit_test(what_was_signed_is_known_after_a_stop_that_saves),
                cmocka_unit_test(a_killed_keeper_holds_the_log_to_what_it_saved_last),
                cmocka_unit_test(any_state_that_is_written_carries_the_head),
                cmocka_unit_test(a_head_whose_state_was_not_written_is_written_later),
                cmocka_unit_test(the_pinned_signer_agrees_where_no_officers_are_named),
                cmocka_unit_test(what_officers_agreed_to_is_used_once),
                cmocka_unit_test(only_the_last_agreement_may_be_given_again),
                cmocka_unit_test(a_log_may_be_restored_many_times),
                cmocka_unit_test(a_log_that_was_lost_begins_again),
                cmocka_unit_test(officers_of_the_running_bundle_decide),
        };

        /* Refusals are told as errors, and there are many here. */
        log_to(-1, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
