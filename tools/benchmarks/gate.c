/* SPDX-License-Identifier: Apache-2.0 */
/* gate.c: starts and stops what is measured, as an operator would. */
#include "tools/benchmarks/gate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tools/client/client.h"

enum { START_MS = 20000, TICK_MS = 10 };

static void nap(long ms)
{
        struct timespec t = {ms / 1000, ms % 1000 * 1000000};

        (void)nanosleep(&t, NULL);
}

pid_t gate_spawn(const char *const *argv, const char *log)
{
        pid_t parent = getpid(), pid = fork();

        if (pid != 0) {
                if (pid < 0)
                        bench_fail("fork");
                return pid;
        }
        /* Nothing that we start outlives us. */
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0 || getppid() != parent)
                _exit(126);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
                _exit(126);
        (void)execv(argv[0], (char *const *)argv);
        _exit(127);
}

int gate_wait(pid_t pid)
{
        int status = 0;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static bool read_address(struct gate *g)
{
        char path[700];

        (void)snprintf(path, sizeof path, "%s/run/address", g->folder);
        FILE *f = fopen(path, "re");
        if (f == NULL)
                return false;
        bool got = fgets(g->address, sizeof g->address, f) != NULL;
        (void)fclose(f);
        g->address[strcspn(g->address, "\n")] = '\0';
        return got && g->address[0] != '\0';
}

/* The bundle that takes persons in clear too, so that both forms can be measured. */
static void make_bundle(const struct bench *b, const char *log, char out[600])
{
        char from[600];
        static const char change[] =
                "rm -rf \"$2\" && cp -r \"$1\" \"$2\" && sed -i "
                "'s/^person: [or].*/&\\nclear_persons: yes/' \"$2\"/datasets/*";
        const char *const argv[] = {"/bin/sh", "-c", change, "sh", from, out, NULL};

        (void)snprintf(from, sizeof from, "%s/policies/bundle", b->root);
        (void)snprintf(out, 600, "%s/bundle", b->folder);
        if (gate_wait(gate_spawn(argv, log)) != 0)
                bench_fail("the bundle cannot be copied; see bench.log");
}

void gate_init(const struct bench *b, const char *name, char folder[600])
{
        char statgate[600], bundle[600], log[700];

        (void)snprintf(statgate, sizeof statgate, "%s/statgate", b->program_dir);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        make_bundle(b, log, bundle);
        const char *const argv[] = {statgate, "--address", "127.0.0.1:0", "init", "--development",
                "--bundle", bundle, folder, NULL};

        (void)snprintf(folder, 600, "%s/%s", b->folder, name);
        if (gate_wait(gate_spawn(argv, log)) != 0)
                bench_fail("statgate init failed; see bench.log");
}

void gate_open(const struct bench *b, const char *name, struct gate *out)
{
        struct gate g = {.gateway = 0};
        char statgated[600], log[700];

        (void)snprintf(statgated, sizeof statgated, "%s/statgated", b->program_dir);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        gate_init(b, name, g.folder);
        const char *const argv[] = {
                statgated, "--data", g.folder, "--view_memory_mib", "8192", NULL};

        g.gateway = gate_spawn(argv, log);
        for (long waited = 0; !read_address(&g); waited += TICK_MS) {
                if (waited > START_MS || waitpid(g.gateway, NULL, WNOHANG) != 0)
                        bench_fail("statgated does not start; see bench.log");
                nap(TICK_MS);
        }
        g.keeper = bench_child(g.gateway, "statgate-keeper");
        if (g.keeper == 0)
                bench_fail("no keeper beside the gateway");
        *out = g;
}

void gate_close(struct gate *g)
{
        (void)kill(g->gateway, SIGTERM);
        if (gate_wait(g->gateway) != 0)
                bench_fail("statgated did not stop in good order");
        g->gateway = 0;
}

double gate_cpu(const struct gate *g)
{
        return bench_cpu(g->gateway) + bench_cpu(g->keeper);
}

struct client *gate_client(const struct gate *g, const char *name, unsigned channels)
{
        char ca[700], certificate[700], key[700];
        struct client *c = NULL;
        struct client_options options = {
                .address = g->address,
                .ca_file = ca,
                .certificate_file = certificate,
                .key_file = key,
                .channels = channels,
        };

        (void)snprintf(ca, sizeof ca, "%s/pki/ca.pem", g->folder);
        (void)snprintf(certificate, sizeof certificate, "%s/client/%s.pem", g->folder, name);
        (void)snprintf(key, sizeof key, "%s/client/%s.key", g->folder, name);
        bench_must(client_open(&options, &c), "connecting");
        return c;
}

struct client *gate_municipality(const struct gate *g, municipality_t code)
{
        char name[5];

        municipality_format(code, name);
        return gate_client(g, name, 1);
}
