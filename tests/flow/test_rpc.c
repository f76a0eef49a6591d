/* SPDX-License-Identifier: Apache-2.0 */
/* test_rpc.c: calls over real sockets: what comes back, in which order, and what
 * the engine does with peers that are slow, greedy, gone or in the way. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "proto/wire.h"
#include "tests/flow/rpc_world.h"

static struct call *talk(struct client *c, const char *path, unsigned timeout_ms)
{
        struct call *call;

        assert_int_equal(call_start(c, path, timeout_ms, &call), ERR_OK);
        return call;
}

static void say(struct call *call, const char *text)
{
        assert_int_equal(call_send(call, bytes_of_text(text)), ERR_OK);
}

static void hear(struct world *w, struct call *call, const char *text)
{
        struct bytes got;

        assert_int_equal(call_receive(call, w->arena, &got), ERR_OK);
        assert_true(bytes_is_text(got, text));
}

static enum status hang_up(struct call **call)
{
        enum err err = call_finish(*call, &last_status);

        assert_int_equal(err_status(err), last_status.code);
        call_free(call);
        return last_status.code;
}

/* Answers ------------------------------------------------------------------------ */

static void a_unary_call_brings_back_what_was_sent(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "one two"), STATUS_OK);
        assert_true(bytes_is_text(last_response, "one two"));
        assert_int_equal(world_call(w, c, "/trial.T/Inline", "three"), STATUS_OK);
        assert_true(bytes_is_text(last_response, "three"));
        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        assert_int_equal(last_response.len, 0);
        client_close(&c);
}

static void a_large_message_arrives_whole(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        uint8_t *data = malloc(BATCH_WIRE_MAX);
        struct bytes got;

        for (unsigned i = 0; i < BATCH_WIRE_MAX; i++)
                data[i] = (uint8_t)(i * 7 + i / 251);
        assert_int_equal(client_unary(c, w->arena, "/trial.T/Echo", bytes_of(data, BATCH_WIRE_MAX),
                                 0, &got, &last_status),
                ERR_OK);
        assert_true(bytes_equal(got, bytes_of(data, BATCH_WIRE_MAX)));
        free(data);
        client_close(&c);
}

static void a_message_beyond_the_limit_is_refused_and_the_connection_lives_on(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        size_t len = BATCH_WIRE_MAX + (1 << 20);
        void *data = calloc(1, len);
        struct bytes got;

        assert_int_equal(client_unary(c, w->arena, "/trial.T/Echo", bytes_of(data, len), 0, &got,
                                 &last_status),
                ERR_BUSY);
        assert_int_equal(last_status.code, STATUS_RESOURCE_EXHAUSTED);
        struct call *call = talk(c, "/trial.T/Talk", 0);

        (void)!call_send(call, bytes_of(data, len));
        assert_int_equal(call_receive(call, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&call), STATUS_RESOURCE_EXHAUSTED);
        assert_true(eventually(&w->closed, 1));
        assert_int_equal(atomic_load(&w->ended), 0);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", "still here"), STATUS_OK);
        free(data);
        client_close(&c);
}

static void a_server_stream_keeps_its_order(void **state)
{
        struct world *w = *state;
        char thousand[1001];
        struct bytes got;

        memset(thousand, 'x', 1000);
        thousand[1000] = '\0';
        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);
        struct call *call = talk(c, "/trial.T/Count", 10000);

        say(call, thousand);
        assert_int_equal(call_half_close(call), ERR_OK);
        for (uint32_t i = 0; i < 1000; i++) {
                assert_int_equal(call_receive(call, w->arena, &got), ERR_OK);
                assert_int_equal(got.len, sizeof i);
                assert_memory_equal(got.data, &i, sizeof i);
        }
        assert_int_equal(call_receive(call, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&call), STATUS_OK);
        client_close(&c);
}

static void a_conversation_ends_when_the_client_has_said_all(void **state)
{
        struct world *w = *state;
        struct bytes got;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        struct call *call = talk(c, "/trial.T/Talk", 10000);

        for (int i = 0; i < 100; i++) {
                say(call, "ping");
                hear(w, call, "ping");
        }
        assert_int_equal(call_half_close(call), ERR_OK);
        hear(w, call, "bye");
        assert_int_equal(call_receive(call, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&call), STATUS_OK);
        assert_int_equal(atomic_load(&w->closed), 1);
        assert_int_equal(atomic_load(&w->ended), 1);
        client_close(&c);
}

