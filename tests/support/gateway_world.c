/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_world.c: makes a data folder and runs the real gateway on it.
 *
 * The folder is made here and not by `statgate init`, since tests want what that
 * command rightly never makes: certificates that are expired or of a foreign
 * authority, signatures by the wrong officer, a passphrase that costs nothing. */
#include "tests/support/gateway_world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "gateway/keeper/keeper.h"
#include "policies/policy.h"
#include "policies/sign.h"
#include "tests/support/gateway_sealing.h"
#include "tests/support/reported.h"

enum { WORLD_ARENA_MAX = 1 << 30, FILE_MAX = 256 << 20, START_MS = 60000, STOP_MS = 60000 };

struct call_status world_status;
struct bytes world_answer;

static const char passphrase[] = "en lösenfras som inte kostar något";

static void must(bool made, const char *what)
{
        if (made)
                return;
        (void)fprintf(stderr, "gateway_world: %s: %s\n", what, strerror(errno));
        abort();
}

void nap(unsigned ms)
{
        (void)nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000L}, NULL);
}

/* Files ------------------------------------------------------------------------ */

const char *world_path(struct world *w, const char *name)
{
        const char *path = arena_printf(w->arena, "%s/%s", w->folder, name);

        must(path != NULL, "arena");
        return path;
}

struct bytes world_read(struct world *w, const char *path)
{
        OWNED(buf_done) struct buf b = {.ceiling = FILE_MAX};
        struct bytes bytes, copy = {0};
        uint8_t chunk[16384];
        size_t n;
        FILE *f = fopen(path, "re");

        must(f != NULL, path);
        while ((n = fread(chunk, 1, sizeof chunk, f)) > 0)
                put_raw(&b, chunk, n);
        (void)fclose(f);
        must(buf_end(&b, &bytes) == ERR_OK && bytes_copy(w->arena, bytes, &copy) == ERR_OK, path);
        return copy;
}

static void write_at(const char *path, struct bytes content)
{
        FILE *f = fopen(path, "we");

        must(f != NULL, path);
        must(fwrite(content.data, 1, content.len, f) == content.len, path);
        must(fclose(f) == 0, path);
}

void world_write(struct world *w, const char *name, struct bytes content)
{
        write_at(world_path(w, name), content);
}

bool world_exists(struct world *w, const char *name)
{
        return access(world_path(w, name), F_OK) == 0;
}

bool world_said(struct world *w, const char *text)
{
        struct bytes said = world_read(w, w->output);

        return memmem(said.data, said.len, text, strlen(text)) != NULL;
}

void world_edit(struct world *w, const char *name, const char *from, const char *to)
{
        OWNED(buf_done) struct buf b = {.ceiling = FILE_MAX};
        struct bytes old = world_read(w, world_path(w, name)), bytes;
        const uint8_t *at = memmem(old.data, old.len, from, strlen(from));

        must(at != NULL, from);
        put_raw(&b, old.data, (size_t)(at - old.data));
        put_raw(&b, to, strlen(to));
        at += strlen(from);
        put_raw(&b, at, (size_t)(old.data + old.len - at));
        must(buf_end(&b, &bytes) == ERR_OK, name);
        world_write(w, name, bytes);
}

static void copy_folder(const char *from, const char *to)
{
        DIR *dir = opendir(from);

        must(dir != NULL, from);
        must(mkdir(to, 0700) == 0 || errno == EEXIST, to);
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
                char source[4096], target[4096], chunk[16384];
                struct stat st;
                size_t n;

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(source, sizeof source, "%s/%s", from, e->d_name);
                (void)snprintf(target, sizeof target, "%s/%s", to, e->d_name);
                must(stat(source, &st) == 0, source);
                if (S_ISDIR(st.st_mode)) {
                        copy_folder(source, target);
                        continue;
                }
                FILE *in = fopen(source, "re"), *out = fopen(target, "we");
                must(in != NULL && out != NULL, target);
                while ((n = fread(chunk, 1, sizeof chunk, in)) > 0)
                        must(fwrite(chunk, 1, n, out) == n, target);
                (void)fclose(in);
                must(fclose(out) == 0, target);
        }
        (void)closedir(dir);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st, (void)where;
        if (type == FTW_DNR)
                (void)chmod(path, 0700);
        return remove(path);
}

