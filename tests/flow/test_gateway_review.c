/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_review.c: a data-protection officer looks afterwards, over the network.
 *
 * One gateway with a day behind it. What is filtered is held against all entries filtered here, by
 * the slowest way there is; heads and proofs are checked with nothing but crypto/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/clock.h"
#include "crypto/leaf.h"
#include "crypto/merkle.h"
#include "gateway/audit/entry.h"
#include "proto/wire_audit.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/world_command.h"

enum { ROWS = 40, FEW = 3, LINKED = 3, ENTRIES_MAX = 4096, FOLLOW_MS = 30000 };

static struct world world;

/* Asking ----------------------------------------------------------------------------- */

struct pages {
        struct wire_log_entry list[ENTRIES_MAX];
        uint32_t len, pages;
        uint64_t size;
};

static struct call *begin(const char *who, const struct wire_log_request *q)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1 << 16};
        struct bytes request;
        struct call *call = NULL;

        assert_int_equal(log_request_encode(q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        assert_int_equal(call_start(world_client(&world, who), "/statgate.v1.Audit/ReadLog",
                                 FOLLOW_MS, &call),
                ERR_OK);
        assert_int_equal(call_send(call, request), ERR_OK);
        assert_int_equal(call_half_close(call), ERR_OK);
        return call;
}

/* False: the stream has ended. */
static bool take_page(struct call *call, struct pages *p)
{
        struct wire_log_page page;
        struct bytes message;

        if (call_receive(call, world.arena, &message) != ERR_OK)
                return false;
        assert_int_equal(log_page_decode(world.arena, message, &page), ERR_OK);
        assert_true(p->len + page.len <= ENTRIES_MAX);
        for (uint32_t i = 0; i < page.len; i++)
                p->list[p->len++] = page.entries[i];
        p->size = page.size;
        p->pages++;
        return true;
}

static enum status read_log_as(const char *who, const struct wire_log_request *q, struct pages *out)
{
        struct call *call = begin(who, q);

        memset(out, 0, sizeof *out);
        while (take_page(call, out))
                ;
        enum err e = call_finish(call, &world_status);

        call_free(&call);
        assert_true((e == ERR_OK) == (world_status.code == STATUS_OK));
        return world_status.code;
}

static void read_log(const struct wire_log_request *q, struct pages *out)
{
        assert_int_equal(read_log_as(WORLD_DPO, q, out), STATUS_OK);
}

static struct bytes say(struct buf *b)
{
        return say_kept(&world, b);
}

static enum status dpo_asks(const char *method, struct bytes request)
{
        return world_call(&world, world_client(&world, WORLD_DPO), method, request);
}

/* The day ------------------------------------------------------------------------------ */

static void deliver_some(municipality_t m, uint32_t from, uint32_t len)
{
        struct placement rows[ROWS];
        uint64_t random = 1 + from;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, from + i);
                rows[i].person = from + i;
                rows[i].local = false;
        }
        (void)deliver(&world, m, DELIVERY_APPEND, rows, len, len);
}

