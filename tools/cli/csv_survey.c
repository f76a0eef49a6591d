/* SPDX-License-Identifier: Apache-2.0 */
/* csv_survey.c: finds out how a file is written, before a row of it is believed.
 *
 * The whole file is read, because the first å may stand in its last row. The same
 * pass takes the digest that names the delivery and counts lines for the progress
 * bar. Encoding: a byte order mark settles it; else text that is valid UTF-8
 * throughout is UTF-8 (Swedish text in a legacy encoding is practically never valid
 * UTF-8 by accident); else Windows-1252 if any byte of 0x80–0x9F stands in it, and
 * ISO-8859-1 if not. A file that is UTF-8 but for a few bytes stays UTF-8: then
 * some rows are broken, not all of them. */
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "tools/cli/csv_text.h"

enum {
        CHUNK = 1 << 20,
        SNIFF_LEN = 64 << 10, /* of the start, for the delimiter */
        SNIFF_LINES = 20,
        BROKEN_PER_GOOD = 16, /* fewer invalid bytes than good characters / this: UTF-8 */
        UTF16_ZEROS_PERCENT = 30,
};

static const uint8_t delimiters[] = {';', '\t', '|', ','};

struct survey {
        uint64_t bytes, line_feeds, returns, zeros;
        uint64_t characters;     /* valid, of two bytes and more */
        uint64_t invalid, c1;    /* bytes that are not UTF-8; bytes of 0x80–0x9F */
        unsigned pending;        /* continuation bytes still expected */
        uint8_t lowest, highest; /* what the next continuation byte may be */
        uint8_t last;
};

/* What may follow a leading byte (Unicode 15, table 3-7). */
static unsigned lead(struct survey *s, uint8_t byte)
{
        s->lowest = 0x80;
        s->highest = 0xBF;
        if (byte >= 0xC2 && byte <= 0xDF)
                return 1;
        if (byte >= 0xE0 && byte <= 0xEF) {
                s->lowest = byte == 0xE0 ? 0xA0 : 0x80;
                s->highest = byte == 0xED ? 0x9F : 0xBF;
                return 2;
        }
        if (byte >= 0xF0 && byte <= 0xF4) {
                s->lowest = byte == 0xF0 ? 0x90 : 0x80;
                s->highest = byte == 0xF4 ? 0x8F : 0xBF;
                return 3;
        }
        s->invalid++;
        return 0;
}

static void look_at_high(struct survey *s, uint8_t byte)
{
        s->c1 += byte < 0xA0;
        if (s->pending == 0) {
                s->pending = lead(s, byte);
        } else if (byte < s->lowest || byte > s->highest) {
                s->invalid++;
                s->pending = lead(s, byte);
        } else {
                s->lowest = 0x80;
                s->highest = 0xBF;
                s->characters += --s->pending == 0;
        }
}

static bool eight_plain(const uint8_t *at)
{
        uint64_t v;

        memcpy(&v, at, sizeof v);
        return (v & 0x8080808080808080u) == 0;
}

static void look_at_encoding(struct survey *s, const uint8_t *data, size_t len)
{
        for (size_t i = 0; i < len; i++) {
                if (s->pending == 0 && len - i >= 8 && eight_plain(data + i)) {
                        i += 7;
                } else if (data[i] >= 0x80) {
                        look_at_high(s, data[i]);
                } else if (s->pending > 0) {
                        s->invalid++;
                        s->pending = 0;
                }
        }
}

/* Plain loops that the compiler turns into vectors. */
static void count_ends(struct survey *s, const uint8_t *data, size_t len)
{
        uint64_t feeds = 0, returns = 0, zeros = 0;

        for (size_t i = 0; i < len; i++) {
                feeds += data[i] == '\n';
                returns += data[i] == '\r';
                zeros += data[i] == 0;
        }
        s->line_feeds += feeds;
        s->returns += returns;
        s->zeros += zeros;
        s->bytes += len;
        if (len > 0)
                s->last = data[len - 1];
}

static enum csv_encoding encoding_of(
        const struct survey *s, const uint8_t *start, size_t len, uint8_t *bom_len)
{
        *bom_len = 0;
        if (len >= 3 && memcmp(start, "\xEF\xBB\xBF", 3) == 0) {
                *bom_len = 3;
                return CSV_UTF8;
        }
        if (len >= 2 && (memcmp(start, "\xFF\xFE", 2) == 0 || memcmp(start, "\xFE\xFF", 2) == 0))
                return CSV_UTF16;
        if (s->zeros * 100 > s->bytes * UTF16_ZEROS_PERCENT)
                return CSV_UTF16;

        uint64_t invalid = s->invalid + (s->pending > 0);

        if (invalid == 0 || invalid * BROKEN_PER_GOOD < s->characters)
                return CSV_UTF8;
        return s->c1 > 0 ? CSV_WINDOWS_1252 : CSV_ISO_8859_1;
}

