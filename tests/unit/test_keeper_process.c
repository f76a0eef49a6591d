/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_process.c: the keeper as a process among processes: many askers at once,
 * its death and ours, and what the system says it has given up. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/confine.h"
#include "tests/support/keeper_stage.h"

#define KEEPER_PROGRAM STATGATE_BIN_DIR "/statgate-keeper"

static bool sanitized(void)
{
        const char *kind = getenv("STATGATE_SANITIZE");

        return kind != NULL && *kind != '\0';
}

/* Many askers -------------------------------------------------------------- */

enum { ASKERS = 8, ROUNDS = 12, ROWS = 200 };

struct asker {
        struct keeper *k;
        struct keeper_accept batch;
        enum err failed;
        unsigned done;
        atomic_uint *waiting; /* askers that have asked at least once */
};

/* Accepts a batch and opens it again: twice the same tokens, or something mixed up. */
static enum err one_round(struct asker *a, uint32_t sequence, struct arena *arena, uint8_t *tokens)
{
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in = {.linkage = "barn", .purpose = "statistik", .vintage = {1, 0}};
        bool same;

        a->batch.name.sequence = sequence;
        TRY(keeper_accept(a->k, &a->batch, arena, &accepted));
        in.name = a->batch.name;
        in.epoch = accepted.epoch;
        in.sealed = accepted.sealed;
        TRY(keeper_open_for_view(a->k, &in, &opened));
        if (sequence == 0)
                memcpy(tokens, opened.tokens, ROWS * PSEUDONYM_LEN);
        same = opened.rows == ROWS && bytes_equal(opened.body, a->batch.body) &&
               memcmp(tokens, opened.tokens, ROWS * PSEUDONYM_LEN) == 0;
        keeper_release(a->k, &opened);
        return same ? ERR_OK : ERR_CORRUPT;
}

static void *ask_rounds(void *arg)
{
        struct asker *a = arg;
        struct arena *arena = arena_new(64 << 20);
        uint8_t tokens[ROWS * PSEUDONYM_LEN];

        for (unsigned i = 0; i < ROUNDS && a->failed == ERR_OK; i++) {
                struct domain d = {"placering", (municipality_t)(i % 2 == 0 ? 114 : 180)};

                a->failed = keeper_prepare_domain(a->k, &d);
                if (a->failed == ERR_OK)
                        a->failed = one_round(a, i, arena, tokens);
                a->done += a->failed == ERR_OK ? 1 : 0;
                arena_reset(arena);
        }
        arena_free(&arena);
        return NULL;
}

static void eight_askers_at_once_get_their_own_answers(void **state)
{
        struct stage s;
        struct asker askers[ASKERS];
        pthread_t threads[ASKERS];

        (void)state;
        stage_up(&s, 3);
        for (unsigned i = 0; i < ASKERS; i++) {
                askers[i] = (struct asker){.k = s.k,
                        .batch = world_batch(&s.w, "anmalan", 114, i * 1000, ROWS, 100 + i)};
                assert_int_equal(pthread_create(&threads[i], NULL, ask_rounds, &askers[i]), 0);
        }
        for (unsigned i = 0; i < ASKERS; i++) {
                (void)pthread_join(threads[i], NULL);
                assert_int_equal(askers[i].failed, ERR_OK);
                assert_int_equal(askers[i].done, ROUNDS);
        }
        stage_down(&s);
}

static void *ask_for_a_view(void *arg)
{
        struct asker *a = arg;
        struct arena *arena = arena_new(64 << 20);
        uint8_t tokens[ROWS * PSEUDONYM_LEN];

        a->failed = one_round(a, 0, arena, tokens);
        arena_free(&arena);
        return NULL;
}

