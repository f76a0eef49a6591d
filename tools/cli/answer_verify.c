/* SPDX-License-Identifier: Apache-2.0 */
/* answer_verify.c: signature → root → leaf → statement → release and question → table.
 *
 * The chain hangs on the public key alone. Nothing on it is believed since something else in
 * the file says so: digests are computed, the question's canonical bytes are made again from the
 * request, and the table is written again from the release, to be held against what is shown.
 *
 * All links are looked at, though the first that does not hold decides: who changed what is
 * easier to see from all that is wrong. */
#include "tools/cli/answer_verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/box.h"
#include "crypto/digest.h"
#include "gateway/audit/entry.h"
#include "tools/cli/cli.h"
#include "tools/cli/render.h"

static const char *const names[] = {
#define FINDING_NAME(name, sv, en) #name,
        ANSWER_FINDINGS(FINDING_NAME)
#undef FINDING_NAME
};

const char *answer_finding_name(enum answer_finding f)
{
        return (unsigned)f < ANSWER_FINDING_COUNT ? names[f] : "";
}

static void find(struct answer_verdict *v, enum answer_finding f, bool wrong)
{
        v->findings |= wrong ? 1u << f : 0;
}

/* The log ------------------------------------------------------------------------- */

static void check_signature(const struct tree_head *head, const uint8_t (*keys)[SIGN_PUBLIC_LEN],
        unsigned keys_len, struct answer_verdict *out)
{
        for (unsigned i = 0; i < keys_len; i++) {
                char id[BOX_KEY_ID_LEN + 1];

                box_key_id(keys[i], id);
                if (strcmp(id, head->key_id) != 0)
                        continue;
                find(out, ANSWER_FINDING_SIGNATURE, tree_head_check(keys[i], head) != ERR_OK);
                return;
        }
        find(out, ANSWER_FINDING_KEY, true);
}

static void check_inclusion(const struct answer_certificate *c, struct answer_verdict *out)
{
        struct digest open, commitment, leaf;

        leaf_part(c->salt, c->statement, &open);
        leaf_commitment(&open, &c->closed, &commitment);
        leaf_hash(c->number, c->at_ms, c->kind, &commitment, &leaf);
        find(out, ANSWER_FINDING_HEAD_OLDER, c->head.size <= c->number);
        find(out, ANSWER_FINDING_INCLUSION,
                c->head.size > c->number && merkle_check_inclusion(&leaf, c->number, c->head.size,
                                                    &c->inclusion, &c->head.root) != ERR_OK);
        find(out, ANSWER_FINDING_KIND, c->kind != ENTRY_ANSWERED);
}

/* The statement ------------------------------------------------------------------- */

static enum err seen(void *ctx, const struct entry_value *value)
{
        (void)ctx;
        (void)value;
        return ERR_OK;
}

/* A field that is not there says nothing, as an empty one. */
static bool says(struct bytes statement, enum entry_field f, struct bytes expected)
{
        struct entry_value v;

        return bytes_equal(entry_find(statement, f, &v) ? v.text : bytes_of(NULL, 0), expected);
}

static bool says_digest(struct bytes statement, enum entry_field f, struct bytes of)
{
        struct digest digest;

        digest_of(of, &digest);
        return says(statement, f, bytes_of(digest.bytes, sizeof digest.bytes));
}

/* The data set of the release is the first that is named; others may be looked at besides. */
static void check_release(struct bytes statement, struct answer_verdict *out)
{
        const struct wire_release *r = &out->release;
        char vintage[32];

        (void)snprintf(vintage, sizeof vintage, "%u.%u", r->vintage.number, r->vintage.revision);
        find(out, ANSWER_FINDING_RELEASE_QUESTION,
                !says(statement, FIELD_QUERY_DIGEST, bytes_of(r->query.bytes, 32)));
        find(out, ANSWER_FINDING_POLICY,
                !says(statement, FIELD_POLICY_DIGEST, bytes_of(r->policy.bytes, 32)));
        find(out, ANSWER_FINDING_VINTAGE, !says(statement, FIELD_VINTAGE, bytes_of_text(vintage)));
        find(out, ANSWER_FINDING_SCOPE,
                !says(statement, FIELD_DATASET, r->dataset) ||
                        !says(statement, FIELD_PURPOSE, r->purpose) ||
                        !says(statement, FIELD_LINKAGE, r->linkage));
}

