/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: a policy as the rest of the gateway holds it: counted, read-only,
 * looked up by name. A reload makes a new one; queries in flight keep the old
 * one alive until they end. */
#include <assert.h>
#include <stdlib.h>

#include "policies/load.h"

enum { MS_PER_DAY = 86400000 };

enum err policy_new(struct policy **out)
{
        struct policy *p = calloc(1, sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        atomic_init(&p->holders, 1);
        p->arena = arena_new(POLICY_ARENA_MAX);
        if (p->arena == NULL) {
                free(p);
                return ERR_NO_MEMORY;
        }
        *out = p;
        return ERR_OK;
}

struct policy *policy_ref(struct policy *p)
{
        unsigned before = atomic_fetch_add_explicit(&p->holders, 1, memory_order_relaxed);

        assert(before > 0);
        return p;
}

void policy_unref(struct policy **p)
{
        struct policy *gone;

        if (p == NULL || *p == NULL)
                return;
        gone = *p;
        *p = NULL;
        if (atomic_fetch_sub_explicit(&gone->holders, 1, memory_order_acq_rel) > 1)
                return;
        arena_free(&gone->arena);
        free(gone);
}

const struct rules *policy_rules(const struct policy *p)
{
        return &p->rules;
}

struct bytes policy_canonical(const struct policy *p)
{
        return p->canonical;
}

const struct digest *policy_digest(const struct policy *p)
{
        return &p->digest;
}

struct label policy_label(const struct policy *p)
{
        return p->label;
}

const char *policy_trust(const struct policy *p)
{
        return p->trust;
}

bool policy_publish_automatically(const struct policy *p)
{
        return p->publish_automatically;
}

uint32_t policy_log_years(const struct policy *p)
{
        return p->log_years;
}

unsigned policy_method_roles(const struct policy *p, enum policy_method method)
{
        return (unsigned)method < METHOD_COUNT ? p->method_roles[method] : 0;
}

const char *policy_service_name(enum policy_service service)
{
        static const char *const names[SERVICE_COUNT] = {
#define SERVICE_WORD(name, word) [SERVICE_##name] = (word),
                POLICY_SERVICES(SERVICE_WORD)
#undef SERVICE_WORD
        };

        return (unsigned)service < SERVICE_COUNT ? names[service] : NULL;
}

static const struct {
        const char *name;
        enum policy_service service;
} policy_methods[METHOD_COUNT] = {
#define METHOD_ROW(service, name, word) [METHOD_##name] = {(word), SERVICE_##service},
        POLICY_METHODS(METHOD_ROW)
#undef METHOD_ROW
};

const char *policy_method_name(enum policy_method method)
{
        return (unsigned)method < METHOD_COUNT ? policy_methods[method].name : NULL;
}

enum policy_service policy_method_service(enum policy_method method)
{
        return (unsigned)method < METHOD_COUNT ? policy_methods[method].service : SERVICE_NONE;
}

const struct purpose *policy_purposes(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->purposes_len;
        return p->purposes;
}

const struct policy_linkage *policy_linkages(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->linkages_len;
        return p->linkages;
}

const struct policy_dataset *policy_datasets(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->datasets_len;
        return p->datasets;
}

const struct policy_preset *policy_presets(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->presets_len;
        return p->presets;
}

const struct policy_dataset *policy_dataset_find(const struct policy *p, struct bytes id)
{
        for (uint32_t i = 0; i < p->datasets_len; i++)
                if (bytes_equal(p->datasets[i].id, id))
                        return &p->datasets[i];
        return NULL;
}

int32_t variable_find(const struct policy_dataset *d, struct bytes id)
{
        for (uint32_t i = 0; i < d->variables_len; i++)
                if (bytes_equal(d->variables[i].id, id))
                        return (int32_t)i;
        return -1;
}

const struct code_list *policy_code_list_find(const struct policy *p, struct bytes id)
{
        for (uint32_t i = 0; i < p->code_lists_len; i++)
                if (bytes_equal(p->code_lists[i].id, id))
                        return &p->code_lists[i];
        return NULL;
}

const struct code_list *policy_municipalities(const struct policy *p)
{
        return p->municipalities;
}

bool policy_expects(const struct policy *p, uint32_t code, struct period period)
{
        const struct code *c = &p->municipalities->levels[0].codes[code];

        return !c->history && c->valid_from <= period.last && c->valid_until >= period.first;
}

static bool names_hold(const struct bytes *names, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(names[i], name))
                        return true;
        return false;
}

