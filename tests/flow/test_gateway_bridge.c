/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_bridge.c: a gateway whose keeper is somebody else's: the same answers to the byte,
 * over a unix socket to another user and over mTLS; nobody else at either end; and when either
 * side is killed in the midst of a delivery nothing that was acknowledged is lost. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/custodian.h"
#include "tests/support/gateway_delivery.h"

enum { ROWS = 120, BATCH = 10, CHILDREN = 90, DIED = 1 };
#define GATEWAY_URI "statgate://demo/gateway/a"

static struct world world;
static struct custodian custodian;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        custodian_place(&custodian);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        custodian_remove(&custodian);
        return 0;
}

static void rows_of(uint64_t seed, struct placement *rows, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                rows[i] = placement_random(&seed, CHILDREN, i);
}

/* Two parties ------------------------------------------------------------------------ */

static char own_lines[256], bridge_lines[512]; /* of statgate.yaml, one or the other */

static void use_the_bridge(void)
{
        (void)snprintf(own_lines, sizeof own_lines, "passphrase_file: %s\n", world.passphrase);
        world_edit(&world, "statgate.yaml", own_lines, bridge_lines);
}

/* The keyring goes to the custodian, with a copy of the passphrase that only it can read. */
static void give_away(const char *settings, unsigned uid, bool officers)
{
        char text[1024];

        (void)snprintf(text, sizeof text, "%s\nunseal: %s\npassphrase_file: pass\n", settings,
                officers ? "officers" : "passphrase");
        custodian.uid = uid;
        custodian_write(&custodian, "pass", world_read(&world, world.passphrase));
        custodian_make(&custodian, world_path(&world, "keys/keyring.sgk"), text, uid);
        /* The copy beside it is of the time when the gateway had the keeper. */
        (void)unlink(world_path(&world, "keys/keyring.sgk.bak"));
}

/* Where the test is root the custodian is another user. */
static void over_unix(bool officers)
{
        unsigned uid = custodian_other_user();
        char settings[256];

        (void)snprintf(settings, sizeof settings,
                "listen: \"unix:%s/run/gateway.sock\"\ngateway: uid:%u", custodian.folder,
                (unsigned)geteuid());
        give_away(settings, uid, officers);
        (void)snprintf(bridge_lines, sizeof bridge_lines,
                "custodian: \"unix:%s/run/gateway.sock\"\ncustodian_is: uid:%u\n", custodian.folder,
                uid != 0 ? uid : (unsigned)geteuid());
        use_the_bridge();
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
}

/* A custodian's authority, and what it gave the gateway. */
static struct cert_pair authority, of_gateway;

static void show(const struct cert_pair *pair, const struct cert_pair *trusted)
{
        world_write(&world, "pki/custodian/gateway.pem", pair->cert_pem);
        world_write(&world, "pki/custodian/gateway.key", pair->key_pem);
        world_write(&world, "pki/custodian/ca.pem", trusted->cert_pem);
}

static void over_tls(void)
{
        struct cert_pair keeper;
        struct arena *a = world.arena;

        assert_int_equal(cert_make_ca(a, "custodian", 10, &authority), ERR_OK);
        assert_int_equal(cert_make_leaf(a, &authority, "keeper", NULL, NULL, 10, &keeper), ERR_OK);
        assert_int_equal(
                cert_make_leaf(a, &authority, "gateway", NULL, GATEWAY_URI, 10, &of_gateway),
                ERR_OK);
        custodian_write(&custodian, "pki/ca.pem", authority.cert_pem);
        custodian_write(&custodian, "pki/keeper.pem", keeper.cert_pem);
        custodian_write(&custodian, "pki/keeper.key", keeper.key_pem);
        give_away("listen: tls:127.0.0.1:0\ngateway: \"" GATEWAY_URI "\"", 0, false);
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
        assert_int_equal(mkdir(world_path(&world, "pki/custodian"), 0700), 0);
        show(&of_gateway, &authority);
        (void)snprintf(bridge_lines, sizeof bridge_lines, "custodian: \"%s\"\n", custodian.address);
        use_the_bridge();
}

