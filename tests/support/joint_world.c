/* SPDX-License-Identifier: Apache-2.0 */
/* joint_world.c: worlds drawn from a seed, and what can be computed in them. */
#include "tests/support/joint_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/residue.h"

static uint32_t below(struct world *w, uint32_t n)
{
        return (uint32_t)(residue_mix(w->seed, w->drawn++) % n);
}

static void leaves_of(const struct world *w, uint32_t inner, uint32_t *out)
{
        for (uint32_t d = w->len; d-- > 0;) {
                out[d] = inner % w->leaves[d];
                inner /= w->leaves[d];
        }
}

/* Sums ------------------------------------------------------------------------------------- */

static bool lets_through(const struct world *w, const struct whom *f, uint32_t row)
{
        uint32_t leaf[DIMENSIONS];

        leaves_of(w, row / GROUNDS, leaf);
        return (f->grounds >> row % GROUNDS & 1) != 0 && (f->leaves >> leaf[f->dimension] & 1) != 0;
}

static bool is_in_cell(const struct world *w, uint32_t table, size_t cell, uint32_t row)
{
        const struct table *t = &w->table[table];
        uint32_t leaf[DIMENSIONS], at[DIMENSIONS_MAX];

        leaves_of(w, row / GROUNDS, leaf);
        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct disclosure_axis *a = &w->axis[table][d];
                uint32_t category =
                        a->of_leaf == NULL ? leaf[a->shared] : a->of_leaf[leaf[a->shared]];

                if (category == UINT32_MAX || (at[d] < t->dimensions[d].len && at[d] != category))
                        return false;
        }
        return true;
}

const struct whom everybody = {.grounds = ALL, .leaves = UINT32_MAX};

static int64_t sum_of(const struct world *w, const int64_t *value, uint32_t table, size_t cell,
        const struct whom *f)
{
        int64_t sum = 0;

        for (uint32_t r = 0; r < w->inner * GROUNDS; r++)
                if (is_in_cell(w, table, cell, r) && lets_through(w, f, r))
                        sum += value[r];
        return sum;
}

/* Worlds ----------------------------------------------------------------------------------- */

static void persons_draw(struct world *w)
{
        for (uint32_t r = 0; r < w->inner * GROUNDS; r++) {
                uint32_t kind = below(w, 8);

                w->persons[r] = kind < 3 ? 0 : kind < 5 ? 1 + below(w, 4) : 2 + below(w, 30);
        }
}

static uint32_t row_of(const struct world *w, const uint32_t *leaf, uint32_t ground)
{
        uint32_t inner = 0;

        for (uint32_t d = 0; d < w->len; d++)
                inner = inner * w->leaves[d] + leaf[d];
        return inner * GROUNDS + ground;
}

/* Codes of the first dimension turn round; or nobody is left in the first; or half of the
 * second are there. */
static void recode(struct world *w, enum change change)
{
        int64_t persons[ROWS] = {0};

        for (uint32_t r = 0; r < w->inner * GROUNDS && change != AS_DRAWN; r++) {
                uint32_t leaf[DIMENSIONS] = {0};
                int64_t moved = w->persons[r];

                leaves_of(w, r / GROUNDS, leaf);
                if (change == SPLIT)
                        moved = leaf[0] == 0 ? 0 : leaf[0] == 1 ? moved / 2 : 0;
                if (change == EMPTIED)
                        moved = leaf[0] == 0 ? w->persons[r] : 0;
                if (change != SPLIT || leaf[0] > 0)
                        persons[r] += w->persons[r] - moved;
                leaf[0] = change == PERMUTED ? (leaf[0] + 1) % w->leaves[0] : 0;
                if (change != EMPTIED)
                        persons[row_of(w, leaf, r % GROUNDS)] += moved;
        }
        if (change != AS_DRAWN)
                memcpy(w->persons, persons, sizeof persons);
        for (uint32_t r = 0; r < w->inner * GROUNDS; r++)
                w->amount[r] = w->persons[r] == 0 ? 0 : w->persons[r] * 100 + below(w, 900);
}

static struct whom whom_draw(struct world *w)
{
        struct whom f = {.grounds = 1 + below(w, ALL), .leaves = UINT32_MAX};

