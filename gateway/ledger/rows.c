/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c: answered sets in reduced echelon form.
 *
 * Reducing looks once at each class of a new set: pivots stand in their own row only, so the
 * order does not matter. A pivot is best a heavy class that few other rows hold: those rows
 * are what inserting costs. Arithmetic is modulo 2^61 - 1. */
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/ledger/inside.h"

enum { MANY = 32 }; /* one in so many classes is not few */

void row_free(struct ledger *l, struct row *r)
{
        ledger_release(l, r->entries, r->cap, sizeof *r->entries);
        *r = (struct row){0};
}

static enum err row_reserve(struct ledger *l, struct row *r, uint32_t need)
{
        return ledger_reserve(l, &r->entries, &r->cap, need, sizeof *r->entries);
}

enum err row_push(struct ledger *l, struct row *r, uint32_t at, uint64_t value)
{
        TRY(row_reserve(l, r, r->len + 1));
        r->entries[r->len++] = (struct entry){.value = value, .at = at};
        return ERR_OK;
}

uint64_t row_value(const struct row *r, uint32_t class)
{
        uint32_t low = 0, high = r->len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (r->entries[middle].at < class)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < r->len && r->entries[low].at == class ? r->entries[low].value : 0;
}

void row_unsplit(const struct ledger *l, struct row *r)
{
        while (r->len > 0 && r->entries[r->len - 1].at >= l->classes_kept)
                r->len--;
        while (r->pivot >= l->classes_kept)
                r->pivot = l->classes[r->pivot].parent;
}

enum err row_save(struct ledger *l, uint32_t number)
{
        struct row *r = &l->rows[number];
        struct row copy = {.len = r->len, .pivot = r->pivot};

        if (r->saved)
                return ERR_OK;
        TRY(ledger_reserve(l, &l->saved, &l->saved_cap, l->saved_len + 1, sizeof *l->saved));
        TRY(row_reserve(l, &copy, r->len));
        memcpy(copy.entries, r->entries, r->len * sizeof *r->entries);
        row_unsplit(l, &copy); /* now: numbers of classes that come together are given again */
        l->saved[l->saved_len++] = (struct saved_row){.number = number, .as_it_was = copy};
        r->saved = true;
        return ERR_OK;
}

/* Which rows hold a class ------------------------------------------------------------------ */

enum err class_add_row(struct ledger *l, uint32_t class, uint32_t row)
{
        struct class *c = &l->classes[class];

        TRY(ledger_reserve(l, &c->rows, &c->rows_cap, c->rows_len + 1, sizeof *c->rows));
        c->rows[c->rows_len++] = row;
        return ERR_OK;
}

static void class_remove_row(struct ledger *l, uint32_t class, uint32_t row)
{
        struct class *c = &l->classes[class];

        for (uint32_t i = 0; i < c->rows_len; i++) {
                if (c->rows[i] != row)
                        continue;
                c->rows[i] = c->rows[--c->rows_len];
                return;
        }
}

enum err rows_index(struct ledger *l)
{
        for (uint32_t c = 0; c < l->classes_len; c++) {
                l->classes[c].rows_len = 0;
                l->classes[c].pivot_row = NO_ROW;
        }
        for (uint32_t i = 0; i < l->rows_len; i++) {
                l->classes[l->rows[i].pivot].pivot_row = i;
                for (uint32_t k = 0; k < l->rows[i].len; k++)
                        TRY(class_add_row(l, l->rows[i].entries[k].at, i));
        }
        return ERR_OK;
}

/* Arithmetic ------------------------------------------------------------------------------- */

/* `sum` = row `number` plus `factor` times `other`, all ascending. */
static enum err add_up(struct ledger *l, uint32_t number, uint64_t factor, const struct row *other,
        struct row *sum)
{
        const struct row *r = &l->rows[number];
        uint32_t i = 0, k = 0;

        TRY(row_reserve(l, sum, r->len + other->len));
        while (i < r->len || k < other->len) {
                if (k == other->len || (i < r->len && r->entries[i].at < other->entries[k].at)) {
                        sum->entries[sum->len++] = r->entries[i++];
                        continue;
                }
                struct entry e = other->entries[k++];

                e.value = residue_times(factor, e.value);
                if (i == r->len || r->entries[i].at > e.at)
                        TRY(class_add_row(l, e.at, number));
                else
                        e.value = residue_add(e.value, r->entries[i++].value);
                if (e.value != 0)
                        sum->entries[sum->len++] = e;
                else
                        class_remove_row(l, e.at, number);
        }
        return ERR_OK;
}

static enum err row_combine(
        struct ledger *l, uint32_t number, uint64_t factor, const struct row *other)
{
        struct row *r = &l->rows[number];
        struct row sum = {.pivot = r->pivot};

        TRY(row_save(l, number));
        TRY(ledger_work(l, (uint64_t)r->len + other->len));
        enum err e = add_up(l, number, factor, other, &sum);
        if (e != ERR_OK) {
                row_free(l, &sum);
                return e;
        }
        sum.saved = true;
        row_free(l, r);
        *r = sum;
        return ERR_OK;
}

