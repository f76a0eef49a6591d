/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_ledger.c: answered questions come back in order, whole, and for good. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "tests/support/log_world.h"
#include "tests/support/store_world.h"

static struct stored_question question(uint32_t n)
{
        static uint8_t bits[2];
        struct stored_question q = {.vintage = {n + 1, n % 3}, .rows = 11};

        bits[0] = (uint8_t)n;
        bits[1] = 5;
        digest_of(bytes_of(&n, sizeof n), &q.key);
        digest_of(bytes_of_text("policy"), &q.policy);
        q.question = bytes_of_text("what was asked");
        q.answered = bytes_of(bits, 2);
        return q;
}

struct seen {
        uint32_t len, stop;
};

static enum err look(void *ctx, const char *linkage, const struct stored_question *q)
{
        struct seen *s = ctx;
        struct stored_question expected = question(s->len);

        if (s->stop == s->len)
                return ERR_CANCELLED;
        assert_string_equal(linkage, s->len % 2 == 0 ? "riket" : "lan");
        assert_true(digest_equal(&q->key, &expected.key));
        assert_true(digest_equal(&q->policy, &expected.policy));
        assert_int_equal(q->vintage.number, expected.vintage.number);
        assert_int_equal(q->vintage.revision, expected.vintage.revision);
        assert_int_equal(q->rows, 11);
        assert_true(bytes_equal(q->question, expected.question));
        assert_true(bytes_equal(q->answered, expected.answered));
        s->len++;
        return ERR_OK;
}

static uint32_t count(struct world *w, const char *dataset)
{
        struct seen s = {.stop = UINT32_MAX};

        assert_int_equal(store_ledger_each(w->store, dataset, look, &s), ERR_OK);
        return s.len;
}

/* Every other one was asked under another linkage. */
static void put(struct world *w, const struct stored_question *q)
{
        const struct ledger_line line = {
                q->answered.data[0] % 2 == 0 ? "riket" : "lan", "anmalan", q};

        assert_int_equal(store_ledger_put(w->store, &line, 1, NULL, NULL), ERR_OK);
}

static void questions_come_back_in_order_after_a_restart(void **state)
{
        OWNED(world_free) struct world *w = world_new();

        (void)state;
        for (uint32_t n = 0; n < 5; n++) {
                struct stored_question q = question(n);

                put(w, &q);
                put(w, &q);
        }
        assert_int_equal(count(w, "anmalan"), 5);
        world_reopen(w);
        assert_int_equal(count(w, "anmalan"), 5);
        assert_int_equal(count(w, "lss"), 0);
}

static void a_visitor_can_stop(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct seen s = {.stop = 1};

        (void)state;
        for (uint32_t n = 0; n < 3; n++) {
                struct stored_question q = question(n);

                put(w, &q);
        }
        assert_int_equal(store_ledger_each(w->store, "anmalan", look, &s), ERR_CANCELLED);
        assert_int_equal(s.len, 1);
        assert_int_equal(count(w, "anmalan"), 3);
}

/* What removes waits until nobody reads. */
static enum err remove_meanwhile(void *ctx, const char *linkage, const struct stored_question *q)
{
        struct world *w = ctx;
        uint32_t expired;

        (void)linkage;
        (void)q;
        return store_expire(w->store, 0, NULL, &expired);
}

static void a_visitor_may_write(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_question first = question(0), second = question(1);

        (void)state;
        put(w, &first);
        put(w, &second);
        assert_int_equal(store_ledger_each(w->store, "anmalan", remove_meanwhile, w), ERR_OK);
}

static void answers_that_do_not_fit_their_rows_are_refused(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_question q = question(0);
        const struct ledger_line line = {"riket", "anmalan", &q};

        (void)state;
        q.rows = 17;
        assert_int_equal(store_ledger_put(w->store, &line, 1, NULL, NULL), ERR_INVALID);
        q.rows = 8;
        assert_int_equal(store_ledger_put(w->store, &line, 1, NULL, NULL), ERR_INVALID);
        assert_int_equal(count(w, "anmalan"), 0);
}

/* Whichever write or sync fails: of an answer's questions and its entry all are there or none. */
static void what_one_answer_needs_is_there_whole_or_not_at_all(void **state)
{
        static const char *const sites[] = {"write", "sync"};
        unsigned failed = 0;

        (void)state;
        for (unsigned s = 0; s < 2; s++)
                for (unsigned nth = 0;; nth++) {
                        OWNED(world_free) struct world *w = world_new();
                        struct stored_question a = question(0), b = question(1);
                        uint8_t bits[2][2] = {{0, 5}, {1, 5}};
                        const struct ledger_line lines[] = {
                                {"riket", "anmalan", &a}, {"lan", "anmalan", &b}};
                        struct log_word word;
                        struct entry_draft entry = log_draft(&word, 1, LOG_WORLD_WHOLE);

                        a.answered = bytes_of(bits[0], 2);
                        b.answered = bytes_of(bits[1], 2);
                        bool armed = fault_arm(sites[s], nth);
                        enum err e = store_ledger_put(w->store, lines, 2, &entry, NULL);

                        fault_disarm();
                        if (!armed)
                                break;
                        failed += e != ERR_OK;
                        world_reopen(w);
                        uint32_t there = count(w, "anmalan");

                        assert_int_equal(log_mentions(w->store, 1, LOG_WORLD_WHOLE), there / 2);
                        assert_true(there == 2 || (there == 0 && e != ERR_OK));
                        if (e == ERR_OK)
                                break;
                }
        assert_true(failed >= 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(questions_come_back_in_order_after_a_restart),
                cmocka_unit_test(a_visitor_can_stop),
                cmocka_unit_test(a_visitor_may_write),
                cmocka_unit_test(what_one_answer_needs_is_there_whole_or_not_at_all),
                cmocka_unit_test(answers_that_do_not_fit_their_rows_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
