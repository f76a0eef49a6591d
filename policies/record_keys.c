/* SPDX-License-Identifier: Apache-2.0 */
/* record_keys.c: every row has a case number, as text, and no two the same.
 *
 * Twins are found with a small hash table over the batch. A client could choose
 * keys that collide; the work is therefore counted, and when it grows beyond a few
 * probes a row the rows are sorted instead: slower, but never quadratic, and the
 * same answer. So the hash needs no secret. */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "policies/scan.h"

enum { PROBES_PER_ROW = 8, SLOT_ROW_BITS = 17 };
_Static_assert(BATCH_ROWS_MAX < 1 << SLOT_ROW_BITS, "a slot holds row + 1");

/* A key as three words, NUL-padded. */
struct key {
        uint64_t word[3];
};
_Static_assert(sizeof(struct key) == RECORD_KEY_MAX_LEN, "a key fits three words");

/* The column of keys, ready to be read a word at a time. */
struct keys {
        const uint8_t *bytes;
        size_t width;
        uint64_t mask[3]; /* what of each word belongs to the key */
        uint32_t rows;
        uint32_t roomy; /* rows before this one have 24 readable bytes */
};

static struct keys keys_of(const struct batch *b)
{
        struct keys k = {.bytes = b->record_keys, .width = b->record_key_width, .rows = b->rows};
        size_t beyond = (sizeof(struct key) - 1) / k.width;

        for (size_t i = 0; i < 3; i++) {
                size_t have = k.width > i * 8 ? k.width - i * 8 : 0;

                k.mask[i] = have >= 8 ? UINT64_MAX : (UINT64_C(1) << (have * 8)) - 1;
        }
        k.roomy = b->rows > beyond ? b->rows - (uint32_t)beyond : 0;
        return k;
}

static inline struct key key_at(const struct keys *keys, uint32_t row)
{
        const uint8_t *at = keys->bytes + row * keys->width;
        struct key k = {{0, 0, 0}};

        if (row >= keys->roomy) {
                memcpy(&k, at, keys->width);
                return k;
        }
        memcpy(&k, at, sizeof k);
        for (unsigned i = 0; i < 3; i++)
                k.word[i] &= keys->mask[i];
        return k;
}

static inline bool key_equal(struct key a, struct key b)
{
        return a.word[0] == b.word[0] && a.word[1] == b.word[1] && a.word[2] == b.word[2];
}

static inline uint64_t key_hash(struct key k)
{
        uint64_t h = k.word[0] * UINT64_C(0x9e3779b97f4a7c15);

        h = (h ^ h >> 29 ^ k.word[1]) * UINT64_C(0xbf58476d1ce4e5b9);
        h = (h ^ h >> 32 ^ k.word[2]) * UINT64_C(0x94d049bb133111eb);
        return h ^ h >> 31;
}

/* Text ------------------------------------------------------------------- */

/* True when no byte needs a second look: ASCII from space to tilde, or NUL. */
static bool is_plain(const uint8_t *p, size_t len)
{
        size_t i = 0;

        for (; len - i >= SCAN_BLOCK; i += SCAN_BLOCK) {
                uint8_t odd = 0;

                for (unsigned j = 0; j < SCAN_BLOCK; j++)
                        odd |= (uint8_t)((uint8_t)(p[i + j] - 0x20) > 0x7e - 0x20) &
                               (p[i + j] != 0);
                if (odd != 0)
                        return false;
        }
        for (; i < len; i++)
                if (p[i] != 0 && (p[i] < 0x20 || p[i] > 0x7e))
                        return false;
        return true;
}

/* Whether nothing but NUL follows the first NUL of a word; sets *ended. */
static inline bool word_ends_well(uint64_t w, bool *ended)
{
        uint64_t zeros = (w - UINT64_C(0x0101010101010101)) & ~w & UINT64_C(0x8080808080808080);

        if (*ended)
                return w == 0;
        if (zeros == 0)
                return true;
        *ended = true;
        return w >> (__builtin_ctzll(zeros) & ~7) == 0;
}

static inline bool key_ends_well(struct key k)
{
        bool ended = false;

        return word_ends_well(k.word[0], &ended) && word_ends_well(k.word[1], &ended) &&
               word_ends_well(k.word[2], &ended);
}

static bool key_is_printable(struct key k)
{
        return bytes_is_printable(bytes_of(&k, strnlen((const char *)&k, sizeof k)));
}

/* Twins ------------------------------------------------------------------ */

