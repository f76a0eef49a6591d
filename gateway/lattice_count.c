/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_count.c: the planned tables as the engine counts them, one block after another,
 * stitched together.
 *
 * A block is a question with or without a calendar year, so every table of the cube is what
 * the engine would answer, cell by cell. Categories may differ between blocks (months
 * of a year; municipalities that ended): the cube has all of them, and knows which a block
 * shows; what it does not is not applicable there.
 *
 * Years add up to all periods only where every record lies in one of them. Those in none
 * (older than the years kept, or without a date) make a block of their own, that nobody can
 * ask for but everybody can compute: all without the years. Of distinct persons it holds what
 * the difference says, which is the least there can be. Without this block a single
 * undated record would be told by one subtraction.
 *
 * A year in which the hierarchies were not those of the last day would share no axes with
 * the others; it is left out, and asked elsewhere. */
#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "gateway/coverage.h"
#include "gateway/lattice_parts.h"
#include "gateway/query/engine.h"

enum { YEARS_MAX = 60, RAW_MAX = (int)(((unsigned)1 << 31) - 1) };

uint32_t lattice_lead(const struct lattice_cube *c)
{
        return c->blocks > 1;
}

uint8_t *lattice_shown(
        const struct lattice_cube *c, uint32_t table, uint32_t block, uint32_t dimension)
{
        const struct table *t = &c->tables[table];
        uint32_t before = 0, all = 0;

        for (uint32_t d = lattice_lead(c); d < t->dimensions_len; d++) {
                all += t->dimensions[d].len;
                if (d < dimension + lattice_lead(c))
                        before += t->dimensions[d].len;
        }
        return c->shown[table] + (size_t)block * all + before;
}

struct bytes lattice_level_id(const struct variable *v, uint32_t level)
{
        switch (v->type) {
        case VARIABLE_CODE:
                return v->codes->levels[level].id;
        case VARIABLE_DATE:
                return bytes_of_text(date_level_id(level));
        case VARIABLE_INTEGER:
        case VARIABLE_DECIMAL:
        case VARIABLE_AGE:
                return v->bandings[level].id;
        case VARIABLE_BOOLEAN:
        case VARIABLE_NONE:
        case VARIABLE_TYPE_COUNT:
                break;
        }
        return (struct bytes){0};
}

/* One question ----------------------------------------------------------------------- */

static enum err delivered_in(const struct lattice_source *s, const struct period *year,
        struct arena *arena, struct plan_scope *out)
{
        uint32_t len = policy_municipalities(s->policy)->levels[0].len;
        uint8_t *delivered = arena_alloc(arena, len, 1);

        if (delivered == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < s->deliveries->len; i++) {
                const struct delivered *d = &s->deliveries->list[i];

                if (d->municipality < len && d->period.first <= year->last &&
                        d->period.last >= year->first)
                        delivered[d->municipality] = 1;
        }
        out->delivered = delivered;
        out->delivered_len = len;
        return ERR_OK;
}

static enum err scope_of(const struct lattice_source *s, const struct lattice_part *part,
        struct arena *arena, struct plan_scope *out)
{
        const struct policy_dataset **linked = arena_alloc(arena, 1, sizeof(*linked));
        struct period *spans = arena_alloc(arena, 1, sizeof(*spans));
        bool family = view_families(s->view) != NULL;
        unsigned heeded = part->alone ? 0 : s->dataset->disclosure.contributors;

        if (linked == NULL || spans == NULL)
                return ERR_NO_MEMORY;
        linked[0] = s->dataset;
        spans[0] = s->span;
        if (!family)
                heeded &= ~(1u << CONTRIBUTOR_FAMILY);
        if (s->dataset->provider_variable == UINT32_MAX)
                heeded &= ~(1u << CONTRIBUTOR_PROVIDER);
        *out = (struct plan_scope){
                .dataset = s->dataset,
                .span = spans[0],
                .linked = linked,
                .spans = spans,
                .linked_len = 1,
                .family = family,
                .contributors = heeded,
                .provider = s->dataset->provider_variable,
        };
        if (part->year == NULL || s->deliveries == NULL)
                return ERR_OK;
        return delivered_in(s, part->year, arena, out);
}