static void a_lent_slot_makes_others_wait_but_not_the_small_questions(void **state)
{
        struct stage s;
        struct asker asker;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in = {.linkage = "barn", .purpose = "statistik"};
        struct keeper_person nobody = stage_nobody();
        pthread_t thread;
        uint8_t first[PSEUDONYM_LEN];

        (void)state;
        stage_up(&s, 1);
        asker = (struct asker){.k = s.k, .batch = world_batch(&s.w, "anmalan", 114, 0, ROWS, 100)};
        assert_int_equal(keeper_accept(s.k, &asker.batch, s.w.arena, &accepted), ERR_OK);
        in.name = asker.batch.name;
        in.epoch = accepted.epoch;
        in.sealed = accepted.sealed;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        memcpy(first, opened.tokens, sizeof first);
        assert_int_equal(pthread_create(&thread, NULL, ask_for_a_view, &asker), 0);
        for (unsigned i = 0; i < 50; i++) {
                assert_int_equal(keeper_erase_begin(s.k, 114, "", &nobody), ERR_BOX_KEY);
                assert_int_equal(
                        keeper_prepare_domain(s.k, &(struct domain){"anmalan", 114}), ERR_OK);
        }
        assert_memory_equal(opened.tokens, first, sizeof first);
        keeper_release(s.k, &opened);
        (void)pthread_join(thread, NULL);
        assert_int_equal(asker.failed, ERR_OK);
        stage_down(&s);
}

/* Death -------------------------------------------------------------------- */

static void *ask_until_it_fails(void *arg)
{
        struct asker *a = arg;
        struct arena *arena = arena_new(64 << 20);
        struct keeper_accepted accepted;

        while (a->failed == ERR_OK) {
                a->failed = keeper_accept(a->k, &a->batch, arena, &accepted);
                if (a->done++ == 0)
                        atomic_fetch_add(a->waiting, 1);
                arena_reset(arena);
        }
        arena_free(&arena);
        return NULL;
}

static void when_the_keeper_dies_everybody_hears_it_at_once(void **state)
{
        struct stage s;
        struct asker askers[ASKERS];
        pthread_t threads[ASKERS];
        struct keeper_accepted accepted;
        struct keeper_person nobody = stage_nobody();
        atomic_uint waiting = 0;
        struct pollfd death;
        int64_t killed_ns;

        (void)state;
        stage_up(&s, 2); /* some of the askers will be waiting for a slot */
        death = (struct pollfd){.fd = keeper_death_fd(s.k), .events = POLLIN};
        for (unsigned i = 0; i < ASKERS; i++) {
                askers[i] = (struct asker){.k = s.k,
                        .batch = world_batch(&s.w, "anmalan", 114, 0, 5000, 100),
                        .waiting = &waiting};
                assert_int_equal(
                        pthread_create(&threads[i], NULL, ask_until_it_fails, &askers[i]), 0);
        }
        while (atomic_load(&waiting) < ASKERS)
                (void)usleep(1000);
        assert_int_equal(poll(&death, 1, 0), 0);
        assert_true(keeper_alive(s.k));
        killed_ns = clock_monotonic_ns();
        assert_int_equal(kill(keeper_pid(s.k), SIGKILL), 0);
        for (unsigned i = 0; i < ASKERS; i++) {
                (void)pthread_join(threads[i], NULL);
                assert_int_equal(askers[i].failed, ERR_KEEPER_GONE);
        }
        assert_true(clock_monotonic_ns() - killed_ns < INT64_C(10000000000));
        assert_int_equal(poll(&death, 1, 1000), 1);
        assert_false(keeper_alive(s.k));
        assert_int_equal(
                keeper_accept(s.k, &askers[0].batch, s.w.arena, &accepted), ERR_KEEPER_GONE);
        assert_int_equal(keeper_erase_begin(s.k, 114, "", &nobody), ERR_KEEPER_GONE);
        assert_int_equal(
                keeper_prepare_domain(s.k, &(struct domain){"anmalan", 180}), ERR_KEEPER_GONE);
        assert_int_equal(keeper_load_bundle(s.k, bytes_of_text("x")), ERR_KEEPER_GONE);
        stage_down(&s);
}

static void a_signal_meant_for_the_gateway_does_not_end_the_keeper(void **state)
{
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        struct stage s;

        (void)state;
        stage_up(&s, 1);
        for (unsigned i = 0; i < ARRAY_LEN(signals); i++)
                assert_int_equal(kill(keeper_pid(s.k), signals[i]), 0);
        assert_int_equal(keeper_prepare_domain(s.k, &(struct domain){"anmalan", 180}), ERR_OK);
        stage_down(&s);
}

