/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_flood.c: ten million boxes that do not open, at the keeper's own door.
 *
 * Over the wire a machine brings fewer in the time that a test has (test_gateway_floods); here is
 * no wire. Most name a key that nobody has, since that is what a flood can afford; one in twenty
 * each is signed by nobody who may, or signed well and no box, or of another day. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/secret.h"
#include "gateway/keeper/messages.h"
#include "tests/support/counts.h"
#include "tests/support/keeper_room.h"

enum {
        KINDS = 4,
        OF_EACH = 20,
        FULL = 10000000,
        ORDINARY = 20000,
        HOME = 114,
        DAY_MS = 86400000,
        GROWS_KB_MAX = 8 << 10,
        LOG_MAX = 4096,
};

static const enum err wanted[KINDS] = {
        ERR_BOX_KEY, ERR_BOX_SIGNATURE, ERR_BOX_CLOSED, ERR_BOX_MISPLACED};

static struct keeper_public_key key_of(struct room *r)
{
        struct keeper_public_key key = {.until_ms = 0};
        struct reader in;
        struct bytes id, public_key;

        assert_int_equal(
                room_ask(r, KEEPER_PUBLIC_KEYS, bytes_of(NULL, 0), bytes_of(NULL, 0)), ERR_OK);
        in = reader_of(r->bulk);
        assert_int_equal(read_fixed(&in, BOX_KEY_ID_LEN, &id), ERR_OK);
        assert_int_equal(read_fixed(&in, BOX_PUBLIC_LEN, &public_key), ERR_OK);
        memcpy(key.id, id.data, id.len);
        memcpy(key.public_key, public_key.data, public_key.len);
        return key;
}

/* ERASE_BEGIN with a box of one kind. */
static void put_request(
        struct room *r, const struct keeper_public_key *key, unsigned kind, struct buf *out)
{
        struct keeper_person p = world_seal_person(&r->w, key, r->w.submission_keys[0], HOME, 7,
                clock_now_ms() - (kind == 3 ? 2 * (int64_t)DAY_MS : 0));
        uint8_t *box = (uint8_t *)(uintptr_t)p.box.box.data;

        put_u16(out, HOME);
        put_text(out, "");
        put_u8(out, ERASE_SEALED);
        if (kind == 2) { /* signed as it is now */
                struct box_head head = {.use = BOX_ERASE, .municipality = HOME, .rows = 1};

                box[p.box.box.len / 2] ^= 1;
                memcpy(head.key_id, key->id, sizeof head.key_id);
                head.submission = p.request;
                assert_int_equal(box_sign(r->w.submission_keys[0], &head, p.box.box,
                                         (uint8_t *)(uintptr_t)p.box.signature.data),
                        ERR_OK);
        }
        put_raw(out, kind == 0 ? (const uint8_t *)"ffffffffffffffff" : p.box.key_id.data,
                BOX_KEY_ID_LEN);
        put_raw(out, p.request.bytes, sizeof p.request.bytes);
        put_raw(out, p.box.signature.data, p.box.signature.len);
        put_raw(out, p.box.box.data, p.box.box.len);
        if (kind == 1)
                out->data[out->len - 1] ^= 1;
}

static long resident_kb_now(void)
{
        char line[128] = "", *resident;
        FILE *f = fopen("/proc/self/statm", "re");

        assert_non_null(f);
        assert_non_null(fgets(line, sizeof line, f));
        (void)fclose(f);
        (void)strtol(line, &resident, 10); /* all of it comes first */
        return strtol(resident, NULL, 10) * (sysconf(_SC_PAGESIZE) / 1024);
}

static unsigned kind_of(unsigned i)
{
        unsigned at = i % OF_EACH;

        return at < KINDS ? at : 0;
}

static void ten_million_boxes_that_do_not_open_leave_no_trace_but_a_line_an_hour(void **state)
{
        const unsigned boxes =
                getenv("STATGATE_LONG") != NULL && !COUNTS_SANITIZED ? FULL : ORDINARY;
        struct buf requests[KINDS];
        struct room r;
        struct keeper_public_key key;
        char name[] = "/tmp/statgate-flood-XXXXXX";
        int log = mkstemp(name);
        struct stat st;
        int64_t began, ms;
        long before, after;

        (void)state;
        assert_true(log >= 0);
        (void)unlink(name);
        room_open(&r, ERR_OK);
        room_furnish(&r);
        key = key_of(&r);
        for (unsigned kind = 0; kind < KINDS; kind++) {
                buf_init(&requests[kind], KEEPER_PACKET_MAX);
                put_request(&r, &key, kind, &requests[kind]);
        }
        log_to(log, LOG_INFO);
        began = clock_monotonic_ns();
        before = resident_kb_now();
        for (unsigned i = 0; i < boxes; i++) {
                const struct buf *b = &requests[kind_of(i)];

                if (room_ask(&r, KEEPER_ERASE_BEGIN, bytes_of(b->data, b->len),
                            bytes_of(NULL, 0)) != wanted[kind_of(i)])
                        fail_msg("box %u", i);
        }
        after = resident_kb_now();
        ms = (clock_monotonic_ns() - began) / 1000000 + 1;
        log_to(STDERR_FILENO, LOG_ERROR);
        assert_int_equal(fstat(log, &st), 0);
        print_message("%u boxes that do not open in %lld ms, %.0f a second; %ld KiB more, log of "
                      "%lld bytes\n",
                boxes, (long long)ms, (double)boxes * 1000 / (double)ms, after - before,
                (long long)st.st_size);
        if (!COUNTS_SANITIZED) /* it keeps what is freed */
                assert_true(after - before < GROWS_KB_MAX);
        assert_true(st.st_size > 0 && st.st_size < LOG_MAX);
        (void)close(log);
        /* A good one is served. */
        struct buf good = {.ceiling = KEEPER_PACKET_MAX};

        put_request(&r, &key, KINDS, &good);
        assert_int_equal(
                room_ask(&r, KEEPER_ERASE_BEGIN, bytes_of(good.data, good.len), bytes_of(NULL, 0)),
                ERR_OK);
        buf_done(&good);
        for (unsigned kind = 0; kind < KINDS; kind++)
                buf_done(&requests[kind]);
        room_close(&r);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(
                        ten_million_boxes_that_do_not_open_leave_no_trace_but_a_line_an_hour),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
