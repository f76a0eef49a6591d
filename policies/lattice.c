/* SPDX-License-Identifier: Apache-2.0 */
/* lattice.c: which tables of a data set are planned, and how large they can become.
 *
 * lattice:
 *   tables:
 *     - [kommun, kon, "alder:grupp"]
 *     - ["kommun:lan", form]
 *   measures: ["sum:kostnad"]
 *   by: year
 *   cells_max: 60000
 *
 * What is planned is protected whole at every publication, so its size is a promise that
 * is kept when the bundle loads, not when a vintage is due. Every category that can come is
 * counted, with the total and what has no category. */
#include <stdlib.h>
#include <string.h>

#include "policies/load.h"
#include "policies/query_yaml.h"

/* Axes ---------------------------------------------------------------------- */

/* Whether records can be outside the bands of a number. */
static bool has_gaps(const struct variable *v, const struct banding *b)
{
        int64_t next = v->min;

        for (uint32_t i = 0; i < b->len; i++) {
                if (b->bands[i].low > next)
                        return true;
                if (b->bands[i].high >= v->max)
                        return false;
                next = b->bands[i].high + 1;
        }
        return true;
}

/* Places on an axis: its categories, what has none, and the total. */
static uint64_t axis_places(const struct variable *v, uint32_t level)
{
        static const uint32_t a_year[DATE_LEVELS] = {366, 12, 4, 1};
        bool other = !v->required && v->source != SOURCE_MUNICIPALITY;
        uint64_t len = 0;

        switch (v->type) {
        case VARIABLE_CODE:
                len = v->codes->levels[level].len;
                other = other || level > 0; /* what had no such parent on the day */
                break;
        case VARIABLE_DATE:
                len = (uint64_t)LATTICE_YEARS * a_year[level];
                break;
        case VARIABLE_BOOLEAN:
                len = 2;
                break;
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                len = v->bandings[level].len;
                other = other || has_gaps(v, &v->bandings[level]);
                break;
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return len + other + 1;
}

static enum err load_axis(struct loader *l, const struct yaml *item, const struct policy_dataset *d,
        struct lattice_axis *out)
{
        struct bytes text = {0};
        struct dimension_ref ref;
        int32_t at, level;

        TRY(yaml_text_of(item, "tables", &text, l->why));
        if (query_dimension_parse(text, &ref, NULL) != ERR_OK)
                return yaml_complain(
                        item, ERR_CONFIG, l->why, "expected VARIABLE or \"VARIABLE:LEVEL\"");
        at = variable_find(d, ref.variable);
        if (at < 0)
                return yaml_complain(item, ERR_CONFIG, l->why, "the data set has no such variable");

        const struct variable *v = &d->variables[at];

        if (!v->may_group)
                return yaml_complain(
                        item, ERR_CONFIG, l->why, "the variable may not be a dimension (`group`)");
        level = variable_level_find(v, ref.level);
        if (level < 0)
                return yaml_complain(item, ERR_CONFIG, l->why, "the variable has no such level");
        if ((uint32_t)level < variable_finest(v))
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "the variable may not be asked that finely (`finest`)");
        *out = (struct lattice_axis){(uint32_t)at, (uint32_t)level};
        return ERR_OK;
}

/* Tables -------------------------------------------------------------------- */

static int by_axis(const void *a, const void *b)
{
        const struct lattice_axis *x = a, *y = b;

        return x->variable != y->variable
                       ? (x->variable > y->variable) - (x->variable < y->variable)
                       : (x->level > y->level) - (x->level < y->level);
}

/* The same axes in any order are the same table. */
static bool same_table(const struct lattice_table *a, const struct lattice_table *b)
{
        struct lattice_axis x[DIMENSIONS_MAX], y[DIMENSIONS_MAX];

        if (a->axes_len != b->axes_len)
                return false;
        memcpy(x, a->axes, a->axes_len * sizeof *x);
        memcpy(y, b->axes, b->axes_len * sizeof *y);
        qsort(x, a->axes_len, sizeof *x, by_axis);
        qsort(y, b->axes_len, sizeof *y, by_axis);
        for (uint32_t i = 0; i < a->axes_len; i++)
                if (by_axis(&x[i], &y[i]) != 0)
                        return false;
        return true;
}

/* *cells is what one block has so far. */
static enum err load_table(struct loader *l, const struct yaml *list,
        const struct policy_dataset *d, struct lattice_table *out, uint64_t *cells)
{
        uint64_t places = 1;

        if (list->kind != YAML_SEQUENCE || list->len == 0 || list->len > d->dimensions_max)
                return yaml_complain(list, ERR_CONFIG, l->why,
                        "a table is a list of 1 to %u variables, as many as a question may have",
                        d->dimensions_max);
        out->axes = arena_alloc(l->arena, list->len, sizeof *out->axes);
        if (out->axes == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_axis(l, &list->items[i], d, &out->axes[i]));
                for (uint32_t j = 0; j < i; j++)
                        if (out->axes[i].variable == out->axes[j].variable)
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "the variable stands in the table already");
                places *= axis_places(&d->variables[out->axes[i].variable], out->axes[i].level);
                if (places > LATTICE_CELLS_MAX)
                        return yaml_complain(list, ERR_CONFIG, l->why,
                                "the table alone has more than %d cells", LATTICE_CELLS_MAX);
        }
        out->axes_len = list->len;
        *cells += places;
        return ERR_OK;
}

