/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_epochs.c: keys that rotate: of persons, and of domains.
 *
 * A domain's keys are exchanged without its persons: what is stored is opened under the old
 * and sealed under the new, so both live until the last batch has moved.
 *
 *      none ──make──> n ──rotate──> n, n+1 ──retire n──> n+1 ──rotate──> …
 *       ^                                                 │
 *       └────────────────── destroy ──────────────────────┘   (n stays as `highest`)
 *
 * k_person cannot be exchanged so: a person code is a one-way function of the number, and
 * nobody has the numbers any more. Two live while the municipalities deliver anew, and
 * `settle` ends the first for good.
 *
 * An epoch number names a key in every stored batch, so it is never used twice, nor by a
 * domain that was destroyed and begins again: what was shredded stays unreadable under a
 * name of its own and is not mistaken for what cannot be read because of an error. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/keyring_state.h"
#include "crypto/secret.h"

const struct secret *keyring_person(const struct keyring *k)
{
        return k->persons[0].key;
}

unsigned keyring_person_epochs(const struct keyring *k, struct person_epoch out[2])
{
        unsigned len = 0;

        for (unsigned i = 0; i < EPOCHS_LIVE && k->persons[i].epoch != 0; i++)
                out[len++] = (struct person_epoch){
                        .epoch = k->persons[i].epoch,
                        .created_ms = k->persons[i].created_ms,
                        .key = k->persons[i].key,
                        .ready = k->persons[i].change <= k->changes_confirmed,
                };
        return len;
}

enum err keyring_person_begin(struct keyring *k, int64_t now_ms)
{
        struct keyring_person *second = &k->persons[1];

        if (second->epoch != 0)
                return ERR_ROTATING;
        if (k->persons[0].epoch == UINT32_MAX)
                return ERR_LIMIT;
        TRY(keyring_key_random(k, &second->key));
        second->epoch = k->persons[0].epoch + 1;
        second->created_ms = now_ms;
        second->change = ++k->changes;
        return ERR_OK;
}

enum err keyring_person_settle(struct keyring *k)
{
        if (k->persons[1].epoch == 0)
                return ERR_NOT_FOUND;
        if (k->persons[1].change > k->changes_confirmed)
                return ERR_OUT_OF_ORDER;
        secret_slab_give(k->slab, &k->persons[0].key);
        k->persons[0] = k->persons[1];
        memset(&k->persons[1], 0, sizeof k->persons[1]);
        k->changes++;
        return ERR_OK;
}

