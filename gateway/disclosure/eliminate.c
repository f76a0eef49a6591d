/* SPDX-License-Identifier: Apache-2.0 */
/* eliminate.c: rows that are left, and the others in terms of them.
 *
 * Every row is an item, and so is every protected column of several rows. An item has a
 * vector: what it is in terms of free rows. A free row's vector is itself, and is not
 * stored. Publishing a column with remainder v means v = 0: one row of v, the pivot, is
 * replaced by the others wherever it stands. For each free row there is a list of the
 * items it stands in; entries that have gone from an item may linger in it, and `count`
 * says how many are true.
 *
 * Whether two remainders are multiples of each other is one look into a hash table. Every
 * row has two random numbers; an item's fingerprints f and g are the sums of its values
 * times those numbers, so they follow a replacement without a look at the vector; and f/g
 * is the same for all its multiples. What has the same key is compared entry by entry.
 *
 * What surprised us: the pivot decides everything about time. The row that stands in the
 * fewest items, the last by number among equals, fills least. */
#include "gateway/disclosure/eliminate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "gateway/disclosure/residue.h"

#define NONE UINT32_MAX

/* A protected item and its place in the hash table. */
struct secret {
        uint64_t f, g, key;
        uint32_t item, next;
        bool alone;
};

struct elimination {
        struct arena *arena;
        const struct model *model;
        struct pool pool;
        uint32_t rows, items;
        struct vector *item;   /* rows, then protected columns of several rows */
        bool *gone;            /* of rows: eliminated */
        struct list *stands;   /* of free rows: items it stands in, itself apart */
        uint32_t *count;       /* of free rows: how many of them are true */
        uint64_t *fs, *gs;     /* of rows: their random numbers */
        uint32_t *column_item; /* of columns: their item, or NONE */
        uint32_t *secret_of;   /* of items: index into secrets, or NONE */
        struct secret *secrets;
        uint32_t secrets_len;
        uint32_t *slot; /* heads of the hash table's chains */
        size_t mask;
        /* Scratch. */
        uint64_t *sum;           /* of rows; zero between calls */
        uint64_t *marks, *words; /* which rows of `sum` are not; which words of `marks` */
        struct vector remainder, merged, substitute;
        struct vector one, other;         /* free rows as vectors */
        uint32_t *affected, affected_len; /* items the pivot stands in */
        uint32_t *affected_at;            /* and at which entry */
        uint32_t *seen, seen_now;         /* of items: looked at in this search */
        uint32_t *swept, swept_now;       /* the same, in this sweep */
        uint64_t *old_key, *product;
        uint8_t *fate;
        struct elimination_stats stats;
        uint64_t work_limit;
};

/* Making ----------------------------------------------------------------------------------- */

static enum err vector_new(struct arena *arena, struct vector *v, uint32_t cap)
{
        v->value = arena_alloc_raw(arena, cap, sizeof *v->value);
        v->row = arena_alloc_raw(arena, cap, sizeof *v->row);
        v->cap = cap;
        return v->value == NULL || v->row == NULL ? ERR_NO_MEMORY : ERR_OK;
}

static uint32_t column_len(const struct model *m, uint32_t c)
{
        return (uint32_t)(m->start[c + 1] - m->start[c]);
}

static uint32_t several_rows(const struct model *m)
{
        uint32_t n = 0;

        for (uint32_t c = 0; c < m->columns; c++)
                n += m->column[c].protect && column_len(m, c) > 1;
        return n;
}

