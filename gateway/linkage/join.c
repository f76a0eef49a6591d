/* SPDX-License-Identifier: Apache-2.0 */
/* join.c: who is who in several data sets.
 *
 * Every data set comes with its persons' tokens in ascending order, so that one walk
 * along all lists meets each person once, wherever she is. Tokens are random: ranges of
 * their first bits come out even, and threads walk one each. They walk twice, first to
 * count (then it is known at which number a range begins) and then to write. */
#include "gateway/linkage/join.h"

#include <stdlib.h>

#include "base/parallel.h"

enum { RANGE_TOKENS = 16384, RANGE_BITS_MAX = 12 };

struct cursor {
        const struct token *at, *end;
};

struct join {
        const struct work *work;
        struct view *const *views;
        const struct token_list *lists;
        uint32_t len;
        unsigned bits;     /* of a token, that say which range it is of */
        uint32_t *first;   /* by range and one more: its first person */
        uint32_t **starts; /* by view: the new ones */
        struct token *all;
        uint64_t *keys; /* NULL: some view has none */
};

/* Cursors of worker-private storage on one range of every list. */
static void open_range(const struct join *j, size_t range, struct cursor *cursors)
{
        for (uint32_t i = 0; i < j->len; i++) {
                const struct token_list *l = &j->lists[i];
                uint32_t from = 0, until = l->len;

                if (j->bits > 0) {
                        from = token_list_find(l, (uint64_t)range << (64 - j->bits));
                        if (range + 1 < (size_t)1 << j->bits)
                                until = token_list_find(l, (uint64_t)(range + 1) << (64 - j->bits));
                }
                cursors[i] = (struct cursor){l->tokens + from, l->tokens + until};
        }
}

/* The least token that is still before a cursor; false at the end. */
static bool find_next(const struct cursor *cursors, uint32_t len, struct token *out)
{
        bool found = false;

        for (uint32_t i = 0; i < len; i++) {
                if (cursors[i].at == cursors[i].end)
                        continue;
                if (!found || token_compare(*cursors[i].at, *out) < 0)
                        *out = *cursors[i].at;
                found = true;
        }
        return found;
}

static void pass(struct cursor *cursors, uint32_t len, struct token t)
{
        for (uint32_t i = 0; i < len; i++)
                if (cursors[i].at != cursors[i].end && token_compare(*cursors[i].at, t) == 0)
                        cursors[i].at++;
}

static enum err count_range(void *ctx, unsigned worker, size_t range)
{
        struct join *j = ctx;
        struct cursor cursors[RULES_DATASETS_MAX];
        struct token t = {0};
        uint32_t n = 0;

        (void)worker;
        TRY(work_goes_on(j->work));
        open_range(j, range, cursors);
        for (; find_next(cursors, j->len, &t); n++)
                pass(cursors, j->len, t);
        j->first[range + 1] = n;
        return ERR_OK;
}

/* It is the same in all views that know her. */
static uint64_t key_of(const struct join *j, const struct cursor *cursors, struct token t)
{
        for (uint32_t i = 0; i < j->len; i++)
                if (cursors[i].at != cursors[i].end && token_compare(*cursors[i].at, t) == 0)
                        return j->views[i]->record_keys[cursors[i].at - j->lists[i].tokens];
        return 0; /* nobody knows her: then she was not found either */
}

/* Where a person's rows begin: those of the next one who has any, if she has none. */
static enum err number_range(void *ctx, unsigned worker, size_t range)
{
        struct join *j = ctx;
        struct cursor cursors[RULES_DATASETS_MAX];
        uint32_t person = j->first[range];
        struct token t = {0};

        (void)worker;
        TRY(work_goes_on(j->work));
        open_range(j, range, cursors);
        for (; find_next(cursors, j->len, &t); person++) {
                for (uint32_t i = 0; i < j->len; i++)
                        j->starts[i][person] =
                                j->views[i]->starts[cursors[i].at - j->lists[i].tokens];
                if (j->keys != NULL)
                        j->keys[person] = key_of(j, cursors, t);
                if (j->all != NULL)
                        j->all[person] = t;
                pass(cursors, j->len, t);
        }
        return ERR_OK;
}

