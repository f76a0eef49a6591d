/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: which measurements, one after the other, each in a process of its own. */
#include <ftw.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tools/benchmarks/bench.h"

enum { ENTRIES_MAX = 1000000000 };

/* NAME(name, what for, its parts in order) */
#define NAMES(NAME)                                                                                \
        NAME("rpc", "empty calls over mutual TLS, beside grpc++", part_rpc, NULL)                  \
        NAME("keeper", "pseudonyms and seals, bare", part_keeper, NULL)                            \
        NAME("crypto", "boxes, codes, relinking, re-keying; sealed beside clear ingest",           \
                part_crypto, part_sealed)                                                          \
        NAME("store", "packing and commits, bare, beside DuckDB's appender", part_store, NULL)     \
        NAME("ingest", "ready batches through the gateway, beside the bare parts", part_ingest,    \
                NULL)                                                                              \
        NAME("bridge", "sealed batches where a custodian has the keeper, beside direct",           \
                part_bridge, NULL)                                                                 \
        NAME("csv", "files through `statgate submit`", part_csv, NULL)                             \
        NAME("query", "view and table of 10 million records, beside DuckDB", part_deliver,         \
                part_engine)                                                                       \
        NAME("linked", "five data sets about the same children, beside DuckDB", part_linked, NULL) \
        NAME("ledger", "memory of 10,000 answered tables, beside counting one",                    \
                part_ledger_records, part_ledger)                                                  \
        NAME("audit", "a log of two million entries; certificates for sixteen callers",            \
                part_audit, NULL)                                                                  \
        NAME("policy", "reading the bundle, deciding a question", part_policy, NULL)               \
        NAME("protect", "disclosure control alone: proofs, intervals, audit, noise", part_protect, \
                NULL)

static const struct {
        const char *name, *help;
        void (*parts[2])(const struct bench *b);
} names[] = {
#define NAME_ROW(name, help, first, second) {name, help, {first, second}},
        NAMES(NAME_ROW)
#undef NAME_ROW
};

static void usage(FILE *to)
{
        (void)fputs(
                "tools/bench [NAME...] [--json] [--quick] [--entries N] [--log FILE]\n\n"
                "Measures, on two cores, each figure beside its baseline. Without a NAME: all.\n\n",
                to);
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                (void)fprintf(to, "  %-8s %s\n", names[i].name, names[i].help);
        (void)fputs(
                "\n"
                "  --json   one JSON object a line\n"
                "  --quick  fewer records and rounds: to see that it works, not how fast\n"
                "  --entries N  that many in the log of audit\n"
                "  --log FILE   where that log is written, and stays; one that is there is read\n\n"
                "Columns: figure value unit baseline ratio goal holds. README.md in\n"
                "tools/benchmarks says what each baseline is. Exit: 0 measured, 1 failed,\n"
                "2 wrong use. A figure that misses its goal says holds=no and is no failure.\n",
                to);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st;
        (void)type;
        (void)where;
        return remove(path);
}

static bool run_part(const struct bench *b, void (*part)(const struct bench *b))
{
        pid_t child = fork();
        int status = 0;

        if (child == 0) {
                part(b);
                exit(EXIT_SUCCESS);
        }
        return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

static bool run_name(const struct bench *b, size_t n)
{
        for (size_t i = 0; i < ARRAY_LEN(names[n].parts); i++)
                if (names[n].parts[i] != NULL && !run_part(b, names[n].parts[i]))
                        return false;
        return true;
}

static bool wanted(const char *name, char **list, int len)
{
        for (int i = 0; i < len; i++)
                if (strcmp(list[i], name) == 0)
                        return true;
        return len == 0;
}

static bool known(const char *name)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (strcmp(names[i].name, name) == 0)
                        return true;
        return false;
}

static bool read_entries(const char *text, uint64_t *out)
{
        char *end = NULL;
        unsigned long long n = strtoull(text, &end, 10);

        *out = n;
        return text[0] >= '1' && text[0] <= '9' && *end == '\0' && n <= ENTRIES_MAX;
}

static int read_options(int argc, char **argv, struct bench *b)
{
        static const struct option options[] = {
                {"json", no_argument, NULL, 'j'},
                {"quick", no_argument, NULL, 'q'},
                {"entries", required_argument, NULL, 'n'},
                {"log", required_argument, NULL, 'l'},
                {"help", no_argument, NULL, 'h'},
                {0},
        };
        int got;

        while ((got = getopt_long(argc, argv, "h", options, NULL)) != -1) {
                b->json |= got == 'j';
                b->quick |= got == 'q';
                if (got == 'l')
                        b->log_path = optarg;
                if (got == 'n' && !read_entries(optarg, &b->entries))
                        got = '?';
                if (got == 'h' || got == '?') {
                        usage(got == 'h' ? stdout : stderr);
                        return got == 'h' ? 0 : 2;
                }
        }
        for (int i = optind; i < argc; i++)
                if (!known(argv[i])) {
                        usage(stderr);
                        return 2;
                }
        return -1;
}

int main(int argc, char **argv)
{
        static char program[512];
        struct bench b = {.root = STATGATE_ROOT};
        int code = read_options(argc, argv, &b);
        ssize_t len = readlink("/proc/self/exe", program, sizeof program - 1);

        if (code >= 0)
                return code;
        if (len <= 0)
                return 1;
        *strrchr(program, '/') = '\0';
        b.program_dir = program;
        (void)signal(SIGPIPE, SIG_IGN);
        log_to(STDERR_FILENO, LOG_ERROR);
        if (snprintf(b.folder, sizeof b.folder, "%s/../run-XXXXXX", program) >=
                        (int)sizeof b.folder ||
                mkdtemp(b.folder) == NULL) {
                bench_note("no folder for data beside %s", program);
                return 1;
        }
        bench_head(&b);
        code = 0;
        for (size_t i = 0; i < ARRAY_LEN(names) && code == 0; i++)
                if (wanted(names[i].name, argv + optind, argc - optind) && !run_name(&b, i))
                        code = 1;
        if (code == 0)
                (void)nftw(b.folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        else
                bench_note("what was written is in %s", b.folder);
        return code;
}
