/* SPDX-License-Identifier: Apache-2.0 */
/* test_cli_restore.c: what officers are shown, and what they are not let sign. Files come from
 * here, no gateway runs; that is the ceremony restore.sh. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "policies/rules/restore.h"
#include "tests/support/cli_room.h"
#include "tools/cli/files.h"
#include "tools/cli/keys.h"

static uint8_t publics[2 * SIGN_PUBLIC_LEN];
static char keys[2][ROOM_PATH], config[ROOM_PATH];

static int setup(void **state)
{
        if (room_open(state) != 0 || crypto_init(65536, false) != ERR_OK)
                return -1;
        (void)snprintf(config, sizeof config, "%s",
                room_write("statgate.yaml", "keyring: keys/keyring.sgk\n"));
        if (folder_create(room_path("keys")) != ERR_OK)
                return -1;
        for (unsigned i = 0; i < 2; i++) {
                OWNED(secret_free) struct secret *key = NULL;

                (void)snprintf(keys[i], ROOM_PATH, "%s", room_path(i == 0 ? "one.key" : "two.key"));
                if (sign_keygen(&key, publics + (size_t)i * SIGN_PUBLIC_LEN) != ERR_OK ||
                        signing_key_create(keys[i], key) != ERR_OK)
                        return -1;
        }
        return 0;
}

static void write_needed(uint64_t known_size, uint64_t size)
{
        OWNED(buf_done) struct buf out = {.ceiling = RESTORE_FILE_MAX};
        struct restore_statement s = {.known_size = known_size, .size = size};
        struct bytes bytes;

        memset(s.known_root.bytes, 0xaa, sizeof s.known_root.bytes);
        memset(s.root.bytes, 0xbb, sizeof s.root.bytes);
        assert_int_equal(restore_file_begin(&s, &out), ERR_OK);
        assert_int_equal(buf_end(&out, &bytes), ERR_OK);
        assert_int_equal(file_replace(room_path("keys/restore.sgr.needed"), bytes, 0600), ERR_OK);
}

static void nothing_is_begun_when_the_gateway_refused_nothing(void **state)
{
        (void)state;
        RAN r = RUN(
                "--config", config, "audit", "restore-begin", room_path("no.sgr"), "--why", "x");
        assert_int_equal(r.code, EXIT_CODE_INPUT);
        assert_non_null(strstr(r.err, "there is no "));
        assert_int_equal(access(room_path("no.sgr"), F_OK), -1);
}

static void a_reason_is_one_line(void **state)
{
        static const char *const wrong[] = {"", "a\nb", "\x1b[2J"};
        char *path = strdup(room_path("never.sgr")), why[RESTORE_WHY_MAX + 2];

        (void)state;
        write_needed(1200, 900);
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                RAN r = RUN("--config", config, "audit", "restore-begin", path, "--why", wrong[i]);
                assert_int_equal(r.code, EXIT_CODE_USAGE);
        }
        memset(why, 'x', sizeof why - 1);
        why[sizeof why - 1] = '\0';
        RAN r = RUN("--config", config, "audit", "restore-begin", path, "--why", why);
        assert_int_equal(r.code, EXIT_CODE_USAGE);
        assert_int_equal(access(path, F_OK), -1);
        free(path);
}

static void two_officers_are_shown_what_they_sign_and_the_file_finds_its_place(void **state)
{
        char *path = strdup(room_path("agreed.sgr"));
        const struct authority both = {publics, 2, 2};
        struct restore_statement s;
        struct arena *arena = arena_new(1 << 20);
        struct bytes file;

        (void)state;
        write_needed(1200, 900);
        RAN begun = RUN(
                "--config", config, "audit", "restore-begin", path, "--why", "disken gick sönder");
        assert_int_equal(begun.code, EXIT_CODE_OK);
        assert_non_null(strstr(begun.out, "1,200 entries, root aaaa"));
        assert_non_null(strstr(begun.out, "900 entries, root bbbb"));
        assert_non_null(strstr(begun.out, "300 entries that were signed are gone"));
        /* What others may be signing is not written over. */
        RAN again = RUN("--config", config, "audit", "restore-begin", path, "--why", "x");
        assert_int_not_equal(again.code, EXIT_CODE_OK);
        RAN early = RUN("--config", config, "audit", "restore-apply", path);
        assert_int_equal(early.code, EXIT_CODE_INPUT);

        RAN asked = RUN("audit", "restore-sign", path, "--key", keys[0]);
        assert_int_equal(asked.code, EXIT_CODE_USAGE); /* nobody there to ask */
        RAN one = RUN("audit", "restore-sign", path, "--key", keys[0], "--yes");
        assert_int_equal(one.code, EXIT_CODE_OK);
        assert_non_null(strstr(one.out, "Reason: disken gick sönder"));
        assert_non_null(strstr(one.out, "signatures: 1"));
        RAN same = RUN("audit", "restore-sign", path, "--key", keys[0], "--yes");
        assert_non_null(strstr(same.out, "signed with that key already"));
        RAN two = RUN("audit", "restore-sign", path, "--key", keys[1], "--yes");
        assert_non_null(strstr(two.out, "signatures: 2"));
        RAN applied = RUN("--config", config, "audit", "restore-apply", path);
        assert_int_equal(applied.code, EXIT_CODE_OK);

        assert_int_equal(file_read(arena, room_path("keys/restore.sgr"), &file), ERR_OK);
        assert_int_equal(restore_check(file, &both, &s), ERR_OK);
        assert_int_equal(s.size, 900);
        arena_free(&arena);
        free(path);
}

static void a_log_that_is_not_shorter_is_told_as_another(void **state)
{
        (void)state;
        write_needed(900, 900);
        RAN r = RUN(
                "--config", config, "audit", "restore-begin", room_path("other.sgr"), "--why", "x");
        assert_int_equal(r.code, EXIT_CODE_OK);
        assert_non_null(strstr(r.out, "it is another"));
        assert_null(strstr(r.out, "are gone"));
}

static void what_is_no_such_file_is_not_signed(void **state)
{
        char *path = strdup(room_write("junk.sgr", "skräp"));

        (void)state;
        RAN sign = RUN("audit", "restore-sign", path, "--key", keys[0], "--yes");
        assert_int_equal(sign.code, EXIT_CODE_INPUT);
        RAN apply = RUN("--config", config, "audit", "restore-apply", path);
        assert_int_equal(apply.code, EXIT_CODE_INPUT);
        /* What the gateway left gives no reason yet. */
        write_needed(5, 3);
        free(path);
        path = strdup(room_path("keys/restore.sgr.needed"));
        RAN needed = RUN("audit", "restore-sign", path, "--key", keys[0], "--yes");
        assert_int_equal(needed.code, EXIT_CODE_INPUT);
        RAN missing = RUN("audit", "restore-sign", path, "--key", config, "--yes");
        assert_int_equal(missing.code, EXIT_CODE_INPUT);
        free(path);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_is_begun_when_the_gateway_refused_nothing),
                cmocka_unit_test(a_reason_is_one_line),
                cmocka_unit_test(
                        two_officers_are_shown_what_they_sign_and_the_file_finds_its_place),
                cmocka_unit_test(a_log_that_is_not_shorter_is_told_as_another),
                cmocka_unit_test(what_is_no_such_file_is_not_signed),
        };

        return cmocka_run_group_tests(tests, setup, room_close);
}
