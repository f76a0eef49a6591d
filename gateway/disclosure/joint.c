/* SPDX-License-Identifier: Apache-2.0 */
/* joint.c: cells of all tables of a release, as one model.
 *
 * What is told without a number counts as known. A published zero says that all its parts
 * are zero. So does the mark of a cell that nobody delivered, where nobody is in it; where
 * somebody is (a part of a total was delivered), it is neither shown nor protected.
 *
 * Who contributes alone to a cell that was hidden for a neighbour's sake knows it, so it
 * must be protected from being used, like a primary: then the pass is made again, until
 * there are no more. Only single cells that a contributor knows are heeded, not all of his
 * taken together. */
#include "gateway/disclosure/joint.h"

#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/interval.h"

/* Rounds of protecting more; each adds a cell at least. */
enum { ROUNDS_MAX = 64 };

/* Cells --------------------------------------------------------------------------------- */

/* Somebody made it alone, and can take it out of every sum. */
static bool is_alone(const struct joint *j, const struct table *t, size_t cell)
{
        const struct disclosure_settings *s = j->settings;

        if (t->persons[cell] == 1)
                return true;
        for (uint32_t i = 0; i < t->contributions_len; i++) {
                const struct contributions *c = &t->contributions[i];

                if ((s->contributors >> c->type & 1) != 0 && (t->fixed >> c->type & 1) == 0 &&
                        c->number != NULL && c->number[cell] == 1)
                        return true;
        }
        for (int type = CONTRIBUTOR_FAMILY; type < CONTRIBUTOR_COUNT; type++)
                if ((s->contributors >> type & 1) != 0 && (t->fixed >> type & 1) == 0 &&
                        rules_fixed(t, cell, (enum contributor)type))
                        return true;
        return false;
}

static uint8_t role_of(const struct table *t, size_t cell)
{
        switch ((enum cell_status)t->status[cell]) {
        case CELL_VALUE:
                return t->persons[cell] == 0 ? MODEL_ROLE_ZERO : MODEL_ROLE_OPEN;
        case CELL_MISSING:
        case CELL_NOT_APPLICABLE:
                return t->persons[cell] == 0 ? MODEL_ROLE_ZERO : MODEL_ROLE_ABSENT;
        case CELL_PROTECTED:
        case CELL_STATUS_COUNT:
                break;
        }
        return MODEL_ROLE_PROTECT;
}

static uint32_t small_cost(uint64_t cost)
{
        return cost < UINT32_MAX ? (uint32_t)cost : UINT32_MAX;
}

static uint64_t first_sum(const struct table *t, size_t cell)
{
        for (uint32_t m = 0; m < t->measures_len; m++)
                if (t->measures[m].kind == MEASURE_SUM)
                        return (uint64_t)llabs(t->measures[m].values[cell]);
        return (uint64_t)t->persons[cell];
}

/* A total in one dimension costs as much as many inner cells, in two many times that. */
enum { TOTAL_COST = 64 };

static uint64_t totals_cost(const struct table *t, size_t cell)
{
        uint32_t at[DIMENSIONS_MAX];
        uint64_t cost = 1;

        table_coordinates(t, cell, at);
        for (uint32_t d = 0; d < t->dimensions_len; d++)
                cost *= at[d] == t->dimensions[d].len ? TOTAL_COST : 1;
        return cost;
}

static uint64_t cost_of(const struct joint *j, const struct table *t, size_t cell)
{
        switch (j->settings->cost) {
        case DISCLOSURE_COST_PERSONS:
                return (uint64_t)t->persons[cell];
        case DISCLOSURE_COST_VALUE:
                return first_sum(t, cell);
        case DISCLOSURE_COST_TOTALS:
                return totals_cost(t, cell);
        case DISCLOSURE_COST_CELLS:
        case DISCLOSURE_COST_COUNT:
                break;
        }
        return 1;
}

/* Which of two roles a cell has that stands in two tables. */
static uint8_t stricter(uint8_t a, uint8_t b)
{
        static const uint8_t rank[MODEL_ROLE_COUNT] = {[MODEL_ROLE_PROTECT] = 4,
                [MODEL_ROLE_ZERO] = 3,
                [MODEL_ROLE_KNOWN] = 2,
                [MODEL_ROLE_OPEN] = 1};

        return rank[a] > rank[b] ? a : b;
}

