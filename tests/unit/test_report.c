/* SPDX-License-Identifier: Apache-2.0 */
/* test_report.c: what show, diff, explain and evolve say about the national bundle
 * and about copies of it that differ in one place.
 *
 * The copies have no indicators: one that can no longer be asked refuses the bundle, and here
 * it is the rules below them that differ. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "policies/report.h"

#define BUNDLE STATGATE_ROOT "/policies/bundle"
#define B(t)   bytes_of_text(t)

static char folder[] = "/tmp/statgate-report-XXXXXX";
static struct policy *national;
static int64_t now; /* a day in 2026 */

/* Copies of the bundle ---------------------------------------------------- */

static const char *path_of(const char *root, struct bytes name)
{
        static char path[256];

        (void)snprintf(path, sizeof path, "%s/%.*s", root, (int)name.len, (const char *)name.data);
        return path;
}

static char *slurp(struct bytes name)
{
        FILE *file = fopen(path_of(BUNDLE, name), "r");
        char *text = calloc(1, 1 << 20);

        assert_non_null(file);
        assert_non_null(text);
        assert_true(fread(text, 1, (1 << 20) - 1, file) > 0);
        assert_int_equal(fclose(file), 0);
        if (bytes_is_text(name, "bundle.yaml") && strstr(text, "\nindicators:") != NULL)
                strstr(text, "\nindicators:")[1] = '\0';
        return text;
}

/* The text with the first `from` replaced; `from` must be there. */
static void write_edited(FILE *to, const char *text, const char *from, const char *with)
{
        const char *at = from != NULL ? strstr(text, from) : NULL;

        if (from != NULL && at == NULL)
                fail_msg("the bundle does not hold: %s", from);
        if (at == NULL) {
                assert_true(fputs(text, to) >= 0);
                return;
        }
        assert_true(fwrite(text, 1, (size_t)(at - text), to) == (size_t)(at - text));
        assert_true(fputs(with, to) >= 0 && fputs(at + strlen(from), to) >= 0);
}

struct edit {
        const char *file, *from, *with;
};

/* The national bundle with these edits, of different files. */
static struct policy *edited_in(const struct edit *edits, size_t len)
{
        const struct rules *r = policy_rules(national);
        struct policy *p = NULL;
        struct refusal why = {0};

