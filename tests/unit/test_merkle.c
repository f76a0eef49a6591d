/* SPDX-License-Identifier: Apache-2.0 */
/* test_merkle.c: trees held against their definition, and proofs against everything that is
 * nearly one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/digest.h"
#include "crypto/merkle.h"
#include "tests/support/vectors.h"

enum { LEAVES = 301, LEVELS = 9, VECTOR_LEAVES = 8 };

static struct digest leaves[LEAVES];
static struct digest roots[LEAVES + 1];
static struct digest complete[LEVELS][LEAVES]; /* roots of complete subtrees */

/* The definition, word for word (RFC 9162, 2.1.1). */
static void tree_of(uint64_t start, uint64_t len, struct digest *out)
{
        struct digest left, right;
        uint64_t k = 1;

        if (len == 0) {
                merkle_empty_root(out);
                return;
        }
        if (len == 1) {
                *out = leaves[start];
                return;
        }
        while (k * 2 < len)
                k *= 2;
        tree_of(start, k, &left);
        tree_of(start + k, len - k, &right);
        merkle_node(&left, &right, out);
}

static enum err subtree(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        unsigned *asked = ctx;

        if (asked != NULL)
                (*asked)++;
        assert_true(level < LEVELS && (index + 1) << level <= LEAVES);
        *out = complete[level][index];
        return ERR_OK;
}

/* In a log of 2^64 - 1 equal leaves every complete subtree of a height is equal. */
static enum err endless(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        struct digest at = leaves[0];

        (void)ctx;
        assert_true(level < 64 && index <= UINT64_MAX >> level);
        for (unsigned i = 0; i < level; i++)
                merkle_node(&at, &at, &at);
        *out = at;
        return ERR_OK;
}

static int group_setup(void **state)
{
        (void)state;
        for (uint32_t i = 0; i < LEAVES; i++)
                merkle_leaf(bytes_of(&i, sizeof i), &leaves[i]);
        for (unsigned n = 0; n <= LEAVES; n++)
                tree_of(0, n, &roots[n]);
        for (unsigned level = 0; level < LEVELS; level++)
                for (unsigned i = 0; (i + 1) << level <= LEAVES; i++)
                        tree_of(i << level, 1u << level, &complete[level][i]);
        return 0;
}

static bool includes(uint64_t index, uint64_t size, const struct merkle_proof *p)
{
        return merkle_check_inclusion(&leaves[index], index, size, p, &roots[size]) == ERR_OK;
}

static bool extends(uint64_t before, uint64_t size, const struct merkle_proof *p)
{
        return merkle_check_consistency(before, &roots[before], size, &roots[size], p) == ERR_OK;
}

/* Published -------------------------------------------------------------------- */

static void the_empty_tree_is_the_digest_of_nothing(void **state)
{
        struct merkle_edge e = {.size = 0};
        struct digest root, expected;

        (void)state;
        assert_int_equal(
                hex_decode("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                        expected.bytes, sizeof expected.bytes),
                ERR_OK);
        merkle_root(&e, &root);
        assert_memory_equal(root.bytes, expected.bytes, sizeof root.bytes);
}

static struct digest known_leaves[VECTOR_LEAVES], known_roots[VECTOR_LEAVES + 1];

static void trees_are_those_of_certificate_transparency(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "trees.txt");
        struct merkle_edge e = {.size = 0};
        uint8_t bytes[VECTOR_BYTES_MAX];
        struct vector v;
        struct digest root;

        (void)state;
        while (vectors_next(in, &v)) {
                size_t len = vector_bytes(&v, "data", bytes);

                merkle_leaf(bytes_of(bytes, len), &known_leaves[e.size]);
                merkle_push(&e, &known_leaves[e.size]);
                assert_int_equal(e.size, vector_number(&v, "size"));
                merkle_root(&e, &root);
                assert_int_equal(vector_bytes(&v, "root", bytes), sizeof root.bytes);
                assert_memory_equal(root.bytes, bytes, sizeof root.bytes);
                known_roots[e.size] = root;
        }
        assert_int_equal(e.size, VECTOR_LEAVES);
        (void)fclose(in);
}

static enum err known_subtree(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        struct digest left, right;

        if (level == 0) {
                *out = known_leaves[index];
                return ERR_OK;
        }
        TRY(known_subtree(ctx, level - 1, 2 * index, &left));
        TRY(known_subtree(ctx, level - 1, 2 * index + 1, &right));
        merkle_node(&left, &right, out);
        return ERR_OK;
}

