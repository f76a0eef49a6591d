/* SPDX-License-Identifier: Apache-2.0 */
/* test_ruling.c: the bundle in force is kept whole or not at all, and comes back as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/ruling.h"
#include "tests/support/protected_bundle.h"

static char folder[] = "/tmp/statgate-ruling-XXXXXX";
static struct small_bundle bundle = {folder, protected_files, PROTECTED_FILES};
static char path[80];

static struct policy *first(void)
{
        return small_bundle_policy(&bundle, NULL, "", "");
}

static struct policy *second(void)
{
        return small_bundle_policy(&bundle, "b.yaml", "threshold: 6", "threshold: 7");
}

static void assert_kept(const struct policy *p)
{
        OWNED(policy_unref) struct policy *kept = NULL;

        assert_int_equal(ruling_read(path, &kept), ERR_OK);
        assert_memory_equal(policy_digest(kept), policy_digest(p), sizeof(struct digest));
        assert_true(bytes_equal(policy_canonical(kept), policy_canonical(p)));
}

static void what_is_kept_comes_back_though_its_folder_has_changed(void **state)
{
        OWNED(policy_unref) struct policy *p = first();
        OWNED(policy_unref) struct policy *q = NULL;
        OWNED(policy_unref) struct policy *none = NULL;
        struct stat st;

        (void)state;
        assert_int_equal(ruling_read(path, &none), ERR_NOT_FOUND);
        assert_int_equal(ruling_keep(path, folder, p), ERR_OK);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        q = second();
        assert_kept(p);
        assert_int_equal(ruling_keep(path, folder, q), ERR_OK);
        assert_kept(q);
}

static void files_that_have_changed_since_are_not_kept_for_those_that_were_read(void **state)
{
        OWNED(policy_unref) struct policy *p = first();
        OWNED(policy_unref) struct policy *q = NULL;

        (void)state;
        assert_int_equal(ruling_keep(path, folder, p), ERR_OK);
        q = second();
        assert_int_equal(ruling_keep(path, folder, p), ERR_CONFLICT);
        assert_kept(p);
}

static void write_file(const void *data, size_t len)
{
        FILE *f = fopen(path, "we");

        assert_non_null(f);
        assert_int_equal(fwrite(data, 1, len, f), len);
        assert_int_equal(fclose(f), 0);
}

static void what_is_cut_short_or_changed_is_no_copy_of_it(void **state)
{
        OWNED(policy_unref) struct policy *p = first();
        static char whole[1 << 20];

        (void)state;
        assert_int_equal(ruling_keep(path, folder, p), ERR_OK);
        FILE *f = fopen(path, "re");

        assert_non_null(f);
        size_t len = fread(whole, 1, sizeof whole, f);

        assert_int_equal(fclose(f), 0);
        for (size_t cut = 0; cut < len; cut += 1 + len / 16) {
                OWNED(policy_unref) struct policy *got = NULL;

                write_file(whole, cut);
                assert_int_not_equal(ruling_read(path, &got), ERR_OK);
                assert_null(got);
        }
        /* One that reads is another bundle by its digest, which is what is compared. */
        char *at = memmem(whole, len, "threshold: 6", 12);

        assert_non_null(at);
        at[11] = '2';
        write_file(whole, len);
        OWNED(policy_unref) struct policy *got = NULL;

        assert_int_equal(ruling_read(path, &got), ERR_OK);
        assert_memory_not_equal(policy_digest(got), policy_digest(p), sizeof(struct digest));
}

/* Each write and sync fails in turn. */
static void a_write_that_fails_leaves_the_one_before_or_the_new_one(void **state)
{
        static const char *const seams[] = {"write", "sync"};
        OWNED(policy_unref) struct policy *p = first();
        OWNED(policy_unref) struct policy *q = NULL;
        char fresh[96];
        unsigned failed = 0;

        (void)state;
        (void)snprintf(fresh, sizeof fresh, "%s.tmp", path);
        for (size_t s = 0; s < ARRAY_LEN(seams); s++) {
                for (unsigned nth = 0;; nth++) {
                        policy_unref(&p);
                        policy_unref(&q);
                        p = first();
                        assert_int_equal(ruling_keep(path, folder, p), ERR_OK);
                        q = second();
                        (void)!fault_arm(seams[s], nth);
                        enum err e = ruling_keep(path, folder, q);

                        fault_disarm();
                        if (e == ERR_OK) {
                                assert_kept(q);
                                break;
                        }
                        failed++;
                        assert_int_equal(e, ERR_IO);
                        /* Only that the folder was synced came after the renaming. */
                        assert_kept(s == 1 && nth == 1 ? q : p);
                        assert_int_equal(access(fresh, F_OK), -1);
                }
        }
        assert_true(failed >= 3);
}

static int set_up(void **state)
{
        (void)state;
        (void)snprintf(folder, sizeof folder, "/tmp/statgate-ruling-XXXXXX");
        if (small_bundle_make(&bundle) != 0)
                return -1;
        (void)snprintf(path, sizeof path, "%s.kept", folder);
        return 0;
}

static int tear_down(void **state)
{
        (void)state;
        (void)unlink(path);
        return small_bundle_remove(&bundle);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                CASE(what_is_kept_comes_back_though_its_folder_has_changed),
                CASE(files_that_have_changed_since_are_not_kept_for_those_that_were_read),
                CASE(what_is_cut_short_or_changed_is_no_copy_of_it),
                CASE(a_write_that_fails_leaves_the_one_before_or_the_new_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
