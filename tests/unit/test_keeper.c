/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper.c: the key keeper, asked through keeper.h: its keys on disk, the bundles
 * it believes, and when either counts. */
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

/* Keys on disk ------------------------------------------------------------- */

static void a_keyring_is_made_once_and_opened_again(void **state)
{
        struct stage s;
        struct stat st;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(keeper_generation(s.k), 0);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_UNREADABLE);
        assert_int_equal(stage_create(&s), ERR_OK);
        assert_int_equal(keeper_generation(s.k), 1);
        assert_int_equal(stat(s.w.state, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(stage_create(&s), ERR_CONFLICT);
        stage_restart(&s);
        assert_int_equal(stage_create(&s), ERR_CONFLICT);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(keeper_generation(s.k), 1);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_KEEPER_REFUSED);
        stage_down(&s);
}

static void a_wrong_passphrase_is_refused_and_the_right_one_still_works(void **state)
{
        char long_one[3000];
        struct stage s;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(stage_create(&s), ERR_OK);
        stage_restart(&s);
        memset(long_one, 'a', sizeof long_one - 1);
        long_one[sizeof long_one - 1] = '\0';
        assert_int_equal(stage_unlock(&s, "hemlig fra"), ERR_PASSPHRASE);
        assert_int_equal(stage_unlock(&s, "hemlig fras\n\n"), ERR_PASSPHRASE);
        assert_int_equal(stage_unlock(&s, ""), ERR_PASSPHRASE);
        assert_int_equal(stage_unlock(&s, "\n"), ERR_PASSPHRASE);
        assert_int_equal(stage_unlock(&s, long_one), ERR_TOO_LARGE);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_KEEPER_REFUSED);
        assert_int_equal(stage_unlock(&s, "hemlig fras\n"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        stage_down(&s);
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *path, uint8_t *data, size_t room)
{
        FILE *file = fopen(path, "rb");
        size_t len;

        assert_non_null(file);
        len = fread(data, 1, room, file);
        assert_int_equal(fclose(file), 0);
        return len;
}

static void a_torn_or_changed_state_file_is_refused(void **state)
{
        uint8_t whole[4096], torn[4096];
        struct stage s;
        size_t len;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(stage_create(&s), ERR_OK);
        stage_restart(&s);
        len = read_file(s.w.state, whole, sizeof whole);
        for (size_t cut = 0; cut < len; cut += 13) {
                write_file(s.w.state, whole, cut);
                assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_KEYRING);
        }
        for (size_t at = 0; at < len; at += 7) {
                enum err e;

                memcpy(torn, whole, len);
                torn[at] ^= 0x20;
                write_file(s.w.state, torn, len);
                e = stage_unlock(&s, "hemlig fras");
                assert_true(e == ERR_KEYRING || e == ERR_PASSPHRASE);
        }
        write_file(s.w.state, whole, len);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        stage_down(&s);
}

static void a_passphrase_is_only_ever_seen_by_the_keeper(void **state)
{
        int fds[2];
        struct stage s;
        char c;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(stage_create(&s), ERR_OK);
        stage_restart(&s);
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], "hemlig fras", 11), 11);
        (void)close(fds[1]);
        assert_int_equal(keeper_unseal(s.k, fds[0]), ERR_OK);
        assert_int_equal(read(fds[0], &c, 1), 0); /* nothing was left for us */
        (void)close(fds[0]);
        stage_down(&s);
}

/* A new key counts only once its state is on disk -------------------------- */

static void assert_domain_unusable(struct stage *s, const char *dataset, municipality_t m)
{
        struct keeper_accept batch = world_batch(&s->w, dataset, m, 0, 3, 10);
        struct keeper_accepted accepted;

        assert_int_equal(keeper_accept(s->k, &batch, s->w.arena, &accepted), ERR_NOT_FOUND);
}

static void a_key_whose_state_cannot_be_written_is_not_used(void **state)
{
        char away[128];
        struct stage s;
        uint64_t generation;

        (void)state;
        stage_up(&s, 0);
        generation = keeper_generation(s.k);
        (void)snprintf(away, sizeof away, "%s-away", s.w.folder);
        assert_int_equal(rename(s.w.folder, away), 0);
        assert_int_equal(stage_try_prepare(&s, "placering", 1280), ERR_IO);
        assert_domain_unusable(&s, "placering", 1280);
        assert_int_equal(keeper_generation(s.k), generation);
        assert_int_equal(rename(away, s.w.folder), 0);
        assert_int_equal(stage_try_prepare(&s, "placering", 1280), ERR_OK);
        assert_non_null(stage_tokens_in(&s, "placering", 1280, 0, 3));
        assert_true(keeper_generation(s.k) > generation);
        stage_down(&s);
}

static void whatever_fails_in_a_write_the_file_on_disk_stays_whole(void **state)
{
        static const char *const sites[] = {"write", "sync"};
        struct stage s;
        unsigned failures = 0;

        (void)state;
        stage_up(&s, 0);
        for (unsigned i = 0; i < ARRAY_LEN(sites); i++) {
                municipality_t m = i == 0 ? 1280 : 2480;

                for (unsigned nth = 0; fault_arm(sites[i], nth); nth++) {
                        struct stage other = {.k = NULL};
                        enum err e = stage_try_prepare(&s, "placering", m);

                        if (e != ERR_OK) {
                                failures++;
                                assert_domain_unusable(&s, "placering", m);
                        }
                        other.w = s.w;
                        stage_start(&other, 1);
                        assert_int_equal(stage_unlock(&other, "hemlig fras"), ERR_OK);
                        keeper_stop(&other.k);
                }
                fault_disarm();
                assert_int_equal(stage_try_prepare(&s, "placering", m), ERR_OK);
                assert_non_null(stage_tokens_in(&s, "placering", 180, 0, 3));
        }
        assert_true(failures >= 3); /* write, sync of the file, sync of the folder */
        stage_down(&s);
}

