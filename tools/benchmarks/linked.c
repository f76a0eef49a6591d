/* SPDX-License-Identifier: Apache-2.0 */
/* linked.c: linked questions, beside SQL.
 *
 * The same children in five data sets, delivered through keeper and store and built into
 * the views of one linkage; DuckDB has the same records as plain integers. Every question is
 * asked of DuckDB as people write it, a self-join on the person, and in every other way we
 * know that gives the same answer; each way's cells are held against ours. DuckDB leaves
 * the total out when it is timed, and is asked for it once besides. */
#include <stdio.h>
#include <stdlib.h>

#include "gateway/query/engine.h"
#include "policies/query_yaml.h"
#include "tools/benchmarks/duck.h"
#include "tools/benchmarks/gate.h"
#include "tools/benchmarks/journey.h"
#include "tools/benchmarks/parts.h"
#include "tools/benchmarks/query.h"

enum {
        ASKED = 9,
        ARENA = 1 << 30,
        WEEKS = 18, /* bands of seven days within the 120 */
        STEP_DAYS = 120,
        TEXT_MAX = 4096
};
#define FOLDER "linked"

struct desk {
        const struct bench *bench;
        const struct records *homes;
        const struct linked *linked;
        struct plan_scope scope;
        const struct policy_dataset *datasets[WORLD_PARTS_LEN];
        struct period spans[WORLD_PARTS_LEN];
        struct arena *questions, *arena;
        struct duck *duck;
};

static const struct view *view_of(const struct linked *l, enum world_part part)
{
        return linked_view(l, bytes_of_text(world_dataset(part)));
}

/* Our own ------------------------------------------------------------------------- */

static void desk_scope(struct desk *d)
{
        for (unsigned i = 0; i < WORLD_PARTS_LEN; i++) {
                const struct view *v = view_of(d->linked, (enum world_part)i);

                d->datasets[i] = view_dataset(v);
                d->spans[i] = view_span(v);
        }
        d->scope = (struct plan_scope){
                .dataset = d->datasets[WORLD_REPORT],
                .span = d->spans[WORLD_REPORT],
                .linked = d->datasets,
                .spans = d->spans,
                .linked_len = WORLD_PARTS_LEN,
                .family = true,
        };
}

/* Median milliseconds, planning included; the table of the last time stays until the next
 * question. */
static double ask(struct desk *d, const char *text, struct table **out)
{
        struct refusal why = {0};
        struct query q = {0};
        double ms[ASKED];

        if (query_yaml_read_text(d->questions, "question", bytes_of_text(text), &q, &why) != ERR_OK)
                bench_fail(why.violations[0].text);
        for (unsigned i = 0; i < ASKED; i++) {
                struct plan *plan = NULL;

                arena_reset(d->arena);
                double began = bench_seconds();
                if (plan_make(&d->scope, &q, d->arena, &plan, &why) != ERR_OK)
                        bench_fail(why.violations[0].text);
                bench_must(plan_run(plan, view_of(d->linked, WORLD_REPORT), QUERY_THREADS, d->arena,
                                   NULL, out),
                        "asking");
                ms[i] = (bench_seconds() - began) * 1000;
        }
        return bench_median(ms, ASKED);
}

/* By municipality -------------------------------------------------------------------- */

#define BY_PLACE                                                                                   \
        "dataset: anmalan\npurpose: " RECORDS_PURPOSE "\nlinkage: " WORLD_LINKAGE                  \
        "\ndimensions: [kommun]\n"

/* Index of a municipality in the table; UINT32_MAX is the total. */
static size_t cell_of(const struct desk *d, const struct table *t, uint32_t place)
{
        const struct code_level *places = &policy_municipalities(d->homes->policy)->levels[0];
        const struct dimension *by = &t->dimensions[0];

        for (uint32_t i = 0; i < by->len && place != UINT32_MAX; i++)
                if (bytes_equal(by->categories[i].code, places->codes[place].code))
                        return i;
        if (place != UINT32_MAX)
                bench_fail("DuckDB counts a municipality that our table does not have");
        return by->len;
}

/* Every cell of DuckDB's is ours, and what DuckDB does not have of every `step`th municipality
 * is zero. */