struct twins {
        struct keys keys;
        uint8_t *later; /* 1: the key stood on an earlier row */
        uint32_t found;
};

struct seen_keys {
        uint32_t *slots; /* tag in the high bits, row + 1 in the low; 0: free */
        uint32_t mask;
        uint64_t probes_left;
};

static enum err table_new(struct arena *a, uint32_t rows, struct seen_keys *out)
{
        uint32_t size = 64;

        while (size < 2 * rows)
                size *= 2;
        out->slots = arena_alloc(a, size, sizeof *out->slots);
        out->mask = size - 1;
        out->probes_left = (uint64_t)rows * PROBES_PER_ROW + 64;
        return out->slots == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* False when the keys collide too much to go on. */
static inline bool table_visit(struct seen_keys *t, struct twins *tw, uint32_t row, struct key key)
{
        uint64_t hash = key_hash(key);
        uint32_t tag = (uint32_t)(hash >> 32) >> SLOT_ROW_BITS << SLOT_ROW_BITS;

        for (uint32_t at = (uint32_t)hash & t->mask;; at = (at + 1) & t->mask) {
                uint32_t slot = t->slots[at], row_bits = (1u << SLOT_ROW_BITS) - 1;

                if (slot == 0) {
                        t->slots[at] = tag | (row + 1);
                        return true;
                }
                if (t->probes_left-- == 0)
                        return false;
                if ((slot & ~row_bits) == tag &&
                        key_equal(key_at(&tw->keys, (slot & row_bits) - 1), key)) {
                        tw->later[row] = 1;
                        tw->found++;
                        return true;
                }
        }
}

static int by_key_then_row(const void *a, const void *b, void *ctx)
{
        const struct keys *keys = ctx;
        uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
        size_t width = keys->width;
        int order = memcmp(keys->bytes + x * width, keys->bytes + y * width, width);

        return order != 0 ? order : (x > y) - (x < y);
}

static enum err find_by_sorting(struct arena *a, struct twins *tw)
{
        uint32_t rows = tw->keys.rows;
        uint32_t *sorted = arena_alloc_raw(a, rows, sizeof *sorted);

        if (sorted == NULL)
                return ERR_NO_MEMORY;
        memset(tw->later, 0, rows);
        tw->found = 0;
        for (uint32_t i = 0; i < rows; i++)
                sorted[i] = i;
        qsort_r(sorted, rows, sizeof *sorted, by_key_then_row, &tw->keys);
        for (uint32_t i = 1; i < rows; i++) {
                struct key key = key_at(&tw->keys, sorted[i]);

                if (key.word[0] != 0 && key_equal(key_at(&tw->keys, sorted[i - 1]), key)) {
                        tw->later[sorted[i]] = 1;
                        tw->found++;
                }
        }
        return ERR_OK;
}

/* One walk: text, emptiness and twins. */
enum err validate_record_keys(struct validation *v)
{
        const struct batch *b = v->batch;
        struct twins tw = {.keys = keys_of(b), .later = arena_alloc(v->arena, b->rows, 1)};
        bool plain = is_plain(b->record_keys, (size_t)b->rows * b->record_key_width);
        bool hashing = true;
        struct seen_keys t;

        if (tw.later == NULL)
                return ERR_NO_MEMORY;
        TRY(table_new(v->arena, b->rows, &t));
        for (uint32_t row = 0; row < b->rows; row++) {
                struct key key = key_at(&tw.keys, row);

                if (key.word[0] == 0) {
                        bool empty = (key.word[1] | key.word[2]) == 0;

                        validation_reject(v, row, REJECTION_RECORD_KEY, NULL,
                                empty ? VALIDATE_EMPTY_RECORD_KEY : VALIDATE_RECORD_KEY_NOT_TEXT);
                        continue;
                }
                if (!key_ends_well(key) || (!plain && !key_is_printable(key)))
                        validation_reject(
                                v, row, REJECTION_RECORD_KEY, NULL, VALIDATE_RECORD_KEY_NOT_TEXT);
                if (hashing)
                        hashing = table_visit(&t, &tw, row, key);
        }
        if (!hashing)
                TRY(find_by_sorting(v->arena, &tw));
        for (uint32_t row = 0; tw.found > 0 && row < b->rows; row++)
                if (tw.later[row] != 0)
                        validation_reject(
                                v, row, REJECTION_RECORD_KEY, NULL, VALIDATE_DUPLICATE_RECORD_KEY);
        return ERR_OK;
}
