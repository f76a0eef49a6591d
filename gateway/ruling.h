/* SPDX-License-Identifier: Apache-2.0 */
/* ruling.h: the files of the bundle in force, kept for the next start.
 *
 * What comes into force is held against what ruled before. A gateway that stood still while its
 * bundle was exchanged has only this copy to hold it against. Nobody need trust the copy: its
 * canonical bytes name the digest of every file, and their digest is what the next bundle calls its
 * predecessor, which the keeper holds it to. */
#ifndef STATGATE_GATEWAY_RULING_H
#define STATGATE_GATEWAY_RULING_H

#include "policies/policy.h"

/* The files in `folder` that `p` was read from take the place of what `path` has, all of them or
 * none; readable for nobody else. ERR_CONFLICT: one of them has changed since. */
MUST_CHECK enum err ruling_keep(const char *path, const char *folder, const struct policy *p);
/* ERR_NOT_FOUND: none is kept. Others: it is damaged, or this gateway does not read it any more. */
MUST_CHECK enum err ruling_read(const char *path, struct policy **out);

#endif
