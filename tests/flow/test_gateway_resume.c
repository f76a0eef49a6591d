/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_resume.c: deliveries that are cut, repeated, contradicted and refused.
 *
 * A stream may end at any point for reasons nobody sees. What was acknowledged is
 * there, what was not may be said again, and saying something twice changes nothing. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "crypto/secret.h"

#include "tests/support/gateway_delivery.h"

enum { ROWS = 120, BATCH = 10 };

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

static void rows_of(uint64_t seed, uint32_t first_key, struct placement *out, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                out[i] = placement_random(&seed, 60, first_key + i);
}

static int64_t records(void)
{
        return (int64_t)status_of(&world).records_committed;
}

/* Cut and go on -------------------------------------------------------------------- */

static void a_stream_that_is_cut_goes_on_where_it_was(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[ROWS];
        struct digest receipts[ROWS / BATCH];
        uint32_t sent = 0;
        struct talk t;
        struct heap heap = {0};

        (void)state;
        rows_of(1, 0, rows, ROWS);
        while (sent < ROWS / BATCH) {
                talk_begin(&t, &world, town(&world, 180));
                assert_int_equal(talk_open(&t, &open), STATUS_OK);
                assert_int_equal(t.sequence, sent);
                for (uint32_t i = 0; i < 5 && sent < ROWS / BATCH; i++, sent++) {
                        assert_int_equal(
                                talk_batch(&t, rows + (size_t)sent * BATCH, BATCH), STATUS_OK);
                        receipts[sent] = t.receipts[sent];
                }
                assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
                if (sent < ROWS / BATCH)
                        talk_break(&t);
        }
        memcpy(t.receipts, receipts, sizeof receipts);
        t.rows = ROWS;
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.batches, ROWS / BATCH);
        assert_int_equal(t.heard.committed.accepted, ROWS);
        assert_int_equal(talk_end(&t), STATUS_OK);
        heap_add(&heap, 180, DELIVERY_APPEND, rows, ROWS);
        (void)publish(&world);
        heap_expect(&world, &heap, "form,kon", NULL);
        heap_done(&heap);
}

/* What the child of the next test does: three batches, then it hangs. */
static int deliver_and_hang(char **arguments)
{
        const struct client_options options = {
                .address = arguments[0],
                .ca_file = arguments[1],
                .certificate_file = arguments[2],
                .key_file = arguments[3],
        };
        struct wire_open open = placering_append();
        struct placement rows[ROWS];
        struct client *c = NULL;
        struct talk t;

        if (crypto_init(1 << 16, false) != ERR_OK || client_open(&options, &c) != ERR_OK ||
                hex_decode(arguments[4], open.id.bytes, sizeof open.id.bytes) != ERR_OK)
                return 1;
        rows_of(2, 0, rows, ROWS);
        talk_begin(&t, &world, c);
        t.municipality = 180;
        if (talk_open(&t, &open) != STATUS_OK)
                return 1;
        for (uint32_t i = 0; i < 3; i++)
                if (talk_batch(&t, rows + (size_t)i * BATCH, BATCH) != STATUS_OK)
                        return 1;
        if (write(STDOUT_FILENO, "x", 1) != 1)
                return 1;
        (void)pause();
        return 0;
}

static pid_t start_child(const struct wire_open *open, int *out_fd)
{
        char id[33], authority[128], certificate[128], key[128];
        char *arguments[] = {
                (char *)(uintptr_t) "child", world.address, authority, certificate, key, id, NULL};
        int fds[2];

        (void)town(&world, 180); /* its certificate is number 0 */
        hex_encode(bytes_of(open->id.bytes, 16), id);
        (void)snprintf(authority, sizeof authority, "%s/pki/ca.pem", world.folder);
        (void)snprintf(certificate, sizeof certificate, "%s/client-0.pem", world.folder);
        (void)snprintf(key, sizeof key, "%s/client-0.key", world.folder);
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0) {
                (void)dup2(fds[1], STDOUT_FILENO);
                (void)execv("/proc/self/exe", arguments);
                _exit(127);
        }
        (void)close(fds[1]);
        *out_fd = fds[0];
        return pid;
}

