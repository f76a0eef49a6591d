/* SPDX-License-Identifier: Apache-2.0 */
/* test_disclosure.c: who may be seen in a table, and what is left of who may not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/disclosure/disclosure.h"

enum { CELLS = 4 }; /* one dimension of three categories, and its total */

struct world {
        struct arena *arena;
        struct dimension dimension;
        struct measure measures[2];
        struct table table;
};

static void world_new(struct world *w, const int64_t persons[CELLS], const int64_t margin[CELLS])
{
        *w = (struct world){.arena = arena_new(1 << 20)};
        w->dimension = (struct dimension){.len = CELLS - 1};
        w->measures[0].kind = MEASURE_PERSONS;
        w->measures[1].kind = MEASURE_SUM;
        w->table = (struct table){.dimensions = &w->dimension,
                .dimensions_len = 1,
                .measures = w->measures,
                .measures_len = 2};
        assert_int_equal(table_alloc(w->arena, &w->table), ERR_OK);
        for (size_t i = 0; i < CELLS; i++) {
                w->table.persons[i] = w->table.records[i] = persons[i];
                w->table.margin_persons[i] = margin[i];
                w->measures[0].values[i] = persons[i];
                w->measures[1].values[i] = 777000 + (int64_t)i;
                w->measures[1].contributors[i] = persons[i];
        }
}

static struct disclosure_report protect(struct world *w, uint32_t threshold, bool zeros)
{
        const struct disclosure_settings s = {.threshold = threshold, .zeros_published = zeros};
        struct disclosure_report r;

        assert_int_equal(disclosure_protect_table(w->arena, &w->table, &s, NULL, &r), ERR_OK);
        return r;
}

static const int64_t plenty[CELLS] = {1000, 1000, 1000, 1000};

static void a_cell_below_the_threshold_is_hidden(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 5, 9, 18}, plenty);
        struct disclosure_report r = protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        assert_int_equal(w.table.rule[0], CELL_RULE_SMALL);
        assert_int_equal(w.table.status[1], CELL_VALUE);
        assert_int_equal(w.measures[0].values[1], 5);
        assert_int_equal(r.by_rule[CELL_RULE_SMALL], 1);
        assert_int_equal(r.by_rule[CELL_RULE_NONE], 3);
        arena_free(&w.arena);
}

static void a_hidden_cell_keeps_no_value_anywhere(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 5, 9, 18}, plenty);
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.persons[0], 0);
        assert_int_equal(w.table.records[0], 0);
        assert_int_equal(w.table.margin_persons[0], 0);
        assert_int_equal(w.measures[0].values[0], 0);
        assert_int_equal(w.measures[1].values[0], 0);
        assert_int_equal(w.measures[1].contributors[0], 0);
        arena_free(&w.arena);
}

/* Of what memory has left of an answer. */
static struct disclosure_report audited(struct world *w, uint32_t interval)
{
        const struct disclosure_settings s = {.threshold = 5,
                .zeros_published = true,
                .secondary = true,
                .interval = interval,
                .audit_cells_max = 100};
        struct disclosure_report r = {0};

        assert_int_equal(disclosure_audit_table(w->arena, &w->table, NULL, &s, NULL, &r), ERR_OK);
        return r;
}

static void what_can_be_computed_when_it_leaves_does_not_leave(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 5, 9, 18}, plenty);
        (void)protect(&w, 5, true); /* and nothing goes with it */
        struct disclosure_report r = audited(&w, 0);

        assert_int_equal(r.exact, 1);
        assert_true(r.hidden_all);
        for (size_t i = 0; i < CELLS; i++) {
                assert_int_equal(w.table.status[i], CELL_PROTECTED);
                assert_int_equal(w.table.persons[i], 0);
        }
        arena_free(&w.arena);
}

/* Parts that are more than their total, whoever counts: of what is hidden beside them nobody can
 * say anything. */
static void what_no_table_fits_does_not_leave(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 1, 9, 14}, plenty);
        (void)protect(&w, 5, true);
        w.table.persons[3] = 8;
        struct disclosure_report r = audited(&w, 2);

        assert_int_equal(r.audited, 0);
        assert_true(r.hidden_all);
        for (size_t i = 0; i < CELLS; i++)
                assert_int_equal(w.table.status[i], CELL_PROTECTED);
        arena_free(&w.arena);
}

