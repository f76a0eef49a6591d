/* SPDX-License-Identifier: Apache-2.0 */
/* run_batch.c: stored batches out, for a view; and the ciphers of domains and views.
 *
 * OPEN_FOR_VIEW is the only message that turns stored pseudonyms
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

/* Keys and ciphers -------------------------------------------------------- */

static uint32_t domain_place(const struct domain *d)
{
        uint32_t h = 2166136261u; /* FNV-1a */

        for (const char *c = d->dataset; *c != '\0'; c++)
                h = (h ^ (uint8_t)*c) * 16777619u;
        h = (h ^ d->municipality) * 16777619u;
        return (h ^ h >> 16) % DOMAIN_CACHE_LEN;
}

/* Whether the domain had keys of this epoch that are no more. */
static bool keys_ended(const struct run *r, const struct domain *d, uint32_t epoch)
{
        for (size_t i = 0; i < keyring_domains_len(r->keyring); i++) {
                struct keyring_domain_info info;

                keyring_domain_info(r->keyring, i, &info);
                if (info.name.municipality == d->municipality &&
                        strcmp(info.name.dataset, d->dataset) == 0)
                        return epoch != 0 && epoch <= info.highest;
        }
        return false;
}

enum err run_domain(struct run *r, const struct domain *d, uint32_t epoch,
        const struct domain_keys **out_keys, const struct block_key **out_cipher)
{
        struct domain_cipher *place = &r->domains[domain_place(d)];
        const struct domain_keys *keys = epoch == 0
                                                 ? keyring_domain_find(r->keyring, d)
                                                 : keyring_domain_epoch_find(r->keyring, d, epoch);

        if (keys == NULL)
                return keys_ended(r, d, epoch) ? ERR_DESTROYED : ERR_NOT_FOUND;
        if (!keyring_domain_ready(r->keyring, d))
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

/* OPEN_FOR_VIEW ------------------------------------------------------------ */

struct open {
        char linkage[NAME_MAX_LEN + 1], purpose[NAME_MAX_LEN + 1];
        struct vintage vintage;
        struct batch_name name;
        uint32_t epoch, aliases;
};

static enum err read_open(struct reader *in, struct open *out)
{
        TRY(keeper_read_name(in, out->linkage));
        TRY(keeper_read_name(in, out->purpose));
        TRY(read_u32(in, &out->vintage.number));
        TRY(read_u32(in, &out->vintage.revision));
        TRY(keeper_read_batch(in, &out->name));
        TRY(read_u32(in, &out->epoch));
        TRY(read_u32(in, &out->aliases));
        TRY(read_end(in));
        return out->epoch != 0 ? ERR_OK : ERR_MALFORMED;
}

/* What a batch is translated with. */
struct translation {
        const struct block_key *domain;
        const struct token_cipher *view;
        const struct alias_map *aliases; /* NULL: nobody became anybody */
        uint64_t named_by;
        bool joined;
};

/* Pseudonyms of the domain into tokens of the view, in place; `keys`: record keys of the
 * same persons, or NULL. */
static enum err translate(const struct translation *t, uint8_t *column, size_t rows, uint8_t *keys)
{
        const struct token_cipher *view = t->view;

        TRY(pseudonyms_open(t->domain, column, rows, column));
        if (t->aliases != NULL)
                alias_map_apply(t->aliases, column, rows);
        if (keys != NULL)
                TRY(record_keys_make(view->noise, column, rows, keys));
        return pseudonyms_make(view->key, column, rows, column);
}

/* The columns follow each other in the plain text as they do in the answer; record keys
 * come last. */
static enum err translate_batch(
        const struct translation *t, struct sealed_batch *b, struct request *rq)
{
        size_t columns = sealed_columns_len(b->rows, b->guardians) + b->body.len;

        if (b->guardians > 0)
                TRY(translate(t, b->guardian_pseudonyms, b->guardians, NULL));
        TRY(translate(t, b->pseudonyms, b->rows, rq->slot + columns));
        memcpy(rq->slot, b->pseudonyms, columns);
        rq->output_len = columns + (size_t)b->rows * PERSON_KEY_LEN;
        put_u32(rq->answer, b->rows);
        put_u32(rq->answer, b->guardians);
        put_u32(rq->answer, (uint32_t)b->body.len);
        put_u8(rq->answer, t->joined ? 1 : 0);
        put_u64(rq->answer, t->named_by);
        return ERR_OK;
}

/* The record key of nobody: of a code that no person has, since those end in zeros. Two views
 * whose persons are to be told the same must have the same. */
static enum err named_by(struct run *r, const struct open *o, uint64_t *out)
{
        uint8_t code[PSEUDONYM_LEN], key[PERSON_KEY_LEN];
        const struct token_cipher *all;
        uint64_t number = 0;

        TRY(run_token_cipher(r, o->linkage, o->vintage, NULL, &all));
        memset(code, 0xff, sizeof code);
        for (unsigned i = 0; i < 4; i++)
                code[i] = (uint8_t)(r->persons[0].epoch >> (8 * i));
        TRY(record_keys_make(all->noise, code, 1, key));
        for (unsigned i = 0; i < sizeof key; i++)
                number |= (uint64_t)key[i] << (8 * i);
        *out = number != 0 ? number : 1;
        return ERR_OK;
}

enum err run_OPEN_FOR_VIEW(struct run *r, struct request *rq)
{
        const struct domain_keys *keys = NULL;
        struct translation t = {.joined = false};
        struct sealed_batch b;
        struct open o;
        enum err e;

        TRY(read_open(&rq->payload, &o));
        if (rq->input_len > KEEPER_SEALED_MAX)
                return ERR_TOO_LARGE;
        TRY(rules_may_link(&r->ruling.rules, bytes_of_text(o.linkage),
                bytes_of_text(o.name.domain.dataset), o.name.domain.municipality,
                bytes_of_text(o.purpose), run_now(r), &t.joined));
        TRY(run_domain(r, &o.name.domain, o.epoch, &keys, &t.domain));
        TRY(run_aliases_at(r, o.aliases, &t.aliases));
        TRY(sealed_open(
                keys->data, &o.name, o.epoch, bytes_of(rq->input, rq->input_len), r->plain, &b));
        e = run_persons(r);
        /* Named by an ended k_person alone, they stand by themselves like a municipality outside.
         */
        t.joined = e == ERR_OK && run_persons_now(r, &b) && t.joined;
        if (e == ERR_OK)
                e = named_by(r, &o, &t.named_by);
        if (e == ERR_OK)
                e = run_token_cipher(
                        r, o.linkage, o.vintage, t.joined ? NULL : &o.name.domain, &t.view);
        if (e == ERR_OK)
                e = translate_batch(&t, &b, rq);
        wipe(r->plain, rq->input_len);
        return e;
}
