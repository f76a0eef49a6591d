/* SPDX-License-Identifier: Apache-2.0 */
/* comparison.c: puts the answers of several years and places side by side.
 *
 * Categories are matched by code, never by position: municipalities come and go between
 * years. A figure is better or worse than the target only when its interval lies wholly on
 * one side of it: in a small municipality the point alone says more than is known. */
#include "tools/cli/comparison.h"

#include <string.h>

#include "tools/cli/render_parts.h"

enum { DIRECTION_HIGHER = 1, DIRECTION_LOWER = 2 }; /* as in policies/policy.h */

static const char *const names[COMPARED_COUNT] = {"none", "target", "lan", "riket", "history"};

const char *compared_name(enum compared c)
{
        return names[(unsigned)c < COMPARED_COUNT ? c : COMPARED_NONE];
}

enum compared compared_find(struct bytes name)
{
        for (int c = COMPARED_NONE + 1; c < COMPARED_COUNT; c++)
                if (bytes_is_text(name, names[c]))
                        return (enum compared)c;
        return COMPARED_NONE;
}

const char *verdict_name(enum verdict v)
{
        static const char *const texts[] = {"", "unclear", "better", "worse"};

        return texts[(unsigned)v < ARRAY_LEN(texts) ? v : VERDICT_NONE];
}

/* Verdicts ---------------------------------------------------------------- */

/* a·10^-da against b·10^-db: below zero, zero, above. What does not fit is the larger. */
static int compare(int64_t a, uint32_t da, int64_t b, uint32_t db)
{
        int sign_a = a < 0 ? -1 : 1, sign_b = b < 0 ? -1 : 1;

        for (; da < db; da++)
                if (__builtin_mul_overflow(a, 10, &a))
                        return sign_a;
        for (; db < da; db++)
                if (__builtin_mul_overflow(b, 10, &b))
                        return -sign_b;
        return (a > b) - (a < b);
}

enum verdict verdict_of(
        const struct wire_indicator *indicator, const struct figure *f, uint32_t decimals)
{
        int below, above; /* of the target against the low and the high end */

        if (!indicator->has_target || f->status != CELL_VALUE ||
                (indicator->direction != DIRECTION_HIGHER &&
                        indicator->direction != DIRECTION_LOWER))
                return VERDICT_NONE;
        below = compare(indicator->target, indicator->decimals, f->has_interval ? f->low : f->value,
                decimals);
        above = compare(indicator->target, indicator->decimals,
                f->has_interval ? f->high : f->value, decimals);
        if (!f->has_interval && below == 0) /* on the target: it is met */
                return VERDICT_BETTER;
        if (below < 0)
                return indicator->direction == DIRECTION_HIGHER ? VERDICT_BETTER : VERDICT_WORSE;
        if (above > 0)
                return indicator->direction == DIRECTION_HIGHER ? VERDICT_WORSE : VERDICT_BETTER;
        return VERDICT_UNCLEAR;
}

/* Finding ----------------------------------------------------------------- */

/* Index of a code in a dimension; d->len, the total, for NULL. */
static bool find_category(const struct dimension *d, const struct bytes *code, uint32_t *out)
{
        if (code == NULL) {
                *out = d->len;
                return true;
        }
        for (uint32_t i = 0; i < d->len; i++)
                if (bytes_equal(d->categories[i].code, *code)) {
                        *out = i;
                        return true;
                }
        return false;
}

static struct figure nothing(enum cell_status status)
{
        return (struct figure){.status = status};
}

static struct figure figure_at(const struct table *t, const uint32_t *at)
{
        size_t cell = table_cell(t, at);
        struct figure f = {.status = measure_status(t, 0, cell)};

        (void)cell_value(t, 0, cell, &f.value);
        f.has_interval = cell_interval(t, 0, cell, &f.low, &f.high);
        return f;
}

/* The cell with these codes (NULL: total); `without`: a dimension that the other table
 * does not have, or -1. A category that is not there cannot exist. */
static struct figure figure_of(
        const struct table *t, const struct bytes *const *codes, uint32_t len, int32_t without)
{
        uint32_t at[DIMENSIONS_MAX] = {0}, n = 0;

        for (uint32_t d = 0; d < len; d++) {
                if ((int32_t)d == without)
                        continue;
                if (n >= t->dimensions_len || !find_category(&t->dimensions[n], codes[d], &at[n]))
                        return nothing(CELL_NOT_APPLICABLE);
                n++;
        }
        return n == t->dimensions_len ? figure_at(t, at) : nothing(CELL_NOT_APPLICABLE);
}

static const struct bytes *county_of(const struct wire_level *municipalities, struct bytes code)
{
        for (uint32_t i = 0; i < municipalities->codes_len; i++)
                if (bytes_equal(municipalities->codes[i].code, code))
                        return &municipalities->codes[i].parent;
        return NULL;
}

/* Rows -------------------------------------------------------------------- */

static void codes_of(
        const struct comparison_row *row, uint32_t len, const struct bytes *out[DIMENSIONS_MAX])
{
        for (uint32_t d = 0; d < len; d++)
                out[d] = row->categories[d] != NULL ? &row->categories[d]->code : NULL;
}

static struct figure county_figure(const struct comparison_request *r,
        const struct comparison_year *y, const struct bytes **codes, uint32_t len)
{
        const struct bytes *own, *county;
        struct figure f;

        if (r->place < 0 || codes[r->place] == NULL || y->county.release == NULL ||
                r->municipalities == NULL)
                return nothing(CELL_NOT_APPLICABLE);
        own = codes[r->place];
        county = county_of(r->municipalities, *own);
        if (county == NULL)
                return nothing(CELL_NOT_APPLICABLE);
        codes[r->place] = county;
        f = figure_of(&y->county.release->table, codes, len, -1);
        codes[r->place] = own;
        return f;
}

