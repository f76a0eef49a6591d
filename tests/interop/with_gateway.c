/* SPDX-License-Identifier: Apache-2.0 */
/* with_gateway.c: a gateway for somebody else's client.
 *
 *      with_gateway COMMAND [ARGUMENT …]
 *
 * Makes a data folder, starts the gateway, and runs the command, which finds in its
 * environment STATGATE_ADDRESS, STATGATE_CA, STATGATE_KEEPER_PUB and for each of the
 * people below STATGATE_CERT_name and STATGATE_KEY_name, and STATGATE_SUBMISSION_KEY_name
 * where that is a municipality. Ends with the command's exit code, or 1
 * when the gateway does not stop as it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/secret.h"
#include "tests/support/gateway_sealing.h"

static const struct {
        const char *name, *uri;
        municipality_t municipality; /* 0: none */
} people[] = {
        {"STOCKHOLM", "statgate://demo/municipality/0180", 180},
        {"UPPLANDS_VASBY", "statgate://demo/municipality/0114", 114},
        {"STATISTICIAN", "statgate://demo/statistician/anna", 0},
        {"OPERATOR", "statgate://demo/operator/olle", 0},
        {"DPO", "statgate://demo/dpo/disa", 0},
};

static char **command;
static int exit_code = 1;

static void tell(const char *what, const char *name, const char *value)
{
        char key[64];

        (void)snprintf(key, sizeof key, "STATGATE_%s%s", what, name);
        assert_int_equal(setenv(key, value, 1), 0);
}

static void write_key(struct world *w, const char *name, const uint8_t key[32])
{
        char hex[2 * 32 + 2];

        hex_encode(bytes_of(key, 32), hex);
        hex[sizeof hex - 2] = '\n';
        world_write(w, name, bytes_of(hex, sizeof hex - 1));
}

/* What the custodian of the keys hands over, and what the municipality made for itself. */
static void make_keys(struct world *w)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        struct wire_keeper_keys keys;

        assert_int_equal(world_call(w, world_client(w, WORLD_MUNICIPALITY),
                                 "Submission/GetKeeperKeys", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(keeper_keys_decode(arena, world_answer, &keys), ERR_OK);
        write_key(w, "keeper.pub", keys.signing[0].public_key);
        tell("KEEPER_PUB", "", world_path(w, "keeper.pub"));
        for (unsigned i = 0; i < ARRAY_LEN(people); i++) {
                OWNED(secret_free) struct secret *key = NULL;
                char file[32];

                if (people[i].municipality == 0)
                        continue;
                key = submission_key_of(people[i].municipality);
                (void)snprintf(file, sizeof file, "client-%u.submission.key", i);
                write_key(w, file, secret_view(key));
                tell("SUBMISSION_KEY_", people[i].name, world_path(w, file));
        }
}

static void make_people(struct world *w)
{
        for (unsigned i = 0; i < ARRAY_LEN(people); i++) {
                char file[32];

                (void)world_stranger(w, people[i].uri, NULL, 30);
                (void)snprintf(file, sizeof file, "client-%u.pem", i);
                tell("CERT_", people[i].name, world_path(w, file));
                (void)snprintf(file, sizeof file, "client-%u.key", i);
                tell("KEY_", people[i].name, world_path(w, file));
        }
        tell("ADDRESS", "", w->address);
        tell("CA", "", world_path(w, "pki/ca.pem"));
}

static void the_command_finds_a_gateway(void **state)
{
        static struct world world;
        int status = -1;

        (void)state;
        world_make(&world);
        /* The clients count what they sent. */
        world_answer_alone(&world);
        world_start(&world);
        make_people(&world);
        make_keys(&world);
        world_drop_clients(&world);
        pid_t pid = fork();
        if (pid == 0) {
                (void)execvp(command[0], command);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        int stopped = world_stop(&world);
        world_remove(&world);
        assert_int_equal(stopped, 0);
        exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 1;
        assert_int_equal(exit_code, 0);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(the_command_finds_a_gateway)};

        if (argc < 2)
                return 2;
        command = argv + 1;
        int failed = cmocka_run_group_tests(tests, NULL, NULL);
        return failed != 0 && exit_code == 0 ? 1 : exit_code;
}
