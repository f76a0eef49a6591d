/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c: the policy in force.
 *
 * Two readers must agree before a bundle rules. The gateway reads the YAML and
 * derives the canonical bytes; the keeper reads the signed canonical bytes and
 * never the YAML. If the YAML on disk says anything else than what was signed,
 * the two differ and the bundle is refused: nobody can edit a rule without the
 * data-protection officers' keys.
 *
 * Whether a bundle may follow the running one, and whether enough of the officers
 * whom the running one names have signed it, is asked twice: here of the policy in
 * force, and by the keeper of its sealed state. At a start nothing is in force here
 * yet; what ruled before is read from the copy that was kept of it. A copy that is
 * not the predecessor's says nothing, and without one the keeper alone remembers:
 * it would be worse if a lost file kept the gateway from ever starting again. */
#include "gateway/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "gateway/ruling.h"
#include "policies/rehearsal.h"
#include "policies/report.h"

enum { SIGNED_BUNDLE_MAX = 4 << 20, PATH_LEN_MAX = 4096 };

struct reign {
        struct keeper *keeper;
        char *folder, *kept;
        bool compared;
        pthread_mutex_t lock;   /* guards `policy` */
        pthread_mutex_t reload; /* one reload at a time */
        struct policy *policy;
        struct rehearsals rehearsals;
        _Atomic uint64_t generation;
};

static enum err read_all(int fd, struct buf *out)
{
        for (;;) {
                uint8_t chunk[16384];
                ssize_t n = read(fd, chunk, sizeof(chunk));

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return ERR_UNREADABLE;
                if (n == 0)
                        return out->failed ? ERR_TOO_LARGE : ERR_OK;
                put_raw(out, chunk, (size_t)n);
        }
}

/* bundle.sgb: what the officers signed. */
static enum err read_signed(const char *folder, struct buf *out, struct refusal *why)
{
        char path[PATH_LEN_MAX];
        OWNED(fd_close) int fd = -1;

        if (snprintf(path, sizeof(path), "%s/bundle.sgb", folder) >= (int)sizeof(path))
                return refuse(why, ERR_UNREADABLE, "bundle.sgb", "the path is too long");
        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return refuse(why, ERR_POLICY_SIGNATURE, "bundle.sgb",
                        "there is no signed bundle beside the YAML: `statgate policy sign`");
        return read_all(fd, out);
}

static enum err same_as_signed(
        const struct policy *p, const struct signed_bundle *bundle, struct refusal *why)
{
        if (!bytes_equal(bundle->canonical, policy_canonical(p)))
                return refuse(why, ERR_POLICY_SIGNATURE, "bundle.sgb",
                        "the YAML files say something else than what was signed");
        return ERR_OK;
}

/* What weakens protection was rehearsed in this gateway, against the bundle before it. */
static enum err was_rehearsed(const struct reign *r, const struct policy *before,
        const struct policy *next, struct refusal *why)
{
        bool weakens = false, known = false;
        struct digest report;
        struct bytes text;

        TRY(policy_rehearsed(before, next, &weakens, why));
        if (!weakens || !policy_rehearsal(next, &text, &report))
                return ERR_OK;
        if (r->rehearsals.known != NULL)
                TRY(r->rehearsals.known(r->rehearsals.ctx, &report, &known));
        return known ? ERR_OK
                     : refuse(why, ERR_POLICY_REFUSED, REHEARSAL_FILE,
                               "no rehearsal with this report stands in the audit log");
}

/* As the keeper will ask, with what this process knows. A running bundle that names
 * no officers leaves signatures to the keeper: it alone knows the pinned signers. */
static enum err follows(const struct policy *running, const struct policy *next,
        const struct signed_bundle *bundle, struct refusal *why)
{
        const struct rules *r = policy_rules(running);
        const struct predecessor before = {
                .version = r->version,
                .digest = *policy_digest(running),
                .names_officers = r->officers_len > 0,
        };
        uint8_t keys[RULES_OFFICERS_MAX * OFFICER_KEY_LEN];
        struct authority who = rules_authority(r, keys);
        bool is_new;

        TRY(rules_succeed(policy_rules(next), policy_digest(next), &before, &is_new, why));
        if (is_new && who.len > 0)
                TRY(signed_bundle_check(bundle, &who, why));
        /* Records of the running one are in the store: their names keep their meaning. */
        return is_new ? policy_evolves(running, next, why) : ERR_OK;
}

/* What the keeper says no to, it says without words. */
static enum err keeper_agrees(struct keeper *k, struct bytes file, struct refusal *why)
{
        enum err e = keeper_load_bundle(k, file);

        if (e == ERR_POLICY_SIGNATURE || e == ERR_POLICY_SUCCESSION || e == ERR_POLICY_REFUSED)
                return refuse(why, e, "bundle.sgb", "the keeper refuses it: %s", err_sentence(e));
        return e;
}

/* Whether `kept` is what `p` calls its predecessor, or `p` itself. */
static bool is_before(const struct policy *kept, const struct policy *p)
{
        const struct digest *d = policy_digest(kept);

        return digest_equal(d, policy_digest(p)) || digest_equal(d, &policy_rules(p)->predecessor);
}

/* Reads folder, checks it against the signature and what ruled before, and has the keeper agree. */
static enum err read_bundle(
        struct reign *r, const struct policy *kept, struct policy **out, struct refusal *why)
{
        const struct policy *before = r->policy;

