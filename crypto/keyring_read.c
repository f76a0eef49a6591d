/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_read.c: the body of a keyring, read in every version there was.
 *
 * It comes from behind a seal, so only we can have written it; but a program of ours from
 * another year may have, or one with a mistake. So it is input: counts have ceilings before
 * memory is asked for, entries ascend, and what cannot be is refused. keyring_blob.c has the
 * layout. */
#include <string.h>

#include "crypto/keyring_state.h"
#include "crypto/secret.h"

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

/* A time; 0 in versions that remembered none. */
static enum err time_read(struct reader *in, const struct keyring *into, int64_t *out)
{
        *out = 0;
        return into->header.version > KEYRING_BLOB_TIMELESS ? read_i64(in, out) : ERR_OK;
}

static enum err signers_read(struct reader *in, struct keyring *into)
{
        struct bytes keys;
        uint32_t len;

        TRY(read_u32(in, &len));
        if (len == 0 || len > KEYRING_SIGNERS_MAX)
                return ERR_MALFORMED;
        TRY(read_fixed(in, (size_t)len * SIGN_PUBLIC_LEN, &keys));
        memcpy(into->signers, keys.data, keys.len);
        into->signers_len = len;
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

static enum err persons_read(struct reader *in, struct keyring *into)
{
        uint8_t count;

        if (into->header.version <= KEYRING_BLOB_TIMELESS)
                return ERR_OK; /* one, epoch 1, as a blank keyring has it */
        TRY(read_u8(in, &count));
        if (count == 0 || count > EPOCHS_LIVE)
                return ERR_MALFORMED;
        for (unsigned i = 0; i < count; i++) {
                TRY(read_u32(in, &into->persons[i].epoch));
                TRY(read_i64(in, &into->persons[i].created_ms));
        }
        if (into->persons[0].epoch == 0)
                return ERR_MALFORMED;
        if (count == 1)
                return ERR_OK;
        if (into->persons[1].epoch <= into->persons[0].epoch)
                return ERR_MALFORMED;
        return secret_slab_take(&into->slab, &into->persons[1].key);
}

static enum err epochs_read(
        struct reader *in, struct keyring *into, uint32_t highest, struct keyring_domain *entry)
{
        uint32_t before = 0, number;
        uint8_t count;
        int64_t made;
        struct keyring_epoch *epoch = NULL;

        TRY(read_u8(in, &count));
        if (count > EPOCHS_LIVE)
                return ERR_MALFORMED;
        for (unsigned i = 0; i < count; i++) {
                TRY(read_u32(in, &number));
                TRY(read_i64(in, &made));
                if (number <= before || number > highest)
                        return ERR_MALFORMED;
                TRY(keyring_epoch_add(into, entry, number, made, &epoch));
                before = number;
        }
        return ERR_OK;
}

static enum err domain_read(struct reader *in, struct keyring *into, struct domain *d)
{
        struct domain before = *d;
        struct keyring_domain *entry = NULL;
        struct keyring_epoch *epoch = NULL;
        uint32_t highest;

        TRY(name_read(in, d->dataset));
        TRY(read_u16(in, &d->municipality));
        TRY(read_u32(in, &highest));
        if (d->municipality == 0 || highest == 0 || domain_compare(&before, d) >= 0)
                return ERR_MALFORMED;
        TRY(keyring_domain_append(into, d, highest, &entry));
        if (into->header.version > KEYRING_BLOB_TIMELESS)
                return epochs_read(in, into, highest, entry);
        return keyring_epoch_add(into, entry, highest, 0, &epoch);
}

static enum err domains_read(struct reader *in, struct keyring *into)
{
        struct domain d = {.municipality = 0};
        uint32_t count;

        TRY(read_u32(in, &count));
        if (count > DOMAINS_MAX)
                return ERR_TOO_LARGE;
        for (uint32_t i = 0; i < count; i++)
                TRY(domain_read(in, into, &d));
        return ERR_OK;
}

static enum err linkages_read(struct reader *in, struct keyring *into)
{
        char before[NAME_MAX_LEN + 1] = "", name[NAME_MAX_LEN + 1];
        uint8_t has_noise = 0;
        uint32_t count;
        int64_t made;

        TRY(read_u32(in, &count));
        if (count > LINKAGES_MAX)
                return ERR_TOO_LARGE;
        for (uint32_t i = 0; i < count; i++) {
                TRY(name_read(in, name));
                TRY(time_read(in, into, &made));
                if (into->header.version > KEYRING_BLOB_NOISELESS)
                        TRY(read_u8(in, &has_noise));
                if (strcmp(before, name) >= 0 || has_noise > 1)
                        return ERR_MALFORMED;
                TRY(keyring_linkage_append(into, name, made, has_noise != 0));
                memcpy(before, name, sizeof before);
        }
        return ERR_OK;
}

static enum err pairs_read(struct reader *in, struct keyring *into)
{
        uint8_t count;
        int64_t made, until;

