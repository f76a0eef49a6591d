/* SPDX-License-Identifier: Apache-2.0 */
/* test_log.c: one line of JSON per event, whatever is put into it. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/log.h"

static int sink; /* an unlinked file that takes the lines */

static int64_t stopped(void)
{
        return INT64_C(1795297735042);
}

static int open_sink(void **state)
{
        char path[] = "/tmp/statgate-test-log-XXXXXX";

        (void)state;
        sink = mkstemp(path);
        if (sink < 0)
                return -1;
        (void)unlink(path);
        (void)fcntl(sink, F_SETFL, O_APPEND);
        log_to(sink, LOG_INFO);
        clock_set_source(stopped);
        return 0;
}

static int close_sink(void **state)
{
        (void)state;
        log_to(STDERR_FILENO, LOG_INFO);
        clock_set_source(NULL);
        return close(sink);
}

/* Everything written so far, ended by a NUL. */
static size_t written(char *out, size_t cap)
{
        ssize_t n = pread(sink, out, cap - 1, 0);

        assert_true(n >= 0);
        out[n] = '\0';
        return (size_t)n;
}

static void an_event_is_one_line_of_json(void **state)
{
        char text[1000];

        (void)state;
        log_event(LOG_WARNING, "batch_rejected", LOG_TEXT("dataset", "placering"),
                LOG_NUM("rows", 12), LOG_NUM("balance", INT64_MIN));
        log_event(LOG_INFO, "ready");
        (void)written(text, sizeof text);
        assert_string_equal(text,
                "{\"time\":\"2026-11-21T21:48:55.042Z\",\"level\":\"warning\","
                "\"event\":\"batch_rejected\",\"dataset\":\"placering\",\"rows\":12,"
                "\"balance\":-9223372036854775808}\n"
                "{\"time\":\"2026-11-21T21:48:55.042Z\",\"level\":\"info\","
                "\"event\":\"ready\"}\n");
}

static void lines_below_the_level_are_not_written(void **state)
{
        char text[1000];

        (void)state;
        log_event(LOG_DEBUG, "detail");
        assert_int_equal(written(text, sizeof text), 0);
        log_to(sink, LOG_ERROR);
        log_event(LOG_WARNING, "hm");
        assert_int_equal(written(text, sizeof text), 0);
}

static void no_text_can_forge_a_line_or_reach_the_terminal(void **state)
{
        char text[1000];

        (void)state;
        log_event(LOG_INFO, "x",
                LOG_TEXT("t", "a\"}\n{\"event\":\"forged\\\x1b[2J\x7f malm\xc3\xb6 \xff\xfe."));
        (void)written(text, sizeof text);
        assert_non_null(
                strstr(text, "\"t\":\"a\\\"}\\u000a{\\\"event\\\":\\\"forged\\\\\\u001b[2J\\u007f "
                             "malm\\ufffd \\ufffd.\"}\n"));
        assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
        for (const char *c = text; *c != '\n'; c++)
                assert_true(*c >= 0x20 && *c < 0x7f);
}

static void a_field_too_long_is_left_out_and_the_line_says_so(void **state)
{
        char text[10000], word[5000];

        (void)state;
        memset(word, 'x', sizeof word - 1);
        word[sizeof word - 1] = '\0';
        log_event(LOG_INFO, "long", LOG_NUM("before", 1), LOG_TEXT("word", word),
                LOG_NUM("after", 2));
        (void)written(text, sizeof text);
        assert_string_equal(text, "{\"time\":\"2026-11-21T21:48:55.042Z\",\"level\":\"info\","
                                  "\"event\":\"long\",\"before\":1,\"cut\":true}\n");
}

static void every_length_of_a_field_leaves_a_whole_line(void **state)
{
        (void)state;
        for (size_t len = 3900; len < 4100; len++) {
                char text[5000], *word = calloc(1, len + 1);

                assert_non_null(word);
                memset(word, '"', len / 2); /* escaped, twice as long */
                assert_int_equal(ftruncate(sink, 0), 0);
                log_event(LOG_INFO, "e", LOG_TEXT("w", word), LOG_TEXT("v", "last"));
                free(word);
                size_t n = written(text, sizeof text);

                assert_true(n >= 2 && n <= 4096);
                assert_string_equal(text + n - 2, "}\n");
                assert_true(strstr(text, "\"v\":\"last\"}") != NULL ||
                            strstr(text, ",\"cut\":true}") != NULL);
        }
}

static void a_log_that_cannot_be_written_disturbs_nobody(void **state)
{
        (void)state;
        log_to(-1, LOG_INFO);
        errno = ENOENT;
        log_event(LOG_ERROR, "lost");
        assert_int_equal(errno, ENOENT);
}

enum { WRITERS = 4, LINES = 200 };

static void *write_lines(void *name)
{
        for (int i = 0; i < LINES; i++)
                log_event(LOG_INFO, "line", LOG_TEXT("writer", name), LOG_NUM("i", i));
        return NULL;
}

static void lines_of_several_threads_do_not_mix(void **state)
{
        static char text[WRITERS * LINES * 200];
        static char names[WRITERS][2] = {"a", "b", "c", "d"};
        pthread_t threads[WRITERS];
        int lines = 0;

        (void)state;
        for (int i = 0; i < WRITERS; i++)
                assert_int_equal(pthread_create(&threads[i], NULL, write_lines, names[i]), 0);
        for (int i = 0; i < WRITERS; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
        (void)written(text, sizeof text);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"), lines++) {
                assert_memory_equal(line, "{\"time\":", 8);
                assert_int_equal(line[strlen(line) - 1], '}');
                assert_null(strchr(line + 1, '{'));
        }
        assert_int_equal(lines, WRITERS * LINES);
}

static void only_named_areas_are_traced(void **state)
{
        (void)state;
        assert_true(trace_on("store"));
        assert_true(trace_on("plan"));
        assert_false(trace_on("stor"));
        assert_false(trace_on("stores"));
        assert_false(trace_on("an"));
        assert_false(trace_on(""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        an_event_is_one_line_of_json, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        lines_below_the_level_are_not_written, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        no_text_can_forge_a_line_or_reach_the_terminal, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        a_field_too_long_is_left_out_and_the_line_says_so, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        every_length_of_a_field_leaves_a_whole_line, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        a_log_that_cannot_be_written_disturbs_nobody, open_sink, close_sink),
                cmocka_unit_test_setup_teardown(
                        lines_of_several_threads_do_not_mix, open_sink, close_sink),
                cmocka_unit_test(only_named_areas_are_traced),
        };

        /* Read once, at the first question. */
        (void)setenv("STATGATE_TRACE", "store,plan", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
