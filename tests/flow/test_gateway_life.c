/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_life.c: how the gateway starts, changes its mind, and stops.
 *
 * Every way in which a start can be wrong ends with an exit code that --help names and
 * a sentence that says what to mend; a reload takes all of the new or keeps all of the
 * old; and a stop lets those finish who are being served. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/secret.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_rehearsal.h"

enum { EXIT_STOPPED = 0, EXIT_DIED = 1, EXIT_SETTINGS = 2, EXIT_START = 3 };

static struct world world;
static const struct world_start plain;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static void children(struct placement *rows, uint32_t first, uint32_t len)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
}

static void deliver_children(uint32_t first, uint32_t len)
{
        struct placement rows[64];

        children(rows, first, len);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, len, len);
}

static int64_t persons(struct wire_release *r)
{
        struct wire_answer answer;

        assert_int_equal(ask(&world, "", NULL, NULL, &answer, r), STATUS_OK);
        return r->table.measures[0].values[0];
}

static void assert_refuses_to_start(int code, const char *words)
{
        assert_int_equal(truncate(world.output, 0), 0);
        int got = world_try(&world, &plain);

        if (got != code || !world_said(&world, words)) {
                struct bytes said = world_read(&world, world.output);

                fail_msg("exit %d, not %d; said: %.*s", got, code, (int)said.len,
                        (const char *)said.data);
        }
        assert_false(world_exists(&world, "run/address"));
}

/* Starting --------------------------------------------------------------------------- */

static void it_starts_and_stops_and_starts_again(void **state)
{
        struct wire_release r;

        (void)state;
        world_start(&world);
        deliver_children(0, 20);
        (void)publish(&world);
        for (int i = 0; i < 3; i++) {
                assert_int_equal(persons(&r), 20);
                assert_int_equal(world_stop(&world), EXIT_STOPPED);
                world_start(&world);
        }
        assert_int_equal(status_of(&world).records_committed, 20);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
}

static void wrong_settings_end_with_two(void **state)
{
        (void)state;
        world_edit(&world, "statgate.yaml", "threads: 2", "treads: 2");
        assert_refuses_to_start(EXIT_SETTINGS, "treads");
        world_edit(&world, "statgate.yaml", "treads: 2", "threads: many");
        assert_refuses_to_start(EXIT_SETTINGS, "threads");
        world_edit(&world, "statgate.yaml", "threads: many", "threads: [2]");
        assert_refuses_to_start(EXIT_SETTINGS, "statgate.yaml");
        world_edit(&world, "statgate.yaml", "threads: [2]", "threads: 2");
        const struct world_start flag = {.flags = {"--no-such-flag"}};
        assert_int_equal(world_try(&world, &flag), EXIT_SETTINGS);
        world_start(&world);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
}

static void witnesses_that_are_none_are_refused_and_a_relative_file_is_shown_heads(void **state)
{
        static const struct world_start wrong[] = {
                {.flags = {"--witnesses", "heads.txt"}},
                {.flags = {"--witnesses", "http://example.org/heads"}},
                {.flags = {"--witnesses", "file:heads.txt", "--witness_ca", "nothing.pem"}},
        };
        const struct world_start twice = {
                .flags = {"--witnesses", "file:heads.txt", "--witnesses", "file:more.txt"}};

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(world_try(&world, &wrong[i]), EXIT_SETTINGS);
        world_edit(&world, "statgate.yaml", "threads: 2", "threads: 2\nwitnesses: [file:seen.txt]");
        world_start(&world);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        assert_true(world_exists(&world, "seen.txt"));
        assert_int_equal(world_try(&world, &twice), WORLD_UP); /* flags come before the file */
        assert_int_equal(unlink(world_path(&world, "seen.txt")), 0);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        assert_true(world_exists(&world, "heads.txt") && world_exists(&world, "more.txt"));
        assert_false(world_exists(&world, "seen.txt"));
        world_edit(&world, "statgate.yaml", "threads: 2\nwitnesses: [file:seen.txt]", "threads: 2");
}

static void a_wrong_passphrase_opens_nothing(void **state)
{
        const char *words = "the passphrase does not open the keyring";

        (void)state;
        FILE *f = fopen(world.passphrase, "we");
        assert_non_null(f);
        assert_true(fputs("another passphrase", f) >= 0);
        (void)fclose(f);
        assert_refuses_to_start(EXIT_START, words);
        assert_false(world_said(&world, "another passphrase"));
        assert_false(world_exists(&world, "store/statgate.db"));
}

