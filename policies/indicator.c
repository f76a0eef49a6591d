/* SPDX-License-Identifier: Apache-2.0 */
/* indicator.c: the registry of indicators: what is measured, word by word and frozen.
 *
 *   indicator: aterkomst_12
 *   version: 1
 *   label: {sv: …, en: …}
 *   definition: {sv: …, en: …}
 *   references: [Öppna jämförelser 2024]
 *   purposes: [uppfoljning]
 *   direction: lower              # higher, lower or none: which way is better
 *   target: 20.0
 *   compare: [target, lan, riket, history]
 *   query: {dataset: …, derived: […], measures: [one]}
 *   denominator: {dataset: …, measures: [one]}     # then query / denominator × scale
 *   scale: 1000
 *   disclosure: {denominator: 30}
 *   contract: {label: {sv: …, en: …}, period: 2023}
 *   frozen: 5a1c…
 *
 * Two promises are kept here. An indicator that nobody could ever ask is a fault of the
 * bundle, so each is asked while the bundle loads, as a statistician would, for every
 * purpose it names. And a definition that has been agreed on cannot drift: `frozen` is the
 * digest of all that decides its numbers, and an outcome contract, where money follows the
 * answer, must have one before the outcome is known. Labels and texts are not in it: a
 * spelling may be mended. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policies/query_yaml.h"
#include "policies/question.h"

enum {
        TARGET_DECIMALS_MAX = 6,
        REFERENCES_MAX = 16,
        INDICATOR_SCALE_MAX = 1000000,
        DEFINITION_BYTES_MAX = 4 << 20
};

/* Keeping a question ------------------------------------------------------------ */

/* The tree it was read from goes when loading ends. */
static enum err keep(struct loader *l, struct bytes *text)
{
        return text->len > 0 ? load_keep(l, *text, text) : ERR_OK;
}

static enum err keep_filters(struct loader *l, struct filter *filters, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++) {
                struct bytes *values;

                TRY(keep(l, &filters[i].variable));
                TRY(keep(l, &filters[i].level));
                values = arena_alloc(l->arena, filters[i].values_len, sizeof *values);
                if (values == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t v = 0; v < filters[i].values_len; v++)
                        TRY(load_keep(l, filters[i].values[v], &values[v]));
                filters[i].values = values;
        }
        return ERR_OK;
}

static enum err keep_derived(struct loader *l, struct derived *d)
{
        struct bytes *const texts[] = {&d->name, &d->dataset, &d->date, &d->variable, &d->level,
                &d->from, &d->to, &d->window.anchor};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                TRY(keep(l, texts[i]));
        for (uint32_t i = 0; i < d->bands_len; i++) {
                TRY(keep(l, &d->bands[i].code));
                TRY(keep(l, &d->bands[i].low));
                TRY(keep(l, &d->bands[i].high));
        }
        return keep_filters(l, d->filters, d->filters_len);
}

static enum err keep_measure(struct loader *l, struct measure_ref *m)
{
        struct bytes *const texts[] = {&m->variable, &m->banding, &m->name, &m->per};

        for (size_t i = 0; i < ARRAY_LEN(texts); i++)
                TRY(keep(l, texts[i]));
        TRY(keep_filters(l, m->filters, m->filters_len));
        return keep_filters(l, m->base, m->base_len);
}

static enum err keep_query(struct loader *l, struct query *q)
{
        TRY(keep(l, &q->dataset));
        TRY(keep(l, &q->linkage));
        TRY(keep(l, &q->period_date));
        TRY(keep_filters(l, q->filters, q->filters_len));
        for (uint32_t i = 0; i < q->derived_len; i++)
                TRY(keep_derived(l, &q->derived[i]));
        for (uint32_t i = 0; i < q->measures_len; i++)
                TRY(keep_measure(l, &q->measures[i]));
        return ERR_OK;
}

/* Reading ------------------------------------------------------------------------ */

static enum err load_query(
        struct loader *l, const struct yaml *m, const char *key, struct query *out)
{
        const struct yaml *at = NULL;
        struct query q;

