/* SPDX-License-Identifier: Apache-2.0 */
/* wire_indicator.c: what an indicator measures, as the registry lists it and as a
 * release repeats it.
 *
 * A number that a newer gateway has and we do not (a direction, a comparison) is
 * skipped; ours to write are known ones only. */
#include "proto/wire_parts.h"

enum { COMPARISONS = STATGATE__V1__COMPARISON__COMPARISON_HISTORY };

static enum err comparisons_message(
        struct arena *scratch, unsigned bits, Statgate__V1__Indicator *out)
{
        Statgate__V1__Comparison *list = arena_alloc_raw(scratch, COMPARISONS, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        if ((bits & ~((2u << COMPARISONS) - 2)) != 0)
                return ERR_INVALID;
        for (unsigned c = 1; c <= COMPARISONS; c++)
                if ((bits >> c & 1) != 0)
                        list[out->n_comparisons++] = (Statgate__V1__Comparison)c;
        out->comparisons = list;
        return ERR_OK;
}

enum err indicator_message(struct arena *scratch, const struct wire_indicator *in, bool brief,
        Statgate__V1__Indicator *out)
{
        if ((unsigned)in->unit >= UNIT_COUNT || (unsigned)in->measure >= MEASURE_KIND_COUNT ||
                in->direction > STATGATE__V1__DIRECTION__DIRECTION_LOWER)
                return ERR_INVALID;
        out->id = binary(in->id);
        out->version = in->version;
        out->label = label_message(scratch, in->label);
        out->contract = in->is_contract ? label_message(scratch, in->contract) : NULL;
        out->n_purposes = in->purposes_len;
        out->purposes = text_array(scratch, in->purposes, in->purposes_len);
        if (out->label == NULL || (in->is_contract && out->contract == NULL) ||
                out->purposes == NULL)
                return ERR_NO_MEMORY;
        if (!brief) {
                out->definition = label_message(scratch, in->definition);
                out->n_references = in->references_len;
                out->references = text_array(scratch, in->references, in->references_len);
                if (out->definition == NULL || out->references == NULL)
                        return ERR_NO_MEMORY;
        }
        out->dataset = binary(in->dataset);
        out->place = binary(in->place);
        out->unit = (Statgate__V1__Unit)in->unit;
        out->measure = (Statgate__V1__MeasureKind)in->measure;
        out->direction = (Statgate__V1__Direction)in->direction;
        if (in->has_target) {
                out->has_target_case = STATGATE__V1__INDICATOR__HAS_TARGET_TARGET;
                out->target = in->target;
        }
        out->decimals = in->decimals;
        out->is_contract = in->is_contract;
        out->digest = digest_binary(&in->digest);
        if (in->has_period)
                TRY(period_text(scratch, in->period, &out->period));
        return comparisons_message(scratch, in->comparisons, out);
}

enum err indicator_decode(
        struct arena *a, const Statgate__V1__Indicator *from, struct wire_indicator *out)
{
        if ((unsigned)from->unit >= UNIT_COUNT || (unsigned)from->measure >= MEASURE_KIND_COUNT)
                return ERR_MALFORMED;
        out->version = from->version;
        out->unit = (enum unit)from->unit;
        out->measure = (enum measure_kind)from->measure;
        if ((unsigned)from->direction <= STATGATE__V1__DIRECTION__DIRECTION_LOWER)
                out->direction = (uint32_t)from->direction;
        out->has_target = from->has_target_case == STATGATE__V1__INDICATOR__HAS_TARGET_TARGET;
        out->target = out->has_target ? from->target : 0;
        out->decimals = from->decimals;
        out->is_contract = from->is_contract != 0;
        for (size_t i = 0; i < from->n_comparisons; i++) {
                unsigned c = (unsigned)from->comparisons[i];

                if (c >= 1 && c <= COMPARISONS)
                        out->comparisons |= 1u << c;
        }
        TRY(answer_text(from->id, &out->id));
        TRY(answer_text(from->dataset, &out->dataset));
        TRY(answer_text(from->place, &out->place));
        TRY(label_decode(from->label, &out->label));
        TRY(label_decode(from->definition, &out->definition));
        TRY(label_decode(from->contract, &out->contract));
        TRY(answer_texts(
                a, from->references, from->n_references, &out->references, &out->references_len));
        TRY(answer_texts(a, from->purposes, from->n_purposes, &out->purposes, &out->purposes_len));
        TRY(answer_period(from->period, &out->has_period, &out->period));
        return answer_digest(from->digest, &out->digest);
}

enum err indicators_encode(const struct wire_indicators *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ListIndicatorsResponse m = STATGATE__V1__LIST_INDICATORS_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.indicators = messages(scratch, in->len, &statgate__v1__indicator__descriptor);
        if (m.indicators == NULL)
                return ERR_NO_MEMORY;
        m.n_indicators = in->len;
        for (uint32_t i = 0; i < in->len; i++)
                TRY(indicator_message(scratch, &in->indicators[i], false, m.indicators[i]));
        return pack(&m, out);
}

enum err indicators_decode(struct arena *a, struct bytes wire, struct wire_indicators *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ListIndicatorsResponse *m =
                unpack(a, &statgate__v1__list_indicators_response__descriptor, wire, NULL, &rc);

        if (m == NULL)
                return rc;

        struct wire_indicator *list = arena_alloc(a, m->n_indicators, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_indicators; i++)
                TRY(indicator_decode(a, m->indicators[i], &list[i]));
        *out = (struct wire_indicators){.indicators = list, .len = (uint32_t)m->n_indicators};
        return ERR_OK;
}
