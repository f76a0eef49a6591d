/* SPDX-License-Identifier: Apache-2.0 */
/* test_random_tables.c: very many tables, hidden by one and attacked by the other.
 *
 * Tables of one to six dimensions with hierarchies, linked or alone, mostly of zeros, under
 * rules by chance. What hides them hands over a pattern; the auditor is given what
 * everybody sees: structure, statuses, and the values of what is published. It must find no
 * hidden cell computable, in all of them, and none narrower than the pattern claims.
 *
 * The full counts are 100,000 tables of the fast kind, in which a cell must not be a
 * combination of published ones, and 2,000 with widths, every cell of which each of the three
 * attackers asks by linear program. */
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

enum { ARENA = 256 << 20, CONTRIBUTORS = 4 };

struct world {
        struct arena *arena;
        struct random_options options;
        struct random_release random;
        struct model model;
        int64_t *values; /* of the model's rows */
        bool limited;    /* some audit of it was */
};

/* What was seen, so that nobody tests nothing. */
struct seen {
        uint64_t tables, cells, hidden, audited, whole, limited; /* whole: every cell audited */
        uint64_t of_dimensions[RELEASE_DIMENSIONS + 1], levels, linked;
};

static void tell(const char *what, const struct seen *s)
{
        print_message(
                "%s: %llu tables (of 1 to 6 dimensions: %llu %llu %llu %llu %llu %llu; %llu "
                "linked, %llu with levels), %llu cells, %llu hidden, %llu audited; all of them in "
                "%llu tables\n",
                what, (unsigned long long)s->tables, (unsigned long long)s->of_dimensions[1],
                (unsigned long long)s->of_dimensions[2], (unsigned long long)s->of_dimensions[3],
                (unsigned long long)s->of_dimensions[4], (unsigned long long)s->of_dimensions[5],
                (unsigned long long)s->of_dimensions[6], (unsigned long long)s->linked,
                (unsigned long long)s->levels, (unsigned long long)s->cells,
                (unsigned long long)s->hidden, (unsigned long long)s->audited,
                (unsigned long long)s->whole);
}

/* A program can end without an answer, which the auditor says: rarely. */
static void assert_mostly_audited(const struct seen *s)
{
        assert_true((s->hidden - s->audited) * 1000 <= s->hidden);
        assert_true((s->tables - s->whole) * 100 <= s->tables);
        assert_true(s->limited * 100 <= s->tables); /* such an audit says so */
}

/* Full counts only where nothing makes each table many times slower. */
static uint64_t many(uint64_t tables, uint64_t more)
{
        if (COUNTS_SANITIZED)
                return tables / 5;
        return getenv("STATGATE_LONG") != NULL ? more : tables;
}

static void world_new(struct world *w, uint64_t seed, uint32_t inner_max, bool filled)
{
        *w = (struct world){.arena = arena_new(ARENA),
                .options = {.seed = seed,
                        .inner_max = inner_max,
                        .dimensions_max = RELEASE_DIMENSIONS,
                        .leaves_max = residue_mix(seed, 6) % 2 == 0 ? 3 : 0,
                        .threshold = 1 + (uint32_t)(residue_mix(seed, 1) % 9),
                        .zeros_published = residue_mix(seed, 2) % 3 > 0,
                        .filled = filled,
                        .alone = residue_mix(seed, 3) % 2 == 0,
                        .known = residue_mix(seed, 4) % 8 == 0}};
        random_release_new(w->arena, &w->options, &w->random);
        assert_int_equal(model_new(w->arena, &w->random.release, &w->model), ERR_OK);
        w->values = arena_alloc(w->arena, w->model.rows, sizeof *w->values);
        for (uint32_t r = 0; r < w->model.rows; r++)
                w->values[r] = w->random.value[w->model.inner[r]];
}

static void see(struct seen *s, const struct world *w, const struct audit_verdict *v)
{
        s->tables++;
        s->cells += w->model.cells;
        s->hidden += v->len;
        s->audited += v->audited;
        s->whole += v->audited == v->len;
        s->limited += w->limited;
        s->of_dimensions[w->random.release.dimensions_len]++;
        s->linked += w->random.release.tables_len > 1;
        for (uint32_t d = 0; d < w->random.release.dimensions_len; d++)
                if (w->random.dimension[d].levels_len > 0) {
                        s->levels++;
                        break;
                }
}

/* What everybody sees. A cell that nobody can be in, of a group without categories, is known
 * to be zero whatever its mark. */
static void publish(
        struct world *w, const struct suppress_result *pattern, struct published_release *out)
{
        size_t cell = 0;

