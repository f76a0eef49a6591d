/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_apart.c: sets that stand in no row, and sets whose persons count more than once,
 * give nothing away that was not given away before.
 *
 * The oracle knows of all that was told, by person, weights and persons who are gone included;
 * the ledger is kept short of work, is told to leave sets out, and knows of some sets only those
 * who are still there. After every set that is admitted, of no group of fewer than k persons
 * more can be computed than before it; what is said to be known is in the span of what was
 * told (elimination without fractions, over the integers). */
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

enum { PERSONS_MAX = 14, ROWS_MAX = 64, MEMORY = 64 << 20, WEIGHT_MAX = 3 };

/* The oracle ------------------------------------------------------------------------------- */

struct told {
        uint8_t of[PERSONS_MAX];
};

struct span {
        struct told rows[ROWS_MAX];
        unsigned len;
};

static int64_t times_checked(int64_t a, int64_t b)
{
        int64_t product;

        assert_false(__builtin_mul_overflow(a, b, &product));
        return product;
}

static void swap_rows(int64_t *a, int64_t *b, unsigned width)
{
        for (unsigned k = 0; k < width; k++) {
                int64_t swap = a[k];

                a[k] = b[k];
                b[k] = swap;
        }
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
                        m[i][width] = s->rows[i].of[p];
                width++;
        }
        for (unsigned c = 0; c < width && rank < s->len; c++) {
                unsigned at = rank;

                while (at < s->len && m[at][c] == 0)
                        at++;
                if (at == s->len)
                        continue;
                swap_rows(m[at], m[rank], width);
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

/* Of some group of fewer than k something can be computed with `one` that could not be without. */
static bool opens_something(
        const struct span *s, const struct told *one, unsigned persons, unsigned k)
{
        uint32_t all = (1u << persons) - 1;
        struct span more = *s;

        more.rows[more.len++] = *one;
        unsigned rank = rank_of(s, all), then = rank_of(&more, all);

        for (uint32_t group = 1; group <= all; group++)
                if ((unsigned)__builtin_popcount(group) < k &&
                        then - rank_of(&more, all & ~group) > rank - rank_of(s, all & ~group))
                        return true;
        return false;
}

static bool is_implied(const struct span *s, const struct told *one, unsigned persons)
{
        struct span more = *s;
        uint32_t all = (1u << persons) - 1;

        more.rows[more.len++] = *one;
        return rank_of(&more, all) == rank_of(s, all);
}

/* Asking ------------------------------------------------------------------------------------- */

struct world {
        struct ledger *ledger;
        struct span told;
        unsigned persons, gone, k; /* the last `gone` are unknown to the ledger */
        uint32_t unsure;
};

static void world_make(struct world *w, unsigned persons, unsigned k, uint64_t work)
{
        const struct ledger_options options = {
                .persons = persons, .threshold = k, .memory_ceiling = MEMORY, .work_limit = work};

        *w = (struct world){.persons = persons, .k = k};
        assert_int_equal(ledger_new(&options, &w->ledger), ERR_OK);
}

static struct told told_of(uint32_t bits)
{
        struct told t = {{0}};

        for (unsigned p = 0; p < PERSONS_MAX; p++)
                t.of[p] = bits >> p & 1;
        return t;
}

struct room {
        uint32_t persons[PERSONS_MAX], weights[PERSONS_MAX];
};

/* Of those who are still there, by weight. */
static struct ledger_set set_of(const struct world *w, const struct told *t, struct room *room)
{
        struct ledger_set set = {.persons = room->persons, .weights = room->weights};

        for (uint32_t weight = 1; weight <= WEIGHT_MAX; weight++)
                for (unsigned p = w->persons - w->gone; p-- > 0;)
                        if (t->of[p] == weight) {
                                room->weights[set.len] = weight;
                                room->persons[set.len++] = p;
                        }
        if (set.len == 0 || room->weights[set.len - 1] == 1)
                set.weights = NULL;
        return set;
}

static enum ledger_verdict judge_one(struct world *w, const struct told *t)
{
        struct room room;
        struct ledger_set set = set_of(w, t, &room);
        uint8_t verdict;

        assert_int_equal(ledger_judge(w->ledger, &set, 1, &verdict), ERR_OK);
        return verdict;
}

static void tell(struct world *w, const struct told *t)
{
        w->told.rows[w->told.len++] = *t;
}

static enum ledger_verdict ask_told(struct world *w, const struct told *t)
{
        enum ledger_verdict verdict = judge_one(w, t);

        ledger_commit(w->ledger);
        if (verdict == LEDGER_ADMITTED)
                assert_false(opens_something(&w->told, t, w->persons, w->k));
        if (verdict == LEDGER_KNOWN)
                assert_true(is_implied(&w->told, t, w->persons));
        if (verdict == LEDGER_ADMITTED)
                tell(w, t);
        return verdict;
}

static enum ledger_verdict ask(struct world *w, uint32_t bits)
{
        struct told t = told_of(bits);

        return ask_told(w, &t);
}

static void leave_out(struct world *w, const struct told *t)
{
        struct room room;
        struct ledger_set set = set_of(w, t, &room);

        assert_int_equal(ledger_leave_out(w->ledger, &set, 1), ERR_OK);
        tell(w, t);
}

/* The ledger hears `seen` of what was told: so many persons' places are another. */
static void suspect(struct world *w, const struct told *t, const struct told *seen)
{
        struct room room;
        struct ledger_set set = set_of(w, seen, &room);
        uint32_t unsure = 0;

        for (unsigned p = 0; p < w->persons - w->gone; p++)
                unsure += t->of[p] != seen->of[p];
        w->unsure += unsure;
        assert_int_equal(ledger_suspect(w->ledger, &set, 1, w->unsure), ERR_OK);
        tell(w, t);
}

/* By hand ------------------------------------------------------------------------------------ */

static void what_was_left_out_is_known_itself_and_guards_the_rest(void **state)
{
        const struct told county = told_of(0x00ff);
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 0);
        leave_out(&w, &county);
        assert_int_equal(ledger_stats(w.ledger).rank, 0);
        assert_int_equal(ask(&w, 0x007f), LEDGER_REFUSED); /* all but one */
        assert_int_equal(ask(&w, 0x01ff), LEDGER_REFUSED); /* and one more */
        assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x000f), LEDGER_ADMITTED); /* half of it */
        assert_int_equal(ask(&w, 0x00f0), LEDGER_KNOWN);    /* the other half */
        ledger_free(&w.ledger);
}

