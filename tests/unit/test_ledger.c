/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger.c: nothing small can be computed from what was admitted.
 *
 * The oracle knows nothing of classes: every person is a column, an answered set a row of
 * zeros and ones, and a group of persons is given away when the rank falls by leaving its
 * columns out (elimination without fractions, over the integers). All groups of fewer
 * than k of up to a dozen persons are asked about, after every question. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "gateway/disclosure/residue.h"
#include "gateway/ledger/ledger.h"

enum { PERSONS_MAX = 14, ROWS_MAX = 64, MEMORY = 64 << 20 };

/* The oracle ------------------------------------------------------------------------------- */

struct span {
        uint32_t rows[ROWS_MAX]; /* bit p: person p */
        unsigned len;
};

static int64_t times_checked(int64_t a, int64_t b)
{
        int64_t product;

        assert_false(__builtin_mul_overflow(a, b, &product));
        return product;
}

/* Bareiss, Mathematics of Computation 22 (1968): every division comes out even. */
static unsigned rank_of(const struct span *s, uint32_t columns)
{
        int64_t m[ROWS_MAX][PERSONS_MAX], before = 1;
        unsigned rank = 0, width = 0;

        for (unsigned p = 0; p < PERSONS_MAX; p++) {
                if ((columns >> p & 1) == 0)
                        continue;
                for (unsigned i = 0; i < s->len; i++)
                        m[i][width] = s->rows[i] >> p & 1;
                width++;
        }
        for (unsigned c = 0; c < width && rank < s->len; c++) {
                unsigned at = rank;

                while (at < s->len && m[at][c] == 0)
                        at++;
                if (at == s->len)
                        continue;
                for (unsigned k = 0; k < width; k++) {
                        int64_t swap = m[at][k];

                        m[at][k] = m[rank][k];
                        m[rank][k] = swap;
                }
                for (unsigned i = rank + 1; i < s->len; i++) {
                        int64_t factor = m[i][c];

                        for (unsigned k = c; k < width; k++)
                                m[i][k] = (times_checked(m[i][k], m[rank][c]) -
                                                  times_checked(m[rank][k], factor)) /
                                          before;
                }
                before = m[rank++][c];
        }
        return rank;
}

/* Whether something that is not nothing and tells of fewer than k persons can be combined. */
static bool gives_away(const struct span *s, unsigned persons, unsigned k)
{
        uint32_t all = (1u << persons) - 1;
        unsigned rank = rank_of(s, all);

        for (uint32_t group = 1; group <= all; group++)
                if ((unsigned)__builtin_popcount(group) < k && rank_of(s, all & ~group) < rank)
                        return true;
        return false;
}

static bool is_implied(const struct span *s, uint32_t row, unsigned persons)
{
        struct span more = *s;
        uint32_t all = (1u << persons) - 1;

        more.rows[more.len++] = row;
        return rank_of(&more, all) == rank_of(s, all);
}

/* Asking ------------------------------------------------------------------------------------- */

struct world {
        struct ledger *ledger;
        struct span admitted;
        unsigned persons, k;
};

static void world_make(struct world *w, unsigned persons, unsigned k)
{
        const struct ledger_options options = {
                .persons = persons, .threshold = k, .memory_ceiling = MEMORY};

        *w = (struct world){.persons = persons, .k = k};
        assert_int_equal(ledger_new(&options, &w->ledger), ERR_OK);
}

static struct ledger_set set_of(uint32_t bits, uint32_t *room)
{
        struct ledger_set set = {.persons = room};

        for (unsigned p = PERSONS_MAX; p-- > 0;) /* the order says nothing */
                if (bits >> p & 1)
                        room[set.len++] = p;
        return set;
}

static enum ledger_verdict judge_one(struct world *w, uint32_t bits)
{
        uint32_t room[PERSONS_MAX];
        struct ledger_set set = set_of(bits, room);
        uint8_t verdict;

        assert_int_equal(ledger_judge(w->ledger, &set, 1, &verdict), ERR_OK);
        return verdict;
}

