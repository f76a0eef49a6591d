/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_entries.c: what happens seldom is in the audit log too, as `statgate audit log`
 * tells it: linkages that end, keys that go, numbers that became others, quotas, witnesses; and
 * what it says of an answer that waited for its head in vain. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "gateway/audit/entry.h"
#include "gateway/store/log.h"
#include "tests/support/gateway_ask.h"
#include "tests/support/gateway_sealing.h"
#include "tests/support/world_command.h"

enum { CHILDREN = 40, MANY = 400, PATIENCE_MS = 30000, POLL_MS = 200 };

static struct world world;

static int make(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int unmake(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

static void begin(void)
{
        policy_begin(&world);
        world_start(&world);
        world_client_files(&world, "dpo", WORLD_DPO);
}

static void deliver_some(municipality_t m, uint32_t from, uint32_t len)
{
        static struct placement rows[MANY];
        uint64_t random = 1 + from;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, from + i);
                rows[i].person = from + i;
                rows[i].local = false;
        }
        (void)deliver(&world, m, DELIVERY_APPEND, rows, len, len);
}

/* What the log tells --------------------------------------------------------------------- */

/* The line of the newest entry of a kind that has all these words; NULL: there is none. */
static const char *told(const char *kind, const char *const *words, unsigned *out_many)
{
        const char *found = NULL;
        char *line, *rest;

        *out_many = 0;
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "log", "--all", "--kind", kind,
                                 "--format", "json"),
                0);
        char *text = arena_strndup(world.arena, world_out, strlen(world_out));

        assert_non_null(text);
        for (line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
                bool all = true;

                for (unsigned i = 0; words[i] != NULL; i++)
                        all = all && strstr(line, words[i]) != NULL;
                if (all) {
                        found = line;
                        ++*out_many;
                }
        }
        return found;
}

static const char *tells(const char *kind, const char *const *words)
{
        unsigned many;
        const char *line = told(kind, words, &many);

        if (line == NULL)
                fail_msg("no %s with \"%s\" in: %s", kind, words[0], world_out);
        assert_int_equal(many, 1);
        return line;
}
#define TELLS(kind, ...) tells(kind, (const char *const[]){__VA_ARGS__, NULL})

/* What comes by itself, some time. */
static void will_tell(const char *kind, const char *const *words)
{
        unsigned many = 0;

        for (unsigned ms = 0; ms < PATIENCE_MS; ms += POLL_MS) {
                if (told(kind, words, &many) != NULL) {
                        assert_int_equal(many, 1);
                        return;
                }
                nap(POLL_MS);
        }
        (void)tells(kind, words);
}
#define WILL_TELL(kind, ...) will_tell(kind, (const char *const[]){__VA_ARGS__, NULL})

static void tells_nothing_of(const char *kind, const char *word)
{
        unsigned many;

        assert_null(told(kind, (const char *const[]){word, NULL}, &many));
}

/* Linkages ------------------------------------------------------------------------------- */

/* The first linkage once more, under another name. */
static struct bytes with_one_linkage_more(struct bytes before)
{
        char *text = arena_strndup(world.arena, (const char *)before.data, before.len);

        assert_non_null(text);
        const char *from = strstr(text, "  - id: placering_riket\n"), *to = strstr(from, "\n\n");

        assert_non_null(to);
        from += strlen("  - id: placering_riket\n");
        return bytes_of_text(arena_printf(
                world.arena, "%s\n  - id: provlank\n%.*s\n", text, (int)(to - from), from));
}

static void a_linkage_that_ends_is_told_with_the_reason(void **state)
{
        struct bytes without;

        (void)state;
        without = world_read(&world, world_path(&world, "policy/linkages.yaml"));
        world_write(&world, "policy/linkages.yaml", with_one_linkage_more(without));
        begin();
        WILL_TELL("linkage-opened", "\"provlank\"", "\"placering\"");
        tells_nothing_of("linkage-closed", "linkage");
        world_write(&world, "policy/linkages.yaml", without);
        assert_int_equal(policy_follow(&world), STATUS_OK);
        WILL_TELL("linkage-closed", "\"provlank\"", "the bundle has it no more", "policy_digest");
        linkage_until(&world, "barnets_resa", "2025-12-31");
        assert_int_equal(policy_follow(&world), STATUS_OK);
        WILL_TELL("linkage-closed", "\"barnets_resa\"", "its time is over");
        /* Once each, whatever is loaded again. */
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        (void)TELLS("linkage-closed", "\"barnets_resa\"");
        (void)TELLS("linkage-closed", "\"provlank\"");
        assert_int_equal(world_stop(&world), 0);
}

