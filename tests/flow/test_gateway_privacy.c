/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_privacy.c: nobody's number is anywhere.
 *
 * Known people are delivered, rejected, contradicted and erased while the gateway logs
 * and traces as much as it can. Then everything it wrote is searched for every one of
 * their numbers in every form a program might give it, and a thief's script tries its
 * luck with the folder. */
#include <ftw.h>
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

#include "crypto/digest.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum { CHILDREN = 30, NEEDLES_MAX = 8000, NEEDLE_MAX = 64 };

static struct world world;

static int setup(void **state)
{
        const struct world_start loud = {
                .flags = {"--log_level", "debug"},
                .trace = "rpc,store,keeper,submit,query,plan,view,linkage,policy,log",
        };

        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        assert_int_equal(world_try(&world, &loud), WORLD_UP);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* Deliveries of known people --------------------------------------------------------- */

static void children(struct placement *rows, uint32_t len)
{
        uint64_t random = 1;

        for (uint32_t i = 0; i < len; i++) {
                rows[i] = placement_random(&random, 1, 700000 + i);
                rows[i].person = i;
                rows[i].local = i % 10 == 9;
        }
}

/* The same people to two municipalities, two data sets, twice to one of them. */
static void deliver_everywhere(void)
{
        struct placement rows[CHILDREN];

        children(rows, CHILDREN);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, CHILDREN);
        (void)deliver(&world, 180, DELIVERY_APPEND, rows, CHILDREN, CHILDREN);
        (void)deliver(&world, 114, DELIVERY_APPEND, rows, CHILDREN, 10);
        (void)deliver_reports(&world, 180, rows, CHILDREN);
        (void)deliver_reports(&world, 114, rows, CHILDREN);
        (void)publish(&world);
}

static void overwrite(struct bytes message, const void *from, const void *to, size_t len)
{
        uint8_t *at = memmem(message.data, message.len, from, len);

        assert_non_null(at);
        memcpy(at, to, len);
}

/* Everything that makes a program want to say what it was given. */
static void cause_trouble(void)
{
        struct wire_person p = {.kind = PERSON_NATIONAL};
        const struct wire_open open = placering_append();
        struct placement rows[CHILDREN];
        uint8_t id[PERSON_ID_LEN], wrong[PERSON_ID_LEN];
        struct talk t;

        children(rows, CHILDREN);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        struct bytes message = say_batch(t.arena, 0, rows, CHILDREN);
        child_id(3, id); /* a number whose check digit is wrong */
        memcpy(wrong, id, sizeof id);
        wrong[11] = (uint8_t)('0' + (id[11] - '0' + 1) % 10);
        overwrite(message, id, wrong, sizeof id);
        assert_int_equal(talk_say(&t, message), STATUS_OK);
        message = say_batch(t.arena, 0, rows, CHILDREN - 1);
        assert_int_equal(talk_say(&t, message), STATUS_ALREADY_EXISTS);
        talk_break(&t);

        talk_begin(&t, &world, town(&world, 180)); /* cut inside the numbers */
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        message = say_batch(t.arena, 1, rows, CHILDREN);
        message.len = 200;
        assert_int_equal(talk_say(&t, message), STATUS_INVALID_ARGUMENT);
        talk_break(&t);

        /* Where a name belongs, a number. */
        struct wire_open strange = placering_append();
        strange.dataset = bytes_of(id, sizeof id);
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_say(&t, say_open(t.arena, &strange)), STATUS_INVALID_ARGUMENT);
        assert_null(strstr(t.status.message, "201"));
        for (uint32_t i = 0; i < t.status.details.len; i++)
                assert_null(
                        memmem(t.status.details.violations[i].text, VIOLATION_TEXT_MAX, id, 12));
        talk_break(&t);

        for (uint32_t i = 0; i < 2; i++) {
                child_id(i, p.id);
                p.id[11] = i == 0 ? p.id[11] : (uint8_t)('0' + (p.id[11] - '0' + 1) % 10);
                assert_int_equal(
                        world_erase(&world, 180, &p), i == 0 ? STATUS_OK : STATUS_INVALID_ARGUMENT);
        }
}