static enum err question_of(const struct lattice_source *s, const struct lattice_part *part,
        struct arena *arena, struct query *out)
{
        const struct lattice *l = &s->dataset->lattice;
        struct dimension_ref *dims = arena_alloc(arena, part->axes_len, sizeof(*dims));
        struct measure_ref *measures = arena_alloc(arena, l->measures_len + 2, sizeof(*measures));
        struct filter *filter = arena_alloc(arena, 1, sizeof(*filter));

        if (dims == NULL || measures == NULL || filter == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < part->axes_len; i++) {
                const struct variable *v = &s->dataset->variables[part->axes[i].variable];

                dims[i] = (struct dimension_ref){v->id, lattice_level_id(v, part->axes[i].level)};
        }
        measures[0].kind = MEASURE_PERSONS;
        measures[1].kind = MEASURE_RECORDS;
        for (uint32_t i = 0; i < l->measures_len; i++)
                measures[i + 2] = l->measures[i];
        *out = (struct query){
                .dataset = s->dataset->id,
                .dimensions = dims,
                .dimensions_len = part->axes_len,
                .measures = measures,
                .measures_len = part->bare ? 1 : l->measures_len + 2,
                .unit = UNIT_PERSON,
                .has_period = part->year != NULL,
                .period = part->year != NULL ? *part->year : (struct period){0},
        };
        if (part->filter != NULL) {
                *filter = *part->filter;
                out->filters = filter;
                out->filters_len = 1;
        }
        return ERR_OK;
}

enum err lattice_run(const struct lattice_source *s, const struct lattice_part *part,
        struct arena *arena, struct table **out, struct plan_members *members)
{
        struct query *q = arena_alloc(arena, 1, sizeof(*q));
        struct refusal why = {0};
        struct plan_scope scope;
        struct plan *plan = NULL;

        if (q == NULL)
                return ERR_NO_MEMORY;
        TRY(scope_of(s, part, arena, &scope));
        TRY(question_of(s, part, arena, q));
        TRY(plan_make(&scope, q, arena, &plan, &why));
        if (out != NULL)
                TRY(plan_run(plan, s->view, s->threads, arena, s->cancel, out));
        if (members == NULL)
                return ERR_OK;
        return part->counted ? plan_members_counted(plan, s->view, arena, s->cancel, members)
                             : plan_members(plan, s->view, false, arena, s->cancel, members);
}

/* Blocks ----------------------------------------------------------------------------- */

/* Whether every code the lattice groups by stood then where it stands on the last day. */
static bool same_division(const struct lattice_source *s, int32_t day, int32_t last)
{
        const struct lattice *l = &s->dataset->lattice;

        for (uint32_t t = 0; t < l->tables_len; t++)
                for (uint32_t a = 0; a < l->tables[t].axes_len; a++) {
                        const struct lattice_axis *axis = &l->tables[t].axes[a];
                        const struct variable *v = &s->dataset->variables[axis->variable];

                        if (v->type != VARIABLE_CODE)
                                continue;
                        for (uint32_t i = 0; i < v->codes->levels[0].len; i++)
                                if (code_ancestor_at(v->codes, i, axis->level, day) !=
                                        code_ancestor_at(v->codes, i, axis->level, last))
                                        return false;
                }
        return true;
}

static size_t cells_of(struct table *const *raw, uint32_t len)
{
        size_t cells = 0;

        for (uint32_t i = 0; i < len; i++)
                cells += raw[i]->cells_len;
        return cells;
}

