/* SPDX-License-Identifier: Apache-2.0 */
/* test_store_removal.c: what is removed is gone, from the files too; and the
 * vintages that held it say so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "gateway/store/store.h"
#include "tests/support/store_world.h"

enum { LEN = 3000, LONG = 100000, NOW = 900000 };

static enum submission_state state_of(struct store *s, uint32_t n)
{
        struct stored_submission out;
        struct submission_id id = id_of(n);

        assert_int_equal(store_submission_find(s, &id, &out), ERR_OK);
        return out.state;
}

static struct vintage withdraw(struct store *s, uint32_t n)
{
        struct submission_id id = id_of(n);
        struct vintage revised = {99, 99};

        assert_int_equal(store_withdraw(s, &id, NOW, NULL, &revised), ERR_OK);
        return revised;
}

/* Submissions 1..5, their batches interleaved, so that cells move about in the tree. */
static const struct {
        size_t len;
        uint32_t batches;
} sizes[] = {{40, 40}, {700, 30}, {5000, 20}, {17000, 10}, {60000, 6}, {250000, 4}};
enum { INTERLEAVED = 5, BATCHES = 8 };

static void fill_interleaved(struct store *s, size_t len, uint32_t batches)
{
        uint8_t *sealed = malloc(len + MARKER_LEN);
        uint32_t rows, rejected;
        bool replayed;

        assert_non_null(sealed);
        for (uint32_t n = 1; n <= INTERLEAVED; n++) {
                struct stored_submission d = delivery(
                                                 n, (municipality_t)(100 + n), DELIVERY_APPEND),
                                         out;

                assert_int_equal(store_submission_open(s, &d, NULL, &out), ERR_OK);
        }
        for (uint32_t i = 0; i < batches; i++)
                for (uint32_t k = 0; k < INTERLEAVED; k++) {
                        struct stored_batch b =
                                batch_of(1 + (k * 3 + i) % INTERLEAVED, i, sealed, len);

                        assert_int_equal(
                                store_batch_put(s, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
                }
        free(sealed);
}

static void a_withdrawn_batch_is_in_no_file(void **state)
{
        (void)state;
        for (unsigned l = 0; l < ARRAY_LEN(sizes); l++) {
                OWNED(world_free) struct world *w = world_new();

                fill_interleaved(w->store, sizes[l].len, sizes[l].batches);
                assert_true(markers_in_files(w, 2, sizes[l].batches) > 0);
                for (uint32_t n = 2; n < INTERLEAVED; n++) {
                        (void)withdraw(w->store, n);
                        assert_int_equal(markers_in_files(w, n, sizes[l].batches), 0);
                        assert_int_equal(batches_read(w->store, n, sizes[l].len), 0);
                }
                assert_int_equal(batches_read(w->store, 1, sizes[l].len), sizes[l].batches);
                assert_int_equal(batches_read(w->store, 5, sizes[l].len), sizes[l].batches);
                assert_int_equal(state_of(w->store, 2), SUBMISSION_WITHDRAWN);
        }
}

/* Pages that are filled, emptied and balanced at random. Without the spacer of
 * schema.c some seals survive this, in the gap of a page that was rebuilt. */
enum { SLOTS = 40, STEPS = 900, SEAL_MOST = 6400 };

struct crowd {
        struct store *store;
        uint32_t slots[SLOTS];         /* a submission each */
        uint32_t batches[SLOTS];       /* of it so far */
        uint32_t last;                 /* submissions are numbered up to here */
        uint32_t withdrawn[STEPS + 1]; /* batches of those withdrawn, by number */
        uint64_t seed;
        uint8_t sealed[SEAL_MOST + MARKER_LEN];
};

static uint32_t dice(struct crowd *c, uint32_t sides)
{
        c->seed = c->seed * 6364136223846793005U + 1442695040888963407U;
        return (uint32_t)(c->seed >> 33) % sides;
}

static void crowd_add(struct crowd *c, uint32_t slot)
{
        static const size_t lens[] = {32, 100, 330, 1000, 3200, SEAL_MOST};
        struct stored_batch b;
        uint32_t rows, rejected;
        bool replayed;

        if (c->slots[slot] == 0) {
                c->slots[slot] = ++c->last;
                c->batches[slot] = 0;
                struct stored_submission out,
                        d = delivery(c->last, (municipality_t)c->last, DELIVERY_APPEND);

                assert_int_equal(store_submission_open(c->store, &d, NULL, &out), ERR_OK);
        }
        b = batch_of(c->slots[slot], c->batches[slot]++, c->sealed, lens[dice(c, ARRAY_LEN(lens))]);
        assert_int_equal(store_batch_put(c->store, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
}

static void what_moved_about_in_the_tree_is_gone_too(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct crowd *c = calloc(1, sizeof *c);
        unsigned left = 0;

        (void)state;
        c->store = w->store;
        c->seed = 3;
        for (uint32_t i = 0; i < STEPS; i++) {
                uint32_t slot = dice(c, SLOTS);

                if (dice(c, 20) > 0) {
                        crowd_add(c, slot);
                } else if (c->slots[slot] != 0) {
                        (void)withdraw(w->store, c->slots[slot]);
                        c->withdrawn[c->slots[slot]] = c->batches[slot];
                        c->slots[slot] = 0;
                }
        }
        /* What is alive keeps the pages in use that may hold old copies. */
        for (uint32_t n = 1; n <= c->last; n++)
                if (c->withdrawn[n] > 0)
                        left += markers_in_files(w, n, c->withdrawn[n]);
        assert_int_equal(left, 0);
        free(c);
}

static void expired_submissions_lose_their_batches(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission out;
        uint32_t expired;

        (void)state;
        fill_interleaved(w->store, LEN, BATCHES);
        assert_int_equal(commit(w->store, 1, &out), ERR_OK);
        assert_int_equal(store_expire(w->store, 1004, NULL, &expired), ERR_OK);
        assert_int_equal(expired, 2);
        assert_int_equal(state_of(w->store, 1), SUBMISSION_COMMITTED);
        assert_int_equal(state_of(w->store, 3), SUBMISSION_EXPIRED);
        assert_int_equal(state_of(w->store, 4), SUBMISSION_OPEN);
        assert_int_equal(markers_in_files(w, 3, BATCHES), 0);
        assert_int_equal(batches_read(w->store, 4, LEN), BATCHES);
        assert_int_equal(commit(w->store, 3, &out), ERR_CLOSED);
}

static void a_withdrawn_submission_stays_closed(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        uint8_t sealed[LEN + MARKER_LEN];
        uint32_t rows, rejected;
        bool replayed;

        (void)state;
        deliver(w->store, &d, 1, 2, LEN);
        assert_int_equal(withdraw(w->store, 1).number, 0);
        assert_int_equal(withdraw(w->store, 1).number, 0);
        struct stored_batch b = batch_of(1, 0, sealed, LEN);

        assert_int_equal(
                store_batch_put(w->store, &b, NULL, &replayed, &rows, &rejected), ERR_CLOSED);
        assert_int_equal(store_submission_commit(w->store, &d.id, &out.digest, 0, 1, NULL, &out),
                ERR_CLOSED);
        assert_int_equal(store_submission_open(w->store, &d, NULL, &out), ERR_OK);
        assert_int_equal(out.state, SUBMISSION_WITHDRAWN);
        d.id = id_of(9);
        assert_int_equal(
                store_withdraw(w->store, &d.id, NOW, NULL, &(struct vintage){0}), ERR_NOT_FOUND);
}

/* Vintages ----------------------------------------------------------------- */

static struct stored_vintage publish(struct store *s)
{
        struct stored_vintage v;

        assert_int_equal(store_publish(s, "höstens", 0, NOW, NULL, &v), ERR_OK);
        return v;
}

static void a_vintage_is_what_was_committed_at_that_moment(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission d, *list;
        struct stored_vintage v;
        uint32_t len;

        (void)state;
        assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &v), ERR_NO_VINTAGE);
        d = delivery(1, 115, DELIVERY_APPEND);
        deliver(w->store, &d, 1, 2, LEN);
        d = delivery(2, 114, DELIVERY_APPEND);
        deliver(w->store, &d, 2, 1, LEN);
        d = delivery(3, 114, DELIVERY_APPEND);
        open_and_fill(w->store, &d, 3, 1, LEN);
        d = delivery(4, 114, DELIVERY_APPEND);
        strcpy(d.dataset, "anmalan");
        deliver(w->store, &d, 4, 1, LEN);
        v = publish(w->store);
        assert_int_equal(v.vintage.number, 1);
        assert_int_equal(v.vintage.revision, 0);
        assert_int_equal(v.submissions, 3);
        assert_int_equal(v.records, 201 + 100 + 100);
        assert_true(v.open);
        assert_string_equal(v.note, "höstens");
        d = delivery(5, 113, DELIVERY_APPEND);
        deliver(w->store, &d, 5, 1, LEN);
        assert_int_equal(
                store_vintage_submissions(w->store, v.vintage, "placering", a, &list, &len),
                ERR_OK);
        assert_int_equal(len, 2);
        assert_int_equal(list[0].municipality, 114);
        assert_int_equal(list[1].municipality, 115);
        assert_int_equal(publish(w->store).vintage.number, 2);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &v), ERR_OK);
        assert_int_equal(v.vintage.number, 2);
        assert_int_equal(v.submissions, 4);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){1, 0}, &v), ERR_OK);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){3, 0}, &v), ERR_NOT_FOUND);
}