static void a_client_that_is_killed_leaves_what_was_acknowledged(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[ROWS];
        struct talk t;
        char byte;
        int fd, status;

        (void)state;
        pid_t pid = start_child(&open, &fd);
        assert_int_equal(read(fd, &byte, 1), 1);
        (void)kill(pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void)close(fd);

        rows_of(2, 0, rows, ROWS);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(t.sequence, 3);
        /* Who lost the receipts says the batches again and gets them again. */
        t.sequence = 0;
        for (uint32_t i = 0; i < 6; i++)
                assert_int_equal(talk_batch(&t, rows + (size_t)i * BATCH, BATCH), STATUS_OK);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(records(), 6 * BATCH);
}

static void closing_the_stream_is_not_a_commit(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct talk t;

        (void)state;
        rows_of(3, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
        assert_int_equal(records(), 0);
}

/* The same again ------------------------------------------------------------------- */

static void assert_same_commit(const struct wire_committed *a, const struct wire_committed *b)
{
        assert_int_equal(a->batches, b->batches);
        assert_int_equal(a->accepted, b->accepted);
        assert_int_equal(a->rejected, b->rejected);
        assert_int_equal(a->committed_at_ms, b->committed_at_ms);
        assert_memory_equal(&a->digest, &b->digest, sizeof a->digest);
}

static void a_committed_delivery_repeats_its_receipt_and_nothing_else(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct wire_committed first;
        struct wire_commit sum;
        struct talk t;

        (void)state;
        rows_of(4, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        sum = talk_sum(&t);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        first = t.heard.committed;
        /* Once more on the same stream, then on another. */
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_OK);
        assert_same_commit(&t.heard.committed, &first);
        assert_int_equal(talk_end(&t), STATUS_OK);

        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_true(t.heard.opened.is_committed);
        assert_same_commit(&t.heard.opened.committed, &first);
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_OK);
        assert_same_commit(&t.heard.committed, &first);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(records(), BATCH);
        assert_int_equal(status_of(&world).submissions_committed, 1);
}

static void another_sum_for_a_committed_delivery_is_refused(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct wire_commit sum;
        struct talk t;

        (void)state;
        rows_of(4, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        sum = talk_sum(&t);
        sum.digest.bytes[0] ^= 1;
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_ALREADY_EXISTS);
        sum.digest.bytes[0] ^= 1;
        talk_break(&t);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        sum.turned_away = 1;
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_ALREADY_EXISTS);
        talk_break(&t);
        assert_int_equal(records(), BATCH);
}

static void a_batch_said_twice_is_taken_once(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[2 * BATCH];
        struct digest receipt;
        struct talk t;

        (void)state;
        rows_of(5, 0, rows, 2 * BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows + BATCH, BATCH), STATUS_OK);
        receipt = t.receipts[0];
        for (int i = 0; i < 3; i++) {
                assert_int_equal(talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_OK);
                assert_memory_equal(&t.heard.acknowledged.receipt, &receipt, sizeof receipt);
                assert_int_equal(t.heard.acknowledged.accepted, BATCH);
        }
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.batches, 2);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(records(), 2 * BATCH);
}

/* Something else -------------------------------------------------------------------- */

/* Begins with `open` and `batches` batches already said. */
static void begin_with(struct talk *t, const struct wire_open *open, uint32_t batches)
{
        struct placement rows[ROWS];

        rows_of(6, 0, rows, ROWS);
        talk_begin(t, &world, town(&world, 180));
        assert_int_equal(talk_open(t, open), STATUS_OK);
        while (t->sequence < batches)
                assert_int_equal(
                        talk_batch(t, rows + (size_t)t->sequence * BATCH, BATCH), STATUS_OK);
}

static void the_same_sequence_with_other_content_is_a_conflict(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct talk t;

        (void)state;
        rows_of(66, 0, rows, BATCH);
        begin_with(&t, &open, 2);
        assert_int_equal(talk_say(&t, say_batch(t.arena, 1, rows, BATCH)), STATUS_ALREADY_EXISTS);
        talk_break(&t);
        /* One byte is enough: another case number in one row. */
        begin_with(&t, &open, 2);
        rows_of(6, 0, rows, BATCH);
        rows[3].key[9] = 'x';
        assert_int_equal(talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_ALREADY_EXISTS);
        talk_break(&t);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
}

