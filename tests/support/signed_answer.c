/* SPDX-License-Identifier: Apache-2.0 */
/* signed_answer.c: what gateway/query.c and the keeper do of it, by hand. */
#include "tests/support/signed_answer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/box.h"
#include "crypto/digest.h"
#include "crypto/secret.h"
#include "gateway/audit/entry.h"
#include "tools/cli/cli.h"
#include "tools/cli/render.h"

#define TEXT(t) bytes_of_text(t)

static void *zeroed(struct arena *a, size_t n, size_t size)
{
        void *p = arena_alloc(a, n, size);

        assert_non_null(p);
        return p;
}

/* The question: two conditions, spelled as nobody would twice. */
static void make_query(struct signed_answer *s, unsigned variant)
{
        struct filter *filters = zeroed(s->arena, 2, sizeof *filters);
        struct bytes *forms = zeroed(s->arena, 2, sizeof *forms);
        struct bytes *sex = zeroed(s->arena, 1, sizeof *sex);
        struct dimension_ref *by = zeroed(s->arena, 2, sizeof *by);
        struct measure_ref *measures = zeroed(s->arena, 2, sizeof *measures);

        forms[0] = TEXT("hvb");
        forms[1] = TEXT("familjehem");
        sex[0] = TEXT("flicka");
        filters[0] = (struct filter){TEXT("form"), TEXT(""), FILTER_IN, forms, 2};
        filters[1] = (struct filter){TEXT("kon"), TEXT(""), FILTER_IN, sex, 1};
        by[0] = (struct dimension_ref){TEXT("kommun"), TEXT("lan")};
        by[1] = (struct dimension_ref){TEXT("form"), TEXT("")};
        measures[0] = (struct measure_ref){.kind = MEASURE_PERSONS};
        measures[1] = (struct measure_ref){.kind = MEASURE_MEAN, .variable = TEXT("dygn")};
        s->query = (struct query){.dataset = TEXT(variant == 1 ? "anmalan" : "placering"),
                .purpose = TEXT("uppfoljning"),
                .filters = filters,
                .filters_len = 2,
                .dimensions = by,
                .dimensions_len = 2,
                .measures = measures,
                .measures_len = 2,
                .vintage = {7, variant == 1 ? 0 : 1},
                .has_period = true,
                .period = {19723 + (int32_t)variant, 20088}};
}

static void make_dimension(struct arena *a, struct dimension *d, const char *variable,
        const char *level, const char *const codes[][2], uint32_t len)
{
        d->variable = TEXT(variable);
        d->level = TEXT(level);
        d->label_sv = TEXT(variable);
        d->label_en = TEXT("in English \"quoted\"");
        d->categories = zeroed(a, len, sizeof *d->categories);
        d->len = len;
        for (uint32_t i = 0; i < len; i++)
                d->categories[i] = (struct category){.code = TEXT(codes[i][0]),
                        .label_sv = TEXT(codes[i][1]),
                        .label_en = TEXT(codes[i][1])};
}

/* Every mark stands somewhere, and a measure is withheld where another is shown. */
static void fill(struct table *t, unsigned variant)
{
        static const uint8_t marks[] = {CELL_VALUE, CELL_PROTECTED, CELL_VALUE, CELL_MISSING,
                CELL_VALUE, CELL_VALUE, CELL_NOT_APPLICABLE, CELL_VALUE, CELL_VALUE, CELL_PROTECTED,
                CELL_VALUE, CELL_VALUE};
        struct measure *mean = &t->measures[1];

        for (size_t i = 0; i < t->cells_len; i++) {
                t->status[i] = marks[i % sizeof marks];
                t->measures[0].values[i] = (int64_t)(i * 17 + 5 + variant);
                mean->values[i] = i == 4 ? TABLE_NO_VALUE : (int64_t)i * 311 - 40;
                mean->status[i] = i == 2 ? CELL_PROTECTED : t->status[i];
        }
}

static void make_table(struct signed_answer *s, unsigned variant)
{
        static const char *const counties[][2] = {{"01", "Stockholms l\xc3\xa4n"},
                {"25", "Norrbottens l\xc3\xa4n"}, {"99", "\xc3\x96vrigt"}};
        static const char *const forms[][2] = {
                {"familjehem", "Familjehem"}, {"hvb", "HVB \\ \"hem\""}};
        struct table *t = &s->release.table;

        t->dimensions = zeroed(s->arena, 2, sizeof *t->dimensions);
        t->dimensions_len = 2;
        make_dimension(s->arena, &t->dimensions[0], "kommun", "lan", counties, 3);
        make_dimension(s->arena, &t->dimensions[1], "form", "form", forms, 2);
        t->measures = zeroed(s->arena, 2, sizeof *t->measures);
        t->measures_len = 2;
        t->measures[0] = (struct measure){
                .kind = MEASURE_PERSONS, .label_sv = TEXT("personer"), .label_en = TEXT("persons")};
        t->measures[1] = (struct measure){.kind = MEASURE_MEAN,
                .variable = TEXT("dygn"),
                .label_sv = TEXT("dygn"),
                .label_en = TEXT("days"),
                .unit = TEXT("dygn"),
                .decimals = 1};
        assert_int_equal(table_alloc(s->arena, t), ERR_OK);
        t->measures[1].status = zeroed(s->arena, t->cells_len, 1);
        fill(t, variant);
}

