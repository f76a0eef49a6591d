/* SPDX-License-Identifier: Apache-2.0 */
/* test_audit.c: the auditor against every table there is, and against patterns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/bounds.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/published_release.h"

enum { ARENA = 64 << 20, PROTECTED = 512 };

static size_t many(size_t tables, size_t more)
{
        return getenv("STATGATE_LONG") != NULL ? more : tables;
}

static struct audit_verdict audit(struct arena *arena, const struct published_release *p,
        enum audit_attacker attacker, uint32_t width)
{
        const struct audit_options options = {.attacker = attacker, .width = width};
        struct audit_verdict verdict;

        assert_int_equal(audit_run(arena, &p->release, &options, &verdict), ERR_OK);
        return verdict;
}

/* Half numbers divided by two, towards the inside of the interval. */
static int64_t half(int64_t value, bool up)
{
        return up ? (value + 1) / 2 : value / 2;
}

static void assert_same_intervals(
        const struct audit_verdict *v, const int64_t *low, const int64_t *high, uint32_t scale)
{
        assert_int_equal(v->audited, v->len);
        for (size_t i = 0; i < v->len; i++) {
                assert_int_equal(v->intervals[i].low, scale == 2 ? half(low[i], true) : low[i]);
                if (high[i] >= UNBOUNDED)
                        assert_int_equal(v->intervals[i].high, INT64_MAX);
                else
                        assert_int_equal(
                                v->intervals[i].high, scale == 2 ? half(high[i], false) : high[i]);
        }
}

static void against_all_tables(uint64_t seed, enum audit_attacker attacker, uint32_t inner_max)
{
        const struct random_options o = {.seed = seed,
                .inner_max = inner_max,
                .threshold = 3,
                .zeros_published = seed % 3 > 0};
        struct arena *arena = arena_new(ARENA);
        struct random_release r;
        struct published_release p;
        int64_t low[PROTECTED], high[PROTECTED];
        uint32_t scale = attacker == AUDIT_REAL ? 2 : 1;

        random_release_new(arena, &o, &r);
        for (size_t i = 0; i < r.inner; i++)
                r.value[i] %= 4;
        random_release_fill(&o, &r);
        published_release_new(
                arena, &r, NULL, seed, 2 + (uint32_t)(seed % 3), o.zeros_published, &p);
        struct audit_verdict v = audit(arena, &p, attacker, 0);
        bool floors = attacker == AUDIT_RULES && o.zeros_published;
        assert_true(v.len <= PROTECTED);
        assert_true(published_release_try_all(&r, &p, scale, floors, 0, low, high));
        assert_true(v.feasible);
        assert_same_intervals(&v, low, high, scale);
        arena_free(&arena);
}

static void a_real_attacker_finds_what_half_numbers_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(80, 4000); seed++)
                against_all_tables(seed, AUDIT_REAL, 6);
}

static void a_whole_attacker_finds_what_all_tables_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(400, 20000); seed++)
                against_all_tables(seed, AUDIT_WHOLE, seed % 4 == 0 ? 12 : 8);
}

static void an_attacker_who_knows_the_rules_finds_what_all_tables_say(void **state)
{
        (void)state;
        for (uint64_t seed = 0; seed < many(400, 20000); seed++)
                against_all_tables(seed, AUDIT_RULES, seed % 4 == 0 ? 12 : 8);
}

/* What is hidden was hidden by the threshold, or for the sake of what was. The auditor does not
 * draw every conclusion from that, but none that is wrong. */
