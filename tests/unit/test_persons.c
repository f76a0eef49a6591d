/* SPDX-License-Identifier: Apache-2.0 */
/* test_persons.c: who has which number in the memory of a data set, under its own linkage and under
 * others, which have other tokens, other record keys and another order of rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "gateway/memory_persons.h"
#include "tests/support/linked_world.h"

enum { ROWS = 12, NOBODY = 99, ROWS_MAX = 64, WORLDS = 300 };

static struct linked_schema schema;
static struct persons *persons;

static int setup(void **state)
{
        (void)state;
        linked_schema_make(&schema);
        assert_int_equal(persons_new(&persons), ERR_OK);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        persons_free(&persons);
        return 0;
}

static uint64_t mix(uint64_t x)
{
        x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
        return x ^ x >> 31;
}

/* Records, and whose they are as some linkage has it. */
struct records {
        uint32_t rows, salt;           /* of the linkage: tokens and keys */
        const uint32_t *who, *ordinal; /* by row; NULL: its place */
};

/* As the view of `dataset`, with nobody else. */
static void see_part(const struct records *r, uint32_t dataset, struct view_plain *out,
        uint8_t (*tokens)[16], uint64_t *keys)
{
        static const void *nothing[WORLD_VARIABLES];
        static const uint16_t places[ROWS_MAX];

        for (uint32_t i = 0; i < r->rows; i++) {
                uint64_t key = mix(1000 * (uint64_t)r->salt + r->who[i] + 1);

                memset(tokens[i], 0, sizeof tokens[i]);
                keys[i] = 0;
                if (r->who[i] == NOBODY)
                        continue;
                keys[i] = key;
                key = mix(key);
                memcpy(tokens[i], &key, sizeof key);
        }
        *out = (struct view_plain){.dataset = &schema.datasets[dataset],
                .rows = r->rows,
                .tokens = tokens[0],
                .municipalities = places,
                .columns = nothing,
                .record_keys = keys,
                .ordinals = r->ordinal};
}

static struct view *see(const struct records *r)
{
        uint8_t tokens[ROWS_MAX][16];
        uint64_t keys[ROWS_MAX];
        struct view_plain plain;
        struct view *v = NULL;

        see_part(r, 0, &plain, tokens, keys);
        assert_int_equal(view_from_plain(&plain, 1, &v), ERR_OK);
        return v;
}

/* By ordinal, the number of the person whose record it is. */
static void numbers_by_record(const struct view *v, const struct numbered *n, uint32_t *out)
{
        const uint32_t *starts = view_person_starts(v);

        for (uint32_t p = 0; p < view_persons(v); p++)
                for (uint32_t row = starts[p]; row < starts[p + 1]; row++)
                        out[view_ordinals(v)[row]] = n->numbers[p];
}

static enum err number(
        const struct records *of, const struct records *home, uint32_t *out, bool *repeated)
{
        struct view *v = see(of), *h = home != NULL ? see(home) : NULL;
        struct numbered n;

        memset(out, 0xff, ROWS_MAX * sizeof *out);
        enum err e = persons_number(persons, v, h, &n);
        if (e == ERR_OK) {
                numbers_by_record(v, &n, out);
                *repeated = n.repeated;
        }
        view_unref(&v);
        view_unref(&h);
        return e;
}

static const uint32_t at_home[ROWS] = {0, 0, 1, 2, 2, 2, 3, 4, NOBODY, 4, 5, 5};
static const struct records home = {.rows = ROWS, .salt = 1, .who = at_home};