static void what_is_told_nearly_when_it_leaves_is_counted(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){4, 1, 9, 14}, plenty);
        (void)protect(&w, 5, true);
        struct disclosure_report r = audited(&w, 4); /* each is of 1 to 4 persons */

        assert_int_equal(r.audited, 2);
        assert_int_equal(r.exact, 0);
        assert_int_equal(r.narrow, 2);
        assert_false(r.hidden_all);
        assert_int_equal(w.table.status[2], CELL_VALUE);
        assert_int_equal(w.table.persons[2], 9);
        arena_free(&w.arena);
}

static void zero_is_shown_only_where_the_policy_says_so(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){0, 5, 9, 14}, plenty);
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_VALUE);
        arena_free(&w.arena);

        world_new(&w, (int64_t[]){0, 5, 9, 14}, plenty);
        (void)protect(&w, 5, false);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        arena_free(&w.arena);
}

static void a_small_identifying_margin_refuses_the_row_whatever_is_in_it(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){0, 4, 9, 9}, (int64_t[]){4, 4, 4, 1000});
        (void)protect(&w, 5, true);
        for (size_t i = 0; i < 3; i++) {
                assert_int_equal(w.table.status[i], CELL_PROTECTED);
                assert_int_equal(w.table.rule[i], CELL_RULE_MARGIN);
        }
        assert_int_equal(w.table.status[3], CELL_VALUE);
        arena_free(&w.arena);
}

static void a_sum_of_few_contributors_is_hidden_and_the_count_beside_it_is_not(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){50, 50, 50, 150}, plenty);
        w.measures[1].contributors[0] = 1;
        w.measures[1].contributors[1] = 0;
        struct disclosure_report r = protect(&w, 5, true);
        for (size_t i = 0; i < CELLS; i++) {
                assert_int_equal(w.table.status[i], CELL_VALUE);
                assert_int_equal(w.measures[0].values[i], w.table.persons[i]);
                assert_int_equal(w.measures[1].status[i], i < 2 ? CELL_PROTECTED : CELL_VALUE);
                assert_int_equal(w.measures[1].values[i], i < 2 ? 0 : 777000 + (int64_t)i);
                assert_true(i > 1 || w.measures[1].contributors[i] == 0);
        }
        assert_int_equal(r.measures_by_rule[CELL_RULE_SMALL], 2);
        assert_int_equal(r.measures_by_rule[CELL_RULE_NONE], 2);
        arena_free(&w.arena);
}

static void missing_stays_missing_and_carries_nothing(void **state)
{
        struct world w;

        (void)state;
        world_new(&w, (int64_t[]){50, 50, 50, 150}, plenty);
        w.table.status[0] = CELL_MISSING;
        (void)protect(&w, 5, true);
        assert_int_equal(w.table.status[0], CELL_MISSING);
        assert_int_equal(w.measures[1].values[0], 0);
        arena_free(&w.arena);
}

static void a_policy_without_a_threshold_is_refused(void **state)
{
        struct world w;
        const struct disclosure_settings none = {.zeros_published = true};
        struct disclosure_report r;

        (void)state;
        world_new(&w, plenty, plenty);
        assert_int_equal(disclosure_protect_table(w.arena, &w.table, &none, NULL, &r), ERR_INVALID);
        assert_int_equal(w.table.status[0], CELL_PROTECTED);
        arena_free(&w.arena);
}

/* Measures with a floor of their own --------------------------------------------------------- */

enum { MARK = 1000003 }; /* what nobody may find where something is withheld */

struct one {
        struct arena *arena;
        struct measure measure;
        struct table table;
};

/* One cell with enough persons, and one measure. */
static void one_new(struct one *o, enum measure_kind kind, bool filtered)
{
        *o = (struct one){.arena = arena_new(1 << 20)};
        o->measure = (struct measure){.kind = kind, .filtered = filtered};
        o->table = (struct table){.measures = &o->measure, .measures_len = 1};
        assert_int_equal(table_alloc(o->arena, &o->table), ERR_OK);
        o->table.persons[0] = o->table.records[0] = o->table.margin_persons[0] = 100;
        o->measure.values[0] = MARK;
}

static enum cell_status protect_one(struct one *o, struct disclosure_settings s)
{
        struct disclosure_report r;

        assert_int_equal(disclosure_protect_table(o->arena, &o->table, &s, NULL, &r), ERR_OK);
        assert_int_equal(o->table.status[0], CELL_VALUE);
        enum cell_status status = (enum cell_status)o->measure.status[0];
        assert_int_equal(r.measures_by_rule[CELL_RULE_NONE], status == CELL_VALUE);
        arena_free(&o->arena);
        return status;
}

