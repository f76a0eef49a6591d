/* SPDX-License-Identifier: Apache-2.0 */
/* test_gateway_memory.c: what somebody gets who copies the memory of a running gateway.
 *
 * Known people are delivered in boxes while the gateway is stopped again and again, and every
 * page that it can read is searched: for their numbers in each form a program might give them,
 * for every key of the keyring (which the test opens with its passphrase), and for the passphrase.
 * The keeper has the keys, which shows that the search finds them; of the numbers that it has
 * opened it keeps none. That numbers are found is shown by a delivery in clear. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/clock.h"
#include "crypto/keyring.h"
#include "crypto/secret.h"
#include "tests/support/gateway_delivery.h"
#include "tests/support/gateway_sealing.h"

enum {
        PERSONS = 4000,
        ROWS = 400,
        BATCH = 50,
        IMAGES = 5,
        PIECE = 1 << 20,
        OVERLAP = 64,
        PAGE = 4096,
        SLOTS = 1 << 16,
        KEYS_MAX = 256,
        KEY_PART = 16,
        GUARDIANS = 200000,
};

static struct world world;

static int setup(void **state)
{
        (void)state;
        world_make(&world);
        world_answer_alone(&world);
        return 0;
}

static int teardown(void **state)
{
        (void)state;
        world_remove(&world);
        return 0;
}

/* What is looked for --------------------------------------------------------------- */

/* Twelve digits and ten, as numbers, in a table without deletions; 0: free. */
static uint64_t wanted[SLOTS];

static size_t slot_of(uint64_t v)
{
        size_t at = (size_t)(v * 0x9E3779B97F4A7C15u >> 48) % SLOTS;

        while (wanted[at] != 0 && wanted[at] != v)
                at = (at + 1) % SLOTS;
        return at;
}

static void want_person(uint32_t person)
{
        uint8_t id[PERSON_ID_LEN];
        char text[PERSON_ID_LEN + 1] = {0};

        child_id(person, id);
        memcpy(text, id, sizeof id);
        wanted[slot_of(strtoull(text, NULL, 10))] = strtoull(text, NULL, 10);
        wanted[slot_of(strtoull(text + 2, NULL, 10))] = strtoull(text + 2, NULL, 10);
}

static struct part {
        uint8_t bytes[KEY_PART];
        const char *what;
} keys[KEYS_MAX];
static unsigned keys_len;
static bool key_begins[1 << 16];

static void want_key(const char *what, const uint8_t *key)
{
        assert_true(keys_len < KEYS_MAX);
        memcpy(keys[keys_len].bytes, key, KEY_PART);
        keys[keys_len++].what = what;
        key_begins[key[0] | key[1] << 8] = true;
}

static void want_domain(const struct keyring *k, size_t i)
{
        struct keyring_domain_info info;
        const struct domain_keys *d;

        keyring_domain_info(k, i, &info);
        d = keyring_domain_find(k, &info.name);
        if (d == NULL)
                return;
        want_key("a domain's key", secret_view(d->pseudonym));
        want_key("a domain's key", secret_view(d->data));
        want_key("a domain's key", secret_view(d->tag));
}

static void want_linkage(const struct keyring *k, size_t i)
{
        struct keyring_linkage_info info;

        keyring_linkage_info(k, i, &info);
        if (keyring_linkage_find(k, info.name) != NULL)
                want_key("a linkage's key", secret_view(keyring_linkage_find(k, info.name)));
        if (keyring_noise_find(k, info.name) != NULL)
                want_key("a key of noise", secret_view(keyring_noise_find(k, info.name)));
}

