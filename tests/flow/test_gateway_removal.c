/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_removal.c: what is withdrawn or erased is in no answer and in no file.
 *
 * Before a removal the sealed bytes are read out of the database with SQLite's own
 * hands; afterwards the raw files, log and free pages included, are searched for any
 * piece of them. Searching for the person would prove nothing: nobody is there in
 * clear before either. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"
#include "tests/support/store_pieces.h"

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
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

static int64_t persons(void)
{
        struct wire_answer answer;
        struct wire_release r;

        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        return r.table.status[0] == CELL_VALUE ? r.table.measures[0].values[0] : -1;
}

/* Raw files ------------------------------------------------------------------------ */

static void remember(struct pieces *p, const struct submission_id *id)
{
        pieces_remember(&world, p, id);
}

static unsigned still_there(const struct pieces *p)
{
        return pieces_still_there(&world, p);
}

/* Withdrawal ------------------------------------------------------------------------- */

static struct vintage withdraw(municipality_t m, const struct submission_id *id)
{
        OWNED(buf_done) struct buf b = {.ceiling = 64};
        struct vintage revised = {0};
        struct bytes request;

        assert_int_equal(submission_ref_encode(id, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(
                world_call(&world, town(&world, m), "Submission/Withdraw", request), STATUS_OK);
        assert_int_equal(withdrawn_decode(world.arena, world_answer, &revised), ERR_OK);
        return revised;
}

static void a_withdrawn_delivery_is_in_no_answer_and_no_file(void **state)
{
        static struct pieces gone, others;
        struct placement rows[60];

        (void)state;
        children(rows, 0, 60);
        struct submission_id kept = deliver(&world, 114, DELIVERY_APPEND, rows, 20, 7);
        struct submission_id id = deliver(&world, 180, DELIVERY_APPEND, rows + 20, 40, 9);
        (void)publish(&world);
        assert_int_equal(persons(), 60);
        remember(&gone, &id);
        remember(&others, &kept);
        assert_int_equal(still_there(&gone), gone.len);

        struct vintage revised = withdraw(180, &id);
        assert_int_equal(revised.number, 1);
        assert_int_equal(revised.revision, 1);
        assert_int_equal(persons(), 20);
        assert_int_equal(still_there(&gone), 0);
        assert_int_equal(still_there(&others), others.len);
        assert_int_equal(state_of(&world, 180, &id), SUBMISSION_WITHDRAWN);
        assert_int_equal(status_of(&world).records_committed, 20);

        /* Once more is harmless, and the id is used up. */
        assert_int_equal(withdraw(180, &id).number, 0);
        struct wire_open open = placering_append();
        struct talk t;
        open.id = id;
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_say(&t, say_open(t.arena, &open)), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(still_there(&gone), 0);
}

static void the_vintage_before_a_withdrawal_takes_no_questions(void **state)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct placement rows[30];
        struct query q = {.dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("uppfoljning"),
                .vintage = {1, 0}};
        struct wire_vintages list;
        struct bytes request;

        (void)state;
        children(rows, 0, 30);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, 10, 10);
        struct submission_id id = deliver(&world, 180, DELIVERY_APPEND, rows + 10, 20, 10);
        (void)publish(&world);
        (void)withdraw(180, &id);
        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_STATISTICIAN),
                                 "Statistics/Query", request),
                STATUS_FAILED_PRECONDITION);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                 "Operations/ListVintages", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(vintages_decode(world.arena, world_answer, &list), ERR_OK);
        assert_int_equal(list.len, 2);
        assert_false(list.vintages[0].open);
        assert_true(list.vintages[1].open);
        assert_int_equal(list.vintages[1].vintage.revision, 1);
        assert_int_equal(list.vintages[1].records, 10);
}

static void an_open_delivery_can_be_withdrawn_and_leaves_nothing(void **state)
{
        static struct pieces gone;
        const struct wire_open open = placering_append();
        struct placement rows[30];
        struct talk t;

        (void)state;
        children(rows, 0, 30);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, 30), STATUS_OK);
        remember(&gone, &open.id);
        assert_int_equal(withdraw(180, &open.id).number, 0);
        assert_int_equal(still_there(&gone), 0);
        /* The stream that was still open hears of it. */
        assert_int_equal(talk_commit(&t), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
}

