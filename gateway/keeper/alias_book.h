/* SPDX-License-Identifier: Apache-2.0 */
/* alias_book.h: events "this number became that number", as the keeper keeps them.
 *
 * One note of the keyring. Persons stand in it as person codes, never as numbers. What a
 * municipality delivers together is one entry with an id, and can be undone by it; nothing is
 * ever struck out, since a vintage links by what was in force when it was published. The
 * book's counter (its mark) goes up with every change:
 *
 *      in force at mark m:   since <= m, and undone == 0 or undone > m
 *
 *   note   u32 version ‖ u32 mark ‖ u32 entries ‖ u32 events
 *          ‖ entries × (id 16 ‖ municipality u16 ‖ at_ms u64 ‖ since u32 ‖ undone u32 ‖ events u32
 *                        ‖ names u8 ‖ epoch u32)
 *          ‖ events × (was 16 ‖ became 16 ‖ day i32)          (little-endian)
 *
 * Version 1 had no epochs: its entries are of k_person's first.
 *
 * A municipality is refused what contradicts its own events only. Of what others say it must
 * hear nothing, or it could ask whom they know; where two contradict each other the earlier
 * stands and the later is passed over, as is one that would close a ring. */
#ifndef STATGATE_GATEWAY_KEEPER_ALIAS_BOOK_H
#define STATGATE_GATEWAY_KEEPER_ALIAS_BOOK_H

#include "base/bytes.h"
#include "base/terms.h"
#include "crypto/pseudonym.h"
#include "gateway/keeper/aliases.h"

#define ALIAS_NOTE "aliases"
enum {
        ALIAS_EVENT_LEN = 2 * PSEUDONYM_LEN + 4,
        /* Events with each of their names; twice, since they are told anew under two. */
        ALIAS_ROWS_MAX = 2 * ALIASES_MAX,
};

struct alias_entry {
        struct submission_id id;
        municipality_t municipality;
        int64_t at_ms;
        uint32_t since, undone; /* marks; undone 0: it is not */
        uint32_t events;        /* in the book: once for each name */
        uint8_t names;          /* 2: recorded while two k_person were live, under both */
        uint32_t epoch;         /* of k_person, of the first name */
};

/* Borrows the note. */
struct alias_book {
        uint32_t mark, entries, events;
        size_t entry_len;
        const uint8_t *entry_rows, *event_rows;
};
/* An empty note is an empty book. ERR_CORRUPT. */
MUST_CHECK enum err alias_book_read(struct bytes note, struct alias_book *out);
struct alias_entry alias_book_entry(const struct alias_book *b, uint32_t i);
/* false: there is none of this id. */
bool alias_book_find(const struct alias_book *b, const struct submission_id *id, uint32_t *out);
/* First and last day of the events of entry `i`. */
void alias_book_days(const struct alias_book *b, uint32_t i, int32_t *first, int32_t *last);

/* The next book: one entry more, or entry `i` undone; a note for keyring_note_set. ERR_LIMIT:
 * more than ALIAS_ROWS_MAX events or entries. For alias_note_free. */
MUST_CHECK enum err alias_book_add(const struct alias_book *b, const struct alias_entry *entry,
        const uint8_t *events, struct bytes *out_note);
MUST_CHECK enum err alias_book_undo(const struct alias_book *b, uint32_t i, struct bytes *out_note);
/* While two k_person live, `epoch` and the one after it: of each entry how many of its events
 * stand and are known to the older alone, since nobody told them again; `owing` has room for all
 * entries. *out_settled: from this mark on both would link alike; 0: from any. */
MUST_CHECK enum err alias_book_owing(
        const struct alias_book *b, uint32_t epoch, uint32_t *owing, uint32_t *out_settled);
/* The next book, without the names that ended with the k_person before `epoch`. */
MUST_CHECK enum err alias_book_settle(
        const struct alias_book *b, uint32_t epoch, struct bytes *out_note);
void alias_note_free(struct bytes *note); /* wipes */
void alias_event_write(
        uint8_t to[ALIAS_EVENT_LEN], const uint8_t *was, const uint8_t *became, int32_t day);

/* Who became whom at a mark; of one municipality's events or of all (0). */
struct alias_map;
/* `room`: for how many more alias_map_add will be asked. */
MUST_CHECK enum err alias_map_new(const struct alias_book *b, uint32_t mark, municipality_t of,
        uint32_t room, struct alias_map **out);
void alias_map_free(struct alias_map **m); /* wipes */
/* Takes an event in, if it fits what is there: ALIAS_NEW. */
enum alias_rule alias_map_add(struct alias_map *m, const uint8_t *was, const uint8_t *became);
bool alias_map_is_empty(const struct alias_map *m);
/* Every code of a column becomes the newest of its person, in place. */
void alias_map_apply(const struct alias_map *m, uint8_t *codes, size_t rows);

#endif
