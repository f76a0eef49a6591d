/* SPDX-License-Identifier: Apache-2.0 */
/* rpc_world.h: a server on a loopback port with certificates of its own, and
 * clients that may or may not be welcome there. */
#ifndef STATGATE_TESTS_FLOW_RPC_WORLD_H
#define STATGATE_TESTS_FLOW_RPC_WORLD_H

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/cert.h"
#include "gateway/rpc/rpc.h"
#include "tools/client/client.h"

#define TRUST        "trial"
#define MUNICIPALITY "statgate://trial/municipality/0180"
#define STATISTICIAN "statgate://trial/statistician/anna"
#define OPERATOR     "statgate://trial/operator/olle"

struct world {
        char folder[64];
        struct arena *arena;
        struct cert_pair ca, other_ca, server;
        struct rpc_options options; /* change before world_open */
        struct rpc_server *gate;
        char address[32];
        unsigned files; /* client certificates written so far */

        /* What the authority says. */
        atomic_uint_fast64_t generation;
        atomic_bool closed_to_all;
        atomic_uint asked;
        atomic_uint closed_right; /* what nobody may call at the moment */

        /* What handlers saw. */
        atomic_uint entered, left, closed, cancelled, ended;
        atomic_uint_fast64_t bytes_in, bytes_out;
        atomic_bool healthy;
        pthread_mutex_t lock;
        pthread_cond_t changed;
        bool gate_open; /* lets /trial.T/Wait go */
};

int world_setup(void **state); /* options and certificates; no server yet */
int world_teardown(void **state);
void world_open(struct world *w);    /* starts the server */
void world_stop(struct world *w);    /* lets waiters go, stops the server */
void world_release(struct world *w); /* opens the gate of /trial.T/Wait */

/* Writes the certificate folder anew. */
void world_write(struct world *w, const char *name, struct bytes content);

struct pass {
        const char *uri;              /* NULL: without a client certificate */
        const struct cert_pair *pair; /* or one that is ready */
        const char *trusted;          /* file in the folder; NULL: ca.pem */
        const struct cert_pair *ca;   /* NULL: the world's */
        int days;                     /* 0: 30 */
        unsigned channels;
        struct digest certificate; /* out */
};
struct client *world_client(struct world *w, struct pass *pass);
struct client *world_visitor(struct world *w, const char *uri); /* the ordinary case */

/* One unary call; the status it ended with. */
enum status world_call(struct world *w, struct client *c, const char *path, const char *request);
extern struct call_status last_status;
extern struct bytes last_response;

/* Waits until *value reaches `least`; false after five seconds. */
bool eventually(const atomic_uint *value, unsigned least);
void nap(unsigned ms);
long resident_kb(void);

#endif
