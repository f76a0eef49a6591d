/* SPDX-License-Identifier: Apache-2.0 */
/* dataset.c: one data set: what it is, who delivers it, who may ask it what for,
 * and what must hold before an answer leaves. */
#include <string.h>

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
        static const char *const keys[] = {"roles", "purposes", "dimensions_max", NULL};
        struct bytes known[PURPOSES_MAX];
        const struct policy *p = l->policy;
        const struct yaml *ask = NULL;
        int64_t dimensions = DIMENSIONS_MAX;

        TRY(yaml_mapping(file, "ask", true, &ask, l->why));
        TRY(yaml_known_keys(ask, keys, l->why));
        TRY(load_roles(l, ask, "roles", &d->ask_roles));
        TRY(yaml_integer(ask, "dimensions_max", false, 0, DIMENSIONS_MAX, &dimensions, l->why));
        d->dimensions_max = (uint32_t)dimensions;
        if ((d->ask_roles >> ROLE_MUNICIPALITY & 1) != 0)
                return yaml_complain(yaml_find(ask, "roles"), ERR_CONFIG, l->why,
                        "a municipality knows its own records and may not ask about all");
        for (uint32_t i = 0; i < p->purposes_len; i++)
                known[i] = p->purposes[i].id;
        return load_names(l, ask, "purposes", known, p->purposes_len, "purpose", &d->purposes,
                &d->purposes_len);
}

