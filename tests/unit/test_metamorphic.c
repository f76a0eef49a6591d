/* SPDX-License-Identifier: Apache-2.0 */
/* test_metamorphic.c: the same persons under other codes.
 *
 * Codes change places, one is added that nobody has, one is cut in two. What is hidden in the
 * table they make is as safe as before; and where a pattern is merely carried over to other
 * codes, or stands beside a code of nobody, the auditor finds the same of every hidden cell. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/interval.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/counts.h"
#include "tests/support/published_release.h"

enum { ARENA = 256 << 20 };

enum change { AS_IT_WAS = 0, PERMUTED, ADDED, SPLIT, CHANGES };

struct world {
        struct arena *arena;
        struct random_options options;
        struct random_release before, after;
        uint32_t place[RELEASE_LEAVES]; /* of each code of the first dimension, afterwards */
        enum change change;
};

/* Codes --------------------------------------------------------------------------------------- */

static void places_draw(struct world *w)
{
        uint32_t leaves = w->before.dimension[0].leaves;

        for (uint32_t i = 0; i < leaves; i++)
                w->place[i] = i;
        for (uint32_t i = leaves - 1; i > 0 && w->change == PERMUTED; i--) {
                uint32_t k = (uint32_t)(residue_mix(w->options.seed, i) % (i + 1));
                uint32_t place = w->place[i];

                w->place[i] = w->place[k];
                w->place[k] = place;
        }
}

/* A new code comes last, in the groups of the first. */
static void levels_change(struct world *w)
{
        struct random_release *to = &w->after;
        const struct model_dimension *from = &w->before.dimension[0];

        for (uint32_t l = 0; l < from->levels_len; l++) {
                if (from->levels[l].of > 0)
                        continue;
                for (uint32_t i = 0; i < from->leaves; i++)
                        to->parent[0][l][w->place[i]] = w->before.parent[0][l][i];
                if (w->change == ADDED || w->change == SPLIT)
                        to->parent[0][l][from->leaves] = w->before.parent[0][l][0];
        }
        for (uint32_t d = 0; d < to->release.dimensions_len; d++) {
                for (uint32_t l = 0; l < to->dimension[d].levels_len; l++)
                        to->level[d][l].parent = to->parent[d][l];
                to->dimension[d].levels = to->level[d];
        }
        to->dimension[0].leaves += w->change == ADDED || w->change == SPLIT;
}

static void values_change(struct world *w)
{
        struct random_release *to = &w->after;
        size_t rest = w->before.inner / w->before.dimension[0].leaves;
        uint32_t last = w->before.dimension[0].leaves;

        to->inner = rest * to->dimension[0].leaves;
        to->value = arena_alloc(w->arena, to->inner, sizeof *to->value);
        assert_non_null(to->value);
        for (uint32_t i = 0; i < last; i++)
                for (size_t k = 0; k < rest; k++) {
                        uint32_t value = w->before.value[i * rest + k];
                        uint32_t moved = w->change == SPLIT && i == 0 ? value / 2 : 0;

                        to->value[w->place[i] * rest + k] = value - moved;
                        if (moved > 0)
                                to->value[last * rest + k] = moved;
                }
}

static void world_new(struct world *w, uint64_t seed, enum change change)
{
        struct random_release *to = &w->after;

        *w = (struct world){.arena = arena_new(ARENA),
                .options = {.seed = seed,
                        .inner_max = seed % 5 == 0 ? 48 : 24,
                        .threshold = 2 + (uint32_t)(seed % 5),
                        .zeros_published = seed % 3 > 0,
                        .filled = true},
                .change = change};
        random_release_new(w->arena, &w->options, &w->before);
        *to = w->before;
        to->release.dimensions = to->dimension;
        to->release.tables = to->table;
        places_draw(w);
        levels_change(w);
        values_change(w);
        for (uint32_t t = 0; t < to->release.tables_len; t++) {
                to->table[t].dimensions = to->of_table[t];
                assert_int_equal(
                        model_table_cells(to->dimension, &to->table[t], &to->cells[t]), ERR_OK);
                to->cell[t] = arena_alloc(w->arena, to->cells[t], sizeof *to->cell[t]);
                assert_non_null(to->cell[t]);
                to->table[t].cells = to->cell[t];
        }
        random_release_fill(&w->options, to);
}

/* Where a cell is afterwards. */
static size_t cell_after(const struct world *w, uint32_t t, size_t cell)
{
        const struct model_table *table = &w->before.table[t];
        size_t out = 0, stride = 1;

        for (uint32_t k = table->dimensions_len; k-- > 0;) {
                uint32_t d = table->dimensions[k], leaves = w->before.dimension[d].leaves;
                uint32_t nodes = model_nodes(&w->before.dimension[d]);
                uint32_t node = (uint32_t)(cell % nodes);

                if (d == 0)
                        node = node < leaves ? w->place[node]
                                             : node + w->after.dimension[0].leaves - leaves;
                out += node * stride;
                stride *= model_nodes(&w->after.dimension[d]);
                cell /= nodes;
        }
        return out;
}

