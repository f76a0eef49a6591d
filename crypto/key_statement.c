/* SPDX-License-Identifier: Apache-2.0 */
/* key_statement.c: a label for each kind of key, so that a statement about a key to sign with
 * can never be shown as one about a key to seal to. */
#include "crypto/key_statement.h"

#include <endian.h>
#include <string.h>

enum { STATEMENT_LEN = 32 + 8 + 8 };

static const char *label_of(enum keyring_pair kind)
{
        switch (kind) {
        case KEYRING_SEALING:
                return "statgate/sealing-key/1";
        case KEYRING_SIGNING:
                return "statgate/signing-key/1";
        case KEYRING_PAIR_KINDS:
                break;
        }
        return NULL;
}

static void write_statement(const struct key_statement *s, uint8_t out[STATEMENT_LEN])
{
        uint64_t from = htole64((uint64_t)s->from_ms), until = htole64((uint64_t)s->until_ms);

        memcpy(out, s->public_key, sizeof s->public_key);
        memcpy(out + sizeof s->public_key, &from, sizeof from);
        memcpy(out + sizeof s->public_key + sizeof from, &until, sizeof until);
}

enum err key_statement_sign(
        const struct secret *signing_key, const struct key_statement *s, uint8_t out[SIGNATURE_LEN])
{
        const char *label = label_of(s->kind);
        uint8_t statement[STATEMENT_LEN];

        if (label == NULL)
                return ERR_INVALID;
        write_statement(s, statement);
        return sign_make(signing_key, label, bytes_of(statement, sizeof statement), out);
}

enum err key_statement_check(const uint8_t signing_public[SIGN_PUBLIC_LEN],
        const struct key_statement *s, const uint8_t signature[SIGNATURE_LEN])
{
        const char *label = label_of(s->kind);
        uint8_t statement[STATEMENT_LEN];

        if (label == NULL)
                return ERR_INVALID;
        write_statement(s, statement);
        return sign_check(signing_public, label, bytes_of(statement, sizeof statement), signature);
}