static enum err allocate(struct elimination *e)
{
        struct arena *a = e->arena;
        size_t rows = e->rows, items = e->items, columns = e->model->columns;

#define NEW(field, len) ((e->field = arena_alloc(a, (len), sizeof *e->field)) == NULL)
        if (NEW(item, items) || NEW(gone, rows) || NEW(stands, rows) || NEW(count, rows) ||
                NEW(fs, rows) || NEW(gs, rows) || NEW(column_item, columns) ||
                NEW(secret_of, items) || NEW(secrets, items) || NEW(sum, rows) ||
                NEW(marks, rows / 64 + 1) || NEW(words, rows / 4096 + 1) ||
                NEW(affected, items + 1) || NEW(affected_at, items + 1) || NEW(seen, items) ||
                NEW(swept, items) || NEW(old_key, items + 1) || NEW(product, items + 1) ||
                NEW(fate, columns))
                return ERR_NO_MEMORY;
        for (e->mask = 1; e->mask < 2 * items;)
                e->mask *= 2;
        if (NEW(slot, e->mask))
                return ERR_NO_MEMORY;
#undef NEW
        e->mask--;
        memset(e->slot, 0xff, (e->mask + 1) * sizeof *e->slot);
        memset(e->secret_of, 0xff, items * sizeof *e->secret_of);
        memset(e->column_item, 0xff, columns * sizeof *e->column_item);
        TRY(vector_new(a, &e->remainder, e->rows));
        TRY(vector_new(a, &e->merged, e->rows));
        TRY(vector_new(a, &e->substitute, e->rows));
        TRY(vector_new(a, &e->one, 1));
        return vector_new(a, &e->other, 1);
}

/* Secrets ---------------------------------------------------------------------------------- */

static uint64_t key_of(uint64_t f, uint64_t g)
{
        return residue_times(f, residue_inverse(g));
}

static void secret_link(struct elimination *e, uint32_t s)
{
        uint32_t *head = &e->slot[residue_mix(1, e->secrets[s].key) & e->mask];

        e->secrets[s].next = *head;
        *head = s;
}

static void secret_unlink(struct elimination *e, uint32_t s)
{
        uint32_t *at = &e->slot[residue_mix(1, e->secrets[s].key) & e->mask];

        while (*at != s)
                at = &e->secrets[*at].next;
        *at = e->secrets[s].next;
}

static uint32_t secret_first(const struct elimination *e, uint64_t key)
{
        return e->slot[residue_mix(1, key) & e->mask];
}

/* An item as a vector, also where it is a free row: that is put into `one`. */
static const struct vector *item_vector(
        const struct elimination *e, uint32_t item, struct vector *one)
{
        if (item >= e->rows || e->gone[item])
                return &e->item[item];
        one->len = 1;
        one->row[0] = item;
        one->value[0] = 1;
        return one;
}

static bool multiples(const struct vector *a, const struct vector *b)
{
        if (a->len != b->len || a->len == 0 || memcmp(a->row, b->row, a->len * sizeof *a->row) != 0)
                return false;
        for (uint32_t i = 1; i < a->len; i++)
                if (residue_times(a->value[i], b->value[0]) !=
                        residue_times(b->value[i], a->value[0]))
                        return false;
        return true;
}

/* Would v, made public, give a secret away? */
static bool gives_away(struct elimination *e, const struct vector *v, uint64_t key)
{
        for (uint32_t s = secret_first(e, key); s != NONE; s = e->secrets[s].next) {
                if (e->secrets[s].key != key)
                        continue;
                e->stats.work += v->len;
                if (multiples(v, item_vector(e, e->secrets[s].item, &e->other)))
                        return true;
        }
        return false;
}

static void fingerprint(
        const struct elimination *e, const struct vector *v, uint64_t *f, uint64_t *g)
{
        uint64_t sum_f = 0, sum_g = 0;

        for (uint32_t i = 0; i < v->len; i++) {
                sum_f = residue_add(sum_f, residue_times(v->value[i], e->fs[v->row[i]]));
                sum_g = residue_add(sum_g, residue_times(v->value[i], e->gs[v->row[i]]));
        }
        *f = sum_f;
        *g = sum_g;
}

static void secret_add(struct elimination *e, uint32_t column, uint32_t item)
{
        struct secret *s = &e->secrets[e->secrets_len];

        *s = (struct secret){.item = item, .alone = e->model->column[column].alone};
        fingerprint(e, item_vector(e, item, &e->other), &s->f, &s->g);
        s->key = key_of(s->f, s->g);
        e->secret_of[item] = e->secrets_len;
        secret_link(e, e->secrets_len++);
}

