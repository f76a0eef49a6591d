/* SPDX-License-Identifier: Apache-2.0 */
/* test_parcel.c: rows of municipal files become batches of the real bundle. Personal
 * numbers here are from Skatteverket's test series (birth numbers 238 and 239). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "tools/cli/parcel.h"

static struct policy *policy;

struct run {
        struct arena *arena;
        struct mapping mapping;
        struct intake_plan *plan;
        struct parcel *parcel;
        struct filler filler;
        const struct batch *batch;
        struct refusal why;
        struct csv_survey survey;
};

struct run_wish {
        const char *dataset, *mapping;
        municipality_t municipality;
        int32_t as_of_days;
        uint32_t rows;
};

static enum err run_file(struct run *r, const struct run_wish *wish, const char *text)
{
        struct csv_input in = csv_input_of_bytes(bytes_of_text(text));
        OWNED(csv_free) struct csv *c = NULL;
        struct csv_row row;
        struct intake_wish p = {
                .dataset = policy_dataset_find(policy, bytes_of_text(wish->dataset)),
                .municipalities = policy_municipalities(policy),
                .municipality = wish->municipality,
                .mapping = &r->mapping,
                .has_as_of = wish->as_of_days != 0,
                .as_of_days = wish->as_of_days,
        };

        memset(r, 0, sizeof *r);
        r->arena = arena_new(64 << 20);
        assert_non_null(r->arena);
        if (wish->mapping != NULL)
                TRY(mapping_read(
                        r->arena, "m.yaml", bytes_of_text(wish->mapping), &r->mapping, &r->why));
        TRY(csv_survey(&in, &r->mapping.dialect, &r->survey));
        TRY(csv_input_rewind(&in));
        TRY(csv_open(&in, &r->survey.dialect, &c));
        TRY(csv_next(c, &row));
        TRY(intake_plan_make(r->arena, &p, &row, &r->plan, &r->why));
        r->filler.plan = r->plan;
        TRY(parcel_new(r->plan, wish->rows > 0 ? wish->rows : PARCEL_ROWS_MAX, BATCH_WIRE_MAX,
                &r->parcel));
        while (csv_next(c, &row) == ERR_OK && !parcel_is_full(r->parcel))
                TRY(filler_row(&r->filler, r->parcel, &row));
        r->batch = parcel_finish(r->parcel, 3);
        return ERR_OK;
}

static void run_done(struct run *r)
{
        parcel_free(&r->parcel);
        rejected_free(&r->filler.rejected);
        arena_free(&r->arena);
}

static const struct column *column_of(const struct run *r, const char *name)
{
        for (uint32_t i = 0; i < r->batch->columns_len; i++)
                if (bytes_is_text(r->batch->columns[i].name, name))
                        return &r->batch->columns[i];
        return NULL;
}

static const char *code_at(const struct run *r, const char *name, uint32_t row)
{
        const struct column *c = column_of(r, name);
        static char text[CODE_MAX_LEN + 1];

        assert_non_null(c);
        assert_int_equal(c->kind, COLUMN_CODES);
        if (column_is_missing(c, row))
                return "";
        uint32_t at = c->width == 1 ? c->values[row]
                                    : c->values[2 * row] | (uint32_t)c->values[2 * row + 1] << 8;

        assert_in_range(at, 0, c->dictionary_len - 1);
        memcpy(text, c->dictionary[at].data, c->dictionary[at].len);
        text[c->dictionary[at].len] = '\0';
        return text;
}

static int64_t number_at(const struct run *r, const char *name, uint32_t row)
{
        const struct column *c = column_of(r, name);
        int32_t narrow;
        int64_t wide;

        assert_non_null(c);
        if (c->kind == COLUMN_I64) {
                memcpy(&wide, c->values + 8 * row, 8);
                return wide;
        }
        assert_int_equal(c->kind, COLUMN_I32);
        memcpy(&narrow, c->values + 4 * row, 4);
        return narrow;
}

static int32_t day(int year, int month, int d)
{
        return days_from_civil((struct civil){year, month, d});
}

/* 2010-01-02, woman and man. */
#define WOMAN "20100102-2381"
#define MAN   "201001022399"

#define PLACED                                                                                      \
        "Kommun;Ärendenr;Personnr;Placeringsdatum;Avslutsdatum;Placeringsform;Lagrum;Kostnad per " \
        "dygn\n"

