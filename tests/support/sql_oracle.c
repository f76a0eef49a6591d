/* SPDX-License-Identifier: Apache-2.0 */
/* sql_oracle.c: see sql_oracle.h.
 *
 * A question becomes one table in the database, `asked`: a row per record that counts, with
 * the number of its category in each dimension and what each measure needs of it. Then each
 * subset of the dimensions is grouped by on its own, so that no total is added up from
 * what it is the total of. */
#include "tests/support/sql_oracle.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/sql_text.h"

/* What SQL says of a cell: of the cell itself, then of each measure. */
enum { PERSONS, RECORDS, FAMILIES, CELL_FIELDS };
enum { ABOVE, BELOW, ABOVE_PERSONS, BELOW_PERSONS, WITH_VALUE, MEASURE_FIELDS };

struct expected {
        struct sql_asking a;
        int64_t *fields; /* by cell */
        uint32_t per_cell;
        struct sql_told *told;
        char *sql;     /* what made `asked` */
        bool homeless; /* a record that counts is in no category */
};

static struct measure_ref ref_of(const struct query *q, const struct table *t, uint32_t m)
{
        if (m < q->measures_len)
                return q->measures[m];
        return (struct measure_ref){.kind = t->measures[m].kind};
}

static bool is_quantile(enum measure_kind kind)
{
        return kind == MEASURE_MEDIAN || kind == MEASURE_LOWER_QUARTILE ||
               kind == MEASURE_UPPER_QUARTILE;
}

/* The rows ------------------------------------------------------------------------------- */

/* Whether category `c` is what no code of the list stands for. A list may have a code of the
 * same name; then that one comes first. */
static bool is_other(const struct sql_asking *a, const struct dimension *dim, uint32_t c)
{
        struct sql_thing thing = sql_thing_of(a, "x", dim->variable);
        const struct code_list *list = thing.codes;
        bool own = false, earlier = false;

        if (c + 1 < dim->len || !bytes_is_text(dim->categories[c].code, "ovrigt"))
                return false;
        for (uint32_t l = 0; list != NULL && l < list->levels_len; l++)
                for (uint32_t i = 0; i < list->levels[l].len; i++)
                        own = own ||
                              (bytes_equal(list->levels[l].id, dim->level) &&
                                      bytes_is_text(list->levels[l].codes[i].code, "ovrigt"));
        for (uint32_t i = 0; i < c; i++)
                earlier = earlier || bytes_is_text(dim->categories[i].code, "ovrigt");
        return !own || earlier;
}

static void load_categories(const struct sql_asking *a)
{
        sqlite3 *db = a->w->db;

        sql_run(db, "DELETE FROM cat");
        sqlite3_stmt *s = sql_prepare(db, "INSERT INTO cat VALUES(?,?,?)");
        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                for (uint32_t c = 0; c < a->t->dimensions[d].len; c++) {
                        const struct dimension *dim = &a->t->dimensions[d];
                        struct bytes code = is_other(a, dim, c) ? bytes_of_text("(other)")
                                                                : dim->categories[c].code;

                        sqlite3_reset(s);
                        sqlite3_bind_int64(s, 1, d);
                        sqlite3_bind_text(
                                s, 2, (const char *)code.data, (int)code.len, SQLITE_TRANSIENT);
                        sqlite3_bind_int64(s, 3, c);
                        int rc = sqlite3_step(s);
                        assert(rc == SQLITE_DONE);
                }
        sqlite3_finalize(s);
}

static void say_category(const struct sql_asking *a, uint32_t d, const char *alias)
{
        struct sql_thing thing = sql_thing_of(a, alias, a->t->dimensions[d].variable);

        fprintf(a->to, "coalesce((SELECT n FROM cat WHERE d = %u AND code = ", d);
        sql_say_level(a, &thing, a->t->dimensions[d].level);
        fprintf(a->to, "), (SELECT n FROM cat WHERE d = %u AND code = '(other)'))", d);
}

