/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_pairs.c: the keeper's own key pairs: one it is sealed to, one it signs with.
 *
 * A municipality may have sealed a delivery before a rotation and send it after, and a
 * statement that was signed is checked later still. So a pair that is followed by another is
 * not gone: it is accepted until its time, and then destroyed. Only secrets are written
 * down; what is public is computed again when the keyring is opened, so that the two can
 * never disagree. */
#include <string.h>

#include "crypto/box.h"
#include "crypto/keyring_state.h"
#include "crypto/secret.h"

_Static_assert((int)BOX_SECRET_LEN == SLAB_KEY_LEN && (int)SIGN_SECRET_LEN == SLAB_KEY_LEN &&
                       (int)BOX_PUBLIC_LEN == (int)SIGN_PUBLIC_LEN,
        "pairs of both kinds are of one size");

enum err keyring_pair_complete(enum keyring_pair kind, struct keyring_pair_entry *entry)
{
        TRY(kind == KEYRING_SEALING ? box_public_of(entry->secret, entry->key.public_key)
                                    : sign_public_of(entry->secret, entry->key.public_key));
        box_key_id(entry->key.public_key, entry->key.id);
        entry->key.secret = entry->secret;
        return ERR_OK;
}

enum err keyring_pair_append(
        struct keyring *k, enum keyring_pair kind, int64_t created_ms, int64_t until_ms)
{
        struct keyring_pair_entry entry = {.key = {.created_ms = created_ms, .until_ms = until_ms}};

        TRY(secret_slab_take(&k->slab, &entry.secret));
        k->pairs[kind][k->pairs_len[kind]++] = entry;
        return ERR_OK;
}

/* A fresh pair in front of the others. */
static enum err pair_make(struct keyring *k, enum keyring_pair kind, int64_t now_ms)
{
        struct keyring_pair_entry entry = {.key = {.created_ms = now_ms}}, *all = k->pairs[kind];
        enum err e;

        TRY(keyring_key_random(k, &entry.secret));
        e = keyring_pair_complete(kind, &entry);
        if (e != ERR_OK) {
                secret_slab_give(k->slab, &entry.secret);
                return e;
        }
        entry.change = ++k->changes;
        memmove(all + 1, all, k->pairs_len[kind] * sizeof *all);
        all[0] = entry;
        k->pairs_len[kind]++;
        return ERR_OK;
}

enum err keyring_pairs_make(struct keyring *k, int64_t now_ms)
{
        for (enum keyring_pair kind = 0; kind < KEYRING_PAIR_KINDS; kind++)
                if (k->pairs_len[kind] == 0)
                        TRY(pair_make(k, kind, now_ms));
        return ERR_OK;
}

static bool is_ready(const struct keyring *k, const struct keyring_pair_entry *entry)
{
        return entry->change <= k->changes_confirmed;
}

unsigned keyring_pairs(const struct keyring *k, enum keyring_pair kind,
        struct keyring_pair_key out[KEYRING_PAIR_LIVE_MAX])
{
        for (unsigned i = 0; i < k->pairs_len[kind]; i++) {
                out[i] = k->pairs[kind][i].key;
                out[i].ready = is_ready(k, &k->pairs[kind][i]);
        }
        return k->pairs_len[kind];
}

enum err keyring_pair_rotate(
        struct keyring *k, enum keyring_pair kind, int64_t now_ms, int64_t overlap_ms)
{
        int64_t until_ms;

        if (overlap_ms < 0)
                return ERR_INVALID;
        if (k->pairs_len[kind] == KEYRING_PAIR_LIVE_MAX)
                return ERR_ROTATING;
        if (__builtin_add_overflow(now_ms, overlap_ms, &until_ms))
                until_ms = INT64_MAX;
        TRY(pair_make(k, kind, now_ms));
        if (k->pairs_len[kind] > 1)
                k->pairs[kind][1].key.until_ms = until_ms != 0 ? until_ms : 1;
        return ERR_OK;
}

/* Those behind the newest that is ready, when their time is over. */
static bool prune(struct keyring *k, enum keyring_pair kind, int64_t now_ms)
{
        struct keyring_pair_entry *all = k->pairs[kind];
        unsigned len = k->pairs_len[kind], in_use = 0, kept;

        while (in_use < len && !is_ready(k, &all[in_use]))
                in_use++;
        kept = in_use;
        for (unsigned i = in_use; i < len; i++) {
                if (i > in_use && all[i].key.until_ms <= now_ms) {
                        secret_slab_give(k->slab, &all[i].secret);
                        continue;
                }
                all[kept++] = all[i];
        }
        memset(all + kept, 0, (len - kept) * sizeof *all);
        k->pairs_len[kind] = kept;
        return kept < len;
}

bool keyring_pairs_prune(struct keyring *k, int64_t now_ms)
{
        bool pruned = false;

        for (enum keyring_pair kind = 0; kind < KEYRING_PAIR_KINDS; kind++)
                pruned |= prune(k, kind, now_ms);
        if (pruned)
                k->changes++;
        return pruned;
}