/* Needles ---------------------------------------------------------------------------- */

static struct needle {
        uint8_t bytes[NEEDLE_MAX];
        size_t len;
        const char *what;
} needles[NEEDLES_MAX];
static unsigned needles_len, files_seen;
static size_t bytes_seen;

static void needle(const char *what, const void *bytes, size_t len)
{
        assert_true(needles_len < NEEDLES_MAX && len <= NEEDLE_MAX);
        memcpy(needles[needles_len].bytes, bytes, len);
        needles[needles_len].len = len;
        needles[needles_len++].what = what;
}

/* A text as it stands and in UTF-16 of both orders. */
static void needle_text(const char *what, const char *text, size_t len)
{
        uint8_t little[2 * NEEDLE_MAX] = {0}, big[2 * NEEDLE_MAX] = {0};

        for (size_t i = 0; i < len; i++)
                little[2 * i] = big[2 * i + 1] = (uint8_t)text[i];
        needle(what, text, len);
        needle(what, little, 2 * len);
        needle(what, big, 2 * len);
}

static void needle_number(const char *what, uint64_t n)
{
        uint8_t little[8], big[8], packed[8] = {0};

        for (unsigned i = 0; i < 8; i++) {
                little[i] = big[7 - i] = (uint8_t)(n >> 8 * i);
        }
        for (unsigned i = 0; i < 6; i++, n /= 100) /* two digits a byte */
                packed[5 - i] = (uint8_t)(n % 10 | n / 10 % 10 << 4);
        needle(what, little, 8);
        needle(what, big, 8);
        needle(what, packed, 6);
}

static void needle_person(const uint8_t id[PERSON_ID_LEN])
{
        char text[16], other[32], hex[65];
        struct digest digest;

        memcpy(text, id, PERSON_ID_LEN);
        text[PERSON_ID_LEN] = '\0';
        needle_text("twelve digits", text, 12);
        needle_text("ten digits", text + 2, 10);
        needle_text("without the check digit", text + 2, 9);
        for (const char *sign = "-+ "; *sign != '\0'; sign++) {
                (void)snprintf(other, sizeof other, "%.8s%c%s", text, *sign, text + 8);
                needle_text("with a separator", other, 13);
                needle_text("with a separator, without century", other + 2, 11);
        }
        needle_number("twelve digits as a number", strtoull(text, NULL, 10));
        needle_number("ten digits as a number", strtoull(text + 2, NULL, 10));
        for (int skip = 0; skip <= 2; skip += 2) {
                digest_of(bytes_of(text + skip, 12 - (size_t)skip), &digest);
                needle("plain digest", digest.bytes, 8);
                hex_encode(bytes_of(digest.bytes, 32), hex);
                needle("plain digest in hex", hex, 16);
        }
}

static void make_needles(void)
{
        struct placement rows[CHILDREN];

        needles_len = 0;
        children(rows, CHILDREN);
        for (uint32_t i = 0; i < CHILDREN; i++) {
                uint8_t id[PERSON_ID_LEN];

                child_id(i, id);
                needle_person(id);
                child_id(200000 + i, id); /* guardians */
                needle_person(id);
                child_local_id(i, id);
                if (rows[i].local)
                        needle_text("local id", (const char *)id, 10);
                needle_text("record key", rows[i].key, RECORD_KEY_LEN);
        }
}

static const char *found_what, *found_where;

static int search(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)where;
        if (type != FTW_F || st->st_size == 0)
                return 0;
        struct bytes raw = world_read(&world, path);
        files_seen++;
        bytes_seen += raw.len;
        for (unsigned i = 0; i < needles_len; i++)
                if (memmem(raw.data, raw.len, needles[i].bytes, needles[i].len) != NULL) {
                        found_what = needles[i].what;
                        found_where = arena_strndup(world.arena, path, strlen(path));
                        return 1;
                }
        return 0;
}

