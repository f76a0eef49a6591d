/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_share.c: any text as an officer's share. What is read is written as a share that
 * reads the same. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "crypto/share.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(share_done) struct share read = {.part = NULL};
        OWNED(share_done) struct share again = {.part = NULL};
        OWNED(secret_free) struct secret *text = NULL;
        enum err e;

        if (crypto_init(1 << 16, false) != ERR_OK)
                return 0;
        e = share_read(bytes_of(data, len), &read);
        must(e == ERR_OK || e == ERR_SHARE_TEXT);
        must((read.part != NULL) == (e == ERR_OK));
        if (e != ERR_OK)
                return 0;
        must(share_write(&read, &text) == ERR_OK);
        must(share_read(bytes_of_text((const char *)secret_view(text)), &again) == ERR_OK);
        must(again.number == read.number && again.required == read.required &&
                again.total == read.total && memcmp(again.set, read.set, sizeof read.set) == 0 &&
                secret_equal(again.part, read.part));
        return 0;
}
