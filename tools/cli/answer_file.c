/* SPDX-License-Identifier: Apache-2.0 */
/* answer_file.c: proofs of answers, written and read.
 *
 * The reader takes every member once, and none that it does not know: a file with two releases
 * would be checked by one and believed for the other. */
#include "tools/cli/answer_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/query.h"
#include "proto/wire.h"
#include "tools/cli/json.h"
#include "tools/cli/json_read.h"

enum { QUESTION_MAX = 4 << 20, NUMBER_DIGITS = 20 };

enum err answer_question(struct arena *arena, const struct query *q, struct vintage vintage,
        uint32_t indicator_version, struct answer_proof *out)
{
        OWNED(buf_done) struct buf canonical;
        OWNED(buf_done) struct buf request;
        struct query asked = *q;
        struct bytes bytes;

        asked.vintage = vintage;
        asked.dry_run = false;
        if (q->indicator.len > 0)
                asked.indicator_version = indicator_version;
        buf_init(&canonical, QUESTION_MAX);
        buf_init(&request, QUESTION_MAX);
        TRY(query_encode(&asked, &canonical));
        TRY(buf_end(&canonical, &bytes));
        TRY(bytes_copy(arena, bytes, &out->question));
        TRY(query_request_encode(&asked, &request));
        TRY(buf_end(&request, &bytes));
        return bytes_copy(arena, bytes, &out->request);
}

/* Writing ------------------------------------------------------------------------ */

static void put_head(FILE *to, const struct tree_head *h)
{
        (void)fprintf(to, "\"head\": {\"size\": %" PRIu64 ", \"root\": ", h->size);
        json_digest(to, &h->root);
        (void)fprintf(to, ", \"at_ms\": %" PRId64 ", \"key_id\": ", h->at_ms);
        json_text(to, bytes_of_text(h->key_id));
        (void)fputs(",\n        \"signature\": ", to);
        json_hex(to, bytes_of(h->signature, sizeof h->signature));
        (void)fputs("}", to);
}

static void put_certificate(FILE *to, const struct answer_certificate *c)
{
        (void)fprintf(to,
                "{\"number\": %" PRIu64 ", \"at_ms\": %" PRId64 ", \"kind\": %u, \"salt\": ",
                c->number, c->at_ms, c->kind);
        json_hex(to, bytes_of(c->salt, sizeof c->salt));
        (void)fputs(",\n      \"statement\": ", to);
        json_base64(to, c->statement);
        (void)fputs(",\n      \"closed_digest\": ", to);
        json_digest(to, &c->closed);
        (void)fputs(",\n      \"inclusion\": [", to);
        for (uint32_t i = 0; i < c->inclusion.len; i++) {
                (void)fputs(i > 0 ? ",\n        " : "\n        ", to);
                json_digest(to, &c->inclusion.hashes[i]);
        }
        (void)fputs("],\n      ", to);
        put_head(to, &c->head);
        (void)fputs("}", to);
}

void answer_proof_put(FILE *to, const struct answer_proof *p)
{
        (void)fputs("{\n    \"question\": ", to);
        json_base64(to, p->question);
        (void)fputs(",\n    \"request\": ", to);
        json_base64(to, p->request);
        (void)fputs(",\n    \"release\": ", to);
        json_base64(to, p->release);
        (void)fputs(",\n    \"certificate\": ", to);
        put_certificate(to, &p->certificate);
        (void)fputs("\n  }", to);
}

void answer_file_put(FILE *to, const struct answer_proof *p)
{
        (void)fputs("{\n  \"format\": \"" ANSWER_FORMAT "\",\n  \"proof\": ", to);
        answer_proof_put(to, p);
        (void)fputs("\n}\n", to);
}

/* Reading ------------------------------------------------------------------------ */

struct member {
        const char *name;
        enum err (*read)(struct json_reader *r, void *to);
        void *to;
};

/* An object with these members, each once, in any order; at the object's value. */
static enum err read_members(struct json_reader *r, const struct member *members, unsigned len)
{
        struct json_token t;
        uint32_t seen = 0;

