/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h: memory with one owner and one end.
 *
 * Zeroed, with a ceiling, released at once. What lives in an arena is never
 * freed singly. Not for keys and not thread-safe. */
#ifndef STATGATE_BASE_ARENA_H
#define STATGATE_BASE_ARENA_H

#include <stddef.h>

#include "base/attrs.h"

struct arena;

/* `ceiling` in bytes; NULL when memory is short. */
struct arena *arena_new(size_t ceiling);
void arena_free(struct arena **a);

/* Zeroed, aligned for any type; NULL beyond the ceiling, on overflow of
 * count * size, and where faults are armed. count or size 0 gives a valid
 * pointer that must not be followed. */
void *arena_alloc(struct arena *a, size_t count, size_t size);

/* As arena_alloc, but not zeroed: for buffers that are overwritten at once. */
void *arena_alloc_raw(struct arena *a, size_t count, size_t size);

/* A NUL-terminated copy of `len` bytes. */
char *arena_strndup(struct arena *a, const char *text, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Forgets everything and keeps the first block: the arena of the next request.
 * arena_wipe also overwrites what was there. */
void arena_reset(struct arena *a);
void arena_wipe(struct arena *a);

size_t arena_used(const struct arena *a);

#endif
