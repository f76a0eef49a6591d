/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_log.c: what happens is in the audit log, what is in it names nobody, and nothing
 * leaves that is not.
 *
 * A day of a gateway: deliveries, answers, refusals, an erasure, keys. Then its store is opened
 * with the gateway's own library and every entry is read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/digest.h"
#include "gateway/audit/entry.h"
#include "gateway/store/log.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 40, SMALL = 3, THRESHOLD = 5 };

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static void children(struct placement *rows, uint32_t first, uint32_t len)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, first + i);
                rows[i].person = first + i;
                rows[i].local = false;
        }
}

static void deliver_some(void)
{
        struct placement rows[CHILDREN];

        children(rows, 100, CHILDREN);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, CHILDREN);
        children(rows, 500, SMALL); /* so few that nobody may hear it */
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, SMALL, SMALL);
        (void)publish(&world);
}

/* Entries ------------------------------------------------------------------------------ */

struct seen {
        unsigned kinds[ENTRY_KIND_END];
        unsigned fields[256];
        enum err outcome_refused[4];
        unsigned refused;
        uint64_t newest_answered;
        struct digest newest_release;
};

static enum err look_at(void *ctx, const struct entry_value *v)
{
        struct seen *s = ctx;

        s->fields[v->rule->field]++;
        if (v->rule->field == FIELD_ROWS)
                assert_true(v->number >= THRESHOLD && v->number % THRESHOLD == 0);
        if (v->rule->field == FIELD_FIRED)
                assert_int_equal(v->number % THRESHOLD, 0);
        return ERR_OK;
}

/* A number in the forms that somebody may give it. */
static void not_within(struct bytes part, uint32_t child)
{
        uint8_t id[PERSON_ID_LEN];
        char text[16];

        child_id(child, id);
        assert_null(memmem(part.data, part.len, id, sizeof id));
        assert_null(memmem(part.data, part.len, id + 2, sizeof id - 2));
        (void)snprintf(text, sizeof text, "%.8s-%.4s", (const char *)id, (const char *)id + 8);
        assert_null(memmem(part.data, part.len, text, 13));
        assert_null(memmem(part.data, part.len, text + 2, 11));
}

static void names_nobody(struct bytes part)
{
        char key[RECORD_KEY_LEN + 1];
        struct placement rows[CHILDREN];

        if (part.len == 0)
                return;
        for (uint32_t i = 0; i < CHILDREN; i++) {
                not_within(part, 100 + i);
                not_within(part, 500 + i);
        }
        children(rows, 100, CHILDREN);
        for (uint32_t i = 0; i < CHILDREN; i++) {
                memcpy(key, rows[i].key, sizeof key);
                assert_null(memmem(part.data, part.len, key, strlen(key)));
        }
        assert_null(memmem(part.data, part.len, "Anna Andersson", 14));
}

static enum err read_entry(void *ctx, const struct stored_entry *e)
{
        struct seen *s = ctx;
        struct entry_value v;

        assert_true(e->kind > ENTRY_NONE && e->kind < ENTRY_KIND_END);
        assert_false(e->pruned);
        s->kinds[e->kind]++;
        assert_int_equal(entry_read(ENTRY_OPEN, e->open, look_at, s), ERR_OK);
        assert_int_equal(entry_read(ENTRY_CLOSED, e->closed, look_at, s), ERR_OK);
        names_nobody(e->open);
        names_nobody(e->closed);
        if (e->kind == ENTRY_ANSWERED) {
                s->newest_answered = e->number;
                if (entry_find(e->open, FIELD_RELEASE_DIGEST, &v))
                        memcpy(s->newest_release.bytes, v.text.data, v.text.len);
        }
        return ERR_OK;
}

static void read_log(struct seen *out)
{
        struct store *store = NULL;
        uint64_t size = 0;

        memset(out, 0, sizeof *out);
        assert_int_equal(store_open(world_path(&world, "store/statgate.db"), &store), ERR_OK);
        assert_int_equal(store_log_size(store, &size), ERR_OK);
        assert_int_equal(store_entries(store, 0, size, read_entry, out), ERR_OK);
        store_close(&store);
}

/* Questions ------------------------------------------------------------------------------ */

static enum status ask_where(const char *condition, struct wire_answer *answer)
{
        const char *const where[] = {condition, NULL};
        struct wire_release r;

        return ask(&world, "kommun:lan", condition != NULL ? where : NULL, NULL, answer, &r);
}

