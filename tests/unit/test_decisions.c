/* SPDX-License-Identifier: Apache-2.0 */
/* test_decisions.c: the decision tables in tests/decisions, which a data-protection
 * officer can read and add to, against the national bundle.
 *
 *   on: 2026-05-04            the day that is "today" in rows without one
 *   for: uppfoljning          the purpose of rows that say none
 *   rows:
 *     - {who: statistician, ask: placering, for: uppfoljning, by: "start:dag",
 *        answer: refused, says: coarser levels only}
 *     - who: statistician
 *       ask: anmalan
 *       with:                 any other part of a question, as in `statgate query -f`
 *         derived: [{name: ater, kind: exists, dataset: anmalan, window: {from: 1, until: 365}}]
 *         filters: [ater = true]
 *       answer: allowed
 *       linkage: anmalan_riket
 *       threshold: 5
 *
 * A row asks (ask, for, by, where, measure, with), delivers (deliver, period) or erases
 * (erase: yes). `says` is a piece of the sentence that refuses and `field` the place
 * in the question; `linkage`, `threshold`, `zeros` and `a_day` are what an allowed question is
 * held to. What is asked is explained too, in both languages, and the explanation must come
 * to the same end; `suggests` is a piece of what it proposes instead. `uri` is the name in
 * the certificate, where it is not the usual one of the role. `held` is what else an allowed
 * question is held to, by the words of `disclosure:`; `told` a piece of what explain says of it
 * in English. A table with `preset: strict` is of the bundle whose data sets take that one
 * instead of the standard. */
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
#include "policies/query_yaml.h"
#include "policies/report.h"

#define BUNDLE STATGATE_ROOT "/policies/bundle"

enum { ROWS_MIN = 600, MS_PER_DAY = 86400000 };

static struct policy *policy;
static struct arena *arena;
static struct policy *national;
static unsigned rows_seen, rows_wrong;
static struct bytes usual_purpose;

struct row {
        const struct yaml *at;
        struct principal who;
        int64_t now_ms;
        struct bytes answer, says;
};

static struct bytes word(const struct yaml *m, const char *key)
{
        struct bytes text = {NULL, 0};
        struct refusal why = {0};

        assert_int_equal(yaml_text(m, key, false, &text, &why), ERR_OK);
        return text;
}

/* "statistician", "statistician/vardanalys", "municipality/0180" */
static struct principal read_who(struct bytes text)
{
        const uint8_t *slash = memchr(text.data, '/', text.len);
        size_t len = slash != NULL ? (size_t)(slash - text.data) : text.len;
        struct principal who = {
                .role = role_find((const char *)text.data, (uint32_t)len),
        };

        assert_int_not_equal(who.role, ROLE_NONE);
        (void)snprintf(who.uri, sizeof who.uri, "statgate://demo/%.*s%s", (int)text.len,
                (const char *)text.data, slash != NULL ? "" : "/prov");
        if (slash != NULL && who.role == ROLE_MUNICIPALITY)
                assert_true(municipality_parse((const char *)slash + 1,
                        (uint32_t)(text.len - len - 1), &who.municipality));
        return who;
}

static int64_t read_day(struct bytes text)
{
        int32_t days = 0;

        assert_int_equal(days_parse((const char *)text.data, text.len, &days), ERR_OK);
        return (int64_t)days * MS_PER_DAY + MS_PER_DAY / 2;
}

/* Asking ------------------------------------------------------------------ */

static bool has_line(const struct report *r, enum report_mark mark, struct bytes piece)
{
        for (uint32_t i = 0; i < r->len; i++)
                if (r->lines[i].mark == mark && memmem(r->lines[i].text.data, r->lines[i].text.len,
                                                        piece.data, piece.len) != NULL)
                        return true;
        return false;
}

static void explain(const struct row *r, const struct query *q, bool wanted)
{
        struct bytes suggests = word(r->at, "suggests"), told = word(r->at, "told");

        for (int lang = REPORT_SV; lang <= REPORT_EN; lang++) {
                struct report report;
                bool allowed = false;
                enum err e;

                report_init(&report, arena, (enum report_lang)lang);
                e = policy_explain(policy, &r->who, q, r->now_ms, &report, &allowed);
                if (e != ERR_OK || allowed != wanted)
                        fail_msg("%s:%u: explained otherwise", r->at->file, r->at->line);
                if (lang == REPORT_EN && suggests.len > 0 &&
                        !has_line(&report, REPORT_SUGGESTS, suggests)) {
                        rows_wrong++;
                        print_error("%s:%u: is not suggested\n", r->at->file, r->at->line);
                }
                if (lang == REPORT_EN && told.len > 0 && !has_line(&report, REPORT_OBLIGES, told) &&
                        !has_line(&report, REPORT_NOTE, told)) {
                        rows_wrong++;
                        print_error("%s:%u: is not told\n", r->at->file, r->at->line);
                }
        }
}