static void a_bundle_is_in_force_only_when_its_version_is_on_disk(void **state)
{
        char away[128];
        struct stage s;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(stage_create(&s), ERR_OK);
        (void)snprintf(away, sizeof away, "%s-away", s.w.folder);
        assert_int_equal(rename(s.w.folder, away), 0);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_IO);
        assert_int_equal(stage_try_prepare(&s, "anmalan", 114), ERR_KEEPER_REFUSED);
        assert_int_equal(rename(away, s.w.folder), 0);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        assert_int_equal(stage_try_prepare(&s, "anmalan", 114), ERR_OK);
        stage_down(&s);
}

static void the_generation_before_stays_beside_the_state(void **state)
{
        uint8_t before[8192], after[8192], bak[8192];
        char path[128];
        struct stage s;
        size_t len, bak_len;

        (void)state;
        stage_up(&s, 0);
        (void)snprintf(path, sizeof path, "%s.bak", s.w.state);
        len = read_file(s.w.state, before, sizeof before);
        stage_prepare(&s, "placering", 1280);
        bak_len = read_file(path, bak, sizeof bak);
        assert_int_equal(bak_len, len);
        assert_memory_equal(bak, before, len);
        assert_int_not_equal(read_file(s.w.state, after, sizeof after), 0);
        assert_memory_not_equal(after, before, len);
        stage_down(&s);
}

static void keys_survive_a_restart(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *before;

        (void)state;
        stage_up(&s, 0);
        batch = world_batch(&s.w, "anmalan", 114, 0, 20, 100);
        stage_accept(&s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        before = stage_tokens_of(&s, &in);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        assert_memory_equal(stage_tokens_of(&s, &in), before, 20 * PSEUDONYM_LEN);
        stage_down(&s);
}

/* Bundles ------------------------------------------------------------------ */

static void only_a_pinned_signer_is_believed(void **state)
{
        OWNED(secret_free) struct secret *foreign = NULL;
        uint8_t foreign_public[SIGN_PUBLIC_LEN];
        struct stage s;
        struct rules rules;
        struct bytes file;
        uint8_t *changed;

        (void)state;
        world_open(&s.w);
        stage_start(&s, 0);
        assert_int_equal(stage_create(&s), ERR_OK);
        rules = world_rules(&s.w, 1, NULL);
        assert_int_equal(sign_keygen(&foreign, foreign_public), ERR_OK);
        file = world_bundle(&s.w, &rules, foreign, NULL);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_POLICY_SIGNATURE);
        file = world_bundle(&s.w, &rules, s.w.signer, NULL);
        changed = arena_alloc(s.w.arena, file.len, 1);
        for (size_t at = 0; at < file.len; at += 3) {
                enum err e;

                memcpy(changed, file.data, file.len);
                changed[at] ^= 4;
                e = keeper_load_bundle(s.k, bytes_of(changed, file.len));
                assert_true(e == ERR_POLICY_SIGNATURE || e == ERR_POLICY_REFUSED);
                assert_int_equal(
                        keeper_load_bundle(s.k, bytes_of(file.data, at)), ERR_POLICY_REFUSED);
        }
        assert_int_equal(stage_try_prepare(&s, "anmalan", 114), ERR_KEEPER_REFUSED);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_OK);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_OK);
        stage_down(&s);
}

static void a_bundle_is_followed_by_its_successor_and_no_other(void **state)
{
        struct digest second, wrong;
        struct rules rules;
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        wrong = s.bundle;
        wrong.bytes[3] ^= 1;
        assert_int_equal(stage_load(&s, 3, &s.bundle), ERR_POLICY_SUCCESSION);
        assert_int_equal(stage_load(&s, 2, &wrong), ERR_POLICY_SUCCESSION);
        rules = world_rules(&s.w, 1, NULL);
        rules.linkages_len = 1; /* version 1 once more, but another one */
        assert_int_equal(keeper_load_bundle(s.k, world_bundle(&s.w, &rules, s.w.signer, NULL)),
                ERR_POLICY_SUCCESSION);
        rules = world_rules(&s.w, 2, &s.bundle);
        rules.linkages_len = 1;
        assert_int_equal(
                keeper_load_bundle(s.k, world_bundle(&s.w, &rules, s.w.signer, &second)), ERR_OK);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_LINKAGE_REFUSED);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_POLICY_SUCCESSION);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_POLICY_SUCCESSION);
        assert_int_equal(stage_load(&s, 3, &second), ERR_OK);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_keyring_is_made_once_and_opened_again),
                cmocka_unit_test(a_wrong_passphrase_is_refused_and_the_right_one_still_works),
                cmocka_unit_test(a_torn_or_changed_state_file_is_refused),
                cmocka_unit_test(a_passphrase_is_only_ever_seen_by_the_keeper),
                cmocka_unit_test(a_key_whose_state_cannot_be_written_is_not_used),
                cmocka_unit_test(whatever_fails_in_a_write_the_file_on_disk_stays_whole),
                cmocka_unit_test(a_bundle_is_in_force_only_when_its_version_is_on_disk),
                cmocka_unit_test(the_generation_before_stays_beside_the_state),
                cmocka_unit_test(keys_survive_a_restart),
                cmocka_unit_test(only_a_pinned_signer_is_believed),
                cmocka_unit_test(a_bundle_is_followed_by_its_successor_and_no_other),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
