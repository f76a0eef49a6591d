/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_locks.c: who opens the keyring.
 *
 * One master key seals the body. Each lock holds it wrapped under a key of the lock's own:
 * what Argon2id makes of a passphrase, a random one that officers have shares of, or one
 * that a security module unwraps. RFC 3394's check value tells the right one.
 *
 *      passphrase ──Argon2id──┐
 *      m of n shares ──join───┼──> lock key ──unwrap──> master key ──> body
 *      module ──unwrap────────┘
 *
 * An officer who leaves still knows her share, and may have a copy of last year's file. If
 * the master key outlived its locks, that copy would give it to her, and it would open this
 * year's file. So every change of a lock draws a new one, for which the keys of the other
 * locks must be at hand: they lie in the body, where whoever reads them has all else too. */
#include <string.h>

#include "base/fault.h"
#include "crypto/keyring_state.h"
#include "crypto/seal.h"
#include "crypto/secret.h"

static const struct keyring_lock_entry *lock_find(
        const struct keyring_header *h, enum keyring_lock kind)
{
        for (uint32_t i = 0; i < h->locks_len; i++)
                if (h->locks[i].info.kind == kind)
                        return &h->locks[i];
        return NULL;
}

/* The plain body in locked pages, and from there into the keyring. */
static enum err body_open(struct keyring *k, struct bytes aad, struct bytes sealed)
{
        size_t len = sealed.len - SEAL_OVERHEAD;
        uint8_t *plain = NULL;
        enum err e;

        TRY(guarded_new(len, &plain));
        e = unseal(k->master, aad, sealed, plain);
        if (e == ERR_TAMPERED)
                e = ERR_KEYRING;
        if (e == ERR_OK)
                e = keyring_body_read(bytes_of(plain, len), k);
        guarded_free(plain);
        return e;
}

/* What states from before version 4 lack: the lock's key in the body, and pairs. */
static enum err grow_up(struct keyring *k, const struct secret *lock_key)
{
        TRY(secret_slab_take(&k->slab, &k->lock_keys[0]));
        memcpy(secret_bytes(k->lock_keys[0]), secret_view(lock_key), SLAB_KEY_LEN);
        return keyring_pairs_make(k, k->time_ms);
}

/* Through `lock` of the header; `wrong` when its key is not `lock_key`. */
static enum err open_through(struct keyring *k, const struct keyring_lock_entry *lock,
        const struct secret *lock_key, struct bytes aad, struct bytes sealed, enum err wrong)
{
        size_t at = (size_t)(lock - k->header.locks);
        enum err e = key_unwrap(lock_key, lock->wrapped, &k->master);

        if (e != ERR_OK)
                return e == ERR_TAMPERED ? wrong : e;
        TRY(body_open(k, aad, sealed));
        k->generation_confirmed = k->header.generation; /* it came from the disk */
        if (k->header.version <= KEYRING_BLOB_TIMELESS)
                return grow_up(k, lock_key);
        return secret_equal(k->lock_keys[at], lock_key) ? ERR_OK : ERR_KEYRING;
}

enum err keyring_open(const struct secret *passphrase, struct bytes blob, struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(secret_free) struct secret *key = NULL;
        const struct keyring_lock_entry *lock;
        struct bytes aad, sealed;

        TRY(keyring_blank(&k));
        TRY(keyring_blob_split(blob, &k->header, &aad, &sealed));
        lock = lock_find(&k->header, LOCK_PASSPHRASE);
        if (lock == NULL)
                return ERR_NOT_FOUND;
        TRY(passphrase_key(passphrase, lock->salt, lock->cost.memory_kib, lock->cost.passes, &key));
        TRY(open_through(k, lock, key, aad, sealed, ERR_PASSPHRASE));
        *out = k;
        k = NULL;
        return ERR_OK;
}

enum err keyring_open_shares(
        struct bytes blob, const struct share *shares, unsigned len, struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(secret_free) struct secret *key = NULL;
        const struct keyring_lock_entry *lock;
        struct bytes aad, sealed;

        TRY(keyring_blank(&k));
        TRY(keyring_blob_split(blob, &k->header, &aad, &sealed));
        lock = lock_find(&k->header, LOCK_SHARES);
        if (lock == NULL)
                return ERR_NOT_FOUND;
        if (len > 0 && memcmp(shares[0].set, lock->set, sizeof lock->set) != 0)
                return ERR_SHARES; /* of an earlier splitting, say */
        TRY(shares_join(shares, len, &key));
        TRY(open_through(k, lock, key, aad, sealed, ERR_SHARES));
        *out = k;
        k = NULL;
        return ERR_OK;
}

