/* SPDX-License-Identifier: Apache-2.0 */
/* alias_book.c: the note, and the map that is made of it.
 *
 * The map is a forest: every code that became another points to it. Events are taken in the
 * order in which they were recorded, and only while the code has become nothing yet and the
 * other end is not below it, so that there is exactly one newest code for everybody
 * whatever the municipalities say. Paths are shortened as they are walked (Tarjan 1975): a
 * chain of fifty thousand numbers costs no more than as many pairs. Codes are keyed hashes
 * themselves: their first bytes are as good as any hash of them. */
#include "gateway/keeper/alias_book.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"

enum {
        BOOK_VERSION = 2,
        BOOK_WITHOUT_EPOCHS = 1,
        HEAD_LEN = 16,
        ENTRY_LEN_WITHOUT_EPOCHS = 16 + 2 + 8 + 4 + 4 + 4 + 1,
        ENTRY_LEN = ENTRY_LEN_WITHOUT_EPOCHS + 4,
        NAMES_MAX = 2,
        UNDONE_AT = 16 + 2 + 8 + 4,
        NODES_PER_EVENT = 2,
};

/* Notes ----------------------------------------------------------------------- */

static uint32_t load_u32(const uint8_t *at)
{
        return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
               (uint32_t)at[3] << 24;
}

static void store_u32(uint8_t *at, uint32_t v)
{
        for (unsigned i = 0; i < 4; i++)
                at[i] = (uint8_t)(v >> (8 * i));
}

static void store_entry(uint8_t *at, const struct alias_entry *e)
{
        memcpy(at, e->id.bytes, sizeof e->id.bytes);
        at[16] = (uint8_t)e->municipality;
        at[17] = (uint8_t)(e->municipality >> 8);
        store_u32(at + 18, (uint32_t)(uint64_t)e->at_ms);
        store_u32(at + 22, (uint32_t)((uint64_t)e->at_ms >> 32));
        store_u32(at + 26, e->since);
        store_u32(at + UNDONE_AT, e->undone);
        store_u32(at + 34, e->events);
        at[38] = e->names;
        store_u32(at + ENTRY_LEN_WITHOUT_EPOCHS, e->epoch);
}

struct alias_entry alias_book_entry(const struct alias_book *b, uint32_t i)
{
        const uint8_t *at = b->entry_rows + (size_t)i * b->entry_len;
        struct alias_entry e = {
                .municipality = (municipality_t)(at[16] | at[17] << 8),
                .at_ms = (int64_t)((uint64_t)load_u32(at + 18) | (uint64_t)load_u32(at + 22) << 32),
                .since = load_u32(at + 26),
                .undone = load_u32(at + UNDONE_AT),
                .events = load_u32(at + 34),
                .names = at[38],
                .epoch = b->entry_len == ENTRY_LEN ? load_u32(at + ENTRY_LEN_WITHOUT_EPOCHS) : 1,
        };

        memcpy(e.id.bytes, at, sizeof e.id.bytes);
        return e;
}

static enum err check_entries(const struct alias_book *b)
{
        uint64_t events = 0;
        uint32_t before = 0;

        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i);

                if (e.since <= before || e.since > b->mark || e.undone > b->mark ||
                        (e.undone != 0 && e.undone <= e.since) || e.names == 0 ||
                        e.names > NAMES_MAX || e.events % e.names != 0 || e.epoch == 0)
                        return ERR_CORRUPT;
                before = e.since;
                events += e.events;
        }
        return events == b->events ? ERR_OK : ERR_CORRUPT;
}

enum err alias_book_read(struct bytes note, struct alias_book *out)
{
        struct alias_book b = {0};

        if (note.len == 0) {
                *out = b;
                return ERR_OK;
        }
        if (note.len < HEAD_LEN ||
                (load_u32(note.data) != BOOK_VERSION && load_u32(note.data) != BOOK_WITHOUT_EPOCHS))
                return ERR_CORRUPT;
        b.entry_len = load_u32(note.data) == BOOK_VERSION ? (size_t)ENTRY_LEN
                                                          : (size_t)ENTRY_LEN_WITHOUT_EPOCHS;
        b.mark = load_u32(note.data + 4);
        b.entries = load_u32(note.data + 8);
        b.events = load_u32(note.data + 12);
        if (note.len !=
                HEAD_LEN + (uint64_t)b.entries * b.entry_len + (uint64_t)b.events * ALIAS_EVENT_LEN)
                return ERR_CORRUPT;
        b.entry_rows = note.data + HEAD_LEN;
        b.event_rows = b.entry_rows + (size_t)b.entries * b.entry_len;
        TRY(check_entries(&b));
        *out = b;
        return ERR_OK;
}

