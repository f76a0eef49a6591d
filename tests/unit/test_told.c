/* SPDX-License-Identifier: Apache-2.0 */
/* test_told.c: what the search for widths saw is proof for the auditor, and nothing else is.
 *
 * The oracle is the auditor without being told anything, on tables small enough for programs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gateway/disclosure/audit.h"
#include "gateway/disclosure/disclosure.h"
#include "gateway/disclosure/interval.h"
#include "gateway/disclosure/residue.h"
#include "tests/support/published_release.h"

enum { ARENA = 256 << 20, SIDE = 90, LARGE = 5000, SMALL_BELOW = 5 };

struct world {
        struct arena *arena;
        struct random_options options;
        struct random_release random;
        struct published_release published;
        struct model model;
        int64_t *values; /* of the model's rows */
        uint32_t width;
        struct interval_result result;
        /* Copies, to be forged. */
        struct moves_told told;
        struct moves_path path;
        uint32_t *inner;
        int64_t *value;
};

static uint64_t many(uint64_t tables, uint64_t more)
{
        return getenv("STATGATE_LONG") != NULL ? more : tables;
}

static void *copy(struct arena *a, const void *from, size_t len, size_t size)
{
        void *to = arena_alloc(a, len + 1, size);

        assert_non_null(to);
        if (len > 0)
                memcpy(to, from, len * size);
        return to;
}

static void told_copy(struct world *w)
{
        const struct moves_told *t = &w->result.told;
        const struct moves_path *p = t->path;
        struct arena *a = w->arena;

        assert_true(p != NULL);
        if (p == NULL)
                return;
        w->path = *p;
        w->path.direction_start =
                copy(a, p->direction_start, p->directions + 1, sizeof *p->direction_start);
        w->path.entry = copy(a, p->entry, p->entries, sizeof *p->entry);
        w->path.step_start = copy(a, p->step_start, p->steps + 1, sizeof *p->step_start);
        w->path.time = copy(a, p->time, p->times, sizeof *p->time);
        w->inner = copy(a, t->inner, t->len, sizeof *t->inner);
        w->value = copy(a, t->value, t->len, sizeof *t->value);
        w->told = (struct moves_told){t->len, w->inner, w->value, &w->path};
}

static void world_new(struct world *w, uint64_t seed)
{
        *w = (struct world){.arena = arena_new(ARENA),
                .options = {.seed = seed,
                        .inner_max = 36,
                        .threshold = 2 + (uint32_t)(seed % 4),
                        .zeros_published = seed % 3 > 0},
                .width = 1 + (uint32_t)(seed % 5)};
        random_release_new(w->arena, &w->options, &w->random);
        assert_int_equal(model_new(w->arena, &w->random.release, &w->model), ERR_OK);
        w->values = arena_alloc(w->arena, w->model.rows, sizeof *w->values);
        for (uint32_t r = 0; r < w->model.rows; r++)
                w->values[r] = w->random.value[w->model.inner[r]];
        const struct interval_options options = {
                .width = w->width, .zeros_published = w->options.zeros_published};
        assert_int_equal(
                interval_protect(w->arena, &w->model, w->values, &options, &w->result), ERR_OK);
        published_release_new(w->arena, &w->random, &w->result.pattern, 0, 2,
                w->options.zeros_published, &w->published);
        told_copy(w);
}

/* Hardly a step of any program: what is audited was told, or needs none. */
static struct audit_verdict told(struct world *w, const struct moves_told *what)
{
        const struct audit_options options = {
                .attacker = AUDIT_RULES, .width = w->width, .work_limit = 1};
        struct audit_verdict v;

        w->published.release.told = what;
        assert_int_equal(audit_run(w->arena, &w->published.release, &options, &v), ERR_OK);
        w->published.release.told = NULL;
        assert_true(v.feasible);
        return v;
}

static struct audit_verdict exact(struct world *w)
{
        const struct audit_options options = {
                .attacker = AUDIT_RULES, .width = w->width, .ends = true};
        struct audit_verdict v;

        assert_int_equal(audit_run(w->arena, &w->published.release, &options, &v), ERR_OK);
        assert_true(v.feasible);
        assert_int_equal(v.audited, v.len);
        return v;
}