static void a_refused_message_ends_the_conversation_with_its_reason(void **state)
{
        struct world *w = *state;
        struct bytes got;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        struct call *call = talk(c, "/trial.T/Talk", 10000);

        say(call, "ping");
        hear(w, call, "ping");
        say(call, "refuse");
        assert_int_equal(call_receive(call, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&call), STATUS_FAILED_PRECONDITION);
        assert_string_equal(last_status.message, err_sentence(ERR_OUT_OF_ORDER));
        assert_int_equal(last_status.details.len, 1);
        assert_string_equal(last_status.details.violations[0].field, "message");
        /* `closed` comes before the status, so nothing of the call is left now. */
        assert_int_equal(atomic_load(&w->closed), 1);
        assert_int_equal(atomic_load(&w->ended), 0);
        client_close(&c);
}

static void reasons_are_cut_to_what_headers_can_carry(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Refuse", "three"), STATUS_INVALID_ARGUMENT);
        assert_int_equal(last_status.details.len, 5);
        assert_string_equal(last_status.details.violations[4].field, "batch.columns[3]");
        assert_non_null(strstr(last_status.details.violations[4].text, "violation 4"));
        /* Forty, of which a refusal keeps 32. */
        assert_int_equal(
                world_call(w, c, "/trial.T/Refuse", "0123456789012345678901234567890123456789"),
                STATUS_INVALID_ARGUMENT);
        assert_in_range(last_status.details.len, 8, 24);
        assert_non_null(strstr(last_status.details.violations[7].text, "violation 7"));
        client_close(&c);
}

static void a_failure_of_ours_says_nothing_but_its_sentence(void **state)
{
        struct world *w = *state;
        struct rpc_counters n;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Fail", ""), STATUS_DATA_LOSS);
        assert_string_equal(last_status.message, err_sentence(ERR_CORRUPT));
        assert_int_equal(last_status.details.len, 0);
        assert_int_equal(world_call(w, c, "/trial.T/Nothing", ""), STATUS_UNIMPLEMENTED);
        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_OK);
        rpc_counters_read(w->gate, &n);
        assert_int_equal(n.calls, 3);
        assert_int_equal(n.failed, 1);
        assert_int_equal(n.refused, 1);
        client_close(&c);
}

/* Slow, greedy and gone ------------------------------------------------------------- */

static void a_reader_that_stops_stops_the_writer(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);
        struct call *call = talk(c, "/trial.T/Flood", 0);
        uint64_t seen = 0, now = 0;
        struct bytes got;

        say(call, "");
        assert_int_equal(call_half_close(call), ERR_OK);
        /* Until it has begun, and then no more comes. */
        for (int i = 0; i < 200 && (now == 0 || now != seen); i++) {
                seen = now;
                nap(100);
                now = atomic_load(&w->bytes_out);
        }
        assert_in_range(now, 1, 32 << 20);
        assert_int_equal(call_receive(call, w->arena, &got), ERR_OK);
        call_cancel(call);
        assert_int_equal(hang_up(&call), STATUS_CANCELLED);
        assert_true(eventually(&w->left, 1));
        client_close(&c);
}

static void a_slow_worker_slows_the_sender(void **state)
{
        struct world *w = *state;
        enum { MESSAGE = 256 << 10, MESSAGES = 60 };
        void *data = calloc(1, MESSAGE);
        uint64_t ahead_most = 0;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        struct call *call = talk(c, "/trial.T/Swallow", 30000);

        for (uint64_t i = 1; i <= MESSAGES; i++) {
                assert_int_equal(call_send(call, bytes_of(data, MESSAGE)), ERR_OK);
                uint64_t ahead = i * MESSAGE - atomic_load(&w->bytes_in);

                if (ahead > ahead_most)
                        ahead_most = ahead;
        }
        assert_in_range(ahead_most, MESSAGE, 16 * MESSAGE);
        assert_int_equal(call_half_close(call), ERR_OK);
        assert_int_equal(hang_up(&call), STATUS_OK);
        assert_int_equal(atomic_load(&w->bytes_in), (uint64_t)MESSAGES * MESSAGE);
        free(data);
        client_close(&c);
}

static void a_cancelled_call_is_noticed_by_its_handler(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);
        struct call *call = talk(c, "/trial.T/Wait", 0);

        say(call, "");
        assert_int_equal(call_half_close(call), ERR_OK);
        assert_true(eventually(&w->entered, 1));
        call_cancel(call);
        assert_int_equal(hang_up(&call), STATUS_CANCELLED);
        assert_true(eventually(&w->cancelled, 1));
        client_close(&c);
}

