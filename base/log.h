/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: one line of JSON per event, for operators. Thread-safe.
 *
 * A line is a fixed event name and fields whose names we chose. Callers log
 * identifiers, counts and our own words; never a value from a record, a person
 * id or a key. Text is escaped, so nothing a client sends can forge a line. */
#ifndef STATGATE_BASE_LOG_H
#define STATGATE_BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG = 0, LOG_INFO, LOG_WARNING, LOG_ERROR };

/* To file descriptor `fd` (borrowed), lines at or above `from`. The default is
 * standard error at LOG_INFO. */
void log_to(int fd, enum log_level from);

/* A field's value; build with the macros below. */
struct log_field {
        const char *name;
        const char *text; /* NULL: it is the number */
        int64_t number;
};
#define LOG_TEXT(name, value) ((struct log_field){(name), (value), 0})
#define LOG_NUM(name, value)  ((struct log_field){(name), NULL, (int64_t)(value)})

void log_fields(
        enum log_level level, const char *event, const struct log_field *fields, unsigned count);
#define log_event(level, event, ...)                                                               \
        log_fields((level), (event),                                                               \
                (const struct log_field[]){{NULL, NULL, 0}, ##__VA_ARGS__} + 1,                    \
                sizeof((const struct log_field[]){{NULL, NULL, 0}, ##__VA_ARGS__}) /               \
                                sizeof(struct log_field) -                                         \
                        1)

/* Whether `area` is named in STATGATE_TRACE=area,area. */
bool trace_on(const char *area);

#endif
