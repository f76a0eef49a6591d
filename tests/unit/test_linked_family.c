/* SPDX-License-Identifier: Apache-2.0 */
/* test_linked_family.c: families held against a naive reading of their definition, and
 * what must not hang or merge half the country. The oracle has a matrix of who names
 * whom and looks at every day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/linked_world.h"

enum { NAMES_MAX = 160, FIRST_DAY = 18700, LAST_DAY = 20100 };

struct oracle {
        const struct linked_world *w;
        uint32_t n;
        bool present[NAMES_MAX];
        bool named[NAMES_MAX][NAMES_MAX]; /* child, guardian */
        int32_t first[NAMES_MAX][NAMES_MAX], last[NAMES_MAX][NAMES_MAX];
        bool over[NAMES_MAX];
        bool missing[NAMES_MAX];
        uint32_t chain[NAMES_MAX], family[NAMES_MAX]; /* the least of it */
        uint32_t own, guardians_over, chains_over, missing_len, families;
};

static void read_edges(struct oracle *o)
{
        for (uint32_t i = 0; i < o->w->edges_len; i++) {
                uint32_t c = o->w->child[i], g = o->w->guardian[i];
                int32_t day = o->w->edges[i].day;
                int32_t last = day == MISSING_I32 ? INT32_MAX : day;

                if (!o->named[c][g] || day < o->first[c][g])
                        o->first[c][g] = day;
                if (!o->named[c][g] || last > o->last[c][g])
                        o->last[c][g] = last;
                o->named[c][g] = true;
        }
        for (uint32_t c = 0; c < o->n; c++) {
                o->present[c] = linked_world_has_rows(o->w, c);
                o->own += o->present[c] && o->named[c][c];
                o->named[c][c] = false;
                for (uint32_t g = 0; g < o->n; g++)
                        o->named[c][g] = o->named[c][g] && o->present[c];
        }
}

static bool share_guardian(const struct oracle *o, uint32_t a, uint32_t b)
{
        for (uint32_t g = 0; g < o->n; g++)
                if (!o->over[g] && o->named[a][g] && o->named[b][g])
                        return true;
        return false;
}

static void apply_limits(struct oracle *o)
{
        for (uint32_t g = 0; g < o->n; g++) {
                uint32_t children = 0;

                for (uint32_t c = 0; c < o->n; c++)
                        children += o->named[c][g];
                o->over[g] = children > o->w->limits.children_max;
                o->guardians_over += o->over[g];
                for (uint32_t c = 0; c < o->n; c++)
                        o->missing[c] = o->missing[c] || (o->over[g] && o->named[c][g]);
        }
        for (uint32_t p = 0; p < o->n; p++)
                o->chain[p] = p;
        for (bool again = true; again;) {
                again = false;
                for (uint32_t a = 0; a < o->n; a++)
                        for (uint32_t b = 0; b < o->n; b++)
                                if (o->chain[b] < o->chain[a] && share_guardian(o, a, b)) {
                                        o->chain[a] = o->chain[b];
                                        again = true;
                                }
        }
        for (uint32_t chain = 0; chain < o->n; chain++) {
                uint32_t persons = 0;

                for (uint32_t p = 0; p < o->n; p++)
                        persons += o->chain[p] == chain && o->present[p];
                if (persons <= o->w->limits.persons_max)
                        continue;
                o->chains_over++;
                for (uint32_t p = 0; p < o->n; p++)
                        o->missing[p] = o->missing[p] || o->chain[p] == chain;
        }
}

static bool takes_part(const struct oracle *o, uint32_t p)
{
        return o->present[p] && !o->missing[p];
}

