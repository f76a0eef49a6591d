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

/* The keyring and its passphrase go to a folder of their own, and the gateway's settings say so. */
static void give_away(const struct bench *b, const struct gate *g, enum gate_way way)
{
        static const char change[] =
                "set -e; cd \"$1\"; rm keys/keyring.sgk; sed -i '/^passphrase_file/d' "
                "statgate.yaml; "
                "\"$2/statgate\" keys init --custodian kept --signer keys/dpo.pub --development "
                "--passphrase-file keys/passphrase --listen \"$3\" --gateway \"$4\" $5; "
                "mv keys/passphrase kept/pass; cp kept/keys/keeper.pub client/keeper.pub; "
                "sed -i 's/^unseal:.*/unseal: passphrase\\npassphrase_file: pass/' "
                "kept/statgate.yaml; "
                "[ -z \"$5\" ] || cp -r kept/for-gateway pki/custodian";
        char log[700], listen[700], who[64];

        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        (void)snprintf(listen, sizeof listen, "unix:%s/gateway.sock", b->folder);
        (void)snprintf(who, sizeof who, "uid:%u", (unsigned)geteuid());
        const bool tls = way == GATE_TLS;
        const char *const argv[] = {"/bin/sh", "-c", change, "sh", g->folder, b->program_dir,
                tls ? "tls:127.0.0.1:0" : listen, tls ? "statgate://demo/gateway/bench" : who,
                tls ? "--host=127.0.0.1" : "", NULL};

        if (gate_wait(gate_spawn(argv, log)) != 0)
                bench_fail("a custodian's folder cannot be made; see bench.log");
}

/* The user, on a unix socket; over tls the certificate says it all. */
static void name_custodian(const struct gate *g, enum gate_way way)
{
        char path[700], address[160] = "";
        FILE *f;

        (void)snprintf(path, sizeof path, "%s/kept/run/address", g->folder);
        f = fopen(path, "re");
        if (f == NULL || fgets(address, sizeof address, f) == NULL)
                bench_fail("the custodian's address cannot be read");
        (void)fclose(f);
        address[strcspn(address, "\n")] = '\0';
        (void)snprintf(path, sizeof path, "%s/statgate.yaml", g->folder);
        f = fopen(path, "ae");
        if (f == NULL || fprintf(f, "custodian: \"%s\"\n", address) < 0)
                bench_fail("the gateway's settings cannot be changed");
        if (way == GATE_UNIX)
                (void)fprintf(f, "custodian_is: uid:%u\n", (unsigned)geteuid());
        (void)fclose(f);
}

static void start_custodian(const struct bench *b, enum gate_way way, struct gate *g)
{
        char program[600], kept[700], address[720], log[700];

        (void)snprintf(program, sizeof program, "%s/statgate-keeper-bridge", b->program_dir);
        (void)snprintf(kept, sizeof kept, "%s/kept", g->folder);
        (void)snprintf(address, sizeof address, "%s/run/address", kept);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        const char *const argv[] = {program, "serve", kept, NULL};

        g->bridge[1] = gate_spawn(argv, log);
        for (long waited = 0; access(address, R_OK) != 0; waited += TICK_MS) {
                if (waited > START_MS || waitpid(g->bridge[1], NULL, WNOHANG) != 0)
                        bench_fail("the custodian's side does not start; see bench.log");
                nap(TICK_MS);
        }
        name_custodian(g, way);
}

void gate_open_way(const struct bench *b, const char *name, enum gate_way way, struct gate *out)
{
        struct gate g = {.gateway = 0};
        char statgated[600], log[700];

        (void)snprintf(statgated, sizeof statgated, "%s/statgated", b->program_dir);
        (void)snprintf(log, sizeof log, "%s/bench.log", b->folder);
        gate_init(b, name, g.folder);
        if (way != GATE_DIRECT) {
                give_away(b, &g, way);
                start_custodian(b, way, &g);
        }
        const char *const argv[] = {
                statgated, "--data", g.folder, "--view_memory_mib", "8192", NULL};

        g.gateway = gate_spawn(argv, log);
        for (long waited = 0; !read_address(&g); waited += TICK_MS) {
                if (waited > START_MS || waitpid(g.gateway, NULL, WNOHANG) != 0)
                        bench_fail("statgated does not start; see bench.log");
                nap(TICK_MS);
        }
        g.keeper = bench_child(g.gateway, "statgate-keeper");
        if (way != GATE_DIRECT) {
                g.bridge[0] = g.keeper;
                g.keeper = bench_child(g.bridge[1], "statgate-keeper");
        }
        if (g.keeper == 0)
                bench_fail("no keeper beside the gateway");
        *out = g;
}

void gate_open(const struct bench *b, const char *name, struct gate *out)
{
        gate_open_way(b, name, GATE_DIRECT, out);
}

void gate_close(struct gate *g)
{
        (void)kill(g->gateway, SIGTERM);
        if (gate_wait(g->gateway) != 0)
                bench_fail("statgated did not stop in good order");
        g->gateway = 0;
        if (g->bridge[1] == 0)
                return;
        (void)kill(g->bridge[1], SIGTERM);
        if (gate_wait(g->bridge[1]) != 0)
                bench_fail("the custodian's side did not stop in good order");
        g->bridge[1] = 0;
}

double gate_cpu(const struct gate *g)
{
        double cpu = bench_cpu(g->gateway) + bench_cpu(g->keeper);

        for (unsigned i = 0; i < 2; i++)
                cpu += g->bridge[i] != 0 ? bench_cpu(g->bridge[i]) : 0;
        return cpu;
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
