/* SPDX-License-Identifier: Apache-2.0 */
/* classes.c: persons whom nothing that was answered tells apart.
 *
 * A set splits the classes that it holds in part; rows that hold such a class then hold
 * both halves alike. Splits for rows that were refused after all are undone by merging what
 * no row tells apart, so that refusals do not grow the memory. */
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/ledger/inside.h"

enum err class_add(struct ledger *l, uint32_t parent, uint32_t *out)
{
        uint32_t cap = l->classes_cap;

        if (l->classes_len == NO_ROW)
                return ERR_LIMIT;
        TRY(ledger_reserve(
                l, &l->classes, &l->classes_cap, l->classes_len + 1, sizeof *l->classes));
        if (l->classes_cap > cap) /* beyond the length there may be lists to use again */
                memset(&l->classes[cap], 0, (l->classes_cap - cap) * sizeof *l->classes);
        struct class *c = &l->classes[l->classes_len];

        *c = (struct class){
                .pivot_row = NO_ROW, .parent = parent, .rows = c->rows, .rows_cap = c->rows_cap};
        *out = l->classes_len++;
        return ERR_OK;
}

/* Touching ----------------------------------------------------------------------------------- */

enum err class_touch(struct ledger *l, uint32_t class)
{
        if (l->classes[class].marked)
                return ERR_OK;
        TRY(ledger_reserve(
                l, &l->touched, &l->touched_cap, l->touched_len + 1, sizeof *l->touched));
        l->classes[class].marked = true;
        l->touched[l->touched_len++] = class;
        return ERR_OK;
}

void classes_untouch(struct ledger *l)
{
        for (uint32_t i = 0; i < l->touched_len; i++) {
                struct class *c = &l->classes[l->touched[i]];

                c->marked = false;
                c->sum = 0;
                c->count = c->target = 0;
        }
        l->touched_len = 0;
}

/* Splitting ---------------------------------------------------------------------------------- */

static enum err count(struct ledger *l, const struct ledger_set *set)
{
        TRY(ledger_work(l, set->len));
        for (uint32_t i = 0; i < set->len; i++) {
                if (set->persons[i] >= l->options.persons)
                        return ERR_INVALID;
                uint32_t class = l->class_of[set->persons[i]];

                TRY(class_touch(l, class)); /* before it counts: what fails leaves no count */
                l->classes[class].count++;
        }
        return ERR_OK;
}

/* The part of `class` that the set holds becomes a class of its own. */
static enum err split(struct ledger *l, uint32_t class)
{
        uint32_t half;

        TRY(class_add(l, class, &half));
        struct class *c = &l->classes[class], *h = &l->classes[half];

        h->size = c->count;
        c->size -= c->count;
        c->target = half;
        for (uint32_t i = 0; i < c->rows_len; i++) {
                struct row *r = &l->rows[c->rows[i]];

                TRY(ledger_work(l, 1));
                TRY(row_save(l, c->rows[i]));
                TRY(row_push(l, r, half, row_value(r, class)));
                TRY(class_add_row(l, half, c->rows[i]));
        }
        if (c->pivot_row == NO_ROW || h->size <= c->size)
                return ERR_OK;
        h->pivot_row = c->pivot_row;
        c->pivot_row = NO_ROW;
        l->rows[h->pivot_row].pivot = half;
        return ERR_OK;
}

static enum err mend(struct ledger *l, uint32_t class)
{
        uint32_t row = l->classes[class].pivot_row;

        return row == NO_ROW ? ERR_OK : row_mend(l, row);
}

enum err classes_refine(struct ledger *l, const struct ledger_set *set)
{
        bool any = false;

        TRY(count(l, set));
        for (uint32_t i = 0; i < l->touched_len; i++) {
                uint32_t class = l->touched[i];

                /* Whoever is in no answered set is told apart by the first. */
                if (class != 0 && l->classes[class].count == l->classes[class].size)
                        continue;
                TRY(split(l, class));
                any = true;
        }
        if (!any)
                return ERR_OK;
        for (uint32_t i = 0; i < set->len; i++) {
                uint32_t *class = &l->class_of[set->persons[i]];

                if (l->classes[*class].target != 0)
                        *class = l->classes[*class].target;
        }
        for (uint32_t i = 0; i < l->touched_len; i++) {
                struct class *c = &l->classes[l->touched[i]];
                uint32_t half = c->target;

                if (half == 0)
                        continue;
                TRY(mend(l, l->touched[i]));
                TRY(mend(l, half));
                c = &l->classes[l->touched[i]];
                c->marked = false;
                c->count = c->target = 0;
                l->classes[half].marked = true;
                l->touched[i] = half;
        }
        return ERR_OK;
}

enum err classes_whole(struct ledger *l, const struct ledger_set *set, bool *out)
{
        *out = true;
        TRY(count(l, set));
        for (uint32_t i = 0; i < l->touched_len; i++) {
                const struct class *c = &l->classes[l->touched[i]];

                *out = *out && l->touched[i] != 0 && c->count == c->size;
        }
        return ERR_OK;
}

/* Undoing ------------------------------------------------------------------------------------ */

