/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_shares.c: a share that is withheld is not to be had from all else that is
 * told: counts, sums, other shares, of the same question and of others.
 *
 * Every child is in one of three forms of care and costs the same, so a sum is a count, and
 * whoever knows that has one unknown pair of numbers for each municipality. They are so
 * few that all pairs can be tried: those that fit everything published, in every row and in
 * the totals, are what an attacker has left. Where a number is withheld there must be several,
 * and they must not agree on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/fraction.h"
#include "tests/support/gateway_ask.h"

enum { PLACES = 4, KINDS = 3, EACH_MAX = 64, SUM_MAX = PLACES * EACH_MAX, FACTS_MAX = 400 };
enum { HOME = 1, URGENT = 2, HVB = 4, ALL = 7, COST = 100000 };

static const municipality_t places[PLACES] = {114, 180, 1480, 1481};
static const char *const codes[PLACES + 1] = {"0114", "0180", "1480", "1481", NULL};
static const uint8_t forms[KINDS] = {0, 1, 3}; /* familjehem, jourhem, hvb */
static const char *const form_codes[KINDS] = {"familjehem", "jourhem", "hvb"};
/* Small ones in every kind, and both small and large complements. */
static const uint32_t truth[PLACES][KINDS] = {{38, 3, 15}, {34, 14, 12}, {30, 18, 8}, {12, 41, 9}};

static struct world world;

/* Of the children of a place (PLACES: all), how many are of the kinds in `part`, by how many of
 * those in `whole` in per mille; or, with whole 0, how many. */
struct fact {
        unsigned place, part, whole;
        int64_t value;
        bool told;
};
static struct fact facts[FACTS_MAX];
static unsigned facts_len;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_plan_only(&world, "anmalan");
        world_start(&world);
        for (uint32_t p = 0; p < PLACES; p++) {
                struct placement rows[EACH_MAX];
                uint64_t seed = p;
                uint32_t len = 0;

                for (uint32_t k = 0; k < KINDS; k++)
                        for (uint32_t i = 0; i < truth[p][k]; i++, len++) {
                                rows[len] = placement_random(&seed, 1, 1000 * p + len);
                                rows[len].person = 1000 * p + len;
                                rows[len].local = false;
                                rows[len].form = forms[k];
                                rows[len].cost = COST;
                        }
                (void)deliver(&world, places[p], DELIVERY_APPEND, rows, len, len);
        }
        (void)publish(&world);
        facts_len = 0;
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* What is told ------------------------------------------------------------------------------- */

static void note(const struct wire_release *r, uint32_t measure, unsigned place,
        const char *const *at, unsigned part, unsigned whole)
{
        const struct table *t = &r->table;
        const struct measure *m = &t->measures[measure];
        struct fact f = {.place = place, .part = part, .whole = whole};

        f.told = cell_at(r, at) == CELL_VALUE;
        for (size_t i = 0; f.told && m->status != NULL && i < t->cells_len; i++) {
                uint32_t coordinates[DIMENSIONS_MAX];
                bool here = true;

                table_coordinates(t, i, coordinates);
                for (uint32_t d = 0; d < t->dimensions_len; d++) {
                        const struct dimension *dim = &t->dimensions[d];
                        bool total = coordinates[d] == dim->len;

                        here &= at[d] == NULL
                                        ? total
                                        : !total && bytes_is_text(
                                                            dim->categories[coordinates[d]].code,
                                                            at[d]);
                }
                if (here)
                        f.told = m->status[i] == CELL_VALUE;
        }
        if (f.told)
                f.value = cell_value(r, measure, at);
        if (f.told && m->kind == MEASURE_SUM) {
                assert_int_equal(f.value % COST, 0);
                f.value /= COST;
        }
        if (!f.told && m->kind == MEASURE_SUM)
                return; /* money, and not how many */
        assert_true(facts_len < FACTS_MAX);
        facts[facts_len++] = f;
}

struct asked {
        unsigned part, whole;
};

static void ask_by_place(const char *measures, const struct asked *asked, uint32_t len)
{
        char yaml[2000];
        struct wire_release r;

        (void)snprintf(yaml, sizeof yaml,
                "dataset: placering\npurpose: officiell_statistik\ndimensions: [kommun]\n"
                "measures:\n%s",
                measures);
        assert_int_equal(ask_yaml(&world, yaml, &r), STATUS_OK);
        assert_int_equal(r.table.measures_len, len);
        for (unsigned p = 0; p <= PLACES; p++)
                for (uint32_t m = 0; m < len; m++)
                        note(&r, m, p, &codes[p], asked[m].part, asked[m].whole);
}

