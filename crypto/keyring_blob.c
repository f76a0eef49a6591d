/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_blob.c: the keyring as bytes, written.
 *
 *   header    magic 8 ‖ version u32 ‖ generation u64 ‖ locks u8 × (kind u8 ‖ made i64
 *             ‖ master key, wrapped 40 ‖ of its kind)
 *               passphrase  memory_kib u32 ‖ passes u32 ‖ salt 16
 *               shares      set 8 ‖ required u8 ‖ total u8
 *               module      label ‖ what it wrapped
 *   body      seal.h under the master key, associated data = header, of
 *             names:  signers u32 × 32 ‖ policy version u64 ‖ policy digest 32
 *                     ‖ officers required u32, u32 × 32 ‖ time i64
 *                     ‖ persons u8 × (epoch u32, made i64)
 *                     ‖ domains u32 × (data set, municipality u16, highest epoch u32,
 *                                      epochs u8 × (number u32, made i64))
 *                     ‖ linkages u32 × (name, made i64, has noise u8)
 *                     ‖ per kind of pair u8 × (made i64, until i64)
 *                     ‖ notes u8 × (name, length u32)
 *             keys:   32 for each person epoch ‖ 3 × 32 for each epoch of a domain
 *                     ‖ for each linkage 32 for tokens, and 32 for noise where it has one
 *                     ‖ 32 for each pair ‖ 32 for each lock ‖ notes
 *   checksum  SHA-256 of header ‖ body
 *
 * Keys stand behind the names so that sealing needs no second copy of them: the
 * cipher reads them where they live. Entries must ascend strictly, which refuses
 * duplicates and makes the plain body of a state one string and no other.
 *
 * Older versions open still, and are written as this one at the next seal:
 *   1  one passphrase lock: memory_kib ‖ passes ‖ salt ‖ wrapped; no officers; epochs as
 *      (data set, municipality u16, epoch u32); linkages by name; keys of these
 *   2  officers
 *   3  has noise, keys for noise
 *
 * Whoever can write the file can write the checksum too, so behind it nothing is
 * trusted until the seal has been opened; and even then it is read as input. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/keyring_state.h"
#include "crypto/seal.h"
#include "crypto/secret.h"

static const char magic[8] = {'S', 'G', 'K', 'E', 'Y', 'R', 'N', 'G'};

enum {
        HEADER_FIXED = 8 + 4 + 8 + 1,
        HEADER_MAX = HEADER_FIXED + KEYRING_LOCKS_MAX * (1 + 8 + KEYRING_WRAPPED_LEN + 4 + 4) +
                     KEYRING_SALT_LEN + KEYRING_HSM_LABEL_MAX + KEYRING_HSM_WRAPPED_MAX,
        HEADER_LEAST = HEADER_FIXED + KEYRING_WRAPPED_LEN,
        CHECKSUM_LEN = 32,
        EPOCH_MOST = 4 + 8 + DOMAIN_KEYS * SLAB_KEY_LEN,
        DOMAIN_MOST = 4 + NAME_MAX_LEN + 2 + 4 + 1 + EPOCHS_LIVE * EPOCH_MOST,
        LINKAGE_MOST = 4 + NAME_MAX_LEN + 8 + 1 + 2 * SLAB_KEY_LEN,
        REST_MOST = 65536,
};

static_assert((int64_t)DOMAINS_MAX * DOMAIN_MOST + (int64_t)LINKAGES_MAX * LINKAGE_MOST +
                              KEYRING_NOTES_TOTAL + REST_MOST <=
                      KEYRING_BLOB_MAX,
        "what can be sealed can be opened");

static void lock_write(const struct keyring_lock_entry *lock, struct buf *out)
{
        put_u8(out, (uint8_t)lock->info.kind);
        put_i64(out, lock->info.created_ms);
        put_raw(out, lock->wrapped, sizeof lock->wrapped);
        switch (lock->info.kind) {
        case LOCK_PASSPHRASE:
                put_u32(out, lock->cost.memory_kib);
                put_u32(out, lock->cost.passes);
                put_raw(out, lock->salt, sizeof lock->salt);
                return;
        case LOCK_SHARES:
                put_raw(out, lock->set, sizeof lock->set);
                put_u8(out, lock->info.required);
                put_u8(out, lock->info.total);
                return;
        case LOCK_HSM:
                put_text(out, lock->label);
                put_bytes(out, bytes_of(lock->hsm, lock->hsm_len));
                return;
        case LOCK_NONE:
                break;
        }
        assert(false);
}

