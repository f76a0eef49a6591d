/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper_aliases.c: numbers that became others: what a vintage of each mark makes of them,
 * held against a count that knows no cleverness; and what a keeper takes, refuses and tells. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "crypto/personnummer.h"
#include "gateway/keeper/alias_book.h"
#include "gateway/keeper/care.h"
#include "tests/support/keeper_stage.h"

/* The book ---------------------------------------------------------------------- */

enum { CODES = 40, ENTRIES = 30, PER_ENTRY = 6 };

struct trial_event {
        unsigned was, became, since, undone;
        municipality_t municipality;
};

static uint64_t random_below(uint64_t *state, uint64_t below)
{
        *state = *state * 6364136223846793005u + 1442695040888963407u;
        return (*state >> 33) % below;
}

/* Codes whose first bytes collide now and then, as hashes do. */
static void code_of(unsigned i, uint8_t out[PSEUDONYM_LEN])
{
        memset(out, 0, PSEUDONYM_LEN);
        out[0] = (uint8_t)(i % 7 + 1);
        out[5] = (uint8_t)(i + 1);
}

/* Who `i` is in the end, by walking all events again and again. */
static unsigned slow_newest(const unsigned *became, unsigned i)
{
        for (unsigned steps = 0; became[i] != CODES; steps++) {
                assert_true(steps < CODES);
                i = became[i];
        }
        return i;
}

static void slow_take(unsigned *became, unsigned was, unsigned to)
{
        if (was == to || became[was] != CODES || slow_newest(became, to) == was)
                return;
        became[was] = to;
}

static void expect_map(const struct alias_book *b, const struct trial_event *events, unsigned len,
        uint32_t mark, municipality_t of)
{
        uint8_t codes[CODES * PSEUDONYM_LEN], wanted[PSEUDONYM_LEN];
        unsigned became[CODES];
        struct alias_map *map = NULL;

        for (unsigned i = 0; i < CODES; i++) {
                became[i] = CODES;
                code_of(i, codes + (size_t)i * PSEUDONYM_LEN);
        }
        for (unsigned i = 0; i < len; i++)
                if (events[i].since <= mark && (events[i].undone == 0 || events[i].undone > mark) &&
                        (of == 0 || of == events[i].municipality))
                        slow_take(became, events[i].was, events[i].became);
        assert_int_equal(alias_map_new(b, mark, of, 0, &map), ERR_OK);
        alias_map_apply(map, codes, CODES);
        for (unsigned i = 0; i < CODES; i++) {
                code_of(slow_newest(became, i), wanted);
                assert_memory_equal(codes + (size_t)i * PSEUDONYM_LEN, wanted, PSEUDONYM_LEN);
        }
        alias_map_free(&map);
}

/* A book that grows at random: deliveries by three municipalities, some undone. */
static void grow_and_compare(uint64_t seed)
{
        struct trial_event events[ENTRIES * PER_ENTRY];
        struct bytes note = {0}, next;
        struct alias_book book;
        unsigned len = 0;

        for (uint32_t step = 1; step <= ENTRIES; step++) {
                uint8_t rows[PER_ENTRY * ALIAS_EVENT_LEN];
                struct alias_entry e = {.municipality = (municipality_t)(1 + step % 3),
                        .events = 1 + (uint32_t)random_below(&seed, PER_ENTRY),
                        .names = 1,
                        .epoch = 1};

                assert_int_equal(alias_book_read(note, &book), ERR_OK);
                if (book.entries > 0 && random_below(&seed, 3) == 0) {
                        uint32_t i = (uint32_t)random_below(&seed, book.entries);
                        struct alias_entry gone = alias_book_entry(&book, i);

                        if (gone.undone == 0) {
                                assert_int_equal(alias_book_undo(&book, i, &next), ERR_OK);
                                for (unsigned n = 0; n < len; n++)
                                        if (events[n].since == gone.since)
                                                events[n].undone = book.mark + 1;
                                alias_note_free(&note);
                                note = next;
                        }
                        continue;
                }
                e.id.bytes[0] = (uint8_t)step;
                for (uint32_t i = 0; i < e.events; i++) {
                        uint8_t was[PSEUDONYM_LEN], became[PSEUDONYM_LEN];
                        struct trial_event *t = &events[len++];

                        *t = (struct trial_event){(unsigned)random_below(&seed, CODES),
                                (unsigned)random_below(&seed, CODES), book.mark + 1, 0,
                                e.municipality};
                        code_of(t->was, was);
                        code_of(t->became, became);
                        alias_event_write(rows + (size_t)i * ALIAS_EVENT_LEN, was, became, 7);
                }
                assert_int_equal(alias_book_add(&book, &e, rows, &next), ERR_OK);
                alias_note_free(&note);
                note = next;
        }
        assert_int_equal(alias_book_read(note, &book), ERR_OK);
        for (uint32_t mark = 0; mark <= book.mark; mark++)
                for (municipality_t of = 0; of <= 3; of++)
                        expect_map(&book, events, len, mark, of);
        alias_note_free(&note);
}

