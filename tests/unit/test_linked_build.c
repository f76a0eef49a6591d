/* SPDX-License-Identifier: Apache-2.0 */
/* test_linked_build.c: two data sets out of a real store through a real keeper, joined
 * where the linkage joins and alone where it does not; and everything that can come in
 * between. What the views must say is computed from the records themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/keeper/care.h"
#include "gateway/store/body.h"
#include "gateway/store/store.h"
#include "tests/support/keeper_stage.h"
#include "tests/support/linked_world.h"

enum {
        ROWS = 120, /* of one delivery */
        DELIVERIES = 5,
        RECORDS = ROWS * DELIVERIES,
        PERSONS = 90,
        OFFICE_FROM = 60, /* persons from here on have the office for a guardian */
        OFFICE = 5000,
        STRANGER = 7000, /* named only in records that were corrected */
        DAY = 19000
};

struct record {
        uint32_t dataset, person;
        municipality_t municipality;
        int32_t day;
        uint32_t key;
        uint32_t guardians[3], guardians_len;
        bool dead;
};

struct hall {
        struct stage stage;
        struct store *store;
        struct arena *arena;
        char path[128];
        struct linked_schema schema;
        struct rules_dataset rules[2];
        struct rules_linkage rules_linkage;
        struct policy_linkage linkage;
        const struct policy_dataset *datasets[2];
        struct record records[RECORDS];
        struct submission_id ids[DELIVERIES];
        struct vintage vintage;
};

/* Who delivers what; the last one corrects the second. */
static const struct {
        uint32_t dataset;
        municipality_t municipality;
} deliveries[DELIVERIES] = {{0, 114}, {0, 180}, {0, 1480}, {1, 180}, {0, 180}};

static void make_record(struct hall *h, uint32_t n)
{
        struct record *r = &h->records[n];
        uint32_t delivery = n / ROWS, dice = n * 2654435761u >> 8;

        *r = (struct record){.dataset = deliveries[delivery].dataset,
                .municipality = deliveries[delivery].municipality,
                .person = dice % PERSONS,
                .day = DAY + (int32_t)(dice / PERSONS % 500),
                .key = n % ROWS};
        if (delivery == DELIVERIES - 1 && r->key % 3 != 0)
                r->key += 10 * ROWS; /* a record of its own; the others are corrections */
        else if (delivery == DELIVERIES - 1)
                h->records[ROWS + r->key].dead = true;
        if (r->dataset != 0)
                return;
        /* A mother of two neighbours, and a father of one. */
        r->guardians[r->guardians_len++] = 1000 + r->person / 2;
        r->guardians[r->guardians_len++] = 2000 + r->person;
        if (r->person >= OFFICE_FROM)
                r->guardians[r->guardians_len++] = OFFICE;
        if (r->person == 7)
                r->guardians[r->guardians_len++] = 7;
}

static struct person_column people(const struct hall *h, const uint32_t *persons, uint32_t len)
{
        uint8_t *ids = arena_alloc(h->arena, len, PERSON_ID_LEN);
        uint8_t *kinds = arena_alloc(h->arena, len, 1);

        assert_true(ids != NULL && kinds != NULL);
        for (uint32_t i = 0; i < len; i++) {
                world_person(persons[i], ids + (size_t)i * PERSON_ID_LEN);
                kinds[i] = PERSON_NATIONAL;
        }
        return (struct person_column){ids, kinds};
}

static struct bytes body_of(const struct hall *h, uint32_t first)
{
        int32_t *days = arena_alloc(h->arena, ROWS, sizeof(*days));
        int32_t *numbers = arena_alloc(h->arena, ROWS, sizeof(*numbers));
        struct bytes body = {0};

        assert_true(days != NULL && numbers != NULL);
        for (uint32_t i = 0; i < ROWS; i++) {
                days[i] = h->records[first + i].day;
                numbers[i] = (int32_t)(first + i);
        }
        const struct column columns[] = {
                {.name = bytes_of_text("datum"),
                        .kind = COLUMN_I32,
                        .width = 4,
                        .values = (const uint8_t *)days},
                {.name = bytes_of_text("nummer"),
                        .kind = COLUMN_I32,
                        .width = 4,
                        .values = (const uint8_t *)numbers},
        };
        const struct batch batch = {.rows = ROWS, .columns = columns, .columns_len = 2};
        assert_int_equal(body_pack(h->arena, &batch, NULL, ROWS, &body), ERR_OK);
        return body;
}