        TRY(yaml_mapping(m, key, true, &at, l->why));
        TRY(query_yaml_read(at, l->arena, &q, l->why));
        if (q.measures_len != 1)
                return yaml_complain(at, ERR_CONFIG, l->why, "`%s` has exactly one measure", key);
        if (q.dimensions_len > 0 || q.purpose.len > 0 || q.vintage.number > 0)
                return yaml_complain(at, ERR_CONFIG, l->why,
                        "dimensions, purpose and vintage are for whoever asks to say");
        if (q.indicator.len > 0)
                return yaml_complain_key(
                        at, "indicator", ERR_CONFIG, l->why, "an indicator is not made of another");
        TRY(keep_query(l, &q));
        *out = q;
        return ERR_OK;
}

/* What one can divide: counts and sums. */
static bool is_amount(enum measure_kind kind)
{
        return kind == MEASURE_PERSONS || kind == MEASURE_RECORDS || kind == MEASURE_FAMILIES ||
               kind == MEASURE_SUM || kind == MEASURE_DAYS;
}

static enum err load_denominator(struct loader *l, const struct yaml *m, struct indicator *out)
{
        int64_t scale = 1;

        out->has_denominator = yaml_find(m, "denominator") != NULL;
        if (!out->has_denominator) {
                if (yaml_find(m, "scale") != NULL)
                        return yaml_complain_key(m, "scale", ERR_CONFIG, l->why,
                                "`scale` belongs to a `denominator`; a measure has its own");
                return ERR_OK;
        }
        TRY(load_query(l, m, "denominator", &out->denominator));
        TRY(yaml_integer(m, "scale", false, 1, INDICATOR_SCALE_MAX, &scale, l->why));
        out->scale = (uint32_t)scale;
        if (!is_amount(out->query.measures[0].kind) ||
                !is_amount(out->denominator.measures[0].kind))
                return yaml_complain_key(m, "denominator", ERR_CONFIG, l->why,
                        "only counts, sums and days are divided by each other");
        return ERR_OK;
}

static enum err load_target(struct loader *l, const struct yaml *m, struct indicator *out)
{
        struct bytes text = {NULL, 0};
        const uint8_t *point;

        TRY(yaml_text(m, "target", false, &text, l->why));
        if (text.len == 0)
                return ERR_OK;
        point = memchr(text.data, '.', text.len);
        out->decimals = point != NULL ? (uint32_t)(text.len - (size_t)(point - text.data) - 1) : 0;
        if (out->decimals > TARGET_DECIMALS_MAX ||
                !bytes_decimal(text, out->decimals, &out->target))
                return yaml_complain(yaml_find(m, "target"), ERR_CONFIG, l->why,
                        "`target` must be a number with at most %d decimals", TARGET_DECIMALS_MAX);
        out->has_target = true;
        return ERR_OK;
}

static enum err load_compare(struct loader *l, const struct yaml *m, struct indicator *out)
{
        static const char *const words[] = {
                [COMPARE_NONE] = "",
                [COMPARE_TARGET] = "target",
                [COMPARE_COUNTY] = "lan",
                [COMPARE_COUNTRY] = "riket",
                [COMPARE_HISTORY] = "history",
        };
        const struct yaml *list = NULL;

        TRY(yaml_list(m, "compare", false, &list, l->why));
        for (uint32_t i = 0; list != NULL && i < list->len; i++) {
                const struct yaml *item = &list->items[i];
                unsigned bit = 0;

                for (unsigned w = COMPARE_TARGET; w < ARRAY_LEN(words); w++)
                        if (item->kind == YAML_SCALAR && bytes_is_text(item->text, words[w]))
                                bit = 1u << w;
                if (bit == 0 || (out->comparisons & bit) != 0)
                        return yaml_complain(item, ERR_CONFIG, l->why,
                                "`compare` holds each of target, lan, riket and history at most "
                                "once");
                out->comparisons |= bit;
                if (bit == 1u << COMPARE_TARGET && !out->has_target)
                        return yaml_complain(
                                item, ERR_CONFIG, l->why, "there is no `target` to compare with");
                if ((bit == 1u << COMPARE_COUNTY || bit == 1u << COMPARE_COUNTRY) &&
                        out->place.len == 0)
                        return yaml_complain(item, ERR_CONFIG, l->why,
                                "records of the data set have no municipality to compare");
        }
        return ERR_OK;
}

/* The cohort is fixed here, before anybody knows how it went. */
static enum err load_contract(struct loader *l, const struct yaml *m, struct indicator *out)
{
        static const char *const keys[] = {"label", "period", NULL};
        const struct yaml *contract = NULL;
        struct bytes period = {NULL, 0};

