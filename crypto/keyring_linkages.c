/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_linkages.c: keys of linkages, one for tokens and one for noise.
 *
 * They do not rotate. A token lives as long as a view is being built, and noise must stay
 * the same from vintage to vintage, or the difference of two answers would show what it
 * hides. They end with the rule that allowed the linkage. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/keyring_state.h"
#include "crypto/secret.h"

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

bool keyring_linkage_ready(const struct keyring *k, const char *linkage)
{
        const struct keyring_linkage *entry = linkage_entry(k, linkage);

        return entry != NULL && entry->has_noise && entry->change <= k->changes_confirmed;
}

size_t keyring_linkages_len(const struct keyring *k)
{
        return k->linkages_len;
}

void keyring_linkage_info(const struct keyring *k, size_t i, struct keyring_linkage_info *out)
{
        memcpy(out->name, k->linkages[i]->name, sizeof out->name);
        out->created_ms = k->linkages[i]->created_ms;
}

static void linkage_wipe(struct keyring *k, struct keyring_linkage *entry)
{
        secret_slab_give(k->slab, &entry->key);
        secret_slab_give(k->slab, &entry->noise);
        free(entry);
}

static enum err linkage_entry_new(struct keyring *k, const char *name, struct keyring_linkage **out)
{
        struct keyring_linkage *entry;
        struct keyring_linkage **list =
                keyring_list_grown(k->linkages, k->linkages_len, &k->linkages_cap);
        enum err e;

        if (list == NULL)
                return ERR_NO_MEMORY;
        k->linkages = list;
        entry = fault_hit("alloc") ? NULL : calloc(1, sizeof *entry);
        if (entry == NULL)
                return ERR_NO_MEMORY;
        e = secret_slab_take(&k->slab, &entry->key);
        if (e == ERR_OK)
                e = secret_slab_take(&k->slab, &entry->noise);
        if (e != ERR_OK) {
                linkage_wipe(k, entry);
                return e;
        }
        memcpy(entry->name, name, strlen(name));
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

enum err keyring_linkage_append(
        struct keyring *k, const char *name, int64_t created_ms, bool has_noise)
{
        struct keyring_linkage *entry = NULL;

        TRY(linkage_entry_new(k, name, &entry));
        entry->created_ms = created_ms;
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

enum err keyring_linkage_make(struct keyring *k, const char *linkage, int64_t now_ms)
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
                linkage_wipe(k, entry);
                return e;
        }
        entry->created_ms = now_ms;
        linkage_insert(k, linkage_place(k, linkage), entry);
        return ERR_OK;
}

enum err keyring_linkage_destroy(struct keyring *k, const char *linkage)
{
        size_t at = linkage_place(k, linkage);
        struct keyring_linkage *entry = linkage_entry(k, linkage);

        if (entry == NULL)
                return ERR_NOT_FOUND;
        linkage_wipe(k, entry);
        k->linkages_len--;
        memmove(k->linkages + at, k->linkages + at + 1,
                (k->linkages_len - at) * sizeof k->linkages[0]);
        k->changes++;
        return ERR_OK;
}