        if (below(w, 3) == 0) {
                f.dimension = below(w, w->len);
                f.leaves = 1 + below(w, (1u << w->leaves[f.dimension]) - 1);
                f.grounds = below(w, 2) == 0 ? ALL : f.grounds;
        }
        return f;
}

static void measures_draw(struct world *w)
{
        static const enum measure_kind kinds[] = {
                MEASURE_PERSONS, MEASURE_SHARE, MEASURE_SUM, MEASURE_MEAN, MEASURE_RECORDS};

        w->asked_len = below(w, MEASURES + 1);
        for (uint32_t i = 0; i < w->asked_len; i++) {
                struct asked *a = &w->asked[i];

                a->kind = kinds[below(w, 5)];
                a->above = whom_draw(w);
                a->below = below(w, 2) == 0 ? everybody : whom_draw(w);
                /* Often what another one leaves out. */
                if (i > 0 && below(w, 3) == 0 && w->asked[i - 1].above.grounds != ALL) {
                        a->above = w->asked[i - 1].above;
                        a->above.grounds ^= ALL;
                }
                if (a->kind == MEASURE_SHARE) {
                        a->above.grounds &= a->below.grounds;
                        a->above.leaves &= a->below.leaves;
                        if (a->below.leaves != UINT32_MAX) {
                                a->above.dimension = a->below.dimension;
                                a->above.leaves = a->below.leaves;
                        }
                }
        }
}

static void measure_fill(struct world *w, uint32_t table, uint32_t i, size_t c)
{
        struct measure *m = &w->table[table].measures[i];
        const struct asked *a = &w->asked[i];
        int64_t persons = sum_of(w, w->persons, table, c, &a->above);

        if (a->kind == MEASURE_SHARE) {
                m->numerator_persons[c] = m->numerator[c] = persons;
                m->denominator_persons[c] = m->denominator[c] =
                        sum_of(w, w->persons, table, c, &a->below);
                return;
        }
        m->contributors[c] = persons;
        if (a->kind == MEASURE_PERSONS || a->kind == MEASURE_RECORDS) {
                m->values[c] = persons;
                return;
        }
        m->values[c] = sum_of(w, w->amount, table, c, &a->above);
        if (m->sums != NULL) {
                m->sums[c] = m->values[c];
                m->values[c] = persons == 0 ? TABLE_NO_VALUE : m->sums[c] * 10 / persons;
        }
}

/* What the filters say, variable by variable: the ground, then the dimensions. */
static bool meets(const struct whom *f, uint32_t variable, uint32_t value)
{
        if (variable == 0)
                return (f->grounds >> value & 1) != 0;
        return f->dimension != variable - 1 || (f->leaves >> value & 1) != 0;
}

static void variable_tell(
        const struct world *w, uint32_t table, uint32_t number, struct meaning_variable *out)
{
        static const char *const ids[] = {"ground", "a", "b", "c"};
        uint32_t values = number == 0 ? GROUNDS : w->leaves[number - 1], categories = 0;
        const uint32_t *of_leaf = NULL;
        struct meaning_variable v = {
                .id = bytes_of_text(ids[number]), .dimension = MEANING_NO_DIMENSION};

        for (uint32_t d = 0; d < w->table[table].dimensions_len; d++)
                if (number > 0 && w->axis[table][d].shared == number - 1) {
                        v.dimension = (uint8_t)d;
                        of_leaf = w->axis[table][d].of_leaf;
                        categories = w->table[table].dimensions[d].len;
                        w->table[table].dimensions[d].variable = v.id;
                }
        uint32_t *met = arena_alloc(w->arena, values, sizeof *met);
        uint8_t *stated = arena_alloc(w->arena, values, 1);
        uint8_t *in = arena_alloc(w->arena, (size_t)values * (categories + 1), 1);
        for (uint32_t value = 0; value < values; value++) {
                uint32_t category = of_leaf == NULL ? value : of_leaf[value], set = 0, bits = 0;

                if (v.dimension != MEANING_NO_DIMENSION && category == UINT32_MAX)
                        continue;
                for (uint32_t i = 0; i < w->asked_len; i++)
                        bits |= (uint32_t)meets(&w->asked[i].above, number, value) << 2 * i |
                                (uint32_t)meets(&w->asked[i].below, number, value) << (2 * i + 1);
                while (set < v.len && met[set] != bits)
                        set++;
                v.len += set == v.len;
                met[set] = bits;
                stated[set] = 1;
                if (v.dimension != MEANING_NO_DIMENSION)
                        in[set * categories + category] = 1;
        }
        v.meets = met;
        v.stated = stated;
        v.in = v.dimension == MEANING_NO_DIMENSION ? NULL : in;
        *out = v;
}

