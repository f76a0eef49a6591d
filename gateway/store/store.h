/* SPDX-License-Identifier: Apache-2.0 */
/* store.h: durable truth: submissions, sealed batches, vintages.
 *
 * What returns ERR_OK is on disk. One writer thread groups concurrent writes into
 * one transaction and one sync; readers stand beside it. No name of the backend
 * shows here: another one is one more file. The store never sees a key, a
 * personal number or a plain record. */
#ifndef STATGATE_GATEWAY_STORE_STORE_H
#define STATGATE_GATEWAY_STORE_STORE_H

#include "base/bytes.h"
#include "base/terms.h"
#include "proto/wire.h"

struct arena;
struct store;

/* Opens or creates; migrates older versions; refuses newer ones (ERR_UNSUPPORTED).
 * ERR_CORRUPT for damage, ERR_READ_ONLY, ERR_UNREADABLE. One process at a time:
 * ERR_IN_USE. After a failed sync every write is ERR_IO until opened anew. */
MUST_CHECK enum err store_open(const char *path, struct store **out);
void store_close(struct store **s);

/* What the audit log says of a change (audit/entry.h makes it, log.h keeps it). Where a call takes
 * one it is appended in the same transaction, when something changed: not of a replay, nor of what
 * was found done already. NULL: nothing is appended. */
struct entry_draft {
        uint16_t kind;
        struct bytes open, closed;
};

/* As many as the batches of one can hold. */
#define SUBMISSION_ROWS_MAX ((uint64_t)BATCHES_MAX * BATCH_ROWS_MAX)

struct stored_submission {
        struct submission_id id;
        municipality_t municipality;
        char dataset[NAME_MAX_LEN + 1];
        struct period period;
        enum delivery_mode mode;
        bool all_or_nothing;
        enum submission_state state;
        int64_t opened_at_ms, committed_at_ms;
        uint64_t commit_number; /* order of commits over the whole store, from 1 */
        uint32_t batches;       /* received so far; sequences are 0..batches-1 */
        uint64_t accepted, rejected;
        uint64_t turned_away; /* rows that never came: the sender says that it left them out */
        /* Of the accepted rows as they came: values that could be delivered, and how many of
         * them were not. 0 of 0 where a delivery is older than this count. */
        uint64_t fields, blanks;
        struct digest digest; /* of the receipts, once committed */
};

/* Inserts an open submission, or finds the one with this id. ERR_CONFLICT when it
 * exists with another municipality, data set, period, mode or all_or_nothing. */
MUST_CHECK enum err store_submission_open(struct store *s, const struct stored_submission *wanted,
        const struct entry_draft *entry, struct stored_submission *out);
MUST_CHECK enum err store_submission_find(
        struct store *s, const struct submission_id *id, struct stored_submission *out);

struct stored_batch {
        struct submission_id submission;
        uint32_t sequence;
        uint32_t rows; /* accepted rows: those in the seal */
        uint32_t rejected;
        uint32_t fields, blanks; /* towards those of the submission; put only, never read back */
        uint32_t epoch;
        uint32_t person_epoch; /* newest k_person that names its persons; 0: none; put only */
        struct digest receipt;
        struct bytes sealed; /* checksummed by the store besides */
};
/* Durable on return. The next sequence of an open submission, or a replay: same
 * sequence and receipt changes nothing and sets *replayed (counts of the
 * original in *out_rows, *out_rejected); same sequence, other receipt:
 * ERR_CONFLICT; a gap: ERR_OUT_OF_ORDER; not open: ERR_CLOSED. A replay is known
 * after the commit too, and after an erasure; not after a withdrawal (ERR_CLOSED). */
MUST_CHECK enum err store_batch_put(struct store *s, const struct stored_batch *b,
        const struct entry_draft *entry, bool *replayed, uint32_t *out_rows,
        uint32_t *out_rejected);
