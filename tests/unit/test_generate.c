/* SPDX-License-Identifier: Apache-2.0 */
/* test_generate.c: synthetic people agree with the statistics, with the rules for
 * personal numbers, and with themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/personnummer.h"
#include "tools/cli/parcel.h"
#include "tools/generate/generate.h"

enum { MUNICIPALITIES = 290, YEAR = 2024 };

static struct policy *policy;
static struct generate_municipality country[MUNICIPALITIES_MAX];
static uint32_t country_len;

static struct world *make_some(uint64_t persons, uint64_t seed, uint32_t errors, bool every)
{
        struct generate_wish wish = {
                .every = every,
                .persons = persons,
                .seed = seed,
                .year = YEAR,
                .errors_per_million = errors,
                .local_style = errors > 0,
                .municipalities = country,
                .municipalities_len = country_len,
        };
        struct world *w = NULL;

        assert_int_equal(world_new(&wish, &w), ERR_OK);
        return w;
}

static struct world *make(uint64_t persons, uint64_t seed, uint32_t errors)
{
        return make_some(persons, seed, errors, false);
}

static void digest_some(struct world *w, unsigned from, unsigned until, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        assert_int_equal(digest_start(&s), ERR_OK);
        for (unsigned d = from; d < until; d++) {
                for (uint32_t m = 0; m < country_len; m++) {
                        OWNED(buf_done) struct buf out_file;
                        uint64_t rows = 0;

                        buf_init(&out_file, 1 << 30);
                        assert_int_equal(
                                world_write(w, (enum generate_dataset)d, m, &out_file, &rows),
                                ERR_OK);
                        digest_more_framed(s, bytes_of(out_file.data, out_file.len));
                }
        }
        digest_finish(s, out);
}

/* A change of this figure changes everybody's test data: say so in the commit. */
static void the_same_seed_gives_the_same_bytes_everywhere(void **state)
{
        static const char known[] =
                "54b425ee89d579593fe985c9fd12d55758d026833afa53d6379b678dea04c9ee";
        OWNED(world_free) struct world *a = make(50000, 7, 10000);
        OWNED(world_free) struct world *b = make(50000, 7, 10000);
        OWNED(world_free) struct world *c = make(50000, 8, 10000);
        struct digest x, y, z;
        char hex[2 * sizeof x + 1];

        (void)state;
        digest_some(a, 0, GENERATE_FIRST, &x);
        digest_some(b, 0, GENERATE_FIRST, &y);
        digest_some(c, 0, GENERATE_FIRST, &z);
        assert_true(digest_equal(&x, &y));
        assert_false(digest_equal(&x, &z));
        hex_encode(bytes_of(x.bytes, sizeof x.bytes), hex);
        assert_string_equal(hex, known);
}

/* Who asks for all gets the same first two, and the others alike every time. */
static void asking_for_every_data_set_changes_none_of_the_first(void **state)
{
        static const char known[] =
                "1f2a18b752d0fcbc4fb9190f3b337929f97b43fdf12d584a08959d09b58bc568";
        OWNED(world_free) struct world *few = make(50000, 7, 10000);
        OWNED(world_free) struct world *a = make_some(50000, 7, 10000, true);
        OWNED(world_free) struct world *b = make_some(50000, 7, 10000, true);
        struct digest x, y;
        char hex[2 * sizeof x + 1];

        (void)state;
        digest_some(few, 0, GENERATE_FIRST, &x);
        digest_some(a, 0, GENERATE_FIRST, &y);
        assert_true(digest_equal(&x, &y));
        digest_some(a, GENERATE_FIRST, GENERATE_DATASETS, &x);
        digest_some(b, GENERATE_FIRST, GENERATE_DATASETS, &y);
        assert_true(digest_equal(&x, &y));
        hex_encode(bytes_of(x.bytes, sizeof x.bytes), hex);
        assert_string_equal(hex, known);
}

static void within(const char *what, uint64_t got, double want, double percent)
{
        if ((double)got < want * (1 - percent / 100) || (double)got > want * (1 + percent / 100))
                fail_msg("%s: %llu is not within %.0f %% of %.0f", what, (unsigned long long)got,
                        percent, want);
}

