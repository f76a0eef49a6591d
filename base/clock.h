/* SPDX-License-Identifier: Apache-2.0 */
/* clock.h: time as numbers. Instants are milliseconds since 1970-01-01 UTC,
 * dates are days since 1970-01-01 in the proleptic Gregorian calendar. */
#ifndef STATGATE_BASE_CLOCK_H
#define STATGATE_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

int64_t clock_now_ms(void);       /* wall clock; STATGATE_FAKE_TIME_MS is NOT read */
int64_t clock_monotonic_ns(void); /* for durations only */

/* Tests move the wall clock; NULL gives the real one back. */
void clock_set_source(int64_t (*now_ms)(void));

struct civil {
        int year;  /* 1..9999 */
        int month; /* 1..12 */
        int day;   /* 1..31 */
};

bool civil_exists(struct civil date);
int32_t days_from_civil(struct civil date); /* the date must exist */
struct civil civil_from_days(int32_t days);
/* "YYYY-MM-DD" or "YYYYMMDD", nothing else. */
MUST_CHECK enum err days_parse(const char *text, size_t len, int32_t *out);
/* YYYY-MM-DD; "0000-00-00" outside the years 1..9999. */
void days_format(int32_t days, char out[11]);
void clock_format(int64_t at_ms, char out[25]); /* 2026-11-21T21:48:55.000Z */
/* Whole years from `birth` to `at`; negative when at < birth. Somebody born on
 * 29 February is a year older on 28 February of a year without one. */
int32_t age_at(int32_t birth_days, int32_t at_days);

#endif