/* Numbers that became others ---------------------------------------------------------------- */

static void aliases_are_told_with_who_sent_them_and_not_how_many(void **state)
{
        uint8_t was[1][PERSON_ID_LEN], became[1][PERSON_ID_LEN], kinds[1] = {PERSON_NATIONAL};
        const int32_t days[1] = {20000};
        const struct box_persons who = {1, 1, {was[0], kinds}, {became[0], kinds}};
        struct submission_id id;
        char hex[2 * sizeof id.bytes + 1];

        (void)state;
        begin();
        deliver_some(180, 100, CHILDREN);
        child_id(100, was[0]);
        child_id(900, became[0]);
        assert_int_equal(world_alias(&world, 180, &who, days, &id), STATUS_OK);
        hex_encode(bytes_of(id.bytes, sizeof id.bytes), hex);
        const char *line = TELLS(
                "aliases", "\"recorded\"", hex, "\"0180\"", "statgate://demo/municipality/0180");

        assert_null(strstr(line, "\"number\": {")); /* nor any count */
        assert_null(strstr(line, "\"rows\""));
        tells_nothing_of("aliases", "\"undone\"");
        assert_int_equal(world_undo_aliases(&world, WORLD_MUNICIPALITY, 180, &id), STATUS_OK);
        (void)TELLS("aliases", "\"undone\"", hex, "\"0180\"");
        assert_int_equal(world_stop(&world), 0);
}

/* Keys -------------------------------------------------------------------------------------- */

static enum status rotate(const char *kind, const char *dataset, municipality_t m)
{
        const struct wire_rotate r = {
                .kind = bytes_of_text(kind), .dataset = bytes_of_text(dataset), .municipality = m};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};

        assert_int_equal(rotate_encode(&r, &b), ERR_OK);
        return world_call(&world, world_client(&world, WORLD_OPERATOR), "Operations/RotateKeys",
                say_kept(&world, &b));
}

static void keys_that_rotate_and_go_are_told(void **state)
{
        const struct wire_domain domain = {bytes_of_text("placering"), 180};
        OWNED(buf_done) struct buf b = {.ceiling = 1024};

        (void)state;
        begin();
        deliver_some(180, 100, CHILDREN);
        assert_int_equal(rotate("signing", "", 0), STATUS_OK);
        (void)TELLS("keys", "\"rotated signing\"", "statgate://demo/operator/olle");
        assert_int_equal(rotate("sealing", "", 0), STATUS_OK);
        (void)TELLS("keys", "\"rotated sealing\"", "statgate://demo/operator/olle");
        assert_int_equal(rotate("domain", "placering", 180), STATUS_OK);
        (void)TELLS("keys", "\"rotated domain\"", "\"placering\"", "\"0180\"");
        WILL_TELL("keys", "\"older keys destroyed\"", "\"placering\"", "\"0180\"");
        assert_int_equal(destroy_encode(&domain, &b), ERR_OK);
        assert_int_equal(world_call(&world, world_client(&world, WORLD_DPO),
                                 "Operations/DestroyDomain", say_kept(&world, &b)),
                STATUS_OK);
        (void)TELLS(
                "keys", "\"destroyed\"", "\"placering\"", "\"0180\"", "statgate://demo/dpo/disa");
        (void)TELLS("retention", "\"domain\"", "\"placering\"", "\"0180\"");
        assert_int_equal(world_stop(&world), 0);
}

static long long number_of(const char *line)
{
        static const char word[] = "\"number\": ";
        long long last = -1;

        for (const char *at = line; (at = strstr(at, word)) != NULL; at++)
                last = strtoll(at + strlen(word), NULL, 10); /* the entry's own comes first */
        return last;
}

/* Quotas -------------------------------------------------------------------------------------- */

static void deliver_too_many(const struct wire_open *open, const struct placement *rows)
{
        struct talk t;

        talk_begin(&t, &world, town(&world, 114));
        assert_int_equal(talk_open(&t, open), STATUS_OK);
        assert_int_equal(talk_batch(&t, rows, MANY), STATUS_RESOURCE_EXHAUSTED);
        talk_break(&t);
}

