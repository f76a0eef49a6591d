/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.c: one hash and one comparison for what was seen before, patience for
 * what is new.
 *
 * A column of a million rows has a few dozen distinct texts. The first time a text
 * comes it is folded and looked for among labels; then it is learnt as it was
 * written. The learnt table has a ceiling, so that a hostile file costs time and
 * not memory. */
#include "tools/cli/lookup.h"

#include <string.h>

enum { LEARNT_MAX = 2048, LEARNT_BYTES_MAX = 64 };

struct entry {
        struct bytes text;
        int32_t value;
};

struct lookup {
        struct entry *entries;
        uint32_t mask, len, most;
};

struct code_map {
        struct arena *arena;
        const struct code_list *list;
        struct lookup *exact;  /* codes, own words, and what was learnt */
        struct lookup *folded; /* labels and all the rest, folded */
        uint32_t learnt;
};

static uint64_t mix(uint64_t a)
{
        a *= 0x9E3779B97F4A7C15u;
        return a ^ a >> 32;
}

/* Not against an enemy: a table has a ceiling, and a file is its owner's own. */
static uint64_t hash(struct bytes text)
{
        uint64_t h = text.len, word = 0;
        const uint8_t *at = text.data;
        size_t left = text.len;

        for (; left >= 8; left -= 8, at += 8) {
                memcpy(&word, at, 8);
                h = mix(h ^ word);
        }
        word = 0;
        if (left > 0)
                memcpy(&word, at, left);
        return mix(h ^ word);
}

struct lookup *lookup_new(struct arena *arena, uint32_t most)
{
        struct lookup *l = arena_alloc(arena, 1, sizeof *l);
        uint32_t slots = 16;

        while (slots < most * 2)
                slots *= 2;
        if (l == NULL)
                return NULL;
        l->entries = arena_alloc(arena, slots, sizeof *l->entries);
        l->mask = slots - 1;
        l->most = most;
        return l->entries != NULL ? l : NULL;
}

static struct entry *slot_of(const struct lookup *l, struct bytes text)
{
        uint32_t at = (uint32_t)hash(text) & l->mask;

        while (l->entries[at].text.data != NULL && !bytes_equal(l->entries[at].text, text))
                at = (at + 1) & l->mask;
        return &l->entries[at];
}

int32_t lookup_find(const struct lookup *l, struct bytes text)
{
        const struct entry *e = slot_of(l, text);

        return e->text.data != NULL ? e->value : LOOKUP_NONE;
}

void lookup_put(struct lookup *l, struct bytes text, int32_t value, bool strict)
{
        struct entry *e = slot_of(l, text);

        if (e->text.data != NULL) {
                if (strict && e->value != value)
                        e->value = LOOKUP_AMBIGUOUS;
        } else if (l->len < l->most && text.data != NULL) {
                *e = (struct entry){text, value};
                l->len++;
        }
}

/* Second bytes behind 0xC3 (U+00C0–U+00FF), without their accents. */
static char unaccented(uint8_t second)
{
        static const char letters[] = "aaaaaaaceeeeiiii"
                                      "dnooooo"
                                      "\0"
                                      "ouuuuy"
                                      "\0"
                                      "s"
                                      "aaaaaaaceeeeiiii"
                                      "dnooooo"
                                      "\0"
                                      "ouuuuy"
                                      "\0"
                                      "y";

        return (char)(second >= 0x80 && second <= 0xBF ? letters[second - 0x80] : '\0');
}

size_t fold(struct bytes text, char *out, size_t cap)
{
        size_t len = 0;

        for (size_t i = 0; i < text.len && len < cap; i++) {
                uint8_t c = text.data[i];
                char letter = '\0';

                if (c >= 'A' && c <= 'Z')
                        letter = (char)(c - 'A' + 'a');
                else if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
                        letter = (char)c;
                else if (c == 0xC3 && i + 1 < text.len)
                        letter = unaccented(text.data[++i]);
                if (letter != '\0')
                        out[len++] = letter;
        }
        return len;
}