static struct keeper_accept accept_of(const struct hall *h, uint32_t delivery)
{
        uint32_t first = delivery * ROWS, len = 0, persons[ROWS], guardians[ROWS * 3];
        uint32_t *offsets = arena_alloc(h->arena, ROWS + 1, sizeof(*offsets));
        char *keys = arena_alloc(h->arena, ROWS, 8);
        struct keeper_accept in = {.rows = ROWS, .record_key_width = 8};

        assert_true(offsets != NULL && keys != NULL);
        for (uint32_t i = 0; i < ROWS; i++) {
                const struct record *r = &h->records[first + i];
                char key[16];

                persons[i] = r->person;
                for (uint32_t k = 0; k < r->guardians_len; k++)
                        guardians[len++] = r->guardians[k];
                offsets[i + 1] = len;
                (void)snprintf(key, sizeof(key), "%07u", r->key);
                memcpy(keys + (size_t)8 * i, key, 8);
        }
        in.name.domain.municipality = deliveries[delivery].municipality;
        memcpy(in.name.domain.dataset, h->datasets[deliveries[delivery].dataset]->id.data,
                h->datasets[deliveries[delivery].dataset]->id.len);
        in.name.submission = h->ids[delivery];
        in.persons = people(h, persons, ROWS);
        in.record_keys = (const uint8_t *)keys;
        in.body = body_of(h, first);
        digest_of(in.body, &in.content);
        if (len > 0) {
                in.guardians.len = len;
                in.guardians.offsets = offsets;
                in.guardians.persons = people(h, guardians, len);
        }
        return in;
}

static void deliver(struct hall *h, uint32_t delivery)
{
        struct stored_submission s = {.municipality = deliveries[delivery].municipality,
                .period = {DAY, DAY + 500},
                .mode = DELIVERY_APPEND,
                .opened_at_ms = 1};
        struct keeper_accepted accepted;
        struct digest digest;
        bool replayed = false;
        uint32_t rows = 0, rejected = 0;

        h->ids[delivery].bytes[0] = (uint8_t)(delivery + 1);
        s.id = h->ids[delivery];
        struct keeper_accept in = accept_of(h, delivery);
        memcpy(s.dataset, in.name.domain.dataset, sizeof(s.dataset));
        stage_accept(&h->stage, &in, &accepted);
        assert_int_equal(store_submission_open(h->store, &s, NULL, &s), ERR_OK);
        const struct stored_batch batch = {.submission = s.id,
                .rows = ROWS,
                .epoch = accepted.epoch,
                .receipt = accepted.receipt,
                .sealed = accepted.sealed};
        assert_int_equal(
                store_batch_put(h->store, &batch, NULL, &replayed, &rows, &rejected), ERR_OK);
        digest_of(bytes_of(&accepted.receipt, sizeof(accepted.receipt)), &digest);
        assert_int_equal(store_submission_commit(h->store, &s.id, &digest, 0, 2, NULL, &s), ERR_OK);
}

static void publish(struct hall *h)
{
        struct stored_vintage v;

        assert_int_equal(store_publish(h->store, "", 0, 3, NULL, &v), ERR_OK);
        h->vintage = v.vintage;
}

static void make_schema(struct hall *h)
{
        linked_schema_make(&h->schema);
        for (uint32_t i = 0; i < 2; i++) {
                h->rules[i] =
                        (struct rules_dataset){.id = h->schema.datasets[i].id, .guardians = i == 0};
                h->schema.datasets[i].rules = &h->rules[i];
                h->schema.datasets[i].linkage = &h->rules_linkage;
                h->datasets[i] = &h->schema.datasets[i];
        }
        h->rules_linkage = (struct rules_linkage){.id = bytes_of_text("barn"), .family = true};
        h->linkage = (struct policy_linkage){.rules = &h->rules_linkage,
                .family = {.children_max = 4, .persons_max = 10, .holds_days = 30}};
}

