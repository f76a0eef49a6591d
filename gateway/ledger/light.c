/* SPDX-License-Identifier: Apache-2.0 */
/* light.c: whether a row of light classes gives away fewer than k persons.
 *
 * What tells of few persons is a combination whose classes together have fewer than k: a word
 * of little weight in the code that the rows with a light pivot span. Such a word lies in one
 * connected piece of those rows, and pieces are small, so it is looked for in earnest.
 *
 * Some classes hold a word of the code exactly when their columns of its check matrix are
 * linearly dependent. The check matrix is read off the reduced rows: a class that is no
 * pivot has a unit vector there, a pivot the negative of its row. Only a few random
 * combinations of the matrix's rows are kept (`print`): what is dependent stays so in them,
 * and what seems so by bad luck (about 2^-61 a question) is refused needlessly. A word
 * must hold a pivot, and where a class is in the new row and in no other, that one. */
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/ledger/inside.h"

enum { PRINT_MAX = 16, STEPS_MAX = 200000 };

struct print {
        uint64_t at[PRINT_MAX];
};

struct member {
        uint32_t class, size;
        struct print print;
};

struct piece {
        struct ledger *l;
        struct member *members;
        uint32_t len, cap;
        uint32_t starts; /* a word holds one of the first so many */
        unsigned width;  /* of prints */
        uint32_t pivot;  /* of `left`, as if it were a row */
        bool alone;      /* which no other row with a light pivot holds */
        uint32_t steps;
        /* The classes chosen, their prints in echelon form. */
        struct print basis[PRINT_MAX];
        unsigned leading[PRINT_MAX];
        unsigned chosen;
};

/* The piece ---------------------------------------------------------------------------------- */

static bool is_light_row(const struct ledger *l, uint32_t row)
{
        return class_is_light(l, l->rows[row].pivot);
}

static bool stands_alone(const struct ledger *l, uint32_t class)
{
        const struct class *c = &l->classes[class];

        for (uint32_t i = 0; i < c->rows_len; i++)
                if (is_light_row(l, c->rows[i]))
                        return false;
        return true;
}

static enum err touch_row(struct ledger *l, const struct row *r)
{
        TRY(ledger_work(l, r->len));
        for (uint32_t i = 0; i < r->len; i++)
                TRY(class_touch(l, r->entries[i].at));
        return ERR_OK;
}

/* Touches every class that hangs together with the new row, and marks the rows. */
static enum err spread(struct ledger *l, uint32_t *rows)
{
        *rows = 0;
        TRY(touch_row(l, &l->left));
        for (uint32_t i = 0; i < l->touched_len; i++) {
                const struct class *c = &l->classes[l->touched[i]];

                for (uint32_t k = 0; k < c->rows_len; k++) {
                        struct row *r = &l->rows[c->rows[k]];

                        if (r->seen || !is_light_row(l, c->rows[k]))
                                continue;
                        r->seen = true;
                        ++*rows;
                        TRY(touch_row(l, r));
                }
        }
        return ERR_OK;
}

static void unsee(struct ledger *l)
{
        for (uint32_t i = 0; i < l->touched_len; i++) {
                const struct class *c = &l->classes[l->touched[i]];

                for (uint32_t k = 0; k < c->rows_len; k++)
                        l->rows[c->rows[k]].seen = false;
        }
        classes_untouch(l);
}

static void choose_pivot(struct piece *p)
{
        const struct ledger *l = p->l;

        p->pivot = l->left.entries[0].at;
        for (uint32_t i = 0; i < l->left.len && !p->alone; i++) {
                p->alone = stands_alone(l, l->left.entries[i].at);
                if (p->alone)
                        p->pivot = l->left.entries[i].at;
        }
}

static bool is_pivot(const struct piece *p, uint32_t class)
{
        return class == p->pivot || p->l->classes[class].pivot_row != NO_ROW;
}

static bool is_start(const struct piece *p, uint32_t class)
{
        return p->alone ? class == p->pivot : is_pivot(p, class);
}

/* Prints ------------------------------------------------------------------------------------- */

static void print_random(const struct piece *p, uint32_t class, struct print *out)
{
        for (unsigned d = 0; d < p->width; d++)
                out->at[d] = residue_mix(class, d) & RESIDUE_PRIME;
        for (unsigned d = 0; d < p->width; d++)
                out->at[d] = out->at[d] == RESIDUE_PRIME ? 0 : out->at[d];
}

static void print_of(const struct piece *p, uint32_t class, struct print *out);

