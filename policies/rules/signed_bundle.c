/* SPDX-License-Identifier: Apache-2.0 */
/* signed_bundle.c: the file that carries a canonical bundle and its signatures.
 *
 * Reading does not verify: who may sign is known to whoever reads (the keeper's
 * pinned signers). But a key that stands twice is refused here, so that one
 * officer can never be counted as two. */
#include "policies/rules/rules.h"

#include <string.h>

static bool keys_differ(const struct signed_bundle *b)
{
        for (uint32_t i = 0; i < b->signatures_len; i++)
                for (uint32_t j = 0; j < i; j++)
                        if (memcmp(b->signatures[i].public_key, b->signatures[j].public_key,
                                    sizeof b->signatures[i].public_key) == 0)
                                return false;
        return true;
}

static bool counts_hold(const struct signed_bundle *b)
{
        return b->canonical.len > 0 && b->canonical.len <= RULES_CANONICAL_MAX &&
               b->signatures_len > 0 && b->signatures_len <= SIGNATURES_MAX;
}

static enum err read_signature(struct reader *in, struct bundle_signature *out)
{
        struct bytes key, signature;

        TRY(read_fixed(in, sizeof out->public_key, &key));
        TRY(read_fixed(in, sizeof out->signature, &signature));
        memcpy(out->public_key, key.data, key.len);
        memcpy(out->signature, signature.data, signature.len);
        return ERR_OK;
}

enum err signed_bundle_decode(struct bytes file, struct signed_bundle *out)
{
        struct reader in = reader_of(file);
        struct signed_bundle b = {0};
        uint8_t len;

        TRY(read_bytes(&in, RULES_CANONICAL_MAX, &b.canonical));
        TRY(read_u8(&in, &len));
        b.signatures_len = len;
        if (!counts_hold(&b))
                return ERR_MALFORMED;
        for (uint32_t i = 0; i < b.signatures_len; i++)
                TRY(read_signature(&in, &b.signatures[i]));
        TRY(read_end(&in));
        if (!keys_differ(&b))
                return ERR_MALFORMED;
        *out = b;
        return ERR_OK;
}

enum err signed_bundle_encode(const struct signed_bundle *in, struct buf *out)
{
        struct bytes whole;

        if (!counts_hold(in) || !keys_differ(in))
                return ERR_INVALID;
        put_bytes(out, in->canonical);
        put_u8(out, (uint8_t)in->signatures_len);
        for (uint32_t i = 0; i < in->signatures_len; i++) {
                put_raw(out, in->signatures[i].public_key, sizeof in->signatures[i].public_key);
                put_raw(out, in->signatures[i].signature, sizeof in->signatures[i].signature);
        }
        return buf_end(out, &whole);
}
