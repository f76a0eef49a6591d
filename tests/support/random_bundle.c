/* SPDX-License-Identifier: Apache-2.0 */
/* random_bundle.c: a bundle made up at random, as a model and as YAML. */
#include "tests/support/random_bundle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"

const char *const variable_names[VARIABLES] = {"plats", "dag", "antal", "akut", "kostnad", "slut"};
const char *const level_names[3][4] = {
        {"kommun", "lan"}, {"dag", "manad", "kvartal", "ar"}, {"fin", "grov"}};
const unsigned level_counts[3] = {2, 4, 2};
const char *const purpose_names[PURPOSES] = {"statistik", "tillsyn", "forskning"};
const char *const dataset_names[DATASETS] = {"anmalan", "enkat", "placering"};
/* By id, so that of equals the first is the one that the policy chooses. */
const char *const linkage_names[LINKAGES] = {
        "l_anmalan", "l_enkat", "l_placering", "vid_a", "vid_b"};
const municipality_t places[MUNICIPALITIES] = {114, 180, 1480, 2584};

static uint64_t state = 20260504;

void random_seed(uint64_t seed)
{
        state = seed;
}

unsigned below(unsigned n)
{
        state = state * 6364136223846793005u + 1442695040888963407u;
        return (unsigned)(state >> 33) % n;
}

bool often(void)
{
        return below(4) > 0;
}

/* Drawing ------------------------------------------------------------------ */

static void draw_set(struct model_set *s)
{
        *s = (struct model_set){
                .ask_roles = (often() ? 1u << ROLE_STATISTICIAN : 0) | 1u << ROLE_DPO,
                .purposes = 1 + below((1u << PURPOSES) - 1),
                .persons = often(),
                .place = often(),
                .ordered = often(),
                .lasts = below(2) == 0,
                .bands = often(),
                .finest_code = below(2),
                .finest_date = below(4),
                .finest_end = below(4),
                .threshold = 2 + below(20),
                .dimensions_max = often() ? DIMENSIONS_MAX : below(3),
                .zeros = often(),
                .secondary = often(),
                .hidden_reasons = often(),
                .homogeneous = below(2) * below(5),
                .remainder = below(2) * below(9),
                .answers = (enum answers)below(ANSWERS_COUNT),
        };
        s->interval = s->secondary ? below(2) * below(6) : 0;
        if (s->interval + (s->zeros ? 2 : 1) > s->threshold)
                s->interval = s->threshold - (s->zeros ? 2 : 1); /* else it is refused */
        s->guardians = s->persons && below(2) == 0;
        for (unsigned v = 0; v < VARIABLES; v++) {
                s->filter[v] = v == KIND_MEASURE ? below(4) == 0 : often();
                s->group[v] = v != KIND_MEASURE && often();
        }
        s->group[KIND_NUMBER] &= s->bands;
}

static void draw_dates(struct model_linkage *l)
{
        l->from = FIRST_DAY + (int32_t)below(20);
        l->until = l->from + (int32_t)below(20);
        l->reach = below(3);
        l->joined = l->reach == 0 ? 15 : below(16);
        if (l->reach == 1 && l->joined == 0)
                l->joined = 1;
}

static bool any_guardians(const struct model *m, unsigned datasets)
{
        for (unsigned d = 0; d < DATASETS; d++)
                if ((datasets >> d & 1) != 0 && m->sets[d].guardians)
                        return true;
        return false;
}

/* Every data set of a linkage with pairs is in one. */
static void draw_pairs(struct model_linkage *l)
{
        l->paired = below(2) == 0;
        for (unsigned a = 0; a < DATASETS; a++)
                for (unsigned b = 0; b < DATASETS; b++)
                        if (a != b && (l->datasets >> a & 1) != 0 && (l->datasets >> b & 1) != 0)
                                l->pairs[a][b] = below(2) == 0 || a + 1 == b || (a == 0 && b == 2);
}

void model_draw(struct model *m)
{
        static const unsigned several[] = {3, 5, 6, 7};

        *m = (struct model){.population = often(),
                .few_datasets = 1 + below((1u << DATASETS) - 1),
                .few_purposes = 1 + below((1u << PURPOSES) - 1),
                .few_a_day = below(2) * (1 + below(9)),
                .everybody = often()};
        for (unsigned d = 0; d < DATASETS; d++)
                draw_set(&m->sets[d]);
        for (unsigned i = 0; i < LINKAGES; i++) {
                struct model_linkage *l = &m->linkages[i];

                draw_dates(l);
                l->datasets = i < DATASETS ? 1u << i : several[below(4)];
                l->purposes = i < DATASETS ? m->sets[i].purposes : 1 + below((1u << PURPOSES) - 1);
                l->family = any_guardians(m, l->datasets) && below(2) == 0;
                if (i >= DATASETS)
                        draw_pairs(l);
        }
}

