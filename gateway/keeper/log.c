/* SPDX-License-Identifier: Apache-2.0 */
/* log.c: the questions of log.h, one function each.
 *
 * Signing changes what the keeper remembers and not what lies on disk, so it waits for nobody
 * who changes the state; a restored log is a change of the state like any other. */
#include "gateway/keeper/log.h"

#include <string.h>

#include "gateway/keeper/ask.h"
#include "policies/rules/restore.h"

enum err keeper_log_known(struct keeper *k, uint64_t *out_size, struct digest *out_root)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct digest root;
        uint64_t size;

        TRY(ask_begin(k, KEEPER_LOG_KNOWN, &ask));
        TRY(ask_send(&ask));
        TRY(read_u64(&ask.answer, &size));
        TRY(keeper_read_digest(&ask.answer, &root));
        *out_size = size;
        *out_root = root;
        return ERR_OK;
}

static enum err read_signed(struct reader *in, struct tree_head *head)
{
        struct bytes id, signature;

        TRY(read_i64(in, &head->at_ms));
        TRY(read_fixed(in, BOX_KEY_ID_LEN, &id));
        TRY(read_fixed(in, SIGNATURE_LEN, &signature));
        memcpy(head->key_id, id.data, id.len);
        memcpy(head->signature, signature.data, signature.len);
        return ERR_OK;
}

enum err keeper_sign_head(struct keeper *k, uint64_t size, const struct digest *root,
        const struct merkle_proof *proof, struct tree_head *out)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};
        struct tree_head head = {.size = size, .root = *root};

        if (proof->len > MERKLE_PROOF_MAX)
                return ERR_INVALID;
        TRY(ask_begin(k, KEEPER_SIGN_HEAD, &ask));
        put_u64(&ask.payload, size);
        put_raw(&ask.payload, root->bytes, sizeof root->bytes);
        put_u8(&ask.payload, (uint8_t)proof->len);
        for (uint32_t i = 0; i < proof->len; i++)
                put_raw(&ask.payload, proof->hashes[i].bytes, sizeof proof->hashes[i].bytes);
        TRY(ask_send(&ask));
        TRY(read_signed(&ask.answer, &head));
        *out = head;
        return ERR_OK;
}

static enum err restore_log(struct keeper *k, struct bytes file)
{
        OWNED(ask_end) struct ask ask = {.k = NULL};

        if (file.len > RESTORE_FILE_MAX)
                return ERR_MALFORMED;
        TRY(ask_begin(k, KEEPER_RESTORE_LOG, &ask));
        if (file.len > 0)
                memcpy(ask.slot, file.data, file.len);
        ask.bulk = file.len;
        return ask_and_save(&ask, SAVE_ONCE);
}

enum err keeper_restore_log(struct keeper *k, struct bytes file)
{
        WITH_STATE_LOCK(k, restore_log(k, file));
}
