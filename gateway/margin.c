/* SPDX-License-Identifier: Apache-2.0 */
/* margin.c: a question reduced to what a neighbour knows, and how many inhabitants its rows
 * have: from policy and question alone. */
#include "gateway/answer.h"

static bool is_identifying(const struct policy_dataset *d, const struct query *q, struct bytes name)
{
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (bytes_equal(q->derived[i].name, name))
                        return false;
        int32_t variable = variable_find(d, name);

        return variable >= 0 && d->variables[variable].role == VARIABLE_IDENTIFYING;
}

enum err margin_keep(struct arena *arena, const struct policy_dataset *d, const struct query *asked,
        struct query *margin)
{
        margin->filters = arena_alloc(arena, asked->filters_len, sizeof *margin->filters);
        margin->dimensions = arena_alloc(arena, asked->dimensions_len, sizeof *margin->dimensions);
        if (margin->filters == NULL || margin->dimensions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < asked->filters_len; i++)
                if (is_identifying(d, asked, asked->filters[i].variable))
                        margin->filters[margin->filters_len++] = asked->filters[i];
        for (uint32_t i = 0; i < asked->dimensions_len; i++)
                if (is_identifying(d, asked, asked->dimensions[i].variable))
                        margin->dimensions[margin->dimensions_len++] = asked->dimensions[i];
        return ERR_OK;
}

/* Inhabitants -------------------------------------------------------------------------------- */

int32_t margin_category(const struct variable *v, uint32_t level, struct bytes code)
{
        if (v->type == VARIABLE_CODE)
                return code_find_at(v->codes, level, code);
        for (uint32_t i = 0; level < v->bandings_len && i < v->bandings[level].len; i++)
                if (bytes_equal(v->bandings[level].bands[i].code, code))
                        return (int32_t)i;
        return -1;
}

/* Filters that name whole categories only; others have no inhabitants. */
static enum err part_of_filter(struct arena *arena, const struct policy_dataset *d,
        const struct filter *f, struct population_part *out)
{
        const struct variable *v = &d->variables[variable_find(d, f->variable)];
        int32_t level = variable_level_find(v, f->level);
        uint32_t *categories = arena_alloc(arena, f->values_len, sizeof *categories);

        if (categories == NULL)
                return ERR_NO_MEMORY;
        *out = (struct population_part){
                .variable = v, .level = level < 0 ? 0 : (uint32_t)level, .categories = categories};
        if (level < 0 || (f->op != FILTER_EQ && f->op != FILTER_IN))
                return ERR_OK;
        for (uint32_t i = 0; i < f->values_len; i++) {
                int32_t index = margin_category(v, (uint32_t)level, f->values[i]);

                if (index < 0) {
                        out->categories_len = 0;
                        return ERR_OK;
                }
                categories[out->categories_len++] = (uint32_t)index;
        }
        return ERR_OK;
}

/* A dimension's category takes the place of a filter of the same level, in which it lies. */
enum err margin_inhabitants(struct arena *arena, const struct policy *p,
        const struct policy_dataset *d, const struct query *margin, const uint32_t *at,
        uint64_t *out)
{
        struct population_part parts[DIMENSIONS_MAX + FILTERS_MAX];
        uint32_t len = 0, categories[DIMENSIONS_MAX];

        for (uint32_t i = 0; i < margin->filters_len; i++)
                TRY(part_of_filter(arena, d, &margin->filters[i], &parts[len++]));
        for (uint32_t i = 0; i < margin->dimensions_len; i++) {
                const struct dimension_ref *ref = &margin->dimensions[i];
                const struct variable *v = &d->variables[variable_find(d, ref->variable)];
                int32_t level = variable_level_find(v, ref->level);
                uint32_t place = len;

                if (at[i] == UINT32_MAX)
                        continue;
                for (uint32_t k = 0; k < margin->filters_len; k++)
                        if (parts[k].variable == v && level >= 0 &&
                                parts[k].level == (uint32_t)level)
                                place = k;
                categories[i] = at[i];
                parts[place] = (struct population_part){.variable = v,
                        .level = level < 0 ? 0 : (uint32_t)level,
                        .categories = &categories[i],
                        .categories_len = level < 0 ? 0 : 1};
                len = place == len ? len + 1 : len;
        }
        *out = policy_inhabitants(p, parts, len);
        return ERR_OK;
}

/* Rows without totals ------------------------------------------------------------------------ */

/* How many categories a dimension has; 0: only the deliveries tell. */
static uint32_t categories_of(const struct policy_dataset *d, const struct dimension_ref *ref)
{
        const struct variable *v = &d->variables[variable_find(d, ref->variable)];
        int32_t level = variable_level_find(v, ref->level);

        if (level < 0)
                return 0;
        if (v->type == VARIABLE_CODE)
                return v->codes->levels[level].len;
        return v->type == VARIABLE_AGE && (uint32_t)level < v->bandings_len ? v->bandings[level].len
                                                                            : 0;
}

/* Whether a filter of the same level leaves the category; others are not asked. */
static bool filters_leave(const struct policy_dataset *d, const struct query *margin,
        const struct dimension_ref *ref, uint32_t category)
{
        const struct variable *v = &d->variables[variable_find(d, ref->variable)];
        int32_t level = variable_level_find(v, ref->level);

        for (uint32_t i = 0; i < margin->filters_len; i++) {
                const struct filter *f = &margin->filters[i];
                bool held = false;

                if (!bytes_equal(f->variable, ref->variable) ||
                        variable_level_find(v, f->level) != level ||
                        (f->op != FILTER_EQ && f->op != FILTER_IN))
                        continue;
                for (uint32_t k = 0; k < f->values_len && !held; k++)
                        held = margin_category(v, (uint32_t)level, f->values[k]) ==
                               (int32_t)category;
                if (!held)
                        return false;
        }
        return true;
}

static bool next_row(const uint32_t *lens, uint32_t len, uint32_t *at)
{
        for (uint32_t i = len; i-- > 0; at[i] = 0)
                if (++at[i] < lens[i])
                        return true;
        return false;
}

static enum err count_row(struct arena *arena, const struct policy *p,
        const struct policy_dataset *d, const struct query *margin, const uint32_t *at,
        uint64_t enough, struct margin_rows *out)
{
        uint64_t n;

        for (uint32_t i = 0; i < margin->dimensions_len; i++)
                if (!filters_leave(d, margin, &margin->dimensions[i], at[i]))
                        return ERR_OK;
        TRY(margin_inhabitants(arena, p, d, margin, at, &n));
        *(n >= enough ? &out->answered : &out->refused) += 1;
        return ERR_OK;
}

enum err margin_count(struct arena *arena, const struct policy *p, const struct policy_dataset *d,
        const struct query *margin, uint64_t enough, struct margin_rows *out)
{
        uint32_t lens[DIMENSIONS_MAX] = {0}, at[DIMENSIONS_MAX] = {0};
        uint64_t rows = 1;

        *out = (struct margin_rows){0};
        for (uint32_t i = 0; i < margin->dimensions_len; i++) {
                lens[i] = categories_of(d, &margin->dimensions[i]);
                if (lens[i] == 0 || lens[i] > MARGIN_ROWS_MAX / rows)
                        return ERR_OK;
                rows *= lens[i];
        }
        do
                TRY(count_row(arena, p, d, margin, at, enough, out));
        while (next_row(lens, margin->dimensions_len, at));
        out->known = true;
        return ERR_OK;
}
