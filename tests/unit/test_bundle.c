/* SPDX-License-Identifier: Apache-2.0 */
/* test_bundle.c: the national bundle, data set by data set: what a data-protection
 * officer would check by reading, checked for every line of it.
 *
 * The table below is the bundle's promise in short. A threshold that sinks, or a
 * person that becomes required, has to be changed here too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "policies/policy.h"

static struct policy *policy;
static int64_t now; /* a day in 2026 */

static const struct promise {
        const char *id;
        enum periodicity periodicity;
        enum person_use person;
        uint32_t threshold;
        bool zeros_published, guardians;
        uint32_t columns;
} promises[] = {
        {"aldreomsorg", PERIODICITY_MONTH, PERSON_USE_REQUIRED, 5, true, false, 10},
        {"anmalan", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, false, true, 10},
        {"avvikelse", PERIODICITY_YEAR, PERSON_USE_OPTIONAL, 5, false, false, 13},
        {"ekonomiskt_bistand", PERIODICITY_MONTH, PERSON_USE_REQUIRED, 5, false, false, 11},
        {"enkat", PERIODICITY_YEAR, PERSON_USE_OPTIONAL, 10, false, false, 11},
        {"insats", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, false, false, 11},
        {"kvalitetsregister", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 6, false, false, 14},
        {"leveransstatus", PERIODICITY_NONE, PERSON_USE_NONE, 1, true, false, 7},
        {"lss", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, true, false, 11},
        {"missbruk", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, false, false, 11},
        {"placering", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, true, false, 11},
        {"uppfoljning", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, false, false, 12},
        {"utredning", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 5, false, true, 10},
        {"vald", PERIODICITY_YEAR, PERSON_USE_REQUIRED, 10, false, false, 12},
};

static bool holds(struct bytes text, const char *part)
{
        return memmem(text.data, text.len, part, strlen(part)) != NULL;
}

static void every_data_set_is_as_promised(void **state)
{
        const struct policy_dataset *all;
        uint32_t len = 0;

        (void)state;
        all = policy_datasets(policy, &len);
        assert_int_equal(len, ARRAY_LEN(promises));
        for (uint32_t i = 0; i < len; i++) {
                const struct promise *p = &promises[i];
                const struct policy_dataset *d = &all[i];
                uint32_t columns = 0;

                if (!bytes_is_text(d->id, p->id))
                        fail_msg("`%s` is not where it should be", p->id);
                for (uint32_t v = 0; v < d->variables_len; v++)
                        columns += variable_is_column(&d->variables[v]);
                if (d->periodicity != p->periodicity || d->rules->person != p->person ||
                        d->disclosure.threshold != p->threshold ||
                        d->disclosure.zeros_published != p->zeros_published ||
                        d->rules->guardians != p->guardians || columns != p->columns)
                        fail_msg("%s: not as promised (%u columns)", p->id, columns);
                assert_true(d->order_variable < d->variables_len);
                assert_true(d->municipality_variable < d->variables_len);
                assert_true(d->date_orders_len > 0 || d->kind == DATASET_DELIVERIES);
        }
}

static void check_record(const char *id, const struct processing_record *r, struct bytes basis)
{
        const struct bytes fields[] = {
                r->controller, r->persons, r->data, r->recipients, r->retention, r->safeguards};

        for (size_t i = 0; i < ARRAY_LEN(fields); i++)
                if (fields[i].len < 10)
                        fail_msg("%s: field %zu of the article 30 record says nothing", id, i);
        if (!holds(basis, "2001:454") && !holds(basis, "2001:99") && !holds(basis, "2018:218"))
                fail_msg("%s: no law on the processing is cited", id);
        assert_true(holds(r->retention, "gallras"));
}

static void every_data_set_and_linkage_says_what_an_article_30_record_needs(void **state)
{
        const struct policy_dataset *sets;
        const struct policy_linkage *links;
        uint32_t sets_len = 0, links_len = 0;

        (void)state;
        sets = policy_datasets(policy, &sets_len);
        links = policy_linkages(policy, &links_len);
        for (uint32_t i = 0; i < sets_len; i++) {
                check_record(promises[i].id, &sets[i].processing, sets[i].legal_basis);
                assert_true(holds(sets[i].legal_basis, "GDPR"));
        }
        for (uint32_t i = 0; i < links_len; i++)
                check_record("linkage", &links[i].processing, links[i].legal_basis);
}

