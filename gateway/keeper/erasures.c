/* SPDX-License-Identifier: Apache-2.0 */
/* erasures.c: a short memory of who asked for what to be erased.
 *
 *   note   u8 version ‖ 32 bytes key ‖ u32 n ‖ n × entry
 *   entry  u16 municipality ‖ i64 when ‖ u8 refused ‖ 16 bytes name (zeros where refused)
 *
 * Entries stand in the order of their times, since time never goes back here; so what is older
 * than a day goes from the front. A municipality has at most one entry for refusals: the last. */
#include "gateway/keeper/erasures.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/secret.h"

enum { NOTE_VERSION = 1, KEY_LEN = 32, MS_PER_DAY = 86400000 };

struct entry {
        int64_t at_ms;
        municipality_t municipality;
        bool refused;
        uint8_t name[ERASURE_NAME_LEN];
};

struct erasures {
        struct secret *key;
        bool changed;
        uint32_t len, room;
        struct entry *entries;
};

static enum err erasures_of(const uint8_t *key, struct erasures **out)
{
        OWNED(erasures_free) struct erasures *e = calloc(1, sizeof *e);

        if (e == NULL)
                return ERR_NO_MEMORY;
        TRY(key != NULL ? secret_copy(key, KEY_LEN, &e->key) : secret_random(KEY_LEN, &e->key));
        *out = e;
        e = NULL;
        return ERR_OK;
}

enum err erasures_new(struct erasures **out)
{
        return erasures_of(NULL, out);
}

void erasures_free(struct erasures **e)
{
        if (e == NULL || *e == NULL)
                return;
        secret_free(&(*e)->key);
        free((*e)->entries);
        free(*e);
        *e = NULL;
}

bool erasures_changed(const struct erasures *e)
{
        return e->changed;
}

void erasures_kept(struct erasures *e)
{
        e->changed = false;
}

/* The note -------------------------------------------------------------------- */

void erasures_put(const struct erasures *e, struct buf *out)
{
        put_u8(out, NOTE_VERSION);
        put_raw(out, secret_view(e->key), KEY_LEN);
        put_u32(out, e->len);
        for (uint32_t i = 0; i < e->len; i++) {
                const struct entry *x = &e->entries[i];

                put_u16(out, x->municipality);
                put_i64(out, x->at_ms);
                put_u8(out, x->refused ? 1 : 0);
                put_raw(out, x->name, sizeof x->name);
        }
}

static enum err read_entry(struct reader *in, struct entry *out)
{
        struct bytes name;
        uint8_t refused;

        TRY(read_u16(in, &out->municipality));
        TRY(read_i64(in, &out->at_ms));
        TRY(read_u8(in, &refused));
        TRY(read_fixed(in, ERASURE_NAME_LEN, &name));
        memcpy(out->name, name.data, name.len);
        out->refused = refused == 1;
        return refused <= 1 ? ERR_OK : ERR_MALFORMED;
}

static enum err make_room(struct erasures *e, uint32_t room)
{
        struct entry *more = realloc(e->entries, room * sizeof *more);

        if (more == NULL)
                return ERR_NO_MEMORY;
        e->entries = more;
        e->room = room;
        return ERR_OK;
}

enum err erasures_read(struct bytes note, struct erasures **out)
{
        OWNED(erasures_free) struct erasures *e = NULL;
        struct reader in = reader_of(note);
        struct bytes key;
        uint8_t version;
        uint32_t len;

        TRY(read_u8(&in, &version));
        TRY(read_fixed(&in, KEY_LEN, &key));
        TRY(read_u32(&in, &len));
        if (version != NOTE_VERSION || len > ERASURES_MAX)
                return ERR_MALFORMED;
        TRY(erasures_of(key.data, &e));
        TRY(make_room(e, len > 0 ? len : 1));
        for (; e->len < len; e->len++)
                TRY(read_entry(&in, &e->entries[e->len]));
        TRY(read_end(&in));
        *out = e;
        e = NULL;
        return ERR_OK;
}

/* Asking ---------------------------------------------------------------------- */

enum err erasures_name(const struct erasures *e, const struct bytes *parts, unsigned parts_len,
        uint8_t out[ERASURE_NAME_LEN])
{
        struct digest d;

        TRY(mac_of(e->key, parts, parts_len, &d));
        memcpy(out, d.bytes, ERASURE_NAME_LEN);
        return ERR_OK;
}

static bool counts(const struct entry *x, int64_t now_ms)
{
        return now_ms - x->at_ms < MS_PER_DAY;
}

bool erasures_admitted(const struct erasures *e, municipality_t m,
        const uint8_t name[ERASURE_NAME_LEN], int64_t now_ms)
{
        for (uint32_t i = 0; i < e->len; i++)
                if (e->entries[i].municipality == m && !e->entries[i].refused &&
                        counts(&e->entries[i], now_ms) &&
                        memcmp(e->entries[i].name, name, ERASURE_NAME_LEN) == 0)
                        return true;
        return false;
}

uint32_t erasures_count(const struct erasures *e, municipality_t m, int64_t now_ms)
{
        uint32_t n = 0;

        for (uint32_t i = 0; i < e->len; i++)
                n += e->entries[i].municipality == m && !e->entries[i].refused &&
                     counts(&e->entries[i], now_ms);
        return n;
}

int64_t erasures_refused(const struct erasures *e, municipality_t m, int64_t now_ms)
{
        for (uint32_t i = 0; i < e->len; i++)
                if (e->entries[i].municipality == m && e->entries[i].refused &&
                        counts(&e->entries[i], now_ms))
                        return e->entries[i].at_ms;
        return 0;
}

/* What is older than a day, and the refusal of `m` when it is to be told anew. */
static void forget(struct erasures *e, municipality_t m, bool refusal, int64_t now_ms)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < e->len; i++) {
                const struct entry *x = &e->entries[i];

                if (counts(x, now_ms) && !(refusal && x->refused && x->municipality == m))
                        e->entries[kept++] = *x;
        }
        e->changed |= kept != e->len;
        e->len = kept;
}

static enum err append(struct erasures *e, const struct entry *x)
{
        if (e->len == ERASURES_MAX)
                return ERR_LIMIT;
        if (e->len == e->room) {
                uint32_t room = e->room < 8 ? 8 : 2 * e->room;

                TRY(make_room(e, room > ERASURES_MAX ? ERASURES_MAX : room));
        }
        e->entries[e->len++] = *x;
        e->changed = true;
        return ERR_OK;
}

enum err erasures_admit(struct erasures *e, municipality_t m, const uint8_t name[ERASURE_NAME_LEN],
        uint32_t most, int64_t now_ms)
{
        struct entry x = {.at_ms = now_ms, .municipality = m};

        if (erasures_admitted(e, m, name, now_ms))
                return ERR_OK;
        x.refused = erasures_count(e, m, now_ms) >= most;
        forget(e, m, x.refused, now_ms);
        if (!x.refused)
                memcpy(x.name, name, ERASURE_NAME_LEN);
        TRY(append(e, &x));
        return x.refused ? ERR_ERASURES : ERR_OK;
}
