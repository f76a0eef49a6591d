/* SPDX-License-Identifier: Apache-2.0 */
/* gateway_world.h: a data folder, a real gateway on it, and people at its door.
 *
 * statgated and its keeper run as processes of their own on a loopback port that the
 * system picks. What cannot be made ends the program; what the gateway does is for
 * the test to judge. One world at a time. */
#ifndef STATGATE_TESTS_SUPPORT_GATEWAY_WORLD_H
#define STATGATE_TESTS_SUPPORT_GATEWAY_WORLD_H

#include <sys/types.h>

#include "crypto/cert.h"
#include "crypto/sign.h"
#include "tools/client/client.h"

struct secret;

enum { WORLD_CLIENTS_MAX = 24, WORLD_UP = -1000 };

struct world {
        char folder[64];     /* what a thief of the machine's disk would take */
        char output[80];     /* standard output and error of statgated, beside it */
        char passphrase[80]; /* the passphrase's file, beside it */
        char address[64];
        pid_t pid, keeper; /* 0: not running */
        struct arena *arena;
        struct cert_pair ca, other_ca; /* the gateway trusts the first */
        struct secret *officer;        /* the signer that the keyring is pinned to */
        struct {
                char who[96];
                struct client *client;
        } clients[WORLD_CLIENTS_MAX];
        unsigned clients_len, certificates;
        /* gateway_sealing.h: what persons are sealed to; whether they need not be. */
        uint8_t keeper_key[32];
        bool has_keeper_key, takes_clear;
};

void world_make(struct world *w);   /* the folder; nothing runs yet */
void world_remove(struct world *w); /* ends what still runs, removes the folder */

/* What a start may be given besides the folder. */
struct world_start {
        const char *flags[8];       /* of statgated, NULL at the end */
        const char *environment[4]; /* "NAME=value", NULL at the end */
        const char *trace;          /* STATGATE_TRACE, or NULL */
        unsigned user;              /* to run as; 0: as the test does */
};
/* WORLD_UP once it listens; otherwise its exit code, or minus the signal. */
int world_try(struct world *w, const struct world_start *how);
/* A second gateway on the same folder, which must end by itself: its exit code. */
int world_try_second(struct world *w, const struct world_start *how);
void world_start(struct world *w); /* must come up */
void world_drop_clients(struct world *w);

/* SIGTERM; the exit code, or minus the signal. Asserts that neither process nor
 * run/address is left. */
int world_stop(struct world *w);
/* SIGKILL to the gateway alone; returns when both processes are gone. */
void world_kill(struct world *w);
/* Waits for the gateway to end by itself; WORLD_UP after `ms` without that. */
int world_wait(struct world *w, unsigned ms);

/* Files below the folder. */
const char *world_path(struct world *w, const char *name);  /* in the arena */
struct bytes world_read(struct world *w, const char *path); /* absolute; in the arena */
void world_write(struct world *w, const char *name, struct bytes content);
bool world_exists(struct world *w, const char *name);
/* What statgated has written to its standard error so far. */
bool world_said(struct world *w, const char *text);
/* Signs what the YAML in policy/ says now, as policy/bundle.sgb. */
void world_sign(struct world *w, const struct secret *by);
/* Replaces the first `from` in a file of the folder. */
void world_edit(struct world *w, const char *name, const char *from, const char *to);

/* Rules other than the bundle's, signed; before anything runs and before policy_begin. */
/* Every answer is protected by itself, without partners, and nothing is planned: what is
 * shown can be held against a count. */
void world_answer_alone(struct world *w);
/* Only this data set's tables are planned, so that publishing is quick. */
void world_plan_only(struct world *w, const char *dataset);

/* A client with a certificate for "municipality/0180", "statistician/anna" …; the
 * same client for the same words until the gateway stops. */
struct client *world_client(struct world *w, const char *who);
/* A client whose certificate says `uri`, by `ca` (NULL: the world's), for `days`. */
struct client *world_stranger(
        struct world *w, const char *uri, const struct cert_pair *ca, int days);

/* One unary call: method as "Statistics/Query". The answer and the status are the
 * last ones below. */
enum status world_call(struct world *w, struct client *c, const char *method, struct bytes request);
extern struct call_status world_status;
extern struct bytes world_answer; /* in the world's arena */
/* Whether the last status names this field. */
bool world_blames(const char *field);

void nap(unsigned ms);
long resident_kb(pid_t pid);
pid_t child_of(pid_t pid); /* its only child; 0: none */

#define WORLD_TRUST        "demo"
#define WORLD_MUNICIPALITY "municipality/0180"
#define WORLD_STATISTICIAN "statistician/anna"
#define WORLD_OPERATOR     "operator/olle"
#define WORLD_DPO          "dpo/disa"

#endif
