/* SPDX-License-Identifier: Apache-2.0 */
/* secrets.c: a chained hash table whose keys move. */
#include "gateway/disclosure/secrets.h"

#include <string.h>

#include "gateway/disclosure/residue.h"

#define NONE UINT32_MAX

struct secret {
        struct print print;
        uint64_t key;        /* f/g; 0 where g is */
        uint64_t key_before; /* of those that moved last */
        uint32_t next;
        uint32_t moved; /* in which move, last */
        bool alone;
};

/* One that moves. */
struct move {
        struct print was;
        uint64_t old_key, product; /* product of the g before it in the row of moves */
        uint32_t secret;
};

struct secrets {
        struct secret *secret;
        uint32_t len;
        uint32_t *slot; /* heads of chains */
        uint64_t mask;
        size_t *start; /* of each row: the secrets that hold it, in `of` */
        uint32_t *of;
        struct bag bag; /* of secrets: their change along a direction */
        struct move *move;
        uint32_t moves;
        uint32_t move_number;
};

static uint64_t key_of(struct print p)
{
        return residue_times(p.f, residue_inverse(p.g));
}

static uint32_t *head_of(const struct secrets *s, uint64_t key)
{
        return &s->slot[residue_mix(1, key) & s->mask];
}

static void link_in(struct secrets *s, uint32_t i)
{
        uint32_t *head = head_of(s, s->secret[i].key);

        s->secret[i].next = *head;
        *head = i;
}

static void link_out(struct secrets *s, uint32_t i)
{
        uint32_t *at = head_of(s, s->secret[i].key);

        while (*at != i)
                at = &s->secret[*at].next;
        *at = s->secret[i].next;
}

/* Making ----------------------------------------------------------------------------------- */

static enum err allocate(struct arena *arena, const struct model *m, struct secrets *s)
{
        size_t ones = 0;

        for (uint32_t c = 0; c < m->columns; c++) {
                s->len += m->column[c].protect;
                ones += m->column[c].protect ? m->start[c + 1] - m->start[c] : 0;
        }
        for (s->mask = 1; s->mask < 2 * (uint64_t)s->len;)
                s->mask *= 2;
        s->slot = arena_alloc_raw(arena, s->mask, sizeof *s->slot);
        s->secret = arena_alloc(arena, s->len, sizeof *s->secret);
        s->start = arena_alloc(arena, (size_t)m->rows + 2, sizeof *s->start);
        s->of = arena_alloc_raw(arena, ones, sizeof *s->of);
        s->move = arena_alloc_raw(arena, s->len, sizeof *s->move);
        if (s->slot == NULL || s->secret == NULL || s->start == NULL || s->of == NULL ||
                s->move == NULL)
                return ERR_NO_MEMORY;
        memset(s->slot, 0xff, s->mask-- * sizeof *s->slot);
        return bag_new(arena, s->len, &s->bag);
}

/* Which secrets hold a row. */
static void index_rows(struct secrets *s, const struct model *m)
{
        uint32_t next = 0;

        for (uint32_t c = 0; c < m->columns; c++)
                for (size_t k = m->start[c]; m->column[c].protect && k < m->start[c + 1]; k++)
                        s->start[m->row[k] + 2]++;
        for (uint32_t r = 2; r < m->rows + 2; r++)
                s->start[r] += s->start[r - 1];
        for (uint32_t c = 0; c < m->columns; c++) {
                if (!m->column[c].protect)
                        continue;
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++)
                        s->of[s->start[m->row[k] + 1]++] = next;
                next++;
        }
}

enum err secrets_new(struct arena *arena, const struct model *m, const struct print *row_print,
        struct secrets **out)
{
        struct secrets *s = arena_alloc(arena, 1, sizeof *s);
        uint32_t next = 0;

        if (s == NULL)
                return ERR_NO_MEMORY;
        TRY(allocate(arena, m, s));
        index_rows(s, m);
        for (uint32_t c = 0; c < m->columns; c++) {
                struct secret *secret = &s->secret[next];

                if (!m->column[c].protect)
                        continue;
                secret->alone = m->column[c].alone;
                for (size_t k = m->start[c]; k < m->start[c + 1]; k++) {
                        const struct print *row = &row_print[m->row[k]];

                        secret->print.f = residue_add(secret->print.f, row->f);
                        secret->print.g = residue_add(secret->print.g, row->g);
                }
                secret->key = key_of(secret->print);
                link_in(s, next++);
        }
        *out = s;
        return ERR_OK;
}