/* Days of the episode within the period, or within all that is delivered. */
static void say_days(const struct sql_asking *a, const char *alias)
{
        const struct policy_dataset *d = a->w->datasets[a->part];
        struct period p = a->q->has_period ? a->q->period : a->w->spans[a->part];
        struct bytes from = d->variables[d->episode_from].id;
        struct bytes until = d->variables[d->episode_until].id;

        fprintf(a->to,
                "nullif(max(0, min(coalesce(%s.\"%.*s\", %d), %d) - max(%s.\"%.*s\", %d) + 1), 0)",
                alias, (int)until.len, (const char *)until.data, p.last, p.last, alias,
                (int)from.len, (const char *)from.data, p.first);
}

static void say_value(
        const struct sql_asking *a, const char *alias, struct bytes variable, const char *as)
{
        if (variable.len > 0)
                fprintf(a->to, ", %s AS %s", sql_thing_of(a, alias, variable).column, as);
        else
                fprintf(a->to, ", NULL AS %s", as);
}

/* n: counts in the measure, or above; e: counts below; v and w: their values. */
static void say_measure(const struct sql_asking *a, uint32_t m, const char *alias)
{
        struct measure_ref ref = ref_of(a->q, a->t, m);
        char as[32];

        fprintf(a->to, ",\n 1");
        sql_say_filters(a, alias, ref.filters, ref.filters_len);
        if (ref.kind == MEASURE_SHARE)
                sql_say_filters(a, alias, ref.base, ref.base_len);
        fprintf(a->to, " AS n%u, 1", m);
        sql_say_filters(a, alias, ref.base, ref.base_len);
        fprintf(a->to, " AS e%u", m);
        snprintf(as, sizeof as, "v%u", m);
        if (ref.kind == MEASURE_DAYS) {
                fprintf(a->to, ", ");
                say_days(a, alias);
                fprintf(a->to, " AS %s", as);
        } else {
                say_value(a, alias, ref.variable, as);
        }
        snprintf(as, sizeof as, "w%u", m);
        say_value(a, alias, ref.per, as);
}

static void make_rows(struct expected *e)
{
        struct sql_asking *a = &e->a;
        size_t len = 0;
        char alias[16];

        load_categories(a);
        a->to = open_memstream(&e->sql, &len);
        fprintf(a->to, "CREATE TEMP TABLE asked AS ");
        snprintf(alias, sizeof alias, "q%u", sql_say_steps(a));
        fprintf(a->to,
                ",\nr AS (SELECT coalesce(%s.p, -1 - %s.rid) AS who, (SELECT fam FROM family f "
                "WHERE f.p = %s.p) AS fam",
                alias, alias, alias);
        for (uint32_t d = 0; d < a->t->dimensions_len; d++) {
                fprintf(a->to, ",\n ");
                say_category(a, d, alias);
                fprintf(a->to, " AS g%u", d);
        }
        for (uint32_t m = 0; m < a->t->measures_len; m++)
                say_measure(a, m, alias);
        fprintf(a->to, "\n FROM %s WHERE 1", alias);
        sql_say_filters(a, alias, a->q->filters, a->q->filters_len);
        fprintf(a->to, ")\nSELECT * FROM r");
        fclose(a->to);
        sql_run(a->w->db, "DROP TABLE IF EXISTS asked");
        sql_run(a->w->db, e->sql);
}

/* Cells ------------------------------------------------------------------------------------ */

/* A count of units where `flag`, and of the persons behind it. */
static void say_units(const struct sql_asking *a, enum unit unit, const char *flag, uint32_t m)
{
        if (unit == UNIT_RECORD)
                fprintf(a->to, ", SUM(%s%u IS TRUE)", flag, m);
        else
                fprintf(a->to, ", COUNT(DISTINCT CASE WHEN %s%u THEN %s END)", flag, m,
                        unit == UNIT_FAMILY ? "fam" : "who");
}