/* Writing ------------------------------------------------------------------ */

static FILE *begin(const char *folder, const char *name)
{
        char path[256];
        FILE *out;

        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        out = fopen(path, "w");
        assert_non_null(out);
        return out;
}

static const char *const record = "article_30: {controller: a, persons: b, data: c, recipients: d, "
                                  "retention: e, safeguards: f}\n";

static void put_names(
        FILE *out, const char *key, const char *const *names, unsigned len, unsigned bits)
{
        const char *between = "";

        (void)fprintf(out, "%s: [", key);
        for (unsigned i = 0; i < len; i++)
                if ((bits >> i & 1) != 0) {
                        (void)fprintf(out, "%s%s", between, names[i]);
                        between = ", ";
                }
        (void)fprintf(out, "]");
}

static void put_variables(FILE *out, const struct model_set *s)
{
        static const char *const kinds[VARIABLES] = {
                "type: code, codes: kommun, role: identifying",
                "type: date, role: identifying, required: yes",
                "type: integer, role: sensitive, min: 0, max: 99",
                "type: boolean, role: sensitive",
                "type: decimal, decimals: 2, role: measure, min: 0, max: 99",
                "type: date, role: sensitive",
        };

        (void)fprintf(out, "variables:\n");
        for (unsigned v = 0; v < VARIABLES; v++) {
                (void)fprintf(out, "  - {id: %s, label: X, %s, filter: %s, group: %s",
                        variable_names[v], kinds[v], s->filter[v] ? "yes" : "no",
                        s->group[v] ? "yes" : "no");
                if (v == KIND_CODE)
                        (void)fprintf(out, ", finest: %s%s", level_names[0][s->finest_code],
                                s->place ? ", source: municipality" : "");
                if (v == KIND_DATE || v == KIND_END)
                        (void)fprintf(out, ", finest: %s",
                                level_names[1][v == KIND_DATE ? s->finest_date : s->finest_end]);
                if (v == KIND_NUMBER && s->bands)
                        (void)fprintf(out, ", bands: {fin: [{code: a, from: 0, to: 9}], "
                                           "grov: [{code: b, from: 0}]}");
                (void)fprintf(out, "}\n");
        }
}

