/* SPDX-License-Identifier: Apache-2.0 */
/* custodian.c: runs the bridge's far end as a process, under another user where the test is root.
 */
#include "tests/support/custodian.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "gateway/keeper/officer.h"

#define PROGRAM STATGATE_BIN_DIR "/statgate-keeper-bridge"

enum { PATH_ROOM = 256, TEXT_ROOM = 1 << 16, START_MS = 60000, TICK_MS = 2 };

static void must(bool made, const char *what)
{
        if (made)
                return;
        (void)fprintf(stderr, "custodian: %s: %s\n", what, strerror(errno));
        abort();
}

static void tick(void)
{
        (void)nanosleep(&(struct timespec){0, TICK_MS * 1000000L}, NULL);
}

static const char *in(const struct custodian *c, const char *name, char room[PATH_ROOM])
{
        must(snprintf(room, PATH_ROOM, "%s/%s", c->folder, name) < PATH_ROOM, name);
        return room;
}

static void own(const struct custodian *c, const char *path)
{
        if (c->uid != 0)
                must(chown(path, c->uid, c->uid) == 0, path);
}

static void copy_file(const struct custodian *c, const char *from, const char *to)
{
        static char bytes[TEXT_ROOM];
        FILE *source = fopen(from, "re"), *target = fopen(to, "we");
        size_t n;

        must(source != NULL && target != NULL, from);
        n = fread(bytes, 1, sizeof bytes, source);
        must(n > 0 && n < sizeof bytes && fwrite(bytes, 1, n, target) == n, to);
        (void)fclose(source);
        must(fclose(target) == 0, to);
        must(chmod(to, 0600) == 0, to);
        own(c, to);
}

void custodian_write(struct custodian *c, const char *name, struct bytes content)
{
        char room[PATH_ROOM];
        FILE *f = fopen(in(c, name, room), "we");

        must(f != NULL, name);
        must(fwrite(content.data, 1, content.len, f) == content.len && fclose(f) == 0, name);
        must(chmod(room, 0600) == 0, name);
        own(c, room);
}

void custodian_place(struct custodian *c)
{
        static const char *const folders[] = {"", "keys", "run", "log", "pki"};
        char room[PATH_ROOM];

        *c = (struct custodian){.pid = 0};
        (void)snprintf(c->folder, sizeof c->folder, "/tmp/statgate-keep-XXXXXX");
        must(mkdtemp(c->folder) != NULL, "folder");
        for (unsigned i = 1; i < ARRAY_LEN(folders); i++)
                must(mkdir(in(c, folders[i], room), 0700) == 0, folders[i]);
        /* Found by whoever looks for the socket; the rest of it is in folders of its own. */
        must(chmod(c->folder, 0755) == 0, "folder");
}

void custodian_make(struct custodian *c, const char *keyring, const char *settings, unsigned uid)
{
        static const char *const folders[] = {"", "keys", "run", "log", "pki"};
        char room[PATH_ROOM], text[2048];

        c->uid = uid;
        for (unsigned i = 0; i < ARRAY_LEN(folders); i++)
                own(c, in(c, folders[i], room));
        copy_file(c, keyring, in(c, "keys/keyring.sgk", room));
        must(unlink(keyring) == 0, keyring);
        must(snprintf(text, sizeof text,
                     "%s\nlog: \"-\"\nlog_level: debug\n"
                     "memory_lock: development\n",
                     settings) < (int)sizeof text,
                "settings");
        custodian_write(c, "statgate.yaml", bytes_of_text(text));
        must(custodian_adopt(c) == 0, "adopt");
}

void custodian_return(struct custodian *c, const char *keyring)
{
        const struct custodian us = {.uid = 0};
        char room[PATH_ROOM];

        copy_file(&us, in(c, "keys/keyring.sgk", room), keyring);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st, (void)type, (void)where;
        return remove(path);
}