static void compare(const struct desk *d, const struct table *t, const struct duck_cell *cells,
        size_t len, uint32_t step, const char *how)
{
        int64_t ours = 0, theirs = 0;

        for (size_t i = 0; i < len; i++) {
                int64_t count = t->persons[cell_of(d, t, cells[i].place)];

                if (count != cells[i].count) {
                        bench_note("%s: %lld persons, ours %lld", how, (long long)cells[i].count,
                                (long long)count);
                        bench_fail("our table and DuckDB's differ in a cell");
                }
                theirs += cells[i].place != UINT32_MAX ? count : 0;
        }
        for (uint32_t p = 0; p < d->homes->places; p += step)
                ours += t->persons[cell_of(d, t, p)];
        if (ours != theirs || ours == 0)
                bench_fail("our table has persons in cells that DuckDB does not know");
}

/* One way of asking DuckDB. The first of a question is the self-join, and has the goal. */
struct way {
        const char *figure;
        unsigned times;
        const char *sql;
};

#define PERSONS_BY_PLACE "SELECT kommun, 0::UTINYINT, count(DISTINCT person) "

/* It counts those of every `step`th municipality. */
static double ask_duck(struct desk *d, const struct way *w, uint32_t step, const struct table *t)
{
        double ms[ASKED];

        for (unsigned i = 0; i < w->times; i++) {
                struct duck_cell *cells = NULL;
                size_t len = 0;

                ms[i] = duck_cells(d->duck, w->sql, &cells, &len) * 1000;
                compare(d, t, cells, len, step, w->figure);
                free(cells);
        }
        return bench_median(ms, w->times);
}

static void question_figures(struct desk *d, const char *question, const struct way *ways,
        size_t len, const char *with_total)
{
        struct table *t = NULL;
        double ours = ask(d, question, &t);
        const struct way total = {"the total", 1, with_total};

        for (size_t i = 0; i < len; i++)
                bench_tell(d->bench,
                        &(struct figure){ways[i].figure, "ms", ours, ask_duck(d, &ways[i], 1, t),
                                i == 0 ? GOAL_RATIO_AT_MOST : GOAL_NONE, 0.1});
        (void)ask_duck(d, &total, 1, t);
}

/* Reported again within 365 days ---------------------------------------------------- */

#define AGAIN "b.person = a.person AND b.datum BETWEEN a.datum + 1 AND a.datum + 365"
/* The first later day, whoever else was reported on the same: what LEAD would be if days
 * were not shared. */
#define NEXT_DAY                                                                                   \
        "FROM (SELECT person, kommun, datum, first_value(datum) OVER (PARTITION BY person ORDER "  \
        "BY "                                                                                      \
        "datum GROUPS BETWEEN 1 FOLLOWING AND 1 FOLLOWING) AS later FROM anmalan) WHERE later "    \
        "<= datum + 365 "
#define COUNTED(of)                                                                                \
        "count(*) OVER (PARTITION BY " of                                                          \
        " ORDER BY datum RANGE BETWEEN 1 FOLLOWING AND 365 FOLLOWING)"

static void again_figures(struct desk *d)
{
        static const char question[] =
                BY_PLACE "derived: [{name: igen, kind: exists, dataset: anmalan,"
                         " window: {anchor: datum, from: 1, until: 365}}]\n"
                         "filters: [\"igen = true\"]\n";
        static const struct way ways[] = {
                {"linked.again", 3,
                        "SELECT a.kommun, 0::UTINYINT, count(DISTINCT a.person) FROM anmalan a"
                        " JOIN anmalan b ON " AGAIN " GROUP BY a.kommun"},
                {"linked.again.exists", 1,
                        PERSONS_BY_PLACE "FROM anmalan a WHERE EXISTS (SELECT 1 FROM anmalan b"
                                         " WHERE " AGAIN ") GROUP BY kommun"},
                {"linked.again.asof", 1,
                        "SELECT a.kommun, 0::UTINYINT, count(DISTINCT a.person) FROM anmalan a"
                        " ASOF JOIN anmalan b ON a.person = b.person AND a.datum < b.datum"
                        " WHERE b.datum <= a.datum + 365 GROUP BY a.kommun"},
                {"linked.again.window", 1, PERSONS_BY_PLACE NEXT_DAY "GROUP BY kommun"},
        };

        question_figures(d, question, ways, ARRAY_LEN(ways),
                PERSONS_BY_PLACE NEXT_DAY "GROUP BY GROUPING SETS ((kommun), ())");
}

