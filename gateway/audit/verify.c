/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c: the whole log, once through.
 *
 * Each entry is hashed and added to the edge of a tree; where a head was signed over just so many
 * entries, the root has to be the one it was signed over. So the log is read once, in little
 * memory, and every head is checked on the way.
 *
 * What can be named is named by its entry: one that is missing, that is older than the one before,
 * whose words are not what its commitment says. Who also changed the commitment has changed the
 * tree, and that shows at the next head: then the change is behind the last head that holds, and
 * that head tells since when. After a first head that does not hold the others cannot either, and
 * only the first is told; but where heads of two histories alternate, each is.
 *
 * Most of the work is to hash what entries say, and that needs no order. So entries are gathered in
 * blocks: while one is filled, a second thread looks at what stands in the other. The tree, and
 * everything that is told, is for the calling thread, in the order of the entries. */
#include "gateway/audit/verify.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "gateway/audit/entry.h"

enum { KEYS_MAX = 64, BLOCK = 1024, DATA_FIRST = 1 << 20 };

struct shown_head {
        struct tree_head head;
        const char *witness;
        uint64_t order; /* as it was given */
};

/* Entries of a kind whose words are gone, and of which no later entry has said so yet. */
struct wiped {
        bool any;
        uint64_t first, last;
};

/* Entries, copied; `data` is what they say, one behind the other. */
struct block {
        uint32_t len;
        size_t used, cap;
        uint8_t *data;
        struct stored_entry entries[BLOCK];
        enum log_finding said[BLOCK]; /* what is wrong with what each says */
};

struct log_check {
        log_teller tell;
        void *ctx;
        uint64_t findings;
        uint8_t keys[KEYS_MAX][SIGN_PUBLIC_LEN];
        unsigned keys_len;
        struct shown_head *heads;
        uint64_t heads_len, heads_cap;

        bool begun;
        uint64_t next_head; /* the first that is not behind us */
        struct merkle_edge edge;
        uint64_t entries, pruned;
        uint64_t number; /* of the entry that should come */
        int64_t at_ms;
        uint16_t kind;   /* of the entry before */
        bool gap;        /* the tree cannot be gone on with */
        bool wrong;      /* the last head that was looked at did not hold */
        bool after_stop; /* behind the last one that did, something follows a stop and is no start
                          */
        uint64_t sound_size;
        int64_t sound_at_ms;
        int64_t tail_ms; /* when the first entry behind it was written */
        uint64_t unsigned_len;
        struct wiped wiped[ENTRY_KIND_END];

        struct block *filling, *looked_at; /* the second thread has, or had, the latter */
        pthread_t reader;
        bool reads; /* it runs */
        pthread_mutex_t lock;
        pthread_cond_t change;
        bool busy, stopping; /* `lock` */
};

const char *log_finding_sentence(enum log_finding finding)
{
        static const char *const sentences[LOG_FINDING_COUNT] = {
#define SENTENCE(name, sentence) [LOG_FINDING_##name] = (sentence),
                LOG_FINDINGS(SENTENCE)
#undef SENTENCE
        };

        return finding > LOG_FINDING_NONE && finding < LOG_FINDING_COUNT ? sentences[finding]
                                                                         : "nothing is wrong";
}

enum err log_check_new(log_teller tell, void *ctx, struct log_check **out)
{
        struct log_check *c = calloc(1, sizeof *c);

        if (c == NULL)
                return ERR_NO_MEMORY;
        c->tell = tell;
        c->ctx = ctx;
        c->at_ms = INT64_MIN;
        pthread_mutex_init(&c->lock, NULL);
        pthread_cond_init(&c->change, NULL);
        c->filling = calloc(1, sizeof *c->filling);
        c->looked_at = calloc(1, sizeof *c->looked_at);
        if (c->filling == NULL || c->looked_at == NULL) {
                log_check_free(&c);
                return ERR_NO_MEMORY;
        }
        *out = c;
        return ERR_OK;
}

static void block_free(struct block *b)
{
        if (b != NULL)
                free(b->data);
        free(b);
}

