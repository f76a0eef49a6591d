/* SPDX-License-Identifier: Apache-2.0 */
/* secret.c: memory for keys.
 *
 * Against swap, core dumps and forgotten copies: keys live in libgcrypt's secure
 * pool, which is locked, kept out of the ordinary heap and wiped block by block
 * when it is given back. The pool has the size crypto_init was told and does not
 * grow: a keeper that runs out of it refuses instead of spilling.
 *
 * What surprised us: bound lazily, the first call of a library function passes through the
 * dynamic linker, which saves the vector registers on the stack, and the bytes of a key that
 * was just copied with them. No wipe of ours reaches that. So everything is linked with
 * -z now; tests/unit/test_traces.c searches the whole of memory, and finds it otherwise.
 *
 * Randomness comes straight from the kernel. A generator of our own would be one
 * more secret state to lock, and one that a fork can duplicate. */
#include "crypto/secret.h"

#include <assert.h>
#include <errno.h>
#include <gcrypt.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "base/fault.h"
#include "crypto/secret_slab.h"

/* libgcrypt has one pool for the process, so whether it had to be locked is a
 * fact about the process too. Written once, before there are threads. */
static bool lock_was_required;

bool secret_lock_required(void)
{
        return lock_was_required;
}

enum { LOCK_FROM_BYTES = 1 << 20 };

/* libgcrypt offers no memory of our own for Argon2id, whose blocks would be enough
 * to compute the key. But every large block it asks for comes through here, and
 * glibc gives blocks of this size a mapping of their own: locked now, it is
 * unlocked and gone when libgcrypt has wiped and freed it. */
static void *alloc_locking_large(size_t n)
{
        void *p = calloc(1, n);

        if (p == NULL || n < LOCK_FROM_BYTES || mlock(p, n) == 0 || !lock_was_required)
                return p;
        free(p);
        errno = ENOMEM;
        return NULL;
}

enum err crypto_init(size_t locked_bytes, bool lock_required)
{
        gcry_error_t locked;

        if (gcry_control(GCRYCTL_INITIALIZATION_FINISHED_P))
                return ERR_OK;
        lock_was_required = lock_required;
        gcry_set_allocation_handler(alloc_locking_large, NULL, NULL, NULL, NULL);
        if (gcry_check_version("1.10.0") == NULL || sodium_init() < 0)
                return ERR_INTERNAL;
        if (!lock_required)
                gcry_control(GCRYCTL_DISABLE_SECMEM_WARN);
        locked = gcry_control(GCRYCTL_INIT_SECMEM, (unsigned)locked_bytes, 0);
        if (locked != 0 && lock_required)
                return ERR_MEMORY_LOCK;
        gcry_control(GCRYCTL_INITIALIZATION_FINISHED, 0);
        return ERR_OK;
}

enum err secret_new(size_t len, struct secret **out)
{
        struct secret *s = NULL;

        if (len <= SIZE_MAX - sizeof *s && !fault_hit("alloc"))
                s = gcry_calloc_secure(1, sizeof *s + len);
        if (s == NULL)
                return ERR_NO_MEMORY;
        s->len = len;
        *out = s;
        return ERR_OK;
}

enum err secret_random(size_t len, struct secret **out)
{
        OWNED(secret_free) struct secret *s = NULL;

        TRY(secret_new(len, &s));
        TRY(random_bytes(s->bytes, len));
        *out = s;
        s = NULL;
        return ERR_OK;
}

enum err secret_copy(const void *from, size_t len, struct secret **out)
{
        TRY(secret_new(len, out));
        if (len > 0)
                memcpy((*out)->bytes, from, len);
        return ERR_OK;
}

void secret_free(struct secret **s)
{
        if (s == NULL || *s == NULL)
                return;
        wipe((*s)->bytes, (*s)->len);
        gcry_free(*s);
        *s = NULL;
}

uint8_t *secret_bytes(struct secret *s)
{
        return s->bytes;
}

const uint8_t *secret_view(const struct secret *s)
{
        return s->bytes;
}

size_t secret_len(const struct secret *s)
{
        return s->len;
}

bool secret_equal(const struct secret *a, const struct secret *b)
{
        /* The length of a key is public; its bytes are compared without haste. */
        return a->len == b->len && sodium_memcmp(a->bytes, b->bytes, a->len) == 0;
}

void wipe(void *data, size_t len)
{
        if (len > 0)
                explicit_bzero(data, len);
}

enum err random_bytes(void *out, size_t len)
{
        uint8_t *at = out;

        while (len > 0) {
                ssize_t n = getrandom(at, len, 0);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return ERR_INTERNAL;
                at += n;
                len -= (size_t)n;
        }
        return ERR_OK;
}

enum err guarded_new(size_t len, uint8_t **out)
{
        uint8_t *at = fault_hit("alloc") ? NULL : sodium_malloc(len);

        if (at == NULL)
                return ERR_NO_MEMORY;
        /* libsodium locks it too, and says nothing when it could not. */
        if (len > 0 && sodium_mlock(at, len) != 0 && lock_was_required) {
                sodium_free(at);
                return ERR_MEMORY_LOCK;
        }
        *out = at;
        return ERR_OK;
}

void guarded_free(uint8_t *at)
{
        sodium_free(at);
}

struct secret_slab {
        struct secret_slab *next;
        struct secret *room; /* SLAB_SLOTS × SLOT_LEN */
        unsigned used;
        struct secret *given; /* of all the chain, kept by its newest; each names the next */
};

enum { SLOT_LEN = sizeof(struct secret) + SLAB_KEY_LEN };

static_assert(SLOT_LEN % _Alignof(struct secret) == 0, "slots follow each other aligned");

static enum err slab_add(struct secret_slab **slab)
{
        struct secret_slab *fresh = fault_hit("alloc") ? NULL : calloc(1, sizeof *fresh);
        enum err e;

        if (fresh == NULL)
                return ERR_NO_MEMORY;
        e = secret_new((size_t)SLAB_SLOTS * SLOT_LEN, &fresh->room);
        if (e != ERR_OK) {
                free(fresh);
                return e;
        }
        fresh->next = *slab;
        if (*slab != NULL) {
                fresh->given = (*slab)->given;
                (*slab)->given = NULL;
        }
        *slab = fresh;
        return ERR_OK;
}

enum err secret_slab_take(struct secret_slab **slab, struct secret **out)
{
        struct secret *slot;

        if (*slab != NULL && (*slab)->given != NULL) {
                slot = (*slab)->given;
                memcpy(&(*slab)->given, slot->bytes, sizeof slot);
                wipe(slot->bytes, slot->len);
                *out = slot;
                return ERR_OK;
        }
        if (*slab == NULL || (*slab)->used == SLAB_SLOTS)
                TRY(slab_add(slab));
        slot = (struct secret *)(void *)((*slab)->room->bytes + (size_t)(*slab)->used * SLOT_LEN);
        (*slab)->used++;
        slot->len = SLAB_KEY_LEN;
        *out = slot;
        return ERR_OK;
}

void secret_slab_give(struct secret_slab *slab, struct secret **slot)
{
        struct secret *s = *slot;

        if (s == NULL)
                return;
        wipe(s->bytes, s->len);
        memcpy(s->bytes, &slab->given, sizeof slab->given);
        slab->given = s;
        *slot = NULL;
}

void secret_slab_free(struct secret_slab **slab)
{
        while (*slab != NULL) {
                struct secret_slab *next = (*slab)->next;

                secret_free(&(*slab)->room);
                free(*slab);
                *slab = next;
        }
}
