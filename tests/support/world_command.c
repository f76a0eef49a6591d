/* SPDX-License-Identifier: Apache-2.0 */
/* world_command.c: a command is a process of its own, and its streams are files. */
#include "tests/support/world_command.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "tests/support/reported.h"

enum { ARGS_MAX = 32 };

const char *world_out, *world_err;

static const char *read_text(struct world *w, const char *path)
{
        struct bytes b = world_read(w, path);

        return arena_strndup(w->arena, b.len > 0 ? (const char *)b.data : "", b.len);
}

/* In the child: both streams into files, and away. */
static void become(char **argv, const char *out, const char *err)
{
        int null = open("/dev/null", O_RDONLY), to_out, to_err;

        to_out = open(out, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        to_err = open(err, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        if (null >= 0 && to_out >= 0 && to_err >= 0 && dup2(null, STDIN_FILENO) >= 0 &&
                dup2(to_out, STDOUT_FILENO) >= 0 && dup2(to_err, STDERR_FILENO) >= 0)
                (void)execv(argv[0], argv);
        _exit(127);
}

int world_run(struct world *w, const char *const *words)
{
        static char program[] = STATGATE_BIN_DIR "/statgate", lang[] = "--lang", en[] = "en",
                    config[] = "--config";
        const char *out = world_path(w, "command.out"), *err = world_path(w, "command.err");
        char *settings = arena_printf(w->arena, "%s/statgate.yaml", w->folder);
        char *argv[ARGS_MAX] = {program, lang, en, config, settings};
        int argc = 5, how = 0;

        for (; *words != NULL && argc + 1 < ARGS_MAX; words++)
                argv[argc++] = arena_strndup(w->arena, *words, strlen(*words));
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                become(argv, out, err);
        assert_int_equal(waitpid(pid, &how, 0), pid);
        world_out = read_text(w, out);
        world_err = read_text(w, err);
        int code = WIFEXITED(how) ? WEXITSTATUS(how) : -1;

        reported_check(code, world_err);
        return code;
}

bool world_out_has(const char *text)
{
        return strstr(world_out, text) != NULL;
}

static void client_folder(struct world *w)
{
        assert_true(mkdir(world_path(w, "client"), 0700) == 0 || errno == EEXIST);
}

void world_client_files(struct world *w, const char *name, const char *who)
{
        struct cert_pair pair;
        char uri[120], path[64];

        client_folder(w);
        (void)snprintf(uri, sizeof uri, "statgate://" WORLD_TRUST "/%s", who);
        assert_int_equal(
                cert_make_leaf(w->arena, &w->ca, "a client", NULL, uri, 30, &pair), ERR_OK);
        (void)snprintf(path, sizeof path, "client/%s.pem", name);
        world_write(w, path, pair.cert_pem);
        (void)snprintf(path, sizeof path, "client/%s.key", name);
        world_write(w, path, pair.key_pem);
}

void world_keeper_pub(struct world *w)
{
        struct wire_keeper_keys keys;
        char hex[2 * SIGN_PUBLIC_LEN + 1];

        client_folder(w);
        assert_int_equal(world_call(w, world_client(w, WORLD_MUNICIPALITY),
                                 "Submission/GetKeeperKeys", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(keeper_keys_decode(w->arena, world_answer, &keys), ERR_OK);
        hex_encode(bytes_of(keys.signing[0].public_key, SIGN_PUBLIC_LEN), hex);
        world_write(w, "client/keeper.pub", bytes_of_text(hex));
}
