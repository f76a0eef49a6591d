/* SPDX-License-Identifier: Apache-2.0 */
/* test_memory.c: what memory has promised and no disk knows of.
 *
 * Memory itself, on a real store and real ledgers; who is in which row is made up here. Question A
 * is about sixty persons, question B about the same but one: together they would tell of her. Under
 * another linkage they are about the same, and have derived variables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/fault.h"
#include "crypto/digest.h"
#include "gateway/memory.h"
#include "gateway/memory_lattice.h"
#include "gateway/memory_linkage.h"
#include "gateway/memory_recall.h"
#include "gateway/memory_sets.h"
#include "tests/support/log_world.h"
#include "tests/support/store_world.h"

enum { PERSONS = 60, A = 1, B = 2, C = 3, WITHOUT = 7 };

/* What is made up -------------------------------------------------------------------------------
 */

struct policy {
        struct digest digest;
};
static struct policy policy;
static struct policy_dataset dataset;
static struct bytes names[1];
static struct rules_linkage rules;
static struct policy_linkage linkage = {.rules = &rules};
/* Under each of two keys. */
static uint32_t everybody[2][PERSONS];
static uint64_t key; /* of whoever looks at a view now */
static unsigned as_numbered;
static uint8_t joins_now; /* by the data set's own linkage */
static struct rules_linkage other_rules;
static struct policy_linkage other = {.rules = &other_rules};
static bool other_ended;
static uint32_t other_more; /* that its answers are held to, beyond k */
static unsigned counted_under_other;

struct persons {
        char nothing;
};

const struct digest *policy_digest(const struct policy *p)
{
        return &p->digest;
}

uint32_t memory_floor(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d)
{
        (void)p;
        return d->disclosure.threshold + (l == &other ? other_more : 0);
}

uint32_t memory_floor_of_any(const struct policy *p, const struct policy_dataset *d)
{
        return memory_floor(p, &other, d);
}

uint32_t memory_threshold(
        const struct policy *p, const struct policy_linkage *l, const struct policy_dataset *d)
{
        return memory_floor(p, l, d);
}

enum err memory_joins(const struct policy *p, const struct policy_linkage *l, const struct query *q,
        struct digest *out)
{
        (void)p;
        (void)q;
        *out = (struct digest){{l->rules->id.data[0], joins_now}};
        return ERR_OK;
}

enum err memory_purpose(const struct policy_linkage *l, struct arena *arena, const char **out)
{
        (void)l;
        (void)arena;
        *out = "uppfoljning";
        return ERR_OK;
}

const struct policy_linkage *memory_linkage_find(const struct policy *p,
        const struct policy_linkage *home, struct bytes id, const struct policy_dataset *of,
        const struct memory_question *q)
{
        (void)p;
        (void)of;
        if (bytes_equal(id, home->rules->id))
                return home;
        return !other_ended ? &other : q->query.derived_len == 0 ? home : NULL;
}

enum err persons_new(struct persons **out)
{
        static struct persons all;

        *out = &all;
        return ERR_OK;
}

void persons_free(struct persons **p)
{
        *p = NULL;
}

uint32_t persons_len(const struct persons *p)
{
        (void)p;
        return 2 * PERSONS;
}

uint64_t view_named_by(const struct view *v)
{
        (void)v;
        return key;
}

uint32_t view_persons(const struct view *v)
{
        (void)v;
        return PERSONS;
}

enum err views_lease(struct views *v, const struct view_wish *wish, struct view_lease *out)
{
        (void)v;
        (void)wish;
        (void)out;
        return ERR_OK;
}

void view_lease_done(struct view_lease *l)
{
        (void)l;
}

struct vintage view_vintage(const struct view *v)
{
        (void)v;
        return (struct vintage){1, 0};
}

const struct deliveries *coverage_find(const struct coverage *c, struct bytes id)
{
        (void)c;
        (void)id;
        return NULL;
}

enum err lattice_told_of(const struct lattice_telling *t, struct lattice_told **out,
        uint32_t *out_len, uint64_t *out_latest)
{
        *out_latest = t->after;
        (void)t;
        *out = NULL;
        *out_len = 0;
        return ERR_OK;
}

enum err memory_successor(
        struct store *store, struct vintage closed, struct arena *arena, struct successor *out)
{
        (void)store;
        (void)closed;
        (void)arena;
        (void)out;
        return ERR_VINTAGE_CLOSED;
}

