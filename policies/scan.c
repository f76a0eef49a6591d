/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c: the loops of validation, written so that compilers can vectorise them.
 *
 * One unsigned comparison checks both ends of a range: v - low > high - low. The
 * inner loops have a fixed length: with -O2, GCC vectorises only those. Wire values
 * are not aligned, so they are read through types that say so. */
#include "policies/scan.h"

#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "columns are little-endian in memory");

typedef int32_t i32_loose __attribute__((aligned(1), may_alias));
typedef int64_t i64_loose __attribute__((aligned(1), may_alias));
typedef uint16_t u16_loose __attribute__((aligned(1), may_alias));

int32_t scan_i32_at(const uint8_t *values, uint32_t row)
{
        return ((const i32_loose *)values)[row];
}

int64_t scan_i64_at(const uint8_t *values, uint32_t row)
{
        return ((const i64_loose *)values)[row];
}

/* Codes -------------------------------------------------------------------- */

static bool is_bad_code(const struct scan *s, uint32_t index)
{
        return index >= s->codes_len || (s->bad_codes != NULL && s->bad_codes[index] != 0);
}

uint64_t scan_codes8(const struct scan *s, uint32_t from, uint32_t n)
{
        const uint8_t *p = s->values + from;
        uint64_t suspect = 0;

        if (n == SCAN_BLOCK && s->bad_codes == NULL) {
                uint8_t last = s->codes_len > UINT8_MAX ? UINT8_MAX : (uint8_t)(s->codes_len - 1);
                uint8_t high = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        high = p[i] > high ? p[i] : high;
                if (s->codes_len > 0 && high <= last)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)is_bad_code(s, p[i]) << i;
        return suspect;
}

uint64_t scan_codes16(const struct scan *s, uint32_t from, uint32_t n)
{
        const u16_loose *p = (const u16_loose *)s->values + from;
        uint64_t suspect = 0;

        if (n == SCAN_BLOCK && s->bad_codes == NULL) {
                uint32_t beyond = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        beyond |= (uint32_t)p[i] >= s->codes_len;
                if (beyond == 0)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)is_bad_code(s, p[i]) << i;
        return suspect;
}

/* Ranges ------------------------------------------------------------------ */

uint64_t scan_bytes(const struct scan *s, uint32_t from, uint32_t n)
{
        const uint8_t *p = s->values + from;
        uint8_t low = (uint8_t)s->low, width = (uint8_t)(s->high - s->low);
        uint64_t suspect = 0;

        if (n == SCAN_BLOCK) {
                uint8_t outside = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        outside |= (uint8_t)(p[i] - low) > width;
                if (outside == 0)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)((uint8_t)(p[i] - low) > width) << i;
        return suspect;
}

/* The bounds of a variable may be wider than 32 bits; a value cannot be. */
static int32_t clamp32(int64_t v)
{
        return v < INT32_MIN ? INT32_MIN : v > INT32_MAX ? INT32_MAX : (int32_t)v;
}

uint64_t scan_i32(const struct scan *s, uint32_t from, uint32_t n)
{
        const i32_loose *p = (const i32_loose *)s->values + from;
        uint32_t low = (uint32_t)clamp32(s->low), width = (uint32_t)clamp32(s->high) - low;
        uint64_t suspect = 0;

        if (s->low > INT32_MAX || s->high < INT32_MIN || s->low > s->high)
                return UINT64_MAX;
        if (n == SCAN_BLOCK) {
                uint32_t outside = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        outside |= (uint32_t)p[i] - low > width;
                if (outside == 0)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)((uint32_t)p[i] - low > width) << i;
        return suspect;
}

uint64_t scan_i64(const struct scan *s, uint32_t from, uint32_t n)
{
        const i64_loose *p = (const i64_loose *)s->values + from;
        uint64_t suspect = 0;

        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)(p[i] < s->low || p[i] > s->high) << i;
        return suspect;
}