        for (uint32_t i = 0; i < r->sources_len; i++) {
                char *text = slurp(r->sources[i].name);
                FILE *to = fopen(path_of(folder, r->sources[i].name), "w");
                const struct edit *edit = NULL;

                for (size_t e = 0; e < len; e++)
                        if (bytes_is_text(r->sources[i].name, edits[e].file))
                                edit = &edits[e];
                assert_non_null(to);
                write_edited(to, text, edit != NULL ? edit->from : NULL,
                        edit != NULL ? edit->with : NULL);
                assert_int_equal(fclose(to), 0);
                free(text);
        }
        if (policy_load(folder, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

static struct policy *edited(const char *file, const char *from, const char *with)
{
        const struct edit one = {file, from, with};

        return edited_in(&one, 1);
}

/* The national bundle with one data set more: another of deliveries, which needs no linkage. */
static struct policy *with_another(void)
{
        char *text = slurp(B("datasets/leveransstatus.yaml"));
        FILE *to = fopen(path_of(folder, B("datasets/annan.yaml")), "w");

        assert_non_null(to);
        write_edited(to, text, "dataset: leveransstatus", "dataset: annan");
        assert_int_equal(fclose(to), 0);
        free(text);
        return edited("bundle.yaml", "  - datasets/leveransstatus.yaml\n",
                "  - datasets/leveransstatus.yaml\n  - datasets/annan.yaml\n");
}

static const struct report_line *find_line(
        const struct report *r, enum report_mark mark, const char *says)
{
        for (uint32_t i = 0; i < r->len; i++) {
                char text[REPORT_TEXT_MAX + 1] = "";

                memcpy(text, r->lines[i].text.data, r->lines[i].text.len);
                if (r->lines[i].mark == mark && strstr(text, says) != NULL)
                        return &r->lines[i];
        }
        return NULL;
}

static void print_lines(const struct report *r)
{
        for (uint32_t i = 0; i < r->len; i++)
                print_error("%d %.*s [%.*s:%u]\n", (int)r->lines[i].mark, (int)r->lines[i].text.len,
                        (const char *)r->lines[i].text.data, (int)r->lines[i].at.file.len,
                        (const char *)r->lines[i].at.file.data, r->lines[i].at.line);
}

/* Differences ------------------------------------------------------------- */

static const struct {
        const char *file, *from, *to;
        enum report_mark mark; /* of the first text becoming the second; reversed otherwise */
        const char *en, *sv;
} changes[] = {
        {"datasets/placering.yaml", "threshold: 5", "threshold: 3, interval: 1", REPORT_WEAKER,
                "placering: at least 3 persons behind a figure; before: 5",
                "placering: minst 3 personer bakom en siffra; förut: 5"},
        {"datasets/placering.yaml", "finest: kvartal", "finest: manad", REPORT_WEAKER,
                "statisticians, data-protection officers may now see placering by start at level "
                "manad; before: kvartal",
                "statistiker, dataskyddsombud får nu se placering efter start per manad; förut: "
                "per kvartal"},
        {"datasets/vald.yaml", "finest: lan", "finest: kommun", REPORT_WEAKER,
                "may now see vald by kommun at level kommun; before: lan",
                "får nu se vald efter kommun per kommun; förut: per lan"},
        {"datasets/placering.yaml", "roles: [statistician, dpo]", "roles: [dpo]", REPORT_STRONGER,
                "statisticians may no longer ask placering",
                "statistiker får inte längre fråga placering"},
        {"datasets/placering.yaml", "purposes: [officiell_statistik, uppfoljning]",
                "purposes: [uppfoljning]", REPORT_STRONGER,
                "placering may no longer be asked for officiell_statistik",
                "placering får inte längre frågas för officiell_statistik"},
        {"datasets/placering.yaml", "zeros: publish", "zeros: protect", REPORT_STRONGER,
                "placering: zeros are now protected", "placering: nollor skyddas nu"},
        {"datasets/placering.yaml", "person: required", "person: required\nclear_persons: yes",
                REPORT_WEAKER, "placering now accepts unsealed personal numbers",
                "placering tar nu emot oförseglade personnummer"},
        {"datasets/placering.yaml", "    group: no\n", "", REPORT_WEAKER,
                "may now break down placering by fodelsemanad",
                "får nu dela in placering efter fodelsemanad"},
        {"linkages.yaml", "municipalities: all", "municipalities: [\"0114\", \"0180\"]",
                REPORT_STRONGER, "no longer joins records of 288 municipalities",
                "för inte längre samman 288 kommuners poster"},
        {"linkages.yaml", "until: 2030-12-31", "until: 2031-12-31", REPORT_WEAKER,
                "is valid until 2031-12-31; before: 2030-12-31",
                "gäller till och med 2031-12-31; förut: 2030-12-31"},
        {"bundle.yaml", "operator: [operations, ", "operator: [operations, Query, ", REPORT_WEAKER,
                "operators may now call Query", "driften får nu anropa Query"},
        {"submission_keys.yaml", "submission_keys: []",
                "submission_keys:\n  - {municipality: \"0114\", key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\", from: "
                "2026-01-01, until: 2027-12-31}",
                REPORT_WEAKER,
                "0114: deliveries may be signed with a new key, 11111111111111111111111111111111, "
                "from 2026-01-01 until 2027-12-31",
                "0114: leveranser får signeras med en ny nyckel"},
        {"bundle.yaml", "publish: manual", "publish: manual\nlog_retention: {years: 5}",
                REPORT_CHANGED, "what the audit log says is kept for 5 years; before: for ever",
                "vad granskningsloggen säger sparas i 5 år; förut: för alltid"},
        {"bundle.yaml", "publish: manual", "publish: automatic", REPORT_WEAKER,
                "vintages are now published by themselves", "årgångar ges nu ut av sig själva"},
        {"codelists/regi.yaml", "levels:", "levels:", REPORT_NOTE, NULL, NULL},
};

static void expect_diff(const struct policy *a, const struct policy *b, enum report_lang lang,
        enum report_mark mark, const char *says)
{
        OWNED(arena_free) struct arena *arena = arena_new(16 << 20);
        struct report r;

        report_init(&r, arena, lang);
        assert_int_equal(policy_diff(a, b, &r), ERR_OK);
        const struct report_line *line = says != NULL ? find_line(&r, mark, says) : NULL;
        if ((says != NULL) != (line != NULL) || (says == NULL && r.len > 0)) {
                print_lines(&r);
                fail_msg("wanted: %s", says != NULL ? says : "nothing");
        }
        if (line != NULL)
                assert_true(line->at.line > 0 && line->at.file.len > 0);
}

static void a_difference_is_told_as_a_consequence(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                OWNED(policy_unref)
                struct policy *p = edited(changes[i].file, changes[i].from, changes[i].to);

                expect_diff(national, p, REPORT_EN, changes[i].mark, changes[i].en);
                expect_diff(national, p, REPORT_SV, changes[i].mark, changes[i].sv);
        }
}

/* Whatever weakens in one direction strengthens in the other. */
static void the_way_back_weighs_the_other_way(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
                OWNED(policy_unref)
                struct policy *p = edited(changes[i].file, changes[i].from, changes[i].to);
                OWNED(arena_free) struct arena *arena = arena_new(16 << 20);
                struct report there, back;

                report_init(&there, arena, REPORT_EN);
                report_init(&back, arena, REPORT_EN);
                assert_int_equal(policy_diff(national, p, &there), ERR_OK);
                assert_int_equal(policy_diff(p, national, &back), ERR_OK);
                assert_int_equal(
                        report_count(&there, REPORT_WEAKER), report_count(&back, REPORT_STRONGER));
                assert_int_equal(
                        report_count(&there, REPORT_STRONGER), report_count(&back, REPORT_WEAKER));
        }
}

static void a_new_data_set_weakens_and_its_end_strengthens(void **state)
{
        OWNED(policy_unref)
        struct policy *p = with_another();

        (void)state;
        expect_diff(national, p, REPORT_EN, REPORT_WEAKER, "new data set annan");
        expect_diff(p, national, REPORT_EN, REPORT_STRONGER, "the data set annan goes");
}

/* Explanations ------------------------------------------------------------ */

static const struct dimension_ref by_day[] = {
        {{(const uint8_t *)"start", 5}, {(const uint8_t *)"dag", 3}}};

static bool explain(const struct query *q, enum role role, struct report *r)
{
        struct principal who = {.role = role};

        (void)snprintf(who.uri, sizeof who.uri, "statgate://demo/%s/prov", role_name(role));
        bool allowed = false;

        assert_int_equal(policy_explain(national, &who, q, now, r, &allowed), ERR_OK);
        return allowed;
}

static struct query question(const char *dataset, const char *purpose)
{
        return (struct query){.dataset = B(dataset), .purpose = B(purpose)};
}

static void an_allowed_question_is_told_by_the_rules_that_allow_it(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct query q = question("placering", "uppfoljning");
        struct report r;
        const struct report_line *line;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_true(explain(&q, ROLE_STATISTICIAN, &r));
        assert_int_equal(report_count(&r, REPORT_REFUSES), 0);
        assert_int_equal(report_count(&r, REPORT_SUGGESTS), 0);
        line = find_line(&r, REPORT_HOLDS, "may be asked by statisticians");
        assert_non_null(line);
        assert_true(bytes_is_text(line->at.file, "datasets/placering.yaml"));
        assert_non_null(find_line(&r, REPORT_HOLDS, "placering_riket is valid"));
        assert_non_null(find_line(&r, REPORT_OBLIGES, "at least 5 persons"));
}

static void too_fine_a_level_suggests_the_finest_that_is_allowed(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct query q = question("placering", "uppfoljning");
        struct report r;

        (void)state;
        q.dimensions = (struct dimension_ref *)(uintptr_t)by_day;
        q.dimensions_len = 1;
        report_init(&r, arena, REPORT_SV);
        assert_false(explain(&q, ROLE_STATISTICIAN, &r));
        assert_non_null(find_line(&r, REPORT_REFUSES,
                "indelningen efter start tillåts inte så fint, utan per kvartal"));
        assert_non_null(find_line(&r, REPORT_SUGGESTS, "fråga start per kvartal"));
        assert_int_equal(report_count(&r, REPORT_SUGGESTS), 1);
}

static void what_may_not_be_asked_is_suggested_away(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct query q = question("placering", "nyfikenhet");
        struct dimension_ref by[] = {{B("fodelsemanad"), {0}}, {B("hemligt"), {0}}};
        struct measure_ref sum[] = {{.kind = MEASURE_SUM, .variable = B("form")}};
        struct report r;

        (void)state;
        q.dimensions = by;
        q.dimensions_len = 2;
        q.measures = sum;
        q.measures_len = 1;
        report_init(&r, arena, REPORT_EN);
        assert_false(explain(&q, ROLE_STATISTICIAN, &r));
        assert_non_null(find_line(&r, REPORT_SUGGESTS, "ask for the purpose officiell_statistik"));
        assert_non_null(find_line(&r, REPORT_SUGGESTS, "leave fodelsemanad out"));
        assert_non_null(find_line(&r, REPORT_SUGGESTS, "leave the unknown variable out"));
        assert_non_null(find_line(&r, REPORT_SUGGESTS, "leave form out"));
        for (unsigned m = REPORT_NOTE; m <= REPORT_CHANGED; m++)
                assert_null(find_line(&r, (enum report_mark)m, "hemligt"));
}

static void where_no_change_helps_none_is_suggested(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct query q = question("placering", "uppfoljning");
        struct report r;

        (void)state;
        report_init(&r, arena, REPORT_EN);
        assert_false(explain(&q, ROLE_OPERATOR, &r));
        assert_int_equal(report_count(&r, REPORT_SUGGESTS), 0);
        assert_non_null(find_line(&r, REPORT_NOTE, "no change of the question"));
        report_init(&r, arena, REPORT_EN);
        now += (int64_t)20 * 366 * 86400000;
        assert_false(explain(&q, ROLE_STATISTICIAN, &r));
        now -= (int64_t)20 * 366 * 86400000;
        assert_non_null(find_line(&r, REPORT_REFUSES, "is not valid today"));
        assert_int_equal(report_count(&r, REPORT_SUGGESTS), 0);
        q.dataset = B("placeringar");
        report_init(&r, arena, REPORT_EN);
        assert_false(explain(&q, ROLE_STATISTICIAN, &r));
        assert_non_null(find_line(&r, REPORT_REFUSES, "the bundle has no such data set"));
}

/* Evolution --------------------------------------------------------------- */

static const struct {
        const char *file, *from, *to, *says; /* NULL: free */
} evolutions[] = {
        {"datasets/placering.yaml", "threshold: 5", "threshold: 7", NULL},
        {"datasets/placering.yaml", "finest: kvartal", "finest: ar", NULL},
        {"datasets/placering.yaml", "Kostnad per dygn, en: Cost per day",
                "Kostnad per vårddygn, en: Cost per day", NULL},
        {"datasets/placering.yaml", "Kostnad per dygn, en: Cost per day",
                "Antal syskon, en: Number of siblings", "both its labels are replaced"},
        {"datasets/placering.yaml", "unit: kr", "unit: tkr", "another unit"},
        {"datasets/placering.yaml", "decimals: 2", "decimals: 1", "another unit"},
        {"datasets/placering.yaml", "codes: avslut", "codes: utforare", "another code list"},
        {"datasets/placering.yaml", "    birth: fodelsemanad\n    at: start",
                "    birth: fodelsemanad\n    at: fodelsemanad", "the age at another date"},
        {"datasets/placering.yaml", "{code: 0-3, from: 0, to: 3", "{code: 0-3, from: 0, to: 2",
                "the band has other bounds"},
        {"datasets/placering.yaml", "periodicity: year", "periodicity: quarter", "other periods"},
        {"datasets/placering.yaml", "person: required", "person: optional", "in another way"},
        {"datasets/placering.yaml",
                "Placeringar av barn och unga utanför hemmet, en: Placements "
                "of children and young people outside the home",
                "Ekonomi, en: Money", "both its labels are replaced"},
        {"bundle.yaml", "bundle: sverige", "bundle: norge", "another bundle"},
        {"codelists/kommun.yaml", "Upplands Väsby, parent: \"01\"",
                "Upplands Väsby, parent: \"03\"", "another parent"},
        {"codelists/kon.yaml", "\"Kvinna\", en: \"Woman\"", "\"Okänt\", en: \"Unknown\"",
                "both its labels are replaced"},
};

static void a_name_in_use_keeps_its_meaning(void **state)
{
        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(evolutions); i++) {
                OWNED(policy_unref)
                struct policy *p = edited(evolutions[i].file, evolutions[i].from, evolutions[i].to);
                struct refusal why = {0};
                enum err rc = policy_evolves(national, p, &why);

                if (rc != (evolutions[i].says == NULL ? ERR_OK : ERR_POLICY_REFUSED))
                        fail_msg("case %zu: %s: %s", i, err_name(rc),
                                why.len > 0 ? why.violations[0].text : "");
                if (evolutions[i].says != NULL &&
                        strstr(why.violations[0].text, evolutions[i].says) == NULL)
                        fail_msg("case %zu: %s", i, why.violations[0].text);
                if (evolutions[i].says != NULL)
                        assert_non_null(strchr(why.violations[0].field, ':'));
        }
}

