/* SPDX-License-Identifier: Apache-2.0 */
/* bounds_follow.c: a path that somebody else has walked, believed only as far as it fits.
 *
 * Who proposes a solution need not be trusted: whether it fits is plain addition. Directions are
 * looked at once, whether they leave every known sum as it is; and after every step whether all
 * that moved is within its bounds. At the first that does not fit the path ends. */
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/bounds_inside.h"

/* Which known sums, or pieces, each unknown is in, and with which sign. */
struct lines {
        size_t *start;
        struct moves_entry *entry;
};

/* A direction in our own words: unknowns, known sums that have room, pieces. */
enum { UNKNOWNS = 0, SUMS, PIECES, KINDS };

struct following {
        struct bounds *b;
        struct arena *arena;
        const struct moves_path *path;
        const uint32_t *unknown_of;
        uint32_t numbers;
        struct lines lines[KINDS]; /* of unknowns: nothing, sums, pieces */
        uint32_t things[KINDS];    /* how many there are */
        int64_t *now[KINDS];       /* what they are */
        int64_t *change[KINDS];    /* at hand */
        uint32_t *touched[KINDS], touched_len[KINDS];
        bool *is_touched[KINDS];
        /* Of directions: what they do, once looked at. */
        struct effect {
                struct moves_entry *entry[KINDS];
                uint32_t len[KINDS];
                bool seen, fits;
        } * effect;
};

static bool is_exact(const struct bounds *b, uint32_t row)
{
        return b->row_low[row] == b->row_high[row];
}

/* Lines ------------------------------------------------------------------------------------ */

static void line_add(struct lines *l, uint32_t unknown, uint32_t line, int32_t sign, bool fill)
{
        if (fill)
                l->entry[l->start[unknown + 1]++] = (struct moves_entry){line, sign};
        else
                l->start[unknown + 2]++;
}

static void sums_walk(struct following *f, bool fill)
{
        const struct bounds *b = f->b;

        for (uint32_t r = 0; r < b->system.known.len; r++)
                for (size_t k = b->row_start[r]; k < b->row_start[r + 1]; k++) {
                        line_add(&f->lines[SUMS], b->row_unknown[k], r, b->row_sign[k], fill);
                        if (fill)
                                f->now[SUMS][r] += b->row_sign[k] * b->base[b->row_unknown[k]];
                }
}

static void pieces_walk(struct following *f, bool fill)
{
        const struct bounds *b = f->b;

        for (uint32_t p = 0; p < b->pieces; p++)
                for (uint32_t k = 0; k < b->piece[p].len; k++) {
                        uint32_t u = b->piece_unknown[b->piece[p].start + k];

                        line_add(&f->lines[PIECES], u, p, 1, fill);
                        if (fill)
                                f->now[PIECES][p] += b->base[u];
                }
}

static enum err lines_make(
        struct following *f, int kind, void (*walk)(struct following *f, bool fill))
{
        struct lines *l = &f->lines[kind];
        uint32_t unknowns = f->b->system.unknowns;

        l->start = arena_alloc(f->arena, (size_t)unknowns + 2, sizeof *l->start);
        if (l->start == NULL)
                return ERR_NO_MEMORY;
        walk(f, false);
        for (uint32_t u = 2; u < unknowns + 2; u++)
                l->start[u] += l->start[u - 1];
        l->entry = arena_alloc_raw(f->arena, l->start[unknowns + 1], sizeof *l->entry);
        if (l->entry == NULL)
                return ERR_NO_MEMORY;
        walk(f, true);
        return ERR_OK;
}

static enum err following_init(struct following *f)
{
        const struct bounds *b = f->b;

        f->things[UNKNOWNS] = b->system.unknowns;
        f->things[SUMS] = b->system.known.len;
        f->things[PIECES] = b->pieces;
        for (int kind = 0; kind < KINDS; kind++) {
                size_t len = f->things[kind];

                f->now[kind] = arena_alloc(f->arena, len, sizeof *f->now[kind]);
                f->change[kind] = arena_alloc(f->arena, len, sizeof *f->change[kind]);
                f->touched[kind] = arena_alloc_raw(f->arena, len, sizeof *f->touched[kind]);
                f->is_touched[kind] = arena_alloc(f->arena, len, sizeof *f->is_touched[kind]);
                if (f->now[kind] == NULL || f->change[kind] == NULL || f->touched[kind] == NULL ||
                        f->is_touched[kind] == NULL)
                        return ERR_NO_MEMORY;
        }
        f->effect = arena_alloc(f->arena, f->path->directions, sizeof *f->effect);
        if (f->effect == NULL)
                return ERR_NO_MEMORY;
        memcpy(f->now[UNKNOWNS], b->base, b->system.unknowns * sizeof *b->base);
        TRY(lines_make(f, SUMS, sums_walk));
        return lines_make(f, PIECES, pieces_walk);
}

/* Directions ------------------------------------------------------------------------------- */

static void touch(struct following *f, int kind, uint32_t at, int64_t by)
{
        if (!f->is_touched[kind][at])
                f->touched[kind][f->touched_len[kind]++] = at;
        f->is_touched[kind][at] = true;
        f->change[kind][at] += by;
}

