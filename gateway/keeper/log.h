/* SPDX-License-Identifier: Apache-2.0 */
/* log.h: the asking side of what the keeper does for the audit log.
 *
 * It remembers the last head it signed and signs only what extends that. What it remembers travels
 * with its state, some seconds late; after a crash it holds the log to what it still knows. */
#ifndef STATGATE_GATEWAY_KEEPER_LOG_H
#define STATGATE_GATEWAY_KEEPER_LOG_H

#include "crypto/merkle.h"
#include "crypto/tree_head.h"
#include "gateway/keeper/keeper.h"

/* What the keeper remembers; size 0, and the root of the empty tree: nothing was ever signed. */
MUST_CHECK enum err keeper_log_known(struct keeper *k, uint64_t *out_size, struct digest *out_root);

/* `proof`: of consistency, from what the keeper remembers (keeper_log_known, or the head
 * before) to this. The same size once more is an extension, with a later time. ERR_LOG_CHANGED: it
 * is none; also when an answer was lost, since then the keeper remembers more than its caller: ask
 * for what it knows. */
MUST_CHECK enum err keeper_sign_head(struct keeper *k, uint64_t size, const struct digest *root,
        const struct merkle_proof *proof, struct tree_head *out);

/* A log that was restored from a backup, and is shorter than what was signed, or another. Officers
 * who may sign a bundle agree to it, as many of them as that takes: they sign what the keeper
 * remembers, what it shall remember instead, and why (policies/rules/restore.h). On disk on return.
 * ERR_POLICY_SIGNATURE, ERR_MALFORMED; ERR_CONFLICT: it is not about what the keeper remembers now,
 * or was used before. The one used last may be given again while nothing was signed since, so that
 * whoever was interrupted can go on. */
MUST_CHECK enum err keeper_restore_log(struct keeper *k, struct bytes file);

#endif
