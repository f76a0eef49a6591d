/* SPDX-License-Identifier: Apache-2.0 */
/* eliminate.c: rows that are gone, in terms of those that were left at the time.
 *
 * Publishing a column with remainder v means v = 0: one row of v, the pivot, is gone, and
 * from now on is a sum of the others, its *part*. Rows in it may go later, and it is left as
 * it is. Two walks make up for that:
 *
 *   to reduce a column, replace its rows that are gone by their parts, the earliest first:
 *   what a part brings in went later, or is free;
 *
 *   for the direction of a free row, see in which parts it stands, and in which parts those
 *   rows stand, the latest first.
 *
 * Most candidates need neither. Two directions chosen at random, `print`, are kept for every
 * row: under both, a published column is zero. A candidate that is zero under both is
 * computable, and one that is a multiple of a protected column gives it away (secrets.h).
 * A third, `above`, moves no row of the lowest value that is free: where a column moves under
 * the two and not under the third, nothing is left of it but such rows. A fourth, `aside`, moves
 * free rests alone, and tells whether one is left. Only what is really
 * published is reduced, and moves the random directions so that it is zero under them from
 * then on.
 *
 * What surprised us: keeping every row in terms of the rows that are free now, as books
 * tell it, spends nine tenths of its time copying long vectors to change a few entries; but
 * never doing so spends as much. The total's row is the sum of all others when it goes, and
 * of one county's when all other counties have gone. So now and then, when the walks have
 * taken some times as long as it takes, all parts are made anew, and those are kept that
 * are shorter so: a third of the entries are left, and a fifth of the time. */
#include "gateway/disclosure/eliminate.h"

#include <string.h>

#include "gateway/disclosure/residue.h"
#include "gateway/disclosure/secrets.h"

#define FREE UINT32_MAX

/* Parts are made anew when so many entries of every row have been looked at, and then when the
 * walks have looked at so many times what that took. For a part no more is looked at than it has
 * entries, times so many. */
enum { RENEW_FIRST = 16, RENEW_AGAIN = 2, RENEW_WORTH = 32 };

_Static_assert(MODEL_ROWS_MAX <= LIST_PLACES, "a row has a place in a list");

struct elimination {
        struct arena *arena;
        const struct model *model;
        struct pool pool;
        uint32_t *gone;    /* of rows: how many went before it; FREE */
        uint32_t *went;    /* the other way round */
        struct list *part; /* of those that went: rows that were free then */
        uint32_t went_len;
        struct list *stands; /* of rows: in whose parts (by `gone`), with which value */
        struct print *print; /* of rows: the random directions */
        uint64_t *above;     /* of rows: the third; NULL: none has the lowest value */
        uint64_t *aside;     /* of rows: the fourth; NULL: no rests */
        struct secrets *secrets;
        struct bag rows, parts;
        struct vector remainder, direction, anew;
        uint8_t *fate;
        struct elimination_stats stats;
        uint64_t work_limit, renew_at;
};

/* Walks ------------------------------------------------------------------------------------ */

static void add_row(struct elimination *e, uint32_t row, uint64_t value)
{
        if (e->gone[row] == FREE)
                bag_add(&e->rows, row, value);
        else
                bag_add(&e->parts, e->gone[row], value);
}

static void add_part(struct elimination *e, const struct list *part, uint64_t times)
{
        for (uint32_t i = 0; i < part->len; i++)
                add_row(e, list_at(part->entry[i]),
                        residue_times(list_value(part->entry[i]), times));
        for (uint32_t i = 0; part->rest != NULL && i < part->rest->len; i++)
                add_row(e, part->rest->at[i], residue_times(part->rest->value[i], times));
}

static void add_stands(struct elimination *e, const struct list *stands, uint64_t times)
{
        for (uint32_t i = 0; i < stands->len; i++)
                bag_add(&e->parts, list_at(stands->entry[i]),
                        residue_times(list_value(stands->entry[i]), times));
        for (uint32_t i = 0; stands->rest != NULL && i < stands->rest->len; i++)
                bag_add(&e->parts, stands->rest->at[i],
                        residue_times(stands->rest->value[i], times));
}

static void drain(struct bag *b)
{
        uint64_t value;
        uint32_t at;

        bag_start_low(b);
        while (bag_take_low(b, &at, &value))
                continue;
}

/* What is left of the rows in the bags, ascending; false where more than `most` entries are to be
 * looked at for it. */
