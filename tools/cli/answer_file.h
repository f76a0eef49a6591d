/* SPDX-License-Identifier: Apache-2.0 */
/* answer_file.h: an answer in a file, with all that it takes to check it years later.
 *
 * The member "proof" of what `statgate query --format json` writes, or of a file that holds
 * nothing else. Bytes that were hashed stand in base64, digests and the like in hex:
 *
 *   {"question": canonical question, "request": the same as QueryRequest, "release": Release,
 *    "certificate": {"number", "at_ms", "kind", "salt", "statement", "closed_digest",
 *                    "inclusion": […],
 *                    "head": {"size", "root", "at_ms", "key_id", "signature"}}} */
#ifndef STATGATE_TOOLS_CLI_ANSWER_FILE_H
#define STATGATE_TOOLS_CLI_ANSWER_FILE_H

#include <stdio.h>

#include "base/arena.h"
#include "crypto/answer_certificate.h"

#define ANSWER_FORMAT "statgate.answer.1" /* a file with the proof alone */
#define TABLE_FORMAT  "statgate.table.1"

struct query;

struct answer_proof {
        struct bytes question, request, release;
        struct answer_certificate certificate;
};

/* Of a release of this vintage to `q`, which names the indicator's version where there is one.
 * The bytes live in the arena. */
MUST_CHECK enum err answer_question(struct arena *arena, const struct query *q,
        struct vintage vintage, uint32_t indicator_version, struct answer_proof *out);

/* The member, without a line's end. */
void answer_proof_put(FILE *to, const struct answer_proof *p);
/* The file that holds nothing else. */
void answer_file_put(FILE *to, const struct answer_proof *p);

enum { ANSWER_FILE_MAX = 512 << 20 };
struct answer_read {
        struct answer_proof proof;
        bool shows_table;
        uint32_t line; /* where it could not be read */
};
/* ERR_MALFORMED, and the line. What is found borrows from the text or the arena. */
MUST_CHECK enum err answer_file_read(
        struct arena *arena, struct bytes text, struct answer_read *out);
/* Whether two texts of a table say the same, however their lines are broken. ERR_TAMPERED: not
 * from *out_line of `shown` on. */
MUST_CHECK enum err answer_tables_agree(
        struct arena *arena, struct bytes shown, struct bytes expected, uint32_t *out_line);

#endif
