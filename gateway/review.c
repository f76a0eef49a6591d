/* SPDX-License-Identifier: Apache-2.0 */
/* review.c: the third flow: data-protection officers look afterwards.
 *
 *      decide (the method's right) → an entry that says who reads what → entries, heads, proofs
 *
 * The reader's own entry is durable before the first of the others leaves, so that nobody reads
 * unseen. What is filtered is filtered here, by reading entry after entry: an index beside the
 * log could say something else than the log. */
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "gateway/audit/audit.h"
#include "gateway/gateway.h"
#include "gateway/store/log.h"
#include "proto/wire_audit.h"

enum {
        PAGE_ENTRIES = 500,
        PAGE_BYTES = 1 << 20,
        FOLLOW_MS = 200,
        FOLLOWERS_MAX = 2, /* each has a worker to itself */
        NEWEST_MAX = 100000,
        HEADS_AT_A_TIME = 1000,
};

/* Who reads --------------------------------------------------------------------- */

/* What was read is told by the request itself, which names no person. */
static enum err note_reading(struct rpc_call *c, const char *what, struct bytes request)
{
        struct gateway *g = c->handlers;
        struct entry_writer w;
        struct entry_draft draft;
        uint64_t number;

        entry_begin(&w, c->arena, ENTRY_READING);
        entry_put_words(&w, FIELD_WORD, what);
        entry_put_principal(&w, c->peer);
        if (request.len > 0 && request.len <= ENTRY_BYTES_MAX)
                entry_put_bytes(&w, FIELD_QUERY, request);
        TRY(entry_end(&w, &draft));
        return audit_write(g->audit, &draft, &number);
}

/* Filters ------------------------------------------------------------------------- */

struct sieve {
        const struct wire_log_filter *filter;
        uint64_t kinds; /* bit i: kind i; 0: all */
};

static enum err sieve_make(const struct wire_log_filter *f, struct sieve *out, struct refusal *why)
{
        *out = (struct sieve){.filter = f};
        for (uint32_t i = 0; i < f->kinds_len; i++) {
                enum entry_kind kind = entry_kind_find(f->kinds[i]);

                if (kind == ENTRY_NONE)
                        return refuse(why, ERR_UNKNOWN_NAME, "filter.kinds",
                                "is no kind of entry (statgate audit log --help names them)");
                out->kinds |= UINT64_C(1) << kind;
        }
        return ERR_OK;
}

struct wanted_value {
        enum entry_field field;
        struct bytes text;
        bool found;
};

static bool text_matches(struct bytes pattern, struct bytes text)
{
        size_t n = pattern.len;

        if (n > 0 && pattern.data[n - 1] == '*')
                return text.len >= n - 1 && memcmp(text.data, pattern.data, n - 1) == 0;
        return bytes_equal(pattern, text);
}

static enum err look_for(void *ctx, const struct entry_value *value)
{
        struct wanted_value *w = ctx;

        if (value->rule->field == w->field && text_matches(w->text, value->text))
                w->found = true;
        return ERR_OK;
}

/* Whether one of the fields of this name says so; what cannot be read says nothing. */
static bool says(const struct stored_entry *e, enum entry_field field, struct bytes text)
{
        struct wanted_value w = {.field = field, .text = text};
        enum entry_side side = entry_field_find((uint8_t)field)->side;

        if (text.len == 0)
                return true;
        enum err rc = entry_read(side, side == ENTRY_OPEN ? e->open : e->closed, look_for, &w);
        return rc == ERR_OK && w.found;
}

static bool passes(const struct sieve *s, const struct stored_entry *e)
{
        const struct wire_log_filter *f = s->filter;

        if (s->kinds != 0 && (e->kind >= 64 || (s->kinds >> e->kind & 1) == 0))
                return false;
        if (e->at_ms < f->from_ms || (f->until_ms > 0 && e->at_ms >= f->until_ms))
                return false;
        return says(e, FIELD_OUTCOME, f->outcome) && says(e, FIELD_DATASET, f->dataset) &&
               says(e, FIELD_PURPOSE, f->purpose) && says(e, FIELD_LINKAGE, f->linkage) &&
               says(e, FIELD_MUNICIPALITY, f->municipality) &&
               says(e, FIELD_PRINCIPAL, f->principal);
}