static void a_withdrawal_revises_every_open_vintage_that_held_it(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission d, *list;
        struct stored_vintage v, *all;
        struct vintage revised;
        uint32_t len;

        (void)state;
        for (uint32_t n = 1; n <= 3; n++) {
                d = delivery(n, (municipality_t)(110 + n), DELIVERY_APPEND);
                deliver(w->store, &d, n, 1, LEN);
                (void)publish(w->store);
        }
        revised = withdraw(w->store, 2);
        assert_int_equal(revised.number, 3);
        assert_int_equal(revised.revision, 1);
        assert_int_equal(store_vintages(w->store, a, &all, &len), ERR_OK);
        assert_int_equal(len, 5);
        const bool open[5] = {true, false, true, false, true};
        const uint32_t held[5] = {1, 2, 1, 3, 2};

        for (uint32_t i = 0; i < len; i++) {
                assert_int_equal(all[i].open, open[i]);
                assert_int_equal(all[i].submissions, held[i]);
        }
        assert_int_equal(all[4].records, 200);
        assert_int_equal(all[4].published_at_ms, NOW);
        assert_int_equal(
                store_vintage_find(w->store, (struct vintage){3, 0}, &v), ERR_VINTAGE_CLOSED);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &v), ERR_OK);
        assert_int_equal(v.vintage.revision, 1);
        assert_int_equal(store_vintage_submissions(
                                 w->store, (struct vintage){0}, "placering", a, &list, &len),
                ERR_OK);
        assert_int_equal(len, 2);
        assert_int_equal(store_vintage_submissions(
                                 w->store, (struct vintage){2, 0}, "placering", a, &list, &len),
                ERR_VINTAGE_CLOSED);
        revised = withdraw(w->store, 3);
        assert_int_equal(revised.number, 3);
        assert_int_equal(revised.revision, 2);
}

