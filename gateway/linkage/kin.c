/* SPDX-License-Identifier: Apache-2.0 */
/* kin.c: chain by chain: who is counted as which family, and who is whose kin.
 *
 * A family is a guardian with the children that are not in one yet, the one with most of
 * them first: the greedy cover of a set (Chvátal 1979), whose members all share a
 * guardian, so that nobody is merged with somebody two marriages away. Counts only fall,
 * so a guardian is looked at again when she comes to the top and not before.
 *
 * Kin is exact where families are a choice: every pair with a shared guardian, on the
 * days when both edges hold. Pairs are made of at most children_max children at a time;
 * chains are independent of each other, and threads take some hundreds of them at once. */
#include "gateway/linkage/kin.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "base/parallel.h"

enum { BLOCK_CHAINS = 512 };
#define NO_FAMILY UINT32_MAX

/* A guardian in the queue. */
struct candidate {
        uint32_t children; /* without a family when she was last looked at */
        int32_t first;     /* day on which she was first named */
        uint32_t star;
};

/* One direction of a pair, numbers within the chain. */
struct pair {
        uint32_t person, of;
        int32_t from, until;
};

struct desk { /* one per worker */
        struct candidate *queue;
        uint32_t queue_cap;
        struct pair *pairs;
        uint32_t pairs_len, pairs_cap;
        uint32_t *numbers; /* 4 × numbers_cap */
        uint32_t numbers_cap;
};

struct block { /* what a block of chains found */
        struct kin *kin;
        uint32_t len, cap;
};

struct kinship {
        const struct work *work;
        const struct stars *stars;
        struct chains *chains;
        const uint8_t *missing;
        uint32_t holds_days;
        uint32_t *place; /* by person: in the order */
        uint8_t *begins;
        uint32_t *starts; /* counts at first, one place further on */
        struct desk *desks;
        struct block *blocks;
        uint32_t blocks_len;
        struct kin *kin;
};

/* What a chain's work needs of its desk. */
struct gathering {
        struct kinship *k;
        struct desk *desk;
        const struct chain *chain;
        uint32_t *persons; /* of the chain, ascending */
        uint32_t *leader;  /* by number within the chain: the first of her family */
        uint32_t *sizes;   /* by leader: of the family, then where it comes to stand */
        uint32_t *last;    /* by number: her last number */
};

/* Room for `need` of `size` bytes each; keeps what is there. */
static enum err grow(const struct work *w, void **at, uint32_t *cap, uint64_t need, size_t size)
{
        uint64_t wanted = *cap > 0 ? *cap : 64;
        void *more = NULL;

        if (need <= *cap)
                return ERR_OK;
        while (wanted < need)
                wanted *= 2;
        if (wanted > UINT32_MAX)
                return ERR_LIMIT;
        TRY(work_alloc(w, wanted, size, &more));
        if (*cap > 0)
                memcpy(more, *at, size * *cap);
        work_free(w, *at, size * *cap);
        *at = more;
        *cap = (uint32_t)wanted;
        return ERR_OK;
}

/* Families ----------------------------------------------------------------------- */

static uint32_t star_of(const struct gathering *t, uint32_t i)
{
        return t->k->chains->stars[t->chain->stars + i];
}

/* Number within the chain; places change only when families are known. */
static uint32_t number_of(const struct gathering *t, uint32_t person)
{
        return t->k->place[person] - t->chain->begin;
}

static bool is_free(const struct gathering *t, uint32_t person)
{
        return t->leader[number_of(t, person)] == NO_FAMILY && !t->k->missing[person];
}

static struct candidate candidate_of(const struct gathering *t, uint32_t star)
{
        const struct stars *s = t->k->stars;
        struct candidate c = {.first = INT32_MAX, .star = star};

        for (uint32_t m = s->starts[star]; m < s->starts[star + 1]; m++) {
                c.children += is_free(t, s->members[m].person);
                if (s->members[m].first < c.first)
                        c.first = s->members[m].first;
        }
        return c;
}

