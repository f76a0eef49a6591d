/* SPDX-License-Identifier: Apache-2.0 */
/* keyring.c: which keys there are, and which of them may be used already.
 *
 * A key that names stored persons and is then lost makes their records unreadable
 * for ever. So a fresh key is born unusable, and stays so until the gateway has
 * confirmed that a sealed state which holds it is on disk:
 *
 *      make ──> dirty ──seal g──> handed out ──confirm ≥ g──> ready
 *                 ^                    │
 *                 └──── make again ────┘   (later changes wait for a later seal)
 *
 * Changes are counted; a seal remembers the count it holds, and an entry the count
 * that made it. Ready is then one comparison.
 *
 * A key that is destroyed is the other way round: it is wiped from memory at once, and
 * gone from disk when a later state has been written over every file that held it. */
#include "crypto/keyring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/keyring_state.h"
#include "crypto/secret.h"

bool keyring_cost_is_sane(struct keyring_cost cost)
{
        return cost.memory_kib >= 8 && cost.memory_kib <= 1 << 20 && cost.passes >= 1 &&
               cost.passes <= 16;
}

bool keyring_name_is_sane(const char *name)
{
        size_t len = strnlen(name, NAME_MAX_LEN + 1);

        return len > 0 && len <= NAME_MAX_LEN && bytes_is_printable(bytes_of(name, len));
}

void *keyring_list_grown(void *list, size_t len, size_t *cap)
{
        size_t wanted = *cap == 0 ? 64 : *cap * 2;
        void *grown;

        if (len < *cap)
                return list;
        grown = fault_hit("alloc") ? NULL : reallocarray(list, wanted, sizeof(void *));
        if (grown != NULL)
                *cap = wanted;
        return grown;
}

enum err keyring_key_random(struct keyring *k, struct secret **out)
{
        struct secret *key = NULL;
        enum err e;

        TRY(secret_slab_take(&k->slab, &key));
        e = random_bytes(secret_bytes(key), secret_len(key));
        if (e != ERR_OK) {
                secret_slab_give(k->slab, &key);
                return e;
        }
        *out = key;
        return ERR_OK;
}

enum err keyring_blank(struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;

        k = fault_hit("alloc") ? NULL : calloc(1, sizeof *k);
        if (k == NULL)
                return ERR_NO_MEMORY;
        TRY(secret_slab_take(&k->slab, &k->persons[0].key));
        k->persons[0].epoch = 1;
        k->header.version = KEYRING_BLOB_VERSION;
        *out = k;
        k = NULL;
        return ERR_OK;
}

void keyring_free(struct keyring **keyring)
{
        struct keyring *k;

        if (keyring == NULL || *keyring == NULL)
                return;
        k = *keyring;
        for (size_t i = 0; i < k->domains_len; i++)
                free(k->domains[i]);
        for (size_t i = 0; i < k->linkages_len; i++)
                free(k->linkages[i]);
        free(k->domains);
        free(k->linkages);
        keyring_notes_done(k);
        secret_slab_free(&k->slab);
        secret_free(&k->master);
        free(k);
        *keyring = NULL;
}

enum err keyring_new(const struct secret *passphrase, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN], int64_t now_ms, struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        struct secret *person;

        if (!keyring_cost_is_sane(cost))
                return ERR_INVALID;
        TRY(keyring_blank(&k));
        person = k->persons[0].key;
        TRY(random_bytes(secret_bytes(person), secret_len(person)));
        memcpy(k->signers[0], signer, SIGN_PUBLIC_LEN);
        k->signers_len = 1;
        k->time_ms = now_ms;
        TRY(keyring_lock_passphrase(k, passphrase, cost, now_ms));
        TRY(keyring_pairs_make(k, now_ms));
        /* It has never been on disk. */
        k->persons[0].created_ms = now_ms;
        k->persons[0].change = ++k->changes;
        *out = k;
        k = NULL;
        return ERR_OK;
}

enum err keyring_seal(struct keyring *k, struct buf *out, uint64_t *out_generation)
{
        struct keyring_header next = k->header;
        size_t start = out->len;
        enum err e;

        next.generation++;
        e = keyring_blob_write(k, &next, out);
        if (e != ERR_OK) {
                out->len = start; /* half a blob is nobody's */
                return e;
        }
        k->header.generation = next.generation;
        /* Seals are cumulative, so that forgetting the oldest only delays a key. */
        if (k->pending_len == PENDING_SEALS) {
                memmove(k->pending, k->pending + 1, sizeof k->pending - sizeof k->pending[0]);
                k->pending_len--;
        }
        k->pending[k->pending_len++] = (struct pending_seal){next.generation, k->changes};
        *out_generation = next.generation;
        return ERR_OK;
}

void keyring_confirm(struct keyring *k, uint64_t generation)
{
        unsigned done = 0;

        if (generation > k->header.generation || generation <= k->generation_confirmed)
                return;
        k->generation_confirmed = generation;
        while (done < k->pending_len && k->pending[done].generation <= generation)
                k->changes_confirmed = k->pending[done++].changes;
        k->pending_len -= done;
        memmove(k->pending, k->pending + done, k->pending_len * sizeof k->pending[0]);
}

uint64_t keyring_generation(const struct keyring *k)
{
        return k->generation_confirmed;
}

bool keyring_dirty(const struct keyring *k)
{
        return k->changes > k->changes_confirmed;
}

void keyring_pinned(const struct keyring *k, struct keyring_officers *out)
{
        memset(out, 0, sizeof *out);
        out->required = 1;
        out->len = k->signers_len;
        memcpy(out->keys, k->signers, (size_t)k->signers_len * SIGN_PUBLIC_LEN);
}

bool keyring_signer_is_pinned(const struct keyring *k, const uint8_t public_key[SIGN_PUBLIC_LEN])
{
        for (uint32_t i = 0; i < k->signers_len; i++)
                if (memcmp(k->signers[i], public_key, SIGN_PUBLIC_LEN) == 0)
                        return true;
        return false;
}

uint64_t keyring_policy(const struct keyring *k, struct digest *out)
{
        if (out != NULL)
                *out = k->policy_digest;
        return k->policy_version;
}

void keyring_policy_set(struct keyring *k, uint64_t version, const struct digest *digest,
        const struct keyring_officers *officers)
{
        k->policy_version = version;
        k->policy_digest = *digest;
        k->officers = officers != NULL ? *officers : (struct keyring_officers){0};
        k->changes++;
}

const struct keyring_officers *keyring_officers(const struct keyring *k)
{
        return &k->officers;
}

int64_t keyring_time(const struct keyring *k)
{
        return k->time_ms;
}

void keyring_time_set(struct keyring *k, int64_t now_ms)
{
        if (now_ms > k->time_ms)
                k->time_ms = now_ms;
}
