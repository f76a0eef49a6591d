/* SPDX-License-Identifier: Apache-2.0 */
/* question.h: one walk over a question and everything the policy says about it, for
 * whoever decides (decide.c) and whoever tells why (explain.c). Not for others.
 *
 * Both take the same walk, so they cannot tell different stories. It finds every fault,
 * except where the next one would tell a schema to somebody who may not ask it. */
#ifndef STATGATE_POLICIES_QUESTION_H
#define STATGATE_POLICIES_QUESTION_H

#include "policies/load.h"
#include "policies/suggest.h"

/* RULE(NAME, code, sentence of a refusal, what explain says behind the part it is about,
 * in Swedish and English). %s in the latter two is a level or a name of the bundle. */
#define QUESTION_RULES(RULE)                                                                       \
        RULE(DATASET_UNKNOWN, UNKNOWN_NAME, "the policy has no such data set",                     \
                "regelverket har ingen sådan datamängd", "the bundle has no such data set")        \
        RULE(ROLE, NOT_ALLOWED, "the role of the certificate may not ask this data set",           \
                "får inte frågas av rollen", "may not be asked by the role")                       \
        RULE(PRINCIPAL, NOT_ALLOWED, "no principal of the policy fits the certificate",            \
                "certifikatet passar ingen av dem som släpps in",                                  \
                "the certificate fits none of those who are let in")                               \
        RULE(PRINCIPAL_DATASET, NOT_ALLOWED,                                                       \
                "the policy does not let this certificate ask this data set",                      \
                "får inte frågas med detta certifikat", "may not be asked with this certificate")  \
        RULE(PRINCIPAL_PURPOSE, NOT_ALLOWED,                                                       \
                "the policy does not let this certificate ask for this purpose",                   \
                "certifikatet får inte fråga för ändamålet",                                       \
                "the certificate may not ask for the purpose")                                     \
        RULE(PURPOSE, NOT_ALLOWED, "this data set may not be asked for this purpose",              \
                "får inte frågas för ändamålet", "may not be asked for the purpose")               \
        RULE(LINKAGE_UNKNOWN, UNKNOWN_NAME, "the policy has no such linkage",                      \
                "regelverket har ingen sådan länkning", "the bundle has no such linkage")          \
        RULE(LINKAGE_OWN, LINKAGE_REFUSED,                                                         \
                "the linkage of this data set does not cover this purpose today",                  \
                "datamängdens länkning omfattar inte ändamålet i dag",                             \
                "the linkage of the data set does not cover the purpose today")                    \
        RULE(LINKAGE_TODAY, LINKAGE_REFUSED, "the linkage does not cover this purpose today",      \
                "länkningen omfattar inte ändamålet i dag",                                        \
                "the linkage does not cover the purpose today")                                    \
        RULE(LINKAGE_DATASET, LINKAGE_REFUSED, "the linkage does not hold this data set",          \
                "länkningen omfattar inte datamängden", "the linkage does not hold the data set")  \
        RULE(LINKAGE_PAIR, LINKAGE_REFUSED,                                                        \
                "the linkage does not let this data set be looked at from the one asked about",    \
                "länkningen låter den inte ses från datamängden som frågas",                       \
                "the linkage does not let it be looked at from the data set asked about")          \
        RULE(LINKAGE_NONE, LINKAGE_REFUSED,                                                        \
                "no linkage of the policy joins these data sets for this purpose today",           \
                "ingen länkning i regelverket förenar datamängderna för ändamålet i dag",          \
                "no linkage of the bundle joins the data sets for the purpose today")              \
        RULE(LINKAGE_NEEDLESS, INVALID, "delivery status is not linked",                           \
                "leveransstatus länkas inte", "delivery status is not linked")                     \
        RULE(FAMILY, LINKAGE_REFUSED,                                                              \
                "the linkage does not follow guardians, so it has no families",                    \
                "länkningen följer inte vårdnadshavare, så familjer finns inte",                   \
                "the linkage does not follow guardians, so there are no families")                 \
        RULE(NO_PERSON, INVALID, "records of this data set have no person",                        \
                "poster i datamängden har ingen person", "records of the data set have no person") \
        RULE(NO_DERIVED, INVALID, "delivery status has no derived variables",                      \
                "leveransstatus har inga härledda variabler",                                      \
                "delivery status has no derived variables")                                        \
        RULE(DERIVED_DELIVERIES, INVALID, "delivery status holds no events of persons",            \
                "leveransstatus har inga händelser för personer",                                  \
                "delivery status holds no events of persons")                                      \
        RULE(VARIABLE_UNKNOWN, UNKNOWN_NAME, "the data set has no such variable",                  \
                "datamängden har ingen sådan variabel", "the data set has no such variable")       \
        RULE(NAME_TAKEN, INVALID, "the data set has a variable of this name",                      \
                "datamängden har redan en variabel med namnet",                                    \
                "the data set already has a variable of the name")                                 \
        RULE(NOT_A_DATE, INVALID, "is not a date, nor an earlier derived one",                     \
                "är inte ett datum, eller ett tidigare härlett",                                   \
                "is not a date, nor an earlier derived one")                                       \
        RULE(DATE_CLOSED, NOT_ALLOWED, "the policy does not let questions use this date",          \
                "får inte användas i frågor", "may not be used in questions")                      \
        RULE(NO_ORDER, INVALID, "the data set has no date that orders its records: name one",      \
                "datamängden har inget datum som ordnar posterna",                                 \
                "the data set has no date that orders its records")                                \
        RULE(EDGES, NOT_ALLOWED,                                                                   \
                "must begin and end with whole periods of the finest level of the date",           \
                "måste börja och sluta med hela perioder på nivån %s",                             \
                "must begin and end with whole periods of the level %s")                           \
        RULE(NO_PERIOD, INVALID, "the question has no period", "frågan har ingen period",          \
                "the question has no period")                                                      \
        RULE(NO_MUNICIPALITY, INVALID, "records of the data set have no municipality",             \
                "poster i datamängden har ingen kommun",                                           \
                "records of the data set have no municipality")                                    \
        RULE(NO_AGE, INVALID, "the data set has no age", "datamängden har ingen ålder",            \
                "the data set has no age")                                                         \
        RULE(NO_DIVISION, INVALID, "the data set has no codes in a hierarchy",                     \
                "datamängden har inga koder i en hierarki",                                        \
                "the data set has no codes in a hierarchy")                                        \
        RULE(NO_FILTER, NOT_ALLOWED, "the policy does not let this variable be a filter",          \
                "får inte avgränsa", "may not be a condition")                                     \
        RULE(NO_DIMENSION, NOT_ALLOWED, "the policy does not let this variable be a dimension",    \
                "får inte dela in", "may not be a breakdown")                                      \
        RULE(LEVEL_UNKNOWN, UNKNOWN_NAME, "the variable has no such level",                        \
                "har ingen sådan nivå", "has no such level")                                       \
        RULE(LEVEL_FINER, NOT_ALLOWED,                                                             \
                "the policy lets this variable be asked at coarser levels only",                   \
                "tillåts inte så fint, utan per %s", "is not allowed that finely, but by %s")      \
        RULE(NO_BANDS, INVALID, "the derived variable has no bands", "har inga klasser (bands)",   \
                "has no bands")                                                                    \
        RULE(TOO_MANY_DIMENSIONS, NOT_ALLOWED, "the data set allows fewer dimensions",             \
                "datamängden tillåter inte så många indelningar",                                  \
                "the data set does not allow that many breakdowns")                                \
        RULE(NO_SUM, NOT_ALLOWED, "the policy does not let this variable be summed",               \
                "får inte summeras", "may not be summed")                                          \
        RULE(NO_QUANTILE, NOT_ALLOWED,                                                             \
                "medians and quartiles are of numbers with declared bands only",                   \
                "har inga klasser som medianer och kvartiler kan tas ur",                          \
                "has no bands that medians and quartiles could be taken from")                     \
        RULE(BANDS_UNKNOWN, UNKNOWN_NAME, "the variable has no such bands",                        \
                "har inga sådana klasser", "has no such bands")                                    \
        RULE(NO_EPISODES, INVALID, "records of this data set do not last, so they have no days",   \
                "poster i datamängden varar inte, så de har inga dagar",                           \
                "records of the data set do not last, so they have no days")                       \
        RULE(NO_POPULATION, INVALID, "the policy knows no inhabitants for this data set's places", \
                "regelverket har inga invånartal för datamängdens kommuner",                       \
                "the bundle has no inhabitants for the places of the data set")                    \
        RULE(RATE_DIMENSION, INVALID,                                                              \
                "inhabitants are known by municipality only, so a rate has no other dimension",    \
                "invånare är bara kända per kommun, så en kvot per invånare delas inte in så",     \
                "inhabitants are known by municipality only, so a rate cannot be broken down so")  \
        RULE(DELIVERIES_MEASURE, INVALID,                                                          \
                "delivery status is counted in records, shares, ratios, sums and means only",      \
                "leveransstatus räknas i poster, andelar, kvoter, summor och medelvärden",         \
                "delivery status is counted in records, shares, ratios, sums and means")