/* The guardian who comes first, or n. */
static uint32_t best_guardian(const struct oracle *o)
{
        uint32_t best = o->n, most = 1;
        int32_t earliest = 0;

        for (uint32_t g = 0; g < o->n; g++) {
                uint32_t children = 0;
                int32_t first = INT32_MAX;

                for (uint32_t c = 0; c < o->n && !o->over[g]; c++) {
                        if (!o->named[c][g])
                                continue;
                        first = o->first[c][g] < first ? o->first[c][g] : first;
                        children += takes_part(o, c) && o->family[c] == o->n;
                }
                if (children < most || children < 2)
                        continue;
                if (children == most && best < o->n &&
                        (first > earliest ||
                                (first == earliest &&
                                        memcmp(o->w->names[g], o->w->names[best], 16) > 0)))
                        continue;
                best = g;
                most = children;
                earliest = first;
        }
        return best;
}

static void choose_families(struct oracle *o)
{
        uint32_t g;

        for (uint32_t p = 0; p < o->n; p++)
                o->family[p] = o->n;
        while ((g = best_guardian(o)) < o->n) {
                uint32_t leader = o->n;

                for (uint32_t c = 0; c < o->n; c++) {
                        if (!o->named[c][g] || !takes_part(o, c) || o->family[c] < o->n)
                                continue;
                        leader = leader == o->n ? c : leader;
                        o->family[c] = leader;
                }
        }
        for (uint32_t p = 0; p < o->n; p++) {
                if (o->family[p] == o->n)
                        o->family[p] = p;
                o->missing_len += o->present[p] && o->missing[p];
                o->families += takes_part(o, p) && o->family[p] == p;
        }
}

static struct oracle *oracle_new(const struct linked_world *w)
{
        struct oracle *o = calloc(1, sizeof(*o));

        assert_non_null(o);
        assert_true(w->names_len <= NAMES_MAX);
        o->w = w;
        o->n = w->names_len;
        read_edges(o);
        apply_limits(o);
        choose_families(o);
        return o;
}

static bool holds_on(const struct oracle *o, uint32_t c, uint32_t g, int32_t day)
{
        int64_t holds = o->w->limits.holds_days;

        if (o->first[c][g] != MISSING_I32 && day < o->first[c][g] - holds)
                return false;
        return o->last[c][g] == INT32_MAX || day <= o->last[c][g] + holds;
}

static bool kin_on(const struct oracle *o, uint32_t a, uint32_t b, int32_t day)
{
        for (uint32_t g = 0; g < o->n; g++)
                if (!o->over[g] && o->named[a][g] && o->named[b][g] && holds_on(o, a, g, day) &&
                        holds_on(o, b, g, day))
                        return true;
        return false;
}

/* Names of persons in the linked views. */
static void find_names(const struct linked_world *w, const struct linked *l, uint32_t *names)
{
        for (uint32_t i = 0; i < WORLD_PARTS; i++) {
                const struct view *v = linked_view(l, w->schema.datasets[i].id);
                const uint32_t *starts = view_person_starts(v);
                const int32_t *number = view_column(v, WORLD_NUMBER);

                for (uint32_t p = 0; p < view_persons(v); p++)
                        if (starts[p] < starts[p + 1])
                                names[p] = w->parts[i].person[number[starts[p]]];
        }
}

static const struct families *families_of(const struct linked_world *w, const struct linked *l)
{
        const struct families *f = view_families(linked_view(l, w->schema.datasets[0].id));

        assert_non_null(f);
        return f;
}

/* Exactly the days of kin, in intervals that do not touch. */
static void check_pair(const struct oracle *o, const struct families *f, const uint32_t *names,
        uint32_t p, uint32_t k)
{
        static const int32_t far[] = {INT32_MIN, INT32_MIN + 1, -1, INT32_MAX - 1, INT32_MAX};
        uint32_t at = f->starts[p], end;
        bool kin = !o->missing[names[p]] && share_guardian(o, names[p], names[k]);

        while (at < f->starts[p + 1] && f->kin[at].person < k)
                at++;
        for (end = at; end < f->starts[p + 1] && f->kin[end].person == k; end++) {
                assert_true(f->kin[end].from <= f->kin[end].until);
                if (end > at)
                        assert_true((int64_t)f->kin[end].from > (int64_t)f->kin[end - 1].until + 1);
        }
        if (!kin)
                assert_int_equal(at, end);
        for (int32_t i = 0; kin && i < LAST_DAY - FIRST_DAY + (int32_t)ARRAY_LEN(far); i++) {
                int32_t day = i < (int32_t)ARRAY_LEN(far) ? far[i]
                                                          : FIRST_DAY + i - (int32_t)ARRAY_LEN(far);
                bool inside = false;

                for (uint32_t e = at; e < end; e++)
                        inside = inside || (f->kin[e].from <= day && day <= f->kin[e].until);
                assert_int_equal(inside, kin_on(o, names[p], names[k], day));
        }
}