/* All of that kind with that word, added up. */
static long long numbers_told(const char *kind, const char *word, unsigned *out_many)
{
        char *rest, *text;
        long long sum = 0;

        (void)told(kind, (const char *const[]){word, NULL}, out_many);
        text = arena_strndup(world.arena, world_out, strlen(world_out));
        assert_non_null(text);
        for (char *line = strtok_r(text, "\n", &rest); line != NULL;
                line = strtok_r(NULL, "\n", &rest))
                sum += strstr(line, word) != NULL ? number_of(line) : 0;
        return sum;
}

/* 0114 has some 50,000 inhabitants, so it may deliver some 50 persons. */
static void more_persons_than_a_municipality_can_have_are_an_alarm_once_a_minute(void **state)
{
        enum { AGAIN = 10 };
        const struct wire_open open = placering_append();
        static struct placement rows[MANY];
        uint64_t random = 5;
        static const char *const of_log[] = {"\"more than the quota\"", NULL};
        unsigned many;

        (void)state;
        world_edit(&world, "policy/bundle.yaml", "person_quota: {permille: 500, minimum: 2000}",
                "person_quota: {permille: 1, minimum: 10}");
        begin();
        for (uint32_t i = 0; i < MANY; i++) {
                rows[i] = placement_random(&random, 1, i);
                rows[i].person = i;
                rows[i].local = false;
        }
        deliver_too_many(&open, rows);
        WILL_TELL("alarm", "\"more than the quota\"", "\"QUOTA\"", "\"placering\"", "\"0114\"",
                "Submission/Submit", "\"policy_digest\"", "\"submission\"",
                "statgate://demo/municipality/0114");
        const char *line = told("alarm", of_log, &many);

        assert_int_equal(many, 1);
        assert_int_equal(number_of(line), 1);
        assert_null(strstr(line, "\"rows\""));
        for (unsigned i = 0; i < AGAIN; i++)
                deliver_too_many(&open, rows);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        /* The others are one entry, however many they are: or two where a minute went by. */
        assert_int_equal(numbers_told("alarm", of_log[0], &many), 1 + AGAIN);
        assert_in_range(many, 2, AGAIN / 2);
        assert_int_equal(world_stop(&world), 0);
}

static enum status erase(uint32_t child)
{
        struct wire_person person = {.kind = PERSON_NATIONAL};

        child_id(child, person.id);
        return world_erase(&world, 180, &person);
}

static void more_erasures_than_a_day_may_have_are_an_alarm_once_a_minute(void **state)
{
        unsigned many;

        (void)state;
        world_edit(&world, "policy/bundle.yaml", "erasure_quota: {per_day: 100}",
                "erasure_quota: {per_day: 2}");
        begin();
        deliver_some(180, 100, CHILDREN);
        assert_int_equal(erase(100), STATUS_OK);
        assert_int_equal(erase(9000), STATUS_OK);
        tells_nothing_of("alarm", "quota");
        assert_int_equal(erase(101), STATUS_RESOURCE_EXHAUSTED);
        WILL_TELL("alarm", "\"more than the quota\"", "\"ERASURES\"", "Submission/ErasePerson",
                "statgate://demo/municipality/0180");
        for (uint32_t i = 0; i < 10; i++)
                assert_int_equal(erase(102 + i), STATUS_RESOURCE_EXHAUSTED);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        assert_non_null(
                told("alarm", (const char *const[]){"\"more than the quota\"", NULL}, &many));
        assert_int_equal(many, 2);
        assert_non_null(told("erasure", (const char *const[]){"\"person\"", NULL}, &many));
        assert_int_equal(many, 2);
        assert_int_equal(world_stop(&world), 0);
}

/* Indicators ---------------------------------------------------------------------------------- */

