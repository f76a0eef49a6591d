/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h: officers agree that the audit log goes on from a backup.
 *
 *   file       u32-framed statement ‖ u8 n ‖ n × (32 bytes public key ‖ 64 bytes signature)
 *   statement  "statgate/restore/1" 0 ‖ known size u64 ‖ known root 32 ‖ size u64 ‖ root 32 ‖
 *              why, u32-framed, printable, at most 200 bytes
 *
 * Known is what the keeper remembers. Signatures are over the statement with the label
 * "statgate/restore/1". */
#ifndef STATGATE_POLICIES_RULES_RESTORE_H
#define STATGATE_POLICIES_RULES_RESTORE_H

#include "policies/rules/rules.h"

struct secret;

#define RESTORE_LABEL "statgate/restore/1"

struct restore_statement {
        uint64_t known_size, size;
        struct digest known_root, root;
        struct bytes why;
};
MUST_CHECK enum err restore_encode(const struct restore_statement *in, struct buf *out);
MUST_CHECK enum err restore_decode(struct bytes statement, struct restore_statement *out);

/* The file, with as many signatures as officers gave; the statement is borrowed.
 * ERR_POLICY_SIGNATURE unless enough of `who` signed. */
MUST_CHECK enum err restore_check(
        struct bytes file, const struct authority *who, struct restore_statement *out);
/* `file` empty: a first signature; otherwise one more. ERR_CONFLICT: this key has signed. */
MUST_CHECK enum err restore_sign(
        struct bytes statement, const struct secret *key, struct bytes file, struct buf *out);

#endif
