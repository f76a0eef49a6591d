/* SPDX-License-Identifier: Apache-2.0 */
/* coverage.c: the deliveries of a vintage, counted when its views are built.
 *
 * The counts come from validation, as they were when the delivery came in: an erasure
 * changes none of them, so that nobody can read out of them that there was one. Rejected are
 * also the rows that the sender's own checks left out, by what it says itself. */
#include "gateway/coverage.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

enum { ARENA_MAX = 256 << 20 };

struct coverage {
        atomic_uint refs;
        struct arena *arena;
        struct deliveries *deliveries;
        uint32_t len;
};

/* Values ----------------------------------------------------------------------- */

static const struct column *column_of(const struct batch *b, const struct variable *v)
{
        for (uint32_t i = 0; i < b->columns_len; i++)
                if (bytes_equal(b->columns[i].name, v->id))
                        return &b->columns[i];
        return NULL;
}

static uint32_t count_blanks(const struct column *c, const struct verdicts *v)
{
        uint32_t blanks = 0;

        if (c == NULL)
                return v->accepted_len;
        if (c->missing == NULL)
                return 0;
        for (uint32_t row = 0; row < v->rows; row++)
                blanks += v->accepted[row] & (column_is_missing(c, row) ? 1u : 0u);
        return blanks;
}

void coverage_count_values(const struct policy_dataset *d, const struct batch *b,
        const struct verdicts *v, uint32_t *out_fields, uint32_t *out_blanks)
{
        uint32_t fields = 0, blanks = 0;

        for (uint32_t i = 0; i < d->variables_len; i++) {
                if (!variable_is_column(&d->variables[i]) || i == d->episode_until)
                        continue;
                fields += v->accepted_len;
                blanks += count_blanks(column_of(b, &d->variables[i]), v);
        }
        *out_fields = fields;
        *out_blanks = blanks;
}

/* Reading ---------------------------------------------------------------------- */

static int by_place_and_period(const void *a, const void *b)
{
        const struct delivered *x = a, *y = b;

        if (x->municipality != y->municipality)
                return x->municipality < y->municipality ? -1 : 1;
        if (x->period.first != y->period.first)
                return x->period.first < y->period.first ? -1 : 1;
        return (x->period.last > y->period.last) - (x->period.last < y->period.last);
}

static enum err take(
        const struct policy *policy, const struct stored_submission *of, struct delivered *out)
{
        char code[5];

        municipality_format(of->municipality, code);
        int32_t place = code_find(policy_municipalities(policy), bytes_of_text(code));

        if (place < 0)
                return ERR_CORRUPT; /* a bundle never drops a municipality */
        *out = (struct delivered){
                (uint32_t)place,
                of->period,
                of->accepted,
                of->rejected + of->turned_away,
                of->fields,
                of->blanks,
        };
        return ERR_OK;
}

/* Several deliveries of one period become one. */
static uint32_t merge(struct delivered *list, uint32_t len)
{
        uint32_t n = 0;

        if (len == 0)
                return 0;
        qsort(list, len, sizeof(*list), by_place_and_period);
        for (uint32_t i = 1; i < len; i++) {
                if (by_place_and_period(&list[n], &list[i]) != 0) {
                        list[++n] = list[i];
                        continue;
                }
                list[n].accepted += list[i].accepted;
                list[n].rejected += list[i].rejected;
                list[n].fields += list[i].fields;
                list[n].blanks += list[i].blanks;
        }
        return n + 1;
}

static void widen(struct period *span, struct period by, bool first)
{
        if (first || by.first < span->first)
                span->first = by.first;
        if (first || by.last > span->last)
                span->last = by.last;
}

static enum err read_one(struct store *store, struct vintage vintage, const struct policy *policy,
        struct arena *arena, struct deliveries *d)
{
        OWNED(arena_free) struct arena *scratch = arena_new(ARENA_MAX);
        struct stored_submission *stored = NULL;
        char dataset[NAME_MAX_LEN + 1] = {0};
        uint32_t len = 0;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        memcpy(dataset, d->dataset->id.data, d->dataset->id.len);
        TRY(store_vintage_submissions(store, vintage, dataset, scratch, &stored, &len));
        struct delivered *list = arena_alloc(arena, len, sizeof(*list));
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                TRY(take(policy, &stored[i], &list[i]));
                widen(&d->span, list[i].period, i == 0);
        }
        d->list = list;
        d->len = merge(list, len);
        return ERR_OK;
}

