/* SPDX-License-Identifier: Apache-2.0 */
/* contributions.c: whose parts a cell is made of.
 *
 * Whoever has most of a cell learns most from it, so disclosure control is told how many
 * contributors there are and how much the largest have: of the persons, and of each sum. Persons
 * who meet two contributors, or two cells of a row, count once in each total, so a total is
 * counted and never added up from its parts.
 *
 * Rows lie person by person and family by family. What one of these has is complete as soon as
 * the next begins, and is then forgotten: a million persons need the room of one. Municipalities
 * and providers come back all the time and are kept to the end, in stakes.h.
 *
 * Where it is small enough, and no sum is asked for, every pair of contributor and cell has a
 * count instead: twice as quick, and most of it is never touched. And where a dimension has a
 * category for each contributor, which most tables are by, all that anybody has stands in its
 * own rows of the table: nothing is counted.
 *
 * A person whose family is missing is in no number of families, but nobody knows that her part
 * is small: among the largest she stands for herself. Rows of no known provider or
 * municipality are nobody's. */
#include <assert.h>

#include "base/arena.h"
#include "gateway/query/stakes.h"

/* What is told of one thing, by cell. */
struct told {
        uint32_t *number;
        int64_t *largest;
};

struct telling { /* of one worker */
        struct arena *arena;
        bool failed; /* there was no memory */
        /* Those kept to the end, by type; and of those that come one after the other the one
         * that is there now. Of a family, persons whose own is missing may come in between. */
        struct stakes stakes[CONTRIBUTOR_COUNT], alone;
        struct count *counts[CONTRIBUTOR_COUNT]; /* contributors × cells; NULL: in stakes */
        uint64_t now[CONTRIBUTOR_COUNT];
        /* Of those that are complete: persons, then sums. */
        struct told told[CONTRIBUTOR_COUNT][1 + MEASURES_MAX];
};

enum { MEMORY_MAX = 512 << 20 }; /* of one worker */
enum { COUNTS_MAX = 1 << 21 };   /* of one worker and type */
#define NOBODY_NOW UINT64_MAX

static bool is_asked(const struct pass *p, enum contributor type)
{
        return (p->plan->contributing.types & 1u << type) != 0;
}

static bool is_counted(const struct pass *p, enum contributor type)
{
        return is_asked(p, type) && (p->plan->contributing.read & 1u << type) == 0;
}

/* Whose rows lie together. */
static bool is_run(enum contributor type)
{
        return type == CONTRIBUTOR_PERSON || type == CONTRIBUTOR_FAMILY;
}

static enum err new_told(const struct pass *p, struct arena *a, struct told *out)
{
        out->number = arena_alloc(a, p->cells, sizeof(*out->number));
        out->largest = arena_alloc(a, p->cells * CONTRIBUTIONS_LARGEST, sizeof(*out->largest));
        return out->number == NULL || out->largest == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static enum err new_run(const struct pass *p, struct telling *g, enum contributor type)
{
        if (type != CONTRIBUTOR_PERSON) /* of persons each is one */
                TRY(new_told(p, g->arena, &g->told[type][0]));
        for (uint32_t k = 0; k < p->plan->contributing.sums_len; k++)
                TRY(new_told(p, g->arena, &g->told[type][1 + k]));
        return ERR_OK;
}

static enum err new_counts(const struct pass *p, struct telling *g, enum contributor type)
{
        const struct contributing *c = &p->plan->contributing;
        size_t pairs = p->cells * c->columns[type].of_len;

        if (c->sums_len > 0 || p->margins == NULL || pairs > COUNTS_MAX)
                return ERR_OK;
        g->counts[type] = arena_alloc(g->arena, pairs, sizeof(*g->counts[type]));
        return g->counts[type] == NULL ? ERR_NO_MEMORY : ERR_OK;
}

enum err contributions_new(struct arena *scratch, const struct pass *p, struct tally *t)
{
        const struct contributing *c = &p->plan->contributing;
        struct telling *g = NULL;

