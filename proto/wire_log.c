/* SPDX-License-Identifier: Apache-2.0 */
/* wire_log.c: reading the audit log: entries, heads over them, and proofs. */
#include <string.h>

#include "proto/wire_audit.h"
#include "proto/wire_parts.h"
#include "statgate/v1/audit.pb-c.h"

enum { WORD_MAX = 64 };

/* What is asked -------------------------------------------------------------- */

enum err log_request_encode(const struct wire_log_request *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__LogFilter f = STATGATE__V1__LOG_FILTER__INIT;
        Statgate__V1__ReadLogRequest m = STATGATE__V1__READ_LOG_REQUEST__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        f.from_ms = in->filter.from_ms;
        f.until_ms = in->filter.until_ms;
        f.n_kinds = in->filter.kinds_len;
        f.kinds = text_array(scratch, in->filter.kinds, in->filter.kinds_len);
        if (f.kinds == NULL && f.n_kinds > 0)
                return ERR_NO_MEMORY;
        f.principal = binary(in->filter.principal);
        f.purpose = binary(in->filter.purpose);
        f.dataset = binary(in->filter.dataset);
        f.linkage = binary(in->filter.linkage);
        f.outcome = binary(in->filter.outcome);
        f.municipality = binary(in->filter.municipality);
        m.filter = &f;
        m.from = in->from;
        m.limit = in->limit;
        m.newest = in->newest;
        m.follow = in->follow;
        return pack(&m, out);
}

static enum err filter_decode(struct arena *a, const Statgate__V1__LogFilter *from,
        struct wire_log_filter *out, struct refusal *why)
{
        struct bytes *kinds;

        if (from->n_kinds > WIRE_LOG_KINDS_MAX)
                return refuse(
                        why, ERR_INVALID, "filter.kinds", "are more than %d", WIRE_LOG_KINDS_MAX);
        kinds = arena_alloc(a, from->n_kinds, sizeof *kinds);
        if (kinds == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < from->n_kinds; i++)
                TRY(gate_text(why, "filter.kinds", from->kinds[i], 1, WORD_MAX, &kinds[i]));
        if (from->from_ms < 0)
                return refuse(why, ERR_INVALID, "filter.from_ms", "is before 1970");
        if (from->until_ms < 0 || (from->until_ms > 0 && from->until_ms < from->from_ms))
                return refuse(why, ERR_INVALID, "filter.until_ms", "is before from_ms");
        out->from_ms = from->from_ms;
        out->until_ms = from->until_ms;
        out->kinds = kinds;
        out->kinds_len = (uint32_t)from->n_kinds;
        TRY(gate_text(
                why, "filter.principal", from->principal, 0, WIRE_PRINCIPAL_MAX, &out->principal));
        TRY(gate_text(why, "filter.purpose", from->purpose, 0, NAME_MAX_LEN, &out->purpose));
        TRY(gate_text(why, "filter.dataset", from->dataset, 0, NAME_MAX_LEN, &out->dataset));
        TRY(gate_text(why, "filter.linkage", from->linkage, 0, NAME_MAX_LEN, &out->linkage));
        TRY(gate_text(why, "filter.outcome", from->outcome, 0, WORD_MAX, &out->outcome));
        return gate_text(why, "filter.municipality", from->municipality, 0, CODE_MAX_LEN,
                &out->municipality);
}

enum err log_request_decode(
        struct arena *a, struct bytes wire, struct wire_log_request *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ReadLogRequest *m =
                unpack(a, &statgate__v1__read_log_request__descriptor, wire, why, &rc);
        struct wire_log_request r = {0};

        if (m == NULL)
                return rc;
        if (m->filter != NULL)
                TRY(filter_decode(a, m->filter, &r.filter, why));
        r.from = m->from;
        r.limit = m->limit;
        r.newest = m->newest;
        r.follow = m->follow;
        *out = r;
        return ERR_OK;
}

/* Entries --------------------------------------------------------------------- */