static void signing_key(uint8_t out[SIGN_PUBLIC_LEN])
{
        struct wire_keeper_keys keys;

        assert_int_equal(world_call(&world, world_client(&world, WORLD_MUNICIPALITY),
                                 "Submission/GetKeeperKeys", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(keeper_keys_decode(world.arena, world_answer, &keys), ERR_OK);
        memcpy(out, keys.signing[0].public_key, SIGN_PUBLIC_LEN);
}

static void says(const struct answer_certificate *c, enum entry_field f, const struct digest *d)
{
        struct entry_value v;

        assert_true(entry_find(c->statement, f, &v));
        assert_memory_equal(v.text.data, d->bytes, sizeof d->bytes);
}

static void an_answer_comes_with_a_certificate_that_a_public_key_can_check(void **state)
{
        uint8_t key[SIGN_PUBLIC_LEN];
        struct wire_answer answer, other;
        struct wire_release r;
        struct digest digest;

        (void)state;
        deliver_some();
        signing_key(key);
        assert_int_equal(ask(&world, "kommun:lan", NULL, NULL, &answer, &r), STATUS_OK);
        assert_true(answer.has_certificate);
        assert_int_equal(answer_certificate_check(&answer.certificate, key), ERR_OK);
        assert_int_equal(answer.certificate.kind, ENTRY_ANSWERED);
        digest_of(answer.release, &digest);
        says(&answer.certificate, FIELD_RELEASE_DIGEST, &digest);
        says(&answer.certificate, FIELD_QUERY_DIGEST, &r.query);
        says(&answer.certificate, FIELD_POLICY_DIGEST, &r.policy);

        /* Another answer's is another, and the same question's once more is a new entry. */
        assert_int_equal(ask(&world, "form", NULL, NULL, &other, &r), STATUS_OK);
        assert_true(other.certificate.number > answer.certificate.number);
        assert_memory_not_equal(&other.release_digest, &answer.release_digest, 32);
        other.certificate.statement = answer.certificate.statement;
        assert_int_equal(answer_certificate_check(&other.certificate, key), ERR_TAMPERED);
        assert_int_equal(ask(&world, "kommun:lan", NULL, NULL, &other, &r), STATUS_OK);
        assert_memory_equal(&other.release_digest, &answer.release_digest, 32);
        assert_true(other.certificate.number > answer.certificate.number);
}

static void ask_dry(void)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 20};
        struct query q = {.dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("officiell_statistik"),
                .dry_run = true};
        struct bytes request;

        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_STATISTICIAN),
                                 "Statistics/Query", request),
                STATUS_OK);
}

static void erase_one(uint32_t child)
{
        struct wire_person person = {.kind = PERSON_NATIONAL};

        child_id(child, person.id);
        assert_int_equal(world_erase(&world, 180, &person), STATUS_OK);
}

static void a_day_is_in_the_log_and_names_nobody(void **state)
{
        struct wire_answer answer;
        struct placement rows[CHILDREN];
        struct seen seen;
        char condition[64];
        uint8_t id[PERSON_ID_LEN];

        (void)state;
        deliver_some();
        assert_int_equal(ask_where(NULL, &answer), STATUS_OK);
        assert_int_equal(ask_where("form = hvb", &answer), STATUS_OK);
        ask_dry();
        child_id(101, id);
        (void)snprintf(condition, sizeof condition, "form = %.12s", (const char *)id);
        assert_int_not_equal(ask_where(condition, &answer), STATUS_OK);
        (void)snprintf(condition, sizeof condition, "form = %.6s-%.4s", (const char *)id + 2,
                (const char *)id + 8);
        assert_int_not_equal(ask_where(condition, &answer), STATUS_OK);
        children(rows, 100, 1);
        (void)snprintf(condition, sizeof condition, "form = %s", rows[0].key);
        assert_int_not_equal(ask_where(condition, &answer), STATUS_OK);
        assert_int_not_equal(ask_where("namn = \"Anna Andersson\"", &answer), STATUS_OK);
        erase_one(101);
        assert_int_equal(world_stop(&world), 0);
        read_log(&seen);
        assert_int_equal(seen.kinds[ENTRY_START], 1);
        assert_int_equal(seen.kinds[ENTRY_STOP], 1);
        assert_int_equal(seen.kinds[ENTRY_CONFIGURATION], 1);
        assert_int_equal(seen.kinds[ENTRY_BUNDLE_LOADED], 1);
        assert_true(seen.kinds[ENTRY_LINKAGE_OPENED] > 0);
        assert_int_equal(seen.kinds[ENTRY_DELIVERY_OPENED], 2);
        assert_int_equal(seen.kinds[ENTRY_BATCH], 2);
        assert_int_equal(seen.kinds[ENTRY_DELIVERY_COMMITTED], 2);
        assert_int_equal(seen.kinds[ENTRY_VINTAGE_PUBLISHED], 1);
        assert_true(seen.kinds[ENTRY_VIEW_BUILT] > 0);
        assert_int_equal(seen.kinds[ENTRY_ANSWERED], 3);
        assert_int_equal(seen.kinds[ENTRY_REFUSED], 4);
        assert_int_equal(seen.kinds[ENTRY_ERASURE], 1);
        assert_int_equal(seen.kinds[ENTRY_VINTAGE_REVISED], 1);
        assert_true(seen.kinds[ENTRY_KEYS] > 0);
        assert_int_equal(seen.fields[FIELD_ROWS], 1); /* 40 accepted; 3 are not said */
        assert_true(seen.fields[FIELD_DECIDED] > 3 && seen.fields[FIELD_RULE] > 3);
        assert_int_equal(seen.fields[FIELD_RELEASE_DIGEST], 2);
}