static void an_indicator_is_told_with_its_version_and_its_rules(void **state)
{
        struct report rows[CHILDREN];
        struct wire_release r;

        (void)state;
        begin();
        for (uint32_t i = 0; i < CHILDREN; i++)
                rows[i] = (struct report){i % 30, NOBODY, i < 30 ? 20 : 80, i};
        (void)deliver_concerns(&world, 114, rows, CHILDREN);
        (void)publish(&world);
        assert_int_equal(
                ask_yaml(&world, "indicator: {id: anmald_igen_12_manader}\n", &r), STATUS_OK);
        (void)TELLS("answered", "\"anmald_igen_12_manader 1\"", "\"anmalan\"", "release_digest",
                "indicator anmald_igen_12_manader, indicators/anmald_igen_12_manader.yaml:",
                "statgate://demo/statistician/anna");
        assert_int_equal(
                ask_yaml(&world, "indicator: {id: finns_inte}\n", &r), STATUS_INVALID_ARGUMENT);
        (void)TELLS("refused", "statgate://demo/statistician/anna", "\"where\"");
        assert_int_equal(world_stop(&world), 0);
}

/* Calls that are not for the caller -------------------------------------------------------------
 */

/* However often somebody calls: the first is told at once, the others with their number. */
static void who_calls_what_is_not_for_her_role_is_told_of_once_a_minute(void **state)
{
        enum { CALLS = 50 };
        static const char *const of_log[] = {"\"not for this role\"", "Audit/GetHeads", NULL};
        struct client *anna, *olle;
        long long first;
        unsigned many;

        (void)state;
        begin();
        anna = world_client(&world, WORLD_STATISTICIAN);
        olle = world_client(&world, WORLD_OPERATOR);
        tells_nothing_of("alarm", "not for this role");
        assert_int_equal(world_call(&world, anna, "Audit/GetHeads", bytes_of(NULL, 0)),
                STATUS_PERMISSION_DENIED);
        WILL_TELL("alarm", "\"not for this role\"", "\"NOT_ALLOWED\"", "Audit/GetHeads",
                "statgate://demo/statistician/anna", "\"certificate\"");
        first = number_of(told("alarm", of_log, &many));
        assert_int_equal(first, 1);
        for (unsigned i = 1; i < CALLS; i++)
                assert_int_equal(world_call(&world, anna, "Audit/GetHeads", bytes_of(NULL, 0)),
                        STATUS_PERMISSION_DENIED);
        assert_int_equal(world_call(&world, olle, "Statistics/Query", bytes_of(NULL, 0)),
                STATUS_PERMISSION_DENIED);
        WILL_TELL("alarm", "\"not for this role\"", "Statistics/Query", "operator/olle");
        assert_non_null(told("alarm", of_log, &many));
        assert_int_equal(many, 1);
        assert_int_equal(
                world_call(&world, anna, "Statistics/ListDatasets", bytes_of(NULL, 0)), STATUS_OK);
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        /* What was counted since is told before the gateway ends. */
        assert_int_equal(number_of(told("alarm", of_log, &many)), CALLS - 1);
        assert_int_equal(many, 2);
        tells_nothing_of("alarm", "ListDatasets");
        assert_int_equal(world_stop(&world), 0);
}

/* Witnesses ----------------------------------------------------------------------------------- */

static void a_witness_that_does_not_listen_is_told_once_and_once_when_it_does(void **state)
{
        (void)state;
        world_edit(&world, "statgate.yaml", "threads: 2",
                "threads: 2\nwitnesses: [file:mount/witness, file:witness]");
        begin();
        WILL_TELL("alarm", "\"witness takes no heads\"", "/mount/witness");
        nap(7000); /* it is asked again every five seconds */
        (void)TELLS("alarm", "\"witness takes no heads\"");
        tells_nothing_of("alarm", "\"witness takes heads again\"");
        assert_int_equal(mkdir(world_path(&world, "mount"), 0700), 0);
        WILL_TELL("alarm", "\"witness takes heads again\"", "/mount/witness");
        (void)TELLS("alarm", "\"witness takes no heads\"");
        assert_int_equal(world_stop(&world), 0);
        assert_true(world_exists(&world, "mount/witness"));
}

/* Answers that wait for a head ------------------------------------------------------------------
 */

struct waiting {
        pthread_t thread;
        struct client *client;
        struct bytes request;
        struct call_status status;
        bool heard; /* an answer */
};

