/* SPDX-License-Identifier: Apache-2.0 */
/* broken_bundle.h: small bundles on disk, whole or with one piece replaced. */
#ifndef STATGATE_TESTS_SUPPORT_BROKEN_BUNDLE_H
#define STATGATE_TESTS_SUPPORT_BROKEN_BUNDLE_H

#include "policies/policy.h"

struct bundle_file {
        const char *name, *text;
};
struct small_bundle {
        char *folder; /* a template of mkdtemp, until small_bundle_make */
        const struct bundle_file *files;
        size_t len;
};

int small_bundle_make(struct small_bundle *b); /* the folder; -1: it cannot be made */
int small_bundle_remove(struct small_bundle *b);
void small_bundle_write(const struct small_bundle *b); /* all files as they are */
void small_bundle_write_file(const struct small_bundle *b, const char *name, const char *text);
/* The file with its first `find` replaced; @@ in the replacement is taken out, and where it
 * stood is told as file:line:column. */
void small_bundle_write_broken(const struct small_bundle *b, const char *name, const char *find,
        const char *replace, char *place, size_t cap);
/* Written anew and loaded, with one piece of a file replaced; `file` NULL: as it is. Fails the test
 * where it does not load. */
struct policy *small_bundle_policy(
        const struct small_bundle *b, const char *file, const char *find, const char *replace);
enum err small_bundle_load(const struct small_bundle *b, struct policy **out, struct refusal *why);

/* One piece of one file replaced, and what is said of it. Where no mark stands, only the
 * refusal is asked for; `says` may be NULL. */
struct bundle_fault {
        const char *file, *find, *replace, *says;
};
/* How many of them are not told where they stand; says which. */
unsigned small_bundle_faults(
        const struct small_bundle *b, const struct bundle_fault *faults, size_t len);

#endif
