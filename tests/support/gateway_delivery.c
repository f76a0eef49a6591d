/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_delivery.c: see gateway_delivery.h.
 *
 * The count at the end shares nothing with the engine: it goes through all records
 * for every cell, compares texts, and knows persons by a sorted list. */
#include "tests/support/gateway_delivery.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/personnummer.h"
#include "crypto/secret.h"
#include "tests/support/gateway_sealing.h"

enum { MESSAGE_MAX = 8 << 20, TALK_ARENA_MAX = 512 << 20, COLUMNS = 7 };

static const char *const forms[FORMS] = {
        "familjehem", "jourhem", "natverkshem", "hvb", "stodboende", "sis", "skyddat_boende"};
static const char *const grounds[GROUNDS] = {"sol", "lvu2", "lvu3", "lvu2_3", "lvu6"};
static const char *const sexes[] = {"kvinna", "man"};

/* People ----------------------------------------------------------------------- */

uint64_t random_below(uint64_t *state, uint64_t below)
{
        /* Vigna's splitmix64. */
        uint64_t z = *state += 0x9e3779b97f4a7c15;

        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        return (z ^ z >> 31) % below;
}

static int32_t birthday(uint32_t i)
{
        return days_from_civil((struct civil){2008, 1, 1}) + (int32_t)(i % 4000);
}

void child_id(uint32_t i, uint8_t out[PERSON_ID_LEN])
{
        struct civil born = civil_from_days(birthday(i));
        char digits[48];

        assert_true(i < 400000);
        (void)snprintf(digits, sizeof digits, "%04d%02d%02d%03u", born.year, born.month, born.day,
                300 + i / 4000);
        digits[11] = pnr_check_digit(digits + 2);
        memcpy(out, digits, PERSON_ID_LEN);
}

void child_local_id(uint32_t i, uint8_t out[PERSON_ID_LEN])
{
        char text[32];

        (void)snprintf(text, sizeof text, "TMP%07u", i % 10000000);
        memset(out, 0, PERSON_ID_LEN);
        memcpy(out, text, 10);
}

struct placement placement_random(uint64_t *state, uint32_t children, uint32_t key)
{
        struct placement p = {.person = (uint32_t)random_below(state, children)};
        struct civil born = civil_from_days(birthday(p.person));

        p.local = random_below(state, 10) == 0;
        p.woman = p.person % 2 == 0;
        born.day = 1;
        p.born = days_from_civil(born);
        p.form = (uint8_t)random_below(state, FORMS);
        p.ground = (uint8_t)random_below(state, GROUNDS);
        p.start = days_from_civil((struct civil){2025, 1, 1}) + (int32_t)random_below(state, 365);
        p.end = random_below(state, 3) == 0 ? INT32_MIN
                                            : p.start + (int32_t)random_below(state, 200);
        p.cost = random_below(state, 5) == 0 ? INT64_MIN
                                             : 50000 + (int64_t)random_below(state, 900000);
        (void)snprintf(p.key, sizeof p.key, "DNR-%06u", key % 1000000);
        return p;
}

struct submission_id id_random(void)
{
        struct submission_id id;

        assert_int_equal(random_bytes(&id, sizeof id), ERR_OK);
        return id;
}

/* Messages --------------------------------------------------------------------- */

static void *room(struct arena *a, size_t count, size_t size)
{
        void *p = arena_alloc(a, count, size);

        assert_non_null(p);
        return p;
}

static struct bytes message_of(struct arena *a, const struct submit_request *r)
{
        OWNED(buf_done) struct buf b = {.ceiling = MESSAGE_MAX};
        struct bytes bytes, copy;

        assert_int_equal(submit_request_encode(r, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &bytes), ERR_OK);
        assert_int_equal(bytes_copy(a, bytes, &copy), ERR_OK);
        return copy;
}

static const struct bytes *dictionary(struct arena *a, const char *const *codes, uint32_t len)
{
        struct bytes *out = room(a, len, sizeof *out);

        for (uint32_t i = 0; i < len; i++)
                out[i] = bytes_of_text(codes[i]);
        return out;
}