/* Pages ----------------------------------------------------------------------------- */

struct reading {
        struct rpc_call *call;
        struct sieve sieve;
        struct arena *page_arena;
        struct wire_log_entry page[PAGE_ENTRIES];
        uint32_t len;
        size_t bytes;
        uint64_t left; /* entries to come; UINT64_MAX: all */
        uint64_t next, size;
};

static enum err send_page(struct reading *r)
{
        const struct wire_log_page page = {r->page, r->len, r->next, r->size};
        OWNED(buf_done) struct buf wire;
        struct bytes bytes;

        buf_init(&wire, BATCH_WIRE_MAX);
        TRY(log_page_encode(&page, &wire));
        TRY(buf_end(&wire, &bytes));
        TRY(rpc_send(r->call, bytes));
        arena_reset(r->page_arena);
        r->len = 0;
        r->bytes = 0;
        return ERR_OK;
}

static enum err put_on_page(struct reading *r, const struct stored_entry *e)
{
        struct wire_log_entry *to = &r->page[r->len];

        *to = (struct wire_log_entry){.number = e->number,
                .at_ms = e->at_ms,
                .kind = e->kind,
                .pruned = e->pruned,
                .commitment = e->commitment};
        memcpy(to->open_salt, e->open_salt, sizeof to->open_salt);
        memcpy(to->closed_salt, e->closed_salt, sizeof to->closed_salt);
        TRY(bytes_copy(r->page_arena, e->open, &to->open));
        TRY(bytes_copy(r->page_arena, e->closed, &to->closed));
        r->len++;
        r->bytes += e->open.len + e->closed.len;
        return ERR_OK;
}

static enum err visit(void *ctx, const struct stored_entry *e)
{
        struct reading *r = ctx;

        if (rpc_cancelled(r->call) || r->left == 0)
                return ERR_CANCELLED;
        r->next = e->number + 1;
        if (passes(&r->sieve, e)) {
                TRY(put_on_page(r, e));
                r->left -= r->left == UINT64_MAX ? 0 : 1;
        }
        /* An empty page now and then tells how far the search is. */
        bool full = r->len == PAGE_ENTRIES || r->bytes >= PAGE_BYTES;
        return full || r->next % 100000 == 0 ? send_page(r) : ERR_OK;
}

static enum err read_to(struct reading *r, uint64_t size)
{
        struct gateway *g = r->call->handlers;

        r->size = size;
        if (r->next < size)
                TRY(store_entries(g->store, r->next, size, visit, r));
        if (r->left > 0)
                r->next = size;
        return send_page(r);
}

/* Where the newest `limit` that pass begin. */
struct backwards {
        struct rpc_call *call;
        const struct sieve *sieve;
        uint64_t left, first;
};

static enum err visit_back(void *ctx, const struct stored_entry *e)
{
        struct backwards *b = ctx;

        if (b->left == 0 || rpc_cancelled(b->call) || e->at_ms < b->sieve->filter->from_ms)
                return ERR_CANCELLED;
        if (passes(b->sieve, e)) {
                b->left--;
                b->first = e->number;
        }
        return ERR_OK;
}

static enum err find_newest(struct reading *r, uint64_t from, uint64_t size, uint64_t limit)
{
        struct gateway *g = r->call->handlers;
        struct backwards b = {r->call, &r->sieve, limit, size};

        TRY(store_entries(g->store, size, from, visit_back, &b));
        r->next = b.first;
        return ERR_OK;
}

static uint64_t log_size(struct gateway *g)
{
        struct merkle_edge edge;

        store_log_edge(g->store, &edge);
        return edge.size;
}

static enum err begin_reading(struct reading *r, const struct wire_log_request *q)
{
        struct gateway *g = r->call->handlers;
        uint64_t size = log_size(g), from = q->from, since = 0;