static void check_vector(const struct vector *v)
{
        uint64_t first = (uint64_t)vector_number(v, "first");
        uint64_t size = (uint64_t)vector_number(v, "size");
        uint8_t path[VECTOR_BYTES_MAX];
        size_t len = vector_bytes(v, "path", path);
        struct merkle_proof made, given = {.len = (uint32_t)(len / 32)};

        if (len > 0)
                memcpy(given.hashes, path, len);
        if (strcmp(vector_text(v, "kind"), "inclusion") == 0) {
                assert_int_equal(
                        merkle_prove_inclusion(first, size, known_subtree, NULL, &made), ERR_OK);
                assert_int_equal(merkle_check_inclusion(&known_leaves[first], first, size, &given,
                                         &known_roots[size]),
                        ERR_OK);
        } else {
                assert_int_equal(
                        merkle_prove_consistency(first, size, known_subtree, NULL, &made), ERR_OK);
                assert_int_equal(merkle_check_consistency(first, &known_roots[first], size,
                                         &known_roots[size], &given),
                        ERR_OK);
        }
        assert_int_equal(made.len, given.len);
        assert_memory_equal(made.hashes, given.hashes, len);
}

static void published_proofs_are_made_and_hold(void **state)
{
        FILE *in = vectors_open(STATGATE_ROOT, "proofs.txt");
        struct vector v;
        unsigned count = 0;

        (void)state;
        for (; vectors_next(in, &v); count++)
                check_vector(&v);
        assert_int_equal(count, 36 + 36);
        (void)fclose(in);
}

/* Every tree up to 300 leaves ---------------------------------------------------- */

static void every_tree_is_its_definition(void **state)
{
        struct merkle_edge e = {.size = 0}, made;
        struct digest root;

        (void)state;
        for (unsigned n = 0; n < LEAVES; n++) {
                merkle_root(&e, &root);
                assert_memory_equal(root.bytes, roots[n].bytes, sizeof root.bytes);
                assert_int_equal(merkle_edge_of(n, subtree, NULL, &made), ERR_OK);
                assert_int_equal(made.size, e.size);
                assert_memory_equal(
                        made.peaks, e.peaks, (unsigned)__builtin_popcount(n) * sizeof *made.peaks);
                merkle_push(&e, &leaves[n]);
        }
}

static void every_leaf_of_every_tree_is_proved(void **state)
{
        struct merkle_proof p;

        (void)state;
        for (unsigned n = 1; n < LEAVES; n++)
                for (unsigned i = 0; i < n; i++) {
                        unsigned asked = 0;

                        assert_int_equal(merkle_prove_inclusion(i, n, subtree, &asked, &p), ERR_OK);
                        assert_true(includes(i, n, &p));
                        assert_true(p.len <= LEVELS && asked <= 2 * LEVELS);
                        assert_int_equal(merkle_check_inclusion(
                                                 &leaves[(i + 1) % LEAVES], i, n, &p, &roots[n]),
                                ERR_TAMPERED);
                        assert_int_equal(
                                merkle_check_inclusion(&leaves[i], i, n, &p, &roots[n + 1]),
                                ERR_TAMPERED);
                }
}

static void a_leaf_is_proved_in_its_own_place_alone(void **state)
{
        struct merkle_proof p;

        (void)state;
        for (unsigned n = 1; n < 70; n++)
                for (unsigned i = 0; i < n; i++) {
                        assert_int_equal(merkle_prove_inclusion(i, n, subtree, NULL, &p), ERR_OK);
                        for (unsigned j = 0; j < n; j++)
                                assert_true(i == j || merkle_check_inclusion(&leaves[i], j, n, &p,
                                                              &roots[n]) == ERR_TAMPERED);
                }
}

static void every_tree_is_proved_to_extend_every_smaller_one(void **state)
{
        struct merkle_proof p;

        (void)state;
        for (unsigned n = 0; n < LEAVES; n++)
                for (unsigned m = 0; m <= n; m++) {
                        assert_int_equal(merkle_prove_consistency(m, n, subtree, NULL, &p), ERR_OK);
                        assert_true(extends(m, n, &p));
                        if (m == 0)
                                continue;
                        assert_int_equal(
                                merkle_check_consistency(m, &roots[m - 1], n, &roots[n], &p),
                                ERR_TAMPERED);
                        assert_int_equal(
                                merkle_check_consistency(m, &roots[m], n, &roots[n + 1], &p),
                                ERR_TAMPERED);
                }
}