/* Receipts in sequence. */
MUST_CHECK enum err store_receipts(struct store *s, const struct submission_id *id, struct arena *a,
        struct digest **out, uint32_t *out_len);

/* Commits an open submission (or finds it committed already: ERR_OK, same out).
 * `digest` is SHA-256 over the receipts in sequence, and is checked against them in
 * the transaction (ERR_COMMIT_MISMATCH); ERR_CONFLICT when it was committed with
 * another, or with another number turned away; ERR_CLOSED when withdrawn or expired.
 * With DELIVERY_REPLACE every committed submission of the same municipality, data set
 * and overlapping period turns REPLACED in the same transaction. Replaced batches
 * are removed once no open vintage holds them. */
MUST_CHECK enum err store_submission_commit(struct store *s, const struct submission_id *id,
        const struct digest *digest, uint64_t turned_away, int64_t now_ms,
        const struct entry_draft *entry, struct stored_submission *out);

/* Why something was taken away. The numbers lie on disk. */
enum removal_reason {
        REMOVAL_NONE = 0,
        REMOVAL_WITHDRAWAL, /* the municipality took a submission back */
        REMOVAL_RETENTION,  /* its time was over */
        REMOVAL_DOMAIN,     /* the keys of the domain were destroyed */
        REMOVAL_PERSON,     /* one person's records */
        REMOVAL_RECORD,     /* one record */
        REMOVAL_REASON_COUNT
};

/* Removes batches for good (open or committed); open vintages that held it are
 * revised. *out_revised is the newest of these, 0.0 when none was. Asking again is
 * harmless; after an error the removal may stand, and asking again finishes it. */
MUST_CHECK enum err store_withdraw(struct store *s, const struct submission_id *id, int64_t now_ms,
        const struct entry_draft *entry, struct vintage *out_revised);
/* Open submissions older than `opened_before_ms` turn EXPIRED and lose their batches. */
MUST_CHECK enum err store_expire(struct store *s, int64_t opened_before_ms,
        const struct entry_draft *entry, uint32_t *out_expired);

/* Every submission with batches, open or not, that fits: of one municipality or all (0), one data
 * set, and a period that ended before a day (INT32_MAX: any). As store_withdraw for each, in one
 * transaction. */
struct removal_wish {
        enum removal_reason reason;
        municipality_t municipality;
        const char *dataset;
        int32_t ended_before;
};
struct removal_sum {
        uint32_t submissions;
        uint64_t batches, records;
};
MUST_CHECK enum err store_remove(struct store *s, const struct removal_wish *wish, int64_t now_ms,
        const struct entry_draft *entry, struct removal_sum *out, struct vintage *out_revised);

/* What was taken away, as proof of it; for good. In the order of removal, from number `from`, at
 * most `limit` (0: all). */
struct stored_removal {
        uint64_t number; /* from 1, without gaps */
        int64_t at_ms;
        enum removal_reason reason;
        municipality_t municipality;
        char dataset[NAME_MAX_LEN + 1]; /* "": of several */
        bool of_submission;
        struct submission_id submission;
        struct period period;
        uint64_t batches, records; /* that went; of an erasure, that were touched, and rows gone */
        struct digest digest; /* of the submission's receipts; zero where it was never committed */
};
MUST_CHECK enum err store_removals(struct store *s, uint64_t from, uint32_t limit, struct arena *a,
        struct stored_removal **out, uint32_t *out_len);

/* Visits every batch of one municipality (all states) inside one write transaction. The
 * visitor leaves *out_sealed empty to keep the batch, or gives the new seal and
 * row count (0 rows: the batch keeps its place, empty). *out_rows arrives as it was.
 * The visitor stands on the writer's thread and must not call the store; its error
 * undoes everything. Afterwards open vintages that changed are revised, and log and
 * free pages hold nothing of the old bytes, and one removal more is on record and in the audit
 * log, whether or not anything changed. */
typedef enum err (*store_rewriter)(void *ctx, const struct stored_submission *of,
        const struct stored_batch *b, struct bytes *out_sealed, uint32_t *out_rows);