static void say_persons(
        const struct sql_asking *a, const char *flag, uint32_t m, const char *where, bool numbered)
{
        fprintf(a->to, ", COUNT(DISTINCT CASE WHEN %s%u AND %s", flag, m, where);
        if (numbered)
                fprintf(a->to, "%u", m);
        fprintf(a->to, " IS NOT NULL THEN who END)");
}

/* One side of a measure: its amount, and (later) its persons. */
static bool is_sum(const struct measure_ref *ref, bool above)
{
        if (ref->kind == MEASURE_RATIO)
                return above ? ref->variable.len > 0 : ref->per.len > 0;
        return ref->kind == MEASURE_SUM || ref->kind == MEASURE_MEAN || ref->kind == MEASURE_DAYS ||
               is_quantile(ref->kind);
}

static enum unit unit_of(const struct query *q, const struct measure_ref *ref)
{
        if (ref->kind == MEASURE_RECORDS)
                return UNIT_RECORD;
        if (ref->kind == MEASURE_FAMILIES)
                return UNIT_FAMILY;
        if (ref->kind == MEASURE_PERSONS || q->unit == UNIT_NONE)
                return UNIT_PERSON;
        return q->unit;
}

static void say_side(const struct sql_asking *a, const struct measure_ref *ref, uint32_t m,
        bool above, bool persons)
{
        const char *flag = above ? "n" : "e", *value = above ? "v" : "w";
        enum unit unit = unit_of(a->q, ref);

        if (is_sum(ref, above) && persons)
                say_persons(a, flag, m, value, true);
        else if (is_sum(ref, above))
                fprintf(a->to, ", SUM(CASE WHEN %s%u THEN %s%u END)", flag, m, value, m);
        else if (persons)
                say_persons(a, flag, m, unit == UNIT_FAMILY ? "fam" : "who", false);
        else
                say_units(a, unit, flag, m);
}

/* "SELECT g0, g1, … GROUP BY …" where `total` has a bit for each dimension left out. */
static void say_coordinates(const struct sql_asking *a, unsigned total)
{
        fprintf(a->to, "SELECT 0");
        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                if (total >> d & 1)
                        fprintf(a->to, ", %u", a->t->dimensions[d].len);
                else
                        fprintf(a->to, ", g%u", d);
}

static void say_grouping(const struct sql_asking *a, unsigned total, const char *more)
{
        const char *by = " GROUP BY ";

        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                if ((total >> d & 1) == 0) {
                        fprintf(a->to, "%sg%u", by, d);
                        by = ", ";
                }
        if (more != NULL)
                fprintf(a->to, "%s%s", by, more);
}

#define NO_CELL SIZE_MAX

/* NO_CELL: there is no category for a record that counts. */
static size_t cell_of(const struct table *t, sqlite3_stmt *s)
{
        uint32_t at[DIMENSIONS_MAX];

        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                if (sqlite3_column_type(s, 1 + (int)d) == SQLITE_NULL)
                        return NO_CELL;
                at[d] = (uint32_t)sqlite3_column_int64(s, 1 + (int)d);
        }
        return table_cell(t, at);
}

static void count_subset(struct expected *e, unsigned total)
{
        struct sql_asking *a = &e->a;
        char *text = NULL;
        size_t len = 0;

        a->to = open_memstream(&text, &len);
        say_coordinates(a, total);
        fprintf(a->to, ", COUNT(DISTINCT who), COUNT(*), COUNT(DISTINCT fam)");
        for (uint32_t m = 0; m < a->t->measures_len; m++) {
                struct measure_ref ref = ref_of(a->q, a->t, m);

                say_side(a, &ref, m, true, false);
                say_side(a, &ref, m, false, false);
                say_side(a, &ref, m, true, true);
                say_side(a, &ref, m, false, true);
                fprintf(a->to, ", COUNT(CASE WHEN n%u THEN v%u END)", m, m);
        }
        fprintf(a->to, " FROM asked");
        say_grouping(a, total, NULL);
        fclose(a->to);
        sqlite3_stmt *s = sql_prepare(a->w->db, text);
        while (sql_next(a->w->db, s)) {
                size_t cell = cell_of(a->t, s);
                int64_t *to = e->fields + cell * e->per_cell;

                if (cell == NO_CELL)
                        e->homeless = true;
                for (uint32_t i = 0; cell != NO_CELL && i < e->per_cell; i++)
                        to[i] = sqlite3_column_int64(s, 1 + (int)(a->t->dimensions_len + i));
        }
        free(text);
}

