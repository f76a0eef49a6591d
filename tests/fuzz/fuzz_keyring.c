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
                must(keyring_cost_is_sane(header.cost) && header.generation > 0);
                must(aad.len + sealed.len == len);
        }
        free(blob);
}

static void written_again(struct keyring *k)
{
        OWNED(buf_done) struct buf out;
        struct keyring_header header = {0};
        struct bytes aad, sealed;
        uint64_t generation = 0;

        buf_init(&out, KEYRING_BLOB_MAX);
        k->header.cost = (struct keyring_cost){8, 1};
        if (secret_random(32, &k->master) != ERR_OK || keyring_seal(k, &out, &generation) != ERR_OK)
                return;
        must(keyring_blob_split(bytes_of(out.data, out.len), &header, &aad, &sealed) == ERR_OK);
        must(header.generation == generation);
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
                must(keyring_domain_find(k, &k->domains[i]->name) == &k->domains[i]->keys);
                must(keyring_domain_ready(k, &k->domains[i]->name));
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
