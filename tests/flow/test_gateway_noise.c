/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_noise.c: counts with noise, and rounded ones, at a real gateway: the same for
 * the same children in every table, under every wording, in every vintage and after a restart. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/gateway_ask.h"

enum { CHILDREN = 200, PLACES = 4, KEPT_MAX = PLACES * CHILDREN + CHILDREN, ANY = -1 };
enum { DEVIATION = 5, SMALLEST = 3, BASE = 5 };

static const municipality_t places[PLACES] = {180, 114, 1480, 1481};
static const char *const codes[PLACES] = {"0180", "0114", "1480", "1481"};

static struct world world;
static struct {
        municipality_t where;
        bool woman;
        uint8_t form;
} kept[KEPT_MAX];
static uint32_t kept_len;

#define DATASET "policy/datasets/placering.yaml"

static void begin(const char *rules, bool planned)
{
        world_make(&world);
        world_edit(&world, DATASET, "{preset: standard, threshold: 5, zeros: publish}", rules);
        world_plan_only(&world, planned ? "placering" : "anmalan");
        policy_begin(&world);
        world_start(&world);
        kept_len = 0;
}

/* Each child once, in one place; of the last form hardly any. */
static void deliver_children(uint64_t seed, uint32_t first, uint32_t len, municipality_t m)
{
        struct placement rows[CHILDREN];

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&seed, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
                rows[i].woman = rows[i].person % 2 == 0;
                if (rows[i].form == FORMS - 1)
                        rows[i].form = i % 40 == 0 && m != 180 ? FORMS - 1 : 0;
                kept[kept_len].where = m;
                kept[kept_len].woman = rows[i].woman;
                kept[kept_len++].form = rows[i].form;
        }
        (void)deliver(&world, m, DELIVERY_APPEND, rows, len, len);
}

static void deliver_four(void)
{
        for (uint32_t i = 0; i < PLACES; i++)
                deliver_children(i + 1, i * 1000, CHILDREN - 7 * i, places[i]);
        (void)publish(&world);
}

static int setup_noise(void **state)
{
        (void)state;
        begin("{preset: cellkey, threshold: 5}", false);
        deliver_four();
        return 0;
}

static int setup_rounding(void **state)
{
        (void)state;
        begin("{preset: standard, threshold: 5, zeros: publish, perturbation: rounding, rounding: "
              "{base: 5}}",
                true);
        deliver_four();
        return 0;
}

static int setup_exact(void **state)
{
        (void)state;
        begin("{preset: standard, threshold: 5, zeros: publish}", true);
        deliver_four();
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static int64_t count(int place, int woman, int form)
{
        int64_t n = 0;

        for (uint32_t i = 0; i < kept_len; i++)
                n += (place == ANY || kept[i].where == (municipality_t)place) &&
                     (woman == ANY || kept[i].woman == (woman != 0)) &&
                     (form == ANY || kept[i].form == form);
        return n;
}

/* Questions ---------------------------------------------------------------------------------- */

static struct bytes ask_for(const char *by, const char *const *where, struct wire_release *out)
{
        struct wire_answer a;
        enum status s = ask(&world, by, where, NULL, &a, out);

        if (s != STATUS_OK)
                print_error("'%s': %s\n", by, world_status.message);
        assert_int_equal(s, STATUS_OK);
        return a.release;
}

/* Value, or less than nothing where there is none. */
static int64_t value(const struct wire_release *r, const char *first, const char *second)
{
        const char *const at[] = {first, second};

        return cell_at(r, at) == CELL_VALUE ? cell_value(r, 0, at) : -1;
}

static bool is_by(const struct table *t, uint32_t d, const char *variable)
{
        return bytes_is_text(t->dimensions[d].variable, variable);
}

/* Whoever moves is counted in two places, so these need not add up; sexes and ages do. */
static void check_sums(const struct wire_release *r)
{
        const struct table *t = &r->table;
        uint32_t at[DIMENSIONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                table_coordinates(t, i, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++) {
                        uint32_t total = t->dimensions[d].len;
                        int64_t sum = 0;
                        bool told = at[d] == total && !t->dimensions[d].overlapping;

                        for (uint32_t k = 0; told && k <= total; k++) {
                                at[d] = k;
                                told = t->status[table_cell(t, at)] == CELL_VALUE;
                                sum += k < total ? t->measures[0].values[table_cell(t, at)] : 0;
                        }
                        if (told)
                                assert_int_equal(sum, t->measures[0].values[i]);
                        at[d] = told ? total : at[d];
                }
        }
}

/* What a cell of kommun × form holds, in the order of the code lists. */
static int64_t count_cell(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];
        int place = ANY, woman = ANY, form = ANY;

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];

                if (at[d] == dim->len)
                        continue;
                struct bytes code = dim->categories[at[d]].code;

                if (is_by(t, d, "kommun"))
                        place = (int)strtol(
                                arena_strndup(world.arena, (const char *)code.data, code.len), NULL,
                                10);
                else if (is_by(t, d, "kon"))
                        woman = bytes_is_text(code, "kvinna");
                else
                        form = (int)at[d];
        }
        return count(place, woman, form);
}

