/* SPDX-License-Identifier: Apache-2.0 */
/* test_lattice_large.c: plans of hundreds of thousands of combinations: what protecting them
 * costs by counters of work, that the fewest inner cells hide what all would, and that whoever
 * stops in the middle leaves nothing that is shown. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/support/lattice_world.h"

enum { RECORDS = 6000, ARENA_MAX = 1 << 30, BODY_MAX = 64 << 20 };

/* Records in all municipalities, most in a few. */
static void begin(struct lattice_world *w, uint32_t records, uint64_t seed)
{
        lattice_world_make(w, records, seed);
        lattice_world_plan(w, "kommun,kon");
        lattice_world_plan(w, "kommun,alder:grupp");
        lattice_world_plan(w, "kommun:lan,orsak:omrade");
        lattice_world_plan(w, "kommun:lan,anmalare:slag");
        w->dataset.lattice.by_year = true;
        w->dataset.disclosure.secondary = true;
        w->dataset.disclosure.zeros_published = false;
        w->dataset.disclosure.interval = 0;
        uint64_t n = policy_municipalities(w->policy)->levels[0].len;
        for (uint32_t i = 0; i < records; i++)
                w->records[i].place = (uint16_t)lattice_random(w, 1 + lattice_random(w, n));
}

static uint64_t combinations(const struct lattice_source *s, const struct lattice_cube *c)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct lattice_axes axes;
        uint64_t all = c->blocks;

        assert_int_equal(lattice_axes_make(s, c, arena, &axes), ERR_OK);
        for (uint32_t i = 0; i < axes.finest_len; i++)
                all *= axes.leaves[i].len;
        return all;
}

/* The work of holding a vintage against the one before, in which so many records changed. */
static uint64_t work_of(uint32_t changed)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct lattice_cube cubes[2];
        struct lattice_source sources[2];
        struct view *views[2];
        struct lattice_world w;

        begin(&w, RECORDS, 11);
        for (uint32_t n = 0; n < 2; n++) {
                const struct lattice_earlier earlier = {&cubes[0], &sources[0]};

                views[n] = lattice_world_view(&w);
                sources[n] = lattice_world_source(&w, views[n]);
                assert_int_equal(lattice_count(&sources[n], arena, &cubes[n]), ERR_OK);
                assert_int_equal(
                        lattice_protect(&sources[n], &cubes[n], &earlier, n, NULL, arena), ERR_OK);
                for (uint32_t i = 0; i < changed; i++)
                        w.records[lattice_random(&w, RECORDS)].reason =
                                (uint8_t)lattice_random(&w, 10);
        }
        assert_true(combinations(&sources[1], &cubes[1]) > 100000);
        view_unref(&views[0]);
        view_unref(&views[1]);
        lattice_world_free(&w);
        return cubes[1].held_work;
}

/* Cells looked at. All combinations, each with the cells around it, would be some hundred millions.
 */
static void a_second_vintage_costs_what_changed(void **state)
{
        uint64_t none = work_of(0), fifty = work_of(50);

        (void)state;
        print_message("work: nothing changed %llu, fifty records %llu\n", (unsigned long long)none,
                (unsigned long long)fifty);
        assert_true(fifty < 3000000);
        assert_true(fifty - none < 300000);
}

/* Of a small world all combinations can be taken: the same is hidden. */
static void the_fewest_inner_cells_hide_what_all_would(void **state)
{
        (void)state;
        for (uint64_t seed = 1; seed <= 6; seed++) {
                OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
                struct lattice_cube few, all;
                struct lattice_world w;
                struct lattice_axes axes;
                struct disclosure_report report;
                size_t hidden = 0;

                lattice_world_make(&w, 700, seed);
                lattice_world_plan(&w, "kommun:lan,kon");
                lattice_world_plan(&w, "kommun:lan,alder:grupp");
                lattice_world_plan(&w, "orsak:omrade,kon");
                w.dataset.disclosure.secondary = true;
                w.dataset.disclosure.zeros_published = false;
                w.dataset.disclosure.interval = 0;
                struct view *v = lattice_world_view(&w);
                struct lattice_source source = lattice_world_source(&w, v);
                struct disclosure_settings settings = lattice_settings(&w.dataset.disclosure);

                settings.audit_cells_max = 0;
                assert_int_equal(lattice_count(&source, arena, &few), ERR_OK);
                assert_int_equal(lattice_axes_make(&source, &few, arena, &axes), ERR_OK);
                assert_int_equal(lattice_inner(&source, &few, arena, &axes), ERR_OK);
                assert_non_null(axes.release.inner);
                assert_true(axes.release.inner_len < combinations(&source, &few) / 2);
                assert_int_equal(
                        disclosure_protect(arena, &axes.release, &settings, NULL, &report), ERR_OK);
                assert_int_equal(lattice_count(&source, arena, &all), ERR_OK);
                assert_int_equal(lattice_axes_make(&source, &all, arena, &axes), ERR_OK);
                assert_int_equal(
                        disclosure_protect(arena, &axes.release, &settings, NULL, &report), ERR_OK);
                for (uint32_t t = 0; t < few.tables_len; t++)
                        for (size_t i = 0; i < few.tables[t].cells_len; i++) {
                                assert_int_equal(few.tables[t].status[i], all.tables[t].status[i]);
                                hidden += few.tables[t].status[i] == CELL_PROTECTED;
                        }
                assert_true(hidden > 20);
                view_unref(&v);
                lattice_world_free(&w);
        }
}

