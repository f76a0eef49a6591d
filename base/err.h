/* SPDX-License-Identifier: Apache-2.0 */
/* err.h: errors are values. ERR_OK is 0; everything else is a way to say no.
 *
 * A bare code travels up through TRY. Where the caller deserves to hear which
 * field was wrong, the flow carries a struct refusal along and fills it once. */
#ifndef STATGATE_BASE_ERR_H
#define STATGATE_BASE_ERR_H

#include <stddef.h>
#include <stdint.h>

#include "base/attrs.h"

enum err {
        ERR_OK = 0,
#define ERR(name, kind, status, sentence) ERR_##name,
#include "base/err_table.h"
#undef ERR
        ERR_COUNT
};

enum err_kind { ERR_KIND_REFUSED, ERR_KIND_FAILED };

/* The canonical codes of gRPC (google.rpc.Code); numbers are the wire's. */
enum status {
        STATUS_OK = 0,
        STATUS_CANCELLED = 1,
        STATUS_UNKNOWN = 2,
        STATUS_INVALID_ARGUMENT = 3,
        STATUS_DEADLINE_EXCEEDED = 4,
        STATUS_NOT_FOUND = 5,
        STATUS_ALREADY_EXISTS = 6,
        STATUS_PERMISSION_DENIED = 7,
        STATUS_RESOURCE_EXHAUSTED = 8,
        STATUS_FAILED_PRECONDITION = 9,
        STATUS_ABORTED = 10,
        STATUS_OUT_OF_RANGE = 11,
        STATUS_UNIMPLEMENTED = 12,
        STATUS_INTERNAL = 13,
        STATUS_UNAVAILABLE = 14,
        STATUS_DATA_LOSS = 15,
        STATUS_UNAUTHENTICATED = 16,
};

const char *err_name(enum err code);     /* "TOO_LARGE"; "OK" for ERR_OK */
const char *err_sentence(enum err code); /* public words, static */
enum err_kind err_kind(enum err code);
enum status err_status(enum err code);

enum { REFUSAL_VIOLATIONS_MAX = 32, VIOLATION_FIELD_MAX = 96, VIOLATION_TEXT_MAX = 200 };

/* One field at fault, for google.rpc.BadRequest and for people. `field` is a
 * path in the request ("batch.columns[3]") or file:line:column; `text` says
 * the rule in our own words. Neither repeats a value. */
struct violation {
        char field[VIOLATION_FIELD_MAX];
        char text[VIOLATION_TEXT_MAX];
};

/* What a flow says when it refuses. Zeroed = nothing refused. Keeps the first
 * REFUSAL_VIOLATIONS_MAX violations and counts the rest. */
struct refusal {
        enum err code;
        uint32_t len;     /* violations kept */
        uint32_t dropped; /* violations beyond the ceiling */
        struct violation violations[REFUSAL_VIOLATIONS_MAX];
};

/* Adds a violation and returns `code`, so that it can end a function. `r` may
 * be NULL. The first code given stays. */
enum err refuse(struct refusal *r, enum err code, const char *field, const char *fmt, ...)
        PRINTF_LIKE(4, 5);

#endif