static void elsewhere_figures(struct desk *d)
{
        static const char question[] =
                BY_PLACE "derived: [{name: igen, kind: exists, dataset: anmalan, in: other,"
                         " window: {anchor: datum, from: 1, until: 365}}]\n"
                         "filters: [\"igen = true\"]\n";
        static const char counted[] = PERSONS_BY_PLACE
                "FROM (SELECT person, kommun, " COUNTED("person") " AS everywhere, " COUNTED(
                        "person, kommun") " AS here FROM anmalan) WHERE everywhere > here"
                                          " GROUP BY GROUPING SETS ((kommun), ())";
        static const struct way ways[] = {
                {"linked.elsewhere", 3,
                        "SELECT a.kommun, 0::UTINYINT, count(DISTINCT a.person) FROM anmalan a"
                        " JOIN anmalan b ON " AGAIN " AND b.kommun <> a.kommun GROUP BY a.kommun"},
                {"linked.elsewhere.exists", 1,
                        PERSONS_BY_PLACE "FROM anmalan a WHERE EXISTS (SELECT 1 FROM anmalan b"
                                         " WHERE " AGAIN
                                         " AND b.kommun <> a.kommun) GROUP BY kommun"},
        };

        question_figures(d, question, ways, ARRAY_LEN(ways), counted);
}

/* Families ---------------------------------------------------------------------------- */

#define FAMILY_QUESTION(same)                                                                      \
        BY_PLACE "derived: [{name: forr, kind: exists, dataset: anmalan, same: " same              \
                 ", window: {anchor: datum, from: -3650, until: -1}}]\n"                           \
                 "filters: [\"forr = true\"]\n"
#define COUNT_QUESTION(same)                                                                       \
        BY_PLACE "derived: [{name: antal, kind: count, dataset: anmalan, same: " same              \
                 ", window: {anchor: datum, from: 1, until: 365}}]\n"                              \
                 "filters: [\"antal > 1\"]\n"

/* Who is kin to whom and when, from what the reports say. An edge from child to guardian
 * holds from 1826 days before it was first named until as long after it was last named. */
static const char sql_kin[] =
        "CREATE TABLE kin AS WITH edge AS (SELECT child, guardian, min(datum) - 1826 AS since,"
        " max(datum) + 1826 AS until FROM guardian JOIN (SELECT DISTINCT person, datum FROM anmalan"
        " UNION ALL SELECT DISTINCT person, inledd FROM utredning) ON person = child"
        " GROUP BY child, guardian) SELECT a.child AS person, b.child AS other,"
        " greatest(a.since, b.since) AS since, least(a.until, b.until) AS until"
        " FROM edge a JOIN edge b ON a.guardian = b.guardian WHERE greatest(a.since, b.since) <="
        " least(a.until, b.until)";

/* DuckDB needs minutes for the families of the whole country: it counts those of every fifth
 * municipality, with their kin everywhere. */
enum { PLACES_STEP = 5 };
#define SOME_PLACES "a.kommun % 5 = 0"

/* Oneself is among them, since one shares guardians with oneself, on every day of one's own
 * reports. */
static const char sql_family_earlier[] = PERSONS_BY_PLACE
        "FROM anmalan a WHERE EXISTS (SELECT 1 FROM kin k JOIN anmalan b ON b.person = k.other"
        " WHERE k.person = a.person AND a.datum BETWEEN k.since AND k.until AND b.datum < a.datum)"
        " AND " SOME_PLACES " GROUP BY kommun";
static const char sql_person_earlier[] = PERSONS_BY_PLACE
        "FROM (SELECT person, kommun, datum > min(datum) OVER (PARTITION BY person) AS later"
        " FROM anmalan) WHERE later GROUP BY GROUPING SETS ((kommun), ())";
static const char sql_family_counted[] = PERSONS_BY_PLACE
        "FROM (SELECT any_value(a.person) AS person, any_value(a.kommun) AS kommun,"
        " count(DISTINCT b.rowid) AS events FROM anmalan a JOIN kin k ON k.person = a.person"
        " AND a.datum BETWEEN k.since AND k.until JOIN anmalan b ON b.person = k.other"
        " AND b.datum BETWEEN a.datum + 1 AND a.datum + 365 WHERE " SOME_PLACES
        " GROUP BY a.rowid) WHERE events > 1 GROUP BY kommun";
static const char sql_person_counted[] = PERSONS_BY_PLACE
        "FROM (SELECT person, kommun, " COUNTED("person") " AS events FROM anmalan)"
                                                          " WHERE events > 1"
                                                          " GROUP BY GROUPING SETS ((kommun), ())";

static double ask_checked(struct desk *d, const char *question, const char *sql, uint32_t step)
{
        const struct way w = {"cells of families", 1, sql};
        struct table *t = NULL;
        double ms = ask(d, question, &t);

        (void)ask_duck(d, &w, step, t);
        return ms;
}