static void a_person_has_the_same_number_under_another_linkage(void **state)
{
        /* The same records the other way round, and other names. */
        static const uint32_t who[ROWS] = {7, 7, 3, NOBODY, 3, 1, 8, 8, 8, 2, 6, 6};
        static const uint32_t ordinal[ROWS] = {11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
        const struct records other = {ROWS, 2, who, ordinal};
        uint32_t a[ROWS_MAX], b[ROWS_MAX];
        bool repeated;

        (void)state;
        assert_int_equal(number(&home, NULL, a, &repeated), ERR_OK);
        assert_false(repeated);
        assert_int_equal(number(&other, &home, b, &repeated), ERR_OK);
        assert_false(repeated);
        assert_memory_equal(a, b, sizeof a);
        assert_int_equal(b[8], PERSON_UNNUMBERED);
        assert_int_equal(persons_len(persons), 6);
        /* Under it alone they would be strangers. */
        assert_int_equal(number(&other, NULL, b, &repeated), ERR_OK);
        assert_int_equal(persons_len(persons), 12);
}

static void several_who_are_one_at_home_have_one_number(void **state)
{
        static const uint32_t who[ROWS] = {0, 0, 1, 2, 20, 2, 3, 4, NOBODY, 40, 5, 5};
        const struct records other = {.rows = ROWS, .salt = 2, .who = who};
        uint32_t a[ROWS_MAX], b[ROWS_MAX];
        bool repeated;

        (void)state;
        assert_int_equal(number(&home, NULL, a, &repeated), ERR_OK);
        assert_int_equal(number(&other, &home, b, &repeated), ERR_OK);
        assert_true(repeated);
        assert_memory_equal(a, b, sizeof a);
        /* Also when nothing is looked up again. */
        assert_int_equal(number(&other, &home, b, &repeated), ERR_OK);
        assert_true(repeated);
        assert_int_equal(number(&home, NULL, b, &repeated), ERR_OK);
        assert_false(repeated);
}

/* More than are kept at hand. */
static void linkages_by_turns_are_not_mistaken_for_each_other(void **state)
{
        static const uint32_t who[3][ROWS] = {
                {0, 0, 1, 2, 20, 2, 3, 4, NOBODY, 40, 5, 5},
                {0, 10, 1, 2, 2, 2, 3, 4, NOBODY, 4, 5, 5},
                {8, 8, 9, 7, 7, 7, 6, 5, NOBODY, 5, 4, 4},
        };
        uint32_t a[ROWS_MAX], b[ROWS_MAX];
        bool repeated;

        (void)state;
        assert_int_equal(number(&home, NULL, a, &repeated), ERR_OK);
        for (uint32_t i = 0; i < 12; i++) {
                uint32_t l = (i + i / 4) % 3;
                const struct records other = {.rows = ROWS, .salt = 2 + l, .who = who[l]};

                assert_int_equal(number(&other, &home, b, &repeated), ERR_OK);
                assert_memory_equal(a, b, sizeof a);
                assert_int_equal(repeated, l < 2);
        }
        assert_int_equal(persons_len(persons), 6);
}

static void one_who_is_several_at_home_is_refused(void **state)
{
        static const uint32_t who[ROWS] = {0, 0, 0, 2, 2, 2, 3, 4, NOBODY, 4, 5, 5};
        const struct records other = {.rows = ROWS, .salt = 2, .who = who};
        uint32_t a[ROWS_MAX];
        bool repeated;

        (void)state;
        assert_int_equal(number(&other, &home, a, &repeated), ERR_UNSUPPORTED);
        assert_int_equal(number(&home, NULL, a, &repeated), ERR_OK);
}

/* Two builds of one vintage hold the same; whatever makes them differ, nobody is mistaken. */
static void views_that_do_not_hold_the_same_records_are_refused(void **state)
{
        static const uint32_t moved[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12};
        static const uint32_t before[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10};
        static const uint32_t no_longer[ROWS] = {0, 0, 1, 2, 2, 2, 3, 4, NOBODY, 4, 5, NOBODY};
        const struct records others[] = {
                {ROWS - 1, 2, at_home, NULL},
                {ROWS, 2, at_home, moved},
                {ROWS, 2, at_home, before},
                {ROWS, 2, no_longer, NULL},
        };
        uint32_t a[ROWS_MAX];
        bool repeated;

        (void)state;
        for (unsigned i = 0; i < sizeof others / sizeof *others; i++)
                assert_int_equal(number(&others[i], &home, a, &repeated), ERR_INTERNAL);
}

/* Persons of the data set beside it have a place in the view, and no number. */
static void who_has_no_records_has_no_number(void **state)
{
        static const uint32_t only_there[3] = {60, 61, 2};
        const struct records first = {.rows = ROWS, .salt = 2, .who = at_home},
                             second = {.rows = 3, .salt = 2, .who = only_there};
        uint8_t tokens[2][ROWS_MAX][16];
        uint64_t keys[2][ROWS_MAX];
        struct view_plain parts[2];
        const struct linked_plain plain = {.parts = parts, .parts_len = 2};
        struct linked *l = NULL;
        struct view *h = see(&home);
        uint32_t a[ROWS_MAX], b[ROWS_MAX], none = 0;
        struct numbered n;
        bool repeated;

        (void)state;
        see_part(&first, 0, &parts[0], tokens[0], keys[0]);
        see_part(&second, 1, &parts[1], tokens[1], keys[1]);
        assert_int_equal(linked_from_plain(&plain, 1, &l), ERR_OK);
        const struct view *v = linked_view(l, schema.datasets[0].id);

        assert_int_equal(number(&home, NULL, a, &repeated), ERR_OK);
        memset(b, 0xff, sizeof b);
        assert_int_equal(persons_number(persons, v, h, &n), ERR_OK);
        numbers_by_record(v, &n, b);
        assert_memory_equal(a, b, sizeof a);
        assert_false(n.repeated);
        for (uint32_t p = 0; p < view_persons(v); p++)
                none += n.numbers[p] == PERSON_UNNUMBERED;
        assert_int_equal(none, 2);
        assert_int_equal(persons_len(persons), 6);
        view_unref(&h);
        linked_unref(&l);
}

/* Random records, whose they are at home, and a linkage that splits some of them. */
static void random_linkages_agree_on_who_is_who(void **state)
{
        uint64_t random = 1;

        (void)state;
        for (unsigned w = 0; w < WORLDS; w++) {
                uint32_t who[ROWS_MAX], split[ROWS_MAX], ordinal[ROWS_MAX];
                uint32_t a[ROWS_MAX], b[ROWS_MAX];
                bool repeated, any = false;
                struct records first = {ROWS_MAX, 10 + 2 * w, who, NULL},
                               second = {ROWS_MAX, 11 + 2 * w, split, ordinal};

                for (uint32_t i = 0; i < ROWS_MAX; i++) {
                        who[i] = (uint32_t)((random = mix(random + i)) % 20);
                        ordinal[i] = ROWS_MAX - 1 - i;
                }
                for (uint32_t i = 0; i < ROWS_MAX; i++) {
                        uint32_t is = who[ordinal[i]];

                        split[i] = is < 4 * (w % 3) ? is + 100 * (i % 3) : is;
                        for (uint32_t k = 0; k < i; k++)
                                any |= who[ordinal[k]] == is && split[k] != split[i];
                }
                assert_int_equal(number(&first, NULL, a, &repeated), ERR_OK);
                assert_int_equal(number(&second, &first, b, &repeated), ERR_OK);
                assert_memory_equal(a, b, sizeof a);
                assert_int_equal(repeated, any);
        }
}

static void an_allocation_that_fails_changes_nothing(void **state)
{
        static const uint32_t who[ROWS] = {0, 0, 1, 2, 20, 2, 3, 4, NOBODY, 40, 5, 5};
        const struct records other = {.rows = ROWS, .salt = 2, .who = who};
        struct view *v = see(&other), *h = see(&home);
        struct numbered n;
        enum err e = ERR_NO_MEMORY;

        (void)state;
        for (unsigned nth = 0; e != ERR_OK; nth++) {
                assert_true(nth < 100);
                (void)fault_arm("alloc", nth);
                e = persons_number(persons, v, h, &n);
                fault_disarm();
                assert_true(e == ERR_OK || e == ERR_NO_MEMORY);
        }
        assert_true(n.repeated);
        assert_int_equal(persons_len(persons), 6);
        view_unref(&v);
        view_unref(&h);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                SENTENCE(a_person_has_the_same_number_under_another_linkage),
                SENTENCE(several_who_are_one_at_home_have_one_number),
                SENTENCE(linkages_by_turns_are_not_mistaken_for_each_other),
                SENTENCE(one_who_is_several_at_home_is_refused),
                SENTENCE(views_that_do_not_hold_the_same_records_are_refused),
                SENTENCE(who_has_no_records_has_no_number),
                SENTENCE(random_linkages_agree_on_who_is_who),
                SENTENCE(an_allocation_that_fails_changes_nothing),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