/* A protected column of several rows becomes an item of its own. */
static enum err item_add(struct elimination *e, uint32_t column, uint32_t item)
{
        const uint32_t *row = e->model->row + e->model->start[column];
        uint32_t len = column_len(e->model, column);
        struct vector *v = &e->item[item];

        TRY(vector_reserve(&e->pool, v, len));
        v->len = len;
        for (uint32_t i = 0; i < len; i++) {
                v->row[i] = row[i];
                v->value[i] = 1;
                TRY(list_push(&e->pool, &e->stands[row[i]], item));
                e->count[row[i]]++;
        }
        return ERR_OK;
}

static enum err secrets_add(struct elimination *e)
{
        const struct model *m = e->model;
        uint32_t next = e->rows;

        for (uint32_t r = 0; r < e->rows; r++) {
                e->fs[r] = residue_mix(2, r) % RESIDUE_PRIME;
                e->gs[r] = residue_mix(3, r) % RESIDUE_PRIME;
        }
        for (uint32_t c = 0; c < m->columns; c++) {
                bool one = column_len(m, c) == 1;

                if (one)
                        e->column_item[c] = m->row[m->start[c]];
                if (!m->column[c].protect)
                        continue;
                if (!one) {
                        e->column_item[c] = next;
                        TRY(item_add(e, c, next++));
                }
                secret_add(e, c, e->column_item[c]);
        }
        return ERR_OK;
}

/* Reducing --------------------------------------------------------------------------------- */

static void sum_add(struct elimination *e, uint32_t row, uint64_t value)
{
        e->sum[row] = residue_add(e->sum[row], value);
        e->marks[row / 64] |= UINT64_C(1) << row % 64;
        e->words[row / 4096] |= UINT64_C(1) << row / 64 % 64;
}

/* The sum's rows that are not zero, in order; leaves it zero. */
static void sum_take(struct elimination *e, struct vector *out)
{
        out->len = 0;
        for (uint32_t w = 0; w <= e->rows / 4096; w++) {
                for (uint64_t words = e->words[w]; words != 0; words &= words - 1) {
                        uint32_t at = w * 64 + (uint32_t)__builtin_ctzll(words);

                        for (uint64_t marks = e->marks[at]; marks != 0; marks &= marks - 1) {
                                uint32_t row = at * 64 + (uint32_t)__builtin_ctzll(marks);

                                out->row[out->len] = row;
                                out->value[out->len] = e->sum[row];
                                out->len += e->sum[row] != 0;
                                e->sum[row] = 0;
                        }
                        e->marks[at] = 0;
                }
                e->words[w] = 0;
        }
}

static void reduce(struct elimination *e, uint32_t column, struct vector *out)
{
        const struct model *m = e->model;

        for (size_t k = m->start[column]; k < m->start[column + 1]; k++) {
                const struct vector *v = &e->item[m->row[k]];

                if (!e->gone[m->row[k]])
                        sum_add(e, m->row[k], 1);
                for (uint32_t i = 0; i < v->len; i++)
                        sum_add(e, v->row[i], v->value[i]);
                e->stats.work += v->len + 1;
        }
        sum_take(e, out);
}

/* The remainder of a column, borrowed: most are a single row, and need no summing. */
static const struct vector *remainder_of(struct elimination *e, uint32_t column)
{
        e->stats.work++;
        if (e->column_item[column] != NONE)
                return item_vector(e, e->column_item[column], &e->one);
        reduce(e, column, &e->remainder);
        return &e->remainder;
}

/* Publishing ------------------------------------------------------------------------------- */

/* Index in v of the row to eliminate. Rows of the lowest value only where nothing else is
 * left, so that a sum of them shows itself as a remainder of them. */
static uint32_t pivot_of(const struct elimination *e, const struct vector *v)
{
        uint32_t best = v->len - 1;

        for (uint32_t i = v->len; i-- > 0 && e->count[v->row[best]] > 0;) {
                if (v->row[i] < e->model->lowest && v->row[best] >= e->model->lowest)
                        break;
                if (e->count[v->row[i]] < e->count[v->row[best]])
                        best = i;
        }
        return best;
}

