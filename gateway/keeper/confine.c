/* SPDX-License-Identifier: Apache-2.0 */
/* confine.c: what the keeper process gives up before it hears the first word.
 *
 * A gateway that has been taken over talks to the keeper with whatever it likes;
 * should it find a fault there, the code that then runs can open no file, no
 * socket and no program: the filter has no way back. What remains is answering
 * on the socket that is there, which is what the message table guards.
 *
 * Locking is done with MCL_ONFAULT: a page is locked when it first exists, so
 * nothing ever reaches swap, but slots and buffers that nobody has filled yet
 * cost no memory. The limit (RLIMIT_MEMLOCK) is counted in address space all the
 * same.
 *
 * What surprised us: PR_SET_DUMPABLE does more than stop core files, it also gives
 * /proc/PID to root, so that another process of the same user can no longer read
 * mem or attach. But execve sets it back: it cannot be done by the parent. */
#include "gateway/keeper/confine.h"

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/log.h"

enum err confine_process(void)
{
        const struct rlimit none = {0, 0};
        /* The gateway decides when the keeper leaves, by hanging up: a Ctrl-C, or
         * a service manager that signals the whole group, must not cut off the
         * batches it is still draining. */
        static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

        for (unsigned i = 0; i < ARRAY_LEN(ignored); i++)
                if (signal(ignored[i], SIG_IGN) == SIG_ERR)
                        return ERR_INTERNAL;
        (void)umask(077);
        if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &none) != 0 ||
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
                return ERR_INTERNAL;
        return ERR_OK;
}

enum err confine_memory(bool required)
{
#if UNDER_ASAN || UNDER_TSAN
        /* A sanitizer's shadow is terabytes of address space; builds that have one
         * are for tests and never see a key of value. */
        (void)required;
        return ERR_OK;
#else
        if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)
                return ERR_OK;
        if (required)
                return ERR_MEMORY_LOCK;
        log_event(LOG_WARNING, "keeper_memory_not_locked", LOG_NUM("errno", errno));
        return ERR_OK;
#endif
}

/* What a process needs that computes, and answers on a socket it already has. */
static const int calls[] = {
        SCMP_SYS(read),
        SCMP_SYS(write),
        SCMP_SYS(close),
        SCMP_SYS(poll),
        SCMP_SYS(ppoll),
        SCMP_SYS(recvmsg),
        SCMP_SYS(sendmsg),
        SCMP_SYS(munmap),
        SCMP_SYS(mremap),
        SCMP_SYS(brk),
        SCMP_SYS(madvise),
        SCMP_SYS(mlock),
        SCMP_SYS(munlock),
        SCMP_SYS(futex),
        SCMP_SYS(clock_gettime),
        SCMP_SYS(gettimeofday),
        SCMP_SYS(getrandom),
        SCMP_SYS(getpid),
        SCMP_SYS(gettid),
        SCMP_SYS(getrusage),
        SCMP_SYS(sched_yield),
        SCMP_SYS(restart_syscall),
        SCMP_SYS(rt_sigreturn),
        SCMP_SYS(exit),
        SCMP_SYS(exit_group),
};

#if UNDER_ASAN || UNDER_TSAN
/* The runtime maps its shadow, looks at its own maps and writes reports. */
static const int sanitizer_calls[] = {
        SCMP_SYS(mmap),
        SCMP_SYS(mprotect),
        SCMP_SYS(openat),
        SCMP_SYS(readlink),
        SCMP_SYS(lseek),
        SCMP_SYS(newfstatat),
        SCMP_SYS(fstat),
        SCMP_SYS(pread64),
        SCMP_SYS(rt_sigaction),
        SCMP_SYS(rt_sigprocmask),
        SCMP_SYS(sigaltstack),
        SCMP_SYS(prctl),
        SCMP_SYS(prlimit64),
        SCMP_SYS(sched_getaffinity),
        SCMP_SYS(sysinfo),
        SCMP_SYS(tgkill),
        SCMP_SYS(nanosleep),
        SCMP_SYS(clock_nanosleep),
        SCMP_SYS(clone3),
        SCMP_SYS(clone),
        SCMP_SYS(rseq),
        SCMP_SYS(set_robust_list),
};
#endif

static int allow_all(scmp_filter_ctx filter, const int *list, unsigned len)
{
        int rc = 0;

        for (unsigned i = 0; i < len && rc == 0; i++)
                rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, list[i], 0);
        return rc;
}

/* Memory of nobody's, and never executable. */
static int allow_memory(scmp_filter_ctx filter)
{
#if UNDER_ASAN || UNDER_TSAN
        return allow_all(filter, sanitizer_calls, ARRAY_LEN(sanitizer_calls));
#else
        const struct scmp_arg_cmp not_executable = SCMP_A2_32(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
        const struct scmp_arg_cmp no_file = SCMP_A4_32(SCMP_CMP_EQ, UINT32_MAX, 0);
        int rc = seccomp_rule_add(
                filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 2, not_executable, no_file);

        if (rc == 0)
                rc = seccomp_rule_add(
                        filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, not_executable);
        return rc;
#endif
}

enum err confine_calls(void)
{
        scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
        int rc;

        if (filter == NULL)
                return ERR_NO_MEMORY;
        rc = allow_all(filter, calls, ARRAY_LEN(calls));
        if (rc == 0)
                rc = allow_memory(filter);
        if (rc == 0)
                rc = seccomp_load(filter);
        seccomp_release(filter);
        if (rc != 0)
                log_event(LOG_ERROR, "keeper_filter_failed", LOG_NUM("errno", -rc));
        return rc == 0 ? ERR_OK : ERR_INTERNAL;
}