static void header_write(const struct keyring_header *h, struct buf *out)
{
        put_raw(out, magic, sizeof magic);
        put_u32(out, KEYRING_BLOB_VERSION);
        put_u64(out, h->generation);
        put_u8(out, (uint8_t)h->locks_len);
        for (uint32_t i = 0; i < h->locks_len; i++)
                lock_write(&h->locks[i], out);
}

/* The live epochs of a domain, older first. */
static unsigned epochs_in_order(
        const struct keyring_domain *d, const struct keyring_epoch *out[EPOCHS_LIVE])
{
        unsigned len = 0;

        for (unsigned i = 0; i < EPOCHS_LIVE; i++)
                if (d->epochs[i].keys.epoch != 0)
                        out[len++] = &d->epochs[i];
        if (len == EPOCHS_LIVE && out[0]->keys.epoch > out[1]->keys.epoch) {
                const struct keyring_epoch *swap = out[0];

                out[0] = out[1];
                out[1] = swap;
        }
        return len;
}

static void domain_write(const struct keyring_domain *d, struct buf *out)
{
        const struct keyring_epoch *epochs[EPOCHS_LIVE];
        unsigned len = epochs_in_order(d, epochs);

        put_text(out, d->name.dataset);
        put_u16(out, d->name.municipality);
        put_u32(out, d->highest);
        put_u8(out, (uint8_t)len);
        for (unsigned i = 0; i < len; i++) {
                put_u32(out, epochs[i]->keys.epoch);
                put_i64(out, epochs[i]->keys.created_ms);
        }
}

static uint8_t persons_len(const struct keyring *k)
{
        return k->persons[1].epoch != 0 ? 2 : 1;
}

static void names_write(const struct keyring *k, struct buf *out)
{
        put_u32(out, k->signers_len);
        put_raw(out, k->signers, (size_t)k->signers_len * SIGN_PUBLIC_LEN);
        put_u64(out, k->policy_version);
        put_raw(out, k->policy_digest.bytes, sizeof k->policy_digest.bytes);
        put_u32(out, k->officers.required);
        put_u32(out, k->officers.len);
        put_raw(out, k->officers.keys, (size_t)k->officers.len * SIGN_PUBLIC_LEN);
        put_i64(out, k->time_ms);
        put_u8(out, persons_len(k));
        for (unsigned i = 0; i < persons_len(k); i++) {
                put_u32(out, k->persons[i].epoch);
                put_i64(out, k->persons[i].created_ms);
        }
        put_u32(out, (uint32_t)k->domains_len);
        for (size_t i = 0; i < k->domains_len; i++)
                domain_write(k->domains[i], out);
        put_u32(out, (uint32_t)k->linkages_len);
        for (size_t i = 0; i < k->linkages_len; i++) {
                put_text(out, k->linkages[i]->name);
                put_i64(out, k->linkages[i]->created_ms);
                put_u8(out, k->linkages[i]->has_noise ? 1 : 0);
        }
        for (unsigned kind = 0; kind < KEYRING_PAIR_KINDS; kind++) {
                put_u8(out, (uint8_t)k->pairs_len[kind]);
                for (uint32_t i = 0; i < k->pairs_len[kind]; i++) {
                        put_i64(out, k->pairs[kind][i].key.created_ms);
                        put_i64(out, k->pairs[kind][i].key.until_ms);
                }
        }
        put_u8(out, (uint8_t)k->notes_len);
        for (uint32_t i = 0; i < k->notes_len; i++) {
                put_text(out, k->notes[i].name);
                put_u32(out, (uint32_t)k->notes[i].len);
        }
}

struct parts {
        struct bytes *list;
        unsigned len;
};

static void part_key(struct parts *p, const struct secret *key)
{
        p->list[p->len++] = bytes_of(secret_view(key), secret_len(key));
}

