/* SPDX-License-Identifier: Apache-2.0 */
/* inside.h: what the files of this folder share behind store.h. */
#ifndef STATGATE_GATEWAY_STORE_INSIDE_H
#define STATGATE_GATEWAY_STORE_INSIDE_H

#include <pthread.h>

#include "gateway/store/db.h"
#include "gateway/store/log.h"

/* See schema.c; the longest a local part can be with pages of 32 KiB. */
enum { SPACER_LEN = 32733, SEALED_MAX = 64 << 20 };

/* Readers: lent for one call, kept for the next: as many as call at a time, since opening one takes
 * longer than most of what is read. */
enum { READERS_KEPT = 32 };
struct readers {
        pthread_mutex_t lock;
        struct db *kept[READERS_KEPT];
        unsigned len;
};

struct writer;

/* Subtrees of the audit log of 2^8 leaves, 2^16 and so on have rows of their own. So many levels
 * of them are kept in memory: of a log of 2^32 entries, all. */
enum { BLOCK_BITS = 8, BLOCK = 1 << BLOCK_BITS, BLOCK_MASK = BLOCK - 1, LEVELS_KEPT = 4 };

/* 256 hashes of one level, as many as there are so far, and everything above them: node 1 is
 * the root, node i has the children 2i and 2i + 1. */
struct log_block {
        bool holds;
        uint64_t block;
        uint32_t len;
        struct digest nodes[2 * BLOCK];
};
/* Of each level the newest block, and the one asked for last. */
struct log_cache {
        struct log_block newest[LEVELS_KEPT], other[LEVELS_KEPT];
};

struct store {
        char *path;
        int lock_fd;
        struct writer *writer;
        struct readers readers;
        pthread_mutex_t log_lock; /* log_cache */
        struct log_cache log_cache;
};

MUST_CHECK enum err reader_borrow(struct store *s, struct db **out);
void reader_return(struct store *s, struct db **db);

/* A job runs on the writer thread, inside a transaction and a savepoint of its
 * own. It may run twice (when the group it was in could not be committed), so it
 * writes its results whole each time. */
typedef enum err (*job_fn)(struct db *db, void *ctx);
enum job_kind {
        JOB_GROUPED = 0, /* shares a transaction with others */
        JOB_REMOVES      /* alone; afterwards the log is emptied */
};

MUST_CHECK enum err writer_start(struct db **db, struct writer **out); /* takes db */
void writer_stop(struct writer **w);
/* Returns when the job is on disk, or has failed and left nothing. */
MUST_CHECK enum err writer_run(struct writer *w, enum job_kind kind, job_fn fn, void *ctx);
/* Moves the log into the file and cuts it to nothing. */
MUST_CHECK enum err log_empty(struct db *db);

/* log.c: where the audit log ends, as the writer's thread sees it. */
struct log_tail {
        struct merkle_edge edge;
        int64_t at_ms; /* of the last entry */
        bool damaged;  /* the edge could not be made: nothing is appended */
};
MUST_CHECK enum err log_load(struct db *db, struct log_tail *out);
/* What is durable; any thread. */
void writer_log_edge(struct writer *w, struct merkle_edge *out);

/* An entry that is ready to be appended: what costs is done before the job. */
struct log_line {
        bool wanted;
        uint16_t kind;
        uint8_t salts[2 * LEAF_SALT_LEN];
        struct digest commitment;
        struct bytes open, closed; /* borrowed */
};
/* NULL: none is wanted. ERR_TOO_LARGE. */
MUST_CHECK enum err log_line_make(const struct entry_draft *entry, struct log_line *out);
/* In a job. ERR_LOG_CHANGED: the log is damaged. */
MUST_CHECK enum err log_append(struct db *db, const struct log_line *line, uint64_t *out_number);

/* A submission as it lies in its row. */
struct submission_row {
        int64_t number;
        uint32_t changes; /* grows whenever batches were taken away or rewritten */
        struct stored_submission public;
};
MUST_CHECK enum err submission_read(const struct run *r, struct submission_row *out);
MUST_CHECK enum err submission_by_id(
        struct db *db, const struct submission_id *id, struct submission_row *out);
MUST_CHECK enum err submission_by_number(struct db *db, int64_t number, struct submission_row *out);

/* SHA-256 over everything a reader will rely on. */
MUST_CHECK enum err batch_checksum(const struct stored_batch *b, struct digest *out);
/* The batch at or after `sequence`, checked; ERR_NOT_FOUND. `sealed` is borrowed
 * from the run. */
MUST_CHECK enum err batch_read(struct run *r, struct db *db, const struct submission_row *of,
        uint32_t sequence, struct stored_batch *out);

/* Ends a submission in `state` and removes its batches. */
MUST_CHECK enum err submission_end(struct db *db, int64_t number, enum submission_state state);
/* Notes that a submission's batches are about to go, and how much that is (added to `sum`). */
MUST_CHECK enum err removal_note(struct db *db, int64_t number, enum removal_reason reason,
        int64_t now_ms, struct removal_sum *sum);
/* Notes that rows went out of batches of a municipality. */
MUST_CHECK enum err removal_note_rows(struct db *db, enum removal_reason reason, municipality_t m,
        int64_t now_ms, const struct removal_sum *gone);
/* Removes the batches of replaced submissions that no open vintage holds. */
MUST_CHECK enum err unheld_exist(struct db *db, bool *out);
MUST_CHECK enum err unheld_remove(struct db *db);

/* Revises every open vintage that holds one of these; the newest in *out. */
MUST_CHECK enum err vintages_revise(
        struct db *db, const int64_t *numbers, uint32_t len, int64_t now_ms, struct vintage *out);

/* Room for one entry more in a list of `len` entries of `size` bytes that lives in an arena: the
 * list, or a copy twice as long. NULL: memory is short. */
void *list_room(struct arena *a, void *list, uint32_t len, uint32_t *cap, size_t size);

/* Numbers gathered from a statement before the tables under it change. */
struct numbers {
        int64_t *v;
        uint32_t len, cap;
};
MUST_CHECK enum err numbers_add(struct numbers *n, int64_t v);
void numbers_done(struct numbers *n);

#endif