static bool goes_before(struct candidate a, struct candidate b)
{
        if (a.children != b.children)
                return a.children > b.children;
        if (a.first != b.first)
                return a.first < b.first;
        return a.star < b.star;
}

/* A binary heap, the first to go on top. */
static void sink(struct candidate *queue, uint32_t len, uint32_t at)
{
        struct candidate moving = queue[at];

        for (;;) {
                uint32_t below = 2 * at + 1;

                if (below >= len)
                        break;
                if (below + 1 < len && goes_before(queue[below + 1], queue[below]))
                        below++;
                if (!goes_before(queue[below], moving))
                        break;
                queue[at] = queue[below];
                at = below;
        }
        queue[at] = moving;
}

static void make_family(const struct gathering *t, uint32_t star)
{
        const struct stars *s = t->k->stars;
        uint32_t leader = NO_FAMILY;

        for (uint32_t m = s->starts[star]; m < s->starts[star + 1]; m++) {
                uint32_t person = s->members[m].person;

                if (!is_free(t, person))
                        continue;
                if (leader == NO_FAMILY)
                        leader = number_of(t, person);
                t->leader[number_of(t, person)] = leader;
        }
}

static enum err make_families(struct gathering *t)
{
        struct desk *d = t->desk;
        uint32_t len = t->chain->stars_len;
        void *queue = d->queue;

        for (uint32_t i = 0; i < t->chain->len; i++)
                t->leader[i] = NO_FAMILY;
        if (len == 1) {
                make_family(t, star_of(t, 0));
                return ERR_OK;
        }
        TRY(grow(t->k->work, &queue, &d->queue_cap, len, sizeof(*d->queue)));
        d->queue = queue;
        for (uint32_t i = 0; i < len; i++)
                d->queue[i] = candidate_of(t, star_of(t, i));
        for (uint32_t i = len / 2; i-- > 0;)
                sink(d->queue, len, i);
        while (len > 0 && d->queue[0].children > 1) {
                struct candidate now = candidate_of(t, d->queue[0].star);

                if (now.children == d->queue[0].children) {
                        make_family(t, now.star);
                        now = d->queue[--len];
                }
                d->queue[0] = now;
                sink(d->queue, len, 0);
        }
        return ERR_OK;
}

/* Families come in the order of their first persons, persons in theirs. */
static void settle(struct gathering *t)
{
        uint32_t *order = t->k->chains->order + t->chain->begin;
        uint32_t len = t->chain->len, sum = 0;

        memset(t->sizes, 0, sizeof(*t->sizes) * len);
        memset(t->k->begins + t->chain->begin, 0, len);
        for (uint32_t i = 0; i < len; i++) {
                if (t->leader[i] == NO_FAMILY)
                        t->leader[i] = i;
                t->sizes[t->leader[i]]++;
        }
        for (uint32_t i = 0; i < len; i++) {
                uint32_t size = t->sizes[i];

                if (size > 0)
                        t->k->begins[t->chain->begin + sum] = 1;
                t->sizes[i] = sum;
                sum += size;
        }
        for (uint32_t i = 0; i < len; i++) {
                t->last[i] = t->sizes[t->leader[i]]++;
                order[t->last[i]] = t->persons[i];
        }
}

/* Kin ---------------------------------------------------------------------------- */

static int32_t clamp_day(int64_t day)
{
        if (day <= INT32_MIN)
                return INT32_MIN;
        return day >= INT32_MAX ? INT32_MAX : (int32_t)day;
}

/* Both edges hold on all days between these two, if the first is not after the second.
 * INT32_MIN and INT32_MAX stay what they are. */
static struct pair meet(
        const struct star_member *a, const struct star_member *b, uint32_t holds_days)
{
        int32_t from = a->first > b->first ? a->first : b->first;
        int32_t until = a->last < b->last ? a->last : b->last;

        return (struct pair){
                .from = clamp_day((int64_t)from - holds_days),
                .until = until == INT32_MAX ? until : clamp_day((int64_t)until + holds_days),
        };
}