static void a_municipal_row_becomes_a_row_of_the_batch(void **state)
{
        struct run_wish w = {.dataset = "placering", .municipality = 114};
        struct run r;

        (void)state;
        assert_int_equal(
                run_file(&r, &w,
                        PLACED "114;A-1;" WOMAN ";2024-03-01;;Familjehem;LVU 2 §;1 250,50\n"
                               "Upplands Väsby;A-22;" MAN ";20240302;2024-05-01;hvb;sol;\n"),
                ERR_OK);
        assert_int_equal(r.filler.rejected.len, 0);
        assert_int_equal(r.batch->rows, 2);
        assert_int_equal(r.batch->sequence, 3);
        assert_int_equal(r.batch->record_key_width, 4);
        assert_memory_equal(r.batch->record_keys, "A-1\0A-22", 8);
        assert_memory_equal(r.batch->persons.ids, "201001022381201001022399", 24);
        assert_int_equal(r.batch->persons.kinds[1], PERSON_NATIONAL);
        assert_string_equal(code_at(&r, "form", 0), "familjehem");
        assert_string_equal(code_at(&r, "form", 1), "hvb");
        assert_string_equal(code_at(&r, "lagrum", 0), "lvu2");
        assert_int_equal(number_at(&r, "start", 1), day(2024, 3, 2));
        assert_int_equal(number_at(&r, "kostnad_dygn", 0), 125050);
        assert_true(column_is_missing(column_of(&r, "slut"), 0));
        assert_false(column_is_missing(column_of(&r, "slut"), 1));
        assert_true(column_is_missing(column_of(&r, "kostnad_dygn"), 1));
        assert_int_equal(parcel_file_row(r.parcel, 1), 3);
        run_done(&r);
}

static void sex_and_birth_month_come_from_the_number_when_the_file_lacks_them(void **state)
{
        struct run_wish w = {.dataset = "placering"};
        struct run r;

        (void)state;
        assert_int_equal(run_file(&r, &w,
                                 PLACED ";A;" WOMAN ";2024-03-01;;hvb;sol;\n;B;" MAN
                                        ";2024-03-01;;hvb;sol;\n;C;T0114-1;2024-03-01;;hvb;sol;\n"),
                ERR_OK);
        assert_int_equal(r.filler.rejected.len, 0);
        assert_string_equal(code_at(&r, "kon", 0), "kvinna");
        assert_string_equal(code_at(&r, "kon", 1), "man");
        assert_string_equal(code_at(&r, "kon", 2), "");
        assert_int_equal(number_at(&r, "fodelsemanad", 0), day(2010, 1, 1));
        assert_true(column_is_missing(column_of(&r, "fodelsemanad"), 2));
        assert_int_equal(r.batch->persons.kinds[2], PERSON_LOCAL);
        assert_memory_equal(r.batch->persons.ids + 24, "T0114-1\0\0\0\0\0", 12);
        run_done(&r);
}

