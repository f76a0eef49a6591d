/* SPDX-License-Identifier: Apache-2.0 */
/* light.c: whether what is left of a set, light classes alone, gives away fewer than k persons.
 *
 * What tells of few persons is a combination whose classes together have fewer than k: a word
 * of little weight in the code that the rows with a light pivot span. Without the new set
 * there is none, so it is the set and a combination of rows. Every word holds the pivots of the
 * rows it is made of: no other row holds them, and what is left of the set has no pivots. So
 * few rows make it, and we look for them. Nothing is inserted for that: of what is asked when
 * much was answered, most is refused.
 *
 * A class that exactly one row of the set holds is in the word too. As long as these and the
 * pivots have k persons or more, another row must come in that holds one of them: which is
 * where the search branches, on as few classes as make k persons, those first that the
 * fewest rows hold. A class that no row can take out any more ends a branch at once. Where few
 * persons are left, classes that several rows hold may cancel or not: some classes hold
 * a word exactly when their columns of the code's check matrix are linearly dependent. That
 * matrix is read off the rows: a class that is no pivot has a unit vector, a pivot the
 * negative of its row. Of its rows only a few random combinations are kept (`print`): what
 * is dependent stays so in them, and what seems so by bad luck (2^-61 a question) is
 * refused needlessly.
 *
 * Much of what is asked when much was answered cannot be decided within the steps that there
 * are: rows are then as long as there are classes. So nothing is begun that cannot be ended. */
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/ledger/inside.h"

enum { PRINT_MAX = 16, BRANCH_MAX = 64 };

/* Steps of one search, and of all searches of one table before each gets the least. A set that
 * cannot be decided is refused, so while little was asked much is tried: some milliseconds, of
 * the tenths of a second that counting takes where sets are that large. Every 200 tables it is
 * half as much, since the more was told the less can be decided at all. Whoever knows the sets and
 * how many tables were asked for knows where a search ends. */
enum { STEPS_MOST = 500000, STEPS_LEAST = 10000, TABLES_HALVE = 200, HALVES = 6 };
enum { STEPS_TABLE = 8000000 };

struct print {
        uint64_t at[PRINT_MAX];
};

struct search {
        struct ledger *l;
        uint64_t base;           /* persons of the pivots of the set */
        uint32_t set[PRINT_MAX]; /* rows that come in besides what is left */
        unsigned set_len, width; /* of prints */
        uint32_t pivot;          /* that what is left would have */
        uint32_t *banned;        /* rows that were looked at with all that they can be in */
        uint32_t banned_len, banned_cap;
        uint64_t steps, steps_max;
        /* The classes chosen, their prints in echelon form. */
        struct print basis[PRINT_MAX];
        unsigned leading[PRINT_MAX], chosen;
};

/* Zero is the safe answer. */
enum finding { UNSAFE = 0, SAFE };

static bool is_light_row(const struct ledger *l, uint32_t row)
{
        return class_is_light(l, l->rows[row].pivot);
}

/* Prints ------------------------------------------------------------------------------------- */

static struct print print_of(const struct search *s, uint32_t class);

/* Minus the row without its pivot, where it is 1: no pivots are left in it, but that of what is
 * left, which has none. */
static struct print print_of_row(const struct search *s, const struct row *r, uint32_t pivot)
{
        struct print sum = {0};

        for (uint32_t i = 0; i < r->len; i++) {
                struct print one;

                if (r->entries[i].at == pivot)
                        continue;
                one = print_of(s, r->entries[i].at);
                for (unsigned d = 0; d < s->width; d++)
                        sum.at[d] = residue_minus(
                                sum.at[d], residue_times(r->entries[i].value, one.at[d]));
        }
        return sum;
}

static struct print print_of(const struct search *s, uint32_t class)
{
        uint32_t row = s->l->classes[class].pivot_row;
        struct print p = {0};

        if (row != NO_ROW)
                return print_of_row(s, &s->l->rows[row], class);
        if (class == s->pivot)
                return print_of_row(s, &s->l->left, class);
        for (unsigned d = 0; d < s->width; d++)
                p.at[d] = residue_mix(class, d) % RESIDUE_PRIME;
        return p;
}

/* False: the class depends on those chosen, or more were chosen than prints can tell. */
static bool choose(struct search *s, uint32_t class)
{
        struct print v = print_of(s, class);
        unsigned leading = 0;

        for (unsigned i = 0; i < s->chosen; i++) {
                uint64_t factor = v.at[s->leading[i]];

                for (unsigned d = 0; factor != 0 && d < s->width; d++)
                        v.at[d] = residue_minus(v.at[d], residue_times(factor, s->basis[i].at[d]));
        }
        while (leading < s->width && v.at[leading] == 0)
                leading++;
        if (leading == s->width)
                return false;
        uint64_t inverse = residue_inverse(v.at[leading]);

        for (unsigned d = 0; d < s->width; d++)
                v.at[d] = residue_times(inverse, v.at[d]);
        s->basis[s->chosen] = v;
        s->leading[s->chosen++] = leading;
        return true;
}