static enum err put_pairs(struct gathering *t, uint32_t star)
{
        const struct stars *s = t->k->stars;
        const struct star_member *m = s->members + s->starts[star];
        uint64_t len = s->starts[star + 1] - s->starts[star];
        struct desk *d = t->desk;
        void *pairs = d->pairs;

        TRY(grow(t->k->work, &pairs, &d->pairs_cap, d->pairs_len + len * (len - 1),
                sizeof(*d->pairs)));
        d->pairs = pairs;
        for (uint32_t i = 0; i < len; i++) {
                if (t->k->missing[m[i].person])
                        continue;
                for (uint32_t j = 0; j < len; j++) {
                        struct pair p = meet(&m[i], &m[j], t->k->holds_days);

                        if (i == j || p.from > p.until)
                                continue;
                        p.person = t->last[number_of(t, m[i].person)];
                        p.of = t->last[number_of(t, m[j].person)];
                        d->pairs[d->pairs_len++] = p;
                }
        }
        return ERR_OK;
}

static int compare_pairs(const void *a, const void *b)
{
        const struct pair *x = a, *y = b;

        if (x->person != y->person)
                return x->person < y->person ? -1 : 1;
        if (x->of != y->of)
                return x->of < y->of ? -1 : 1;
        return x->from < y->from ? -1 : x->from > y->from;
}

static void sort_pairs(struct pair *p, uint32_t len)
{
        enum { SHORT = 32 };

        if (len > SHORT) {
                qsort(p, len, sizeof(*p), compare_pairs);
                return;
        }
        for (uint32_t i = 1; i < len; i++) {
                struct pair moving = p[i];
                uint32_t j = i;

                for (; j > 0 && compare_pairs(&moving, &p[j - 1]) < 0; j--)
                        p[j] = p[j - 1];
                p[j] = moving;
        }
}

static enum err put_kin(struct gathering *t, struct block *b)
{
        struct desk *d = t->desk;
        void *kin = b->kin;
        struct kin *last = NULL;

        TRY(grow(t->k->work, &kin, &b->cap, (uint64_t)b->len + d->pairs_len, sizeof(*b->kin)));
        b->kin = kin;
        for (uint32_t i = 0; i < d->pairs_len; i++) {
                const struct pair *p = &d->pairs[i];

                /* Days that touch are one interval: "apart" is a day between. */
                if (i > 0 && d->pairs[i - 1].person == p->person && d->pairs[i - 1].of == p->of &&
                        (int64_t)p->from <= (int64_t)last->until + 1) {
                        last->until = p->until > last->until ? p->until : last->until;
                        continue;
                }
                last = &b->kin[b->len++];
                *last = (struct kin){t->chain->begin + p->of, p->from, p->until};
                t->k->starts[t->chain->begin + p->person + 1]++;
        }
        return ERR_OK;
}

/* One chain ------------------------------------------------------------------------ */

static enum err open_gathering(struct gathering *t)
{
        struct desk *d = t->desk;
        void *numbers = d->numbers;
        uint32_t len = t->chain->len, cap = d->numbers_cap;

        TRY(grow(t->k->work, &numbers, &cap, 4 * (uint64_t)len, sizeof(*d->numbers)));
        d->numbers = numbers;
        d->numbers_cap = cap;
        t->persons = d->numbers;
        t->leader = d->numbers + len;
        t->sizes = d->numbers + 2 * (size_t)len;
        t->last = d->numbers + 3 * (size_t)len;
        memcpy(t->persons, t->k->chains->order + t->chain->begin, sizeof(*t->persons) * len);
        return ERR_OK;
}

static enum err do_chain(struct gathering *t, struct block *b)
{
        TRY(open_gathering(t));
        TRY(make_families(t));
        settle(t);
        t->desk->pairs_len = 0;
        for (uint32_t i = 0; i < t->chain->stars_len; i++)
                TRY(put_pairs(t, star_of(t, i)));
        sort_pairs(t->desk->pairs, t->desk->pairs_len);
        return put_kin(t, b);
}

static enum err do_block(void *ctx, unsigned worker, size_t block)
{
        struct kinship *k = ctx;
        uint32_t begin = (uint32_t)block * BLOCK_CHAINS;

