/* SPDX-License-Identifier: Apache-2.0 */
/* test_random_rules.c: persons by chance, tables of them under all rules, attacked from outside.
 *
 * Every person has her category in each dimension, a family, a provider, a municipality and
 * an amount. Whatever a table says of them is counted here, the rules are drawn, and
 * disclosure_protect_table decides. The attacker is the auditor, who is given the statuses and the
 * values of what is shown, nothing else: no count that is hidden, and no sum, may be a
 * combination of what is shown; with a width none may be told nearly.
 *
 * The full count is 100,000 tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/counts.h"

enum { ARENA = 512 << 20, PERSONS = 300, CODES = 6, OWNERS = 8, FAMILIES = 64, CELLS = 800 };

struct person {
        uint32_t at[DIMENSIONS_MAX], owner[CONTRIBUTOR_COUNT], records;
        int64_t amount;
};

/* What each contributor of a type has in a cell. */
struct share {
        int64_t persons[OWNERS], amount[OWNERS];
};

struct world {
        struct arena *arena;
        uint64_t seed, thrown;
        struct person person[PERSONS];
        uint32_t persons;
        struct table table;
        struct dimension dimension[DIMENSIONS_MAX];
        struct category category[DIMENSIONS_MAX][CODES];
        uint32_t parent[DIMENSIONS_MAX][CODES];
        struct measure sum;
        struct share *share[2];                    /* of every cell: providers, municipalities */
        uint64_t *families;                        /* of every cell: a set */
        int64_t (*largest)[CONTRIBUTIONS_LARGEST]; /* of every cell: of persons' amounts */
        struct disclosure_settings settings;
        struct disclosure_report report;
        bool *maybe_zero; /* of cells: within a row that has too few in its margin */
};

static const enum contributor owners[] = {CONTRIBUTOR_PROVIDER, CONTRIBUTOR_MUNICIPALITY};

static uint32_t below(struct world *w, uint32_t n)
{
        return (uint32_t)(residue_mix(w->seed, w->thrown++) % n);
}

/* Shapes and persons ------------------------------------------------------------------------- */

static void dimensions_draw(struct world *w)
{
        uint32_t wanted = 1 + below(w, DIMENSIONS_MAX), cells = 1, len = 0;

        for (; len < wanted; len++) {
                struct dimension *d = &w->dimension[len];

                d->len = 2 + below(w, wanted > 4 ? 1 : wanted > 3 ? 2 : CODES - 1);
                if (cells * (d->len + 1) > CELLS)
                        break;
                cells *= d->len + 1;
                d->categories = w->category[len];
                d->identifying = below(w, 2) == 0;
                if (below(w, 3) == 0) {
                        d->parents_len = 1 + below(w, d->len);
                        d->parent = w->parent[len];
                        for (uint32_t i = 0; i < d->len; i++)
                                w->parent[len][i] = below(w, d->parents_len);
                }
        }
        w->table = (struct table){.dimensions = w->dimension, .dimensions_len = len};
}

/* Crowded and empty categories: the smaller of two draws, often. */
static void persons_draw(struct world *w)
{
        bool crowded = below(w, 2) == 0;

        w->persons = 1 + below(w, below(w, 3) == 0 ? 30 : PERSONS - 1);
        for (uint32_t i = 0; i < w->persons; i++) {
                struct person *p = &w->person[i];

                for (uint32_t d = 0; d < w->table.dimensions_len; d++) {
                        uint32_t a = below(w, w->dimension[d].len),
                                 b = below(w, w->dimension[d].len);

                        p->at[d] = crowded && b < a ? b : a;
                }
                p->owner[CONTRIBUTOR_FAMILY] = below(w, FAMILIES);
                p->owner[CONTRIBUTOR_PROVIDER] = below(w, 1 + below(w, OWNERS));
                p->owner[CONTRIBUTOR_MUNICIPALITY] = below(w, OWNERS);
                p->records = 1 + below(w, 2);
                p->amount = below(w, 10) == 0 ? below(w, 100000) : below(w, 900);
        }
}