/* Inhabitants ------------------------------------------------------------------------------- */

/* Of the municipalities that have delivered and that filters on the municipality leave;
 * -1 in a cell where somebody's are not known. */
static void count_inhabitants(struct expected *e, uint32_t m)
{
        struct sql_asking *a = &e->a;
        const struct policy_dataset *d = a->w->datasets[a->part];
        const struct variable *place = &d->variables[d->municipality_variable];
        struct measure_ref ref = ref_of(a->q, a->t, m);
        const struct filter *lists[] = {a->q->filters, ref.filters};
        const uint32_t lens[] = {a->q->filters_len, ref.filters_len};

        for (unsigned total = 0; total < 1u << a->t->dimensions_len; total++) {
                char *text = NULL;
                size_t len = 0;

                a->to = open_memstream(&text, &len);
                fprintf(a->to,
                        "WITH x AS (SELECT DISTINCT \"%.*s\", \"%.*s\" AS \"stated %.*s\" "
                        "FROM \"t_%.*s\"), y AS (SELECT DISTINCT ",
                        (int)place->id.len, (const char *)place->id.data, (int)place->id.len,
                        (const char *)place->id.data, (int)place->id.len,
                        (const char *)place->id.data, (int)d->id.len, (const char *)d->id.data);
                if (a->t->dimensions_len > 0)
                        say_category(a, 0, "x");
                else
                        fprintf(a->to, "0");
                fprintf(a->to, " AS g0, k.now, k.people FROM x JOIN ");
                sql_say_codes(a, place->codes);
                fprintf(a->to, " k ON k.idx = x.\"%.*s\" WHERE 1", (int)place->id.len,
                        (const char *)place->id.data);
                sql_say_delivered(a, "x");
                for (uint32_t l = 0; l < 2; l++)
                        for (uint32_t i = 0; i < lens[l]; i++)
                                if (bytes_equal(lists[l][i].variable, place->id))
                                        sql_say_filters(a, "x", &lists[l][i], 1);
                fprintf(a->to, ") ");
                say_coordinates(a, total);
                fprintf(a->to, ", SUM(people), MIN(people) FROM y WHERE g0 IS NOT NULL");
                say_grouping(a, total, NULL);
                fclose(a->to);
                sqlite3_stmt *s = sql_prepare(a->w->db, text);
                int at = 1 + (int)a->t->dimensions_len;
                while (sql_next(a->w->db, s)) {
                        int64_t people = sqlite3_column_int64(s, at + 1) > 0
                                                 ? sqlite3_column_int64(s, at)
                                                 : -1;

                        if (sqlite3_column_type(s, at) == SQLITE_NULL)
                                people = 0;
                        e->fields[cell_of(a->t, s) * e->per_cell + CELL_FIELDS +
                                  m * MEASURE_FIELDS + BELOW] = people;
                }
                free(text);
        }
}

/* Quantiles ---------------------------------------------------------------------------------- */

struct sql_band {
        int64_t low, high, rows; /* INT64_MIN, INT64_MAX: open */
};

static uint32_t bands_of(
        const struct sql_asking *a, const struct measure_ref *ref, struct sql_band *out)
{
        struct sql_thing thing = sql_thing_of(a, "asked", ref->variable);
        const struct banding *b = sql_banding_find(&thing, ref->banding);
        const struct derived *d = thing.derived;
        uint32_t len = d != NULL ? d->bands_len : b->len;

        for (uint32_t i = 0; i < len; i++) {
                if (d == NULL) {
                        out[i] = (struct sql_band){b->bands[i].low, b->bands[i].high, 0};
                        continue;
                }
                out[i] = (struct sql_band){INT64_MIN, INT64_MAX, 0};
                if (d->bands[i].low.len > 0)
                        out[i].low = sql_number(d->bands[i].low, thing.decimals);
                if (d->bands[i].high.len > 0)
                        out[i].high = sql_number(d->bands[i].high, thing.decimals);
        }
        return len;
}

