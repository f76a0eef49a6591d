/* SPDX-License-Identifier: Apache-2.0 */
/* sql_world.c: see sql_world.h.
 *
 * Random days far apart would never meet the edge of a window, so that a window one day too
 * long would look right: every third record lies exactly 0, 1, 120, 121, 365 or 366 days from
 * another of the same person. Municipalities are few, two of one county among them, and one
 * that has been merged into another. */
#include "tests/support/sql_world.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { FIRST_DAY = 18993, DAYS = 1096, SPAN_FIRST = 18262, SPAN_LAST = 20453 }; /* 2022–2024 */

uint64_t sql_random(struct sql_world *w, uint64_t below)
{
        uint64_t z = w->random += 0x9e3779b97f4a7c15u; /* splitmix64 (Steele et al. 2014) */

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
        z = (z ^ z >> 27) * 0x94d049bb133111ebu;
        return (z ^ z >> 31) % below;
}

static bool one_in(struct sql_world *w, uint64_t n)
{
        return sql_random(w, n) == 0;
}

static void *must_have(size_t count, size_t size)
{
        void *at = calloc(count + 1, size);

        assert(at != NULL);
        return at;
}

/* SQL ---------------------------------------------------------------------------------- */

static _Noreturn void give_up(sqlite3 *db, const char *text)
{
        fprintf(stderr, "%s\n%s\n", sqlite3_errmsg(db), text);
        abort();
}

void sql_run(sqlite3 *db, const char *text)
{
        if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
                give_up(db, text);
}

sqlite3_stmt *sql_prepare(sqlite3 *db, const char *text)
{
        sqlite3_stmt *s = NULL;

        if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
                give_up(db, text);
        return s;
}

bool sql_next(sqlite3 *db, sqlite3_stmt *s)
{
        int rc = sqlite3_step(s);

        if (rc == SQLITE_ROW)
                return true;
        if (rc != SQLITE_DONE)
                give_up(db, sqlite3_sql(s));
        sqlite3_finalize(s);
        return false;
}

/* Records ------------------------------------------------------------------------------- */

static int by_token(const void *a, const void *b)
{
        return memcmp(a, b, 16);
}

/* Ascending, so that where a family is chosen by a token it is chosen by a number. */
static void make_tokens(struct sql_world *w)
{
        w->tokens = must_have(w->names, sizeof(*w->tokens));
        for (uint32_t i = 0; i < w->names; i++)
                for (uint32_t k = 0; k < 16; k++)
                        w->tokens[i][k] = (uint8_t)(1 + sql_random(w, 255));
        qsort(w->tokens, w->names, sizeof(*w->tokens), by_token);
}

static void choose_places(struct sql_world *w)
{
        static const char *const codes[SQL_PLACES] = {
                "0180", "0184", "0331", "1917", "1980", "1480", "1281", "2580"};
        const struct code_list *list = policy_municipalities(w->policy);

        for (uint32_t i = 0; i < SQL_PLACES; i++) {
                int32_t code = code_find(list, bytes_of_text(codes[i]));

                assert(code >= 0);
                w->places[i] = (uint32_t)code;
        }
}

static int64_t put_value(const struct variable *v, void *column, uint32_t row, int64_t value)
{
        switch (v->physical) {
        case PHYSICAL_U8:
                ((uint8_t *)column)[row] = value == INT64_MIN ? MISSING_U8 : (uint8_t)value;
                break;
        case PHYSICAL_U16:
                ((uint16_t *)column)[row] = value == INT64_MIN ? MISSING_U16 : (uint16_t)value;
                break;
        case PHYSICAL_I32:
                ((int32_t *)column)[row] = value == INT64_MIN ? MISSING_I32 : (int32_t)value;
                break;
        case PHYSICAL_I64:
                ((int64_t *)column)[row] = value == INT64_MIN ? MISSING_I64 : value;
                break;
        case PHYSICAL_NONE:
                break;
        }
        return value;
}

static int64_t month_start(int64_t day)
{
        struct civil c = civil_from_days((int32_t)day);

        c.day = 1;
        return days_from_civil(c);
}

