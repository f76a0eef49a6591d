/* SPDX-License-Identifier: Apache-2.0 */
/* test_yaml.c: text to tree with positions, and everything a file of rules must
 * not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/yaml.h"
#include "tests/support/busy.h"

enum { ARENA = 256 << 20 };

static enum err read_text(struct arena *a, const char *text, struct yaml **out, struct refusal *why)
{
        *why = (struct refusal){0};
        return yaml_read_text(a, "x.yaml", bytes_of_text(text), out, why);
}

static void a_tree_knows_its_places(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct yaml *y = NULL;
        struct refusal why;
        const struct yaml *b;

        (void)state;
        assert_int_equal(
                read_text(a, "a: 1\nb:\n  - x\n  - {c: \"0114\", d: }\n", &y, &why), ERR_OK);
        assert_int_equal(y->kind, YAML_MAPPING);
        assert_int_equal(y->len, 2);
        assert_true(bytes_is_text(yaml_find(y, "a")->text, "1"));
        assert_false(yaml_find(y, "a")->quoted);
        b = yaml_find(y, "b");
        assert_int_equal(b->kind, YAML_SEQUENCE);
        assert_int_equal(b->items[0].line, 3);
        assert_int_equal(b->items[0].column, 5);
        assert_true(bytes_is_text(yaml_find(&b->items[1], "c")->text, "0114"));
        assert_true(yaml_find(&b->items[1], "c")->quoted);
        assert_int_equal(yaml_find(&b->items[1], "d")->text.len, 0);
        assert_int_equal(b->items[1].key_places[1].line, 4);
        assert_int_equal(b->items[1].key_places[1].column, 17);
        assert_null(yaml_find(y, "c"));
        assert_null(yaml_find(b, "a"));
        assert_string_equal(y->file, "x.yaml");
}

static void text_stays_text(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct yaml *y = NULL;
        struct refusal why;

        (void)state;
        assert_int_equal(read_text(a,
                                 "a: no\nb: 0114\nc: >-\n  en\n  två\nd: 'it''s'\ne: \"\\u00e5\"\n"
                                 "f: 2025-01-01\ng: ~\n",
                                 &y, &why),
                ERR_OK);
        assert_true(bytes_is_text(yaml_find(y, "a")->text, "no"));
        assert_true(bytes_is_text(yaml_find(y, "b")->text, "0114"));
        assert_true(bytes_is_text(yaml_find(y, "c")->text, "en två"));
        assert_true(bytes_is_text(yaml_find(y, "d")->text, "it's"));
        assert_true(bytes_is_text(yaml_find(y, "e")->text, "å"));
        assert_true(bytes_is_text(yaml_find(y, "f")->text, "2025-01-01"));
        assert_true(bytes_is_text(yaml_find(y, "g")->text, "~"));
}

/* What, where, and a piece of what is said. */
static const struct {
        const char *text, *place, *says;
} refused[] = {
        {"a: &x 1\nb: *x\n", "x.yaml:1:", "anchors"},
        {"a: 1\nb: *x\n", "x.yaml:2:", "alias"},
        {"a: !!str 1\n", "x.yaml:1:", "tags"},
        {"a: !x {b: 1}\n", "x.yaml:1:", "tags"},
        {"a: &y [1]\n", "x.yaml:1:", "anchors"},
        {"a: 1\nb: 2\na: 3\n", "x.yaml:3:1", "stands twice"},
        {"a: {b: 1, c: 2, b: 3}\n", "x.yaml:1:17", "stands twice"},
        {"a: 1\n\"a\": 2\n", "x.yaml:2:1", "stands twice"},
        {"a: 1\n---\nb: 2\n", "x.yaml:2:1", "more than one document"},
        {"", "x.yaml:1:1", "empty"},
        {"# only a comment\n", "x.yaml:1:1", "empty"},
        {"[a, b]: c\n", "x.yaml:1:", "key must be plain"},
        {"? {a: b}\n: c\n", "x.yaml:1:", "key must be plain"},
        {"a: [1, 2\n", "x.yaml:", ""},
        {"a: b: c\n", "x.yaml:1:", ""},
        {"a:\n\t- b\n", "x.yaml:", ""},
        {"a: \"open\n", "x.yaml:", ""},
        {"a: 1\n b: 2\n", "x.yaml:1:4", ""},
        {"a: \x01\n", "x.yaml:1:1", "printable"},
        {"a: 1\nb: \xff\n", "x.yaml:2:1", "printable"},
        {"a: 1\n\nb: \xc2\x9b\n", "x.yaml:3:1", "printable"},
        {"a: 1\r\nb: \xed\xa0\x80\r\n", "x.yaml:2:1", "printable"},
};