static enum ledger_verdict ask(struct world *w, uint32_t bits)
{
        enum ledger_verdict verdict = judge_one(w, bits);

        ledger_commit(w->ledger);
        if (verdict == LEDGER_ADMITTED)
                w->admitted.rows[w->admitted.len++] = bits;
        return verdict;
}

static enum ledger_verdict expected(const struct world *w, uint32_t bits)
{
        struct span more = w->admitted;

        if (bits == 0)
                return LEDGER_EMPTY;
        if ((unsigned)__builtin_popcount(bits) < w->k)
                return LEDGER_SMALL;
        if (is_implied(&w->admitted, bits, w->persons))
                return LEDGER_KNOWN;
        more.rows[more.len++] = bits;
        return gives_away(&more, w->persons, w->k) ? LEDGER_REFUSED : LEDGER_ADMITTED;
}

/* By hand ------------------------------------------------------------------------------------ */

static void a_difference_of_one_person_is_refused(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 5);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x00fe), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x01ff), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x01fe), LEDGER_REFUSED); /* one out, one in */
        assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x000f), LEDGER_SMALL);
        assert_int_equal(ask(&w, 0), LEDGER_EMPTY);
        ledger_free(&w.ledger);
}

static void a_union_over_counties_is_no_way_round(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 3);
        assert_int_equal(ask(&w, 0x007f), LEDGER_ADMITTED); /* one county */
        assert_int_equal(ask(&w, 0x3f80), LEDGER_ADMITTED); /* the other */
        assert_int_equal(ask(&w, 0x3fff), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x3ffe), LEDGER_REFUSED); /* both, without her */
        assert_int_equal(ask(&w, 0x1fff), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x1c07), LEDGER_ADMITTED); /* three of each */
        assert_int_equal(ask(&w, 0x03f8), LEDGER_REFUSED);  /* all but one of the others */
        ledger_free(&w.ledger);
}

static void what_a_table_shows_of_few_is_refused_whatever_comes_first(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 3);
        assert_int_equal(ask(&w, 0x003f), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x0fc0), LEDGER_ADMITTED);
        /* Columns across: of 3+3, 2+2 and 1+1; the middle ones only with the last. */
        assert_int_equal(ask(&w, 0x01c7), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x0e38), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x0618), LEDGER_REFUSED); /* leaves two */
        ledger_free(&w.ledger);
}

static void halves_and_thirds_are_combinations_too(void **state)
{
        struct world w;

        (void)state;
        /* A triangle: a+b, b+c and c+a give every one by halves. */
        world_make(&w, 12, 3);
        assert_int_equal(ask(&w, 0x00f), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x03c), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x033), LEDGER_REFUSED);
        ledger_free(&w.ledger);
}

/* Transactions ------------------------------------------------------------------------------- */

static void what_is_forgotten_leaves_no_trace(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 5);
        assert_int_equal(ask(&w, 0x3fff), LEDGER_ADMITTED);
        struct ledger_stats before = ledger_stats(w.ledger);

        assert_int_equal(judge_one(&w, 0x00ff), LEDGER_ADMITTED);
        assert_int_equal(judge_one(&w, 0x00fe), LEDGER_REFUSED);
        ledger_forget(w.ledger);
        struct ledger_stats after = ledger_stats(w.ledger);

        assert_int_equal(after.rows, before.rows);
        assert_int_equal(after.rank, before.rank);
        assert_int_equal(after.classes, before.classes);
        assert_int_equal(ask(&w, 0x00fe), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_REFUSED);
        ledger_free(&w.ledger);
}

static void refusals_do_not_grow_the_memory(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 5);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_ADMITTED);
        struct ledger_stats before = ledger_stats(w.ledger);

        for (uint32_t p = 0; p < 8; p++)
                assert_int_equal(ask(&w, 0x00ff & ~(1u << p)), LEDGER_REFUSED);
        assert_int_equal(ledger_stats(w.ledger).classes, before.classes);
        assert_int_equal(ledger_stats(w.ledger).rank, before.rank);
        ledger_free(&w.ledger);
}

