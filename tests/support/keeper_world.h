/* SPDX-License-Identifier: Apache-2.0 */
/* keeper_world.h: a folder, a signer, a bundle and people who do not exist, for
 * tests of the keeper. What cannot be made ends the program. */
#ifndef STATGATE_TESTS_SUPPORT_KEEPER_WORLD_H
#define STATGATE_TESTS_SUPPORT_KEEPER_WORLD_H

#include "gateway/keeper/keeper.h"
#include "policies/rules/rules.h"

struct arena;
struct keeper_alias;

struct world {
        char folder[64], state[96];
        struct secret *signer;
        uint8_t signer_public[SIGN_PUBLIC_LEN];
        /* What 114 and 180 sign their boxes with; in the rules, for all times. */
        struct secret *submission_keys[2];
        struct arena *arena;
};

/* Cheap: {8 KiB, 1 pass}. */
extern const struct keyring_cost world_cost;

void world_open(struct world *w); /* crypto_init, a fresh folder, a signer */
void world_close(struct world *w);

/* A readable descriptor with this passphrase in it. */
int world_passphrase(const char *text);

/* Data sets: anmalan (person required, guardians, local ids), placering (person
 * optional, local ids), enkat (no person), sluten (no clear ids). Municipalities 114,
 * 180, 1480. Linkages for the purpose "statistik": barn (anmalan and placering in 114
 * and 180), gammal (the same, expired in 2001). */
struct rules world_rules(const struct world *w, uint64_t version, const struct digest *predecessor);
/* The rules as a file signed by `signer`; in the arena. */
struct bytes world_bundle(const struct world *w, const struct rules *rules,
        const struct secret *signer, struct digest *out_digest);

/* Person number `i` as 12 digits with a right check digit; 0 <= i < 4,000,000. */
void world_person(unsigned i, uint8_t id[PERSON_ID_LEN]);

/* A batch of persons first .. first+rows-1 with record keys of eight bytes and a
 * body of `body_len` bytes; in the arena. */
struct keeper_accept world_batch(const struct world *w, const char *dataset, municipality_t m,
        unsigned first, uint32_t rows, size_t body_len);
/* The persons of a batch into a box for `to`, signed by `by`; what is left of them is NULL. In the
 * arena. */
void world_seal(const struct world *w, const struct keeper_public_key *to, const struct secret *by,
        struct keeper_accept *batch);
/* One person in a box for an erasure by municipality `m`, made at this time. */
struct keeper_person world_seal_person(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, unsigned person, int64_t at_ms);
struct keeper_person world_seal_record(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, const char *dataset, const char *key,
        int64_t at_ms);
/* What a municipality says of the days, and to take back what it said under an id. */
struct bytes world_sign_days(
        const struct world *w, const struct secret *by, const struct keeper_alias *in);
struct bytes world_sign_undo(const struct world *w, const struct secret *by, municipality_t m,
        const struct submission_id *id);
/* Person number was[i] became number became[i], in a box for ALIASES; days are 0. In the arena. */
struct keeper_alias world_seal_aliases(const struct world *w, const struct keeper_public_key *to,
        const struct secret *by, municipality_t m, const unsigned *was, const unsigned *became,
        uint32_t len, int64_t at_ms);
/* Two guardians for every row: persons `first` + 2i and `first` + 2i + 1. */
void world_guardians(const struct world *w, struct keeper_accept *batch, unsigned first);

#endif