/* Noise -------------------------------------------------------------------------------------- */

static void noise_is_small_and_leaves_nothing_where_nobody_is(void **state)
{
        struct wire_release r;
        unsigned shown = 0, zeros = 0, moved = 0;

        (void)state;
        (void)ask_for("kommun,form", NULL, &r);
        assert_int_equal(r.protection.rules.perturbation, WIRE_PERTURBATION_CELLKEY);
        assert_false(r.protection.additive);
        for (size_t i = 0; i < r.table.cells_len; i++) {
                int64_t now = r.table.measures[0].values[i], was = count_cell(&r.table, i);

                if (r.table.status[i] != CELL_VALUE)
                        continue;
                shown++;
                zeros += was == 0;
                moved += now != was;
                if (was == 0)
                        assert_int_equal(now, 0);
                assert_true(llabs(now - was) <= DEVIATION);
                assert_true(now == 0 || now >= SMALLEST);
        }
        print_message("%u shown, %u of nobody, %u with noise\n", shown, zeros, moved);
        assert_true(shown > 20 && zeros > 0);
        /* Two of three are moved; under a key that is drawn, a quarter by odds of 10^8. */
        assert_true(4 * moved > shown - zeros);
}

static void the_same_children_have_the_same_noise_in_other_words(void **state)
{
        static const char *const woman[] = {"kon = kvinna", NULL};
        static const char *const here[] = {"kommun = 0114", NULL};
        static const char *const both[] = {"kommun = 0114", "kon in kvinna", NULL};
        struct wire_release crossed, turned, women, place, alone, again;

        (void)state;
        struct bytes first = ask_for("kommun,kon", NULL, &crossed);

        (void)ask_for("kon,kommun", NULL, &turned);
        (void)ask_for("kommun", woman, &women);
        (void)ask_for("kon", here, &place);
        (void)ask_for("", both, &alone);
        for (unsigned i = 0; i < PLACES; i++) {
                int64_t n = value(&crossed, codes[i], "kvinna");

                assert_true(n > 0);
                assert_int_equal(n, value(&turned, "kvinna", codes[i]));
                assert_int_equal(n, value(&women, codes[i], NULL));
                assert_int_equal(value(&crossed, codes[i], NULL), value(&turned, NULL, codes[i]));
        }
        assert_int_equal(value(&crossed, "0114", "kvinna"), value(&place, "kvinna", NULL));
        assert_int_equal(value(&crossed, "0114", NULL), value(&place, NULL, NULL));
        assert_int_equal(value(&crossed, "0114", "kvinna"), value(&alone, NULL, NULL));
        for (unsigned times = 0; times < 5; times++)
                assert_true(bytes_equal(first, ask_for("kommun,kon", NULL, &again)));
}

