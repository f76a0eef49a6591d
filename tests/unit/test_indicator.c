/* SPDX-License-Identifier: Apache-2.0 */
/* test_indicator.c: an indicator is read whole or refused at its place, keeps its frozen
 * meaning, asks what it says and lets nobody add to what is measured. */
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
#include "policies/query_yaml.h"
#include "policies/report.h"
#include "tests/support/language_bundle.h"

enum { FILES = LANGUAGE_FILES + 3, TEXT_MAX = 8192 };

#define HEAD(id, version)                                                                          \
        "indicator: " id "\nversion: " version                                                     \
        "\nlabel: {sv: Åter, en: Back}\ndefinition: {sv: Definition, en: Definition}\n"           \
        "references: [Källa 1, Källa 2]\npurposes: [statistik]\ndirection: lower\n"

static const char again[] =
        HEAD("ater", "1") "target: 12.5\ncompare: [target, lan, riket, history]\n"
                          "disclosure: {threshold: 20, zeros: protect, denominator: 30}\n"
                          "query:\n"
                          "  dataset: a\n"
                          "  period_date: slut\n"
                          "  derived: [{name: igen, kind: exists, dataset: b, window: {anchor: "
                          "slut, from: 1, until: 365}}]\n"
                          "  filters: [orsak = a]\n"
                          "  measures: [{kind: share, filters: [igen = true]}]\n";
static const char again_later[] =
        HEAD("ater", "2") "query:\n"
                          "  dataset: a\n"
                          "  measures: [{kind: share, filters: [orsak = a]}]\n";
static const char cost[] = HEAD(
        "kostnad", "1") "query: {dataset: a, measures: [sum:belopp]}\n"
                        "denominator: {dataset: b, filters: [orsak = b], measures: [records]}\n"
                        "scale: 1000\n";

static char folder[] = "/tmp/statgate-indicator-XXXXXX";
static struct bundle_file files[FILES];
static char texts[3][TEXT_MAX];
static const struct small_bundle bundle = {folder, files, FILES};
static struct policy *policy;
static int64_t now; /* a day in 2026 */

/* The bundle of the language with what indicators need: a code, a number, a switch. */
static void make_files(void)
{
        static const char more[] =
                "  - {id: orsak, label: X, type: code, codes: datamangd, role: sensitive}\n"
                "  - {id: belopp, label: X, type: integer, role: measure, min: 0, max: 9}\n";
        static const char only[] = "  - {id: ensam, label: X, type: boolean, role: identifying}\n";
        size_t edited = 0;

        for (size_t i = 0; i < LANGUAGE_FILES; i++) {
                const char *name = language_files[i].name;
                const char *extra = strcmp(name, "bundle.yaml") == 0
                                            ? "indicators: [i.yaml, j.yaml, k.yaml]\n"
                                    : strcmp(name, "a.yaml") == 0 ? only
                                    : strcmp(name, "b.yaml") == 0 ? ""
                                                                  : NULL;

                files[i] = language_files[i];
                if (extra == NULL)
                        continue;
                (void)snprintf(texts[edited], TEXT_MAX, "%s%s%s", files[i].text,
                        strcmp(name, "bundle.yaml") == 0 ? "" : more, extra);
                files[i].text = texts[edited++];
        }
        files[LANGUAGE_FILES] = (struct bundle_file){"i.yaml", again};
        files[LANGUAGE_FILES + 1] = (struct bundle_file){"j.yaml", again_later};
        files[LANGUAGE_FILES + 2] = (struct bundle_file){"k.yaml", cost};
}

static struct principal statistician(const char *name)
{
        struct principal who = {.role = ROLE_STATISTICIAN};

        (void)snprintf(who.uri, sizeof who.uri, "statgate://demo/statistician/%s", name);
        return who;
}

static struct query asked(struct arena *a, const char *yaml)
{
        struct refusal why = {0};
        struct query q;