/* Whether the process is gone, or about to be buried by somebody else. */
static bool is_gone(pid_t pid)
{
        char path[64], line[512] = "";
        FILE *file;

        (void)snprintf(path, sizeof path, "/proc/%d/stat", pid);
        file = fopen(path, "r");
        if (file == NULL)
                return true;
        (void)!fgets(line, sizeof line, file);
        (void)fclose(file);
        return strstr(line, ") Z") != NULL || *line == '\0';
}

static void the_keeper_leaves_when_the_gateway_is_killed(void **state)
{
        struct world w;
        int pipe_fds[2];
        pid_t gateway, keeper = 0;
        int status;
        unsigned patience = 0;

        (void)state;
        world_open(&w);
        assert_int_equal(pipe(pipe_fds), 0);
        gateway = fork();
        assert_true(gateway >= 0);
        if (gateway == 0) {
                const struct keeper_options options = {
                        .program = KEEPER_PROGRAM, .state_path = w.state};
                struct keeper *k = NULL;

                if (keeper_start(&options, &k) == ERR_OK)
                        keeper = keeper_pid(k);
                (void)!write(pipe_fds[1], &keeper, sizeof keeper);
                (void)pause();
                _exit(1);
        }
        assert_int_equal(read(pipe_fds[0], &keeper, sizeof keeper), sizeof keeper);
        assert_true(keeper > 0);
        assert_false(is_gone(keeper));
        assert_int_equal(kill(gateway, SIGKILL), 0);
        assert_int_equal(waitpid(gateway, &status, 0), gateway);
        while (!is_gone(keeper) && patience++ < 20000)
                (void)usleep(1000);
        assert_true(is_gone(keeper));
        (void)close(pipe_fds[0]);
        (void)close(pipe_fds[1]);
        world_close(&w);
}

static void a_program_that_is_no_keeper_is_noticed(void **state)
{
        struct world w;
        struct keeper *k = NULL;
        struct keeper_options options = {.program = "/no/such/program"};

        (void)state;
        world_open(&w);
        options.state_path = w.state;
        assert_int_equal(keeper_start(&options, &k), ERR_UNREADABLE);
        options.program = "/bin/true";
        assert_int_equal(keeper_start(&options, &k), ERR_KEEPER_GONE);
        options.program = w.folder;
        assert_int_equal(keeper_start(&options, &k), ERR_KEEPER_GONE);
        assert_null(k);
        world_close(&w);
}

/* What it has given up ----------------------------------------------------- */

/* The number behind `field` in /proc/PID/status. */
static long status_of(pid_t pid, const char *field)
{
        char path[64], line[256];
        long value = -1;
        FILE *file;

        (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
        file = fopen(path, "r");
        assert_non_null(file);
        while (fgets(line, sizeof line, file) != NULL)
                if (strncmp(line, field, strlen(field)) == 0)
                        value = strtol(line + strlen(field) + 1, NULL, 10);
        (void)fclose(file);
        return value;
}

static void the_process_is_locked_filtered_and_cannot_be_dumped(void **state)
{
        struct rlimit core = {1, 1};
        struct stage s;
        struct stat st;
        char path[64];
        pid_t pid;

        (void)state;
        stage_up(&s, 1);
        pid = keeper_pid(s.k);
        assert_int_equal(status_of(pid, "Seccomp:"), 2);
        assert_int_equal(status_of(pid, "NoNewPrivs:"), 1);
        if (!sanitized() && geteuid() == 0)
                assert_true(status_of(pid, "VmLck:") >= status_of(pid, "VmRSS:"));
        assert_int_equal(prlimit(pid, RLIMIT_CORE, NULL, &core), 0);
        assert_int_equal(core.rlim_cur + core.rlim_max, 0);
        /* Not dumpable: the system itself owns what stands under /proc. */
        (void)snprintf(path, sizeof path, "/proc/%d/status", pid);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_uid, 0);
        stage_down(&s);
}

static void it_holds_no_descriptor_beyond_its_own(void **state)
{
        struct stage s;
        char path[64], target[128];
        int extra[20];

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(extra); i++)
                extra[i] = open("/dev/null", O_RDONLY); /* inheritable, as a careless host's */
        stage_up(&s, 1);
        for (int fd = 0; fd < 64; fd++) {
                ssize_t n;

                (void)snprintf(path, sizeof path, "/proc/%d/fd/%d", keeper_pid(s.k), fd);
                n = readlink(path, target, sizeof target - 1);
                if (n < 0 && geteuid() != 0)
                        continue; /* not dumpable: not even a look */
                assert_true((n > 0) == (fd <= 3));
                target[n > 0 ? n : 0] = '\0';
                if (fd < 2)
                        assert_string_equal(target, "/dev/null");
                if (fd == 3)
                        assert_ptr_equal(strstr(target, "socket:"), target);
        }
        for (unsigned i = 0; i < ARRAY_LEN(extra); i++)
                (void)close(extra[i]);
        stage_down(&s);
}

