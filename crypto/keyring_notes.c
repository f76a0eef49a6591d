/* SPDX-License-Identifier: Apache-2.0 */
/* keyring_notes.c: what the keeper must remember beside keys.
 *
 * Not keys, but as near to persons as anything it has: aliases are pairs of person codes. So
 * they lie in locked pages of their own, and never in a buffer that grows and leaves copies
 * behind. What is in them is the business of whoever sets them. */
#include <string.h>

#include "crypto/keyring_state.h"
#include "crypto/secret.h"

/* Where `name` is, or would stand. */
static uint32_t note_place(const struct keyring *k, const char *name)
{
        uint32_t at = 0;

        while (at < k->notes_len && strcmp(k->notes[at].name, name) < 0)
                at++;
        return at;
}

static bool note_stands(const struct keyring *k, uint32_t at, const char *name)
{
        return at < k->notes_len && strcmp(k->notes[at].name, name) == 0;
}

struct bytes keyring_note(const struct keyring *k, const char *name)
{
        uint32_t at = note_place(k, name);

        if (!note_stands(k, at, name))
                return (struct bytes){NULL, 0};
        return bytes_of(k->notes[at].data, k->notes[at].len);
}

static void note_remove(struct keyring *k, uint32_t at)
{
        guarded_free(k->notes[at].data);
        k->notes_len--;
        memmove(k->notes + at, k->notes + at + 1, (k->notes_len - at) * sizeof k->notes[0]);
        memset(&k->notes[k->notes_len], 0, sizeof k->notes[0]);
}

static size_t notes_total(const struct keyring *k)
{
        size_t total = 0;

        for (uint32_t i = 0; i < k->notes_len; i++)
                total += k->notes[i].len;
        return total;
}

/* A note of zeros at `at`; the others make room. */
static enum err note_insert(struct keyring *k, uint32_t at, const char *name, size_t len)
{
        struct keyring_note note = {.len = len};

        if (k->notes_len == KEYRING_NOTES_MAX)
                return ERR_LIMIT;
        TRY(guarded_new(len, &note.data));
        memset(note.data, 0, len);
        memcpy(note.name, name, strlen(name));
        memmove(k->notes + at + 1, k->notes + at, (k->notes_len - at) * sizeof k->notes[0]);
        k->notes[at] = note;
        k->notes_len++;
        return ERR_OK;
}

enum err keyring_note_append(struct keyring *k, const char *name, size_t len)
{
        return note_insert(k, k->notes_len, name, len);
}

static enum err note_replace(struct keyring_note *note, struct bytes value)
{
        uint8_t *fresh = NULL;

        TRY(guarded_new(value.len, &fresh));
        memcpy(fresh, value.data, value.len); /* may borrow from the old one */
        guarded_free(note->data);
        note->data = fresh;
        note->len = value.len;
        return ERR_OK;
}

enum err keyring_note_set(struct keyring *k, const char *name, struct bytes value)
{
        uint32_t at = note_place(k, name);
        bool stands = note_stands(k, at, name);
        size_t before = stands ? k->notes[at].len : 0;

        if (!keyring_name_is_sane(name))
                return ERR_INVALID;
        if (bytes_equal(keyring_note(k, name), value))
                return ERR_OK;
        if (value.len > KEYRING_NOTE_MAX)
                return ERR_TOO_LARGE;
        if (notes_total(k) - before + value.len > KEYRING_NOTES_TOTAL)
                return ERR_LIMIT;
        if (value.len == 0) {
                note_remove(k, at);
        } else if (stands) {
                TRY(note_replace(&k->notes[at], value));
        } else {
                TRY(note_insert(k, at, name, value.len));
                memcpy(k->notes[at].data, value.data, value.len);
        }
        k->changes++;
        return ERR_OK;
}

void keyring_notes_done(struct keyring *k)
{
        while (k->notes_len > 0)
                note_remove(k, k->notes_len - 1);
}
