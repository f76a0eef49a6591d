/* SPDX-License-Identifier: Apache-2.0 */
/* test_keeper.c: the key keeper as a process, asked through keeper.h: what it does,
 * what it refuses when asked directly, and what it leaves on disk. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "crypto/pseudonym.h"
#include "crypto/secret.h"
#include "tests/support/keeper_world.h"

#define KEEPER_PROGRAM STATGATE_BIN_DIR "/statgate-keeper"

/* A world with a keeper in it. */
struct stage {
        struct world w;
        struct keeper *k;
        struct digest bundle; /* of version 1 */
};

static void start(struct stage *s, unsigned slots)
{
        const struct keeper_options options = {
                .program = KEEPER_PROGRAM, .state_path = s->w.state, .slots = slots};

        assert_int_equal(keeper_start(&options, &s->k), ERR_OK);
}

static enum err unlock(struct stage *s, const char *passphrase)
{
        int fd = world_passphrase(passphrase);
        enum err e = keeper_unseal(s->k, fd);

        (void)close(fd);
        return e;
}

static enum err create(struct stage *s)
{
        int fd = world_passphrase("hemlig fras\n");
        enum err e = keeper_create(s->k, fd, world_cost, s->w.signer_public);

        (void)close(fd);
        return e;
}

static enum err load(struct stage *s, uint64_t version, const struct digest *predecessor)
{
        struct rules rules = world_rules(&s->w, version, predecessor);

        return keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, NULL));
}

static void prepare(struct stage *s, const char *dataset, municipality_t m)
{
        struct domain d = {.municipality = m};

        (void)snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        assert_int_equal(keeper_prepare_domain(s->k, &d), ERR_OK);
}

/* Keys, rules, four domains and a linkage. */
static void set_up(struct stage *s)
{
        struct rules rules;

        world_open(&s->w);
        start(s, 0);
        assert_int_equal(create(s), ERR_OK);
        rules = world_rules(&s->w, 1, NULL);
        assert_int_equal(
                keeper_load_bundle(s->k, world_bundle(&s->w, &rules, s->w.signer, &s->bundle)),
                ERR_OK);
        prepare(s, "anmalan", 114);
        prepare(s, "anmalan", 180);
        prepare(s, "anmalan", 1480);
        prepare(s, "placering", 180);
        prepare(s, "enkat", 114);
        assert_int_equal(keeper_prepare_linkage(s->k, "barn"), ERR_OK);
}

static void tear_down(struct stage *s)
{
        keeper_stop(&s->k);
        world_close(&s->w);
}

static void restart(struct stage *s)
{
        keeper_stop(&s->k);
        start(s, 0);
}

static void accept_batch(
        struct stage *s, const struct keeper_accept *batch, struct keeper_accepted *out)
{
        assert_int_equal(keeper_accept(s->k, batch, s->w.arena, out), ERR_OK);
        assert_false(out->rows_refused);
}

static struct keeper_open open_of(
        const struct keeper_accept *batch, const struct keeper_accepted *accepted)
{
        return (struct keeper_open){.linkage = "barn",
                .purpose = "statistik",
                .vintage = {1, 0},
                .name = batch->name,
                .epoch = accepted->epoch,
                .sealed = accepted->sealed};
}

/* Tokens of the rows, in the arena. */
static uint8_t *tokens_of(struct stage *s, const struct keeper_open *in)
{
        struct keeper_opened opened;
        uint8_t *copy;

        assert_int_equal(keeper_open_for_view(s->k, in, &opened), ERR_OK);
        copy = arena_alloc(s->w.arena, opened.rows, PSEUDONYM_LEN);
        assert_non_null(copy);
        memcpy(copy, opened.tokens, (size_t)opened.rows * PSEUDONYM_LEN);
        keeper_release(s->k, &opened);
        return copy;
}

static uint8_t *tokens_in(
        struct stage *s, const char *dataset, municipality_t m, unsigned first, uint32_t rows)
{
        struct keeper_accept batch = world_batch(&s->w, dataset, m, first, rows, 10);
        struct keeper_accepted accepted;
        struct keeper_open in;

