/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_together.c: answers that come near a sum of planned cells together, and not each by
 * itself.
 *
 * Girls and boys of ages that nobody planned were asked for one after the other; their sum is a
 * town but for one child. So it is asked which combinations of answers, with any factors, are the
 * same number for everybody in a cell, but for a few. Persons who are in the same answers have one
 * *pattern*. Two patterns of the threshold and more in one cell must be given the same number; so
 * must one of persons who are in no cell, which is zero. Each is an equation in the factors, and
 * what solves all of them is found by elimination, modulo a prime (as ledger.h, Chin & Ozsoyoglu
 * 1982, and with its caution). Usually nothing does. Of what does a basis is tried, as one answer
 * would be, and all sums and differences of two.
 *
 * Not found is what is near only as a combination of three or more that is no vector of the basis;
 * and what takes cells with other factors than one. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/disclosure/residue.h"
#include "gateway/lattice_equations.h"
#include "gateway/lattice_near.h"

enum { VALUES = 2 * EQUATIONS_FACTOR_MAX + 1, SEEN_TRIES = 64, ARENA_MAX = 1 << 30 };
#define PAIRS_WORK ((uint64_t)1 << 24) /* persons looked at, of one margin */

struct stranger {
        uint32_t number, unknown, weight;
};

struct together {
        const struct answer *answers; /* that are heeded: */
        uint32_t *answer;             /* by unknown */
        uint32_t unknowns;
        uint32_t threshold;
        /* By person: in which of them she is, and how often; and her pattern. */
        size_t *start;
        uint32_t *unknown, *weight;
        uint32_t *pattern;
        uint32_t patterns;
        uint32_t *count, *somebody, *touched; /* by pattern, of the cell at hand */
        struct stranger *strangers;           /* by number */
        size_t strangers_len;
        struct equations base; /* of who is in no cell of any margin */
        struct equations at_hand;
        uint64_t *row;
        uint64_t *seen; /* equations, an open table; 0: free */
        size_t seen_len;
        struct arena *arena;
};

/* Patterns --------------------------------------------------------------------------------- */

static uint64_t mark_of(uint32_t unknown, uint32_t weight)
{
        return near_mix(((uint64_t)weight << 32) + unknown + 1);
}

static bool is_heeded(const struct answer *a)
{
        return a->cells && !a->records && !a->closed;
}

static enum err arrays(struct together *t, const struct near *n, size_t all)
{
        size_t persons = view_persons(n->source->view);

        t->start = arena_alloc(t->arena, persons + 3, sizeof(*t->start));
        t->pattern = arena_alloc(t->arena, persons + 1, sizeof(*t->pattern));
        t->unknown = arena_alloc_raw(t->arena, all + 1, sizeof(*t->unknown));
        t->weight = arena_alloc_raw(t->arena, all + 1, sizeof(*t->weight));
        t->row = arena_alloc(t->arena, t->unknowns + 1u, sizeof(*t->row));
        TRY(equations_new(t->arena, t->unknowns, &t->base));
        TRY(equations_new(t->arena, t->unknowns, &t->at_hand));
        return t->start == NULL || t->pattern == NULL || t->unknown == NULL || t->weight == NULL ||
                               t->row == NULL
                       ? ERR_NO_MEMORY
                       : ERR_OK;
}

static uint32_t weight_at(const struct ledger_set *set, uint32_t i)
{
        return set->weights != NULL ? set->weights[i] : 1;
}

static int by_number(const void *a, const void *b)
{
        const struct stranger *x = a, *y = b;

        if (x->number != y->number)
                return x->number < y->number ? -1 : 1;
        return (x->unknown > y->unknown) - (x->unknown < y->unknown);
}

/* Behind the last line of a stranger. */
static size_t stranger_end(const struct together *t, size_t at)
{
        size_t end = at;

        while (end < t->strangers_len && t->strangers[end].number == t->strangers[at].number)
                end++;
        return end;
}

