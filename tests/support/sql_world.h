/* SPDX-License-Identifier: Apache-2.0 */
/* sql_world.h: synthetic records of a linkage of the national bundle, twice: as plain
 * columns in a linked view, and as tables in a database in memory, for asking both.
 *
 * Tables: "t_DATASET" (rid: the row's number; p: the person or NULL; a column per
 * variable: codes by their index, dates in days, decimals scaled), "codes_LIST" (idx, l0, l1 …:
 * the code of each level), "delivered_DATASET" (place), "family" (p, fam), "kin" (p, k, f, l: days,
 * both inside). */
#ifndef STATGATE_TESTS_SUPPORT_SQL_WORLD_H
#define STATGATE_TESTS_SUPPORT_SQL_WORLD_H

#include <sqlite3.h>

#include "gateway/linkage/view.h"
#include "gateway/query/engine.h"

enum { SQL_PARTS_MAX = 8, SQL_VARIABLES_MAX = 64, SQL_PLACES = 8 };

struct sql_part {
        const struct policy_dataset *dataset;
        uint32_t rows;
        int64_t *person; /* -1: nobody */
        uint8_t *tokens;
        uint16_t *places;
        void *columns[SQL_VARIABLES_MAX]; /* physical form; NULL: computed */
};

struct sql_world {
        struct policy *policy;
        const struct policy_linkage *linkage;
        uint64_t random;
        uint32_t persons, names; /* persons, and those who are guardians only */
        uint8_t (*tokens)[16];   /* by name, ascending */
        uint32_t places[SQL_PLACES];
        struct sql_part parts[SQL_PARTS_MAX];
        const struct policy_dataset *datasets[SQL_PARTS_MAX];
        struct period spans[SQL_PARTS_MAX];
        uint32_t parts_len;
        bool family;
        struct family_limits limits;
        struct guardian_edge *edges;
        uint32_t *child, *guardian;
        uint32_t edges_len, edges_cap;
        struct linked *linked;
        sqlite3 *db;
};

struct sql_wish {
        const char *linkage;
        uint64_t seed;
        uint32_t persons;
        const struct family_limits *limits; /* NULL: those of the linkage */
};
void sql_world_make(struct sql_world *w, const struct sql_wish *wish);
void sql_world_free(struct sql_world *w);
uint64_t sql_random(struct sql_world *w, uint64_t below);
/* What a question of data set `part` can see. */
struct plan_scope sql_world_scope(const struct sql_world *w, uint32_t part);
uint32_t sql_world_part(const struct sql_world *w, struct bytes dataset);

/* Runs statements that give nothing back; a mistake ends the program with the text. */
void sql_run(sqlite3 *db, const char *text);
sqlite3_stmt *sql_prepare(sqlite3 *db, const char *text);
/* False at the end; then the statement is gone. */
bool sql_next(sqlite3 *db, sqlite3_stmt *s);

/* sql_kin.c: tables `kin` and `family` from the edges. */
void sql_kin_make(struct sql_world *w);

#endif
