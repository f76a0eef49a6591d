/* SPDX-License-Identifier: Apache-2.0 */
/* verify.h: the whole log, held to heads that were signed over it.
 *
 * Entries go in one by one, wherever they come from: the gateway, its file, a backup. What is wrong
 * is named: which entry or which head, and since which head that one can be sure of.
 *
 * A gateway that runs has its newest entries under a head within some seconds. So a copy of its
 * file may end with a few that have none yet: those are counted and no fault, if they follow a head
 * that holds, were written within LOG_UNSIGNED_MS, and the gateway had not stopped before. */
#ifndef STATGATE_GATEWAY_AUDIT_VERIFY_H
#define STATGATE_GATEWAY_AUDIT_VERIFY_H

#include "gateway/store/log.h"

struct log_check;

/* FINDING(NAME, "sentence") */
#define LOG_FINDINGS(FINDING)                                                                      \
        FINDING(GAP, "an entry is missing")                                                        \
        FINDING(ORDER, "entries are not in order")                                                 \
        FINDING(TIME, "an entry is older than the one before it")                                  \
        FINDING(CONTENT, "what the entry says is not what was committed to")                       \
        FINDING(UNREADABLE, "what the entry says cannot be read")                                  \
        FINDING(WIPED, "what the entry said is gone, and no entry says that it was pruned")        \
        FINDING(HEAD_SIGNATURE, "a head is not signed by a known key")                             \
        FINDING(HEAD_ROOT, "the log up to a head is not what the head was signed over")            \
        FINDING(HEAD_BEYOND, "the log is shorter than a head that was signed")                     \
        FINDING(HEAD_FORK, "two heads of one size have different roots")                           \
        FINDING(UNSIGNED, "no head covers the last entries")
enum log_finding {
        LOG_FINDING_NONE = 0,
#define LOG_FINDING_ENUM(name, sentence) LOG_FINDING_##name,
        LOG_FINDINGS(LOG_FINDING_ENUM)
#undef LOG_FINDING_ENUM
                LOG_FINDING_COUNT
};
const char *log_finding_sentence(enum log_finding finding);

struct log_verdict {
        enum log_finding finding;
        uint64_t number;     /* entry, or size of the head */
        uint64_t sound_size; /* entries up to here are under a head that holds */
        int64_t sound_at_ms; /* when that head was signed; 0: none holds */
        const char *witness; /* who showed the head; NULL: the log's own */
};
typedef void (*log_teller)(void *ctx, const struct log_verdict *verdict);

MUST_CHECK enum err log_check_new(log_teller tell, void *ctx, struct log_check **out);
void log_check_free(struct log_check **c);
/* Everything below is before the first entry. */
MUST_CHECK enum err log_check_key(struct log_check *c, const uint8_t public_key[SIGN_PUBLIC_LEN]);
/* `witness` NULL: the log's own; else borrowed to the end. Told at once where the signature does
 * not hold, and not used further. */
MUST_CHECK enum err log_check_head(
        struct log_check *c, const struct tree_head *head, const char *witness);
/* Copied. What is found is told some thousand entries later, from within these calls. */
MUST_CHECK enum err log_check_entry(struct log_check *c, const struct stored_entry *entry);
/* Tells what is left to tell. *out_findings: how many were told in all. */
MUST_CHECK enum err log_check_end(struct log_check *c, uint64_t *out_entries, uint64_t *out_pruned,
        uint64_t *out_heads, uint64_t *out_findings);
/* After that: how many entries at the end are under no head, and no fault; and when the last head
 * was signed. */
enum { LOG_UNSIGNED_MS = 10000 };
uint64_t log_check_unsigned(const struct log_check *c, int64_t *out_signed_at_ms);

#endif