static enum cell_status protect_parts(enum measure_kind kind, int64_t numerator,
        int64_t denominator, struct disclosure_settings s)
{
        struct one o;

        one_new(&o, kind, false);
        o.measure.numerator_persons[0] = numerator;
        if (o.measure.denominator_persons != NULL)
                o.measure.denominator_persons[0] = denominator;
        return protect_one(&o, s);
}

static void a_share_needs_enough_who_have_it_and_enough_who_have_not(void **state)
{
        const struct disclosure_settings open = {.threshold = 5, .zeros_published = true};
        const struct disclosure_settings closed = {.threshold = 5};

        (void)state;
        assert_int_equal(protect_parts(MEASURE_SHARE, 5, 10, open), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 4, 10, open), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 6, 10, open), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 38, 40, open), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 0, 10, open), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 10, 10, open), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 0, 4, open), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 0, 0, open), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 0, 10, closed), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 10, 10, closed), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 5, 10, closed), CELL_VALUE);
}

static void the_policy_may_ask_more_of_each_side(void **state)
{
        const struct disclosure_settings s = {.threshold = 5,
                .zeros_published = true,
                .numerator = 10,
                .denominator = 30,
                .complement = 7};

        (void)state;
        assert_int_equal(protect_parts(MEASURE_SHARE, 10, 30, s), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 9, 30, s), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 10, 29, s), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_SHARE, 23, 30, s), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_SHARE, 24, 30, s), CELL_PROTECTED);
}

static void a_ratio_has_two_sides_and_a_rate_has_one(void **state)
{
        const struct disclosure_settings s = {.threshold = 5, .zeros_published = true};

        (void)state;
        assert_int_equal(protect_parts(MEASURE_RATIO, 9, 10, s), CELL_VALUE);
        assert_int_equal(protect_parts(MEASURE_RATIO, 4, 10, s), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_RATIO, 10, 4, s), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_RATE, 4, 0, s), CELL_PROTECTED);
        assert_int_equal(protect_parts(MEASURE_RATE, 5, 0, s), CELL_VALUE);
}

static enum cell_status protect_amounts(
        enum measure_kind kind, int64_t amount, int64_t per, struct disclosure_settings s)
{
        struct one o;

        one_new(&o, kind, false);
        o.measure.amounts = true;
        if (kind == MEASURE_RATIO) {
                o.measure.per_amounts = true;
                o.measure.numerator_persons[0] = amount;
                o.measure.denominator_persons[0] = per;
        } else {
                o.measure.contributors[0] = amount;
        }
        return protect_one(&o, s);
}

/* The cell is about one delivery, which may be told; the rows in it are persons'. */
static void amounts_are_protected_as_so_many_persons(void **state)
{
        const struct disclosure_settings s = {
                .threshold = 1, .zeros_published = true, .numerator = 2, .amounts = 5};
        static const enum measure_kind kinds[] = {MEASURE_SUM, MEASURE_MEAN};

        (void)state;
        for (int i = 0; i < 2; i++) {
                assert_int_equal(protect_amounts(kinds[i], 0, 0, s), CELL_VALUE);
                assert_int_equal(protect_amounts(kinds[i], 1, 0, s), CELL_PROTECTED);
                assert_int_equal(protect_amounts(kinds[i], 4, 0, s), CELL_PROTECTED);
                assert_int_equal(protect_amounts(kinds[i], 5, 0, s), CELL_VALUE);
        }
        assert_int_equal(protect_amounts(MEASURE_RATIO, 5, 100, s), CELL_VALUE);
        assert_int_equal(protect_amounts(MEASURE_RATIO, 4, 100, s), CELL_PROTECTED);
        assert_int_equal(protect_amounts(MEASURE_RATIO, 0, 100, s), CELL_VALUE);
        assert_int_equal(protect_amounts(MEASURE_RATIO, 100, 4, s), CELL_PROTECTED);
        assert_int_equal(protect_amounts(MEASURE_RATIO, 0, 4, s), CELL_PROTECTED);
        /* Units beside amounts are as many as they are. */
        assert_int_equal(protect_parts(MEASURE_RATIO, 2, 1, s), CELL_VALUE);
}

