/* SPDX-License-Identifier: Apache-2.0 */
/* memory_known.c: a table of questions by their keys, which are digests and need no hashing. */
#include "gateway/memory_known.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"
#include "crypto/digest.h"

static struct known *place(struct known *table, uint32_t len, const struct digest *key)
{
        uint32_t at;

        memcpy(&at, key->bytes, sizeof at);
        for (at &= len - 1; table[at].answered != NULL; at = (at + 1) & (len - 1))
                if (digest_equal(&table[at].key, key))
                        break;
        return &table[at];
}

static enum err make_room(struct known_table *t)
{
        uint32_t len = t->len == 0 ? 64 : 2 * t->len;

        if (2 * (t->used + 1) <= t->len)
                return ERR_OK;
        struct known *wider = fault_hit("alloc") ? NULL : calloc(len, sizeof *wider);
        if (wider == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < t->len; i++)
                if (t->places[i].answered != NULL)
                        *place(wider, len, &t->places[i].key) = t->places[i];
        free(t->places);
        t->places = wider;
        t->len = len;
        return ERR_OK;
}

const struct known *known_find(const struct known_table *t, const struct digest *key)
{
        const struct known *k = t->len > 0 ? place(t->places, t->len, key) : NULL;

        return k != NULL && k->answered != NULL ? k : NULL;
}

enum err known_add(struct known_table *t, const struct digest *key, uint32_t cells,
        struct bytes answered, bool stored)
{
        TRY(make_room(t));
        struct known *k = place(t->places, t->len, key);

        if (k->answered != NULL)
                return ERR_OK;
        uint8_t *copy = fault_hit("alloc") ? NULL : malloc(answered.len + 1);
        if (copy == NULL)
                return ERR_NO_MEMORY;
        memcpy(copy, answered.data, answered.len);
        *k = (struct known){.key = *key, .cells = cells, .stored = stored, .answered = copy};
        t->used++;
        return ERR_OK;
}

void known_is_stored(struct known_table *t, const struct digest *key)
{
        struct known *k = t->len > 0 ? place(t->places, t->len, key) : NULL;

        if (k != NULL && k->answered != NULL)
                k->stored = true;
}

void known_clear(struct known_table *t)
{
        for (uint32_t i = 0; i < t->len; i++)
                free(t->places[i].answered);
        free(t->places);
        *t = (struct known_table){0};
}

enum err promise_new(
        struct bytes linkage, const struct stored_question *question, struct promise **out)
{
        struct bytes asked = question->question, answered = question->answered;
        struct promise *p =
                fault_hit("alloc") ? NULL : malloc(sizeof *p + asked.len + answered.len);

        if (p == NULL)
                return ERR_NO_MEMORY;
        *p = (struct promise){.question = *question};
        memcpy(p->linkage, linkage.data, linkage.len);
        if (asked.len > 0)
                memcpy(p->bytes, asked.data, asked.len);
        if (answered.len > 0)
                memcpy(p->bytes + asked.len, answered.data, answered.len);
        p->question.question = bytes_of(p->bytes, asked.len);
        p->question.answered = bytes_of(p->bytes + asked.len, answered.len);
        *out = p;
        return ERR_OK;
}
