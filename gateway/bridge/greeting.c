/* SPDX-License-Identifier: Apache-2.0 */
/* greeting.c: two programs of different age say so at once, and not in the midst of a batch. */
#include "gateway/bridge/greeting.h"

#include "gateway/keeper/messages.h"

enum { BRIDGE_MAGIC = 0x31424753, /* "SGB1" */ BRIDGE_VERSION = 1 };

static void write_words(const uint32_t *words, unsigned len, uint8_t *out)
{
        for (unsigned i = 0; i < len; i++)
                for (unsigned b = 0; b < 4; b++)
                        *out++ = (uint8_t)(words[i] >> (8 * b));
}

void greeting_write(unsigned slots, uint8_t out[GREETING_LEN])
{
        const uint32_t words[] = {
                BRIDGE_MAGIC, BRIDGE_VERSION, KEEPER_PROTOCOL, slots, KEEPER_SLOT_LEN};

        write_words(words, ARRAY_LEN(words), out);
}

enum err greeting_read(const uint8_t in[GREETING_LEN], unsigned slots)
{
        uint8_t ours[GREETING_LEN];
        struct reader said = reader_of(bytes_of(in, GREETING_LEN));
        uint32_t magic;

        greeting_write(slots, ours);
        TRY(read_u32(&said, &magic));
        if (magic != BRIDGE_MAGIC)
                return ERR_MALFORMED;
        return bytes_equal(bytes_of(in, GREETING_LEN), bytes_of(ours, sizeof ours))
                       ? ERR_OK
                       : ERR_UNSUPPORTED;
}

void welcome_write(enum err e, uint8_t out[WELCOME_LEN])
{
        const uint32_t words[] = {BRIDGE_MAGIC, (uint32_t)e};

        write_words(words, ARRAY_LEN(words), out);
}

enum err welcome_read(const uint8_t in[WELCOME_LEN])
{
        struct reader said = reader_of(bytes_of(in, WELCOME_LEN));
        uint32_t magic, code;

        TRY(read_u32(&said, &magic));
        TRY(read_u32(&said, &code));
        return magic == BRIDGE_MAGIC && code < ERR_COUNT ? (enum err)code : ERR_MALFORMED;
}