static void take_policy(struct bytes statement, struct answer_verdict *out)
{
        struct entry_value v;

        if (entry_find(statement, FIELD_POLICY_DIGEST, &v))
                memcpy(out->policy_digest.bytes, v.text.data, sizeof out->policy_digest.bytes);
        out->has_version = entry_find(statement, FIELD_POLICY_VERSION, &v);
        if (out->has_version)
                out->policy_version = v.number;
}

/* The question -------------------------------------------------------------------- */

static enum err check_request(
        struct arena *arena, const struct answer_proof *p, struct answer_verdict *out)
{
        struct answer_proof again;
        struct refusal why = {0};
        enum err e = query_request_decode(arena, p->request, &out->asked, &why);

        if (e == ERR_OK)
                e = query_check(&out->asked, &why);
        if (e == ERR_OK)
                e = answer_question(arena, &out->asked, out->asked.vintage,
                        out->asked.indicator_version, &again);
        if (e == ERR_NO_MEMORY)
                return e;
        find(out, ANSWER_FINDING_REQUEST, e != ERR_OK || !bytes_equal(again.question, p->question));
        return ERR_OK;
}

/* The table ------------------------------------------------------------------------- */

static enum err render_again(
        const struct answer_read *in, const struct answer_verdict *v, char **out, size_t *out_len)
{
        const struct cli plain = {.lang = LANG_EN};
        struct answer answer = {.release = &v->release, .asked = &v->asked};
        FILE *to = open_memstream(out, out_len);

        if (to == NULL)
                return ERR_NO_MEMORY;
        digest_of(in->proof.release, &answer.digest);
        enum err e = render_json(&plain, &answer, &(struct render_how){.out = to});
        return fclose(to) == 0 ? e : ERR_NO_MEMORY;
}

static void free_text(char **text)
{
        free(*text);
}

static enum err check_table(struct arena *arena, struct bytes text, const struct answer_read *in,
        struct answer_verdict *out)
{
        OWNED(free_text) char *expected = NULL;
        size_t len = 0;
        enum err e = render_again(in, out, &expected, &len);

        if (e == ERR_OK)
                e = answer_tables_agree(arena, text, bytes_of(expected, len), &out->line);
        if (e == ERR_NO_MEMORY)
                return e;
        find(out, ANSWER_FINDING_TABLE, e != ERR_OK);
        out->table = true;
        return ERR_OK;
}

enum err answer_verify(struct arena *arena, struct bytes text, const struct answer_read *in,
        const uint8_t (*keys)[SIGN_PUBLIC_LEN], unsigned keys_len, struct answer_verdict *out)
{
        const struct answer_proof *p = &in->proof;
        const struct answer_certificate *c = &p->certificate;
        bool readable = entry_read(ENTRY_OPEN, c->statement, seen, NULL) == ERR_OK;
        struct bytes statement = readable ? c->statement : bytes_of(NULL, 0);
        enum err e;

        *out = (struct answer_verdict){.findings = 0};
        check_signature(&c->head, keys, keys_len, out);
        check_inclusion(c, out);
        find(out, ANSWER_FINDING_STATEMENT, !readable);
        find(out, ANSWER_FINDING_RELEASE,
                !says_digest(statement, FIELD_RELEASE_DIGEST, p->release));
        find(out, ANSWER_FINDING_QUESTION,
                !says_digest(statement, FIELD_QUERY_DIGEST, p->question));
        take_policy(statement, out);
        TRY(check_request(arena, p, out));
        e = release_decode(arena, p->release, &out->release);
        if (e == ERR_NO_MEMORY)
                return e;
        find(out, ANSWER_FINDING_RELEASE_READ, e != ERR_OK);
        if (e != ERR_OK)
                return ERR_OK;
        check_release(statement, out);
        return in->shows_table ? check_table(arena, text, in, out) : ERR_OK;
}
