/* SPDX-License-Identifier: Apache-2.0 */
/* run_public.c: the keeper's public keys, each with its word for it.
 *
 * A key in use has no end of its own. What is signed has one all the same, some weeks ahead,
 * and moves on with the day: else a gateway in other hands could show a key of last year for
 * ever, and a client could not tell. The day, not the moment: so answers of one day are equal. */
#include <string.h>

#include "crypto/key_statement.h"
#include "gateway/keeper/run_inner.h"

enum { MS_PER_DAY = 86400000, LEASE_DAYS = 30 };

static struct key_statement statement_of(
        struct run *r, enum keyring_pair kind, const struct keyring_pair_key *pair)
{
        int64_t lease = (run_now(r) / MS_PER_DAY + LEASE_DAYS) * MS_PER_DAY;
        struct key_statement s = {
                .kind = kind, .from_ms = pair->created_ms, .until_ms = pair->until_ms};

        if (s.until_ms == 0 || s.until_ms > lease)
                s.until_ms = lease;
        memcpy(s.public_key, pair->public_key, sizeof s.public_key);
        return s;
}

static enum err put_key(struct run *r, enum keyring_pair kind, const struct keyring_pair_key *pair,
        const struct keyring_pair_key *signers, unsigned signers_len, struct buf *out)
{
        struct key_statement s = statement_of(r, kind, pair);
        uint8_t signature[SIGNATURE_LEN];

        put_raw(out, pair->id, BOX_KEY_ID_LEN);
        put_raw(out, s.public_key, sizeof s.public_key);
        put_u64(out, (uint64_t)s.from_ms);
        put_u64(out, (uint64_t)s.until_ms);
        for (unsigned i = 0; i < signers_len; i++) {
                TRY(key_statement_sign(signers[i].secret, &s, signature));
                put_raw(out, signature, sizeof signature);
        }
        return ERR_OK;
}

/* A pair that is not on disk yet is not in use, and so does not end the one before it: else
 * there would be a moment with no key at all, in the middle of a rotation. */
unsigned run_live_pairs(
        struct run *r, enum keyring_pair kind, struct keyring_pair_key out[KEYRING_PAIR_LIVE_MAX])
{
        unsigned len = keyring_pairs(r->keyring, kind, out), live = 0;

        for (unsigned i = 0; i < len; i++) {
                if (!out[i].ready || (live > 0 && out[i].until_ms < run_now(r)))
                        continue;
                if (live == 0)
                        out[i].until_ms = 0;
                out[live++] = out[i];
        }
        return live;
}

enum err run_PUBLIC_KEYS(struct run *r, struct request *rq)
{
        OWNED(buf_done) struct buf out = {.ceiling = KEEPER_SLOT_LEN};
        struct keyring_pair_key sealing[KEYRING_PAIR_LIVE_MAX], signing[KEYRING_PAIR_LIVE_MAX];
        unsigned sealing_len = run_live_pairs(r, KEYRING_SEALING, sealing);
        unsigned signing_len = run_live_pairs(r, KEYRING_SIGNING, signing);
        struct bytes bytes;

        TRY(read_end(&rq->payload));
        if (sealing_len == 0 || signing_len == 0)
                return ERR_NOT_FOUND;
        for (unsigned i = 0; i < sealing_len; i++)
                TRY(put_key(r, KEYRING_SEALING, &sealing[i], signing, signing_len, &out));
        for (unsigned i = 0; i < signing_len; i++)
                TRY(put_key(r, KEYRING_SIGNING, &signing[i], signing, signing_len, &out));
        TRY(buf_end(&out, &bytes));
        memcpy(rq->slot, bytes.data, bytes.len);
        rq->output_len = bytes.len;
        put_u8(rq->answer, (uint8_t)sealing_len);
        put_u8(rq->answer, (uint8_t)signing_len);
        return ERR_OK;
}