/* Changed proofs, for pairs of every shape. */
static const struct {
        uint64_t first, size;
} shapes[] = {{0, 1}, {0, 2}, {1, 2}, {0, 3}, {2, 3}, {1, 4}, {4, 5}, {3, 7}, {6, 7}, {7, 8},
        {5, 9}, {8, 9}, {8, 16}, {11, 16}, {21, 42}, {63, 64}, {64, 65}, {128, 255}, {200, 300}};

typedef bool (*holds_fn)(uint64_t first, uint64_t size, const struct merkle_proof *p);

static void nothing_near_holds(holds_fn holds, uint64_t a, uint64_t b, const struct merkle_proof *p)
{
        struct merkle_proof q = *p;

        for (unsigned bit = 0; bit < p->len * 256; bit++) {
                q.hashes[bit / 256].bytes[bit % 256 / 8] ^= (uint8_t)(1 << bit % 8);
                assert_false(holds(a, b, &q));
                q = *p;
        }
        for (uint32_t drop = 0; drop < p->len; drop++) {
                q.len = p->len - 1;
                memmove(&q.hashes[drop], &q.hashes[drop + 1],
                        (p->len - 1 - drop) * sizeof *q.hashes);
                assert_false(holds(a, b, &q));
                q = *p;
        }
        for (uint32_t i = 0; i < p->len; i++)
                for (uint32_t j = 0; j < i; j++) {
                        q.hashes[i] = p->hashes[j];
                        q.hashes[j] = p->hashes[i];
                        assert_false(holds(a, b, &q));
                        q = *p;
                }
        for (uint32_t at = 0; at <= p->len; at++) {
                const struct digest *extra[3] = {&leaves[7], &roots[b], &p->hashes[0]};

                for (unsigned e = 0; e < (p->len > 0 ? 3 : 2); e++) {
                        q.len = p->len + 1;
                        memmove(&q.hashes[at + 1], &p->hashes[at],
                                (p->len - at) * sizeof *q.hashes);
                        q.hashes[at] = *extra[e];
                        assert_false(holds(a, b, &q));
                        q = *p;
                }
        }
        q.len = MERKLE_PROOF_MAX + 1; /* says so, and is not believed */
        assert_false(holds(a, b, &q));
}

static void a_changed_proof_of_inclusion_proves_nothing(void **state)
{
        struct merkle_proof p;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(shapes); i++) {
                assert_int_equal(
                        merkle_prove_inclusion(shapes[i].first, shapes[i].size, subtree, NULL, &p),
                        ERR_OK);
                nothing_near_holds(includes, shapes[i].first, shapes[i].size, &p);
        }
}

static void a_changed_proof_of_consistency_proves_nothing(void **state)
{
        struct merkle_proof p;

        (void)state;
        for (unsigned i = 0; i < ARRAY_LEN(shapes); i++) {
                assert_int_equal(merkle_prove_consistency(
                                         shapes[i].first, shapes[i].size, subtree, NULL, &p),
                        ERR_OK);
                nothing_near_holds(extends, shapes[i].first, shapes[i].size, &p);
        }
}

/* A bit of either root changes everything, and so does a leaf that is swapped for a node. */
static void another_root_or_a_node_for_a_leaf_is_refused(void **state)
{
        struct merkle_proof p, q;
        struct digest root, inner;

        (void)state;
        assert_int_equal(merkle_prove_consistency(21, 42, subtree, NULL, &p), ERR_OK);
        for (unsigned bit = 0; bit < 256; bit++) {
                root = roots[42];
                root.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(
                        merkle_check_consistency(21, &roots[21], 42, &root, &p), ERR_TAMPERED);
                root = roots[21];
                root.bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
                assert_int_equal(
                        merkle_check_consistency(21, &root, 42, &roots[42], &p), ERR_TAMPERED);
        }
        /* The node over leaves 0 and 1 as if it were leaf 0 of a tree half as large. */
        assert_int_equal(merkle_prove_inclusion(0, 8, subtree, NULL, &p), ERR_OK);
        merkle_node(&leaves[0], &leaves[1], &inner);
        q.len = p.len - 1;
        memcpy(q.hashes, p.hashes + 1, q.len * sizeof *q.hashes);
        assert_int_equal(merkle_check_inclusion(&inner, 0, 8, &q, &roots[8]), ERR_TAMPERED);
        /* A head that claims another size is another head: sizes are signed. But nobody's data
         * hashes to that node: what is hashed as a leaf begins with a zero. */
        uint8_t both[64];
        memcpy(both, leaves[0].bytes, 32);
        memcpy(both + 32, leaves[1].bytes, 32);
        merkle_leaf(bytes_of(both, sizeof both), &root);
        assert_false(digest_equal(&root, &inner));
}

