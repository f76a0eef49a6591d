/* SPDX-License-Identifier: Apache-2.0 */
/* main.c: statgated, from an empty process to a gateway and back.
 *
 * The order is the safety: settings → signals blocked → the keeper (forked before
 * any thread and any gRPC call) → its keys → the store → the audit log, which must be
 * the one that the keeper signed → the policy, which the keeper must accept too → the
 * clockwork → the network, last. Going down is the
 * same ladder from the top. */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/config.h"
#include "gateway/door.h"
#include "gateway/gateway.h"
#include "gateway/keeper/care.h"
#include "gateway/lattice_shelf.h"
#include "gateway/note.h"
#include "gateway/rotation.h"

enum exit_code { EXIT_STOPPED = 0, EXIT_DIED = 1, EXIT_SETTINGS = 2, EXIT_START = 3 };
enum {
        CONFIG_ARENA_MAX = 8 << 20,
        SECURE_POOL = 1 << 16,
        PASSPHRASE_MAX = 1024,
        CUSTODIAN_ASK_MS = 500,
};

static void say_why(const char *step, enum err e, const struct refusal *why)
{
        (void)fprintf(stderr, "statgated: %s: %s\n", step, err_sentence(e));
        for (uint32_t i = 0; i < why->len; i++)
                (void)fprintf(
                        stderr, "  %s: %s\n", why->violations[i].field, why->violations[i].text);
        log_event(LOG_ERROR, "start_failed", LOG_TEXT("step", step), LOG_TEXT("code", err_name(e)));
}

/* Batches are some megabytes each, taken and given back a hundred times a second. By
 * its own rules malloc fetches such pieces from the system each time and has all their pages
 * made again; so it keeps what it has up to a limit. */
enum { MALLOC_PIECE_MAX = 32 << 20, MALLOC_KEEP = 256 << 20, MALLOC_ARENAS = 4 };

static void keep_memory(void)
{
        (void)mallopt(M_MMAP_THRESHOLD, MALLOC_PIECE_MAX);
        (void)mallopt(M_TRIM_THRESHOLD, MALLOC_KEEP);
        (void)mallopt(M_ARENA_MAX, MALLOC_ARENAS);
}

