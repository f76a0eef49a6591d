/* SPDX-License-Identifier: Apache-2.0 */
/* cli_room.c: a command's words, its streams and its files. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <dirent.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/cli_room.h"

enum { ARGUMENTS_MAX = 40 };

static char folder[] = "/tmp/statgate-room-XXXXXX";

void ran_free(struct ran *r)
{
        free(r->out);
        free(r->err);
}

struct ran room_run(const char *const *words)
{
        char *argv[ARGUMENTS_MAX + 4] = {strdup("statgate"), strdup("--lang"), strdup("en")};
        char *kept[ARGUMENTS_MAX + 4];
        struct ran r = {NULL, NULL, EXIT_CODE_INTERNAL};
        size_t out_len = 0, err_len = 0;
        FILE *out = open_memstream(&r.out, &out_len), *err = open_memstream(&r.err, &err_len);
        int argc = 3;

        for (; words[argc - 3] != NULL && argc < ARGUMENTS_MAX; argc++)
                argv[argc] = strdup(words[argc - 3]);
        memcpy(kept, argv, sizeof kept); /* getopt permutes */
        r.code = cli_main(argc, argv, out, err);
        (void)fclose(out);
        (void)fclose(err);
        for (int i = 0; i < argc; i++)
                free(kept[i]);
        return r;
}

const char *room_path(const char *name)
{
        static char paths[8][ROOM_PATH];
        static unsigned at;
        char *path = paths[at++ % 8];

        (void)snprintf(path, ROOM_PATH, "%s/%s", folder, name);
        return path;
}

const char *room_write(const char *name, const char *text)
{
        const char *path = room_path(name);
        FILE *f = fopen(path, "wb");

        assert_non_null(f);
        assert_int_equal(fputs(text, f) >= 0, 1);
        assert_int_equal(fclose(f), 0);
        return path;
}

const char *room_read(const char *name)
{
        static char text[4][ROOM_TEXT];
        static unsigned at;
        char *to = text[at++ % 4];
        FILE *f = fopen(room_path(name), "rb");
        size_t len;

        assert_non_null(f);
        len = fread(to, 1, ROOM_TEXT - 1, f);
        to[len] = '\0';
        (void)fclose(f);
        return to;
}

unsigned room_count(const char *prefix)
{
        DIR *dir = opendir(folder);
        unsigned found = 0;

        assert_non_null(dir);
        for (struct dirent *e = readdir(dir); e != NULL; e = readdir(dir))
                found += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
        (void)closedir(dir);
        return found;
}

int room_open(void **state)
{
        (void)state;
        return mkdtemp(folder) != NULL ? 0 : 1;
}

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
        (void)st;
        (void)kind;
        (void)where;
        return remove(path);
}

int room_close(void **state)
{
        (void)state;
        return nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}