static void an_attacker_who_knows_the_threshold_never_errs(void **state)
{
        size_t cells = 0, same = 0, helped = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(600, 30000); seed++) {
                const struct random_options o = {.seed = 70000 + seed,
                        .inner_max = seed % 8 == 0 ? 8 : 6,
                        .threshold = 2 + (uint32_t)(seed % 3),
                        .zeros_published = seed % 3 > 0,
                        .filled = true};
                struct arena *arena = arena_new(ARENA);
                int64_t low[PROTECTED], high[PROTECTED];
                struct random_release r;
                struct published_release p;
                struct suppress_result result;
                struct model model;

                random_release_new(arena, &o, &r);
                for (size_t i = 0; i < r.inner; i++)
                        r.value[i] %= 5;
                random_release_fill(&o, &r);
                assert_int_equal(model_new(arena, &r.release, &model), ERR_OK);
                assert_int_equal(suppress_run(arena, &model,
                                         &(struct suppress_options){.starts = 1}, &result),
                        ERR_OK);
                published_release_new(arena, &r, &result, 0, 2, o.zeros_published, &p);
                struct audit_verdict plain = audit(arena, &p, AUDIT_RULES, 0);
                p.release.threshold = o.threshold;
                struct audit_verdict v = audit(arena, &p, AUDIT_RULES, 0);
                assert_true(published_release_try_all(
                        &r, &p, 1, o.zeros_published, o.threshold, low, high));
                assert_true(v.feasible);
                for (size_t i = 0; i < v.len; i++) {
                        bool open = v.intervals[i].high == INT64_MAX;

                        assert_true(v.intervals[i].low <= low[i]);
                        assert_true(open || high[i] <= v.intervals[i].high);
                        cells++;
                        same += v.intervals[i].low == low[i] &&
                                (open ? high[i] >= UNBOUNDED : v.intervals[i].high == high[i]);
                        helped += v.intervals[i].high < plain.intervals[i].high;
                }
                arena_free(&arena);
        }
        print_message("%zu cells, %zu told as near as can be, %zu by the threshold\n", cells, same,
                helped);
        assert_true(same * 10 > cells * 9 && helped > 0);
}

/* One dimension, by hand: leaves, then their total. */
struct line {
        struct model_dimension dimension;
        uint32_t which;
        uint8_t status[32];
        int64_t values[32];
        struct audit_table table;
        struct audit_release release;
        struct arena *arena;
};

/* `shown`: a value each; HIDDEN and UNASKED are no values. */
enum { HIDDEN = -1000, UNASKED = -1001 };

static void line_new(struct line *l, uint32_t leaves, const int64_t *shown)
{
        *l = (struct line){.dimension = {.leaves = leaves}, .arena = arena_new(ARENA)};
        for (uint32_t i = 0; i <= leaves; i++) {
                l->values[i] = shown[i];
                l->status[i] = shown[i] == HIDDEN    ? AUDIT_PROTECTED
                               : shown[i] == UNASKED ? AUDIT_ABSENT
                                                     : AUDIT_PUBLISHED;
        }
        l->table = (struct audit_table){&l->which, 1, l->status, l->values};
        l->release = (struct audit_release){.dimensions = &l->dimension,
                .dimensions_len = 1,
                .tables = &l->table,
                .tables_len = 1};
}

static struct audit_verdict line_audit(struct line *l, struct audit_options options)
{
        struct audit_verdict v;

        assert_int_equal(audit_run(l->arena, &l->release, &options, &v), ERR_OK);
        return v;
}

static void what_does_not_add_up_is_told(void **state)
{
        struct line l;

        (void)state;
        line_new(&l, 3, (int64_t[]){7, 8, HIDDEN, 10});
        struct audit_verdict v = line_audit(&l, (struct audit_options){.attacker = AUDIT_WHOLE});
        assert_false(v.feasible);
        assert_int_equal(v.audited, 0);
        arena_free(&l.arena);
}