enum question_rule {
        QUESTION_HOLDS = 0,
#define QUESTION_RULE_ENUM(name, code, sentence, sv, en) QUESTION_##name,
        QUESTION_RULES(QUESTION_RULE_ENUM)
#undef QUESTION_RULE_ENUM
                QUESTION_RULE_COUNT
};

/* Which part of the question a fault is about. */
enum question_part {
        PART_WHOLE = 0, /* a field of the question itself */
        PART_DERIVED,
        PART_FILTER,
        PART_DIMENSION,
        PART_MEASURE
};

struct finding {
        enum question_rule rule;
        enum question_part part;
        uint32_t index;                       /* of the part */
        const char *list;                     /* "filters" or "base" within the part; NULL */
        uint32_t item;                        /* within the list */
        const char *field;                    /* "level"; "" for the part itself */
        const struct variable *variable;      /* whose rule it is; NULL: none is known */
        const struct policy_dataset *dataset; /* likewise */
        struct rule_place at;
        char near[SUGGEST_MAX]; /* "; did you mean …?" or "" */
};

/* A derived variable, looked up: what may be done with it follows from these. */
struct derived_seen {
        enum derived_kind kind;
        const struct policy_dataset *dataset; /* NULL: none, or unknown */
        const struct variable *date;          /* of FIRST and LAST; NULL where unknown */
        bool has_bands;
};

