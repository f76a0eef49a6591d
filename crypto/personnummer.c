/* SPDX-License-Identifier: Apache-2.0 */
/* personnummer.c: reads a personal number, and says which rule it breaks.
 *
 * Two ways in, one set of rules. pnr_parse takes what people and case systems
 * write, settles the century and hands twelve characters on; pnr_check takes
 * twelve characters from a column and is the hot path of ingest: digits, Luhn and
 * date are looked at eight bytes at a time and without a division.
 *
 * What surprised us. Month 00 and day 60 are valid in a samordningsnummer: the
 * birth date is unknown, and the published test numbers have such persons. The
 * plus sign changes with the calendar year, not on the birthday, so "-" and an
 * as-of year name exactly one birth year. Sliding back a century because a date
 * lies ahead, as many libraries do, turns a typing error into a person born a
 * hundred years ago; here it is refused. */
#include "crypto/personnummer.h"

#include <endian.h>
#include <string.h>

#include "base/clock.h"

enum {
        DAY_OFFSET = 60,        /* samordningsnummer: added to the day */
        ORGANISATION_MONTH = 20 /* from here on the "month" is an organisation's */
};

static const char *const rule_names[PNR_RULE_COUNT] = {"OK",
#define RULE_NAME(name, sentence) #name,
        PNR_RULES(RULE_NAME)
#undef RULE_NAME
};

static const char *const rule_sentences[PNR_RULE_COUNT] = {"the personal number is accepted",
#define RULE_SENTENCE(name, sentence) sentence,
        PNR_RULES(RULE_SENTENCE)
#undef RULE_SENTENCE
};

const char *pnr_rule_name(enum pnr_rule rule)
{
        return (unsigned)rule < PNR_RULE_COUNT ? rule_names[rule] : "UNKNOWN";
}

const char *pnr_rule_sentence(enum pnr_rule rule)
{
        return (unsigned)rule < PNR_RULE_COUNT ? rule_sentences[rule] : "the rule is not known";
}

const char *pnr_kind_name(enum pnr_kind kind)
{
        switch (kind) {
        case PNR_PERSONNUMMER:
                return "personnummer";
        case PNR_SAMORDNING:
                return "samordningsnummer";
        case PNR_ORGANISATION:
                return "organisation number";
        case PNR_RESERVE:
                return "reserve number";
        case PNR_INTERIM:
                return "interim number";
        case PNR_GARBAGE:
        case PNR_KIND_COUNT:
                break;
        }
        return "not a personal number";
}

/* Eight or four ASCII digits at once; bytes in memory order, first lowest. */
static uint64_t load8(const uint8_t *at)
{
        uint64_t v;

        memcpy(&v, at, sizeof v);
        return le64toh(v);
}

static uint32_t load4(const uint8_t *at)
{
        uint32_t v;

        memcpy(&v, at, sizeof v);
        return le32toh(v);
}

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* A byte is a digit when its high half is 3, before and after adding 6. */
static bool all_digits12(const uint8_t id[PERSON_ID_LEN])
{
        const uint64_t high = 0xF0F0F0F0F0F0F0F0u, three = 0x3030303030303030u;
        uint64_t a = load8(id), b = load8(id + 4);

        /* 0xFA and up would carry into the neighbour, but fails the first look. */
        return (a & high) == three && (b & high) == three &&
               ((a + 0x0606060606060606u) & high) == three &&
               ((b + 0x0606060606060606u) & high) == three;
}

/* Luhn over YYMMDDNNNC, weights 2 1 2 1 …: true when the sum ends in 0. */
static bool luhn_holds(const uint8_t id[PERSON_ID_LEN])
{
        /* Bytes 4..11, four of each weight; 2 and 3 are added by hand. */
        uint64_t d = load8(id + 4) & 0x0F0F0F0F0F0F0F0Fu;
        uint64_t twice = (d & 0x00FF00FF00FF00FFu) * 2;
        uint64_t carry = ((twice + 0x0076007600760076u) >> 7) & 0x0001000100010001u;
        uint64_t sums = twice - carry * 9 + ((d >> 8) & 0x00FF00FF00FF00FFu);
        unsigned sum = (unsigned)((sums * 0x0001000100010001u) >> 48);
        unsigned first = (unsigned)(id[2] & 0x0F) * 2;

        sum += (first > 9 ? first - 9 : first) + (id[3] & 0x0F);
        return sum % 10 == 0;
}