        if (query_yaml_read_text(a, "q.yaml", bytes_of_text(yaml), &q, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return q;
}

/* Reading ------------------------------------------------------------------ */

static void an_indicator_is_read_whole(void **state)
{
        const struct indicator *in = policy_indicator_find(policy, bytes_of_text("ater"), 1);
        uint32_t len = 0;

        (void)state;
        assert_non_null(policy_indicators(policy, &len));
        assert_int_equal(len, 3);
        assert_non_null(in);
        assert_true(bytes_is_text(in->label.en, "Back") && in->references_len == 2);
        assert_true(in->purposes_len == 1 && in->direction == DIRECTION_LOWER);
        assert_true(in->has_target && in->target == 125 && in->decimals == 1);
        assert_int_equal(in->comparisons, 1u << COMPARE_TARGET | 1u << COMPARE_COUNTY |
                                                  1u << COMPARE_COUNTRY | 1u << COMPARE_HISTORY);
        assert_true(bytes_is_text(in->place, "kommun"));
        assert_true(in->query.derived_len == 1 && in->query.filters_len == 1);
        assert_true(bytes_is_text(in->query.derived[0].window.anchor, "slut"));
        assert_true(bytes_is_text(in->query.measures[0].filters[0].values[0], "true"));
        assert_true(in->floor.threshold == 20 && in->floor.denominator == 30);
        assert_false(in->floor.zeros_published || in->is_contract || in->frozen);
        assert_true(bytes_is_text(in->at.file, "i.yaml") && in->at.line == 1);
        in = policy_indicator_find(policy, bytes_of_text("kostnad"), 0);
        assert_true(in->has_denominator && in->scale == 1000 && in->floor.zeros_published);
}

static void the_latest_version_answers_unless_one_is_named(void **state)
{
        (void)state;
        assert_int_equal(policy_indicator_find(policy, bytes_of_text("ater"), 0)->version, 2);
        assert_int_equal(policy_indicator_find(policy, bytes_of_text("ater"), 1)->version, 1);
        assert_null(policy_indicator_find(policy, bytes_of_text("ater"), 3));
        assert_null(policy_indicator_find(policy, bytes_of_text("at"), 0));
}

static void a_fault_is_told_where_it_stands(void **state)
{
        static const struct bundle_fault faults[] = {
                {"i.yaml", "version: 1", "@@vrsion: 1", "did you mean `version`?"},
                {"i.yaml", "label: {sv: Åter, en: Back}", "label: {sv: Åter, @@eng: Back}",
                        "known key"},
                {"i.yaml", "references: [Källa 1, Källa 2]", "references: @@[]", "1 to 16"},
                {"i.yaml", "purposes: [statistik]", "purposes: [@@statstik]", "statistik"},
                {"i.yaml", "direction: lower", "direction: @@down", "must be one of"},
                {"i.yaml", "target: 12.5", "target: @@12,5", "number"},
                {"i.yaml", "target: 12.5\n", "", "no `target` to compare with"},
                {"i.yaml", "[target, lan", "[target, @@kommun", "at most once"},
                {"i.yaml", "[target, lan, riket, history]", "[lan, @@lan]", "at most once"},
                {"i.yaml", "threshold: 20", "threshold: @@1", "between"},
                {"i.yaml", "  dataset: a\n", "  @@dataset: c\n", "no such variable"},
                {"i.yaml", "dataset: a\n", "dataset: aa\n", "no such data set"},
                {"i.yaml", "dataset: b,", "dataset: d,", "no events"},
                {"i.yaml", "anchor: slut", "anchor: slat", "did you mean `slut`?"},
                {"i.yaml", "orsak = a", "orsak = c", "does not have"},
                {"i.yaml", "igen = true", "igen = = true", "must be quoted"},
                {"i.yaml", "  measures: [{kind: share, filters: [igen = true]}]\n", "",
                        "exactly one measure"},
                {"i.yaml", "[{kind: share, filters: [igen = true]}]", "[persons, records]",
                        "exactly one measure"},
                {"i.yaml", "[{kind: share, filters: [igen = true]}]", "[{kind: share}]",
                        "which share"},
                {"i.yaml", "  filters: [orsak = a]\n", "  dimensions: [kommun]\n", "whoever asks"},
                {"i.yaml", "  filters: [orsak = a]\n", "  purpose: annat\n", "whoever asks"},
                {"i.yaml", "  filters: [orsak = a]\n", "  @@indicator: kostnad\n", "another"},
                {"i.yaml", "  filters: [orsak = a]\n", "  linkage: tva\n", "does not hold"},
                {"i.yaml", "purposes: [statistik]", "purposes: [statistik, annat]",
                        "for this purpose"},
                {"j.yaml", "version: 2", "version: 1", "same id and version"},
                {"k.yaml", "scale: 1000", "scale: @@0", "between"},
                {"k.yaml", "denominator: {dataset: b, filters: [orsak = b], measures: [records]}\n",
                        "@@", NULL},
                {"k.yaml", "measures: [sum:belopp]", "measures: [mean:belopp]", "divided"},
                {"k.yaml", "sum:belopp", "sum:orsak", "be summed"},
                {"bundle.yaml", "[i.yaml, j.yaml, k.yaml]", "[l.yaml]", "No such file"},
        };

        (void)state;
        assert_int_equal(small_bundle_faults(&bundle, faults, ARRAY_LEN(faults)), 0);
}

/* The frozen definition ------------------------------------------------------ */

/* Loads with j.yaml as `text`; the refusal's first sentence in `why`. */
static struct policy *with(const char *text, struct refusal *why)
{
        struct policy *p = NULL;

        *why = (struct refusal){0};
        small_bundle_write(&bundle);
        small_bundle_write_file(&bundle, "j.yaml", text);
        if (small_bundle_load(&bundle, &p, why) != ERR_OK)
                return NULL;
        return p;
}

static struct digest digest_with(const char *text)
{
        struct refusal why;
        OWNED(policy_unref) struct policy *p = with(text, &why);
        const struct indicator *in;

        if (p == NULL)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        in = policy_indicator_find(p, bytes_of_text("ater"), 2);
        return in->digest;
}

/* `text` with the first `from` as `with`. */
static const char *changed(const char *text, const char *from, const char *to)
{
        static char out[TEXT_MAX];
        const char *at = strstr(text, from);

        assert_non_null(at);
        (void)snprintf(out, sizeof out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
        return out;
}

static void words_may_be_mended_but_a_meaning_has_its_digest(void **state)
{
        static const char *const words[][2] = {{"Åter", "Tillbaka"}, {"Källa 1", "Källa"},
                {"sv: Definition", "sv: Annan definition"},
                {"filters: [orsak = a]", "filters: [{variable: orsak, op: in, values: [a]}]"}};
        static const char *const meanings[][2] = {{"orsak = a", "orsak = b"}, {"lower", "higher"},
                {"dataset: a", "dataset: b"}, {"share,", "persons,"}};
        struct digest before = digest_with(again_later);

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(words); i++) {
                struct digest d = digest_with(changed(again_later, words[i][0], words[i][1]));

                assert_memory_equal(d.bytes, before.bytes, sizeof d.bytes);
        }
        for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
                struct digest d = digest_with(changed(again_later, meanings[i][0], meanings[i][1]));

                assert_memory_not_equal(d.bytes, before.bytes, sizeof d.bytes);
        }
}

#define CONTRACT "target: 20\ncontract: {label: {sv: Avtal, en: Contract}, period: 2024}\n"

/* The digest that a refusal tells, or "". */
static const char *told(const struct refusal *why)
{
        static char digest[65];
        const char *text = why->violations[0].text;

        for (digest[0] = '\0'; *text != '\0'; text++) {
                size_t len = strspn(text, "0123456789abcdef");

                if (len == 64)
                        (void)snprintf(digest, sizeof digest, "%.64s", text);
                text += len > 0 ? len - 1 : 0;
        }
        return digest;
}

static void a_contract_is_frozen_or_refused_with_the_digest_it_has(void **state)
{
        char text[TEXT_MAX], frozen[TEXT_MAX + 80];
        struct refusal why;
        const struct indicator *in;

        (void)state;
        (void)snprintf(text, sizeof text, "%s%s", again_later, CONTRACT);
        assert_null(with(text, &why));
        assert_non_null(strstr(why.violations[0].text, "a contract is frozen"));
        assert_int_equal(strlen(told(&why)), 64);
        (void)snprintf(frozen, sizeof frozen, "%sfrozen: %s\n", text, told(&why));
        OWNED(policy_unref) struct policy *p = with(frozen, &why);
        assert_non_null(p);
        in = policy_indicator_find(p, bytes_of_text("ater"), 0);
        assert_true(in->frozen && in->is_contract && in->query.has_period);
        assert_true(in->query.period.first == days_from_civil((struct civil){2024, 1, 1}));
        static const char *const drifts[][2] = {{"orsak = a", "orsak = b"},
                {"target: 20", "target: 21"}, {"period: 2024", "period: 2023"},
                {"lower", "higher"}};
        for (size_t i = 0; i < ARRAY_LEN(drifts); i++) {
                assert_null(with(changed(frozen, drifts[i][0], drifts[i][1]), &why));
                assert_non_null(strstr(why.violations[0].text, "a new meaning is a new version"));
        }
        assert_null(with(changed(text, "target: 20\n", ""), &why));
        assert_non_null(strstr(why.violations[0].text, "whether it is met"));
        assert_null(with(changed(text, "direction: lower", "direction: none"), &why));
        assert_null(with(changed(text, "dataset: a\n", "dataset: a\n  period: 2022\n"), &why));
}

/* Asking --------------------------------------------------------------------- */

static enum err expand(const char *yaml, struct query *q, struct query *denominator,
        struct arena *a, struct refusal *why)
{
        const struct indicator *in = NULL;
        struct query question = asked(a, yaml);

