/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c: secrets from files and terminals into locked memory.
 *
 * A passphrase is never an argument or an environment variable: other users see
 * the first, and children inherit the second. What passes through this process
 * stands in locked memory or in a buffer that is wiped before the function ends. */
#include "tools/cli/keys.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "crypto/secret.h"
#include "tools/cli/files.h"

enum { POOL_LEN = 64 << 10, PASSPHRASE_MAX = 1024, PASSPHRASE_MIN = 12, RANDOM_LEN = 24 };

enum exit_code keys_init(const struct cli *cli, bool lock_required)
{
        enum err rc = crypto_init(POOL_LEN, lock_required);

        if (rc == ERR_OK)
                return EXIT_CODE_OK;
        complain(cli, WORD_FAILED, err_sentence(rc));
        return EXIT_CODE_INTERNAL;
}

enum err signing_key_create(const char *path, const struct secret *key)
{
        char line[2 * SIGN_SECRET_LEN + 2];
        enum err rc;

        if (secret_len(key) != SIGN_SECRET_LEN)
                return ERR_INVALID;
        hex_encode(bytes_of(secret_view(key), SIGN_SECRET_LEN), line);
        line[sizeof line - 2] = '\n';
        rc = file_create(path, bytes_of(line, sizeof line - 1), 0600);
        wipe(line, sizeof line);
        return rc;
}

enum err signing_key_read(struct arena *arena, const char *path, struct secret **out)
{
        uint8_t key[SIGN_SECRET_LEN];
        char hex[2 * SIGN_SECRET_LEN + 1];
        struct bytes text;
        struct stat st;
        enum err rc;

        if (stat(path, &st) == 0 && (st.st_mode & 077) != 0)
                return ERR_NOT_ALLOWED;
        TRY(file_read(arena, path, &text));
        if (text.len < sizeof hex - 1)
                return ERR_MALFORMED;
        memcpy(hex, text.data, sizeof hex - 1);
        hex[sizeof hex - 1] = '\0';
        wipe((void *)(uintptr_t)text.data, text.len);
        rc = hex_decode(hex, key, sizeof key);
        wipe(hex, sizeof hex);
        if (rc == ERR_OK)
                rc = secret_copy(key, sizeof key, out);
        wipe(key, sizeof key);
        return rc;
}

enum err passphrase_create(const char *path)
{
        uint8_t random[RANDOM_LEN];
        char line[2 * RANDOM_LEN + 2];
        enum err rc;

        TRY(random_bytes(random, sizeof random));
        hex_encode(bytes_of(random, sizeof random), line);
        line[sizeof line - 2] = '\n';
        rc = file_create(path, bytes_of(line, sizeof line - 1), 0600);
        wipe(random, sizeof random);
        wipe(line, sizeof line);
        return rc;
}

/* One line without its end; false when there is none or it is too long. */
static bool read_line(int fd, char *line, size_t cap, size_t *len)
{
        *len = 0;
        while (*len < cap) {
                ssize_t n = read(fd, line + *len, 1);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0 || line[*len] == '\n')
                        return n == 1;
                ++*len;
        }
        return false;
}

enum exit_code prompt_secret(const struct cli *cli, enum word question, struct secret **out)
{
        int fd = open("/dev/tty", O_RDWR | O_CLOEXEC);
        char line[PASSPHRASE_MAX];
        struct termios before, quiet;
        size_t len = 0;
        bool good;

        if (fd < 0 || tcgetattr(fd, &before) != 0) {
                if (fd >= 0)
                        (void)close(fd);
                complain(cli, WORD_NO_TERMINAL);
                return EXIT_CODE_USAGE;
        }
        (void)fprintf(cli->err, "%s ", cli_word(cli, question));
        (void)fflush(cli->err);
        quiet = before;
        quiet.c_lflag &= ~(tcflag_t)ECHO;
        (void)tcsetattr(fd, TCSAFLUSH, &quiet);
        good = read_line(fd, line, sizeof line, &len);
        (void)tcsetattr(fd, TCSAFLUSH, &before);
        (void)close(fd);
        (void)fputc('\n', cli->err);
        good = good && len > 0 && secret_copy(line, len, out) == ERR_OK;
        wipe(line, sizeof line);
        if (!good)
                complain(cli, WORD_NOT_READ);
        return good ? EXIT_CODE_OK : EXIT_CODE_USAGE;
}

static enum exit_code to_pipe(const struct cli *cli, const struct secret *text, int *out_fd)
{
        int ends[2];

        /* At most PASSPHRASE_MAX bytes: a pipe takes them without a reader. */
        if (pipe2(ends, O_CLOEXEC) != 0)
                return EXIT_CODE_INTERNAL;
        if (write(ends[1], secret_view(text), secret_len(text)) != (ssize_t)secret_len(text)) {
                (void)close(ends[0]);
                (void)close(ends[1]);
                complain(cli, WORD_NOT_READ);
                return EXIT_CODE_INTERNAL;
        }
        (void)close(ends[1]);
        *out_fd = ends[0];
        return EXIT_CODE_OK;
}

static enum exit_code ask_twice(const struct cli *cli, int *out_fd)
{
        OWNED(secret_free) struct secret *first = NULL;
        OWNED(secret_free) struct secret *second = NULL;
        enum exit_code code = prompt_secret(cli, WORD_PASSPHRASE_NEW, &first);

        if (code == EXIT_CODE_OK && secret_len(first) < PASSPHRASE_MIN) {
                complain(cli, WORD_PASSPHRASE_SHORT);
                return EXIT_CODE_USAGE;
        }
        if (code == EXIT_CODE_OK)
                code = prompt_secret(cli, WORD_PASSPHRASE_AGAIN, &second);
        if (code != EXIT_CODE_OK)
                return code;
        if (!secret_equal(first, second)) {
                complain(cli, WORD_PASSPHRASE_DIFFERS);
                return EXIT_CODE_USAGE;
        }
        return to_pipe(cli, first, out_fd);
}

enum exit_code passphrase_open(const struct cli *cli, const char *file, int *out_fd)
{
        if (file == NULL)
                return ask_twice(cli, out_fd);
        *out_fd = open(file, O_RDONLY | O_CLOEXEC);
        if (*out_fd >= 0)
                return EXIT_CODE_OK;
        complain(cli, WORD_FILE_UNREADABLE, file, strerror(errno));
        return EXIT_CODE_USAGE;
}

const char *keeper_find(struct arena *arena, const char *program_dir, const char *wanted)
{
        static const char *const places[] = {"statgate-keeper",
                "../libexec/statgate/statgate-keeper", "../libexec/statgate-keeper"};

        if (wanted != NULL)
                return access(wanted, X_OK) == 0 ? wanted : NULL;
        for (size_t i = 0; i < ARRAY_LEN(places); i++) {
                const char *path = path_join(arena, program_dir, places[i]);

                if (path != NULL && access(path, X_OK) == 0)
                        return path;
        }
        return NULL;
}
