/* SPDX-License-Identifier: Apache-2.0 */
/* moves.c: a walk among tables that fit, and how it gets over what is in the way.
 *
 * Where zeros are shown hidden cells of one are at their floor, and a direction of twenty cells
 * meets such a one both ways: nearly every single direction is barred. So a step begins with one
 * that moves the sum at hand, whatever becomes too small by it; then, as long as anything is too
 * small, one such number is taken by lot, and of all directions that raise it the one is gone
 * along that leaves least missing; none twice in a step. After a few either all is mended and
 * the step is made, or it is taken back (the way WalkSAT looks for assignments; Selman, Kautz &
 * Cohen, AAAI 1994. Excursions through tables that do not fit: Bunea & Besag, 2000).
 *
 * What surprised us: linear programs of a few hundred numbers around a cell prove next to
 * nothing, for whole ones least of all, and those of a whole table of 45,000 cells take hours.
 * This proves a table of three thousand in ten milliseconds: everything moves with everything a
 * little, and no step has to know that. */
#include "gateway/disclosure/moves.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/attrs.h"
#include "gateway/disclosure/residue.h"

/* Directions of one step; numbers that may be too small at once; steps that are tried for one sum
 * in a pass; and directions of which the shortest begins a step. */
enum { DEPTH = 20, MISSING_MOST = 60, TRIES = 2, BEGINNERS = 3 };
/* Passes go on while each makes one in so many wide. */
enum { PASS_YIELD = 12, PASSES_MAX = 400 };
/* Starts between two looks at the flag. */
enum { PATIENCE = 1024 };

/* Lists of lists. */
struct lists {
        size_t *start;
        struct moves_entry *entry;
};

struct walk {
        struct arena *arena;
        struct moves_path *path;
        const struct moves_sums *sums;
        const struct moves_options *options;
        int32_t *room; /* of numbers: what they are above their floors, or as much as matters */
        int64_t *value;
        /* Directions once more, packed: what is at hand all the time is better small. */
        uint32_t *start, *packed;
        uint32_t directions;     /* those that are walked, from options->first on */
        struct lists of_number;  /* directions, and by how much */
        struct lists of_sum;     /* directions that change an open sum */
        struct lists sums_moved; /* of directions: sums that are open or floored */
        int64_t *sum;            /* what sums are */
        uint32_t *missing, missing_len, *missing_at; /* numbers below their floor */
        uint32_t *used, step;                        /* of directions: the last step they were in */
        struct moves_time done[DEPTH + 1];
        uint32_t done_len;
        uint64_t lot, work;
};

#define NOWHERE UINT32_MAX
/* Numbers in the upper bits, by how much in the lower eight. */
#define PACKED_NUMBERS ((uint32_t)1 << 24)
#define ROOM_MOST      ((int64_t)1 << 28)

static inline uint32_t number_of(uint32_t packed)
{
        return packed >> 8;
}

static inline int32_t change_of(uint32_t packed)
{
        return (int8_t)(packed & UINT8_MAX);
}

/* Paths ------------------------------------------------------------------------------------ */

/* Room for `more` beyond `len`. */
static void *grown(struct arena *a, void *old, size_t len, size_t more, size_t size, size_t *room)
{
        size_t wanted = *room == 0 ? 1024 : *room;

        if (len + more <= *room)
                return old;
        while (wanted < len + more)
                wanted *= 2;
        void *block = arena_alloc_raw(a, wanted, size);
        if (block == NULL)
                return NULL;
        if (len > 0)
                memcpy(block, old, len * size);
        *room = wanted;
        return block;
}

enum err moves_path_init(struct arena *arena, struct moves_path *path)
{
        *path = (struct moves_path){0};
        path->direction_start =
                grown(arena, NULL, 0, 1, sizeof *path->direction_start, &path->direction_room);
        path->step_start = grown(arena, NULL, 0, 1, sizeof *path->step_start, &path->step_room);
        if (path->direction_start == NULL || path->step_start == NULL)
                return ERR_NO_MEMORY;
        path->direction_start[0] = path->step_start[0] = 0;
        return ERR_OK;
}

enum err moves_direction_add(
        struct arena *arena, struct moves_path *path, const struct moves_entry *entry, size_t len)
{
        struct moves_path p = *path;