static void meaning_tell(struct world *w, uint32_t table)
{
        struct meaning *m = arena_alloc(w->arena, 1, sizeof *m);
        struct table *t = &w->table[table];

        m->variables = arena_alloc(w->arena, 1 + DIMENSIONS, sizeof *m->variables);
        for (uint32_t i = 0; i <= w->len; i++) {
                bool named = i == 0;

                for (uint32_t k = 0; k < w->asked_len; k++)
                        for (uint32_t l = 0; i > 0 && l < w->leaves[i - 1]; l++)
                                named |= !meets(&w->asked[k].above, i, l) ||
                                         !meets(&w->asked[k].below, i, l);
                if (named)
                        variable_tell(w, table, i, &m->variables[m->variables_len++]);
        }
        for (uint32_t i = 0; i < w->asked_len; i++) {
                bool adds = w->asked[i].kind == MEASURE_SUM || w->asked[i].kind == MEASURE_MEAN;

                t->measures[i].side[0] = (uint8_t)(2 * i);
                t->measures[i].side[1] = (uint8_t)(2 * i + 1);
                t->measures[i].adds[0] = adds ? ADDS_VARIABLE : ADDS_ONES;
        }
        t->meaning = m;
}

static void table_fill(struct world *w, uint32_t table)
{
        struct table *t = &w->table[table];

        t->dimensions = w->dimension[table];
        t->measures = arena_alloc(w->arena, MEASURES, sizeof *t->measures);
        t->measures_len = w->asked_len;
        for (uint32_t i = 0; i < w->asked_len; i++) {
                t->measures[i].kind = w->asked[i].kind;
                t->measures[i].filtered = true;
        }
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        meaning_tell(w, table);
        for (uint32_t i = 0; i < w->asked_len; i++)
                if (w->asked[i].kind == MEASURE_MEAN)
                        t->measures[i].sums = arena_alloc(w->arena, t->cells_len, sizeof(int64_t));
        for (size_t c = 0; c < t->cells_len; c++) {
                t->persons[c] = t->records[c] = sum_of(w, w->persons, table, c, &everybody);
                t->margin_persons[c] = t->persons[c] + 1000;
                for (uint32_t i = 0; i < w->asked_len; i++)
                        measure_fill(w, table, i, c);
        }
}

static void one_table(struct world *w)
{
        w->tables_len = 1;
        w->table[0] = (struct table){.dimensions_len = w->len};
        for (uint32_t d = 0; d < w->len; d++) {
                w->dimension[0][d] = (struct dimension){.len = w->leaves[d]};
                w->axis[0][d] = (struct disclosure_axis){.shared = d};
        }
}

/* Each over some of the dimensions, by leaves or by groups of them; some leave leaves out. */
static void linked_tables(struct world *w)
{
        w->tables_len = 2 + below(w, TABLES - 1);
        for (uint32_t t = 0; t < w->tables_len; t++) {
                uint32_t n = 0;

                for (uint32_t d = 0; d < w->len; d++) {
                        struct dimension *dim = &w->dimension[t][n];
                        uint32_t how = below(w, t == 0 ? 3 : 5);

                        if (how == 4)
                                continue;
                        w->axis[t][n] = (struct disclosure_axis){.shared = d};
                        *dim = (struct dimension){.len = w->leaves[d]};
                        if (how >= 2) {
                                w->axis[t][n].of_leaf = w->of_leaf[t][d];
                                dim->len = 1 + below(w, 2);
                                for (uint32_t l = 0; l < w->leaves[d]; l++)
                                        w->of_leaf[t][d][l] =
                                                below(w, 7) == 0 ? UINT32_MAX : below(w, dim->len);
                        }
                        n++;
                }
                w->table[t] = (struct table){.dimensions_len = n};
        }
}

