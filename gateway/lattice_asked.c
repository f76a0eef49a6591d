/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_asked.c: what was answered without a plan, held beside planned tables.
 *
 * Whoever was told of 59 children, and now sees planned cells that make up the same children and
 * one more, has that one by subtraction. So before planned tables leave, the persons of every
 * answer are counted again (memory_recall.h) and compared with theirs (lattice_near.c).
 *
 * Answers come in batches, as many as fit, and of each batch every planned table is counted once:
 * who is in its cells takes more room than who was in the answers, and is in the views anyway. */
#include "gateway/lattice_asked.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "gateway/lattice_near.h"

enum { SCRATCH_MAX = (int)(((unsigned)1 << 31) - 1) };
#define BATCH_MAX ((size_t)1 << 25) /* persons of answers that are held at a time */

struct finding {
        struct near near;
        const struct lattice_recall *recall;
        struct arena *batch; /* answers that wait */
        struct answer *answers;
        uint32_t answers_len, answers_cap;
        size_t batch_persons;
        uint64_t *seen; /* prints of answers, an open table; 0: free */
        size_t seen_len, seen_used;
};

/* Batches ---------------------------------------------------------------------------------- */

/* Whether an answer before this one asked about the same years. */
static bool is_known_range(const struct finding *f, uint32_t answer)
{
        for (uint32_t i = 0; i < answer; i++)
                if (f->answers[i].first == f->answers[answer].first &&
                        f->answers[i].end == f->answers[answer].end)
                        return true;
        return false;
}

static enum err batch_start(struct finding *f)
{
        arena_free(&f->batch);
        f->batch = arena_new(SCRATCH_MAX);
        f->answers = NULL;
        f->answers_len = f->answers_cap = 0;
        f->batch_persons = 0;
        return f->batch != NULL ? ERR_OK : ERR_NO_MEMORY;
}

static enum err batch_compare(struct finding *f)
{
        const struct lattice_cube *c = f->near.cube;
        struct together *together = NULL;

        if (f->answers_len > 0)
                TRY(together_new(&f->near, f->answers, f->answers_len, f->batch, &together));
        for (uint32_t t = 0; t < c->tables_len && f->answers_len > 0; t++) {
                for (uint32_t b = 0; b < c->blocks; b++)
                        if (b < c->years_len || b + 1 == c->blocks)
                                TRY(near_find(&f->near, t, b, b + 1, false, f->answers,
                                        f->answers_len, together));
                for (uint32_t i = 0; i < f->answers_len; i++)
                        if (f->answers[i].end > f->answers[i].first + 1 && !is_known_range(f, i))
                                TRY(near_find(&f->near, t, f->answers[i].first, f->answers[i].end,
                                        true, f->answers, f->answers_len, NULL));
        }
        return batch_start(f);
}

/* Answers ---------------------------------------------------------------------------------- */

static uint64_t print_of_set(const struct ledger_set *set)
{
        uint64_t sum = near_mix(set->len);

        for (uint32_t i = 0; i < set->len; i++)
                sum += near_mix(set->persons[i] ^
                                (uint64_t)(set->weights != NULL ? set->weights[i] : 1) << 32);
        return sum;
}

static bool seen_put(uint64_t *table, size_t len, uint64_t print)
{
        size_t at = print & (len - 1);

        while (table[at] != 0 && table[at] != print)
                at = (at + 1) & (len - 1);
        bool there = table[at] == print;
        table[at] = print;
        return there;
}

/* Whether it was compared already, asked in whatever words. */
static enum err seen_before(struct finding *f, uint64_t print, bool *out)
{
        if (2 * (f->seen_used + 1) > f->seen_len) {
                size_t len = f->seen_len > 0 ? 2 * f->seen_len : 1024;
                uint64_t *grown = calloc(len, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                for (size_t i = 0; i < f->seen_len; i++)
                        if (f->seen[i] != 0)
                                (void)seen_put(grown, len, f->seen[i]);
                free(f->seen);
                f->seen = grown;
                f->seen_len = len;
        }
        *out = seen_put(f->seen, f->seen_len, print | 1);
        f->seen_used += !*out;
        return ERR_OK;
}

static void years_of(const struct lattice_cube *c, const struct period *p, struct answer *a)
{
        a->first = a->end = 0;
        for (uint32_t i = 0; p != NULL && i < c->years_len; i++) {
                if (c->years[i].last < p->first || c->years[i].first > p->last)
                        continue;
                a->first = a->end == 0 ? i : a->first;
                a->end = i + 1;
        }
}

static enum err answer_keep(struct finding *f, const struct answer *a)
{
        size_t len = a->set.len;
        uint32_t *persons = arena_alloc_raw(f->batch, len, sizeof(*persons));
        uint32_t *weights =
                a->set.weights != NULL ? arena_alloc_raw(f->batch, len, sizeof(*weights)) : NULL;

