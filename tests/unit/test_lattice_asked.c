/* SPDX-License-Identifier: Apache-2.0 */
/* test_lattice_asked.c: planned tables beside what was answered before them, by brute force.
 *
 * Everybody has one record, so every answer and every told cell is a sum over persons, and what
 * an attacker can compute of one person is a question of linear algebra. Answers are drawn near
 * to unions of planned cells and far from them; of every margin all unions are tried, and no rest
 * of 1 to k-1 persons by which an answer differs from one may be computed, unless it could be
 * before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/lattice_asked.h"
#include "tests/support/known_rows.h"
#include "tests/support/lattice_world.h"

enum { ARENA_MAX = 512 << 20, THRESHOLD = 5, ANSWERS_MAX = 64, PERSONS_MAX = 120, UNION_MAX = 14 };

struct told_answer {
        bool cells, records, closed, has_period;
        uint32_t removed;
        struct period period;
        uint8_t weight[PERSONS_MAX]; /* by person of the world */
};

struct asking {
        struct lattice_world world;
        struct view *view;
        struct lattice_source source;
        struct lattice_cube cube;
        struct arena *arena;
        struct told_answer answers[ANSWERS_MAX];
        uint32_t len;
        bool pairs;    /* sums and differences of two are tried, too */
        int32_t until; /* last day of what was delivered; 0: of 2024 */
};

/* Answers as they are recalled --------------------------------------------------------------- */

/* Numbers by person of the world; of who is not in the view numbers of nobody. */
static void number(const struct asking *a, struct persons *persons, uint32_t *out)
{
        const uint64_t *keys = view_record_keys(a->view);
        struct numbered all;

        assert_int_equal(persons_number(persons, a->view, NULL, &all), ERR_OK);
        for (uint32_t p = 0; p < PERSONS_MAX; p++) {
                out[p] = 1000000 + p;
                for (uint32_t i = 0; i < view_persons(a->view); i++)
                        if (keys[i] == (p + 1) * UINT64_C(0x9e3779b97f4a7c15))
                                out[p] = all.numbers[i];
        }
}

static enum err each(void *ctx, struct persons *persons, recall_visitor fn, void *fn_ctx)
{
        const struct asking *a = ctx;
        uint32_t numbers[PERSONS_MAX], list[PERSONS_MAX], weights[PERSONS_MAX];

        number(a, persons, numbers);
        for (uint32_t i = 0; i < a->len; i++) {
                const struct told_answer *t = &a->answers[i];
                struct recalled one = {.cells = t->cells,
                        .records = t->records,
                        .period = t->has_period ? &t->period : NULL,
                        .set = {.persons = list, .weights = t->records ? weights : NULL},
                        .closed = t->closed,
                        .removed = t->removed};

                for (uint32_t weight = 1; weight < 8; weight++)
                        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                                if (t->weight[p] == weight) {
                                        weights[one.set.len] = weight;
                                        list[one.set.len++] = numbers[p];
                                }
                if (one.set.len > 0)
                        assert_int_equal(fn(fn_ctx, &one), ERR_OK);
        }
        return ERR_OK;
}

static void publish(struct asking *a, bool with_answers)
{
        const struct lattice_recall recall = {each, a, THRESHOLD};

        a->arena = arena_new(ARENA_MAX);
        a->view = a->view != NULL ? a->view : lattice_world_view(&a->world);
        a->source = lattice_world_source(&a->world, a->view);
        if (a->until != 0)
                a->source.span.last = a->until;
        a->cube = (struct lattice_cube){0};
        assert_int_equal(lattice_count(&a->source, a->arena, &a->cube), ERR_OK);
        assert_int_equal(lattice_protect(&a->source, &a->cube, NULL, 0,
                                 with_answers ? &recall : NULL, a->arena),
                ERR_OK);
}

static void unpublish(struct asking *a)
{
        arena_free(&a->arena);
}

static void done(struct asking *a)
{
        unpublish(a);
        view_unref(&a->view);
        lattice_world_free(&a->world);
}

/* Cells as persons ---------------------------------------------------------------------------- */