static void check_kin(const struct oracle *o, const struct families *f, const uint32_t *names)
{
        assert_int_equal(f->starts[0], 0);
        for (uint32_t p = 0; p < f->persons; p++) {
                for (uint32_t i = f->starts[p]; i < f->starts[p + 1]; i++) {
                        assert_true(f->kin[i].person < f->persons && f->kin[i].person != p);
                        if (i > f->starts[p])
                                assert_true(f->kin[i].person >= f->kin[i - 1].person);
                }
                for (uint32_t k = 0; k < f->persons; k++)
                        if (k != p)
                                check_pair(o, f, names, p, k);
        }
}

static void check_numbers(const struct oracle *o, const struct families *f, const uint32_t *names)
{
        bool ended[NAMES_MAX] = {false};
        uint32_t last = 0;

        assert_int_equal(f->families, o->families);
        assert_int_equal(f->missing, o->missing_len);
        assert_int_equal(f->own_guardians, o->own);
        assert_int_equal(f->guardians_over_limit, o->guardians_over);
        assert_int_equal(f->chains_over_limit, o->chains_over);
        for (uint32_t p = 0; p < f->persons; p++) {
                assert_int_equal(f->family[p] == FAMILY_MISSING, o->missing[names[p]]);
                /* Chains lie together. */
                assert_false(ended[o->chain[names[p]]]);
                if (p + 1 == f->persons || o->chain[names[p + 1]] != o->chain[names[p]])
                        ended[o->chain[names[p]]] = true;
                if (o->missing[names[p]])
                        continue;
                assert_true(f->family[p] == last || f->family[p] == last + 1 || p == 0);
                last = f->family[p];
                for (uint32_t k = 0; k < p; k++)
                        assert_int_equal(f->family[k] == f->family[p],
                                !o->missing[names[k]] &&
                                        o->family[names[k]] == o->family[names[p]]);
        }
        if (f->families > 0)
                assert_int_equal(last + 1, f->families);
}

static void check_world(struct linked_world *w, unsigned threads)
{
        struct oracle *o = oracle_new(w);
        struct linked *l = linked_world_view(w, true, threads);
        const struct families *f = families_of(w, l);
        uint32_t names[NAMES_MAX] = {0};

        assert_int_equal(f->persons, view_persons(linked_view(l, w->schema.datasets[1].id)));
        find_names(w, l, names);
        check_numbers(o, f, names);
        check_kin(o, f, names);
        linked_unref(&l);
        free(o);
}

static void random_families_are_those_of_the_definition(void **state)
{
        enum { WORLDS = UNDER_ASAN || UNDER_TSAN ? 50 : 200 };
        uint32_t with_missing = 0;

        (void)state;
        for (uint64_t seed = 0; seed < WORLDS; seed++) {
                struct linked_world w;
                const struct linked_wish wish = {
                        .seed = seed + 1000,
                        .persons = 1 + (uint32_t)(seed % 50),
                        .rows = 40 + (uint32_t)(seed % 31),
                        .edges = (uint32_t)(seed * 37 % 170),
                        .guardians = 1 + (uint32_t)(seed % 90),
                        .crowded = seed % 5 == 4,
                        .limits = {.children_max = (uint32_t)(seed % 9),
                                .persons_max = (uint32_t)(seed % 23),
                                .holds_days = (uint32_t)(seed * 37 % 400)},
                };

                linked_world_make(&w, &wish);
                check_world(&w, 1 + (unsigned)(seed % 2));
                struct oracle *o = oracle_new(&w);
                with_missing += o->missing_len > 0 && o->families > 3;
                free(o);
                linked_world_free(&w);
        }
        assert_true(with_missing > WORLDS / 10);
}