static void a_gap_is_refused_and_the_delivery_stays_open(void **state)
{
        const struct wire_open open = placering_append();
        static const uint32_t sequences[] = {3, 4, 1000, UINT32_MAX};
        struct placement rows[BATCH];
        struct talk t;

        (void)state;
        rows_of(7, 0, rows, BATCH);
        for (size_t i = 0; i < ARRAY_LEN(sequences); i++) {
                begin_with(&t, &open, 2);
                enum status s = talk_say(&t, say_batch(t.arena, sequences[i], rows, BATCH));
                assert_int_equal(s, sequences[i] < BATCHES_MAX ? STATUS_FAILED_PRECONDITION
                                                               : STATUS_INVALID_ARGUMENT);
                talk_break(&t);
        }
        begin_with(&t, &open, 3);
        talk_break(&t);
}

static enum status commit_with(
        const struct wire_open *open, uint32_t batches, uint64_t rows, unsigned flip)
{
        struct wire_commit sum;
        struct placement some[2 * BATCH];
        struct talk t;

        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, open), STATUS_OK);
        rows_of(6, 0, some, 2 * BATCH);
        t.sequence = 0; /* the receipts again */
        assert_int_equal(talk_batch(&t, some, BATCH), STATUS_OK);
        assert_int_equal(talk_batch(&t, some + BATCH, BATCH), STATUS_OK);
        sum = talk_sum(&t);
        sum.batches = batches;
        sum.rows = rows;
        sum.digest.bytes[31] ^= (uint8_t)flip;
        enum status s = talk_say(&t, say_commit(t.arena, &sum));
        world_status = t.status;
        talk_break(&t);
        return s;
}

static void a_commit_must_agree_with_what_arrived(void **state)
{
        const struct wire_open open = placering_append();

        (void)state;
        assert_int_equal(commit_with(&open, 1, 2 * BATCH, 0), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("commit.batches"));
        assert_int_equal(commit_with(&open, 3, 2 * BATCH, 0), STATUS_FAILED_PRECONDITION);
        assert_int_equal(commit_with(&open, 2, 2 * BATCH + 1, 0), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("commit.rows"));
        assert_int_equal(commit_with(&open, 2, 2 * BATCH, 1), STATUS_FAILED_PRECONDITION);
        assert_true(world_blames("commit.digest"));
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
        assert_int_equal(records(), 0);
        assert_int_equal(commit_with(&open, 2, 2 * BATCH, 0), STATUS_OK);
        assert_int_equal(records(), 2 * BATCH);
}