static bool is_in(
        const struct asking *a, const struct table *t, size_t cell, const struct lattice_record *r)
{
        uint32_t at[DIMENSIONS_MAX + 1], lead = lattice_lead(&a->cube);

        if (r->gone)
                return false;
        table_coordinates(t, cell, at);
        if (lead > 0 && at[0] < t->dimensions[0].len &&
                (at[0] >= a->cube.years_len || r->day < a->cube.years[at[0]].first ||
                        r->day > a->cube.years[at[0]].last))
                return false;
        for (uint32_t d = lead; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];
                const struct variable *v =
                        &a->world.dataset
                                 .variables[variable_find(&a->world.dataset, dim->variable)];
                uint32_t level = (uint32_t)variable_level_find(v, dim->level);
                uint32_t code = bytes_is_text(dim->variable, "kommun")  ? r->place
                                : bytes_is_text(dim->variable, "orsak") ? r->reason
                                                                        : r->kon;

                if (at[d] == dim->len)
                        continue;
                uint32_t up = code_ancestor(v->codes, code, level);
                if (!bytes_equal(
                            v->codes->levels[level].codes[up].code, dim->categories[at[d]].code))
                        return false;
        }
        return true;
}

static void records_of(const struct asking *a, const struct table *t, size_t cell, uint64_t *row)
{
        memset(row, 0, PERSONS_MAX * sizeof(*row));
        for (uint32_t i = 0; i < a->world.records_len; i++)
                row[a->world.records[i].person] += is_in(a, t, cell, &a->world.records[i]);
}

static void persons_of(const struct asking *a, const struct table *t, size_t cell, uint64_t *row)
{
        records_of(a, t, cell, row);
        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                row[p] = row[p] != 0;
}

static void persons_asked(const struct told_answer *t, uint64_t *row)
{
        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                row[p] = t->weight[p];
}

static unsigned kept_by(const struct table *t, uint32_t lead, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX + 1];
        unsigned kept = 0;

        table_coordinates(t, cell, at);
        for (uint32_t d = lead; d < t->dimensions_len; d++)
                kept |= (unsigned)(at[d] < t->dimensions[d].len) << d;
        return kept;
}

/* The attack ------------------------------------------------------------------------------------
 */

struct attack {
        const struct asking *a;
        struct known before, after; /* without the planned tables, and with them */
        uint32_t near, told;
};

static void learn_all(struct attack *x)
{
        uint64_t row[PERSONS_MAX];

        for (uint32_t i = 0; i < x->a->len; i++) {
                persons_asked(&x->a->answers[i], row);
                known_learn(&x->before, row);
                known_learn(&x->after, row);
        }
        for (uint32_t t = 0; t < x->a->cube.tables_len; t++) {
                const struct table *of = &x->a->cube.tables[t];

                for (size_t i = 0; i < of->cells_len; i++) {
                        if (of->status[i] != CELL_VALUE)
                                continue;
                        persons_of(x->a, of, i, row);
                        known_learn(&x->after, row);
                        x->told++;
                }
        }
}

/* An answer without a union of cells; how many persons are left. */
static uint32_t rest_of(uint64_t (*of)[PERSONS_MAX], uint32_t len, uint32_t set,
        const uint64_t *asked, uint64_t *rest)
{
        uint32_t persons = 0;

        for (uint32_t p = 0; p < PERSONS_MAX && persons < THRESHOLD; p++) {
                rest[p] = asked[p];
                for (uint32_t c = 0; c < len; c++)
                        if (set >> c & 1)
                                rest[p] += KNOWN_PRIME - of[c][p];
                rest[p] %= KNOWN_PRIME;
                persons += rest[p] != 0;
        }
        return persons;
}

/* Every union of a margin's cells beside something that can be had from answers. What equals one is
 * no secret, and whole cells that are left of it then are not either, but for each alone. */
static void try_unions(struct attack *x, uint64_t (*of)[PERSONS_MAX], uint32_t len,
        const uint64_t *asked, const char *what)
{
        uint64_t rest[PERSONS_MAX];

        for (uint32_t set = 1; set < 1u << len; set++)
                if (rest_of(of, len, set, asked, rest) == 0)
                        return;
        for (uint32_t set = 1; set < 1u << len; set++) {
                uint32_t persons = rest_of(of, len, set, asked, rest);

                if (persons >= THRESHOLD || known_gives(&x->before, rest))
                        continue;
                x->near++;
                if (known_gives(&x->after, rest))
                        print_error("%s, union %x: %u\n", what, set, persons);
                assert_false(known_gives(&x->after, rest));
        }
}

