/* SPDX-License-Identifier: Apache-2.0 */
/* strictest.c: what an answer is held to that rests on several data sets, or on an indicator
 * with rules of its own.
 *
 * Rule by rule, the one that tells less. Of two it is never "whichever": where neither
 * contains the other (two dominance rules, two kinds of noise) the result asks for what both
 * ask. The order of the two says nothing, nor does saying one twice. */
#include <stddef.h>
#include <string.h>

#include "policies/question.h"

static uint32_t more(uint32_t a, uint32_t b)
{
        return a > b ? a : b;
}

static uint32_t less(uint32_t a, uint32_t b)
{
        return a < b ? a : b;
}

/* The smaller one of two limits, where 0 is none. */
static uint32_t tighter(uint32_t a, uint32_t b)
{
        return a == 0 || b == 0 ? more(a, b) : less(a, b);
}

/* A minimum that is not said is the threshold; none of them said by anybody stays so. */
static uint32_t stricter(uint32_t a, uint32_t a_threshold, uint32_t b, uint32_t b_threshold)
{
        if (a == 0 && b == 0)
                return 0;
        return more(a > 0 ? a : a_threshold, b > 0 ? b : b_threshold);
}

static void heed(const struct disclosure_rules *a, const struct disclosure_rules *b,
        struct disclosure_rules *out)
{
        out->contributors = a->contributors | b->contributors;
        for (unsigned c = 0; c < CONTRIBUTOR_COUNT; c++)
                out->number[c] = more(a->number[c], b->number[c]);
        out->remainder = more(a->remainder, b->remainder);
        out->part_max = tighter(a->part_max, b->part_max);
        /* More contributors with a smaller part: hides what either would. */
        out->dominance_n = more(a->dominance_n, b->dominance_n);
        out->dominance_k = tighter(a->dominance_k, b->dominance_k);
        out->p_percent = more(a->p_percent, b->p_percent);
        /* The rule asks for p/q alone: the pair of the larger fraction, or of equal ones the
         * larger numbers. */
        uint64_t ab = (uint64_t)a->pq_p * (b->pq_q > 0 ? b->pq_q : 1);
        uint64_t ba = (uint64_t)b->pq_p * (a->pq_q > 0 ? a->pq_q : 1);
        const struct disclosure_rules *pq = ab > ba || (ab == ba && a->pq_p > b->pq_p) ? a : b;

        out->pq_p = pq->pq_p;
        out->pq_q = pq->pq_q;
}

/* A bundle perturbs in one way, so of two kinds one is none. */
static void perturb(const struct disclosure_rules *a, const struct disclosure_rules *b,
        struct disclosure_rules *out)
{
        out->perturbation = (enum perturbation)more(a->perturbation, b->perturbation);
        out->variance_permille = more(a->variance_permille, b->variance_permille);
        out->deviation = more(a->deviation, b->deviation);
        out->smallest = more(a->smallest, b->smallest);
        out->base = more(a->base, b->base);
}

struct disclosure_rules question_strictest(struct disclosure_rules a, struct disclosure_rules b)
{
        uint32_t at = a.threshold, bt = b.threshold;
        struct disclosure_rules out = {
                .threshold = more(at, bt),
                .zeros_published = a.zeros_published && b.zeros_published,
                .numerator = stricter(a.numerator, at, b.numerator, bt),
                .denominator = stricter(a.denominator, at, b.denominator, bt),
                .complement = stricter(a.complement, at, b.complement, bt),
                .families = more(a.families, b.families),
                .homogeneous = more(a.homogeneous, b.homogeneous),
                .secondary = a.secondary || b.secondary,
                .interval = more(a.interval, b.interval),
                .cost = more(a.cost, b.cost),
                .reasons_public = a.reasons_public && b.reasons_public,
                .membership_sensitive = a.membership_sensitive || b.membership_sensitive,
                .answers = (enum answers)less(a.answers, b.answers),
                .questions_per_day = tighter(a.questions_per_day, b.questions_per_day),
        };

