/* SPDX-License-Identifier: Apache-2.0 */
/* test_wire_audit.c: the audit service on the wire: what is written is read the same, whatever else
 * comes is refused by name or read as something that can be written again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/fault.h"
#include "proto/wire_audit.h"
#include "tests/support/wire_bench.h"
#include "tests/support/wire_raw.h"

/* Each message once: how to write a sample, and how to read and write it again. ------- */

static struct digest digest(uint8_t first)
{
        struct digest d = {{first, 2, 3}};

        return d;
}

static struct tree_head head(uint64_t size)
{
        return (struct tree_head){.size = size,
                .root = digest(9),
                .at_ms = 1790000000000,
                .key_id = "0123456789abcdef",
                .signature = {7, 8}};
}

static struct merkle_proof proof(void)
{
        return (struct merkle_proof){.len = 2, .hashes = {digest(1), digest(2)}};
}

static const struct bytes kinds[] = {
        {(const uint8_t *)"answered", 8}, {(const uint8_t *)"refused", 7}};

static enum err write_log_request(struct buf *out)
{
        const struct wire_log_request in = {.filter = {.from_ms = 5,
                                                    .until_ms = 9,
                                                    .kinds = kinds,
                                                    .kinds_len = 2,
                                                    .principal = RAW("statgate://demo/*"),
                                                    .purpose = RAW("uppfoljning"),
                                                    .dataset = RAW("placering"),
                                                    .linkage = RAW("barn"),
                                                    .outcome = RAW("TOO_FEW_PEOPLE"),
                                                    .municipality = RAW("0114")},
                .from = 3,
                .limit = 20,
                .newest = true,
                .follow = true};

        return log_request_encode(&in, out);
}

static enum err write_log_page(struct buf *out)
{
        const struct wire_log_entry entries[] = {
                {.number = 4, .at_ms = 77, .kind = 18, .pruned = true, .commitment = digest(4)},
                {.number = 5,
                        .at_ms = 78,
                        .kind = 19,
                        .commitment = digest(5),
                        .open_salt = {1},
                        .closed_salt = {2},
                        .open = RAW("open\0"),
                        .closed = RAW("closed")},
        };
        const struct wire_log_page in = {entries, 2, 500, 1000};

        return log_page_encode(&in, out);
}

static enum err write_heads_request(struct buf *out)
{
        return heads_request_encode(12, out);
}

static enum err write_heads(struct buf *out)
{
        const struct tree_head heads[] = {head(3), head(8)};
        const struct wire_witness witnesses[] = {{RAW("file:/mnt/heads"), 8, 0},
                {RAW("https://witness.example/heads"), 3, 1790000000001}};
        const struct wire_heads in = {heads, 2, true, head(9), witnesses, 2};

        return heads_encode(&in, out);
}

static enum err write_proof_request(struct buf *out)
{
        const struct wire_proof_request in = {.size = 9, .of_entry = true, .number = 8};

        return proof_request_encode(&in, out);
}

static enum err write_consistency_request(struct buf *out)
{
        const struct wire_proof_request in = {.size = 9, .number = 9};

        return proof_request_encode(&in, out);
}

static enum err write_proof(struct buf *out)
{
        const struct wire_proof in = {digest(3), proof()};

        return proof_encode(&in, out);
}

static enum err write_history(struct buf *out)
{
        const struct wire_policy_period periods[] = {
                {1, 50, 1, true, digest(1), RAW("OK")},
                {7, 60, 0, false, digest(0), RAW("POLICY_SIGNATURE")},
        };
        const struct wire_policy_history in = {periods, 2};

        return policy_history_encode(&in, out);
}

static enum err write_budgets(struct buf *out)
{
        const struct wire_budget budgets[] = {
                {RAW("statgate://demo/statistician/anna"), RAW("questions"), 9, 1000}};
        const struct wire_budgets in = {budgets, 1};

        return budgets_encode(&in, out);
}

static enum err write_quality_request(struct buf *out)
{
        return quality_request_encode((struct vintage){7, 1}, out);
}

static enum err write_qualities(struct buf *out)
{
        const struct wire_quality deliveries[] = {
                {RAW("0114"), RAW("placering"), RAW("2025"), 99, true, true, 0, 17},
                {RAW("0115"), RAW("placering"), RAW("2025"), 0, false, false, 0, 0},
        };
        const struct wire_qualities in = {{7, 1}, deliveries, 2};