struct crowd {
        uint64_t pattern;
        size_t at; /* somebody who has it */
};

static int by_pattern(const void *a, const void *b)
{
        const struct crowd *x = a, *y = b;

        return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

/* Whoever is in an answer and not in the view is in no cell. */
static enum err add_strangers(struct together *t)
{
        struct crowd *crowd = arena_alloc_raw(t->arena, t->strangers_len + 1, sizeof(*crowd));
        size_t n = 0;

        if (crowd == NULL)
                return ERR_NO_MEMORY;
        if (t->strangers_len > 0)
                qsort(t->strangers, t->strangers_len, sizeof(*t->strangers), by_number);
        for (size_t i = 0, end; i < t->strangers_len; i = end) {
                end = stranger_end(t, i);
                crowd[n] = (struct crowd){.at = i};
                for (size_t k = i; k < end; k++)
                        crowd[n].pattern +=
                                mark_of(t->strangers[k].unknown, t->strangers[k].weight);
                n++;
        }
        if (n > 0)
                qsort(crowd, n, sizeof(*crowd), by_pattern);
        for (size_t i = 0, end; i < n; i = end) {
                for (end = i; end < n && crowd[end].pattern == crowd[i].pattern;)
                        end++;
                if (end - i < t->threshold)
                        continue;
                memset(t->row, 0, t->unknowns * sizeof(*t->row));
                for (size_t k = crowd[i].at; k < stranger_end(t, crowd[i].at); k++)
                        t->row[t->strangers[k].unknown] = t->strangers[k].weight;
                equations_add(&t->base, t->row);
        }
        return ERR_OK;
}

/* Patterns by number, the same ones the same number; 0: in no answer. */
static enum err number_patterns(struct together *t, const uint64_t *marks, size_t persons)
{
        struct crowd *crowd = arena_alloc_raw(t->arena, persons + 1, sizeof(*crowd));
        size_t n = 0;

        if (crowd == NULL)
                return ERR_NO_MEMORY;
        for (size_t p = 0; p < persons; p++)
                if (marks[p] != 0)
                        crowd[n++] = (struct crowd){marks[p], p};
        if (n > 0)
                qsort(crowd, n, sizeof(*crowd), by_pattern);
        t->patterns = 1;
        for (size_t i = 0; i < n; i++) {
                t->patterns += i > 0 && crowd[i].pattern != crowd[i - 1].pattern;
                t->pattern[crowd[i].at] = t->patterns;
        }
        t->patterns++;
        t->count = arena_alloc(t->arena, t->patterns, sizeof(*t->count));
        t->somebody = arena_alloc(t->arena, t->patterns, sizeof(*t->somebody));
        t->touched = arena_alloc(t->arena, t->patterns, sizeof(*t->touched));
        return t->count == NULL || t->somebody == NULL || t->touched == NULL ? ERR_NO_MEMORY
                                                                             : ERR_OK;
}

static enum err fill(struct together *t, const struct near *n, size_t all)
{
        size_t persons = view_persons(n->source->view);
        uint64_t *marks = arena_alloc(t->arena, persons + 1, sizeof(*marks));

        t->strangers = arena_alloc_raw(t->arena, all + 1, sizeof(*t->strangers));
        if (t->strangers == NULL || marks == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < t->unknowns; u++) {
                const struct ledger_set *set = &t->answers[t->answer[u]].set;

                for (uint32_t i = 0; i < set->len; i++) {
                        uint32_t p = near_person(n, set->persons[i]);

                        if (p != NEAR_NOBODY)
                                t->start[p + 2]++;
                        else
                                t->strangers[t->strangers_len++] =
                                        (struct stranger){set->persons[i], u, weight_at(set, i)};
                }
        }
        for (size_t p = 2; p < persons + 2; p++)
                t->start[p] += t->start[p - 1];
        for (uint32_t u = 0; u < t->unknowns; u++) {
                const struct ledger_set *set = &t->answers[t->answer[u]].set;

                for (uint32_t i = 0; i < set->len; i++) {
                        uint32_t p = near_person(n, set->persons[i]);

                        if (p == NEAR_NOBODY)
                                continue;
                        size_t at = t->start[p + 1]++;
                        t->unknown[at] = u;
                        t->weight[at] = weight_at(set, i);
                        marks[p] += mark_of(u, t->weight[at]);
                }
        }
        TRY(number_patterns(t, marks, persons));
        return add_strangers(t);
}

enum err together_new(const struct near *n, const struct answer *answers, uint32_t len,
        struct arena *arena, struct together **out)
{
        struct together *t = arena_alloc(arena, 1, sizeof(*t));
        size_t all = 0;

        if (t == NULL)
                return ERR_NO_MEMORY;
        *t = (struct together){.answers = answers, .arena = arena};
        t->answer = arena_alloc(arena, NEAR_TOGETHER, sizeof(*t->answer));
        if (t->answer == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = len; i-- > 0 && t->unknowns < NEAR_TOGETHER;) {
                if (!is_heeded(&answers[i]))
                        continue;
                t->threshold = answers[i].limit;
                t->answer[t->unknowns++] = i;
                all += answers[i].set.len;
        }
        TRY(arrays(t, n, all));
        TRY(fill(t, n, all));
        *out = t;
        return ERR_OK;
}

/* A margin --------------------------------------------------------------------------------- */

/* What two persons are counted, taken from one another. */
static void equation_of(const struct together *t, uint32_t one, uint32_t other, uint64_t *row)
{
        memset(row, 0, t->unknowns * sizeof(*row));
        for (size_t i = one == NEAR_NOBODY ? 0 : t->start[one];
                one != NEAR_NOBODY && i < t->start[one + 1]; i++)
                row[t->unknown[i]] = t->weight[i];
        for (size_t i = other == NEAR_NOBODY ? 0 : t->start[other];
                other != NEAR_NOBODY && i < t->start[other + 1]; i++)
                row[t->unknown[i]] =
                        residue_add(row[t->unknown[i]], residue_negative(t->weight[i]));
}

static bool is_new(struct together *t, uint32_t one, uint32_t other)
{
        uint64_t key = one < other ? (uint64_t)one << 32 | other : (uint64_t)other << 32 | one;
        size_t at = near_mix(key) & (t->seen_len - 1);

        for (uint32_t tries = 0; tries < SEEN_TRIES; tries++, at = (at + 1) & (t->seen_len - 1)) {
                if (t->seen[at] == key)
                        return false;
                if (t->seen[at] != 0)
                        continue;
                t->seen[at] = key;
                return true;
        }
        return true; /* no room: it is added once more, which changes nothing */
}

static void touch(struct together *t, uint32_t person, uint32_t *len)
{
        uint32_t pattern = t->pattern[person];

        if (t->count[pattern]++ == 0) {
                t->touched[(*len)++] = pattern;
                t->somebody[pattern] = person;
        }
}

/* Forgets the cell; what is left are the patterns of many. */
static uint32_t crowds(struct together *t, uint32_t len)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < len; i++) {
                uint32_t pattern = t->touched[i];

                if (t->count[pattern] >= t->threshold)
                        t->touched[n++] = pattern;
                t->count[pattern] = 0;
        }
        return n;
}

