/* SPDX-License-Identifier: Apache-2.0 */
/* locate.c: from the columns of a block of rows to the cell of each row.
 *
 * Column by column, by look-ups and without branches. A row that a filter takes out,
 * or that belongs to no category, carries a flag above its cell number and keeps
 * it through all additions. What is identifying goes first, so that a pass notices
 * whether anything sensitive took out a row at all. */
#include <string.h>

#include "base/arena.h"
#include "gateway/query/pass.h"

static void keep_set_u8(const struct test *t, const uint8_t *v, uint32_t n, uint32_t *cell)
{
        uint8_t pass[256] = {0};

        memcpy(pass, t->set, t->set_len < 255 ? t->set_len : 255);
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= pass[v[i]] ? 0 : CELL_FILTERED;
}

static void keep_set_u16(const struct test *t, const uint16_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |= v[i] < t->set_len && t->set[v[i]] ? 0 : CELL_FILTERED;
}

/* One range, as most are: no call for each value. */
static void keep_one_range_i32(const struct test *t, const int32_t *v, uint32_t n, uint32_t *cell)
{
        const struct range r = *t->ranges;
        bool none = r.low > INT32_MAX || r.high < INT32_MIN;
        int32_t low = none ? 1 : r.low < INT32_MIN ? INT32_MIN : (int32_t)r.low;
        int32_t high = none ? 0 : r.high > INT32_MAX ? INT32_MAX : (int32_t)r.high;
        const uint32_t missing = t->missing ? 0 : CELL_FILTERED;
        const uint32_t inside = t->negated ? CELL_FILTERED : 0, outside = inside ^ CELL_FILTERED;

        for (uint32_t i = 0; i < n; i++) {
                uint32_t flag = ((v[i] < low) | (v[i] > high)) ? outside : inside;

                cell[i] |= v[i] == INT32_MIN ? missing : flag;
        }
}

static void keep_range_i32(const struct test *t, const int32_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |=
                        (v[i] == INT32_MIN ? t->missing : test_passes(t, v[i])) ? 0 : CELL_FILTERED;
}

static void keep_range_i64(const struct test *t, const int64_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                cell[i] |=
                        (v[i] == INT64_MIN ? t->missing : test_passes(t, v[i])) ? 0 : CELL_FILTERED;
}

static enum physical physical_of(const struct pass *p, uint32_t operand)
{
        return p->plan->operands.list[operand].variable->physical;
}

void test_values(const struct test *test, enum physical form, const void *values, uint32_t n,
        uint32_t *flags)
{
        switch (form) {
        case PHYSICAL_U8:
                keep_set_u8(test, values, n, flags);
                return;
        case PHYSICAL_U16:
                keep_set_u16(test, values, n, flags);
                return;
        case PHYSICAL_I32:
                if (test->set == NULL && test->ranges_len == 1)
                        keep_one_range_i32(test, values, n, flags);
                else
                        keep_range_i32(test, values, n, flags);
                return;
        case PHYSICAL_I64:
                keep_range_i64(test, values, n, flags);
                return;
        case PHYSICAL_NONE:
                return;
        }
}

void pass_test(const struct pass *p, const struct tally *t, const struct test *test, uint32_t row,
        uint32_t n, uint32_t *flags)
{
        test_values(test, physical_of(p, test->operand), pass_column(p, t, test->operand, row), n,
                flags);
}

static uint16_t band_of(const struct grouping *g, int64_t value)
{
        for (uint32_t i = 0; i < g->bands_len; i++)
                if (value >= g->bands[i].low && value <= g->bands[i].high)
                        return g->band_category[i];
        return g->other;
}

/* What a category adds to the cell number of its row. */
static uint32_t offset_of(uint16_t category, uint32_t stride)
{
        return category == CATEGORY_NONE ? CELL_FILTERED : category * stride;
}

/* Numbers of cells stay far below the flag, so adding never carries into it. */
static void place(uint32_t *cell, uint32_t offset)
{
        *cell = (*cell | (offset & CELL_FILTERED)) + (offset & ~CELL_FILTERED);
}

/* Offsets of map_len values, then that of every other value; for bytes all 256. */
enum err pass_tabulate(struct pass *p, uint32_t d, struct arena *scratch)
{
        const struct grouping *g = &p->plan->groupings[p->dimension[d]];
        enum physical physical = physical_of(p, g->operand);
        uint32_t len = physical == PHYSICAL_U8 && g->map_len < 256 ? 256 : g->map_len;

        if (physical == PHYSICAL_I64 || (physical == PHYSICAL_I32 && g->bands != NULL))
                return ERR_OK; /* numbers by bands */
        p->offsets[d] = arena_alloc_raw(scratch, (size_t)len + 1, sizeof(*p->offsets[d]));
        if (p->offsets[d] == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i <= len; i++)
                p->offsets[d][i] = offset_of(i < g->map_len ? g->map[i] : g->other, p->stride[d]);
        return ERR_OK;
}

static void group_u8(const uint32_t *offsets, const uint8_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], offsets[v[i]]);
}

