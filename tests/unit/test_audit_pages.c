/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit_pages.c: what data-protection officers read: entries in words, a period added up, and
 * pages that show whatever stands in the log without obeying it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "policies/policy.h"
#include "tools/cli/audit/bundle_page.h"
#include "tools/cli/audit/entry_text.h"
#include "tools/cli/audit/log_stream.h"
#include "tools/cli/audit/report_page.h"

enum { ARENA = 256 << 20, DAY_MS = 86400000 };
#define NOON INT64_C(1790000000000)

struct desk {
        struct cli cli;
        struct arena *arena, *scratch;
        struct account *account;
        uint64_t entries;
        char *text;
        size_t len;
};

static int desk_up(void **state)
{
        struct desk *d = calloc(1, sizeof *d);

        assert_non_null(d);
        d->arena = arena_new(ARENA);
        d->scratch = arena_new(ARENA);
        assert_true(d->arena != NULL && d->scratch != NULL);
        d->cli = (struct cli){.arena = d->arena, .lang = LANG_EN, .out = stdout, .err = stderr};
        assert_int_equal(account_new(&d->cli, d->arena, d->scratch, &d->account), ERR_OK);
        *state = d;
        return 0;
}

static int desk_down(void **state)
{
        struct desk *d = *state;

        free(d->text);
        arena_free(&d->scratch);
        arena_free(&d->arena);
        free(d);
        return 0;
}

static bool shows(const struct desk *d, const char *what)
{
        return d->text != NULL && strstr(d->text, what) != NULL;
}

/* Entries --------------------------------------------------------------------------- */

static struct wire_log_entry finished(struct desk *d, struct entry_writer *w, int64_t at_ms)
{
        struct entry_draft draft;

        assert_int_equal(entry_end(w, &draft), ERR_OK);
        return (struct wire_log_entry){.number = d->entries++,
                .at_ms = at_ms,
                .kind = draft.kind,
                .open = draft.open,
                .closed = draft.closed};
}

static struct wire_log_entry question(struct desk *d, const char *who, const char *outcome,
        uint64_t shown, uint64_t hidden, int64_t at_ms)
{
        struct entry_writer w;

        entry_begin(&w, d->arena, strcmp(outcome, "OK") == 0 ? ENTRY_ANSWERED : ENTRY_REFUSED);
        entry_put_words(&w, FIELD_OUTCOME, outcome);
        entry_put_words(&w, FIELD_DATASET, "placering");
        entry_put_words(&w, FIELD_PURPOSE, "uppfoljning");
        entry_put_words(&w, FIELD_LINKAGE, "barn");
        entry_put_words(&w, FIELD_PRINCIPAL, who);
        if (shown + hidden > 0) {
                entry_put_count(&w, FIELD_STATUS, "free", shown);
                entry_put_count(&w, FIELD_STATUS, "protected", hidden);
                entry_put_count(&w, FIELD_FIRED, "small", hidden);
        }
        entry_put_number(&w, FIELD_BUDGET_USED, (int64_t)d->entries);
        entry_put_number(&w, FIELD_BUDGET_MOST, 20);
        return finished(d, &w, at_ms);
}

static void take(struct desk *d, struct wire_log_entry e)
{
        assert_int_equal(account_take(d->account, &e), ERR_OK);
}

static void render(struct desk *d)
{
        const struct report_beside beside = {
                .from_ms = NOON - DAY_MS, .until_ms = NOON + DAY_MS, .made_ms = NOON + DAY_MS};
        FILE *to;

        free(d->text);
        d->text = NULL;
        to = open_memstream(&d->text, &d->len);
        assert_non_null(to);
        assert_int_equal(report_page(&d->cli, to, d->account, &beside), ERR_OK);
        assert_int_equal(fclose(to), 0);
}

/* Sums ------------------------------------------------------------------------------ */

static void a_tally_counts_by_key_and_sorts_by_count(void **state)
{
        struct desk *d = *state;
        struct tally *t;
        uint32_t len;

        assert_int_equal(tally_new(d->arena, &t), ERR_OK);
        for (unsigned round = 0; round < 3; round++)
                for (unsigned i = 0; i < 1000; i++) {
                        char name[16];
                        const char *parts[TALLY_PARTS] = {name, i % 2 == 0 ? "even" : "odd"};

                        (void)snprintf(name, sizeof name, "n%04u", i);
                        assert_int_equal(tally_add(t, parts, 0, i), ERR_OK);
                        assert_int_equal(tally_add(t, parts, 1, 1), ERR_OK);
                        /* Looking does not disturb. */
                        if (i == 500)
                                assert_non_null(tally_rows(t, &len));
                }
        const struct tally_row *rows = tally_rows(t, &len);

        assert_int_equal(len, 1000);
        assert_string_equal(rows[0].parts[0], "n0999");
        assert_string_equal(rows[0].parts[1], "odd");
        assert_string_equal(rows[0].parts[2], "");
        assert_int_equal(rows[0].counts[0], 3 * 999);
        assert_int_equal(rows[999].counts[1], 3);
        assert_int_equal(tally_sum(t, 1), 3000);
}