/* Patterns ------------------------------------------------------------------------------------ */

static struct interval_result protect(
        struct world *w, const struct random_release *r, struct model *model, uint32_t width)
{
        const struct interval_options options = {
                .width = width, .zeros_published = w->options.zeros_published};
        struct interval_result result;
        int64_t *values;

        assert_int_equal(model_new(w->arena, &r->release, model), ERR_OK);
        values = arena_alloc(w->arena, model->rows, sizeof *values);
        assert_non_null(values);
        for (uint32_t i = 0; i < model->rows; i++)
                values[i] = r->value[model->inner[i]];
        assert_int_equal(interval_protect(w->arena, model, values, &options, &result), ERR_OK);
        assert_true(result.pattern.proved && result.pattern.exposed == 0);
        return result;
}

static struct audit_verdict audited(
        struct world *w, const struct published_release *p, enum audit_attacker attacker)
{
        const struct audit_options options = {.attacker = attacker, .width = 2, .ends = true};
        struct audit_verdict v;

        assert_int_equal(audit_run(w->arena, &p->release, &options, &v), ERR_OK);
        assert_true(v.feasible);
        assert_int_equal(v.audited, v.len);
        return v;
}

static uint64_t many(uint64_t tables)
{
        return COUNTS_SANITIZED ? tables / 5 : count_of((unsigned)tables);
}

static void other_codes_are_as_safe(void **state)
{
        size_t clear = 0, all = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(150); seed++)
                for (int change = AS_IT_WAS; change < CHANGES; change++) {
                        struct interval_result result;
                        struct published_release p;
                        struct model model;
                        struct world w;

                        world_new(&w, 400000 + seed, (enum change)change);
                        result = protect(&w, &w.after, &model, 2);
                        published_release_new(w.arena, &w.after, &result.pattern, 0, 2,
                                w.options.zeros_published, &p);
                        struct audit_verdict v = audited(&w, &p, AUDIT_RULES);
                        if (result.narrow == 0)
                                assert_int_equal(v.narrow, 0);
                        clear += result.narrow == 0;
                        all++;
                        arena_free(&w.arena);
                }
        assert_true(clear * 100 > all * 80);
}

static const struct audit_interval *interval_of(
        const struct audit_verdict *v, uint32_t table, size_t cell)
{
        for (size_t i = 0; i < v->len; i++)
                if (v->intervals[i].table == table && v->intervals[i].cell == cell)
                        return &v->intervals[i];
        fail();
        return NULL;
}

/* The pattern of before, carried over; what is new is shown, and nobody is in it. */
static void carry_over(
        const struct world *w, const struct published_release *from, struct published_release *to)
{
        for (uint32_t t = 0; t < w->after.release.tables_len; t++) {
                for (size_t i = 0; i < w->after.cells[t]; i++) {
                        to->status[t][i] = AUDIT_PUBLISHED;
                        to->values[t][i] = 0;
                }
                for (size_t i = 0; i < w->before.cells[t]; i++) {
                        size_t at = cell_after(w, t, i);

                        to->status[t][at] = from->status[t][i];
                        to->values[t][at] = from->values[t][i];
                }
        }
}

static void the_auditor_finds_the_same_under_other_codes(void **state)
{
        static const enum change changes[] = {PERMUTED, ADDED};
        size_t compared = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(150); seed++)
                for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                        struct interval_result result;
                        struct published_release p, q;
                        struct model model;
                        struct world w;

                        world_new(&w, 500000 + seed, changes[i]);
                        result = protect(&w, &w.before, &model, 1 + (uint32_t)(seed % 3));
                        published_release_new(w.arena, &w.before, &result.pattern, 0, 2,
                                w.options.zeros_published, &p);
                        published_release_new(
                                w.arena, &w.after, NULL, 0, 2, w.options.zeros_published, &q);
                        carry_over(&w, &p, &q);
                        for (int a = AUDIT_WHOLE; a < AUDIT_ATTACKERS; a++) {
                                struct audit_verdict v = audited(&w, &p, (enum audit_attacker)a);
                                struct audit_verdict u = audited(&w, &q, (enum audit_attacker)a);

                                assert_int_equal(u.len, v.len);
                                assert_int_equal(u.exact, v.exact);
                                for (size_t k = 0; k < v.len; k++) {
                                        const struct audit_interval *x = &v.intervals[k];
                                        const struct audit_interval *y = interval_of(
                                                &u, x->table, cell_after(&w, x->table, x->cell));

                                        assert_int_equal(x->low, y->low);
                                        assert_int_equal(x->high, y->high);
                                        compared++;
                                }
                        }
                        arena_free(&w.arena);
                }
        assert_true(compared > 1000 || COUNTS_SANITIZED);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(other_codes_are_as_safe),
                cmocka_unit_test(the_auditor_finds_the_same_under_other_codes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