static void cell_add(struct joint *j, const struct table *t, size_t i, uint32_t to)
{
        int64_t persons = t->persons[i], lowest = j->settings->zeros_published ? 1 : 0;
        struct model_cell *cell = &j->base.cell[to];
        uint64_t want = cost_of(j, t, i);

        cell->role = stricter(cell->role, role_of(t, i));
        cell->alone |= is_alone(j, t, i);
        cell->lowest |= t->status[i] == CELL_PROTECTED && persons <= lowest;
        if (small_cost(want) > cell->cost)
                cell->cost = small_cost(want);
        /* What costs more is asked for earlier; among equals, what is larger. */
        want = j->settings->cost == DISCLOSURE_COST_CELLS ||
                               j->settings->cost == DISCLOSURE_COST_PERSONS
                       ? (uint64_t)persons
                       : want << 24 | ((uint64_t)persons & 0xffffff);
        if (want > cell->want)
                cell->want = want;
        if (persons > j->base.value[to])
                j->base.value[to] = persons;
}

enum err joint_layer_new(
        struct joint *j, const struct space *space, bool groups, struct joint_layer *out)
{
        struct joint_layer l = {.space = *space};
        size_t n = space->cells;

        l.cell = arena_alloc(j->arena, n, sizeof *l.cell);
        l.status = arena_alloc(j->arena, n, sizeof *l.status);
        l.value = groups ? arena_alloc(j->arena, n, sizeof *l.value) : NULL;
        if (l.cell == NULL || l.status == NULL || (groups && l.value == NULL))
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < n; i++)
                l.cell[i].role = MODEL_ROLE_ABSENT;
        *out = l;
        return ERR_OK;
}

static enum err cells_read(struct joint *j)
{
        const struct disclosure_release *r = j->release;

        for (uint32_t t = 0; t < r->tables_len; t++)
                for (size_t i = 0; i < r->tables[t]->cells_len; i++) {
                        uint32_t to = j->base.space.cell_of[t][i];

                        if (r->tables[t]->persons[i] < 0 ||
                                (to == SPACE_NOWHERE && r->tables[t]->persons[i] > 0))
                                return ERR_INVALID;
                        if (to != SPACE_NOWHERE)
                                cell_add(j, r->tables[t], i, to);
                }
        return ERR_OK;
}

/* Passes --------------------------------------------------------------------------------- */

static uint64_t work_left(const struct joint *j)
{
        return j->work < j->work_limit ? j->work_limit - j->work : 1;
}

/* Small models are asked for in many orders. */
static uint32_t starts_of(const struct joint *j, const struct model *m)
{
        if (j->settings->starts > 0)
                return j->settings->starts;
        return m->columns <= 200 ? 60 : m->columns <= 1000 ? 20 : m->columns <= 4000 ? 3 : 1;
}

/* Values of a model's rows: inner cells of a table over all dimensions. */
static enum err rows_read(
        const struct joint *j, struct arena *scratch, const struct model *m, int64_t **out)
{
        const struct space *s = &j->base.space;
        const struct space_block *all = NULL;
        int64_t *values = arena_alloc_raw(scratch, m->rows, sizeof *values);

        if (values == NULL)
                return ERR_NO_MEMORY;
        *out = NULL;
        for (uint32_t b = 0; b < s->blocks_len; b++)
                if (s->block[b].dimensions_len == s->dimensions_len)
                        all = &s->block[b];
        for (uint32_t r = 0; r < m->rows && all != NULL; r++) {
                size_t cell = all->offset, inner = m->inner[r];

                for (uint32_t d = s->dimensions_len; d-- > 0;) {
                        uint32_t leaves = s->dimension[d].leaves;
                        size_t leaf = s->inner != NULL
                                              ? s->inner[m->inner[r] * s->dimensions_len + d]
                                              : inner % leaves;

                        cell += leaf * all->stride[d];
                        inner /= leaves;
                }
                if (j->base.cell[cell].role == MODEL_ROLE_ABSENT)
                        return ERR_OK;
                values[r] = j->base.value[cell];
        }
        *out = all == NULL ? NULL : values;
        return ERR_OK;
}

static bool is_hidden(uint8_t status)
{
        return status == SUPPRESS_PRIMARY || status == SUPPRESS_SECONDARY;
}

size_t joint_hidden(const struct joint *j)
{
        size_t hidden = 0;

        for (size_t i = 0; i < j->base.space.cells; i++)
                hidden += is_hidden(j->base.status[i]);
        return hidden;
}

