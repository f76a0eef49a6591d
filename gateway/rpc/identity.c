/* SPDX-License-Identifier: Apache-2.0 */
/* identity.c: who calls, asked again at every call and computed rarely.
 *
 * Reading a certificate takes longer than a whole small call, so what came of it
 * is kept per connection, found by the address of the connection's auth context.
 * We hold a reference to that context for as long as we remember it: an address
 * that is freed and used again would give one caller another caller's name.
 *
 * Nothing about a certificate is true for ever. Validity times are compared at
 * every call; the authority and the revocation list carry generations, and when
 * one has moved the connection is authenticated anew. A refusal is remembered in
 * the same way, so that a refused peer costs no more than a welcome one.
 *
 * A principal is never changed while somebody looks at it: a new one takes its
 * place and the old one lives until its last call ends.
 *
 * HTTP/2's own limit of streams binds only clients that have acknowledged it, and
 * only per connection. So calls are counted here as well: per connection with
 * room for calls that are just ending, and per certificate over all connections. */
#include "gateway/rpc/identity.h"

#include <assert.h>
#include <grpc/grpc.h>
#include <grpc/grpc_security.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "crypto/cert.h"
#include "crypto/digest.h"
#include "gateway/rpc/tls.h"

enum {
        BUCKETS = 1024,       /* of the tables; chains beyond that */
        IDLE_MS = 60000,      /* a connection without calls is remembered so long */
        CONNECTION_SLACK = 2, /* times streams_per_peer on one connection */
        CERTIFICATE_SHARE = 8 /* times streams_per_peer over all of a certificate's connections */
};

/* A principal as it was at some generation; immutable. */
struct person {
        unsigned holds; /* guarded by identities.lock */
        struct principal principal;
};

/* One certificate, whatever connections it came on. */
struct holder {
        struct holder *next;
        struct digest digest;
        unsigned connections, calls;
};

struct connection {
        struct connection *next;
        grpc_auth_context *context; /* a reference; its address is the key */
        struct holder *holder;      /* NULL: the certificate cannot be read */
        struct person *person;      /* NULL: refused, as `verdict` says */
        enum err verdict;
        uint64_t authority_generation, tls_generation;
        int64_t not_before_ms, not_after_ms;
        int64_t seen_ms;
        unsigned calls;
};

struct seat {
        struct seat *spare; /* on the list of spare seats */
        struct identities *ids;
        struct connection *connection;
        struct person *person;
};

struct identities {
        const struct rpc_authority *authority;
        struct tls *tls;
        unsigned streams;
        pthread_mutex_t lock;
        struct seat *spare;
        struct connection *connections[BUCKETS];
        struct holder *holders[BUCKETS];
};

static unsigned bucket_of_pointer(const void *p)
{
        return (unsigned)(((uintptr_t)p >> 4) * UINT64_C(0x9e3779b97f4a7c15) >> 54) % BUCKETS;
}

static unsigned bucket_of_digest(const struct digest *d)
{
        return (d->bytes[0] | (unsigned)d->bytes[1] << 8) % BUCKETS;
}

enum err identities_new(const struct rpc_authority *authority, struct tls *tls,
        unsigned streams_per_peer, struct identities **out)
{
        struct identities *ids = calloc(1, sizeof *ids);

        if (ids == NULL)
                return ERR_NO_MEMORY;
        pthread_mutex_init(&ids->lock, NULL);
        ids->authority = authority;
        ids->tls = tls;
        ids->streams = streams_per_peer;
        *out = ids;
        return ERR_OK;
}

static void person_let_go(struct person *p)
{
        if (p != NULL && --p->holds == 0)
                free(p);
}

static void holder_let_go(struct identities *ids, struct holder *h)
{
        if (h == NULL || --h->connections > 0)
                return;
        struct holder **at = &ids->holders[bucket_of_digest(&h->digest)];

        while (*at != h)
                at = &(*at)->next;
        *at = h->next;
        free(h);
}

static void connection_forget(struct identities *ids, struct connection **at)
{
        struct connection *c = *at;

        assert(c->calls == 0);
        *at = c->next;
        person_let_go(c->person);
        holder_let_go(ids, c->holder);
        grpc_auth_context_release(c->context);
        free(c);
}

void identities_tidy(struct identities *ids)
{
        int64_t old = clock_now_ms() - IDLE_MS;

        pthread_mutex_lock(&ids->lock);
        for (unsigned i = 0; i < BUCKETS; i++) {
                for (struct connection **at = &ids->connections[i]; *at != NULL;) {
                        if ((*at)->calls == 0 && (*at)->seen_ms < old)
                                connection_forget(ids, at);
                        else
                                at = &(*at)->next;
                }
        }
        pthread_mutex_unlock(&ids->lock);
}

void identities_free(struct identities **p)
{
        if (p == NULL || *p == NULL)
                return;
        struct identities *ids = *p;

        for (unsigned i = 0; i < BUCKETS; i++)
                while (ids->connections[i] != NULL)
                        connection_forget(ids, &ids->connections[i]);
        while (ids->spare != NULL) {
                struct seat *seat = ids->spare;

                ids->spare = seat->spare;
                free(seat);
        }
        pthread_mutex_destroy(&ids->lock);
        free(ids);
        *p = NULL;
}

/* The peer's certificate as PEM; empty when there is none. Borrowed from ctx. */
static struct bytes peer_pem(const grpc_auth_context *ctx)
{
        grpc_auth_property_iterator it =
                grpc_auth_context_find_properties_by_name(ctx, GRPC_X509_PEM_CERT_PROPERTY_NAME);
        const grpc_auth_property *p = grpc_auth_property_iterator_next(&it);

