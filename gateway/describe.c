/* SPDX-License-Identifier: Apache-2.0 */
/* describe.c: what may be asked: public metadata, straight from the policy. */
#include "base/clock.h"
#include "gateway/gateway.h"
#include "gateway/tell_rules.h"

static struct wire_label label_of(struct label l)
{
        return (struct wire_label){l.sv, l.en};
}

enum err datasets_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct wire_datasets out = {0};
        struct stored_vintage latest;
        uint32_t n = 0;
        const struct policy_dataset *all = policy_datasets(policy, &n);
        struct wire_dataset_summary *list = arena_alloc(c->arena, n, sizeof(*list));

        (void)request;
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < n; i++) {
                const struct policy_dataset *d = NULL;

                if (decide_describe(policy, c->peer, all[i].id, &d, NULL) != ERR_OK)
                        continue;
                list[out.len++] = (struct wire_dataset_summary){
                        d->id, label_of(d->label), d->purposes, d->purposes_len};
        }
        out.datasets = list;
        enum err e = store_vintage_find(g->store, (struct vintage){0}, &latest);
        if (e != ERR_OK && e != ERR_NO_VINTAGE)
                return e;
        if (e == ERR_OK)
                out.vintage = latest.vintage;
        return datasets_encode(&out, response);
}

static enum err code_levels(struct arena *a, const struct variable *v, struct wire_variable *out)
{
        const struct code_list *list = v->codes;
        struct wire_level *levels = arena_alloc(a, list->levels_len, sizeof(*levels));

        if (levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->levels_len; i++) {
                const struct code_level *l = &list->levels[i];
                const struct code_level *up = i + 1 < list->levels_len ? l + 1 : NULL;
                struct wire_code *codes = arena_alloc(a, l->len, sizeof(*codes));

                if (codes == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t k = 0; k < l->len; k++) {
                        const struct code *code = &l->codes[k];

                        codes[k].code = code->code;
                        codes[k].label = label_of(code->label);
                        if (up != NULL && code->parent != CODE_NO_PARENT)
                                codes[k].parent = up->codes[code->parent].code;
                }
                levels[i] = (struct wire_level){l->id, label_of(l->label), codes, l->len};
        }
        out->levels = levels;
        out->levels_len = list->levels_len;
        return ERR_OK;
}

static enum err band_levels(struct arena *a, const struct variable *v, struct wire_variable *out)
{
        struct wire_level *levels = arena_alloc(a, v->bandings_len, sizeof(*levels));

        if (levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < v->bandings_len; i++) {
                const struct banding *b = &v->bandings[i];
                struct wire_code *codes = arena_alloc(a, b->len, sizeof(*codes));

                if (codes == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t k = 0; k < b->len; k++)
                        codes[k] = (struct wire_code){
                                .code = b->bands[k].code, .label = label_of(b->bands[k].label)};
                levels[i] = (struct wire_level){b->id, label_of(b->label), codes, b->len};
        }
        out->levels = levels;
        out->levels_len = v->bandings_len;
        return ERR_OK;
}

static enum err date_levels(struct arena *a, const struct variable *v, struct wire_variable *out)
{
        struct wire_level *levels = arena_alloc(a, DATE_LEVELS, sizeof(*levels));

        if (levels == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = v->finest_date_level; i < DATE_LEVELS; i++)
                levels[out->levels_len++] = (struct wire_level){
                        .id = bytes_of_text(date_level_id(i)),
                        .label = label_of(date_level_label(i)),
                };
        out->levels = levels;
        return ERR_OK;
}

