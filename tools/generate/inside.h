/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: what the generator's files share. */
#ifndef STATGATE_TOOLS_GENERATE_INSIDE_H
#define STATGATE_TOOLS_GENERATE_INSIDE_H

#include "tools/generate/generate.h"

/* draw.c: chance. splitmix64 (Steele, Lea, Flood 2014): one word of state, the same
 * everywhere, and good enough for people who do not exist. */
struct draw {
        uint64_t state;
};
/* A stream of its own for every (seed, purpose, number). */
struct draw draw_of(uint64_t seed, uint64_t purpose, uint64_t number);
uint64_t draw_next(struct draw *d);
uint32_t draw_below(struct draw *d, uint32_t n); /* 0..n-1; n > 0 */
bool draw_permille(struct draw *d, uint32_t permille);
int32_t day_between(struct draw *d, int32_t first, int32_t last); /* both inside */
/* Around the middle of a range, both inside. */
uint32_t draw_middle(struct draw *d, uint32_t low, uint32_t high);
/* An index by weight; the weights' sum must not be 0. */
uint32_t draw_weighted(struct draw *d, const uint32_t *weights, uint32_t len);
/* Parts of `total` in proportion to the weights; they add up to it. */
void share_out(uint64_t total, const uint64_t *weights, uint32_t len, uint64_t *out);

/* Room for one more item of a growing list; false when memory is short. */
bool list_grow(void **items, uint32_t *cap, uint32_t len, size_t size);

enum { AGES = 21 };
enum age_group { AGES_REPORTED = 0, AGES_ALL, AGES_TEEN, AGES_OLD, AGE_GROUPS };
enum form { FORM_NONE = 0, FORM_FAMILY_CARE, FORM_HVB, FORM_STODBOENDE, FORM_SIS };

enum { PARENTS_MAX = 2, NO_ONE = UINT32_MAX };

/* A national number, or a local id of one municipality. */
struct person {
        int32_t born; /* days */
        uint16_t birth_number;
        bool man, samordning, local;
        municipality_t local_in; /* local: the municipality, and its number there */
        uint32_t local_number;
};

struct child {
        struct person person;
        uint32_t home;     /* index of municipality at the start of the year */
        uint32_t moved_to; /* NO_ONE: stayed */
        int32_t moved_on;
        uint32_t parents[PARENTS_MAX]; /* indices of adults, or NO_ONE */
        uint32_t older_sibling;        /* index of a child, or NO_ONE */
        bool unaccompanied, placed;
};

struct report {
        uint32_t child, municipality;
        int32_t date;
        uint8_t notifier, reason, protection, decision;
        int32_t decided; /* INT32_MIN: not yet */
        bool known_before;
};

struct placement {
        uint32_t child, municipality;
        int32_t start, end; /* end INT32_MIN: goes on */
        uint8_t form, ground, regi, provider, ending;
        uint32_t cost_ore; /* a day */
};

/* numbers.c: birth numbers, each given once. */
struct numbers;
MUST_CHECK enum err numbers_new(
        bool test_series, int first_year, int last_year, struct numbers **out);
void numbers_free(struct numbers **n);
/* A person born on `born` or the nearest day that has numbers left;
 * ERR_LIMIT when the years are full. */
MUST_CHECK enum err numbers_take(struct numbers *n, int32_t born, bool man, struct person *out);
/* YYYYMMDDNNNC, no NUL; or a local id padded with NUL. */
void person_write(const struct person *p, char out[PERSON_ID_LEN]);

/* Records of the data sets beside the first two have one shape; what their values
 * mean stands in sheets.c. */
enum { VALUES_MAX = 12, EMPTY = INT32_MIN, ADULT = 1 << 30 };
struct record {
        uint32_t municipality;
        uint32_t person; /* a child, ADULT + an adult, or NO_ONE */
        int32_t date;    /* in whose month it is delivered */
        int32_t values[VALUES_MAX];
};
struct sheet {
        struct record *records; /* by municipality, then date */
        uint32_t len, cap;
};

struct world {
        struct generate_wish wish;
        struct generate_facts facts;
        int32_t first, last; /* days of the year */
        uint64_t *populations;
        struct numbers *numbers;
        struct child *children;
        uint32_t children_len, children_cap, reported_len; /* reported ones come first */
        struct person *adults;
        uint32_t adults_len, adults_cap;
        struct report *reports; /* by municipality, then date */
        uint32_t reports_len, reports_cap;
        struct placement *placements;
        uint32_t placements_len, placements_cap;
        uint32_t *local_numbers; /* last one given, per municipality */
        struct numbers *older;   /* small countries: people born before the test series */
        struct sheet sheets[GENERATE_DATASETS];
};

/* Of the country's figure, this world's share. */
uint64_t world_scaled(const struct world *w, uint64_t national);
/* The first reported child of each municipality, and one past the last: the
 * caller's to free; NULL without memory. */
uint32_t *world_reported_starts(const struct world *w);

/* people.c */
MUST_CHECK enum err people_make_reported(struct world *w);
/* A child of an age and sex in a municipality, outside any reported family. */
MUST_CHECK enum err people_make_child(
        struct world *w, struct draw *d, uint32_t home, uint32_t age, bool man, uint32_t *out);
uint32_t people_age(const struct world *w, const struct child *c); /* reached in the year */
/* Where the child lives on a day. */
uint32_t people_home(const struct child *c, int32_t day);
/* Mostly within the county; NO_ONE when there is nowhere else. */
uint32_t people_where_to(const struct world *w, struct draw *d, uint32_t from);
/* A grown-up (or not) who reaches an age in the year; *out is ADULT + index. */
MUST_CHECK enum err people_make_anybody(
        struct world *w, struct draw *d, uint32_t age, bool man, uint32_t *out);
const struct person *person_of(const struct world *w, uint32_t ref);
uint32_t person_age(const struct world *w, uint32_t ref); /* reached in the year */

/* records.c */
MUST_CHECK enum err records_make_reports(struct world *w);
MUST_CHECK enum err records_make_placements(struct world *w);

/* sheets.c */
MUST_CHECK enum err sheet_add(struct world *w, enum generate_dataset d, const struct record *r);
/* All values empty. */
struct record record_of(uint32_t municipality, uint32_t person, int32_t date);
void sheet_sort(struct sheet *s);

/* One per topic; in this order, because later ones meet the people of earlier ones. */
MUST_CHECK enum err journey_make(struct world *w);    /* utredning, insats, uppfoljning */
MUST_CHECK enum err assistance_make(struct world *w); /* ekonomiskt_bistand, missbruk */
MUST_CHECK enum err violence_make(struct world *w);   /* vald */
MUST_CHECK enum err care_make(struct world *w);       /* aldreomsorg, lss */
MUST_CHECK enum err quality_make(struct world *w);    /* kvalitetsregister, enkat, avvikelse */

/* Codes and labels of coded variables, with weights; write.c. */
struct choice {
        const char *code, *label;
        uint32_t weight;
};
extern const struct choice notifiers[], reasons[], protections[], decisions[], grounds[], regis[],
        providers[], endings[], forms[];
enum {
        NOTIFIERS = 10,
        REASONS = 12,
        PROTECTIONS = 3,
        DECISIONS = 3,
        GROUNDS = 5,
        REGIS = 4,
        PROVIDERS = 5,
        ENDINGS = 7,
        FORMS = 6
};
uint32_t choose(struct draw *d, const struct choice *choices, uint32_t len);

#endif