static void group_u16(
        const uint32_t *offsets, uint32_t len, const uint16_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], offsets[v[i] < len ? v[i] : len]);
}

static void group_days(const uint32_t *offsets, const struct grouping *g, const int32_t *v,
        uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++) {
                int64_t day = (int64_t)v[i] - g->first;

                place(&cell[i], offsets[day >= 0 && day < g->map_len ? day : g->map_len]);
        }
}

static void group_bands_i32(
        const struct grouping *g, uint32_t stride, const int32_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], offset_of(v[i] == INT32_MIN ? g->other : band_of(g, v[i]), stride));
}

static void group_bands_i64(
        const struct grouping *g, uint32_t stride, const int64_t *v, uint32_t n, uint32_t *cell)
{
        for (uint32_t i = 0; i < n; i++)
                place(&cell[i], offset_of(v[i] == INT64_MIN ? g->other : band_of(g, v[i]), stride));
}

static void apply_grouping(
        const struct pass *p, struct tally *t, uint32_t d, uint32_t row, uint32_t n)
{
        const struct grouping *g = &p->plan->groupings[p->dimension[d]];
        const void *values = pass_column(p, t, g->operand, row);
        uint32_t *cell = t->cell;
        const uint32_t *offsets = p->offsets[d];
        uint32_t stride = p->stride[d];

        switch (physical_of(p, g->operand)) {
        case PHYSICAL_U8:
                group_u8(offsets, values, n, cell);
                return;
        case PHYSICAL_U16:
                group_u16(offsets, g->map_len, values, n, cell);
                return;
        case PHYSICAL_I32:
                if (g->bands != NULL)
                        group_bands_i32(g, stride, values, n, cell);
                else
                        group_days(offsets, g, values, n, cell);
                return;
        case PHYSICAL_I64:
                group_bands_i64(g, stride, values, n, cell);
                return;
        case PHYSICAL_NONE:
                return;
        }
}

/* Rows of municipalities that do not count. */
static void leave_out(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        uint32_t place = p->plan->dataset->municipality_variable;
        const struct test test = {.set = p->places->counts, .set_len = p->places->len};
        enum physical form = p->plan->dataset->variables[place].physical;
        const uint8_t *values = view_column(p->view, place);

        test_values(&test, form, values + (size_t)physical_width(form) * row, n, t->cell);
}

static bool is_derived(const struct pass *p, uint32_t operand)
{
        return p->plan->operands.list[operand].derived;
}

/* Applies tests on what is (or is not) identifying and on what is there before events are
 * looked at. */
static void test_by(
        const struct pass *p, struct tally *t, bool identifying, uint32_t row, uint32_t n)
{
        for (uint32_t i = 0; i < p->plan->tests_len; i++) {
                const struct test *test = &p->plan->tests[i];

                if (test->identifying == identifying && !is_derived(p, test->operand))
                        pass_test(p, t, test, row, n, t->cell);
        }
}

static void group_by(
        const struct pass *p, struct tally *t, bool identifying, uint32_t row, uint32_t n)
{
        for (uint32_t d = 0; d < p->table->dimensions_len; d++)
                if (p->plan->dimension_identifying[p->dimension[d]] == identifying)
                        apply_grouping(p, t, d, row, n);
}

/* The flags of all rows are one OR away: the usual block, of which nothing is filtered,
 * is not counted. */
static uint32_t count_filtered(const uint32_t *cell, uint32_t n)
{
        uint32_t any = 0, filtered = 0;

        for (uint32_t i = 0; i < n; i++)
                any |= cell[i];
        if ((any & CELL_FILTERED) == 0)
                return 0;
        for (uint32_t i = 0; i < n; i++)
                filtered += cell[i] >> 31;
        return filtered;
}

/* Derived variables of the rows that are left, each followed by the tests on it, so that
 * the next has fewer to look at. */
static void derive(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        const struct plan *plan = p->plan;

        for (uint32_t c = 0; c < plan->computed_len; c++) {
                uint32_t operand = plan->dataset->variables_len + c;

                if (!is_derived(p, operand))
                        continue;
                derived_compute(p, t, c, row, n);
                for (uint32_t i = 0; i < plan->tests_len; i++)
                        if (plan->tests[i].operand == operand)
                                pass_test(p, t, &plan->tests[i], row, n, t->cell);
        }
}

uint32_t pass_locate(const struct pass *p, struct tally *t, uint32_t row, uint32_t n)
{
        bool computed = p->plan->computed_len > 0;

        memset(t->cell, 0, sizeof(*t->cell) * n);
        t->block = row;
        if (computed)
                columns_state(p, t, row, n);
        if (p->places->leaves_out)
                leave_out(p, t, row, n);
        test_by(p, t, true, row, n);
        group_by(p, t, true, row, n);
        uint32_t by_margin = count_filtered(t->cell, n);

        if (p->margin || (!p->plan->margin_differs && !computed))
                return by_margin;
        test_by(p, t, false, row, n);
        if (computed)
                derive(p, t, row, n);
        group_by(p, t, false, row, n);
        uint32_t filtered = count_filtered(t->cell, n);

        t->sensitive_drops += filtered - by_margin;
        return filtered;
}