bool alias_book_find(const struct alias_book *b, const struct submission_id *id, uint32_t *out)
{
        for (uint32_t i = 0; i < b->entries; i++) {
                if (memcmp(b->entry_rows + (size_t)i * b->entry_len, id->bytes, sizeof id->bytes) !=
                        0)
                        continue;
                *out = i;
                return true;
        }
        return false;
}

/* Where the events of an entry begin. */
static const uint8_t *events_of(const struct alias_book *b, uint32_t entry)
{
        size_t before = 0;

        for (uint32_t i = 0; i < entry; i++)
                before += alias_book_entry(b, i).events;
        return b->event_rows + before * ALIAS_EVENT_LEN;
}

void alias_book_days(const struct alias_book *b, uint32_t i, int32_t *first, int32_t *last)
{
        const uint8_t *at = events_of(b, i);
        uint32_t events = alias_book_entry(b, i).events;

        *first = events > 0 ? INT32_MAX : 0;
        *last = events > 0 ? INT32_MIN : 0;
        for (; events > 0; events--, at += ALIAS_EVENT_LEN) {
                int32_t day = (int32_t)load_u32(at + (size_t)2 * PSEUDONYM_LEN);

                *first = day < *first ? day : *first;
                *last = day > *last ? day : *last;
        }
}

void alias_event_write(
        uint8_t to[ALIAS_EVENT_LEN], const uint8_t *was, const uint8_t *became, int32_t day)
{
        memcpy(to, was, PSEUDONYM_LEN);
        memcpy(to + PSEUDONYM_LEN, became, PSEUDONYM_LEN);
        store_u32(to + (size_t)2 * PSEUDONYM_LEN, (uint32_t)day);
}

/* The book of `entries` and `events`, what is in it already copied. */
static enum err note_new(const struct alias_book *b, uint32_t entries, uint32_t events,
        uint8_t **out, size_t *out_len)
{
        size_t len = HEAD_LEN + (size_t)entries * ENTRY_LEN + (size_t)events * ALIAS_EVENT_LEN;
        uint8_t *note;

        if (entries > ALIAS_ROWS_MAX || events > ALIAS_ROWS_MAX)
                return ERR_LIMIT;
        note = calloc(1, len);
        if (note == NULL)
                return ERR_NO_MEMORY;
        store_u32(note, BOOK_VERSION);
        store_u32(note + 4, b->mark + 1);
        store_u32(note + 8, entries);
        store_u32(note + 12, events);
        for (uint32_t i = 0; i < b->entries && i < entries; i++) {
                const struct alias_entry e = alias_book_entry(b, i);

                store_entry(note + HEAD_LEN + (size_t)i * ENTRY_LEN, &e);
        }
        if (b->events > 0 && b->events <= events)
                memcpy(note + HEAD_LEN + (size_t)entries * ENTRY_LEN, b->event_rows,
                        (size_t)b->events * ALIAS_EVENT_LEN);
        *out = note;
        *out_len = len;
        return ERR_OK;
}

enum err alias_book_add(const struct alias_book *b, const struct alias_entry *entry,
        const uint8_t *events, struct bytes *out_note)
{
        struct alias_entry fresh = *entry;
        uint8_t *note;
        size_t len;

        if (entry->events > ALIAS_ROWS_MAX)
                return ERR_LIMIT;
        TRY(note_new(b, b->entries + 1, b->events + entry->events, &note, &len));
        fresh.since = b->mark + 1;
        fresh.undone = 0;
        store_entry(note + HEAD_LEN + (size_t)b->entries * ENTRY_LEN, &fresh);
        if (entry->events > 0)
                memcpy(note + len - (size_t)entry->events * ALIAS_EVENT_LEN, events,
                        (size_t)entry->events * ALIAS_EVENT_LEN);
        *out_note = bytes_of(note, len);
        return ERR_OK;
}

enum err alias_book_undo(const struct alias_book *b, uint32_t i, struct bytes *out_note)
{
        uint8_t *note;
        size_t len;

        TRY(note_new(b, b->entries, b->events, &note, &len));
        store_u32(note + HEAD_LEN + (size_t)i * ENTRY_LEN + UNDONE_AT, b->mark + 1);
        *out_note = bytes_of(note, len);
        return ERR_OK;
}

/* Two names of an event: where a k_person's stands, if it has one. */
static bool knows(const struct alias_entry *e, uint32_t epoch)
{
        return epoch >= e->epoch && epoch - e->epoch < e->names;
}

static bool stands(const struct alias_entry *e)
{
        return e->undone == 0;
}

