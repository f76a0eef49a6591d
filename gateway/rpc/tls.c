/* SPDX-License-Identifier: Apache-2.0 */
/* tls.c: nothing reaches the TLS stack before it was found good.
 *
 * gRPC's credentials take new certificates at run time only from files that they
 * watch, and they believe what they find there: a key without its chain would
 * close the door to everybody. So the watched files are two of our own, in memory
 * (memfd, sealed, named by /proc/self/fd), filled only after the folder passed
 * cert_check_server as a whole. No second copy of the key lies on a disk, nothing
 * is left behind by a crash, and the certificate folder may be read-only.
 *
 * The watcher notices a swap between two reads by the modification time, in whole
 * seconds. Each generation therefore carries a later one than the last, and chain
 * and key are one file, so that a pair can never be torn.
 *
 * A missing revocation list would mean that nobody is revoked. It is an error, at
 * the start and at every reload.
 *
 * gRPC 1.51 has no way to ask for TLS 1.3 alone. It does let the environment name
 * the ciphers of TLS 1.2, and a pre-shared-key cipher, for which there never is a
 * key, leaves that version without any. Where the library has the real switch,
 * server.c uses it too. */
#include "gateway/rpc/tls.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "crypto/cert.h"
#include "crypto/digest.h"

enum {
        PEM_MAX = 256 << 10,
        REVOKED_MAX = 16 << 20,
        WATCH_MS = 1500, /* the core looks every second; and some to do it */
};

/* A file in memory under a path that stays the same while its content moves on. */
struct live {
        int fd;
        char path[40];
};

struct tls {
        char *folder;
        struct live identity, ca;
        int64_t mtime; /* of the newest generation; seconds */
        struct digest served;
        pthread_mutex_t reload; /* one reload at a time */
        pthread_rwlock_t lock;  /* the list of revoked certificates */
        struct digest *revoked;
        size_t revoked_len;
        atomic_uint_fast64_t generation;
};

void tls_environment(void)
{
        /* Both before grpc_init, which reads them once. */
        setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", 1);
        setenv("GRPC_VERBOSITY", "NONE", 0);
}

/* Revoked certificates ---------------------------------------------------- */

static int by_digest(const void *a, const void *b)
{
        return memcmp(a, b, sizeof(struct digest));
}

static bool is_blank(uint8_t c)
{
        return c == ' ' || c == '\t' || c == '\r';
}

/* The next line without its comment and the blanks around it. */
static struct bytes next_line(struct bytes *text)
{
        const uint8_t *end = memchr(text->data, '\n', text->len);
        size_t len = end != NULL ? (size_t)(end - text->data) : text->len;
        struct bytes line = bytes_of(text->data, len);
        const uint8_t *comment = len > 0 ? memchr(line.data, '#', len) : NULL;

        len += end != NULL;
        *text = bytes_of(text->data + len, text->len - len);
        if (comment != NULL)
                line.len = (size_t)(comment - line.data);
        while (line.len > 0 && is_blank(line.data[line.len - 1]))
                line.len--;
        while (line.len > 0 && is_blank(line.data[0]))
                line = bytes_of(line.data + 1, line.len - 1);
        return line;
}

static enum err digest_line(struct bytes line, struct digest *out)
{
        char hex[2 * sizeof out->bytes + 1];

        if (line.len != sizeof hex - 1)
                return ERR_CONFIG;
        for (size_t i = 0; i < line.len; i++) {
                hex[i] = (char)line.data[i];
                if (!(hex[i] >= '0' && hex[i] <= '9') && !(hex[i] >= 'a' && hex[i] <= 'f'))
                        return ERR_CONFIG;
        }
        hex[line.len] = '\0';
        return hex_decode(hex, out->bytes, sizeof out->bytes);
}

enum err revoked_parse(struct bytes text, struct digest **out, size_t *out_len)
{
        /* A digest takes 64 characters, so this is always enough. */
        struct digest *list = calloc(text.len / 64 + 1, sizeof *list);
        size_t len = 0;

        if (list == NULL)
                return ERR_NO_MEMORY;
        for (unsigned number = 1; text.len > 0; number++) {
                struct bytes line = next_line(&text);

                if (line.len == 0)
                        continue;
                if (digest_line(line, &list[len]) != ERR_OK) {
                        log_event(LOG_ERROR, "revoked_list_unreadable", LOG_NUM("line", number));
                        free(list);
                        return ERR_CONFIG;
                }
                len++;
        }
        qsort(list, len, sizeof *list, by_digest);
        *out = list;
        *out_len = len;
        return ERR_OK;
}

