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
 * that made it. Ready is then one comparison. */
#include "crypto/keyring.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/keyring_state.h"
#include "crypto/seal.h"
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

int domain_compare(const struct domain *a, const struct domain *b)
{
        if (a->municipality != b->municipality)
                return a->municipality < b->municipality ? -1 : 1;
        return strncmp(a->dataset, b->dataset, sizeof a->dataset);
}

enum err keyring_blank(struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;

        k = fault_hit("alloc") ? NULL : calloc(1, sizeof *k);
        if (k == NULL)
                return ERR_NO_MEMORY;
        TRY(secret_slab_take(&k->slab, &k->person));
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
        secret_slab_free(&k->slab);
        secret_free(&k->master);
        free(k);
        *keyring = NULL;
}

enum err keyring_new(const struct secret *passphrase, struct keyring_cost cost,
        const uint8_t signer[SIGN_PUBLIC_LEN], struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(secret_free) struct secret *kek = NULL;

        if (!keyring_cost_is_sane(cost))
                return ERR_INVALID;
        TRY(keyring_blank(&k));
        k->header.cost = cost;
        TRY(random_bytes(k->header.salt, sizeof k->header.salt));
        TRY(passphrase_key(passphrase, k->header.salt, cost.memory_kib, cost.passes, &kek));
        TRY(secret_random(32, &k->master));
        TRY(key_wrap(kek, k->master, k->header.wrapped));
        TRY(random_bytes(secret_bytes(k->person), secret_len(k->person)));
        memcpy(k->signers[0], signer, SIGN_PUBLIC_LEN);
        k->signers_len = 1;
        k->changes = 1; /* it has never been on disk */
        *out = k;
        k = NULL;
        return ERR_OK;
}

/* The plain body in secure memory, and from there into the keyring. */
static enum err body_open(struct keyring *k, struct bytes aad, struct bytes sealed)
{
        OWNED(secret_free) struct secret *plain = NULL;
        enum err e;

        TRY(secret_new(sealed.len - SEAL_OVERHEAD, &plain));
        e = unseal(k->master, aad, sealed, secret_bytes(plain));
        if (e != ERR_OK)
                return e == ERR_TAMPERED ? ERR_KEYRING : e;
        return keyring_body_read(bytes_of(secret_view(plain), secret_len(plain)), k);
}

enum err keyring_open(const struct secret *passphrase, struct bytes blob, struct keyring **out)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(secret_free) struct secret *kek = NULL;
        struct bytes aad, sealed;
        enum err e;

        TRY(keyring_blank(&k));
        TRY(keyring_blob_split(blob, &k->header, &aad, &sealed));
        TRY(passphrase_key(passphrase, k->header.salt, k->header.cost.memory_kib,
                k->header.cost.passes, &kek));
        /* RFC 3394's check value: only the right passphrase unwraps. */
        e = key_unwrap(kek, k->header.wrapped, &k->master);
        if (e != ERR_OK)
                return e == ERR_TAMPERED ? ERR_PASSPHRASE : e;
        TRY(body_open(k, aad, sealed));
        k->generation_confirmed = k->header.generation; /* it came from the disk */
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

const struct secret *keyring_person(const struct keyring *k)
{
        return k->person;
}

/* Where `d` is, or would stand: the first entry that is not before it. */
static size_t domain_place(const struct keyring *k, const struct domain *d)
{
        size_t from = 0, to = k->domains_len;

        while (from < to) {
                size_t middle = from + (to - from) / 2;

                if (domain_compare(&k->domains[middle]->name, d) < 0)
                        from = middle + 1;
                else
                        to = middle;
        }
        return from;
}

static const struct keyring_domain *domain_entry(const struct keyring *k, const struct domain *d)
{
        size_t at = domain_place(k, d);

        if (at == k->domains_len || domain_compare(&k->domains[at]->name, d) != 0)
                return NULL;
        return k->domains[at];
}

static size_t linkage_place(const struct keyring *k, const char *name)
{
        size_t at = 0;

        while (at < k->linkages_len && strcmp(k->linkages[at]->name, name) < 0)
                at++;
        return at;
}

static struct keyring_linkage *linkage_entry(const struct keyring *k, const char *name)
{
        size_t at = linkage_place(k, name);

        if (at == k->linkages_len || strcmp(k->linkages[at]->name, name) != 0)
                return NULL;
        return k->linkages[at];
}

const struct domain_keys *keyring_domain_find(const struct keyring *k, const struct domain *d)
{
        const struct keyring_domain *entry = domain_entry(k, d);

        return entry != NULL ? &entry->keys : NULL;
}

const struct secret *keyring_linkage_find(const struct keyring *k, const char *linkage)
{
        const struct keyring_linkage *entry = linkage_entry(k, linkage);

        return entry != NULL ? entry->key : NULL;
}

const struct secret *keyring_noise_find(const struct keyring *k, const char *linkage)
{
        const struct keyring_linkage *entry = linkage_entry(k, linkage);

        return entry != NULL && entry->has_noise ? entry->noise : NULL;
}

/* The list with room for one more pointer, doubled when it was full; NULL leaves it
 * as it was. */
static void *list_grown(void *list, size_t len, size_t *cap)
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

static enum err domain_entry_new(
        struct keyring *k, const struct domain *d, uint32_t epoch, struct keyring_domain **out)
{
        struct keyring_domain *entry;
        struct secret *slots[DOMAIN_KEYS];
        struct keyring_domain **list = list_grown(k->domains, k->domains_len, &k->domains_cap);

