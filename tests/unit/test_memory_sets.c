/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory_sets.c: who is in a question that was asked under another linkage, as the ledger is
 * told of it, held against brute force.
 *
 * A few records, whose they are as the data set's own linkage has it, and two linkages that split
 * some persons. A question is a set of records, asked under any of the three. The oracle knows
 * nothing of keys, ordinals or classes: it counts, for each person of the own linkage, how much of
 * an answer is hers, and after every answer asks of every few persons whether some combination of
 * all that was told is about them alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "gateway/memory_sets.h"
#include "gateway/query/engine.h"
#include "tests/support/linked_world.h"

enum { ROWS = 14, PERSONS = 8, LINKAGES = 3, QUESTIONS = 14, WORLDS = 400 };

/* What is made up ------------------------------------------------------------------------------ */

struct plan {
        char nothing;
};
static uint32_t asked;         /* records, by ordinal */
static const uint32_t *weighs; /* each person of the view instead; or NULL */

enum err plan_make(const struct plan_scope *scope, const struct query *q, struct arena *arena,
        struct plan **out, struct refusal *why)
{
        static struct plan only;

        (void)scope;
        (void)q;
        (void)arena;
        (void)why;
        *out = &only;
        return ERR_OK;
}

/* One cell. */
enum err plan_members_counted(const struct plan *plan, const struct view *view, struct arena *arena,
        const atomic_bool *cancel, struct plan_members *out)
{
        const uint32_t *starts = view_person_starts(view), *ordinals = view_ordinals(view);
        uint32_t n = 0;

        (void)plan;
        (void)cancel;
        *out = (struct plan_members){.shape = arena_alloc(arena, 1, sizeof *out->shape),
                .starts = arena_alloc(arena, 2, sizeof *out->starts),
                .persons = arena_alloc(arena, ROWS, sizeof *out->persons),
                .records = arena_alloc(arena, ROWS, sizeof *out->records)};
        if (out->shape == NULL || out->starts == NULL || out->persons == NULL ||
                out->records == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t p = 0; p < view_persons(view); p++) {
                uint32_t records = 0;

                for (uint32_t row = starts[p]; row < starts[p + 1]; row++)
                        records += asked >> ordinals[row] & 1;
                out->persons[n] = p;
                out->records[n] = weighs != NULL ? weighs[p] : records;
                n += records > 0;
        }
        out->shape->cells_len = 1;
        out->starts[1] = n;
        return ERR_OK;
}

enum err plan_members(const struct plan *plan, const struct view *view, bool margin,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        (void)margin;
        TRY(plan_members_counted(plan, view, arena, cancel, out));
        out->records = NULL;
        return ERR_OK;
}

enum err plan_rows_members(const struct plan_rows *rows, bool margin, bool counted,
        struct arena *arena, const atomic_bool *cancel, struct plan_members *out)
{
        (void)rows;
        (void)margin;
        (void)counted;
        (void)arena;
        (void)cancel;
        (void)out;
        return ERR_INTERNAL; /* none are kept */
}

/* Records and whose they are ------------------------------------------------------------------- */

static uint64_t state_of_chance = 1;

static uint32_t chance(uint32_t below)
{
        state_of_chance = state_of_chance * UINT64_C(6364136223846793005) + 1442695040888963407u;
        return (uint32_t)(state_of_chance >> 33) % below;
}

struct town {
        struct linked_schema schema;
        uint32_t who[LINKAGES][ROWS]; /* the first is the data set's own */
        struct view *views[LINKAGES];
        struct persons *persons;
        struct ledger *ledger;
};

/* Every linkage has the records in an order of its own. */
static struct view *see(const struct town *t, uint32_t linkage)
{
        static const void *nothing[WORLD_VARIABLES];
        static const uint16_t places[ROWS];
        uint8_t tokens[ROWS][16] = {{0}};
        uint64_t keys[ROWS];
        uint32_t ordinals[ROWS];
        struct view *v = NULL;

        for (uint32_t i = 0; i < ROWS; i++) {
                uint32_t record = (i * (2 * linkage + 1)) % ROWS;
                uint64_t name = (t->who[linkage][record] + 1) * UINT64_C(0x9e3779b97f4a7c15);

                ordinals[i] = record;
                keys[i] = name * (linkage + 3) ^ linkage << 20;
                memcpy(tokens[i], &keys[i], sizeof keys[i]);
        }
        const struct view_plain plain = {.dataset = &t->schema.datasets[0],
                .rows = ROWS,
                .tokens = tokens[0],
                .municipalities = places,
                .columns = nothing,
                .record_keys = keys,
                .ordinals = ordinals};
        assert_int_equal(view_from_plain(&plain, 1, &v), ERR_OK);
        return v;
}

