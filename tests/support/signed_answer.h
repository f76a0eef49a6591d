/* SPDX-License-Identifier: Apache-2.0 */
/* signed_answer.h: answers as a gateway and its keeper give them, without either: a small table,
 * a question, a log of some entries, and a head over it. */
#ifndef STATGATE_TESTS_SUPPORT_SIGNED_ANSWER_H
#define STATGATE_TESTS_SUPPORT_SIGNED_ANSWER_H

#include "base/query.h"
#include "crypto/sign.h"
#include "proto/wire.h"
#include "tools/cli/answer_file.h"

struct secret;

enum { SIGNED_ENTRIES = 11, SIGNED_NUMBER = 6 };

struct signed_answer {
        struct arena *arena;
        struct secret *key;
        uint8_t public_key[SIGN_PUBLIC_LEN];
        struct query query;
        struct wire_release release;
        struct answer_proof proof;
        struct digest leaves[SIGNED_ENTRIES]; /* of the log; the answer's is [SIGNED_NUMBER] */
};

/* One of several: the data set, the period and the values differ by `variant`. Fails the test where
 * it cannot. `key` NULL: a new one. */
void signed_answer_make(
        struct signed_answer *s, struct arena *arena, struct secret *key, unsigned variant);
/* The certificate once more, by a head over the first `size` entries. */
void signed_answer_certify(struct signed_answer *s, uint64_t size);
void signed_answer_done(struct signed_answer *s); /* the key, where it is its own */

/* As `statgate query --format json` writes it; in the arena. */
struct bytes signed_answer_json(const struct signed_answer *s);

#endif
