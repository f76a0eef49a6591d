/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c: one head for all who wait.
 *
 * Three threads, so that nobody waits for what is not his. The *signer* has the keeper sign
 * whatever is durable and wakes everybody whom the new head covers; while it signs, the next ones
 * gather, so sixteen answers at once cost one signature. It signs every second too, for entries
 * that nobody waits for. The *keeping* thread writes heads to the store and has the keeper's state
 * written: both may come late, since what an answer needs is that the head was signed, and the head
 * is in the answer. The *messenger* shows heads to witnesses, who may be slow or gone (witness.c).
 *
 * The keeper refuses what does not extend the head before. Then something is wrong with the log, or
 * with us, and it is no use to try again: from there on nobody gets a certificate. The one innocent
 * cause, an answer of the keeper's that got lost, is ruled out first by asking what it remembers.
 */
#include "gateway/audit/audit.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/wait.h"
#include "crypto/digest.h"
#include "gateway/audit/hold.h"
#include "gateway/audit/witness.h"
#include "gateway/keeper/care.h"
#include "gateway/keeper/log.h"
#include "gateway/store/log.h"

enum { SIGN_EVERY_MS = 1000, KEEP_EVERY_MS = 1000, SAVE_EVERY_MS = 10000, PUSH_EVERY_MS = 60000 };
enum { RETRY_EVERY_MS = 5000 };
enum { FAREWELL_MS = 4000, WAIT_MAX_MS = 3600000, THREADS = 3 };

struct audit {
        struct store *store;
        struct keeper *keeper;
        struct witnesses *witnesses;
        unsigned push_every_ms;
        pthread_t signer, keeping, messenger;
        unsigned threads; /* that run, in this order */

        pthread_mutex_t lock; /* what follows */
        pthread_cond_t work;  /* for the signer */
        pthread_cond_t news;  /* for those who wait for a head */
        pthread_cond_t leave; /* for the other two */
        bool stopping;
        uint64_t wanted; /* size of a head that somebody waits for */
        bool has_head;
        struct tree_head head;
        uint64_t failures; /* attempts that failed, and how the last one did */
        enum err failed;
        bool refused; /* by the keeper: for good */

        /* The signer's own: what the keeper remembers. */
        uint64_t known_size;
        struct digest known_root;
};

/* Signing -------------------------------------------------------------------- */

static enum err sign_from_known(struct audit *a, const struct merkle_edge *edge)
{
        struct merkle_proof proof;
        struct tree_head head;
        struct digest root;

        merkle_root(edge, &root);
        TRY(store_log_consistency(a->store, a->known_size, edge->size, &proof));
        TRY(keeper_sign_head(a->keeper, edge->size, &root, &proof, &head));
        a->known_size = edge->size;
        a->known_root = root;
        pthread_mutex_lock(&a->lock);
        a->head = head;
        a->has_head = true;
        pthread_mutex_unlock(&a->lock);
        return ERR_OK;
}

/* Whether the keeper remembers another head than the last one we heard of, and that is part of
 * this log too. */
static enum err ask_known(struct audit *a, const struct merkle_edge *edge, bool *out_news)
{
        struct digest root, ours;
        uint64_t size;

        *out_news = false;
        TRY(keeper_log_known(a->keeper, &size, &root));
        if (size > edge->size || (size == a->known_size && digest_equal(&root, &a->known_root)))
                return ERR_OK;
        TRY(store_log_root(a->store, size, &ours));
        if (!digest_equal(&ours, &root))
                return ERR_OK;
        a->known_size = size;
        a->known_root = root;
        *out_news = true;
        return ERR_OK;
}

static enum err sign(struct audit *a)
{
        struct merkle_edge edge;
        bool news = false;

        store_log_edge(a->store, &edge);
        if (edge.size == 0 || (a->has_head && a->head.size == edge.size))
                return ERR_OK;
        enum err e = sign_from_known(a, &edge);