static void adding_and_taking_away_are_free(void **state)
{
        OWNED(policy_unref)
        struct policy *more = with_another();
        struct refusal why = {0};

        (void)state;
        assert_int_equal(policy_evolves(national, national, &why), ERR_OK);
        assert_int_equal(policy_evolves(national, more, &why), ERR_OK);
        assert_int_equal(policy_evolves(more, national, &why), ERR_OK);
}

static void a_municipality_never_goes(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        char *text = slurp(B("codelists/kommun.yaml"));
        char *at = strstr(text, "{code: \"0114\""), *end = at != NULL ? strchr(at, '\n') : NULL;
        char line[256] = "";
        struct refusal why = {0};

        (void)state;
        if (at == NULL || end == NULL) {
                free(text);
                fail_msg("Upplands Väsby is not there");
                return;
        }
        while (at > text && at[-1] != '\n')
                at--;
        memcpy(line, at, (size_t)(end - at) + 1);
        p = edited("codelists/kommun.yaml", line, "");
        free(text);
        assert_int_equal(policy_evolves(national, p, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].text, "stays"));
        assert_int_equal(policy_evolves(p, national, &why), ERR_OK);
}

static void the_whole_bundle_can_be_told(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        struct report r;
        OWNED(policy_unref) struct policy *whole = NULL;
        struct refusal why = {0};
        uint32_t datasets = 0, linkages = 0, indicators = 0, presets = 0;

        (void)state;
        assert_int_equal(policy_load(BUNDLE, &whole, &why), ERR_OK);
        (void)policy_datasets(national, &datasets);
        (void)policy_linkages(national, &linkages);
        (void)policy_indicators(whole, &indicators);
        (void)policy_presets(whole, &presets);
        for (unsigned lang = REPORT_SV; lang <= REPORT_EN; lang++) {
                report_init(&r, arena, (enum report_lang)lang);
                assert_int_equal(policy_show(whole, &r), ERR_OK);
                assert_int_equal(report_count(&r, REPORT_HEAD),
                        2 + presets + datasets + linkages + (indicators > 0));
        }
        assert_non_null(find_line(&r, REPORT_NOTE, "everything else is denied"));
}

