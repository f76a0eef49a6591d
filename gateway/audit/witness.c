/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c: a head becomes a line in a file, a file in a folder, or a POST.
 *
 * What is shown is one line of text (crypto/tree_head.h), which says nothing about anybody; so a
 * witness needs no trust but that it does not forget. Nothing that was shown is ever overwritten: a
 * file is added to, and in a folder a head's name has its root in it, so that two heads of one size
 * lie side by side.
 *
 * A witness that does not answer costs nobody but the thread that asks. */
#include "gateway/audit/witness.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"

enum { CONNECT_MS = 5000, ANSWER_MS = 10000, PATH_LEN = 1024 };

struct witness {
        char *name;
        bool has; /* something was shown to it in this life */
        uint64_t size;
        int64_t failed_ms;
};

struct witnesses {
        unsigned len;
        char *ca;
        _Atomic int64_t until_ns; /* INT64_MAX: nobody is in a hurry */
        pthread_mutex_t lock;     /* what witness.size and failed_ms say */
        struct witness list[WITNESSES_MAX];
};

typedef enum err (*show_fn)(
        struct witnesses *w, const char *place, const struct tree_head *head, struct bytes line);

static bool in_time(const struct witnesses *w)
{
        return clock_monotonic_ns() < atomic_load(&w->until_ns);
}

static enum err write_all(int fd, struct bytes b)
{
        while (b.len > 0) {
                ssize_t n = write(fd, b.data, b.len);

                if (n <= 0)
                        return ERR_IO;
                b = bytes_of(b.data + n, b.len - (size_t)n);
        }
        return ERR_OK;
}

/* A file ----------------------------------------------------------------------- */

/* Whether the last line was cut short: a crash in the middle of a write. */
static bool is_torn(int fd)
{
        struct stat st;
        char last;

        return fstat(fd, &st) == 0 && st.st_size > 0 && pread(fd, &last, 1, st.st_size - 1) == 1 &&
               last != '\n';
}

static enum err show_file(
        struct witnesses *w, const char *place, const struct tree_head *head, struct bytes line)
{
        OWNED(fd_close)
        int fd = open(
                place, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);

        (void)w;
        (void)head;
        if (fd < 0)
                return ERR_UNREADABLE;
        if (is_torn(fd))
                TRY(write_all(fd, bytes_of_text("\n")));
        TRY(write_all(fd, line));
        return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

/* A folder --------------------------------------------------------------------- */

static enum err write_new(const char *path, struct bytes line)
{
        OWNED(fd_close) int fd = -1;

        (void)unlink(path);
        fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0644);
        if (fd < 0)
                return ERR_UNREADABLE;
        TRY(write_all(fd, line));
        return fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

static enum err sync_folder(const char *path)
{
        OWNED(fd_close) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        return fd >= 0 && fsync(fd) == 0 ? ERR_OK : ERR_IO;
}

static enum err show_dir(
        struct witnesses *w, const char *place, const struct tree_head *head, struct bytes line)
{
        char root[2 * sizeof head->root.bytes + 1], path[PATH_LEN], fresh[PATH_LEN];
        int len;

        (void)w;
        hex_encode(bytes_of(head->root.bytes, sizeof head->root.bytes), root);
        len = snprintf(path, sizeof path, "%s/%020llu-%.16s.head", place,
                (unsigned long long)head->size, root);
        if (len < 0 || len >= (int)sizeof path)
                return ERR_CONFIG;
        len = snprintf(fresh, sizeof fresh, "%s/.head.new", place);
        if (len < 0 || len >= (int)sizeof fresh)
                return ERR_CONFIG;
        TRY(write_new(fresh, line));
        if (rename(fresh, path) != 0)
                return ERR_IO;
        return sync_folder(place);
}

/* A server --------------------------------------------------------------------- */

/* NOLINTNEXTLINE(readability-non-const-parameter): the library's own shape */
static size_t ignore(char *data, size_t size, size_t len, void *ctx)
{
        (void)data;
        (void)ctx;
        return size * len;
}

static int go_on(void *ctx, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
        const struct witnesses *w = ctx;

        (void)a;
        (void)b;
        (void)c;
        (void)d;
        return in_time(w) ? 0 : 1;
}

/* No redirects: who is to see the head is for the settings to say. */
static bool set_up(CURL *c, struct witnesses *w, const char *place, struct bytes line,
        struct curl_slist *headers)
{
        return curl_easy_setopt(c, CURLOPT_URL, place) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) == CURLE_OK &&
               (w->ca == NULL || curl_easy_setopt(c, CURLOPT_CAINFO, w->ca) == CURLE_OK) &&
               curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)ANSWER_MS) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_XFERINFOFUNCTION, go_on) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_XFERINFODATA, w) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE, (long)line.len) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_POSTFIELDS, line.data) == CURLE_OK;
}

static void easy_free(CURL **c)
{
        curl_easy_cleanup(*c);
}

static void slist_free(struct curl_slist **list)
{
        curl_slist_free_all(*list);
}

static enum err show_https(
        struct witnesses *w, const char *place, const struct tree_head *head, struct bytes line)
{
        OWNED(slist_free)
        struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: text/plain");
        OWNED(easy_free) CURL *c = curl_easy_init();
        long status = 0;