        accept_batch(s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        return tokens_of(s, &in);
}

/* Keys on disk ------------------------------------------------------------- */

static void a_keyring_is_made_once_and_opened_again(void **state)
{
        struct stage s;
        struct stat st;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(keeper_generation(s.k), 0);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_UNREADABLE);
        assert_int_equal(create(&s), ERR_OK);
        assert_int_equal(keeper_generation(s.k), 1);
        assert_int_equal(stat(s.w.state, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(create(&s), ERR_CONFLICT);
        restart(&s);
        assert_int_equal(create(&s), ERR_CONFLICT);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(keeper_generation(s.k), 1);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_KEEPER_REFUSED);
        tear_down(&s);
}

static void a_wrong_passphrase_is_refused_and_the_right_one_still_works(void **state)
{
        char long_one[3000];
        struct stage s;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(create(&s), ERR_OK);
        restart(&s);
        memset(long_one, 'a', sizeof long_one - 1);
        long_one[sizeof long_one - 1] = '\0';
        assert_int_equal(unlock(&s, "hemlig fra"), ERR_PASSPHRASE);
        assert_int_equal(unlock(&s, "hemlig fras\n\n"), ERR_PASSPHRASE);
        assert_int_equal(unlock(&s, ""), ERR_PASSPHRASE);
        assert_int_equal(unlock(&s, "\n"), ERR_PASSPHRASE);
        assert_int_equal(unlock(&s, long_one), ERR_TOO_LARGE);
        assert_int_equal(load(&s, 1, NULL), ERR_KEEPER_REFUSED);
        assert_int_equal(unlock(&s, "hemlig fras\n"), ERR_OK);
        assert_int_equal(load(&s, 1, NULL), ERR_OK);
        tear_down(&s);
}

static void write_file(const char *path, const uint8_t *data, size_t len)
{
        FILE *file = fopen(path, "wb");

        assert_non_null(file);
        assert_int_equal(fwrite(data, 1, len, file), len);
        assert_int_equal(fclose(file), 0);
}

static size_t read_file(const char *path, uint8_t *data, size_t room)
{
        FILE *file = fopen(path, "rb");
        size_t len;

        assert_non_null(file);
        len = fread(data, 1, room, file);
        assert_int_equal(fclose(file), 0);
        return len;
}

static void a_torn_or_changed_state_file_is_refused(void **state)
{
        uint8_t whole[4096], torn[4096];
        struct stage s;
        size_t len;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(create(&s), ERR_OK);
        restart(&s);
        len = read_file(s.w.state, whole, sizeof whole);
        for (size_t cut = 0; cut < len; cut += 13) {
                write_file(s.w.state, whole, cut);
                assert_int_equal(unlock(&s, "hemlig fras"), ERR_KEYRING);
        }
        for (size_t at = 0; at < len; at += 7) {
                enum err e;

                memcpy(torn, whole, len);
                torn[at] ^= 0x20;
                write_file(s.w.state, torn, len);
                e = unlock(&s, "hemlig fras");
                assert_true(e == ERR_KEYRING || e == ERR_PASSPHRASE);
        }
        write_file(s.w.state, whole, len);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_OK);
        tear_down(&s);
}

static void a_passphrase_is_only_ever_seen_by_the_keeper(void **state)
{
        int fds[2];
        struct stage s;
        char c;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(create(&s), ERR_OK);
        restart(&s);
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], "hemlig fras", 11), 11);
        (void)close(fds[1]);
        assert_int_equal(keeper_unseal(s.k, fds[0]), ERR_OK);
        assert_int_equal(read(fds[0], &c, 1), 0); /* nothing was left for us */
        (void)close(fds[0]);
        tear_down(&s);
}

/* A new key counts only once its state is on disk -------------------------- */

static enum err try_prepare(struct stage *s, const char *dataset, municipality_t m)
{
        struct domain d = {.municipality = m};

        (void)snprintf(d.dataset, sizeof d.dataset, "%s", dataset);
        return keeper_prepare_domain(s->k, &d);
}

static void assert_domain_unusable(struct stage *s, const char *dataset, municipality_t m)
{
        struct keeper_accept batch = world_batch(&s->w, dataset, m, 0, 3, 10);
        struct keeper_accepted accepted;
        struct digest receipt;

        assert_int_equal(keeper_accept(s->k, &batch, s->w.arena, &accepted), ERR_NOT_FOUND);
        assert_int_equal(
                keeper_receipt(s->k, &batch.name, &batch.content, &receipt), ERR_NOT_FOUND);
}