/* Erasure ---------------------------------------------------------------------------- */

static enum status erase(municipality_t m, uint32_t child, bool local)
{
        struct wire_person p = {.kind = local ? PERSON_LOCAL : PERSON_NATIONAL};

        (local ? child_local_id : child_id)(child, p.id);
        return world_erase(&world, m, &p);
}

static void an_erased_person_is_in_no_answer_and_no_file(void **state)
{
        static struct pieces gone, others;
        struct placement rows[40];
        struct heap heap = {0};
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        children(rows, 0, 40);
        rows[39].person = 7; /* twice in Stockholm … */
        struct submission_id id = deliver(&world, 180, DELIVERY_APPEND, rows, 40, 40);
        struct submission_id other = deliver(&world, 114, DELIVERY_APPEND, rows, 20, 20);
        heap_add(&heap, 180, DELIVERY_APPEND, rows, 40);
        heap_add(&heap, 114, DELIVERY_APPEND, rows, 20); /* … and once elsewhere */
        (void)publish(&world);
        assert_int_equal(persons(), 39);
        remember(&gone, &id);
        remember(&others, &other);

        assert_int_equal(erase(180, 7, false), STATUS_OK);
        for (uint32_t i = 0; i < heap.len; i++)
                if (heap.rows[i].municipality == 180 && heap.rows[i].what.person == 7)
                        heap.rows[i].stands = false;
        heap_expect(&world, &heap, "kommun", NULL);
        heap_expect(&world, &heap, "form", NULL);
        assert_int_equal(persons(), 39); /* still known to 0114: own domains only */
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.vintage.number, 1);
        assert_int_equal(r.vintage.revision, 1);
        assert_int_equal(status_of(&world).records_committed, 58);
        assert_int_equal(still_there(&gone), 0); /* the batch was sealed anew */
        assert_int_equal(still_there(&others), others.len);

        assert_int_equal(erase(114, 7, false), STATUS_OK);
        assert_int_equal(persons(), 38);
        heap_done(&heap);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(still_there(&gone), 0);
        assert_int_equal(still_there(&others), 0);
}