/* A question is its number. */
enum err memory_key(const struct policy *p, struct bytes under, const struct memory_question *q,
        struct digest *out)
{
        *out = p->digest;
        out->bytes[2] = under.len > 0;
        out->bytes[0] = (uint8_t)q->counts_len;
        return ERR_OK;
}

enum err memory_question_write(const struct memory_question *q, struct buf *b)
{
        put_u32(b, q->counts_len);
        put_u32(b, q->query.derived_len);
        put_u8(b, q->has_joined);
        return ERR_OK;
}

enum err memory_question_read(struct arena *arena, struct bytes from, struct memory_question *out)
{
        (void)arena;
        assert_int_equal(from.len, 2 * sizeof(uint32_t) + 1);
        *out = (struct memory_question){.query = {.vintage = {1, 0}}, .cells = true};
        struct reader r = reader_of(from);
        uint8_t joined;

        TRY(read_u32(&r, &out->counts_len));
        TRY(read_u32(&r, &out->query.derived_len));
        TRY(read_u8(&r, &joined));
        assert_int_equal(joined, out->query.derived_len > 0);
        return read_end(&r);
}

enum err memory_rows(struct persons *persons, const struct memory_ask *ask, const struct view *view,
        const struct view *home, const struct memory_question *q, struct arena *arena,
        struct rows *out)
{
        (void)persons;
        (void)view;
        (void)home;
        counted_under_other += ask->linkage == &other;
        *out = (struct rows){.sets = arena_alloc(arena, 1, sizeof *out->sets),
                .cells = arena_alloc(arena, 1, sizeof *out->cells),
                .len = 1,
                .of = 1};
        if (out->sets == NULL || out->cells == NULL)
                return ERR_NO_MEMORY;
        out->sets[0] = (struct ledger_set){.persons = everybody[as_numbered],
                .len = q->counts_len == A   ? PERSONS
                       : q->counts_len == B ? PERSONS - 1
                                            : PERSONS - WITHOUT};
        out->len = q->shown == NULL || q->shown[0];
        return ERR_OK;
}

/* Asking -------------------------------------------------------------------------------------- */

static struct world *world;
static struct memory *memory;

static int setup(void **state)
{
        (void)state;
        policy = (struct policy){.digest = {{0, 7}}};
        names[0] = bytes_of_text("anmalan");
        rules = (struct rules_linkage){
                .id = bytes_of_text("riket"), .datasets = names, .datasets_len = 1};
        other_rules = (struct rules_linkage){
                .id = bytes_of_text("resan"), .datasets = names, .datasets_len = 1};
        other_ended = false;
        other_more = 0;
        counted_under_other = 0;
        dataset = (struct policy_dataset){.id = names[0]};
        dataset.disclosure.threshold = 5;
        key = 1;
        as_numbered = 0;
        joins_now = 0;
        for (uint32_t i = 0; i < PERSONS; i++) {
                everybody[0][i] = i;
                everybody[1][i] = PERSONS + i;
        }
        world = world_new();
        assert_int_equal(memory_new(world->store, NULL, &memory), ERR_OK);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        memory_free(&memory);
        world_free(&world);
        return 0;
}

struct asking {
        uint32_t question;
        bool derived, under_other;
};

/* Whether its only row may be told. */
static enum err ask_for(struct asking wanted, struct promise **promises, bool *out)
{
        OWNED(arena_free) struct arena *arena = arena_new(1 << 20);
        const struct memory_question q = {
                .query = {.vintage = {1, 0}, .derived_len = wanted.derived ? 1 : 0},
                .cells = true,
                .counts_len = wanted.question};
        const struct memory_home home = {.linkage = &linkage, .purpose = "uppfoljning"};
        const struct memory_ask ask = {.policy = &policy,
                .linkage = wanted.under_other ? &other : &linkage,
                .home = wanted.under_other ? &home : NULL,
                .dataset = &dataset,
                .purpose = "uppfoljning",
                .arena = arena,
                .promises = promises};
        const uint8_t *answered;
        uint32_t cells;

        assert_non_null(arena);
        TRY(memory_judge(memory, &ask, &q, &answered, &cells));
        assert_int_equal(cells, 1);
        *out = answered[0] != 0;
        return ERR_OK;
}

static bool may_tell(uint32_t question, struct promise **promises)
{
        bool told;

        assert_int_equal(ask_for((struct asking){question, false, false}, promises, &told), ERR_OK);
        return told;
}

