/* SPDX-License-Identifier: Apache-2.0 */
/* linked_world.h: a few data sets about the same persons, and who names whom as a
 * guardian, for holding linked views against something slow and obvious. The schema is
 * made here: nothing hangs on a bundle. */
#ifndef STATGATE_TESTS_SUPPORT_LINKED_WORLD_H
#define STATGATE_TESTS_SUPPORT_LINKED_WORLD_H

#include "gateway/linkage/view.h"

enum { WORLD_PARTS = 3, WORLD_PLACES = 8 };

/* Variables of every data set, by index; the last has no municipality and no order. */
enum {
        WORLD_PLACE = 0, /* u16, of the delivery */
        WORLD_DATE,      /* i32, the order */
        WORLD_NUMBER,    /* i32: the number of the plain row */
        WORLD_AMOUNT,    /* i64 */
        WORLD_FLAG,      /* u8 */
        WORLD_FORM,      /* u16 */
        WORLD_SEEN_IN,   /* u8, computed: in how many municipalities */
        WORLD_VARIABLES
};

struct linked_schema {
        struct code places[WORLD_PLACES];
        uint32_t by_code[WORLD_PLACES];
        struct code_level level;
        struct code_list list;
        struct variable variables[WORLD_PARTS][WORLD_VARIABLES];
        struct policy_dataset datasets[WORLD_PARTS]; /* anmalan, placering, enkat */
};
void linked_schema_make(struct linked_schema *s);

struct linked_part {
        uint32_t rows;
        uint32_t *person; /* by row; `names_len` = nobody */
        uint8_t *tokens;
        uint16_t *places;
        uint64_t *keys; /* linked_world_key of the person, 0 of nobody */
        bool keyless;   /* leaves them out; set it before a view is made */
        void *columns[WORLD_VARIABLES];
};

struct linked_world {
        uint64_t random;
        struct linked_schema schema;
        uint32_t persons;   /* who may have rows: the first of `names` */
        uint32_t names_len; /* and those who are guardians only */
        uint8_t (*names)[16];
        struct linked_part parts[WORLD_PARTS];
        struct guardian_edge *edges;
        uint32_t *child, *guardian; /* of every edge, as indices of `names` */
        uint32_t edges_len;
        struct family_limits limits;
};

struct linked_wish {
        uint64_t seed;
        uint32_t persons, rows; /* of each data set, about */
        uint32_t edges, guardians;
        bool crowded; /* tokens that agree in their first eight bytes */
        struct family_limits limits;
};
void linked_world_make(struct linked_world *w, const struct linked_wish *wish);
void linked_world_free(struct linked_world *w);
uint64_t linked_random(struct linked_world *w, uint64_t below);
/* The record key of one of `names`. */
uint64_t linked_world_key(uint32_t name);
/* Names one more edge; the child must have a row. */
void linked_world_edge(struct linked_world *w, uint32_t child, uint32_t guardian, int32_t day);
bool linked_world_has_rows(const struct linked_world *w, uint32_t person);
/* The first person with rows, from `from` on; names_len: none. */
uint32_t linked_world_next(const struct linked_world *w, uint32_t from);

enum err linked_world_try(
        struct linked_world *w, bool family, unsigned threads, struct linked **out);
struct linked *linked_world_view(struct linked_world *w, bool family, unsigned threads);

#endif