void custodian_remove(struct custodian *c)
{
        if (c->pid > 0)
                custodian_kill(c);
        if (c->folder[0] != '\0')
                (void)nftw(c->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        *c = (struct custodian){.pid = 0};
}

/* Processes ---------------------------------------------------------------------- */

/* LeakSanitizer stops a process to look at it, which an undumpable one forbids. */
static void set_environment(void)
{
        const char *asan = getenv("ASAN_OPTIONS");
        char room[512];

        if (asan == NULL)
                return;
        (void)snprintf(room, sizeof room, "%s:detect_leaks=0", asan);
        (void)setenv("ASAN_OPTIONS", room, 1);
}

static pid_t begin(struct custodian *c, const char *verb)
{
        char room[PATH_ROOM];
        int output =
                open(in(c, "log/output", room), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        pid_t pid;

        must(output >= 0, room);
        pid = fork();
        must(pid >= 0, "fork");
        if (pid > 0) {
                (void)close(output);
                return pid;
        }
        set_environment();
        if (c->uid != 0 && (setgroups(0, NULL) != 0 || setgid(c->uid) != 0 || setuid(c->uid) != 0))
                _exit(126);
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
                _exit(126);
        (void)execl(PROGRAM, "statgate-keeper-bridge", verb, c->folder, (char *)NULL);
        _exit(127);
}

static int exit_of(int status)
{
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int await(struct custodian *c)
{
        int status = 0;

        while (waitpid(c->pid, &status, 0) < 0)
                must(errno == EINTR, "wait");
        c->pid = 0;
        return exit_of(status);
}

static int run_to_end(struct custodian *c, const char *verb)
{
        c->pid = begin(c, verb);
        return await(c);
}

int custodian_adopt(struct custodian *c)
{
        return run_to_end(c, "adopt");
}

static bool read_address(struct custodian *c)
{
        char room[PATH_ROOM];
        FILE *f = fopen(in(c, "run/address", room), "re");

        if (f == NULL)
                return false;
        must(fgets(c->address, sizeof c->address, f) != NULL, room);
        (void)fclose(f);
        c->address[strcspn(c->address, "\n")] = '\0';
        return true;
}

int custodian_start(struct custodian *c)
{
        char room[PATH_ROOM];
        int status;

        (void)unlink(in(c, "run/address", room));
        c->pid = begin(c, "serve");
        for (unsigned waited = 0; waited < START_MS; waited += TICK_MS) {
                if (waitpid(c->pid, &status, WNOHANG) == c->pid) {
                        c->pid = 0;
                        return exit_of(status);
                }
                if (read_address(c))
                        return CUSTODIAN_UP;
                tick();
        }
        must(false, "the custodian neither listens nor ends");
        return 0;
}

int custodian_stop(struct custodian *c)
{
        must(c->pid > 0 && kill(c->pid, SIGTERM) == 0, "kill");
        return await(c);
}

int custodian_await(struct custodian *c)
{
        return await(c);
}

pid_t custodian_keeper(const struct custodian *c)
{
        char path[64], line[64] = "";
        FILE *f;

        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)c->pid, (int)c->pid);
        f = fopen(path, "re");
        if (f == NULL)
                return 0;
        if (fgets(line, sizeof line, f) == NULL)
                line[0] = '\0';
        (void)fclose(f);
        return (pid_t)strtol(line, NULL, 10);
}

void custodian_kill(struct custodian *c)
{
        pid_t keeper = custodian_keeper(c);

        must(kill(c->pid, SIGKILL) == 0, "kill");
        (void)await(c);
        if (keeper > 0)
                (void)kill(keeper, SIGCONT); /* a test may have stopped it */
        /* It leaves when its socket ends. */
        for (unsigned waited = 0; keeper > 0 && waited < START_MS; waited += TICK_MS) {
                if (waitpid(keeper, NULL, WNOHANG) == keeper || kill(keeper, 0) != 0)
                        return;
                tick();
        }
}

bool custodian_said(struct custodian *c, const char *text)
{
        static char said[1 << 20];
        char room[PATH_ROOM];
        FILE *f = fopen(in(c, "log/output", room), "re");
        size_t n;

        must(f != NULL, room);
        n = fread(said, 1, sizeof said, f);
        (void)fclose(f);
        return memmem(said, n, text, strlen(text)) != NULL;
}

unsigned custodian_other_user(void)
{
        enum { NOBODY_UID = 65534 };
        int status = 0;
        pid_t pid = geteuid() == 0 ? fork() : -1;

        if (pid < 0)
                return 0;
        if (pid == 0)
                _exit(setgroups(0, NULL) == 0 && setgid(NOBODY_UID) == 0 &&
                                        setuid(NOBODY_UID) == 0 && access(PROGRAM, X_OK) == 0
                                ? 0
                                : 1);
        while (waitpid(pid, &status, 0) < 0)
                must(errno == EINTR, "wait");
        return exit_of(status) == 0 ? NOBODY_UID : 0;
}

/* The door -------------------------------------------------------------------------- */

static int reach_door(struct custodian *c)
{
        struct sockaddr_un at = {.sun_family = AF_UNIX};
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        must(fd >= 0, "socket");
        (void)snprintf(at.sun_path, sizeof at.sun_path, "%s/run/keys.sock", c->folder);
        must(connect(fd, (const struct sockaddr *)&at, sizeof at) == 0, at.sun_path);
        return fd;
}

void custodian_visit(struct custodian *c, const char *passphrase, char out_heard[2][32])
{
        OWNED(buf_done) struct buf said = {.ceiling = OFFICER_TALK_MAX};
        uint8_t heard[1024];
        struct reader answers;
        size_t len = 0;
        ssize_t n;
        int fd = reach_door(c);

        officer_put(&said, OFFICER_PASSPHRASE, bytes_of_text(passphrase));
        /* Who is sent away may be so before she has said anything. */
        (void)!send(fd, said.data, said.len, MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
        while (len < sizeof heard && (n = read(fd, heard + len, sizeof heard - len)) > 0)
                len += (size_t)n;
        (void)close(fd);
        answers = reader_of(bytes_of(heard, len));
        for (unsigned i = 0; i < 2; i++)
                out_heard[i][0] = '\0';
        for (unsigned i = 0; i < 2 && answers.left > 0; i++) {
                struct bytes name = {0}, payload;

                must(officer_read_answer(&answers, &name, &payload) == ERR_OK, "answer");
                (void)snprintf(out_heard[i], 32, "%.*s", (int)name.len, (const char *)name.data);
        }
}
