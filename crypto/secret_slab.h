/* SPDX-License-Identifier: Apache-2.0 */
/* secret_slab.h: for crypto/ alone. What a secret is made of, and many secrets of
 * one length side by side.
 *
 * libgcrypt's secure pool looks for room from its beginning, with 32 bytes of
 * bookkeeping a block: thirteen thousand keys one by one would cost seconds and a
 * third of the pool. A slab takes room for SLAB_SLOTS keys at once. */
#ifndef STATGATE_CRYPTO_SECRET_SLAB_H
#define STATGATE_CRYPTO_SECRET_SLAB_H

#include "crypto/secret.h"

struct secret {
        size_t len;
        uint8_t bytes[];
};

enum { SLAB_SLOTS = 192, SLAB_KEY_LEN = 32 };

struct secret_slab; /* a chain of them; NULL is the empty chain */

/* A free slot, zeroed, SLAB_KEY_LEN long; borrowed from the slab. */
MUST_CHECK enum err secret_slab_take(struct secret_slab **slab, struct secret **out);
/* Wipes the slot and gives it back, for another key. NULL is given back too. */
void secret_slab_give(struct secret_slab *slab, struct secret **slot);
void secret_slab_free(struct secret_slab **slab); /* wipes */

/* For what is too large or too many for the pool, personal numbers among it: pages of its own,
 * locked, out of core dumps, between guard pages, wiped when freed (libsodium's). NULL is
 * freed too. ERR_MEMORY_LOCK where they cannot be locked and have to be. */
MUST_CHECK enum err guarded_new(size_t len, uint8_t **out);
void guarded_free(uint8_t *at);

/* Whether crypto_init was asked to insist on locked memory. */
bool secret_lock_required(void);

#endif
