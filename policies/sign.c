/* SPDX-License-Identifier: Apache-2.0 */
/* sign.c: an officer's name under the canonical bytes.
 *
 * What is signed is made here, from the YAML that was just read, and never taken
 * from a file: an officer who signs has signed what the text in front of him says. */
#include "policies/sign.h"

#include <string.h>

#include "crypto/sign.h"

static enum err make_signature(
        struct bytes canonical, const struct secret *key, struct bundle_signature *out)
{
        struct bundle_signature s;

        TRY(sign_public_of(key, s.public_key));
        TRY(sign_make(key, BUNDLE_LABEL, canonical, s.signature));
        *out = s;
        return ERR_OK;
}

enum err bundle_sign(const struct policy *p, const struct secret *key, struct buf *out)
{
        struct signed_bundle b = {.canonical = policy_canonical(p), .signatures_len = 1};

        TRY(make_signature(b.canonical, key, &b.signatures[0]));
        return signed_bundle_encode(&b, out);
}

enum err bundle_sign_also(
        const struct policy *p, const struct secret *key, struct bytes file, struct buf *out)
{
        struct signed_bundle b;
        struct bundle_signature *mine;

        TRY(signed_bundle_decode(file, &b));
        if (!bytes_equal(b.canonical, policy_canonical(p)))
                return ERR_POLICY_REFUSED;
        if (b.signatures_len == SIGNATURES_MAX)
                return ERR_LIMIT;
        mine = &b.signatures[b.signatures_len];
        TRY(make_signature(b.canonical, key, mine));
        for (uint32_t i = 0; i < b.signatures_len; i++)
                if (memcmp(b.signatures[i].public_key, mine->public_key, sizeof mine->public_key) ==
                        0)
                        return ERR_CONFLICT;
        b.signatures_len++;
        return signed_bundle_encode(&b, out);
}

static bool is_signer(const uint8_t key[32], const uint8_t *signers, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                if (memcmp(signers + (size_t)i * 32, key, 32) == 0)
                        return true;
        return false;
}

enum err bundle_check(struct bytes file, const uint8_t *signers, uint32_t signers_len,
        struct bytes *out_canonical, uint32_t *out_valid)
{
        struct signed_bundle b;
        uint32_t valid = 0;

        TRY(signed_bundle_decode(file, &b));
        for (uint32_t i = 0; i < b.signatures_len; i++) {
                const struct bundle_signature *s = &b.signatures[i];

                if (!is_signer(s->public_key, signers, signers_len))
                        continue;
                if (sign_check(s->public_key, BUNDLE_LABEL, b.canonical, s->signature) != ERR_OK)
                        return ERR_POLICY_SIGNATURE;
                valid++;
        }
        if (valid == 0)
                return ERR_POLICY_SIGNATURE;
        *out_canonical = b.canonical;
        *out_valid = valid;
        return ERR_OK;
}
