/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_deliver.c: from deliveries of several municipalities to a table, by
 * the real programs, held against a count that shares nothing with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "tests/support/gateway_delivery.h"

enum { ROWS = 400 };

static const municipality_t towns[] = {114, 180, 1480, 2480};
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

static void random_rows(uint64_t *random, uint32_t children, uint32_t first_key,
        struct placement *out, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                out[i] = placement_random(random, children, first_key + i);
}

static void hand_in(struct heap *heap, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len)
{
        (void)deliver(&world, m, mode, rows, len, 150);
        heap_add(heap, m, mode, rows, len);
}

static void what_was_delivered_is_what_is_counted(void **state)
{
        static const char *const questions[] = {"", "kommun", "kommun:lan,form",
                "kommun,form:grupp", "form,lagrum", "kon,start", "kommun:lan,kon,form,start:ar"};
        struct placement rows[ROWS];
        struct heap heap = {0};
        uint64_t random = 20251121;

        (void)state;
        for (size_t i = 0; i < ARRAY_LEN(towns); i++) {
                uint32_t len = ROWS >> 2 * i; /* 400, 100, 25 and 6: large and small cells */

                random_rows(&random, 300, 0, rows, len);
                hand_in(&heap, towns[i], DELIVERY_APPEND, rows, len);
        }
        assert_int_equal(publish(&world).number, 1);
        for (size_t i = 0; i < ARRAY_LEN(questions); i++)
                heap_expect(&world, &heap, questions[i], NULL);
        heap_done(&heap);
        assert_int_equal(world_stop(&world), 0);
}

/* Corrections and corrections of corrections, in an order nobody planned. */
static void corrections_and_replacements_leave_what_was_said_last(void **state)
{
        struct placement rows[ROWS];
        struct heap heap = {0};
        uint64_t random = 7;

        (void)state;
        for (uint32_t round = 0; round < 12; round++) {
                municipality_t m = towns[random_below(&random, 2)];
                enum delivery_mode mode =
                        random_below(&random, 4) == 0 ? DELIVERY_REPLACE : DELIVERY_APPEND;
                uint32_t first = (uint32_t)random_below(&random, 100);

                random_rows(&random, 60, first, rows, 80);
                hand_in(&heap, m, mode, rows, 80);
                if (round % 4 != 3)
                        continue;
                assert_int_equal(publish(&world).number, round / 4 + 1);
                heap_expect(&world, &heap, "kommun,form", NULL);
                heap_expect(&world, &heap, "kon,lagrum", NULL);
        }
        heap_done(&heap);
        assert_int_equal(world_stop(&world), 0);
}

static void a_correction_may_come_in_a_later_batch_of_the_same_delivery(void **state)
{
        struct placement rows[20];
        struct heap heap = {0};
        uint64_t random = 8;

        (void)state;
        random_rows(&random, 1000, 0, rows, 20);
        for (int i = 10; i < 20; i++) /* the same keys as the first ten */
                memcpy(rows[i].key, rows[i - 10].key, sizeof rows[i].key);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 10);
        heap_add(&heap, 180, DELIVERY_APPEND, rows, 10);
        heap_add(&heap, 180, DELIVERY_APPEND, rows + 10, 10);
        (void)publish(&world);
        heap_expect(&world, &heap, "kommun,kon", NULL);
        heap_done(&heap);
}

/* `len` children of their own, all in one form. */
static void children(struct placement *rows, uint32_t first, uint32_t len, uint8_t form)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
                rows[i].woman = (first + i) % 2 == 0;
                rows[i].form = form;
        }
}

static int64_t value_at(const struct wire_release *r, uint32_t a, uint32_t b)
{
        uint32_t at[2] = {a, b};
        size_t cell = table_cell(&r->table, at);

        return r->table.status[cell] == CELL_VALUE ? r->table.measures[0].values[cell] : -1;
}

static uint32_t category_of(const struct wire_release *r, uint32_t dimension, const char *code)
{
        const struct dimension *d = &r->table.dimensions[dimension];

        for (uint32_t i = 0; i < d->len; i++)
                if (bytes_is_text(d->categories[i].code, code))
                        return i;
        fail_msg("no category %s", code);
        return 0;
}

static void who_moves_is_one_person_in_total_and_one_in_each_municipality(void **state)
{
        struct placement rows[30];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        children(rows, 0, 30, 0);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, 20, 20);      /* 0 to 19 */
        (void)deliver(&world, 180, DELIVERY_APPEND, rows + 10, 20, 20); /* 10 to 29 */
        (void)publish(&world);
        assert_int_equal(ask(&world, "kommun,form", NULL, NULL, &answer, &r), STATUS_OK);
        uint32_t form = category_of(&r, 1, "familjehem"), total = r.table.dimensions[0].len;
        assert_int_equal(value_at(&r, category_of(&r, 0, "0114"), form), 20);
        assert_int_equal(value_at(&r, category_of(&r, 0, "0180"), form), 20);
        assert_int_equal(value_at(&r, total, form), 30);
        assert_true(r.table.dimensions[0].overlapping);
        assert_int_equal(r.delivered, 2);
        assert_int_equal(r.expected, 290);
}