enum err log_page_encode(const struct wire_log_page *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__ReadLogResponse m = STATGATE__V1__READ_LOG_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.entries = messages(scratch, in->len, &statgate__v1__log_entry__descriptor);
        if (m.entries == NULL)
                return ERR_NO_MEMORY;
        m.n_entries = in->len;
        for (uint32_t i = 0; i < in->len; i++) {
                const struct wire_log_entry *e = &in->entries[i];
                Statgate__V1__LogEntry *to = m.entries[i];

                to->number = e->number;
                to->at_ms = e->at_ms;
                to->kind = e->kind;
                to->commitment = digest_binary(&e->commitment);
                if (e->pruned)
                        continue;
                to->open_salt = binary(bytes_of(e->open_salt, sizeof e->open_salt));
                to->open = binary(e->open);
                to->closed_salt = binary(bytes_of(e->closed_salt, sizeof e->closed_salt));
                to->closed = binary(e->closed);
        }
        m.looked_at = in->looked_at;
        m.size = in->size;
        return pack(&m, out);
}

static enum err entry_decode(const Statgate__V1__LogEntry *from, struct wire_log_entry *out)
{
        if (from->kind > UINT16_MAX)
                return ERR_MALFORMED;
        out->number = from->number;
        out->at_ms = from->at_ms;
        out->kind = (uint16_t)from->kind;
        TRY(answer_digest(from->commitment, &out->commitment));
        out->pruned = from->open_salt.len == 0 && from->closed_salt.len == 0 &&
                      from->open.len == 0 && from->closed.len == 0;
        if (out->pruned)
                return ERR_OK;
        if (from->open_salt.len != sizeof out->open_salt ||
                from->closed_salt.len != sizeof out->closed_salt)
                return ERR_MALFORMED;
        memcpy(out->open_salt, from->open_salt.data, sizeof out->open_salt);
        memcpy(out->closed_salt, from->closed_salt.data, sizeof out->closed_salt);
        out->open = run_of(from->open);
        out->closed = run_of(from->closed);
        return ERR_OK;
}

enum err log_page_decode(struct arena *a, struct bytes wire, struct wire_log_page *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__ReadLogResponse *m =
                unpack(a, &statgate__v1__read_log_response__descriptor, wire, NULL, &rc);
        struct wire_log_entry *list;

        if (m == NULL)
                return rc;
        if (m->n_entries > WIRE_LOG_ENTRIES_MAX)
                return ERR_MALFORMED;
        list = arena_alloc(a, m->n_entries, sizeof *list);
        if (list == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_entries; i++)
                TRY(entry_decode(m->entries[i], &list[i]));
        *out = (struct wire_log_page){list, (uint32_t)m->n_entries, m->looked_at, m->size};
        return ERR_OK;
}

/* Heads ------------------------------------------------------------------------ */

enum err heads_request_encode(uint64_t from_size, struct buf *out)
{
        Statgate__V1__GetHeadsRequest m = STATGATE__V1__GET_HEADS_REQUEST__INIT;

        m.from_size = from_size;
        return pack(&m, out);
}

enum err heads_request_decode(
        struct arena *a, struct bytes wire, uint64_t *out_from_size, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetHeadsRequest *m =
                unpack(a, &statgate__v1__get_heads_request__descriptor, wire, why, &rc);

        if (m == NULL)
                return rc;
        *out_from_size = m->from_size;
        return ERR_OK;
}

enum err heads_encode(const struct wire_heads *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetHeadsResponse m = STATGATE__V1__GET_HEADS_RESPONSE__INIT;
        Statgate__V1__TreeHead newest = STATGATE__V1__TREE_HEAD__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.heads = messages(scratch, in->heads_len, &statgate__v1__tree_head__descriptor);
        m.witnesses =
                messages(scratch, in->witnesses_len, &statgate__v1__witness_state__descriptor);
        if (m.heads == NULL || m.witnesses == NULL)
                return ERR_NO_MEMORY;
        m.n_heads = in->heads_len;
        m.n_witnesses = in->witnesses_len;
        for (uint32_t i = 0; i < in->heads_len; i++)
                tree_head_message(&in->heads[i], m.heads[i]);
        for (uint32_t i = 0; i < in->witnesses_len; i++) {
                m.witnesses[i]->name = binary(in->witnesses[i].name);
                m.witnesses[i]->size = in->witnesses[i].size;
                m.witnesses[i]->failed_ms = in->witnesses[i].failed_ms;
        }
        if (in->has_newest) {
                tree_head_message(&in->newest, &newest);
                m.newest = &newest;
        }
        return pack(&m, out);
}

static enum err witnesses_decode(
        struct arena *a, const Statgate__V1__GetHeadsResponse *m, struct wire_heads *out)
{
        struct wire_witness *list = arena_alloc(a, m->n_witnesses, sizeof *list);

