/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_custody.c: officers open the keyring and change its locks; nobody else does, and
 * what opened it yesterday opens nothing today, neither the state nor the copy beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "base/log.h"
#include "tests/support/keeper_visit.h"

enum { SHARES = 3 };
#define PHRASE "hemlig fras"

static void stop_and_start(struct stage *s)
{
        stage_restart(s);
}

/* Texts of fresh shares, NUL-terminated in the arena. */
static void make_shares(struct stage *s, uint8_t required, char *out[SHARES])
{
        struct visit v = {.len = 0};
        struct reader in;

        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say_shares(&v, required, SHARES);
        assert_int_equal(visit_go(s, &v), ERR_OK);
        assert_int_equal(v.len, 2);
        assert_string_equal(v.errors[1], "OK");
        in = reader_of(v.payloads[1]);
        for (unsigned i = 0; i < SHARES; i++) {
                struct bytes text;

                assert_int_equal(read_bytes(&in, OFFICER_FRAME_MAX, &text), ERR_OK);
                out[i] = arena_strndup(s->w.arena, (const char *)text.data, text.len);
        }
}

/* One share over a connection of its own. */
static enum err bring(struct stage *s, const char *share, struct visit *v)
{
        *v = (struct visit){.len = 0};
        visit_say_text(v, OFFICER_SHARE, share);
        return visit_go(s, v);
}

static void the_right_passphrase_opens_and_a_wrong_one_does_not(void **state)
{
        struct stage s;
        struct visit v;

        (void)state;
        stage_up(&s, 0);
        stop_and_start(&s);
        assert_int_equal(visit_phrase(&s, "fel fras", &v), ERR_OK);
        assert_string_equal(v.errors[0], "PASSPHRASE");
        assert_false(v.open);
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_true(v.open);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        stage_down(&s);
}

static void any_two_of_three_officers_open_and_one_alone_does_not(void **state)
{
        static const unsigned pairs[][2] = {{0, 1}, {1, 2}, {2, 0}};
        char *shares[SHARES];
        struct stage s;
        struct visit v;

        (void)state;
        stage_up(&s, 0);
        make_shares(&s, 2, shares);
        for (unsigned i = 0; i < ARRAY_LEN(pairs); i++) {
                stop_and_start(&s);
                assert_int_equal(bring(&s, shares[pairs[i][0]], &v), ERR_OK);
                assert_string_equal(v.errors[0], "OK");
                assert_int_equal(v.payloads[0].len, 2);
                assert_int_equal(v.payloads[0].data[0], 1);
                assert_int_equal(v.payloads[0].data[1], 2);
                assert_false(v.open);
                assert_int_equal(bring(&s, shares[pairs[i][1]], &v), ERR_OK);
                assert_true(v.open);
        }
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        stage_down(&s);
}

static void a_share_twice_counts_once_and_one_of_another_set_not_at_all(void **state)
{
        char *old[SHARES], *shares[SHARES];
        struct stage s;
        struct visit v;

        (void)state;
        stage_up(&s, 0);
        make_shares(&s, 2, old);
        make_shares(&s, 2, shares);
        stop_and_start(&s);
        /* Who has found an old share gets nowhere with it, nor in anybody's way. */
        assert_int_equal(bring(&s, old[1], &v), ERR_OK);
        assert_string_equal(v.errors[0], "SHARES");
        for (unsigned i = 0; i < 3; i++) {
                assert_int_equal(bring(&s, shares[0], &v), ERR_OK);
                assert_string_equal(v.errors[0], "OK");
                assert_int_equal(v.payloads[0].data[0], 1);
                assert_false(v.open);
        }
        assert_int_equal(bring(&s, old[1], &v), ERR_OK);
        assert_string_equal(v.errors[0], "SHARES");
        assert_int_equal(bring(&s, "statgate-share/1: nonsense", &v), ERR_OK);
        assert_string_equal(v.errors[0], "SHARE_TEXT");
        assert_int_equal(bring(&s, shares[2], &v), ERR_OK);
        assert_true(v.open);
        /* The shares from before open nothing. */
        stop_and_start(&s);
        assert_int_equal(bring(&s, old[0], &v), ERR_OK);
        assert_string_equal(v.errors[0], "SHARES");
        assert_int_equal(bring(&s, old[1], &v), ERR_OK);
        assert_string_equal(v.errors[0], "SHARES");
        assert_false(v.open);
        stage_down(&s);
}