static void messages_come_in_their_order_or_not_at_all(void **state)
{
        const struct wire_open open = placering_append(), other = placering_append();
        const struct wire_commit nothing = {0};
        struct placement rows[BATCH];
        struct talk t;

        (void)state;
        rows_of(8, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(
                talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
        talk_begin(&t, &world, town(&world, 180));
        enum status s = talk_say(&t, say_commit(t.arena, &nothing));
        assert_true(s == STATUS_FAILED_PRECONDITION || s == STATUS_INVALID_ARGUMENT);
        talk_break(&t);
        begin_with(&t, &open, 1);
        assert_int_equal(talk_say(&t, say_open(t.arena, &open)), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
        begin_with(&t, &open, 1);
        assert_int_equal(talk_say(&t, say_open(t.arena, &other)), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
        assert_int_equal(state_of(&world, 180, &other.id), SUBMISSION_NONE);
        begin_with(&t, &open, 1);
        assert_int_equal(talk_commit(&t), STATUS_FAILED_PRECONDITION); /* rows not counted here */
        talk_break(&t);

        /* After the commit nothing more comes. */
        begin_with(&t, &other, 1);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(
                talk_say(&t, say_batch(t.arena, 1, rows, BATCH)), STATUS_FAILED_PRECONDITION);
        talk_break(&t);
        assert_int_equal(records(), BATCH);
}

static void a_delivery_belongs_to_the_municipality_that_opened_it(void **state)
{
        const struct wire_open open = placering_append();
        OWNED(buf_done) struct buf b = {.ceiling = 64};
        struct bytes request;
        struct talk t;

        (void)state;
        begin_with(&t, &open, 1);
        talk_break(&t);
        talk_begin(&t, &world, town(&world, 114));
        assert_int_equal(talk_say(&t, say_open(t.arena, &open)), STATUS_ALREADY_EXISTS);
        talk_break(&t);
        assert_int_equal(state_of(&world, 114, &open.id), SUBMISSION_NONE);
        assert_int_equal(world_status.code, STATUS_NOT_FOUND);
        assert_int_equal(submission_ref_encode(&open.id, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, town(&world, 114), "Submission/Withdraw", request),
                STATUS_NOT_FOUND);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
}

static void an_id_means_one_delivery_for_ever(void **state)
{
        const struct wire_open open = placering_append();
        struct wire_open changed[4];
        struct talk t;

        (void)state;
        begin_with(&t, &open, 1);
        talk_break(&t);
        for (int i = 0; i < 4; i++)
                changed[i] = open;
        changed[0].dataset = bytes_of_text("anmalan");
        changed[1].period = bytes_of_text("2024");
        changed[2].mode = DELIVERY_REPLACE;
        changed[3].all_or_nothing = true;
        for (int i = 0; i < 4; i++) {
                talk_begin(&t, &world, town(&world, 180));
                assert_int_equal(
                        talk_say(&t, say_open(t.arena, &changed[i])), STATUS_ALREADY_EXISTS);
                talk_break(&t);
        }
}

static void two_streams_on_one_delivery_put_every_batch_there_once(void **state)
{
        const struct wire_open open = placering_append();
        struct placement rows[ROWS];
        struct talk a, b;

        (void)state;
        rows_of(9, 0, rows, ROWS);
        talk_begin(&a, &world, town(&world, 180));
        talk_begin(&b, &world, town(&world, 180));
        assert_int_equal(talk_open(&a, &open), STATUS_OK);
        assert_int_equal(talk_open(&b, &open), STATUS_OK);
        for (uint32_t i = 0; i < ROWS / BATCH; i++) {
                const struct placement *part = rows + (size_t)i * BATCH;

                assert_int_equal(talk_batch(i % 2 == 0 ? &a : &b, part, BATCH), STATUS_OK);
                assert_int_equal(talk_batch(i % 2 == 0 ? &b : &a, part, BATCH), STATUS_OK);
        }
        assert_int_equal(talk_commit(&a), STATUS_OK);
        assert_int_equal(talk_commit(&b), STATUS_OK);
        assert_int_equal(talk_end(&a), STATUS_OK);
        assert_int_equal(talk_end(&b), STATUS_OK);
        assert_int_equal(records(), ROWS);
}

/* Rejected rows ---------------------------------------------------------------------- */

/* Writes over the first `from` in a message, which is ours. */
static void overwrite(struct bytes message, const void *from, const void *to, size_t len)
{
        uint8_t *at = memmem(message.data, message.len, from, len);

        assert_non_null(at);
        memcpy(at, to, len);
}

/* A batch whose rows in `bad` have a wrong check digit. */
static struct bytes spoiled(struct arena *a, uint32_t sequence, struct placement *rows,
        uint32_t len, const uint32_t *bad, uint32_t bad_len)
{
        for (uint32_t i = 0; i < len; i++) {
                rows[i].local = false;
                rows[i].person = 1000 * sequence + i; /* each child once */
        }
        struct bytes message = say_batch(a, sequence, rows, len);
        for (uint32_t i = 0; i < bad_len; i++) {
                uint8_t id[PERSON_ID_LEN], wrong[PERSON_ID_LEN];

                child_id(rows[bad[i]].person, id);
                memcpy(wrong, id, sizeof id);
                wrong[11] = (uint8_t)('0' + (id[11] - '0' + 3) % 10);
                overwrite(message, id, wrong, sizeof id);
        }
        return message;
}

static enum status commit_what_was_heard(struct talk *t)
{
        t->receipts[t->sequence++] = t->heard.acknowledged.receipt;
        t->rows += t->heard.acknowledged.accepted + t->heard.acknowledged.rejected;
        return talk_commit(t);
}

static void a_rejection_names_row_variable_and_rule_and_never_the_number(void **state)
{
        static const uint32_t bad[] = {0, 7, 19};
        const struct wire_open open = placering_append();
        struct placement rows[20];
        struct talk t;

        (void)state;
        rows_of(10, 0, rows, 20);
        rows[4].start = 0;                 /* 1970: before the schema's earliest */
        rows[12].end = rows[12].start - 1; /* ends before it begins */
        rows[15].cost = 5000001;           /* 50,000.01 kr a day */
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        struct bytes message = spoiled(t.arena, 0, rows, 20, bad, 3);
        assert_int_equal(call_send(t.call, talk_wrap(&t, message)), ERR_OK);
        struct bytes answer;
        assert_int_equal(call_receive(t.call, t.arena, &answer), ERR_OK);
        assert_int_equal(submit_response_decode(t.arena, answer, &t.heard), ERR_OK);
        const struct wire_acknowledged *a = &t.heard.acknowledged;
        assert_int_equal(a->accepted, 14);
        assert_int_equal(a->rejected, 6);
        const struct {
                uint32_t row;
                const char *variable, *rule;
        } wanted[] = {{0, "person", "CHECK_DIGIT"}, {4, "start", "OUT_OF_RANGE"},
                {7, "person", "CHECK_DIGIT"}, {12, "slut", "DATE_ORDER"},
                {15, "kostnad_dygn", "OUT_OF_RANGE"}, {19, "person", "CHECK_DIGIT"}};
        for (size_t i = 0; i < ARRAY_LEN(wanted); i++) {
                bool found = false;

                for (uint32_t k = 0; k < a->rejections_len; k++)
                        found |= a->rejections[k].row == wanted[i].row &&
                                 bytes_is_text(a->rejections[k].variable, wanted[i].variable) &&
                                 bytes_is_text(a->rejections[k].rule, wanted[i].rule);
                if (!found)
                        fail_msg("row %u: no %s at %s", wanted[i].row, wanted[i].rule,
                                wanted[i].variable);
        }
        /* No number in the answer, neither whole nor its last ten digits, nor a key. */
        for (uint32_t i = 0; i < 20; i++) {
                uint8_t id[PERSON_ID_LEN];

                child_id(rows[i].person, id);
                assert_null(memmem(answer.data, answer.len, id + 2, 9));
                assert_null(memmem(answer.data, answer.len, rows[i].key, RECORD_KEY_LEN));
        }
        assert_int_equal(commit_what_was_heard(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.accepted, 14);
        assert_int_equal(t.heard.committed.rejected, 6);
        talk_break(&t);
        assert_int_equal(records(), 14);
}

static void all_or_nothing_takes_nothing_when_a_row_is_wrong(void **state)
{
        static const uint32_t bad[] = {3};
        struct wire_open open = placering_append();
        struct placement rows[20];
        struct talk t;

        (void)state;
        open.all_or_nothing = true;
        rows_of(11, 0, rows, 20);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_say(&t, spoiled(t.arena, 0, rows, 20, bad, 1)), STATUS_OK);
        assert_int_equal(t.heard.acknowledged.rejected, 1);
        assert_int_equal(commit_what_was_heard(&t), STATUS_INVALID_ARGUMENT);
        talk_break(&t);
        assert_int_equal(records(), 0);
        assert_int_equal(state_of(&world, 180, &open.id), SUBMISSION_OPEN);
}

static void all_is_not_all_when_the_sender_turned_a_row_away(void **state)
{
        struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct wire_commit sum;
        struct talk t;

        (void)state;
        open.all_or_nothing = true;
        rows_of(17, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        sum = talk_sum(&t);
        sum.turned_away = 1;
        assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_INVALID_ARGUMENT);
        talk_break(&t);
        assert_int_equal(records(), 0);
}

static enum status replace_with_bad(uint32_t rows_len, const uint32_t *bad, uint32_t bad_len)
{
        const struct wire_open open = placering_replace();
        struct placement rows[40];
        struct talk t;

        rows_of(12, 100, rows, rows_len);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(
                talk_say(&t, spoiled(t.arena, 0, rows, rows_len, bad, bad_len)), STATUS_OK);
        enum status s = commit_what_was_heard(&t);
        talk_break(&t);
        return s;
}

static void a_replacement_with_too_many_rejected_rows_replaces_nothing(void **state)
{
        static const uint32_t bad[] = {1, 2, 3};
        struct placement rows[BATCH];

        (void)state;
        rows_of(13, 0, rows, BATCH);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, BATCH, BATCH);
        assert_int_equal(replace_with_bad(40, bad, 3), STATUS_FAILED_PRECONDITION); /* 75 ‰ */
        assert_int_equal(records(), BATCH);
        assert_int_equal(replace_with_bad(40, bad, 2), STATUS_OK); /* 50 ‰, the limit */
        assert_int_equal(records(), 38);
}

static enum status replace_turning_away(uint32_t rows_len, uint64_t turned_away)
{
        struct wire_open open = placering_replace();
        struct placement rows[40];
        struct wire_commit sum;
        struct talk t;

        rows_of(15, 200, rows, rows_len);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, rows_len), STATUS_OK);
        sum = talk_sum(&t);
        sum.turned_away = turned_away;
        enum status s = talk_say(&t, say_commit(t.arena, &sum));
        if (s == STATUS_OK) /* said again, it is the same commit */
                assert_int_equal(talk_say(&t, say_commit(t.arena, &sum)), STATUS_OK);
        talk_break(&t);
        return s;
}

/* 38 of 40 came, or 37: whoever turned the others away. */
static void rows_that_the_sender_turned_away_count_as_rejected(void **state)
{
        struct placement rows[BATCH];

        (void)state;
        rows_of(16, 0, rows, BATCH);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, BATCH, BATCH);
        assert_int_equal(replace_turning_away(37, 3), STATUS_FAILED_PRECONDITION);
        assert_int_equal(records(), BATCH);
        assert_int_equal(replace_turning_away(38, 2), STATUS_OK);
        assert_int_equal(records(), 38);
}