/* The set of rows ---------------------------------------------------------------------------- */

/* `count` of a class: how many rows of the set hold it; pivots are not counted. */
static enum err hold(struct search *s, const struct row *r, uint32_t pivot)
{
        for (uint32_t i = 0; i < r->len; i++) {
                if (r->entries[i].at == pivot)
                        continue;
                TRY(class_touch(s->l, r->entries[i].at));
                s->l->classes[r->entries[i].at].count++;
        }
        s->steps += r->len;
        return ERR_OK;
}

static enum err enter(struct search *s, uint32_t row)
{
        const struct row *r = &s->l->rows[row];

        TRY(hold(s, r, r->pivot));
        s->base += s->l->classes[r->pivot].size;
        s->set[s->set_len++] = row;
        return ERR_OK;
}

static void leave(struct search *s)
{
        const struct row *r = &s->l->rows[s->set[--s->set_len]];

        for (uint32_t i = 0; i < r->len; i++)
                if (r->entries[i].at != r->pivot)
                        s->l->classes[r->entries[i].at].count--;
        s->base -= s->l->classes[r->pivot].size;
}

static uint64_t persons_held_once(struct search *s)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < s->l->touched_len; i++) {
                const struct class *c = &s->l->classes[s->l->touched[i]];

                sum += c->count == 1 ? c->size : 0;
        }
        s->steps += s->l->touched_len;
        return sum;
}

/* Where little is left ----------------------------------------------------------------------- */

/* Whether no word is made of what was chosen and some of the classes held more than once,
 * touched `from` on, with fewer than `room` persons more. */
static bool rest_is_safe(struct search *s, uint32_t from, uint64_t room)
{
        for (uint32_t i = from; i < s->l->touched_len; i++) {
                uint32_t class = s->l->touched[i];

                if (s->l->classes[class].count < 2 || s->l->classes[class].size >= room)
                        continue;
                s->steps += 8;
                if (s->steps > s->steps_max || !choose(s, class))
                        return false;
                if (!rest_is_safe(s, i + 1, room - s->l->classes[class].size))
                        return false;
                s->chosen--;
        }
        return true;
}

static enum finding look_closely(struct search *s, uint64_t once)
{
        struct ledger *l = s->l;

        s->chosen = 0;
        if (s->set_len == 0)
                return UNSAFE; /* what is left, by itself */
        for (unsigned i = 0; i < s->set_len; i++)
                if (!choose(s, l->rows[s->set[i]].pivot))
                        return UNSAFE;
        for (uint32_t i = 0; i < l->touched_len; i++)
                if (l->classes[l->touched[i]].count == 1 && !choose(s, l->touched[i]))
                        return UNSAFE;
        return rest_is_safe(s, 0, l->options.threshold - s->base - once) ? SAFE : UNSAFE;
}

/* Branching ---------------------------------------------------------------------------------- */

static bool can_enter(const struct search *s, uint32_t row)
{
        const struct ledger *l = s->l;

        return !l->rows[row].seen && is_light_row(l, row) &&
               s->base + l->classes[l->rows[row].pivot].size < l->options.threshold;
}

/* How many rows could take it out, counted as far as `enough`. */
static uint32_t takers(struct search *s, uint32_t class, uint32_t enough)
{
        const struct class *c = &s->l->classes[class];
        uint32_t n = 0, i = 0;

        for (; i < c->rows_len && n < enough; i++)
                n += can_enter(s, c->rows[i]) ? 1 : 0;
        s->steps += i + 1;
        return n;
}

struct branches {
        uint32_t class[BRANCH_MAX], takers[BRANCH_MAX];
        uint32_t len;
};

/* Of the classes held once, as few takers as can be among so many as make `wanted` persons.
 * Kept sorted by takers; what makes the sum without its last leaves that out. */
