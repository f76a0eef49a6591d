/* SPDX-License-Identifier: Apache-2.0 */
/* store_pieces.h: sealed bytes, read out of the database with SQLite's own hands, to be searched
 * for in the raw files afterwards, log and free pages included. */
#ifndef STATGATE_TESTS_SUPPORT_STORE_PIECES_H
#define STATGATE_TESTS_SUPPORT_STORE_PIECES_H

#include "tests/support/gateway_world.h"

enum { PIECE = 16, PIECES_MAX = 4096 };

struct pieces {
        uint8_t bytes[PIECES_MAX][PIECE];
        unsigned len;
};

/* Pieces of every seal of one delivery (NULL: of all), one in 64 bytes. There must be some. */
void pieces_remember(struct world *w, struct pieces *p, const struct submission_id *id);
/* How many of them lie in some file of the store. */
unsigned pieces_still_there(struct world *w, const struct pieces *p);

#endif