static void choose_years(
        const struct lattice_source *s, size_t cells_of_one, struct lattice_cube *c)
{
        const struct lattice *l = &s->dataset->lattice;
        struct period span = s->span;
        int first = civil_from_days(span.first).year, last = civil_from_days(span.last).year;
        size_t fit = cells_of_one > 0 ? l->cells_max / cells_of_one : 0;

        /* All periods and the block of no year are two. */
        if (!l->by_year || span.first > span.last || fit < 3)
                return;
        uint32_t most = fit - 2 < YEARS_MAX ? (uint32_t)fit - 2 : YEARS_MAX;
        for (int year = last; year >= first && c->years_len < most; year--) {
                struct period p = {days_from_civil((struct civil){year, 1, 1}),
                        days_from_civil((struct civil){year, 12, 31})};

                if (!same_division(s, p.last, span.last))
                        continue;
                memmove(c->years + 1, c->years, sizeof(*c->years) * c->years_len);
                c->years[0] = p;
                c->years_len++;
        }
}

/* Stitching -------------------------------------------------------------------------- */

/* One planned table while it is put together: raw[b] of the years, then of all periods. */
struct stitching {
        const struct lattice_source *source;
        struct lattice_cube *cube;
        struct table **raw;
        uint32_t raw_len;
        uint32_t number; /* of the table */
        struct table *out;
        struct arena *arena;
};

static uint32_t category_at(const struct dimension *d, struct bytes code)
{
        uint32_t i = 0;

        while (i < d->len && !bytes_equal(d->categories[i].code, code))
                i++;
        return i;
}

/* Puts in what `from` has and `to` has not, each behind what stands before it there. */
static void merge(struct dimension *to, const struct dimension *from)
{
        uint32_t at = 0;

        for (uint32_t i = 0; i < from->len; i++) {
                uint32_t found = category_at(to, from->categories[i].code);

                if (found < to->len) {
                        at = found + 1;
                        continue;
                }
                memmove(&to->categories[at + 1], &to->categories[at],
                        sizeof(*to->categories) * (to->len - at));
                to->categories[at++] = from->categories[i];
                to->len++;
        }
}

static enum err merge_dimension(struct stitching *s, uint32_t d, struct dimension *out)
{
        uint32_t most = 0;

        *out = s->raw[s->raw_len - 1]->dimensions[d];
        for (uint32_t b = 0; b < s->raw_len; b++)
                most += s->raw[b]->dimensions[d].len;
        struct category *all = arena_alloc(s->arena, most, sizeof(*all));
        if (all == NULL)
                return ERR_NO_MEMORY;
        memcpy(all, out->categories, sizeof(*all) * out->len);
        out->categories = all;
        out->parent = NULL;
        out->parents_len = 0;
        for (uint32_t b = 0; b + 1 < s->raw_len; b++)
                merge(out, &s->raw[b]->dimensions[d]);
        /* What is missing is said by block; words live as long as the cube. */
        for (uint32_t i = 0; i < out->len; i++) {
                all[i].missing = false;
                TRY(bytes_copy(s->arena, all[i].code, &all[i].code));
                TRY(bytes_copy(s->arena, all[i].label_sv, &all[i].label_sv));
                TRY(bytes_copy(s->arena, all[i].label_en, &all[i].label_en));
        }
        return ERR_OK;
}

static enum err make_blocks(struct stitching *s, struct dimension *out)
{
        const struct lattice_cube *c = s->cube;
        uint32_t len = c->blocks - 1;
        bool identifying = true;

        *out = (struct dimension){
                .variable = bytes_of_text("block"), .len = len, .overlapping = true};
        out->categories = arena_alloc(s->arena, len, sizeof(*out->categories));
        if (out->categories == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = 0; b < c->years_len; b++) {
                char *code =
                        arena_printf(s->arena, "%04d", civil_from_days(c->years[b].first).year);
                if (code == NULL)
                        return ERR_NO_MEMORY;
                out->categories[b].code = bytes_of_text(code);
                identifying &= !s->raw[b]->sensitive_filter;
        }
        if (len > c->years_len)
                out->categories[c->years_len].code = bytes_of_text(CATEGORY_OTHER);
        out->identifying = identifying;
        return ERR_OK;
}