static void family_figures(struct desk *d)
{
        const struct families *f = view_families(view_of(d->linked, WORLD_REPORT));
        uint32_t with_kin = 0;

        for (uint32_t p = 0; p < f->persons; p++)
                with_kin += f->starts[p + 1] > f->starts[p];
        bench_tell(d->bench, &(struct figure){.name = "linked.with_kin",
                                     .unit = "% of persons",
                                     .value = 100.0 * with_kin / f->persons});
        (void)duck_run(d->duck, sql_kin);
        double person = ask_checked(d, FAMILY_QUESTION("person"), sql_person_earlier, 1);
        double family = ask_checked(d, FAMILY_QUESTION("family"), sql_family_earlier, PLACES_STEP);

        bench_tell(d->bench,
                &(struct figure){"linked.family", "ms", family, person, GOAL_RATIO_AT_MOST, 3});
        person = ask_checked(d, COUNT_QUESTION("person"), sql_person_counted, 1);
        family = ask_checked(d, COUNT_QUESTION("family"), sql_family_counted, PLACES_STEP);
        bench_tell(d->bench, &(struct figure){"linked.family.count", "ms", family, person,
                                     GOAL_RATIO_AT_MOST, 3});
}

/* From report to investigation ---------------------------------------------------------- */

static void step_question(char out[TEXT_MAX])
{
        int at = snprintf(out, TEXT_MAX,
                BY_PLACE
                "derived:\n"
                "  - {name: utr, kind: first, dataset: utredning, window: {anchor: datum, from: 0,"
                " until: %d}}\n"
                "  - {name: dagar, kind: days_between, from: datum, to: utr, bands: [",
                STEP_DAYS);

        for (int i = 0; i < WEEKS; i++)
                at += snprintf(out + at, (size_t)(TEXT_MAX - at), "%s{code: v%d, from: %d, to: %d}",
                        i > 0 ? ", " : "", i, 7 * i, i + 1 < WEEKS ? 7 * i + 6 : STEP_DAYS);
        (void)snprintf(out + at, (size_t)(TEXT_MAX - at),
                "]}\nmeasures: [{kind: median, variable: dagar}]\n");
}

/* Cells of DuckDB's are (municipality, days, reports). Within the week of the median days
 * are spread evenly: in tenths of a day, as the engine shows it. */
static double median_of(const struct duck_cell *cells, size_t len, uint32_t place)
{
        double weeks[WEEKS] = {0}, all = 0, before = 0;
        unsigned w = 0;

        for (size_t i = 0; i < len; i++)
                if (cells[i].place == place) {
                        weeks[cells[i].form / 7 < WEEKS ? cells[i].form / 7 : WEEKS - 1] +=
                                (double)cells[i].count;
                        all += (double)cells[i].count;
                }
        while (2 * (before + weeks[w]) < all)
                before += weeks[w++];
        double width = w + 1 < WEEKS ? 7 : STEP_DAYS - 7 * (WEEKS - 1) + 1;

        return 10 * (7 * w + width * (all / 2 - before) / weeks[w]);
}

static void compare_medians(struct desk *d, const struct table *t)
{
        static const char histogram[] =
                "SELECT a.kommun, (u.inledd - a.datum)::UTINYINT AS days, count(*) FROM anmalan a"
                " ASOF JOIN utredning u ON a.person = u.person AND a.datum <= u.inledd"
                " WHERE u.inledd <= a.datum + 120 GROUP BY 1, 2";
        struct duck_cell *cells = NULL;
        size_t len = 0;

        (void)duck_cells(d->duck, histogram, &cells, &len);
        for (uint32_t p = 0; p < d->homes->places; p++) {
                double off =
                        median_of(cells, len, p) - (double)t->measures[0].values[cell_of(d, t, p)];

                if (off < -0.51 || off > 0.51)
                        bench_fail("our median and DuckDB's differ");
        }
        free(cells);
}

static void step_figures(struct desk *d)
{
        static const char join[] =
                "SELECT kommun, median(days) FROM (SELECT any_value(a.kommun) AS kommun,"
                " min(u.inledd) - any_value(a.datum) AS days FROM anmalan a JOIN utredning u"
                " ON u.person = a.person AND u.inledd BETWEEN a.datum AND a.datum + 120"
                " GROUP BY a.rowid) GROUP BY kommun";
        static const char asof[] =
                "SELECT a.kommun, median(u.inledd - a.datum) FROM anmalan a ASOF JOIN utredning u"
                " ON a.person = u.person AND a.datum <= u.inledd"
                " WHERE u.inledd <= a.datum + 120 GROUP BY a.kommun";
        char question[TEXT_MAX];
        struct table *t = NULL;

        step_question(question);
        double ours = ask(d, question, &t);

        compare_medians(d, t);
        bench_tell(d->bench, &(struct figure){"linked.step", "ms", ours,
                                     duck_run(d->duck, join) * 1000, GOAL_NONE, 0});
        bench_tell(d->bench, &(struct figure){"linked.step.asof", "ms", ours,
                                     duck_run(d->duck, asof) * 1000, GOAL_NONE, 0});
}