static void parts_that_overlap_only_bound_their_total(void **state)
{
        struct line l;

        (void)state;
        line_new(&l, 2, (int64_t[]){7, HIDDEN, 10});
        l.release.overlapping = 1;
        struct audit_verdict v = line_audit(&l, (struct audit_options){.attacker = AUDIT_WHOLE});
        assert_true(v.feasible && v.intervals[0].audited);
        assert_int_equal(v.intervals[0].low, 3);
        assert_int_equal(v.intervals[0].high, 10);
        l.release.overlapping = 0;
        v = line_audit(&l, (struct audit_options){.attacker = AUDIT_WHOLE});
        assert_int_equal(v.intervals[0].low, 3);
        assert_int_equal(v.intervals[0].high, 3);
        assert_int_equal(v.exact, 1);
        arena_free(&l.arena);
}

static void what_may_be_negative_has_no_end_but_by_subtraction(void **state)
{
        struct line l;

        (void)state;
        line_new(&l, 3, (int64_t[]){4, HIDDEN, HIDDEN, 10});
        l.release.negative = true;
        struct audit_verdict v = line_audit(&l, (struct audit_options){.attacker = AUDIT_RULES});
        assert_int_equal(v.intervals[0].low, -INT64_MAX);
        assert_int_equal(v.intervals[1].high, INT64_MAX);
        assert_int_equal(v.exact, 0);
        l.status[2] = AUDIT_PUBLISHED;
        l.values[2] = 25;
        v = line_audit(&l, (struct audit_options){.attacker = AUDIT_RULES});
        assert_int_equal(v.intervals[0].low, -19);
        assert_int_equal(v.exact, 1);
        arena_free(&l.arena);
}

static void the_only_cell_that_can_be_the_reason_is_below_the_threshold(void **state)
{
        struct line l;

        (void)state;
        line_new(&l, 2, (int64_t[]){HIDDEN, UNASKED, 30});
        l.release.zeros_published = true;
        struct audit_verdict v = line_audit(&l, (struct audit_options){.attacker = AUDIT_RULES});
        assert_int_equal(v.intervals[0].high, 30);
        l.release.threshold = 5;
        v = line_audit(&l, (struct audit_options){.attacker = AUDIT_RULES});
        assert_int_equal(v.intervals[0].low, 1);
        assert_int_equal(v.intervals[0].high, 4);
        v = line_audit(&l, (struct audit_options){.attacker = AUDIT_WHOLE});
        assert_int_equal(v.intervals[0].high, 30);
        arena_free(&l.arena);
}

static void a_sample_covers_what_it_says(void **state)
{
        int64_t shown[21];
        struct line l;

        (void)state;
        for (int i = 0; i < 20; i++)
                shown[i] = HIDDEN;
        shown[20] = 1000;
        line_new(&l, 20, shown);
        const struct audit_options some = {.attacker = AUDIT_WHOLE, .cells_max = 3, .seed = 7};
        struct audit_verdict v = line_audit(&l, some);
        size_t audited = 0;
        for (size_t i = 0; i < v.len; i++)
                audited += v.intervals[i].audited;
        assert_int_equal(v.len, 20);
        assert_true(v.audited >= 3);
        assert_int_equal(v.audited, audited);
        v = line_audit(&l, (struct audit_options){.attacker = AUDIT_WHOLE});
        assert_int_equal(v.audited, 20);
        arena_free(&l.arena);
}

static void a_limit_leaves_cells_unaudited_and_says_so(void **state)
{
        size_t limited = 0;

        (void)state;
        for (uint64_t seed = 0; seed < 40; seed++) {
                const struct random_options o = {.seed = seed, .inner_max = 36, .threshold = 3};
                const struct audit_options once = {.attacker = AUDIT_WHOLE, .work_limit = 1};
                struct arena *arena = arena_new(ARENA);
                struct random_release r;
                struct published_release p;
                struct audit_verdict v;

                random_release_new(arena, &o, &r);
                published_release_new(arena, &r, NULL, seed, 2, false, &p);
                assert_int_equal(audit_run(arena, &p.release, &once, &v), ERR_OK);
                assert_true(v.limited || v.audited == v.len);
                limited += v.limited && v.audited < v.len;
                arena_free(&arena);
        }
        assert_true(limited > 0);
}

