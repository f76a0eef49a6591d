/* SPDX-License-Identifier: Apache-2.0 */
/* run_accept.c: a batch comes in and goes out sealed.
 *
 *      persons (a box, or in clear) ─ check every id ─┬─ one refused ──> a rule per row
 *                                                     └─ none ─ keep ─ pseudonyms ─> sealed batch
 *
 * Every id is looked at before one is sealed, so that a refused batch costs little and leaves
 * nothing. Persons come for all rows of the batch, though some of them may have been rejected
 * already: the receipt covers what was delivered, not what became of it, and is the same in
 * both forms, so that a batch that is sealed a second time is known again.
 *
 * Nothing intermediate is ever written to shared memory: opened numbers, person codes and
 * stored pseudonyms exist in the keeper's own locked pages only, and are wiped there. */
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000 };

struct accept {
        struct batch_name name;
        uint32_t rows, kept, guardians, kept_guardians, key_width, box_len;
        bool persons, sealed;
        struct digest content;
        struct run_box box;
        struct box_persons who; /* all rows, and then those that are kept */
        /* Columns of the private copy. */
        struct bytes keep, counts, record_keys, body;
};

/* Reading ------------------------------------------------------------------- */

static enum err read_accept_box(struct reader *in, struct accept *a)
{
        if (!a->sealed)
                return ERR_OK;
        TRY(read_fixed(in, BOX_KEY_ID_LEN, &a->box.key_id));
        TRY(read_fixed(in, SIGNATURE_LEN, &a->box.signature));
        return read_u32(in, &a->box_len);
}

static enum err read_accept_head(struct reader *in, struct accept *a, uint32_t *out_body_len)
{
        uint8_t flags;

        TRY(keeper_read_batch(in, &a->name));
        TRY(read_u32(in, &a->rows));
        TRY(read_u8(in, &flags));
        TRY(read_u32(in, &a->guardians));
        TRY(read_u32(in, &a->key_width));
        TRY(read_u32(in, out_body_len));
        TRY(keeper_read_digest(in, &a->content));
        if ((flags & ~(ACCEPT_PERSONS | ACCEPT_SEALED)) != 0 || flags == ACCEPT_SEALED)
                return ERR_MALFORMED;
        a->persons = (flags & ACCEPT_PERSONS) != 0;
        a->sealed = (flags & ACCEPT_SEALED) != 0;
        TRY(read_accept_box(in, a));
        TRY(read_end(in));
        if (a->rows == 0 || a->rows > BATCH_ROWS_MAX || a->key_width == 0 ||
                a->key_width > RECORD_KEY_MAX_LEN || a->guardians > a->rows * GUARDIANS_MAX)
                return ERR_MALFORMED;
        return ERR_OK;
}

static enum err read_column(struct reader *in, uint32_t len, struct person_column *out)
{
        struct bytes ids, kinds;

        TRY(read_fixed(in, (size_t)len * PERSON_ID_LEN, &ids));
        TRY(read_fixed(in, len, &kinds));
        *out = (struct person_column){ids.data, kinds.data};
        return ERR_OK;
}

/* A box stays closed until the rules have been asked. */
static enum err read_persons(struct reader *in, struct accept *a)
{
        if (a->sealed)
                return read_fixed(in, a->box_len, &a->box.box);
        a->who.rows = a->persons ? a->rows : 0;
        a->who.guardians = a->guardians;
        TRY(read_column(in, a->who.rows, &a->who.persons));
        return read_column(in, a->who.guardians, &a->who.guardian_persons);
}

static enum err count_kept(struct accept *a)
{
        for (uint32_t i = 0; i < a->rows; i++) {
                if (a->keep.data[i] > 1)
                        return ERR_MALFORMED;
                a->kept += a->keep.data[i];
        }
        return ERR_OK;
}

/* Row by row at most GUARDIANS_MAX, together all of them. */
static enum err check_counts(struct accept *a)
{
        size_t sum = 0;

        for (size_t i = 0; i < a->counts.len; i++) {
                if (a->counts.data[i] > GUARDIANS_MAX)
                        return ERR_MALFORMED;
                sum += a->counts.data[i];
                a->kept_guardians += a->keep.data[i] != 0 ? a->counts.data[i] : 0;
        }
        return sum == a->guardians ? ERR_OK : ERR_MALFORMED;
}

