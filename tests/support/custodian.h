/* SPDX-License-Identifier: Apache-2.0 */
/* custodian.h: somebody else who has the keyring: a folder, and statgate-keeper-bridge on it. What
 * cannot be made ends the program; what the bridge does is for the test to judge. */
#ifndef STATGATE_TESTS_SUPPORT_CUSTODIAN_H
#define STATGATE_TESTS_SUPPORT_CUSTODIAN_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/terms.h"

enum { CUSTODIAN_UP = -1000 };

struct custodian {
        char folder[64]; /* its log goes to FOLDER/log/output, by way of standard error */
        char address[160];
        unsigned uid; /* to run as; 0: as the test does */
        pid_t pid;
};

/* The keyring of `keyring` moves there and is adopted; `settings` are statgate.yaml's, without
 * `log` and `memory_lock`. The folder belongs to `uid`. */
void custodian_make(struct custodian *c, const char *keyring, const char *settings, unsigned uid);
void custodian_remove(struct custodian *c);
void custodian_write(struct custodian *c, const char *name, struct bytes content);
/* A user other than the test's who can run the bridge; 0: there is none to be had. */
unsigned custodian_other_user(void);
/* Before custodian_make: where a unix socket may stand; in `out`. */
void custodian_place(struct custodian *c);
/* Back to where a gateway of its own wants it. */
void custodian_return(struct custodian *c, const char *keyring);

/* CUSTODIAN_UP once it listens (c->address); otherwise its exit code, or minus the signal. */
int custodian_start(struct custodian *c);
int custodian_stop(struct custodian *c);  /* SIGTERM; exit code or minus the signal */
int custodian_await(struct custodian *c); /* it ends by itself */
void custodian_kill(struct custodian *c); /* SIGKILL; the keeper is gone too */
int custodian_adopt(struct custodian *c);
pid_t custodian_keeper(const struct custodian *c);
bool custodian_said(struct custodian *c, const char *text);
/* One visit at its door with this passphrase: what the keeper answered, and the last word;
 * or that alone. */
void custodian_visit(struct custodian *c, const char *passphrase, char out_heard[2][32]);

#endif
