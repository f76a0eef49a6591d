/* SPDX-License-Identifier: Apache-2.0 */
/* test_bridge_frame.c: the bridge's words, cut, stretched and forged: a frame comes through
 * however it was cut, and what no end of ours would send ends the line before memory is touched. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/bridge/address.h"
#include "gateway/bridge/gate.h"
#include "gateway/bridge/greeting.h"
#include "gateway/bridge/line.h"
#include "gateway/bridge/party.h"

enum { SLOTS = 2, GUARD = 4096, SEED = 11 };

/* The table, to walk along. */
static const enum keeper_message all[] = {
#define NUMBER(name, number, states, lane, fds, bulk, shortest, longest, answer) KEEPER_##name,
        KEEPER_MESSAGES(NUMBER)
#undef NUMBER
};

struct room {
        struct gate gate;
        uint8_t *memory;
};

static size_t memory_len(void)
{
        return keeper_memory_len(SLOTS) + GUARD;
}

static void room_open(struct room *r)
{
        *r = (struct room){.gate = {.slots = SLOTS}};
        r->memory = mmap(
                NULL, memory_len(), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(r->memory != MAP_FAILED);
        r->gate.memory = r->memory;
}

static void room_close(struct room *r)
{
        for (size_t i = 0; i < GUARD; i++)
                assert_int_equal(r->memory[keeper_memory_len(SLOTS) + i], 0);
        (void)munmap(r->memory, memory_len());
}

static uint16_t lane_of(enum keeper_message number)
{
        switch (keeper_message_find((uint16_t)number)->lane) {
        case KEEPER_LANE_BULK:
                return 1;
        case KEEPER_LANE_STATE:
                return SLOTS;
        case KEEPER_LANE_SMALL:
                return SLOTS + 2;
        }
        return 0;
}

struct packet {
        uint8_t data[KEEPER_PACKET_MAX + 64];
        size_t len;
};

static struct packet request_of(const struct keeper_head *head, size_t payload)
{
        OWNED(buf_done) struct buf b = {.ceiling = KEEPER_PACKET_MAX};
        struct packet p = {.len = KEEPER_REQUEST_HEAD_LEN + payload};

        keeper_put_request(&b, head);
        memcpy(p.data, b.data, b.len);
        return p;
}

static struct packet answer_of(const struct keeper_head *head, size_t payload)
{
        struct packet p = {.len = KEEPER_ANSWER_HEAD_LEN + payload};

        keeper_write_answer(head, p.data);
        return p;
}

static enum err ask(struct room *r, const struct packet *p)
{
        struct keeper_head head;

        return gate_request(&r->gate, bytes_of(p->data, p->len), &head);
}

static enum err tell(struct room *r, const struct packet *p)
{
        struct keeper_head head;

        return gate_answer(&r->gate, bytes_of(p->data, p->len), &head);
}

/* The gate ------------------------------------------------------------------------ */

static void every_message_passes_as_the_table_has_it_and_a_byte_more_or_less_does_not(void **state)
{
        struct room r;

        (void)state;
        room_open(&r);
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                const struct keeper_message_rule *rule = keeper_message_find((uint16_t)all[i]);
                struct keeper_head head = {.number = all[i], .lane = lane_of(all[i]), .id = 7};
                const size_t wrong[] = {rule->shortest - 1, rule->longest + 1};
                const size_t right[] = {rule->shortest, rule->longest};
                struct packet p;

                for (unsigned k = 0; k < 2; k++) {
                        p = request_of(&head, wrong[k]);
                        if (wrong[k] != SIZE_MAX && p.len <= KEEPER_PACKET_MAX)
                                assert_int_equal(ask(&r, &p), ERR_MALFORMED);
                        p = request_of(&head, right[k]);
                        assert_int_equal(ask(&r, &p), ERR_OK);
                        assert_int_equal(ask(&r, &p), ERR_MALFORMED); /* the lane is busy */
                        gate_free(&r.gate, head.lane);
                }
                head.bulk = rule->bulk ? KEEPER_SLOT_LEN + 1 : 1;
                p = request_of(&head, rule->shortest);
                assert_int_equal(ask(&r, &p), ERR_MALFORMED);
                head.bulk = rule->bulk ? KEEPER_SLOT_LEN : 0;
                p = request_of(&head, rule->shortest);
                assert_int_equal(ask(&r, &p), ERR_OK);
                gate_free(&r.gate, head.lane);
        }
        assert_int_equal(r.gate.busy, 0);
        room_close(&r);
}