/* Hostile sizes ------------------------------------------------------------------ */

static void a_tree_that_is_not_there_has_no_proofs(void **state)
{
        struct merkle_proof p = {.len = 77}, none = {.len = 0};

        (void)state;
        assert_int_equal(merkle_prove_inclusion(0, 0, subtree, NULL, &p), ERR_INVALID);
        assert_int_equal(merkle_prove_inclusion(5, 5, subtree, NULL, &p), ERR_INVALID);
        assert_int_equal(merkle_prove_inclusion(UINT64_MAX, 5, subtree, NULL, &p), ERR_INVALID);
        assert_int_equal(merkle_prove_consistency(6, 5, subtree, NULL, &p), ERR_INVALID);
        assert_int_equal(p.len, 77);
        assert_int_equal(merkle_check_inclusion(&leaves[0], 0, 0, &none, &leaves[0]), ERR_TAMPERED);
        assert_int_equal(
                merkle_check_inclusion(&leaves[0], UINT64_MAX, UINT64_MAX, &none, &leaves[0]),
                ERR_TAMPERED);
        assert_int_equal(merkle_check_consistency(2, &roots[2], 1, &roots[1], &none), ERR_TAMPERED);
        assert_int_equal(
                merkle_check_consistency(UINT64_MAX, &roots[2], 1, &roots[1], &none), ERR_TAMPERED);
}

static void everything_extends_nothing_by_an_empty_proof_alone(void **state)
{
        struct merkle_proof none = {.len = 0}, one = {.len = 1, .hashes = {leaves[1]}};
        struct digest zero = {{0}};

        (void)state;
        assert_int_equal(merkle_check_consistency(0, &zero, 5, &roots[5], &none), ERR_OK);
        assert_int_equal(merkle_check_consistency(0, &roots[0], 5, &roots[5], &one), ERR_TAMPERED);
        assert_int_equal(merkle_check_consistency(0, &roots[0], 0, &roots[0], &none), ERR_OK);
        /* A log of nothing has one root. */
        assert_int_equal(merkle_check_consistency(0, &zero, 0, &zero, &none), ERR_TAMPERED);
        /* The same size: the same root, and nothing to prove. */
        assert_int_equal(merkle_check_consistency(5, &roots[5], 5, &roots[5], &none), ERR_OK);
        assert_int_equal(merkle_check_consistency(5, &roots[5], 5, &roots[4], &none), ERR_TAMPERED);
        assert_int_equal(merkle_check_consistency(5, &roots[5], 5, &roots[5], &one), ERR_TAMPERED);
}

/* A root says nothing of its tree's size; a proof does, by its length. */
static void a_proof_is_as_long_as_its_tree_is_high(void **state)
{
        const struct merkle_proof sister = {.len = 1, .hashes = {leaves[0]}};
        struct merkle_proof p;

        (void)state;
        assert_int_equal(
                merkle_check_inclusion(&leaves[1], 0, 1, &sister, &roots[2]), ERR_TAMPERED);
        for (unsigned n = 2; n < LEAVES; n++) {
                assert_int_equal(merkle_prove_inclusion(0, n, subtree, NULL, &p), ERR_OK);
                assert_int_equal(merkle_check_inclusion(&leaves[0], 0, 2ul * n, &p, &roots[n]),
                        ERR_TAMPERED);
                assert_int_equal(
                        merkle_check_inclusion(&leaves[0], 0, n / 2, &p, &roots[n]), ERR_TAMPERED);
                assert_int_equal(merkle_prove_consistency(1, n, subtree, NULL, &p), ERR_OK);
                assert_int_equal(merkle_check_consistency(1, &roots[1], 2ul * n, &roots[n], &p),
                        ERR_TAMPERED);
                assert_int_equal(
                        merkle_check_consistency(1, &roots[1], n / 2, &roots[n], &p), ERR_TAMPERED);
        }
}

static const uint64_t hostile[] = {1ull << 32, (1ull << 32) + 1, (1ull << 63) - 1, 1ull << 63,
        (1ull << 63) + 1, UINT64_MAX - 1, UINT64_MAX};

