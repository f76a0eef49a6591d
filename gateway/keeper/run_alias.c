/* SPDX-License-Identifier: Apache-2.0 */
/* run_alias.c: "this number became that number", delivered sealed and kept as person codes.
 *
 * Numbers come in a box of the use "alias", signed by the municipality and bound to an id that
 * begins with its time; they are opened into the keeper's own pages, become codes and are
 * wiped. What is refused is told row by row, by what is wrong with the numbers themselves and
 * by what this municipality has said before, never by what others have (alias_book.h).
 *
 * A vintage that is published asks for the mark of the book, and brings it when it is read.
 * The mark is given out only when what it stands for is on disk: a mark that came to mean
 * something else after a restart would make other persons of a vintage that is out. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000 };

static enum err read_book(const struct run *r, struct alias_book *out)
{
        return alias_book_read(keyring_note(r->keyring, ALIAS_NOTE), out);
}

/* The state, if there is anything in it that the disk does not have. */
static enum err save_if_dirty(struct run *r, struct request *rq)
{
        if (keyring_dirty(r->keyring))
                return run_hand_out_state(r, rq);
        put_u64(rq->answer, 0);
        return ERR_OK;
}

static enum err change_book(struct run *r, struct bytes *note)
{
        enum err e = keyring_note_set(r->keyring, ALIAS_NOTE, *note);

        alias_note_free(note);
        return e;
}

/* As they were delivered, each once. */
static uint32_t events_of(const struct alias_entry *e)
{
        return e->names > 1 ? e->events / 2 : e->events;
}

static void tell(const char *what, const struct alias_entry *e)
{
        char id[2 * sizeof e->id.bytes + 1];

        hex_encode(bytes_of(e->id.bytes, sizeof e->id.bytes), id);
        log_event(LOG_INFO, what, LOG_NUM("municipality", e->municipality), LOG_TEXT("id", id),
                LOG_NUM("events", events_of(e)));
}

static enum err read_id(struct reader *in, struct submission_id *out)
{
        struct bytes id;

        TRY(read_fixed(in, sizeof out->bytes, &id));
        memcpy(out->bytes, id.data, id.len);
        return ERR_OK;
}

/* RECORD_ALIASES --------------------------------------------------------------- */

struct record {
        municipality_t municipality;
        struct submission_id id;
        uint32_t rows;
        struct run_box box;
        struct bytes days, days_signature;
        struct box_persons who; /* in r->sealed */
        /* In r->plain: codes under each k_person that is live, and the new events. */
        unsigned names;
        uint8_t *was[2], *became[2], *events;
        uint32_t fresh, known;
        bool refused;
};

static enum err read_record(struct request *rq, struct record *out)
{
        struct reader in = reader_of(bytes_of(rq->input, rq->input_len));

        TRY(read_u16(&rq->payload, &out->municipality));
        TRY(read_id(&rq->payload, &out->id));
        TRY(read_fixed(&rq->payload, BOX_KEY_ID_LEN, &out->box.key_id));
        TRY(read_fixed(&rq->payload, SIGNATURE_LEN, &out->box.signature));
        TRY(read_fixed(&rq->payload, SIGNATURE_LEN, &out->days_signature));
        TRY(read_u32(&rq->payload, &out->rows));
        TRY(read_end(&rq->payload));
        if (out->rows == 0 || out->rows > ALIASES_AT_ONCE_MAX)
                return ERR_TOO_LARGE;
        TRY(read_fixed(&in, (size_t)out->rows * 4, &out->days));
        TRY(read_fixed(&in, box_plain_len(out->rows, out->rows) + BOX_OVERHEAD, &out->box.box));
        return read_end(&in);
}

static enum err open_record(struct run *r, struct record *x)
{
        struct box_head head = {.use = BOX_ALIAS,
                .municipality = x->municipality,
                .submission = x->id,
                .rows = x->rows};
        const struct statement days = {.kind = STATEMENT_ALIAS_DAYS,
                .municipality = x->municipality,
                .request = x->id,
                .box = x->box.box,
                .days = x->days};

        TRY(run_check_age(r, &x->id));
        TRY(run_check_statement(r, &days, x->days_signature));
        TRY(run_box_open(r, &head, &x->box, r->sealed, &x->who));
        return x->who.guardians == x->rows ? ERR_OK : ERR_MALFORMED;
}

static int32_t day_of(const struct record *x, uint32_t row)
{
        struct reader in = reader_of(bytes_of(x->days.data + (size_t)row * 4, 4));
        uint32_t day = 0;

        return read_u32(&in, &day) == ERR_OK ? (int32_t)day : INT32_MAX;
}