char pnr_check_digit(const char nine[9])
{
        unsigned sum = 0;

        for (unsigned i = 0; i < 9; i++) {
                unsigned v = (unsigned)(nine[i] - '0') * (i % 2 == 0 ? 2 : 1);

                sum += v > 9 ? v - 9 : v;
        }
        return (char)('0' + (10 - sum % 10) % 10);
}

static int two(const uint8_t *at)
{
        return (at[0] & 0x0F) * 10 + (at[1] & 0x0F);
}

static bool leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Whether Skatteverket has published the number for testing, as far as a rule can
 * tell. Derived from its open lists of test numbers (skatteverket.entryscape.net,
 * catalog 9) as the library ActiveLogin.Identity mirrors them, commit 1d7b915,
 * 21,728 personnummer and 2,240 samordningsnummer, read from that copy:
 *
 *   samordningsnummer            238, 239               all 2,240
 *   born until 1912              980 to 999             7,675 numbers
 *   born 1985 and 1986           988, 989, 999          48 numbers
 *   born 1987 and later          238, 239               12,262 numbers
 *
 * The other 1,743 listed numbers, nearly all of persons born 1920 to 1984, are
 * scattered over the ordinary series and are not recognised: no rule tells them from real ones. For
 * the same reason 980–999 is not taken as a mark of its own: before 1990 that
 * series went to people who had moved to Sweden, who are real. */
static bool is_test_number(int year, bool samordning, unsigned birth_number)
{
        if (samordning || year >= 1987)
                return birth_number == 238 || birth_number == 239;
        if (year >= 1985)
                return birth_number == 988 || birth_number == 989 || birth_number == 999;
        return year <= 1912 && birth_number >= 980;
}

/* What twelve characters look like, by prefix and shape, before their date. */
struct look {
        enum pnr_kind kind;
        enum pnr_rule rule; /* why they go no further, or PNR_OK */
};

static struct look look_at_prefix(const uint8_t id[PERSON_ID_LEN])
{
        int prefix = two(id);

        if (prefix == 16)
                return (struct look){PNR_ORGANISATION, PNR_RULE_IS_ORGANISATION};
        if (prefix == 0 || prefix >= 22)
                return (struct look){PNR_RESERVE, PNR_RULE_IS_RESERVE};
        if (prefix < 18 || prefix > 20)
                return (struct look){PNR_GARBAGE, PNR_RULE_CENTURY};
        if (two(id + 4) >= ORGANISATION_MONTH)
                return (struct look){PNR_ORGANISATION, PNR_RULE_IS_ORGANISATION};
        return (struct look){two(id + 6) >= DAY_OFFSET ? PNR_SAMORDNING : PNR_PERSONNUMMER, PNR_OK};
}

/* A letter among the three characters of the birth number, digits elsewhere. */
static bool looks_interim(const uint8_t id[PERSON_ID_LEN])
{
        bool letter = false;

        for (unsigned i = 0; i < PERSON_ID_LEN; i++) {
                if (is_digit(id[i]))
                        continue;
                if (i < 8 || i > 10 || !is_letter(id[i]))
                        return false;
                letter = true;
        }
        return letter;
}

struct birth {
        int year, month, day; /* 0 unknown */
};

/* The date rules; `id` has digits in its first eight places, century 18 to 20. */
static enum pnr_rule date_check(const uint8_t id[PERSON_ID_LEN], bool samordning, struct birth *out)
{
        static const uint8_t month_days[13] = {31, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        int year = two(id) * 100 + two(id + 2), month = two(id + 4);
        int day = two(id + 6) - (samordning ? DAY_OFFSET : 0);

        if (month > 12 || day < 0 || day > month_days[month])
                return PNR_RULE_DATE;
        if (!samordning && (month == 0 || day == 0))
                return PNR_RULE_DATE;
        if (month == 2 && day == 29 && !leap(year))
                return PNR_RULE_DATE;
        *out = (struct birth){year, month, day};
        return PNR_OK;
}

/* An unknown month or day counts as the first: refused only when every day it
 * could be lies ahead. */
static bool born_after(struct birth b, int32_t last_days)
{
        /* No date of year y is later than 366 days for each year since 1970; nearly
         * every row ends here. */
        if (last_days >= (b.year >= 1970 ? (b.year - 1969) * 366 : 0))
                return false;
        return days_from_civil((struct civil){
                       b.year, b.month == 0 ? 1 : b.month, b.day == 0 ? 1 : b.day}) > last_days;
}

static enum pnr_rule test_number_check(const uint8_t id[PERSON_ID_LEN], int year, bool samordning,
        enum pnr_test_numbers test_numbers)
{
        unsigned birth_number = (unsigned)(id[8] & 0x0F) * 100 + (unsigned)two(id + 9);
        bool test;