        p.direction_start = grown(arena, p.direction_start, p.directions + 1, 1,
                sizeof *p.direction_start, &p.direction_room);
        p.entry = grown(arena, p.entry, p.entries, len, sizeof *p.entry, &p.entry_room);
        if (p.direction_start == NULL || p.entry == NULL)
                return ERR_NO_MEMORY;
        memcpy(p.entry + p.entries, entry, len * sizeof *entry);
        p.entries += len;
        p.direction_start[++p.directions] = p.entries;
        *path = p;
        return ERR_OK;
}

/* A step; its directions are counted from `first` on. */
static enum err step_add(struct arena *arena, struct moves_path *path,
        const struct moves_time *time, size_t len, size_t first)
{
        struct moves_path p = *path;

        p.step_start =
                grown(arena, p.step_start, p.steps + 1, 1, sizeof *p.step_start, &p.step_room);
        p.time = grown(arena, p.time, p.times, len, sizeof *p.time, &p.time_room);
        if (p.step_start == NULL || p.time == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < len; i++)
                p.time[p.times++] =
                        (struct moves_time){time[i].direction + (uint32_t)first, time[i].times};
        p.step_start[++p.steps] = p.times;
        *path = p;
        return ERR_OK;
}

enum err moves_there_and_back(struct arena *arena, struct moves_path *path, size_t direction)
{
        TRY(step_add(arena, path, &(struct moves_time){0, 1}, 1, direction));
        return step_add(arena, path, &(struct moves_time){0, -1}, 1, direction);
}

/* Who moves what --------------------------------------------------------------------------- */

static const struct moves_entry *entries_of(const struct walk *w, uint32_t d, size_t *len)
{
        const size_t *start = w->path->direction_start + w->options->first + d;

        *len = start[1] - start[0];
        return w->path->entry + start[0];
}

static enum err lists_new(struct arena *a, uint32_t lists, size_t entries, struct lists *l)
{
        l->start = arena_alloc(a, (size_t)lists + 2, sizeof *l->start);
        l->entry = arena_alloc_raw(a, entries, sizeof *l->entry);
        return l->start == NULL || l->entry == NULL ? ERR_NO_MEMORY : ERR_OK;
}

/* The same entries, by what they are at. */
static enum err turn(struct arena *a, const struct lists *from, uint32_t lists, uint32_t to_lists,
        struct lists *to)
{
        TRY(lists_new(a, to_lists, from->start[lists] - from->start[0], to));
        for (size_t k = from->start[0]; k < from->start[lists]; k++)
                to->start[from->entry[k].at + 2]++;
        for (uint32_t i = 2; i < to_lists + 2; i++)
                to->start[i] += to->start[i - 1];
        for (uint32_t i = 0; i < lists; i++)
                for (size_t k = from->start[i]; k < from->start[i + 1]; k++)
                        to->entry[to->start[from->entry[k].at + 1]++] =
                                (struct moves_entry){i, from->entry[k].by};
        return ERR_OK;
}

static bool is_followed(const struct moves_sums *s, uint32_t i)
{
        return s->open[i] || s->floored[i];
}

/* Sums that are followed, by the numbers in them. */
static enum err sums_of_numbers(struct walk *w, struct arena *scratch, struct lists *out)
{
        const struct moves_sums *s = w->sums;
        struct lists l;
        size_t len = 0;

        TRY(lists_new(scratch, s->len, s->start[s->len], &l));
        for (uint32_t i = 0; i < s->len; i++) {
                for (size_t k = s->start[i]; k < s->start[i + 1] && is_followed(s, i); k++) {
                        l.entry[len++] = (struct moves_entry){s->at[k], 1};
                        w->sum[i] += w->value[s->at[k]];
                }
                l.start[i + 1] = len;
        }
        return turn(scratch, &l, s->len, w->options->numbers, out);
}

