/* SPDX-License-Identifier: Apache-2.0 */
/* quota.c: counting persons without remembering them.
 *
 *   note   u8 version ‖ 32 bytes key ‖ u32 n ‖ n × sketch
 *   sketch u16 municipality ‖ u32 half-year ‖ i64 refused (0: never) ‖ u32 the quota then
 *          ‖ 2,048 × 6 bits
 *   hash   first 8 bytes of AES-256 under the key, of id 12 ‖ kind 1 ‖ issuer u16 (0: national)
 *          ‖ 0: an id fills one block, and nobody is the block of zeros
 *
 * Version 1 counted person codes, and a u32 behind the key said of which k_person. Nobody is the
 * same in it: its key and its refusals are read, its registers are not.
 *
 * A register holds the longest run of zeros seen, plus one, among those whose hash chose it; an
 * estimate is a sum over how many registers hold what, so what is added twice changes nothing and
 * two sketches are merged by the larger of each. It also means that most new persons change
 * nothing once there are many, each by itself: a refusal that only looked at what grows could be
 * walked around with batches of one. Hence the day of rest after a refusal. */
#include "gateway/keeper/quota.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/personnummer.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"

enum {
        NOTE_VERSION = 2,
        NOTE_OF_CODES = 1,
        KEY_LEN = 32,
        INDEX_BITS = 11,
        RANK_MAX = 64 - INDEX_BITS,
        PACKED_LEN = QUOTA_REGISTERS * 6 / 8,
        CHUNK = 1024,
        MS_PER_DAY = 86400000,
        EPOCH_YEAR = 1970,
};

struct sketch {
        municipality_t municipality;
        uint32_t half;
        int64_t refused_ms;
        uint32_t refused_most; /* the quota that was exceeded then */
        uint8_t registers[QUOTA_REGISTERS];
};

struct quotas {
        struct secret *key;
        struct block_key *cipher;
        bool changed;
        uint32_t len, room;
        struct sketch *sketches;
};

static enum err quotas_of(const uint8_t *key, struct quotas **out)
{
        OWNED(quotas_free) struct quotas *q = calloc(1, sizeof *q);

        if (q == NULL)
                return ERR_NO_MEMORY;
        TRY(key != NULL ? secret_copy(key, KEY_LEN, &q->key) : secret_random(KEY_LEN, &q->key));
        TRY(block_key_new(q->key, &q->cipher));
        *out = q;
        q = NULL;
        return ERR_OK;
}

enum err quotas_new(struct quotas **out)
{
        return quotas_of(NULL, out);
}

void quotas_free(struct quotas **q)
{
        if (q == NULL || *q == NULL)
                return;
        block_key_free(&(*q)->cipher);
        secret_free(&(*q)->key);
        free((*q)->sketches);
        free(*q);
        *q = NULL;
}

bool quotas_changed(const struct quotas *q)
{
        return q->changed;
}

void quotas_kept(struct quotas *q)
{
        q->changed = false;
}

uint32_t quota_half(int64_t now_ms)
{
        struct civil day = civil_from_days((int32_t)(now_ms / MS_PER_DAY));

        return (uint32_t)(day.year - EPOCH_YEAR) * 2 + (day.month > 6);
}

/* The note -------------------------------------------------------------------- */

/* Four registers in three bytes. */
static void pack(const uint8_t *registers, uint8_t packed[PACKED_LEN])
{
        for (size_t i = 0, at = 0; i < QUOTA_REGISTERS; i += 4, at += 3) {
                uint32_t four = (uint32_t)registers[i] | (uint32_t)registers[i + 1] << 6 |
                                (uint32_t)registers[i + 2] << 12 | (uint32_t)registers[i + 3] << 18;

                for (unsigned b = 0; b < 3; b++)
                        packed[at + b] = (uint8_t)(four >> 8 * b);
        }
}

static enum err unpack(const uint8_t *packed, uint8_t *registers)
{
        unsigned highest = 0;

        for (size_t i = 0, at = 0; i < QUOTA_REGISTERS; i += 4, at += 3) {
                uint32_t four = (uint32_t)packed[at] | (uint32_t)packed[at + 1] << 8 |
                                (uint32_t)packed[at + 2] << 16;

                for (unsigned r = 0; r < 4; r++) {
                        registers[i + r] = (uint8_t)(four >> 6 * r & 63);
                        highest = registers[i + r] > highest ? registers[i + r] : highest;
                }
        }
        return highest <= RANK_MAX ? ERR_OK : ERR_MALFORMED;
}

void quotas_put(const struct quotas *q, struct buf *out)
{
        put_u8(out, NOTE_VERSION);
        put_raw(out, secret_view(q->key), KEY_LEN);
        put_u32(out, q->len);
        for (uint32_t i = 0; i < q->len; i++) {
                const struct sketch *s = &q->sketches[i];
                uint8_t packed[PACKED_LEN];

                pack(s->registers, packed);
                put_u16(out, s->municipality);
                put_u32(out, s->half);
                put_i64(out, s->refused_ms);
                put_u32(out, s->refused_most);
                put_raw(out, packed, sizeof packed);
        }
}