        if (test_numbers == PNR_TEST_ALLOWED)
                return PNR_OK;
        test = is_test_number(year, samordning, birth_number);
        if (test && test_numbers == PNR_TEST_REFUSED)
                return PNR_RULE_TEST_NUMBER;
        if (!test && test_numbers == PNR_TEST_REQUIRED)
                return PNR_RULE_NOT_TEST_NUMBER;
        return PNR_OK;
}

/* Twelve digits whose prefix said personnummer or samordningsnummer. */
static enum pnr_rule national_check(const uint8_t id[PERSON_ID_LEN], bool samordning,
        int32_t last_days, enum pnr_test_numbers test_numbers, struct birth *out)
{
        struct birth b;
        enum pnr_rule rule = date_check(id, samordning, &b);

        if (rule != PNR_OK)
                return rule;
        if (born_after(b, last_days))
                return PNR_RULE_FUTURE;
        if ((load4(id + 8) & 0x00FFFFFFu) == 0x00303030u)
                return PNR_RULE_BIRTH_NUMBER;
        if (!luhn_holds(id))
                return PNR_RULE_CHECK_DIGIT;
        *out = b;
        return test_number_check(id, b.year, samordning, test_numbers);
}

/* An id that means something inside one municipality only. No space, so that a
 * stray blank cannot make two ids of one. */
static enum pnr_rule local_check(const uint8_t id[PERSON_ID_LEN])
{
        unsigned len = 0;

        while (len < PERSON_ID_LEN && id[len] != 0) {
                if (id[len] <= ' ' || id[len] > '~')
                        return PNR_RULE_LOCAL_ID;
                len++;
        }
        for (unsigned i = len; i < PERSON_ID_LEN; i++)
                if (id[i] != 0)
                        return PNR_RULE_LOCAL_ID;
        return len == 0 ? PNR_RULE_LOCAL_ID : PNR_OK;
}

static enum pnr_rule none_check(const uint8_t id[PERSON_ID_LEN])
{
        /* An id without a kind is somebody whom nobody would ever find again. */
        return (load8(id) | load4(id + 8)) == 0 ? PNR_OK : PNR_RULE_KIND;
}

enum pnr_rule pnr_check(const uint8_t id[PERSON_ID_LEN], uint8_t kind, int32_t last_birth_days,
        enum pnr_test_numbers test_numbers)
{
        struct look look;
        struct birth birth;

        if (kind == PERSON_NONE)
                return none_check(id);
        if (kind == PERSON_LOCAL)
                return local_check(id);
        if (kind != PERSON_NATIONAL)
                return PNR_RULE_KIND;
        if (!all_digits12(id))
                return looks_interim(id) ? PNR_RULE_IS_INTERIM : PNR_RULE_SHAPE;
        look = look_at_prefix(id);
        if (look.rule != PNR_OK)
                return look.rule;
        return national_check(
                id, look.kind == PNR_SAMORDNING, last_birth_days, test_numbers, &birth);
}

/* The written forms, once blanks around them are gone. */
struct written {
        uint8_t id[PERSON_ID_LEN]; /* ten-digit forms begin at id + 2 */
        bool short_form;           /* no century */
        char separator;            /* '-', '+' or 0 */
};

static struct bytes trimmed(struct bytes text)
{
        while (text.len > 0 && (text.data[0] == ' ' || text.data[0] == '\t')) {
                text.data++;
                text.len--;
        }
        while (text.len > 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
                text.len--;
        return text;
}

static enum pnr_rule written_parse(struct bytes text, struct written *out)
{
        size_t before, i = 0;

        if (text.len == 0)
                return PNR_RULE_EMPTY;
        if (text.len < 10 || text.len > 13)
                return PNR_RULE_SHAPE;
        *out = (struct written){.short_form = text.len < 12};
        before = out->short_form ? 6 : 8;
        if (text.len % 2 == 1) {
                out->separator = (char)text.data[before];
                /* A plus sign beside a century would say the same thing twice. */
                if (out->separator != '-' && !(out->separator == '+' && out->short_form))
                        return PNR_RULE_SHAPE;
        }
        for (size_t at = out->short_form ? 2 : 0; at < PERSON_ID_LEN; at++, i++) {
                if (i == before && out->separator != 0)
                        i++;
                out->id[at] = text.data[i];
                if (is_digit(out->id[at]))
                        continue;
                if (at < 8 || at > 10 || !is_letter(out->id[at]))
                        return PNR_RULE_SHAPE;
                out->id[at] &= 0xDF; /* upper case */
        }
        return PNR_OK;
}

/* "-" names the one birth year of the hundred that end with the as-of year, "+"
 * the one of the hundred before these. */
static enum pnr_rule century_settle(const struct pnr_reading *how, struct written *w)
{
        int as_of_year, year;

