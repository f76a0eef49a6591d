/* SPDX-License-Identifier: Apache-2.0 */
/* box.h: personal numbers on their way from a municipality to the keeper.
 *
 * A sealed box (libsodium crypto_box_seal: X25519 with a key pair made for this box alone,
 * XSalsa20-Poly1305) that the keeper opens and nobody else. Who sealed it is not in it: the
 * municipality's signature beside it tells, so that whoever has taken over the gateway cannot
 * seal numbers of its own.
 *
 *   plain      head 32 ‖ u32 rows ‖ u32 guardians ‖ ids rows × 12 ‖ kinds rows
 *              ‖ guardian ids × 12 ‖ guardian kinds                     (little-endian)
 *   head       SHA-256 over u32-framed pieces: use, key id, municipality (four digits),
 *              data set, submission (16), sequence (u32), rows (u32)
 *   signature  Ed25519, label "statgate/box/1", over head ‖ SHA-256(box)
 *
 * The head stands inside the box and is never sent: both sides compute it. A box that is
 * carried to another municipality, data set, submission, place, use or keeper opens and does
 * not fit. `use` tells a row of a delivery from a person to be erased: a box for the one can
 * never be had as the other. A box of one record's key has, behind its head, u32 length ‖ the key
 * and NULs up to 24 bytes instead, so that it does not tell how long the key is. Vectors:
 * tests/vectors/boxes.txt. */
#ifndef STATGATE_CRYPTO_BOX_H
#define STATGATE_CRYPTO_BOX_H

#include "base/batch.h"
#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/sign.h"

struct secret;

enum {
        BOX_PUBLIC_LEN = 32,
        BOX_SECRET_LEN = 32,
        BOX_OVERHEAD = 48, /* of libsodium, beside the plain text */
        BOX_KEY_ID_LEN = 16,
        BOX_PLAIN_FIXED = 32 + 4 + 4,
        BOX_PER_PERSON = PERSON_ID_LEN + 1,
        BOX_RECORD_PLAIN = 32 + 4 + RECORD_KEY_MAX_LEN,
        BOX_RECORD_LEN = BOX_RECORD_PLAIN + BOX_OVERHEAD,
};
#define BOX_LABEL "statgate/box/1"

/* What a box is for; part of its head, by these words. */
#define BOX_USES(USE)                                                                              \
        USE(BATCH, "batch")   /* the persons of a batch of a delivery */                           \
        USE(ERASE, "erase")   /* one person, to be erased; sequence and rows 0 and 1 */            \
        USE(ALIAS, "alias")   /* rows: the number that was; guardians: that which it became */     \
        USE(RECORD, "record") /* the key of one record, to be erased; rows 1 */
enum box_use {
        BOX_NONE = 0,
#define BOX_ENUM(name, word) BOX_##name,
        BOX_USES(BOX_ENUM)
#undef BOX_ENUM
};

struct box_head {
        enum box_use use;
        uint32_t sequence, rows;
        municipality_t municipality; /* 0 where none is concerned */
        char key_id[BOX_KEY_ID_LEN + 1];
        char dataset[NAME_MAX_LEN + 1]; /* "" where no data set is concerned */
        struct submission_id submission;
};

/* The persons in a box. Opening borrows from the plain text. */
struct box_persons {
        uint32_t rows, guardians;
        struct person_column persons, guardian_persons;
};

MUST_CHECK enum err box_keygen(struct secret **out_secret, uint8_t out_public[BOX_PUBLIC_LEN]);
MUST_CHECK enum err box_public_of(const struct secret *key, uint8_t out_public[BOX_PUBLIC_LEN]);
/* First 8 bytes of SHA-256 of the public key, as 16 lower-case hexadecimal digits. */
void box_key_id(const uint8_t public_key[BOX_PUBLIC_LEN], char out[BOX_KEY_ID_LEN + 1]);

/* ERR_INVALID: a use, key id, municipality or data set that cannot be. */
MUST_CHECK enum err box_head_digest(const struct box_head *head, struct digest *out);

static inline size_t box_plain_len(uint32_t rows, uint32_t guardians)
{
        return BOX_PLAIN_FIXED + BOX_PER_PERSON * ((size_t)rows + guardians);
}

/* Client side. `out` has room for box_plain_len + BOX_OVERHEAD bytes. The plain text lives in
 * locked, guarded memory while it is sealed, and is wiped. ERR_INVALID: a head that cannot be,
 * other rows than the head says, more than a batch can hold, or a key that is no key. */
MUST_CHECK enum err box_seal(const uint8_t public_key[BOX_PUBLIC_LEN], const struct box_head *head,
        const struct box_persons *in, uint8_t *out);
/* The key of one record; 1 to RECORD_KEY_MAX_LEN bytes without NUL. */
MUST_CHECK enum err box_seal_record(const uint8_t public_key[BOX_PUBLIC_LEN],
        const struct box_head *head, struct bytes key, uint8_t out[BOX_RECORD_LEN]);
MUST_CHECK enum err box_sign(const struct secret *submission_key, const struct box_head *head,
        struct bytes box, uint8_t out[SIGNATURE_LEN]);
/* ERR_TAMPERED. */
MUST_CHECK enum err box_check(const uint8_t submission_public[SIGN_PUBLIC_LEN],
        const struct box_head *head, struct bytes box, const uint8_t signature[SIGNATURE_LEN]);

/* Keeper side. `plain` has room for box.len - BOX_OVERHEAD bytes; it is wiped on any error.
 * ERR_BOX_CLOSED: not sealed to this key, or a byte is wrong; ERR_BOX_MISPLACED: it opens, and
 * was sealed for another place; ERR_MALFORMED: lengths inside do not add up. */
MUST_CHECK enum err box_open(const struct secret *key, const uint8_t public_key[BOX_PUBLIC_LEN],
        const struct box_head *head, struct bytes box, uint8_t *plain, struct box_persons *out);
/* The same for the key of a record, which is borrowed from `plain`. */
MUST_CHECK enum err box_open_record(const struct secret *key,
        const uint8_t public_key[BOX_PUBLIC_LEN], const struct box_head *head, struct bytes box,
        uint8_t plain[BOX_RECORD_PLAIN], struct bytes *out);

#endif
