/* SPDX-License-Identifier: Apache-2.0 */
/* json_read.h: JSON as a run of tokens, by RFC 8259 and nothing besides.
 *
 * A table may have two million cells: no tree is built. What is given out has stood in its
 * place: keys are text behind "{" or ",", values stand where one is due. Text is printable
 * UTF-8; numbers are the digits as they stand. */
#ifndef STATGATE_TOOLS_CLI_JSON_READ_H
#define STATGATE_TOOLS_CLI_JSON_READ_H

#include "base/arena.h"
#include "base/bytes.h"

enum { JSON_DEPTH_MAX = 16 };

enum json_kind {
        JSON_NONE = 0,
        JSON_OBJECT,
        JSON_OBJECT_END,
        JSON_ARRAY,
        JSON_ARRAY_END,
        JSON_KEY,
        JSON_TEXT,
        JSON_NUMBER,
        JSON_WORD, /* true, false, null */
        JSON_END
};

struct json_token {
        enum json_kind kind;
        struct bytes text; /* borrowed from the input; from the arena where it has escapes */
        uint32_t line;
};

struct json_reader {
        const uint8_t *at, *end;
        struct arena *arena;
        uint32_t line, depth;
        uint8_t due;                    /* what may come next: json_read.c */
        uint8_t inside[JSON_DEPTH_MAX]; /* enum json_kind of what is open */
};

void json_reader_init(struct json_reader *r, struct arena *arena, struct bytes text);
/* ERR_MALFORMED: it is no JSON, or too deep; r->line says where. */
MUST_CHECK enum err json_next(struct json_reader *r, struct json_token *out);
/* The next token, of this kind. */
MUST_CHECK enum err json_expect(struct json_reader *r, enum json_kind kind, struct json_token *out);
/* Over the value that is due, whatever it holds. */
MUST_CHECK enum err json_skip(struct json_reader *r);
/* RFC 4648, padded, without anything else; into the arena. */
MUST_CHECK enum err base64_decode(struct arena *arena, struct bytes text, struct bytes *out);

#endif