        published_release_new(w->arena, &w->random, pattern, 0, 2, w->options.zeros_published, out);
        for (uint32_t t = 0; t < w->random.release.tables_len; t++)
                for (size_t i = 0; i < w->random.cells[t]; i++, cell++)
                        if (out->status[t][i] == AUDIT_PROTECTED &&
                                w->model.column_of[cell] == MODEL_EMPTY)
                                out->status[t][i] = AUDIT_ZERO;
}

/* What is known anyway must not tell: else nothing leaves, and there is nothing to attack. */
static bool may_leave(const struct world *w, const struct suppress_result *pattern)
{
        assert_true(pattern->proved || pattern->exposed > 0);
        assert_true(w->options.known || pattern->exposed == w->model.impossible);
        return pattern->exposed == w->model.impossible;
}

static struct audit_verdict audited(struct world *w, const struct published_release *p,
        enum audit_attacker attacker, uint32_t width)
{
        const struct audit_options options = {.attacker = attacker, .width = width, .ends = true};
        struct audit_verdict verdict;

        assert_int_equal(audit_run(w->arena, &p->release, &options, &verdict), ERR_OK);
        assert_true(verdict.feasible);
        w->limited |= verdict.limited;
        return verdict;
}

/* The fast kind ------------------------------------------------------------------------------ */

/* Sizes as answers have them: mostly small. */
static uint32_t fast_size(uint64_t seed)
{
        static const uint32_t sizes[] = {8, 12, 18, 24, 36, 64, 96, 144};

        return sizes[residue_mix(seed, 5) % ARRAY_LEN(sizes)];
}

/* Whether what everybody knows anyway gives it, with the cell of one's own: then nothing that is
 * hidden keeps it from her. */
static bool is_known_anyway(struct world *w, struct published_release *p,
        const struct audit_interval *own, const struct audit_interval *of)
{
        uint8_t *was[RELEASE_TABLES];
        bool known = false;

        for (uint32_t t = 0; t < w->random.release.tables_len; t++) {
                was[t] = arena_alloc(w->arena, w->random.cells[t], 1);
                memcpy(was[t], p->status[t], w->random.cells[t]);
                for (size_t i = 0; i < w->random.cells[t]; i++)
                        if (was[t][i] == AUDIT_PUBLISHED && (t != own->table || i != own->cell) &&
                                w->random.cell[t][i].role == MODEL_ROLE_OPEN)
                                p->status[t][i] = AUDIT_PROTECTED;
        }
        struct audit_verdict inside = audited(w, p, AUDIT_REAL, 0);

        for (size_t k = 0; k < inside.len; k++)
                known |= inside.intervals[k].table == of->table &&
                         inside.intervals[k].cell == of->cell &&
                         inside.intervals[k].low == inside.intervals[k].high;
        for (uint32_t t = 0; t < w->random.release.tables_len; t++)
                memcpy(p->status[t], was[t], w->random.cells[t]);
        return known;
}

/* Who is alone in a hidden cell adds it to what is published: the first few of them. */
static void assert_no_contributor_computes(
        struct world *w, struct published_release *p, const struct audit_verdict *v)
{
        unsigned asked = 0;

        for (size_t i = 0; i < v->len && asked < CONTRIBUTORS; i++) {
                const struct audit_interval *own = &v->intervals[i];
                const struct model_cell *cell = &w->random.cell[own->table][own->cell];

                if (!cell->alone || cell->role != MODEL_ROLE_PROTECT)
                        continue;
                asked++;
                p->status[own->table][own->cell] = AUDIT_PUBLISHED;
                p->values[own->table][own->cell] = (int64_t)cell->want;
                struct audit_verdict inside = audited(w, p, AUDIT_REAL, 0);
                for (size_t k = 0; k < inside.len; k++) {
                        const struct audit_interval *x = &inside.intervals[k];
                        const struct model_cell *other = &w->random.cell[x->table][x->cell];

                        /* The same persons in another margin are the same cell. */
                        if (other->role == MODEL_ROLE_PROTECT && !other->alone)
                                assert_true(x->low < x->high ||
                                            (w->options.known && is_known_anyway(w, p, own, x)));
                }
                p->status[own->table][own->cell] = AUDIT_PROTECTED;
                p->values[own->table][own->cell] = INT64_MIN;
        }
}

