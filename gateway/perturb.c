/* SPDX-License-Identifier: Apache-2.0 */
/* perturb.c: counts that are shown get noise, or are rounded, where the policy says so.
 *
 * It comes after hiding and shows nothing that hiding hid: which rows and cells are answered,
 * and what is remembered of them, is decided on the counts as they are.
 *
 * A median of exact records would say what the counts around it do not, so none is given. */
#include "gateway/answer.h"
#include "gateway/disclosure/cellkey.h"

bool question_is_perturbed(const struct question *q)
{
        return q->allowed.disclosure.perturbation != PERTURB_NONE;
}

static bool is_quantile(enum measure_kind kind)
{
        return kind == MEASURE_MEDIAN || kind == MEASURE_LOWER_QUARTILE ||
               kind == MEASURE_UPPER_QUARTILE;
}

enum err perturb_allows(const struct question *q, struct refusal *why)
{
        for (uint32_t i = 0; question_is_perturbed(q) && i < q->query.measures_len; i++)
                if (is_quantile(q->query.measures[i].kind))
                        return refuse(why, ERR_INVALID, "measures",
                                "medians and quartiles are not told where counts have noise or are "
                                "rounded; ask for numbers by band instead");
        return ERR_OK;
}

enum err perturb_begin(struct answering *a, const struct question *q, struct rounding_exact **out)
{
        if (q->allowed.disclosure.perturbation != PERTURB_ROUNDING)
                return ERR_OK;
        return rounding_keep(a->arena, q->table, out);
}

static enum err make_noise(struct answering *a, struct question *q)
{
        const struct disclosure_rules *r = &q->allowed.disclosure;
        const struct cellkey_settings settings = {
                .variance = r->variance_permille / 1000.0,
                .deviation = r->deviation,
                .smallest = r->smallest,
        };
        const struct cellkey *noise;

        TRY(cellkey_new(a->arena, &settings, &noise));
        return cellkey_table(noise, q->table);
}

enum err perturb_end(struct answering *a, struct question *q, struct rounding_exact *exact)
{
        const struct rounding_wish wish = {.base = q->allowed.disclosure.base};

        switch (q->allowed.disclosure.perturbation) {
        case PERTURB_NONE:
                return ERR_OK;
        case PERTURB_CELLKEY:
                return make_noise(a, q);
        case PERTURB_ROUNDING:
                return rounding_table(a->arena, exact, q->table, &wish, &q->rounded);
        case PERTURB_COUNT:
                break;
        }
        return ERR_INVALID;
}
