/* SPDX-License-Identifier: Apache-2.0 */
/* test_coverage.c: what was delivered of what was expected, from a real store and the
 * national bundle. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/coverage.h"
#include "tests/support/store_world.h"

static struct policy *policy;
static struct world *world;

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        if (policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

static int make(void **state)
{
        (void)state;
        world = world_new();
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_free(&world);
        return 0;
}

static struct period period(const char *text)
{
        struct period p;

        assert_true(period_parse(text, (uint32_t)strlen(text), &p));
        return p;
}

struct counts {
        uint32_t rows, rejected, fields, blanks, turned_away;
};

/* A committed delivery of one batch. */
static void put(
        uint32_t n, municipality_t m, const char *dataset, const char *when, struct counts counts)
{
        struct stored_submission d = delivery(n, m, DELIVERY_APPEND), out;
        uint8_t sealed[64 + MARKER_LEN];
        struct stored_batch b = batch_of(n, 0, sealed, 64);
        uint32_t rows, rejected;
        bool replayed;

        memset(d.dataset, 0, sizeof d.dataset);
        (void)snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        d.period = period(when);
        b.rows = counts.rows;
        b.rejected = counts.rejected;
        b.fields = counts.fields;
        b.blanks = counts.blanks;
        assert_int_equal(store_submission_open(world->store, &d, NULL, &out), ERR_OK);
        assert_int_equal(
                store_batch_put(world->store, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
        assert_int_equal(commit_turning_away(world->store, n, counts.turned_away, &out), ERR_OK);
}

static struct coverage *read_all(void)
{
        const struct policy_dataset *datasets[64];
        struct stored_vintage v;
        struct coverage *c = NULL;
        uint32_t n = 0, len = 0;
        const struct policy_dataset *all = policy_datasets(policy, &n);

        for (uint32_t i = 0; i < n; i++)
                if (all[i].kind == DATASET_RECORDS)
                        datasets[len++] = &all[i];
        assert_int_equal(store_publish(world->store, "", 0, 1, NULL, &v), ERR_OK);
        assert_int_equal(coverage_read(world->store, v.vintage, policy, datasets, len, &c), ERR_OK);
        return c;
}

static struct wire_coverage tell(
        const struct coverage *c, const char *dataset, const struct period *within)
{
        struct wire_coverage out;
        const struct deliveries *d = coverage_find(c, bytes_of_text(dataset));

        assert_non_null(d);
        coverage_tell(policy, d, within, NULL, &out);
        return out;
}

/* Rejected are also those that the sender turned away. */
static void shares_are_of_all_deliveries_in_the_period(void **state)
{
        (void)state;
        put(1, 114, "placering", "2024", (struct counts){90, 10, 900, 90, 0});
        put(2, 114, "placering", "2025", (struct counts){50, 0, 500, 0, 0});
        put(3, 114, "placering", "2025", (struct counts){50, 0, 500, 100, 0});
        put(4, 180, "placering", "2025", (struct counts){80, 12, 800, 0, 8});

        OWNED(coverage_unref) struct coverage *c = read_all();
        struct period last = period("2025"), before = period("2020");
        struct wire_coverage all = tell(c, "placering", NULL);
        struct wire_coverage late = tell(c, "placering", &last);
        struct wire_coverage none = tell(c, "placering", &before);

        assert_int_equal(all.delivered, 2);
        assert_int_equal(all.expected, 290);
        assert_int_equal(all.rejected_permille, 100); /* 30 of 300 */
        assert_int_equal(all.missing_permille, 70);   /* 190 of 2700 */
        assert_int_equal(late.delivered, 2);
        assert_int_equal(late.rejected_permille, 100); /* 20 of 200 */
        assert_int_equal(late.missing_permille, 56);   /* 100 of 1800 */
        assert_int_equal(none.delivered, 0);
        assert_int_equal(none.rejected_permille, NO_SHARE);
        assert_null(coverage_find(c, bytes_of_text("leveransstatus")));
        assert_int_equal(coverage_span(c).first, period("2024").first);
        assert_int_equal(coverage_span(c).last, period("2025").last);
        assert_int_equal(coverage_find(c, bytes_of_text("placering"))->len, 3);
}

static void shares_of_few_rows_are_withheld(void **state)
{
        (void)state;
        put(1, 114, "placering", "2025", (struct counts){3, 1, 30, 3, 0});
        put(2, 114, "insats", "2025", (struct counts){4, 1, 0, 0, 0});

        OWNED(coverage_unref) struct coverage *c = read_all();

        assert_int_equal(tell(c, "placering", NULL).rejected_permille, NO_SHARE);
        assert_int_equal(tell(c, "placering", NULL).missing_permille, NO_SHARE);
        /* Five rows, of which one was rejected; an older store counted no values. */
        assert_int_equal(tell(c, "insats", NULL).rejected_permille, 200);
        assert_int_equal(tell(c, "insats", NULL).missing_permille, NO_SHARE);
}

/* As a data set ---------------------------------------------------------------------- */

static int64_t at(const struct view *v, const char *variable, uint32_t row)
{
        const struct policy_dataset *d = view_dataset(v);
        int32_t i = variable_find(d, bytes_of_text(variable));
        const void *column = view_column(v, (uint32_t)i);

        assert_true(i >= 0);
        switch (d->variables[i].physical) {
        case PHYSICAL_U8:
                return ((const uint8_t *)column)[row];
        case PHYSICAL_U16:
                return ((const uint16_t *)column)[row];
        case PHYSICAL_I32:
                return ((const int32_t *)column)[row] == MISSING_I32
                               ? -1
                               : ((const int32_t *)column)[row];
        case PHYSICAL_I64:
                return ((const int64_t *)column)[row] == MISSING_I64
                               ? -1
                               : ((const int64_t *)column)[row];
        case PHYSICAL_NONE:
                break;
        }
        return -2;
}

static uint32_t row_of(const struct view *v, const char *municipality, const char *when)
{
        int32_t place = code_find(policy_municipalities(policy), bytes_of_text(municipality));

        for (uint32_t i = 0; i < view_rows(v); i++)
                if (at(v, "kommun", i) == place && at(v, "period", i) == period(when).first)
                        return i;
        fail_msg("no row for %s in %s", municipality, when);
        return 0;
}

static void every_expected_delivery_is_a_row_of_nobody(void **state)
{
        struct linked *l = NULL;

        (void)state;
        put(1, 114, "placering", "2023", (struct counts){90, 7, 900, 90, 0});
        put(2, 114, "placering", "2025", (struct counts){50, 0, 500, 0, 0});
        put(3, 180, "placering", "2025", (struct counts){60, 3, 600, 6, 0});
        put(4, 184, "placering", "2025", (struct counts){4, 0, 40, 1, 0});

        OWNED(coverage_unref) struct coverage *c = read_all();
        const struct policy_dataset *d =
                policy_dataset_find(policy, bytes_of_text("leveransstatus"));

        assert_non_null(d);
        assert_int_equal(coverage_view(policy, d, c, 1, &l), ERR_OK);
        const struct view *v = linked_view(l, d->id);

        assert_non_null(v);
        assert_int_equal(view_rows(v), 3 * 290); /* 2024 was expected though nobody came */
        assert_int_equal(view_persons(v), 0);
        uint32_t full = row_of(v, "0114", "2023"), none = row_of(v, "0114", "2024");
        uint32_t three = row_of(v, "0180", "2025"), four = row_of(v, "0184", "2025");

        assert_int_equal(at(v, "levererad", full), 1);
        assert_int_equal(at(v, "poster", full), 90);
        assert_int_equal(at(v, "avvisade", full), 7);
        assert_int_equal(at(v, "varden", full), 900);
        assert_int_equal(at(v, "saknade", full), 90);
        assert_int_equal(at(v, "levererad", none), 0);
        assert_int_equal(at(v, "poster", none), -1);
        assert_int_equal(at(v, "avvisade", three), 3); /* where it is told, it is protected */
        assert_int_equal(at(v, "poster", three), 60);
        assert_int_equal(at(v, "levererad", four), 1);
        assert_int_equal(at(v, "poster", four), 4);
        assert_int_equal(at(v, "varden", four), -1); /* rows times columns */
        linked_unref(&l);
}

static void the_strictest_data_set_asked_about_decides(void **state)
{
        struct bytes values[] = {bytes_of_text("placering"), bytes_of_text("vald")};
        struct filter filters[] = {
                {.variable = bytes_of_text("kommun"), .op = FILTER_EQ, .values = values},
                {.variable = bytes_of_text("datamangd"),
                        .op = FILTER_IN,
                        .values = values,
                        .values_len = 2}};
        struct query q = {.filters = filters, .filters_len = 2};
        uint32_t own = policy_dataset_find(policy, values[0])->disclosure.threshold;
        uint32_t other = policy_dataset_find(policy, values[1])->disclosure.threshold;

        (void)state;
        assert_true(own < other);
        assert_int_equal(coverage_threshold(policy, &q), other);
        filters[1].values_len = 1;
        assert_int_equal(coverage_threshold(policy, &q), own);
        filters[1].op = FILTER_NE;
        assert_true(coverage_threshold(policy, &q) >= other);
        filters[1].op = FILTER_EQ;
        filters[1].level = bytes_of_text("grupp");
        assert_true(coverage_threshold(policy, &q) >= other);
        q.filters_len = 0;
        assert_true(coverage_threshold(policy, &q) >= other);
}

static void what_nobody_expects_is_not_applicable(void **state)
{
        uint8_t status[] = {CELL_PROTECTED, CELL_PROTECTED, CELL_MISSING};
        int64_t margin[] = {0, 1, 0};
        struct table t = {.cells_len = 3, .status = status, .margin_persons = margin};

        (void)state;
        coverage_note_unexpected(&t);
        assert_int_equal(status[0], CELL_NOT_APPLICABLE);
        assert_int_equal(status[1], CELL_PROTECTED);
        assert_int_equal(status[2], CELL_MISSING);
}

/* Values ------------------------------------------------------------------------------- */

static void a_missing_end_is_no_missing_value(void **state)
{
        const struct policy_dataset *d = policy_dataset_find(policy, bytes_of_text("placering"));
        uint8_t accepted[] = {1, 0, 1, 1}, gone[] = {0x0d}, values[16] = {0};
        const struct verdicts verdicts = {.accepted = accepted, .rows = 4, .accepted_len = 3};
        struct column columns[] = {
                {.name = bytes_of_text("slut"), .values = values, .missing = gone},
                {.name = bytes_of_text("form"), .values = values, .missing = gone},
                {.name = bytes_of_text("kon"), .values = values},
        };
        const struct batch b = {.rows = 4, .columns = columns, .columns_len = 3};
        uint32_t fields, blanks, delivered = 0;

        (void)state;
        for (uint32_t i = 0; i < d->variables_len; i++)
                delivered += variable_is_column(&d->variables[i]) && i != d->episode_until;
        coverage_count_values(d, &b, &verdicts, &fields, &blanks);
        assert_int_equal(fields, 3 * delivered);
        /* `form` is missing in rows 0, 2 and 3; all columns but that and `kon` are left out. */
        assert_int_equal(blanks, 3 + 3 * (delivered - 2));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        shares_are_of_all_deliveries_in_the_period, make, unmake),
                cmocka_unit_test_setup_teardown(shares_of_few_rows_are_withheld, make, unmake),
                cmocka_unit_test_setup_teardown(
                        every_expected_delivery_is_a_row_of_nobody, make, unmake),
                cmocka_unit_test(the_strictest_data_set_asked_about_decides),
                cmocka_unit_test(what_nobody_expects_is_not_applicable),
                cmocka_unit_test(a_missing_end_is_no_missing_value),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