        (void)head;
        if (c == NULL || headers == NULL || !set_up(c, w, place, line, headers))
                return ERR_NO_MEMORY;
        CURLcode rc = curl_easy_perform(c);

        if (rc == CURLE_OPERATION_TIMEDOUT || rc == CURLE_ABORTED_BY_CALLBACK)
                return ERR_DEADLINE;
        if (rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CACERT_BADFILE)
                return ERR_NOT_AUTHENTICATED;
        if (rc != CURLE_OK || curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status) != CURLE_OK)
                return ERR_UNREADABLE;
        return status >= 200 && status < 300 ? ERR_OK : ERR_CONFLICT;
}

/* All of them ------------------------------------------------------------------- */

static const struct {
        const char *prefix;
        size_t skip; /* of the name, before the place */
        show_fn show;
} kinds[] = {
        {"file:", 5, show_file},
        {"dir:", 4, show_dir},
        {"https://", 0, show_https},
};

static int kind_of(const char *name)
{
        for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
                if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
                        return (int)i;
        return -1;
}

const char *witness_wrong(const char *name)
{
        int kind = kind_of(name);

        if (kind < 0)
                return "is file:PATH, dir:PATH or https://HOST[:PORT]/PATH";
        if (strlen(name) > WITNESS_NAME_MAX || !bytes_is_printable(bytes_of_text(name)))
                return "is too long, or not printable";
        if (kinds[kind].skip > 0 && name[kinds[kind].skip] != '/')
                return "needs an absolute path";
        if (name[strlen(kinds[kind].prefix)] == '\0')
                return "names nothing";
        return NULL;
}

static enum err add(struct witnesses *w, const char *name)
{
        struct witness *new = &w->list[w->len];

        if (witness_wrong(name) != NULL)
                return ERR_CONFIG;
        new->name = strdup(name);
        if (new->name == NULL)
                return ERR_NO_MEMORY;
        w->len++;
        return ERR_OK;
}

enum err witnesses_new(
        const char *const *names, unsigned len, const char *ca, struct witnesses **out)
{
        OWNED(witnesses_free) struct witnesses *w = NULL;

        if (len > WITNESSES_MAX)
                return ERR_CONFIG;
        w = calloc(1, sizeof *w);
        if (w == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&w->lock, NULL);
        atomic_init(&w->until_ns, INT64_MAX);
        if (ca != NULL && (w->ca = strdup(ca)) == NULL)
                return ERR_NO_MEMORY;
        for (unsigned i = 0; i < len; i++)
                TRY(add(w, names[i]));
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
                return ERR_NO_MEMORY;
        *out = w;
        w = NULL;
        return ERR_OK;
}

void witnesses_free(struct witnesses **w)
{
        if (*w == NULL)
                return;
        for (unsigned i = 0; i < (*w)->len; i++)
                free((*w)->list[i].name);
        free((*w)->ca);
        pthread_mutex_destroy(&(*w)->lock);
        free(*w);
        *w = NULL;
}

static void note(struct witnesses *w, struct witness *to, uint64_t size, enum err e)
{
        bool failed = to->failed_ms != 0;

        pthread_mutex_lock(&w->lock);
        if (e == ERR_OK) {
                to->has = true;
                to->size = size;
                to->failed_ms = 0;
        } else if (!failed) {
                to->failed_ms = clock_now_ms();
        }
        pthread_mutex_unlock(&w->lock);
        if (e != ERR_OK && !failed)
                log_event(LOG_ERROR, "witness_does_not_listen", LOG_TEXT("witness", to->name),
                        LOG_TEXT("error", err_name(e)));
        if (e == ERR_OK && failed)
                log_event(LOG_INFO, "witness_listens_again", LOG_TEXT("witness", to->name));
}

void witnesses_show(struct witnesses *w, const struct tree_head *head, enum witness_set which)
{
        char text[TREE_HEAD_TEXT_MAX];

        tree_head_format(head, text);
        for (unsigned i = 0; i < w->len; i++) {
                struct witness *to = &w->list[i];
                int kind = kind_of(to->name);

                if (to->failed_ms == 0 &&
                        (which == WITNESS_FAILED || (to->has && to->size == head->size)))
                        continue;
                note(w, to, head->size,
                        in_time(w) ? kinds[kind].show(w, to->name + kinds[kind].skip, head,
                                             bytes_of_text(text))
                                   : ERR_DEADLINE);
        }
}

void witnesses_hurry(struct witnesses *w, int64_t ms)
{
        atomic_store(&w->until_ns, clock_monotonic_ns() + ms * 1000000);
}

unsigned witnesses_tell(struct witnesses *w, struct audit_witness *out, unsigned room)
{
        unsigned n = w->len < room ? w->len : room;

        pthread_mutex_lock(&w->lock);
        for (unsigned i = 0; i < n; i++)
                out[i] = (struct audit_witness){.name = w->list[i].name,
                        .size = w->list[i].size,
                        .failed_ms = w->list[i].failed_ms};
        pthread_mutex_unlock(&w->lock);
        return n;
}
