/* SPDX-License-Identifier: Apache-2.0 */
/* classes.c: persons whom nothing that was answered tells apart.
 *
 * A set splits the classes that it holds in part; rows that hold such a class then hold
 * both halves alike. Splits for a row that is refused after all are undone at once, so that
 * refusals do not grow the memory. */
#include <stdlib.h>
#include <string.h>

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

enum err class_mark(struct ledger *l, uint32_t class)
{
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

/* Of a class that was `before` persons. A row whose pivot was light then holds no heavy class. */
static enum err mend(struct ledger *l, uint32_t class, uint32_t before)
{
        uint32_t row = l->classes[class].pivot_row;

        return row == NO_ROW || before < l->options.threshold ? ERR_OK : row_mend(l, row);
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
                uint32_t half = c->target, before;

                if (half == 0)
                        continue;
                before = c->size + l->classes[half].size;
                TRY(mend(l, l->touched[i], before));
                TRY(mend(l, half, before));
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

/* Together again ----------------------------------------------------------------------------- */

/* No row tells the class from its parent, and no class is younger: in its rows it is last. */
static void unsplit(struct ledger *l, uint32_t class)
{
        struct class *c = &l->classes[class], *parent = &l->classes[c->parent];

        for (uint32_t i = 0; i < c->rows_len; i++)
                l->rows[c->rows[i]].len--;
        c->rows_len = 0;
        parent->size += c->size;
        if (c->pivot_row == NO_ROW)
                return;
        parent->pivot_row = c->pivot_row;
        l->rows[c->pivot_row].pivot = c->parent;
}

/* Where classes have grown, rows of a light pivot may hold a heavy class again. A row that gets
 * another pivot changes the list; each gets one once. */
static enum err mend_rows_of(struct ledger *l, uint32_t class)
{
        if (class_is_light(l, class))
                return ERR_OK;
        for (uint32_t i = 0; i < l->classes[class].rows_len;) {
                uint32_t row = l->classes[class].rows[i], pivot = l->rows[row].pivot;

                TRY(row_mend(l, row));
                i = l->rows[row].pivot == pivot ? i + 1 : 0;
        }
        return ERR_OK;
}

enum err classes_unsplit(struct ledger *l, uint32_t len, const struct ledger_set *set)
{
        uint32_t youngest = l->classes_len;

        for (uint32_t i = 0; youngest > len && i < set->len; i++) {
                uint32_t *class = &l->class_of[set->persons[i]];

                while (*class >= len)
                        *class = l->classes[*class].parent;
        }
        while (l->classes_len > len)
                unsplit(l, --l->classes_len);
        for (uint32_t c = len; c < youngest; c++)
                if (l->classes[c].parent < len)
                        TRY(mend_rows_of(l, l->classes[c].parent));
        return ERR_OK;
}