MUST_CHECK enum err store_rewrite(struct store *s, enum removal_reason reason, municipality_t m,
        store_rewriter fn, void *ctx, int64_t now_ms, const struct entry_draft *entry,
        struct vintage *out_revised);

/* How much of a domain lies under which epoch of its keys. Batches that hold nothing any more
 * do not count. By municipality, data set and epoch. */
struct stored_epoch {
        municipality_t municipality;
        char dataset[NAME_MAX_LEN + 1];
        uint32_t epoch;
        uint64_t batches, rows;
};
MUST_CHECK enum err store_epochs(
        struct store *s, struct arena *a, struct stored_epoch **out, uint32_t *out_len);
/* Who owes a new delivery, since an older k_person than `epoch` alone names these persons: by
 * municipality and data set, of submissions that stand (open or committed). */
struct stored_owing {
        municipality_t municipality;
        char dataset[NAME_MAX_LEN + 1];
        uint64_t batches, rows;
};
MUST_CHECK enum err store_owing(struct store *s, uint32_t epoch, struct arena *a,
        struct stored_owing **out, uint32_t *out_len);
/* Numbers of open vintages that hold such batches, ascending, at most `room`. */
MUST_CHECK enum err store_vintages_owing(
        struct store *s, uint32_t epoch, uint32_t *out, uint32_t room, uint32_t *out_len);
/* Some of the batches of a domain, at most `room`, that lie under an epoch before `epoch`. */
struct stored_place {
        struct submission_id submission;
        uint32_t sequence;
};
MUST_CHECK enum err store_outdated(struct store *s, municipality_t m, const char *dataset,
        uint32_t epoch, struct stored_place *out, uint32_t room, uint32_t *out_len);
/* One batch, copied into the arena; *out_as_read names these very bytes. ERR_NOT_FOUND. */
MUST_CHECK enum err store_batch_read(struct store *s, const struct stored_place *place,
        struct arena *a, struct stored_batch *out, struct digest *out_as_read);
/* Puts the same records under other keys in the place of batches that still are as they were
 * read; others are left alone, and *out_done counts those that were not. No vintage is revised,
 * and who reads meanwhile gets one or the other, with its epoch. */
struct resealed_batch {
        struct stored_place place;
        struct digest as_read;
        uint32_t epoch;
        struct bytes sealed;
};
MUST_CHECK enum err store_reseal(
        struct store *s, const struct resealed_batch *list, uint32_t len, uint32_t *out_done);
/* Whatever was overwritten so far is in no file afterwards, the log included. */
MUST_CHECK enum err store_forget(struct store *s);

/* Vintages: a global number and the set of submissions committed at that moment. */
struct stored_vintage {
        struct vintage vintage;
        int64_t published_at_ms;
        uint32_t submissions;
        uint64_t records;
        uint32_t aliases; /* mark of the numbers that became others: keeper/aliases.h */
        bool open;
        bool given_up; /* it is retired, and what it told with it */
        char note[LABEL_MAX_LEN + 1];
};
MUST_CHECK enum err store_publish(struct store *s, const char *note, uint32_t aliases,
        int64_t now_ms, const struct entry_draft *entry, struct stored_vintage *out);
MUST_CHECK enum err store_vintages(
        struct store *s, struct arena *a, struct stored_vintage **out, uint32_t *out_len);
/* 0.0: the latest open one. ERR_NO_VINTAGE, ERR_NOT_FOUND, ERR_VINTAGE_CLOSED. */
MUST_CHECK enum err store_vintage_find(
        struct store *s, struct vintage v, struct stored_vintage *out);
/* Closes every revision of a vintage for good, and removes replaced submissions
 * that no other open vintage holds. Who was in what it told nobody can count afterwards, so that is
 * said in the same transaction. Again, and for a vintage that is retired: harmless. */
