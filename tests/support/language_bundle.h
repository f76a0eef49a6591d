/* SPDX-License-Identifier: Apache-2.0 */
/* language_bundle.h: a small bundle that says everything the language can say. */
#ifndef STATGATE_TESTS_SUPPORT_LANGUAGE_BUNDLE_H
#define STATGATE_TESTS_SUPPORT_LANGUAGE_BUNDLE_H

#include "tests/support/broken_bundle.h"

enum { LANGUAGE_FILES = 8 };
extern const struct bundle_file language_files[LANGUAGE_FILES];

#endif
