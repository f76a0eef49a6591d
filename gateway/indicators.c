/* SPDX-License-Identifier: Apache-2.0 */
/* indicators.c: the registry of indicators, as those see it who may ask for them. */
#include "gateway/gateway.h"

static struct wire_label label_of(struct label l)
{
        return (struct wire_label){l.sv, l.en};
}

static enum measure_kind measure_of(const struct indicator *i)
{
        if (i->has_denominator)
                return MEASURE_RATIO;
        if (i->query.measures_len > 0)
                return i->query.measures[0].kind;
        switch (i->query.unit) {
        case UNIT_FAMILY:
                return MEASURE_FAMILIES;
        case UNIT_RECORD:
                return MEASURE_RECORDS;
        case UNIT_NONE:
        case UNIT_PERSON:
        case UNIT_COUNT:
                break;
        }
        return MEASURE_PERSONS;
}

void indicator_tell(const struct indicator *i, struct wire_indicator *out)
{
        *out = (struct wire_indicator){
                .id = i->id,
                .version = i->version,
                .label = label_of(i->label),
                .definition = label_of(i->definition),
                .references = i->references,
                .references_len = i->references_len,
                .purposes = i->purposes,
                .purposes_len = i->purposes_len,
                .dataset = i->query.dataset,
                .place = i->place,
                .unit = i->query.unit == UNIT_NONE ? UNIT_PERSON : i->query.unit,
                .measure = measure_of(i),
                .direction = (uint32_t)i->direction,
                .has_target = i->has_target,
                .target = i->target,
                .decimals = i->decimals,
                .comparisons = i->comparisons,
                .is_contract = i->is_contract,
                .contract = label_of(i->contract),
                .has_period = i->query.has_period,
                .period = i->query.period,
                .digest = i->digest,
        };
}

enum err indicators_list(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        OWNED(policy_unref) struct policy *policy = reign_policy(g->reign);
        struct wire_indicators out = {0};
        uint32_t n = 0;
        const struct indicator *all = policy_indicators(policy, &n);
        struct wire_indicator *list = arena_alloc(c->arena, n, sizeof(*list));

        (void)request;
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < n; i++) {
                const struct policy_dataset *d = NULL;

                if (decide_describe(policy, c->peer, all[i].query.dataset, &d, NULL) == ERR_OK)
                        indicator_tell(&all[i], &list[out.len++]);
        }
        out.indicators = list;
        return indicators_encode(&out, response);
}