static void near(uint64_t got, double want)
{
        within("a national figure", got, want, 2);
}

static void national_figures_come_out_within_two_percent(void **state)
{
        OWNED(world_free) struct world *w = make(10609461, 1, 0);
        const struct generate_facts *f = world_facts(w);

        (void)state;
        near(f->reported_children, 216000);
        near(f->reports, 422000);
        near(f->placed, 26500);
        near(f->placed_family_care, 19200);
        near(f->placed_hvb, 6100);
        near(f->placed_stodboende, 2100);
        near(f->placed_sis, 1000);
        /* Some have moved: linking across municipalities has something to find. */
        assert_in_range(f->reported_in_several, 2000, 8000);
}

static void a_tenth_of_the_country_has_a_tenth_of_everything(void **state)
{
        OWNED(world_free) struct world *w = make(1060946, 1, 0);
        const struct generate_facts *f = world_facts(w);

        (void)state;
        near(f->reported_children, 21600);
        near(f->reports, 42200);
        near(f->placed, 2650);
        near(f->placed_family_care, 1920);
}

/* The figures that are published; see facts_journey.h, facts_adults.h, facts_care.h. */
static void every_data_set_has_its_national_figures_within_three_percent(void **state)
{
        OWNED(world_free) struct world *w = make_some(10609461, 3, 0, true);
        const struct generate_facts *f = world_facts(w);
        const struct {
                const char *what;
                uint64_t got;
                double want;
        } figures[] = {
                {"investigations after a report", f->investigations_by_report,
                        (double)f->reports * 0.38},
                {"open care in November", f->open_care_november, 34600},
                {"households", f->assisted_households, 145740},
                {"children of households", f->assisted_children, 85200},
                {"kronor a household", f->assistance_kronor / f->assisted_households, 75045},
                {"LSS persons", f->lss_persons, 79100},
                {"LSS women", f->lss_women, 79100.0 * 31150 / 76712},
                {"LSS supports", f->lss_supports, 115113.0 * 79100 / 76712},
                {"elders", f->elder_persons, 414000},
                {"elder women", f->elder_women, 266000},
                {"elders in December", f->elder_december, 220400 + 120000 + 4000},
                {"alarms", f->elder_alarms, 182900},
                {"residential care", f->elder_residential, 81600},
                {"incidents to IVO", f->incidents_to_ivo, 1165},
                {"answers in group housing", f->group_housing_answers, 3152},
                {"who feel safe", f->group_housing_safe, 3152 * 0.74},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(figures); i++)
                within(figures[i].what, figures[i].got, figures[i].want, 3);
        /* What linking across municipalities is to find, and answers without a person. */
        assert_in_range(f->assisted_movers, 5000, 12000);
        assert_in_range(f->assisted_10_months, 50000, 58000);
        assert_in_range(f->answers_without_person * 100 / f->answers, 55, 70);
}

/* What `placed again` is to find: the same number in a later placement of the year. */
static void some_who_were_placed_are_placed_again(void **state)
{
        OWNED(world_free) struct world *w = make(10609461, 1, 0);
        const struct generate_facts *f = world_facts(w);

        (void)state;
        assert_in_range(f->placements, f->placed * 110 / 100, f->placed * 140 / 100);
        assert_in_range(f->placed_again, f->placed * 2 / 100, f->placed * 8 / 100);
}

/* Reads all files of a world as a municipality's delivery and asks the gateway's own
 * validation. Returns rows that were rejected; counts sexes of the first column. */
struct tally {
        uint64_t rows, rejected, test_numbers, national, men, without_person;
};