        if (e != ERR_LOG_CHANGED)
                return e;
        TRY(ask_known(a, &edge, &news));
        return news ? sign_from_known(a, &edge) : ERR_LOG_CHANGED;
}

/* With the lock held. */
static void note_failure(struct audit *a, enum err e)
{
        if (a->failed != e)
                log_event(LOG_ERROR, "head_not_signed", LOG_TEXT("error", err_name(e)),
                        LOG_NUM("signed", (int64_t)a->head.size));
        a->failures++;
        a->failed = e;
        a->refused |= e == ERR_LOG_CHANGED;
        a->wanted = a->head.size; /* who still waits is told */
}

static void *signer_main(void *arg)
{
        struct audit *a = arg;

        pthread_mutex_lock(&a->lock);
        for (;;) {
                bool last = a->stopping;

                if (!last && a->wanted <= a->head.size)
                        (void)wait_ms(&a->work, &a->lock, SIGN_EVERY_MS);
                if (!a->refused) {
                        pthread_mutex_unlock(&a->lock);
                        enum err e = sign(a);

                        pthread_mutex_lock(&a->lock);
                        if (e != ERR_OK)
                                note_failure(a, e);
                        else
                                a->failed = ERR_OK;
                }
                pthread_cond_broadcast(&a->news);
                if (last)
                        break;
        }
        pthread_mutex_unlock(&a->lock);
        return NULL;
}

/* Keeping -------------------------------------------------------------------- */

/* The newest head, if it is another than the one of `size`. */
static bool newer(struct audit *a, uint64_t size, bool had, struct tree_head *out)
{
        bool is;

        pthread_mutex_lock(&a->lock);
        is = a->has_head && (!had || a->head.size != size);
        if (is)
                *out = a->head;
        pthread_mutex_unlock(&a->lock);
        return is;
}

/* False: it is time to leave. */
static bool sleep_ms(struct audit *a, int64_t ms)
{
        bool stopping;

        pthread_mutex_lock(&a->lock);
        if (!a->stopping)
                (void)wait_ms(&a->leave, &a->lock, ms);
        stopping = a->stopping;
        pthread_mutex_unlock(&a->lock);
        return !stopping;
}

static void keep(struct audit *a, struct tree_head *kept, bool *has_kept)
{
        struct tree_head head;

        if (!newer(a, kept->size, *has_kept, &head))
                return;
        enum err e = store_head_put(a->store, &head);

        if (e == ERR_OK) {
                *kept = head;
                *has_kept = true;
        } else {
                log_event(LOG_ERROR, "head_not_kept", LOG_TEXT("error", err_name(e)));
        }
}

static void save_state(struct audit *a)
{
        enum err e = keeper_save(a->keeper, false);

        if (e != ERR_OK && e != ERR_KEEPER_REFUSED && e != ERR_KEEPER_GONE)
                log_event(LOG_ERROR, "last_head_not_saved", LOG_TEXT("error", err_name(e)));
}

static void *keeping_main(void *arg)
{
        struct audit *a = arg;
        struct tree_head kept = {0};
        bool has_kept = false;
        int64_t saved_ns = clock_monotonic_ns();

        while (sleep_ms(a, KEEP_EVERY_MS)) {
                keep(a, &kept, &has_kept);
                if (clock_monotonic_ns() - saved_ns < SAVE_EVERY_MS * INT64_C(1000000))
                        continue;
                save_state(a);
                saved_ns = clock_monotonic_ns();
        }
        return NULL;
}

/* Witnesses ------------------------------------------------------------------ */