static void take_back(void)
{
        assert_int_equal(custodian_stop(&custodian), 0);
        custodian_return(&custodian, world_path(&world, "keys/keyring.sgk"));
        world_edit(&world, "statgate.yaml", bridge_lines, own_lines);
}

/* The same to the byte ------------------------------------------------------------------ */

static struct bytes asked(void)
{
        struct wire_answer answer;
        struct wire_release r;
        struct bytes copy = {0};

        assert_int_equal(ask(&world, "kommun,form", (const char *const[]){NULL}, NULL, &answer, &r),
                STATUS_OK);
        assert_true(answer.release.len > 100);
        assert_int_equal(bytes_copy(world.arena, answer.release, &copy), ERR_OK);
        return copy;
}

/* The first `len` batches of one submission, once more or for the first time. */
static void say_batches(
        struct talk *t, const struct wire_open *open, const struct placement *rows, uint32_t len)
{
        talk_begin(t, &world, town(&world, 180));
        assert_int_equal(talk_open(t, open), STATUS_OK);
        t->sequence = 0;
        for (uint32_t i = 0; i < len; i++)
                assert_int_equal(talk_batch(t, rows + (size_t)i * BATCH, BATCH), STATUS_OK);
}

static void same_bytes_after(void (*give)(void))
{
        const struct wire_open open = placering_append();
        struct placement rows[ROWS], more[ROWS];
        struct bytes direct, bridged;
        struct digest receipt;
        struct talk t;

        rows_of(3, rows, ROWS);
        rows_of(4, more, ROWS);
        world_start(&world);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, ROWS, 40);
        (void)publish(&world);
        direct = asked();
        say_batches(&t, &open, more, 1);
        receipt = t.receipts[0];
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
        give();
        assert_false(world_exists(&world, "keys/keyring.sgk"));
        world_start(&world);
        assert_true(bytes_equal(direct, asked()));
        say_batches(&t, &open, more, ROWS / BATCH);
        assert_memory_equal(&receipt, &t.receipts[0], sizeof receipt);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        (void)publish(&world);
        bridged = asked();
        assert_false(bytes_equal(direct, bridged));
        assert_int_equal(world_stop(&world), 0);
        /* The gateway never had the state, nor a copy beside it. */
        assert_false(world_exists(&world, "keys/keyring.sgk"));
        assert_false(world_exists(&world, "keys/keyring.sgk.bak"));
        take_back();
        world_start(&world);
        assert_true(bytes_equal(bridged, asked()));
        assert_int_equal(world_stop(&world), 0);
}

static void give_over_unix(void)
{
        over_unix(false);
}

static void answers_are_the_same_bytes_when_another_user_has_the_keeper(void **state)
{
        (void)state;
        same_bytes_after(give_over_unix);
}

static void answers_are_the_same_bytes_when_another_machine_has_the_keeper(void **state)
{
        (void)state;
        same_bytes_after(over_tls);
}

/* Officers -------------------------------------------------------------------------------- */

/* What the custodian's officers do while a gateway waits. */
struct officer {
        const char *address; /* the gateway's, once it serves */
        char heard[2][2][32];
};

static void *open_when_the_gateway_is_there(void *arg)
{
        struct officer *o = arg;

        while (!custodian_said(&custodian, "gateway_came"))
                nap(2);
        if (access(o->address, F_OK) != 0) { /* it does not serve before */
                custodian_visit(&custodian, "fel", o->heard[0]);
                custodian_visit(&custodian, "en lösenfras som inte kostar något", o->heard[1]);
        }
        return NULL;
}

