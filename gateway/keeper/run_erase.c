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
 * the guardian goes.
 *
 * Who is erased by one number is erased by all that became it or that it became, as the aliases
 * in force say, whoever told them: what would be linked as hers is hers. So rows are compared by
 * person code, not by pseudonym. Nothing is looked for that was not admitted under the quota of
 * erasures first (ERASE_BEGIN). */
#include <string.h>

#include "gateway/keeper/run_inner.h"

enum { WHAT_MAX = 3, CHUNK = 256 };

struct erase {
        struct batch_name name;
        uint32_t epoch;
        uint8_t person[PERSON_ID_LEN], kind;
        uint8_t key[RECORD_KEY_MAX_LEN]; /* of the one record; NUL-padded */
        bool record;
        struct bytes what[WHAT_MAX]; /* what the request is remembered by; in part of `person` */
};

static const struct rules_dataset *dataset_of(const struct run *r, const struct erase *e)
{
        return rules_dataset_find(&r->ruling.rules, bytes_of_text(e->name.domain.dataset));
}

/* Without a data set: whether all of them that have persons take them so. */
static bool takes_clear(const struct run *r, const struct erase *e)
{
        const struct rules *rules = &r->ruling.rules;
        const struct rules_dataset *d = dataset_of(r, e);

        if (e->name.domain.dataset[0] != '\0')
                return d != NULL && d->clear_persons;
        for (uint32_t i = 0; i < rules->datasets_len; i++)
                if (rules->datasets[i].person != PERSON_USE_NONE &&
                        !rules->datasets[i].clear_persons)
                        return false;
        return true;
}

/* In clear: only out of what may also come in clear. Whoever could ask about persons at will
 * would find out who is in a batch. */
static enum err read_clear_person(struct run *r, struct reader *in, struct erase *out)
{
        struct bytes id;

        TRY(read_fixed(in, PERSON_ID_LEN, &id));
        TRY(read_u8(in, &out->kind));
        memcpy(out->person, id.data, id.len);
        out->what[0] = bytes_of_text("person");
        out->what[1] = bytes_of(out->person, sizeof out->person);
        out->what[2] = bytes_of(&out->kind, 1);
        return takes_clear(r, out) ? ERR_OK : ERR_BOX_NEEDED;
}

/* A box, of a person or of a record, and the request that it was made for. */
static enum err read_erase_box(struct run *r, struct reader *in, size_t len, struct box_head *head,
        struct run_box *box, struct erase *out)
{
        struct bytes request;

        TRY(read_fixed(in, BOX_KEY_ID_LEN, &box->key_id));
        TRY(read_fixed(in, sizeof head->submission.bytes, &request));
        TRY(read_fixed(in, SIGNATURE_LEN, &box->signature));
        TRY(read_fixed(in, len, &box->box));
        memcpy(head->submission.bytes, request.data, request.len);
        out->what[0] = bytes_of_text("box");
        out->what[1] = request;
        out->what[2] = box->box;
        return run_check_age(r, &head->submission);
}

static enum err read_sealed_person(struct run *r, struct reader *in, struct erase *out)
{
        struct box_head head = {
                .use = BOX_ERASE, .municipality = out->name.domain.municipality, .rows = 1};
        uint8_t plain[PERSON_BOX_LEN];
        struct box_persons who;
        struct run_box box;
        enum err e;

        TRY(read_erase_box(r, in, PERSON_BOX_LEN, &head, &box, out));
        e = run_box_open(r, &head, &box, plain, &who);
        if (e == ERR_OK && who.guardians == 0) {
                memcpy(out->person, who.persons.ids, PERSON_ID_LEN);
                out->kind = who.persons.kinds[0];
        }
        wipe(plain, sizeof plain);
        return e;
}

/* In clear where the data set's persons may be, and where it has none. */
static enum err read_clear_record(struct run *r, struct reader *in, struct erase *out)
{
        const struct rules_dataset *d = dataset_of(r, out);
        struct bytes key;

