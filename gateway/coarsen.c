/* SPDX-License-Identifier: Apache-2.0 */
/* coarsen.c: the same question with coarser dimensions, or fewer, the least change first. */
#include <string.h>

#include "base/arena.h"
#include "gateway/answer.h"

/* Levels ------------------------------------------------------------------------------------- */

static struct bytes level_id(const struct variable *v, uint32_t level)
{
        if (v->type == VARIABLE_CODE)
                return v->codes->levels[level].id;
        if (v->type == VARIABLE_DATE)
                return bytes_of_text(date_level_id(level));
        return level < v->bandings_len ? v->bandings[level].id : bytes_of_text("");
}

/* The next coarser level, or -1. Bandings stand in no order: one of fewer bands is coarser. */
static int32_t level_above(const struct variable *v, int32_t level)
{
        int32_t best = -1;

        if (v->type == VARIABLE_CODE || v->type == VARIABLE_DATE)
                return level + 1 < (int32_t)variable_levels(v) ? level + 1 : -1;
        for (int32_t i = 0; i < (int32_t)v->bandings_len; i++)
                if (v->bandings[i].len < v->bandings[level].len &&
                        (best < 0 || v->bandings[i].len > v->bandings[best].len))
                        best = i;
        return best;
}

/* The level after `up` steps; false where the dimension is out by then. */
static bool level_after(const struct policy_dataset *d, const struct query *q,
        const struct dimension_ref *ref, uint32_t up, struct bytes *out)
{
        int32_t variable = variable_find(d, ref->variable), level;

        *out = ref->level;
        if (up == 0)
                return true;
        for (uint32_t i = 0; i < q->derived_len; i++)
                if (bytes_equal(q->derived[i].name, ref->variable))
                        return false;
        if (variable < 0)
                return false;
        const struct variable *v = &d->variables[variable];
        level = variable_level_find(v, ref->level);
        for (; up > 0 && level >= 0; up--)
                level = variable_levels(v) > 0 ? level_above(v, level) : -1;
        if (level < 0)
                return false;
        *out = level_id(v, (uint32_t)level);
        return true;
}

/* Steps until the dimension is out. */
static uint32_t steps_most(
        const struct policy_dataset *d, const struct query *q, const struct dimension_ref *ref)
{
        struct bytes level;
        uint32_t n = 1;

        while (level_after(d, q, ref, n, &level))
                n++;
        return n;
}

/* Combinations ------------------------------------------------------------------------------- */

struct combining {
        const struct policy_dataset *dataset;
        const struct query *query;
        coarsening_judge judge;
        void *ctx;
        struct coarsening *out;
        uint32_t most[DIMENSIONS_MAX], up[DIMENSIONS_MAX];
};

static enum err judge(struct combining *c, uint32_t steps, bool *found)
{
        const struct query *q = c->query;
        struct coarsening *out = c->out;

        *out = (struct coarsening){.steps = steps};
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                struct dimension_ref ref = q->dimensions[i];

                out->dropped[i] = !level_after(c->dataset, q, &ref, c->up[i], &ref.level);
                if (out->dropped[i])
                        continue;
                out->from[out->len] = i;
                out->dimensions[out->len++] = ref;
        }
        return c->judge(c->ctx, out, found);
}

/* All ways to take `left` steps with the dimensions from `at` on. */
static enum err combine(
        struct combining *c, uint32_t at, uint32_t left, uint32_t steps, bool *found)
{
        if (at == c->query->dimensions_len)
                return left == 0 ? judge(c, steps, found) : ERR_OK;
        for (uint32_t up = 0; up <= left && up <= c->most[at] && !*found; up++) {
                c->up[at] = up;
                TRY(combine(c, at + 1, left - up, steps, found));
        }
        return ERR_OK;
}

enum err coarsen(const struct policy_dataset *d, const struct query *q, coarsening_judge judge_fn,
        void *ctx, struct coarsening *out)
{
        struct combining c = {.dataset = d, .query = q, .judge = judge_fn, .ctx = ctx, .out = out};
        uint32_t all = 0;
        bool found = false;

        for (uint32_t i = 0; i < q->dimensions_len; i++)
                all += c.most[i] = steps_most(d, q, &q->dimensions[i]);
        for (uint32_t steps = 1; steps <= all && !found; steps++)
                TRY(combine(&c, 0, steps, steps, &found));
        return found ? ERR_OK : ERR_NOT_FOUND;
}

/* In words ----------------------------------------------------------------------------------- */