static void an_erasure_answers_the_same_whether_or_not_there_was_anybody(void **state)
{
        struct placement rows[10];

        (void)state;
        children(rows, 0, 10);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 10, 10);
        (void)publish(&world);
        assert_int_equal(erase(180, 3, false), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(erase(180, 3, false), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(erase(180, 300000, false), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(erase(2480, 4, false), STATUS_OK); /* has delivered nothing */
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(persons(), 9);
}

/* One question on a thread of its own, so that something can happen meanwhile. */
struct question {
        struct client *client;
        struct bytes request;
        struct call_status status;
        int64_t persons;
};

static void *put_question(void *arg)
{
        struct question *q = arg;
        OWNED(arena_free) struct arena *arena = arena_new(16 << 20);
        struct bytes response;
        struct wire_answer answer;
        struct wire_release r;

        q->persons = -1;
        if (client_unary(q->client, arena, "/statgate.v1.Statistics/Query", q->request, 60000,
                    &response, &q->status) == ERR_OK &&
                answer_decode(arena, response, &answer) == ERR_OK &&
                release_decode(arena, answer.release, &r) == ERR_OK)
                q->persons = r.table.measures[0].values[0];
        return NULL;
}

/* The view that answers is built while rows of it are taken away. Who asked for the
 * latest vintage hears of neither: the revision answers. */
static void an_erasure_in_the_middle_of_a_question_refuses_nobody(void **state)
{
        enum { ROUNDS = 20, CHILDREN = 4000 };
        static struct placement rows[CHILDREN];
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        const struct query latest = {
                .dataset = bytes_of_text("placering"), .purpose = bytes_of_text("uppfoljning")};
        struct question q = {.client = world_client(&world, WORLD_STATISTICIAN)};
        int64_t left = CHILDREN;
        uint64_t random = 5;

        (void)state;
        children(rows, 0, CHILDREN);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, 100);
        (void)publish(&world);
        assert_int_equal(query_request_encode(&latest, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &q.request), ERR_OK);
        for (uint32_t i = 0; i < ROUNDS; i++, left--) {
                pthread_t asking;

                assert_int_equal(erase(180, 2 * i, false), STATUS_OK); /* no view is left */
                left--;
                assert_int_equal(pthread_create(&asking, NULL, put_question, &q), 0);
                nap((unsigned)random_below(&random, 15));
                assert_int_equal(erase(180, 2 * i + 1, false), STATUS_OK);
                (void)pthread_join(asking, NULL);
                assert_int_equal(q.status.code, STATUS_OK);
                assert_true(q.persons == left || q.persons == left - 1);
        }
}

/* A guardian goes out of the records of the children, who stay. */
static void an_erased_guardian_leaves_the_children_where_they_are(void **state)
{
        static struct pieces gone;
        struct placement rows[20];

        (void)state;
        children(rows, 0, 20);
        struct submission_id id = deliver_reports(&world, 180, rows, 20);
        struct vintage before = publish(&world);
        remember(&gone, &id);
        assert_int_equal(erase(180, 200000 + 3, false), STATUS_OK);
        assert_int_equal(still_there(&gone), 0); /* sealed anew */
        assert_int_equal(status_of(&world).records_committed, 20);
        remember(&gone, &id);
        assert_int_equal(erase(180, 200000 + 3, false), STATUS_OK);
        assert_int_equal(still_there(&gone), gone.len); /* nothing more to take out */
        assert_int_equal(erase(180, 3, false), STATUS_OK);
        assert_int_equal(status_of(&world).records_committed, 19);
        assert_int_equal(publish(&world).number, before.number + 1);
}

static void a_local_id_erases_nobody_elsewhere(void **state)
{
        struct placement rows[20];

        (void)state;
        children(rows, 0, 20);
        for (int i = 0; i < 20; i++)
                rows[i].local = true;
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, 20, 20);
        (void)publish(&world);
        assert_int_equal(persons(), 40);
        assert_int_equal(erase(180, 5, true), STATUS_OK);
        assert_int_equal(persons(), 39);
}

/* A correction that is erased must not let the record it corrected come back, and a
 * replay of the delivery must not bring the person back either. */
static void neither_correction_nor_replay_brings_an_erased_person_back(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[20];
        struct talk t;

        (void)state;
        children(rows, 0, 20);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        rows[4].form = (uint8_t)((rows[4].form + 1) % FORMS);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows + 4, 1), STATUS_OK);
        struct wire_commit sum = talk_sum(&t);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        (void)publish(&world);
        assert_int_equal(persons(), 20);
        assert_int_equal(erase(180, 4, false), STATUS_OK);
        assert_int_equal(persons(), 19);

        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_true(t.heard.opened.is_committed);
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        (void)publish(&world);
        assert_int_equal(persons(), 19);
}

/* One record ------------------------------------------------------------------------- */

static enum status erase_record(municipality_t m, const char *dataset, const char *key)
{
        return world_erase_record(&world, m, dataset, key);
}