static void ask_by_form(void)
{
        struct wire_answer a;
        struct wire_release r;

        assert_int_equal(ask(&world, "kommun,form", NULL, NULL, &a, &r), STATUS_OK);
        for (unsigned p = 0; p <= PLACES; p++)
                for (unsigned k = 0; k <= KINDS; k++) {
                        const char *const at[] = {codes[p], k < KINDS ? form_codes[k] : NULL};

                        note(&r, 0, p, at, k < KINDS ? 1u << k : ALL, 0);
                }
}

#define IS(name, what) "  - {kind: share, name: " name ", filters: [\"" what "\"]}\n"

static void ask_shares(void)
{
        static const struct asked asked[] = {
                {ALL, 0}, {URGENT, ALL}, {HVB, ALL}, {URGENT | HVB, ALL}, {ALL, 0}, {URGENT, 0}};

        ask_by_place("  - {kind: persons}\n" IS("a", "form = jourhem") IS("b", "form = hvb") IS("c",
                             "form in jourhem,hvb") "  - {kind: sum, variable: kostnad, name: d}\n"
                                                    "  - {kind: sum, variable: kostnad, name: e, "
                                                    "filters: [\"form = jourhem\"]}\n",
                asked, 6);
}

static void ask_other_shares(void)
{
        static const struct asked asked[] = {
                {HVB, 0}, {HOME, ALL}, {URGENT, URGENT | HVB}, {HOME, HOME | HVB}};

        ask_by_place("  - {kind: persons, name: a, filters: [\"form = hvb\"]}\n" IS(
                             "b", "form = familjehem") "  - {kind: share, name: c, filters: "
                                                       "[\"form = jourhem\"], base: [\"form in "
                                                       "jourhem,hvb\"]}\n"
                                                       "  - {kind: share, name: d, filters: "
                                                       "[\"form = familjehem\"], base: [\"form "
                                                       "in familjehem,hvb\"]}\n",
                asked, 4);
}

/* What is left ------------------------------------------------------------------------------- */

static int64_t count_of(const uint32_t *n, unsigned kinds)
{
        int64_t sum = 0;

        for (unsigned k = 0; k < KINDS; k++)
                sum += kinds >> k & 1 ? n[k] : 0;
        return sum;
}

static bool fits(const struct fact *f, const uint32_t *n)
{
        int64_t part = count_of(n, f->part), whole = count_of(n, f->whole);

        if (f->whole == 0)
                return part == f->value;
        return whole == 0 ? f->value == TABLE_NO_VALUE : fraction_share(part, whole) == f->value;
}

static bool fits_all(unsigned place, const uint32_t *n)
{
        for (unsigned i = 0; i < facts_len; i++)
                if (facts[i].told && facts[i].place == place && !fits(&facts[i], n))
                        return false;
        return true;
}

/* All that a place may hold, as numbers of the last two kinds; how many children it has is
 * told. */
static uint8_t left[PLACES][EACH_MAX][EACH_MAX], stands[PLACES][EACH_MAX][EACH_MAX];
static uint8_t total[SUM_MAX][SUM_MAX], sums[SUM_MAX][SUM_MAX], next[SUM_MAX][SUM_MAX];
static uint32_t whole_of[PLACES], whole;

static void split(uint32_t all, uint32_t urgent, uint32_t hvb, uint32_t out[KINDS])
{
        out[0] = all - urgent - hvb;
        out[1] = urgent;
        out[2] = hvb;
}

/* Sums of what all places but one may hold. */
static void add_others(unsigned but)
{
        uint32_t most = 0;

        memset(sums, 0, sizeof sums);
        sums[0][0] = 1;
        for (unsigned p = 0; p < PLACES; p++) {
                if (p == but)
                        continue;
                memset(next, 0, sizeof next);
                for (uint32_t u = 0; u <= whole_of[p]; u++)
                        for (uint32_t h = 0; u + h <= whole_of[p]; h++)
                                for (uint32_t x = 0; left[p][u][h] && x <= most; x++)
                                        for (uint32_t y = 0; x + y <= most; y++)
                                                next[x + u][y + h] |= sums[x][y];
                memcpy(sums, next, sizeof sums);
                most += whole_of[p];
        }
}