/* Of the same two patterns once. */
static void same(struct together *t, uint32_t one, uint32_t other)
{
        if (!is_new(t, one, other))
                return;
        equation_of(t, one == 0 ? NEAR_NOBODY : t->somebody[one],
                other == 0 ? NEAR_NOBODY : t->somebody[other], t->row);
        equations_add(&t->at_hand, t->row);
}

/* Whoever is in one cell alone. */
static void add_part(struct together *t, const struct margin *m, const struct part *part)
{
        uint32_t len = 0;

        for (uint32_t k = 0; k < part->len; k++)
                if (m->start[part->persons[k] + 1] - m->start[part->persons[k]] == 1)
                        touch(t, part->persons[k], &len);
        len = crowds(t, len);
        for (uint32_t i = 1; i < len; i++)
                same(t, t->touched[0], t->touched[i]);
}

/* What is in the view and in no cell of this margin counts nothing. */
static void add_outsiders(struct together *t, const struct near *n, const struct margin *m)
{
        uint32_t persons = view_persons(n->source->view), len = 0;

        for (uint32_t p = 0; p < persons; p++)
                if (t->pattern[p] != 0 && m->start[p + 1] == m->start[p])
                        touch(t, p, &len);
        len = crowds(t, len);
        for (uint32_t i = 0; i < len; i++)
                same(t, t->touched[i], 0);
}

