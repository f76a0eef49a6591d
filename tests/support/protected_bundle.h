/* SPDX-License-Identifier: Apache-2.0 */
/* protected_bundle.h: a small bundle with presets, planned tables and inhabitants. */
#ifndef STATGATE_TESTS_SUPPORT_PROTECTED_BUNDLE_H
#define STATGATE_TESTS_SUPPORT_PROTECTED_BUNDLE_H

#include "tests/support/broken_bundle.h"

/* Data sets: a (persons, guardians, a provider), b (persons), c (nobody), d (deliveries). */
enum { PROTECTED_FILES = 11 };
extern const struct bundle_file protected_files[PROTECTED_FILES];

#endif