enum err coverage_read(struct store *store, struct vintage vintage, const struct policy *policy,
        const struct policy_dataset *const *datasets, uint32_t datasets_len, struct coverage **out)
{
        OWNED(coverage_unref) struct coverage *c = calloc(1, sizeof(*c));

        if (c == NULL)
                return ERR_NO_MEMORY;
        atomic_init(&c->refs, 1);
        c->arena = arena_new(ARENA_MAX);
        c->deliveries = c->arena == NULL
                                ? NULL
                                : arena_alloc(c->arena, datasets_len, sizeof(*c->deliveries));
        if (c->deliveries == NULL)
                return ERR_NO_MEMORY;
        for (; c->len < datasets_len; c->len++) {
                c->deliveries[c->len].dataset = datasets[c->len];
                TRY(read_one(store, vintage, policy, c->arena, &c->deliveries[c->len]));
        }
        *out = c;
        c = NULL;
        return ERR_OK;
}

struct coverage *coverage_ref(struct coverage *c)
{
        (void)atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
        return c;
}

void coverage_unref(struct coverage **c)
{
        if (c == NULL || *c == NULL)
                return;
        if (atomic_fetch_sub_explicit(&(*c)->refs, 1, memory_order_acq_rel) == 1) {
                arena_free(&(*c)->arena);
                free(*c);
        }
        *c = NULL;
}

size_t coverage_bytes(const struct coverage *c)
{
        return arena_used(c->arena);
}

const struct deliveries *coverage_find(const struct coverage *c, struct bytes dataset)
{
        for (uint32_t i = 0; i < c->len; i++)
                if (bytes_equal(c->deliveries[i].dataset->id, dataset))
                        return &c->deliveries[i];
        return NULL;
}

struct period coverage_span(const struct coverage *c)
{
        struct period span = {0};
        bool first = true;

        for (uint32_t i = 0; i < c->len; i++) {
                if (c->deliveries[i].len == 0)
                        continue;
                widen(&span, c->deliveries[i].span, first);
                first = false;
        }
        return span;
}

/* Beside an answer --------------------------------------------------------------- */

static bool meets(struct period a, struct period b)
{
        return a.first <= b.last && b.first <= a.last;
}

/* Rounded to the nearest; NO_SHARE where the rows behind it are too few. */
static uint32_t permille(uint64_t part, uint64_t whole, uint64_t rows, uint32_t threshold)
{
        if (whole == 0 || rows < threshold)
                return NO_SHARE;
        return (uint32_t)((part * 1000 + whole / 2) / whole);
}

static uint32_t expected_in(const struct policy *policy, struct period period)
{
        uint32_t n = policy_municipalities(policy)->levels[0].len, expected = 0;

        for (uint32_t i = 0; i < n; i++)
                expected += policy_expects(policy, i, period) ? 1 : 0;
        return expected;
}

void coverage_tell(const struct policy *policy, const struct deliveries *d,
        const struct period *period, const struct families *families, struct wire_coverage *out)
{
        struct period within = period != NULL ? *period : d->span;
        struct delivered sum = {.municipality = UINT32_MAX};
        uint32_t threshold = d->dataset->disclosure.threshold;

        *out = (struct wire_coverage){
                .dataset = d->dataset->id,
                .expected = expected_in(policy, within),
                .families_missing_permille = NO_SHARE,
        };
        for (uint32_t i = 0; i < d->len; i++) {
                const struct delivered *one = &d->list[i];

                if (!meets(one->period, within))
                        continue;
                out->delivered += one->municipality != sum.municipality ? 1 : 0;
                sum.municipality = one->municipality;
                sum.accepted += one->accepted;
                sum.rejected += one->rejected;
                sum.fields += one->fields;
                sum.blanks += one->blanks;
        }
        out->rejected_permille = permille(
                sum.rejected, sum.accepted + sum.rejected, sum.accepted + sum.rejected, threshold);
        out->missing_permille = permille(sum.blanks, sum.fields, sum.accepted, threshold);
        if (families != NULL)
                out->families_missing_permille = permille(
                        families->missing, families->persons, families->persons, threshold);
}