static void every_fault_of_a_row_is_told_by_row_column_and_rule(void **state)
{
        static const struct {
                const char *row, *rule;
                uint32_t column;
        } bad[] = {
                {"0115;A;" MAN ";2024-03-01;;hvb;sol;", "FOREIGN_MUNICIPALITY", 0},
                {"114;;" MAN ";2024-03-01;;hvb;sol;", "EMPTY_RECORD_KEY", 1},
                {"114;ABCDEFGHIJKLMNOPQRSTUVWXY;" MAN ";2024-03-01;;hvb;sol;",
                        "RECORD_KEY_TOO_LONG", 1},
                {"114;A;201001022390;2024-03-01;;hvb;sol;", "CHECK_DIGIT", 2},
                {"114;A;;2024-03-01;;hvb;sol;", "MISSING_PERSON", 2},
                {"114;A;1001022399;2024-03-01;;hvb;sol;", "NO_CENTURY", 2},
                {"114;A;100102-2399;2024-03-01;;hvb;sol;", "NO_AS_OF", 2},
                {"114;A;" MAN ";2024-02-31;;hvb;sol;", "NOT_A_DATE", 3},
                {"114;A;" MAN ";2024-03-01;;slott;sol;", "UNKNOWN_CODE", 5},
                {"114;A;" MAN ";2024-03-01;;hvb;sol;ca 100", "NOT_A_NUMBER", 7},
                {"114;A;" MAN ";2024-03-01;;hvb;sol;1,255", "TOO_MANY_DECIMALS", 7},
                {"114;A;" MAN ";2024-03-01;;hvb;sol", "FIELDS", PLAN_NONE},
                {"114;A;" MAN ";2024-03-01;;hvb;sol;;x", "FIELDS", PLAN_NONE},
                {"114;A;\"" MAN ";2024-03-01;;hvb;sol;", "BROKEN_QUOTES", PLAN_NONE},
        };
        struct run_wish w = {.dataset = "placering", .municipality = 114};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
                char text[1024];
                struct run r;

                (void)snprintf(text, sizeof text, "%s%s\n114;OK;%s;2024-03-01;;hvb;sol;;\n", PLACED,
                        bad[i].row, WOMAN);
                assert_int_equal(run_file(&r, &w, text), ERR_OK);
                assert_int_equal(r.filler.rejected.len, 1);
                assert_string_equal(r.filler.rejected.items[0].rule, bad[i].rule);
                assert_int_equal(r.filler.rejected.items[0].column, bad[i].column);
                assert_int_equal(r.filler.rejected.items[0].row, 2);
                assert_non_null(reject_sentence(bad[i].rule, true));
                /* The row after it is whole, and nothing of the bad one is left. */
                assert_int_equal(r.batch->rows, 1);
                assert_memory_equal(r.batch->record_keys, "OK", 2);
                assert_int_equal(parcel_file_row(r.parcel, 0), 3);
                assert_false(column_is_missing(column_of(&r, "start"), 0));
                run_done(&r);
        }
}

static void all_faults_of_a_row_are_told_at_once(void **state)
{
        struct run_wish w = {.dataset = "placering", .municipality = 114};
        struct run r;

        (void)state;
        assert_int_equal(run_file(&r, &w, PLACED "115;;99x;y;z;slott;lag;many\n"), ERR_OK);
        assert_int_equal(r.filler.rejected.len, 8);
        assert_int_equal(r.filler.rows_rejected, 1);
        run_done(&r);
}

static void ten_digits_need_the_date_of_the_export(void **state)
{
        struct run_wish w = {.dataset = "placering"};
        struct run r;

        (void)state;
        w.as_of_days = day(2024, 12, 31);
        assert_int_equal(run_file(&r, &w,
                                 PLACED ";A;100102-2399;2024-03-01;;hvb;sol;\n;B;1001022381;2024-"
                                        "03-01;;hvb;sol;\n"),
                ERR_OK);
        assert_int_equal(r.batch->rows, 2);
        assert_memory_equal(r.batch->persons.ids, "201001022399201001022381", 24);
        run_done(&r);
}

#define REPORTED "Ärendenummer;Personnummer;Anmälningsdatum;Anmälare;Orsak till oro;"

static void guardians_stand_in_columns_or_in_a_list(void **state)
{
        struct run_wish w = {.dataset = "anmalan"};
        struct run r;

        (void)state;
        assert_int_equal(
                run_file(&r, &w,
                        REPORTED
                        "Vårdnadshavare 1;Vårdnadshavare 2\n"
                        "A;" MAN
                        ";2024-01-01;Polis;Konflikt mellan vuxna;19900101-2385, 199001012393;\n"
                        "B;" MAN
                        ";2024-01-01;Polis;Konflikt mellan vuxna;199001012385;19900101-2394\n"
                        "C;" MAN ";2024-01-01;Polis;Konflikt mellan vuxna;;199001012385\n"
                        "D;" MAN ";2024-01-01;Polis;Konflikt mellan vuxna;;\n"),
                ERR_OK);
        assert_int_equal(r.batch->rows, 3); /* B: the second guardian's check digit is wrong */
        assert_string_equal(r.filler.rejected.items[0].rule, "CHECK_DIGIT");
        assert_int_equal(r.filler.rejected.items[0].column, 6);
        assert_int_equal(r.batch->guardians.len, 3);
        assert_int_equal(r.batch->guardians.offsets[1], 2);
        assert_int_equal(r.batch->guardians.offsets[2], 3);
        assert_int_equal(r.batch->guardians.offsets[3], 3);
        assert_memory_equal(
                r.batch->guardians.persons.ids, "199001012385199001012393199001012385", 36);
        run_done(&r);
}