static enum err read_sketch(struct reader *in, struct sketch *out)
{
        struct bytes packed;

        TRY(read_u16(in, &out->municipality));
        TRY(read_u32(in, &out->half));
        TRY(read_i64(in, &out->refused_ms));
        TRY(read_u32(in, &out->refused_most));
        TRY(read_fixed(in, PACKED_LEN, &packed));
        return unpack(packed.data, out->registers);
}

enum err quotas_read(struct bytes note, struct quotas **out)
{
        OWNED(quotas_free) struct quotas *q = NULL;
        struct reader in = reader_of(note);
        struct bytes key;
        uint32_t person_epoch, len;
        uint8_t version;

        TRY(read_u8(&in, &version));
        if (version != NOTE_VERSION && version != NOTE_OF_CODES)
                return ERR_MALFORMED;
        TRY(read_fixed(&in, KEY_LEN, &key));
        if (version == NOTE_OF_CODES)
                TRY(read_u32(&in, &person_epoch));
        TRY(read_u32(&in, &len));
        if (len > QUOTA_SKETCHES_MAX)
                return ERR_MALFORMED;
        TRY(quotas_of(key.data, &q));
        q->sketches = calloc(len > 0 ? len : 1, sizeof *q->sketches);
        if (q->sketches == NULL)
                return ERR_NO_MEMORY;
        q->room = len > 0 ? len : 1;
        for (; q->len < len; q->len++)
                TRY(read_sketch(&in, &q->sketches[q->len]));
        TRY(read_end(&in));
        for (uint32_t i = 0; version == NOTE_OF_CODES && i < q->len; i++)
                memset(q->sketches[i].registers, 0, sizeof q->sketches[i].registers);
        *out = q;
        q = NULL;
        return ERR_OK;
}

/* Sketches ---------------------------------------------------------------------- */

static bool counts_in(const struct sketch *s, uint32_t half)
{
        return s->half <= half && s->half + QUOTA_HALVES > half;
}

static struct sketch *find(const struct quotas *q, municipality_t municipality, uint32_t half)
{
        for (uint32_t i = 0; i < q->len; i++)
                if (q->sketches[i].municipality == municipality && q->sketches[i].half == half)
                        return &q->sketches[i];
        return NULL;
}

static void forget_old(struct quotas *q, uint32_t half)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < q->len; i++)
                if (q->sketches[i].half + QUOTA_HALVES > half)
                        q->sketches[kept++] = q->sketches[i];
        q->len = kept;
}

static enum err find_or_make(
        struct quotas *q, municipality_t municipality, uint32_t half, struct sketch **out)
{
        *out = find(q, municipality, half);
        if (*out != NULL)
                return ERR_OK;
        forget_old(q, half);
        if (q->len == q->room) {
                uint32_t room = q->room < 8 ? 8 : 2 * q->room;
                struct sketch *more;

                if (q->len == QUOTA_SKETCHES_MAX)
                        return ERR_LIMIT;
                room = room > QUOTA_SKETCHES_MAX ? QUOTA_SKETCHES_MAX : room;
                more = realloc(q->sketches, room * sizeof *more);
                if (more == NULL)
                        return ERR_NO_MEMORY;
                q->sketches = more;
                q->room = room;
        }
        *out = &q->sketches[q->len++];
        memset(*out, 0, sizeof **out);
        (*out)->municipality = municipality;
        (*out)->half = half;
        return ERR_OK;
}

static void merge(uint8_t *into, const uint8_t *from)
{
        for (size_t i = 0; i < QUOTA_REGISTERS; i++)
                into[i] = into[i] > from[i] ? into[i] : from[i];
}

/* Ertl 2017, "New cardinality estimation algorithms for HyperLogLog sketches", algorithm 6,
 * without the term for registers that are full: there are not 2^53 persons. */
static double sigma(double x)
{
        double y = 1, z = x, before;

        if (x >= 1)
                return INFINITY;
        do {
                x *= x;
                before = z;
                z += x * y;
                y += y;
        } while (z > before);
        return z;
}

double quota_estimate(const uint8_t registers[QUOTA_REGISTERS])
{
        static const double alpha = 0.72134752044448170368; /* 1 / (2 ln 2) */
        static const double m = QUOTA_REGISTERS;
        uint32_t holding[RANK_MAX + 1] = {0};
        double z = 0;

        for (size_t i = 0; i < QUOTA_REGISTERS; i++)
                holding[registers[i]]++;
        for (unsigned k = RANK_MAX; k > 0; k--)
                z = (z + holding[k]) / 2;
        return alpha * m * m / (z + m * sigma(holding[0] / m));
}

double quotas_counted(const struct quotas *q, municipality_t municipality, uint32_t half)
{
        struct quota_trial t;

        quota_begin(q, municipality, half, &t);
        return quota_estimate(t.before);
}

/* Trials ------------------------------------------------------------------------- */