/* One linkage a data set, ended, for no more than the data set is asked for. */
static void every_data_set_has_a_linkage_of_its_own(void **state)
{
        const struct policy_dataset *sets;
        uint32_t len = 0, links_len = 0;

        (void)state;
        sets = policy_datasets(policy, &len);
        (void)policy_linkages(policy, &links_len);
        assert_true(links_len >= len);
        for (uint32_t i = 0; i < len; i++) {
                const struct rules_linkage *l = sets[i].linkage;

                assert_int_equal(l == NULL, sets[i].kind == DATASET_DELIVERIES);
                if (l == NULL)
                        continue;
                assert_int_equal(l->datasets_len, 1);
                assert_true(bytes_equal(l->datasets[0], sets[i].id));
                assert_true(l->until_days <= days_from_civil((struct civil){2030, 12, 31}));
                assert_true(!l->family || sets[i].rules->guardians);
                assert_int_equal(l->municipalities_len, 0);
        }
}

/* Words ------------------------------------------------------------------- */

/* Where Swedish and English have one word. */
static bool one_word_for_both(struct bytes text)
{
        static const char *const words[] = {"Cannabis", "Man", "Partner"};

        for (size_t i = 0; i < ARRAY_LEN(words); i++)
                if (bytes_is_text(text, words[i]))
                        return true;
        return false;
}

static void check_label(const char *where, struct bytes id, struct label label)
{
        if (label.sv.len < 2 || label.en.len < 2)
                fail_msg("%s: `%.*s` lacks a label", where, (int)id.len, (const char *)id.data);
        if (bytes_equal(label.sv, label.en) && !one_word_for_both(label.sv))
                fail_msg("%s: `%.*s` has one label for both languages", where, (int)id.len,
                        (const char *)id.data);
}

static void check_code_list(const char *where, const struct code_list *list)
{
        if (list == policy_municipalities(policy))
                return;
        for (uint32_t l = 0; l < list->levels_len; l++) {
                const struct code_level *level = &list->levels[l];

                check_label(where, level->id, level->label);
                for (uint32_t i = 0; i < level->len; i++)
                        check_label(where, level->codes[i].code, level->codes[i].label);
        }
}

static void check_bands(const char *where, const struct variable *v)
{
        for (uint32_t b = 0; b < v->bandings_len; b++)
                for (uint32_t i = 0; i < v->bandings[b].len; i++)
                        check_label(
                                where, v->bandings[b].bands[i].code, v->bandings[b].bands[i].label);
}

static void every_label_is_in_both_languages(void **state)
{
        const struct policy_dataset *sets;
        uint32_t len = 0;

        (void)state;
        sets = policy_datasets(policy, &len);
        for (uint32_t i = 0; i < len; i++) {
                check_label(promises[i].id, sets[i].id, sets[i].label);
                for (uint32_t k = 0; k < sets[i].variables_len; k++) {
                        const struct variable *v = &sets[i].variables[k];

                        check_label(promises[i].id, v->id, v->label);
                        check_bands(promises[i].id, v);
                        if (v->type == VARIABLE_CODE)
                                check_code_list(promises[i].id, v->codes);
                }
        }
}

/* A spreadsheet shows words; two columns of one name would mean neither. */
static void no_two_variables_of_a_data_set_have_one_label(void **state)
{
        const struct policy_dataset *sets;
        uint32_t len = 0;

        (void)state;
        sets = policy_datasets(policy, &len);
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t a = 0; a < sets[i].variables_len; a++)
                        for (uint32_t b = 0; b < a; b++) {
                                const struct variable *x = &sets[i].variables[a];
                                const struct variable *y = &sets[i].variables[b];

                                assert_false(bytes_equal(x->label.sv, y->label.sv));
                                assert_false(bytes_equal(x->label.en, y->label.en));
                                assert_false(bytes_equal(x->id, y->label.sv));
                        }
}

static void every_coarser_code_has_a_finer_one(void **state)
{
        const struct policy_dataset *sets;
        uint32_t len = 0;

        (void)state;
        sets = policy_datasets(policy, &len);
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t k = 0; k < sets[i].variables_len; k++) {
                        const struct code_list *list = sets[i].variables[k].codes;

                        for (uint32_t l = 1; list != NULL && l < list->levels_len; l++)
                                for (uint32_t up = 0; up < list->levels[l].len; up++) {
                                        bool found = false;

                                        for (uint32_t c = 0; c < list->levels[l - 1].len; c++)
                                                found |= list->levels[l - 1].codes[c].parent == up;
                                        assert_true(found);
                                }
                }
}