static void persons_of_a_later_vintage_join(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 8, 5);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_ADMITTED);
        assert_int_equal(ledger_grow(w.ledger, 14), ERR_OK);
        w.persons = 14;
        assert_int_equal(ask(&w, 0x01ff), LEDGER_REFUSED);  /* one has come */
        assert_int_equal(ask(&w, 0x007f), LEDGER_REFUSED);  /* one has left */
        assert_int_equal(ask(&w, 0x1fff), LEDGER_ADMITTED); /* five have */
        ledger_free(&w.ledger);
}

static void what_left_is_remembered_though_it_should_not_have(void **state)
{
        struct world w;
        uint32_t a[PERSONS_MAX], b[PERSONS_MAX];

        (void)state;
        world_make(&w, 14, 5);
        const struct ledger_set sets[] = {set_of(0x00ff, a), set_of(0x00fe, b)};

        assert_int_equal(ledger_remember(w.ledger, sets, 2), ERR_OK);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x00fe), LEDGER_KNOWN);
        assert_int_equal(ledger_stats(w.ledger).rows, 2);
        ledger_free(&w.ledger);
}

/* That it was refused is remembered, and so is when; that others have left since, too. */
static void what_was_refused_is_known_when_others_that_left_make_it(void **state)
{
        struct world w;
        uint32_t room[PERSONS_MAX];

        (void)state;
        world_make(&w, 14, 5);
        const struct ledger_set few = set_of(0x0003, room);

        assert_int_equal(ask(&w, 0x00ff), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x00fc), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x00fc), LEDGER_REFUSED);
        assert_int_equal(ledger_remember(w.ledger, &few, 1), ERR_OK);
        assert_int_equal(ask(&w, 0x00fc), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x00fc), LEDGER_KNOWN);
        ledger_free(&w.ledger);
}

static void limits_refuse_and_leave_nothing(void **state)
{
        uint32_t room[PERSONS_MAX];
        struct ledger_set set = set_of(0x00ff, room);
        struct ledger_options options = {.persons = 14, .threshold = 5, .memory_ceiling = MEMORY};
        struct ledger *l = NULL;
        uint8_t verdict = LEDGER_ADMITTED;

        (void)state;
        options.work_limit = 3; /* no row can be made: pieces say that five are in and five not */
        assert_int_equal(ledger_new(&options, &l), ERR_OK);
        assert_int_equal(ledger_judge(l, &set, 1, &verdict), ERR_OK);
        assert_int_equal(verdict, LEDGER_ADMITTED);
        assert_int_equal(ledger_stats(l).rank, 0);
        ledger_forget(l);
        assert_int_equal(ledger_stats(l).left_out, 0);
        ledger_free(&l);

        options.work_limit = 0;
        for (options.memory_ceiling = 0;; options.memory_ceiling += 24) {
                enum err e = ledger_new(&options, &l);

                if (e == ERR_OK)
                        e = ledger_judge(l, &set, 1, &verdict);
                if (l != NULL && ledger_stats(l).pieces == 0)
                        assert_true(ledger_stats(l).bytes <= options.memory_ceiling);
                ledger_free(&l);
                if (e == ERR_OK)
                        break;
                assert_int_equal(e, ERR_LIMIT);
        }
        assert_true(options.memory_ceiling > 0);
        options.threshold = 0;
        assert_int_equal(ledger_new(&options, &l), ERR_INVALID);
}

static void somebody_who_is_not_there_is_an_error(void **state)
{
        const uint32_t persons[] = {1, 2, 3, 4, 14};
        const struct ledger_set set = {.persons = persons, .len = 5};
        struct world w;
        uint8_t verdict;

        (void)state;
        world_make(&w, 14, 5);
        assert_int_equal(ledger_judge(w.ledger, &set, 1, &verdict), ERR_INVALID);
        assert_int_equal(ask(&w, 0x001f), LEDGER_ADMITTED);
        ledger_free(&w.ledger);
}

