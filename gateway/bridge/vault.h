/* SPDX-License-Identifier: Apache-2.0 */
/* vault.h: the sealed state in the custodian's folder, and a memory of which one was last in use.
 *
 * The state is written as the gateway writes it (keeper/state_file.c). Beside it stands its
 * *mark*: the generation that was confirmed last, and the digest of that state. A state that is
 * older than its mark, or another one of the same number, is refused: somebody has put a copy
 * back, and with it keys that were ended since. */
#ifndef STATGATE_GATEWAY_BRIDGE_VAULT_H
#define STATGATE_GATEWAY_BRIDGE_VAULT_H

#include "base/bytes.h"
#include "base/terms.h"

struct vault_mark {
        uint64_t generation; /* 0: there is none */
        struct digest state;
};

struct vault {
        char *state_path, *mark_path;
        struct vault_mark mark, written; /* confirmed; on disk and not confirmed yet */
};

/* The mark stands at `state_path`.mark. ERR_CORRUPT: it cannot be read. */
MUST_CHECK enum err vault_open(const char *state_path, struct vault *out);
void vault_done(struct vault *v);

/* The state on disk, at most `room` bytes. ERR_ROLLED_BACK; ERR_KEYRING; ERR_UNREADABLE. */
MUST_CHECK enum err vault_read(struct vault *v, uint8_t *out, size_t room, size_t *out_len);
/* Durable on return. `twice`: the copy beside it must not hold what was before. ERR_KEYRING: it
 * is no state, or not of this generation. */
MUST_CHECK enum err vault_write(
        struct vault *v, uint64_t generation, struct bytes state, bool twice);
/* The generation that was read or written last is in use from now on; durable on return.
 * ERR_OUT_OF_ORDER: it is another. */
MUST_CHECK enum err vault_confirm(struct vault *v, uint64_t generation);
/* In a ceremony: whatever state lies there is the one in use. */
MUST_CHECK enum err vault_adopt(struct vault *v, uint64_t *out_before, uint64_t *out_now);

#endif
