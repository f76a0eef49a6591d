/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle.c: whatever stands in one file of a bundle, the bundle loads and holds
 * together, or is refused with a place.
 *
 * The first line of an input names a file of the small bundle, the rest is what stands in
 * it instead. What loads can be told, differs from itself in nothing, may follow itself, and
 * finds every code's place on every day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "policies/report.h"
#include "tests/support/language_bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static char folder[] = "/tmp/statgate-fuzz-bundle-XXXXXX";

static void require(bool held)
{
        if (!held)
                abort();
}

static void path_of(const char *name, char path[256])
{
        (void)snprintf(path, 256, "%s/%s", folder, name);
}

static void write_file(const char *name, const void *text, size_t len)
{
        char path[256];
        FILE *file;

        path_of(name, path);
        file = fopen(path, "w");
        require(file != NULL && fwrite(text, 1, len, file) == len);
        require(fclose(file) == 0);
}

static void tidy_up(void)
{
        for (unsigned i = 0; i < LANGUAGE_FILES; i++) {
                char path[256];

                path_of(language_files[i].name, path);
                (void)unlink(path);
        }
        (void)rmdir(folder);
}

/* Any name that is none of the bundle's means the first file. */
static const struct bundle_file *chosen(const uint8_t **data, size_t *len)
{
        const uint8_t *end = *len > 0 ? memchr(*data, '\n', *len) : NULL;
        struct bytes name = bytes_of(*data, end != NULL ? (size_t)(end - *data) : *len);
        const struct bundle_file *file = &language_files[0];

        for (unsigned i = 0; i < LANGUAGE_FILES; i++)
                if (bytes_is_text(name, language_files[i].name))
                        file = &language_files[i];
        *data += name.len + (end != NULL);
        *len -= name.len + (end != NULL);
        return file;
}

static void check_codes(const struct code_list *list)
{
        static const int32_t days[] = {INT32_MIN, -40000, 0, 13513, 18262, 40000, INT32_MAX};

        for (uint32_t c = 0; c < list->levels[0].len; c++)
                for (uint32_t level = 0; level < list->levels_len; level++)
                        for (size_t d = 0; d < ARRAY_LEN(days); d++) {
                                uint32_t up = code_ancestor_at(list, c, level, days[d]);

                                require(up < list->levels[level].len);
                                (void)code_in_use(list, level, up, days[d]);
                        }
}

static void check(const struct policy *p)
{
        OWNED(arena_free) struct arena *arena = arena_new(32 << 20);
        uint32_t datasets = 0;
        const struct policy_dataset *d = policy_datasets(p, &datasets);
        struct report r;
        struct rules rules;

        require(arena != NULL);
        require(rules_decode(arena, policy_canonical(p), &rules) == ERR_OK);
        check_codes(policy_municipalities(p));
        for (unsigned lang = REPORT_SV; lang <= REPORT_EN; lang++) {
                report_init(&r, arena, (enum report_lang)lang);
                require(policy_show(p, &r) == ERR_OK);
        }
        report_init(&r, arena, REPORT_EN);
        require(policy_diff(p, p, &r) == ERR_OK && r.len == 0);
        require(policy_evolves(p, p, NULL) == ERR_OK);
        (void)policy_principal_find(p, bytes_of_text("statgate://demo/statistician/vard-3"));
        for (uint32_t i = 0; i < datasets; i++)
                for (uint32_t k = 0; k < datasets; k++) {
                        const struct policy_dataset *other = &d[k];

                        (void)policy_linkage_narrowest(p, &d[i], &other, 1,
                                bytes_of_text("statistik"), false, 1780000000000);
                }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        static bool ready;
        OWNED(policy_unref) struct policy *p = NULL;
        const struct bundle_file *file = chosen(&data, &len);
        struct refusal why = {0};
        enum err rc;

        if (!ready) {
                require(mkdtemp(folder) != NULL && atexit(tidy_up) == 0);
                for (unsigned i = 0; i < LANGUAGE_FILES; i++)
                        write_file(language_files[i].name, language_files[i].text,
                                strlen(language_files[i].text));
                ready = true;
        }
        write_file(file->name, data, len);
        rc = policy_load(folder, &p, &why);
        write_file(file->name, file->text, strlen(file->text));
        require((rc == ERR_OK) == (p != NULL));
        if (rc == ERR_OK)
                check(p);
        else
                require(rc == ERR_NO_MEMORY || (rc == ERR_POLICY_REFUSED && why.len > 0));
        return 0;
}
