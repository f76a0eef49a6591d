/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge_vault.c: the custodian knows which state was in use last, whatever is put back and
 * wherever a write fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "base/log.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "gateway/bridge/vault.h"
#include "gateway/keeper/ask.h"

enum { STATES = 4, STATE_MAX = 1 << 16 };

struct folder {
        char path[64], state[96], mark[112];
        struct keyring *keyring;
        struct buf states[STATES + 1]; /* by generation, from 1 */
};

static int setup(void **state)
{
        static const struct keyring_cost cheap = {8, 1};
        static const uint8_t signer[SIGN_PUBLIC_LEN] = {1};
        OWNED(secret_free) struct secret *phrase = NULL;
        struct folder *f = calloc(1, sizeof *f);
        uint64_t generation;

        assert_non_null(f);
        log_to(STDERR_FILENO, LOG_ERROR + 1);
        assert_int_equal(crypto_init(1 << 20, false), ERR_OK);
        (void)snprintf(f->path, sizeof f->path, "/tmp/statgate-vault-XXXXXX");
        assert_non_null(mkdtemp(f->path));
        (void)snprintf(f->state, sizeof f->state, "%s/keyring.sgk", f->path);
        (void)snprintf(f->mark, sizeof f->mark, "%s.mark", f->state);
        assert_int_equal(secret_copy((const uint8_t *)"fras", 4, &phrase), ERR_OK);
        assert_int_equal(keyring_new(phrase, cheap, signer, 1000, &f->keyring), ERR_OK);
        for (uint64_t i = 1; i <= STATES; i++) {
                buf_init(&f->states[i], STATE_MAX);
                assert_int_equal(keyring_seal(f->keyring, &f->states[i], &generation), ERR_OK);
                assert_int_equal(generation, i);
        }
        *state = f;
        return 0;
}

static int teardown(void **state)
{
        static const char *const names[] = {"keyring.sgk", "keyring.sgk.bak", "keyring.sgk.tmp",
                "keyring.sgk.mark", "keyring.sgk.mark.bak", "keyring.sgk.mark.tmp",
                "keyring.sgk.bak.tmp", "keyring.sgk.mark.bak.tmp"};
        struct folder *f = *state;
        char path[160];

        for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
                (void)snprintf(path, sizeof path, "%s/%s", f->path, names[i]);
                (void)unlink(path);
        }
        assert_int_equal(rmdir(f->path), 0);
        for (unsigned i = 1; i <= STATES; i++)
                buf_done(&f->states[i]);
        keyring_free(&f->keyring);
        free(f);
        return 0;
}

static struct bytes blob(const struct folder *f, unsigned generation)
{
        return bytes_of(f->states[generation].data, f->states[generation].len);
}

/* As somebody would who has the files and not the keeper. */
static void put_back(const struct folder *f, unsigned generation)
{
        assert_int_equal(state_file_write(f->state, blob(f, generation), false), ERR_OK);
}

static enum err read_state(struct folder *f)
{
        uint8_t *room = malloc(KEEPER_SLOT_LEN);
        struct vault v;
        size_t len;
        enum err e = vault_open(f->state, &v);

        assert_non_null(room);
        if (e == ERR_OK) {
                e = vault_read(&v, room, KEEPER_SLOT_LEN, &len);
                vault_done(&v);
        }
        free(room);
        return e;
}

/* Generations 1 to `last` come into use, one after the other. */
static void live(struct folder *f, struct vault *v, unsigned last)
{
        uint64_t before, now;

        put_back(f, 1);
        assert_int_equal(vault_open(f->state, v), ERR_OK);
        assert_int_equal(vault_adopt(v, &before, &now), ERR_OK);
        assert_int_equal(now, 1);
        for (unsigned i = 2; i <= last; i++) {
                assert_int_equal(vault_write(v, i, blob(f, i), false), ERR_OK);
                assert_int_equal(vault_confirm(v, i), ERR_OK);
        }
}

static void an_older_state_put_back_is_refused(void **state)
{
        struct folder *f = *state;
        struct vault v;

        live(f, &v, 3);
        vault_done(&v);
        assert_int_equal(read_state(f), ERR_OK);
        for (unsigned old = 1; old < 3; old++) {
                put_back(f, old);
                assert_int_equal(read_state(f), ERR_ROLLED_BACK);
        }
        put_back(f, 3);
        assert_int_equal(read_state(f), ERR_OK);
}

static void another_state_of_the_same_number_is_refused(void **state)
{
        static const struct keyring_cost cheap = {8, 1};
        static const uint8_t signer[SIGN_PUBLIC_LEN] = {1};
        OWNED(secret_free) struct secret *phrase = NULL;
        OWNED(keyring_free) struct keyring *other = NULL;
        OWNED(buf_done) struct buf sealed = {.ceiling = STATE_MAX};
        struct folder *f = *state;
        uint64_t generation;
        struct vault v;

        live(f, &v, 1);
        vault_done(&v);
        assert_int_equal(secret_copy((const uint8_t *)"fras", 4, &phrase), ERR_OK);
        assert_int_equal(keyring_new(phrase, cheap, signer, 1000, &other), ERR_OK);
        assert_int_equal(keyring_seal(other, &sealed, &generation), ERR_OK);
        assert_int_equal(generation, 1);
        assert_int_equal(
                state_file_write(f->state, bytes_of(sealed.data, sealed.len), false), ERR_OK);
        assert_int_equal(read_state(f), ERR_ROLLED_BACK);
}

