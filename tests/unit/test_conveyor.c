/* SPDX-License-Identifier: Apache-2.0 */
/* test_conveyor.c: three threads, a ring, and a line that breaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>

#include "tools/cli/conveyor.h"

enum { BATCHES = 400, BREAK_EVERY = 37 };

static struct rules_dataset rules = {.person = PERSON_USE_NONE};
static struct policy_dataset dataset = {.rules = &rules};
static struct mapping mapping;
static struct intake_plan plan = {.dataset = &dataset, .mapping = &mapping};

struct line {
        struct conveyor *c;
        enum err end;
        uint32_t sent_twice, next_sequence, received;
        uint32_t in_flight[BATCHES];
};

static void *fill(void *state)
{
        struct line *l = state;

        for (uint32_t i = 0; i < BATCHES && conveyor_empty(l->c) != NULL; i++)
                conveyor_filled(l->c);
        conveyor_end(l->c, l->end);
        return NULL;
}

static void *receive(void *state)
{
        struct line *l = state;
        const struct parcel *p;

        while (conveyor_expect(l->c, &p) == ERR_OK) {
                l->received++;
                conveyor_acknowledged(l->c);
        }
        return NULL;
}

/* Sends until all are sent, or the line is to break. */
static enum err send_some(struct line *l, uint32_t most)
{
        const struct batch *b;
        enum err rc;

        while ((rc = conveyor_next(l->c, &b)) == ERR_OK) {
                if (b->sequence < l->next_sequence)
                        l->sent_twice++;
                else
                        l->next_sequence = b->sequence + 1;
                conveyor_sent(l->c);
                if (--most == 0)
                        return ERR_CANCELLED;
        }
        return rc;
}

static void every_batch_arrives_once_however_often_the_line_breaks(void **state)
{
        struct line l = {.end = ERR_OK};
        pthread_t parser, receiver;
        enum err rc;

        (void)state;
        assert_int_equal(conveyor_new(&plan, UINT64_MAX, 4, BATCH_WIRE_MAX, &l.c), ERR_OK);
        assert_int_equal(pthread_create(&parser, NULL, fill, &l), 0);
        do {
                conveyor_mend(l.c);
                assert_int_equal(pthread_create(&receiver, NULL, receive, &l), 0);
                rc = send_some(&l, BREAK_EVERY);
                if (rc != ERR_NOT_FOUND)
                        conveyor_break(l.c);
                (void)pthread_join(receiver, NULL);
        } while (rc == ERR_CANCELLED);
        (void)pthread_join(parser, NULL);
        assert_int_equal(rc, ERR_NOT_FOUND);
        assert_int_equal(l.received, BATCHES);
        assert_int_equal(l.next_sequence, BATCHES);
        assert_int_equal(conveyor_counts(l.c).acked, BATCHES);
        conveyor_free(&l.c);
}

static void a_file_that_cannot_be_read_stops_the_sender(void **state)
{
        struct line l = {.end = ERR_UNREADABLE};
        const struct batch *b;

        (void)state;
        assert_int_equal(conveyor_new(&plan, UINT64_MAX, 4, BATCH_WIRE_MAX, &l.c), ERR_OK);
        assert_non_null(conveyor_empty(l.c));
        conveyor_filled(l.c);
        conveyor_end(l.c, ERR_UNREADABLE);
        assert_int_equal(conveyor_next(l.c, &b), ERR_UNREADABLE);
        assert_int_equal(conveyor_end_reason(l.c), ERR_UNREADABLE);
        conveyor_free(&l.c);
}

static void stopping_wakes_a_parser_that_waits_for_room(void **state)
{
        struct line l = {.end = ERR_OK};
        pthread_t parser;

        (void)state;
        assert_int_equal(conveyor_new(&plan, UINT64_MAX, 4, BATCH_WIRE_MAX, &l.c), ERR_OK);
        assert_int_equal(pthread_create(&parser, NULL, fill, &l), 0);
        conveyor_stop(l.c);
        (void)pthread_join(parser, NULL);
        assert_null(conveyor_empty(l.c));
        conveyor_free(&l.c);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_batch_arrives_once_however_often_the_line_breaks),
                cmocka_unit_test(a_file_that_cannot_be_read_stops_the_sender),
                cmocka_unit_test(stopping_wakes_a_parser_that_waits_for_room),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
