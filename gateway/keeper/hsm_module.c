/* SPDX-License-Identifier: Apache-2.0 */
/* hsm_module.c: the conversation with a PKCS#11 library.
 *
 * Nothing here is undone at the end: the process that holds the library is about to go, and
 * with it the session.
 *
 * What surprised us: a library that is asked with AES-GCM may hand out the plain text only
 * when all is there, so room for it must be given at once; and a wrapped key of another
 * module comes back as any of five errors. Each of them means the same: no key. */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include <p11-kit/pkcs11.h>

#include "gateway/keeper/hsm.h"

enum {
        SLOTS_MAX = 64,
        TOKEN_LABEL_LEN = 32,
        CODE_BITS = 8,
        NONCE_BITS = HSM_NONCE_LEN * CODE_BITS,
        TAG_BITS = HSM_TAG_LEN * CODE_BITS
};
static const uint8_t mark[HSM_MARK_LEN] = {'S', 'G', 'H', '1'};

struct module {
        struct hsm_talk *talk;
        CK_FUNCTION_LIST *f;
        CK_SLOT_ID slot;
        CK_SESSION_HANDLE session;
        CK_OBJECT_HANDLE key;
};

static void note(struct module *m, enum hsm_step step, CK_RV code)
{
        m->talk->out.step = (uint8_t)step;
        for (unsigned i = 0; i < sizeof m->talk->out.code; i++)
                m->talk->out.code[i] = (uint8_t)(code >> (CODE_BITS * i));
}

/* Calls the library; where that fails, tells where. */
#define CALL(m, at, call)                                                                          \
        do {                                                                                       \
                CK_RV code_ = (call);                                                              \
                if (code_ != CKR_OK) {                                                             \
                        note((m), (at), code_);                                                    \
                        return ERR_HSM;                                                            \
                }                                                                                  \
        } while (0)

static enum err ended(struct module *m, enum hsm_step step)
{
        note(m, step, CKR_OK);
        return ERR_HSM;
}

static enum err load(struct module *m, const struct hsm_request *rq)
{
        void *library = rq->module[0] == '/' ? dlopen(rq->module, RTLD_NOW | RTLD_LOCAL) : NULL;
        CK_C_GetFunctionList list = NULL;

        if (library == NULL)
                return ended(m, HSM_LIBRARY);
        /* A pointer to a function out of one to an object, as POSIX has it. */
        *(void **)(&list) = dlsym(library, "C_GetFunctionList");
        if (list == NULL)
                return ended(m, HSM_LIBRARY);
        CALL(m, HSM_LIBRARY, list(&m->f));
        CALL(m, HSM_LIBRARY, m->f->C_Initialize(NULL));
        return ERR_OK;
}

/* Labels are filled up with blanks. */
static bool has_label(const CK_TOKEN_INFO *info, const char *label)
{
        size_t len = strlen(label);

        if (len > TOKEN_LABEL_LEN || memcmp(info->label, label, len) != 0)
                return false;
        while (len < TOKEN_LABEL_LEN)
                if (info->label[len++] != ' ')
                        return false;
        return true;
}

static enum err find_token(struct module *m, const char *label)
{
        CK_SLOT_ID slots[SLOTS_MAX];
        CK_ULONG len = SLOTS_MAX, found = 0;

        CALL(m, HSM_TOKEN, m->f->C_GetSlotList(CK_TRUE, slots, &len));
        for (CK_ULONG i = 0; i < len; i++) {
                CK_TOKEN_INFO info;

                if (m->f->C_GetTokenInfo(slots[i], &info) != CKR_OK || !has_label(&info, label))
                        continue;
                m->slot = slots[i];
                found++;
        }
        return found == 1 ? ERR_OK : ended(m, HSM_TOKEN);
}

static enum err log_in(struct module *m)
{
        struct hsm_talk *t = m->talk;
        CK_RV code;

        CALL(m, HSM_TOKEN,
                m->f->C_OpenSession(m->slot, CKF_SERIAL_SESSION, NULL, NULL, &m->session));
        code = m->f->C_Login(m->session, CKU_USER, (CK_UTF8CHAR_PTR)t->pin, t->pin_len);
        wipe(t->pin, sizeof t->pin);
        CALL(m, HSM_LOGIN, code);
        return ERR_OK;
}

static enum err find_key(struct module *m, const char *label)
{
        CK_OBJECT_CLASS class = CKO_SECRET_KEY;
        CK_KEY_TYPE type = CKK_AES;
        CK_BBOOL on_token = CK_TRUE;
        CK_ATTRIBUTE wanted[] = {{CKA_CLASS, &class, sizeof class},
                {CKA_KEY_TYPE, &type, sizeof type}, {CKA_TOKEN, &on_token, sizeof on_token},
                {CKA_LABEL, (void *)(uintptr_t)label, strlen(label)}};
        CK_OBJECT_HANDLE found[2];
        CK_ULONG len = 0;