/* Quads of cells a, b, c, d, all 5. Of each a + b, c + d, b + c and a + d are published, and sums
 * of forty cells of ten quads each, so that all hang together, too many to be solved whole. Of
 * planted quads a + c and b + d as well: that gives all four, though addition alone does not. */
enum { QUADS = 1300, QUAD = 4, PAIRS = 2 * QUADS, TENS = QUADS / 10, TOGETHER = 37 };
enum { WEB_NODES = QUAD * QUADS + 3 * PAIRS + TENS + 1, SAMPLED_WIDTH = 3 };

struct web {
        struct arena *arena;
        uint32_t parent[4][QUAD * QUADS], which;
        struct model_level level[4];
        struct model_dimension dimension;
        uint8_t status[WEB_NODES];
        int64_t values[WEB_NODES];
        struct audit_table table;
        struct audit_release release;
};

static struct web *web_new(uint32_t planted_in)
{
        static const uint32_t pair[3][QUAD] = {{0, 0, 1, 1}, {0, 1, 1, 0}, {0, 1, 0, 1}};
        struct arena *arena = arena_new(ARENA);
        struct web *w = arena_alloc(arena, 1, sizeof *w);
        size_t at = (size_t)QUAD * QUADS;

        assert_non_null(w);
        w->arena = arena;
        for (uint32_t i = 0; i < QUAD * QUADS; i++) {
                uint32_t q = i / QUAD, k = i % QUAD;

                for (uint32_t l = 0; l < 3; l++)
                        w->parent[l][i] = 2 * q + pair[l][k];
                w->parent[3][i] = (q + k * TOGETHER) % QUADS / 10;
        }
        for (uint32_t l = 0; l < 4; l++)
                w->level[l] =
                        (struct model_level){.parent = w->parent[l], .len = l < 3 ? PAIRS : TENS};
        w->dimension = (struct model_dimension){
                .leaves = QUAD * QUADS, .levels = w->level, .levels_len = 4};
        memset(w->status, AUDIT_PROTECTED, at);
        memset(w->status + at, AUDIT_PUBLISHED, WEB_NODES - at - 1);
        w->status[WEB_NODES - 1] = AUDIT_ABSENT;
        for (size_t i = at; i < at + (size_t)3 * PAIRS; i++) {
                w->values[i] = 10;
                if (i >= at + (size_t)2 * PAIRS &&
                        (planted_in == 0 || (i - at) / 2 % QUADS % planted_in > 0))
                        w->status[i] = AUDIT_ABSENT;
        }
        for (size_t i = at + (size_t)3 * PAIRS; i < WEB_NODES - 1; i++)
                w->values[i] = 200;
        w->table = (struct audit_table){&w->which, 1, w->status, w->values};
        w->release = (struct audit_release){.dimensions = &w->dimension,
                .dimensions_len = 1,
                .tables = &w->table,
                .tables_len = 1};
        return w;
}

static void web_free(struct web *w)
{
        struct arena *arena = w->arena;

        arena_free(&arena);
}

static struct audit_verdict web_audit(struct web *w, size_t drawn, uint64_t seed)
{
        const struct audit_options options = {.attacker = AUDIT_WHOLE,
                .width = SAMPLED_WIDTH,
                .large_sample = drawn,
                .seed = seed};
        struct audit_verdict v;

        assert_int_equal(audit_run(w->arena, &w->release, &options, &v), ERR_OK);
        assert_true(v.feasible && v.limited);
        assert_int_equal(v.len, QUAD * QUADS);
        return v;
}