static void tally_file(
        struct world *w, enum generate_dataset d, uint32_t m, unsigned month, struct tally *t)
{
        OWNED(buf_done) struct buf file;
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20), *checks = arena_new(64 << 20);
        OWNED(csv_free) struct csv *c = NULL;
        OWNED(parcel_free) struct parcel *p = NULL;
        struct mapping mapping = {.columns_len = 0};
        struct csv_dialect find_out = {.delimiter = 0};
        struct intake_wish wish = {
                .dataset = policy_dataset_find(policy, bytes_of_text(generate_dataset_name(d))),
                .municipalities = policy_municipalities(policy),
                .municipality = country[m].code,
                .mapping = &mapping,
        };
        struct csv_input in;
        struct csv_survey survey;
        struct csv_row row;
        struct intake_plan *plan = NULL;
        struct refusal why = {0};
        struct period period;
        struct verdicts v;
        uint64_t rows = 0;
        char text[8] = "2024";

        buf_init(&file, 1 << 30);
        assert_int_equal(world_write_months(w, d, m, month > 0 ? month : 1, month > 0 ? month : 12,
                                 &file, &rows),
                ERR_OK);
        if (rows == 0)
                return;
        if (month > 0)
                (void)snprintf(text, sizeof text, "2024-%02u", month);
        in = csv_input_of_bytes(bytes_of(file.data, file.len));
        assert_int_equal(csv_survey(&in, &find_out, &survey), ERR_OK);
        assert_int_equal(csv_input_rewind(&in), ERR_OK);
        assert_int_equal(csv_open(&in, &survey.dialect, &c), ERR_OK);
        assert_int_equal(csv_next(c, &row), ERR_OK);
        assert_int_equal(intake_plan_make(arena, &wish, &row, &plan, &why), ERR_OK);
        for (uint32_t i = 0; i < plan->columns_len; i++)
                assert_int_not_equal(plan->columns[i].target, TARGET_IGNORE);
        assert_int_equal(parcel_new(plan, PARCEL_ROWS_MAX, BATCH_WIRE_MAX, &p), ERR_OK);

        struct filler f = {.plan = plan};

        while (csv_next(c, &row) == ERR_OK) {
                assert_false(parcel_is_full(p));
                assert_int_equal(filler_row(&f, p, &row), ERR_OK);
        }
        const struct batch *b = parcel_finish(p, 0);

        assert_true(period_parse(text, (uint32_t)strlen(text), &period));
        if (b->rows > 0) {
                assert_int_equal(validate_batch(wish.dataset, period, b, checks, &v, &why), ERR_OK);
                t->rejected += b->rows - v.accepted_len;
        }
        for (uint32_t i = 0; i < b->rows; i++) {
                const uint8_t *id = b->persons.ids + (size_t)i * PERSON_ID_LEN;

                t->without_person += b->persons.kinds[i] == PERSON_NONE;
                if (b->persons.kinds[i] != PERSON_NATIONAL)
                        continue;
                assert_int_equal(
                        pnr_check(id, PERSON_NATIONAL, period.last, PNR_TEST_ALLOWED), PNR_OK);
                t->test_numbers +=
                        pnr_check(id, PERSON_NATIONAL, period.last, PNR_TEST_REQUIRED) == PNR_OK;
                t->national++;
                t->men += (uint64_t)id[10] % 2; /* '0' is even */
        }
        t->rows += rows;
        t->rejected += f.rows_rejected;
        rejected_free(&f.rejected);
}

static void tally_world(struct world *w, struct tally *out)
{
        *out = (struct tally){0};
        for (uint32_t m = 0; m < country_len; m++)
                for (unsigned d = 0; d < GENERATE_FIRST; d++)
                        tally_file(w, (enum generate_dataset)d, m, 0, out);
}

/* As the bundle's periods say. */
static void tally_dataset(struct world *w, enum generate_dataset d, struct tally *out)
{
        const struct policy_dataset *set =
                policy_dataset_find(policy, bytes_of_text(generate_dataset_name(d)));

        assert_non_null(set);
        for (uint32_t m = 0; m < country_len; m++)
                for (unsigned month = 1; month <= 12; month++)
                        if (set->periodicity == PERIODICITY_MONTH || month == 1)
                                tally_file(w, d, m,
                                        set->periodicity == PERIODICITY_MONTH ? month : 0, out);
}