static void put_le(uint8_t *to, uint64_t v, unsigned width)
{
        for (unsigned i = 0; i < width; i++)
                to[i] = (uint8_t)(v >> 8 * i);
}

struct columns {
        uint8_t *sex, *born, *start, *end, *form, *ground, *cost;
        uint8_t *no_end, *no_cost;
};

static void fill_row(struct columns *c, uint32_t i, const struct placement *p)
{
        c->sex[i] = p->woman ? 0 : 1;
        c->form[i] = p->form;
        c->ground[i] = p->ground;
        put_le(c->born + 4 * (size_t)i, (uint32_t)p->born, 4);
        put_le(c->start + 4 * (size_t)i, (uint32_t)p->start, 4);
        if (p->end == INT32_MIN)
                c->no_end[i / 8] |= (uint8_t)(1 << i % 8);
        else
                put_le(c->end + 4 * (size_t)i, (uint32_t)p->end, 4);
        if (p->cost == INT64_MIN)
                c->no_cost[i / 8] |= (uint8_t)(1 << i % 8);
        else
                put_le(c->cost + 8 * (size_t)i, (uint64_t)p->cost, 8);
}

static const struct column *make_columns(struct arena *a, const struct placement *rows, uint32_t n)
{
        struct column *out = room(a, COLUMNS, sizeof *out);
        struct columns c = {room(a, n, 1), room(a, n, 4), room(a, n, 4), room(a, n, 4),
                room(a, n, 1), room(a, n, 1), room(a, n, 8), room(a, (n + 7) / 8, 1),
                room(a, (n + 7) / 8, 1)};
        const struct column columns[COLUMNS] = {
                {bytes_of_text("kon"), COLUMN_CODES, dictionary(a, sexes, 2), 2, 1, c.sex, NULL},
                {bytes_of_text("fodelsemanad"), COLUMN_I32, NULL, 0, 4, c.born, NULL},
                {bytes_of_text("start"), COLUMN_I32, NULL, 0, 4, c.start, NULL},
                {bytes_of_text("slut"), COLUMN_I32, NULL, 0, 4, c.end, c.no_end},
                {bytes_of_text("form"), COLUMN_CODES, dictionary(a, forms, FORMS), FORMS, 1, c.form,
                        NULL},
                {bytes_of_text("lagrum"), COLUMN_CODES, dictionary(a, grounds, GROUNDS), GROUNDS, 1,
                        c.ground, NULL},
                {bytes_of_text("kostnad_dygn"), COLUMN_I64, NULL, 0, 8, c.cost, c.no_cost},
        };

        for (uint32_t i = 0; i < n; i++)
                fill_row(&c, i, &rows[i]);
        memcpy(out, columns, sizeof columns);
        return out;
}

/* Persons, keys and the rest of a batch; the columns are the caller's. */
static struct submit_request batch_around(
        struct arena *a, uint32_t sequence, const struct placement *rows, uint32_t len)
{
        uint8_t *ids = room(a, len, PERSON_ID_LEN), *kinds = room(a, len, 1);
        uint8_t *keys = room(a, len, RECORD_KEY_LEN);

        for (uint32_t i = 0; i < len; i++) {
                kinds[i] = rows[i].local ? PERSON_LOCAL : PERSON_NATIONAL;
                (rows[i].local ? child_local_id : child_id)(
                        rows[i].person, ids + (size_t)i * PERSON_ID_LEN);
                memcpy(keys + (size_t)i * RECORD_KEY_LEN, rows[i].key, RECORD_KEY_LEN);
        }
        return (struct submit_request){.kind = SUBMIT_BATCH,
                .batch = {
                        .sequence = sequence,
                        .rows = len,
                        .persons = {ids, kinds},
                        .record_keys = keys,
                        .record_key_width = RECORD_KEY_LEN,
                }};
}

struct bytes say_batch(
        struct arena *a, uint32_t sequence, const struct placement *rows, uint32_t len)
{
        struct submit_request r = batch_around(a, sequence, rows, len);

        r.batch.columns = make_columns(a, rows, len);
        r.batch.columns_len = COLUMNS;
        return message_of(a, &r);
}

