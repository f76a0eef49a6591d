/* SPDX-License-Identifier: Apache-2.0 */
/* lattice_shelf.c: cubes by the number and checksum of their row.
 *
 * Reading a cube means a blob out of the store, zstd, SHA-256 and some ten thousand numbers, for
 * an answer of a hundred cells: that was a third of its CPU. A row is never changed, and its
 * number and checksum are read for each answer, so what is found by them is what the store has.
 * Two who miss the same cube both read it, outside the lock; the second finds the first one's. */
#include "gateway/lattice_shelf.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/digest.h"
#include "gateway/store/lattice.h"

#define CUBE_ARENA ((size_t)1 << 30)

struct shelved {
        struct shelf *of;
        struct arena *arena; /* its own, with the words that the cube borrows */
        struct lattice_cube cube;
        uint64_t number; /* of the row */
        struct digest checksum;
        size_t bytes;
        unsigned taken; /* this and the rest under the shelf's lock */
        bool at_hand;
        uint64_t used; /* turn in which it was taken last */
};

struct shelf {
        struct store *store;
        size_t bytes_max;
        pthread_mutex_t lock;
        struct shelved *cubes[SHELF_CUBES];
        unsigned len;
        size_t bytes;
        uint64_t turn;
};

enum err shelf_new(struct store *store, size_t bytes_max, struct shelf **out)
{
        struct shelf *s = calloc(1, sizeof *s);

        if (s == NULL)
                return ERR_NO_MEMORY;
        s->store = store;
        s->bytes_max = bytes_max;
        (void)pthread_mutex_init(&s->lock, NULL);
        *out = s;
        return ERR_OK;
}

static void cube_free(struct shelved **c)
{
        if (*c == NULL)
                return;
        arena_free(&(*c)->arena);
        free(*c);
        *c = NULL;
}

void shelf_free(struct shelf **s)
{
        if (s == NULL || *s == NULL)
                return;
        for (unsigned i = 0; i < (*s)->len; i++)
                cube_free(&(*s)->cubes[i]);
        (void)pthread_mutex_destroy(&(*s)->lock);
        free(*s);
        *s = NULL;
}

/* Under the lock ----------------------------------------------------------------------- */

static struct shelved *take_like(struct shelf *s, uint64_t number, const struct digest *checksum)
{
        for (unsigned i = 0; i < s->len; i++) {
                struct shelved *c = s->cubes[i];

                if (c->number != number || !digest_equal(&c->checksum, checksum))
                        continue;
                c->taken++;
                c->used = ++s->turn;
                return c;
        }
        return NULL;
}

/* Whoever has taken it frees it then. */
static void drop_oldest(struct shelf *s)
{
        unsigned oldest = 0;

        for (unsigned i = 1; i < s->len; i++)
                if (s->cubes[i]->used < s->cubes[oldest]->used)
                        oldest = i;
        struct shelved *c = s->cubes[oldest];

        s->cubes[oldest] = s->cubes[--s->len];
        s->bytes -= c->bytes;
        c->at_hand = false;
        if (c->taken == 0)
                cube_free(&c);
}

static void put(struct shelf *s, struct shelved *c)
{
        if (c->bytes > s->bytes_max)
                return;
        while (s->len == SHELF_CUBES || s->bytes > s->bytes_max - c->bytes)
                drop_oldest(s);
        s->cubes[s->len++] = c;
        s->bytes += c->bytes;
        c->used = ++s->turn;
        c->at_hand = true;
}

/* ---------------------------------------------------------------------------------------- */

static enum err unpack(struct shelf *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct shelved *c)
{
        struct stored_lattice found;

        c->arena = arena_new(CUBE_ARENA);
        if (c->arena == NULL)
                return ERR_NO_MEMORY;
        TRY(store_lattice_find(s->store, dataset, vintage, policy, c->arena, &found));
        TRY(lattice_decode(found.body, c->arena, &c->cube));
        c->of = s;
        c->number = found.number;
        c->checksum = found.checksum;
        c->bytes = sizeof *c + arena_used(c->arena);
        c->taken = 1;
        return ERR_OK;
}

enum err shelf_take(struct shelf *s, const char *dataset, struct vintage vintage,
        const struct digest *policy, struct shelved **out)
{
        struct stored_lattice now;
        struct shelved *mine, *other;

        TRY(store_lattice_look(s->store, dataset, vintage, policy, &now));
        (void)pthread_mutex_lock(&s->lock);
        other = take_like(s, now.number, &now.checksum);
        (void)pthread_mutex_unlock(&s->lock);
        if (other != NULL) {
                *out = other;
                return ERR_OK;
        }
        mine = calloc(1, sizeof *mine);
        if (mine == NULL)
                return ERR_NO_MEMORY;
        enum err e = unpack(s, dataset, vintage, policy, mine);
        if (e != ERR_OK) {
                cube_free(&mine);
                return e;
        }
        (void)pthread_mutex_lock(&s->lock);
        other = take_like(s, mine->number, &mine->checksum);
        if (other == NULL)
                put(s, mine);
        (void)pthread_mutex_unlock(&s->lock);
        *out = other != NULL ? other : mine;
        if (other != NULL)
                cube_free(&mine);
        return ERR_OK;
}

const struct lattice_cube *shelved_cube(const struct shelved *c)
{
        return &c->cube;
}

void shelf_return(struct shelved **c)
{
        if (c == NULL || *c == NULL)
                return;
        struct shelf *s = (*c)->of;

        (void)pthread_mutex_lock(&s->lock);
        bool last = --(*c)->taken == 0 && !(*c)->at_hand;

        (void)pthread_mutex_unlock(&s->lock);
        if (last)
                cube_free(c);
        *c = NULL;
}

size_t shelf_bytes(struct shelf *s)
{
        (void)pthread_mutex_lock(&s->lock);
        size_t bytes = s->bytes;

        (void)pthread_mutex_unlock(&s->lock);
        return bytes;
}
