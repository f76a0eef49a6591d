/* SPDX-License-Identifier: Apache-2.0 */
/* with_gateway.c: a gateway for somebody else's client.
 *
 *      with_gateway COMMAND [ARGUMENT …]
 *
 * Makes a data folder, starts the gateway, and runs the command, which finds in its
 * environment STATGATE_ADDRESS, STATGATE_CA and for each of the four people below
 * STATGATE_CERT_name and STATGATE_KEY_name. Ends with the command's exit code, or 1
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

#include "tests/support/gateway_world.h"

static const struct {
        const char *name, *uri;
} people[] = {
        {"STOCKHOLM", "statgate://demo/municipality/0180"},
        {"UPPLANDS_VASBY", "statgate://demo/municipality/0114"},
        {"STATISTICIAN", "statgate://demo/statistician/anna"},
        {"OPERATOR", "statgate://demo/operator/olle"},
};

static char **command;
static int exit_code = 1;

static void tell(const char *what, const char *name, const char *value)
{
        char key[64];

        (void)snprintf(key, sizeof key, "STATGATE_%s%s", what, name);
        assert_int_equal(setenv(key, value, 1), 0);
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