static void a_count_with_filters_is_a_count_of_its_own(void **state)
{
        static const enum measure_kind kinds[] = {MEASURE_PERSONS, MEASURE_RECORDS};

        (void)state;
        for (size_t i = 0; i < 2; i++)
                for (int64_t n = 0; n < 8; n++)
                        for (int zeros = 0; zeros < 2; zeros++) {
                                struct one o;

                                one_new(&o, kinds[i], true);
                                o.measure.contributors[0] = n;
                                bool shown = n >= 5 || (n == 0 && zeros);
                                assert_int_equal(
                                        protect_one(&o, (struct disclosure_settings){.threshold = 5,
                                                                .zeros_published = zeros}),
                                        shown ? CELL_VALUE : CELL_PROTECTED);
                        }
}

static void few_families_hide_a_cell_of_many_persons(void **state)
{
        const struct disclosure_settings s = {
                .threshold = 5, .zeros_published = true, .families = 3};
        struct disclosure_report r;

        (void)state;
        for (int64_t asked = 0; asked < 5; asked++) {
                int64_t families = asked;
                struct one o;

                one_new(&o, MEASURE_PERSONS, false);
                o.table.families = &families;
                assert_int_equal(disclosure_protect_table(o.arena, &o.table, &s, NULL, &r), ERR_OK);
                assert_int_equal(o.table.status[0], asked >= 3 ? CELL_VALUE : CELL_PROTECTED);
                assert_int_equal(o.table.rule[0], asked >= 3 ? CELL_RULE_NONE : CELL_RULE_FAMILIES);
                assert_int_equal(o.table.persons[0], asked >= 3 ? 100 : 0);
                assert_int_equal(families, asked >= 3 ? asked : 0);
                arena_free(&o.arena);
        }
}

static void few_families_hide_their_count(void **state)
{
        const struct disclosure_settings s = {
                .threshold = 5, .zeros_published = true, .families = 3};

        (void)state;
        for (int64_t families = 0; families < 5; families++) {
                struct one o;

                one_new(&o, MEASURE_FAMILIES, true);
                o.measure.contributors[0] = families > 0 ? 20 : 0;
                o.measure.values[0] = families;
                assert_int_equal(protect_one(&o, s),
                        families == 0 || families >= 3 ? CELL_VALUE : CELL_PROTECTED);
        }
}

static void a_rate_without_inhabitants_stays_not_applicable(void **state)
{
        const struct disclosure_settings s = {.threshold = 5, .zeros_published = true};
        struct disclosure_report r;
        struct one o;

        (void)state;
        one_new(&o, MEASURE_RATE, false);
        o.measure.numerator_persons[0] = 50;
        o.measure.status[0] = CELL_NOT_APPLICABLE;
        assert_int_equal(disclosure_protect_table(o.arena, &o.table, &s, NULL, &r), ERR_OK);
        assert_int_equal(o.measure.status[0], CELL_NOT_APPLICABLE);
        assert_int_equal(o.measure.values[0], 0);
        assert_int_equal(o.measure.numerator_persons[0], 0);
        assert_int_equal(r.measures_missing, 1);
        arena_free(&o.arena);
}

static void a_measure_that_cannot_say_it_is_withheld_is_refused(void **state)
{
        const struct disclosure_settings s = {.threshold = 5};
        struct disclosure_report r;
        struct one o;

        (void)state;
        one_new(&o, MEASURE_SUM, false);
        o.measure.status = NULL;
        assert_int_equal(disclosure_protect_table(o.arena, &o.table, &s, NULL, &r), ERR_INVALID);
        arena_free(&o.arena);
}

/* Whatever a table holds ---------------------------------------------------------------------- */

enum { RANDOM_CELLS = 12, RANDOM_MEASURES = 8, RANDOM_TABLES = 20000, ARRAYS = 8 };

static uint64_t seed = 7;

static int64_t random_below(uint64_t below)
{
        uint64_t z = seed += 0x9e3779b97f4a7c15u; /* splitmix64 */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (int64_t)((z ^ z >> 31) % below);
}

static void arrays_of(const struct measure *m, int64_t *out[ARRAYS])
{
        int64_t *const all[ARRAYS] = {m->values, m->contributors, m->low, m->high, m->numerator,
                m->denominator, m->numerator_persons, m->denominator_persons};

        memcpy(out, all, sizeof(all));
}

