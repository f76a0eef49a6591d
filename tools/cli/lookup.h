/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h: from what a file says to the code or name it means. */
#ifndef STATGATE_TOOLS_CLI_LOOKUP_H
#define STATGATE_TOOLS_CLI_LOOKUP_H

#include "base/arena.h"
#include "base/bytes.h"
#include "policies/policy.h"

/* A small open-addressed table of borrowed texts. */
struct lookup;
enum { LOOKUP_NONE = -1, LOOKUP_AMBIGUOUS = -2 };

/* Room for `most` texts; NULL when memory is short. */
struct lookup *lookup_new(struct arena *arena, uint32_t most);
int32_t lookup_find(const struct lookup *l, struct bytes text); /* LOOKUP_NONE: not there */
/* The first value stays; a different one for the same text makes it ambiguous when
 * `strict`. A full table ignores what comes. `text` is borrowed. */
void lookup_put(struct lookup *l, struct bytes text, int32_t value, bool strict);

/* Lower case, å ä → a, ö → o, é → e …, and only letters and digits: what people
 * mean by the same name. Returns the length; cut at `cap`. */
size_t fold(struct bytes text, char *out, size_t cap);
enum { FOLDED_MAX = 2 * LABEL_MAX_LEN };

/* All the ways to write the codes of one list: codes, aliases, labels in both
 * languages, and codes of digits that lost their leading zeros. */
struct code_map;
MUST_CHECK enum err code_map_new(
        struct arena *arena, const struct code_list *list, struct code_map **out);
/* A municipality's own word for a code. Stands above everything else. */
MUST_CHECK enum err code_map_add(struct code_map *m, struct bytes text, uint32_t code);
/* Index into level 0, LOOKUP_NONE or LOOKUP_AMBIGUOUS. What was found the slow way
 * is found the fast way next time, so the map changes and belongs to one thread. */
int32_t code_map_find(struct code_map *m, struct bytes text);
const struct code_list *code_map_list(const struct code_map *m);

#endif