        if (q->newest && (q->limit == 0 || q->limit > NEWEST_MAX))
                return refuse(&r->call->why, ERR_INVALID, "limit",
                        "says how many of the newest, at most %d", NEWEST_MAX);
        if (q->filter.from_ms > 0)
                TRY(store_entry_since(g->store, q->filter.from_ms, &since));
        r->next = from > since ? from : since;
        r->left = q->limit == 0 || q->follow ? UINT64_MAX : q->limit;
        if (q->newest)
                TRY(find_newest(r, r->next, size, q->limit));
        TRY(read_to(r, size));
        return ERR_OK;
}

/* Until the caller leaves. */
static enum err follow(struct reading *r)
{
        struct gateway *g = r->call->handlers;
        const struct timespec pause = {.tv_nsec = FOLLOW_MS * 1000000L};

        while (!rpc_cancelled(r->call) && r->left > 0) {
                uint64_t size = log_size(g);

                if (size > r->next)
                        TRY(read_to(r, size));
                else
                        (void)nanosleep(&pause, NULL);
        }
        return ERR_OK;
}

static enum err read_log(struct rpc_call *c, const struct wire_log_request *q)
{
        struct gateway *g = c->handlers;
        OWNED(arena_free) struct arena *page_arena = arena_new((size_t)4 * PAGE_BYTES);
        struct reading *r = arena_alloc(c->arena, 1, sizeof *r);

        if (r == NULL || page_arena == NULL)
                return ERR_NO_MEMORY;
        r->call = c;
        r->page_arena = page_arena;
        TRY(sieve_make(&q->filter, &r->sieve, &c->why));
        TRY(begin_reading(r, q));
        if (!q->follow)
                return ERR_OK;
        if (atomic_fetch_add(&g->followers, 1) >= FOLLOWERS_MAX) {
                (void)atomic_fetch_sub(&g->followers, 1);
                return refuse(
                        &c->why, ERR_BUSY, "follow", "%d follow the log already", FOLLOWERS_MAX);
        }
        enum err e = follow(r);
        (void)atomic_fetch_sub(&g->followers, 1);
        return e;
}

enum err log_read(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct wire_log_request q;

        (void)response; /* a stream */
        TRY(log_request_decode(c->arena, request, &q, &c->why));
        TRY(note_reading(c, "log", request));
        return read_log(c, &q);
}

/* Heads and proofs ------------------------------------------------------------------- */

enum err heads_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct audit_witness seen[WIRE_WITNESSES_MAX];
        struct wire_witness witnesses[WIRE_WITNESSES_MAX];
        struct wire_heads out = {0};
        struct tree_head *heads;
        uint64_t from;

        TRY(heads_request_decode(c->arena, request, &from, &c->why));
        TRY(store_heads(g->store, from, HEADS_AT_A_TIME, c->arena, &heads, &out.heads_len));
        out.heads = heads;
        enum err e = audit_head(g->audit, &out.newest);
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                return e;
        out.has_newest = e == ERR_OK;
        out.witnesses_len = audit_witnesses(g->audit, seen, WIRE_WITNESSES_MAX);
        for (uint32_t i = 0; i < out.witnesses_len; i++)
                witnesses[i] = (struct wire_witness){
                        bytes_of_text(seen[i].name), seen[i].size, seen[i].failed_ms};
        out.witnesses = witnesses;
        return heads_encode(&out, response);
}

enum err proof_get(struct rpc_call *c, struct bytes request, struct buf *response)
{
        struct gateway *g = c->handlers;
        struct wire_proof_request q;
        struct wire_proof out;

        TRY(proof_request_decode(c->arena, request, &q, &c->why));
        if (q.size > log_size(g))
                return refuse(&c->why, ERR_NOT_FOUND, "size", "is more than the log has entries");
        TRY(store_log_root(g->store, q.size, &out.root));
        if (q.of_entry)
                TRY(store_log_inclusion(g->store, q.number, q.size, &out.proof));
        else
                TRY(store_log_consistency(g->store, q.number, q.size, &out.proof));
        return proof_encode(&out, response);
}
