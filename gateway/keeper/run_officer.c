/* SPDX-License-Identifier: Apache-2.0 */
/* run_officer.c: officers open the keyring and change its locks, in the keeper's own hearing.
 *
 *      sealed ──passphrase | quorum of shares | module──> open ──(shown again)──> locks change
 *
 * The descriptor comes from the gateway, who has not read from it. What is said is read to its
 * end into locked memory, within seconds, and answered on the same socket.
 *
 * Who wants to change a lock of an open keyring proves herself against the state on disk,
 * which the gateway brings along: it must be of the generation that is open, or an old
 * passphrase with an old file would do. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "crypto/share.h"
#include "gateway/keeper/officer.h"
#include "gateway/keeper/run_inner.h"

enum { TALK_WAIT_MS = 5000 };

/* One connection. */
struct talk {
        struct run *run;
        struct bytes state; /* the sealed keyring as it is on disk */
        bool shown;         /* that she can open it */
        bool changed;       /* locks are not what they were on disk */
        struct buf answer;
};

/* Reading and answering --------------------------------------------------------- */

/* Until the other side has said all, in `room` bytes and TALK_WAIT_MS. */
static enum err read_talk(int descriptor, struct secret *into, size_t *out_len)
{
        int64_t until = clock_monotonic_ns() / 1000000 + TALK_WAIT_MS;
        size_t len = 0;

        for (;;) {
                struct pollfd fd = {.fd = descriptor, .events = POLLIN};
                int64_t left = until - clock_monotonic_ns() / 1000000;
                ssize_t n;

                if (left <= 0 || len == secret_len(into))
                        return len == secret_len(into) ? ERR_TOO_LARGE : ERR_DEADLINE;
                if (poll(&fd, 1, (int)left) < 0 && errno != EINTR)
                        return ERR_IO;
                if (fd.revents == 0)
                        continue;
                n = read(descriptor, secret_bytes(into) + len, secret_len(into) - len);
                if (n < 0 && errno != EINTR && errno != EAGAIN)
                        return ERR_UNREADABLE;
                if (n == 0)
                        break;
                len += n > 0 ? (size_t)n : 0;
        }
        *out_len = len;
        return ERR_OK;
}

