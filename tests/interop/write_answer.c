/* SPDX-License-Identifier: Apache-2.0 */
/* write_answer.c: answers with certificates, for those who check them with nothing of ours.
 *
 *      write_answer FOLDER
 *
 * Writes answer.json, other.json (another question), older.json (by a head from before the answer)
 * and keeper.pub, all by one key, and foreign.json by another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "crypto/secret.h"
#include "tests/support/signed_answer.h"

static const char *folder;

static void put(const char *name, struct bytes text)
{
        char path[4096];
        FILE *to;

        (void)snprintf(path, sizeof path, "%s/%s", folder, name);
        to = fopen(path, "we");
        assert_non_null(to);
        assert_int_equal(fwrite(text.data, 1, text.len, to), text.len);
        assert_int_equal(fclose(to), 0);
}

static void answers_are_written(void **state)
{
        OWNED(arena_free) struct arena *arena = arena_new(64 << 20);
        struct signed_answer one, other, foreign;
        char hex[2 * SIGN_PUBLIC_LEN + 2];

        (void)state;
        assert_int_equal(crypto_init(1 << 16, false), ERR_OK);
        signed_answer_make(&one, arena, NULL, 0);
        signed_answer_make(&other, arena, one.key, 1);
        signed_answer_make(&foreign, arena, NULL, 0);
        put("answer.json", signed_answer_json(&one));
        put("other.json", signed_answer_json(&other));
        put("foreign.json", signed_answer_json(&foreign));
        signed_answer_certify(&one, SIGNED_NUMBER);
        put("older.json", signed_answer_json(&one));
        hex_encode(bytes_of(one.public_key, sizeof one.public_key), hex);
        hex[sizeof hex - 2] = '\n';
        put("keeper.pub", bytes_of(hex, sizeof hex - 1));
        signed_answer_done(&foreign);
        signed_answer_done(&one);
}

int main(int argc, char **argv)
{
        const struct CMUnitTest tests[] = {cmocka_unit_test(answers_are_written)};

        if (argc != 2)
                return 2;
        folder = argv[1];
        return cmocka_run_group_tests(tests, NULL, NULL);
}