static enum err sum_ranges(struct join *j)
{
        uint64_t sum = 0;

        for (size_t r = 0; r <= (size_t)1 << j->bits; r++) {
                sum += j->first[r];
                if (sum >= UINT32_MAX)
                        return ERR_LIMIT;
                j->first[r] = (uint32_t)sum;
        }
        return ERR_OK;
}

static size_t starts_bytes(uint32_t persons)
{
        return sizeof(uint32_t) * ((size_t)persons + 1);
}

static bool all_keyed(const struct join *j)
{
        for (uint32_t i = 0; i < j->len; i++)
                if (j->views[i]->record_keys == NULL)
                        return false;
        return true;
}

static enum err number_all(struct join *j, uint32_t persons, bool tokens_wanted, struct joined *out)
{
        void *at = NULL;

        out->persons = persons;
        for (uint32_t i = 0; i < j->len; i++) {
                TRY(work_alloc(j->work, (size_t)persons + 1, sizeof(uint32_t), &at));
                j->starts[i] = at;
        }
        if (tokens_wanted) {
                TRY(work_alloc(j->work, persons, sizeof(struct token), &at));
                out->tokens = (struct token_list){at, persons};
                j->all = at;
        }
        if (all_keyed(j)) {
                TRY(work_alloc(j->work, persons, sizeof(uint64_t), &at));
                out->keys = j->keys = at;
        }
        return parallel_for(j->work->threads, (size_t)1 << j->bits, number_range, j);
}

/* The views take over the new starts. */
static void hand_over(struct join *j, uint32_t persons)
{
        for (uint32_t i = 0; i < j->len; i++) {
                struct view *v = j->views[i];

                j->starts[i][persons] = v->personless;
                v->bytes += starts_bytes(persons);
                v->bytes -= starts_bytes(v->persons);
                work_free(j->work, v->starts, starts_bytes(v->persons));
                if (v->record_keys != NULL)
                        v->bytes -= record_keys_bytes(v->persons);
                work_wipe(j->work, v->record_keys, record_keys_bytes(v->persons));
                v->record_keys = NULL;
                v->starts = j->starts[i];
                v->persons = persons;
                j->starts[i] = NULL;
        }
}

static enum err join_all(struct join *j, bool tokens_wanted, struct joined *out)
{
        uint32_t ranges = 1u << j->bits;

        TRY(parallel_for(j->work->threads, ranges, count_range, j));
        TRY(sum_ranges(j));
        TRY(number_all(j, j->first[ranges], tokens_wanted, out));
        hand_over(j, j->first[ranges]);
        return ERR_OK;
}

enum err join_persons(const struct work *w, struct view *const *views,
        const struct token_list *lists, uint32_t len, bool tokens_wanted, struct joined *out)
{
        struct join j = {.work = w, .views = views, .lists = lists, .len = len};
        uint64_t tokens = 0;

        if (len > RULES_DATASETS_MAX)
                return ERR_LIMIT;
        for (uint32_t i = 0; i < len; i++)
                tokens += lists[i].len;
        while (j.bits < RANGE_BITS_MAX && tokens >> j.bits > RANGE_TOKENS)
                j.bits++;
        j.first = calloc(((size_t)1 << j.bits) + 1, sizeof(*j.first));
        j.starts = calloc((size_t)len + 1, sizeof(*j.starts));
        enum err e = j.first != NULL && j.starts != NULL ? join_all(&j, tokens_wanted, out)
                                                         : ERR_NO_MEMORY;
        for (uint32_t i = 0; j.starts != NULL && i < len; i++)
                if (j.starts[i] != NULL)
                        work_free(w, j.starts[i], starts_bytes(j.first[(size_t)1 << j.bits]));
        free(j.starts);
        free(j.first);
        return e;
}
