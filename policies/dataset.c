/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.c: one data set: what it is, who delivers it, who may ask it what for,
 * and what must hold before an answer leaves. */
#include "policies/load.h"

static enum err load_persons(struct loader *l, const struct yaml *file, struct rules_dataset *out)
{
        static const char *const uses[] = {"none", "optional", "required", NULL};
        static const char *const test_numbers[] = {"allowed", "refused", "required", NULL};
        uint32_t use = 0, test = 0;

        TRY(yaml_word(file, "person", true, uses, &use, l->why));
        TRY(yaml_word(file, "test_numbers", use != PERSON_USE_NONE, test_numbers, &test, l->why));
        TRY(yaml_boolean(file, "guardians", false, &out->guardians, l->why));
        TRY(yaml_boolean(file, "local_ids", false, &out->local_ids, l->why));
        TRY(yaml_boolean(file, "clear_persons", false, &out->clear_persons, l->why));
        out->person = (enum person_use)use;
        out->test_numbers = (enum pnr_test_numbers)test;
        if (out->person == PERSON_USE_NONE &&
                (out->guardians || out->local_ids || out->clear_persons))
                return yaml_complain(yaml_find(file, "person"), ERR_CONFIG, l->why,
                        "a data set without persons has no guardians, local ids or clear persons");
        return ERR_OK;
}

static enum err load_ask(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        static const char *const keys[] = {"roles", "purposes", NULL};
        struct bytes known[PURPOSES_MAX];
        const struct policy *p = l->policy;
        const struct yaml *ask = NULL;

        TRY(yaml_mapping(file, "ask", true, &ask, l->why));
        TRY(yaml_known_keys(ask, keys, l->why));
        TRY(load_roles(l, ask, "roles", &d->ask_roles));
        if ((d->ask_roles >> ROLE_MUNICIPALITY & 1) != 0)
                return yaml_complain(yaml_find(ask, "roles"), ERR_CONFIG, l->why,
                        "a municipality knows its own records and may not ask about all");
        for (uint32_t i = 0; i < p->purposes_len; i++)
                known[i] = p->purposes[i].id;
        return load_names(l, ask, "purposes", known, p->purposes_len, "purpose", &d->purposes,
                &d->purposes_len);
}

static enum err load_disclosure(
        struct loader *l, const struct yaml *file, struct disclosure_rules *out)
{
        static const char *const keys[] = {"threshold", "zeros", NULL};
        static const char *const zeros[] = {"protect", "publish", NULL};
        const struct yaml *m = NULL;
        int64_t threshold = 0;
        uint32_t zero = 0;

        TRY(yaml_mapping(file, "disclosure", true, &m, l->why));
        TRY(yaml_known_keys(m, keys, l->why));
        /* A threshold of one protects nobody. */
        TRY(yaml_integer(m, "threshold", true, 2, 1000, &threshold, l->why));
        TRY(yaml_word(m, "zeros", true, zeros, &zero, l->why));
        out->threshold = (uint32_t)threshold;
        out->zeros_published = zero == 1;
        return ERR_OK;
}

static enum err load_deliveries(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        static const char *const periods[] = {"year", "quarter", "month", NULL};
        static const char *const keys[] = {"rejected_max_permille", NULL};
        const struct yaml *replace = NULL;
        int64_t permille = 0, hours = 0;
        uint32_t period = 0;

        TRY(yaml_word(file, "periodicity", true, periods, &period, l->why));
        TRY(load_roles(l, file, "deliver", &d->deliver_roles));
        if (d->deliver_roles != 1u << ROLE_MUNICIPALITY)
                return yaml_complain(yaml_find(file, "deliver"), ERR_CONFIG, l->why,
                        "only the role municipality can deliver");
        TRY(yaml_mapping(file, "replace", true, &replace, l->why));
        TRY(yaml_known_keys(replace, keys, l->why));
        TRY(yaml_integer(replace, "rejected_max_permille", true, 0, 1000, &permille, l->why));
        TRY(yaml_integer(file, "open_hours", true, 1, OPEN_HOURS_MAX, &hours, l->why));
        d->periodicity = (enum periodicity)(period + 1);
        d->replace_rejected_max_permille = (uint32_t)permille;
        d->open_hours_max = (uint32_t)hours;
        return ERR_OK;
}