/* No core dump ever holds a record. */
static void harden(void)
{
        const struct rlimit none = {0, 0};

        (void)setrlimit(RLIMIT_CORE, &none);
        (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
        (void)umask(077);
}

static int block_signals(void)
{
        sigset_t set;

        (void)sigemptyset(&set);
        (void)sigaddset(&set, SIGTERM);
        (void)sigaddset(&set, SIGINT);
        (void)sigaddset(&set, SIGHUP);
        (void)pthread_sigmask(SIG_BLOCK, &set, NULL);
        (void)signal(SIGPIPE, SIG_IGN);
        return signalfd(-1, &set, SFD_CLOEXEC);
}

static enum err open_log(const struct config *c)
{
        if (strcmp(c->log, "-") == 0) {
                log_to(STDERR_FILENO, c->log_level);
                return ERR_OK;
        }
        int fd = open(c->log, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return ERR_UNREADABLE;
        log_to(fd, c->log_level); /* kept to the end of the process */
        return ERR_OK;
}

/* Passphrase --------------------------------------------------------------- */

/* Reads a line from the terminal without echo and hands it over through a pipe. */
static enum err prompt_passphrase(int *out_fd)
{
        struct termios before, quiet;
        char line[PASSPHRASE_MAX];
        int pipe_fds[2];
        int tty = open("/dev/tty", O_RDWR | O_CLOEXEC);

        if (tty < 0)
                return ERR_PASSPHRASE;
        (void)dprintf(tty, "Passphrase of the keyring: ");
        bool echo = tcgetattr(tty, &before) == 0;
        if (echo) {
                quiet = before;
                quiet.c_lflag &= ~(tcflag_t)ECHO;
                (void)tcsetattr(tty, TCSAFLUSH, &quiet);
        }
        ssize_t n = read(tty, line, sizeof(line));
        if (echo)
                (void)tcsetattr(tty, TCSAFLUSH, &before);
        (void)dprintf(tty, "\n");
        (void)close(tty);
        enum err e = n > 0 && pipe2(pipe_fds, O_CLOEXEC) == 0 ? ERR_OK : ERR_PASSPHRASE;
        if (e == ERR_OK) {
                if (write(pipe_fds[1], line, (size_t)n) != n)
                        e = ERR_PASSPHRASE;
                (void)close(pipe_fds[1]);
                *out_fd = pipe_fds[0];
        }
        wipe(line, sizeof(line));
        return e;
}

/* Officers open the keyring, however long they are in coming. */
static enum err await_officers(struct door *door, int signals)
{
        log_event(
                LOG_INFO, "sealed", LOG_TEXT("why", "waiting for officers: statgate keys unseal"));
        (void)fprintf(stderr, "statgated: sealed; officers open it with `statgate keys unseal` or "
                              "`statgate keys import-share`\n");
        return door_wait(door, signals);
}

/* A module that is away, or has another key than the keyring's, is no reason to stay away too. */
static enum err unseal_by_module(const struct gateway *g, int signals)
{
        enum err e = keeper_unseal_module(g->keeper);

        if (e != ERR_HSM && e != ERR_NOT_FOUND)
                return e;
        log_event(LOG_WARNING, "module_opens_nothing", LOG_TEXT("code", err_name(e)));
        (void)fprintf(stderr, "statgated: hsm: %s\n",
                e == ERR_HSM ? err_sentence(e) : "the keyring has no lock of the module");
        return await_officers(g->door, signals);
}

/* The custodian's officers do, at their own door: asked for until they have. */
static enum err await_custodian(struct keeper *k, int signals)
{
        enum err e = keeper_unsealed_elsewhere(k);

        if (e == ERR_SEALED) {
                log_event(LOG_INFO, "sealed", LOG_TEXT("why", "waiting for the custodian"));
                (void)fprintf(stderr, "statgated: sealed; the custodian's officers open it\n");
        }
        while (e == ERR_SEALED) {
                struct pollfd fds[2] = {
                        {.fd = signals, .events = POLLIN},
                        {.fd = keeper_death_fd(k), .events = POLLIN},
                };

                (void)poll(fds, 2, CUSTODIAN_ASK_MS);
                if (fds[0].revents != 0)
                        return ERR_CANCELLED;
                e = keeper_unsealed_elsewhere(k);
        }
        return e;
}

static enum err unseal(const struct gateway *g, const struct config *c, int signals)
{
        struct keeper *k = g->keeper;
        int fd = c->passphrase_fd;

        if (c->custodian.address != NULL)
                return await_custodian(k, signals);

        if (c->unsealer == UNSEAL_OFFICERS)
                return await_officers(g->door, signals);
        if (c->unsealer == UNSEAL_MODULE)
                return unseal_by_module(g, signals);
        if (fd < 0 && c->passphrase_file != NULL) {
                fd = open(c->passphrase_file, O_RDONLY | O_CLOEXEC);
                if (fd < 0)
                        return ERR_UNREADABLE;
        }
        if (fd < 0)
                TRY(prompt_passphrase(&fd));
        enum err e = keeper_unseal(k, fd);
        (void)close(fd);
        return e;
}

static const char *keeper_program(struct arena *arena, const struct config *c)
{
        char self[4096];
        ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

        if (c->keeper != NULL || n <= 0)
                return c->keeper;
        self[n] = '\0';
        *strrchr(self, '/') = '\0';
        return arena_printf(
                arena, "%s/statgate-keeper%s", self, c->custodian.address != NULL ? "-bridge" : "");
}

/* run/address: where a client finds us, also with port 0. */
static enum err write_address(const struct config *c, int port)
{
        char path[4096], temporary[4096];
        const char *colon = strrchr(c->address, ':');
        int host_len = colon != NULL ? (int)(colon - c->address) : (int)strlen(c->address);

        (void)snprintf(path, sizeof(path), "%s/run", c->folder);
        if (mkdir(path, 0700) != 0 && errno != EEXIST)
                return ERR_UNREADABLE;
        (void)snprintf(path, sizeof(path), "%s/run/address", c->folder);
        (void)snprintf(temporary, sizeof(temporary), "%s/run/.address", c->folder);
        FILE *f = fopen(temporary, "we");
        if (f == NULL)
                return ERR_UNREADABLE;
        int wrote = fprintf(f, "%.*s:%d\n", host_len, c->address, port);
        if (fclose(f) != 0 || wrote < 0 || rename(temporary, path) != 0)
                return ERR_UNREADABLE;
        return ERR_OK;
}

static void remove_address(const struct config *c)
{
        char path[4096];

        (void)snprintf(path, sizeof(path), "%s/run/address", c->folder);
        (void)unlink(path);
}

/* Up ---------------------------------------------------------------------- */

#define STEP(name, expr)                                                                           \
        do {                                                                                       \
                *step = (name);                                                                    \
                TRY(expr);                                                                         \
        } while (0)

static enum err start_network(struct gateway *g, const struct config *c)
{
        struct rpc_options options = {
                .address = c->address,
                .certificates = c->pki,
                .workers = c->workers,
                .drain_ms = c->drain_ms,
                .handlers = g,
                .authority = {g, gateway_authenticate, gateway_generation, gateway_may_call,
                        gateway_turned_away},
                .healthy = gateway_healthy,
        };

        options.methods = gateway_methods(&options.methods_len);
        options.services = gateway_services(&options.services_len);
        return rpc_start(&options, &g->rpc);
}

static void tell_unsealed(struct gateway *g, const struct config *c)
{
        static const char *const words[] = {[UNSEAL_PASSPHRASE] = "unsealed by passphrase",
                [UNSEAL_OFFICERS] = "unsealed by officers",
                [UNSEAL_MODULE] = "unsealed by module"};
        OWNED(note_done) struct note n;

        note_begin(&n, ENTRY_KEYS);
        entry_put_words(&n.w, FIELD_WORD, words[c->unsealer]);
        note_tell(g->audit, &n);
}

static enum err start_audit(struct gateway *g, const struct config *c)
{
        const struct audit_options options = {
                .store = g->store,
                .keeper = g->keeper,
                .witnesses = c->witnesses,
                .witnesses_len = c->witnesses_len,
                .witness_ca = c->witness_ca,
                .restore_path = c->restore,
        };

        TRY(audit_start(&options, &g->audit));
        TRY(life_started(g));
        tell_unsealed(g, c);
        if (g->door != NULL)
                door_tell(g->door, g->audit);
        return life_configured(g, c);
}

static enum err load_policy(struct gateway *g, const struct config *c, struct refusal *why)
{
        const struct reign_options options = {
                .keeper = g->keeper,
                .folder = c->policy,
                .kept = c->ruling,
                .rehearsals = {g, rehearsal_known},
        };
        enum err e = reign_new(&options, &g->reign, why);

        gateway_tell_bundle(g, NULL, e, why);
        TRY(e);
        if (!reign_compared(g->reign)) {
                log_event(LOG_WARNING, "policy_not_compared");
                note_alarm(g->audit, "bundle not compared", "no copy of its predecessor is kept");
        }
        return ERR_OK;
}

static enum err start(struct gateway *g, const struct config *c, struct arena *arena, int signals,
        const char **step, struct refusal *why)
{
        const struct keeper_options keeper = {
                .program = keeper_program(arena, c),
                .state_path = c->keyring,
                .lock_required = c->memory_lock_required,
                .module = c->module,
                .custodian = c->custodian,
        };

        STEP("starting the key keeper", keeper_start(&keeper, &g->keeper));
        STEP("secure memory", crypto_init(SECURE_POOL, c->memory_lock_required));
        if (c->custodian.address == NULL)
                STEP("the officers' door", door_open(g->keeper, c->folder, &g->door));
        STEP("unsealing the keyring", unseal(g, c, signals));
        STEP("opening the store", store_open(c->store, &g->store));
        STEP("starting the log", start_audit(g, c));
        STEP("loading the policy", load_policy(g, c, why));
        const struct views_options views = {
                g->store, g->keeper, c->view_memory, c->threads, g->audit};
        STEP("linked views", views_new(&views, &g->views));
        STEP("protected tables at hand", shelf_new(g->store, SHELF_BYTES, &g->shelf));
        STEP("the memory of answers", memory_new(g->store, g->views, &g->memory));
        STEP("the rotation of keys", rotation_start(g, &g->rotation));
        STEP("the keeper's pulse", pulse_start(g, &g->pulse));
        STEP("the publisher", publisher_start(g, &g->publisher));
        STEP("who is turned away", turned_new(&g->turned));
        STEP("the watch over linkages", watch_start(g, &g->watch));
        STEP("listening", start_network(g, c));
        STEP("writing run/address", write_address(c, rpc_port(g->rpc)));
        return ERR_OK;
}

/* Persons counted since the last time; there are none where the keeper has no rules yet. */
static void save_counts(struct keeper *k)
{
        enum err e = k != NULL && keeper_alive(k) ? keeper_save(k, true) : ERR_OK;

        if (e != ERR_OK && e != ERR_KEEPER_REFUSED)
                log_event(LOG_ERROR, "quotas_not_saved", LOG_TEXT("code", err_name(e)));
}

static void stop(struct gateway *g, const char *why)
{
        views_stop(g->views); /* else a vintage that is being protected is waited for */
        rpc_stop(&g->rpc);
        watch_stop(&g->watch);
        if (g->turned != NULL)
                turned_tell_last(g->turned, g->audit);
        turned_free(&g->turned);
        publisher_stop(&g->publisher);
        pulse_stop(&g->pulse);
        rotation_stop(&g->rotation);
        memory_free(&g->memory);
        shelf_free(&g->shelf);
        views_free(&g->views);
        reign_free(&g->reign);
        if (g->door != NULL)
                door_tell(g->door, NULL);
        if (g->audit != NULL)
                life_stopped(g, why);
        audit_stop(&g->audit);
        store_close(&g->store);
        door_close(&g->door);
        save_counts(g->keeper);
        keeper_stop(&g->keeper);
}

/* Run --------------------------------------------------------------------- */

static void reload(struct gateway *g, const struct config *c)
{
        struct refusal why = {0};
        bool policy = false, certificates = false;
        enum err e = gateway_reload_policy(g, NULL, &policy, &why);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "policy_refused", LOG_TEXT("code", err_name(e)),
                        LOG_TEXT("where", why.len > 0 ? why.violations[0].field : ""),
                        LOG_TEXT("why", why.len > 0 ? why.violations[0].text : err_sentence(e)));
        e = rpc_reload_certificates(g->rpc, &certificates);
        if (e != ERR_OK)
                log_event(LOG_ERROR, "certificates_refused", LOG_TEXT("code", err_name(e)));
        e = certificates ? life_configured(g, c) : ERR_OK;
        if (e != ERR_OK)
                log_event(LOG_ERROR, "not_in_the_audit_log", LOG_TEXT("code", err_name(e)));
        log_event(LOG_INFO, "reloaded", LOG_NUM("policy_changed", policy),
                LOG_NUM("certificates_changed", certificates));
}

/* Waits for a signal or the keeper's death. */
static enum exit_code serve(struct gateway *g, const struct config *c, int signals)
{
        struct pollfd fds[2] = {
                {.fd = signals, .events = POLLIN},
                {.fd = keeper_death_fd(g->keeper), .events = POLLIN},
        };

        for (;;) {
                struct signalfd_siginfo info;

                if (poll(fds, 2, -1) < 0) {
                        if (errno == EINTR)
                                continue;
                        return EXIT_DIED;
                }
                if (fds[1].revents != 0 && !keeper_alive(g->keeper)) {
                        log_event(LOG_ERROR, "keeper_died");
                        note_alarm(g->audit, "keeper died", "");
                        return EXIT_DIED;
                }
                if ((fds[0].revents & POLLIN) == 0 ||
                        read(signals, &info, sizeof(info)) != (ssize_t)sizeof(info))
                        continue;
                if (info.ssi_signo != SIGHUP) {
                        log_event(LOG_INFO, "stopping", LOG_NUM("signal", info.ssi_signo));
                        return EXIT_STOPPED;
                }
                reload(g, c);
        }
}

static enum exit_code run(const struct config *c, struct arena *arena, int signals)
{
        struct gateway g = {.threads = c->threads, .started_at_ms = clock_now_ms()};
        static const char *const ends[] = {[EXIT_STOPPED] = "asked to",
                [EXIT_DIED] = "the keeper died",
                [EXIT_START] = "could not start"};
        struct refusal why = {0};
        const char *step = "";
        enum exit_code code = EXIT_START;
        enum err e = start(&g, c, arena, signals, &step, &why);

        if (e == ERR_CANCELLED) {
                code = EXIT_STOPPED; /* asked to leave while it waited for officers */
        } else if (e != ERR_OK) {
                say_why(step, e, &why);
                /* A custodian who is away comes back: worth another try, as when he goes. */
                if (e == ERR_KEEPER_GONE && c->custodian.address != NULL)
                        code = EXIT_DIED;
        } else {
                log_event(LOG_INFO, "started", LOG_NUM("port", rpc_port(g.rpc)));
                code = serve(&g, c, signals);
                remove_address(c);
        }
        stop(&g, ends[code]);
        log_event(LOG_INFO, "stopped", LOG_NUM("exit", code));
        return code;
}

int main(int argc, char **argv)
{
        OWNED(arena_free) struct arena *arena = arena_new(CONFIG_ARENA_MAX);
        struct config config;
        struct refusal why = {0};

        harden();
        keep_memory();
        enum err e = arena == NULL ? ERR_NO_MEMORY : config_read(arena, argc, argv, &config, &why);
        if (e == ERR_CANCELLED)
                return EXIT_STOPPED;
        if (e == ERR_OK)
                e = open_log(&config);
        if (e != ERR_OK) {
                say_why("settings", e, &why);
                return EXIT_SETTINGS;
        }
        int signals = block_signals();
        if (signals < 0)
                return EXIT_START;
        return (int)run(&config, arena, signals);
}