void world_make(struct world *w, uint64_t seed, bool linked, bool measures, enum change change)
{
        *w = (struct world){.arena = arena_new(64 << 20), .seed = seed, .inner = 1};
        w->len = 1 + below(w, DIMENSIONS);
        for (uint32_t d = 0; d < w->len; d++)
                w->leaves[d] = w->len == 3 ? 2 + below(w, 2) : 2 + below(w, 3);
        for (uint32_t d = 0; d < w->len; d++)
                w->inner *= w->leaves[d];
        w->settings = (struct disclosure_settings){.threshold = 2 + below(w, 4),
                .zeros_published = below(w, 3) > 0,
                .numerator = below(w, 3) == 0 ? 6 : 0,
                .complement = below(w, 3) == 0 ? 2 : 0,
                .secondary = true,
                .cost = (enum disclosure_cost)below(w, DISCLOSURE_COST_COUNT),
                .starts = 1 + below(w, 3),
                .seed = seed};
        persons_draw(w);
        recode(w, change);
        if (measures)
                measures_draw(w);
        if (linked)
                linked_tables(w);
        else
                one_table(w);
        for (uint32_t t = 0; t < w->tables_len; t++) {
                table_fill(w, t);
                w->tables[t] = &w->table[t];
                w->axes[t] = w->axis[t];
        }
        w->release = (struct disclosure_release){.tables = w->tables, .tables_len = w->tables_len};
        if (linked) {
                w->release.shared_len = w->len;
                w->release.leaves = w->leaves;
                w->release.axes = w->axes;
        }
}

/* The rules alone, on a copy of the statuses. */
static void rules_look(struct world *w)
{
        for (uint32_t t = 0; t < w->tables_len; t++) {
                struct table copy = w->table[t];
                struct measure measures[MEASURES];

                memcpy(measures, copy.measures, w->asked_len * sizeof *measures);
                copy.measures = measures;
                copy.status = arena_alloc(w->arena, copy.cells_len, 1);
                copy.rule = arena_alloc(w->arena, copy.cells_len, 1);
                for (uint32_t i = 0; i < w->asked_len; i++)
                        w->by_rule[t][i] = measures[i].status =
                                arena_alloc(w->arena, copy.cells_len, 1);
                assert_int_equal(disclosure_rules_apply(&copy, &w->settings), ERR_OK);
                for (uint32_t i = 0; i < w->asked_len; i++)
                        for (size_t c = 0; c < copy.cells_len; c++)
                                w->by_rule[t][i][c] = w->by_rule[t][i][c] == CELL_PROTECTED;
        }
}

void world_new(struct world *w, uint64_t seed, bool linked, bool measures)
{
        world_make(w, seed, linked, measures, AS_DRAWN);
}

void world_protect(struct world *w)
{
        rules_look(w);
        assert_int_equal(
                disclosure_protect(w->arena, &w->release, &w->settings, NULL, &w->report), ERR_OK);
}

/* Oracle ----------------------------------------------------------------------------------- */

bool is_shown(const struct world *w, uint32_t table, size_t cell, uint32_t measure)
{
        const struct table *t = &w->table[table];

        return t->status[cell] == CELL_VALUE &&
               (measure == UINT32_MAX || t->measures[measure].status[cell] == CELL_VALUE);
}

/* Who is in a cell and passes a filter, without those who are known not to be. */
uint32_t column(
        const struct world *w, uint32_t table, size_t cell, const struct whom *f, int64_t *out)
{
        uint32_t len = 0;

        for (uint32_t r = 0; r < w->inner * GROUNDS; r++) {
                out[r] =
                        !w->known_zero[r] && is_in_cell(w, table, cell, r) && lets_through(w, f, r);
                len += out[r] != 0;
        }
        return len;
}

static void know_zero(struct world *w, uint32_t table, size_t cell, const struct whom *f)
{
        if (sum_of(w, w->persons, table, cell, f) != 0)
                return;
        for (uint32_t r = 0; r < w->inner * GROUNDS; r++)
                w->known_zero[r] |= is_in_cell(w, table, cell, r) && lets_through(w, f, r);
}

/* A measure of all in the cell: nobody is left out. */
static void know_all(struct world *w, uint32_t table, size_t cell, const struct whom *f)
{
        if (sum_of(w, w->persons, table, cell, f) != sum_of(w, w->persons, table, cell, &everybody))
                return;
        for (uint32_t r = 0; r < w->inner * GROUNDS; r++)
                w->known_zero[r] |= is_in_cell(w, table, cell, r) && !lets_through(w, f, r);
}

