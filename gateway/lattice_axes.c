/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_axes.c: what planned tables share, so that they can be protected as one.
 *
 * Two tables that both have the municipality share it, also where one has counties: the
 * finest level planned gives the leaves, and every coarser category is a set of them. Two
 * levels of which neither lies within the other (ages in fives, and in school stages) have
 * no leaves in common that anybody counted; a plan with both is not made. */
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_parts.h"

struct disclosure_settings lattice_settings(const struct disclosure_rules *r)
{
        struct disclosure_settings s = {
                .threshold = r->threshold,
                .zeros_published = r->zeros_published,
                .numerator = r->numerator,
                .denominator = r->denominator,
                .complement = r->complement,
                .families = r->families,
                .homogeneous = r->homogeneous,
                .contributors = r->contributors,
                .remainder = r->remainder,
                .part_max = r->part_max,
                .dominance = {.n = r->dominance_n,
                        .k = r->dominance_k,
                        .p = r->p_percent,
                        .pq_p = r->pq_p,
                        .pq_q = r->pq_q},
                .secondary = r->secondary,
                .interval = r->interval,
                .audit_cells_max = LATTICE_AUDITED,
                .cost = (enum disclosure_cost)r->cost,
        };

        memcpy(s.number, r->number, sizeof(s.number));
        return s;
}

/* Levels within levels --------------------------------------------------------------- */

/* Whether level `b` of the variable is finer than `a`. */
static bool is_finer(const struct variable *v, uint32_t b, uint32_t a)
{
        if (v->type == VARIABLE_CODE || v->type == VARIABLE_DATE)
                return b < a;
        return v->type != VARIABLE_BOOLEAN && v->bandings[b].len > v->bandings[a].len;
}

static uint32_t category_of(const struct dimension *d, struct bytes code)
{
        for (uint32_t i = 0; i < d->len; i++)
                if (bytes_equal(d->categories[i].code, code))
                        return i;
        return UINT32_MAX;
}

static uint32_t coarse_code(const struct variable *v, uint32_t fine, uint32_t coarse, int32_t day,
        struct bytes code, const struct dimension *in)
{
        const struct code_list *list = v->codes;
        int32_t at = code_find_at(list, fine, code);

        for (uint32_t i = 0; at >= 0 && i < list->levels[0].len; i++) {
                if (code_ancestor_at(list, i, fine, day) != (uint32_t)at)
                        continue;
                uint32_t up = code_ancestor_at(list, i, coarse, day);
                uint32_t found = up == CODE_NO_PARENT
                                         ? UINT32_MAX
                                         : category_of(in, list->levels[coarse].codes[up].code);
                if (found != UINT32_MAX)
                        return found;
        }
        return category_of(in, bytes_of_text(CATEGORY_OTHER));
}

static const struct band *band_of(const struct banding *b, struct bytes code)
{
        for (uint32_t i = 0; i < b->len; i++)
                if (bytes_equal(b->bands[i].code, code))
                        return &b->bands[i];
        return NULL;
}

/* The coarse band that holds a fine one whole; UINT32_MAX - 1: a part of it. */
#define IN_PART (UINT32_MAX - 1)

static uint32_t coarse_band(const struct variable *v, uint32_t fine, uint32_t coarse,
        struct bytes code, const struct dimension *in)
{
        const struct band *f = band_of(&v->bandings[fine], code);
        const struct banding *c = &v->bandings[coarse];

        for (uint32_t i = 0; f != NULL && i < c->len; i++) {
                const struct band *b = &c->bands[i];

                if (b->low <= f->low && b->high >= f->high)
                        return category_of(in, b->code);
                if (b->low <= f->high && b->high >= f->low)
                        return IN_PART;
        }
        return category_of(in, bytes_of_text(CATEGORY_OTHER));
}

/* A coarse band must be made of fine ones, or "other" of the fine level is more than that
 * of the coarse. */
static bool made_of(const struct variable *v, uint32_t fine, uint32_t coarse)
{
        const struct banding *f = &v->bandings[fine], *c = &v->bandings[coarse];

        for (uint32_t i = 0; i < c->len; i++) {
                int64_t next = c->bands[i].low > v->min ? c->bands[i].low : v->min;
                int64_t last = c->bands[i].high < v->max ? c->bands[i].high : v->max;

                for (uint32_t k = 0; k < f->len; k++)
                        if (f->bands[k].low <= next && f->bands[k].high >= next)
                                next = f->bands[k].high < last ? f->bands[k].high + 1 : last + 1;
                if (next <= last)
                        return false;
        }
        return true;
}

/* For dates, by how they are written. */
static uint32_t coarse_date(struct bytes code, const struct dimension *in)
{
        for (uint32_t i = 0; i < in->len; i++)
                if (lattice_date_within(code, in->categories[i].code))
                        return i;
        return category_of(in, bytes_of_text(CATEGORY_OTHER));
}

static uint32_t coarse_category(const struct variable *v, uint32_t fine, uint32_t coarse,
        int32_t day, struct bytes code, const struct dimension *in)
{
        if (bytes_is_text(code, CATEGORY_OTHER) || fine == coarse)
                return category_of(in, code);
        if (v->type == VARIABLE_CODE)
                return coarse_code(v, fine, coarse, day, code, in);
        if (v->type == VARIABLE_DATE)
                return coarse_date(code, in);
        return coarse_band(v, fine, coarse, code, in);
}