static bool possible(uint32_t u, uint32_t h)
{
        for (uint32_t x = 0; x + u < SUM_MAX; x++)
                for (uint32_t y = 0; y + h < SUM_MAX; y++)
                        if (sums[x][y] && total[x + u][y + h])
                                return true;
        return false;
}

/* First by what is told of a place, and of the whole; then of all together. */
static void look_at_places(void)
{
        uint32_t n[KINDS];

        whole = 0;
        for (unsigned p = 0; p < PLACES; p++) {
                whole += whole_of[p] = (uint32_t)count_of(truth[p], ALL);
                for (uint32_t u = 0; u < EACH_MAX; u++)
                        for (uint32_t h = 0; h < EACH_MAX; h++) {
                                split(whole_of[p], u, h, n);
                                left[p][u][h] = u + h <= whole_of[p] && fits_all(p, n);
                        }
                assert_true(left[p][truth[p][1]][truth[p][2]]);
        }
        for (uint32_t u = 0; u < SUM_MAX; u++)
                for (uint32_t h = 0; h < SUM_MAX; h++) {
                        split(whole, u, h, n);
                        total[u][h] = u + h <= whole && fits_all(PLACES, n);
                }
        for (unsigned p = 0; p < PLACES; p++) {
                add_others(p);
                for (uint32_t u = 0; u < EACH_MAX; u++)
                        for (uint32_t h = 0; h < EACH_MAX; h++)
                                stands[p][u][h] = left[p][u][h] && possible(u, h);
        }
}

/* How many numbers of these kinds there may be in a place. */
static unsigned choices(unsigned place, unsigned kinds)
{
        bool seen[EACH_MAX] = {false};
        uint32_t n[KINDS];
        unsigned len = 0;

        for (uint32_t u = 0; u < EACH_MAX; u++)
                for (uint32_t h = 0; h < EACH_MAX; h++) {
                        if (!stands[place][u][h])
                                continue;
                        split(whole_of[place], u, h, n);
                        int64_t v = count_of(n, kinds);

                        len += !seen[v];
                        seen[v] = true;
                }
        return len;
}

static unsigned check_withheld(void)
{
        unsigned withheld = 0;

        look_at_places();
        for (unsigned i = 0; i < facts_len; i++) {
                const struct fact *f = &facts[i];

                if (f->told || f->place == PLACES)
                        continue;
                withheld++;
                if (choices(f->place, f->part) < 2)
                        fail_msg("%s: kinds %u by %u can be computed", codes[f->place], f->part,
                                f->whole);
        }
        return withheld;
}

static unsigned shares_told(void)
{
        unsigned n = 0;

        for (unsigned i = 0; i < facts_len; i++)
                n += facts[i].told && facts[i].whole != 0;
        return n;
}

/* Tests -------------------------------------------------------------------------------------- */

static void a_withheld_share_is_in_nothing_else_that_is_told(void **state)
{
        (void)state;
        ask_shares();
        assert_true(shares_told() > 3);
        assert_true(check_withheld() > 5);
        /* The method finds what there is to be found: one number more, and it is computed. */
        for (unsigned i = 0; i < facts_len; i++) {
                if (facts[i].told || facts[i].place == PLACES || facts[i].part != URGENT)
                        continue;
                facts[i].told = true;
                facts[i].whole = 0;
                facts[i].value = count_of(truth[facts[i].place], URGENT);
                look_at_places();
                assert_int_equal(choices(facts[i].place, URGENT), 1);
                return;
        }
        fail_msg("nothing is withheld of the second kind");
}

static void nor_in_a_second_question(void **state)
{
        (void)state;
        ask_shares();
        ask_other_shares();
        assert_true(check_withheld() > 8);
        ask_by_form();
        assert_true(check_withheld() > 10);
}

static void nor_when_counts_come_first(void **state)
{
        (void)state;
        ask_by_form();
        ask_other_shares();
        ask_shares();
        assert_true(check_withheld() > 10);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(a_withheld_share_is_in_nothing_else_that_is_told),
                CASE(nor_in_a_second_question),
                CASE(nor_when_counts_come_first),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
