/* SPDX-License-Identifier: Apache-2.0 */
/* test_policy.c: the national bundle loads, and a bundle that is wrong in one
 * place is refused at that place.
 *
 * The broken bundles grow from a small good one: each case replaces one piece of
 * one file, and @@ in the replacement marks where the complaint must point. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "crypto/sign.h"
#include "policies/policy.h"
#include "policies/sign.h"
#include "tests/support/broken_bundle.h"
#include "tests/support/busy.h"

#define BUNDLE STATGATE_ROOT "/policies/bundle"

/* A small good bundle ----------------------------------------------------- */

#define RECORD                                                                                     \
        "article_30: {controller: a, persons: b, data: c, recipients: d, retention: e, "           \
        "safeguards: f}\n"

static const struct bundle_file good[] = {
        {"bundle.yaml", "bundle: prov\nlabel: Prov\nversion: 1\npredecessor: none\ntrust: demo\n"
                        "languages: [sv, en]\npublish: manual\nmunicipalities: kommun\n"
                        "purposes:\n  - {id: statistik, label: Statistik, legal_basis: lag}\n"
                        "  - {id: annat, label: Annat, legal_basis: lag}\n"
                        "roles:\n  municipality: [submission]\n  statistician: [statistics, "
                        "GetStatus]\n"
                        "principals:\n  - {match: statgate://demo/statistician/*, role: "
                        "statistician, datasets: all, purposes: all, legal_basis: lag}\n"
                        "codelists: [kommun.yaml, kon.yaml]\n"
                        "datasets: [d.yaml]\nlinkages: linkages.yaml\n"
                        "submission_keys: nycklar.yaml\n"
                        "person_quota: {permille: 500, minimum: 100}\n"
                        "erasure_quota: {per_day: 25}\n"},
        {"nycklar.yaml",
                "submission_keys:\n"
                "  - {municipality: \"0180\", key: "
                "\"2222222222222222222222222222222222222222222222222222222222222222\", from: "
                "2026-01-01, until: 2026-12-31}\n"
                "  - {municipality: \"0114\", key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\", from: "
                "2026-06-01, until: 2027-12-31}\n"},
        {"kommun.yaml",
                "codelist: kommun\nlabel: {sv: Kommun, en: Municipality}\nsource: SCB\n"
                "population_year: 2025\nlevels:\n  - id: kommun\n    label: Kommun\n    codes:\n"
                "      - {code: \"0180\", label: Stockholm, parent: \"01\", population: 1000000}\n"
                "      - {code: \"0114\", label: Upplands Väsby, parent: \"01\"}\n"
                "  - id: lan\n    label: Län\n    codes:\n"
                "      - {code: \"01\", label: Stockholms län}\n"},
        {"kon.yaml", "codelist: kon\nlabel: Kön\nsource: x\nlevels:\n  - id: kon\n    label: Kön\n"
                     "    codes:\n      - {code: kvinna, label: Kvinna, aliases: [K, \"2\"]}\n"
                     "      - {code: man, label: Man, aliases: [M, \"1\"], valid_from: 2000-01-01,"
                     " valid_until: 2010-12-31}\n"},
        {"d.yaml",
                "dataset: d\nlabel: Data\nlegal_basis: lag\n" RECORD
                "retention: {years: 5}\nperiodicity: year\nperson: required\ntest_numbers: "
                "allowed\ndeliver: "
                "[municipality]\n"
                "replace: {rejected_max_permille: 50}\nopen_hours: 72\n"
                "ask: {roles: [statistician], purposes: [statistik]}\n"
                "disclosure: {threshold: 5, zeros: protect}\nlinkage: alla\n"
                "order_by: start\ndate_order:\n  - {first: start, then: slut}\nvariables:\n"
                "  - {id: kommun, label: Kommun, type: code, codes: kommun, source: municipality, "
                "role: identifying}\n"
                "  - {id: kon, label: Kön, type: code, codes: kon, source: sex, role: "
                "identifying}\n"
                "  - {id: fodd, label: Född, type: date, source: birth_month, role: "
                "identifying}\n"
                "  - {id: start, label: Start, type: date, role: identifying}\n"
                "  - {id: slut, label: Slut, type: date, role: sensitive}\n"
                "  - id: alder\n    label: Ålder\n    type: age\n    role: identifying\n"
                "    birth: fodd\n    at: start\n    bands:\n      grupp:\n"
                "        - {code: 0-17, from: 0, to: 17}\n        - {code: 18+, from: 18}\n"
                "  - {id: kostnad, label: Kostnad, type: decimal, decimals: 2, role: measure, "
                "min: 0, max: 9999.99}\n"},
        {"linkages.yaml",
                "linkages:\n  - id: alla\n    label: Alla\n    legal_basis: lag\n    " RECORD
                "    datasets: [d]\n    municipalities: all\n    purposes: [statistik]\n"
                "    from: 2025-01-01\n    until: 2030-12-31\n    family: no\n"},
};