        TRY(json_expect(r, JSON_OBJECT, &t));
        for (;;) {
                unsigned i = 0;

                TRY(json_next(r, &t));
                if (t.kind == JSON_OBJECT_END)
                        return seen == (1u << len) - 1 ? ERR_OK : ERR_MALFORMED;
                while (i < len && !bytes_is_text(t.text, members[i].name))
                        i++;
                if (i == len || (seen >> i & 1) != 0)
                        return ERR_MALFORMED;
                seen |= 1u << i;
                TRY(members[i].read(r, members[i].to));
        }
}

static enum err read_base64(struct json_reader *r, void *to)
{
        struct json_token t;

        TRY(json_expect(r, JSON_TEXT, &t));
        return base64_decode(r->arena, t.text, to);
}

static enum err read_hex(struct json_reader *r, uint8_t *out, size_t len)
{
        char hex[2 * SIGNATURE_LEN + 1] = "";
        struct json_token t;

        TRY(json_expect(r, JSON_TEXT, &t));
        if (t.text.len != 2 * len || len > SIGNATURE_LEN)
                return ERR_MALFORMED;
        memcpy(hex, t.text.data, t.text.len);
        return hex_decode(hex, out, len) == ERR_OK ? ERR_OK : ERR_MALFORMED;
}

static enum err read_digest(struct json_reader *r, void *to)
{
        return read_hex(r, ((struct digest *)to)->bytes, sizeof(struct digest));
}

static enum err read_salt(struct json_reader *r, void *to)
{
        return read_hex(r, to, LEAF_SALT_LEN);
}

static enum err read_signature(struct json_reader *r, void *to)
{
        return read_hex(r, to, SIGNATURE_LEN);
}

static enum err read_key_id(struct json_reader *r, void *to)
{
        uint8_t id[BOX_KEY_ID_LEN / 2];

        TRY(read_hex(r, id, sizeof id));
        hex_encode(bytes_of(id, sizeof id), to);
        return ERR_OK;
}

/* Digits alone, and no number that is written in two ways. */
static enum err read_number(struct json_reader *r, void *to)
{
        char digits[NUMBER_DIGITS + 1] = "", again[NUMBER_DIGITS + 1];
        struct json_token t;
        uint64_t n;

        TRY(json_expect(r, JSON_NUMBER, &t));
        if (t.text.len > NUMBER_DIGITS)
                return ERR_MALFORMED;
        memcpy(digits, t.text.data, t.text.len);
        n = strtoull(digits, NULL, 10);
        (void)snprintf(again, sizeof again, "%" PRIu64, n);
        if (strcmp(digits, again) != 0)
                return ERR_MALFORMED;
        *(uint64_t *)to = n;
        return ERR_OK;
}

static enum err read_moment(struct json_reader *r, void *to)
{
        uint64_t n;

        TRY(read_number(r, &n));
        if (n > INT64_MAX)
                return ERR_MALFORMED;
        *(int64_t *)to = (int64_t)n;
        return ERR_OK;
}

static enum err read_kind(struct json_reader *r, void *to)
{
        uint64_t n;

        TRY(read_number(r, &n));
        if (n > UINT16_MAX)
                return ERR_MALFORMED;
        *(uint16_t *)to = (uint16_t)n;
        return ERR_OK;
}

static enum err read_inclusion(struct json_reader *r, void *to)
{
        struct merkle_proof *p = to;
        struct json_reader before;
        struct json_token t;

        TRY(json_expect(r, JSON_ARRAY, &t));
        for (p->len = 0;; p->len++) {
                before = *r;
                TRY(json_next(r, &t));
                if (t.kind == JSON_ARRAY_END)
                        return ERR_OK;
                if (p->len == MERKLE_PROOF_MAX)
                        return ERR_MALFORMED;
                *r = before;
                TRY(read_digest(r, &p->hashes[p->len]));
        }
}