/* The value that `part` of the rows lie below, from all values in order with their numbers of
 * rows. Uniform within a band; false: in no band that is closed, or no rows. */
static bool quantile(const struct sql_band *bands, uint32_t len, const int64_t (*values)[2],
        size_t values_len, int64_t rows, long double part, long double *out)
{
        long double wanted = part * (long double)rows;

        for (uint32_t i = 0; i < len && rows > 0; i++) {
                long double below = 0, here = 0;

                for (size_t v = 0; v < values_len; v++) {
                        below += values[v][0] < bands[i].low ? (long double)values[v][1] : 0;
                        here += values[v][0] >= bands[i].low && values[v][0] <= bands[i].high
                                        ? (long double)values[v][1]
                                        : 0;
                }
                if (wanted <= below || wanted > below + here)
                        continue;
                if (bands[i].low == INT64_MIN || bands[i].high == INT64_MAX)
                        return false;
                *out = (long double)bands[i].low +
                       (wanted - below) / here * (long double)(bands[i].high + 1 - bands[i].low);
                return true;
        }
        return false;
}

/* Comparing ---------------------------------------------------------------------------------- */

static bool differs(const struct expected *e, const char *what, uint32_t m, size_t cell,
        int64_t engine, long double sql)
{
        const struct table *t = e->a.t;
        uint32_t at[DIMENSIONS_MAX];

        table_coordinates(t, cell, at);
        fprintf(stderr, "%s of measure %u (%s) differ: the engine says %lld, SQL %.4Lf\n", what, m,
                m < t->measures_len ? measure_kind_name(t->measures[m].kind) : "the cell",
                (long long)engine, sql);
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];
                struct bytes code =
                        at[d] < dim->len ? dim->categories[at[d]].code : bytes_of_text("(all)");

                fprintf(stderr, "  %.*s = %.*s\n", (int)dim->variable.len,
                        (const char *)dim->variable.data, (int)code.len, (const char *)code.data);
        }
        fprintf(stderr, "%s\n", e->sql);
        return false;
}

static bool same(const struct expected *e, const char *what, uint32_t m, size_t cell,
        const int64_t *engine, int64_t sql)
{
        if (engine == NULL || engine[cell] == sql)
                return true;
        return differs(e, what, m, cell, engine[cell], (long double)sql);
}

static bool near(const struct expected *e, const char *what, uint32_t m, size_t cell,
        int64_t engine, bool any, long double sql)
{
        e->told->values += any && engine != 0;
        if (any ? engine != TABLE_NO_VALUE && fabsl((long double)engine - sql) <= 0.5L + 1e-4L
                : engine == TABLE_NO_VALUE)
                return true;
        return differs(e, what, m, cell, engine, any ? sql : NAN);
}

static bool same_share(const struct expected *e, uint32_t m, size_t cell, const int64_t *f)
{
        const struct measure *of = &e->a.t->measures[m];
        long double n = (long double)f[ABOVE], d = (long double)f[BELOW];
        long double z = 1.959963984540054L, p = d > 0 ? n / d : 0,
                    scale = d > 0 ? 1 + z * z / d : 1;
        long double middle = d > 0 ? (p + z * z / (2 * d)) / scale : 0;
        long double width = d > 0 ? z / scale * sqrtl(p * (1 - p) / d + z * z / (4 * d * d)) : 0;

        return near(e, "shares", m, cell, of->values[cell], d > 0, 1000 * p) &&
               near(e, "lower ends", m, cell, of->low[cell], d > 0, 1000 * (middle - width)) &&
               near(e, "upper ends", m, cell, of->high[cell], d > 0, 1000 * (middle + width));
}

