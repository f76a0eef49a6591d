/* SPDX-License-Identifier: Apache-2.0 */
/* submission_keys.c: what each municipality signs its deliveries with, and how many
 * persons it may deliver and have erased.
 *
 *   submission_keys: submission_keys.yaml       the file:
 *     submission_keys:
 *       - {municipality: "0114", key: 64 hexadecimal digits, from: 2026-01-01, until: 2027-12-31}
 *
 *   person_quota: {permille: 500, minimum: 2000}
 *   erasure_quota: {per_day: 100}
 *
 * Keys have an end, always: who forgets to renew one is told by a refusal, while a key that
 * was forgotten would be good for ever. A quota is so many of a thousand inhabitants, and no
 * fewer than the minimum, where a small place would be left with next to none. Erasures are few
 * anywhere: who asks for thousands a day tries out numbers, or empties the store. */
#include <stdlib.h>
#include <string.h>

#include "policies/load.h"

enum { QUOTA_PERMILLE_MAX = 10000, QUOTA_MINIMUM_MAX = 1000000, PERMILLE = 1000 };

/* A key and where it stands, to be sorted together. */
struct pinned {
        struct rules_submission_key key;
        struct rule_place at;
};

static int by_municipality_and_key(const void *a, const void *b)
{
        const struct pinned *x = a, *y = b;

        if (x->key.municipality != y->key.municipality)
                return x->key.municipality < y->key.municipality ? -1 : 1;
        return memcmp(x->key.key, y->key.key, sizeof x->key.key);
}

static enum err load_owner(struct loader *l, const struct yaml *m, municipality_t *out)
{
        struct bytes code = {0};

        TRY(yaml_text(m, "municipality", true, &code, l->why));
        if (!municipality_parse((const char *)code.data, (uint32_t)code.len, out) ||
                !rules_has_municipality(&l->policy->rules, *out))
                return yaml_complain(yaml_find(m, "municipality"), ERR_CONFIG, l->why,
                        "there is no municipality of this code");
        return ERR_OK;
}

static enum err load_key(struct loader *l, const struct yaml *m, struct rules_submission_key *out)
{
        static const char *const keys[] = {"municipality", "key", "from", "until", NULL};
        struct bytes key = {0};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_owner(l, m, &out->municipality));
        TRY(yaml_text(m, "key", true, &key, l->why));
        if (key.len != 2 * sizeof out->key ||
                hex_decode((const char *)key.data, out->key, sizeof out->key) != ERR_OK)
                return yaml_complain(yaml_find(m, "key"), ERR_CONFIG, l->why,
                        "a key is %zu hexadecimal digits, as `statgate keys submission-key` "
                        "prints it",
                        2 * sizeof out->key);
        TRY(load_date(l, m, "from", true, &out->from_days));
        TRY(load_date(l, m, "until", true, &out->until_days));
        if (out->until_days < out->from_days)
                return yaml_complain(
                        yaml_find(m, "until"), ERR_CONFIG, l->why, "the key ends before it begins");
        return ERR_OK;
}

static enum err check_new(
        struct loader *l, const struct yaml *m, const struct pinned *pinned, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                if (memcmp(pinned[i].key.key, pinned[len].key.key, OFFICER_KEY_LEN) == 0)
                        return yaml_complain(yaml_find(m, "key"), ERR_CONFIG, l->why,
                                "the key stands above, and a key has one owner");
        return ERR_OK;
}

static enum err keep_keys(struct loader *l, struct pinned *pinned, uint32_t len)
{
        struct policy *p = l->policy;

        qsort(pinned, len, sizeof *pinned, by_municipality_and_key);
        p->rules.submission_keys = arena_alloc(l->arena, len, sizeof *p->rules.submission_keys);
        p->submission_keys_at = arena_alloc(l->arena, len, sizeof *p->submission_keys_at);
        if (p->rules.submission_keys == NULL || p->submission_keys_at == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                p->rules.submission_keys[i] = pinned[i].key;
                p->submission_keys_at[i] = pinned[i].at;
        }
        p->rules.submission_keys_len = len;
        return ERR_OK;
}

enum err load_submission_keys(struct loader *l, const struct yaml *file)
{
        static const char *const keys[] = {"submission_keys", NULL};
        const struct yaml *list = NULL;
        struct pinned *pinned;
        enum err rc = ERR_OK;

        TRY(yaml_known_keys(file, keys, l->why));
        TRY(yaml_list(file, "submission_keys", true, &list, l->why));
        if (list->len > RULES_SUBMISSION_KEYS_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "more than %d submission keys",
                        RULES_SUBMISSION_KEYS_MAX);
        pinned = arena_alloc(l->scratch, list->len, sizeof *pinned);
        if (pinned == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                enum err e = load_key(l, &list->items[i], &pinned[i].key);

                if (e == ERR_OK)
                        e = check_new(l, &list->items[i], pinned, i);
                pinned[i].at = load_place(l, &list->items[i], NULL);
                rc = rc == ERR_OK ? e : rc;
        }
        TRY(rc);
        return keep_keys(l, pinned, list->len);
}

/* Inhabitants of a municipality as its code list says; 0: not stated. */
static uint32_t inhabitants(const struct code_list *list, municipality_t m)
{
        for (uint32_t i = 0; i < list->levels[0].len; i++) {
                const struct code *c = &list->levels[0].codes[i];
                municipality_t code = 0;

                if (municipality_parse((const char *)c->code.data, (uint32_t)c->code.len, &code) &&
                        code == m)
                        return c->population;
        }
        return 0;
}

enum err load_person_quota(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"permille", "minimum", NULL};
        struct rules *r = &l->policy->rules;
        const struct yaml *m = NULL;
        int64_t permille = 0, minimum = 0;

        r->person_quotas = arena_alloc(l->arena, r->municipalities_len, sizeof *r->person_quotas);
        if (r->person_quotas == NULL)
                return ERR_NO_MEMORY;
        TRY(yaml_mapping(top, "person_quota", false, &m, l->why));
        if (m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(yaml_integer(m, "permille", true, 1, QUOTA_PERMILLE_MAX, &permille, l->why));
        TRY(yaml_integer(m, "minimum", true, 1, QUOTA_MINIMUM_MAX, &minimum, l->why));
        l->policy->person_quota_at = load_place(l, top, "person_quota");
        for (uint32_t i = 0; i < r->municipalities_len; i++) {
                uint64_t quota =
                        (uint64_t)inhabitants(l->policy->municipalities, r->municipalities[i]) *
                        (uint64_t)permille / PERMILLE;

                r->person_quotas[i] =
                        (uint32_t)(quota < (uint64_t)minimum ? (uint64_t)minimum : quota);
        }
        return ERR_OK;
}

enum err load_erasure_quota(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"per_day", NULL};
        int64_t per_day = RULES_ERASURES_PER_DAY;
        const struct yaml *m = NULL;

        TRY(yaml_mapping(top, "erasure_quota", false, &m, l->why));
        if (m != NULL) {
                TRY(yaml_known_keys(m, keys, l->why));
                TRY(yaml_integer(m, "per_day", true, 1, RULES_ERASURES_MAX, &per_day, l->why));
                l->policy->erasure_quota_at = load_place(l, top, "erasure_quota");
        } else {
                l->policy->erasure_quota_at = l->policy->head_at;
        }
        l->policy->rules.erasures_per_day = (uint32_t)per_day;
        return ERR_OK;
}