        if (persons == NULL || (a->set.weights != NULL && weights == NULL))
                return ERR_NO_MEMORY;
        memcpy(persons, a->set.persons, len * sizeof(*persons));
        if (weights != NULL)
                memcpy(weights, a->set.weights, len * sizeof(*weights));
        if (f->answers_len == f->answers_cap) {
                uint32_t cap = f->answers_cap > 0 ? 2 * f->answers_cap : 256;
                struct answer *grown = arena_alloc(f->batch, cap, sizeof(*grown));

                if (grown == NULL)
                        return ERR_NO_MEMORY;
                if (f->answers_len > 0)
                        memcpy(grown, f->answers, f->answers_len * sizeof(*grown));
                f->answers = grown;
                f->answers_cap = cap;
        }
        f->answers[f->answers_len] = *a;
        f->answers[f->answers_len].set.persons = persons;
        f->answers[f->answers_len++].set.weights = weights;
        f->batch_persons += len;
        return ERR_OK;
}

static enum err on_recalled(void *ctx, const struct recalled *one)
{
        struct finding *f = ctx;
        struct answer a = {.set = one->set,
                .cells = one->cells,
                .records = one->records,
                .closed = one->closed,
                .limit = f->recall->threshold};
        bool seen;

        a.limit += one->closed ? one->removed : 0;
        years_of(f->near.cube, one->period, &a);
        const uint64_t kind = (uint64_t)a.limit << 2 | (uint64_t)a.records << 1 | a.cells;
        const uint64_t years = (uint64_t)a.first << 32 | a.end;
        TRY(seen_before(f, print_of_set(&a.set) + near_mix(kind) + near_mix(~years), &seen));
        if (seen)
                return ERR_OK;
        f->near.out->compared++;
        if (f->batch_persons + a.set.len > BATCH_MAX)
                TRY(batch_compare(f));
        return answer_keep(f, &a);
}

/* ------------------------------------------------------------------------------------------ */

/* Persons of the view at hand have the first numbers. */
static enum err number_persons(struct near *n, struct persons *persons, struct arena *arena)
{
        const struct view *v = n->source->view;
        uint32_t len = view_persons(v), *number = arena_alloc_raw(arena, len + 1u, sizeof(*number));
        uint32_t *person;
        struct numbered all;

        TRY(persons_number(persons, v, NULL, &all));
        n->numbers_len = persons_len(persons);
        person = arena_alloc_raw(arena, n->numbers_len + 1u, sizeof(*person));
        n->is_in = arena_alloc(arena, len + 1u, sizeof(*n->is_in));
        n->differs = arena_alloc(arena, len + 1u, sizeof(*n->differs));
        if (number == NULL || person == NULL || n->is_in == NULL || n->differs == NULL)
                return ERR_NO_MEMORY;
        memset(person, 0xff, (n->numbers_len + 1u) * sizeof(*person));
        for (uint32_t i = 0; i < len; i++) {
                number[i] = all.numbers[i];
                if (number[i] != PERSON_UNNUMBERED)
                        person[number[i]] = i;
        }
        n->number = number;
        n->person = person;
        return ERR_OK;
}

enum err lattice_asked_find(const struct lattice_source *source, const struct lattice_cube *cube,
        const struct lattice_recall *recall, struct arena *arena, struct lattice_asked *out)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SCRATCH_MAX);
        OWNED(persons_free) struct persons *persons = NULL;
        struct lattice_asked asked = {0};
        struct finding f = {.near = {.source = source, .cube = cube, .out = &asked, .arena = arena},
                .recall = recall};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        TRY(persons_new(&persons));
        TRY(number_persons(&f.near, persons, scratch));
        enum err e = batch_start(&f);
        if (e == ERR_OK)
                e = recall->each(recall->ctx, persons, on_recalled, &f);
        if (e == ERR_OK)
                e = batch_compare(&f);
        arena_free(&f.batch);
        free(f.seen);
        if (e == ERR_OK)
                *out = asked;
        return e;
}
