/* SPDX-License-Identifier: Apache-2.0 */
/* run_erase.c: taking one person, or one record, out of a stored batch.
 *
 * Two steps, because the packed columns are the gateway's to understand: ERASE_FIND
 * says which rows are the person's and gives the columns out, ERASE_SEAL takes the
 * shortened columns and seals what is left. Which rows go is found out anew in the
 * second step and held against what the gateway says: it cannot use an erasure to
 * make other people's rows disappear.
 *
 * The person may also stand in other people's rows, as a guardian. Those rows stay,
 * the guardian goes. */
#include <string.h>

#include "gateway/keeper/run_inner.h"

struct erase {
        struct batch_name name;
        uint32_t epoch;
        uint8_t person[PERSON_ID_LEN], kind;
        uint8_t key[RECORD_KEY_MAX_LEN]; /* of the one record; NUL-padded */
        bool record;
};

/* In clear: only out of what may also come in clear. Whoever could ask about persons at will
 * would find out who is in a batch. */
static enum err read_clear_person(struct run *r, struct reader *in, struct erase *out)
{
        const struct rules_dataset *d =
                rules_dataset_find(&r->ruling.rules, bytes_of_text(out->name.domain.dataset));
        struct bytes id;

        TRY(read_fixed(in, PERSON_ID_LEN, &id));
        TRY(read_u8(in, &out->kind));
        memcpy(out->person, id.data, id.len);
        return d != NULL && d->clear_persons ? ERR_OK : ERR_BOX_NEEDED;
}

static enum err read_sealed_person(struct run *r, struct reader *in, struct erase *out)
{
        struct box_head head = {
                .use = BOX_ERASE, .municipality = out->name.domain.municipality, .rows = 1};
        uint8_t plain[PERSON_BOX_LEN];
        struct box_persons who;
        struct run_box box;
        struct bytes request;
        enum err e;

        TRY(read_fixed(in, BOX_KEY_ID_LEN, &box.key_id));
        TRY(read_fixed(in, sizeof head.submission.bytes, &request));
        TRY(read_fixed(in, SIGNATURE_LEN, &box.signature));
        TRY(read_fixed(in, PERSON_BOX_LEN, &box.box));
        memcpy(head.submission.bytes, request.data, request.len);
        TRY(run_check_age(r, &head.submission));
        e = run_box_open(r, &head, &box, plain, &who);
        if (e == ERR_OK && who.guardians == 0) {
                memcpy(out->person, who.persons.ids, PERSON_ID_LEN);
                out->kind = who.persons.kinds[0];
        }
        wipe(plain, sizeof plain);
        return e;
}

/* The gateway has seen the key when it was delivered: it learns nothing by asking. */
static enum err read_record(struct reader *in, struct erase *out)
{
        struct bytes key;

        TRY(read_bytes(in, RECORD_KEY_MAX_LEN, &key));
        if (key.len == 0)
                return ERR_MALFORMED;
        memcpy(out->key, key.data, key.len);
        out->record = true;
        return ERR_OK;
}

static enum err read_person(struct run *r, struct reader *in, struct erase *out)
{
        uint8_t what;

        TRY(read_u8(in, &what));
        if (what == ERASE_RECORD)
                return read_record(in, out);
        if (what > ERASE_RECORD)
                return ERR_MALFORMED;
        TRY(what == ERASE_SEALED ? read_sealed_person(r, in, out) : read_clear_person(r, in, out));
        /* Whoever was accepted once can be erased: no as-of date, no test rules. */
        if (out->kind == PERSON_NONE ||
                pnr_check(out->person, out->kind, INT32_MAX, PNR_TEST_ALLOWED) != PNR_OK)
                return ERR_PERSON_ID;
        return ERR_OK;
}

/* For whoever is about to look through many batches: is the box good at all? */
enum err run_CHECK_PERSON(struct run *r, struct request *rq)
{
        struct erase e = {.epoch = 0};
        enum err good;

        TRY(read_u16(&rq->payload, &e.name.domain.municipality));
        good = read_person(r, &rq->payload, &e);
        if (good == ERR_OK && e.record)
                good = ERR_MALFORMED;
        wipe(&e, sizeof e);
        TRY(good);
        return read_end(&rq->payload);
}