static void every_row_of_every_data_set_is_accepted(void **state)
{
        OWNED(world_free) struct world *w = make_some(GENERATE_TEST_NUMBERS_MAX, 5, 0, true);

        (void)state;
        for (unsigned d = GENERATE_FIRST; d < GENERATE_DATASETS; d++) {
                const char *name = generate_dataset_name((enum generate_dataset)d);
                struct tally t = {0};

                tally_dataset(w, (enum generate_dataset)d, &t);
                if (t.rejected > 0 || t.test_numbers != t.national)
                        fail_msg("%s: %llu of %llu rows rejected, %llu of %llu test numbers", name,
                                (unsigned long long)t.rejected, (unsigned long long)t.rows,
                                (unsigned long long)t.test_numbers, (unsigned long long)t.national);
                assert_true(t.rows > 100);
                if (d == GENERATE_ENKAT || d == GENERATE_AVVIKELSE)
                        assert_in_range(t.without_person * 100 / t.rows, 30, 80);
                else
                        assert_int_equal(t.without_person, 0);
        }
}

static void faults_in_every_data_set_are_rejected_and_nothing_else_is(void **state)
{
        OWNED(world_free) struct world *w = make_some(60000, 11, 50000, true);

        (void)state;
        for (unsigned d = GENERATE_FIRST; d < GENERATE_DATASETS; d++) {
                uint64_t before = world_facts(w)->faulty_rows;
                struct tally t = {0};

                tally_dataset(w, (enum generate_dataset)d, &t);
                if (t.rejected != world_facts(w)->faulty_rows - before)
                        fail_msg("%s: %llu rejected, %llu planted",
                                generate_dataset_name((enum generate_dataset)d),
                                (unsigned long long)t.rejected,
                                (unsigned long long)(world_facts(w)->faulty_rows - before));
        }
}

/* The months of a year are the year, row for row. */
static void months_add_up_to_the_year(void **state)
{
        OWNED(world_free) struct world *w = make_some(200000, 9, 0, true);
        OWNED(buf_done) struct buf file;
        uint64_t year = 0, months = 0, rows = 0;

        (void)state;
        buf_init(&file, 1 << 30);
        for (uint32_t m = 0; m < country_len; m++) {
                assert_int_equal(
                        world_write(w, GENERATE_EKONOMISKT_BISTAND, m, &file, &rows), ERR_OK);
                year += rows;
                for (unsigned month = 1; month <= 12; month++) {
                        assert_int_equal(world_write_months(w, GENERATE_EKONOMISKT_BISTAND, m,
                                                 month, month, &file, &rows),
                                ERR_OK);
                        months += rows;
                }
        }
        assert_true(year > 10000);
        assert_int_equal(year, months);
        assert_int_equal(
                world_write_months(w, GENERATE_ANMALAN, 0, 1, 3, &file, &rows), ERR_INVALID);
        assert_int_equal(world_write_months(w, GENERATE_LSS, 0, 0, 3, &file, &rows), ERR_INVALID);
        assert_int_equal(world_write_months(w, GENERATE_LSS, 0, 5, 4, &file, &rows), ERR_INVALID);
        assert_int_equal(world_write_months(w, GENERATE_LSS, 0, 1, 13, &file, &rows), ERR_INVALID);
}

static void a_data_set_that_was_not_wished_for_is_refused(void **state)
{
        OWNED(world_free) struct world *w = make(10000, 1, 0);
        OWNED(buf_done) struct buf file;
        uint64_t rows = 0;

        (void)state;
        buf_init(&file, 1 << 20);
        assert_int_equal(world_write(w, GENERATE_LSS, 0, &file, &rows), ERR_INVALID);
        assert_int_equal(world_write(w, GENERATE_DATASETS, 0, &file, &rows), ERR_INVALID);
}

static void small_countries_use_test_numbers_only_and_every_row_is_accepted(void **state)
{
        OWNED(world_free) struct world *w = make(GENERATE_TEST_NUMBERS_MAX, 5, 0);
        struct tally t;

        (void)state;
        tally_world(w, &t);
        assert_int_equal(t.rows, world_facts(w)->reports + world_facts(w)->placements);
        assert_int_equal(t.rejected, 0);
        assert_int_equal(t.test_numbers, t.national);
        assert_true(t.national * 100 > t.rows * 98);
        assert_in_range(t.men * 1000 / t.national, 500, 600);
}

