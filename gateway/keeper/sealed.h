/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.h: how a batch lies in the store. Run side only.
 *
 *   u32 rows ‖ seal( u32 rows, u32 guardians, u32 body, u8 flags
 *                    ‖ pseudonyms rows × 16 ‖ tags rows × 12
 *                    ‖ [ counts rows ‖ guardian pseudonyms × 16 ]   if any guardians
 *                    ‖ body
 *                    ‖ [ u32 person epoch, u32 second
 *                        ‖ pseudonyms rows × 16 ‖ guardian pseudonyms × 16   if second > 0 ] )
 *
 * The last part says under which k_person the persons are named, where that is not the first
 * alone. While two live, both names stand there, so that whoever links finds the one that
 * everybody has, and nothing is lost when the older ends.
 *
 * Associated data: label, data set, municipality, epoch, submission, sequence and
 * rows, framed. So a batch opens only under its own name: moved to another
 * municipality, submission or place it is as good as destroyed. */
#ifndef STATGATE_GATEWAY_KEEPER_SEALED_H
#define STATGATE_GATEWAY_KEEPER_SEALED_H

#include "gateway/keeper/keeper.h"

struct secret;

/* Borrows whatever memory the batch was opened in, or is to be sealed from. */
struct sealed_batch {
        uint32_t rows, guardians;
        bool persons;
        uint32_t person_epoch;        /* of the pseudonyms; 0 is read as 1: the first there was */
        uint32_t second_epoch;        /* 0: the pseudonyms below are absent */
        uint8_t *pseudonyms;          /* rows × PSEUDONYM_LEN */
        uint8_t *tags;                /* rows × RECORD_TAG_LEN */
        uint8_t *counts;              /* rows; NULL without guardians */
        uint8_t *guardian_pseudonyms; /* guardians × PSEUDONYM_LEN */
        struct bytes body;
        uint8_t *second;           /* rows × PSEUDONYM_LEN */
        uint8_t *second_guardians; /* guardians × PSEUDONYM_LEN */
};

/* Bytes between the head of the plain text and the body; a second epoch takes less. */
size_t sealed_columns_len(uint32_t rows, uint32_t guardians);
/* Bytes of the whole thing, sealed. */
size_t sealed_len(const struct sealed_batch *b);

/* `out` has room for sealed_len(b). */
MUST_CHECK enum err sealed_write(const struct secret *data_key, const struct batch_name *name,
        uint32_t epoch, const struct sealed_batch *b, uint8_t *out);
/* Into `plain`, which has room for sealed.len bytes. ERR_TAMPERED. */
MUST_CHECK enum err sealed_open(const struct secret *data_key, const struct batch_name *name,
        uint32_t epoch, struct bytes sealed, uint8_t *plain, struct sealed_batch *out);

#endif