static void a_key_whose_state_cannot_be_written_is_not_used(void **state)
{
        char away[128];
        struct stage s;
        uint64_t generation;

        (void)state;
        set_up(&s);
        generation = keeper_generation(s.k);
        (void)snprintf(away, sizeof away, "%s-away", s.w.folder);
        assert_int_equal(rename(s.w.folder, away), 0);
        assert_int_equal(try_prepare(&s, "placering", 114), ERR_IO);
        assert_domain_unusable(&s, "placering", 114);
        assert_int_equal(keeper_generation(s.k), generation);
        assert_int_equal(rename(away, s.w.folder), 0);
        assert_int_equal(try_prepare(&s, "placering", 114), ERR_OK);
        assert_non_null(tokens_in(&s, "placering", 114, 0, 3));
        assert_true(keeper_generation(s.k) > generation);
        tear_down(&s);
}

static void whatever_fails_in_a_write_the_file_on_disk_stays_whole(void **state)
{
        static const char *const sites[] = {"write", "sync"};
        struct stage s;
        unsigned failures = 0;

        (void)state;
        set_up(&s);
        for (unsigned i = 0; i < ARRAY_LEN(sites); i++) {
                municipality_t m = i == 0 ? 114 : 1480;

                for (unsigned nth = 0; fault_arm(sites[i], nth); nth++) {
                        struct stage other = {.k = NULL};
                        enum err e = try_prepare(&s, "placering", m);

                        if (e != ERR_OK) {
                                failures++;
                                assert_domain_unusable(&s, "placering", m);
                        }
                        other.w = s.w;
                        start(&other, 1);
                        assert_int_equal(unlock(&other, "hemlig fras"), ERR_OK);
                        keeper_stop(&other.k);
                }
                fault_disarm();
                assert_int_equal(try_prepare(&s, "placering", m), ERR_OK);
                assert_non_null(tokens_in(&s, "placering", 180, 0, 3));
        }
        assert_true(failures >= 3); /* write, sync of the file, sync of the folder */
        tear_down(&s);
}

static void a_bundle_is_in_force_only_when_its_version_is_on_disk(void **state)
{
        char away[128];
        struct stage s;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(create(&s), ERR_OK);
        (void)snprintf(away, sizeof away, "%s-away", s.w.folder);
        assert_int_equal(rename(s.w.folder, away), 0);
        assert_int_equal(load(&s, 1, NULL), ERR_IO);
        assert_int_equal(try_prepare(&s, "anmalan", 114), ERR_KEEPER_REFUSED);
        assert_int_equal(rename(away, s.w.folder), 0);
        assert_int_equal(load(&s, 1, NULL), ERR_OK);
        assert_int_equal(try_prepare(&s, "anmalan", 114), ERR_OK);
        tear_down(&s);
}

static void the_generation_before_stays_beside_the_state(void **state)
{
        uint8_t before[8192], after[8192], bak[8192];
        char path[128];
        struct stage s;
        size_t len, bak_len;

        (void)state;
        set_up(&s);
        (void)snprintf(path, sizeof path, "%s.bak", s.w.state);
        len = read_file(s.w.state, before, sizeof before);
        prepare(&s, "placering", 1480);
        bak_len = read_file(path, bak, sizeof bak);
        assert_int_equal(bak_len, len);
        assert_memory_equal(bak, before, len);
        assert_int_not_equal(read_file(s.w.state, after, sizeof after), 0);
        assert_memory_not_equal(after, before, len);
        tear_down(&s);
}

static void keys_survive_a_restart(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *before;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 20, 100);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        before = tokens_of(&s, &in);
        restart(&s);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(load(&s, 1, NULL), ERR_OK);
        assert_memory_equal(tokens_of(&s, &in), before, 20 * PSEUDONYM_LEN);
        tear_down(&s);
}

/* Persons ------------------------------------------------------------------ */

static void one_person_has_one_token_wherever_she_was_recorded(void **state)
{
        struct stage s;
        uint8_t *here, *there, *elsewhere;

        (void)state;
        set_up(&s);
        here = tokens_in(&s, "anmalan", 114, 0, 50);
        there = tokens_in(&s, "anmalan", 180, 10, 50);
        elsewhere = tokens_in(&s, "placering", 180, 20, 50);
        assert_memory_equal(here + 10 * PSEUDONYM_LEN, there, 40 * PSEUDONYM_LEN);
        assert_memory_equal(here + 20 * PSEUDONYM_LEN, elsewhere, 30 * PSEUDONYM_LEN);
        for (unsigned i = 1; i < 50; i++)
                assert_memory_not_equal(here, here + (size_t)i * PSEUDONYM_LEN, PSEUDONYM_LEN);
        tear_down(&s);
}

