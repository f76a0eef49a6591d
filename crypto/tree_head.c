/* SPDX-License-Identifier: Apache-2.0 */
/* tree_head.c: heads, signed and as a line of text.
 *
 * There is one way to write a head: reading takes a line apart, writes what it understood, and
 * accepts it only if that is the line it was given. So a witness may compare lines. */
#include "crypto/tree_head.h"

#include <endian.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_LABEL "statgate/head/1"
#define HEAD_WORD  "statgate-head 1"

enum { SIGNED_LEN = 8 + 32 + 8 };

static void write_signed(const struct tree_head *head, uint8_t out[SIGNED_LEN])
{
        uint64_t size = htole64(head->size), at = htole64((uint64_t)head->at_ms);

        memcpy(out, &size, sizeof size);
        memcpy(out + 8, head->root.bytes, sizeof head->root.bytes);
        memcpy(out + 40, &at, sizeof at);
}

enum err tree_head_sign(const struct secret *signing_key, struct tree_head *head)
{
        uint8_t statement[SIGNED_LEN];

        write_signed(head, statement);
        return sign_make(
                signing_key, HEAD_LABEL, bytes_of(statement, sizeof statement), head->signature);
}

enum err tree_head_sign_by(const struct signer *signer, struct tree_head *head)
{
        uint8_t statement[SIGNED_LEN];

        write_signed(head, statement);
        return signer_make(
                signer, HEAD_LABEL, bytes_of(statement, sizeof statement), head->signature);
}

enum err tree_head_check(
        const uint8_t signing_public[SIGN_PUBLIC_LEN], const struct tree_head *head)
{
        uint8_t statement[SIGNED_LEN];

        write_signed(head, statement);
        return sign_check(
                signing_public, HEAD_LABEL, bytes_of(statement, sizeof statement), head->signature);
}

void tree_head_format(const struct tree_head *head, char out[TREE_HEAD_TEXT_MAX])
{
        char root[2 * sizeof head->root.bytes + 1], signature[2 * SIGNATURE_LEN + 1];

        hex_encode(bytes_of(head->root.bytes, sizeof head->root.bytes), root);
        hex_encode(bytes_of(head->signature, sizeof head->signature), signature);
        (void)snprintf(out, TREE_HEAD_TEXT_MAX, HEAD_WORD " %" PRIu64 " %s %" PRId64 " %.*s %s\n",
                head->size, root, head->at_ms, BOX_KEY_ID_LEN, head->key_id, signature);
}

/* Up to the next space, which is dropped; NULL when there is none. */
static char *take_word(char **rest)
{
        char *word = *rest, *space = strchr(word, ' ');

        if (space == NULL)
                return NULL;
        *space = '\0';
        *rest = space + 1;
        return word;
}

static enum err read_key_id(const char *text, char out[BOX_KEY_ID_LEN + 1])
{
        uint8_t unused[BOX_KEY_ID_LEN / 2];

        TRY(hex_decode(text, unused, sizeof unused));
        hex_encode(bytes_of(unused, sizeof unused), out);
        return ERR_OK;
}

/* Numbers in other spellings, and too large ones, do not survive being written again. */
static enum err read_words(char *line, struct tree_head *out)
{
        char *size, *root, *at, *key;

        if (strncmp(line, HEAD_WORD " ", sizeof HEAD_WORD) != 0)
                return ERR_MALFORMED;
        line += sizeof HEAD_WORD;
        size = take_word(&line);
        root = size != NULL ? take_word(&line) : NULL;
        at = root != NULL ? take_word(&line) : NULL;
        key = at != NULL ? take_word(&line) : NULL;
        if (key == NULL)
                return ERR_MALFORMED;
        out->size = strtoull(size, NULL, 10);
        out->at_ms = strtoll(at, NULL, 10);
        TRY(hex_decode(root, out->root.bytes, sizeof out->root.bytes));
        TRY(read_key_id(key, out->key_id));
        return hex_decode(line, out->signature, sizeof out->signature);
}

enum err tree_head_parse(struct bytes line, struct tree_head *out)
{
        char text[TREE_HEAD_TEXT_MAX], again[TREE_HEAD_TEXT_MAX];
        struct tree_head head = {.size = 0};

        if (line.len > 0 && line.data[line.len - 1] == '\n')
                line.len--;
        if (line.len == 0 || line.len >= sizeof text - 1)
                return ERR_MALFORMED;
        memcpy(text, line.data, line.len);
        text[line.len] = '\0';
        if (read_words(text, &head) != ERR_OK)
                return ERR_MALFORMED;
        tree_head_format(&head, again);
        if (strlen(again) != line.len + 1 || memcmp(again, line.data, line.len) != 0)
                return ERR_MALFORMED;
        *out = head;
        return ERR_OK;
}