/* Of the keyring as it lies on disk now. */
static void want_keys(void)
{
        struct bytes blob = world_read(&world, world_path(&world, "keys/keyring.sgk"));
        struct bytes words = world_read(&world, world.passphrase);
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(secret_free) struct secret *passphrase = NULL;

        keys_len = 0;
        memset(key_begins, 0, sizeof key_begins);
        assert_int_equal(secret_copy(words.data, words.len, &passphrase), ERR_OK);
        assert_int_equal(keyring_open(passphrase, blob, &k), ERR_OK);
        want_key("the key of persons", secret_view(keyring_person(k)));
        for (size_t i = 0; i < keyring_domains_len(k); i++)
                want_domain(k, i);
        for (size_t i = 0; i < keyring_linkages_len(k); i++)
                want_linkage(k, i);
        for (int kind = 0; kind < KEYRING_PAIR_KINDS; kind++) {
                struct keyring_pair_key pairs[KEYRING_PAIR_LIVE_MAX];
                unsigned len = keyring_pairs(k, (enum keyring_pair)kind, pairs);

                for (unsigned i = 0; i < len; i++)
                        want_key("a pair's key", secret_view(pairs[i].secret));
        }
        want_key("the passphrase", words.data);
}

/* Searching ------------------------------------------------------------------------- */

struct image {
        size_t bytes;
        unsigned numbers, locals, keys;
        const char *key;
        char where[512]; /* the mapping of the first that was found */
};

static bool is_digit(uint8_t c)
{
        return c >= '0' && c <= '9';
}

/* `len` digits at `at`, a sign between the last four and the others left out. */
static bool number_at(const uint8_t *at, unsigned len, bool sign)
{
        uint64_t v = 0;

        for (unsigned i = 0; i < len + sign; i++) {
                if (sign && i == len - 4) {
                        if (at[i] != '-' && at[i] != '+' && at[i] != ' ')
                                return false;
                        continue;
                }
                if (!is_digit(at[i]))
                        return false;
                v = v * 10 + (uint64_t)(at[i] - '0');
        }
        return v != 0 && wanted[slot_of(v)] == v;
}

/* As twelve or ten digits, with a sign or without. Ten must not stand inside of more. */
static bool text_at(const uint8_t *at, bool first)
{
        if (number_at(at, 12, false) || number_at(at, 12, true))
                return true;
        return first &&
               ((number_at(at, 10, false) && !is_digit(at[10])) || number_at(at, 10, true));
}

static bool binary_at(const uint8_t *at)
{
        uint64_t little;

        memcpy(&little, at, sizeof little);
        if (little > 200000000000 && little < 210000000000 && wanted[slot_of(little)] == little)
                return true;
        little = __builtin_bswap64(little);
        return little > 200000000000 && little < 210000000000 && wanted[slot_of(little)] == little;
}

static bool local_at(const uint8_t *at)
{
        char digits[8] = {0};

        if (memcmp(at, "TMP", 3) != 0)
                return false;
        memcpy(digits, at + 3, 7);
        return strspn(digits, "0123456789") == 7 && strtoul(digits, NULL, 10) < PERSONS;
}

static const char *key_at(const uint8_t *at)
{
        if (!key_begins[at[0] | at[1] << 8])
                return NULL;
        for (unsigned i = 0; i < keys_len; i++)
                if (memcmp(at, keys[i].bytes, KEY_PART) == 0)
                        return keys[i].what;
        return NULL;
}

static void look(struct image *out, const uint8_t *piece, size_t len, const char *where)
{
        unsigned before = out->numbers + out->locals + out->keys;

        for (size_t i = 0; i + OVERLAP <= len; i++) {
                const uint8_t *at = piece + i;
                const char *key = key_at(at);

                if ((is_digit(*at) && text_at(at, i == 0 || !is_digit(at[-1]))) || binary_at(at))
                        out->numbers++;
                else if (*at == 'T' && local_at(at))
                        out->locals++;
                if (key != NULL) {
                        out->keys++;
                        out->key = key;
                }
        }
        if (before == 0 && out->numbers + out->locals + out->keys > 0)
                (void)snprintf(out->where, sizeof out->where, "%s", where);
}

static bool is_zero(const uint8_t *piece, size_t len)
{
        return len > 0 && piece[0] == 0 && memcmp(piece, piece + 1, len - 1) == 0;
}

/* Pages are read whole and looked at with what stands before them. */
static void look_between(
        struct image *out, int memory, uint64_t from, uint64_t to, const char *where)
{
        static uint8_t piece[OVERLAP + PIECE + OVERLAP];
        size_t carried = 0;

