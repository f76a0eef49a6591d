/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h: officers agree that the audit log goes on from a backup.
 *
 *   file       u32-framed statement ‖ u8 n ‖ n × (32 bytes public key ‖ 64 bytes signature)
 *   statement  "statgate/restore/1" 0 ‖ known size u64 ‖ known root 32 ‖ size u64 ‖ root 32 ‖
 *              why, u32-framed, printable, at most 200 bytes
 *
 * Known is what the keeper remembers, and is never nothing. The rest is the log that is there, from
 * which it shall go on; of no entries, its root is that of the empty tree. Signatures are over the
 * statement with the label "statgate/restore/1". With no signature and no `why` a file is what the
 * gateway leaves when it does not start: what there is to agree to. */
#ifndef STATGATE_POLICIES_RULES_RESTORE_H
#define STATGATE_POLICIES_RULES_RESTORE_H

#include "policies/rules/rules.h"

struct secret;

#define RESTORE_LABEL "statgate/restore/1"
enum { RESTORE_WHY_MAX = 200, RESTORE_STATEMENT_MAX = 512, RESTORE_FILE_MAX = 4096 };

struct restore_statement {
        uint64_t known_size, size;
        struct digest known_root, root;
        struct bytes why;
};
/* ERR_INVALID: what restore_decode would not read. */
MUST_CHECK enum err restore_encode(const struct restore_statement *in, struct buf *out);
MUST_CHECK enum err restore_decode(struct bytes statement, struct restore_statement *out);

/* A file as it lies there; nothing is believed yet. */
struct signed_restore {
        struct bytes bytes; /* of the statement; borrowed */
        struct restore_statement statement;
        uint32_t signatures_len;
        struct bundle_signature signatures[SIGNATURES_MAX]; /* by different keys */
};
MUST_CHECK enum err restore_file_decode(struct bytes file, struct signed_restore *out);
/* A file without signatures. */
MUST_CHECK enum err restore_file_begin(const struct restore_statement *in, struct buf *out);

/* The file, with as many signatures as officers gave; the statement is borrowed.
 * ERR_POLICY_SIGNATURE unless enough of `who` signed; ERR_MALFORMED, also where it does not
 * say why. */
MUST_CHECK enum err restore_check(
        struct bytes file, const struct authority *who, struct restore_statement *out);
/* `file` empty: a first signature; otherwise one more. ERR_CONFLICT: this key has signed;
 * ERR_INVALID: the file has another statement, or it does not say why; ERR_LIMIT. */
MUST_CHECK enum err restore_sign(
        struct bytes statement, const struct secret *key, struct bytes file, struct buf *out);

#endif