/* Minus the row without its pivot, which may be other than 1. */
static void print_row(const struct piece *p, const struct row *r, uint32_t pivot, struct print *out)
{
        uint64_t factor = residue_negative(residue_inverse(row_value(r, pivot)));
        struct print one;

        *out = (struct print){0};
        for (uint32_t i = 0; i < r->len; i++) {
                if (r->entries[i].at == pivot)
                        continue;
                print_of(p, r->entries[i].at, &one);
                for (unsigned d = 0; d < p->width; d++)
                        out->at[d] = residue_add(
                                out->at[d], residue_times(r->entries[i].value, one.at[d]));
        }
        for (unsigned d = 0; d < p->width; d++)
                out->at[d] = residue_times(factor, out->at[d]);
}

/* Rows hold no pivots but their own and, since it is not taken out of them yet, that of the
 * new row, whose print holds none: two steps down at most. */
static void print_of(const struct piece *p, uint32_t class, struct print *out)
{
        uint32_t row = p->l->classes[class].pivot_row;

        if (class == p->pivot)
                print_row(p, &p->l->left, class, out);
        else if (row != NO_ROW)
                print_row(p, &p->l->rows[row], class, out);
        else
                print_random(p, class, out);
}

static enum err gather(struct piece *p)
{
        struct ledger *l = p->l;

        TRY(ledger_reserve(l, &p->members, &p->cap, l->touched_len, sizeof *p->members));
        for (int starts = 1; starts >= 0; starts--) {
                for (uint32_t i = 0; i < l->touched_len; i++) {
                        uint32_t class = l->touched[i];

                        if (is_start(p, class) != (starts == 1))
                                continue;
                        struct member *m = &p->members[p->len++];

                        m->class = class;
                        m->size = l->classes[class].size;
                        print_of(p, class, &m->print);
                }
                if (starts == 1)
                        p->starts = p->len;
        }
        return ERR_OK;
}

/* Looking ------------------------------------------------------------------------------------ */

/* False: the class depends on those chosen, or more were chosen than prints can tell. */
static bool choose(struct piece *p, const struct member *m)
{
        struct print v = m->print;
        unsigned leading = 0;

        for (unsigned i = 0; i < p->chosen; i++) {
                uint64_t factor = v.at[p->leading[i]];

                for (unsigned d = 0; factor != 0 && d < p->width; d++)
                        v.at[d] = residue_minus(v.at[d], residue_times(factor, p->basis[i].at[d]));
        }
        while (leading < p->width && v.at[leading] == 0)
                leading++;
        if (leading == p->width)
                return false;
        uint64_t inverse = residue_inverse(v.at[leading]);

        for (unsigned d = 0; d < p->width; d++)
                v.at[d] = residue_times(inverse, v.at[d]);
        p->basis[p->chosen] = v;
        p->leading[p->chosen++] = leading;
        return true;
}

/* Whether no word is made of what was chosen and some of the members from `from` on, with
 * fewer than `room` persons more. */
static bool is_safe(struct piece *p, uint32_t from, uint32_t until, uint32_t room)
{
        for (uint32_t i = from; i < until; i++) {
                if (p->members[i].size >= room)
                        continue;
                if (++p->steps > STEPS_MAX || !choose(p, &p->members[i]))
                        return false;
                if (!is_safe(p, i + 1, p->len, room - p->members[i].size))
                        return false;
                p->chosen--;
        }
        return true;
}

static uint32_t weight(const struct ledger *l, const struct row *r)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < r->len && sum < UINT32_MAX; i++)
                sum += l->classes[r->entries[i].at].size;
        return sum < UINT32_MAX ? (uint32_t)sum : UINT32_MAX;
}

static enum err look(struct ledger *l, bool *out)
{
        uint32_t k = l->options.threshold, rows;
        struct piece p = {.l = l, .width = k - 1 < PRINT_MAX ? k - 1 : PRINT_MAX};

        TRY(spread(l, &rows));
        *out = weight(l, &l->left) >= k;
        if (!*out || rows == 0)
                return ERR_OK;
        choose_pivot(&p);
        enum err e = gather(&p);

        if (e == ERR_OK)
                *out = is_safe(&p, 0, p.starts, k);
        ledger_release(l, p.members, p.cap, sizeof *p.members);
        return e == ERR_OK ? ledger_work(l, (uint64_t)p.len + p.steps) : e;
}

enum err light_is_safe(struct ledger *l, bool *out)
{
        enum err e = look(l, out);

        unsee(l);
        return e;
}