        OWNED(buf_done) struct buf file;
        struct signed_bundle bundle;
        OWNED(policy_unref) struct policy *p = NULL;
        struct bytes bytes;

        buf_init(&file, SIGNED_BUNDLE_MAX);
        TRY(policy_load(r->folder, &p, why));
        TRY(read_signed(r->folder, &file, why));
        TRY(buf_end(&file, &bytes));
        if (signed_bundle_decode(bytes, &bundle) != ERR_OK)
                return refuse(why, ERR_POLICY_SIGNATURE, "bundle.sgb",
                        "cannot be read, or one officer's signature stands in it twice");
        TRY(same_as_signed(p, &bundle, why));
        if (before == NULL && kept != NULL && is_before(kept, p))
                before = kept;
        if (before != NULL) {
                TRY(follows(before, p, &bundle, why));
                TRY(was_rehearsed(r, before, p, why));
        }
        TRY(keeper_agrees(r->keeper, bytes, why));
        *out = p;
        p = NULL;
        return ERR_OK;
}

static void log_reign(const struct policy *p, const char *event)
{
        char hex[65];

        hex_encode(bytes_of(policy_digest(p)->bytes, 32), hex);
        log_event(LOG_INFO, event, LOG_NUM("version", policy_rules(p)->version),
                LOG_TEXT("digest", hex));
}

/* The bundle rules whether it can be kept or not: what is missed is a comparison. */
static void keep(const struct reign *r)
{
        enum err e = r->kept == NULL ? ERR_OK : ruling_keep(r->kept, r->folder, r->policy);

        if (e != ERR_OK)
                log_event(LOG_ERROR, "policy_not_kept", LOG_TEXT("code", err_name(e)));
}

static enum err read_kept(const struct reign *r, struct policy **out)
{
        enum err e = r->kept == NULL ? ERR_NOT_FOUND : ruling_read(r->kept, out);

        if (e == ERR_NO_MEMORY)
                return e;
        if (e != ERR_OK && e != ERR_NOT_FOUND)
                log_event(LOG_WARNING, "policy_kept_unreadable", LOG_TEXT("code", err_name(e)));
        return ERR_OK;
}

static bool names_predecessor(const struct policy *p)
{
        static const struct digest none;

        return !digest_equal(&policy_rules(p)->predecessor, &none);
}

/* Nothing rules yet. */
static enum err begin(struct reign *r, struct refusal *why)
{
        OWNED(policy_unref) struct policy *kept = NULL;

        TRY(read_kept(r, &kept));
        TRY(read_bundle(r, kept, &r->policy, why));
        r->compared = kept != NULL ? is_before(kept, r->policy) : !names_predecessor(r->policy);
        if (kept == NULL || !digest_equal(policy_digest(kept), policy_digest(r->policy)))
                keep(r);
        return ERR_OK;
}

enum err reign_new(const struct reign_options *options, struct reign **out, struct refusal *why)
{
        OWNED(reign_free) struct reign *r = calloc(1, sizeof(*r));

        if (r == NULL)
                return ERR_NO_MEMORY;
        (void)pthread_mutex_init(&r->lock, NULL);
        (void)pthread_mutex_init(&r->reload, NULL);
        r->keeper = options->keeper;
        r->rehearsals = options->rehearsals;
        r->folder = strdup(options->folder);
        r->kept = options->kept != NULL ? strdup(options->kept) : NULL;
        if (r->folder == NULL || (options->kept != NULL && r->kept == NULL))
                return ERR_NO_MEMORY;
        TRY(begin(r, why));
        atomic_store(&r->generation, 1);
        log_reign(r->policy, "policy_loaded");
        *out = r;
        r = NULL;
        return ERR_OK;
}

void reign_free(struct reign **r)
{
        if (r == NULL || *r == NULL)
                return;
        policy_unref(&(*r)->policy);
        (void)pthread_mutex_destroy(&(*r)->lock);
        (void)pthread_mutex_destroy(&(*r)->reload);
        free((*r)->folder);
        free((*r)->kept);
        free(*r);
        *r = NULL;
}

bool reign_compared(const struct reign *r)
{
        return r->compared;
}

struct policy *reign_policy(struct reign *r)
{
        struct policy *p;

        (void)pthread_mutex_lock(&r->lock);
        p = policy_ref(r->policy);
        (void)pthread_mutex_unlock(&r->lock);
        return p;
}

uint64_t reign_generation(const struct reign *r)
{
        return atomic_load_explicit(&r->generation, memory_order_acquire);
}

static enum err reload_locked(struct reign *r, bool *out_changed, struct refusal *why)
{
        OWNED(policy_unref) struct policy *next = NULL;

        TRY(read_bundle(r, NULL, &next, why));
        *out_changed = !digest_equal(policy_digest(next), policy_digest(r->policy));
        if (!*out_changed)
                return ERR_OK;
        log_reign(next, "policy_changed");
        (void)pthread_mutex_lock(&r->lock);
        struct policy *old = r->policy;
        r->policy = next;
        next = old; /* dropped on the way out, after the lock */
        (void)pthread_mutex_unlock(&r->lock);
        (void)atomic_fetch_add_explicit(&r->generation, 1, memory_order_release);
        keep(r);
        return ERR_OK;
}

enum err reign_reload(struct reign *r, bool *out_changed, struct refusal *why)
{
        (void)pthread_mutex_lock(&r->reload);
        enum err e = reload_locked(r, out_changed, why);
        (void)pthread_mutex_unlock(&r->reload);
        return e;
}
