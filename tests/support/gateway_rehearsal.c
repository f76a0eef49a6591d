/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_rehearsal.c: see gateway_rehearsal.h. */
#include "tests/support/gateway_rehearsal.h"

#include <fts.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "policies/rehearsal.h"

enum { REQUEST_MAX = 16 << 20 };

struct wire_rehearsed world_rehearsed[64];
unsigned world_rehearsed_len;

static struct wire_rehearsal all_files(struct world *w)
{
        struct wire_bundle_file *files =
                arena_alloc(w->arena, WIRE_BUNDLE_FILES_MAX, sizeof *files);
        const char *root = world_path(w, "policy");
        char *roots[] = {(char *)(uintptr_t)root, NULL};
        FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
        uint32_t len = 0;

        assert_true(files != NULL && walk != NULL);
        for (FTSENT *e; (e = fts_read(walk)) != NULL;) {
                const char *end = strrchr(e->fts_name, '.');

                if (e->fts_info != FTS_F || end == NULL || strcmp(end, ".yaml") != 0)
                        continue;
                const char *path = e->fts_path + strlen(root) + 1;

                assert_true(len < WIRE_BUNDLE_FILES_MAX);
                files[len].content = world_read(w, e->fts_path);
                files[len++].path = bytes_of_text(arena_strndup(w->arena, path, strlen(path)));
        }
        (void)fts_close(walk);
        return (struct wire_rehearsal){.files = files, .len = len};
}

static void note(const struct wire_rehearsal_progress *p)
{
        for (uint32_t i = 0; i < p->len; i++) {
                assert_true(world_rehearsed_len < ARRAY_LEN(world_rehearsed));
                world_rehearsed[world_rehearsed_len++] = p->questions[i];
        }
}

enum status world_rehearse(struct world *w, struct wire_rehearsal_progress *out)
{
        const struct wire_rehearsal wish = all_files(w);
        struct wire_rehearsal_progress p = {.done = 0};
        OWNED(call_free) struct call *call = NULL;
        struct call_status status;
        OWNED(buf_done) struct buf request;
        struct bytes bytes;

        world_rehearsed_len = 0;
        buf_init(&request, REQUEST_MAX);
        assert_int_equal(rehearsal_encode(&wish, &request), ERR_OK);
        assert_int_equal(buf_end(&request, &bytes), ERR_OK);
        assert_int_equal(call_start(world_client(w, WORLD_DPO), "/statgate.v1.Audit/RehearsePolicy",
                                 0, &call),
                ERR_OK);
        if (call_send(call, bytes) == ERR_OK && call_half_close(call) == ERR_OK)
                while (call_receive(call, w->arena, &bytes) == ERR_OK) {
                        assert_int_equal(rehearsal_progress_decode(w->arena, bytes, &p), ERR_OK);
                        note(&p);
                }
        if (call_finish(call, &status) != ERR_OK)
                return status.code;
        assert_true(p.has_report);
        world_write(w, "policy/" REHEARSAL_FILE, p.report);
        if (out != NULL)
                *out = p;
        return STATUS_OK;
}
