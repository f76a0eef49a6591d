/* SPDX-License-Identifier: Apache-2.0 */
/* broken_bundle.c: bundles that are wrong in one place.
 *
 * A complaint is worth something when it points at the fault. So a case replaces one
 * piece of one file, and a mark in the replacement says where the complaint must stand. */
#include "tests/support/broken_bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

int small_bundle_make(struct small_bundle *b)
{
        return mkdtemp(b->folder) != NULL ? 0 : -1;
}

int small_bundle_remove(struct small_bundle *b)
{
        for (size_t i = 0; i < b->len; i++) {
                char path[256];

                (void)snprintf(path, sizeof path, "%s/%s", b->folder, b->files[i].name);
                (void)unlink(path);
        }
        return rmdir(b->folder);
}

void small_bundle_write_file(const struct small_bundle *b, const char *name, const char *text)
{
        char path[256];
        FILE *file;

        (void)snprintf(path, sizeof path, "%s/%s", b->folder, name);
        file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs(text, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

void small_bundle_write(const struct small_bundle *b)
{
        for (size_t i = 0; i < b->len; i++)
                small_bundle_write_file(b, b->files[i].name, b->files[i].text);
}

/* Lines from 1; columns are characters, not bytes. */
static void tell_place(
        const char *name, const char *text, const char *mark, char *place, size_t cap)
{
        int line = 1, column = 1;

        for (const char *c = text; c < mark; c++) {
                column += (*c & 0xc0) != 0x80;
                if (*c == '\n') {
                        line++;
                        column = 1;
                }
        }
        (void)snprintf(place, cap, "%s:%d:%d", name, line, column);
}

void small_bundle_write_broken(const struct small_bundle *b, const char *name, const char *find,
        const char *replace, char *place, size_t cap)
{
        for (size_t i = 0; i < b->len; i++) {
                const char *good = b->files[i].text, *at;
                char *text, *mark;

                if (strcmp(b->files[i].name, name) != 0)
                        continue;
                at = strstr(good, find);
                if (at == NULL)
                        fail_msg("%s does not hold: %s", name, find);
                assert_true(asprintf(&text, "%.*s%s%s", (int)(at - good), good, replace,
                                    at + strlen(find)) > 0);
                mark = strstr(text, "@@");
                assert_non_null(mark);
                memmove(mark, mark + 2, strlen(mark + 2) + 1);
                tell_place(name, text, mark, place, cap);
                small_bundle_write_file(b, name, text);
                free(text);
                return;
        }
        fail_msg("no file %s", name);
}

enum err small_bundle_load(const struct small_bundle *b, struct policy **out, struct refusal *why)
{
        *why = (struct refusal){0};
        return policy_load(b->folder, out, why);
}

static bool is_told(const struct small_bundle *b, const struct bundle_fault *f, size_t number)
{
        OWNED(policy_unref) struct policy *p = NULL;
        bool marked = strstr(f->replace, "@@") != NULL, told = false;
        char place[64] = "", replacement[1024];
        struct refusal why;

        (void)snprintf(replacement, sizeof replacement, "%s%s", f->replace, marked ? "" : "@@");
        small_bundle_write(b);
        small_bundle_write_broken(b, f->file, f->find, replacement, place, sizeof place);
        if (small_bundle_load(b, &p, &why) != ERR_POLICY_REFUSED)
                fail_msg("case %zu is not refused: %s", number, f->replace);
        assert_null(p);
        assert_int_equal(why.code, ERR_POLICY_REFUSED);
        assert_true(why.len > 0);
        for (uint32_t v = 0; v < why.len; v++)
                told |= (!marked || strcmp(why.violations[v].field, place) == 0) &&
                        (f->says == NULL || strstr(why.violations[v].text, f->says) != NULL);
        if (!told)
                print_error("case %zu wants %s (%s), hears %s: %s\n", number, place,
                        f->says == NULL ? "" : f->says, why.violations[0].field,
                        why.violations[0].text);
        return told;
}

unsigned small_bundle_faults(
        const struct small_bundle *b, const struct bundle_fault *faults, size_t len)
{
        unsigned wrong = 0;

        for (size_t i = 0; i < len; i++)
                wrong += !is_told(b, &faults[i], i);
        return wrong;
}

struct policy *small_bundle_policy(
        const struct small_bundle *b, const char *file, const char *find, const char *replace)
{
        struct policy *p = NULL;
        struct refusal why;
        char place[64], marked[1024];

        small_bundle_write(b);
        (void)snprintf(marked, sizeof marked, "@@%s", replace);
        if (file != NULL)
                small_bundle_write_broken(b, file, find, marked, place, sizeof place);
        if (small_bundle_load(b, &p, &why) != ERR_OK)
                fail_msg("%s: %s (%s)", why.violations[0].field, why.violations[0].text, replace);
        return p;
}
