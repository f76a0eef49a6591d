/* SPDX-License-Identifier: Apache-2.0 */
/* pieces.c: answered sets that stand in no row, because there is no work or memory for it.
 *
 * Nobody reduces anything here. All that is kept is into which *pieces* the answered sets, those
 * in rows too, cut the persons: who is in one piece is in the same answered sets, so whatever is
 * combined from answers gives all persons of a piece the same number. A new set that holds
 * a persons of a piece and not b others cannot be made to vanish there, whatever is added to
 * it: min(a, b) persons at least stay in every combination. Where these make k persons or more,
 * over all pieces, nothing that tells of fewer than k can be made with the set that could
 * not be made without. That takes counting only, no arithmetic and no search. It refuses more
 * than it must: above all what is a sum of sets that stand in no row, unless it is the very
 * same set as one (by sums of 128 bits over its persons).
 *
 * Sets that can be counted no more as they were (ledger_suspect) cut by those who are left. Who
 * is not there any more does no harm: that fewer stay is all that leaving persons out of the
 * count can do. Those of whom it is not sure in which sets they were are taken off.
 *
 * Pieces are at most as many as persons, however much was answered. */
#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "gateway/ledger/inside.h"

/* Outside of the ledger's ceiling, which may be why there are pieces at all. */
static enum err reserve(struct pieces *p, void *array, uint32_t *cap, uint32_t need, size_t size)
{
        void *old, *grown;
        uint64_t wanted = (uint64_t)*cap + *cap / 2;

        if (need <= *cap)
                return ERR_OK;
        if (wanted < need || wanted > UINT32_MAX)
                wanted = need;
        memcpy(&old, array, sizeof old);
        grown = fault_hit("alloc") ? NULL : realloc(old, (size_t)wanted * size);
        if (grown == NULL)
                return ERR_NO_MEMORY;
        memcpy(array, &grown, sizeof grown);
        p->bytes += (size_t)(wanted - *cap) * size;
        *cap = (uint32_t)wanted;
        return ERR_OK;
}

static enum err piece_add(struct pieces *p, uint32_t parent, uint32_t size, uint32_t *out)
{
        TRY(reserve(p, &p->list, &p->cap, p->len + 1, sizeof *p->list));
        p->list[p->len] = (struct piece){.size = size, .parent = parent};
        *out = p->len++;
        return ERR_OK;
}

/* Making ------------------------------------------------------------------------------------- */

/* Who is in no answered set is in piece 0, as in class 0: that is where newcomers go. */
static enum err start(struct ledger *l)
{
        struct pieces *p = &l->pieces;
        uint32_t piece;

        TRY(reserve(p, &p->of, &p->of_cap, l->options.persons, sizeof *p->of));
        for (uint32_t c = 0; c < l->classes_len; c++)
                TRY(piece_add(p, 0, l->classes[c].size, &piece));
        for (uint32_t i = 0; i < l->options.persons; i++)
                p->of[i] = l->class_of[i];
        p->kept = p->len;
        p->persons = l->options.persons;
        return ERR_OK;
}

enum err pieces_start(struct ledger *l)
{
        if (l->pieces.on)
                return ERR_OK;
        enum err e = start(l);

        if (e != ERR_OK)
                pieces_free(&l->pieces);
        l->pieces.on = e == ERR_OK;
        return e;
}

void pieces_free(struct pieces *p)
{
        free(p->of);
        free(p->list);
        free(p->touched);
        prints_free(&p->apart);
        *p = (struct pieces){0};
}

enum err pieces_grow(struct pieces *p, uint32_t persons)
{
        if (!p->on || persons <= p->persons)
                return ERR_OK;
        TRY(reserve(p, &p->of, &p->of_cap, persons, sizeof *p->of));
        memset(p->of + p->persons, 0, (size_t)(persons - p->persons) * sizeof *p->of);
        p->list[0].size += persons - p->persons;
        p->persons = persons;
        return ERR_OK;
}

/* Counting ----------------------------------------------------------------------------------- */

static enum err touch(struct pieces *p, uint32_t piece)
{
        if (p->list[piece].marked)
                return ERR_OK;
        TRY(reserve(p, &p->touched, &p->touched_cap, p->touched_len + 1, sizeof *p->touched));
        p->list[piece].marked = true;
        p->touched[p->touched_len++] = piece;
        return ERR_OK;
}

