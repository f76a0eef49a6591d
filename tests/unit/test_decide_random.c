/* SPDX-License-Identifier: Apache-2.0 */
/* test_decide_random.c: decide_query against a slow reading of the rules that shares
 * nothing with it, over bundles and requests made up at random.
 *
 * A model of a bundle is drawn, written as YAML and loaded by the ordinary reader;
 * the reference answers from the model alone, in the plainest words it can find.
 * The keeper's own question, rules_may_link, is asked of the same model. */
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

enum {
        BUNDLES = 60,
        REQUESTS = 300, /* of each */
        DATASETS = 3,
        VARIABLES = 5,
        PURPOSES = 3,
        MUNICIPALITIES = 4,
        FIRST_DAY = 20000,
        MS_PER_DAY = 86400000
};

/* One of each kind, the same names in every data set. */
enum kind { KIND_CODE, KIND_DATE, KIND_NUMBER, KIND_FLAG, KIND_MEASURE };
static const char *const names[VARIABLES] = {"plats", "dag", "antal", "akut", "kostnad"};
static const char *const levels[3][4] = {
        {"kommun", "lan"}, {"dag", "manad", "kvartal", "ar"}, {"fin", "grov"}};
static const unsigned levels_len[3] = {2, 4, 2};
static const char *const purposes[PURPOSES] = {"statistik", "tillsyn", "forskning"};
static const char *const datasets[DATASETS] = {"anmalan", "enkat", "placering"};
static const municipality_t places[MUNICIPALITIES] = {114, 180, 1480, 2584};

struct model {
        struct model_set {
                unsigned ask_roles; /* bits 1 << enum role */
                unsigned purposes;  /* bits */
                bool persons;
                bool filter[VARIABLES], group[VARIABLES], bands;
                unsigned finest[2]; /* of the code and the date */
        } sets[DATASETS];
        /* The linkage of each data set. */
        int32_t from[DATASETS], until[DATASETS];
        unsigned reach[DATASETS], joined[DATASETS]; /* 0 all, 1 listed, 2 opted in; bits */
};

static char folder[] = "/tmp/statgate-random-XXXXXX";
static uint64_t seed = 20260504;

static unsigned below(unsigned n)
{
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        return (unsigned)(seed >> 33) % n;
}

static bool often(void)
{
        return below(4) > 0;
}

/* A model and its bundle -------------------------------------------------- */

static void draw(struct model *m)
{
        for (unsigned d = 0; d < DATASETS; d++) {
                struct model_set *s = &m->sets[d];

                s->ask_roles = (often() ? 1u << ROLE_STATISTICIAN : 0) | 1u << ROLE_DPO;
                s->purposes = 1 + below((1u << PURPOSES) - 1);
                s->persons = often();
                s->bands = often();
                for (unsigned v = 0; v < VARIABLES; v++) {
                        s->filter[v] = v == KIND_MEASURE ? below(4) == 0 : often();
                        s->group[v] = v != KIND_MEASURE && often();
                }
                s->group[KIND_NUMBER] &= s->bands;
                s->finest[KIND_CODE] = below(2);
                s->finest[KIND_DATE] = below(4);
                m->from[d] = FIRST_DAY + (int32_t)below(20);
                m->until[d] = m->from[d] + (int32_t)below(20);
                m->reach[d] = below(3);
                m->joined[d] = m->reach[d] == 0 ? 15 : below(16);
                if (m->reach[d] == 1 && m->joined[d] == 0)
                        m->joined[d] = 1;
        }
}

static FILE *begin(const char *name)
{
        char path[256];
        FILE *out;

        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        out = fopen(path, "w");
        assert_non_null(out);
        return out;
}

static const char *record = "article_30: {controller: a, persons: b, data: c, recipients: d, "
                            "retention: e, safeguards: f}\n";

static void put_purposes(FILE *out, unsigned bits)
{
        const char *between = "";

        (void)fprintf(out, "purposes: [");
        for (unsigned p = 0; p < PURPOSES; p++)
                if ((bits >> p & 1) != 0) {
                        (void)fprintf(out, "%s%s", between, purposes[p]);
                        between = ", ";
                }
        (void)fprintf(out, "]");
}

static void put_variables(FILE *out, const struct model_set *s)
{
        static const char *const kinds[VARIABLES] = {
                "type: code, codes: kommun, role: identifying",
                "type: date, role: identifying",
                "type: integer, role: sensitive, min: 0, max: 99",
                "type: boolean, role: sensitive",
                "type: decimal, decimals: 2, role: measure, min: 0, max: 99",
        };

        (void)fprintf(out, "variables:\n");
        for (unsigned v = 0; v < VARIABLES; v++) {
                (void)fprintf(out, "  - {id: %s, label: X, %s, filter: %s, group: %s", names[v],
                        kinds[v], s->filter[v] ? "yes" : "no", s->group[v] ? "yes" : "no");
                if (v == KIND_CODE || v == KIND_DATE)
                        (void)fprintf(out, ", finest: %s", levels[v][s->finest[v]]);
                if (v == KIND_NUMBER && s->bands)
                        (void)fprintf(out, ", bands: {fin: [{code: a, from: 0, to: 9}], "
                                           "grov: [{code: b, from: 0}]}");
                (void)fprintf(out, "}\n");
        }
}