/* Shared axes ------------------------------------------------------------------------ */

struct sharing {
        const struct lattice_source *source;
        const struct lattice_cube *cube;
        struct lattice_axes *out;
        struct arena *arena;
};

static uint32_t shared_of(const struct lattice_axes *a, uint32_t variable)
{
        uint32_t i = 0;

        while (i < a->finest_len && a->finest[i].variable != variable)
                i++;
        return i;
}

/* The finest level of every variable, and its categories. */
static enum err find_finest(struct sharing *s)
{
        const struct lattice *l = &s->source->dataset->lattice;
        struct lattice_axes *a = s->out;
        uint32_t lead = lattice_lead(s->cube);

        a->finest = arena_alloc(s->arena, LATTICE_AXES_MAX, sizeof(*a->finest));
        a->leaves = arena_alloc(s->arena, LATTICE_AXES_MAX, sizeof(*a->leaves));
        if (a->finest == NULL || a->leaves == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < l->tables_len; t++)
                for (uint32_t i = 0; i < l->tables[t].axes_len; i++) {
                        const struct lattice_axis *axis = &l->tables[t].axes[i];
                        const struct variable *v = &s->source->dataset->variables[axis->variable];
                        uint32_t at = shared_of(a, axis->variable);

                        if (at == a->finest_len) {
                                if (at + lead == LATTICE_AXES_MAX)
                                        return ERR_TOO_MANY_CELLS;
                                a->finest_len++;
                        } else if (!is_finer(v, axis->level, a->finest[at].level)) {
                                continue;
                        }
                        a->finest[at] = *axis;
                        a->leaves[at] = s->cube->tables[t].dimensions[lead + i];
                }
        return ERR_OK;
}

static enum err map_axis(struct sharing *s, const struct lattice_axis *axis,
        const struct dimension *d, struct disclosure_axis *out)
{
        const struct variable *v = &s->source->dataset->variables[axis->variable];
        uint32_t at = shared_of(s->out, axis->variable), fine = s->out->finest[at].level;
        const struct dimension *leaves = &s->out->leaves[at];
        int32_t day = s->cube->days[s->cube->blocks - 1];
        bool bands =
                v->type != VARIABLE_CODE && v->type != VARIABLE_DATE && v->type != VARIABLE_BOOLEAN;

        if (bands && fine != axis->level && !made_of(v, fine, axis->level))
                return ERR_UNSUPPORTED;
        uint32_t *of = arena_alloc(s->arena, leaves->len, sizeof(*of));
        if (of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < leaves->len; i++) {
                of[i] = coarse_category(v, fine, axis->level, day, leaves->categories[i].code, d);
                if (of[i] == IN_PART)
                        return ERR_UNSUPPORTED;
        }
        *out = (struct disclosure_axis){lattice_lead(s->cube) + at, of};
        return ERR_OK;
}

static enum err map_blocks(struct sharing *s, struct disclosure_axis *out)
{
        uint32_t len = s->cube->blocks - 1, *of = arena_alloc(s->arena, len, sizeof(*of));

        if (of == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                of[i] = i;
        *out = (struct disclosure_axis){0, of};
        return ERR_OK;
}

static enum err map_table(struct sharing *s, uint32_t table, const struct disclosure_axis **out)
{
        const struct lattice_table *planned = &s->source->dataset->lattice.tables[table];
        const struct table *t = &s->cube->tables[table];
        uint32_t lead = lattice_lead(s->cube);
        struct disclosure_axis *axes = arena_alloc(s->arena, t->dimensions_len, sizeof(*axes));

        if (axes == NULL)
                return ERR_NO_MEMORY;
        if (lead > 0)
                TRY(map_blocks(s, &axes[0]));
        for (uint32_t i = 0; i < planned->axes_len; i++)
                TRY(map_axis(s, &planned->axes[i], &t->dimensions[lead + i], &axes[lead + i]));
        *out = axes;
        return ERR_OK;
}

enum err lattice_axes_make(const struct lattice_source *source, const struct lattice_cube *cube,
        struct arena *arena, struct lattice_axes *out)
{
        struct lattice_axes a = {0};
        struct sharing s = {source, cube, &a, arena};
        uint32_t lead = lattice_lead(cube);

        TRY(find_finest(&s));
        struct table **tables = arena_alloc(arena, cube->tables_len, sizeof(*tables));
        uint32_t *leaves = arena_alloc(arena, a.finest_len + lead, sizeof(*leaves));
        const struct disclosure_axis **axes = arena_alloc(arena, cube->tables_len, sizeof(*axes));
        if (tables == NULL || leaves == NULL || axes == NULL)
                return ERR_NO_MEMORY;
        if (lead > 0)
                leaves[0] = cube->blocks - 1;
        for (uint32_t i = 0; i < a.finest_len; i++)
                leaves[lead + i] = a.leaves[i].len;
        for (uint32_t t = 0; t < cube->tables_len; t++) {
                tables[t] = &cube->tables[t];
                TRY(map_table(&s, t, &axes[t]));
        }
        a.release = (struct disclosure_release){.tables = tables,
                .tables_len = cube->tables_len,
                .shared_len = a.finest_len + lead,
                .leaves = leaves,
                .axes = axes};
        *out = a;
        return ERR_OK;
}
