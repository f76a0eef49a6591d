/* SPDX-License-Identifier: Apache-2.0 */
/* store_world.h: a store in a folder of its own, and deliveries to put into it.
 *
 * Seals are made from their place (submission, sequence) so that a test can tell,
 * of any batch it reads, whether it is the one that was put there; and each begins
 * with a marker of 32 bytes, repeated throughout, that a search of the raw files
 * can look for. */
#ifndef STATGATE_TESTS_SUPPORT_STORE_WORLD_H
#define STATGATE_TESTS_SUPPORT_STORE_WORLD_H

#include "gateway/store/store.h"

enum { MARKER_LEN = 32 };

struct world {
        char folder[64];
        char path[96];
        struct store *store;
};

struct world *world_new(void); /* with an open store */
void world_free(struct world **w);
void world_reopen(struct world *w);

struct submission_id id_of(uint32_t n);
struct stored_submission delivery(uint32_t n, municipality_t m, enum delivery_mode mode);
struct digest receipt_of(const struct submission_id *id, uint32_t sequence);
void marker_of(const struct submission_id *id, uint32_t sequence, uint8_t out[MARKER_LEN]);
/* `sealed` has room for `len` bytes; the batch borrows it. */
struct stored_batch batch_of(uint32_t n, uint32_t sequence, uint8_t *sealed, size_t len);
bool batch_is(const struct stored_batch *b, uint32_t n, uint32_t sequence, size_t len);

/* Open, `batches` batches of `len` bytes each, commit; asserts that all goes well. */
void deliver(struct store *s, const struct stored_submission *d, uint32_t n, uint32_t batches,
        size_t len);
void open_and_fill(struct store *s, const struct stored_submission *d, uint32_t n, uint32_t batches,
        size_t len);
enum err commit(struct store *s, uint32_t n, struct stored_submission *out);
enum err commit_turning_away(
        struct store *s, uint32_t n, uint64_t turned_away, struct stored_submission *out);
/* Batches of a submission read back and compared; stops the test where one differs. */
uint32_t batches_read(struct store *s, uint32_t n, size_t len);

/* How often the markers of a submission's batches stand in the files of the store,
 * log and index included. */
unsigned markers_in_files(const struct world *w, uint32_t n, uint32_t batches);
/* All of these files, one behind the other. */
void files_read(const struct world *w, struct buf *out);
unsigned count_in(struct bytes all, struct bytes text);

#endif
