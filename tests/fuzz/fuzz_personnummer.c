/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_personnummer.c: any text as a personal number.
 *
 * The first two bytes say how to read it and as of when; the rest is the text. What
 * is accepted must read back as itself and pass the column check; what is refused
 * must give nothing away but its kind. The same bytes are tried as a column. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/personnummer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static struct pnr_reading reading_of(uint8_t flags, uint8_t year)
{
        return (struct pnr_reading){
                .has_as_of = flags & 1,
                .as_of_days = days_from_civil((struct civil){1850 + year, 6, 15}),
                .bare_ten_digits = flags & 2,
                .accept_reserve = flags & 4,
                .accept_interim = flags & 8,
                .test_numbers = (enum pnr_test_numbers)((flags >> 4) % 3),
        };
}

static void accepted(const struct pnr *got, const struct pnr_reading *how)
{
        int32_t last = how->has_as_of ? how->as_of_days : INT32_MAX;
        struct pnr again;

        must(got->kind != PNR_GARBAGE && got->kind != PNR_ORGANISATION);
        must(pnr_parse(bytes_of(got->digits, PERSON_ID_LEN), how, &again) == PNR_OK);
        must(memcmp(&again, got, sizeof again) == 0);
        must(pnr_check((const uint8_t *)got->digits, (uint8_t)got->person, last,
                     how->test_numbers) == PNR_OK);
        if (got->person == PERSON_NATIONAL)
                must(pnr_check_digit(got->digits + 2) == got->digits[11]);
}

static void refused(const struct pnr *got)
{
        struct pnr blank;

        memset(&blank, 0, sizeof blank);
        blank.kind = got->kind;
        must(memcmp(blank.digits, got->digits, sizeof blank.digits) == 0);
        must(got->person == PERSON_NONE && got->birth_year == 0 && got->sex == PNR_SEX_UNKNOWN);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        struct pnr_reading how;
        struct pnr got;
        enum pnr_rule rule;

        if (len < 2)
                return 0;
        how = reading_of(data[0], data[1]);
        memset(&got, 0, sizeof got);
        rule = pnr_parse(bytes_of(data + 2, len - 2), &how, &got);
        must((unsigned)rule < PNR_RULE_COUNT);
        if (rule == PNR_OK)
                accepted(&got, &how);
        else
                refused(&got);
        if (len == 2 + PERSON_ID_LEN)
                for (unsigned kind = 0; kind <= PERSON_KIND_COUNT; kind++)
                        must(pnr_check(data + 2, (uint8_t)kind, how.as_of_days, how.test_numbers) <
                                PNR_RULE_COUNT);
        return 0;
}