static int live(void **state)
{
        static const char *const linked[LINKED] = {"dataset: anmalan\nlinkage: anmalan_riket\n",
                "dataset: anmalan\nlinkage: anmalan_riket\ndimensions: [kon]\n",
                "dataset: anmalan\nlinkage: barnets_resa\n"};
        const char *const nowhere[] = {"form = finnsinte", NULL};
        struct report reports[ROWS];
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        deliver_some(180, 100, ROWS);
        deliver_some(114, 500, FEW);
        for (uint32_t i = 0; i < ROWS; i++)
                reports[i] = (struct report){i, NOBODY, (int32_t)i, i};
        (void)deliver_concerns(&world, 180, reports, ROWS);
        (void)publish(&world);
        assert_int_equal(ask(&world, "kommun:lan", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(ask(&world, "form", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_not_equal(ask(&world, "form", nowhere, NULL, &answer, &r), STATUS_OK);
        for (unsigned i = 0; i < LINKED; i++)
                assert_int_equal(ask_yaml(&world, linked[i], &r), STATUS_OK);
        return 0;
}

static int leave(void **state)
{
        (void)state;
        assert_int_equal(world_stop(&world), 0);
        world_remove(&world);
        return 0;
}

/* Who may ------------------------------------------------------------------------------ */

static int64_t calls_told_of(void)
{
        const struct wire_log_request all = {.from = 0};
        struct entry_value v;
        struct pages p;
        int64_t calls = 0;

        read_log(&all, &p);
        for (uint32_t i = 0; i < p.len; i++)
                if (p.list[i].kind == ENTRY_ALARM &&
                        (entry_find(p.list[i].open, FIELD_NUMBER, &v) ||
                                entry_find(p.list[i].closed, FIELD_NUMBER, &v)))
                        calls += v.number;
        return calls;
}

/* Who was turned away is told to the log a moment later; the tests below count what is in it. */
static void await_alarms(int64_t calls)
{
        int64_t until = clock_monotonic_ns() + FOLLOW_MS * INT64_C(1000000);

        while (calls_told_of() < calls && clock_monotonic_ns() < until)
                (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        assert_int_equal(calls_told_of(), calls);
}

static void nobody_but_a_data_protection_officer_may_look(void **state)
{
        static const char *const others[] = {
                WORLD_MUNICIPALITY, WORLD_STATISTICIAN, WORLD_OPERATOR};
        static const char *const methods[] = {"Audit/GetHeads", "Audit/GetProof",
                "Audit/GetPolicyHistory", "Audit/GetBudgets", "Audit/GetQuality"};
        const struct wire_log_request all = {.limit = 1};
        struct pages p;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(others); i++) {
                assert_int_equal(read_log_as(others[i], &all, &p), STATUS_PERMISSION_DENIED);
                assert_int_equal(p.len, 0);
                for (unsigned k = 0; k < ARRAY_LEN(methods); k++)
                        assert_int_equal(world_call(&world, world_client(&world, others[i]),
                                                 methods[k], bytes_of(NULL, 0)),
                                STATUS_PERMISSION_DENIED);
        }
        await_alarms(ARRAY_LEN(others) * (ARRAY_LEN(methods) + 1));
}

static bool is_of(const struct wire_log_entry *e, const char *uri)
{
        struct entry_value v;

        return entry_find(e->closed, FIELD_PRINCIPAL, &v) && bytes_is_text(v.text, uri);
}

static void the_readers_own_entry_is_there_before_the_first_page(void **state)
{
        const struct wire_log_request newest = {.limit = 1, .newest = true}, all = {.from = 0};
        struct pages before, after;

        (void)state;
        read_log(&newest, &before);
        assert_int_equal(before.len, 1);
        assert_int_equal(before.list[0].kind, ENTRY_READING);
        assert_true(is_of(&before.list[0], "statgate://demo/dpo/disa"));
        read_log(&all, &after);
        assert_int_equal(after.list[after.len - 1].kind, ENTRY_READING);
        assert_int_equal(after.list[after.len - 1].number, before.list[0].number + 1);
        assert_int_equal(after.len, after.size);
        for (uint32_t i = 0; i < after.len; i++)
                assert_int_equal(after.list[i].number, i);
}

/* Filters ------------------------------------------------------------------------------ */

struct looking {
        enum entry_field field;
        const char *text;
        bool prefix, found;
};

static enum err look(void *ctx, const struct entry_value *v)
{
        struct looking *l = ctx;
        size_t n = strlen(l->text);

        if (v->rule->field != l->field || v->text.len < n || (!l->prefix && v->text.len != n))
                return ERR_OK;
        l->found |= memcmp(v->text.data, l->text, n) == 0;
        return ERR_OK;
}

static bool has(const struct wire_log_entry *e, enum entry_field f, struct bytes wanted)
{
        char text[256] = {0};
        struct looking l = {.field = f, .text = text};

        if (wanted.len == 0)
                return true;
        memcpy(text, wanted.data, wanted.len);
        if (text[wanted.len - 1] == '*') {
                text[wanted.len - 1] = '\0';
                l.prefix = true;
        }
        assert_int_equal(entry_read(ENTRY_OPEN, e->open, look, &l), ERR_OK);
        assert_int_equal(entry_read(ENTRY_CLOSED, e->closed, look, &l), ERR_OK);
        return l.found;
}

static bool fits(const struct wire_log_entry *e, const struct wire_log_filter *f)
{
        bool kind = f->kinds_len == 0;

        for (uint32_t i = 0; i < f->kinds_len; i++)
                kind |= e->kind == entry_kind_find(f->kinds[i]);
        return kind && e->at_ms >= f->from_ms && (f->until_ms == 0 || e->at_ms < f->until_ms) &&
               has(e, FIELD_PRINCIPAL, f->principal) && has(e, FIELD_PURPOSE, f->purpose) &&
               has(e, FIELD_DATASET, f->dataset) && has(e, FIELD_LINKAGE, f->linkage) &&
               has(e, FIELD_OUTCOME, f->outcome) && has(e, FIELD_MUNICIPALITY, f->municipality);
}

/* How many of `all` pass; those that are asked for are just them. */
static uint32_t expect_filtered(const struct pages *all, const struct wire_log_filter *f)
{
        const struct wire_log_request q = {.filter = *f};
        static struct pages got;
        uint32_t at = 0, many = 0;

        read_log(&q, &got);
        for (uint32_t i = 0; i < all->len; i++) {
                if (!fits(&all->list[i], f))
                        continue;
                assert_true(at < got.len);
                assert_int_equal(got.list[at++].number, all->list[i].number);
                many++;
        }
        for (; at < got.len; at++)
                assert_true(got.list[at].number >= all->len); /* of after we looked */
        return many;
}

#define TEXT(s) bytes_of_text(s)

static void what_is_filtered_is_what_the_whole_log_says(void **state)
{
        const struct wire_log_request everything = {.from = 0};
        const struct bytes kinds[] = {TEXT("answered"), TEXT("refused")};
        static struct pages all;

        (void)state;
        read_log(&everything, &all);
        const int64_t middle = all.list[all.len / 2].at_ms;
        const struct wire_log_filter filters[] = {{.kinds = kinds, .kinds_len = 2},
                {.kinds = kinds, .kinds_len = 1}, {.from_ms = middle}, {.until_ms = middle},
                {.from_ms = all.list[3].at_ms, .until_ms = middle},
                {.principal = TEXT("statgate://demo/statistician/anna")},
                {.principal = TEXT("statgate://demo/municipality/*")}, {.principal = TEXT("*")},
                {.purpose = TEXT("uppfoljning")}, {.dataset = TEXT("anmalan")},
                {.dataset = TEXT("placering"), .kinds = kinds, .kinds_len = 2},
                {.linkage = TEXT("anmalan_riket")}, {.outcome = TEXT("OK")},
                {.municipality = TEXT("0114")},
                {.municipality = TEXT("0180"), .dataset = TEXT("anmalan")}};

        for (unsigned i = 0; i < ARRAY_LEN(filters); i++)
                if (expect_filtered(&all, &filters[i]) == 0)
                        fail_msg("filter %u finds nothing, and proves nothing", i);
        const struct wire_log_filter none[] = {{.principal = TEXT("statgate://demo/dpo")},
                {.dataset = TEXT("anmala")}, {.linkage = TEXT("*x")},
                {.until_ms = all.list[0].at_ms}};

        for (unsigned i = 0; i < ARRAY_LEN(none); i++)
                assert_int_equal(expect_filtered(&all, &none[i]), 0);
}

static void a_part_is_from_to_or_the_newest(void **state)
{
        const struct bytes answered = TEXT("answered");
        struct wire_log_request q = {.from = 5, .limit = 7};
        static struct pages p, all;

        (void)state;
        read_log(&q, &p);
        assert_int_equal(p.len, 7);
        assert_int_equal(p.list[0].number, 5);
        assert_int_equal(p.list[6].number, 11);
        q = (struct wire_log_request){.filter = {.kinds = &answered, .kinds_len = 1}};
        read_log(&q, &all);
        assert_int_equal(all.len, 2 + LINKED);
        q.limit = 2;
        read_log(&q, &p);
        assert_int_equal(p.len, 2);
        assert_int_equal(p.list[1].number, all.list[1].number);
        q.newest = true;
        read_log(&q, &p);
        assert_int_equal(p.len, 2);
        assert_int_equal(p.list[0].number, all.list[all.len - 2].number);
        q.from = all.list[all.len - 1].number;
        read_log(&q, &p);
        assert_int_equal(p.len, 1);
        q = (struct wire_log_request){.from = 1000000};
        read_log(&q, &p);
        assert_int_equal(p.len, 0);
}

static void what_cannot_be_asked_is_refused_by_name(void **state)
{
        static const struct {
                struct wire_log_request q;
                const char *field;
        } bad[] = {
                {{.newest = true}, "limit"},
                {{.newest = true, .limit = 100001}, "limit"},
                {{.filter = {.from_ms = -1}}, "filter.from_ms"},
                {{.filter = {.from_ms = 5, .until_ms = 4}}, "filter.until_ms"},
        };
        const struct bytes kind = TEXT("answerd");
        const struct wire_log_request unknown = {.filter = {.kinds = &kind, .kinds_len = 1}};
        struct pages p;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
                assert_int_equal(read_log_as(WORLD_DPO, &bad[i].q, &p), STATUS_INVALID_ARGUMENT);
                assert_true(world_blames(bad[i].field));
                assert_int_equal(p.len, 0);
        }
        assert_int_not_equal(read_log_as(WORLD_DPO, &unknown, &p), STATUS_OK);
        assert_true(world_blames("filter.kinds"));
        assert_int_equal(dpo_asks("Audit/GetHeads", TEXT("\xff\xff")), STATUS_INVALID_ARGUMENT);
}

/* Following ------------------------------------------------------------------------------ */

static void followers_hear_what_is_new_and_the_third_is_refused(void **state)
{
        const struct bytes answered = TEXT("answered");
        const struct wire_log_request q = {
                .filter = {.kinds = &answered, .kinds_len = 1}, .follow = true};
        static struct pages first, second, third;
        struct wire_answer answer;
        struct wire_release r;

        (void)state;
        memset(&first, 0, sizeof first);
        memset(&second, 0, sizeof second);
        struct call *one = begin(WORLD_DPO, &q), *two = begin(WORLD_DPO, &q);

        assert_true(take_page(one, &first) && take_page(two, &second));
        uint32_t before = first.len;
        /* Each hears of the other's reading, which is no answer: an empty page. So both follow. */
        for (unsigned i = 0; i < 2; i++) {
                assert_int_equal(ask(&world, "kon", NULL, NULL, &answer, &r), STATUS_OK);
                while (first.len < before + i + 1)
                        assert_true(take_page(one, &first));
                while (second.len < before + i + 1)
                        assert_true(take_page(two, &second));
        }
        assert_int_equal(first.list[first.len - 1].number, second.list[second.len - 1].number);
        assert_int_not_equal(read_log_as(WORLD_DPO, &q, &third), STATUS_OK);
        assert_true(world_blames("follow"));
        call_cancel(one);
        assert_int_not_equal(call_finish(one, &world_status), ERR_OK);
        assert_int_equal(world_status.code, STATUS_CANCELLED);
        call_free(&one);
        call_free(&two);
        /* A place is free again, once the gateway has noticed. */
        for (unsigned i = 0; i < 100; i++) {
                memset(&third, 0, sizeof third);
                one = begin(WORLD_DPO, &q);
                assert_true(take_page(one, &third));
                uint32_t had = third.len;

                assert_int_equal(ask(&world, "kon", NULL, NULL, &answer, &r), STATUS_OK);
                while (third.len == had && take_page(one, &third))
                        ;
                call_free(&one);
                if (third.len > had)
                        return;
                nap(50);
        }
        fail_msg("no place became free");
}

/* Heads and proofs ------------------------------------------------------------------------ */

static void proof_of(bool of_entry, uint64_t number, uint64_t size, struct wire_proof *out)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        const struct wire_proof_request q = {size, of_entry, number};

        assert_int_equal(proof_request_encode(&q, &b), ERR_OK);
        assert_int_equal(dpo_asks("Audit/GetProof", say(&b)), STATUS_OK);
        assert_int_equal(proof_decode(world.arena, world_answer, out), ERR_OK);
}

static enum status try_proof(bool of_entry, uint64_t number, uint64_t size)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        const struct wire_proof_request q = {size, of_entry, number};

        assert_int_equal(proof_request_encode(&q, &b), ERR_OK);
        return dpo_asks("Audit/GetProof", say(&b));
}

static void commitment_of(const struct wire_log_entry *e, struct digest *out)
{
        struct digest open, closed;

        leaf_part(e->open_salt, e->open, &open);
        leaf_part(e->closed_salt, e->closed, &closed);
        leaf_commitment(&open, &closed, out);
}

static void every_entry_is_under_every_later_tree(void **state)
{
        const struct wire_log_request everything = {.from = 0};
        static struct pages all;
        static struct digest roots[ENTRIES_MAX + 1];
        struct merkle_edge edge = {0};
        struct digest leaf, commitment;
        struct wire_proof proof;

        (void)state;
        read_log(&everything, &all);
        merkle_empty_root(&roots[0]);
        for (uint32_t i = 0; i < all.len; i++) {
                commitment_of(&all.list[i], &commitment);
                assert_memory_equal(&commitment, &all.list[i].commitment, sizeof commitment);
                leaf_hash(i, all.list[i].at_ms, all.list[i].kind, &commitment, &leaf);
                merkle_push(&edge, &leaf);
                merkle_root(&edge, &roots[i + 1]);
        }
        for (uint32_t size = 1; size <= all.len; size += 1 + size / 3)
                for (uint32_t i = 0; i < size; i += 1 + i / 2) {
                        proof_of(true, i, size, &proof);
                        assert_memory_equal(&proof.root, &roots[size], sizeof proof.root);
                        leaf_hash(i, all.list[i].at_ms, all.list[i].kind, &all.list[i].commitment,
                                &leaf);
                        assert_int_equal(
                                merkle_check_inclusion(&leaf, i, size, &proof.proof, &roots[size]),
                                ERR_OK);
                        leaf.bytes[0] ^= 1;
                        assert_int_equal(
                                merkle_check_inclusion(&leaf, i, size, &proof.proof, &roots[size]),
                                ERR_TAMPERED);
                        proof_of(false, i, size, &proof);
                        assert_int_equal(merkle_check_consistency(
                                                 i, &roots[i], size, &roots[size], &proof.proof),
                                ERR_OK);
                }
        assert_int_equal(try_proof(true, 0, 1000000), STATUS_NOT_FOUND);
        assert_true(world_blames("size"));
        assert_int_equal(try_proof(true, 5, 5), STATUS_INVALID_ARGUMENT);
        assert_int_equal(try_proof(false, 6, 5), STATUS_INVALID_ARGUMENT);
}

static void heads_are_signed_over_the_trees_that_proofs_lead_to(void **state)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        struct wire_keeper_keys keys;
        struct wire_heads heads;
        struct wire_proof proof;

        (void)state;
        assert_int_equal(world_call(&world, world_client(&world, WORLD_MUNICIPALITY),
                                 "Submission/GetKeeperKeys", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(keeper_keys_decode(world.arena, world_answer, &keys), ERR_OK);
        assert_int_equal(heads_request_encode(0, &b), ERR_OK);
        assert_int_equal(dpo_asks("Audit/GetHeads", say(&b)), STATUS_OK);
        assert_int_equal(heads_decode(world.arena, world_answer, &heads), ERR_OK);
        assert_true(heads.has_newest && heads.newest.size > 10);
        assert_int_equal(heads.witnesses_len, 0);
        for (uint32_t i = 0; i <= heads.heads_len; i++) {
                const struct tree_head *h = i < heads.heads_len ? &heads.heads[i] : &heads.newest;

                assert_int_equal(tree_head_check(keys.signing[0].public_key, h), ERR_OK);
                proof_of(false, 0, h->size, &proof);
                assert_memory_equal(&proof.root, &h->root, sizeof h->root);
        }
}

/* Policies, budgets, quality ---------------------------------------------------------------- */

static void the_history_of_policies_has_the_one_in_force(void **state)
{
        const struct bytes loaded = TEXT("bundle-loaded");
        const struct wire_log_request q = {.filter = {.kinds = &loaded, .kinds_len = 1}};
        struct wire_policy_history h;
        struct pages p;

        (void)state;
        read_log(&q, &p);
        assert_int_equal(dpo_asks("Audit/GetPolicyHistory", bytes_of(NULL, 0)), STATUS_OK);
        assert_int_equal(policy_history_decode(world.arena, world_answer, &h), ERR_OK);
        assert_int_equal(h.len, 1);
        assert_int_equal(h.periods[0].entry, p.list[0].number);
        assert_int_equal(h.periods[0].version, 1);
        assert_true(h.periods[0].has_digest);
        assert_true(bytes_is_text(h.periods[0].outcome, "OK"));
}

static void budgets_tell_who_has_asked_how_much_of_how_much(void **state)
{
        struct wire_budgets b;
        bool found = false;

        (void)state;
        assert_int_equal(dpo_asks("Audit/GetBudgets", bytes_of(NULL, 0)), STATUS_OK);
        assert_int_equal(budgets_decode(world.arena, world_answer, &b), ERR_OK);
        for (uint32_t i = 0; i < b.len; i++) {
                if (!bytes_is_text(b.budgets[i].kind, "linked"))
                        continue;
                assert_true(
                        bytes_is_text(b.budgets[i].principal, "statgate://demo/statistician/anna"));
                assert_int_equal(b.budgets[i].used, LINKED);
                assert_int_equal(b.budgets[i].most, 1000);
                found = true;
        }
        assert_true(found);
}

static void quality_is_told_of_each_delivery_and_withheld_of_few(void **state)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024}, b9 = {.ceiling = 1024};
        struct wire_qualities q;
        unsigned many = 0, few = 0;

        (void)state;
        assert_int_equal(quality_request_encode((struct vintage){0}, &b), ERR_OK);
        assert_int_equal(dpo_asks("Audit/GetQuality", say(&b)), STATUS_OK);
        assert_int_equal(qualities_decode(world.arena, world_answer, &q), ERR_OK);
        assert_int_equal(q.vintage.number, 1);
        assert_int_equal(q.len, 3);
        for (uint32_t i = 0; i < q.len; i++) {
                const struct wire_quality *d = &q.deliveries[i];

                if (bytes_is_text(d->municipality, "0114")) {
                        assert_false(d->has_rejected || d->has_missing);
                        few++;
                        continue;
                }
                assert_true(bytes_is_text(d->municipality, "0180"));
                assert_true(d->has_rejected);
                assert_int_equal(d->rejected_permille, 0);
                many++;
        }
        assert_int_equal(many, 2);
        assert_int_equal(few, 1);
        assert_int_equal(quality_request_encode((struct vintage){.number = 9}, &b9), ERR_OK);
        assert_int_not_equal(dpo_asks("Audit/GetQuality", say(&b9)), STATUS_OK);
}

