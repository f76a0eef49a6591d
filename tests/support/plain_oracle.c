/* SPDX-License-Identifier: Apache-2.0 */
/* plain_oracle.c: see plain_oracle.h. It speaks in code texts, as a statistician would. */
#include "tests/support/plain_oracle.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/table.h"

enum { TEXT = 64 };

static bool value_in_plain(const struct oracle *o, uint32_t variable, uint32_t row, int64_t *out)
{
        return plain_value(o->source, variable, row, out);
}

static bool value_in_view(const struct oracle *o, uint32_t variable, uint32_t row, int64_t *out)
{
        const void *column = view_column(o->source, variable);

        switch (o->dataset->variables[variable].physical) {
        case PHYSICAL_U8:
                *out = ((const uint8_t *)column)[row];
                return *out != MISSING_U8;
        case PHYSICAL_U16:
                *out = ((const uint16_t *)column)[row];
                return *out != MISSING_U16;
        case PHYSICAL_I32:
                *out = ((const int32_t *)column)[row];
                return *out != MISSING_I32;
        case PHYSICAL_I64:
                *out = ((const int64_t *)column)[row];
                return *out != MISSING_I64;
        case PHYSICAL_NONE:
                break;
        }
        return false;
}

struct oracle oracle_of_plain(
        const struct plain_world *w, const struct query *q, const struct table *t)
{
        return (struct oracle){w->dataset, q, t, value_in_plain, w};
}

struct oracle oracle_of_view(const struct view *v, const struct query *q, const struct table *t)
{
        return (struct oracle){view_dataset(v), q, t, value_in_view, v};
}

/* The code text of a value at a level, as a statistician would name it; "" for none. */
static void name_at_level(
        const struct oracle *o, uint32_t variable, struct bytes level, uint32_t row, char out[TEXT])
{
        const struct variable *v = &o->dataset->variables[variable];
        int64_t n;

        out[0] = '\0';
        if (!o->value(o, variable, row, &n))
                return;
        if (v->type == VARIABLE_CODE) {
                uint32_t code = (uint32_t)n, l = 0;

                while (!bytes_equal(v->codes->levels[l].id, level))
                        code = v->codes->levels[l++].codes[code].parent;
                struct bytes text = v->codes->levels[l].codes[code].code;
                snprintf(out, TEXT, "%.*s", (int)text.len, (const char *)text.data);
        } else if (v->type == VARIABLE_BOOLEAN) {
                snprintf(out, TEXT, "%s", n ? "true" : "false");
        } else if (v->type == VARIABLE_DATE) {
                struct civil c = civil_from_days((int32_t)n);

                if (bytes_is_text(level, "ar"))
                        snprintf(out, TEXT, "%04d", c.year);
                else if (bytes_is_text(level, "kvartal"))
                        snprintf(out, TEXT, "%04d-Q%d", c.year, (c.month + 2) / 3);
                else if (bytes_is_text(level, "manad"))
                        snprintf(out, TEXT, "%04d-%02d", c.year, c.month);
                else
                        days_format((int32_t)n, out);
        } else {
                for (uint32_t b = 0; b < v->bandings_len; b++)
                        for (uint32_t k = 0; k < v->bandings[b].len; k++) {
                                const struct band *band = &v->bandings[b].bands[k];

                                if (bytes_equal(v->bandings[b].id, level) && n >= band->low &&
                                        n <= band->high)
                                        snprintf(out, TEXT, "%.*s", (int)band->code.len,
                                                (const char *)band->code.data);
                        }
        }
}

uint32_t oracle_category(const struct oracle *o, uint32_t d, uint32_t row)
{
        const struct dimension *dim = &o->t->dimensions[d];
        int32_t variable = variable_find(o->dataset, dim->variable);
        uint32_t other = UINT32_MAX;
        char name[TEXT];

        name_at_level(o, (uint32_t)variable, dim->level, row, name);
        for (uint32_t c = 0; c < dim->len; c++) {
                if (name[0] != '\0' && bytes_is_text(dim->categories[c].code, name))
                        return c;
                if (bytes_is_text(dim->categories[c].code, "ovrigt"))
                        other = c;
        }
        return other;
}