static enum err make_dimensions(struct stitching *s)
{
        uint32_t lead = lattice_lead(s->cube), own = s->raw[0]->dimensions_len;
        struct table *t = s->out;

        if (own + lead > DIMENSIONS_MAX)
                return ERR_TOO_MANY_CELLS;
        t->dimensions = arena_alloc(s->arena, own + lead, sizeof(*t->dimensions));
        if (t->dimensions == NULL)
                return ERR_NO_MEMORY;
        t->dimensions_len = own + lead;
        if (lead > 0)
                TRY(make_blocks(s, &t->dimensions[0]));
        for (uint32_t d = 0; d < own; d++)
                TRY(merge_dimension(s, d, &t->dimensions[lead + d]));
        return ERR_OK;
}

/* Which categories each block shows, and of which nobody delivered. */
static enum err note_shown(struct stitching *s)
{
        uint32_t lead = lattice_lead(s->cube), own = s->raw[0]->dimensions_len;
        size_t all = 0;

        for (uint32_t d = 0; d < own; d++)
                all += s->out->dimensions[lead + d].len;
        s->cube->shown[s->number] = arena_alloc(s->arena, all * s->cube->blocks, 1);
        if (s->cube->shown[s->number] == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = 0; b < s->raw_len; b++) {
                uint32_t block = b + 1 < s->raw_len ? b : s->cube->blocks - 1;

                for (uint32_t d = 0; d < own; d++) {
                        uint8_t *shown = lattice_shown(s->cube, s->number, block, d);
                        const struct dimension *from = &s->raw[b]->dimensions[d];

                        for (uint32_t i = 0; i < from->len; i++)
                                shown[category_at(
                                        &s->out->dimensions[lead + d], from->categories[i].code)] =
                                        LATTICE_SHOWN |
                                        (from->categories[i].missing ? LATTICE_MISSING : 0);
                }
        }
        return ERR_OK;
}

/* Where the raw table's cells go. */
static enum err map_cells(
        const struct stitching *s, const struct table *raw, uint32_t block, size_t **out)
{
        uint32_t lead = lattice_lead(s->cube);
        uint32_t at[DIMENSIONS_MAX], *to[DIMENSIONS_MAX];
        size_t *map = arena_alloc_raw(s->arena, raw->cells_len, sizeof(*map));

        if (map == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d < raw->dimensions_len; d++) {
                const struct dimension *from = &raw->dimensions[d];

                to[d] = arena_alloc(s->arena, from->len + 1, sizeof(*to[d]));
                if (to[d] == NULL)
                        return ERR_NO_MEMORY;
                for (uint32_t i = 0; i < from->len; i++)
                        to[d][i] = category_at(
                                &s->out->dimensions[lead + d], from->categories[i].code);
                to[d][from->len] = s->out->dimensions[lead + d].len;
        }
        for (size_t i = 0; i < raw->cells_len; i++) {
                uint32_t full[DIMENSIONS_MAX] = {block};

                table_coordinates(raw, i, at);
                for (uint32_t d = 0; d < raw->dimensions_len; d++)
                        full[lead + d] = to[d][at[d]];
                map[i] = table_cell(s->out, full);
        }
        *out = map;
        return ERR_OK;
}

static void copy(const int64_t *from, const size_t *map, size_t len, int64_t *to)
{
        for (size_t i = 0; from != NULL && to != NULL && i < len; i++)
                to[map[i]] = from[i];
}

static void copy_contributions(const struct contributions *from, uint32_t len, const size_t *map,
        size_t cells, struct contributions *to)
{
        for (uint32_t k = 0; k < len; k++)
                for (size_t i = 0; i < cells; i++) {
                        to[k].number[map[i]] = from[k].number[i];
                        memcpy(&to[k].largest[map[i] * CONTRIBUTIONS_LARGEST],
                                &from[k].largest[i * CONTRIBUTIONS_LARGEST],
                                sizeof(int64_t) * CONTRIBUTIONS_LARGEST);
                }
}