static void every_mark_links_as_a_slow_count_does(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 60; seed++)
                grow_and_compare(seed);
}

/* Backwards, so that every event is put in front of a longer chain. */
static void a_chain_of_as_many_as_there_may_be_is_followed_to_its_end(void **state)
{
        const struct alias_entry e = {
                .municipality = 1, .events = ALIAS_ROWS_MAX, .names = 1, .epoch = 1};
        uint8_t *rows = calloc(ALIAS_ROWS_MAX, ALIAS_EVENT_LEN);
        uint8_t code[PSEUDONYM_LEN], end[PSEUDONYM_LEN];
        struct alias_book book, none = {0};
        struct alias_map *map = NULL;
        struct bytes note;

        (void)state;
        assert_non_null(rows);
        memset(code, 0, sizeof code);
        memset(end, 0, sizeof end);
        for (uint32_t i = 0; i < ALIAS_ROWS_MAX; i++) {
                uint32_t was = ALIAS_ROWS_MAX - i, became = was + 1;

                memcpy(code, &was, sizeof was);
                memcpy(end, &became, sizeof became);
                alias_event_write(rows + (size_t)i * ALIAS_EVENT_LEN, code, end, 0);
                if (i == 0)
                        memcpy(rows, code, sizeof code);
        }
        assert_int_equal(alias_book_add(&none, &e, rows, &note), ERR_OK);
        assert_int_equal(alias_book_read(note, &book), ERR_OK);
        assert_int_equal(alias_map_new(&book, 1, 0, 0, &map), ERR_OK);
        uint32_t first = 1, last = ALIAS_ROWS_MAX + 1;

        memcpy(code, &first, sizeof first);
        memcpy(end, &last, sizeof last);
        alias_map_apply(map, code, 1);
        assert_memory_equal(code, end, sizeof code);
        /* One too many, and one that would close the ring. */
        assert_int_equal(
                alias_book_add(&book, &(struct alias_entry){.events = 1, .names = 1, .epoch = 1},
                        rows, &note),
                ERR_LIMIT);
        alias_map_free(&map);
        assert_int_equal(alias_map_new(&book, 1, 0, 1, &map), ERR_OK);
        memcpy(code, &last, sizeof last);
        memcpy(end, &first, sizeof first);
        assert_int_equal(alias_map_add(map, code, end), ALIAS_RULE_RING);
        alias_map_free(&map);
        note = bytes_of(book.entry_rows - 16, 0);
        free((void *)(uintptr_t)note.data);
        free(rows);
}

static void a_book_that_does_not_add_up_is_refused(void **state)
{
        uint8_t rows[ALIAS_EVENT_LEN] = {1}, copy[256];
        struct alias_book book, none = {0};
        struct bytes note;

        (void)state;
        assert_int_equal(alias_book_add(&none,
                                 &(struct alias_entry){
                                         .municipality = 1, .events = 1, .names = 1, .epoch = 1},
                                 rows, &note),
                ERR_OK);
        assert_true(note.len <= sizeof copy);
        assert_int_equal(alias_book_read(note, &book), ERR_OK);
        for (size_t len = 1; len < note.len; len++)
                assert_int_equal(alias_book_read(bytes_of(note.data, len), &book), ERR_CORRUPT);
        memcpy(copy, note.data, note.len);
        copy[0] = 3; /* a version that is not known */
        assert_int_equal(alias_book_read(bytes_of(copy, note.len), &book), ERR_CORRUPT);
        memcpy(copy, note.data, note.len);
        copy[4] = 0; /* an event that comes after the book's end */
        assert_int_equal(alias_book_read(bytes_of(copy, note.len), &book), ERR_CORRUPT);
        memcpy(copy, note.data, note.len);
        copy[12] = 0; /* fewer events than its entries say */
        assert_int_equal(alias_book_read(bytes_of(copy, note.len), &book), ERR_CORRUPT);
        alias_note_free(&note);
}

