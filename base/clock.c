/* SPDX-License-Identifier: Apache-2.0 */
/* clock.c: time as numbers, without the C library's time zones and locales.
 *
 * Days and civil dates convert by Howard Hinnant's method ("chrono-compatible
 * low-level date algorithms"): years start in March, so that the leap day is the
 * last day of a year and months follow one linear formula. */
#include "base/clock.h"

#include <assert.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum {
        DAYS_PER_ERA = 146097,    /* 400 years */
        DAYS_BEFORE_1970 = 719468 /* from 0000-03-01 */
};

#define MS_PER_DAY INT64_C(86400000)

static int64_t real_now_ms(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_REALTIME, &ts);
        return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int64_t (*_Atomic source)(void) = real_now_ms;

int64_t clock_now_ms(void)
{
        int64_t (*now_ms)(void) = atomic_load_explicit(&source, memory_order_relaxed);

        return now_ms();
}

void clock_set_source(int64_t (*now_ms)(void))
{
        atomic_store_explicit(&source, now_ms != NULL ? now_ms : real_now_ms, memory_order_relaxed);
}

int64_t clock_monotonic_ns(void)
{
        struct timespec ts;

        (void)clock_gettime(CLOCK_MONOTONIC, &ts);
        return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static bool is_leap(int year)
{
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int days_in_month(int year, int month)
{
        static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

        return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

bool civil_exists(struct civil date)
{
        return date.year >= 1 && date.year <= 9999 && date.month >= 1 && date.month <= 12 &&
               date.day >= 1 && date.day <= days_in_month(date.year, date.month);
}

int32_t days_from_civil(struct civil date)
{
        assert(civil_exists(date));
        int year = date.month <= 2 ? date.year - 1 : date.year;
        int era = year / 400, year_of_era = year % 400;
        int month = (date.month + 9) % 12; /* March is 0 */
        int day_of_year = (153 * month + 2) / 5 + date.day - 1;
        int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

        return era * DAYS_PER_ERA + day_of_era - DAYS_BEFORE_1970;
}

struct civil civil_from_days(int32_t days)
{
        int64_t z = (int64_t)days + DAYS_BEFORE_1970;
        int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
        int day_of_era = (int)(z - era * DAYS_PER_ERA);
        int year_of_era =
                (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int month = (5 * day_of_year + 2) / 153; /* March is 0 */
        int year = (int)(era * 400) + year_of_era + (month >= 10 ? 1 : 0);

        return (struct civil){
                .year = year,
                .month = month < 10 ? month + 3 : month - 9,
                .day = day_of_year - (153 * month + 2) / 5 + 1,
        };
}

/* `len` digits as a number, -1 where one is not a digit. */
static int digits(const char *text, size_t len)
{
        int v = 0;

        for (size_t i = 0; i < len; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -1;
                v = v * 10 + (text[i] - '0');
        }
        return v;
}

enum err days_parse(const char *text, size_t len, int32_t *out)
{
        if (len != 8 && len != 10)
                return ERR_INVALID;
        size_t dash = len == 10 ? 1 : 0;

        if (dash == 1 && (text[4] != '-' || text[7] != '-'))
                return ERR_INVALID;
        struct civil date = {
                .year = digits(text, 4),
                .month = digits(text + 4 + dash, 2),
                .day = digits(text + 6 + 2 * dash, 2),
        };

        if (!civil_exists(date))
                return ERR_INVALID;
        *out = days_from_civil(date);
        return ERR_OK;
}

/* Two or four digits at `at`, without asking printf what could become of them. */
static char *put_digits(char *at, int v, int len)
{
        for (int i = len - 1; i >= 0; i--, v /= 10)
                at[i] = (char)('0' + v % 10);
        return at + len;
}

void days_format(int32_t days, char out[11])
{
        struct civil date = civil_from_days(days);

        if (!civil_exists(date))
                date = (struct civil){0, 0, 0};
        out = put_digits(out, date.year, 4);
        *out++ = '-';
        out = put_digits(out, date.month, 2);
        *out++ = '-';
        out = put_digits(out, date.day, 2);
        *out = '\0';
}

void clock_format(int64_t at_ms, char out[25])
{
        int64_t day = at_ms / MS_PER_DAY, ms = at_ms % MS_PER_DAY;

        if (ms < 0) {
                ms += MS_PER_DAY;
                day--;
        }
        int32_t days = day > INT32_MAX ? INT32_MAX : day < INT32_MIN ? INT32_MIN : (int32_t)day;

        days_format(days, out);
        out[10] = 'T';
        out = put_digits(out + 11, (int)(ms / 3600000), 2);
        *out++ = ':';
        out = put_digits(out, (int)(ms / 60000 % 60), 2);
        *out++ = ':';
        out = put_digits(out, (int)(ms / 1000 % 60), 2);
        *out++ = '.';
        out = put_digits(out, (int)(ms % 1000), 3);
        *out++ = 'Z';
        *out = '\0';
}

int32_t age_at(int32_t birth_days, int32_t at_days)
{
        struct civil birth = civil_from_days(birth_days), at = civil_from_days(at_days);

        /* Lag (1930:173) 1 §: where the month has no such day, its last one counts. */
        if (birth.month == 2 && birth.day == 29 && !is_leap(at.year))
                birth.day = 28;
        bool before_birthday =
                at.month < birth.month || (at.month == birth.month && at.day < birth.day);

        return at.year - birth.year - (before_birthday ? 1 : 0);
}