static enum err read_accept(struct request *rq, struct accept *out)
{
        struct reader in = reader_of(bytes_of(rq->input, rq->input_len));
        struct accept a = {.rows = 0};
        uint32_t body_len;

        TRY(read_accept_head(&rq->payload, &a, &body_len));
        TRY(read_persons(&in, &a));
        TRY(read_fixed(&in, a.rows, &a.keep));
        TRY(count_kept(&a));
        TRY(read_fixed(&in, a.guardians > 0 ? a.rows : 0, &a.counts));
        TRY(check_counts(&a));
        TRY(read_fixed(&in, (size_t)a.kept * a.key_width, &a.record_keys));
        TRY(read_fixed(&in, body_len, &a.body));
        TRY(read_end(&in));
        /* What fits sealed fits the slot when it is opened, record keys and all. */
        if (sealed_len(&(struct sealed_batch){
                    .rows = a.rows, .guardians = a.guardians, .body = a.body}) > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        *out = a;
        return ERR_OK;
}

/* Rules --------------------------------------------------------------------- */

/* What the signed rules say about such a batch, whoever is in it. */
static enum err check_rules(
        const struct rules *rules, const struct accept *a, const struct rules_dataset **out)
{
        const struct rules_dataset *d =
                rules_dataset_find(rules, bytes_of_text(a->name.domain.dataset));
        bool anybody = a->persons || a->guardians > 0;

        if (d == NULL || !rules_has_municipality(rules, a->name.domain.municipality))
                return ERR_NOT_ALLOWED;
        if (a->kept_guardians > 0 && !d->guardians)
                return ERR_NOT_ALLOWED;
        if (anybody && !a->sealed && !d->clear_persons)
                return ERR_BOX_NEEDED;
        if (!a->persons && d->person == PERSON_USE_REQUIRED)
                return ERR_PERSON_ID;
        *out = d;
        return ERR_OK;
}

/* Into r->sealed, which nobody needs until there is something to seal. */
static enum err open_persons(struct run *r, struct accept *a)
{
        struct box_head head = {
                .use = BOX_BATCH,
                .municipality = a->name.domain.municipality,
                .submission = a->name.submission,
                .sequence = a->name.sequence,
                .rows = a->rows,
        };