/* The keeper --------------------------------------------------------------------- */

static enum err record(struct stage *s, municipality_t m, const unsigned *was,
        const unsigned *became, uint32_t len, struct keeper_alias *in, struct keeper_aliased *out)
{
        struct keeper_public_key key = stage_key(s);

        *in = world_seal_aliases(&s->w, &key, s->w.submission_keys[m == 114 ? 0 : 1], m, was,
                became, len, clock_now_ms());
        return keeper_alias_record(s->k, in, s->w.arena, out);
}

static const struct secret *key_of(struct stage *s, municipality_t m)
{
        return s->w.submission_keys[m == 114 ? 0 : 1];
}

static enum err undo(
        struct stage *s, municipality_t m, const struct submission_id *id, uint32_t *events)
{
        return keeper_alias_undo(s->k, m, id, world_sign_undo(&s->w, key_of(s, m), m, id), events);
}

static void record_one(
        struct stage *s, municipality_t m, unsigned was, unsigned became, struct keeper_alias *in)
{
        struct keeper_aliased out;

        assert_int_equal(record(s, m, &was, &became, 1, in, &out), ERR_OK);
        assert_false(out.refused);
        assert_int_equal(out.recorded, 1);
}

static uint8_t rule_of(struct stage *s, municipality_t m, unsigned was, unsigned became)
{
        struct keeper_aliased out;
        struct keeper_alias in;

        assert_int_equal(record(s, m, &was, &became, 1, &in, &out), ERR_OK);
        return out.refused ? out.rules[0] : out.recorded == 1 ? ALIAS_NEW : ALIAS_KNOWN;
}

static uint32_t mark_of(struct stage *s)
{
        uint32_t mark = 0;

        assert_int_equal(keeper_alias_mark(s->k, &mark), ERR_OK);
        return mark;
}

/* Persons 1 in 114 (placering has none) and 2 in 180, their guardians 1000 to 1003. */
struct pair {
        struct keeper_open in[2];
};

static void deliver_pair(struct stage *s, struct pair *out)
{
        static const municipality_t where[] = {114, 180};

        for (unsigned i = 0; i < 2; i++) {
                struct keeper_accept b = world_batch(&s->w, "anmalan", where[i], 1 + i, 1, 10);
                struct keeper_accepted accepted;

                world_guardians(&s->w, &b, 1000 + 2 * i);
                stage_accept(s, &b, &accepted);
                out->in[i] = stage_open_of(&b, &accepted);
        }
}

struct look {
        uint8_t token[PSEUDONYM_LEN], guardian[PSEUDONYM_LEN], key[PERSON_KEY_LEN];
};

static struct look look_at(struct stage *s, struct keeper_open in, uint32_t mark)
{
        struct keeper_opened o;
        struct look look;

        in.aliases = mark;
        assert_int_equal(keeper_open_for_view(s->k, &in, &o), ERR_OK);
        memcpy(look.token, o.tokens, sizeof look.token);
        memcpy(look.guardian, o.guardian_tokens, sizeof look.guardian);
        memcpy(look.key, o.person_keys, sizeof look.key);
        keeper_release(s->k, &o);
        return look;
}

static bool one_person(struct stage *s, const struct pair *p, uint32_t mark)
{
        struct look a = look_at(s, p->in[0], mark), b = look_at(s, p->in[1], mark);
        bool same = memcmp(a.token, b.token, sizeof a.token) == 0;

        assert_int_equal(memcmp(a.key, b.key, sizeof a.key) == 0, same);
        return same;
}

