/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h: a borrowed run of bytes, a gate for input and a buffer for output.
 *
 * Readers compare by subtracting from what remains, so nothing wraps; every
 * length has a named ceiling at the call. All integers are little-endian. */
#ifndef STATGATE_BASE_BYTES_H
#define STATGATE_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"
#include "base/err.h"

struct arena;

/* Borrows; NULL with len 0 is the empty run. */
struct bytes {
        const uint8_t *data;
        size_t len;
};

struct bytes bytes_of(const void *data, size_t len);
struct bytes bytes_of_text(const char *text); /* without the NUL */
bool bytes_equal(struct bytes a, struct bytes b);
bool bytes_is_text(struct bytes a, const char *text);
int bytes_compare(struct bytes a, struct bytes b); /* memcmp order, shorter first */
enum err bytes_copy(struct arena *arena, struct bytes from, struct bytes *out) MUST_CHECK;

/* Valid UTF-8 without NUL and without control characters (U+0000–001F, 007F–009F). */
bool bytes_is_printable(struct bytes a);
/* "12", "-0.5", "1200.00" in units of 10^-decimals: digits before the point, and where
 * there is a point 1 to `decimals` behind it. False for all else, and for what does
 * not fit; never INT64_MIN. *out changes only on success. */
bool bytes_decimal(struct bytes text, uint32_t decimals, int64_t *out);

struct reader {
        const uint8_t *at;
        size_t left;
};

struct reader reader_of(struct bytes wire);
MUST_CHECK enum err read_u8(struct reader *r, uint8_t *out);
MUST_CHECK enum err read_u16(struct reader *r, uint16_t *out);
MUST_CHECK enum err read_u32(struct reader *r, uint32_t *out);
MUST_CHECK enum err read_u64(struct reader *r, uint64_t *out);
MUST_CHECK enum err read_i64(struct reader *r, int64_t *out);
/* u32 length, then that many bytes, at most `max`; borrowed from the input. */
MUST_CHECK enum err read_bytes(struct reader *r, size_t max, struct bytes *out);
/* Exactly `len` bytes, borrowed. */
MUST_CHECK enum err read_fixed(struct reader *r, size_t len, struct bytes *out);
/* Leftovers are an error too. */
MUST_CHECK enum err read_end(const struct reader *r);

/* A growing output buffer on the heap, with a ceiling. After the first failure
 * every write is ignored and buf_end tells: check once. Not for keys: growing
 * leaves copies behind. */
struct buf {
        uint8_t *data;
        size_t len, cap, ceiling;
        enum err failed; /* the first failure: TOO_LARGE or NO_MEMORY */
};

void buf_init(struct buf *b, size_t ceiling);
void buf_done(struct buf *b); /* frees; b is empty and usable again */
void put_u8(struct buf *b, uint8_t v);
void put_u16(struct buf *b, uint16_t v);
void put_u32(struct buf *b, uint32_t v);
void put_u64(struct buf *b, uint64_t v);
void put_i64(struct buf *b, int64_t v);
void put_bytes(struct buf *b, struct bytes v); /* u32 length, then the bytes */
void put_raw(struct buf *b, const void *data, size_t len);
void put_text(struct buf *b, const char *text); /* as put_bytes */
/* Room for `len` bytes to be written by the caller; NULL when failed. */
uint8_t *buf_room(struct buf *b, size_t len);
MUST_CHECK enum err buf_end(const struct buf *b, struct bytes *out); /* borrows b */

/* Lower-case hex of `in` into out[2 * len + 1]. */
void hex_encode(struct bytes in, char *out);
/* Exactly 2 * len hex digits of either case, then NUL. */
MUST_CHECK enum err hex_decode(const char *hex, uint8_t *out, size_t len);

#endif