        if (!p->tells)
                return ERR_OK;
        g = t->telling = arena_alloc(scratch, 1, sizeof(*g));
        for (uint32_t k = 0; k < c->sums_len; k++) {
                struct part_tally *part = &t->parts[c->sums[k]];

                part->values = arena_alloc(scratch, BLOCK, sizeof(*part->values));
                part->has_value = arena_alloc(scratch, BLOCK, 1);
                if (part->values == NULL || part->has_value == NULL)
                        return ERR_NO_MEMORY;
        }
        if (g == NULL)
                return ERR_NO_MEMORY;
        g->arena = arena_new(MEMORY_MAX);
        if (g->arena == NULL)
                return ERR_NO_MEMORY;
        g->alone = (struct stakes){.pass = p, .arena = g->arena, .sums_len = c->sums_len};
        for (enum contributor type = CONTRIBUTOR_PERSON; type < CONTRIBUTOR_COUNT; type++) {
                g->stakes[type] = g->alone;
                g->now[type] = NOBODY_NOW;
                if (is_counted(p, type))
                        TRY(is_run(type) ? new_run(p, g, type) : new_counts(p, g, type));
        }
        return ERR_OK;
}

void contributions_done(struct pass *p)
{
        for (unsigned w = 0; w < p->tallies_len && p->tallies != NULL; w++)
                if (p->tallies[w].telling != NULL)
                        arena_free(&p->tallies[w].telling->arena);
}

/* Telling ----------------------------------------------------------------------------------- */

static void tell_one(struct told *told, uint32_t cell, int64_t amount)
{
        int64_t *largest = told->largest + (size_t)cell * CONTRIBUTIONS_LARGEST;
        unsigned at = CONTRIBUTIONS_LARGEST;

        while (at > 0 && largest[at - 1] < amount) {
                if (at < CONTRIBUTIONS_LARGEST)
                        largest[at] = largest[at - 1];
                at--;
        }
        if (at < CONTRIBUTIONS_LARGEST)
                largest[at] = amount;
}

/* All that `s` holds, into `told`: persons, then sums. False: a sum is more than there is room
 * for. */
static bool tell(struct stakes *s, bool numbered, struct told *told)
{
        if (!stakes_add_margins(s))
                return false;
        for (uint32_t i = 0; i < s->len; i++) {
                const struct stake_sum *sums = s->sums + (size_t)i * s->sums_len;
                uint32_t cell = stake_cell(&s->list[i]);

                if (told[0].number != NULL) {
                        told[0].number[cell] += numbered;
                        tell_one(&told[0], cell, (uint32_t)s->persons[i].word);
                }
                for (uint32_t k = 0; k < s->sums_len; k++) {
                        if (sums[k].rows == 0)
                                continue;
                        if (sums[k].sum == INT64_MIN)
                                return false;
                        told[1 + k].number[cell] += numbered;
                        tell_one(&told[1 + k], cell, sums[k].sum < 0 ? -sums[k].sum : sums[k].sum);
                }
        }
        return true;
}

/* Counting ---------------------------------------------------------------------------------- */

/* Row i of those left, of one contributor. */
static void add_row(
        const struct pass *p, struct tally *t, struct stakes *s, uint64_t contributor, uint32_t i)
{
        const struct contributing *c = &p->plan->contributing;
        uint32_t stake = stakes_inner(s, stake_key(contributor, t->cell[i]));

        if (stake == STAKE_NONE) {
                t->telling->failed = true;
                return;
        }
        stakes_count(s, stake, t->stamp[i]);
        for (uint32_t k = 0; k < s->sums_len; k++) {
                const struct part_tally *part = &t->parts[c->sums[k]];
                struct stake_sum *to = &s->sums[(size_t)stake * s->sums_len + k];

                if (!part->has_value[i])
                        continue;
                t->overflow |= __builtin_add_overflow(to->sum, part->values[i], &to->sum);
                to->rows++;
        }
}

static void finish_run(struct tally *t, struct stakes *s, enum contributor type, bool numbered)
{
        t->overflow |= !tell(s, numbered, t->telling->told[type]);
        stakes_clear(s);
}

/* A row of whoever has the number `now`: with the first, whoever was before is complete. */
static void add_to_run(
        const struct pass *p, struct tally *t, enum contributor type, uint64_t now, uint32_t i)
{
        struct telling *g = t->telling;

        if (g->now[type] != now)
                finish_run(t, &g->stakes[type], type, true);
        g->now[type] = now;
        add_row(p, t, &g->stakes[type], 0, i);
}

static void add_persons(const struct pass *p, struct tally *t, uint32_t left)
{
        for (uint32_t i = 0; i < left; i++)
                add_to_run(p, t, CONTRIBUTOR_PERSON, t->stamp[i], i);
}

static void add_families(const struct pass *p, struct tally *t, uint32_t row, uint32_t left)
{
        struct telling *g = t->telling;

        for (uint32_t i = 0; i < left; i++) {
                uint32_t family = t->family[t->row[i] - row];

                if (family != FAMILY_MISSING) {
                        add_to_run(p, t, CONTRIBUTOR_FAMILY, family, i);
                        continue;
                }
                if (g->now[CONTRIBUTOR_NONE] != t->stamp[i])
                        finish_run(t, &g->alone, CONTRIBUTOR_FAMILY, false);
                g->now[CONTRIBUTOR_NONE] = t->stamp[i];
                add_row(p, t, &g->alone, 0, i);
        }
}

/* Who it is of each row left; CONTRIBUTOR_UNKNOWN: nobody. */
static void name_contributors(const struct pass *p, struct tally *t,
        const struct contributor_column *c, uint32_t left, uint32_t *out)
{
        const void *column = view_column(p->view, c->variable);
        const uint16_t *u16 = column;
        const uint8_t *u8 = column;

        if (p->plan->dataset->variables[c->variable].physical == PHYSICAL_U8)
                for (uint32_t i = 0; i < left; i++)
                        out[i] = u8[t->row[i]] < c->of_len ? c->of[u8[t->row[i]]]
                                                           : CONTRIBUTOR_UNKNOWN;
        else
                for (uint32_t i = 0; i < left; i++)
                        out[i] = u16[t->row[i]] < c->of_len ? c->of[u16[t->row[i]]]
                                                            : CONTRIBUTOR_UNKNOWN;
}

/* As run.c counts cells: with few margins (`n`), without asking whether she is there. */
static inline void count_in_margins(const struct pass *p, const struct tally *t,
        const uint32_t *who, uint32_t left, unsigned n, struct count *counts)
{
        for (uint32_t i = 0; i < left; i++) {
                if (who[i] == CONTRIBUTOR_UNKNOWN)
                        continue;
                struct count *of = counts + who[i] * p->cells;
                const uint32_t *m = p->margins + (size_t)t->cell[i] * n;

                if (n > 4 && of[m[0]].word >> 32 == t->stamp[i])
                        continue;
                for (unsigned k = 0; k < n; k++)
                        count_one(&of[m[k]], t->stamp[i]);
        }
}

static void count_pairs(const struct pass *p, const struct tally *t, const uint32_t *who,
        uint32_t left, struct count *counts)
{
        unsigned n = 1u << p->table->dimensions_len;

        if (n == 2)
                count_in_margins(p, t, who, left, 2, counts);
        else if (n == 4)
                count_in_margins(p, t, who, left, 4, counts);
        else
                count_in_margins(p, t, who, left, n, counts);
}

static void add_column(const struct pass *p, struct tally *t, enum contributor type, uint32_t left)
{
        struct stakes *s = &t->telling->stakes[type];
        uint32_t who[BLOCK];

        name_contributors(p, t, &p->plan->contributing.columns[type], left, who);
        if (t->telling->counts[type] != NULL) {
                count_pairs(p, t, who, left, t->telling->counts[type]);
                return;
        }
        for (uint32_t i = 0; i < left; i++)
                if (who[i] != CONTRIBUTOR_UNKNOWN)
                        add_row(p, t, s, who[i], i);
}

void contributions_count(const struct pass *p, struct tally *t, uint32_t row, uint32_t left)
{
        if (is_counted(p, CONTRIBUTOR_PERSON))
                add_persons(p, t, left);
        if (is_counted(p, CONTRIBUTOR_FAMILY))
                add_families(p, t, row, left);
        if (is_counted(p, CONTRIBUTOR_PROVIDER))
                add_column(p, t, CONTRIBUTOR_PROVIDER, left);
        if (is_counted(p, CONTRIBUTOR_MUNICIPALITY))
                add_column(p, t, CONTRIBUTOR_MUNICIPALITY, left);
}

enum err contributions_end(struct tally *t)
{
        struct telling *g = t->telling;