uint64_t scan_bits(const struct scan *s, uint32_t from, uint32_t n)
{
        const i32_loose *p = (const i32_loose *)s->values + from;
        uint64_t suspect = 0, width = (uint64_t)(s->high - s->low);

        for (uint32_t i = 0; i < n; i++) {
                uint64_t at = (uint64_t)(p[i] - s->low);
                /* Values out of range have been judged before. */
                uint64_t safe = at > width ? 0 : at;
                bool start = (s->bits[safe / 8] >> (safe % 8) & 1) != 0;

                suspect |= (uint64_t)(at <= width && !start) << i;
        }
        return suspect;
}

/* Two dates ---------------------------------------------------------------- */

uint64_t scan_after(const struct scan *s, uint32_t from, uint32_t n)
{
        const i32_loose *later = (const i32_loose *)s->values + from;
        const i32_loose *first = (const i32_loose *)s->before + from;
        uint64_t suspect = 0;

        if (n == SCAN_BLOCK) {
                uint32_t wrong = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        wrong |= later[i] < first[i];
                if (wrong == 0)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++)
                suspect |= (uint64_t)(later[i] < first[i]) << i;
        return suspect;
}

/* Differences may wrap for values that were judged before; the caller's hit
 * looks again. */
uint64_t scan_span(const struct scan *s, uint32_t from, uint32_t n)
{
        const i32_loose *later = (const i32_loose *)s->values + from;
        const i32_loose *first = (const i32_loose *)s->before + from;
        uint32_t low = (uint32_t)s->low, width = (uint32_t)(s->high - s->low);
        uint64_t suspect = 0;

        if (n == SCAN_BLOCK) {
                uint32_t outside = 0;

                for (unsigned i = 0; i < SCAN_BLOCK; i++)
                        outside |= (uint32_t)later[i] - (uint32_t)first[i] - low > width;
                if (outside == 0)
                        return 0;
        }
        for (uint32_t i = 0; i < n; i++) {
                uint32_t span = (uint32_t)later[i] - (uint32_t)first[i];

                suspect |= (uint64_t)(span - low > width) << i;
        }
        return suspect;
}

/* Whole columns ------------------------------------------------------------ */

static uint64_t missing_word(const uint8_t *missing, uint32_t from, uint32_t n)
{
        uint64_t word = 0;

        if (missing != NULL)
                memcpy(&word, missing + from / 8, (n + 7) / 8);
        return word;
}

static void tell(uint64_t suspect, uint32_t from, scan_hit hit, void *ctx)
{
        for (; suspect != 0; suspect &= suspect - 1)
                hit(ctx, from + (uint32_t)__builtin_ctzll(suspect));
}

void scan_run(const struct scan *s, uint32_t rows, scan_block block, scan_hit hit, void *ctx)
{
        for (uint32_t from = 0; from < rows; from += SCAN_BLOCK) {
                uint32_t n = rows - from < SCAN_BLOCK ? rows - from : SCAN_BLOCK;
                uint64_t all = n == SCAN_BLOCK ? UINT64_MAX : (UINT64_C(1) << n) - 1;
                uint64_t suspect = block(s, from, n) & all;

                if (suspect != 0)
                        suspect &= ~missing_word(s->missing, from, n) &
                                   ~missing_word(s->before_missing, from, n);
                tell(suspect, from, hit, ctx);
        }
}

void scan_missing(const uint8_t *missing, uint32_t rows, scan_hit hit, void *ctx)
{
        for (uint32_t from = 0; missing != NULL && from < rows; from += SCAN_BLOCK) {
                uint32_t n = rows - from < SCAN_BLOCK ? rows - from : SCAN_BLOCK;
                uint64_t all = n == SCAN_BLOCK ? UINT64_MAX : (UINT64_C(1) << n) - 1;

                tell(missing_word(missing, from, n) & all, from, hit, ctx);
        }
}
