/* SPDX-License-Identifier: Apache-2.0 */
/* keys.h: secrets that the command touches: the officer's signing key, and the
 * passphrase on its way to the keeper. */
#ifndef STATGATE_TOOLS_CLI_KEYS_H
#define STATGATE_TOOLS_CLI_KEYS_H

#include "crypto/sign.h"
#include "tools/cli/cli.h"

struct secret;

/* Locked memory, once per command that handles keys. */
enum exit_code keys_init(const struct cli *cli, bool lock_required);

/* An Ed25519 secret key as one line of 64 hex digits, mode 0600. */
MUST_CHECK enum err signing_key_create(const char *path, const struct secret *key);
/* Refuses a file that others may read. */
MUST_CHECK enum err signing_key_read(struct arena *arena, const char *path, struct secret **out);

/* A descriptor from which the keeper reads the passphrase: of `file`, or of a pipe
 * after asking twice at the terminal. */
enum exit_code passphrase_open(const struct cli *cli, const char *file, int *out_fd);
/* One line from the terminal without echo; wiped by secret_free. */
enum exit_code prompt_secret(const struct cli *cli, enum word question, struct secret **out);
/* A random passphrase, as a file of its own (development only). */
MUST_CHECK enum err passphrase_create(const char *path);

/* What a municipality signs its boxes with: a new one, private in `path`; and its public half as
 * a line of the bundle's submission_keys.yaml, good from today (NULL: memory is short). */
enum { SUBMISSION_KEY_DAYS = 730 };
MUST_CHECK enum err submission_key_create(const char *path, uint8_t out_public[SIGN_PUBLIC_LEN]);
const char *submission_key_line(struct arena *arena, municipality_t municipality,
        const uint8_t public_key[SIGN_PUBLIC_LEN]);

/* The keeper program: `wanted`, or beside this one, or in libexec. NULL: not found. */
const char *keeper_find(struct arena *arena, const char *program_dir, const char *wanted);

#endif