/* The pivot in terms of the others: v without it, divided by its value, negative. */
static void substitute_make(struct elimination *e, const struct vector *v, uint32_t pivot)
{
        uint64_t factor = residue_negative(residue_inverse(v->value[pivot]));
        struct vector *s = &e->substitute;

        s->len = 0;
        for (uint32_t i = 0; i < v->len; i++) {
                if (i == pivot)
                        continue;
                s->row[s->len] = v->row[i];
                s->value[s->len++] = residue_times(v->value[i], factor);
        }
}

/* Leaves in a free row's list only items it stands in, each once. */
static void sweep(struct elimination *e, uint32_t row)
{
        struct list *in = &e->stands[row];
        uint32_t kept = 0;

        e->swept_now++;
        e->stats.work += in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct vector *v = &e->item[in->at[i]];

                if (e->swept[in->at[i]] == e->swept_now || vector_find(v, row) == v->len)
                        continue;
                e->swept[in->at[i]] = e->swept_now;
                in->at[kept++] = in->at[i];
        }
        in->len = kept;
}

/* A list that would have to grow is swept first where most of it is not true. */
static enum err stand_in(struct elimination *e, uint32_t row, uint32_t item)
{
        struct list *in = &e->stands[row];

        if (in->len == in->cap && in->len > 2 * e->count[row] + 8)
                sweep(e, row);
        e->count[row]++;
        return list_push(&e->pool, in, item);
}

/* The items the pivot stands in, each once. */
static void affected_find(struct elimination *e, uint32_t pivot)
{
        const struct list *in = &e->stands[pivot];

        e->affected_len = 0;
        e->seen_now++;
        e->stats.work += in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                uint32_t item = in->at[i], at;

                if (e->seen[item] == e->seen_now)
                        continue;
                e->seen[item] = e->seen_now;
                at = vector_find(&e->item[item], pivot);
                if (at == e->item[item].len)
                        continue;
                e->affected[e->affected_len] = item;
                e->affected_at[e->affected_len++] = at;
        }
        assert(e->affected_len == e->count[pivot]);
}

static void append(struct vector *to, const struct vector *from, uint32_t first, uint32_t end)
{
        uint32_t len = end - first;

        memcpy(to->row + to->len, from->row + first, len * sizeof *to->row);
        memcpy(to->value + to->len, from->value + first, len * sizeof *to->value);
        to->len += len;
}