        return qualities_encode(&in, out);
}

static enum err write_rehearsal(struct buf *out)
{
        const struct wire_bundle_file files[] = {
                {RAW("bundle.yaml"), RAW("bundle: x\n")},
                {RAW("datasets/placering-2.yaml"), RAW("")},
        };
        const struct wire_rehearsal in = {files, 2, 1, 2};

        return rehearsal_encode(&in, out);
}

static enum err write_progress(struct buf *out)
{
        const struct wire_rehearsed questions[] = {
                {5, 3, digest(6), RAW("OK"), RAW("TOO_FEW_PEOPLE"), 100, 1, 2}};
        const struct wire_rehearsal_progress in = {.phase = RAW("done"),
                .done = 4,
                .total = 4,
                .questions = questions,
                .len = 1,
                .has_report = true,
                .report = RAW("report"),
                .report_digest = digest(8),
                .entry = 77};

        return rehearsal_progress_encode(&in, out);
}

#define GATED(name, type)                                                                          \
        static enum err again_##name(struct arena *a, struct bytes wire, struct buf *out)          \
        {                                                                                          \
                type value;                                                                        \
                                                                                                   \
                TRY(name##_decode(a, wire, &value, NULL));                                         \
                return name##_encode(&value, out);                                                 \
        }
#define READ(name, type)                                                                           \
        static enum err again_##name(struct arena *a, struct bytes wire, struct buf *out)          \
        {                                                                                          \
                type value;                                                                        \
                                                                                                   \
                TRY(name##_decode(a, wire, &value));                                               \
                return name##_encode(&value, out);                                                 \
        }
GATED(log_request, struct wire_log_request)
READ(log_page, struct wire_log_page)
READ(heads, struct wire_heads)
GATED(proof_request, struct wire_proof_request)
READ(proof, struct wire_proof)
READ(policy_history, struct wire_policy_history)
READ(budgets, struct wire_budgets)
READ(qualities, struct wire_qualities)
GATED(rehearsal, struct wire_rehearsal)
READ(rehearsal_progress, struct wire_rehearsal_progress)

static enum err again_heads_request(struct arena *a, struct bytes wire, struct buf *out)
{
        uint64_t from;

        TRY(heads_request_decode(a, wire, &from, NULL));
        return heads_request_encode(from, out);
}

static enum err again_quality_request(struct arena *a, struct bytes wire, struct buf *out)
{
        struct vintage v;

        TRY(quality_request_decode(a, wire, &v, NULL));
        return quality_request_encode(v, out);
}

static const struct {
        enum err (*write)(struct buf *out);
        enum err (*again)(struct arena *a, struct bytes wire, struct buf *out);
} kinds_of_message[] = {
        {write_log_request, again_log_request},
        {write_log_page, again_log_page},
        {write_heads_request, again_heads_request},
        {write_heads, again_heads},
        {write_proof_request, again_proof_request},
        {write_consistency_request, again_proof_request},
        {write_proof, again_proof},
        {write_history, again_policy_history},
        {write_budgets, again_budgets},
        {write_quality_request, again_quality_request},
        {write_qualities, again_qualities},
        {write_rehearsal, again_rehearsal},
        {write_progress, again_rehearsal_progress},
};
enum { MESSAGES = sizeof kinds_of_message / sizeof kinds_of_message[0] };

static void every_message_is_read_as_it_was_written(void **state)
{
        struct bench *b = *state;

        for (unsigned i = 0; i < MESSAGES; i++) {
                OWNED(buf_done) struct buf second;

                buf_init(&second, ARENA);
                arena_reset(b->a);
                b->wire.len = 0;
                assert_int_equal(kinds_of_message[i].write(&b->wire), ERR_OK);
                assert_int_equal(kinds_of_message[i].again(b->a, wire_of(b), &second), ERR_OK);
                assert_true(bytes_equal(wire_of(b), bytes_of(second.data, second.len)));
        }
}

struct attempt {
        struct arena *a;
        unsigned message;
};

/* Bytes that are read say the same when they are written and read once more. */
static void try_one(struct bytes wire, void *ctx)
{
        const struct attempt *t = ctx;
        OWNED(buf_done) struct buf first, second;

        buf_init(&first, ARENA);
        buf_init(&second, ARENA);
        arena_reset(t->a);
        if (kinds_of_message[t->message].again(t->a, wire, &first) != ERR_OK)
                return;
        assert_int_equal(
                kinds_of_message[t->message].again(t->a, bytes_of(first.data, first.len), &second),
                ERR_OK);
        assert_true(
                bytes_equal(bytes_of(first.data, first.len), bytes_of(second.data, second.len)));
}

static void no_byte_out_of_place_does_harm(void **state)
{
        struct bench *b = *state;

        for (unsigned i = 0; i < MESSAGES; i++) {
                struct attempt t = {b->a, i};

                b->wire.len = 0;
                assert_int_equal(kinds_of_message[i].write(&b->wire), ERR_OK);
                raw_mutate(wire_of(b), try_one, &t);
        }
}

static void each_allocation_may_fail(void **state)
{
        struct bench *b = *state;

        for (unsigned i = 0; i < MESSAGES; i++) {
                enum err rc = ERR_NO_MEMORY;

                b->wire.len = 0;
                assert_int_equal(kinds_of_message[i].write(&b->wire), ERR_OK);
                for (unsigned nth = 0; fault_arm("alloc", nth); nth++) {
                        struct buf out;

                        buf_init(&out, ARENA);
                        arena_reset(b->a);
                        rc = kinds_of_message[i].again(b->a, wire_of(b), &out);
                        assert_true(rc == ERR_OK || rc == ERR_NO_MEMORY || rc == ERR_TOO_LARGE);
                        buf_done(&out);
                }
                fault_disarm();
                assert_int_equal(rc, ERR_OK);
        }
}

/* What is refused, and by which name. --------------------------------------------- */

static const char *refused_field(const struct refusal *why)
{
        return why->len > 0 ? why->violations[0].field : "";
}

static void a_filter_that_cannot_be_is_refused_by_name(void **state)
{
        struct bench *b = *state;
        struct bytes too_many[WIRE_LOG_KINDS_MAX + 1];
        struct wire_log_request in = {.filter = {.from_ms = 10, .until_ms = 9}}, out;
        struct refusal why = {0};

        assert_int_equal(log_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(log_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_string_equal(refused_field(&why), "filter.until_ms");
        for (unsigned i = 0; i <= WIRE_LOG_KINDS_MAX; i++)
                too_many[i] = RAW("answered");
        in.filter =
                (struct wire_log_filter){.kinds = too_many, .kinds_len = WIRE_LOG_KINDS_MAX + 1};
        why = (struct refusal){0};
        b->wire.len = 0;
        assert_int_equal(log_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(log_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_string_equal(refused_field(&why), "filter.kinds");
        in.filter = (struct wire_log_filter){.principal = RAW("a\033[31mb")};
        why = (struct refusal){0};
        b->wire.len = 0;
        assert_int_equal(log_request_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(log_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
        assert_string_equal(refused_field(&why), "filter.principal");
}

static void a_proof_is_asked_of_what_can_be(void **state)
{
        struct bench *b = *state;
        const struct wire_proof_request beyond[] = {
                {.size = 4, .of_entry = true, .number = 4}, {.size = 4, .number = 5}};
        struct wire_proof_request out;

        for (unsigned i = 0; i < 2; i++) {
                struct refusal why = {0};

                b->wire.len = 0;
                assert_int_equal(proof_request_encode(&beyond[i], &b->wire), ERR_OK);
                assert_int_equal(proof_request_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
                assert_string_equal(refused_field(&why), i == 0 ? "entry" : "before");
        }
        b->wire.len = 0;
        raw_number(&b->wire, 1, 4);
        assert_int_equal(proof_request_decode(b->a, wire_of(b), &out, NULL), ERR_INVALID);
}

static void no_file_of_a_rehearsal_leads_out_of_its_folder(void **state)
{
        struct bench *b = *state;
        static const struct bytes bad[] = {RAW("../bundle.yaml"), RAW("/etc/passwd"), RAW("a//b"),
                RAW("a/./b"), RAW("a/../b"), RAW(".hidden"), RAW("a/"), RAW("A.yaml"), RAW("a b"),
                RAW("a\\b"), RAW("-/.."), RAW("a\0b"), RAW("")};
        static const struct bytes good[] = {
                RAW("bundle.yaml"), RAW("datasets/a_b-2.yaml"), RAW("a/b/c")};
        struct wire_rehearsal out;

        for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                const struct wire_bundle_file file = {bad[i], RAW("x")};
                struct refusal why = {0};

                b->wire.len = 0;
                assert_int_equal(
                        rehearsal_encode(&(struct wire_rehearsal){&file, 1, 0, 0}, &b->wire),
                        ERR_OK);
                assert_int_equal(rehearsal_decode(b->a, wire_of(b), &out, &why), ERR_INVALID);
                assert_string_equal(refused_field(&why), "files.path");
        }
        for (unsigned i = 0; i < sizeof good / sizeof good[0]; i++) {
                const struct wire_bundle_file file = {good[i], RAW("x")};

                b->wire.len = 0;
                assert_int_equal(
                        rehearsal_encode(&(struct wire_rehearsal){&file, 1, 0, 0}, &b->wire),
                        ERR_OK);
                assert_int_equal(rehearsal_decode(b->a, wire_of(b), &out, NULL), ERR_OK);
        }
}

static void an_entry_has_all_of_its_content_or_none(void **state)
{
        struct bench *b = *state;
        OWNED(buf_done) struct buf entry;
        struct wire_log_page out;
        struct digest d = digest(1);

        buf_init(&entry, ARENA);
        raw_bytes(&entry, 4, bytes_of(d.bytes, sizeof d.bytes));
        raw_bytes(&entry, 6, RAW("open"));
        raw_message(&b->wire, 1, &entry);
        assert_int_equal(log_page_decode(b->a, wire_of(b), &out), ERR_MALFORMED);
}

static void a_certificate_goes_there_and_back(void **state)
{
        struct bench *b = *state;
        struct wire_answer in = {.release = RAW("release"),
                .release_digest = digest(1),
                .answered_at_ms = 5,
                .has_certificate = true,
                .certificate = {.number = 3,
                        .at_ms = 4,
                        .kind = 18,
                        .salt = {1, 2},
                        .statement = RAW("statement"),
                        .closed = digest(6),
                        .inclusion = proof(),
                        .head = head(7)}};
        struct wire_answer out;

        assert_int_equal(answer_encode(&in, &b->wire), ERR_OK);
        assert_int_equal(answer_decode(b->a, wire_of(b), &out), ERR_OK);
        assert_true(out.has_certificate);
        assert_int_equal(out.certificate.number, 3);
        assert_int_equal(out.certificate.kind, 18);
        assert_memory_equal(out.certificate.salt, in.certificate.salt, LEAF_SALT_LEN);
        assert_true(bytes_equal(out.certificate.statement, in.certificate.statement));
        assert_memory_equal(&out.certificate.closed, &in.certificate.closed, 32);
        assert_int_equal(out.certificate.inclusion.len, 2);
        assert_memory_equal(out.certificate.inclusion.hashes, in.certificate.inclusion.hashes,
                2 * sizeof(struct digest));
        assert_int_equal(out.certificate.head.size, 7);
        assert_string_equal(out.certificate.head.key_id, in.certificate.head.key_id);
        assert_memory_equal(
                out.certificate.head.signature, in.certificate.head.signature, SIGNATURE_LEN);
        in.has_forecast = true;
        in.release = (struct bytes){0};
        b->wire.len = 0;
        assert_int_equal(answer_encode(&in, &b->wire), ERR_INVALID);
        in.has_forecast = false;
        in.certificate.inclusion.len = MERKLE_PROOF_MAX + 1;
        assert_int_not_equal(answer_encode(&in, &b->wire), ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                ON_BENCH(every_message_is_read_as_it_was_written),
                ON_BENCH(no_byte_out_of_place_does_harm),
                ON_BENCH(each_allocation_may_fail),
                ON_BENCH(a_filter_that_cannot_be_is_refused_by_name),
                ON_BENCH(a_proof_is_asked_of_what_can_be),
                ON_BENCH(no_file_of_a_rehearsal_leads_out_of_its_folder),
                ON_BENCH(an_entry_has_all_of_its_content_or_none),
                ON_BENCH(a_certificate_goes_there_and_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