/* What a direction does to sums: those it leaves as they are fall out. */
static size_t sums_moved_by(struct walk *w, uint32_t d, const struct lists *of, int32_t *change,
        uint32_t *touched, bool *is_touched, struct moves_entry *out)
{
        size_t entries, len = 0, kept = 0;
        const struct moves_entry *e = entries_of(w, d, &entries);

        for (size_t k = 0; k < entries; k++)
                for (size_t q = of->start[e[k].at]; q < of->start[e[k].at + 1]; q++) {
                        uint32_t s = of->entry[q].at;

                        if (!is_touched[s])
                                touched[len++] = s;
                        is_touched[s] = true;
                        change[s] += e[k].by;
                }
        for (size_t i = 0; i < len; i++) {
                uint32_t s = touched[i];

                if (change[s] != 0 && out != NULL)
                        out[kept] = (struct moves_entry){s, change[s]};
                kept += change[s] != 0;
                change[s] = 0;
                is_touched[s] = false;
        }
        return kept;
}

static enum err sums_moved_make(struct walk *w, struct arena *scratch)
{
        const struct moves_sums *s = w->sums;
        int32_t *change = arena_alloc(scratch, s->len, sizeof *change);
        uint32_t *touched = arena_alloc_raw(scratch, s->len, sizeof *touched);
        bool *is_touched = arena_alloc(scratch, s->len, sizeof *is_touched);
        size_t *start = arena_alloc(scratch, (size_t)w->directions + 2, sizeof *start);
        struct lists of;

        if (change == NULL || touched == NULL || is_touched == NULL || start == NULL)
                return ERR_NO_MEMORY;
        TRY(sums_of_numbers(w, scratch, &of));
        for (uint32_t d = 0; d < w->directions; d++)
                start[d + 1] =
                        start[d] + sums_moved_by(w, d, &of, change, touched, is_touched, NULL);
        TRY(lists_new(scratch, w->directions, start[w->directions], &w->sums_moved));
        memcpy(w->sums_moved.start, start, ((size_t)w->directions + 1) * sizeof *start);
        for (uint32_t d = 0; d < w->directions; d++)
                (void)sums_moved_by(
                        w, d, &of, change, touched, is_touched, w->sums_moved.entry + start[d]);
        return turn(scratch, &w->sums_moved, w->directions, s->len, &w->of_sum);
}

static enum err pack(struct walk *w, struct arena *scratch)
{
        const size_t *from = w->path->direction_start + w->options->first;
        size_t entries = from[w->directions] - from[0];

        if (w->options->numbers > PACKED_NUMBERS || entries > UINT32_MAX)
                return ERR_TOO_MANY_CELLS;
        w->start = arena_alloc_raw(scratch, (size_t)w->directions + 1, sizeof *w->start);
        w->packed = arena_alloc_raw(scratch, entries, sizeof *w->packed);
        if (w->start == NULL || w->packed == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t d = 0; d <= w->directions; d++)
                w->start[d] = (uint32_t)(from[d] - from[0]);
        for (size_t k = 0; k < entries; k++) {
                struct moves_entry e = w->path->entry[from[0] + k];

                if (e.at >= w->options->numbers || e.by > INT8_MAX || e.by < -INT8_MAX)
                        return ERR_INVALID;
                w->packed[k] = e.at << 8 | (uint8_t)e.by;
        }
        return ERR_OK;
}

static enum err walk_init(struct walk *w, struct arena *scratch)
{
        const struct moves_path *p = w->path;
        uint32_t numbers = w->options->numbers;
        struct lists own = {p->direction_start + w->options->first, p->entry};

        w->room = arena_alloc_raw(scratch, numbers, sizeof *w->room);
        w->sum = arena_alloc(scratch, w->sums->len, sizeof *w->sum);
        w->missing = arena_alloc_raw(scratch, numbers, sizeof *w->missing);
        w->missing_at = arena_alloc_raw(scratch, numbers, sizeof *w->missing_at);
        w->used = arena_alloc(scratch, w->directions, sizeof *w->used);
        if (w->room == NULL || w->sum == NULL || w->missing == NULL || w->missing_at == NULL ||
                w->used == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t n = 0; n < numbers; n++) {
                int64_t room = w->value[n] - w->options->floor[n];

                w->room[n] = (int32_t)(room < ROOM_MOST ? room : ROOM_MOST);
        }
        TRY(pack(w, scratch));
        TRY(turn(scratch, &own, w->directions, numbers, &w->of_number));
        return sums_moved_make(w, scratch);
}

