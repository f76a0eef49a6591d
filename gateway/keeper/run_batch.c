/* SPDX-License-Identifier: Apache-2.0 */
/* run_batch.c: batches in, sealed; batches out, for a view.
 *
 * ACCEPT looks at every id before it seals one, so that a refused batch costs little
 * and leaves nothing. OPEN_FOR_VIEW is the only message that turns stored pseudonyms
 * into something that can be joined, so it asks the signed rules itself: the gateway
 * may be of another opinion, or in other hands. A municipality outside a linkage is
 * opened too, but under a key of its own: its tokens are equal to nobody else's.
 *
 * Nothing intermediate is ever written to shared memory: person codes and stored
 * pseudonyms exist in the keeper's own pages only, and are wiped there. */
#include <string.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000, ACCEPT_PERSONS = 1 };

/* Keys and ciphers -------------------------------------------------------- */

static uint32_t domain_place(const struct domain *d)
{
        uint32_t h = 2166136261u; /* FNV-1a */

        for (const char *c = d->dataset; *c != '\0'; c++)
                h = (h ^ (uint8_t)*c) * 16777619u;
        h = (h ^ d->municipality) * 16777619u;
        return (h ^ h >> 16) % DOMAIN_CACHE_LEN;
}

enum err run_domain(struct run *r, const struct domain *d, uint32_t epoch,
        const struct domain_keys **out_keys, const struct block_key **out_cipher)
{
        struct domain_cipher *place = &r->domains[domain_place(d)];
        const struct domain_keys *keys = epoch == 0
                                                 ? keyring_domain_find(r->keyring, d)
                                                 : keyring_domain_epoch_find(r->keyring, d, epoch);

        if (keys == NULL || !keyring_domain_ready(r->keyring, d))
                return ERR_NOT_FOUND;
        if (place->key == NULL || place->epoch != keys->epoch ||
                place->domain.municipality != d->municipality ||
                strcmp(place->domain.dataset, d->dataset) != 0) {
                block_key_free(&place->key);
                TRY(block_key_new(keys->pseudonym, &place->key));
                place->domain = *d;
                place->epoch = keys->epoch;
        }
        *out_keys = keys;
        *out_cipher = place->key;
        return ERR_OK;
}

static enum err key_derive(const struct secret *from, const char *label, struct bytes salt,
        const char *linkage, struct block_key **out)
{
        OWNED(secret_free) struct secret *key = NULL;
        const struct bytes parts[] = {bytes_of_text(label), salt, bytes_of_text(linkage)};
        struct digest mac;
        enum err e;

        TRY(mac_of(from, parts, ARRAY_LEN(parts), &mac));
        e = secret_copy(mac.bytes, sizeof mac.bytes, &key);
        wipe(&mac, sizeof mac);
        return e == ERR_OK ? block_key_new(key, out) : e;
}

/* The key of one view: another vintage, another revision, other tokens. `alone`: of
 * the part of it that a single domain is, where its municipality is not in the
 * linkage. The labels differ, so neither key can ever be the other. */
static enum err token_key_new(
        const struct secret *linkage_key, const struct token_cipher *of, struct block_key **out)
{
        OWNED(buf_done) struct buf salt = {.ceiling = 16 + NAME_MAX_LEN};
        bool alone = of->alone.municipality != 0;
        struct bytes salt_bytes;

        put_u32(&salt, of->vintage.number);
        put_u32(&salt, of->vintage.revision);
        if (alone)
                keeper_put_domain(&salt, &of->alone);
        TRY(buf_end(&salt, &salt_bytes));
        return key_derive(linkage_key, alone ? "statgate/token/alone/1" : "statgate/token/1",
                salt_bytes, of->linkage, out);
}

/* The key of its persons' record keys. No vintage is in it: the same persons shall get the
 * same noise in all of them, or asking again next year would wear it off. Who stands alone
 * has keys that meet nobody's, as her token does. */
static enum err noise_key_new(
        const struct secret *noise_key, const struct token_cipher *of, struct block_key **out)
{
        OWNED(buf_done) struct buf salt = {.ceiling = 16 + NAME_MAX_LEN};
        bool alone = of->alone.municipality != 0;
        struct bytes salt_bytes;

        if (alone)
                keeper_put_domain(&salt, &of->alone);
        TRY(buf_end(&salt, &salt_bytes));
        return key_derive(noise_key, alone ? "statgate/noise/alone/1" : "statgate/noise/1",
                salt_bytes, of->linkage, out);
}