static void digest_question(struct signed_answer *s)
{
        assert_int_equal(
                answer_question(s->arena, &s->query, s->release.vintage, 0, &s->proof), ERR_OK);
        digest_of(s->proof.question, &s->release.query);
}

static void make_release(struct signed_answer *s, unsigned variant)
{
        OWNED(buf_done) struct buf out;
        struct bytes made;

        s->release = (struct wire_release){.vintage = s->query.vintage,
                .vintage_at_ms = 1795298935000,
                .policy = {{3, 1, 4, 1, 5}},
                .dataset = s->query.dataset,
                .purpose = s->query.purpose,
                .threshold = 5,
                .zeros_published = true,
                .delivered = 289,
                .expected = 290,
                .linkage = TEXT("egen"),
                .unit = UNIT_PERSON,
                .has_period = true,
                .period = s->query.period};
        make_table(s, variant);
        digest_question(s);
        buf_init(&out, 1 << 20);
        assert_int_equal(release_encode(&s->release, &out), ERR_OK);
        assert_int_equal(buf_end(&out, &made), ERR_OK);
        assert_int_equal(bytes_copy(s->arena, made, &s->proof.release), ERR_OK);
}

static void make_statement(struct signed_answer *s)
{
        struct digest *release = zeroed(s->arena, 1, sizeof *release);
        struct entry_writer w;
        struct entry_draft draft;

        digest_of(s->proof.release, release);
        entry_begin(&w, s->arena, ENTRY_ANSWERED);
        entry_put_words(&w, FIELD_OUTCOME, "OK");
        entry_put_text(&w, FIELD_DATASET, s->release.dataset);
        entry_put_text(&w, FIELD_PURPOSE, s->release.purpose);
        entry_put_text(&w, FIELD_LINKAGE, s->release.linkage);
        entry_put_vintage(&w, s->release.vintage);
        entry_put_digest(&w, FIELD_QUERY_DIGEST, &s->release.query);
        entry_put_digest(&w, FIELD_POLICY_DIGEST, &s->release.policy);
        entry_put_number(&w, FIELD_POLICY_VERSION, 3);
        entry_put_digest(&w, FIELD_RELEASE_DIGEST, release);
        entry_put_words(&w, FIELD_RULE, "threshold 5");
        assert_int_equal(entry_end(&w, &draft), ERR_OK);
        s->proof.certificate = (struct answer_certificate){.number = SIGNED_NUMBER,
                .at_ms = 1795298936000,
                .kind = ENTRY_ANSWERED,
                .salt = {1, 2, 3},
                .statement = draft.open,
                .closed = {{9, 9}}};
}

static enum err leaf_at(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        const struct signed_answer *s = ctx;
        struct digest left, right;

        if (level == 0) {
                *out = s->leaves[index];
                return ERR_OK;
        }
        TRY(leaf_at(ctx, level - 1, 2 * index, &left));
        TRY(leaf_at(ctx, level - 1, 2 * index + 1, &right));
        merkle_node(&left, &right, out);
        return ERR_OK;
}

void signed_answer_certify(struct signed_answer *s, uint64_t size)
{
        struct answer_certificate *c = &s->proof.certificate;
        struct merkle_edge edge = {.size = 0};
        struct digest open, commitment;

        leaf_part(c->salt, c->statement, &open);
        leaf_commitment(&open, &c->closed, &commitment);
        leaf_hash(c->number, c->at_ms, c->kind, &commitment, &s->leaves[SIGNED_NUMBER]);
        for (uint64_t i = 0; i < size; i++)
                merkle_push(&edge, &s->leaves[i]);
        c->head = (struct tree_head){.size = size, .at_ms = 1795298937000};
        merkle_root(&edge, &c->head.root);
        box_key_id(s->public_key, c->head.key_id);
        assert_int_equal(tree_head_sign(s->key, &c->head), ERR_OK);
        if (size > c->number)
                assert_int_equal(
                        merkle_prove_inclusion(c->number, size, leaf_at, s, &c->inclusion), ERR_OK);
}

void signed_answer_make(
        struct signed_answer *s, struct arena *arena, struct secret *key, unsigned variant)
{
        *s = (struct signed_answer){.arena = arena, .key = key};
        if (key == NULL)
                assert_int_equal(sign_keygen(&s->key, s->public_key), ERR_OK);
        else
                assert_int_equal(sign_public_of(key, s->public_key), ERR_OK);
        for (unsigned i = 0; i < SIGNED_ENTRIES; i++)
                digest_of(bytes_of(&i, sizeof i), &s->leaves[i]);
        make_query(s, variant);
        make_release(s, variant);
        make_statement(s);
        signed_answer_certify(s, SIGNED_ENTRIES);
}

void signed_answer_done(struct signed_answer *s)
{
        secret_free(&s->key);
}

struct bytes signed_answer_json(const struct signed_answer *s)
{
        const struct cli plain = {.lang = LANG_SV};
        struct answer answer = {.release = &s->release, .asked = &s->query, .proof = &s->proof};
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);
        struct bytes copy;

        assert_non_null(to);
        digest_of(s->proof.release, &answer.digest);
        assert_int_equal(render_json(&plain, &answer, &(struct render_how){.out = to}), ERR_OK);
        assert_int_equal(fclose(to), 0);
        assert_int_equal(bytes_copy(s->arena, bytes_of(text, len), &copy), ERR_OK);
        free(text);
        return copy;
}