static uint8_t check_number(const struct person_column *who, uint32_t row, int32_t today)
{
        if (who->kinds[row] == PERSON_NONE)
                return PNR_RULE_EMPTY;
        return (uint8_t)pnr_check(
                who->ids + (size_t)row * PERSON_ID_LEN, who->kinds[row], today, PNR_TEST_ALLOWED);
}

/* What is wrong with the numbers and days alone, into the slot. */
static void check_numbers(struct run *r, struct request *rq, struct record *x)
{
        int32_t today = (int32_t)(run_now(r) / MS_PER_DAY);

        for (uint32_t i = 0; i < x->rows; i++) {
                uint8_t rule = check_number(&x->who.persons, i, today);

                if (rule == PNR_OK)
                        rule = check_number(&x->who.guardian_persons, i, today);
                if (rule == PNR_OK && day_of(x, i) > today)
                        rule = ALIAS_RULE_DAY;
                rq->slot[i] = rule;
                x->refused |= rule != PNR_OK;
        }
}

static enum err make_codes(struct run *r, struct record *x)
{
        size_t column = (size_t)x->rows * PSEUDONYM_LEN;
        uint8_t *at = r->plain;

        TRY(run_persons(r));
        x->names = r->persons_len;
        for (unsigned n = 0; n < x->names; n++, at += 2 * column) {
                x->was[n] = at;
                x->became[n] = at + column;
                TRY(person_codes(r->persons[n].key, x->municipality, x->who.persons.ids,
                        x->who.persons.kinds, x->rows, x->was[n]));
                TRY(person_codes(r->persons[n].key, x->municipality, x->who.guardian_persons.ids,
                        x->who.guardian_persons.kinds, x->rows, x->became[n]));
        }
        x->events = at;
        return ERR_OK;
}

/* One event under all of its names: known only where it is so under each. */
static enum alias_rule add_event(struct alias_map *own, const struct record *x, uint32_t row)
{
        enum alias_rule all = ALIAS_KNOWN;

        for (unsigned n = 0; n < x->names; n++) {
                size_t at = (size_t)row * PSEUDONYM_LEN;
                enum alias_rule rule = alias_map_add(own, x->was[n] + at, x->became[n] + at);

                if (rule > ALIAS_RULE_FIRST)
                        return rule;
                if (rule == ALIAS_NEW)
                        all = ALIAS_NEW;
        }
        return all;
}

static void keep_event(struct record *x, uint32_t row)
{
        for (unsigned n = 0; n < x->names; n++)
                alias_event_write(x->events + ((size_t)x->fresh * x->names + n) * ALIAS_EVENT_LEN,
                        x->was[n] + (size_t)row * PSEUDONYM_LEN,
                        x->became[n] + (size_t)row * PSEUDONYM_LEN, day_of(x, row));
        x->fresh++;
}

/* What is wrong with the events beside those that the municipality has recorded; those that
 * are new, one behind the other. */
static enum err check_events(struct request *rq, const struct alias_book *book, struct record *x)
{
        struct alias_map *own = NULL;

        TRY(alias_map_new(book, book->mark, x->municipality, x->rows * x->names, &own));
        for (uint32_t i = 0; i < x->rows; i++) {
                enum alias_rule rule = add_event(own, x, i);

                rq->slot[i] = rule > ALIAS_RULE_FIRST ? (uint8_t)rule : 0;
                x->refused |= rq->slot[i] != 0;
                x->known += rule == ALIAS_KNOWN ? 1 : 0;
                if (rule == ALIAS_NEW)
                        keep_event(x, i);
        }
        alias_map_free(&own);
        return ERR_OK;
}

/* Events of a municipality, or of all (0), as they were delivered. Those that only an older
 * k_person names are told again under both, and count then. */
static uint32_t events_by(const struct run *r, const struct alias_book *book, municipality_t m)
{
        uint32_t newest = r->persons[r->persons_len - 1].epoch, sum = 0;

        for (uint32_t i = 0; i < book->entries; i++) {
                struct alias_entry e = alias_book_entry(book, i);

                if ((m == 0 || e.municipality == m) && e.epoch + e.names > newest)
                        sum += events_of(&e);
        }
        return sum;
}

static enum err record_fresh(struct run *r, const struct alias_book *book, const struct record *x)
{
        const struct alias_entry entry = {.id = x->id,
                .municipality = x->municipality,
                .at_ms = run_now(r),
                .events = x->fresh * x->names,
                .names = (uint8_t)x->names,
                .epoch = r->persons[0].epoch};
        struct bytes note;