static void tokens_of_two_views_never_meet(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *first;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 5, 10);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        first = tokens_of(&s, &in);
        assert_memory_equal(tokens_of(&s, &in), first, PSEUDONYM_LEN);
        in.vintage = (struct vintage){2, 0};
        assert_memory_not_equal(tokens_of(&s, &in), first, PSEUDONYM_LEN);
        in.vintage = (struct vintage){1, 1};
        assert_memory_not_equal(tokens_of(&s, &in), first, PSEUDONYM_LEN);
        tear_down(&s);
}

static void what_went_in_comes_out(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 300, 5000);
        world_guardians(&s.w, &batch, 1000);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 300);
        assert_int_equal(opened.guardians_len, 600);
        assert_true(bytes_equal(opened.body, batch.body));
        for (unsigned i = 0; i < 300; i++)
                assert_int_equal(opened.guardian_counts[i], 2);
        /* The guardian of row 0 is person 1000, who is nobody's child here. */
        for (unsigned i = 0; i < 300; i++)
                assert_memory_not_equal(opened.tokens + (size_t)i * PSEUDONYM_LEN,
                        opened.guardian_tokens, PSEUDONYM_LEN);
        keeper_release(s.k, &opened);
        assert_memory_equal(tokens_in(&s, "anmalan", 180, 1000, 1),
                tokens_in(&s, "placering", 180, 1000, 1), PSEUDONYM_LEN);
        tear_down(&s);
}

static void a_guardian_is_the_same_person_as_elsewhere(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        uint8_t *as_child;

        (void)state;
        set_up(&s);
        as_child = tokens_in(&s, "placering", 180, 1000, 4);
        batch = world_batch(&s.w, "anmalan", 114, 0, 2, 10);
        world_guardians(&s.w, &batch, 1000);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_memory_equal(opened.guardian_tokens, as_child, 4 * PSEUDONYM_LEN);
        keeper_release(s.k, &opened);
        tear_down(&s);
}

static void a_record_has_one_tag_however_wide_its_column_is(void **state)
{
        uint8_t wide[3 * RECORD_KEY_MAX_LEN] = {0}, tags[3 * RECORD_TAG_LEN];
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        for (unsigned i = 0; i < 3; i++)
                memcpy(wide + (size_t)i * RECORD_KEY_MAX_LEN,
                        batch.record_keys + (size_t)i * batch.record_key_width,
                        batch.record_key_width);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        memcpy(tags, opened.tags, sizeof tags);
        keeper_release(s.k, &opened);
        assert_memory_not_equal(tags, tags + RECORD_TAG_LEN, RECORD_TAG_LEN);

        batch.record_keys = wide;
        batch.record_key_width = RECORD_KEY_MAX_LEN;
        batch.name.sequence = 1;
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_memory_equal(opened.tags, tags, sizeof tags);
        keeper_release(s.k, &opened);
        tear_down(&s);
}

/* Three rows: two local ids, one of them twice. */
static struct keeper_accept local_batch(struct stage *s, const char *dataset, municipality_t m)
{
        static const uint8_t ids[3][PERSON_ID_LEN] = {"tf-17", "tf-18", "tf-17"};
        static const uint8_t kinds[3] = {PERSON_LOCAL, PERSON_LOCAL, PERSON_LOCAL};
        struct keeper_accept batch = world_batch(&s->w, dataset, m, 0, 3, 10);

        batch.persons = (struct person_column){ids[0], kinds};
        return batch;
}

static void a_local_id_never_links_across_municipalities(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t *here, *there, *beside;

        (void)state;
        set_up(&s);
        batch = local_batch(&s, "anmalan", 114);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        here = tokens_of(&s, &in);
        batch = local_batch(&s, "anmalan", 180);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        there = tokens_of(&s, &in);
        batch = local_batch(&s, "placering", 180);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        beside = tokens_of(&s, &in);
        assert_memory_equal(here, here + 2 * PSEUDONYM_LEN, PSEUDONYM_LEN);
        assert_memory_not_equal(here, here + PSEUDONYM_LEN, PSEUDONYM_LEN);
        assert_memory_not_equal(here, there, PSEUDONYM_LEN);
        assert_memory_equal(there, beside, PSEUDONYM_LEN);
        tear_down(&s);
}

