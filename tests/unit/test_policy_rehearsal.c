/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy_rehearsal.c: whoever weakens protection has been shown what it means: the report of a
 * rehearsal of this very bundle against the one that it follows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "policies/rehearsal.h"
#include "tests/support/language_bundle.h"

static char folder[] = "/tmp/statgate-rehearsal-XXXXXX";
static struct small_bundle bundle = {folder, language_files, LANGUAGE_FILES};
static struct policy *before;

static void forget_report(void)
{
        char path[128];

        (void)snprintf(path, sizeof path, "%s/" REHEARSAL_FILE, bundle.folder);
        (void)unlink(path);
}

static struct policy *load(void)
{
        struct policy *p = NULL;
        struct refusal why;

        if (small_bundle_load(&bundle, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

/* The bundle with a lower, or a higher threshold in its data sets' common part. */
static struct policy *changed(const char *find, const char *replace)
{
        char place[64], text[128];

        (void)snprintf(text, sizeof text, "@@%s", replace);
        small_bundle_write(&bundle);
        for (size_t i = 0; i < LANGUAGE_FILES; i++)
                if (strstr(language_files[i].text, find) != NULL) {
                        small_bundle_write_broken(
                                &bundle, language_files[i].name, find, text, place, sizeof place);
                        return load();
                }
        fail_msg("no file holds %s", find);
        return NULL;
}

static struct policy *weaker(void)
{
        return changed("{threshold: 5, zeros: protect}", "{threshold: 4, zeros: protect}");
}

static void write_report(const struct digest *proposed, const struct digest *running)
{
        const struct rehearsal_head head = {*proposed, *running};
        OWNED(buf_done) struct buf out;

        buf_init(&out, 4096);
        rehearsal_put(&out, &head);
        put_raw(&out, "questions 3\n", 12);
        put_u8(&out, 0);
        small_bundle_write_file(&bundle, REHEARSAL_FILE, (const char *)out.data);
}

static enum err judged(const struct policy *next, bool *out_weakens, struct refusal *why)
{
        *why = (struct refusal){0};
        return policy_rehearsed(before, next, out_weakens, why);
}

static bool says(const struct refusal *why, const char *what)
{
        for (uint32_t i = 0; i < why->len; i++)
                if (strstr(why->violations[i].text, what) != NULL)
                        return true;
        return false;
}

static void what_weakens_needs_a_report(void **state)
{
        OWNED(policy_unref) struct policy *next = NULL;
        struct refusal why;
        bool weakens = false;

        (void)state;
        forget_report();
        next = weaker();
        assert_int_equal(judged(next, &weakens, &why), ERR_POLICY_REFUSED);
        assert_true(weakens);
        assert_true(says(&why, "protection weakens"));
        assert_true(says(&why, "statgate policy rehearse"));
}

static void what_strengthens_needs_none(void **state)
{
        OWNED(policy_unref) struct policy *next = NULL;
        struct refusal why;
        bool weakens = true;

        (void)state;
        forget_report();
        next = changed("{threshold: 5, zeros: protect}", "{threshold: 6, zeros: protect}");
        assert_int_equal(judged(next, &weakens, &why), ERR_OK);
        assert_false(weakens);
}

static void its_own_report_is_enough(void **state)
{
        OWNED(policy_unref) struct policy *plain = NULL;
        OWNED(policy_unref) struct policy *next = NULL;
        struct digest identity, again, digest;
        struct bytes report;
        struct refusal why;
        bool weakens;

        (void)state;
        forget_report();
        plain = weaker();
        assert_false(policy_rehearsal(plain, &report, &digest));
        assert_int_equal(policy_identity(plain, &identity), ERR_OK);
        assert_true(digest_equal(&identity, policy_digest(plain)));
        write_report(&identity, policy_digest(before));
        next = load();
        assert_true(policy_rehearsal(next, &report, &digest));
        assert_false(digest_equal(policy_digest(next), policy_digest(plain)));
        assert_int_equal(policy_identity(next, &again), ERR_OK);
        assert_true(digest_equal(&identity, &again));
        assert_int_equal(judged(next, &weakens, &why), ERR_OK);
        assert_true(weakens);
}

static void another_report_is_not(void **state)
{
        OWNED(policy_unref) struct policy *plain = NULL;
        struct digest identity, other = {{1}};
        struct refusal why;
        bool weakens;

        (void)state;
        forget_report();
        plain = weaker();
        assert_int_equal(policy_identity(plain, &identity), ERR_OK);
        for (unsigned i = 0; i < 3; i++) {
                OWNED(policy_unref) struct policy *next = NULL;

                if (i == 0)
                        write_report(&other, policy_digest(before));
                else if (i == 1)
                        write_report(&identity, &other);
                else
                        small_bundle_write_file(&bundle, REHEARSAL_FILE, "statgate-rehearsal 1\n");
                next = load();
                assert_int_equal(judged(next, &weakens, &why), ERR_POLICY_REFUSED);
                assert_true(says(&why, i == 0   ? "is about another bundle"
                                       : i == 1 ? "against another bundle"
                                                : "is no report"));
        }
}

static void a_bundle_that_was_changed_after_its_rehearsal_is_refused(void **state)
{
        OWNED(policy_unref) struct policy *plain = NULL;
        OWNED(policy_unref) struct policy *next = NULL;
        struct digest identity;
        struct refusal why;
        bool weakens;

        (void)state;
        forget_report();
        plain = weaker();
        assert_int_equal(policy_identity(plain, &identity), ERR_OK);
        write_report(&identity, policy_digest(before));
        next = changed("{threshold: 5, zeros: protect}", "{threshold: 3, zeros: protect}");
        assert_int_equal(judged(next, &weakens, &why), ERR_POLICY_REFUSED);
        assert_true(says(&why, "is about another bundle"));
}

static void heads_are_read_strictly(void **state)
{
        struct rehearsal_head in = {{{7}}, {{8}}}, out;
        OWNED(buf_done) struct buf text;

        (void)state;
        buf_init(&text, 4096);
        rehearsal_put(&text, &in);
        assert_int_equal(rehearsal_read(bytes_of(text.data, text.len), &out), ERR_OK);
        assert_true(digest_equal(&in.proposed, &out.proposed));
        assert_true(digest_equal(&in.running, &out.running));
        for (size_t i = 0; i < text.len; i++) {
                uint8_t kept = text.data[i];

                assert_int_equal(rehearsal_read(bytes_of(text.data, i), &out), ERR_MALFORMED);
                text.data[i] = '~';
                assert_int_equal(
                        rehearsal_read(bytes_of(text.data, text.len), &out), ERR_MALFORMED);
                text.data[i] = kept;
        }
}

static int up(void **state)
{
        (void)state;
        assert_int_equal(small_bundle_make(&bundle), 0);
        small_bundle_write(&bundle);
        before = load();
        return 0;
}

static int down(void **state)
{
        (void)state;
        policy_unref(&before);
        forget_report();
        return small_bundle_remove(&bundle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_weakens_needs_a_report),
                cmocka_unit_test(what_strengthens_needs_none),
                cmocka_unit_test(its_own_report_is_enough),
                cmocka_unit_test(another_report_is_not),
                cmocka_unit_test(a_bundle_that_was_changed_after_its_rehearsal_is_refused),
                cmocka_unit_test(heads_are_read_strictly),
        };

        return cmocka_run_group_tests(tests, up, down);
}