static void try_margin(struct attack *x, const struct table *t, const size_t *cells, uint32_t len)
{
        uint64_t of[UNION_MAX][PERSONS_MAX], one[PERSONS_MAX], two[PERSONS_MAX];

        assert_true(len <= UNION_MAX);
        for (uint32_t i = 0; i < len; i++)
                persons_of(x->a, t, cells[i], of[i]);
        for (uint32_t i = 0; i < x->a->len; i++) {
                persons_asked(&x->a->answers[i], one);
                try_unions(x, of, len, one, "an answer");
                for (uint32_t k = 0; k < i && x->a->pairs; k++) {
                        persons_asked(&x->a->answers[k], two);
                        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                                two[p] += one[p];
                        try_unions(x, of, len, two, "a sum");
                        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                                two[p] = (2 * one[p] + KNOWN_PRIME - two[p]) % KNOWN_PRIME;
                        try_unions(x, of, len, two, "a difference");
                }
        }
}

/* What planned tables protect by themselves is not to be had with answers either. */
static void try_small(struct attack *x, const struct table *t)
{
        uint64_t row[PERSONS_MAX];

        for (size_t i = 0; i < t->cells_len; i++) {
                uint32_t persons = 0;

                persons_of(x->a, t, i, row);
                for (uint32_t p = 0; p < PERSONS_MAX; p++)
                        persons += row[p] != 0;
                if (persons == 0 || persons >= THRESHOLD || known_gives(&x->before, row))
                        continue;
                if (known_gives(&x->after, row))
                        print_error("cell %zu of %u: %u persons\n", i, t->status[i], persons);
                assert_false(known_gives(&x->after, row));
        }
}

static bool is_empty(const struct asking *a, const struct table *t, size_t cell)
{
        uint64_t row[PERSONS_MAX];
        bool any = false;

        persons_of(a, t, cell, row);
        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                any |= row[p] != 0;
        return !any;
}

static void attack(const struct asking *a, uint32_t *near, uint32_t *told)
{
        struct attack x = {.a = a, .before.width = PERSONS_MAX, .after.width = PERSONS_MAX};
        uint32_t lead = lattice_lead(&a->cube);

        learn_all(&x);
        for (uint32_t t = 0; t < a->cube.tables_len; t++) {
                const struct table *of = &a->cube.tables[t];

                try_small(&x, of);
                for (unsigned kept = 0; kept < 1u << of->dimensions_len; kept++) {
                        size_t cells[UNION_MAX];
                        uint32_t len = 0;

                        for (size_t i = 0; i < of->cells_len; i++) {
                                if (kept_by(of, lead, i) != kept || is_empty(a, of, i))
                                        continue;
                                assert_true(len < UNION_MAX);
                                cells[len++] = i;
                        }
                        if (len > 0)
                                try_margin(&x, of, cells, len);
                }
        }
        *near += x.near;
        *told += x.told;
        known_done(&x.before);
        known_done(&x.after);
}

/* Worlds ------------------------------------------------------------------------------------- */

static void make(struct asking *a, uint32_t persons, uint64_t seed)
{
        memset(a, 0, sizeof(*a));
        lattice_world_make(&a->world, persons, seed);
        for (uint32_t i = 0; i < persons; i++) {
                a->world.records[i].person = i;
                a->world.records[i].kon = (uint8_t)lattice_random(&a->world, 2);
                a->world.records[i].gone = lattice_random(&a->world, 40) == 0;
        }
}

/* Some places, one sex or both, and a few persons more or less. */
static void draw(struct asking *a, uint32_t most)
{
        struct told_answer *t = &a->answers[a->len++];
        uint64_t places = lattice_random(&a->world, 1 << 16), kon = lattice_random(&a->world, 3);
        uint64_t flips = lattice_random(&a->world, most);

        t->cells = true;
        for (uint32_t i = 0; i < a->world.records_len; i++) {
                const struct lattice_record *r = &a->world.records[i];

                t->weight[r->person] = !r->gone && (places >> r->place % 16 & 1) != 0 &&
                                       (kon == 2 || kon == r->kon);
        }
        for (uint64_t f = 0; f < flips; f++) {
                uint64_t i = lattice_random(&a->world, a->world.records_len);
                uint32_t p = a->world.records[i].person;

                t->weight[p] = !t->weight[p];
        }
}

/* The last answer becomes two that nobody would take for one. */
static void split(struct asking *a)
{
        struct told_answer *one = &a->answers[a->len - 1], *other = &a->answers[a->len++];

        other->cells = true;
        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                if (one->weight[p] != 0 && lattice_random(&a->world, 2) == 0) {
                        one->weight[p] = 0;
                        other->weight[p] = 1;
                }
}