static void copy_measure(
        const struct measure *from, const size_t *map, size_t len, struct measure *to)
{
        copy(from->values, map, len, to->values);
        copy(from->contributors, map, len, to->contributors);
        copy(from->sums, map, len, to->sums);
        copy_contributions(
                from->contributions, from->contributions_len, map, len, to->contributions);
        for (size_t i = 0; from->status != NULL && i < len; i++)
                to->status[map[i]] = from->status[i];
}

static void copy_block(const struct table *raw, const size_t *map, struct table *to)
{
        copy(raw->persons, map, raw->cells_len, to->persons);
        copy(raw->records, map, raw->cells_len, to->records);
        copy(raw->margin_persons, map, raw->cells_len, to->margin_persons);
        copy(raw->families, map, raw->cells_len, to->families);
        copy_contributions(
                raw->contributions, raw->contributions_len, map, raw->cells_len, to->contributions);
        for (size_t i = 0; i < raw->cells_len; i++)
                to->status[map[i]] = raw->status[i];
        for (uint32_t m = 0; m < raw->measures_len; m++)
                copy_measure(&raw->measures[m], map, raw->cells_len, &to->measures[m]);
}

static enum err alloc_contributions(struct arena *arena, const struct contributions *like,
        uint32_t len, size_t cells, struct contributions **out)
{
        struct contributions *c = arena_alloc(arena, len, sizeof(*c));

        if (c == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t k = 0; k < len; k++) {
                c[k].type = like[k].type;
                c[k].number = arena_alloc(arena, cells, sizeof(*c[k].number));
                c[k].largest =
                        arena_alloc(arena, cells * CONTRIBUTIONS_LARGEST, sizeof(*c[k].largest));
                if (c[k].number == NULL || c[k].largest == NULL)
                        return ERR_NO_MEMORY;
        }
        *out = len > 0 ? c : NULL;
        return ERR_OK;
}

static enum err alloc_array(struct arena *arena, const int64_t *like, size_t cells, int64_t **out)
{
        *out = like != NULL ? arena_alloc(arena, cells, sizeof(**out)) : NULL;
        return like != NULL && *out == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* What the raw tables have, of as many cells as all blocks have. */
static enum err alloc_measure(
        struct arena *arena, const struct measure *like, size_t cells, struct measure *out)
{
        *out = *like;
        TRY(alloc_array(arena, like->values, cells, &out->values));
        TRY(alloc_array(arena, like->contributors, cells, &out->contributors));
        TRY(alloc_array(arena, like->sums, cells, &out->sums));
        if (like->status != NULL) {
                out->status = arena_alloc(arena, cells, 1);
                if (out->status == NULL)
                        return ERR_NO_MEMORY;
                memset(out->status, CELL_NOT_APPLICABLE, cells);
        }
        return alloc_contributions(
                arena, like->contributions, like->contributions_len, cells, &out->contributions);
}

static enum err alloc_table(struct stitching *s)
{
        const struct table *like = s->raw[s->raw_len - 1];
        struct table *t = s->out;
        size_t n;

