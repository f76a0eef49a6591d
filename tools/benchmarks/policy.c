/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: the national bundle read and checked, beside nothing but reading its YAML; and
 * how long it takes to say yes to a linked question. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "policies/query_yaml.h"
#include "tools/benchmarks/parts.h"

enum { LOADS = 9, DECISIONS = 20000, ROUNDS = 9, ARENA = 256 << 20 };

/* Families with an earlier report anywhere, and the days to an investigation. */
static const char question[] =
        "dataset: anmalan\npurpose: " RECORDS_PURPOSE "\nlinkage: barnets_resa\nperiod: '2024'\n"
        "derived:\n"
        "  - {name: forr, kind: exists, dataset: anmalan, same: family, in: other,\n"
        "     window: {anchor: datum, from: -365, until: -1}}\n"
        "  - {name: utr, kind: first, dataset: utredning, filters: ['upphov = anmalan'],\n"
        "     window: {anchor: datum, from: 0, until: 120}}\n"
        "  - {name: dagar, kind: days_between, from: datum, to: utr,\n"
        "     bands: [{code: 0-13, from: 0, to: 13}, {code: 14-120, from: 14, to: 120}]}\n"
        "filters: ['alder:grupp in 0-3,4-6', 'orsak != annan']\n"
        "dimensions: [kommun:lan, kon]\n"
        "measures: [persons, {kind: share, filters: ['forr = true']},\n"
        "           {kind: median, variable: dagar}]\n";

static double load_ms(const char *folder)
{
        double ms[LOADS];

        for (unsigned i = 0; i < LOADS; i++) {
                struct policy *p = NULL;
                struct refusal why = {0};
                double began = bench_seconds();

                if (policy_load(folder, &p, &why) != ERR_OK)
                        bench_fail(why.violations[0].text);
                ms[i] = (bench_seconds() - began) * 1000;
                policy_unref(&p);
        }
        return bench_median(ms, LOADS);
}

/* Every file of the bundle, read into a tree that nobody looks at. */
static void read_folder(struct arena *a, const char *folder)
{
        char path[1200];
        struct dirent *e;
        struct refusal why = {0};
        DIR *d = opendir(folder);

        if (d == NULL)
                bench_fail("no bundle");
        while ((e = readdir(d)) != NULL) {
                const char *dot = strrchr(e->d_name, '.');
                struct yaml *tree;

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
                if (e->d_type == DT_DIR)
                        read_folder(a, path);
                else if (dot != NULL && strcmp(dot, ".yaml") == 0)
                        bench_must(yaml_read_file(a, path, &tree, &why), "reading YAML");
        }
        (void)closedir(d);
}

static double read_ms(const char *folder)
{
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        double ms[LOADS];

        if (a == NULL)
                bench_fail("out of memory");
        for (unsigned i = 0; i < LOADS; i++) {
                double began = bench_seconds();

                read_folder(a, folder);
                ms[i] = (bench_seconds() - began) * 1000;
                arena_reset(a);
        }
        return bench_median(ms, LOADS);
}

static double decide_us(const struct policy *p)
{
        static const struct principal who = {.role = ROLE_STATISTICIAN,
                .name = "anna",
                .uri = "statgate://demo/statistician/anna"};
        OWNED(arena_free) struct arena *a = arena_new(ARENA);
        struct refusal why = {0};
        struct query q = {0};
        double us[ROUNDS];

        if (a == NULL)
                bench_fail("out of memory");
        if (query_yaml_read_text(a, "question", bytes_of_text(question), &q, &why) != ERR_OK)
                bench_fail(why.violations[0].text);
        for (unsigned i = 0; i < ROUNDS; i++) {
                int64_t now = clock_now_ms();
                double began = bench_seconds();

                for (unsigned k = 0; k < DECISIONS; k++) {
                        struct decision allowed;

                        if (decide_query(p, &who, &q, now, &allowed, &why) != ERR_OK)
                                bench_fail(why.violations[0].text);
                }
                us[i] = (bench_seconds() - began) * 1e6 / DECISIONS;
        }
        return bench_median(us, ROUNDS);
}

void part_policy(const struct bench *b)
{
        struct policy *p = NULL;
        struct refusal why = {0};
        char folder[600];

        parts_bundle(b, folder);
        bench_tell(b, &(struct figure){"policy.load", "ms", load_ms(folder), read_ms(folder),
                              GOAL_AT_MOST, 100});
        bench_must(policy_load(folder, &p, &why), "reading the bundle");
        bench_tell(b, &(struct figure){.name = "policy.decide",
                              .unit = "us",
                              .value = decide_us(p),
                              .kind = GOAL_AT_MOST,
                              .goal = 20});
        policy_unref(&p);
}