static void town_make(struct town *t, uint32_t k)
{
        const struct ledger_options options = {.threshold = k, .memory_ceiling = 1 << 24};

        memset(t, 0, sizeof *t);
        linked_schema_make(&t->schema);
        for (uint32_t i = 0; i < ROWS; i++) {
                t->who[0][i] = chance(PERSONS);
                for (uint32_t l = 1; l < LINKAGES; l++)
                        t->who[l][i] = t->who[0][i] + (chance(3) == 0 ? 100 * (1 + chance(2)) : 0);
        }
        for (uint32_t l = 0; l < LINKAGES; l++)
                t->views[l] = see(t, l);
        assert_int_equal(persons_new(&t->persons), ERR_OK);
        assert_int_equal(ledger_new(&options, &t->ledger), ERR_OK);
}

static void town_done(struct town *t)
{
        for (uint32_t l = 0; l < LINKAGES; l++)
                view_unref(&t->views[l]);
        persons_free(&t->persons);
        ledger_free(&t->ledger);
}

/* Whether the set of records that is asked for may be told. */
static bool may_tell(struct town *t, uint32_t linkage, bool records)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        static struct rules_linkage rules;
        static const struct policy_linkage any = {.rules = &rules};
        const struct memory_ask ask = {.linkage = &any, .dataset = &t->schema.datasets[0]};
        const struct memory_question q = {.cells = true, .records = records};
        struct rows rows;
        uint8_t verdict;

        assert_int_equal(
                memory_rows(t->persons, &ask, t->views[linkage], t->views[0], &q, arena, &rows),
                ERR_OK);
        assert_int_equal(rows.len, 1);
        assert_int_equal(ledger_grow(t->ledger, persons_len(t->persons)), ERR_OK);
        assert_int_equal(ledger_judge(t->ledger, rows.sets, 1, &verdict), ERR_OK);
        if (ledger_allows(verdict))
                ledger_commit(t->ledger);
        else
                ledger_forget(t->ledger);
        return ledger_allows(verdict);
}

/* The oracle ----------------------------------------------------------------------------------- */

enum { PRIME = 1000003 };

struct told {
        uint32_t of[QUESTIONS][PERSONS]; /* how much of an answer is each person's */
        uint32_t len;
};

static void count(const struct town *t, uint32_t linkage, bool records, uint32_t *out)
{
        memset(out, 0, PERSONS * sizeof *out);
        for (uint32_t i = 0; i < ROWS; i++) {
                bool again = false;

                if ((asked >> i & 1) == 0)
                        continue;
                for (uint32_t k = 0; k < i; k++)
                        again |= (asked >> k & 1) != 0 && t->who[linkage][k] == t->who[linkage][i];
                out[t->who[0][i]] += records || !again;
        }
}

static uint64_t inverse(uint64_t x)
{
        uint64_t result = 1;

        for (uint32_t e = PRIME - 2; e > 0; e /= 2, x = x * x % PRIME)
                if (e % 2 == 1)
                        result = result * x % PRIME;
        return result;
}

/* Of the columns that are not in `without`. */
static uint32_t rank(const struct told *t, uint32_t without)
{
        uint64_t m[QUESTIONS][PERSONS];
        uint32_t done = 0;

        for (uint32_t i = 0; i < t->len; i++)
                for (uint32_t p = 0; p < PERSONS; p++)
                        m[i][p] = (without >> p & 1) != 0 ? 0 : t->of[i][p];
        for (uint32_t p = 0; p < PERSONS && done < t->len; p++) {
                uint32_t at = done;
                uint64_t row[PERSONS];

                while (at < t->len && m[at][p] == 0)
                        at++;
                if (at == t->len)
                        continue;
                memcpy(row, m[at], sizeof row);
                memcpy(m[at], m[done], sizeof row);
                memcpy(m[done], row, sizeof row);
                for (uint32_t i = done + 1; i < t->len; i++) {
                        uint64_t factor = m[i][p] * inverse(row[p]) % PRIME;

                        for (uint32_t c = 0; c < PERSONS; c++)
                                m[i][c] = (m[i][c] + (PRIME - factor) * row[c]) % PRIME;
                }
                done++;
        }
        return done;
}