static void a_record_without_a_person_has_no_token(void **state)
{
        static const uint8_t nobody[PSEUDONYM_LEN];
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_open in;
        uint8_t ids[2][PERSON_ID_LEN] = {{0}}, *tokens;
        const uint8_t kinds[2] = {PERSON_NONE, PERSON_NATIONAL};

        (void)state;
        set_up(&s);
        world_person(7, ids[1]);
        batch = world_batch(&s.w, "placering", 180, 0, 2, 10);
        batch.persons = (struct person_column){ids[0], kinds};
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        tokens = tokens_of(&s, &in);
        assert_memory_equal(tokens, nobody, PSEUDONYM_LEN);
        assert_memory_not_equal(tokens + PSEUDONYM_LEN, nobody, PSEUDONYM_LEN);

        batch = world_batch(&s.w, "enkat", 114, 0, 2, 10);
        batch.persons = (struct person_column){NULL, NULL};
        accept_batch(&s, &batch, &accepted);
        tear_down(&s);
}

/* What the keeper refuses by itself ---------------------------------------- */

static void ids_are_checked_and_one_wrong_one_stops_the_batch(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        uint8_t ids[5][PERSON_ID_LEN], kinds[5];

        (void)state;
        set_up(&s);
        for (unsigned i = 0; i < 5; i++) {
                world_person(i, ids[i]);
                kinds[i] = PERSON_NATIONAL;
        }
        ids[1][11] = (uint8_t)('0' + (ids[1][11] - '0' + 1) % 10);
        memcpy(ids[2], "299912319996", PERSON_ID_LEN);
        memset(ids[3], 0, PERSON_ID_LEN);
        kinds[3] = PERSON_NONE;
        kinds[4] = 9;
        batch = world_batch(&s.w, "anmalan", 114, 0, 5, 10);
        batch.persons = (struct person_column){ids[0], kinds};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_null(accepted.sealed.data);
        assert_int_equal(accepted.rules[0], PNR_OK);
        assert_int_equal(accepted.rules[1], PNR_RULE_CHECK_DIGIT);
        assert_int_not_equal(accepted.rules[2], PNR_OK);
        assert_int_equal(accepted.rules[3], PNR_RULE_EMPTY);
        assert_int_equal(accepted.rules[4], PNR_RULE_KIND);
        tear_down(&s);
}

static void a_wrong_guardian_stops_the_batch_too(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        world_guardians(&s.w, &batch, 100);
        ((uint8_t *)(uintptr_t)batch.guardians.persons.ids)[4 * PERSON_ID_LEN] = 'x';
        ((uint8_t *)(uintptr_t)batch.guardians.persons.kinds)[5] = PERSON_NONE;
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(accepted.rules[i], PNR_OK);
        for (unsigned i = 0; i < 4; i++)
                assert_int_equal(accepted.guardian_rules[i], PNR_OK);
        assert_int_equal(accepted.guardian_rules[4], PNR_RULE_SHAPE);
        assert_int_equal(accepted.guardian_rules[5], PNR_RULE_EMPTY);
        tear_down(&s);
}

static void the_rules_of_a_data_set_bind_the_keeper(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        uint8_t id[PERSON_ID_LEN];
        const uint8_t national = PERSON_NATIONAL;

        (void)state;
        set_up(&s);
        prepare(&s, "sluten", 114);
        batch = world_batch(&s.w, "sluten", 114, 0, 3, 10); /* clear ids */
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_NOT_ALLOWED);
        batch = world_batch(&s.w, "placering", 180, 0, 3, 10); /* guardians */
        world_guardians(&s.w, &batch, 100);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_NOT_ALLOWED);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10); /* persons left out */
        batch.persons = (struct person_column){NULL, NULL};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_PERSON_ID);
        batch = world_batch(&s.w, "enkat", 114, 0, 3, 10); /* persons where none belong */
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_int_equal(accepted.rules[0], PNR_RULE_KIND);
        batch = world_batch(&s.w, "placering", 180, 0, 1, 10); /* official test number */
        memcpy(id, "199001012389", PERSON_ID_LEN);
        id[11] = (uint8_t)pnr_check_digit((const char *)id + 2);
        batch.persons = (struct person_column){id, &national};
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_OK);
        assert_true(accepted.rows_refused);
        assert_int_equal(accepted.rules[0], PNR_RULE_TEST_NUMBER);
        tear_down(&s);
}