struct found {
        uint32_t near, told, all;
};

static void try_world(uint64_t seed, bool pairs, struct found *out)
{
        struct asking *a = calloc(1, sizeof(*a));
        uint32_t before = 0;

        make(a, 60 + 3 * (uint32_t)(seed % 20), seed);
        lattice_world_plan(&a->world, seed % 3 == 0 ? "kommun:lan,kon" : "kommun,kon");
        if (seed % 2 == 0)
                lattice_world_plan(&a->world, "kommun:lan");
        publish(a, false);
        attack(a, &before, &out->all);
        unpublish(a);
        for (uint32_t n = 1 + (uint32_t)(seed % 5); n > 0; n--) {
                draw(a, seed % 7 == 0 ? 40 : 6);
                if (pairs)
                        split(a);
        }
        a->pairs = pairs;
        publish(a, true);
        attack(a, &out->near, &out->told);
        done(a);
        free(a);
}

static void no_rest_of_few_can_be_computed(void **state)
{
        struct found f = {0};

        (void)state;
        for (uint64_t seed = 1; seed <= 60; seed++)
                try_world(seed, false, &f);
        print_message("%u near unions, %u of %u cells told\n", f.near, f.told, f.all);
        assert_true(f.near > 200);
        assert_true(f.told > f.all / 2);
}

static void nor_of_sums_and_differences_of_two_answers(void **state)
{
        struct found f = {0};

        (void)state;
        for (uint64_t seed = 1001; seed <= 1040; seed++)
                try_world(seed, true, &f);
        print_message("%u near unions, %u of %u cells told\n", f.near, f.told, f.all);
        assert_true(f.near > 200);
        assert_true(f.told > f.all / 2);
}

/* Persons in several cells --------------------------------------------------------------------- */

enum { INNER = 16 };

/* Records by place and sex, as whoever adds cells up takes them for. */
static void inner_of(const struct asking *a, const struct table *t, size_t cell, uint64_t *row)
{
        uint16_t places[INNER / 2];
        uint32_t len = 0;

        memset(row, 0, INNER * sizeof(*row));
        for (uint32_t i = 0; i < a->world.records_len; i++) {
                const struct lattice_record *r = &a->world.records[i];
                uint32_t at = 0;

                while (at < len && places[at] != r->place)
                        at++;
                assert_true(at < INNER / 2);
                places[at] = r->place;
                len += at == len;
                row[2 * at + r->kon] |= t == NULL ? 0 : is_in(a, t, cell, r);
        }
}

/* Everybody has three records, nearly always in one place. */
static void make_movers(struct asking *a, uint64_t seed)
{
        memset(a, 0, sizeof(*a));
        lattice_world_make(&a->world, 300, seed);
        uint16_t home[PERSONS_MAX] = {0};

        for (uint32_t i = 0; i < 300; i++) {
                struct lattice_record *r = &a->world.records[i];

                assert_true(r->person < PERSONS_MAX);
                if (home[r->person] == 0)
                        home[r->person] = r->place;
                else if (lattice_random(&a->world, 30) != 0)
                        r->place = home[r->person];
        }
}

/* The union of a margin's cells that is nearest to an answer is not told as a sum of planned cells.
 */
static void try_movers(const struct asking *a, const struct known *told, uint32_t *near)
{
        const struct table *t = &a->cube.tables[0];
        uint64_t asked[PERSONS_MAX], rest[PERSONS_MAX], sum[INNER], inner[UNION_MAX][INNER];
        uint64_t of[UNION_MAX][PERSONS_MAX];

        for (unsigned kept = 0; kept < 1u << t->dimensions_len; kept++) {
                uint32_t len = 0;

                for (size_t i = 0; i < t->cells_len; i++) {
                        if (kept_by(t, 0, i) != kept || is_empty(a, t, i))
                                continue;
                        assert_true(len < UNION_MAX);
                        persons_of(a, t, i, of[len]);
                        inner_of(a, t, i, inner[len++]);
                }
                for (uint32_t k = 0; k < a->len; k++) {
                        uint32_t best = THRESHOLD, nearest = 0, ties = 0;

                        persons_asked(&a->answers[k], asked);
                        for (uint32_t set = 1; set < 1u << len; set++) {
                                uint32_t persons = rest_of(of, len, set, asked, rest);

                                ties = persons < best ? 0 : ties + (persons == best);
                                nearest = persons < best ? set : nearest;
                                best = persons < best ? persons : best;
                        }
                        if (best == 0 || best == THRESHOLD || ties > 0)
                                continue;
                        memset(sum, 0, sizeof(sum));
                        for (uint32_t c = 0; c < len; c++)
                                for (uint32_t i = 0; i < INNER && nearest >> c & 1; i++)
                                        sum[i] += inner[c][i];
                        ++*near;
                        assert_false(known_gives(told, sum));
                }
        }
}