/* One quad in twenty: 45 draws miss them one time in ten. */
static void what_a_large_table_tells_is_drawn_as_often_as_is_promised(void **state)
{
        struct web *w = web_new(20);
        unsigned found = 0, covered = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 10; seed++) {
                struct audit_verdict v = web_audit(w, 45, seed);

                assert_int_equal(v.audited, 45);
                assert_int_equal(v.sampled.of, QUAD * QUADS);
                assert_int_equal(v.sampled.drawn, 45);
                assert_int_equal(v.sampled.unproved, 0);
                assert_int_equal(v.narrow, v.sampled.narrow);
                assert_int_equal(v.exact, v.sampled.narrow);
                for (size_t i = 0; i < v.len; i++) {
                        const struct audit_interval *x = &v.intervals[i];
                        bool planted = i / QUAD % 20 == 0;

                        if (x->audited)
                                assert_int_equal(x->low == 5 && x->high == 5, planted);
                }
                found += v.sampled.narrow > 0 && v.sampled.narrowest == 0;
                covered += audit_share_most(v.sampled.narrow, 45, v.sampled.of) >= 50000;
        }
        assert_true(found >= 8);
        assert_true(covered >= 9);
        web_free(w);
}

static void a_large_table_that_tells_nothing_is_said_to_tell_little(void **state)
{
        struct web *w = web_new(0);
        struct audit_verdict v = web_audit(w, 40, 1), again = web_audit(w, 40, 1);

        (void)state;
        assert_int_equal(v.sampled.narrow + v.sampled.unproved + v.exact, 0);
        assert_true(v.sampled.narrowest >= SAMPLED_WIDTH);
        assert_int_equal(audit_share_most(0, 40, v.sampled.of), 72158);
        assert_memory_equal(v.intervals, again.intervals, v.len * sizeof *v.intervals);
        again = web_audit(w, 40, 2);
        assert_memory_not_equal(v.intervals, again.intervals, v.len * sizeof *v.intervals);
        v = web_audit(w, 0, 1);
        assert_int_equal(v.audited + v.sampled.of, 0);
        web_free(w);
}

static void a_share_is_bounded_as_the_tables_of_it_say(void **state)
{
        (void)state;
        assert_int_equal(audit_share_most(1, 10, 1000), 394164);
        assert_int_equal(audit_share_most(10, 10, 1000), 1000000);
        assert_int_equal(audit_share_most(3, 10, 10), 300000);
        assert_int_equal(audit_share_most(0, 0, 5), 1000000);
        assert_int_equal(audit_share_most(0, 0, 0), 0);
}

static void an_audit_can_be_cancelled(void **state)
{
        const atomic_bool cancel = true;
        const struct audit_options options = {.attacker = AUDIT_WHOLE, .cancel = &cancel};
        struct audit_verdict v;
        struct line l;

        (void)state;
        line_new(&l, 3, (int64_t[]){HIDDEN, HIDDEN, HIDDEN, 10});
        assert_int_equal(audit_run(l.arena, &l.release, &options, &v), ERR_CANCELLED);
        arena_free(&l.arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_real_attacker_finds_what_half_numbers_say),
                cmocka_unit_test(a_whole_attacker_finds_what_all_tables_say),
                cmocka_unit_test(an_attacker_who_knows_the_rules_finds_what_all_tables_say),
                cmocka_unit_test(an_attacker_who_knows_the_threshold_never_errs),
                cmocka_unit_test(what_does_not_add_up_is_told),
                cmocka_unit_test(parts_that_overlap_only_bound_their_total),
                cmocka_unit_test(what_may_be_negative_has_no_end_but_by_subtraction),
                cmocka_unit_test(the_only_cell_that_can_be_the_reason_is_below_the_threshold),
                cmocka_unit_test(a_sample_covers_what_it_says),
                cmocka_unit_test(a_limit_leaves_cells_unaudited_and_says_so),
                cmocka_unit_test(what_a_large_table_tells_is_drawn_as_often_as_is_promised),
                cmocka_unit_test(a_large_table_that_tells_nothing_is_said_to_tell_little),
                cmocka_unit_test(a_share_is_bounded_as_the_tables_of_it_say),
                cmocka_unit_test(an_audit_can_be_cancelled),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