static int hall_up(void **state)
{
        struct hall *h = calloc(1, sizeof(*h));

        assert_non_null(h);
        stage_up(&h->stage, 0);
        h->arena = arena_new(64 << 20);
        assert_non_null(h->arena);
        make_schema(h);
        (void)snprintf(h->path, sizeof(h->path), "%s/store.db", h->stage.w.folder);
        assert_int_equal(store_open(h->path, &h->store), ERR_OK);
        for (uint32_t n = 0; n < RECORDS; n++)
                make_record(h, n);
        for (uint32_t n = ROWS; n < 2 * ROWS; n++)
                if (h->records[n].dead)
                        h->records[n].guardians[0] = STRANGER;
        for (uint32_t i = 0; i < DELIVERIES; i++)
                deliver(h, i);
        publish(h);
        *state = h;
        return 0;
}

static int hall_down(void **state)
{
        struct hall *h = *state;

        store_close(&h->store);
        arena_free(&h->arena);
        stage_down(&h->stage);
        free(h);
        return 0;
}

static struct linked_request request_of(const struct hall *h, unsigned threads)
{
        return (struct linked_request){
                .linkage = &h->linkage,
                .datasets = h->datasets,
                .datasets_len = 2,
                .purpose = "statistik",
                .vintage = h->vintage,
                .store = h->store,
                .keeper = h->stage.k,
                .memory_ceiling = (size_t)256 << 20,
                .threads = threads,
        };
}

/* Held against the records ---------------------------------------------------------- */

/* Who the person of a record is in this linkage: 1480 is outside of it. */
static uint32_t identity_of(const struct record *r)
{
        return r->person + (r->municipality == 1480 ? PERSONS : 0);
}

static const struct record *record_at(const struct hall *h, const struct view *v, uint32_t row)
{
        return &h->records[((const int32_t *)view_column(v, WORLD_NUMBER))[row]];
}

/* By identity, the number she has; UINT32_MAX: none. */
static void find_numbers(
        const struct hall *h, const struct linked *l, uint32_t numbers[2 * PERSONS])
{
        memset(numbers, 0xff, sizeof(*numbers) * 2 * PERSONS);
        for (uint32_t i = 0; i < 2; i++) {
                const struct view *v = linked_view(l, h->datasets[i]->id);
                const uint32_t *starts = view_person_starts(v);

                for (uint32_t p = 0; p < view_persons(v); p++)
                        for (uint32_t row = starts[p]; row < starts[p + 1]; row++) {
                                uint32_t who = identity_of(record_at(h, v, row));

                                assert_true(numbers[who] == UINT32_MAX || numbers[who] == p);
                                numbers[who] = p;
                        }
        }
        for (uint32_t a = 0; a < 2 * PERSONS; a++)
                for (uint32_t b = 0; b < a; b++)
                        assert_true(numbers[a] != numbers[b] || numbers[a] == UINT32_MAX);
}

/* By municipality, then as they were committed: whoever joins them, and however it was read. */
static uint32_t ordinal_of(uint32_t n)
{
        static const uint32_t before[DELIVERIES] = {0, ROWS, 3 * ROWS, 0, 2 * ROWS};

        return before[n / ROWS] + n % ROWS;
}

static void check_rows(const struct hall *h, const struct view *v, uint32_t dataset)
{
        uint32_t living = 0, alone_len = 0, unlinked = 0;
        const uint8_t *alone = view_alone(v, &alone_len);

        for (uint32_t n = 0; n < RECORDS; n++) {
                living += h->records[n].dataset == dataset && !h->records[n].dead;
                unlinked += h->records[n].dataset == dataset && !h->records[n].dead &&
                            h->records[n].municipality == 1480;
        }
        assert_int_equal(view_rows(v), living);
        assert_int_equal(view_unlinked_rows(v), unlinked);
        assert_int_equal(alone_len, WORLD_PLACES);
        for (uint32_t i = 0; i < WORLD_PLACES; i++)
                assert_int_equal(alone[i], dataset == 0 && i == 5); /* 1480 */
        for (uint32_t row = 0; row < view_rows(v); row++) {
                const struct record *r = record_at(h, v, row);

                assert_false(r->dead);
                assert_int_equal(r->dataset, dataset);
                assert_int_equal(view_ordinals(v)[row], ordinal_of((uint32_t)(r - h->records)));
                assert_int_equal(((const int32_t *)view_column(v, WORLD_DATE))[row], r->day);
        }
}

