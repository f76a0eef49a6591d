/* SPDX-License-Identifier: Apache-2.0 */
/* test_generate.c: synthetic people agree with the statistics, with the rules for
 * personal numbers, and with themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

static struct world *make(uint64_t persons, uint64_t seed, uint32_t errors)
{
        struct generate_wish wish = {
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

static void digest_all(struct world *w, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *s = NULL;

        assert_int_equal(digest_start(&s), ERR_OK);
        for (unsigned d = 0; d < GENERATE_DATASETS; d++) {
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
                "0febf6c29e98b9f74df84c6fbe4dfeeee255ad078e6a970765158e389a25a798";
        OWNED(world_free) struct world *a = make(50000, 7, 10000);
        OWNED(world_free) struct world *b = make(50000, 7, 10000);
        OWNED(world_free) struct world *c = make(50000, 8, 10000);
        struct digest x, y, z;
        char hex[2 * sizeof x + 1];

        (void)state;
        digest_all(a, &x);
        digest_all(b, &y);
        digest_all(c, &z);
        assert_true(digest_equal(&x, &y));
        assert_false(digest_equal(&x, &z));
        hex_encode(bytes_of(x.bytes, sizeof x.bytes), hex);
        assert_string_equal(hex, known);
}

static void near(uint64_t got, double want)
{
        if ((double)got < want * 0.98 || (double)got > want * 1.02)
                fail_msg("%llu is not within 2 %% of %.0f", (unsigned long long)got, want);
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

/* Reads all files of a world as a municipality's delivery and asks the gateway's own
 * validation. Returns rows that were rejected; counts sexes of the first column. */
struct tally {
        uint64_t rows, rejected, test_numbers, national, men;
};

static void tally_file(struct world *w, enum generate_dataset d, uint32_t m, struct tally *t)
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

        buf_init(&file, 1 << 30);
        assert_int_equal(world_write(w, d, m, &file, &rows), ERR_OK);
        if (rows == 0)
                return;
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

        assert_true(period_parse("2024", 4, &period));
        if (b->rows > 0) {
                assert_int_equal(validate_batch(wish.dataset, period, b, checks, &v, &why), ERR_OK);
                t->rejected += b->rows - v.accepted_len;
        }
        for (uint32_t i = 0; i < b->rows; i++) {
                const uint8_t *id = b->persons.ids + (size_t)i * PERSON_ID_LEN;

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
                for (unsigned d = 0; d < GENERATE_DATASETS; d++)
                        tally_file(w, (enum generate_dataset)d, m, out);
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

        country_len = level->len;
        for (uint32_t i = 0; i < level->len; i++) {
                const struct code *c = &level->codes[i];

                country[i] =
                        (struct generate_municipality){0, c->parent, c->population, c->label.sv};
                if (!municipality_parse(
                            (const char *)c->code.data, (uint32_t)c->code.len, &country[i].code))
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
                cmocka_unit_test(a_country_that_cannot_be_made_is_refused),
        };

        return cmocka_run_group_tests(tests, load_country, drop_country);
}