/* The folder ------------------------------------------------------------------- */

static void make_keyring(struct world *w)
{
        const struct keeper_options options = {
                .program = STATGATE_BIN_DIR "/statgate-keeper",
                .state_path = world_path(w, "keys/keyring.sgk"),
        };
        const struct keyring_cost cost = {8, 1};
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct keeper *k = NULL;
        int fd = open(w->passphrase, O_RDONLY | O_CLOEXEC);

        must(fd >= 0, w->passphrase);
        must(sign_keygen(&w->officer, public_key) == ERR_OK, "officer");
        must(keeper_start(&options, &k) == ERR_OK, "keeper");
        must(keeper_create(k, fd, cost, public_key) == ERR_OK, "keyring");
        keeper_stop(&k);
        (void)close(fd);
}

static void make_certificates(struct world *w)
{
        struct cert_pair server;

        must(cert_make_ca(w->arena, "trial CA", 30, &w->ca) == ERR_OK, "CA");
        must(cert_make_ca(w->arena, "another CA", 30, &w->other_ca) == ERR_OK, "other CA");
        must(cert_make_leaf(w->arena, &w->ca, "statgated", NULL, NULL, 30, &server) == ERR_OK,
                "server");
        world_write(w, "pki/ca.pem", w->ca.cert_pem);
        world_write(w, "pki/server.pem", server.cert_pem);
        world_write(w, "pki/server.key", server.key_pem);
        world_write(w, "pki/revoked.txt", bytes_of_text("# nobody\n"));
}

void world_sign(struct world *w, const struct secret *by)
{
        OWNED(buf_done) struct buf b = {.ceiling = 4 << 20};
        OWNED(policy_unref) struct policy *p = NULL;
        struct refusal why = {0};
        struct bytes file = {0};

        if (policy_load(world_path(w, "policy"), &p, &why) != ERR_OK)
                must(false, why.len > 0 ? why.violations[0].text : "policy");
        must(bundle_sign(p, by, &b) == ERR_OK && buf_end(&b, &file) == ERR_OK, "signature");
        world_write(w, "policy/bundle.sgb", file);
}

static void make_settings(struct world *w)
{
        const char *text = arena_printf(w->arena,
                "address: 127.0.0.1:0\n"
                "policy: policy\n"
                "pki: pki\n"
                "store: store/statgate.db\n"
                "keyring: keys/keyring.sgk\n"
                "passphrase_file: %s\n"
                "memory_lock: development\n"
                "threads: 2\n"
                "view_memory_mib: 256\n"
                "drain_seconds: 5\n"
                "log: log/statgated.log\n"
                "log_level: debug\n",
                w->passphrase);

        world_write(w, "statgate.yaml", bytes_of_text(text));
}

void world_make(struct world *w)
{
        static const char *const folders[] = {"pki", "keys", "store", "run", "log"};

        memset(w, 0, sizeof *w);
        must(crypto_init(1 << 20, false) == ERR_OK, "crypto_init");
        must(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0, "subreaper");
        must((w->arena = arena_new(WORLD_ARENA_MAX)) != NULL, "arena");
        (void)snprintf(w->folder, sizeof w->folder, "/tmp/statgate-flow-XXXXXX");
        must(mkdtemp(w->folder) != NULL, "folder");
        (void)snprintf(w->output, sizeof w->output, "%s.output", w->folder);
        (void)snprintf(w->passphrase, sizeof w->passphrase, "%s.pass", w->folder);
        for (unsigned i = 0; i < ARRAY_LEN(folders); i++)
                must(mkdir(world_path(w, folders[i]), 0700) == 0, folders[i]);
        write_at(w->passphrase, bytes_of(passphrase, sizeof passphrase - 1));
        write_at(w->output, bytes_of(NULL, 0));
        make_keyring(w);
        make_certificates(w);
        copy_folder(STATGATE_ROOT "/policies/bundle", world_path(w, "policy"));
        world_pin_submission_keys(w);
        world_sign(w, w->officer);
        make_settings(w);
}