static void a_damaged_keyring_is_told_from_a_wrong_passphrase(void **state)
{
        struct bytes whole, changed;

        (void)state;
        whole = world_read(&world, world_path(&world, "keys/keyring.sgk"));
        for (size_t i = 0; i < whole.len; i += whole.len / 7 + 1) {
                assert_int_equal(bytes_copy(world.arena, whole, &changed), ERR_OK);
                ((uint8_t *)(uintptr_t)changed.data)[i] ^= 0x10;
                world_write(&world, "keys/keyring.sgk", changed);
                assert_refuses_to_start(EXIT_START, "the keyring file cannot be read");
        }
        world_write(&world, "keys/keyring.sgk", bytes_of(whole.data, whole.len / 2));
        assert_refuses_to_start(EXIT_START, "the keyring file cannot be read");
        world_write(&world, "keys/keyring.sgk", bytes_of(NULL, 0));
        assert_refuses_to_start(EXIT_START, "the keyring file cannot be read");
        assert_int_equal(unlink(world_path(&world, "keys/keyring.sgk")), 0);
        assert_int_equal(world_try(&world, &plain), EXIT_START);
        world_write(&world, "keys/keyring.sgk", whole);
        world_start(&world);
}

static void a_second_gateway_on_the_folder_is_refused_and_the_first_serves_on(void **state)
{
        struct wire_release r;

        (void)state;
        world_start(&world);
        deliver_children(0, 10);
        (void)publish(&world);
        for (int i = 0; i < 2; i++) {
                assert_int_equal(world_try_second(&world, &plain), EXIT_START);
                assert_true(world_said(&world, "another gateway uses this folder"));
                assert_true(world_exists(&world, "run/address"));
                assert_int_equal(persons(&r), 10);
                deliver_children(100 + 10 * (uint32_t)i, 10);
        }
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        world_start(&world); /* keys made meanwhile were not lost to the second */
        assert_int_equal(publish(&world).number, 2);
        assert_int_equal(persons(&r), 30);
}

static void a_store_that_is_none_or_damaged_is_not_opened(void **state)
{
        static const uint8_t garbage[8192] = {
                'n', 'o', 't', ' ', 'a', ' ', 's', 't', 'o', 'r', 'e'};
        struct bytes whole;

        (void)state;
        world_start(&world);
        deliver_children(0, 20);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        whole = world_read(&world, world_path(&world, "store/statgate.db"));

        world_write(&world, "store/statgate.db", bytes_of(garbage, sizeof garbage));
        assert_refuses_to_start(EXIT_START, "opening the store");
        assert_memory_equal(world_read(&world, world_path(&world, "store/statgate.db")).data,
                garbage, sizeof garbage); /* and not overwritten */
        world_write(&world, "store/statgate.db", bytes_of(whole.data, whole.len / 3));
        assert_refuses_to_start(EXIT_START, "opening the store");

        assert_int_equal(unlink(world_path(&world, "store/statgate.db")), 0);
        assert_int_equal(mkdir(world_path(&world, "store/statgate.db"), 0700), 0);
        assert_refuses_to_start(EXIT_START, "opening the store");
        assert_int_equal(rmdir(world_path(&world, "store/statgate.db")), 0);
        world_write(&world, "store/statgate.db", whole);
        world_start(&world);
        assert_int_equal(status_of(&world).records_committed, 20);
}

