/* SPDX-License-Identifier: Apache-2.0 */
/* csv_text.c: bytes in, characters out.
 *
 * Windows-1252 differs from ISO-8859-1 only in 0x80–0x9F (WHATWG Encoding
 * Standard, index windows-1252); five bytes there have no character. */
#include "tools/cli/csv_text.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

static const uint16_t windows_1252[32] = {
        0x20AC,
        0xFFFD,
        0x201A,
        0x0192,
        0x201E,
        0x2026,
        0x2020,
        0x2021,
        0x02C6,
        0x2030,
        0x0160,
        0x2039,
        0x0152,
        0xFFFD,
        0x017D,
        0xFFFD,
        0xFFFD,
        0x2018,
        0x2019,
        0x201C,
        0x201D,
        0x2022,
        0x2013,
        0x2014,
        0x02DC,
        0x2122,
        0x0161,
        0x203A,
        0x0153,
        0xFFFD,
        0x017E,
        0x0178,
};

/* The first name of each is the one we print. */
static const struct {
        enum csv_encoding encoding;
        const char *name;
} names[] = {
        {CSV_UTF8, "utf-8"},
        {CSV_UTF8, "utf8"},
        {CSV_WINDOWS_1252, "windows-1252"},
        {CSV_WINDOWS_1252, "cp1252"},
        {CSV_WINDOWS_1252, "ansi"},
        {CSV_ISO_8859_1, "iso-8859-1"},
        {CSV_ISO_8859_1, "latin1"},
        {CSV_ISO_8859_1, "latin-1"},
        {CSV_UTF16, "utf-16"},
};

const char *csv_encoding_name(enum csv_encoding e)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (names[i].encoding == e)
                        return names[i].name;
        return "unknown";
}

enum csv_encoding csv_encoding_find(struct bytes name)
{
        for (size_t i = 0; i < ARRAY_LEN(names); i++)
                if (strlen(names[i].name) == name.len &&
                        strncasecmp(names[i].name, (const char *)name.data, name.len) == 0)
                        return names[i].encoding;
        return CSV_ENCODING_UNKNOWN;
}

struct csv_input csv_input_of_fd(int fd)
{
        return (struct csv_input){fd, {NULL, 0}, 0};
}

struct csv_input csv_input_of_bytes(struct bytes memory)
{
        return (struct csv_input){-1, memory, 0};
}

enum err csv_input_rewind(struct csv_input *in)
{
        in->at = 0;
        if (in->fd >= 0 && lseek(in->fd, 0, SEEK_SET) != 0)
                return ERR_UNREADABLE;
        return ERR_OK;
}

enum err csv_input_read(struct csv_input *in, uint8_t *into, size_t len, size_t *got)
{
        size_t have = 0;

        if (in->fd < 0) {
                have = in->memory.len - in->at;
                if (have > len)
                        have = len;
                if (have > 0)
                        memcpy(into, in->memory.data + in->at, have);
                in->at += have;
                *got = have;
                return ERR_OK;
        }
        while (have < len) {
                ssize_t n = read(in->fd, into + have, len - have);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ERR_UNREADABLE;
                if (n == 0)
                        break;
                have += (size_t)n;
        }
        *got = have;
        return ERR_OK;
}

/* One character of the basic plane; surrogates cannot come out of our tables. */
static size_t put_character(uint32_t c, uint8_t *to)
{
        if (c < 0x80) {
                to[0] = (uint8_t)c;
                return 1;
        }
        if (c < 0x800) {
                to[0] = (uint8_t)(0xC0 | c >> 6);
                to[1] = (uint8_t)(0x80 | (c & 0x3F));
                return 2;
        }
        to[0] = (uint8_t)(0xE0 | c >> 12);
        to[1] = (uint8_t)(0x80 | (c >> 6 & 0x3F));
        to[2] = (uint8_t)(0x80 | (c & 0x3F));
        return 3;
}

size_t csv_to_utf8(enum csv_encoding encoding, struct bytes from, uint8_t *to)
{
        size_t len = 0;

        for (size_t i = 0; i < from.len; i++) {
                uint32_t c = from.data[i];

                if (encoding == CSV_WINDOWS_1252 && c >= 0x80 && c < 0xA0)
                        c = windows_1252[c - 0x80];
                len += put_character(c, to + len);
        }
        return len;
}