static void two_numbers_are_one_person_from_the_event_until_it_is_undone(void **state)
{
        struct keeper_alias in;
        struct stage s;
        struct pair p;
        uint32_t undone = 0;

        (void)state;
        stage_up(&s, 0);
        deliver_pair(&s, &p);
        assert_int_equal(mark_of(&s), 0);
        struct look before = look_at(&s, p.in[0], 0);

        record_one(&s, 114, 1, 2, &in);
        assert_int_equal(mark_of(&s), 1);
        assert_false(one_person(&s, &p, 0));
        assert_true(one_person(&s, &p, 1));
        struct look after = look_at(&s, p.in[0], 1);

        /* She who was delivered under the newer number is who she was. */
        assert_memory_equal(look_at(&s, p.in[1], 0).token, after.token, PSEUDONYM_LEN);
        assert_memory_equal(before.guardian, after.guardian, PSEUDONYM_LEN);
        assert_int_equal(undo(&s, 180, &in.id, &undone), ERR_NOT_FOUND);
        assert_int_equal(undo(&s, 114, &in.id, &undone), ERR_OK);
        assert_int_equal(undone, 1);
        assert_int_equal(undo(&s, 114, &in.id, &undone), ERR_OK); /* once more */
        assert_int_equal(mark_of(&s), 2);
        /* Every mark says what it said, after a restart too; and none says what was never. */
        for (unsigned round = 0; round < 2; round++) {
                assert_false(one_person(&s, &p, 0));
                assert_true(one_person(&s, &p, 1));
                assert_false(one_person(&s, &p, 2));
                assert_memory_equal(look_at(&s, p.in[0], 0).token, before.token, PSEUDONYM_LEN);
                assert_memory_equal(look_at(&s, p.in[0], 1).token, after.token, PSEUDONYM_LEN);
                p.in[0].aliases = 3;
                struct keeper_opened o;

                assert_int_equal(keeper_open_for_view(s.k, &p.in[0], &o), ERR_OUT_OF_ORDER);
                stage_restart(&s);
                assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
                assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        }
        stage_down(&s);
}

static void guardians_change_their_numbers_too(void **state)
{
        struct keeper_alias in;
        struct stage s;
        struct pair p;

        (void)state;
        stage_up(&s, 0);
        deliver_pair(&s, &p);
        record_one(&s, 180, 1000, 1002, &in);
        assert_memory_equal(
                look_at(&s, p.in[0], 1).guardian, look_at(&s, p.in[1], 1).guardian, PSEUDONYM_LEN);
        assert_memory_not_equal(
                look_at(&s, p.in[0], 0).guardian, look_at(&s, p.in[1], 0).guardian, PSEUDONYM_LEN);
        stage_down(&s);
}

static void chains_are_followed_and_contradictions_refused(void **state)
{
        struct keeper_alias in;
        struct stage s;
        struct pair p;
        uint32_t undone;

        (void)state;
        stage_up(&s, 0);
        deliver_pair(&s, &p);
        record_one(&s, 114, 77, 2, &in);
        record_one(&s, 114, 1, 77, &in);
        assert_true(one_person(&s, &p, 2));
        assert_int_equal(rule_of(&s, 114, 1, 77), ALIAS_KNOWN);
        assert_int_equal(rule_of(&s, 114, 5, 5), ALIAS_RULE_SELF);
        assert_int_equal(rule_of(&s, 114, 1, 78), ALIAS_RULE_CONFLICT);
        assert_int_equal(rule_of(&s, 114, 2, 1), ALIAS_RULE_RING);
        assert_int_equal(mark_of(&s), 2); /* nothing of that was taken */
        assert_int_equal(undo(&s, 114, &in.id, &undone), ERR_OK);
        assert_int_equal(rule_of(&s, 114, 1, 78), ALIAS_NEW);
        assert_false(one_person(&s, &p, mark_of(&s)));
        stage_down(&s);
}

/* What one municipality hears does not depend on what another has said; the earlier event is the
 * one that counts. */
static void nobody_hears_what_others_have_recorded(void **state)
{
        struct keeper_alias first, other;
        struct alias_told *told;
        uint32_t len = 0, settled, undone;
        struct stage s;
        struct pair p;

        (void)state;
        stage_up(&s, 0);
        deliver_pair(&s, &p);
        record_one(&s, 180, 1, 90, &first);
        record_one(&s, 114, 1, 2, &other);                    /* contradicts the one above */
        assert_int_equal(rule_of(&s, 114, 90, 1), ALIAS_NEW); /* would close a ring with it */
        assert_int_equal(rule_of(&s, 114, 1, 2), ALIAS_KNOWN);
        assert_false(one_person(&s, &p, mark_of(&s)));
        assert_int_equal(undo(&s, 180, &first.id, &undone), ERR_OK);
        assert_true(one_person(&s, &p, mark_of(&s)));

        assert_int_equal(keeper_aliases(s.k, 114, s.w.arena, &told, &len, &settled), ERR_OK);
        assert_int_equal(len, 2);
        assert_memory_equal(told[0].id.bytes, other.id.bytes, sizeof other.id.bytes);
        assert_int_equal(told[0].events, 1);
        assert_false(told[0].undone);
        assert_int_equal(keeper_aliases(s.k, 0, s.w.arena, &told, &len, &settled), ERR_OK);
        assert_int_equal(len, 3);
        assert_true(told[0].undone);
        assert_int_equal(told[0].municipality, 180);
        stage_down(&s);
}