/* A world of `persons` who all have a row, with no edges yet. */
static void empty_world(struct linked_world *w, uint32_t persons, uint32_t guardians)
{
        const struct linked_wish wish = {.seed = 4,
                .persons = persons,
                .rows = persons * 8,
                .guardians = guardians,
                .limits = {.children_max = 5, .persons_max = 20, .holds_days = 10}};

        linked_world_make(w, &wish);
        for (uint32_t p = 0; p < persons; p++)
                assert_true(linked_world_has_rows(w, p));
}

static uint32_t number_of(const struct linked_world *w, const struct linked *l, uint32_t name)
{
        uint32_t names[NAMES_MAX] = {0}, p = 0;

        find_names(w, l, names);
        while (names[p] != name)
                assert_true(++p < view_persons(linked_view(l, w->schema.datasets[0].id)));
        return p;
}

static void two_who_guard_each_other_are_no_family(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 6, 1);
        linked_world_edge(&w, 0, 1, 19000);
        linked_world_edge(&w, 1, 0, 19000);
        linked_world_edge(&w, 2, 3, 19000);
        linked_world_edge(&w, 3, 4, 19000);
        linked_world_edge(&w, 4, 2, 19000);
        check_world(&w, 1);
        struct linked *l = linked_world_view(&w, true, 1);
        assert_int_equal(families_of(&w, l)->families, 6);
        assert_int_equal(families_of(&w, l)->missing, 0);
        linked_unref(&l);
        linked_world_free(&w);
}

static void her_own_guardian_is_none(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 4, 1);
        linked_world_edge(&w, 0, 0, 19000);
        linked_world_edge(&w, 0, 0, 19050);
        linked_world_edge(&w, 1, 0, 19000);
        linked_world_edge(&w, 2, 0, 19000);
        check_world(&w, 1);
        struct linked *l = linked_world_view(&w, true, 1);
        const struct families *f = families_of(&w, l);
        assert_int_equal(f->own_guardians, 1);
        assert_int_equal(f->families, 3);
        assert_int_equal(f->family[number_of(&w, l, 1)], f->family[number_of(&w, l, 2)]);
        assert_int_not_equal(f->family[number_of(&w, l, 0)], f->family[number_of(&w, l, 1)]);
        linked_unref(&l);
        linked_world_free(&w);
}

static void edges_hold_to_the_day_and_not_longer(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 5, 5);
        /* Shared from 19040 - 10 to 19060 + 10, and again at 19200. */
        linked_world_edge(&w, 0, 5, 19040);
        linked_world_edge(&w, 0, 5, 19100);
        linked_world_edge(&w, 1, 5, 19000);
        linked_world_edge(&w, 1, 5, 19060);
        linked_world_edge(&w, 0, 6, 19200);
        linked_world_edge(&w, 1, 6, 19200);
        /* One day too far apart. */
        linked_world_edge(&w, 2, 7, 19000);
        linked_world_edge(&w, 3, 7, 19021);
        /* Two guardians whose days touch: one interval. */
        for (uint32_t c = 3; c < 5; c++) {
                linked_world_edge(&w, c, 8, 19300);
                linked_world_edge(&w, c, 9, 19321);
        }
        check_world(&w, 1);
        struct linked *l = linked_world_view(&w, true, 1);
        const struct families *f = families_of(&w, l);
        uint32_t p = number_of(&w, l, 0), k = number_of(&w, l, 1);
        assert_int_equal(f->starts[p + 1] - f->starts[p], 2);
        const struct kin *kin = &f->kin[f->starts[p]];
        assert_true(kin[0].person == k && kin[0].from == 19030 && kin[0].until == 19070);
        assert_true(kin[1].person == k && kin[1].from == 19190 && kin[1].until == 19210);
        p = number_of(&w, l, 2);
        assert_int_equal(f->starts[p + 1], f->starts[p]);
        p = number_of(&w, l, 4);
        assert_int_equal(f->starts[p + 1] - f->starts[p], 1);
        kin = &f->kin[f->starts[p]];
        assert_true(kin[0].from == 19290 && kin[0].until == 19331);
        linked_unref(&l);
        linked_world_free(&w);
}