        TRY(read_bytes(in, RECORD_KEY_MAX_LEN, &key));
        if (key.len == 0)
                return ERR_MALFORMED;
        memcpy(out->key, key.data, key.len);
        out->record = true;
        out->what[0] = bytes_of_text("record");
        out->what[1] = bytes_of_text(out->name.domain.dataset);
        out->what[2] = bytes_of(out->key, sizeof out->key);
        return d != NULL && (d->clear_persons || d->person == PERSON_USE_NONE) ? ERR_OK
                                                                               : ERR_BOX_NEEDED;
}

static enum err read_sealed_record(struct run *r, struct reader *in, struct erase *out)
{
        struct box_head head = {
                .use = BOX_RECORD, .municipality = out->name.domain.municipality, .rows = 1};
        uint8_t plain[BOX_RECORD_PLAIN];
        struct run_box box;
        struct bytes key;
        enum err e;

        memcpy(head.dataset, out->name.domain.dataset, sizeof head.dataset);
        TRY(read_erase_box(r, in, BOX_RECORD_LEN, &head, &box, out));
        e = run_box_open_record(r, &head, &box, plain, &key);
        if (e == ERR_OK)
                memcpy(out->key, key.data, key.len);
        out->record = true;
        wipe(plain, sizeof plain);
        return e;
}

static enum err check_person(const struct erase *e)
{
        /* Whoever was accepted once can be erased: no as-of date, no test rules. */
        if (e->kind == PERSON_NONE ||
                pnr_check(e->person, e->kind, INT32_MAX, PNR_TEST_ALLOWED) != PNR_OK)
                return ERR_PERSON_ID;
        return ERR_OK;
}

static enum err read_what(struct run *r, struct reader *in, struct erase *out)
{
        uint8_t what;

        TRY(read_u8(in, &what));
        switch (what) {
        case ERASE_CLEAR:
                TRY(read_clear_person(r, in, out));
                return check_person(out);
        case ERASE_SEALED:
                TRY(read_sealed_person(r, in, out));
                return check_person(out);
        case ERASE_RECORD:
                return read_clear_record(r, in, out);
        case ERASE_RECORD_SEALED:
                return read_sealed_record(r, in, out);
        default:
                return ERR_MALFORMED;
        }
}

/* Before anything is looked for: is the request good, and one of as many as there may be? */
enum err run_ERASE_BEGIN(struct run *r, struct request *rq)
{
        struct erase e = {.epoch = 0};
        enum err good;

        TRY(read_u16(&rq->payload, &e.name.domain.municipality));
        TRY(keeper_read_label(&rq->payload, e.name.domain.dataset));
        good = read_what(r, &rq->payload, &e);
        if (good == ERR_OK)
                good = read_end(&rq->payload);
        if (good == ERR_OK && !rules_has_municipality(&r->ruling.rules, e.name.domain.municipality))
                good = ERR_NOT_ALLOWED;
        if (good == ERR_OK)
                good = run_erasure_admit(r, e.name.domain.municipality, e.what, WHAT_MAX);
        wipe(&e, sizeof e);
        TRY(good);
        if (erasures_changed(r->erasures))
                return run_hand_out_state(r, rq);
        put_u64(rq->answer, 0);
        return ERR_OK;
}

static enum err read_erase(struct run *r, struct reader *in, struct erase *out)
{
        *out = (struct erase){.epoch = 0};
        TRY(keeper_read_batch(in, &out->name));
        TRY(read_u32(in, &out->epoch));
        if (out->epoch == 0)
                return ERR_MALFORMED;
        TRY(read_what(r, in, out));
        return run_erasure_check(r, out->name.domain.municipality, out->what, WHAT_MAX);
}

/* The batch in the clear (in r->plain), the person code or tag that is looked for, and in
 * r->sealed who is it: a byte per row, and then one per guardian. */
