/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_aliases.c: numbers that became others, over the wire.
 *
 * Thirty children are placed in 0114 under the numbers they came with, and the same thirty in
 * 0180 under those that they were given. Sixty persons are in the first vintage, thirty in the
 * second, which is published after 0114 has told who became whom, and sixty again in the
 * third, after it has taken that back. What the first has answered it answers always. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "crypto/personnummer.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 30, RENAMED_FROM = 1000, DAY = 20000 };

static struct world world;

static int setup(void **state)
{
        struct placement rows[CHILDREN];
        uint64_t random = 3;

        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        world_start(&world);
        for (unsigned round = 0; round < 2; round++) {
                for (uint32_t i = 0; i < CHILDREN; i++) {
                        rows[i] = placement_random(&random, 1, i);
                        rows[i].person = i + (round == 0 ? 0 : RENAMED_FROM);
                        rows[i].local = false;
                }
                (void)deliver(&world, round == 0 ? 114 : 180, DELIVERY_APPEND, rows, CHILDREN, 10);
        }
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Children 0 to CHILDREN - 1 became those from RENAMED_FROM on. */
struct renamed {
        uint8_t was[CHILDREN][PERSON_ID_LEN], became[CHILDREN][PERSON_ID_LEN], kinds[CHILDREN];
        int32_t days[CHILDREN];
        struct box_persons who;
};

static void rename_all(struct renamed *r)
{
        for (uint32_t i = 0; i < CHILDREN; i++) {
                child_id(i, r->was[i]);
                child_id(i + RENAMED_FROM, r->became[i]);
                r->kinds[i] = PERSON_NATIONAL;
                r->days[i] = DAY + (int32_t)i;
        }
        r->who = (struct box_persons){
                CHILDREN, CHILDREN, {r->was[0], r->kinds}, {r->became[0], r->kinds}};
}

static struct wire_aliased record(const struct renamed *r, struct submission_id *id)
{
        struct wire_aliased out;

        assert_int_equal(world_alias(&world, 114, &r->who, r->days, id), STATUS_OK);
        assert_int_equal(aliased_decode(world.arena, world_answer, &out), ERR_OK);
        return out;
}

static enum status undo(const char *who, const struct submission_id *id)
{
        municipality_t m = strcmp(who, "municipality/0180") == 0 ? 180 : 114;

        return world_undo_aliases(&world, who, m, id);
}

static struct wire_alias_list list(municipality_t m)
{
        struct wire_alias_list out;

        assert_int_equal(
                world_call(&world, town(&world, m), "Submission/ListAliases", bytes_of(NULL, 0)),
                STATUS_OK);
        assert_int_equal(alias_list_decode(world.arena, world_answer, &out), ERR_OK);
        return out;
}

/* The release of a vintage as it came, and how many persons it tells of. */
static struct bytes answer_of(uint32_t vintage, int64_t *persons)
{
        OWNED(buf_done) struct buf b = {.ceiling = 1024};
        const struct query q = {.dataset = bytes_of_text("placering"),
                .purpose = bytes_of_text("uppfoljning"),
                .vintage = {vintage, 0}};
        struct wire_answer answer;
        struct wire_release r;
        struct bytes request;

        assert_int_equal(query_request_encode(&q, &b), ERR_OK);
        assert_int_equal(buf_end(&b, &request), ERR_OK);
        if (world_call(&world, world_client(&world, WORLD_STATISTICIAN), "Statistics/Query",
                    request) != STATUS_OK)
                fail_msg("vintage %u: %s", vintage, world_status.message);
        assert_int_equal(answer_decode(world.arena, world_answer, &answer), ERR_OK);
        assert_int_equal(release_decode(world.arena, answer.release, &r), ERR_OK);
        assert_int_equal(r.table.status[0], CELL_VALUE);
        *persons = r.table.measures[0].values[0];
        return answer.release;
}

static void expect(uint32_t vintage, int64_t wanted, struct bytes *before)
{
        int64_t persons = -1;
        struct bytes now = answer_of(vintage, &persons);

        assert_int_equal(persons, wanted);
        if (before->len > 0)
                assert_true(bytes_equal(now, *before));
        *before = now;
}

/* How often any of the numbers stands in a file below `folder`. */
static unsigned search(const char *folder, const struct renamed *r)
{
        DIR *dir = opendir(folder);
        unsigned found = 0;

        assert_non_null(dir);
        for (struct dirent *e; (e = readdir(dir)) != NULL;) {
                struct stat st;

                if (e->d_name[0] == '.')
                        continue;
                const char *name = arena_printf(world.arena, "%s/%s", folder, e->d_name);

                assert_int_equal(lstat(name, &st), 0);
                if (S_ISDIR(st.st_mode))
                        found += search(name, r);
                if (!S_ISREG(st.st_mode))
                        continue;
                struct bytes raw = world_read(&world, name);

                for (uint32_t i = 0; i < CHILDREN; i++) {
                        found += memmem(raw.data, raw.len, r->was[i] + 2, 10) != NULL;
                        found += memmem(raw.data, raw.len, r->became[i] + 2, 10) != NULL;
                }
        }
        (void)closedir(dir);
        return found;
}

static void a_number_that_became_another_is_one_person_until_that_is_undone(void **state)
{
        struct bytes first = {0}, second = {0}, third = {0};
        struct submission_id id;
        struct wire_aliased out;
        struct renamed all;

        (void)state;
        rename_all(&all);
        assert_int_equal(publish(&world).number, 1);
        expect(1, 2 * CHILDREN, &first);
        out = record(&all, &id);
        assert_int_equal(out.recorded, CHILDREN);
        assert_int_equal(out.rejections_len, 0);
        expect(1, 2 * CHILDREN, &first);
        assert_int_equal(publish(&world).number, 2);
        expect(2, CHILDREN, &second);
        expect(1, 2 * CHILDREN, &first);

        assert_int_equal(undo("municipality/0180", &id), STATUS_NOT_FOUND);
        assert_int_equal(undo("municipality/0114", &id), STATUS_OK);
        expect(2, CHILDREN, &second);
        assert_int_equal(publish(&world).number, 3);
        expect(3, 2 * CHILDREN, &third);
        expect(2, CHILDREN, &second);
        expect(1, 2 * CHILDREN, &first);

        /* A new process knows no more than the keyring and the store do. */
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(search(world.folder, &all), 0);
        world_start(&world);
        expect(1, 2 * CHILDREN, &first);
        expect(2, CHILDREN, &second);
        expect(3, 2 * CHILDREN, &third);
        assert_int_equal(world_stop(&world), 0);
}

static void a_revision_links_as_the_vintage_before_it(void **state)
{
        struct wire_person gone = {.kind = PERSON_NATIONAL};
        struct submission_id id;
        struct wire_answer answer;
        struct wire_release r;
        struct renamed all;

        (void)state;
        rename_all(&all);
        (void)record(&all, &id);
        (void)publish(&world);
        assert_int_equal(undo("municipality/0114", &id), STATUS_OK);
        /* Under the one number; under the other she stays, and is nobody new. */
        child_id(3, gone.id);
        assert_int_equal(world_erase(&world, 114, &gone), STATUS_OK);
        assert_int_equal(ask(&world, "", NULL, NULL, &answer, &r), STATUS_OK);
        assert_int_equal(r.vintage.revision, 1);
        assert_int_equal(r.table.measures[0].values[0], CHILDREN);
        assert_int_equal(world_stop(&world), 0);
}

static void what_is_told_of_them_is_ids_days_and_counts(void **state)
{
        struct wire_alias_list told;
        struct submission_id id, other;
        struct renamed all;
        struct bytes log;
        char hex[33];

        (void)state;
        rename_all(&all);
        (void)record(&all, &id);
        assert_int_equal(list(180).len, 0);
        told = list(114);
        assert_int_equal(told.len, 1);
        assert_memory_equal(told.entries[0].id.bytes, id.bytes, sizeof id.bytes);
        assert_int_equal(told.entries[0].events, CHILDREN);
        assert_int_equal(told.entries[0].first_day, DAY);
        assert_int_equal(told.entries[0].last_day, DAY + CHILDREN - 1);
        assert_int_equal(told.entries[0].municipality, 114);
        assert_false(told.entries[0].undone);
        /* The same events once more are no others. */
        struct wire_aliased again = record(&all, &other);
        assert_int_equal(again.recorded, 0);
        assert_int_equal(again.known, CHILDREN);
        assert_int_equal(undo("municipality/0114", &id), STATUS_OK);
        assert_true(list(114).entries[0].undone);
        assert_int_equal(undo(WORLD_OPERATOR, &id), STATUS_PERMISSION_DENIED);
        assert_int_equal(undo("municipality/0114", &other), STATUS_NOT_FOUND);
        assert_int_equal(world_stop(&world), 0);
        hex_encode(bytes_of(id.bytes, sizeof id.bytes), hex);
        log = world_read(&world, world_path(&world, "log/statgated.log"));
        assert_non_null(memmem(log.data, log.len, hex, 32));
        assert_non_null(memmem(log.data, log.len, "aliases_recorded", 16));
        assert_non_null(memmem(log.data, log.len, "aliases_undone", 14));
        assert_int_equal(search(world.folder, &all), 0);
}

static void rows_that_cannot_be_are_told_and_nothing_is_taken(void **state)
{
        struct submission_id id;
        struct wire_aliased out;
        struct renamed all;

        (void)state;
        rename_all(&all);
        memcpy(all.became[4], all.was[4], PERSON_ID_LEN);
        all.was[7][11] = (uint8_t)(all.was[7][11] == '9' ? '0' : all.was[7][11] + 1);
        out = record(&all, &id);
        assert_int_equal(out.recorded, 0);
        assert_int_equal(out.rejections_len, 1); /* numbers first */
        assert_int_equal(out.rejections[0].row, 7);
        assert_true(bytes_is_text(out.rejections[0].rule, "CHECK_DIGIT"));
        child_id(7, all.was[7]);
        out = record(&all, &id);
        assert_int_equal(out.rejections_len, 1);
        assert_int_equal(out.rejections[0].row, 4);
        assert_true(bytes_is_text(out.rejections[0].rule, "SELF"));
        assert_int_equal(list(114).len, 0);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define ALIAS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
                ALIAS_TEST(a_number_that_became_another_is_one_person_until_that_is_undone),
                ALIAS_TEST(a_revision_links_as_the_vintage_before_it),
                ALIAS_TEST(what_is_told_of_them_is_ids_days_and_counts),
                ALIAS_TEST(rows_that_cannot_be_are_told_and_nothing_is_taken),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