static void a_message_on_a_lane_of_another_kind_or_of_none_is_refused(void **state)
{
        struct room r;

        (void)state;
        room_open(&r);
        for (size_t i = 0; i < ARRAY_LEN(all); i++) {
                const struct keeper_message_rule *rule = keeper_message_find((uint16_t)all[i]);

                for (unsigned lane = 0; lane < keeper_lanes(SLOTS) + 3; lane++) {
                        struct keeper_head head = {.number = all[i], .lane = (uint16_t)lane};
                        struct packet p = request_of(&head, rule->shortest);
                        enum keeper_lane kind;
                        bool fits = keeper_lane_kind(SLOTS, (uint16_t)lane, &kind) &&
                                    kind == rule->lane;

                        assert_int_equal(ask(&r, &p), fits ? ERR_OK : ERR_MALFORMED);
                        if (fits)
                                gate_free(&r.gate, lane);
                }
        }
        room_close(&r);
}

static void numbers_that_are_not_in_the_table_and_a_foreign_magic_are_refused(void **state)
{
        struct room r;
        struct packet p;

        (void)state;
        room_open(&r);
        for (unsigned number = 0; number < 300; number++) {
                struct keeper_head head = {
                        .number = (enum keeper_message)number, .lane = SLOTS + 1};

                p = request_of(&head, 8);
                if (keeper_message_find((uint16_t)number) == NULL)
                        assert_int_equal(ask(&r, &p), ERR_MALFORMED);
        }
        p = request_of(&(struct keeper_head){.number = KEEPER_CONFIRM, .lane = SLOTS + 1}, 8);
        p.data[0] ^= 1;
        assert_int_equal(ask(&r, &p), ERR_MALFORMED);
        p.len = KEEPER_REQUEST_HEAD_LEN - 1;
        assert_int_equal(ask(&r, &p), ERR_MALFORMED);
        room_close(&r);
}

static void an_answer_is_to_what_was_asked_once_and_as_long_as_promised(void **state)
{
        struct room r;
        const struct keeper_head good = {.number = KEEPER_OPEN_FOR_VIEW, .lane = 1, .id = 99};
        const size_t promised = keeper_message_find(KEEPER_OPEN_FOR_VIEW)->answer;
        struct packet request =
                request_of(&good, keeper_message_find(KEEPER_OPEN_FOR_VIEW)->shortest);
        struct keeper_head wrong[] = {good, good, good, good, good};
        struct packet p = answer_of(&good, promised);

        (void)state;
        room_open(&r);
        assert_int_equal(tell(&r, &p), ERR_MALFORMED); /* nobody asked */
        assert_int_equal(ask(&r, &request), ERR_OK);
        wrong[0].id++;
        wrong[1].number = KEEPER_ACCEPT;
        wrong[2].lane = 0;
        wrong[3].lane = (uint16_t)keeper_lanes(SLOTS);
        wrong[4].bulk = KEEPER_SLOT_LEN + 1;
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++) {
                p = answer_of(&wrong[i], promised);
                assert_int_equal(tell(&r, &p), ERR_MALFORMED);
        }
        for (int more = -1; more <= 1; more += 2) {
                p = answer_of(&good, promised + (size_t)more);
                assert_int_equal(tell(&r, &p), ERR_MALFORMED);
        }
        wrong[0] = good;
        wrong[0].err = ERR_NOT_FOUND;
        p = answer_of(&wrong[0], promised); /* who says no says nothing else */
        assert_int_equal(tell(&r, &p), ERR_MALFORMED);
        wrong[0].bulk = 1;
        p = answer_of(&wrong[0], 0);
        assert_int_equal(tell(&r, &p), ERR_MALFORMED);
        wrong[0] = good;
        wrong[0].bulk = KEEPER_SLOT_LEN;
        p = answer_of(&wrong[0], promised);
        assert_int_equal(tell(&r, &p), ERR_OK);
        assert_int_equal(r.gate.lanes[1].used, KEEPER_SLOT_LEN);
        assert_int_equal(tell(&r, &p), ERR_MALFORMED); /* twice */
        room_close(&r);
}