        if (list == NULL)
                return ERR_NO_MEMORY;
        k->domains = list;
        for (unsigned i = 0; i < DOMAIN_KEYS; i++)
                TRY(secret_slab_take(&k->slab, &slots[i]));
        entry = fault_hit("alloc") ? NULL : calloc(1, sizeof *entry);
        if (entry == NULL)
                return ERR_NO_MEMORY;
        memcpy(entry->name.dataset, d->dataset, strlen(d->dataset));
        entry->name.municipality = d->municipality;
        memcpy(entry->slots, slots, sizeof slots);
        entry->keys = (struct domain_keys){epoch, 0, slots[0], slots[1], slots[2]};
        *out = entry;
        return ERR_OK;
}

static void domain_insert(struct keyring *k, size_t at, struct keyring_domain *entry)
{
        memmove(k->domains + at + 1, k->domains + at, (k->domains_len - at) * sizeof k->domains[0]);
        k->domains[at] = entry;
        k->domains_len++;
}

enum err keyring_domain_append(struct keyring *k, const struct domain *d, uint32_t epoch)
{
        struct keyring_domain *entry = NULL;

        TRY(domain_entry_new(k, d, epoch, &entry));
        domain_insert(k, k->domains_len, entry);
        return ERR_OK;
}

enum err keyring_domain_make(struct keyring *k, const struct domain *d)
{
        struct keyring_domain *entry = NULL;
        enum err e = ERR_OK;

        if (!keyring_name_is_sane(d->dataset) || d->municipality == 0)
                return ERR_INVALID;
        if (domain_entry(k, d) != NULL)
                return ERR_OK;
        if (k->domains_len == DOMAINS_MAX)
                return ERR_LIMIT;
        TRY(domain_entry_new(k, d, 1, &entry));
        for (unsigned i = 0; i < DOMAIN_KEYS && e == ERR_OK; i++)
                e = random_bytes(secret_bytes(entry->slots[i]), secret_len(entry->slots[i]));
        if (e != ERR_OK) {
                free(entry);
                return e;
        }
        entry->change = ++k->changes;
        domain_insert(k, domain_place(k, d), entry);
        return ERR_OK;
}

static enum err linkage_entry_new(struct keyring *k, const char *name, struct keyring_linkage **out)
{
        struct keyring_linkage *entry;
        struct secret *key = NULL, *noise = NULL;
        struct keyring_linkage **list = list_grown(k->linkages, k->linkages_len, &k->linkages_cap);

        if (list == NULL)
                return ERR_NO_MEMORY;
        k->linkages = list;
        TRY(secret_slab_take(&k->slab, &key));
        TRY(secret_slab_take(&k->slab, &noise));
        entry = fault_hit("alloc") ? NULL : calloc(1, sizeof *entry);
        if (entry == NULL)
                return ERR_NO_MEMORY;
        memcpy(entry->name, name, strlen(name));
        entry->key = key;
        entry->noise = noise;
        *out = entry;
        return ERR_OK;
}

static void linkage_insert(struct keyring *k, size_t at, struct keyring_linkage *entry)
{
        memmove(k->linkages + at + 1, k->linkages + at,
                (k->linkages_len - at) * sizeof k->linkages[0]);
        k->linkages[at] = entry;
        k->linkages_len++;
}

enum err keyring_linkage_append(struct keyring *k, const char *name, bool has_noise)
{
        struct keyring_linkage *entry = NULL;

        TRY(linkage_entry_new(k, name, &entry));
        entry->has_noise = has_noise;
        linkage_insert(k, k->linkages_len, entry);
        return ERR_OK;
}

/* The tokens of such a linkage stay as they are. */
static enum err noise_make(struct keyring *k, struct keyring_linkage *entry)
{
        if (entry->has_noise)
                return ERR_OK;
        TRY(random_bytes(secret_bytes(entry->noise), secret_len(entry->noise)));
        entry->has_noise = true;
        entry->change = ++k->changes;
        return ERR_OK;
}

enum err keyring_linkage_make(struct keyring *k, const char *linkage)
{
        struct keyring_linkage *entry = NULL;
        enum err e;

        if (!keyring_name_is_sane(linkage))
                return ERR_INVALID;
        entry = linkage_entry(k, linkage);
        if (entry != NULL)
                return noise_make(k, entry);
        if (k->linkages_len == LINKAGES_MAX)
                return ERR_LIMIT;
        TRY(linkage_entry_new(k, linkage, &entry));
        e = random_bytes(secret_bytes(entry->key), secret_len(entry->key));
        if (e == ERR_OK)
                e = noise_make(k, entry);
        if (e != ERR_OK) {
                free(entry);
                return e;
        }
        linkage_insert(k, linkage_place(k, linkage), entry);
        return ERR_OK;
}

bool keyring_domain_ready(const struct keyring *k, const struct domain *d)
{
        const struct keyring_domain *entry = domain_entry(k, d);

        return entry != NULL && entry->change <= k->changes_confirmed;
}

bool keyring_linkage_ready(const struct keyring *k, const char *linkage)
{
        const struct keyring_linkage *entry = linkage_entry(k, linkage);

        return entry != NULL && entry->has_noise && entry->change <= k->changes_confirmed;
}

size_t keyring_domains_len(const struct keyring *k)
{
        return k->domains_len;
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