void log_check_free(struct log_check **c)
{
        if (c == NULL || *c == NULL)
                return;
        if ((*c)->reads) {
                pthread_mutex_lock(&(*c)->lock);
                (*c)->stopping = true;
                pthread_cond_broadcast(&(*c)->change);
                pthread_mutex_unlock(&(*c)->lock);
                pthread_join((*c)->reader, NULL);
        }
        pthread_cond_destroy(&(*c)->change);
        pthread_mutex_destroy(&(*c)->lock);
        block_free((*c)->filling);
        block_free((*c)->looked_at);
        free((*c)->heads);
        free(*c);
        *c = NULL;
}

static void tell(
        struct log_check *c, enum log_finding finding, uint64_t number, const char *witness)
{
        const struct log_verdict v = {.finding = finding,
                .number = number,
                .sound_size = c->sound_size,
                .sound_at_ms = c->sound_at_ms,
                .witness = witness};

        c->findings++;
        c->tell(c->ctx, &v);
}

/* Heads ---------------------------------------------------------------------- */

enum err log_check_key(struct log_check *c, const uint8_t public_key[SIGN_PUBLIC_LEN])
{
        if (c->begun)
                return ERR_INVALID;
        if (c->keys_len == KEYS_MAX)
                return ERR_LIMIT;
        memcpy(c->keys[c->keys_len++], public_key, SIGN_PUBLIC_LEN);
        return ERR_OK;
}

static bool is_signed(const struct log_check *c, const struct tree_head *head)
{
        for (unsigned i = 0; i < c->keys_len; i++)
                if (tree_head_check(c->keys[i], head) == ERR_OK)
                        return true;
        return false;
}

static enum err heads_grow(struct log_check *c)
{
        uint64_t cap = c->heads_cap > 0 ? 2 * c->heads_cap : 256;
        struct shown_head *grown;

        if (c->heads_len < c->heads_cap)
                return ERR_OK;
        grown = realloc(c->heads, cap * sizeof *grown);
        if (grown == NULL)
                return ERR_NO_MEMORY;
        c->heads = grown;
        c->heads_cap = cap;
        return ERR_OK;
}

enum err log_check_head(struct log_check *c, const struct tree_head *head, const char *witness)
{
        if (c->begun)
                return ERR_INVALID;
        if (!is_signed(c, head)) {
                tell(c, LOG_FINDING_HEAD_SIGNATURE, head->size, witness);
                return ERR_OK;
        }
        TRY(heads_grow(c));
        c->heads[c->heads_len] =
                (struct shown_head){.head = *head, .witness = witness, .order = c->heads_len};
        c->heads_len++;
        return ERR_OK;
}

static int by_size(const void *a, const void *b)
{
        const struct shown_head *x = a, *y = b;

        if (x->head.size != y->head.size)
                return x->head.size < y->head.size ? -1 : 1;
        return x->order < y->order ? -1 : 1;
}

/* Everything that was shown, in the order in which the log reaches it. */
static void begin(struct log_check *c)
{
        if (c->begun)
                return;
        c->begun = true;
        if (c->heads_len > 0)
                qsort(c->heads, c->heads_len, sizeof *c->heads, by_size);
        for (uint64_t i = 1; i < c->heads_len; i++) {
                const struct shown_head *a = &c->heads[i - 1], *b = &c->heads[i];

                if (a->head.size == b->head.size && !digest_equal(&a->head.root, &b->head.root))
                        tell(c, LOG_FINDING_HEAD_FORK, b->head.size,
                                b->witness != NULL ? b->witness : a->witness);
        }
}

static void check_head(struct log_check *c, const struct shown_head *h, const struct digest *root)
{
        if (digest_equal(&h->head.root, root)) {
                c->sound_size = h->head.size;
                c->sound_at_ms = h->head.at_ms;
                c->wrong = false;
                return;
        }
        if (!c->wrong)
                tell(c, LOG_FINDING_HEAD_ROOT, h->head.size, h->witness);
        c->wrong = true;
}

/* Heads over exactly as many entries as were seen. */
static void check_heads(struct log_check *c)
{
        struct digest root;
        bool made = false;

        while (!c->gap && c->next_head < c->heads_len &&
                c->heads[c->next_head].head.size <= c->edge.size) {
                if (!made)
                        merkle_root(&c->edge, &root);
                made = true;
                check_head(c, &c->heads[c->next_head++], &root);
        }
}

/* Entries -------------------------------------------------------------------- */

static enum log_finding finding_in(const struct stored_entry *e)
{
        struct digest open, closed, commitment;

