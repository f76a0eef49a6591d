/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_keyring.c: any bytes as a keyring.
 *
 * First byte even: the rest is a blob as it lies on the disk, with its checksum
 * mended, up to where the passphrase would be asked for. Odd: the rest is the
 * plain body, as if the seal had held. A body that is accepted must be written and
 * read again as the same keyring. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "crypto/keyring_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void blob_try(const uint8_t *data, size_t len)
{
        struct keyring_header header = {0};
        struct bytes aad, sealed;
        struct digest checksum;
        uint8_t *blob = malloc(len + sizeof checksum.bytes);

        if (blob == NULL)
                return;
        memcpy(blob, data, len);
        digest_of(bytes_of(blob, len), &checksum);
        memcpy(blob + len, checksum.bytes, sizeof checksum.bytes);
        if (keyring_blob_split(bytes_of(blob, len + sizeof checksum.bytes), &header, &aad,
                    &sealed) == ERR_OK) {
                must(header.locks_len > 0 && header.generation > 0);
                must(aad.len + sealed.len == len);
        }
        free(blob);
}

static void written_again(struct keyring *k)
{
        OWNED(secret_free) struct secret *key = NULL;
        OWNED(keyring_free) struct keyring *again = NULL;
        OWNED(buf_done) struct buf out;
        struct keyring_header header = {0};
        struct bytes aad, sealed;
        uint64_t generation = 0;

        buf_init(&out, KEYRING_BLOB_MAX);
        if (secret_random(32, &key) != ERR_OK || keyring_pairs_make(k, 1) != ERR_OK ||
                keyring_lock_hsm(k, key, bytes_of_text("wrapped"), "", 1) != ERR_OK ||
                keyring_seal(k, &out, &generation) != ERR_OK)
                return;
        must(keyring_blob_split(bytes_of(out.data, out.len), &header, &aad, &sealed) == ERR_OK);
        must(header.generation == generation);
        must(keyring_open_hsm(bytes_of(out.data, out.len), key, &again) == ERR_OK);
        must(again->domains_len == k->domains_len && again->linkages_len == k->linkages_len &&
                again->notes_len == k->notes_len);
}

static void body_try(uint32_t version, const uint8_t *data, size_t len)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        enum err e;

        if (keyring_blank(&k) != ERR_OK)
                return;
        k->header.version = version;
        e = keyring_body_read(bytes_of(data, len), k);
        must(e == ERR_OK || e == ERR_KEYRING || e == ERR_NO_MEMORY);
        if (e != ERR_OK)
                return;
        for (size_t i = 0; i < k->domains_len; i++) {
                struct keyring_domain_info info;

                keyring_domain_info(k, i, &info);
                must((keyring_domain_find(k, &info.name) != NULL) == (info.epoch != 0));
                must(keyring_domain_ready(k, &info.name) == (info.epoch != 0));
                must(info.oldest <= info.epoch && info.epoch <= info.highest);
        }
        for (size_t i = 0; i < k->linkages_len; i++)
                must(keyring_linkage_find(k, k->linkages[i]->name) == k->linkages[i]->key);
        written_again(k);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        if (len == 0 || crypto_init(1 << 20, false) != ERR_OK)
                return 0;
        if (data[0] % 2 == 0)
                blob_try(data + 1, len - 1);
        else
                body_try(KEYRING_BLOB_FIRST + (data[0] >> 1) % KEYRING_BLOB_VERSION, data + 1,
                        len - 1);
        return 0;
}