static bool same_tokens(const struct token_cipher *a, const struct token_cipher *b)
{
        return strcmp(a->linkage, b->linkage) == 0 && a->vintage.number == b->vintage.number &&
               a->vintage.revision == b->vintage.revision &&
               a->alone.municipality == b->alone.municipality &&
               strcmp(a->alone.dataset, b->alone.dataset) == 0;
}

enum err run_token_cipher(struct run *r, const char *linkage, struct vintage vintage,
        const struct domain *alone, const struct token_cipher **out)
{
        struct token_cipher wanted = {.vintage = vintage};
        struct token_cipher *place =
                &r->tokens[(vintage.number * 7 + vintage.revision + strlen(linkage) +
                                   (alone != NULL ? domain_place(alone) : 0)) %
                           TOKEN_CACHE_LEN];

        if (!keyring_linkage_ready(r->keyring, linkage))
                return ERR_NOT_FOUND;
        memcpy(wanted.linkage, linkage, strlen(linkage) + 1);
        if (alone != NULL)
                wanted.alone = *alone;
        if (place->key == NULL || place->noise == NULL || !same_tokens(place, &wanted)) {
                block_key_free(&place->key);
                block_key_free(&place->noise);
                *place = wanted;
                TRY(token_key_new(keyring_linkage_find(r->keyring, linkage), place, &place->key));
                TRY(noise_key_new(keyring_noise_find(r->keyring, linkage), place, &place->noise));
        }
        *out = place;
        return ERR_OK;
}

/* ACCEPT ------------------------------------------------------------------- */

struct accept {
        struct batch_name name;
        uint32_t rows, guardians, key_width;
        bool persons;
        struct digest content;
        /* Columns of the private copy. */
        struct bytes ids, kinds, record_keys, counts, guardian_ids, guardian_kinds, body;
};

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
        TRY(read_end(in));
        if ((flags & ~ACCEPT_PERSONS) != 0)
                return ERR_MALFORMED;
        a->persons = flags != 0;
        if (a->rows == 0 || a->rows > BATCH_ROWS_MAX || a->key_width == 0 ||
                a->key_width > RECORD_KEY_MAX_LEN || a->guardians > a->rows * GUARDIANS_MAX)
                return ERR_MALFORMED;
        return ERR_OK;
}

/* Row by row at most GUARDIANS_MAX, together all of them. */
static enum err check_counts(const struct accept *a)
{
        size_t sum = 0;

        for (size_t i = 0; i < a->counts.len; i++) {
                if (a->counts.data[i] > GUARDIANS_MAX)
                        return ERR_MALFORMED;
                sum += a->counts.data[i];
        }
        return sum == a->guardians ? ERR_OK : ERR_MALFORMED;
}

static enum err read_accept(struct request *rq, struct accept *out)
{
        struct reader in = reader_of(bytes_of(rq->input, rq->input_len));
        struct accept a = {.rows = 0};
        uint32_t body_len;
        size_t persons;