        while (from < to) {
                size_t len = to - from < PIECE ? (size_t)(to - from) : PIECE;
                ssize_t n = pread(memory, piece + carried, len, (off_t)from);

                if (n <= 0)
                        break; /* guard pages, and what the kernel shows to nobody */
                from += (uint64_t)n;
                out->bytes += (size_t)n;
                size_t all = carried + (size_t)n;

                /* Zeros behind the end, for what stands at the very end of a mapping. */
                memset(piece + all, 0, from < to ? 0 : OVERLAP);
                if (!is_zero(piece, all))
                        look(out, piece, from < to ? all : all + OVERLAP, where);
                carried = all < OVERLAP ? all : OVERLAP - 1;
                memmove(piece, piece + all - carried, carried);
        }
}

/* False: this system does not let us. */
static bool image_of(pid_t pid, struct image *out)
{
        char path[64], line[512], rights[8];
        unsigned long from, to;
        int memory;
        FILE *maps;

        *out = (struct image){0};
        (void)snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
        memory = open(path, O_RDONLY | O_CLOEXEC);
        (void)snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
        maps = fopen(path, "re");
        if (memory >= 0 && maps != NULL) {
                assert_int_equal(kill(pid, SIGSTOP), 0);
                while (fgets(line, sizeof line, maps) != NULL)
                        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 &&
                                rights[0] == 'r')
                                look_between(out, memory, from, to, line);
                assert_int_equal(kill(pid, SIGCONT), 0);
        }
        if (maps != NULL)
                (void)fclose(maps);
        if (memory >= 0)
                (void)close(memory);
        return out->bytes > 0;
}

static bool may_look(void)
{
        const char *sanitized = getenv("STATGATE_SANITIZE");
        struct image i;

        if (sanitized != NULL && *sanitized != '\0') {
                print_message("skipped: a sanitizer's shadow is too large to be searched\n");
                return false;
        }
        if (!image_of(world.pid, &i) || !image_of(world.keeper, &i)) {
                print_message("skipped: the memory of other processes may not be read here\n");
                return false;
        }
        return true;
}

static void assert_nothing(const struct image *i, const char *of)
{
        if (i->numbers + i->locals > 0)
                fail_msg("%u numbers and %u local ids in the %s, first in %s", i->numbers,
                        i->locals, of, i->where);
        assert_true(i->bytes > 1 << 20);
}

/* Deliveries ------------------------------------------------------------------------- */

static atomic_bool enough;
static atomic_uint delivered;

/* Everybody in turn, and guardians, until it is enough. */
static void *keep_delivering(void *municipality)
{
        municipality_t m = (municipality_t)(uintptr_t)municipality;
        uint64_t random = m;

        for (uint32_t first = 0; !atomic_load(&enough); first = (first + ROWS) % PERSONS) {
                struct placement rows[ROWS];

                for (uint32_t i = 0; i < ROWS; i++) {
                        rows[i] = placement_random(&random, PERSONS, first + i);
                        rows[i].person = first + i;
                }
                (void)deliver(&world, m, DELIVERY_APPEND, rows, ROWS, BATCH);
                (void)deliver_reports(&world, m, rows, BATCH);
                (void)atomic_fetch_add(&delivered, ROWS);
        }
        return NULL;
}

static void want_everybody(void)
{
        memset(wanted, 0, sizeof wanted);
        for (uint32_t i = 0; i < PERSONS; i++) {
                want_person(i);
                want_person(GUARDIANS + i);
        }
}

static void start_delivering(pthread_t threads[2])
{
        static const municipality_t who[2] = {180, 114};

        atomic_store(&enough, false);
        atomic_store(&delivered, 0);
        for (unsigned i = 0; i < 2; i++) {
                (void)town(&world, who[i]); /* clients are made by one thread */
                assert_int_equal(pthread_create(&threads[i], NULL, keep_delivering,
                                         (void *)(uintptr_t)who[i]),
                        0);
        }
        while (atomic_load(&delivered) < 2 * ROWS)
                nap(5);
}