        if (x->fresh == 0)
                return ERR_OK;
        if (events_by(r, book, x->municipality) + x->fresh > ALIASES_OF_ONE_MAX ||
                events_by(r, book, 0) + x->fresh > ALIASES_MAX)
                return ERR_LIMIT;
        TRY(alias_book_add(book, &entry, x->events, &note));
        TRY(change_book(r, &note));
        tell("keeper_aliases_recorded", &entry);
        return ERR_OK;
}

/* An id that was taken before is answered as then. */
static enum err record_again(const struct alias_book *book, uint32_t entry, struct record *x)
{
        struct alias_entry e = alias_book_entry(book, entry);

        if (e.municipality != x->municipality || events_of(&e) > x->rows)
                return ERR_CONFLICT;
        x->fresh = events_of(&e);
        x->known = x->rows - x->fresh;
        return ERR_OK;
}

static enum err record_opened(struct run *r, struct request *rq, struct record *x)
{
        struct alias_book book;
        uint32_t entry;

        TRY(read_book(r, &book));
        if (alias_book_find(&book, &x->id, &entry))
                return record_again(&book, entry, x);
        check_numbers(r, rq, x);
        if (x->refused)
                return ERR_OK;
        TRY(make_codes(r, x));
        TRY(check_events(rq, &book, x));
        return x->refused ? ERR_OK : record_fresh(r, &book, x);
}

enum err run_RECORD_ALIASES(struct run *r, struct request *rq)
{
        struct record x = {.refused = false};
        enum err e;

        TRY(read_record(rq, &x));
        if (!rules_has_municipality(&r->ruling.rules, x.municipality))
                return ERR_NOT_ALLOWED;
        e = open_record(r, &x);
        if (e == ERR_OK)
                e = record_opened(r, rq, &x);
        wipe(r->sealed, x.box.box.len);
        wipe(r->plain, (size_t)x.rows * 2 * (2 * PSEUDONYM_LEN + ALIAS_EVENT_LEN));
        TRY(e);
        if (x.refused) {
                put_u64(rq->answer, 0);
                rq->output_len = x.rows;
        } else {
                TRY(save_if_dirty(r, rq));
        }
        put_u8(rq->answer, x.refused ? 1 : 0);
        put_u32(rq->answer, x.refused ? 0 : x.fresh);
        put_u32(rq->answer, x.refused ? 0 : x.known);
        return ERR_OK;
}

/* What becomes of them -------------------------------------------------------------- */

enum err run_UNDO_ALIASES(struct run *r, struct request *rq)
{
        struct statement said = {.kind = STATEMENT_ALIAS_UNDO};
        municipality_t municipality;
        struct submission_id id;
        struct alias_book book;
        struct bytes signature;
        struct alias_entry e;
        struct bytes note;
        uint32_t entry;

        TRY(read_u16(&rq->payload, &municipality));
        TRY(read_id(&rq->payload, &id));
        TRY(read_fixed(&rq->payload, SIGNATURE_LEN, &signature));
        TRY(read_end(&rq->payload));
        said.municipality = municipality;
        said.request = id;
        TRY(run_check_statement(r, &said, signature));
        TRY(read_book(r, &book));
        if (!alias_book_find(&book, &id, &entry))
                return ERR_NOT_FOUND;
        e = alias_book_entry(&book, entry);
        if (e.municipality != municipality)
                return ERR_NOT_FOUND;
        if (e.undone == 0) {
                TRY(alias_book_undo(&book, entry, &note));
                TRY(change_book(r, &note));
                tell("keeper_aliases_undone", &e);
        }
        TRY(save_if_dirty(r, rq));
        put_u32(rq->answer, events_of(&e));
        return ERR_OK;
}

/* What only the older of two k_person knows; zeros where there is one. */
static enum err find_owing(
        struct run *r, const struct alias_book *book, uint32_t *owing, uint32_t *out_settled)
{
        *out_settled = 0;
        TRY(run_persons(r));
        if (r->persons_len < 2)
                return ERR_OK;
        return alias_book_owing(book, r->persons[0].epoch, owing, out_settled);
}

static void put_told(struct buf *out, const struct alias_book *book, uint32_t i, uint32_t owing)
{
        struct alias_entry e = alias_book_entry(book, i);
        int32_t first, last;

        alias_book_days(book, i, &first, &last);
        put_raw(out, e.id.bytes, sizeof e.id.bytes);
        put_u16(out, e.municipality);
        put_i64(out, e.at_ms);
        put_u32(out, (uint32_t)first);
        put_u32(out, (uint32_t)last);
        put_u32(out, events_of(&e));
        put_u32(out, owing);
        put_u8(out, e.undone != 0 ? 1 : 0);
}

