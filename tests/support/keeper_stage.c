/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_stage.c: a keeper that runs, and short ways of asking it. */
#include "tests/support/keeper_stage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/messages.h"

#define KEEPER_PROGRAM STATGATE_BIN_DIR "/statgate-keeper"

void stage_start(struct stage *s, unsigned slots)
{
        const struct keeper_options options = {
                .program = KEEPER_PROGRAM, .state_path = s->w.state, .slots = slots};

        assert_int_equal(keeper_start(&options, &s->k), ERR_OK);
}

enum err stage_unlock(struct stage *s, const char *passphrase)
{
        int fd = world_passphrase(passphrase);
        enum err e = keeper_unseal(s->k, fd);

        (void)close(fd);
        return e;
}

enum err stage_create(struct stage *s)
{
        int fd = world_passphrase("hemlig fras\n");
        enum err e = keeper_create(s->k, fd, world_cost, s->w.signer_public);

        (void)close(fd);
        return e;
}

enum err stage_load(struct stage *s, uint64_t version, const struct digest *predecessor)
{
        struct rules rules = world_rules(&s->w, version, predecessor);

        return keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, NULL));
}

void stage_prepare(struct stage *s, const char *dataset, municipality_t m)
{
        struct domain d = {.municipality = m};

        (void)snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        assert_int_equal(keeper_prepare_domain(s->k, &d), ERR_OK);
}

void stage_up(struct stage *s, unsigned slots)
{
        struct rules rules;

        world_open(&s->w);
        stage_start(s, slots);
        assert_int_equal(stage_create(s), ERR_OK);
        rules = world_rules(&s->w, 1, NULL);
        assert_int_equal(
                keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, &s->bundle)),
                ERR_OK);
        stage_prepare(s, "anmalan", 114);
        stage_prepare(s, "anmalan", 180);
        stage_prepare(s, "anmalan", 1480);
        stage_prepare(s, "placering", 180);
        stage_prepare(s, "enkat", 114);
        assert_int_equal(keeper_prepare_linkage(s->k, "barn"), ERR_OK);
}

void stage_down(struct stage *s)
{
        keeper_stop(&s->k);
        world_close(&s->w);
}

void stage_restart(struct stage *s)
{
        keeper_stop(&s->k);
        stage_start(s, 0);
}

void stage_accept(struct stage *s, const struct keeper_accept *batch, struct keeper_accepted *out)
{
        assert_int_equal(keeper_accept(s->k, batch, s->w.arena, out), ERR_OK);
        assert_false(out->rows_refused);
}

struct keeper_open stage_open_of(
        const struct keeper_accept *batch, const struct keeper_accepted *accepted)
{
        return (struct keeper_open){.linkage = "barn",
                .purpose = "statistik",
                .vintage = {1, 0},
                .name = batch->name,
                .epoch = accepted->epoch,
                .sealed = accepted->sealed};
}

uint8_t *stage_tokens_of(struct stage *s, const struct keeper_open *in)
{
        struct keeper_opened opened;
        uint8_t *copy;

        assert_int_equal(keeper_open_for_view(s->k, in, &opened), ERR_OK);
        copy = arena_alloc(s->w.arena, opened.rows, PSEUDONYM_LEN);
        assert_non_null(copy);
        memcpy(copy, opened.tokens, (size_t)opened.rows * PSEUDONYM_LEN);
        keeper_release(s->k, &opened);
        return copy;
}

uint8_t *stage_tokens_in(
        struct stage *s, const char *dataset, municipality_t m, unsigned first, uint32_t rows)
{
        struct keeper_accept batch = world_batch(&s->w, dataset, m, first, rows, 10);
        struct keeper_accepted accepted;
        struct keeper_open in;

        stage_accept(s, &batch, &accepted);
        in = stage_open_of(&batch, &accepted);
        return stage_tokens_of(s, &in);
}

enum err stage_try_prepare(struct stage *s, const char *dataset, municipality_t m)
{
        struct domain d = {.municipality = m};

        (void)snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        return keeper_prepare_domain(s->k, &d);
}

struct keeper_public_key stage_key(struct stage *s)
{
        struct keeper_public_keys keys;

        assert_int_equal(keeper_public_keys(s->k, &keys), ERR_OK);
        assert_true(keys.sealing_len > 0);
        return keys.sealing[0];
}

struct keeper_person stage_nobody(void)
{
        static const uint8_t box[PERSON_BOX_LEN], signature[SIGNATURE_LEN];
        int64_t now = clock_now_ms();
        struct keeper_person nobody = {
                .box = {bytes_of_text("0123456789abcdef"), bytes_of(box, sizeof box),
                        bytes_of(signature, sizeof signature)}};

        for (unsigned i = 0; i < 6; i++)
                nobody.request.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
        return nobody;
}