static void put_dataset(const struct model *m, unsigned d)
{
        const struct model_set *s = &m->sets[d];
        char name[64];

        (void)snprintf(name, sizeof name, "%s.yaml", datasets[d]);
        FILE *out = begin(name);
        (void)fprintf(out,
                "dataset: %s\nlabel: X\nlegal_basis: lag\n%speriodicity: year\nperson: %s\n%s"
                "deliver: [municipality]\nreplace: {rejected_max_permille: 1}\nopen_hours: 1\n"
                "ask: {roles: [%sdpo], ",
                datasets[d], record, s->persons ? "required" : "none",
                s->persons ? "test_numbers: allowed\n" : "",
                (s->ask_roles >> ROLE_STATISTICIAN & 1) != 0 ? "statistician, " : "");
        put_purposes(out, s->purposes);
        (void)fprintf(
                out, "}\ndisclosure: {threshold: 5, zeros: protect}\nlinkage: l_%s\n", datasets[d]);
        put_variables(out, s);
        assert_int_equal(fclose(out), 0);
}

static const char *date_text(int32_t days, char out[16])
{
        struct civil c = civil_from_days(days);

        (void)snprintf(out, 16, "%04d-%02d-%02d", c.year, c.month, c.day);
        return out;
}

static void put_reach(FILE *out, unsigned reach, unsigned joined)
{
        const char *between = "";

        if (reach == 0) {
                (void)fprintf(out, "    municipalities: all\n");
                return;
        }
        (void)fprintf(out, reach == 1 ? "    municipalities: ["
                                      : "    municipalities: opted_in\n    opted_in: [");
        for (unsigned i = 0; i < MUNICIPALITIES; i++)
                if ((joined >> i & 1) != 0) {
                        (void)fprintf(out,
                                reach == 1 ? "%s\"%04u\""
                                           : "%s{municipality: \"%04u\", decision: KS}",
                                between, places[i]);
                        between = ", ";
                }
        (void)fprintf(out, "]\n");
}

static void put_linkages(const struct model *m)
{
        FILE *out = begin("linkages.yaml");
        char from[16], until[16];

        (void)fprintf(out, "linkages:\n");
        for (unsigned d = 0; d < DATASETS; d++) {
                (void)fprintf(out,
                        "  - id: l_%s\n    label: X\n    legal_basis: lag\n    %s"
                        "    datasets: [%s]\n    family: no\n    from: %s\n    until: %s\n    ",
                        datasets[d], record, datasets[d], date_text(m->from[d], from),
                        date_text(m->until[d], until));
                put_purposes(out, m->sets[d].purposes);
                (void)fprintf(out, "\n");
                put_reach(out, m->reach[d], m->joined[d]);
        }
        assert_int_equal(fclose(out), 0);
}

static struct policy *load(const struct model *m)
{
        struct policy *p = NULL;
        struct refusal why = {0};
        FILE *out = begin("bundle.yaml");