static void a_client_that_dies_in_the_middle_is_tidied_up_after(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);
        struct call *call = talk(c, "/trial.T/Talk", 0);

        say(call, "ping");
        hear(w, call, "ping");
        call_free(&call);
        client_close(&c);
        assert_true(eventually(&w->closed, 1));
}

static void an_upload_that_breaks_off_never_looks_like_its_end(void **state)
{
        struct world *w = *state;
        enum { ROUNDS = 100 };

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        for (unsigned i = 0; i < ROUNDS; i++) {
                struct call *call = talk(c, "/trial.T/Talk", 0);

                for (unsigned k = 0; k <= i % 3; k++)
                        say(call, "row");
                call_cancel(call);
                call_free(&call);
        }
        struct call *last = talk(c, "/trial.T/Talk", 0);

        assert_int_equal(call_half_close(last), ERR_OK);
        assert_int_equal(hang_up(&last), STATUS_OK);
        assert_true(eventually(&w->closed, atomic_load(&w->entered)));
        assert_int_equal(atomic_load(&w->ended), 1);
        client_close(&c);
}

static void a_deadline_ends_the_call_on_both_sides(void **state)
{
        struct world *w = *state;
        struct bytes got;

        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);

        assert_int_equal(client_unary(c, w->arena, "/trial.T/Wait", bytes_of_text(""), 200, &got,
                                 &last_status),
                ERR_DEADLINE);
        assert_true(eventually(&w->cancelled, 1));
        client_close(&c);
}

static struct call *ask(struct client *c, const char *path)
{
        struct call *call = talk(c, path, 20000);

        say(call, "");
        assert_int_equal(call_half_close(call), ERR_OK);
        return call;
}

static void a_full_queue_refuses_newcomers_and_keeps_the_others(void **state)
{
        struct world *w = *state;
        /* Of two workers one method gets one. */
        enum { WORKERS = 2, RUNNING = 1, CALLS = 12 };
        struct call *calls[CALLS];
        unsigned refused = 0;

        w->options.workers = WORKERS;
        w->options.queue_max = 4; /* one method may have three of these */
        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);

        for (int i = 0; i < RUNNING; i++)
                calls[i] = ask(c, "/trial.T/Wait");
        assert_true(eventually(&w->entered, RUNNING));
        for (int i = RUNNING; i < CALLS; i++)
                calls[i] = ask(c, "/trial.T/Wait");
        /* An inline method needs no worker, and comes after all of these. */
        assert_int_equal(world_call(w, c, "/trial.T/Inline", "hello"), STATUS_OK);
        /* Another method still finds a place. */
        struct call *other = ask(c, "/trial.T/Echo");

        assert_int_equal(world_call(w, c, "/trial.T/Inline", "hello"), STATUS_OK);
        world_release(w);
        for (int i = 0; i < CALLS; i++) {
                enum status code = hang_up(&calls[i]);

                assert_true(code == STATUS_OK || code == STATUS_RESOURCE_EXHAUSTED);
                refused += code != STATUS_OK;
        }
        assert_int_equal(refused, CALLS - RUNNING - 3);
        assert_int_equal(hang_up(&other), STATUS_OK);
        client_close(&c);
}

static void one_certificate_cannot_hold_all_the_calls(void **state)
{
        struct world *w = *state;
        enum { CHANNELS = 20 };
        struct call *calls[CHANNELS];
        struct bytes got;
        unsigned refused = 0;

        w->options.streams_per_peer = 2; /* sixteen over all connections of one certificate */
        world_open(w);
        struct client *greedy =
                world_client(w, &(struct pass){.uri = MUNICIPALITY, .channels = CHANNELS});

        for (int i = 0; i < CHANNELS; i++) {
                calls[i] = talk(greedy, "/trial.T/Talk", 20000);
                say(calls[i], "ping");
        }
        for (int i = 0; i < CHANNELS; i++)
                refused += call_receive(calls[i], w->arena, &got) != ERR_OK;
        assert_int_equal(refused, CHANNELS - 16);
        struct client *other = world_visitor(w, STATISTICIAN);

        assert_int_equal(world_call(w, other, "/trial.T/Echo", "me"), STATUS_OK);
        for (int i = 0; i < CHANNELS; i++)
                call_free(&calls[i]);
        client_close(&greedy);
        client_close(&other);
}

/* Stopping ---------------------------------------------------------------------------- */

struct stopping {
        struct world *world;
        int64_t took_ms;
        atomic_uint done;
};

static void *stop_it(void *arg)
{
        struct stopping *s = arg;
        int64_t began = clock_monotonic_ns();

        rpc_stop(&s->world->gate);
        s->took_ms = (clock_monotonic_ns() - began) / 1000000;
        atomic_store(&s->done, 1);
        return NULL;
}

