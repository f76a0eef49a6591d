/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle.c: whatever stands in one file of a bundle, the bundle loads and holds
 * together, or is refused with a place.
 *
 * The first line of an input names a file of a small bundle, the rest is what stands in
 * it instead; with a + before the name it is the bundle of presets and planned tables. What
 * loads can be told, differs from itself in nothing, may follow itself, and
 * finds every code's place on every day. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "policies/report.h"
#include "tests/support/language_bundle.h"
#include "tests/support/protected_bundle.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static struct small {
        char folder[sizeof "/tmp/statgate-fuzz-bundle-XXXXXX"];
        const struct bundle_file *files;
        size_t len;
} bundles[] = {
        {"/tmp/statgate-fuzz-bundle-XXXXXX", language_files, LANGUAGE_FILES},
        {"/tmp/statgate-fuzz-bundle-XXXXXX", protected_files, PROTECTED_FILES},
};

static void require(bool held)
{
        if (!held)
                abort();
}

static void path_of(const struct small *b, const char *name, char path[256])
{
        (void)snprintf(path, 256, "%s/%s", b->folder, name);
}

static void write_file(const struct small *b, const char *name, const void *text, size_t len)
{
        char path[256];
        FILE *file;

        path_of(b, name, path);
        file = fopen(path, "w");
        require(file != NULL && fwrite(text, 1, len, file) == len);
        require(fclose(file) == 0);
}

static void tidy_up(void)
{
        for (size_t b = 0; b < ARRAY_LEN(bundles); b++) {
                for (size_t i = 0; i < bundles[b].len; i++) {
                        char path[256];

                        path_of(&bundles[b], bundles[b].files[i].name, path);
                        (void)unlink(path);
                }
                (void)rmdir(bundles[b].folder);
        }
}

static void make_ready(void)
{
        static bool ready;

        if (ready)
                return;
        ready = true;
        for (size_t b = 0; b < ARRAY_LEN(bundles); b++) {
                require(mkdtemp(bundles[b].folder) != NULL);
                for (size_t i = 0; i < bundles[b].len; i++)
                        write_file(&bundles[b], bundles[b].files[i].name, bundles[b].files[i].text,
                                strlen(bundles[b].files[i].text));
        }
        require(atexit(tidy_up) == 0);
}

/* Any name that is none of the bundle's means the first file. */
static const struct bundle_file *chosen(
        const uint8_t **data, size_t *len, const struct small **out_bundle)
{
        const uint8_t *end = *len > 0 ? memchr(*data, '\n', *len) : NULL;
        struct bytes name = bytes_of(*data, end != NULL ? (size_t)(end - *data) : *len);
        const struct bundle_file *file;
        const struct small *b = &bundles[0];

        *data += name.len + (end != NULL);
        *len -= name.len + (end != NULL);
        if (name.len > 0 && name.data[0] == '+') {
                name = bytes_of(name.data + 1, name.len - 1);
                b = &bundles[1];
        }
        file = &b->files[0];
        for (size_t i = 0; i < b->len; i++)
                if (bytes_is_text(name, b->files[i].name))
                        file = &b->files[i];
        *out_bundle = b;
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

/* A question about a data set is held to what its rules say, and told so. */
static void check_rules(const struct policy *p, const struct policy_dataset *d)
{
        uint64_t cells = 0;

        require(d->disclosure.threshold > 0 && d->disclosure_at != NULL);
        require(d->disclosure.interval == 0 || d->disclosure.secondary);
        require(d->disclosure.remainder == 0 || d->disclosure.contributors != 0);
        require((d->disclosure.perturbation == PERTURB_CELLKEY) ==
                (d->disclosure.variance_permille > 0));
        require((d->disclosure.perturbation == PERTURB_ROUNDING) == (d->disclosure.base > 0));
        for (uint32_t i = 0; i < d->lattice.tables_len; i++)
                for (uint32_t a = 0; a < d->lattice.tables[i].axes_len; a++) {
                        const struct lattice_axis *axis = &d->lattice.tables[i].axes[a];
                        const uint32_t first[] = {0};
                        const struct population_part part = {
                                &d->variables[axis->variable], first, axis->level, 1};

                        require(axis->variable < d->variables_len);
                        (void)policy_inhabitants(p, &part, 1);
                        cells++;
                }
        require(cells == 0 || d->lattice.cells <= d->lattice.cells_max);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
        OWNED(policy_unref) struct policy *p = NULL;
        const struct small *b = NULL;
        const struct bundle_file *file = chosen(&data, &len, &b);
        struct refusal why = {0};
        uint32_t datasets = 0;
        enum err rc;

        make_ready();
        write_file(b, file->name, data, len);
        rc = policy_load(b->folder, &p, &why);
        write_file(b, file->name, file->text, strlen(file->text));
        require((rc == ERR_OK) == (p != NULL));
        if (rc != ERR_OK) {
                require(rc == ERR_NO_MEMORY || (rc == ERR_POLICY_REFUSED && why.len > 0));
                return 0;
        }
        check(p);
        const struct policy_dataset *d = policy_datasets(p, &datasets);

        for (uint32_t i = 0; i < datasets; i++)
                check_rules(p, &d[i]);
        return 0;
}
