/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_officers.c: whose signatures bring a bundle into force, asked of the
 * keeper itself. The gateway's own opinion stands in tests/flow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "tests/support/keeper_stage.h"

enum { OFFICERS = 4 };

/* Three officers sign for each other, two of them must; the fourth is nobody yet. */
static struct secret *keys[OFFICERS];
static uint8_t publics[OFFICERS][SIGN_PUBLIC_LEN];
static struct stage stage;

static struct rules rules_of(uint64_t version, const struct digest *before, unsigned first,
        unsigned len, unsigned required)
{
        static const char *const names[OFFICERS] = {"a", "b", "c", "d"};
        struct rules r = world_rules(&stage.w, version, before);

        r.officers = arena_alloc(stage.w.arena, len, sizeof *r.officers);
        assert_non_null(r.officers);
        for (unsigned i = 0; i < len; i++) {
                r.officers[i].name = bytes_of_text(names[first + i]);
                memcpy(r.officers[i].key, publics[first + i], SIGN_PUBLIC_LEN);
        }
        r.officers_len = len;
        r.signers_required = required;
        return r;
}

/* Signed by those of `signers`, -1 at the end. */
static struct bytes file_of(const struct rules *r, const int *signers, struct digest *out)
{
        OWNED(buf_done) struct buf canonical = {.ceiling = 1 << 20};
        OWNED(buf_done) struct buf file = {.ceiling = 1 << 20};
        struct signed_bundle b = {.signatures_len = 0};
        struct bytes bytes, copy;

        assert_int_equal(rules_encode(r, &canonical), ERR_OK);
        assert_int_equal(buf_end(&canonical, &b.canonical), ERR_OK);
        for (; *signers >= 0; signers++) {
                struct bundle_signature *s = &b.signatures[b.signatures_len++];

                memcpy(s->public_key, publics[*signers], SIGN_PUBLIC_LEN);
                assert_int_equal(
                        sign_make(keys[*signers], BUNDLE_LABEL, b.canonical, s->signature), ERR_OK);
        }
        if (out != NULL)
                digest_of(b.canonical, out);
        assert_int_equal(signed_bundle_encode(&b, &file), ERR_OK);
        assert_int_equal(buf_end(&file, &bytes), ERR_OK);
        assert_int_equal(bytes_copy(stage.w.arena, bytes, &copy), ERR_OK);
        return copy;
}

#define SIGNED(r, out, ...) file_of((r), (const int[]){__VA_ARGS__, -1}, (out))

/* Version 1, by the pinned signer, names officers a, b and c; two must sign. */
static void begin(struct digest *out)
{
        struct rules first;

        world_open(&stage.w);
        stage_start(&stage, 0);
        for (unsigned i = 0; i < OFFICERS; i++)
                assert_int_equal(sign_keygen(&keys[i], publics[i]), ERR_OK);
        first = rules_of(1, NULL, 0, 3, 2);
        assert_int_equal(stage_create(&stage), ERR_OK);
        /* The officers of the first bundle have not been heard before: it is not
         * theirs to anchor. */
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&first, NULL, 0, 1, 2)), ERR_POLICY_SIGNATURE);
        assert_int_equal(
                keeper_load_bundle(stage.k, world_bundle(&stage.w, &first, stage.w.signer, out)),
                ERR_OK);
}

static void end(void)
{
        for (unsigned i = 0; i < OFFICERS; i++)
                secret_free(&keys[i]);
        stage_down(&stage);
}

static void reopen(void)
{
        stage_restart(&stage);
        assert_int_equal(stage_unlock(&stage, "hemlig fras"), ERR_OK);
}

static void two_of_three_officers_bring_in_the_next(void **state)
{
        struct digest first, second;
        struct rules next;

        (void)state;
        begin(&first);
        next = rules_of(2, &first, 0, 3, 2);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 1)), ERR_POLICY_SIGNATURE);
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&next, NULL, 1, 3)), ERR_POLICY_SIGNATURE);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, &second, 2, 0)), ERR_OK);
        next = rules_of(3, &second, 0, 3, 2);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 0, 1, 2, 3)), ERR_OK);
        end();
}

static void the_pinned_signer_has_no_say_once_officers_are_named(void **state)
{
        struct digest first;
        struct rules next;

        (void)state;
        begin(&first);
        next = rules_of(2, &first, 0, 3, 2);
        assert_int_equal(
                keeper_load_bundle(stage.k, world_bundle(&stage.w, &next, stage.w.signer, NULL)),
                ERR_POLICY_SIGNATURE);
        end();
}