struct question {
        const struct policy *policy;
        const struct principal *who;
        const struct query *query;
        int64_t now_ms;
        bool dry; /* of the bundle itself: no certificate is looked at */
        void (*tell)(struct question *q, const struct finding *f);
        void *ctx;

        /* Filled on the way. */
        const struct policy_principal *principal;
        const struct policy_dataset *base;
        const struct policy_linkage *linkage;
        struct derived_seen derived[DERIVED_MAX];
        enum err rc; /* of the first fault */

        /* Where the walk is. */
        enum question_part part;
        uint32_t index, item;
        const char *list;
};

/* Walks; `q->rc` at the end. The query has passed query_check. */
enum err question_walk(struct question *q);

/* strictest.c: what every answer to the walked question is held to: of two rules the one that
 * tells less. */
struct disclosure_rules question_disclosure(const struct question *q);
struct disclosure_rules question_strictest(struct disclosure_rules a, struct disclosure_rules b);
/* Where a rule of the whole is said: by the first data set of the question that says it so. */
struct rule_place question_disclosure_at(
        const struct question *q, const struct disclosure_rules *rules, enum disclosure_key key);
/* Whether both say the same under a key. */
bool disclosure_same(const struct disclosure_rules *a, const struct disclosure_rules *b,
        enum disclosure_key key);

/* "derived[0].filters[1].level" */
void finding_path(const struct finding *f, char out[VIOLATION_FIELD_MAX]);
const char *question_rule_name(enum question_rule rule); /* "LINKAGE_TODAY" */
enum err question_rule_code(enum question_rule rule);
const char *question_rule_sentence(enum question_rule rule);
/* For explain; `sv` says which language. */
const char *question_rule_words(enum question_rule rule, bool sv);

/* question_parts.c: the parts, for question_walk. */
void question_fault(struct question *q, enum question_rule rule, const char *field,
        struct rule_place at, const struct variable *v);
void question_unknown(struct question *q, const struct policy_dataset *d, struct bytes id,
        const char *field, enum question_rule rule);
void question_derived(struct question *q);
void question_filters(struct question *q, const struct policy_dataset *d,
        const struct filter *filters, uint32_t len, bool derived_too);
void question_dimensions(struct question *q);
void question_measures(struct question *q);
/* Whether both ends of a range of days are edges of the finest level of `date`. */
void question_edges(struct question *q, const struct variable *date, int32_t first, int32_t last,
        const char *field);
bool question_wants_family(const struct query *q);

#endif
