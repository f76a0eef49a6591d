/* SPDX-License-Identifier: Apache-2.0 */
/* wire_certificate.c: heads over the audit log, proofs, and certificates made of both. */
#include <string.h>

#include "proto/wire_parts.h"

static enum err fixed(ProtobufCBinaryData from, size_t len, void *out)
{
        if (from.len != len)
                return ERR_MALFORMED;
        memcpy(out, from.data, len);
        return ERR_OK;
}

/* Heads -------------------------------------------------------------------- */

void tree_head_message(const struct tree_head *in, Statgate__V1__TreeHead *out)
{
        out->size = in->size;
        out->root = digest_binary(&in->root);
        out->at_ms = in->at_ms;
        out->key_id = binary(bytes_of_text(in->key_id));
        out->signature = binary(bytes_of(in->signature, sizeof in->signature));
}

enum err tree_head_decode(const Statgate__V1__TreeHead *from, struct tree_head *out)
{
        struct tree_head h = {.size = from->size, .at_ms = from->at_ms};
        struct bytes id;

        TRY(answer_digest(from->root, &h.root));
        TRY(answer_text(from->key_id, &id));
        if (id.len != BOX_KEY_ID_LEN)
                return ERR_MALFORMED;
        memcpy(h.key_id, id.data, BOX_KEY_ID_LEN);
        TRY(fixed(from->signature, sizeof h.signature, h.signature));
        *out = h;
        return ERR_OK;
}

/* Proofs ------------------------------------------------------------------- */

ProtobufCBinaryData *proof_hashes(struct arena *scratch, const struct merkle_proof *in)
{
        ProtobufCBinaryData *list;

        if (in->len > MERKLE_PROOF_MAX)
                return NULL;
        list = arena_alloc(scratch, in->len, sizeof *list);
        for (uint32_t i = 0; list != NULL && i < in->len; i++)
                list[i] = digest_binary(&in->hashes[i]);
        return list;
}

enum err proof_hashes_decode(const ProtobufCBinaryData *from, size_t len, struct merkle_proof *out)
{
        if (len > MERKLE_PROOF_MAX)
                return ERR_MALFORMED;
        out->len = (uint32_t)len;
        for (size_t i = 0; i < len; i++)
                TRY(answer_digest(from[i], &out->hashes[i]));
        return ERR_OK;
}

/* Certificates --------------------------------------------------------------- */

enum err certificate_message(
        struct arena *scratch, const struct answer_certificate *in, Statgate__V1__Certificate **out)
{
        Statgate__V1__Certificate *m = arena_alloc(scratch, 1, sizeof *m);
        Statgate__V1__TreeHead *head = arena_alloc(scratch, 1, sizeof *head);

        if (m == NULL || head == NULL)
                return ERR_NO_MEMORY;
        if (in->inclusion.len > MERKLE_PROOF_MAX)
                return ERR_INVALID;
        statgate__v1__certificate__init(m);
        statgate__v1__tree_head__init(head);
        tree_head_message(&in->head, head);
        m->number = in->number;
        m->at_ms = in->at_ms;
        m->kind = in->kind;
        m->salt = binary(bytes_of(in->salt, sizeof in->salt));
        m->statement = binary(in->statement);
        m->closed_digest = digest_binary(&in->closed);
        m->n_inclusion = in->inclusion.len;
        m->inclusion = proof_hashes(scratch, &in->inclusion);
        m->head = head;
        if (m->inclusion == NULL)
                return ERR_NO_MEMORY;
        *out = m;
        return ERR_OK;
}

enum err certificate_decode(const Statgate__V1__Certificate *from, struct answer_certificate *out)
{
        struct answer_certificate c = {.number = from->number, .at_ms = from->at_ms};

        if (from->kind > UINT16_MAX || from->head == NULL)
                return ERR_MALFORMED;
        c.kind = (uint16_t)from->kind;
        TRY(fixed(from->salt, sizeof c.salt, c.salt));
        c.statement = run_of(from->statement);
        TRY(answer_digest(from->closed_digest, &c.closed));
        TRY(proof_hashes_decode(from->inclusion, from->n_inclusion, &c.inclusion));
        TRY(tree_head_decode(from->head, &c.head));
        *out = c;
        return ERR_OK;
}