        if (e->pruned)
                return LOG_FINDING_NONE;
        leaf_part(e->open_salt, e->open, &open);
        leaf_part(e->closed_salt, e->closed, &closed);
        leaf_commitment(&open, &closed, &commitment);
        /* Nothing here is secret, and digest_equal takes its time. */
        if (memcmp(commitment.bytes, e->commitment.bytes, sizeof commitment.bytes) != 0)
                return LOG_FINDING_CONTENT;
        if (entry_read(ENTRY_OPEN, e->open, NULL, NULL) != ERR_OK ||
                entry_read(ENTRY_CLOSED, e->closed, NULL, NULL) != ERR_OK)
                return LOG_FINDING_UNREADABLE;
        return LOG_FINDING_NONE;
}

static void look_at(struct block *b)
{
        const uint8_t *at = b->data;

        for (uint32_t i = 0; i < b->len; i++) {
                struct stored_entry *e = &b->entries[i];

                e->open.data = at;
                e->closed.data = at + e->open.len;
                at += e->open.len + e->closed.len;
                b->said[i] = finding_in(e);
        }
}

static struct wiped *wiped_of(struct log_check *c, uint16_t kind)
{
        return &c->wiped[kind < ENTRY_KIND_END ? kind : ENTRY_NONE];
}

static void note_wiped(struct log_check *c, const struct stored_entry *e)
{
        struct wiped *w = wiped_of(c, e->kind);

        if (!w->any)
                w->first = e->number;
        w->last = e->number;
        w->any = true;
}

struct explaining {
        struct log_check *check;
        uint64_t before;
};

static enum err explain_kind(void *ctx, const struct entry_value *v)
{
        struct explaining *x = ctx;
        enum entry_kind kind = v->rule->field == FIELD_WORD ? entry_kind_find(v->text) : ENTRY_NONE;
        struct wiped *w = &x->check->wiped[kind];

        if (kind == ENTRY_NONE || kind == ENTRY_PRUNED || !w->any || w->first >= x->before)
                return ERR_OK;
        w->any = w->last >= x->before;
        w->first = w->last; /* this one at least is still to be explained */
        return ERR_OK;
}

/* "pruned": entries before a number, of the kinds it names. */
static void explain_wiped(struct log_check *c, const struct stored_entry *e)
{
        struct explaining x = {.check = c};
        struct entry_value before;

        if (!entry_find(e->open, FIELD_SEQUENCE, &before) || before.number < 0)
                return;
        x.before = (uint64_t)before.number;
        enum err rc = entry_read(ENTRY_OPEN, e->open, explain_kind, &x);

        (void)rc; /* it could be read before */
}

static void take_words(struct log_check *c, const struct stored_entry *e, enum log_finding said)
{
        if (e->pruned) {
                c->pruned++;
                note_wiped(c, e);
        } else if (said != LOG_FINDING_NONE) {
                tell(c, said, e->number, NULL);
        } else if (e->kind == ENTRY_PRUNED) {
                explain_wiped(c, e);
        }
}

/* What comes after another, and under which head. */
static void take_entry(struct log_check *c, const struct stored_entry *e, enum log_finding said)
{
        struct digest leaf;

        check_heads(c); /* of the empty log */
        c->entries++;
        take_words(c, e, said);
        if (e->number < c->number) {
                tell(c, LOG_FINDING_ORDER, e->number, NULL);
                return;
        }
        if (e->number > c->number)
                tell(c, LOG_FINDING_GAP, c->number, NULL);
        c->gap |= e->number > c->number;
        c->number = e->number + 1;
        if (e->at_ms < c->at_ms)
                tell(c, LOG_FINDING_TIME, e->number, NULL);
        c->at_ms = e->at_ms;
        if (c->gap)
                return;
        if (e->number == c->sound_size) {
                c->tail_ms = e->at_ms;
                c->after_stop = false;
        }
        c->after_stop |= c->kind == ENTRY_STOP && e->kind != ENTRY_START;
        c->kind = e->kind;
        leaf_hash(e->number, e->at_ms, e->kind, &e->commitment, &leaf);
        merkle_push(&c->edge, &leaf);
        check_heads(c);
}

static void take_block(struct log_check *c, struct block *b)
{
        for (uint32_t i = 0; i < b->len; i++)
                take_entry(c, &b->entries[i], b->said[i]);
        b->len = 0;
        b->used = 0;
}

/* The second thread ------------------------------------------------------------ */