/* How often each delimiter stands outside quotes in one line. */
static const uint8_t *count_line(
        const uint8_t *at, const uint8_t *end, uint8_t line_end, unsigned counts[])
{
        bool quoted = false;

        memset(counts, 0, ARRAY_LEN(delimiters) * sizeof counts[0]);
        for (; at < end && (quoted || *at != line_end); at++) {
                if (*at == '"')
                        quoted = !quoted;
                for (size_t d = 0; !quoted && d < ARRAY_LEN(delimiters); d++)
                        counts[d] += *at == delimiters[d];
        }
        return at < end ? at + 1 : end;
}

/* The delimiter of the header that stands as often in most of the first lines. */
static uint8_t delimiter_of(struct bytes start, uint8_t line_end)
{
        const uint8_t *at = start.data, *end = start.data + start.len;
        unsigned header[ARRAY_LEN(delimiters)], line[ARRAY_LEN(delimiters)];
        unsigned agree[ARRAY_LEN(delimiters)] = {0};
        size_t best = 0;

        at = count_line(at, end, line_end, header);
        for (unsigned n = 0; n < SNIFF_LINES && at < end; n++) {
                at = count_line(at, end, line_end, line);
                for (size_t d = 0; d < ARRAY_LEN(delimiters); d++)
                        agree[d] += header[d] > 0 && line[d] == header[d];
        }
        for (size_t d = 1; d < ARRAY_LEN(delimiters); d++)
                if (header[d] > 0 && (header[best] == 0 || agree[d] > agree[best]))
                        best = d;
        return delimiters[best];
}

/* A spreadsheet's own hint, "sep=;" alone on the first line. */
static bool sep_line(struct bytes start, uint8_t *delimiter)
{
        if (start.len < 5 || memcmp(start.data, "sep=", 4) != 0)
                return false;
        if (start.len > 5 && start.data[5] != '\r' && start.data[5] != '\n')
                return false;
        *delimiter = start.data[4];
        return memchr(delimiters, *delimiter, sizeof delimiters) != NULL;
}

static enum err read_all(struct csv_input *in, struct survey *s, struct digest_stream *digest,
        uint8_t *chunk, uint8_t *start, size_t *start_len)
{
        size_t got = CHUNK;

        while (got == CHUNK) {
                TRY(csv_input_read(in, chunk, CHUNK, &got));
                if (s->bytes == 0) {
                        *start_len = got < SNIFF_LEN ? got : SNIFF_LEN;
                        memcpy(start, chunk, *start_len);
                }
                count_ends(s, chunk, got);
                look_at_encoding(s, chunk, got);
                digest_more(digest, chunk, got);
        }
        return ERR_OK;
}

static void conclude(const struct survey *s, const struct csv_dialect *wish, struct bytes start,
        struct csv_survey *out)
{
        struct csv_dialect *d = &out->dialect;

        *d = *wish;
        out->bytes = s->bytes;
        d->encoding = encoding_of(s, start.data, start.len, &d->bom_len);
        if (wish->encoding != CSV_ENCODING_UNKNOWN)
                d->encoding = wish->encoding;
        d->line_end = s->line_feeds == 0 && s->returns > 0 ? '\r' : '\n';
        out->lines = d->line_end == '\r' ? s->returns : s->line_feeds;
        out->lines += s->bytes > 0 && s->last != d->line_end;

        struct bytes text = bytes_of(start.data + d->bom_len, start.len - d->bom_len);
        uint8_t hint = 0;

        d->sep_line = sep_line(text, &hint);
        if (d->delimiter == 0)
                d->delimiter = d->sep_line ? hint : delimiter_of(text, d->line_end);
}

static void free_bytes(uint8_t **data)
{
        free(*data);
}

enum err csv_survey(struct csv_input *in, const struct csv_dialect *wish, struct csv_survey *out)
{
        OWNED(free_bytes) uint8_t *chunk = malloc(CHUNK);
        OWNED(free_bytes) uint8_t *start = malloc(SNIFF_LEN);
        OWNED(digest_stream_free) struct digest_stream *digest = NULL;
        struct survey s = {0};
        size_t start_len = 0;

        if (chunk == NULL || start == NULL)
                return ERR_NO_MEMORY;
        TRY(digest_start(&digest));
        TRY(read_all(in, &s, digest, chunk, start, &start_len));
        conclude(&s, wish, bytes_of(start, start_len), out);
        digest_finish(digest, &out->digest);
        return out->dialect.encoding == CSV_UTF16 ? ERR_UNSUPPORTED : ERR_OK;
}