static void an_edge_nobody_dated_holds_always(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 3, 1);
        linked_world_edge(&w, 0, 3, MISSING_I32);
        linked_world_edge(&w, 1, 3, MISSING_I32);
        linked_world_edge(&w, 1, 3, 19000);
        check_world(&w, 1);
        struct linked *l = linked_world_view(&w, true, 1);
        const struct families *f = families_of(&w, l);
        uint32_t p = number_of(&w, l, 0);
        assert_int_equal(f->starts[p + 1] - f->starts[p], 1);
        assert_int_equal(f->kin[f->starts[p]].from, INT32_MIN);
        assert_int_equal(f->kin[f->starts[p]].until, INT32_MAX);
        linked_unref(&l);
        linked_world_free(&w);
}

/* The office's children are missing; the sister of one of them, by their mother, is
 * not, and sees her. */
static void a_professional_guardian_makes_families_missing(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 8, 2);
        for (uint32_t c = 0; c < 6; c++)
                linked_world_edge(&w, c, 8, 19000);
        linked_world_edge(&w, 5, 9, 19000);
        linked_world_edge(&w, 6, 9, 19000);
        check_world(&w, 1);
        struct linked *l = linked_world_view(&w, true, 1);
        const struct families *f = families_of(&w, l);
        assert_int_equal(f->missing, 6);
        assert_int_equal(f->guardians_over_limit, 1);
        assert_int_equal(f->families, 2);
        uint32_t sister = number_of(&w, l, 6);
        assert_int_not_equal(f->family[sister], FAMILY_MISSING);
        assert_int_equal(f->starts[sister + 1] - f->starts[sister], 1);
        assert_int_equal(f->kin[f->starts[sister]].person, number_of(&w, l, 5));
        linked_unref(&l);
        linked_world_free(&w);
}

static void an_edge_of_nobody_in_the_views_is_dropped(void **state)
{
        struct linked_world w;

        (void)state;
        empty_world(&w, 3, 2);
        linked_world_edge(&w, 4, 3, 19000); /* without rows */
        linked_world_edge(&w, 0, 3, 19000);
        memset(w.names[4], 0, 16);
        linked_world_edge(&w, 1, 4, 19000); /* to nobody */
        linked_world_edge(&w, 2, 4, 19000);
        struct linked *l = linked_world_view(&w, true, 1);
        assert_int_equal(families_of(&w, l)->families, 3);
        assert_int_equal(families_of(&w, l)->starts[3], 0);
        linked_unref(&l);
        linked_world_free(&w);
}

/* Many persons, one row each, in one data set. */
static uint8_t *crowd_tokens(uint32_t persons)
{
        struct linked_world dice = {.random = 17};
        uint64_t *tokens = malloc(16 * (size_t)persons);

        assert_non_null(tokens);
        for (size_t i = 0; i < 2 * (size_t)persons; i++)
                tokens[i] = 1 + linked_random(&dice, UINT64_MAX);
        return (uint8_t *)tokens;
}

static struct linked *link_crowd(struct linked_schema *s, uint32_t persons, const uint8_t *tokens,
        const struct guardian_edge *edges, uint32_t edges_len, struct family_limits limits)
{
        const void *const columns[WORLD_VARIABLES] = {NULL};
        const struct view_plain part = {
                .dataset = &s->datasets[2], .rows = persons, .tokens = tokens, .columns = columns};
        const struct linked_plain plain = {.parts = &part,
                .parts_len = 1,
                .family = true,
                .limits = limits,
                .edges = edges,
                .edges_len = edges_len};
        struct linked *l = NULL;

        linked_schema_make(s);
        assert_int_equal(linked_from_plain(&plain, 2, &l), ERR_OK);
        return l;
}