static void a_local_id_is_another_person_in_every_municipality(void **state)
{
        struct placement rows[20];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        children(rows, 0, 20, 0);
        for (int i = 0; i < 20; i++)
                rows[i].local = true;
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, 20, 20);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 20, 20);
        (void)publish(&world);
        assert_int_equal(ask(&world, "kommun:riket", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], 40);
}

/* Protobuf read by hand: field `wanted` of a message, the nth; false at the end. */
static bool field_of(struct bytes message, unsigned wanted, unsigned nth, struct bytes *out)
{
        const uint8_t *at = message.data, *end = message.data + message.len;

        while (at < end) {
                uint64_t v[2] = {0};

                for (unsigned i = 0; i < 2; i++) { /* tag, then number or length */
                        if (i == 1 && (v[0] & 7) == 1) {
                                at += 8;
                                break;
                        }
                        for (unsigned shift = 0; at < end; shift += 7) {
                                v[i] |= (uint64_t)(*at & 0x7f) << shift;
                                if ((*at++ & 0x80) == 0)
                                        break;
                        }
                }
                if ((v[0] & 7) != 2)
                        continue;
                if (v[0] >> 3 == wanted && nth-- == 0) {
                        *out = bytes_of(at, v[1]);
                        return true;
                }
                at += v[1];
        }
        return false;
}

static void what_is_protected_is_not_on_the_wire(void **state)
{
        struct placement rows[60];
        struct wire_answer answer;
        struct wire_release r;
        struct bytes table, measure, values, statuses;
        size_t shown = 0, hidden = 0;

        (void)state;
        children(rows, 0, 40, 0);      /* familjehem: plenty */
        children(rows + 40, 40, 4, 1); /* jourhem: four, one too few */
        children(rows + 44, 44, 5, 2); /* natverkshem: five, just enough */
        children(rows + 49, 49, 1, 5); /* sis: one */
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 50, 50);
        (void)publish(&world);
        assert_int_equal(ask(&world, "form", NULL, NULL, &answer, &r), STATUS_OK);
        assert_true(field_of(answer.release, 9, 0, &table));
        assert_true(field_of(table, 3, 0, &statuses));
        assert_true(field_of(table, 2, 0, &measure));
        assert_true(field_of(measure, 6, 0, &values));
        for (size_t i = 0; i < statuses.len; i++) {
                shown += statuses.data[i] == 1; /* as in the .proto: VALUE, PROTECTED */
                hidden += statuses.data[i] == 2;
        }
        assert_int_equal(hidden, 2);
        assert_int_equal(statuses.len, shown + hidden);
        assert_int_equal(values.len, 8 * shown);
        for (size_t i = 0; i < values.len; i += 8) {
                int64_t v;

                memcpy(&v, values.data + i, 8);
                assert_true(v == 0 || v >= 5);
        }
        uint32_t small[2] = {category_of(&r, 0, "jourhem"), 0};
        assert_int_equal(r.table.status[small[0]], CELL_PROTECTED);
        assert_int_equal(r.table.status[category_of(&r, 0, "natverkshem")], CELL_VALUE);
        assert_int_equal(r.table.measures[0].values[category_of(&r, 0, "hvb")], 0);
}

/* One small municipality: its rows are refused whatever the form, and asking for a
 * sensitive form only changes nothing about which rows are refused. */
static void which_rows_are_refused_tells_nothing_sensitive(void **state)
{
        static const char *const only_sis[] = {"form = sis", NULL};
        static const char *const only_family[] = {"form = familjehem", NULL};
        struct placement rows[40];
        struct heap heap = {0};
        struct wire_answer answer;
        struct wire_release sis, family;

        (void)state;
        children(rows, 0, 30, 0);
        hand_in(&heap, 180, DELIVERY_APPEND, rows, 30);
        children(rows, 30, 4, 5);
        hand_in(&heap, 2480, DELIVERY_APPEND, rows, 4);
        (void)publish(&world);
        heap_expect(&world, &heap, "kommun,form", NULL);
        heap_expect(&world, &heap, "kommun", only_sis);
        heap_expect(&world, &heap, "kommun", only_family);
        assert_int_equal(ask(&world, "kommun", only_sis, NULL, &answer, &sis), STATUS_OK);
        assert_int_equal(ask(&world, "kommun", only_family, NULL, &answer, &family), STATUS_OK);
        uint32_t small = category_of(&sis, 0, "2480");
        assert_int_equal(sis.table.status[small], CELL_PROTECTED);
        assert_int_equal(family.table.status[small], CELL_PROTECTED);
        heap_done(&heap);
}