/* All of them at their time, and soon again whoever did not listen. */
static void *messenger_main(void *arg)
{
        struct audit *a = arg;
        int64_t every_ns = (int64_t)a->push_every_ms * 1000000;
        int64_t due_ns = clock_monotonic_ns();
        struct tree_head head;

        do {
                bool due = clock_monotonic_ns() >= due_ns;

                if (!newer(a, 0, false, &head))
                        continue;
                witnesses_show(a->witnesses, &head, due ? WITNESS_ALL : WITNESS_FAILED);
                if (due)
                        due_ns = clock_monotonic_ns() + every_ns;
        } while (
                sleep_ms(a, a->push_every_ms < RETRY_EVERY_MS ? a->push_every_ms : RETRY_EVERY_MS));
        return NULL;
}

/* Up and down ---------------------------------------------------------------- */

/* Rows of the tree that somebody spoiled are made anew from the entries: they prove nothing that
 * the keeper's root does not. Only then is the log held to that root. */
static enum err hold(const struct audit_options *o)
{
        struct merkle_edge edge;
        struct digest root, known_root;
        uint64_t known, size;

        TRY(keeper_log_known(o->keeper, &known, &known_root));
        TRY(store_log_size(o->store, &size));
        store_log_edge(o->store, &edge);
        bool sound = edge.size == size && known <= size &&
                     store_log_root(o->store, known, &root) == ERR_OK &&
                     digest_equal(&root, &known_root);

        if (!sound && size >= known) {
                enum err e = store_log_remake(o->store);

                log_event(LOG_WARNING, "audit_tree_remade", LOG_NUM("entries", (int64_t)size),
                        LOG_TEXT("result", err_name(e)));
                if (e != ERR_OK && e != ERR_CORRUPT)
                        return e;
                store_log_edge(o->store, &edge);
        }
        TRY(audit_hold(o->store, o->keeper, o->restore_path));
        if (edge.size == size)
                return ERR_OK;
        log_event(LOG_ERROR, "log_changed", LOG_NUM("known", (int64_t)known),
                LOG_NUM("size", (int64_t)size), LOG_TEXT("do", "statgate audit verify"));
        return ERR_LOG_CHANGED;
}

static void tell_to_leave(struct audit *a)
{
        pthread_mutex_lock(&a->lock);
        a->stopping = true;
        pthread_cond_broadcast(&a->work);
        pthread_cond_broadcast(&a->leave);
        pthread_mutex_unlock(&a->lock);
}

static void audit_free(struct audit **a)
{
        if (*a == NULL)
                return;
        tell_to_leave(*a);
        if ((*a)->threads > 0)
                pthread_join((*a)->signer, NULL);
        if ((*a)->threads > 1)
                pthread_join((*a)->keeping, NULL);
        witnesses_free(&(*a)->witnesses);
        pthread_cond_destroy(&(*a)->work);
        pthread_cond_destroy(&(*a)->news);
        pthread_cond_destroy(&(*a)->leave);
        pthread_mutex_destroy(&(*a)->lock);
        free(*a);
        *a = NULL;
}

static enum err threads_start(struct audit *a)
{
        static void *(*const mains[THREADS])(void *) = {signer_main, keeping_main, messenger_main};
        pthread_t *const ids[THREADS] = {&a->signer, &a->keeping, &a->messenger};

        for (; a->threads < THREADS; a->threads++)
                if (pthread_create(ids[a->threads], NULL, mains[a->threads], a) != 0)
                        return ERR_NO_MEMORY;
        return ERR_OK;
}

enum err audit_start(const struct audit_options *options, struct audit **out)
{
        OWNED(audit_free) struct audit *a = NULL;

        TRY(hold(options));
        a = calloc(1, sizeof *a);
        if (a == NULL)
                return ERR_NO_MEMORY;
        a->store = options->store;
        a->keeper = options->keeper;
        a->push_every_ms = options->push_every_ms > 0 ? options->push_every_ms : PUSH_EVERY_MS;
        pthread_mutex_init(&a->lock, NULL);
        wait_init(&a->work);
        wait_init(&a->news);
        wait_init(&a->leave);
        TRY(witnesses_new(
                options->witnesses, options->witnesses_len, options->witness_ca, &a->witnesses));
        TRY(keeper_log_known(a->keeper, &a->known_size, &a->known_root));
        TRY(sign(a));
        TRY(threads_start(a));
        *out = a;
        a = NULL;
        return ERR_OK;
}