static bool may_tell_under_other(uint32_t question, struct promise **promises)
{
        bool told;

        assert_int_equal(ask_for((struct asking){question, true, true}, promises, &told), ERR_OK);
        return told;
}

/* Stricter rules are another policy, and memory is made anew under them. */
static void raise_threshold(void)
{
        dataset.disclosure.threshold++;
        policy.digest.bytes[1]++;
}

static enum err write_down(struct promise **promises)
{
        struct log_word word;
        struct entry_draft entry = log_draft(&word, 1, LOG_WORLD_WHOLE);
        uint64_t number;

        return memory_write(memory, promises, &entry, &number);
}

struct counting {
        const char *linkage;
        unsigned questions;
};

static enum err count_one(void *ctx, const char *under, const struct stored_question *q)
{
        struct counting *c = ctx;

        assert_int_equal(q->rows, 1);
        c->questions += strcmp(under, c->linkage) == 0;
        return ERR_OK;
}

static unsigned stored_under(const char *which)
{
        struct counting c = {.linkage = which};

        assert_int_equal(store_ledger_each(world->store, "anmalan", count_one, &c), ERR_OK);
        return c.questions;
}

static unsigned stored(void)
{
        return stored_under("riket");
}

static unsigned told(void)
{
        return log_mentions(world->store, 1, LOG_WORLD_WHOLE);
}

/* What is found ------------------------------------------------------------------------------- */

static void nothing_is_stored_before_the_answer_is_written(void **state)
{
        struct promise *first = NULL, *again = NULL;

        (void)state;
        assert_true(may_tell(A, &first));
        assert_non_null(first);
        assert_int_equal(stored(), 0);
        assert_int_equal(write_down(&first), ERR_OK);
        assert_null(first);
        assert_int_equal(stored(), 1);
        assert_int_equal(told(), 1);
        /* From here on it costs nothing. */
        assert_true(may_tell(A, &again));
        assert_null(again);
        assert_int_equal(write_down(&again), ERR_OK);
        assert_int_equal(stored(), 1);
        assert_int_equal(told(), 2);
}

static void others_are_judged_in_the_light_of_what_is_promised(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell(A, &a));
        assert_false(may_tell(B, &b));
        memory_break(&b);
        /* Also by a memory that is made anew meanwhile, of which the store knows nothing. */
        raise_threshold();
        assert_false(may_tell(B, &b));
        assert_int_equal(stored(), 0);
        assert_int_equal(write_down(&a), ERR_OK);
        assert_int_equal(write_down(&b), ERR_OK);
        assert_int_equal(stored(), 2);
        raise_threshold();
        assert_false(may_tell(B, &b));
        memory_break(&b);
}

/* Under the other key all of them are other persons, unless all is counted again. */
static void who_was_told_of_under_an_ended_key_is_known_under_the_next(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell(A, &a));
        key = 2;
        as_numbered = 1;
        assert_false(may_tell(B, &b));
        memory_break(&b);
        assert_int_equal(write_down(&a), ERR_OK);
        key = 1; /* who still has a view of then */
        as_numbered = 0;
        assert_false(may_tell(B, &b));
        memory_break(&b);
}

/* Whom the rules join now stood alone before, under a name that nobody else has. */
static void who_was_told_of_before_she_was_joined_is_known_after(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell(A, &a));
        assert_int_equal(write_down(&a), ERR_OK);
        policy.digest.bytes[1]++;
        joins_now++;
        as_numbered = 1;
        assert_false(may_tell(B, &b));
        memory_break(&b);
}

/* Nothing left: whoever comes after a restart may be told what was not. */
static void what_was_promised_and_never_left_is_forgotten_in_the_end(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell(A, &a));
        memory_break(&a);
        assert_null(a);
        assert_false(may_tell(B, &b)); /* more is remembered than was told */
        memory_break(&b);
        raise_threshold();
        assert_true(may_tell(B, &b));
        assert_int_equal(write_down(&b), ERR_OK);
        assert_int_equal(stored(), 1);
}

/* The second answer does not rest on what became of the first. */
static void two_who_ask_the_same_promise_it_both(void **state)
{
        struct promise *first = NULL, *second = NULL;

        (void)state;
        assert_true(may_tell(A, &first));
        assert_true(may_tell(A, &second));
        assert_non_null(second);
        memory_break(&first);
        assert_int_equal(write_down(&second), ERR_OK);
        assert_int_equal(stored(), 1);
        assert_int_equal(told(), 1);
}