static void what_cannot_be_is_told_row_by_row_and_nothing_is_taken(void **state)
{
        enum { ROWS = 5 };
        const unsigned was[ROWS] = {1, 2, 3, 4, 1}, became[ROWS] = {11, 12, 3, 14, 15};
        struct keeper_aliased out;
        struct keeper_alias in;
        struct stage s;
        int32_t days[ROWS] = {0};

        (void)state;
        stage_up(&s, 0);
        assert_int_equal(record(&s, 114, was, became, ROWS, &in, &out), ERR_OK);
        assert_true(out.refused);
        assert_int_equal(out.recorded, 0);
        static const uint8_t wanted[ROWS] = {0, 0, ALIAS_RULE_SELF, 0, ALIAS_RULE_CONFLICT};

        assert_memory_equal(out.rules, wanted, ROWS);
        assert_int_equal(mark_of(&s), 0);
        days[3] = INT32_MAX;
        in.days = days;
        in.days_signature = world_sign_days(&s.w, s.w.submission_keys[0], &in);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_OK);
        assert_true(out.refused);
        assert_int_equal(out.rules[3], ALIAS_RULE_DAY);
        for (unsigned rule = 0; rule < 256; rule++)
                assert_non_null(alias_rule_sentence((uint8_t)rule));
        assert_string_equal(alias_rule_name(ALIAS_RULE_RING), "RING");
        assert_string_equal(alias_rule_name(PNR_RULE_CHECK_DIGIT), "CHECK_DIGIT");
        stage_down(&s);
}

static void a_delivery_that_comes_again_is_answered_as_the_first_time(void **state)
{
        const unsigned was[] = {1, 2}, became[] = {3, 4};
        struct keeper_aliased out;
        struct keeper_alias in;
        struct stage s;
        uint32_t undone;

        (void)state;
        stage_up(&s, 0);
        for (unsigned round = 0; round < 3; round++) {
                if (round == 0)
                        assert_int_equal(record(&s, 114, was, became, 2, &in, &out), ERR_OK);
                else
                        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_OK);
                assert_int_equal(out.recorded, 2);
                assert_int_equal(out.known, 0);
        }
        assert_int_equal(mark_of(&s), 1);
        /* What was undone does not come back with a copy of its box. */
        assert_int_equal(undo(&s, 114, &in.id, &undone), ERR_OK);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_OK);
        assert_int_equal(mark_of(&s), 2);
        stage_down(&s);
}

static void boxes_of_other_places_times_and_hands_are_refused(void **state)
{
        const unsigned was = 1, became = 2;
        struct keeper_public_key key;
        struct keeper_aliased out;
        struct keeper_alias in, bad;
        struct stage s;
        int64_t now = clock_now_ms(), day = 86400000;

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        in = world_seal_aliases(&s.w, &key, s.w.submission_keys[1], 114, &was, &became, 1, now);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_BOX_SIGNATURE);
        in = world_seal_aliases(
                &s.w, &key, s.w.submission_keys[0], 114, &was, &became, 1, now - 2 * day);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_BOX_MISPLACED);
        in = world_seal_aliases(&s.w, &key, s.w.submission_keys[0], 114, &was, &became, 1, now);
        bad = in;
        bad.id.bytes[15] ^= 1;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        bad = in;
        bad.municipality = 180;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        bad = in;
        bad.events = 2;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_CLOSED);
        bad.events = ALIASES_AT_ONCE_MAX + 1;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_TOO_LARGE);
        assert_int_equal(mark_of(&s), 0);
        stage_down(&s);
}