static bool settle(struct elimination *e, uint64_t most, struct vector *out)
{
        uint64_t before = e->stats.work, value;
        uint32_t went, row;

        bag_start_low(&e->parts);
        while (bag_take_low(&e->parts, &went, &value)) {
                const struct list *part = &e->part[went];

                e->stats.work += list_len(part);
                if (e->stats.work - before > most) {
                        drain(&e->parts);
                        drain(&e->rows);
                        return false;
                }
                add_part(e, part, value);
        }
        out->len = 0;
        bag_start_low(&e->rows);
        while (bag_take_low(&e->rows, &row, &value)) {
                out->at[out->len] = row;
                out->value[out->len++] = value;
        }
        e->stats.work += out->len;
        return true;
}

/* What is left of a column. */
static void reduce(struct elimination *e, uint32_t column, struct vector *out)
{
        const struct model *m = e->model;

        for (size_t k = m->start[column]; k < m->start[column + 1]; k++)
                add_row(e, m->row[k], 1);
        e->stats.work += m->start[column + 1] - m->start[column];
        (void)settle(e, UINT64_MAX, out);
}

/* By how much every row changes when a free row grows by one and published cells stay;
 * false where those are more than `most` rows. */
static bool walk_direction(
        struct elimination *e, uint32_t free_row, uint32_t most, struct vector *out)
{
        uint32_t row = free_row, went;
        uint64_t value = 1;

        out->len = 0;
        bag_start_high(&e->parts);
        do {
                const struct list *stands = &e->stands[row];

                if (out->len == most) {
                        drain(&e->parts);
                        return false;
                }
                out->at[out->len] = row;
                out->value[out->len++] = value;
                e->stats.work += list_len(stands) + 1;
                add_stands(e, stands, value);
                if (!bag_take_high(&e->parts, &went, &value))
                        return true;
                row = e->went[went];
        } while (true);
}

static struct print print_of(const struct elimination *e, uint32_t column)
{
        const struct model *m = e->model;
        struct print sum = {0};

        for (size_t k = m->start[column]; k < m->start[column + 1]; k++) {
                sum.f = residue_add(sum.f, e->print[m->row[k]].f);
                sum.g = residue_add(sum.g, e->print[m->row[k]].g);
        }
        return sum;
}

/* A column under the third or fourth. */
static uint64_t sum_of(const struct elimination *e, const uint64_t *of, uint32_t column)
{
        const struct model *m = e->model;
        uint64_t sum = 0;

        for (size_t k = m->start[column]; of != NULL && k < m->start[column + 1]; k++)
                sum = residue_add(sum, of[m->row[k]]);
        return sum;
}

/* Parts anew ------------------------------------------------------------------------------- */

static bool any_gone(const struct elimination *e, const struct list *part)
{
        for (uint32_t i = 0; i < part->len; i++)
                if (e->gone[list_at(part->entry[i])] != FREE)
                        return true;
        for (uint32_t i = 0; part->rest != NULL && i < part->rest->len; i++)
                if (e->gone[part->rest->at[i]] != FREE)
                        return true;
        return false;
}

/* In terms of the rows that are free now, where that is shorter. */
static enum err part_renew(struct elimination *e, struct list *part)
{
        uint32_t len = list_len(part);

        e->stats.work += len;
        if (!any_gone(e, part))
                return ERR_OK;
        add_part(e, part, 1);
        if (!settle(e, (uint64_t)RENEW_WORTH * len, &e->anew) || e->anew.len >= len)
                return ERR_OK;
        return list_set(e->arena, part, &e->anew);
}

static enum err stands_add(struct elimination *e, uint32_t went)
{
        const struct list *part = &e->part[went];

        e->stats.work += list_len(part);
        for (uint32_t i = 0; i < part->len; i++)
                TRY(list_push(&e->pool, &e->stands[list_at(part->entry[i])], went,
                        list_value(part->entry[i])));
        for (uint32_t i = 0; part->rest != NULL && i < part->rest->len; i++)
                TRY(list_push(&e->pool, &e->stands[part->rest->at[i]], went, part->rest->value[i]));
        return ERR_OK;
}

/* The latest first, so that the earlier ones meet short ones. What a new part holds is free, so
 * it will go later than the row: both walks stay true. */
static enum err parts_renew(struct elimination *e)
{
        uint64_t before = e->stats.work;

        for (uint32_t went = e->went_len; went-- > 0;) {
                if (model_cancelled(e->model))
                        return ERR_CANCELLED;
                TRY(part_renew(e, &e->part[went]));
        }
        for (uint32_t r = 0; r < e->model->rows; r++)
                list_clear(&e->stands[r]);
        for (uint32_t went = 0; went < e->went_len; went++)
                TRY(stands_add(e, went));
        e->renew_at = e->stats.work + RENEW_AGAIN * (e->stats.work - before);
        return ERR_OK;
}

/* Publishing ------------------------------------------------------------------------------- */