static void a_domain_outside_the_bundle_gets_no_keys(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;

        (void)state;
        set_up(&s);
        assert_int_equal(try_prepare(&s, "anmalan", 2584), ERR_NOT_ALLOWED);
        assert_int_equal(try_prepare(&s, "okand", 114), ERR_NOT_ALLOWED);
        assert_int_equal(keeper_prepare_linkage(s.k, "okand"), ERR_LINKAGE_REFUSED);
        batch = world_batch(&s.w, "anmalan", 2584, 0, 3, 10);
        assert_int_equal(keeper_accept(s.k, &batch, s.w.arena, &accepted), ERR_NOT_ALLOWED);
        tear_down(&s);
}

static void what_no_valid_linkage_covers_is_not_opened(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;

        (void)state;
        set_up(&s);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_OK);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        in.linkage = "gammal";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        in.linkage = "okand";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        in.linkage = "barn";
        in.purpose = "nyfikenhet";
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);

        batch = world_batch(&s.w, "anmalan", 1480, 0, 3, 10); /* not in the linkage */
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);

        batch = world_batch(&s.w, "enkat", 114, 0, 3, 10); /* data set not in it */
        batch.persons = (struct person_column){NULL, NULL};
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_LINKAGE_REFUSED);
        tear_down(&s);
}

static void a_batch_opens_only_under_its_own_name(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_opened opened;
        struct keeper_open in;
        uint8_t *changed;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        in.name.domain.municipality = 180;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = open_of(&batch, &accepted);
        in.name.sequence++;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = open_of(&batch, &accepted);
        in.name.submission.bytes[15] ^= 1;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        in = open_of(&batch, &accepted);
        in.epoch++;
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_NOT_FOUND);
        changed = arena_alloc(s.w.arena, accepted.sealed.len, 1);
        for (size_t at = 0; at < accepted.sealed.len; at++) {
                memcpy(changed, accepted.sealed.data, accepted.sealed.len);
                changed[at] ^= 0x80;
                in = open_of(&batch, &accepted);
                in.sealed.data = changed;
                assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
                in.sealed = bytes_of(accepted.sealed.data, at);
                assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_TAMPERED);
        }
        tear_down(&s);
}

static void a_receipt_names_the_batch_and_its_content(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct digest receipt;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 3, 10);
        accept_batch(&s, &batch, &accepted);
        assert_int_equal(keeper_receipt(s.k, &batch.name, &batch.content, &receipt), ERR_OK);
        assert_memory_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.name.sequence++;
        assert_int_equal(keeper_receipt(s.k, &batch.name, &batch.content, &receipt), ERR_OK);
        assert_memory_not_equal(&receipt, &accepted.receipt, sizeof receipt);
        batch.name.sequence--;
        batch.content.bytes[0] ^= 1;
        assert_int_equal(keeper_receipt(s.k, &batch.name, &batch.content, &receipt), ERR_OK);
        assert_memory_not_equal(&receipt, &accepted.receipt, sizeof receipt);
        tear_down(&s);
}

/* Bundles ------------------------------------------------------------------ */

static void only_a_pinned_signer_is_believed(void **state)
{
        OWNED(secret_free) struct secret *foreign = NULL;
        uint8_t foreign_public[SIGN_PUBLIC_LEN];
        struct stage s;
        struct rules rules;
        struct bytes file;
        uint8_t *changed;

        (void)state;
        world_open(&s.w);
        start(&s, 0);
        assert_int_equal(create(&s), ERR_OK);
        rules = world_rules(&s.w, 1, NULL);
        assert_int_equal(sign_keygen(&foreign, foreign_public), ERR_OK);
        file = world_bundle(&s.w, &rules, foreign, NULL);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_POLICY_SIGNATURE);
        file = world_bundle(&s.w, &rules, s.w.signer, NULL);
        changed = arena_alloc(s.w.arena, file.len, 1);
        for (size_t at = 0; at < file.len; at += 3) {
                enum err e;

                memcpy(changed, file.data, file.len);
                changed[at] ^= 4;
                e = keeper_load_bundle(s.k, bytes_of(changed, file.len));
                assert_true(e == ERR_POLICY_SIGNATURE || e == ERR_POLICY_REFUSED);
                assert_int_equal(
                        keeper_load_bundle(s.k, bytes_of(file.data, at)), ERR_POLICY_REFUSED);
        }
        assert_int_equal(try_prepare(&s, "anmalan", 114), ERR_KEEPER_REFUSED);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_OK);
        assert_int_equal(keeper_load_bundle(s.k, file), ERR_OK);
        tear_down(&s);
}