enum retirement {
        RETIRE_UNTOLD = 0, /* it told nothing: else ERR_CONFLICT, and it stays */
        RETIRE_KEPT,       /* what it told stands in the way of later answers */
        RETIRE_GIVEN_UP    /* later answers are not held against what it told */
};
MUST_CHECK enum err store_retire(
        struct store *s, uint32_t number, enum retirement how, const struct entry_draft *entry);
/* What all revisions of a vintage have told: questions that memory keeps, planned tables. */
struct stored_told {
        uint64_t questions, tables;
};
MUST_CHECK enum err store_told(struct store *s, uint32_t number, struct stored_told *out);
/* Submissions of a vintage in one data set, by municipality and then commit number. */
MUST_CHECK enum err store_vintage_submissions(struct store *s, struct vintage v,
        const char *dataset, struct arena *a, struct stored_submission **out, uint32_t *out_len);

/* Reads batches of one submission in sequence, beside the writer. Holds nothing
 * open between two calls. For one thread at a time. */
struct store_cursor;
MUST_CHECK enum err store_batches(
        struct store *s, const struct submission_id *id, struct store_cursor **out);
/* ERR_NOT_FOUND at the end; *out borrows until the next call. ERR_CORRUPT.
 * ERR_VINTAGE_CLOSED when batches were removed or rewritten since the cursor was
 * made: what was read so far belongs to a revision that is closed. */
MUST_CHECK enum err store_next(struct store_cursor *c, struct stored_batch *out);
/* The batch that store_next gave last, as it is now. */
MUST_CHECK enum err store_again(struct store_cursor *c, struct stored_batch *out);
void store_cursor_free(struct store_cursor **c);

/* Notes that `principal` asked a question on a day (since 1970). The same question twice is
 * one. ERR_LIMIT when she has asked `limit` others that day: then nothing is noted. What was
 * asked on earlier days is forgotten; where later ones are known the clock was set back, and the
 * latest of them goes on. *out_used: how many she has asked now, this one among them unless it is
 * one too many (NULL: not asked for). */
MUST_CHECK enum err store_question(struct store *s, int32_t day, const char *principal,
        const struct digest *question, uint32_t limit, uint32_t *out_used);

/* Who has asked how many different ones on a day, by name; at most `limit`. */
struct stored_asker {
        const char *who; /* `principal` as it was given */
        uint32_t questions;
};
MUST_CHECK enum err store_askers(struct store *s, int32_t day, uint32_t limit, struct arena *a,
        struct stored_asker **out, uint32_t *out_len);

/* Questions of one data set that were answered in the light of earlier ones
 * (gateway/memory.c), in the order of their answers; for good. */
struct stored_question {
        struct digest key; /* what tells it from others */
        struct digest policy;
        struct vintage vintage;
        uint32_t rows;
        struct bytes question; /* as on the wire */
        struct bytes answered; /* bit i: row i was */
};
struct ledger_line {
        const char *linkage, *dataset;
        const struct stored_question *question;
};
/* All that one answer needs (0 lines: nothing new), and the entry that tells of it, in one
 * transaction. A line with the same key as one before changes nothing; the entry is appended all
 * the same, and *out_number is its number (NULL: not asked for). */
MUST_CHECK enum err store_ledger_put(struct store *s, const struct ledger_line *lines, uint32_t len,
        const struct entry_draft *entry, uint64_t *out_number);
/* Of a data set, under whichever linkage. What is visited is borrowed until the visitor returns,
 * whose error ends it. No transaction is open meanwhile. */
typedef enum err (*store_ledger_visitor)(
        void *ctx, const char *linkage, const struct stored_question *question);
MUST_CHECK enum err store_ledger_each(
        struct store *s, const char *dataset, store_ledger_visitor fn, void *ctx);

struct store_counts {
        uint32_t open, committed;
        uint64_t records_committed, bytes;
};
MUST_CHECK enum err store_count(struct store *s, struct store_counts *out);

#endif
