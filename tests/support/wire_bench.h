/* SPDX-License-Identifier: Apache-2.0 */
/* wire_bench.h: an arena and a buffer for each test of a codec. */
#ifndef STATGATE_TESTS_SUPPORT_WIRE_BENCH_H
#define STATGATE_TESTS_SUPPORT_WIRE_BENCH_H

#include "base/arena.h"
#include "base/bytes.h"

enum { ARENA = 8 << 20 };

struct bench {
        struct arena *a;
        struct buf wire;
};

static inline int bench_set_up(void **state)
{
        static struct bench bench;

        bench.a = arena_new(ARENA);
        buf_init(&bench.wire, ARENA);
        *state = &bench;
        return bench.a == NULL ? -1 : 0;
}

static inline int bench_tear_down(void **state)
{
        struct bench *b = *state;

        arena_free(&b->a);
        buf_done(&b->wire);
        return 0;
}

#define ON_BENCH(test) cmocka_unit_test_setup_teardown(test, bench_set_up, bench_tear_down)

static inline struct bytes wire_of(const struct bench *b)
{
        return bytes_of(b->wire.data, b->wire.len);
}

#endif
