/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_hsm.c: a security module opens the keyring by itself; where it is gone, is another
 * one, or does not like its PIN, officers open it, and nothing is lost. */
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
#include "base/log.h"
#include "gateway/keeper/hsm.h"
#include "tests/support/keeper_visit.h"
#include "tests/support/soft_module.h"

#define PHRASE "hemlig fras"

static struct stage stage;
static struct soft_module soft;

static void start(const struct keeper_module *module)
{
        const struct keeper_options options = {.program = STATGATE_BIN_DIR "/statgate-keeper",
                .state_path = stage.w.state,
                .module = *module};

        keeper_stop(&stage.k);
        assert_int_equal(keeper_start(&options, &stage.k), ERR_OK);
}

static void set_lock(const char *expected)
{
        struct visit v = {.len = 0};

        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say(&v, OFFICER_SET_HSM, NULL, 0);
        assert_int_equal(visit_go(&stage, &v), ERR_OK);
        assert_string_equal(v.errors[1], expected);
}

/* A keyring that the module opens, and a keeper that has been started with the module. */
static int setup(void **state)
{
        (void)state;
        if (!soft_module_there())
                return 0;
        stage_up(&stage, 0);
        soft_module_make(&soft, stage.w.folder);
        start(&soft.module);
        set_lock("OK");
        start(&soft.module);
        return 0;
}

static int teardown(void **state)
{
        char line[200];

        (void)state;
        if (stage.k == NULL)
                return 0;
        keeper_stop(&stage.k);
        (void)snprintf(line, sizeof line, "rm -rf '%s'", soft.folder);
        assert_int_equal(system(line), 0);
        world_close(&stage.w);
        return 0;
}

#define NEEDS_MODULE()                                                                             \
        do {                                                                                       \
                (void)state;                                                                       \
                if (stage.k == NULL)                                                               \
                        skip();                                                                    \
        } while (0)