static void *reader_main(void *arg)
{
        struct log_check *c = arg;

        pthread_mutex_lock(&c->lock);
        while (!c->stopping) {
                if (!c->busy) {
                        pthread_cond_wait(&c->change, &c->lock);
                        continue;
                }
                pthread_mutex_unlock(&c->lock);
                look_at(c->looked_at);
                pthread_mutex_lock(&c->lock);
                c->busy = false;
                pthread_cond_broadcast(&c->change);
        }
        pthread_mutex_unlock(&c->lock);
        return NULL;
}

static void await_reader(struct log_check *c)
{
        pthread_mutex_lock(&c->lock);
        while (c->busy)
                pthread_cond_wait(&c->change, &c->lock);
        pthread_mutex_unlock(&c->lock);
}

/* The block that was filled is looked at from here on, and the one before is taken meanwhile. */
static void turn(struct log_check *c)
{
        struct block *full = c->filling;

        if (!c->reads)
                c->reads = pthread_create(&c->reader, NULL, reader_main, c) == 0;
        await_reader(c);
        c->filling = c->looked_at;
        c->looked_at = full;
        if (c->reads) {
                pthread_mutex_lock(&c->lock);
                c->busy = true;
                pthread_cond_broadcast(&c->change);
                pthread_mutex_unlock(&c->lock);
        } else {
                look_at(full);
        }
        take_block(c, c->filling);
}

static enum err data_room(struct block *b, size_t len)
{
        size_t cap = b->cap > 0 ? b->cap : DATA_FIRST;
        uint8_t *grown;

        if (len <= b->cap - b->used)
                return ERR_OK;
        while (cap - b->used < len)
                cap *= 2;
        grown = realloc(b->data, cap);
        if (grown == NULL)
                return ERR_NO_MEMORY;
        b->data = grown;
        b->cap = cap;
        return ERR_OK;
}

static void put_data(struct block *b, struct bytes from)
{
        if (from.len > 0)
                memcpy(b->data + b->used, from.data, from.len);
        b->used += from.len;
}

static void tell_wiped(struct log_check *c)
{
        for (unsigned kind = 0; kind < ENTRY_KIND_END; kind++)
                if (c->wiped[kind].any)
                        tell(c, LOG_FINDING_WIPED, c->wiped[kind].first, NULL);
}

enum err log_check_entry(struct log_check *c, const struct stored_entry *entry)
{
        struct block *b = c->filling;

        begin(c);
        TRY(data_room(b, entry->open.len + entry->closed.len));
        b->entries[b->len++] = *entry;
        put_data(b, entry->open);
        put_data(b, entry->closed);
        if (b->len == BLOCK || b->used >= DATA_FIRST)
                turn(c);
        return ERR_OK;
}

/* Whoever cuts heads off may say anything after the last one: what is told is how much is not
 * signed, and since when. A gateway that stops leaves nothing unsigned, so nothing can follow but
 * its next start. */
static void take_tail(struct log_check *c)
{
        if (c->sound_at_ms != 0 && c->at_ms - c->tail_ms <= LOG_UNSIGNED_MS && !c->after_stop)
                c->unsigned_len = c->number - c->sound_size;
        else
                tell(c, LOG_FINDING_UNSIGNED, c->sound_size, NULL);
}

static void tell_end(struct log_check *c)
{
        const struct shown_head *last = c->heads_len > 0 ? &c->heads[c->heads_len - 1] : NULL;

        tell_wiped(c);
        if (last != NULL && last->head.size > c->number)
                tell(c, LOG_FINDING_HEAD_BEYOND, last->head.size, last->witness);
        else if (!c->gap && !c->wrong && c->sound_size < c->number)
                take_tail(c);
}

uint64_t log_check_unsigned(const struct log_check *c, int64_t *out_signed_at_ms)
{
        *out_signed_at_ms = c->sound_at_ms;
        return c->unsigned_len;
}

enum err log_check_end(struct log_check *c, uint64_t *out_entries, uint64_t *out_pruned,
        uint64_t *out_heads, uint64_t *out_findings)
{
        begin(c);
        turn(c);
        await_reader(c);
        take_block(c, c->looked_at);
        check_heads(c);
        tell_end(c);
        *out_entries = c->entries;
        *out_pruned = c->pruned;
        *out_heads = c->heads_len;
        *out_findings = c->findings;
        return ERR_OK;
}