enum err keyring_open_hsm(struct bytes blob, const struct secret *key, struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        const struct keyring_lock_entry *lock;
        struct bytes aad, sealed;

        if (secret_len(key) != SLAB_KEY_LEN)
                return ERR_HSM;
        TRY(keyring_blank(&k));
        TRY(keyring_blob_split(blob, &k->header, &aad, &sealed));
        lock = lock_find(&k->header, LOCK_HSM);
        if (lock == NULL)
                return ERR_NOT_FOUND;
        TRY(open_through(k, lock, key, aad, sealed, ERR_HSM));
        *out = k;
        k = NULL;
        return ERR_OK;
}

/* What the locks become: entries and their keys side by side. */
struct locks {
        uint32_t len;
        struct keyring_lock_entry entries[KEYRING_LOCKS_MAX];
        struct secret *keys[KEYRING_LOCKS_MAX];
};

/* A fresh master key behind these locks, all of them or none. */
static enum err locks_change(struct keyring *k, struct locks *next)
{
        OWNED(secret_free) struct secret *master = NULL;

        TRY(secret_random(SLAB_KEY_LEN, &master));
        for (uint32_t i = 0; i < next->len; i++)
                TRY(key_wrap(next->keys[i], master, next->entries[i].wrapped));
        memcpy(k->header.locks, next->entries, sizeof next->entries);
        memcpy(k->lock_keys, next->keys, sizeof next->keys);
        k->header.locks_len = next->len;
        secret_free(&k->master);
        k->master = master;
        master = NULL;
        k->changes++;
        return ERR_OK;
}

/* The locks of today without `kind`; *out_at is where it stands or would stand. */
static struct secret *locks_without(
        const struct keyring *k, enum keyring_lock kind, struct locks *out, uint32_t *out_at)
{
        struct secret *removed = NULL;

        memset(out, 0, sizeof *out);
        *out_at = 0;
        for (uint32_t i = 0; i < k->header.locks_len; i++) {
                const struct keyring_lock_entry *entry = &k->header.locks[i];

                if (entry->info.kind == kind) {
                        removed = k->lock_keys[i];
                        continue;
                }
                if (entry->info.kind < kind)
                        (*out_at)++;
                out->entries[out->len] = *entry;
                out->keys[out->len++] = k->lock_keys[i];
        }
        return removed;
}

static enum err lock_put(
        struct keyring *k, const struct keyring_lock_entry *entry, const struct secret *key)
{
        struct locks next;
        struct secret *slot = NULL, *removed;
        uint32_t at;
        enum err e;

        removed = locks_without(k, entry->info.kind, &next, &at);
        TRY(secret_slab_take(&k->slab, &slot));
        memcpy(secret_bytes(slot), secret_view(key), SLAB_KEY_LEN);
        memmove(next.entries + at + 1, next.entries + at, (next.len - at) * sizeof *next.entries);
        memmove(next.keys + at + 1, next.keys + at, (next.len - at) * sizeof *next.keys);
        next.entries[at] = *entry;
        next.keys[at] = slot;
        next.len++;
        e = locks_change(k, &next);
        secret_slab_give(k->slab, e == ERR_OK ? &removed : &slot);
        return e;
}

enum err keyring_lock_remove(struct keyring *k, enum keyring_lock kind)
{
        struct locks next;
        uint32_t at;
        struct secret *removed = locks_without(k, kind, &next, &at);

        if (removed == NULL)
                return ERR_NOT_FOUND;
        if (next.len == 0)
                return ERR_INVALID;
        TRY(locks_change(k, &next));
        secret_slab_give(k->slab, &removed);
        return ERR_OK;
}

enum err keyring_lock_passphrase(struct keyring *k, const struct secret *passphrase,
        struct keyring_cost cost, int64_t now_ms)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct keyring_lock_entry entry = {
                .info = {.kind = LOCK_PASSPHRASE, .created_ms = now_ms}, .cost = cost};

        if (!keyring_cost_is_sane(cost))
                return ERR_INVALID;
        TRY(random_bytes(entry.salt, sizeof entry.salt));
        TRY(passphrase_key(passphrase, entry.salt, cost.memory_kib, cost.passes, &key));
        return lock_put(k, &entry, key);
}

