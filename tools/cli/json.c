/* SPDX-License-Identifier: Apache-2.0 */
/* json.c: strings for JSON. What comes in is UTF-8 already (the wire's decoder saw
 * to it), so only quotes, backslashes and control characters need an escape. */
#include "tools/cli/json.h"

void json_text(FILE *to, struct bytes text)
{
        (void)putc_unlocked('"', to);
        for (size_t i = 0; i < text.len; i++) {
                uint8_t c = text.data[i];

                if (c < 0x20 || c == 0x7F) {
                        (void)fprintf(to, "\\u%04x", c);
                        continue;
                }
                if (c == '"' || c == '\\')
                        (void)putc_unlocked('\\', to);
                (void)putc_unlocked(c, to);
        }
        (void)putc_unlocked('"', to);
}

void json_digest(FILE *to, const struct digest *d)
{
        char hex[2 * sizeof d->bytes + 1];

        hex_encode(bytes_of(d->bytes, sizeof d->bytes), hex);
        (void)fprintf(to, "\"%s\"", hex);
}