static void what_is_a_sum_of_what_was_left_out_is_refused_rather_than_trusted(void **state)
{
        const struct told a = told_of(0x000f), b = told_of(0x00f0);
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 0);
        leave_out(&w, &a);
        leave_out(&w, &b);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x000f), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x00f0), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN); /* both are rows by now */
        ledger_free(&w.ledger);
}

static void without_work_nothing_small_is_given_away(void **state)
{
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 1);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_ADMITTED);
        assert_int_equal(ledger_stats(w.ledger).rank, 0);
        assert_int_equal(ledger_stats(w.ledger).left_out, 1);
        assert_int_equal(ask(&w, 0x00fe), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN);
        assert_int_equal(ask(&w, 0x3fc0), LEDGER_REFUSED); /* two are in both */
        assert_int_equal(ask(&w, 0x3ff8), LEDGER_ADMITTED);
        ledger_free(&w.ledger);
}

static enum err judge_table(struct world *w, const uint32_t *bits, unsigned len)
{
        struct ledger_set sets[4];
        struct room rooms[4];
        uint8_t verdicts[4];

        for (unsigned i = 0; i < len; i++) {
                struct told t = told_of(bits[i]);

                sets[i] = set_of(w, &t, &rooms[i]);
        }
        TRY(ledger_judge(w->ledger, sets, len, verdicts));
        ledger_commit(w->ledger);
        return ERR_OK;
}

static void what_was_too_much_is_not_tried_for_as_many_persons(void **state)
{
        static const uint32_t large[] = {0x00ff, 0x0ff0}, simple[] = {0x3333, 0x3333};
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 15);
        assert_int_equal(judge_table(&w, simple, 2), ERR_OK); /* there is room for it */
        assert_int_equal(ledger_stats(w.ledger).rank, 1);
        ledger_free(&w.ledger);
        world_make(&w, 14, 3, 15);
        assert_int_equal(judge_table(&w, large, 2), ERR_OK);
        assert_int_equal(ledger_stats(w.ledger).rank, 0);
        assert_int_equal(ledger_stats(w.ledger).left_out, 2);
        assert_int_equal(judge_table(&w, simple, 2), ERR_OK); /* which nobody finds out now */
        assert_int_equal(ledger_stats(w.ledger).rank, 0);
        assert_int_equal(ledger_stats(w.ledger).left_out, 3);
        assert_int_equal(judge_table(&w, simple, 1), ERR_OK); /* this is less */
        assert_int_equal(ledger_stats(w.ledger).rank, 1);
        ledger_free(&w.ledger);
}

