/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c: the gate for input and the buffer for output.
 *
 * A reader never moves when it refuses and never writes its output then, so a
 * caller that forgets to look sees old values, not half of new ones. Integers
 * are copied out and turned round where the machine wants that: compilers make one
 * load of it, and nothing has to be aligned. */
#include "base/bytes.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fault.h"

struct bytes bytes_of(const void *data, size_t len)
{
        return (struct bytes){data, len};
}

struct bytes bytes_of_text(const char *text)
{
        return (struct bytes){(const uint8_t *)text, strlen(text)};
}

bool bytes_equal(struct bytes a, struct bytes b)
{
        return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

bool bytes_is_text(struct bytes a, const char *text)
{
        return bytes_equal(a, bytes_of_text(text));
}

int bytes_compare(struct bytes a, struct bytes b)
{
        size_t common = a.len < b.len ? a.len : b.len;
        int order = common > 0 ? memcmp(a.data, b.data, common) : 0;

        if (order != 0)
                return order;
        return (a.len > b.len) - (a.len < b.len);
}

enum err bytes_copy(struct arena *arena, struct bytes from, struct bytes *out)
{
        uint8_t *copy = arena_alloc_raw(arena, from.len, 1);

        if (copy == NULL)
                return ERR_NO_MEMORY;
        if (from.len > 0)
                memcpy(copy, from.data, from.len);
        *out = bytes_of(copy, from.len);
        return ERR_OK;
}

/* Length of the well-formed UTF-8 character at `at`, 0 when there is none.
 * Table 3-7 of the Unicode standard: no overlong forms, no surrogates, nothing
 * beyond U+10FFFF. */
static size_t utf8_len(const uint8_t *at, size_t left)
{
        uint8_t lead = at[0], low = 0x80, high = 0xbf;
        size_t len;

        if (lead < 0x80)
                return 1;
        if (lead >= 0xc2 && lead <= 0xdf)
                len = 2;
        else if (lead >= 0xe0 && lead <= 0xef)
                len = 3;
        else if (lead >= 0xf0 && lead <= 0xf4)
                len = 4;
        else
                return 0;
        if (lead == 0xe0)
                low = 0xa0;
        else if (lead == 0xed)
                high = 0x9f;
        else if (lead == 0xf0)
                low = 0x90;
        else if (lead == 0xf4)
                high = 0x8f;
        if (left < len || at[1] < low || at[1] > high)
                return 0;
        for (size_t i = 2; i < len; i++)
                if ((at[i] & 0xc0) != 0x80)
                        return 0;
        return len;
}

bool bytes_decimal(struct bytes text, uint32_t decimals, int64_t *out)
{
        bool minus = text.len > 0 && text.data[0] == '-', point = false;
        uint32_t before = 0, behind = 0;
        int64_t n = 0;

        for (size_t i = minus; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (c == '.' && !point && before > 0) {
                        point = true;
                        continue;
                }
                if (c < '0' || c > '9' || (point && behind == decimals) ||
                        __builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, c - '0', &n))
                        return false;
                before += !point;
                behind += point;
        }
        if (before == 0 || (point && behind == 0))
                return false;
        for (; behind < decimals; behind++)
                if (__builtin_mul_overflow(n, 10, &n))
                        return false;
        *out = minus ? -n : n;
        return true;
}

enum { PLAIN_AT_ONCE = 16 };

/* Nothing but printable ASCII: by far most of what is asked about. */
static bool is_plain(const uint8_t *text)
{
        uint8_t other = 0;

        for (unsigned i = 0; i < PLAIN_AT_ONCE; i++)
                other |= (uint8_t)(text[i] - 0x20) >= 0x7f - 0x20;
        return other == 0;
}

bool bytes_is_printable(struct bytes a)
{
        for (size_t i = 0; i < a.len;) {
                if (a.len - i >= PLAIN_AT_ONCE && is_plain(a.data + i)) {
                        i += PLAIN_AT_ONCE;
                        continue;
                }
                size_t len = utf8_len(a.data + i, a.len - i);

                if (len == 0 || (len == 1 && (a.data[i] < 0x20 || a.data[i] == 0x7f)))
                        return false;
                /* U+0080–009F: terminals take U+009B for the start of a command. */
                if (a.data[i] == 0xc2 && a.data[i + 1] < 0xa0)
                        return false;
                i += len;
        }
        return true;
}

struct reader reader_of(struct bytes wire)
{
        return (struct reader){wire.data, wire.len};
}

/* `len` bytes from the front, or NULL. */
static const uint8_t *reader_take(struct reader *r, size_t len)
{
        const uint8_t *at = r->at;

        if (len > r->left)
                return NULL;
        if (len > 0)
                r->at += len;
        r->left -= len;
        return at;
}

enum err read_u8(struct reader *r, uint8_t *out)
{
        if (r->left < sizeof *out)
                return ERR_MALFORMED;
        *out = *reader_take(r, sizeof *out);
        return ERR_OK;
}

enum err read_u16(struct reader *r, uint16_t *out)
{
        uint16_t v;

        if (r->left < sizeof v)
                return ERR_MALFORMED;
        memcpy(&v, reader_take(r, sizeof v), sizeof v);
        *out = le16toh(v);
        return ERR_OK;
}

enum err read_u32(struct reader *r, uint32_t *out)
{
        uint32_t v;

        if (r->left < sizeof v)
                return ERR_MALFORMED;
        memcpy(&v, reader_take(r, sizeof v), sizeof v);
        *out = le32toh(v);
        return ERR_OK;
}

enum err read_u64(struct reader *r, uint64_t *out)
{
        uint64_t v;