/* False where it moves what nobody can move. */
static bool direction_touch(struct following *f, size_t d)
{
        const struct moves_path *p = f->path;

        for (size_t k = p->direction_start[d]; k < p->direction_start[d + 1]; k++) {
                uint32_t n = p->entry[k].at, u;

                if (n >= f->numbers || (u = f->unknown_of[n]) >= f->b->system.unknowns)
                        return false;
                touch(f, UNKNOWNS, u, p->entry[k].by);
                for (int kind = SUMS; kind < KINDS; kind++)
                        for (size_t q = f->lines[kind].start[u]; q < f->lines[kind].start[u + 1];
                                q++)
                                touch(f, kind, f->lines[kind].entry[q].at,
                                        (int64_t)p->entry[k].by * f->lines[kind].entry[q].by);
        }
        return true;
}

static bool stays(const struct following *f, int kind, uint32_t at)
{
        if (f->change[kind][at] == 0)
                return true;
        if (f->change[kind][at] > INT32_MAX || f->change[kind][at] < -INT32_MAX)
                return false;
        if (kind == SUMS)
                return !is_exact(f->b, at);
        return kind == PIECES || f->b->low[at] < f->b->high[at];
}

/* What was touched, as a list; all is as before then. */
static enum err effect_write(struct following *f, int kind, struct effect *e)
{
        uint32_t len = f->touched_len[kind];

        e->entry[kind] = arena_alloc_raw(f->arena, len, sizeof *e->entry[kind]);
        if (e->entry[kind] == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++) {
                uint32_t at = f->touched[kind][i];

                e->fits = e->fits && stays(f, kind, at);
                if (f->change[kind][at] != 0)
                        e->entry[kind][e->len[kind]++] =
                                (struct moves_entry){at, (int32_t)f->change[kind][at]};
                f->change[kind][at] = 0;
                f->is_touched[kind][at] = false;
        }
        f->touched_len[kind] = 0;
        return ERR_OK;
}

static enum err effect_make(struct following *f, size_t d)
{
        struct effect *e = &f->effect[d];

        e->seen = true;
        e->fits = direction_touch(f, d);
        for (int kind = 0; kind < KINDS; kind++)
                TRY(effect_write(f, kind, e));
        return ERR_OK;
}

/* Steps ------------------------------------------------------------------------------------ */

static bool is_within(int64_t value, int64_t low, int64_t high)
{
        return (low == -BOUNDS_NONE || value >= low) && (high == BOUNDS_NONE || value <= high);
}

static void piece_see(struct piece *p, int64_t value)
{
        p->seen_low = value < p->seen_low ? value : p->seen_low;
        p->seen_high = value > p->seen_high ? value : p->seen_high;
        p->low_done |= p->seen_low == p->low;
        p->high_done |= p->seen_high == p->high;
}

/* Does everything that moved fit? `see`: then the pieces that moved are news. */
static bool step_look(const struct following *f, size_t step, bool see)
{
        const struct moves_path *p = f->path;
        struct bounds *b = f->b;
        bool fits = true;

        for (size_t i = p->step_start[step]; i < p->step_start[step + 1] && fits; i++) {
                const struct effect *e = &f->effect[p->time[i].direction];

                for (uint32_t k = 0; k < e->len[UNKNOWNS] && !see; k++) {
                        uint32_t u = e->entry[UNKNOWNS][k].at;

                        fits = fits && is_within(f->now[UNKNOWNS][u], b->low[u], b->high[u]);
                }
                for (uint32_t k = 0; k < e->len[SUMS] && !see; k++) {
                        uint32_t r = e->entry[SUMS][k].at;

                        fits = fits && is_within(f->now[SUMS][r], b->row_low[r], b->row_high[r]);
                }
                for (uint32_t k = 0; k < e->len[PIECES] && see; k++) {
                        uint32_t at = e->entry[PIECES][k].at;

                        piece_see(&b->piece[at], f->now[PIECES][at]);
                }
        }
        return fits;
}

static bool add(int64_t *to, int64_t times, int64_t by)
{
        int64_t more;

        return !__builtin_mul_overflow(times, by, &more) &&
               !__builtin_add_overflow(*to, more, to) && *to <= BOUNDS_LARGEST &&
               *to >= -BOUNDS_LARGEST;
}

static enum err step_go(struct following *f, size_t step, bool *fits)
{
        const struct moves_path *p = f->path;

        *fits = true;
        for (size_t i = p->step_start[step]; i < p->step_start[step + 1] && *fits; i++) {
                struct moves_time t = p->time[i];

                *fits = t.direction < p->directions;
                if (*fits && !f->effect[t.direction].seen)
                        TRY(effect_make(f, t.direction));
                *fits = *fits && f->effect[t.direction].fits;
                for (int kind = 0; kind < KINDS && *fits; kind++)
                        for (uint32_t k = 0; k < f->effect[t.direction].len[kind]; k++) {
                                struct moves_entry e = f->effect[t.direction].entry[kind][k];

                                *fits = *fits && add(&f->now[kind][e.at], t.times, e.by);
                        }
        }
        *fits = *fits && step_look(f, step, false);
        if (*fits)
                (void)step_look(f, step, true);
        return ERR_OK;
}

enum err bounds_follow(struct bounds *b, const struct moves_path *path, const uint32_t *unknown_of,
        uint32_t numbers)
{
        OWNED(arena_free) struct arena *arena = arena_new(SIZE_MAX);
        struct following f = {
                .b = b, .arena = arena, .path = path, .unknown_of = unknown_of, .numbers = numbers};
        bool fits = b->feasible && b->told;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        if (!fits)
                return ERR_OK;
        TRY(following_init(&f));
        for (size_t step = 0; step < path->steps && fits; step++) {
                if (step % 1024 == 0)
                        TRY(bounds_cancelled(b));
                TRY(step_go(&f, step, &fits));
        }
        return ERR_OK;
}