struct erase_view {
        const struct domain_keys *keys;
        const struct block_key *cipher;
        const struct alias_map *aliases; /* NULL: nobody became anybody */
        struct sealed_batch batch;
        uint8_t wanted[PSEUDONYM_LEN];
        uint8_t *is_wanted, *is_guardian;
};

/* 1 for whoever is in the end the same person. */
static enum err mark_persons(
        const struct erase_view *v, const uint8_t *pseudonyms, uint32_t len, uint8_t *marks)
{
        uint8_t codes[CHUNK * PSEUDONYM_LEN];
        enum err e = ERR_OK;

        for (uint32_t from = 0; from < len && e == ERR_OK; from += CHUNK) {
                uint32_t n = len - from < CHUNK ? len - from : CHUNK;

                e = pseudonyms_open(v->cipher, pseudonyms + (size_t)from * PSEUDONYM_LEN, n, codes);
                if (e == ERR_OK && v->aliases != NULL)
                        alias_map_apply(v->aliases, codes, n);
                for (uint32_t i = 0; i < n && e == ERR_OK; i++)
                        marks[from + i] = memcmp(codes + (size_t)i * PSEUDONYM_LEN, v->wanted,
                                                  PSEUDONYM_LEN) == 0;
        }
        wipe(codes, sizeof codes);
        return e;
}

static enum err find_person(struct run *r, const struct erase *e, struct erase_view *v)
{
        struct alias_book book;

        if (!run_persons_now(r, &v->batch))
                return ERR_OK; /* nobody is found any more */
        TRY(alias_book_read(keyring_note(r->keyring, ALIAS_NOTE), &book));
        TRY(run_aliases_at(r, book.mark, &v->aliases));
        TRY(person_codes(run_person_find(r, v->batch.person_epoch), e->name.domain.municipality,
                e->person, &e->kind, 1, v->wanted));
        if (v->aliases != NULL)
                alias_map_apply(v->aliases, v->wanted, 1);
        TRY(mark_persons(v, v->batch.pseudonyms, v->batch.rows, v->is_wanted));
        return mark_persons(v, v->batch.guardian_pseudonyms, v->batch.guardians, v->is_guardian);
}

static enum err find_record(const struct erase *e, struct erase_view *v)
{
        TRY(record_tags(v->keys->tag, e->key, sizeof e->key, 1, v->wanted));
        for (uint32_t i = 0; i < v->batch.rows; i++)
                v->is_wanted[i] = memcmp(v->batch.tags + (size_t)i * RECORD_TAG_LEN, v->wanted,
                                          RECORD_TAG_LEN) == 0;
        return ERR_OK;
}

static enum err open_for_erasure(
        struct run *r, const struct erase *e, struct bytes sealed, struct erase_view *out)
{
        out->aliases = NULL;
        TRY(run_domain(r, &e->name.domain, e->epoch, &out->keys, &out->cipher));
        TRY(run_persons(r));
        TRY(sealed_open(out->keys->data, &e->name, e->epoch, sealed, r->plain, &out->batch));
        out->is_wanted = r->sealed;
        out->is_guardian = r->sealed + out->batch.rows;
        memset(r->sealed, 0, (size_t)out->batch.rows + out->batch.guardians);
        return e->record ? find_record(e, out) : find_person(r, e, out);
}

static uint32_t count_guardians(const struct erase_view *v)
{
        uint32_t hits = 0;

        for (uint32_t i = 0; i < v->batch.guardians; i++)
                hits += v->is_guardian[i];
        return hits;
}

static enum err answer_found(struct request *rq, const struct erase_view *v)
{
        const struct sealed_batch *b = &v->batch;
        uint32_t hits = 0;

        for (uint32_t i = 0; i < b->rows; i++) {
                rq->slot[i] = v->is_wanted[i] ? 0 : 1;
                hits += v->is_wanted[i];
        }
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
                found = answer_found(rq, &v);
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
                if (s->keep.data[i] != (v->is_wanted[i] ? 0 : 1))
                        return ERR_INVALID;
                hits += v->is_wanted[i];
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
                if (v->is_guardian[i])
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