static void an_erased_record_is_in_no_answer_and_no_file(void **state)
{
        static struct pieces first, corrected, others, elsewhere;
        struct placement rows[40];

        (void)state;
        children(rows, 0, 40);
        struct submission_id id = deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        struct submission_id other = deliver(&world, 180, DELIVERY_APPEND, rows + 20, 20, 20);
        struct submission_id away = deliver(&world, 114, DELIVERY_APPEND, rows, 20, 20);
        rows[7].form = (uint8_t)((rows[7].form + 1) % FORMS);
        struct submission_id mended = deliver(&world, 180, DELIVERY_APPEND, rows + 7, 1, 1);

        rows[7].person = 300; /* under the same key, elsewhere, another child's */
        (void)deliver(&world, 2480, DELIVERY_APPEND, rows + 7, 1, 1);
        (void)publish(&world);
        assert_int_equal(persons(), 41);
        remember(&first, &id);
        remember(&corrected, &mended);
        remember(&others, &other);
        remember(&elsewhere, &away);

        assert_int_equal(erase_record(180, "placering", rows[7].key), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(persons(), 41); /* the child is placed by 0114 too */
        assert_int_equal(status_of(&world).records_committed, 60);
        assert_int_equal(still_there(&first), 0); /* the record, and its correction */
        assert_int_equal(still_there(&corrected), 0);
        assert_int_equal(still_there(&others), others.len);
        assert_int_equal(still_there(&elsewhere), elsewhere.len);
        assert_int_equal(erase_record(114, "placering", rows[7].key), STATUS_OK);
        assert_int_equal(persons(), 40);
        assert_int_equal(still_there(&elsewhere), 0);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(still_there(&first), 0);
        assert_int_equal(still_there(&elsewhere), 0);
}

static void erasing_a_record_answers_the_same_whether_or_not_there_was_one(void **state)
{
        static struct pieces all;
        struct placement rows[10];
        struct wire_removals proof;
        OWNED(buf_done) struct buf b = {.ceiling = 64};
        struct bytes request;

        (void)state;
        children(rows, 0, 10);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 10, 10);
        (void)publish(&world);
        remember(&all, NULL);
        assert_int_equal(erase_record(180, "anmalan", rows[3].key), STATUS_OK); /* not of that */
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(erase_record(180, "placering", "nosuchkey"), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(erase_record(114, "placering", rows[3].key), STATUS_OK); /* others' */
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(still_there(&all), all.len);
        assert_int_equal(erase_record(180, "placering", rows[3].key), STATUS_OK);
        assert_int_equal(world_answer.len, 0);
        assert_int_equal(still_there(&all), 0);
        assert_int_equal(persons(), 9);
        assert_int_equal(erase_record(180, "ingen", rows[3].key), STATUS_INVALID_ARGUMENT);
        assert_int_equal(erase_record(180, "placering", ""), STATUS_INVALID_ARGUMENT);

        /* Told as proof, without the key. */
        assert_int_equal(removals_request_encode(1, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_DPO),
                                 "Operations/ListRemovals", request),
                STATUS_OK);
        assert_null(memmem(world_answer.data, world_answer.len, rows[3].key, RECORD_KEY_LEN));
        assert_int_equal(removals_decode(world.arena, world_answer, &proof), ERR_OK);
        assert_int_equal(proof.len, 4);
        assert_true(bytes_is_text(proof.removals[3].reason, "record"));
        assert_int_equal(proof.removals[3].records, 1);
}

/* Memory ------------------------------------------------------------------------------ */

enum { WINDOW = 1 << 20 };

/* How often `needle` lies in what a process may write to; -1: the system does not let us look. */
static int in_memory(pid_t pid, const void *needle, size_t len)
{
        static uint8_t window[WINDOW + 64];
        char name[64], line[512];
        int found = 0;

        (void)snprintf(name, sizeof name, "/proc/%d/mem", (int)pid);
        FILE *mem = fopen(name, "re");
        (void)snprintf(name, sizeof name, "/proc/%d/maps", (int)pid);
        FILE *maps = fopen(name, "re");

        if (mem == NULL || maps == NULL) {
                if (mem != NULL)
                        (void)fclose(mem);
                if (maps != NULL)
                        (void)fclose(maps);
                return -1;
        }
        setbuf(mem, NULL);
        while (fgets(line, sizeof line, maps) != NULL) {
                unsigned long from, to;
                char rights[8];

                if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) != 3 || rights[1] != 'w')
                        continue;
                for (unsigned long at = from; at < to; at += WINDOW) {
                        size_t want = to - at < WINDOW + len ? to - at : WINDOW + len;
                        ssize_t got = pread(fileno(mem), window, want, (off_t)at);

                        for (const uint8_t *p = window; got > 0; found++) {
                                p = memmem(p, (size_t)(window + got - p), needle, len);
                                if (p == NULL)
                                        break;
                                p++;
                        }
                }
        }
        (void)fclose(mem);
        (void)fclose(maps);
        return found;
}