static bool counts(enum measure_kind kind)
{
        return kind != MEASURE_SUM;
}

static bool sums(enum measure_kind kind)
{
        return kind == MEASURE_SUM || kind == MEASURE_MEAN;
}

static void know_all_zeros(struct world *w)
{
        for (uint32_t t = 0; t < w->tables_len; t++)
                for (size_t c = 0; c < w->table[t].cells_len; c++) {
                        if (is_shown(w, t, c, UINT32_MAX))
                                know_zero(w, t, c, &everybody);
                        for (uint32_t i = 0; i < w->asked_len; i++) {
                                if (!is_shown(w, t, c, i) || !counts(w->asked[i].kind))
                                        continue;
                                know_zero(w, t, c, &w->asked[i].above);
                                if (w->settings.zeros_published)
                                        know_all(w, t, c, &w->asked[i].above);
                                if (w->asked[i].kind == MEASURE_SHARE)
                                        know_zero(w, t, c, &w->asked[i].below);
                        }
                }
}

void spans_free(struct spans *s)
{
        dense_span_free(&s->persons);
        dense_span_free(&s->amounts);
        dense_span_free(&s->cells);
}

static void span_add(const struct world *w, struct dense_span *s, uint32_t table, size_t cell,
        const struct whom *f)
{
        int64_t v[ROWS];

        (void)column(w, table, cell, f, v);
        dense_span_add(s, v);
}

struct spans spans_of(const struct world *w)
{
        struct spans s = {dense_span_new(w->inner * GROUNDS), dense_span_new(w->inner * GROUNDS),
                dense_span_new(w->inner * GROUNDS)};

        for (uint32_t t = 0; t < w->tables_len; t++)
                for (size_t c = 0; c < w->table[t].cells_len; c++) {
                        if (is_shown(w, t, c, UINT32_MAX)) {
                                span_add(w, s.persons, t, c, &everybody);
                                span_add(w, s.cells, t, c, &everybody);
                        }
                        for (uint32_t i = 0; i < w->asked_len; i++) {
                                if (!is_shown(w, t, c, i))
                                        continue;
                                if (counts(w->asked[i].kind))
                                        span_add(w, s.persons, t, c, &w->asked[i].above);
                                if (w->asked[i].kind == MEASURE_SHARE)
                                        span_add(w, s.persons, t, c, &w->asked[i].below);
                                if (sums(w->asked[i].kind))
                                        span_add(w, s.amounts, t, c, &w->asked[i].above);
                        }
                }
        return s;
}

/* Can a withheld measure be computed? What follows from the cells alone, since its filters
 * are by definition a matter of categories, is theirs to hide. */
static bool is_computable(
        const struct world *w, const struct spans *s, uint32_t t, size_t c, const struct asked *a)
{
        int64_t above[ROWS], of[ROWS];
        bool some = column(w, t, c, &a->above, above) > 0;
        bool persons = dense_span_holds(s->persons, above) && !dense_span_holds(s->cells, above);

        (void)column(w, t, c, &a->below, of);
        if (!some)
                return false;
        switch (a->kind) {
        case MEASURE_SHARE:
                return memcmp(above, of, w->inner * GROUNDS * sizeof *of) != 0 && persons &&
                       dense_span_holds(s->persons, of);
        case MEASURE_SUM:
                return dense_span_holds(s->amounts, above);
        case MEASURE_MEAN:
                return dense_span_holds(s->persons, above) && dense_span_holds(s->amounts, above);
        default:
                return persons;
        }
}

static bool must_hide(const struct world *w, uint32_t t, size_t c, uint32_t measure)
{
        return (!is_shown(w, t, c, UINT32_MAX) && !w->ended_early) ||
               w->by_rule[t][measure][c] != 0;
}

