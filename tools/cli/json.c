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

void json_hex(FILE *to, struct bytes bytes)
{
        (void)putc_unlocked('"', to);
        for (size_t i = 0; i < bytes.len; i++)
                (void)fprintf(to, "%02x", bytes.data[i]);
        (void)putc_unlocked('"', to);
}

void json_digest(FILE *to, const struct digest *d)
{
        json_hex(to, bytes_of(d->bytes, sizeof d->bytes));
}

void json_base64(FILE *to, struct bytes bytes)
{
        static const char digits[] =
                "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

        (void)putc_unlocked('"', to);
        for (size_t i = 0; i < bytes.len; i += 3) {
                size_t left = bytes.len - i;
                uint32_t bits = (uint32_t)bytes.data[i] << 16;

                bits |= left > 1 ? (uint32_t)bytes.data[i + 1] << 8 : 0;
                bits |= left > 2 ? bytes.data[i + 2] : 0;
                for (size_t k = 0; k < 4; k++)
                        (void)putc_unlocked(
                                k <= left ? digits[bits >> (18 - 6 * k) & 63] : '=', to);
        }
        (void)putc_unlocked('"', to);
}