/* The part under `with`, and beside it the short columns. */
static enum err read_question(const struct row *r, struct query *q, struct refusal *why)
{
        const struct yaml *with = yaml_find(r->at, "with");
        struct bytes by = word(r->at, "by"), where = word(r->at, "where");
        struct bytes measure = word(r->at, "measure");

        *q = (struct query){0};
        if (with != NULL)
                TRY(query_yaml_read(with, arena, q, why));
        q->dataset = word(r->at, "ask");
        q->purpose = word(r->at, "for").len > 0 ? word(r->at, "for") : usual_purpose;
        if (by.len > 0) {
                q->dimensions = arena_alloc(arena, 1, sizeof *q->dimensions);
                q->dimensions_len = 1;
                TRY(query_dimension_parse(by, q->dimensions, why));
        }
        if (where.len > 0) {
                q->filters = arena_alloc(arena, 1, sizeof *q->filters);
                q->filters_len = 1;
                TRY(filter_parse(arena, where, q->filters, why));
        }
        if (measure.len > 0) {
                q->measures = arena_alloc(arena, 1, sizeof *q->measures);
                q->measures_len = 1;
                TRY(query_measure_parse(measure, q->measures, why));
        }
        return ERR_OK;
}

/* What an allowed question is held to, where the row says. */
static bool is_held(const struct row *r, const struct decision *d)
{
        struct bytes linkage = word(r->at, "linkage"), zeros = word(r->at, "zeros");
        int64_t threshold = d->disclosure.threshold, a_day = d->questions_per_day;
        struct refusal why = {0};

        assert_int_equal(
                yaml_integer(r->at, "threshold", false, 0, 1000, &threshold, &why), ERR_OK);
        assert_int_equal(yaml_integer(r->at, "a_day", false, 0, 1 << 20, &a_day, &why), ERR_OK);
        return (linkage.len == 0 ||
                       bytes_equal(linkage, d->linkage != NULL ? d->linkage->rules->id
                                                               : bytes_of_text("none"))) &&
               threshold == d->disclosure.threshold && a_day == d->questions_per_day &&
               (zeros.len == 0 || bytes_is_text(zeros, "publish") == d->disclosure.zeros_published);
}

static const char *yes_no(bool value)
{
        return value ? "yes" : "no";
}

static bool number_is(const struct yaml *m, const char *key, uint32_t is)
{
        int64_t n = is;
        struct refusal why = {0};

        assert_int_equal(yaml_integer(m, key, false, 0, 1 << 20, &n, &why), ERR_OK);
        return n == is;
}

static bool word_is(const struct yaml *m, const char *key, const char *is)
{
        struct bytes text = word(m, key);

        return text.len == 0 || bytes_is_text(text, is);
}

/* held: {preset: standard, answers: ledger, interval: 3}; contributors are not told here. */
static bool is_protected(const struct row *r, const struct decision *d)
{
        static const char *const keys[] = {"preset", "answers", "secondary", "interval",
                "homogeneous", "remainder", "membership", "perturbation", "numerator",
                "denominator", "complement", "families", "reasons", NULL};
        const struct disclosure_rules *x = &d->disclosure;
        const struct yaml *m = yaml_find(r->at, "held");
        struct refusal why = {0};

        if (m == NULL)
                return true;
        assert_int_equal(yaml_known_keys(m, keys, &why), ERR_OK);
        return (word(m, "preset").len == 0 || bytes_equal(word(m, "preset"), x->preset)) &&
               word_is(m, "answers", answers_name(x->answers)) &&
               word_is(m, "secondary", yes_no(x->secondary)) &&
               word_is(m, "membership", x->membership_sensitive ? "sensitive" : "public") &&
               word_is(m, "reasons", x->reasons_public ? "public" : "hidden") &&
               word_is(m, "perturbation", perturbation_name(x->perturbation)) &&
               number_is(m, "interval", x->interval) &&
               number_is(m, "homogeneous", x->homogeneous) &&
               number_is(m, "remainder", x->remainder) && number_is(m, "numerator", x->numerator) &&
               number_is(m, "denominator", x->denominator) &&
               number_is(m, "complement", x->complement) && number_is(m, "families", x->families);
}