        TRY(read_accept_head(&rq->payload, &a, &body_len));
        persons = a.persons ? a.rows : 0;
        TRY(read_fixed(&in, persons * PERSON_ID_LEN, &a.ids));
        TRY(read_fixed(&in, persons, &a.kinds));
        TRY(read_fixed(&in, (size_t)a.rows * a.key_width, &a.record_keys));
        TRY(read_fixed(&in, a.guardians > 0 ? a.rows : 0, &a.counts));
        TRY(read_fixed(&in, (size_t)a.guardians * PERSON_ID_LEN, &a.guardian_ids));
        TRY(read_fixed(&in, a.guardians, &a.guardian_kinds));
        TRY(read_fixed(&in, body_len, &a.body));
        TRY(read_end(&in));
        TRY(check_counts(&a));
        /* What fits sealed fits the slot when it is opened, record keys and all. */
        if (sealed_len(&(struct sealed_batch){
                    .rows = a.rows, .guardians = a.guardians, .body = a.body}) > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        *out = a;
        return ERR_OK;
}

/* What the signed rules say about such a batch, whoever is in it. */
static enum err check_rules(
        const struct rules *rules, const struct accept *a, const struct rules_dataset **out)
{
        const struct rules_dataset *d =
                rules_dataset_find(rules, bytes_of_text(a->name.domain.dataset));

        if (d == NULL || !rules_has_municipality(rules, a->name.domain.municipality))
                return ERR_NOT_ALLOWED;
        if (a->guardians > 0 && !d->guardians)
                return ERR_NOT_ALLOWED;
        if ((a->persons || a->guardians > 0) && !d->clear_persons)
                return ERR_NOT_ALLOWED;
        if (!a->persons && d->person == PERSON_USE_REQUIRED)
                return ERR_PERSON_ID;
        *out = d;
        return ERR_OK;
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

/* Verdicts of a column into `rules`; whether any was refused. */
static bool check_column(
        const struct id_gate *gate, struct bytes ids, struct bytes kinds, uint8_t *rules)
{
        unsigned refused = 0;

        for (size_t i = 0; i < kinds.len; i++) {
                enum pnr_rule rule = check_id(gate, ids.data + i * PERSON_ID_LEN, kinds.data[i]);

                rules[i] = (uint8_t)rule;
                refused |= (unsigned)rule;
        }
        return refused != 0;
}

/* All persons and guardians; the verdicts stand in r->plain, rows and then guardians. */
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
        bool refused;

        guardians.none = false;
        guardians.national = true;
        guardians.local = d->local_ids;
        if (!a->persons)
                memset(r->plain, PNR_OK, a->rows);
        refused = check_column(&persons, a->ids, a->kinds, r->plain);
        return check_column(&guardians, a->guardian_ids, a->guardian_kinds, r->plain + a->rows) ||
               refused;
}

/* A column of ids as pseudonyms of the domain. */
static enum err pseudonymise(struct run *r, const struct block_key *cipher, municipality_t issuer,
        struct bytes ids, struct bytes kinds, uint8_t *out)
{
        TRY(person_codes(r->person, issuer, ids.data, kinds.data, kinds.len, out));
        return pseudonyms_make(cipher, out, kinds.len, out);
}

/* From the private copy through r->plain and r->sealed into the slot. */
static enum err seal_accepted(struct run *r, struct request *rq, const struct accept *a,
        const struct domain_keys *keys, const struct block_key *cipher)
{
        struct sealed_batch b = {
                .rows = a->rows,
                .guardians = a->guardians,
                .persons = a->persons,
                .pseudonyms = r->plain,
                .tags = r->plain + (size_t)a->rows * PSEUDONYM_LEN,
                .body = a->body,
        };
        municipality_t issuer = a->name.domain.municipality;

        if (a->persons)
                TRY(pseudonymise(r, cipher, issuer, a->ids, a->kinds, b.pseudonyms));
        else
                memset(b.pseudonyms, 0, (size_t)a->rows * PSEUDONYM_LEN);
        TRY(record_tags(keys->tag, a->record_keys.data, a->key_width, a->rows, b.tags));
        if (a->guardians > 0) {
                b.counts = b.tags + (size_t)a->rows * RECORD_TAG_LEN;
                b.guardian_pseudonyms = b.counts + a->rows;
                memcpy(b.counts, a->counts.data, a->rows);
                TRY(pseudonymise(r, cipher, issuer, a->guardian_ids, a->guardian_kinds,
                        b.guardian_pseudonyms));
        }
        TRY(sealed_write(keys->data, &a->name, keys->epoch, &b, r->sealed));
        rq->output_len = sealed_len(&b);
        memcpy(rq->slot, r->sealed, rq->output_len);
        return ERR_OK;
}

static enum err receipt_of(const struct domain_keys *keys, const struct batch_name *name,
        const struct digest *content, struct digest *out)
{
        uint8_t sequence[4];

        for (unsigned i = 0; i < sizeof sequence; i++)
                sequence[i] = (uint8_t)(name->sequence >> (8 * i));
        const struct bytes parts[] = {
                bytes_of_text("statgate/receipt/1"),
                bytes_of(name->submission.bytes, sizeof name->submission.bytes),
                bytes_of(sequence, sizeof sequence),
                bytes_of(content->bytes, sizeof content->bytes),
        };

        return mac_of(keys->tag, parts, ARRAY_LEN(parts), out);
}

static void put_accepted(struct buf *answer, bool refused, uint32_t epoch, const struct digest *d)
{
        put_u8(answer, refused ? 1 : 0);
        put_u32(answer, epoch);
        put_raw(answer, d->bytes, sizeof d->bytes);
}

enum err run_ACCEPT(struct run *r, struct request *rq)
{
        const struct rules_dataset *dataset;
        const struct domain_keys *keys;
        const struct block_key *cipher;
        struct digest receipt;
        struct accept a;
        enum err e;