static void a_changed_byte_in_a_stored_batch_is_noticed_and_the_service_stays(void **state)
{
        struct wire_answer answer;
        struct wire_release r;
        struct bytes raw;

        (void)state;
        world_start(&world);
        deliver_children(0, 60);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        raw = world_read(&world, world_path(&world, "store/statgate.db"));
        /* The last byte that is not zero lies in an overflow page of the seal. */
        size_t at = raw.len - 1;
        while (raw.data[at] == 0)
                at--;
        ((uint8_t *)(uintptr_t)raw.data)[at] ^= 1;
        world_write(&world, "store/statgate.db", raw);
        world_start(&world);

        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct bytes request;
        struct call *call = NULL;
        assert_int_equal(publish_request_encode(bytes_of_text("x"), &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(&world, WORLD_OPERATOR),
                                 "/statgate.v1.Operations/PublishVintage", 60000, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        assert_int_not_equal(call_finish(call, &world_status), ERR_OK);
        call_free(&call);
        assert_int_equal(world_status.code, STATUS_DATA_LOSS);
        /* What cannot be linked is not published. */
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_FAILED_PRECONDITION);
        assert_true(status_of(&world).keeper_alive);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
}

static void a_missing_revocation_list_is_an_error_and_not_an_amnesty(void **state)
{
        (void)state;
        assert_int_equal(unlink(world_path(&world, "pki/revoked.txt")), 0);
        assert_refuses_to_start(EXIT_START, "listening");
        world_write(&world, "pki/revoked.txt", bytes_of_text("this is no digest\n"));
        assert_refuses_to_start(EXIT_START, "listening");
        world_write(&world, "pki/revoked.txt", bytes_of_text(""));
        world_start(&world);
        assert_int_equal(unlink(world_path(&world, "pki/revoked.txt")), 0);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/Reload", bytes_of(NULL, 0)),
                STATUS_FAILED_PRECONDITION);
        assert_true(status_of(&world).keeper_alive);
}

/* The policy --------------------------------------------------------------------------- */

static enum status reload(struct wire_reloaded *out)
{
        enum status s = world_call(&world, world_client(&world, WORLD_OPERATOR),
                "Operations/Reload", bytes_of(NULL, 0));

        if (s == STATUS_OK && out != NULL)
                assert_int_equal(reloaded_decode(world.arena, world_answer, out), ERR_OK);
        return s;
}

static void a_rule_that_was_edited_after_signing_rules_nothing(void **state)
{
        struct wire_release r;
        struct digest before, now;

        (void)state;
        world_start(&world);
        deliver_children(0, 20);
        (void)publish(&world);
        before = status_of(&world).policy;
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 5", "threshold: 2");
        assert_int_equal(reload(NULL), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("bundle.sgb"));
        now = status_of(&world).policy;
        assert_memory_equal(&now, &before, sizeof before);
        assert_int_equal(persons(&r), 20);
        assert_int_equal(r.threshold, 5);
        /* By signal as well: logged, and the running policy stays. */
        assert_int_equal(kill(world.pid, SIGHUP), 0);
        for (int i = 0; i < 1000; i++) {
                struct bytes log = world_read(&world, world_path(&world, "log/statgated.log"));

                if (memmem(log.data, log.len, "policy_refused", 14) != NULL)
                        break;
                nap(10);
                assert_true(i < 999);
        }
        now = status_of(&world).policy;
        assert_memory_equal(&now, &before, sizeof before);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        assert_refuses_to_start(
                EXIT_START, "the YAML files say something else than what was signed");
}

static void yaml_that_cannot_be_read_is_refused_with_file_and_line(void **state)
{
        (void)state;
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 5", "treshold: 5");
        assert_refuses_to_start(EXIT_START, "placering.yaml:");
        assert_true(world_said(&world, "loading the policy"));
}

static void a_policy_signed_by_somebody_else_rules_nothing(void **state)
{
        OWNED(secret_free) struct secret *stranger = NULL;
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct wire_release r;

        (void)state;
        assert_int_equal(sign_keygen(&stranger, public_key), ERR_OK);
        world_start(&world);
        deliver_children(0, 20);
        (void)publish(&world);
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 5", "threshold: 2");
        world_sign(&world, stranger);
        assert_int_equal(reload(NULL), STATUS_FAILED_PRECONDITION);
        assert_int_equal(persons(&r), 20);
        assert_int_equal(r.threshold, 5);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        assert_refuses_to_start(EXIT_START, "not signed as it must be");
}

/* The next version of the policy, with threshold 12. */
static void make_successor(const struct digest *of)
{
        char hex[65], line[80];

        hex_encode(bytes_of(of->bytes, sizeof of->bytes), hex);
        (void)snprintf(line, sizeof line, "predecessor: %s", hex);
        world_edit(&world, "policy/bundle.yaml", "predecessor: none", line);
        world_edit(&world, "policy/bundle.yaml", "version: 1", "version: 2");
        world_edit(&world, "policy/datasets/placering.yaml", "threshold: 5", "threshold: 12");
}