/* Every allocation fails once: afterwards the ledger judges as one that never tried. */
static void a_failure_leaves_what_was_there(void **state)
{
        uint32_t a[PERSONS_MAX], b[PERSONS_MAX], c[PERSONS_MAX];
        const struct ledger_set sets[] = {set_of(0x00ff, a), set_of(0x0ff0, b), set_of(0x0fe0, c)};

        (void)state;
        for (unsigned nth = 0;; nth++) {
                struct world w;
                uint8_t verdicts[3];

                fault_disarm();
                world_make(&w, 14, 5);
                assert_int_equal(ask(&w, 0x3fff), LEDGER_ADMITTED);
                bool more = fault_arm("alloc", nth);
                enum err e = ledger_judge(w.ledger, sets, 3, verdicts);

                fault_disarm();
                if (e != ERR_OK)
                        assert_int_equal(e, ERR_NO_MEMORY);
                ledger_forget(w.ledger);
                assert_int_equal(ledger_stats(w.ledger).rank, 1);
                assert_int_equal(ledger_stats(w.ledger).classes, 1);
                assert_int_equal(ask(&w, 0x00fe), LEDGER_ADMITTED);
                assert_int_equal(ask(&w, 0x00ff), LEDGER_REFUSED);
                ledger_free(&w.ledger);
                if (!more || e == ERR_OK)
                        break;
        }
}

/* Against brute force ------------------------------------------------------------------------ */

static unsigned times(unsigned n)
{
        if (getenv("STATGATE_VALGRIND") != NULL)
                return n / 20;
        return getenv("STATGATE_LONG") != NULL ? n * 20 : n;
}

/* Sets as people ask for them: whole halves and rows of a small cross, a few in or out. */
static uint32_t random_set(uint64_t seed, uint64_t n, unsigned persons)
{
        uint64_t r = residue_mix(seed, n);
        uint32_t all = (1u << persons) - 1, bits = (uint32_t)(r >> 32) & all;

        switch (r % 4) {
        case 0:
                return bits;
        case 1:
                return bits | (uint32_t)(r >> 16 & all);
        case 2:
                return all & ~(1u << (r >> 8) % persons) & ~(1u << (r >> 20) % persons);
        default:
                return (uint32_t)(0x0f0f3333 >> (r >> 8) % 16) & all;
        }
}

/* `before`: tables that were judged first, of nobody. */
static void one_sequence(uint64_t seed, unsigned before, unsigned *counts)
{
        struct world w;
        uint64_t mix = residue_mix(seed, 0);

        world_make(&w, (unsigned)(6 + mix % 7), (unsigned)(2 + (mix >> 8) % 4));
        for (unsigned i = 0; i < before; i++)
                assert_int_equal(ask(&w, 0), LEDGER_EMPTY);
        for (unsigned n = 1; n < 16; n++) {
                uint32_t bits = random_set(seed, n, w.persons);
                enum ledger_verdict should = expected(&w, bits);

                if ((residue_mix(seed, n) >> 60) == 0) { /* judged, and thought better of */
                        (void)judge_one(&w, random_set(seed, n + 100, w.persons));
                        ledger_forget(w.ledger);
                }
                enum ledger_verdict verdict = ask(&w, bits);

                assert_int_equal(verdict, should);
                counts[verdict]++;
                assert_int_equal(
                        ask(&w, bits), verdict == LEDGER_ADMITTED ? LEDGER_KNOWN : verdict);
        }
        assert_false(gives_away(&w.admitted, w.persons, w.k));
        ledger_free(&w.ledger);
}

static void verdicts_are_those_of_brute_force(void **state)
{
        unsigned counts[LEDGER_ADMITTED + 1] = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= times(300); seed++)
                one_sequence(seed, 0, counts);
        for (unsigned v = 0; v <= LEDGER_ADMITTED; v++)
                if (v != LEDGER_EMPTY)
                        assert_true(counts[v] > times(300) / 10);
}

/* When searches are as short as they get (light.c). */
static void verdicts_are_those_of_brute_force_when_much_was_asked_before(void **state)
{
        enum { MUCH = 1300 };
        unsigned counts[LEDGER_ADMITTED + 1] = {0};

        (void)state;
        for (uint64_t seed = 1001; seed <= 1000 + times(100); seed++)
                one_sequence(seed, MUCH, counts);
        assert_true(counts[LEDGER_REFUSED] > times(100) / 10);
        assert_true(counts[LEDGER_ADMITTED] > times(100) / 10);
}