static bool find_branches(struct search *s, uint64_t wanted, struct branches *out)
{
        struct ledger *l = s->l;
        uint64_t sum = 0;

        out->len = 0;
        for (uint32_t i = 0; i < l->touched_len; i++) {
                uint32_t class = l->touched[i], most = UINT32_MAX, n, at;

                if (l->classes[class].count != 1)
                        continue;
                if (out->len > 0 && sum >= wanted)
                        most = out->takers[out->len - 1];
                if (most > 0 && s->steps > s->steps_max)
                        return false; /* whoever could enter is one too many */
                n = takers(s, class, most);
                if (n >= most)
                        continue;
                if (out->len == BRANCH_MAX || s->steps > s->steps_max)
                        return false;
                for (at = out->len++; at > 0 && out->takers[at - 1] > n; at--) {
                        out->class[at] = out->class[at - 1];
                        out->takers[at] = out->takers[at - 1];
                }
                out->class[at] = class;
                out->takers[at] = n;
                sum += l->classes[class].size;
                while (out->len > 1 && sum - l->classes[out->class[out->len - 1]].size >= wanted)
                        sum -= l->classes[out->class[--out->len]].size;
        }
        return sum >= wanted;
}

static enum err look(struct search *s, enum finding *out);

static enum err ban(struct search *s, uint32_t row)
{
        TRY(ledger_reserve(s->l, &s->banned, &s->banned_cap, s->banned_len + 1, sizeof *s->banned));
        s->banned[s->banned_len++] = row;
        s->l->rows[row].seen = true;
        return ERR_OK;
}

static void unban(struct search *s, uint32_t len)
{
        while (s->banned_len > len)
                s->l->rows[s->banned[--s->banned_len]].seen = false;
}

/* Whether looking on would take more steps than there are: what every look begins with, once
 * `entries` more are held, is known beforehand. Rows can be as long as there are classes. */
static bool is_too_much(const struct search *s, uint32_t entries)
{
        return s->steps + entries + s->l->touched_len > s->steps_max;
}

/* With every row that holds the class in turn. */
static enum err branch(struct search *s, uint32_t class, enum finding *out)
{
        *out = SAFE;
        for (uint32_t i = 0; *out == SAFE && i < s->l->classes[class].rows_len; i++) {
                uint32_t row = s->l->classes[class].rows[i];

                if (!can_enter(s, row))
                        continue;
                if (is_too_much(s, s->l->rows[row].len)) {
                        *out = UNSAFE;
                        return ERR_OK;
                }
                TRY(ban(s, row));
                TRY(enter(s, row));
                TRY(look(s, out));
                leave(s);
        }
        return ERR_OK;
}

/* Whether no word is made of the rows of the set and others. */
static enum err look(struct search *s, enum finding *out)
{
        uint64_t once, k = s->l->options.threshold;
        uint32_t banned = s->banned_len;
        struct branches b;

        *out = UNSAFE;
        if (is_too_much(s, 0) || s->set_len == PRINT_MAX)
                return ERR_OK;
        once = persons_held_once(s);
        bool few = s->base + once < k;
        *out = few ? look_closely(s, once) : SAFE;
        if (*out == SAFE && !few && !find_branches(s, k - s->base, &b))
                *out = UNSAFE;
        for (uint32_t i = 0; !few && *out == SAFE && i < b.len; i++)
                TRY(branch(s, b.class[i], out));
        /* Few are left: whoever comes in besides holds some class of the set. */
        for (uint32_t i = 0, n = s->l->touched_len; few && *out == SAFE && i < n; i++)
                if (s->l->classes[s->l->touched[i]].count > 0)
                        TRY(branch(s, s->l->touched[i], out));
        unban(s, banned);
        return ERR_OK;
}

static enum err look_from_left(struct search *s, enum finding *out)
{
        *out = UNSAFE;
        if (s->l->left.len > s->steps_max / 2)
                return ERR_OK;
        TRY(hold(s, &s->l->left, NO_ROW));
        return look(s, out);
}

static uint64_t steps_for(const struct ledger *l)
{
        uint32_t halves = l->judged / TABLES_HALVE;

        if (halves > HALVES)
                halves = HALVES;
        uint64_t steps = (uint64_t)STEPS_MOST >> halves;
        return l->work > (uint64_t)STEPS_TABLE >> halves || steps < STEPS_LEAST ? STEPS_LEAST
                                                                                : steps;
}

enum err light_is_safe(struct ledger *l, bool *out)
{
        uint32_t k = l->options.threshold;
        struct search s = {.l = l,
                .steps_max = steps_for(l),
                .width = k - 1 < PRINT_MAX ? k - 1 : PRINT_MAX,
                .pivot = l->left.entries[0].at};
        enum finding finding = UNSAFE;

        row_scale(&l->left, s.pivot);
        enum err e = look_from_left(&s, &finding);
        unban(&s, 0);
        classes_untouch(l);
        ledger_release(l, s.banned, s.banned_cap, sizeof *s.banned);
        *out = finding == SAFE;
        return e == ERR_OK ? ledger_work(l, s.steps) : e;
}