static void a_successor_takes_over_at_reload_and_there_is_no_way_back(void **state)
{
        struct wire_reloaded said;
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        world_start(&world);
        deliver_children(0, 10);
        (void)publish(&world);
        assert_int_equal(persons(&r), 10);
        struct digest first = status_of(&world).policy;
        make_successor(&first);
        world_sign(&world, world.officer);
        assert_int_equal(reload(&said), STATUS_OK);
        assert_true(said.policy_changed);
        assert_int_equal(said.policy_version, 2);
        assert_memory_not_equal(&said.policy, &first, sizeof first);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.threshold, 12);
        assert_int_equal(r.table.status[0], CELL_PROTECTED);
        assert_int_equal(reload(&said), STATUS_OK); /* the same again changes nothing */
        assert_false(said.policy_changed);

        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        world_edit(&world, "policy/bundle.yaml", "version: 2", "version: 3");
        world_sign(&world, world.officer); /* signed, but the successor of another */
        assert_refuses_to_start(EXIT_START, "not the successor");
        world_edit(&world, "policy/bundle.yaml", "version: 3", "version: 2");
        world_sign(&world, world.officer);
        world_start(&world);
        assert_int_equal(status_of(&world).policy_version, 2);
}

static void a_method_that_the_policy_takes_away_is_closed_at_the_next_call(void **state)
{
        struct wire_release r;
        char hex[65], line[80];

        (void)state;
        world_start(&world);
        deliver_children(0, 10);
        (void)publish(&world);
        assert_int_equal(persons(&r), 10);
        struct client *statistician = world_client(&world, WORLD_STATISTICIAN);
        assert_int_equal(
                world_call(&world, statistician, "Operations/ListVintages", (struct bytes){0}),
                STATUS_OK);
        struct digest first = status_of(&world).policy;
        hex_encode(bytes_of(first.bytes, sizeof first.bytes), hex);
        (void)snprintf(line, sizeof line, "predecessor: %s", hex);
        world_edit(&world, "policy/bundle.yaml", "predecessor: none", line);
        world_edit(&world, "policy/bundle.yaml", "version: 1", "version: 2");
        world_edit(&world, "policy/bundle.yaml",
                "statistician: [statistics, ListVintages, GetKeeperKeys]",
                "statistician: [ListDatasets, Reload]");
        /* It also gives something: that has to be rehearsed. */
        world_sign(&world, world.officer);
        assert_int_equal(reload(NULL), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("rehearsal.txt"));
        assert_int_equal(world_rehearse(&world, NULL), STATUS_OK);
        world_sign(&world, world.officer);
        assert_int_equal(reload(NULL), STATUS_OK);
        assert_int_equal(
                world_call(&world, statistician, "Operations/ListVintages", (struct bytes){0}),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(world_call(&world, statistician, "Statistics/Query", (struct bytes){0}),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(
                world_call(&world, statistician, "Statistics/ListDatasets", (struct bytes){0}),
                STATUS_OK);
        /* No policy lifts the ceiling. */
        assert_int_equal(world_call(&world, statistician, "Operations/Reload", (struct bytes){0}),
                STATUS_PERMISSION_DENIED);
        assert_int_equal(reload(NULL), STATUS_OK); /* the operator's own is as it was */
}

static void an_ended_linkage_holds_no_other_data_set_back(void **state)
{
        struct placement rows[20];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        world_edit(&world, "policy/linkages.yaml", "until: 2030-12-31", "until: 2025-01-31");
        world_sign(&world, world.officer);
        world_start(&world);
        deliver_children(0, 20);
        children(rows, 0, 20);
        (void)deliver_reports(&world, 180, rows, 20);
        (void)publish(&world);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_PERMISSION_DENIED);
        struct wire_status now = status_of(&world);
        assert_true(now.views_len > 0); /* of the others */
        for (uint32_t i = 0; i < now.views_len; i++)
                assert_false(bytes_is_text(now.views[i].linkage, "placering_riket"));
}

/* Certificates --------------------------------------------------------------------------- */

static void a_revoked_certificate_is_out_at_the_next_call(void **state)
{
        char hex[65], line[80];
        struct peer_certificate cert;

        (void)state;
        world_start(&world);
        struct client *c = town(&world, 180); /* number 0 */
        assert_int_equal(state_of(&world, 180, &(struct submission_id){{1}}), SUBMISSION_NONE);
        assert_int_equal(world_status.code, STATUS_NOT_FOUND);
        assert_int_equal(
                cert_read_peer(world_read(&world, world_path(&world, "client-0.pem")), &cert),
                ERR_OK);
        hex_encode(bytes_of(cert.digest.bytes, 32), hex);
        (void)snprintf(line, sizeof line, "%s\n", hex);
        world_write(&world, "pki/revoked.txt", bytes_of_text(line));
        assert_int_equal(kill(world.pid, SIGHUP), 0);
        for (int i = 0; world_call(&world, c, "Submission/GetSubmission", bytes_of(NULL, 0)) !=
                        STATUS_UNAUTHENTICATED;
                i++) {
                assert_true(i < 500);
                nap(20);
        }
        assert_int_equal(state_of(&world, 114, &(struct submission_id){{1}}), SUBMISSION_NONE);
        assert_int_equal(world_status.code, STATUS_NOT_FOUND); /* others are served on */
}

static void new_certificates_are_served_after_a_reload_and_bad_ones_are_not(void **state)
{
        const char *uri = "statgate://demo/operator/olle";
        struct cert_pair server;
        struct wire_reloaded said;

        (void)state;
        world_start(&world);
        struct bytes key = world_read(&world, world_path(&world, "pki/server.key"));
        world_write(&world, "pki/server.key", bytes_of_text("not a key"));
        assert_int_not_equal(reload(NULL), STATUS_OK);
        assert_int_not_equal(status_of(&world).version.len, 0);
        assert_int_equal(world_call(&world, world_stranger(&world, uri, NULL, 30),
                                 "Operations/GetStatus", bytes_of(NULL, 0)),
                STATUS_OK); /* a new connection, by the old certificate */
        world_write(&world, "pki/server.key", key);
        assert_int_equal(reload(&said), STATUS_OK);
        assert_false(said.certificates_changed);

        /* Everything of another authority. */
        assert_int_equal(
                cert_make_leaf(world.arena, &world.other_ca, "statgated", NULL, NULL, 30, &server),
                ERR_OK);
        world_write(&world, "pki/ca.pem", world.other_ca.cert_pem);
        world_write(&world, "pki/server.pem", server.cert_pem);
        world_write(&world, "pki/server.key", server.key_pem);
        assert_int_equal(reload(&said), STATUS_OK);
        assert_true(said.certificates_changed);
        assert_int_equal(world_call(&world, world_stranger(&world, uri, &world.other_ca, 30),
                                 "Operations/GetStatus", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(world_call(&world, world_stranger(&world, uri, &world.ca, 30),
                                 "Operations/GetStatus", bytes_of(NULL, 0)),
                STATUS_UNAVAILABLE);
}

/* Stopping --------------------------------------------------------------------------------- */

static void who_is_being_served_may_finish(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[20];
        struct talk t;

        (void)state;
        world_start(&world);
        children(rows, 0, 20);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, 10), STATUS_OK);
        assert_int_equal(kill(world.pid, SIGTERM), 0);
        /* Newcomers are sent away. */
        for (int i = 0; world_call(&world, world_client(&world, WORLD_OPERATOR),
                                "Operations/GetStatus", bytes_of(NULL, 0)) != STATUS_UNAVAILABLE;
                i++) {
                assert_true(i < 1000);
                nap(10);
        }
        assert_int_equal(talk_batch(&t, rows + 10, 10), STATUS_OK);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(world_wait(&world, 20000), EXIT_STOPPED);
        world_drop_clients(&world);
        world_start(&world);
        assert_int_equal(status_of(&world).records_committed, 20);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_COMMITTED);
}