/* Commands ------------------------------------------------------------------------------------ */

enum { EXIT_WRONG = 2 };

static void has_page(const char *path, const char *words)
{
        struct bytes page = world_read(&world, path);

        assert_memory_equal(page.data, "<!DOCTYPE html>", 15);
        assert_non_null(memmem(page.data, page.len, words, strlen(words)));
        assert_null(memmem(page.data, page.len, "<script", 7));
}

static void the_commands_show_what_the_service_says(void **state)
{
        const char *report = world_path(&world, "report.html"), *dpia, *art30;

        (void)state;
        dpia = world_path(&world, "dpia.html");
        art30 = world_path(&world, "art30.html");
        world_client_files(&world, "dpo", WORLD_DPO);
        world_client_files(&world, "statistician", WORLD_STATISTICIAN);
        world_keeper_pub(&world);
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--kind", "refused"), 0);
        assert_true(world_out_has("statgate://demo/statistician/anna"));
        assert_true(world_out_has("refused"));
        assert_false(world_out_has("answered"));
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--kind", "answered",
                                 "--limit", "1", "--format", "json"),
                0);
        assert_memory_equal(world_out, "{\"number\": ", 11);
        assert_true(world_out_has("\"decided\": [\"principal "));
        assert_ptr_equal(strchr(world_out, '\n') + 1, world_out + strlen(world_out));
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--principal",
                                 "statgate://demo/\033[2Jx"),
                1);
        assert_null(strchr(world_err, '\033'));
        assert_int_equal(
                WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--from", "spring"), EXIT_WRONG);
        assert_int_equal(WORLD_RUN(&world, "--as", "statistician", "audit", "log"), 1);
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "verify"), 0);
        assert_true(world_out_has("The log is whole"));
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "report", "--out", report), 0);
        has_page(report, "statgate://demo/statistician/anna");
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "art30", "--out", art30), 0);
        has_page(art30, "anmalan_riket");
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "dpia", "--out", dpia), 0);
        has_page(dpia, "placering");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(nobody_but_a_data_protection_officer_may_look),
                cmocka_unit_test(the_readers_own_entry_is_there_before_the_first_page),
                cmocka_unit_test(a_part_is_from_to_or_the_newest),
                cmocka_unit_test(what_is_filtered_is_what_the_whole_log_says),
                cmocka_unit_test(what_cannot_be_asked_is_refused_by_name),
                cmocka_unit_test(every_entry_is_under_every_later_tree),
                cmocka_unit_test(heads_are_signed_over_the_trees_that_proofs_lead_to),
                cmocka_unit_test(the_history_of_policies_has_the_one_in_force),
                cmocka_unit_test(budgets_tell_who_has_asked_how_much_of_how_much),
                cmocka_unit_test(quality_is_told_of_each_delivery_and_withheld_of_few),
                cmocka_unit_test(the_commands_show_what_the_service_says),
                cmocka_unit_test(followers_hear_what_is_new_and_the_third_is_refused),
        };

        return cmocka_run_group_tests(tests, live, leave);
}
