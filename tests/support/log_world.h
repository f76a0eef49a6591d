/* SPDX-License-Identifier: Apache-2.0 */
/* log_world.h: entries to put into an audit log, and the same log hashed by other means. */
#ifndef STATGATE_TESTS_SUPPORT_LOG_WORLD_H
#define STATGATE_TESTS_SUPPORT_LOG_WORLD_H

#include "gateway/store/log.h"

/* What an entry of a change says: which submission and which batch (LOG_WORLD_WHOLE: none). */
enum { LOG_WORLD_KIND = 9, LOG_WORLD_WHOLE = -1, LOG_WORD_LEN = 32, LOG_CLOSED_TIMES = 8 };
struct log_word {
        uint8_t bytes[LOG_WORD_LEN];
};
struct entry_draft log_draft(struct log_word *word, uint32_t n, int32_t sequence);

/* Entries of two kinds by turns with texts that can be searched for; the closed one some times
 * over, so that most of an entry is its words. */
void log_fill(struct store *s, uint32_t first, uint32_t len);
/* The text of entry `n` as log_fill writes it; open and closed differ. */
void log_text(uint32_t n, bool closed, char out[LOG_WORD_LEN]);

/* Reads all of it: numbers have no gaps, times do not fall, contents match commitments, and the
 * tree hashed leaf by leaf is the one the store has. Stops the test where it is not so. */
uint64_t log_is_whole(struct store *s);
/* How many entries of log_draft there are about one batch. */
unsigned log_mentions(struct store *s, uint32_t n, int32_t sequence);

#endif