/* An event that both know, by what the older calls it. */
struct told_again {
        const uint8_t *row;
        uint32_t since;
};

static int by_row(const void *a, const void *b)
{
        const struct told_again *x = a, *y = b;

        return memcmp(x->row, y->row, (size_t)2 * PSEUDONYM_LEN);
}

static uint32_t collect_told(const struct alias_book *b, uint32_t epoch, struct told_again *out)
{
        const uint8_t *at = b->event_rows;
        uint32_t len = 0;

        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i);
                bool both = stands(&e) && knows(&e, epoch) && knows(&e, epoch + 1);

                for (uint32_t n = 0; n < e.events;
                        n += e.names, at += (size_t)e.names * ALIAS_EVENT_LEN)
                        if (both)
                                out[len++] = (struct told_again){
                                        at + (size_t)(epoch - e.epoch) * ALIAS_EVENT_LEN, e.since};
        }
        qsort(out, len, sizeof *out, by_row);
        return len;
}

static void find_owing(const struct alias_book *b, uint32_t epoch, const struct told_again *told,
        uint32_t told_len, uint32_t *owing, uint32_t *settled)
{
        const uint8_t *at = b->event_rows;

        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i);
                bool older = knows(&e, epoch) && !knows(&e, epoch + 1);

                owing[i] = 0;
                if (older && !stands(&e) && e.undone > *settled)
                        *settled = e.undone;
                for (uint32_t n = 0; n < e.events;
                        n += e.names, at += (size_t)e.names * ALIAS_EVENT_LEN) {
                        const struct told_again key = {
                                at + (older ? (size_t)(epoch - e.epoch) * ALIAS_EVENT_LEN : 0), 0};
                        const struct told_again *again =
                                older && stands(&e)
                                        ? bsearch(&key, told, told_len, sizeof *told, by_row)
                                        : NULL;

                        if (again != NULL && again->since > *settled)
                                *settled = again->since;
                        owing[i] += older && stands(&e) && again == NULL;
                }
        }
}

enum err alias_book_owing(
        const struct alias_book *b, uint32_t epoch, uint32_t *owing, uint32_t *out_settled)
{
        struct told_again *told = calloc((size_t)b->events + 1, sizeof *told);
        uint32_t settled = 0;

        if (told == NULL)
                return ERR_NO_MEMORY;
        find_owing(b, epoch, told, collect_told(b, epoch, told), owing, &settled);
        free(told);
        *out_settled = settled;
        return ERR_OK;
}

/* Entries stay, with their ids and marks; of their events the one name that lives. */
static uint32_t settle_entry(struct alias_entry *e, uint32_t epoch)
{
        bool lives = knows(e, epoch);
        uint32_t skip = lives ? epoch - e->epoch : 0;

        e->events = lives ? e->events / e->names : 0;
        e->epoch = epoch;
        e->names = 1;
        return skip;
}

enum err alias_book_settle(const struct alias_book *b, uint32_t epoch, struct bytes *out_note)
{
        const uint8_t *from = b->event_rows;
        uint32_t events = 0;
        uint8_t *note, *to;
        size_t len;

        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i);

                (void)settle_entry(&e, epoch);
                events += e.events;
        }
        TRY(note_new(&(struct alias_book){.mark = b->mark - 1}, b->entries, events, &note, &len));
        to = note + HEAD_LEN + (size_t)b->entries * ENTRY_LEN;
        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i), kept = e;
                uint32_t skip = settle_entry(&kept, epoch);

                store_entry(note + HEAD_LEN + (size_t)i * ENTRY_LEN, &kept);
                for (uint32_t n = 0; n < kept.events; n++, to += ALIAS_EVENT_LEN)
                        memcpy(to, from + (size_t)(n * e.names + skip) * ALIAS_EVENT_LEN,
                                ALIAS_EVENT_LEN);
                from += (size_t)e.events * ALIAS_EVENT_LEN;
        }
        *out_note = bytes_of(note, len);
        return ERR_OK;
}

void alias_note_free(struct bytes *note)
{
        uint8_t *at = (uint8_t *)(uintptr_t)note->data;

        if (at != NULL)
                wipe(at, note->len);
        free(at);
        *note = (struct bytes){0};
}

/* Maps ------------------------------------------------------------------------ */

struct node {
        uint8_t code[PSEUDONYM_LEN];
        uint32_t became; /* place of the node it became, and 1; 0: nothing yet */
        uint32_t above;  /* the same, or further up, where a walk has been */
};

struct alias_map {
        uint32_t mask, edges;
        struct node *nodes; /* open addressing; a code of zeros: free */
};