static void put_guardians(
        struct arena *a, const struct placement *rows, uint32_t len, struct guardian_column *out)
{
        uint8_t *ids = room(a, len, PERSON_ID_LEN), *kinds = room(a, len, 1);
        uint32_t *offsets = room(a, (size_t)len + 1, sizeof *offsets);

        for (uint32_t i = 0; i < len; i++) {
                child_id(rows[i].person + 200000, ids + (size_t)i * PERSON_ID_LEN);
                kinds[i] = PERSON_NATIONAL;
                offsets[i + 1] = i + 1;
        }
        *out = (struct guardian_column){len, offsets, {ids, kinds}};
}

struct bytes say_reports(
        struct arena *a, uint32_t sequence, const struct placement *rows, uint32_t len)
{
        static const char *const notifiers[] = {"polis", "skola"};
        static const char *const reasons[] = {"forsummelse"};
        struct submit_request r = batch_around(a, sequence, rows, len);
        struct columns c = {.sex = room(a, len, 1),
                .born = room(a, len, 4),
                .start = room(a, len, 4),
                .form = room(a, len, 1)};
        const struct column columns[] = {
                {bytes_of_text("kon"), COLUMN_CODES, dictionary(a, sexes, 2), 2, 1, c.sex, NULL},
                {bytes_of_text("fodelsemanad"), COLUMN_I32, NULL, 0, 4, c.born, NULL},
                {bytes_of_text("datum"), COLUMN_I32, NULL, 0, 4, c.start, NULL},
                {bytes_of_text("anmalare"), COLUMN_CODES, dictionary(a, notifiers, 2), 2, 1, c.sex,
                        NULL},
                {bytes_of_text("orsak"), COLUMN_CODES, dictionary(a, reasons, 1), 1, 1, c.form,
                        NULL},
        };

        for (uint32_t i = 0; i < len; i++) {
                c.sex[i] = rows[i].woman ? 0 : 1;
                put_le(c.born + 4 * (size_t)i, (uint32_t)rows[i].born, 4);
                put_le(c.start + 4 * (size_t)i, (uint32_t)rows[i].start, 4);
        }
        put_guardians(a, rows, len, &r.batch.guardians);
        r.batch.columns = columns;
        r.batch.columns_len = ARRAY_LEN(columns);
        return message_of(a, &r);
}

struct bytes say_open(struct arena *a, const struct wire_open *open)
{
        const struct submit_request r = {.kind = SUBMIT_OPEN, .open = *open};

        return message_of(a, &r);
}

struct bytes say_commit(struct arena *a, const struct wire_commit *commit)
{
        const struct submit_request r = {.kind = SUBMIT_COMMIT, .commit = *commit};

        return message_of(a, &r);
}

static struct wire_open placering(enum delivery_mode mode)
{
        return (struct wire_open){
                .id = id_random(),
                .dataset = bytes_of_text("placering"),
                .period = bytes_of_text("2025"),
                .mode = mode,
        };
}

struct wire_open placering_append(void)
{
        return placering(DELIVERY_APPEND);
}

struct wire_open placering_replace(void)
{
        return placering(DELIVERY_REPLACE);
}

/* Conversation ----------------------------------------------------------------- */

void talk_begin(struct talk *t, struct world *w, struct client *c)
{
        memset(t, 0, sizeof *t);
        t->world = w;
        t->arena = arena_new(TALK_ARENA_MAX);
        assert_non_null(t->arena);
        t->client = c;
        for (unsigned i = 0; i < w->clients_len; i++)
                if (w->clients[i].client == c &&
                        strncmp(w->clients[i].who, "municipality/", 13) == 0)
                        t->municipality = (municipality_t)strtoul(w->clients[i].who + 13, NULL, 10);
        t->receipts = room(t->arena, 4096, sizeof *t->receipts);
        assert_int_equal(call_start(c, "/statgate.v1.Submission/Submit", 0, &t->call), ERR_OK);
}