/* Solutions -------------------------------------------------------------------------------- */

struct trying {
        struct near *n;
        struct margin *m;
        const struct together *t;
        const int32_t *factor;      /* by unknown */
        int32_t *value;             /* by person */
        uint32_t (*counts)[VALUES]; /* by part: how many of its persons have -4 .. 4 */
        uint32_t *people, people_len;
};

static int32_t value_of(const struct trying *x, uint32_t person)
{
        int64_t sum = 0;

        for (size_t i = x->t->start[person]; i < x->t->start[person + 1]; i++)
                sum += (int64_t)x->factor[x->t->unknown[i]] * x->t->weight[i];
        return sum >= -EQUATIONS_FACTOR_MAX && sum <= EQUATIONS_FACTOR_MAX ? (int32_t)sum
                                                                           : INT32_MAX;
}

/* Everybody in an answer that has a factor, once. */
static void gather(struct trying *x)
{
        struct near *n = x->n;
        struct margin *m = x->m;

        n->asked++;
        m->touched_len = 0;
        x->people_len = 0;
        for (uint32_t u = 0; u < x->t->unknowns; u++) {
                const struct ledger_set *set = &x->t->answers[x->t->answer[u]].set;

                for (uint32_t i = 0; x->factor[u] != 0 && i < set->len; i++) {
                        uint32_t p = near_person(n, set->persons[i]);

                        if (p == NEAR_NOBODY || n->is_in[p] == n->asked)
                                continue;
                        n->is_in[p] = n->asked;
                        x->people[x->people_len++] = p;
                        x->value[p] = value_of(x, p);
                        for (size_t k = m->start[p]; k < m->start[p + 1]; k++) {
                                uint32_t part = m->part[k];

                                if (m->parts[part].in++ == 0)
                                        m->touched[m->touched_len++] = part;
                                if (x->value[p] != INT32_MAX)
                                        x->counts[part][x->value[p] + EQUATIONS_FACTOR_MAX]++;
                        }
                }
        }
}

/* The number that most of a cell's persons have. */
static int32_t most_of(const struct trying *x, uint32_t part)
{
        const struct part *of = &x->m->parts[part];
        uint32_t best = of->len - of->in + x->counts[part][EQUATIONS_FACTOR_MAX];
        int32_t value = 0;

        for (int32_t v = -EQUATIONS_FACTOR_MAX; v <= EQUATIONS_FACTOR_MAX; v++)
                if (v != 0 && x->counts[part][v + EQUATIONS_FACTOR_MAX] > best) {
                        best = x->counts[part][v + EQUATIONS_FACTOR_MAX];
                        value = v;
                }
        return value;
}

/* Chooses the cells that count; of those that do not as a whole only such as hold so many. False:
 * they count differently. */
static bool choose(struct trying *x, uint32_t fewest, int32_t *out_sign)
{
        struct margin *m = x->m;
        bool any = false;

        for (uint32_t i = 0; i < m->touched_len; i++) {
                int32_t value = most_of(x, m->touched[i]);
                uint32_t len = m->parts[m->touched[i]].len;

                m->parts[m->touched[i]].chosen = false;
                if (value == 0 ||
                        (len < fewest &&
                                x->counts[m->touched[i]][value + EQUATIONS_FACTOR_MAX] < len))
                        continue;
                if ((value != 1 && value != -1) || (any && value != *out_sign))
                        return false;
                *out_sign = value;
                any = true;
                m->parts[m->touched[i]].chosen = true;
        }
        return any;
}