/* No combination is about 1 .. k-1 persons alone. */
static bool is_safe(const struct told *t, uint32_t k)
{
        uint32_t whole = rank(t, 0);

        for (uint32_t few = 1; few < 1u << PERSONS; few++)
                if ((uint32_t)__builtin_popcount(few) < k && rank(t, few) < whole)
                        return false;
        return true;
}

static void verdicts_under_three_linkages_are_those_of_brute_force(void **state)
{
        unsigned allowed = 0, refused = 0;

        (void)state;
        for (unsigned w = 0; w < WORLDS; w++) {
                uint32_t k = 2 + w % 3;
                struct told told = {.len = 0};
                bool records = w % 4 == 3;
                struct town t;

                town_make(&t, k);
                for (unsigned n = 0; n < QUESTIONS; n++) {
                        uint32_t linkage = chance(LINKAGES);

                        /* Large ones, some all, and some that were asked before. */
                        asked = n > 0 && chance(4) == 0 ? asked : chance(1 << ROWS);
                        asked |= chance(3) == 0 ? 0 : chance(1 << ROWS);
                        count(&t, linkage, records, told.of[told.len]);
                        told.len++;
                        bool safe = is_safe(&told, k);

                        assert_int_equal(may_tell(&t, linkage, records), safe);
                        told.len -= !safe;
                        allowed += safe;
                        refused += !safe;
                }
                town_done(&t);
        }
        assert_true(allowed > WORLDS && refused > WORLDS);
}

/* In one set: what each weighs, the lightest first. */
static void who_is_several_weighs_as_many(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        static struct rules_linkage rules;
        static const struct policy_linkage any = {.rules = &rules};
        const struct memory_question q = {.cells = true};
        struct town t;
        struct rows rows;

        (void)state;
        town_make(&t, 2);
        for (uint32_t l = 0; l < LINKAGES; l++)
                view_unref(&t.views[l]);
        for (uint32_t i = 0; i < ROWS; i++) {
                t.who[0][i] = i / 4;
                t.who[1][i] = i < 4 ? 50 + i : i < 6 ? 60 : i / 4;
        }
        t.views[0] = see(&t, 0);
        t.views[1] = see(&t, 1);
        asked = (1 << ROWS) - 1;
        const struct memory_ask ask = {.linkage = &any, .dataset = &t.schema.datasets[0]};

        assert_int_equal(
                memory_rows(t.persons, &ask, t.views[1], t.views[0], &q, arena, &rows), ERR_OK);
        assert_int_equal(rows.sets[0].len, 4);
        assert_non_null(rows.sets[0].weights);
        assert_int_equal(rows.sets[0].weights[0], 1);
        assert_int_equal(rows.sets[0].weights[1], 1);
        assert_int_equal(rows.sets[0].weights[2], 2);
        assert_int_equal(rows.sets[0].weights[3], 4);
        town_done(&t);
}

static void the_lightest_come_first_however_much_they_weigh(void **state)
{
        static const uint32_t heavy[PERSONS] = {70000, 3, 256, 255, UINT32_MAX, 3, 65536, 1 << 24};
        static const uint32_t order[PERSONS] = {1, 5, 3, 2, 6, 0, 7, 4};
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        static struct rules_linkage rules;
        static const struct policy_linkage any = {.rules = &rules};
        const struct memory_question q = {.cells = true, .records = true};
        struct town t;
        struct rows rows;

        (void)state;
        town_make(&t, 2);
        view_unref(&t.views[0]);
        for (uint32_t i = 0; i < ROWS; i++)
                t.who[0][i] = i % PERSONS;
        t.views[0] = see(&t, 0);
        asked = (1 << ROWS) - 1;
        weighs = heavy;
        const struct memory_ask ask = {.linkage = &any, .dataset = &t.schema.datasets[0]};

        assert_int_equal(memory_rows(t.persons, &ask, t.views[0], NULL, &q, arena, &rows), ERR_OK);
        weighs = NULL;
        assert_int_equal(rows.sets[0].len, PERSONS);
        for (uint32_t i = 0; i < PERSONS; i++) {
                assert_int_equal(rows.sets[0].weights[i], heavy[order[i]]);
                assert_int_equal(rows.sets[0].persons[i], order[i]);
        }
        town_done(&t);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(verdicts_under_three_linkages_are_those_of_brute_force),
                cmocka_unit_test(who_is_several_weighs_as_many),
                cmocka_unit_test(the_lightest_come_first_however_much_they_weigh),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
