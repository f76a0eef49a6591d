/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_stage.h: a world with a real keeper process in it, for cmocka tests. What is
 * not said to return an error asserts. */
#ifndef STATGATE_TESTS_SUPPORT_KEEPER_STAGE_H
#define STATGATE_TESTS_SUPPORT_KEEPER_STAGE_H

#include "tests/support/keeper_world.h"

struct stage {
        struct world w;
        struct keeper *k;
        struct digest bundle; /* of version 1 */
};

/* Keys, rules, the domains anmalan in 114, 180 and 1480, placering in 180, enkat in
 * 114, and the linkage barn. The passphrase is "hemlig fras". */
void stage_up(struct stage *s, unsigned slots);
void stage_down(struct stage *s);

void stage_start(struct stage *s, unsigned slots); /* in an open world */
void stage_restart(struct stage *s);
MUST_CHECK enum err stage_create(struct stage *s);
MUST_CHECK enum err stage_unlock(struct stage *s, const char *passphrase);
/* world_rules of this version, signed by the pinned signer. */
MUST_CHECK enum err stage_load(struct stage *s, uint64_t version, const struct digest *predecessor);
MUST_CHECK enum err stage_try_prepare(struct stage *s, const char *dataset, municipality_t m);
void stage_prepare(struct stage *s, const char *dataset, municipality_t m);

/* The keeper's key to seal to. */
struct keeper_public_key stage_key(struct stage *s);
/* A person in a box to a key that no keeper has. */
struct keeper_person stage_nobody(void);

void stage_accept(struct stage *s, const struct keeper_accept *batch, struct keeper_accepted *out);
/* For linkage barn, purpose statistik, vintage 1.0. */
struct keeper_open stage_open_of(
        const struct keeper_accept *batch, const struct keeper_accepted *accepted);
/* Tokens of the rows, in the arena. */
uint8_t *stage_tokens_of(struct stage *s, const struct keeper_open *in);
/* Accepts a batch of these persons and opens it. */
uint8_t *stage_tokens_in(
        struct stage *s, const char *dataset, municipality_t m, unsigned first, uint32_t rows);

#endif