/* Named in a living record of the data set that names guardians, joined or alone. */
static bool names_guardians(const struct hall *h, uint32_t who)
{
        for (uint32_t n = 0; n < RECORDS; n++)
                if (!h->records[n].dead && h->records[n].dataset == 0 &&
                        identity_of(&h->records[n]) == who)
                        return true;
        return false;
}

static void check_families(
        const struct hall *h, const struct families *f, const uint32_t numbers[2 * PERSONS])
{
        uint32_t missing = 0;

        assert_non_null(f);
        for (uint32_t a = 0; a < 2 * PERSONS; a++) {
                bool office = a % PERSONS >= OFFICE_FROM && names_guardians(h, a);

                if (numbers[a] == UINT32_MAX)
                        continue;
                assert_int_equal(f->family[numbers[a]] == FAMILY_MISSING, office);
                missing += office;
                for (uint32_t b = 0; b < a; b++) {
                        bool same = a / PERSONS == b / PERSONS &&
                                    a % PERSONS / 2 == b % PERSONS / 2 && names_guardians(h, a) &&
                                    names_guardians(h, b);

                        if (numbers[b] != UINT32_MAX && !office)
                                assert_int_equal(
                                        f->family[numbers[a]] == f->family[numbers[b]], same);
                }
        }
        assert_int_equal(f->missing, missing);
        assert_int_equal(f->guardians_over_limit, 2); /* the office, there and in 1480 */
        assert_int_equal(f->chains_over_limit, 0);
        assert_true(f->own_guardians >= 1 && f->own_guardians <= 2);
}

/* By identity; 0: nobody of that name has a row. */
static void find_keys(const struct hall *h, const struct linked *l, uint64_t keys[2 * PERSONS])
{
        uint32_t numbers[2 * PERSONS];
        const uint64_t *of = view_record_keys(linked_view(l, h->datasets[1]->id));

        find_numbers(h, l, numbers);
        assert_non_null(of);
        for (uint32_t i = 0; i < 2 * PERSONS; i++)
                keys[i] = numbers[i] != UINT32_MAX ? of[numbers[i]] : 0;
}

/* One each: who stands alone in 1480 has another than she of the same number elsewhere. */
static void check_keys(
        const struct linked *l, const struct hall *h, const uint32_t numbers[2 * PERSONS])
{
        uint64_t keys[2 * PERSONS];

        find_keys(h, l, keys);
        for (uint32_t a = 0; a < 2 * PERSONS; a++) {
                assert_int_equal(keys[a] != 0, numbers[a] != UINT32_MAX);
                for (uint32_t b = 0; b < a; b++)
                        assert_true(keys[a] != keys[b] || keys[a] == 0);
        }
        assert_ptr_equal(view_record_keys(linked_view(l, h->datasets[0]->id)),
                view_record_keys(linked_view(l, h->datasets[1]->id)));
}

static void check_linked(const struct hall *h, const struct linked *l)
{
        uint32_t numbers[2 * PERSONS], known = 0;

        find_numbers(h, l, numbers);
        for (uint32_t i = 0; i < 2 * PERSONS; i++)
                known += numbers[i] != UINT32_MAX;
        for (uint32_t i = 0; i < 2; i++) {
                const struct view *v = linked_view(l, h->datasets[i]->id);

                assert_int_equal(view_persons(v), known);
                check_rows(h, v, i);
                assert_int_equal(view_vintage(v).number, h->vintage.number);
        }
        assert_int_equal(linked_vintage(l).number, h->vintage.number);
        check_keys(l, h, numbers);
        check_families(h, view_families(linked_view(l, h->datasets[0]->id)), numbers);
}

