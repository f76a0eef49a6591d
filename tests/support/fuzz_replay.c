/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_replay.c: runs a fuzz target over the files of its corpus.
 *
 * Ordinary builds have no libFuzzer; what a fuzzer found once must still be
 * tried by every test run, with either compiler and under every sanitizer.
 * Each input lies in a block of exactly its own size, so that ASan sees a read
 * one byte beyond. An empty or absent corpus is a failure: a target without
 * seeds tests nothing. */
#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { INPUT_MAX = 8 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static int replay_file(const char *path)
{
        struct stat st;
        FILE *file = fopen(path, "rb");

        if (file == NULL || fstat(fileno(file), &st) != 0 || st.st_size > INPUT_MAX) {
                fprintf(stderr, "cannot read %s\n", path);
                if (file != NULL)
                        (void)fclose(file);
                return -1;
        }
        size_t len = (size_t)st.st_size;
        uint8_t *data = malloc(len > 0 ? len : 1);
        bool whole = data != NULL && fread(data, 1, len, file) == len;

        (void)fclose(file);
        if (whole)
                (void)LLVMFuzzerTestOneInput(data, len);
        free(data);
        return whole ? 0 : -1;
}

static int replay_folder(const char *folder, unsigned *count)
{
        DIR *dir = opendir(folder);
        int rc = 0;

        if (dir == NULL) {
                fprintf(stderr, "cannot open %s\n", folder);
                return -1;
        }
        for (struct dirent *e; rc == 0 && (e = readdir(dir)) != NULL;) {
                char path[4096];

                if (e->d_name[0] == '.')
                        continue;
                (void)snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
                rc = replay_file(path);
                ++*count;
        }
        (void)closedir(dir);
        return rc;
}

int main(int argc, char **argv)
{
        unsigned count = 0;

        for (int i = 1; i < argc; i++)
                if (replay_folder(argv[i], &count) != 0)
                        return EXIT_FAILURE;
        printf("replayed %u inputs\n", count);
        return count > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