static int64_t near(struct sql_world *w, int64_t day)
{
        static const int64_t steps[] = {0, 1, 30, 120, 121, 365, 366, -1, -365};

        return one_in(w, 2) ? day + steps[sql_random(w, ARRAY_LEN(steps))]
                            : day + (int64_t)sql_random(w, 400);
}

/* The last day that each person has been seen: what happens next happens near it. */
static int64_t day_of_record(struct sql_world *w, int64_t *seen, int64_t person)
{
        int64_t day = FIRST_DAY + (int64_t)sql_random(w, DAYS);

        if (person < 0)
                return day;
        if (seen[person] != 0 && !one_in(w, 3))
                day = near(w, seen[person]);
        if (day < SPAN_FIRST || day > SPAN_LAST)
                day = FIRST_DAY + (int64_t)sql_random(w, DAYS);
        seen[person] = day;
        return day;
}

/* Everybody's age is one that may be delivered: children's, or grown-ups' in a linkage that
 * has no children's ages. */
static int64_t birth_month(const struct sql_world *w, int64_t person)
{
        bool children = false;

        for (uint32_t i = 0; i < w->parts_len; i++)
                for (uint32_t k = 0; k < w->datasets[i]->variables_len; k++)
                        children = children || (w->datasets[i]->variables[k].type == VARIABLE_AGE &&
                                                       w->datasets[i]->variables[k].max < 100);
        return days_from_civil(
                (struct civil){children ? 2006 + (int)(person % 7) : 1950 + (int)(person % 56),
                        1 + (int)(person % 12), 1});
}