        /* Two wholes are neither of them; what names none has no name to take away. */
        if (a.preset.len == 0 || b.preset.len == 0)
                out.preset = a.preset.len > 0 ? a.preset : b.preset;
        else
                out.preset =
                        bytes_equal(a.preset, b.preset) ? a.preset : bytes_of_text(PRESET_SEVERAL);
        heed(&a, &b, &out);
        perturb(&a, &b, &out);
        return out;
}

/* Of every data set that is looked at: what comes from several is protected as the one
 * that asks for most. */
struct disclosure_rules question_disclosure(const struct question *q)
{
        struct disclosure_rules rules = q->base->disclosure;

        for (uint32_t i = 0; i < q->query->derived_len; i++)
                if (q->derived[i].dataset != NULL)
                        rules = question_strictest(rules, q->derived[i].dataset->disclosure);
        return rules;
}

/* Which of them says it ------------------------------------------------------- */

#define SPAN(first, last)                                                                          \
        {                                                                                          \
                offsetof(struct disclosure_rules, first),                                          \
                        offsetof(struct disclosure_rules, last) +                                  \
                                sizeof(((struct disclosure_rules *)NULL)->last)                    \
        }
#define FIELD(name) SPAN(name, name)

/* Neighbours of one type, so that nothing lies between them. */
static const struct {
        size_t from, until;
} spans[DISCLOSURE_KEY_COUNT] = {
        [DISCLOSURE_KEY_THRESHOLD] = FIELD(threshold),
        [DISCLOSURE_KEY_ZEROS] = FIELD(zeros_published),
        [DISCLOSURE_KEY_NUMERATOR] = FIELD(numerator),
        [DISCLOSURE_KEY_DENOMINATOR] = FIELD(denominator),
        [DISCLOSURE_KEY_COMPLEMENT] = FIELD(complement),
        [DISCLOSURE_KEY_FAMILIES] = FIELD(families),
        [DISCLOSURE_KEY_HOMOGENEOUS] = FIELD(homogeneous),
        [DISCLOSURE_KEY_CONTRIBUTORS] = SPAN(contributors, number),
        [DISCLOSURE_KEY_REMAINDER] = FIELD(remainder),
        [DISCLOSURE_KEY_PART_MAX] = FIELD(part_max),
        [DISCLOSURE_KEY_DOMINANCE] = SPAN(dominance_n, dominance_k),
        [DISCLOSURE_KEY_P] = FIELD(p_percent),
        [DISCLOSURE_KEY_PQ] = SPAN(pq_p, pq_q),
        [DISCLOSURE_KEY_SECONDARY] = FIELD(secondary),
        [DISCLOSURE_KEY_INTERVAL] = FIELD(interval),
        [DISCLOSURE_KEY_COST] = FIELD(cost),
        [DISCLOSURE_KEY_REASONS] = FIELD(reasons_public),
        [DISCLOSURE_KEY_MEMBERSHIP] = FIELD(membership_sensitive),
        [DISCLOSURE_KEY_ANSWERS] = FIELD(answers),
        [DISCLOSURE_KEY_PERTURBATION] = FIELD(perturbation),
        [DISCLOSURE_KEY_CELLKEY] = SPAN(variance_permille, smallest),
        [DISCLOSURE_KEY_ROUNDING] = FIELD(base),
        [DISCLOSURE_KEY_QUESTIONS_PER_DAY] = FIELD(questions_per_day),
};

bool disclosure_same(
        const struct disclosure_rules *a, const struct disclosure_rules *b, enum disclosure_key key)
{
        if (key == DISCLOSURE_KEY_PRESET)
                return bytes_equal(a->preset, b->preset);
        return memcmp((const uint8_t *)a + spans[key].from, (const uint8_t *)b + spans[key].from,
                       spans[key].until - spans[key].from) == 0;
}

struct rule_place question_disclosure_at(
        const struct question *q, const struct disclosure_rules *rules, enum disclosure_key key)
{
        if (disclosure_same(&q->base->disclosure, rules, key))
                return q->base->disclosure_at[key];
        for (uint32_t i = 0; i < q->query->derived_len; i++) {
                const struct policy_dataset *d = q->derived[i].dataset;

                if (d != NULL && disclosure_same(&d->disclosure, rules, key))
                        return d->disclosure_at[key];
        }
        return q->base->at.disclosure;
}