void audit_stop(struct audit **a)
{
        struct tree_head head, none = {0};
        bool kept = false;

        if (a == NULL || *a == NULL)
                return;
        tell_to_leave(*a);
        pthread_join((*a)->signer, NULL); /* signs what is left */
        pthread_join((*a)->keeping, NULL);
        witnesses_hurry((*a)->witnesses, FAREWELL_MS);
        pthread_join((*a)->messenger, NULL);
        (*a)->threads = 0;
        keep(*a, &none, &kept);
        if (newer(*a, 0, false, &head))
                witnesses_show((*a)->witnesses, &head, WITNESS_ALL);
        audit_free(a);
}

/* For everybody ---------------------------------------------------------------- */

enum err audit_write(struct audit *a, const struct entry_draft *entry, uint64_t *out_number)
{
        return store_entry_append(a->store, entry, out_number);
}

/* With the lock held. */
static enum err await_head(struct audit *a, uint64_t number, int64_t deadline_ns)
{
        uint64_t failures = a->failures;
        struct merkle_edge edge;

        if (a->head.size <= number) {
                store_log_edge(a->store, &edge);
                if (edge.size <= number)
                        return ERR_NOT_FOUND;
        }
        while (a->head.size <= number) {
                int64_t left = WAIT_MAX_MS;

                if (a->refused)
                        return ERR_LOG_CHANGED;
                if (a->failures != failures && a->failed != ERR_OK)
                        return a->failed;
                if (a->stopping)
                        return ERR_DRAINING;
                if (deadline_ns != INT64_MAX)
                        left = (deadline_ns - clock_monotonic_ns()) / 1000000;
                if (left <= 0)
                        return ERR_DEADLINE;
                if (a->wanted <= number) {
                        a->wanted = number + 1;
                        pthread_cond_signal(&a->work);
                }
                (void)wait_ms(&a->news, &a->lock, left < WAIT_MAX_MS ? left : WAIT_MAX_MS);
        }
        return ERR_OK;
}

struct certifying {
        struct arena *arena;
        struct answer_certificate *out;
};

static enum err copy_entry(void *ctx, const struct stored_entry *entry)
{
        struct certifying *c = ctx;
        struct answer_certificate *out = c->out;

        if (entry->pruned)
                return ERR_NOT_FOUND;
        out->number = entry->number;
        out->at_ms = entry->at_ms;
        out->kind = entry->kind;
        for (unsigned i = 0; i < LEAF_SALT_LEN; i++)
                out->salt[i] = entry->open_salt[i];
        leaf_part(entry->closed_salt, entry->closed, &out->closed);
        return bytes_copy(c->arena, entry->open, &out->statement);
}

enum err audit_certify(struct audit *a, uint64_t number, int64_t deadline_ns, struct arena *arena,
        struct answer_certificate *out)
{
        struct answer_certificate c = {0};
        struct certifying into = {arena, &c};

        pthread_mutex_lock(&a->lock);
        enum err e = await_head(a, number, deadline_ns);

        c.head = a->head;
        pthread_mutex_unlock(&a->lock);
        TRY(e);
        TRY(store_entries(a->store, number, number + 1, copy_entry, &into));
        if (c.kind == 0)
                return ERR_NOT_FOUND;
        TRY(store_log_inclusion(a->store, number, c.head.size, &c.inclusion));
        *out = c;
        return ERR_OK;
}

enum err audit_head(struct audit *a, struct tree_head *out)
{
        return newer(a, 0, false, out) ? ERR_OK : ERR_NOT_FOUND;
}

unsigned audit_witnesses(struct audit *a, struct audit_witness *out, unsigned room)
{
        return witnesses_tell(a->witnesses, out, room);
}
