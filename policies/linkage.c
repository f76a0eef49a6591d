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

static enum err load_municipality(
        struct loader *l, const struct yaml *item, struct rules_linkage *out)
{
        municipality_t code = 0;

        if (item->kind != YAML_SCALAR ||
                !municipality_parse(
                        (const char *)item->text.data, (uint32_t)item->text.len, &code) ||
                !rules_has_municipality(&l->policy->rules, code))
                return yaml_complain(
                        item, ERR_CONFIG, l->why, "there is no municipality of this code");
        for (uint32_t i = 0; i < out->municipalities_len; i++)
                if (out->municipalities[i] == code)
                        return yaml_complain(item, ERR_CONFIG, l->why, "is named twice");
        out->municipalities[out->municipalities_len++] = code;
        return ERR_OK;
}

static enum err room_for(struct loader *l, const struct yaml *list, struct rules_linkage *out)
{
        if (list->len > MUNICIPALITIES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "more than %d municipalities",
                        MUNICIPALITIES_MAX);
        out->municipalities = arena_alloc(l->arena, list->len, sizeof *out->municipalities);
        return out->municipalities == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* opted_in: [{municipality: "0180", decision: KS 2025/123}, …]. The decision is for
 * whoever reads and signs the file: nobody takes part without one that can be
 * looked up. An empty list says that nobody takes part yet. */
static enum err load_opted_in(struct loader *l, const struct yaml *m, struct rules_linkage *out)
{
        static const char *const keys[] = {"municipality", "decision", NULL};
        const struct yaml *list = NULL;
        struct bytes decision;

        TRY(yaml_list(m, "opted_in", true, &list, l->why));
        TRY(room_for(l, list, out));
        for (uint32_t i = 0; i < list->len; i++) {
                const struct yaml *item = &list->items[i], *code;

                TRY(yaml_known_keys(item, keys, l->why));
                TRY(load_sentence(l, item, "decision", &decision));
                code = yaml_find(item, "municipality");
                if (code == NULL)
                        return yaml_complain(item, ERR_CONFIG, l->why, "`municipality` is missing");
                TRY(load_municipality(l, code, out));
        }
        return ERR_OK;
}

static enum err load_listed(struct loader *l, const struct yaml *list, struct rules_linkage *out)
{
        TRY(room_for(l, list, out));
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_municipality(l, &list->items[i], out));
        return ERR_OK;
}

/* all, opted_in, or a list of codes. */
static enum err load_municipalities(
        struct loader *l, const struct yaml *m, struct rules_linkage *out)
{
        const struct yaml *value = yaml_find(m, "municipalities");

        if (value == NULL)
                return yaml_complain(m, ERR_CONFIG, l->why, "`municipalities` is missing");
        if (value->kind == YAML_SCALAR && bytes_is_text(value->text, "all"))
                out->reach = REACH_ALL;
        else if (value->kind == YAML_SCALAR && bytes_is_text(value->text, "opted_in"))
                out->reach = REACH_OPTED_IN;
        else if (value->kind == YAML_SEQUENCE && value->len > 0)
                out->reach = REACH_LISTED;
        else
                return yaml_complain(value, ERR_CONFIG, l->why,
                        "`municipalities` is `all`, `opted_in` or a list of codes");
        if (out->reach != REACH_OPTED_IN && yaml_find(m, "opted_in") != NULL)
                return yaml_complain_key(m, "opted_in", ERR_CONFIG, l->why,
                        "`opted_in` belongs to `municipalities: opted_in`");
        if (out->reach == REACH_OPTED_IN)
                TRY(load_opted_in(l, m, out));
        if (out->reach == REACH_LISTED)
                TRY(load_listed(l, value, out));
        if (out->municipalities_len > 0)
                qsort(out->municipalities, out->municipalities_len, sizeof *out->municipalities,
                        by_number);
        return ERR_OK;
}

static enum err load_reach(struct loader *l, const struct yaml *m, struct rules_linkage *out)
{
        const struct policy *p = l->policy;
        struct bytes datasets[RULES_DATASETS_MAX], purposes[PURPOSES_MAX];
        uint32_t len = 0; /* of those that have persons to link */

        for (uint32_t i = 0; i < p->datasets_len; i++)
                if (p->datasets[i].kind == DATASET_RECORDS)
                        datasets[len++] = p->datasets[i].id;
        for (uint32_t i = 0; i < p->purposes_len; i++)
                purposes[i] = p->purposes[i].id;
        TRY(load_names(l, m, "datasets", datasets, len, "data set of records", &out->datasets,
                &out->datasets_len));
        TRY(load_names(l, m, "purposes", purposes, p->purposes_len, "purpose", &out->purposes,
                &out->purposes_len));
        return load_municipalities(l, m, out);
}

/* family: no, yes, or {children_max: 15, persons_max: 60, holds_days: 1826}. Without limits
 * of its own a linkage has these: nobody is the guardian of more children than that without
 * it being her work, and an edge that nobody has named for five years has had its day. */
static const struct family_limits usual_family = {
        .children_max = 15, .persons_max = 60, .holds_days = 1826};

static enum err load_limit(
        struct loader *l, const struct yaml *m, const char *key, int64_t max, uint32_t *inout)
{
        int64_t value = *inout;

        TRY(yaml_integer(m, key, false, 1, max, &value, l->why));
        *inout = (uint32_t)value;
        return ERR_OK;
}