static void the_same_children_have_the_same_noise_in_the_next_vintage(void **state)
{
        struct wire_release before, after, again;

        (void)state;
        struct bytes first = ask_for("kommun,kon", NULL, &before);

        deliver_children(77, 9000, 40, 1480);
        (void)publish(&world);
        (void)ask_for("kommun,kon", NULL, &after);
        assert_int_equal(after.vintage.number, before.vintage.number + 1);
        for (unsigned i = 0; i < PLACES; i++) {
                if (places[i] == 1480)
                        continue;
                assert_int_equal(value(&before, codes[i], NULL), value(&after, codes[i], NULL));
                assert_int_equal(value(&before, codes[i], "man"), value(&after, codes[i], "man"));
        }
        assert_true(llabs(value(&after, "1480", NULL) - count(1480, ANY, ANY)) <= DEVIATION);

        /* And after a restart, byte for byte. */
        struct bytes second = ask_for("kommun,kon", NULL, &after);

        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_true(bytes_equal(second, ask_for("kommun,kon", NULL, &again)));
        assert_false(bytes_equal(first, second));
}

static void a_median_would_be_exact_and_is_refused(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "dataset: placering\npurpose: officiell_statistik\n"
                                 "measures: [{kind: median, variable: alder}]\n",
                                 &r),
                STATUS_INVALID_ARGUMENT);
        assert_true(world_blames("measures"));
}

/* Rounding ----------------------------------------------------------------------------------- */

static void check_rounded(const struct wire_release *r)
{
        const struct table *t = &r->table;
        unsigned shown = 0, exact = 0;

        assert_int_equal(r->protection.rules.perturbation, WIRE_PERTURBATION_ROUNDING);
        assert_int_equal(r->protection.rules.base, BASE);
        assert_int_equal(r->protection.rounding_margin, 1);
        for (size_t i = 0; i < t->cells_len; i++) {
                int64_t now = t->measures[0].values[i], was = count_cell(t, i);

                if (t->status[i] != CELL_VALUE)
                        continue;
                shown++;
                exact += now == was;
                assert_int_equal(now % BASE, 0);
                assert_true(llabs(now - was) <= BASE);
                if (was == 0)
                        assert_int_equal(now, 0);
        }
        assert_true(shown > 3 && exact < shown);
}

static void rounded_counts_are_near_and_add_up(void **state)
{
        struct wire_release crossed, sexes, forms, ages;

        (void)state;
        (void)ask_for("kommun,kon", NULL, &crossed);
        (void)ask_for("kon", NULL, &sexes);
        (void)ask_for("kommun,form", NULL, &forms);
        assert_int_equal(crossed.protection.source, ANSWER_SOURCE_LATTICE);
        assert_int_equal(forms.protection.source, ANSWER_SOURCE_LEDGER);
        assert_true(crossed.protection.additive);
        check_rounded(&crossed);
        check_rounded(&forms);
        check_sums(&crossed);
        (void)ask_for("kon,alder:grupp", NULL, &ages);
        check_sums(&ages);
        for (unsigned i = 0; i < PLACES; i++) {
                int64_t women = value(&crossed, codes[i], "kvinna");
                int64_t men = value(&crossed, codes[i], "man");

                assert_true(women > 0 && men > 0);
                assert_int_equal(women + men, value(&crossed, codes[i], NULL));
        }
        assert_int_equal(value(&crossed, NULL, NULL), value(&sexes, NULL, NULL));
        assert_int_equal(value(&crossed, NULL, NULL), value(&forms, NULL, NULL));
        assert_int_equal(value(&crossed, NULL, NULL), value(&ages, NULL, NULL));
}