static void a_path_proves_widths_without_a_program(void **state)
{
        size_t cells = 0, without = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(300, 20000); seed++) {
                struct world w;

                world_new(&w, seed);
                struct audit_verdict v = told(&w, &w.result.told);
                cells += v.len;
                without += told(&w, NULL).audited;
                if (w.result.narrow == 0) {
                        assert_int_equal(v.audited, v.len);
                        assert_int_equal(v.narrow, 0);
                }
                arena_free(&w.arena);
        }
        assert_true(without < cells);
}

static void forge(struct world *w, uint64_t seed)
{
        struct moves_path *p = &w->path;
        uint64_t lot = residue_mix(seed, 1);
        int32_t by = seed % 2 ? 1 : -1;

        switch (residue_mix(seed, 2) % 7) {
        case 0:
                w->value[lot % w->told.len] += by;
                break;
        case 1:
                w->inner[lot % w->told.len] = seed % 4 ? w->inner[lot / 2 % w->told.len] : 1u << 31;
                break;
        case 2:
                p->entry[lot % p->entries].by += by;
                break;
        case 3:
                p->entry[lot % p->entries].at = seed % 4 ? (uint32_t)(lot % w->told.len) : 1u << 31;
                break;
        case 4:
                p->time[lot % p->times].times += 3 * by;
                break;
        case 5:
                p->time[lot % p->times].direction =
                        seed % 4 ? (uint32_t)(lot % p->directions) : 1u << 31;
                break;
        default:
                p->time[lot % p->times].times = seed % 4 ? INT32_MAX : INT32_MIN;
                break;
        }
}

static void what_is_forged_is_not_believed(void **state)
{
        size_t caught = 0;

        (void)state;
        for (uint64_t seed = 0; seed < many(150, 5000); seed++) {
                struct world w;

                world_new(&w, seed);
                struct audit_verdict all = exact(&w), honest = told(&w, &w.result.told);
                for (uint64_t k = 0; k < 12 && w.path.times > 0 && w.told.len > 0; k++) {
                        told_copy(&w);
                        forge(&w, residue_mix(seed, k));
                        struct audit_verdict v = told(&w, &w.told);
                        for (size_t i = 0; i < v.len; i++) {
                                const struct audit_interval *x = &v.intervals[i];

                                if (!x->audited)
                                        continue;
                                assert_true(x->low >= all.intervals[i].low);
                                assert_true(x->high <= all.intervals[i].high);
                        }
                        caught += v.audited < honest.audited;
                }
                arena_free(&w.arena);
        }
        assert_true(caught > 0);
}

/* A square of many small numbers that hang together: too large for any program. */
static void a_table_too_large_for_programs_is_audited_whole(void **state)
{
        struct model_dimension dimension[2] = {{.leaves = SIDE}, {.leaves = SIDE}};
        static const uint32_t which[] = {0, 1};
        static struct model_cell cell[(SIDE + 1) * (SIDE + 1)];
        static int64_t value[(SIDE + 1) * (SIDE + 1)];
        static uint8_t status[(SIDE + 1) * (SIDE + 1)];
        const struct interval_options options = {.width = 3, .zeros_published = true};
        struct arena *arena = arena_new((size_t)1 << 30);
        struct interval_result result;
        struct audit_verdict v;
        struct model model;

        (void)state;
        memset(value, 0, sizeof value);
        for (uint32_t i = 0; i < SIDE * SIDE; i++) {
                uint32_t r = i / SIDE, c = i % SIDE;
                int64_t n = 1 + (int64_t)(residue_mix(7, i) % 6);

                value[r * (SIDE + 1) + c] += n;
                value[r * (SIDE + 1) + SIDE] += n;
                value[SIDE * (SIDE + 1) + c] += n;
                value[SIDE * (SIDE + 1) + SIDE] += n;
        }
        for (size_t i = 0; i < ARRAY_LEN(cell); i++)
                cell[i] = (struct model_cell){.want = (uint64_t)value[i],
                        .cost = 1,
                        .role = value[i] < SMALL_BELOW ? MODEL_ROLE_PROTECT : MODEL_ROLE_OPEN};
        const struct model_table table = {which, 2, cell};
        const struct model_release release = {
                .dimensions = dimension, .dimensions_len = 2, .tables = &table, .tables_len = 1};
        assert_int_equal(model_new(arena, &release, &model), ERR_OK);
        int64_t *rows = arena_alloc(arena, model.rows, sizeof *rows);
        for (uint32_t r = 0; r < model.rows; r++)
                rows[r] = value[model.inner[r] / SIDE * (SIDE + 1) + model.inner[r] % SIDE];
        assert_int_equal(interval_protect(arena, &model, rows, &options, &result), ERR_OK);
        assert_int_equal(result.narrow, 0);
        for (size_t i = 0; i < ARRAY_LEN(status); i++)
                status[i] = result.pattern.status[i] == SUPPRESS_PUBLISHED ? AUDIT_PUBLISHED
                                                                           : AUDIT_PROTECTED;
        const struct audit_table seen = {which, 2, status, value};
        const struct audit_release published = {.dimensions = dimension,
                .dimensions_len = 2,
                .tables = &seen,
                .tables_len = 1,
                .zeros_published = true,
                .threshold = SMALL_BELOW,
                .told = &result.told};
        const struct audit_options asked = {.attacker = AUDIT_RULES, .width = 3};
        assert_int_equal(audit_run(arena, &published, &asked, &v), ERR_OK);
        assert_true(v.feasible && v.len > LARGE);
        assert_int_equal(v.audited, v.len);
        assert_int_equal(v.narrow, 0);
        arena_free(&arena);
}