/* The first entry from `first` on whose row is not below; looks near before far. */
static uint32_t gallop(const struct vector *v, uint32_t first, uint32_t row)
{
        uint32_t step = 1, low = first, high = first;

        while (high < v->len && v->row[high] < row) {
                low = high + 1;
                high = v->len - high > step ? high + step : v->len;
                step *= 2;
        }
        while (low < high) {
                uint32_t middle = low + (high - low) / 2;

                if (v->row[middle] < row)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

/* An entry of the substitute, times a factor, behind those of `to`; `i` is where the item
 * has one for the same row, or the next. */
static enum err merge_entry(struct elimination *e, uint32_t item, uint32_t *i, uint32_t row,
        uint64_t value, struct vector *to)
{
        const struct vector *v = &e->item[item];

        if (*i == v->len || v->row[*i] != row) {
                TRY(stand_in(e, row, item));
        } else {
                value = residue_add(v->value[(*i)++], value);
                e->count[row] -= value == 0;
        }
        to->row[to->len] = row;
        to->value[to->len] = value;
        to->len += value != 0;
        return ERR_OK;
}

/* The item without its entry at `at`, plus `factor` times the substitute. Long items meet
 * short substitutes nearly always: what lies between two entries is copied as it is. */
static enum err merge(struct elimination *e, uint32_t item, uint32_t at, uint64_t factor)
{
        struct vector *v = &e->item[item], to = {0};
        const struct vector *s = &e->substitute;
        uint32_t i = 0;

        TRY(vector_reserve(&e->pool, &to, v->len + s->len));
        for (uint32_t k = 0; k <= s->len; k++) {
                uint32_t next = k < s->len ? gallop(v, i, s->row[k]) : v->len;

                if (i <= at && at < next) {
                        append(&to, v, i, at);
                        i = at + 1;
                }
                append(&to, v, i, next);
                i = next;
                if (k < s->len)
                        TRY(merge_entry(
                                e, item, &i, s->row[k], residue_times(s->value[k], factor), &to));
        }
        e->stats.work += v->len / 8 + s->len;
        vector_drop(&e->pool, v);
        *v = to;
        return vector_fit(&e->pool, v);
}

static void entry_remove(struct vector *v, uint32_t at)
{
        uint32_t behind = --v->len - at;

        memmove(v->row + at, v->row + at + 1, behind * sizeof *v->row);
        memmove(v->value + at, v->value + at + 1, behind * sizeof *v->value);
}

static enum err replace(struct elimination *e, uint32_t item, uint32_t at)
{
        e->stats.work++;
        if (e->substitute.len > 0)
                return merge(e, item, at, e->item[item].value[at]);
        entry_remove(&e->item[item], at);
        return vector_fit(&e->pool, &e->item[item]);
}

/* Puts the substitute in the pivot's place everywhere. */
static enum err eliminate(struct elimination *e, uint32_t pivot)
{
        const struct vector *s = &e->substitute;

        for (uint32_t i = 0; i < e->affected_len; i++)
                TRY(replace(e, e->affected[i], e->affected_at[i]));
        list_drop(&e->pool, &e->stands[pivot]);
        e->count[pivot] = 0;
        e->gone[pivot] = true;
        for (uint32_t i = 0; i < s->len; i++)
                TRY(stand_in(e, s->row[i], pivot));
        return vector_copy(&e->pool, &e->item[pivot], s);
}

/* Keys after a replacement ------------------------------------------------------------------ */

/* By how much a replacement moves the fingerprints of the i-th affected item; the pivot,
 * last of them, stands in itself once. */
static uint64_t value_at(const struct elimination *e, uint32_t i, uint32_t pivot)
{
        uint32_t item = e->affected[i];

        return item == pivot ? 1 : e->item[item].value[e->affected_at[i]];
}

/* f and g of the pivot's change into its substitute, times the item's value there. */
static void shift(struct elimination *e, uint32_t pivot, uint64_t f, uint64_t g, bool back)
{
        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];
                uint64_t value;

                if (s == NONE)
                        continue;
                value = value_at(e, i, pivot);
                if (back)
                        value = residue_negative(value);
                e->secrets[s].f = residue_add(e->secrets[s].f, residue_times(value, f));
                e->secrets[s].g = residue_add(e->secrets[s].g, residue_times(value, g));
        }
}

/* New keys of all affected secrets with one inversion (Montgomery's trick). A secret with
 * g = 0 has key 0 by convention. */
static void keys_compute(struct elimination *e)
{
        uint64_t product = 1;

        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];

                e->product[i] = product;
                if (s != NONE && e->secrets[s].g != 0)
                        product = residue_times(product, e->secrets[s].g);
        }
        product = residue_inverse(product);
        for (uint32_t i = e->affected_len; i-- > 0;) {
                uint32_t s = e->secret_of[e->affected[i]];

                if (s == NONE)
                        continue;
                struct secret *secret = &e->secrets[s];
                uint64_t inverse = secret->g == 0 ? 0 : residue_times(product, e->product[i]);

                if (secret->g != 0)
                        product = residue_times(product, secret->g);
                secret->key = residue_times(secret->f, inverse);
        }
}

/* Does what one contributor knows give this secret away, or the other way round? Equal
 * fingerprints are enough to say no. */