enum err keyring_lock_shares(
        struct keyring *k, unsigned required, unsigned total, int64_t now_ms, struct share *out)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct keyring_lock_entry entry = {.info = {.kind = LOCK_SHARES, .created_ms = now_ms}};
        enum err e;

        TRY(secret_random(SLAB_KEY_LEN, &key));
        TRY(shares_make(key, required, total, out));
        entry.info.required = (uint8_t)required;
        entry.info.total = (uint8_t)total;
        memcpy(entry.set, out[0].set, sizeof entry.set);
        e = lock_put(k, &entry, key);
        for (unsigned i = 0; i < total && e != ERR_OK; i++)
                share_done(&out[i]);
        return e;
}

enum err keyring_lock_hsm(struct keyring *k, const struct secret *key, struct bytes wrapped,
        const char *label, int64_t now_ms)
{
        struct keyring_lock_entry entry = {.info = {.kind = LOCK_HSM, .created_ms = now_ms}};
        size_t label_len = strnlen(label, sizeof entry.label);

        if (secret_len(key) != SLAB_KEY_LEN || wrapped.len == 0 || wrapped.len > sizeof entry.hsm ||
                label_len == sizeof entry.label || !bytes_is_printable(bytes_of(label, label_len)))
                return ERR_INVALID;
        memcpy(entry.label, label, label_len);
        memcpy(entry.hsm, wrapped.data, wrapped.len);
        entry.hsm_len = (uint32_t)wrapped.len;
        return lock_put(k, &entry, key);
}

static unsigned locks_show(
        const struct keyring_header *h, struct keyring_lock_info out[KEYRING_LOCKS_MAX])
{
        for (uint32_t i = 0; i < h->locks_len; i++)
                out[i] = h->locks[i].info;
        return h->locks_len;
}

unsigned keyring_locks(const struct keyring *k, struct keyring_lock_info out[KEYRING_LOCKS_MAX])
{
        return locks_show(&k->header, out);
}

enum err keyring_blob_locks(
        struct bytes blob, struct keyring_lock_info out[KEYRING_LOCKS_MAX], unsigned *out_len)
{
        struct keyring_header header = {0};
        struct bytes aad, sealed;

        TRY(keyring_blob_split(blob, &header, &aad, &sealed));
        *out_len = locks_show(&header, out);
        return ERR_OK;
}

enum err keyring_blob_generation(struct bytes blob, uint64_t *out)
{
        struct keyring_header header = {0};
        struct bytes aad, sealed;

        TRY(keyring_blob_split(blob, &header, &aad, &sealed));
        *out = header.generation;
        return ERR_OK;
}

enum err keyring_blob_share_set(struct bytes blob, uint8_t out[KEYRING_SHARE_SET_LEN])
{
        struct keyring_header header = {0};
        const struct keyring_lock_entry *lock;
        struct bytes aad, sealed;

        TRY(keyring_blob_split(blob, &header, &aad, &sealed));
        lock = lock_find(&header, LOCK_SHARES);
        if (lock == NULL)
                return ERR_NOT_FOUND;
        _Static_assert(sizeof lock->set == KEYRING_SHARE_SET_LEN, "the whole of it");
        memcpy(out, lock->set, sizeof lock->set);
        return ERR_OK;
}

enum err keyring_blob_hsm(
        struct bytes blob, struct bytes *out_wrapped, char out_label[KEYRING_HSM_LABEL_MAX + 1])
{
        struct keyring_header header = {0};
        const struct keyring_lock_entry *lock;
        struct bytes aad, sealed;
        const uint8_t *at;

        TRY(keyring_blob_split(blob, &header, &aad, &sealed));
        lock = lock_find(&header, LOCK_HSM);
        if (lock == NULL)
                return ERR_NOT_FOUND;
        /* The header's copy ends with this call; the blob's stands in the header too. */
        at = memmem(aad.data, aad.len, lock->hsm, lock->hsm_len);
        if (at == NULL)
                return ERR_INTERNAL;
        *out_wrapped = bytes_of(at, lock->hsm_len);
        memcpy(out_label, lock->label, sizeof lock->label);
        return ERR_OK;
}