static void nor_is_the_nearest_union_told_where_persons_stand_in_several_cells(void **state)
{
        uint32_t near = 0;

        (void)state;
        for (uint64_t seed = 1; seed <= 30; seed++) {
                struct asking *a = calloc(1, sizeof(*a));
                struct known told = {.width = INNER};
                uint64_t row[INNER];

                make_movers(a, seed);
                lattice_world_plan(&a->world, "kommun,kon");
                for (uint32_t n = 0; n < 48; n++)
                        draw(a, 6);
                publish(a, true);
                for (size_t i = 0; i < a->cube.tables[0].cells_len; i++)
                        if (a->cube.tables[0].status[i] == CELL_VALUE) {
                                inner_of(a, &a->cube.tables[0], i, row);
                                known_learn(&told, row);
                        }
                try_movers(a, &told, &near);
                known_done(&told);
                done(a);
                free(a);
        }
        print_message("%u near unions\n", near);
        assert_true(near > 200);
}

/* Directed ones ---------------------------------------------------------------------------- */

/* What planned tables tell, as persons or as records. */
static struct known planned(const struct asking *a, bool records)
{
        struct known k = {.width = PERSONS_MAX};
        uint64_t row[PERSONS_MAX];

        for (uint32_t t = 0; t < a->cube.tables_len; t++) {
                const struct table *of = &a->cube.tables[t];

                for (size_t i = 0; i < of->cells_len; i++) {
                        if (of->status[i] != CELL_VALUE)
                                continue;
                        if (records)
                                records_of(a, of, i, row);
                        else
                                persons_of(a, of, i, row);
                        known_learn(&k, row);
                }
        }
        return k;
}

/* Everybody of a place, each as often as there are records of her. */
static struct told_answer *ask_place(struct asking *a, uint16_t place)
{
        struct told_answer *t = &a->answers[a->len++];

        memset(t, 0, sizeof(*t));
        t->cells = true;
        for (uint32_t i = 0; i < a->world.records_len; i++)
                if (!a->world.records[i].gone && a->world.records[i].place == place)
                        t->weight[a->world.records[i].person]++;
        return t;
}

static bool gives(struct asking *a, bool records, uint16_t place)
{
        const struct told_answer *before = &a->answers[a->len];
        struct known k = planned(a, records);
        uint64_t row[PERSONS_MAX];

        (void)ask_place(a, place);
        persons_asked(before, row);
        a->len--;
        bool told = known_gives(&k, row);
        known_done(&k);
        return told;
}

/* Four places of twenty-eight, each with two records. */
static void make_even(struct asking *a)
{
        memset(a, 0, sizeof(*a));
        lattice_world_make(&a->world, 224, 7);
        uint16_t places[4];

        for (uint32_t i = 0; i < 4; i++) {
                static const char *const codes[] = {"0180", "0184", "1480", "2580"};

                places[i] = (uint16_t)code_find(
                        policy_municipalities(a->world.policy), bytes_of_text(codes[i]));
        }
        for (uint32_t i = 0; i < 224; i++) {
                struct lattice_record *r = &a->world.records[i];

                r->person = i / 2;
                r->place = places[i / 56];
                r->kon = (uint8_t)(i / 2 % 2);
                r->day = days_from_civil((struct civil){2023 + (int)(i % 2), 6, 1});
        }
        lattice_world_plan(&a->world, "kommun");
}

static void one_record_of_a_person_who_has_two_is_not_told(void **state)
{
        struct asking *a = calloc(1, sizeof(*a));

        (void)state;
        make_even(a);
        publish(a, false);
        assert_true(gives(a, true, a->world.records[0].place));
        unpublish(a);
        struct told_answer *t = ask_place(a, a->world.records[0].place);
        t->records = true;
        t->weight[3] = 1;
        publish(a, true);
        assert_false(gives(a, true, a->world.records[0].place));
        assert_true(gives(a, true, a->world.records[223].place) ||
                    gives(a, true, a->world.records[167].place));
        done(a);
        free(a);
}

