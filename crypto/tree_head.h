/* SPDX-License-Identifier: Apache-2.0 */
/* tree_head.h: the keeper says what the audit log was at a moment.
 *
 * Whoever holds a head can hold the log to it for ever. The keeper signs only what extends the
 * head it signed last.
 *
 *   signature  Ed25519, label "statgate/head/1", over size u64 ‖ root 32 ‖ at_ms i64,
 *              little-endian
 *
 * As text, for witnesses: one line, "statgate-head 1 SIZE ROOT AT_MS KEY_ID SIGNATURE", numbers
 * in decimal, the others in lower-case hex. */
#ifndef STATGATE_CRYPTO_TREE_HEAD_H
#define STATGATE_CRYPTO_TREE_HEAD_H

#include "crypto/box.h"
#include "crypto/sign.h"

struct tree_head {
        uint64_t size;
        struct digest root;
        int64_t at_ms;
        char key_id[BOX_KEY_ID_LEN + 1]; /* of the signing key, as box_key_id */
        uint8_t signature[SIGNATURE_LEN];
};

/* Fills in the signature. */
MUST_CHECK enum err tree_head_sign(const struct secret *signing_key, struct tree_head *head);
MUST_CHECK enum err tree_head_sign_by(const struct signer *signer, struct tree_head *head);
/* ERR_TAMPERED. */
MUST_CHECK enum err tree_head_check(
        const uint8_t signing_public[SIGN_PUBLIC_LEN], const struct tree_head *head);

enum { TREE_HEAD_TEXT_MAX = 320 };
/* NUL-terminated, with a newline. */
void tree_head_format(const struct tree_head *head, char out[TREE_HEAD_TEXT_MAX]);
/* One line, with or without its newline. ERR_MALFORMED. */
MUST_CHECK enum err tree_head_parse(struct bytes line, struct tree_head *out);

#endif