static enum err ask(const struct row *r, struct refusal *why)
{
        struct decision decision = {0};
        struct query q;
        enum err e;

        if (read_question(r, &q, why) != ERR_OK)
                fail_msg("%s: %s", why->violations[0].field, why->violations[0].text);
        e = decide_query(policy, &r->who, &q, r->now_ms, &decision, why);
        assert_true((e == ERR_OK) == (decision.dataset != NULL));
        assert_true((e == ERR_OK) == (why->len == 0));
        explain(r, &q, e == ERR_OK);
        if (e == ERR_OK && (!is_held(r, &decision) || !is_protected(r, &decision))) {
                rows_wrong++;
                print_error("%s:%u: is held to something else: linkage %.*s, threshold %u\n",
                        r->at->file, r->at->line,
                        decision.linkage != NULL ? (int)decision.linkage->rules->id.len : 0,
                        decision.linkage != NULL ? (const char *)decision.linkage->rules->id.data
                                                 : "",
                        decision.disclosure.threshold);
        }
        return e;
}

static enum err decide(const struct row *r, struct refusal *why)
{
        const struct policy_dataset *d = NULL;
        struct period period;

        if (yaml_find(r->at, "ask") != NULL)
                return ask(r, why);
        if (yaml_find(r->at, "erase") != NULL)
                return decide_erase(policy, &r->who, r->now_ms, why);
        return decide_submit(policy, &r->who, word(r->at, "deliver"), word(r->at, "period"),
                r->now_ms, &d, &period, why);
}

/* Tables ------------------------------------------------------------------ */

/* Whether one of the faults has both the piece of a sentence and the place. */
static bool says(const struct refusal *why, struct bytes piece, struct bytes field)
{
        for (uint32_t i = 0; i < why->len; i++)
                if ((piece.len == 0 ||
                            memmem(why->violations[i].text, strlen(why->violations[i].text),
                                    piece.data, piece.len) != NULL) &&
                        (field.len == 0 || bytes_is_text(field, why->violations[i].field)))
                        return true;
        return piece.len == 0 && field.len == 0;
}

static void check_row(const struct yaml *at, int64_t today_ms)
{
        static const char *const keys[] = {"who", "ask", "for", "by", "where", "measure", "with",
                "deliver", "period", "erase", "on", "answer", "says", "field", "suggests",
                "linkage", "threshold", "zeros", "a_day", "uri", "held", "told", NULL};
        struct row r = {.at = at, .now_ms = today_ms};
        struct refusal why = {0}, shape = {0};
        bool allowed;
        enum err e;

        if (yaml_known_keys(at, keys, &shape) != ERR_OK)
                fail_msg("%s: %s", shape.violations[0].field, shape.violations[0].text);
        r.who = read_who(word(at, "who"));
        if (yaml_find(at, "uri") != NULL)
                (void)snprintf(r.who.uri, sizeof r.who.uri, "%.*s", (int)word(at, "uri").len,
                        (const char *)word(at, "uri").data);
        if (yaml_find(at, "on") != NULL)
                r.now_ms = read_day(word(at, "on"));
        r.answer = word(at, "answer");
        r.says = word(at, "says");
        allowed = bytes_is_text(r.answer, "allowed");
        assert_true(allowed || bytes_is_text(r.answer, "refused"));
        e = decide(&r, &why);
        rows_seen++;
        if ((e == ERR_OK) != allowed || !says(&why, r.says, word(at, "field"))) {
                rows_wrong++;
                print_error("%s:%u: wanted %s, is %s: %s: %s\n", at->file, at->line,
                        allowed ? "allowed" : "refused", err_name(e),
                        why.len > 0 ? why.violations[0].field : "",
                        why.len > 0 ? why.violations[0].text : "");
        }
}

/* The national bundle again, where every standard is another preset. */
static char folder[] = "/tmp/statgate-decisions-XXXXXX";

static const char *path_of(const char *in, struct bytes name)
{
        const char *path =
                arena_printf(arena, "%s/%.*s", in, (int)name.len, (const char *)name.data);

        assert_non_null(path);
        return path;
}