        TRY(table_cells(t->dimensions, t->dimensions_len, &t->cells_len));
        n = t->cells_len;
        t->fixed = like->fixed;
        t->sensitive_filter = like->sensitive_filter;
        TRY(alloc_array(s->arena, like->persons, n, &t->persons));
        TRY(alloc_array(s->arena, like->records, n, &t->records));
        TRY(alloc_array(s->arena, like->margin_persons, n, &t->margin_persons));
        TRY(alloc_array(s->arena, like->families, n, &t->families));
        t->status = arena_alloc(s->arena, n, 1);
        t->rule = arena_alloc(s->arena, n, 1);
        t->held = arena_alloc(s->arena, n, 1);
        t->measures = arena_alloc(s->arena, like->measures_len, sizeof(*t->measures));
        if (t->status == NULL || t->rule == NULL || t->held == NULL || t->measures == NULL)
                return ERR_NO_MEMORY;
        memset(t->status, CELL_NOT_APPLICABLE, n);
        t->measures_len = like->measures_len;
        for (uint32_t m = 0; m < t->measures_len; m++)
                TRY(alloc_measure(s->arena, &like->measures[m], n, &t->measures[m]));
        t->contributions_len = like->contributions_len;
        return alloc_contributions(
                s->arena, like->contributions, like->contributions_len, n, &t->contributions);
}

/* The block of no year --------------------------------------------------------------- */

/* All periods without the years, and not less than nothing. */
static int64_t rest(const int64_t *values, size_t cell, size_t stride, uint32_t years, bool other)
{
        int64_t left = values[cell + (years + other) * stride];

        for (uint32_t b = 0; b < years; b++)
                left -= values[cell + b * stride];
        return left > 0 ? left : 0;
}

/* Who they are is not known, so one of them may have it all. */
static void rest_of_contributions(
        struct contributions *c, uint32_t len, size_t to, int64_t amount, bool any)
{
        for (uint32_t k = 0; k < len; k++) {
                c[k].number[to] = any;
                c[k].largest[to * CONTRIBUTIONS_LARGEST] = any ? amount : 0;
        }
}

static void fill_rest(struct table *t, size_t cell, size_t stride, uint32_t years)
{
        size_t to = cell + years * stride;
        bool any;

        assert(t->persons != NULL && t->records != NULL && t->margin_persons != NULL);
        t->persons[to] = rest(t->persons, cell, stride, years, true);
        t->records[to] = rest(t->records, cell, stride, years, true);
        t->margin_persons[to] = rest(t->margin_persons, cell, stride, years, true);
        if (t->records[to] > 0 && t->persons[to] == 0)
                t->persons[to] = 1;
        any = t->persons[to] > 0;
        if (t->margin_persons[to] < t->persons[to])
                t->margin_persons[to] = t->persons[to];
        if (t->families != NULL)
                t->families[to] = any;
        rest_of_contributions(t->contributions, t->contributions_len, to, t->persons[to], any);
        t->status[to] = t->status[cell + (years + 1) * stride];
        for (uint32_t i = 0; i < t->measures_len; i++) {
                struct measure *m = &t->measures[i];
                int64_t *sums = m->sums != NULL ? m->sums : m->values;

                if (m->status != NULL)
                        m->status[to] = t->status[to];
                if (m->contributors != NULL)
                        m->contributors[to] = rest(m->contributors, cell, stride, years, true);
                if (m->kind == MEASURE_PERSONS || m->kind == MEASURE_RECORDS) {
                        m->values[to] =
                                m->kind == MEASURE_PERSONS ? t->persons[to] : t->records[to];
                        continue;
                }
                sums[to] = rest(sums, cell, stride, years, true);
                if (m->sums != NULL)
                        m->values[to] = TABLE_NO_VALUE;
                rest_of_contributions(m->contributions, m->contributions_len, to, sums[to], any);
        }
}

static bool has_rest(const struct lattice_cube *c)
{
        for (uint32_t t = 0; t < c->tables_len; t++) {
                const struct table *of = &c->tables[t];
                size_t stride = of->cells_len / c->blocks;

                for (size_t i = 0; i < stride; i++)
                        if (of->persons[i + c->years_len * stride] > 0)
                                return true;
        }
        return false;
}

/* ------------------------------------------------------------------------------------ */

static enum err stitch(struct stitching *s)
{
        struct lattice_cube *c = s->cube;