static enum err read_head(struct json_reader *r, void *to)
{
        struct tree_head *h = to;
        const struct member members[] = {{"size", read_number, &h->size},
                {"root", read_digest, &h->root}, {"at_ms", read_moment, &h->at_ms},
                {"key_id", read_key_id, h->key_id}, {"signature", read_signature, h->signature}};

        return read_members(r, members, ARRAY_LEN(members));
}

static enum err read_certificate(struct json_reader *r, void *to)
{
        struct answer_certificate *c = to;
        const struct member members[] = {{"number", read_number, &c->number},
                {"at_ms", read_moment, &c->at_ms}, {"kind", read_kind, &c->kind},
                {"salt", read_salt, c->salt}, {"statement", read_base64, &c->statement},
                {"closed_digest", read_digest, &c->closed},
                {"inclusion", read_inclusion, &c->inclusion}, {"head", read_head, &c->head}};

        return read_members(r, members, ARRAY_LEN(members));
}

static enum err read_proof(struct json_reader *r, struct answer_proof *p)
{
        const struct member members[] = {{"question", read_base64, &p->question},
                {"request", read_base64, &p->request}, {"release", read_base64, &p->release},
                {"certificate", read_certificate, &p->certificate}};

        return read_members(r, members, ARRAY_LEN(members));
}

static enum err read_format(struct json_reader *r, bool *out_shows_table)
{
        struct json_token t;

        TRY(json_expect(r, JSON_OBJECT, &t));
        TRY(json_expect(r, JSON_KEY, &t));
        if (!bytes_is_text(t.text, "format"))
                return ERR_MALFORMED;
        TRY(json_expect(r, JSON_TEXT, &t));
        *out_shows_table = bytes_is_text(t.text, TABLE_FORMAT);
        return *out_shows_table || bytes_is_text(t.text, ANSWER_FORMAT) ? ERR_OK : ERR_MALFORMED;
}

/* What a table shows beside its proof is compared whole (answer_tables_agree). */
static enum err read_whole(struct json_reader *r, struct answer_read *out)
{
        struct json_token t;
        bool proof = false;

        TRY(read_format(r, &out->shows_table));
        for (;;) {
                TRY(json_next(r, &t));
                if (t.kind == JSON_OBJECT_END)
                        break;
                if (!bytes_is_text(t.text, "proof")) {
                        if (!out->shows_table)
                                return ERR_MALFORMED;
                        TRY(json_skip(r));
                        continue;
                }
                if (proof)
                        return ERR_MALFORMED;
                proof = true;
                TRY(read_proof(r, &out->proof));
        }
        TRY(json_expect(r, JSON_END, &t));
        return proof ? ERR_OK : ERR_MALFORMED;
}

enum err answer_file_read(struct arena *arena, struct bytes text, struct answer_read *out)
{
        struct json_reader r;

        *out = (struct answer_read){.line = 0};
        json_reader_init(&r, arena, text);
        enum err e = read_whole(&r, out);

        out->line = r.line;
        return e;
}

/* Comparing ------------------------------------------------------------------------- */

/* The next token that is not of the member "proof". */
static enum err next_shown(struct json_reader *r, struct json_token *out)
{
        TRY(json_next(r, out));
        while (out->kind == JSON_KEY && r->depth == 1 && bytes_is_text(out->text, "proof")) {
                TRY(json_skip(r));
                TRY(json_next(r, out));
        }
        return ERR_OK;
}

enum err answer_tables_agree(
        struct arena *arena, struct bytes shown, struct bytes expected, uint32_t *out_line)
{
        struct json_reader a, b;
        struct json_token x, y;

        json_reader_init(&a, arena, shown);
        json_reader_init(&b, arena, expected);
        do {
                TRY(next_shown(&a, &x));
                TRY(next_shown(&b, &y));
                if (x.kind != y.kind || !bytes_equal(x.text, y.text)) {
                        *out_line = x.line;
                        return ERR_TAMPERED;
                }
        } while (x.kind != JSON_END);
        return ERR_OK;
}
