/* SPDX-License-Identifier: Apache-2.0 */
/* answer_certificate.c: statement → leaf → root → signature, each from the one before.
 *
 * Nothing that the certificate claims of itself is believed on the way: the leaf is computed from
 * the statement, its place comes from the number that was hashed into it, and the root from a head
 * whose signature holds. The signature goes last, since it costs the most. */
#include "crypto/answer_certificate.h"

enum err answer_certificate_check(
        const struct answer_certificate *c, const uint8_t signing_public[SIGN_PUBLIC_LEN])
{
        struct digest open, commitment, leaf;

        leaf_part(c->salt, c->statement, &open);
        leaf_commitment(&open, &c->closed, &commitment);
        leaf_hash(c->number, c->at_ms, c->kind, &commitment, &leaf);
        TRY(merkle_check_inclusion(&leaf, c->number, c->head.size, &c->inclusion, &c->head.root));
        return tree_head_check(signing_public, &c->head);
}