static enum err describe_variable(
        struct arena *a, const struct variable *v, struct wire_variable *out)
{
        *out = (struct wire_variable){
                .id = v->id,
                .unit = v->unit,
                .label = label_of(v->label),
                .type = (uint32_t)v->type,
                .role = (uint32_t)v->role,
                .decimals = v->decimals,
                .required = v->required,
                .computed = v->source != SOURCE_DELIVERED,
                .may_filter = v->may_filter,
                .may_group = v->may_group,
                .overlapping = v->overlapping,
        };
        switch (v->type) {
        case VARIABLE_CODE:
                return code_levels(a, v, out);
        case VARIABLE_DATE:
                return date_levels(a, v, out);
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return band_levels(a, v, out);
        case VARIABLE_BOOLEAN:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return ERR_OK;
}

/* After the levels are there: the id of the finest that may be asked. */
static void tell_finest(const struct variable *v, struct wire_variable *out)
{
        /* Of dates, only the levels that may be asked are told. */
        uint32_t at = v->type == VARIABLE_DATE ? 0 : variable_finest(v);

        if (at < out->levels_len)
                out->finest_level = out->levels[at].id;
}

/* Linkages ----------------------------------------------------------------------- */

static bool names_hold(const struct bytes *names, uint32_t len, struct bytes name)
{
        for (uint32_t i = 0; i < len; i++)
                if (bytes_equal(names[i], name))
                        return true;
        return false;
}

/* Today, and for a purpose that she may ask for. */
static bool may_use(const struct policy_linkage *l, const struct policy_principal *who)
{
        for (uint32_t i = 0; i < l->rules->purposes_len; i++)
                if (policy_principal_serves(who, l->rules->purposes[i]) &&
                        policy_linkage_serves(l, l->rules->purposes[i], clock_now_ms()))
                        return true;
        return false;
}

static enum err tell_linkages(struct rpc_call *c, const struct policy *policy,
        const struct policy_dataset *d, struct wire_dataset *out)
{
        const struct policy_principal *who =
                policy_principal_find(policy, bytes_of_text(c->peer->uri));
        uint32_t n = 0;
        const struct policy_linkage *all = policy_linkages(policy, &n);
        struct wire_linkage *list = arena_alloc(c->arena, n, sizeof(*list));

        if (list == NULL)
                return ERR_NO_MEMORY;
        out->linkages = list;
        for (uint32_t i = 0; i < n && who != NULL; i++) {
                const struct rules_linkage *r = all[i].rules;

                if (!names_hold(r->datasets, r->datasets_len, d->id) || !may_use(&all[i], who))
                        continue;
                list[out->linkages_len++] = (struct wire_linkage){
                        .id = r->id,
                        .legal_basis = all[i].legal_basis,
                        .label = label_of(all[i].label),
                        .datasets = r->datasets,
                        .datasets_len = r->datasets_len,
                        .purposes = r->purposes,
                        .purposes_len = r->purposes_len,
                        .families = r->family,
                        .until = r->until_days,
                };
        }
        return ERR_OK;
}

/* The release lattice ------------------------------------------------------------ */

static struct bytes level_id(const struct variable *v, uint32_t level)
{
        if (v->type == VARIABLE_CODE)
                return v->codes->levels[level].id;
        if (v->type == VARIABLE_DATE)
                return bytes_of_text(date_level_id(level));
        return level < v->bandings_len ? v->bandings[level].id : (struct bytes){0};
}

static enum err tell_table(struct arena *a, const struct policy_dataset *d,
        const struct lattice_table *table, struct wire_lattice_table *out)
{
        struct dimension_ref *axes = arena_alloc(a, table->axes_len, sizeof(*axes));

        if (axes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < table->axes_len; i++) {
                const struct variable *v = &d->variables[table->axes[i].variable];

                axes[i] = (struct dimension_ref){v->id, level_id(v, table->axes[i].level)};
        }
        *out = (struct wire_lattice_table){axes, table->axes_len};
        return ERR_OK;
}

static enum err tell_lattice(
        struct arena *a, const struct policy_dataset *d, struct wire_lattice *out)
{
        const struct lattice *in = &d->lattice;
        struct wire_lattice_table *tables = arena_alloc(a, in->tables_len, sizeof(*tables));

        if (tables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < in->tables_len; i++)
                TRY(tell_table(a, d, &in->tables[i], &tables[i]));
        *out = (struct wire_lattice){.tables = tables,
                .tables_len = in->tables_len,
                .measures = in->measures,
                .measures_len = in->measures_len,
                .by_year = in->by_year};
        return ERR_OK;
}

static struct bytes variable_id(const struct policy_dataset *d, uint32_t variable)
{
        return variable < d->variables_len ? d->variables[variable].id : (struct bytes){0};
}

enum err dataset_describe(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        const struct policy_dataset *d = NULL;
        struct bytes id;

        TRY(describe_request_decode(c->arena, request, &id, &c->why));
        TRY(decide_describe(policy, c->peer, id, &d, &c->why));
        struct wire_variable *variables =
                arena_alloc(c->arena, d->variables_len, sizeof(*variables));
        if (variables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < d->variables_len; i++) {
                TRY(describe_variable(c->arena, &d->variables[i], &variables[i]));
                tell_finest(&d->variables[i], &variables[i]);
        }
        struct wire_dataset out = {
                .id = d->id,
                .legal_basis = d->legal_basis,
                .label = label_of(d->label),
                .variables = variables,
                .variables_len = d->variables_len,
                .purposes = d->purposes,
                .purposes_len = d->purposes_len,
                .threshold = d->disclosure.threshold,
                .zeros_published = d->disclosure.zeros_published,
                .kind = (uint32_t)d->kind,
                .retention_years = d->retention_years,
                .order_variable = variable_id(d, d->order_variable),
                .episode_from = variable_id(d, d->episode_from),
                .episode_until = variable_id(d, d->episode_until),
                .numerator = d->disclosure.numerator,
                .denominator = d->disclosure.denominator,
                .complement = d->disclosure.complement,
                .families = d->disclosure.families,
                .has_rules = true,
        };
        tell_rules(&d->disclosure, &out.rules);
        TRY(tell_lattice(c->arena, d, &out.lattice));
        TRY(tell_linkages(c, policy, d, &out));
        return dataset_encode(&out, response);
}