static void keys_that_run_together_stay_apart(void **state)
{
        struct desk *d = *state;
        const char *one[TALLY_PARTS] = {"ab", "c"}, *two[TALLY_PARTS] = {"a", "bc"};
        struct tally *t;
        uint32_t len;

        assert_int_equal(tally_new(d->arena, &t), ERR_OK);
        assert_int_equal(tally_add(t, one, 0, 1), ERR_OK);
        assert_int_equal(tally_add(t, two, 0, 1), ERR_OK);
        assert_non_null(tally_rows(t, &len));
        assert_int_equal(len, 2);
}

static void a_period_is_added_up(void **state)
{
        struct desk *d = *state;
        uint32_t len;

        take(d, question(d, "statgate://demo/statistician/anna", "OK", 90, 10, NOON));
        take(d, question(d, "statgate://demo/statistician/anna", "OK", 50, 0, NOON));
        take(d, question(d, "statgate://demo/statistician/bo", "TOO_FEW_PEOPLE", 0, 0,
                        NOON + DAY_MS));
        const struct tally_row *rows = tally_rows(d->account->questions, &len);

        assert_int_equal(len, 2);
        assert_string_equal(rows[0].parts[0], "statgate://demo/statistician/anna");
        assert_int_equal(rows[0].counts[ASKED_ANSWERED], 2);
        assert_int_equal(rows[1].counts[ASKED_REFUSED], 1);
        assert_int_equal(tally_sum(d->account->statuses, 0), 150);
        assert_int_equal(d->account->days_len, 2);
        assert_int_equal(d->account->days[0].lower, 2);
        assert_int_equal(d->account->days[1].upper, 1);
        render(d);
        assert_true(shows(d, "Of 150 cells with figures in tables that left, 140 were shown"));
        assert_true(shows(d, "<td>statgate://demo/statistician/bo</td><td>uppfoljning</td>"));
        assert_true(shows(d, "TOO_FEW_PEOPLE"));
        assert_true(shows(d, "Nothing happened to the keys."));
}

static void a_dry_run_is_no_question(void **state)
{
        struct desk *d = *state;
        struct entry_writer w;

        entry_begin(&w, d->arena, ENTRY_ANSWERED);
        entry_put_words(&w, FIELD_WORD, "dry-run");
        entry_put_words(&w, FIELD_OUTCOME, "OK");
        take(d, finished(d, &w, NOON));
        entry_begin(&w, d->arena, ENTRY_REFUSED);
        entry_put_words(&w, FIELD_WORD, "withheld");
        entry_put_words(&w, FIELD_OUTCOME, "DEADLINE");
        take(d, finished(d, &w, NOON));
        assert_int_equal(tally_sum(d->account->questions, ASKED_ANSWERED), 0);
        assert_int_equal(tally_sum(d->account->questions, ASKED_REFUSED), 0);
        assert_int_equal(d->account->alarms.len, 1);
        render(d);
        assert_true(shows(d, "withheld"));
}

static void what_stands_out_is_told(void **state)
{
        struct desk *d = *state;

        for (unsigned i = 0; i < 12; i++)
                take(d, question(d, "statgate://demo/statistician/eve", "TOO_FEW_PEOPLE", 0, 0,
                                NOON));
        render(d);
        assert_true(shows(d, "12 questions about placering were refused for being about too few"));
        assert_false(shows(d, "of a day&#39;s questions"));
        assert_false(shows(d, "used at most"));
        for (unsigned i = 0; i < 6; i++)
                take(d, question(d, "statgate://demo/statistician/eve", "OK", 1, 0, NOON));
        render(d);
        assert_true(shows(d, "statgate://demo/statistician/eve used at most 85.0 %"));
        assert_true(shows(d, "No witness is shown the log"));
}

/* Whoever writes an entry chose these words: a page shows them and does nothing. */
static void a_hostile_name_is_shown_and_not_obeyed(void **state)
{
        struct desk *d = *state;
        struct entry_writer w;

        take(d, question(d, "<script>alert(1)</script>&\"x", "OK", 1, 0, NOON));
        entry_begin(&w, d->arena, ENTRY_ALARM);
        entry_put_words(&w, FIELD_DETAIL, "</td><img src=x onerror=y>\033[2J");
        take(d, finished(d, &w, NOON));
        render(d);
        assert_false(shows(d, "<script"));
        assert_false(shows(d, "<img"));
        assert_false(shows(d, "\033"));
        assert_true(shows(d, "&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;x"));
}