int domain_compare(const struct domain *a, const struct domain *b)
{
        if (a->municipality != b->municipality)
                return a->municipality < b->municipality ? -1 : 1;
        return strncmp(a->dataset, b->dataset, sizeof a->dataset);
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

static struct keyring_domain *domain_entry(const struct keyring *k, const struct domain *d)
{
        size_t at = domain_place(k, d);

        if (at == k->domains_len || domain_compare(&k->domains[at]->name, d) != 0)
                return NULL;
        return k->domains[at];
}

/* The live epoch with the highest number, of those that are ready or of all; or NULL. */
static struct keyring_epoch *newest(
        const struct keyring *k, struct keyring_domain *entry, bool ready)
{
        struct keyring_epoch *found = NULL;

        for (unsigned i = 0; i < EPOCHS_LIVE; i++) {
                struct keyring_epoch *e = &entry->epochs[i];

                if (e->keys.epoch == 0 || (ready && e->change > k->changes_confirmed))
                        continue;
                if (found == NULL || e->keys.epoch > found->keys.epoch)
                        found = e;
        }
        return found;
}

static struct keyring_epoch *epoch_find(struct keyring_domain *entry, uint32_t epoch)
{
        for (unsigned i = 0; i < EPOCHS_LIVE; i++)
                if (entry->epochs[i].keys.epoch == epoch)
                        return &entry->epochs[i];
        return NULL;
}

const struct domain_keys *keyring_domain_find(const struct keyring *k, const struct domain *d)
{
        struct keyring_domain *entry = domain_entry(k, d);
        const struct keyring_epoch *e = entry != NULL ? newest(k, entry, true) : NULL;

        if (entry != NULL && e == NULL)
                e = newest(k, entry, false);
        return e != NULL ? &e->keys : NULL;
}

const struct domain_keys *keyring_domain_epoch_find(
        const struct keyring *k, const struct domain *d, uint32_t epoch)
{
        struct keyring_domain *entry = domain_entry(k, d);
        const struct keyring_epoch *e =
                entry != NULL && epoch != 0 ? epoch_find(entry, epoch) : NULL;

        return e != NULL ? &e->keys : NULL;
}

bool keyring_domain_ready(const struct keyring *k, const struct domain *d)
{
        struct keyring_domain *entry = domain_entry(k, d);

        return entry != NULL && newest(k, entry, true) != NULL;
}

size_t keyring_domains_len(const struct keyring *k)
{
        return k->domains_len;
}

void keyring_domain_info(const struct keyring *k, size_t i, struct keyring_domain_info *out)
{
        struct keyring_domain *entry = k->domains[i];
        const struct keyring_epoch *e = newest(k, entry, false);

        *out = (struct keyring_domain_info){.name = entry->name, .highest = entry->highest};
        if (e == NULL)
                return;
        out->epoch = out->oldest = e->keys.epoch;
        out->created_ms = e->keys.created_ms;
        for (unsigned j = 0; j < EPOCHS_LIVE; j++)
                if (entry->epochs[j].keys.epoch != 0 && entry->epochs[j].keys.epoch < out->oldest)
                        out->oldest = entry->epochs[j].keys.epoch;
}

static void epoch_wipe(struct keyring *k, struct keyring_epoch *e)
{
        for (unsigned i = 0; i < DOMAIN_KEYS; i++)
                secret_slab_give(k->slab, &e->slots[i]);
        memset(e, 0, sizeof *e);
}

/* Into a free place: fresh random keys, or zeros for the reader of blobs to fill in. */
static enum err epoch_fill(struct keyring *k, struct keyring_epoch *e, uint32_t number,
        int64_t created_ms, bool random)
{
        for (unsigned i = 0; i < DOMAIN_KEYS; i++) {
                enum err failed = random ? keyring_key_random(k, &e->slots[i])
                                         : secret_slab_take(&k->slab, &e->slots[i]);

                if (failed != ERR_OK) {
                        epoch_wipe(k, e);
                        return failed;
                }
        }
        e->keys = (struct domain_keys){number, created_ms, e->slots[0], e->slots[1], e->slots[2]};
        return ERR_OK;
}

enum err keyring_epoch_add(struct keyring *k, struct keyring_domain *entry, uint32_t number,
        int64_t created_ms, struct keyring_epoch **out)
{
        struct keyring_epoch *e = epoch_find(entry, 0);

        if (e == NULL)
                return ERR_ROTATING;
        TRY(epoch_fill(k, e, number, created_ms, false));
        *out = e;
        return ERR_OK;
}

/* The next epoch of an entry that has room for it. The tag key is carried along: record tags
 * and receipts are one-way, like person codes, and with another key a correction would no
 * longer be known for one. It ends with the domain. */
static enum err epoch_begin(struct keyring *k, struct keyring_domain *entry, int64_t now_ms)
{
        const struct keyring_epoch *before = newest(k, entry, false);
        struct keyring_epoch *e = epoch_find(entry, 0);

        if (e == NULL)
                return ERR_ROTATING;
        if (entry->highest == UINT32_MAX)
                return ERR_LIMIT;
        TRY(epoch_fill(k, e, entry->highest + 1, now_ms, true));
        if (before != NULL)
                memcpy(secret_bytes(e->slots[2]), secret_view(before->slots[2]),
                        secret_len(e->slots[2]));
        entry->highest++;
        e->change = ++k->changes;
        return ERR_OK;
}

static enum err domain_entry_new(
        struct keyring *k, const struct domain *d, struct keyring_domain **out)
{
        struct keyring_domain *entry;
        struct keyring_domain **list =
                keyring_list_grown(k->domains, k->domains_len, &k->domains_cap);

        if (list == NULL)
                return ERR_NO_MEMORY;
        k->domains = list;
        entry = fault_hit("alloc") ? NULL : calloc(1, sizeof *entry);
        if (entry == NULL)
                return ERR_NO_MEMORY;
        memcpy(entry->name.dataset, d->dataset, strlen(d->dataset));
        entry->name.municipality = d->municipality;
        *out = entry;
        return ERR_OK;
}

static void domain_insert(struct keyring *k, size_t at, struct keyring_domain *entry)
{
        memmove(k->domains + at + 1, k->domains + at, (k->domains_len - at) * sizeof k->domains[0]);
        k->domains[at] = entry;
        k->domains_len++;
}

enum err keyring_domain_append(
        struct keyring *k, const struct domain *d, uint32_t highest, struct keyring_domain **out)
{
        TRY(domain_entry_new(k, d, out));
        (*out)->highest = highest;
        domain_insert(k, k->domains_len, *out);
        return ERR_OK;
}

enum err keyring_domain_make(struct keyring *k, const struct domain *d, int64_t now_ms)
{
        struct keyring_domain *entry = NULL;
        enum err e;

        if (!keyring_name_is_sane(d->dataset) || d->municipality == 0)
                return ERR_INVALID;
        entry = domain_entry(k, d);
        if (entry != NULL)
                return newest(k, entry, false) != NULL ? ERR_OK : epoch_begin(k, entry, now_ms);
        if (k->domains_len == DOMAINS_MAX)
                return ERR_LIMIT;
        TRY(domain_entry_new(k, d, &entry));
        e = epoch_begin(k, entry, now_ms);
        if (e != ERR_OK) {
                free(entry);
                return e;
        }
        domain_insert(k, domain_place(k, d), entry);
        return ERR_OK;
}

enum err keyring_domain_rotate(struct keyring *k, const struct domain *d, int64_t now_ms)
{
        struct keyring_domain *entry = domain_entry(k, d);

        if (entry == NULL || newest(k, entry, false) == NULL)
                return ERR_NOT_FOUND;
        return epoch_begin(k, entry, now_ms);
}

enum err keyring_domain_retire(struct keyring *k, const struct domain *d, uint32_t epoch)
{
        struct keyring_domain *entry = domain_entry(k, d);
        struct keyring_epoch *e = entry != NULL && epoch != 0 ? epoch_find(entry, epoch) : NULL;
        const struct keyring_epoch *last;

        if (e == NULL)
                return ERR_NOT_FOUND;
        last = newest(k, entry, false);
        if (e == last)
                return ERR_INVALID;
        if (last->change > k->changes_confirmed)
                return ERR_OUT_OF_ORDER;
        epoch_wipe(k, e);
        k->changes++;
        return ERR_OK;
}

enum err keyring_domain_destroy(struct keyring *k, const struct domain *d)
{
        struct keyring_domain *entry = domain_entry(k, d);

        if (entry == NULL || newest(k, entry, false) == NULL)
                return ERR_NOT_FOUND;
        for (unsigned i = 0; i < EPOCHS_LIVE; i++)
                epoch_wipe(k, &entry->epochs[i]);
        k->changes++;
        return ERR_OK;
}