static void nothing_hidden_is_a_combination_of_what_is_published(void **state)
{
        struct seen seen = {0};
        uint64_t contributors = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(2000, 105000); seed++) {
                const struct suppress_options options = {
                        .starts = 1 + (uint32_t)(seed % 3), .seed = seed};
                struct suppress_result result;
                struct published_release p;
                struct world w;

                world_new(&w, UINT64_C(1000000) + seed, fast_size(seed), seed % 2 == 0);
                assert_int_equal(suppress_run(w.arena, &w.model, &options, &result), ERR_OK);
                if (may_leave(&w, &result)) {
                        publish(&w, &result, &p);
                        /* Without bounds on values what is left is linear algebra alone. */
                        p.release.negative = true;
                        struct audit_verdict v = audited(&w, &p, AUDIT_REAL, 0);

                        if (v.exact > 0)
                                print_message("seed %llu\n", (unsigned long long)seed);
                        assert_int_equal(v.exact, 0);
                        see(&seen, &w, &v);
                        if (seed % 20 == 0 && w.options.alone) {
                                assert_no_contributor_computes(&w, &p, &v);
                                contributors++;
                        }
                }
                arena_free(&w.arena);
        }
        tell("fast", &seen);
        assert_true(seen.tables * 100 > many(2000, 105000) * 95);
        assert_true(getenv("STATGATE_LONG") == NULL || COUNTS_SANITIZED || seen.tables >= 100000);
        assert_mostly_audited(&seen);
        assert_true(seen.of_dimensions[6] > 0 && contributors > 0);
}

/* With widths -------------------------------------------------------------------------------- */

/* Nobody excludes the truth, and who knows more excludes more. */
static void assert_truthful(const struct world *w, const struct audit_verdict v[AUDIT_ATTACKERS])
{
        for (size_t i = 0; i < v[0].len; i++) {
                const struct audit_interval *x = &v[AUDIT_REAL].intervals[i];
                int64_t truth = (int64_t)w->random.cell[x->table][x->cell].want;

                for (int a = AUDIT_REAL; a < AUDIT_ATTACKERS; a++) {
                        const struct audit_interval *y = &v[a].intervals[i];

                        assert_true(y->low <= truth && truth <= y->high);
                        /* Of reals the whole numbers inside count, in each part of a sum by
                         * itself: fewer than there are. */
                        if (a == AUDIT_RULES)
                                assert_true(v[AUDIT_WHOLE].intervals[i].low <= y->low &&
                                            y->high <= v[AUDIT_WHOLE].intervals[i].high);
                }
        }
}

static void no_hidden_cell_is_narrower_than_is_told(void **state)
{
        struct seen seen = {0};
        uint64_t narrow = 0, clear = 0, extra = 0, tables = many(40, 2500);

        (void)state;
        for (uint64_t seed = 0; seed < tables; seed++) {
                struct interval_options options = {.width = 2 + (uint32_t)(seed % 5)};
                struct audit_verdict v[AUDIT_ATTACKERS];
                struct interval_result result;
                struct published_release p;
                struct world w;

                world_new(&w, UINT64_C(9000000) + seed, seed % 4 == 0 ? 192 : 96, true);
                options.zeros_published = w.options.zeros_published;
                /* A threshold that is told leaves a lonely cell the width below it. */
                bool told = w.options.threshold >= options.width + 2;
                assert_int_equal(
                        interval_protect(w.arena, &w.model, w.values, &options, &result), ERR_OK);
                if (may_leave(&w, &result.pattern)) {
                        publish(&w, &result.pattern, &p);
                        p.release.threshold = told ? w.options.threshold : 0;
                        for (int a = AUDIT_REAL; a < AUDIT_ATTACKERS; a++)
                                v[a] = audited(&w, &p, (enum audit_attacker)a, options.width);
                        assert_truthful(&w, v);
                        if (result.narrow == 0 && v[AUDIT_RULES].narrow > 0)
                                print_message("seed %llu\n", (unsigned long long)seed);
                        if (result.narrow == 0)
                                assert_int_equal(v[AUDIT_RULES].narrow, 0);
                        see(&seen, &w, &v[AUDIT_RULES]);
                        narrow += v[AUDIT_RULES].narrow;
                        clear += result.narrow == 0;
                        extra += result.extra;
                }
                arena_free(&w.arena);
        }
        tell("with widths", &seen);
        print_message("%llu tables as wide as asked, %llu cells too narrow in the others, which "
                      "say so; %llu cells hidden for width alone\n",
                (unsigned long long)clear, (unsigned long long)narrow, (unsigned long long)extra);
        assert_mostly_audited(&seen);
        assert_true(clear * 100 > tables * 80 && extra > 0);
        assert_true(getenv("STATGATE_LONG") == NULL || COUNTS_SANITIZED || seen.whole >= 2000);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nothing_hidden_is_a_combination_of_what_is_published),
                cmocka_unit_test(no_hidden_cell_is_narrower_than_is_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
