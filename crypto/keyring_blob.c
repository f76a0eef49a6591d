/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_blob.c: the keyring as bytes.
 *
 *   header    magic 8 ‖ version u32 ‖ generation u64 ‖ memory_kib u32 ‖ passes u32
 *             ‖ salt 16 ‖ wrapped master key 40
 *   body      seal.h under the master key, associated data = header, of
 *             names:  signers u32 × 32 ‖ policy version u64 ‖ policy digest 32
 *                     ‖ officers required u32, u32 × 32 ‖ time i64
 *                     ‖ domains u32 × (data set, municipality u16, epoch u32)
 *                     ‖ linkages u32 × (name, has noise u8)
 *             keys:   k_person ‖ 3 × 32 for each domain
 *                     ‖ for each linkage 32 for tokens, and 32 for noise where it has one
 *   checksum  SHA-256 of header ‖ body
 *
 * Keys stand behind the names so that sealing needs no second copy of them: the
 * cipher reads them where they live. Entries must ascend strictly, which refuses
 * duplicates and makes the plain body of a state one string and no other.
 *
 * Version 1 had no officers, and version 2 no noise. They open, and are written as
 * version 3 at the next seal; until its keys are made again a linkage of theirs has none
 * for noise, and says so.
 *
 * Whoever can write the file can write the checksum too, so behind it nothing is
 * trusted until the seal has been opened; and even then it is read as input. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/digest.h"
#include "crypto/keyring_state.h"
#include "crypto/seal.h"

static const char magic[8] = {'S', 'G', 'K', 'E', 'Y', 'R', 'N', 'G'};

enum {
        HEADER_LEN = 8 + 4 + 8 + 4 + 4 + KEYRING_SALT_LEN + KEYRING_WRAPPED_LEN,
        CHECKSUM_LEN = 32,
};

static void header_write(const struct keyring_header *h, struct buf *out)
{
        put_raw(out, magic, sizeof magic);
        put_u32(out, KEYRING_BLOB_VERSION);
        put_u64(out, h->generation);
        put_u32(out, h->cost.memory_kib);
        put_u32(out, h->cost.passes);
        put_raw(out, h->salt, sizeof h->salt);
        put_raw(out, h->wrapped, sizeof h->wrapped);
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
        put_u32(out, (uint32_t)k->domains_len);
        for (size_t i = 0; i < k->domains_len; i++) {
                put_text(out, k->domains[i]->name.dataset);
                put_u16(out, k->domains[i]->name.municipality);
                put_u32(out, k->domains[i]->keys.epoch);
        }
        put_u32(out, (uint32_t)k->linkages_len);
        for (size_t i = 0; i < k->linkages_len; i++) {
                put_text(out, k->linkages[i]->name);
                put_u8(out, k->linkages[i]->has_noise ? 1 : 0);
        }
}

static struct bytes key_view(const struct secret *key)
{
        return bytes_of(secret_view(key), secret_len(key));
}

/* The plain body in pieces: the names, then every key where it lives. */
static enum err parts_list(
        const struct keyring *k, struct bytes names, struct bytes **out, unsigned *out_len)
{
        size_t len = 2 + k->domains_len * DOMAIN_KEYS + k->linkages_len * LINKAGE_KEYS;
        struct bytes *parts = fault_hit("alloc") ? NULL : calloc(len, sizeof *parts);
        unsigned n = 0;

        if (parts == NULL)
                return ERR_NO_MEMORY;
        parts[n++] = names;
        parts[n++] = key_view(k->person);
        for (size_t i = 0; i < k->domains_len; i++)
                for (unsigned j = 0; j < DOMAIN_KEYS; j++)
                        parts[n++] = key_view(k->domains[i]->slots[j]);
        for (size_t i = 0; i < k->linkages_len; i++) {
                parts[n++] = key_view(k->linkages[i]->key);
                if (k->linkages[i]->has_noise)
                        parts[n++] = key_view(k->linkages[i]->noise);
        }
        *out = parts;
        *out_len = n;
        return ERR_OK;
}