static void stop_delivering(pthread_t threads[2])
{
        atomic_store(&enough, true);
        for (unsigned i = 0; i < 2; i++)
                assert_int_equal(pthread_join(threads[i], NULL), 0);
}

static void erase_one(void)
{
        struct wire_person gone = {.kind = PERSON_NATIONAL};

        child_id(3, gone.id);
        assert_int_equal(world_erase(&world, 180, &gone), STATUS_OK);
}

/* All of its rows are rejected: the keeper opens the box and has nothing to seal over it. */
static void deliver_in_vain(void)
{
        const struct wire_open open = placering_append();
        struct placement rows[BATCH];
        uint64_t random = 5;
        struct talk t;

        for (uint32_t i = 0; i < BATCH; i++) {
                rows[i] = placement_random(&random, PERSONS, i);
                rows[i].person = i;
                rows[i].start = days_from_civil((struct civil){1850, 1, 1});
        }
        talk_begin(&t, &world, town(&world, 180));
        assert_int_equal(talk_open(&t, &open), STATUS_OK);
        assert_int_equal(talk_say(&t, say_batch(t.arena, 0, rows, BATCH)), STATUS_OK);
        assert_int_equal(t.heard.acknowledged.accepted, 0);
        talk_break(&t);
}

/* Tests --------------------------------------------------------------------------------- */

static void a_copy_of_the_gateways_memory_has_no_sealed_number_and_no_key(void **state)
{
        struct image image, keeper;
        pthread_t threads[2];

        (void)state;
        world_start(&world);
        if (!may_look())
                skip();
        want_everybody();
        (void)publish(&world);
        start_delivering(threads);
        want_keys();
        for (unsigned i = 0; i < IMAGES; i++) {
                assert_true(image_of(world.pid, &image));
                assert_nothing(&image, "gateway under load");
                if (image.keys > 0)
                        fail_msg("%s in the gateway, in %s", image.key, image.where);
                nap(20);
        }
        stop_delivering(threads);
        erase_one();
        (void)publish(&world);
        want_keys();
        assert_true(image_of(world.pid, &image));
        assert_nothing(&image, "gateway");
        assert_int_equal(image.keys, 0);
        assert_true(image_of(world.keeper, &keeper));
        print_message("%u persons delivered; %zu MB of the gateway and %zu MB of the keeper "
                      "searched for %u keys; the keeper has %u\n",
                atomic_load(&delivered), image.bytes >> 20, keeper.bytes >> 20, keys_len,
                keeper.keys);
        assert_true(keeper.keys >= keys_len - 1); /* all but the passphrase: the search finds */
        assert_int_equal(world_stop(&world), 0);
}

static void the_keeper_forgets_the_numbers_it_has_opened(void **state)
{
        struct image keeper;
        pthread_t threads[2];

        (void)state;
        world_start(&world);
        if (!may_look())
                skip();
        want_everybody();
        start_delivering(threads);
        stop_delivering(threads);
        erase_one();
        deliver_in_vain();
        assert_true(image_of(world.keeper, &keeper));
        assert_nothing(&keeper, "keeper");
        assert_int_equal(world_stop(&world), 0);
}

/* The same search, the same deliveries, in clear. */
static void numbers_that_came_in_clear_are_found(void **state)
{
        struct image image = {0};
        pthread_t threads[2];

        (void)state;
        world_take_clear(&world);
        world_start(&world);
        if (!may_look())
                skip();
        want_everybody();
        start_delivering(threads);
        for (unsigned i = 0; i < 20 * IMAGES && image.numbers == 0; i++) {
                assert_true(image_of(world.pid, &image));
                nap(3);
        }
        stop_delivering(threads);
        print_message("%u numbers and %u local ids found, first in %s", image.numbers, image.locals,
                image.where);
        assert_true(image.numbers > 0);
        assert_int_equal(world_stop(&world), 0);
}

#define WHOLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
        const struct CMUnitTest tests[] = {
                WHOLE(a_copy_of_the_gateways_memory_has_no_sealed_number_and_no_key),
                WHOLE(the_keeper_forgets_the_numbers_it_has_opened),
                WHOLE(numbers_that_came_in_clear_are_found),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
