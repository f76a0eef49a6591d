/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_yaml.c: any bytes are a tree within the ceilings, or a complaint with a
 * place; every text of a tree is where it says and ends with NUL.
 *
 * Fuzz with ASAN_OPTIONS=detect_leaks=0: libfyaml 0.7.12 loses its scratch buffer (1 KiB) when a
 * quoted text with many escapes is not closed. Nothing of the corpus does that, so
 * that ordinary runs still see leaks of ours. */
#include <stdint.h>
#include <stdlib.h>

#include "policies/yaml.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(bool held)
{
        if (!held)
                abort();
}

static void walk(const struct yaml *y, unsigned depth)
{
        require(depth <= YAML_DEPTH_MAX && y->line > 0 && y->column > 0);
        if (y->kind == YAML_SCALAR)
                require(y->text.data[y->text.len] == '\0');
        for (uint32_t i = 0; i < y->len; i++) {
                if (y->kind == YAML_MAPPING)
                        require(y->keys[i].len > 0 && y->key_places[i].line > 0);
                walk(&y->items[i], depth + 1);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *a = arena_new(64 << 20);
        struct refusal why = {0};
        struct yaml *y = NULL;
        enum err rc = yaml_read_text(a, "fuzz.yaml", bytes_of(data, len), &y, &why);

        require((rc == ERR_OK) == (y != NULL));
        if (rc == ERR_OK)
                walk(y, 0);
        else
                require(rc == ERR_NO_MEMORY || (rc == ERR_CONFIG && why.len > 0));
        return 0;
}
