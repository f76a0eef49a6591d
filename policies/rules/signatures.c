/* SPDX-License-Identifier: Apache-2.0 */
/* signatures.c: officers' signatures, read, written and counted in one place, since a bundle and
 * a restored log stand on the same officers. Reading verifies nothing: who may sign is known to
 * whoever counts. */
#include "policies/rules/signatures.h"

#include <string.h>

#include "crypto/sign.h"

static bool keys_differ(const struct bundle_signature *list, uint32_t len)
{
        for (uint32_t i = 0; i < len; i++)
                for (uint32_t j = 0; j < i; j++)
                        if (memcmp(list[i].public_key, list[j].public_key,
                                    sizeof list[i].public_key) == 0)
                                return false;
        return true;
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

enum err signatures_read(struct reader *in, struct bundle_signature *out, uint32_t *out_len)
{
        uint8_t len;

        TRY(read_u8(in, &len));
        if (len > SIGNATURES_MAX)
                return ERR_MALFORMED;
        for (uint32_t i = 0; i < len; i++)
                TRY(read_signature(in, &out[i]));
        TRY(read_end(in));
        if (!keys_differ(out, len))
                return ERR_MALFORMED;
        *out_len = len;
        return ERR_OK;
}

enum err signatures_put(const struct bundle_signature *list, uint32_t len, struct buf *out)
{
        if (len > SIGNATURES_MAX || !keys_differ(list, len))
                return ERR_INVALID;
        put_u8(out, (uint8_t)len);
        for (uint32_t i = 0; i < len; i++) {
                put_raw(out, list[i].public_key, sizeof list[i].public_key);
                put_raw(out, list[i].signature, sizeof list[i].signature);
        }
        return ERR_OK;
}

static bool is_theirs(const struct authority *who, const uint8_t key[OFFICER_KEY_LEN])
{
        for (uint32_t i = 0; i < who->len; i++)
                if (memcmp(who->keys + (size_t)i * OFFICER_KEY_LEN, key, OFFICER_KEY_LEN) == 0)
                        return true;
        return false;
}

enum err signatures_count(const struct bundle_signature *list, uint32_t len, const char *label,
        struct bytes statement, const struct authority *who, uint32_t *out_valid)
{
        uint32_t valid = 0;

        for (uint32_t i = 0; i < len; i++) {
                if (!is_theirs(who, list[i].public_key))
                        continue;
                if (sign_check(list[i].public_key, label, statement, list[i].signature) != ERR_OK)
                        return ERR_POLICY_SIGNATURE;
                valid++;
        }
        *out_valid = valid;
        return ERR_OK;
}