/* Reach ------------------------------------------------------------------- */

static enum err ask(const struct policy_dataset *d, const struct variable *v,
        enum measure_kind measure, struct refusal *why)
{
        struct principal who = {
                .role = ROLE_STATISTICIAN, .uri = "statgate://demo/statistician/prov"};
        struct dimension_ref dimension = {.variable = v->id};
        struct measure_ref m = {.kind = measure, .variable = v->id};
        struct query q = {.dataset = d->id, .purpose = bytes_of_text("officiell_statistik")};
        struct decision out;

        if (measure == MEASURE_NONE) {
                q.dimensions = &dimension;
                q.dimensions_len = 1;
        } else {
                q.measures = &m;
                q.measures_len = 1;
        }
        return decide_query(policy, &who, &q, now, &out, why);
}

/* By its finest level, or as a mean; only birth months are for ages alone. */
static void every_variable_can_be_asked_for(void **state)
{
        const struct policy_dataset *sets;
        uint32_t len = 0;

        (void)state;
        sets = policy_datasets(policy, &len);
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t k = 0; k < sets[i].variables_len; k++) {
                        const struct variable *v = &sets[i].variables[k];
                        bool measure = v->role == VARIABLE_MEASURE;
                        struct refusal why = {0};
                        enum err rc = ask(&sets[i], v, measure ? MEASURE_MEAN : MEASURE_NONE, &why);
                        enum err wanted =
                                v->source == SOURCE_BIRTH_MONTH ? ERR_NOT_ALLOWED : ERR_OK;

                        if (rc != wanted)
                                fail_msg("%s: `%.*s`: %s (%s)", promises[i].id, (int)v->id.len,
                                        (const char *)v->id.data, err_name(rc),
                                        why.violations[0].text);
                }
}

/* Who is hidden must not be found by place: neither by municipality nor by month. */
static void violence_is_told_by_county_and_quarter_at_most(void **state)
{
        const struct policy_dataset *d = policy_dataset_find(policy, bytes_of_text("vald"));

        (void)state;
        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *v = &d->variables[i];

                if (v->source == SOURCE_MUNICIPALITY)
                        assert_true(variable_finest(v) >= 1);
                else if (v->type == VARIABLE_DATE && v->source != SOURCE_BIRTH_MONTH)
                        assert_true(variable_finest(v) >= 2);
        }
}

/* An outcome, a reason, an amount: nothing that a neighbour knows. */
static void what_a_neighbour_does_not_know_is_sensitive(void **state)
{
        static const char *const sensitive[][2] = {{"utredning", "resultat"},
                {"utredning", "orsak"}, {"insats", "insatstyp"}, {"uppfoljning", "mal"},
                {"avvikelse", "typ"}, {"kvalitetsregister", "sar"}, {"enkat", "trygg"},
                {"ekonomiskt_bistand", "hinder"}, {"lss", "insats"}, {"aldreomsorg", "insats"},
                {"vald", "roll"}, {"missbruk", "preparat"}};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(sensitive); i++) {
                const struct policy_dataset *d =
                        policy_dataset_find(policy, bytes_of_text(sensitive[i][0]));
                int32_t v = variable_find(d, bytes_of_text(sensitive[i][1]));

                assert_true(v >= 0);
                assert_int_equal(d->variables[v].role, VARIABLE_SENSITIVE);
        }
}

static int load(void **state)
{
        (void)state;
        now = (int64_t)days_from_civil((struct civil){2026, 5, 5}) * 86400000 + 1;
        return policy_load(STATGATE_ROOT "/policies/bundle", &policy, NULL) == ERR_OK ? 0 : -1;
}

static int unload(void **state)
{
        (void)state;
        policy_unref(&policy);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_data_set_is_as_promised),
                cmocka_unit_test(every_data_set_and_linkage_says_what_an_article_30_record_needs),
                cmocka_unit_test(every_data_set_has_a_linkage_of_its_own),
                cmocka_unit_test(every_label_is_in_both_languages),
                cmocka_unit_test(no_two_variables_of_a_data_set_have_one_label),
                cmocka_unit_test(every_coarser_code_has_a_finer_one),
                cmocka_unit_test(every_variable_can_be_asked_for),
                cmocka_unit_test(violence_is_told_by_county_and_quarter_at_most),
                cmocka_unit_test(what_a_neighbour_does_not_know_is_sensitive),
        };

        return cmocka_run_group_tests(tests, load, unload);
}