/* How many withheld cells and measures can be computed. */
uint32_t computable(struct world *w)
{
        int64_t v[ROWS];
        uint32_t found = 0;

        memset(w->known_zero, 0, sizeof w->known_zero);
        know_all_zeros(w);
        struct spans s = spans_of(w);
        for (uint32_t t = 0; t < w->tables_len; t++)
                for (size_t c = 0; c < w->table[t].cells_len; c++) {
                        if (!is_shown(w, t, c, UINT32_MAX) &&
                                !(w->ended_early && w->table[t].rule[c] == CELL_RULE_SECONDARY) &&
                                column(w, t, c, &everybody, v) > 0)
                                found += dense_span_holds(s.persons, v);
                        for (uint32_t i = 0; i < w->asked_len; i++)
                                found += must_hide(w, t, c, i) &&
                                         is_computable(w, &s, t, c, &w->asked[i]);
                }
        spans_free(&s);
        return found;
}

/* Whoever stands alone in a hidden cell takes herself away, and still learns of no other
 * that a rule protects. */
void assert_safe_from_the_lonely(struct world *w)
{
        int64_t v[ROWS];

        for (uint32_t t = 0; t < w->tables_len; t++)
                for (size_t c = 0; c < w->table[t].cells_len; c++) {
                        if (is_shown(w, t, c, UINT32_MAX) ||
                                sum_of(w, w->persons, t, c, &everybody) != 1)
                                continue;
                        struct spans s = spans_of(w);

                        (void)column(w, t, c, &everybody, v);
                        dense_span_add(s.persons, v);
                        for (uint32_t u = 0; u < w->tables_len; u++)
                                for (size_t k = 0; k < w->table[u].cells_len; k++) {
                                        int64_t other[ROWS];

                                        if (is_shown(w, u, k, UINT32_MAX) ||
                                                w->table[u].rule[k] == CELL_RULE_SECONDARY ||
                                                column(w, u, k, &everybody, other) == 0 ||
                                                memcmp(v, other, w->inner * GROUNDS * sizeof *v) ==
                                                        0)
                                                continue;
                                        assert_false(dense_span_holds(s.persons, other));
                                }
                        spans_free(&s);
                }
}

/* Of a shown total, the hidden ones are together no small cell. */
static void assert_groups_are_large(const struct world *w, uint32_t table)
{
        const struct table *t = &w->table[table];
        uint32_t at[DIMENSIONS_MAX];

        for (size_t c = 0; c < t->cells_len; c++)
                for (uint32_t d = 0; d < t->dimensions_len; d++) {
                        int64_t hidden = 0;
                        bool any = false;

                        table_coordinates(t, c, at);
                        if (at[d] != t->dimensions[d].len || !is_shown(w, table, c, UINT32_MAX))
                                continue;
                        for (at[d] = 0; at[d] < t->dimensions[d].len; at[d]++) {
                                size_t part = table_cell(t, at);

                                int64_t v[ROWS];

                                /* A category without leaves is empty by definition. */
                                if (is_shown(w, table, part, UINT32_MAX) ||
                                        column(w, table, part, &everybody, v) == 0)
                                        continue;
                                any = true;
                                hidden += sum_of(w, w->persons, table, part, &everybody);
                        }
                        assert_true(!any || hidden >= w->settings.threshold);
                }
}

void assert_wiped(const struct world *w)
{
        for (uint32_t n = 0; n < w->tables_len; n++)
                for (size_t c = 0; c < w->table[n].cells_len; c++) {
                        const struct table *t = &w->table[n];
                        bool shown = t->status[c] == CELL_VALUE;

                        assert_true(shown || t->status[c] == CELL_PROTECTED);
                        assert_true(shown == (t->rule[c] == CELL_RULE_NONE));
                        assert_true(shown ||
                                    (t->persons[c] | t->records[c] | t->margin_persons[c]) == 0);
                        for (uint32_t i = 0; i < t->measures_len; i++) {
                                const struct measure *m = &t->measures[i];

                                if (is_shown(w, n, c, i))
                                        continue;
                                assert_int_equal(m->values[c], 0);
                                assert_true(m->contributors == NULL || m->contributors[c] == 0);
                                assert_true(m->sums == NULL || m->sums[c] == 0);
                                assert_true(m->numerator == NULL ||
                                            (m->numerator[c] | m->denominator[c] |
                                                    m->numerator_persons[c] |
                                                    m->denominator_persons[c]) == 0);
                        }
                }
}

void check(struct world *w)
{
        world_protect(w);
        assert_false(w->report.hidden_all);
        assert_wiped(w);
        assert_int_equal(computable(w), 0);
        for (uint32_t t = 0; t < w->tables_len; t++)
                assert_groups_are_large(w, t);
}