static void a_chain_of_a_million_ends(void **state)
{
        enum { PERSONS = UNDER_ASAN || UNDER_TSAN ? 100000 : 1000000 };
        struct linked_schema s;
        uint8_t *tokens = crowd_tokens(2 * PERSONS);
        struct guardian_edge *edges = malloc(sizeof(*edges) * 2 * PERSONS);
        uint32_t len = 0;

        (void)state;
        assert_non_null(edges);
        /* Guardian i has the children i and i + 1. */
        for (uint32_t i = 0; i + 1 < PERSONS; i++)
                for (uint32_t k = 0; k < 2; k++, len++) {
                        memcpy(edges[len].child, tokens + (size_t)16 * (i + k), 16);
                        memcpy(edges[len].guardian, tokens + (size_t)16 * (PERSONS + i), 16);
                        edges[len].day = 19000;
                }
        struct linked *l = link_crowd(&s, PERSONS, tokens, edges, len,
                (struct family_limits){.children_max = 20, .persons_max = 100});
        const struct families *f = view_families(linked_view(l, s.datasets[2].id));
        assert_int_equal(f->missing, PERSONS);
        assert_int_equal(f->families, 0);
        assert_int_equal(f->chains_over_limit, 1);
        linked_unref(&l);

        l = link_crowd(&s, PERSONS, tokens, edges, len,
                (struct family_limits){.children_max = 20, .persons_max = UINT32_MAX});
        f = view_families(linked_view(l, s.datasets[2].id));
        assert_int_equal(f->missing, 0);
        assert_true(f->families >= PERSONS / 2 && f->families < PERSONS);
        assert_int_equal(f->starts[PERSONS], 2 * (PERSONS - 1));
        linked_unref(&l);
        free(edges);
        free(tokens);
}

static void fifty_thousand_children_cost_what_their_edges_cost(void **state)
{
        enum { PERSONS = 50000, OFFICES = UNDER_ASAN || UNDER_TSAN ? 4 : 40 };
        struct linked_schema s;
        uint8_t *tokens = crowd_tokens(PERSONS + OFFICES);
        struct guardian_edge *edges = malloc(sizeof(*edges) * OFFICES * PERSONS);
        uint32_t len = 0;

        (void)state;
        assert_non_null(edges);
        /* Such guardians, each of all of them: a pair of children for every one of these
         * would be some billions. */
        for (uint32_t g = 0; g < OFFICES; g++)
                for (uint32_t i = 0; i < PERSONS; i++, len++) {
                        memcpy(edges[len].child, tokens + (size_t)16 * i, 16);
                        memcpy(edges[len].guardian, tokens + (size_t)16 * (PERSONS + g), 16);
                        edges[len].day = 19000;
                }
        struct linked *l = link_crowd(&s, PERSONS, tokens, edges, len,
                (struct family_limits){.children_max = 20, .persons_max = 100});
        const struct families *f = view_families(linked_view(l, s.datasets[2].id));
        assert_int_equal(f->missing, PERSONS);
        assert_int_equal(f->guardians_over_limit, OFFICES);
        assert_int_equal(f->chains_over_limit, 0);
        assert_int_equal(f->starts[PERSONS], 0);
        linked_unref(&l);
        free(edges);
        free(tokens);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(random_families_are_those_of_the_definition),
                cmocka_unit_test(two_who_guard_each_other_are_no_family),
                cmocka_unit_test(her_own_guardian_is_none),
                cmocka_unit_test(edges_hold_to_the_day_and_not_longer),
                cmocka_unit_test(an_edge_nobody_dated_holds_always),
                cmocka_unit_test(a_professional_guardian_makes_families_missing),
                cmocka_unit_test(an_edge_of_nobody_in_the_views_is_dropped),
                cmocka_unit_test(a_chain_of_a_million_ends),
                cmocka_unit_test(fifty_thousand_children_cost_what_their_edges_cost),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
