/* SPDX-License-Identifier: Apache-2.0 */
/* vault.c: the custodian remembers how far it came.
 *
 * Order is what makes the mark true: state on disk, then the mark, then the keeper may use what is
 * new. So a crash leaves a state that is newer than its mark, or of it, and never an older one;
 * an older one is somebody's doing. A missing mark is not the beginning of things but a missing
 * mark: the folder is made with one, and a state from elsewhere is adopted by hand.
 *
 * Who can write this folder can write both files. The mark is for copies that are put back by
 * mistake or by whoever can only do that; the generation is told to whoever asks, so that it can
 * be written down elsewhere. */
#include "gateway/bridge/vault.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/keyring.h"
#include "gateway/keeper/ask.h"

enum { HEX_LEN = 64, LINE_MAX = 20 + 1 + HEX_LEN + 1 };

static void forget(uint8_t **copy)
{
        free(*copy);
}

/* "GENERATION DIGEST\n", strictly. */
static enum err mark_parse(char *text, struct vault_mark *out)
{
        struct vault_mark m = {.generation = 0};
        char *space = strchr(text, ' ');
        int64_t generation;

        if (space == NULL || strlen(space + 1) != HEX_LEN + 1 || space[HEX_LEN + 1] != '\n')
                return ERR_CORRUPT;
        *space = '\0';
        space[HEX_LEN + 1] = '\0';
        if (!bytes_decimal(bytes_of_text(text), 0, &generation) || generation <= 0 ||
                hex_decode(space + 1, m.state.bytes, sizeof m.state.bytes) != ERR_OK)
                return ERR_CORRUPT;
        m.generation = (uint64_t)generation;
        *out = m;
        return ERR_OK;
}

static enum err mark_read(const char *path, struct vault_mark *out)
{
        char text[LINE_MAX + 1] = {0};
        size_t len = 0;

        if (!state_file_exists(path)) {
                *out = (struct vault_mark){.generation = 0};
                return ERR_OK;
        }
        if (state_file_read(path, (uint8_t *)text, LINE_MAX, &len) != ERR_OK)
                return ERR_CORRUPT;
        return mark_parse(text, out);
}

static enum err mark_write(const char *path, const struct vault_mark *m)
{
        char hex[HEX_LEN + 1], line[LINE_MAX + 1];

        hex_encode(bytes_of(m->state.bytes, sizeof m->state.bytes), hex);
        (void)snprintf(line, sizeof line, "%" PRIu64 " %s\n", m->generation, hex);
        return state_file_write(path, bytes_of_text(line), false);
}

enum err vault_open(const char *state_path, struct vault *out)
{
        size_t room = strlen(state_path) + sizeof ".mark";
        struct vault v = {.state_path = strdup(state_path), .mark_path = malloc(room)};
        enum err e = v.state_path != NULL && v.mark_path != NULL ? ERR_OK : ERR_NO_MEMORY;

        if (e == ERR_OK) {
                (void)snprintf(v.mark_path, room, "%s.mark", state_path);
                e = mark_read(v.mark_path, &v.mark);
        }
        if (e != ERR_OK) {
                vault_done(&v);
                return e;
        }
        *out = v;
        return ERR_OK;
}

void vault_done(struct vault *v)
{
        free(v->state_path);
        free(v->mark_path);
        *v = (struct vault){.state_path = NULL};
}

static enum err mark_of(struct bytes state, struct vault_mark *out)
{
        TRY(keyring_blob_generation(state, &out->generation));
        digest_of(state, &out->state);
        return ERR_OK;
}

enum err vault_read(struct vault *v, uint8_t *out, size_t room, size_t *out_len)
{
        struct vault_mark found = {.generation = 0};
        size_t len = 0;
        bool older;

        TRY(state_file_read(v->state_path, out, room, &len));
        TRY(mark_of(bytes_of(out, len), &found));
        older = v->mark.generation == 0 || found.generation < v->mark.generation ||
                (found.generation == v->mark.generation &&
                        !digest_equal(&found.state, &v->mark.state));
        if (older) {
                log_event(LOG_ERROR, "custody_rolled_back", LOG_NUM("found", found.generation),
                        LOG_NUM("confirmed", v->mark.generation));
                return ERR_ROLLED_BACK;
        }
        v->written = found;
        *out_len = len;
        return ERR_OK;
}

enum err vault_write(struct vault *v, uint64_t generation, struct bytes state, bool twice)
{
        OWNED(forget) uint8_t *copy = malloc(state.len > 0 ? state.len : 1);
        struct vault_mark fresh = {.generation = 0};

        if (copy == NULL)
                return ERR_NO_MEMORY;
        /* Shared memory: what is written is what was looked at. */
        if (state.len > 0)
                memcpy(copy, state.data, state.len);
        state.data = copy;
        TRY(mark_of(state, &fresh));
        if (fresh.generation != generation || generation <= v->mark.generation)
                return ERR_KEYRING;
        TRY(state_file_write(v->state_path, state, false));
        if (twice)
                TRY(state_file_write(v->state_path, state, false));
        v->written = fresh;
        return ERR_OK;
}

enum err vault_confirm(struct vault *v, uint64_t generation)
{
        if (generation == 0 || generation != v->written.generation)
                return ERR_OUT_OF_ORDER;
        if (generation == v->mark.generation)
                return ERR_OK;
        TRY(mark_write(v->mark_path, &v->written));
        v->mark = v->written;
        return ERR_OK;
}

enum err vault_adopt(struct vault *v, uint64_t *out_before, uint64_t *out_now)
{
        OWNED(forget) uint8_t *state = malloc(KEEPER_SLOT_LEN);
        struct vault_mark found = {.generation = 0};
        size_t len = 0;

        if (state == NULL)
                return ERR_NO_MEMORY;
        TRY(state_file_read(v->state_path, state, KEEPER_SLOT_LEN, &len));
        TRY(mark_of(bytes_of(state, len), &found));
        TRY(mark_write(v->mark_path, &found));
        *out_before = v->mark.generation;
        *out_now = found.generation;
        v->mark = v->written = found;
        return ERR_OK;
}
