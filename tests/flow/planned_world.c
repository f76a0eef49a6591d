/* SPDX-License-Identifier: Apache-2.0 */
/* planned_world.c: see planned_world.h. */
#include "tests/flow/planned_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { GUARDIANS_FROM = 200000, PRIME = 2147483647 };

struct world world;
/* Two in each of four counties: one alone in its county is hidden there. */
const municipality_t town_numbers[TOWNS] = {114, 180, 1480, 1481, 380, 381, 580, 581};
const char *const town_codes[TOWNS] = {
        "0114", "0180", "1480", "1481", "0380", "0381", "0580", "0581"};
static const char *const part_codes[PARTS] = {"kvinna", "man"};

/* The world ---------------------------------------------------------------------------------- */

#define PLANNED_BY_THE_BUNDLE                                                                      \
        "    - [kommun, kon]\n"                                                                    \
        "    - [kommun, \"alder:grupp\"]\n"                                                        \
        "    - [\"kommun:lan\", kon, \"alder:grupp\"]\n"                                           \
        "    - [\"kommun:lan\", \"orsak:omrade\"]\n"                                               \
        "    - [\"kommun:lan\", \"anmalare:slag\"]\n"                                              \
        "    - [\"kommun:lan\", beslut]\n"                                                         \
        "    - [\"orsak:omrade\", kon, \"alder:grupp\"]\n"

static const char *planned;

static void replace_plan(const char *tables)
{
        world_edit(&world, ANMALAN, arena_printf(world.arena, "  tables:\n%s  by:", planned),
                arena_printf(world.arena, "  tables:\n%s  by:", tables));
        planned = tables;
}

void world_planned(const char *tables)
{
        world_make(&world);
        world_plan_only(&world, "anmalan");
        planned = PLANNED_BY_THE_BUNDLE;
        replace_plan(tables);
}

void world_open(void)
{
        policy_begin(&world);
        world_start(&world);
}

void plan(const char *tables)
{
        replace_plan(tables);
        assert_int_equal(policy_follow(&world), STATUS_OK);
}

void restart(void)
{
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
}

uint32_t town_rows(struct report *rows, uint32_t town, bool october)
{
        for (uint32_t i = 0; i < CHILDREN; i++) {
                uint32_t child = 1000 * town + i;
                int32_t day = october && i == 0 ? OCTOBER_DAY : 20 + (int32_t)i;

                rows[i] = (struct report){child, GUARDIANS_FROM + child, day, child};
        }
        return CHILDREN;
}

void towns_tell(uint32_t october)
{
        for (uint32_t t = 0; t < TOWNS; t++) {
                struct report rows[CHILDREN];
                uint32_t len = town_rows(rows, t, (october >> t & 1) != 0);

                (void)deliver_concerns(&world, town_numbers[t], rows, len);
        }
        (void)publish(&world);
}

static int64_t number_in(const struct wire_release *r, size_t cell)
{
        const struct table *t = &r->table;
        const struct measure *m = &t->measures[0];

        if (t->status[cell] != CELL_VALUE || (m->status != NULL && m->status[cell] != CELL_VALUE))
                return HIDDEN;
        return m->values[cell];
}

int64_t asked(const char *yaml)
{
        struct wire_release r;

        assert_int_equal(ask_yaml(&world, yaml, &r), STATUS_OK);
        assert_int_equal(r.protection.source, ANSWER_SOURCE_LEDGER);
        return number_in(&r, r.table.cells_len - 1);
}

/* Sums --------------------------------------------------------------------------------------- */

struct sum sum_of_part(uint32_t town, uint32_t part)
{
        struct sum s = {{0}};

        s.of[town * PARTS + part] = 1;
        return s;
}

struct sum sum_of_town(uint32_t town)
{
        return sum_and(sum_of_part(town, 0), sum_of_part(town, 1));
}

struct sum sum_and(struct sum a, struct sum b)
{
        for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                a.of[i] |= b.of[i];
        return a;
}

struct sum sum_but(struct sum a, struct sum b)
{
        for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                a.of[i] &= (uint8_t)!b.of[i];
        return a;
}

struct sum sum_of_all(void)
{
        struct sum s;

        memset(s.of, 1, sizeof s.of);
        return s;
}

/* What follows from what was told ------------------------------------------------------------- */

/* Numbers modulo a prime that is larger than any of ours, so that a quotient is exact. */
static uint64_t inverse(uint64_t of)
{
        uint64_t result = 1;

        for (uint64_t left = PRIME - 2; left > 0; left >>= 1) {
                if (left & 1)
                        result = result * of % PRIME;
                of = of * of % PRIME;
        }
        return result;
}

/* Takes what is known from a row, the sum's number in its last place. */
static void reduce(const struct told *t, uint64_t row[PART_OF_WORLD + 1])
{
        for (uint32_t k = 0; k < t->len; k++) {
                uint64_t times = row[t->pivot[k]];

                for (uint32_t i = 0; times != 0 && i <= PART_OF_WORLD; i++)
                        row[i] = (row[i] + (PRIME - times) * t->row[k][i]) % PRIME;
        }
}

