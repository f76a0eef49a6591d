/* SPDX-License-Identifier: Apache-2.0 */
/* signers.c: the data-protection officers whom a bundle names, and how many of them
 * must sign what follows it.
 *
 *   signers:
 *     required: 2
 *     officers:
 *       - {name: dso-nord, key: 64 hexadecimal digits}
 *
 * A bundle without `signers` leaves its successor to the signers that the keeper
 * pinned when its keys were made. */
#include <stdlib.h>
#include <string.h>

#include "policies/load.h"

static int by_name(const void *a, const void *b)
{
        const struct rules_officer *x = a, *y = b;

        return bytes_compare(x->name, y->name);
}

static enum err load_officer(struct loader *l, const struct yaml *m, struct rules *r)
{
        static const char *const keys[] = {"name", "key", NULL};
        struct rules_officer *o = &r->officers[r->officers_len];
        struct bytes key = {0};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "name", &o->name));
        TRY(yaml_text(m, "key", true, &key, l->why));
        if (key.len != (size_t)2 * OFFICER_KEY_LEN ||
                hex_decode((const char *)key.data, o->key, OFFICER_KEY_LEN) != ERR_OK)
                return yaml_complain(yaml_find(m, "key"), ERR_CONFIG, l->why,
                        "a key is %d hexadecimal digits, as in dpo.pub", 2 * OFFICER_KEY_LEN);
        for (uint32_t i = 0; i < r->officers_len; i++) {
                if (bytes_equal(r->officers[i].name, o->name))
                        return yaml_complain(yaml_find(m, "name"), ERR_CONFIG, l->why,
                                "two officers have the same name");
                if (memcmp(r->officers[i].key, o->key, OFFICER_KEY_LEN) == 0)
                        return yaml_complain(yaml_find(m, "key"), ERR_CONFIG, l->why,
                                "two officers have the same key");
        }
        r->officers_len++;
        return ERR_OK;
}

enum err load_signers(struct loader *l, const struct yaml *top)
{
        static const char *const keys[] = {"required", "officers", NULL};
        const struct yaml *m = NULL, *list = NULL;
        struct rules *r = &l->policy->rules;
        int64_t required = 0;

        TRY(yaml_mapping(top, "signers", false, &m, l->why));
        if (m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(yaml_list(m, "officers", true, &list, l->why));
        if (list->len == 0 || list->len > RULES_OFFICERS_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "1 to %d officers sign", RULES_OFFICERS_MAX);
        TRY(yaml_integer(m, "required", true, 1, list->len, &required, l->why));
        r->officers = arena_alloc(l->arena, list->len, sizeof *r->officers);
        if (r->officers == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_officer(l, &list->items[i], r));
        qsort(r->officers, r->officers_len, sizeof *r->officers, by_name);
        r->signers_required = (uint32_t)required;
        return ERR_OK;
}
