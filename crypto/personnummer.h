/* SPDX-License-Identifier: Apache-2.0 */
/* personnummer.h: what a person writes as a number, and the rule it breaks.
 *
 * A refusal names a rule, never the number. Sources: Skatteverket SKV 704 and
 * SKV 707 (structure of personnummer and samordningsnummer), and folkbokföringslagen
 * (1991:481) 18 §. */
#ifndef STATGATE_CRYPTO_PERSONNUMMER_H
#define STATGATE_CRYPTO_PERSONNUMMER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/terms.h"

enum pnr_kind {
        PNR_GARBAGE = 0,
        PNR_PERSONNUMMER,
        PNR_SAMORDNING,   /* day 61–91, or an unknown date: month 00, day 60 */
        PNR_ORGANISATION, /* third digit pair 20 or more, prefix 16 */
        PNR_RESERVE,      /* regional reserve numbers: prefixes 00, 22 and up, 99 */
        PNR_INTERIM,      /* a letter where the birth number stands */
        PNR_KIND_COUNT
};

/* RULE(NAME, sentence): why a number is refused. */
#define PNR_RULES(RULE)                                                                            \
        RULE(EMPTY, "the personal number is empty")                                                \
        RULE(SHAPE, "the personal number is not written in a known form")                          \
        RULE(NO_CENTURY, "ten digits without a separator do not tell the century")                 \
        RULE(NO_AS_OF, "a ten-digit personal number needs the export's as-of date")                \
        RULE(CENTURY, "the century is not 18, 19 or 20")                                           \
        RULE(DATE, "the birth date does not exist")                                                \
        RULE(FUTURE, "the birth date is after the as-of date")                                     \
        RULE(BIRTH_NUMBER, "the birth number 000 does not exist")                                  \
        RULE(CHECK_DIGIT, "the check digit is wrong")                                              \
        RULE(IS_ORGANISATION, "this is an organisation number, not a person")                      \
        RULE(IS_RESERVE, "reserve numbers are not accepted here")                                  \
        RULE(IS_INTERIM, "interim numbers are not accepted here")                                  \
        RULE(TEST_NUMBER, "official test numbers are not accepted here")                           \
        RULE(NOT_TEST_NUMBER, "only official test numbers are accepted here")                      \
        RULE(KIND, "the kind of person id is not known")                                           \
        RULE(LOCAL_ID, "the local id is empty, too long or not plain ASCII")

enum pnr_rule {
        PNR_OK = 0,
#define PNR_RULE_ENUM(name, sentence) PNR_RULE_##name,
        PNR_RULES(PNR_RULE_ENUM)
#undef PNR_RULE_ENUM
                PNR_RULE_COUNT
};

const char *pnr_rule_name(enum pnr_rule rule); /* "CHECK_DIGIT" */
const char *pnr_rule_sentence(enum pnr_rule rule);
const char *pnr_kind_name(enum pnr_kind kind); /* "personnummer" */

enum pnr_test_numbers { PNR_TEST_ALLOWED = 0, PNR_TEST_REFUSED, PNR_TEST_REQUIRED };

/* How to read a number. Zeroed = the strictest reading without an as-of date. */
struct pnr_reading {
        bool has_as_of;
        int32_t as_of_days;   /* the export's date; needed for 10-digit forms */
        bool bare_ten_digits; /* the caller opted in to 10 digits without separator */
        bool accept_reserve;  /* as ids local to the issuing municipality */
        bool accept_interim;  /* likewise */
        enum pnr_test_numbers test_numbers;
};

enum pnr_sex { PNR_SEX_UNKNOWN = 0, PNR_SEX_WOMAN, PNR_SEX_MAN };

struct pnr {
        char digits[PERSON_ID_LEN]; /* canonical YYYYMMDDNNNC, no NUL */
        enum pnr_kind kind;
        enum person_kind person; /* NATIONAL, or LOCAL for reserve and interim */
        int birth_year;
        int birth_month; /* 0 unknown */
        int birth_day;   /* 0 unknown; 60 already taken off */
        enum pnr_sex sex;
};

/* Reads every form in use (YYYYMMDD-NNNC, YYYYMMDDNNNC, YYMMDD-NNNC, YYMMDD+NNNC),
 * with spaces around it allowed. On refusal out->kind still says what it looked
 * like and the rest of *out is zero. */
MUST_CHECK enum pnr_rule pnr_parse(
        struct bytes text, const struct pnr_reading *how, struct pnr *out);

/* The same rules for a column entry that claims to be canonical: 12 bytes and a
 * kind. This is the hot path of ingest: no allocation, some ten nanoseconds.
 * `last_birth_days` is the latest birth date believed (the as-of date). */
MUST_CHECK enum pnr_rule pnr_check(const uint8_t id[PERSON_ID_LEN], uint8_t kind,
        int32_t last_birth_days, enum pnr_test_numbers test_numbers);

/* Luhn check digit of the nine digits YYMMDDNNN, as '0'..'9'. */
char pnr_check_digit(const char nine[9]);

#endif