bool oracle_matches(const struct oracle *o, const struct filter *f, uint32_t row)
{
        uint32_t variable = (uint32_t)variable_find(o->dataset, f->variable);
        const struct variable *v = &o->dataset->variables[variable];
        char name[TEXT];
        int64_t n;
        bool hit = false;

        if (!o->value(o, variable, row, &n))
                return false;
        struct bytes level = f->level;
        if (v->type == VARIABLE_DATE)
                level = bytes_of_text(f->values[0].len == 4 ? "ar" : "kvartal");
        name_at_level(o, variable, level, row, name);
        for (uint32_t i = 0; i < f->values_len; i++)
                hit |= bytes_is_text(f->values[i], name);
        int order = name[0] == '\0'
                            ? 0
                            : strncmp(name, (const char *)f->values[0].data, f->values[0].len);
        switch (f->op) {
        case FILTER_EQ:
        case FILTER_IN:
                return hit;
        case FILTER_NE:
                return !hit;
        case FILTER_GE:
                return order >= 0;
        case FILTER_LT:
                return order < 0;
        case FILTER_NONE:
        case FILTER_LE:
        case FILTER_GT:
        case FILTER_OP_COUNT:
                break;
        }
        assert(false && "an order that is not asked");
        return false;
}

/* Random questions ---------------------------------------------------------------------- */

static struct bytes random_level(struct plain_world *w, const struct variable *v)
{
        static const char *const dates[] = {"dag", "manad", "kvartal", "ar"};

        if (v->type == VARIABLE_CODE)
                return v->codes
                        ->levels[v->finest_level +
                                 plain_random(w, v->codes->levels_len - v->finest_level)]
                        .id;
        if (v->type == VARIABLE_DATE)
                return bytes_of_text(dates[v->finest_date_level +
                                           plain_random(w, DATE_LEVELS - v->finest_date_level)]);
        return v->bandings_len > 0 ? v->bandings[plain_random(w, v->bandings_len)].id
                                   : (struct bytes){0};
}

void oracle_random_dimensions(struct plain_world *w, struct query *q, uint32_t max)
{
        uint32_t want = (uint32_t)plain_random(w, max + 1);

        for (uint32_t tries = 0; tries < 40 && q->dimensions_len < want; tries++) {
                uint32_t i = (uint32_t)plain_random(w, w->dataset->variables_len);
                const struct variable *v = &w->dataset->variables[i];
                bool again = false;

                for (uint32_t k = 0; k < q->dimensions_len; k++)
                        again |= bytes_equal(q->dimensions[k].variable, v->id);
                if (!v->may_group || again)
                        continue;
                q->dimensions[q->dimensions_len++] =
                        (struct dimension_ref){v->id, random_level(w, v)};
        }
}

bool oracle_random_filter(struct plain_world *w, struct arena *a, struct filter *f)
{
        uint32_t i = (uint32_t)plain_random(w, w->dataset->variables_len);
        const struct variable *v = &w->dataset->variables[i];
        uint32_t len = 1 + (uint32_t)plain_random(w, 4);
        struct bytes *values = arena_alloc(a, len, sizeof(*values));
        static const char *const years[] = {"2022", "2023", "2024", "2025"};
        static const char *const quarters[] = {"2022-Q1", "2023-Q2", "2024-Q4", "2023-Q4"};

        if (!v->may_filter)
                return false;
        *f = (struct filter){.variable = v->id, .level = random_level(w, v), .values = values};
        f->op = plain_random(w, 3) == 0 ? FILTER_NE : len == 1 ? FILTER_EQ : FILTER_IN;
        f->values_len = f->op == FILTER_IN ? len : 1;
        bool by_year = plain_random(w, 2) == 0;
        for (uint32_t k = 0; k < f->values_len; k++) {
                if (v->type == VARIABLE_CODE) {
                        uint32_t l = 0;

                        while (!bytes_equal(v->codes->levels[l].id, f->level))
                                l++;
                        const struct code_level *level = &v->codes->levels[l];
                        const struct code *code = &level->codes[plain_random(w, level->len)];
                        if (code->valid_until != INT32_MAX)
                                return false; /* of another division than today's */
                        values[k] = code->code;
                } else if (v->type == VARIABLE_DATE) {
                        values[k] = bytes_of_text(
                                by_year ? years[plain_random(w, 4)] : quarters[plain_random(w, 4)]);
                        f->level = (struct bytes){0};
                } else if (v->type == VARIABLE_BOOLEAN) {
                        values[k] = bytes_of_text(plain_random(w, 2) ? "true" : "false");
                } else if (v->bandings_len > 0) {
                        const struct banding *b = &v->bandings[0];

                        while (!bytes_equal(b->id, f->level))
                                b++;
                        values[k] = b->bands[plain_random(w, b->len)].code;
                } else {
                        return false;
                }
        }
        if (v->type == VARIABLE_DATE && f->values_len == 1 && plain_random(w, 2) == 0)
                f->op = plain_random(w, 2) == 0 ? FILTER_GE : FILTER_LT;
        return true;
}
