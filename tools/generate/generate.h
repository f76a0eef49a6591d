/* SPDX-License-Identifier: Apache-2.0 */
/* generate.h: synthetic deliveries: people who do not exist, in numbers that do.
 *
 * Everything follows from the seed by integer arithmetic, so the same wish gives the
 * same bytes on every machine. National counts are those published for 2021–2022
 * (see facts.h) and shrink with the size of the population. */
#ifndef STATGATE_TOOLS_GENERATE_GENERATE_H
#define STATGATE_TOOLS_GENERATE_GENERATE_H

#include "base/bytes.h"
#include "base/terms.h"

/* Up to this population every number is from Skatteverket's series of test numbers
 * for people born from 1987 on (birth numbers 238 and 239: one woman and one man a
 * day), and samordningsnummer of the same series for older people. Beyond it there are too few, and
 * ordinary birth numbers are used. */
enum {
        GENERATE_TEST_NUMBERS_MAX = 250000,
        GENERATE_TEST_BORN_FROM = 1987,
        GENERATE_PERSONS_MAX = 200000000,
        GENERATE_PERSONS_MIN = 1000
};

/* The first two are what most things are tried out with; the others take more time. */
#define GENERATE_DATASET_LIST(DATASET)                                                             \
        DATASET(PLACERING, "placering")                                                            \
        DATASET(ANMALAN, "anmalan")                                                                \
        DATASET(UTREDNING, "utredning")                                                            \
        DATASET(INSATS, "insats")                                                                  \
        DATASET(UPPFOLJNING, "uppfoljning")                                                        \
        DATASET(AVVIKELSE, "avvikelse")                                                            \
        DATASET(KVALITETSREGISTER, "kvalitetsregister")                                            \
        DATASET(ENKAT, "enkat")                                                                    \
        DATASET(EKONOMISKT_BISTAND, "ekonomiskt_bistand")                                          \
        DATASET(LSS, "lss")                                                                        \
        DATASET(ALDREOMSORG, "aldreomsorg")                                                        \
        DATASET(VALD, "vald")                                                                      \
        DATASET(MISSBRUK, "missbruk")
enum generate_dataset {
#define GENERATE_ENUM(NAME, name) GENERATE_##NAME,
        GENERATE_DATASET_LIST(GENERATE_ENUM)
#undef GENERATE_ENUM
                GENERATE_DATASETS,
        GENERATE_FIRST = 2
};
const char *generate_dataset_name(enum generate_dataset d); /* "placering" */

struct generate_municipality {
        municipality_t code;
        uint32_t county;
        uint32_t population;
        struct bytes name;
};

struct generate_wish {
        uint64_t persons; /* in the country */
        uint64_t seed;
        int year;
        uint32_t errors_per_million; /* rows with a fault */
        bool local_style;            /* encodings and writing differ between municipalities */
        bool every;                  /* all data sets, not the first two only */
        const struct generate_municipality *municipalities; /* all of the country */
        uint32_t municipalities_len;
};

/* What is true of the whole country, whatever the errors; for checking answers. */
struct generate_facts {
        uint64_t reported_children, reports, reported_in_several; /* municipalities */
        uint64_t placed, placements, placed_again;                /* records after an ending */
        uint64_t placed_family_care, placed_hvb, placed_stodboende, placed_sis; /* persons */
        uint64_t faulty_rows; /* of what was written so far */
        /* Where wish.every: */
        uint64_t investigations, investigations_by_report, open_care_november; /* persons */
        uint64_t assisted_households, assisted_adults, assisted_children, assisted_10_months;
        uint64_t assistance_kronor, assisted_movers; /* households paid by two municipalities */
        uint64_t lss_persons, lss_women, lss_supports;
        uint64_t elder_persons, elder_women, elder_december, elder_alarms, elder_residential;
        uint64_t incidents, incidents_to_ivo;
        uint64_t group_housing_answers, group_housing_safe, answers, answers_without_person;
};

struct world;
/* ERR_INVALID for a size or year out of range, or a country without people. */
MUST_CHECK enum err world_new(const struct generate_wish *wish, struct world **out);
void world_free(struct world **w);
const struct generate_facts *world_facts(const struct world *w);

/* One municipality's file of the year, appended to `out`; *rows without the header.
 * ERR_INVALID for a data set that the wish left out. */
MUST_CHECK enum err world_write(struct world *w, enum generate_dataset d, uint32_t municipality,
        struct buf *out, uint64_t *rows);
/* The same for some months only, 1..12, both inside. The first two data sets are
 * delivered by the year: ERR_INVALID for anything else. */
MUST_CHECK enum err world_write_months(struct world *w, enum generate_dataset d,
        uint32_t municipality, unsigned first_month, unsigned last_month, struct buf *out,
        uint64_t *rows);

#endif