static void a_batch_of_which_every_row_is_rejected_keeps_its_place(void **state)
{
        static const uint32_t bad[] = {0, 1, 2, 3, 4};
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        struct digest receipt;
        struct talk t;

        (void)state;
        rows_of(14, 0, rows, BATCH);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_say(&t, spoiled(t.arena, 0, rows, 5, bad, 5)), STATUS_OK);
        assert_int_equal(t.heard.acknowledged.accepted, 0);
        receipt = t.heard.acknowledged.receipt;
        assert_int_equal(talk_say(&t, spoiled(t.arena, 0, rows, 5, bad, 5)), STATUS_OK);
        assert_memory_equal(&receipt, &t.heard.acknowledged.receipt, sizeof receipt);
        t.receipts[t.sequence++] = receipt;
        t.rows = 5;
        assert_int_equal(talk_batch(&t, rows, BATCH), STATUS_OK);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.batches, 2);
        assert_int_equal(t.heard.committed.accepted, BATCH);
        talk_break(&t);
        (void)publish(&world);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {
                WHOLE(a_stream_that_is_cut_goes_on_where_it_was),
                WHOLE(a_client_that_is_killed_leaves_what_was_acknowledged),
                WHOLE(closing_the_stream_is_not_a_commit),
                WHOLE(a_committed_delivery_repeats_its_receipt_and_nothing_else),
                WHOLE(another_sum_for_a_committed_delivery_is_refused),
                WHOLE(a_batch_said_twice_is_taken_once),
                WHOLE(the_same_sequence_with_other_content_is_a_conflict),
                WHOLE(a_gap_is_refused_and_the_delivery_stays_open),
                WHOLE(a_commit_must_agree_with_what_arrived),
                WHOLE(messages_come_in_their_order_or_not_at_all),
                WHOLE(a_delivery_belongs_to_the_municipality_that_opened_it),
                WHOLE(an_id_means_one_delivery_for_ever),
                WHOLE(two_streams_on_one_delivery_put_every_batch_there_once),
                WHOLE(a_rejection_names_row_variable_and_rule_and_never_the_number),
                WHOLE(all_or_nothing_takes_nothing_when_a_row_is_wrong),
                WHOLE(all_is_not_all_when_the_sender_turned_a_row_away),
                WHOLE(a_replacement_with_too_many_rejected_rows_replaces_nothing),
                WHOLE(rows_that_the_sender_turned_away_count_as_rejected),
                WHOLE(a_batch_of_which_every_row_is_rejected_keeps_its_place),
        };

        if (argc == 6)
                return deliver_and_hang(argv + 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
