/* SPDX-License-Identifier: Apache-2.0 */
/* test_ledger_light.c: how long is searched before a set is refused undecided (light.c).
 *
 * People of a country by age, sex, county and kind, uneven as counties are, and tables as
 * they are asked for. The first tables are searched for long; every 200 that were judged it is
 * half as long, and from 1,200 on no less. How long is seen in the work that a table took, which
 * depends on nothing but sets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/bytes.h"
#include "gateway/disclosure/residue.h"
#include "gateway/ledger/ledger.h"

enum {
        PERSONS = 6000,
        THRESHOLD = 5,
        AGES = 18,
        COUNTIES = 21,
        KINDS = 8,
        TRAITS = 4,
        TABLES = 60,
        TABLE_MAX = COUNTIES,
        SETS_MAX = TABLES * TABLE_MAX,
        FLOOR_AT = 1200 /* tables */
};
#define MEMORY ((size_t)256 << 20)
/* light.c and README.md: of a set and a table at first. */
#define STEPS_SET   ((uint64_t)500000)
#define STEPS_TABLE ((uint64_t)8000000)

static const unsigned codes_of[TRAITS] = {AGES, 2, COUNTIES, KINDS};
static unsigned trait[PERSONS][TRAITS];

static uint32_t persons[SETS_MAX][PERSONS];
static struct ledger_set sets[SETS_MAX];
static uint32_t table_len[TABLES], sets_len;

static unsigned draw(uint64_t r, unsigned shift, unsigned below)
{
        return (unsigned)((r >> shift) % below);
}

static void people(uint64_t seed)
{
        for (uint32_t p = 0; p < PERSONS; p++) {
                uint64_t r = residue_mix(seed, p);
                unsigned pair = draw(r, 16, COUNTIES * COUNTIES);

                trait[p][0] = draw(r, 0, 97) % AGES;
                trait[p][1] = draw(r, 8, 2);
                trait[p][2] = pair % COUNTIES < pair / COUNTIES ? pair % COUNTIES : pair / COUNTIES;
                trait[p][3] = draw(r, 40, KINDS);
        }
}

/* By one trait in bands, of everybody or of those with one code of another. */
static uint32_t one_table(uint64_t r)
{
        unsigned by = draw(r, 0, TRAITS), band = 1 + draw(r, 24, 3),
                 within = draw(r, 8, TRAITS + 1);
        bool filtered = within < TRAITS && within != by;
        unsigned code = filtered ? draw(r, 16, codes_of[within]) : 0;
        uint32_t first = sets_len;

        for (unsigned low = 0; low < codes_of[by]; low += band) {
                struct ledger_set *s = &sets[sets_len];

                *s = (struct ledger_set){.persons = persons[sets_len]};
                for (uint32_t p = 0; p < PERSONS; p++)
                        if (trait[p][by] >= low && trait[p][by] < low + band &&
                                (!filtered || trait[p][within] == code))
                                persons[sets_len][s->len++] = p;
                sets_len++;
        }
        return sets_len - first;
}

static void country(uint64_t seed)
{
        people(seed);
        sets_len = 0;
        for (unsigned t = 0; t < TABLES; t++)
                table_len[t] = one_table(residue_mix(seed + 99, t));
}

static struct ledger *fresh(void)
{
        const struct ledger_options options = {
                .persons = PERSONS, .threshold = THRESHOLD, .memory_ceiling = MEMORY};
        struct ledger *l = NULL;

        assert_int_equal(ledger_new(&options, &l), ERR_OK);
        return l;
}

/* Tables of one person, who is told of by none of them. */
static void judge_small(struct ledger *l, unsigned tables)
{
        static const uint32_t somebody[] = {1};
        const struct ledger_set one = {.persons = somebody, .len = 1};
        uint8_t verdict;

        for (unsigned i = 0; i < tables; i++) {
                assert_int_equal(ledger_judge(l, &one, 1, &verdict), ERR_OK);
                assert_int_equal(verdict, LEDGER_SMALL);
                ledger_commit(l);
        }
}

struct told {
        uint8_t verdicts[SETS_MAX];
        unsigned refused, allowed;
        uint64_t work;
};

static void count(struct told *t)
{
        for (uint32_t i = 0; i < sets_len; i++) {
                t->refused += t->verdicts[i] == LEDGER_REFUSED;
                t->allowed += ledger_allows(t->verdicts[i]);
        }
}

/* Table by table. */
static void ask_all(struct ledger *l, struct told *t)
{
        uint32_t at = 0;

        *t = (struct told){.work = 0};
        for (unsigned n = 0; n < TABLES; at += table_len[n++]) {
                assert_int_equal(
                        ledger_judge(l, &sets[at], table_len[n], &t->verdicts[at]), ERR_OK);
                t->work += ledger_stats(l).work;
                ledger_commit(l);
        }
        count(t);
}