static struct figure country_figure(const struct comparison_request *r,
        const struct comparison_year *y, const struct bytes **codes, uint32_t len)
{
        const struct bytes *own;
        struct figure f;

        if (y->country.release != NULL)
                return figure_of(&y->country.release->table, codes, len, r->place);
        if (r->place < 0)
                return figure_of(&y->rows.release->table, codes, len, -1);
        own = codes[r->place];
        codes[r->place] = NULL;
        f = figure_of(&y->rows.release->table, codes, len, -1);
        codes[r->place] = own;
        return f;
}

static enum cell_status worse_status(const struct figure *a, const struct figure *b)
{
        if (a->status == CELL_PROTECTED || b->status == CELL_PROTECTED)
                return CELL_PROTECTED;
        return a->status != CELL_VALUE ? a->status : b->status;
}

static struct figure change_since(const struct figure *first, const struct figure *now)
{
        struct figure f = nothing(worse_status(first, now));

        if (f.status == CELL_VALUE && __builtin_sub_overflow(now->value, first->value, &f.value))
                f.status = CELL_NOT_APPLICABLE;
        return f;
}

static void fill_row(const struct comparison *c, struct comparison_row *row)
{
        const struct comparison_request *r = c->request;
        const struct comparison_year *y = &r->years[row->year];
        const struct bytes *codes[DIMENSIONS_MAX];
        uint32_t len = c->shape->dimensions_len;
        struct figure first;

        codes_of(row, len, codes);
        row->value = figure_of(&y->rows.release->table, codes, len, -1);
        if ((r->compared & 1U << COMPARED_COUNTY) != 0)
                row->county = county_figure(r, y, codes, len);
        if ((r->compared & 1U << COMPARED_COUNTRY) != 0)
                row->country = country_figure(r, y, codes, len);
        if ((r->compared & 1U << COMPARED_TARGET) != 0)
                row->verdict = verdict_of(r->indicator, &row->value, c->measure->decimals);
        row->change = nothing(CELL_NOT_APPLICABLE);
        if (row->year > 0) {
                first = figure_of(&r->years[0].rows.release->table, codes, len, -1);
                row->change = change_since(&first, &row->value);
        }
}

/* Whether an earlier year has had these categories. */
static bool seen_before(const struct comparison *c, const struct comparison_row *row)
{
        const struct bytes *codes[DIMENSIONS_MAX];
        uint32_t len = c->shape->dimensions_len, at;

        codes_of(row, len, codes);
        for (uint32_t y = 0; y < row->year; y++) {
                const struct table *t = &c->request->years[y].rows.release->table;
                bool here = true;

                for (uint32_t d = 0; d < len; d++)
                        here &= find_category(&t->dimensions[d], codes[d], &at);
                if (here)
                        return true;
        }
        return false;
}

/* One row a year for the categories that stand at `at` in that of `year`. */
static void add_rows(struct comparison *c, uint32_t year, const uint32_t *at)
{
        const struct table *t = &c->request->years[year].rows.release->table;
        struct comparison_row row = {.year = year};

        for (uint32_t d = 0; d < t->dimensions_len; d++)
                row.categories[d] =
                        at[d] < t->dimensions[d].len ? &t->dimensions[d].categories[at[d]] : NULL;
        if (seen_before(c, &row))
                return;
        row.is_first = true;
        for (row.year = 0; row.year < c->request->years_len; row.year++) {
                struct comparison_row *to = &c->rows[c->rows_len++];

                *to = row;
                fill_row(c, to);
                c->intervals |= to->value.has_interval;
                row.is_first = false;
        }
}

/* Answers to one question have the same dimensions and one measure. */
static enum err check(const struct comparison_request *r, size_t *out_most)
{
        const struct table *first = &r->years[0].rows.release->table;
        size_t most = 0;

        for (uint32_t y = 0; y < r->years_len; y++) {
                const struct table *t = &r->years[y].rows.release->table;

                TRY(answer_check(&r->years[y].rows));
                if (t->dimensions_len != first->dimensions_len ||
                        t->measures[0].decimals != first->measures[0].decimals)
                        return ERR_MALFORMED;
                if (r->years[y].county.release != NULL)
                        TRY(answer_check(&r->years[y].county));
                if (r->years[y].country.release != NULL)
                        TRY(answer_check(&r->years[y].country));
                most += t->cells_len;
        }
        *out_most = most * r->years_len;
        return ERR_OK;
}

enum err comparison_make(
        struct arena *arena, const struct comparison_request *request, struct comparison *out)
{
        struct comparison c = {.request = request};
        size_t most = 0;

        if (request->years_len == 0)
                return ERR_INVALID;
        TRY(check(request, &most));
        c.shape = &request->years[0].rows.release->table;
        c.measure = &c.shape->measures[0];
        c.rows = arena_alloc(arena, most, sizeof *c.rows);
        if (c.rows == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t y = 0; y < request->years_len; y++) {
                const struct table *t = &request->years[y].rows.release->table;
                uint32_t at[DIMENSIONS_MAX] = {0};

                for (size_t cell = 0; cell < t->cells_len; cell++) {
                        add_rows(&c, y, at);
                        (void)step(t, t->dimensions_len, at);
                }
        }
        *out = c;
        return ERR_OK;
}

const struct comparison_row *comparison_total(const struct comparison *c)
{
        for (uint32_t i = c->rows_len; i-- > 0;) {
                bool total = c->rows[i].year + 1 == c->request->years_len;

                for (uint32_t d = 0; d < c->shape->dimensions_len; d++)
                        total &= c->rows[i].categories[d] == NULL;
                if (total)
                        return &c->rows[i];
        }
        return NULL;
}