        if (r->left < sizeof v)
                return ERR_MALFORMED;
        memcpy(&v, reader_take(r, sizeof v), sizeof v);
        *out = le64toh(v);
        return ERR_OK;
}

enum err read_i64(struct reader *r, int64_t *out)
{
        uint64_t v;

        TRY(read_u64(r, &v));
        memcpy(out, &v, sizeof v);
        return ERR_OK;
}

enum err read_bytes(struct reader *r, size_t max, struct bytes *out)
{
        uint32_t len;

        /* No copy of the reader to go ahead with: one made of two words that were just written
         * waits for both, and that was a tenth of reading the audit log. */
        if (r->left < sizeof len)
                return ERR_MALFORMED;
        memcpy(&len, r->at, sizeof len);
        len = le32toh(len);
        if (len > max)
                return ERR_TOO_LARGE;
        if (len > r->left - sizeof len)
                return ERR_MALFORMED;
        (void)reader_take(r, sizeof len);
        *out = bytes_of(reader_take(r, len), len);
        return ERR_OK;
}

enum err read_fixed(struct reader *r, size_t len, struct bytes *out)
{
        if (len > r->left)
                return ERR_MALFORMED;
        *out = bytes_of(reader_take(r, len), len);
        return ERR_OK;
}

enum err read_end(const struct reader *r)
{
        return r->left == 0 ? ERR_OK : ERR_MALFORMED;
}

void buf_init(struct buf *b, size_t ceiling)
{
        *b = (struct buf){.ceiling = ceiling};
}

void buf_done(struct buf *b)
{
        free(b->data);
        buf_init(b, b->ceiling);
}

/* Room for `need` bytes in all, at least doubling, never beyond the ceiling. */
static bool buf_grow(struct buf *b, size_t need)
{
        enum { SMALLEST = 256 };
        size_t cap = b->cap < b->ceiling / 2 ? b->cap * 2 : b->ceiling;

        if (cap < SMALLEST && SMALLEST <= b->ceiling)
                cap = SMALLEST;
        if (cap < need)
                cap = need;
        uint8_t *data = fault_hit("alloc") ? NULL : realloc(b->data, cap);

        if (data == NULL)
                return false;
        b->data = data;
        b->cap = cap;
        return true;
}

uint8_t *buf_room(struct buf *b, size_t len)
{
        if (b->failed != ERR_OK)
                return NULL;
        if (len > b->ceiling - b->len) {
                b->failed = ERR_TOO_LARGE;
                return NULL;
        }
        /* Also for len 0: NULL means failure and nothing else. */
        if ((len > b->cap - b->len || b->data == NULL) &&
                !buf_grow(b, b->len + (len > 0 ? len : 1))) {
                b->failed = ERR_NO_MEMORY;
                return NULL;
        }
        uint8_t *at = b->data + b->len;

        b->len += len;
        return at;
}

void put_raw(struct buf *b, const void *data, size_t len)
{
        uint8_t *at = buf_room(b, len);

        if (at != NULL && len > 0)
                memcpy(at, data, len);
}

static void put_number(struct buf *b, uint64_t v, size_t len)
{
        uint8_t *at = buf_room(b, len);

        for (size_t i = 0; at != NULL && i < len; i++)
                at[i] = (uint8_t)(v >> (8 * i));
}

void put_u8(struct buf *b, uint8_t v)
{
        put_number(b, v, 1);
}

void put_u16(struct buf *b, uint16_t v)
{
        put_number(b, v, 2);
}

void put_u32(struct buf *b, uint32_t v)
{
        put_number(b, v, 4);
}

void put_u64(struct buf *b, uint64_t v)
{
        put_number(b, v, 8);
}

void put_i64(struct buf *b, int64_t v)
{
        put_number(b, (uint64_t)v, 8);
}

void put_bytes(struct buf *b, struct bytes v)
{
        if (v.len > UINT32_MAX) {
                if (b->failed == ERR_OK)
                        b->failed = ERR_TOO_LARGE;
                return;
        }
        put_u32(b, (uint32_t)v.len);
        put_raw(b, v.data, v.len);
}

void put_text(struct buf *b, const char *text)
{
        put_bytes(b, bytes_of_text(text));
}

enum err buf_end(const struct buf *b, struct bytes *out)
{
        if (b->failed != ERR_OK)
                return b->failed;
        *out = bytes_of(b->data, b->len);
        return ERR_OK;
}

void hex_encode(struct bytes in, char *out)
{
        static const char digits[] = "0123456789abcdef";

        for (size_t i = 0; i < in.len; i++) {
                *out++ = digits[in.data[i] >> 4];
                *out++ = digits[in.data[i] & 15];
        }
        *out = '\0';
}

/* 0..15, or NOT_HEX. */
enum { NOT_HEX = 16 };
static unsigned hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return (unsigned)(c - '0');
        if (c >= 'a' && c <= 'f')
                return (unsigned)(c - 'a' + 10);
        if (c >= 'A' && c <= 'F')
                return (unsigned)(c - 'A' + 10);
        return NOT_HEX;
}

enum err hex_decode(const char *hex, uint8_t *out, size_t len)
{
        if (len > SIZE_MAX / 2)
                return ERR_MALFORMED;
        /* Looks at all of it first; a short text ends at its NUL. */
        for (size_t i = 0; i < 2 * len; i++)
                if (hex_digit(hex[i]) == NOT_HEX)
                        return ERR_MALFORMED;
        if (hex[2 * len] != '\0')
                return ERR_MALFORMED;
        for (size_t i = 0; i < len; i++)
                out[i] = (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
        return ERR_OK;
}