static void the_same_children_are_rounded_alike(void **state)
{
        static const char *const here[] = {"kommun = 0114", NULL};
        struct wire_release crossed, turned, alone, one, later, again;

        (void)state;
        struct bytes first = ask_for("kommun,kon", NULL, &crossed);

        (void)ask_for("kon,kommun", NULL, &turned);
        (void)ask_for("kommun", NULL, &alone);
        (void)ask_for("", here, &one);
        for (unsigned i = 0; i < PLACES; i++) {
                assert_int_equal(value(&crossed, codes[i], "man"), value(&turned, "man", codes[i]));
                assert_int_equal(value(&crossed, codes[i], NULL), value(&alone, codes[i], NULL));
        }
        assert_int_equal(value(&alone, "0114", NULL), value(&one, NULL, NULL));
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_true(bytes_equal(first, ask_for("kommun,kon", NULL, &again)));
        deliver_children(77, 9000, 40, 1480);
        (void)publish(&world);
        (void)ask_for("kommun", NULL, &later);
        for (unsigned i = 0; i < PLACES; i++)
                if (places[i] != 1480)
                        assert_true(llabs(value(&later, codes[i], NULL) -
                                            count(places[i], ANY, ANY)) <= BASE);
        check_rounded(&later);
}

/* The plan tells the same cells with noise and without; and what it tells has the noise that the
 * same children have outside of it. Rules change, the children and their keys stay. */
static void planned_tables_have_the_noise_of_all_others(void **state)
{
        static const char *const questions[] = {"kommun,kon", "kommun:lan,form", "form,kon"};
        enum { LEN = ARRAY_LEN(questions) };
        struct wire_release exact[LEN], inside[LEN], outside;
        unsigned shown = 0, hidden = 0, noisy = 0;

        (void)state;
        for (unsigned i = 0; i < LEN; i++)
                (void)ask_for(questions[i], NULL, &exact[i]);
        world_edit(&world, DATASET, "zeros: publish}",
                "zeros: publish, perturbation: cellkey, cellkey: {variance: 2, deviation: 5, "
                "smallest: 3}}");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        for (unsigned i = 0; i < LEN; i++) {
                const struct table *was = &exact[i].table, *t = &inside[i].table;

                (void)ask_for(questions[i], NULL, &inside[i]);
                assert_int_equal(inside[i].protection.source, ANSWER_SOURCE_LATTICE);
                assert_int_equal(t->cells_len, was->cells_len);
                for (size_t c = 0; c < t->cells_len; c++) {
                        assert_int_equal(t->status[c], was->status[c]);
                        hidden += t->status[c] == CELL_PROTECTED;
                        if (t->status[c] != CELL_VALUE)
                                continue;
                        int64_t off = t->measures[0].values[c] - was->measures[0].values[c];

                        assert_true(llabs(off) <= DEVIATION);
                        noisy += off != 0;
                }
        }
        world_plan_only(&world, "anmalan");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        for (unsigned i = 0; i < LEN; i++) {
                const struct table *t = &inside[i].table;

                (void)ask_for(questions[i], NULL, &outside);
                assert_int_equal(outside.protection.source, ANSWER_SOURCE_LEDGER);
                assert_int_equal(outside.table.cells_len, t->cells_len);
                for (size_t c = 0; c < t->cells_len; c++) {
                        if (t->status[c] != CELL_VALUE || outside.table.status[c] != CELL_VALUE)
                                continue;
                        assert_int_equal(
                                outside.table.measures[0].values[c], t->measures[0].values[c]);
                        shown++;
                }
        }
        assert_true(shown > 10 && hidden > 0 && noisy > 0);
}

static int setup_planned_noise(void **state)
{
        (void)state;
        begin("{preset: standard, threshold: 5, zeros: publish, perturbation: cellkey, cellkey: "
              "{variance: 2, deviation: 5, smallest: 3}}",
                true);
        deliver_four();
        return 0;
}