static void what_a_closed_vintage_told_is_not_taken_to_be_equal(void **state)
{
        struct asking *a = calloc(1, sizeof(*a));

        (void)state;
        make_even(a);
        struct told_answer *t = ask_place(a, a->world.records[0].place);
        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                t->weight[p] = t->weight[p] != 0;
        publish(a, true);
        assert_true(gives(a, true, a->world.records[0].place));
        unpublish(a);
        t->closed = true;
        t->removed = 1;
        publish(a, true);
        assert_false(gives(a, true, a->world.records[0].place));
        done(a);
        free(a);
}

enum { RECORDS = 224 };

/* Whether planned tables tell how many records of a place there are in two years. */
static bool gives_years(const struct asking *a, uint16_t place)
{
        struct known k = {.width = RECORDS};
        uint64_t row[RECORDS];

        for (size_t i = 0; i < a->cube.tables[0].cells_len; i++) {
                if (a->cube.tables[0].status[i] != CELL_VALUE)
                        continue;
                for (uint32_t r = 0; r < RECORDS; r++)
                        row[r] = is_in(a, &a->cube.tables[0], i, &a->world.records[r]);
                known_learn(&k, row);
        }
        for (uint32_t r = 0; r < RECORDS; r++)
                row[r] = a->world.records[r].place == place &&
                         civil_from_days(a->world.records[r].day).year < 2025;
        bool told = known_gives(&k, row);
        known_done(&k);
        return told;
}

/* Records of 2025, so that two years are not all. */
static void sums_over_the_years_that_were_asked_about_are_compared(void **state)
{
        struct asking *a = calloc(1, sizeof(*a));

        (void)state;
        make_even(a);
        for (uint32_t i = 0; i < RECORDS; i++)
                if (i % 56 < 28)
                        a->world.records[i].day = days_from_civil((struct civil){2025, 6, 1});
        a->world.dataset.lattice.by_year = true;
        a->until = days_from_civil((struct civil){2025, 12, 31});
        struct told_answer *t = ask_place(a, a->world.records[0].place);
        t->records = t->has_period = true;
        t->period = (struct period){days_from_civil((struct civil){2023, 1, 1}),
                days_from_civil((struct civil){2024, 12, 31})};
        for (uint32_t p = 0; p < 14; p++)
                t->weight[p] = 0;
        t->weight[20] = 1;
        publish(a, false);
        assert_true(gives_years(a, a->world.records[0].place));
        unpublish(a);
        publish(a, true);
        assert_false(gives_years(a, a->world.records[0].place));
        assert_true(gives_years(a, a->world.records[60].place) ||
                    gives_years(a, a->world.records[120].place));
        done(a);
        free(a);
}

/* Of twenty-eight of whom so many have this and so many that, and of twenty-seven of whom others
 * have. */
static void of_a_row_that_was_told_in_parts_no_part_is_planned(void **state)
{
        struct asking *a = calloc(1, sizeof(*a));
        uint64_t row[PERSONS_MAX];

        (void)state;
        make_even(a);
        for (uint32_t i = 0; i < 224; i++)
                a->world.records[i].reason = (uint8_t)(i / 2 % 3);
        lattice_world_plan(&a->world, "kommun,orsak");
        for (uint32_t with = 0; with < 2; with++) {
                if (with == 1) {
                        struct told_answer *t = ask_place(a, a->world.records[0].place);

                        t->cells = false;
                        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                                t->weight[p] = t->weight[p] != 0 && p != 3;
                }
                publish(a, with == 1);
                struct known k = planned(a, false);
                for (uint32_t reason = 0; reason < 3; reason++) {
                        for (uint32_t p = 0; p < PERSONS_MAX; p++)
                                row[p] = p < 28 && p % 3 == reason;
                        assert_true(known_gives(&k, row) == (with == 0));
                }
                known_done(&k);
                unpublish(a);
        }
        done(a);
        free(a);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(no_rest_of_few_can_be_computed),
                cmocka_unit_test(nor_of_sums_and_differences_of_two_answers),
                cmocka_unit_test(
                        nor_is_the_nearest_union_told_where_persons_stand_in_several_cells),
                cmocka_unit_test(one_record_of_a_person_who_has_two_is_not_told),
                cmocka_unit_test(what_a_closed_vintage_told_is_not_taken_to_be_equal),
                cmocka_unit_test(sums_over_the_years_that_were_asked_about_are_compared),
                cmocka_unit_test(of_a_row_that_was_told_in_parts_no_part_is_planned),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