static enum err put_folded(struct code_map *m, struct bytes text, uint32_t code)
{
        char folded[FOLDED_MAX];
        size_t len = fold(text, folded, sizeof folded);

        if (len == 0)
                return ERR_OK;

        const char *kept = arena_strndup(m->arena, folded, len);

        if (kept == NULL)
                return ERR_NO_MEMORY;
        lookup_put(m->folded, bytes_of(kept, len), (int32_t)code, true);
        return ERR_OK;
}

static struct bytes without_zeros(struct bytes text)
{
        for (size_t i = 0; i < text.len; i++)
                if (text.data[i] < '0' || text.data[i] > '9')
                        return text;
        while (text.len > 1 && text.data[0] == '0') {
                text.data++;
                text.len--;
        }
        return text;
}

/* Two labels that fold alike mean neither; a code is never shadowed by a label,
 * because codes are looked for first. */
static enum err put_code(struct code_map *m, uint32_t code)
{
        const struct code *c = &m->list->levels[0].codes[code];

        lookup_put(m->exact, c->code, (int32_t)code, false);
        TRY(put_folded(m, c->code, code));
        TRY(put_folded(m, c->label.sv, code));
        TRY(put_folded(m, c->label.en, code));
        return put_folded(m, without_zeros(c->code), code);
}

enum err code_map_new(struct arena *arena, const struct code_list *list, struct code_map **out)
{
        struct code_map *m = arena_alloc(arena, 1, sizeof *m);
        uint32_t len = list->levels[0].len;

        if (m == NULL)
                return ERR_NO_MEMORY;
        m->arena = arena;
        m->list = list;
        m->exact = lookup_new(arena, len + list->aliases_len + LEARNT_MAX + BATCH_DICTIONARY_MAX);
        m->folded = lookup_new(arena, 4 * len + list->aliases_len);
        if (m->exact == NULL || m->folded == NULL)
                return ERR_NO_MEMORY;
        for (uint32_t i = 0; i < len; i++)
                TRY(put_code(m, i));
        for (uint32_t i = 0; i < list->aliases_len; i++) {
                lookup_put(m->exact, list->aliases[i].alias, (int32_t)list->aliases[i].code, false);
                TRY(put_folded(m, list->aliases[i].alias, list->aliases[i].code));
        }
        *out = m;
        return ERR_OK;
}

enum err code_map_add(struct code_map *m, struct bytes text, uint32_t code)
{
        struct entry *e = slot_of(m->exact, text);

        if (text.len == 0 || (e->text.data == NULL && m->exact->len == m->exact->most))
                return ERR_TOO_LARGE;
        m->exact->len += e->text.data == NULL;
        *e = (struct entry){text, (int32_t)code};
        return ERR_OK;
}

static void learn(struct code_map *m, struct bytes text, int32_t code)
{
        if (m->learnt == LEARNT_MAX || text.len > LEARNT_BYTES_MAX)
                return;

        const char *kept = arena_strndup(m->arena, (const char *)text.data, text.len);

        if (kept == NULL)
                return;
        m->learnt++;
        lookup_put(m->exact, bytes_of(kept, text.len), code, false);
}

int32_t code_map_find(struct code_map *m, struct bytes text)
{
        int32_t code = lookup_find(m->exact, text);
        char folded[FOLDED_MAX];

        if (code != LOOKUP_NONE)
                return code;

        size_t len = fold(text, folded, sizeof folded);
        struct bytes plain = bytes_of(folded, len);

        if (len > 0)
                code = lookup_find(m->folded, plain);
        if (len > 0 && code == LOOKUP_NONE)
                code = lookup_find(m->folded, without_zeros(plain));
        if (code >= 0)
                learn(m, text, code);
        return code;
}

const struct code_list *code_map_list(const struct code_map *m)
{
        return m->list;
}