        TRY(read_accept(rq, &a));
        TRY(check_rules(&r->ruling.rules, &a, &dataset));
        TRY(run_domain(r, &a.name.domain, 0, &keys, &cipher));
        TRY(receipt_of(keys, &a.name, &a.content, &receipt));
        if (check_persons(r, dataset, &a)) {
                rq->output_len = a.rows + a.guardians;
                memcpy(rq->slot, r->plain, rq->output_len);
                put_accepted(rq->answer, true, keys->epoch, &receipt);
                return ERR_OK;
        }
        e = seal_accepted(r, rq, &a, keys, cipher);
        wipe(r->plain, sealed_columns_len(a.rows, a.guardians));
        if (e == ERR_OK)
                put_accepted(rq->answer, false, keys->epoch, &receipt);
        return e;
}

enum err run_RECEIPT(struct run *r, struct request *rq)
{
        const struct domain_keys *keys;
        const struct block_key *cipher;
        struct batch_name name;
        struct digest content, receipt;

        TRY(keeper_read_batch(&rq->payload, &name));
        TRY(keeper_read_digest(&rq->payload, &content));
        TRY(read_end(&rq->payload));
        TRY(run_domain(r, &name.domain, 0, &keys, &cipher));
        TRY(receipt_of(keys, &name, &content, &receipt));
        put_raw(rq->answer, receipt.bytes, sizeof receipt.bytes);
        return ERR_OK;
}

/* OPEN_FOR_VIEW ------------------------------------------------------------ */

struct open {
        char linkage[NAME_MAX_LEN + 1], purpose[NAME_MAX_LEN + 1];
        struct vintage vintage;
        struct batch_name name;
        uint32_t epoch;
};

static enum err read_open(struct reader *in, struct open *out)
{
        TRY(keeper_read_name(in, out->linkage));
        TRY(keeper_read_name(in, out->purpose));
        TRY(read_u32(in, &out->vintage.number));
        TRY(read_u32(in, &out->vintage.revision));
        TRY(keeper_read_batch(in, &out->name));
        TRY(read_u32(in, &out->epoch));
        TRY(read_end(in));
        return out->epoch != 0 ? ERR_OK : ERR_MALFORMED;
}

/* Pseudonyms of the domain into tokens of the view, in place; `keys`: record keys of the
 * same persons, or NULL. */
static enum err translate(const struct block_key *domain, const struct token_cipher *view,
        uint8_t *column, size_t rows, uint8_t *keys)
{
        TRY(pseudonyms_open(domain, column, rows, column));
        if (keys != NULL)
                TRY(record_keys_make(view->noise, column, rows, keys));
        return pseudonyms_make(view->key, column, rows, column);
}

/* The columns follow each other in the plain text as they do in the answer; record keys
 * come last. */
static enum err translate_batch(const struct block_key *domain, const struct token_cipher *view,
        bool joined, struct sealed_batch *b, struct request *rq)
{
        size_t columns = sealed_columns_len(b->rows, b->guardians) + b->body.len;

        if (b->guardians > 0)
                TRY(translate(domain, view, b->guardian_pseudonyms, b->guardians, NULL));
        TRY(translate(domain, view, b->pseudonyms, b->rows, rq->slot + columns));
        memcpy(rq->slot, b->pseudonyms, columns);
        rq->output_len = columns + (size_t)b->rows * PERSON_KEY_LEN;
        put_u32(rq->answer, b->rows);
        put_u32(rq->answer, b->guardians);
        put_u32(rq->answer, (uint32_t)b->body.len);
        put_u8(rq->answer, joined ? 1 : 0);
        return ERR_OK;
}

enum err run_OPEN_FOR_VIEW(struct run *r, struct request *rq)
{
        const struct domain_keys *keys;
        const struct block_key *domain;
        const struct token_cipher *view;
        struct sealed_batch b;
        struct open o;
        bool joined = false;
        enum err e;

        TRY(read_open(&rq->payload, &o));
        if (rq->input_len > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(rules_may_link(&r->ruling.rules, bytes_of_text(o.linkage),
                bytes_of_text(o.name.domain.dataset), o.name.domain.municipality,
                bytes_of_text(o.purpose), run_now(r), &joined));
        TRY(run_domain(r, &o.name.domain, o.epoch, &keys, &domain));
        TRY(run_token_cipher(r, o.linkage, o.vintage, joined ? NULL : &o.name.domain, &view));
        TRY(sealed_open(
                keys->data, &o.name, o.epoch, bytes_of(rq->input, rq->input_len), r->plain, &b));
        e = translate_batch(domain, view, joined, &b, rq);
        wipe(r->plain, rq->input_len);
        return e;
}