static void settings_draw(struct world *w)
{
        w->settings = (struct disclosure_settings){.threshold = 1 + below(w, 8),
                .zeros_published = below(w, 3) > 0,
                .families = below(w, 4) == 0 ? 3 : 0,
                .homogeneous = below(w, 4) == 0 ? 1 + below(w, 3) : 0,
                .contributors = below(w, 2) == 0 ? below(w, 1u << CONTRIBUTOR_COUNT) & ~1u : 0,
                .remainder = below(w, 3) == 0 ? 1 + below(w, 5) : 0,
                .part_max = below(w, 4) == 0 ? 60 + below(w, 40) : 0,
                .secondary = true,
                .interval = below(w, 4) == 0 ? 2 + below(w, 3) : 0,
                .audit_cells_max = 2000,
                .cost = (enum disclosure_cost)below(w, DISCLOSURE_COST_COUNT),
                .starts = 1 + below(w, 2),
                .seed = w->seed};
        for (size_t i = 0; i < ARRAY_LEN(owners); i++)
                w->settings.number[owners[i]] = below(w, 4);
        if (below(w, 2) == 0)
                w->settings.dominance = (struct disclosure_dominance){.n = 1 + below(w, 2),
                        .k = 70 + below(w, 25),
                        .p = below(w, 30),
                        .pq_p = below(w, 2) == 0 ? 20 : 0,
                        .pq_q = 60};
}

/* Counting ----------------------------------------------------------------------------------- */

static void take_largest(int64_t *largest, int64_t amount)
{
        for (size_t k = 0; k < CONTRIBUTIONS_LARGEST && amount > 0; k++)
                if (largest[k] < amount) {
                        int64_t smaller = largest[k];

                        largest[k] = amount;
                        amount = smaller;
                }
}

static void cell_count(struct world *w, const struct person *p, size_t cell)
{
        struct table *t = &w->table;

        t->persons[cell]++;
        t->records[cell] += p->records;
        w->sum.values[cell] += p->amount;
        w->sum.contributors[cell]++;
        w->families[cell] |= UINT64_C(1) << p->owner[CONTRIBUTOR_FAMILY];
        take_largest(w->largest[cell], p->amount);
        for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
                uint32_t owner = p->owner[owners[i]];

                w->share[i][cell].persons[owner]++;
                w->share[i][cell].amount[owner] += p->amount;
        }
}

/* In each dimension by herself or in the total. */
static void person_count(struct world *w, const struct person *p)
{
        uint32_t at[DIMENSIONS_MAX], len = w->table.dimensions_len;

        for (unsigned totals = 0; totals < 1u << len; totals++) {
                for (uint32_t d = 0; d < len; d++)
                        at[d] = (totals >> d & 1) != 0 ? w->dimension[d].len : p->at[d];
                cell_count(w, p, table_cell(&w->table, at));
        }
}

static void margins_count(struct world *w)
{
        struct table *t = &w->table;
        uint32_t at[DIMENSIONS_MAX];

        for (size_t cell = 0; cell < t->cells_len; cell++) {
                table_coordinates(t, cell, at);
                for (uint32_t d = 0; d < t->dimensions_len; d++)
                        if (!w->dimension[d].identifying)
                                at[d] = w->dimension[d].len;
                t->margin_persons[cell] = t->persons[table_cell(t, at)];
                t->families[cell] = __builtin_popcountll(w->families[cell]);
        }
}

static struct contributions contributions_new(struct world *w, enum contributor type)
{
        size_t cells = w->table.cells_len;
        struct contributions c = {.type = type,
                .number = arena_alloc(w->arena, cells, sizeof *c.number),
                .largest = arena_alloc(w->arena, cells * CONTRIBUTIONS_LARGEST, sizeof *c.largest)};

        assert_true(c.number != NULL && c.largest != NULL);
        return c;
}

static void contributions_fill(
        struct world *w, size_t owner, bool of_sum, struct contributions *out)
{
        *out = contributions_new(w, owners[owner]);
        for (size_t cell = 0; cell < w->table.cells_len; cell++)
                for (uint32_t i = 0; i < OWNERS; i++) {
                        const struct share *s = &w->share[owner][cell];

                        out->number[cell] += s->persons[i] > 0;
                        take_largest(out->largest + cell * CONTRIBUTIONS_LARGEST,
                                of_sum ? s->amount[i] : s->persons[i]);
                }
}