/* What a sanitizer had to say about the gateway or its keeper fails the test, also
 * where nobody looked at the exit code. */
static bool sanitizer_spoke(struct world *w)
{
        static const char *const words[] = {"Sanitizer: ", "runtime error: "};
        struct bytes said = world_read(w, w->output);

        for (unsigned i = 0; i < ARRAY_LEN(words); i++) {
                if (memmem(said.data, said.len, words[i], strlen(words[i])) == NULL)
                        continue;
                print_error("%.*s\n", (int)said.len, (const char *)said.data);
                return true;
        }
        return false;
}

void world_remove(struct world *w)
{
        world_drop_clients(w);
        if (w->pid > 0)
                world_kill(w);
        must(!sanitizer_spoke(w), "a sanitizer complained");
        secret_free(&w->officer);
        if (getenv("STATGATE_KEEP") == NULL) {
                (void)nftw(w->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
                (void)unlink(w->output);
                (void)unlink(w->passphrase);
        }
        arena_free(&w->arena);
}

/* Processes -------------------------------------------------------------------- */

pid_t child_of(pid_t pid)
{
        char path[64];
        int child = 0;

        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
        FILE *f = fopen(path, "re");
        if (f == NULL)
                return 0;
        if (fscanf(f, "%d", &child) != 1)
                child = 0;
        (void)fclose(f);
        return child;
}

long resident_kb(pid_t pid)
{
        char path[64];
        long pages = 0, resident = 0;

        (void)snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
        FILE *f = fopen(path, "re");
        if (f != NULL && fscanf(f, "%ld %ld", &pages, &resident) != 2)
                resident = 0;
        if (f != NULL)
                (void)fclose(f);
        return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Between fork and exec: system calls only. */
static void become_gateway(
        const struct world_start *how, int output, char *const *arguments, char *const *environment)
{
        if (how->user != 0 &&
                (setgroups(0, NULL) != 0 || setgid(how->user) != 0 || setuid(how->user) != 0))
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)signal(SIGXFSZ, SIG_IGN); /* a file beyond its limit is an error like others */
        if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
                _exit(126);
        (void)execve(STATGATE_BIN_DIR "/statgated", arguments, environment);
        _exit(127);
}

/* LeakSanitizer stops a process to look at it, which an undumpable one forbids; it
 * would report that as an error of its own. */
static char *const *environment_of(struct world *w, const struct world_start *how)
{
        enum { ROOM = 256 };
        extern char **environ;
        char **out = arena_alloc(w->arena, ROOM, sizeof *out);
        unsigned n = 0;

        must(out != NULL, "arena");
        for (char **e = environ; *e != NULL && n < ROOM - 8; e++) {
                if (strncmp(*e, "ASAN_OPTIONS=", 13) == 0)
                        out[n++] = arena_printf(w->arena, "%s:detect_leaks=0", *e);
                else
                        out[n++] = *e;
        }
        for (unsigned i = 0; how->environment[i] != NULL; i++)
                out[n++] = (char *)(uintptr_t)how->environment[i];
        if (how->trace != NULL)
                out[n++] = arena_printf(w->arena, "STATGATE_TRACE=%s", how->trace);
        return out;
}

static int exit_of(int status)
{
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static const char *output_of(struct world *w)
{
        struct bytes said = world_read(w, w->output);

        return arena_strndup(w->arena, said.len > 0 ? (const char *)said.data : "", said.len);
}

int world_wait(struct world *w, unsigned ms)
{
        int64_t until = clock_monotonic_ns() + (int64_t)ms * 1000000;
        int status;

        for (;;) {
                pid_t got = waitpid(w->pid, &status, WNOHANG);

                if (got == w->pid) {
                        w->pid = 0;
                        if (exit_of(status) == REPORTED_EXIT)
                                reported_check(REPORTED_EXIT, output_of(w));
                        return exit_of(status);
                }
                if (clock_monotonic_ns() > until)
                        return WORLD_UP;
                nap(2);
        }
}

static void read_address(struct world *w)
{
        struct bytes line = world_read(w, world_path(w, "run/address"));
        size_t len = line.len < sizeof w->address ? line.len : sizeof w->address - 1;

        memcpy(w->address, line.data, len);
        w->address[len] = '\0';
        w->address[strcspn(w->address, "\n")] = '\0';
}

static pid_t spawn(struct world *w, const struct world_start *how)
{
        char *arguments[12] = {
                (char *)(uintptr_t) "statgated", (char *)(uintptr_t) "--data", w->folder};
        char *const *environment = environment_of(w, how);
        int output = open(w->output, O_WRONLY | O_APPEND | O_CLOEXEC);
        unsigned n = 3;

        must(output >= 0, w->output);
        for (unsigned i = 0; how->flags[i] != NULL; i++)
                arguments[n++] = (char *)(uintptr_t)how->flags[i];
        pid_t pid = fork();
        must(pid >= 0, "fork");
        if (pid == 0)
                become_gateway(how, output, arguments, environment);
        (void)close(output);
        return pid;
}

int world_try(struct world *w, const struct world_start *how)
{
        /* After a kill the last address may still stand there. */
        (void)unlink(world_path(w, "run/address"));
        w->pid = spawn(w, how);
        for (unsigned waited = 0; waited < START_MS; waited += 2) {
                int code = world_wait(w, 0);

                if (code != WORLD_UP)
                        return code;
                if (world_exists(w, "run/address")) {
                        read_address(w);
                        w->keeper = child_of(w->pid);
                        return WORLD_UP;
                }
                nap(2);
        }
        must(false, "the gateway neither listens nor ends");
        return 0;
}

int world_try_second(struct world *w, const struct world_start *how)
{
        struct world second = *w;

        second.pid = spawn(w, how);
        return world_wait(&second, START_MS);
}

void world_start(struct world *w)
{
        const struct world_start plain = {0};
        int code = world_try(w, &plain);

        if (code != WORLD_UP) {
                print_error("%s\n", output_of(w));
                fail_msg("statgated ended with %d", code);
        }
}

/* Orphans of the gateway come to us (world_make), so none stays as a zombie. */
static bool gone(pid_t pid, unsigned ms)
{
        for (unsigned waited = 0; waited < ms; waited += 2) {
                if (pid <= 0 || waitpid(pid, NULL, WNOHANG) == pid || kill(pid, 0) != 0)
                        return true;
                nap(2);
        }
        return false;
}

int world_stop(struct world *w)
{
        world_drop_clients(w);
        assert_true(w->pid > 0);
        (void)kill(w->pid, SIGTERM);
        int code = world_wait(w, STOP_MS);
        assert_int_not_equal(code, WORLD_UP);
        assert_true(gone(w->keeper, 5000));
        w->keeper = 0;
        assert_false(world_exists(w, "run/address"));
        return code;
}

void world_kill(struct world *w)
{
        world_drop_clients(w);
        if (w->keeper > 0)
                (void)kill(w->keeper, SIGCONT); /* a test may have stopped it */
        (void)kill(w->pid, SIGKILL);
        (void)world_wait(w, STOP_MS);
        assert_true(gone(w->keeper, 5000));
        w->keeper = 0;
}

/* Clients ---------------------------------------------------------------------- */

struct client *world_stranger(
        struct world *w, const char *uri, const struct cert_pair *ca, int days)
{
        struct cert_pair pair;
        struct client *c = NULL;
        char certificate[96], key[96], authority[96];

        (void)snprintf(
                certificate, sizeof certificate, "%s/client-%u.pem", w->folder, w->certificates);
        (void)snprintf(key, sizeof key, "%s/client-%u.key", w->folder, w->certificates++);
        (void)snprintf(authority, sizeof authority, "%s/pki/ca.pem", w->folder);
        must(cert_make_leaf(w->arena, ca != NULL ? ca : &w->ca, "a client", NULL, uri, days,
                     &pair) == ERR_OK,
                "certificate");
        write_at(certificate, pair.cert_pem);
        write_at(key, pair.key_pem);
        const struct client_options options = {
                .address = w->address,
                .ca_file = authority,
                .certificate_file = certificate,
                .key_file = key,
        };
        must(client_open(&options, &c) == ERR_OK, "client");
        must(w->clients_len < WORLD_CLIENTS_MAX, "room for clients");
        w->clients[w->clients_len].who[0] = '\0';
        w->clients[w->clients_len++].client = c;
        return c;
}

struct client *world_client(struct world *w, const char *who)
{
        char uri[160];

        for (unsigned i = 0; i < w->clients_len; i++)
                if (strcmp(w->clients[i].who, who) == 0)
                        return w->clients[i].client;
        (void)snprintf(uri, sizeof uri, "statgate://" WORLD_TRUST "/%s", who);
        struct client *c = world_stranger(w, uri, NULL, 30);
        (void)snprintf(w->clients[w->clients_len - 1].who, sizeof w->clients[0].who, "%s", who);
        return c;
}

void world_drop_clients(struct world *w)
{
        while (w->clients_len > 0)
                client_close(&w->clients[--w->clients_len].client);
}

enum status world_call(struct world *w, struct client *c, const char *method, struct bytes request)
{
        const char *path = arena_printf(w->arena, "/statgate.v1.%s", method);
        enum err e;

        world_answer = bytes_of(NULL, 0);
        memset(&world_status, 0, sizeof world_status);
        e = client_unary(c, w->arena, path, request, 60000, &world_answer, &world_status);
        assert_int_equal(e == ERR_OK, world_status.code == STATUS_OK);
        return world_status.code;
}

bool world_blames(const char *field)
{
        for (uint32_t i = 0; i < world_status.details.len; i++)
                if (strcmp(world_status.details.violations[i].field, field) == 0)
                        return true;
        return false;
}

/* Rules ---------------------------------------------------------------------------- */

/* The paragraph that begins with this line. */
static void cut_paragraph(char *text, const char *line)
{
        char *at = strstr(text, line), *end = at != NULL ? strstr(at, "\n\n") : NULL;

        if (at != NULL)
                memmove(at, end != NULL ? end + 1 : at + strlen(at),
                        end != NULL ? strlen(end + 1) + 1 : 1);
}

static void each_dataset(struct world *w,
        void (*change)(struct world *, const char *, const char *), const char *word)
{
        DIR *d = opendir(world_path(w, "policy/datasets"));
        struct dirent *e;

        must(d != NULL, "policy/datasets");
        while ((e = readdir(d)) != NULL) {
                char name[128];

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(name, sizeof name, "policy/datasets/%.100s", e->d_name);
                change(w, name, word);
        }
        (void)closedir(d);
        world_sign(w, w->officer);
}

static void unplan(struct world *w, const char *name, const char *but)
{
        struct bytes text = world_read(w, world_path(w, name));
        char *copy = arena_strndup(w->arena, (const char *)text.data, text.len);

        must(copy != NULL, "memory");
        if (but != NULL && strstr(name, but) != NULL)
                return;
        cut_paragraph(copy, "\nlattice:\n");
        world_write(w, name, bytes_of_text(copy));
}

static void stand_alone(struct world *w, const char *name, const char *word)
{
        static const char standard[] = "{preset: standard,";

        (void)word;
        unplan(w, name, NULL);
        struct bytes text = world_read(w, world_path(w, name));
        if (memmem(text.data, text.len, standard, sizeof standard - 1) != NULL)
                world_edit(w, name, standard, "{preset: open, secondary: no,");
}

void world_plan_only(struct world *w, const char *dataset)
{
        each_dataset(w, unplan, dataset);
}

void world_answer_alone(struct world *w)
{
        each_dataset(w, stand_alone, NULL);
}
