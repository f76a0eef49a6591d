/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: one line of JSON per event, one write per line.
 *
 * A line is built on the stack and written whole, so that lines of several
 * threads (and of the keeper on the same descriptor) do not mix. A field that
 * would not fit is left out and the line says "cut":true; the line stays valid
 * JSON. Everything outside printable ASCII is escaped or replaced: a client's
 * text can neither forge a line nor talk to the terminal that shows it.
 *
 * A log that cannot be written is nothing the caller can mend: the line is
 * lost, the service goes on. */
#include "base/log.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

enum { LINE_MAX_LEN = 4096, TAIL = 16 /* ,"cut":true}\n */ };

static atomic_int log_fd = STDERR_FILENO;
static atomic_int log_from = LOG_INFO;
static pthread_mutex_t write_lock = PTHREAD_MUTEX_INITIALIZER;

struct line {
        char text[LINE_MAX_LEN];
        size_t len;
        bool full;
};

void log_to(int fd, enum log_level from)
{
        atomic_store(&log_fd, fd);
        atomic_store(&log_from, (int)from);
}

static void add(struct line *l, const char *text, size_t len)
{
        if (l->full || len > sizeof l->text - TAIL - l->len) {
                l->full = true;
                return;
        }
        memcpy(l->text + l->len, text, len);
        l->len += len;
}

static void add_text(struct line *l, const char *text)
{
        add(l, text, strlen(text));
}

/* A JSON string. Bytes beyond ASCII become \ufffd, one for each run: what we
 * log is our own words, and those are ASCII. */
static void add_string(struct line *l, const char *text)
{
        bool foreign = false;

        add_text(l, "\"");
        for (; *text != '\0'; text++) {
                unsigned char c = (unsigned char)*text;
                char escaped[8];

                if (c >= 0x80) {
                        if (!foreign)
                                add_text(l, "\\ufffd");
                        foreign = true;
                        continue;
                }
                foreign = false;
                if (c == '"' || c == '\\')
                        (void)snprintf(escaped, sizeof escaped, "\\%c", c);
                else if (c < 0x20 || c == 0x7f)
                        (void)snprintf(escaped, sizeof escaped, "\\u%04x", c);
                else
                        (void)snprintf(escaped, sizeof escaped, "%c", c);
                add_text(l, escaped);
        }
        add_text(l, "\"");
}

/* ,"name":value or nothing at all. */
static void add_field(struct line *l, const struct log_field *f)
{
        size_t before = l->len;

        add_text(l, ",");
        add_string(l, f->name);
        add_text(l, ":");
        if (f->text != NULL) {
                add_string(l, f->text);
        } else {
                char number[24];

                (void)snprintf(number, sizeof number, "%lld", (long long)f->number);
                add_text(l, number);
        }
        if (l->full)
                l->len = before;
}

static void write_line(const struct line *l)
{
        int fd = atomic_load(&log_fd);
        size_t at = 0;

        pthread_mutex_lock(&write_lock);
        while (at < l->len) {
                ssize_t n = write(fd, l->text + at, l->len - at);

                if (n > 0)
                        at += (size_t)n;
                else if (n == 0 || errno != EINTR)
                        break;
        }
        pthread_mutex_unlock(&write_lock);
}

void log_fields(
        enum log_level level, const char *event, const struct log_field *fields, unsigned count)
{
        static const char *const names[] = {"debug", "info", "warning", "error"};

        if ((int)level < atomic_load(&log_from))
                return;
        int saved_errno = errno; /* a caller logs before it looks at errno */
        struct line l = {.len = 0};
        char now[25];

        clock_format(clock_now_ms(), now);
        add_text(&l, "{\"time\":\"");
        add_text(&l, now);
        add_text(&l, "\",\"level\":\"");
        add_text(&l, names[level <= LOG_ERROR ? level : LOG_ERROR]);
        add_text(&l, "\",\"event\":");
        add_string(&l, event);
        for (unsigned i = 0; i < count && !l.full; i++)
                add_field(&l, &fields[i]);
        const char *tail = l.full ? ",\"cut\":true}\n" : "}\n";

        /* `add` always leaves room for the tail. */
        memcpy(l.text + l.len, tail, strlen(tail));
        l.len += strlen(tail);
        write_line(&l);
        errno = saved_errno;
}

static const char *trace_areas = "";

static void read_trace(void)
{
        const char *areas = getenv("STATGATE_TRACE");

        if (areas != NULL)
                trace_areas = areas;
}

bool trace_on(const char *area)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;
        size_t len = strlen(area);

        (void)pthread_once(&once, read_trace);
        for (const char *at = trace_areas; *at != '\0';) {
                size_t word = strcspn(at, ",");

                if (word == len && memcmp(at, area, len) == 0)
                        return true;
                at += word + (at[word] == ',' ? 1 : 0);
        }
        return false;
}