static struct rest rest_of(const struct trying *x, int32_t sign)
{
        const struct near *n = x->n;
        const struct margin *m = x->m;
        uint32_t limit = x->t->threshold;
        struct rest r = {0};

        for (uint32_t i = 0; i < x->people_len && r.persons < limit; i++) {
                uint32_t p = x->people[i];
                int64_t by = x->value[p] == INT32_MAX
                                     ? INT32_MAX
                                     : (int64_t)sign * x->value[p] - near_counted(m, false, p);

                if (by != 0)
                        near_differ(&r, n->number[p], by);
        }
        for (uint32_t i = 0; i < m->touched_len && r.persons < limit; i++) {
                const struct part *part = &m->parts[m->touched[i]];

                for (uint32_t k = 0; part->chosen && k < part->len && r.persons < limit; k++)
                        if (n->is_in[part->persons[k]] != n->asked)
                                near_differ(&r, n->number[part->persons[k]],
                                        -near_counted(m, false, part->persons[k]));
        }
        for (size_t i = 0, end; i < x->t->strangers_len && r.persons < limit; i = end) {
                int64_t sum = 0;

                end = stranger_end(x->t, i);
                for (size_t k = i; k < end; k++)
                        sum += (int64_t)x->factor[x->t->strangers[k].unknown] *
                               x->t->strangers[k].weight;
                if (sum != 0)
                        near_differ(&r, x->t->strangers[i].number, sign * sum);
        }
        return r;
}

static enum err try_sum(struct trying *x, uint32_t fewest)
{
        int32_t sign = 1;

        if (!choose(x, fewest, &sign))
                return ERR_OK;
        const struct rest r = rest_of(x, sign);
        if (r.persons >= x->t->threshold)
                return ERR_OK;
        return near_found(x->n, x->m, r.persons == 0, r.persons == 0 ? 0 : near_mix(r.print));
}

static enum err try_factors(struct trying *x)
{
        gather(x);
        enum err e = try_sum(x, 0);
        if (e == ERR_OK)
                e = try_sum(x, 2 * x->t->threshold);
        for (uint32_t i = 0; i < x->m->touched_len; i++) {
                struct part *part = &x->m->parts[x->m->touched[i]];

                part->in = 0;
                part->chosen = false;
                memset(x->counts[x->m->touched[i]], 0, sizeof(x->counts[0]));
        }
        return e;
}

/* How many of every answer are in every part. */
static enum err count_in(const struct trying *x, struct arena *arena, uint32_t **out)
{
        const struct margin *m = x->m;
        uint32_t *in = arena_alloc(arena, (size_t)x->t->unknowns * m->parts_len + 1, sizeof(*in));

        if (in == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < x->t->unknowns; u++) {
                const struct ledger_set *set = &x->t->answers[x->t->answer[u]].set;

                for (uint32_t i = 0; i < set->len; i++) {
                        uint32_t p = near_person(x->n, set->persons[i]);

                        for (size_t k = p == NEAR_NOBODY ? 0 : m->start[p];
                                p != NEAR_NOBODY && k < m->start[p + 1]; k++)
                                in[(size_t)u * m->parts_len + m->part[k]]++;
                }
        }
        *out = in;
        return ERR_OK;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
        return a > b ? a - b : b - a;
}