static void say_change(struct buf *b, const char *between, const struct dimension_ref *ref,
        bool dropped, const char *without, const char *at_level)
{
        if (b->len > 0)
                put_raw(b, between, strlen(between));
        if (dropped)
                put_raw(b, without, strlen(without));
        put_raw(b, ref->variable.data, ref->variable.len);
        if (dropped)
                return;
        put_raw(b, at_level, strlen(at_level));
        put_raw(b, ref->level.data, ref->level.len);
}

static enum err words(struct arena *arena, const struct query *q, const struct coarsening *c,
        const char *without, const char *at_level, struct bytes *out)
{
        OWNED(buf_done) struct buf b;
        uint32_t at = 0;

        buf_init(&b, 4096);
        for (uint32_t i = 0; i < q->dimensions_len; i++) {
                if (c->dropped[i]) {
                        say_change(&b, ", ", &q->dimensions[i], true, without, at_level);
                        continue;
                }
                if (!bytes_equal(c->dimensions[at].level, q->dimensions[i].level))
                        say_change(&b, ", ", &c->dimensions[at], false, without, at_level);
                at++;
        }
        TRY(buf_end(&b, out));
        return bytes_copy(arena, *out, out);
}

enum err coarsening_tell(struct arena *arena, const struct query *q, const struct coarsening *c,
        struct wire_nearest *out)
{
        struct dimension_ref *dimensions = arena_alloc(arena, c->len, sizeof *dimensions);

        if (dimensions == NULL)
                return ERR_NO_MEMORY;
        memcpy(dimensions, c->dimensions, c->len * sizeof *dimensions);
        out->dimensions = dimensions;
        out->dimensions_len = c->len;
        TRY(words(arena, q, c, "utan ", " på nivån ", &out->text.sv));
        return words(arena, q, c, "without ", " at the level ", &out->text.en);
}

/* Categories --------------------------------------------------------------------------------- */

/* "2024-03-15", "2024-03", "2024-Q1", "2024": by their first letters, and the quarter. */
static enum err coarser_date(
        struct arena *arena, uint32_t level, struct bytes code, struct bytes *out)
{
        static const size_t lens[DATE_LEVELS] = {10, 7, 7, 4};

        *out = code;
        if (code.len <= 4 || level >= DATE_LEVELS)
                return ERR_OK;
        if (level == 2 && code.data[5] != 'Q' && code.len >= 7) {
                unsigned month = (unsigned)(10 * (code.data[5] - '0') + code.data[6] - '0');
                char *text =
                        arena_printf(arena, "%.4s-Q%u", (const char *)code.data, (month + 2) / 3);

                if (text == NULL)
                        return ERR_NO_MEMORY;
                *out = bytes_of_text(text);
                return ERR_OK;
        }
        out->len = code.len < lens[level] ? code.len : lens[level];
        return ERR_OK;
}

static struct bytes coarser_band(
        const struct variable *v, int32_t fine, int32_t coarse, struct bytes code)
{
        int32_t i = margin_category(v, (uint32_t)fine, code);

        for (uint32_t k = 0; i >= 0 && k < v->bandings[coarse].len; k++) {
                const struct band *in = &v->bandings[fine].bands[i];
                const struct band *b = &v->bandings[coarse].bands[k];

                if (b->low <= in->low && in->high <= b->high)
                        return b->code;
        }
        return (struct bytes){0};
}

static struct bytes coarser_listed(
        const struct code_list *list, uint32_t fine, uint32_t coarse, struct bytes code)
{
        int32_t at = code_find_at(list, fine, code);
        uint32_t i = (uint32_t)at;

        if (at < 0)
                return (struct bytes){0};
        for (uint32_t level = fine; level < coarse && i != CODE_NO_PARENT; level++)
                i = list->levels[level].codes[i].parent;
        return i == CODE_NO_PARENT ? (struct bytes){0} : list->levels[coarse].codes[i].code;
}

enum err coarser_code(struct arena *arena, const struct variable *v, struct bytes fine,
        struct bytes coarse, struct bytes code, struct bytes *out)
{
        int32_t from = variable_level_find(v, fine), to = variable_level_find(v, coarse);

        *out = code;
        if (from == to || bytes_is_text(code, CATEGORY_OTHER))
                return ERR_OK;
        *out = (struct bytes){0};
        if (from < 0 || to < 0)
                return ERR_OK;
        if (v->type == VARIABLE_DATE)
                return coarser_date(arena, (uint32_t)to, code, out);
        if (v->type == VARIABLE_CODE)
                *out = coarser_listed(v->codes, (uint32_t)from, (uint32_t)to, code);
        else if ((uint32_t)from < v->bandings_len && (uint32_t)to < v->bandings_len)
                *out = coarser_band(v, from, to, code);
        return ERR_OK;
}