static bool meets(const struct elimination *e, uint32_t s)
{
        const struct secret *mine = &e->secrets[s];

        for (uint32_t o = secret_first(e, mine->key); o != NONE; o = e->secrets[o].next)
                if (e->secrets[o].key == mine->key && (mine->alone || e->secrets[o].alone))
                        return true;
        return false;
}

static void unlink_affected(struct elimination *e)
{
        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];

                if (s == NONE)
                        continue;
                e->old_key[i] = e->secrets[s].key;
                secret_unlink(e, s);
        }
}

/* Links the affected secrets under their new keys; how many met another on the way. */
static uint32_t link_affected(struct elimination *e)
{
        uint32_t met = 0;

        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];

                if (s == NONE)
                        continue;
                met += meets(e, s);
                secret_link(e, s);
        }
        return met;
}

static void keys_restore(struct elimination *e)
{
        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];

                if (s != NONE)
                        secret_unlink(e, s);
        }
        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t s = e->secret_of[e->affected[i]];

                if (s == NONE)
                        continue;
                e->secrets[s].key = e->old_key[i];
                secret_link(e, s);
        }
}

/* Moves all keys to where they are once the pivot is gone; back again, and false, where
 * two secrets meet of which somebody knows one. */
static bool keys_move(struct elimination *e, uint32_t pivot, bool whatever)
{
        uint64_t f, g;

        fingerprint(e, &e->substitute, &f, &g);
        f = residue_minus(f, e->fs[pivot]);
        g = residue_minus(g, e->gs[pivot]);
        e->affected[e->affected_len++] = pivot; /* stands in itself */
        unlink_affected(e);
        shift(e, pivot, f, g, false);
        keys_compute(e);
        bool fine = link_affected(e) == 0 || whatever;
        if (!fine) {
                shift(e, pivot, f, g, true);
                keys_restore(e);
        }
        e->affected_len--;
        return fine;
}

/* Candidates ------------------------------------------------------------------------------- */

/* `whatever`: it is known already, so nobody asks whether it may be. */
static enum err consider(struct elimination *e, uint32_t column, bool whatever, bool *published)
{
        const struct vector *v = remainder_of(e, column);
        uint64_t f, g;

        *published = true;
        if (v->len == 0)
                return ERR_OK;
        fingerprint(e, v, &f, &g);
        e->stats.work += v->len;
        *published = whatever ||
                     (v->row[v->len - 1] >= e->model->lowest && !gives_away(e, v, key_of(f, g)));
        if (!*published)
                return ERR_OK;
        uint32_t at = pivot_of(e, v), pivot = v->row[at];
        substitute_make(e, v, at);
        affected_find(e, pivot);
        *published = keys_move(e, pivot, whatever);
        return *published ? eliminate(e, pivot) : ERR_OK;
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
                if (exhausted(e))
                        return ERR_LIMIT;
                TRY(consider(e, c, true, &published));
                e->fate[c] = FATE_PUBLISHED;
        }
        for (uint32_t s = 0; s < e->secrets_len; s++)
                e->stats.exposed += item_vector(e, e->secrets[s].item, &e->other)->len == 0;
        return ERR_OK;
}

static enum err publish_candidates(struct elimination *e, const uint32_t *order, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                bool published = false;

                if (e->fate[order[i]] == FATE_PUBLISHED)
                        continue;
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
        e->rows = model->rows;
        e->items = e->rows + several_rows(model);
        e->work_limit = work_limit;
        TRY(allocate(e));
        TRY(secrets_add(e));
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

const struct vector *elimination_reduce(struct elimination *e, uint32_t column)
{
        return remainder_of(e, column);
}

const struct vector *elimination_direction(struct elimination *e, uint32_t free_row)
{
        struct vector *v = &e->merged;

        affected_find(e, free_row);
        v->len = 1;
        v->row[0] = free_row;
        v->value[0] = 1;
        for (uint32_t i = 0; i < e->affected_len; i++) {
                uint32_t item = e->affected[i];

                if (item >= e->rows)
                        continue;
                v->row[v->len] = item;
                v->value[v->len++] = value_at(e, i, free_row);
        }
        return v;
}
