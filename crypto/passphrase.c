/* SPDX-License-Identifier: Apache-2.0 */
/* passphrase.c: from a passphrase to a key, slowly on purpose.
 *
 * Argon2id (RFC 9106) through libgcrypt and not libsodium, for three reasons: it
 * takes a pepper and lanes, so that the RFC's own vector can be checked at every
 * start; it wipes its blocks before it frees them; and its blocks come through the
 * allocator of secret.c, which locks them. libsodium maps its own memory, neither
 * locked nor wiped, and the last column of those blocks is the key.
 *
 * It runs once, at unseal, before the keeper locks all its memory for good. */
#include <gcrypt.h>

#include "base/fault.h"
#include "crypto/primitive.h"
#include "crypto/seal.h"
#include "crypto/secret.h"
#include "crypto/secret_slab.h"

enum err argon2id_derive(const struct argon2id *in, uint8_t out[KEY_LEN])
{
        const unsigned long cost[] = {KEY_LEN, in->passes, in->memory_kib, in->lanes};
        gcry_kdf_hd_t hd = NULL;
        gcry_error_t failed;

        if (fault_hit("alloc"))
                return ERR_NO_MEMORY;
        failed = gcry_kdf_open(&hd, GCRY_KDF_ARGON2, GCRY_KDF_ARGON2ID, cost, 4,
                in->passphrase.data, in->passphrase.len, in->salt.data, in->salt.len,
                in->pepper.data, in->pepper.len, in->data.data, in->data.len);
        if (failed != 0) {
                if (gcry_err_code(failed) != GPG_ERR_ENOMEM)
                        return ERR_INTERNAL;
                return secret_lock_required() ? ERR_MEMORY_LOCK : ERR_NO_MEMORY;
        }
        failed = gcry_kdf_compute(hd, NULL);
        if (failed == 0)
                failed = gcry_kdf_final(hd, KEY_LEN, out);
        gcry_kdf_close(hd);
        return failed == 0 ? ERR_OK : ERR_INTERNAL;
}

enum err passphrase_key(const struct secret *passphrase, const uint8_t salt[16],
        uint32_t memory_kib, uint32_t passes, struct secret **out)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct argon2id in = {
                .passphrase = bytes_of(secret_view(passphrase), secret_len(passphrase)),
                .salt = bytes_of(salt, 16),
                .memory_kib = memory_kib,
                .passes = passes,
                .lanes = 1,
        };

        TRY(secret_new(KEY_LEN, &key));
        TRY(argon2id_derive(&in, secret_bytes(key)));
        *out = key;
        key = NULL;
        return ERR_OK;
}