static void *wait_for_answer(void *arg)
{
        OWNED(arena_free) struct arena *arena = arena_new(16 << 20);
        struct waiting *w = arg;
        struct bytes answer;
        struct call *call = NULL;

        if (arena == NULL || call_start(w->client, "/statgate.v1.Statistics/Query", PATIENCE_MS,
                                     &call) != ERR_OK)
                return NULL;
        if (call_send(call, w->request) == ERR_OK && call_half_close(call) == ERR_OK)
                w->heard = call_receive(call, arena, &answer) == ERR_OK;
        (void)!call_finish(call, &w->status);
        call_free(&call);
        return NULL;
}

static const char question[] = "dataset: placering\ndimensions: [form]\n";

/* One who is answered, so that all that a question needs is there; then the keeper stops. */
static void stop_the_keeper(void)
{
        struct wire_release r;

        deliver_some(180, 100, CHILDREN);
        (void)publish(&world);
        assert_int_equal(ask_yaml(&world, question, &r), STATUS_OK);
        assert_int_equal(kill(world.keeper, SIGSTOP), 0);
}

/* Returns when its entry is there, behind the first; the number of that. */
static uint64_t ask_meanwhile(struct waiting *w, const char *who)
{
        static const char find[] = "SELECT max(number) FROM entry WHERE kind = 18";
        const char *path = world_path(&world, "store/statgate.db");
        sqlite3_int64 before = -1, number = -1;

        *w = (struct waiting){
                .client = world_client(&world, who), .request = say_yaml(&world, question)};
        for (unsigned ms = 0; ms < PATIENCE_MS; ms += 10) {
                sqlite3 *db = NULL;
                sqlite3_stmt *s = NULL;

                assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
                assert_int_equal(sqlite3_prepare_v2(db, find, -1, &s, NULL), SQLITE_OK);
                assert_int_equal(sqlite3_step(s), SQLITE_ROW);
                number = sqlite3_column_int64(s, 0);
                (void)sqlite3_finalize(s);
                (void)sqlite3_close(db);
                if (before < 0) {
                        before = number;
                        assert_int_equal(pthread_create(&w->thread, NULL, wait_for_answer, w), 0);
                }
                if (number > before)
                        return (uint64_t)number;
                nap(10);
        }
        fail_msg("no entry");
        return 0;
}

static void a_keeper_that_is_gone_keeps_the_answer_back(void **state)
{
        struct waiting w;
        char number[32];

        (void)state;
        begin();
        stop_the_keeper();
        (void)snprintf(number, sizeof number, "\"number\": %llu",
                (unsigned long long)ask_meanwhile(&w, WORLD_STATISTICIAN));
        assert_int_equal(kill(world.keeper, SIGKILL), 0);
        assert_int_equal(pthread_join(w.thread, NULL), 0);
        assert_false(w.heard);
        assert_int_equal(w.status.code, STATUS_UNAVAILABLE);
        assert_int_equal(world_wait(&world, PATIENCE_MS), 1);
        world_drop_clients(&world);
        world_start(&world);
        (void)TELLS("alarm", "\"keeper died\"");
        (void)TELLS("answered", number);
        (void)TELLS("refused", "\"withheld\"", "\"KEEPER_GONE\"", number + strlen("\"number\": "));
        assert_int_equal(world_stop(&world), 0);
}

/* Behind the gateway's back; of an entry that no head covers yet. */
static void spoil(uint64_t number)
{
        const char *path = world_path(&world, "store/statgate.db");
        sqlite3 *db = NULL;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_busy_timeout(db, PATIENCE_MS), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db,
                                 arena_printf(world.arena,
                                         "UPDATE entry SET commitment = zeroblob(32) "
                                         "WHERE number = %llu",
                                         (unsigned long long)number),
                                 NULL, NULL, NULL),
                SQLITE_OK);
        (void)sqlite3_close(db);
}