static void a_bundle_is_followed_by_its_successor_and_no_other(void **state)
{
        struct digest second, wrong;
        struct rules rules;
        struct stage s;

        (void)state;
        set_up(&s);
        wrong = s.bundle;
        wrong.bytes[3] ^= 1;
        assert_int_equal(load(&s, 3, &s.bundle), ERR_POLICY_SUCCESSION);
        assert_int_equal(load(&s, 2, &wrong), ERR_POLICY_SUCCESSION);
        rules = world_rules(&s.w, 1, NULL);
        rules.linkages_len = 1; /* version 1 once more, but another one */
        assert_int_equal(keeper_load_bundle(s.k, world_bundle(&s.w, &rules, s.w.signer, NULL)),
                ERR_POLICY_SUCCESSION);
        rules = world_rules(&s.w, 2, &s.bundle);
        rules.linkages_len = 1;
        assert_int_equal(
                keeper_load_bundle(s.k, world_bundle(&s.w, &rules, s.w.signer, &second)), ERR_OK);
        assert_int_equal(keeper_prepare_linkage(s.k, "gammal"), ERR_LINKAGE_REFUSED);
        assert_int_equal(load(&s, 1, NULL), ERR_POLICY_SUCCESSION);
        restart(&s);
        assert_int_equal(unlock(&s, "hemlig fras"), ERR_OK);
        assert_int_equal(load(&s, 1, NULL), ERR_POLICY_SUCCESSION);
        assert_int_equal(load(&s, 3, &second), ERR_OK);
        tear_down(&s);
}

/* Erasure ------------------------------------------------------------------ */

static void an_erased_person_is_gone_from_rows_and_guardians(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_opened opened;
        struct keeper_open in;
        struct bytes shorter = bytes_of_text("shorter"), sealed;
        uint8_t person[PERSON_ID_LEN], keep[10];

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 10, 100);
        world_guardians(&s.w, &batch, 4); /* person 4: row 4, and a guardian of row 0 */
        accept_batch(&s, &batch, &accepted);
        world_person(4, person);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.rows, 10);
        assert_int_equal(found.hits, 1);
        assert_int_equal(found.guardian_hits, 1);
        assert_true(bytes_equal(found.body, batch.body));
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(found.keep[i], i == 4 ? 0 : 1);

        /* An erasure cannot be used to make somebody else's row disappear. */
        memcpy(keep, found.keep, sizeof keep);
        keep[5] = 0;
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, keep, 10, shorter, s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(
                keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed, person,
                        PERSON_NATIONAL, found.keep, 9, shorter, s.w.arena, &sealed),
                ERR_INVALID);

        assert_int_equal(
                keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed, person,
                        PERSON_NATIONAL, found.keep, 10, shorter, s.w.arena, &sealed),
                ERR_OK);
        accepted.sealed = sealed;
        in = open_of(&batch, &accepted);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 9);
        assert_int_equal(opened.guardians_len, 17); /* 20, less two of row 4 and one of row 0 */
        assert_int_equal(opened.guardian_counts[0], 1);
        assert_true(bytes_equal(opened.body, shorter));
        uint8_t tokens[9 * PSEUDONYM_LEN], guardian[PSEUDONYM_LEN];

        memcpy(tokens, opened.tokens, sizeof tokens);
        memcpy(guardian, opened.guardian_tokens, sizeof guardian);
        keeper_release(s.k, &opened);
        uint8_t *fresh = tokens_in(&s, "anmalan", 180, 0, 10);

        assert_memory_equal(tokens, fresh, 4 * PSEUDONYM_LEN);
        assert_memory_equal(
                tokens + 4 * PSEUDONYM_LEN, fresh + 5 * PSEUDONYM_LEN, 5 * PSEUDONYM_LEN);
        assert_memory_equal(guardian, fresh + 5 * PSEUDONYM_LEN, PSEUDONYM_LEN);
        tear_down(&s);
}