        if (list == NULL)
                return ERR_NO_MEMORY;
        if (m->n_witnesses > WIRE_WITNESSES_MAX)
                return ERR_MALFORMED;
        for (size_t i = 0; i < m->n_witnesses; i++) {
                TRY(answer_text(m->witnesses[i]->name, &list[i].name));
                list[i].size = m->witnesses[i]->size;
                list[i].failed_ms = m->witnesses[i]->failed_ms;
        }
        out->witnesses = list;
        out->witnesses_len = (uint32_t)m->n_witnesses;
        return ERR_OK;
}

enum err heads_decode(struct arena *a, struct bytes wire, struct wire_heads *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetHeadsResponse *m =
                unpack(a, &statgate__v1__get_heads_response__descriptor, wire, NULL, &rc);
        struct wire_heads r = {0};
        struct tree_head *heads;

        if (m == NULL)
                return rc;
        if (m->n_heads > WIRE_HEADS_MAX)
                return ERR_MALFORMED;
        heads = arena_alloc(a, m->n_heads, sizeof *heads);
        if (heads == NULL)
                return ERR_NO_MEMORY;
        for (size_t i = 0; i < m->n_heads; i++)
                TRY(tree_head_decode(m->heads[i], &heads[i]));
        r.heads = heads;
        r.heads_len = (uint32_t)m->n_heads;
        r.has_newest = m->newest != NULL;
        if (r.has_newest)
                TRY(tree_head_decode(m->newest, &r.newest));
        TRY(witnesses_decode(a, m, &r));
        *out = r;
        return ERR_OK;
}

/* Proofs ------------------------------------------------------------------------ */

enum err proof_request_encode(const struct wire_proof_request *in, struct buf *out)
{
        Statgate__V1__GetProofRequest m = STATGATE__V1__GET_PROOF_REQUEST__INIT;

        m.size = in->size;
        if (in->of_entry) {
                m.of_case = STATGATE__V1__GET_PROOF_REQUEST__OF_ENTRY;
                m.entry = in->number;
        } else {
                m.of_case = STATGATE__V1__GET_PROOF_REQUEST__OF_BEFORE;
                m.before = in->number;
        }
        return pack(&m, out);
}

enum err proof_request_decode(
        struct arena *a, struct bytes wire, struct wire_proof_request *out, struct refusal *why)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetProofRequest *m =
                unpack(a, &statgate__v1__get_proof_request__descriptor, wire, why, &rc);
        struct wire_proof_request r = {0};

        if (m == NULL)
                return rc;
        r.size = m->size;
        switch (m->of_case) {
        case STATGATE__V1__GET_PROOF_REQUEST__OF_ENTRY:
                r.of_entry = true;
                r.number = m->entry;
                if (r.number >= r.size)
                        return refuse(why, ERR_INVALID, "entry", "is not below size");
                break;
        case STATGATE__V1__GET_PROOF_REQUEST__OF_BEFORE:
                r.number = m->before;
                if (r.number > r.size)
                        return refuse(why, ERR_INVALID, "before", "is above size");
                break;
        case STATGATE__V1__GET_PROOF_REQUEST__OF__NOT_SET:
        default:
                return refuse(why, ERR_INVALID, "of", "says neither an entry nor a size before");
        }
        *out = r;
        return ERR_OK;
}

enum err proof_encode(const struct wire_proof *in, struct buf *out)
{
        OWNED(arena_free) struct arena *scratch = scratch_new();
        Statgate__V1__GetProofResponse m = STATGATE__V1__GET_PROOF_RESPONSE__INIT;

        if (scratch == NULL)
                return ERR_NO_MEMORY;
        m.root = digest_binary(&in->root);
        m.n_hashes = in->proof.len;
        m.hashes = proof_hashes(scratch, &in->proof);
        return m.hashes == NULL ? ERR_NO_MEMORY : pack(&m, out);
}

enum err proof_decode(struct arena *a, struct bytes wire, struct wire_proof *out)
{
        enum err rc = ERR_OK;
        const Statgate__V1__GetProofResponse *m =
                unpack(a, &statgate__v1__get_proof_response__descriptor, wire, NULL, &rc);
        struct wire_proof r;

        if (m == NULL)
                return rc;
        TRY(answer_digest(m->root, &r.root));
        TRY(proof_hashes_decode(m->hashes, m->n_hashes, &r.proof));
        *out = r;
        return ERR_OK;
}