        CALL(m, HSM_FIND, m->f->C_FindObjectsInit(m->session, wanted, ARRAY_LEN(wanted)));
        CALL(m, HSM_FIND, m->f->C_FindObjects(m->session, found, ARRAY_LEN(found), &len));
        CALL(m, HSM_FIND, m->f->C_FindObjectsFinal(m->session));
        if (len != 1)
                return ended(m, HSM_FIND);
        m->key = found[0];
        return ERR_OK;
}

/* A key that may be read out of the module protects nothing more than a file does. */
static enum err check_key(struct module *m)
{
        CK_BBOOL sensitive = CK_FALSE, extractable = CK_TRUE;
        CK_ATTRIBUTE asked[] = {{CKA_SENSITIVE, &sensitive, sizeof sensitive},
                {CKA_EXTRACTABLE, &extractable, sizeof extractable}};

        CALL(m, HSM_OPEN_KEY,
                m->f->C_GetAttributeValue(m->session, m->key, asked, ARRAY_LEN(asked)));
        return sensitive == CK_TRUE && extractable == CK_FALSE ? ERR_OK : ended(m, HSM_OPEN_KEY);
}

static CK_GCM_PARAMS parameters(uint8_t *nonce)
{
        return (CK_GCM_PARAMS){nonce, HSM_NONCE_LEN, NONCE_BITS, (uint8_t *)(uintptr_t)mark,
                sizeof mark, TAG_BITS};
}

static enum err wrap_fresh(struct module *m)
{
        struct hsm_outcome *out = &m->talk->out;
        uint8_t *nonce = out->wrapped + HSM_MARK_LEN, *sealed = nonce + HSM_NONCE_LEN;
        CK_GCM_PARAMS gcm = parameters(nonce);
        CK_MECHANISM how = {CKM_AES_GCM, &gcm, sizeof gcm};
        CK_ULONG len = HSM_KEY_LEN + HSM_TAG_LEN;

        memcpy(out->wrapped, mark, sizeof mark);
        if (random_bytes(out->fresh, HSM_KEY_LEN) != ERR_OK ||
                random_bytes(nonce, HSM_NONCE_LEN) != ERR_OK)
                return ended(m, HSM_MEMORY);
        CALL(m, HSM_WRAP, m->f->C_EncryptInit(m->session, &how, m->key));
        CALL(m, HSM_WRAP, m->f->C_Encrypt(m->session, out->fresh, HSM_KEY_LEN, sealed, &len));
        return len == HSM_KEY_LEN + HSM_TAG_LEN ? ERR_OK : ended(m, HSM_WRAP);
}

/* `out` is whole or untouched: what a module gave of a text that does not authenticate is
 * nobody's key. */
static bool unwrap(struct module *m, const uint8_t *wrapped, uint8_t out[HSM_KEY_LEN])
{
        uint8_t copy[HSM_WRAPPED_LEN], plain[HSM_KEY_LEN + HSM_TAG_LEN];
        CK_GCM_PARAMS gcm = parameters(copy + HSM_MARK_LEN);
        CK_MECHANISM how = {CKM_AES_GCM, &gcm, sizeof gcm};
        CK_ULONG len = sizeof plain;
        bool done = false;

        memcpy(copy, wrapped, sizeof copy);
        if (memcmp(copy, mark, sizeof mark) == 0 &&
                m->f->C_DecryptInit(m->session, &how, m->key) == CKR_OK)
                done = m->f->C_Decrypt(m->session, copy + HSM_MARK_LEN + HSM_NONCE_LEN,
                               HSM_KEY_LEN + HSM_TAG_LEN, plain, &len) == CKR_OK &&
                       len == HSM_KEY_LEN;
        if (done)
                memcpy(out, plain, HSM_KEY_LEN);
        wipe(plain, sizeof plain);
        return done;
}

/* What was wrapped just now must come back: else a lock would be made that nothing opens. */
static enum err try_fresh(struct module *m)
{
        struct hsm_outcome *out = &m->talk->out;

        if (!unwrap(m, out->wrapped, out->key) ||
                memcmp(out->key, out->fresh, sizeof out->fresh) != 0)
                return ended(m, HSM_WRAP);
        wipe(out->key, sizeof out->key);
        return ERR_OK;
}

static enum err converse(struct module *m, const struct hsm_request *rq)
{
        TRY(load(m, rq));
        TRY(find_token(m, rq->token));
        TRY(log_in(m));
        TRY(find_key(m, rq->key));
        TRY(check_key(m));
        TRY(wrap_fresh(m));
        TRY(try_fresh(m));
        if (m->talk->has_old)
                m->talk->out.opened = unwrap(m, m->talk->old, m->talk->out.key);
        return ERR_OK;
}

void hsm_talk_to(const struct hsm_request *rq, struct hsm_talk *t)
{
        struct module m = {.talk = t};

        if (rq->environment[0] != '\0')
                (void)putenv((char *)(uintptr_t)rq->environment);
        if (converse(&m, rq) != ERR_OK)
                return;
        note(&m, HSM_DONE, CKR_OK);
}