        TRY(yaml_mapping(m, "contract", false, &contract, l->why));
        if (contract == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(contract, keys, l->why));
        TRY(load_label(l, contract, "label", true, &out->contract));
        TRY(yaml_text(contract, "period", true, &period, l->why));
        if (query_period_parse(period, &out->query.period, NULL) != ERR_OK)
                return yaml_complain(yaml_find(contract, "period"), ERR_CONFIG, l->why,
                        "`period` must be a period as 2024 or 2023-01..2024-06");
        if (out->query.has_period || out->denominator.has_period)
                return yaml_complain(contract, ERR_CONFIG, l->why,
                        "the period of a contract stands here and not in its questions");
        if (!out->has_target || out->direction == DIRECTION_NONE)
                return yaml_complain(contract, ERR_CONFIG, l->why,
                        "a contract has a `target` and a `direction`: else nothing says whether "
                        "it is met");
        out->query.has_period = true;
        out->denominator.has_period = out->has_denominator;
        out->denominator.period = out->query.period;
        out->is_contract = true;
        return ERR_OK;
}

static enum err load_texts(struct loader *l, const struct yaml *m, struct indicator *out)
{
        static const char *const languages[] = {"sv", "en", NULL};
        const struct yaml *definition = NULL, *list = NULL;

        TRY(load_label(l, m, "label", true, &out->label));
        TRY(yaml_mapping(m, "definition", true, &definition, l->why));
        TRY(yaml_known_keys(definition, languages, l->why));
        TRY(load_sentence(l, definition, "sv", &out->definition.sv));
        TRY(load_sentence(l, definition, "en", &out->definition.en));
        TRY(yaml_list(m, "references", true, &list, l->why));
        if (list->len == 0 || list->len > REFERENCES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "an indicator says where it is taken from, in 1 to %d references",
                        REFERENCES_MAX);
        out->references = arena_alloc(l->arena, list->len, sizeof *out->references);
        if (out->references == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                struct bytes text = {NULL, 0};

                TRY(yaml_text_of(&list->items[i], "references", &text, l->why));
                if (text.len > TEXT_MAX_LEN || !bytes_is_printable(text))
                        return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                "a reference is one line of at most %d bytes", TEXT_MAX_LEN);
                TRY(load_keep(l, text, &out->references[i]));
        }
        out->references_len = list->len;
        return ERR_OK;
}

static enum err load_head(struct loader *l, const struct yaml *m, struct indicator *out)
{
        static const char *const keys[] = {"indicator", "version", "label", "definition",
                "references", "purposes", "direction", "target", "compare", "query", "denominator",
                "scale", "disclosure", "contract", "frozen", NULL};
        static const char *const directions[] = {"none", "higher", "lower", NULL};
        struct bytes known[PURPOSES_MAX];
        uint32_t direction = 0;
        int64_t version = 0;

        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_name(l, m, "indicator", &out->id));
        TRY(yaml_integer(m, "version", true, 1, INT32_MAX, &version, l->why));
        out->version = (uint32_t)version;
        TRY(load_texts(l, m, out));
        for (uint32_t i = 0; i < l->policy->purposes_len; i++)
                known[i] = l->policy->purposes[i].id;
        TRY(load_names(l, m, "purposes", known, l->policy->purposes_len, "purpose", &out->purposes,
                &out->purposes_len));
        TRY(yaml_word(m, "direction", true, directions, &direction, l->why));
        out->direction = (enum direction)direction;
        out->at = load_place(l, m, "indicator");
        return ERR_OK;
}

/* The definition, frozen ----------------------------------------------------------- */

static enum err digest_definition(const struct indicator *in, struct digest *out)
{
        OWNED(buf_done) struct buf b;
        struct bytes whole;

        buf_init(&b, DEFINITION_BYTES_MAX);
        put_text(&b, "statgate indicator 1");
        put_bytes(&b, in->id);
        put_u32(&b, in->version);
        put_u8(&b, (uint8_t)in->direction);
        TRY(query_encode(&in->query, &b));
        put_u8(&b, in->has_denominator);
        if (in->has_denominator)
                TRY(query_encode(&in->denominator, &b));
        put_u32(&b, in->scale);
        put_u8(&b, in->is_contract);
        put_u8(&b, in->has_target && in->is_contract);
        put_u64(&b, in->is_contract ? (uint64_t)in->target : 0);
        put_u32(&b, in->is_contract ? in->decimals : 0);
        TRY(buf_end(&b, &whole));
        digest_of(whole, out);
        return ERR_OK;
}