static void what_hides_or_repeats_is_refused_with_its_place(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                struct yaml *y = NULL;
                struct refusal why;
                enum err rc = read_text(a, refused[i].text, &y, &why);

                if (rc != ERR_CONFIG || why.len == 0 ||
                        strncmp(why.violations[0].field, refused[i].place,
                                strlen(refused[i].place)) != 0 ||
                        strstr(why.violations[0].text, refused[i].says) == NULL)
                        fail_msg("case %zu: %s, %s: %s", i, err_name(rc), why.violations[0].field,
                                why.violations[0].text);
                assert_null(y);
        }
}

static void a_nul_is_not_the_end(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct yaml *y = NULL;
        struct refusal why = {0};

        (void)state;
        assert_int_equal(yaml_read_text(a, "x", bytes_of("a: 1\0b: 2", 9), &y, &why), ERR_CONFIG);
}

/* Nine levels of nine aliases: 387 million nodes, if anybody expanded them. */
static void a_bomb_is_refused_at_once(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        char text[1024] = "a: &a [x,x,x,x,x,x,x,x,x]\n";
        int64_t from = busy_ns();
        struct yaml *y = NULL;
        struct refusal why;

        (void)state;
        for (char c = 'b'; c <= 'i'; c++) {
                char line[80];

                (void)snprintf(line, sizeof line, "%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n",
                        c, c, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
                strcat(text, line);
        }
        assert_int_equal(read_text(a, text, &y, &why), ERR_CONFIG);
        assert_true(busy_ns() - from < 1000000000);
        assert_true(arena_used(a) < 1 << 20);
}

static char *repeat(const char *piece, size_t times)
{
        size_t len = strlen(piece);
        char *text = malloc(len * times + 1);

        for (size_t i = 0; i < times; i++)
                memcpy(text + i * len, piece, len);
        text[len * times] = '\0';
        return text;
}

static void depth_and_nodes_have_ceilings(void **state)
{
        static const struct {
                const char *piece;
                size_t times;
                const char *says;
        } cases[] = {
                {"[", 17, "levels deep"},
                {"[", 1000000, "levels deep"},
                {"{a: ", 500000, "levels deep"},
                {"- ", 1000000, "levels deep"},
                {"- x\n", YAML_NODES_MAX, "nodes"},
                {"[],", 1000000, ""},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                OWNED(arena_free) struct arena *a = arena_new(ARENA);
                char *text = repeat(cases[i].piece, cases[i].times);
                int64_t from = busy_ns();
                struct yaml *y = NULL;
                struct refusal why;

                assert_int_equal(read_text(a, text, &y, &why), ERR_CONFIG);
                if (strstr(why.violations[0].text, cases[i].says) == NULL)
                        fail_msg("case %zu: %s", i, why.violations[0].text);
                assert_true(busy_ns() - from < INT64_C(10000000000));
                free(text);
        }
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct yaml *y = NULL;
        struct refusal why;
        assert_int_equal(read_text(a, "[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]", &y, &why), ERR_OK);
}

static void a_huge_file_is_refused_unread(void **state)
{
        char path[] = "/tmp/statgate-yaml-XXXXXX";
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        int fd = mkstemp(path);
        int64_t from = busy_ns();
        struct refusal why = {0};
        struct yaml *y = NULL;

        (void)state;
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, 100 << 20), 0);
        assert_int_equal(yaml_read_file(a, path, &y, &why), ERR_CONFIG);
        assert_true(busy_ns() - from < 100000000);
        assert_true(arena_used(a) < 1 << 16);
        assert_int_equal(ftruncate(fd, 0), 0);
        assert_int_equal(write(fd, "a: b\n", 5), 5);
        assert_int_equal(yaml_read_file(a, path, &y, &why), ERR_OK);
        assert_string_equal(y->file, path);
        (void)close(fd);
        (void)unlink(path);
        assert_int_equal(yaml_read_file(a, path, &y, &why), ERR_UNREADABLE);
        assert_int_equal(yaml_read_file(a, "/tmp", &y, &why), ERR_UNREADABLE);
        assert_int_equal(yaml_read_file(a, "/dev/zero", &y, &why), ERR_UNREADABLE);
}