/* An id of a municipality's own means two persons in two municipalities, before and after. */
static void local_ids_stay_with_their_municipality(void **state)
{
        struct keeper_public_key key;
        struct keeper_aliased out;
        struct keeper_open opened[2];
        struct stage s;

        (void)state;
        stage_up(&s, 0);
        for (unsigned i = 0; i < 2; i++) {
                struct keeper_accept b = world_batch(&s.w, "anmalan", i == 0 ? 114 : 180, 1, 1, 10);
                struct keeper_accepted accepted;
                uint8_t id[PERSON_ID_LEN] = "T17", kind = PERSON_LOCAL;

                b.persons = (struct person_column){id, &kind};
                stage_accept(&s, &b, &accepted);
                opened[i] = stage_open_of(&b, &accepted);
        }
        /* In 114 the temporary one became person 5. */
        const struct box_head head = {.use = BOX_ALIAS, .municipality = 114, .rows = 1};
        struct box_head full = head;
        uint8_t ids[2][PERSON_ID_LEN] = {"T17"}, kinds[2] = {PERSON_LOCAL, PERSON_NATIONAL};
        uint8_t box[BOX_OVERHEAD + BOX_PLAIN_FIXED + 2 * BOX_PER_PERSON];
        uint8_t signature[SIGNATURE_LEN];
        const struct box_persons who = {1, 1, {ids[0], &kinds[0]}, {ids[1], &kinds[1]}};
        int64_t now = clock_now_ms();
        int32_t day = 0;
        struct keeper_alias in = {.municipality = 114, .events = 1, .days = &day};

        world_person(5, ids[1]);
        for (unsigned i = 0; i < 6; i++)
                in.id.bytes[i] = (uint8_t)(now >> (40 - 8 * i));
        key = stage_key(&s);
        memcpy(full.key_id, key.id, sizeof full.key_id);
        full.submission = in.id;
        assert_int_equal(box_seal(key.public_key, &full, &who, box), ERR_OK);
        assert_int_equal(
                box_sign(s.w.submission_keys[0], &full, bytes_of(box, sizeof box), signature),
                ERR_OK);
        in.box = (struct keeper_box){bytes_of_text(key.id), bytes_of(box, sizeof box),
                bytes_of(signature, sizeof signature)};
        in.days_signature = world_sign_days(&s.w, s.w.submission_keys[0], &in);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_OK);
        assert_int_equal(out.recorded, 1);

        struct keeper_accept five = world_batch(&s.w, "anmalan", 114, 5, 1, 10);
        struct keeper_accepted accepted;
        uint8_t *tokens[3];

        five.name.sequence = 1;
        stage_accept(&s, &five, &accepted);
        struct keeper_open third = stage_open_of(&five, &accepted);

        opened[0].aliases = opened[1].aliases = third.aliases = mark_of(&s);
        tokens[0] = stage_tokens_of(&s, &opened[0]);
        tokens[1] = stage_tokens_of(&s, &opened[1]);
        tokens[2] = stage_tokens_of(&s, &third);
        assert_memory_equal(tokens[0], tokens[2], PSEUDONYM_LEN);
        assert_memory_not_equal(tokens[1], tokens[2], PSEUDONYM_LEN);
        stage_down(&s);
}