/* Index in v of the row to go: the one that stands in the fewest parts, the last by number
 * among equals. Rows of the lowest value go only where nothing else is left, so that a sum
 * of them shows itself as a remainder of them; rests last of all. */
static uint32_t pivot_of(const struct elimination *e, const struct vector *v)
{
        uint32_t best = v->len - 1;

        for (uint32_t i = v->len; i-- > 0 && list_len(&e->stands[v->at[best]]) > 0;) {
                if (v->at[i] < e->model->lowest && v->at[best] >= e->model->lowest)
                        break;
                if (v->at[i] < e->model->rests && v->at[best] >= e->model->rests)
                        break;
                if (list_len(&e->stands[v->at[i]]) < list_len(&e->stands[v->at[best]]))
                        best = i;
        }
        return best;
}

/* The pivot goes: its part is v without it, divided by its value, negative. */
static enum err let_go(struct elimination *e, struct vector *v, uint32_t pivot)
{
        uint64_t factor = residue_negative(residue_inverse(v->value[pivot]));
        uint32_t row = v->at[pivot], kept = 0;

        for (uint32_t i = 0; i < v->len; i++) {
                if (i == pivot)
                        continue;
                v->at[kept] = v->at[i];
                v->value[kept] = residue_times(v->value[i], factor);
                TRY(list_push(&e->pool, &e->stands[v->at[kept]], e->went_len, v->value[kept]));
                kept++;
        }
        v->len = kept;
        e->gone[row] = e->went_len;
        e->went[e->went_len] = row;
        e->stats.work += kept;
        return list_set(e->arena, &e->part[e->went_len++], v);
}

static void move(uint64_t *of, const struct vector *direction, uint64_t by)
{
        for (uint32_t i = 0; of != NULL && i < direction->len; i++)
                of[direction->at[i]] =
                        residue_add(of[direction->at[i]], residue_times(direction->value[i], by));
}

static void prints_move(struct elimination *e, const struct vector *direction, struct print by)
{
        for (uint32_t i = 0; i < direction->len; i++) {
                uint32_t row = direction->at[i];
                struct print *p = &e->print[row];

                p->f = residue_add(p->f, residue_times(direction->value[i], by.f));
                p->g = residue_add(p->g, residue_times(direction->value[i], by.g));
        }
}

/* Publishes a column with print `print`, unless something speaks against it. Along the
 * pivot's direction it moves by its value at the pivot, so that much of the direction
 * makes it zero under all random ones. */
static enum err publish(
        struct elimination *e, uint32_t column, struct print print, bool whatever, bool *published)
{
        struct vector *v = &e->remainder;

        reduce(e, column, v);
        if (v->len == 0)
                return ERR_OK;
        uint32_t pivot = pivot_of(e, v);
        uint64_t inverse = residue_inverse(v->value[pivot]);
        struct print by = {residue_negative(residue_times(print.f, inverse)),
                residue_negative(residue_times(print.g, inverse))};
        uint64_t above = residue_negative(residue_times(sum_of(e, e->above, column), inverse));
        uint64_t aside = residue_negative(residue_times(sum_of(e, e->aside, column), inverse));

        if (!walk_direction(e, v->at[pivot], e->model->rows, &e->direction))
                return ERR_INTERNAL; /* more rows than there are */
        *published = secrets_move(e->secrets, &e->direction, by, whatever);
        if (!*published)
                return ERR_OK;
        prints_move(e, &e->direction, by);
        move(e->above, &e->direction, above);
        move(e->aside, &e->direction, aside);
        return let_go(e, v, pivot);
}

/* A sum of rows of the lowest value, and of what is published: it would tell them all. Where there
 * are rests, one of them must be in it. */
static bool is_lowest(const struct elimination *e, uint32_t column)
{
        return e->above != NULL && sum_of(e, e->above, column) == 0 &&
               (e->aside == NULL || sum_of(e, e->aside, column) != 0);
}

/* `whatever`: it is known already, so nobody asks whether it may be. */
static enum err consider(struct elimination *e, uint32_t column, bool whatever, bool *published)
{
        struct print print = print_of(e, column);

        if (e->stats.work >= e->renew_at)
                TRY(parts_renew(e));

        e->stats.work += e->model->start[column + 1] - e->model->start[column];
        *published = true;
        if (print.f == 0 && print.g == 0)
                return ERR_OK;
        *published = whatever || !(secrets_given_away(e->secrets, print) || is_lowest(e, column));
        return *published ? publish(e, column, print, whatever, published) : ERR_OK;
}

static bool exhausted(const struct elimination *e)
{
        return e->work_limit > 0 && e->stats.work >= e->work_limit;
}

