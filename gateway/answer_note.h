/* SPDX-License-Identifier: Apache-2.0 */
/* answer_note.h: what the audit log says of a question and of its answer. */
#ifndef STATGATE_GATEWAY_ANSWER_NOTE_H
#define STATGATE_GATEWAY_ANSWER_NOTE_H

#include "gateway/answer.h"
#include "gateway/note.h"

/* Of an answer that may leave: `release` is what leaves, or empty for a dry run. */
void answer_note(
        const struct answering *a, struct bytes release, int64_t started_ns, struct note *out);
/* Of a question that was refused, as far as it came. */
void refusal_note(
        const struct answering *a, enum err outcome, int64_t started_ns, struct note *out);
/* Of bytes that are no question. */
void unreadable_note(const struct rpc_call *c, enum err outcome, struct note *out);

#endif