static void random_table(struct arena *a, struct table *t, struct dimension *d)
{
        *d = (struct dimension){.len = RANDOM_CELLS - 1};
        *t = (struct table){.dimensions = d,
                .dimensions_len = 1,
                .measures = arena_alloc(a, RANDOM_MEASURES, sizeof(*t->measures)),
                .measures_len = RANDOM_MEASURES};
        for (uint32_t m = 0; m < RANDOM_MEASURES; m++) {
                t->measures[m].kind = (enum measure_kind)(1 + random_below(MEASURE_KIND_COUNT - 1));
                t->measures[m].filtered = random_below(2) == 0;
        }
        assert_int_equal(table_alloc(a, t), ERR_OK);
        if (random_below(2) == 0)
                t->families = arena_alloc(a, t->cells_len, sizeof(*t->families));
        for (size_t i = 0; i < t->cells_len; i++) {
                t->persons[i] = random_below(20);
                t->records[i] = MARK;
                t->margin_persons[i] = t->persons[i] + random_below(10);
                if (t->families != NULL)
                        t->families[i] = random_below(12);
                if (random_below(10) == 0)
                        t->status[i] = random_below(2) ? CELL_MISSING : CELL_NOT_APPLICABLE;
                for (uint32_t m = 0; m < RANDOM_MEASURES; m++) {
                        int64_t *arrays[ARRAYS];

                        arrays_of(&t->measures[m], arrays);
                        for (int k = 0; k < ARRAYS; k++)
                                if (arrays[k] != NULL)
                                        arrays[k][i] = k == 1 || k == 6 || k == 7 ? random_below(14)
                                                                                  : MARK;
                        if (t->measures[m].denominator_persons != NULL)
                                t->measures[m].denominator_persons[i] +=
                                        t->measures[m].numerator_persons[i];
                }
        }
}

static bool few(int64_t n, uint32_t floor, const struct disclosure_settings *s)
{
        return (n == 0 && !s->zeros_published) ||
               (n != 0 && n < (int64_t)(floor > 0 ? floor : s->threshold));
}

static bool cell_must_hide(const struct table *t, size_t i, const struct disclosure_settings *s)
{
        bool nobody = t->margin_persons[i] == 0 && t->persons[i] == 0;

        return (t->margin_persons[i] < (int64_t)s->threshold && !(nobody && s->zeros_published)) ||
               few(t->persons[i], 0, s) ||
               (t->persons[i] > 0 && t->families != NULL && t->families[i] < (int64_t)s->families);
}

static bool measure_must_hide(const struct table *t, const struct measure *m, size_t i,
        const struct disclosure_settings *s)
{
        if (m->numerator_persons != NULL && few(m->numerator_persons[i], s->numerator, s))
                return true;
        if (m->denominator_persons != NULL && few(m->denominator_persons[i], s->denominator, s))
                return true;
        if (m->kind == MEASURE_SHARE && m->denominator_persons[i] > 0 &&
                few(m->denominator_persons[i] - m->numerator_persons[i], s->complement, s))
                return true;
        if (m->kind == MEASURE_FAMILIES && m->contributors[i] > 0 &&
                m->values[i] < (int64_t)s->families)
                return true;
        if (m->contributors == NULL)
                return false;
        if (m->kind == MEASURE_FAMILIES)
                return few(m->contributors[i], 0, s);
        if (m->kind == MEASURE_PERSONS || m->kind == MEASURE_RECORDS)
                return few(m->contributors[i], 0, s) ||
                       (t->persons[i] > 0 &&
                               few(t->persons[i] - m->contributors[i], s->complement, s));
        return t->persons[i] > 0 && m->contributors[i] < (int64_t)s->threshold;
}

static void assert_wiped(const struct measure *m, size_t i)
{
        int64_t *arrays[ARRAYS];

        arrays_of(m, arrays);
        for (int k = 0; k < ARRAYS; k++)
                if (arrays[k] != NULL)
                        assert_true(arrays[k][i] == 0);
}

static void assert_kept(const struct measure *m, size_t i, const struct measure *before)
{
        int64_t *arrays[ARRAYS], *old[ARRAYS];

        arrays_of(m, arrays);
        arrays_of(before, old);
        for (int k = 0; k < ARRAYS; k++)
                if (arrays[k] != NULL)
                        assert_true(arrays[k][i] == old[k][i]);
}

static size_t total(const size_t by_rule[CELL_RULE_COUNT])
{
        size_t n = 0;

        for (int i = 0; i < CELL_RULE_COUNT; i++)
                n += by_rule[i];
        return n;
}