        if (w->separator == 0 && !how->bare_ten_digits)
                return PNR_RULE_NO_CENTURY;
        if (!how->has_as_of)
                return PNR_RULE_NO_AS_OF;
        as_of_year = civil_from_days(how->as_of_days).year;
        year = as_of_year - (as_of_year - two(w->id + 2)) % 100;
        if (w->separator == '+')
                year -= 100;
        if (year < 1800 || year > 2099)
                return PNR_RULE_CENTURY;
        w->id[0] = (uint8_t)('0' + year / 1000);
        w->id[1] = (uint8_t)('0' + year / 100 % 10);
        return PNR_OK;
}

static int32_t last_birth(const struct pnr_reading *how)
{
        return how->has_as_of ? how->as_of_days : INT32_MAX;
}

static enum pnr_rule interim_read(
        const struct written *w, const struct pnr_reading *how, struct pnr *out)
{
        struct look look = look_at_prefix(w->id);
        struct birth b;
        enum pnr_rule rule;

        if (!how->accept_interim)
                return PNR_RULE_IS_INTERIM;
        if (look.rule != PNR_OK)
                return look.rule == PNR_RULE_CENTURY ? look.rule : PNR_RULE_DATE;
        rule = date_check(w->id, look.kind == PNR_SAMORDNING, &b);
        if (rule != PNR_OK)
                return rule;
        if (born_after(b, last_birth(how)))
                return PNR_RULE_FUTURE;
        /* The schools and registers that hand them out agree on no check digit, and
         * say nothing about sex. */
        out->person = PERSON_LOCAL;
        out->birth_year = b.year;
        out->birth_month = b.month;
        out->birth_day = b.day;
        return PNR_OK;
}

static enum pnr_rule national_read(
        const struct written *w, const struct pnr_reading *how, struct pnr *out)
{
        struct birth b;
        enum pnr_rule rule = national_check(
                w->id, out->kind == PNR_SAMORDNING, last_birth(how), how->test_numbers, &b);

        if (rule != PNR_OK)
                return rule;
        out->person = PERSON_NATIONAL;
        out->birth_year = b.year;
        out->birth_month = b.month;
        out->birth_day = b.day;
        out->sex = w->id[10] % 2 == 0 ? PNR_SEX_WOMAN : PNR_SEX_MAN;
        return PNR_OK;
}

/* Fills *out, whose kind is set as soon as it is seen. */
static enum pnr_rule number_read(struct bytes text, const struct pnr_reading *how, struct pnr *out)
{
        struct written w;
        struct look look;
        bool interim;
        enum pnr_rule rule = written_parse(trimmed(text), &w);

        if (rule != PNR_OK)
                return rule;
        interim = is_letter(w.id[8]) || is_letter(w.id[9]) || is_letter(w.id[10]);
        if (interim)
                out->kind = PNR_INTERIM;
        /* Organisations are told apart before anybody asks for a century. */
        else if (w.short_form && two(w.id + 4) >= ORGANISATION_MONTH) {
                out->kind = PNR_ORGANISATION;
                return PNR_RULE_IS_ORGANISATION;
        } else if (w.short_form)
                out->kind = two(w.id + 6) >= DAY_OFFSET ? PNR_SAMORDNING : PNR_PERSONNUMMER;
        if (interim && !how->accept_interim)
                return PNR_RULE_IS_INTERIM;
        if (w.short_form) {
                rule = century_settle(how, &w);
                if (rule != PNR_OK)
                        return rule;
        }
        memcpy(out->digits, w.id, PERSON_ID_LEN);
        if (interim)
                return interim_read(&w, how, out);
        look = look_at_prefix(w.id);
        out->kind = look.kind;
        if (look.kind == PNR_RESERVE && how->accept_reserve) {
                /* Each region has rules of its own for these; we keep the digits. */
                out->person = PERSON_LOCAL;
                return PNR_OK;
        }
        return look.rule != PNR_OK ? look.rule : national_read(&w, how, out);
}

enum pnr_rule pnr_parse(struct bytes text, const struct pnr_reading *how, struct pnr *out)
{
        struct pnr read = {.kind = PNR_GARBAGE};
        enum pnr_rule rule = number_read(text, how, &read);

        *out = rule == PNR_OK ? read : (struct pnr){.kind = read.kind};
        return rule;
}