void row_scale(struct row *r, uint32_t class)
{
        uint64_t inverse = residue_inverse(row_value(r, class));

        for (uint32_t i = 0; inverse != 1 && i < r->len; i++)
                r->entries[i].value = residue_times(r->entries[i].value, inverse);
}

/* Makes `class` the pivot of row `number`, which holds it: 1 there, and in no other. */
static enum err row_pivot(struct ledger *l, uint32_t number, uint32_t class)
{
        struct row *r = &l->rows[number];
        struct class *c = &l->classes[class];

        TRY(row_save(l, number));
        r->pivot = class;
        row_scale(r, class);
        for (uint32_t i = c->rows_len; i-- > 0;) {
                uint32_t other = c->rows[i];

                /* It leaves the class's list, whose places from i on are done. */
                if (other != number)
                        TRY(row_combine(
                                l, other, residue_negative(row_value(&l->rows[other], class)), r));
        }
        c->pivot_row = number;
        return ERR_OK;
}

/* Heavy before light; then whom the fewest rows hold; then the larger. */
static bool is_better_pivot(const struct ledger *l, uint32_t a, uint32_t b)
{
        const struct class *x = &l->classes[a], *y = &l->classes[b];

        if (class_is_light(l, a) != class_is_light(l, b))
                return class_is_light(l, b);
        return x->rows_len != y->rows_len ? x->rows_len < y->rows_len : x->size > y->size;
}

static uint32_t best_pivot(const struct ledger *l, const struct row *r)
{
        uint32_t best = r->entries[0].at;

        for (uint32_t i = 1; i < r->len; i++)
                if (is_better_pivot(l, r->entries[i].at, best))
                        best = r->entries[i].at;
        return best;
}

enum err row_mend(struct ledger *l, uint32_t number)
{
        uint32_t old = l->rows[number].pivot, best;

        if (!class_is_light(l, old))
                return ERR_OK;
        best = best_pivot(l, &l->rows[number]);
        if (class_is_light(l, best))
                return ERR_OK;
        l->classes[old].pivot_row = NO_ROW;
        return row_pivot(l, number, best);
}

/* Reducing --------------------------------------------------------------------------------- */

static enum err take_out(struct ledger *l, const struct row *r, uint64_t times)
{
        TRY(ledger_work(l, r->len));
        for (uint32_t i = 0; i < r->len; i++) {
                struct class *c = &l->classes[r->entries[i].at];

                TRY(class_touch(l, r->entries[i].at));
                c->sum = residue_minus(c->sum, residue_times(times, r->entries[i].value));
        }
        return ERR_OK;
}

static int by_number(const void *a, const void *b)
{
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

        return x < y ? -1 : x > y;
}

/* Those of whom something is left, to the front of `touched`. */
static uint32_t gather(struct ledger *l)
{
        uint32_t left = 0;

        for (uint32_t i = 0; i < l->touched_len; i++) {
                uint32_t class = l->touched[i];

                if (l->classes[class].sum == 0)
                        continue;
                l->touched[i] = l->touched[left];
                l->touched[left++] = class;
        }
        return left;
}

/* In order of classes; where they are not few, by looking at all: nothing is left of others. */
static enum err write_left(struct ledger *l, uint32_t left)
{
        bool many = left > l->classes_len / MANY;

        if (!many)
                qsort(l->touched, left, sizeof *l->touched, by_number);
        TRY(row_reserve(l, &l->left, left));
        for (uint32_t i = 0; i < (many ? l->classes_len : left); i++) {
                uint32_t class = many ? i : l->touched[i];

                if (l->classes[class].sum != 0)
                        TRY(row_push(l, &l->left, class, l->classes[class].sum));
        }
        return ERR_OK;
}

static enum err reduce(struct ledger *l)
{
        uint32_t len = l->touched_len;

        for (uint32_t i = 0; i < len; i++) {
                const struct class *c = &l->classes[l->touched[i]];

                if (c->pivot_row != NO_ROW)
                        TRY(take_out(l, &l->rows[c->pivot_row], c->sum));
        }
        return write_left(l, gather(l));
}

enum err rows_reduce(struct ledger *l)
{
        l->left.len = 0;
        enum err e = reduce(l);

        classes_untouch(l);
        return e;
}

enum err rows_insert(struct ledger *l)
{
        uint32_t number = l->rows_len, pivot = best_pivot(l, &l->left);
        struct row *r;

        TRY(ledger_reserve(l, &l->rows, &l->rows_cap, number + 1, sizeof *l->rows));
        r = &l->rows[number];
        *r = l->left;
        l->left = (struct row){0};
        r->saved = true; /* it goes as a whole */
        l->rows_len++;
        l->inserted++;
        for (uint32_t i = 0; i < r->len; i++)
                TRY(class_add_row(l, r->entries[i].at, number));
        return row_pivot(l, number, pivot);
}