static enum err body_write(
        const struct keyring *k, struct bytes aad, struct bytes names, struct buf *out)
{
        struct bytes *parts = NULL;
        unsigned parts_len = 0;
        size_t len = SEAL_OVERHEAD;
        uint8_t *room;
        struct bytes written;
        enum err e;

        TRY(parts_list(k, names, &parts, &parts_len));
        for (unsigned i = 0; i < parts_len; i++)
                len += parts[i].len;
        room = buf_room(out, len);
        e = room != NULL ? seal_parts(k->master, aad, parts, parts_len, room)
                         : buf_end(out, &written);
        free(parts);
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
        buf_init(&head, HEADER_LEN);
        names_write(k, &names);
        header_write(header, &head);
        TRY(buf_end(&names, &names_bytes));
        TRY(buf_end(&head, &aad));
        put_raw(out, aad.data, aad.len);
        TRY(body_write(k, aad, names_bytes, out));
        TRY(buf_end(out, &written));
        digest_of(bytes_of(written.data + start, written.len - start), &checksum);
        put_raw(out, checksum.bytes, sizeof checksum.bytes);
        return buf_end(out, &written);
}

static enum err header_read(struct reader *in, struct keyring_header *out)
{
        struct bytes found, salt, wrapped;

        TRY(read_fixed(in, sizeof magic, &found));
        TRY(read_u32(in, &out->version));
        if (memcmp(found.data, magic, sizeof magic) != 0 || out->version < KEYRING_BLOB_FIRST ||
                out->version > KEYRING_BLOB_VERSION)
                return ERR_KEYRING;
        TRY(read_u64(in, &out->generation));
        TRY(read_u32(in, &out->cost.memory_kib));
        TRY(read_u32(in, &out->cost.passes));
        TRY(read_fixed(in, sizeof out->salt, &salt));
        TRY(read_fixed(in, sizeof out->wrapped, &wrapped));
        memcpy(out->salt, salt.data, salt.len);
        memcpy(out->wrapped, wrapped.data, wrapped.len);
        return out->generation > 0 && keyring_cost_is_sane(out->cost) ? ERR_OK : ERR_KEYRING;
}

enum err keyring_blob_split(
        struct bytes blob, struct keyring_header *header, struct bytes *aad, struct bytes *sealed)
{
        struct reader in;
        struct digest checksum;

        if (blob.len < HEADER_LEN + SEAL_OVERHEAD + CHECKSUM_LEN || blob.len > KEYRING_BLOB_MAX)
                return ERR_KEYRING;
        blob.len -= CHECKSUM_LEN;
        digest_of(blob, &checksum);
        if (memcmp(checksum.bytes, blob.data + blob.len, CHECKSUM_LEN) != 0)
                return ERR_KEYRING;
        in = reader_of(blob);
        if (header_read(&in, header) != ERR_OK)
                return ERR_KEYRING;
        *aad = bytes_of(blob.data, HEADER_LEN);
        *sealed = bytes_of(in.at, in.left);
        return ERR_OK;
}

static enum err name_read(struct reader *in, char out[NAME_MAX_LEN + 1])
{
        struct bytes name;

        TRY(read_bytes(in, NAME_MAX_LEN, &name));
        if (name.len == 0 || !bytes_is_printable(name))
                return ERR_MALFORMED;
        memset(out, 0, NAME_MAX_LEN + 1);
        memcpy(out, name.data, name.len);
        return ERR_OK;
}

static enum err signers_read(struct reader *in, struct keyring *into)
{
        struct bytes keys;

        TRY(read_u32(in, &into->signers_len));
        if (into->signers_len == 0 || into->signers_len > KEYRING_SIGNERS_MAX) {
                into->signers_len = 0;
                return ERR_MALFORMED;
        }
        TRY(read_fixed(in, (size_t)into->signers_len * SIGN_PUBLIC_LEN, &keys));
        memcpy(into->signers, keys.data, keys.len);
        return ERR_OK;
}