static void officers_are_remembered_over_a_restart(void **state)
{
        struct digest first;
        struct rules next;

        (void)state;
        begin(&first);
        reopen();
        next = rules_of(2, &first, 0, 3, 2);
        /* Before the running bundle was loaded again, and after. */
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 1)), ERR_POLICY_SIGNATURE);
        next = rules_of(1, NULL, 0, 3, 2);
        assert_int_equal(
                keeper_load_bundle(stage.k, world_bundle(&stage.w, &next, stage.w.signer, NULL)),
                ERR_OK);
        next = rules_of(2, &first, 0, 3, 2);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 1)), ERR_POLICY_SIGNATURE);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 1, 2)), ERR_OK);
        end();
}

/* New officers sign from the bundle after the one that names them. */
static void officers_hand_over_to_others(void **state)
{
        struct digest first, second;
        struct rules next, taken;
        struct bytes handed;

        (void)state;
        begin(&first);
        next = rules_of(2, &first, 3, 1, 1);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, NULL, 3)), ERR_POLICY_SIGNATURE);
        handed = SIGNED(&next, &second, 0, 1);
        assert_int_equal(keeper_load_bundle(stage.k, handed), ERR_OK);
        reopen();
        assert_int_equal(keeper_load_bundle(stage.k, handed), ERR_OK); /* it ran before */
        taken = rules_of(3, &second, 3, 1, 1);
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&taken, NULL, 0, 1, 2)), ERR_POLICY_SIGNATURE);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&taken, NULL, 3)), ERR_OK);
        end();
}

static void a_successor_cannot_do_away_with_officers(void **state)
{
        struct digest first;
        struct rules next;

        (void)state;
        begin(&first);
        next = world_rules(&stage.w, 2, &first);
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&next, NULL, 0, 1)), ERR_POLICY_SUCCESSION);
        end();
}

static void an_older_bundle_does_not_come_back_however_well_signed(void **state)
{
        struct digest first, second;
        struct rules old, next;
        struct bytes file;

        (void)state;
        begin(&first);
        old = rules_of(1, NULL, 0, 3, 2);
        next = rules_of(2, &first, 0, 3, 2);
        assert_int_equal(keeper_load_bundle(stage.k, SIGNED(&next, &second, 0, 1)), ERR_OK);
        file = SIGNED(&old, NULL, 0, 1, 2);
        assert_int_equal(keeper_load_bundle(stage.k, file), ERR_POLICY_SUCCESSION);
        next = rules_of(4, &second, 0, 3, 2);
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&next, NULL, 0, 1)), ERR_POLICY_SUCCESSION);
        next = rules_of(3, &first, 0, 3, 2);
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&next, NULL, 0, 1)), ERR_POLICY_SUCCESSION);
        next = rules_of(2, &first, 0, 3, 1); /* version 2 once more, another one */
        assert_int_equal(
                keeper_load_bundle(stage.k, SIGNED(&next, NULL, 0, 1)), ERR_POLICY_SUCCESSION);
        end();
}

static void a_signature_given_twice_counts_for_nothing(void **state)
{
        enum { SIGNATURE = SIGN_PUBLIC_LEN + SIGNATURE_LEN };
        struct digest first;
        struct rules next;
        struct bytes once;
        uint8_t *twice, *mine;

        (void)state;
        begin(&first);
        next = rules_of(2, &first, 0, 3, 2);
        once = SIGNED(&next, NULL, 1);
        twice = arena_alloc(stage.w.arena, once.len + SIGNATURE, 1);
        assert_non_null(twice);
        memcpy(twice, once.data, once.len);
        mine = twice + once.len - SIGNATURE;
        memcpy(mine + SIGNATURE, mine, SIGNATURE);
        mine[-1] = 2;
        assert_int_equal(keeper_load_bundle(stage.k, bytes_of(twice, once.len + SIGNATURE)),
                ERR_POLICY_REFUSED);
        /* And under the name of another officer. */
        memcpy(mine + SIGNATURE, publics[2], SIGN_PUBLIC_LEN);
        assert_int_equal(keeper_load_bundle(stage.k, bytes_of(twice, once.len + SIGNATURE)),
                ERR_POLICY_SIGNATURE);
        end();
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_of_three_officers_bring_in_the_next),
                cmocka_unit_test(the_pinned_signer_has_no_say_once_officers_are_named),
                cmocka_unit_test(officers_are_remembered_over_a_restart),
                cmocka_unit_test(officers_hand_over_to_others),
                cmocka_unit_test(a_successor_cannot_do_away_with_officers),
                cmocka_unit_test(an_older_bundle_does_not_come_back_however_well_signed),
                cmocka_unit_test(a_signature_given_twice_counts_for_nothing),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
