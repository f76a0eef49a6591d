/* SPDX-License-Identifier: Apache-2.0 */
/* dates.c: days, months, quarters and years as categories. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "gateway/query/plan.h"

int32_t date_floor(int32_t day, uint32_t level)
{
        struct civil c = civil_from_days(day);

        if (level == 0)
                return day;
        c.day = 1;
        if (level == 2)
                c.month = (c.month - 1) / 3 * 3 + 1;
        if (level == 3)
                c.month = 1;
        return days_from_civil(c);
}

int32_t date_next(int32_t first, uint32_t level)
{
        struct civil c = civil_from_days(first);

        if (level == 0)
                return first + 1;
        c.month += level == 1 ? 1 : level == 2 ? 3 : 12;
        if (c.month > 12) {
                c.month -= 12;
                c.year++;
        }
        return days_from_civil(c);
}

bool date_is_whole(struct period p, uint32_t level)
{
        /* 0001-01-01 and 9999-12-31 */
        return p.first <= p.last && p.first >= -719162 && p.last < 2932896 &&
               date_floor(p.first, level) == p.first && date_floor(p.last + 1, level) == p.last + 1;
}

int32_t date_number(int32_t day, uint32_t level)
{
        struct civil c = civil_from_days(day);

        if (level == 0)
                return day;
        return level == 1   ? c.year * 12 + c.month - 1
               : level == 2 ? c.year * 4 + (c.month - 1) / 3
                            : c.year;
}

void date_code(int32_t first, uint32_t level, char out[16])
{
        struct civil c = civil_from_days(first);
        unsigned year = (unsigned)c.year % 10000, month = (unsigned)c.month % 100;

        switch (level) {
        case 0:
                (void)snprintf(out, 16, "%04u-%02u-%02u", year, month, (unsigned)c.day % 100);
                return;
        case 1:
                (void)snprintf(out, 16, "%04u-%02u", year, month);
                return;
        case 2:
                (void)snprintf(out, 16, "%04u-Q%u", year, (month + 2) / 3);
                return;
        default:
                (void)snprintf(out, 16, "%04u", year);
        }
}

bool date_value_parse(struct bytes text, struct period *out, uint32_t *out_level)
{
        int32_t day;

        if (days_parse((const char *)text.data, text.len, &day) == ERR_OK) {
                *out = (struct period){day, day};
                *out_level = 0;
                return true;
        }
        if (!period_parse((const char *)text.data, (uint32_t)text.len, out))
                return false;
        *out_level = text.len == 4 ? 3 : memchr(text.data, 'Q', text.len) != NULL ? 2 : 1;
        return true;
}
