/* SPDX-License-Identifier: Apache-2.0 */
/* life.c: the gateway tells of itself in the audit log: that it started, with which settings and
 * certificates, and that it stopped.
 *
 * A gateway that was killed leaves no last word, and the next start without a stop before it is how
 * that shows. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/config.h"
#include "gateway/gateway.h"

enum { ARENA_MAX = 1 << 20, PIECE = 16 << 10, FILE_MAX = 64 << 20 };

static enum err write_entry(struct gateway *g, struct entry_writer *w)
{
        struct entry_draft draft;
        uint64_t number;

        TRY(entry_end(w, &draft));
        return audit_write(g->audit, &draft, &number);
}

enum err life_started(struct gateway *g)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct entry_writer w;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        entry_begin(&w, arena, ENTRY_START);
        entry_put_words(&w, FIELD_DETAIL, "statgated " STATGATE_VERSION);
        return write_entry(g, &w);
}

void life_stopped(struct gateway *g, const char *why)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct entry_writer w;
        enum err e = ERR_NO_MEMORY;

        if (arena != NULL) {
                entry_begin(&w, arena, ENTRY_STOP);
                entry_put_words(&w, FIELD_DETAIL, why);
                e = write_entry(g, &w);
        }
        if (e != ERR_OK)
                log_event(LOG_ERROR, "not_in_the_audit_log", LOG_TEXT("code", err_name(e)));
}

/* ERR_NOT_FOUND: it is not there, or cannot be read. */
static enum err file_digest(const char *path, struct digest *out)
{
        OWNED(digest_stream_free) struct digest_stream *d = NULL;
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        uint8_t piece[PIECE];
        ssize_t n;

        if (fd < 0)
                return ERR_NOT_FOUND;
        TRY(digest_start(&d));
        for (size_t all = 0; (n = read(fd, piece, sizeof piece)) > 0 && all < FILE_MAX;
                all += (size_t)n)
                digest_more(d, piece, (size_t)n);
        if (n != 0)
                return ERR_NOT_FOUND;
        digest_finish(d, out);
        return ERR_OK;
}

/* Not the key: what is made of it is for nobody. */
static enum err put_certificates(struct entry_writer *w, const struct config *c)
{
        static const char *const files[] = {"server.pem", "ca.pem", "revoked.txt"};

        for (unsigned i = 0; i < ARRAY_LEN(files); i++) {
                char hex[2 * sizeof(struct digest) + 1];
                const char *path = arena_printf(w->arena, "%s/%s", c->pki, files[i]), *told;
                struct digest d;

                if (path == NULL)
                        return ERR_NO_MEMORY;
                enum err e = file_digest(path, &d);

                if (e == ERR_NOT_FOUND)
                        continue;
                TRY(e);
                hex_encode(bytes_of(d.bytes, sizeof d.bytes), hex);
                told = arena_printf(w->arena, "%s: sha256 %s", files[i], hex);
                if (told == NULL)
                        return ERR_NO_MEMORY;
                entry_put_words(w, FIELD_DETAIL, told);
        }
        return ERR_OK;
}

enum err life_configured(struct gateway *g, const struct config *c)
{
        OWNED(arena_free) struct arena *arena = arena_new(ARENA_MAX);
        struct entry_writer w;

        if (arena == NULL)
                return ERR_NO_MEMORY;
        entry_begin(&w, arena, ENTRY_CONFIGURATION);
        for (unsigned i = 0; i < c->in_force_len; i++)
                entry_put_words(&w, FIELD_DETAIL, c->in_force[i]);
        TRY(put_certificates(&w, c));
        return write_entry(g, &w);
}
