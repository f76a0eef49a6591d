/* SPDX-License-Identifier: Apache-2.0 */
/* wire_audit.h: the audit service on the wire. As in wire.h: requests are decoded through a gate
 * that refuses by name, answers are believed as far as they can be read, and what is decoded
 * borrows from wire and arena. */
#ifndef STATGATE_PROTO_WIRE_AUDIT_H
#define STATGATE_PROTO_WIRE_AUDIT_H

#include "crypto/leaf.h"
#include "crypto/merkle.h"
#include "crypto/tree_head.h"
#include "proto/wire.h"

/* The log ------------------------------------------------------------------ */

enum { WIRE_LOG_KINDS_MAX = 64, WIRE_PRINCIPAL_MAX = 192, WIRE_LOG_ENTRIES_MAX = 4096 };

struct wire_log_filter {
        int64_t from_ms, until_ms; /* 0: open */
        const struct bytes *kinds; /* words */
        uint32_t kinds_len;        /* 0: all */
        /* Empty: any. */
        struct bytes principal, purpose, dataset, linkage, outcome, municipality;
};
struct wire_log_request {
        struct wire_log_filter filter;
        uint64_t from, limit;
        bool newest, follow;
};
MUST_CHECK enum err log_request_encode(const struct wire_log_request *in, struct buf *out);
MUST_CHECK enum err log_request_decode(
        struct arena *a, struct bytes wire, struct wire_log_request *out, struct refusal *why);

struct wire_log_entry {
        uint64_t number;
        int64_t at_ms;
        uint16_t kind;
        bool pruned; /* then salts and content are not there */
        struct digest commitment;
        uint8_t open_salt[LEAF_SALT_LEN], closed_salt[LEAF_SALT_LEN];
        struct bytes open, closed;
};
struct wire_log_page {
        const struct wire_log_entry *entries;
        uint32_t len; /* at most WIRE_LOG_ENTRIES_MAX */
        uint64_t looked_at, size;
};
MUST_CHECK enum err log_page_encode(const struct wire_log_page *in, struct buf *out);
MUST_CHECK enum err log_page_decode(struct arena *a, struct bytes wire, struct wire_log_page *out);

/* Heads and proofs ----------------------------------------------------------- */

MUST_CHECK enum err heads_request_encode(uint64_t from_size, struct buf *out);
MUST_CHECK enum err heads_request_decode(
        struct arena *a, struct bytes wire, uint64_t *out_from_size, struct refusal *why);

enum { WIRE_HEADS_MAX = 10000, WIRE_WITNESSES_MAX = 64 };
struct wire_witness {
        struct bytes name;
        uint64_t size;
        int64_t failed_ms;
};
struct wire_heads {
        const struct tree_head *heads;
        uint32_t heads_len;
        bool has_newest;
        struct tree_head newest;
        const struct wire_witness *witnesses;
        uint32_t witnesses_len;
};
MUST_CHECK enum err heads_encode(const struct wire_heads *in, struct buf *out);
MUST_CHECK enum err heads_decode(struct arena *a, struct bytes wire, struct wire_heads *out);

struct wire_proof_request {
        uint64_t size;
        bool of_entry;   /* inclusion; otherwise consistency */
        uint64_t number; /* the entry, or the size before */
};
MUST_CHECK enum err proof_request_encode(const struct wire_proof_request *in, struct buf *out);
MUST_CHECK enum err proof_request_decode(
        struct arena *a, struct bytes wire, struct wire_proof_request *out, struct refusal *why);
struct wire_proof {
        struct digest root;
        struct merkle_proof proof;
};
MUST_CHECK enum err proof_encode(const struct wire_proof *in, struct buf *out);
MUST_CHECK enum err proof_decode(struct arena *a, struct bytes wire, struct wire_proof *out);

/* Policies, budgets, quality ---------------------------------------------------- */

struct wire_policy_period {
        uint64_t entry;
        int64_t at_ms;
        uint64_t version;
        bool has_digest; /* what cannot be read has none */
        struct digest digest;
        struct bytes outcome;
};
struct wire_policy_history {
        const struct wire_policy_period *periods;
        uint32_t len;
};
/* The requests of both are empty. */
MUST_CHECK enum err nothing_decode(struct arena *a, struct bytes wire, struct refusal *why);
MUST_CHECK enum err policy_history_encode(const struct wire_policy_history *in, struct buf *out);
MUST_CHECK enum err policy_history_decode(
        struct arena *a, struct bytes wire, struct wire_policy_history *out);

struct wire_budget {
        struct bytes principal, kind;
        uint32_t used, most;
};
struct wire_budgets {
        const struct wire_budget *budgets;
        uint32_t len;
};
MUST_CHECK enum err budgets_encode(const struct wire_budgets *in, struct buf *out);
MUST_CHECK enum err budgets_decode(struct arena *a, struct bytes wire, struct wire_budgets *out);

MUST_CHECK enum err quality_request_encode(struct vintage vintage, struct buf *out);
MUST_CHECK enum err quality_request_decode(
        struct arena *a, struct bytes wire, struct vintage *out, struct refusal *why);
struct wire_quality {
        struct bytes municipality, dataset, period;
        int64_t committed_at_ms;
        bool has_rejected, has_missing;
        uint32_t rejected_permille, missing_permille;
};
struct wire_qualities {
        struct vintage vintage;
        const struct wire_quality *deliveries;
        uint32_t len;
};
MUST_CHECK enum err qualities_encode(const struct wire_qualities *in, struct buf *out);
MUST_CHECK enum err qualities_decode(
        struct arena *a, struct bytes wire, struct wire_qualities *out);

/* Rehearsal ----------------------------------------------------------------------- */

enum { WIRE_BUNDLE_FILES_MAX = 512, WIRE_BUNDLE_PATH_MAX = 128, WIRE_REHEARSED_MAX = 1000 };
struct wire_bundle_file {
        struct bytes path; /* relative, of [a-z0-9_./-], without ".." and "//" */
        struct bytes content;
};
struct wire_rehearsal {
        const struct wire_bundle_file *files;
        uint32_t len;
        int64_t from_ms, until_ms;
};
MUST_CHECK enum err rehearsal_encode(const struct wire_rehearsal *in, struct buf *out);
MUST_CHECK enum err rehearsal_decode(
        struct arena *a, struct bytes wire, struct wire_rehearsal *out, struct refusal *why);

struct wire_rehearsed {
        uint64_t entry, times;
        struct digest query;
        struct bytes before, after; /* names of errors, or "OK" */
        uint64_t cells, newly_shown, newly_protected;
};
struct wire_rehearsal_progress {
        struct bytes phase;
        uint64_t done, total;
        const struct wire_rehearsed *questions;
        uint32_t len;
        bool has_report;
        struct bytes report;
        struct digest report_digest;
        uint64_t entry;
};
MUST_CHECK enum err rehearsal_progress_encode(
        const struct wire_rehearsal_progress *in, struct buf *out);
MUST_CHECK enum err rehearsal_progress_decode(
        struct arena *a, struct bytes wire, struct wire_rehearsal_progress *out);

#endif