static void two_data_sets_are_joined_where_the_linkage_joins(void **state)
{
        struct hall *h = *state;

        for (unsigned threads = 1; threads <= 3; threads++) {
                const struct linked_request request = request_of(h, threads);
                struct linked *l = NULL;

                assert_int_equal(linked_build(&request, &l), ERR_OK);
                check_linked(h, l);
                linked_unref(&l);
        }
}

/* The keeper is started anew in between, and a vintage is published. */
static void record_keys_outlive_vintages_and_restarts(void **state)
{
        struct hall *h = *state;
        struct linked_request request = request_of(h, 2);
        uint64_t before[2 * PERSONS], after[2 * PERSONS];
        struct linked *l = NULL;

        assert_int_equal(linked_build(&request, &l), ERR_OK);
        find_keys(h, l, before);
        linked_unref(&l);
        stage_restart(&h->stage);
        assert_int_equal(stage_unlock(&h->stage, "hemlig fras\n"), ERR_OK);
        assert_int_equal(stage_load(&h->stage, 1, NULL), ERR_OK);
        publish(h);
        request = request_of(h, 1);
        assert_int_equal(request.vintage.number, 2);
        assert_int_equal(linked_build(&request, &l), ERR_OK);
        find_keys(h, l, after);
        linked_unref(&l);
        assert_memory_equal(before, after, sizeof before);
}

static void without_family_nobody_is_followed(void **state)
{
        struct hall *h = *state;
        struct linked_request request = request_of(h, 2);
        uint32_t numbers[2 * PERSONS];
        struct linked *l = NULL;

        h->rules_linkage.family = false;
        assert_int_equal(linked_build(&request, &l), ERR_OK);
        h->rules_linkage.family = true;
        find_numbers(h, l, numbers);
        assert_null(view_families(linked_view(l, h->datasets[0]->id)));
        linked_unref(&l);
}

static void one_data_set_alone_is_as_it_was(void **state)
{
        struct hall *h = *state;
        const struct view_request request = {
                .dataset = h->datasets[0],
                .purpose = "statistik",
                .vintage = h->vintage,
                .store = h->store,
                .keeper = h->stage.k,
                .memory_ceiling = (size_t)256 << 20,
                .threads = 2,
        };
        struct view *v = NULL;

        assert_int_equal(view_build(&request, &v), ERR_OK);
        check_rows(h, v, 0);
        assert_ptr_equal(view_beside(v, h->datasets[0]->id), v);
        assert_null(view_beside(v, h->datasets[1]->id));
        view_unref(&v);
}

static void what_the_rules_do_not_allow_is_refused(void **state)
{
        struct hall *h = *state;
        struct linked_request request = request_of(h, 1);
        struct linked *l = NULL;

        request.purpose = "nyfikenhet";
        assert_int_equal(linked_build(&request, &l), ERR_LINKAGE_REFUSED);
        assert_null(l);
        request.purpose = "statistik";
        h->rules_linkage.id = bytes_of_text("gammal");
        enum err e = linked_build(&request, &l);
        h->rules_linkage.id = bytes_of_text("barn");
        assert_true(e != ERR_OK);
        assert_null(l);
}

static void memory_has_a_ceiling(void **state)
{
        struct hall *h = *state;

        for (unsigned threads = 1; threads <= 2; threads++) {
                struct linked_request request = request_of(h, threads);
                bool fits = false;

                for (size_t ceiling = 4096; ceiling < (size_t)64 << 20; ceiling += ceiling / 3) {
                        struct linked *l = NULL;

                        request.memory_ceiling = ceiling;
                        enum err e = linked_build(&request, &l);
                        assert_true(e == ERR_OK || e == ERR_LIMIT);
                        if (e == ERR_OK)
                                assert_true(linked_bytes(l) <= ceiling);
                        /* What fits once fits with more; of two threads each has a last chunk of
                         * its own, that one time is needed and another not. */
                        assert_true(e == ERR_OK || !fits || threads > 1);
                        fits = e == ERR_OK;
                        linked_unref(&l);
                }
                assert_true(fits);
        }
}