static void a_replaced_submission_stays_until_its_vintages_retire(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(arena_free) struct arena *a = arena_new(1 << 20);
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), *list;
        struct stored_vintage v;
        uint32_t len;

        (void)state;
        deliver(w->store, &d, 1, 2, LEN);
        (void)publish(w->store);
        d = delivery(2, 114, DELIVERY_REPLACE);
        deliver(w->store, &d, 2, 2, LEN);
        assert_int_equal(store_vintage_submissions(
                                 w->store, (struct vintage){1, 0}, "placering", a, &list, &len),
                ERR_OK);
        assert_int_equal(len, 1);
        assert_int_equal(list[0].state, SUBMISSION_REPLACED);
        assert_int_equal(batches_read(w->store, 1, LEN), 2);
        /* Held by no vintage: gone as soon as it is replaced. */
        d = delivery(3, 114, DELIVERY_REPLACE);
        deliver(w->store, &d, 3, 2, LEN);
        assert_int_equal(markers_in_files(w, 2, 2), 0);
        assert_int_equal(state_of(w->store, 2), SUBMISSION_REPLACED);
        (void)publish(w->store);
        assert_int_equal(store_retire(w->store, 1, RETIRE_UNTOLD, NULL), ERR_OK);
        assert_int_equal(markers_in_files(w, 1, 2), 0);
        assert_int_equal(batches_read(w->store, 3, LEN), 2);
        assert_int_equal(
                store_vintage_find(w->store, (struct vintage){1, 0}, &v), ERR_VINTAGE_CLOSED);
        assert_int_equal(store_retire(w->store, 7, RETIRE_UNTOLD, NULL), ERR_NOT_FOUND);
}

/* Rewriting ---------------------------------------------------------------- */

struct rewrite {
        unsigned visits, change_at; /* changes every visit whose number divides by it */
        uint32_t rows;
        size_t len;
        uint8_t *sealed;
        enum err fail_at_third;
};

static enum err visit(void *ctx, const struct stored_submission *of, const struct stored_batch *b,
        struct bytes *out_sealed, uint32_t *out_rows)
{
        struct rewrite *r = ctx;

        assert_memory_equal(&of->id, &b->submission, sizeof of->id);
        assert_int_equal(*out_rows, b->rows);
        r->visits++;
        if (r->fail_at_third != ERR_OK && r->visits == 3)
                return r->fail_at_third;
        if (r->change_at == 0 || r->visits % r->change_at != 0)
                return ERR_OK;
        memset(r->sealed, 0x77, r->len);
        *out_sealed = bytes_of(r->sealed, r->len);
        *out_rows = r->rows;
        return ERR_OK;
}

