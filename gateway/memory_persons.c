/* SPDX-License-Identifier: Apache-2.0 */
/* memory_persons.c: record keys to numbers from 0.
 *
 * An open table of keys (they are random already). Two persons of one view with the same key
 * would be one person to the ledger, who counts persons: the second gets a number that
 * no key leads to, so that she is a stranger in every vintage. */
#include "gateway/memory_persons.h"

#include <stdlib.h>

#include "base/fault.h"

struct slot {
        uint64_t key;
        uint32_t number; /* + 1; 0: free */
};

struct persons {
        struct slot *slots;
        uint32_t slots_len, used; /* a power of two */
        uint32_t len;
        /* Of the view that was asked about last. */
        uint32_t *numbers;
        uint32_t numbers_len;
        uint64_t print; /* of its keys, in order */
        uint8_t *seen;  /* by number, while a view is numbered */
};

enum err persons_new(struct persons **out)
{
        struct persons *p = calloc(1, sizeof *p);

        if (p == NULL)
                return ERR_NO_MEMORY;
        *out = p;
        return ERR_OK;
}

void persons_free(struct persons **p)
{
        if (p == NULL || *p == NULL)
                return;
        free((*p)->slots);
        free((*p)->numbers);
        free((*p)->seen);
        free(*p);
        *p = NULL;
}

uint32_t persons_len(const struct persons *p)
{
        return p->len;
}

static struct slot *slot_of(struct slot *slots, uint32_t len, uint64_t key)
{
        uint32_t at = (uint32_t)(key ^ key >> 32) & (len - 1);

        while (slots[at].number != 0 && slots[at].key != key)
                at = (at + 1) & (len - 1);
        return &slots[at];
}

/* At most half full with so many more. */
static enum err make_room(struct persons *p, uint32_t more)
{
        uint64_t wanted = 2 * ((uint64_t)p->used + more), len = 64;

        while (len < wanted)
                len *= 2;
        if (len <= p->slots_len)
                return ERR_OK;
        if (len > UINT32_MAX / 2)
                return ERR_LIMIT;
        struct slot *slots = fault_hit("alloc") ? NULL : calloc(len, sizeof *slots);
        if (slots == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < p->slots_len; i++)
                if (p->slots[i].number != 0)
                        *slot_of(slots, (uint32_t)len, p->slots[i].key) = p->slots[i];
        free(p->slots);
        p->slots = slots;
        p->slots_len = (uint32_t)len;
        return ERR_OK;
}

static uint64_t print_of(const uint64_t *keys, uint32_t len)
{
        uint64_t sum = len;

        for (uint32_t i = 0; i < len; i++)
                sum = (sum ^ keys[i]) * UINT64_C(0x9e3779b97f4a7c15) + (sum >> 29);
        return sum;
}

static uint32_t number_of(struct persons *p, uint64_t key)
{
        struct slot *s = slot_of(p->slots, p->slots_len, key);

        if (s->number != 0 && !p->seen[s->number - 1]) {
                p->seen[s->number - 1] = 1;
                return s->number - 1;
        }
        if (s->number == 0) {
                *s = (struct slot){.key = key, .number = p->len + 1};
                p->used++;
        }
        p->seen[p->len] = 1;
        return p->len++;
}

enum err persons_number(struct persons *p, const struct view *v, const uint32_t **out)
{
        const uint64_t *keys = view_record_keys(v);
        uint32_t len = view_persons(v);

        if (keys == NULL)
                return ERR_UNSUPPORTED;
        uint64_t print = print_of(keys, len);
        if (p->numbers == NULL || p->numbers_len != len || p->print != print) {
                if (p->len > UINT32_MAX / 2 - len)
                        return ERR_LIMIT;
                TRY(make_room(p, len));
                uint32_t *numbers = malloc(((size_t)len + 1) * sizeof *numbers);
                uint8_t *seen = calloc((size_t)p->len + len + 1, 1);

                if (numbers == NULL || seen == NULL) {
                        free(numbers);
                        free(seen);
                        return ERR_NO_MEMORY;
                }
                free(p->numbers);
                p->numbers = numbers;
                p->numbers_len = len;
                p->print = print;
                p->seen = seen;
                for (uint32_t i = 0; i < len; i++)
                        numbers[i] = number_of(p, keys[i]);
                free(seen);
                p->seen = NULL;
        }
        *out = p->numbers;
        return ERR_OK;
}
