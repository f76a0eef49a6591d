/* SPDX-License-Identifier: Apache-2.0 */
/* memory_known.h: questions that memory has judged, and which of them no disk knows of yet.
 *
 * A question is told to the store by the answer that needs it, with the entry of the audit log that
 * tells of that answer. Until then it is a *promise*: memory judges in its light already, and
 * makes itself anew with it. Every answer that rests on it makes the same promise, so it does not
 * matter which of them comes to the store first, nor which of them fails. */
#ifndef STATGATE_GATEWAY_MEMORY_KNOWN_H
#define STATGATE_GATEWAY_MEMORY_KNOWN_H

#include "gateway/store/store.h"

struct known {
        struct digest key;
        uint32_t cells;
        bool stored;
        uint8_t *answered; /* NULL: the place is free */
};

struct known_table {
        struct known *places; /* an open table */
        uint32_t len, used;
};
const struct known *known_find(const struct known_table *t, const struct digest *key);
/* One that is there already changes nothing. */
MUST_CHECK enum err known_add(struct known_table *t, const struct digest *key, uint32_t cells,
        struct bytes answered, bool stored);
/* If it is there: a memory that was made anew may have its persons alone. */
void known_is_stored(struct known_table *t, const struct digest *key);
void known_clear(struct known_table *t);

struct shelf;

struct promise {
        struct promise *next;   /* of the same answer */
        struct promise *beside; /* of the same shelf */
        struct shelf *shelf;
        char linkage[NAME_MAX_LEN + 1];  /* that it was counted under */
        struct stored_question question; /* a copy */
        uint8_t bytes[];
};
MUST_CHECK enum err promise_new(
        struct bytes linkage, const struct stored_question *question, struct promise **out);

#endif