        if (g == NULL)
                return ERR_OK;
        finish_run(t, &g->stakes[CONTRIBUTOR_PERSON], CONTRIBUTOR_PERSON, true);
        finish_run(t, &g->stakes[CONTRIBUTOR_FAMILY], CONTRIBUTOR_FAMILY, true);
        finish_run(t, &g->alone, CONTRIBUTOR_FAMILY, false);
        for (enum contributor type = CONTRIBUTOR_NONE; type < CONTRIBUTOR_COUNT; type++)
                g->now[type] = NOBODY_NOW;
        return g->failed ? ERR_NO_MEMORY : ERR_OK;
}

/* Together ---------------------------------------------------------------------------------- */

static void merge_told(const struct pass *p, const struct told *from, struct told *to)
{
        if (from->number == NULL)
                return;
        assert(to->number != NULL && to->largest != NULL);
        for (size_t cell = 0; cell < p->cells; cell++) {
                to->number[cell] += from->number[cell];
                for (unsigned i = 0; i < CONTRIBUTIONS_LARGEST; i++)
                        tell_one(to, (uint32_t)cell,
                                from->largest[cell * CONTRIBUTIONS_LARGEST + i]);
        }
}

/* Persons and sums of one worker to those of another; margins wait for the end. */
static enum err merge_stakes(const struct stakes *from, struct stakes *to)
{
        bool overflow = false;