static void who_was_in_an_answer_and_is_gone_is_not_told_by_the_next(void **state)
{
        const struct told with_her = told_of(0x20ff);
        struct world w;

        (void)state;
        world_make(&w, 13, 3, 0);
        w.persons = 14;
        w.gone = 1;
        suspect(&w, &with_her, &with_her);
        assert_int_equal(ask(&w, 0x00ff), LEDGER_REFUSED); /* the same without her */
        assert_int_equal(ask(&w, 0x01ff), LEDGER_REFUSED);
        assert_int_equal(ask(&w, 0x071f), LEDGER_ADMITTED);
        ledger_free(&w.ledger);
}

static void who_may_have_been_elsewhere_does_not_count(void **state)
{
        const struct told was = told_of(0x003f), seen = told_of(0x001f);
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 0);
        suspect(&w, &was, &seen);
        assert_int_equal(ask(&w, 0x063f), LEDGER_REFUSED); /* three stay, of whom one may not */
        assert_int_equal(ask(&w, 0x0e23), LEDGER_ADMITTED);
        ledger_free(&w.ledger);
}

static void records_of_one_person_are_no_difference_that_is_told(void **state)
{
        const struct told half_year = {{2, 1, 3, 1, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}},
                          one_more = {{2, 1, 3, 2, 1, 2, 0, 0, 0, 0, 0, 0, 0, 0}},
                          whole_year = {{3, 2, 3, 2, 3, 2, 0, 0, 0, 0, 0, 0, 0, 0}};
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 0);
        assert_int_equal(ask_told(&w, &half_year), LEDGER_ADMITTED);
        assert_int_equal(ask_told(&w, &one_more), LEDGER_REFUSED); /* of the same persons */
        assert_int_equal(ask_told(&w, &half_year), LEDGER_KNOWN);
        assert_int_equal(ask_told(&w, &whole_year), LEDGER_ADMITTED);
        assert_int_equal(ask(&w, 0x003f), LEDGER_ADMITTED); /* how many they are */
        ledger_free(&w.ledger);
}

static void what_is_forgotten_is_whole_again(void **state)
{
        const struct told county = told_of(0x00ff), half = told_of(0x000f);
        struct world w;

        (void)state;
        world_make(&w, 14, 3, 1);
        leave_out(&w, &county);
        struct ledger_stats before = ledger_stats(w.ledger);

        assert_int_equal(judge_one(&w, &half), LEDGER_ADMITTED);
        assert_int_equal(ledger_stats(w.ledger).left_out, 2);
        ledger_forget(w.ledger);
        assert_int_equal(ledger_stats(w.ledger).pieces, before.pieces);
        assert_int_equal(ask(&w, 0x0007), LEDGER_ADMITTED); /* with the half, one would be told */
        assert_int_equal(ask(&w, 0x000f), LEDGER_REFUSED);
        ledger_free(&w.ledger);
}

