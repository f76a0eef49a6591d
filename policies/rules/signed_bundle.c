/* SPDX-License-Identifier: Apache-2.0 */
/* signed_bundle.c: the file that carries a canonical bundle and its signatures, of which there
 * is at least one. */
#include "policies/rules/rules.h"
#include "policies/rules/signatures.h"

static bool counts_hold(const struct signed_bundle *b)
{
        return b->canonical.len > 0 && b->canonical.len <= RULES_CANONICAL_MAX &&
               b->signatures_len > 0;
}

enum err signed_bundle_decode(struct bytes file, struct signed_bundle *out)
{
        struct reader in = reader_of(file);
        struct signed_bundle b = {0};

        TRY(read_bytes(&in, RULES_CANONICAL_MAX, &b.canonical));
        TRY(signatures_read(&in, b.signatures, &b.signatures_len));
        if (!counts_hold(&b))
                return ERR_MALFORMED;
        *out = b;
        return ERR_OK;
}

enum err signed_bundle_encode(const struct signed_bundle *in, struct buf *out)
{
        struct bytes whole;

        if (!counts_hold(in))
                return ERR_INVALID;
        put_bytes(out, in->canonical);
        TRY(signatures_put(in->signatures, in->signatures_len, out));
        return buf_end(out, &whole);
}