        if (!a->sealed)
                return ERR_OK;
        memcpy(head.dataset, a->name.domain.dataset, sizeof head.dataset);
        TRY(run_box_open(r, &head, &a->box, r->sealed, &a->who));
        return a->who.guardians == a->guardians ? ERR_OK : ERR_MALFORMED;
}

/* Which kinds of id may stand in a column, and the latest birth date believed. */
struct id_gate {
        bool none, national, local;
        int32_t last_birth_days;
        enum pnr_test_numbers test_numbers;
};

static enum pnr_rule check_id(const struct id_gate *gate, const uint8_t *id, uint8_t kind)
{
        if (kind == PERSON_NONE && !gate->none)
                return PNR_RULE_EMPTY;
        if ((kind == PERSON_LOCAL && !gate->local) || (kind == PERSON_NATIONAL && !gate->national))
                return PNR_RULE_KIND;
        return pnr_check(id, kind, gate->last_birth_days, gate->test_numbers);
}

/* Verdicts on `len` ids from `first` on; whether any was refused. */
static bool check_ids(const struct id_gate *gate, const struct person_column *who, size_t first,
        size_t len, uint8_t *rules)
{
        unsigned refused = 0;

        for (size_t i = first; i < first + len; i++) {
                enum pnr_rule rule = check_id(gate, who->ids + i * PERSON_ID_LEN, who->kinds[i]);

                rules[i] = (uint8_t)rule;
                refused |= (unsigned)rule;
        }
        return refused != 0;
}

/* The persons and guardians of the rows that are kept; the verdicts stand in r->plain, rows
 * and then guardians. Of the others nothing is said. */
static bool check_persons(struct run *r, const struct rules_dataset *d, const struct accept *a)
{
        const struct id_gate persons = {
                .none = d->person != PERSON_USE_REQUIRED,
                .national = d->person != PERSON_USE_NONE,
                .local = d->person != PERSON_USE_NONE && d->local_ids,
                .last_birth_days = (int32_t)(run_now(r) / MS_PER_DAY),
                .test_numbers = d->test_numbers,
        };
        struct id_gate guardians = persons;
        uint8_t *rules = r->plain, *guardian_rules = r->plain + a->rows;
        bool refused = false;
        size_t guardian = 0;

        guardians.none = false;
        guardians.national = true;
        guardians.local = d->local_ids;
        memset(rules, PNR_OK, (size_t)a->rows + a->guardians);
        for (uint32_t i = 0; i < a->rows; i++) {
                uint8_t count = a->guardians > 0 ? a->counts.data[i] : 0;

                if (a->keep.data[i] != 0) {
                        if (a->persons)
                                refused |= check_ids(&persons, &a->who.persons, i, 1, rules);
                        refused |= check_ids(&guardians, &a->who.guardian_persons, guardian, count,
                                guardian_rules);
                }
                guardian += count;
        }
        return refused;
}

/* Sealing ------------------------------------------------------------------- */

static void move_id(uint8_t *ids, uint8_t *kinds, size_t to, size_t from)
{
        memmove(ids + to * PERSON_ID_LEN, ids + from * PERSON_ID_LEN, PERSON_ID_LEN);
        kinds[to] = kinds[from];
}

/* Closes the gaps that rejected rows leave, in place: what stays only ever moves towards the
 * front, and the memory is the keeper's own copy. */
static void keep_only(struct accept *a)
{
        uint8_t *ids = (uint8_t *)(uintptr_t)a->who.persons.ids;
        uint8_t *kinds = (uint8_t *)(uintptr_t)a->who.persons.kinds;
        uint8_t *guardian_ids = (uint8_t *)(uintptr_t)a->who.guardian_persons.ids;
        uint8_t *guardian_kinds = (uint8_t *)(uintptr_t)a->who.guardian_persons.kinds;
        uint8_t *counts = (uint8_t *)(uintptr_t)a->counts.data;
        uint32_t row = 0, guardian = 0, from = 0;

        for (uint32_t i = 0; a->kept < a->rows && i < a->rows; i++) {
                uint8_t count = a->guardians > 0 ? counts[i] : 0;

                from += count;
                if (a->keep.data[i] == 0)
                        continue;
                if (a->persons)
                        move_id(ids, kinds, row, i);
                for (uint32_t g = from - count; g < from; g++)
                        move_id(guardian_ids, guardian_kinds, guardian++, g);
                if (a->guardians > 0)
                        counts[row] = count;
                row++;
        }
        if (a->kept == a->rows)
                return;
        a->rows = row;
        a->guardians = guardian;
}

/* How persons are named: under one k_person, for one domain; and who counts them. */
struct naming {
        const struct person_key *person;
        const struct block_key *cipher;
        struct quota_trial *quota; /* NULL: they were counted */
};

static enum err pseudonymise(struct run *r, const struct naming *n, municipality_t issuer,
        const struct person_column *who, size_t len, uint8_t *out)
{
        if (n->quota != NULL)
                TRY(run_quota_count(r, n->quota, who, len));
        TRY(person_codes(n->person, issuer, who->ids, who->kinds, len, out));
        return pseudonyms_make(n->cipher, out, len, out);
}

static enum err name_persons(struct run *r, const struct accept *a, const struct naming *n,
        uint8_t *rows, uint8_t *guardians)
{
        municipality_t issuer = a->name.domain.municipality;

        if (a->persons)
                TRY(pseudonymise(r, n, issuer, &a->who.persons, a->rows, rows));
        else
                memset(rows, 0, (size_t)a->rows * PSEUDONYM_LEN);
        if (a->guardians == 0)
                return ERR_OK;
        return pseudonymise(r, n, issuer, &a->who.guardian_persons, a->guardians, guardians);
}

/* From the private copies through r->plain and r->sealed into the slot. Opened persons stand
 * in r->sealed until their pseudonyms are made. */
static enum err seal_accepted(struct run *r, struct request *rq, const struct accept *a,
        const struct domain_keys *keys, const struct block_key *cipher)
{
        struct sealed_batch b = {
                .rows = a->rows,
                .guardians = a->guardians,
                .persons = a->persons,
                .person_epoch = r->persons[0].epoch,
                .second_epoch = r->persons_len > 1 ? r->persons[1].epoch : 0,
                .pseudonyms = r->plain,
                .tags = r->plain + (size_t)a->rows * PSEUDONYM_LEN,
                .body = a->body,
        };
        struct quota_trial quota;
        struct naming naming = {r->persons[0].key, cipher, &quota};

        if (sealed_len(&b) > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        if (a->guardians > 0) {
                b.counts = b.tags + (size_t)a->rows * RECORD_TAG_LEN;
                b.guardian_pseudonyms = b.counts + a->rows;
                memcpy(b.counts, a->counts.data, a->rows);
        }
        TRY(run_quota_begin(r, a->name.domain.municipality, &quota));
        TRY(name_persons(r, a, &naming, b.pseudonyms, b.guardian_pseudonyms));
        TRY(run_quota_end(r, &quota));
        TRY(record_tags(keys->tag, a->record_keys.data, a->key_width, a->rows, b.tags));
        if (b.second_epoch != 0) {
                b.second = r->plain + sealed_columns_len(a->rows, a->guardians);
                b.second_guardians = b.second + (size_t)a->rows * PSEUDONYM_LEN;
                naming = (struct naming){r->persons[1].key, cipher, NULL};
                TRY(name_persons(r, a, &naming, b.second, b.second_guardians));
        }
        TRY(sealed_write(keys->data, &a->name, keys->epoch, &b, r->sealed));
        rq->output_len = sealed_len(&b);
        memcpy(rq->slot, r->sealed, rq->output_len);
        return ERR_OK;
}

static enum err receipt_of(
        const struct domain_keys *keys, const struct accept *a, struct digest *out)
{
        struct digest persons;
        uint8_t sequence[4];

        for (unsigned i = 0; i < sizeof sequence; i++)
                sequence[i] = (uint8_t)(a->name.sequence >> (8 * i));
        TRY(run_persons_digest(&a->who, &persons));
        const struct bytes parts[] = {
                bytes_of_text("statgate/receipt/2"),
                bytes_of(a->name.submission.bytes, sizeof a->name.submission.bytes),
                bytes_of(sequence, sizeof sequence),
                bytes_of(a->content.bytes, sizeof a->content.bytes),
                bytes_of(persons.bytes, sizeof persons.bytes),
        };
        enum err e = mac_of(keys->tag, parts, ARRAY_LEN(parts), out);

        wipe(&persons, sizeof persons);
        return e;
}

static void put_accepted(struct buf *answer, bool refused, uint32_t epoch, uint32_t person_epoch,
        const struct digest *d)
{
        put_u8(answer, refused ? 1 : 0);
        put_u32(answer, epoch);
        put_u32(answer, person_epoch);
        put_raw(answer, d->bytes, sizeof d->bytes);
}

/* With persons open: refused rows, nothing to seal, or a sealed batch. */
static enum err accept_open(
        struct run *r, struct request *rq, struct accept *a, const struct rules_dataset *dataset)
{
        const struct domain_keys *keys;
        const struct block_key *cipher;
        struct digest receipt;
        bool refused;

        TRY(run_domain(r, &a->name.domain, 0, &keys, &cipher));
        TRY(run_persons(r));
        TRY(receipt_of(keys, a, &receipt));
        refused = check_persons(r, dataset, a);
        if (refused) {
                rq->output_len = (size_t)a->rows + a->guardians;
                memcpy(rq->slot, r->plain, rq->output_len);
        } else if (a->kept > 0) {
                keep_only(a);
                TRY(seal_accepted(r, rq, a, keys, cipher));
        }
        bool anybody = a->persons || a->guardians > 0;

        put_accepted(rq->answer, refused, keys->epoch,
                anybody ? r->persons[r->persons_len - 1].epoch : 0, &receipt);
        return ERR_OK;
}

enum err run_ACCEPT(struct run *r, struct request *rq)
{
        const struct rules_dataset *dataset;
        struct accept a;
        size_t columns;
        enum err e;

        TRY(read_accept(rq, &a));
        columns = 2 * sealed_columns_len(a.rows, a.guardians); /* two names at most */
        if (columns > KEEPER_SLOT_LEN)
                columns = KEEPER_SLOT_LEN;
        TRY(check_rules(&r->ruling.rules, &a, &dataset));
        e = open_persons(r, &a);
        if (e == ERR_OK)
                e = accept_open(r, rq, &a, dataset);
        wipe(r->plain, columns);
        if (a.sealed)
                wipe(r->sealed, a.box_len);
        return e;
}