static void a_write_that_fails_leaves_neither_and_can_be_tried_again(void **state)
{
        struct promise *a = NULL, *again = NULL;

        (void)state;
        assert_true(may_tell(A, &a));
        (void)fault_arm("write", 0);
        assert_int_not_equal(write_down(&a), ERR_OK);
        fault_disarm();
        assert_non_null(a);
        assert_int_equal(stored(), 0);
        assert_int_equal(told(), 0);
        assert_true(may_tell(A, &again));
        assert_non_null(again);
        memory_break(&again);
        assert_int_equal(write_down(&a), ERR_OK);
        assert_int_equal(stored(), 1);
        assert_int_equal(told(), 1);
}

static void what_was_told_under_another_linkage_is_held_against_it(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell_under_other(A, &a));
        assert_false(may_tell(B, &b));
        memory_break(&b);
        assert_int_equal(write_down(&a), ERR_OK);
        assert_int_equal(stored_under("resan"), 1);
        assert_int_equal(stored(), 0);
        /* By a memory that is made anew as well, which counts it as it was counted then. */
        counted_under_other = 0;
        raise_threshold();
        assert_false(may_tell(B, &b));
        assert_int_equal(counted_under_other, 1);
        memory_break(&b);
}

static void what_is_promised_under_another_linkage_is_counted_again_under_it(void **state)
{
        struct promise *a = NULL, *b = NULL;

        (void)state;
        assert_true(may_tell_under_other(A, &a));
        counted_under_other = 0;
        raise_threshold();
        assert_false(may_tell(B, &b));
        assert_int_equal(counted_under_other, 1);
        memory_break(&b);
        memory_break(&a);
}

/* What is in memory stays there. Once it cannot be counted any more, what could be its difference
 * with something is refused, and what cannot is not. */
static void a_linkage_that_has_ended_leaves_a_gap_that_is_known(void **state)
{
        struct promise *a = NULL, *b = NULL;
        bool told;

        (void)state;
        assert_true(may_tell_under_other(A, &a));
        assert_int_equal(write_down(&a), ERR_OK);
        other_ended = true;
        assert_false(may_tell(B, &b));
        memory_break(&b);
        raise_threshold();
        assert_int_equal(ask_for((struct asking){B, true, false}, &b, &told), ERR_LINKAGE_REFUSED);
        assert_null(b);
        assert_true(may_tell(B, &b));
        memory_break(&b);
        other_ended = false;
        raise_threshold();
        assert_int_equal(ask_for((struct asking){B, true, false}, &b, &told), ERR_OK);
        assert_false(told);
        memory_break(&b);
}

/* C is about seven fewer than A: enough for the data set, and not for a linkage with stricter ones.
 */
static void a_linkage_with_a_larger_k_is_held_to_it(void **state)
{
        struct promise *a = NULL, *c = NULL;

        (void)state;
        assert_true(may_tell_under_other(A, &a));
        assert_true(may_tell_under_other(C, &c));
        memory_break(&c);
        memory_break(&a);
        memory_free(&memory);
        assert_int_equal(memory_new(world->store, NULL, &memory), ERR_OK);
        other_more = 5;
        assert_true(may_tell_under_other(A, &a));
        assert_false(may_tell_under_other(C, &c));
        memory_break(&c);
        /* Also by one that is made anew, of promises and of what is stored; once for both. */
        raise_threshold();
        assert_false(may_tell_under_other(C, &c));
        memory_break(&c);
        assert_int_equal(write_down(&a), ERR_OK);
        assert_int_equal(stored_under("resan"), 1);
        raise_threshold();
        assert_false(may_tell_under_other(C, &c));
        memory_break(&c);
        /* Others are not. */
        dataset.disclosure.threshold = 5;
        memory_free(&memory);
        assert_int_equal(memory_new(world->store, NULL, &memory), ERR_OK);
        assert_true(may_tell(C, &c));
        memory_break(&c);
}

/* For whoever is about to publish tables
   ------------------------------------------------------ */

struct listening {
        unsigned sets, persons, stored;
};

static enum err hear(void *ctx, const struct recalled *one)
{
        struct listening *l = ctx;

        assert_true(one->cells);
        l->sets++;
        l->persons += one->set.len;
        return ERR_OK;
}