static void typed_reads_take_what_they_say(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        static const char *const words[] = {"red", "green", NULL};
        struct yaml *y = NULL;
        struct refusal why;
        struct bytes text = {0};
        int64_t n = 7;
        bool b = true;
        uint32_t word = 9;

        (void)state;
        assert_int_equal(
                read_text(a, "t: text\nn: -12\nyes: yes\nno: no\nw: green\ne: \"\"\nl: [1]\n", &y,
                        &why),
                ERR_OK);
        assert_int_equal(yaml_text(y, "t", true, &text, &why), ERR_OK);
        assert_true(bytes_is_text(text, "text"));
        assert_int_equal(yaml_integer(y, "n", true, -12, 5, &n, &why), ERR_OK);
        assert_int_equal(n, -12);
        assert_int_equal(yaml_integer(y, "n", true, -11, 5, &n, &why), ERR_CONFIG);
        assert_int_equal(yaml_integer(y, "t", true, -11, 5, &n, &why), ERR_CONFIG);
        assert_int_equal(yaml_integer(y, "absent", false, 0, 5, &n, &why), ERR_OK);
        assert_int_equal(n, -12);
        assert_int_equal(yaml_integer(y, "absent", true, 0, 5, &n, &why), ERR_CONFIG);
        assert_int_equal(yaml_boolean(y, "no", true, &b, &why), ERR_OK);
        assert_false(b);
        assert_int_equal(yaml_boolean(y, "yes", true, &b, &why), ERR_OK);
        assert_true(b);
        assert_int_equal(yaml_boolean(y, "absent", false, &b, &why), ERR_OK);
        assert_true(b);
        assert_int_equal(yaml_boolean(y, "t", true, &b, &why), ERR_CONFIG);
        assert_int_equal(yaml_word(y, "w", true, words, &word, &why), ERR_OK);
        assert_int_equal(word, 1);
        assert_int_equal(yaml_text(y, "e", true, &text, &why), ERR_CONFIG);
        assert_int_equal(yaml_text(y, "l", true, &text, &why), ERR_CONFIG);
}

static void an_unknown_key_gets_its_nearest_neighbour(void **state)
{
        static const char *const known[] = {"threshold", "zeros", NULL};
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct yaml *y = NULL;
        struct refusal why;

        (void)state;
        assert_int_equal(read_text(a, "zeros: 1\n  \ntreshold: 5\nqqqq: 1\n", &y, &why), ERR_OK);
        assert_int_equal(yaml_known_keys(y, known, &why), ERR_CONFIG);
        assert_int_equal(why.len, 2);
        assert_string_equal(why.violations[0].field, "x.yaml:3:1");
        assert_non_null(strstr(why.violations[0].text, "did you mean `threshold`?"));
        assert_string_equal(why.violations[1].field, "x.yaml:4:1");
        assert_null(strstr(why.violations[1].text, "did you mean"));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_tree_knows_its_places),
                cmocka_unit_test(text_stays_text),
                cmocka_unit_test(what_hides_or_repeats_is_refused_with_its_place),
                cmocka_unit_test(a_nul_is_not_the_end),
                cmocka_unit_test(a_bomb_is_refused_at_once),
                cmocka_unit_test(depth_and_nodes_have_ceilings),
                cmocka_unit_test(a_huge_file_is_refused_unread),
                cmocka_unit_test(typed_reads_take_what_they_say),
                cmocka_unit_test(an_unknown_key_gets_its_nearest_neighbour),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