/* Every allocation fails once: afterwards the ledger judges as one that never tried. */
static void a_failure_leaves_pieces_as_they_were(void **state)
{
        const struct told county = told_of(0x00ff), half = told_of(0x000f);

        (void)state;
        for (unsigned nth = 0;; nth++) {
                struct room a, b;
                struct world w;

                fault_disarm();
                world_make(&w, 14, 3, nth % 2);
                leave_out(&w, &county);
                const struct ledger_set sets[] = {set_of(&w, &county, &a), set_of(&w, &half, &b)};
                uint8_t verdicts[2];
                bool more = fault_arm("alloc", nth / 2);
                enum err e = ledger_judge(w.ledger, sets, 2, verdicts);

                fault_disarm();
                if (e != ERR_OK)
                        assert_int_equal(e, ERR_NO_MEMORY);
                ledger_forget(w.ledger);
                assert_int_equal(ask(&w, 0x00ff), LEDGER_KNOWN);
                assert_int_equal(ask(&w, 0x0007), LEDGER_ADMITTED);
                assert_int_equal(ask(&w, 0x000f), LEDGER_REFUSED);
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

/* Sets as people ask for them: whole halves, a few in or out; some count records. */
static struct told random_told(uint64_t seed, uint64_t n, unsigned persons)
{
        uint64_t r = residue_mix(seed, n);
        uint32_t all = (1u << persons) - 1, bits = (uint32_t)(r >> 32) & all;

        if (r % 4 == 1)
                bits |= (uint32_t)(r >> 16) & all;
        else if (r % 4 == 2)
                bits = all & ~(1u << (r >> 8) % persons) & ~(1u << (r >> 20) % persons);
        else if (r % 4 == 3)
                bits = (uint32_t)(0x0f0f3333 >> (r >> 8) % 16) & all;
        struct told t = told_of(bits);

        for (unsigned p = 0; (r >> 12) % 3 == 0 && p < persons; p++)
                t.of[p] = (uint8_t)(t.of[p] * (1 + residue_mix(seed + p, n) % 4 / 3));
        return t;
}

/* Vintages come in between: persons join, and of some who leave answers were given. */
static void one_sequence(uint64_t seed, unsigned *counts)
{
        static const uint64_t work[] = {0, 0, 1, 60, 300};
        struct world w;
        uint64_t mix = residue_mix(seed, 0);
        unsigned start = (unsigned)(7 + mix % 4);

        world_make(&w, start, (unsigned)(2 + (mix >> 8) % 3), work[(mix >> 16) % 5]);
        for (unsigned n = 1; n < 16; n++) {
                uint64_t r = residue_mix(seed, 1000 + n);

                if (n == 8 && w.gone == 0) {
                        w.persons += (unsigned)(r >> 8) % 3;
                        assert_int_equal(ledger_grow(w.ledger, w.persons), ERR_OK);
                }
                struct told t = random_told(seed, n, w.persons);
                for (unsigned p = w.persons - w.gone; p < w.persons; p++)
                        t.of[p] = 0; /* she is in no later answer */
                if (r % 8 == 0 && n < 8) {
                        leave_out(&w, &t);
                        continue;
                }
                if (r % 16 == 1 && n < 8 && w.persons < PERSONS_MAX && w.gone == 0) {
                        w.persons++;
                        w.gone = 1;
                        t.of[w.persons - 1] = 1;
                        struct told seen = t;

                        if ((r >> 20) % 2 == 0)
                                seen.of[(r >> 24) % start] ^= 1;
                        suspect(&w, &t, &seen);
                        continue;
                }
                if (r % 16 == 2) { /* judged, and thought better of */
                        struct told other = random_told(seed, n + 100, w.persons - w.gone);

                        (void)judge_one(&w, &other);
                        ledger_forget(w.ledger);
                }
                counts[ask_told(&w, &t)]++;
        }
        ledger_free(&w.ledger);
}

static void nothing_is_opened_whatever_stands_in_no_row(void **state)
{
        unsigned counts[LEDGER_ADMITTED + 1] = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= times(400); seed++)
                one_sequence(seed, counts);
        assert_true(counts[LEDGER_REFUSED] > times(400));
        assert_true(counts[LEDGER_ADMITTED] > times(400));
        assert_true(counts[LEDGER_KNOWN] > times(400) / 10);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_was_left_out_is_known_itself_and_guards_the_rest),
                cmocka_unit_test(what_is_a_sum_of_what_was_left_out_is_refused_rather_than_trusted),
                cmocka_unit_test(without_work_nothing_small_is_given_away),
                cmocka_unit_test(what_was_too_much_is_not_tried_for_as_many_persons),
                cmocka_unit_test(who_was_in_an_answer_and_is_gone_is_not_told_by_the_next),
                cmocka_unit_test(who_may_have_been_elsewhere_does_not_count),
                cmocka_unit_test(records_of_one_person_are_no_difference_that_is_told),
                cmocka_unit_test(what_is_forgotten_is_whole_again),
                cmocka_unit_test(a_failure_leaves_pieces_as_they_were),
                cmocka_unit_test(nothing_is_opened_whatever_stands_in_no_row),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