static bool code_is_none(const uint8_t *code)
{
        static const uint8_t none[PSEUDONYM_LEN];

        return memcmp(code, none, sizeof none) == 0;
}

/* The place of a code, or the free one where it would stand. */
static uint32_t place_of(const struct alias_map *m, const uint8_t *code)
{
        uint32_t at = load_u32(code) & m->mask;

        while (!code_is_none(m->nodes[at].code) &&
                memcmp(m->nodes[at].code, code, PSEUDONYM_LEN) != 0)
                at = (at + 1) & m->mask;
        return at;
}

static uint32_t node_for(struct alias_map *m, const uint8_t *code)
{
        uint32_t at = place_of(m, code);

        memcpy(m->nodes[at].code, code, PSEUDONYM_LEN);
        return at;
}

/* Halves the path as it goes. */
static uint32_t newest(struct alias_map *m, uint32_t at)
{
        while (m->nodes[at].above != 0) {
                uint32_t up = m->nodes[at].above - 1;

                if (m->nodes[up].above != 0)
                        m->nodes[at].above = m->nodes[up].above;
                at = up;
        }
        return at;
}

enum alias_rule alias_map_add(struct alias_map *m, const uint8_t *was, const uint8_t *became)
{
        uint32_t from, to;

        if (memcmp(was, became, PSEUDONYM_LEN) == 0)
                return ALIAS_RULE_SELF;
        from = node_for(m, was);
        to = node_for(m, became);
        if (m->nodes[from].became != 0)
                return m->nodes[from].became == to + 1 ? ALIAS_KNOWN : ALIAS_RULE_CONFLICT;
        if (newest(m, to) == from)
                return ALIAS_RULE_RING;
        m->nodes[from].became = to + 1;
        m->nodes[from].above = to + 1;
        m->edges++;
        return ALIAS_NEW;
}

static bool in_force(const struct alias_entry *e, uint32_t mark, municipality_t of)
{
        return e->since <= mark && (e->undone == 0 || e->undone > mark) &&
               (of == 0 || e->municipality == of);
}

static void take_in(
        struct alias_map *m, const struct alias_book *b, uint32_t mark, municipality_t of)
{
        const uint8_t *at = b->event_rows;

        for (uint32_t i = 0; i < b->entries; i++) {
                struct alias_entry e = alias_book_entry(b, i);
                bool counts = in_force(&e, mark, of);

                for (uint32_t n = 0; n < e.events; n++, at += ALIAS_EVENT_LEN)
                        if (counts)
                                (void)alias_map_add(m, at, at + PSEUDONYM_LEN);
        }
}

/* Every walk is one step from here on. */
static void flatten(struct alias_map *m)
{
        for (uint32_t i = 0; i <= m->mask; i++)
                if (m->nodes[i].above != 0)
                        m->nodes[i].above = newest(m, i) + 1;
}

enum err alias_map_new(const struct alias_book *b, uint32_t mark, municipality_t of, uint32_t room,
        struct alias_map **out)
{
        uint64_t nodes = ((uint64_t)b->events + room) * NODES_PER_EVENT * 2, len = 16;
        struct alias_map *m = calloc(1, sizeof *m);

        while (len < nodes)
                len *= 2;
        if (m == NULL || len > UINT32_MAX / 2) {
                free(m);
                return ERR_NO_MEMORY;
        }
        m->mask = (uint32_t)len - 1;
        m->nodes = calloc(len, sizeof *m->nodes);
        if (m->nodes == NULL) {
                free(m);
                return ERR_NO_MEMORY;
        }
        take_in(m, b, mark, of);
        flatten(m);
        *out = m;
        return ERR_OK;
}

void alias_map_free(struct alias_map **m)
{
        if (m == NULL || *m == NULL)
                return;
        wipe((*m)->nodes, ((size_t)(*m)->mask + 1) * sizeof *(*m)->nodes);
        free((*m)->nodes);
        free(*m);
        *m = NULL;
}

bool alias_map_is_empty(const struct alias_map *m)
{
        return m->edges == 0;
}

void alias_map_apply(const struct alias_map *m, uint8_t *codes, size_t rows)
{
        if (m->edges == 0)
                return;
        for (size_t i = 0; i < rows; i++) {
                uint8_t *code = codes + i * PSEUDONYM_LEN;
                uint32_t at = place_of(m, code);

                while (m->nodes[at].above != 0)
                        at = m->nodes[at].above - 1;
                if (!code_is_none(m->nodes[at].code))
                        memcpy(code, m->nodes[at].code, PSEUDONYM_LEN);
        }
}