static void shares_that_waited_for_others_do_not_outlive_their_lock(void **state)
{
        char *old[SHARES], *shares[SHARES];
        struct stage s;
        struct visit v;

        (void)state;
        stage_up(&s, 0);
        make_shares(&s, 2, old);
        assert_int_equal(bring(&s, old[0], &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        make_shares(&s, 2, shares);
        assert_int_equal(bring(&s, shares[0], &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_int_equal(v.payloads[0].data[0], 1);
        assert_int_equal(bring(&s, shares[1], &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_int_equal(v.payloads[0].data[0], 2);
        stage_down(&s);
}

static void who_changes_a_lock_shows_that_she_opens_one(void **state)
{
        const uint8_t kind = LOCK_PASSPHRASE;
        char *shares[SHARES];
        struct stage s;
        struct visit v = {.len = 0};

        (void)state;
        stage_up(&s, 0);
        make_shares(&s, 2, shares);
        visit_say_shares(&v, 2, SHARES);
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[0], "NOT_ALLOWED");
        v = (struct visit){.len = 0};
        visit_say_text(&v, OFFICER_PASSPHRASE, "fel fras");
        visit_say_phrase(&v, "en annan fras");
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_int_equal(v.len, 1); /* what follows is not heeded */
        v = (struct visit){.len = 0};
        visit_say_text(&v, OFFICER_SHARE, shares[1]); /* one of two proves nothing */
        visit_say(&v, OFFICER_DROP_LOCK, &kind, 1);
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[1], "NOT_ALLOWED");
        v = (struct visit){.len = 0};
        visit_say_text(&v, OFFICER_SHARE, shares[0]);
        visit_say(&v, OFFICER_DROP_LOCK, &kind, 1);
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[1], "OK");
        stop_and_start(&s);
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "NOT_FOUND");
        stage_down(&s);
}

static void an_old_passphrase_opens_neither_the_state_nor_its_copy(void **state)
{
        struct stage s;
        struct visit v = {.len = 0};
        char bak[128];

        (void)state;
        stage_up(&s, 0);
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say_phrase(&v, "en ny lång fras");
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[1], "OK");
        stop_and_start(&s);
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "PASSPHRASE");
        (void)snprintf(bak, sizeof bak, "%s.bak", s.w.state);
        assert_int_equal(rename(bak, s.w.state), 0);
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "PASSPHRASE");
        assert_int_equal(visit_phrase(&s, "en ny lång fras", &v), ERR_OK);
        assert_true(v.open);
        stage_down(&s);
}

static void the_last_lock_stays(void **state)
{
        const uint8_t kind = LOCK_PASSPHRASE;
        struct stage s;
        struct visit v = {.len = 0};

        (void)state;
        stage_up(&s, 0);
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say(&v, OFFICER_DROP_LOCK, &kind, 1);
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[1], "INVALID");
        stop_and_start(&s);
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_true(v.open);
        stage_down(&s);
}

static void an_old_state_with_an_old_passphrase_proves_nothing(void **state)
{
        struct stage s;
        struct visit v = {.len = 0};
        char kept[128], command[400];

        (void)state;
        stage_up(&s, 0);
        (void)snprintf(kept, sizeof kept, "%s.kept", s.w.state);
        (void)snprintf(command, sizeof command, "cp %s %s", s.w.state, kept);
        assert_int_equal(system(command), 0);
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say_phrase(&v, "en ny lång fras");
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_int_equal(rename(kept, s.w.state), 0); /* by whoever has the disk */
        v = (struct visit){.len = 0};
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say_shares(&v, 2, SHARES);
        assert_int_equal(visit_go(&s, &v), ERR_OK);
        assert_string_equal(v.errors[0], "KEYRING");
        assert_int_equal(v.len, 1);
        stage_down(&s);
}

static void a_lock_that_could_not_be_written_is_none(void **state)
{
        struct stage s;
        struct visit v = {.len = 0};

        (void)state;
        stage_up(&s, 0);
        visit_say_text(&v, OFFICER_PASSPHRASE, PHRASE);
        visit_say_phrase(&v, "en ny lång fras");
        assert_true(fault_arm("write", 0));
        assert_int_not_equal(visit_go(&s, &v), ERR_OK); /* the gateway's last word */
        fault_disarm();
        stop_and_start(&s);
        assert_int_equal(visit_phrase(&s, "en ny lång fras", &v), ERR_OK);
        assert_string_equal(v.errors[0], "PASSPHRASE");
        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_true(v.open);
        stage_down(&s);
}

static void nonsense_at_the_door_harms_nothing(void **state)
{
        struct stage s;
        uint64_t random = 7;

        (void)state;
        stage_up(&s, 0);
        for (unsigned round = 0; round < 200; round++) {
                struct visit v = {.said = {.ceiling = OFFICER_TALK_MAX}};
                size_t len = round * 7 % 400;

                for (size_t i = 0; i < len; i++) {
                        random = random * 6364136223846793005U + 1442695040888963407U;
                        put_u8(&v.said, (uint8_t)(random >> (round % 2 ? 33 : 61)));
                }
                (void)!visit_go(&s, &v);
        }
        struct visit v;

        assert_int_equal(visit_phrase(&s, PHRASE, &v), ERR_OK);
        assert_string_equal(v.errors[0], "OK");
        assert_int_equal(stage_try_prepare(&s, "placering", 114), ERR_OK);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_right_passphrase_opens_and_a_wrong_one_does_not),
                cmocka_unit_test(any_two_of_three_officers_open_and_one_alone_does_not),
                cmocka_unit_test(a_share_twice_counts_once_and_one_of_another_set_not_at_all),
                cmocka_unit_test(shares_that_waited_for_others_do_not_outlive_their_lock),
                cmocka_unit_test(who_changes_a_lock_shows_that_she_opens_one),
                cmocka_unit_test(an_old_passphrase_opens_neither_the_state_nor_its_copy),
                cmocka_unit_test(the_last_lock_stays),
                cmocka_unit_test(an_old_state_with_an_old_passphrase_proves_nothing),
                cmocka_unit_test(a_lock_that_could_not_be_written_is_none),
                cmocka_unit_test(nonsense_at_the_door_harms_nothing),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