static void one_guardian_too_many_rejects_the_row(void **state)
{
        struct run_wish w = {.dataset = "anmalan"};
        char text[2048] = REPORTED "Vårdnadshavare\nA;" MAN ";2024-01-01;polis;konflikt;";
        struct run r;

        (void)state;
        for (unsigned i = 0; i < GUARDIANS_MAX; i++)
                strcat(text, "199001012385|");
        assert_int_equal(run_file(&r, &w, text), ERR_OK);
        assert_int_equal(r.batch->guardians.len, GUARDIANS_MAX);
        run_done(&r);
        strcat(text, "199001012385");
        assert_int_equal(run_file(&r, &w, text), ERR_OK);
        assert_int_equal(r.batch->rows, 0);
        assert_string_equal(r.filler.rejected.items[0].rule, "TOO_MANY_GUARDIANS");
        run_done(&r);
}

static void a_mapping_says_what_headers_and_values_mean(void **state)
{
        struct run_wish w = {.dataset = "placering",
                .mapping =
                        "person: \"Barn\"\nrecord_key: Nr\ncolumns: {Typ: form, Lag: lagrum, "
                        "\"Från\": start, Handl: ignore}\n"
                        "values: {form: {\"Fam.hem (gammal)\": familjehem}, lagrum: {\"?\": sol}}\n"
                        "missing: [\"NULL\"]\ndate_format: DD/MM/YYYY\ndelimiter: \"|\"\n"};
        struct run r;

        (void)state;
        assert_int_equal(run_file(&r, &w,
                                 "Nr|Barn|Typ|Lag|Från|Handl|Kostnad per dygn\n"
                                 "1|" MAN "|Fam.hem (gammal)|?|1/3/2024|Anna|NULL\n"),
                ERR_OK);
        assert_int_equal(r.filler.rejected.len, 0);
        assert_string_equal(code_at(&r, "form", 0), "familjehem");
        assert_string_equal(code_at(&r, "lagrum", 0), "sol");
        assert_int_equal(number_at(&r, "start", 0), day(2024, 3, 1));
        assert_true(column_is_missing(column_of(&r, "kostnad_dygn"), 0));
        assert_int_equal(r.plan->columns[5].target, TARGET_IGNORE);
        assert_int_equal(plan_column_of(r.plan, bytes_of_text("lagrum")), 3);
        assert_int_equal(plan_column_of(r.plan, bytes_of_text("person")), 1);
        assert_int_equal(plan_column_of(r.plan, bytes_of_text("kon")), PLAN_NONE);
        run_done(&r);
}

static void a_mapping_with_a_mistake_is_refused_with_its_line(void **state)
{
        static const char *const wrong[] = {
                "columns: {Finns inte: form}\n",
                "columns: {Lagrum: inget}\n",
                "values: {form: {x: slott}}\n",
                "values: {start: {x: y}}\n",
                "columns: {Lagrum: kommun}\n",
                "colums: {}\n",
                "encoding: ebcdic\n",
                "decimal: \";\"\n",
                "as_of: 2024-02-30\n",
                "person: Lagrum\nrecord_key: Lagrum\n",
                "date_format: YY\n",
                "- list\n",
                "columns: {Lagrum: alder}\n",
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                struct run_wish w = {.dataset = "placering", .mapping = wrong[i]};
                struct run r;

                assert_int_not_equal(
                        run_file(&r, &w, PLACED ";A;" MAN ";2024-03-01;;hvb;sol;\n"), ERR_OK);
                assert_true(r.why.len > 0);
                assert_memory_equal(r.why.violations[0].field, "m.yaml:", 7);
                run_done(&r);
        }
}

static void a_header_must_be_one_and_must_suffice(void **state)
{
        static const char *const wrong[] = {
                "A;201001022399;2024-03-01;hvb\n",        /* data, not headers */
                "Personnr;Placeringsdatum;Form;Lagrum\n", /* no case number */
                "Ärendenr;Placeringsdatum;Form;Lagrum\n", /* no person */
                "Ärendenr;Personnr;Form;Lagrum\n",        /* a required variable */
                "Ärendenr;Personnr;Personnummer;Placeringsdatum;Form;Lagrum\n",
                "Ärendenr;Personnr;Placeringsdatum;start;Form;Lagrum\n",
                "\"Ärendenr;Personnr;Placeringsdatum\n",
        };
        struct run_wish w = {.dataset = "placering"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
                struct run r;

                assert_int_not_equal(run_file(&r, &w, wrong[i]), ERR_OK);
                assert_true(r.why.len > 0);
                assert_null(strstr(r.why.violations[0].text, "2010"));
                assert_null(strstr(r.why.violations[0].field, "2010"));
                run_done(&r);
        }
}