static void a_gateway_waits_for_the_custodians_officers_and_a_second_one_does_not(void **state)
{
        struct officer o = {.address = world_path(&world, "run/address")};
        struct placement rows[ROWS];
        pthread_t officer;
        pid_t keeper;

        (void)state;
        rows_of(5, rows, ROWS);
        over_unix(true);
        keeper = custodian_keeper(&custodian);
        assert_int_equal(pthread_create(&officer, NULL, open_when_the_gateway_is_there, &o), 0);
        world_start(&world);
        assert_int_equal(pthread_join(officer, NULL), 0);
        assert_string_equal(o.heard[0][0], "PASSPHRASE");
        assert_string_equal(o.heard[1][0], "OK");
        assert_string_equal(o.heard[1][1], "OK");
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, ROWS, 40);
        assert_int_equal(world_stop(&world), 0);
        /* The keeper is the custodian's: it stays open, and who comes next is served at once. */
        assert_int_equal(custodian_keeper(&custodian), keeper);
        world_start(&world);
        assert_still_served(&world);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(custodian_stop(&custodian), 0);
}

static void *stop_when_the_gateway_is_there(void *arg)
{
        (void)arg;
        while (!custodian_said(&custodian, "gateway_came"))
                nap(2);
        (void)kill(world.pid, SIGTERM);
        return NULL;
}

static void a_gateway_that_waits_for_officers_can_be_stopped(void **state)
{
        const struct world_start plain = {0};
        pthread_t operator;

        (void)state;
        over_unix(true);
        assert_int_equal(pthread_create(&operator, NULL, stop_when_the_gateway_is_there, NULL), 0);
        assert_int_equal(world_try(&world, &plain), 0);
        assert_int_equal(pthread_join(operator, NULL), 0);
        assert_int_equal(custodian_stop(&custodian), 0);
}