static void a_rewritten_batch_leaves_nothing_of_the_old_one(void **state)
{
        (void)state;
        for (unsigned l = 0; l < ARRAY_LEN(sizes); l++) {
                OWNED(world_free) struct world *w = world_new();
                uint8_t *sealed = calloc(1, sizes[l].len + 200);
                struct rewrite r = {.change_at = 2, .rows = 90, .sealed = sealed};
                struct vintage revised;

                fill_interleaved(w->store, sizes[l].len, sizes[l].batches);
                /* Shorter, as long, and longer. */
                r.len = sizes[l].len - 17;
                assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, 101, visit, &r, NOW, NULL,
                                         &revised),
                        ERR_OK);
                r.visits = 1;
                r.len = sizes[l].len;
                assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, 101, visit, &r, NOW, NULL,
                                         &revised),
                        ERR_OK);
                assert_int_equal(markers_in_files(w, 1, sizes[l].batches), 0);
                r.visits = 0;
                r.change_at = 1;
                r.len = sizes[l].len + 200;
                r.rows = 80;
                assert_int_equal(store_rewrite(w->store, REMOVAL_PERSON, 103, visit, &r, NOW, NULL,
                                         &revised),
                        ERR_OK);
                assert_int_equal(r.visits, sizes[l].batches);
                assert_int_equal(revised.number, 0);
                assert_int_equal(markers_in_files(w, 3, sizes[l].batches), 0);
                assert_int_equal(batches_read(w->store, 2, sizes[l].len), sizes[l].batches);
                assert_int_equal(batches_read(w->store, 4, sizes[l].len), sizes[l].batches);
                free(sealed);
        }
}

static void a_rewrite_revises_and_keeps_receipts_and_acknowledged_counts(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND), out;
        uint8_t *sealed = calloc(1, LONG + MARKER_LEN);
        struct rewrite r = {.change_at = 2, .rows = 60, .sealed = sealed, .len = 1000};
        struct stored_vintage v;
        struct vintage revised;
        uint32_t rows, rejected;
        bool replayed;

        (void)state;
        deliver(w->store, &d, 1, 4, LEN);
        (void)publish(w->store);
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW + 1, NULL, &revised),
                ERR_OK);
        assert_int_equal(r.visits, 4);
        assert_int_equal(revised.number, 1);
        assert_int_equal(revised.revision, 1);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &v), ERR_OK);
        assert_int_equal(v.records, 100 + 60 + 102 + 60);
        assert_int_equal(v.published_at_ms, NOW + 1);
        assert_int_equal(store_submission_find(w->store, &d.id, &out), ERR_OK);
        assert_int_equal(out.accepted, 100 + 101 + 102 + 103);
        struct stored_batch b = batch_of(1, 1, sealed, LEN);

        assert_int_equal(store_batch_put(w->store, &b, NULL, &replayed, &rows, &rejected), ERR_OK);
        assert_true(replayed);
        assert_int_equal(rows, 101);
        free(sealed);
}

static void a_batch_may_become_empty_and_keeps_its_place(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(store_cursor_free) struct store_cursor *c = NULL;
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        uint8_t sealed[8];
        struct rewrite r = {.change_at = 1, .rows = 0, .sealed = sealed, .len = 0};
        struct vintage revised;
        struct stored_batch b;

        (void)state;
        deliver(w->store, &d, 1, 2, LEN);
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW, NULL, &revised),
                ERR_OK);
        assert_int_equal(store_batches(w->store, &d.id, &c), ERR_OK);
        for (uint32_t i = 0; i < 2; i++) {
                assert_int_equal(store_next(c, &b), ERR_OK);
                assert_int_equal(b.sequence, i);
                assert_int_equal(b.rows, 0);
                assert_int_equal(b.sealed.len, 0);
        }
        assert_int_equal(store_next(c, &b), ERR_NOT_FOUND);
        assert_int_equal(markers_in_files(w, 1, 2), 0);
}