/* A replay of what is there appends nothing. */
static void what_was_delivered_before_is_no_new_entry(void **state)
{
        struct placement rows[CHILDREN];
        struct wire_open open = placering_append();
        struct talk t;
        struct seen seen;

        (void)state;
        children(rows, 100, CHILDREN);
        for (unsigned i = 0; i < 2; i++) {
                talk_begin(&t, &world, town(&world, 180));
                assert_int_equal(talk_open(&t, &open), STATUS_OK);
                if (i == 0) {
                        assert_int_equal(talk_batch(&t, rows, CHILDREN), STATUS_OK);
                        assert_int_equal(talk_commit(&t), STATUS_OK);
                }
                assert_int_equal(talk_end(&t), STATUS_OK);
        }
        assert_int_equal(world_stop(&world), 0);
        read_log(&seen);
        assert_int_equal(seen.kinds[ENTRY_DELIVERY_OPENED], 1);
        assert_int_equal(seen.kinds[ENTRY_BATCH], 1);
        assert_int_equal(seen.kinds[ENTRY_DELIVERY_COMMITTED], 1);
}

static void where_the_log_cannot_be_written_nothing_leaves(void **state)
{
        const struct rlimit small = {4096, RLIM_INFINITY};
        const struct rlimit large = {RLIM_INFINITY, RLIM_INFINITY};
        struct wire_answer answer;
        struct seen seen;

        (void)state;
        deliver_some();
        assert_int_equal(ask_where(NULL, &answer), STATUS_OK);
        assert_int_equal(prlimit(world.pid, RLIMIT_FSIZE, &small, NULL), 0);
        world_answer = bytes_of(NULL, 0);
        for (unsigned i = 0; i < 3; i++) {
                enum status s = ask_where(NULL, &answer);

                if (s != STATUS_RESOURCE_EXHAUSTED && s != STATUS_UNAVAILABLE)
                        fail_msg("status %d", s);
                assert_int_equal(world_answer.len, 0);
        }
        /* A refusal is not told either: it could not be written down. */
        enum status s = ask_where("form = finnsinte", &answer);
        if (s != STATUS_RESOURCE_EXHAUSTED && s != STATUS_UNAVAILABLE)
                fail_msg("status %d", s);
        assert_int_equal(prlimit(world.pid, RLIMIT_FSIZE, &large, NULL), 0);
        (void)world_stop(&world);
        world_start(&world);
        assert_int_equal(ask_where(NULL, &answer), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        read_log(&seen);
        assert_int_equal(seen.kinds[ENTRY_ANSWERED], 2);
}

static void a_bundle_that_is_refused_is_in_the_log_and_the_one_before_rules(void **state)
{
        struct seen seen;

        (void)state;
        world_edit(&world, "policy/bundle.yaml", "version:", "versoin:");
        assert_int_not_equal(world_call(&world, world_client(&world, WORLD_OPERATOR),
                                     "Operations/Reload", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        read_log(&seen);
        assert_int_equal(seen.kinds[ENTRY_BUNDLE_LOADED], 1);
        assert_int_equal(seen.kinds[ENTRY_BUNDLE_REFUSED], 1);
        assert_int_equal(seen.fields[FIELD_WHERE], 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                SENTENCE(an_answer_comes_with_a_certificate_that_a_public_key_can_check),
                SENTENCE(a_day_is_in_the_log_and_names_nobody),
                SENTENCE(what_was_delivered_before_is_no_new_entry),
                SENTENCE(where_the_log_cannot_be_written_nothing_leaves),
                SENTENCE(a_bundle_that_is_refused_is_in_the_log_and_the_one_before_rules),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
