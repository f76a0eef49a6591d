/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c: a policy as the rest of the gateway holds it: counted, read-only,
 * looked up by name. A reload makes a new one; queries in flight keep the old
 * one alive until they end. */
#include <assert.h>
#include <stdlib.h>

#include "policies/load.h"

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