/* The same records in DuckDB ------------------------------------------------------------- */

static void load_part(struct desk *d, enum world_part part, struct world_rows *rows)
{
        int16_t kommun[RECORDS_BATCH];
        const struct duck_column columns[] = {{"person", DUCK_I32, rows->person},
                {"kommun", DUCK_I16, kommun}, {world_date(part), DUCK_I32, rows->day}};
        struct duck_table *t =
                duck_table(d->duck, world_dataset(part), columns, ARRAY_LEN(columns));

        for (uint32_t p = 0; p < d->homes->places; p++) {
                uint32_t all = world_len(d->homes, part, p);

                for (uint32_t i = 0; i < RECORDS_BATCH; i++)
                        kommun[i] = (int16_t)p;
                for (uint32_t at = 0; at < all; at += RECORDS_BATCH) {
                        world_fill(d->homes, part, p, at,
                                all - at < RECORDS_BATCH ? all - at : RECORDS_BATCH, rows);
                        duck_put(t, columns, rows->len);
                }
        }
        duck_table_close(&t);
}

static void load_guardians(struct desk *d)
{
        const struct place *last = &d->homes->place[d->homes->places - 1];
        uint32_t persons = last->first_person + last->persons;
        int32_t child[2], guardian[2];
        const struct duck_column columns[] = {
                {"child", DUCK_I32, child}, {"guardian", DUCK_I32, guardian}};
        struct duck_table *t = duck_table(d->duck, "guardian", columns, ARRAY_LEN(columns));

        for (uint32_t p = 0; p < persons; p++) {
                uint32_t of[2], len = world_guardians(p, of);

                for (uint32_t i = 0; i < len; i++) {
                        child[i] = (int32_t)p;
                        guardian[i] = (int32_t)of[i];
                }
                duck_put(t, columns, len);
        }
        duck_table_close(&t);
}

static void desk_duck(struct desk *d)
{
        struct world_rows *rows = malloc(sizeof *rows);

        if (rows == NULL)
                bench_fail("out of memory");
        d->duck = duck_open(NULL);
        load_part(d, WORLD_REPORT, rows);
        load_part(d, WORLD_INVESTIGATION, rows);
        load_guardians(d);
        free(rows);
}

/* All of it ------------------------------------------------------------------------------- */

static struct linked *build_figures(
        const struct bench *b, struct inside *in, const struct records *homes)
{
        double delivered = journey_deliver(in, homes), began = bench_seconds();
        struct linked *l = journey_build(in);
        double built = bench_seconds() - began, rows = (double)journey_rows(l);

        bench_tell(b,
                &(struct figure){
                        .name = "linked.deliver", .unit = "records/s", .value = rows / delivered});
        bench_tell(b, &(struct figure){
                              .name = "linked.build", .unit = "records/s", .value = rows / built});
        bench_tell(b, &(struct figure){.name = "linked.bytes",
                              .unit = "bytes/record",
                              .value = (double)linked_bytes(l) / rows});
        return l;
}

void part_linked(const struct bench *b)
{
        struct records *homes = malloc(sizeof *homes);
        struct desk d = {.bench = b, .homes = homes};
        struct inside in = {0};
        char folder[600], bundle[700];

        if (homes == NULL)
                bench_fail("out of memory");
        gate_init(b, FOLDER, folder);
        inside_open(b, FOLDER, &in);
        parts_bundle(b, bundle);
        records_open(homes, bundle, query_rows(b->quick),
                (uint32_t)query_rows(b->quick) / QUERY_RECORDS_EACH);
        struct linked *linked = build_figures(b, &in, homes);

        d.linked = linked;
        d.questions = arena_new(ARENA);
        d.arena = arena_new(ARENA);
        if (d.questions == NULL || d.arena == NULL)
                bench_fail("out of memory");
        desk_scope(&d);
        desk_duck(&d);
        again_figures(&d);
        elsewhere_figures(&d);
        step_figures(&d);
        family_figures(&d);
        duck_close(&d.duck);
        arena_free(&d.arena);
        arena_free(&d.questions);
        linked_unref(&linked);
        records_close(homes);
        free(homes);
        inside_close(&in);
}