static void an_entry_that_cannot_be_read_is_counted_and_told(void **state)
{
        struct desk *d = *state;
        struct wire_log_entry bad = {.number = 7,
                .at_ms = NOON,
                .kind = ENTRY_ANSWERED,
                .open = {(const uint8_t *)"\xff\xff", 2},
                .closed = {(const uint8_t *)"\xff", 1}};
        struct wire_log_entry pruned = {
                .number = 8, .at_ms = NOON, .kind = ENTRY_BATCH, .pruned = true};

        take(d, bad);
        take(d, pruned);
        assert_int_equal(d->account->unreadable, 1);
        assert_int_equal(d->account->pruned, 1);
        render(d);
        assert_true(shows(d, "1 entries cannot be read"));
}

static void a_page_is_whole_where_nothing_happened(void **state)
{
        struct desk *d = *state;

        render(d);
        assert_true(shows(d, "No questions were asked."));
        assert_true(shows(d, "</html>"));
        d->cli.lang = LANG_SV;
        render(d);
        assert_true(shows(d, "Inga frågor ställdes."));
        assert_true(shows(d, "<html lang=\"sv\">"));
}

/* Words ------------------------------------------------------------------------------- */

static void an_entry_in_json_has_each_field_by_its_word(void **state)
{
        struct desk *d = *state;
        struct wire_log_entry e = question(d, "a\"b", "OK", 3, 4, NOON);
        FILE *to = open_memstream(&d->text, &d->len);

        assert_int_equal(entry_json(to, &e), ERR_OK);
        assert_int_equal(fclose(to), 0);
        assert_true(shows(d, "{\"number\": 0, \"at\": \"2026-09-21T14:13:20.000Z\", \"kind\": "
                             "\"answered\", \"outcome\": \"OK\", \"dataset\": [\"placering\"]"));
        assert_true(shows(d, "\"principal\": \"a\\\"b\""));
        assert_true(shows(d, "\"status\": [{\"name\": \"free\", \"count\": 3}, {\"name\": "
                             "\"protected\", \"count\": 4}]"));
}

static void moments_are_days_or_instants(void **state)
{
        static const char *const bad[] = {"", "2026", "2026-02-30", "2026-03-01T",
                "2026-03-01T24:00", "2026-03-01T10:60", "2026-03-01T10:00:61", "2026-03-01 10:00",
                "2026-03-01T10:00x", "1969-12-31"};
        int64_t at;

        (void)state;
        assert_int_equal(log_moment("1970-01-02", false, &at), ERR_OK);
        assert_int_equal(at, DAY_MS);
        assert_int_equal(log_moment("1970-01-02", true, &at), ERR_OK);
        assert_int_equal(at, 2 * DAY_MS);
        assert_int_equal(log_moment("1970-01-02T01:02:03Z", true, &at), ERR_OK);
        assert_int_equal(at, DAY_MS + 3723000);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                assert_int_equal(log_moment(bad[i], false, &at), ERR_MALFORMED);
}

/* Bundles ----------------------------------------------------------------------------- */

static void the_national_bundle_makes_both_pages(void **state)
{
        struct desk *d = *state;
        OWNED(policy_unref) struct policy *policy = NULL;
        struct refusal why = {0};
        FILE *to;

        assert_int_equal(policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why), ERR_OK);
        to = open_memstream(&d->text, &d->len);
        assert_int_equal(art30_page(&d->cli, to, policy), ERR_OK);
        assert_int_equal(fclose(to), 0);
        assert_true(shows(d, "(placering)"));
        assert_true(shows(d, "Controller"));
        assert_true(shows(d, "Ends after"));
        free(d->text);
        d->cli.lang = LANG_SV;
        to = open_memstream(&d->text, &d->len);
        assert_int_equal(dpia_page(&d->cli, to, policy), ERR_OK);
        assert_int_equal(fclose(to), 0);
        assert_true(shows(d, "Vad angrepp ger, mätt"));
        assert_true(shows(d, "difference_by_one"));
        assert_true(shows(d, "ett korrupt dataskyddsombud"));
}

#define AT_DESK(name) cmocka_unit_test_setup_teardown(name, desk_up, desk_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                AT_DESK(a_tally_counts_by_key_and_sorts_by_count),
                AT_DESK(keys_that_run_together_stay_apart),
                AT_DESK(a_period_is_added_up),
                AT_DESK(a_dry_run_is_no_question),
                AT_DESK(what_stands_out_is_told),
                AT_DESK(a_hostile_name_is_shown_and_not_obeyed),
                AT_DESK(an_entry_that_cannot_be_read_is_counted_and_told),
                AT_DESK(a_page_is_whole_where_nothing_happened),
                AT_DESK(an_entry_in_json_has_each_field_by_its_word),
                AT_DESK(moments_are_days_or_instants),
                AT_DESK(the_national_bundle_makes_both_pages),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