/* Its interval cannot be kept where zeros are published and the threshold is five. */
static size_t zeros_protect(FILE *to, const uint8_t *at, const uint8_t *end)
{
        static const char publish[] = ", threshold: 5, zeros: publish";

        if ((size_t)(end - at) < strlen(publish) || memcmp(at, publish, strlen(publish)) != 0)
                return 0;
        assert_true(fputs(", threshold: 5, zeros: protect", to) >= 0);
        return strlen(publish);
}

static void write_with_preset(struct bytes name, struct bytes preset)
{
        static const char standard[] = "preset: standard";
        struct refusal why = {0};
        struct bytes text;
        FILE *to = fopen(path_of(folder, name), "w");

        assert_non_null(to);
        assert_int_equal(yaml_slurp(arena, path_of(BUNDLE, name), &text, &why), ERR_OK);
        while (text.len > 0) {
                const uint8_t *at = memmem(text.data, text.len, standard, strlen(standard));
                size_t before = at != NULL ? (size_t)(at - text.data) : text.len;
                size_t skip = at != NULL ? before + strlen(standard) : before;

                assert_true(fwrite(text.data, 1, before, to) == before);
                if (at != NULL)
                        assert_true(fprintf(to, "preset: %.*s", (int)preset.len,
                                            (const char *)preset.data) > 0);
                if (at != NULL && bytes_is_text(preset, "strict"))
                        skip += zeros_protect(to, at + strlen(standard), text.data + text.len);
                text = bytes_of(text.data + skip, text.len - skip);
        }
        assert_int_equal(fclose(to), 0);
}

static void remove_copy(void)
{
        static const char *const below[] = {"codelists", "datasets", "indicators"};
        const struct rules *r = policy_rules(national);

        for (uint32_t i = 0; i < r->sources_len; i++)
                (void)unlink(path_of(folder, r->sources[i].name));
        for (size_t i = 0; i < ARRAY_LEN(below); i++)
                (void)rmdir(path_of(folder, bytes_of_text(below[i])));
        (void)rmdir(folder);
}

static struct policy *with_preset(struct bytes preset)
{
        static const char *const below[] = {"codelists", "datasets", "indicators"};
        const struct rules *r = policy_rules(national);
        struct policy *p = NULL;
        struct refusal why = {0};

        (void)memcpy(folder + sizeof folder - 7, "XXXXXX", 6);
        assert_non_null(mkdtemp(folder));
        for (size_t i = 0; i < ARRAY_LEN(below); i++)
                assert_int_equal(mkdir(path_of(folder, bytes_of_text(below[i])), 0700), 0);
        for (uint32_t i = 0; i < r->sources_len; i++)
                write_with_preset(r->sources[i].name, preset);
        enum err rc = policy_load(folder, &p, &why);

        remove_copy();
        if (rc != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

static void check_table(const char *name)
{
        const char *path = arena_printf(arena, STATGATE_ROOT "/tests/decisions/%s", name);
        struct yaml *table = NULL;
        const struct yaml *rows = NULL;
        struct refusal why = {0};

        if (yaml_read_file(arena, path, &table, &why) != ERR_OK ||
                yaml_list(table, "rows", true, &rows, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        usual_purpose = word(table, "for");
        OWNED(policy_unref) struct policy *other = NULL;

        if (yaml_find(table, "preset") != NULL)
                other = with_preset(word(table, "preset"));
        policy = other != NULL ? other : national;
        for (uint32_t i = 0; i < rows->len; i++)
                check_row(&rows->items[i], read_day(word(table, "on")));
}

static void the_tables_are_as_the_bundle_decides(void **state)
{
        static const char *const tables[] = {"ask.yaml", "deliver.yaml", "levels.yaml",
                "linked.yaml", "linkages.yaml", "measures.yaml", "pairs.yaml", "protection.yaml",
                "strict.yaml", "uses.yaml"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(tables); i++)
                check_table(tables[i]);
        print_message("%u rows\n", rows_seen);
        assert_int_equal(rows_wrong, 0);
        assert_true(rows_seen >= ROWS_MIN);
}

static int setup(void **state)
{
        struct refusal why = {0};

        (void)state;
        arena = arena_new(256 << 20);
        return arena != NULL && policy_load(BUNDLE, &national, &why) == ERR_OK ? 0 : -1;
}

static int teardown(void **state)
{
        (void)state;
        policy_unref(&national);
        arena_free(&arena);
        return 0;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_tables_are_as_the_bundle_decides),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