static enum err load_tables(struct loader *l, const struct yaml *m, const struct policy_dataset *d,
        struct lattice *out, uint64_t *cells)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(m, "tables", true, &list, l->why));
        if (list->len == 0 || list->len > LATTICE_TABLES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "a lattice has 1 to %d tables",
                        LATTICE_TABLES_MAX);
        out->tables = arena_alloc(l->arena, list->len, sizeof *out->tables);
        if (out->tables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_table(l, &list->items[i], d, &out->tables[i], cells));
                for (uint32_t j = 0; j < i; j++)
                        if (same_table(&out->tables[i], &out->tables[j]))
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "the table is planned twice");
        }
        out->tables_len = list->len;
        return ERR_OK;
}

/* Measures -------------------------------------------------------------------- */

static enum err load_measure(struct loader *l, const struct yaml *item,
        const struct policy_dataset *d, struct measure_ref *out)
{
        struct bytes text = {0};
        struct measure_ref m;
        int32_t at;

        TRY(yaml_text_of(item, "measures", &text, l->why));
        if (query_measure_parse(text, &m, NULL) != ERR_OK ||
                (m.kind != MEASURE_SUM && m.kind != MEASURE_MEAN))
                return yaml_complain(item, ERR_CONFIG, l->why,
                        "expected \"sum:VARIABLE\" or \"mean:VARIABLE\": persons and records are "
                        "always there");
        at = variable_find(d, m.variable);
        if (at < 0 || d->variables[at].role != VARIABLE_MEASURE)
                return yaml_complain(item, ERR_CONFIG, l->why, "the data set has no such measure");
        *out = (struct measure_ref){.kind = m.kind, .variable = d->variables[at].id};
        return ERR_OK;
}

static enum err load_measures(
        struct loader *l, const struct yaml *m, const struct policy_dataset *d, struct lattice *out)
{
        const struct yaml *list = NULL;

        TRY(yaml_list(m, "measures", false, &list, l->why));
        if (list == NULL)
                return ERR_OK;
        if (list->len > LATTICE_MEASURES_MAX)
                return yaml_complain(list, ERR_CONFIG, l->why, "a lattice has at most %d measures",
                        LATTICE_MEASURES_MAX);
        out->measures = arena_alloc(l->arena, list->len, sizeof *out->measures);
        if (out->measures == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < list->len; i++) {
                TRY(load_measure(l, &list->items[i], d, &out->measures[i]));
                for (uint32_t j = 0; j < i; j++)
                        if (out->measures[i].kind == out->measures[j].kind &&
                                bytes_equal(out->measures[i].variable, out->measures[j].variable))
                                return yaml_complain(&list->items[i], ERR_CONFIG, l->why,
                                        "the measure is planned twice");
        }
        out->measures_len = list->len;
        return ERR_OK;
}

/* The whole ------------------------------------------------------------------- */

enum err load_lattice(struct loader *l, const struct yaml *file, struct policy_dataset *d)
{
        static const char *const keys[] = {"tables", "measures", "by", "cells_max", NULL};
        static const char *const blocks[] = {"all", "year", NULL};
        struct lattice lattice = {.at = load_place(l, file, "lattice")};
        const struct yaml *m = NULL;
        uint64_t cells = 0;
        int64_t most = 0;
        uint32_t by = 0;

        TRY(yaml_mapping(file, "lattice", false, &m, l->why));
        if (m == NULL)
                return ERR_OK;
        TRY(yaml_known_keys(m, keys, l->why));
        TRY(load_tables(l, m, d, &lattice, &cells));
        TRY(load_measures(l, m, d, &lattice));
        TRY(yaml_word(m, "by", true, blocks, &by, l->why));
        TRY(yaml_integer(m, "cells_max", true, 1, LATTICE_CELLS_MAX, &most, l->why));
        lattice.by_year = by == 1;
        if (lattice.by_year && d->order_variable == UINT32_MAX && d->episode_from == UINT32_MAX)
                return yaml_complain(yaml_find(m, "by"), ERR_CONFIG, l->why,
                        "records without a date that orders them have no year");
        if (lattice.by_year)
                cells *= LATTICE_YEARS + 1;
        if (cells > (uint64_t)most)
                return yaml_complain(yaml_find(m, "cells_max"), ERR_CONFIG, l->why,
                        "the tables can have %llu cells%s, and no more than %lld are allowed",
                        (unsigned long long)cells, lattice.by_year ? " in ten years" : "",
                        (long long)most);
        lattice.cells_max = (uint32_t)most;
        lattice.cells = (uint32_t)cells;
        d->lattice = lattice;
        return ERR_OK;
}