        for (uint32_t i = 0; i < from->len; i++) {
                const struct stake *k = &from->list[i];
                uint32_t at =
                        k->margins == STAKE_NONE ? stakes_at(to, k->key) : stakes_inner(to, k->key);

                if (at == STAKE_NONE)
                        return ERR_NO_MEMORY;
                /* The count is the lower half: persons of two workers are never the same. */
                to->persons[at].word += (uint32_t)from->persons[i].word;
                for (uint32_t n = 0; n < from->sums_len; n++) {
                        const struct stake_sum *more = &from->sums[(size_t)i * from->sums_len + n];
                        struct stake_sum *sum = &to->sums[(size_t)at * to->sums_len + n];

                        overflow |= __builtin_add_overflow(sum->sum, more->sum, &sum->sum);
                        sum->rows += more->rows;
                }
        }
        return overflow ? ERR_LIMIT : ERR_OK;
}

static void tell_counts(const struct pass *p, enum contributor type, struct told *told)
{
        size_t pairs = p->cells * p->plan->contributing.columns[type].of_len;

        assert(told->number != NULL && told->largest != NULL);
        for (size_t i = 0; i < pairs; i++) {
                uint32_t persons = 0, cell = (uint32_t)(i % p->cells);

                for (unsigned w = 0; w < p->tallies_len; w++)
                        persons += (uint32_t)p->tallies[w].telling->counts[type][i].word;
                if (persons == 0)
                        continue;
                told->number[cell]++;
                tell_one(told, cell, persons);
        }
}

static void tell_persons(struct told *told, size_t cell, int64_t persons)
{
        told->number[cell]++;
        tell_one(told, (uint32_t)cell, persons);
}

/* Where categories are contributors: what each has is in its own cell, of the total too. */
static void tell_table(const struct pass *p, uint32_t d, const struct table *t, struct told *told)
{
        const struct grouping *g = &p->plan->groupings[d];
        uint32_t len = t->dimensions[d].len;

        assert(told->number != NULL && told->largest != NULL);
        for (size_t cell = 0; cell < p->cells; cell++) {
                uint32_t category = (uint32_t)(cell / p->stride[d] % (len + 1));

                if (category == len || category == g->other || t->persons[cell] == 0)
                        continue;
                tell_persons(told, cell, t->persons[cell]);
                tell_persons(
                        told, cell + (size_t)(len - category) * p->stride[d], t->persons[cell]);
        }
}

/* What all workers have to tell of a type that was counted, in `told`. */
static enum err merge_type(const struct pass *p, enum contributor type, struct told *told)
{
        struct stakes *all = &p->tallies[0].telling->stakes[type];