        for (uint32_t i = begin; i < k->chains->len && i - begin < BLOCK_CHAINS; i++) {
                struct gathering t = {
                        .k = k, .desk = &k->desks[worker], .chain = &k->chains->chains[i]};

                TRY(work_goes_on(k->work));
                TRY(do_chain(&t, &k->blocks[block]));
        }
        return ERR_OK;
}

/* Together ------------------------------------------------------------------------- */

static enum err copy_block(void *ctx, unsigned worker, size_t block)
{
        struct kinship *k = ctx;
        struct block *b = &k->blocks[block];
        const struct chain *first = &k->chains->chains[block * BLOCK_CHAINS];

        (void)worker;
        if (b->len > 0)
                memcpy(k->kin + k->starts[first->begin], b->kin, sizeof(*b->kin) * b->len);
        work_free(k->work, b->kin, sizeof(*b->kin) * b->cap);
        *b = (struct block){0};
        return ERR_OK;
}

static enum err add_up(struct kinship *k)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < k->blocks_len; i++)
                sum += k->blocks[i].len;
        if (sum >= UINT32_MAX)
                return ERR_LIMIT;
        for (uint32_t p = 0; p < k->chains->persons; p++)
                k->starts[p + 1] += k->starts[p];
        return ERR_OK;
}

static enum err find_all(struct kinship *k)
{
        const struct work *w = k->work;
        uint32_t persons = k->chains->persons;
        void *at = NULL;

        k->blocks_len = (k->chains->len + BLOCK_CHAINS - 1) / BLOCK_CHAINS;
        k->desks = fault_hit("alloc") ? NULL : calloc(w->threads, sizeof(*k->desks));
        k->blocks = calloc((size_t)k->blocks_len + 1, sizeof(*k->blocks));
        if (k->desks == NULL || k->blocks == NULL)
                return ERR_NO_MEMORY;
        TRY(work_alloc(w, persons, sizeof(*k->place), &at));
        k->place = at;
        for (uint32_t i = 0; i < persons; i++)
                k->place[k->chains->order[i]] = i;
        memset(k->starts, 0, sizeof(*k->starts) * ((size_t)persons + 1));
        TRY(parallel_for(w->threads, k->blocks_len, do_block, k));
        TRY(add_up(k));
        TRY(work_alloc(w, k->starts[persons], sizeof(*k->kin), &at));
        k->kin = at;
        return parallel_for(w->threads, k->blocks_len, copy_block, k);
}

static void kinship_done(struct kinship *k)
{
        const struct work *w = k->work;

        for (uint32_t i = 0; k->blocks != NULL && i < k->blocks_len; i++)
                work_free(w, k->blocks[i].kin, sizeof(*k->blocks[i].kin) * k->blocks[i].cap);
        for (unsigned i = 0; k->desks != NULL && i < w->threads; i++) {
                struct desk *d = &k->desks[i];

                work_free(w, d->queue, sizeof(*d->queue) * d->queue_cap);
                work_free(w, d->pairs, sizeof(*d->pairs) * d->pairs_cap);
                work_free(w, d->numbers, sizeof(*d->numbers) * d->numbers_cap);
        }
        work_free(w, k->place, sizeof(*k->place) * k->chains->persons);
        free(k->blocks);
        free(k->desks);
}

enum err kin_find(const struct work *w, const struct stars *stars, struct chains *chains,
        const uint8_t *missing, uint32_t holds_days, uint8_t *begins, uint32_t *out_starts,
        struct kin **out_kin)
{
        struct kinship k = {
                .work = w,
                .stars = stars,
                .chains = chains,
                .missing = missing,
                .holds_days = holds_days,
        };

        k.begins = begins;
        k.starts = out_starts;
        enum err e = find_all(&k);
        if (e == ERR_OK)
                *out_kin = k.kin;
        else if (k.kin != NULL)
                work_free(w, k.kin, sizeof(*k.kin) * out_starts[chains->persons]);
        kinship_done(&k);
        return e;
}