        (void)fprintf(out,
                "bundle: prov\nlabel: X\nversion: 1\npredecessor: none\ntrust: demo\n"
                "languages: [sv, en]\npublish: manual\nmunicipalities: kommun\npurposes:\n");
        for (unsigned i = 0; i < PURPOSES; i++)
                (void)fprintf(out, "  - {id: %s, label: X, legal_basis: lag}\n", purposes[i]);
        (void)fprintf(out, "roles: {statistician: [statistics], dpo: [statistics]}\n"
                           "codelists: [kommun.yaml]\n"
                           "datasets: [anmalan.yaml, enkat.yaml, placering.yaml]\n"
                           "linkages: linkages.yaml\n");
        assert_int_equal(fclose(out), 0);
        out = begin("kommun.yaml");
        (void)fprintf(out, "codelist: kommun\nlabel: X\nsource: x\nlevels:\n"
                           "  - {id: kommun, label: X, codes: [");
        for (unsigned i = 0; i < MUNICIPALITIES; i++)
                (void)fprintf(out, "%s{code: \"%04u\", label: X, parent: \"01\"}",
                        i > 0 ? ", " : "", places[i]);
        (void)fprintf(out, "]}\n  - {id: lan, label: X, codes: [{code: \"01\", label: X}]}\n");
        assert_int_equal(fclose(out), 0);
        for (unsigned d = 0; d < DATASETS; d++)
                put_dataset(m, d);
        put_linkages(m);
        if (policy_load(folder, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

/* A request ---------------------------------------------------------------- */

struct request {
        enum role role;
        unsigned dataset, purpose; /* one beyond: unknown */
        int32_t day;
        /* Variable (one beyond: unknown) and level: -1 none said, 9 unknown. */
        struct part {
                unsigned variable;
                int level;
        } filters[3], by[3];
        unsigned filters_len, by_len;
        int measure; /* -1 none; 0 persons, 1 records, 2 sum */
        unsigned sum_of;
};

static void draw_parts(struct part *parts, unsigned *len, unsigned max)
{
        unsigned used = 0;

        *len = 0;
        for (unsigned n = below(max + 1); n > 0; n--) {
                unsigned v = below(20) == 0 ? VARIABLES : below(VARIABLES);

                if ((used >> v & 1) != 0)
                        continue; /* nothing is asked for twice */
                used |= 1u << v;
                parts[*len].variable = v;
                parts[*len].level = below(2) == 0 ? -1 : below(20) == 0 ? 9 : (int)below(4);
                (*len)++;
        }
}

/* Half of them inside what the bundle allows, so that the last condition decides too. */
static struct request draw_request(const struct model *m)
{
        struct request r = {
                .role = often() ? ROLE_STATISTICIAN : (enum role)below(ROLE_COUNT),
                .dataset = below(25) == 0 ? DATASETS : below(DATASETS),
                .purpose = below(25) == 0 ? PURPOSES : below(PURPOSES),
                .day = FIRST_DAY - 2 + (int32_t)below(44),
                .measure = (int)below(4) - 1,
                .sum_of = below(VARIABLES + 1),
        };

        if (often() && r.dataset < DATASETS) {
                const struct model_set *s = &m->sets[r.dataset];

                r.day = m->from[r.dataset] +
                        (int32_t)below((unsigned)(m->until[r.dataset] - m->from[r.dataset] + 1));
                for (r.purpose = 0; (s->purposes >> r.purpose & 1) == 0;)
                        r.purpose++;
                r.sum_of = KIND_MEASURE;
        }
        draw_parts(r.filters, &r.filters_len, 1);
        draw_parts(r.by, &r.by_len, 2);
        return r;
}

/* The reference ------------------------------------------------------------- */

/* May this variable be asked at this level? An unnamed level is the finest allowed. */
static bool level_is_fine(const struct model_set *s, unsigned variable, int level)
{
        unsigned finest = variable <= KIND_DATE ? s->finest[variable] : 0;
        unsigned len = 0;

        if (variable <= KIND_DATE)
                len = levels_len[variable];
        if (variable == KIND_NUMBER && s->bands)
                len = levels_len[KIND_NUMBER];
        if (level < 0)
                return len > 0 || variable == KIND_FLAG;
        return (unsigned)level < len && (unsigned)level >= finest;
}

static bool filter_is_fine(const struct model_set *s, const struct part *f)
{
        if (f->variable >= VARIABLES || !s->filter[f->variable])
                return false;
        if (f->level < 0 && f->variable != KIND_CODE)
                return true; /* its plain value */
        return level_is_fine(s, f->variable, f->level);
}

static bool is_allowed(const struct model *m, const struct request *r)
{
        const struct model_set *s;

        if (r->dataset >= DATASETS || r->purpose >= PURPOSES)
                return false;
        s = &m->sets[r->dataset];
        if ((s->ask_roles >> r->role & 1) == 0 || (s->purposes >> r->purpose & 1) == 0)
                return false;
        if (r->day < m->from[r->dataset] || r->day > m->until[r->dataset])
                return false;
        for (unsigned i = 0; i < r->filters_len; i++)
                if (!filter_is_fine(s, &r->filters[i]))
                        return false;
        for (unsigned i = 0; i < r->by_len; i++)
                if (r->by[i].variable >= VARIABLES || !s->group[r->by[i].variable] ||
                        !level_is_fine(s, r->by[i].variable, r->by[i].level))
                        return false;
        if (r->measure == 0 && !s->persons)
                return false;
        return r->measure != 2 || r->sum_of == KIND_MEASURE;
}

/* Both are asked ------------------------------------------------------------ */

static struct bytes name_of(unsigned variable)
{
        return bytes_of_text(variable < VARIABLES ? names[variable] : "okand");
}

static struct bytes level_of(const struct part *p)
{
        unsigned kind = p->variable < 3 ? p->variable : 2;

        if (p->level < 0)
                return (struct bytes){NULL, 0};
        return bytes_of_text(
                (unsigned)p->level < levels_len[kind] ? levels[kind][p->level] : "okand");
}

static bool decided(const struct policy *p, const struct request *r)
{
        static const struct bytes value = {(const uint8_t *)"1", 1};
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct filter filters[3] = {0};
        struct dimension_ref by[3] = {0};
        struct measure_ref measure = {0};
        struct query q = {.dimensions = by, .filters = filters, .measures = &measure};
        struct principal who = {.role = r->role};
        struct refusal why = {0};
        struct report report;
        int64_t now_ms = (int64_t)r->day * MS_PER_DAY + below(MS_PER_DAY);
        bool explained = false;

        q.dataset = bytes_of_text(r->dataset < DATASETS ? datasets[r->dataset] : "okand");
        q.purpose = bytes_of_text(r->purpose < PURPOSES ? purposes[r->purpose] : "okand");
        for (unsigned i = 0; i < r->filters_len; i++)
                filters[q.filters_len++] = (struct filter){name_of(r->filters[i].variable),
                        level_of(&r->filters[i]), FILTER_EQ, &value, 1};
        for (unsigned i = 0; i < r->by_len; i++)
                by[q.dimensions_len++] =
                        (struct dimension_ref){name_of(r->by[i].variable), level_of(&r->by[i])};
        if (r->measure >= 0) {
                static const enum measure_kind kinds[] = {
                        MEASURE_PERSONS, MEASURE_RECORDS, MEASURE_SUM};

                measure.kind = kinds[r->measure];
                if (measure.kind == MEASURE_SUM)
                        measure.variable = name_of(r->sum_of);
                q.measures_len = 1;
        }
        struct decision decision = {0};
        enum err e = decide_query(p, &who, &q, now_ms, &decision, &why);
        assert_true((e == ERR_OK) == (why.len == 0));
        if (r->role != ROLE_NONE) {
                report_init(&report, arena, REPORT_SV);
                assert_int_equal(policy_explain(p, &who, &q, now_ms, &report, &explained), ERR_OK);
                assert_int_equal(explained, e == ERR_OK);
        }
        return e == ERR_OK;
}

static void decisions_are_as_a_plain_reading_has_them(void **state)
{
        unsigned allowed = 0;

        (void)state;
        for (unsigned b = 0; b < BUNDLES; b++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct model m;

                draw(&m);
                p = load(&m);
                for (unsigned i = 0; i < REQUESTS; i++) {
                        struct request r = draw_request(&m);
                        bool wanted = is_allowed(&m, &r);

                        if (decided(p, &r) != wanted)
                                fail_msg("bundle %u, request %u: the plain reading %s", b, i,
                                        wanted ? "allows it" : "refuses it");
                        allowed += wanted;
                }
        }
        print_message("%u of %u allowed\n", allowed, BUNDLES * REQUESTS);
        assert_true(allowed > BUNDLES * REQUESTS / 50); /* or it says little */
}

static void the_keeper_links_as_a_plain_reading_has_it(void **state)
{
        (void)state;
        for (unsigned b = 0; b < BUNDLES; b++) {
                OWNED(policy_unref) struct policy *p = NULL;
                struct model m;

                draw(&m);
                p = load(&m);
                for (unsigned i = 0; i < REQUESTS; i++) {
                        unsigned l = below(DATASETS), d = below(DATASETS), use = below(PURPOSES);
                        unsigned place = below(MUNICIPALITIES + 1);
                        int32_t day = FIRST_DAY - 2 + (int32_t)below(44);
                        bool joined = false;
                        char linkage[32];

                        (void)snprintf(linkage, sizeof linkage, "l_%s", datasets[l]);
                        bool wanted = l == d && (m.sets[l].purposes >> use & 1) != 0 &&
                                      place < MUNICIPALITIES && day >= m.from[l] &&
                                      day <= m.until[l];
                        enum err e = rules_may_link(policy_rules(p), bytes_of_text(linkage),
                                bytes_of_text(datasets[d]),
                                place < MUNICIPALITIES ? places[place] : 115,
                                bytes_of_text(purposes[use]),
                                (int64_t)day * MS_PER_DAY + below(MS_PER_DAY), &joined);

                        assert_int_equal(e, wanted ? ERR_OK : ERR_LINKAGE_REFUSED);
                        assert_int_equal(joined, wanted && (m.joined[l] >> place & 1) != 0);
                }
        }
}

static int setup(void **state)
{
        (void)state;
        return mkdtemp(folder) != NULL ? 0 : -1;
}

static int teardown(void **state)
{
        static const char *const files[] = {"bundle.yaml", "kommun.yaml", "linkages.yaml",
                "anmalan.yaml", "enkat.yaml", "placering.yaml"};

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char path[256];

                (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
                (void)unlink(path);
        }
        return rmdir(folder);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(decisions_are_as_a_plain_reading_has_them),
                cmocka_unit_test(the_keeper_links_as_a_plain_reading_has_it),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