/* Steps ------------------------------------------------------------------------------------ */

static uint32_t draw(struct walk *w, size_t of)
{
        w->lot = w->lot * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        return (uint32_t)((w->lot >> 33) % of);
}

static void missing_note(struct walk *w, uint32_t n, bool was)
{
        bool is = w->room[n] < 0;

        if (is && !was) {
                w->missing_at[n] = w->missing_len;
                w->missing[w->missing_len++] = n;
        } else if (was && !is) {
                uint32_t last = w->missing[--w->missing_len];

                w->missing[w->missing_at[n]] = last;
                w->missing_at[last] = w->missing_at[n];
        }
}

static void go(struct walk *w, uint32_t d, int32_t times)
{
        for (uint32_t k = w->start[d]; k < w->start[d + 1]; k++) {
                uint32_t n = number_of(w->packed[k]);
                bool was = w->room[n] < 0;

                w->room[n] += times * change_of(w->packed[k]);
                missing_note(w, n, was);
        }
        w->work += w->start[d + 1] - w->start[d];
}

static void begin(struct walk *w, uint32_t d, int32_t times)
{
        go(w, d, times);
        w->used[d] = w->step;
        w->done[w->done_len++] = (struct moves_time){d, times};
}

static int32_t lacking(int32_t room)
{
        return room < 0 ? -room : 0;
}

/* How much more is missing after it. */
static int32_t lack_of(struct walk *w, uint32_t d, int32_t times)
{
        int32_t lack = 0;

        for (uint32_t k = w->start[d]; k < w->start[d + 1]; k++) {
                int32_t room = w->room[number_of(w->packed[k])];

                lack += lacking(room + times * change_of(w->packed[k])) - lacking(room);
        }
        w->work += w->start[d + 1] - w->start[d];
        return lack;
}

/* One of the numbers that are too small is raised. */
static bool mend(struct walk *w)
{
        uint32_t n = w->missing[draw(w, w->missing_len)], best = NOWHERE;
        int32_t least = INT32_MAX, times = 0;

        for (size_t k = w->of_number.start[n]; k < w->of_number.start[n + 1]; k++) {
                const struct moves_entry *e = &w->of_number.entry[k];
                int32_t way = e->by > 0 ? 1 : -1;

                if (w->used[e->at] == w->step)
                        continue;
                int32_t lack = lack_of(w, e->at, way);
                if (lack > least || (lack == least && draw(w, 2) == 0))
                        continue;
                least = lack;
                best = e->at;
                times = way;
        }
        if (best != NOWHERE)
                begin(w, best, times);
        return best != NOWHERE;
}

static void sums_go(struct walk *w, int32_t way)
{
        for (uint32_t i = 0; i < w->done_len; i++) {
                uint32_t d = w->done[i].direction;

                for (size_t k = w->sums_moved.start[d]; k < w->sums_moved.start[d + 1]; k++)
                        w->sum[w->sums_moved.entry[k].at] +=
                                (int64_t)way * w->done[i].times * w->sums_moved.entry[k].by;
        }
}

/* A sum that is hidden and known not to be nothing stays so; then all of them are seen. */
static bool sums_see(struct walk *w)
{
        const struct moves_sums *s = w->sums;

        for (int see = 0; see < 2; see++)
                for (uint32_t i = 0; i < w->done_len; i++) {
                        uint32_t d = w->done[i].direction;

                        for (size_t k = w->sums_moved.start[d]; k < w->sums_moved.start[d + 1];
                                k++) {
                                uint32_t at = w->sums_moved.entry[k].at;

                                if (!see && s->floored[at] && w->sum[at] < 1)
                                        return false;
                                if (see && w->sum[at] < s->low[at])
                                        s->low[at] = w->sum[at];
                                if (see && w->sum[at] > s->high[at])
                                        s->high[at] = w->sum[at];
                        }
                }
        return true;
}

/* A step that moves a sum up or down; false: it was taken back. */
static enum err step_try(struct walk *w, uint32_t sum, bool up, bool *made)
{
        const size_t *start = w->of_sum.start + sum;
        const struct moves_entry *of = w->of_sum.entry + start[0], *first = of;
        uint32_t shortest = UINT32_MAX;