        if (p->tallies[0].telling->counts[type] != NULL) {
                tell_counts(p, type, told);
                return ERR_OK;
        }
        for (unsigned w = 0; w < p->tallies_len; w++) {
                const struct telling *g = p->tallies[w].telling;

                if (!is_run(type) && w > 0)
                        TRY(merge_stakes(&g->stakes[type], all));
                for (uint32_t k = 0; is_run(type) && k <= p->plan->contributing.sums_len; k++)
                        merge_told(p, &g->told[type][k], &told[k]);
        }
        return is_run(type) || tell(all, true, told) ? ERR_OK : ERR_LIMIT;
}

static void add_contributions(
        struct contributions *list, uint32_t *len, enum contributor type, const struct told *told)
{
        list[(*len)++] = (struct contributions){type, told->number, told->largest};
}

static enum err new_lists(struct table *t, struct arena *arena)
{
        t->contributions_len = 0;
        t->contributions = arena_alloc(arena, CONTRIBUTOR_COUNT, sizeof(*t->contributions));
        if (t->contributions == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t m = 0; m < t->measures_len; m++) {
                struct measure *of = &t->measures[m];

                if (of->kind != MEASURE_SUM && of->kind != MEASURE_MEAN)
                        continue;
                of->contributions_len = 0;
                of->contributions =
                        arena_alloc(arena, CONTRIBUTOR_COUNT, sizeof(*of->contributions));
                if (of->contributions == NULL)
                        return ERR_NO_MEMORY;
        }
        return ERR_OK;
}

static enum err tell_type(
        const struct pass *p, enum contributor type, struct table *t, struct arena *arena)
{
        const struct contributing *c = &p->plan->contributing;
        struct told told[1 + MEASURES_MAX] = {0};

        if (type != CONTRIBUTOR_PERSON) {
                TRY(new_told(p, arena, &told[0]));
                add_contributions(t->contributions, &t->contributions_len, type, &told[0]);
        }
        for (uint32_t k = 0; k < c->sums_len; k++)
                TRY(new_told(p, arena, &told[1 + k]));
        if (is_counted(p, type))
                TRY(merge_type(p, type, told));
        else
                tell_table(p, c->columns[type].dimension, t, &told[0]);
        for (uint32_t m = 0; m < t->measures_len; m++) {
                struct measure *of = &t->measures[m];

                for (uint32_t k = 0; k < c->sums_len && of->contributions != NULL; k++)
                        if (c->sums[k] == p->plan->measures->of[m].numerator)
                                add_contributions(of->contributions, &of->contributions_len, type,
                                        &told[1 + k]);
        }
        return ERR_OK;
}

enum err contributions_finish(const struct pass *p, struct table *t, struct arena *arena)
{
        if (p->plan->contributing.types == 0)
                return ERR_OK;
        TRY(new_lists(t, arena));
        for (enum contributor type = CONTRIBUTOR_PERSON; type < CONTRIBUTOR_COUNT; type++)
                if (is_asked(p, type))
                        TRY(tell_type(p, type, t, arena));
        return ERR_OK;
}