static void erasing_somebody_who_is_not_there_changes_nothing(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct bytes sealed;
        uint8_t person[PERSON_ID_LEN], *before;
        struct keeper_open in;

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 0, 10, 100);
        accept_batch(&s, &batch, &accepted);
        in = open_of(&batch, &accepted);
        before = tokens_of(&s, &in);
        world_person(77, person);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits + found.guardian_hits, 0);
        assert_int_equal(found.body.len, 0);
        assert_int_equal(keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, found.keep, 10, bytes_of_text("forged"),
                                 s.w.arena, &sealed),
                ERR_INVALID);
        assert_int_equal(
                keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed, person,
                        PERSON_NATIONAL, found.keep, 10, bytes_of(NULL, 0), s.w.arena, &sealed),
                ERR_OK);
        in.sealed = sealed;
        assert_memory_equal(tokens_of(&s, &in), before, 10 * PSEUDONYM_LEN);
        person[0] = 'x';
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, s.w.arena, &found),
                ERR_PERSON_ID);
        tear_down(&s);
}

static void the_last_row_of_a_batch_can_be_erased(void **state)
{
        struct stage s;
        struct keeper_accept batch;
        struct keeper_accepted accepted;
        struct keeper_found found;
        struct keeper_opened opened;
        struct keeper_open in;
        uint8_t person[PERSON_ID_LEN];

        (void)state;
        set_up(&s);
        batch = world_batch(&s.w, "anmalan", 114, 3, 1, 50);
        world_guardians(&s.w, &batch, 90);
        accept_batch(&s, &batch, &accepted);
        world_person(3, person);
        assert_int_equal(keeper_erase_find(s.k, &batch.name, accepted.epoch, accepted.sealed,
                                 person, PERSON_NATIONAL, s.w.arena, &found),
                ERR_OK);
        assert_int_equal(found.hits, 1);
        in = open_of(&batch, &accepted);
        assert_int_equal(
                keeper_erase_seal(s.k, &batch.name, accepted.epoch, accepted.sealed, person,
                        PERSON_NATIONAL, found.keep, 1, bytes_of(NULL, 0), s.w.arena, &in.sealed),
                ERR_OK);
        assert_int_equal(keeper_open_for_view(s.k, &in, &opened), ERR_OK);
        assert_int_equal(opened.rows, 0);
        assert_int_equal(opened.guardians_len, 0);
        assert_int_equal(opened.body.len, 0);
        keeper_release(s.k, &opened);
        tear_down(&s);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_keyring_is_made_once_and_opened_again),
                cmocka_unit_test(a_wrong_passphrase_is_refused_and_the_right_one_still_works),
                cmocka_unit_test(a_torn_or_changed_state_file_is_refused),
                cmocka_unit_test(a_passphrase_is_only_ever_seen_by_the_keeper),
                cmocka_unit_test(a_key_whose_state_cannot_be_written_is_not_used),
                cmocka_unit_test(whatever_fails_in_a_write_the_file_on_disk_stays_whole),
                cmocka_unit_test(a_bundle_is_in_force_only_when_its_version_is_on_disk),
                cmocka_unit_test(the_generation_before_stays_beside_the_state),
                cmocka_unit_test(keys_survive_a_restart),
                cmocka_unit_test(one_person_has_one_token_wherever_she_was_recorded),
                cmocka_unit_test(tokens_of_two_views_never_meet),
                cmocka_unit_test(what_went_in_comes_out),
                cmocka_unit_test(a_guardian_is_the_same_person_as_elsewhere),
                cmocka_unit_test(a_record_has_one_tag_however_wide_its_column_is),
                cmocka_unit_test(a_local_id_never_links_across_municipalities),
                cmocka_unit_test(a_record_without_a_person_has_no_token),
                cmocka_unit_test(ids_are_checked_and_one_wrong_one_stops_the_batch),
                cmocka_unit_test(a_wrong_guardian_stops_the_batch_too),
                cmocka_unit_test(the_rules_of_a_data_set_bind_the_keeper),
                cmocka_unit_test(a_domain_outside_the_bundle_gets_no_keys),
                cmocka_unit_test(what_no_valid_linkage_covers_is_not_opened),
                cmocka_unit_test(a_batch_opens_only_under_its_own_name),
                cmocka_unit_test(a_receipt_names_the_batch_and_its_content),
                cmocka_unit_test(only_a_pinned_signer_is_believed),
                cmocka_unit_test(a_bundle_is_followed_by_its_successor_and_no_other),
                cmocka_unit_test(an_erased_person_is_gone_from_rows_and_guardians),
                cmocka_unit_test(erasing_somebody_who_is_not_there_changes_nothing),
                cmocka_unit_test(the_last_row_of_a_batch_can_be_erased),
        };

        log_to(STDERR_FILENO, LOG_ERROR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
