/* SPDX-License-Identifier: Apache-2.0 */
/* planned_world.h: eight towns at a real gateway, tables that are planned after somebody has asked
 * about them, and somebody who adds and subtracts what those tables tell.
 *
 * Each town has told of sixty children, thirty of either sex, each with a guardian of her own and
 * in no other town; all of them before spring, but for one in some towns, in October. So what is
 * asked until September leaves one child out of sixty. */
#ifndef STATGATE_TESTS_FLOW_PLANNED_WORLD_H
#define STATGATE_TESTS_FLOW_PLANNED_WORLD_H

#include "tests/support/gateway_ask.h"

enum {
        TOWNS = 8,
        PARTS = 2, /* of a town: women and men */
        CHILDREN = 60,
        OCTOBER_DAY = 285,
        THRESHOLD = 5, /* a difference of fewer tells of somebody */
        PART_OF_WORLD = TOWNS * PARTS
};
#define ANMALAN "policy/datasets/anmalan.yaml"

extern struct world world;
extern const municipality_t town_numbers[TOWNS];
extern const char *const town_codes[TOWNS];

/* Tables as lines of `lattice: tables:`. */
#define IN_THE_COUNTRY "    - [kon]\n"
#define BY_TOWN        IN_THE_COUNTRY "    - [kommun, kon]\n"
#define BY_COUNTY_TOO  BY_TOWN "    - [\"kommun:lan\", kon]\n"

/* A world in which these are planned; what else the test wants edited comes before world_open. */
void world_planned(const char *tables);
void world_open(void);
/* A new policy plans these instead. */
void plan(const char *tables);
void restart(void);

/* The children of a town; `october`: the first of them was told of in October. */
uint32_t town_rows(struct report *rows, uint32_t town, bool october);
/* All towns tell; bit t of `october` as above. Published. */
void towns_tell(uint32_t october);

/* The only number of an answer outside the plan; HIDDEN when it is withheld. */
enum { HIDDEN = -1 };
int64_t asked(const char *yaml);
#define ASK(where)      "dataset: anmalan\nfilters: [" where "]\n"
#define UNTIL_SEPTEMBER "\"datum in 2025-01..2025-09\""

/* Parts of towns, as a sum: 1 where a part is in it. */
struct sum {
        uint8_t of[PART_OF_WORLD];
};
struct sum sum_of_town(uint32_t town);
struct sum sum_of_part(uint32_t town, uint32_t part); /* 0: women */
struct sum sum_and(struct sum a, struct sum b);
struct sum sum_but(struct sum a, struct sum b); /* a without b */
struct sum sum_of_all(void);

/* What planned tables have told, as equations between parts of towns; all zero at first. */
struct told {
        uint64_t row[PART_OF_WORLD][PART_OF_WORLD + 1];
        uint32_t pivot[PART_OF_WORLD], len;
};
/* One more that somebody knows. */
void told_add(struct told *t, struct sum s, int64_t number);
/* Asks for the planned tables of this vintage (0: the latest) by town and sex, by either and by
 * neither, in words with and without a year, and adds whatever they tell. */
void listen(struct told *t, const char *measure, unsigned vintage);
void listen_to_the_country(struct told *t, const char *measure); /* by sex, and by nothing */
/* The counties that are planned, too. */
void listen_to_counties(struct told *t);
/* Whether the sum follows from what was told, and then what it is. */
bool told_sum(const struct told *t, struct sum s, int64_t *out);
/* Of how many towns it is told how many children they have, and one for each. */
uint32_t towns_told(const struct told *t);
void assert_told(const struct told *t, uint32_t town, int64_t number);
/* All but those that keep one from being computed, and few are enough for that. */
enum { MOST = TOWNS - 3 };
void assert_most_are_told(const struct told *t);
/* Fails where the sum follows, and differs from an earlier answer by somebody. */
void assert_tells_of_nobody(const struct told *t, struct sum s, int64_t answer);

#endif