        *why = (struct refusal){0};
        return indicator_expand(policy, &question, a, q, denominator, &in, why);
}

static void whoever_asks_says_when_where_and_for_which_groups(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct query q, denominator;
        struct refusal why;

        (void)state;
        assert_int_equal(
                expand("{indicator: {id: ater, version: 1}, purpose: statistik, period: "
                       "2024, vintage: 3, filters: [kommun:lan = 03], dimensions: [kommun]}",
                        &q, &denominator, a, &why),
                ERR_OK);
        assert_int_equal(query_check(&q, &why), ERR_OK);
        assert_true(bytes_is_text(q.dataset, "a") && q.indicator.len == 0);
        assert_true(q.has_period && q.vintage.number == 3);
        assert_int_equal(q.filters_len, 2);
        /* Hers first, so that a fault in it is told at her index. */
        assert_true(bytes_is_text(q.filters[0].variable, "kommun"));
        assert_true(bytes_is_text(q.filters[1].variable, "orsak"));
        assert_int_equal(q.dimensions_len, 1);
        assert_int_equal(expand("{indicator: kostnad, purpose: statistik, filters: [kommun:lan = "
                                "03]}",
                                 &q, &denominator, a, &why),
                ERR_OK);
        assert_true(bytes_is_text(denominator.dataset, "b") && denominator.filters_len == 2);
}

static void nobody_adds_to_what_is_measured(void **state)
{
        static const struct {
                const char *yaml, *field, *says;
        } cases[] = {
                {"{indicator: atr, purpose: statistik}", "indicator.id", "did you mean `ater`?"},
                {"{indicator: {id: ater, version: 9}, purpose: statistik}", "indicator.version",
                        "no such version"},
                {"{indicator: {id: ater, version: 1}, purpose: statistik}", "period",
                        "needs a period"},
                {"{indicator: ater, purpose: annat}", "purpose", "for this purpose"},
                {"{indicator: ater, purpose: statistik, filters: [ensam = true, orsak = b]}",
                        "filters[1].variable", "identifying variables"},
                {"{indicator: ater, purpose: statistik, filters: [hemligt = b]}",
                        "filters[0].variable", "identifying variables"},
                {"{indicator: kostnad, purpose: statistik, filters: [ensam = true]}",
                        "filters[0].variable", "denominator"},
                {"{indicator: kostnad, purpose: statistik, dimensions: [kommun, ensam]}",
                        "dimensions[1].variable", "denominator"},
                {"{indicator: ater, purpose: statistik, dataset: b}", "dataset", "registry"},
                {"{indicator: ater, purpose: statistik, measures: [records]}", "measures",
                        "registry"},
                {"{indicator: ater, purpose: statistik, unit: record}", "unit", "registry"},
        };

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
                OWNED(arena_free) struct arena *a = arena_new(1 << 20);
                struct query q = {.unit = UNIT_RECORD}, denominator;
                struct refusal why;

                assert_int_not_equal(expand(cases[i].yaml, &q, &denominator, a, &why), ERR_OK);
                if (why.len == 0 || strcmp(why.violations[0].field, cases[i].field) != 0 ||
                        strstr(why.violations[0].text, cases[i].says) == NULL)
                        fail_msg("case %zu: %s: %s", i, why.violations[0].field,
                                why.violations[0].text);
                assert_int_equal(q.unit, UNIT_RECORD); /* as it was */
        }
}