static enum err read_erase(struct run *r, struct reader *in, struct erase *out)
{
        *out = (struct erase){.epoch = 0};
        TRY(keeper_read_batch(in, &out->name));
        TRY(read_u32(in, &out->epoch));
        if (out->epoch == 0)
                return ERR_MALFORMED;
        return read_person(r, in, out);
}

/* The batch in the clear (in r->plain), and the pseudonym or tag that is looked for. */
struct erase_view {
        const struct domain_keys *keys;
        struct sealed_batch batch;
        uint8_t wanted[PSEUDONYM_LEN];
        bool record;
};

static enum err open_for_erasure(
        struct run *r, const struct erase *e, struct bytes sealed, struct erase_view *out)
{
        const struct block_key *cipher;

        TRY(run_domain(r, &e->name.domain, e->epoch, &out->keys, &cipher));
        TRY(run_persons(r));
        TRY(sealed_open(out->keys->data, &e->name, e->epoch, sealed, r->plain, &out->batch));
        out->record = e->record;
        if (e->record)
                return record_tags(out->keys->tag, e->key, sizeof e->key, 1, out->wanted);
        memset(out->wanted, 0xff,
                sizeof out->wanted); /* nobody: no pseudonym is that but by odds */
        if (!run_persons_now(r, &out->batch))
                return ERR_OK;
        TRY(person_codes(run_person_find(r, out->batch.person_epoch), e->name.domain.municipality,
                e->person, &e->kind, 1, out->wanted));
        return pseudonyms_make(cipher, out->wanted, 1, out->wanted);
}

static bool is_guardian(const struct erase_view *v, size_t entry)
{
        const uint8_t *column = v->batch.guardian_pseudonyms;

        return !v->record && memcmp(column + entry * PSEUDONYM_LEN, v->wanted, PSEUDONYM_LEN) == 0;
}

static bool is_wanted(const struct erase_view *v, size_t row)
{
        if (v->record)
                return memcmp(v->batch.tags + row * RECORD_TAG_LEN, v->wanted, RECORD_TAG_LEN) == 0;
        return memcmp(v->batch.pseudonyms + row * PSEUDONYM_LEN, v->wanted, PSEUDONYM_LEN) == 0;
}

static uint32_t count_guardians(const struct erase_view *v)
{
        uint32_t hits = 0;

        for (uint32_t i = 0; i < v->batch.guardians; i++)
                hits += is_guardian(v, i) ? 1 : 0;
        return hits;
}

static enum err answer_found(struct run *r, struct request *rq, const struct erase_view *v)
{
        const struct sealed_batch *b = &v->batch;
        uint32_t hits = 0;

        for (uint32_t i = 0; i < b->rows; i++) {
                bool hit = is_wanted(v, i);

                r->sealed[i] = hit ? 0 : 1;
                hits += hit ? 1 : 0;
        }
        memcpy(rq->slot, r->sealed, b->rows);
        if (hits > 0)
                memcpy(rq->slot + b->rows, b->body.data, b->body.len);
        rq->output_len = b->rows + (hits > 0 ? b->body.len : 0);
        put_u32(rq->answer, b->rows);
        put_u32(rq->answer, hits);
        put_u32(rq->answer, count_guardians(v));
        put_u32(rq->answer, hits > 0 ? (uint32_t)b->body.len : 0);
        return ERR_OK;
}

enum err run_ERASE_FIND(struct run *r, struct request *rq)
{
        struct erase_view v;
        struct erase e;
        enum err found;

        TRY(read_erase(r, &rq->payload, &e));
        TRY(read_end(&rq->payload));
        found = open_for_erasure(r, &e, bytes_of(rq->input, rq->input_len), &v);
        if (found == ERR_OK)
                found = answer_found(r, rq, &v);
        wipe(r->plain, rq->input_len);
        wipe(&e, sizeof e);
        return found;
}

/* ERASE_SEAL: sealed batch, keep and shortened columns, one after the other. */
struct erase_seal {
        struct erase erase;
        struct bytes sealed, keep, body;
};

static enum err read_erase_seal(struct run *r, struct request *rq, struct erase_seal *out)
{
        struct reader in = reader_of(bytes_of(rq->input, rq->input_len));
        uint32_t sealed_bytes, rows, body_bytes;