static void parts_keys(const struct keyring *k, const struct keyring_header *h, struct parts *p)
{
        for (unsigned i = 0; i < persons_len(k); i++)
                part_key(p, k->persons[i].key);
        for (size_t i = 0; i < k->domains_len; i++) {
                const struct keyring_epoch *epochs[EPOCHS_LIVE];
                unsigned len = epochs_in_order(k->domains[i], epochs);

                for (unsigned j = 0; j < len; j++)
                        for (unsigned key = 0; key < DOMAIN_KEYS; key++)
                                part_key(p, epochs[j]->slots[key]);
        }
        for (size_t i = 0; i < k->linkages_len; i++) {
                part_key(p, k->linkages[i]->key);
                if (k->linkages[i]->has_noise)
                        part_key(p, k->linkages[i]->noise);
        }
        for (unsigned kind = 0; kind < KEYRING_PAIR_KINDS; kind++)
                for (uint32_t i = 0; i < k->pairs_len[kind]; i++)
                        part_key(p, k->pairs[kind][i].secret);
        for (uint32_t i = 0; i < h->locks_len; i++)
                part_key(p, k->lock_keys[i]);
        for (uint32_t i = 0; i < k->notes_len; i++)
                p->list[p->len++] = bytes_of(k->notes[i].data, k->notes[i].len);
}

/* The plain body in pieces: the names, then every key where it lives. */
static enum err parts_list(const struct keyring *k, const struct keyring_header *h,
        struct bytes names, struct parts *out)
{
        size_t most = 1 + EPOCHS_LIVE + k->domains_len * EPOCHS_LIVE * DOMAIN_KEYS +
                      k->linkages_len * 2 + (size_t)KEYRING_PAIR_KINDS * KEYRING_PAIR_LIVE_MAX +
                      KEYRING_LOCKS_MAX + KEYRING_NOTES_MAX;

        out->list = fault_hit("alloc") ? NULL : calloc(most, sizeof *out->list);
        if (out->list == NULL)
                return ERR_NO_MEMORY;
        out->list[0] = names;
        out->len = 1;
        parts_keys(k, h, out);
        return ERR_OK;
}

static enum err body_write(const struct keyring *k, const struct keyring_header *h,
        struct bytes aad, struct bytes names, struct buf *out)
{
        struct parts parts = {NULL, 0};
        size_t len = SEAL_OVERHEAD;
        uint8_t *room;
        struct bytes written;
        enum err e;

        TRY(parts_list(k, h, names, &parts));
        for (unsigned i = 0; i < parts.len; i++)
                len += parts.list[i].len;
        room = buf_room(out, len);
        e = room != NULL ? seal_parts(k->master, aad, parts.list, parts.len, room)
                         : buf_end(out, &written);
        free(parts.list);
        return e;
}

enum err keyring_blob_write(
        const struct keyring *k, const struct keyring_header *header, struct buf *out)
{
        OWNED(buf_done) struct buf names;
        OWNED(buf_done) struct buf head;
        struct bytes names_bytes, aad, written;
        struct digest checksum;
        size_t start = out->len;

        buf_init(&names, KEYRING_BLOB_MAX);
        buf_init(&head, HEADER_MAX);
        names_write(k, &names);
        header_write(header, &head);
        TRY(buf_end(&names, &names_bytes));
        TRY(buf_end(&head, &aad));
        put_raw(out, aad.data, aad.len);
        TRY(body_write(k, header, aad, names_bytes, out));
        TRY(buf_end(out, &written));
        digest_of(bytes_of(written.data + start, written.len - start), &checksum);
        put_raw(out, checksum.bytes, sizeof checksum.bytes);
        return buf_end(out, &written);
}

static enum err read_copy(struct reader *in, void *out, size_t len)
{
        struct bytes found;

        TRY(read_fixed(in, len, &found));
        memcpy(out, found.data, len);
        return ERR_OK;
}

static enum err cost_read(struct reader *in, struct keyring_lock_entry *out)
{
        TRY(read_u32(in, &out->cost.memory_kib));
        TRY(read_u32(in, &out->cost.passes));
        TRY(read_copy(in, out->salt, sizeof out->salt));
        return keyring_cost_is_sane(out->cost) ? ERR_OK : ERR_MALFORMED;
}

