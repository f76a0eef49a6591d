/* SPDX-License-Identifier: Apache-2.0 */
/* memory_linkage.c: a data set has one memory, and its questions may have been asked under any
 * linkage that holds it.
 *
 * What was answered under one is counted again under the same. Linkages end, and are drawn up anew
 * under other names: so what one joined is stored with the question, and another that joins the
 * same will do. One that keeps its name may grow; what was asked under it is counted as it joins
 * now, if it joins at least the municipalities that counted in the answer. */
#include "gateway/memory_linkage.h"

#include "base/arena.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "crypto/digest.h"

enum { JOINS_MAX = 1 << 16 };

static bool looks_at_kin(const struct query *q)
{
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (q->derived[i].same == SAME_FAMILY)
                        return true;
        return false;
}

enum err memory_joins(const struct policy *p, const struct policy_linkage *l, const struct query *q,
        struct digest *out)
{
        const struct rules *r = policy_rules(p);
        bool kin = looks_at_kin(q);
        OWNED(buf_done) struct buf b;
        struct bytes bytes;

        buf_init(&b, JOINS_MAX);
        put_u8(&b, kin && l->rules->family);
        put_u32(&b, kin ? l->family.children_max : 0);
        put_u32(&b, kin ? l->family.persons_max : 0);
        put_u32(&b, kin ? l->family.holds_days : 0);
        for (uint32_t i = 0; i < r->municipalities_len; i++)
                if (rules_linkage_joins(l->rules, r->municipalities[i]))
                        put_u16(&b, r->municipalities[i]);
        TRY(buf_end(&b, &bytes));
        digest_of(bytes, out);
        return ERR_OK;
}

/* Whether everything that is looked at is in it. */
static bool covers(const struct policy *p, const struct policy_linkage *l,
        const struct policy_dataset *dataset, const struct memory_question *q)
{
        if (!policy_linkage_pairs(p, l, dataset, dataset) ||
                (looks_at_kin(&q->query) && !l->rules->family))
                return false;
        for (uint32_t i = 0; i < q->query.derived_len; i++) {
                struct bytes events = q->query.derived[i].dataset;
                const struct policy_dataset *d = policy_dataset_find(p, events);

                if (events.len > 0 && (d == NULL || !policy_linkage_pairs(p, l, dataset, d)))
                        return false;
        }
        return true;
}

static bool stands(const struct policy_linkage *l)
{
        for (uint32_t i = 0; i < l->rules->purposes_len; i++)
                if (policy_linkage_serves(l, l->rules->purposes[i], clock_now_ms()))
                        return true;
        return false;
}

static bool joins_alike(
        const struct policy *p, const struct policy_linkage *l, const struct memory_question *q)
{
        struct digest now;

        return q->has_joined && memory_joins(p, l, &q->query, &now) == ERR_OK &&
               digest_equal(&now, &q->joined);
}

/* Of questions that nobody wrote that down of, all is taken to be as it was. */
static bool joins_enough(
        const struct policy *p, const struct policy_linkage *l, const struct memory_question *q)
{
        const struct code_list *places = policy_municipalities(p);

        for (uint32_t i = 0; q->has_joined && q->counts != NULL && i < q->counts_len; i++) {
                struct bytes code;
                municipality_t m;

                if (q->counts[i] == 0)
                        continue;
                if (i >= places->levels[0].len)
                        return false;
                code = places->levels[0].codes[i].code;
                if (!municipality_parse((const char *)code.data, (uint32_t)code.len, &m) ||
                        !rules_linkage_joins(l->rules, m))
                        return false;
        }
        return true;
}

const struct policy_linkage *memory_linkage_find(const struct policy *p,
        const struct policy_linkage *home, struct bytes id, const struct policy_dataset *dataset,
        const struct memory_question *q)
{
        const struct policy_linkage *l = policy_linkage_find(p, id);
        uint32_t len = 0;
        const struct policy_linkage *all = policy_linkages(p, &len);

        if (l != NULL && stands(l) && covers(p, l, dataset, q) &&
                (joins_alike(p, l, q) || joins_enough(p, l, q)))
                return l;
        if (q->query.derived_len == 0)
                return home;
        for (uint32_t i = 0; i < len; i++)
                if (stands(&all[i]) && covers(p, &all[i], dataset, q) && joins_alike(p, &all[i], q))
                        return &all[i];
        return NULL;
}

enum err memory_purpose(const struct policy_linkage *l, struct arena *arena, const char **out)
{
        for (uint32_t i = 0; i < l->rules->purposes_len; i++) {
                struct bytes purpose = l->rules->purposes[i];

                if (!policy_linkage_serves(l, purpose, clock_now_ms()))
                        continue;
                *out = arena_strndup(arena, (const char *)purpose.data, purpose.len);
                return *out != NULL ? ERR_OK : ERR_NO_MEMORY;
        }
        return ERR_LINKAGE_REFUSED;
}

uint32_t memory_floor(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d)
{
        uint32_t most = d->disclosure.threshold;

        for (uint32_t i = 0; i < l->rules->datasets_len; i++) {
                const struct policy_dataset *other = policy_dataset_find(p, l->rules->datasets[i]);

                if (other != NULL && other->disclosure.threshold > most)
                        most = other->disclosure.threshold;
        }
        return most;
}

uint32_t memory_floor_of_any(const struct policy *p, const struct policy_dataset *d)
{
        uint32_t most = d->disclosure.threshold, len = 0;
        const struct policy_linkage *all = policy_linkages(p, &len);

        for (uint32_t i = 0; i < len; i++)
                if (policy_linkage_pairs(p, &all[i], d, d) && memory_floor(p, &all[i], d) > most)
                        most = memory_floor(p, &all[i], d);
        return most;
}

/* An indicator's stricter floor hides cells of its own that are told elsewhere: it is for rows. */
uint32_t memory_threshold(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d)
{
        uint32_t most = memory_floor(p, l, d), len = 0;
        const struct indicator *indicators = policy_indicators(p, &len);

        for (uint32_t i = 0; i < len; i++)
                if (indicators[i].floor.threshold > most)
                        most = indicators[i].floor.threshold;
        return most;
}