static void a_small_lane_carries_no_bulk_either_way(void **state)
{
        struct keeper_head head = {.number = KEEPER_CONFIRM, .lane = SLOTS + 1, .id = 3};
        struct packet request = request_of(&head, 8), answer;
        struct room r;

        (void)state;
        room_open(&r);
        assert_int_equal(ask(&r, &request), ERR_OK);
        head.bulk = 1;
        answer = answer_of(&head, 8);
        assert_int_equal(tell(&r, &answer), ERR_MALFORMED);
        assert_null(gate_slot(&r.gate, SLOTS + 1));
        room_close(&r);
}

/* Frames -------------------------------------------------------------------------- */

static enum err admit(void *arg, struct bytes packet, uint8_t **out_bulk, size_t *out_len)
{
        struct room *r = arg;
        struct keeper_head head;

        TRY(gate_request(&r->gate, packet, &head));
        *out_bulk = gate_slot(&r->gate, head.lane);
        *out_len = head.bulk;
        return ERR_OK;
}

/* An ACCEPT with a bulk, as bytes of the stream. */
enum { BULK = 5000 };
static size_t stream_of(uint8_t *out, uint32_t id)
{
        const struct keeper_head head = {
                .number = KEEPER_ACCEPT, .lane = 1, .id = id, .bulk = BULK};
        struct packet p = request_of(&head, keeper_message_find(KEEPER_ACCEPT)->shortest);
        size_t len = frame_head(bytes_of(p.data, p.len), out);

        for (size_t i = 0; i < BULK; i++)
                out[len + i] = (uint8_t)(i * 31 + id);
        return len + BULK;
}

/* Feeds `len` bytes, `piece(step)` at a time; the number of whole frames, or what went wrong. */
static enum err feed(struct room *r, struct frame_reader *reader, const uint8_t *from, size_t len,
        size_t piece, unsigned *out_whole)
{
        const struct frame_gate gate = {admit, r};

        *out_whole = 0;
        while (len > 0) {
                uint8_t *at;
                size_t room, n;
                bool whole;

                frame_want(reader, &at, &room);
                assert_true(room > 0);
                n = room < piece ? room : piece;
                n = n < len ? n : len;
                memcpy(at, from, n);
                from += n;
                len -= n;
                TRY(frame_took(reader, n, &gate, &whole));
                if (!whole)
                        continue;
                ++*out_whole;
                gate_free(&r->gate, 1);
                frame_next(reader);
        }
        return ERR_OK;
}

static void a_frame_comes_through_however_it_is_cut(void **state)
{
        static const size_t pieces[] = {1, 2, 3, 5, 17, 512, 4096, SIZE_MAX};
        static uint8_t stream[2 * (FRAME_HEAD_MAX + BULK)];
        struct frame_reader reader = {.have = 0};
        struct room r;
        size_t len;
        unsigned whole;

        (void)state;
        room_open(&r);
        len = stream_of(stream, 1);
        len += stream_of(stream + len, 2);
        for (unsigned i = 0; i < ARRAY_LEN(pieces); i++) {
                assert_int_equal(feed(&r, &reader, stream, len, pieces[i], &whole), ERR_OK);
                assert_int_equal(whole, 2);
                assert_false(frame_begun(&reader));
                for (size_t k = 0; k < BULK; k++)
                        assert_int_equal(gate_slot(&r.gate, 1)[k], (uint8_t)(k * 31 + 2));
        }
        room_close(&r);
}

static void a_frame_that_is_cut_short_is_never_whole(void **state)
{
        static uint8_t stream[FRAME_HEAD_MAX + BULK];
        struct room r;
        size_t len;
        unsigned whole;

        (void)state;
        room_open(&r);
        len = stream_of(stream, 1);
        for (size_t cut = 0; cut < len; cut += cut < 200 ? 1 : 97) {
                struct frame_reader reader = {.have = 0};

                assert_int_equal(feed(&r, &reader, stream, cut, SIZE_MAX, &whole), ERR_OK);
                assert_int_equal(whole, 0);
                assert_int_equal(frame_begun(&reader), cut > 0);
                gate_free(&r.gate, 1);
        }
        room_close(&r);
}

