/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_tree_head.c: any bytes as a line that a witness kept. There is one way to write a head:
 * what is read is what is written. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/tree_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void must(bool holds)
{
        if (!holds)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        char text[TREE_HEAD_TEXT_MAX];
        struct tree_head head;
        enum err e = tree_head_parse(bytes_of(data, len), &head);

        must(e == ERR_OK || e == ERR_MALFORMED);
        if (e != ERR_OK)
                return 0;
        tree_head_format(&head, text);
        must(strlen(text) == len + (data[len - 1] != '\n'));
        must(memcmp(text, data, strlen(text) - 1) == 0);
        return 0;
}