static void a_parcel_is_full_at_its_last_row_and_can_be_used_again(void **state)
{
        struct run_wish w = {.dataset = "placering", .rows = 2};
        struct run r;
        const struct batch *second;

        (void)state;
        assert_int_equal(
                run_file(&r, &w,
                        PLACED ";A;" MAN ";2024-03-01;;hvb;sol;\n;B;" MAN
                               ";2024-03-01;;sis;sol;5\n;C;" MAN ";2024-03-01;;hvb;sol;\n"),
                ERR_OK);
        assert_int_equal(r.batch->rows, 2);
        assert_int_equal(column_of(&r, "form")->dictionary_len, 2);
        parcel_reset(r.parcel);
        assert_int_equal(parcel_rows(r.parcel), 0);
        second = parcel_finish(r.parcel, 4);
        assert_int_equal(second->rows, 0);
        for (uint32_t i = 0; i < second->columns_len; i++) {
                assert_int_equal(second->columns[i].dictionary_len, 0);
                assert_null(second->columns[i].missing);
        }
        run_done(&r);
}

static void what_the_filler_makes_is_what_the_gateway_accepts(void **state)
{
        struct run_wish w = {.dataset = "anmalan"};
        OWNED(arena_free) struct arena *a = arena_new(16 << 20);
        struct verdicts verdicts;
        struct refusal why = {0};
        struct period period;
        struct run r;

        (void)state;
        assert_true(period_parse("2024", 4, &period));
        assert_int_equal(run_file(&r, &w,
                                 REPORTED "Ensamkommande barn;Vårdnadshavare 1\n"
                                          "A;" MAN ";2024-01-01;Polis;heder;Nej;199001012385\n"
                                          "B;" WOMAN ";2023-12-31;Skola;beteende;Ja;\n"),
                ERR_OK);
        assert_int_equal(r.batch->rows, 2);
        assert_int_equal(
                validate_batch(r.plan->dataset, period, r.batch, a, &verdicts, &why), ERR_OK);
        assert_int_equal(verdicts.accepted_len, 1);
        assert_string_equal(verdicts.rejections[0].rule, "OUTSIDE_PERIOD");
        run_done(&r);
}

/* Each of our rules and each of the gateway's has words in both languages. */
static void every_rule_speaks_both_languages(void **state)
{
        static const char *const rules[] = {
#define NAME(name, sentence) #name,
                VALIDATE_RULES(NAME) PNR_RULES(NAME) CSV_FAULTS(NAME)
#undef NAME
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(rules); i++) {
                assert_non_null(reject_sentence(rules[i], true));
                assert_non_null(reject_sentence(rules[i], false));
        }
        assert_null(reject_sentence("NO_SUCH_RULE", true));
}

static int load_bundle(void **state)
{
        struct refusal why = {0};

        (void)state;
        return policy_load(STATGATE_ROOT "/policies/bundle", &policy, &why) == ERR_OK ? 0 : -1;
}

static int drop_bundle(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_municipal_row_becomes_a_row_of_the_batch),
                cmocka_unit_test(sex_and_birth_month_come_from_the_number_when_the_file_lacks_them),
                cmocka_unit_test(every_fault_of_a_row_is_told_by_row_column_and_rule),
                cmocka_unit_test(all_faults_of_a_row_are_told_at_once),
                cmocka_unit_test(ten_digits_need_the_date_of_the_export),
                cmocka_unit_test(guardians_stand_in_columns_or_in_a_list),
                cmocka_unit_test(one_guardian_too_many_rejects_the_row),
                cmocka_unit_test(a_mapping_says_what_headers_and_values_mean),
                cmocka_unit_test(a_mapping_with_a_mistake_is_refused_with_its_line),
                cmocka_unit_test(a_header_must_be_one_and_must_suffice),
                cmocka_unit_test(a_parcel_is_full_at_its_last_row_and_can_be_used_again),
                cmocka_unit_test(what_the_filler_makes_is_what_the_gateway_accepts),
                cmocka_unit_test(every_rule_speaks_both_languages),
        };

        return cmocka_run_group_tests(tests, load_bundle, drop_bundle);
}