/* The sealed bytes were received, stored, read, opened and answered from; afterwards the gateway
 * has none of them. (The key of the record came in clear when it was delivered, and may still lie
 * in what gRPC has freed since; not when it is to be erased: below.) */
static void the_seal_of_an_erased_record_is_in_no_memory_of_the_gateway(void **state)
{
        static const char key[] = "Q7ZEBRA42X";
        const char *sanitized = getenv("STATGATE_SANITIZE");
        static struct pieces gone;
        struct placement rows[40];

        (void)state;
        if (sanitized != NULL && *sanitized != '\0') {
                print_message("skipped: a sanitizer's shadow is too large to be searched\n");
                skip();
        }
        children(rows, 0, 40);
        memcpy(rows[7].key, key, sizeof key);
        struct submission_id id = deliver(&world, 180, DELIVERY_APPEND, rows, 40, 40);
        (void)publish(&world);
        assert_int_equal(persons(), 40);
        remember(&gone, &id);
        if (in_memory(world.pid, "statgate", 8) < 0) {
                print_message("skipped: no right to read the gateway's memory\n");
                return;
        }
        assert_true(in_memory(world.pid, "statgate", 8) > 0);
        assert_int_equal(erase_record(180, "placering", key), STATUS_OK);
        assert_int_equal(persons(), 39);
        int pieces = 0;

        for (unsigned i = 0; i < gone.len; i++)
                pieces += in_memory(world.pid, gone.bytes[i], PIECE);
        assert_int_equal(pieces, 0);
}

/* To be erased it comes in a box: a process that was not there when it was delivered never has
 * it, though it looks for the record and takes it out. */
static void the_key_of_an_erased_record_comes_to_the_keeper_alone(void **state)
{
        static const char key[] = "Q7ZEBRA42X";
        const char *sanitized = getenv("STATGATE_SANITIZE");
        struct placement rows[40];

        (void)state;
        if (sanitized != NULL && *sanitized != '\0') {
                print_message("skipped: a sanitizer's shadow is too large to be searched\n");
                skip();
        }
        children(rows, 0, 40);
        memcpy(rows[7].key, key, sizeof key);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 40, 40);
        (void)publish(&world);
        assert_int_equal(persons(), 40);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_int_equal(persons(), 40);
        if (in_memory(world.pid, "statgate", 8) < 0) {
                print_message("skipped: no right to read the gateway's memory\n");
                return;
        }
        assert_int_equal(in_memory(world.pid, key, sizeof key - 1), 0);
        assert_int_equal(erase_record(180, "placering", key), STATUS_OK);
        assert_int_equal(persons(), 39);
        assert_int_equal(in_memory(world.pid, key, sizeof key - 1), 0);
        assert_int_equal(erase_record(180, "placering", "Q7ZEBRA43X"), STATUS_OK); /* none */
        assert_int_equal(in_memory(world.pid, "Q7ZEBRA43X", sizeof key - 1), 0);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(a_withdrawn_delivery_is_in_no_answer_and_no_file),
                WHOLE(the_vintage_before_a_withdrawal_takes_no_questions),
                WHOLE(an_open_delivery_can_be_withdrawn_and_leaves_nothing),
                WHOLE(an_erased_person_is_in_no_answer_and_no_file),
                WHOLE(an_erasure_answers_the_same_whether_or_not_there_was_anybody),
                WHOLE(an_erasure_in_the_middle_of_a_question_refuses_nobody),
                WHOLE(an_erased_guardian_leaves_the_children_where_they_are),
                WHOLE(a_local_id_erases_nobody_elsewhere),
                WHOLE(neither_correction_nor_replay_brings_an_erased_person_back),
                WHOLE(an_erased_record_is_in_no_answer_and_no_file),
                WHOLE(erasing_a_record_answers_the_same_whether_or_not_there_was_one),
                WHOLE(the_seal_of_an_erased_record_is_in_no_memory_of_the_gateway),
                WHOLE(the_key_of_an_erased_record_comes_to_the_keeper_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