/* A class that was split from another has the larger number. Lists of rows are as long as they
 * were before, or longer, so that no memory is needed. */
enum err classes_restore(struct ledger *l)
{
        for (uint32_t c = 0; c < l->classes_len; c++)
                l->classes[c].target =
                        c < l->classes_kept ? c : l->classes[l->classes[c].parent].target;
        for (uint32_t p = 0; p < l->options.persons; p++)
                l->class_of[p] = l->classes[l->class_of[p]].target;
        for (uint32_t c = l->classes_len; c-- > l->classes_kept;)
                l->classes[l->classes[c].parent].size += l->classes[c].size;
        for (uint32_t c = 0; c < l->classes_len; c++)
                l->classes[c].target = 0;
        l->classes_len = l->classes_kept;
        return rows_index(l);
}

/* Merging ------------------------------------------------------------------------------------ */

static uint64_t signature(const struct ledger *l, uint32_t class)
{
        const struct class *c = &l->classes[class];
        uint64_t sum = 0;

        for (uint32_t i = 0; i < c->rows_len; i++)
                sum += residue_mix(row_value(&l->rows[c->rows[i]], class), c->rows[i]);
        return sum;
}

static bool is_same(const struct ledger *l, uint32_t a, uint32_t b)
{
        const struct class *c = &l->classes[a];

        if (c->rows_len != l->classes[b].rows_len)
                return false;
        for (uint32_t i = 0; i < c->rows_len; i++)
                if (row_value(&l->rows[c->rows[i]], a) != row_value(&l->rows[c->rows[i]], b))
                        return false;
        return true;
}

/* table[i]: a class + 1. Returns its own number where it is the first of its kind. */
static uint32_t first_like(const struct ledger *l, uint32_t class, uint32_t *table, uint32_t mask)
{
        for (uint64_t at = signature(l, class);; at++) {
                uint32_t *slot = &table[at & mask];

                if (*slot == 0) {
                        *slot = class + 1;
                        return class;
                }
                if (is_same(l, *slot - 1, class))
                        return *slot - 1;
        }
}

/* Entries of classes that go are dropped: those they go into stand in the same rows alike. */
static void row_renumber(struct row *r, const uint32_t *first, const uint32_t *to)
{
        uint32_t len = 0;

        for (uint32_t i = 0; i < r->len; i++) {
                struct entry e = r->entries[i];

                if (first[e.at] != e.at)
                        continue;
                e.at = to[e.at];
                r->entries[len++] = e;
        }
        r->len = len;
        r->pivot = to[r->pivot];
}

/* New number of every class, at most the old one. The persons of a class that goes join those
 * of another, which takes its list of rows along: so the lists are long enough. */
static void renumber(struct ledger *l, const uint32_t *first, const uint32_t *to, uint32_t len)
{
        for (uint32_t p = 0; p < l->options.persons; p++)
                l->class_of[p] = to[l->class_of[p]];
        for (uint32_t c = 0; c < l->classes_len; c++) {
                struct class *old = &l->classes[c], *new = &l->classes[to[c]], swap = *old;

                if (new == old)
                        continue;
                old->size = 0;
                if (first[c] != c) {
                        new->size += swap.size;
                        continue;
                }
                old->rows = new->rows;
                old->rows_cap = new->rows_cap;
                new->rows = swap.rows;
                new->rows_cap = swap.rows_cap;
                new->size += swap.size;
        }
        l->classes_len = len;
}

static enum err merge(
        struct ledger *l, uint32_t *first, uint32_t *to, uint32_t *table, uint32_t mask)
{
        uint32_t len = 0;

        for (uint32_t c = 0; c < l->classes_len; c++) {
                first[c] = first_like(l, c, table, mask);
                to[c] = first[c] == c ? len++ : to[first[c]];
        }
        if (len == l->classes_len)
                return ERR_OK;
        for (uint32_t i = 0; i < l->rows_len; i++)
                row_renumber(&l->rows[i], first, to);
        renumber(l, first, to, len);
        TRY(rows_index(l));
        for (uint32_t i = 0; i < l->rows_len; i++)
                TRY(row_mend(l, i));
        return ERR_OK;
}

static enum err map_new(struct ledger *l, uint32_t **out, uint32_t *cap)
{
        *out = NULL;
        *cap = 0;
        return ledger_reserve(l, out, cap, l->classes_len, sizeof **out);
}

enum err classes_merge(struct ledger *l)
{
        uint32_t *first, *to, *table = NULL, first_cap, to_cap, table_cap = 0, slots = 64;

        while (slots < 2 * l->classes_len)
                slots *= 2;
        TRY(map_new(l, &first, &first_cap));
        enum err e = map_new(l, &to, &to_cap);

        if (e == ERR_OK)
                e = ledger_reserve(l, &table, &table_cap, slots, sizeof *table);
        if (e == ERR_OK) {
                memset(table, 0, slots * sizeof *table);
                e = merge(l, first, to, table, slots - 1);
        }
        ledger_release(l, table, table_cap, sizeof *table);
        ledger_release(l, to, to_cap, sizeof *to);
        ledger_release(l, first, first_cap, sizeof *first);
        return e;
}