        return p != NULL ? bytes_of(p->value, p->value_length) : bytes_of(NULL, 0);
}

/* The holder of this certificate, made when new; one more connection is his. */
static struct holder *holder_find(struct identities *ids, const struct digest *digest)
{
        struct holder **at = &ids->holders[bucket_of_digest(digest)];

        for (; *at != NULL; at = &(*at)->next) {
                if (digest_equal(&(*at)->digest, digest)) {
                        (*at)->connections++;
                        return *at;
                }
        }
        *at = calloc(1, sizeof **at);
        if (*at != NULL)
                **at = (struct holder){.digest = *digest, .connections = 1};
        return *at;
}

/* A new connection: reads the certificate itself, which never changes. */
static struct connection *connection_new(struct identities *ids, grpc_auth_context *ctx)
{
        struct connection *c = calloc(1, sizeof *c);
        struct peer_certificate cert;
        struct bytes pem = peer_pem(ctx);

        if (c == NULL)
                return NULL;
        c->context = ctx;
        c->verdict = ERR_NOT_AUTHENTICATED;
        c->authority_generation = UINT64_MAX; /* never asked */
        if (pem.len == 0 || cert_read_peer(pem, &cert) != ERR_OK)
                return c;
        c->holder = holder_find(ids, &cert.digest);
        if (c->holder == NULL) {
                free(c);
                return NULL;
        }
        c->not_before_ms = cert.not_before_ms;
        c->not_after_ms = cert.not_after_ms;
        return c;
}

/* Takes over the reference `ctx` unless it returns NULL. */
static struct connection *connection_find(struct identities *ids, grpc_auth_context *ctx)
{
        struct connection **bucket = &ids->connections[bucket_of_pointer(ctx)];

        for (struct connection *c = *bucket; c != NULL; c = c->next) {
                if (c->context == ctx) {
                        grpc_auth_context_release(ctx);
                        return c;
                }
        }
        struct connection *c = connection_new(ids, ctx);

        if (c != NULL) {
                c->next = *bucket;
                *bucket = c;
        }
        return c;
}

/* Asks the authority again. */
static void authenticate(struct identities *ids, struct connection *c)
{
        const struct rpc_authority *authority = ids->authority;
        struct person *p = calloc(1, sizeof *p);

        person_let_go(c->person);
        c->person = NULL;
        if (p == NULL) {
                c->verdict = ERR_NO_MEMORY;
                return;
        }
        c->verdict = tls_is_revoked(ids->tls, &c->holder->digest)
                             ? ERR_NOT_AUTHENTICATED
                             : authority->authenticate(
                                       authority->ctx, peer_pem(c->context), &p->principal);
        if (c->verdict != ERR_OK) {
                free(p);
                return;
        }
        p->holds = 1;
        p->principal.certificate = c->holder->digest;
        c->person = p;
}

/* What this connection may expect at this moment; with the lock held. */
static enum err verdict(struct identities *ids, struct connection *c, int64_t now_ms)
{
        const struct rpc_authority *authority = ids->authority;
        uint64_t policy = authority->generation != NULL ? authority->generation(authority->ctx) : 0;
        uint64_t tls = tls_generation(ids->tls);

        if (c->holder == NULL || now_ms < c->not_before_ms || now_ms > c->not_after_ms)
                return ERR_NOT_AUTHENTICATED;
        if (c->authority_generation != policy || c->tls_generation != tls ||
                c->verdict == ERR_NO_MEMORY) {
                authenticate(ids, c);
                c->authority_generation = policy;
                c->tls_generation = tls;
        }
        if (c->verdict != ERR_OK)
                return c->verdict;
        if (c->calls >= ids->streams * CONNECTION_SLACK ||
                c->holder->calls >= ids->streams * CERTIFICATE_SHARE)
                return ERR_LIMIT;
        return ERR_OK;
}

static struct seat *seat_new(struct identities *ids, struct connection *c)
{
        struct seat *seat = ids->spare;

        if (seat != NULL)
                ids->spare = seat->spare;
        else if ((seat = malloc(sizeof *seat)) == NULL)
                return NULL;
        *seat = (struct seat){.ids = ids, .connection = c, .person = c->person};
        c->person->holds++;
        c->calls++;
        c->holder->calls++;
        return seat;
}

enum err identity_check(
        struct identities *ids, struct grpc_call *call, int64_t now_ms, struct seat **out)
{
        grpc_auth_context *ctx = grpc_call_auth_context(call);

        if (ctx == NULL)
                return ERR_NOT_AUTHENTICATED;
        pthread_mutex_lock(&ids->lock);
        struct connection *c = connection_find(ids, ctx);
        enum err err = c != NULL ? verdict(ids, c, now_ms) : ERR_NO_MEMORY;

        if (c != NULL)
                c->seen_ms = now_ms;
        else
                grpc_auth_context_release(ctx);
        if (err == ERR_OK && (*out = seat_new(ids, c)) == NULL)
                err = ERR_NO_MEMORY;
        pthread_mutex_unlock(&ids->lock);
        return err;
}

void seat_free(struct seat **s)
{
        if (s == NULL || *s == NULL)
                return;
        struct seat *seat = *s;
        struct identities *ids = seat->ids;

        pthread_mutex_lock(&ids->lock);
        seat->connection->calls--;
        seat->connection->holder->calls--;
        person_let_go(seat->person);
        seat->spare = ids->spare;
        ids->spare = seat;
        pthread_mutex_unlock(&ids->lock);
        *s = NULL;
}

const struct principal *seat_principal(const struct seat *seat)
{
        return &seat->person->principal;
}