static void lengths_that_no_packet_has_are_refused_with_their_last_byte(void **state)
{
        static const uint32_t lengths[] = {0, 1, KEEPER_REQUEST_HEAD_LEN - 1, KEEPER_PACKET_MAX + 1,
                1 << 16, 1U << 31, UINT32_MAX};
        struct room r;
        unsigned whole;

        (void)state;
        room_open(&r);
        for (unsigned i = 0; i < ARRAY_LEN(lengths); i++) {
                struct frame_reader reader = {.have = 0};
                uint8_t bytes[FRAME_LENGTH_LEN];

                for (unsigned b = 0; b < FRAME_LENGTH_LEN; b++)
                        bytes[b] = (uint8_t)(lengths[i] >> (8 * b));
                assert_int_equal(feed(&r, &reader, bytes, 3, SIZE_MAX, &whole), ERR_OK);
                assert_int_equal(feed(&r, &reader, bytes + 3, 1, SIZE_MAX, &whole), ERR_MALFORMED);
        }
        room_close(&r);
}

static uint64_t chance(uint64_t *seed)
{
        *seed = *seed * 6364136223846793005U + 1442695040888963407U;
        return *seed >> 33;
}

/* Whatever is changed on the way, bytes land in the slots and nowhere else. */
static void a_frame_with_changed_bytes_is_refused_or_stays_within_its_slot(void **state)
{
        static uint8_t stream[FRAME_HEAD_MAX + BULK];
        uint64_t seed = SEED;
        unsigned whole, refused = 0;
        struct room r;

        (void)state;
        room_open(&r);
        for (unsigned round = 0; round < 20000; round++) {
                struct frame_reader reader = {.have = 0};
                size_t len = stream_of(stream, 1);

                for (unsigned k = 0; k <= chance(&seed) % 3; k++)
                        stream[chance(&seed) % 24] ^= (uint8_t)(1U << chance(&seed) % 8);
                refused +=
                        feed(&r, &reader, stream, len, 1 + chance(&seed) % 600, &whole) != ERR_OK;
                for (unsigned lane = 0; lane < keeper_lanes(SLOTS); lane++)
                        gate_free(&r.gate, lane);
        }
        assert_true(refused > 10000);
        room_close(&r);
}

/* Lines ----------------------------------------------------------------------------- */