static enum err tell_entries(struct run *r, struct request *rq, const struct alias_book *book,
        municipality_t municipality, uint32_t *owing)
{
        OWNED(buf_done) struct buf out = {.ceiling = KEEPER_SLOT_LEN};
        uint32_t told = 0, settled;
        struct bytes bytes;

        TRY(find_owing(r, book, owing, &settled));
        for (uint32_t i = 0; i < book->entries; i++) {
                if (municipality != 0 && alias_book_entry(book, i).municipality != municipality)
                        continue;
                put_told(&out, book, i, owing[i]);
                told++;
        }
        TRY(buf_end(&out, &bytes));
        if (bytes.len > 0)
                memcpy(rq->slot, bytes.data, bytes.len);
        rq->output_len = bytes.len;
        put_u32(rq->answer, told);
        put_u32(rq->answer, municipality == 0 ? settled : 0);
        return ERR_OK;
}

enum err run_ALIASES(struct run *r, struct request *rq)
{
        municipality_t municipality;
        struct alias_book book;
        uint32_t *owing;
        uint8_t mark;
        enum err e;

        TRY(read_u8(&rq->payload, &mark));
        TRY(read_u16(&rq->payload, &municipality));
        TRY(read_end(&rq->payload));
        if (mark != REACH_MARK)
                return ERR_MALFORMED;
        TRY(read_book(r, &book));
        owing = calloc((size_t)book.entries + 1, sizeof *owing);
        if (owing == NULL)
                return ERR_NO_MEMORY;
        e = tell_entries(r, rq, &book, municipality, owing);
        free(owing);
        return e;
}

static enum err refuse_owing(const struct alias_book *book, const uint32_t *owing)
{
        for (uint32_t i = 0; i < book->entries; i++)
                if (owing[i] > 0)
                        return ERR_ROTATING;
        return ERR_OK;
}

/* Not before everything that was said is known to the k_person that stays. */
enum err run_aliases_settle(struct run *r)
{
        struct alias_book book;
        struct bytes note;
        uint32_t settled, *owing;
        enum err e;

        TRY(read_book(r, &book));
        TRY(run_persons(r));
        if (book.entries == 0 || r->persons_len < 2)
                return ERR_OK;
        owing = calloc(book.entries, sizeof *owing);
        if (owing == NULL)
                return ERR_NO_MEMORY;
        e = find_owing(r, &book, owing, &settled);
        if (e == ERR_OK)
                e = refuse_owing(&book, owing);
        free(owing);
        TRY(e);
        TRY(alias_book_settle(&book, r->persons[1].epoch, &note));
        run_forget_aliases(r);
        return change_book(r, &note);
}

enum err run_ALIAS_MARK(struct run *r, struct request *rq)
{
        struct alias_book book;

        TRY(read_end(&rq->payload));
        TRY(read_book(r, &book));
        TRY(save_if_dirty(r, rq));
        put_u32(rq->answer, book.mark);
        return ERR_OK;
}

/* For views ---------------------------------------------------------------------------- */

/* What was in force at a mark never changes: events that come later have a later mark, and so
 * has their undoing. */
enum err run_aliases_at(struct run *r, uint32_t mark, const struct alias_map **out)
{
        struct alias_cache *place = &r->aliases[r->aliases_next];
        struct alias_map *map = NULL;
        struct alias_book book;

        *out = NULL;
        if (mark == 0)
                return ERR_OK;
        for (unsigned i = 0; i < ALIAS_CACHE_LEN; i++) {
                if (r->aliases[i].map == NULL || r->aliases[i].mark != mark)
                        continue;
                *out = r->aliases[i].map;
                return ERR_OK;
        }
        TRY(read_book(r, &book));
        /* The state is older than the vintage: a copy from before was put back. */
        if (mark > book.mark)
                return ERR_OUT_OF_ORDER;
        TRY(alias_map_new(&book, mark, 0, 0, &map));
        alias_map_free(&place->map);
        *place = (struct alias_cache){mark, map};
        r->aliases_next = (r->aliases_next + 1) % ALIAS_CACHE_LEN;
        *out = map;
        return ERR_OK;
}

void run_forget_aliases(struct run *r)
{
        for (unsigned i = 0; i < ALIAS_CACHE_LEN; i++)
                alias_map_free(&r->aliases[i].map);
}