/* The module says nothing, and the passphrase still opens. */
static void falls_back(enum err expected)
{
        struct visit v;

        assert_int_equal(keeper_unseal_module(stage.k), expected);
        assert_int_equal(visit_phrase(&stage, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_true(v.open);
        assert_int_equal(stage_load(&stage, 1, NULL), ERR_OK);
}

static void what_the_module_unwraps_opens_the_keyring(void **state)
{
        NEEDS_MODULE();
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
        assert_int_equal(stage_load(&stage, 1, NULL), ERR_OK);
        stage_prepare(&stage, "placering", 114); /* a generation more */
        start(&soft.module);
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
        assert_int_equal(stage_load(&stage, 1, NULL), ERR_OK);
}

static void a_wrong_pin_opens_nothing_and_officers_still_do(void **state)
{
        NEEDS_MODULE();
        soft_module_write_pin(&soft, "000000");
        start(&soft.module);
        falls_back(ERR_HSM);
        set_lock("HSM");
        soft_module_write_pin(&soft, SOFT_PIN);
        start(&soft.module);
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
}

static void a_module_that_is_gone_opens_nothing_and_officers_still_do(void **state)
{
        const struct keeper_module base = soft.module;
        struct keeper_module gone[] = {base, base, base, base, base, base};

        NEEDS_MODULE();
        gone[0].library = "/no/such/library.so";
        gone[1].library = "/proc/self/exe"; /* a program, and no module */
        gone[2].token = "annan";
        gone[3].key = "annan";
        gone[4].pin_file = "/no/such/file";
        gone[5].environment = "SOFTHSM2_CONF=/no/such/file";
        for (unsigned i = 0; i < ARRAY_LEN(gone); i++) {
                start(&gone[i]);
                falls_back(ERR_HSM);
                set_lock("HSM");
        }
}

static void move_tokens(const char *from, const char *to)
{
        char old[sizeof soft.folder + 16], new[sizeof soft.folder + 16];

        (void)snprintf(old, sizeof old, "%s/%s", soft.folder, from);
        (void)snprintf(new, sizeof new, "%s/%s", soft.folder, to);
        assert_int_equal(rename(old, new), 0);
}

/* The module is asked when the keeper starts and at no other time: pulled out in the middle of
 * work it is not missed until the next start, which says so, and officers open what was written
 * meanwhile. Put back, it opens that too. */
static void a_module_that_goes_while_we_work_is_missed_at_the_next_start_only(void **state)
{
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        struct keeper_opened o;

        NEEDS_MODULE();
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
        assert_int_equal(stage_load(&stage, 1, NULL), ERR_OK);
        move_tokens("tokens", "gone");
        stage_prepare(&stage, "sluten", 180); /* keys are made and written */
        batch = world_batch(&stage.w, "anmalan", 114, 0, 10, 10);
        stage_accept(&stage, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(stage.k, &in, &o), ERR_OK);
        keeper_release(stage.k, &o);
        /* An officer locks with what the module wrapped when it was there. */
        set_lock("OK");

        start(&soft.module);
        falls_back(ERR_HSM);
        set_lock("HSM"); /* nothing was wrapped this time */
        assert_int_equal(keeper_open_for_view(stage.k, &in, &o), ERR_OK); /* nothing is lost */
        keeper_release(stage.k, &o);
        move_tokens("gone", "tokens");
        start(&soft.module);
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
        assert_int_equal(stage_load(&stage, 1, NULL), ERR_OK);
        assert_int_equal(keeper_open_for_view(stage.k, &in, &o), ERR_OK);
        keeper_release(stage.k, &o);
}

static void a_library_that_crashes_or_hangs_takes_nobody_along(void **state)
{
        struct keeper_module bad = soft.module;

        NEEDS_MODULE();
        bad.library = STATGATE_BAD_MODULE;
        bad.environment = "BAD_MODULE=crash";
        start(&bad);
        falls_back(ERR_HSM);
        if (getenv("STATGATE_LONG") == NULL)
                return; /* patience is half a minute */
        bad.environment = "BAD_MODULE=hang";
        start(&bad);
        falls_back(ERR_HSM);
}

static void a_key_that_could_leave_the_module_is_not_used(void **state)
{
        struct keeper_module loose = soft.module;

        NEEDS_MODULE();
        soft_module_add_key(&soft, "los", "--extractable");
        loose.key = "los";
        start(&loose);
        falls_back(ERR_HSM);
        set_lock("HSM");
        soft_module_add_key(&soft, "tva", "--sensitive");
        soft_module_add_key(&soft, "tva", "--sensitive");
        loose.key = "tva"; /* which of them? */
        start(&loose);
        falls_back(ERR_HSM);
        set_lock("HSM");
}

static void another_key_opens_nothing_until_an_officer_locks_with_it(void **state)
{
        struct keeper_module next = soft.module;

        NEEDS_MODULE();
        soft_module_add_key(&soft, "ny", "--sensitive");
        next.key = "ny";
        start(&next);
        falls_back(ERR_HSM);
        set_lock("OK");
        start(&soft.module); /* the key before */
        assert_int_equal(keeper_unseal_module(stage.k), ERR_HSM);
        start(&next);
        assert_int_equal(keeper_unseal_module(stage.k), ERR_OK);
}

static void who_is_let_in_by_the_module_changes_no_lock(void **state)
{
        const uint8_t kind = LOCK_PASSPHRASE;
        struct visit v = {.len = 0};

        NEEDS_MODULE();
        visit_say(&v, OFFICER_HSM, NULL, 0);
        visit_say_shares(&v, 2, 3);
        assert_int_equal(visit_go(&stage, &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_string_equal(v.errors[1], "NOT_ALLOWED");
        v = (struct visit){.len = 0};
        visit_say(&v, OFFICER_HSM, NULL, 0);
        visit_say(&v, OFFICER_SET_HSM, NULL, 0);
        assert_int_equal(visit_go(&stage, &v), ERR_OK);
        assert_string_equal(v.errors[1], "NOT_ALLOWED");
        v = (struct visit){.len = 0};
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say(&v, OFFICER_DROP_LOCK, &kind, 1); /* nobody could change anything again */
        assert_int_equal(visit_go(&stage, &v), ERR_OK);
        assert_string_equal(v.errors[1], "INVALID");
}

static void without_a_lock_of_its_own_a_module_opens_nothing(void **state)
{
        const uint8_t kind = LOCK_HSM;
        struct visit v = {.len = 0};

        NEEDS_MODULE();
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say(&v, OFFICER_DROP_LOCK, &kind, 1);
        assert_int_equal(visit_go(&stage, &v), ERR_OK);
        assert_string_equal(v.errors[1], "OK");
        start(&soft.module);
        falls_back(ERR_NOT_FOUND);
}

/* Of the state, what the module wrapped, with one bit changed; the digest over all is made to fit
 * by nobody, so the keyring says so itself. */
static void a_wrapped_key_that_was_changed_opens_nothing(void **state)
{
        uint8_t *blob = malloc(KEYRING_BLOB_MAX), *wrapped;
        struct visit v;
        size_t len;
        FILE *f;

        NEEDS_MODULE();
        assert_non_null(blob);
        f = fopen(stage.w.state, "r+e");
        assert_non_null(f);
        len = fread(blob, 1, KEYRING_BLOB_MAX, f);
        wrapped = memmem(blob, len, "SGH1", HSM_MARK_LEN);
        assert_non_null(wrapped);
        wrapped[HSM_MARK_LEN + HSM_NONCE_LEN] ^= 1;
        rewind(f);
        assert_int_equal(fwrite(blob, 1, len, f), len);
        assert_int_equal(fclose(f), 0);
        free(blob);
        start(&soft.module);
        assert_int_equal(keeper_unseal_module(stage.k), ERR_KEYRING);
        assert_int_equal(visit_phrase(&stage, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "KEYRING");
}

static void the_keeper_has_neither_the_library_nor_its_child(void **state)
{
        char path[64], line[512];
        bool mapped = false;
        FILE *f;

        NEEDS_MODULE();
        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)keeper_pid(stage.k),
                (int)keeper_pid(stage.k));
        f = fopen(path, "re");
        assert_non_null(f);
        assert_null(fgets(line, sizeof line, f));
        (void)fclose(f);
        (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)keeper_pid(stage.k));
        f = fopen(path, "re");
        if (f == NULL || fgets(line, sizeof line, f) == NULL)
                skip(); /* only root sees into the keeper */
        do
                mapped |= strstr(line, "softhsm") != NULL;
        while (fgets(line, sizeof line, f) != NULL);
        (void)fclose(f);
        assert_false(mapped);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        what_the_module_unwraps_opens_the_keyring, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_wrong_pin_opens_nothing_and_officers_still_do, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_module_that_is_gone_opens_nothing_and_officers_still_do, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_module_that_goes_while_we_work_is_missed_at_the_next_start_only, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        a_library_that_crashes_or_hangs_takes_nobody_along, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_key_that_could_leave_the_module_is_not_used, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        another_key_opens_nothing_until_an_officer_locks_with_it, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        who_is_let_in_by_the_module_changes_no_lock, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        without_a_lock_of_its_own_a_module_opens_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_wrapped_key_that_was_changed_opens_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        the_keeper_has_neither_the_library_nor_its_child, setup, teardown),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