struct watch {
        struct hall *hall;
        atomic_bool cancel;
        uint64_t from; /* rows */
        uint32_t withdraw;
        bool done;
};

static void cancel_late(void *ctx, uint64_t done, uint64_t total)
{
        struct watch *w = ctx;

        assert_int_equal(total, RECORDS);
        if (done >= w->from)
                atomic_store(&w->cancel, true);
}

static void a_build_can_be_cancelled_until_its_end(void **state)
{
        struct hall *h = *state;

        for (uint64_t from = 1; from <= RECORDS; from += RECORDS - 1) {
                struct linked_request request = request_of(h, 2);
                struct watch w = {.hall = h, .from = from};
                struct linked *l = NULL;

                request.progress = cancel_late;
                request.progress_ctx = &w;
                request.cancel = &w.cancel;
                assert_int_equal(linked_build(&request, &l), ERR_CANCELLED);
                assert_null(l);
        }
}

static void withdraw_late(void *ctx, uint64_t done, uint64_t total)
{
        struct watch *w = ctx;
        struct vintage revised;

        (void)total;
        if (done < w->from || w->done)
                return;
        w->done = true;
        assert_int_equal(
                store_withdraw(w->hall->store, &w->hall->ids[w->withdraw], 9, NULL, &revised),
                ERR_OK);
}

static void settle_late(void *ctx, uint64_t done, uint64_t total)
{
        struct watch *w = ctx;

        (void)total;
        if (done < w->from || w->done)
                return;
        w->done = true;
        assert_int_equal(keeper_settle_persons(w->hall->stage.k), ERR_OK);
}

/* Half of the rows under the one name of a person and half under the other. */
static void an_exchange_of_keys_behind_the_reader_is_noticed(void **state)
{
        struct hall *h = *state;
        struct linked_request request = request_of(h, 1);
        struct watch w = {.hall = h, .from = RECORDS / 2};
        struct linked *l = NULL;

        assert_int_equal(keeper_begin_persons(h->stage.k), ERR_OK);
        request.progress = settle_late;
        request.progress_ctx = &w;
        assert_int_equal(linked_build(&request, &l), ERR_VINTAGE_CLOSED);
        assert_null(l);
        assert_true(w.done);
}

/* The data set that was read first loses a delivery when the last row of the other has
 * been read: nothing tells but the vintage itself. */
static void a_removal_behind_the_reader_is_noticed(void **state)
{
        struct hall *h = *state;
        struct linked_request request = request_of(h, 1);
        struct watch w = {.hall = h, .from = RECORDS, .withdraw = 0};
        struct linked *l = NULL;

        request.progress = withdraw_late;
        request.progress_ctx = &w;
        assert_int_equal(linked_build(&request, &l), ERR_VINTAGE_CLOSED);
        assert_null(l);
        assert_true(w.done);
}

/* Counted in this process; the keeper has its own. One thread. */
static void allocations_that_fail_leave_nothing_behind(void **state)
{
        struct hall *h = *state;
        const struct linked_request request = request_of(h, 1);
        unsigned failed = 0;

        for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                struct linked *l = NULL;
                enum err e = linked_build(&request, &l);

                assert_int_equal(e == ERR_OK, l != NULL);
                failed += e != ERR_OK;
                linked_unref(&l);
        }
        fault_disarm();
        assert_true(failed > 40);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(two_data_sets_are_joined_where_the_linkage_joins),
                cmocka_unit_test(record_keys_outlive_vintages_and_restarts),
                cmocka_unit_test(without_family_nobody_is_followed),
                cmocka_unit_test(one_data_set_alone_is_as_it_was),
                cmocka_unit_test(what_the_rules_do_not_allow_is_refused),
                cmocka_unit_test(memory_has_a_ceiling),
                cmocka_unit_test(a_build_can_be_cancelled_until_its_end),
                cmocka_unit_test(allocations_that_fail_leave_nothing_behind),
                cmocka_unit_test(an_exchange_of_keys_behind_the_reader_is_noticed),
                cmocka_unit_test(a_removal_behind_the_reader_is_noticed),
        };

        return cmocka_run_group_tests(tests, hall_up, hall_down);
}
