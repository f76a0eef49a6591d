/* SPDX-License-Identifier: Apache-2.0 */
/* test_decisions.c: the decision tables in tests/decisions, which a data-protection
 * officer can read and add to, against the national bundle.
 *
 *   on: 2026-05-04            the day that is "today" in rows without one
 *   rows:
 *     - {who: statistician, ask: placering, for: uppfoljning, by: "start:dag",
 *        answer: refused, says: coarser levels only}
 *
 * A row asks (ask, for, by, where, measure), delivers (deliver, period) or erases
 * (erase: yes). `says` is a piece of the sentence that refuses. What is asked is
 * explained too, and the explanation must come to the same end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/report.h"
#include "policies/yaml.h"

enum { ROWS_MIN = 300, MS_PER_DAY = 86400000 };

static struct policy *policy;
static struct arena *arena;
static unsigned rows_seen, rows_wrong;

struct row {
        const struct yaml *at;
        struct principal who;
        int64_t now_ms;
        struct bytes answer, says;
};

static struct bytes word(const struct yaml *m, const char *key)
{
        struct bytes text = {NULL, 0};
        struct refusal why = {0};

        assert_int_equal(yaml_text(m, key, false, &text, &why), ERR_OK);
        return text;
}

static void split(struct bytes text, struct bytes *first, struct bytes *second)
{
        const uint8_t *colon = text.len > 0 ? memchr(text.data, ':', text.len) : NULL;
        size_t len = colon != NULL ? (size_t)(colon - text.data) : text.len;

        *first = bytes_of(text.data, len);
        *second = colon != NULL ? bytes_of(colon + 1, text.len - len - 1) : (struct bytes){NULL, 0};
}

/* "statistician", "municipality/0180" */
static struct principal read_who(struct bytes text)
{
        const uint8_t *slash = memchr(text.data, '/', text.len);
        size_t len = slash != NULL ? (size_t)(slash - text.data) : text.len;
        struct principal who = {
                .role = role_find((const char *)text.data, (uint32_t)len),
        };

        assert_int_not_equal(who.role, ROLE_NONE);
        if (slash != NULL)
                assert_true(municipality_parse((const char *)slash + 1,
                        (uint32_t)(text.len - len - 1), &who.municipality));
        return who;
}

static int64_t read_day(struct bytes text)
{
        int32_t days = 0;

        assert_int_equal(days_parse((const char *)text.data, text.len, &days), ERR_OK);
        return (int64_t)days * MS_PER_DAY + MS_PER_DAY / 2;
}

/* Asking ------------------------------------------------------------------ */

static enum err explained(const struct row *r, const struct query *q)
{
        struct report report;
        bool allowed = false;

        report_init(&report, arena, REPORT_EN);
        assert_int_equal(policy_explain(policy, &r->who, q, r->now_ms, &report, &allowed), ERR_OK);
        return allowed ? ERR_OK : ERR_NOT_ALLOWED;
}

static enum err ask(const struct row *r, struct refusal *why)
{
        struct query q = {.dataset = word(r->at, "ask"), .purpose = word(r->at, "for")};
        struct bytes by = word(r->at, "by"), where = word(r->at, "where");
        struct bytes measure = word(r->at, "measure"), kind;
        const struct policy_dataset *d = NULL;
        struct dimension_ref dimension;
        struct measure_ref asked;
        struct filter filter;
        enum err e;

        if (by.len > 0) {
                split(by, &dimension.variable, &dimension.level);
                q.dimensions = &dimension;
                q.dimensions_len = 1;
        }
        if (where.len > 0) {
                assert_int_equal(filter_parse(arena, where, &filter, why), ERR_OK);
                q.filters = &filter;
                q.filters_len = 1;
        }
        if (measure.len > 0) {
                split(measure, &kind, &asked.variable);
                asked.kind = measure_kind_find(kind);
                q.measures = &asked;
                q.measures_len = 1;
        }
        struct decision decision = {0};

        e = decide_query(policy, &r->who, &q, r->now_ms, &decision, why);
        d = decision.dataset;
        assert_true((e == ERR_OK) == (d != NULL));
        if ((explained(r, &q) == ERR_OK) != (e == ERR_OK))
                fail_msg("%s:%u: explained otherwise", r->at->file, r->at->line);
        return e;
}

static enum err decide(const struct row *r, struct refusal *why)
{
        const struct policy_dataset *d = NULL;
        struct period period;

        if (yaml_find(r->at, "ask") != NULL)
                return ask(r, why);
        if (yaml_find(r->at, "erase") != NULL)
                return decide_erase(policy, &r->who, r->now_ms, why);
        return decide_submit(policy, &r->who, word(r->at, "deliver"), word(r->at, "period"),
                r->now_ms, &d, &period, why);
}

/* Tables ------------------------------------------------------------------ */

static bool says(const struct refusal *why, struct bytes piece)
{
        for (uint32_t i = 0; i < why->len; i++)
                if (memmem(why->violations[i].text, strlen(why->violations[i].text), piece.data,
                            piece.len) != NULL)
                        return true;
        return piece.len == 0;
}

static void check_row(const struct yaml *at, int64_t today_ms)
{
        static const char *const keys[] = {"who", "ask", "for", "by", "where", "measure", "deliver",
                "period", "erase", "on", "answer", "says", NULL};
        struct row r = {.at = at, .now_ms = today_ms};
        struct refusal why = {0}, shape = {0};
        bool allowed;
        enum err e;

        if (yaml_known_keys(at, keys, &shape) != ERR_OK)
                fail_msg("%s: %s", shape.violations[0].field, shape.violations[0].text);
        r.who = read_who(word(at, "who"));
        if (yaml_find(at, "on") != NULL)
                r.now_ms = read_day(word(at, "on"));
        r.answer = word(at, "answer");
        r.says = word(at, "says");
        allowed = bytes_is_text(r.answer, "allowed");
        assert_true(allowed || bytes_is_text(r.answer, "refused"));
        e = decide(&r, &why);
        rows_seen++;
        if ((e == ERR_OK) != allowed || !says(&why, r.says)) {
                rows_wrong++;
                print_error("%s:%u: wanted %s, is %s: %s\n", at->file, at->line,
                        allowed ? "allowed" : "refused", err_name(e),
                        why.len > 0 ? why.violations[0].text : "");
        }
}

static void check_table(const char *name)
{
        const char *path = arena_printf(arena, STATGATE_ROOT "/tests/decisions/%s", name);
        struct yaml *table = NULL;
        const struct yaml *rows = NULL;
        struct refusal why = {0};

        if (yaml_read_file(arena, path, &table, &why) != ERR_OK ||
                yaml_list(table, "rows", true, &rows, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        for (uint32_t i = 0; i < rows->len; i++)
                check_row(&rows->items[i], read_day(word(table, "on")));
}

static void the_tables_are_as_the_bundle_decides(void **state)
{
        static const char *const tables[] = {
                "ask.yaml", "deliver.yaml", "levels.yaml", "linkages.yaml", "uses.yaml"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(tables); i++)
                check_table(tables[i]);
        print_message("%u rows\n", rows_seen);
        assert_int_equal(rows_wrong, 0);
        assert_true(rows_seen >= ROWS_MIN);
}

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        arena = arena_new(256 << 20);
        return arena != NULL && policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why) ==
                                        ERR_OK
                       ? 0
                       : -1;
}

static int teardown(void **state)
{
        (void)state;
        policy_unref(&policy);
        arena_free(&arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_tables_are_as_the_bundle_decides),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