static void search_everything(void)
{
        struct stat st;

        found_what = found_where = NULL;
        files_seen = 0;
        assert_true(nftw(world.folder, search, 16, FTW_PHYS) >= 0);
        assert_int_equal(stat(world.output, &st), 0);
        (void)search(world.output, &st, FTW_F, NULL);
        if (found_what != NULL)
                fail_msg("%s in %s", found_what, found_where);
        assert_true(files_seen > 20); /* store, log, keyring, policy, certificates … */
}

static void no_number_is_in_any_file_in_any_form(void **state)
{
        (void)state;
        make_needles();
        deliver_everywhere();
        search_everything(); /* while it runs, log of the database and all */
        cause_trouble();
        search_everything();
        assert_int_equal(world_stop(&world), 0);
        search_everything();

        /* That the search can find: one number in the middle of a file. */
        uint8_t planted[400] = {0};
        child_id(17, planted + 200);
        world_write(&world, "store/left-behind", bytes_of(planted, sizeof planted));
        found_what = NULL;
        assert_true(nftw(world.folder, search, 16, FTW_PHYS) > 0);
        assert_string_equal(found_what, "twelve digits");
}

/* The thief ---------------------------------------------------------------------------- */

static int thief(void)
{
        const char *numbers = arena_printf(world.arena, "%s.numbers", world.folder);
        char *arguments[] = {(char *)(uintptr_t) "python3",
                (char *)(uintptr_t)STATGATE_ROOT "/tests/flow/thief.py", world.folder,
                (char *)(uintptr_t)numbers, NULL};
        FILE *f = fopen(numbers, "we");
        int status;

        assert_non_null(f);
        for (uint32_t i = 0; i < CHILDREN; i++) {
                uint8_t id[PERSON_ID_LEN];

                child_id(i, id);
                assert_true(fprintf(f, "%.12s\n", (const char *)id) > 0);
        }
        (void)fclose(f);
        pid_t pid = fork();
        if (pid == 0) {
                (void)execvp("python3", arguments);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        (void)unlink(numbers);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* A store as a careless program would have left it: the same bytes for the same
 * people in two municipalities. */
static void plant_a_join(void)
{
        static const char script[] =
                "import sqlite3, sys\n"
                "db = sqlite3.connect(sys.argv[1])\n"
                "a, b = [r[0] for r in db.execute('SELECT s.number FROM submission s"
                " WHERE s.dataset = ? GROUP BY s.municipality', ('placering',))]\n"
                "seal = db.execute('SELECT sealed FROM batch WHERE submission = ?', (a,))"
                ".fetchone()[0]\n"
                "db.execute('UPDATE batch SET sealed = CAST(substr(sealed, 1, 300) || ? ||"
                " substr(sealed, 309) AS BLOB) WHERE submission = ?', (seal[100:108], b))\n"
                "db.commit()\n";
        char *arguments[] = {(char *)(uintptr_t) "python3", (char *)(uintptr_t) "-c",
                (char *)(uintptr_t)script,
                (char *)(uintptr_t)world_path(&world, "store/statgate.db"), NULL};
        int status;
        pid_t pid = fork();

        if (pid == 0) {
                (void)execvp("python3", arguments);
                _exit(127);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, 0);
}

static void a_thief_of_the_folder_joins_nothing(void **state)
{
        (void)state;
        deliver_everywhere();
        assert_int_equal(thief(), 0);
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(thief(), 0);
        plant_a_join();
        assert_int_equal(thief(), 1); /* he is no fool */
}

/* Processes ---------------------------------------------------------------------------- */

static const char *line_of(pid_t pid, const char *file, const char *key)
{
        const char *path = arena_printf(world.arena, "/proc/%d/%s", (int)pid, file);
        struct bytes text = world_read(&world, path);
        const uint8_t *at = memmem(text.data, text.len, key, strlen(key));

        if (at == NULL)
                return "";
        const uint8_t *end = memchr(at, '\n', text.len - (size_t)(at - text.data));
        return arena_strndup(world.arena, (const char *)at, (size_t)(end - at));
}

static void assert_no_core(pid_t pid)
{
        const char *limit = line_of(pid, "limits", "Max core file size");
        unsigned long soft = 1, hard = 1;

        assert_int_equal(sscanf(limit, "Max core file size %lu %lu", &soft, &hard), 2);
        assert_int_equal(soft, 0);
        assert_int_equal(hard, 0);
}

static void neither_process_leaves_a_core_or_gains_privileges(void **state)
{
        const char *sanitized = getenv("STATGATE_SANITIZE");

        (void)state;
        assert_true(world.keeper > 0);
        assert_no_core(world.pid);
        assert_no_core(world.keeper);
        assert_string_equal(line_of(world.keeper, "status", "NoNewPrivs:"), "NoNewPrivs:\t1");
        if (sanitized == NULL || *sanitized == '\0')
                assert_string_equal(line_of(world.keeper, "status", "Seccomp:"), "Seccomp:\t2");
}

static int give_away(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)st, (void)type, (void)where;
        return lchown(path, 65534, 65534);
}

/* The kernel shows an undumpable process's files in /proc as root's. That can be seen
 * of a process of somebody else only, so the gateway runs as nobody here. */
static void neither_process_is_dumpable(void **state)
{
        struct stat gateway, keeper;
        const struct world_start as_nobody = {.user = 65534};

        (void)state;
        if (getuid() != 0) {
                assert_int_equal(
                        stat(arena_printf(world.arena, "/proc/%d/mem", (int)world.pid), &gateway),
                        0);
                assert_int_equal(gateway.st_uid, 0);
                return;
        }
        assert_int_equal(world_stop(&world), 0);
        assert_int_equal(nftw(world.folder, give_away, 16, FTW_PHYS), 0);
        assert_int_equal(chown(world.passphrase, 65534, 65534), 0);
        int code = world_try(&world, &as_nobody);
        if (code == 126 || code == 127) {
                print_message("skipped: nobody may not run programs in this build folder\n");
                skip();
        }
        assert_int_equal(code, WORLD_UP);
        assert_string_equal(
                line_of(world.pid, "status", "Uid:"), "Uid:\t65534\t65534\t65534\t65534");
        const char *path = arena_printf(world.arena, "/proc/%d/mem", (int)world.pid);
        assert_int_equal(stat(path, &gateway), 0);
        path = arena_printf(world.arena, "/proc/%d/mem", (int)world.keeper);
        assert_int_equal(stat(path, &keeper), 0);
        assert_int_equal(gateway.st_uid, 0);
        assert_int_equal(keeper.st_uid, 0);
}

static int check_mode(const char *path, const struct stat *st, int type, struct FTW *where)
{
        (void)path, (void)where;
        if (type == FTW_F && (st->st_mode & 077) != 0)
                found_where = arena_strndup(world.arena, path, strlen(path));
        return 0;
}

static void what_the_gateway_writes_is_for_its_user_alone(void **state)
{
        static const char *const own[] = {"store", "log", "run", "keys"};

        (void)state;
        deliver_everywhere();
        found_where = NULL;
        for (unsigned i = 0; i < ARRAY_LEN(own); i++)
                assert_int_equal(nftw(world_path(&world, own[i]), check_mode, 16, FTW_PHYS), 0);
        if (found_where != NULL)
                fail_msg("others may read %s", found_where);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(no_number_is_in_any_file_in_any_form),
                WHOLE(a_thief_of_the_folder_joins_nothing),
                WHOLE(neither_process_leaves_a_core_or_gains_privileges),
                WHOLE(neither_process_is_dumpable),
                WHOLE(what_the_gateway_writes_is_for_its_user_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