static enum err store_tables(void *ctx)
{
        struct listening *l = ctx;

        l->stored++;
        return ERR_OK;
}

static struct listening recall_all(struct recall *r)
{
        const struct memory_ask ask = {.policy = &policy,
                .linkage = &linkage,
                .dataset = &dataset,
                .purpose = "uppfoljning"};
        struct listening l = {0};
        struct persons *persons;

        assert_int_equal(persons_new(&persons), ERR_OK);
        assert_int_equal(memory_recall(r, &ask, persons, hear, &l), ERR_OK);
        return l;
}

static void what_is_promised_is_recalled_and_what_is_stored(void **state)
{
        struct promise *a = NULL, *b = NULL;
        struct listening heard;
        struct recall r;

        (void)state;
        assert_true(may_tell(A, &a));
        assert_int_equal(memory_recall_begin(memory, names[0], false, &r), ERR_OK);
        heard = recall_all(&r);
        assert_int_equal(heard.sets, 1);
        assert_int_equal(heard.persons, PERSONS);
        assert_int_equal(write_down(&a), ERR_OK);
        assert_int_equal(recall_all(&r).sets, 1);
        assert_false(may_tell(B, &b));
        assert_int_equal(write_down(&b), ERR_OK);
        assert_int_equal(recall_all(&r).sets, 1); /* nothing was told */
        memory_recall_end(&r);
}

static void tables_are_not_stored_where_something_was_judged_meanwhile(void **state)
{
        struct promise *a = NULL;
        struct listening l = {0};
        struct recall r;
        bool done = true;

        (void)state;
        assert_int_equal(memory_recall_begin(memory, names[0], false, &r), ERR_OK);
        (void)recall_all(&r);
        assert_true(may_tell(A, &a));
        assert_int_equal(memory_recall_use(&r, store_tables, &l, &done), ERR_OK);
        assert_false(done);
        assert_int_equal(l.stored, 0);
        memory_recall_end(&r);
        /* Once more, and nobody is judged meanwhile. */
        assert_int_equal(memory_recall_begin(memory, names[0], true, &r), ERR_OK);
        assert_int_equal(recall_all(&r).sets, 1);
        assert_int_equal(memory_recall_use(&r, store_tables, &l, &done), ERR_OK);
        assert_true(done);
        assert_int_equal(l.stored, 1);
        memory_recall_end(&r);
        assert_int_equal(write_down(&a), ERR_OK);
}

/* It was judged without these tables. */
static void what_was_judged_and_never_told_is_judged_anew_after_them(void **state)
{
        struct promise *a = NULL, *b = NULL;
        struct listening l = {0};
        struct recall r;
        bool done = false;

        (void)state;
        assert_true(may_tell(A, &a));
        memory_break(&a);
        assert_false(may_tell(B, &b));
        memory_break(&b);
        assert_int_equal(memory_recall_begin(memory, names[0], false, &r), ERR_OK);
        assert_int_equal(recall_all(&r).sets, 0);
        assert_int_equal(memory_recall_use(&r, store_tables, &l, &done), ERR_OK);
        assert_true(done);
        memory_recall_end(&r);
        assert_true(may_tell(B, &b));
        assert_int_equal(write_down(&b), ERR_OK);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                SENTENCE(nothing_is_stored_before_the_answer_is_written),
                SENTENCE(others_are_judged_in_the_light_of_what_is_promised),
                SENTENCE(who_was_told_of_under_an_ended_key_is_known_under_the_next),
                SENTENCE(who_was_told_of_before_she_was_joined_is_known_after),
                SENTENCE(what_was_promised_and_never_left_is_forgotten_in_the_end),
                SENTENCE(two_who_ask_the_same_promise_it_both),
                SENTENCE(a_write_that_fails_leaves_neither_and_can_be_tried_again),
                SENTENCE(what_was_told_under_another_linkage_is_held_against_it),
                SENTENCE(what_is_promised_under_another_linkage_is_counted_again_under_it),
                SENTENCE(a_linkage_that_has_ended_leaves_a_gap_that_is_known),
                SENTENCE(what_is_promised_is_recalled_and_what_is_stored),
                SENTENCE(tables_are_not_stored_where_something_was_judged_meanwhile),
                SENTENCE(what_was_judged_and_never_told_is_judged_anew_after_them),
                SENTENCE(a_linkage_with_a_larger_k_is_held_to_it),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