/* Three sets, by what each would be after those before it. */
static bool all_expected(const struct world *w, const uint32_t *bits)
{
        struct world after = *w;

        for (unsigned i = 0; i < 3; i++) {
                enum ledger_verdict v = expected(&after, bits[i]);

                if (!ledger_allows((uint8_t)v))
                        return false;
                if (v == LEDGER_ADMITTED)
                        after.admitted.rows[after.admitted.len++] = bits[i];
        }
        return true;
}

static void all_or_none_is_what_each_would_be(void **state)
{
        unsigned counts[2] = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= times(300); seed++) {
                struct world w;

                world_make(&w, 12, 2 + (unsigned)(seed % 2));
                for (unsigned n = 1; n < 4; n++)
                        (void)ask(&w, random_set(seed, n, 12));
                uint32_t bits[3], room[3][PERSONS_MAX];
                struct ledger_set sets[3];
                bool all;

                for (unsigned i = 0; i < 3; i++) {
                        bits[i] = random_set(seed, 10 + i, 12);
                        sets[i] = set_of(bits[i], room[i]);
                }
                uint32_t rank = ledger_stats(w.ledger).rank;
                assert_int_equal(ledger_judge_all(w.ledger, sets, 3, &all), ERR_OK);
                assert_int_equal(all, all_expected(&w, bits));
                counts[all]++;
                ledger_commit(w.ledger);
                if (!all)
                        assert_int_equal(ledger_stats(w.ledger).rank, rank);
                for (unsigned i = 0; all && i < 3; i++)
                        assert_true(ledger_allows((uint8_t)judge_one(&w, bits[i])));
                ledger_free(&w.ledger);
        }
        assert_true(counts[0] > times(300) / 10 && counts[1] > times(300) / 10);
}

/* The same admitted sets in any order are the same memory: what comes next is judged alike. */
static void the_order_of_what_was_admitted_says_nothing(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= times(100); seed++) {
                struct world a, b;

                world_make(&a, 12, 3);
                world_make(&b, 12, 3);
                for (unsigned n = 1; n < 12; n++)
                        (void)ask(&a, random_set(seed, n, 12));
                for (unsigned i = a.admitted.len; i-- > 0;)
                        assert_int_equal(ask(&b, a.admitted.rows[i]), LEDGER_ADMITTED);
                for (unsigned n = 20; n < 40; n++) {
                        uint32_t bits = random_set(seed, n, 12);

                        assert_int_equal(judge_one(&a, bits), judge_one(&b, bits));
                        ledger_forget(a.ledger);
                        ledger_forget(b.ledger);
                }
                ledger_free(&a.ledger);
                ledger_free(&b.ledger);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_difference_of_one_person_is_refused),
                cmocka_unit_test(a_union_over_counties_is_no_way_round),
                cmocka_unit_test(what_a_table_shows_of_few_is_refused_whatever_comes_first),
                cmocka_unit_test(halves_and_thirds_are_combinations_too),
                cmocka_unit_test(what_is_forgotten_leaves_no_trace),
                cmocka_unit_test(refusals_do_not_grow_the_memory),
                cmocka_unit_test(persons_of_a_later_vintage_join),
                cmocka_unit_test(what_left_is_remembered_though_it_should_not_have),
                cmocka_unit_test(what_was_refused_is_known_when_others_that_left_make_it),
                cmocka_unit_test(limits_refuse_and_leave_nothing),
                cmocka_unit_test(somebody_who_is_not_there_is_an_error),
                cmocka_unit_test(a_failure_leaves_what_was_there),
                cmocka_unit_test(verdicts_are_those_of_brute_force),
                cmocka_unit_test(verdicts_are_those_of_brute_force_when_much_was_asked_before),
                cmocka_unit_test(all_or_none_is_what_each_would_be),
                cmocka_unit_test(the_order_of_what_was_admitted_says_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