static enum err officers_read(struct reader *in, struct keyring_officers *out)
{
        struct keyring_officers o = {0};
        struct bytes keys;

        TRY(read_u32(in, &o.required));
        TRY(read_u32(in, &o.len));
        if (o.len > KEYRING_SIGNERS_MAX || o.required > o.len || (o.required == 0) != (o.len == 0))
                return ERR_MALFORMED;
        TRY(read_fixed(in, (size_t)o.len * SIGN_PUBLIC_LEN, &keys));
        if (keys.len > 0)
                memcpy(o.keys, keys.data, keys.len);
        *out = o;
        return ERR_OK;
}

static enum err domains_read(struct reader *in, struct keyring *into)
{
        struct domain before = {.municipality = 0}, d;
        uint32_t count, epoch;

        TRY(read_u32(in, &count));
        if (count > DOMAINS_MAX)
                return ERR_TOO_LARGE;
        for (uint32_t i = 0; i < count; i++) {
                TRY(name_read(in, d.dataset));
                TRY(read_u16(in, &d.municipality));
                TRY(read_u32(in, &epoch));
                if (d.municipality == 0 || epoch == 0 || domain_compare(&before, &d) >= 0)
                        return ERR_MALFORMED;
                TRY(keyring_domain_append(into, &d, epoch));
                before = d;
        }
        return ERR_OK;
}

static enum err linkages_read(struct reader *in, struct keyring *into)
{
        char before[NAME_MAX_LEN + 1] = "", name[NAME_MAX_LEN + 1];
        uint8_t has_noise = 0;
        uint32_t count;

        TRY(read_u32(in, &count));
        if (count > LINKAGES_MAX)
                return ERR_TOO_LARGE;
        for (uint32_t i = 0; i < count; i++) {
                TRY(name_read(in, name));
                if (into->header.version > KEYRING_BLOB_NOISELESS)
                        TRY(read_u8(in, &has_noise));
                if (strcmp(before, name) >= 0 || has_noise > 1)
                        return ERR_MALFORMED;
                TRY(keyring_linkage_append(into, name, has_noise != 0));
                memcpy(before, name, sizeof before);
        }
        return ERR_OK;
}

static enum err key_read(struct reader *in, struct secret *into)
{
        struct bytes key;

        TRY(read_fixed(in, secret_len(into), &key));
        memcpy(secret_bytes(into), key.data, key.len);
        return ERR_OK;
}

static enum err keys_read(struct reader *in, struct keyring *into)
{
        TRY(key_read(in, into->person));
        for (size_t i = 0; i < into->domains_len; i++)
                for (unsigned j = 0; j < DOMAIN_KEYS; j++)
                        TRY(key_read(in, into->domains[i]->slots[j]));
        for (size_t i = 0; i < into->linkages_len; i++) {
                TRY(key_read(in, into->linkages[i]->key));
                if (into->linkages[i]->has_noise)
                        TRY(key_read(in, into->linkages[i]->noise));
        }
        return read_end(in);
}

static enum err body_read(struct reader *in, struct keyring *into)
{
        struct bytes digest;

        TRY(signers_read(in, into));
        TRY(read_u64(in, &into->policy_version));
        TRY(read_fixed(in, sizeof into->policy_digest.bytes, &digest));
        memcpy(into->policy_digest.bytes, digest.data, digest.len);
        if (into->header.version > KEYRING_BLOB_FIRST)
                TRY(officers_read(in, &into->officers));
        TRY(read_i64(in, &into->time_ms));
        TRY(domains_read(in, into));
        TRY(linkages_read(in, into));
        return keys_read(in, into);
}

enum err keyring_body_read(struct bytes plain, struct keyring *into)
{
        struct reader in = reader_of(plain);
        enum err e = body_read(&in, into);

        return e == ERR_OK || e == ERR_NO_MEMORY ? e : ERR_KEYRING;
}