static uint32_t least(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

/* How many of a part have another number than the rest of it, at the least: where the rest counts
 * nothing, or one. Of answers that count everybody once. */
static uint32_t least_left(uint32_t len, uint32_t one, uint32_t other, int32_t by)
{
        if (by > 0)
                return least(one > other ? one : other, distance(one + other, len));
        return least(distance(one, other), least(len - one, len - other));
}

static bool is_far(
        const struct trying *x, const uint32_t *in, uint32_t one, uint32_t other, int32_t by)
{
        const struct margin *m = x->m;
        const uint32_t *a = in + (size_t)one * m->parts_len, *b = in + (size_t)other * m->parts_len;
        uint32_t sum = 0;

        if (x->t->answers[x->t->answer[one]].set.weights != NULL ||
                x->t->answers[x->t->answer[other]].set.weights != NULL)
                return false;
        for (uint32_t i = 0; i < m->parts_len && sum < x->t->threshold; i++) {
                uint32_t left = least_left(m->parts[i].len, a[i], b[i], by);

                sum = m->apart ? sum + left : sum > left ? sum : left;
        }
        return sum >= x->t->threshold;
}

/* All of two, as far as there is work for it. */
static enum err try_pairs(struct trying *x, const uint32_t *in, int32_t *factor, uint64_t *untried)
{
        const struct together *t = x->t;
        uint64_t work = 0;

        memset(factor, 0, t->unknowns * sizeof(*factor));
        for (uint32_t one = 1; one < t->unknowns; one++)
                for (uint32_t other = 0; other < one; other++)
                        for (int32_t by = -1; by <= 1; by += 2) {
                                if (!equations_solved(&t->at_hand, one, other, by) ||
                                        is_far(x, in, one, other, by))
                                        continue;
                                if (work > PAIRS_WORK) {
                                        ++*untried;
                                        continue;
                                }
                                factor[one] = 1;
                                factor[other] = by;
                                TRY(try_factors(x));
                                work += t->answers[t->answer[one]].set.len +
                                        t->answers[t->answer[other]].set.len;
                                factor[one] = factor[other] = 0;
                        }
        return ERR_OK;
}

static enum err try_all(struct near *n, struct margin *m, struct together *t, struct arena *arena)
{
        int32_t *factor = arena_alloc(arena, t->unknowns + 1u, sizeof(*factor));
        struct trying x = {.n = n, .m = m, .t = t, .factor = factor};
        size_t persons = view_persons(n->source->view);
        uint32_t *in;

        x.value = arena_alloc_raw(arena, persons + 1, sizeof(*x.value));
        x.people = arena_alloc_raw(arena, persons + 1, sizeof(*x.people));
        x.counts = arena_alloc(arena, m->parts_len + 1u, sizeof(*x.counts));
        if (factor == NULL || x.value == NULL || x.people == NULL || x.counts == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t u = 0; u < t->unknowns; u++)
                if (!t->at_hand.has[u] && equations_solution(&t->at_hand, u, factor))
                        TRY(try_factors(&x));
        TRY(count_in(&x, arena, &in));
        return try_pairs(&x, in, factor, &n->out->untried);
}

/* They have no factor. */
static void leave_out(struct together *t, const bool *equal)
{
        for (uint32_t u = 0; u < t->unknowns; u++) {
                if (!equal[t->answer[u]])
                        continue;
                memset(t->row, 0, t->unknowns * sizeof(*t->row));
                t->row[u] = 1;
                equations_add(&t->at_hand, t->row);
        }
}

enum err together_find(
        struct near *n, struct margin *m, struct together *t, const bool *equal, bool *out_none)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);

        if (arena == NULL)
                return ERR_NO_MEMORY;
        *out_none = t->unknowns < 2;
        if (*out_none)
                return ERR_OK;
        t->seen_len = (size_t)1 << 16;
        t->seen = arena_alloc(arena, t->seen_len, sizeof(*t->seen));
        if (t->seen == NULL)
                return ERR_NO_MEMORY;
        equations_copy(&t->at_hand, &t->base);
        leave_out(t, equal);
        add_outsiders(t, n, m);
        for (uint32_t i = 0; i < m->parts_len && t->at_hand.len < t->unknowns; i++)
                add_part(t, m, &m->parts[i]);
        *out_none = t->at_hand.len == t->unknowns;
        return *out_none ? ERR_OK : try_all(n, m, t, arena);
}