static void a_custodian_who_is_another_user_than_was_said_is_not_asked(void **state)
{
        const struct world_start plain = {.flags = {"--custodian_is", "uid:4294967294"}};

        (void)state;
        over_unix(false);
        assert_int_equal(world_try(&world, &plain), DIED);
        assert_false(custodian_said(&custodian, "gateway_came"));
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* Wrong papers ------------------------------------------------------------------------------ */

static void a_gateway_with_another_certificate_is_refused_and_the_right_one_is_served(void **state)
{
        const struct world_start plain = {0};
        struct arena *a = world.arena;
        struct cert_pair other, foreign, named, late;

        (void)state;
        over_tls();
        assert_int_equal(cert_make_ca(a, "another", 10, &other), ERR_OK);
        assert_int_equal(
                cert_make_leaf(a, &other, "gateway", NULL, GATEWAY_URI, 10, &foreign), ERR_OK);
        assert_int_equal(
                cert_make_leaf(a, &authority, "gateway", NULL, GATEWAY_URI "b", 10, &named),
                ERR_OK);
        assert_int_equal(
                cert_make_leaf(a, &authority, "gateway", NULL, GATEWAY_URI, -1, &late), ERR_OK);
        show(&foreign, &authority);
        assert_int_equal(world_try(&world, &plain), DIED);
        show(&named, &authority);
        assert_int_equal(world_try(&world, &plain), DIED);
        assert_true(custodian_said(&custodian, "another certificate"));
        show(&late, &authority);
        assert_int_equal(world_try(&world, &plain), DIED);
        /* And a custodian of another authority is none. */
        show(&of_gateway, &other);
        assert_int_equal(world_try(&world, &plain), DIED);
        assert_false(custodian_said(&custodian, "gateway_came"));
        show(&of_gateway, &authority);
        world_start(&world);
        assert_still_served(&world);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(custodian_stop(&custodian), 0);
}

static void a_gateway_of_another_user_is_refused(void **state)
{
        unsigned other = custodian_other_user();
        struct world_start plain = {0};
        char settings[256];

        (void)state;
        if (other == 0)
                skip();
        (void)snprintf(settings, sizeof settings,
                "listen: \"unix:%s/run/gateway.sock\"\ngateway: uid:%u", custodian.folder, other);
        give_away(settings, 0, false);
        assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
        (void)snprintf(bridge_lines, sizeof bridge_lines,
                "custodian: \"unix:%s/run/gateway.sock\"\ncustodian_is: uid:0\n", custodian.folder);
        use_the_bridge();
        assert_int_equal(world_try(&world, &plain), DIED);
        assert_true(custodian_said(&custodian, "another user"));
        assert_false(custodian_said(&custodian, "gateway_came"));
        assert_int_equal(custodian_stop(&custodian), 0);
}

/* Death -----------------------------------------------------------------------------------------
 */

enum victim { VICTIM_KEEPER, VICTIM_CUSTODIAN, VICTIM_CONNECT, VICTIM_GATEWAY, VICTIMS };

/* Once a batch has had time to be under way; whether it is, is all the same. */
static void *kill_one(void *arg)
{
        pid_t keeper = custodian_keeper(&custodian);

        nap(50);
        switch (*(const enum victim *)arg) {
        case VICTIM_KEEPER:
                (void)kill(keeper, SIGKILL);
                break;
        case VICTIM_CUSTODIAN:
                custodian_kill(&custodian);
                break;
        case VICTIM_CONNECT:
                (void)kill(world.keeper, SIGKILL);
                break;
        case VICTIM_GATEWAY:
                (void)kill(world.pid, SIGKILL);
                break;
        case VICTIMS:
                break;
        }
        (void)kill(keeper, SIGCONT);
        return NULL;
}

/* The keeper stands still, and a batch with it, when somebody is killed. */
static void kill_in_the_midst(enum victim who, struct talk *t, const struct placement *rows)
{
        pthread_t killer;

        assert_int_equal(kill(custodian_keeper(&custodian), SIGSTOP), 0);
        assert_int_equal(pthread_create(&killer, NULL, kill_one, &who), 0);
        assert_int_not_equal(talk_batch(t, rows, BATCH), STATUS_OK);
        assert_int_equal(pthread_join(killer, NULL), 0);
        talk_break(t);
        world_drop_clients(&world);
        assert_int_equal(world_wait(&world, 30000), who == VICTIM_GATEWAY ? -SIGKILL : DIED);
        world.keeper = 0;
        if (who == VICTIM_KEEPER)
                assert_int_equal(custodian_await(&custodian), DIED);
        if (who == VICTIM_KEEPER || who == VICTIM_CUSTODIAN)
                assert_int_equal(custodian_start(&custodian), CUSTODIAN_UP);
}

static void whoever_is_killed_nothing_acknowledged_is_lost(void **state)
{
        enum { ACKNOWLEDGED = 2 };
        const struct wire_open open = placering_append();
        struct placement rows[ROWS];
        struct digest receipts[ROWS / BATCH];
        uint32_t said = 0;
        struct talk t;

        (void)state;
        rows_of(6, rows, ROWS);
        over_unix(false);
        for (unsigned who = 0; who < VICTIMS; who++) {
                world_start(&world);
                talk_begin(&t, &world, town(&world, 180));
                assert_int_equal(talk_open(&t, &open), STATUS_OK);
                assert_int_equal(t.sequence, said);
                for (uint32_t i = 0; i < ACKNOWLEDGED; i++, said++) {
                        assert_int_equal(
                                talk_batch(&t, rows + (size_t)said * BATCH, BATCH), STATUS_OK);
                        receipts[said] = t.receipts[said];
                }
                kill_in_the_midst((enum victim)who, &t, rows + (size_t)said * BATCH);
        }
        world_start(&world);
        say_batches(&t, &open, rows, ROWS / BATCH);
        assert_memory_equal(receipts, t.receipts, said * sizeof receipts[0]);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.accepted, ROWS);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(custodian_stop(&custodian), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                        answers_are_the_same_bytes_when_another_user_has_the_keeper, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        answers_are_the_same_bytes_when_another_machine_has_the_keeper, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        a_gateway_waits_for_the_custodians_officers_and_a_second_one_does_not,
                        setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_gateway_that_waits_for_officers_can_be_stopped, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_custodian_who_is_another_user_than_was_said_is_not_asked, setup,
                        teardown),
                cmocka_unit_test_setup_teardown(
                        a_gateway_with_another_certificate_is_refused_and_the_right_one_is_served,
                        setup, teardown),
                cmocka_unit_test_setup_teardown(
                        a_gateway_of_another_user_is_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(
                        whoever_is_killed_nothing_acknowledged_is_lost, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