static void nothing_of_the_environment_reaches_it(void **state)
{
        struct stage s;
        char path[64], text[256];
        ssize_t n;
        int fd;

        (void)state;
        assert_int_equal(setenv("OPENSSL_CONF", "/tmp/evil.cnf", 1), 0);
        stage_up(&s, 1);
        (void)snprintf(path, sizeof path, "/proc/%d/environ", keeper_pid(s.k));
        fd = open(path, O_RDONLY);
        if (fd >= 0) {
                n = read(fd, text, sizeof text - 1);
                text[n > 0 ? n : 0] = '\0';
                assert_null(strstr(text, "evil"));
                if (!sanitized())
                        assert_int_equal(n, 0);
                (void)close(fd);
        }
        (void)unsetenv("OPENSSL_CONF");
        stage_down(&s);
}

static void call_socket(void)
{
        (void)syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}
static void call_connect(void)
{
        (void)syscall(SYS_connect, 3, NULL, 0);
}
static void call_execve(void)
{
        char *none[] = {NULL};

        (void)syscall(SYS_execve, "/bin/true", none, none);
}
static void call_ptrace(void)
{
        (void)syscall(SYS_ptrace, 0, 0, 0, 0);
}
static void call_kill(void)
{
        (void)syscall(SYS_kill, 1, 0);
}
static void call_open(void)
{
        (void)syscall(SYS_open, "/etc/passwd", O_RDONLY);
}
static void call_openat(void)
{
        (void)syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY);
}
static void call_fork(void)
{
        (void)syscall(SYS_fork);
}
static void call_dumpable(void)
{
        (void)syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
}
static void call_mmap_exec(void)
{
        (void)syscall(
                SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}
static void call_mmap_file(void)
{
        (void)syscall(SYS_mmap, NULL, 4096, PROT_READ, MAP_PRIVATE, 0, 0);
}
static void call_munlockall(void)
{
        (void)syscall(SYS_munlockall);
}
static void call_nothing(void)
{
}

/* How a child ends that confines itself and then makes the call. */
static int end_of(void (*call)(void))
{
        int status = 0;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                if (confine_process() != ERR_OK || confine_calls() != ERR_OK)
                        _exit(1);
                call();
                _exit(0);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        return status;
}

static void a_forbidden_call_ends_the_process(void **state)
{
        static void (*const always[])(void) = {call_socket, call_connect, call_execve, call_ptrace,
                call_kill, call_fork, call_munlockall, call_open};
        /* A sanitizer's runtime needs these itself. */
        static void (*const plain[])(void) = {
                call_openat, call_dumpable, call_mmap_exec, call_mmap_file};

        (void)state;
        assert_int_equal(end_of(call_nothing), 0);
        for (unsigned i = 0; i < ARRAY_LEN(always); i++) {
                int status = end_of(always[i]);

                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        }
        for (unsigned i = 0; i < ARRAY_LEN(plain) && !sanitized(); i++) {
                int status = end_of(plain[i]);

                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
        }
}

/* As somebody without privileges: first with locking required, then without. */
static int try_without_privileges(void)
{
        struct keeper_options options = {.program = KEEPER_PROGRAM, .lock_required = true};
        const struct rlimit little = {64 << 10, 64 << 10};
        struct keeper *k = NULL;
        char state_path[64], path[64];
        struct stat st;
        int fd;

        if (setrlimit(RLIMIT_MEMLOCK, &little) != 0 || setgid(65534) != 0 || setuid(65534) != 0)
                return 10;
        (void)snprintf(state_path, sizeof state_path, "/tmp/no-such-folder/keyring.sgk");
        options.state_path = state_path;
        if (access(options.program, X_OK) != 0)
                return 0; /* a build folder of root's: nothing to be seen from here */
        if (!sanitized() && keeper_start(&options, &k) != ERR_MEMORY_LOCK)
                return 11;
        options.lock_required = false;
        if (keeper_start(&options, &k) != ERR_OK)
                return 12;
        (void)snprintf(path, sizeof path, "/proc/%d/mem", keeper_pid(k));
        fd = open(path, O_RDONLY); /* the same user, and yet */
        if (fd >= 0 || stat(path, &st) != 0 || st.st_uid != 0)
                return 13;
        keeper_stop(&k);
        return 0;
}

static void without_the_right_to_lock_memory_it_refuses_to_start(void **state)
{
        int status = 0;
        pid_t pid;

        (void)state;
        if (geteuid() != 0) {
                skip();
                return;
        }
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(try_without_privileges());
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void with_locking_required_it_starts_where_it_may(void **state)
{
        struct world w;
        struct keeper *k = NULL;
        struct keeper_options options = {.program = KEEPER_PROGRAM, .lock_required = true};

        (void)state;
        world_open(&w);
        options.state_path = w.state;
        if (geteuid() == 0)
                assert_int_equal(keeper_start(&options, &k), ERR_OK);
        keeper_stop(&k);
        world_close(&w);
}

/* The self-test ---------------------------------------------------------------- */

#ifdef KEEPER_ILL
/* keeper_ill tests itself every 40 ms, and the fifth time it does not hold. */
static void a_self_test_that_fails_under_way_ends_the_keeper(void **state)
{
        struct keeper_options options = {.program = KEEPER_ILL};
        struct stage s = {.k = NULL};
        struct keeper_accepted accepted;
        struct keeper_accept batch;
        unsigned served = 0;
        enum err e;

        (void)state;
        world_open(&s.w);
        options.state_path = s.w.state;
        assert_int_equal(keeper_start(&options, &s.k), ERR_OK);
        assert_int_equal(stage_create(&s), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        stage_prepare(&s, "anmalan", 114);
        batch = world_batch(&s.w, "anmalan", 114, 0, ROWS, 100);
        while ((e = keeper_accept(s.k, &batch, s.w.arena, &accepted)) == ERR_OK)
                served++;
        /* Who was waiting hears why; who came later, that it is gone. */
        assert_true(e == ERR_SELF_TEST || e == ERR_KEEPER_GONE);
        assert_true(served > 0);
        struct pollfd death = {.fd = keeper_death_fd(s.k), .events = POLLIN};

        assert_true(poll(&death, 1, 10000) == 1);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_KEEPER_GONE);
        stage_down(&s);
}

static void an_idle_keeper_tests_itself_too(void **state)
{
        struct keeper_options options = {.program = KEEPER_ILL};
        struct stage s = {.k = NULL};

        (void)state;
        world_open(&s.w);
        options.state_path = s.w.state;
        assert_int_equal(keeper_start(&options, &s.k), ERR_OK);
        assert_true(keeper_alive(s.k));
        struct pollfd death = {.fd = keeper_death_fd(s.k), .events = POLLIN};

        assert_true(poll(&death, 1, 10000) == 1);
        stage_down(&s);
}
#endif

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(eight_askers_at_once_get_their_own_answers),
                cmocka_unit_test(a_lent_slot_makes_others_wait_but_not_the_small_questions),
                cmocka_unit_test(when_the_keeper_dies_everybody_hears_it_at_once),
                cmocka_unit_test(a_signal_meant_for_the_gateway_does_not_end_the_keeper),
                cmocka_unit_test(the_keeper_leaves_when_the_gateway_is_killed),
                cmocka_unit_test(a_program_that_is_no_keeper_is_noticed),
                cmocka_unit_test(the_process_is_locked_filtered_and_cannot_be_dumped),
                cmocka_unit_test(it_holds_no_descriptor_beyond_its_own),
                cmocka_unit_test(nothing_of_the_environment_reaches_it),
                cmocka_unit_test(a_forbidden_call_ends_the_process),
                cmocka_unit_test(without_the_right_to_lock_memory_it_refuses_to_start),
                cmocka_unit_test(with_locking_required_it_starts_where_it_may),
#ifdef KEEPER_ILL
                cmocka_unit_test(a_self_test_that_fails_under_way_ends_the_keeper),
                cmocka_unit_test(an_idle_keeper_tests_itself_too),
#endif
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