static enum err load_family(struct loader *l, const struct yaml *m, struct policy_linkage *out,
        struct rules_linkage *rules)
{
        static const char *const keys[] = {"children_max", "persons_max", "holds_days", NULL};
        const struct yaml *limits = yaml_find(m, "family");

        if (limits == NULL || limits->kind != YAML_MAPPING)
                TRY(yaml_boolean(m, "family", true, &rules->family, l->why));
        else
                rules->family = true;
        if (!rules->family)
                return ERR_OK;
        out->family = usual_family;
        if (limits == NULL || limits->kind != YAML_MAPPING)
                return ERR_OK;
        TRY(yaml_known_keys(limits, keys, l->why));
        TRY(load_limit(l, limits, "children_max", FAMILY_CHILDREN_MAX, &out->family.children_max));
        TRY(load_limit(l, limits, "persons_max", FAMILY_PERSONS_MAX, &out->family.persons_max));
        return load_limit(l, limits, "holds_days", FAMILY_DAYS_MAX, &out->family.holds_days);
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

/* Whether it is of the linkage; a name of another data set is near, but not enough. */
static enum err load_end(struct loader *l, const struct yaml *item,
        const struct rules_linkage *linkage, uint32_t *out)
{
        const struct policy *p = l->policy;
        char near[SUGGEST_MAX];
        struct bytes name = {0};

        TRY(yaml_text_of(item, "pairs", &name, l->why));
        for (uint32_t i = 0; i < linkage->datasets_len; i++)
                if (bytes_equal(linkage->datasets[i], name)) {
                        *out = (uint32_t)(policy_dataset_find(p, name) - p->datasets);
                        return ERR_OK;
                }
        suggest_text(name, linkage->datasets, linkage->datasets_len, near);
        return yaml_complain(
                item, ERR_CONFIG, l->why, "the linkage has no data set of this name%s", near);
}

static enum err load_pair(struct loader *l, const struct yaml *item, struct policy_linkage *out,
        const struct rules_linkage *rules)
{
        struct dataset_pair pair = {0};

        if (item->kind != YAML_SEQUENCE || item->len != 2)
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "a pair is [base, other]: from whose records, and at whose");
        TRY(load_end(l, &item->items[0], rules, &pair.base));
        TRY(load_end(l, &item->items[1], rules, &pair.other));
        if (pair.base == pair.other)
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "records of one data set always meet: a pair has two");
        for (uint32_t i = 0; i < out->pairs_len; i++)
                if (out->pairs[i].base == pair.base && out->pairs[i].other == pair.other)
                        return yaml_complain(item, ERR_CONFIG, l->why, "the pair is named twice");
        out->pairs[out->pairs_len++] = pair;
        return ERR_OK;
}

/* Nobody's records are opened in a linkage that has no use for them. */
static enum err check_pairs(struct loader *l, const struct yaml *list,
        const struct policy_linkage *linkage, const struct rules_linkage *rules)
{
        for (uint32_t i = 0; i < rules->datasets_len; i++) {
                const struct policy *p = l->policy;
                uint32_t at = (uint32_t)(policy_dataset_find(p, rules->datasets[i]) - p->datasets);
                bool used = false;

                for (uint32_t k = 0; k < linkage->pairs_len; k++)
                        used |= linkage->pairs[k].base == at || linkage->pairs[k].other == at;
                if (!used)
                        return yaml_complain(list, ERR_CONFIG, l->why,
                                "the data set `%.*s` is in no pair, so the linkage has no need of "
                                "it",
                                (int)rules->datasets[i].len, (const char *)rules->datasets[i].data);
        }
        return ERR_OK;
}

/* pairs: [[anmalan, utredning], …]; absent: every pair of its data sets, both ways. */
static enum err load_pairs(struct loader *l, const struct yaml *m, struct policy_linkage *out,
        const struct rules_linkage *rules)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(m, "pairs", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        if (list->len == 0 || list->len > rules->datasets_len * rules->datasets_len)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "`pairs` names at least one pair, and none twice");
        out->pairs = arena_alloc(l->arena, list->len, sizeof *out->pairs);
        if (out->pairs == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_pair(l, &list->items[i], out, rules));
        return check_pairs(l, list, out, rules);
}

static enum err load_linkage(struct loader *l, const struct yaml *m, struct policy_linkage *out,
        struct rules_linkage *rules)
{
        static const char *const keys[] = {"id", "label", "legal_basis", "article_30", "datasets",
                "pairs", "municipalities", "opted_in", "purposes", "from", "until", "family", NULL};

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "id", &rules->id));
        TRY(load_label(l, m, "label", true, &out->label));
        TRY(load_sentence(l, m, "legal_basis", &out->legal_basis));
        TRY(load_processing(l, m, &out->processing));
        TRY(load_reach(l, m, rules));
        TRY(load_pairs(l, m, out, rules));
        TRY(load_date(l, m, "from", true, &rules->from_days));
        TRY(load_date(l, m, "until", true, &rules->until_days));
        if (rules->from_days > rules->until_days)
                return yaml_complain(yaml_find(m, "until"), ERR_CONFIG, l->why,
                        "the linkage ends before it begins");
        TRY(load_family(l, m, out, rules));
        out->at.id = load_place(l, m, "id");
        out->at.pairs = load_place(l, m, yaml_find(m, "pairs") != NULL ? "pairs" : "datasets");
        out->at.family = load_place(l, m, "family");
        out->at.until = load_place(l, m, "until");
        out->at.municipalities = load_place(l, m, "municipalities");
        out->at.purposes = load_place(l, m, "purposes");
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