        TRY(read_erase(r, &rq->payload, &out->erase));
        TRY(read_u32(&rq->payload, &sealed_bytes));
        TRY(read_u32(&rq->payload, &rows));
        TRY(read_u32(&rq->payload, &body_bytes));
        TRY(read_end(&rq->payload));
        TRY(read_fixed(&in, sealed_bytes, &out->sealed));
        TRY(read_fixed(&in, rows, &out->keep));
        TRY(read_fixed(&in, body_bytes, &out->body));
        return read_end(&in);
}

/* Exactly the person's rows go; new columns come along only if any does. */
static enum err check_keep(
        const struct erase_view *v, const struct erase_seal *s, uint32_t *out_hits)
{
        uint32_t hits = 0;

        if (s->keep.len != v->batch.rows)
                return ERR_INVALID;
        for (uint32_t i = 0; i < v->batch.rows; i++) {
                bool hit = is_wanted(v, i);

                if (s->keep.data[i] != (hit ? 0 : 1))
                        return ERR_INVALID;
                hits += hit ? 1 : 0;
        }
        if (hits == 0 && s->body.len > 0)
                return ERR_INVALID;
        *out_hits = hits;
        return ERR_OK;
}

static void move_name(uint8_t *column, uint32_t to, uint32_t from)
{
        memmove(column + (size_t)to * PSEUDONYM_LEN, column + (size_t)from * PSEUDONYM_LEN,
                PSEUDONYM_LEN);
}

/* Moves the guardians that stay of one row to `to` and on; how many there are. */
static uint8_t keep_guardians(struct erase_view *v, uint32_t from, uint8_t count, uint32_t to)
{
        struct sealed_batch *b = &v->batch;
        uint8_t kept = 0;

        for (uint32_t i = from; i < from + count; i++) {
                if (is_guardian(v, i))
                        continue;
                move_name(b->guardian_pseudonyms, to + kept, i);
                if (b->second_epoch != 0)
                        move_name(b->second_guardians, to + kept, i);
                kept++;
        }
        return kept;
}

/* Closes the gaps in place: what stays only ever moves towards the front. */
static void shorten(struct erase_view *v, const uint8_t *keep)
{
        struct sealed_batch *b = &v->batch;
        uint32_t rows = 0, guardians = 0, guardian = 0;

        for (uint32_t i = 0; i < b->rows; i++) {
                uint8_t count = b->guardians > 0 ? b->counts[i] : 0;

                guardian += count;
                if (keep[i] == 0)
                        continue;
                move_name(b->pseudonyms, rows, i);
                if (b->second_epoch != 0)
                        move_name(b->second, rows, i);
                memmove(b->tags + (size_t)rows * RECORD_TAG_LEN,
                        b->tags + (size_t)i * RECORD_TAG_LEN, RECORD_TAG_LEN);
                if (b->guardians > 0) {
                        b->counts[rows] = keep_guardians(v, guardian - count, count, guardians);
                        guardians += b->counts[rows];
                }
                rows++;
        }
        b->rows = rows;
        b->guardians = guardians;
}

static enum err seal_shortened(
        struct run *r, struct request *rq, const struct erase_seal *s, struct erase_view *v)
{
        uint32_t hits;

        TRY(check_keep(v, s, &hits));
        shorten(v, s->keep.data);
        if (hits > 0)
                v->batch.body = s->body;
        if (sealed_len(&v->batch) > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(sealed_write(v->keys->data, &s->erase.name, s->erase.epoch, &v->batch, r->sealed));
        rq->output_len = sealed_len(&v->batch);
        memcpy(rq->slot, r->sealed, rq->output_len);
        return ERR_OK;
}

enum err run_ERASE_SEAL(struct run *r, struct request *rq)
{
        struct erase_seal s = {.keep = {NULL, 0}};
        struct erase_view v;
        enum err e;

        TRY(read_erase_seal(r, rq, &s));
        e = open_for_erasure(r, &s.erase, s.sealed, &v);
        if (e == ERR_OK)
                e = seal_shortened(r, rq, &s, &v);
        wipe(r->plain, s.sealed.len);
        wipe(&s.erase, sizeof s.erase);
        return e;
}