bool tls_is_revoked(struct tls *t, const struct digest *certificate)
{
        pthread_rwlock_rdlock(&t->lock);
        bool found = t->revoked_len > 0 && bsearch(certificate, t->revoked, t->revoked_len,
                                                   sizeof *t->revoked, by_digest) != NULL;

        pthread_rwlock_unlock(&t->lock);
        return found;
}

uint64_t tls_generation(const struct tls *t)
{
        return atomic_load_explicit(&t->generation, memory_order_acquire);
}

/* The folder -------------------------------------------------------------- */

struct material {
        struct bytes chain, key, ca, revoked;
};

static enum err read_all(int fd, struct arena *arena, size_t max, struct bytes *out)
{
        struct stat st;

        if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
                return ERR_UNREADABLE;
        if (st.st_size < 0 || (size_t)st.st_size > max)
                return ERR_TOO_LARGE;
        size_t len = 0, size = (size_t)st.st_size;
        uint8_t *data = arena_alloc_raw(arena, size + 1, 1);

        if (data == NULL)
                return ERR_NO_MEMORY;
        while (len < size) {
                ssize_t n = read(fd, data + len, size - len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return ERR_UNREADABLE; /* shorter than it was: being written */
                len += (size_t)n;
        }
        data[len] = '\0';
        *out = bytes_of(data, len);
        return ERR_OK;
}

static enum err read_file(
        const struct tls *t, const char *name, struct arena *arena, size_t max, struct bytes *out)
{
        const char *path = arena_printf(arena, "%s/%s", t->folder, name);
        int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        enum err err = path == NULL ? ERR_NO_MEMORY : ERR_UNREADABLE;

        if (fd >= 0) {
                err = read_all(fd, arena, max, out);
                close(fd);
        }
        if (err != ERR_OK)
                log_event(LOG_ERROR, "certificate_file_refused", LOG_TEXT("file", name),
                        LOG_TEXT("error", err_name(err)));
        return err;
}

static enum err read_folder(const struct tls *t, struct arena *arena, struct material *out)
{
        struct material m;

        TRY(read_file(t, "server.pem", arena, PEM_MAX, &m.chain));
        TRY(read_file(t, "server.key", arena, PEM_MAX, &m.key));
        TRY(read_file(t, "ca.pem", arena, PEM_MAX, &m.ca));
        TRY(read_file(t, "revoked.txt", arena, REVOKED_MAX, &m.revoked));
        enum err err = cert_check_server(m.chain, m.key, m.ca, clock_now_ms());

        if (err != ERR_OK) {
                log_event(LOG_ERROR, "certificates_refused", LOG_TEXT("error", err_name(err)));
                return err;
        }
        *out = m;
        return ERR_OK;
}

/* Files in memory --------------------------------------------------------- */

static enum err write_all(int fd, struct bytes b)
{
        while (b.len > 0) {
                ssize_t n = write(fd, b.data, b.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return ERR_NO_MEMORY;
                b = bytes_of(b.data + n, b.len - (size_t)n);
        }
        return ERR_OK;
}

static enum err memory_file(struct bytes first, struct bytes second, int64_t mtime, int *out)
{
        int fd = memfd_create("statgate-tls", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        const struct timespec times[2] = {{.tv_sec = mtime}, {.tv_sec = mtime}};

        if (fd < 0)
                return ERR_NO_MEMORY;
        if (write_all(fd, first) != ERR_OK || write_all(fd, bytes_of("\n", 1)) != ERR_OK ||
                write_all(fd, second) != ERR_OK || fchmod(fd, 0400) != 0 ||
                futimens(fd, times) != 0 ||
                fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) !=
                        0) {
                close(fd);
                return ERR_NO_MEMORY;
        }
        *out = fd;
        return ERR_OK;
}

/* Puts `fd` where `live` is; the first time, that is where it is. */
static enum err live_set(struct live *live, int fd)
{
        if (live->fd < 0) {
                live->fd = fd;
                (void)snprintf(live->path, sizeof live->path, "/proc/self/fd/%d", fd);
                return access(live->path, R_OK) == 0 ? ERR_OK : ERR_UNREADABLE;
        }
        bool ok = dup3(fd, live->fd, O_CLOEXEC) >= 0;

