/* SPDX-License-Identifier: Apache-2.0 */
/* memory_persons.c: record keys to numbers from 0.
 *
 * An open table of keys (they are random already). Two persons of one view with the same key
 * would be one person to the ledger, who counts persons: the second gets a number that
 * no key leads to, so that she is a stranger in every vintage.
 *
 * Keys are those of one linkage, the data set's own ("home"); under another everybody has other
 * keys. But the records are the same, row for row, and every row has a place among all that were
 * delivered (view_ordinals), which no linkage changes. So a person of another linkage is who her
 * records belong to at home. Where that linkage joins fewer municipalities, several of its
 * persons may be one at home, which is no harm: she counts as often as they do. Where it
 * joins more, one of its persons is several at home; a set that holds them has no number of
 * times that each counts, and there is none to remember. Which of these can be is known from the
 * rules before any record is looked at, so that refusing it tells of nobody. */
#include "gateway/memory_persons.h"

#include <stdlib.h>
#include <string.h>

#include "base/fault.h"

enum { OTHERS = 2 }; /* linkages beside the data set's own that it is usually asked under */

struct slot {
        uint64_t key;
        uint32_t number; /* + 1; 0: free */
};

struct persons {
        struct slot *slots;
        uint32_t slots_len, used; /* a power of two */
        uint32_t len;
        struct asked {
                uint32_t *numbers;
                uint32_t len;
                bool repeated;
                uint64_t print; /* of the keys, in order */
        } home, others[OTHERS]; /* about which views was asked last */
        uint32_t latest;        /* of the others */
        uint8_t *seen;          /* by number, while a view is numbered */
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
        free((*p)->home.numbers);
        for (uint32_t i = 0; i < OTHERS; i++)
                free((*p)->others[i].numbers);
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

static uint64_t print_of(const uint64_t *keys, uint32_t len, uint64_t sum)
{
        sum += len;

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

/* By keys -------------------------------------------------------------------------------------- */

static enum err number_keys(struct persons *p, const uint64_t *keys, uint32_t len, uint32_t *out)
{
        if (p->len > UINT32_MAX / 2 - len)
                return ERR_LIMIT;
        TRY(make_room(p, len));
        p->seen = fault_hit("alloc") ? NULL : calloc((size_t)p->len + len + 1, 1);
        if (p->seen == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                out[i] = number_of(p, keys[i]);
        free(p->seen);
        p->seen = NULL;
        return ERR_OK;
}

static enum err numbers_new(uint32_t len, uint32_t **out)
{
        uint32_t *numbers = fault_hit("alloc") ? NULL : calloc((size_t)len + 1, sizeof *numbers);

        if (numbers == NULL)
                return ERR_NO_MEMORY;
        *out = numbers;
        return ERR_OK;
}

static void asked_take(struct asked *a, uint32_t *numbers, uint32_t len, uint64_t print)
{
        free(a->numbers);
        a->numbers = numbers;
        a->len = len;
        a->repeated = false;
        a->print = print;
}

static bool was_asked(const struct asked *a, uint32_t len, uint64_t print)
{
        return a->numbers != NULL && a->len == len && a->print == print;
}

static enum err number_home(struct persons *p, const struct view *v)
{
        const uint64_t *keys = view_record_keys(v);
        uint32_t len = view_persons(v), *numbers;

        if (keys == NULL)
                return ERR_UNSUPPORTED;
        uint64_t print = print_of(keys, len, 0);
        if (was_asked(&p->home, len, print))
                return ERR_OK;
        TRY(numbers_new(len, &numbers));
        enum err e = number_keys(p, keys, len, numbers);
        if (e == ERR_OK)
                asked_take(&p->home, numbers, len, print);
        else
                free(numbers);
        return e;
}

/* By records ----------------------------------------------------------------------------------- */

static bool hold_the_same(const struct view *v, const struct view *home)
{
        struct vintage a = view_vintage(v), b = view_vintage(home);

        return a.number == b.number && a.revision == b.revision &&
               view_rows(v) == view_rows(home) && view_personless(v) == view_personless(home) &&
               bytes_equal(view_dataset(v)->id, view_dataset(home)->id);
}

/* Whether a municipality is joined that is not at home. */
static bool joins_more(const struct view *v, const struct view *home)
{
        uint32_t len = 0, home_len = 0;
        const uint8_t *alone = view_alone(v, &len), *at_home = view_alone(home, &home_len);

        for (uint32_t i = 0; at_home != NULL && i < home_len; i++)
                if (at_home[i] && (alone == NULL || i >= len || !alone[i]))
                        return true;
        return false;
}

static uint32_t ordinals_end(const struct view *v)
{
        const uint32_t *ordinals = view_ordinals(v);
        uint32_t last = 0;

        for (uint32_t row = 0; row < view_personless(v); row++)
                last = ordinals[row] > last ? ordinals[row] : last;
        return last + 1;
}

/* By ordinal, the number of the person whose record it is. */
static void lay_out_home(const struct persons *p, const struct view *home, uint32_t *owner)
{
        const uint32_t *starts = view_person_starts(home), *ordinals = view_ordinals(home);

        for (uint32_t person = 0; person < view_persons(home); person++)
                for (uint32_t row = starts[person]; row < starts[person + 1]; row++)
                        owner[ordinals[row]] = p->home.numbers[person];
}

/* All records of the view are found at home, each once, and each person's belong to one. */
static enum err follow(const struct view *v, uint32_t *owner, uint32_t end, uint32_t *out)
{
        const uint32_t *starts = view_person_starts(v), *ordinals = view_ordinals(v);

        for (uint32_t person = 0; person < view_persons(v); person++) {
                out[person] = PERSON_UNNUMBERED;
                for (uint32_t row = starts[person]; row < starts[person + 1]; row++) {
                        uint32_t at = ordinals[row];

                        if (at >= end || owner[at] == PERSON_UNNUMBERED)
                                return ERR_INTERNAL;
                        if (row > starts[person] && owner[at] != out[person])
                                return ERR_UNSUPPORTED;
                        out[person] = owner[at];
                        owner[at] = PERSON_UNNUMBERED;
                }
        }
        return ERR_OK;
}

static enum err is_repeated(
        const struct persons *p, const uint32_t *numbers, uint32_t len, bool *out)
{
        uint8_t *seen = fault_hit("alloc") ? NULL : calloc((size_t)p->len + 1, 1);

        if (seen == NULL)
                return ERR_NO_MEMORY;
        *out = false;
        for (uint32_t i = 0; i < len && !*out; i++) {
                if (numbers[i] == PERSON_UNNUMBERED)
                        continue;
                *out = seen[numbers[i]] != 0;
                seen[numbers[i]] = 1;
        }
        free(seen);
        return ERR_OK;
}

static enum err find_owners(
        const struct persons *p, const struct view *v, const struct view *home, uint32_t *numbers)
{
        uint32_t end = ordinals_end(home), *owner;

        TRY(numbers_new(end, &owner));
        memset(owner, 0xff, ((size_t)end + 1) * sizeof *owner);
        lay_out_home(p, home, owner);
        enum err e = follow(v, owner, end, numbers);
        free(owner);
        return e;
}

static enum err number_other(
        struct persons *p, const struct view *v, const struct view *home, struct asked **out)
{
        const uint64_t *keys = view_record_keys(v);
        uint32_t len = view_persons(v), *numbers;
        bool repeated = false;

        if (keys == NULL)
                return ERR_UNSUPPORTED;
        if (!hold_the_same(v, home))
                return ERR_INTERNAL;
        if (joins_more(v, home))
                return ERR_UNSUPPORTED;
        struct vintage vintage = view_vintage(v);
        uint64_t print = print_of(
                keys, len, p->home.print + ((uint64_t)vintage.number << 32) + vintage.revision);
        for (uint32_t i = 0; i < OTHERS; i++)
                if (was_asked(&p->others[i], len, print)) {
                        *out = &p->others[i];
                        return ERR_OK;
                }
        TRY(numbers_new(len, &numbers));
        enum err e = find_owners(p, v, home, numbers);
        if (e == ERR_OK)
                e = is_repeated(p, numbers, len, &repeated);
        if (e != ERR_OK) {
                free(numbers);
                return e;
        }
        p->latest = (p->latest + 1) % OTHERS;
        *out = &p->others[p->latest];
        asked_take(*out, numbers, len, print);
        (*out)->repeated = repeated;
        return ERR_OK;
}

enum err persons_number(
        struct persons *p, const struct view *v, const struct view *home, struct numbered *out)
{
        struct asked *a = &p->home;

        TRY(number_home(p, home != NULL ? home : v));
        if (home != NULL && home != v)
                TRY(number_other(p, v, home, &a));
        *out = (struct numbered){a->numbers, a->repeated};
        return ERR_OK;
}