static void larger_countries_have_valid_ordinary_numbers(void **state)
{
        OWNED(world_free) struct world *w = make(GENERATE_TEST_NUMBERS_MAX + 100000, 5, 0);
        struct tally t;

        (void)state;
        tally_world(w, &t);
        assert_int_equal(t.rejected, 0);
        assert_true(t.test_numbers * 50 < t.national);
}

static void planted_faults_are_rejected_and_nothing_else_is(void **state)
{
        OWNED(world_free) struct world *w = make(100000, 11, 50000);
        struct tally t;

        (void)state;
        tally_world(w, &t);
        assert_true(t.rejected > 0);
        assert_int_equal(t.rejected, world_facts(w)->faulty_rows);
}

static void a_country_that_cannot_be_made_is_refused(void **state)
{
        struct generate_wish good = {.persons = 10000,
                                     .year = YEAR,
                                     .municipalities = country,
                                     .municipalities_len = country_len},
                             bad;
        struct generate_municipality nobody = {.code = 114};
        struct world *w = NULL;

        (void)state;
        bad = good;
        bad.persons = GENERATE_PERSONS_MIN - 1;
        assert_int_equal(world_new(&bad, &w), ERR_INVALID);
        bad = good;
        bad.persons = (uint64_t)GENERATE_PERSONS_MAX + 1;
        assert_int_equal(world_new(&bad, &w), ERR_INVALID);
        bad = good;
        bad.year = 1999;
        assert_int_equal(world_new(&bad, &w), ERR_INVALID);
        bad = good;
        bad.municipalities_len = 0;
        assert_int_equal(world_new(&bad, &w), ERR_INVALID);
        bad = good;
        bad.municipalities = &nobody;
        bad.municipalities_len = 1;
        assert_int_equal(world_new(&bad, &w), ERR_INVALID);
        assert_null(w);
}

static int load_country(void **state)
{
        struct refusal why = {0};

        (void)state;
        if (policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why) != ERR_OK)
                return -1;

        const struct code_level *level = &policy_municipalities(policy)->levels[0];

        country_len = 0;
        for (uint32_t i = 0; i < level->len; i++) {
                const struct code *c = &level->codes[i];

                if (c->history)
                        continue;
                country[country_len] =
                        (struct generate_municipality){0, c->parent, c->population, c->label.sv};
                if (!municipality_parse((const char *)c->code.data, (uint32_t)c->code.len,
                            &country[country_len++].code))
                        return -1;
        }
        return country_len == MUNICIPALITIES ? 0 : -1;
}

static int drop_country(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_same_seed_gives_the_same_bytes_everywhere),
                cmocka_unit_test(national_figures_come_out_within_two_percent),
                cmocka_unit_test(a_tenth_of_the_country_has_a_tenth_of_everything),
                cmocka_unit_test(small_countries_use_test_numbers_only_and_every_row_is_accepted),
                cmocka_unit_test(larger_countries_have_valid_ordinary_numbers),
                cmocka_unit_test(planted_faults_are_rejected_and_nothing_else_is),
                cmocka_unit_test(asking_for_every_data_set_changes_none_of_the_first),
                cmocka_unit_test(some_who_were_placed_are_placed_again),
                cmocka_unit_test(every_data_set_has_its_national_figures_within_three_percent),
                cmocka_unit_test(every_row_of_every_data_set_is_accepted),
                cmocka_unit_test(faults_in_every_data_set_are_rejected_and_nothing_else_is),
                cmocka_unit_test(months_add_up_to_the_year),
                cmocka_unit_test(a_data_set_that_was_not_wished_for_is_refused),
                cmocka_unit_test(a_country_that_cannot_be_made_is_refused),
        };

        return cmocka_run_group_tests(tests, load_country, drop_country);
}