static void contributions_make(struct world *w)
{
        struct contributions *c = arena_alloc(w->arena, 5, sizeof *c);

        assert_non_null(c);
        for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
                contributions_fill(w, i, false, &c[i]);
                contributions_fill(w, i, true, &c[2 + i]);
        }
        c[4] = contributions_new(w, CONTRIBUTOR_PERSON);
        for (size_t cell = 0; cell < w->table.cells_len; cell++) {
                c[4].number[cell] = (uint32_t)w->table.persons[cell];
                memcpy(c[4].largest + cell * CONTRIBUTIONS_LARGEST, w->largest[cell],
                        sizeof w->largest[cell]);
        }
        w->table.contributions = c;
        w->table.contributions_len = 2;
        w->sum.contributions = c + 2;
        w->sum.contributions_len = 3;
}

/* Its persons are those whom a neighbour can point at. */
static bool is_margin(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];
        bool margin = !t->sensitive_filter;

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                margin = margin && (t->dimensions[d].identifying || at[d] == t->dimensions[d].len);
        return margin;
}

static void world_new(struct world *w, uint64_t seed)
{
        struct table *t = &w->table;

        memset(w, 0, sizeof *w);
        w->arena = arena_new(ARENA);
        w->seed = seed;
        dimensions_draw(w);
        persons_draw(w);
        settings_draw(w);
        w->sum = (struct measure){.kind = MEASURE_SUM};
        t->measures = &w->sum;
        t->measures_len = 1;
        assert_int_equal(table_alloc(w->arena, t), ERR_OK);
        w->sum.status = arena_alloc(w->arena, t->cells_len, 1);
        t->families = arena_alloc(w->arena, t->cells_len, sizeof *t->families);
        w->families = arena_alloc(w->arena, t->cells_len, sizeof *w->families);
        w->largest = arena_alloc(w->arena, t->cells_len, sizeof *w->largest);
        for (size_t i = 0; i < ARRAY_LEN(owners); i++)
                w->share[i] = arena_alloc(w->arena, t->cells_len, sizeof *w->share[i]);
        assert_non_null(w->share[1]);
        for (uint32_t i = 0; i < w->persons; i++)
                person_count(w, &w->person[i]);
        margins_count(w);
        contributions_make(w);
        t->sensitive_filter = below(w, 4) == 0;
        w->maybe_zero = arena_alloc(w->arena, t->cells_len, sizeof *w->maybe_zero);
        assert_non_null(w->maybe_zero);
        for (size_t c = 0; c < t->cells_len; c++)
                w->maybe_zero[c] = t->margin_persons[c] > 0 &&
                                   t->margin_persons[c] < (int64_t)w->settings.threshold &&
                                   !is_margin(t, c);
}

/* Attacking ---------------------------------------------------------------------------------- */

/* What everybody sees of the counts, or of the sums. */
static struct audit_verdict attack(
        struct world *w, bool sums, enum audit_attacker attacker, uint32_t width, bool floors)
{
        struct table *t = &w->table;
        struct model_dimension dimensions[DIMENSIONS_MAX];
        uint32_t all[DIMENSIONS_MAX];
        uint8_t *status = arena_alloc(w->arena, t->cells_len, 1);
        int64_t *values = arena_alloc(w->arena, t->cells_len, sizeof *values);
        const struct audit_options options = {.attacker = attacker, .width = width};
        struct audit_verdict verdict;

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                dimensions[d] = (struct model_dimension){.leaves = t->dimensions[d].len};
                all[d] = d;
        }
        for (size_t c = 0; c < t->cells_len; c++) {
                bool shown = t->status[c] == CELL_VALUE;

                if (shown && sums)
                        shown = w->sum.status[c] == CELL_VALUE || t->persons[c] == 0;
                status[c] = shown              ? AUDIT_PUBLISHED
                            : w->maybe_zero[c] ? AUDIT_REFUSED
                                               : AUDIT_PROTECTED;
                values[c] = !shown ? INT64_MIN : sums ? w->sum.values[c] : t->persons[c];
        }
        const struct audit_table table = {all, t->dimensions_len, status, values};
        const struct audit_release release = {.dimensions = dimensions,
                .dimensions_len = t->dimensions_len,
                .tables = &table,
                .tables_len = 1,
                .zeros_published = floors,
                .negative = attacker == AUDIT_REAL};
        assert_int_equal(audit_run(w->arena, &release, &options, &verdict), ERR_OK);
        assert_true(verdict.feasible);
        return verdict;
}