        close(fd);
        return ok ? ERR_OK : ERR_NO_MEMORY;
}

static void served_digest(const struct material *m, struct digest *out)
{
        struct digest parts[3];

        digest_of(m->chain, &parts[0]);
        digest_of(m->key, &parts[1]);
        digest_of(m->ca, &parts[2]);
        digest_of(bytes_of(parts, sizeof parts), out);
}

/* Serves chain, key and CA when they differ from what is served. */
static enum err serve(struct tls *t, const struct material *m, bool *out_changed)
{
        struct digest now;
        int identity, ca;
        int64_t seconds = clock_now_ms() / 1000;

        served_digest(m, &now);
        *out_changed = !digest_equal(&now, &t->served);
        if (!*out_changed)
                return ERR_OK;
        t->mtime = seconds > t->mtime ? seconds : t->mtime + 1;
        TRY(memory_file(m->chain, m->key, t->mtime, &identity));
        enum err err = memory_file(m->ca, bytes_of("", 0), t->mtime, &ca);

        if (err != ERR_OK) {
                close(identity);
                return err;
        }
        err = live_set(&t->ca, ca);
        if (err == ERR_OK)
                err = live_set(&t->identity, identity);
        else
                close(identity);
        if (err == ERR_OK)
                t->served = now;
        return err;
}

static bool same_list(const struct tls *t, const struct digest *list, size_t len)
{
        return len == t->revoked_len &&
               (len == 0 || memcmp(list, t->revoked, len * sizeof *list) == 0);
}

/* Takes over `list`. */
static void take_revoked(struct tls *t, struct digest *list, size_t len)
{
        pthread_rwlock_wrlock(&t->lock);
        struct digest *old = t->revoked;

        t->revoked = list;
        t->revoked_len = len;
        pthread_rwlock_unlock(&t->lock);
        free(old);
        atomic_fetch_add_explicit(&t->generation, 1, memory_order_release);
}

static enum err load(struct tls *t, struct arena *arena, bool *served, bool *revoked)
{
        struct material m;
        struct digest *list;
        size_t len;

        TRY(read_folder(t, arena, &m));
        TRY(revoked_parse(m.revoked, &list, &len));
        enum err err = serve(t, &m, served);

        *revoked = err == ERR_OK && !same_list(t, list, len);
        if (*revoked)
                take_revoked(t, list, len);
        else
                free(list);
        return err;
}

static enum err load_folder(struct tls *t, bool *served, bool *revoked)
{
        OWNED(arena_free) struct arena *arena = arena_new(REVOKED_MAX + 4 * PEM_MAX);

        if (arena == NULL)
                return ERR_NO_MEMORY;
        enum err err = load(t, arena, served, revoked);

        arena_wipe(arena);
        return err;
}

enum err tls_open(const char *folder, struct tls **out)
{
        struct tls *t = calloc(1, sizeof *t);
        bool served, revoked;

        if (t == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&t->reload, NULL);
        pthread_rwlock_init(&t->lock, NULL);
        t->identity.fd = t->ca.fd = -1;
        t->folder = strdup(folder);
        enum err err = t->folder != NULL ? load_folder(t, &served, &revoked) : ERR_NO_MEMORY;

        if (err != ERR_OK) {
                tls_free(&t);
                return err;
        }
        *out = t;
        return ERR_OK;
}

void tls_free(struct tls **tls)
{
        if (tls == NULL || *tls == NULL)
                return;
        struct tls *t = *tls;

        if (t->identity.fd >= 0)
                close(t->identity.fd);
        if (t->ca.fd >= 0)
                close(t->ca.fd);
        pthread_rwlock_destroy(&t->lock);
        pthread_mutex_destroy(&t->reload);
        free(t->revoked);
        free(t->folder);
        free(t);
        *tls = NULL;
}

enum err tls_reload(struct tls *t, bool *out_changed)
{
        bool served, revoked;

        pthread_mutex_lock(&t->reload);
        enum err err = load_folder(t, &served, &revoked);

        if (err == ERR_OK && served) {
                const struct timespec wait = {WATCH_MS / 1000, WATCH_MS % 1000 * 1000000L};

                nanosleep(&wait, NULL);
        }
        pthread_mutex_unlock(&t->reload);
        if (err != ERR_OK)
                return err;
        *out_changed = served || revoked;
        return ERR_OK;
}

const char *tls_identity_path(const struct tls *t)
{
        return t->identity.path;
}

const char *tls_ca_path(const struct tls *t)
{
        return t->ca.path;
}
