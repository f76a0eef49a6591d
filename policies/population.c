/* SPDX-License-Identifier: Apache-2.0 */
/* population.c: how many inhabitants a row is about.
 *
 * Where being in the data is itself what must not be told, a refusal may not depend on who
 * is in it. So the row is judged by who lives there: inhabitants of the municipality, times
 * the share of each other variable that shares are stated for. Sex and age are not quite
 * independent, nor are they everywhere what they are in the country; the result is halved,
 * since a row refused for nothing is cheaper than one answered. What nothing is stated of
 * (who gives a service, a day) could be true of anybody or of one person: such a row does
 * not pass. */
#include "policies/load.h"

enum { PERMILLE = 1000, SAFETY = 2 };

/* Inhabitants, or shares of them: some of a whole. */
struct part {
        uint64_t some, whole;
};

static uint64_t inhabitants_of(const struct code_list *list, uint32_t level, uint32_t category)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < list->levels[0].len; i++)
                if (code_ancestor(list, i, level) == category)
                        sum += list->levels[0].codes[i].population;
        return sum;
}

/* 0: nothing is stated, or nobody lives there. */
static uint64_t some_of(
        const struct policy *p, const struct variable *v, uint32_t level, uint32_t category)
{
        if (v->type == VARIABLE_AGE)
                return category < v->bandings[level].len
                               ? v->bandings[level].bands[category].population_permille
                               : 0;
        if (category >= v->codes->levels[level].len)
                return 0;
        if (v->codes == p->municipalities)
                return inhabitants_of(v->codes, level, category);
        return v->codes->levels[level].codes[category].population_permille;
}

static bool part_of(const struct policy *p, const struct population_part *in, struct part *out)
{
        const struct variable *v = in->variable;
        struct part sum = {0, PERMILLE};

        if ((v->type != VARIABLE_AGE && v->type != VARIABLE_CODE) ||
                in->level >= variable_levels(v) || in->categories_len == 0)
                return false;
        if (v->type == VARIABLE_CODE && v->codes == p->municipalities) {
                sum.whole = 0;
                for (uint32_t i = 0; i < v->codes->levels[0].len; i++)
                        sum.whole += v->codes->levels[0].codes[i].population;
        }
        for (uint32_t i = 0; i < in->categories_len; i++) {
                uint64_t some = some_of(p, v, in->level, in->categories[i]);

                if (some == 0)
                        return false;
                for (uint32_t j = 0; j < i; j++)
                        if (in->categories[j] == in->categories[i])
                                some = 0;
                sum.some += some;
        }
        *out = sum;
        return true;
}

uint64_t policy_inhabitants(
        const struct policy *p, const struct population_part *parts, uint32_t len)
{
        const struct code_list *list = p->municipalities;
        unsigned __int128 people = 0;

        for (uint32_t i = 0; i < list->levels[0].len; i++)
                people += list->levels[0].codes[i].population;
        for (uint32_t i = 0; i < len; i++) {
                struct part part;

                for (uint32_t j = 0; j < i; j++)
                        if (parts[j].variable == parts[i].variable)
                                return 0;
                if (!part_of(p, &parts[i], &part))
                        return 0;
                people = people * part.some / part.whole;
        }
        return (uint64_t)(people / SAFETY);
}

/* Reading ------------------------------------------------------------------- */

enum err load_permille(struct loader *l, const struct yaml *m, uint32_t *out)
{
        int64_t permille = 0;

        TRY(yaml_integer(m, "population_permille", false, 1, PERMILLE, &permille, l->why));
        *out = (uint32_t)permille;
        return ERR_OK;
}

enum err check_permille(struct loader *l, const struct yaml *list, uint64_t sum)
{
        if (sum > PERMILLE)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "the shares of inhabitants add up to more than %d per mille", PERMILLE);
        return ERR_OK;
}