static void calls_in_flight_finish_while_the_server_drains(void **state)
{
        struct world *w = *state;
        struct stopping s = {.world = w};
        pthread_t stopper;

        w->options.drain_ms = 20000;
        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);
        struct call *call = talk(c, "/trial.T/Wait", 0);

        say(call, "");
        assert_int_equal(call_half_close(call), ERR_OK);
        assert_true(eventually(&w->entered, 1));
        pthread_create(&stopper, NULL, stop_it, &s);
        for (int i = 0; world_call(w, c, "/trial.T/Echo", "late?") != STATUS_UNAVAILABLE; i++) {
                assert_true(i < 1000);
                nap(10);
        }
        assert_int_equal(atomic_load(&s.done), 0); /* it waits for the call */
        world_release(w);
        assert_int_equal(hang_up(&call), STATUS_OK);
        pthread_join(stopper, NULL);
        client_close(&c);
}

static void calls_that_will_not_finish_are_cancelled_after_the_grace_time(void **state)
{
        struct world *w = *state;
        struct stopping s = {.world = w};
        struct bytes got;

        w->options.drain_ms = 300;
        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);
        struct call *waiting = talk(c, "/trial.T/Wait", 0), *idle = talk(c, "/trial.T/Talk", 0);

        say(waiting, "");
        assert_int_equal(call_half_close(waiting), ERR_OK);
        say(idle, "ping");
        hear(w, idle, "ping");
        assert_true(eventually(&w->entered, 2));
        stop_it(&s);
        assert_in_range(s.took_ms, 250, 5000);
        assert_int_equal(atomic_load(&w->cancelled), 1);
        assert_int_equal(atomic_load(&w->closed), 1);
        assert_int_equal(hang_up(&waiting), STATUS_UNAVAILABLE);
        assert_int_equal(call_receive(idle, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&idle), STATUS_UNAVAILABLE);
        client_close(&c);
}

static void a_second_server_cannot_take_the_same_port(void **state)
{
        struct world *w = *state;
        struct rpc_server *second = NULL;

        world_open(w);
        w->options.address = w->address;
        assert_int_equal(rpc_start(&w->options, &second), ERR_IN_USE);
        assert_null(second);
        struct client *c = world_visitor(w, MUNICIPALITY);

        assert_int_equal(world_call(w, c, "/trial.T/Echo", "first"), STATUS_OK);
        client_close(&c);
}

static void a_dead_address_is_told_at_once(void **state)
{
        struct world *w = *state;

        world_open(w);
        struct client *c = world_visitor(w, MUNICIPALITY);

        rpc_stop(&w->gate);
        int64_t began = clock_monotonic_ns();

        assert_int_equal(world_call(w, c, "/trial.T/Echo", ""), STATUS_UNAVAILABLE);
        assert_true(clock_monotonic_ns() - began < INT64_C(6000000000));
        client_close(&c);
}

/* Health and reflection ----------------------------------------------------------------- */

static struct bytes health_request(struct world *w, const char *service)
{
        struct bytes wire, copy;
        struct buf buf;

        buf_init(&buf, 1024);
        assert_int_equal(health_request_encode(bytes_of_text(service), &buf), ERR_OK);
        assert_int_equal(buf_end(&buf, &wire), ERR_OK);
        assert_int_equal(bytes_copy(w->arena, wire, &copy), ERR_OK);
        buf_done(&buf);
        return copy;
}

static enum health health_read(struct world *w, struct bytes wire)
{
        enum health health;

        assert_int_equal(health_response_decode(w->arena, wire, &health), ERR_OK);
        return health;
}

static void health_is_told_for_known_services(void **state)
{
        static const char path[] = "/grpc.health.v1.Health/Check";
        struct world *w = *state;
        struct bytes got;

        world_open(w);
        struct client *c = world_visitor(w, OPERATOR);

        for (int sick = 0; sick < 2; sick++) {
                atomic_store(&w->healthy, !sick);
                assert_int_equal(
                        client_unary(c, w->arena, path, health_request(w, "statgate.v1.Statistics"),
                                0, &got, &last_status),
                        ERR_OK);
                assert_int_equal(health_read(w, got), sick ? HEALTH_NOT_SERVING : HEALTH_SERVING);
        }
        assert_int_equal(client_unary(c, w->arena, path, health_request(w, "no.such.Service"), 0,
                                 &got, &last_status),
                ERR_NOT_FOUND);
        client_close(&c);
}