static enum err check_frozen(struct loader *l, const struct yaml *m, struct indicator *out)
{
        struct bytes text = {NULL, 0};
        struct digest said;
        char is[2 * sizeof out->digest.bytes + 1];

        TRY(digest_definition(out, &out->digest));
        hex_encode(bytes_of(out->digest.bytes, sizeof out->digest.bytes), is);
        TRY(yaml_text(m, "frozen", false, &text, l->why));
        if (text.len == 0 && out->is_contract)
                return yaml_complain_key(m, "contract", ERR_CONFIG, l->why,
                        "a contract is frozen: `frozen: %s` is its definition as it stands", is);
        if (text.len == 0)
                return ERR_OK;
        if (text.len != sizeof is - 1 ||
                hex_decode((const char *)text.data, said.bytes, sizeof said.bytes) != ERR_OK ||
                !digest_equal(&said, &out->digest))
                return yaml_complain(yaml_find(m, "frozen"), ERR_CONFIG, l->why,
                        "the definition is not the frozen one; its digest is %s: a new meaning is "
                        "a new version",
                        is);
        out->frozen = true;
        return ERR_OK;
}

/* Could it be asked? ------------------------------------------------------------------ */

struct attempt {
        struct loader *l;
        const struct yaml *at; /* NULL: faults are counted only */
        uint32_t faults;
};

static void note(struct question *q, const struct finding *f)
{
        struct attempt *a = q->ctx;
        char path[VIOLATION_FIELD_MAX];

        a->faults++;
        if (a->at == NULL)
                return;
        finding_path(f, path);
        (void)yaml_complain(a->at, ERR_CONFIG, a->l->why, "%s: %s%s", path,
                question_rule_sentence(f->rule), f->near);
}

static void walk(struct attempt *a, const struct query *q, int64_t now_ms)
{
        const struct principal statistician = {.role = ROLE_STATISTICIAN};
        struct question question = {.policy = a->l->policy,
                .who = &statistician,
                .query = q,
                .now_ms = now_ms,
                .dry = true,
                .tell = note,
                .ctx = a};

        a->faults = 0;
        (void)question_walk(&question);
}

/* Codes are known here already; where numbers and dates may be cut is the planner's. */
static bool is_value(const struct variable *v, const struct filter *f, struct bytes value)
{
        int32_t level = variable_level_find(v, f->level);

        if (v->type == VARIABLE_BOOLEAN)
                return bytes_is_text(value, "true") || bytes_is_text(value, "false");
        return v->type != VARIABLE_CODE || level < 0 ||
               code_find_at(v->codes, (uint32_t)level, value) >= 0;
}

static enum err check_values(struct loader *l, const struct yaml *at, struct bytes dataset,
        const struct filter *filters, uint32_t len)
{
        const struct policy_dataset *d = policy_dataset_find(l->policy, dataset);
        enum err rc = ERR_OK;

        for (uint32_t i = 0; d != NULL && i < len; i++) {
                int32_t v = variable_find(d, filters[i].variable);

                for (uint32_t k = 0; v >= 0 && k < filters[i].values_len; k++)
                        if (!is_value(&d->variables[v], &filters[i], filters[i].values[k]))
                                rc = yaml_complain(at, ERR_CONFIG, l->why,
                                        "the condition on `%.*s` names a value that `%.*s` does "
                                        "not have",
                                        (int)filters[i].variable.len,
                                        (const char *)filters[i].variable.data, (int)dataset.len,
                                        (const char *)dataset.data);
        }
        return rc;
}

static enum err check_all_values(struct loader *l, const struct yaml *at, const struct query *q)
{
        const struct measure_ref *m = &q->measures[0];

        TRY(check_values(l, at, q->dataset, q->filters, q->filters_len));
        TRY(check_values(l, at, q->dataset, m->filters, m->filters_len));
        TRY(check_values(l, at, q->dataset, m->base, m->base_len));
        for (uint32_t i = 0; i < q->derived_len; i++)
                TRY(check_values(l, at, q->derived[i].dataset, q->derived[i].filters,
                        q->derived[i].filters_len));
        return ERR_OK;
}

