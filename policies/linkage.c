/* SPDX-License-Identifier: Apache-2.0 */
/* linkage.c: which records of one person may meet, what for, and until when.
 *
 * A linkage without an end, a purpose or a basis in law does not load. The
 * keeper reads the same rule in the signed form and is the one who enforces it. */
#include <stdlib.h>

#include "policies/load.h"
#include "policies/suggest.h"

static int by_number(const void *a, const void *b)
{
        const municipality_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/* "all", or a list of codes. */
static enum err load_municipalities(
        struct loader *l, const struct yaml *m, struct rules_linkage *out)
{
        const struct yaml *value = yaml_find(m, "municipalities");

        if (value == NULL)
                return yaml_complain(m, ERR_CONFIG, l->why, "`municipalities` is missing");
        if (value->kind == YAML_SCALAR && bytes_is_text(value->text, "all"))
                return ERR_OK;
        if (value->kind != YAML_SEQUENCE || value->len == 0 || value->len > MUNICIPALITIES_MAX)
                return yaml_complain(
                        value, ERR_CONFIG, l->why, "`municipalities` is `all` or a list of codes");
        out->municipalities = arena_alloc(l->arena, value->len, sizeof *out->municipalities);
        if (out->municipalities == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < value->len; i++) {
                const struct yaml *item = &value->items[i];
                municipality_t code = 0;

                if (item->kind != YAML_SCALAR ||
                        !municipality_parse(
                                (const char *)item->text.data, (uint32_t)item->text.len, &code) ||
                        !rules_has_municipality(&l->policy->rules, code))
                        return yaml_complain(
                                item, ERR_CONFIG, l->why, "there is no municipality of this code");
                for (uint32_t j = 0; j < i; j++)
                        if (out->municipalities[j] == code)
                                return yaml_complain(item, ERR_CONFIG, l->why, "is named twice");
                out->municipalities[i] = code;
        }
        out->municipalities_len = value->len;
        qsort(out->municipalities, out->municipalities_len, sizeof *out->municipalities, by_number);
        return ERR_OK;
}

static enum err load_reach(struct loader *l, const struct yaml *m, struct rules_linkage *out)
{
        const struct policy *p = l->policy;
        struct bytes datasets[RULES_DATASETS_MAX], purposes[PURPOSES_MAX];

        for (uint32_t i = 0; i < p->datasets_len; i++)
                datasets[i] = p->datasets[i].id;
        for (uint32_t i = 0; i < p->purposes_len; i++)
                purposes[i] = p->purposes[i].id;
        TRY(load_names(l, m, "datasets", datasets, p->datasets_len, "data set", &out->datasets,
                &out->datasets_len));
        TRY(load_names(l, m, "purposes", purposes, p->purposes_len, "purpose", &out->purposes,
                &out->purposes_len));
        return load_municipalities(l, m, out);
}

static enum err check_family(
        struct loader *l, const struct yaml *m, const struct rules_linkage *linkage)
{
        if (!linkage->family)
                return ERR_OK;
        for (uint32_t i = 0; i < linkage->datasets_len; i++)
                if (rules_dataset_find(&l->policy->rules, linkage->datasets[i])->guardians)
                        return ERR_OK;
        return yaml_complain(yaml_find(m, "family"), ERR_CONFIG, l->why,
                "families are linked through guardians, and no data set here has any");
}

static enum err load_linkage(struct loader *l, const struct yaml *m, struct policy_linkage *out,
        struct rules_linkage *rules)
{
        static const char *const keys[] = {"id", "label", "legal_basis", "article_30", "datasets",
                "municipalities", "purposes", "from", "until", "family", NULL};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "id", &rules->id));
        TRY(load_label(l, m, "label", true, &out->label));
        TRY(load_sentence(l, m, "legal_basis", &out->legal_basis));
        TRY(load_processing(l, m, &out->processing));
        TRY(load_reach(l, m, rules));
        TRY(load_date(l, m, "from", true, &rules->from_days));
        TRY(load_date(l, m, "until", true, &rules->until_days));
        if (rules->from_days > rules->until_days)
                return yaml_complain(yaml_find(m, "until"), ERR_CONFIG, l->why,
                        "the linkage ends before it begins");
        TRY(yaml_boolean(m, "family", true, &rules->family, l->why));
        return check_family(l, m, rules);
}

/* Both halves of a linkage, to be sorted together. */
struct pair {
        struct policy_linkage policy;
        struct rules_linkage rules;
        const struct yaml *at;
};

static int by_id(const void *a, const void *b)
{
        const struct pair *x = a, *y = b;

        return bytes_compare(x->rules.id, y->rules.id);
}

static enum err keep(struct loader *l, const struct pair *pairs, uint32_t len)
{
        struct policy *p = l->policy;

        p->linkages = arena_alloc(l->arena, len, sizeof *p->linkages);
        p->rules.linkages = arena_alloc(l->arena, len, sizeof *p->rules.linkages);
        if (p->linkages == NULL || p->rules.linkages == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                if (i > 0 && bytes_equal(pairs[i - 1].rules.id, pairs[i].rules.id))
                        return yaml_complain(yaml_find(pairs[i].at, "id"), ERR_CONFIG, l->why,
                                "two linkages have the same id");
                p->linkages[i] = pairs[i].policy;
                p->rules.linkages[i] = pairs[i].rules;
                p->linkages[i].rules = &p->rules.linkages[i];
        }
        p->linkages_len = p->rules.linkages_len = len;
        return ERR_OK;
}

enum err load_linkages(struct loader *l, const struct yaml *list)
{
        struct pair *pairs;
        enum err rc = ERR_OK;

        if (list->len == 0 || list->len > RULES_LINKAGES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "a bundle has 1 to %d linkages",
                        RULES_LINKAGES_MAX);
        pairs = arena_alloc(l->scratch, list->len, sizeof *pairs);
        if (pairs == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                enum err e = load_linkage(l, &list->items[i], &pairs[i].policy, &pairs[i].rules);

                pairs[i].at = &list->items[i];
                rc = rc == ERR_OK ? e : rc;
        }
        TRY(rc);
        qsort(pairs, list->len, sizeof *pairs, by_id);
        return keep(l, pairs, list->len);
}