static void who_has_not_delivered_is_missing_and_not_zero(void **state)
{
        struct placement rows[10];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        children(rows, 0, 10, 0);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, 10, 10);
        (void)publish(&world);
        assert_int_equal(ask(&world, "kommun", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.status[category_of(&r, 0, "0114")], CELL_MISSING);
        assert_int_equal(r.table.status[category_of(&r, 0, "0180")], CELL_VALUE);
        assert_int_equal(ask(&world, "kommun:lan", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.status[category_of(&r, 0, "01")], CELL_VALUE);
        assert_int_equal(r.table.status[category_of(&r, 0, "24")], CELL_MISSING);
}

static void the_same_question_gives_the_same_bytes(void **state)
{
        static const char *const one[] = {"form in hvb,sis,familjehem", "kon = kvinna", NULL};
        static const char *const two[] = {"kon = kvinna", "form in sis,familjehem,hvb", NULL};
        struct placement rows[ROWS];
        struct wire_answer first, again;
        struct wire_release r;
        struct digest digest;
        uint64_t random = 9;

        (void)state;
        random_rows(&random, 200, 0, rows, ROWS);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, ROWS, ROWS);
        (void)publish(&world);
        assert_int_equal(ask(&world, "kommun:lan,lagrum", one, NULL, &first, &r), STATUS_OK);
        digest_of(first.release, &digest);
        assert_memory_equal(&digest, &first.release_digest, sizeof digest);

        assert_int_equal(ask(&world, "kommun:lan,lagrum", two, NULL, &again, &r), STATUS_OK);
        assert_true(bytes_equal(first.release, again.release));
        assert_memory_equal(&again.release_digest, &first.release_digest, sizeof digest);

        /* Also from a gateway that has just woken up, on one thread. */
        const struct world_start alone = {.flags = {"--threads", "1"}};
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(world_try(&world, &alone), WORLD_UP);
        assert_int_equal(ask(&world, "kommun:lan,lagrum", one, NULL, &again, &r), STATUS_OK);
        assert_true(bytes_equal(first.release, again.release));
}

static void an_open_delivery_is_in_no_answer_and_a_committed_one_in_the_next_vintage(void **state)
{
        struct placement rows[40];
        const struct wire_open open = placering_append();
        struct wire_answer answer;
        struct wire_release r;
        struct talk t;

        (void)state;
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_FAILED_PRECONDITION);
        children(rows, 0, 40, 0);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, 10, 10);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows + 10, 30), STATUS_OK);
        assert_int_equal(publish(&world).number, 1);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], 10);

        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], 10); /* committed, not published */
        assert_int_equal(publish(&world).number, 2);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], 40);
        assert_int_equal(r.vintage.number, 2);
}

static void sums_and_means_are_those_of_the_values_delivered(void **state)
{
        struct placement rows[ROWS];
        struct wire_answer answer;
        struct wire_release r;
        uint64_t random = 10;
        int64_t sum = 0, n = 0;

        (void)state;
        random_rows(&random, 200, 0, rows, ROWS);
        for (uint32_t i = 0; i < ROWS; i++) {
                sum += rows[i].cost != INT64_MIN ? rows[i].cost : 0;
                n += rows[i].cost != INT64_MIN;
        }
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, ROWS, ROWS);
        (void)publish(&world);
        assert_int_equal(ask(&world, "", NULL, "sum:kostnad_dygn", &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], sum);
        assert_int_equal(r.table.measures[0].decimals, 2);
        assert_int_equal(ask(&world, "", NULL, "mean:kostnad_dygn", &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].decimals, 3); /* one more than the values have */
        assert_int_equal(r.table.measures[0].values[0], (sum * 10 + n / 2) / n);
        assert_int_equal(ask(&world, "", NULL, "records", &answer, &r), STATUS_OK);
        assert_int_equal(r.table.measures[0].values[0], ROWS);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(what_was_delivered_is_what_is_counted),
                WHOLE(corrections_and_replacements_leave_what_was_said_last),
                WHOLE(a_correction_may_come_in_a_later_batch_of_the_same_delivery),
                WHOLE(who_moves_is_one_person_in_total_and_one_in_each_municipality),
                WHOLE(a_local_id_is_another_person_in_every_municipality),
                WHOLE(what_is_protected_is_not_on_the_wire),
                WHOLE(which_rows_are_refused_tells_nothing_sensitive),
                WHOLE(who_has_not_delivered_is_missing_and_not_zero),
                WHOLE(the_same_question_gives_the_same_bytes),
                WHOLE(an_open_delivery_is_in_no_answer_and_a_committed_one_in_the_next_vintage),
                WHOLE(sums_and_means_are_those_of_the_values_delivered),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