static void who_does_not_finish_is_cut_off_after_the_grace_time(void **state)
{
        const struct world_start hasty = {.flags = {"--drain_seconds", "1"}};
        const struct wire_open open = placering_append();
        struct placement rows[10];
        struct talk t;

        (void)state;
        assert_int_equal(world_try(&world, &hasty), WORLD_UP);
        children(rows, 0, 10);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, 10), STATUS_OK);
        int64_t begin = clock_monotonic_ns();
        assert_int_equal(kill(world.pid, SIGTERM), 0);
        assert_int_equal(world_wait(&world, 20000), EXIT_STOPPED);
        int64_t took_ms = (clock_monotonic_ns() - begin) / 1000000;
        assert_true(took_ms >= 900 && took_ms < 15000);
        enum status s = talk_commit(&t);
        assert_true(s == STATUS_UNAVAILABLE || s == STATUS_CANCELLED);
        talk_break(&t);
        assert_false(world_exists(&world, "run/address"));
        world_drop_clients(&world);
        world_start(&world);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
}

/* The clock ---------------------------------------------------------------------------------- */

enum { DAY = 86400 };

/* Both processes believe that it is `days` from now. */
static struct world_start at_day(int days)
{
        const char *shim = STATGATE_CLOCK_SHIM;
        const char *script = arena_printf(world.arena,
                "#!/bin/sh\nCLOCK_SHIM_S=%d LD_PRELOAD=%s exec " STATGATE_BIN_DIR
                "/statgate-keeper \"$@\"\n",
                days * DAY, shim);
        const char *name = arena_printf(world.arena, "run/keeper%d", days);

