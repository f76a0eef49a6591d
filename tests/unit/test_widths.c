/* SPDX-License-Identifier: Apache-2.0 */
/* test_widths.c: a width that is asked for is kept, told, or nothing leaves.
 *
 * The attacker knows which rows were refused and that what is hidden elsewhere is not zero. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/residue.h"

enum { ARENA = 64 << 20, MOST = 8 };

struct world {
        struct arena *arena;
        uint32_t rows, columns;
        int64_t inner[MOST][MOST];
        struct dimension dimension[2];
        struct table table;
        struct disclosure_settings settings;
        struct disclosure_report report;
        bool refused[(MOST + 1) * (MOST + 1)];
};

static int64_t sum_of(const struct world *w, const uint32_t *at, bool margin)
{
        int64_t sum = 0;

        for (uint32_t r = 0; r < w->rows; r++)
                for (uint32_t c = 0; c < w->columns; c++)
                        if ((at[0] == w->rows || at[0] == r) &&
                                (margin || at[1] == w->columns || at[1] == c))
                                sum += w->inner[r][c];
        return sum;
}

/* Rows are what a neighbour knows. */
static void table_fill(struct world *w)
{
        w->dimension[0] = (struct dimension){.len = w->rows, .identifying = true};
        w->dimension[1] = (struct dimension){.len = w->columns};
        w->table = (struct table){.dimensions = w->dimension, .dimensions_len = 2};
        assert_int_equal(table_alloc(w->arena, &w->table), ERR_OK);
        for (size_t i = 0; i < w->table.cells_len; i++) {
                uint32_t at[2];

                table_coordinates(&w->table, i, at);
                w->table.persons[i] = sum_of(w, at, false);
                w->table.records[i] = w->table.persons[i];
                w->table.margin_persons[i] = sum_of(w, at, true);
                w->refused[i] = w->table.margin_persons[i] > 0 &&
                                w->table.margin_persons[i] < (int64_t)w->settings.threshold &&
                                at[1] < w->columns;
        }
}

static void world_protect(struct world *w)
{
        table_fill(w);
        assert_int_equal(
                disclosure_protect_table(w->arena, &w->table, &w->settings, NULL, &w->report),
                ERR_OK);
}

static void world_new(struct world *w, uint32_t rows, uint32_t columns, const int64_t *inner,
        struct disclosure_settings settings)
{
        *w = (struct world){
                .arena = arena_new(ARENA), .rows = rows, .columns = columns, .settings = settings};
        for (uint32_t r = 0; r < rows; r++)
                for (uint32_t c = 0; c < columns; c++)
                        w->inner[r][c] = inner[r * columns + c];
        world_protect(w);
}

static const struct disclosure_settings shown_zeros = {.threshold = 3,
        .zeros_published = true,
        .secondary = true,
        .interval = 4,
        .audit_cells_max = 1000};

/* What can be said of the hidden cells: to the end, not as the release's own audit. */
static struct audit_verdict attack(const struct world *w, uint32_t width)
{
        const struct model_dimension dimensions[2] = {{.leaves = w->rows}, {.leaves = w->columns}};
        const struct audit_options options = {
                .attacker = AUDIT_RULES, .width = width, .ends = true};
        const struct table *t = &w->table;
        uint8_t status[(MOST + 1) * (MOST + 1)];
        struct audit_verdict verdict;

        for (size_t i = 0; i < t->cells_len; i++)
                status[i] = t->status[i] == CELL_VALUE ? AUDIT_PUBLISHED
                            : w->refused[i]            ? AUDIT_REFUSED
                                                       : AUDIT_PROTECTED;
        const struct audit_table table = {(const uint32_t[]){0, 1}, 2, status, t->persons};
        const struct audit_release release = {.dimensions = dimensions,
                .dimensions_len = 2,
                .tables = &table,
                .tables_len = 1,
                .zeros_published = w->settings.zeros_published};
        assert_int_equal(audit_run(w->arena, &release, &options, &verdict), ERR_OK);
        assert_true(verdict.feasible);
        assert_int_equal(verdict.audited, verdict.len);
        return verdict;
}

static void assert_wide(const struct world *w)
{
        assert_int_equal(w->report.narrow, 0);
        assert_int_equal(attack(w, w->settings.interval).narrow, 0);
}

static void an_empty_category_changes_no_width(void **state)
{
        struct world with, without;

        (void)state;
        world_new(&without, 4, 2, (int64_t[]){1, 1, 1, 9, 2, 12, 30, 40}, shown_zeros);
        world_new(&with, 4, 3, (int64_t[]){1, 1, 0, 1, 9, 0, 2, 12, 0, 30, 40, 0}, shown_zeros);
        assert_wide(&without);
        assert_wide(&with);
        assert_int_equal(without.report.by_rule[CELL_RULE_INTERVAL], 2);
        assert_int_equal(with.report.by_rule[CELL_RULE_INTERVAL], 2);
        assert_int_equal(with.report.secondary, without.report.secondary);
        arena_free(&with.arena);
        arena_free(&without.arena);
}

/* The zero of the first row is hidden with the row, and nothing of another row can be zero. */
static void a_refused_row_with_a_zero_changes_no_other_width(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, 4, 2, (int64_t[]){2, 0, 1, 9, 2, 12, 30, 40}, shown_zeros);
        assert_wide(&w);
        assert_false(w.report.hidden_all);
        assert_true(w.report.by_rule[CELL_RULE_INTERVAL] > 0);
        arena_free(&w.arena);
}

static int64_t small_number(uint64_t *dice)
{
        uint64_t r = *dice = residue_mix(*dice, 77);

        return r % 3 == 0 ? 0 : r % 3 == 1 ? (int64_t)(r >> 8) % 4 : (int64_t)(r >> 8) % 30;
}

static void whatever_is_zero_the_width_is_kept(void **state)
{
        size_t wider = 0, all = 0, refused = 0, empty = 0, narrow = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 400; seed++) {
                struct disclosure_settings s = shown_zeros;
                int64_t inner[MOST * MOST];
                uint64_t dice = residue_mix(seed, 5);
                struct world w;

                s.threshold = 3 + (uint32_t)(seed % 5);
                s.interval = 1 + (uint32_t)(seed / 5 % 5);
                for (size_t i = 0; i < MOST * MOST; i++)
                        inner[i] = i % 5 == 4 && seed % 2 == 0 ? 0 : small_number(&dice);
                world_new(&w, 4 + (uint32_t)(seed % 3), 5, inner, s);
                struct audit_verdict v = attack(&w, s.interval);
                narrow += v.narrow;
                if (v.narrow > 0)
                        print_message("seed %llu: %zu of %zu narrow, %zu told\n",
                                (unsigned long long)seed, v.narrow, v.len, w.report.narrow);
                assert_int_equal(v.exact, 0);
                wider += w.report.by_rule[CELL_RULE_INTERVAL];
                refused += w.report.by_rule[CELL_RULE_MARGIN] > 0;
                empty += seed % 2 == 0;
                all += w.report.hidden_all;
                arena_free(&w.arena);
        }
        print_message(
                "%zu cells hidden for width, %zu tables wholly, %zu narrow\n", wider, all, narrow);
        assert_int_equal(narrow, 0);
        assert_true(wider > 100 && refused > 50 && empty > 50 && all < 20);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_empty_category_changes_no_width),
                cmocka_unit_test(a_refused_row_with_a_zero_changes_no_other_width),
                cmocka_unit_test(whatever_is_zero_the_width_is_kept),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