static void untouch(struct pieces *p)
{
        for (uint32_t i = 0; i < p->touched_len; i++) {
                struct piece *piece = &p->list[p->touched[i]];

                piece->count = piece->most = piece->held = piece->target = 0;
                piece->marked = false;
        }
        p->touched_len = 0;
}

/* Who is alone in a piece is told from nobody there, and it cannot be cut. When much was answered
 * most are. */
static enum err count(struct pieces *p, const struct ledger_set *part)
{
        for (uint32_t i = 0; i < part->len; i++) {
                if (part->persons[i] >= p->persons)
                        return ERR_INVALID;
                uint32_t piece = p->of[part->persons[i]];

                if (piece != 0 && p->list[piece].size == 1)
                        continue;
                TRY(touch(p, piece));
                p->list[piece].count++;
        }
        return ERR_OK;
}

/* Of each piece, the most persons that the set gives the same number; it may vanish on these. */
static enum err count_levels(struct pieces *p, const struct ledger_set *set)
{
        struct ledger_set part;

        for (uint32_t from = 0; set_level(set, &from, &part, NULL);) {
                TRY(count(p, &part));
                for (uint32_t i = 0; i < p->touched_len; i++) {
                        struct piece *piece = &p->list[p->touched[i]];

                        piece->most = piece->count > piece->most ? piece->count : piece->most;
                        piece->held += piece->count;
                        piece->count = 0;
                }
        }
        return ERR_OK;
}

enum err pieces_mixed(struct ledger *l, const struct ledger_set *set, bool *out)
{
        struct pieces *p = &l->pieces;
        enum err e = count_levels(p, set);
        uint64_t stay = 0;

        for (uint32_t i = 0; i < p->touched_len; i++) {
                const struct piece *piece = &p->list[p->touched[i]];
                uint32_t outside = piece->size - piece->held;

                stay += piece->size - (outside > piece->most ? outside : piece->most);
        }
        untouch(p);
        *out = stay >= (uint64_t)l->options.threshold + p->unsure;
        return e;
}

/* Cutting ------------------------------------------------------------------------------------ */

static enum err cut(struct pieces *p, const struct ledger_set *part)
{
        uint32_t before = p->len;

        TRY(count(p, part));
        for (uint32_t i = 0; i < p->touched_len; i++) {
                uint32_t piece = p->touched[i], half;
                struct piece *whole = &p->list[piece];

                if (piece != 0 && whole->count == whole->size)
                        continue;
                TRY(piece_add(p, piece, whole->count, &half));
                whole = &p->list[piece];
                whole->size -= whole->count;
                whole->target = half;
        }
        for (uint32_t i = 0; p->len > before && i < part->len; i++) {
                uint32_t *of = &p->of[part->persons[i]];

                if (p->list[*of].target != 0)
                        *of = p->list[*of].target;
        }
        return ERR_OK;
}

enum err pieces_cut(struct ledger *l, const struct ledger_set *set)
{
        struct pieces *p = &l->pieces;
        struct ledger_set part;
        enum err e = ERR_OK;

        for (uint32_t from = 0; e == ERR_OK && set_level(set, &from, &part, NULL);) {
                e = cut(p, &part);
                untouch(p);
        }
        return e;
}

/* The transaction ---------------------------------------------------------------------------- */

void pieces_commit(struct pieces *p)
{
        p->kept = p->len;
        prints_commit(&p->apart);
}

/* What was cut comes together again, the last cut first. */
void pieces_forget(struct pieces *p)
{
        prints_forget(&p->apart);
        if (p->len == p->kept)
                return;
        for (uint32_t i = p->len; i-- > p->kept;)
                p->list[p->list[i].parent].size += p->list[i].size;
        for (uint32_t i = p->kept; i < p->len; i++) {
                uint32_t parent = p->list[i].parent;

                p->list[i].target = parent < p->kept ? parent : p->list[parent].target;
        }
        for (uint32_t i = 0; i < p->persons; i++)
                if (p->of[i] >= p->kept)
                        p->of[i] = p->list[p->of[i]].target;
        p->len = p->kept;
}