static void put_dataset(const struct model *m, const char *folder, unsigned d)
{
        const struct model_set *s = &m->sets[d];
        char name[64];

        (void)snprintf(name, sizeof name, "%s.yaml", dataset_names[d]);
        FILE *out = begin(folder, name);
        (void)fprintf(out,
                "dataset: %s\nlabel: X\nlegal_basis: lag\n%speriodicity: year\nperson: %s\n%s"
                "guardians: %s\nretention: {years: 5}\n"
                "deliver: [municipality]\nreplace: {rejected_max_permille: 1}\nopen_hours: 1\n"
                "ask: {roles: [%sdpo], ",
                dataset_names[d], record, s->persons ? "required" : "none",
                s->persons ? "test_numbers: allowed\n" : "", s->guardians ? "yes" : "no",
                (s->ask_roles >> ROLE_STATISTICIAN & 1) != 0 ? "statistician, " : "");
        put_names(out, "purposes", purpose_names, PURPOSES, s->purposes);
        (void)fprintf(out,
                ", dimensions_max: %u}\ndisclosure: {threshold: %u, zeros: %s, answers: %s, "
                "secondary: %s, interval: %u, homogeneous: %u, reasons: %s, contributors: "
                "{municipality: 1}, remainder: %u}\nlinkage: l_%s\n%s%s",
                s->dimensions_max, s->threshold, s->zeros ? "publish" : "protect",
                answers_name(s->answers), s->secondary ? "yes" : "no", s->interval, s->homogeneous,
                s->hidden_reasons ? "hidden" : "public", s->remainder, dataset_names[d],
                s->ordered ? "order_by: dag\n" : "", "date_order: [{first: dag, then: slut}]\n");
        if (s->lasts)
                (void)fprintf(out, "episode: {from: dag, until: slut}\n");
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

static void put_pairs(FILE *out, const struct model_linkage *l)
{
        const char *between = "";

        if (!l->paired)
                return;
        (void)fprintf(out, "    pairs: [");
        for (unsigned a = 0; a < DATASETS; a++)
                for (unsigned b = 0; b < DATASETS; b++)
                        if (l->pairs[a][b]) {
                                (void)fprintf(out, "%s[%s, %s]", between, dataset_names[a],
                                        dataset_names[b]);
                                between = ", ";
                        }
        (void)fprintf(out, "]\n");
}

static void put_linkages(const struct model *m, const char *folder)
{
        FILE *out = begin(folder, "linkages.yaml");
        char from[16], until[16];

        (void)fprintf(out, "linkages:\n");
        for (unsigned i = 0; i < LINKAGES; i++) {
                const struct model_linkage *l = &m->linkages[i];

                (void)fprintf(out, "  - id: %s\n    label: X\n    legal_basis: lag\n    %s    ",
                        linkage_names[i], record);
                put_names(out, "datasets", dataset_names, DATASETS, l->datasets);
                (void)fprintf(out, "\n    family: %s\n    from: %s\n    until: %s\n    ",
                        l->family ? "yes" : "no", date_text(l->from, from),
                        date_text(l->until, until));
                put_names(out, "purposes", purpose_names, PURPOSES, l->purposes);
                (void)fprintf(out, "\n");
                put_pairs(out, l);
                put_reach(out, l->reach, l->joined);
        }
        assert_int_equal(fclose(out), 0);
}

static void put_principals(FILE *out, const struct model *m)
{
        (void)fprintf(out, "principals:\n  - match: statgate://demo/statistician/nagra-*\n"
                           "    role: statistician\n    legal_basis: lag\n    ");
        put_names(out, "datasets", dataset_names, DATASETS, m->few_datasets);
        (void)fprintf(out, "\n    ");
        put_names(out, "purposes", purpose_names, PURPOSES, m->few_purposes);
        if (m->few_a_day > 0)
                (void)fprintf(out, "\n    questions_per_day: %u", m->few_a_day);
        if (m->everybody)
                (void)fprintf(out, "\n  - {match: 'statgate://demo/statistician/*', role: "
                                   "statistician, datasets: all, purposes: all, legal_basis: lag}");
        (void)fprintf(out, "\n  - {match: 'statgate://demo/dpo/*', role: dpo, datasets: all, "
                           "purposes: all, legal_basis: lag}\n");
}

static void put_bundle(const struct model *m, const char *folder)
{
        FILE *out = begin(folder, "bundle.yaml");

        (void)fprintf(out,
                "bundle: prov\nlabel: X\nversion: 1\npredecessor: none\ntrust: demo\n"
                "languages: [sv, en]\npublish: manual\nmunicipalities: kommun\npurposes:\n");
        for (unsigned i = 0; i < PURPOSES; i++)
                (void)fprintf(out, "  - {id: %s, label: X, legal_basis: lag}\n", purpose_names[i]);
        (void)fprintf(out, "roles: {statistician: [statistics], dpo: [statistics]}\n");
        put_principals(out, m);
        (void)fprintf(out, "codelists: [kommun.yaml]\n"
                           "datasets: [anmalan.yaml, enkat.yaml, placering.yaml]\n"
                           "linkages: linkages.yaml\n");
        assert_int_equal(fclose(out), 0);
        out = begin(folder, "kommun.yaml");
        (void)fprintf(out,
                "codelist: kommun\nlabel: X\nsource: x\n%slevels:\n"
                "  - {id: kommun, label: X, codes: [",
                m->population ? "population_year: 2025\n" : "");
        for (unsigned i = 0; i < MUNICIPALITIES; i++)
                (void)fprintf(out, "%s{code: \"%04u\", label: X, parent: \"01\"%s}",
                        i > 0 ? ", " : "", places[i], m->population ? ", population: 100" : "");
        (void)fprintf(out, "]}\n  - {id: lan, label: X, codes: [{code: \"01\", label: X}]}\n");
        assert_int_equal(fclose(out), 0);
}

struct policy *model_load(const struct model *m, const char *folder)
{
        struct policy *p = NULL;
        struct refusal why = {0};

        put_bundle(m, folder);
        for (unsigned d = 0; d < DATASETS; d++)
                put_dataset(m, folder, d);
        put_linkages(m, folder);
        if (policy_load(folder, &p, &why) != ERR_OK)
                fail_msg("%s: %s", why.violations[0].field, why.violations[0].text);
        return p;
}

void model_clean(const char *folder)
{
        static const char *const files[] = {"bundle.yaml", "kommun.yaml", "linkages.yaml",
                "anmalan.yaml", "enkat.yaml", "placering.yaml"};

        for (size_t i = 0; i < ARRAY_LEN(files); i++) {
                char path[256];

                (void)snprintf(path, sizeof path, "%s/%s", folder, files[i]);
                (void)unlink(path);
        }
        (void)rmdir(folder);
}