/* A child more in one place of a small form: the plan holds it back, and noise tells no more. */
static void what_the_plan_holds_back_has_no_number(void **state)
{
        struct wire_release before, after;
        unsigned held = 0, same = 0;

        (void)state;
        (void)ask_for("kommun", NULL, &before);
        deliver_children(99, 8000, 2, 114);
        (void)publish(&world);
        (void)ask_for("kommun", NULL, &after);
        assert_int_equal(after.protection.source, ANSWER_SOURCE_LATTICE);
        for (size_t c = 0; c < after.table.cells_len; c++) {
                assert_true(after.table.held == NULL || after.table.held[c] == 0);
                held += before.table.status[c] == CELL_VALUE &&
                        after.table.status[c] == CELL_PROTECTED;
                same += after.table.status[c] == CELL_VALUE;
        }
        assert_true(held > 0 && same > 0);
        assert_int_equal(value(&after, "0114", NULL), -1);
        assert_int_equal(value(&after, "0180", NULL), value(&before, "0180", NULL));
}

/* The same rules without rounding hide the same cells. */
static void rounding_shows_nothing_that_was_hidden(void **state)
{
        struct wire_release before, after;
        unsigned hidden = 0;

        (void)state;
        (void)ask_for("kommun,form", NULL, &before);
        world_edit(&world, DATASET, "zeros: publish}",
                "zeros: publish, perturbation: rounding, rounding: {base: 5}}");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        (void)ask_for("kommun,form", NULL, &after);
        assert_int_equal(before.table.cells_len, after.table.cells_len);
        for (size_t i = 0; i < before.table.cells_len; i++) {
                hidden += before.table.status[i] == CELL_PROTECTED;
                assert_int_equal(before.table.status[i], after.table.status[i]);
                if (after.table.status[i] != CELL_VALUE)
                        continue;
                assert_int_equal(after.table.measures[0].values[i] % BASE, 0);
                assert_true(llabs(after.table.measures[0].values[i] -
                                    before.table.measures[0].values[i]) <= BASE);
        }
        assert_true(hidden > 0);
}

static void measures_go_with_rounded_counts(void **state)
{
        struct wire_release r;

        (void)state;
        assert_int_equal(ask_yaml(&world,
                                 "dataset: placering\npurpose: officiell_statistik\n"
                                 "dimensions: [kommun]\n"
                                 "measures:\n"
                                 "  - {kind: persons}\n"
                                 "  - {kind: share, name: f, filters: [\"form = jourhem\"]}\n"
                                 "  - {kind: sum, variable: kostnad}\n"
                                 "  - {kind: mean, variable: kostnad}\n",
                                 &r),
                STATUS_OK);
        const struct table *t = &r.table;

        for (unsigned i = 0; i < PLACES; i++) {
                const char *const at[] = {codes[i]};
                int64_t n = cell_value(&r, 0, at), share = cell_value(&r, 1, at);
                bool found = false;

                assert_int_equal(n % BASE, 0);
                /* A share of two multiples. */
                for (int64_t some = 0; some <= n && !found; some += BASE)
                        found = (1000 * some + n / 2) / n == share;
                assert_true(found);
        }
        assert_int_equal(t->measures[1].kind, MEASURE_SHARE);
}

int main(void)
{
#define CASE(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                CASE(noise_is_small_and_leaves_nothing_where_nobody_is, setup_noise),
                CASE(the_same_children_have_the_same_noise_in_other_words, setup_noise),
                CASE(the_same_children_have_the_same_noise_in_the_next_vintage, setup_noise),
                CASE(a_median_would_be_exact_and_is_refused, setup_noise),
                CASE(rounded_counts_are_near_and_add_up, setup_rounding),
                CASE(the_same_children_are_rounded_alike, setup_rounding),
                CASE(measures_go_with_rounded_counts, setup_rounding),
                CASE(planned_tables_have_the_noise_of_all_others, setup_exact),
                CASE(what_the_plan_holds_back_has_no_number, setup_planned_noise),
                CASE(rounding_shows_nothing_that_was_hidden, setup_exact),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