static void a_visitor_that_fails_changes_nothing(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        uint8_t sealed[1000];
        struct rewrite r = {.change_at = 1,
                .rows = 5,
                .sealed = sealed,
                .len = 1000,
                .fail_at_third = ERR_KEEPER_GONE};
        struct stored_vintage v;
        struct vintage revised = {42, 42};

        (void)state;
        deliver(w->store, &d, 1, 4, LEN);
        (void)publish(w->store);
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW, NULL, &revised),
                ERR_KEEPER_GONE);
        assert_int_equal(revised.number, 42);
        assert_int_equal(batches_read(w->store, 1, LEN), 4);
        assert_int_equal(store_vintage_find(w->store, (struct vintage){1, 0}, &v), ERR_OK);
        /* More rows than there were, or rows without a seal, is a mistake of ours. */
        r = (struct rewrite){.change_at = 1, .rows = 5000, .sealed = sealed, .len = 1000};
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW, NULL, &revised),
                ERR_INVALID);
        r = (struct rewrite){.change_at = 1, .rows = 5, .sealed = sealed, .len = 0};
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW, NULL, &revised),
                ERR_INVALID);
        assert_int_equal(batches_read(w->store, 1, LEN), 4);
}

static void a_cursor_does_not_mix_before_and_after(void **state)
{
        OWNED(world_free) struct world *w = world_new();
        OWNED(store_cursor_free) struct store_cursor *c = NULL;
        OWNED(store_cursor_free) struct store_cursor *other = NULL;
        struct stored_submission d = delivery(1, 114, DELIVERY_APPEND);
        uint8_t sealed[1000];
        struct rewrite r = {.change_at = 4, .rows = 60, .sealed = sealed, .len = 1000};
        struct vintage revised;
        struct stored_batch b;

        (void)state;
        deliver(w->store, &d, 1, 4, LEN);
        d = delivery(2, 115, DELIVERY_APPEND);
        deliver(w->store, &d, 2, 4, LEN);
        assert_int_equal(store_batches(w->store, &d.id, &other), ERR_OK);
        d.id = id_of(1);
        assert_int_equal(store_batches(w->store, &d.id, &c), ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_OK);
        assert_int_equal(store_next(other, &b), ERR_OK);
        assert_int_equal(
                store_rewrite(w->store, REMOVAL_PERSON, 114, visit, &r, NOW, NULL, &revised),
                ERR_OK);
        assert_int_equal(store_next(c, &b), ERR_VINTAGE_CLOSED);
        assert_int_equal(store_next(other, &b), ERR_OK);
        (void)withdraw(w->store, 2);
        assert_int_equal(store_next(other, &b), ERR_VINTAGE_CLOSED);
}

/* A removal that fails at any write or sync is either done or not; asked for
 * again it is done, and the files are clean. */
static void a_removal_may_fail_at_every_point_and_is_asked_again(void **state)
{
        unsigned failures = 0;

        (void)state;
        for (unsigned nth = 0;; nth++) {
                OWNED(world_free) struct world *w = world_new();
                struct submission_id id = id_of(2);
                struct vintage revised;
                struct stored_submission out;

                fill_interleaved(w->store, 17000, 2);
                assert_int_equal(commit(w->store, 2, &out), ERR_OK);
                (void)publish(w->store);
                assert_true(fault_arm("any", nth));
                enum err e = store_withdraw(w->store, &id, NOW, NULL, &revised);

                fault_disarm();
                failures += e != ERR_OK;
                if (e != ERR_OK) {
                        world_reopen(w);
                        (void)withdraw(w->store, 2);
                }
                assert_int_equal(markers_in_files(w, 2, 2), 0);
                assert_int_equal(batches_read(w->store, 1, 17000), 2);
                struct stored_vintage v;

                assert_int_equal(store_vintage_find(w->store, (struct vintage){0}, &v), ERR_OK);
                assert_int_equal(v.vintage.revision, 1);
                assert_int_equal(v.submissions, 0);
                if (e == ERR_OK)
                        break;
        }
        assert_true(failures > 5);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_withdrawn_batch_is_in_no_file),
                cmocka_unit_test(what_moved_about_in_the_tree_is_gone_too),
                cmocka_unit_test(expired_submissions_lose_their_batches),
                cmocka_unit_test(a_withdrawn_submission_stays_closed),
                cmocka_unit_test(a_vintage_is_what_was_committed_at_that_moment),
                cmocka_unit_test(a_withdrawal_revises_every_open_vintage_that_held_it),
                cmocka_unit_test(a_replaced_submission_stays_until_its_vintages_retire),
                cmocka_unit_test(a_rewritten_batch_leaves_nothing_of_the_old_one),
                cmocka_unit_test(a_rewrite_revises_and_keeps_receipts_and_acknowledged_counts),
                cmocka_unit_test(a_batch_may_become_empty_and_keeps_its_place),
                cmocka_unit_test(a_visitor_that_fails_changes_nothing),
                cmocka_unit_test(a_cursor_does_not_mix_before_and_after),
                cmocka_unit_test(a_removal_may_fail_at_every_point_and_is_asked_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