/* The same square as an answer: rows are what a neighbour knows. */
static void square_fill(struct table *t)
{
        for (uint32_t i = 0; i < SIDE * SIDE; i++) {
                uint32_t r = i / SIDE, c = i % SIDE;
                int64_t n = 1 + (int64_t)(residue_mix(7, i) % 6);

                t->persons[r * (SIDE + 1) + c] += n;
                t->persons[r * (SIDE + 1) + SIDE] += n;
                t->persons[SIDE * (SIDE + 1) + c] += n;
                t->persons[SIDE * (SIDE + 1) + SIDE] += n;
        }
        for (size_t i = 0; i < t->cells_len; i++) {
                t->records[i] = t->persons[i];
                t->margin_persons[i] = t->persons[i / (SIDE + 1) * (SIDE + 1) + SIDE];
        }
}

static void a_large_answer_is_audited_whole_or_withheld(void **state)
{
        const struct disclosure_settings settings = {.threshold = SMALL_BELOW,
                .zeros_published = true,
                .secondary = true,
                .interval = 3,
                .audit_cells_max = 100};
        struct dimension dimension[2] = {{.len = SIDE, .identifying = true}, {.len = SIDE}};
        struct table t = {.dimensions = dimension, .dimensions_len = 2};
        struct arena *arena = arena_new((size_t)1 << 30);
        struct disclosure_seen *seen = NULL;
        struct disclosure_report r;
        size_t shown = 0;

        (void)state;
        assert_int_equal(table_alloc(arena, &t), ERR_OK);
        square_fill(&t);
        assert_int_equal(
                disclosure_protect_table_seen(arena, &t, &settings, NULL, &r, &seen), ERR_OK);
        assert_true(r.audit_of > LARGE && !r.hidden_all);
        assert_int_equal(r.audited, r.audit_of);
        assert_int_equal(r.narrow + r.exact + r.interval_unasked, 0);
        /* Memory hides one more. */
        while (t.status[shown] != CELL_VALUE)
                shown++;
        t.status[shown] = CELL_PROTECTED;
        t.persons[shown] = 0;
        size_t before = r.audit_of;
        assert_int_equal(disclosure_audit_table(arena, &t, seen, &settings, NULL, &r), ERR_OK);
        assert_int_equal(r.audit_of, before + 1);
        assert_true(r.audited >= before && !r.hidden_all);
        /* Who is told nothing can say nothing of so much, and then nothing leaves. */
        assert_int_equal(disclosure_audit_table(arena, &t, NULL, &settings, NULL, &r), ERR_OK);
        assert_int_equal(r.audited, 0);
        assert_true(r.hidden_all);
        for (size_t i = 0; i < t.cells_len; i++)
                assert_int_equal(t.status[i], CELL_PROTECTED);
        disclosure_seen_free(&seen);
        arena_free(&arena);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_path_proves_widths_without_a_program),
                cmocka_unit_test(what_is_forged_is_not_believed),
                cmocka_unit_test(a_table_too_large_for_programs_is_audited_whole),
                cmocka_unit_test(a_large_answer_is_audited_whole_or_withheld),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