static uint32_t first_left(const uint64_t row[PART_OF_WORLD + 1])
{
        uint32_t i = 0;

        while (i < PART_OF_WORLD && row[i] == 0)
                i++;
        return i;
}

void told_add(struct told *t, struct sum s, int64_t number)
{
        uint64_t row[PART_OF_WORLD + 1];

        for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                row[i] = s.of[i];
        row[PART_OF_WORLD] = (uint64_t)number;
        reduce(t, row);
        uint32_t pivot = first_left(row);

        if (pivot == PART_OF_WORLD) {
                assert_int_equal(row[PART_OF_WORLD], 0); /* else two cells contradict each other */
                return;
        }
        uint64_t scale = inverse(row[pivot]);

        for (uint32_t i = 0; i <= PART_OF_WORLD; i++)
                t->row[t->len][i] = row[i] * scale % PRIME;
        t->pivot[t->len++] = pivot;
}

bool told_sum(const struct told *t, struct sum s, int64_t *out)
{
        uint64_t row[PART_OF_WORLD + 1] = {0};

        for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                row[i] = s.of[i];
        reduce(t, row);
        if (first_left(row) < PART_OF_WORLD)
                return false;
        *out = (int64_t)((PRIME - row[PART_OF_WORLD]) % PRIME);
        return true;
}

uint32_t towns_told(const struct told *t)
{
        uint32_t n = 0;
        int64_t number;

        for (uint32_t i = 0; i < TOWNS; i++)
                n += told_sum(t, sum_of_town(i), &number);
        return n;
}

void assert_told(const struct told *t, uint32_t town, int64_t number)
{
        int64_t told = HIDDEN;

        assert_true(told_sum(t, sum_of_town(town), &told));
        assert_int_equal(told, number);
}

void assert_most_are_told(const struct told *t)
{
        assert_in_range(towns_told(t), MOST, TOWNS);
}

void assert_tells_of_nobody(const struct told *t, struct sum s, int64_t answer)
{
        int64_t number;

        if (!told_sum(t, s, &number) || number == answer)
                return;
        if (number < answer + THRESHOLD && number > answer - THRESHOLD)
                fail_msg("planned tables tell of %lld, and of %lld was told before: %lld",
                        (long long)number, (long long)answer, (long long)(number - answer));
}

/* Listening ----------------------------------------------------------------------------------- */

static bool is_code(const struct dimension *d, uint32_t at, const char *code)
{
        return bytes_is_text(d->categories[at].code, code);
}

static bool town_is_in(const struct dimension *d, uint32_t at, uint32_t town)
{
        char county[3] = {town_codes[town][0], town_codes[town][1], 0};

        return at == d->len ||
               is_code(d, at, bytes_is_text(d->level, "lan") ? county : town_codes[town]);
}

/* The parts of a cell; what nobody has told of is in no total either. */
static struct sum sum_of_cell(const struct table *t, const uint32_t *at)
{
        struct sum s = sum_of_all();

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];
                bool towns = bytes_is_text(dim->variable, "kommun");

                for (uint32_t i = 0; i < PART_OF_WORLD; i++)
                        s.of[i] &= towns ? town_is_in(dim, at[d], i / PARTS)
                                         : at[d] == dim->len ||
                                                   is_code(dim, at[d], part_codes[i % PARTS]);
        }
        return s;
}

/* A cell that is held tells of those who were in it in an earlier vintage. */
static void add_table(struct told *told, const struct wire_release *r)
{
        const struct table *t = &r->table;
        uint32_t at[DIMENSIONS_MAX];

        for (size_t cell = 0; cell < t->cells_len; cell++) {
                int64_t number = number_in(r, cell);

                if (number == HIDDEN || (t->held != NULL && t->held[cell] != 0))
                        continue;
                table_coordinates(t, cell, at);
                told_add(told, sum_of_cell(t, at), number);
        }
}

static void listen_to(struct told *t, const char *by, const char *measure, unsigned vintage)
{
        static const char *const periods[] = {"", "period: 2025\n"};
        const char *of = vintage == 0 ? "" : arena_printf(world.arena, "vintage: %u\n", vintage);

        for (unsigned p = 0; p < 2; p++) {
                struct wire_release r;

                assert_int_equal(
                        ask_yaml(&world,
                                arena_printf(world.arena,
                                        "dataset: anmalan\ndimensions: [%s]\nmeasures: [%s]\n%s%s",
                                        by, measure, periods[p], of),
                                &r),
                        STATUS_OK);
                assert_int_equal(r.protection.source, ANSWER_SOURCE_LATTICE);
                add_table(t, &r);
        }
}

void listen(struct told *t, const char *measure, unsigned vintage)
{
        static const char *const by[] = {"kommun, kon", "kommun", "kon", ""};

        for (unsigned i = 0; i < 4; i++)
                listen_to(t, by[i], measure, vintage);
}

void listen_to_the_country(struct told *t, const char *measure)
{
        listen_to(t, "kon", measure, 0);
        listen_to(t, "", measure, 0);
}

void listen_to_counties(struct told *t)
{
        listen_to(t, "\"kommun:lan\", kon", "persons", 0);
        listen_to(t, "\"kommun:lan\"", "persons", 0);
}