/* provider: utforare: the variable that says who gives the service, and so knows its own. */
static enum err load_provider(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        struct bytes known[VARIABLES_MAX];

        d->provider_variable = UINT32_MAX;
        d->at.provider = load_place(l, file, "provider");
        if (yaml_find(file, "provider") == NULL)
                return ERR_OK;
        for (uint32_t i = 0; i < d->variables_len; i++)
                known[i] = d->variables[i].id;
        TRY(load_choice(
                l, file, "provider", known, d->variables_len, "variable", &d->provider_variable));

        const struct variable *v = &d->variables[d->provider_variable];

        if (v->type != VARIABLE_CODE || v->source != SOURCE_DELIVERED)
                return yaml_complain(yaml_find(file, "provider"), ERR_CONFIG, l->why,
                        "a provider is named by a code that is delivered");
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

static bool stands_in_order(const struct policy_dataset *d, uint32_t first, uint32_t second)
{
        for (uint32_t i = 0; i < d->date_orders_len; i++)
                if (d->date_orders[i].first == first && d->date_orders[i].second == second)
                        return true;
        return false;
}

/* episode: {from: start, until: slut}: what lasts has its days counted, and meets a period
 * that it neither began nor ended in. So it begins in every record, and never after its end. */
static enum err load_episode(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        static const char *const keys[] = {"from", "until", NULL};
        struct bytes from = {0}, until = {0};
        const struct yaml *m = NULL;

        d->episode_from = d->episode_until = UINT32_MAX;
        d->at.episode = load_place(l, file, "episode");
        TRY(yaml_mapping(file, "episode", false, &m, l->why));
        if (m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(yaml_text(m, "from", true, &from, l->why));
        TRY(yaml_text(m, "until", true, &until, l->why));
        TRY(find_date(l, d, yaml_find(m, "from"), from, &d->episode_from));
        TRY(find_date(l, d, yaml_find(m, "until"), until, &d->episode_until));
        if (!d->variables[d->episode_from].required)
                return yaml_complain(yaml_find(m, "from"), ERR_CONFIG, l->why,
                        "an episode begins in every record: this date is not `required`");
        if (!stands_in_order(d, d->episode_from, d->episode_until))
                return yaml_complain(yaml_find(m, "until"), ERR_CONFIG, l->why,
                        "`date_order` does not say that the episode begins before it ends");
        return ERR_OK;
}

static enum err load_retention(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        static const char *const keys[] = {"years", NULL};
        const struct yaml *m = NULL;
        int64_t years = 0;

        TRY(yaml_mapping(file, "retention", true, &m, l->why));
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(yaml_integer(m, "years", true, 1, RETENTION_YEARS_MAX, &years, l->why));
        d->retention_years = (uint32_t)years;
        d->at.retention = load_place(l, file, "retention");
        return ERR_OK;
}

/* What every data set has, whatever its records are. */
static enum err load_common(struct loader *l, const struct yaml *file, struct policy_dataset *out)
{
        const struct yaml *variables = NULL;

        TRY(load_name(l, file, "dataset", &out->id));
        TRY(load_label(l, file, "label", true, &out->label));
        TRY(load_sentence(l, file, "legal_basis", &out->legal_basis));
        TRY(load_processing(l, file, &out->processing));
        TRY(load_retention(l, file, out));
        TRY(load_ask(l, file, out));
        TRY(yaml_list(file, "variables", true, &variables, l->why));
        TRY(load_variables(l, variables, out));
        out->at.id = load_place(l, file, "dataset");
        out->at.linkage = load_place(l, file, "linkage");
        out->at.roles = load_place(l, yaml_find(file, "ask"), "roles");
        out->at.purposes = load_place(l, yaml_find(file, "ask"), "purposes");
        return ERR_OK;
}

/* Delivery status --------------------------------------------------------- */

/* Nobody delivers it: the gateway knows it. So its variables are these and no others. Whether
 * a delivery came does not identify it: what was expected is the margin of a cell. */
static const struct status_variable {
        const char *id;
        enum variable_type type;
        enum variable_role role;
} status_variables[] = {
        {"kommun", VARIABLE_CODE, VARIABLE_IDENTIFYING},
        {"datamangd", VARIABLE_CODE, VARIABLE_IDENTIFYING},
        {"period", VARIABLE_DATE, VARIABLE_IDENTIFYING},
        {"levererad", VARIABLE_BOOLEAN, VARIABLE_SENSITIVE},
        {"poster", VARIABLE_INTEGER, VARIABLE_MEASURE},
        {"avvisade", VARIABLE_INTEGER, VARIABLE_MEASURE},
        {"varden", VARIABLE_INTEGER, VARIABLE_MEASURE},
        {"saknade", VARIABLE_INTEGER, VARIABLE_MEASURE},
};

static enum err check_status_variable(struct loader *l, const struct yaml *item,
        const struct variable *v, const struct status_variable *want)
{
        bool here = strcmp(want->id, "kommun") == 0;

        if (!bytes_is_text(v->id, want->id))
                return yaml_complain(yaml_find(item, "id"), ERR_CONFIG, l->why,
                        "here stands `%s` in a data set of deliveries", want->id);
        if (v->type != want->type || v->role != want->role ||
                v->source != (here ? SOURCE_MUNICIPALITY : SOURCE_DELIVERED))
                return yaml_complain(item, ERR_CONFIG, l->why, "`%s` is a %s, %s%s", want->id,
                        variable_type_name(want->type), variable_role_name(want->role),
                        here ? ", and its source the municipality" : "");
        return ERR_OK;
}

static enum err load_status(struct loader *l, const struct yaml *file, struct policy_dataset *out)
{
        static const char *const keys[] = {"dataset", "kind", "label", "legal_basis", "article_30",
                "retention", "ask", "disclosure", "variables", NULL};
        const struct rules_dataset nobody = {.person = PERSON_USE_NONE};
        const struct yaml *variables = yaml_find(file, "variables");

        TRY(yaml_known_keys(file, keys, l->why));
        out->kind = DATASET_DELIVERIES;
        out->provider_variable = UINT32_MAX;
        TRY(load_common(l, file, out));
        TRY(load_disclosure(l, file, &nobody, out));
        if (out->variables_len != ARRAY_LEN(status_variables))
                return yaml_complain(variables, ERR_CONFIG, l->why,
                        "a data set of deliveries has %zu variables, kommun to saknade",
                        ARRAY_LEN(status_variables));
        for (uint32_t i = 0; i < out->variables_len; i++)
                TRY(check_status_variable(
                        l, &variables->items[i], &out->variables[i], &status_variables[i]));
        out->order_variable = (uint32_t)variable_find(out, bytes_of_text("period"));
        out->episode_from = out->episode_until = UINT32_MAX;
        return ERR_OK;
}

/* Records ----------------------------------------------------------------- */

static enum err load_records(struct loader *l, const struct yaml *file, struct policy_dataset *out,
        struct rules_dataset *rules, struct draft_dataset *draft)
{
        static const char *const keys[] = {"dataset", "kind", "label", "legal_basis", "article_30",
                "retention", "periodicity", "person", "test_numbers", "guardians", "local_ids",
                "clear_persons", "deliver", "replace", "open_hours", "ask", "disclosure", "linkage",
                "order_by", "date_order", "episode", "provider", "lattice", "variables", NULL};

        TRY(yaml_known_keys(file, keys, l->why));
        TRY(load_common(l, file, out));
        TRY(load_persons(l, file, rules));
        TRY(load_provider(l, file, out));
        TRY(load_disclosure(l, file, rules, out));
        TRY(load_deliveries(l, file, out));
        TRY(load_orders(l, file, out));
        TRY(load_episode(l, file, out));
        TRY(load_lattice(l, file, out));
        TRY(yaml_text(file, "linkage", true, &draft->linkage, l->why));
        draft->linkage_at = yaml_find(file, "linkage");
        return ERR_OK;
}

enum err load_dataset(struct loader *l, const struct yaml *file, struct policy_dataset *out,
        struct rules_dataset *rules, struct draft_dataset *draft)
{
        static const char *const kinds[] = {"records", "deliveries", NULL};
        uint32_t kind = 0;

        TRY(yaml_word(file, "kind", false, kinds, &kind, l->why));
        if (kind == 1)
                TRY(load_status(l, file, out));
        else
                TRY(load_records(l, file, out, rules, draft));
        rules->id = out->id;
        return ERR_OK;
}