static void remove_sources(const struct policy *p)
{
        const struct rules *r = policy_rules(p);

        for (uint32_t i = 0; i < r->sources_len; i++)
                (void)unlink(path_of(folder, r->sources[i].name));
}

static int setup(void **state)
{
        OWNED(policy_unref) struct policy *whole = NULL;
        struct refusal why = {0};

        (void)state;
        now = (int64_t)days_from_civil((struct civil){2026, 5, 4}) * 86400000;
        if (policy_load(BUNDLE, &whole, &why) != ERR_OK || mkdtemp(folder) == NULL ||
                mkdir(path_of(folder, B("datasets")), 0700) != 0 ||
                mkdir(path_of(folder, B("indicators")), 0700) != 0 ||
                mkdir(path_of(folder, B("codelists")), 0700) != 0)
                return -1;
        national = whole;
        national = edited_in(NULL, 0);
        remove_sources(whole);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        remove_sources(national);
        (void)unlink(path_of(folder, B("datasets/annan.yaml")));
        (void)rmdir(path_of(folder, B("indicators")));
        (void)rmdir(path_of(folder, B("datasets")));
        (void)rmdir(path_of(folder, B("codelists")));
        policy_unref(&national);
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_difference_is_told_as_a_consequence),
                cmocka_unit_test(the_way_back_weighs_the_other_way),
                cmocka_unit_test(a_new_data_set_weakens_and_its_end_strengthens),
                cmocka_unit_test(an_allowed_question_is_told_by_the_rules_that_allow_it),
                cmocka_unit_test(too_fine_a_level_suggests_the_finest_that_is_allowed),
                cmocka_unit_test(what_may_not_be_asked_is_suggested_away),
                cmocka_unit_test(where_no_change_helps_none_is_suggested),
                cmocka_unit_test(a_name_in_use_keeps_its_meaning),
                cmocka_unit_test(adding_and_taking_away_are_free),
                cmocka_unit_test(a_municipality_never_goes),
                cmocka_unit_test(the_whole_bundle_can_be_told),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