/* Every protected value is looked at, or said not to have been. */
static void widths_are_looked_for_though_no_table_has_all_dimensions(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct lattice_world w;
        struct lattice_cube cube;

        (void)state;
        begin(&w, 900, 12);
        w.dataset.disclosure.zeros_published = true;
        w.dataset.disclosure.interval = 3;
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);

        assert_int_equal(lattice_count(&source, arena, &cube), ERR_OK);
        assert_int_equal(lattice_protect(&source, &cube, NULL, 0, NULL, arena), ERR_OK);
        assert_false(cube.report.hidden_all);
        assert_true(cube.report.by_rule[CELL_RULE_NONE] > 100);
        assert_true(cube.report.audited > 200);
        assert_int_equal(cube.report.exact, 0);
        if (!cube.report.limited) {
                assert_int_equal(cube.report.interval_unasked, 0);
                assert_int_equal(cube.report.narrow, 0);
                assert_int_equal(cube.report.audited, cube.report.audit_of);
        }
        view_unref(&v);
        lattice_world_free(&w);
}

/* Stopping --------------------------------------------------------------------------- */

static struct bytes bytes_of_cube(const struct lattice_cube *c, struct buf *b)
{
        struct bytes out;

        buf_init(b, BODY_MAX);
        lattice_encode(c, b);
        assert_int_equal(buf_end(b, &out), ERR_OK);
        return out;
}

static bool shows_nothing(const struct lattice_cube *c)
{
        for (uint32_t t = 0; t < c->tables_len; t++)
                for (size_t i = 0; i < c->tables[t].cells_len; i++)
                        if (c->tables[t].status[i] == CELL_VALUE)
                                return false;
        return true;
}

struct stopping {
        atomic_bool stop;
        uint64_t calls, at; /* of progress */
        long after_ns;
};

static void on_progress(void *ctx, uint64_t done, uint64_t total)
{
        struct stopping *s = ctx;

        (void)done;
        (void)total;
        s->calls++;
        if (s->calls == s->at)
                atomic_store(&s->stop, true);
}

static void who_stops_while_tables_are_counted_waits_for_none_of_the_others(void **state)
{
        struct lattice_world w;

        (void)state;
        begin(&w, 1000, 13);
        struct view *v = lattice_world_view(&w);
        for (uint64_t at = 1; at <= 5; at++) {
                OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
                struct lattice_source source = lattice_world_source(&w, v);
                struct stopping s = {.at = at};
                struct lattice_cube cube;

                source.cancel = &s.stop;
                source.progress = on_progress;
                source.progress_ctx = &s;
                assert_int_equal(lattice_count(&source, arena, &cube), ERR_CANCELLED);
                assert_int_equal(s.calls, at);
        }
        view_unref(&v);
        lattice_world_free(&w);
}

static void *stop_later(void *arg)
{
        struct stopping *s = arg;
        const struct timespec pause = {.tv_nsec = s->after_ns};

        (void)nanosleep(&pause, NULL);
        atomic_store(&s->stop, true);
        return NULL;
}

/* Whenever it comes: all of it, byte for byte, or nothing. And made again it is the same. */
static void who_stops_while_tables_are_protected_leaves_nothing_shown(void **state)
{
        OWNED(arena_free) struct arena *keep = arena_new(ARENA_MAX);
        OWNED(buf_done) struct buf first;
        struct lattice_cube then, whole;
        struct lattice_world w;
        unsigned stopped = 0;

        (void)state;
        begin(&w, 1000, 14);
        struct view *before = lattice_world_view(&w);
        struct lattice_source source_then = lattice_world_source(&w, before);
        const struct lattice_earlier earlier = {&then, &source_then};
        assert_int_equal(lattice_count(&source_then, keep, &then), ERR_OK);
        assert_int_equal(lattice_protect(&source_then, &then, NULL, 0, NULL, keep), ERR_OK);
        w.records[5].reason ^= 1;
        struct view *v = lattice_world_view(&w);
        struct lattice_source source = lattice_world_source(&w, v);
        assert_int_equal(lattice_count(&source, keep, &whole), ERR_OK);
        assert_int_equal(lattice_protect(&source, &whole, &earlier, 1, NULL, keep), ERR_OK);
        struct bytes expected = bytes_of_cube(&whole, &first);

        for (long i = 0; i < 6; i++) {
                OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
                OWNED(buf_done) struct buf again;
                struct stopping s = {.after_ns = i * i * 3000000};
                struct lattice_cube cube;
                pthread_t thread;

                assert_int_equal(lattice_count(&source, arena, &cube), ERR_OK);
                source.cancel = &s.stop;
                atomic_store(&s.stop, i == 0);
                assert_int_equal(pthread_create(&thread, NULL, stop_later, &s), 0);
                enum err e = lattice_protect(&source, &cube, &earlier, 1, NULL, arena);
                assert_int_equal(pthread_join(thread, NULL), 0);
                source.cancel = NULL;
                stopped += e == ERR_CANCELLED;
                if (e == ERR_CANCELLED)
                        assert_true(shows_nothing(&cube));
                else
                        assert_true(bytes_equal(expected, bytes_of_cube(&cube, &again)));
                if (e == ERR_CANCELLED)
                        buf_init(&again, 16);
        }
        assert_true(stopped > 0);
        view_unref(&before);
        view_unref(&v);
        lattice_world_free(&w);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_second_vintage_costs_what_changed),
                cmocka_unit_test(the_fewest_inner_cells_hide_what_all_would),
                cmocka_unit_test(widths_are_looked_for_though_no_table_has_all_dimensions),
                cmocka_unit_test(who_stops_while_tables_are_counted_waits_for_none_of_the_others),
                cmocka_unit_test(who_stops_while_tables_are_protected_leaves_nothing_shown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