/* Nothing rests on it yet, so nothing is lost with it: and if it stays, that is fine too. */
static void a_state_that_was_never_confirmed_may_go_or_stay(void **state)
{
        struct folder *f = *state;
        struct vault v;

        live(f, &v, 2);
        assert_int_equal(vault_write(&v, 3, blob(f, 3), false), ERR_OK);
        vault_done(&v);
        assert_int_equal(read_state(f), ERR_OK);
        put_back(f, 2);
        assert_int_equal(read_state(f), ERR_OK);
}

static void a_missing_or_torn_mark_is_not_a_beginning(void **state)
{
        static const char *const torn[] = {"", "2", "2 \n", "x 00\n"};
        struct folder *f = *state;
        struct vault v;

        live(f, &v, 2);
        vault_done(&v);
        assert_int_equal(unlink(f->mark), 0);
        assert_int_equal(read_state(f), ERR_ROLLED_BACK);
        for (unsigned i = 0; i < ARRAY_LEN(torn); i++) {
                FILE *file = fopen(f->mark, "we");

                assert_non_null(file);
                assert_true(fputs(torn[i], file) >= 0);
                assert_int_equal(fclose(file), 0);
                assert_int_equal(read_state(f), ERR_CORRUPT);
        }
}

static void an_adopted_state_is_in_use_whatever_was_before(void **state)
{
        struct folder *f = *state;
        uint64_t before, now;
        struct vault v;

        live(f, &v, 3);
        put_back(f, 1);
        assert_int_equal(vault_adopt(&v, &before, &now), ERR_OK);
        assert_int_equal(before, 3);
        assert_int_equal(now, 1);
        vault_done(&v);
        assert_int_equal(read_state(f), ERR_OK);
        put_back(f, 3); /* newer than the mark: as after a crash */
        assert_int_equal(read_state(f), ERR_OK);
}

static void what_is_no_state_or_not_the_next_is_not_written(void **state)
{
        struct folder *f = *state;
        uint8_t wrong[STATE_MAX];
        struct vault v;

        live(f, &v, 2);
        memcpy(wrong, blob(f, 3).data, blob(f, 3).len);
        for (size_t i = 0; i < blob(f, 3).len; i += 7) {
                wrong[i] ^= 4;
                assert_int_not_equal(
                        vault_write(&v, 3, bytes_of(wrong, blob(f, 3).len), false), ERR_OK);
                wrong[i] ^= 4;
        }
        assert_int_equal(vault_write(&v, 4, blob(f, 3), false), ERR_KEYRING);
        assert_int_equal(vault_write(&v, 2, blob(f, 2), false), ERR_KEYRING);
        assert_int_equal(vault_write(&v, 1, blob(f, 1), false), ERR_KEYRING);
        assert_int_equal(vault_write(&v, 3, bytes_of(NULL, 0), false), ERR_KEYRING);
        assert_int_equal(vault_confirm(&v, 3), ERR_OUT_OF_ORDER);
        assert_int_equal(vault_confirm(&v, 0), ERR_OUT_OF_ORDER);
        vault_done(&v);
        assert_int_equal(read_state(f), ERR_OK);
}

static void what_ends_a_key_leaves_no_copy_of_the_state_before(void **state)
{
        struct folder *f = *state;
        uint8_t room[STATE_MAX];
        char bak[128];
        struct vault v;
        size_t len;

        live(f, &v, 2);
        (void)snprintf(bak, sizeof bak, "%s.bak", f->state);
        assert_int_equal(vault_write(&v, 3, blob(f, 3), true), ERR_OK);
        assert_int_equal(state_file_read(bak, room, sizeof room, &len), ERR_OK);
        assert_true(bytes_equal(bytes_of(room, len), blob(f, 3)));
        vault_done(&v);
}

/* Whichever write or sync fails, what is read afterwards is a state of before or after, and one
 * that was confirmed is never missing. */
static void whatever_write_fails_the_state_and_its_mark_agree(void **state)
{
        struct folder *f = *state;
        enum err e = ERR_IO, after;
        unsigned failures = 0;

        for (unsigned nth = 0; e != ERR_OK; nth++) {
                struct vault v;

                live(f, &v, 2);
                (void)fault_arm("any", nth);
                e = vault_write(&v, 3, blob(f, 3), true);
                if (e == ERR_OK)
                        e = vault_confirm(&v, 3);
                fault_disarm();
                vault_done(&v);
                failures += e != ERR_OK;
                assert_int_equal(read_state(f), ERR_OK);
                put_back(f, 2);
                /* Where the sync of a folder failed the mark may be there all the same. */
                after = read_state(f);
                assert_true(after == ERR_ROLLED_BACK || (e != ERR_OK && after == ERR_OK));
        }
        /* A write, the sync of a file and of its folder, for the state twice and for the mark. */
        assert_true(failures >= 9);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        an_older_state_put_back_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        another_state_of_the_same_number_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_state_that_was_never_confirmed_may_go_or_stay, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_missing_or_torn_mark_is_not_a_beginning, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        an_adopted_state_is_in_use_whatever_was_before, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        what_is_no_state_or_not_the_next_is_not_written, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        what_ends_a_key_leaves_no_copy_of_the_state_before, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        whatever_write_fails_the_state_and_its_mark_agree, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