        for (enum keyring_pair kind = 0; kind < KEYRING_PAIR_KINDS; kind++) {
                TRY(read_u8(in, &count));
                if (count == 0 || count > KEYRING_PAIR_LIVE_MAX)
                        return ERR_MALFORMED;
                for (unsigned i = 0; i < count; i++) {
                        TRY(read_i64(in, &made));
                        TRY(read_i64(in, &until));
                        if ((until == 0) != (i == 0))
                                return ERR_MALFORMED;
                        TRY(keyring_pair_append(into, kind, made, until));
                }
        }
        return ERR_OK;
}

static enum err notes_read(struct reader *in, struct keyring *into)
{
        char before[NAME_MAX_LEN + 1] = "", name[NAME_MAX_LEN + 1];
        uint32_t len, total = 0;
        uint8_t count;

        TRY(read_u8(in, &count));
        for (uint32_t i = 0; i < count; i++) {
                TRY(name_read(in, name));
                TRY(read_u32(in, &len));
                if (strcmp(before, name) >= 0 || len == 0 || len > KEYRING_NOTE_MAX ||
                        len > KEYRING_NOTES_TOTAL - total)
                        return ERR_MALFORMED;
                TRY(keyring_note_append(into, name, len));
                total += len;
                memcpy(before, name, sizeof before);
        }
        return ERR_OK;
}

static enum err fill(struct reader *in, uint8_t *into, size_t len)
{
        struct bytes found;

        TRY(read_fixed(in, len, &found));
        memcpy(into, found.data, len);
        return ERR_OK;
}

static enum err key_read(struct reader *in, struct secret *into)
{
        return fill(in, secret_bytes(into), secret_len(into));
}

/* Epochs were added older first, into empty places: their order is that of the names. */
static enum err domain_keys_read(struct reader *in, struct keyring_domain *entry)
{
        for (unsigned i = 0; i < EPOCHS_LIVE && entry->epochs[i].keys.epoch != 0; i++)
                for (unsigned j = 0; j < DOMAIN_KEYS; j++)
                        TRY(key_read(in, entry->epochs[i].slots[j]));
        return ERR_OK;
}

static enum err pair_keys_read(struct reader *in, struct keyring *into)
{
        for (enum keyring_pair kind = 0; kind < KEYRING_PAIR_KINDS; kind++)
                for (uint32_t i = 0; i < into->pairs_len[kind]; i++) {
                        TRY(key_read(in, into->pairs[kind][i].secret));
                        TRY(keyring_pair_complete(kind, &into->pairs[kind][i]));
                }
        return ERR_OK;
}

static enum err lock_keys_read(struct reader *in, struct keyring *into)
{
        for (uint32_t i = 0; i < into->header.locks_len; i++) {
                TRY(secret_slab_take(&into->slab, &into->lock_keys[i]));
                TRY(key_read(in, into->lock_keys[i]));
        }
        return ERR_OK;
}

static enum err keys_read(struct reader *in, struct keyring *into)
{
        for (unsigned i = 0; i < EPOCHS_LIVE && into->persons[i].epoch != 0; i++)
                TRY(key_read(in, into->persons[i].key));
        for (size_t i = 0; i < into->domains_len; i++)
                TRY(domain_keys_read(in, into->domains[i]));
        for (size_t i = 0; i < into->linkages_len; i++) {
                TRY(key_read(in, into->linkages[i]->key));
                if (into->linkages[i]->has_noise)
                        TRY(key_read(in, into->linkages[i]->noise));
        }
        TRY(pair_keys_read(in, into));
        if (into->header.version > KEYRING_BLOB_TIMELESS)
                TRY(lock_keys_read(in, into));
        for (uint32_t i = 0; i < into->notes_len; i++)
                TRY(fill(in, into->notes[i].data, into->notes[i].len));
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
        TRY(persons_read(in, into));
        TRY(domains_read(in, into));
        TRY(linkages_read(in, into));
        if (into->header.version > KEYRING_BLOB_TIMELESS) {
                TRY(pairs_read(in, into));
                TRY(notes_read(in, into));
        }
        return keys_read(in, into);
}

enum err keyring_body_read(struct bytes plain, struct keyring *into)
{
        struct reader in = reader_of(plain);
        enum err e = body_read(&in, into);

        return e == ERR_OK || e == ERR_NO_MEMORY || e == ERR_MEMORY_LOCK ? e : ERR_KEYRING;
}