        TRY(make_dimensions(s));
        TRY(alloc_table(s));
        TRY(note_shown(s));
        for (uint32_t b = 0; b < s->raw_len; b++) {
                size_t *map = NULL;

                TRY(map_cells(s, s->raw[b], b + 1 < s->raw_len ? b : c->blocks - 1, &map));
                copy_block(s->raw[b], map, s->out);
        }
        if (c->blocks < c->years_len + 2)
                return ERR_OK;
        size_t stride = s->out->cells_len / c->blocks;
        for (size_t i = 0; i < stride; i++)
                fill_rest(s->out, i, stride, c->years_len);
        return ERR_OK;
}

/* Every table of every block; `raw` by table, then block. */
static enum err run_all(const struct lattice_source *s, struct lattice_cube *c,
        struct arena *scratch, struct table ***raw)
{
        const struct lattice *l = &s->dataset->lattice;
        struct table **all = arena_alloc(scratch, l->tables_len, sizeof(*all));
        uint64_t done = 0;

        if (all == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t t = 0; t < l->tables_len; t++) {
                const struct lattice_part part = {
                        .axes = l->tables[t].axes, .axes_len = l->tables[t].axes_len};

                TRY(lattice_run(s, &part, scratch, &all[t], NULL));
        }
        choose_years(s, cells_of(all, l->tables_len), c);
        for (uint32_t t = 0; t < l->tables_len; t++) {
                raw[t] = arena_alloc(scratch, (size_t)c->years_len + 1, sizeof(*raw[t]));
                if (raw[t] == NULL)
                        return ERR_NO_MEMORY;
                raw[t][c->years_len] = all[t];
                for (uint32_t b = 0; b < c->years_len; b++) {
                        const struct lattice_part part = {.axes = l->tables[t].axes,
                                .axes_len = l->tables[t].axes_len,
                                .year = &c->years[b]};

                        TRY(lattice_run(s, &part, scratch, &raw[t][b], NULL));
                        if (s->progress != NULL)
                                s->progress(s->progress_ctx, ++done,
                                        (uint64_t)l->tables_len * (c->years_len + 1));
                }
        }
        return ERR_OK;
}

static enum err note_blocks(
        const struct lattice_source *s, bool other, struct arena *arena, struct lattice_cube *c)
{
        uint32_t tables = s->dataset->lattice.tables_len;

        c->tables_len = tables;
        c->blocks = c->years_len + other + 1;
        c->days = arena_alloc(arena, c->blocks, sizeof(*c->days));
        c->shown = arena_alloc(arena, tables, sizeof(*c->shown));
        c->tables = arena_alloc(arena, tables, sizeof(*c->tables));
        if (c->days == NULL || c->shown == NULL || c->tables == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t b = 0; b < c->blocks; b++)
                c->days[b] = b < c->years_len ? c->years[b].last : s->span.last;
        return ERR_OK;
}

static enum err stitch_all(const struct lattice_source *s, struct table ***raw, bool other,
        struct arena *arena, struct lattice_cube *c)
{
        TRY(note_blocks(s, other, arena, c));
        for (uint32_t t = 0; t < c->tables_len; t++) {
                struct stitching stitching = {
                        s, c, raw[t], c->years_len + 1, t, &c->tables[t], arena};

                TRY(stitch(&stitching));
        }
        return ERR_OK;
}

enum err lattice_count(
        const struct lattice_source *s, struct arena *arena, struct lattice_cube *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(RAW_MAX);
        struct lattice_cube c = {0};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        struct table ***raw = arena_alloc(scratch, s->dataset->lattice.tables_len, sizeof(*raw));
        c.years = arena_alloc(arena, YEARS_MAX, sizeof(*c.years));
        if (raw == NULL || c.years == NULL)
                return ERR_NO_MEMORY;
        TRY(run_all(s, &c, scratch, raw));
        TRY(stitch_all(s, raw, c.years_len > 0, arena, &c));
        if (c.years_len > 0 && !has_rest(&c))
                TRY(stitch_all(s, raw, false, arena, &c));
        *out = c;
        return ERR_OK;
}