static void the_largest_trees_are_proved_like_others(void **state)
{
        (void)state;
        for (unsigned s = 0; s < ARRAY_LEN(hostile); s++) {
                const uint64_t size = hostile[s];
                const uint64_t firsts[] = {1, 2, size / 2, size / 2 + 1, size - 1, 1ull << 31,
                        0x5555555555555555 % size};
                struct merkle_edge e, before;
                struct digest root, before_root;
                struct merkle_proof p;

                assert_int_equal(merkle_edge_of(size, endless, NULL, &e), ERR_OK);
                merkle_root(&e, &root);
                for (unsigned i = 0; i < ARRAY_LEN(firsts); i++) {
                        assert_int_equal(
                                merkle_prove_inclusion(firsts[i], size, endless, NULL, &p), ERR_OK);
                        assert_true(p.len <= MERKLE_LEVELS);
                        assert_int_equal(
                                merkle_check_inclusion(&leaves[0], firsts[i], size, &p, &root),
                                ERR_OK);
                        p.len--;
                        assert_int_equal(
                                merkle_check_inclusion(&leaves[0], firsts[i], size, &p, &root),
                                ERR_TAMPERED);
                        assert_int_equal(
                                merkle_prove_consistency(firsts[i], size, endless, NULL, &p),
                                ERR_OK);
                        assert_true(p.len <= MERKLE_LEVELS + 1);
                        assert_int_equal(merkle_edge_of(firsts[i], endless, NULL, &before), ERR_OK);
                        merkle_root(&before, &before_root);
                        assert_int_equal(
                                merkle_check_consistency(firsts[i], &before_root, size, &root, &p),
                                ERR_OK);
                        p.len--;
                        assert_int_equal(
                                merkle_check_consistency(firsts[i], &before_root, size, &root, &p),
                                ERR_TAMPERED);
                }
        }
}

/* Zeros, ones and long nonsense end, and prove nothing. */
static void nonsense_of_any_length_proves_nothing(void **state)
{
        struct merkle_proof p = {.len = 0};

        (void)state;
        for (unsigned s = 0; s < ARRAY_LEN(hostile); s++)
                for (p.len = 0; p.len <= MERKLE_PROOF_MAX; p.len++) {
                        assert_int_equal(merkle_check_inclusion(&leaves[0], hostile[s] - 1,
                                                 hostile[s], &p, &roots[1]),
                                ERR_TAMPERED);
                        assert_int_equal(merkle_check_consistency(hostile[s] / 2, &roots[1],
                                                 hostile[s], &roots[2], &p),
                                ERR_TAMPERED);
                }
}

static enum err unreadable(void *ctx, unsigned level, uint64_t index, struct digest *out)
{
        unsigned *left = ctx;

        (void)level;
        (void)index;
        *out = leaves[0];
        return (*left)-- == 0 ? ERR_CORRUPT : ERR_OK;
}

static void what_cannot_be_read_is_passed_on(void **state)
{
        struct merkle_proof p = {.len = 77};
        struct merkle_edge e = {.size = 77};

        (void)state;
        for (unsigned n = 0; n < 3; n++) {
                unsigned left = n;

                assert_int_equal(merkle_prove_inclusion(3, 7, unreadable, &left, &p), ERR_CORRUPT);
                left = n;
                assert_int_equal(
                        merkle_prove_consistency(3, 7, unreadable, &left, &p), ERR_CORRUPT);
                left = n;
                assert_int_equal(merkle_edge_of(7, unreadable, &left, &e), ERR_CORRUPT);
        }
        assert_int_equal(p.len, 77);
        assert_int_equal(e.size, 77);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_empty_tree_is_the_digest_of_nothing),
                cmocka_unit_test(trees_are_those_of_certificate_transparency),
                cmocka_unit_test(published_proofs_are_made_and_hold),
                cmocka_unit_test(every_tree_is_its_definition),
                cmocka_unit_test(every_leaf_of_every_tree_is_proved),
                cmocka_unit_test(a_leaf_is_proved_in_its_own_place_alone),
                cmocka_unit_test(every_tree_is_proved_to_extend_every_smaller_one),
                cmocka_unit_test(a_changed_proof_of_inclusion_proves_nothing),
                cmocka_unit_test(a_changed_proof_of_consistency_proves_nothing),
                cmocka_unit_test(another_root_or_a_node_for_a_leaf_is_refused),
                cmocka_unit_test(a_tree_that_is_not_there_has_no_proofs),
                cmocka_unit_test(everything_extends_nothing_by_an_empty_proof_alone),
                cmocka_unit_test(a_proof_is_as_long_as_its_tree_is_high),
                cmocka_unit_test(the_largest_trees_are_proved_like_others),
                cmocka_unit_test(nonsense_of_any_length_proves_nothing),
                cmocka_unit_test(what_cannot_be_read_is_passed_on),
        };

        return cmocka_run_group_tests(tests, group_setup, NULL);
}