static void a_health_watch_tells_every_change_and_ends_with_the_server(void **state)
{
        struct world *w = *state;
        struct stopping s = {.world = w};
        struct bytes got;

        w->options.drain_ms = 5000;
        world_open(w);
        struct client *c = world_visitor(w, OPERATOR);
        struct call *watch = talk(c, "/grpc.health.v1.Health/Watch", 0);
        struct call *strange = talk(c, "/grpc.health.v1.Health/Watch", 0);

        assert_int_equal(call_send(watch, health_request(w, "")), ERR_OK);
        assert_int_equal(call_half_close(watch), ERR_OK);
        assert_int_equal(call_send(strange, health_request(w, "no.such.Service")), ERR_OK);
        assert_int_equal(call_half_close(strange), ERR_OK);
        assert_int_equal(call_receive(strange, w->arena, &got), ERR_OK);
        assert_int_equal(health_read(w, got), HEALTH_SERVICE_UNKNOWN);
        call_free(&strange);
        assert_int_equal(call_receive(watch, w->arena, &got), ERR_OK);
        assert_int_equal(health_read(w, got), HEALTH_SERVING);
        atomic_store(&w->healthy, false);
        assert_int_equal(call_receive(watch, w->arena, &got), ERR_OK);
        assert_int_equal(health_read(w, got), HEALTH_NOT_SERVING);
        atomic_store(&w->healthy, true);
        assert_int_equal(call_receive(watch, w->arena, &got), ERR_OK);
        assert_int_equal(health_read(w, got), HEALTH_SERVING);
        stop_it(&s);
        assert_in_range(s.took_ms, 0, 3000);
        assert_int_equal(call_receive(watch, w->arena, &got), ERR_OK);
        assert_int_equal(health_read(w, got), HEALTH_NOT_SERVING);
        assert_int_equal(call_receive(watch, w->arena, &got), ERR_NOT_FOUND);
        assert_int_equal(hang_up(&watch), STATUS_UNAVAILABLE);
        client_close(&c);
}

static void reflection_lists_the_services(void **state)
{
        static const char *const paths[] = {
                "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
                "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"};
        /* ServerReflectionRequest { list_services: "*" } */
        static const uint8_t list[] = {0x3a, 0x01, '*'};
        struct world *w = *state;
        struct bytes got;

        world_open(w);
        struct client *c = world_visitor(w, STATISTICIAN);

        for (unsigned i = 0; i < ARRAY_LEN(paths); i++) {
                struct call *call = talk(c, paths[i], 10000);

                assert_int_equal(call_send(call, bytes_of(list, sizeof list)), ERR_OK);
                assert_int_equal(call_receive(call, w->arena, &got), ERR_OK);
                assert_non_null(memmem(got.data, got.len, "statgate.v1.Submission", 22));
                assert_non_null(memmem(got.data, got.len, "grpc.health.v1.Health", 21));
                assert_int_equal(call_half_close(call), ERR_OK);
                assert_int_equal(hang_up(&call), STATUS_OK);
        }
        client_close(&c);
}

int main(void)
{
#define FLOW(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
        const struct CMUnitTest tests[] = {
                FLOW(a_unary_call_brings_back_what_was_sent),
                FLOW(a_large_message_arrives_whole),
                FLOW(a_message_beyond_the_limit_is_refused_and_the_connection_lives_on),
                FLOW(a_server_stream_keeps_its_order),
                FLOW(a_conversation_ends_when_the_client_has_said_all),
                FLOW(a_refused_message_ends_the_conversation_with_its_reason),
                FLOW(reasons_are_cut_to_what_headers_can_carry),
                FLOW(a_failure_of_ours_says_nothing_but_its_sentence),
                FLOW(a_reader_that_stops_stops_the_writer),
                FLOW(a_slow_worker_slows_the_sender),
                FLOW(a_cancelled_call_is_noticed_by_its_handler),
                FLOW(a_client_that_dies_in_the_middle_is_tidied_up_after),
                FLOW(an_upload_that_breaks_off_never_looks_like_its_end),
                FLOW(a_deadline_ends_the_call_on_both_sides),
                FLOW(a_full_queue_refuses_newcomers_and_keeps_the_others),
                FLOW(one_certificate_cannot_hold_all_the_calls),
                FLOW(calls_in_flight_finish_while_the_server_drains),
                FLOW(calls_that_will_not_finish_are_cancelled_after_the_grace_time),
                FLOW(a_second_server_cannot_take_the_same_port),
                FLOW(a_dead_address_is_told_at_once),
                FLOW(health_is_told_for_known_services),
                FLOW(a_health_watch_tells_every_change_and_ends_with_the_server),
                FLOW(reflection_lists_the_services),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