void quota_begin(
        const struct quotas *q, municipality_t municipality, uint32_t half, struct quota_trial *t)
{
        const struct sketch *now = find(q, municipality, half);

        memset(t, 0, sizeof *t);
        t->municipality = municipality;
        t->half = half;
        if (now != NULL)
                memcpy(t->registers, now->registers, sizeof t->registers);
        for (uint32_t i = 0; i < q->len; i++)
                if (q->sketches[i].municipality == municipality && counts_in(&q->sketches[i], half))
                        merge(t->before, q->sketches[i].registers);
}

static void add(struct quota_trial *t, const uint8_t hash[PERSON_KEY_LEN])
{
        uint64_t bits = 0;

        for (unsigned i = 0; i < PERSON_KEY_LEN; i++)
                bits |= (uint64_t)hash[i] << 8 * i;
        if (bits == 0)
                return; /* nobody */
        size_t at = bits % QUOTA_REGISTERS;
        /* The bit beyond the last stops the count. */
        uint8_t rank =
                (uint8_t)(1 + __builtin_ctzll(bits >> INDEX_BITS | (uint64_t)1 << (RANK_MAX - 1)));

        t->registers[at] = t->registers[at] > rank ? t->registers[at] : rank;
        t->anybody = true;
}

static void block_of(
        uint8_t *block, const struct person_column *who, size_t row, municipality_t municipality)
{
        uint8_t kind = who->kinds[row];
        unsigned issuer = kind == PERSON_LOCAL ? municipality : 0;

        memset(block, 0, PSEUDONYM_LEN);
        if (kind == PERSON_NONE)
                return;
        memcpy(block, who->ids + row * PERSON_ID_LEN, PERSON_ID_LEN);
        block[PERSON_ID_LEN] = kind;
        block[PERSON_ID_LEN + 1] = (uint8_t)issuer;
        block[PERSON_ID_LEN + 2] = (uint8_t)(issuer >> 8);
}

enum err quota_count(
        struct quotas *q, struct quota_trial *t, const struct person_column *who, size_t rows)
{
        uint8_t blocks[CHUNK * PSEUDONYM_LEN], hashes[CHUNK * PERSON_KEY_LEN];
        enum err e = ERR_OK;

        for (size_t from = 0; from < rows && e == ERR_OK; from += CHUNK) {
                size_t len = rows - from < CHUNK ? rows - from : CHUNK;

                for (size_t i = 0; i < len; i++)
                        block_of(blocks + i * PSEUDONYM_LEN, who, from + i, t->municipality);
                e = record_keys_make(q->cipher, blocks, len, hashes);
                for (size_t i = 0; i < len && e == ERR_OK; i++)
                        add(t, hashes + i * PERSON_KEY_LEN);
        }
        wipe(blocks, sizeof blocks);
        wipe(hashes, sizeof hashes);
        return e;
}

/* Refused within the last day, and the quota is not larger now. */
static bool rests(const struct quotas *q, const struct quota_trial *t, uint32_t most, int64_t now)
{
        for (uint32_t i = 0; i < q->len; i++) {
                const struct sketch *s = &q->sketches[i];

                if (s->municipality == t->municipality && s->refused_ms != 0 &&
                        now - s->refused_ms < MS_PER_DAY && most <= s->refused_most)
                        return true;
        }
        return false;
}

static bool exceeds(const struct quota_trial *t, uint32_t most)
{
        uint8_t after[QUOTA_REGISTERS];

        memcpy(after, t->before, sizeof after);
        merge(after, t->registers);
        return memcmp(after, t->before, sizeof after) != 0 && quota_estimate(after) > most;
}

enum err quota_end(struct quotas *q, const struct quota_trial *t, uint32_t most, int64_t now_ms)
{
        struct sketch *s;

        if (!t->anybody)
                return ERR_OK;
        if (rests(q, t, most, now_ms))
                return ERR_QUOTA;
        TRY(find_or_make(q, t->municipality, t->half, &s));
        if (exceeds(t, most)) {
                s->refused_ms = now_ms;
                s->refused_most = most;
                q->changed = true;
                return ERR_QUOTA;
        }
        if (memcmp(s->registers, t->registers, sizeof s->registers) != 0) {
                memcpy(s->registers, t->registers, sizeof s->registers);
                q->changed = true;
        }
        return ERR_OK;
}

unsigned quotas_refused(
        const struct quotas *q, uint32_t half, struct quota_refusal *out, unsigned room)
{
        unsigned len = 0;

        for (uint32_t i = 0; i < q->len; i++) {
                const struct sketch *s = &q->sketches[i];
                unsigned at = 0;

                if (s->refused_ms == 0 || !counts_in(s, half))
                        continue;
                while (at < len && out[at].municipality != s->municipality)
                        at++;
                if (at == len && len < room)
                        out[len++] = (struct quota_refusal){s->municipality, 0};
                if (at < len && s->refused_ms > out[at].at_ms)
                        out[at].at_ms = s->refused_ms;
        }
        return len;
}
