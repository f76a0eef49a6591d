/* SPDX-License-Identifier: Apache-2.0 */
/* public_keys.c: what persons are sealed to, told to everybody who may call at all.
 *
 * Public, so nothing here is guarded; and nothing here vouches for anything: each key carries
 * the keeper's own signature, which this process cannot make. */
#include <string.h>

#include "gateway/gateway.h"

static void tell_key(const struct keeper_public_keys *all, const struct keeper_public_key *from,
        struct wire_key_signature *signatures, struct wire_keeper_key *out)
{
        for (unsigned i = 0; i < all->signing_len; i++) {
                signatures[i].signer = bytes_of_text(all->signing[i].id);
                memcpy(signatures[i].signature, from->signatures[i],
                        sizeof signatures[i].signature);
        }
        *out = (struct wire_keeper_key){
                .key_id = bytes_of_text(from->id),
                .from_ms = from->from_ms,
                .until_ms = from->until_ms,
                .signatures = signatures,
                .signatures_len = all->signing_len,
        };
        memcpy(out->public_key, from->public_key, sizeof out->public_key);
}

enum err keeper_keys_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_key_signature sealing_by[KEEPER_KEYS_MAX][KEEPER_KEYS_MAX];
        struct wire_key_signature signing_by[KEEPER_KEYS_MAX][KEEPER_KEYS_MAX];
        struct wire_keeper_key sealing[KEEPER_KEYS_MAX], signing[KEEPER_KEYS_MAX];
        struct keeper_public_keys keys;

        (void)request; /* GetKeeperKeysRequest is empty */
        TRY(keeper_public_keys(g->keeper, &keys));
        for (unsigned i = 0; i < keys.sealing_len; i++)
                tell_key(&keys, &keys.sealing[i], sealing_by[i], &sealing[i]);
        for (unsigned i = 0; i < keys.signing_len; i++)
                tell_key(&keys, &keys.signing[i], signing_by[i], &signing[i]);
        const struct wire_keeper_keys out = {
                .sealing = sealing,
                .sealing_len = keys.sealing_len,
                .signing = signing,
                .signing_len = keys.signing_len,
        };
        return keeper_keys_encode(&out, response);
}