/* A gateway in other hands can neither move a day nor take back what was said. */
static void days_and_undoing_are_the_municipalitys_own_words(void **state)
{
        const unsigned was = 1, became = 2;
        struct keeper_public_key key;
        struct keeper_aliased out;
        struct keeper_alias in, other, bad;
        struct stage s;
        struct bytes undone_by_114, said;
        uint32_t undone = 9;
        int32_t day = 7;

        (void)state;
        stage_up(&s, 0);
        key = stage_key(&s);
        in = world_seal_aliases(
                &s.w, &key, s.w.submission_keys[0], 114, &was, &became, 1, clock_now_ms());
        other = world_seal_aliases(
                &s.w, &key, s.w.submission_keys[0], 114, &became, &was, 1, clock_now_ms());
        bad = in;
        bad.days = &day;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        bad.days_signature = world_sign_days(&s.w, s.w.submission_keys[1], &bad);
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        bad = in; /* the days of another box */
        bad.days_signature = other.days_signature;
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        bad.days_signature = bytes_of(NULL, 0);
        assert_int_equal(keeper_alias_record(s.k, &bad, s.w.arena, &out), ERR_BOX_SIGNATURE);
        assert_int_equal(mark_of(&s), 0);
        assert_int_equal(keeper_alias_record(s.k, &in, s.w.arena, &out), ERR_OK);
        assert_int_equal(mark_of(&s), 1);

        undone_by_114 = world_sign_undo(&s.w, s.w.submission_keys[0], 114, &in.id);
        said = world_sign_undo(&s.w, s.w.submission_keys[1], 114, &in.id); /* another's key */
        assert_int_equal(keeper_alias_undo(s.k, 114, &in.id, said, &undone), ERR_BOX_SIGNATURE);
        said = world_sign_undo(&s.w, s.w.submission_keys[0], 114, &other.id); /* of another id */
        assert_int_equal(keeper_alias_undo(s.k, 114, &in.id, said, &undone), ERR_BOX_SIGNATURE);
        said = in.days_signature; /* a statement of another kind */
        assert_int_equal(keeper_alias_undo(s.k, 114, &in.id, said, &undone), ERR_BOX_SIGNATURE);
        assert_int_equal(
                keeper_alias_undo(s.k, 114, &in.id, bytes_of(NULL, 0), &undone), ERR_BOX_SIGNATURE);
        assert_int_equal(
                keeper_alias_undo(s.k, 180, &in.id, undone_by_114, &undone), ERR_BOX_SIGNATURE);
        assert_int_equal(mark_of(&s), 1);
        assert_int_equal(undone, 9);
        assert_int_equal(keeper_alias_undo(s.k, 114, &in.id, undone_by_114, &undone), ERR_OK);
        assert_int_equal(mark_of(&s), 2);
        stage_down(&s);
}

static uint32_t owing_of(struct stage *s, municipality_t m, uint32_t *settled)
{
        struct alias_told *told;
        uint32_t len = 0, sum = 0;

        assert_int_equal(keeper_aliases(s->k, m, s->w.arena, &told, &len, settled), ERR_OK);
        for (uint32_t i = 0; i < len; i++)
                sum += told[i].owing;
        return sum;
}

/* What only the older k_person knows would mean nobody once it has ended. */
static void what_the_newer_key_does_not_know_holds_up_the_end_of_the_older(void **state)
{
        struct keeper_alias kept, dropped, again, late;
        struct stage s;
        struct pair p;
        uint32_t settled = 9, undone;

        (void)state;
        stage_up(&s, 0);
        record_one(&s, 114, 1, 2, &kept);
        record_one(&s, 180, 50, 51, &dropped);
        assert_int_equal(owing_of(&s, 0, &settled), 0);
        assert_int_equal(settled, 0);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        deliver_pair(&s, &p);
        assert_int_equal(owing_of(&s, 0, &settled), 2);
        assert_int_equal(owing_of(&s, 180, &settled), 1);
        record_one(&s, 180, 60, 61, &late); /* under both from the beginning */
        assert_int_equal(owing_of(&s, 0, &settled), 2);
        assert_int_equal(keeper_settle_persons(s.k), ERR_ROTATING);
        record_one(&s, 114, 1, 2, &again);
        assert_int_equal(owing_of(&s, 0, &settled), 1);
        assert_int_equal(settled, mark_of(&s));
        assert_int_equal(keeper_settle_persons(s.k), ERR_ROTATING);
        assert_int_equal(undo(&s, 180, &dropped.id, &undone), ERR_OK);
        assert_int_equal(owing_of(&s, 0, &settled), 0);
        assert_int_equal(settled, mark_of(&s)); /* a vintage of before had that in it */
        /* Told again and taken back: the first still stands. */
        assert_int_equal(undo(&s, 114, &again.id, &undone), ERR_OK);
        assert_int_equal(owing_of(&s, 0, &settled), 1);
        record_one(&s, 114, 1, 2, &again);
        assert_true(one_person(&s, &p, mark_of(&s)));
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        assert_true(one_person(&s, &p, mark_of(&s)));
        assert_int_equal(owing_of(&s, 0, &settled), 0);
        /* The names that ended are gone, and a third key finds what it needs to. */
        assert_int_equal(rule_of(&s, 114, 1, 2), ALIAS_KNOWN);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        assert_int_equal(owing_of(&s, 0, &settled), 2); /* `again` and `late`, not the first */
        stage_down(&s);
}