static void ask_after(unsigned tables, struct told *t)
{
        struct ledger *l = fresh();

        judge_small(l, tables);
        ask_all(l, t);
        ledger_free(&l);
}

/* Three countries with much that is hard to decide; of the first most. */
static const uint64_t seeds[] = {5, 6, 9};

static void the_first_tables_are_searched_longer_and_more_of_them_is_answered(void **state)
{
        static struct told first, later;
        unsigned more = 0;

        (void)state;
        for (size_t s = 0; s < ARRAY_LEN(seeds); s++) {
                country(seeds[s]);
                ask_after(0, &first);
                ask_after(FLOOR_AT, &later);
                assert_true(first.allowed > later.allowed);
                assert_true(first.work > later.work);
                assert_true(later.allowed > sets_len / 2);
                more += first.allowed - later.allowed;
        }
        assert_true(more > 50);
}

static void every_two_hundred_tables_it_is_shorter_until_it_is_as_short_as_it_gets(void **state)
{
        static struct told now, before;

        (void)state;
        country(seeds[0]);
        ask_after(0, &before);
        for (unsigned tables = 200; tables <= FLOOR_AT; tables += 200) {
                ask_after(tables, &now);
                assert_true(now.work < before.work);
                before = now;
        }
        /* Here and from here on. */
        for (unsigned tables = FLOOR_AT + 200; tables <= 3 * FLOOR_AT; tables += FLOOR_AT) {
                ask_after(tables, &now);
                assert_int_equal(now.work, before.work);
                assert_memory_equal(now.verdicts, before.verdicts, sets_len);
        }
}

/* What was refused counts, and what was only remembered anew does not. */
static void a_memory_made_anew_is_as_generous_as_one_that_was_not_asked_yet(void **state)
{
        static struct told once, often;
        struct ledger *l = fresh();

        (void)state;
        country(seeds[0]);
        assert_int_equal(ledger_remember(l, sets, 1), ERR_OK);
        ask_all(l, &once);
        ledger_free(&l);
        l = fresh();
        for (unsigned i = 0; i < FLOOR_AT; i++)
                assert_int_equal(ledger_remember(l, sets, 1), ERR_OK);
        ask_all(l, &often);
        ledger_free(&l);
        assert_int_equal(often.work, once.work);
        assert_memory_equal(often.verdicts, once.verdicts, sets_len);
}

/* A table of all sets takes no more than a table may, and then what each takes at least. */
static void one_table_of_very_many_sets_is_searched_no_longer_than_a_table(void **state)
{
        static struct told apart, later, together;
        struct ledger *l = fresh();

        (void)state;
        country(seeds[0]);
        ask_after(0, &apart);
        ask_after(FLOOR_AT, &later);
        assert_int_equal(ledger_judge(l, sets, sets_len, together.verdicts), ERR_OK);
        together.work = ledger_stats(l).work;
        count(&together);
        ledger_free(&l);
        assert_true(apart.work > STEPS_TABLE + STEPS_SET + later.work);
        assert_true(together.work <= STEPS_TABLE + STEPS_SET + later.work);
        assert_true(together.refused > apart.refused);
        assert_true(together.allowed > later.allowed);
}

/* What is let through in haste is let through by whoever has time, in the same order: haste never
 * makes a yes. */
static void what_a_short_search_allows_a_long_one_allows_too(void **state)
{
        static struct told hasty;

        (void)state;
        for (size_t s = 0; s < ARRAY_LEN(seeds); s++) {
                struct ledger *l = fresh();

                country(seeds[s]);
                ask_after(FLOOR_AT, &hasty);
                for (uint32_t i = 0; i < sets_len; i++) {
                        uint8_t verdict;

                        if (!ledger_allows(hasty.verdicts[i]))
                                continue;
                        assert_int_equal(ledger_judge(l, &sets[i], 1, &verdict), ERR_OK);
                        assert_int_equal(verdict, hasty.verdicts[i]);
                        ledger_commit(l);
                }
                ledger_free(&l);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_first_tables_are_searched_longer_and_more_of_them_is_answered),
                cmocka_unit_test(
                        every_two_hundred_tables_it_is_shorter_until_it_is_as_short_as_it_gets),
                cmocka_unit_test(a_memory_made_anew_is_as_generous_as_one_that_was_not_asked_yet),
                cmocka_unit_test(one_table_of_very_many_sets_is_searched_no_longer_than_a_table),
                cmocka_unit_test(what_a_short_search_allows_a_long_one_allows_too),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