/* The head over the first is on its way when the second's entry is changed. */
static void a_log_that_was_changed_keeps_the_answer_back(void **state)
{
        struct waiting first, second;
        struct wire_release r;
        uint64_t spoiled;

        (void)state;
        begin();
        stop_the_keeper();
        (void)ask_meanwhile(&first, WORLD_STATISTICIAN);
        spoiled = ask_meanwhile(&second, "statistician/bo");
        spoil(spoiled);
        assert_int_equal(kill(world.keeper, SIGCONT), 0);
        assert_int_equal(pthread_join(first.thread, NULL), 0);
        assert_int_equal(pthread_join(second.thread, NULL), 0);
        assert_true(first.heard);
        assert_int_equal(first.status.code, STATUS_OK);
        assert_false(second.heard);
        assert_int_equal(second.status.code, STATUS_DATA_LOSS);
        /* Nor does anything later leave. A new start finds a log that begins as the keeper knows
         * it; whoever reads it finds the entry. */
        assert_int_equal(ask_yaml(&world, question, &r), STATUS_DATA_LOSS);
        (void)TELLS("refused", "\"withheld\"", "\"LOG_CHANGED\"", "statistician/bo");
        assert_int_equal(world_stop(&world), 0);
        world_start(&world);
        world_keeper_pub(&world);
        assert_int_equal(WORLD_RUN(&world, "--as", "dpo", "audit", "verify"), 8);
        assert_true(world_out_has(
                arena_printf(world.arena, "entry %llu", (unsigned long long)spoiled)));
        assert_int_equal(world_stop(&world), 0);
}

/* Copies of a live store
 * --------------------------------------------------------------------------- */

/* As an operator makes one while the gateway runs. */
static int verify_copy(void)
{
        const char *copy = world_path(&world, "copy.db");
        sqlite3 *from = NULL, *to = NULL;
        sqlite3_backup *b;

        (void)unlink(copy);
        assert_int_equal(sqlite3_open_v2(world_path(&world, "store/statgate.db"), &from,
                                 SQLITE_OPEN_READONLY, NULL),
                SQLITE_OK);
        assert_int_equal(sqlite3_open(copy, &to), SQLITE_OK);
        b = sqlite3_backup_init(to, "main", from, "main");
        assert_non_null(b);
        assert_int_equal(sqlite3_backup_step(b, -1), SQLITE_DONE);
        assert_int_equal(sqlite3_backup_finish(b), SQLITE_OK);
        (void)sqlite3_close(to);
        (void)sqlite3_close(from);
        return WORLD_RUN(&world, "audit", "verify", "--store", copy, "--key",
                world_path(&world, "client/keeper.pub"));
}

/* Refused before anything is counted. */
static void leave_an_entry(void)
{
        struct wire_release r;

        assert_int_not_equal(ask_yaml(&world, "dataset: finns_inte\n", &r), STATUS_OK);
}

/* While the keeper stands still nothing is signed. */
static void a_copy_of_a_running_gateways_store_may_end_with_what_is_not_signed_yet(void **state)
{
        (void)state;
        begin();
        world_keeper_pub(&world);
        leave_an_entry();
        nap(3000); /* signed and kept */
        assert_int_equal(verify_copy(), 0);
        assert_false(world_out_has("not signed yet"));
        assert_int_equal(kill(world.keeper, SIGSTOP), 0);
        leave_an_entry();
        leave_an_entry();
        assert_int_equal(verify_copy(), 0);
        assert_true(world_out_has("The log is whole"));
        assert_true(world_out_has("2 entries after the last head ("));
        assert_true(world_out_has("are not signed yet"));
        nap(10500);
        leave_an_entry();
        assert_int_equal(verify_copy(), 8);
        assert_true(world_out_has("no head covers the last entries"));
        assert_int_equal(kill(world.keeper, SIGCONT), 0);
        assert_int_equal(world_stop(&world), 0);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define SENTENCE(name) cmocka_unit_test_setup_teardown(name, make, unmake)
                SENTENCE(a_linkage_that_ends_is_told_with_the_reason),
                SENTENCE(aliases_are_told_with_who_sent_them_and_not_how_many),
                SENTENCE(keys_that_rotate_and_go_are_told),
                SENTENCE(more_persons_than_a_municipality_can_have_are_an_alarm_once_a_minute),
                SENTENCE(more_erasures_than_a_day_may_have_are_an_alarm_once_a_minute),
                SENTENCE(an_indicator_is_told_with_its_version_and_its_rules),
                SENTENCE(who_calls_what_is_not_for_her_role_is_told_of_once_a_minute),
                SENTENCE(a_witness_that_does_not_listen_is_told_once_and_once_when_it_does),
                SENTENCE(a_keeper_that_is_gone_keeps_the_answer_back),
                SENTENCE(a_log_that_was_changed_keeps_the_answer_back),
                SENTENCE(a_copy_of_a_running_gateways_store_may_end_with_what_is_not_signed_yet),
#undef SENTENCE
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