/* What is lost here is the officer's to miss: she asks again. */
static void write_answer(int descriptor, struct bytes answer)
{
        while (answer.len > 0) {
                ssize_t n = write(descriptor, answer.data, answer.len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                answer.data += n;
                answer.len -= (size_t)n;
        }
}

static void put_answer(struct talk *t, enum err e, struct bytes payload)
{
        put_text(&t->answer, err_name(e));
        put_bytes(&t->answer, payload);
}

/* Opening ------------------------------------------------------------------------- */

/* `k` was opened from the state on disk: takes its place, if it is the first. */
static enum err opened(struct talk *t, struct keyring **k)
{
        struct run *r = t->run;

        if (r->state != KEEPER_STARTED && keyring_generation(*k) != keyring_generation(r->keyring))
                return ERR_KEYRING;
        if (r->state == KEEPER_STARTED) {
                TRY(run_take_keyring(r, k));
                r->state = KEEPER_UNSEALED;
        }
        return ERR_OK;
}

/* What a person knows or has shows who she is. */
static enum err shown(struct talk *t, struct keyring **k)
{
        TRY(opened(t, k));
        t->shown = true;
        return ERR_OK;
}

static enum err say_passphrase(struct talk *t, struct bytes payload)
{
        OWNED(secret_free) struct secret *passphrase = NULL;
        OWNED(keyring_free) struct keyring *k = NULL;

        if (payload.len == 0 || payload.len > KEEPER_PASSPHRASE_MAX)
                return ERR_PASSPHRASE;
        TRY(secret_copy(payload.data, payload.len, &passphrase));
        TRY(keyring_open(passphrase, t->state, &k));
        return shown(t, &k);
}

void run_forget_shares(struct run *r)
{
        for (unsigned i = 0; i < r->shares_len; i++)
                share_done(&r->shares[i]);
        r->shares_len = 0;
}

/* A share of another splitting than the lock's is no use to anybody, and must not stand in the
 * way of those that are: neither when it comes, nor when it came before the lock was changed. */
static enum err check_set(struct talk *t, const struct share *s)
{
        struct run *r = t->run;
        uint8_t set[KEYRING_SHARE_SET_LEN];
        int64_t now = clock_monotonic_ns() / 1000000;

        _Static_assert(sizeof set == sizeof s->set, "of one length");
        TRY(keyring_blob_share_set(t->state, set));
        if (r->shares_len > 0 && (now - r->shares_since_ms > OFFICER_PATIENCE_MS ||
                                         memcmp(r->shares[0].set, set, sizeof set) != 0))
                run_forget_shares(r);
        if (r->shares_len == 0)
                r->shares_since_ms = now;
        return memcmp(s->set, set, sizeof set) == 0 ? ERR_OK : ERR_SHARES;
}

/* Takes it over, unless it is there already. */
static enum err keep_share(struct run *r, struct share *s)
{
        for (unsigned i = 0; i < r->shares_len; i++) {
                if (r->shares[i].number != s->number)
                        continue;
                return secret_equal(r->shares[i].part, s->part) ? ERR_OK : ERR_SHARES;
        }
        if (r->shares_len == SHARES_MAX)
                return ERR_SHARES;
        r->shares[r->shares_len++] = *s;
        s->part = NULL;
        return ERR_OK;
}

/* Answered by how many are there and how many it takes, while more are missing. */
static enum err say_share(struct talk *t, struct bytes text, uint8_t out_count[2])
{
        OWNED(keyring_free) struct keyring *k = NULL;
        OWNED(share_done) struct share s = {.part = NULL};
        struct run *r = t->run;
        enum err e;

        TRY(share_read(text, &s));
        TRY(check_set(t, &s));
        TRY(keep_share(r, &s));
        out_count[0] = (uint8_t)r->shares_len;
        out_count[1] = s.required;
        if (r->shares_len < s.required)
                return ERR_OK;
        e = keyring_open_shares(t->state, r->shares, r->shares_len, &k);
        run_forget_shares(r);
        return e == ERR_OK ? shown(t, &k) : e;
}

/* Whoever may start the gateway gets this far: it opens, and shows nobody to be an officer. */
static enum err say_hsm(struct talk *t)
{
        OWNED(keyring_free) struct keyring *k = NULL;
        char label[KEYRING_HSM_LABEL_MAX + 1];
        struct bytes wrapped;

        TRY(keyring_blob_hsm(t->state, &wrapped, label));
        if (t->run->hsm.key == NULL)
                return ERR_HSM;
        TRY(keyring_open_hsm(t->state, t->run->hsm.key, &k));
        return opened(t, &k);
}

/* Locks ------------------------------------------------------------------------------ */

static enum err set_passphrase(struct talk *t, struct bytes payload)
{
        OWNED(secret_free) struct secret *passphrase = NULL;
        struct reader in = reader_of(payload);
        struct keyring_cost cost;

        TRY(read_u32(&in, &cost.memory_kib));
        TRY(read_u32(&in, &cost.passes));
        if (in.left == 0 || in.left > KEEPER_PASSPHRASE_MAX)
                return ERR_PASSPHRASE;
        TRY(secret_copy(in.at, in.left, &passphrase));
        TRY(keyring_lock_passphrase(t->run->keyring, passphrase, cost, run_now(t->run)));
        t->changed = true;
        return ERR_OK;
}

static enum err put_share(struct buf *out, const struct share *s)
{
        OWNED(secret_free) struct secret *text = NULL;

        TRY(share_write(s, &text));
        put_bytes(out, bytes_of(secret_view(text), strlen((const char *)secret_view(text))));
        return ERR_OK;
}

static enum err make_shares(struct talk *t, struct bytes payload, struct buf *out)
{
        struct share shares[SHARES_MAX] = {0};
        struct reader in = reader_of(payload);
        uint8_t required, total;
        enum err e;

        TRY(read_u8(&in, &required));
        TRY(read_u8(&in, &total));
        TRY(read_end(&in));
        if (required < 2 || required > total || total > SHARES_MAX)
                return ERR_INVALID;
        TRY(keyring_lock_shares(t->run->keyring, required, total, run_now(t->run), shares));
        t->changed = true;
        e = ERR_OK;
        for (unsigned i = 0; i < total; i++) {
                if (e == ERR_OK)
                        e = put_share(out, &shares[i]);
                share_done(&shares[i]);
        }
        return e;
}

static enum err set_hsm(struct talk *t, struct bytes payload)
{
        OWNED(secret_free) struct secret *key = NULL;
        struct hsm_keys *hsm = &t->run->hsm;

        if (payload.len != 0)
                return ERR_MALFORMED;
        if (hsm->fresh == NULL)
                return ERR_HSM;
        TRY(secret_copy(secret_view(hsm->fresh), secret_len(hsm->fresh), &key));
        TRY(keyring_lock_hsm(t->run->keyring, hsm->fresh,
                bytes_of(hsm->wrapped, sizeof hsm->wrapped), hsm->label, run_now(t->run)));
        secret_free(&hsm->key);
        hsm->key = key;
        key = NULL;
        t->changed = true;
        return ERR_OK;
}

/* Of those that would be left without `kind`, whether a person can open one. */
static bool leaves_a_persons(const struct talk *t, uint8_t kind)
{
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        unsigned len = keyring_locks(t->run->keyring, locks);

        for (unsigned i = 0; i < len; i++)
                if (locks[i].kind != kind && locks[i].kind != LOCK_HSM)
                        return true;
        return false;
}

static enum err drop_lock(struct talk *t, struct bytes payload)
{
        struct reader in = reader_of(payload);
        uint8_t kind;

        TRY(read_u8(&in, &kind));
        TRY(read_end(&in));
        if (!leaves_a_persons(t, kind))
                return ERR_INVALID;
        TRY(keyring_lock_remove(t->run->keyring, (enum keyring_lock)kind));
        t->changed = true;
        return ERR_OK;
}

static enum err tell_locks(const struct talk *t, struct buf *out)
{
        struct keyring_lock_info locks[KEYRING_LOCKS_MAX];
        unsigned len = 0;

        if (t->changed)
                len = keyring_locks(t->run->keyring, locks);
        else
                TRY(keyring_blob_locks(t->state, locks, &len));
        put_u8(out, t->run->state == KEEPER_STARTED ? 1 : 0);
        for (unsigned i = 0; i < len; i++) {
                put_u8(out, (uint8_t)locks[i].kind);
                put_u8(out, locks[i].required);
                put_u8(out, locks[i].total);
        }
        return ERR_OK;
}

/* The conversation --------------------------------------------------------------------- */

static enum err change(struct talk *t, uint8_t verb, struct bytes payload, struct buf *out)
{
        if (!t->shown)
                return ERR_NOT_ALLOWED;
        switch (verb) {
        case OFFICER_SET_PASSPHRASE:
                return set_passphrase(t, payload);
        case OFFICER_MAKE_SHARES:
                return make_shares(t, payload, out);
        case OFFICER_SET_HSM:
                return set_hsm(t, payload);
        case OFFICER_DROP_LOCK:
                return drop_lock(t, payload);
        default:
                return ERR_UNSUPPORTED;
        }
}

static enum err heed(struct talk *t, uint8_t verb, struct bytes payload, struct buf *out)
{
        uint8_t count[2] = {0, 0};
        enum err e;

        switch (verb) {
        case OFFICER_PASSPHRASE:
                return say_passphrase(t, payload);
        case OFFICER_SHARE:
                e = say_share(t, payload, count);
                put_raw(out, count, sizeof count);
                return e;
        case OFFICER_HSM:
                return say_hsm(t);
        case OFFICER_LOCKS:
                return tell_locks(t, out);
        default:
                return change(t, verb, payload, out);
        }
}

/* Frame by frame; what follows one that failed is not heeded. */
static enum err converse(struct talk *t, struct bytes said)
{
        struct reader in = reader_of(said);
        enum err e = ERR_OK;

        while (e == ERR_OK && in.left > 0) {
                OWNED(buf_done) struct buf out = {.ceiling = OFFICER_ANSWER_MAX};
                struct bytes payload, told = {0};
                uint8_t verb;

                TRY(read_u8(&in, &verb));
                TRY(read_bytes(&in, OFFICER_FRAME_MAX, &payload));
                e = heed(t, verb, payload, &out);
                if (buf_end(&out, &told) != ERR_OK)
                        e = ERR_NO_MEMORY;
                put_answer(t, e, told);
                if (out.data != NULL)
                        wipe(out.data, out.len);
                if (verb != OFFICER_LOCKS)
                        log_event(e == ERR_OK ? LOG_INFO : LOG_WARNING, "keeper_officer",
                                LOG_NUM("verb", verb), LOG_TEXT("code", err_name(e)));
        }
        return ERR_OK;
}

static enum err listen_to(struct talk *t, int descriptor)
{
        OWNED(secret_free) struct secret *said = NULL;
        size_t len = 0;

        TRY(secret_new(OFFICER_TALK_MAX, &said));
        TRY(read_talk(descriptor, said, &len));
        return converse(t, bytes_of(secret_view(said), len));
}

enum err run_OFFICER(struct run *r, struct request *rq)
{
        struct talk t = {.run = r, .answer = {.ceiling = OFFICER_ANSWER_MAX}};
        struct bytes answer;
        enum err e;

        TRY(read_end(&rq->payload));
        t.state = bytes_of(rq->input, rq->input_len);
        e = listen_to(&t, rq->descriptor);
        if (e != ERR_OK)
                put_answer(&t, e, bytes_of(NULL, 0));
        e = buf_end(&t.answer, &answer);
        /* Shares that nobody hears are shares of a lock that nobody has: said before the new
         * state is on disk, and void if it never is. */
        if (e == ERR_OK)
                write_answer(rq->descriptor, answer);
        if (t.answer.data != NULL)
                wipe(t.answer.data, t.answer.len);
        buf_done(&t.answer);
        TRY(e);
        if (t.changed)
                TRY(run_hand_out_state(r, rq));
        else
                put_u64(rq->answer, 0);
        put_u8(rq->answer, r->state == KEEPER_STARTED ? 0 : 1);
        put_u64(rq->answer, r->keyring != NULL ? keyring_generation(r->keyring) : 0);
        return ERR_OK;
}
