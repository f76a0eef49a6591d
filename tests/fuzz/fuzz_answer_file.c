/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_answer_file.c: any bytes as a file that somebody wants checked.
 *
 * Either it is refused, or its proof, written anew, is read as the same. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/cli/answer_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

enum { ROOM = 64 << 20 };

static void must(bool holds)
{
        if (!holds)
                abort();
}

static void written_again(struct arena *arena, const struct answer_proof *p)
{
        struct answer_read again;
        char *text = NULL;
        size_t len = 0;
        FILE *to = open_memstream(&text, &len);

        must(to != NULL);
        answer_file_put(to, p);
        must(fclose(to) == 0);
        enum err e = answer_file_read(arena, bytes_of(text, len), &again);
        must(e == ERR_OK || e == ERR_NO_MEMORY);
        must(e != ERR_OK ||
                (bytes_equal(p->release, again.proof.release) &&
                        bytes_equal(p->question, again.proof.question) &&
                        bytes_equal(p->request, again.proof.request) &&
                        p->certificate.number == again.proof.certificate.number &&
                        p->certificate.inclusion.len == again.proof.certificate.inclusion.len &&
                        memcmp(&p->certificate.head, &again.proof.certificate.head,
                                sizeof p->certificate.head) == 0));
        free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(arena_free) struct arena *arena = arena_new(ROOM);
        struct answer_read in;
        uint32_t line = 0;

        if (arena == NULL)
                return 0;
        enum err e = answer_file_read(arena, bytes_of(data, len), &in);
        must(e == ERR_OK || e == ERR_MALFORMED || e == ERR_NO_MEMORY);
        if (e != ERR_OK)
                return 0;
        e = answer_tables_agree(arena, bytes_of(data, len), bytes_of(data, len), &line);
        must(e == ERR_OK || e == ERR_NO_MEMORY);
        written_again(arena, &in.proof);
        return 0;
}