static enum err decide(
        const char *yaml, const char *name, struct decision *out, struct refusal *why)
{
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct principal who = statistician(name);
        struct query q = asked(a, yaml);

        *why = (struct refusal){0};
        return decide_query(policy, &who, &q, now, out, why);
}

static void the_answer_is_held_to_the_strictest_of_all(void **state)
{
        struct decision d;
        struct refusal why;

        (void)state;
        assert_int_equal(
                decide("{indicator: {id: ater, version: 1}, purpose: statistik, period: 2024}",
                        "vard-a", &d, &why),
                ERR_OK);
        assert_true(bytes_is_text(d.dataset->id, "a"));
        assert_true(bytes_is_text(d.linkage->rules->id, "alla"));
        assert_true(bytes_is_text(d.indicator->id, "ater") && d.indicator->version == 1);
        assert_true(d.disclosure.threshold == 20 && d.disclosure.denominator == 30);
        assert_false(d.disclosure.zeros_published);
        assert_int_equal(
                decide("{indicator: ater, purpose: statistik}", "vard-a", &d, &why), ERR_OK);
        assert_true(d.disclosure.threshold == 5 && d.disclosure.denominator == 0);
}

static void an_indicator_gives_nobody_more_than_her_own_questions(void **state)
{
        struct decision d;
        struct refusal why;

        (void)state;
        /* Anna may ask about b alone. */
        assert_int_equal(
                decide("{indicator: ater, purpose: statistik}", "anna", &d, &why), ERR_NOT_ALLOWED);
        assert_string_equal(why.violations[0].field, "dataset");
        assert_int_equal(decide("{indicator: ater, purpose: statistik}", "okand", &d, &why),
                ERR_NOT_ALLOWED);
        assert_int_equal(decide("{indicator: ater, purpose: statistik, dimensions: [start:dag]}",
                                 "vard-a", &d, &why),
                ERR_NOT_ALLOWED);
        assert_string_equal(why.violations[0].field, "dimensions[0].level");
}