        world_write(&world, name, bytes_of_text(script));
        assert_int_equal(chmod(world_path(&world, name), 0700), 0);
        return (struct world_start){
                .flags = {"--keeper", world_path(&world, name)},
                .environment = {arena_printf(world.arena, "CLOCK_SHIM_S=%d", days * DAY),
                        arena_printf(world.arena, "LD_PRELOAD=%s", shim)},
        };
}

static void a_clock_that_jumps_back_revives_no_expired_linkage(void **state)
{
        const char *sanitized = getenv("STATGATE_SANITIZE");
        char today[11], line[32];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        if (sanitized != NULL && *sanitized != '\0') {
                print_message(
                        "skipped: the clock is moved by LD_PRELOAD, which sanitizers forbid\n");
                skip();
        }
        days_format((int32_t)(clock_now_ms() / 1000 / DAY) + 5, today);
        (void)snprintf(line, sizeof line, "until: %s", today);
        world_edit(&world, "policy/linkages.yaml", "until: 2030-12-31", line);
        world_sign(&world, world.officer);
        world_start(&world);
        deliver_children(0, 20);
        (void)publish(&world);
        assert_int_equal(persons(&r), 20);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);

        const struct world_start later = at_day(10), now = at_day(0), earlier = at_day(-2);
        assert_int_equal(world_try(&world, &later), WORLD_UP);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_PERMISSION_DENIED);
        deliver_children(100, 20); /* deliveries go on; the time is remembered */
        assert_int_equal(world_stop(&world), EXIT_STOPPED);

        assert_int_equal(world_try(&world, &now), WORLD_UP);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_PERMISSION_DENIED);
        deliver_children(200, 20);
        assert_int_equal(status_of(&world).records_committed, 60);
        assert_int_equal(world_stop(&world), EXIT_STOPPED);
        assert_int_equal(world_try(&world, &earlier), EXIT_START); /* certificates not valid yet */
        assert_true(world_said(&world, "listening"));
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(it_starts_and_stops_and_starts_again),
                WHOLE(wrong_settings_end_with_two),
                WHOLE(witnesses_that_are_none_are_refused_and_a_relative_file_is_shown_heads),
                WHOLE(a_wrong_passphrase_opens_nothing),
                WHOLE(a_damaged_keyring_is_told_from_a_wrong_passphrase),
                WHOLE(a_second_gateway_on_the_folder_is_refused_and_the_first_serves_on),
                WHOLE(a_store_that_is_none_or_damaged_is_not_opened),
                WHOLE(a_changed_byte_in_a_stored_batch_is_noticed_and_the_service_stays),
                WHOLE(a_missing_revocation_list_is_an_error_and_not_an_amnesty),
                WHOLE(a_rule_that_was_edited_after_signing_rules_nothing),
                WHOLE(yaml_that_cannot_be_read_is_refused_with_file_and_line),
                WHOLE(a_policy_signed_by_somebody_else_rules_nothing),
                WHOLE(a_successor_takes_over_at_reload_and_there_is_no_way_back),
                WHOLE(a_method_that_the_policy_takes_away_is_closed_at_the_next_call),
                WHOLE(an_ended_linkage_holds_no_other_data_set_back),
                WHOLE(a_revoked_certificate_is_out_at_the_next_call),
                WHOLE(new_certificates_are_served_after_a_reload_and_bad_ones_are_not),
                WHOLE(who_is_being_served_may_finish),
                WHOLE(who_does_not_finish_is_cut_off_after_the_grace_time),
                WHOLE(a_clock_that_jumps_back_revives_no_expired_linkage),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