/* Of the base's cells: hidden, they may be zero in every table in which they stand. */
static enum err zeros_read(const struct joint *j, struct arena *scratch, const bool **out)
{
        bool *maybe = arena_alloc(scratch, j->base.space.cells, sizeof *maybe);

        if (maybe == NULL)
                return ERR_NO_MEMORY;
        memset(maybe, true, j->base.space.cells);
        for (uint32_t n = 0; n < j->release->tables_len; n++)
                for (size_t i = 0; i < j->release->tables[n]->cells_len; i++) {
                        uint32_t at = j->base.space.cell_of[n][i];

                        if (at != SPACE_NOWHERE)
                                maybe[at] &= joint_maybe_zero(j, n, i);
                }
        *out = maybe;
        return ERR_OK;
}

/* The model goes before the audit comes. */
static enum err told_take(struct joint *j, const struct moves_told *told)
{
        uint32_t *inner = arena_alloc_raw(j->seen.arena, told->len, sizeof *inner);
        int64_t *value = arena_alloc_raw(j->seen.arena, told->len, sizeof *value);

        if (inner == NULL || value == NULL)
                return ERR_NO_MEMORY;
        if (told->len > 0) {
                memcpy(inner, told->inner, told->len * sizeof *inner);
                memcpy(value, told->value, told->len * sizeof *value);
        }
        j->seen.told = (struct moves_told){told->len, inner, value, told->path};
        return ERR_OK;
}

/* A pattern in which no cell is told nearly; cells that are hidden for that alone are noted.
 * Without a table of all inner cells there are no values to begin from. */
static enum err widen(struct joint *j, struct arena *scratch, const struct model *m,
        const struct suppress_options *options, struct suppress_result *pattern)
{
        struct interval_options wide = {.width = j->width,
                .zeros_published = j->settings->zeros_published,
                .work_limit = j->iterations / 2 + 1,
                .cancel = j->cancel,
                .suppress = *options};
        struct interval_result result;
        int64_t *values = NULL;

        TRY(rows_read(j, scratch, m, &values));
        j->unasked = 0;
        for (size_t i = 0; i < m->cells && values == NULL; i++)
                j->unasked += is_hidden(pattern->status[i]);
        if (values == NULL)
                return ERR_OK;
        TRY(zeros_read(j, scratch, &wide.maybe_zero));
        arena_free(&j->seen.arena);
        j->seen.arena = arena_new(SIZE_MAX);
        if (j->seen.arena == NULL)
                return ERR_NO_MEMORY;
        TRY(interval_protect(j->seen.arena, m, values, &wide, &result));
        TRY(told_take(j, &result.told));
        j->iterations -= j->iterations / 2;
        /* Where a limit came first, what is not seen to be wide was not looked at enough. */
        j->unasked = result.limited ? result.narrow : 0;
        for (size_t i = 0; i < m->cells; i++)
                j->widened[i] = result.pattern.status[i] == SUPPRESS_SECONDARY &&
                                pattern->status[i] == SUPPRESS_PUBLISHED;
        j->limited |= result.limited;
        *pattern = result.pattern;
        return ERR_OK;
}

/* A limit that comes too early leaves nothing proved. */
static enum err suppress(struct joint *j, struct arena *scratch, const struct joint_layer *layer,
        struct model *model, struct suppress_result *out, bool *widened)
{
        struct suppress_options options = {.seed = j->settings->seed, .work_limit = work_left(j)};
        struct model_release release;

        if (j->cancel != NULL && atomic_load(j->cancel))
                return ERR_CANCELLED;
        TRY(space_release(scratch, &layer->space, layer->cell, &release));
        TRY(model_new(scratch, &release, model));
        if (layer->value != NULL && !j->grouped)
                TRY(joint_lines(layer, j->settings->threshold, scratch, model));
        options.starts = starts_of(j, model);
        enum err err = suppress_run(scratch, model, &options, out);
        if (err == ERR_OK && layer == &j->base && j->width > 0 && out->proved &&
                !joint_is_by_table(j)) {
                err = widen(j, scratch, model, &options, out);
                *widened = j->seen.arena != NULL;
        }
        if (err == ERR_LIMIT) {
                *out = (struct suppress_result){.limited = true};
                err = ERR_OK;
        }
        TRY(err);
        j->work += out->work;
        j->limited |= out->limited;
        return ERR_OK;
}

/* A zero that a rule hides is told where a published total of it is zero. Then it is shown
 * as what everybody knows. False: somebody is in it, so an inner cell of it was forgotten. */