struct bytes talk_wrap(struct talk *t, struct bytes message)
{
        OWNED(arena_free) struct arena *scratch = arena_new(TALK_ARENA_MAX);
        struct submit_request r;

        if (t->world->takes_clear || t->municipality == 0 ||
                submit_request_decode(scratch, message, &r, NULL) != ERR_OK)
                return message;
        if (r.kind == SUBMIT_OPEN) {
                t->open = r.open;
                assert_int_equal(bytes_copy(t->arena, r.open.dataset, &t->open.dataset), ERR_OK);
        }
        if (r.kind != SUBMIT_BATCH || r.batch.persons.ids == NULL || t->open.dataset.len == 0)
                return message;
        world_keeper_key(t->world, t->client);
        return seal_batch(t->world, t->arena, t->municipality, &t->open, &r.batch);
}

enum status talk_say(struct talk *t, struct bytes message)
{
        struct bytes answer;
        enum err e = call_send(t->call, talk_wrap(t, message));

        if (e == ERR_OK)
                e = call_receive(t->call, t->arena, &answer);
        if (e != ERR_OK) {
                assert_int_not_equal(call_finish(t->call, &t->status), ERR_OK);
                return t->status.code;
        }
        assert_int_equal(submit_response_decode(t->arena, answer, &t->heard), ERR_OK);
        return STATUS_OK;
}

enum status talk_open(struct talk *t, const struct wire_open *open)
{
        enum status s = talk_say(t, say_open(t->arena, open));

        if (s == STATUS_OK) {
                assert_int_equal(t->heard.kind, SUBMIT_OPENED);
                t->sequence = t->heard.opened.next_sequence;
        }
        return s;
}

enum status talk_batch(struct talk *t, const struct placement *rows, uint32_t len)
{
        enum status s = talk_say(t, say_batch(t->arena, t->sequence, rows, len));
        const struct wire_acknowledged *a = &t->heard.acknowledged;

        if (s != STATUS_OK)
                return s;
        assert_int_equal(t->heard.kind, SUBMIT_ACKNOWLEDGED);
        assert_int_equal(a->sequence, t->sequence);
        assert_int_equal(a->accepted + a->rejected, len);
        t->receipts[t->sequence++] = a->receipt;
        t->rows += len;
        t->accepted += a->accepted;
        t->rejected += a->rejected;
        return STATUS_OK;
}

struct wire_commit talk_sum(const struct talk *t)
{
        struct wire_commit c = {.batches = t->sequence, .rows = t->rows};

        digest_of(bytes_of(t->receipts, sizeof(struct digest) * t->sequence), &c.digest);
        return c;
}

enum status talk_commit(struct talk *t)
{
        const struct wire_commit c = talk_sum(t);
        enum status s = talk_say(t, say_commit(t->arena, &c));

        if (s == STATUS_OK)
                assert_int_equal(t->heard.kind, SUBMIT_COMMITTED);
        return s;
}

enum status talk_end(struct talk *t)
{
        enum err ignored = call_half_close(t->call);

        (void)ignored;
        ignored = call_finish(t->call, &t->status);
        talk_break(t);
        return t->status.code;
}

void talk_break(struct talk *t)
{
        call_free(&t->call);
        arena_free(&t->arena);
}

struct client *town(struct world *w, municipality_t m)
{
        char who[32];

        (void)snprintf(who, sizeof who, "municipality/%04u", m);
        return world_client(w, who);
}

struct submission_id deliver(struct world *w, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len, uint32_t batch)
{
        const struct wire_open open = placering(mode);
        struct talk t;

        talk_begin(&t, w, town(w, m));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(t.sequence, 0);
        for (uint32_t at = 0; at < len; at += batch)
                assert_int_equal(
                        talk_batch(&t, rows + at, len - at < batch ? len - at : batch), STATUS_OK);
        assert_int_equal(t.accepted, len);
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(t.heard.committed.accepted, len);
        assert_int_equal(talk_end(&t), STATUS_OK);
        return open.id;
}

struct submission_id deliver_reports(
        struct world *w, municipality_t m, const struct placement *rows, uint32_t len)
{
        struct wire_open open = placering(DELIVERY_APPEND);
        struct talk t;