static uint32_t decimals_of(const struct expected *e, struct bytes variable)
{
        return variable.len > 0 ? sql_thing_of(&e->a, "asked", variable).decimals : 0;
}

static bool same_quotient(const struct expected *e, uint32_t m, size_t cell, const int64_t *f)
{
        struct measure_ref ref = ref_of(e->a.q, e->a.t, m);
        const struct measure *of = &e->a.t->measures[m];
        long double scale = ref.scale > 0 ? ref.scale : ref.kind == MEASURE_RATE ? RATE_SCALE : 1;
        long double times = 10 * scale * powl(10, decimals_of(e, ref.per));
        bool any = ref.kind == MEASURE_RATE ? f[BELOW] > 0 : f[BELOW] != 0;

        if (ref.kind == MEASURE_RATE && !any && of->status[cell] != CELL_NOT_APPLICABLE)
                return differs(e, "statuses", m, cell, of->status[cell], CELL_NOT_APPLICABLE);
        return near(e, "quotients", m, cell, of->values[cell], any,
                any ? times * (long double)f[ABOVE] / (long double)f[BELOW] : 0);
}

static bool same_value(const struct expected *e, uint32_t m, size_t cell, const int64_t *f)
{
        const struct measure *of = &e->a.t->measures[m];

        switch (of->kind) {
        case MEASURE_PERSONS:
        case MEASURE_RECORDS:
        case MEASURE_FAMILIES:
        case MEASURE_SUM:
        case MEASURE_DAYS:
                e->told->values += f[ABOVE] != 0;
                return same(e, "values", m, cell, of->values, f[ABOVE]);
        case MEASURE_MEAN:
                return near(e, "means", m, cell, of->values[cell], f[WITH_VALUE] > 0,
                        f[WITH_VALUE] > 0 ? 10 * (long double)f[ABOVE] / (long double)f[WITH_VALUE]
                                          : 0);
        case MEASURE_SHARE:
                return same_share(e, m, cell, f);
        case MEASURE_RATIO:
        case MEASURE_RATE:
                return same_quotient(e, m, cell, f);
        default:
                return is_quantile(of->kind); /* each by itself */
        }
}

static bool same_measure(const struct expected *e, uint32_t m, size_t cell, const int64_t *f)
{
        const struct measure *of = &e->a.t->measures[m];
        bool rate = of->kind == MEASURE_RATE;

        return same_value(e, m, cell, f) &&
               same(e, "contributors", m, cell, of->contributors, f[ABOVE_PERSONS]) &&
               same(e, "numerators", m, cell, of->numerator, f[ABOVE]) &&
               same(e, "persons above", m, cell, of->numerator_persons, f[ABOVE_PERSONS]) &&
               (rate || (same(e, "denominators", m, cell, of->denominator, f[BELOW]) &&
                                same(e, "persons below", m, cell, of->denominator_persons,
                                        f[BELOW_PERSONS])));
}

static bool same_quantile(
        const struct expected *e, uint32_t m, size_t cell, const int64_t (*values)[2], size_t len)
{
        struct measure_ref ref = ref_of(e->a.q, e->a.t, m);
        struct sql_band bands[DERIVED_BANDS_MAX];
        uint32_t bands_len = bands_of(&e->a, &ref, bands);
        long double part = ref.kind == MEASURE_MEDIAN           ? 0.5L
                           : ref.kind == MEASURE_LOWER_QUARTILE ? 0.25L
                                                                : 0.75L;
        long double sql = 0;
        bool any = quantile(bands, bands_len, values, len,
                e->fields[cell * e->per_cell + CELL_FIELDS + m * MEASURE_FIELDS + WITH_VALUE], part,
                &sql);

        return near(e, "quantiles", m, cell, e->a.t->measures[m].values[cell], any, 10 * sql);
}

