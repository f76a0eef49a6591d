/* SPDX-License-Identifier: Apache-2.0 */
/* numbers.c: personal numbers of people who do not exist.
 *
 * Valid by every rule, so that nothing refuses them, and therefore perhaps somebody's:
 * small populations use the series that Skatteverket keeps for testing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/personnummer.h"
#include "tools/generate/inside.h"

enum {
        TEST_WOMAN = 238,
        TEST_MAN = 239,
        WOMEN = 499,
        MEN = 500,
        SAMORDNING_DAY = 60,
        SPREAD = 181
};

struct numbers {
        int32_t first, days;
        bool test_series;
        uint16_t *taken[2]; /* per day: women, men */
};

enum err numbers_new(bool test_series, int first_year, int last_year, struct numbers **out)
{
        OWNED(numbers_free) struct numbers *n = calloc(1, sizeof *n);

        if (n == NULL)
                return ERR_NO_MEMORY;
        n->first = days_from_civil((struct civil){first_year, 1, 1});
        n->days = days_from_civil((struct civil){last_year, 12, 31}) - n->first + 1;
        n->test_series = test_series;
        for (unsigned sex = 0; sex < 2; sex++) {
                n->taken[sex] = calloc((size_t)n->days, sizeof *n->taken[sex]);
                if (n->taken[sex] == NULL)
                        return ERR_NO_MEMORY;
        }
        *out = n;
        n = NULL;
        return ERR_OK;
}

void numbers_free(struct numbers **n)
{
        if (n == NULL || *n == NULL)
                return;
        free((*n)->taken[0]);
        free((*n)->taken[1]);
        free(*n);
        *n = NULL;
}

/* Even for women, odd for men; each day begins somewhere else in the series. */
static uint16_t birth_number(const struct numbers *n, int32_t day, bool man, uint32_t nth)
{
        if (n->test_series)
                return man ? TEST_MAN : TEST_WOMAN;

        uint32_t series = man ? MEN : WOMEN, at = (nth + (uint32_t)day * SPREAD) % series;

        return (uint16_t)(man ? 2 * at + 1 : 2 * at + 2);
}

static bool take_on(struct numbers *n, int32_t day, bool man, struct person *out)
{
        uint16_t most = n->test_series ? 1 : man ? MEN : WOMEN;

        if (day < 0 || day >= n->days || n->taken[man][day] == most)
                return false;
        out->born = n->first + day;
        out->man = man;
        out->birth_number = birth_number(n, day, man, n->taken[man][day]);
        n->taken[man][day]++;
        return true;
}

enum err numbers_take(struct numbers *n, int32_t born, bool man, struct person *out)
{
        int32_t day = born - n->first;

        if (day < 0 || day >= n->days)
                return ERR_LIMIT;
        for (int32_t away = 0; away < n->days; away++)
                if (take_on(n, day - away, man, out) || take_on(n, day + away, man, out))
                        return ERR_OK;
        return ERR_LIMIT;
}

void person_write(const struct person *p, char out[PERSON_ID_LEN])
{
        char text[40];
        struct civil born = civil_from_days(p->born);

        memset(out, 0, PERSON_ID_LEN);
        if (p->local) {
                int len = snprintf(
                        text, sizeof text, "T%04u-%05u", p->local_in, p->local_number % 100000);

                memcpy(out, text, len < PERSON_ID_LEN ? (size_t)len : PERSON_ID_LEN);
                return;
        }
        (void)snprintf(text, sizeof text, "%04d%02d%02d%03u", born.year, born.month,
                born.day + (p->samordning ? SAMORDNING_DAY : 0), p->birth_number % 1000u);
        memcpy(out, text, PERSON_ID_LEN - 1);
        out[PERSON_ID_LEN - 1] = pnr_check_digit(text + 2);
}