        for (int i = 0; i < BEGINNERS; i++) {
                const struct moves_entry *e = &of[draw(w, start[1] - start[0])];
                uint32_t len = w->start[e->at + 1] - w->start[e->at];

                if (len < shortest)
                        first = e;
                shortest = len < shortest ? len : shortest;
        }
        w->step++;
        w->done_len = 0;
        begin(w, first->at, (first->by > 0) == up ? 1 : -1);
        for (uint32_t depth = 0; depth < DEPTH && w->missing_len > 0; depth++)
                if (w->missing_len > MISSING_MOST || !mend(w))
                        break;
        *made = w->missing_len == 0;
        if (*made) {
                sums_go(w, 1);
                *made = sums_see(w);
                if (*made)
                        return step_add(w->arena, w->path, w->done, w->done_len, w->options->first);
                sums_go(w, -1);
        }
        for (uint32_t i = w->done_len; i-- > 0;)
                go(w, w->done[i].direction, -w->done[i].times);
        return ERR_OK;
}

/* Walking ---------------------------------------------------------------------------------- */

static bool is_wide(const struct walk *w, uint32_t s)
{
        return w->sums->high[s] - w->sums->low[s] >= w->options->width;
}

static bool is_over(const struct walk *w)
{
        return w->options->work_limit > 0 && w->work >= w->options->work_limit;
}

/* Further the way it went, as long as that goes; then the other way. */
static enum err sum_widen(struct walk *w, uint32_t s)
{
        bool up = w->sum[s] - w->sums->low[s] >= w->sums->high[s] - w->sum[s];

        assert(w->of_sum.start != NULL);
        if (w->of_sum.start[s] == w->of_sum.start[s + 1])
                return ERR_OK;
        for (int failed = 0; failed < TRIES && !is_wide(w, s) && !is_over(w);) {
                bool made;

                TRY(step_try(w, s, up, &made));
                failed += !made;
                up ^= !made;
        }
        return ERR_OK;
}

static bool is_cancelled(const struct walk *w)
{
        return w->options->cancel != NULL && atomic_load(w->options->cancel);
}

/* Every open sum in turn. */
static enum err pass(struct walk *w, uint32_t *open, uint32_t *len)
{
        uint32_t kept = 0;

        for (uint32_t i = 0; i < *len; i++) {
                if (i % PATIENCE == 0 && is_cancelled(w))
                        return ERR_CANCELLED;
                if (!is_wide(w, open[i]))
                        TRY(sum_widen(w, open[i]));
                if (!is_wide(w, open[i]))
                        open[kept++] = open[i];
        }
        *len = kept;
        return ERR_OK;
}

static enum err passes(struct walk *w, struct arena *scratch)
{
        uint32_t *open = arena_alloc_raw(scratch, w->sums->len, sizeof *open), len = 0;

        if (open == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t s = 0; s < w->sums->len; s++)
                if (w->sums->open[s])
                        open[len++] = s;
        for (int n = 0; n < PASSES_MAX && len > 0 && !is_over(w); n++) {
                uint32_t before = len;

                TRY(pass(w, open, &len));
                if ((before - len) * PASS_YIELD < before)
                        break;
        }
        for (uint32_t s = 0; s < w->sums->len; s++)
                w->sums->open[s] = w->sums->open[s] && !is_wide(w, s);
        return ERR_OK;
}

enum err moves_walk(struct arena *arena, struct moves_path *path, const struct moves_sums *sums,
        const struct moves_options *options, int64_t *value, uint64_t *work)
{
        OWNED(arena_free) struct arena *scratch = arena_new(SIZE_MAX);
        struct walk w = {.arena = arena,
                .path = path,
                .sums = sums,
                .options = options,
                .value = value,
                .lot = residue_mix(options->seed, path->steps)};

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        w.directions = (uint32_t)(path->directions - options->first);
        TRY(walk_init(&w, scratch));
        enum err rc = passes(&w, scratch);
        for (uint32_t n = 0; n < options->numbers; n++)
                value[n] += w.room[n] - (int32_t)(value[n] - options->floor[n] < ROOM_MOST
                                                          ? value[n] - options->floor[n]
                                                          : ROOM_MOST);
        *work += w.work;
        return rc;
}