        open.dataset = bytes_of_text("anmalan");
        talk_begin(&t, w, town(w, m));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_say(&t, say_reports(t.arena, 0, rows, len)), STATUS_OK);
        assert_int_equal(t.heard.acknowledged.accepted, len);
        t.receipts[t.sequence++] = t.heard.acknowledged.receipt;
        t.rows = len;
        assert_int_equal(talk_commit(&t), STATUS_OK);
        assert_int_equal(talk_end(&t), STATUS_OK);
        return open.id;
}

/* Operations ------------------------------------------------------------------- */

struct vintage publish(struct world *w)
{
        OWNED(buf_done) struct buf b = {.ceiling = 4096};
        struct wire_publish_progress at = {0};
        struct call *call = NULL;
        struct bytes request, answer;

        assert_int_equal(publish_request_encode(bytes_of_text("a note"), &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(w, WORLD_OPERATOR),
                                 "/statgate.v1.Operations/PublishVintage", 60000, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        while (call_receive(call, w->arena, &answer) == ERR_OK)
                assert_int_equal(publish_progress_decode(w->arena, answer, &at), ERR_OK);
        assert_int_equal(call_finish(call, &world_status), ERR_OK);
        call_free(&call);
        assert_true(at.done);
        return at.vintage;
}

struct wire_status status_of(struct world *w)
{
        struct wire_status s;

        assert_int_equal(world_call(w, world_client(w, WORLD_OPERATOR), "Operations/GetStatus",
                                 bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(status_decode(w->arena, world_answer, &s), ERR_OK);
        return s;
}

enum submission_state state_of(struct world *w, municipality_t m, const struct submission_id *id)
{
        OWNED(buf_done) struct buf b = {.ceiling = 4096};
        struct wire_submission s;
        struct bytes request;

        assert_int_equal(submission_ref_encode(id, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        if (world_call(w, town(w, m), "Submission/GetSubmission", request) != STATUS_OK)
                return SUBMISSION_NONE;
        assert_int_equal(submission_decode(w->arena, world_answer, &s), ERR_OK);
        return s.state;
}

/* Questions -------------------------------------------------------------------- */

static struct bytes pick(const char **text, char end)
{
        const char *at = strchrnul(*text, end);
        struct bytes piece = bytes_of(*text, (size_t)(at - *text));

        *text = *at == end ? at + 1 : at;
        return piece;
}

static void read_dimensions(struct world *w, const char *by, struct query *q)
{
        q->dimensions = room(w->arena, DIMENSIONS_MAX, sizeof *q->dimensions);
        while (*by != '\0') {
                struct bytes piece = pick(&by, ',');
                const uint8_t *colon = memchr(piece.data, ':', piece.len);
                struct dimension_ref *d = &q->dimensions[q->dimensions_len++];

                d->variable = piece;
                if (colon == NULL)
                        continue;
                d->variable.len = (size_t)(colon - piece.data);
                d->level = bytes_of(colon + 1, piece.len - d->variable.len - 1);
        }
}

static void read_conditions(struct world *w, const char *const *where, struct query *q)
{
        q->filters = room(w->arena, FILTERS_MAX, sizeof *q->filters);
        for (; where != NULL && where[q->filters_len] != NULL; q->filters_len++)
                assert_int_equal(filter_parse(w->arena, bytes_of_text(where[q->filters_len]),
                                         &q->filters[q->filters_len], NULL),
                        ERR_OK);
}

enum status ask(struct world *w, const char *by, const char *const *where, const char *measure,
        struct wire_answer *out_answer, struct wire_release *out)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 20};
        struct measure_ref m = {0};
        struct query q = {
                .dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("officiell_statistik"),
        };
        struct bytes request;

        read_dimensions(w, by, &q);
        read_conditions(w, where, &q);
        if (measure != NULL) {
                m.kind = measure_kind_find(pick(&measure, ':'));
                m.variable = bytes_of_text(measure);
                q.measures = &m;
                q.measures_len = 1;
        }
        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        enum status s =
                world_call(w, world_client(w, WORLD_STATISTICIAN), "Statistics/Query", request);
        if (s != STATUS_OK)
                return s;
        assert_int_equal(answer_decode(w->arena, world_answer, out_answer), ERR_OK);
        assert_int_equal(release_decode(w->arena, out_answer->release, out), ERR_OK);
        return s;
}

/* The slow count --------------------------------------------------------------- */

void heap_add(struct heap *h, municipality_t m, enum delivery_mode mode,
        const struct placement *rows, uint32_t len)
{
        if (h->len + len > h->cap) {
                h->cap = (h->len + len) * 2;
                h->rows = realloc(h->rows, h->cap * sizeof *h->rows);
                assert_non_null(h->rows);
        }
        for (uint32_t i = 0; i < h->len; i++)
                if (mode == DELIVERY_REPLACE && h->rows[i].municipality == m)
                        h->rows[i].stands = false;
        for (uint32_t i = 0; i < len; i++) {
                for (uint32_t old = 0; old < h->len; old++)
                        if (h->rows[old].municipality == m &&
                                strcmp(h->rows[old].what.key, rows[i].key) == 0)
                                h->rows[old].stands = false;
                h->rows[h->len++] = (struct heap_row){rows[i], m, true};
        }
}

void heap_done(struct heap *h)
{
        free(h->rows);
        *h = (struct heap){0};
}

/* The code of a record in one dimension, as text. */
static void code_of(
        const struct heap_row *r, struct bytes variable, struct bytes level, char out[40])
{
        struct civil start = civil_from_days(r->what.start);

        if (bytes_is_text(variable, "kommun") && bytes_is_text(level, "lan"))
                (void)snprintf(out, 40, "%02u", r->municipality / 100);
        else if (bytes_is_text(variable, "kommun"))
                (void)snprintf(out, 40, "%04u", r->municipality);
        else if (bytes_is_text(variable, "form") && bytes_is_text(level, "grupp"))
                (void)snprintf(out, 40, "%s", r->what.form < 3 ? "familjehemsvard" : "institution");
        else if (bytes_is_text(variable, "form"))
                (void)snprintf(out, 40, "%s", forms[r->what.form]);
        else if (bytes_is_text(variable, "lagrum"))
                (void)snprintf(out, 40, "%s", grounds[r->what.ground]);
        else if (bytes_is_text(variable, "kon"))
                (void)snprintf(out, 40, "%s", r->what.woman ? "kvinna" : "man");
        else if (bytes_is_text(variable, "start") && bytes_is_text(level, "ar"))
                (void)snprintf(out, 40, "%04d", start.year);
        else if (bytes_is_text(variable, "start"))
                (void)snprintf(out, 40, "%04d-Q%d", start.year, (start.month + 2) / 3);
        else
                fail_msg("the count does not know %.*s", (int)variable.len, variable.data);
}

static bool is_identifying(struct bytes variable)
{
        return bytes_is_text(variable, "kommun") || bytes_is_text(variable, "kon") ||
               bytes_is_text(variable, "start");
}

/* Only `=` and `in` without ranges: what the tests ask. */
static bool passes(const struct heap_row *r, const struct query *q, bool margin)
{
        for (uint32_t f = 0; f < q->filters_len; f++) {
                char code[40];
                bool any = false;

                if (margin && !is_identifying(q->filters[f].variable))
                        continue;
                code_of(r, q->filters[f].variable, q->filters[f].level, code);
                for (uint32_t v = 0; v < q->filters[f].values_len; v++)
                        any |= bytes_is_text(q->filters[f].values[v], code);
                if (!any)
                        return false;
        }
        return true;
}

static bool lies_in(
        const struct heap_row *r, const struct table *t, const uint32_t *at, bool margin)
{
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];
                char code[40];

                if (at[d] == dim->len || (margin && !is_identifying(dim->variable)))
                        continue;
                code_of(r, dim->variable, dim->level, code);
                if (!bytes_is_text(dim->categories[at[d]].code, code))
                        return false;
        }
        return true;
}

/* A local id is another person in each municipality. */
static uint64_t person_of(const struct heap_row *r)
{
        return r->what.local ? (uint64_t)r->municipality << 32 | r->what.person | 1ull << 63
                             : r->what.person;
}

static int by_number(const void *a, const void *b)
{
        uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

        return x < y ? -1 : x > y;
}

static int64_t count_persons(const struct heap *h, const struct query *q, const struct table *t,
        const uint32_t *at, bool margin)
{
        uint64_t *seen = malloc((h->len + 1) * sizeof *seen);
        size_t n = 0;
        int64_t distinct = 0;

        assert_non_null(seen);
        for (uint32_t i = 0; i < h->len; i++)
                if (h->rows[i].stands && passes(&h->rows[i], q, margin) &&
                        lies_in(&h->rows[i], t, at, margin))
                        seen[n++] = person_of(&h->rows[i]);
        qsort(seen, n, sizeof *seen, by_number);
        for (size_t i = 0; i < n; i++)
                distinct += i == 0 || seen[i] != seen[i - 1];
        free(seen);
        return distinct;
}

/* Whether nobody who could fill the cell has delivered. */
static bool nobody_delivered(const struct heap *h, const struct table *t, const uint32_t *at)
{
        for (uint32_t d = 0; d < t->dimensions_len; d++) {
                const struct dimension *dim = &t->dimensions[d];
                bool any = false;

                if (!bytes_is_text(dim->variable, "kommun") || at[d] == dim->len)
                        continue;
                for (uint32_t i = 0; i < h->len && !any; i++) {
                        char code[40];

                        code_of(&h->rows[i], dim->variable, dim->level, code);
                        any = bytes_is_text(dim->categories[at[d]].code, code);
                }
                if (!any)
                        return true;
        }
        return false;
}

static void expect_cell(
        const struct heap *h, const struct query *q, const struct wire_release *r, size_t cell)
{
        const struct table *t = &r->table;
        uint32_t at[DIMENSIONS_MAX];
        enum cell_status wanted;

        table_coordinates(t, cell, at);
        bool missing = nobody_delivered(h, t, at);
        int64_t persons = missing ? 0 : count_persons(h, q, t, at, false);
        int64_t margin = missing ? 0 : count_persons(h, q, t, at, true);
        if (missing)
                wanted = CELL_MISSING;
        else if ((margin > 0 && margin < (int64_t)r->threshold) ||
                 (persons > 0 && persons < (int64_t)r->threshold))
                wanted = CELL_PROTECTED;
        else
                wanted = CELL_VALUE;
        if (t->status[cell] != wanted)
                fail_msg("cell %zu has status %u, not %u, for %lld persons", cell, t->status[cell],
                        wanted, (long long)persons);
        if (wanted == CELL_VALUE && t->measures[0].values[cell] != persons)
                fail_msg("cell %zu has %lld persons, not %lld", cell,
                        (long long)t->measures[0].values[cell], (long long)persons);
}

void heap_expect(struct world *w, const struct heap *h, const char *by, const char *const *where)
{
        struct wire_answer answer;
        struct wire_release r;
        struct query q = {0};

        read_conditions(w, where, &q);
        if (ask(w, by, where, NULL, &answer, &r) != STATUS_OK)
                fail_msg("%s: status %d, %s", by, world_status.code, world_status.message);
        assert_int_equal(r.threshold, 5);
        assert_true(r.zeros_published);
        for (size_t cell = 0; cell < r.table.cells_len; cell++)
                expect_cell(h, &q, &r, cell);
}

struct bytes say_kept(struct world *w, struct buf *b)
{
        struct bytes bytes, copy;

        assert_int_equal(buf_end(b, &bytes), ERR_OK);
        assert_int_equal(bytes_copy(w->arena, bytes, &copy), ERR_OK);
        buf_done(b);
        return copy;
}

void assert_still_served(struct world *w)
{
        uint64_t random = 1;
        struct placement row = placement_random(&random, 10, 0);
        struct submission_id id = deliver(w, 114, DELIVERY_APPEND, &row, 1, 1);

        assert_int_equal(state_of(w, 114, &id), SUBMISSION_COMMITTED);
}
