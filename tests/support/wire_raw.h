/* SPDX-License-Identifier: Apache-2.0 */
/* wire_raw.h: protobuf written by hand, and every small way to spoil a message.
 *
 * Tests of decoders must say things that our encoders cannot: a length that does
 * not fit, an enum that does not exist. And an encoder checked only against its
 * own decoder is not checked. */
#ifndef STATGATE_TESTS_SUPPORT_WIRE_RAW_H
#define STATGATE_TESTS_SUPPORT_WIRE_RAW_H

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

/* A literal as bytes, NULs and all. */
#define RAW(s) ((struct bytes){(const uint8_t *)(s), sizeof(s) - 1})

static inline void raw_varint(struct buf *b, uint64_t v)
{
        for (; v >= 0x80; v >>= 7)
                put_u8(b, (uint8_t)(v | 0x80));
        put_u8(b, (uint8_t)v);
}

static inline void raw_number(struct buf *b, unsigned field, uint64_t v)
{
        raw_varint(b, (uint64_t)field << 3);
        raw_varint(b, v);
}

static inline void raw_bytes(struct buf *b, unsigned field, struct bytes v)
{
        raw_varint(b, (uint64_t)field << 3 | 2);
        raw_varint(b, v.len);
        put_raw(b, v.data, v.len);
}

/* Writes `inner` as a message field, and empties it for the next. */
static inline void raw_message(struct buf *b, unsigned field, struct buf *inner)
{
        raw_bytes(b, field, bytes_of(inner->data, inner->len));
        inner->len = 0;
}

/* Calls `attempt` with every prefix of `sample`, and with every byte changed in
 * several ways, left out and doubled. Each lies in a block of its own size, so
 * that ASan sees one byte beyond. */
static inline void raw_mutate(
        struct bytes sample, void (*attempt)(struct bytes wire, void *ctx), void *ctx)
{
        static const uint8_t masks[] = {0x01, 0x02, 0x08, 0x10, 0x7f, 0x80, 0xff};

        for (size_t i = 0; i <= sample.len; i++) {
                uint8_t *cut = malloc(i + 1);

                if (cut == NULL)
                        abort();
                if (i > 0)
                        memcpy(cut, sample.data, i);
                cut = realloc(cut, i > 0 ? i : 1);
                attempt(bytes_of(cut, i), ctx);
                free(cut);
        }
        for (size_t i = 0; i < sample.len; i++) {
                uint8_t *changed = malloc(sample.len), *less = malloc(sample.len);
                uint8_t *more = malloc(sample.len + 1);

                if (changed == NULL || less == NULL || more == NULL)
                        abort();
                memcpy(changed, sample.data, sample.len);
                for (size_t m = 0; m < sizeof masks; m++) {
                        changed[i] = sample.data[i] ^ masks[m];
                        attempt(bytes_of(changed, sample.len), ctx);
                }
                memcpy(less, sample.data, i);
                memcpy(less + i, sample.data + i + 1, sample.len - i - 1);
                attempt(bytes_of(less, sample.len - 1), ctx);
                memcpy(more, sample.data, i + 1);
                memcpy(more + i + 1, sample.data + i, sample.len - i);
                attempt(bytes_of(more, sample.len + 1), ctx);
                free(changed);
                free(less);
                free(more);
        }
}

#endif