static enum err quorum_read(struct reader *in, struct keyring_lock_entry *out)
{
        TRY(read_copy(in, out->set, sizeof out->set));
        TRY(read_u8(in, &out->info.required));
        TRY(read_u8(in, &out->info.total));
        return out->info.required >= 2 && out->info.required <= out->info.total &&
                               out->info.total <= SHARES_MAX
                       ? ERR_OK
                       : ERR_MALFORMED;
}

static enum err hsm_read(struct reader *in, struct keyring_lock_entry *out)
{
        struct bytes label, wrapped;

        TRY(read_bytes(in, KEYRING_HSM_LABEL_MAX, &label));
        TRY(read_bytes(in, KEYRING_HSM_WRAPPED_MAX, &wrapped));
        if (!bytes_is_printable(label) || wrapped.len == 0)
                return ERR_MALFORMED;
        if (label.len > 0)
                memcpy(out->label, label.data, label.len);
        memcpy(out->hsm, wrapped.data, wrapped.len);
        out->hsm_len = (uint32_t)wrapped.len;
        return ERR_OK;
}

static enum err lock_read(struct reader *in, struct keyring_lock_entry *out)
{
        uint8_t kind;

        TRY(read_u8(in, &kind));
        TRY(read_i64(in, &out->info.created_ms));
        TRY(read_copy(in, out->wrapped, sizeof out->wrapped));
        out->info.kind = (enum keyring_lock)kind;
        switch (out->info.kind) {
        case LOCK_PASSPHRASE:
                return cost_read(in, out);
        case LOCK_SHARES:
                return quorum_read(in, out);
        case LOCK_HSM:
                return hsm_read(in, out);
        case LOCK_NONE:
                break;
        }
        return ERR_MALFORMED;
}

static enum err locks_read(struct reader *in, struct keyring_header *out)
{
        uint8_t len;

        TRY(read_u8(in, &len));
        if (len == 0 || len > KEYRING_LOCKS_MAX)
                return ERR_MALFORMED;
        for (uint32_t i = 0; i < len; i++) {
                TRY(lock_read(in, &out->locks[i]));
                if (i > 0 && out->locks[i - 1].info.kind >= out->locks[i].info.kind)
                        return ERR_MALFORMED;
        }
        out->locks_len = len;
        return ERR_OK;
}

/* The one lock that keyrings had. */
static enum err only_lock_read(struct reader *in, struct keyring_header *out)
{
        struct keyring_lock_entry *lock = &out->locks[0];

        lock->info.kind = LOCK_PASSPHRASE;
        TRY(cost_read(in, lock));
        TRY(read_copy(in, lock->wrapped, sizeof lock->wrapped));
        out->locks_len = 1;
        return ERR_OK;
}

static enum err header_read(struct reader *in, struct keyring_header *out)
{
        struct bytes found;

        TRY(read_fixed(in, sizeof magic, &found));
        TRY(read_u32(in, &out->version));
        if (memcmp(found.data, magic, sizeof magic) != 0 || out->version < KEYRING_BLOB_FIRST ||
                out->version > KEYRING_BLOB_VERSION)
                return ERR_MALFORMED;
        TRY(read_u64(in, &out->generation));
        if (out->generation == 0)
                return ERR_MALFORMED;
        return out->version > KEYRING_BLOB_TIMELESS ? locks_read(in, out) : only_lock_read(in, out);
}

enum err keyring_blob_split(
        struct bytes blob, struct keyring_header *header, struct bytes *aad, struct bytes *sealed)
{
        struct keyring_header read = {0};
        struct reader in;
        struct digest checksum;

        if (blob.len < HEADER_LEAST + SEAL_OVERHEAD + CHECKSUM_LEN || blob.len > KEYRING_BLOB_MAX)
                return ERR_KEYRING;
        blob.len -= CHECKSUM_LEN;
        digest_of(blob, &checksum);
        if (memcmp(checksum.bytes, blob.data + blob.len, CHECKSUM_LEN) != 0)
                return ERR_KEYRING;
        in = reader_of(blob);
        if (header_read(&in, &read) != ERR_OK || in.left < SEAL_OVERHEAD)
                return ERR_KEYRING;
        *header = read;
        *aad = bytes_of(blob.data, blob.len - in.left);
        *sealed = bytes_of(in.at, in.left);
        return ERR_OK;
}