/* Every cell of one subset, by a histogram of single values. */
static bool same_quantiles(struct expected *e, uint32_t m, unsigned total)
{
        struct sql_asking *a = &e->a;
        int64_t(*values)[2] = NULL;
        size_t len = 0, cell = SIZE_MAX, cap = 0, text_len = 0;
        char *text = NULL, more[16];
        bool good = true;

        a->to = open_memstream(&text, &text_len);
        say_coordinates(a, total);
        fprintf(a->to, ", v%u, COUNT(*) FROM asked WHERE n%u AND v%u IS NOT NULL", m, m, m);
        snprintf(more, sizeof more, "v%u", m);
        say_grouping(a, total, more);
        fprintf(a->to, " ORDER BY 1");
        for (uint32_t d = 0; d < a->t->dimensions_len; d++)
                fprintf(a->to, ", %u", d + 2);
        fclose(a->to);
        sqlite3_stmt *s = sql_prepare(a->w->db, text);
        while (sql_next(a->w->db, s)) {
                size_t next = cell_of(a->t, s);
                int at = 1 + (int)a->t->dimensions_len;

                if (next != cell && cell != SIZE_MAX)
                        good = good && same_quantile(e, m, cell, values, len);
                len = next != cell ? 0 : len;
                cell = next;
                if (len == cap) {
                        cap = 2 * cap + 64;
                        values = realloc(values, cap * sizeof(*values));
                        assert(values != NULL);
                }
                values[len][0] = sqlite3_column_int64(s, at);
                values[len++][1] = sqlite3_column_int64(s, at + 1);
        }
        if (cell != SIZE_MAX)
                good = good && same_quantile(e, m, cell, values, len);
        free(values);
        free(text);
        return good;
}

static bool same_cell(const struct expected *e, size_t cell)
{
        const struct table *t = e->a.t;
        const int64_t *f = e->fields + cell * e->per_cell;

        if (!same(e, "persons", UINT32_MAX, cell, t->persons, f[PERSONS]) ||
                !same(e, "records", UINT32_MAX, cell, t->records, f[RECORDS]) ||
                !same(e, "families", UINT32_MAX, cell, t->families, f[FAMILIES]))
                return false;
        for (uint32_t m = 0; m < t->measures_len; m++) {
                const int64_t *of = f + CELL_FIELDS + m * MEASURE_FIELDS;

                if (!same_measure(e, m, cell, of))
                        return false;
                if (is_quantile(t->measures[m].kind) && of[WITH_VALUE] == 0 &&
                        t->measures[m].values[cell] != TABLE_NO_VALUE)
                        return differs(e, "quantiles", m, cell, t->measures[m].values[cell], NAN);
        }
        return true;
}

bool sql_oracle_agrees(const struct sql_world *w, const struct query *q, const struct table *t,
        struct sql_told *out)
{
        struct expected e = {.a = {.w = w, .q = q, .t = t, .part = sql_world_part(w, q->dataset)},
                .per_cell = CELL_FIELDS + t->measures_len * MEASURE_FIELDS,
                .told = out};
        bool good = true;

        e.fields = calloc(t->cells_len * e.per_cell, sizeof(*e.fields));
        assert(e.fields != NULL);
        make_rows(&e);
        for (unsigned total = 0; total < 1u << t->dimensions_len; total++)
                count_subset(&e, total);
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].kind == MEASURE_RATE)
                        count_inhabitants(&e, m);
        if (e.homeless)
                good = differs(&e, "categories", UINT32_MAX, t->cells_len - 1, 0, NAN);
        for (size_t i = 0; i < t->cells_len && good; i++)
                good = same_cell(&e, i);
        for (uint32_t m = 0; m < t->measures_len; m++)
                for (unsigned total = 0;
                        is_quantile(t->measures[m].kind) && good && total < 1u << t->dimensions_len;
                        total++)
                        good = same_quantiles(&e, m, total);
        out->cells += t->cells_len;
        out->records += (uint64_t)e.fields[(t->cells_len - 1) * e.per_cell + RECORDS];
        free(e.fields);
        free(e.sql);
        return good;
}