static enum err publish_known(struct elimination *e)
{
        for (uint32_t c = 0; c < e->model->columns; c++) {
                bool published;

                if (!e->model->column[c].known)
                        continue;
                if (model_cancelled(e->model))
                        return ERR_CANCELLED;
                if (exhausted(e))
                        return ERR_LIMIT;
                TRY(consider(e, c, true, &published));
                e->fate[c] = FATE_PUBLISHED;
        }
        e->stats.exposed = secrets_exposed(e->secrets);
        return ERR_OK;
}

static enum err publish_candidates(struct elimination *e, const uint32_t *order, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                bool published = false;

                if (model_cancelled(e->model))
                        return ERR_CANCELLED;
                if (exhausted(e))
                        e->stats.limited = true;
                else
                        TRY(consider(e, order[i], false, &published));
                e->fate[order[i]] = published ? FATE_PUBLISHED : FATE_HIDDEN;
                e->stats.secondary += !published;
                e->stats.cost += published ? 0 : e->model->column[order[i]].cost;
        }
        return ERR_OK;
}

/* Running ---------------------------------------------------------------------------------- */

static enum err allocate(struct elimination *e)
{
        struct arena *a = e->arena;
        uint32_t rows = e->model->rows;

        e->gone = arena_alloc_raw(a, rows, sizeof *e->gone);
        e->went = arena_alloc_raw(a, rows, sizeof *e->went);
        e->part = arena_alloc(a, rows, sizeof *e->part);
        e->stands = arena_alloc(a, rows, sizeof *e->stands);
        e->print = arena_alloc_raw(a, rows, sizeof *e->print);
        e->fate = arena_alloc(a, e->model->columns, sizeof *e->fate);
        if (e->gone == NULL || e->went == NULL || e->part == NULL || e->stands == NULL ||
                e->print == NULL || e->fate == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t r = 0; r < rows; r++) {
                e->gone[r] = FREE;
                e->print[r].f = residue_mix(2, r) % RESIDUE_PRIME;
                e->print[r].g = residue_mix(3, r) % RESIDUE_PRIME;
        }
        if (e->model->lowest > 0 && (e->above = arena_alloc(a, rows, sizeof *e->above)) == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t r = e->model->lowest; e->above != NULL && r < rows; r++)
                e->above[r] = residue_mix(4, r) % RESIDUE_PRIME;
        if (e->model->rests > 0 && (e->aside = arena_alloc(a, rows, sizeof *e->aside)) == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t r = 0; r < e->model->rests; r++)
                e->aside[r] = residue_mix(5, r) % RESIDUE_PRIME;
        TRY(bag_new(a, rows, &e->rows));
        TRY(bag_new(a, rows, &e->parts));
        TRY(vector_new(a, rows, &e->remainder));
        TRY(vector_new(a, rows, &e->direction));
        TRY(vector_new(a, rows, &e->anew));
        return secrets_new(a, e->model, e->print, &e->secrets);
}

enum err elimination_run(const struct model *model, const uint32_t *order, size_t len,
        uint64_t work_limit, size_t memory_ceiling, struct elimination **out)
{
        struct arena *arena = arena_new(memory_ceiling);
        OWNED(elimination_free) struct elimination *e = NULL;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        e = arena_alloc(arena, 1, sizeof *e);
        if (e == NULL) {
                arena_free(&arena);
                return ERR_NO_MEMORY;
        }
        e->arena = e->pool.arena = arena;
        e->model = model;
        e->work_limit = work_limit;
        e->renew_at = RENEW_FIRST * (uint64_t)model->rows;
        TRY(allocate(e));
        TRY(publish_known(e));
        TRY(publish_candidates(e, order, len));
        e->stats.bytes = arena_used(arena);
        *out = e;
        e = NULL;
        return ERR_OK;
}

void elimination_free(struct elimination **e)
{
        if (e == NULL || *e == NULL)
                return;
        struct arena *arena = (*e)->arena;

        *e = NULL;
        arena_free(&arena);
}

/* Looking inside --------------------------------------------------------------------------- */

const uint8_t *elimination_fates(const struct elimination *e)
{
        return e->fate;
}

struct elimination_stats elimination_stats(const struct elimination *e)
{
        return e->stats;
}

bool elimination_gives(const struct elimination *e, uint32_t column)
{
        struct print print = print_of(e, column);

        return print.f == 0 && print.g == 0;
}

bool elimination_is_free(const struct elimination *e, uint32_t row)
{
        return e->gone[row] == FREE;
}

const struct vector *elimination_direction(struct elimination *e, uint32_t free_row, uint32_t most)
{
        return walk_direction(e, free_row, most, &e->direction) ? &e->direction : NULL;
}

const struct print *elimination_prints(const struct elimination *e)
{
        return e->print;
}
