/* SPDX-License-Identifier: Apache-2.0 */
/* moves.h: tables that nobody can tell from the true one, one after another.
 *
 * A direction changes hidden numbers and leaves every published sum as it is. Several of them
 * together lead from one table that fits to another, and what a sum is in the one and in the
 * other is as far apart as its interval is wide, at least. All steps are kept: who has the path
 * can follow it, believe nothing, and see the same. */
#ifndef STATGATE_GATEWAY_DISCLOSURE_MOVES_H
#define STATGATE_GATEWAY_DISCLOSURE_MOVES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

/* What a direction does to one number. */
struct moves_entry {
        uint32_t at;
        int32_t by;
};

struct moves_time {
        uint32_t direction;
        int32_t times;
};

/* From the first table on: all that belongs to one step is done at once. */
struct moves_path {
        size_t *direction_start; /* directions + 1 */
        struct moves_entry *entry;
        size_t *step_start; /* steps + 1 */
        struct moves_time *time;
        size_t directions, entries, steps, times;
        size_t direction_room, entry_room, step_room, time_room;
};

/* A table, and a path from it to others: numbers are inner cells, the others are zero. */
struct moves_told {
        uint32_t len;
        const uint32_t *inner; /* which inner cell, as combined or listed */
        const int64_t *value;
        const struct moves_path *path;
};

/* Directions are added to a path, then walked. Memory is the arena's. */
MUST_CHECK enum err moves_path_init(struct arena *arena, struct moves_path *path);
MUST_CHECK enum err moves_direction_add(
        struct arena *arena, struct moves_path *path, const struct moves_entry *entry, size_t len);

/* Once along a direction, and back again. */
MUST_CHECK enum err moves_there_and_back(
        struct arena *arena, struct moves_path *path, size_t direction);

/* Sums of numbers whose width is looked for. */
struct moves_sums {
        uint32_t len;
        const size_t *start;
        const uint32_t *at;
        bool *open;          /* to be made wide; others are not looked at */
        const bool *floored; /* at least 1, though no number in them is */
        int64_t *low, *high; /* seen so far */
};

struct moves_options {
        uint32_t numbers;
        const int64_t *floor; /* of numbers */
        size_t first;         /* direction of the path: those before are not walked */
        int64_t width;
        uint64_t seed, work_limit; /* entries looked at; 0: none */
        const atomic_bool *cancel;
};

/* Walks until every open sum is as wide, or next to nothing becomes wide any more. `value` is a
 * table that fits, and then another; what is wide is not open any more. ERR_CANCELLED. */
MUST_CHECK enum err moves_walk(struct arena *arena, struct moves_path *path,
        const struct moves_sums *sums, const struct moves_options *options, int64_t *value,
        uint64_t *work);

#endif