/* `before` is the same table, unprotected. */
static void check_protected(const struct table *t, const struct table *before,
        const struct disclosure_settings *s, const struct disclosure_report *r)
{
        size_t measures = 0;

        for (size_t i = 0; i < t->cells_len; i++) {
                bool absent = before->status[i] != CELL_PROTECTED;
                bool hidden = absent || cell_must_hide(before, i, s);

                assert_int_equal(t->status[i], absent   ? before->status[i]
                                               : hidden ? CELL_PROTECTED
                                                        : CELL_VALUE);
                assert_int_equal(t->persons[i], hidden ? 0 : before->persons[i]);
                assert_int_equal(t->records[i], hidden ? 0 : before->records[i]);
                assert_int_equal(t->margin_persons[i], hidden ? 0 : before->margin_persons[i]);
                if (t->families != NULL)
                        assert_int_equal(t->families[i], hidden ? 0 : before->families[i]);
                for (uint32_t k = 0; k < t->measures_len; k++) {
                        const struct measure *m = &t->measures[k], *old = &before->measures[k];
                        bool alone = !hidden && old->status != NULL;
                        bool gone = hidden || (alone && measure_must_hide(before, old, i, s));

                        measures += alone;
                        if (gone)
                                assert_wiped(m, i);
                        else
                                assert_kept(m, i, old);
                        if (m->status != NULL)
                                assert_int_equal(m->status[i], hidden ? t->status[i]
                                                               : gone ? CELL_PROTECTED
                                                                      : CELL_VALUE);
                }
        }
        assert_int_equal(total(r->by_rule) + r->missing, t->cells_len);
        assert_int_equal(total(r->measures_by_rule), measures);
}

static void nothing_withheld_is_anywhere_in_the_table(void **state)
{
        struct arena *a = arena_new(1 << 22);

        (void)state;
        for (int n = 0; n < RANDOM_TABLES; n++) {
                const struct disclosure_settings s = {.threshold = 1 + (uint32_t)random_below(6),
                        .zeros_published = random_below(2) == 0,
                        .numerator = (uint32_t)random_below(8),
                        .denominator = (uint32_t)random_below(12),
                        .complement = (uint32_t)random_below(6),
                        .families = (uint32_t)random_below(4)};
                struct dimension d;
                struct table t, before;
                struct disclosure_report r;
                uint64_t again = seed;

                arena_reset(a);
                random_table(a, &before, &d);
                seed = again;
                random_table(a, &t, &d);
                assert_int_equal(disclosure_protect_table(a, &t, &s, NULL, &r), ERR_OK);
                check_protected(&t, &before, &s, &r);
        }
        arena_free(&a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_cell_below_the_threshold_is_hidden),
                cmocka_unit_test(a_hidden_cell_keeps_no_value_anywhere),
                cmocka_unit_test(what_can_be_computed_when_it_leaves_does_not_leave),
                cmocka_unit_test(what_no_table_fits_does_not_leave),
                cmocka_unit_test(what_is_told_nearly_when_it_leaves_is_counted),
                cmocka_unit_test(zero_is_shown_only_where_the_policy_says_so),
                cmocka_unit_test(a_small_identifying_margin_refuses_the_row_whatever_is_in_it),
                cmocka_unit_test(
                        a_sum_of_few_contributors_is_hidden_and_the_count_beside_it_is_not),
                cmocka_unit_test(missing_stays_missing_and_carries_nothing),
                cmocka_unit_test(a_policy_without_a_threshold_is_refused),
                cmocka_unit_test(a_share_needs_enough_who_have_it_and_enough_who_have_not),
                cmocka_unit_test(the_policy_may_ask_more_of_each_side),
                cmocka_unit_test(a_ratio_has_two_sides_and_a_rate_has_one),
                cmocka_unit_test(amounts_are_protected_as_so_many_persons),
                cmocka_unit_test(a_count_with_filters_is_a_count_of_its_own),
                cmocka_unit_test(few_families_hide_a_cell_of_many_persons),
                cmocka_unit_test(few_families_hide_their_count),
                cmocka_unit_test(a_rate_without_inhabitants_stays_not_applicable),
                cmocka_unit_test(a_measure_that_cannot_say_it_is_withheld_is_refused),
                cmocka_unit_test(nothing_withheld_is_anywhere_in_the_table),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