/* Principals -------------------------------------------------------------- */

const struct policy_principal *policy_principals(const struct policy *p, uint32_t *out_len)
{
        *out_len = p->principals_len;
        return p->principals;
}

/* '*' takes as much of a segment as it must: what follows decides, and of several stars in
 * a segment only the last one ever has to be tried again. */
static bool fits(struct bytes match, struct bytes uri)
{
        size_t m = 0, u = 0, star = SIZE_MAX, from = 0;

        while (u < uri.len) {
                if (m < match.len && match.data[m] == '*') {
                        star = m++;
                        from = u;
                } else if (m < match.len && match.data[m] == uri.data[u]) {
                        m++;
                        u++;
                } else if (star != SIZE_MAX && uri.data[from] != '/') {
                        m = star + 1;
                        u = ++from;
                } else {
                        return false;
                }
        }
        while (m < match.len && match.data[m] == '*')
                m++;
        return m == match.len;
}

const struct policy_principal *policy_principal_find(const struct policy *p, struct bytes uri)
{
        for (uint32_t i = 0; i < p->principals_len; i++)
                if (fits(p->principals[i].match, uri))
                        return &p->principals[i];
        return NULL;
}

bool policy_principal_asks(const struct policy_principal *who, struct bytes dataset)
{
        return who->all_datasets || names_hold(who->datasets, who->datasets_len, dataset);
}

bool policy_principal_serves(const struct policy_principal *who, struct bytes purpose)
{
        return who->all_purposes || names_hold(who->purposes, who->purposes_len, purpose);
}

/* Linkages ---------------------------------------------------------------- */

const struct policy_linkage *policy_linkage_find(const struct policy *p, struct bytes id)
{
        for (uint32_t i = 0; i < p->linkages_len; i++)
                if (bytes_equal(p->linkages[i].rules->id, id))
                        return &p->linkages[i];
        return NULL;
}

bool policy_linkage_serves(const struct policy_linkage *l, struct bytes purpose, int64_t now_ms)
{
        const struct rules_linkage *r = l->rules;
        int64_t today = now_ms / MS_PER_DAY - (now_ms % MS_PER_DAY < 0);

        return today >= r->from_days && today <= r->until_days &&
               names_hold(r->purposes, r->purposes_len, purpose);
}

bool policy_linkage_pairs(const struct policy *p, const struct policy_linkage *l,
        const struct policy_dataset *base, const struct policy_dataset *other)
{
        const struct rules_linkage *r = l->rules;
        uint32_t from = (uint32_t)(base - p->datasets), to = (uint32_t)(other - p->datasets);

        if (!names_hold(r->datasets, r->datasets_len, base->id) ||
                !names_hold(r->datasets, r->datasets_len, other->id))
                return false;
        if (l->pairs_len == 0 || from == to)
                return true;
        for (uint32_t i = 0; i < l->pairs_len; i++)
                if (l->pairs[i].base == from && l->pairs[i].other == to)
                        return true;
        return false;
}

static bool covers(const struct policy *p, const struct policy_linkage *l,
        const struct policy_dataset *base, const struct policy_dataset *const *others,
        uint32_t others_len)
{
        for (uint32_t i = 0; i < others_len; i++)
                if (!policy_linkage_pairs(p, l, base, others[i]))
                        return false;
        return policy_linkage_pairs(p, l, base, base);
}

/* Linkages stand sorted by id, so the first of the smallest is the one. */
const struct policy_linkage *policy_linkage_narrowest(const struct policy *p,
        const struct policy_dataset *base, const struct policy_dataset *const *others,
        uint32_t others_len, struct bytes purpose, bool family, int64_t now_ms)
{
        const struct policy_linkage *best = NULL;

        if (others_len == 0 && !family && base->linkage != NULL) {
                best = policy_linkage_find(p, base->linkage->id);
                return policy_linkage_serves(best, purpose, now_ms) ? best : NULL;
        }
        for (uint32_t i = 0; i < p->linkages_len; i++) {
                const struct policy_linkage *l = &p->linkages[i];

                if (policy_linkage_serves(l, purpose, now_ms) && (l->rules->family || !family) &&
                        covers(p, l, base, others, others_len) &&
                        (best == NULL || l->rules->datasets_len < best->rules->datasets_len))
                        best = l;
        }
        return best;
}
