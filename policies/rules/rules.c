/* SPDX-License-Identifier: Apache-2.0 */
/* rules.c: what the canonical bundle says, once it has been read.
 *
 * rules_may_link is the sentence on which the keeper opens a stored batch, so it
 * is written to be read: every condition stands on a line of its own, and what
 * is not covered by all of them is refused. A day is a day in UTC: a linkage
 * that ends on 31 December ends one or two hours into the Swedish new year. */
#include "policies/rules/rules.h"

#include <string.h>

enum { MS_PER_DAY = 86400000 };

bool rules_is_name(struct bytes name)
{
        if (name.len == 0 || name.len > NAME_MAX_LEN || name.data[0] < 'a' || name.data[0] > 'z')
                return false;
        for (size_t i = 1; i < name.len; i++) {
                uint8_t c = name.data[i];

                if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' && c != '-')
                        return false;
        }
        return true;
}

const struct rules_dataset *rules_dataset_find(const struct rules *r, struct bytes id)
{
        for (uint32_t i = 0; i < r->datasets_len; i++)
                if (bytes_equal(r->datasets[i].id, id))
                        return &r->datasets[i];
        return NULL;
}

const struct rules_linkage *rules_linkage_find(const struct rules *r, struct bytes id)
{
        for (uint32_t i = 0; i < r->linkages_len; i++)
                if (bytes_equal(r->linkages[i].id, id))
                        return &r->linkages[i];
        return NULL;
}

static bool has_municipality(const municipality_t *sorted, uint32_t len, municipality_t m)
{
        uint32_t low = 0, high = len;

        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (sorted[middle] < m)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low < len && sorted[low] == m;
}

bool rules_has_municipality(const struct rules *r, municipality_t m)
{
        return has_municipality(r->municipalities, r->municipalities_len, m);
}

unsigned rules_submission_keys(const struct rules *r, municipality_t m, int32_t day,
        const struct rules_submission_key **out, unsigned room)
{
        unsigned len = 0;

        for (uint32_t i = 0; i < r->submission_keys_len; i++) {
                const struct rules_submission_key *k = &r->submission_keys[i];

                if (k->municipality != m || day < k->from_days || day > k->until_days)
                        continue;
                if (len < room)
                        out[len] = k;
                len++;
        }
        return len;
}

static bool has_name(const struct bytes *names, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(names[i], name))
                        return true;
        return false;
}

/* Towards the past for instants before 1970, as a calendar does. */
static int64_t day_of(int64_t now_ms)
{
        return now_ms / MS_PER_DAY - (now_ms % MS_PER_DAY < 0);
}

bool rules_linkage_joins(const struct rules_linkage *l, municipality_t municipality)
{
        switch (l->reach) {
        case REACH_NONE:
                return false;
        case REACH_ALL:
                return true;
        case REACH_LISTED:
        case REACH_OPTED_IN:
                return has_municipality(l->municipalities, l->municipalities_len, municipality);
        }
        return false;
}

enum err rules_may_link(const struct rules *r, struct bytes linkage, struct bytes dataset,
        municipality_t municipality, struct bytes purpose, int64_t now_ms, bool *out_joined)
{
        const struct rules_linkage *l = rules_linkage_find(r, linkage);
        int64_t today = day_of(now_ms);

        if (l == NULL)
                return ERR_LINKAGE_REFUSED;
        if (!has_name(l->datasets, l->datasets_len, dataset))
                return ERR_LINKAGE_REFUSED;
        if (!rules_has_municipality(r, municipality))
                return ERR_LINKAGE_REFUSED;
        if (!has_name(l->purposes, l->purposes_len, purpose))
                return ERR_LINKAGE_REFUSED;
        if (today < l->from_days || today > l->until_days)
                return ERR_LINKAGE_REFUSED;
        *out_joined = rules_linkage_joins(l, municipality);
        return ERR_OK;
}