static enum err find_date(struct loader *l, const struct policy_dataset *d, const struct yaml *at,
        struct bytes id, uint32_t *out)
{
        int32_t i = variable_find(d, id);

        if (i < 0 || d->variables[i].type != VARIABLE_DATE)
                return yaml_complain(
                        at, ERR_CONFIG, l->why, "this must name a date of the data set");
        *out = (uint32_t)i;
        return ERR_OK;
}

static enum err load_date_order(struct loader *l, const struct yaml *pair,
        const struct policy_dataset *d, struct date_order *out)
{
        static const char *const keys[] = {"first", "then", NULL};
        struct bytes first = {0}, then = {0};

        TRY(yaml_known_keys(pair, keys, l->why));
        TRY(yaml_text(pair, "first", true, &first, l->why));
        TRY(yaml_text(pair, "then", true, &then, l->why));
        TRY(find_date(l, d, yaml_find(pair, "first"), first, &out->first));
        TRY(find_date(l, d, yaml_find(pair, "then"), then, &out->second));
        if (out->first == out->second)
                return yaml_complain(pair, ERR_CONFIG, l->why, "a date cannot precede itself");
        return ERR_OK;
}

static enum err load_orders(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        const struct yaml *list = NULL;
        struct bytes by = {0};

        d->order_variable = UINT32_MAX;
        TRY(yaml_text(file, "order_by", false, &by, l->why));
        if (by.len > 0)
                TRY(find_date(l, d, yaml_find(file, "order_by"), by, &d->order_variable));
        TRY(yaml_list(file, "date_order", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        if (list->len > DATE_ORDERS_MAX)
                return yaml_complain(
                        list, ERR_CONFIG, l->why, "more than %d pairs of dates", DATE_ORDERS_MAX);
        d->date_orders = arena_alloc(l->arena, list->len, sizeof *d->date_orders);
        if (d->date_orders == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++)
                TRY(load_date_order(l, &list->items[i], d, &d->date_orders[i]));
        d->date_orders_len = list->len;
        return ERR_OK;
}

enum err load_dataset(struct loader *l, const struct yaml *file, struct policy_dataset *out,
        struct rules_dataset *rules, struct draft_dataset *draft)
{
        static const char *const keys[] = {"dataset", "label", "legal_basis", "article_30",
                "periodicity", "person", "test_numbers", "guardians", "local_ids", "clear_persons",
                "deliver", "replace", "open_hours", "ask", "disclosure", "linkage", "order_by",
                "date_order", "variables", NULL};
        const struct yaml *variables = NULL;

        TRY(yaml_known_keys(file, keys, l->why));
        TRY(load_name(l, file, "dataset", &out->id));
        TRY(load_label(l, file, "label", true, &out->label));
        TRY(load_sentence(l, file, "legal_basis", &out->legal_basis));
        TRY(load_processing(l, file, &out->processing));
        TRY(load_persons(l, file, rules));
        TRY(load_deliveries(l, file, out));
        TRY(load_ask(l, file, out));
        TRY(load_disclosure(l, file, &out->disclosure));
        TRY(yaml_list(file, "variables", true, &variables, l->why));
        TRY(load_variables(l, variables, out));
        TRY(load_orders(l, file, out));
        TRY(yaml_text(file, "linkage", true, &draft->linkage, l->why));
        draft->linkage_at = yaml_find(file, "linkage");
        out->at.id = load_place(l, file, "dataset");
        out->at.linkage = load_place(l, file, "linkage");
        out->at.disclosure = load_place(l, file, "disclosure");
        out->at.roles = load_place(l, yaml_find(file, "ask"), "roles");
        out->at.purposes = load_place(l, yaml_find(file, "ask"), "purposes");
        rules->id = out->id;
        return ERR_OK;
}