static void an_indicator_is_explained_by_its_questions(void **state)
{
        OWNED(arena_free) struct arena *a = arena_new(4 << 20);
        struct principal who = statistician("vard-a");
        struct query q =
                asked(a, "{indicator: kostnad, purpose: statistik, dimensions: [start:dag]}");
        struct report r;
        bool allowed = true, finest = false;

        (void)state;
        report_init(&r, a, REPORT_EN);
        assert_int_equal(policy_explain(policy, &who, &q, now, &r, &allowed), ERR_OK);
        assert_false(allowed);
        assert_int_equal(report_count(&r, REPORT_HEAD), 2);
        for (uint32_t i = 0; i < r.len; i++)
                finest |= r.lines[i].mark == REPORT_SUGGESTS &&
                          bytes_is_text(r.lines[i].text, "ask start by manad");
        assert_true(finest);
        q.dimensions_len = 0;
        report_init(&r, a, REPORT_SV);
        assert_int_equal(policy_explain(policy, &who, &q, now, &r, &allowed), ERR_OK);
        assert_true(allowed);
}

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        now = (int64_t)days_from_civil((struct civil){2026, 5, 4}) * 86400000;
        make_files();
        if (small_bundle_make((struct small_bundle *)(uintptr_t)&bundle) != 0)
                return -1;
        small_bundle_write(&bundle);
        if (small_bundle_load(&bundle, &policy, &why) == ERR_OK)
                return 0;
        print_error("%s: %s\n", why.violations[0].field, why.violations[0].text);
        return -1;
}

static int teardown(void **state)
{
        (void)state;
        policy_unref(&policy);
        return small_bundle_remove((struct small_bundle *)(uintptr_t)&bundle);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_indicator_is_read_whole),
                cmocka_unit_test(the_latest_version_answers_unless_one_is_named),
                cmocka_unit_test(a_fault_is_told_where_it_stands),
                cmocka_unit_test(words_may_be_mended_but_a_meaning_has_its_digest),
                cmocka_unit_test(a_contract_is_frozen_or_refused_with_the_digest_it_has),
                cmocka_unit_test(whoever_asks_says_when_where_and_for_which_groups),
                cmocka_unit_test(nobody_adds_to_what_is_measured),
                cmocka_unit_test(the_answer_is_held_to_the_strictest_of_all),
                cmocka_unit_test(an_indicator_gives_nobody_more_than_her_own_questions),
                cmocka_unit_test(an_indicator_is_explained_by_its_questions),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