/* Entries without an epoch are of the first key. */
static void a_book_from_before_epochs_is_read(void **state)
{
        uint8_t old[16 + 39 + ALIAS_EVENT_LEN] = {1, 0, 0, 0, 5, 0, 0, 0, 1, 0, 0, 0, 1};
        struct alias_book book;
        struct alias_entry e;
        struct bytes next;

        (void)state;
        old[16] = 0xAB; /* id */
        old[16 + 16] = 114;
        old[16 + 26] = 4;  /* since */
        old[16 + 34] = 1;  /* events */
        old[16 + 38] = 1;  /* names */
        old[16 + 39] = 17; /* who */
        assert_int_equal(alias_book_read(bytes_of(old, sizeof old), &book), ERR_OK);
        assert_int_equal(alias_book_undo(&book, 0, &next), ERR_OK);
        assert_int_equal(alias_book_read(next, &book), ERR_OK);
        e = alias_book_entry(&book, 0);
        assert_int_equal(e.id.bytes[0], 0xAB);
        assert_int_equal(e.municipality, 114);
        assert_int_equal(e.since, 4);
        assert_int_equal(e.undone, 6);
        assert_int_equal(e.epoch, 1);
        assert_int_equal(book.event_rows[0], 17);
        alias_note_free(&next);
}

/* While two k_person are live an event is kept under both, and outlives the first. */
static void an_event_outlives_the_exchange_of_k_person(void **state)
{
        struct keeper_alias before, in;
        struct stage s;
        struct pair p;

        (void)state;
        stage_up(&s, 0);
        record_one(&s, 114, 1, 2, &before);
        assert_int_equal(keeper_begin_persons(s.k), ERR_OK);
        deliver_pair(&s, &p); /* named by both */
        assert_true(one_person(&s, &p, mark_of(&s)));
        /* Under the second name it is new, and has to come again. */
        record_one(&s, 114, 1, 2, &in);
        assert_int_equal(rule_of(&s, 114, 1, 2), ALIAS_KNOWN);
        assert_int_equal(keeper_settle_persons(s.k), ERR_OK);
        assert_true(one_person(&s, &p, mark_of(&s)));
        assert_false(one_person(&s, &p, mark_of(&s) - 1));
        stage_down(&s);
}

/* The mark of a vintage must not come to mean something else when the power goes. */
static void no_mark_is_given_out_for_what_is_not_on_disk(void **state)
{
        const unsigned was = 1, became = 2;
        struct keeper_aliased out;
        struct keeper_alias in;
        struct stage s;
        uint32_t mark = 9;

        (void)state;
        stage_up(&s, 0);
        assert_true(fault_arm("write", 0));
        assert_int_equal(record(&s, 114, &was, &became, 1, &in, &out), ERR_DISK_FULL);
        fault_disarm();
        assert_true(fault_arm("write", 0));
        assert_int_equal(keeper_alias_mark(s.k, &mark), ERR_DISK_FULL);
        fault_disarm();
        assert_int_equal(mark, 9);
        uint32_t now = mark_of(&s);

        assert_int_equal(now, 1);
        stage_restart(&s);
        assert_int_equal(stage_unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(stage_load(&s, 1, NULL), ERR_OK);
        assert_int_equal(mark_of(&s), now);
        stage_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(every_mark_links_as_a_slow_count_does),
                cmocka_unit_test(a_chain_of_as_many_as_there_may_be_is_followed_to_its_end),
                cmocka_unit_test(a_book_that_does_not_add_up_is_refused),
                cmocka_unit_test(two_numbers_are_one_person_from_the_event_until_it_is_undone),
                cmocka_unit_test(guardians_change_their_numbers_too),
                cmocka_unit_test(chains_are_followed_and_contradictions_refused),
                cmocka_unit_test(nobody_hears_what_others_have_recorded),
                cmocka_unit_test(what_cannot_be_is_told_row_by_row_and_nothing_is_taken),
                cmocka_unit_test(a_delivery_that_comes_again_is_answered_as_the_first_time),
                cmocka_unit_test(boxes_of_other_places_times_and_hands_are_refused),
                cmocka_unit_test(local_ids_stay_with_their_municipality),
                cmocka_unit_test(days_and_undoing_are_the_municipalitys_own_words),
                cmocka_unit_test(what_the_newer_key_does_not_know_holds_up_the_end_of_the_older),
                cmocka_unit_test(a_book_from_before_epochs_is_read),
                cmocka_unit_test(an_event_outlives_the_exchange_of_k_person),
                cmocka_unit_test(no_mark_is_given_out_for_what_is_not_on_disk),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
