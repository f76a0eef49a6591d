/* SPDX-License-Identifier: Apache-2.0 */
/* heads_read.c: signed heads over the log, wherever they were shown.
 *
 * A witness is a file that grows by a line for each head, or a folder with a file for each. It is
 * only as good as who can write to it: a copy that the gateway's operator cannot reach is the point
 * of it. */
#include "tools/cli/audit/heads_read.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "proto/wire_audit.h"
#include "tools/cli/ask.h"
#include "tools/cli/files.h"

enum { REQUEST_MAX = 64, ANSWER_ARENA = 64 << 20, FILE_ARENA = 2 * FILE_TEXT_MAX };

/* The gateway ------------------------------------------------------------------ */

static enum exit_code ask_heads(
        struct cli *cli, struct arena *arena, uint64_t from, struct wire_heads *out)
{
        OWNED(buf_done) struct buf request = {.ceiling = REQUEST_MAX};
        struct ask ask = {.path = "/statgate.v1.Audit/GetHeads",
                .fallback = "dpo",
                .timeout_ms = ASK_SHORT_MS};
        struct bytes wire;
        enum err rc = heads_request_encode(from, &request);

        if (rc == ERR_OK)
                rc = buf_end(&request, &ask.request);
        if (rc != ERR_OK)
                return answer_wrong(cli, rc);
        enum exit_code code = cli_ask(cli, arena, &ask, &wire);

        if (code != EXIT_CODE_OK)
                return code;
        rc = heads_decode(arena, wire, out);
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

enum exit_code heads_of_gateway(struct cli *cli, head_visitor fn, void *ctx)
{
        OWNED(arena_free) struct arena *arena = arena_new(ANSWER_ARENA);
        struct wire_heads heads = {.heads_len = 0};
        bool more = true;
        enum err rc = arena == NULL ? ERR_NO_MEMORY : ERR_OK;
        uint64_t from = 0;

        while (rc == ERR_OK && more) {
                arena_reset(arena);
                enum exit_code code = ask_heads(cli, arena, from, &heads);

                if (code != EXIT_CODE_OK)
                        return code;
                more = heads.heads_len > 0;
                for (uint32_t i = 0; rc == ERR_OK && i < heads.heads_len; i++) {
                        rc = heads.heads[i].size < from ? ERR_MALFORMED
                                                        : fn(ctx, &heads.heads[i], NULL);
                        from = heads.heads[i].size + 1;
                }
                if (rc == ERR_OK && !more && heads.has_newest)
                        rc = fn(ctx, &heads.newest, NULL);
        }
        return rc == ERR_OK ? EXIT_CODE_OK : answer_wrong(cli, rc);
}

/* Witnesses --------------------------------------------------------------------- */

struct witness {
        struct cli *cli;
        const char *path;
        head_visitor fn;
        void *ctx;
        uint64_t heads;
};

/* What was cut short, or is something else, makes the other lines no worse. */
static enum err each_line(struct witness *w, struct bytes text)
{
        bool bad = false;

        while (text.len > 0) {
                const uint8_t *end = memchr(text.data, '\n', text.len);
                size_t len = end == NULL ? text.len : (size_t)(end - text.data);
                struct tree_head head;

                if (len > 0 && tree_head_parse(bytes_of(text.data, len), &head) == ERR_OK) {
                        TRY(w->fn(w->ctx, &head, w->path));
                        w->heads++;
                } else if (len > 0 && !bad) {
                        TRY(w->fn(w->ctx, NULL, w->path));
                        bad = true;
                }
                if (end == NULL)
                        return ERR_OK;
                text = bytes_of(end + 1, text.len - len - 1);
        }
        return ERR_OK;
}

static enum err read_file(struct witness *w, const char *path)
{
        OWNED(arena_free) struct arena *arena = arena_new(FILE_ARENA);
        struct bytes text;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        TRY(file_read(arena, path, &text));
        return each_line(w, text);
}

/* In the order of their names; what begins with a dot is being written. */
static enum err read_folder(struct witness *w)
{
        struct dirent **list = NULL;
        enum err rc = ERR_OK;
        int n = scandir(w->path, &list, NULL, alphasort);

        if (n < 0)
                return ERR_UNREADABLE;
        for (int i = 0; i < n; i++) {
                if (rc == ERR_OK && list[i]->d_name[0] != '.') {
                        const char *path = path_join(w->cli->arena, w->path, list[i]->d_name);

                        rc = path == NULL ? ERR_NO_MEMORY : read_file(w, path);
                }
                free(list[i]);
        }
        free(list);
        return rc;
}

enum exit_code heads_of_witness(struct cli *cli, const char *path, head_visitor fn, void *ctx)
{
        struct witness w = {.cli = cli, .path = path, .fn = fn, .ctx = ctx};
        struct stat st;
        enum err rc = ERR_UNREADABLE;

        if (stat(path, &st) == 0)
                rc = S_ISDIR(st.st_mode) ? read_folder(&w) : read_file(&w, path);
        if (rc == ERR_NO_MEMORY)
                return answer_wrong(cli, rc);
        if (rc != ERR_OK) {
                complain(cli, WORD_LOG_WITNESS_WRONG, path);
                return EXIT_CODE_USAGE;
        }
        if (w.heads > 0)
                return EXIT_CODE_OK;
        complain(cli, WORD_LOG_WITNESS_NONE, path);
        return EXIT_CODE_USAGE;
}
