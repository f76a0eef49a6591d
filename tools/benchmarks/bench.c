/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c: figures told, clocks read.
 *
 * CPU time of the gateway comes from /proc/PID/stat, where all of a process's
 * threads are added up, in ticks of ten milliseconds: fine over seconds. */
#include "tools/benchmarks/bench.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"

static bool holds(const struct figure *f, double ratio)
{
        switch (f->kind) {
        case GOAL_AT_LEAST:
                return f->value >= f->goal;
        case GOAL_AT_MOST:
                return f->value <= f->goal;
        case GOAL_RATIO_AT_MOST:
                return f->baseline > 0 && ratio <= f->goal;
        case GOAL_NONE:
                break;
        }
        return false;
}

/* Four figures are more than a measurement of this kind is worth. */
static const char *number(double v, char out[40])
{
        if (v >= 10000)
                (void)snprintf(out, 40, "%.0f", v);
        else
                (void)snprintf(out, 40, "%.4g", v);
        return out;
}

static void goal_text(const struct figure *f, char out[64])
{
        char n[40];

        (void)number(f->goal, n);
        switch (f->kind) {
        case GOAL_AT_LEAST:
                (void)snprintf(out, 64, ">=%s", n);
                return;
        case GOAL_AT_MOST:
                (void)snprintf(out, 64, "<=%s", n);
                return;
        case GOAL_RATIO_AT_MOST:
                (void)snprintf(out, 64, "ratio<=%s", n);
                return;
        case GOAL_NONE:
                (void)snprintf(out, 64, "-");
        }
}

void bench_head(const struct bench *b)
{
        if (!b->json)
                printf("%-26s %12s  %-12s %12s %9s  %-12s %s\n", "figure", "value", "unit",
                        "baseline", "ratio", "goal", "holds");
        (void)fflush(stdout);
}

void bench_tell(const struct bench *b, const struct figure *f)
{
        double ratio = f->baseline > 0 ? f->value / f->baseline : 0;
        const char *verdict = f->kind == GOAL_NONE ? "-" : holds(f, ratio) ? "yes" : "no";
        char value[40], baseline[40] = "-", relative[40] = "-", goal[64];

        (void)number(f->value, value);
        goal_text(f, goal);
        if (f->baseline > 0) {
                (void)number(f->baseline, baseline);
                (void)number(ratio, relative);
        }
        if (b->json) {
                bool based = f->baseline > 0, aimed = f->kind != GOAL_NONE;

                printf("{\"figure\":\"%s\",\"value\":%s,\"unit\":\"%s\",\"baseline\":%s,"
                       "\"ratio\":%s,\"goal\":%s%s%s,\"holds\":%s}\n",
                        f->name, value, f->unit, based ? baseline : "null",
                        based ? relative : "null", aimed ? "\"" : "", aimed ? goal : "null",
                        aimed ? "\"" : "",
                        !aimed            ? "null"
                        : holds(f, ratio) ? "true"
                                          : "false");
        } else {
                printf("%-26s %12s  %-12s %12s %9s  %-12s %s\n", f->name, value, f->unit, baseline,
                        relative, goal, verdict);
        }
        (void)fflush(stdout);
}

void bench_note(const char *format, ...)
{
        va_list args;

        va_start(args, format);
        (void)fputs("bench: ", stderr);
        (void)vfprintf(stderr, format, args);
        (void)fputc('\n', stderr);
        va_end(args);
}

void bench_fail(const char *what)
{
        bench_note("%s", what);
        exit(EXIT_FAILURE);
}

void bench_must(enum err e, const char *what)
{
        if (e == ERR_OK)
                return;
        bench_note("%s: %s (%s)", what, err_sentence(e), err_name(e));
        exit(EXIT_FAILURE);
}

static int ascending(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

double bench_median(double *values, unsigned len)
{
        qsort(values, len, sizeof *values, ascending);
        return len % 2 == 1 ? values[len / 2] : (values[len / 2 - 1] + values[len / 2]) / 2;
}

double bench_seconds(void)
{
        return (double)clock_monotonic_ns() / 1e9;
}

/* The fields behind "(name)" of /proc/PID/stat; false when it is gone. */
static bool read_stat(pid_t pid, char *name, size_t room, pid_t *parent, double *seconds)
{
        unsigned long long user = 0, system = 0;
        char path[64], line[1024];
        int above = 0;

        (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
        FILE *f = fopen(path, "re");
        if (f == NULL)
                return false;
        size_t len = fread(line, 1, sizeof line - 1, f);
        (void)fclose(f);
        line[len] = '\0';
        char *open = strchr(line, '('), *close = strrchr(line, ')');
        if (open == NULL || close == NULL)
                return false;
        *close = '\0';
        (void)snprintf(name, room, "%s", open + 1);
        if (sscanf(close + 1, " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &above,
                    &user, &system) != 3)
                return false;
        *parent = above;
        *seconds = (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
        return true;
}

double bench_cpu(pid_t pid)
{
        char name[64];
        pid_t parent;
        double seconds = 0;

        return read_stat(pid, name, sizeof name, &parent, &seconds) ? seconds : 0;
}

double bench_own_cpu(void)
{
        struct rusage u;

        (void)getrusage(RUSAGE_SELF, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
               (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

pid_t bench_child(pid_t parent, const char *name)
{
        DIR *proc = opendir("/proc");
        struct dirent *e;
        pid_t found = 0;

        while (proc != NULL && found == 0 && (e = readdir(proc)) != NULL) {
                char called[64];
                double seconds;
                pid_t above = 0, pid = (pid_t)strtol(e->d_name, NULL, 10);

                if (pid <= 0 || !read_stat(pid, called, sizeof called, &above, &seconds))
                        continue;
                if (above == parent && strncmp(called, name, 15) == 0)
                        found = pid;
        }
        if (proc != NULL)
                (void)closedir(proc);
        return found;
}
