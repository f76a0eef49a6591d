/* SPDX-License-Identifier: Apache-2.0 */
/* statement.c: one digest over framed pieces, signed.
 *
 * Nothing of it is sent: both sides make it of what they have in hand. The box is in it by its
 * digest, so that days cannot be put beside other numbers than those they were said of. */
#include "crypto/statement.h"

#include "crypto/digest.h"

enum { MUNICIPALITY_LEN = 4 };

static const char *label_of(enum statement_kind kind)
{
        static const char *const labels[] = {NULL,
#define STATEMENT_LABEL(name, label) label,
                STATEMENT_KINDS(STATEMENT_LABEL)
#undef STATEMENT_LABEL
        };

        return (unsigned)kind < ARRAY_LEN(labels) ? labels[kind] : NULL;
}

static void more_u32(struct digest_stream *to, uint32_t v)
{
        uint8_t bytes[4];

        for (unsigned i = 0; i < sizeof bytes; i++)
                bytes[i] = (uint8_t)(v >> (8 * i));
        digest_more(to, bytes, sizeof bytes);
}

static void more_framed(struct digest_stream *to, const void *piece, size_t len)
{
        more_u32(to, (uint32_t)len);
        digest_more(to, piece, len);
}

static enum err digest_statement(const struct statement *s, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *to = NULL;
        char municipality[MUNICIPALITY_LEN + 1];
        struct digest box;

        if (s->municipality > 9999 || s->days.len > UINT32_MAX)
                return ERR_INVALID;
        municipality_format(s->municipality, municipality);
        digest_of(s->box, &box);
        TRY(digest_start(&to));
        more_framed(to, municipality, MUNICIPALITY_LEN);
        more_framed(to, s->request.bytes, sizeof s->request.bytes);
        more_framed(to, box.bytes, s->box.len > 0 ? sizeof box.bytes : 0);
        more_framed(to, s->days.data, s->days.len);
        digest_finish(to, out);
        return ERR_OK;
}

enum err statement_sign(
        const struct secret *submission_key, const struct statement *s, uint8_t out[SIGNATURE_LEN])
{
        const char *label = label_of(s->kind);
        struct digest d;

        if (label == NULL)
                return ERR_INVALID;
        TRY(digest_statement(s, &d));
        return sign_make(submission_key, label, bytes_of(d.bytes, sizeof d.bytes), out);
}

enum err statement_check(const uint8_t submission_public[SIGN_PUBLIC_LEN],
        const struct statement *s, const uint8_t signature[SIGNATURE_LEN])
{
        const char *label = label_of(s->kind);
        struct digest d;

        if (label == NULL)
                return ERR_INVALID;
        TRY(digest_statement(s, &d));
        return sign_check(submission_public, label, bytes_of(d.bytes, sizeof d.bytes), signature);
}