static bool release_known_zeros(struct joint_layer *l, const struct model *m)
{
        bool fine = true;

        for (size_t i = 0; i < m->cells; i++) {
                if (m->column_of[i] != MODEL_EMPTY || l->cell[i].role != MODEL_ROLE_PROTECT)
                        continue;
                fine &= l->value == NULL || l->value[i] == 0;
                l->status[i] = SUPPRESS_PUBLISHED;
        }
        return fine;
}

/* Cells hidden for a neighbour's sake that somebody knows. */
static bool protect_alone(struct joint_layer *l)
{
        bool any = false;

        for (size_t i = 0; i < l->space.cells; i++)
                if (l->status[i] == SUPPRESS_SECONDARY && l->cell[i].alone &&
                        l->cell[i].role == MODEL_ROLE_OPEN) {
                        l->cell[i].role = MODEL_ROLE_PROTECT;
                        any = true;
                }
        return any;
}

static enum err round_run(struct joint *j, struct joint_layer *layer, bool *again)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct model model;
        struct suppress_result result;
        bool widened = false;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(suppress(j, scratch, layer, &model, &result, &widened));
        layer->failed = !result.proved || result.exposed > model.impossible;
        *again = false;
        if (layer->failed)
                return ERR_OK;
        memcpy(layer->status, result.status, layer->space.cells);
        layer->failed = !release_known_zeros(layer, &model);
        /* The search for widths has heeded who is alone already. */
        *again = !layer->failed && protect_alone(layer) && !widened;
        return ERR_OK;
}

/* Nothing to protect: all is shown. */
static bool is_open(struct joint_layer *l)
{
        for (size_t i = 0; i < l->space.cells; i++)
                if (l->cell[i].role == MODEL_ROLE_PROTECT)
                        return false;
        for (size_t i = 0; i < l->space.cells; i++)
                l->status[i] =
                        l->cell[i].role == MODEL_ROLE_ABSENT ? SUPPRESS_ABSENT : SUPPRESS_PUBLISHED;
        return true;
}

enum err joint_settle(struct joint *j, struct joint_layer *layer)
{
        bool again = !is_open(layer);

        for (uint32_t round = 0; again && round < ROUNDS_MAX; round++)
                TRY(round_run(j, layer, &again));
        layer->failed |= again;
        return ERR_OK;
}

/* Tables --------------------------------------------------------------------------------- */

/* A hidden zero that is shown now: its measures stay as they were. */
static void keep_measures(const struct joint *j, uint32_t table, size_t cell)
{
        const struct table *t = j->release->tables[table];

        for (uint32_t m = 0; m < t->measures_len; m++)
                if (j->told[table].rule[m] != NULL)
                        j->told[table].rule[m][cell] = t->rule[cell];
}

/* What became of the tables' cells. */
void joint_statuses_write(struct joint *j)
{
        for (uint32_t n = 0; n < j->release->tables_len; n++) {
                struct table *t = j->release->tables[n];

                for (size_t i = 0; i < t->cells_len; i++) {
                        uint32_t at = j->base.space.cell_of[n][i];
                        bool hidden = j->base.failed;

                        if (at == SPACE_NOWHERE ||
                                (t->status[i] != CELL_VALUE && t->status[i] != CELL_PROTECTED))
                                continue;
                        hidden |= is_hidden(j->base.status[at]);
                        bool primary = t->rule[i] != CELL_RULE_NONE &&
                                       t->rule[i] != CELL_RULE_SECONDARY &&
                                       t->rule[i] != CELL_RULE_INTERVAL;

                        if (hidden && !primary)
                                t->rule[i] =
                                        j->widened[at] ? CELL_RULE_INTERVAL : CELL_RULE_SECONDARY;
                        if (!hidden && primary)
                                keep_measures(j, n, i);
                        if (!hidden)
                                t->rule[i] = CELL_RULE_NONE;
                        t->status[i] = hidden ? CELL_PROTECTED : CELL_VALUE;
                }
        }
}

/* Rows are refused by a rule that does not ask what is in them; but their margins are zeros like
 * others, unless somebody marked them. */
static unsigned zero_bit(const struct table *t, size_t cell)
{
        bool margin = t->rule[cell] == CELL_RULE_MARGIN && rules_is_margin(t, cell);

        return 1u << (margin ? CELL_RULE_COUNT : t->rule[cell]);
}

