/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h: the log that grows, and heads over it that the keeper signs.
 *
 * Writers append (here, or with a change of the store in its transaction) and get a number when
 * it is durable. One thread has the keeper sign what is durable, once for all who wait, keeps the
 * head, and pushes it to witnesses. Witnesses are shown a head every minute, one that fails every
 * five seconds until it listens, and all at the end. A log that does not extend what the keeper
 * signed last gets no head, and the gateway answers nothing.
 */
#ifndef STATGATE_GATEWAY_AUDIT_AUDIT_H
#define STATGATE_GATEWAY_AUDIT_AUDIT_H

#include "crypto/answer_certificate.h"
#include "gateway/audit/entry.h"

struct audit;
struct keeper;

/* Where heads are shown to: "file:PATH" (a line is added), "dir:PATH" (a file for each head), or
 * "https://HOST[:PORT]/PATH" (POST of the line). */
struct audit_options {
        struct store *store;
        struct keeper *keeper;
        const char *const *witnesses;
        unsigned witnesses_len;
        const char *witness_ca; /* PEM of who may vouch for HTTPS witnesses; NULL: the system's */
        unsigned push_every_ms; /* 0: 60 000 */
        /* Where officers' word for a restored log would lie (hold.h): store/restore.sgr. */
        const char *restore_path;
};

/* Holds the log to the keeper's last head first (audit_hold). ERR_LOG_CHANGED: it is shorter than
 * that, or another; told in the log of events, with both sizes. */
MUST_CHECK enum err audit_start(const struct audit_options *options, struct audit **out);
/* Signs once more, shows it to the witnesses (for some seconds at most), and ends. */
void audit_stop(struct audit **a);

/* Durable on return. */
MUST_CHECK enum err audit_write(
        struct audit *a, const struct entry_draft *entry, uint64_t *out_number);

/* Waits until a head covers the entry; `deadline_ns` by clock_monotonic_ns, INT64_MAX: none.
 * ERR_NOT_FOUND: it is not in the log, or was pruned; ERR_DEADLINE, ERR_DRAINING,
 * ERR_KEEPER_GONE, ERR_LOG_CHANGED. `statement`,
 * `salt` and `closed` are those of the entry as it was stored. */
MUST_CHECK enum err audit_certify(struct audit *a, uint64_t number, int64_t deadline_ns,
        struct arena *arena, struct answer_certificate *out);

/* The newest; ERR_NOT_FOUND before the first. */
MUST_CHECK enum err audit_head(struct audit *a, struct tree_head *out);

/* Of each witness: what it was shown last, and since when it does not listen. */
struct audit_witness {
        const char *name;
        uint64_t size;     /* of the head it has; 0: none */
        int64_t failed_ms; /* since when; 0: all is well */
};
unsigned audit_witnesses(struct audit *a, struct audit_witness *out, unsigned room);

#endif