static void pair_of_lines(struct line *a, struct line *b)
{
        int ends[2];

        assert_int_equal(
                socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
        line_init(a, ends[0], NULL, SLOTS);
        line_init(b, ends[1], NULL, SLOTS);
}

static void put_request(
        struct line *l, struct room *r, enum keeper_message number, uint16_t lane, uint32_t bulk)
{
        const struct keeper_head head = {.number = number, .lane = lane, .id = lane, .bulk = bulk};
        struct packet p = request_of(&head, keeper_message_find((uint16_t)number)->shortest);

        line_put(l, lane, bytes_of(p.data, p.len), bytes_of(gate_slot(&r->gate, lane), bulk));
}

static uint16_t heard(struct line *l)
{
        struct reader in = reader_of(frame_packet(&l->in));
        struct keeper_head head;

        assert_int_equal(keeper_read_request(&in, &head), ERR_OK);
        frame_next(&l->in);
        return head.lane;
}

static void small_words_go_before_batches_that_wait(void **state)
{
        static const uint16_t expected[] = {0, SLOTS + 1, 1, SLOTS};
        static struct line a, b;
        struct room from, to;
        unsigned lane, got = 0;

        (void)state;
        room_open(&from);
        room_open(&to);
        pair_of_lines(&a, &b);
        const struct frame_gate gate = {admit, &to};

        put_request(&a, &from, KEEPER_ACCEPT, 0, KEEPER_SLOT_LEN);
        assert_int_equal(line_flush(&a, &lane), ERR_BUSY); /* it has begun */
        put_request(&a, &from, KEEPER_ACCEPT, 1, 1 << 20);
        put_request(&a, &from, KEEPER_LOAD_BUNDLE, SLOTS, 100);
        put_request(&a, &from, KEEPER_CONFIRM, SLOTS + 1, 0);
        while (got < ARRAY_LEN(expected)) {
                (void)!line_flush(&a, &lane);
                if (line_read(&b, &gate) == ERR_OK)
                        assert_int_equal(heard(&b), expected[got++]);
        }
        line_done(&a);
        line_done(&b);
        room_close(&from);
        room_close(&to);
}

static void both_ends_may_say_more_than_fits_between_them(void **state)
{
        static struct line a, b;
        struct room at_a, at_b;
        bool has_a = false, has_b = false;
        unsigned lane;

        (void)state;
        room_open(&at_a);
        room_open(&at_b);
        pair_of_lines(&a, &b);
        const struct frame_gate gate_a = {admit, &at_a}, gate_b = {admit, &at_b};

        memset(gate_slot(&at_a.gate, 0), 'a', KEEPER_SLOT_LEN);
        memset(gate_slot(&at_b.gate, 1), 'b', KEEPER_SLOT_LEN);
        put_request(&a, &at_a, KEEPER_ACCEPT, 0, KEEPER_SLOT_LEN);
        put_request(&b, &at_b, KEEPER_ACCEPT, 1, KEEPER_SLOT_LEN);
        while (!has_a || !has_b) {
                (void)!line_flush(&a, &lane);
                (void)!line_flush(&b, &lane);
                has_a = has_a || line_read(&a, &gate_a) == ERR_OK;
                has_b = has_b || line_read(&b, &gate_b) == ERR_OK;
        }
        assert_memory_equal(gate_slot(&at_a.gate, 1), gate_slot(&at_b.gate, 1), KEEPER_SLOT_LEN);
        assert_memory_equal(gate_slot(&at_a.gate, 0), gate_slot(&at_b.gate, 0), KEEPER_SLOT_LEN);
        line_done(&a);
        line_done(&b);
        room_close(&at_a);
        room_close(&at_b);
}

static void an_end_that_hangs_up_in_the_midst_of_a_frame_ends_the_line(void **state)
{
        static struct line a, b;
        struct room from, to;
        unsigned lane;

        (void)state;
        room_open(&from);
        room_open(&to);
        pair_of_lines(&a, &b);
        const struct frame_gate gate = {admit, &to};

        put_request(&a, &from, KEEPER_ACCEPT, 0, KEEPER_SLOT_LEN);
        assert_int_equal(line_flush(&a, &lane), ERR_BUSY);
        line_done(&a);
        assert_int_equal(line_read(&b, &gate), ERR_CLOSED);
        put_request(&b, &to, KEEPER_CONFIRM, SLOTS + 1, 0);
        assert_int_equal(line_flush(&b, &lane), ERR_IO);
        line_done(&b);
        room_close(&from);
        room_close(&to);
}

/* Words about who and where ------------------------------------------------------------ */

static void greetings_of_another_age_are_told_apart_from_noise(void **state)
{
        uint8_t greeting[GREETING_LEN], welcome[WELCOME_LEN];

        (void)state;
        greeting_write(8, greeting);
        assert_int_equal(greeting_read(greeting, 8), ERR_OK);
        assert_int_equal(greeting_read(greeting, 7), ERR_UNSUPPORTED);
        for (unsigned i = 0; i < GREETING_LEN; i++) {
                greeting[i] ^= 0x10;
                assert_int_equal(
                        greeting_read(greeting, 8), i < 4 ? ERR_MALFORMED : ERR_UNSUPPORTED);
                greeting[i] ^= 0x10;
        }
        for (int e = 0; e < ERR_COUNT; e++) {
                welcome_write((enum err)e, welcome);
                assert_int_equal(welcome_read(welcome), e);
        }
        welcome_write(ERR_COUNT, welcome);
        assert_int_equal(welcome_read(welcome), ERR_MALFORMED);
        welcome_write(ERR_OK, welcome);
        welcome[1] ^= 1;
        assert_int_equal(welcome_read(welcome), ERR_MALFORMED);
}

static void parties_are_said_in_one_way_and_nobody_is_the_default(void **state)
{
        static const char *const wrong[] = {"", "user:", "user:no such user", "uid:", "uid:-1",
                "uid:4294967295", "uid:1x", "0", "root", "sha256:", "sha256:00",
                "statgate:/demo/gateway/a", "https://demo/", "statgate://demo/gateway/a b"};
        static const char pin[] =
                "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
        struct peer_certificate peer = {.uri = "statgate://demo/gateway/a"};
        struct party p = {.kind = PARTY_NOBODY};

        (void)state;
        assert_false(party_is_certificate(&p, &peer));
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_not_equal(party_parse(wrong[i], &p), ERR_OK);
        assert_int_equal(p.kind, PARTY_NOBODY);
        assert_int_equal(party_parse("user:root", &p), ERR_OK);
        assert_int_equal(p.uid, 0);
        assert_false(party_is_certificate(&p, &peer));
        assert_int_equal(party_parse("statgate://demo/gateway/a", &p), ERR_OK);
        assert_true(party_is_certificate(&p, &peer));
        assert_false(party_is_user(&p, -1));
        strcpy(peer.uri, "statgate://demo/gateway/ab");
        assert_false(party_is_certificate(&p, &peer));
        peer.uri[0] = '\0';
        assert_false(party_is_certificate(&p, &peer));
        assert_int_equal(party_parse(pin, &p), ERR_OK);
        assert_false(party_is_certificate(&p, &peer));
        for (uint8_t i = 0; i < 32; i++)
                peer.digest.bytes[i] = i;
        assert_true(party_is_certificate(&p, &peer));
        peer.digest.bytes[31] ^= 1;
        assert_false(party_is_certificate(&p, &peer));
}

static void addresses_are_of_two_kinds_and_no_longer_than_they_may_be(void **state)
{
        static const char *const wrong[] = {"", "unix:", "unix:relative", "tls:", "tls:host",
                "tls::1", "tls:host:", "tls:host:65536", "tls:host:-1", "tls:host:1x", "tcp:host:1",
                "/path"};
        char longest[5 + ADDRESS_PATH_MAX + 2] = "unix:/";
        struct address a;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(wrong); i++)
                assert_int_equal(address_parse(wrong[i], &a), ERR_CONFIG);
        memset(longest + 6, 'x', ADDRESS_PATH_MAX - 1);
        assert_int_equal(address_parse(longest, &a), ERR_OK);
        assert_int_equal(strlen(a.path), ADDRESS_PATH_MAX);
        longest[5 + ADDRESS_PATH_MAX] = 'x';
        assert_int_equal(address_parse(longest, &a), ERR_CONFIG);
        assert_int_equal(address_parse("tls:[::1]:7444", &a), ERR_OK);
        assert_true(a.tls);
        assert_string_equal(a.host, "::1");
        assert_string_equal(a.port, "7444");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        every_message_passes_as_the_table_has_it_and_a_byte_more_or_less_does_not),
                cmocka_unit_test(a_message_on_a_lane_of_another_kind_or_of_none_is_refused),
                cmocka_unit_test(numbers_that_are_not_in_the_table_and_a_foreign_magic_are_refused),
                cmocka_unit_test(an_answer_is_to_what_was_asked_once_and_as_long_as_promised),
                cmocka_unit_test(a_small_lane_carries_no_bulk_either_way),
                cmocka_unit_test(a_frame_comes_through_however_it_is_cut),
                cmocka_unit_test(a_frame_that_is_cut_short_is_never_whole),
                cmocka_unit_test(lengths_that_no_packet_has_are_refused_with_their_last_byte),
                cmocka_unit_test(a_frame_with_changed_bytes_is_refused_or_stays_within_its_slot),
                cmocka_unit_test(small_words_go_before_batches_that_wait),
                cmocka_unit_test(both_ends_may_say_more_than_fits_between_them),
                cmocka_unit_test(an_end_that_hangs_up_in_the_midst_of_a_frame_ends_the_line),
                cmocka_unit_test(greetings_of_another_age_are_told_apart_from_noise),
                cmocka_unit_test(parties_are_said_in_one_way_and_nobody_is_the_default),
                cmocka_unit_test(addresses_are_of_two_kinds_and_no_longer_than_they_may_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
