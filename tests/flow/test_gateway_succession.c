/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_succession.c: the next bundle takes over in a running gateway when
 * enough officers have signed it, and otherwise nothing changes. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/secret.h"
#include "policies/sign.h"
#include "tests/support/gateway_delivery.h"

enum { OFFICERS = 3 };

static struct world world;
static struct secret *officers[OFFICERS];
static struct digest running; /* of the bundle in policy/ when it was last signed */

static struct policy *in_folder(void)
{
        struct policy *p = NULL;
        struct refusal why = {0};

        if (policy_load(world_path(&world, "policy"), &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        running = *policy_digest(p);
        return p;
}

/* What the YAML says now, signed by the officers from `first` to before `end`. */
static void sign(unsigned first, unsigned end)
{
        OWNED(policy_unref) struct policy *p = in_folder();
        struct bytes file = {NULL, 0}, copy;

        for (unsigned i = first; i < end; i++) {
                OWNED(buf_done) struct buf out = {.ceiling = 4 << 20};

                assert_int_equal(i == first ? bundle_sign(p, officers[i], &out)
                                            : bundle_sign_also(p, officers[i], file, &out),
                        ERR_OK);
                assert_int_equal(buf_end(&out, &file), ERR_OK);
                assert_int_equal(bytes_copy(world.arena, file, &copy), ERR_OK);
                file = copy;
        }
        world_write(&world, "policy/bundle.sgb", file);
}

static void name_officers(void)
{
        char text[512], hex[OFFICERS][65];

        for (unsigned i = 0; i < OFFICERS; i++) {
                uint8_t public_key[SIGN_PUBLIC_LEN];

                assert_int_equal(sign_keygen(&officers[i], public_key), ERR_OK);
                hex_encode(bytes_of(public_key, sizeof public_key), hex[i]);
        }
        (void)snprintf(text, sizeof text,
                "publish: manual\nsigners:\n  required: 2\n  officers:\n"
                "    - {name: nord, key: \"%s\"}\n    - {name: mitt, key: \"%s\"}\n"
                "    - {name: syd, key: \"%s\"}\n",
                hex[0], hex[1], hex[2]);
        world_edit(&world, "policy/bundle.yaml", "publish: manual", text);
}

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        name_officers();
        world_sign(&world, world.officer);
        policy_unref(&(struct policy *){in_folder()});
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        for (unsigned i = 0; i < OFFICERS; i++)
                secret_free(&officers[i]);
        world_remove(&world);
        return 0;
}

/* The YAML becomes version `version`, the successor of the one signed before. */
static void next_version(unsigned version)
{
        static char predecessor[80] = "predecessor: none";
        char from[32], to[32], hex[65], next[80];

        (void)snprintf(from, sizeof from, "version: %u", version - 1);
        (void)snprintf(to, sizeof to, "version: %u", version);
        world_edit(&world, "policy/bundle.yaml", from, to);
        hex_encode(bytes_of(running.bytes, sizeof running.bytes), hex);
        (void)snprintf(next, sizeof next, "predecessor: %s", hex);
        world_edit(&world, "policy/bundle.yaml", predecessor, next);
        memcpy(predecessor, next, sizeof next);
}

static enum status reload(void)
{
        return world_call(&world, world_client(&world, WORLD_OPERATOR), "Operations/Reload",
                bytes_of(NULL, 0));
}

static bool told(const char *text)
{
        for (uint32_t i = 0; i < world_status.details.len; i++)
                if (strstr(world_status.details.violations[i].text, text) != NULL)
                        return true;
        return false;
}

static uint64_t version_in_force(void)
{
        struct wire_status s;

        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/GetStatus", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(status_decode(world.arena, world_answer, &s), ERR_OK);
        return s.policy_version;
}

static void too_few_signatures_change_nothing(void **state)
{
        (void)state;
        next_version(2);
        sign(0, 1);
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("bundle.sgb"));
        assert_true(told("signed by 1 of the officers who may, and 2 must"));
        assert_int_equal(version_in_force(), 1);
        /* Nor is the signer of the first bundle one of them. */
        world_sign(&world, world.officer);
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_true(told("signed by 0 of the officers"));
}

static void enough_signatures_bring_the_next_into_force(void **state)
{
        struct wire_reloaded reloaded;

        (void)state;
        sign(1, 3);
        assert_int_equal(reload(), STATUS_OK);
        assert_int_equal(reloaded_decode(world.arena, world_answer, &reloaded), ERR_OK);
        assert_true(reloaded.policy_changed);
        assert_int_equal(reloaded.policy_version, 2);
        assert_int_equal(reload(), STATUS_OK); /* and once more, which changes nothing */
        assert_int_equal(reloaded_decode(world.arena, world_answer, &reloaded), ERR_OK);
        assert_false(reloaded.policy_changed);
}

static void a_signal_reloads_too(void **state)
{
        (void)state;
        next_version(3);
        sign(0, 3);
        assert_int_equal(kill(world.pid, SIGHUP), 0);
        for (unsigned waited = 0; version_in_force() != 3; waited += 10) {
                assert_true(waited < 20000);
                nap(10);
        }
}

static void rules_that_nobody_signed_are_not_read(void **state)
{
        (void)state;
        world_edit(&world, "policy/bundle.yaml", "publish: manual", "publish: automatic");
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_true(told("something else than what was signed"));
        world_edit(&world, "policy/bundle.yaml", "publish: automatic", "publish: manual");
        assert_int_equal(reload(), STATUS_OK);
}

static void the_way_back_is_closed(void **state)
{
        (void)state;
        world_edit(&world, "policy/bundle.yaml", "version: 3", "version: 2");
        struct digest now = running;
        sign(0, 3);
        running = now;
        assert_int_equal(reload(), STATUS_FAILED_PRECONDITION);
        assert_true(told("a newer version is running"));
        assert_int_equal(version_in_force(), 3);
        assert_int_equal(world_stop(&world), 0);
        /* The gateway has forgotten; the keeper has not. */
        const struct world_start plain = {0};
        assert_int_not_equal(world_try(&world, &plain), WORLD_UP);
        assert_true(world_said(&world, "the keeper refuses it"));
        world_edit(&world, "policy/bundle.yaml", "version: 2", "version: 3");
        sign(0, 3);
        world_start(&world);
        assert_int_equal(version_in_force(), 3);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(too_few_signatures_change_nothing),
                cmocka_unit_test(enough_signatures_bring_the_next_into_force),
                cmocka_unit_test(a_signal_reloads_too),
                cmocka_unit_test(rules_that_nobody_signed_are_not_read),
                cmocka_unit_test(the_way_back_is_closed),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