static enum err check_shape(struct loader *l, const struct yaml *at, const struct query *q)
{
        struct refusal slips = {0};
        enum err rc = query_check(q, &slips);

        for (uint32_t i = 0; rc != ERR_OK && i < slips.len; i++)
                (void)yaml_complain(at, ERR_CONFIG, l->why, "%s: %s", slips.violations[i].field,
                        slips.violations[i].text);
        return rc == ERR_OK ? ERR_OK : ERR_CONFIG;
}

/* On some day that a linkage begins, with the period that whoever asks would say (any whole
 * year is whole in every level). If it fails on all of them, the day it came furthest says
 * why. */
static enum err check_for(struct loader *l, const struct yaml *at, const struct query *definition,
        struct bytes purpose)
{
        const struct policy *p = l->policy;
        struct attempt a = {.l = l};
        struct query q = *definition;
        uint32_t fewest = UINT32_MAX;
        int64_t best = 0;

        q.purpose = purpose;
        if (!q.has_period) {
                q.has_period = true;
                TRY(period_parse("2024", 4, &q.period) ? ERR_OK : ERR_INTERNAL);
        }
        TRY(check_shape(l, at, &q));
        for (uint32_t i = 0; i < p->linkages_len && fewest > 0; i++) {
                int64_t now_ms = (int64_t)p->linkages[i].rules->from_days * 86400000;

                walk(&a, &q, now_ms);
                if (a.faults < fewest) {
                        fewest = a.faults;
                        best = now_ms;
                }
        }
        if (fewest == 0)
                return check_all_values(l, at, &q);
        a.at = at;
        walk(&a, &q, best);
        return ERR_CONFIG;
}

static enum err check_askable(struct loader *l, const struct yaml *m, const struct indicator *in)
{
        for (uint32_t i = 0; i < in->purposes_len; i++) {
                TRY(check_for(l, yaml_find(m, "query"), &in->query, in->purposes[i]));
                if (in->has_denominator)
                        TRY(check_for(
                                l, yaml_find(m, "denominator"), &in->denominator, in->purposes[i]));
        }
        return ERR_OK;
}

/* The whole ------------------------------------------------------------------------ */

static struct bytes place_of(const struct policy *p, const struct query *q)
{
        const struct policy_dataset *d = policy_dataset_find(p, q->dataset);

        if (d == NULL || d->municipality_variable == UINT32_MAX)
                return (struct bytes){NULL, 0};
        return d->variables[d->municipality_variable].id;
}

static enum err load_indicator(struct loader *l, const struct yaml *m, struct indicator *out)
{
        TRY(load_head(l, m, out));
        TRY(load_query(l, m, "query", &out->query));
        TRY(load_denominator(l, m, out));
        TRY(load_target(l, m, out));
        out->place = place_of(l->policy, &out->query);
        TRY(load_floor(l, m, &out->floor));
        TRY(load_contract(l, m, out));
        TRY(check_askable(l, m, out));
        TRY(load_compare(l, m, out));
        return check_frozen(l, m, out);
}

static int by_id_and_version(const void *a, const void *b)
{
        const struct indicator *x = a, *y = b;
        int order = bytes_compare(x->id, y->id);

        return order != 0 ? order : (x->version > y->version) - (x->version < y->version);
}

enum err load_indicators(struct loader *l, const struct yaml *const *files, uint32_t files_len)
{
        struct policy *p = l->policy;
        enum err rc = ERR_OK;

        if (files_len > INDICATORS_MAX)
                return yaml_complain(files[INDICATORS_MAX], ERR_CONFIG, l->why,
                        "a bundle has at most %d indicators", INDICATORS_MAX);
        p->indicators = arena_alloc(l->arena, files_len, sizeof *p->indicators);
        if (p->indicators == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < files_len; i++) {
                enum err e = load_indicator(l, files[i], &p->indicators[i]);

                for (uint32_t j = 0; e == ERR_OK && j < i; j++)
                        if (by_id_and_version(&p->indicators[i], &p->indicators[j]) == 0)
                                e = yaml_complain(yaml_find(files[i], "indicator"), ERR_CONFIG,
                                        l->why, "two indicators have the same id and version");
                rc = rc == ERR_OK ? e : rc;
        }
        TRY(rc);
        if (files_len > 1)
                qsort(p->indicators, files_len, sizeof *p->indicators, by_id_and_version);
        p->indicators_len = files_len;
        return ERR_OK;
}