/* Asking ----------------------------------------------------------------------------------- */

bool secrets_given_away(const struct secrets *s, struct print of)
{
        uint64_t key = key_of(of);

        for (uint32_t i = *head_of(s, key); i != NONE; i = s->secret[i].next)
                if (s->secret[i].key == key)
                        return true;
        return false;
}

static bool is_exposed(const struct secret *secret)
{
        return secret->print.f == 0 && secret->print.g == 0;
}

uint32_t secrets_exposed(const struct secrets *s)
{
        uint32_t exposed = 0;

        for (uint32_t i = 0; i < s->len; i++)
                exposed += is_exposed(&s->secret[i]);
        return exposed;
}

/* Moving ----------------------------------------------------------------------------------- */

static uint64_t moved(uint64_t sum, uint64_t change, uint64_t by)
{
        return residue_add(sum, residue_times(change, by));
}

/* Which secrets move, and where their prints go; out of the table for now. */
static void moves_find(struct secrets *s, const struct vector *direction, struct print by)
{
        uint64_t change;
        uint32_t i;

        for (uint32_t k = 0; k < direction->len; k++)
                for (size_t n = s->start[direction->at[k]]; n < s->start[direction->at[k] + 1]; n++)
                        bag_add(&s->bag, s->of[n], direction->value[k]);
        s->moves = 0;
        s->move_number++;
        bag_start_low(&s->bag);
        while (bag_take_low(&s->bag, &i, &change)) {
                struct secret *secret = &s->secret[i];

                link_out(s, i);
                secret->key_before = secret->key;
                secret->moved = s->move_number;
                s->move[s->moves++] =
                        (struct move){.secret = i, .was = secret->print, .old_key = secret->key};
                secret->print.f = moved(secret->print.f, change, by.f);
                secret->print.g = moved(secret->print.g, change, by.g);
        }
}

/* New keys of all that move with a single inversion (Montgomery 1987). */
static void keys_compute(struct secrets *s)
{
        uint64_t product = 1;

        for (uint32_t i = 0; i < s->moves; i++) {
                uint64_t g = s->secret[s->move[i].secret].print.g;

                s->move[i].product = product;
                product = g == 0 ? product : residue_times(product, g);
        }
        product = residue_inverse(product);
        for (uint32_t i = s->moves; i-- > 0;) {
                struct secret *secret = &s->secret[s->move[i].secret];
                uint64_t inverse = residue_times(product, s->move[i].product);

                secret->key = secret->print.g == 0 ? 0 : residue_times(secret->print.f, inverse);
                if (secret->print.g != 0)
                        product = residue_times(product, secret->print.g);
        }
}

static uint64_t key_before(const struct secrets *s, const struct secret *secret)
{
        return secret->moved == s->move_number ? secret->key_before : secret->key;
}

/* Is there another in its place, of which or of this somebody knows the value? Two that stood in
 * one place before do not meet: what everybody knows told it already, and to hide more helps
 * nobody. */
static bool meets(const struct secrets *s, const struct secret *mine)
{
        for (uint32_t i = *head_of(s, mine->key); i != NONE; i = s->secret[i].next)
                if (s->secret[i].key == mine->key && (mine->alone || s->secret[i].alone) &&
                        key_before(s, &s->secret[i]) != mine->key_before)
                        return true;
        return false;
}

static void moves_take_back(struct secrets *s)
{
        for (uint32_t i = 0; i < s->moves; i++)
                link_out(s, s->move[i].secret);
        for (uint32_t i = 0; i < s->moves; i++) {
                struct secret *secret = &s->secret[s->move[i].secret];

                secret->print = s->move[i].was;
                secret->key = s->move[i].old_key;
                link_in(s, s->move[i].secret);
        }
}

bool secrets_move(struct secrets *s, const struct vector *direction, struct print by, bool whatever)
{
        bool fine = true;

        moves_find(s, direction, by);
        keys_compute(s);
        for (uint32_t i = 0; i < s->moves; i++) {
                uint32_t secret = s->move[i].secret;

                fine = fine && !meets(s, &s->secret[secret]);
                link_in(s, secret);
        }
        if (!fine && !whatever)
                moves_take_back(s);
        return fine || whatever;
}