static char folder[] = "/tmp/statgate-policy-XXXXXX";
static struct small_bundle small = {folder, good, ARRAY_LEN(good)};

static const struct bundle_fault broken[] = {
        /* bundle.yaml */
        {"bundle.yaml", "version: 1", "version: @@0", "between"},
        {"bundle.yaml", "version: 1", "version: @@x", "whole number"},
        {"bundle.yaml", "version: 1", "@@verion: 1", "did you mean `version`?"},
        {"bundle.yaml", "version: 1", "version: 2", NULL},
        {"bundle.yaml", "predecessor: none", "predecessor: @@abc", "version 1 has"},
        {"bundle.yaml", "trust: demo", "trust: @@Demo", "identifier"},
        {"bundle.yaml", "[sv, en]", "@@[sv]", "languages"},
        {"bundle.yaml", "publish: manual", "publish: @@manuel", "did you mean `manual`?"},
        {"bundle.yaml", "publish: manual", "publish: manual\nlog_retention: {years: @@0}",
                "between 1 and 150"},
        {"bundle.yaml", "publish: manual", "publish: manual\nlog_retention: {@@days: 3}",
                "is not a known key here"},
        {"bundle.yaml", "municipalities: kommun", "municipalities: @@komun",
                "did you mean `kommun`?"},
        {"bundle.yaml", "municipalities: kommun", "municipalities: @@kon", "four digits"},
        {"bundle.yaml", "id: annat", "id: @@statistik", "same id"},
        {"bundle.yaml", "legal_basis: lag}\n  - {id: annat", "legal_basis: lag}\n  - {@@x: annat",
                "not a known key"},
        {"bundle.yaml", "[submission]", "[@@submision]", "did you mean `submission`?"},
        {"bundle.yaml", "[submission]", "@@[Submit, Withdraw]", "ErasePerson too"},
        {"bundle.yaml", "[submission]", "@@[Submit, ErasePerson]", "ErasePerson too"},
        {"bundle.yaml", "  statistician:", "  @@statistican:", "did you mean `statistician`?"},
        {"bundle.yaml", "kon.yaml", "@@../kon.yaml", "from the folder down"},
        {"bundle.yaml", "kon.yaml", "@@/etc/kon.yaml", "from the folder down"},
        {"bundle.yaml", "kon.yaml", "@@kon.yml", "from the folder down"},
        {"bundle.yaml", "kon.yaml", "@@kommun.yaml", "named twice"},
        {"bundle.yaml", "linkages: linkages.yaml", "", NULL},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: @@2, officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                "between"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: @@0, officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                "between"},
        {"bundle.yaml", "version: 1", "version: 1\nsigners: {required: 1, officers: @@[]}",
                "1 to 16"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: 1, officers: [{name: a, key: @@\"11\"}]}",
                "hexadecimal"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: 1, officers: [{name: a, key: "
                "@@\"111111111111111111111111111111111111111111111111111111111111111g\"}]}",
                "hexadecimal"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: 1, officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}, {name: "
                "@@a, key: \"2222222222222222222222222222222222222222222222222222222222222222\"}]}",
                "same name"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: 1, officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}, {name: b, "
                "key: @@\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                "same key"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {required: 1, officers: [{name: @@A, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                "identifier"},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                NULL},
        {"bundle.yaml", "version: 1",
                "version: 1\nsigners: {@@requires: 1, officers: [{name: a, key: "
                "\"1111111111111111111111111111111111111111111111111111111111111111\"}]}",
                "did you mean `required`?"},
        {"bundle.yaml", "{permille: 500,", "{permille: @@0,", "between"},
        {"bundle.yaml", "minimum: 100", "@@minimun: 100", "did you mean `minimum`?"},
        {"bundle.yaml", "nycklar.yaml", "@@kon.yaml", "named twice"},
        /* submission keys */
        {"nycklar.yaml", "\"0114\"", "@@\"0115\"", "no municipality"},
        {"nycklar.yaml", "\"0114\"", "@@\"114\"", "no municipality"},
        {"nycklar.yaml", "\"111111", "@@\"1111", "hexadecimal"},
        {"nycklar.yaml", "\"111111", "@@\"11111x", "hexadecimal"},
        {"nycklar.yaml", "\"1111111111111111111111111111111111111111111111111111111111111111\"",
                "@@\"2222222222222222222222222222222222222222222222222222222222222222\"",
                "one owner"},
        {"nycklar.yaml", "until: 2027-12-31", "until: @@2026-05-31", "before it begins"},
        {"nycklar.yaml", "until: 2027-12-31", "until: @@2027-13-31", "YYYY-MM-DD"},
        {"nycklar.yaml", ", until: 2027-12-31", "", "`until` is missing"},
        {"nycklar.yaml", "from: 2026-06-01", "@@form: 2026-06-01", "did you mean `from`?"},
        {"nycklar.yaml", "submission_keys:", "@@submission_key:", "did you mean"},
        /* code lists */
        {"kommun.yaml", "\"0114\"", "\"0180\"", NULL},
        {"kommun.yaml", "- {code: \"0114\"", "- @@{code: \"0180\"", "stands twice"},
        {"kommun.yaml", "Väsby, parent: \"01\"", "Väsby, parent: @@\"02\"", "no parent"},
        {"kommun.yaml", "- {code: \"0114\", label: Upplands Väsby, parent: \"01\"}",
                "- @@{code: \"0114\", label: Upplands Väsby}", "`parent` is missing"},
        {"kommun.yaml", "Stockholms län}", "Stockholms län, @@parent: \"00\"}", "coarsest"},
        {"kommun.yaml", "population_year: 2025\n", "", NULL},
        {"kommun.yaml", "population: 1000000", "population: @@0", "between"},
        {"kommun.yaml", "id: lan", "id: kommun", NULL},
        {"kommun.yaml", "en: Municipality}", "@@eng: Municipality}", "did you mean `en`?"},
        {"kommun.yaml", "label: {sv: Kommun, en: Municipality}", "label: @@{sv: Kommun}",
                "`en` is missing"},
        {"kon.yaml", "code: kvinna", "code: @@\"a,b\"", "a code is"},
        {"kon.yaml", "code: kvinna", "code: @@a..b", "a code is"},
        {"kon.yaml", "code: kvinna", "code: @@ovrigt", "everything else"},
        {"kon.yaml", "code: kvinna", "code: @@a234567890123456789012345678901234", "a code is"},
        {"kon.yaml", "aliases: [M, \"1\"]", "aliases: [M, @@\"2\"]", "another code"},
        {"kon.yaml", "aliases: [M, \"1\"]", "aliases: [M, @@kvinna]", "a code of the list"},
        {"kon.yaml", "valid_until: 2010-12-31", "@@valid_until: 1999-12-31", "before it begins"},
        {"kon.yaml", "valid_from: 2000-01-01", "valid_from: @@2000-13-01", "YYYY-MM-DD"},
        {"kon.yaml", "levels:", "@@x: 1\nlevels:", "not a known key"},
        {"kon.yaml", "codelist: kon", "codelist: @@kommun", "same id"},
        /* data sets */
        {"d.yaml", "periodicity: year", "periodicity: @@yearly", "did you mean `year`?"},
        {"d.yaml", "person: required", "person: @@maybe", "one of: none, optional, required"},
        {"d.yaml", "deliver: [municipality]", "deliver: @@[statistician]", "only the role"},
        {"d.yaml", "roles: [statistician]", "roles: @@[municipality]", "its own records"},
        {"d.yaml", "purposes: [statistik]", "purposes: [@@statistk]", "did you mean `statistik`?"},
        {"d.yaml", "purposes: [statistik]", "purposes: [statistik, @@statistik]", "twice"},
        {"d.yaml", "purposes: [statistik]", "purposes: @@[]", "empty"},
        {"d.yaml", "linkage: alla", "linkage: @@ala", "did you mean `alla`?"},
        {"d.yaml", "purposes: [statistik]}", "purposes: [statistik, annat]}", NULL},
        {"d.yaml", "threshold: 5", "threshold: @@1", "between 2 and 1000"},
        {"d.yaml", "threshold: 5, ", "", NULL},
        {"d.yaml", "zeros: protect", "zeros: @@hide", "protect, publish"},
        {"d.yaml", "order_by: start", "order_by: @@kon", "a date"},
        {"d.yaml", "then: slut", "then: @@sluut", "a date"},
        {"d.yaml", "{first: start, then: slut}", "@@{first: start, then: start}", "itself"},
        {"d.yaml", "legal_basis: lag\n", "@@legalbasis: lag\n", "did you mean `legal_basis`?"},
        {"d.yaml", ", retention: e", "", NULL},
        {"d.yaml", "type: date, role: sensitive", "type: @@text, role: sensitive", "free text"},
        {"d.yaml", "type: date, role: sensitive", "type: @@dat, role: sensitive", "`date`?"},
        {"d.yaml", "type: date, role: sensitive", "type: date, role: @@sensitiv", "`sensitive`?"},
        {"d.yaml", "type: date, role: sensitive", "type: date, role: @@measure", "only integers"},
        {"d.yaml", "type: date, role: sensitive", "type: date, role: sensitive, @@decimals: 2",
                "says nothing"},
        {"d.yaml", "id: slut", "id: @@start", "same id"},
        {"d.yaml", "codes: kon", "codes: @@kun", "did you mean `kon`?"},
        {"d.yaml", "codes: kommun, source", "codes: @@kon, source", "code list that the bundle"},
        {"d.yaml", "role: identifying}\n  - {id: kon",
                "role: identifying, finest: @@lann}\n  - {id: kon", "did you mean `lan`?"},
        {"d.yaml", "birth: fodd", "birth: @@start", "birth_month"},
        {"d.yaml", "birth: fodd", "birth: @@fod", "did you mean `fodd`?"},
        {"d.yaml", "at: start", "at: @@kon", "a date"},
        {"d.yaml", "at: start", "at: @@kostnad", "no variable above"},
        {"d.yaml", "{code: 18+, from: 18}", "@@{code: 18+, from: 17}", "too early"},
        {"d.yaml", "{code: 18+, from: 18}", "@@{code: 0-17, from: 18}", "same code"},
        {"d.yaml", "from: 0, to: 17", "from: 5, @@to: 4", "below `from`"},
        {"d.yaml", "max: 9999.99", "max: @@9999.999", "no more decimals"},
        {"d.yaml", "max: 9999.99", "@@max: -1", "below `min`"},
        {"d.yaml", "min: 0, ", "", NULL},
        {"d.yaml", "max: 9999.99", "max: 9999.99, group: @@yes", "only with `bands`"},
        {"d.yaml", "source: sex", "source: @@birth_month", "does not give"},
        {"d.yaml", "person: required", "person: @@none\nguardians: yes", "without persons"},
        {"d.yaml", "dataset: d\n", "dataset: d\ndataset: d\n", NULL},
        /* linkages */
        {"linkages.yaml", "    from: 2025-01-01\n", "", NULL},
        {"linkages.yaml", "    until: 2030-12-31\n", "", NULL},
        {"linkages.yaml", "    purposes: [statistik]\n", "", NULL},
        {"linkages.yaml", "    legal_basis: lag\n", "", NULL},
        {"linkages.yaml", "until: 2030-12-31", "until: @@2024-12-31", "before it begins"},
        {"linkages.yaml", "datasets: [d]", "datasets: [@@e]", "no data set"},
        {"linkages.yaml", "municipalities: all", "municipalities: [\"0114\", @@\"0115\"]",
                "no municipality"},
        {"linkages.yaml", "municipalities: all", "municipalities: @@every", "or a list"},
        {"linkages.yaml", "municipalities: all", "municipalities: @@[]", "or a list"},
        {"linkages.yaml", "municipalities: all", "municipalities: opted_in", NULL},
        {"linkages.yaml", "municipalities: all", "municipalities: all\n    @@opted_in: []",
                "belongs to"},
        {"linkages.yaml", "municipalities: all",
                "municipalities: opted_in\n    opted_in: [@@{municipality: \"0114\"}]",
                "`decision` is missing"},
        {"linkages.yaml", "municipalities: all",
                "municipalities: opted_in\n    opted_in: [@@{decision: KS 1}]",
                "`municipality` is missing"},
        {"linkages.yaml", "municipalities: all",
                "municipalities: opted_in\n    opted_in: [{municipality: @@\"0115\", decision: a}]",
                "no municipality"},
        {"linkages.yaml", "municipalities: all",
                "municipalities: opted_in\n    opted_in: [{municipality: \"0114\", decision: a}, "
                "{municipality: @@\"0114\", decision: b}]",
                "named twice"},
        {"linkages.yaml", "family: no", "family: @@yes", "guardians"},
        {"linkages.yaml", "id: alla", "id: andra", NULL},
};

static void submission_keys_and_quotas_go_into_what_is_signed(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const struct rules_submission_key *found[1];
        const struct rules *r;
        struct refusal why;
        const int32_t new_year = days_from_civil((struct civil){2027, 1, 1});

        (void)state;
        small_bundle_write(&small);
        assert_int_equal(small_bundle_load(&small, &p, &why), ERR_OK);
        r = policy_rules(p);
        assert_int_equal(r->submission_keys_len, 2);
        assert_int_equal(r->submission_keys[0].municipality, 114);
        assert_int_equal(r->submission_keys[0].key[31], 0x11);
        assert_int_equal(rules_submission_keys(r, 180, new_year - 1, found, 1), 1);
        assert_int_equal(found[0]->key[0], 0x22);
        assert_int_equal(rules_submission_keys(r, 180, new_year, found, 1), 0);
        /* 0114 has no inhabitants stated: the minimum is what it may. */
        assert_int_equal(r->municipalities[0], 114);
        assert_int_equal(r->person_quotas[0], 100);
        assert_int_equal(r->person_quotas[1], 500000);
        assert_int_equal(r->erasures_per_day, 25);
}

static void the_small_bundle_loads(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why;

        (void)state;
        small_bundle_write(&small);
        if (small_bundle_load(&small, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        const struct policy_dataset *d = policy_dataset_find(p, bytes_of_text("d"));
        assert_non_null(d);
        assert_int_equal(d->disclosure.threshold, 5);
        assert_false(d->disclosure.zeros_published);
        const struct variable *cost = &d->variables[variable_find(d, bytes_of_text("kostnad"))];
        assert_int_equal(cost->max, 999999);
        assert_int_equal(cost->physical, PHYSICAL_I32);
        assert_false(cost->may_filter || cost->may_group);
        const struct variable *age = &d->variables[variable_find(d, bytes_of_text("alder"))];
        assert_int_equal(age->bandings[0].bands[1].high, 130);
        assert_int_equal(variable_level_find(age, bytes_of_text("grupp")), 0);
        assert_int_equal(variable_level_find(age, bytes_of_text("ar")), -1);
        assert_int_equal(variable_level_find(age, (struct bytes){0}), 0);
}

static void a_role_is_given_whole_services_or_single_methods(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why;

        (void)state;
        small_bundle_write(&small);
        assert_int_equal(small_bundle_load(&small, &p, &why), ERR_OK);
        assert_int_equal(policy_method_roles(p, METHOD_SUBMIT), 1 << ROLE_MUNICIPALITY);
        assert_int_equal(policy_method_roles(p, METHOD_ERASE_PERSON), 1 << ROLE_MUNICIPALITY);
        assert_int_equal(policy_method_roles(p, METHOD_GET_STATUS), 1 << ROLE_STATISTICIAN);
        assert_int_equal(policy_method_roles(p, METHOD_RELOAD), 0);
        assert_int_equal(policy_method_roles(p, METHOD_NONE), 0);
        assert_int_equal(policy_method_roles(p, METHOD_COUNT), 0);
}

static void each_fault_is_told_where_it_stands(void **state)
{
        (void)state;
        assert_int_equal(small_bundle_faults(&small, broken, ARRAY_LEN(broken)), 0);
}

static void several_faults_are_told_at_once(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        char place[64];
        struct refusal why;

        (void)state;
        small_bundle_write(&small);
        small_bundle_write_broken(&small, "d.yaml",
                "  - {id: start, label: Start, type: date, role: identifying}\n"
                "  - {id: slut, label: Slut, type: date, role: sensitive}\n",
                "  - {id: start, label: Start, type: dte, role: identifying}\n"
                "  - {id: slut, label: Slut, type: date, role: @@sensitv}\n",
                place, sizeof place);
        assert_int_equal(small_bundle_load(&small, &p, &why), ERR_POLICY_REFUSED);
        assert_true(why.len >= 2);
}

static void a_missing_file_is_named(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        char path[256];
        struct refusal why;

        (void)state;
        small_bundle_write(&small);
        (void)snprintf(path, sizeof path, "%s/kon.yaml", folder);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(small_bundle_load(&small, &p, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].field, "kon.yaml"));
        why = (struct refusal){0};
        assert_int_equal(policy_load("/nowhere", &p, &why), ERR_POLICY_REFUSED);
        assert_int_equal(policy_load("/nowhere", &p, NULL), ERR_POLICY_REFUSED);
}

/* The small bundle's files but `without`, and `more` behind them. */
static enum err load_from_memory(const char *without, const struct policy_file *more,
        struct policy **out, struct refusal *why)
{
        struct policy_file files[32];
        uint32_t len = 0;

        for (size_t i = 0; i < small.len; i++)
                if (strcmp(small.files[i].name, without) != 0)
                        files[len++] = (struct policy_file){bytes_of_text(small.files[i].name),
                                bytes_of_text(small.files[i].text)};
        if (more != NULL)
                files[len++] = *more;
        *why = (struct refusal){0};
        return policy_load_files(files, len, out, why);
}

static void a_bundle_in_memory_is_the_one_that_lies_in_a_folder(void **state)
{
        static uint8_t large[(4 << 20) + 1];
        const struct policy_file stray = {bytes_of_text("stray.yaml"), bytes_of_text(": [")};
        const struct policy_file again = {bytes_of_text("kon.yaml"), bytes_of_text("")};
        const struct policy_file larger = {
                bytes_of_text("kon.yaml"), bytes_of(large, sizeof large)};
        OWNED(policy_unref) struct policy *folded = NULL;
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why;

        (void)state;
        memset(large, ' ', sizeof large);
        small_bundle_write(&small);
        assert_int_equal(small_bundle_load(&small, &folded, &why), ERR_OK);
        small_bundle_write_file(&small, "kon.yaml", "broken");
        assert_int_equal(load_from_memory("", NULL, &p, &why), ERR_OK);
        assert_true(digest_equal(policy_digest(p), policy_digest(folded)));
        policy_unref(&p);
        /* What is not named has no effect, here or there. */
        assert_int_equal(load_from_memory("", &stray, &p, &why), ERR_OK);
        assert_true(digest_equal(policy_digest(p), policy_digest(folded)));
        policy_unref(&p);
        assert_int_equal(load_from_memory("kon.yaml", NULL, &p, &why), ERR_POLICY_REFUSED);
        assert_string_equal(why.violations[0].field, "kon.yaml");
        assert_int_equal(load_from_memory("bundle.yaml", NULL, &p, &why), ERR_POLICY_REFUSED);
        assert_string_equal(why.violations[0].field, "bundle.yaml");
        assert_int_equal(load_from_memory("", &again, &p, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].text, "kon.yaml stands there twice"));
        assert_int_equal(load_from_memory("kon.yaml", &larger, &p, &why), ERR_POLICY_REFUSED);
        assert_non_null(strstr(why.violations[0].text, "is larger than"));
        assert_int_equal(policy_load_files(NULL, 0, &p, &why), ERR_POLICY_REFUSED);
        small_bundle_write(&small);
}

static void every_short_of_memory_is_survived(void **state)
{
        unsigned tried = 0;

        (void)state;
        small_bundle_write(&small);
        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct refusal why;
                enum err rc = small_bundle_load(&small, &p, &why);

                assert_true((rc == ERR_OK) == (p != NULL));
                tried++;
        }
        fault_disarm();
        assert_true(tried > 100);
}

/* The national bundle ------------------------------------------------------ */

static struct policy *national(void)
{
        struct policy *p = NULL;
        struct refusal why = {0};

        if (policy_load(BUNDLE, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

static void the_national_bundle_loads_quickly(void **state)
{
        int64_t best = INT64_MAX;

        (void)state;
        for (int i = 0; i < 3; i++) {
                int64_t from = busy_ns();
                OWNED(policy_unref) struct policy *p = national();
                int64_t took = busy_ns() - from;

                assert_non_null(p);

                best = took < best ? took : best;
        }
        print_message("national bundle: %.1f ms\n", (double)best / 1e6);
        assert_true(best < 100000000);
}

static void every_municipality_is_there_with_its_county(void **state)
{
        OWNED(policy_unref) struct policy *p = national();
        const struct code_list *list = policy_municipalities(p);
        int64_t people = 0;

        (void)state;
        assert_int_equal(list->levels[0].len, 291); /* Heby has been one twice */
        assert_int_equal(list->levels[1].len, 21);
        assert_int_equal(list->levels[2].len, 1);
        assert_int_equal(policy_rules(p)->municipalities_len, 290);
        for (uint32_t i = 0; i < 290; i++) {
                const struct code *c = &list->levels[0].codes[i];
                const struct code *county = &list->levels[1].codes[c->parent];

                assert_memory_equal(c->code.data, county->code.data, 2);
                assert_int_equal(code_find(list, c->code), i);
                assert_int_equal(code_ancestor(list, i, 2), 0);
                assert_true(c->population > 0);
                people += c->population;
        }
        assert_int_equal(people, 10609461);
        assert_int_equal(code_find(list, bytes_of_text("0001")), -1);
        assert_int_equal(code_find(list, bytes_of_text("114")), -1);
        assert_int_equal(code_level_find(list, bytes_of_text("riket")), 2);
        assert_true(code_find_at(list, 1, bytes_of_text("14")) >= 0);
}

static void every_spelling_of_sex_has_one_meaning(void **state)
{
        OWNED(policy_unref) struct policy *p = national();
        const struct code_list *kon = policy_code_list_find(p, bytes_of_text("kon"));
        int32_t woman = code_find(kon, bytes_of_text("kvinna"));
        int32_t man = code_find(kon, bytes_of_text("man"));

        (void)state;
        assert_true(woman >= 0 && man >= 0 && woman != man);
        assert_int_equal(code_find_alias(kon, bytes_of_text("K")), woman);
        assert_int_equal(code_find_alias(kon, bytes_of_text("F")), woman);
        assert_int_equal(code_find_alias(kon, bytes_of_text("2")), woman);
        assert_int_equal(code_find_alias(kon, bytes_of_text("M")), man);
        assert_int_equal(code_find_alias(kon, bytes_of_text("1")), man);
        assert_int_equal(code_find_alias(kon, bytes_of_text("3")), -1);
        assert_int_equal(code_find_alias(kon, bytes_of_text("kvinna")), -1);
}

static void records_are_some_ten_columns(void **state)
{
        static const char *const ids[] = {"placering", "anmalan"};
        static const uint32_t wanted[] = {11, 10};
        OWNED(policy_unref) struct policy *p = national();

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
                const struct policy_dataset *d = policy_dataset_find(p, bytes_of_text(ids[i]));
                uint32_t columns = 0, bytes = 0;

                assert_non_null(d);
                assert_non_null(d->linkage);
                assert_true(d->order_variable < d->variables_len);
                assert_true(d->municipality_variable < d->variables_len);
                for (uint32_t v = 0; v < d->variables_len; v++) {
                        columns += variable_is_column(&d->variables[v]);
                        bytes += physical_width(d->variables[v].physical);
                }
                assert_int_equal(columns, wanted[i]);
                assert_true(bytes <= 40);
        }
        assert_true(policy_dataset_find(p, bytes_of_text("anmalan"))->rules->guardians);
        assert_null(policy_dataset_find(p, bytes_of_text("enkät")));
}

static void the_canonical_form_depends_on_every_file(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL, *q = NULL, *same = NULL;
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        char comment[512];
        struct refusal why;
        struct rules r;

        (void)state;
        small_bundle_write(&small);
        assert_int_equal(small_bundle_load(&small, &p, &why), ERR_OK);
        assert_int_equal(small_bundle_load(&small, &same, &why), ERR_OK);
        assert_true(bytes_equal(policy_canonical(p), policy_canonical(same)));
        assert_true(digest_equal(policy_digest(p), policy_digest(same)));
        (void)snprintf(comment, sizeof comment, "%s# changed\n", good[2].text);
        small_bundle_write_file(&small, good[2].name, comment);
        assert_int_equal(small_bundle_load(&small, &q, &why), ERR_OK);
        assert_false(digest_equal(policy_digest(p), policy_digest(q)));
        assert_int_equal(rules_decode(a, policy_canonical(p), &r), ERR_OK);
        assert_int_equal(r.sources_len, 6);
        assert_int_equal(r.municipalities[0], 114);
}

static const struct rules_linkage *reloaded_linkage(
        struct policy **p, const char *municipalities, char *place)
{
        struct refusal why;

        small_bundle_write(&small);
        small_bundle_write_broken(
                &small, "linkages.yaml", "municipalities: all", municipalities, place, 64);
        policy_unref(p);
        if (small_bundle_load(&small, p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return &policy_rules(*p)->linkages[0];
}

static void a_linkage_joins_all_some_or_those_who_opted_in(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const struct rules_linkage *l;
        char place[64];

        (void)state;
        l = reloaded_linkage(&p, "@@municipalities: all", place);
        assert_int_equal(l->reach, REACH_ALL);
        assert_int_equal(l->municipalities_len, 0);
        l = reloaded_linkage(&p, "@@municipalities: [\"0180\", \"0114\"]", place);
        assert_int_equal(l->reach, REACH_LISTED);
        assert_int_equal(l->municipalities[0], 114);
        l = reloaded_linkage(&p, "@@municipalities: opted_in\n    opted_in: []", place);
        assert_int_equal(l->reach, REACH_OPTED_IN);
        assert_false(rules_linkage_joins(l, 180));
        l = reloaded_linkage(&p,
                "@@municipalities: opted_in\n    opted_in:\n"
                "      - {municipality: \"0180\", decision: KS 2025/12}",
                place);
        assert_true(rules_linkage_joins(l, 180));
        assert_false(rules_linkage_joins(l, 114));
}

#define KEY_1 "1111111111111111111111111111111111111111111111111111111111111111"
#define KEY_2 "2222222222222222222222222222222222222222222222222222222222222222"

static void officers_are_read_in_any_order_and_kept_in_one(void **state)
{
        OWNED(policy_unref) struct policy *p = NULL;
        char place[64];
        struct refusal why;

        (void)state;
        small_bundle_write(&small);
        small_bundle_write_broken(&small, "bundle.yaml", "version: 1",
                "@@version: 1\nsigners:\n  required: 2\n  officers:\n"
                "    - {name: syd, key: \"" KEY_1 "\"}\n    - {name: nord, key: \"" KEY_2 "\"}",
                place, sizeof place);
        if (small_bundle_load(&small, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        const struct rules *r = policy_rules(p);
        assert_int_equal(r->signers_required, 2);
        assert_int_equal(r->officers_len, 2);
        assert_true(bytes_is_text(r->officers[0].name, "nord"));
        assert_int_equal(r->officers[0].key[0], 0x22);
}

static void officers_sign_what_was_read(void **state)
{
        OWNED(policy_unref) struct policy *p = national();
        OWNED(secret_free) struct secret *one = NULL, *two = NULL;
        OWNED(buf_done) struct buf first, second, third;
        uint8_t keys[64];
        struct bytes file, both, canonical;
        uint32_t valid = 0;

        (void)state;
        buf_init(&first, 1 << 20);
        buf_init(&second, 1 << 20);
        buf_init(&third, 1 << 20);
        assert_int_equal(sign_keygen(&one, keys), ERR_OK);
        assert_int_equal(sign_keygen(&two, keys + 32), ERR_OK);
        assert_int_equal(bundle_sign(p, one, &first), ERR_OK);
        assert_int_equal(buf_end(&first, &file), ERR_OK);
        assert_int_equal(bundle_check(file, keys, 2, &canonical, &valid), ERR_OK);
        assert_int_equal(valid, 1);
        assert_true(bytes_equal(canonical, policy_canonical(p)));
        assert_int_equal(
                bundle_check(file, keys + 32, 1, &canonical, &valid), ERR_POLICY_SIGNATURE);
        assert_int_equal(bundle_sign_also(p, one, file, &third), ERR_CONFLICT);
        assert_int_equal(bundle_sign_also(p, two, file, &second), ERR_OK);
        assert_int_equal(buf_end(&second, &both), ERR_OK);
        assert_int_equal(bundle_check(both, keys, 2, &canonical, &valid), ERR_OK);
        assert_int_equal(valid, 2);
        second.data[10] ^= 1;
        assert_int_equal(bundle_check(both, keys, 2, &canonical, &valid), ERR_POLICY_SIGNATURE);
}

static void a_policy_lives_as_long_as_its_last_holder(void **state)
{
        struct policy *p = national(), *held = policy_ref(p);

        (void)state;
        policy_unref(&p);
        assert_null(p);
        assert_int_equal(policy_rules(held)->municipalities_len, 290);
        policy_unref(&held);
        policy_unref(&held);
        policy_unref(NULL);
}

static int make_folder(void **state)
{
        (void)state;
        return crypto_init(1 << 16, false) == ERR_OK ? small_bundle_make(&small) : -1;
}

static int remove_folder(void **state)
{
        (void)state;
        return small_bundle_remove(&small);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(submission_keys_and_quotas_go_into_what_is_signed),
                cmocka_unit_test(the_small_bundle_loads),
                cmocka_unit_test(a_role_is_given_whole_services_or_single_methods),
                cmocka_unit_test(each_fault_is_told_where_it_stands),
                cmocka_unit_test(several_faults_are_told_at_once),
                cmocka_unit_test(a_missing_file_is_named),
                cmocka_unit_test(a_bundle_in_memory_is_the_one_that_lies_in_a_folder),
                cmocka_unit_test(every_short_of_memory_is_survived),
                cmocka_unit_test(the_national_bundle_loads_quickly),
                cmocka_unit_test(every_municipality_is_there_with_its_county),
                cmocka_unit_test(every_spelling_of_sex_has_one_meaning),
                cmocka_unit_test(records_are_some_ten_columns),
                cmocka_unit_test(the_canonical_form_depends_on_every_file),
                cmocka_unit_test(a_linkage_joins_all_some_or_those_who_opted_in),
                cmocka_unit_test(officers_are_read_in_any_order_and_kept_in_one),
                cmocka_unit_test(officers_sign_what_was_read),
                cmocka_unit_test(a_policy_lives_as_long_as_its_last_holder),
        };

        return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