static void zero_rules_find(struct joint *j)
{
        j->zeros = 1u << CELL_RULE_MARGIN;
        for (uint32_t n = 0; n < j->release->tables_len; n++) {
                const struct table *t = j->release->tables[n];

                for (size_t i = 0; i < t->cells_len; i++)
                        if (t->status[i] == CELL_PROTECTED && t->persons[i] == 0)
                                j->zeros |= zero_bit(t, i);
        }
}

bool joint_maybe_zero(const struct joint *j, uint32_t table, size_t cell)
{
        const struct table *t = j->release->tables[table];

        return t->status[cell] != CELL_VALUE && (j->zeros & zero_bit(t, cell)) != 0;
}

uint32_t joint_threshold_told(const struct joint *j)
{
        for (uint32_t n = 0; n < j->release->tables_len; n++) {
                const struct table *t = j->release->tables[n];

                for (size_t i = 0; i < t->cells_len; i++)
                        if (t->rule[i] != CELL_RULE_NONE && t->rule[i] != CELL_RULE_SMALL &&
                                t->rule[i] != CELL_RULE_ZERO && t->rule[i] != CELL_RULE_SECONDARY &&
                                t->rule[i] != CELL_RULE_INTERVAL)
                                return 0;
        }
        return j->settings->threshold;
}

enum err joint_look(struct joint *j)
{
        memset(j->nearly, 0, j->base.space.cells * sizeof *j->nearly);
        j->verdict = (struct joint_verdict){.of = j->base.failed ? 0 : joint_hidden(j)};
        if (j->settings->audit_cells_max == 0 || j->base.failed)
                return ERR_OK;
        return joint_is_by_table(j) ? joint_tables_audit(j, &j->verdict)
                                    : joint_audit(j, &j->verdict);
}

/* Settles the cells and lets them be audited, if somebody asks for that. */
static enum err cells_protect(struct joint *j)
{
        TRY(joint_settle(j, &j->base));
        if (joint_is_by_table(j) && j->width > 0)
                TRY(joint_tables_widen(j));
        joint_statuses_write(j);
        return joint_look(j);
}

void joint_forget(struct joint *j)
{
        arena_free(&j->seen.arena);
        for (uint32_t t = 0; j->table_seen != NULL && t < j->release->tables_len; t++)
                arena_free(&j->table_seen[t].arena);
}

/* An entry of the elimination takes about 30 ns; an iteration of a program about 20 ns for every
 * cell of the model. Each of the two may take half a minute where nothing else is asked for. */
#define ENTRIES_DEFAULT (UINT64_C(1) << 30)
#define ITERATION_CELLS (UINT64_C(3) << 29)
enum { ITERATIONS_FEWEST = 1000 };

void joint_limits_set(struct joint *j, uint32_t share)
{
        uint64_t asked = j->settings->work_limit, cells = j->base.space.cells + 1;

        j->work_limit = (asked > 0 ? asked : ENTRIES_DEFAULT) / share + 1;
        j->iterations =
                asked > 0 ? asked / share + 1 : ITERATION_CELLS / cells / share + ITERATIONS_FEWEST;
}

/* Nobody could say anything of what is hidden, though somebody asked. */
static bool is_unaudited(const struct joint *j)
{
        return j->settings->audit_cells_max > 0 && !j->base.failed && j->verdict.of > 0 &&
               j->verdict.audited == 0;
}

enum err joint_protect(struct joint *j)
{
        struct space space;

        TRY(space_new(j->arena, j->release, &space));
        space.cancel = j->cancel;
        TRY(joint_layer_new(j, &space, true, &j->base));
        j->widened = arena_alloc(j->arena, space.cells, sizeof *j->widened);
        j->nearly = arena_alloc(j->arena, space.cells, sizeof *j->nearly);
        if (j->widened == NULL || j->nearly == NULL)
                return ERR_NO_MEMORY;
        TRY(cells_read(j));
        zero_rules_find(j);
        j->width = j->settings->interval;
        joint_limits_set(j, 1);
        TRY(cells_protect(j));
        /* Counts that are whole and not negative can tell what no subtraction does, and of large
         * tables nobody can say whether they do who was told nothing. Then the search for width
         * mends it, and what it leaves is cured without it. */
        if (j->width == 0 && (j->verdict.exact > 0 || is_unaudited(j))) {
                j->width = 1;
                TRY(cells_protect(j));
        }
        TRY(joint_cure(j));
        if (is_unaudited(j)) {
                j->base.failed = true;
                joint_statuses_write(j);
                j->verdict = (struct joint_verdict){0};
        }
        return joint_measures(j);
}
