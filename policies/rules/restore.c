/* SPDX-License-Identifier: Apache-2.0 */
/* restore.c: how officers make the keeper forget.
 *
 * The keeper signs nothing that does not extend what it signed last. After a disk was lost and a
 * backup brought back the log is shorter than that, and nobody but officers can say that this is
 * how it came. What they sign names both logs, so it is good for this one step and no other. */
#include "policies/rules/restore.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "crypto/sign.h"
#include "policies/rules/signatures.h"

static bool is_sound(const struct restore_statement *s)
{
        struct digest empty;

        merkle_empty_root(&empty);
        if (s->known_size == 0 || (s->size == 0 && !digest_equal(&s->root, &empty)))
                return false;
        if (s->known_size == s->size && digest_equal(&s->known_root, &s->root))
                return false;
        return s->why.len <= RESTORE_WHY_MAX && bytes_is_printable(s->why);
}

enum err restore_encode(const struct restore_statement *in, struct buf *out)
{
        struct bytes whole;

        if (!is_sound(in))
                return ERR_INVALID;
        put_raw(out, RESTORE_LABEL, sizeof RESTORE_LABEL);
        put_u64(out, in->known_size);
        put_raw(out, in->known_root.bytes, sizeof in->known_root.bytes);
        put_u64(out, in->size);
        put_raw(out, in->root.bytes, sizeof in->root.bytes);
        put_bytes(out, in->why);
        return buf_end(out, &whole);
}

static enum err read_digest(struct reader *in, struct digest *out)
{
        struct bytes bytes;

        TRY(read_fixed(in, sizeof out->bytes, &bytes));
        memcpy(out->bytes, bytes.data, bytes.len);
        return ERR_OK;
}

enum err restore_decode(struct bytes statement, struct restore_statement *out)
{
        struct reader in = reader_of(statement);
        struct restore_statement s;
        struct bytes label;

        TRY(read_fixed(&in, sizeof RESTORE_LABEL, &label));
        if (memcmp(label.data, RESTORE_LABEL, label.len) != 0)
                return ERR_MALFORMED;
        TRY(read_u64(&in, &s.known_size));
        TRY(read_digest(&in, &s.known_root));
        TRY(read_u64(&in, &s.size));
        TRY(read_digest(&in, &s.root));
        TRY(read_bytes(&in, RESTORE_WHY_MAX, &s.why));
        TRY(read_end(&in));
        if (!is_sound(&s))
                return ERR_MALFORMED;
        *out = s;
        return ERR_OK;
}

enum err restore_file_decode(struct bytes file, struct signed_restore *out)
{
        struct reader in = reader_of(file);
        struct signed_restore r;

        TRY(read_bytes(&in, RESTORE_STATEMENT_MAX, &r.bytes));
        TRY(restore_decode(r.bytes, &r.statement));
        TRY(signatures_read(&in, r.signatures, &r.signatures_len));
        *out = r;
        return ERR_OK;
}

static enum err put_file(struct bytes statement, const struct bundle_signature *signatures,
        uint32_t len, struct buf *out)
{
        struct bytes whole;

        put_bytes(out, statement);
        TRY(signatures_put(signatures, len, out));
        return buf_end(out, &whole);
}

enum err restore_file_begin(const struct restore_statement *in, struct buf *out)
{
        OWNED(buf_done) struct buf statement = {.ceiling = RESTORE_STATEMENT_MAX};
        struct bytes bytes;

        TRY(restore_encode(in, &statement));
        TRY(buf_end(&statement, &bytes));
        return put_file(bytes, NULL, 0, out);
}

enum err restore_check(
        struct bytes file, const struct authority *who, struct restore_statement *out)
{
        struct signed_restore r;
        uint32_t valid = 0;

        TRY(restore_file_decode(file, &r));
        if (r.statement.why.len == 0)
                return ERR_MALFORMED;
        TRY(signatures_count(r.signatures, r.signatures_len, RESTORE_LABEL, r.bytes, who, &valid));
        if (who->required == 0 || valid < who->required)
                return ERR_POLICY_SIGNATURE;
        *out = r.statement;
        return ERR_OK;
}

/* What is signed so far; of an empty file, nothing. */
static enum err signed_so_far(struct bytes statement, struct bytes file, struct signed_restore *out)
{
        struct restore_statement s;

        TRY(restore_decode(statement, &s));
        if (s.why.len == 0)
                return ERR_INVALID;
        if (file.len == 0) {
                out->signatures_len = 0;
                return ERR_OK;
        }
        TRY(restore_file_decode(file, out));
        return bytes_equal(out->bytes, statement) ? ERR_OK : ERR_INVALID;
}

enum err restore_sign(
        struct bytes statement, const struct secret *key, struct bytes file, struct buf *out)
{
        struct bundle_signature mine;
        struct signed_restore r;

        TRY(signed_so_far(statement, file, &r));
        TRY(sign_public_of(key, mine.public_key));
        for (uint32_t i = 0; i < r.signatures_len; i++)
                if (memcmp(r.signatures[i].public_key, mine.public_key, sizeof mine.public_key) ==
                        0)
                        return ERR_CONFLICT;
        if (r.signatures_len == SIGNATURES_MAX)
                return ERR_LIMIT;
        TRY(sign_make(key, RESTORE_LABEL, statement, mine.signature));
        r.signatures[r.signatures_len++] = mine;
        return put_file(statement, r.signatures, r.signatures_len, out);
}