static void assert_wiped(const struct world *w)
{
        const struct table *t = &w->table;

        for (size_t c = 0; c < t->cells_len; c++) {
                bool shown = t->status[c] == CELL_VALUE;

                if (!shown)
                        assert_true((t->persons[c] | t->records[c] | t->margin_persons[c] |
                                            t->families[c]) == 0);
                if (!shown || w->sum.status[c] != CELL_VALUE)
                        assert_true((w->sum.values[c] | w->sum.contributors[c]) == 0);
        }
}

struct seen {
        uint64_t tables, cells, hidden, sums, all, audited, unaudited, width, narrow;
        uint64_t of_dimensions[DIMENSIONS_MAX + 1], by_rule[CELL_RULE_COUNT];
};

static void look(struct world *w, struct seen *s)
{
        struct audit_verdict counts = attack(w, false, AUDIT_REAL, 0, false);
        struct audit_verdict sums = attack(w, true, AUDIT_REAL, 0, false);

        if (counts.exact + sums.exact > 0)
                print_message("seed %llu: %zu counts, %zu sums\n", (unsigned long long)w->seed,
                        counts.exact, sums.exact);
        assert_int_equal(counts.exact, 0);
        assert_int_equal(sums.exact, 0);
        assert_wiped(w);
        s->tables++;
        s->cells += w->table.cells_len;
        s->hidden += counts.len;
        s->sums += sums.len;
        s->all += w->report.hidden_all;
        s->audited += counts.audited + sums.audited;
        s->unaudited += counts.len + sums.len - counts.audited - sums.audited;
        s->of_dimensions[w->table.dimensions_len]++;
        for (int r = 0; r < CELL_RULE_COUNT; r++)
                s->by_rule[r] += w->report.by_rule[r] + w->report.measures_by_rule[r];
        if (w->settings.interval > 0) {
                bool floors = w->settings.zeros_published;
                struct audit_verdict v =
                        attack(w, false, AUDIT_RULES, w->settings.interval, floors);

                s->width++;
                s->narrow += v.narrow;
                if (v.narrow > 0 && w->report.narrow == 0 && !w->report.limited)
                        print_message(
                                "seed %llu: %zu narrow\n", (unsigned long long)w->seed, v.narrow);
                assert_true(v.narrow == 0 || w->report.narrow > 0 || w->report.limited);
                assert_true(v.exact == 0 || w->report.hidden_all);
        }
}

static void nothing_that_a_rule_hides_can_be_computed(void **state)
{
        bool full = getenv("STATGATE_LONG") != NULL && !COUNTS_SANITIZED;
        uint64_t tables = full ? 100000 : COUNTS_SANITIZED ? 200 : 1500;
        struct world *w = test_malloc(sizeof *w);
        struct seen s = {0};

        (void)state;
        for (uint64_t seed = 0; seed < tables; seed++) {
                world_new(w, UINT64_C(77000000) + seed);
                assert_int_equal(disclosure_protect_table(
                                         w->arena, &w->table, &w->settings, NULL, &w->report),
                        ERR_OK);
                look(w, &s);
                arena_free(&w->arena);
        }
        test_free(w);
        print_message(
                "%llu tables (of 1 to 6 dimensions: %llu %llu %llu %llu %llu %llu), %llu cells, "
                "%llu counts and %llu sums hidden, %llu audited and %llu not, %llu tables "
                "wholly hidden; widths in %llu, %llu cells narrow there\n",
                (unsigned long long)s.tables, (unsigned long long)s.of_dimensions[1],
                (unsigned long long)s.of_dimensions[2], (unsigned long long)s.of_dimensions[3],
                (unsigned long long)s.of_dimensions[4], (unsigned long long)s.of_dimensions[5],
                (unsigned long long)s.of_dimensions[6], (unsigned long long)s.cells,
                (unsigned long long)s.hidden, (unsigned long long)s.sums,
                (unsigned long long)s.audited, (unsigned long long)s.unaudited,
                (unsigned long long)s.all, (unsigned long long)s.width,
                (unsigned long long)s.narrow);
        for (int r = 0; r < CELL_RULE_COUNT; r++)
                print_message("rule %d: %llu\n", r, (unsigned long long)s.by_rule[r]);
        assert_true(s.unaudited * 1000 <= s.audited);
        assert_true(s.all * 20 < s.tables);
        for (int r = CELL_RULE_NONE; r < CELL_RULE_COUNT; r++)
                if (r < CELL_RULE_NUMERATOR || r > CELL_RULE_COMPLEMENT)
                        assert_true(s.by_rule[r] > 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_that_a_rule_hides_can_be_computed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