static int64_t value_of(struct sql_world *w, const struct sql_part *p, const struct variable *v,
        uint32_t row, int64_t day)
{
        int64_t person = p->person[row] < 0 ? (int64_t)row : p->person[row];

        if (v->source == SOURCE_SEX)
                return person % (int64_t)v->codes->levels[0].len;
        if (v->source == SOURCE_BIRTH_MONTH)
                return birth_month(w, person);
        if (v == &p->dataset->variables[p->dataset->order_variable])
                return bytes_is_text(v->id, "manad") ? month_start(day) : day;
        if (!v->required && one_in(w, 6))
                return INT64_MIN;
        switch (v->type) {
        case VARIABLE_CODE:
                return (int64_t)sql_random(w, v->codes->levels[0].len);
        case VARIABLE_BOOLEAN:
                return (int64_t)sql_random(w, 2);
        case VARIABLE_DATE:
                return near(w, day);
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
                return v->min + (int64_t)sql_random(w, (uint64_t)(v->max - v->min) + 1);
        case VARIABLE_AGE:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return INT64_MIN;
}

/* `absent` is the place that has not delivered. */
static void make_row(
        struct sql_world *w, struct sql_part *p, uint32_t row, uint64_t absent, int64_t *seen)
{
        const struct policy_dataset *d = p->dataset;
        int64_t day;

        p->person[row] = (int64_t)sql_random(w, w->persons);
        if (d->rules->person != PERSON_USE_REQUIRED && one_in(w, 8))
                p->person[row] = -1;
        if (p->person[row] >= 0)
                memcpy(p->tokens + (size_t)row * 16, w->tokens[p->person[row]], 16);
        uint64_t place = one_in(w, 3) || p->person[row] < 0 ? sql_random(w, SQL_PLACES)
                                                            : (uint64_t)p->person[row] % SQL_PLACES;
        p->places[row] = (uint16_t)w->places[(place + (place == absent)) % SQL_PLACES];
        day = day_of_record(w, seen, p->person[row]);
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (p->columns[i] != NULL)
                        put_value(&d->variables[i], p->columns[i], row,
                                value_of(w, p, &d->variables[i], row, day));
}

static void make_part(struct sql_world *w, uint32_t part, int64_t *seen)
{
        struct sql_part *p = &w->parts[part];
        const struct policy_dataset *d = w->datasets[part];

        assert(d->variables_len <= SQL_VARIABLES_MAX && d->order_variable != UINT32_MAX &&
                d->municipality_variable != UINT32_MAX);
        /* Not everybody is everywhere, and some are nowhere. */
        *p = (struct sql_part){.dataset = d, .rows = w->persons * (part % 2 == 0 ? 7 : 5) / 4};
        p->person = must_have(p->rows, sizeof(*p->person));
        p->tokens = must_have(p->rows, 16);
        p->places = must_have(p->rows, sizeof(*p->places));
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (variable_is_column(&d->variables[i]))
                        p->columns[i] = must_have(p->rows, 8);
        for (uint32_t r = 0; r < p->rows; r++)
                make_row(w, p, r, part % 2 == 1 ? 4 + part % 4 : SQL_PLACES, seen);
}

/* Guardians ----------------------------------------------------------------------------- */

static void add_edge(struct sql_world *w, uint32_t child, uint32_t guardian, int32_t day)
{
        if (w->edges_len == w->edges_cap) {
                w->edges_cap = 2 * w->edges_cap + 64;
                w->edges = realloc(w->edges, w->edges_cap * sizeof(*w->edges));
                w->child = realloc(w->child, w->edges_cap * sizeof(*w->child));
                w->guardian = realloc(w->guardian, w->edges_cap * sizeof(*w->guardian));
                assert(w->edges != NULL && w->child != NULL && w->guardian != NULL);
        }
        memcpy(w->edges[w->edges_len].child, w->tokens[child], 16);
        memcpy(w->edges[w->edges_len].guardian, w->tokens[guardian], 16);
        w->edges[w->edges_len].day = day;
        w->child[w->edges_len] = child;
        w->guardian[w->edges_len++] = guardian;
}

/* Named on some days; now and then so that it ceases to hold on the day of a record, or
 * by records that nobody dated. */
static void name_guardian(struct sql_world *w, uint32_t child, uint32_t guardian)
{
        const struct sql_part *p = &w->parts[0];
        const int32_t *days = p->columns[p->dataset->order_variable];
        int32_t holds = (int32_t)w->limits.holds_days;
        bool undated = one_in(w, 25);

        for (uint64_t n = 1 + sql_random(w, 2); n > 0; n--) {
                int32_t day = days[sql_random(w, p->rows)];

                if (one_in(w, 3))
                        day += one_in(w, 2) ? holds : -holds;
                add_edge(w, child, guardian, undated ? MISSING_I32 : day);
        }
}

/* `len` persons, each of whom shares a guardian with the next. */
static void make_chain(struct sql_world *w, uint32_t *person, uint32_t *guardian, uint32_t len)
{
        for (uint32_t i = 0; i + 1 < len; i++, (*person)++) {
                name_guardian(w, *person, *guardian);
                name_guardian(w, *person + 1, (*guardian)++);
        }
        (*person)++;
}

/* One to four children with two guardians. */
static void make_household(struct sql_world *w, uint32_t *person, uint32_t guardian)
{
        for (uint64_t n = 1 + sql_random(w, 4); n > 0 && *person < w->persons; n--) {
                name_guardian(w, *person, guardian);
                if (!one_in(w, 3))
                        name_guardian(w, *person, guardian + 1);
                if (one_in(w, 40))
                        name_guardian(w, *person, *person); /* her own */
                if (one_in(w, 40))                          /* who is somebody's child too */
                        name_guardian(w, *person, (uint32_t)sql_random(w, w->persons));
                (*person)++;
        }
}

/* Chains as long as they may be, by one too long, and much too long; households, some of whom
 * share a guardian with the next; and guardians with as many children as they may have and
 * with more, all of them of households. */
static void make_edges(struct sql_world *w)
{
        uint32_t person = 0, guardian = w->persons, max = w->limits.persons_max;

        assert(w->persons > 4 * max + 40);
        make_chain(w, &person, &guardian, max);
        make_chain(w, &person, &guardian, max + 1);
        make_chain(w, &person, &guardian, 2 * max);
        uint32_t chained = person;
        while (person < w->persons) {
                make_household(w, &person, guardian);
                guardian += one_in(w, 4) ? 1 : 2;
        }
        for (uint32_t i = 0; i < 4; i++)
                for (uint32_t n = w->limits.children_max + i; n > 0; n--)
                        name_guardian(w, chained + (uint32_t)sql_random(w, w->persons - chained),
                                w->names - 1 - i);
}

/* Into the database ----------------------------------------------------------------------- */

static bool value_at(const struct sql_part *p, uint32_t i, uint32_t row, int64_t *out)
{
        const void *column = p->columns[i];

        switch (p->dataset->variables[i].physical) {
        case PHYSICAL_U8:
                *out = ((const uint8_t *)column)[row];
                return *out != MISSING_U8;
        case PHYSICAL_U16:
                *out = ((const uint16_t *)column)[row];
                return *out != MISSING_U16;
        case PHYSICAL_I32:
                *out = ((const int32_t *)column)[row];
                return *out != MISSING_I32;
        case PHYSICAL_I64:
                *out = ((const int64_t *)column)[row];
                return *out != MISSING_I64;
        case PHYSICAL_NONE:
                break;
        }
        return false;
}

#define NAME(b) (int)(b).len, (const char *)(b).data

enum { STATEMENT = 8192 };

static void create_table(
        struct sql_world *w, const struct policy_dataset *d, char insert[STATEMENT])
{
        char text[STATEMENT];
        size_t len = (size_t)snprintf(text, sizeof text,
                "CREATE TABLE \"t_%.*s\"(rid INTEGER PRIMARY KEY, p INTEGER", NAME(d->id));
        size_t at = (size_t)snprintf(
                insert, STATEMENT, "INSERT INTO \"t_%.*s\" VALUES(?,?", NAME(d->id));

        for (uint32_t i = 0; i < d->variables_len; i++) {
                len += (size_t)snprintf(text + len, sizeof text - len, ", \"%.*s\" INTEGER",
                        NAME(d->variables[i].id));
                at += (size_t)snprintf(insert + at, STATEMENT - at, ",?");
        }
        snprintf(text + len, sizeof text - len, ")");
        snprintf(insert + at, STATEMENT - at, ")");
        sql_run(w->db, text);
}

/* Ages and in how many municipalities a person is, by the words of the schema. */
static void compute_columns(struct sql_world *w, const struct policy_dataset *d)
{
        char text[2048];

        for (uint32_t i = 0; i < d->variables_len; i++) {
                const struct variable *v = &d->variables[i];

                if (v->source == SOURCE_AGE) {
                        struct bytes at = d->variables[v->age_at].id;
                        struct bytes birth = d->variables[v->age_birth].id;

                        snprintf(text, sizeof text,
                                "UPDATE \"t_%.*s\" SET \"%.*s\" = CASE WHEN \"%.*s\" >= \"%.*s\" "
                                "THEN (CAST(strftime('%%Y%%m%%d', \"%.*s\" * 86400, 'unixepoch') "
                                "AS INTEGER) - CAST(strftime('%%Y%%m%%d', \"%.*s\" * 86400, "
                                "'unixepoch') AS INTEGER)) / 10000 END",
                                NAME(d->id), NAME(v->id), NAME(at), NAME(birth), NAME(at),
                                NAME(birth));
                        sql_run(w->db, text);
                } else if (v->source == SOURCE_MUNICIPALITIES) {
                        snprintf(text, sizeof text,
                                "UPDATE \"t_%.*s\" AS x SET \"%.*s\" = (SELECT COUNT(DISTINCT "
                                "kommun) FROM \"t_%.*s\" y WHERE y.p = x.p) WHERE p IS NOT NULL",
                                NAME(d->id), NAME(v->id), NAME(d->id));
                        sql_run(w->db, text);
                }
        }
}

static void load_part(struct sql_world *w, const struct sql_part *p)
{
        const struct policy_dataset *d = p->dataset;
        char insert[STATEMENT], index[256];
        int64_t value;

        create_table(w, d, insert);
        sqlite3_stmt *s = sql_prepare(w->db, insert);
        for (uint32_t r = 0; r < p->rows; r++) {
                sqlite3_reset(s);
                sqlite3_clear_bindings(s);
                sqlite3_bind_int64(s, 1, r);
                if (p->person[r] >= 0)
                        sqlite3_bind_int64(s, 2, p->person[r]);
                for (uint32_t i = 0; i < d->variables_len; i++)
                        if (d->variables[i].source == SOURCE_MUNICIPALITY)
                                sqlite3_bind_int64(s, 3 + (int)i, p->places[r]);
                        else if (p->columns[i] != NULL && value_at(p, i, r, &value))
                                sqlite3_bind_int64(s, 3 + (int)i, value);
                if (sqlite3_step(s) != SQLITE_DONE)
                        give_up(w->db, insert);
        }
        sqlite3_finalize(s);
        snprintf(index, sizeof index, "CREATE INDEX \"i_%.*s\" ON \"t_%.*s\"(p, \"%.*s\")",
                NAME(d->id), NAME(d->id), NAME(d->variables[d->order_variable].id));
        sql_run(w->db, index);
        snprintf(insert, sizeof insert,
                "CREATE TABLE \"delivered_%.*s\"(place INTEGER PRIMARY KEY); INSERT INTO "
                "\"delivered_%.*s\" SELECT DISTINCT \"%.*s\" FROM \"t_%.*s\"",
                NAME(d->id), NAME(d->id), NAME(d->variables[d->municipality_variable].id),
                NAME(d->id));
        sql_run(w->db, insert);
        compute_columns(w, d);
}

/* The code of each level; `merged`: what has been merged into one other is that other. */
static void load_codes(struct sql_world *w, const struct code_list *list, bool merged)
{
        char text[512];

        snprintf(text, sizeof text,
                "CREATE TABLE IF NOT EXISTS \"codes_%.*s%s\"(idx INTEGER PRIMARY KEY, now "
                "INTEGER, people INTEGER, l0 TEXT, l1 TEXT, l2 TEXT)",
                NAME(list->id), merged ? "" : "_before");
        sql_run(w->db, text);
        snprintf(text, sizeof text, "INSERT OR IGNORE INTO \"codes_%.*s%s\" VALUES(?,?,?,?,?,?)",
                NAME(list->id), merged ? "" : "_before");
        sqlite3_stmt *s = sql_prepare(w->db, text);
        for (uint32_t i = 0; i < list->levels[0].len; i++) {
                const struct code *c = &list->levels[0].codes[i];
                uint32_t now = merged && c->successors_len == 1 ? c->successors[0] : i, at = now;

                assert(list->levels_len <= 3);
                sqlite3_reset(s);
                sqlite3_clear_bindings(s);
                sqlite3_bind_int64(s, 1, i);
                sqlite3_bind_int64(s, 2, now);
                sqlite3_bind_int64(s, 3, list->levels[0].codes[now].population);
                for (uint32_t l = 0; l < list->levels_len && at != CODE_NO_PARENT; l++) {
                        c = &list->levels[l].codes[at];
                        assert(c->parents_len == 0);
                        sqlite3_bind_text(s, 4 + (int)l, (const char *)c->code.data,
                                (int)c->code.len, SQLITE_TRANSIENT);
                        at = c->parent;
                }
                if (sqlite3_step(s) != SQLITE_DONE)
                        give_up(w->db, text);
        }
        sqlite3_finalize(s);
}

static void load_database(struct sql_world *w)
{
        if (sqlite3_open(":memory:", &w->db) != SQLITE_OK)
                abort();
        sql_run(w->db, "PRAGMA temp_store = MEMORY; BEGIN");
        for (uint32_t i = 0; i < w->parts_len; i++) {
                load_part(w, &w->parts[i]);
                for (uint32_t k = 0; k < w->datasets[i]->variables_len; k++)
                        if (w->datasets[i]->variables[k].type == VARIABLE_CODE)
                                load_codes(w, w->datasets[i]->variables[k].codes, true);
        }
        load_codes(w, policy_municipalities(w->policy), false);
        sql_run(w->db, "CREATE TABLE cat(d INTEGER, code TEXT, n INTEGER, PRIMARY KEY(d, code))");
        sql_kin_make(w);
        sql_run(w->db, "COMMIT; ANALYZE");
}

static void make_linked(struct sql_world *w)
{
        struct view_plain parts[SQL_PARTS_MAX];

        for (uint32_t i = 0; i < w->parts_len; i++)
                parts[i] = (struct view_plain){
                        .dataset = w->parts[i].dataset,
                        .rows = w->parts[i].rows,
                        .tokens = w->parts[i].tokens,
                        .municipalities = w->parts[i].places,
                        .columns = (const void *const *)w->parts[i].columns,
                };
        const struct linked_plain plain = {
                .parts = parts,
                .parts_len = w->parts_len,
                .family = w->family,
                .limits = w->limits,
                .edges = w->edges,
                .edges_len = w->edges_len,
        };
        enum err e = linked_from_plain(&plain, 2, &w->linked);
        assert(e == ERR_OK);
}

/* The world -------------------------------------------------------------------------------- */

static void find_datasets(struct sql_world *w, const char *linkage)
{
        struct refusal why = {0};
        enum err e = policy_load(STATGATE_ROOT "/policies/bundle", &w->policy, &why);
        uint32_t len = 0;

        if (e != ERR_OK)
                fprintf(stderr, "%s: %s\n", why.violations[0].field, why.violations[0].text);
        assert(e == ERR_OK);
        w->linkage = policy_linkage_find(w->policy, bytes_of_text(linkage));
        const struct policy_dataset *all = policy_datasets(w->policy, &len);
        assert(w->linkage != NULL);
        for (uint32_t i = 0; i < len; i++) {
                if (!policy_linkage_pairs(w->policy, w->linkage, &all[i], &all[i]))
                        continue;
                assert(w->parts_len < SQL_PARTS_MAX);
                w->spans[w->parts_len] = (struct period){SPAN_FIRST, SPAN_LAST};
                w->datasets[w->parts_len++] = &all[i];
        }
}

void sql_world_make(struct sql_world *w, const struct sql_wish *wish)
{
        *w = (struct sql_world){.random = wish->seed, .persons = wish->persons};
        find_datasets(w, wish->linkage);
        w->family = w->linkage->rules->family;
        w->limits = wish->limits != NULL ? *wish->limits : w->linkage->family;
        w->names = 3 * w->persons;
        make_tokens(w);
        choose_places(w);
        int64_t *seen = must_have(w->persons, sizeof(*seen));
        for (uint32_t i = 0; i < w->parts_len; i++)
                make_part(w, i, seen);
        free(seen);
        if (w->family)
                make_edges(w);
        make_linked(w);
        load_database(w);
}

void sql_world_free(struct sql_world *w)
{
        for (uint32_t i = 0; i < w->parts_len; i++) {
                free(w->parts[i].person);
                free(w->parts[i].tokens);
                free(w->parts[i].places);
                for (uint32_t k = 0; k < SQL_VARIABLES_MAX; k++)
                        free(w->parts[i].columns[k]);
        }
        free(w->tokens);
        free(w->edges);
        free(w->child);
        free(w->guardian);
        linked_unref(&w->linked);
        sqlite3_close(w->db);
        policy_unref(&w->policy);
}

uint32_t sql_world_part(const struct sql_world *w, struct bytes dataset)
{
        for (uint32_t i = 0; i < w->parts_len; i++)
                if (bytes_equal(w->datasets[i]->id, dataset))
                        return i;
        assert(false);
        return 0;
}

struct plan_scope sql_world_scope(const struct sql_world *w, uint32_t part)
{
        return (struct plan_scope){
                .dataset = w->datasets[part],
                .span = w->spans[part],
                .linked = w->datasets,
                .spans = w->spans,
                .linked_len = w->parts_len,
                .family = w->family,
        };
}
